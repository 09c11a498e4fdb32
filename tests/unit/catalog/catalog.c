/* The catalog: the folded schema, what is written and read back, transactions, and refusals. */
#include "catalog/catalog.h"
#include "catalog/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/folder.h"
#include "unit/unit.h"

static struct error error;

#define OK(call)                                                                       \
    do {                                                                               \
        if ((call) != STATUS_OK)                                                       \
            fail_msg("%s:%d: %s (%s)", __FILE__, __LINE__, error.message, error.hint); \
    } while (0)

struct world {
    char folder[512], path[600];
    struct catalog *catalog;
    struct arena arena;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(folder_make(world->folder, sizeof world->folder));
    snprintf(world->path, sizeof world->path, "%s/a?b#c%%.db", world->folder);
    OK(catalog_open(world->path, CATALOG_CREATE, "Europe/Vienna", "EUR", &world->catalog, &error));
    arena_init(&world->arena, 0);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    catalog_close(world->catalog);
    arena_release(&world->arena);
    int failed = folder_remove(world->folder);
    free(world);
    return failed;
}

static void reopen(struct world *world, enum catalog_mode mode)
{
    catalog_close(world->catalog);
    world->catalog = NULL;
    OK(catalog_open(world->path, mode, NULL, NULL, &world->catalog, &error));
}

static uint32_t add_import(struct world *world, const char *table, const char *hash)
{
    uint32_t number;
    OK(catalog_add_import(
        world->catalog,
        &(struct catalog_import){
            .received = 77, .kind = CATALOG_FACTS, .table = table, .content_hash = hash},
        &number, &error));
    return number;
}

/* What tells scores says so itself; of before there are traits from a source that says so. */
static void scores_have_a_model(void **state)
{
    struct world *world = *state;
    struct catalog_import got, saved = {.kind = CATALOG_SCORES,
                                        .scoring = {"rfm", 1234567, true},
                                        .table = "customer",
                                        .sources = "[\"model:other\"]"};
    struct catalog_import before = {
        .kind = CATALOG_TRAITS, .table = "customer", .sources = "[\"model:clv\"]"};
    struct catalog_import silent = before, told = before;
    uint32_t number;
    silent.counts = "{\"read\":9,\"unchanged\":3,\"unchanged_at\":77}";
    told.sources = "[\"models.csv\"]";
    OK(catalog_begin(world->catalog, &error));

    OK(catalog_add_import(world->catalog, &saved, &number, &error));
    OK(catalog_find_import(world->catalog, number, &world->arena, &got, &error));
    assert_true(got.kind == CATALOG_SCORES && got.scoring.silent);
    assert_string_equal(got.scoring.model, "rfm");
    assert_int_equal(got.scoring.moment, 1234567);

    OK(catalog_add_import(world->catalog, &before, &number, &error));
    OK(catalog_find_import(world->catalog, number, &world->arena, &got, &error));
    assert_true(got.kind == CATALOG_SCORES && !got.scoring.silent);
    assert_string_equal(got.scoring.model, "clv");

    OK(catalog_add_import(world->catalog, &silent, &number, &error));
    OK(catalog_find_import(world->catalog, number, &world->arena, &got, &error));
    assert_true(got.scoring.silent && got.scoring.moment == 77);

    OK(catalog_add_import(world->catalog, &told, &number, &error));
    OK(catalog_find_import(world->catalog, number, &world->arena, &got, &error));
    assert_true(got.kind == CATALOG_TRAITS && !got.scoring.model);
    OK(catalog_commit(world->catalog, &error));
}

static void add_column(struct world *world, uint32_t import, enum value_type type, int scale,
                       int digits, const char *currencies)
{
    struct catalog_column column = {.column = {.name = "amount",
                                               .type = type,
                                               .scale = scale,
                                               .currency = currencies ? "cur" : NULL},
                                    .whole_digits = digits,
                                    .currencies = currencies};
    OK(catalog_add_schema(
        world->catalog, import,
        &(struct catalog_table){
            .name = "order", .role = SCHEMA_FACTS, .columns = &column, .column_count = 1},
        &error));
}

static const struct schema_column *amount(struct world *world)
{
    struct schema *schema;
    OK(catalog_load_schema(world->catalog, &world->arena, &schema, &error));
    const struct schema_table *table = schema_table(schema, "order");
    return table ? schema_column(table, "amount") : NULL;
}

static void schema_is_folded(void **state)
{
    struct world *world = *state;
    static const struct {
        enum value_type type;
        int scale, digits;
        const char *currencies;
        enum value_type then;
        int then_scale, then_currencies;
    } steps[] = {
        {VALUE_INT, 0, 3, "EUR", VALUE_INT, 0, 1},
        {VALUE_DECIMAL, 2, 5, "EUR USD", VALUE_DECIMAL, 2, 2},
        {VALUE_DECIMAL, 1, 9, "USD", VALUE_DECIMAL, 2, 2},
        {VALUE_NONE, 0, 0, NULL, VALUE_DECIMAL, 2, 2},
        {VALUE_DECIMAL, 10, 1, "CHF", VALUE_DOUBLE, 0,
         3}, /* 9 digits before the point and 10 behind are too many */
        {VALUE_TEXT, 0, 0, NULL, VALUE_TEXT, 0, 3},
    };
    enum { STEPS = sizeof steps / sizeof *steps };
    OK(catalog_begin(world->catalog, &error));
    for (int i = 0; i < STEPS; i++) {
        add_column(world, add_import(world, "order", "h"), steps[i].type, steps[i].scale,
                   steps[i].digits, steps[i].currencies);
        assert_int_equal(amount(world)->type, steps[i].then);
        assert_int_equal(amount(world)->scale, steps[i].then_scale);
        assert_int_equal(amount(world)->currencies, steps[i].then_currencies);
    }
    OK(catalog_commit(world->catalog, &error));
    /* taking them back from the end walks the same way down */
    for (int i = STEPS - 1; i > 0; i--) {
        OK(catalog_begin(world->catalog, &error));
        OK(catalog_set_import_undone(world->catalog, (uint32_t)i + 1, 99, &error));
        OK(catalog_commit(world->catalog, &error));
        assert_int_equal(amount(world)->type, steps[i - 1].then);
        assert_int_equal(amount(world)->scale, steps[i - 1].then_scale);
        assert_int_equal(amount(world)->currencies, steps[i - 1].then_currencies);
    }
    OK(catalog_begin(world->catalog, &error));
    OK(catalog_set_import_undone(world->catalog, 1, 99, &error));
    OK(catalog_commit(world->catalog, &error));
    assert_null(amount(world));
}

static void widening_is_symmetric(void **state)
{
    (void)state;
    for (int a = VALUE_NONE; a < VALUE_TYPES; a++)
        for (int b = VALUE_NONE; b < VALUE_TYPES; b++) {
            if (a == VALUE_DURATION || b == VALUE_DURATION)
                continue;
            enum value_type x = (enum value_type)a, y = (enum value_type)b;
            int xs = a == VALUE_DECIMAL ? 2 : 0, ys = b == VALUE_DECIMAL ? 2 : 0, xd = 3, yd = 3;
            catalog_widen(&x, &xs, &xd, (enum value_type)b, ys, 3);
            catalog_widen(&y, &ys, &yd, (enum value_type)a, a == VALUE_DECIMAL ? 2 : 0, 3);
            assert_int_equal(x, y);
            assert_int_equal(xs, ys);
        }
}

static void imports_and_parts(void **state)
{
    struct world *world = *state;
    struct catalog_import *imports, one;
    struct catalog_part *parts;
    size_t count;
    assert_int_equal(catalog_find_import(world->catalog, 1, &world->arena, &one, &error),
                     STATUS_NOT_FOUND);
    OK(catalog_begin(world->catalog, &error));
    assert_int_equal(add_import(world, "order", "abc"), 1);
    assert_int_equal(add_import(world, "view", "abc"), 2);
    OK(catalog_set_import_counts(world->catalog, 2, "{\"rows\":5}", &error));
    const struct catalog_part_column columns[] = {{"customer", "UINTEGER"},
                                                  {"amount", "DECIMAL(18,2)"}};
    struct catalog_part part = {.number = 4,
                                .owner = 3,
                                .table = "Order Completed",
                                .role = PART_SHADOW,
                                .path = "parts/x/4.parquet",
                                .first_import = 1,
                                .last_import = 2,
                                .rows = UINT64_C(5000000000),
                                .bytes = 6,
                                .first_time = 7,
                                .last_time = INT64_C(4291747199),
                                .columns = columns,
                                .column_count = 2,
                                .added = 9};
    OK(catalog_add_part(world->catalog, &part, &error));
    OK(catalog_commit(world->catalog, &error));
    reopen(world, CATALOG_READ);
    OK(catalog_parts(world->catalog, false, &world->arena, &parts, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(parts->table, part.table);
    assert_int_equal(parts->role, PART_SHADOW);
    assert_true(parts->rows == part.rows && parts->last_time == part.last_time &&
                parts->owner == 3 && parts->added == 9);
    assert_int_equal(parts->column_count, 2);
    assert_string_equal(parts->columns[1].type, "DECIMAL(18,2)");
    OK(catalog_imports(world->catalog, &world->arena, &imports, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(imports[1].counts, "{\"rows\":5}");
    OK(catalog_import_of_content(world->catalog, "abc", "order", "", &world->arena, &one, &error));
    assert_int_equal(one.number, 1);
    OK(catalog_import_of_content(world->catalog, "other", "order", "", &world->arena, &one,
                                 &error));
    assert_int_equal(one.number, 0);
    reopen(world, CATALOG_WRITE);
    OK(catalog_begin(world->catalog, &error));
    OK(catalog_remove_part(world->catalog, 4, 11, &error));
    OK(catalog_commit(world->catalog, &error));
    OK(catalog_parts(world->catalog, false, &world->arena, &parts, &count, &error));
    assert_int_equal(count, 0);
    OK(catalog_parts(world->catalog, true, &world->arena, &parts, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(parts->removed, 11);
    OK(catalog_forget_part(world->catalog, 4, &error));
    OK(catalog_parts(world->catalog, true, &world->arena, &parts, &count, &error));
    assert_int_equal(count, 0);
}

static void definitions_and_lists(void **state)
{
    struct world *world = *state;
    struct catalog_definition *definitions;
    struct catalog_list *lists, list;
    size_t count;
    static const char *const names[] = {"zebra", "apple", "mango"};
    OK(catalog_begin(world->catalog, &error));
    for (int i = 0; i < 3; i++)
        OK(catalog_save_definition(
            world->catalog, &(struct catalog_definition){.name = names[i], .text = "x", .saved = i},
            &error));
    OK(catalog_save_definition(
        world->catalog,
        &(struct catalog_definition){
            .name = "zebra", .text = "it's new", .title = "Ein Zebra", .scheme = true},
        &error));
    OK(catalog_delete_definition(world->catalog, "apple", &error));
    assert_int_equal(catalog_delete_definition(world->catalog, "apple", &error), STATUS_NOT_FOUND);
    struct text items[] = {TEXT("b"), TEXT(""), {"a\0b", 3}};
    OK(catalog_save_list(world->catalog, &(struct catalog_list){"holdouts", "x.csv", 3, items, 3},
                         &error));
    OK(catalog_save_list(world->catalog, &(struct catalog_list){"holdouts", "y.csv", 4, items, 2},
                         &error));
    OK(catalog_commit(world->catalog, &error));
    OK(catalog_definitions(world->catalog, &world->arena, &definitions, &count, &error));
    assert_int_equal(count, 2); /* a changed definition keeps its place */
    assert_string_equal(definitions[0].name, "zebra");
    assert_string_equal(definitions[0].text, "it's new");
    assert_string_equal(definitions[0].title, "Ein Zebra");
    assert_true(definitions[0].scheme && !definitions[1].scheme && !definitions[1].title);
    OK(catalog_lists(world->catalog, &world->arena, &lists, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(lists[0].count, 2);
    OK(catalog_find_list(world->catalog, "holdouts", &world->arena, &list, &error));
    assert_true(list.count == 2 && text_is(list.identifiers[0], "b") &&
                list.identifiers[1].length == 0);
    assert_string_equal(list.source, "y.csv");
    assert_int_equal(catalog_find_list(world->catalog, "none", &world->arena, &list, &error),
                     STATUS_NOT_FOUND);
    OK(catalog_delete_list(world->catalog, "holdouts", &error));
    OK(catalog_set_setting(world->catalog, "model.clv", "{}", &error));
    const char *value;
    OK(catalog_setting(world->catalog, "model.clv", &world->arena, &value, &error));
    assert_string_equal(value, "{}");
    OK(catalog_set_setting(world->catalog, "model.clv", NULL, &error));
    OK(catalog_setting(world->catalog, "model.clv", &world->arena, &value, &error));
    assert_null(value);
}

static void transactions(void **state)
{
    struct world *world = *state;
    struct catalog *reader = NULL;
    uint64_t value;
    OK(catalog_open(world->path, CATALOG_READ, NULL, NULL, &reader, &error));
    OK(catalog_begin(world->catalog, &error));
    OK(catalog_set_counter(world->catalog, CATALOG_NEXT_CUSTOMER, 5000, &error));
    OK(catalog_counter(reader, CATALOG_NEXT_CUSTOMER, &value, &error));
    assert_int_equal(value, 1); /* not yet */
    catalog_rollback(world->catalog);
    OK(catalog_counter(world->catalog, CATALOG_NEXT_CUSTOMER, &value, &error));
    assert_int_equal(value, 1);
    /* a reader's transaction keeps its moment */
    OK(catalog_begin_read(reader, &error));
    OK(catalog_counter(reader, CATALOG_NEXT_CODE, &value, &error));
    OK(catalog_begin(world->catalog, &error));
    OK(catalog_set_counter(world->catalog, CATALOG_NEXT_CODE, 9, &error));
    OK(catalog_commit(world->catalog, &error));
    OK(catalog_counter(reader, CATALOG_NEXT_CODE, &value, &error));
    assert_int_equal(value, 0);
    catalog_rollback(reader);
    OK(catalog_counter(reader, CATALOG_NEXT_CODE, &value, &error));
    assert_int_equal(value, 9);
    assert_int_equal(catalog_set_counter(reader, CATALOG_NEXT_CODE, 10, &error), STATUS_IO);
    catalog_close(reader);
}

static void damaged_set(void **state)
{
    struct world *world = *state;
    uint32_t number, who[] = {1, 2, 3, 900};
    struct bitmap *set = bitmap_from_sorted(who, 4), *back = NULL;
    char command[1024];
    OK(catalog_begin(world->catalog, &error));
    OK(catalog_add_refresh(world->catalog, &(struct catalog_refresh){.moment = 5}, &number,
                           &error));
    OK(catalog_add_membership(world->catalog, number, "vip", true, CAUSE_UNDO, set, &error));
    OK(catalog_commit(world->catalog, &error));
    OK(catalog_members(world->catalog, "vip", INT64_MAX, &back, &error));
    assert_true(bitmap_equal(set, back));
    bitmap_free(set);
    bitmap_free(back);
    catalog_close(world->catalog);
    world->catalog = NULL;
    snprintf(command, sizeof command,
             "sqlite3 '%s' \"UPDATE membership SET customers = CAST(substr(customers, 1, 20) || "
             "x'07' AS BLOB)\"",
             world->path);
    if (system(command) != 0)
        skip();
    OK(catalog_open(world->path, CATALOG_READ, NULL, NULL, &world->catalog, &error));
    assert_int_equal(catalog_members(world->catalog, "vip", INT64_MAX, &back, &error),
                     STATUS_CORRUPT);
    assert_non_null(strstr(error.place, "vip"));
}

/* Whoever keeps the one from before must not be left with half of another, in an arena that goes.
 */
static void a_schema_is_whole_or_untouched(void **state)
{
    struct world *world = *state;
    struct schema before, *schema = &before;
    OK(catalog_execute(world->catalog, "CREATE TABLE schema_amount (import INTEGER)", &error));
    assert_int_equal(catalog_load_schema(world->catalog, &world->arena, &schema, &error),
                     STATUS_ERROR);
    assert_ptr_equal(schema, &before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(schema_is_folded, setup, teardown),
    cmocka_unit_test(widening_is_symmetric),
    cmocka_unit_test_setup_teardown(scores_have_a_model, setup, teardown),
    cmocka_unit_test_setup_teardown(imports_and_parts, setup, teardown),
    cmocka_unit_test_setup_teardown(definitions_and_lists, setup, teardown),
    cmocka_unit_test_setup_teardown(transactions, setup, teardown),
    cmocka_unit_test_setup_teardown(damaged_set, setup, teardown),
    cmocka_unit_test_setup_teardown(a_schema_is_whole_or_untouched, setup, teardown),
};

UNIT_MAIN(tests)
