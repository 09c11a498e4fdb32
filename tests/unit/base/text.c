#include "unit/unit.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct text T(const char *string) {
    return text_from(string);
}

static void
comparing(void **state)
{
    assert_true(text_equal(T(""), T(NULL)));
    assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
    assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
    assert_true(text_is(T("vip"), "vip"));
    assert_false(text_is(T("vip"), "vi"));
    assert_true(text_compare(T("a"), T("b")) < 0);
    assert_true(text_compare(T("b"), T("a")) > 0);
    assert_true(text_compare(T("a"), T("ab")) < 0);
    assert_true(text_compare(T(""), T("a")) < 0);
    assert_int_equal(text_compare(T("ab"), T("ab")), 0);
    assert_true(text_compare(T("z"), T("é")) < 0); /* bytes are unsigned */
}

static void starts_and_ends(void **state)
{
    assert_true(text_starts(T("shop"), T("sh")));
    assert_true(text_starts(T("shop"), T("")));
    assert_true(text_starts(T(NULL), T(NULL)));
    assert_false(text_starts(T("s"), T("sh")));
    assert_true(text_ends(T("shop"), T("op")));
    assert_true(text_ends(T("shop"), T("shop")));
    assert_false(text_ends(T("op"), T("shop")));
    assert_false(text_ends(T("shop"), T("sh")));
}

static void trimming(void **state)
{
    assert_true(text_is(text_trim(T(" \t a b\r\n\v\f ")), "a b"));
    assert_true(text_is(text_trim(T("  ")), ""));
    assert_true(text_is(text_trim(T(NULL)), ""));
    assert_true(text_is(text_trim(T("\xc2\xa0x")), "\xc2\xa0x")); /* only ASCII space goes */
}

/* The hash is stored, so it may never change: these values are what the first version gave. */
static void parts_between_commas(void **state)
{
    static const char *const parts[] = {"a", "sum(b, 'x)')", "'c, \"d'", "`e,f`", "g(h(i), j)"};
    const char *rest = ", a,sum(b, 'x)') ,, 'c, \"d',`e,f`, g(h(i), j) ,";
    struct text part;
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(text_next_part(&rest, &part));
        assert_true(text_equal(part, text_from(parts[i])));
    }
    assert_false(text_next_part(&rest, &part));

    rest = "open('a, b";
    assert_true(text_next_part(&rest, &part) && part.length == strlen("open('a, b"));
    assert_false(text_next_part(&rest, &part));
}

static void cutting(void **state)
{
    struct text mixed = T("aé€😀"); /* of one, two, three and four bytes */
    const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t bytes = 0; bytes < sizeof whole / sizeof *whole; bytes++) {
        struct text cut = text_cut(mixed, bytes);
        assert_ptr_equal(cut.data, mixed.data);
        assert_int_equal(cut.length, whole[bytes]);
        assert_true(text_valid_utf8(cut));
    }
    /* what is no UTF-8 ends somewhere, too */
    assert_int_equal(text_cut(T("\x80\x80\x80"), 2).length, 0);
    assert_int_equal(text_cut(T(""), 4).length, 0);
}

static void hashes_stay_what_they_were(void **state)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } cases[] = {
        {"", 0x9bc7b3715fad969cu},
        {"a", 0xe5b850c84c98ebbfu},
        {"12345678", 0x4e63933689bd7e74u},
        {"Online Retail, 541909 rows", 0x89ebd4b6169e04c5u},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(text_hash(T(cases[i].text)), cases[i].hash);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Like keys must not collide, zero bytes and length count, and the low bits, which choose the slot,
 * must spread. */
static void hashes_spread(void **state)
{
    enum { KEYS = 200000, SLOTS = 1024 };
    uint64_t *hashes = malloc(KEYS * sizeof *hashes);
    int slots[SLOTS] = {0};
    for (int i = 0; i < KEYS; i++) {
        char key[32];
        snprintf(key, sizeof key, "customer-%d", i);
        hashes[i] = text_hash(T(key));
        slots[hashes[i] % SLOTS]++;
    }
    qsort(hashes, KEYS, sizeof *hashes, by_value);
    for (int i = 1; i < KEYS; i++)
        assert_true(hashes[i] != hashes[i - 1]);
    for (int i = 0; i < SLOTS; i++)
        assert_in_range(slots[i], KEYS / SLOTS / 2, KEYS / SLOTS * 2);
    free(hashes);
    uint64_t zeros[40];
    static const char nothing[40];
    for (size_t length = 0; length < 40; length++) {
        zeros[length] = text_hash((struct text){nothing, length});
        for (size_t shorter = 0; shorter < length; shorter++)
            assert_true(zeros[length] != zeros[shorter]);
    }
}

static void utf8_is_checked(void **state)
{
    static const char *const good[] = {"",        "abc", "é€😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf",
                                       "\xc2\x80"};
    static const char *const bad[] = {
        "\x80",
        "a\xff",
        "\xc3",
        "\xe2\x82",
        "\xc0\x80",
        "\xe0\x80\x80", /* stray, cut, overlong */
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xc3\x28",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_valid_utf8(T(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_valid_utf8(T(bad[i])));
    assert_false(text_valid_utf8((struct text){"é", 1}));
    assert_true(text_valid_utf8(TEXT("a\0b")));
}

/* Expected values are the lines with status C and S of Unicode's CaseFolding.txt, which has none
 * for İ and ı. */
static void folding(void **state)
{
    static const char *const cases[][2] = {
        {"Wien", "wien"},
        {"ÄÖÜ", "äöü"},
        {"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
        {"ς", "σ"},
        {"ß", "ß"},
        {"ẞ", "ß"},
        {"ſ", "s"},
        {"K", "k"},
        {"µ", "μ"},
        {"Ⱥ", "ⱥ"},
        {"ı", "ı"},
        {"İ", "İ"},
        {"ЖУК", "жук"},
        {"ǅ", "ǆ"},
        {"", ""},
        {"1€", "1€"},
        {"\xff"
         "A",
         "\xff"
         "a"},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text folded = text_fold(T(cases[i][0]), &arena);
        assert_string_equal(folded.data, cases[i][1]);
        assert_int_equal(folded.length, strlen(cases[i][1]));
        assert_true(text_equal(text_fold(folded, &arena), folded));
    }
    arena_release(&arena);
}

static void distances(void **state)
{
    static const struct {
        const char *a, *b;
        int distance;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"count", "count", 0},
        {"COUNT", "count", 0},
        {"coutn", "count", 1},
        {"cont", "count", 1},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3},
        {"ab", "ba", 1},
        {"abcdef", "badcfe", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(text_distance(T(cases[i].a), T(cases[i].b)), cases[i].distance);
        assert_int_equal(text_distance(T(cases[i].b), T(cases[i].a)), cases[i].distance);
    }
    char longest[66];
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_int_equal(text_distance(T(longest), T(longest)), 64);
    assert_int_equal(text_distance(T(longest + 1), T(longest + 1)), 0);
}

static void suggestions(void **state)
{
    static const char *const names[] = {"order", "view", "email_open", "vip", "x"};
    assert_int_equal(text_nearest("ordr", names, 5), 0);
    assert_int_equal(text_nearest("email_opne", names, 5), 2);
    assert_int_equal(text_nearest("VIP", names, 5), 3);
    assert_int_equal(text_nearest("vap", names, 5), 3);
    assert_int_equal(text_nearest("xyz", names, 5), -1);
    assert_int_equal(text_nearest("invoice", names, 5), -1);
    assert_int_equal(text_nearest("", names, 5), -1);
    assert_int_equal(text_nearest("order", names, 0), -1);
    char longest[400];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(text_nearest(longest, names, 5), -1);
}

static void buffers_grow_and_are_terminated(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 0);
    for (int i = 0; i < 10000; i++) {
        buffer_char(&buffer, (char)('a' + i % 26));
        assert_int_equal(buffer.data[buffer.length], '\0');
    }
    assert_int_equal(buffer.length, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buffer.data[i], 'a' + i % 26);
    buffer_reset(&buffer);
    assert_string_equal(buffer.data, "");
    buffer_printf(&buffer, "%d|%s|", 7, "x");
    buffer_text(&buffer, TEXT("t"));
    buffer_string(&buffer, "s");
    assert_string_equal(buffer.data, "7|x|ts");
    buffer_reset(&buffer);
    buffer_printf(&buffer, "%*d", 1000, 5);
    assert_int_equal(buffer.length, 1000);
    assert_int_equal(buffer.data[999], '5');
    buffer_release(&buffer);
    buffer_release(&buffer);
}

static void buffers_stop_at_their_limit(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 10);
    buffer_string(&buffer, "12345678");
    assert_false(buffer.cut);
    buffer_string(&buffer, "90");
    assert_false(buffer.cut);
    buffer_char(&buffer, 'x');
    assert_true(buffer.cut);
    assert_string_equal(buffer.data, "1234567890");
    buffer_reset(&buffer);
    assert_false(buffer.cut);
    buffer_printf(&buffer, "%s", "123456789012345");
    assert_true(buffer.cut);
    assert_string_equal(buffer.data, "1234567890");
    buffer_reset(&buffer);
    buffer_string(&buffer, "12345678€");
    buffer_string(&buffer, "9");
    assert_true(buffer.cut);
    assert_string_equal(buffer.data, "12345678");
    buffer_release(&buffer);
}

static void buffers_hand_over(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct buffer buffer;
    buffer_init(&buffer, 0);
    assert_string_equal(buffer_copy(&buffer, &arena), "");
    char *empty = buffer_take(&buffer);
    assert_string_equal(empty, "");
    buffer_string(&buffer, "text");
    assert_string_equal(buffer_copy(&buffer, &arena), "text");
    char *taken = buffer_take(&buffer);
    assert_string_equal(taken, "text");
    assert_int_equal(buffer.length, 0);
    free(empty);
    free(taken);
    arena_release(&arena);
}

static void sql_is_quoted(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 0);
    buffer_sql_text(&buffer, T("it's '"));
    buffer_char(&buffer, ' ');
    buffer_sql_name(&buffer, T("a\"b'"));
    assert_string_equal(buffer.data, "'it''s ''' \"a\"\"b'\"");
    buffer_release(&buffer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(comparing),
    cmocka_unit_test(starts_and_ends),
    cmocka_unit_test(trimming),
    cmocka_unit_test(cutting),
    cmocka_unit_test(parts_between_commas),
    cmocka_unit_test(hashes_stay_what_they_were),
    cmocka_unit_test(hashes_spread),
    cmocka_unit_test(utf8_is_checked),
    cmocka_unit_test(folding),
    cmocka_unit_test(distances),
    cmocka_unit_test(suggestions),
    cmocka_unit_test(buffers_grow_and_are_terminated),
    cmocka_unit_test(buffers_stop_at_their_limit),
    cmocka_unit_test(buffers_hand_over),
    cmocka_unit_test(sql_is_quoted),
};
UNIT_MAIN(tests)
