/* Who enters and who leaves, week by week. */
#include "example.h"

int main(int argc, char **argv)
{
    static const char *const weeks[] = {"2025-02-10", "2025-02-17", "2025-02-24", "2025-03-03",
                                        "2025-03-10"};
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    CHECK(strata_apply(store, "segment fresh where any(order last 14 days)", 0, &error), error);
    for (size_t i = 0; i < sizeof weeks / sizeof *weeks; i++) {
        uint64_t entered, left;
        CHECK(strata_refresh(store, weeks[i], &entered, &left, &error), error);
        printf("%s: %llu entered, %llu left\n", weeks[i], (unsigned long long)entered,
               (unsigned long long)left);
    }
    if (strata_refresh(store, "2025-01-01", NULL, NULL, &error) != STRATA_OK)
        printf("time does not run backwards: %s\n", error.message);
    strata_close(store);
    return 0;
}
