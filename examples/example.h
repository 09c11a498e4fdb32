/* What the examples share: a handful of orders, and ending with a message. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <strata.h>

#include <stdio.h>
#include <stdlib.h>

#define CHECK(call, error)                                             \
    do {                                                               \
        if ((call) != STRATA_OK) {                                     \
            fprintf(stderr, "%s %s\n", (error).message, (error).hint); \
            exit(1);                                                   \
        }                                                              \
    } while (0)

/* Writes FOLDER/orders.csv, makes the store FOLDER/store and imports the orders. The caller closes
 * the store. */
static inline struct strata_store *example_store_with(const char *folder,
                                                      const struct strata_options *options)
{
    static const char orders[] = "order,customer,ordered_at,category,amount\n"
                                 "1,anna,2025-01-10 10:00:00,shoes,120.00\n"
                                 "2,anna,2025-02-20 11:30:00,bags,80.50\n"
                                 "3,ben,2025-02-21 09:15:00,shoes,45.90\n"
                                 "4,cara,2024-06-01 18:00:00,shirts,30.00\n"
                                 "5,anna,2025-03-01 12:00:00,shoes,99.90\n"
                                 "6,ben,2025-03-02 20:45:00,shirts,25.00\n";
    struct strata_error error;
    struct strata_store *store;
    char file[4096], path[4096];
    snprintf(file, sizeof file, "%s/orders.csv", folder);
    snprintf(path, sizeof path, "%s/store", folder);
    FILE *out = fopen(file, "w");
    if (!out || fputs(orders, out) < 0 || fclose(out) != 0) {
        perror(file);
        exit(1);
    }
    CHECK(strata_create(path, "Europe/Vienna", "EUR", &error), error);
    CHECK(strata_open(path, STRATA_WRITE, options, &store, &error), error);
    struct strata_import *import = strata_import_new(store);
    CHECK(strata_import_set(import, "kind", "order", &error), error);
    CHECK(strata_import_set(import, "id", "order", &error), error);
    CHECK(strata_import_add_file(import, file, &error), error);
    CHECK(strata_import_run(import, &error), error);
    strata_import_free(import);
    return store;
}

static inline struct strata_store *example_store(const char *folder)
{
    return example_store_with(folder, NULL);
}

/* For Arrow structures whose memory is static: releasing only says that they are done with. */
static inline void example_release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static inline void example_release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static inline void example_release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static inline const char *example_no_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static inline const char *example_folder(int argc, char **argv)
{
    if (argc == 2)
        return argv[1];
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    exit(2);
}

#endif
