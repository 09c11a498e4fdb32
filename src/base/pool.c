/*
 * The pool. Helpers sleep until a round begins, take tasks from one counter until there are none
 * left, and sleep again; the caller works along and waits for the last of them.
 */
#include "base/pool.h"

#include "base/arena.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct pool {
    pthread_t *thread;
    int count; /* workers, the caller's thread included */
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    unsigned long round; /* grows by one with each pool_run */
    int running;         /* helpers still at work in this round */
    bool stop;
    size_t tasks;
    atomic_size_t next;
    void (*run)(void *context, size_t task, int worker);
    void *context;
    const struct interrupt *interrupt;
};

struct helper {
    struct pool *pool;
    int worker;
};

static void work(struct pool *pool, int worker)
{
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (task >= pool->tasks)
            return;
        pool->run(pool->context, task, worker);
    }
}

static void *helper_main(void *argument)
{
    struct helper helper = *(struct helper *)argument;
    free(argument);
    struct pool *pool = helper.pool;
    unsigned long seen = 0;

    for (;;) {
        pthread_mutex_lock(&pool->lock);
        while (pool->round == seen && !pool->stop)
            pthread_cond_wait(&pool->start, &pool->lock);
        seen = pool->round;
        bool stop = pool->stop;
        pthread_mutex_unlock(&pool->lock);
        if (stop)
            return NULL;

        work(pool, helper.worker);

        pthread_mutex_lock(&pool->lock);
        if (--pool->running == 0)
            pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
}

int pool_processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    /* A container may see all processors and be allowed some of their time: "quota period" in
     * microseconds, or "max period", which is no number and no limit. A part of a processor counts
     * as one. */
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file) {
        long long quota, period;
        if (fscanf(file, "%lld %lld", &quota, &period) == 2 && period > 0 && quota > 0) {
            int allowed = (int)((quota + period - 1) / period);
            if (allowed >= 1 && allowed < count)
                count = allowed;
        }
        fclose(file);
    }

    return count < 1 ? 1 : count;
}

struct pool *pool_new(int threads)
{
    struct pool *pool = base_calloc(1, sizeof *pool);
    pool->count = threads > 0 ? threads : pool_processors();
    if (pool->count > POOL_THREADS_MAX)
        pool->count = POOL_THREADS_MAX;

    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->done, NULL);

    pool->thread = base_calloc((size_t)pool->count, sizeof *pool->thread);
    for (int worker = 1; worker < pool->count; worker++) {
        struct helper *helper = base_malloc(sizeof *helper);
        *helper = (struct helper){pool, worker};
        if (pthread_create(&pool->thread[worker], NULL, helper_main, helper) != 0) {
            free(helper);
            pool->count = worker; /* fewer threads, same answers */
        }
    }

    return pool;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;

    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);

    for (int worker = 1; worker < pool->count; worker++)
        pthread_join(pool->thread[worker], NULL);

    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->start);
    pthread_cond_destroy(&pool->done);
    free(pool->thread);
    free(pool);
}

void pool_watch(struct pool *pool, const struct interrupt *interrupt)
{
    pool->interrupt = interrupt;
}

bool pool_interrupted(const struct pool *pool)
{
    return pool && interrupt_raised(pool->interrupt);
}

enum status pool_check(const struct pool *pool, struct error *error)
{
    return pool ? interrupt_check(pool->interrupt, error) : STATUS_OK;
}

int pool_threads(const struct pool *pool)
{
    return pool ? pool->count : 1;
}

void pool_run(struct pool *pool, size_t tasks, void (*run)(void *context, size_t task, int worker),
              void *context)
{
    if (!pool || pool->count == 1 || tasks <= 1) {
        for (size_t task = 0; task < tasks; task++)
            run(context, task, 0);
        return;
    }

    /* Every helper takes part in every round, even one that comes too late for a task: the round is
     * over when each has found none left, so that none still reads what the next round sets. */
    pthread_mutex_lock(&pool->lock);
    pool->run = run;
    pool->context = context;
    pool->tasks = tasks;
    atomic_store(&pool->next, 0);
    pool->running = pool->count - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);

    work(pool, 0);

    pthread_mutex_lock(&pool->lock);
    while (pool->running > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
