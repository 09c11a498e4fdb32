/* Models: fitted, used in a segment, kept from deletion while it is used, deleted. */
#include "example.h"

int main(int argc, char **argv)
{
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    const char *options[] = {"bins", "2", NULL};
    CHECK(strata_model_fit(store, "rfm", "rfm", options, STRATA_LATEST, &error), error);

    char *json;
    CHECK(strata_model_show(store, "rfm", &json, &error), error);
    printf("%s\n", json);
    strata_text_free(json);

    CHECK(strata_apply(store, "segment recent where rfm.recency = 2\n", 0, &error), error);
    if (strata_model_delete(store, "rfm", &error) != STRATA_OK)
        fprintf(stdout, "refused: %s\n", error.message);

    const char *names[] = {"recent"};
    CHECK(strata_delete(store, names, 1, &error), error);
    CHECK(strata_model_delete(store, "rfm", &error), error);
    CHECK(strata_models(store, &json, &error), error);
    printf("models: %s\n", json);
    strata_text_free(json);
    strata_close(store);
    return 0;
}
