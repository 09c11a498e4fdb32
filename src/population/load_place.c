/*
 * Loading: where the rows of a table of facts or traits go. DuckDB's threads read row groups in any
 * order and put each value straight to its final place, so the place of every row has to be known
 * before it is read. Customers have their positions already (load_customers.c), and the small
 * activity part beside each part says how many rows each customer has there, and from when to when.
 * A part is sorted by customer and time; so as long as no part has rows of a customer from before
 * the end of an earlier part's, that says where each row goes.
 *
 * Where it does not (imports that bring older facts, hidden rows, tellings that are overruled),
 * customers and times are read first and merged.
 */
#include "population/internal.h"
#include "population/loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs `run` over every row that read selects of these parts, with its columns as arguments: as an
 * SQL function, on whichever of DuckDB's threads read the chunk, under a count so that it is
 * called.
 */
static enum status run_over(struct table_loading *table, const struct catalog_part *const *parts,
                            size_t count, size_t *order, const struct store_read *read,
                            const char *const *types, put_function *run, void *context,
                            struct error *error)
{
    struct lake *lake = table->loading->lake;
    struct buffer select;
    int64_t ignored;
    char name[64];
    bool numbered = read->rows && count > 1;

    snprintf(name, sizeof name, "strata_put_%llu", (unsigned long long)lake_unique(lake));
    struct lake_function function = {
        name, types, read->column_count + read->rows + numbered, "BOOLEAN", true, run, context};
    TRY(lake_register_function(lake, &function, error));

    buffer_init(&select, 0);
    buffer_printf(&select, "SELECT count(%s(", name);
    for (size_t i = 0; i < read->column_count; i++) {
        buffer_string(&select, i ? ", " : "");
        buffer_sql_name(&select, text_from(read->columns[i]));
    }

    /* of one part alone the place of a row says it all */
    buffer_string(&select, numbered ? ", \"part\"" : "");
    buffer_string(&select, read->rows ? ", \"row\")) FROM (" : ")) FROM (");
    enum status status =
        count > 1
            ? store_select_parts(table->loading->store, read, parts, count, order, &select, error)
            : store_select_part(table->loading->store, read, parts[0], &select, error);
    buffer_char(&select, ')');
    if (status == STATUS_OK)
        status = lake_query_integer(lake, select.data, &ignored, NULL, error);
    buffer_release(&select);
    return status;
}

/* The same over parts of the table, with each row's part and its place there as the last arguments:
 * together, as every query costs as much as some ten thousand rows. */
enum status loading_read_parts(struct table_loading *table, const size_t *parts, size_t count,
                               const char *const *columns, const char *const *types,
                               size_t column_count, put_function *run,
                               const struct inlet_source *sources, size_t source_count,
                               struct error *error)
{
    struct arena *arena = &table->loading->arena;
    size_t *order = ARENA_ARRAY(arena, size_t, count + 1),
           *base = ARENA_ARRAY(arena, size_t, count + 1);
    const struct catalog_part **all = ARENA_ARRAY(arena, const struct catalog_part *, count + 1);
    struct store_read read = {
        table->table->name,           table->parts[parts[0]]->role, columns, column_count, true,
        loading_until(table->loading)};
    /* the order is known when the query is written, and asked when it runs */
    struct put put = {table, base, count, order, sources, source_count};
    for (size_t i = 0; i < count; i++) {
        all[i] = table->parts[parts[i]];
        base[i] = table->base[parts[i]];
    }
    return run_over(table, all, count, order, &read, types, run, &put, error);
}

const int64_t *loading_rows(const struct put *put, const struct lake_chunk *in, int64_t *room,
                            size_t *base)
{
    const int64_t *row = in->columns[in->column_count - 1].data;
    *base = put->base[0];
    if (put->part_count == 1)
        return row;
    const int64_t *part = in->columns[in->column_count - 2].data;
    *base = 0;
    for (size_t i = 0; i < in->rows; i++)
        room[i] = (int64_t)put->base[put->order[part[i]]] + row[i];
    return room;
}

enum status loading_differs(const struct table_loading *table, struct error *error)
{
    return loading_damaged(error, "a part of %s and what is known of its customers differ",
                           table->table->name);
}

static enum status check_customer(const struct loading *loading, uint32_t number,
                                  struct error *error)
{
    return number < loading->limit && loading->position[number] != UINT32_MAX
               ? STATUS_OK
               : loading_unknown_customer(number, error);
}

/*
 * Parts that follow each other.
 */
/* A part's activity with numbers of rows; NULL for a part of an older Strata. */
static const struct catalog_part *activity_of(const struct loading *loading,
                                              const struct catalog_part *part)
{
    const struct catalog_part *activity = loading_activity(loading, part);
    return activity && loading_has_column(activity, "rows") ? activity : NULL;
}

static enum status put_counts(void *context, const struct lake_chunk *in, struct lake_output *out,
                              struct error *error)
{
    struct table_loading *table = context;
    const uint32_t *customer = in->columns[0].data, *rows = in->columns[1].data;
    const uint32_t *first = table->latest ? in->columns[2].data : NULL;
    const uint32_t *last = table->latest ? in->columns[3].data : NULL;

    memset(out->data, 1, in->rows);
    for (size_t i = 0; i < in->rows; i++) {
        uint32_t number = customer[i];
        TRY(check_customer(table->loading, number, error));

        table->start[number] = rows[i];
        if (!first)
            continue;

        /* parts come in order of imports: who has a row before the end of an earlier part's goes
         * back in time */
        table->done[number] += rows[i];
        if (first[i] < table->latest[number])
            atomic_store_explicit(&table->mixed, true, memory_order_relaxed);
        table->latest[number] = last[i];
    }

    return STATUS_OK;
}

/* Fills start with each customer's rows in part p, and while latest is there adds them up in done.
 */
static enum status read_counts(struct table_loading *table, size_t p, struct error *error)
{
    static const char *const columns[] = {"customer", "rows", "first", "last"};
    static const char *const types[] = {"UINTEGER", "UINTEGER", "UINTEGER", "UINTEGER"};

    const struct catalog_part *activity = activity_of(table->loading, table->parts[p]);
    struct store_read read = {activity->table,       PART_ACTIVITY, columns,
                              table->latest ? 4 : 2, false,         0};

    memset(table->start, 0, ((size_t)table->loading->limit + 1) * sizeof *table->start);
    return run_over(table, &activity, 1, NULL, &read, types, put_counts, table, error);
}

/* From numbers of rows to the first row. */
static enum status find_starts(struct table_loading *table, size_t p, struct error *error)
{
    uint64_t row = 0;
    for (uint32_t number = 0; number <= table->loading->limit; number++) {
        uint32_t rows = table->start[number];
        table->start[number] = (uint32_t)row;
        row += rows;
    }
    return row == table->parts[p]->rows ? STATUS_OK : loading_differs(table, error);
}

/* positions: enough work for a task, and tasks enough for all threads */
enum { COUNT_CHUNK = 16384 };

/* Offsets in two passes over chunks of positions: within each chunk, then what stands before it. */
struct counting {
    struct table_loading *table;
    const uint32_t *rows; /* by customer number */
    uint32_t *before;     /* by chunk */
};

static size_t chunk_end(const struct loading *loading, size_t chunk)
{
    size_t end = (chunk + 1) * COUNT_CHUNK;
    return end < loading->customers ? end : loading->customers;
}

static void count_chunk(void *context, size_t chunk, int worker)
{
    const struct counting *counting = context;
    const struct table_loading *table = counting->table;
    uint32_t sum = 0;
    for (size_t p = chunk * COUNT_CHUNK; p < chunk_end(table->loading, chunk); p++) {
        sum += counting->rows[table->loading->number[p]];
        table->offset[p + 1] = sum;
    }
    counting->before[chunk + 1] = sum;
}

static void shift_chunk(void *context, size_t chunk, int worker)
{
    const struct counting *counting = context;
    for (size_t p = chunk * COUNT_CHUNK; p < chunk_end(counting->table->loading, chunk); p++)
        counting->table->offset[p + 1] += counting->before[chunk];
}

static void find_offsets(struct table_loading *table, const uint32_t *rows)
{
    size_t chunks = ((size_t)table->loading->customers + COUNT_CHUNK - 1) / COUNT_CHUNK;
    struct counting counting = {table, rows, base_calloc(chunks + 1, sizeof *counting.before)};

    pool_run(table->loading->pool, chunks, count_chunk, &counting);
    for (size_t chunk = 0; chunk < chunks; chunk++)
        counting.before[chunk + 1] += counting.before[chunk];
    pool_run(table->loading->pool, chunks, shift_chunk, &counting);
    free(counting.before);
}

static bool imports_overlap(const struct table_loading *table)
{
    for (size_t p = 1; p < table->part_count; p++)
        if (table->parts[p]->first_import <= table->parts[p - 1]->last_import)
            return true;
    return false;
}

/* Whether every part has its activity with numbers of rows, is wholly seen and holds imports of its
 * own; and all rows stay. */
static bool may_follow(const struct table_loading *table)
{
    if (table->overruling)
        return false;
    for (size_t p = 0; p < table->part_count; p++)
        if (table->parts[p]->last_import > table->loading->until ||
            !activity_of(table->loading, table->parts[p]))
            return false;
    return !imports_overlap(table);
}

/* Finds each customer's rows in all parts, unless some part goes back in time: then table->mixed
 * says so. */
static enum status place_following(struct table_loading *table, struct error *error)
{
    size_t limit = table->loading->limit;
    bool several = table->part_count > 1;

    /* one part alone needs no sums: its own numbers of rows are the table's */
    table->start = population_array(limit + 1, sizeof *table->start);
    table->done = several ? population_array(limit + 1, sizeof *table->done) : NULL;
    table->latest = several ? population_array(limit + 1, sizeof *table->latest) : NULL;

    for (size_t p = 0; p < table->part_count && !atomic_load(&table->mixed); p++)
        TRY(read_counts(table, p, error));
    free(table->latest);
    table->latest = NULL;
    if (atomic_load(&table->mixed))
        return STATUS_OK;

    find_offsets(table, several ? table->done : table->start);
    if (several)
        memset(table->done, 0, (limit + 1) * sizeof *table->done);
    else if (table->part_count)
        TRY(find_starts(table, 0, error));

    table->rows = table->total;
    return table->offset[table->loading->customers] == table->rows ? STATUS_OK
                                                                   : loading_differs(table, error);
}

/* On to part p: what was read is done. */
enum status loading_next_part(struct table_loading *table, size_t p, struct error *error)
{
    if (!table->done)
        return STATUS_OK;
    for (uint32_t number = 0; p && number < table->loading->limit; number++)
        table->done[number] += table->start[number + 1] - table->start[number];
    TRY(read_counts(table, p, error));
    return find_starts(table, p, error);
}

/*
 * Parts that do not, or some of whose rows are hidden.
 */
static enum status put_keys(void *context, const struct lake_chunk *in, struct lake_output *out,
                            struct error *error)
{
    const struct put *put = context;
    struct table_loading *table = put->table;
    int64_t room[LAKE_CHUNK_ROWS];
    size_t base;
    const int64_t *rows = loading_rows(put, in, room, &base);
    const uint32_t *customer = in->columns[0].data, *time = in->columns[1].data;
    const uint32_t *import = table->import ? in->columns[2].data : NULL;
    const uint64_t *arrival = table->import ? in->columns[3].data : NULL;

    memset(out->data, 1, in->rows);

    /* Each row has a place of its own, by the part it is in and its number there: no lock. */
    for (size_t i = 0; i < in->rows; i++) {
        size_t at = base + (size_t)rows[i];
        TRY(check_customer(table->loading, customer[i], error));
        table->customer[at] = customer[i];
        table->read_time[at] = time[i];
        if (import) {
            table->import[at] = import[i];
            table->arrival[at] = arrival[i];
        }
    }

    return STATUS_OK;
}

static enum status read_keys(struct table_loading *table, struct error *error)
{
    static const char *const columns[] = {"customer", "time", "import", "arrival"};

    /* import and arrival decide between rows of a moment only where parts share imports */
    size_t count = table->import ? 4 : 2;
    const char *types[] = {"UINTEGER",
                           "UINTEGER",
                           table->import ? "UINTEGER" : "BIGINT",
                           table->import ? "UBIGINT" : "BIGINT",
                           "BIGINT",
                           "BIGINT"};
    size_t *all = ARENA_ARRAY(&table->loading->arena, size_t, table->part_count + 1);
    for (size_t p = 0; p < table->part_count; p++)
        all[p] = p;
    return table->part_count ? loading_read_parts(table, all, table->part_count, columns, types,
                                                  count, put_keys, NULL, 0, error)
                             : STATUS_OK;
}

static int compare_rows(const struct table_loading *table, size_t a, size_t b)
{
    if (table->read_time[a] != table->read_time[b])
        return table->read_time[a] < table->read_time[b] ? -1 : 1;
    if (!table->import)
        return 0; /* parts stand in order of their imports, so the earlier part comes first */
    if (table->import[a] != table->import[b])
        return table->import[a] < table->import[b] ? -1 : 1;
    return table->arrival[a] < table->arrival[b] ? -1 : table->arrival[a] > table->arrival[b];
}

static void count_keys(struct table_loading *table)
{
    const struct loading *loading = table->loading;
    for (size_t i = 0; i < table->total; i++)
        if (table->customer[i] != UINT32_MAX)
            table->offset[loading->position[table->customer[i]] + 1]++;
    for (uint32_t p = 0; p < loading->customers; p++)
        table->offset[p + 1] += table->offset[p];
    table->rows = table->offset[loading->customers];
}

/* Which row read stands at each place: customer by customer, as the parts come. It stands where the
 * times will be. */
static void deal_rows(struct table_loading *table)
{
    const struct loading *loading = table->loading;
    uint32_t *next = population_room((size_t)loading->customers + 1, sizeof *next);
    memcpy(next, table->offset, ((size_t)loading->customers + 1) * sizeof *next);
    for (size_t i = 0; i < table->total; i++)
        if (table->customer[i] != UINT32_MAX)
            table->time[next[loading->position[table->customer[i]]]++] = (uint32_t)i;
    free(next);
}

/* Among equals the row that was read first. */
static int by_row(const void *a, const void *b, void *context)
{
    const struct table_loading *table = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = compare_rows(table, x, y);
    return order ? order : (x > y) - (x < y);
}

/* Rows come part by part and mostly in order already, so each moves a few places or none; a run
 * that is out of order throughout is left to a sort that does not mind. */
static void order_run(struct table_loading *table, uint32_t *row, size_t count)
{
    enum { MOVES_EACH = 8 };
    size_t moves = MOVES_EACH * count;
    for (size_t i = 1; i < count; i++) {
        uint32_t moved = row[i];
        size_t at = i;
        for (; at > 0 && compare_rows(table, row[at - 1], moved) > 0; at--)
            row[at] = row[at - 1];
        row[at] = moved;
        if (i - at > moves) {
            qsort_r(row, count, sizeof *row, by_row, table);
            return;
        }
        moves -= i - at;
    }
}

struct merging {
    struct table_loading *table;
    uint32_t *kept; /* by position: rows that stay, which then come first; NULL: all do */
};

/* A customer's rows of each part are in order, and of parts that follow each other they are in
 * order already. */
static void order_chunk(void *context, size_t chunk, int worker)
{
    const struct merging *merging = context;
    struct table_loading *table = merging->table;
    for (size_t p = chunk * COUNT_CHUNK; p < chunk_end(table->loading, chunk); p++) {
        uint32_t *row = table->time + table->offset[p];
        size_t count = table->offset[p + 1] - table->offset[p];
        order_run(table, row, count);
        if (merging->kept)
            merging->kept[p] =
                (uint32_t)overruling_sift(table->overruling, row, count, table->read_time);
    }
}

/* Customers move up over the rows that others have lost. */
static void close_up(struct table_loading *table, const uint32_t *kept)
{
    uint32_t begin = 0, at = 0;
    for (uint32_t p = 0; p < table->loading->customers; p++) {
        uint32_t end = table->offset[p + 1];
        memmove(table->time + at, table->time + begin, kept[p] * sizeof *table->time);
        at += kept[p];
        table->offset[p + 1] = at;
        begin = end;
    }
    table->rows = at;
}

static void settle_chunk(void *context, size_t chunk, int worker)
{
    const struct merging *merging = context;
    struct table_loading *table = merging->table;
    uint32_t end = table->offset[chunk_end(table->loading, chunk)];
    for (uint32_t at = table->offset[chunk * COUNT_CHUNK]; at < end; at++) {
        uint32_t row = table->time[at];
        table->place[row] = at;
        table->time[at] = table->read_time[row];
    }
}

static void merge(struct table_loading *table)
{
    struct merging merging = {.table = table};
    size_t chunks = ((size_t)table->loading->customers + COUNT_CHUNK - 1) / COUNT_CHUNK;
    if (table->overruling)
        merging.kept = population_room((size_t)table->loading->customers + 1, sizeof *merging.kept);
    pool_run(table->loading->pool, chunks, order_chunk, &merging);
    if (merging.kept)
        close_up(table, merging.kept);
    pool_run(table->loading->pool, chunks, settle_chunk, &merging);
    free(merging.kept);
}

static enum status place_merged(struct table_loading *table, struct error *error)
{
    table->customer = population_room(table->total, sizeof *table->customer);
    table->read_time = population_room(table->total, sizeof *table->read_time);
    memset(table->customer, 0xff,
           table->total * sizeof *table->customer); /* rows that are not read stay hidden */

    if (imports_overlap(table)) {
        table->import = population_room(table->total, sizeof *table->import);
        table->arrival = population_room(table->total, sizeof *table->arrival);
    }

    TRY(read_keys(table, error));
    count_keys(table);
    table->place = population_room(table->total, sizeof *table->place);
    memset(table->place, 0xff, table->total * sizeof *table->place);
    table->time = population_room(table->rows, sizeof *table->time);

    deal_rows(table);
    merge(table);

    /* keys are as large as the table: they go before its columns come */
    free(table->customer);
    free(table->import);
    free(table->arrival);
    table->customer = table->import = NULL;
    table->arrival = NULL;
    free(table->read_time);
    table->read_time = NULL;
    return STATUS_OK;
}

/*
 * Either.
 */
enum status loading_place_rows(struct table_loading *table, struct error *error)
{
    table->offset = population_array((size_t)table->loading->customers + 1, sizeof *table->offset);
    if (may_follow(table)) {
        TRY(place_following(table, error));
        if (!atomic_load(&table->mixed))
            return STATUS_OK;
    }
    return place_merged(table, error);
}

static size_t find_following_runs(const struct table_loading *table, size_t row, size_t count,
                                  struct inlet_run *runs)
{
    enum { AHEAD = 16 };
    const struct loading *loading = table->loading;
    const uint32_t *start = table->start, *offset = table->offset, *position = loading->position;

    uint32_t low = 0, high = loading->limit; /* the last customer who begins at or before row */
    size_t end = row + count, found = 0;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (start[middle] <= row)
            low = middle;
        else
            high = middle;
    }

    for (size_t at = row; at < end; low++) {
        size_t stop = start[low + 1] < end ? start[low + 1] : end;
        if (stop <= at)
            continue;
        if (loading->limit - low > AHEAD && position[low + AHEAD] != UINT32_MAX)
            __builtin_prefetch(&offset[position[low + AHEAD]]);
        uint32_t to = offset[position[low]] + (uint32_t)at - start[low];
        to += table->done ? table->done[low] : 0;
        runs[found++] = (struct inlet_run){(uint32_t)(at - row), to, (uint32_t)(stop - at)};
        at = stop;
    }

    return found;
}

static size_t find_placed_runs(const uint32_t *place, const int64_t *rows, size_t count,
                               struct inlet_run *runs)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t to = place[rows[i]];
        struct inlet_run *last = found ? &runs[found - 1] : NULL;
        if (to == UINT32_MAX) /* hidden: the run ends */
            continue;
        if (last && last->to + last->count == to && last->from + last->count == i)
            last->count++;
        else
            runs[found++] = (struct inlet_run){(uint32_t)i, to, 1};
    }
    return found;
}

size_t loading_find_runs(const struct table_loading *table, size_t base, const int64_t *rows,
                         size_t count, struct inlet_run *runs)
{
    return table->place ? find_placed_runs(table->place + base, rows, count, runs)
                        : find_following_runs(table, (size_t)rows[0], count, runs);
}
