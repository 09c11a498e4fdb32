#include "unit/unit.h"

#include "base/schema.h"

#include <string.h>

static void every_type_has_a_name(void **state)
{
    for (int type = 0; type < VALUE_TYPES; type++) {
        assert_non_null(value_type_name((enum value_type)type));
        for (int other = 0; other < type; other++)
            assert_string_not_equal(value_type_name((enum value_type)type),
                                    value_type_name((enum value_type)other));
    }
}

static void a_copy_stands_alone(void **state)
{
    char name[] = "order", column[] = "amount", refers[] = "product";
    struct schema_column columns[] = {
        {.name = column, .type = VALUE_DECIMAL, .scale = 2},
        {.name = "item", .type = VALUE_TEXT, .refers = refers, .plain = true}};
    struct schema_table tables[] = {
        {.name = name, .role = SCHEMA_FACTS, .columns = columns, .column_count = 2},
        {.name = "product", .role = SCHEMA_REFERENCE, .key = "id"}};
    struct schema schema = {.tables = tables, .table_count = 2, .zone = "UTC"};
    struct arena arena;
    arena_init(&arena, 0);
    struct schema *copy = schema_copy(&schema, &arena);
    name[0] = column[0] = refers[0] = 'X';
    memset(columns, 0, sizeof columns);
    const struct schema_table *order = schema_table(copy, "order");
    assert_non_null(order);
    assert_int_equal(schema_column(order, "amount")->scale, 2);
    assert_string_equal(schema_column(order, "item")->refers, "product");
    assert_true(schema_column(order, "item")->plain);
    assert_int_equal(schema_column_index(order, "item"), 1);
    assert_int_equal(schema_column_index(order, "Item"), -1);
    assert_null(schema_column(order, "x"));
    assert_string_equal(schema_table(copy, "product")->key, "id");
    assert_null(schema_table(copy, "view"));
    assert_null(copy->currency);
    assert_string_equal(copy->zone, "UTC");
    arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_type_has_a_name),
    cmocka_unit_test(a_copy_stands_alone),
};
UNIT_MAIN(tests)
