/*
 * What is left out at a moment: a definition that fits the store and fails there, and nobody else.
 * A's twelve loads of 2028 add up to more than 64 bits hold; before them all is well.
 */
#include "support/folder.h"
#include "unit/unit.h"

#include "ingest/ingest.h"
#include "session/internal.h"

#include <stdio.h>
#include <string.h>

static const char definitions[] = "segment anybody where any(load) or none(load)\n"
                                  "segment daily where sum(load.shelf) = 0 or none(load)\n";

static char folder[256];
static struct session *session;
static struct error error;
static struct session_moment before, after;

static void good(enum status status)
{
    if (status != STATUS_OK)
        print_message("# %s (%s)\n", error.message, error.hint);
    assert_int_equal(status, STATUS_OK);
}

static void import_loads(struct arena *arena)
{
    char path[300];
    snprintf(path, sizeof path, "%s/loads.csv", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("customer,time,shelf\nB,2025-01-05 10:00:00,0\n", file);
    for (int i = 0; i < 12; i++)
        fputs("A,2028-01-05 10:00:00,999999999999999999\n", file);
    fclose(file);

    struct ingest_summary summary;
    struct ingest_options options = {
        .sources = (const char *[]){path},
        .source_count = 1,
        .now = 1830000000, /* in December 2027 */
        .threads = 1,
        .mapping = {.kind = "load", .customer = "customer", .time = "time"}};
    good(ingest_run(session_store(session), &options, NULL, arena, &summary, &error));
}

static void define(struct arena *arena)
{
    struct session_apply apply;
    struct segment_source source = {"test", text_from(definitions)};
    session_look_again(session);
    good(session_apply_plan(session, &source, 1, false, &before, arena, &apply, &error));
    good(session_apply_save(session, &apply, &error));
    segment_set_free(apply.set);
    session_look_again(session);
}

static int open_loads(void **state)
{
    char shop[300];
    struct arena arena;
    (void)state;
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(shop, sizeof shop, "%s/shop", folder);
    good(session_create(shop, NULL, NULL, &error));
    good(session_open(
        &(struct session_options){.path = shop, .write = true, .command = "test", .threads = 1},
        &session, &error));
    arena_init(&arena, 0);
    import_loads(&arena);
    good(session_moment(session, "2025-02-01", NULL, &arena, &before, &error));
    good(session_moment(session, "2028-02-01", NULL, &arena, &after, &error));
    define(&arena);
    arena_release(&arena);
    return 0;
}

static int close_loads(void **state)
{
    (void)state;
    session_close(session);
    return folder_remove(folder);
}

/* How many segments there are at the moment, of the two. */
static size_t segments_at(const struct session_moment *moment)
{
    struct arena arena;
    struct session_segments out;
    arena_init(&arena, 0);
    good(session_segments(session, moment, &arena, &out, &error));
    arena_release(&arena);
    return out.count;
}

static void who_fails_is_left_out_at_that_moment(void **state)
{
    const char *name, *why;
    (void)state;
    assert_int_equal(segments_at(&before), 2);
    assert_int_equal(segments_at(&after), 1);
    assert_true(session_broken(session, 0, &name, &why));
    assert_string_equal(name, "daily");
    assert_non_null(strstr(why, "64-bit"));
    assert_int_equal(segments_at(&before), 2);
    assert_false(session_broken(session, 0, &name, &why));
}

/* A session that lives long, and asks about both moments in turn, takes no more and more memory. */
static void sets_that_were_replaced_go(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        session_begin_question(session);
        assert_int_equal(session->retired.count, 0);
        assert_int_equal(segments_at(&after), 1);
        assert_int_equal(session->left_out.count, 1);
        session_begin_question(session);
        assert_int_equal(segments_at(&after), 1); /* the same moment: nothing is made anew */
        assert_int_equal(session->retired.count, 0);
        assert_string_equal(session->left_out.items[0].name, "daily");
        assert_int_equal(segments_at(&before), 2);
    }
    size_t taken = session->arena.taken;
    assert_int_equal(segments_at(&after), 1);
    assert_int_equal(segments_at(&before), 2);
    assert_int_equal(session->arena.taken, taken);
    session_look_again(session);
    assert_int_equal(session->arena.taken, taken);
}

/* Stopped while it is searched for who failed, the question is stopped, and nobody is to blame. */
static void a_stopped_search_leaves_nobody_out(void **state)
{
    struct session_view view;
    const char **reasons;
    size_t failing;
    struct error why = {.code = STATUS_ERROR, .message = "it failed"};
    struct arena arena;
    (void)state;
    arena_init(&arena, 0);
    good(session_evaluate(session, NULL, NULL, -1, NULL, &before, SESSION_WHOLE_PAST, &view,
                          &error));

    session_interrupt(session);
    assert_int_equal(session_find_failing(session, session->definitions, view.population, after.now,
                                          &arena, &reasons, &failing, &error),
                     STATUS_INTERRUPTED);
    assert_int_equal(session_leave_out(session, view.population, after.now, &why, &error),
                     STATUS_INTERRUPTED);
    assert_string_equal(error.message, "interrupted; nothing was changed");
    assert_int_equal(session->left_out.count, 0);

    struct session_members members;
    assert_int_equal(
        session_members(session, "daily", (struct text){0}, &before, &arena, &members, &error),
        STATUS_INTERRUPTED);
    assert_string_equal(error.message, "interrupted; nothing was changed");
    session_go_on(session);

    session_view_close(&view);
    arena_release(&arena);
    assert_int_equal(segments_at(&after), 1); /* all but the one that does fail */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(who_fails_is_left_out_at_that_moment, open_loads, close_loads),
    cmocka_unit_test_setup_teardown(sets_that_were_replaced_go, open_loads, close_loads),
    cmocka_unit_test_setup_teardown(a_stopped_search_leaves_nobody_out, open_loads, close_loads),
};
UNIT_MAIN(tests)
