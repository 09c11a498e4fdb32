/* Each set of kernels against one row at a time: every length up to a few words, at addresses that
 * fit nothing. */
#include "plan/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

enum { LONGEST = 200, EDGE = 3, ROOM = LONGEST + EDGE + 1 };

static uint64_t seed = 7;

static uint64_t random_number(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return seed >> 31 ^ seed << 7;
}

/* Few different values and the ends of the type, so that bounds are met. */
static uint64_t random_value(void)
{
    switch (random_number() % 8) {
    case 0: return 0;
    case 1: return UINT64_MAX;
    case 2: return (uint64_t)INT64_MIN;
    case 3: return (uint64_t)INT64_MAX;
    case 4: return random_number();
    default: return 100 + random_number() % 8;
    }
}

/* Room for a bit a row and the word behind, filled with what must not be read. */
static uint64_t *fresh_bits(void)
{
    uint64_t *bits = malloc((LONGEST / 64 + 2) * sizeof *bits);
    memset(bits, 0xa5, (LONGEST / 64 + 2) * sizeof *bits);
    return bits;
}

static void same_bits(const char *set, const char *kernel, const uint64_t *bits,
                      const bool *expected, size_t count)
{
    for (size_t row = 0; row < (count + 63) / 64 * 64; row++) {
        bool want = row < count && expected[row];
        if ((bits[row / 64] >> (row % 64) & 1) != want)
            fail_msg("%s, %s: row %zu of %zu should be %d", set, kernel, row, count, want);
    }
}

#define CHECK_UNSIGNED(type, kernel)                                                       \
    do {                                                                                   \
        type *values = malloc((count + EDGE) * sizeof *values), lo = (type)random_value(); \
        type span = (type)random_value();                                                  \
        for (size_t row = 0; row < count; row++) {                                         \
            values[EDGE + row] = (type)random_value();                                     \
            expected[row] = (type)(values[EDGE + row] - lo) <= span;                       \
        }                                                                                  \
        kernels->kernel(values + EDGE, count, lo, span, bits);                             \
        same_bits(set, #kernel, bits, expected, count);                                    \
        free(values);                                                                      \
    } while (0)

static void check_signed(const char *set, const struct kernels *kernels, size_t count,
                         uint64_t *bits, bool *expected)
{
    int64_t *values = malloc((count + EDGE) * sizeof *values), lo = (int64_t)random_value(),
            hi = (int64_t)random_value();
    for (size_t row = 0; row < count; row++) {
        values[EDGE + row] = (int64_t)random_value();
        expected[row] = lo <= values[EDGE + row] && values[EDGE + row] <= hi;
    }
    kernels->range_i64(values + EDGE, count, lo, hi, bits);
    same_bits(set, "range_i64", bits, expected, count);
    free(values);
}

static void check_doubles(const char *set, const struct kernels *kernels, size_t count,
                          uint64_t *bits, bool *expected)
{
    static const double ENDS[] = {-0.0, 0.0, 1.5, -1.0 / 0.0, 1.0 / 0.0, 0.0 / 0.0, 1e300, -2};
    double *values = malloc((count + EDGE) * sizeof *values), lo = ENDS[random_number() % 8],
           hi = ENDS[random_number() % 8];
    for (size_t row = 0; row < count; row++) {
        values[EDGE + row] = ENDS[random_number() % 8];
        expected[row] = lo <= values[EDGE + row] && values[EDGE + row] <= hi;
    }
    kernels->range_f64(values + EDGE, count, lo, hi, bits);
    same_bits(set, "range_f64", bits, expected, count);
    free(values);
}

static void check_differ(const char *set, const struct kernels *kernels, size_t count,
                         uint64_t *bits, bool *expected)
{
    uint32_t *a = malloc((count + EDGE) * sizeof *a), *b = malloc((count + EDGE) * sizeof *b);
    uint32_t add = (uint32_t)random_value();
    int64_t *wide = malloc((count + 1) * sizeof *wide);
    for (size_t row = 0; row < count; row++) {
        a[EDGE + row] = (uint32_t)random_value();
        b[row] = random_number() % 2 ? a[EDGE + row] + add : (uint32_t)random_value();
        expected[row] = a[EDGE + row] + add != b[row];
    }
    kernels->differ_u32(a + EDGE, add, b, count, bits);
    same_bits(set, "differ_u32", bits, expected, count);
    kernels->widen_u32(a + EDGE, count, wide);
    for (size_t row = 0; row < count; row++)
        assert_int_equal(wide[row], a[EDGE + row]);
    free(a);
    free(b);
    free(wide);
}

/* Ranges of every length, none included, that end with the rows. */
static void check_counts(const struct kernels *kernels, size_t count)
{
    uint64_t *bits = fresh_bits();
    uint32_t ends[LONGEST * 2], counts[LONGEST * 2], before[LONGEST / 64 + 2],
        base = (uint32_t)random_number();
    size_t ranges = 0;
    for (size_t row = 0; row < count; row++) /* what lies past the last row may be anything */
        bits[row / 64] = (bits[row / 64] & ~(UINT64_C(1) << row % 64)) | (random_number() % 2)
                                                                             << row % 64;
    for (size_t end = 0; ranges < LONGEST * 2 - 1 && end < count; end += random_number() % 5)
        ends[ranges++] = base + (uint32_t)end;
    ends[ranges++] = base + (uint32_t)count;
    kernels->count_ranges(bits, count, ends, base, ranges, before, counts);
    size_t row = 0;
    for (size_t i = 0; i < ranges; i++) {
        uint32_t set = 0;
        for (; row < ends[i] - base; row++)
            set += bits[row / 64] >> (row % 64) & 1;
        assert_int_equal(counts[i], set);
    }
    free(bits);
}

static void check_all(const char *set, const struct kernels *kernels)
{
    bool expected[ROOM];
    for (size_t i = 0; i < 20 * (LONGEST + 1); i++) {
        size_t count = i % (LONGEST + 1);
        uint64_t *bits = fresh_bits();
        CHECK_UNSIGNED(uint8_t, range_u8);
        CHECK_UNSIGNED(uint16_t, range_u16);
        CHECK_UNSIGNED(uint32_t, range_u32);
        check_signed(set, kernels, count, bits, expected);
        check_doubles(set, kernels, count, bits, expected);
        check_differ(set, kernels, count, bits, expected);
        check_counts(kernels, count);
        free(bits);
    }
}

static void every_set_gives_the_same_bits(void **state)
{
    (void)state;
    const char *name;
    const struct kernels *kernels;
    size_t sets = 0;
    for (; (kernels = kernels_set(sets, &name)); sets++)
        check_all(name, kernels);
    assert_true(sets >= 1);
    assert_string_equal(name, "plain C");
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(every_set_gives_the_same_bits)};

UNIT_MAIN(tests)
