/*
 * XXH3 (64 bits, seed 0) of long inputs, by parts. The hash runs over its input in blocks of 1024
 * bytes: eight lanes take up what a block comes to, and are stirred after it. Only the stirring
 * depends on what came before; what a block comes to (its sum) depends on the block alone. So any
 * number of threads can sum blocks in any order, which is nearly all of the work, and one of them
 * folds the sums in order of blocks. The hash is the one that the library makes (for which
 * tests/unit/store holds them side by side); but there a thread has to go through an input from its
 * start to its end.
 *
 * The bytes of the last block, from 1 to 1024, are no block but the end: its sum is taken
 * differently, and it is not stirred. Inputs shorter than XXH3_LEAST go by rules of their own,
 * which are left to the library.
 */
#ifndef STRATA_STORE_XXH3_INTERNAL_H
#define STRATA_STORE_XXH3_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

enum {
    XXH3_LEAST = 241,  /* bytes of an input */
    XXH3_BLOCK = 1024, /* bytes */
    XXH3_STRIPE =
        64, /* bytes; so many must lie before the end of an input, be it in the block before */
    XXH3_LANES = 8,
};

struct xxh3_sum {
    uint64_t lanes[XXH3_LANES];
};

/* Sums of so many whole blocks, none of which is an input's end. Any alignment. */
struct xxh3_set {
    const char *name; /* "AVX2" */
    void (*sum)(const unsigned char *bytes, size_t blocks, struct xxh3_sum *out);
};
/* The sets of instructions this processor has, from the best on; NULL after the last, which is
 * plain C. */
const struct xxh3_set *xxh3_set(size_t i);

/* The sum of the end: length bytes, 1 to XXH3_BLOCK, before which lies the rest of the input. */
void xxh3_sum_end(const unsigned char *bytes, size_t length, struct xxh3_sum *out);

/* The lanes on their way: begun once, folded over all blocks in order. */
void xxh3_begin(struct xxh3_sum *lanes);
void xxh3_fold(struct xxh3_sum *lanes, const struct xxh3_sum *sums, size_t blocks);
/* The hash of an input of so many bytes. */
uint64_t xxh3_finish(const struct xxh3_sum *lanes, const struct xxh3_sum *end, uint64_t length);

#endif
