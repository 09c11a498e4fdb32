/*
 * Real data, exact. The figures are the published ones, and where a file can be read in a second
 * way, DuckDB's own CSV reader counts them again. The data lie in $STRATA_SHARED/data (../shared
 * when it is not set); without them the tests are skipped.
 */
#include "ingest/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/folder.h"
#include "unit/unit.h"

static char folder[512];
static struct arena arena;
static struct ingest_summary summary;
static struct error error;
static struct lake *lake;

static const char *data(const char *name)
{
    const char *shared = getenv("STRATA_SHARED");
    const char *file =
        arena_printf(&arena, "%s/data/%s", shared && *shared ? shared : "../shared", name);
    if (access(file, R_OK) != 0)
        skip();
    return file;
}

static const char *shop(void)
{
    return arena_printf(&arena, "%s/shop", folder);
}

static int set_up(void **state)
{
    arena_init(&arena, 0);
    if (!folder_make(folder, sizeof folder) || lake_open(NULL, &lake, &error) != STATUS_OK)
        return -1;
    return store_create(shop(), "UTC", NULL, &error) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    lake_close(lake);
    folder_remove(folder);
    arena_release(&arena);
    return 0;
}

static void run_files(struct ingest_mapping mapping, const char *const *files, size_t count)
{
    struct store *store;
    struct ingest_options options = {
        .mapping = mapping, .sources = files, .source_count = count, .now = 1750000000};
    assert_int_equal(store_open(shop(), STORE_WRITE, "test", &store, &error), STATUS_OK);
    enum status status = ingest_run(store, &options, NULL, &arena, &summary, &error);
    if (status != STATUS_OK)
        print_message("# %s: %s (%s)\n", error.place, error.message, error.hint);
    assert_int_equal(status, STATUS_OK);
    store_close(store);
}

static void run(struct ingest_mapping mapping, const char *file)
{
    run_files(mapping, &file, 1);
}

/* A number of a table of the store: "sum(amount*1000)" over its rows. */
static int64_t stored(const char *table, enum part_role role, const char *expression)
{
    struct store *store;
    struct buffer sql;
    int64_t value = 0;
    buffer_init(&sql, 0);
    assert_int_equal(store_open(shop(), STORE_READ, "test", &store, &error), STATUS_OK);
    buffer_printf(&sql, "SELECT (%s)::BIGINT FROM (", expression);
    struct store_read read = {.table = table, .role = role};
    assert_int_equal(store_select(store, &read, &sql, &error), STATUS_OK);
    buffer_char(&sql, ')');
    if (lake_query_integer(lake, sql.data, &value, NULL, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    buffer_release(&sql);
    store_close(store);
    return value;
}

/* The same by DuckDB's reader of CSV files, every column as text. */
static int64_t counted(const char *file, const char *expression, const char *where)
{
    int64_t value = 0;
    const char *sql = arena_printf(
        &arena, "SELECT (%s)::BIGINT FROM read_csv('%s', header=true, all_varchar=true) WHERE %s",
        expression, file, where);
    if (lake_query_integer(lake, sql, &value, NULL, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return value;
}

static const struct ingest_summary_column *column(const char *name)
{
    for (size_t i = 0; i < summary.column_count; i++)
        if (strcmp(summary.columns[i].name, name) == 0)
            return &summary.columns[i];
    fail_msg("no column %s", name);
    return NULL;
}

static void online_retail_lines(void **state)
{
    const char *file = data("online-retail/online_retail.csv.gz");
    run((struct ingest_mapping){.kind = "order"}, file);
    assert_int_equal(summary.read, 541909);
    assert_int_equal(summary.set_aside, 135080);
    assert_int_equal(column("InvoiceNo")->distinct, 25900);
    assert_true(column("InvoiceNo")->distinct_exact);
    assert_int_equal(column("StockCode")->distinct, 4070);
    assert_int_equal(column("Country")->distinct, 38);
    assert_int_equal(column("Description")->unknown, 1454);
    assert_int_equal(column("UnitPrice")->scale, 3);
    assert_int_equal(summary.customers, 4372);
    assert_int_equal(summary.stored, counted(file, "count(*)", "CustomerID IS NOT NULL"));
    assert_int_equal(summary.customers, counted(file, "count(DISTINCT CustomerID)", "true"));
    assert_int_equal(stored("order", PART_FACTS, "sum(\"Quantity\" * \"UnitPrice\") * 1000"),
                     counted(file, "sum(Quantity::BIGINT * UnitPrice::DECIMAL(18,3)) * 1000",
                             "CustomerID IS NOT NULL"));
    bool suggested = false;
    for (size_t i = 0; i < summary.notice_count; i++)
        suggested |= strstr(summary.notices[i], "--group-by InvoiceNo") != NULL;
    assert_true(suggested);
}

static void online_retail_invoices(void **state)
{
    const char *file = data("online-retail/online_retail.csv.gz");
    struct ingest_pair amount[] = {{"amount", "Quantity*UnitPrice"}},
                       country[] = {{"country", "Country"}};
    run((struct ingest_mapping){.kind = "order",
                                .customer = "CustomerID",
                                .time = "InvoiceDate",
                                .group_by = "InvoiceNo",
                                .set = {amount, 1},
                                .trait = {country, 1},
                                .where = "Quantity > 0 and UnitPrice > 0"},
        file);
    assert_int_equal(summary.set_aside, 135080);
    assert_int_equal(summary.stored, 397884);
    assert_int_equal(summary.customers, 4338);
    assert_int_equal(stored("order", PART_FACTS, "count(*)"), 18532);
    assert_int_equal(stored("order.line", PART_FACTS, "count(*)"), 397884);
    assert_int_equal(stored("order", PART_FACTS, "sum(amount) * 1000"), 8911407904);
    assert_int_equal(stored("order.line", PART_FACTS, "sum(amount) * 1000"), 8911407904);
    assert_int_equal(stored("order", PART_FACTS, "sum(lines)"), 397884);
    assert_int_equal(stored("customer", PART_TRAITS, "count(DISTINCT customer)"), 4338);
}

static void cdnow_master(void **state)
{
    run((struct ingest_mapping){.kind = "order"}, data("cdnow/CDNOW_master.txt.gz"));
    assert_int_equal(summary.sources[0].dialect.layout, LAYOUT_SPACES);
    assert_int_equal(stored("order", PART_FACTS, "count(*)"), 69659);
    assert_int_equal(summary.customers, 23570);
    assert_int_equal(stored("order", PART_FACTS, "sum(dollar_value) * 100"), 250031563);
    assert_int_equal(stored("order", PART_FACTS, "min(time)"), 852076800);
}

static void cdnow_sample_without_header(void **state)
{
    struct ingest_mapping mapping = {.kind = "order", .customer = "column1", .time = "column3"};
    run(mapping, data("cdnow/CDNOW_sample.txt"));
    assert_int_equal(summary.stored, 6919);
    assert_int_equal(summary.customers, 2357);
}

static void adventureworks(void **state)
{
    struct ingest_mapping customers = {.kind = "customer", .undated = true};
    run((struct ingest_mapping){.reference = "product", .key = "ProductKey"},
        data("adventureworks/AdventureWorks_Products.csv"));
    assert_int_equal(summary.tables[0].rows, 293);
    run((struct ingest_mapping){.reference = "territory", .key = "SalesTerritoryKey"},
        data("adventureworks/AdventureWorks_Territories.csv"));
    run(customers, data("adventureworks/AdventureWorks_Customers.csv.gz"));
    assert_string_equal(ingest_encoding_name(summary.sources[0].dialect.encoding), "Latin-1");
    assert_int_equal(summary.customers, 18148);
    assert_string_equal(column("BirthDate")->format, "M/D/YYYY");
    const char *sales[] = {data("adventureworks/AdventureWorks_Sales_2015.csv"),
                           data("adventureworks/AdventureWorks_Sales_2016.csv.gz"),
                           data("adventureworks/AdventureWorks_Sales_2017.csv.gz")};
    run_files((struct ingest_mapping){.kind = "order", .group_by = "OrderNumber"}, sales, 3);
    assert_int_equal(summary.read, 2630 + 23935 + 29482);
    assert_int_equal(summary.set_aside, 0);
    assert_string_equal(column("OrderDate")->format, "D-Mon-YYYY");
    assert_string_equal(column("ProductKey")->refers, "product");
    assert_int_equal(stored("order", PART_FACTS, "count(*)"), 25164);
    assert_int_equal(stored("order.line", PART_FACTS, "count(*)"), 56047);
    assert_int_equal(summary.customers, 17416);
    assert_int_equal(summary.new_customers, 0);
    assert_int_equal(summary.warning_count, 1);
    assert_non_null(strstr(summary.warnings[0], "1 row points by ProductKey"));
}

static void complete_journey(void **state)
{
    run((struct ingest_mapping){.reference = "product", .key = "product_id"},
        data("complete-journey/products.csv.gz"));
    assert_int_equal(summary.tables[0].rows, 92331);
    run((struct ingest_mapping){.kind = "customer", .undated = true},
        data("complete-journey/demographics.csv"));
    assert_int_equal(summary.customers, 801);
    const char *file = data("complete-journey/transactions_sample.csv.gz");
    run((struct ingest_mapping){.kind = "order", .file_time_zone = "UTC"}, file);
    assert_int_equal(summary.stored, 75000);
    assert_int_equal(summary.customers, 2377);
    assert_int_equal(column("basket_id")->type, VALUE_INT);
    assert_string_equal(column("product_id")->refers, "product");
    assert_int_equal(stored("order", PART_FACTS, "max(time)"),
                     counted(file, "epoch(max(transaction_timestamp::TIMESTAMP))", "true"));
    assert_int_equal(stored("order", PART_FACTS, "count(DISTINCT basket_id)"),
                     counted(file, "count(DISTINCT basket_id::DOUBLE::BIGINT)", "true"));
}

#define REAL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    REAL_TEST(online_retail_lines), REAL_TEST(online_retail_invoices),
    REAL_TEST(cdnow_master),        REAL_TEST(cdnow_sample_without_header),
    REAL_TEST(adventureworks),      REAL_TEST(complete_journey),
};

UNIT_MAIN(tests)
