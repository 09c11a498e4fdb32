#include "unit/unit.h"

#include "base/arena.h"
#include "base/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct job {
    unsigned char *done; /* how often each task ran */
    atomic_int *busy;    /* per worker: is it inside a task? */
    int threads;
    atomic_bool overlapped, strange;
};

static void note(void *context, size_t task, int worker)
{
    struct job *job = context;
    if (worker < 0 || worker >= job->threads) {
        job->strange = true;
        return;
    }
    if (atomic_fetch_add(&job->busy[worker], 1) != 0)
        job->overlapped = true;
    job->done[task]++;
    atomic_fetch_sub(&job->busy[worker], 1);
}

static void run_all(struct pool *pool, size_t tasks)
{
    atomic_int busy[POOL_THREADS_MAX];
    for (int i = 0; i < POOL_THREADS_MAX; i++)
        atomic_init(&busy[i], 0);
    struct job job = {.done = calloc(tasks + 1, 1), .busy = busy, .threads = pool_threads(pool)};
    pool_run(pool, tasks, note, &job);
    for (size_t task = 0; task < tasks; task++)
        assert_int_equal(job.done[task], 1);
    assert_false(job.overlapped);
    assert_false(job.strange);
    free(job.done);
}

static void every_task_runs_once(void **state)
{
    static const int threads[] = {1, 2, 3, 8};
    static const size_t tasks[] = {0, 1, 2, 7, 1000, 20000};
    for (size_t i = 0; i < 4; i++) {
        struct pool *pool = pool_new(threads[i]);
        assert_int_equal(pool_threads(pool), threads[i]);
        for (size_t j = 0; j < 6; j++)
            run_all(pool, tasks[j]);
        pool_free(pool);
    }
}

static void no_pool_will_do(void **state)
{
    assert_int_equal(pool_threads(NULL), 1);
    run_all(NULL, 100);
    pool_free(NULL);
}

/* Rounds follow each other closely: a helper must not miss one, nor take part in one twice. */
static void many_short_rounds(void **state)
{
    struct pool *pool = pool_new(4);
    for (int round = 0; round < 3000; round++)
        run_all(pool, 5);
    pool_free(pool);
}

static void pools_come_and_go(void **state)
{
    for (int i = 0; i < 200; i++) {
        struct pool *pool = pool_new(3);
        if (i % 2)
            run_all(pool, 4);
        pool_free(pool);
    }
}

static void the_machine_decides_by_itself(void **state)
{
    struct pool *pool = pool_new(0);
    assert_in_range(pool_threads(pool), 1, POOL_THREADS_MAX);
    run_all(pool, 100);
    pool_free(pool);
    pool = pool_new(1000000);
    assert_in_range(pool_threads(pool), 1, POOL_THREADS_MAX);
    pool_free(pool);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_task_runs_once),
    cmocka_unit_test(no_pool_will_do),
    cmocka_unit_test(many_short_rounds),
    cmocka_unit_test(pools_come_and_go),
    cmocka_unit_test(the_machine_decides_by_itself),
};
UNIT_MAIN(tests)
