/*
 * The loops over every row, twice: in plain C, and in AVX2, which is several times as fast.
 *
 * lo <= x <= lo + span is one comparison of x − lo with span, as unsigned numbers wrap. AVX2
 * compares signed numbers only; unsigned ones are asked whether the smaller of x and span is x.
 * Each loop makes whole words of 64 rows, and the rest row by row, so that nothing is read past the
 * end.
 */
#include "plan/kernels.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- plain C ---- */

#define PLAIN_TAIL(test)                                           \
    if (count % 64) {                                              \
        uint64_t word = 0;                                         \
        for (size_t row = count & ~(size_t)63; row < count; row++) \
            word |= (uint64_t)(test) << (row % 64);                \
        bits[count / 64] = word;                                   \
    }

#define PLAIN(test)                                         \
    for (size_t w = 0; w < count / 64; w++) {               \
        uint64_t word = 0;                                  \
        for (size_t row = w * 64; row < w * 64 + 64; row++) \
            word |= (uint64_t)(test) << (row % 64);         \
        bits[w] = word;                                     \
    }                                                       \
    PLAIN_TAIL(test)

static void plain_u8(const uint8_t *values, size_t count, uint8_t lo, uint8_t span, uint64_t *bits)
{
    PLAIN((uint8_t)(values[row] - lo) <= span)
}

static void plain_u16(const uint16_t *values, size_t count, uint16_t lo, uint16_t span,
                      uint64_t *bits)
{
    PLAIN((uint16_t)(values[row] - lo) <= span)
}

static void plain_u32(const uint32_t *values, size_t count, uint32_t lo, uint32_t span,
                      uint64_t *bits)
{
    PLAIN(values[row] - lo <= span)
}

static void plain_i64(const int64_t *values, size_t count, int64_t lo, int64_t hi, uint64_t *bits)
{
    PLAIN(values[row] >= lo && values[row] <= hi)
}

static void plain_f64(const double *values, size_t count, double lo, double hi, uint64_t *bits)
{
    PLAIN(values[row] >= lo && values[row] <= hi)
}

static void plain_differ(const uint32_t *a, uint32_t add, const uint32_t *b, size_t count,
                         uint64_t *bits){PLAIN(a[row] + add != b[row])}

/* Loops that the compiler turns into each set's instructions by itself. */
#define ANY_SET static inline __attribute__((always_inline))

ANY_SET void widen_with(const uint32_t *restrict values, size_t count, int64_t *restrict out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = values[i];
}

ANY_SET void count_with(const uint64_t *restrict bits, size_t rows, const uint32_t *restrict ends,
                        uint32_t base, size_t ranges, uint32_t *restrict before,
                        uint32_t *restrict counts)
{
    /* How many bits are set before each word, then before each range's end: a range's
     * count is the difference of two such numbers. No branch depends on the bits. */
    size_t words = (rows + 63) / 64;
    uint32_t sum = 0, last = 0;
    for (size_t w = 0; w < words; w++) {
        before[w] = sum;
        sum += (uint32_t)__builtin_popcountll(bits[w]);
    }
    before[words] = sum;

    for (size_t i = 0; i < ranges; i++) {
        uint32_t end = ends[i] - base, w = end / 64;
        uint32_t rank =
            before[w] + (uint32_t)__builtin_popcountll(bits[w] & (((uint64_t)1 << (end % 64)) - 1));
        counts[i] = rank - last;
        last = rank;
    }
}

static void plain_widen(const uint32_t *values, size_t count, int64_t *out)
{
    widen_with(values, count, out);
}

static void plain_count(const uint64_t *bits, size_t rows, const uint32_t *ends, uint32_t base,
                        size_t ranges, uint32_t *before, uint32_t *counts)
{
    count_with(bits, rows, ends, base, ranges, before, counts);
}

static const struct kernels PLAIN_KERNELS = {plain_u8,  plain_u16,    plain_u32,   plain_i64,
                                             plain_f64, plain_differ, plain_widen, plain_count};

#ifdef __x86_64__

/* ---- AVX2 ---- */

#define AVX2 __attribute__((target("avx2,popcnt,bmi,bmi2")))

AVX2 static void avx2_u8(const uint8_t *values, size_t count, uint8_t lo, uint8_t span,
                         uint64_t *bits)
{
    __m256i low = _mm256_set1_epi8((char)lo), range = _mm256_set1_epi8((char)span);
    for (size_t w = 0; w < count / 64; w++) {
        uint64_t word = 0;
        for (unsigned part = 0; part < 2; part++) {
            __m256i x =
                _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(values + w * 64) + part), low);
            uint32_t mask =
                (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(x, range), x));
            word |= (uint64_t)mask << (32 * part);
        }
        bits[w] = word;
    }
    PLAIN_TAIL((uint8_t)(values[row] - lo) <= span)
}

AVX2 static void avx2_u16(const uint16_t *values, size_t count, uint16_t lo, uint16_t span,
                          uint64_t *bits)
{
    __m256i low = _mm256_set1_epi16((short)lo), range = _mm256_set1_epi16((short)span);
    for (size_t w = 0; w < count / 64; w++) {
        uint64_t word = 0;
        for (unsigned part = 0; part < 2; part++) {
            const __m256i *in = (const __m256i *)(values + w * 64) + 2 * part;
            __m256i a = _mm256_sub_epi16(_mm256_loadu_si256(in), low),
                    b = _mm256_sub_epi16(_mm256_loadu_si256(in + 1), low);
            a = _mm256_cmpeq_epi16(_mm256_min_epu16(a, range), a);
            b = _mm256_cmpeq_epi16(_mm256_min_epu16(b, range), b);
            /* Packing works within halves of a register: the quarters come
             * as 0, 2, 1, 3. */
            __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xd8);
            word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(packed) << (32 * part);
        }
        bits[w] = word;
    }
    PLAIN_TAIL((uint16_t)(values[row] - lo) <= span)
}

AVX2 static void avx2_u32(const uint32_t *values, size_t count, uint32_t lo, uint32_t span,
                          uint64_t *bits)
{
    __m256i low = _mm256_set1_epi32((int)lo), range = _mm256_set1_epi32((int)span);
    for (size_t w = 0; w < count / 64; w++) {
        uint64_t word = 0;
        for (unsigned part = 0; part < 8; part++) {
            __m256i x = _mm256_sub_epi32(
                _mm256_loadu_si256((const __m256i *)(values + w * 64) + part), low);
            __m256i in = _mm256_cmpeq_epi32(_mm256_min_epu32(x, range), x);
            word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(in)) << (8 * part);
        }
        bits[w] = word;
    }
    PLAIN_TAIL(values[row] - lo <= span)
}

AVX2 static void avx2_i64(const int64_t *values, size_t count, int64_t lo, int64_t hi,
                          uint64_t *bits)
{
    __m256i low = _mm256_set1_epi64x(lo), high = _mm256_set1_epi64x(hi);
    for (size_t w = 0; w < count / 64; w++) {
        uint64_t out = 0;
        /* 64-bit numbers have "greater" only: what is outside, turned round at the end. */
        for (unsigned part = 0; part < 16; part++) {
            __m256i x = _mm256_loadu_si256((const __m256i *)(values + w * 64) + part);
            __m256i outside =
                _mm256_or_si256(_mm256_cmpgt_epi64(low, x), _mm256_cmpgt_epi64(x, high));
            out |= (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(outside))
                   << (4 * part);
        }
        bits[w] = ~out;
    }
    PLAIN_TAIL(values[row] >= lo && values[row] <= hi)
}

AVX2 static void avx2_f64(const double *values, size_t count, double lo, double hi, uint64_t *bits)
{
    __m256d low = _mm256_set1_pd(lo), high = _mm256_set1_pd(hi);
    for (size_t w = 0; w < count / 64; w++) {
        uint64_t word = 0;
        for (unsigned part = 0; part < 16; part++) {
            __m256d x = _mm256_loadu_pd(values + w * 64 + 4 * part);
            /* Ordered comparisons, false for NaN as in C. */
            __m256d in = _mm256_and_pd(_mm256_cmp_pd(x, low, _CMP_GE_OQ),
                                       _mm256_cmp_pd(x, high, _CMP_LE_OQ));
            word |= (uint64_t)(uint32_t)_mm256_movemask_pd(in) << (4 * part);
        }
        bits[w] = word;
    }
    PLAIN_TAIL(values[row] >= lo && values[row] <= hi)
}

AVX2 static void avx2_differ(const uint32_t *a, uint32_t add, const uint32_t *b, size_t count,
                             uint64_t *bits)
{
    __m256i plus = _mm256_set1_epi32((int)add);
    for (size_t w = 0; w < count / 64; w++) {
        uint64_t same = 0;
        for (unsigned part = 0; part < 8; part++) {
            __m256i x =
                _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(a + w * 64) + part), plus);
            __m256i equal =
                _mm256_cmpeq_epi32(x, _mm256_loadu_si256((const __m256i *)(b + w * 64) + part));
            same |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(equal))
                    << (8 * part);
        }
        bits[w] = ~same;
    }
    PLAIN_TAIL(a[row] + add != b[row])
}

AVX2 static void avx2_widen(const uint32_t *values, size_t count, int64_t *out)
{
    widen_with(values, count, out);
}

AVX2 static void avx2_count(const uint64_t *bits, size_t rows, const uint32_t *ends, uint32_t base,
                            size_t ranges, uint32_t *before, uint32_t *counts)
{
    count_with(bits, rows, ends, base, ranges, before, counts);
}

static const struct kernels AVX2_KERNELS = {avx2_u8,  avx2_u16,    avx2_u32,   avx2_i64,
                                            avx2_f64, avx2_differ, avx2_widen, avx2_count};

#endif

const struct kernels *kernels_set(size_t i, const char **name)
{
#ifdef __x86_64__
    __builtin_cpu_init();
    bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") &&
                    __builtin_cpu_supports("bmi2");
    if (has_avx2 && i-- == 0) {
        *name = "AVX2";
        return &AVX2_KERNELS;
    }
#endif
    *name = "plain C";
    return i == 0 ? &PLAIN_KERNELS : NULL;
}

const struct kernels *kernels_best(void)
{
    const char *name;
    return kernels_set(0, &name);
}
