/* Sets of bits in words of 64: bit p is bit p % 64 of word p / 64. Bits past the last one may be
 * anything unless said.
 */
#ifndef STRATA_BASE_BITS_H
#define STRATA_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORD_BITS = 64 };

static inline size_t words_of(size_t bits)
{
    return (bits + WORD_BITS - 1) / WORD_BITS;
}

static inline bool bit_at(const uint64_t *bits, size_t at)
{
    return bits[at / WORD_BITS] >> (at % WORD_BITS) & 1;
}

static inline void bit_set(uint64_t *bits, size_t at)
{
    bits[at / WORD_BITS] |= (uint64_t)1 << (at % WORD_BITS);
}

static inline void bit_clear(uint64_t *bits, size_t at)
{
    bits[at / WORD_BITS] &= ~((uint64_t)1 << (at % WORD_BITS));
}

/* Sets it where value is true, and leaves it as it is where not. */
static inline void bit_or(uint64_t *bits, size_t at, bool value)
{
    bits[at / WORD_BITS] |= (uint64_t)value << (at % WORD_BITS);
}

/* Sets bits [at, at + count). */
static inline void bits_set(uint64_t *bits, size_t at, size_t count)
{
    for (size_t room; count; at += room, count -= room) { /* word by word */
        room = WORD_BITS - at % WORD_BITS;
        if (room > count)
            room = count;
        bits[at / WORD_BITS] |= UINT64_MAX >> (WORD_BITS - room) << (at % WORD_BITS);
    }
}

/* Bits [at, at + count) become what bits [begin, begin + count) of from are. */
static inline void bits_copy(uint64_t *to, size_t at, const uint64_t *from, size_t begin,
                             size_t count)
{
    for (size_t room; count; at += room, begin += room, count -= room) {
        size_t out = at % WORD_BITS, in = begin % WORD_BITS;
        room = WORD_BITS - (in > out ? in : out); /* until one of the two comes to its next word */
        if (room > count)
            room = count;
        uint64_t mask = UINT64_MAX >> (WORD_BITS - room);
        uint64_t some = from[begin / WORD_BITS] >> in & mask;
        to[at / WORD_BITS] = (to[at / WORD_BITS] & ~(mask << out)) | some << out;
    }
}

/* The first set bit in [begin, end), or end. */
static inline uint32_t first_bit(const uint64_t *bits, uint32_t begin, uint32_t end)
{
    /* From at on the bits of its word, then from the next word's first. What the last word has past
     * the end is not asked. */
    for (uint32_t at = begin; at < end; at = (at | (WORD_BITS - 1)) + 1) {
        uint64_t word = bits[at / WORD_BITS] >> (at % WORD_BITS);

        if (word) {
            uint32_t row = at + (uint32_t)__builtin_ctzll(word);
            return row < end ? row : end;
        }
    }
    return end;
}

/* The last set bit in [begin, end), or end. */
static inline uint32_t last_bit(const uint64_t *bits, uint32_t begin, uint32_t end)
{
    /* The mirror of first_bit: the bits below at are moved to the top of the word. */
    for (uint32_t at = end; at > begin; at = (at - 1) & ~(uint32_t)(WORD_BITS - 1)) {
        uint64_t word = bits[(at - 1) / WORD_BITS] << (WORD_BITS - 1 - (at - 1) % WORD_BITS);

        if (word) {
            uint32_t row = at - 1 - (uint32_t)__builtin_clzll(word);
            return row >= begin && row < at ? row : end;
        }
    }
    return end;
}

#endif
