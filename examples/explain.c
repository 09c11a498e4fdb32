/* Why is Ben not a good customer? */
#include "example.h"

int main(int argc, char **argv)
{
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    char *why;
    CHECK(strata_apply(
              store,
              "segment good where sum(order.amount last 365 days) >= 100 and count(order) >= 2", 0,
              &error),
          error);
    CHECK(strata_explain(store, "good", "ben", STRATA_LATEST, &why, &error), error);
    fputs(why, stdout);
    strata_text_free(why);
    strata_close(store);
    return 0;
}
