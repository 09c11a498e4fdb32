#include "unit/unit.h"

#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>

static void an_empty_map_has_nothing(void **state)
{
    struct text_map map;
    text_map_init(&map);
    assert_null(text_map_find(&map, TEXT("a")));
    text_map_release(&map);
    text_map_release(&map);
    struct number_map numbers;
    number_map_init(&numbers);
    uint64_t value = 5;
    assert_false(number_map_find(&numbers, 0, &value));
    assert_int_equal(value, 5);
    number_map_release(&numbers);
}

static void putting_keeps_the_first_value_setting_the_last(void **state)
{
    struct text_map map;
    text_map_init(&map);
    bool is_new;
    assert_int_equal(text_map_put(&map, TEXT("a"), 1, &is_new), 1);
    assert_true(is_new);
    assert_int_equal(text_map_put(&map, TEXT("a"), 2, &is_new), 1);
    assert_false(is_new);
    text_map_set(&map, TEXT("a"), 3);
    text_map_set(&map, TEXT("b"), 4);
    assert_int_equal(text_map_put(&map, TEXT("a"), 0, NULL), 3);
    assert_int_equal(text_map_find(&map, TEXT("b"))->value, 4);
    assert_int_equal(map.count, 2);
    text_map_release(&map);
}

static void keys_are_copied_and_may_hold_any_byte(void **state)
{
    struct text_map map;
    text_map_init(&map);
    char key[] = "changes";
    text_map_put(&map, text_from(key), 1, NULL);
    key[0] = 'x';
    assert_non_null(text_map_find(&map, TEXT("changes")));
    assert_string_equal(text_map_find(&map, TEXT("changes"))->key.data, "changes");
    text_map_put(&map, TEXT("a\0b"), 2, NULL);
    text_map_put(&map, TEXT("a"), 3, NULL);
    text_map_put(&map, TEXT(""), 4, NULL);
    assert_int_equal(text_map_find(&map, TEXT("a\0b"))->value, 2);
    assert_int_equal(text_map_find(&map, TEXT("a"))->value, 3);
    assert_int_equal(text_map_find(&map, (struct text){NULL, 0})->value, 4);
    assert_null(text_map_find(&map, TEXT("a\0c")));
    text_map_release(&map);
}

static void many_keys_stay_in_order_of_insertion(void **state)
{
    enum { KEYS = 100000 };
    struct text_map map;
    text_map_init(&map);
    char key[32];
    for (uint64_t i = 0; i < KEYS; i++) {
        int length = snprintf(key, sizeof key, "%llx", (unsigned long long)(i * 7919));
        text_map_put(&map, (struct text){key, (size_t)length}, i, NULL);
    }
    assert_int_equal(map.count, KEYS);
    for (uint64_t i = 0; i < KEYS; i++) {
        int length = snprintf(key, sizeof key, "%llx", (unsigned long long)(i * 7919));
        assert_int_equal(text_map_find(&map, (struct text){key, (size_t)length})->value, i);
        assert_int_equal(map.entries[i].value, i);
        snprintf(key, sizeof key, "-%llx", (unsigned long long)i);
        assert_null(text_map_find(&map, text_from(key)));
    }
    text_map_release(&map);
}

/* Against a plain array: keys that are small, far apart, and equal in their low bits. */
static void numbers_are_found_again(void **state)
{
    enum { KEYS = 50000 };
    for (int shift = 0; shift <= 40; shift += 20) {
        struct number_map map;
        number_map_init(&map);
        for (uint64_t i = 0; i < KEYS; i++) {
            bool is_new;
            assert_int_equal(number_map_put(&map, i << shift, i * 3, &is_new), i * 3);
            assert_true(is_new);
        }
        for (uint64_t i = 0; i < KEYS; i++) {
            uint64_t value;
            bool is_new;
            assert_true(number_map_find(&map, i << shift, &value));
            assert_int_equal(value, i * 3);
            assert_int_equal(number_map_put(&map, i << shift, 1, &is_new), i * 3);
            assert_false(is_new);
            assert_true(number_map_find(&map, i << shift, NULL));
        }
        assert_false(number_map_find(&map, UINT64_MAX, NULL));
        number_map_put(&map, UINT64_MAX, 9, NULL);
        uint64_t value = 0;
        assert_true(number_map_find(&map, UINT64_MAX, &value));
        assert_int_equal(value, 9);
        assert_int_equal(map.count, KEYS + 1);
        number_map_release(&map);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_empty_map_has_nothing),
    cmocka_unit_test(putting_keeps_the_first_value_setting_the_last),
    cmocka_unit_test(keys_are_copied_and_may_hold_any_byte),
    cmocka_unit_test(many_keys_stay_in_order_of_insertion),
    cmocka_unit_test(numbers_are_found_again),
};
UNIT_MAIN(tests)
