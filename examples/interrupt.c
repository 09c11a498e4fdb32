/* Stopping a call from a signal handler; a thread behind a "cancel" button does the same. */
#include "example.h"

#include <signal.h>
#include <sys/time.h>

static struct strata_store *store;

static void stop(int signal_number)
{
    (void)signal_number;
    strata_interrupt(store);
}

int main(int argc, char **argv)
{
    struct strata_error error;
    store = example_store(example_folder(argc, argv));
    signal(SIGALRM, stop);
    struct itimerval soon = {{0, 0}, {0, 300000}}; /* 0.3 seconds, once */
    setitimer(ITIMER_REAL, &soon, NULL);

    /* this would take days */
    struct ArrowArrayStream stream;
    enum strata_status status = strata_sql(
        store,
        "SELECT sum(hash(a.range) % 7 + b.range) FROM range(100000000) a, range(100000000) b",
        &stream, &error);
    if (status != STRATA_INTERRUPTED)
        return 1;
    printf("%s\n", error.message);

    /* the next call is not affected */
    uint64_t customers;
    CHECK(strata_count(store, "any(order)", STRATA_LATEST, &customers, &error), error);
    printf("%llu customers\n", (unsigned long long)customers);
    strata_close(store);
    return 0;
}
