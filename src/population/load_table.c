/*
 * Loading one table of facts or traits. A part is sorted by customer, time and arrival, and every row says where it
 * stands in its part; so DuckDB's threads may read row groups in any order and put each value straight to its final
 * place: the reader ends in a function, strata_put, that writes into arrays, and nothing is collected or sorted
 * afterwards.
 *
 * With several parts, customers and times are read first and merged (each part is sorted already); that gives
 * every row its place, and then the columns are read.
 *
 * Texts come as codes where the part has them. Where it has not (a column with too many texts, or one that became text
 * later), they are numbered while they are read, in order of appearance.
 */
#include "population/internal.h"
#include "population/loading.h"
#include "store/numbering.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A column on its way in. */
struct inlet {
    const struct schema_column *column;
    int64_t *integers;
    double *doubles;
    uint32_t *codes; /* TEXT; SET: all codes in order of arrival, with set_at and set_length by row */
    uint32_t *set_at, *set_length;
    size_t set_used, set_capacity;
    _Atomic uint64_t *known;
    atomic_bool unknown; /* some row is */
};

struct table_loading {
    struct loading *loading;
    const struct schema_table *table;
    struct inlet *inlets;
    size_t inlet_count;
    const struct catalog_part **parts;
    size_t *base; /* where each part's rows begin among all rows read */
    size_t part_count, total, rows;
    uint32_t *customer, *time; /* by row read; then by final row */
    uint32_t *import;          /* by row read, when parts share imports */
    uint64_t *arrival;
    uint32_t *place; /* final row of each row read; NULL: the same */
    struct numbering *numbering;
    pthread_mutex_t sets; /* guards set_used and codes of sets */
};

/* One part being read: what the function writes through. */
struct put {
    struct table_loading *table;
    size_t base;
    bool *coded; /* by inlet: the argument is a code, not a text */
};

static bool in_place(const struct put *put, size_t source, size_t *row)
{
    const struct table_loading *table = put->table;
    *row = table->place ? table->place[put->base + source] : put->base + source;
    return *row != UINT32_MAX;
}

static enum status put_keys(void *context, const struct lake_chunk *in, struct lake_output *out, struct error *error)
{
    const struct put *put = context;
    struct table_loading *table = put->table;
    const int64_t *rows = in->columns[in->column_count - 1].data;
    const uint32_t *customer = in->columns[0].data, *time = in->columns[1].data;
    const uint32_t *import = table->import ? in->columns[2].data : NULL;
    const uint64_t *arrival = table->import ? in->columns[3].data : NULL;
    (void)error;
    memset(out->data, 1, in->rows);
    for (size_t i = 0; i < in->rows; i++) {
        size_t at = put->base + (size_t)rows[i];
        table->customer[at] = customer[i] < table->loading->limit ? table->loading->index[customer[i]] : UINT32_MAX;
        table->time[at] = time[i];
        if (import) {
            table->import[at] = import[i];
            table->arrival[at] = arrival[i];
        }
    }
    return STATUS_OK;
}

/* The place of an unknown value holds 0: later passes run over whole arrays, and nothing there may be left to chance.
 */
static void set_unknown(struct inlet *inlet, size_t row)
{
    bool point = inlet->column->type == VALUE_POINT;
    if (inlet->integers)
        inlet->integers[row] = 0;
    if (inlet->doubles)
        inlet->doubles[point ? 2 * row : row] = inlet->doubles[point ? 2 * row + 1 : row] = 0;
    if (inlet->set_length)
        inlet->set_at[row] = inlet->set_length[row] = 0;
    else if (inlet->codes)
        inlet->codes[row] = 0;
    atomic_store_explicit(&inlet->unknown, true, memory_order_relaxed);
    atomic_fetch_and_explicit(&inlet->known[row >> 6], ~(UINT64_C(1) << (row & 63)), memory_order_relaxed);
}

static uint32_t code_at(const struct put *put, size_t c, const struct lake_vector *vector, size_t element,
                        size_t source)
{
    if (put->coded[c])
        return ((const uint32_t *)vector->data)[element];
    uint64_t met = (put->base + source) * put->table->inlet_count + c;
    return store_numbering_number(put->table->numbering, lake_text(vector, element), met);
}

static void put_set(const struct put *put, size_t c, const struct lake_vector *vector, size_t i, size_t row,
                    size_t source)
{
    struct inlet *inlet = &put->table->inlets[c];
    struct lake_span span = ((const struct lake_span *)vector->data)[i];
    pthread_mutex_lock(&put->table->sets);
    inlet->set_at[row] = (uint32_t)inlet->set_used;
    if (inlet->set_used + span.count > inlet->set_capacity) {
        inlet->set_capacity = (inlet->set_used + span.count) * 2;
        inlet->codes = base_realloc(inlet->codes, inlet->set_capacity * sizeof *inlet->codes);
    }
    for (uint64_t e = span.first; e < span.first + span.count; e++)
        if (lake_known(vector->children, e))
            inlet->codes[inlet->set_used++] = code_at(put, c, vector->children, e, source);
    inlet->set_length[row] = (uint32_t)inlet->set_used - inlet->set_at[row];
    pthread_mutex_unlock(&put->table->sets);
}

static int64_t whole_seconds(int64_t microseconds)
{
    int64_t seconds = microseconds / 1000000;
    return seconds - (microseconds % 1000000 < 0);
}

#define PUT_EACH(statement)                            \
    do {                                               \
        for (size_t i = 0; i < in->rows; i++) {        \
            size_t row;                                \
            if (!in_place(put, (size_t)rows[i], &row)) \
                continue;                              \
            if (!lake_known(vector, i))                \
                set_unknown(inlet, row);               \
            else                                       \
                statement;                             \
        }                                              \
    } while (0)

/* The usual case by far: one part, rows one behind the other, all known, and values in the form they keep. */
static bool put_block(const struct put *put, size_t c, const struct lake_chunk *in, const int64_t *rows)
{
    struct inlet *inlet = &put->table->inlets[c];
    const struct lake_vector *vector = &in->columns[c];
    if (put->table->place || vector->known || !in->rows || rows[in->rows - 1] - rows[0] != (int64_t)in->rows - 1)
        return false;
    size_t first = put->base + (size_t)rows[0];
    if (inlet->integers && vector->type == LAKE_I64 && inlet->column->type != VALUE_TIME)
        memcpy(inlet->integers + first, vector->data, in->rows * sizeof(int64_t));
    else if (inlet->column->type == VALUE_DOUBLE)
        memcpy(inlet->doubles + first, vector->data, in->rows * sizeof(double));
    else if (inlet->column->type == VALUE_TEXT && put->coded[c])
        memcpy(inlet->codes + first, vector->data, in->rows * sizeof(uint32_t));
    else
        return false;
    return true;
}

static void put_column(const struct put *put, size_t c, const struct lake_chunk *in, const int64_t *rows)
{
    struct inlet *inlet = &put->table->inlets[c];
    const struct lake_vector *vector = &in->columns[c];
    if (put_block(put, c, in, rows))
        return;
    switch (inlet->column->type) {
    case VALUE_BOOL: PUT_EACH(inlet->integers[row] = ((const uint8_t *)vector->data)[i]); break;
    case VALUE_DATE: PUT_EACH(inlet->integers[row] = ((const int32_t *)vector->data)[i]); break;
    case VALUE_TIME: PUT_EACH(inlet->integers[row] = whole_seconds(((const int64_t *)vector->data)[i])); break;
    case VALUE_INT:
    case VALUE_DECIMAL: PUT_EACH(inlet->integers[row] = ((const int64_t *)vector->data)[i]); break;
    case VALUE_DOUBLE: PUT_EACH(inlet->doubles[row] = ((const double *)vector->data)[i]); break;
    case VALUE_POINT:
        PUT_EACH((inlet->doubles[2 * row] = lake_number(&vector->children[0], i),
                  inlet->doubles[2 * row + 1] = lake_number(&vector->children[1], i)));
        break;
    case VALUE_TEXT: PUT_EACH(inlet->codes[row] = code_at(put, c, vector, i, (size_t)rows[i])); break;
    case VALUE_SET: PUT_EACH(put_set(put, c, vector, i, row, (size_t)rows[i])); break;
    default: ENSURE(!"a stored type");
    }
}

static enum status put_columns(void *context, const struct lake_chunk *in, struct lake_output *out, struct error *error)
{
    const struct put *put = context;
    const int64_t *rows = in->columns[in->column_count - 1].data;
    (void)error;
    memset(out->data, 1, in->rows);
    for (size_t c = 0; c < put->table->inlet_count; c++)
        put_column(put, c, in, rows);
    return STATUS_OK;
}

/* Runs `run` over every row of a part, with these columns and the row's place as arguments. */
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

static bool has_column(const struct catalog_part *part, const char *name)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (strcmp(part->columns[i].name, name) == 0)
            return true;
    return false;
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

static enum status read_columns(struct table_loading *table, struct error *error)
{
    struct arena *arena = &table->loading->arena;
    size_t count = table->inlet_count;
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);
    const char **types = ARENA_ARRAY(arena, const char *, count + 1);
    bool *coded = ARENA_ARRAY(arena, bool, count);
    for (size_t p = 0; p < table->part_count && count; p++) {
        for (size_t c = 0; c < count; c++) {
            const struct schema_column *column = table->inlets[c].column;
            bool text = column->type == VALUE_TEXT || column->type == VALUE_SET;
            const char *codes = arena_printf(arena, "%s#", column->name);
            char type[64];
            coded[c] = text && (has_column(table->parts[p], codes) || !has_column(table->parts[p], column->name));
            names[c] = coded[c] ? codes : column->name;
            types[c] = coded[c] ? column->type == VALUE_SET ? "UINTEGER[]" : "UINTEGER"
                                : arena_strdup(arena, store_sql_type(column->type, column->scale, type));
            if (text && !coded[c])
                need_numbering(table);
        }
        types[count] = "BIGINT";
        struct put put = {table, table->base[p], coded};
        TRY(read_part(table, p, names, types, count, put_columns, &put, error));
    }
    return STATUS_OK;
}

/*
 * Merging the keys of several parts.
 */
static int compare_rows(const struct table_loading *table, size_t a, size_t b)
{
    if (table->time[a] != table->time[b])
        return table->time[a] < table->time[b] ? -1 : 1;
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

/* Takes rows in order: the lowest customer of all parts, and of those parts that have it the lowest row. */
static void merge(struct table_loading *table)
{
    struct cursor *cursors = base_calloc(table->part_count, sizeof *cursors);
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
        table->place[best->at++] = (uint32_t)table->rows++;
    }
    free(cursors);
}

static uint32_t *moved(const struct table_loading *table, uint32_t *from)
{
    uint32_t *to = population_room(table->rows + 1, sizeof *to);
    for (size_t i = 0; i < table->total; i++)
        if (table->place[i] != UINT32_MAX)
            to[table->place[i]] = from[i];
    free(from);
    return to;
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
    table->customer = population_room(table->total + 1, sizeof *table->customer);
    table->time = population_room(table->total + 1, sizeof *table->time);
    if (!all_seen) /* rows that are not read stay nobody's */
        memset(table->customer, 0xff, (table->total + 1) * sizeof *table->customer);
    if (imports_overlap(table)) {
        table->import = population_room(table->total + 1, sizeof *table->import);
        table->arrival = population_room(table->total + 1, sizeof *table->arrival);
    }
    TRY(read_keys(table, error));
    if (table->part_count <= 1 && all_seen) {
        table->rows = table->total;
        return STATUS_OK;
    }
    table->place = population_room(table->total + 1, sizeof *table->place);
    memset(table->place, 0xff, (table->total + 1) * sizeof *table->place);
    merge(table);
    table->customer = moved(table, table->customer);
    table->time = moved(table, table->time);
    return STATUS_OK;
}

static void open_inlets(struct table_loading *table)
{
    size_t rows = table->rows + 1, words = rows / 64 + 1;
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        enum value_type type = inlet->column->type;
        inlet->known = population_room(words, sizeof *inlet->known);
        memset((void *)inlet->known, 0xff, words * sizeof *inlet->known);
        if (type == VALUE_DOUBLE || type == VALUE_POINT)
            inlet->doubles = population_room(rows * (type == VALUE_POINT ? 2 : 1), sizeof *inlet->doubles);
        else if (type == VALUE_SET) {
            inlet->set_at = population_array(rows, sizeof *inlet->set_at);
            inlet->set_length = population_array(rows, sizeof *inlet->set_length);
        } else if (type == VALUE_TEXT)
            inlet->codes = population_room(rows, sizeof *inlet->codes);
        else
            inlet->integers = population_room(rows, sizeof *inlet->integers);
    }
}

static void close_table(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        free(inlet->integers);
        free(inlet->doubles);
        free(inlet->codes);
        free(inlet->set_at);
        free(inlet->set_length);
        free((void *)inlet->known);
    }
    free(table->customer);
    free(table->time);
    free(table->import);
    free(table->arrival);
    free(table->place);
    store_numbering_free(table->numbering);
    pthread_mutex_destroy(&table->sets);
}

/* The codes that were given while reading become the population's. */
static void settle_codes(struct table_loading *table)
{
    if (!table->numbering)
        return;
    uint32_t fresh = store_numbering_settle(table->numbering, NULL);
    for (uint32_t i = 0; i < fresh; i++)
        loading_code(table->loading, store_numbering_new_text(table->numbering, i));
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        size_t count = inlet->set_at ? inlet->set_used : table->rows;
        for (size_t i = 0; inlet->codes && i < count; i++)
            if (inlet->codes[i] >= store_numbering_first_new(table->numbering))
                inlet->codes[i] = store_numbering_final(table->numbering, inlet->codes[i]);
    }
}

/* Sets arrived in the order in which threads met them; now they go by row. */
static void order_sets(struct table_loading *table, struct inlet *inlet)
{
    uint32_t *codes = base_malloc((inlet->set_used + 1) * sizeof *codes), used = 0;
    for (size_t row = 0; row < table->rows; row++) {
        uint32_t length = inlet->set_length[row];
        if (length)
            memcpy(codes + used, inlet->codes + inlet->set_at[row], length * sizeof *codes);
        inlet->set_at[row] = used;
        used += length;
    }
    inlet->set_at[table->rows] = used;
    free(inlet->codes);
    inlet->codes = codes;
}

static enum status hand_over(struct table_loading *table, struct error *error)
{
    struct population_input *inputs =
        ARENA_ARRAY(&table->loading->arena, struct population_input, table->inlet_count + 1);
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        if (inlet->set_at)
            order_sets(table, inlet);
        inputs[c] = (struct population_input){
            .name = inlet->column->name,
            .type = inlet->column->type,
            .scale = inlet->column->scale,
            .refers = inlet->column->refers,
            .integers = inlet->integers,
            .doubles = inlet->doubles,
            .codes = inlet->codes,
            .set_start = inlet->set_at,
            .known = atomic_load(&inlet->unknown) ? (const uint64_t *)inlet->known : NULL,
        };
    }
    uint32_t *time = table->time;
    table->time = NULL;
    return population_builder_table_with(table->loading->builder, table->table->name, table->table->role, table->rows,
                                         table->customer, time, inputs, table->inlet_count, error);
}

enum status loading_table(struct loading *loading, const struct schema_table *schema,
                          const struct schema_column *const *columns, size_t count, struct error *error)
{
    struct table_loading table = {.loading = loading, .table = schema, .inlet_count = count};
    pthread_mutex_init(&table.sets, NULL);
    table.inlets = ARENA_ARRAY(&loading->arena, struct inlet, count + 1);
    for (size_t c = 0; c < count; c++)
        table.inlets[c].column = columns[c];
    enum status status;
    TRY_GOTO(find_parts(&table, error));
    TRY_GOTO(place_rows(&table, error));
    open_inlets(&table);
    TRY_GOTO(read_columns(&table, error));
    settle_codes(&table);
    status = hand_over(&table, error);
done:
    close_table(&table);
    return status;
}
