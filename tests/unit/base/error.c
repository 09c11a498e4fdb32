#include "unit/unit.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void setting_clears_the_rest(void **state)
{
    struct error error;
    memset(&error, 'x', sizeof error);
    assert_int_equal(error_set(&error, STATUS_NOT_FOUND, "there is no store at '%s'", "shop"),
                     STATUS_NOT_FOUND);
    assert_int_equal(error.code, STATUS_NOT_FOUND);
    assert_string_equal(error.message, "there is no store at 'shop'");
    assert_string_equal(error.place, "");
    assert_string_equal(error.hint, "");
}

static void describing_joins_what_is_there(void **state)
{
    struct error error;
    char text[200];
    assert_int_equal(error_set(&error, STATUS_ERROR, "bad"), STATUS_ERROR);
    assert_string_equal(error_describe(&error, text, sizeof text), "bad");
    error_hint(&error, "try %d", 2);
    assert_string_equal(error_describe(&error, text, sizeof text), "bad (try 2)");
    error_place(&error, "file:%d", 3);
    assert_string_equal(error_describe(&error, text, sizeof text), "file:3: bad (try 2)");
    assert_string_equal(error_describe(&error, text, 8), "file:3:");
}

static void nobody_needs_to_care(void **state)
{
    assert_int_equal(error_set(NULL, STATUS_BUSY, "%s", "busy"), STATUS_BUSY);
    assert_int_equal(error_system(NULL, ENOENT, "x"), STATUS_IO);
    error_place(NULL, "x");
    error_hint(NULL, "x");
    error_clear(NULL);
}

static void a_system_error_says_why(void **state)
{
    struct error error;
    assert_int_equal(error_system(&error, ENOENT, "cannot open '%s'", "a.csv"), STATUS_IO);
    assert_string_equal(error.message, "cannot open 'a.csv': No such file or directory");
    assert_int_equal(error_system(&error, ENOSPC, "cannot write"), STATUS_FULL);
    assert_int_equal(error_system(&error, EDQUOT, "cannot write"), STATUS_FULL);
}

static void an_error_may_be_wrapped_in_itself(void **state)
{
    struct error error;
    assert_int_equal(error_set(&error, STATUS_ERROR, "no room"), STATUS_ERROR);
    error_place(&error, "a.csv");
    assert_int_equal(
        error_set(&error, error.code, "import of %s stopped: %s", error.place, error.message),
        STATUS_ERROR);
    assert_string_equal(error.message, "import of a.csv stopped: no room");
    error_place(&error, "one");
    error_place(&error, "%s, line %d", error.place, 7);
    assert_string_equal(error.place, "one, line 7");
    error_hint(&error, "do this");
    error_hint(&error, "%s, then that", error.hint);
    assert_string_equal(error.hint, "do this, then that");
}

/* Long texts are cut between characters, whichever length the last one has and wherever the cut
 * falls. */
static void long_texts_are_cut_between_characters(void **state)
{
    static const char *const letters[] = {"a", "é", "€", "😀"};
    for (size_t letter = 0; letter < 4; letter++) {
        for (int shift = 0; shift < 4; shift++) {
            char text[3 * ERROR_PLACE_MAX] = "";
            memset(text, '-', (size_t)shift);
            size_t length = (size_t)shift, size = strlen(letters[letter]);
            for (; length + size < sizeof text; length += size)
                memcpy(text + length, letters[letter], size + 1);
            struct error error;
            error_clear(&error);
            error_place(&error, "%s", text);
            struct text cut = text_from(error.place);
            assert_true(text_valid_utf8(cut));
            assert_true(cut.length > ERROR_PLACE_MAX - 1 - size && cut.length < ERROR_PLACE_MAX);
            assert_memory_equal(error.place, text, cut.length);
        }
    }
}

static void a_text_that_fits_exactly_stays_whole(void **state)
{
    char text[ERROR_HINT_MAX];
    memset(text, '.', sizeof text - 3);
    strcpy(text + sizeof text - 3, "é");
    struct error error;
    error_clear(&error);
    error_hint(&error, "%s", text);
    assert_string_equal(error.hint, text);
}

static enum status fails_inside(struct error *error, int *reached)
{
    TRY(STATUS_OK);
    ++*reached;
    TRY(error_set(error, STATUS_REJECTS, "inside"));
    ++*reached;
    return STATUS_OK;
}

static enum status fails_with_cleanup(struct error *error, int *cleaned)
{
    enum status status;
    TRY_GOTO(fails_inside(error, cleaned));
    *cleaned = -100;
done:
    ++*cleaned;
    return status;
}

static void failures_are_passed_on(void **state)
{
    struct error error;
    int reached = 0, cleaned = 0;
    assert_int_equal(fails_inside(&error, &reached), STATUS_REJECTS);
    assert_int_equal(reached, 1);
    assert_int_equal(fails_with_cleanup(&error, &cleaned), STATUS_REJECTS);
    assert_int_equal(cleaned, 2);
}

static void a_bug_stops_the_program(void **state)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        fclose(stderr);
        int two = 2;
        ENSURE(two == 2);
        ENSURE(two == 3);
        _exit(0);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(setting_clears_the_rest),
    cmocka_unit_test(describing_joins_what_is_there),
    cmocka_unit_test(nobody_needs_to_care),
    cmocka_unit_test(a_system_error_says_why),
    cmocka_unit_test(an_error_may_be_wrapped_in_itself),
    cmocka_unit_test(long_texts_are_cut_between_characters),
    cmocka_unit_test(a_text_that_fits_exactly_stays_whole),
    cmocka_unit_test(failures_are_passed_on),
    cmocka_unit_test(a_bug_stops_the_program),
};
UNIT_MAIN(tests)
