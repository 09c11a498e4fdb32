/* Random tellings laid over random tables, against a population built from all of their rows at
 * once. */
#include "population/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

enum {
    CUSTOMERS = 700,
    OLD_EACH = 6,
    SOURCES = 3,
    ROWS = CUSTOMERS * (OLD_EACH + SOURCES),
    NOW = 5000,
    COLUMNS = 4
};

static struct error error;
static uint64_t random_state = 7;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

/* Rows of either table: the old ones alone, or all. */
struct rows {
    size_t count;
    uint32_t customer[ROWS], time[ROWS], code[ROWS], set_start[ROWS + 1], set[ROWS];
    int64_t number[ROWS];
    double real[ROWS];
    uint64_t known[COLUMNS][ROWS / 64 + 1];
};

struct source {
    size_t count;
    uint32_t position[CUSTOMERS], customer[CUSTOMERS], code[CUSTOMERS];
    int64_t number[CUSTOMERS];
    double real[CUSTOMERS];
    uint64_t known[COLUMNS][CUSTOMERS / 64 + 1];
};

static bool get(const uint64_t *bits, size_t at)
{
    return bits[at / 64] >> (at % 64) & 1;
}

static void put(uint64_t *bits, size_t at, bool value)
{
    bits[at / 64] |= (uint64_t)value << (at % 64);
}

/* What a row says, all of it by chance. range: of the numbers. */
static void add_row(struct rows *rows, uint32_t customer, uint32_t time, int64_t base,
                    uint32_t range, uint32_t chance)
{
    size_t row = rows->count++;
    rows->customer[row] = customer;
    rows->time[row] = time;
    rows->number[row] = base + random_below(range);
    rows->code[row] = random_below(300);
    rows->real[row] = random_below(1000) / 7.0;
    rows->set[row] = random_below(5);
    rows->set_start[row + 1] = (uint32_t)row + 1;
    for (int c = 0; c < COLUMNS; c++)
        put(rows->known[c], row, random_below(100) < chance);
}

static void copy_row(struct rows *to, const struct rows *from, size_t row)
{
    size_t at = to->count++;
    to->customer[at] = from->customer[row];
    to->time[at] = from->time[row];
    to->number[at] = from->number[row];
    to->code[at] = from->code[row];
    to->real[at] = from->real[row];
    to->set[at] = from->set[row];
    to->set_start[at + 1] = (uint32_t)at + 1;
    for (int c = 0; c < COLUMNS; c++)
        put(to->known[c], at, get(from->known[c], row));
}

static void copy_told(struct rows *to, const struct source *from, size_t row)
{
    size_t at = to->count++;
    to->customer[at] = from->customer[row];
    to->time[at] = NOW;
    to->number[at] = from->number[row];
    to->code[at] = from->code[row];
    to->real[at] = from->real[row];
    to->set_start[at + 1] = (uint32_t)at + 1;
    for (int c = 0; c < COLUMNS - 1; c++)
        put(to->known[c], at, get(from->known[c], row));
}

static struct population *build(const struct rows *rows)
{
    static char names[CUSTOMERS][8];
    static struct text identifiers[CUSTOMERS];
    static uint64_t numbers[CUSTOMERS];
    static uint32_t facts[CUSTOMERS], fact_times[CUSTOMERS];
    struct population_builder *builder = population_builder_new(NULL);
    struct population *population = NULL;
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        snprintf(names[c], sizeof names[c], "c%u", c);
        identifiers[c] = text_from(names[c]);
        numbers[c] = c + 1;
        facts[c] = c;
        fact_times[c] = 1 + c * 7919 % 997; /* positions are not the order of numbers */
    }
    population_builder_customers(builder, numbers, identifiers, CUSTOMERS);
    for (int code = 0; code < 300; code++) {
        char text[24];
        snprintf(text, sizeof text, "text %d", code);
        population_builder_code(builder, text_from(text));
    }
    const struct population_input columns[COLUMNS] = {
        {.name = "number", .type = VALUE_INT, .integers = rows->number, .known = rows->known[0]},
        {.name = "code", .type = VALUE_TEXT, .codes = rows->code, .known = rows->known[1]},
        {.name = "real", .type = VALUE_DOUBLE, .doubles = rows->real, .known = rows->known[2]},
        {.name = "set",
         .type = VALUE_SET,
         .codes = rows->set,
         .set_start = rows->set_start,
         .known = rows->known[3]},
    };
    assert_int_equal(population_builder_table(builder, "order", SCHEMA_FACTS, CUSTOMERS, facts,
                                              fact_times, NULL, 0, &error),
                     STATUS_OK);
    assert_int_equal(population_builder_table(builder, "customer", SCHEMA_TRAITS, rows->count,
                                              rows->customer, rows->time, columns, COLUMNS, &error),
                     STATUS_OK);
    assert_int_equal(population_builder_finish(builder, NULL, &population, &error), STATUS_OK);
    population_builder_free(builder);
    return population;
}

static void same_column(const struct population_column *ours, const struct population_column *other,
                        size_t rows)
{
    for (size_t row = 0; row < rows; row++) {
        struct population_value a = population_get(ours, row), b = population_get(other, row);
        assert_int_equal(a.known, b.known);
        assert_true(!a.known || (a.integer == b.integer && a.number == b.number &&
                                 a.code_count == b.code_count));
        if (a.known && a.code_count)
            assert_memory_equal(a.codes, b.codes, a.code_count * sizeof *a.codes);
        assert_true(!a.known || ours->type == VALUE_DOUBLE || ours->type == VALUE_SET ||
                    a.integer <= ours->max);
    }
}

static void same(const struct population *ours, const struct population *other)
{
    const struct population_table *a = &ours->tables[1], *b = &other->tables[1];
    assert_int_equal(a->rows, b->rows);
    assert_memory_equal(a->offset, b->offset, (CUSTOMERS + 1) * sizeof *a->offset);
    assert_memory_equal(a->time, b->time, a->rows * sizeof *a->time);
    assert_memory_equal(a->last_time, b->last_time, CUSTOMERS * sizeof *a->last_time);
    assert_int_equal(a->time_max, b->time_max);
    assert_int_equal(a->one_each, b->one_each);
    for (int c = 0; c < COLUMNS; c++)
        same_column(&a->columns[c], &b->columns[c], a->rows);
}

/* Each source tells some customers something, of some columns; those of the last none of the texts.
 */
static void tell(struct source *source, const struct population *below, uint32_t share,
                 int64_t base, uint32_t range, int columns)
{
    memset(source, 0, sizeof *source);
    for (uint32_t p = 0; p < below->customers; p++) {
        if (random_below(100) >= share)
            continue;
        size_t row = source->count++;
        source->position[row] = p;
        source->customer[row] = (uint32_t)below->number[p] - 1;
        source->number[row] = base + random_below(range);
        source->code[row] = random_below(300);
        source->real[row] = random_below(1000) / 9.0;
        for (int c = 0; c < columns; c++)
            put(source->known[c], row, random_below(100) < 90);
    }
}

static void make_all(struct rows *all, const struct rows *old, const struct source *sources)
{
    size_t row = 0;
    memset(all, 0, sizeof *all);
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        for (; row < old->count && old->customer[row] == c && old->time[row] <= NOW; row++)
            copy_row(all, old, row);
        for (int s = 0; s < SOURCES; s++)
            for (size_t i = 0; i < sources[s].count; i++)
                if (sources[s].customer[i] == c)
                    copy_told(all, &sources[s], i);
        for (; row < old->count && old->customer[row] == c; row++)
            copy_row(all, old, row);
    }
}

static void lay_over(const struct rows *old, uint32_t share, int64_t base, uint32_t range)
{
    static struct source sources[SOURCES];
    static struct rows all;
    struct population *below = build(old), *over = NULL;
    struct population_input inputs[SOURCES][COLUMNS];
    struct population_told told[SOURCES];
    for (int s = 0; s < SOURCES; s++) {
        int columns = COLUMNS - 1 - s;
        tell(&sources[s], below, share, base, range, columns);
        inputs[s][0] = (struct population_input){.name = "number",
                                                 .type = VALUE_INT,
                                                 .integers = sources[s].number,
                                                 .known = sources[s].known[0]};
        inputs[s][1] = (struct population_input){.name = "code",
                                                 .type = VALUE_TEXT,
                                                 .codes = sources[s].code,
                                                 .known = sources[s].known[1]};
        inputs[s][2] = (struct population_input){.name = "real",
                                                 .type = VALUE_DOUBLE,
                                                 .doubles = sources[s].real,
                                                 .known = sources[s].known[2]};
        inputs[s][3] = (struct population_input){
            .name = "another", .type = VALUE_INT, .integers = sources[s].number};
        told[s] = (struct population_told){.rows = sources[s].count,
                                           .position = sources[s].position,
                                           .columns = inputs[s],
                                           .column_count = 4};
    }
    make_all(&all, old, sources);
    struct population *whole = build(&all), *before = build(old);
    assert_int_equal(population_over(below, "customer", NOW, told, SOURCES, NULL, &over, &error),
                     STATUS_OK);
    assert_true(over->serial != below->serial);
    same(over, whole);
    assert_ptr_equal(over->tables[0].time, below->tables[0].time); /* the rest is shared */
    population_free(over);
    same(below, before); /* and nothing has changed */
    population_free(below);
    population_free(whole);
    population_free(before);
}

static void make_old(struct rows *rows, int64_t base, uint32_t range, uint32_t chance)
{
    memset(rows, 0, sizeof *rows);
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        uint32_t time = random_below(3) ? 0 : 4990;
        for (uint32_t i = random_below(OLD_EACH + 1); i-- > 0;)
            add_row(rows, c, time += random_below(8), base, range, chance);
    }
}

static void like_one_built_from_all(void **state)
{
    static struct rows old;
    (void)state;
    for (int round = 0; round < 30; round++) {
        make_old(&old, round % 3 ? -40 : INT64_C(-3000000000), round % 5 ? 100 : 90000,
                 round % 4 ? 80 : 101);
        lay_over(&old, round % 6 ? 20 : 100, -40, 100);       /* the same width */
        lay_over(&old, 3, round % 2 ? 7 : 100000, 60000);     /* wider, upwards */
        lay_over(&old, 50, INT64_C(-5000000000), 1000000000); /* and downwards */
        lay_over(&old, 0, 0, 1);
    }
    make_old(&old, 5, 1, 101); /* a column of one value takes no room until there is another */
    lay_over(&old, 30, 5, 1);
    lay_over(&old, 30, 5, 300);
}

static void refuses_what_does_not_fit(void **state)
{
    static struct rows old;
    (void)state;
    make_old(&old, 0, 10, 90);
    struct population *below = build(&old), *over = NULL;
    struct population_input input = {.name = "number", .type = VALUE_DECIMAL, .scale = 2};
    struct population_told told = {.columns = &input, .column_count = 1};
    assert_int_equal(population_over(below, "customer", NOW, &told, 1, NULL, &over, &error),
                     STATUS_ERROR);
    assert_int_equal(population_over(below, "plan", NOW, &told, 1, NULL, &over, &error),
                     STATUS_NOT_FOUND);
    population_free(below);
}

/* A list of nobody but the customer at a position. */
static struct population_list list_of(const char *name, uint32_t position)
{
    uint64_t *members = calloc(CUSTOMERS / 64 + 1, sizeof *members);
    put(members, position, true);
    return (struct population_list){name, members};
}

static bool is_listed(const struct population *population, const char *name, uint32_t position)
{
    for (size_t i = 0; i < population->list_count; i++)
        if (strcmp(population->lists[i].name, name) == 0)
            return get(population->lists[i].members, position);
    return false;
}

static void lists_lie_over_lists(void **state)
{
    static struct rows old;
    (void)state;
    make_old(&old, 0, 10, 90);
    struct population *below = build(&old);
    struct population_list saved[] = {list_of("kept", 1), list_of("read again", 2)},
                           new[] = {list_of("read again", 3), list_of("new", 4)};
    struct population *first = population_with_lists(below, saved, 2),
                      *second = population_with_lists(first, new, 2);
    assert_int_equal(below->list_count, 0);
    assert_int_equal(first->list_count, 2);
    assert_int_equal(second->list_count, 3);
    assert_true(is_listed(second, "kept", 1) && is_listed(second, "read again", 3));
    assert_true(is_listed(second, "new", 4) && !is_listed(second, "read again", 2));
    assert_true(is_listed(first, "read again", 2) && !is_listed(first, "read again", 3));
    assert_true(second->tables == below->tables && second->serial != first->serial);

    population_free(second); /* takes nothing of the others with it */
    assert_true(is_listed(first, "kept", 1));
    population_free(first);
    population_free(below);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists_lie_over_lists),
    cmocka_unit_test(like_one_built_from_all),
    cmocka_unit_test(refuses_what_does_not_fit),
};

UNIT_MAIN(tests)
