/* What single values could be, and are: numbers are exact or not numbers, dates are dates or not.
 */
#include "ingest/value.h"

#include <string.h>

#include "unit/unit.h"

static const struct ingest_number_style point = {'.', ','}, comma = {',', '.'};

static void classifies_forms(void **state)
{
    static const struct {
        const char *text;
        enum ingest_form form;
        int64_t scaled;
        int scale;
    } cases[] = {
        {"", FORM_UNKNOWN, 0, 0},
        {"NA", FORM_UNKNOWN, 0, 0},
        {"\\N", FORM_UNKNOWN, 0, 0},
        {"17850", FORM_INT, 17850, 0},
        {"-3", FORM_INT, -3, 0},
        {"0", FORM_INT, 0, 0},
        {"999999999999999999", FORM_INT, 999999999999999999, 0},
        {"9999999999999999999", FORM_TEXT, 0, 0},
        {"007", FORM_TEXT, 0, 0},
        {"+43123", FORM_TEXT, 0, 0},
        {"17850.0", FORM_DECIMAL, 178500, 1},
        {"2.55", FORM_DECIMAL, 255, 2},
        {"-0.001", FORM_DECIMAL, -1, 3},
        {"00.5", FORM_TEXT, 0, 0},
        {"1,234.50", FORM_DECIMAL, 123450, 2},
        {"1,234", FORM_INT, 1234, 0},
        {"1,23", FORM_TEXT, 0, 0},
        {"12,3456", FORM_TEXT, 0, 0},
        {"$ 12.50", FORM_DECIMAL, 1250, 2},
        {"12.50 \xe2\x82\xac", FORM_DECIMAL, 1250, 2},
        {"1e-5", FORM_DOUBLE, 0, 0},
        {"0.1234567890123456789", FORM_DOUBLE, 0, 0},
        {"NaN", FORM_MISSING, 0, 0},
        {"-inf", FORM_NONFINITE, 0, 0},
        {"Infinity", FORM_NONFINITE, 0, 0},
        {"true", FORM_BOOL, 0, 0},
        {"FALSE", FORM_BOOL, 0, 0},
        {"85123A", FORM_TEXT, 0, 0},
        {"C536379", FORM_TEXT, 0, 0},
        {"1.", FORM_TEXT, 0, 0},
        {"-", FORM_MISSING, 0, 0},
        {"1e", FORM_TEXT, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ingest_number number = {0};
        enum ingest_form form = ingest_classify(text_from(cases[i].text), point, &number);
        if (form != cases[i].form)
            print_message("# %s is form %d\n", cases[i].text, form);
        assert_int_equal(form, cases[i].form);
        if (form == FORM_INT || form == FORM_DECIMAL) {
            assert_int_equal(number.scaled, cases[i].scaled);
            assert_int_equal(number.scale, cases[i].scale);
        }
    }
}

static void reads_decimal_commas(void **state)
{
    struct ingest_number number;
    assert_int_equal(ingest_classify(TEXT("1.234,50"), comma, &number), FORM_DECIMAL);
    assert_int_equal(number.scaled, 123450);
    assert_int_equal(ingest_classify(TEXT("12,5"), comma, &number), FORM_DECIMAL);
    assert_int_equal(number.scaled, 125);
    assert_int_equal(ingest_classify(TEXT("12.5"), comma, &number), FORM_TEXT);
}

static void reads_whole_exponents(void **state)
{
    struct ingest_number number = {0};
    assert_int_equal(ingest_classify(TEXT("4.0128e+10"), point, &number), FORM_DOUBLE);
    assert_true(number.whole);
    assert_int_equal(number.scaled, 40128000000);
    assert_int_equal(ingest_classify(TEXT("4.440892e-16"), point, &number), FORM_DOUBLE);
    assert_false(number.whole);
    assert_int_equal(ingest_classify(TEXT("1e300"), point, &number), FORM_DOUBLE);
    assert_false(number.whole);
}

static void reads_dates(void **state)
{
    static const struct {
        const char *text;
        unsigned formats;
        int year, month, day, clock;
    } cases[] = {
        {"2010-12-01 08:26:00", DATE_FORMAT_YMD, 2010, 12, 1, 30360},
        {"2010-12-01", DATE_FORMAT_YMD, 2010, 12, 1, 0},
        {"2010/1/9", DATE_FORMAT_YMD, 2010, 1, 9, 0},
        {"2010-12-01T08:26:00Z", DATE_FORMAT_YMD, 2010, 12, 1, 30360},
        {"2010-12-01T08:26", DATE_FORMAT_YMD, 2010, 12, 1, 30360},
        {"1/13/1930", DATE_FORMAT_MDY, 1930, 1, 13, 0},
        {"13/1/1930", DATE_FORMAT_DMY, 1930, 1, 13, 0},
        {"3/4/1930", DATE_FORMAT_MDY | DATE_FORMAT_DMY, 1930, 3, 4, 0},
        {"9.12.2011", DATE_FORMAT_DMY_DOT, 2011, 12, 9, 0},
        {"18-Jan-2015", DATE_FORMAT_D_MONTH_Y, 2015, 1, 18, 0},
        {"1 December 2015", DATE_FORMAT_D_MONTH_Y, 2015, 12, 1, 0},
        {"5-Feb-99", DATE_FORMAT_D_MONTH_Y, 1999, 2, 5, 0},
        {"Dec 9, 2011", DATE_FORMAT_MONTH_D_Y, 2011, 12, 9, 0},
        {"Dec 9, 2011 8:26 PM", DATE_FORMAT_MONTH_D_Y, 2011, 12, 9, 73560},
        {"19970101", DATE_FORMAT_COMPACT, 1997, 1, 1, 0},
        {"20111209T082600", DATE_FORMAT_COMPACT, 2011, 12, 9, 30360},
        {"1262304000", DATE_FORMAT_SECONDS, 2010, 1, 1, 0},
        {"1262304000000", DATE_FORMAT_MILLIS, 2010, 1, 1, 0},
        {"0001-01-01", DATE_FORMAT_YMD, 1, 1, 1, 0},
        {"9999-12-31", DATE_FORMAT_YMD, 9999, 12, 31, 0},
        {"2011-02-29", 0, 0, 0, 0, 0},
        {"2011-13-01", 0, 0, 0, 0, 0},
        {"0000-01-01", 0, 0, 0, 0, 0},
        {"2010-12-01 25:00", 0, 0, 0, 0, 0},
        {"2010-12-01 08:26:00 soon", 0, 0, 0, 0, 0},
        {"31/31/2011", 0, 0, 0, 0, 0},
        {"WHITE LANTERN", 0, 0, 0, 0, 0},
        {"1.2.3", 0, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ingest_moment moment;
        unsigned formats = ingest_parse_moment(text_from(cases[i].text), DATE_FORMATS, &moment);
        if (formats != cases[i].formats)
            print_message("# %s reads as %u\n", cases[i].text, formats);
        assert_int_equal(formats, cases[i].formats);
        if (!formats)
            continue;
        assert_int_equal(moment.date, date_from_civil(cases[i].year, cases[i].month, cases[i].day));
        assert_int_equal(moment.clock, cases[i].clock);
    }
}

static void reads_offsets(void **state)
{
    struct ingest_moment moment;
    assert_int_equal(
        ingest_parse_moment(TEXT("2010-12-01T08:26:00.5+01:30"), DATE_FORMATS, &moment),
        DATE_FORMAT_YMD);
    assert_true(moment.has_offset && moment.has_fraction);
    assert_int_equal(moment.offset, 5400);
    assert_int_equal(ingest_parse_moment(TEXT("2010-12-01 08:26:00-05"), DATE_FORMATS, &moment),
                     DATE_FORMAT_YMD);
    assert_int_equal(moment.offset, -18000);
    assert_int_equal(ingest_parse_moment(TEXT("2010-12-01 08:26:00 UTC"), DATE_FORMATS, &moment),
                     DATE_FORMAT_YMD);
    assert_true(moment.has_offset && moment.offset == 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(classifies_forms),      cmocka_unit_test(reads_decimal_commas),
    cmocka_unit_test(reads_whole_exponents), cmocka_unit_test(reads_dates),
    cmocka_unit_test(reads_offsets),
};

UNIT_MAIN(tests)
