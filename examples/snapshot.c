/* A snapshot: loaded once, asked by several threads, alive after its store is closed. */
#include "example.h"

#include <pthread.h>

static void *ask(void *context)
{
    static const char *const customers[] = {"anna", "ben", "cara"};
    struct strata_snapshot *snapshot = context;
    struct strata_error error;
    const char *names[8];
    size_t count, found = 0;
    for (int round = 0; round < 3000; round++) {
        const char *customer = customers[round % 3];
        CHECK(strata_snapshot_customer(snapshot, customer, names, 8, &count, &error), error);
        found += count;
    }
    strata_snapshot_release(snapshot);
    return (void *)(uintptr_t)found;
}

int main(int argc, char **argv)
{
    enum { THREADS = 4 };
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    CHECK(strata_apply(store,
                       "segment regulars where count(order) >= 2\n"
                       "segment spenders where sum(order.amount) >= 100\n",
                       0, &error),
          error);
    struct strata_snapshot *snapshot;
    CHECK(strata_snapshot_new(store, STRATA_LATEST, STRATA_EVERYTHING, &snapshot, &error), error);
    strata_close(store);

    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        pthread_create(&threads[t], NULL, ask, strata_snapshot_retain(snapshot));
    for (int t = 0; t < THREADS; t++) {
        void *found;
        pthread_join(threads[t], &found);
        printf("thread %d: %u memberships\n", t + 1, (unsigned)(uintptr_t)found);
    }
    uint64_t customers;
    CHECK(strata_snapshot_count(snapshot, "any(order where category = 'bags')", &customers, &error),
          error);
    printf("bought bags: %llu\n", (unsigned long long)customers);
    strata_snapshot_release(snapshot);
    return 0;
}
