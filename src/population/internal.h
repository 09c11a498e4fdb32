/* What the builder hands over to the finished population, beyond the public picture. Only for this room. */
#ifndef STRATA_POPULATION_INTERNAL_H
#define STRATA_POPULATION_INTERNAL_H

#include "base/map.h"
#include "population/population.h"

struct population_internal {
    struct arena arena;         /* names and the small structures */
    struct text_map dictionary; /* text to code */
    char *identifier_bytes;     /* the first identifiers, one behind the other, by position */
    uint64_t *identifier_start; /* customers + 1 */
    uint32_t *identifier_slots; /* open addressing: position + 1, 0 is empty */
    size_t identifier_slot_count;
};

/* Zeroed memory for count items of size bytes, readable POPULATION_PADDING bytes past its end, on a cache line. */
void *population_array(size_t count, size_t size);

#endif
