/* What the builder hands over to the finished population, beyond the public picture. Only for this
 * room. */
#ifndef STRATA_POPULATION_INTERNAL_H
#define STRATA_POPULATION_INTERNAL_H

#include "population/dictionary.h"
#include "population/population.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct population_internal {
    struct arena arena; /* names and the small structures */
    struct dictionary dictionary;
    /* By position: the first identifier, its length (uint32_t) before its bytes; NULL for none.
     * They lie in the arena.
     */
    const char **identifier_at;
    struct arena identifiers;
    /* Made when somebody is first looked for: most questions are about everyone. Open addressing,
     * position + 1. */
    _Atomic(uint32_t *) identifier_slots;
    size_t identifier_slot_count;
    pthread_mutex_t mutex; /* guards the making of the slots */
};

/* A number that no population of the process has. */
uint64_t population_next_serial(void);
/* Zeroed memory for count items of size bytes, readable POPULATION_PADDING bytes past its end, on a
 * cache line. */
void *population_array(size_t count, size_t size);
/* The same with nothing in it yet but the padding, which is zero: for what is written whole. */
void *population_room(size_t count, size_t size);
/* How many bytes a column takes for each value when those lie within a range: 0 where all are the
 * same. */
static inline unsigned population_width(uint64_t range)
{
    unsigned width = 1;
    while (width < 8 && range >> (8 * width))
        width *= 2;
    return range == 0 ? 0 : width;
}
/* Writes an identifier as identifier_at wants it and returns the byte behind it. */
static inline char *population_put_identifier(char *at, struct text identifier)
{
    uint32_t length = (uint32_t)identifier.length;
    memcpy(at, &length, sizeof length);
    if (length)
        memcpy(at + sizeof length, identifier.data, length);
    return at + sizeof length + length;
}

/* Sorts count pairs, each a key in the upper and an item in the lower half, by key; equal keys stay
 * as they are. */
void population_sort_pairs(uint64_t *pairs, size_t count);
/*
 * What follows from offset and time of a table whose rows stand by position: last_time, block_last,
 * one_each, time_min, time_max. STATUS_ERROR when a customer's rows do not go by time. pool may be
 * NULL.
 */
enum status population_describe(struct population_table *table, uint32_t customers,
                                struct pool *pool, struct error *error);

/*
 * For who knows the order of activity before any row is read: customers and rows come in their
 * final places, and nothing is copied. All arrays were made by population_room or population_array;
 * the builder takes them over, whatever comes of it.
 */
struct population_placed {
    uint32_t customers;
    /* by position, as all of these; identifiers as in struct population_internal */
    uint64_t *number;
    uint32_t *first, *last;
    const char **identifier_at;
    struct arena identifiers;
};
/* Where the loader puts what it knows of texts. */
struct dictionary *population_builder_dictionary(struct population_builder *builder);
void population_builder_placed(struct population_builder *builder,
                               const struct population_placed *customers);
/* given: a table but for what population_describe fills in; names are copied; refers: by column,
 * the reference table or NULL. */
enum status population_builder_placed_table(struct population_builder *builder,
                                            const struct population_table *given,
                                            const char *const *refers, struct pool *pool,
                                            struct error *error);

/* What stands in a row, above the column's base. */
static inline uint64_t population_stored(const struct population_column *column, size_t row)
{
    switch (column->width) {
    case 1: return ((const uint8_t *)column->values)[row];
    case 2: return ((const uint16_t *)column->values)[row];
    case 4: return ((const uint32_t *)column->values)[row];
    case 8: return ((const uint64_t *)column->values)[row];
    default: return 0;
    }
}

#endif
