/* Facts from memory: an Arrow stream of one batch, imported as a file would be. Nothing of it was
 * allocated, so releasing only says that it is done. */
#include "example.h"

static const char text[] = "annabenanna";
static const int32_t ends[] = {0, 4, 7, 11};
static const int64_t times[] = {1741000000, 1741086400, 1741172800}; /* seconds since 1970 */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static struct ArrowSchema customer = {"u", "customer", 0, 2, 0, 0, 0, example_release_schema,
                                          0},
                              time = {"tss:UTC", "time", 0, 2, 0, 0, 0, example_release_schema, 0};
    static struct ArrowSchema *columns[] = {&customer, &time};
    *out = (struct ArrowSchema){"+s", "", 0, 0, 2, columns, 0, example_release_schema, stream};
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    static const void *of_customer[] = {NULL, ends, text}, *of_time[] = {NULL, times}, *of_row[1];
    static struct ArrowArray customer = {3, 0, 0, 3, 0, of_customer, 0, 0, example_release_array,
                                         0},
                             time = {3, 0, 0, 2, 0, of_time, 0, 0, example_release_array, 0};
    static struct ArrowArray *columns[] = {&customer, &time};
    *out = (struct ArrowArray){3, 0, 0, 1, 2, of_row, columns, 0, example_release_array, 0};
    if (stream->private_data)
        *out = (struct ArrowArray){0}; /* the end */
    stream->private_data = stream;
    return 0;
}

int main(int argc, char **argv)
{
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    struct ArrowArrayStream stream = {get_schema, get_next, example_no_error,
                                      example_release_stream, NULL};
    struct strata_import *import = strata_import_new(store);
    CHECK(strata_import_set(import, "kind", "visit", &error), error);
    CHECK(strata_import_add_arrow(import, "visits", &stream, &error), error);
    CHECK(strata_import_run(import, &error), error);
    strata_import_free(import);
    uint64_t twice;
    CHECK(strata_count(store, "count(visit) = 2", STRATA_LATEST, &twice, &error), error);
    printf("%llu came twice\n", (unsigned long long)twice);
    strata_close(store);
    return 0;
}
