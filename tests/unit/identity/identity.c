/* Identity: numbers in order of first appearance over several imports, and back from number to
 * identifier. */
#include "identity/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "unit/unit.h"

static struct error error;

#define OK(call)                                                                       \
    do {                                                                               \
        if ((call) != STATUS_OK)                                                       \
            fail_msg("%s:%d: %s (%s)", __FILE__, __LINE__, error.message, error.hint); \
    } while (0)

/* Numbers these identifiers on several threads; `used` names those that are really stored (NULL:
 * all). */
static void give(struct store *store, const char *from, uint64_t *used)
{
    struct store_change *change;
    struct numbering *identity;
    struct lake *lake;
    int64_t ignored;
    char sql[512];
    OK(store_lake(store, 3, &lake, &error));
    OK(identity_load(store, lake, &identity, &error));
    OK(identity_register(lake, identity, &error));
    snprintf(sql, sizeof sql, "SELECT count(customer_number(who, r::UBIGINT)) FROM (%s)", from);
    OK(lake_query_integer(lake, sql, &ignored, NULL, &error));
    store_numbering_settle(identity, used);
    OK(store_begin(store, &change, &error));
    OK(identity_write(change, lake, identity, &error));
    OK(store_commit(change, &error));
    lake_close(lake);
    store_numbering_free(identity);
}

static void numbers_and_names(void **state)
{
    (void)state;
    char path[512];
    struct store *store;
    struct lake *lake;
    struct identity_names names;
    uint32_t number;
    assert_non_null(folder_make(path, sizeof path));
    OK(store_create(path, "UTC", NULL, &error));
    OK(store_open(path, STORE_WRITE, "test", &store, &error));
    give(store, "SELECT 'c' || (range * 37 % 10000) AS who, range AS r FROM range(100000)", NULL);
    give(store,
         "SELECT 'd' || range AS who, 9 - range AS r FROM range(10) UNION ALL SELECT 'c5', 100",
         NULL);
    OK(store_lake(store, 2, &lake, &error));
    OK(identity_find(store, lake, TEXT("c0"), &number, &error));
    assert_int_equal(number, 1);
    OK(identity_find(store, lake, TEXT("c37"), &number, &error));
    assert_int_equal(number, 2);
    OK(identity_find(store, lake, TEXT("d9"), &number, &error)); /* row 0 of the second import */
    assert_int_equal(number, 10001);
    OK(identity_find(store, lake, TEXT("d0"), &number, &error));
    assert_int_equal(number, 10010);
    assert_int_equal(identity_find(store, lake, TEXT("it's nobody"), &number, &error),
                     STATUS_NOT_FOUND);
    OK(identity_names_load(&names, store, lake, NULL, &error));
    assert_int_equal(names.count, 10010);
    for (uint32_t i = 1; i <= 10000; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "c%u", (i - 1) * 37 % 10000);
        assert_true(text_is(identity_name(&names, i), expected));
    }
    assert_int_equal(identity_name(&names, 10011).length, 0);
    identity_names_release(&names);
    struct bitmap *only = bitmap_from_numbers((uint32_t[]){3, 10002, 70000}, 3);
    OK(identity_names_load(&names, store, lake, only, &error));
    assert_int_equal(names.count, 2);
    assert_true(text_is(identity_name(&names, 10002), "d8"));
    assert_int_equal(identity_name(&names, 4).length, 0);
    identity_names_release(&names);
    bitmap_free(only);
    lake_close(lake);
    store_close(store);
    assert_int_equal(folder_remove(path), 0);
}

static void unused_numbers_are_not_given(void **state)
{
    (void)state;
    struct numbering *numbering = store_numbering_new(5);
    uint32_t a = store_numbering_number(numbering, TEXT("late"), 9),
             b = store_numbering_number(numbering, TEXT("refused"), 1);
    uint32_t c = store_numbering_number(numbering, TEXT("early"), 3), number;
    assert_int_equal(store_numbering_number(numbering, TEXT("late"), 2), a);
    uint64_t used = UINT64_C(1) << (a - 5) | UINT64_C(1) << (c - 5);
    assert_int_equal(store_numbering_settle(numbering, &used), 2);
    assert_int_equal(store_numbering_final(numbering, a), 5);
    assert_int_equal(store_numbering_final(numbering, c), 6);
    assert_int_equal(store_numbering_final(numbering, b), UINT32_MAX);
    assert_false(store_numbering_find(numbering, TEXT("refused"), &number));
    assert_true(store_numbering_find(numbering, TEXT("early"), &number) && number == 6);
    assert_true(text_is(store_numbering_new_text(numbering, 0), "late"));
    store_numbering_free(numbering);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_and_names),
                                          cmocka_unit_test(unused_numbers_are_not_given)};

UNIT_MAIN(tests)
