/* How a store is used: limits, notices for people, progress. */
#include "example.h"

struct seen {
    int notices, steps;
};

static void notice(void *context, const char *sentence)
{
    struct seen *seen = context;
    if (seen->notices++ == 0)
        printf("notice: %.40s…\n", sentence);
}

/* Perhaps on another thread, though never on two at once. Other than 0 would stop the call. */
static int progress(void *context, const char *phase, double fraction)
{
    struct seen *seen = context;
    (void)phase;
    (void)fraction;
    seen->steps++;
    return 0;
}

int main(int argc, char **argv)
{
    struct strata_error error;
    struct seen seen = {0, 0};
    struct strata_options options = STRATA_OPTIONS_INIT;
    options.threads = 1;
    options.memory = 256 << 20;
    options.notice = notice;
    options.progress = progress;
    options.context = &seen;
    struct strata_store *store = example_store_with(example_folder(argc, argv), &options);

    /* now is long after the newest order, which is worth a notice */
    uint64_t customers;
    seen.notices = 0;
    CHECK(strata_count(store, "any(order last 30 days)", NULL, &customers, &error), error);
    printf("%llu customers ordered lately\n", (unsigned long long)customers);
    strata_close(store);
    printf("header %d, library %d (%s)\n", STRATA_VERSION_NUMBER, strata_version_number(),
           strata_version());
    return 0;
}
