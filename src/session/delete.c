/*
 * Deleting definitions: all that are named or none, and none that something else still uses.
 */
#include "session/internal.h"

#include <stdlib.h>
#include <string.h>

/* Whether a segment goes too, by its own name or with its scheme. */
static bool goes(const struct segment_set *set, const struct segment_definition *segment,
                 const char *const *names, size_t count)
{
    const char *scheme = segment->scheme >= 0 ? set->schemes[segment->scheme].name : NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], segment->name) == 0 || (scheme && strcmp(names[i], scheme) == 0))
            return true;
    return false;
}

enum { USERS_NAMED = 5 };

void session_users_add(struct session_users *users, const char *name)
{
    if (users->count++ < USERS_NAMED)
        buffer_printf(&users->names, "%s%s", users->names.length ? ", " : "", name);
}

void session_users_end(struct session_users *users)
{
    if (users->count > USERS_NAMED)
        buffer_printf(&users->names, " and %zu more", users->count - USERS_NAMED);
}

/* Of a scheme any member counts, but for those who use each other within it. */
static bool is_user(const struct segment_set *set, const struct segment_definition *user,
                    const char *name)
{
    int scheme = segment_set_find_scheme(set, name);
    for (int u = 0; u < user->use_count; u++) {
        const struct segment_definition *used = &set->segments[user->uses[u]];
        if (scheme >= 0 ? used->scheme == scheme && user->scheme != scheme
                        : strcmp(used->name, name) == 0)
            return true;
    }
    return false;
}

static enum status refuse_used(const struct session *session, const char *name,
                               const char *const *names, size_t count, struct error *error)
{
    const struct segment_set *set = session->definitions;
    struct session_users users = {.count = 0};
    enum status status = STATUS_OK;

    buffer_init(&users.names, 0);
    for (int i = 0; i < set->segment_count; i++)
        if (!goes(set, &set->segments[i], names, count) && is_user(set, &set->segments[i], name))
            session_users_add(&users, set->segments[i].name);
    session_users_end(&users);
    if (users.count)
        status = error_set(error, STATUS_ERROR, "%s is used by %s; delete or change %s first", name,
                           users.names.data, users.count == 1 ? "that" : "them");
    buffer_release(&users.names);
    return status;
}

static enum status check_deletable(struct session *session, const char *name,
                                   const char *const *names, size_t count, struct error *error)
{
    int segment;
    const struct segment_set *set = session->definitions;
    /* A broken one is used by nobody that works, so it may go. */
    for (size_t i = 0; i < session->broken_count; i++)
        if (strcmp(session->broken[i].name, name) == 0)
            return STATUS_OK;
    if (segment_set_find_scheme(set, name) < 0) {
        TRY(session_find_segment(session, name, &segment, error));
        int scheme = set->segments[segment].scheme;
        if (scheme >= 0)
            return error_set(error, STATUS_ERROR,
                             "%s is part of the scheme %s; apply a new form of the scheme instead",
                             name, set->schemes[scheme].name);
    }
    return refuse_used(session, name, names, count, error);
}

/* Whether a name means a list: a segment, a scheme, or what is broken of them, comes first. */
static bool names_list(const struct session *session, const char *name)
{
    const struct segment_set *set = session->definitions;
    return session_is_list(set, name) && segment_set_find(set, name) < 0 &&
           segment_set_find_scheme(set, name) < 0 &&
           !session_is_trouble(session->broken, session->broken_count, name);
}

static bool stays(const struct session *session, const char *source, const char *const *names,
                  size_t count)
{
    static const char prefix[] = "list ";
    bool list = strncmp(source, prefix, strlen(prefix)) == 0;
    const char *name = list ? source + strlen(prefix) : source;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0 && names_list(session, name) == list)
            return false;
    return true;
}

/* What fits without the lists that go, and whatever else goes, does not use them. */
static enum status check_lists_unused(struct session *session, const char *const *names,
                                      size_t count, struct arena *arena, struct error *error)
{
    struct segment_source *sources;
    struct segment_set *set = NULL;
    struct session_broken_list broken = {.arena = arena};
    size_t source_count, kept = 0;
    TRY(session_load_sources(session, arena, &sources, &source_count, error));
    for (size_t i = 0; i < source_count; i++)
        if (stays(session, sources[i].file, names, count))
            sources[kept++] = sources[i];
    TRY(session_build_fitting(sources, kept, session_schema(session), &broken, &set, error));
    segment_set_free(set);

    for (size_t i = 0; i < broken.count; i++)
        if (!session_is_trouble(session->broken, session->broken_count, broken.items[i].name))
            return error_set(error, STATUS_ERROR,
                             "%s uses a list that would go; delete or change that first",
                             broken.items[i].name);
    return STATUS_OK;
}

static enum status check_all_deletable(struct session *session, const char *const *names,
                                       size_t count, struct error *error)
{
    struct arena arena;
    bool lists = false;
    for (size_t i = 0; i < count; i++) {
        if (names_list(session, names[i]))
            lists = true;
        else
            TRY(check_deletable(session, names[i], names, count, error));
    }
    if (!lists)
        return STATUS_OK;

    arena_init(&arena, 0);
    enum status status = check_lists_unused(session, names, count, &arena, error);
    arena_release(&arena);
    return status;
}

enum status session_delete_within(struct session *session, const char *const *names, size_t count,
                                  struct error *error)
{
    struct catalog *catalog = store_catalog(session->store);
    TRY(session_load_definitions(session, error));
    /* All are asked first, so that nothing is deleted when one may not be. */
    TRY(check_all_deletable(session, names, count, error));
    for (size_t i = 0; i < count; i++)
        TRY(names_list(session, names[i]) ? catalog_delete_list(catalog, names[i], error)
                                          : catalog_delete_definition(catalog, names[i], error));
    return STATUS_OK;
}

enum status session_delete(struct session *session, const char *const *names, size_t count,
                           struct error *error)
{
    struct store_change *change;
    TRY(store_begin(session->store, &change, error));
    return session_end_change(session, change, session_delete_within(session, names, count, error),
                              error);
}
