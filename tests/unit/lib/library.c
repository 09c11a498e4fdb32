/* The library's promises that no example shows: stopping leaves nothing, options of other versions.
 */
#include "support/folder.h"
#include "unit/unit.h"

#include "strata.h"

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char folder[256], shop[300], file[300];
static struct strata_error error;

static int set_up(void **state)
{
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(shop, sizeof shop, "%s/shop", folder);
    snprintf(file, sizeof file, "%s/orders.csv", folder);
    assert_int_equal(strata_create(shop, NULL, "EUR", &error), STRATA_OK);
    return 0;
}

static int tear_down(void **state)
{
    return folder_remove(folder);
}

static void write_orders(int rows)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs("customer,time,amount\n", out);
    for (int row = 0; row < rows; row++)
        fprintf(out, "c%d,2025-01-%02d 10:00:00,%d\n", row % 1000, row % 28 + 1, row);
    fclose(out);
}

static struct strata_store *open_shop(const struct strata_options *options)
{
    struct strata_store *store = NULL;
    assert_int_equal(strata_open(shop, STRATA_WRITE, options, &store, &error), STRATA_OK);
    return store;
}

static enum strata_status import(struct strata_store *store, struct strata_import **out)
{
    struct strata_import *made = strata_import_new(store);
    assert_int_equal(strata_import_set(made, "kind", "order", &error), STRATA_OK);
    assert_int_equal(strata_import_add_file(made, file, &error), STRATA_OK);
    enum strata_status status = strata_import_run(made, &error);
    if (out)
        *out = made;
    else
        strata_import_free(made);
    return status;
}

/* ---- stopping ---- */

enum { ENOUGH_TO_BE_SEEN = 400000 }; /* rows that take some tenths of a second to read */

static int stop_at_once(void *context, const char *phase, double fraction)
{
    return *(int *)context;
}

static void a_stopped_import_leaves_nothing(void **state)
{
    int stop = 1;
    char *json = NULL;
    uint64_t customers = 0;
    struct strata_options options = STRATA_OPTIONS_INIT;
    options.progress = stop_at_once;
    options.context = &stop;
    write_orders(ENOUGH_TO_BE_SEEN);
    struct strata_store *store = open_shop(&options);
    assert_int_equal(import(store, NULL), STRATA_INTERRUPTED);
    assert_int_equal(strata_count(store, "any(order)", NULL, &customers, &error), STRATA_ERROR);

    stop = 0;
    struct strata_import *made;
    assert_int_equal(import(store, &made), STRATA_OK);
    assert_int_equal(strata_import_figure(made, STRATA_IMPORT_NUMBER), 1);
    assert_int_equal(strata_import_figure(made, STRATA_ROWS_STORED), ENOUGH_TO_BE_SEEN);
    assert_int_equal(strata_import_json(made, &json, &error), STRATA_OK);
    assert_non_null(strstr(json, "\"stored\""));
    strata_text_free(json);
    assert_int_equal(strata_import_run(made, &error), STRATA_USAGE);
    strata_import_free(made);
    assert_int_equal(strata_count(store, "any(order)", NULL, &customers, &error), STRATA_OK);
    assert_int_equal(customers, 1000);
    strata_close(store);
}

/* What comes when no call runs is for none. */
static void an_interrupt_between_calls_is_forgotten(void **state)
{
    uint64_t customers = 0;
    write_orders(100);
    struct strata_store *store = open_shop(NULL);
    strata_interrupt(store);
    assert_int_equal(import(store, NULL), STRATA_OK);
    strata_interrupt(store);
    assert_int_equal(strata_count(store, "any(order)", NULL, &customers, NULL), STRATA_OK);
    assert_int_equal(customers, 100);
    strata_close(store);
}

static void interrupting_notice(void *context, const char *sentence)
{
    strata_interrupt(*(struct strata_store **)context);
}

/* A notice comes while the call runs, before it has loaded anything: the facts are old by now. */
static void a_question_is_stopped(void **state)
{
    uint64_t customers = 0;
    struct strata_store *store = NULL;
    struct strata_options options = STRATA_OPTIONS_INIT;
    write_orders(100);
    store = open_shop(NULL);
    assert_int_equal(import(store, NULL), STRATA_OK);
    strata_close(store);

    options.notice = interrupting_notice;
    options.context = &store;
    store = open_shop(&options);
    assert_int_equal(strata_count(store, "any(order)", NULL, &customers, &error),
                     STRATA_INTERRUPTED);
    assert_string_equal(error.message, "interrupted; nothing was changed");
    assert_int_equal(strata_refresh(store, NULL, NULL, NULL, &error), STRATA_INTERRUPTED);
    assert_int_equal(strata_count(store, "any(order)", STRATA_LATEST, &customers, &error),
                     STRATA_OK);
    assert_int_equal(customers, 100);
    strata_close(store);
}

/* What a thread needs to stop a call of another one after a while. */
struct delayed {
    struct strata_store *store;
    long nanoseconds;
};

static void *stop_after(void *argument)
{
    struct delayed *delayed = argument;
    nanosleep(&(struct timespec){.tv_nsec = delayed->nanoseconds}, NULL);
    strata_interrupt(delayed->store);
    return NULL;
}

/* A call that says that it was stopped has changed nothing, whenever it is stopped. The list makes
 * an undo ask whom it knows afterwards. */
static void a_stopped_undo_has_not_undone(void **state)
{
    enum { STEP = 2000000 };
    uint64_t customers = 0;
    char text[400];
    write_orders(100);
    struct strata_store *store = open_shop(NULL);
    assert_int_equal(import(store, NULL), STRATA_OK);
    write_orders(200);
    assert_int_equal(import(store, NULL), STRATA_OK);
    snprintf(text, sizeof text, "list friends from '%s'", file);
    assert_int_equal(strata_apply(store, text, 0, &error), STRATA_OK);

    enum strata_status status = STRATA_INTERRUPTED;
    struct delayed delayed = {.store = store};
    for (; status != STRATA_OK; delayed.nanoseconds += STEP) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, stop_after, &delayed), 0);
        status = strata_undo(store, 2, &error);
        pthread_join(thread, NULL);
        assert_true(status == STRATA_OK || status == STRATA_INTERRUPTED);
        assert_int_equal(strata_count(store, "any(order)", STRATA_LATEST, &customers, &error),
                         STRATA_OK);
        assert_int_equal(customers, status == STRATA_OK ? 100 : 200);
    }
    strata_close(store);
}

/* ---- options of programs built against other versions ---- */

struct newer {
    struct strata_options known;
    int more;
};

static void options_may_be_older_or_newer(void **state)
{
    struct strata_store *store;
    struct newer newer = {.known = STRATA_OPTIONS_INIT};
    newer.known.size = sizeof newer;
    assert_int_equal(strata_open(shop, STRATA_READ, &newer.known, &store, &error), STRATA_OK);
    strata_close(store);
    newer.more = 1;
    assert_int_equal(strata_open(shop, STRATA_READ, &newer.known, &store, &error), STRATA_USAGE);

    newer.known.size = offsetof(struct strata_options, memory);
    newer.known.notice = (void (*)(void *, const char *))(uintptr_t)1; /* never looked at */
    newer.more = 0;
    assert_int_equal(strata_open(shop, STRATA_READ, &newer.known, &store, &error), STRATA_OK);
    strata_close(store);
    newer.known.size = 0;
    assert_int_equal(strata_open(shop, STRATA_READ, &newer.known, &store, &error), STRATA_USAGE);
}

/* The most threads this process has been seen to have. */
static int count_threads(void *context, const char *phase, double fraction)
{
    int *most = context, now = -2; /* . and .. */
    DIR *tasks = opendir("/proc/self/task");
    while (tasks && readdir(tasks))
        now++;
    closedir(tasks);
    *most = now > *most ? now : *most;
    return 0;
}

/* One works, and two look at how far it is: at the statement, and at the call. */
static void flags_of_other_versions_are_refused(void **state)
{
    struct strata_store *store = NULL;
    struct strata_snapshot *snapshot = NULL;
    assert_int_equal(strata_open(shop, STRATA_WRITE | 8, NULL, &store, &error), STRATA_USAGE);
    assert_null(store);
    assert_non_null(strstr(error.message, "0x8"));

    /* Nor does a call that succeeds say anything of errors. */
    struct strata_error kept = error;
    store = open_shop(NULL);
    assert_memory_equal(&error, &kept, sizeof error);
    assert_int_equal(strata_snapshot_new(store, NULL, 2, &snapshot, &error), STRATA_USAGE);
    assert_null(snapshot);
    strata_close(store);
}

static void limits_are_kept(void **state)
{
    uint64_t customers = 0;
    int most = 0;
    struct strata_options options = STRATA_OPTIONS_INIT;
    options.progress = count_threads;
    options.context = &most;
    options.threads = 1;
    options.memory = 64 << 20;
    write_orders(ENOUGH_TO_BE_SEEN);
    struct strata_store *store = open_shop(&options);
    assert_int_equal(import(store, NULL), STRATA_OK);
    assert_int_equal(strata_count(store, "count(order) >= 400", STRATA_LATEST, &customers, &error),
                     STRATA_OK);
    assert_int_equal(customers, 1000);
    assert_in_range(most, 1, 3);
    strata_close(store);
}

/* Stops when it hears that something is computed. */
static int stop_computing(void *context, const char *phase, double fraction)
{
    *(bool *)context |= strcmp(phase, "computing") == 0;
    return *(bool *)context;
}

/* A fit reads little and computes long: whoever waits hears of it, and can stop it. */
static void a_fit_is_heard_and_stopped(void **state)
{
    bool heard = false;
    const char *fit[] = {"on", "count(order), sum(order.amount), max(order.amount)", NULL};
    struct strata_options options = STRATA_OPTIONS_INIT;
    options.progress = stop_computing;
    options.context = &heard;
    write_orders(ENOUGH_TO_BE_SEEN);
    struct strata_store *store = open_shop(NULL);
    assert_int_equal(import(store, NULL), STRATA_OK);
    strata_close(store);
    store = open_shop(&options);
    assert_int_equal(strata_model_fit(store, "groups", "cluster", fit, STRATA_LATEST, &error),
                     STRATA_INTERRUPTED);
    assert_true(heard);
    strata_close(store);
}

/* ---- definitions ---- */

static void what_is_used_is_not_deleted(void **state)
{
    char *source = NULL;
    const char *names[] = {"a", "b"};
    write_orders(10);
    struct strata_store *store = open_shop(NULL);
    assert_int_equal(import(store, NULL), STRATA_OK);
    assert_int_equal(
        strata_apply(store, "segment a where any(order)\nsegment b where not in a\n", 0, &error),
        STRATA_OK);
    assert_int_equal(strata_delete(store, names, 1, &error), STRATA_ERROR);
    assert_int_equal(strata_export(store, &source, &error), STRATA_OK);
    assert_non_null(strstr(source, "segment a"));
    strata_text_free(source);
    assert_int_equal(strata_delete(store, names, 2, &error), STRATA_OK);
    assert_int_equal(strata_export(store, &source, &error), STRATA_OK);
    assert_string_equal(source, "");
    strata_text_free(source);
    strata_close(store);
}

/* ---- models ---- */

static void a_fit_is_held_against_the_table(void **state)
{
    char *types = NULL;
    const char *options[] = {"bins", "11", NULL}, *far[] = {"horizon", "90", NULL};
    write_orders(10);
    struct strata_store *store = open_shop(NULL);
    assert_int_equal(import(store, NULL), STRATA_OK);
    assert_int_equal(strata_model_types(&types, &error), STRATA_OK);
    assert_non_null(strstr(types, "\"type\": \"rfm\""));
    assert_non_null(strstr(types, "\"name\": \"bins\""));
    strata_text_free(types);
    assert_int_equal(strata_model_fit(store, "m", "rfm", options, NULL, &error), STRATA_USAGE);
    assert_string_equal(error.message, "--bins must lie between 2 and 10, but is 11");
    assert_int_equal(strata_model_fit(store, "m", "rfm", far, NULL, &error), STRATA_USAGE);
    assert_non_null(strstr(error.message, "no option --horizon"));
    strata_close(store);
}

/* ---- who may change a store ---- */

/* Each of the calls that change a store. */
static enum strata_status change_somehow(struct strata_store *store, int which)
{
    static const char *const names[] = {"Buyers"};
    switch (which) {
    case 0: return strata_apply(store, "segment Buyers where any(order)", 0, &error);
    case 1: return strata_delete(store, names, 1, &error);
    case 2: return strata_undo(store, 1, &error);
    case 3: return import(store, NULL);
    case 4: return strata_refresh(store, STRATA_LATEST, NULL, NULL, &error);
    case 5: return strata_model_fit(store, "value", "rfm", NULL, STRATA_LATEST, &error);
    case 6: return strata_model_score(store, "value", STRATA_LATEST, &error);
    case 7: return strata_model_delete(store, "value", &error);
    default: return STRATA_OK;
    }
}
enum { WAYS_TO_CHANGE = 8 };

static void a_reader_changes_nothing(void **state)
{
    struct strata_store *store = open_shop(NULL);
    write_orders(100);
    assert_int_equal(import(store, NULL), STRATA_OK);
    assert_int_equal(change_somehow(store, 0), STRATA_OK);
    assert_int_equal(change_somehow(store, 5), STRATA_OK);
    strata_close(store);

    write_orders(200);
    assert_int_equal(strata_open(shop, STRATA_READ, NULL, &store, &error), STRATA_OK);
    for (int which = 0; which < WAYS_TO_CHANGE; which++) {
        assert_int_equal(change_somehow(store, which), STRATA_USAGE);
        assert_non_null(strstr(error.message, "is open for reading only"));
        assert_string_equal(error.hint, "open it with STRATA_WRITE");
    }

    /* A dry run changes nothing, and so may be asked for. */
    struct strata_import *dry = strata_import_new(store);
    assert_int_equal(strata_import_set(dry, "kind", "order", &error), STRATA_OK);
    assert_int_equal(strata_import_set(dry, "dry-run", "", &error), STRATA_OK);
    assert_int_equal(strata_import_add_file(dry, file, &error), STRATA_OK);
    assert_int_equal(strata_import_run(dry, &error), STRATA_OK);
    assert_int_equal(strata_import_figure(dry, STRATA_ROWS_READ), 200);
    strata_import_free(dry);
    strata_close(store);
}

static uint64_t buyers(struct strata_store *store)
{
    uint64_t customers = 0;
    assert_int_equal(strata_count(store, "any(order)", STRATA_LATEST, &customers, &error),
                     STRATA_OK);
    return customers;
}

static void a_reader_moves_on_when_told(void **state)
{
    struct strata_store *reader = NULL, *writer = open_shop(NULL);
    struct strata_snapshot *before = NULL, *after = NULL;
    write_orders(100);
    assert_int_equal(import(writer, NULL), STRATA_OK);
    assert_int_equal(strata_open(shop, STRATA_READ, NULL, &reader, &error), STRATA_OK);
    assert_int_equal(buyers(reader), 100);
    assert_int_equal(strata_snapshot_new(reader, STRATA_LATEST, STRATA_EVERYTHING, &before, &error),
                     STRATA_OK);
    assert_int_equal(strata_reload(reader, &error), STRATA_OK);
    assert_int_equal(buyers(reader), 100);

    write_orders(200);
    assert_int_equal(import(writer, NULL), STRATA_OK);
    assert_int_equal(strata_apply(writer, "segment Buyers where any(order)", 0, &error), STRATA_OK);
    assert_int_equal(buyers(reader), 100);
    assert_int_equal(strata_reload(reader, &error), STRATA_OK);
    assert_int_equal(buyers(reader), 200);
    assert_int_equal(strata_snapshot_new(reader, "2025-01-10", STRATA_DEFINED, &after, &error),
                     STRATA_OK);
    assert_string_equal(strata_snapshot_moment(before), "2025-01-28T10:00:01Z");
    assert_string_equal(strata_snapshot_moment(after), "2025-01-10T00:00:00Z");

    /* What came from the handle before is as it was. */
    uint64_t customers = 0;
    assert_int_equal(strata_snapshot_count(before, "any(order)", &customers, &error), STRATA_OK);
    assert_int_equal(customers, 100);
    strata_snapshot_release(before);
    strata_snapshot_release(after);

    /* Interrupts find the handle as before; and a writer has nothing to move to. */
    strata_interrupt(reader);
    assert_int_equal(buyers(reader), 200);
    assert_int_equal(strata_reload(writer, &error), STRATA_OK);
    assert_int_equal(buyers(writer), 200);
    strata_close(reader);
    strata_close(writer);
}

/* A stream reads what the store was when it was asked, whatever the handle does meanwhile. */
static void a_stream_is_independent(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t rows = 0;
    write_orders(ENOUGH_TO_BE_SEEN);
    struct strata_store *store = open_shop(NULL);
    assert_int_equal(import(store, NULL), STRATA_OK);
    assert_int_equal(strata_sql(store, "SELECT * FROM \"order\"", &stream, &error), STRATA_OK);
    assert_int_equal(strata_undo(store, 1, &error), STRATA_OK);
    strata_interrupt(store);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);

    for (;;) {
        assert_int_equal(stream.get_next(&stream, &batch), 0);
        if (!batch.release)
            break;
        rows += batch.length;
        batch.release(&batch);
    }
    assert_int_equal(rows, ENOUGH_TO_BE_SEEN);
    stream.release(&stream);
    strata_close(store);
}

/* A store, what its callbacks asked of it, and how often that was refused. */
struct meddling {
    struct strata_store *store;
    int asked, refused;
};

static int meddling_progress(void *context, const char *phase, double fraction)
{
    struct meddling *meddling = context;
    struct strata_error why;
    if (!meddling->store || meddling->asked)
        return 0;
    meddling->asked++;
    meddling->refused +=
        strata_refresh(meddling->store, STRATA_LATEST, NULL, NULL, &why) == STRATA_USAGE;
    return 0;
}

static void meddling_notice(void *context, const char *sentence)
{
    meddling_progress(context, sentence, -1);
}

static void a_callback_changes_nothing(void **state)
{
    struct meddling meddling = {0};
    struct strata_options options = STRATA_OPTIONS_INIT;
    options.progress = meddling_progress;
    options.context = &meddling;
    write_orders(ENOUGH_TO_BE_SEEN);
    struct strata_store *store = meddling.store = open_shop(&options);
    assert_int_equal(import(store, NULL), STRATA_OK);
    assert_int_equal(meddling.asked, 1);
    assert_int_equal(meddling.refused, 1);
    strata_close(store);

    meddling = (struct meddling){0};
    options.progress = NULL;
    options.notice = meddling_notice;
    store = meddling.store = open_shop(&options);
    uint64_t customers = 0;
    assert_int_equal(strata_count(store, "any(order)", NULL, &customers, &error), STRATA_OK);
    assert_int_equal(meddling.asked, 1);
    assert_int_equal(meddling.refused, 1);
    assert_int_equal(strata_refresh(store, STRATA_LATEST, NULL, NULL, &error), STRATA_OK);
    strata_close(store);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_reader_changes_nothing, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_reader_moves_on_when_told, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_stream_is_independent, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_callback_changes_nothing, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_stopped_import_leaves_nothing, set_up, tear_down),
    cmocka_unit_test_setup_teardown(an_interrupt_between_calls_is_forgotten, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_question_is_stopped, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_stopped_undo_has_not_undone, set_up, tear_down),
    cmocka_unit_test_setup_teardown(options_may_be_older_or_newer, set_up, tear_down),
    cmocka_unit_test_setup_teardown(flags_of_other_versions_are_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(limits_are_kept, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_fit_is_heard_and_stopped, set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_is_used_is_not_deleted, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_fit_is_held_against_the_table, set_up, tear_down),
};
UNIT_MAIN(tests)
