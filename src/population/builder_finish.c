/*
 * From the order in which customers came to the order in which they stand. Finishing orders them by
 * last activity and moves each customer's rows, a short contiguous run, to their new place: linear
 * passes over narrow arrays, handed out to the pool in chunks of positions. Records and lists,
 * which are by customer or identifier, become arrays by position last.
 */
#include "base/bits.h"
#include "population/building.h"

#include <stdlib.h>

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
    building_free_pending(builder);
    free(builder->tables.items);
    *builder = (struct population_builder){.zone = builder->zone};
    *out = population;
    return STATUS_OK;
}
