/* Survival against R's survival package on lung (FIGURES.md), naive computation, simulated effects
 * and bad data. */
#include "model/survive.h"
#include "base/json.h"
#include "stats/random.h"
#include "support/table.h"

#include <string.h>

#include "unit/ground.h"

#include "support/near.h"

struct lung {
    struct model_lifetimes data;
    uint32_t *sex;
    double *covariate;
};

/* whole: only rows in which age, sex and ph.ecog are known. */
static struct lung lung(bool whole)
{
    struct table table = table_read("classic/lung.csv", ',', true, &arena);
    double *all = table_matrix(
        &table, (const char *const[]){"time", "status", "age", "sex", "ph.ecog"}, 5, &arena);
    double *time = ARENA_ARRAY(&arena, double, table.rows);
    unsigned char *event = ARENA_ARRAY(&arena, unsigned char, table.rows);
    struct lung out = {.sex = ARENA_ARRAY(&arena, uint32_t, table.rows),
                       .covariate = ARENA_ARRAY(&arena, double, table.rows * 3)};
    size_t n = 0;
    for (size_t i = 0; i < table.rows; i++) {
        const double *row = all + i * 5;
        if (whole && isnan(row[4]))
            continue;
        time[n] = row[0];
        event[n] = row[1] == 2;
        out.sex[n] = row[3] == 2;
        memcpy(out.covariate + n * 3, row + 2, sizeof *row * 3);
        n++;
    }
    out.data = (struct model_lifetimes){n, time, event};
    return out;
}

static void kaplan_meier(void **state)
{
    (void)state;
    struct lung patients = lung(false);
    struct model_survival curve;
    ASSERT_OK(model_survival_fit(&patients.data, 0.95, MODEL_INTERVAL_LOG, &arena, &curve, &error));
    ASSERT_NEAR(curve.median, 310, 0);
    ASSERT_NEAR(curve.median_low, 285, 0);
    ASSERT_NEAR(curve.median_high, 363, 0);
    for (size_t i = 0; i < curve.steps; i += 7) { /* the product, naively */
        double survival = 1;
        for (size_t j = 0; j <= i; j++) {
            double risk = 0, events = 0;
            for (size_t k = 0; k < patients.data.count; k++) {
                risk += patients.data.time[k] >= curve.time[j];
                events += patients.data.time[k] == curve.time[j] && patients.data.event[k];
            }
            survival *= 1 - events / risk;
        }
        ASSERT_NEAR(curve.survival[i], survival, 1e-12);
        ASSERT_NEAR(model_survival_at(&curve, curve.time[i]), survival, 1e-12);
    }
    struct stats_test test;
    double expected[2];
    ASSERT_OK(model_log_rank(&patients.data, patients.sex, 2, &arena, &test, expected, &error));
    ASSERT_NEAR(test.statistic, 10.3267, 5e-5);
    ASSERT_NEAR(test.freedom, 1, 0);
    ASSERT_NEAR(expected[0] + expected[1], 165, 1e-9);
}

static void cox(void **state)
{
    (void)state;
    struct lung patients = lung(true);
    struct model_cox model, again;
    assert_int_equal(patients.data.count, 227);
    ASSERT_OK(model_cox_fit(&patients.data, patients.covariate, 3, MODEL_TIES_EFRON, &arena, &model,
                            &error));
    static const double efron[] = {.0110668, -.5526124, .4637285},
                        breslow[] = {.0110411, -.5518896, .4629470};
    for (int i = 0; i < 3; i++)
        ASSERT_NEAR(model.coefficient[i], efron[i], 1e-6 * fabs(efron[i]) + 5e-8);
    ASSERT_NEAR(model.log_likelihood, -729.2301, 1e-4);
    double pairs = 0, good = 0;
    for (size_t i = 0; i < 227; i++) /* Harrell's C, naively */
        for (size_t j = 0; j < 227; j++) {
            bool later =
                patients.data.time[j] > patients.data.time[i] ||
                (patients.data.time[j] == patients.data.time[i] && !patients.data.event[j]);
            if (i == j || !patients.data.event[i] || !later)
                continue;
            double a = model_cox_score(&model, patients.covariate + 3 * i),
                   b = model_cox_score(&model, patients.covariate + 3 * j);
            pairs++;
            good += fabs(a - b) < 1e-12 ? 0.5 : a > b;
        }
    ASSERT_NEAR(model.concordance, good / pairs, 1e-4);
    for (int i = 0; i < 3; i++)
        assert_true(model.schoenfeld[i] > 0.01 && model.schoenfeld[i] < 1);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_cox_write(&model, &json);
    ASSERT_OK(model_cox_read((struct text){text.data, text.length}, &arena, &again, &error));
    ASSERT_NEAR(model_cox_survival(&again, patients.covariate, 300),
                model_cox_survival(&model, patients.covariate, 300), 0);
    buffer_release(&text);
    ASSERT_OK(model_cox_fit(&patients.data, patients.covariate, 3, MODEL_TIES_BRESLOW, &arena,
                            &model, &error));
    for (int i = 0; i < 3; i++)
        ASSERT_NEAR(model.coefficient[i], breslow[i], 1e-6 * fabs(breslow[i]) + 5e-8);
}

/* An effect that holds is found within its error and passes the test of proportional hazards; one
 * that fades is caught.
 */
static void recovery(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    double *time = ARENA_ARRAY(&arena, double, COUNT), *x = ARENA_ARRAY(&arena, double, COUNT * 2);
    unsigned char *event = ARENA_ARRAY(&arena, unsigned char, COUNT);
    struct model_lifetimes data = {COUNT, time, event};
    struct model_cox model;
    for (int fading = 0; fading < 2; fading++) {
        struct stats_random random;
        stats_random_init(&random, 31, 0);
        for (int i = 0; i < COUNT; i++) {
            x[2 * i] = stats_random_normal(&random);
            x[2 * i + 1] = i % 2;
            double rate = exp(0.5 * x[2 * i]), need = stats_random_exponential(&random);
            double early = i % 2 ? M_E : 1,
                   late = fading ? 1 : early; /* the hazard of odd ones, until .3 and after */
            double until = 0.3 * rate * early;
            time[i] = need < until ? need / (rate * early) : 0.3 + (need - until) / (rate * late);
            double end = 1.5 * stats_random_uniform(&random) + 0.2;
            event[i] = time[i] <= end;
            time[i] = fmin(time[i], end);
        }
        ASSERT_OK(model_cox_fit(&data, x, 2, MODEL_TIES_EFRON, &arena, &model, &error));
        if (fading) {
            assert_true(model.schoenfeld[1] < 1e-4);
            continue;
        }
        ASSERT_NEAR(model.coefficient[0], 0.5, 3.5 * model.error[0]);
        ASSERT_NEAR(model.coefficient[1], 1.0, 3.5 * model.error[1]);
        assert_true(model.schoenfeld[0] > 1e-3 && model.schoenfeld[1] > 1e-3 &&
                    model.concordance > 0.6);
    }
}

static void degenerate(void **state)
{
    (void)state;
    double time[] = {1, 2, 3, 4, 5, 6}, x[] = {1, 1, 1, 0, 0, 0}, same[] = {2, 2, 2, 2, 2, 2},
           minus[] = {-1, 2, 3, 4, 5, 6};
    unsigned char all[] = {1, 1, 1, 1, 1, 1}, first[] = {1, 1, 1, 0, 0, 0},
                  none[] = {0, 0, 0, 0, 0, 0};
    struct model_lifetimes data = {6, time, first}, ended = {6, time, all}, there = {6, time, none},
                           wrong = {6, minus, all};
    struct model_cox model;
    struct model_survival curve;
    assert_int_equal(model_cox_fit(&data, x, 1, MODEL_TIES_EFRON, &arena, &model, &error),
                     STATUS_ERROR);
    assert_non_null(strstr(error.message, "separates"));
    assert_int_equal(model_cox_fit(&ended, same, 1, MODEL_TIES_EFRON, &arena, &model, &error),
                     STATUS_ERROR);
    assert_int_equal(model_cox_fit(&there, x, 1, MODEL_TIES_EFRON, &arena, &model, &error),
                     STATUS_ERROR);
    assert_int_equal(model_survival_fit(&wrong, .95, MODEL_INTERVAL_LOG, &arena, &curve, &error),
                     STATUS_ERROR);
    ASSERT_OK(model_survival_fit(&there, .95, MODEL_INTERVAL_LOG_LOG, &arena, &curve, &error));
    assert_true(curve.median == INFINITY && curve.survival[5] == 1);
    ASSERT_OK(model_survival_fit(&ended, .95, MODEL_INTERVAL_LOG, &arena, &curve, &error));
    ASSERT_NEAR(curve.median, 3.5, 1e-12);
    uint32_t cohort[] = {0, 0, 1, 1, 1}, period[] = {0, 1, 0, 0, 1};
    double size[] = {1, 2}, share[4];
    int age[] = {2, 1};
    model_retention(cohort, period, 5, 2, 2, size, age, share);
    assert_true(share[0] == 1 && share[1] == 1 && share[2] == 1 && isnan(share[3]));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(kaplan_meier),
    cmocka_unit_test(cox),
    cmocka_unit_test(recovery),
    cmocka_unit_test(degenerate),
};

GROUND_MAIN(tests)
