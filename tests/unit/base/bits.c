/* Runs of bits, held against the same bit by bit. */
#include "unit/unit.h"

#include "base/bits.h"

#include <string.h>

enum { WORDS = 6, BITS = WORDS * 64, ROUNDS = 20000 };

static void fill(uint64_t *bits, uint64_t *random)
{
    for (size_t w = 0; w < WORDS; w++)
        bits[w] = unit_random(random) ^ unit_random(random) << 32;
}

/* Runs begin and end at the edges of words more often than chance would have it. */
static size_t some_place(size_t most, uint64_t *random)
{
    size_t place = unit_random(random) % (most + 1);
    return unit_random(random) % 3 ? place : place / 64 * 64;
}

static void runs_are_set(void **state)
{
    (void)state;
    uint64_t random = 11, bits[WORDS], expected[WORDS];
    for (int round = 0; round < ROUNDS; round++) {
        size_t at = some_place(BITS, &random), count = some_place(BITS - at, &random);
        fill(bits, &random);
        memcpy(expected, bits, sizeof bits);
        for (size_t i = 0; i < count; i++)
            bit_set(expected, at + i);
        bits_set(bits, at, count);
        assert_memory_equal(bits, expected, sizeof bits);
    }
}

static void runs_are_copied(void **state)
{
    (void)state;
    uint64_t random = 12, from[WORDS], bits[WORDS], expected[WORDS];
    for (int round = 0; round < ROUNDS; round++) {
        size_t at = some_place(BITS, &random), begin = some_place(BITS, &random);
        size_t count = some_place(BITS - (at > begin ? at : begin), &random);
        fill(from, &random);
        fill(bits, &random);
        memcpy(expected, bits, sizeof bits);
        for (size_t i = 0; i < count; i++) {
            bit_clear(expected, at + i);
            bit_or(expected, at + i, bit_at(from, begin + i));
        }
        bits_copy(bits, at, from, begin, count);
        assert_memory_equal(bits, expected, sizeof bits);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(runs_are_set),
    cmocka_unit_test(runs_are_copied),
};
UNIT_MAIN(tests)
