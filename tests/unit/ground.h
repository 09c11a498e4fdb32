/* What tests of computations stand on: an arena, an error and, where GROUND_THREADS says of how
 * many threads, a pool; made before the first test and released behind the last. */
#ifndef STRATA_TESTS_GROUND_H
#define STRATA_TESTS_GROUND_H

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "unit/unit.h"

static struct arena arena;
static struct error error;

#ifdef GROUND_THREADS
static struct pool *pool;
#endif

static int ground_set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
#ifdef GROUND_THREADS
    pool = pool_new(GROUND_THREADS);
#endif
    return 0;
}

static int ground_tear_down(void **state)
{
    (void)state;
#ifdef GROUND_THREADS
    pool_free(pool);
#endif
    arena_release(&arena);
    return 0;
}

/* The whole of main for a test program on this ground. */
#define GROUND_MAIN(tests) UNIT_MAIN_WITH(tests, ground_set_up, ground_tear_down)

#endif
