/* Gamma-Gamma against the published CDNOW fit, finite differences, simulated customers, and
 * refusals. */
#include "model/spend.h"
#include "base/json.h"
#include "stats/random.h"
#include "support/cdnow.h"

#include <string.h>

#include "unit/ground.h"

#include "support/near.h"

static struct model_spend_data repeat_buyers(const struct cdnow *data)
{
    double *x = ARENA_ARRAY(&arena, double, data->count),
           *mean = ARENA_ARRAY(&arena, double, data->count);
    size_t count = 0;
    for (size_t i = 0; i < data->count; i++)
        if (data->history[i].x > 0) {
            x[count] = data->history[i].x;
            mean[count++] = data->repeat_mean[i];
        }
    return (struct model_spend_data){count, x, mean, NULL};
}

static void cdnow_fit(void **state)
{
    (void)state;
    struct cdnow cdnow = cdnow_read(&arena);
    struct model_spend_data data = repeat_buyers(&cdnow);
    struct model_spend model;
    assert_int_equal(data.count, 946);
    ASSERT_OK(model_spend_fit(&data, NULL, &arena, &model, &error));
    ASSERT_NEAR(model.log_likelihood, -4055.918, 1e-3);
    ASSERT_NEAR(model.p, 6.25, 6.25e-3);
    ASSERT_NEAR(model.q, 3.74, 5e-3);
    ASSERT_NEAR(model.gamma, 15.44, 0.0155);
    const double expected[] = {24.66, 18.91, 35.17, 35.17, 35.17,
                               71.46, 18.91, 35.17, 27.28, 35.17};
    for (int i = 0; i < 10; i++) {
        double x = cdnow.history[i].x, mean = x > 0 ? cdnow.repeat_mean[i] : 0;
        ASSERT_NEAR(model_spend_expected(&model, x, mean), expected[i], 0.01);
    }
    assert_true(fabs(model.correlation) < 0.3 && model.identified[0] && model.identified[1] &&
                model.identified[2]);
}

static void gradient(void **state)
{
    (void)state;
    double x[] = {1, 3, 40, 1e5}, mean[] = {20, 1.5, 900, 30}, exact[3];
    struct model_spend_data data = {4, x, mean, NULL};
    double at[3] = {2.5, 3.1, 40};
    model_spend_log_likelihood(at, &data, exact);
    for (int i = 0; i < 3; i++) {
        double above[3], below[3], step = 1e-5;
        memcpy(above, at, sizeof at);
        memcpy(below, at, sizeof at);
        above[i] = i == 1 ? 1 + 2.1 * exp(step) : at[i] * exp(step);
        below[i] = i == 1 ? 1 + 2.1 * exp(-step) : at[i] * exp(-step);
        double numeric = (model_spend_log_likelihood(above, &data, NULL) -
                          model_spend_log_likelihood(below, &data, NULL)) /
                         (2 * step);
        ASSERT_NEAR(exact[i], numeric, 1e-4 * fmax(1, fabs(numeric)));
    }
}

static void recovery(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    double *x = ARENA_ARRAY(&arena, double, COUNT), *mean = ARENA_ARRAY(&arena, double, COUNT),
           inside = 0;
    double *truth = ARENA_ARRAY(&arena, double, COUNT);
    struct stats_random random;
    stats_random_init(&random, 3, 0);
    for (int i = 0; i < COUNT; i++) {
        double rate = stats_random_gamma(&random, 3.2) / 18;
        x[i] = 1 + stats_random_poisson(&random, 2);
        mean[i] = stats_random_gamma(&random, 5 * x[i]) / (rate * x[i]);
        truth[i] = 5 / rate;
    }
    struct model_spend_data data = {COUNT, x, mean, NULL};
    struct model_spend model, again;
    ASSERT_OK(model_spend_fit(&data, NULL, &arena, &model, &error));
    ASSERT_NEAR(model.p, 5, 3.5 * model.error[0]);
    ASSERT_NEAR(model.q, 3.2, 3.5 * model.error[1]);
    ASSERT_NEAR(model.gamma, 18, 3.5 * model.error[2]);
    for (int i = 0; i < 3000; i++) {
        struct stats_interval range = model_spend_interval(&model, x[i], mean[i], 0.8);
        inside += truth[i] >= range.low && truth[i] <= range.high;
    }
    ASSERT_NEAR(inside / 3000, 0.8, 0.025);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_spend_write(&model, &json);
    ASSERT_OK(model_spend_read((struct text){text.data, text.length}, &again, &error));
    assert_true(again.p == model.p && again.q == model.q && again.gamma == model.gamma);
    buffer_release(&text);
}

static void refusals(void **state)
{
    (void)state;
    struct model_spend model;
    double x[] = {1, 2, 3}, zero[] = {10, 0, 5}, minus[] = {10, -4, 5}, none[] = {0, 1, 2},
           fine[] = {10, 20, 15}, tiny[] = {1e-9, 1, 1e9};
    struct model_spend_data bad[] = {
        {3, x, zero, NULL}, {3, x, minus, NULL}, {3, none, fine, NULL}, {0, x, fine, NULL}};
    for (int i = 0; i < 4; i++)
        assert_int_equal(model_spend_fit(&bad[i], NULL, &arena, &model, &error), STATUS_ERROR);
    struct model_spend_data hard[] = {{3, x, fine, NULL}, {3, x, tiny, NULL}};
    for (int i = 0; i < 2; i++)
        if (model_spend_fit(&hard[i], NULL, &arena, &model, &error) == STATUS_OK)
            assert_true(isfinite(model_spend_expected(&model, 2, 10)) &&
                        model_spend_expected(&model, 2, 10) > 0);
}

/* Where amounts do not tell customers apart there is one mean, that of all purchases, and its
 * reason. */
static void common_mean(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    double *x = ARENA_ARRAY(&arena, double, COUNT), *mean = ARENA_ARRAY(&arena, double, COUNT),
           equal[] = {7, 7, 7}, few[] = {10, 40}, all = 0, purchases = 0;
    struct model_spend model, again;
    struct stats_random random;
    stats_random_init(&random, 3, 1);
    ASSERT_OK(model_spend_fit(&(struct model_spend_data){3, (double[]){1, 2, 3}, equal, NULL}, NULL,
                              &arena, &model, &error));
    ASSERT_NEAR(model_spend_expected(&model, 2, 7), 7, 1e-9);
    assert_non_null(strstr(model_spend_why_common(&model), "alike"));
    ASSERT_OK(model_spend_fit(&(struct model_spend_data){2, (double[]){1, 2}, few, NULL}, NULL,
                              &arena, &model, &error));
    ASSERT_NEAR(model_spend_expected(&model, 0, 0), 30, 1e-9); /* of three purchases */
    assert_non_null(strstr(model_spend_why_common(&model), "fewer"));

    /* Everyone has the mean 20: means of x gamma(3) purchases. Chance decides on which side of the
     * edge the best fit is; where it is on it, that is said, and the likelihood is not below that
     * of the Gamma-Gamma model near it. */
    int at_edge = 0;
    for (int round = 0; round < 12; round++) {
        all = purchases = 0;
        for (int i = 0; i < COUNT; i++) {
            x[i] = 1 + (double)stats_random_below(&random, 5);
            mean[i] = stats_random_gamma(&random, 3 * x[i]) / (3 * x[i]) * 20;
            all += x[i] * mean[i];
            purchases += x[i];
        }
        struct model_spend_data data = {COUNT, x, mean, NULL};
        ASSERT_OK(model_spend_fit(&data, NULL, &arena, &model, &error));
        double near[] = {model.p, 1e4, all / purchases * (1e4 - 1) / model.p};
        assert_true(model.log_likelihood > model_spend_log_likelihood(near, &data, NULL) - 1e-2);
        if (!model.common)
            continue;
        at_edge++;
        ASSERT_NEAR(model_spend_expected(&model, 2, 50), all / purchases, 1e-9);
        ASSERT_NEAR(model.p, 3, .5);
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, false);
        model_spend_write(&model, &json);
        ASSERT_OK(model_spend_read((struct text){text.data, text.length}, &again, &error));
        assert_int_equal(again.common, model.common);
        buffer_release(&text);
    }
    assert_true(at_edge >= 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cdnow_fit), cmocka_unit_test(gradient),    cmocka_unit_test(recovery),
    cmocka_unit_test(refusals),  cmocka_unit_test(common_mean),
};

GROUND_MAIN(tests)
