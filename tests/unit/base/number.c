#include "unit/unit.h"

#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void decimals_are_printed(void **state)
{
    static const struct {
        int64_t scaled;
        int scale;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {1250, 2, "12.50"},
        {-1250, 2, "-12.50"},
        {-5, 2, "-0.05"},
        {7, 18, "0.000000000000000007"},
        {INT64_MAX, 0, "9223372036854775807"},
        {INT64_MIN, 0, "-9223372036854775808"},
        {INT64_MIN, 18, "-9.223372036854775808"},
        {100, 1, "10.0"},
    };
    char text[NUMBER_TEXT_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(number_format_decimal(cases[i].scaled, cases[i].scale, text),
                            cases[i].text);
        int64_t scaled;
        int scale;
        assert_true(number_parse_decimal(text_from(text), &scaled, &scale));
        assert_int_equal(scaled, cases[i].scaled);
        assert_int_equal(scale, cases[i].scale);
    }
}

static void decimals_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t scaled;
        int scale;
    } good[] = {
        {"+1.5", 15, 1}, {"007", 7, 0}, {"-0", 0, 0},       {"-0.0", 0, 1},
        {".5", 5, 1},    {"5.", 5, 0},  {"1.500", 1500, 3},
    };
    static const char *const bad[] = {
        "",
        "-",
        "+",
        ".",
        "-.",
        "1e5",
        "1,5",
        " 1",
        "1 ",
        "1.2.3",
        "--1",
        "0x10",
        "nan",
        "1-",
        "9223372036854775808",
        "-9223372036854775809",
        "0.0000000000000000001",
        "922337203685477580.80",
    };
    int64_t scaled;
    int scale;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(number_parse_decimal(text_from(good[i].text), &scaled, &scale));
        assert_int_equal(scaled, good[i].scaled);
        assert_int_equal(scale, good[i].scale);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_parse_decimal(text_from(bad[i]), &scaled, &scale));
    assert_false(number_parse_decimal(TEXT("1\0"), &scaled, &scale));
}

static void doubles_are_printed_short(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {1e21, "1e+21"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0.1 + 0.2, "0.30000000000000004"},
        {123456789, "123456789"},
    };
    char text[NUMBER_TEXT_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(number_format_double(cases[i].value, text), cases[i].text);
}

/* Digits of a printed number, without the zeros at either end. */
static int significant_digits(const char *text)
{
    int digits = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text == '0') {
            zeros += digits > 0;
        } else if (*text > '0' && *text <= '9') {
            digits += 1 + zeros;
            zeros = 0;
        }
    }
    return digits;
}

/* Any bits that are a number come back the same, and one digit less would not do. */
static void doubles_come_back(void **state)
{
    uint64_t random = 99;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = unit_random(&random);
        if (i % 50 == 0)
            bits &= 0x800fffffffffffffu; /* below the smallest normal number */
        double value, back;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        char text[NUMBER_TEXT_MAX], shorter[NUMBER_TEXT_MAX];
        number_format_double(value, text);
        assert_true(number_parse_double(text_from(text), &back));
        assert_memory_equal(&back, &value, sizeof back);
        int digits = significant_digits(text);
        if (digits > 1) {
            snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
            assert_true(strtod(shorter, NULL) != value);
        }
    }
}

static void doubles_are_read(void **state)
{
    static const char *const bad[] = {
        "",      "-",     ".",      "e5", "1e", "nan", "inf",   "infinity",
        "0x1p3", "1e999", "-1e999", " 1", "1 ", "1,5", "1.2.3", "+-1",
    };
    double value;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_parse_double(text_from(bad[i]), &value));
    assert_true(number_parse_double(TEXT("-1.5E+3"), &value));
    assert_true(value == -1500);
    assert_true(number_parse_double(TEXT(".5"), &value));
    assert_true(value == 0.5);
    assert_true(number_parse_double(TEXT("1e-999"), &value));
    assert_true(value == 0);
    char longest[500];
    memset(longest, '1', sizeof longest);
    assert_false(number_parse_double((struct text){longest, sizeof longest}, &value));
    assert_true(
        number_parse_double((struct text){longest, 3}, &value)); /* reads no further than it may */
    assert_true(value == 111);
}

static void rescaling(void **state)
{
    int64_t out;
    assert_true(number_rescale(-15, 2, &out));
    assert_int_equal(out, -1500);
    assert_true(number_rescale(9, 18, &out));
    assert_int_equal(out, 9000000000000000000);
    assert_false(number_rescale(10, 18, &out));
    assert_true(number_rescale(0, 40, &out));
    assert_int_equal(out, 0);
    assert_false(number_rescale(1, 19, &out));
    assert_true(number_rescale(INT64_MIN, 0, &out));
    assert_int_equal(out, INT64_MIN);
    assert_true(number_decimal_to_double(890500, 3) == 890.5);
    assert_true(number_decimal_to_double(1, 1) == 0.1);
    assert_true(number_decimal_to_double(-8911407904, 3) == -8911407.904);
}

static void thousands(void **state)
{
    char text[NUMBER_TEXT_MAX];
    assert_string_equal(number_format_thousands(0, text), "0");
    assert_string_equal(number_format_thousands(999, text), "999");
    assert_string_equal(number_format_thousands(-999, text), "-999");
    assert_string_equal(number_format_thousands(541909, text), "541,909");
    assert_string_equal(number_format_thousands(-1234567, text), "-1,234,567");
    assert_string_equal(number_format_thousands(INT64_MIN, text), "-9,223,372,036,854,775,808");
}

/* The first use of the fixed locale may come from many threads at once; this test is the program's
 * first. */
static void *print_and_read(void *failed)
{
    for (int i = 1; i < 2000; i++) {
        char text[NUMBER_TEXT_MAX];
        double value;
        number_format_double(i + 0.25, text);
        if (!strchr(text, '.') || !number_parse_double(text_from(text), &value) ||
            value != i + 0.25)
            *(bool *)failed = true;
    }
    return NULL;
}

static void threads_may_start_at_once(void **state)
{
    pthread_t threads[8];
    bool failed[8] = {false};
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, print_and_read, &failed[i]), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_false(failed[i]);
    }
}

/* A locale with a decimal comma: Debian makes none by itself, so this makes one. */
static bool set_german_locale(void)
{
    const char *folder = getenv("TMPDIR");
    char command[4200];
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1",
             folder ? folder : "/tmp");
    if (setlocale(LC_ALL, "de_DE.UTF-8"))
        return true;
    return system(command) == 0 && setenv("LOCPATH", folder ? folder : "/tmp", 1) == 0 &&
           setlocale(LC_ALL, "de_DE.UTF-8");
}

static void the_locale_does_not_matter(void **state)
{
    assert_true(set_german_locale());
    char comma[8];
    snprintf(comma, sizeof comma, "%.1f", 0.5);
    assert_string_equal(comma, "0,5");
    char text[NUMBER_TEXT_MAX];
    double value;
    assert_string_equal(number_format_double(0.5, text), "0.5");
    assert_true(number_parse_double(TEXT("0.5"), &value));
    assert_true(value == 0.5);
    setlocale(LC_ALL, "C");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_may_start_at_once),
    cmocka_unit_test(decimals_are_printed),
    cmocka_unit_test(decimals_are_read),
    cmocka_unit_test(doubles_are_printed_short),
    cmocka_unit_test(doubles_come_back),
    cmocka_unit_test(doubles_are_read),
    cmocka_unit_test(rescaling),
    cmocka_unit_test(thousands),
    cmocka_unit_test(the_locale_does_not_matter),
};
UNIT_MAIN(tests)
