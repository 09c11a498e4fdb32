/*
 * Snapshots: made from a session's definitions over a copy of its schema, then only read. Nothing
 * in one changes after it was made, so any number of threads may ask without a lock; who holds it
 * last frees it.
 */
#include "session/snapshot.h"

#include "population/load.h"
#include "session/internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct session_snapshot {
    atomic_size_t holders;
    struct arena arena; /* the schema, what is held, what was left out */
    struct zone *zone;
    struct schema *schema;
    struct segment_set *set;
    struct session_view view; /* its set is the one above */
    const char *moment;       /* as text */
    bool everything;
    struct segment_needs held;
    struct session_trouble *broken;
    size_t broken_count;
};

static void destroy(struct session_snapshot *snapshot)
{
    session_view_close(&snapshot->view);
    segment_set_free(snapshot->set);
    zone_close(snapshot->zone);
    arena_release(&snapshot->arena);
    free(snapshot);
}

struct session_snapshot *session_snapshot_retain(struct session_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->holders, 1, memory_order_relaxed);
    return snapshot;
}

void session_snapshot_release(struct session_snapshot *snapshot)
{
    /* what other holders read comes before their release, and that before the
     * last one's freeing */
    if (snapshot && atomic_fetch_sub_explicit(&snapshot->holders, 1, memory_order_acq_rel) == 1)
        destroy(snapshot);
}

/* ---- making ---- */

static enum status load(struct session_snapshot *snapshot, struct session *session,
                        const struct session_moment *moment, struct error *error)
{
    struct lake *lake;
    struct arena *arena = &snapshot->arena;
    TRY(session_lake(session, &lake, error));

    struct segment_needs read = segment_needs(snapshot->set, snapshot->schema, NULL, -1, arena);
    snapshot->held = segment_needs_throughout(&read, arena);
    const struct segment_needs *held = &snapshot->held;
    struct population_need *needs = ARENA_ARRAY(arena, struct population_need, held->count + 1);
    for (size_t i = 0; i < held->count; i++)
        needs[i] = (struct population_need){held->items[i].table, held->items[i].columns};

    /* With everything in it any condition can be asked later; else what saved
     * definitions read. */
    struct population_load what = {.needs = needs,
                                   .need_count = held->count,
                                   .everything = snapshot->everything,
                                   .records = snapshot->everything || held->records,
                                   .lists = snapshot->everything || held->lists,
                                   .known_at = moment->known_at};
    return population_load(session->store, lake, &what, snapshot->zone, session_pool(session),
                           &snapshot->view.population, error);
}

static enum status evaluate(struct session_snapshot *snapshot, struct session *session,
                            struct error *error)
{
    struct plan *plan = NULL;
    struct session_view *view = &snapshot->view;
    TRY(plan_new(snapshot->set, snapshot->schema, NULL, -1, &plan, error));
    enum status status = plan_evaluate(plan, view->population, view->now, session_pool(session),
                                       false, &view->result, error);
    plan_free(plan);
    return status;
}

static enum status build(struct session_snapshot *snapshot, struct session *session,
                         struct error *error)
{
    segment_set_free(snapshot->set);
    snapshot->set = NULL;
    TRY(session_build_definitions(session, snapshot->schema, &snapshot->arena, &snapshot->set,
                                  &snapshot->broken, &snapshot->broken_count, error));
    snapshot->view.set = snapshot->set;
    return STATUS_OK;
}

/* As evaluate_saved in evaluate.c does for a question: what fails at the moment is left out, and
 * the others go on. The session's definitions are the same ones, over its own schema. */
static enum status fill(struct session_snapshot *snapshot, struct session *session,
                        const struct session_moment *moment, struct error *error)
{
    /* Loading comes after the definitions, as they say what has to be there. */
    TRY(session_load_definitions(session, error));
    TRY(session_take_in_again(session, moment->now, error));
    TRY(build(snapshot, session, error));
    TRY(load(snapshot, session, moment, error));
    for (;;) {
        struct error why = {0};

        if (evaluate(snapshot, session, &why) == STATUS_OK)
            break;
        TRY(session_leave_out(session, snapshot->view.population, moment->now, &why, error));
        TRY(build(snapshot, session, error));
    }
    return STATUS_OK;
}

enum status session_snapshot_new(struct session *session, const struct session_moment *moment,
                                 bool everything, struct session_snapshot **out,
                                 struct error *error)
{
    /* What a thread reads later must not be the session's: its schema and
     * zone are copies. */
    struct session_snapshot *snapshot = base_calloc(1, sizeof *snapshot);
    atomic_init(&snapshot->holders, 1);
    arena_init(&snapshot->arena, 0);
    snapshot->everything = everything;
    snapshot->view.now = moment->now;
    snapshot->schema = schema_copy(session_schema(session), &snapshot->arena);

    enum status status = zone_open(snapshot->schema->zone, &snapshot->zone, error);
    if (status == STATUS_OK)
        status = fill(snapshot, session, moment, error);
    if (status == STATUS_OK) {
        char text[MOMENT_TEXT_MAX];
        snapshot->moment =
            arena_strdup(&snapshot->arena, moment_format(snapshot->zone, moment->now, text));
    }
    if (status == STATUS_OK)
        *out = snapshot;
    else
        destroy(snapshot);
    return status;
}

/* ---- asking ---- */

const struct schema *session_snapshot_schema(const struct session_snapshot *snapshot)
{
    return snapshot->schema;
}

const struct session_view *session_snapshot_view(const struct session_snapshot *snapshot)
{
    return &snapshot->view;
}

const char *session_snapshot_moment(const struct session_snapshot *snapshot)
{
    return snapshot->moment;
}

bool session_snapshot_broken(const struct session_snapshot *snapshot, size_t i, const char **name,
                             const char **why)
{
    if (i >= snapshot->broken_count)
        return false;
    *name = snapshot->broken[i].name;
    *why = snapshot->broken[i].why;
    return true;
}

uint64_t session_snapshot_customers(const struct session_snapshot *snapshot)
{
    return plan_result_customers(snapshot->view.result);
}

enum status session_snapshot_find_segment(const struct session_snapshot *snapshot, const char *name,
                                          int *index, struct error *error)
{
    return session_find_in(snapshot->set, name, index, error);
}

enum status session_snapshot_customer(const struct session_snapshot *snapshot, const char *customer,
                                      int *segments, size_t most, size_t *count,
                                      struct error *error)
{
    uint32_t position;
    const struct plan_result *result = snapshot->view.result;
    TRY(session_find_customer(snapshot->view.population, customer, &position, error));

    *count = 0;
    for (int s = 0; s < result->segment_count; s++) {
        if (!plan_result_has(result, s, position))
            continue;
        if (*count < most)
            segments[*count] = s;
        ++*count;
    }
    return STATUS_OK;
}

/* What a condition asks is evaluated on the caller's thread, over a set and a plan of its own. */
struct asked {
    struct segment_set *set;
    struct session_view view; /* over the snapshot's population; only the result is its own */
    int segment;
};

static void asked_release(struct asked *asked)
{
    plan_result_free(asked->view.result);
    segment_set_free(asked->set);
}

static enum status check_held(const struct session_snapshot *snapshot, const struct asked *asked,
                              struct arena *arena, struct error *error)
{
    struct segment_needs needs =
        segment_needs(asked->set, snapshot->schema, &asked->segment, 1, arena);
    if (snapshot->everything || segment_needs_hold(&snapshot->held, &needs))
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_USAGE,
                  "the condition reads what no saved definition reads, and the snapshot "
                  "holds nothing else");
    error_hint(error, "make the snapshot with everything in it");
    return status;
}

static enum status ask(const struct session_snapshot *snapshot, struct text condition,
                       struct asked *out, struct error *error)
{
    struct arena arena;
    struct plan *plan = NULL;
    struct population *population = snapshot->view.population;
    *out = (struct asked){0};
    arena_init(&arena, 0);

    enum status status = segment_condition_build(condition, snapshot->schema, snapshot->set, &arena,
                                                 NULL, &out->set, error);
    if (status != STATUS_OK)
        goto done;

    out->segment = out->set->segment_count - 1;
    out->view =
        (struct session_view){.set = out->set, .population = population, .now = snapshot->view.now};

    /* Said before evaluating, which would take the missing columns for unknown values. */
    TRY_GOTO(check_held(snapshot, out, &arena, error));
    TRY_GOTO(plan_new(out->set, snapshot->schema, &out->segment, 1, &plan, error));
    TRY_GOTO(plan_evaluate(plan, population, out->view.now, NULL, false, &out->view.result, error));
done:
    plan_free(plan);
    arena_release(&arena);
    if (status != STATUS_OK)
        asked_release(out);
    return status;
}

enum status session_snapshot_count(const struct session_snapshot *snapshot, struct text condition,
                                   uint64_t *customers, struct error *error)
{
    struct asked asked;
    TRY(ask(snapshot, condition, &asked, error));
    *customers = plan_result_count(asked.view.result, asked.segment);
    asked_release(&asked);
    return STATUS_OK;
}

enum status session_snapshot_members(const struct session_snapshot *snapshot, const char *segment,
                                     struct text condition, struct arena *arena,
                                     struct session_members *out, struct error *error)
{
    struct asked asked;
    int index;
    if (segment) {
        TRY(session_find_in(snapshot->set, segment, &index, error));
        session_collect_members(&snapshot->view, index, arena, out);
        return STATUS_OK;
    }

    TRY(ask(snapshot, condition, &asked, error));
    session_collect_members(&asked.view, asked.segment, arena, out);
    asked_release(&asked);
    return STATUS_OK;
}
