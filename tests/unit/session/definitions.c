/* Changes of definitions that fail. */
#include "support/folder.h"
#include "unit/unit.h"

#include "session/internal.h"

#include <stdio.h>
#include <string.h>

static char folder[256], shop[300];
static struct error error;

static int set_up(void **state)
{
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(shop, sizeof shop, "%s/shop", folder);
    assert_int_equal(session_create(shop, NULL, NULL, &error), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    return folder_remove(folder);
}

/* The definitions are well, and the list that they name cannot be read. */
static void a_plan_that_fails_keeps_nothing(void **state)
{
    struct session *session = NULL;
    struct session_options options = {.path = shop, .write = true, .threads = 1};
    struct session_moment moment = {.now = 1700000000, .known_at = INT64_MAX};
    struct segment_source source = {
        "test", text_from("list friends from 'nowhere.csv'\nsegment all where in list friends\n")};
    struct session_apply apply = {0};
    struct arena arena;
    arena_init(&arena, 0);
    assert_int_equal(session_open(&options, &session, &error), STATUS_OK);
    assert_int_equal(
        session_apply_plan(session, &source, 1, false, &moment, &arena, &apply, &error), STATUS_IO);
    assert_non_null(strstr(error.message, "nowhere.csv"));
    assert_null(apply.set);
    session_close(session);
    arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_plan_that_fails_keeps_nothing, set_up, tear_down),
};
UNIT_MAIN(tests)
