/* Whether a store holds what was saved; a byte changed in one of its files is found. */
#include "example.h"

#include <string.h>

/* Writes one byte over the middle of the catalog. */
static void damage(const char *store)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/catalog.db", store);
    FILE *file = fopen(path, "r+");
    if (!file || fseek(file, 0, SEEK_END) != 0 ||
        fseek(file, ftell(file) / 2 / 4096 * 4096, SEEK_SET) != 0)
        exit(1);
    fputs("Strata was not here", file);
    fclose(file);
}

static uint64_t look(const char *path)
{
    struct strata_error error;
    uint64_t damaged;
    char *json;
    CHECK(strata_verify(path, &damaged, &json, &error), error);
    if (damaged)
        printf("%s\n", strstr(json, "catalog.db") ? "the catalog is named" : json);
    strata_text_free(json);
    return damaged;
}

int main(int argc, char **argv)
{
    const char *folder = example_folder(argc, argv);
    char path[4096];
    snprintf(path, sizeof path, "%s/store", folder);
    strata_close(example_store(folder));
    printf("%llu places are damaged\n", (unsigned long long)look(path));
    damage(path);
    printf("%s\n", look(path) ? "damage is found" : "damage is not found");
    return 0;
}
