/* The library's public face (include/strata.h) over the engine. */
#include "strata.h"

#include "lib/arrow.h"
#include "lib/internal.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct strata_store {
    struct session *session;
};

enum strata_status lib_give_error(enum status status, const struct error *from,
                                  struct strata_error *to)
{
    if (status == STATUS_OK || !to)
        return (enum strata_status)status;
    to->status = (enum strata_status)status;
    snprintf(to->place, sizeof to->place, "%s", from->place);
    snprintf(to->message, sizeof to->message, "%s", from->message);
    snprintf(to->hint, sizeof to->hint, "%s", from->hint);
    return to->status;
}

struct session *lib_session(struct strata_store *store)
{
    return store->session;
}

const char *strata_version(void)
{
    return STRATA_VERSION;
}

enum strata_status strata_create(const char *path, const char *time_zone, const char *currency,
                                 struct strata_error *error)
{
    struct error why = {0};
    return lib_give_error(session_create(path, time_zone, currency, &why), &why, error);
}

enum strata_status strata_open(const char *path, int flags, struct strata_store **store,
                               struct strata_error *error)
{
    struct error why = {0};
    struct session *session;
    struct session_options options = {
        .path = path, .write = flags & STRATA_WRITE, .command = "a program using libstrata"};
    enum status status = session_open(&options, &session, &why);
    if (status == STATUS_OK) {
        *store = base_malloc(sizeof **store);
        (*store)->session = session;
    }
    return lib_give_error(status, &why, error);
}

void strata_close(struct strata_store *store)
{
    if (!store)
        return;
    session_close(store->session);
    free(store);
}

enum strata_status strata_undo(struct strata_store *store, int number, struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    struct engine_undone undone;
    arena_init(&arena, 0);
    enum status status = number > 0
                             ? engine_undo(store->session, (uint32_t)number, &arena, &undone, &why)
                             : error_set(&why, STATUS_NOT_FOUND, "there is no import %d", number);
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}

enum strata_status strata_check(const char *source, struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    struct segment_set *set = NULL;
    struct segment_source text = {"source", text_from(source)};
    arena_init(&arena, 0);
    enum status status = segment_set_build(&text, 1, NULL, NULL, &arena, NULL, &set, &why);
    segment_set_free(set);
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}

static enum status apply(struct session *session, const char *source, bool prune,
                         struct arena *arena, struct error *error)
{
    struct session_moment moment;
    struct session_apply plan;
    struct segment_source text = {"source", text_from(source)};
    TRY(session_moment(session, "latest", NULL, arena, &moment, error));
    TRY(session_apply_plan(session, &text, 1, prune, &moment, arena, &plan, error));
    enum status status = session_apply_save(session, &plan, error);
    segment_set_free(plan.set);
    return status == STATUS_OK ? session_reload(session, error) : status;
}

enum strata_status strata_apply(struct strata_store *store, const char *source, int prune,
                                struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    arena_init(&arena, 0);
    enum status status = apply(store->session, source, prune != 0, &arena, &why);
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}

/* ---- lists ---- */

struct strata_segments {
    struct arena arena;
    struct session_segments list;
    size_t at;
};

enum strata_status strata_segments(struct strata_store *store, const char *moment,
                                   struct strata_segments **segments, struct strata_error *error)
{
    struct error why = {0};
    struct session_moment at;
    struct strata_segments *made = base_calloc(1, sizeof *made);
    arena_init(&made->arena, 0);
    enum status status = session_moment(store->session, moment, NULL, &made->arena, &at, &why);
    if (status == STATUS_OK)
        status = session_segments(store->session, &at, &made->arena, &made->list, &why);
    if (status == STATUS_OK)
        *segments = made;
    else
        strata_segments_free(made);
    return lib_give_error(status, &why, error);
}

int strata_segments_next(struct strata_segments *segments, struct strata_segment *segment)
{
    if (segments->at >= segments->list.count)
        return 0;
    const struct session_segment *from = &segments->list.items[segments->at++];
    *segment = (struct strata_segment){from->name, from->title, from->customers, from->share};
    return 1;
}

void strata_segments_free(struct strata_segments *segments)
{
    if (!segments)
        return;
    arena_release(&segments->arena);
    free(segments);
}

enum strata_status strata_count(struct strata_store *store, const char *condition,
                                const char *moment, uint64_t *customers, struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    struct session_moment at;
    struct session_count count;
    arena_init(&arena, 0);
    enum status status = session_moment(store->session, moment, NULL, &arena, &at, &why);
    if (status == STATUS_OK)
        status = session_count(store->session, text_from(condition), &at, &arena, &count, &why);
    if (status == STATUS_OK)
        *customers = count.customers;
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}

struct strata_members {
    struct arena arena;
    struct session_members list;
    size_t at;
};

static enum strata_status list_members(struct strata_store *store, const char *segment,
                                       const char *condition, const char *moment,
                                       struct strata_members **members, struct strata_error *error)
{
    struct error why = {0};
    struct session_moment at;
    struct strata_members *made = base_calloc(1, sizeof *made);
    arena_init(&made->arena, 0);
    enum status status = session_moment(store->session, moment, NULL, &made->arena, &at, &why);
    if (status == STATUS_OK)
        status = session_members(store->session, segment, text_from(condition), &at, &made->arena,
                                 &made->list, &why);
    if (status == STATUS_OK)
        *members = made;
    else
        strata_members_free(made);
    return lib_give_error(status, &why, error);
}

enum strata_status strata_members(struct strata_store *store, const char *segment,
                                  const char *moment, struct strata_members **members,
                                  struct strata_error *error)
{
    return list_members(store, segment, NULL, moment, members, error);
}

enum strata_status strata_find(struct strata_store *store, const char *condition,
                               const char *moment, struct strata_members **members,
                               struct strata_error *error)
{
    return list_members(store, NULL, condition, moment, members, error);
}

uint64_t strata_members_count(const struct strata_members *members)
{
    return members->list.count;
}

int strata_members_next(struct strata_members *members, const char **identifier, uint32_t *number)
{
    if (members->at >= members->list.count)
        return 0;
    if (identifier)
        *identifier = members->list.identifiers[members->at].data;
    if (number)
        *number = members->list.numbers[members->at];
    members->at++;
    return 1;
}

void strata_members_free(struct strata_members *members)
{
    if (!members)
        return;
    arena_release(&members->arena);
    free(members);
}

enum strata_status strata_members_arrow(const struct strata_members *members,
                                        struct ArrowArrayStream *stream, struct strata_error *error)
{
    (void)error;
    lib_arrow_members(&members->list, stream);
    return STRATA_OK;
}

enum strata_status strata_refresh(struct strata_store *store, const char *moment, uint64_t *entered,
                                  uint64_t *left, struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    struct session_moment at;
    struct engine_refresh refresh;
    arena_init(&arena, 0);
    enum status status = session_moment(store->session, moment, NULL, &arena, &at, &why);
    if (status == STATUS_OK)
        status = engine_refresh(store->session, &at, &arena, &refresh, &why);
    if (status == STATUS_OK && entered)
        *entered = refresh.entered;
    if (status == STATUS_OK && left)
        *left = refresh.left;
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}

/* ---- texts ---- */

enum strata_status strata_explain(struct strata_store *store, const char *segment,
                                  const char *customer, const char *moment, char **json,
                                  struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    struct session_moment at;
    struct buffer text;
    struct json writer;
    arena_init(&arena, 0);
    buffer_init(&text, 0);
    json_init(&writer, &text, true);
    enum status status = session_moment(store->session, moment, NULL, &arena, &at, &why);
    if (status == STATUS_OK)
        status =
            engine_explain(store->session, segment, customer, &at, &arena, NULL, &writer, &why);
    if (status == STATUS_OK)
        *json = buffer_take(&text);
    buffer_release(&text);
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}

enum strata_status strata_report(struct strata_store *store, const char *moment, char **html,
                                 struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    struct session_moment at;
    struct buffer text;
    arena_init(&arena, 0);
    buffer_init(&text, 0);
    enum status status = session_moment(store->session, moment, NULL, &arena, &at, &why);
    if (status == STATUS_OK)
        status = engine_report(store->session, &at, NULL, &text, &why);
    if (status == STATUS_OK)
        *html = buffer_take(&text);
    buffer_release(&text);
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}

void strata_text_free(char *text)
{
    free(text);
}

static void close_sql(void *owner)
{
    engine_sql_close(owner);
}

enum strata_status strata_sql(struct strata_store *store, const char *statement,
                              struct ArrowArrayStream *stream, struct strata_error *error)
{
    struct error why = {0};
    struct engine_sql *sql;
    enum status status = engine_sql_open(store->session, statement, &sql, &why);
    if (status == STATUS_OK)
        lib_arrow_stream(engine_sql_result(sql), close_sql, sql, stream);
    return lib_give_error(status, &why, error);
}
