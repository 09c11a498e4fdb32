#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OLD_AFTER_DAYS = 30 };

enum status engine_create(const char *path, const char *zone_name, const char *currency,
                          struct error *error)
{
    struct zone *zone;
    const char *name = zone_name ? zone_name : "UTC";
    TRY(zone_open(name, &zone, error));
    zone_close(zone);
    for (int i = 0; currency && i < 4; i++)
        if ((i < 3 && !(currency[i] >= 'A' && currency[i] <= 'Z')) || (i == 3 && currency[i]))
            return error_set(
                error, STATUS_USAGE,
                "'%s' is not a currency code; it has three capital letters, such as EUR", currency);
    return store_create(path, name, currency, error);
}

enum status engine_open(const struct engine_options *options, struct engine **out,
                        struct error *error)
{
    struct engine *engine = base_calloc(1, sizeof *engine);
    arena_init(&engine->arena, 0);
    engine->threads = options->threads;
    enum status status = store_open(options->path, options->write ? STORE_WRITE : STORE_READ,
                                    options->command, &engine->store, error);
    if (status == STATUS_OK)
        status = zone_open(store_schema(engine->store)->zone, &engine->zone, error);
    if (status == STATUS_OK)
        status = engine_load_definitions(engine, error);
    if (status != STATUS_OK) {
        engine_close(engine);
        return status;
    }
    *out = engine;
    return STATUS_OK;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    segment_set_free(engine->definitions);
    for (size_t i = 0; i < engine->retired.count; i++)
        segment_set_free(engine->retired.items[i]);
    VECTOR_RELEASE(&engine->retired);
    lake_close(engine->lake);
    store_close(engine->store);
    zone_close(engine->zone);
    pool_free(engine->pool);
    arena_release(&engine->arena);
    free(engine);
}

struct store *engine_store(struct engine *engine)
{
    return engine->store;
}

const struct schema *engine_schema(const struct engine *engine)
{
    return store_schema(engine->store);
}

const struct zone *engine_zone(const struct engine *engine)
{
    return engine->zone;
}

struct pool *engine_pool(struct engine *engine)
{
    if (!engine->pool)
        engine->pool = pool_new(engine->threads);
    return engine->pool;
}

enum status engine_lake(struct engine *engine, struct lake **out, struct error *error)
{
    if (!engine->lake)
        TRY(store_lake(engine->store, engine->threads, &engine->lake, error));
    *out = engine->lake;
    return STATUS_OK;
}

int64_t engine_now(const struct engine *engine)
{
    const char *fixed = getenv("STRATA_NOW");
    int64_t moment;
    if (fixed && moment_parse(engine->zone, text_from(fixed), &moment))
        return moment;
    return (int64_t)time(NULL);
}

static enum status parse_moment(const struct engine *engine, const char *option, const char *text,
                                int64_t *out, struct error *error)
{
    if (moment_parse(engine->zone, text_from(text), out))
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_USAGE, "--%s does not understand '%s'", option, text);
    error_hint(
        error,
        "write a date (2025-06-30, its first moment), a moment (2025-06-30T14:00), or latest");
    return status;
}

enum status engine_moment(struct engine *engine, const char *as_of, const char *known_at,
                          struct arena *arena, struct engine_moment *out, struct error *error)
{
    *out = (struct engine_moment){.now = engine_now(engine), .known_at = INT64_MAX};
    int64_t after_newest = 0;
    bool latest = as_of && strcmp(as_of, "latest") == 0;
    TRY(engine_newest(engine, &out->has_facts, &out->newest, latest ? &after_newest : NULL, error));
    if (latest && out->has_facts)
        out->now = after_newest;
    else if (as_of && !latest)
        TRY(parse_moment(engine, "as-of", as_of, &out->now, error));
    if (known_at)
        TRY(parse_moment(engine, "known-at", known_at, &out->known_at, error));
    if (!out->has_facts || latest ||
        out->now - out->newest <= (int64_t)OLD_AFTER_DAYS * SECONDS_A_DAY)
        return STATUS_OK;
    char date[DATE_TEXT_MAX];
    out->notice = arena_printf(arena,
                               "the newest fact is of %s, %lld days before the moment asked about; "
                               "--as-of latest asks about the moment just after it",
                               date_format(zone_date(engine->zone, out->newest), date),
                               (long long)((out->now - out->newest) / SECONDS_A_DAY));
    return STATUS_OK;
}

enum status engine_reload(struct engine *engine, struct error *error)
{
    engine_forget_definitions(engine);
    return engine_load_definitions(engine, error);
}

enum status engine_tidy(struct engine *engine, struct error *error)
{
    struct lake *lake;
    TRY(engine_lake(engine, &lake, error));
    return store_merge(engine->store, lake, NULL, error);
}
