/*
 * The moment that `latest` names, just after the newest fact, asks two things more than a maximum.
 *
 * One wrong date may not carry it away. A fact dated more than a day after its import arrived, or
 * beyond the moment that its import wrote down as the end of what is plausible (the count
 * "plausible_until", src/ingest/times.c), is left aside; without any other fact, it counts after
 * all.
 *
 * And where facts have dates without times of day, the newest stands at its day's midnight, though
 * it happened some time that day: such a day is over before the moment, so `latest` is the midnight
 * after it. A kind has no times of day when all its facts stand at midnights of the store's zone.
 */
#include "session/internal.h"

#include <stdlib.h>
#include <string.h>

/* Clocks and zones of sources differ by less than this from ours. */
enum { MARGIN = SECONDS_A_DAY };

/* So many different times of day are no midnights: a zone's midnights are few, its history
 * included. */
enum { MIDNIGHTS_MAX = 48 };

struct limits {
    const struct catalog_import *imports;
    int64_t *until; /* by import: its facts after this are left aside */
    size_t count;
};

/* The number behind "key": of an import's counts, which the import itself wrote; fallback when it
 * has none. */
static int64_t counted(const char *counts, const char *key, int64_t fallback)
{
    const char *at = counts ? strstr(counts, key) : NULL;
    return at ? strtoll(at + strlen(key), NULL, 10) : fallback;
}

static enum status load_limits(const struct session *session, struct arena *arena,
                               struct limits *out, struct error *error)
{
    struct catalog_import *imports;
    TRY(catalog_imports(store_catalog(session->store), arena, &imports, &out->count, error));
    out->imports = imports;
    out->until = ARENA_ARRAY(arena, int64_t, out->count + 1);
    for (size_t i = 0; i < out->count; i++) {
        /* Neither beyond what was plausible to the import itself, nor long
         * after it arrived. */
        int64_t arrived = imports[i].received + MARGIN;
        int64_t plausible = counted(imports[i].counts, "\"plausible_until\":", INT64_MAX);
        out->until[i] = plausible < arrived ? plausible : arrived;
    }
    return STATUS_OK;
}

/* The newest plausible fact of a part, 0 when it has none: its last time, or where that is past
 * what one of its imports may say, what the others leave. */
static enum status newest_of(struct session *session, const struct catalog_part *part,
                             const struct limits *limits, struct arena *arena, int64_t *out,
                             struct error *error)
{
    struct buffer where;
    bool known;
    size_t beyond = 0;

    /* Nearly always no import of a part reaches beyond its limit, and its last time is
     * the answer without a look into it. */
    *out = part->last_time;
    buffer_init(&where, 0);
    for (size_t i = 0; i < limits->count; i++) {
        uint32_t number = limits->imports[i].number;
        if (number < part->first_import || number > part->last_import ||
            limits->until[i] >= part->last_time)
            continue;
        buffer_printf(&where, "%s(import = %u AND time > %lld)", beyond++ ? " OR " : "", number,
                      (long long)limits->until[i]);
    }

    /* Only then is the part read, without the facts that may not count. */
    enum status status = STATUS_OK;
    if (beyond) {
        struct lake *lake;
        struct buffer sql;
        buffer_init(&sql, 0);
        buffer_string(&sql, "SELECT max(time)::BIGINT FROM read_parquet(");
        lake_add_path(&sql, store_file(session->store, arena, "%s", part->path));
        buffer_printf(&sql, ") WHERE NOT (%s)", where.data);
        status =
            store_check_part(session->store, part, (const char *[]){"time", "import"}, 2, error);
        if (status == STATUS_OK)
            status = session_lake(session, &lake, error);
        if (status == STATUS_OK)
            status = lake_query_integer(lake, sql.data, out, &known, error);
        if (status == STATUS_OK && !known)
            *out = 0;
        buffer_release(&sql);
    }

    buffer_release(&where);
    return status;
}

static enum status find_newest(struct session *session, enum part_role role, struct arena *arena,
                               int64_t *out, struct error *error)
{
    size_t count;
    int64_t plausible = 0, newest = 0;
    struct limits limits;

    const struct catalog_part *parts = store_parts(session->store, &count);
    TRY(load_limits(session, arena, &limits, error));
    for (size_t i = 0; i < count; i++) {
        int64_t time = 0;
        /* Parts that cannot have anything newer are not asked. */
        if (parts[i].role != role || parts[i].last_time <= plausible)
            continue;
        TRY(newest_of(session, &parts[i], &limits, arena, &time, error));
        plausible = time > plausible ? time : plausible;
        newest = parts[i].last_time > newest ? parts[i].last_time : newest;
    }

    *out = plausible ? plausible : newest;
    return STATUS_OK;
}

/* ---- dates without times of day ---- */

static bool is_midnight(const struct session *session, int64_t moment)
{
    return zone_day_start(session->zone, zone_date(session->zone, moment)) == moment;
}

/* Whether all facts of the kind stand at midnights: each of the few times of day (in UTC) is looked
 * at once. */
static enum status only_dates(struct session *session, const char *table, enum part_role role,
                              struct arena *arena, bool *out, struct error *error)
{
    struct lake *lake;
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk;
    struct buffer sql;
    size_t count, found = 0, seen = 0;
    const struct catalog_part *parts = store_parts(session->store, &count);
    enum status status = STATUS_OK;

    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT any_value(time)::BIGINT FROM read_parquet([");
    for (size_t i = 0; i < count; i++) {
        if (parts[i].role != role || strcmp(parts[i].table, table) != 0)
            continue;
        TRY_GOTO(store_check_part(session->store, &parts[i], (const char *[]){"time"}, 1, error));
        buffer_string(&sql, found++ ? ", " : "");
        lake_add_path(&sql, store_file(session->store, arena, "%s", parts[i].path));
    }
    buffer_printf(&sql, "], union_by_name=true) WHERE time > 0 GROUP BY time %% %d LIMIT %d",
                  SECONDS_A_DAY, MIDNIGHTS_MAX + 1);
    TRY_GOTO(session_lake(session, &lake, error));
    TRY_GOTO(lake_query(lake, sql.data, &result, error));

    /* One fact stands for each time of day; more of those than a zone has
     * midnights settle it. */
    *out = true;
    for (;;) {
        TRY_GOTO(lake_result_next(result, &chunk, error));
        if (!chunk)
            break;
        for (size_t i = 0; i < chunk->rows; i++, seen++)
            *out &=
                seen < MIDNIGHTS_MAX && is_midnight(session, lake_integer(&chunk->columns[0], i));
    }
done:
    lake_result_free(result);
    buffer_release(&sql);
    return status;
}

/* Whether some kind without times of day reaches to the moment. */
static enum status is_bare(struct session *session, int64_t newest, enum part_role role,
                           struct arena *arena, bool *out, struct error *error)
{
    size_t count;
    const struct catalog_part *parts = store_parts(session->store, &count);
    *out = false;
    for (size_t i = 0; i < count && !*out; i++) {
        /* A kind whose facts end before the newest one is not why the day
         * should be over. */
        bool reaches =
            parts[i].role == role && parts[i].first_time <= newest && newest <= parts[i].last_time;
        bool known = false;
        for (size_t p = 0; p < i; p++) /* each kind once */
            known |= parts[p].role == role && strcmp(parts[p].table, parts[i].table) == 0 &&
                     parts[p].first_time <= newest && newest <= parts[p].last_time;
        if (reaches && !known)
            TRY(only_dates(session, parts[i].table, role, arena, out, error));
    }
    return STATUS_OK;
}

enum status session_newest(struct session *session, bool *found, int64_t *newest, int64_t *latest,
                           struct error *error)
{
    struct arena arena;
    bool bare = false;
    enum part_role role = PART_FACTS;

    arena_init(&arena, 0);
    enum status status = find_newest(session, role, &arena, newest, error);
    if (status == STATUS_OK && !*newest) { /* without facts, the dated tellings */
        role = PART_TRAITS;
        status = find_newest(session, role, &arena, newest, error);
    }

    *found = status == STATUS_OK && *newest != 0;
    if (*found && latest && is_midnight(session, *newest))
        status = is_bare(session, *newest, role, &arena, &bare, error);

    if (latest)
        *latest = bare ? zone_day_start(session->zone, zone_date(session->zone, *newest) + 1)
                       : *newest + 1;
    arena_release(&arena);
    return status;
}
