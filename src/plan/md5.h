/* MD5 (RFC 1321), for deterministic samples only: any other system can compute the same numbers. */
#ifndef STRATA_PLAN_MD5_H
#define STRATA_PLAN_MD5_H

#include <stddef.h>
#include <stdint.h>

struct md5 {
    uint32_t state[4];
    uint64_t length; /* bytes */
    unsigned char block[64];
};

void md5_init(struct md5 *md5);
void md5_add(struct md5 *md5, const void *data, size_t length);
void md5_finish(struct md5 *md5, unsigned char digest[16]);

#endif
