/* Hashing pieces of a file, by threads that share each piece. */
#ifndef STRATA_STORE_HASH_INTERNAL_H
#define STRATA_STORE_HASH_INTERNAL_H

#include "catalog/catalog.h"

/* In: the ranges, whose bytes count one after the other. Out: their XXH3 (64 bits, seed 0), or why
 * there is none. */
struct hash_piece {
    const struct catalog_range *ranges;
    size_t range_count;
    uint64_t value;
    int failed; /* 0; errno; −1 when the file ends too early */
};

/* Threads (as many as asked, 0 for what the machine offers; started for the first large work) and
 * scratch memory, to be kept: used by one thread at a time. */
struct hasher;
struct hasher *hasher_new(int threads);
/* Another number of threads, before the first large work. */
void hasher_limit(struct hasher *hasher, int threads);
void hasher_free(struct hasher *hasher);
void hasher_run(struct hasher *hasher, int file, struct hash_piece *pieces, size_t count);

#endif
