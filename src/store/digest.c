/*
 * Compiled twice (meson.build). Once as it is: it calls the shared library and chooses among the
 * ways. And once with -mavx2 and DIGEST_AVX2, where the library's header puts its functions into
 * this file. Only what digest_way hands out after it has asked the processor may run that one, so
 * nothing else is compiled with it.
 */
#ifdef DIGEST_AVX2
#define XXH_INLINE_ALL
#endif

#include "store/digest_internal.h"

#include "base/error.h"

#include <xxhash.h>

extern const struct digest_way digest_plain, digest_avx2;

static struct digest *start(void)
{
    XXH3_state_t *state = XXH3_createState();
    ENSURE(state);
    return (struct digest *)state;
}

static void stop(struct digest *digest)
{
    XXH3_freeState((XXH3_state_t *)digest);
}

static void begin(struct digest *digest)
{
    XXH3_64bits_reset((XXH3_state_t *)digest);
}

static void add(struct digest *digest, const unsigned char *bytes, size_t length)
{
    XXH3_64bits_update((XXH3_state_t *)digest, bytes, length);
}

static uint64_t value(const struct digest *digest)
{
    return XXH3_64bits_digest((const XXH3_state_t *)digest);
}

#ifdef DIGEST_AVX2

const struct digest_way digest_avx2 = {"AVX2", start, stop, begin, add, value};

#else

const struct digest_way digest_plain = {"the library's", start, stop, begin, add, value};

const struct digest_way *digest_way(size_t i)
{
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && i-- == 0)
        return &digest_avx2;
#endif
    return i == 0 ? &digest_plain : NULL;
}

#endif
