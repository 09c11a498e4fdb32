#include "store/xxh3_internal.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { STRIPES = XXH3_BLOCK / XXH3_STRIPE, SECRET = 192 };

#define PRIME32_1 0x9E3779B1U
#define PRIME32_2 0x85EBCA77U
#define PRIME32_3 0xC2B2AE3DU
#define PRIME64_1 0x9E3779B185EBCA87U
#define PRIME64_2 0xC2B2AE3D27D4EB4FU
#define PRIME64_3 0x165667B19E3779F9U
#define PRIME64_4 0x85EBCA77C2B2AE63U
#define PRIME64_5 0x27D4EB2F165667C5U

/* The algorithm's, for seed 0. Stripe i of a block meets the bytes from 8 i on. */
static const unsigned char secret[SECRET] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
};
enum { STIRRING = SECRET - XXH3_STRIPE, LAST = STIRRING - 7, MERGING = 11 };

static uint64_t word(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* ---- sums ---- */

static void add_stripe(const unsigned char *bytes, const unsigned char *key, struct xxh3_sum *sum)
{
    for (size_t i = 0; i < XXH3_LANES; i++) {
        uint64_t value = word(bytes + 8 * i), keyed = value ^ word(key + 8 * i);
        sum->lanes[i ^ 1] += value;
        sum->lanes[i] += (keyed & UINT32_MAX) * (keyed >> 32);
    }
}

static void sum_plain(const unsigned char *bytes, size_t blocks, struct xxh3_sum *out)
{
    memset(out, 0, blocks * sizeof *out);
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < STRIPES; i++, bytes += XXH3_STRIPE)
            add_stripe(bytes, secret + 8 * i, &out[b]);
}

static const struct xxh3_set plain_set = {"plain C", sum_plain};

#ifdef __x86_64__

/* The same with four lanes in a register. The values themselves go to their neighbour's lane:
 * swapped once a block. */
__attribute__((target("avx2"))) static void sum_avx2(const unsigned char *bytes, size_t blocks,
                                                     struct xxh3_sum *out)
{
    enum { REGISTERS = 2 };
    for (size_t b = 0; b < blocks; b++) {
        __m256i values[REGISTERS] = {0}, products[REGISTERS] = {0};
        for (size_t i = 0; i < STRIPES; i++, bytes += XXH3_STRIPE)
            for (size_t r = 0; r < REGISTERS; r++) {
                __m256i value = _mm256_loadu_si256((const __m256i *)bytes + r);
                __m256i key = _mm256_loadu_si256((const __m256i *)(secret + 8 * i) + r);
                __m256i keyed = _mm256_xor_si256(value, key);
                products[r] = _mm256_add_epi64(
                    products[r], _mm256_mul_epu32(keyed, _mm256_srli_epi64(keyed, 32)));
                values[r] = _mm256_add_epi64(values[r], value);
            }
        for (size_t r = 0; r < REGISTERS; r++)
            _mm256_storeu_si256(
                (__m256i *)&out[b] + r,
                _mm256_add_epi64(products[r], _mm256_shuffle_epi32(values[r], 0x4e)));
    }
}

static const struct xxh3_set avx2_set = {"AVX2", sum_avx2};

#endif

const struct xxh3_set *xxh3_set(size_t i)
{
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && i-- == 0)
        return &avx2_set;
#endif
    return i == 0 ? &plain_set : NULL;
}

void xxh3_sum_end(const unsigned char *bytes, size_t length, struct xxh3_sum *out)
{
    *out = (struct xxh3_sum){0};
    for (size_t i = 0; i < (length - 1) / XXH3_STRIPE; i++)
        add_stripe(bytes + i * XXH3_STRIPE, secret + 8 * i, out);
    add_stripe(bytes + length - XXH3_STRIPE, secret + LAST, out);
}

/* ---- folding ---- */

void xxh3_begin(struct xxh3_sum *lanes)
{
    *lanes = (struct xxh3_sum){
        {PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1}};
}

void xxh3_fold(struct xxh3_sum *lanes, const struct xxh3_sum *sums, size_t blocks)
{
    struct xxh3_sum now = *lanes, keys;
    memcpy(&keys, secret + STIRRING, sizeof keys);
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < XXH3_LANES; i++) {
            uint64_t lane = now.lanes[i] + sums[b].lanes[i];
            now.lanes[i] = (lane ^ lane >> 47 ^ keys.lanes[i]) * PRIME32_1;
        }
    *lanes = now;
}

static uint64_t fold_product(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t xxh3_finish(const struct xxh3_sum *lanes, const struct xxh3_sum *end, uint64_t length)
{
    struct xxh3_sum now = *lanes;
    for (size_t i = 0; i < XXH3_LANES; i++)
        now.lanes[i] += end->lanes[i];

    uint64_t hash = length * PRIME64_1;
    for (size_t i = 0; i < XXH3_LANES; i += 2)
        hash += fold_product(now.lanes[i] ^ word(secret + MERGING + 8 * i),
                             now.lanes[i + 1] ^ word(secret + MERGING + 8 * i + 8));
    hash ^= hash >> 37;
    hash *= 0x165667919E3779F9U; /* not PRIME64_3, though it looks like it */
    return hash ^ hash >> 32;
}
