/* A store held open: what is made once and asked often (its definitions, the pool, the lake), and
 * the moment that questions are about. */
#include "session/internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OLD_AFTER_DAYS = 30 };

enum status session_create(const char *path, const char *zone_name, const char *currency,
                           struct error *error)
{
    struct zone *zone;
    const char *name = zone_name ? zone_name : "UTC";
    TRY(zone_open(name, &zone, error));
    zone_close(zone);
    /* Three capitals and no fourth character, which the text's end would be. */
    enum { CODE_LENGTH = 3 }; /* ISO 4217 */
    for (int i = 0; currency && i <= CODE_LENGTH; i++)
        if ((i < CODE_LENGTH && !(currency[i] >= 'A' && currency[i] <= 'Z')) ||
            (i == CODE_LENGTH && currency[i]))
            return error_set(
                error, STATUS_USAGE,
                "'%s' is not a currency code; it has three capital letters, such as EUR", currency);
    return store_create(path, name, currency, error);
}

enum status session_open(const struct session_options *options, struct session **out,
                         struct error *error)
{
    struct session *session = base_calloc(1, sizeof *session);
    arena_init(&session->arena, 0);
    session->threads = options->threads;
    session->interrupt = options->interrupt ? options->interrupt : &session->own_interrupt;

    enum status status = store_open(options->path, options->write ? STORE_WRITE : STORE_READ,
                                    options->command, &session->store, error);
    if (status == STATUS_OK) {
        /* Limits before anything is read: they hold for that too. */
        struct store_limits limits = {options->threads, options->memory, session->interrupt};
        store_limit(session->store, &limits);
        status = zone_open(store_schema(session->store)->zone, &session->zone, error);
    }
    if (status == STATUS_OK)
        status = session_load_definitions(session, error);
    if (status != STATUS_OK) {
        session_close(session);
        return status;
    }

    *out = session;
    return STATUS_OK;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    segment_set_free(session->definitions);
    session_begin_question(session);
    VECTOR_RELEASE(&session->retired);
    lake_close(session->lake);
    store_close(session->store);
    zone_close(session->zone);
    pool_free(session->pool);
    arena_release(&session->arena);
    free(session);
}

void session_interrupt(struct session *session)
{
    interrupt_raise(session->interrupt);
}

void session_go_on(struct session *session)
{
    interrupt_clear(session->interrupt);
}

void session_retire(struct session *session, struct segment_set *set)
{
    struct session_retired retired = {set, session->arena};
    VECTOR_PUSH(&session->retired, retired);
    arena_init(&session->arena, 0);
}

void session_begin_question(struct session *session)
{
    for (size_t i = 0; i < session->retired.count; i++) {
        segment_set_free(session->retired.items[i].set);
        arena_release(&session->retired.items[i].arena);
    }
    session->retired.count = 0;
}

void session_on_reading(struct session *session, bool (*step)(void *context, double fraction),
                        void *context)
{
    session->reading = step;
    session->reading_context = context;
}

const struct interrupt *session_stop(const struct session *session)
{
    return session->interrupt;
}

struct store *session_store(const struct session *session)
{
    return session->store;
}

const struct schema *session_schema(const struct session *session)
{
    return store_schema(session->store);
}

int session_threads(const struct session *session)
{
    return session->threads;
}

const struct zone *session_zone(const struct session *session)
{
    return session->zone;
}

struct pool *session_pool(struct session *session)
{
    if (!session->pool) {
        session->pool = pool_new(session->threads);
        pool_watch(session->pool, session->interrupt);
    }
    return session->pool;
}

enum status session_lake(struct session *session, struct lake **out, struct error *error)
{
    if (!session->lake) {
        TRY(store_lake(session->store, session->threads, &session->lake, error));
        lake_on_progress(session->lake, session->reading, session->reading_context);
    }
    *out = session->lake;
    return STATUS_OK;
}

int64_t session_now(const struct session *session)
{
    const char *fixed = getenv("STRATA_NOW");
    int64_t moment;
    if (fixed && moment_parse(session->zone, text_from(fixed), &moment))
        return moment;
    return (int64_t)time(NULL);
}

static enum status parse_moment(const struct session *session, const char *option, const char *text,
                                int64_t *out, struct error *error)
{
    if (moment_parse(session->zone, text_from(text), out))
        return STATUS_OK;

    enum status status =
        error_set(error, STATUS_USAGE, "--%s does not understand '%s'", option, text);
    error_hint(
        error,
        "write a date (2025-06-30, its first moment), a moment (2025-06-30T14:00), or latest");
    return status;
}

enum status session_moment(struct session *session, const char *as_of, const char *known_at,
                           struct arena *arena, struct session_moment *out, struct error *error)
{
    *out = (struct session_moment){.now = session_now(session), .known_at = INT64_MAX};
    int64_t after_newest = 0;
    bool latest = as_of && strcmp(as_of, "latest") == 0;
    TRY(session_newest(session, &out->has_facts, &out->newest, latest ? &after_newest : NULL,
                       error));

    if (latest && out->has_facts)
        out->now = after_newest;
    else if (as_of && !latest)
        TRY(parse_moment(session, "as-of", as_of, &out->now, error));

    if (known_at)
        TRY(parse_moment(session, "known-at", known_at, &out->known_at, error));

    /* A store whose facts end long ago answers "last 30 days" with nobody: worth a
     * word, unless the moment was asked for by its name. */
    if (!out->has_facts || latest ||
        out->now - out->newest <= (int64_t)OLD_AFTER_DAYS * SECONDS_A_DAY)
        return STATUS_OK;

    char date[DATE_TEXT_MAX];
    out->notice = arena_printf(arena,
                               "the newest fact is of %s, %lld days before the moment asked about; "
                               "--as-of latest asks about the moment just after it",
                               date_format(zone_date(session->zone, out->newest), date),
                               (long long)((out->now - out->newest) / SECONDS_A_DAY));
    return STATUS_OK;
}

enum status session_tidy(struct session *session, struct error *error)
{
    struct lake *lake;
    TRY(session_lake(session, &lake, error));
    return store_merge(session->store, lake, NULL, error);
}
