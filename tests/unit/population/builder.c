/* Random tables through the builder and back: every value stands where it belongs, as narrow as it
 * fits. */
#include "population/population.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

enum { CUSTOMERS = 2000, ROWS_EACH = 7 };

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

struct made {
    size_t rows, start[CUSTOMERS + 1];
    uint32_t customer[CUSTOMERS * ROWS_EACH], time[CUSTOMERS * ROWS_EACH], last[CUSTOMERS];
    int64_t number[CUSTOMERS * ROWS_EACH];
    double real[CUSTOMERS * ROWS_EACH];
    uint32_t code[CUSTOMERS * ROWS_EACH], set_start[CUSTOMERS * ROWS_EACH + 1],
        set[CUSTOMERS * ROWS_EACH * 2];
    uint64_t known[CUSTOMERS * ROWS_EACH / 64 + 1];
};

static void make_rows(struct made *made, int64_t base, uint32_t range)
{
    memset(made, 0, sizeof *made);
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        uint32_t time = 1000 + random_below(1000000), count = random_below(ROWS_EACH);
        made->start[c] = made->rows;
        for (uint32_t i = 0; i < count; i++) {
            size_t row = made->rows++;
            made->customer[row] = c;
            made->time[row] = time += random_below(3);
            made->number[row] = base + random_below(range);
            made->real[row] = random_below(1000) / 7.0;
            made->code[row] = random_below(3);
            made->set[2 * row] = random_below(3);
            made->set[2 * row + 1] = random_below(3);
            made->set_start[row + 1] = (uint32_t)(2 * row + 2);
            made->known[row / 64] |= (uint64_t)(random_below(4) != 0) << (row % 64);
            made->last[c] = time;
        }
    }
    made->start[CUSTOMERS] = made->rows;
}

static struct population *build(const struct made *made, struct pool *pool)
{
    static char names[CUSTOMERS][8];
    static struct text identifiers[CUSTOMERS];
    static uint64_t numbers[CUSTOMERS];
    struct error error;
    struct population *population;
    struct population_builder *builder = population_builder_new(NULL);
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        numbers[c] = 10 + 3 * c;
        identifiers[c] = (struct text){names[c], (size_t)snprintf(names[c], 8, "c%u", c)};
    }
    population_builder_customers(builder, numbers, identifiers, CUSTOMERS);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(population_builder_code(builder, (struct text){&"xyz"[i], 1}), i);
    struct population_input columns[] = {
        {.name = "number", .type = VALUE_INT, .integers = made->number, .known = made->known},
        {.name = "real", .type = VALUE_DOUBLE, .doubles = made->real},
        {.name = "text", .type = VALUE_TEXT, .codes = made->code, .known = made->known},
        {.name = "set",
         .type = VALUE_SET,
         .codes = made->set,
         .set_start = made->set_start,
         .known = made->known}};
    assert_int_equal(population_builder_table(builder, "fact", SCHEMA_FACTS, made->rows,
                                              made->customer, made->time, columns, 4, &error),
                     0);
    assert_int_equal(population_builder_finish(builder, pool, &population, &error), 0);
    population_builder_free(builder);
    return population;
}

static void check_row(const struct population_table *table, size_t at, const struct made *made,
                      size_t row)
{
    bool known = made->known[row / 64] >> (row % 64) & 1;
    assert_int_equal(table->time[at], made->time[row]);
    struct population_value number = population_get(&table->columns[0], at),
                            real = population_get(&table->columns[1], at),
                            text = population_get(&table->columns[2], at),
                            set = population_get(&table->columns[3], at);
    assert_true(number.known == known && text.known == known && set.known == known && real.known);
    assert_true(real.number == made->real[row]);
    if (!known)
        return;
    assert_true(number.integer == made->number[row] && text.integer == made->code[row]);
    uint32_t a = made->set[2 * row], b = made->set[2 * row + 1];
    assert_int_equal(set.code_count, a == b ? 1 : 2);
    assert_int_equal(set.codes[0], a < b ? a : b);
}

static void check_population(const struct population *population, const struct made *made)
{
    const struct population_table *table = &population->tables[0];
    assert_int_equal(table->rows, made->rows);
    for (uint32_t p = 0; p < CUSTOMERS; p++) {
        uint32_t c = (uint32_t)((population->number[p] - 10) / 3), found;
        assert_int_equal(population->last_time[p], made->last[c]);
        assert_true(p == 0 || population->last_time[p - 1] <= population->last_time[p]);
        assert_int_equal(table->offset[p + 1] - table->offset[p],
                         made->start[c + 1] - made->start[c]);
        assert_int_equal(table->last_time[p], made->last[c]);
        assert_true(table->block_last[p / POPULATION_BLOCK] >= made->last[c]);
        assert_true(population_find(population, population_identifier(population, p), &found) &&
                    found == p);
        for (size_t row = made->start[c]; row < made->start[c + 1]; row++)
            check_row(table, table->offset[p] + row - made->start[c], made, row);
    }
}

static void values_come_back(void **state)
{
    static const struct {
        int64_t base;
        uint32_t range;
        unsigned width;
    } cases[] = {
        {7, 1, 0}, {-100, 200, 1}, {INT64_C(1) << 40, 60000, 2}, {INT64_MIN, 2000000000, 4}};
    static struct made made;
    struct pool *pool = pool_new(3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_rows(&made, cases[i].base, cases[i].range);
        struct population *population = build(&made, i % 2 ? pool : NULL);
        assert_int_equal(population->tables[0].columns[0].width, cases[i].width);
        check_population(population, &made);
        struct population_memory memory = population_memory(population);
        assert_int_equal(memory.fact_rows, made.rows);
        assert_true(memory.facts >= made.rows * 4 && memory.facts < made.rows * 64);
        population_free(population);
    }
    pool_free(pool);
}

static void disorder_is_refused(void **state)
{
    struct error error;
    struct population_builder *builder = population_builder_new(NULL);
    uint64_t numbers[] = {1, 2};
    struct text names[] = {TEXT("a"), TEXT("b")};
    population_builder_customers(builder, numbers, names, 2);
    uint32_t backwards[] = {1, 0}, same[] = {0, 0}, later[] = {9, 5}, beyond[] = {0, 2},
             fine[] = {5, 9};
    assert_int_equal(
        population_builder_table(builder, "x", SCHEMA_FACTS, 2, backwards, fine, NULL, 0, &error),
        STATUS_ERROR);
    assert_int_equal(
        population_builder_table(builder, "x", SCHEMA_FACTS, 2, same, later, NULL, 0, &error),
        STATUS_ERROR);
    assert_int_equal(
        population_builder_table(builder, "x", SCHEMA_FACTS, 2, beyond, fine, NULL, 0, &error),
        STATUS_ERROR);
    population_builder_free(builder);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(values_come_back),
                                          cmocka_unit_test(disorder_is_refused)};

UNIT_MAIN(tests)
