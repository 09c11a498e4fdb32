/*
 * What intervals of penalised effects claim, held by simulation: of many samples, the stated share
 * of intervals holds the effect that the same penalised fit finds among all customers (here very
 * many), also where columns say nearly the same and where an effect is nothing. And the fit itself,
 * by the conditions that its minimum must meet.
 */
#include "model/logistic.h"
#include "stats/random.h"
#include "stats/special.h"

#include <stdlib.h>

#include "unit/ground.h"

#include "support/near.h"

enum { COLUMNS = 5 };

/* Columns 0 and 1 nearly the same, 2 a mixture of others, 3 without effect, 4 strong. */
static void draw(struct stats_random *random, size_t rows, double *x, unsigned char *label)
{
    for (size_t i = 0; i < rows; i++) {
        double *row = x + i * COLUMNS;
        row[0] = stats_random_normal(random);
        row[1] = row[0] + .05 * stats_random_normal(random);
        row[3] = stats_random_normal(random);
        row[4] = stats_random_normal(random);
        row[2] = .6 * row[0] + .6 * row[4] + .5 * stats_random_normal(random);
        double eta = -.8 + .6 * row[0] + .3 * row[2] + .7 * row[4];
        label[i] = stats_random_uniform(random) < stats_expit(eta);
    }
}

static void cover(double lambda, double mix, size_t rows, uint64_t seed)
{
    enum { SAMPLES = 100, DRAWS = 80, EVERYONE = 60000 };
    struct stats_random random;
    stats_random_init(&random, seed, 1);
    double *x = base_malloc(sizeof *x * EVERYONE * COLUMNS), held[COLUMNS] = {0}, truth[COLUMNS];
    unsigned char *label = base_malloc(EVERYONE);
    uint32_t *customer = base_malloc(sizeof *customer * rows);
    struct model_logistic model;
    struct model_logistic_options options = {.lambda = lambda, .mix = mix};
    draw(&random, EVERYONE, x, label);
    struct model_matrix all = {EVERYONE, COLUMNS, x};
    ASSERT_OK(model_logistic_fit(&all, label, &options, NULL, &arena, &model, &error));
    for (int c = 0; c < COLUMNS; c++)
        truth[c] = model.coefficient[c] * model.scale[c];

    for (int s = 0; s < SAMPLES; s++) {
        struct stats_interval interval[COLUMNS];
        draw(&random, rows, x, label);
        for (size_t i = 0; i < rows; i++)
            customer[i] = (uint32_t)i;
        struct model_matrix sample = {rows, COLUMNS, x};
        ASSERT_OK(model_logistic_fit(&sample, label, &options, NULL, &arena, &model, &error));
        model_logistic_intervals(&model, &sample, label, customer, rows, DRAWS, .95, 7, NULL,
                                 &arena, interval);
        for (int c = 0; c < COLUMNS; c++) {
            double effect = model.coefficient[c] * model.scale[c];
            assert_true(interval[c].low <= effect && effect <= interval[c].high);
            held[c] += interval[c].low <= truth[c] && truth[c] <= interval[c].high;
        }
    }
    for (int c = 0; c < COLUMNS; c++) {
        print_message("# lambda %g, mix %g, %zu rows, column %d: %.0f of %d\n", lambda, mix, rows,
                      c, held[c], SAMPLES);
        assert_true(held[c] / SAMPLES >= .90);
    }
    free(customer);
    free(label);
    free(x);
}

static void intervals_hold(void **state)
{
    (void)state;
    cover(.003, .5, 400, 1);
    cover(.03, .5, 400, 2);
    cover(.01, 1, 300, 3);
}

/* At the minimum the slope of the likelihood balances the penalty: exactly for what is not zero,
 * and within it for what is (Karush, Kuhn and Tucker). */
static void conditions_of_the_minimum(void **state)
{
    (void)state;
    enum { ROWS = 2000 };
    struct stats_random random;
    stats_random_init(&random, 11, 1);
    double *x = ARENA_ARRAY(&arena, double, ROWS *COLUMNS);
    unsigned char *label = ARENA_ARRAY(&arena, unsigned char, ROWS);
    draw(&random, ROWS, x, label);
    for (size_t i = 0; i < ROWS; i++) /* all but the same */
        x[i * COLUMNS + 1] = x[i * COLUMNS] + 1e-3 * stats_random_normal(&random);
    struct model_matrix all = {ROWS, COLUMNS, x};
    static const double lambdas[] = {1e-5, 3e-4, .01, .1};
    for (int l = 0; l < 4; l++) {
        struct model_logistic_options options = {.lambda = lambdas[l], .mix = .5};
        struct model_logistic model;
        ASSERT_OK(model_logistic_fit(&all, label, &options, NULL, &arena, &model, &error));
        for (int c = 0; c < COLUMNS; c++) {
            double slope = 0, effect = model.coefficient[c] * model.scale[c];
            for (size_t i = 0; i < ROWS; i++)
                slope += (label[i] - model_logistic_score(&model, x + i * COLUMNS)) *
                         (x[i * COLUMNS + (size_t)c] - model.mean[c]) / model.scale[c] / ROWS;
            double ridge = lambdas[l] * .5 * effect, lasso = lambdas[l] * .5;
            if (effect == 0)
                assert_true(fabs(slope) <= lasso + 1e-7);
            else
                ASSERT_NEAR(slope, ridge + copysign(lasso, effect), 1e-7);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(conditions_of_the_minimum),
    cmocka_unit_test(intervals_hold),
};

GROUND_MAIN(tests)
