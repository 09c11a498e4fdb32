/* Snapshots, for many threads. The public handle is the session's own, under another name. */
#include "lib/internal.h"

#include "session/snapshot.h"

#include <stdlib.h>

static const struct session_snapshot *inner(const struct strata_snapshot *snapshot)
{
    return (const struct session_snapshot *)snapshot;
}

enum strata_status strata_snapshot_new(struct strata_store *store, const char *moment, int flags,
                                       struct strata_snapshot **snapshot,
                                       struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    struct session_snapshot *made = NULL;

    const char *name, *why;
    lib_begin(&call, store);
    enum status status = lib_check_flags(flags, STRATA_DEFINED | STRATA_EVERYTHING, &call.why);
    if (status == STATUS_OK)
        status = lib_moment(&call, moment, &at);
    if (status == STATUS_OK)
        status =
            session_snapshot_new(call.session, &at, flags & STRATA_EVERYTHING, &made, &call.why);
    /* Notices go to the store's owner; the snapshot itself is silent from then on. */
    for (size_t i = 0; made && session_snapshot_broken(made, i, &name, &why); i++)
        lib_notice(store, "the definition of %s is left out: %s", name, why);

    if (status == STATUS_OK)
        *snapshot = (struct strata_snapshot *)made;
    return lib_end(&call, status, error);
}

struct strata_snapshot *strata_snapshot_retain(struct strata_snapshot *snapshot)
{
    session_snapshot_retain((struct session_snapshot *)snapshot);
    return snapshot;
}

void strata_snapshot_release(struct strata_snapshot *snapshot)
{
    session_snapshot_release((struct session_snapshot *)snapshot);
}

const char *strata_snapshot_moment(const struct strata_snapshot *snapshot)
{
    return session_snapshot_moment(inner(snapshot));
}

enum strata_status strata_snapshot_customer(const struct strata_snapshot *snapshot,
                                            const char *customer, const char **names, size_t most,
                                            size_t *count, struct strata_error *error)
{
    enum { AT_ONCE = 256 }; /* more are looked up by way of the heap */
    int few[AT_ONCE], *indexes = most > AT_ONCE ? base_malloc(most * sizeof *indexes) : few;
    struct error why = {0};
    const struct segment_set *set = session_snapshot_view(inner(snapshot))->set;

    enum status status =
        session_snapshot_customer(inner(snapshot), customer, indexes, most, count, &why);

    for (size_t i = 0; status == STATUS_OK && i < *count && i < most; i++)
        names[i] = set->segments[indexes[i]].name;
    if (indexes != few)
        free(indexes);
    return lib_give_error(status, &why, error);
}

enum strata_status strata_snapshot_count(const struct strata_snapshot *snapshot,
                                         const char *condition, uint64_t *customers,
                                         struct strata_error *error)
{
    struct error why = {0};
    return lib_give_error(
        session_snapshot_count(inner(snapshot), text_from(condition), customers, &why), &why,
        error);
}

static enum strata_status list_members(const struct strata_snapshot *snapshot, const char *segment,
                                       const char *condition, struct strata_members **members,
                                       struct strata_error *error)
{
    struct error why = {0};
    struct strata_members *made = base_calloc(1, sizeof *made);
    arena_init(&made->arena, 0);
    enum status status = session_snapshot_members(inner(snapshot), segment, text_from(condition),
                                                  &made->arena, &made->list, &why);
    if (status == STATUS_OK)
        *members = made;
    else
        strata_members_free(made);
    return lib_give_error(status, &why, error);
}

enum strata_status strata_snapshot_members(const struct strata_snapshot *snapshot,
                                           const char *segment, struct strata_members **members,
                                           struct strata_error *error)
{
    return list_members(snapshot, segment, NULL, members, error);
}

enum strata_status strata_snapshot_find(const struct strata_snapshot *snapshot,
                                        const char *condition, struct strata_members **members,
                                        struct strata_error *error)
{
    return list_members(snapshot, NULL, condition, members, error);
}

enum strata_status strata_snapshot_explain(const struct strata_snapshot *snapshot,
                                           const char *segment, const char *customer, char **out,
                                           struct strata_error *error)
{
    struct lib_call call;
    struct lib_json json;

    lib_begin(&call, NULL);
    lib_json_begin(&json);
    enum status status = engine_explain_snapshot(inner(snapshot), segment, customer, &call.arena,
                                                 NULL, &json.json, &call.why);
    lib_json_end(&json, status, out);
    return lib_end(&call, status, error);
}
