/*
 * The loops that touch every row: is a stored number in a range? One bit a row. The set of
 * instructions is chosen once, at run time; all give the same bits.
 */
#ifndef STRATA_PLAN_KERNELS_H
#define STRATA_PLAN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* bits: words for count rows; what lies past the last row in the last word is 0. value − lo <=
 * span, unsigned. */
struct kernels {
    void (*range_u8)(const uint8_t *values, size_t count, uint8_t lo, uint8_t span, uint64_t *bits);
    void (*range_u16)(const uint16_t *values, size_t count, uint16_t lo, uint16_t span,
                      uint64_t *bits);
    void (*range_u32)(const uint32_t *values, size_t count, uint32_t lo, uint32_t span,
                      uint64_t *bits);
    /* lo <= value <= hi, signed. */
    void (*range_i64)(const int64_t *values, size_t count, int64_t lo, int64_t hi, uint64_t *bits);
    /* The same of doubles that are not NaN. */
    void (*range_f64)(const double *values, size_t count, double lo, double hi, uint64_t *bits);
    /* a + add differs from b. */
    void (*differ_u32)(const uint32_t *a, uint32_t add, const uint32_t *b, size_t count,
                       uint64_t *bits);
    void (*widen_u32)(const uint32_t *values, size_t count, int64_t *out);
    /* counts[i] = bits set in [ends[i − 1], ends[i]), ends relative to base, the first range
     * starting at 0. The word behind those of the rows is read, whatever it holds. before is
     * scratch: a number a word, and one more. */
    void (*count_ranges)(const uint64_t *bits, size_t rows, const uint32_t *ends, uint32_t base,
                         size_t ranges, uint32_t *before, uint32_t *counts);
};

/* The sets this processor can run, the best first; NULL past the last. */
const struct kernels *kernels_set(size_t i, const char **name);
const struct kernels *kernels_best(void);

#endif
