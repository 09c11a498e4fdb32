/*
 * Imports into a store, of small files made here: every rule of the import guide that can be seen
 * from outside. What is stored is read back as SQL over the parts, so the test sees what every
 * reader sees.
 */
#include "identity/identity.h"
#include "ingest/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/folder.h"
#include "unit/unit.h"

#include <zlib.h>

static char folder[512];
static struct arena arena;
static struct ingest_summary summary;
static struct error error;

static const char *path(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

static const char *put_bytes(const char *name, const char *content, size_t length)
{
    const char *file = path(name);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(content, 1, length, out), length);
    fclose(out);
    return file;
}

static const char *put(const char *name, const char *content)
{
    return put_bytes(name, content, strlen(content));
}

static int set_up(void **state)
{
    arena_init(&arena, 0);
    return folder_make(folder, sizeof folder) &&
                   store_create(path("shop"), "Europe/Vienna", NULL, &error) == STATUS_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    folder_remove(folder);
    arena_release(&arena);
    return 0;
}

static enum status run_with(struct ingest_options options, const char *file)
{
    struct store *store;
    options.sources = &file;
    options.source_count = file != NULL;
    options.now = options.now ? options.now : 1750000000;
    error_clear(&error);
    enum status status = store_open(path("shop"), options.dry_run ? STORE_READ : STORE_WRITE,
                                    "test", &store, &error);
    assert_int_equal(status, STATUS_OK);
    status = ingest_run(store, &options, NULL, &arena, &summary, &error);
    store_close(store);
    return status;
}

static void run(struct ingest_options options, const char *file)
{
    enum status status = run_with(options, file);
    if (status != STATUS_OK)
        print_message("# %s (%s)\n", error.message, error.hint);
    assert_int_equal(status, STATUS_OK);
}

/* Rows of a table as text: "customer|time|a|b" lines, customers by identifier, in the role's order.
 */
static const char *rows_of(const char *table, enum part_role role, const char *columns)
{
    struct store *store;
    struct lake *lake;
    struct buffer sql, out;
    assert_int_equal(store_open(path("shop"), STORE_READ, "test", &store, &error), STATUS_OK);
    assert_int_equal(store_lake(store, 1, &lake, &error), STATUS_OK);
    buffer_init(&sql, 0);
    buffer_init(&out, 0);
    buffer_printf(&sql, "SELECT concat_ws('|', %s) FROM (", columns);
    struct store_read read = {.table = table, .role = role},
                      names = {.table = "identity", .role = PART_IDENTITY};
    if (store_select(store, &read, &sql, &error) != STATUS_OK) {
        print_message("# %s\n", error.message);
        fail();
    }
    if (role == PART_REFERENCE) {
        buffer_string(&sql, ") ORDER BY key, import, arrival");
    } else {
        buffer_string(&sql, ") f JOIN (");
        assert_int_equal(store_select(store, &names, &sql, &error), STATUS_OK);
        buffer_string(&sql, ") n USING (customer) ORDER BY identifier, time, import, arrival");
    }
    struct lake_result *result;
    const struct lake_chunk *chunk;
    if (lake_query(lake, sql.data, &result, &error) != STATUS_OK) {
        print_message("# %s\n", error.message);
        fail();
    }
    while (lake_result_next(result, &chunk, &error) == STATUS_OK && chunk)
        for (size_t i = 0; i < chunk->rows; i++) {
            buffer_text(&out, lake_text(&chunk->columns[0], i));
            buffer_char(&out, '\n');
        }
    lake_result_free(result);
    const char *text = buffer_copy(&out, &arena);
    buffer_release(&sql);
    buffer_release(&out);
    lake_close(lake);
    store_close(store);
    return text;
}

static const struct ingest_options orders = {.mapping = {.kind = "order"}};

static void stores_exact_values(void **state)
{
    run(orders, put("a.csv", "customer,date,amount,zip,n\n"
                             "7.0,2025-01-02 10:00:00,1.5,01010,1\n"
                             "8.0,2025-01-01 10:00:00,2.125,1020,\n"
                             "7.0,2025-01-01,-3,1030,9007199254740993\n"));
    assert_int_equal(summary.read, 3);
    assert_int_equal(summary.stored, 3);
    assert_int_equal(summary.customers, 2);
    assert_string_equal(
        rows_of("order", PART_FACTS, "identifier, time, amount, zip, coalesce(n::VARCHAR, '?')"),
        "7|1735686000|-3.000|1030|9007199254740993\n"
        "7|1735808400|1.500|01010|1\n"
        "8|1735722000|2.125|1020|?\n");
}

static void widens_past_the_sample(void **state)
{
    struct buffer csv;
    buffer_init(&csv, 0);
    buffer_string(&csv, "customer,date,price,code,note\n");
    for (int i = 0; i < 200000; i++)
        buffer_printf(&csv, "%d,2025-01-01 10:00:00,1.25,%d,\n", i % 100, i);
    buffer_string(&csv, "1,2025-01-01 10:00:01,0.001,X9,late\n");
    run(orders, put_bytes("big.csv", csv.data, csv.length));
    buffer_release(&csv);
    assert_int_equal(summary.stored, 200001);
    assert_int_equal(summary.columns[2].scale, 3);
    assert_int_equal(summary.columns[3].type, VALUE_TEXT);
    const char *rows = rows_of("order", PART_FACTS, "identifier, price, code, coalesce(note, '?')");
    assert_non_null(strstr(rows, "1|0.001|X9|late\n"));
    assert_non_null(strstr(rows, "0|1.250|0|?\n"));
}

static void sets_rows_aside_with_reasons(void **state)
{
    struct ingest_options options = orders;
    options.rejects = path("rejects.jsonl");
    options.max_rejects = "100%";
    options.mapping.types =
        (struct ingest_pairs){(struct ingest_pair[]){{"amount", "decimal"}, {"born", "date"}}, 2};
    run(options, put("a.csv", "customer,date,amount,born\n"
                              "a,2025-01-02 10:00:00,1.50,1990-01-01\n"
                              ",2025-01-02 10:00:00,1.50,1990-01-01\n"
                              "b,soon,1.50,1990-01-01\n"
                              "b,,1.50,1990-01-01\n"
                              "c,0001-01-01,1.50,0001-01-01\n"
                              "c,9999-12-31,1.50,1990-01-01\n"
                              "d,2025-01-02 10:00:00,NaN,1990-01-01\n"
                              "d,2025-01-02 10:00:00,inf,1990-01-01\n"
                              "d,2025-01-02 10:00:00,abc,1990-01-01\n"
                              "d,2025-01-02 10:00:00,1,1990-02-30\n"
                              "e,2025-01-02 10:00:00,1\n"
                              "e,2025-01-02 10:00:00,1,1990-01-01,x\n"
                              "e,2025-01-02 10:00:00,\"1\"x,1990-01-01\n"
                              "f,2025-01-02 10:00:00,2,0001-01-01\n"));
    assert_int_equal(summary.read, 14);
    assert_int_equal(summary.set_aside, 11);
    assert_int_equal(summary.stored, 3);
    assert_string_equal(
        rows_of("order", PART_FACTS, "identifier, coalesce(amount::VARCHAR, '?'), born"),
        "a|1.50|1990-01-01\nd|?|1990-01-01\nf|2.00|0001-01-01\n");
    static const char *const expected[] = {
        "\"line\":3,\"column\":\"customer\",\"value\":\"\",\"reason\":\"no-customer\"",
        "\"line\":4,\"column\":\"date\",\"value\":\"soon\",\"reason\":\"bad-time\"",
        "\"line\":5,\"column\":\"date\",\"value\":\"\",\"reason\":\"no-time\"",
        "\"line\":6,\"column\":\"date\",\"value\":\"0001-01-01\",\"reason\":\"time-range\"",
        "\"line\":7,\"column\":\"date\",\"value\":\"9999-12-31\",\"reason\":\"time-range\"",
        "\"line\":9,\"column\":\"amount\",\"value\":\"inf\",\"reason\":\"not-finite\"",
        "\"line\":10,\"column\":\"amount\",\"value\":\"abc\",\"reason\":\"bad-number\"",
        "\"line\":11,\"column\":\"born\",\"value\":\"1990-02-30\",\"reason\":\"bad-date\"",
        "\"line\":12,\"reason\":\"few-fields\"",
        "\"line\":13,\"reason\":\"many-fields\"",
        "\"line\":14,\"reason\":\"bad-quote\"",
        "\"row\":\"d,2025-01-02 10:00:00,abc,1990-01-01\"",
    };
    char *content = base_calloc(1, 1 << 16);
    FILE *in = fopen(options.rejects, "r");
    assert_non_null(in);
    assert_true(fread(content, 1, (1 << 16) - 1, in) > 0);
    fclose(in);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (!strstr(content, expected[i]))
            print_message("# missing %s in\n%s\n", expected[i], content);
        assert_non_null(strstr(content, expected[i]));
    }
    free(content);
}

static void takes_mended_rows(void **state)
{
    struct ingest_options options = orders, retry = {0};
    options.rejects = path("rejects.jsonl");
    options.max_rejects = "100%";
    retry.retry = path("mended.jsonl");
    run(options,
        put("a.csv", "customer,date,amount\na,3/1/2025,1.50\n,13/1/2025,7.25\nb,late,1\n"));
    assert_int_equal(summary.set_aside, 2);
    char command[2048];
    snprintf(command, sizeof command, "sed -e 's|\"row\":\",13/1|\"row\":\"c,13/1|' %s > %s",
             options.rejects, retry.retry);
    assert_int_equal(system(command), 0);
    run(retry, NULL);
    assert_int_equal(summary.read, 2);
    assert_int_equal(summary.set_aside, 1);
    assert_string_equal(
        rows_of("order", PART_FACTS,
                "identifier, strftime(make_timestamp(time::BIGINT*1000000), '%m-%d'), amount"),
        "a|01-02|1.50\nc|01-12|7.25\n");
}

static void honours_the_limit_of_rejects(void **state)
{
    struct ingest_options options = orders;
    options.max_rejects = "1";
    const char *file = put("a.csv", "customer,date\na,2025-01-01\n,2025-01-01\n,2025-01-01\n");
    assert_int_equal(run_with(options, file), STATUS_REJECTS);
    assert_int_equal(summary.set_aside, 2);
    options.max_rejects = "70%";
    run(options, file);
    assert_int_equal(summary.import, 1);
    assert_true(summary.warning_count > 0);
}

static void recognises_what_was_imported(void **state)
{
    const char *file = put("a.csv", "customer,date,x\na,2025-01-01,1\nb,2025-01-02,2\n");
    run(orders, file);
    assert_int_equal(summary.import, 1);
    run(orders, file);
    assert_int_equal(summary.already, 1);
    assert_int_equal(summary.import, 0);
    struct ingest_options other = orders;
    other.mapping.where = "x > 1";
    assert_int_equal(run_with(other, file), STATUS_ERROR);
    assert_non_null(strstr(error.hint, "--replace 1"));
    other.replace = 1;
    run(other, file);
    assert_int_equal(summary.filtered, 1);
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, x"), "b|2\n");
    struct ingest_options again = orders;
    again.again = true;
    run(again, file);
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, x"), "a|1\nb|2\nb|2\n");
}

static void makes_invoices_of_lines(void **state)
{
    struct ingest_options options = orders;
    options.mapping.group_by = "Invoice";
    options.mapping.set =
        (struct ingest_pairs){(struct ingest_pair[]){{"amount", "Quantity*Price"}}, 1};
    options.mapping.where = "Quantity > 0";
    options.mapping.trait =
        (struct ingest_pairs){(struct ingest_pair[]){{"country", "Country"}}, 1};
    run(options, put("a.csv", "Invoice,Item,Quantity,Price,customer,date,Country\n"
                              "1,x,2,1.25,a,2025-01-01 10:05:00,AT\n"
                              "1,y,1,0.505,a,2025-01-01 10:00:00,AT\n"
                              "2,x,1,1.25,a,2025-01-03 10:00:00,DE\n"
                              "3,x,-1,1.25,a,2025-01-04 10:00:00,DE\n"));
    assert_int_equal(summary.filtered, 1);
    assert_string_equal(
        rows_of("order", PART_FACTS,
                "identifier, time, \"Invoice\", lines, \"Quantity\", amount, \"Country\""),
        "a|1735722000|1|2|3|3.005|AT\na|1735894800|2|1|1|1.250|DE\n");
    assert_string_equal(
        rows_of("order.line", PART_FACTS, "identifier, \"Invoice\", \"Item\", amount"),
        "a|1|y|0.505\na|1|x|2.500\na|2|x|1.250\n");
    assert_string_equal(rows_of("customer", PART_TRAITS, "identifier, time, country"),
                        "a|1735722000|AT\na|1735894800|DE\n");
}

static void takes_each_id_once(void **state)
{
    struct ingest_options options = orders;
    options.mapping.id = (struct ingest_names){(const char *[]){"nr"}, 1};
    options.rejects = path("rejects.jsonl");
    run(options,
        put("a.csv", "nr,customer,date,x\n1,a,2025-01-01,1\n2,a,2025-01-02,2\n2,a,2025-01-02,2\n"));
    assert_int_equal(summary.stored, 2);
    assert_int_equal(summary.repeated_ids, 1);
    run(options,
        put("b.csv", "nr,customer,date,x\n2,a,2025-01-02,2\n1,a,2025-01-01,9\n3,b,2025-01-03,3\n"));
    assert_int_equal(summary.stored, 1);
    assert_int_equal(summary.repeated_ids, 1);
    assert_int_equal(summary.conflicts, 1);
    assert_int_equal(summary.set_aside, 1);
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, id, x"), "a|1|1\na|2|2\nb|3|3\n");
    options.mapping.on_conflict = "replace";
    run(options, put("c.csv", "nr,customer,date,x\n1,a,2025-01-01,7\n2,a,2025-01-02,2\n"));
    assert_int_equal(summary.replaced_rows, 1);
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, id, x"), "a|1|7\na|2|2\nb|3|3\n");
}

static void undo(uint32_t number)
{
    struct store *store;
    struct lake *lake;
    assert_int_equal(store_open(path("shop"), STORE_WRITE, "test", &store, &error), STATUS_OK);
    assert_int_equal(store_lake(store, 1, &lake, &error), STATUS_OK);
    assert_int_equal(store_undo(store, lake, number, 1750000000, &error), STATUS_OK);
    lake_close(lake);
    store_close(store);
}

static void brings_rows_back_after_undo(void **state)
{
    struct ingest_options options = orders;
    options.mapping.id = (struct ingest_names){(const char *[]){"nr"}, 1};
    run(options, put("a.csv", "nr,customer,date,x\n1,a,2025-01-01,1\n2,a,2025-01-02,2\n"));
    run(options,
        put("b.csv", "nr,customer,date,x\n2,a,2025-01-02,2\n1,a,2025-01-01,9\n3,b,2025-01-03,3\n"));
    undo(1);
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, id, x, import"),
                        "a|1|9|2\na|2|2|2\nb|3|3|2\n");
}

static void reads_times_by_zone(void **state)
{
    run(orders, put("a.csv", "customer,date\n"
                             "a,2025-10-26 02:30:00\nb,2025-03-30 02:30:00\nc,2025-07-01\n"
                             "d,2025-07-01T12:00:00.75Z\ne,2025-07-01 12:00:00+05:00\n"));
    assert_int_equal(summary.hours_repeated, 1);
    assert_int_equal(summary.hours_missing, 1);
    assert_int_equal(summary.dates_bare, 1);
    assert_int_equal(summary.fractions_cut, 1);
    assert_string_equal(
        rows_of("order", PART_FACTS, "identifier, make_timestamp(time::BIGINT*1000000)"),
        "a|2025-10-26 01:30:00\nb|2025-03-30 01:30:00\nc|2025-06-30 22:00:00\n"
        "d|2025-07-01 12:00:00\ne|2025-07-01 07:00:00\n");
    struct ingest_options options = orders;
    options.mapping.file_time_zone = "Europe/Wien";
    assert_int_equal(run_with(options, put("b.csv", "customer,date\na,2025-10-26\n")),
                     STATUS_NOT_FOUND);
}

static void imports_traits_and_references(void **state)
{
    struct ingest_options traits = {.mapping = {.kind = "customer", .undated = true}};
    run(traits, put("t.csv", "customer,city,born\na,Wien,1990-05-01\nb,Graz,\n"));
    assert_string_equal(
        rows_of("customer", PART_TRAITS, "identifier, time, city, coalesce(born::VARCHAR, '?')"),
        "a|0|Wien|1990-05-01\nb|0|Graz|?\n");
    traits.mapping.undated = false;
    traits.mapping.valid_from = "2025-06-01";
    run(traits, put("u.csv", "customer,city\na,Linz\n"));
    assert_string_equal(rows_of("customer", PART_TRAITS, "identifier, time, city"),
                        "a|0|Wien\na|1748728800|Linz\nb|0|Graz\n");
    struct ingest_options products = {.mapping = {.reference = "product", .key = "sku"}};
    run(products, put("p.csv", "sku,name,price\n7,Shoe,9.90\n8,Sock,1.10\n"));
    assert_string_equal(rows_of("product", PART_REFERENCE, "key, name, price"),
                        "7|Shoe|9.90\n8|Sock|1.10\n");
    run(orders, put("o.csv", "customer,date,product\na,2025-01-01,7\na,2025-01-02,9\n"));
    assert_string_equal(summary.columns[2].refers, "product");
    assert_int_equal(summary.columns[2].type, VALUE_TEXT);
    assert_int_equal(summary.warning_count, 1);
    assert_non_null(strstr(summary.warnings[0], "1 row points by product"));
}

static void reads_every_dialect(void **state)
{
    run(orders,
        put("a.csv", "\xef\xbb\xbf"
                     "customer;date;amount;name\r\nx;9.12.2011;1.234,50;\"M\xc3\xbcller; A\"\r\n"));
    run(orders, put("b.csv", "customer,date,amount,name\ny,2011-12-10,1,M\xfcller\n"));
    run(orders, put("c.jsonl", "{\"customer\":\"z\",\"date\":\"2011-12-11\",\"amount\":12.10,"
                               "\"name\":\"M\\u00fcller\"}\n"
                               "{\"customer\":\"z\",\"date\":\"2011-12-12\",\"amount\":3}\n"));
    gzFile gz = gzopen(path("d.tsv.gz"), "w");
    gzputs(gz, "customer\tdate\tamount\tname\nw\t12/13/2011\t2.5\tit's \"x\"\n");
    gzclose(gz);
    run(orders, path("d.tsv.gz"));
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, amount, coalesce(name, '?')"),
                        "w|2.50|it's \"x\"\nx|1234.50|M\xc3\xbcller; A\ny|1.00|M\xc3\xbcller\n"
                        "z|12.10|M\xc3\xbcller\nz|3.00|?\n");
}

static void finds_keys_of_later_objects(void **state)
{
    struct buffer lines;
    buffer_init(&lines, 0);
    for (int i = 0; i < 60000; i++)
        buffer_printf(&lines,
                      "{\"customer\":\"k%d\",\"date\":\"2025-01-01\",\"amount\":%d.5,\"page\":"
                      "\"https://example.org/%d\"}\n",
                      i, i, i);
    buffer_string(&lines, "{\"customer\":\"late\",\"date\":\"2025-01-02\",\"amount\":1,\"page\":"
                          "\"x\",\"tags\":[\"a1\",\"b2\"],"
                          "\"geo\":{\"city\":\"Graz\"}}\n");
    run(orders, put_bytes("a.jsonl", lines.data, lines.length));
    buffer_release(&lines);
    assert_int_equal(summary.stored, 60001);
    const char *rows =
        rows_of("order", PART_FACTS, "identifier, amount, tags::VARCHAR, \"geo.city\"");
    assert_non_null(strstr(rows, "late|1.0|[a1, b2]|Graz\n"));
    struct ingest_options shown = orders;
    shown.dry_run = true;
    run(shown, put("b.jsonl", "{\"customer\":\"a\",\"date\":\"2025-07-01\"}\n"));
    assert_string_equal(summary.preview[1], "2025-07-01T00:00:00+02:00");
}

static void reads_parquet(void **state)
{
    struct lake *lake;
    assert_int_equal(lake_open(NULL, &lake, &error), STATUS_OK);
    assert_int_equal(
        lake_executef(lake, &error,
                      "COPY (SELECT 'a' AS customer, TIMESTAMP '2025-01-01 10:00:00' AS date, "
                      "1.25::DECIMAL(9,2) AS amount, 'x,\"y' AS name) TO '%s' (FORMAT parquet)",
                      path("a.parquet")),
        STATUS_OK);
    lake_close(lake);
    run(orders, path("a.parquet"));
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, time, amount, name"),
                        "a|1735722000|1.25|x,\"y\n");
}

static void keeps_currencies_apart(void **state)
{
    struct ingest_options options = orders;
    options.mapping.currency_column = "cur";
    options.mapping.group_by = "invoice";
    run(options,
        put("a.csv",
            "invoice,customer,date,amount,cur\n1,a,2025-01-01,1.50,EUR\n1,a,2025-01-01,2.50,USD\n"
            "1,a,2025-01-01,1.00,EUR\n"));
    assert_string_equal(rows_of("order", PART_FACTS, "identifier, amount, cur"),
                        "a|2.50|EUR\na|2.50|USD\n");
    struct store *store;
    assert_int_equal(store_open(path("shop"), STORE_READ, "test", &store, &error), STATUS_OK);
    const struct schema_column *amount =
        schema_column(schema_table(store_schema(store), "order"), "amount");
    assert_string_equal(amount->currency, "cur");
    assert_int_equal(amount->currencies, 2);
    store_close(store);
}

static void shows_without_writing(void **state)
{
    struct ingest_options options = orders;
    options.dry_run = true;
    run(options, put("a.csv", "customer,date,x\na,2025-01-01,1.50\n,2025-01-01,2\n"));
    assert_int_equal(summary.preview_rows, 1);
    assert_string_equal(summary.preview_names[2], "x");
    assert_string_equal(summary.preview[2], "1.50");
    assert_int_equal(summary.set_aside, 1);
    struct store *store;
    assert_int_equal(store_open(path("shop"), STORE_READ, "test", &store, &error), STATUS_OK);
    assert_int_equal(store_schema(store)->table_count, 0);
    store_close(store);
}

static void names_what_is_wrong(void **state)
{
    struct ingest_options options = orders;
    assert_int_equal(run_with(options, path("nothing.csv")), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "nothing.csv"));
    assert_int_equal(run_with(options, put("empty.csv", "")), STATUS_ERROR);
    assert_non_null(strstr(error.message, "empty"));
    assert_int_equal(run_with(options, folder), STATUS_ERROR);
    assert_non_null(strstr(error.message, "directory"));
    assert_int_equal(run_with(options, put_bytes("bin",
                                                 "\x7f"
                                                 "ELF\0\1\2",
                                                 7)),
                     STATUS_ERROR);
    assert_non_null(strstr(error.message, "program"));
    const char *file = put("a.csv", "customer,date,x\na,2025-01-01,1\n");
    options.mapping.customer = "custmer";
    assert_int_equal(run_with(options, file), STATUS_USAGE);
    assert_non_null(strstr(error.hint, "customer"));
    options = orders;
    options.mapping.where = "y > 1";
    assert_int_equal(run_with(options, file), STATUS_USAGE);
    assert_non_null(strstr(error.hint, "x (integer)"));
    options = orders;
    options.mapping.set = (struct ingest_pairs){(struct ingest_pair[]){{"z", "x +"}}, 1};
    assert_int_equal(run_with(options, file), STATUS_USAGE);
    assert_int_equal(run_with(orders, put("b.csv", "a,b\n1,2\n")), STATUS_USAGE);
    assert_non_null(strstr(error.hint, "--customer"));
}

static void tells_truncated_gzip(void **state)
{
    struct buffer csv;
    buffer_init(&csv, 0);
    buffer_string(&csv, "customer,date\n");
    for (int i = 0; i < 20000; i++)
        buffer_printf(&csv, "%d,2025-01-01 00:00:%02d\n", i * 7919 % 10007, i % 60);
    gzFile gz = gzopen(path("a.csv.gz"), "w");
    gzwrite(gz, csv.data, (unsigned)csv.length);
    gzclose(gz);
    buffer_release(&csv);
    assert_int_equal(truncate(path("a.csv.gz"), 9000), 0);
    assert_int_equal(run_with(orders, path("a.csv.gz")), STATUS_ERROR);
    assert_non_null(strstr(error.message, "ends too early"));
}

static void tells_endless_fields(void **state)
{
    char *csv = base_malloc(100 << 20);
    size_t head = (size_t)sprintf(csv, "customer,date,note\na,2025-01-01,ok\nb,2025-01-01,\"");
    memset(csv + head, 'x', (100 << 20) - head);
    put_bytes("a.csv", csv, 100 << 20);
    free(csv);
    assert_int_equal(run_with(orders, path("a.csv")), STATUS_ERROR);
    assert_non_null(strstr(error.message, "longer than"));
    assert_non_null(strstr(error.place, "line 3"));
}

static void judges_bad_bytes(void **state)
{
    run(orders, put("a.csv", "customer,date,name\na,2025-01-01,Z\xc3\xbcrich\nb,2025-01-01,"
                             "K\xc3\xb6ln\nc,2025-01-01,M\xfc\n"));
    assert_string_equal(ingest_encoding_name(summary.sources[0].dialect.encoding), "UTF-8");
    assert_int_equal(summary.set_aside, 1);
    run(orders, put("l.csv", "customer,date,name\na,2025-01-01,Z\xfcrich\nb,2025-01-01,K\xf6ln\n"));
    assert_string_equal(ingest_encoding_name(summary.sources[0].dialect.encoding), "Latin-1");
    struct buffer csv;
    buffer_init(&csv, 0);
    buffer_string(&csv, "customer,date,name\n");
    for (int i = 0; i < 300000; i++)
        buffer_printf(&csv, "k%d,2025-01-01,K\xc3\xb6ln\n", i);
    buffer_string(&csv, "bad,2025-01-01,M\xfc\n");
    run(orders, put_bytes("b.csv", csv.data, csv.length));
    assert_string_equal(ingest_encoding_name(summary.sources[0].dialect.encoding), "UTF-8");
    assert_int_equal(summary.set_aside, 1);
    assert_int_equal(summary.rejects[0].reason, REASON_ENCODING);
    buffer_release(&csv);
}

#define IMPORT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IMPORT_TEST(stores_exact_values),           IMPORT_TEST(widens_past_the_sample),
    IMPORT_TEST(sets_rows_aside_with_reasons),  IMPORT_TEST(takes_mended_rows),
    IMPORT_TEST(honours_the_limit_of_rejects),  IMPORT_TEST(recognises_what_was_imported),
    IMPORT_TEST(makes_invoices_of_lines),       IMPORT_TEST(takes_each_id_once),
    IMPORT_TEST(brings_rows_back_after_undo),   IMPORT_TEST(reads_times_by_zone),
    IMPORT_TEST(imports_traits_and_references), IMPORT_TEST(reads_every_dialect),
    IMPORT_TEST(finds_keys_of_later_objects),   IMPORT_TEST(reads_parquet),
    IMPORT_TEST(keeps_currencies_apart),        IMPORT_TEST(shows_without_writing),
    IMPORT_TEST(names_what_is_wrong),           IMPORT_TEST(tells_truncated_gzip),
    IMPORT_TEST(tells_endless_fields),          IMPORT_TEST(judges_bad_bytes),
};

UNIT_MAIN(tests)
