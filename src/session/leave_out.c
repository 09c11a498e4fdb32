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
    out->items = ARENA_ARRAY(&session->arena, struct session_trouble,
                             (size_t)set->segment_count + out->count + 1);
    for (int s = 0; s < set->segment_count; s++) {
        int scheme = set->segments[s].scheme;
        const char *name = scheme >= 0 ? set->schemes[scheme].name : set->segments[s].name;
        if (!why[s] || (out->count && strcmp(out->items[out->count - 1].name, name) == 0))
            continue;

        const char *message = why[s];
        if (scheme >= 0)
            message =
                arena_printf(&session->arena, "its member %s: %s", set->segments[s].name, message);
        out->items[out->count++] =
            (struct session_trouble){arena_strdup(&session->arena, name), message};
    }
}

static void retire_definitions(struct session *session)
{
    if (session->definitions)
        VECTOR_PUSH(&session->retired, session->definitions);
    session->definitions = NULL;
    session->broken = NULL;
    session->broken_count = 0;
}

enum status session_leave_out(struct session *session, const struct population *population,
                              int64_t moment, const struct error *why, struct error *error)
{
    size_t count = 0;
    const struct segment_set *set = session->definitions;
    const char **reasons = NULL;

    if (why->code != STATUS_INTERRUPTED) /* which no definition is to blame for */
        TRY(session_find_failing(session, set, population, moment, &session->arena, &reasons,
                                 &count, error));
    if (!count) {
        *error = *why;
        return why->code;
    }

    struct session_left_out left_out = {.moment = moment}, before = session->left_out;
    list_failing(session, set, reasons, &left_out);
    if (before.count) { /* of the same moment: what failed earlier is still out */
        struct session_trouble *all =
            ARENA_ARRAY(&session->arena, struct session_trouble, before.count + left_out.count);
        memcpy(all, before.items, before.count * sizeof *all);
        memcpy(all + before.count, left_out.items, left_out.count * sizeof *all);
        left_out.items = all;
        left_out.count += before.count;
    }

    retire_definitions(session);
    session->left_out = left_out;
    return session_load_definitions(session, error);
}

enum status session_take_in_again(struct session *session, int64_t moment, struct error *error)
{
    if (!session->left_out.count || session->left_out.moment == moment)
        return STATUS_OK;
    retire_definitions(session);
    session->left_out = (struct session_left_out){0};
    return session_load_definitions(session, error);
}
