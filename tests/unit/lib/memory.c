/*
 * Rows from memory: batches longer than DuckDB's vectors, arrays that begin in the middle, unknown
 * values, dates and exact decimals; and a stream that fails half-way. Row n is of customer n % 100,
 * at n minutes past the first moment, of n cents, or unknown when n % 10 is 9.
 */
#include "support/folder.h"
#include "unit/unit.h"

#include "strata.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 5000, BATCHES = 3, SKIPPED = 3, NAME = 8 };
static const int64_t FIRST = 1735689600; /* 2025-01-01T00:00:00Z */

static char folder[256];
static struct strata_error error;

/* ---- the stream ---- */

struct batch {
    char text[(BATCH + SKIPPED) * NAME];
    int32_t ends[BATCH + SKIPPED + 1];
    int64_t times[BATCH + SKIPPED];
    int64_t cents[BATCH + SKIPPED][2]; /* 128 bits each, little-endian */
    uint8_t known[(BATCH + SKIPPED) / 8 + 1];
    const void *of_customer[3], *of_time[2], *of_amount[2], *of_row[1];
    struct ArrowArray columns[3], *children[3];
};

struct state {
    int next, fails_at;
    bool released;
};

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_child(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_batch(struct ArrowArray *array)
{
    free(array->private_data);
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static struct ArrowSchema fields[3], *children[] = {&fields[0], &fields[1], &fields[2]};
    static const char *const formats[] = {"u", "tss:UTC", "d:18,2"}, *const names[] = {"customer",
                                                                                       "time",
                                                                                       "amount"};
    for (int i = 0; i < 3; i++)
        fields[i] = (struct ArrowSchema){.format = formats[i],
                                         .name = names[i],
                                         .flags = ARROW_FLAG_NULLABLE,
                                         .release = release_schema};
    *out = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = 3,
                                .children = children,
                                .release = release_schema};
    return 0;
}

static void fill(struct batch *batch, int first)
{
    for (int i = 0; i < BATCH + SKIPPED; i++) {
        int row = first + i - SKIPPED; /* what stands before the offset is never looked at */
        char name[NAME + 8];
        int length = snprintf(name, sizeof name, "c%d", row < 0 ? 0 : row % 100);
        memcpy(batch->text + batch->ends[i], name, (size_t)length);
        batch->ends[i + 1] = batch->ends[i] + length;
        batch->times[i] = FIRST + INT64_C(60) * row;
        batch->cents[i][0] = row;
        if (row % 10 != 9)
            batch->known[i / 8] |= (uint8_t)(1 << i % 8);
    }
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct state *state = stream->private_data;
    *out = (struct ArrowArray){0};
    if (state->next == state->fails_at)
        return EIO;
    if (state->next == BATCHES)
        return 0;
    struct batch *batch = calloc(1, sizeof *batch);
    assert_non_null(batch);
    fill(batch, BATCH * state->next++);
    batch->of_customer[1] = batch->ends, batch->of_customer[2] = batch->text;
    batch->of_time[1] = batch->times;
    batch->of_amount[0] = batch->known, batch->of_amount[1] = batch->cents;
    const void **buffers[] = {batch->of_customer, batch->of_time, batch->of_amount};
    for (int i = 0; i < 3; i++) {
        batch->columns[i] = (struct ArrowArray){.length = BATCH,
                                                .null_count = i == 2 ? -1 : 0,
                                                .offset = SKIPPED,
                                                .n_buffers = i == 0 ? 3 : 2,
                                                .buffers = buffers[i],
                                                .release = release_child};
        batch->children[i] = &batch->columns[i];
    }
    *out = (struct ArrowArray){.length = BATCH,
                               .n_buffers = 1,
                               .buffers = batch->of_row,
                               .n_children = 3,
                               .children = batch->children,
                               .private_data = batch,
                               .release = release_batch};
    return 0;
}

static const char *last_error(struct ArrowArrayStream *stream)
{
    return "the sensor is asleep";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    ((struct state *)stream->private_data)->released = true;
    stream->release = NULL;
}

static struct ArrowArrayStream stream_of(struct state *state)
{
    return (struct ArrowArrayStream){get_schema, get_next, last_error, release_stream, state};
}

/* ---- tests ---- */

static struct strata_store *open_shop(void)
{
    char shop[300];
    struct strata_store *store = NULL;
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(shop, sizeof shop, "%s/shop", folder);
    assert_int_equal(strata_create(shop, NULL, "EUR", &error), STRATA_OK);
    assert_int_equal(strata_open(shop, STRATA_WRITE, NULL, &store, &error), STRATA_OK);
    return store;
}

static void close_shop(struct strata_store *store)
{
    strata_close(store);
    folder_remove(folder);
}

static uint64_t count(struct strata_store *store, const char *condition)
{
    uint64_t customers = UINT64_MAX;
    if (strata_count(store, condition, STRATA_LATEST, &customers, &error) != STRATA_OK)
        fail_msg("%s: %s", condition, error.message);
    return customers;
}

static void batches_come_whole(void **unused)
{
    struct state state = {.fails_at = -1};
    struct ArrowArrayStream stream = stream_of(&state);
    struct strata_store *store = open_shop();
    struct strata_import *import = strata_import_new(store);
    assert_int_equal(strata_import_set(import, "kind", "reading", &error), STRATA_OK);
    if (strata_import_add_arrow(import, "readings", &stream, &error) != STRATA_OK ||
        strata_import_run(import, &error) != STRATA_OK)
        fail_msg("%s (%s)", error.message, error.hint);
    assert_true(state.released && !stream.release);
    assert_int_equal(strata_import_figure(import, STRATA_ROWS_STORED), BATCH * BATCHES);
    assert_int_equal(strata_import_figure(import, STRATA_CUSTOMERS), 100);
    strata_import_free(import);

    /* c7 has 7, 107, … 14907 cents: 150 of them, 150 × 7457 in all; those of c9 are unknown */
    assert_int_equal(
        count(store, "sum(reading.amount) = 11185.50 and last(reading.amount) = 149.07"), 1);
    assert_int_equal(count(store, "count(reading where amount >= 0) = 150"), 90);
    assert_int_equal(count(store, "count(reading) = 150"), 100);
    assert_int_equal(count(store, "first(reading.time) = 2025-01-01T00:42:00Z"), 1);
    close_shop(store);
}

static void a_stream_may_fail(void **unused)
{
    struct state state = {.fails_at = 1}, other = {.fails_at = -1};
    struct ArrowArrayStream stream = stream_of(&state), named = stream_of(&other);
    struct strata_store *store = open_shop();
    struct strata_import *import = strata_import_new(store);
    assert_int_equal(strata_import_add_arrow(import, "readings", &stream, &error), STRATA_ERROR);
    assert_non_null(strstr(error.message, "the sensor is asleep"));
    assert_true(state.released);
    assert_int_equal(strata_import_add_arrow(import, "../x", &named, &error), STRATA_USAGE);
    assert_true(other.released);
    assert_int_equal(strata_import_run(import, &error), STRATA_USAGE);
    strata_import_free(import);
    close_shop(store);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(batches_come_whole),
    cmocka_unit_test(a_stream_may_fail),
};
UNIT_MAIN(tests)
