/* Streams of more than fits one batch: none is too large for 32-bit offsets, and nothing is lost
 * between two of them. */
#include "lib/arrow.h"
#include "support/folder.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { LONG = 1 << 20, BATCH_BYTES = 64 << 20, MANY = 150000, LONG_ONES = 150 };

static char folder[256], shop[300];
static struct strata_error error;

static int set_up(void **state)
{
    (void)state;
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(shop, sizeof shop, "%s/shop", folder);
    assert_int_equal(strata_create(shop, NULL, "EUR", &error), STRATA_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return folder_remove(folder);
}

static int batches_of(struct ArrowArrayStream *stream,
                      void (*look)(const struct ArrowArray *batch, int64_t first), int64_t *rows)
{
    struct ArrowArray batch;
    int batches = 0;
    *rows = 0;
    for (; stream->get_next(stream, &batch) == 0 && batch.release; batches++) {
        assert_true(batch.length > 0);
        look(&batch, *rows);
        *rows += batch.length;
        batch.release(&batch);
        assert_null(batch.release);
    }
    assert_null(stream->get_last_error(stream));
    stream->release(stream);
    return batches;
}

/* ---- members ---- */

/* Row i is of number 3 i + 1; its identifier is short for the first MANY, long for the others. */
static void look_at_members(const struct ArrowArray *batch, int64_t first)
{
    const int32_t *offsets = batch->children[0]->buffers[1];
    const uint32_t *numbers = batch->children[1]->buffers[1];
    assert_int_equal(batch->children[0]->length, batch->length);
    assert_int_equal(batch->children[1]->length, batch->length);
    assert_true(offsets[batch->length] <= BATCH_BYTES);
    for (int64_t i = 0; i < batch->length; i++) {
        assert_int_equal(numbers[i], 3 * (first + i) + 1);
        assert_int_equal(offsets[i + 1] - offsets[i], first + i < MANY ? 5 : LONG);
    }
}

static void members_come_in_batches(void **state)
{
    static char text[LONG + 1];
    struct session_members members = {.count = MANY + LONG_ONES};
    struct ArrowArrayStream stream;
    int64_t rows;
    (void)state;

    members.identifiers = calloc(members.count, sizeof *members.identifiers);
    members.numbers = calloc(members.count, sizeof *members.numbers);
    memset(text, 'x', LONG);
    for (size_t i = 0; i < members.count; i++) {
        members.identifiers[i] = (struct text){text, i < MANY ? 5 : LONG};
        members.numbers[i] = (uint32_t)(3 * i + 1);
    }

    lib_arrow_members(&members, &stream);
    free(members.identifiers);
    free(members.numbers);
    assert_true(batches_of(&stream, look_at_members, &rows) >= LONG_ONES * (LONG >> 20) / 64);
    assert_int_equal(rows, MANY + LONG_ONES);

    members.count = 0;
    lib_arrow_members(&members, &stream);
    assert_int_equal(batches_of(&stream, look_at_members, &rows), 0);
}

/* ---- results ---- */

/* Row i holds i, a long text and a list of i % 3 texts as long. */
static void look_at_rows(const struct ArrowArray *batch, int64_t first)
{
    const int64_t *numbers = batch->children[0]->buffers[1];
    const int32_t *texts = batch->children[1]->buffers[1];
    const int32_t *lists = batch->children[2]->buffers[1];
    const struct ArrowArray *items = batch->children[2]->children[0];
    const int32_t *item_texts = items->buffers[1];

    assert_true((int64_t)texts[batch->length] + item_texts[items->length] <= BATCH_BYTES);
    assert_int_equal(items->length, lists[batch->length]);
    for (int64_t i = 0; i < batch->length; i++) {
        assert_int_equal(numbers[i], first + i);
        assert_int_equal(texts[i + 1] - texts[i], LONG);
        assert_int_equal(lists[i + 1] - lists[i], (first + i) % 3);
    }
}

static void results_come_in_batches(void **state)
{
    struct strata_store *store;
    struct ArrowArrayStream stream;
    int64_t rows;
    (void)state;

    assert_int_equal(strata_open(shop, STRATA_READ, NULL, &store, &error), STRATA_OK);
    assert_int_equal(strata_sql(store,
                                "SELECT i, repeat('x', 1048576) AS t, list_transform(range(i % 3),"
                                " lambda n: repeat('y', 1048576)) AS l FROM range(100) r(i)",
                                &stream, &error),
                     STRATA_OK);
    assert_true(batches_of(&stream, look_at_rows, &rows) >= 3);
    assert_int_equal(rows, 100);
    strata_close(store);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(members_come_in_batches),
    cmocka_unit_test(results_come_in_batches),
};
UNIT_MAIN_WITH(tests, set_up, tear_down)
