/* What every unit test includes: cmocka and the few headers that it wants before it. */
#ifndef STRATA_TESTS_UNIT_H
#define STRATA_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The whole of main for a test program: runs the array tests and prints TAP. */
#define UNIT_MAIN(tests) UNIT_MAIN_WITH(tests, NULL, NULL)

/* With functions that run before the first and behind the last. */
#define UNIT_MAIN_WITH(tests, set_up, tear_down)                 \
    int main(void)                                               \
    {                                                            \
        cmocka_set_message_output(CM_OUTPUT_TAP);                \
        return cmocka_run_group_tests(tests, set_up, tear_down); \
    }

/* How often to do what is done to count how often something comes out: under sanitizers an eighth.
 * A fault of memory shows in the first few; the rates are for the plain build to judge. */
static inline int unit_fewer(int times)
{
    return getenv("STRATA_SANITIZED") ? (times + 7) / 8 : times;
}

/* The same random numbers on every machine (xorshift64*, Vigna 2016); the state starts anywhere but
 * at 0. */
static inline uint64_t unit_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

#endif
