/* What the builder hands over to the finished population, beyond the public picture. Only for this room. */
#ifndef STRATA_POPULATION_INTERNAL_H
#define STRATA_POPULATION_INTERNAL_H

#include "base/map.h"
#include "population/population.h"

#include <pthread.h>
#include <stdatomic.h>

struct population_internal {
    struct arena arena;         /* names and the small structures */
    struct text_map dictionary; /* text to code */
    char *identifier_bytes;     /* the first identifiers, one behind the other, by customer number */
    uint64_t *identifier_start; /* customers + 1 */
    uint32_t *identifier_of;    /* by position: which of them */
    /* Made when somebody is first looked for: most questions are about everyone. Open addressing, position + 1. */
    _Atomic(uint32_t *) identifier_slots;
    size_t identifier_slot_count;
    pthread_mutex_t mutex; /* guards the making of the slots */
};

/* Zeroed memory for count items of size bytes, readable POPULATION_PADDING bytes past its end, on a cache line. */
void *population_array(size_t count, size_t size);
/* The same with nothing in it yet but the padding, which is zero: for what is written whole. */
void *population_room(size_t count, size_t size);
/* population_builder_table with times made by population_room, which the builder takes over, whatever comes of it. */
enum status population_builder_table_with(struct population_builder *builder, const char *name, enum schema_role role,
                                          size_t rows, const uint32_t *customer, uint32_t *time,
                                          const struct population_input *columns, size_t column_count,
                                          struct error *error);

#endif
