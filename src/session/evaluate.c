/* From definitions to memberships: what to load, loading it, evaluating, and the questions that
 * only count or list. */
#include "session/internal.h"

#include "population/load.h"

#include <stdlib.h>
#include <string.h>

enum status session_load_population(struct session *session, const struct segment_needs *needs,
                                    const struct session_moment *moment, enum session_past past,
                                    struct population **out, struct error *error)
{
    struct lake *lake;
    struct arena arena;

    TRY(session_lake(session, &lake, error));

    arena_init(&arena, 0);
    struct population_need *wanted = ARENA_ARRAY(&arena, struct population_need, needs->count + 1);
    for (size_t i = 0; i < needs->count; i++)
        wanted[i] = (struct population_need){needs->items[i].table, needs->items[i].columns,
                                             needs->items[i].earlier};

    /* Only the columns that are read, as most of a store is of no concern
     * to a question. */
    struct population_load load = {.needs = wanted,
                                   .need_count = needs->count,
                                   .records = needs->records,
                                   .lists = needs->lists,
                                   .known_at = moment->known_at,
                                   .traits_from = past == SESSION_ONWARD ? moment->now : 0};
    enum status status = population_load(session->store, lake, &load, session->zone,
                                         session_pool(session), out, error);
    arena_release(&arena);
    return status;
}

static enum status evaluate(struct session *session, const int *segments, int count,
                            const struct segment_needs *more, const struct session_moment *moment,
                            enum session_past past, struct session_view *out, struct error *error)
{
    struct arena arena;
    struct plan *plan = NULL;

    arena_init(&arena, 0);
    struct segment_needs needs =
        segment_needs(out->set, session_schema(session), segments, count, &arena);
    if (more)
        needs = segment_needs_join(&needs, more, &arena);

    enum status status = STATUS_OK;

    /* After a failure the population is there already, and only the plan is another. */
    if (!out->population)
        status = session_load_population(session, &needs, moment, past, &out->population, error);
    if (status == STATUS_OK)
        status = plan_new(out->set, session_schema(session), segments, count, &plan, error);
    if (status == STATUS_OK)
        status = plan_evaluate(plan, out->population, moment->now, session_pool(session), false,
                               &out->result, error);

    plan_free(plan);
    arena_release(&arena);
    return status;
}

/* All saved definitions. One that fails at this moment is left out, and the others go on. */
static enum status evaluate_saved(struct session *session, const struct segment_needs *more,
                                  const struct session_moment *moment, enum session_past past,
                                  struct session_view *out, struct error *error)
{
    /* What failed at another moment gets its chance again. */
    TRY(session_take_in_again(session, moment->now, error));
    for (;;) {
        struct error why = {0};
        out->set = session->definitions;
        enum status status = evaluate(session, NULL, -1, more, moment, past, out, &why);
        if (status == STATUS_OK)
            return STATUS_OK;
        /* Without a population it was the loading that failed, which no definition
         * is to blame for. */
        if (!out->population) {
            *error = why;
            return status;
        }
        TRY(session_leave_out(session, out->population, moment->now, &why, error));
    }
}

enum status session_saved_needs(struct session *session, const struct session_moment *moment,
                                struct arena *arena, struct segment_needs *out, struct error *error)
{
    TRY(session_load_definitions(session, error));
    TRY(session_take_in_again(session, moment->now, error));
    *out = segment_needs(session->definitions, session_schema(session), NULL, -1, arena);
    return STATUS_OK;
}

enum status session_evaluate_over(struct session *session, struct population *population,
                                  struct population *below, const struct session_moment *moment,
                                  struct session_view *out, struct error *error)
{
    *out = (struct session_view){.now = moment->now, .population = population, .below = below};
    enum status status = session_load_definitions(session, error);
    if (status == STATUS_OK)
        status = evaluate_saved(session, NULL, moment, SESSION_ONWARD, out, error);
    if (status != STATUS_OK)
        session_view_close(out);
    return status;
}

static enum status name_segment(const char *name, enum status status, struct error *error)
{
    struct error why = *error;
    status = error_set(error, status, "%s cannot be evaluated: %s", name, why.message);
    error_place(error, "%s", why.place);
    error_hint(error, "%s", why.hint);
    return status;
}

enum status session_evaluate(struct session *session, const struct segment_set *set,
                             const int *segments, int count, const struct segment_needs *more,
                             const struct session_moment *moment, enum session_past past,
                             struct session_view *out, struct error *error)
{
    *out = (struct session_view){.now = moment->now};
    TRY(session_load_definitions(session, error));

    out->set = set ? set : session->definitions;
    /* The saved ones all together go on without those that fail; a question about one
     * has to be answered or refused. */
    enum status status = !set && count < 0
                             ? evaluate_saved(session, more, moment, past, out, error)
                             : evaluate(session, segments, count, more, moment, past, out, error);
    if (status != STATUS_OK && status != STATUS_INTERRUPTED && !set && count == 1 &&
        out->population)
        status = name_segment(out->set->segments[*segments].name, status, error);
    if (status != STATUS_OK)
        session_view_close(out);
    return status;
}

void session_view_close(struct session_view *view)
{
    plan_result_free(view->result);
    population_free(view->population);
    population_free(view->below);
    *view = (struct session_view){0};
}

enum status session_count(struct session *session, struct text condition,
                          const struct session_moment *moment, struct arena *arena,
                          struct session_count *out, struct error *error)
{
    struct segment_set *set = NULL;
    struct session_view view;
    *out = (struct session_count){0};
    TRY(session_load_definitions(session, error));
    TRY(segment_condition_build(condition, session_schema(session), session->definitions, arena,
                                &out->problems, &set, error));
    /* The condition is the last segment of the set that was built around it. */
    int asked = set->segment_count - 1;

    enum status status =
        session_evaluate(session, set, &asked, 1, NULL, moment, SESSION_WHOLE_PAST, &view, error);
    if (status == STATUS_OK) {
        out->customers = plan_result_count(view.result, asked);
        out->of = plan_result_customers(view.result);
        session_check_texts(view.population, set, arena, &out->problems);
        session_view_close(&view);
    }
    segment_set_free(set);
    return status;
}

struct member {
    uint32_t number, position;
};

static int by_number(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

void session_collect_members(const struct session_view *view, int segment, struct arena *arena,
                             struct session_members *out)
{
    size_t count = plan_result_count(view->result, segment), found = 0;
    /* In the order of their numbers, in which customers came first; positions are in
     * the order of their last activity. */
    struct member *members = base_calloc(count + 1, sizeof *members);
    for (uint32_t p = 0; p < view->population->customers; p++)
        if (plan_result_has(view->result, segment, p))
            members[found++] = (struct member){(uint32_t)view->population->number[p], p};

    qsort(members, found, sizeof *members, by_number);

    out->count = found;
    out->identifiers = ARENA_ARRAY(arena, struct text, found + 1);
    out->numbers = ARENA_ARRAY(arena, uint32_t, found + 1);
    for (size_t i = 0; i < found; i++) {
        struct text id = population_identifier(view->population, members[i].position);
        out->identifiers[i] = (struct text){arena_strndup(arena, id.data, id.length), id.length};
        out->numbers[i] = members[i].number;
    }
    free(members);
}

enum status session_members(struct session *session, const char *segment, struct text condition,
                            const struct session_moment *moment, struct arena *arena,
                            struct session_members *out, struct error *error)
{
    struct segment_set *own = NULL;
    struct session_view view;

    /* Either a saved segment or a condition of the caller's own. */
    int asked = -1;

    TRY(session_load_definitions(session, error));
    if (segment) {
        TRY(session_find_segment(session, segment, &asked, error));
    } else {
        TRY(segment_condition_build(condition, session_schema(session), session->definitions, arena,
                                    NULL, &own, error));
        asked = own->segment_count - 1;
    }

    enum status status =
        session_evaluate(session, own, &asked, 1, NULL, moment, SESSION_ONWARD, &view, error);
    if (status == STATUS_OK) {
        session_collect_members(&view, asked, arena, out);
        session_view_close(&view);
    }

    segment_set_free(own);
    return status;
}

/* ---- the list of segments ---- */

struct recorded {
    int64_t until;
    const struct segment_set *set;
    struct session_segments *out;
    uint32_t refresh;
};

static enum status add_recorded(void *context, struct catalog_membership *membership,
                                struct error *error)
{
    struct recorded *recorded = context;
    (void)error;
    for (size_t i = 0; i < recorded->out->count; i++) {
        struct session_segment *segment = &recorded->out->items[i];
        if (strcmp(segment->name, membership->segment) != 0 || membership->moment > recorded->until)
            continue;
        segment->recorded = true;
        if (membership->refresh == recorded->refresh)
            *(membership->entered ? &segment->entered : &segment->left) +=
                bitmap_count(membership->customers);
    }
    bitmap_free(membership->customers);
    return STATUS_OK;
}

static enum status add_records(struct session *session, const struct session_moment *moment,
                               struct arena *arena, struct session_segments *out,
                               struct error *error)
{
    struct catalog *catalog = store_catalog(session->store);
    struct catalog_refresh *refreshes;
    size_t count;
    TRY(catalog_refreshes(catalog, arena, &refreshes, &count, error));
    /* Refreshes are in order of time, so the last that counts is the newest one. */
    struct recorded recorded = {.until = moment->now, .set = session->definitions, .out = out};
    for (size_t i = 0; i < count; i++) {
        if (refreshes[i].moment > moment->now)
            continue;
        out->has_refresh = true;
        out->refreshed = refreshes[i].moment;
        recorded.refresh = refreshes[i].number;
    }

    if (!out->has_refresh)
        return STATUS_OK;
    return catalog_memberships(catalog, NULL, add_recorded, &recorded, error);
}

enum status session_segments(struct session *session, const struct session_moment *moment,
                             struct arena *arena, struct session_segments *out, struct error *error)
{
    struct session_view view;
    *out = (struct session_segments){0};
    TRY(session_evaluate(session, NULL, NULL, -1, NULL, moment, SESSION_ONWARD, &view, error));

    const struct segment_set *set = view.set;
    out->customers = plan_result_customers(view.result);
    out->items = ARENA_ARRAY(arena, struct session_segment, (size_t)set->segment_count + 1);
    for (int i = 0; i < set->segment_count; i++) {
        struct session_segment *segment = &out->items[out->count++];
        segment->index = i;
        segment->name = arena_strdup(arena, set->segments[i].name);
        segment->title =
            set->segments[i].title ? arena_strdup(arena, set->segments[i].title) : NULL;
        segment->scheme = set->segments[i].scheme >= 0
                              ? arena_strdup(arena, set->schemes[set->segments[i].scheme].name)
                              : NULL;
        segment->customers = plan_result_count(view.result, i);
        segment->share = out->customers ? (double)segment->customers / (double)out->customers : 0;
    }

    /* Names are copied, as the view goes before the answer does. */
    session_view_close(&view);
    return add_records(session, moment, arena, out, error);
}
