/* Definitions, sizes, members. */
#include "example.h"

static const char definitions[] =
    "segment shoe_buyers \"Bought shoes\" where any(order where category = 'shoes')\n"
    "scheme activity exclusive\n"
    "  active where any(order last 60 days)\n"
    "  else quiet\n";

int main(int argc, char **argv)
{
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    CHECK(strata_apply(store, definitions, 0, &error), error);

    struct strata_segments *segments;
    CHECK(strata_segments(store, STRATA_LATEST, &segments, &error), error);
    while (strata_segments_next(segments))
        printf("%s: %llu customers, %.0f%%\n", strata_segments_name(segments),
               (unsigned long long)strata_segments_customers(segments),
               100 * strata_segments_share(segments));
    strata_segments_free(segments);

    struct strata_members *members;
    const char *customer;
    CHECK(strata_members(store, "shoe_buyers", STRATA_LATEST, &members, &error), error);
    while (strata_members_next(members, &customer, NULL))
        printf("bought shoes: %s\n", customer);
    strata_members_free(members);
    strata_close(store);
    return 0;
}
