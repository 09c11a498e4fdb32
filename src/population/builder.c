/*
 * Building a population: what comes in. Tables come with rows by customer, time and arrival. They
 * are narrowed at once (builder_columns.c), so that the builder never holds wide copies of them;
 * where their rows stand is settled when all is there (builder_finish.c).
 */
#include "population/building.h"

#include <stdlib.h>

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

void building_free_pending(struct population_builder *builder)
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
    building_free_pending(builder);
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
    return building_take_columns(builder, table, columns, column_count, error);
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
    return building_take_columns(builder, table, columns, column_count, error);
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
