/* MD5 as RFC 1321 has it, nothing unrolled: what is digested are short identifiers. */
#include "plan/md5.h"

#include <string.h>

/* RFC 1321, 3.4: T[i] = floor(2^32 × |sin(i + 1)|). */
static const uint32_t SINE[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const unsigned char TURN[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

/* Step i of a round takes the word FIRST + STRIDE × i, modulo 16. */
static const unsigned char FIRST[4] = {0, 1, 5, 0}, STRIDE[4] = {1, 5, 3, 7};

static uint32_t mixed(int round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round) {
    case 0: return (b & c) | (~b & d);
    case 1: return (d & b) | (~d & c);
    case 2: return b ^ c ^ d;
    default: return c ^ (b | ~d);
    }
}

static void mix_block(struct md5 *md5)
{
    uint32_t word[16], a = md5->state[0], b = md5->state[1], c = md5->state[2], d = md5->state[3];

    for (int i = 0; i < 16; i++)
        word[i] = (uint32_t)md5->block[4 * i] | (uint32_t)md5->block[4 * i + 1] << 8 |
                  /* low byte first */
                  (uint32_t)md5->block[4 * i + 2] << 16 | (uint32_t)md5->block[4 * i + 3] << 24;
    for (int i = 0; i < 64; i++) {
        int round = i / 16, at = (FIRST[round] + STRIDE[round] * i) % 16;
        uint32_t f = mixed(round, b, c, d) + a + SINE[i] + word[at];
        a = d;
        d = c;
        c = b;
        b += f << TURN[round][i % 4] | f >> (32 - TURN[round][i % 4]);
    }

    md5->state[0] += a;
    md5->state[1] += b;
    md5->state[2] += c;
    md5->state[3] += d;
}

void md5_init(struct md5 *md5)
{
    *md5 = (struct md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void md5_add(struct md5 *md5, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++) {
        md5->block[md5->length++ % 64] = bytes[i];
        if (md5->length % 64 == 0)
            mix_block(md5);
    }
}

void md5_finish(struct md5 *md5, unsigned char digest[16])
{
    uint64_t bits = md5->length * 8;
    md5_add(md5, "\x80", 1);
    /* The length in bits takes the last 8 bytes of a block of 64. */
    while (md5->length % 64 != 56)
        md5_add(md5, "", 1);
    for (int i = 0; i < 8; i++) {
        unsigned char byte = (unsigned char)(bits >> (8 * i));
        md5_add(md5, &byte, 1);
    }

    for (int i = 0; i < 16; i++)
        digest[i] = (unsigned char)(md5->state[i / 4] >> (8 * (i % 4)));
}
