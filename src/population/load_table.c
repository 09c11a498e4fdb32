/*
 * Loading one table of facts or traits. DuckDB's threads read row groups in any order; the reader ends in a function
 * that puts each value straight to its final place, and nothing is collected, sorted or moved afterwards. For that the
 * place of every row has to be known beforehand. Customers have their positions already (load_customers.c), and the
 * small activity part beside each part says how many rows each customer has there, and from when to when. A part is
 * sorted by customer and time; so as long as no part has rows of a customer from before the end of an earlier part's,
 * that says where each row goes.
 *
 * Where it does not (imports that bring older facts, hidden rows), customers and times are read first and merged.
 *
 * Texts come as codes where the part has them. Where it has not (a column with too many texts, or one that became text
 * later), they are numbered while they are read, in order of appearance.
 */
#include "population/internal.h"
#include "population/loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table_loading {
    struct loading *loading;
    const struct schema_table *table;
    struct inlet *inlets;
    size_t inlet_count;
    const struct catalog_part **parts;
    size_t *base; /* where each part's rows begin among all rows read */
    size_t part_count, total, rows;
    uint32_t *offset, *time; /* of the finished table */
    /* by customer number, while parts come one after the other */
    uint32_t *start;  /* first row in the part being read, one entry more than customers; counts of rows before */
    uint32_t *done;   /* rows in the parts before it; NULL: it is the only one */
    uint32_t *latest; /* the last moment in the parts before it, while it is found out whether they follow each other */
    atomic_bool mixed; /* they do not */
    /* else, by row read */
    uint32_t *customer, *read_time, *import; /* customer numbers, UINT32_MAX: hidden; imports when parts share them */
    uint64_t *arrival;
    uint32_t *place; /* final row, UINT32_MAX: hidden */
    struct numbering *numbering;
};

/* One part being read: what the function writes through. */
struct put {
    struct table_loading *table;
    size_t base;
    bool *coded; /* by inlet: the argument is a code, not a text */
};

typedef enum status put_function(void *context, const struct lake_chunk *in, struct lake_output *out,
                                 struct error *error);

/* Runs `run` over every row that read selects of a part, with its columns as arguments. */
static enum status run_over(struct table_loading *table, const struct catalog_part *part, const struct store_read *read,
                            const char *const *types, put_function *run, void *context, struct error *error)
{
    struct lake *lake = table->loading->lake;
    struct buffer select;
    int64_t ignored;
    char name[64];
    snprintf(name, sizeof name, "strata_put_%llu", (unsigned long long)lake_unique(lake));
    struct lake_function function = {name, types, read->column_count + read->rows, "BOOLEAN", true, run, context};
    TRY(lake_register_function(lake, &function, error));
    buffer_init(&select, 0);
    buffer_printf(&select, "SELECT count(%s(", name);
    for (size_t i = 0; i < read->column_count; i++) {
        buffer_string(&select, i ? ", " : "");
        buffer_sql_name(&select, text_from(read->columns[i]));
    }
    buffer_string(&select, read->rows ? ", \"row\")) FROM (" : ")) FROM (");
    enum status status = store_select_part(table->loading->store, read, part, &select, error);
    buffer_char(&select, ')');
    if (status == STATUS_OK)
        status = lake_query_integer(lake, select.data, &ignored, NULL, error);
    buffer_release(&select);
    return status;
}

/* The same over part p, with each row's place in the part as the last argument. */
static enum status read_part(struct table_loading *table, size_t p, const char *const *columns,
                             const char *const *types, size_t count, put_function *run, bool *coded,
                             struct error *error)
{
    const struct catalog_part *part = table->parts[p];
    struct put put = {table, table->base[p], coded};
    struct store_read read = {part->table, part->role, columns, count, true, loading_until(table->loading)};
    return run_over(table, part, &read, types, run, &put, error);
}

static enum status differs(const struct table_loading *table, struct error *error)
{
    return error_set(error, STATUS_ERROR, "a part of %s and what is known of its customers differ", table->table->name);
}

static enum status check_customer(const struct loading *loading, uint32_t number, struct error *error)
{
    return number < loading->limit && loading->position[number] != UINT32_MAX ? STATUS_OK
                                                                              : loading_unknown_customer(number, error);
}

/*
 * Parts that follow each other.
 */
/* A part's activity with numbers of rows; NULL for a part of an older Strata. */
static const struct catalog_part *activity_of(const struct loading *loading, const struct catalog_part *part)
{
    size_t count;
    const struct catalog_part *parts = store_parts(loading->store, &count);
    for (size_t i = 0; i < count; i++)
        if (parts[i].role == PART_ACTIVITY && parts[i].owner == part->number && loading_has_column(&parts[i], "rows"))
            return &parts[i];
    return NULL;
}

static enum status put_counts(void *context, const struct lake_chunk *in, struct lake_output *out, struct error *error)
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
        table->done[number] += rows[i];
        if (first[i] < table->latest[number])
            atomic_store_explicit(&table->mixed, true, memory_order_relaxed);
        table->latest[number] = last[i];
    }
    return STATUS_OK;
}

/* Fills start with each customer's rows in part p, and while latest is there adds them up in done. */
static enum status read_counts(struct table_loading *table, size_t p, struct error *error)
{
    static const char *const columns[] = {"customer", "rows", "first", "last"};
    static const char *const types[] = {"UINTEGER", "UINTEGER", "UINTEGER", "UINTEGER"};
    const struct catalog_part *activity = activity_of(table->loading, table->parts[p]);
    struct store_read read = {activity->table, PART_ACTIVITY, columns, table->latest ? 4 : 2, false, 0};
    memset(table->start, 0, ((size_t)table->loading->limit + 1) * sizeof *table->start);
    return run_over(table, activity, &read, types, put_counts, table, error);
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
    return row == table->parts[p]->rows ? STATUS_OK : differs(table, error);
}

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

/* Whether every part has its activity with numbers of rows, is wholly seen and holds imports of its own. */
static bool may_follow(const struct table_loading *table)
{
    for (size_t p = 0; p < table->part_count; p++)
        if (table->parts[p]->last_import > table->loading->until || !activity_of(table->loading, table->parts[p]))
            return false;
    return !imports_overlap(table);
}

/* Finds each customer's rows in all parts, unless some part goes back in time: then table->mixed says so. */
static enum status place_following(struct table_loading *table, struct error *error)
{
    size_t limit = table->loading->limit;
    bool several = table->part_count > 1;
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
    return table->offset[table->loading->customers] == table->rows ? STATUS_OK : differs(table, error);
}

/* On to part p: what was read is done. */
static enum status next_part(struct table_loading *table, size_t p, struct error *error)
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
static enum status put_keys(void *context, const struct lake_chunk *in, struct lake_output *out, struct error *error)
{
    const struct put *put = context;
    struct table_loading *table = put->table;
    const int64_t *rows = in->columns[in->column_count - 1].data;
    const uint32_t *customer = in->columns[0].data, *time = in->columns[1].data;
    const uint32_t *import = table->import ? in->columns[2].data : NULL;
    const uint64_t *arrival = table->import ? in->columns[3].data : NULL;
    memset(out->data, 1, in->rows);
    for (size_t i = 0; i < in->rows; i++) {
        size_t at = put->base + (size_t)rows[i];
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
    size_t count = table->import ? 4 : 2;
    const char *types[] = {"UINTEGER", "UINTEGER", table->import ? "UINTEGER" : "BIGINT", "UBIGINT", "BIGINT"};
    for (size_t p = 0; p < table->part_count; p++)
        TRY(read_part(table, p, columns, types, count, put_keys, NULL, error));
    return STATUS_OK;
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

struct cursor {
    size_t at, end;
};

static void skip_hidden(const struct table_loading *table, struct cursor *cursor)
{
    while (cursor->at < cursor->end && table->customer[cursor->at] == UINT32_MAX)
        cursor->at++;
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

/* Takes rows in order: the lowest customer of all parts, and of those parts that have it the lowest row. */
static void merge(struct table_loading *table)
{
    struct cursor *cursors = base_calloc(table->part_count, sizeof *cursors);
    uint32_t present = UINT32_MAX, next = 0;
    for (size_t p = 0; p < table->part_count; p++)
        cursors[p] = (struct cursor){table->base[p], table->base[p] + table->parts[p]->rows};
    for (;;) {
        struct cursor *best = NULL;
        for (size_t p = 0; p < table->part_count; p++) {
            struct cursor *cursor = &cursors[p];
            skip_hidden(table, cursor);
            if (cursor->at == cursor->end)
                continue;
            uint32_t customer = table->customer[cursor->at];
            if (!best || customer < table->customer[best->at] ||
                (customer == table->customer[best->at] && compare_rows(table, cursor->at, best->at) < 0))
                best = cursor;
        }
        if (!best)
            break;
        if (table->customer[best->at] != present) {
            present = table->customer[best->at];
            next = table->offset[table->loading->position[present]];
        }
        table->place[best->at++] = next++;
    }
    free(cursors);
}

static enum status place_merged(struct table_loading *table, struct error *error)
{
    table->customer = population_room(table->total, sizeof *table->customer);
    table->read_time = population_room(table->total, sizeof *table->read_time);
    memset(table->customer, 0xff, table->total * sizeof *table->customer); /* rows that are not read stay hidden */
    if (imports_overlap(table)) {
        table->import = population_room(table->total, sizeof *table->import);
        table->arrival = population_room(table->total, sizeof *table->arrival);
    }
    TRY(read_keys(table, error));
    count_keys(table);
    table->place = population_room(table->total, sizeof *table->place);
    memset(table->place, 0xff, table->total * sizeof *table->place);
    merge(table);
    free(table->customer);
    free(table->import);
    free(table->arrival);
    table->customer = table->import = NULL;
    table->arrival = NULL;
    table->time = population_room(table->rows, sizeof *table->time);
    for (size_t i = 0; i < table->total; i++)
        if (table->place[i] != UINT32_MAX)
            table->time[table->place[i]] = table->read_time[i];
    free(table->read_time);
    table->read_time = NULL;
    return STATUS_OK;
}

static int by_import(const void *a, const void *b)
{
    const struct catalog_part *x = *(const struct catalog_part *const *)a, *y = *(const struct catalog_part *const *)b;
    if (x->first_import != y->first_import)
        return x->first_import < y->first_import ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static enum status find_parts(struct table_loading *table, struct error *error)
{
    struct loading *loading = table->loading;
    size_t count;
    const struct catalog_part *parts = store_parts(loading->store, &count);
    table->parts = ARENA_ARRAY(&loading->arena, const struct catalog_part *, count + 1);
    table->base = ARENA_ARRAY(&loading->arena, size_t, count + 1);
    for (size_t i = 0; i < count; i++)
        if ((parts[i].role == PART_FACTS || parts[i].role == PART_TRAITS) &&
            strcmp(parts[i].table, table->table->name) == 0 && loading_sees(loading, &parts[i]))
            table->parts[table->part_count++] = &parts[i];
    if (table->part_count)
        qsort(table->parts, table->part_count, sizeof(*table->parts), by_import);
    for (size_t p = 0; p < table->part_count; p++) {
        table->base[p] = table->total;
        table->total += table->parts[p]->rows;
    }
    if (table->total > UINT32_MAX - 1)
        return error_set(error, STATUS_ERROR, "%s has %zu rows; at most 4,294,967,294 fit into one kind",
                         table->table->name, table->total);
    return STATUS_OK;
}

static enum status place_rows(struct table_loading *table, struct error *error)
{
    table->offset = population_array((size_t)table->loading->customers + 1, sizeof *table->offset);
    if (may_follow(table)) {
        TRY(place_following(table, error));
        if (!atomic_load(&table->mixed))
            return STATUS_OK;
    }
    return place_merged(table, error);
}

/*
 * Values.
 */
static size_t find_runs(const struct table_loading *table, size_t row, size_t count, struct inlet_run *runs)
{
    const struct loading *loading = table->loading;
    const uint32_t *start = table->start;
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
        uint32_t to = table->offset[loading->position[low]] + (uint32_t)at - start[low];
        to += table->done ? table->done[low] : 0;
        runs[found++] = (struct inlet_run){(uint32_t)(at - row), to, (uint32_t)(stop - at)};
        at = stop;
    }
    return found;
}

static size_t find_placed_runs(const uint32_t *place, const int64_t *rows, size_t count, struct inlet_run *runs)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t to = place[rows[i]];
        struct inlet_run *last = found ? &runs[found - 1] : NULL;
        if (to == UINT32_MAX)
            continue;
        if (last && last->to + last->count == to && last->from + last->count == i)
            last->count++;
        else
            runs[found++] = (struct inlet_run){(uint32_t)i, to, 1};
    }
    return found;
}

static enum status put_values(void *context, const struct lake_chunk *in, struct lake_output *out, struct error *error)
{
    enum { ROWS_MAX = 2048 };
    const struct put *put = context;
    struct table_loading *table = put->table;
    const int64_t *rows = in->columns[in->column_count - 1].data;
    struct inlet_run runs[ROWS_MAX];
    struct inlet_chunk chunk = {runs, 0, in->rows, rows, put->base};
    size_t own = table->place ? 0 : 1;
    memset(out->data, 1, in->rows);
    ENSURE(in->rows <= ROWS_MAX);
    if (!in->rows)
        return STATUS_OK;
    if (!table->place && ((size_t)rows[in->rows - 1] - (size_t)rows[0] != in->rows - 1 ||
                          (size_t)rows[in->rows - 1] >= table->start[table->loading->limit]))
        return differs(table, error);
    chunk.run_count = table->place ? find_placed_runs(table->place + put->base, rows, in->rows, runs)
                                   : find_runs(table, (size_t)rows[0], in->rows, runs);
    if (own)
        inlet_put_plain(in->columns[0].data, table->time, &chunk);
    for (size_t c = 0; c < table->inlet_count; c++)
        inlet_put(&table->inlets[c], &in->columns[c + own], put->coded[c], &chunk);
    return STATUS_OK;
}

static bool is_text(const struct inlet *inlet)
{
    return inlet->column->type == VALUE_TEXT || inlet->column->type == VALUE_SET;
}

static void need_numbering(struct table_loading *table)
{
    if (table->numbering)
        return;
    struct loading *loading = table->loading;
    table->numbering = store_numbering_new((uint32_t)loading->dictionary->count);
    for (size_t i = 0; i < loading->dictionary->count; i++)
        store_numbering_known(table->numbering, loading->dictionary->texts[i], (uint32_t)i);
}

static void find_numbered(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        for (size_t p = 0; p < table->part_count; p++)
            if (is_text(inlet) && !loading_is_coded(table->loading, inlet->column, table->parts[p])) {
                need_numbering(table);
                inlet->numbering = table->numbering;
            }
        inlet->met_step = table->inlet_count;
        inlet->met = c;
    }
}

/* Names and types of the columns of a part, behind `own` of the table's own. */
static void name_columns(struct table_loading *table, size_t p, size_t own, const char **names, const char **types,
                         bool *coded)
{
    struct arena *arena = &table->loading->arena;
    names[0] = "time"; /* overwritten when it is not read here */
    types[0] = "UINTEGER";
    for (size_t c = 0; c < table->inlet_count; c++) {
        const struct inlet *inlet = &table->inlets[c];
        const struct schema_column *column = inlet->column;
        char type[64];
        coded[c] = loading_is_coded(table->loading, column, table->parts[p]);
        names[c + own] = coded[c] ? loading_codes(table->loading, column->name) : column->name;
        types[c + own] = coded[c] ? column->type == VALUE_SET ? "UINTEGER[]" : "UINTEGER"
                                  : arena_strdup(arena, store_sql_type(column->type, column->scale, type));
    }
    types[table->inlet_count + own] = "BIGINT";
}

static enum status read_values(struct table_loading *table, struct error *error)
{
    struct arena *arena = &table->loading->arena;
    size_t own = table->place ? 0 : 1, count = table->inlet_count + own;
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);
    const char **types = ARENA_ARRAY(arena, const char *, count + 2);
    bool *coded = ARENA_ARRAY(arena, bool, table->inlet_count + 1);
    if (own)
        table->time = population_room(table->rows, sizeof *table->time);
    for (size_t p = 0; p < table->part_count && count; p++) {
        name_columns(table, p, own, names, types, coded);
        TRY(own ? next_part(table, p, error) : STATUS_OK);
        TRY(read_part(table, p, names, types, count, put_values, coded, error));
    }
    return STATUS_OK;
}

/*
 * Least and largest values. DuckDB answers from the statistics that stand in the part, unless a column has another type
 * now or rows are hidden: then it reads.
 */
static int64_t in_seconds(const struct inlet *inlet, const struct lake_vector *vector)
{
    int64_t value = lake_integer(vector, 0);
    bool micro = inlet->column->type == VALUE_TIME && vector->type == LAKE_TIMESTAMP;
    return micro ? value / 1000000 - (value % 1000000 < 0) : value;
}

static void take_ranges(struct table_loading *table, const struct lake_chunk *chunk)
{
    size_t column = 0;
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        if (!inlet_is_ranged(inlet))
            continue;
        const struct lake_vector *least = &chunk->columns[column++], *most = &chunk->columns[column++];
        if (!lake_known(least, 0))
            continue;
        int64_t low = in_seconds(inlet, least), high = in_seconds(inlet, most);
        inlet->least = low < inlet->least ? low : inlet->least;
        inlet->most = high > inlet->most ? high : inlet->most;
    }
}

static enum status ranges_of_part(struct table_loading *table, size_t p, struct error *error)
{
    struct loading *loading = table->loading;
    struct arena *arena = &loading->arena;
    const char **names = ARENA_ARRAY(arena, const char *, table->inlet_count + 1);
    size_t count = 0;
    struct buffer sql;
    buffer_init(&sql, 0);
    for (size_t c = 0; c < table->inlet_count; c++) {
        const struct inlet *inlet = &table->inlets[c];
        if (!inlet_is_ranged(inlet))
            continue;
        bool coded = loading_is_coded(loading, inlet->column, table->parts[p]);
        names[count] = coded ? loading_codes(loading, inlet->column->name) : inlet->column->name;
        buffer_string(&sql, count ? ", min(" : "SELECT min(");
        buffer_sql_name(&sql, text_from(names[count]));
        buffer_string(&sql, "), max(");
        buffer_sql_name(&sql, text_from(names[count++]));
        buffer_char(&sql, ')');
    }
    enum status status = STATUS_OK;
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk = NULL;
    if (count) {
        struct store_read read = {table->parts[p]->table, table->parts[p]->role, names, count, false,
                                  loading_until(loading)};
        buffer_string(&sql, " FROM (");
        status = store_select_part(loading->store, &read, table->parts[p], &sql, error);
        buffer_char(&sql, ')');
        if (status == STATUS_OK)
            status = lake_query(loading->lake, sql.data, &result, error);
        if (status == STATUS_OK)
            status = lake_result_next(result, &chunk, error);
        if (status == STATUS_OK && chunk)
            take_ranges(table, chunk);
        lake_result_free(result);
    }
    buffer_release(&sql);
    return status;
}

/*
 * The whole.
 */
/* The codes that were given while reading become the population's. */
static void settle_codes(struct table_loading *table)
{
    if (!table->numbering)
        return;
    uint32_t fresh = store_numbering_settle(table->numbering, NULL);
    for (uint32_t i = 0; i < fresh; i++)
        dictionary_add(table->loading->dictionary, store_numbering_new_text(table->numbering, i));
}

static enum status read_columns(struct table_loading *table, struct error *error)
{
    find_numbered(table);
    for (size_t p = 0; p < table->part_count; p++)
        TRY(ranges_of_part(table, p, error));
    for (size_t c = 0; c < table->inlet_count; c++)
        inlet_open(&table->inlets[c], table->rows);
    TRY(read_values(table, error));
    settle_codes(table);
    for (size_t c = 0; c < table->inlet_count; c++)
        TRY(inlet_close(&table->inlets[c], table->loading->dictionary->count, error));
    return STATUS_OK;
}

static enum status hand_over(struct table_loading *table, struct error *error)
{
    struct arena *arena = &table->loading->arena;
    struct population_table whole = {
        .name = table->table->name,
        .role = table->table->role,
        .rows = table->rows,
        .offset = table->offset,
        .time = table->time,
        .columns = ARENA_ARRAY(arena, struct population_column, table->inlet_count + 1),
        .column_count = table->inlet_count,
    };
    const char **refers = ARENA_ARRAY(arena, const char *, table->inlet_count + 1);
    table->offset = table->time = NULL;
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        whole.columns[c] = inlet->out;
        refers[c] = inlet->column->refers;
        inlet->out = (struct population_column){0};
    }
    return population_builder_placed_table(table->loading->builder, &whole, refers, table->loading->pool, error);
}

static void close_table(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++)
        inlet_release(&table->inlets[c]);
    free(table->offset);
    free(table->time);
    free(table->start);
    free(table->done);
    free(table->latest);
    free(table->customer);
    free(table->read_time);
    free(table->import);
    free(table->arrival);
    free(table->place);
    store_numbering_free(table->numbering);
}

enum status loading_table(struct loading *loading, const struct schema_table *schema,
                          const struct schema_column *const *columns, size_t count, struct error *error)
{
    struct table_loading table = {.loading = loading, .table = schema, .inlet_count = count};
    table.inlets = ARENA_ARRAY(&loading->arena, struct inlet, count + 1);
    for (size_t c = 0; c < count; c++)
        inlet_init(&table.inlets[c], columns[c]);
    enum status status;
    TRY_GOTO(find_parts(&table, error));
    TRY_GOTO(place_rows(&table, error));
    TRY_GOTO(read_columns(&table, error));
    status = hand_over(&table, error);
done:
    close_table(&table);
    return status;
}
