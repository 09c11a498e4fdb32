/*
 * Building a population. Tables come with rows by customer, time and arrival. They are narrowed at
 * once, so that the builder never holds wide copies of them. Finishing orders the customers by last
 * activity and moves each customer's rows, a short contiguous run, to their new place: linear
 * passes over narrow arrays, handed out to the pool in chunks of positions.
 */
#include "base/bits.h"
#include "base/vector.h"
#include "population/internal.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pending_records {
    const char *segment;
    size_t count;
    uint32_t *customer;
    int64_t *entered, *left;
};

struct pending_list {
    const char *name;
    struct text *identifiers;
    size_t count;
};

struct population_builder {
    const struct zone *zone;
    struct population_internal *internal;
    uint32_t customers;
    bool placed; /* customers and tables came in their final places: indexes are positions */
    uint64_t *numbers;
    uint32_t *first, *last;                 /* by customer index, as identifier_at until finish */
    VECTOR(struct population_table) tables; /* offset by customer index until finish */
    VECTOR(struct pending_records) records;
    VECTOR(struct pending_list) lists;
    VECTOR(const char **) refers; /* per table: per column the reference table it names, or NULL */
};

struct population_builder *population_builder_new(const struct zone *zone)
{
    struct population_builder *builder = base_calloc(1, sizeof *builder);
    builder->zone = zone;
    builder->internal = base_calloc(1, sizeof *builder->internal);
    arena_init(&builder->internal->arena, 0);
    arena_init(&builder->internal->identifiers, 0);
    dictionary_init(&builder->internal->dictionary);
    pthread_mutex_init(&builder->internal->mutex, NULL);
    return builder;
}

static void free_pending(struct population_builder *builder)
{
    for (size_t i = 0; i < builder->records.count; i++) {
        free(builder->records.items[i].customer);
        free(builder->records.items[i].entered);
        free(builder->records.items[i].left);
    }
    VECTOR_RELEASE(&builder->records);
    VECTOR_RELEASE(&builder->lists);
    VECTOR_RELEASE(&builder->refers);
    free(builder->first);
    free(builder->last);
    builder->first = builder->last = NULL;
}

void population_builder_free(struct population_builder *builder)
{
    if (!builder)
        return;
    free_pending(builder);
    if (builder->internal) {
        /* Whatever was not handed over is freed the way a population is. */
        struct population *rest = base_calloc(1, sizeof *rest);
        rest->tables = builder->tables.items;
        rest->table_count = builder->tables.count;
        rest->internal = builder->internal;
        population_free(rest);
    }
    free(builder->tables.items);
    free(builder->numbers);
    free(builder);
}

static void pack_identifiers(struct population_internal *internal, const struct text *identifiers,
                             uint32_t count)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += sizeof(uint32_t) + identifiers[i].length;
    char *at = arena_alloc(&internal->identifiers, bytes);
    internal->identifier_at = population_room((size_t)count + 1, sizeof *internal->identifier_at);
    for (uint32_t i = 0; i < count; i++) {
        internal->identifier_at[i] = at;
        at = population_put_identifier(at, identifiers[i]);
    }
}

void population_builder_customers(struct population_builder *builder, const uint64_t *numbers,
                                  const struct text *identifiers, uint32_t count)
{
    ENSURE(!builder->numbers);
    builder->customers = count;
    builder->numbers = population_room((size_t)count + 1, sizeof *numbers);
    builder->first = population_room((size_t)count + 1, sizeof *builder->first);
    builder->last = population_array((size_t)count + 1, sizeof *builder->last);

    /* UINT32_MAX: not seen yet, so that the first moment lowers it */
    memset(builder->first, 0xff, ((size_t)count + 1) * sizeof *builder->first);
    for (uint32_t i = 0; i < count; i++) {
        ENSURE(i == 0 || numbers[i - 1] < numbers[i]);
        builder->numbers[i] = numbers[i];
    }
    pack_identifiers(builder->internal, identifiers, count);
}

void population_builder_placed(struct population_builder *builder,
                               const struct population_placed *customers)
{
    ENSURE(!builder->numbers);
    builder->placed = true;
    builder->customers = customers->customers;
    builder->numbers = customers->number;
    builder->first = customers->first;
    builder->last = customers->last;
    builder->internal->identifier_at = customers->identifier_at;
    builder->internal->identifiers = customers->identifiers;
}

uint32_t population_builder_code(struct population_builder *builder, struct text text)
{
    return dictionary_add(&builder->internal->dictionary, text);
}

struct dictionary *population_builder_dictionary(struct population_builder *builder)
{
    return &builder->internal->dictionary;
}

/* ---- narrowing ---- */

static bool is_known(const uint64_t *known, size_t row)
{
    return !known || bit_at(known, row);
}

static uint64_t *copy_known(const uint64_t *known, size_t rows)
{
    if (!known)
        return NULL;

    size_t words = words_of(rows), set = 0;

    /* bits behind the last row may be anything: they neither count nor are copied */
    for (size_t w = 0; w < words; w++) {
        uint64_t valid =
            w + 1 < words || rows % 64 == 0 ? UINT64_MAX : ((uint64_t)1 << (rows % 64)) - 1;
        set += (size_t)__builtin_popcountll(known[w] & valid);
    }
    if (set == rows)
        return NULL;

    uint64_t *copy = population_room(words, sizeof *copy);
    memcpy(copy, known, words * sizeof *copy);
    if (rows % 64)
        copy[words - 1] &= ((uint64_t)1 << (rows % 64)) - 1;
    return copy;
}

#define STORE_NARROW(type, expression)          \
    do {                                        \
        type *out_ = values;                    \
        for (size_t row = 0; row < rows; row++) \
            out_[row] = (type)(expression);     \
    } while (0)

static void clear_unknown(struct population_column *column, size_t rows)
{
    if (!column->known || !column->width)
        return;
    for (size_t row = 0; row < rows; row++)
        if (!is_known(column->known, row))
            memset((char *)column->values + row * column->width, 0, column->width);
}

static void narrow_integers(struct population_column *column, const int64_t *in, size_t rows)
{
    int64_t min = INT64_MAX, max = INT64_MIN;
    for (size_t row = 0; row < rows; row++) {
        int64_t value = in[row];
        bool counts = is_known(column->known, row);
        min = counts && value < min ? value : min;
        max = counts && value > max ? value : max;
    }

    if (min > max)
        min = max = 0;
    column->base = min;
    column->max = max;

    /* Above the least value all are small: a column of years takes a byte. A column of one value
     * takes none at all, its base says it. */
    uint64_t base = (uint64_t)min;
    column->width = population_width((uint64_t)max - base);
    if (!column->width)
        return;

    void *values = population_room(rows, column->width);
    column->values = values;
    switch (column->width) {
    case 1: STORE_NARROW(uint8_t, (uint64_t)in[row] - base); break;
    case 2: STORE_NARROW(uint16_t, (uint64_t)in[row] - base); break;
    case 4: STORE_NARROW(uint32_t, (uint64_t)in[row] - base); break;
    default: STORE_NARROW(uint64_t, (uint64_t)in[row] - base); break;
    }
    clear_unknown(column, rows);
}

static enum status narrow_codes(struct population_column *column, const uint32_t *in, size_t rows,
                                size_t code_count, struct error *error)
{
    uint32_t max = 0;
    for (size_t row = 0; row < rows; row++)
        if (is_known(column->known, row) && in[row] > max)
            max = in[row];

    /* 0 may be what stands for unknown where no text has a code yet */
    if (rows && max >= code_count && !(max == 0 && column->known))
        return error_set(error, STATUS_ERROR,
                         "column %s holds the text code %u, but the dictionary has only %zu texts",
                         column->name, max, code_count);

    column->max = max;
    column->width = population_width(max);
    if (!column->width)
        return STATUS_OK;

    void *values = population_room(rows, column->width);
    column->values = values;
    switch (column->width) {
    case 1: STORE_NARROW(uint8_t, in[row]); break;
    case 2: STORE_NARROW(uint16_t, in[row]); break;
    default: STORE_NARROW(uint32_t, in[row]); break;
    }
    clear_unknown(column, rows);
    return STATUS_OK;
}

static int by_code(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Codes of each row sorted and distinct, unknown rows empty. */
static void copy_sets(struct population_column *column, const struct population_input *input,
                      size_t rows)
{
    uint32_t total = input->set_start[rows], used = 0;
    uint32_t *start = population_array(rows + 1, sizeof *start),
             *codes = population_array(total, sizeof *codes);

    for (size_t row = 0; row < rows; row++) {
        uint32_t length =
            is_known(column->known, row) ? input->set_start[row + 1] - input->set_start[row] : 0;

        /* Repetitions make the array shorter than its room: each row moves up to the last. */
        uint32_t *out = codes + used;
        memcpy(out, input->codes + input->set_start[row], length * sizeof *out);
        qsort(out, length, sizeof *out, by_code);
        for (uint32_t i = 0; i < length; i++)
            if (i == 0 || out[i] != codes[used - 1])
                codes[used++] = out[i];
        start[row + 1] = used;
    }

    column->set_start = start;
    column->set_codes = codes;
}

/* Takes knownness from the rows with a number that is none. */
static void forget_nonfinite(struct population_column *column, const double *in, size_t rows,
                             unsigned each)
{
    uint64_t *known = (uint64_t *)column->known;
    for (size_t row = 0; row < rows; row++) {
        if (isfinite(in[row * each]) && isfinite(in[row * each + each - 1]))
            continue;
        if (!known) {
            known = population_array(words_of(rows), sizeof *known);
            bits_set(known, 0, rows);
            column->known = known;
        }
        bit_clear(known, row);
    }
}

static void copy_doubles(struct population_column *column, const double *in, size_t rows,
                         unsigned each)
{
    column->width = each * 8;
    double *values = population_room(rows * each, sizeof *values);
    if (rows)
        memcpy(values, in, rows * each * sizeof *values);
    column->values = values;
    forget_nonfinite(column, in, rows, each);
    clear_unknown(column, rows);
}

static enum status take_column(struct population_builder *builder,
                               const struct population_input *input, size_t rows,
                               struct population_column *out, struct error *error)
{
    *out = (struct population_column){.type = input->type, .scale = input->scale, .refers = -1};
    out->name = arena_strdup(&builder->internal->arena, input->name);
    out->known = copy_known(input->known, rows);
    switch (input->type) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_DECIMAL:
    case VALUE_DATE:
    case VALUE_TIME: narrow_integers(out, input->integers, rows); return STATUS_OK;
    case VALUE_TEXT:
        return narrow_codes(out, input->codes, rows, builder->internal->dictionary.count, error);
    case VALUE_SET: copy_sets(out, input, rows); return STATUS_OK;
    case VALUE_DOUBLE: copy_doubles(out, input->doubles, rows, 1); return STATUS_OK;
    case VALUE_POINT: copy_doubles(out, input->doubles, rows, 2); return STATUS_OK;
    default:
        return error_set(error, STATUS_ERROR, "column %s has the type %s, which is never stored",
                         input->name, value_type_name(input->type));
    }
}

static enum status take_columns(struct population_builder *builder, struct population_table *table,
                                const struct population_input *columns, size_t count,
                                struct error *error)
{
    struct arena *arena = &builder->internal->arena;
    table->columns = ARENA_ARRAY(arena, struct population_column, count + 1);
    const char **refers = ARENA_ARRAY(arena, const char *, count + 1);
    for (size_t c = 0; c < count; c++) {
        table->column_count = c + 1; /* before it can fail, so that what was taken is freed */
        TRY(take_column(builder, &columns[c], table->rows, &table->columns[c], error));
        refers[c] = columns[c].refers ? arena_strdup(arena, columns[c].refers) : NULL;
    }
    VECTOR_PUSH(&builder->refers, refers);
    return STATUS_OK;
}

/* ---- tables ---- */

static enum status out_of_order(const char *name, size_t row, struct error *error)
{
    return error_set(error, STATUS_ERROR,
                     "row %zu of %s is out of order: rows go by customer, then time, and name a "
                     "customer given before",
                     row, name);
}

/* Rows are checked and counted in one pass: where the customer changes, the next one's rows begin.
 */
static enum status count_rows(struct population_builder *builder, struct population_table *table,
                              const uint32_t *customer, const uint32_t *time, struct error *error)
{
    uint32_t customers = builder->customers, present = 0;
    uint32_t *offset = population_array((size_t)customers + 1, sizeof *offset);
    table->offset = offset;

    for (size_t row = 0; row < table->rows; row++) {
        if (customer[row] == present) {
            if (row && customer[row - 1] == present && time[row] < time[row - 1])
                return out_of_order(table->name, row, error);
            continue;
        }
        if (customer[row] < present || customer[row] >= customers)
            return out_of_order(table->name, row, error);
        while (present < customer[row])
            offset[++present] = (uint32_t)row;
    }

    if (table->rows && customers == 0)
        return out_of_order(table->name, 0, error);

    /* who has no rows behind the last one begins where the table ends */
    while (present < customers)
        offset[++present] = (uint32_t)table->rows;
    return STATUS_OK;
}

/* Within a customer rows go by time, so the first and the last say all. */
static void note_times(struct population_builder *builder, const struct population_table *table)
{
    for (uint32_t c = 0; c < builder->customers; c++) {
        if (table->offset[c] == table->offset[c + 1])
            continue;
        uint32_t first = table->time[table->offset[c]],
                 last = table->time[table->offset[c + 1] - 1];
        builder->first[c] = first < builder->first[c] ? first : builder->first[c];
        if (table->role == SCHEMA_FACTS)
            builder->last[c] = last > builder->last[c] ? last : builder->last[c];
    }
}

enum status population_builder_table(struct population_builder *builder, const char *name,
                                     enum schema_role role, size_t rows, const uint32_t *customer,
                                     const uint32_t *time, const struct population_input *columns,
                                     size_t column_count, struct error *error)
{
    ENSURE(!builder->placed && (role == SCHEMA_FACTS || role == SCHEMA_TRAITS));
    VECTOR_PUSH(&builder->tables, (struct population_table){.role = role, .rows = rows});
    struct population_table *table = &builder->tables.items[builder->tables.count - 1];
    table->name = arena_strdup(&builder->internal->arena, name);

    if (rows > UINT32_MAX - 1)
        return error_set(error, STATUS_LIMIT,
                         "%s has %zu rows; at most 4,294,967,294 fit into one kind", name, rows);

    uint32_t *times = population_room(rows, sizeof *times);
    if (rows)
        memcpy(times, time, rows * sizeof *times);
    table->time = times;
    TRY(count_rows(builder, table, customer, time, error));
    note_times(builder, table);
    return take_columns(builder, table, columns, column_count, error);
}

enum status population_builder_placed_table(struct population_builder *builder,
                                            const struct population_table *given,
                                            const char *const *refers, struct pool *pool,
                                            struct error *error)
{
    struct arena *arena = &builder->internal->arena;
    VECTOR_PUSH(&builder->tables, *given);
    struct population_table *table = &builder->tables.items[builder->tables.count - 1];
    const char **names = ARENA_ARRAY(arena, const char *, table->column_count + 1);
    ENSURE(builder->placed);

    /* The arrays go over to the builder; names are the caller's, and copied. What they refer to is
     * found when all tables are there. */
    table->name = arena_strdup(arena, given->name);
    table->columns = ARENA_ARRAY(arena, struct population_column, table->column_count + 1);
    for (size_t c = 0; c < table->column_count; c++) {
        table->columns[c] = given->columns[c];
        table->columns[c].name = arena_strdup(arena, given->columns[c].name);
        names[c] = refers[c] ? arena_strdup(arena, refers[c]) : NULL;
    }
    VECTOR_PUSH(&builder->refers, names);
    return population_describe(table, builder->customers, pool, error);
}

enum status population_builder_reference(struct population_builder *builder, const char *name,
                                         size_t rows, const uint32_t *key_codes,
                                         const struct population_input *columns,
                                         size_t column_count, struct error *error)
{
    VECTOR_PUSH(&builder->tables,
                (struct population_table){.role = SCHEMA_REFERENCE, .rows = rows});
    struct population_table *table = &builder->tables.items[builder->tables.count - 1];
    table->name = arena_strdup(&builder->internal->arena, name);

    for (size_t row = 0; row < rows; row++)
        if (key_codes[row] >= table->code_count)
            table->code_count = (size_t)key_codes[row] + 1;

    /* the last row of a key counts, as it does when a reference is imported */
    uint32_t *row_of_code = population_array(table->code_count, sizeof *row_of_code);
    memset(row_of_code, 0xff, table->code_count * sizeof *row_of_code);
    for (size_t row = 0; row < rows; row++)
        row_of_code[key_codes[row]] = (uint32_t)row;

    table->row_of_code = row_of_code;
    return take_columns(builder, table, columns, column_count, error);
}

void population_builder_records(struct population_builder *builder, const char *segment,
                                size_t count, const uint32_t *customer, const int64_t *entered,
                                const int64_t *left)
{
    struct pending_records records = {arena_strdup(&builder->internal->arena, segment), count, NULL,
                                      NULL, NULL};
    records.customer = base_malloc((count + 1) * sizeof *customer);
    records.entered = base_malloc((count + 1) * sizeof *entered);
    records.left = base_malloc((count + 1) * sizeof *left);
    for (size_t i = 0; i < count; i++) {
        records.customer[i] = customer[i];
        records.entered[i] = entered[i];
        records.left[i] = left[i];
    }
    VECTOR_PUSH(&builder->records, records);
}

void population_builder_list(struct population_builder *builder, const char *name,
                             const struct text *identifiers, size_t count)
{
    struct arena *arena = &builder->internal->arena;
    struct pending_list list = {arena_strdup(arena, name),
                                ARENA_ARRAY(arena, struct text, count + 1), count};
    for (size_t i = 0; i < count; i++)
        list.identifiers[i] =
            (struct text){arena_strndup(arena, identifiers[i].data, identifiers[i].length),
                          identifiers[i].length};
    VECTOR_PUSH(&builder->lists, list);
}

/* ---- finishing ---- */

/* customer index by position: ascending last activity, then number (stable, as indexes go by
 * number). */
static uint32_t *activity_order(const uint32_t *last, uint32_t customers)
{
    uint64_t *pairs = population_room((size_t)customers + 1, sizeof *pairs);
    uint32_t *order = base_malloc(((size_t)customers + 1) * sizeof *order);
    for (uint32_t c = 0; c < customers; c++)
        pairs[c] = (uint64_t)last[c] << 32 | c; /* as population_sort_pairs wants it */
    population_sort_pairs(pairs, customers);
    for (uint32_t p = 0; p < customers; p++)
        order[p] = (uint32_t)pairs[p];
    free(pairs);
    return order;
}

/* One table on its way from customer order to position order. */
struct move {
    const struct population_table *from;
    struct population_table *to;
    const uint32_t *order;
    uint32_t customers;
    const uint32_t *offset; /* new */
};

/* Tiny runs: a call to memcpy costs more than the copy itself. */
#define MOVE_RUNS(type)                                                                          \
    static void move_##type(const struct move *move, const void *from_, void *to_, size_t begin, \
                            size_t end)                                                          \
    {                                                                                            \
        const type *from = from_;                                                                \
        type *to = to_;                                                                          \
        for (size_t p = begin; p < end; p++) {                                                   \
            if (p + 16 < end)                                                                    \
                __builtin_prefetch(&from[move->from->offset[move->order[p + 16]]]);              \
            const type *in = from + move->from->offset[move->order[p]];                          \
            type *out = to + move->offset[p];                                                    \
            uint32_t count = move->offset[p + 1] - move->offset[p];                              \
            for (uint32_t i = 0; i < count; i++)                                                 \
                out[i] = in[i];                                                                  \
        }                                                                                        \
    }
struct move_pair {
    double latitude, longitude;
};
typedef struct move_pair move_pair;
MOVE_RUNS(uint8_t)
MOVE_RUNS(uint16_t)
MOVE_RUNS(uint32_t)
MOVE_RUNS(uint64_t)
MOVE_RUNS(move_pair)

static void move_column(const struct move *move, size_t c, size_t begin, size_t end)
{
    const struct population_column *from = &move->from->columns[c];
    void *to = (void *)move->to->columns[c].values;
    if (!from->values)
        return;
    switch (from->width) {
    case 1: move_uint8_t(move, from->values, to, begin, end); break;
    case 2: move_uint16_t(move, from->values, to, begin, end); break;
    case 4: move_uint32_t(move, from->values, to, begin, end); break;
    case 8: move_uint64_t(move, from->values, to, begin, end); break;
    default: move_move_pair(move, from->values, to, begin, end); break;
    }
}

/* What is not whole bytes a row: bitmaps and sets, one column after the other. */
static void move_irregular(const struct move *move, size_t c)
{
    const struct population_column *from = &move->from->columns[c];
    struct population_column *to = &move->to->columns[c];
    size_t used = 0;

    for (uint32_t p = 0; p < move->customers; p++) {
        size_t in = move->from->offset[move->order[p]], out = move->offset[p],
               count = move->offset[p + 1] - out;
        if (from->known)
            bits_copy((uint64_t *)to->known, out, from->known, in, count);

        if (!from->set_start)
            continue;

        /* Codes as one block, and where each row's begin, shifted by the block's way. */
        size_t length = from->set_start[in + count] - from->set_start[in];
        memcpy((uint32_t *)to->set_codes + used, from->set_codes + from->set_start[in],
               length * sizeof(uint32_t));
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)to->set_start)[out + i + 1] =
                (uint32_t)(used + from->set_start[in + i + 1] - from->set_start[in]);
        used += length;
    }
}

/* positions: enough work for a task, and tasks enough for all threads */
enum { MOVE_CHUNK = 16384 };

static void move_task(void *context, size_t task, int worker)
{
    const struct move *move = context;
    size_t chunks = (move->customers + MOVE_CHUNK - 1) / MOVE_CHUNK;
    if (task >= chunks) {
        move_irregular(move, task - chunks);
        return;
    }

    /* all columns of the chunk by one worker: `order` and both offsets stay in its cache */
    size_t begin = task * MOVE_CHUNK,
           end = begin + MOVE_CHUNK < move->customers ? begin + MOVE_CHUNK : move->customers;
    move_uint32_t(move, move->from->time, (void *)move->to->time, begin, end);
    for (size_t c = 0; c < move->from->column_count; c++)
        move_column(move, c, begin, end);
}

static void prepare_columns(const struct population_table *from, struct population_table *to,
                            struct arena *arena)
{
    to->columns = ARENA_ARRAY(arena, struct population_column, from->column_count + 1);
    for (size_t c = 0; c < from->column_count; c++) {
        const struct population_column *column = &from->columns[c];
        to->columns[c] = *column;
        to->columns[c].values = column->values ? population_room(from->rows, column->width) : NULL;
        to->columns[c].known = column->known ? population_array(words_of(from->rows), 8) : NULL;
        if (column->set_start) {
            to->columns[c].set_start = population_array(from->rows + 1, sizeof(uint32_t));
            to->columns[c].set_codes =
                population_array(column->set_start[from->rows], sizeof(uint32_t));
        }
    }
}

static void free_unmoved(struct population_table *table)
{
    for (size_t c = 0; c < table->column_count; c++) {
        free((void *)table->columns[c].values);
        free((void *)table->columns[c].known);
        free((void *)table->columns[c].set_start);
        free((void *)table->columns[c].set_codes);
    }
    free((void *)table->offset);
    free((void *)table->time);
}

static enum status move_table(struct population_table *table, const uint32_t *order,
                              uint32_t customers, struct arena *arena, struct pool *pool,
                              struct error *error)
{
    struct population_table to = *table;
    uint32_t *offset = population_array((size_t)customers + 1, sizeof *offset);

    for (uint32_t p = 0; p < customers; p++)
        offset[p + 1] = offset[p] + table->offset[order[p] + 1] - table->offset[order[p]];

    to.offset = offset;
    to.time = population_room(table->rows, sizeof *to.time);
    prepare_columns(table, &to, arena);

    /* Tasks are stretches of customers for what is whole bytes a row, and then one for each column
     * that is not: its bits or codes can only be put one behind the other. */
    struct move move = {table, &to, order, customers, offset};
    size_t chunks = (customers + MOVE_CHUNK - 1) / MOVE_CHUNK;
    pool_run(pool, chunks + table->column_count, move_task, &move);

    free_unmoved(table);
    *table = to;
    return population_describe(table, customers, pool, error);
}

static void resolve_references(struct population_builder *builder)
{
    for (size_t t = 0; t < builder->tables.count; t++) {
        struct population_table *table = &builder->tables.items[t];
        for (size_t c = 0; c < table->column_count; c++) {
            const char *refers = builder->refers.items[t][c];
            for (size_t r = 0; refers && r < builder->tables.count; r++)
                if (builder->tables.items[r].role == SCHEMA_REFERENCE &&
                    strcmp(builder->tables.items[r].name, refers) == 0)
                    table->columns[c].refers = (int)r;
        }
    }
}

static void order_customers(struct population_builder *builder, const uint32_t *order)
{
    uint32_t customers = builder->customers;
    uint64_t *number = population_room(customers, sizeof *number);
    uint32_t *first = population_room(customers, sizeof *first),
             *last = population_room(customers, sizeof *last);
    const char **identifier = population_room(customers, sizeof *identifier);

    for (uint32_t p = 0; p < customers; p++) {
        number[p] = builder->numbers[order[p]];
        first[p] = builder->first[order[p]];
        last[p] = builder->last[order[p]];
        identifier[p] = builder->internal->identifier_at[order[p]];
    }

    free(builder->numbers);
    free(builder->first);
    free(builder->last);
    free(builder->internal->identifier_at);
    builder->numbers = number;
    builder->first = first;
    builder->last = last;
    builder->internal->identifier_at = identifier;
}

static uint32_t position_of(const uint32_t *place, uint32_t customer)
{
    return place ? place[customer] : customer;
}

static struct population_records place_records(const struct pending_records *pending,
                                               const uint32_t *place, uint32_t customers)
{
    uint32_t *offset = population_array((size_t)customers + 1, sizeof *offset);
    int64_t *entered = population_array(pending->count, sizeof *entered);
    int64_t *left = population_array(pending->count, sizeof *left);
    uint32_t *next = base_malloc(((size_t)customers + 1) * sizeof *next);

    /* a counting sort by position: records of one customer stay in the order of time in which they
     * came */
    for (size_t i = 0; i < pending->count; i++)
        offset[position_of(place, pending->customer[i]) + 1]++;
    for (uint32_t p = 0; p < customers; p++)
        offset[p + 1] += offset[p];

    memcpy(next, offset, ((size_t)customers + 1) * sizeof *next);
    for (size_t i = 0; i < pending->count; i++) {
        uint32_t at = next[position_of(place, pending->customer[i])]++;
        entered[at] = pending->entered[i];
        left[at] = pending->left[i];
    }

    free(next);
    return (struct population_records){pending->segment, offset, entered, left};
}

static struct population_list place_list(const struct population *population,
                                         const struct pending_list *pending)
{
    uint64_t *members = population_array(words_of(population->customers), sizeof *members);
    for (size_t i = 0; i < pending->count; i++) {
        uint32_t position;
        if (population_find(population, pending->identifiers[i], &position))
            bit_set(members, position);
    }
    return (struct population_list){pending->name, members};
}

/* place: the position of each customer index; NULL: they are the same. */
static void place_memberships(struct population_builder *builder, struct population *population,
                              const uint32_t *place)
{
    struct arena *arena = &builder->internal->arena;

    population->record_count = builder->records.count;
    population->records = ARENA_ARRAY(arena, struct population_records, builder->records.count + 1);
    for (size_t i = 0; i < builder->records.count; i++)
        population->records[i] =
            place_records(&builder->records.items[i], place, builder->customers);

    population->list_count = builder->lists.count;
    population->lists = ARENA_ARRAY(arena, struct population_list, builder->lists.count + 1);
    for (size_t i = 0; i < builder->lists.count; i++)
        population->lists[i] = place_list(population, &builder->lists.items[i]);
}

/* Everything to its position. What comes back says where each customer index went (NULL: it is the
 * position already); the caller frees it. */
static enum status place_all(struct population_builder *builder, struct pool *pool,
                             uint32_t **place, struct error *error)
{
    uint32_t customers = builder->customers;
    *place = NULL;
    if (builder->placed)
        return STATUS_OK;

    *place = base_malloc(((size_t)customers + 1) * sizeof **place);
    enum status status = STATUS_OK;

    uint32_t *order = activity_order(builder->last, customers);
    for (uint32_t p = 0; p < customers; p++)
        (*place)[order[p]] = p;

    /* Table after table: each is there twice while it moves, and its columns go to all threads. */
    for (size_t t = 0; t < builder->tables.count && status == STATUS_OK; t++)
        if (builder->tables.items[t].role != SCHEMA_REFERENCE)
            status = move_table(&builder->tables.items[t], order, customers,
                                &builder->internal->arena, pool, error);

    order_customers(builder, order);
    free(order);
    return status;
}

enum status population_builder_finish(struct population_builder *builder, struct pool *pool,
                                      struct population **out, struct error *error)
{
    uint32_t *place;
    resolve_references(builder);
    enum status status = place_all(builder, pool, &place, error);
    if (status != STATUS_OK) {
        free(place);
        return status;
    }

    struct population_internal *internal = builder->internal;
    struct population *population = base_calloc(1, sizeof *population);
    population->customers = builder->customers;
    population->number = builder->numbers;
    population->first_time = builder->first;
    population->last_time = builder->last;
    population->zone = builder->zone;
    population->internal = internal;
    population->code_count = (uint32_t)internal->dictionary.count;
    population->serial = population_next_serial();

    /* lists are looked up by identifier, so the customers have to stand at their places by now */
    place_memberships(builder, population, place);
    free(place);
    population->tables =
        ARENA_ARRAY(&internal->arena, struct population_table, builder->tables.count + 1);
    if (builder->tables.count)
        memcpy(population->tables, builder->tables.items,
               builder->tables.count * sizeof *population->tables);
    population->table_count = builder->tables.count;

    /* what the population owns now, the builder must not free */
    builder->first = builder->last = NULL;
    free_pending(builder);
    free(builder->tables.items);
    *builder = (struct population_builder){.zone = builder->zone};
    *out = population;
    return STATUS_OK;
}
