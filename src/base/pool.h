/*
 * A fixed pool of threads. Work is a range of tasks handed out one by one; results never depend on
 * who ran what, so tasks write to their own places and sums are folded afterwards in task order.
 */
#ifndef STRATA_BASE_POOL_H
#define STRATA_BASE_POOL_H

#include "base/interrupt.h"

#include <stddef.h>

struct pool;

enum { POOL_THREADS_MAX = 256 };

/* threads: 0 for as many as the machine (or its cgroup) offers; never more than POOL_THREADS_MAX.
 * The caller's thread works too, so a pool of 1 starts no thread. */
struct pool *pool_new(int threads);
void pool_free(struct pool *pool);
int pool_threads(const struct pool *pool);
/* Whose stopping those who work on this pool look at. */
void pool_watch(struct pool *pool, const struct interrupt *interrupt);
/* For tasks, which may leave the rest undone then; and for who folds their results:
 * STATUS_INTERRUPTED. pool may be NULL. */
bool pool_interrupted(const struct pool *pool);
enum status pool_check(const struct pool *pool, struct error *error) MUST_USE;
/* Processors this process may use: its affinity mask, cut by the cgroup's CPU quota. */
int pool_processors(void);
/* Runs run(context, task, worker) for each task in 0…tasks−1; worker is 0…threads−1 and no two
 * tasks run at once with the same worker, so scratch memory may be kept per worker. Returns when
 * all are done. Not reentrant. pool may be NULL: everything runs on the caller's thread as worker
 * 0. */
void pool_run(struct pool *pool, size_t tasks, void (*run)(void *context, size_t task, int worker),
              void *context);

#endif
