/*
 * The dictionary: texts by code in an array, and codes by text in a table with linear probing. A
 * slot holds half of the hash beside the code, so that a text is looked at only where it is nearly
 * certain to be the one.
 */
#include "population/dictionary.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SLOTS = 64,
    SEARCHES = 4,   /* looked through so often before a table is made */
    FEW_TEXTS = 64, /* of which none is made: looking through them is as quick */
};

void dictionary_init(struct dictionary *dictionary)
{
    *dictionary = (struct dictionary){0};
    arena_init(&dictionary->bytes, 0);
    pthread_mutex_init(&dictionary->mutex, NULL);
}

void dictionary_release(struct dictionary *dictionary)
{
    free(dictionary->texts);
    free(dictionary->slots);
    arena_release(&dictionary->bytes);
    pthread_mutex_destroy(&dictionary->mutex);
}

static uint64_t upper_half(uint64_t hash)
{
    return hash & ~(uint64_t)UINT32_MAX;
}

static void put_slot(struct dictionary *dictionary, uint64_t hash, uint64_t code)
{
    size_t mask = dictionary->slot_count - 1, slot = hash & mask;
    while (dictionary->slots[slot])
        slot = (slot + 1) & mask;
    dictionary->slots[slot] = upper_half(hash) | (code + 1);
}

/* Makes the slots speak of all texts, at most half of them full. */
static void hash_all(struct dictionary *dictionary)
{
    size_t slots = dictionary->slot_count ? dictionary->slot_count : FIRST_SLOTS;
    while (slots < dictionary->count * 2)
        slots *= 2;

    if (slots != dictionary->slot_count) {
        free(dictionary->slots);
        dictionary->slots = base_calloc(slots, sizeof *dictionary->slots);
        dictionary->slot_count = slots;
        dictionary->hashed = 0;
    }

    for (; dictionary->hashed < dictionary->count; dictionary->hashed++)
        put_slot(dictionary, text_hash(dictionary->texts[dictionary->hashed]), dictionary->hashed);
}

static bool find_slot(const struct dictionary *dictionary, struct text text, uint64_t hash,
                      uint32_t *code)
{
    size_t mask = dictionary->slot_count - 1;
    for (size_t slot = hash & mask; dictionary->slots[slot]; slot = (slot + 1) & mask) {
        uint64_t found = dictionary->slots[slot];
        uint32_t at = (uint32_t)found - 1;
        if (upper_half(found) == upper_half(hash) && text_equal(dictionary->texts[at], text)) {
            *code = at;
            return true;
        }
    }
    return false;
}

static bool search(const struct dictionary *dictionary, struct text text, uint32_t *code)
{
    for (size_t i = 0; i < dictionary->count; i++)
        if (text_equal(dictionary->texts[i], text)) {
            *code = (uint32_t)i;
            return true;
        }
    return false;
}

uint32_t dictionary_add(struct dictionary *dictionary, struct text text)
{
    uint32_t code;
    uint64_t hash = text_hash(text);

    /* Too full for one more, or there are texts that were taken over and never hashed. */
    if ((dictionary->count + 1) * 2 > dictionary->slot_count ||
        dictionary->hashed < dictionary->count)
        hash_all(dictionary);
    if (find_slot(dictionary, text, hash, &code))
        return code;

    ENSURE(dictionary->count < UINT32_MAX - 1);
    if (dictionary->count == dictionary->capacity) {
        dictionary->capacity = dictionary->capacity ? dictionary->capacity * 2 : FIRST_SLOTS;
        dictionary->texts =
            base_realloc(dictionary->texts, dictionary->capacity * sizeof *dictionary->texts);
    }

    code = (uint32_t)dictionary->count++;
    dictionary->texts[code] =
        (struct text){arena_strndup(&dictionary->bytes, text.data, text.length), text.length};
    put_slot(dictionary, hash, code);
    dictionary->hashed = dictionary->count;
    return code;
}

void dictionary_take(struct dictionary *dictionary, struct text *texts, size_t count,
                     const struct arena *bytes)
{
    ENSURE(dictionary->count == 0);
    free(dictionary->texts);
    arena_release(&dictionary->bytes);
    dictionary->texts = texts;
    dictionary->count = dictionary->capacity = count;
    dictionary->bytes = *bytes;
}

bool dictionary_find(struct dictionary *dictionary, struct text text, uint32_t *code)
{
    pthread_mutex_lock(&dictionary->mutex);
    bool hashed = dictionary->slots && dictionary->hashed == dictionary->count;
    if (!hashed && dictionary->count > FEW_TEXTS && ++dictionary->searches > SEARCHES) {
        hash_all(dictionary);
        hashed = true;
    }
    pthread_mutex_unlock(&dictionary->mutex);
    return hashed ? find_slot(dictionary, text, text_hash(text), code)
                  : search(dictionary, text, code);
}

size_t dictionary_bytes(const struct dictionary *dictionary)
{
    return dictionary->bytes.taken + dictionary->capacity * sizeof *dictionary->texts +
           dictionary->slot_count * sizeof *dictionary->slots;
}
