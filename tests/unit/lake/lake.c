/* The lake against known answers: every vector form, functions and sources on several threads,
 * Parquet, user SQL. */
#include "lake/lake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/folder.h"
#include "unit/unit.h"

static struct error error;

#define OK(call)                           \
    do {                                   \
        if ((call) != STATUS_OK)           \
            fail_msg("%s", error.message); \
    } while (0)

static struct lake *open_lake(void)
{
    struct lake *lake = NULL;
    OK(lake_open(&(struct lake_options){.threads = 2}, &lake, &error));
    return lake;
}

static int64_t integer(struct lake *lake, const char *sql)
{
    int64_t value = -1;
    OK(lake_query_integer(lake, sql, &value, NULL, &error));
    return value;
}

static void vectors_of_every_form(void **state)
{
    (void)state;
    struct lake *lake = open_lake();
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk;
    OK(lake_query(
        lake,
        "SELECT true AS b, 12.345::DECIMAL(18,3) AS d, 'a longer text than twelve' AS t, 'short' "
        "AS s, "
        "DATE '1970-01-11' AS day, TIMESTAMP '1970-01-01 00:00:02' AS at, ['x','y'] AS list, "
        "{'latitude': 1.5, 'longitude': 2.5} AS point, NULL::INTEGER AS n, 7::HUGEINT AS h",
        &result, &error));
    OK(lake_result_next(result, &chunk, &error));
    const struct lake_vector *c = chunk->columns;
    assert_int_equal(chunk->rows, 1);
    assert_string_equal(c[0].name, "b");
    assert_int_equal(lake_integer(&c[0], 0), 1);
    assert_int_equal(c[1].scale, 3);
    assert_int_equal(lake_integer(&c[1], 0), 12345);
    assert_true(lake_number(&c[1], 0) == 12.345);
    assert_true(text_is(lake_text(&c[2], 0), "a longer text than twelve"));
    assert_true(text_is(lake_text(&c[3], 0), "short"));
    assert_int_equal(lake_integer(&c[4], 0), 10);
    assert_int_equal(lake_integer(&c[5], 0), 2000000);
    const struct lake_span *span = c[6].data;
    assert_int_equal(span->count, 2);
    assert_true(text_is(lake_text(&c[6].children[0], span->first + 1), "y"));
    assert_string_equal(c[7].children[1].name, "longitude");
    assert_true(lake_number(&c[7].children[1], 0) == 2.5);
    assert_false(lake_known(&c[8], 0));
    assert_int_equal(lake_integer(&c[9], 0), 7);
    OK(lake_result_next(result, &chunk, &error));
    assert_null(chunk);
    lake_result_free(result);
    lake_close(lake);
}

static enum status twice(void *context, const struct lake_chunk *in, struct lake_output *out,
                         struct error *problem)
{
    for (size_t i = 0; i < in->rows; i++)
        if (!lake_known(&in->columns[0], i))
            lake_output_null(out, i);
        else if (lake_integer(&in->columns[0], i) == *(int64_t *)context)
            return error_set(problem, STATUS_REJECTS, "the number %d is refused",
                             (int)*(int64_t *)context);
        else
            ((int64_t *)out->data)[i] = 2 * lake_integer(&in->columns[0], i);
    return STATUS_OK;
}

static void functions(void **state)
{
    (void)state;
    struct lake *lake = open_lake();
    int64_t refused = -5;
    OK(lake_register_function(lake,
                              &(struct lake_function){"twice", (const char *[]){"BIGINT"}, 1,
                                                      "BIGINT", false, twice, &refused},
                              &error));
    assert_int_equal(integer(lake, "SELECT sum(twice(range)) FROM range(1000000)"),
                     INT64_C(999999) * 1000000);
    assert_int_equal(
        integer(lake, "SELECT count(*) - count(twice(nullif(range % 10, 3))) FROM range(100000)"),
        10000);
    refused = 777777;
    int64_t value;
    assert_int_equal(lake_query_integer(lake, "SELECT sum(twice(range)) FROM range(1000000)",
                                        &value, NULL, &error),
                     STATUS_REJECTS);
    assert_string_equal(error.message, "the number 777777 is refused");
    /* and the next statement does not inherit it */
    assert_int_equal(integer(lake, "SELECT 1"), 1);
    lake_close(lake);
}

static enum status fill_numbers(void *context, uint64_t first, size_t max,
                                struct lake_output *columns, size_t *filled, struct error *problem)
{
    uint64_t end = *(uint64_t *)context;
    size_t count = first >= end ? 0 : end - first < max ? (size_t)(end - first) : max;
    for (size_t i = 0; i < count; i++) {
        ((uint64_t *)columns[0].data)[i] = first + i;
        char text[32];
        int length =
            snprintf(text, sizeof text, "text number %llu", (unsigned long long)(first + i));
        lake_output_text(&columns[1], i, (struct text){text, (size_t)length});
        if ((first + i) % 7 == 0)
            lake_output_null(&columns[1], i);
        size_t at;
        struct lake_output elements = lake_output_list(&columns[2], i, 2, &at);
        ((uint32_t *)elements.data)[at] = (uint32_t)i;
        ((uint32_t *)elements.data)[at + 1] = 5;
    }
    *filled = count;
    return STATUS_OK;
}

static void sources(void **state)
{
    (void)state;
    struct lake *lake = open_lake();
    uint64_t rows = 100001;
    const char *names[] = {"n", "t", "l"}, *types[] = {"UBIGINT", "VARCHAR", "UINTEGER[]"};
    struct lake_source serial = {"serial", names, types, 3, 0, false, fill_numbers, &rows};
    struct lake_source parallel = {"parallel", names, types, 3, rows, true, fill_numbers, &rows};
    OK(lake_register_source(lake, &serial, &error));
    OK(lake_register_source(lake, &parallel, &error));
    for (int i = 0; i < 2; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT CASE WHEN count(*) = 100001 AND count(DISTINCT n) = 100001 AND sum(n) = "
                 "5000050000 "
                 "AND count(t) = 85715 AND bool_and(t IS NULL OR t = 'text number ' || n) AND "
                 "sum(l[2]) = 500005 "
                 "THEN 1 ELSE 0 END FROM %s()",
                 i ? "parallel" : "serial");
        assert_int_equal(integer(lake, sql), 1);
    }
    lake_close(lake);
}

static void parquet_and_lock_down(void **state)
{
    (void)state;
    char folder[512], path[520], other[520], sql[2048];
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/one", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    struct lake *lake = open_lake();
    uint64_t rows = 0;
    OK(lake_write_parquet(lake, "SELECT range::UINTEGER AS n FROM range(300000)", path, NULL, &rows,
                          &error));
    OK(lake_write_parquet(lake, "SELECT 1 AS n", other, NULL, NULL, &error));
    assert_int_equal(rows, 300000);
    OK(lake_executef(lake, &error, "CREATE VIEW numbers AS SELECT * FROM read_parquet('%s')",
                     path));
    const char *allowed[] = {path};
    OK(lake_lock_down(lake, allowed, 1, &error));
    struct lake_result *result = NULL;
    OK(lake_query_user(lake, "SELECT sum(n) FROM numbers", &result, &error));
    const struct lake_chunk *chunk;
    OK(lake_result_next(result, &chunk, &error));
    assert_int_equal(lake_integer(&chunk->columns[0], 0), INT64_C(299999) * 150000);
    lake_result_free(result);
    OK(lake_query_user(lake, "EXPLAIN ANALYZE SELECT sum(n) FROM numbers", &result, &error));
    lake_result_free(result);

    const char *refused[] = {
        "DROP VIEW numbers",
        "CREATE TABLE t AS SELECT 1",
        "SELECT 1; SELECT 2",
        "SET threads=1",

        "EXPLAIN ANALYZE COPY (SELECT 1) TO '$'",
        "COPY (SELECT 1 AS n) TO '$' (FORMAT parquet)",
        "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '$'",
        "/* x */ explain -- y\n analyze copy (SELECT 1) TO '$'",
        /* comments nest in DuckDB, and may hold brackets: none of these is the SELECT it looks like
         */
        "explain (analyze /* ) SELECT 1 -- */ ) copy (SELECT 1) TO '$' (use_tmp_file false)",
        "explain analyze /* /* */ SELECT 1 -- */ */ \n copy (SELECT 1) TO '$' (use_tmp_file false)",
        "explain analyze /* /* */ SELECT 1 -- */ copy (SELECT 1) TO '$' (use_tmp_file false)",
        "/* /* */ explain SELECT 1 -- */ */ explain analyze copy (SELECT 1) TO '$' (use_tmp_file "
        "false)",
        "explain (analyze, format ') SELECT 1 --') copy (SELECT 1) TO '$' (use_tmp_file false)",
        "ATTACH '$'",
        "INSTALL httpfs",
        "LOAD httpfs",

        "",
        "-- nothing",
        "EXECUTE p",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *mark = strchr(refused[i], '$');
        snprintf(sql, sizeof sql, "%.*s%s%s", mark ? (int)(mark - refused[i]) : 256, refused[i],
                 mark ? path : "", mark ? mark + 1 : "");
        enum status status = lake_query_user(lake, sql, &result, &error);
        if (status == STATUS_OK)
            fail_msg("accepted: %s", sql);
    }
    snprintf(sql, sizeof sql, "SELECT * FROM read_parquet('%s')", other);
    assert_int_not_equal(lake_query_user(lake, sql, &result, &error), STATUS_OK);
    assert_int_not_equal(
        lake_query_user(lake, "SELECT * FROM read_text('/etc/passwd')", &result, &error),
        STATUS_OK);
    assert_int_not_equal(lake_query_user(lake, "SELECT * FROM glob('/etc/*')", &result, &error),
                         STATUS_OK);
    assert_int_equal(integer(lake, "SELECT count(*) FROM numbers"), 300000);
    lake_close(lake);
    folder_remove(folder);
}

static void errors_are_sentences(void **state)
{
    (void)state;
    struct lake *lake = open_lake();
    assert_int_equal(lake_execute(lake, "SELECT CAST('x' AS INTEGER)", &error), STATUS_ERROR);
    assert_string_equal(error.message, "Could not convert string 'x' to INT32");
    assert_int_equal(lake_execute(lake, "SELECT * FROM '/nowhere/x.parquet'", &error), STATUS_IO);
    assert_null(strstr(error.message, "Error:"));
    assert_int_equal(
        lake_execute(
            lake,
            "COPY (SELECT repeat(md5(range::VARCHAR), 9) FROM range(100000)) TO '/dev/full' "
            "(FORMAT csv)",
            &error),
        STATUS_FULL);
    assert_non_null(strstr(error.hint, "disk is full"));
    lake_close(lake);
}

static bool stop_at_once(void *context, double fraction)
{
    *(double *)context = fraction;
    return false;
}

static void interrupt(void **state)
{
    (void)state;
    struct lake *lake = open_lake();
    double seen = -2;
    lake_on_progress(lake, stop_at_once, &seen);
    int64_t value;
    assert_int_equal(
        lake_query_integer(
            lake, "SELECT sum(hash(a.range + b.range)) FROM range(1000000) a, range(1000000) b",
            &value, NULL, &error),
        STATUS_INTERRUPTED);
    assert_true(seen >= -1 && seen < 1);
    lake_on_progress(lake, NULL, NULL);
    assert_int_equal(integer(lake, "SELECT 1"), 1);
    lake_close(lake);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(vectors_of_every_form),
    cmocka_unit_test(functions),
    cmocka_unit_test(sources),
    cmocka_unit_test(parquet_and_lock_down),
    cmocka_unit_test(errors_are_sentences),
    cmocka_unit_test(interrupt),
};

UNIT_MAIN(tests)
