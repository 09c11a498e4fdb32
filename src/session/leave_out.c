/*
 * One definition may not stop the others. A definition can fit the store and still fail at a
 * moment: `periods` over more units than it looks at, a sum past 64 bits. Evaluation shares one
 * plan and tells only that something failed; who it was is found by evaluating halves, over the
 * population that is loaded already. Those definitions, and what uses them, are left out for that
 * moment and named with the reason, as those are that no longer fit the store.
 */
#include "session/internal.h"

#include <string.h>

struct search {
    struct session *session;
    const struct segment_set *set;
    const struct population *population;
    int64_t moment;
    struct arena *arena;
    const char **why;
    size_t count;
    struct error stopped; /* its code, once somebody did: what fails from then on says nothing */
};

static enum status try_some(const struct search *search, const int *segments, int count,
                            struct error *error)
{
    struct plan *plan = NULL;
    struct plan_result *result = NULL;
    enum status status =
        plan_new(search->set, session_schema(search->session), segments, count, &plan, error);

    if (status == STATUS_OK)
        status = plan_evaluate(plan, search->population, search->moment,
                               session_pool(search->session), false, &result, error);

    plan_result_free(result);
    plan_free(plan);
    return status;
}

static void search_half(struct search *search, const int *segments, int count)
{
    struct error error = {0};
    if (count == 0 || search->stopped.code ||
        try_some(search, segments, count, &error) == STATUS_OK)
        return;
    if (error.code == STATUS_INTERRUPTED) {
        search->stopped = error;
        return;
    }

    /* Halves, so that one among a thousand is found by some ten evaluations more. */
    if (count > 1) {
        search_half(search, segments, count / 2);
        search_half(search, segments + count / 2, count - count / 2);
        return;
    }

    search->why[*segments] = arena_strdup(search->arena, error.message);
    search->count++;
}

/* A segment that only uses one that fails says so, instead of repeating what is wrong with that. */
static void blame_used(struct search *search)
{
    const struct segment_set *set = search->set;
    for (int o = 0; o < set->segment_count; o++) {
        int s = set->order[o];
        for (int u = 0; search->why[s] && u < set->segments[s].use_count; u++)
            if (search->why[set->segments[s].uses[u]]) {
                search->why[s] =
                    arena_printf(search->arena, "it uses %s, which cannot be evaluated either",
                                 set->segments[set->segments[s].uses[u]].name);
                break;
            }
    }
}

enum status session_find_failing(struct session *session, const struct segment_set *set,
                                 const struct population *population, int64_t moment,
                                 struct arena *arena, const char ***why, size_t *count,
                                 struct error *error)
{
    struct search search = {session, set, population, moment, arena, NULL, 0, {0}};
    int *all = ARENA_ARRAY(arena, int, (size_t)set->segment_count + 1);
    search.why = ARENA_ARRAY(arena, const char *, (size_t)set->segment_count + 1);

    for (int s = 0; s < set->segment_count; s++)
        all[s] = s;
    search_half(&search, all, set->segment_count);
    if (search.stopped.code)
        return error_set(error, search.stopped.code, "%s", search.stopped.message);

    blame_used(&search);
    *count = search.count;
    *why = search.why;
    return STATUS_OK;
}

/* Whole definitions are left out: a scheme with one member that fails says nothing reliable about
 * the others. */
static void list_failing(struct session *session, const struct segment_set *set,
                         const char *const *why, struct session_left_out *out)
{
    struct arena *arena = &session->arena;
    size_t first = out->count;
    for (int s = 0; s < set->segment_count; s++) {
        int scheme = set->segments[s].scheme;
        const char *name = scheme >= 0 ? set->schemes[scheme].name : set->segments[s].name;
        if (!why[s] || (out->count > first && strcmp(out->items[out->count - 1].name, name) == 0))
            continue;

        const char *message =
            scheme >= 0 ? arena_printf(arena, "its member %s: %s", set->segments[s].name, why[s])
                        : arena_strdup(arena, why[s]);
        out->items[out->count++] = (struct session_trouble){arena_strdup(arena, name), message};
    }
}

/* The definitions without those that fail, and without those that failed before at this moment. */
static enum status load_without(struct session *session, const char *const *why, int64_t moment,
                                struct error *error)
{
    struct segment_set *set = session->definitions;
    struct session_left_out before = session->left_out, *out = &session->left_out;
    session_retire(session, set);
    session->definitions = NULL;
    session->broken = NULL;
    session->broken_count = 0;

    *out = (struct session_left_out){.moment = moment};
    out->items = ARENA_ARRAY(&session->arena, struct session_trouble,
                             before.count + (size_t)set->segment_count + 1);
    for (size_t i = 0; i < before.count; i++)
        out->items[out->count++] =
            (struct session_trouble){arena_strdup(&session->arena, before.items[i].name),
                                     arena_strdup(&session->arena, before.items[i].why)};
    list_failing(session, set, why, out);
    return session_load_definitions(session, error);
}

enum status session_leave_out(struct session *session, const struct population *population,
                              int64_t moment, const struct error *why, struct error *error)
{
    size_t count = 0;
    const char **reasons = NULL;
    struct arena arena;
    enum status status = STATUS_OK;

    arena_init(&arena, 0);
    if (why->code != STATUS_INTERRUPTED) /* which no definition is to blame for */
        status = session_find_failing(session, session->definitions, population, moment, &arena,
                                      &reasons, &count, error);
    if (status == STATUS_OK && !count) {
        *error = *why;
        status = why->code;
    }
    if (status == STATUS_OK)
        status = load_without(session, reasons, moment, error);
    arena_release(&arena);
    return status;
}

enum status session_take_in_again(struct session *session, int64_t moment, struct error *error)
{
    if (!session->left_out.count || session->left_out.moment == moment)
        return STATUS_OK;
    session_retire(session, session->definitions);
    session->definitions = NULL;
    session->broken = NULL;
    session->broken_count = 0;
    session->left_out = (struct session_left_out){0};
    return session_load_definitions(session, error);
}
