/* Contradictions between traits and the bootstrap of a profile: on data without structure they are
 * silent, planted ones are found, and what is drawn agrees with what theory says. */
#include "insight/traits.h"
#include "insight/insight.h"

#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

enum { CUSTOMERS = 400, TRAITS = 9, TODAY = 20270 };

struct sample {
    struct zone *zone;
    struct population *population;
    struct arena arena;
    struct insight_traits traits;
    int64_t value[TRAITS][CUSTOMERS];
};

static const enum value_type types[TRAITS] = {VALUE_TEXT, VALUE_TEXT, VALUE_TEXT,
                                              VALUE_INT,  VALUE_INT,  VALUE_INT,
                                              VALUE_DATE, VALUE_DATE, VALUE_DATE};
static const char *const names[TRAITS] = {"a",   "b",     "c",      "i",         "j",
                                          "age", "first", "second", "birth_date"};

/* Independent traits, told once, undated. */
static void fill(struct sample *sample, uint64_t seed)
{
    static const int64_t from[TRAITS] = {
        0, 0, 0, 0, 0, 18, TODAY - 900, TODAY - 1200, TODAY - 30000};
    static const size_t many[TRAITS] = {2, 6, 12, 3, 40, 60, 700, 900, 20000};
    struct stats_random random;
    stats_random_init(&random, seed, 1);
    for (int t = 0; t < TRAITS; t++)
        for (int c = 0; c < CUSTOMERS; c++)
            sample->value[t][c] = from[t] + (int64_t)stats_random_below(&random, many[t]);
}

static void build(struct sample *sample)
{
    struct error error;
    uint64_t numbers[CUSTOMERS], existing[CUSTOMERS / 64 + 1];
    struct text identifiers[CUSTOMERS];
    uint32_t customer[CUSTOMERS], time[CUSTOMERS] = {0}, codes[TRAITS][CUSTOMERS];
    struct population_input inputs[TRAITS];
    struct population_builder *builder = population_builder_new(sample->zone);
    arena_init(&sample->arena, 0);
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        numbers[c] = c + 1;
        customer[c] = c;
        identifiers[c] = text_from(arena_printf(&sample->arena, "c%u", c));
    }
    population_builder_customers(builder, numbers, identifiers, CUSTOMERS);
    for (int t = 0; t < TRAITS; t++) {
        inputs[t] = (struct population_input){
            .name = names[t], .type = types[t], .integers = sample->value[t]};
        for (int c = 0; c < CUSTOMERS && types[t] == VALUE_TEXT; c++)
            codes[t][c] = population_builder_code(
                builder, text_from(arena_printf(&sample->arena, "%s%d", names[t],
                                                (int)sample->value[t][c])));
        if (types[t] == VALUE_TEXT) {
            inputs[t].integers = NULL;
            inputs[t].codes = codes[t];
        }
    }
    assert_int_equal(population_builder_table(builder, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, CUSTOMERS,
                                              customer, time, inputs, TRAITS, &error),
                     STATUS_OK);
    assert_int_equal(population_builder_finish(builder, NULL, &sample->population, &error),
                     STATUS_OK);
    population_builder_free(builder);
    memset(existing, 0xff, sizeof existing);
    insight_traits_read(sample->population, existing, INT64_C(1) << 31, &sample->arena,
                        &sample->traits);
}

static void drop(struct sample *sample)
{
    population_free(sample->population);
    arena_release(&sample->arena);
}

static struct sample *sample_new(void)
{
    struct sample *sample = calloc(1, sizeof *sample);
    struct error error;
    assert_non_null(sample);
    assert_int_equal(zone_open("UTC", &sample->zone, &error), STATUS_OK);
    return sample;
}

static void sample_free(struct sample *sample)
{
    zone_close(sample->zone);
    free(sample);
}

static struct insight_contradictions clashes(struct sample *sample)
{
    struct insight_contradictions found;
    build(sample);
    insight_contradict(&sample->traits, sample->zone, TODAY, &sample->arena, &found);
    return found;
}

/* A relation between independent traits may turn up in 5% of the rounds at most. */
static void silent_without_structure(void **state)
{
    enum { ROUNDS = 300 };
    struct sample *sample = sample_new();
    int wrong = 0;
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        fill(sample, round + 1);
        struct insight_contradictions found = clashes(sample);
        assert_true(found.tested > 20);
        wrong += found.count > 0;
        drop(sample);
    }
    if (wrong > ROUNDS / 20)
        print_message("# %d of %d rounds\n", wrong, ROUNDS);
    assert_true(wrong <= ROUNDS / 20);
    sample_free(sample);
}

static const struct insight_contradiction *only(const struct insight_contradictions *found,
                                                enum insight_clash what)
{
    assert_int_equal(found->count, 1);
    assert_int_equal(found->items[0].what, what);
    return &found->items[0];
}

static void finds_what_is_planted(void **state)
{
    struct sample *sample = sample_new();
    (void)state;
    fill(sample, 7); /* b follows from c but for three customers */
    for (int c = 0; c < CUSTOMERS; c++)
        sample->value[1][c] = c % 133 == 5 ? 9 : sample->value[2][c] / 2;
    struct insight_contradictions found = clashes(sample);
    const struct insight_contradiction *clash = only(&found, INSIGHT_DECIDES);
    assert_string_equal(sample->traits.items[clash->a].name, "c");
    assert_string_equal(sample->traits.items[clash->b].name, "b");
    assert_int_equal(clash->broken, 3);
    assert_int_equal(clash->known, CUSTOMERS);
    assert_true(clash->p < 1e-20);
    drop(sample);

    fill(sample, 8); /* the second date is never before the first but for two */
    for (int c = 0; c < CUSTOMERS; c++)
        sample->value[7][c] = sample->value[6][c] + (c % 200 == 3 ? -40 : c % 300);
    found = clashes(sample);
    clash = only(&found, INSIGHT_BEFORE);
    assert_int_equal(clash->broken, 2);
    assert_string_equal(sample->traits.items[clash->a].name, "first");
    drop(sample);

    fill(sample, 9); /* ages told five years ago */
    for (int c = 0; c < CUSTOMERS; c++)
        sample->value[5][c] = (TODAY - sample->value[8][c]) * 4 / 1461 - 5 + (c == 50 ? 20 : 0);
    found = clashes(sample);
    clash = only(&found, INSIGHT_AGE);
    assert_int_equal(clash->lag, 5);
    assert_true(clash->broken >= 1);
    drop(sample);

    fill(sample, 10); /* twins */
    memcpy(sample->value[4], sample->value[3], sizeof sample->value[4]);
    found = clashes(sample);
    clash = only(&found, INSIGHT_SAME);
    assert_int_equal(clash->broken, 0);
    drop(sample);
    sample_free(sample);
}

/* The interval of a standardised difference against its large-sample error √(1/n + 1/m) (for the
 * drawn side alone 1/n, and what the deviation adds, d²/8n for one side's part of the pooled one).
 */
static void draws_as_theory_says(void **state)
{
    enum { INSIDE = 100 };
    struct sample *sample = sample_new();
    struct insight_feature feature = {.text = "x", .table = "customer"};
    uint64_t members[CUSTOMERS / 64 + 1] = {0}, others[CUSTOMERS / 64 + 1] = {0},
                                      known[CUSTOMERS / 64 + 1];
    double x[CUSTOMERS], mean[2] = {0}, square[2] = {0};
    (void)state;
    fill(sample, 3);
    build(sample);
    struct stats_random random;
    stats_random_init(&random, 5, 1);
    memset(known, 0xff, sizeof known);
    for (int c = 0; c < CUSTOMERS; c++) {
        bool in = c < INSIDE;
        (in ? members : others)[c / 64] |= UINT64_C(1) << (c % 64);
        x[c] = 1000 + stats_random_normal(&random) + .6 * in;
        mean[in] += x[c] / (in ? INSIDE : CUSTOMERS - INSIDE);
    }
    for (int c = 0; c < CUSTOMERS; c++)
        square[c < INSIDE] += (x[c] - mean[c < INSIDE]) * (x[c] - mean[c < INSIDE]);
    double in2 = square[1] / (INSIDE - 1), out2 = square[0] / (CUSTOMERS - INSIDE - 1);
    feature.values = (struct plan_values){.type = VALUE_DOUBLE, .doubles = x, .known = known};
    struct insight_difference line = {.feature = &feature,
                                      .inside = {INSIDE, mean[1], mean[1], sqrt(in2)},
                                      .outside = {CUSTOMERS - INSIDE, mean[0], mean[0], sqrt(out2)},
                                      .effect = (mean[1] - mean[0]) / sqrt((in2 + out2) / 2)};
    struct insight_profile profile = {
        .customers = INSIDE, .others = CUSTOMERS - INSIDE, .items = &line, .count = 1};
    struct insight_wobble wobble, again;
    insight_wobble(&profile, &line, members, others, sample->population, 1, &sample->arena,
                   &wobble);
    insight_wobble(&profile, &line, members, others, sample->population, 1, &sample->arena, &again);
    double error = sqrt(1. / INSIDE + line.effect * line.effect / (8. * INSIDE));
    double half = (wobble.high - wobble.low) / 2;
    if (fabs(half / (1.96 * error) - 1) > .2)
        print_message("# half %g, theory %g\n", half, 1.96 * error);
    assert_true(wobble.drawn);
    assert_true(fabs(half / (1.96 * error) - 1) < .2);
    assert_true(wobble.low < line.effect && line.effect < wobble.high);
    assert_true(wobble.low == again.low && wobble.high == again.high && wobble.kept == 1);
    double spread = 1.959964 * sqrt(INSIDE * (1 - INSIDE / (double)CUSTOMERS));
    assert_true(fabs(wobble.size_high - INSIDE - spread) < 1e-4 &&
                fabs(INSIDE - wobble.size_low - spread) < 1e-4);
    drop(sample);
    sample_free(sample);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(silent_without_structure),
    cmocka_unit_test(finds_what_is_planted),
    cmocka_unit_test(draws_as_theory_says),
};

UNIT_MAIN(tests)
