/*
 * Times that are hardly true: one typing error, 2052 for 2025, else makes the store's
 * newest fact lie decades ahead. Two kinds are told with line and value: facts dated
 * later than the import itself, and facts far from all others. Far is a gap of two years
 * and of twice the time that the others take, around at most one in a thousand facts;
 * below twenty facts nobody can say what is far. They are stored as they are (--max-time
 * sets them aside); the moment `latest` does not follow them, for which the end of what
 * is plausible is written down with the import.
 */
#include "ingest/read.h"

#include <stdlib.h>

enum {
    MARGIN = SECONDS_A_DAY, /* clocks and zones of sources differ by less */
    FACTS_MIN = 20,
    FAR_ONE_IN = 1000,
    FAR_MOST = 1000,
    EXAMPLES = 3,
};
static const int64_t FAR_GAP = INT64_C(731) * SECONDS_A_DAY;

/* A date counts to its end: people name the last day that may be. */
enum status ingest_read_max_time(struct ingest_understood *understood, struct error *error)
{
    const char *text = understood->mapping.max_time;
    understood->max_time = INT64_MAX;
    if (!text)
        return STATUS_OK;
    if (!moment_parse(understood->zone, text_from(text), &understood->max_time)) {
        enum status status =
            error_set(error, STATUS_USAGE, "--max-time is \"%s\", which is not a time", text);
        error_hint(error, "write it as 2025-03-31 or 2025-03-31T14:05:09");
        return status;
    }

    int32_t date;
    if (date_parse(text_from(text), &date))
        understood->max_time = zone_day_start(understood->zone, date + 1) - 1;
    return STATUS_OK;
}

enum status ingest_read_valid_from(const struct ingest_run *run,
                                   struct ingest_understood *understood, struct error *error)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    understood->told = mapping->undated ? 0 : run->options->now;
    if (!mapping->valid_from)
        return STATUS_OK;
    if (!moment_parse(understood->zone, text_from(mapping->valid_from), &understood->told) ||
        understood->told < FACT_TIME_MIN || understood->told > FACT_TIME_MAX) {
        enum status status =
            error_set(error, STATUS_USAGE, "--valid-from is \"%s\", which is not a time",
                      mapping->valid_from);
        error_hint(error, "write it as 2025-03-31 or 2025-03-31T14:05:09");
        return status;
    }
    return STATUS_OK;
}

/* The times at one end of the staged rows, from the outermost inwards. */
static enum status load_end(const struct ingest_run *run, const struct ingest_staged *staged,
                            bool late, size_t most, int64_t *out, size_t *count,
                            struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;
    const char *sql =
        arena_printf(run->arena, "SELECT time::BIGINT FROM staged ORDER BY time %s LIMIT %zu",
                     late ? "DESC" : "ASC", most);
    TRY(lake_query(staged->lake, sql, &result, error));

    enum status status;
    *count = 0;
    while (ingest_next_chunk(result, &chunk, &status, error))
        for (size_t i = 0; i < chunk->rows && *count < most; i++)
            out[(*count)++] = lake_integer(&chunk->columns[0], i);
    lake_result_free(result);
    return status;
}

/* How many of the outermost times lie far from the rest. end: from the outermost inwards;
 * other: the other end's innermost, from which the rest reaches. */
static size_t count_far(const int64_t *end, size_t count, int64_t other)
{
    size_t far = 0;

    /* the last gap that is wide enough counts: all outside it are far, however close to one
     * another */
    for (size_t i = 1; i < count; i++) {
        int64_t gap = llabs(end[i - 1] - end[i]), span = llabs(end[i] - other);
        if (gap >= FAR_GAP && gap >= 2 * span)
            far = i;
    }
    return far;
}

/* "2052-02-07 (line 4), …": some rows beyond a time. */
static enum status list_examples(const struct ingest_run *run,
                                 const struct ingest_understood *understood,
                                 const struct ingest_shape *shape,
                                 const struct ingest_staged *staged, bool late, int64_t beyond,
                                 const char **out, struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;
    struct buffer text;
    const char *sql =
        arena_printf(run->arena,
                     "SELECT time::BIGINT, arrival::BIGINT FROM staged WHERE time %s %lld ORDER BY "
                     "time %s, arrival LIMIT %d",
                     late ? ">" : "<", (long long)beyond, late ? "DESC" : "ASC", EXAMPLES);

    TRY(lake_query(staged->lake, sql, &result, error));
    enum status status;
    buffer_init(&text, 0);
    while (ingest_next_chunk(result, &chunk, &status, error))
        for (size_t i = 0; i < chunk->rows; i++) {
            char at[MOMENT_TEXT_MAX];
            int64_t time = lake_integer(&chunk->columns[0], i);
            uint64_t row = (uint64_t)lake_integer(&chunk->columns[1], i);
            int32_t date = zone_date(understood->zone, time);
            /* midnight is how a date without a time is read, so it is shown as one */
            bool bare = zone_day_start(understood->zone, date) == time;
            buffer_printf(
                &text, "%s%s (line %llu%s%s)", text.length ? ", " : "",
                bare ? date_format(date, at) : moment_format(understood->zone, time, at),
                (unsigned long long)ingest_row_line(row), shape->source_count > 1 ? " of " : "",
                shape->source_count > 1 ? shape->sources[ingest_row_source(row)].name : "");
        }

    lake_result_free(result);
    *out = text.length ? buffer_copy(&text, run->arena) : "";
    buffer_release(&text);
    return status;
}

static enum status warn(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_shape *shape, const struct ingest_staged *staged,
                        bool late, int64_t beyond, const char *what, struct error *error)
{
    const char *examples;
    uint64_t rows;
    TRY(ingest_count_rows(staged,
                          arena_printf(run->arena, "SELECT count(*) FROM staged WHERE time %s %lld",
                                       late ? ">" : "<", (long long)beyond),
                          &rows, error));
    if (!rows)
        return STATUS_OK;
    TRY(list_examples(run, understood, shape, staged, late, beyond, &examples, error));
    ingest_warn(
        run, "%llu %s %s: %s; %s", (unsigned long long)rows, rows == 1 ? "row lies" : "rows lie",
        what, examples,
        late ? "`--as-of latest` does not follow them, and --max-time DATE sets such rows aside"
             : "is that a value for an unknown time?");
    return STATUS_OK;
}

enum status ingest_check_times(const struct ingest_run *run,
                               const struct ingest_understood *understood,
                               const struct ingest_shape *shape, const struct ingest_staged *staged,
                               int64_t *plausible_until, struct error *error)
{
    const struct ingest_scan *scan = &staged->scan;
    int64_t arrived = run->options->now + MARGIN;

    *plausible_until = INT64_MAX;
    if (understood->roles.time < 0 || scan->first_time > scan->last_time)
        return STATUS_OK;

    bool future = scan->last_time > arrived;
    if (future)
        TRY(warn(run, understood, shape, staged, true, arrived, "in the future", error));
    uint64_t rows;
    TRY(ingest_count_rows(staged, "SELECT count(*) FROM staged", &rows, error));
    if (rows < FACTS_MIN || scan->last_time - scan->first_time < FAR_GAP)
        return STATUS_OK;

    size_t most = rows < FAR_ONE_IN ? 1 : rows / FAR_ONE_IN;
    if (most > FAR_MOST)
        most = FAR_MOST;

    /* one in a thousand at either end, and one more to measure the gap to */
    int64_t *late = ARENA_ARRAY(run->arena, int64_t, most + 1),
            *early = ARENA_ARRAY(run->arena, int64_t, most + 1);
    size_t late_count, early_count;
    TRY(load_end(run, staged, true, most + 1, late, &late_count, error));
    TRY(load_end(run, staged, false, most + 1, early, &early_count, error));

    size_t far_late = count_far(late, late_count, early[early_count - 1]);
    size_t far_early = count_far(early, early_count, late[late_count - 1]);
    if (far_late) {
        *plausible_until = late[far_late];

        /* those in the future have been told already */
        if (!future || late[far_late] < arrived)
            TRY(warn(run, understood, shape, staged, true, late[far_late],
                     "far later than all others", error));
    }

    return far_early ? warn(run, understood, shape, staged, false, early[far_early],
                            "far earlier than all others", error)
                     : STATUS_OK;
}
