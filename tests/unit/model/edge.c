/*
 * Purchase models where their likelihood is highest on an edge: customers who never leave, who all
 * buy alike, who all do both. What is right comes from a naive likelihood of the simpler model,
 * maximised by nested golden sections. And Gamma-Gamma where amounts leave it nothing to tell.
 */
#include "base/json.h"
#include "model/clv.h"
#include "model/spend.h"
#include "model/value.h"
#include "stats/random.h"
#include "stats/solve.h"

#include <stdlib.h>
#include <string.h>

#include "unit/ground.h"

#include "support/near.h"

/* Purchases at gamma rates until t, by customers who never leave; shape 0: all at the same rate. */
static struct model_history *stay(size_t count, double shape, double mean, uint64_t seed)
{
    struct model_history *history = ARENA_ARRAY(&arena, struct model_history, count);
    struct stats_random random;
    stats_random_init(&random, seed, 1);
    for (size_t i = 0; i < count; i++) {
        double rate = shape > 0 ? stats_random_gamma(&random, shape) * mean / shape : mean, now = 0;
        history[i].t = floor(20 + 30 * stats_random_uniform(&random));
        for (;;) {
            now += stats_random_exponential(&random) / rate;
            if (now > history[i].t)
                break;
            history[i].x++;
            history[i].tx = now;
        }
    }
    return history;
}

struct naive {
    const struct model_clv_data *data;
    double log_r;
};

static double nbd(double r, double alpha, const struct model_clv_data *data)
{
    double sum = 0;
    for (size_t i = 0; i < data->count; i++) {
        const struct model_history *h = &data->history[i];
        sum += lgamma(r + h->x) - lgamma(r) + r * log(alpha) - (r + h->x) * log(alpha + h->t);
    }
    return sum;
}

static double by_alpha(double log_alpha, void *context)
{
    const struct naive *naive = context;
    return -nbd(exp(naive->log_r), exp(log_alpha), naive->data);
}

static double by_r(double log_r, void *context)
{
    struct naive *naive = context;
    naive->log_r = log_r;
    return by_alpha(stats_golden(by_alpha, naive, -8, 12, 1e-7), naive);
}

static double best_nbd(const struct model_clv_data *data)
{
    struct naive naive = {data, 0};
    return -by_r(stats_golden(by_r, &naive, -5, 8, 1e-7), &naive);
}

static void nobody_leaves(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct model_clv_data data = {600, stay(600, .9, .4, seed), NULL};
        double right = best_nbd(&data);
        for (int type = MODEL_BGNBD; type <= MODEL_PARETO_NBD; type++) {
            struct model_clv model, again;
            ASSERT_OK(
                model_clv_fit((enum model_clv_type)type, &data, NULL, &arena, &model, &error));
            assert_true(model.log_likelihood > right - 2e-3); /* the NBD is an edge of each */
            if (model.log_likelihood > right + 2e-3)
                continue; /* chance has some of them leave: BG/NBD's best fit is then inside */
            assert_int_equal(model.edge, MODEL_CLV_NOBODY_LEAVES);
            assert_non_null(strstr(model_clv_simpler(&model), "NBD"));
            double r = model.parameter[0], alpha = model.parameter[1];
            for (size_t i = 0; i < 50; i++) {
                const struct model_history *h = &data.history[i];
                ASSERT_NEAR(model_clv_alive(&model, h), 1, 1e-12);
                ASSERT_NEAR(model_clv_expected(&model, h, 10), (r + h->x) / (alpha + h->t) * 10,
                            1e-9);
                struct stats_interval range = model_clv_prediction(&model, h, 10, .8);
                assert_true(range.low <= range.high && isfinite(range.high));
            }
            ASSERT_NEAR(model_clv_new_expected(&model, 5), r / alpha * 5, 1e-9);
            assert_true(model.identified[0] && model.identified[1] && !model.identified[2]);
            assert_true(isfinite(model_clv_expected_error(&model, data.history, 50, 10)));

            struct buffer text;
            struct json json;
            buffer_init(&text, 0);
            json_init(&json, &text, false);
            model_clv_write(&model, &json);
            ASSERT_OK(model_clv_read((struct text){text.data, text.length}, &again, &error));
            assert_int_equal(again.edge, model.edge);
            ASSERT_NEAR(model_clv_expected(&again, &data.history[0], 10),
                        model_clv_expected(&model, &data.history[0], 10), 1e-12);
            buffer_release(&text);
        }
    }
}

/* Large numbers, where a relative test of convergence is content far from the top. */
static void nobody_leaves_among_many(void **state)
{
    (void)state;
    struct model_clv_data data = {8000, stay(8000, 2, 1.5, 9), NULL};
    struct model_clv model;
    double right = best_nbd(&data);
    ASSERT_OK(model_clv_fit(MODEL_MBGNBD, &data, NULL, &arena, &model, &error));
    assert_true(model.log_likelihood > right - 5e-3);
    assert_int_equal(model.edge, MODEL_CLV_NOBODY_LEAVES);
}

static void all_buy_alike(void **state)
{
    (void)state;
    struct model_clv_data data = {300, stay(300, 0, .3, 5), NULL};
    double x = 0, t = 0, right = 0;
    for (size_t i = 0; i < data.count; i++) {
        x += data.history[i].x;
        t += data.history[i].t;
    }
    for (size_t i = 0; i < data.count; i++) /* Poisson, of the moments of purchases */
        right += data.history[i].x * log(x / t) - x / t * data.history[i].t;
    for (int type = MODEL_BGNBD; type <= MODEL_PARETO_NBD; type++) {
        struct model_clv model;
        ASSERT_OK(model_clv_fit((enum model_clv_type)type, &data, NULL, &arena, &model, &error));
        assert_true(model.log_likelihood > right - 1e-2);
        struct model_history h = data.history[0];
        assert_true(isfinite(model_clv_expected(&model, &h, 10)));
        if (model.edge == MODEL_CLV_ALIKE_NOBODY_LEAVES)
            ASSERT_NEAR(model_clv_expected(&model, &h, 10), 10 * x / t, .02);
    }
}

/* The same history for everyone, and one customer alone: a finite answer for each. */
static void few_and_alike(void **state)
{
    (void)state;
    struct model_history equal[] = {{2, 10, 30}, {2, 10, 30}, {2, 10, 30}}, one[] = {{3, 20, 30}},
                         regular[] = {{3, 28, 30}, {3, 29, 30}, {3, 27, 29}, {3, 28, 30}};
    const struct model_clv_data cases[] = {{3, equal, NULL}, {1, one, NULL}, {4, regular, NULL}};
    for (int c = 0; c < 3; c++)
        for (int type = MODEL_BGNBD; type <= MODEL_PARETO_NBD; type++) {
            struct model_clv model;
            ASSERT_OK(
                model_clv_fit((enum model_clv_type)type, &cases[c], NULL, &arena, &model, &error));
            double ahead = model_clv_expected(&model, &cases[c].history[0], 30);
            assert_true(ahead >= 0 && ahead < 10);
        }
}

static void beta_binomial(void **state)
{
    (void)state;
    enum { COUNT = 1200, CHANCES = 6 };
    struct model_history *history = ARENA_ARRAY(&arena, struct model_history, COUNT);
    struct stats_random random;
    stats_random_init(&random, 4, 1);
    for (int i = 0; i < COUNT; i++) {
        double chance = stats_random_beta(&random, 2, 1.5);
        history[i].t = CHANCES;
        for (int k = 1; k <= CHANCES; k++)
            if (stats_random_uniform(&random) < chance) {
                history[i].x++;
                history[i].tx = k;
            }
    }
    struct model_clv_data data = {COUNT, history, NULL};
    struct model_clv model;
    ASSERT_OK(model_clv_fit(MODEL_BGBB, &data, NULL, &arena, &model, &error));
    double slack = 0; /* nothing nearby on the edge is better */
    for (int k = 0; k < 9; k++) {
        double value, at[4] = {model.parameter[0] * (1 + .02 * (k % 3 - 1)),
                               model.parameter[1] * (1 + .02 * (k / 3 - 1)), 1e-9, 1};
        ASSERT_OK(model_clv_log_likelihood(MODEL_BGBB, at, &data, &arena, &value, NULL, &error));
        slack = fmax(slack, value - model.log_likelihood);
    }
    assert_true(slack < 2e-3);
    if (model.edge == MODEL_CLV_NOBODY_LEAVES) {
        ASSERT_NEAR(model_clv_alive(&model, &history[0]), 1, 1e-9);
        double a = model.parameter[0], b = model.parameter[1];
        ASSERT_NEAR(model_clv_expected(&model, &history[0], 3),
                    3 * (a + history[0].x) / (a + b + CHANCES), 1e-9);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nobody_leaves), cmocka_unit_test(nobody_leaves_among_many),
    cmocka_unit_test(all_buy_alike), cmocka_unit_test(few_and_alike),
    cmocka_unit_test(beta_binomial),
};

GROUND_MAIN(tests)
