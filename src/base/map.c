/*
 * Hash maps with linear probing: a key lies in the slot its hash says or in one of the next, with
 * no empty one between. The slots are a power of two and at most half full, and nothing is ever
 * taken out, so that a search is short and ends at the first empty slot.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 16 };

void text_map_init(struct text_map *map)
{
    *map = (struct text_map){0};
    arena_init(&map->keys, 0);
}

void text_map_release(struct text_map *map)
{
    free(map->slots);
    free(map->entries);
    arena_release(&map->keys);
    text_map_init(map);
}

/* The slot that holds key, or the empty one where it belongs. */
static size_t text_slot(const struct text_map *map, struct text key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t slot = hash & mask;

    while (map->slots[slot]) {
        const struct text_map_entry *entry = &map->entries[map->slots[slot] - 1];
        if (entry->hash == hash && text_equal(entry->key, key))
            break;
        slot = (slot + 1) & mask;
    }

    return slot;
}

const struct text_map_entry *text_map_find(const struct text_map *map, struct text key)
{
    if (!map->slot_count)
        return NULL;
    size_t slot = text_slot(map, key, text_hash(key));
    return map->slots[slot] ? &map->entries[map->slots[slot] - 1] : NULL;
}

static void text_map_grow(struct text_map *map)
{
    size_t slots = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;

    /* Keys stay where they are: the slots hold numbers of entries, and entries their hashes. */
    free(map->slots);
    map->slots = base_calloc(slots, sizeof *map->slots);
    map->slot_count = slots;

    for (size_t i = 0; i < map->count; i++) {
        size_t slot = map->entries[i].hash & (slots - 1);
        while (map->slots[slot])
            slot = (slot + 1) & (slots - 1);
        map->slots[slot] = (uint32_t)(i + 1);
    }
}

static struct text_map_entry *text_map_entry(struct text_map *map, struct text key, uint64_t value,
                                             bool *is_new)
{
    if ((map->count + 1) * 2 > map->slot_count)
        text_map_grow(map);

    uint64_t hash = text_hash(key);
    size_t slot = text_slot(map, key, hash);
    if (is_new)
        *is_new = !map->slots[slot];
    if (map->slots[slot])
        return &map->entries[map->slots[slot] - 1];

    ENSURE(map->count < UINT32_MAX - 1);
    if (map->count == map->capacity) {
        map->capacity = map->capacity ? map->capacity * 2 : FIRST_SLOTS;
        map->entries = base_realloc(map->entries, map->capacity * sizeof *map->entries);
    }

    struct text_map_entry *entry = &map->entries[map->count++];
    entry->key = (struct text){arena_strndup(&map->keys, key.data, key.length), key.length};
    entry->value = value;
    entry->hash = hash;
    map->slots[slot] = (uint32_t)map->count;
    return entry;
}

uint64_t text_map_put(struct text_map *map, struct text key, uint64_t value, bool *is_new)
{
    return text_map_entry(map, key, value, is_new)->value;
}

void text_map_set(struct text_map *map, struct text key, uint64_t value)
{
    text_map_entry(map, key, value, NULL)->value = value;
}

void number_map_init(struct number_map *map)
{
    *map = (struct number_map){0};
}

void number_map_release(struct number_map *map)
{
    free(map->keys);
    free(map->values);
    free(map->used);
    number_map_init(map);
}

static size_t number_slot(const struct number_map *map, uint64_t key)
{
    size_t mask = map->slot_count - 1;

    /* Keys as they are would share slots where they differ in their upper bits only. Multiplied by
     * 2^64 divided by the golden ratio, which spreads them, all bits of a key reach the upper half
     * of the product; that is folded down onto the bits that choose. */
    uint64_t hash = key * 0x9e3779b97f4a7c15u;
    size_t slot = (hash ^ (hash >> 32)) & mask;

    while (map->used[slot] && map->keys[slot] != key)
        slot = (slot + 1) & mask;
    return slot;
}

bool number_map_find(const struct number_map *map, uint64_t key, uint64_t *value)
{
    if (!map->slot_count)
        return false;
    size_t slot = number_slot(map, key);
    if (map->used[slot] && value)
        *value = map->values[slot];
    return map->used[slot];
}

static void number_map_grow(struct number_map *map)
{
    struct number_map old = *map;
    map->slot_count = old.slot_count ? old.slot_count * 2 : FIRST_SLOTS;
    map->keys = base_malloc(map->slot_count * sizeof *map->keys);
    map->values = base_malloc(map->slot_count * sizeof *map->values);
    map->used = base_calloc(map->slot_count, 1);

    for (size_t i = 0; i < old.slot_count; i++) {
        if (!old.used[i])
            continue;
        size_t slot = number_slot(map, old.keys[i]);
        map->used[slot] = 1;
        map->keys[slot] = old.keys[i];
        map->values[slot] = old.values[i];
    }

    free(old.keys);
    free(old.values);
    free(old.used);
}

uint64_t number_map_put(struct number_map *map, uint64_t key, uint64_t value, bool *is_new)
{
    if ((map->count + 1) * 2 > map->slot_count)
        number_map_grow(map);

    size_t slot = number_slot(map, key);
    if (is_new)
        *is_new = !map->used[slot];
    if (map->used[slot])
        return map->values[slot];

    map->used[slot] = 1;
    map->keys[slot] = key;
    map->values[slot] = value;
    map->count++;
    return value;
}

void number_map_set(struct number_map *map, uint64_t key, uint64_t value)
{
    number_map_put(map, key, value, NULL);
    map->values[number_slot(map, key)] = value;
}
