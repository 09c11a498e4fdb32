/*
 * The dictionary of a population: texts by code, and codes by text when somebody asks. A store may
 * have a million texts, and most commands look up a handful: so the first few are simply searched
 * for, and the table of hashes is made only for who asks more often. Only for this room.
 */
#ifndef STRATA_POPULATION_DICTIONARY_H
#define STRATA_POPULATION_DICTIONARY_H

#include "base/text.h"

#include <pthread.h>

struct dictionary {
    struct text *texts; /* by code; NUL behind each */
    size_t count, capacity;
    struct arena bytes;
    /* Open addressing over texts 0…hashed−1: the upper half of the hash, and code + 1. */
    uint64_t *slots;
    size_t slot_count, hashed;
    unsigned searches;     /* without slots */
    pthread_mutex_t mutex; /* guards slots, hashed and searches once the dictionary is shared */
};

void dictionary_init(struct dictionary *dictionary);
void dictionary_release(struct dictionary *dictionary);
/* The code of text, which is added when it is new. Single-threaded, as the next. */
uint32_t dictionary_add(struct dictionary *dictionary, struct text text);
/* Takes over all texts of a dictionary that has none, codes 0…count−1, no two of them equal: texts
 * is from base_malloc, the bytes are in the arena. */
void dictionary_take(struct dictionary *dictionary, struct text *texts, size_t count,
                     const struct arena *bytes);
/* False when there is no such text. From any thread when nobody adds. */
bool dictionary_find(struct dictionary *dictionary, struct text text, uint32_t *code);
size_t dictionary_bytes(const struct dictionary *dictionary);

#endif
