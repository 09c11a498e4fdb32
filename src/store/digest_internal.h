/*
 * XXH3 (64 bits, seed 0) of bytes that come one after the other: the library's, in the ways this
 * processor can run it. A distribution compiles its library for the oldest processor it knows,
 * which leaves two thirds of the speed of one with AVX2 unused; so the library's header, which
 * holds its source, is compiled once more for that one (digest.c). Every way has the same answer.
 */
#ifndef STRATA_STORE_DIGEST_INTERNAL_H
#define STRATA_STORE_DIGEST_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

struct digest; /* what has come so far */

struct digest_way {
    const char *name;            /* "AVX2" */
    struct digest *(*new)(void); /* ends the program when there is no memory */
    void (*free)(struct digest *digest);
    void (*begin)(struct digest *digest);
    void (*add)(struct digest *digest, const unsigned char *bytes, size_t length);
    uint64_t (*value)(const struct digest *digest);
};

/* The ways this processor can go, from the fastest on; NULL after the last. */
const struct digest_way *digest_way(size_t i);

#endif
