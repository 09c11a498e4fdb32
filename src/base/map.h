/*
 * Hash maps with open addressing: text to number and number to number. Keys of a text map are
 * copied into the map's own arena. Not thread-safe for writers; any number of readers may look up
 * while nobody writes.
 */
#ifndef STRATA_BASE_MAP_H
#define STRATA_BASE_MAP_H

#include "base/text.h"

struct text_map_entry {
    struct text key; /* NUL-terminated too */
    uint64_t value;
    uint64_t hash;
};

struct text_map {
    uint32_t *slots; /* index into entries + 1; 0 is empty */
    size_t slot_count;
    struct text_map_entry *entries; /* in order of insertion */
    size_t count, capacity;
    struct arena keys;
};

void text_map_init(struct text_map *map);
void text_map_release(struct text_map *map);
/* The entry of key, or NULL. Valid until the next insertion. */
const struct text_map_entry *text_map_find(const struct text_map *map, struct text key);
/* The value of key; inserts value when the key is new and says so in *is_new (may be NULL). At most
 * 2^32 − 2 keys. */
uint64_t text_map_put(struct text_map *map, struct text key, uint64_t value, bool *is_new);
/* Sets the value of key, new or not. */
void text_map_set(struct text_map *map, struct text key, uint64_t value);

struct number_map {
    uint64_t *keys, *values;
    unsigned char *used;
    size_t slot_count, count;
};

void number_map_init(struct number_map *map);
void number_map_release(struct number_map *map);
bool number_map_find(const struct number_map *map, uint64_t key, uint64_t *value);
/* As text_map_put. */
uint64_t number_map_put(struct number_map *map, uint64_t key, uint64_t value, bool *is_new);
/* Sets the value of key, new or not. */
void number_map_set(struct number_map *map, uint64_t key, uint64_t value);

#endif
