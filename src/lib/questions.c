/* Questions about a store at a moment, and the refresh that records their answers. What a question
 * gives out owns its memory and outlives the call. */
#include "lib/arrow.h"
#include "lib/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum strata_status strata_count(struct strata_store *store, const char *condition,
                                const char *moment, uint64_t *customers, struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    struct session_count count;

    lib_begin(&call, store);
    enum status status = lib_moment(&call, moment, &at);
    if (status == STATUS_OK)
        status =
            session_count(call.session, text_from(condition), &at, &call.arena, &count, &call.why);
    if (status == STATUS_OK)
        *customers = count.customers;
    return lib_end(&call, status, error);
}

/* ---- segments ---- */

struct strata_segments {
    struct arena arena;
    struct session_segments list;
    size_t next; /* the present one stands before it */
};

enum strata_status strata_segments(struct strata_store *store, const char *moment,
                                   struct strata_segments **segments, struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    struct strata_segments *made = base_calloc(1, sizeof *made);
    arena_init(&made->arena, 0);

    lib_begin(&call, store);
    enum status status = lib_moment(&call, moment, &at);
    if (status == STATUS_OK)
        status = session_segments(call.session, &at, &made->arena, &made->list, &call.why);
    /* Which definitions were left out is only known now that they were evaluated. */
    if (status == STATUS_OK) {
        lib_note_broken(store);
        *segments = made;
    } else {
        strata_segments_free(made);
    }
    return lib_end(&call, status, error);
}

int strata_segments_next(struct strata_segments *segments)
{
    if (segments->next >= segments->list.count)
        return 0;
    segments->next++;
    return 1;
}

static const struct session_segment *present(const struct strata_segments *segments)
{
    ENSURE(segments->next > 0); /* after strata_segments_next */
    return &segments->list.items[segments->next - 1];
}

const char *strata_segments_name(const struct strata_segments *segments)
{
    return present(segments)->name;
}

const char *strata_segments_title(const struct strata_segments *segments)
{
    return present(segments)->title;
}

const char *strata_segments_scheme(const struct strata_segments *segments)
{
    return present(segments)->scheme;
}

uint64_t strata_segments_customers(const struct strata_segments *segments)
{
    return present(segments)->customers;
}

double strata_segments_share(const struct strata_segments *segments)
{
    return present(segments)->share;
}

void strata_segments_free(struct strata_segments *segments)
{
    if (!segments)
        return;
    arena_release(&segments->arena);
    free(segments);
}

/* ---- members ---- */

static enum strata_status list_members(struct strata_store *store, const char *segment,
                                       const char *condition, const char *moment,
                                       struct strata_members **members, struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    /* Made first, so that what the question gives out lies in its own memory. */
    struct strata_members *made = base_calloc(1, sizeof *made);
    arena_init(&made->arena, 0);

    lib_begin(&call, store);
    enum status status = lib_moment(&call, moment, &at);
    if (status == STATUS_OK)
        status = session_members(call.session, segment, text_from(condition), &at, &made->arena,
                                 &made->list, &call.why);

    if (status == STATUS_OK)
        *members = made;
    else
        strata_members_free(made);
    return lib_end(&call, status, error);
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

/* ---- texts ---- */

enum strata_status strata_explain(struct strata_store *store, const char *segment,
                                  const char *customer, const char *moment, char **out,
                                  struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    struct lib_json json;

    lib_begin(&call, store);
    lib_json_begin(&json);
    enum status status = lib_moment(&call, moment, &at);
    if (status == STATUS_OK)
        status = engine_explain(call.session, segment, customer, &at, &call.arena, NULL, &json.json,
                                &call.why);
    /* Writes the answer where there is one, and lets go of what was written where not. */
    lib_json_end(&json, status, out);
    return lib_end(&call, status, error);
}

enum strata_status strata_report(struct strata_store *store, const char *moment, char **html,
                                 struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    struct buffer text;

    lib_begin(&call, store);
    buffer_init(&text, 0);
    enum status status = lib_moment(&call, moment, &at);
    /* The text becomes the caller's, to be freed by strata_text_free. */
    if (status == STATUS_OK)
        status = engine_report(call.session, &at, NULL, &text, &call.why);
    if (status == STATUS_OK)
        *html = buffer_take(&text);

    buffer_release(&text);
    return lib_end(&call, status, error);
}

static void close_sql(void *owner)
{
    engine_sql_close(owner);
}

enum strata_status strata_sql(struct strata_store *store, const char *statement,
                              struct ArrowArrayStream *stream, struct strata_error *error)
{
    struct lib_call call;
    struct engine_sql *sql;

    lib_begin(&call, store);
    enum status status = engine_sql_open(call.session, statement, &sql, &call.why);
    if (status == STATUS_OK) {
        engine_sql_detach(sql);
        lib_arrow_stream(engine_sql_result(sql), close_sql, sql, stream);
    }
    return lib_end(&call, status, error);
}

/* ---- refreshes ---- */

static void note_refresh(const struct strata_store *store, const struct engine_refresh *refresh)
{
    lib_note_broken(store);
    for (size_t i = 0; i < refresh->replaced_count; i++)
        lib_notice(store,
                   "refresh %d saw an import that was taken back since; it is taken back, too, and "
                   "this one counts",
                   refresh->replaced[i].number);
    for (size_t i = 0; i < refresh->model_count; i++)
        lib_notice(store, "the model %s could not be scored: %s", refresh->models[i].name,
                   refresh->models[i].why);
}

enum strata_status strata_refresh(struct strata_store *store, const char *moment, uint64_t *entered,
                                  uint64_t *left, struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    struct engine_refresh refresh;

    enum status status = lib_begin_change(&call, store);
    if (status == STATUS_OK)
        status = lib_moment(&call, moment, &at);
    if (status == STATUS_OK)
        status = engine_refresh(call.session, &at, &call.arena, &refresh, &call.why);

    if (status == STATUS_OK) {
        note_refresh(store, &refresh);
        if (entered)
            *entered = refresh.entered;
        if (left)
            *left = refresh.left;
    }
    return lib_end(&call, status, error);
}
