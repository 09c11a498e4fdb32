/* Mappings: what is read is what was written; misspelt keys are told; contradictions are refused.
 */
#include "ingest/mapping.h"

#include <string.h>

#include "unit/unit.h"

static const char full[] =
    "{\"kind\":\"order\",\"customer\":\"CustomerID\",\"time\":\"InvoiceDate\",\"id\":["
    "\"InvoiceNo\",\"StockCode\"],"
    "\"group_by\":\"InvoiceNo\",\"set\":{\"amount\":\"Quantity*UnitPrice\"},\"where\":\"Quantity > "
    "0\","
    "\"select\":[\"Country\"],\"trait\":{\"country\":\"Country\"},\"map\":{\"land\":\"Country\"},"
    "\"refers\":{\"StockCode\":\"product\"},\"types\":{\"UnitPrice\":\"decimal\"},\"currency_"
    "column\":\"Currency\","
    "\"file_time_zone\":\"Europe/"
    "London\",\"on_conflict\":\"replace\",\"delimiter\":\";\",\"decimal\":\",\","
    "\"encoding\":\"Latin-1\",\"header\":\"yes\"}";

static void reads_what_it_writes(void **state)
{
    struct arena arena;
    struct error error;
    struct ingest_mapping mapping;
    struct buffer out;
    arena_init(&arena, 0);
    buffer_init(&out, 0);
    assert_int_equal(ingest_mapping_parse(text_from(full), "m.json", &arena, &mapping, &error),
                     STATUS_OK);
    assert_int_equal(ingest_mapping_check(&mapping, &error), STATUS_OK);
    ingest_mapping_write(&mapping, false, &out);
    assert_string_equal(out.data, full);
    buffer_release(&out);
    arena_release(&arena);
}

static void tells_misspelt_keys(void **state)
{
    struct arena arena;
    struct error error;
    struct ingest_mapping mapping;
    arena_init(&arena, 0);
    assert_int_equal(
        ingest_mapping_parse(TEXT("{\"custmer\":\"x\"}"), "m.json", &arena, &mapping, &error),
        STATUS_USAGE);
    assert_non_null(strstr(error.hint, "customer"));
    assert_int_equal(ingest_mapping_parse(TEXT("{\"kind\":1}"), "m.json", &arena, &mapping, &error),
                     STATUS_USAGE);
    assert_int_equal(ingest_mapping_parse(TEXT("{\"kind\":"), "m.json", &arena, &mapping, &error),
                     STATUS_USAGE);
    assert_non_null(strstr(error.place, "m.json:1:"));
    arena_release(&arena);
}

static void options_win_over_the_file(void **state)
{
    struct arena arena;
    struct error error;
    struct ingest_mapping mapping;
    struct ingest_pair sets[] = {{"amount", "1"}, {"tax", "2"}};
    struct ingest_mapping over = {.customer = "other", .set = {sets, 2}};
    arena_init(&arena, 0);
    assert_int_equal(ingest_mapping_parse(text_from(full), "m.json", &arena, &mapping, &error),
                     STATUS_OK);
    char before[17], after[17];
    ingest_mapping_hash(&mapping, before);
    ingest_mapping_overlay(&mapping, &over, &arena);
    ingest_mapping_hash(&mapping, after);
    assert_string_equal(mapping.customer, "other");
    assert_string_equal(mapping.time, "InvoiceDate");
    assert_int_equal(mapping.set.count, 2);
    assert_string_equal(ingest_pair_value(&mapping.set, "amount"), "1");
    assert_string_not_equal(before, after);
    arena_release(&arena);
}

static void refuses_contradictions(void **state)
{
    struct error error;
    const struct ingest_mapping wrong[] = {
        {0},
        {.kind = "order", .reference = "product"},
        {.reference = "product", .key = "k", .customer = "c"},
        {.kind = "customer", .valid_from = "2025-01-01", .undated = true},
        {.kind = "order", .key = "k"},
        {.kind = "order", .on_conflict = "maybe"},
        {.kind = "../order"},
        {.kind = "order", .encoding = "EBCDIC"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(ingest_mapping_check(&wrong[i], &error), STATUS_USAGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_what_it_writes),
    cmocka_unit_test(tells_misspelt_keys),
    cmocka_unit_test(options_win_over_the_file),
    cmocka_unit_test(refuses_contradictions),
};

UNIT_MAIN(tests)
