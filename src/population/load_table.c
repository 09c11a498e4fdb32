/*
 * Loading one table of facts or traits. DuckDB's threads read row groups in any order; the reader ends in a function
 * that puts each value straight to its final place, and nothing is collected, sorted or moved afterwards. For that the
 * place of every row has to be known beforehand. Customers have their positions already (load_customers.c), so it takes
 * each customer's number of rows.
 *
 * The usual table is one part, sorted by customer, time and arrival: its customer numbers are read first, and where
 * they change says how many rows each has. With several parts, or when some rows are hidden, customers and times are
 * read and merged (each part is sorted already), which gives every row its place.
 *
 * Texts come as codes where the part has them. Where it has not (a column with too many texts, or one that became text
 * later), they are numbered while they are read, in order of appearance.
 */
#include "population/internal.h"
#include "population/loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chunk of customer numbers that was read: what its neighbours have to fit to. */
struct seam {
    int64_t row, end;
    uint32_t first, last; /* customers */
};

struct table_loading {
    struct loading *loading;
    const struct schema_table *table;
    struct inlet *inlets;
    size_t inlet_count;
    const struct catalog_part **parts;
    size_t *base; /* where each part's rows begin among all rows read */
    size_t part_count, total, rows;
    uint32_t *offset, *time; /* of the finished table */
    /* one part, all of it seen */
    uint32_t *start; /* by customer number, and one more: its first row */
    VECTOR(struct seam) seams;
    pthread_mutex_t mutex; /* guards seams */
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

/* Runs `run` over every row of a part, with these columns and the row's place in the part as arguments. */
static enum status
read_part(struct table_loading *table, size_t p, const char *const *columns, const char *const *types, size_t count,
          enum status (*run)(void *, const struct lake_chunk *, struct lake_output *, struct error *), struct put *put,
          struct error *error)
{
    struct loading *loading = table->loading;
    const struct catalog_part *part = table->parts[p];
    struct store_read read = {part->table, part->role, columns, count, true, loading_until(loading)};
    struct buffer select;
    int64_t ignored;
    char name[64];
    snprintf(name, sizeof name, "strata_put_%llu", (unsigned long long)lake_unique(loading->lake));
    struct lake_function function = {name, types, count + 1, "BOOLEAN", true, run, put};
    TRY(lake_register_function(loading->lake, &function, error));
    buffer_init(&select, 0);
    buffer_printf(&select, "SELECT count(%s(", name);
    for (size_t i = 0; i < count; i++) {
        buffer_sql_name(&select, text_from(columns[i]));
        buffer_string(&select, ", ");
    }
    buffer_string(&select, "\"row\")) FROM (");
    enum status status = store_select_part(loading->store, &read, part, &select, error);
    buffer_char(&select, ')');
    if (status == STATUS_OK)
        status = lake_query_integer(loading->lake, select.data, &ignored, NULL, error);
    buffer_release(&select);
    return status;
}

static enum status out_of_order(const struct table_loading *table, struct error *error)
{
    return error_set(error, STATUS_ERROR, "a part of %s is not sorted by customer, or misses rows", table->table->name);
}

static enum status check_customer(const struct loading *loading, uint32_t number, struct error *error)
{
    return number < loading->limit && loading->position[number] != UINT32_MAX ? STATUS_OK
                                                                              : loading_unknown_customer(number, error);
}

/*
 * One part.
 */
static void add_seam(struct table_loading *table, const struct seam *seam)
{
    pthread_mutex_lock(&table->mutex);
    VECTOR_PUSH(&table->seams, *seam);
    pthread_mutex_unlock(&table->mutex);
}

static enum status put_starts(void *context, const struct lake_chunk *in, struct lake_output *out, struct error *error)
{
    const struct put *put = context;
    struct table_loading *table = put->table;
    const uint32_t *customer = in->columns[0].data;
    const int64_t *rows = in->columns[1].data;
    memset(out->data, 1, in->rows);
    if (!in->rows)
        return STATUS_OK;
    size_t last = in->rows - 1;
    if (rows[last] - rows[0] != (int64_t)last || (size_t)rows[last] >= table->total)
        return out_of_order(table, error);
    TRY(check_customer(table->loading, customer[0], error));
    for (size_t i = 1; i <= last; i++) {
        if (customer[i] == customer[i - 1])
            continue;
        if (customer[i] < customer[i - 1])
            return out_of_order(table, error);
        TRY(check_customer(table->loading, customer[i], error));
        table->start[customer[i]] = (uint32_t)rows[i];
    }
    add_seam(table, &(struct seam){rows[0], rows[last] + 1, customer[0], customer[last]});
    return STATUS_OK;
}

static int by_row(const void *a, const void *b)
{
    const struct seam *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

/* A chunk does not know whether its first customer began in the one before. */
static enum status close_seams(struct table_loading *table, struct error *error)
{
    int64_t row = 0;
    uint32_t last = 0;
    if (table->seams.count)
        qsort(table->seams.items, table->seams.count, sizeof *table->seams.items, by_row);
    for (size_t i = 0; i < table->seams.count; i++) {
        const struct seam *seam = &table->seams.items[i];
        if (seam->row != row || (i && seam->first < last))
            return out_of_order(table, error);
        if (i == 0 || seam->first > last)
            table->start[seam->first] = (uint32_t)row;
        row = seam->end;
        last = seam->last;
    }
    if ((size_t)row != table->total)
        return out_of_order(table, error);
    table->start[table->loading->limit] = (uint32_t)row;
    for (uint32_t number = table->loading->limit; number-- > 0;) /* who has no rows begins where the next one does */
        if (table->start[number] == UINT32_MAX)
            table->start[number] = table->start[number + 1];
    return STATUS_OK;
}

enum { COUNT_CHUNK = 16384 };

/* Offsets in two passes over chunks of positions: within each chunk, then what stands before it. */
struct counting {
    struct table_loading *table;
    uint32_t *before; /* by chunk */
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
        uint64_t number = table->loading->number[p];
        sum += table->start[number + 1] - table->start[number];
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

static void count_rows(struct table_loading *table)
{
    size_t chunks = ((size_t)table->loading->customers + COUNT_CHUNK - 1) / COUNT_CHUNK;
    struct counting counting = {table, base_calloc(chunks + 1, sizeof *counting.before)};
    pool_run(table->loading->pool, chunks, count_chunk, &counting);
    for (size_t chunk = 0; chunk < chunks; chunk++)
        counting.before[chunk + 1] += counting.before[chunk];
    pool_run(table->loading->pool, chunks, shift_chunk, &counting);
    free(counting.before);
}

static enum status place_part(struct table_loading *table, struct error *error)
{
    static const char *const columns[] = {"customer"}, *types[] = {"UINTEGER", "BIGINT"};
    struct put put = {table, 0, NULL};
    size_t limit = table->loading->limit;
    table->start = population_room(limit + 1, sizeof *table->start);
    memset(table->start, 0xff, (limit + 1) * sizeof *table->start);
    if (table->part_count)
        TRY(read_part(table, 0, columns, types, 1, put_starts, &put, error));
    TRY(close_seams(table, error));
    table->rows = table->total;
    count_rows(table);
    return STATUS_OK;
}

/*
 * Several parts, or one with hidden rows.
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
    for (size_t p = 0; p < table->part_count; p++) {
        struct put put = {table, table->base[p], NULL};
        TRY(read_part(table, p, columns, types, count, put_keys, &put, error));
    }
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

static enum status place_parts(struct table_loading *table, bool overlap, struct error *error)
{
    table->customer = population_room(table->total, sizeof *table->customer);
    table->read_time = population_room(table->total, sizeof *table->read_time);
    memset(table->customer, 0xff, table->total * sizeof *table->customer); /* rows that are not read stay hidden */
    if (overlap) {
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

static bool imports_overlap(const struct table_loading *table)
{
    for (size_t p = 1; p < table->part_count; p++)
        if (table->parts[p]->first_import <= table->parts[p - 1]->last_import)
            return true;
    return false;
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
    bool all_seen = true;
    for (size_t p = 0; p < table->part_count; p++)
        all_seen = all_seen && table->parts[p]->last_import <= table->loading->until;
    table->offset = population_array((size_t)table->loading->customers + 1, sizeof *table->offset);
    return table->part_count <= 1 && all_seen ? place_part(table, error)
                                              : place_parts(table, imports_overlap(table), error);
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
    if (!table->place && (size_t)rows[in->rows - 1] - (size_t)rows[0] != in->rows - 1)
        return out_of_order(table, error);
    chunk.run_count = table->place ? find_placed_runs(table->place + put->base, rows, in->rows, runs)
                                   : find_runs(table, (size_t)rows[0], in->rows, runs);
    if (own)
        inlet_put_plain(in->columns[0].data, table->time, &chunk);
    for (size_t c = 0; c < table->inlet_count; c++)
        inlet_put(&table->inlets[c], &in->columns[c + own], put->coded[c], &chunk);
    return STATUS_OK;
}

static bool has_column(const struct catalog_part *part, const char *name)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (strcmp(part->columns[i].name, name) == 0)
            return true;
    return false;
}

static bool is_text(const struct inlet *inlet)
{
    return inlet->column->type == VALUE_TEXT || inlet->column->type == VALUE_SET;
}

/* Codes also where the part has no such column at all: unknown values are no texts. */
static bool is_coded(const struct inlet *inlet, const struct catalog_part *part, struct arena *arena)
{
    return is_text(inlet) && (has_column(part, arena_printf(arena, "%s#", inlet->column->name)) ||
                              !has_column(part, inlet->column->name));
}

static void need_numbering(struct table_loading *table)
{
    if (table->numbering)
        return;
    struct loading *loading = table->loading;
    table->numbering = store_numbering_new((uint32_t)loading->texts.count);
    for (size_t i = 0; i < loading->texts.count; i++)
        store_numbering_known(table->numbering, loading->texts.items[i], (uint32_t)i);
}

static void find_numbered(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        for (size_t p = 0; p < table->part_count; p++)
            if (is_text(inlet) && !is_coded(inlet, table->parts[p], &table->loading->arena)) {
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
        coded[c] = is_coded(inlet, table->parts[p], arena);
        names[c + own] = coded[c] ? arena_printf(arena, "%s#", column->name) : column->name;
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
        struct put put = {table, table->base[p], coded};
        name_columns(table, p, own, names, types, coded);
        TRY(read_part(table, p, names, types, count, put_values, &put, error));
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
        names[count] = is_coded(inlet, table->parts[p], arena) ? arena_printf(arena, "%s#", inlet->column->name)
                                                               : inlet->column->name;
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
        loading_code(table->loading, store_numbering_new_text(table->numbering, i));
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
        TRY(inlet_close(&table->inlets[c], table->loading->texts.count, error));
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
    VECTOR_RELEASE(&table->seams);
    free(table->offset);
    free(table->time);
    free(table->start);
    free(table->customer);
    free(table->read_time);
    free(table->import);
    free(table->arrival);
    free(table->place);
    store_numbering_free(table->numbering);
    pthread_mutex_destroy(&table->mutex);
}

enum status loading_table(struct loading *loading, const struct schema_table *schema,
                          const struct schema_column *const *columns, size_t count, struct error *error)
{
    struct table_loading table = {.loading = loading, .table = schema, .inlet_count = count};
    pthread_mutex_init(&table.mutex, NULL);
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
