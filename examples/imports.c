/* An import: options by the names of the command line's, what came of it, and taking it back. */
#include "example.h"

static const char invoices[] = "invoice;client;when;article;pieces;price\n"
                               "A1;dora;02.03.2025;shoes;2;49,90\n"
                               "A1;dora;02.03.2025;bags;1;80,00\n"
                               "A2;ben;03.03.2025;shoes;-1;49,90\n";

/* Names and values in turn; what is not said here (the dialect, who and when) is guessed. */
static const char *const options[] = {
    "kind",    "purchase", "group-by", "invoice",    "set", "amount=pieces*price",
    "decimal", ",",        "where",    "pieces > 0", NULL,
};

int main(int argc, char **argv)
{
    struct strata_error error;
    const char *folder = example_folder(argc, argv);
    struct strata_store *store = example_store(folder);
    char path[4096];
    snprintf(path, sizeof path, "%s/invoices.csv", folder);
    FILE *out = fopen(path, "w");
    if (!out || fputs(invoices, out) < 0 || fclose(out) != 0)
        return 1;

    struct strata_import *import = strata_import_new(store);
    for (size_t i = 0; options[i]; i += 2)
        CHECK(strata_import_set(import, options[i], options[i + 1], &error), error);
    if (strata_import_set(import, "groupby", "invoice", &error) == STRATA_USAGE)
        printf("%s: %s\n", error.message, error.hint);
    CHECK(strata_import_add_file(import, path, &error), error);
    CHECK(strata_import_run(import, &error), error);
    printf("%llu rows read, %llu filtered, %llu new customers\n",
           (unsigned long long)strata_import_figure(import, STRATA_ROWS_READ),
           (unsigned long long)strata_import_figure(import, STRATA_ROWS_FILTERED),
           (unsigned long long)strata_import_figure(import, STRATA_NEW_CUSTOMERS));
    uint32_t number = (uint32_t)strata_import_figure(import, STRATA_IMPORT_NUMBER);
    strata_import_free(import);

    uint64_t customers;
    CHECK(strata_count(store, "sum(purchase.amount) > 150", STRATA_LATEST, &customers, &error),
          error);
    printf("%llu spent more than 150\n", (unsigned long long)customers);
    CHECK(strata_undo(store, number, &error), error);
    printf("import %u is taken back\n", (unsigned)number);
    strata_close(store);
    return 0;
}
