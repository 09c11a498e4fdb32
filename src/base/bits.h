/* Sets of bits in words of 64: bit p is bit p % 64 of word p / 64. Bits past the last one may be
 * anything unless said.
 */
#ifndef STRATA_BASE_BITS_H
#define STRATA_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t words_of(size_t bits)
{
    return (bits + 63) / 64;
}

static inline bool bit_at(const uint64_t *bits, size_t at)
{
    return bits[at / 64] >> (at % 64) & 1;
}

static inline void bit_set(uint64_t *bits, size_t at)
{
    bits[at / 64] |= (uint64_t)1 << (at % 64);
}

static inline void bit_clear(uint64_t *bits, size_t at)
{
    bits[at / 64] &= ~((uint64_t)1 << (at % 64));
}

/* Sets it where value is true, and leaves it as it is where not. */
static inline void bit_or(uint64_t *bits, size_t at, bool value)
{
    bits[at / 64] |= (uint64_t)value << (at % 64);
}

/* Sets bits [at, at + count). */
static inline void bits_set(uint64_t *bits, size_t at, size_t count)
{
    for (size_t room; count; at += room, count -= room) { /* word by word */
        room = 64 - at % 64;
        if (room > count)
            room = count;
        bits[at / 64] |= UINT64_MAX >> (64 - room) << (at % 64);
    }
}

/* Bits [at, at + count) become what bits [begin, begin + count) of from are. */
static inline void bits_copy(uint64_t *to, size_t at, const uint64_t *from, size_t begin,
                             size_t count)
{
    for (size_t room; count; at += room, begin += room, count -= room) {
        size_t out = at % 64, in = begin % 64;
        room = 64 - (in > out ? in : out); /* until one of the two comes to its next word */
        if (room > count)
            room = count;
        uint64_t mask = UINT64_MAX >> (64 - room);
        uint64_t some = from[begin / 64] >> in & mask;
        to[at / 64] = (to[at / 64] & ~(mask << out)) | some << out;
    }
}

/* The first set bit in [begin, end), or end. */
static inline uint32_t first_bit(const uint64_t *bits, uint32_t begin, uint32_t end)
{
    for (uint32_t at = begin; at < end; at = (at | 63) + 1) {
        uint64_t word = bits[at / 64] >> (at % 64);
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
    for (uint32_t at = end; at > begin; at = (at - 1) & ~UINT32_C(63)) {
        uint64_t word = bits[(at - 1) / 64] << (63 - (at - 1) % 64);
        if (word) {
            uint32_t row = at - 1 - (uint32_t)__builtin_clzll(word);
            return row >= begin && row < at ? row : end;
        }
    }
    return end;
}

#endif
