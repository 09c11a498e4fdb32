/*
 * Traits loaded for a moment and later: tellings that are overruled by then are left out, and what
 * is told of each trait at that moment or any later one must be what the whole history says.
 */
#include "unit/population/world.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 6000, CUSTOMERS = 500 };

static const struct catalog_column traits[] = {
    {.column = {.name = "n", .type = VALUE_INT}, .whole_digits = 9},
    {.column = {.name = "d", .type = VALUE_DOUBLE}},
    {.column = {.name = "t", .type = VALUE_TEXT}},
    {.column = {.name = "b", .type = VALUE_BOOL}},
    {.column = {.name = "place", .type = VALUE_POINT}},
};

/* Everybody of the customers below `below` is told something at `from` or up to `spread` later. */
static void tell(struct world *world, int round, int below, int from, int spread,
                 const char *columns)
{
    char sql[2000];
    snprintf(sql, sizeof sql,
             "SELECT cust('c' || (r %% %d), r::UBIGINT) AS customer, "
             "(%d + hash(r, %d) %% %d)::UINTEGER AS \"time\", 0::UINTEGER AS import, "
             "r::UBIGINT AS arrival, %s FROM (SELECT range AS r FROM range(%d))",
             CUSTOMERS, from, round, spread, columns, below);
    run(world, &(struct import){SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, sql, traits, 5, 1000 + round});
}

#define LABEL(value) value " AS t, code(" value ", r::UBIGINT) AS \"t#\""

static void tell_all(struct world *world)
{
    /* all columns, with holes; several tellings of everyone, some undated, some after the moment */
    tell(world, 0, 3000, 0, 8000,
         "CASE WHEN r % 5 > 0 THEN r END::BIGINT AS n, (r % 97)::DOUBLE / 8 AS d, "
         "r % 3 = 0 AS b, {'latitude': r / 100, 'longitude': r / 50} AS place, " LABEL(
             "CASE WHEN r % 11 > 0 THEN 'text ' || r % 37 END"));
    tell(world, 1, 400, 0, 1, "r::BIGINT AS n, (r / 3)::DOUBLE AS d");
    /* one model, refresh after refresh */
    for (int i = 0; i < 6; i++)
        tell(world, 2 + i, 500 - 20 * i, 1000 * i, 1, "(r * 7)::BIGINT AS n, r::DOUBLE AS d");
    /* tells less than those before; back in time; numbers that are none */
    tell(world, 8, 300, 5500, 1, "(r + 1)::BIGINT AS n");
    tell(world, 9, 450, 2500, 900, "(r + 2)::BIGINT AS n, r::DOUBLE AS d");
    tell(world, 10, 450, 5900, 50,
         "r::BIGINT AS n, CASE WHEN r % 4 > 0 THEN r::DOUBLE ELSE 'nan'::DOUBLE END AS d");
    tell(world, 11, 450, 5960, 20, "CASE WHEN r % 4 > 0 THEN r END::BIGINT AS n, 1::DOUBLE AS d");
    for (int i = 0; i < 3; i++) {
        tell(world, 12 + i, 480 - 50 * i, 4000 + i, 1, LABEL("'label ' || r % 7"));
        tell(world, 15 + i, 480 - 30 * i, 4000 + i, 1, "r % 2 = 0 AS b");
        tell(world, 18 + i, 480 - 30 * i, 4000 + i, 1,
             "{'latitude': CASE WHEN r % 9 > 0 THEN 48.2 END, 'longitude': r / 50} AS place");
    }
    tell(world, 21, 500, NOW, 1, "r::BIGINT AS n, r::DOUBLE AS d");
    tell(world, 22, 200, NOW + 1, 400, "(r * 9)::BIGINT AS n, r::DOUBLE / 7 AS d");
}

static struct population_value told_at(const struct population *population, uint32_t position,
                                       const struct population_column *column, uint32_t moment)
{
    const struct population_table *table = &population->tables[0];
    for (uint32_t row = table->offset[position + 1]; row-- > table->offset[position];) {
        struct population_value value = population_get(column, row);
        if (table->time[row] <= moment && value.known)
            return value;
    }
    return (struct population_value){0};
}

static void same_value(const struct population *a, struct population_value x,
                       const struct population *b, struct population_value y,
                       const struct population_column *column)
{
    assert_int_equal(x.known, y.known);
    if (!x.known)
        return;
    if (column->type == VALUE_TEXT) {
        assert_true(text_equal(population_text(a, (uint32_t)x.integer),
                               population_text(b, (uint32_t)y.integer)));
        return;
    }
    assert_int_equal(x.integer, y.integer);
    assert_true(x.number == y.number && x.latitude == y.latitude && x.longitude == y.longitude);
}

/* All that is told of a column, telling by telling. */
static void same_history(const struct population *whole, const struct population *onward,
                         const char *name)
{
    const struct population_table *x = &whole->tables[0], *y = &onward->tables[0];
    const struct population_column *a = &x->columns[population_column_index(x, name)],
                                   *b = &y->columns[population_column_index(y, name)];
    for (uint32_t p = 0; p < whole->customers; p++) {
        uint32_t j = y->offset[p];
        for (uint32_t i = x->offset[p]; i < x->offset[p + 1]; i++) {
            if (!population_get(a, i).known)
                continue;
            while (j < y->offset[p + 1] && !population_get(b, j).known)
                j++;
            assert_true(j < y->offset[p + 1]);
            assert_int_equal(x->time[i], y->time[j]);
            same_value(whole, population_get(a, i), onward, population_get(b, j), a);
            j++;
        }
    }
}

static void compare(struct world *world, const char *const *columns, const char *const *earlier)
{
    static const uint32_t moments[] = {NOW, NOW + 1, NOW + 200, NOW + 500, 9000};
    struct population_need need = {SCHEMA_TRAIT_TABLE, columns, earlier};
    struct population_load what = {.needs = &need, .need_count = 1, .known_at = INT64_MAX};
    struct population *whole = load(world, &what);
    what.traits_from = NOW;
    struct population *onward = load(world, &what);
    const struct population_table *table = &whole->tables[0];
    assert_int_equal(whole->customers, onward->customers);
    assert_true(onward->tables[0].rows < table->rows);

    for (size_t c = 0; c < table->column_count; c++) {
        const struct population_column *own =
            &onward->tables[0]
                 .columns[population_column_index(&onward->tables[0], table->columns[c].name)];
        for (uint32_t p = 0; p < whole->customers; p++) {
            assert_int_equal(whole->number[p], onward->number[p]);
            for (size_t m = 0; m < sizeof moments / sizeof *moments; m++)
                same_value(whole, told_at(whole, p, &table->columns[c], moments[m]), onward,
                           told_at(onward, p, own, moments[m]), own);
        }
    }
    for (; earlier && *earlier; earlier++)
        same_history(whole, onward, *earlier);
    population_free(whole);
    population_free(onward);
}

static void later_tellings_overrule(void **state)
{
    struct world world;
    setup(&world);
    tell_all(&world);
    compare(&world, (const char *const[]){"n", "d", NULL}, NULL);
    compare(&world, (const char *const[]){"n", "d", "t", "b", "place", NULL}, NULL);
    compare(&world, (const char *const[]){"n", "d", "t", "b", "place", NULL},
            (const char *const[]){"t", NULL});
    compare(&world, (const char *const[]){"b", "place", "n", NULL},
            (const char *const[]){"b", "place", NULL});
    /* merged parts say it as well */
    size_t merged;
    OK(store_merge(world.store, world.lake, &merged, &error));
    compare(&world, (const char *const[]){"n", "d", "t", "b", "place", NULL},
            (const char *const[]){"t", NULL});
    teardown(&world);
}

/* 20 refreshes leave as much to load as one. */
static void history_does_not_grow(void **state)
{
    struct world world;
    setup(&world);
    struct population_need need = {SCHEMA_TRAIT_TABLE, (const char *const[]){"n", "d", NULL}, NULL};
    struct population_load what = {
        .needs = &need, .need_count = 1, .known_at = INT64_MAX, .traits_from = NOW};
    for (int i = 0; i < 20; i++)
        tell(&world, i, CUSTOMERS, 100 * i, 1, "(r * 7)::BIGINT AS n, r::DOUBLE AS d");
    struct population *population = load(&world, &what);
    assert_int_equal(population->tables[0].rows, CUSTOMERS);
    population_free(population);
    /* parts that tell none of the columns are not read at all */
    need.columns = (const char *const[]){"b", NULL};
    tell(&world, 20, 7, 50, 1, "true AS b");
    what.traits_from = 0;
    population = load(&world, &what);
    assert_int_equal(population->tables[0].rows, 7);
    population_free(population);
    teardown(&world);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(later_tellings_overrule),
    cmocka_unit_test(history_does_not_grow),
};

UNIT_MAIN(tests)
