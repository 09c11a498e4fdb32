/* Results as Arrow, for programs that know columns: no copy through text, no dependency. */
#include "example.h"

#include <string.h>

/* Revenue a category: a text column and a decimal one (128 bits, scale 2). */
static void print_batch(const struct ArrowArray *batch)
{
    const int32_t *offsets = batch->children[0]->buffers[1];
    const char *text = batch->children[0]->buffers[2];
    const int64_t *cents = batch->children[1]->buffers[1]; /* the low half of each 128-bit value */
    for (int64_t row = 0; row < batch->length; row++)
        printf("%.*s: %.2f\n", (int)(offsets[row + 1] - offsets[row]), text + offsets[row],
               (double)cents[2 * row] / 100);
}

int main(int argc, char **argv)
{
    struct strata_error error;
    struct strata_store *store = example_store(example_folder(argc, argv));
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    CHECK(strata_sql(store,
                     "SELECT category, sum(amount) AS revenue FROM \"order\" GROUP BY 1 ORDER BY 1",
                     &stream, &error),
          error);
    while (stream.get_next(&stream, &batch) == 0 && batch.release) {
        print_batch(&batch);
        batch.release(&batch);
    }
    stream.release(&stream);

    struct strata_members *members;
    CHECK(strata_find(store, "count(order) >= 2", STRATA_LATEST, &members, &error), error);
    CHECK(strata_members_arrow(members, &stream, &error), error);
    strata_members_free(members);
    long long customers = 0;
    while (stream.get_next(&stream, &batch) == 0 && batch.release) {
        customers += batch.length;
        batch.release(&batch);
    }
    printf("%lld customers ordered twice or more\n", customers);
    stream.release(&stream);
    strata_close(store);
    return 0;
}
