/* A store, a file, a question. */
#include "example.h"

int main(int argc, char **argv)
{
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    uint64_t customers;
    CHECK(strata_count(store, "sum(order.amount last 90 days) >= 100", STRATA_LATEST, &customers,
                       &error),
          error);
    printf("customers who spent 100 in the last 90 days: %llu\n", (unsigned long long)customers);
    CHECK(strata_count(store, "any(order where category = 'shoes')", STRATA_LATEST, &customers,
                       &error),
          error);
    printf("customers who ever bought shoes: %llu\n", (unsigned long long)customers);
    if (strata_count(store, "any(ordr)", STRATA_LATEST, &customers, &error) != STRATA_OK)
        printf("a mistake is explained: %s (%s)\n", error.message, error.hint);
    strata_close(store);
    return 0;
}
