#include "unit/unit.h"

#include "base/library.h"
#include "base/pool.h"

#include <math.h>
#include <string.h>

#define FUNCTIONS(F) F(floor) F(hypot)

static struct {
    FUNCTIONS(LIBRARY_POINTER)
} maths;
static const char *const names[] = {FUNCTIONS(LIBRARY_NAME)};

static void ask(void *context, size_t task, int worker)
{
    int *good = context;
    static struct library there = {"libm.so.6", "libc6", "roots", LIBRARY_TABLE(names, maths)};
    good[task] =
        library_load(&there, NULL) == STATUS_OK && maths.floor(3.5) == 3 && maths.hypot(3, 4) == 5;
}

/* Whoever comes first loads it, and all find every pointer set. */
static void what_is_there_is_loaded(void **state)
{
    enum { ASKERS = 64 };
    int good[ASKERS] = {0};
    struct pool *pool = pool_new(4);
    pool_run(pool, ASKERS, ask, good);
    pool_free(pool);
    for (int i = 0; i < ASKERS; i++)
        assert_true(good[i]);
}

/* Twice, as a program that goes on may ask again. */
static void what_is_missing_says_who_brings_it(void **state)
{
    struct library missing = {"libstrata-nobody-has.so.7", "libnobody7", "dreams",
                              LIBRARY_TABLE(names, maths)};
    for (int i = 0; i < 2; i++) {
        struct error error = {0};
        assert_int_equal(library_load(&missing, &error), STATUS_ERROR);
        assert_non_null(strstr(error.message, "the library for dreams cannot be loaded: "));
        assert_non_null(strstr(error.message, "libstrata-nobody-has.so.7"));
        assert_non_null(strstr(error.hint, "libnobody7"));
    }
    missing.package = NULL;
    struct error error = {0};
    assert_int_equal(library_load(&missing, &error), STATUS_ERROR);
    assert_non_null(strstr(error.hint, "install Strata again"));
    assert_int_equal(library_load(&missing, NULL), STATUS_ERROR);
}

static void a_library_that_lacks_a_function_is_none(void **state)
{
    static const char *const others[] = {"floor", "strata_nobody_has"};
    struct library other = {"libm.so.6", "libc6", "roots", LIBRARY_TABLE(others, maths)};
    struct error error = {0};
    assert_int_equal(library_load(&other, &error), STATUS_ERROR);
    assert_non_null(strstr(error.message, "strata_nobody_has"));
    assert_false(other.ready);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_there_is_loaded),
    cmocka_unit_test(what_is_missing_says_who_brings_it),
    cmocka_unit_test(a_library_that_lacks_a_function_is_none),
};

UNIT_MAIN(tests)
