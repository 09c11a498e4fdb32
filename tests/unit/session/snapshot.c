/*
 * Snapshots: many threads ask one at once, after its store is closed and gone, and all get what
 * arithmetic says. Customer c000…: number n has n % 7 orders in June 2025, the k-th of 10 × k, and
 * lives in Wien when n is even, else in Graz.
 */
#include "support/folder.h"
#include "unit/unit.h"

#include "session/internal.h"
#include "session/snapshot.h"

#include "engine/engine.h"
#include "ingest/ingest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CUSTOMERS = 1400, MOST_ORDERS = 6, THREADS = 6, ROUNDS = 20 };

static const char definitions[] = "segment regulars where count(order) >= 3\n"
                                  "segment spenders where sum(order.amount) >= 150\n"
                                  "segment both where in regulars and not in spenders\n"
                                  "scheme size exclusive\n"
                                  "  large where count(order) >= 5\n"
                                  "  small where any(order)\n"
                                  "  else empty\n";

static char folder[256];
static struct error error;

static void good(enum status status)
{
    if (status != STATUS_OK)
        print_message("# %s (%s)\n", error.message, error.hint);
    assert_int_equal(status, STATUS_OK);
}

static void write_file(const char *path, bool orders)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(orders ? "customer,time,amount\n" : "customer,city\n", file);
    for (int n = 0; n < CUSTOMERS; n++) {
        if (!orders)
            fprintf(file, "c%04d,%s\n", n, n % 2 ? "Graz" : "Wien");
        for (int k = 1; orders && k <= n % 7; k++)
            fprintf(file, "c%04d,2025-06-%02d 10:00:00,%d.00\n", n, k, 10 * k);
    }
    fclose(file);
}

static void import_file(struct session *session, const char *path, bool orders)
{
    struct arena arena;
    struct ingest_summary summary;
    arena_init(&arena, 0);
    struct ingest_options options = {.sources = &path,
                                     .source_count = 1,
                                     .now = 1751328000, /* 2025-07-01 */
                                     .threads = 1,
                                     .mapping = {.kind = orders ? "order" : SCHEMA_TRAIT_TABLE,
                                                 .customer = "customer",
                                                 .time = orders ? "time" : NULL,
                                                 .undated = !orders}};
    good(ingest_run(session_store(session), &options, NULL, &arena, &summary, &error));
    arena_release(&arena);
}

static void define(struct session *session, const char *text)
{
    struct arena arena;
    struct session_moment moment;
    struct session_apply apply;
    struct segment_source source = {"test", text_from(text)};
    arena_init(&arena, 0);
    good(session_moment(session, "latest", NULL, &arena, &moment, &error));
    good(session_apply_plan(session, &source, 1, false, &moment, &arena, &apply, &error));
    good(session_apply_save(session, &apply, &error));
    segment_set_free(apply.set);
    session_look_again(session);
    arena_release(&arena);
}

static struct session_snapshot *take(struct session *session, bool everything)
{
    struct arena arena;
    struct session_moment moment;
    struct session_snapshot *snapshot = NULL;
    arena_init(&arena, 0);
    good(session_moment(session, "2025-07-01", NULL, &arena, &moment, &error));
    good(session_snapshot_new(session, &moment, everything, &snapshot, &error));
    arena_release(&arena);
    return snapshot;
}

/* One thread for DuckDB, whose own locks the thread sanitizer does not see. */
static struct session *open_shop(void)
{
    struct session *session;
    char shop[300], file[300];
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(shop, sizeof shop, "%s/shop", folder);
    good(session_create(shop, "Europe/Vienna", "EUR", &error));
    good(session_open(
        &(struct session_options){.path = shop, .write = true, .command = "test", .threads = 1},
        &session, &error));
    for (int orders = 0; orders < 2; orders++) {
        snprintf(file, sizeof file, "%s/%s.csv", folder, orders ? "orders" : "customers");
        write_file(file, orders);
        import_file(session, file, orders);
    }
    define(session, definitions);
    return session;
}

static void remove_shop(void)
{
    folder_remove(folder);
}

/* Whoever is stopped while it is looked for what fails must not find that everything does. */
static void an_interrupt_blames_no_definition(void **state)
{
    struct session *session = open_shop();
    struct session_view view;
    struct session_moment moment;
    struct arena arena;
    const char *name, *reason;
    struct error why = {.code = STATUS_ERROR, .message = "a sum does not fit"};
    (void)state;

    arena_init(&arena, 0);
    good(session_moment(session, "2025-07-01", NULL, &arena, &moment, &error));
    good(session_evaluate(session, NULL, NULL, -1, NULL, &moment, SESSION_WHOLE_PAST, &view,
                          &error));
    session_interrupt(session);
    assert_int_equal(session_leave_out(session, view.population, moment.now, &why, &error),
                     STATUS_INTERRUPTED);
    session_go_on(session);
    assert_false(session_broken(session, 0, &name, &reason));
    session_view_close(&view);

    good(session_evaluate(session, NULL, NULL, -1, NULL, &moment, SESSION_WHOLE_PAST, &view,
                          &error));
    assert_int_equal(view.set->segment_count, 6);
    session_view_close(&view);
    arena_release(&arena);
    session_close(session);
    remove_shop();
}

/* ---- what threads ask ---- */

struct asking {
    struct session_snapshot *snapshot;
    int first;
    const char *wrong; /* the first answer that is not right; cmocka's asserts are for one thread */
};

static uint64_t of_counts(int from, int to)
{
    uint64_t count = 0;
    for (int n = 0; n < CUSTOMERS; n++)
        count += n % 7 >= from && n % 7 <= to;
    return count;
}

static bool counts(const struct session_snapshot *snapshot)
{
    uint64_t one = 0, two = 0, three = 0;
    struct error why = {0};
    return session_snapshot_count(snapshot, TEXT("count(order) >= 3"), &one, &why) == STATUS_OK &&
           session_snapshot_count(snapshot, TEXT("in both or in size.large"), &two, &why) ==
               STATUS_OK &&
           session_snapshot_count(snapshot, TEXT("city = 'Graz' and none(order)"), &three, &why) ==
               STATUS_OK &&
           one == of_counts(3, 6) && two == of_counts(3, 6) && three == CUSTOMERS / 14;
}

/* 10 + 20 + … : five orders are 150. */
static bool one_customer(const struct session_snapshot *snapshot, int n)
{
    static const char *const names[] = {"regulars",   "spenders",   "both",
                                        "size.large", "size.small", "size.empty"};
    int orders = n % 7, segments[8];
    const bool in[] = {
        orders >= 3, orders >= 5, orders >= 3 && orders < 5, orders >= 5, orders >= 1 && orders < 5,
        orders == 0};
    size_t count = 0, wanted = 0;
    char name[16];
    struct error why = {0};
    snprintf(name, sizeof name, "c%04d", n);
    if (session_snapshot_customer(snapshot, name, segments, 8, &count, &why) != STATUS_OK)
        return false;
    const struct segment_set *set = session_snapshot_view(snapshot)->set;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        bool found = false;
        for (size_t s = 0; s < count; s++)
            found |= strcmp(set->segments[segments[s]].name, names[i]) == 0;
        if (found != in[i])
            return false;
        wanted += in[i];
    }
    return count == wanted;
}

static bool members(const struct session_snapshot *snapshot)
{
    struct arena arena;
    struct session_members some = {0}, named = {0};
    struct error why = {0};
    arena_init(&arena, 0);
    bool right = session_snapshot_members(snapshot, NULL, TEXT("city = 'Wien'"), &arena, &some,
                                          &why) == STATUS_OK &&
                 session_snapshot_members(snapshot, "size.large", (struct text){0}, &arena, &named,
                                          &why) == STATUS_OK &&
                 some.count == CUSTOMERS / 2 && named.count == of_counts(5, MOST_ORDERS) &&
                 text_equal(some.identifiers[1], TEXT("c0002"));
    arena_release(&arena);
    return right;
}

static bool explains(const struct session_snapshot *snapshot)
{
    struct arena arena;
    struct buffer text;
    struct error why = {0};
    arena_init(&arena, 0);
    buffer_init(&text, 0);
    bool right = engine_explain_snapshot(snapshot, "spenders", "c0004", &arena, &text, NULL,
                                         &why) == STATUS_OK &&
                 strstr(text.data, "c0004 is not in spenders") && strstr(text.data, "50.00 more");
    buffer_release(&text);
    arena_release(&arena);
    return right;
}

static void *ask(void *context)
{
    struct asking *asking = context;
    for (int round = 0; round < ROUNDS && !asking->wrong; round++) {
        if (!counts(asking->snapshot))
            asking->wrong = "counts";
        if (!members(asking->snapshot))
            asking->wrong = "members";
        if (!explains(asking->snapshot))
            asking->wrong = "explanations";
        for (int n = asking->first + round; n < CUSTOMERS && !asking->wrong; n += 97)
            if (!one_customer(asking->snapshot, n))
                asking->wrong = "one customer";
    }
    session_snapshot_release(asking->snapshot);
    return NULL;
}

/* Nothing was asked before: tables of names and texts are made by whichever thread comes first. */
static void many_threads_share_one(void **state)
{
    struct session *session = open_shop();
    struct session_snapshot *snapshot = take(session, true);
    session_close(session);
    remove_shop();

    pthread_t threads[THREADS];
    struct asking asking[THREADS];
    for (int t = 0; t < THREADS; t++) {
        asking[t] = (struct asking){session_snapshot_retain(snapshot), t * 13, NULL};
        assert_int_equal(pthread_create(&threads[t], NULL, ask, &asking[t]), 0);
    }
    session_snapshot_release(snapshot);
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        if (asking[t].wrong)
            print_message("# thread %d: %s\n", t, asking[t].wrong);
        assert_null(asking[t].wrong);
    }
}

/* What is not held cannot be asked, and says so; what comes later does not reach it. */
static void it_stays_what_it_was(void **state)
{
    uint64_t customers = 0;
    int index;
    struct session *session = open_shop();
    struct session_snapshot *snapshot = take(session, false);
    assert_int_equal(session_snapshot_customers(snapshot), CUSTOMERS);
    assert_int_equal(session_snapshot_count(snapshot, TEXT("city = 'Wien'"), &customers, &error),
                     STATUS_USAGE);

    /* of a trait that some definition reads, the whole history is there */
    define(session, "segment viennese where city = 'Wien'\n");
    struct session_snapshot *later = take(session, false);
    good(session_snapshot_count(later, TEXT("ever(city = 'Wien')"), &customers, &error));
    assert_int_equal(customers, CUSTOMERS / 2);
    session_snapshot_release(later);

    define(session, "segment regulars where count(order) >= 6\n");
    good(session_snapshot_count(snapshot, TEXT("in regulars"), &customers, &error));
    assert_int_equal(customers, of_counts(3, MOST_ORDERS));
    assert_int_equal(session_snapshot_find_segment(snapshot, "regular", &index, &error),
                     STATUS_NOT_FOUND);
    assert_string_equal(error.hint, "did you mean regulars?");
    assert_int_equal(session_snapshot_customer(snapshot, "nobody", NULL, 0, NULL, &error),
                     STATUS_NOT_FOUND);

    session_close(session);
    session_snapshot_release(snapshot);
    remove_shop();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(many_threads_share_one),
    cmocka_unit_test(it_stays_what_it_was),
    cmocka_unit_test(an_interrupt_blames_no_definition),
};
UNIT_MAIN(tests)
