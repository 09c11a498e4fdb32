/* The first look: delimiters, quotes, headers, encodings, decimal signs; what is no file of rows;
 * roles by name. */
#include "ingest/sniff.h"
#include "ingest/guess.h"

#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

static struct arena arena;

static struct ingest_sniff sniff(const char *data, size_t length)
{
    struct ingest_sniff out;
    struct error error = {0};
    enum status status = ingest_sniff_bytes(data, length, true, "test", NULL, &arena, &out, &error);
    if (status != STATUS_OK)
        print_message("# %s\n", error.message);
    assert_int_equal(status, STATUS_OK);
    return out;
}

static void finds_dialects(void **state)
{
    static const struct {
        const char *data;
        enum ingest_layout layout;
        char delimiter;
        bool header;
        size_t columns;
        char point;
    } cases[] = {
        {"a,b\n1,2\n3,4\n", LAYOUT_DELIMITED, ',', true, 2, '.'},
        {"a;b\n1;2,5\n3;4,25\n", LAYOUT_DELIMITED, ';', true, 2, ','},
        {"a\tb\tc\nx\ty\t1\nz\t\"w\t2\n", LAYOUT_DELIMITED, '\t', true, 3, '.'},
        {"id|name\n1|a, b\n2|c\n", LAYOUT_DELIMITED, '|', true, 2, '.'},
        {" 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n", LAYOUT_SPACES, ' ',
         false, 5, '.'},
        {" customer_id  date  value\n 00001 19970101  11.77\n", LAYOUT_SPACES, ' ', true, 3, '.'},
        {"1,2\n3,4\n", LAYOUT_DELIMITED, ',', false, 2, '.'},
        {"name\nAnna\nBert\n", LAYOUT_DELIMITED, ',', true, 1, '.'},
        {"{\"a\":1,\"b\":{\"c\":\"x\"}}\n{\"a\":2}\n", LAYOUT_JSON, 0, false, 2, '.'},
        {"a,b\r\n\"x, \"\"y\"\"\",2\r\n", LAYOUT_DELIMITED, ',', true, 2, '.'},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ingest_sniff out = sniff(cases[i].data, strlen(cases[i].data));
        if (out.dialect.layout != cases[i].layout || out.dialect.header != cases[i].header)
            print_message("# case %zu\n", i);
        assert_int_equal(out.dialect.layout, cases[i].layout);
        if (cases[i].layout == LAYOUT_DELIMITED)
            assert_int_equal(out.dialect.delimiter, cases[i].delimiter);
        assert_int_equal(out.dialect.header, cases[i].header);
        assert_int_equal(out.column_count, cases[i].columns);
        assert_int_equal(out.dialect.style.point, cases[i].point);
        ingest_sniff_release(&out);
    }
}

static void finds_encodings(void **state)
{
    struct ingest_sniff out = sniff("\xef\xbb\xbfname,n\nM\xc3\xbcller,1\n", 20);
    assert_true(out.dialect.bom);
    assert_string_equal(ingest_encoding_name(out.dialect.encoding), "UTF-8");
    assert_string_equal(out.names[0], "name");
    ingest_sniff_release(&out);
    out = sniff("name,n\nM\xfcller,1\n", 16);
    assert_string_equal(ingest_encoding_name(out.dialect.encoding), "Latin-1");
    ingest_sniff_release(&out);
}

static void refuses_what_has_no_rows(void **state)
{
    static const struct {
        const char *data;
        size_t length;
        const char *word;
    } cases[] = {
        {"", 0, "empty"},
        {"\n \n", 3, "empty"},
        {"\3\4\5\6ab\x7f", 7, "binary"},
        {"\0\0\0\0\0\0\0\0", 8, "NUL"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", 12, "Excel"},
        {"%PDF-1.4\n", 9, "PDF"},
        {" <!DOCTYPE HTML><html>", 22, "HTML"},
        {"<table><tr><td>1</td></tr></table>", 34, "HTML"},
        {"a||b||c\n1||2||3\n4||5||6\n", 24, "||"},
        {"[{\"a\":1}]", 9, "JSON list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ingest_sniff out;
        struct error error = {0};
        assert_int_equal(ingest_sniff_bytes(cases[i].data, cases[i].length, true, "test", NULL,
                                            &arena, &out, &error),
                         STATUS_ERROR);
        assert_non_null(strstr(error.message, cases[i].word));
        assert_true(*error.hint);
    }
}

static void refuses_a_million_columns(void **state)
{
    struct buffer header;
    struct ingest_sniff out;
    struct error error = {0};
    buffer_init(&header, 0);
    for (int i = 0; i < 400000; i++)
        buffer_printf(&header, "c%d,", i);
    buffer_string(&header, "end\n");
    assert_int_equal(ingest_sniff_bytes(header.data, header.length, true, "wide.csv", NULL, &arena,
                                        &out, &error),
                     STATUS_LIMIT);
    assert_non_null(strstr(error.message, "400001 columns"));
    buffer_release(&header);
}

static struct ingest_type type_of(const char *values)
{
    struct ingest_evidence evidence = {0};
    struct ingest_reading reading;
    struct ingest_manner manner = {.style = {'.', ','}, .missing = ingest_missing_default()};
    for (const char *at = values; *at;) {
        size_t length = strcspn(at, " ");
        ingest_observe(&evidence, (struct text){at, length}, &manner, 1, &reading);
        at += length + (at[length] == ' ');
    }
    struct ingest_type_hint hint = {.name = "date"};
    struct ingest_type type = ingest_decide(&evidence, &hint);
    ingest_evidence_release(&evidence);
    return type;
}

static void decides_types(void **state)
{
    assert_int_equal(type_of("1 2 3").type, VALUE_INT);
    assert_int_equal(type_of("1 2.5 3.125").type, VALUE_DECIMAL);
    assert_int_equal(type_of("1 2.5 3.125").scale, 3);
    assert_int_equal(type_of("17850.0 13047.0 12").type, VALUE_INT);
    assert_true(type_of("17850.0 13047.0 12").dot_zero);
    assert_int_equal(type_of("12.00 13.00").type, VALUE_DECIMAL);
    assert_int_equal(type_of("00123 00456").type, VALUE_TEXT);
    assert_int_equal(type_of("536365 C536366").type, VALUE_TEXT);
    assert_int_equal(type_of("1 1e-5").type, VALUE_DOUBLE);
    assert_int_equal(type_of("true false").type, VALUE_BOOL);
    assert_int_equal(type_of("19970101 19970112").type, VALUE_DATE);
    assert_int_equal(type_of("1/13/2015 2/3/2015").type, VALUE_DATE);
    assert_false(type_of("1/13/2015 2/3/2015").ambiguous);
    assert_true(type_of("1/3/2015 2/3/2015").ambiguous);
    assert_int_equal(type_of("13/1/2015 2/3/2015").format, DATE_FORMAT_DMY);
    assert_int_equal(type_of("DE AT NA").type, VALUE_TEXT);
    assert_true(type_of("DE AT NA").na_is_text);
    assert_int_equal(type_of("NA NA").type, VALUE_NONE);
    assert_int_equal(type_of("48.2082,16.3738 47.0707,15.4395").type, VALUE_POINT);
    assert_int_equal(type_of("[\"a\",\"b2\"] [\"c3\"]").type, VALUE_SET);
}

static void counts_distinct_values(void **state)
{
    struct ingest_distinct distinct = {0}, other = {0};
    bool exact;
    for (uint64_t i = 0; i < 200000; i++)
        ingest_distinct_add(i % 2 ? &distinct : &other,
                            text_hash((struct text){(const char *)&i, sizeof i}));
    assert_int_equal(ingest_distinct_count(&distinct, &exact), 100000);
    assert_true(exact);
    ingest_distinct_merge(&distinct, &other);
    uint64_t estimate = ingest_distinct_count(&distinct, &exact);
    assert_false(exact);
    assert_in_range(estimate, 194000, 206000);
    ingest_distinct_release(&distinct);
    ingest_distinct_release(&other);
}

static void guesses_roles(void **state)
{
    struct ingest_sniff out = sniff(
        "OrderDate,StockDate,Invoice,CustomerKey,Price,Amount\n1-Jan-2015,2-Jan-2014,7,A1,1.5,3.0\n"
        "1-Jan-2015,2-Jan-2014,7,A1,1.5,3.25\n2-Jan-2015,2-Jan-2014,8,B2,1.5,3.5\n",
        strlen("OrderDate,StockDate,Invoice,CustomerKey,Price,Amount\n1-Jan-2015,2-Jan-2014,7,A1,1."
               "5,3.0\n"
               "1-Jan-2015,2-Jan-2014,7,A1,1.5,3.25\n2-Jan-2015,2-Jan-2014,8,B2,1.5,3.5\n"));
    struct ingest_candidate candidates[6];
    const struct ingest_situation orders = {.table = "order"};
    struct ingest_type types[6];
    for (size_t i = 0; i < 6; i++) {
        struct ingest_type_hint hint = {.name = out.names[i]};
        types[i] = ingest_decide(&out.evidence[i], &hint);
        candidates[i] = (struct ingest_candidate){out.names[i], &out.evidence[i], &types[i]};
    }
    assert_int_equal(ingest_guess(ROLE_TIME, candidates, 6, &orders).column, 0);
    assert_int_equal(ingest_guess(ROLE_CUSTOMER, candidates, 6, &orders).column, 3);
    assert_int_equal(ingest_guess(ROLE_AMOUNT, candidates, 6, &orders).column, 5);
    assert_int_equal(ingest_guess(ROLE_GROUP, candidates, 6, &orders).column, 2);
    ingest_sniff_release(&out);
}

static int set_up(void **state)
{
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    arena_release(&arena);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(finds_dialects),
    cmocka_unit_test(finds_encodings),
    cmocka_unit_test(refuses_what_has_no_rows),
    cmocka_unit_test(refuses_a_million_columns),
    cmocka_unit_test(decides_types),
    cmocka_unit_test(counts_distinct_values),
    cmocka_unit_test(guesses_roles),
};

UNIT_MAIN_WITH(tests, set_up, tear_down)
