/* Components, factors and scales against the figures of FIGURES.md and against planted factors. */
#include "model/factor.h"
#include "base/json.h"
#include "stats/linear.h"
#include "stats/random.h"
#include "support/table.h"

#include <string.h>

#include "unit/ground.h"

#include "support/near.h"

static void components(void **state)
{
    (void)state;
    struct table table = table_read("classic/usarrests.csv", ',', true, &arena);
    double *data = table_matrix(
        &table, (const char *const[]){"Murder", "Assault", "UrbanPop", "Rape"}, 4, &arena);
    double mean[4], r[16];
    struct model_components model;
    stats_covariance(table.rows, 4, data, 1, mean, r);
    stats_to_correlation(4, r);
    ASSERT_OK(model_components_fit(4, r, &arena, &model, &error));
    static const double deviation[] = {1.57488, .99487, .59713, .41645};
    for (int i = 0; i < 4; i++)
        ASSERT_NEAR(model.deviation[i], deviation[i], 5e-6);
    struct table fast = table_read("mcdonalds/mcdonalds.csv", ',', true, &arena);
    double *yes = ARENA_ARRAY(&arena, double, fast.rows * 11), means[11], covariance[121];
    for (size_t i = 0; i < fast.rows * 11; i++)
        yes[i] = strcmp(table_cell(&fast, i / 11, i % 11), "Yes") == 0;
    stats_covariance(fast.rows, 11, yes, 1, means, covariance);
    ASSERT_OK(model_components_fit(11, covariance, &arena, &model, &error));
    static const double published[] = {.7570, .6075, .5046, .3988};
    for (int i = 0; i < 4; i++)
        ASSERT_NEAR(model.deviation[i], published[i], 5e-5);
}

static void factors(void **state)
{
    (void)state;
    struct table table = table_read("classic/ability_cov.csv", ',', true, &arena);
    double covariance[36];
    for (size_t j = 0; j < 6; j++) {
        double *column = table_numbers(&table, j + 1, &arena);
        for (size_t i = 0; i < 6; i++)
            covariance[i * 6 + j] = column[i];
    }
    struct model_factors model, again;
    for (int rotation = MODEL_ROTATION_NONE; rotation <= MODEL_ROTATION_PROMAX; rotation++) {
        ASSERT_OK(model_factors_fit(6, covariance, 112, 2, (enum model_rotation)rotation, &arena,
                                    &model, &error));
        ASSERT_NEAR(model.chi2, 6.1066, 5e-5);
        ASSERT_NEAR(model.freedom, 4, 0);
        static const double uniqueness[] = {.45522, .58933, .21818, .76942, .05244, .33359};
        for (int i = 0; i < 6; i++) {
            ASSERT_NEAR(model.uniqueness[i], uniqueness[i], 1e-3 * uniqueness[i]);
            double common = 0; /* rotation may not change what the factors explain */
            for (int a = 0; a < 2; a++)
                for (int b = 0; b < 2; b++)
                    common += model.loading[i * 2 + a] * model.correlation[a * 2 + b] *
                              model.loading[i * 2 + b];
            ASSERT_NEAR(common + model.uniqueness[i], 1, 1e-6);
        }
    }
    assert_true(model.correlation[1] > 0.3 && model.correlation[1] < 0.9 && !model.bounded);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_factors_write(&model, &json);
    ASSERT_OK(model_factors_read((struct text){text.data, text.length}, &arena, &again, &error));
    assert_memory_equal(model.loading, again.loading, sizeof(double) * 12);
    buffer_release(&text);
}

static void scales(void **state)
{
    (void)state;
    struct table table = table_read("bfi/bfi.csv", ',', true, &arena);
    size_t rows = table.rows;
    assert_int_equal(rows, 2800);
    double *data = ARENA_ARRAY(&arena, double, rows * 25),
           *five = ARENA_ARRAY(&arena, double, rows * 5);
    static const char reversed[] = "A1 C4 C5 E1 E2 O2 O5 ";
    for (size_t j = 0; j < 25; j++) {
        double *column = table_numbers(&table, j + 1, &arena);
        bool turn = strstr(reversed, table.header[j + 1]) != NULL;
        for (size_t i = 0; i < rows; i++)
            data[i * 25 + j] = turn ? 7 - column[i] : column[i];
    }
    static const double alpha[] = {.70, .73, .76, .81, .60};
    for (size_t s = 0; s < 5; s++) {
        double covariance[25], without[5];
        for (size_t i = 0; i < rows * 5; i++)
            five[i] = data[i / 5 * 25 + s * 5 + i % 5];
        model_pairwise_covariance(rows, 5, five, covariance);
        ASSERT_NEAR(model_cronbach_alpha(5, covariance, without), alpha[s], 5e-3);
        for (int i = 0; i < 5; i++)
            assert_true(without[i] > 0.3 && without[i] < 0.9);
    }
    double *r = ARENA_ARRAY(&arena, double, 625), each[25];
    stats_pairwise_correlation(rows, 25, data, r);
    ASSERT_NEAR(model_kmo(25, r, &arena, each), .84590, 5e-6);
    struct model_components model;
    ASSERT_OK(model_components_fit(25, r, &arena, &model, &error));
    static const double eigenvalue[] = {5.0369, 2.7441, 2.1076, 1.8318, 1.5357};
    for (int i = 0; i < 5; i++)
        ASSERT_NEAR(model.deviation[i] * model.deviation[i], eigenvalue[i], 5e-5);
    int count;
    ASSERT_OK(
        model_parallel_analysis(25, r, 2800, 40, 0.95, 1, NULL, &arena, &count, NULL, &error));
    assert_in_range(count, 5, 6);
}

/* Three planted factors with simple structure: their number, their loadings and their correlation
 * come back. */
static void recovery(void **state)
{
    (void)state;
    enum { ROWS = 5000, ITEMS = 12 };
    double *data = ARENA_ARRAY(&arena, double, ROWS *ITEMS), mean[ITEMS], r[ITEMS * ITEMS];
    struct stats_random random;
    stats_random_init(&random, 6, 0);
    for (int i = 0; i < ROWS; i++) {
        double common = stats_random_normal(&random), f[3];
        for (int k = 0; k < 3; k++)
            f[k] = sqrt(0.3) * common + sqrt(0.7) * stats_random_normal(&random);
        for (int j = 0; j < ITEMS; j++)
            data[i * ITEMS + j] = 0.7 * f[j / 4] + sqrt(0.51) * stats_random_normal(&random);
    }
    stats_covariance(ROWS, ITEMS, data, 1, mean, r);
    stats_to_correlation(ITEMS, r);
    int count;
    ASSERT_OK(
        model_parallel_analysis(ITEMS, r, ROWS, 20, 0.95, 1, NULL, &arena, &count, NULL, &error));
    assert_int_equal(count, 3);
    struct model_factors model;
    ASSERT_OK(model_factors_fit(ITEMS, r, ROWS, 3, MODEL_ROTATION_PROMAX, &arena, &model, &error));
    for (int j = 0; j < ITEMS; j++) {
        int strong = 0;
        for (int k = 0; k < 3; k++)
            strong += fabs(model.loading[j * 3 + k] - 0.7) < 0.07;
        assert_int_equal(strong, 1);
    }
    ASSERT_NEAR(model.correlation[1], 0.3, 0.07);
    assert_true(model.p > 0.001);
}

static void degenerate(void **state)
{
    (void)state;
    double same[] = {1, 1, 1, 1}, nan[] = {1, NAN, NAN, 1}, zero[] = {0, 0, 0, 0};
    struct model_factors model;
    struct model_components parts;
    assert_int_equal(model_factors_fit(2, same, 10, 1, MODEL_ROTATION_NONE, &arena, &model, &error),
                     STATUS_ERROR);
    assert_int_equal(model_components_fit(2, nan, &arena, &parts, &error), STATUS_ERROR);
    ASSERT_OK(model_components_fit(2, zero, &arena, &parts, &error));
    ASSERT_NEAR(parts.deviation[0], 0, 0);
    assert_true(isnan(model_cronbach_alpha(2, zero, NULL)) &&
                isnan(model_kmo(2, same, &arena, NULL)));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(components), cmocka_unit_test(factors),    cmocka_unit_test(scales),
    cmocka_unit_test(recovery),   cmocka_unit_test(degenerate),
};

GROUND_MAIN(tests)
