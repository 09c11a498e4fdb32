/*
 * Value: what customers simulated from known models do afterwards lies within the stated intervals
 * as often as stated, overall and for every number of purchases; figures agree with the functions
 * that compute them one by one; delta method against differences.
 */
#include "model/value.h"
#include "stats/distribution.h"
#include "stats/random.h"
#include "stats/special.h"

#include <string.h>

#include "unit/ground.h"

#include "support/near.h"

enum { COUNT = 20000, CLASSES = 5 };

static const double often_truth[MODEL_CLV_TYPES][4] = {
    {.6, 8, .9, 2.5}, {.7, 6, .5, 2}, {.8, 9, .7, 14}, {1.2, .75, .66, 2.8}};
static const double p = 5, q = 3.2, gamma_truth = 18;

/* Customers of one type of model: histories and repeat amounts up to t, purchases and their worth
 * in (t, t + ahead]. */
struct simulated {
    struct model_history history[COUNT];
    double paid[COUNT], mean[COUNT], after[COUNT], worth[COUNT];
};

static void live(struct stats_random *random, enum model_clv_type type, double ahead,
                 struct simulated *out, size_t i)
{
    const double *truth = often_truth[type];
    bool pareto = type == MODEL_PARETO_NBD;
    double rate = stats_random_gamma(random, truth[0]) / truth[1],
           t = floor(30 + 20 * stats_random_uniform(random));
    double leave = pareto ? stats_random_gamma(random, truth[2]) / truth[3]
                          : stats_random_beta(random, truth[2], truth[3]);
    double lifetime = pareto ? stats_random_exponential(random) / leave : INFINITY;
    double spends = stats_random_gamma(random, q) / gamma_truth, paid = 0, now = 0;
    struct model_history h = {0, 0, t};
    out->after[i] = out->worth[i] = 0;
    bool gone = type == MODEL_MBGNBD && stats_random_uniform(random) < leave;
    while (!gone) {
        now += stats_random_exponential(random) / rate;
        if (now > t + ahead || now > lifetime)
            break;
        double amount = stats_random_gamma(random, p) / spends;
        if (now <= t) {
            h.x++;
            h.tx = now;
            paid += amount;
        } else {
            out->after[i]++;
            out->worth[i] += amount;
        }
        gone = !pareto && stats_random_uniform(random) < leave;
    }
    out->history[i] = h;
    out->paid[i] = h.x;
    out->mean[i] = h.x > 0 ? paid / h.x : NAN;
}

/* The same at opportunities: α, β how often they are taken, γ, δ how many there are. */
static void give(struct stats_random *random, int ahead, struct simulated *out, size_t i)
{
    const double *truth = often_truth[MODEL_BGBB];
    double buys = stats_random_beta(random, truth[0], truth[1]),
           leaves = stats_random_beta(random, truth[2], truth[3]);
    int t = 6 + (int)stats_random_below(random, 3);
    struct model_history h = {0, 0, t};
    out->after[i] = 0;
    for (int at = 1; at <= t + ahead && stats_random_uniform(random) >= leaves; at++) {
        bool bought = stats_random_uniform(random) < buys;
        out->after[i] += bought && at > t;
        h.x += bought && at <= t;
        h.tx = bought && at <= t ? at : h.tx;
    }
    out->history[i] = h;
}

static struct model_clv fit_often(enum model_clv_type type, const struct simulated *data)
{
    struct model_clv model;
    struct model_clv_data histories = {COUNT, data->history, NULL};
    ASSERT_OK(model_clv_fit(type, &histories, NULL, &arena, &model, &error));
    for (int i = 0; i < 4; i++)
        ASSERT_NEAR(model.parameter[i], often_truth[type][i], 3.5 * model.error[i]);
    return model;
}

static struct model_spend fit_much(const struct simulated *data)
{
    double *x = ARENA_ARRAY(&arena, double, COUNT), *mean = ARENA_ARRAY(&arena, double, COUNT);
    struct model_spend model;
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (data->paid[i] > 0) {
            x[count] = data->paid[i];
            mean[count++] = data->mean[i];
        }
    struct model_spend_data spend = {count, x, mean, NULL};
    ASSERT_OK(model_spend_fit(&spend, NULL, &arena, &model, &error));
    return model;
}

static void make_columns(double *columns[MODEL_VALUE_COLUMNS])
{
    for (int c = 0; c < MODEL_VALUE_COLUMNS; c++)
        columns[c] = ARENA_ARRAY(&arena, double, COUNT);
}

/* At least 78% of an 80% interval overall, and 70% in every class by number of purchases. */
static void assert_covers(const struct simulated *data, const double *actual, const double *low,
                          const double *high)
{
    double inside[CLASSES] = {0}, seen[CLASSES] = {0}, all = 0;
    for (size_t i = 0; i < COUNT; i++) {
        int class = data->history[i].x >= CLASSES - 1 ? CLASSES - 1 : (int)data->history[i].x;
        bool hit = actual[i] >= low[i] && actual[i] <= high[i];
        inside[class] += hit;
        seen[class]++;
        all += hit;
    }
    assert_true(all / COUNT >= .78);
    for (int c = 0; c < CLASSES; c++)
        assert_true(seen[c] > 200 && inside[c] / seen[c] >= .70);
}

/* Beyond each end lies no more than the tenth that belongs there, and of values, which are not
 * whole numbers, no less either. */
static void assert_tails(const double *actual, const double *low, const double *high, bool whole)
{
    double above = 0, with_high = 0, below = 0, with_low = 0;
    for (size_t i = 0; i < COUNT; i++) {
        above += high[i] > 0 && actual[i] > high[i];
        with_high += high[i] > 0;
        below += low[i] > 0 && actual[i] < low[i];
        with_low += low[i] > 0;
    }
    assert_true(above / with_high < .112 && (whole || above / with_high > .088));
    assert_true(with_low < 300 || (below / with_low < .13 && (whole || below / with_low > .07)));
}

static void intervals_hold(void **state)
{
    (void)state;
    struct simulated *data = ARENA_NEW(&arena, struct simulated);
    for (int type = MODEL_BGNBD; type <= MODEL_PARETO_NBD; type++) {
        struct stats_random random;
        double *columns[MODEL_VALUE_COLUMNS];
        stats_random_init(&random, 21, (uint64_t)type);
        for (size_t i = 0; i < COUNT; i++)
            live(&random, (enum model_clv_type)type, 26, data, i);
        struct model_clv often = fit_often((enum model_clv_type)type, data);
        struct model_spend much = fit_much(data);
        struct model_value value = {&often, &much, 26, 0, .8};
        struct model_value_customers customers = {COUNT, data->history, data->paid, data->mean};
        make_columns(columns);
        model_value_score(&value, &customers, NULL, columns);
        assert_covers(data, data->after, columns[MODEL_VALUE_EXPECTED_LOW],
                      columns[MODEL_VALUE_EXPECTED_HIGH]);
        assert_covers(data, data->worth, columns[MODEL_VALUE_VALUE_LOW],
                      columns[MODEL_VALUE_VALUE_HIGH]);
        assert_tails(data->after, columns[MODEL_VALUE_EXPECTED_LOW],
                     columns[MODEL_VALUE_EXPECTED_HIGH], true);
        assert_tails(data->worth, columns[MODEL_VALUE_VALUE_LOW], columns[MODEL_VALUE_VALUE_HIGH],
                     false);
        double worth = 0, expected = 0;
        for (size_t i = 0; i < COUNT; i++) {
            worth += data->worth[i];
            expected += columns[MODEL_VALUE_VALUE][i];
        }
        ASSERT_NEAR(expected / worth, 1, .05);
    }
}

static void opportunities(void **state)
{
    (void)state;
    struct simulated *data = ARENA_NEW(&arena, struct simulated);
    struct stats_random random;
    double *columns[MODEL_VALUE_COLUMNS];
    stats_random_init(&random, 22, 0);
    for (size_t i = 0; i < COUNT; i++)
        give(&random, 5, data, i);
    struct model_clv often = fit_often(MODEL_BGBB, data);
    struct model_value value = {.often = &often, .ahead = 5, .level = .8};
    struct model_value_customers customers = {.count = COUNT, .history = data->history};
    make_columns(columns);
    model_value_score(&value, &customers, NULL, columns);
    assert_covers(data, data->after, columns[MODEL_VALUE_EXPECTED_LOW],
                  columns[MODEL_VALUE_EXPECTED_HIGH]);
}

/* Every figure against the function that computes it for one customer; the same for any pool. */
static void one_by_one(void **state)
{
    (void)state;
    struct simulated *data = ARENA_NEW(&arena, struct simulated);
    struct pool *pool = pool_new(3);
    for (int type = MODEL_BGNBD; type < MODEL_CLV_TYPES; type++) {
        struct stats_random random;
        double *columns[MODEL_VALUE_COLUMNS], *others[MODEL_VALUE_COLUMNS];
        stats_random_init(&random, 23, (uint64_t)type);
        for (size_t i = 0; i < COUNT; i++)
            if (type == MODEL_BGBB)
                give(&random, 5, data, i);
            else
                live(&random, (enum model_clv_type)type, 26, data, i);
        struct model_clv often = {.type = (enum model_clv_type)type};
        struct model_spend much = {.p = p, .q = q, .gamma = gamma_truth};
        memcpy(often.parameter, often_truth[type], sizeof often.parameter);
        for (int k = 0; k < 4; k++)
            often.covariance[k * 5] = .01;
        struct model_value value = {&often, &much, 10, .002, .8};
        struct model_value_customers customers = {COUNT, data->history, data->paid, data->mean};
        make_columns(columns);
        make_columns(others);
        model_value_score(&value, &customers, NULL, columns);
        model_value_score(&value, &customers, pool, others);
        for (int c = 0; c < MODEL_VALUE_COLUMNS; c++)
            assert_memory_equal(columns[c], others[c], COUNT * sizeof *columns[c]);
        for (size_t i = 0; i < 300; i++) {
            const struct model_history *h = &data->history[i];
            struct stats_interval alive = model_clv_alive_interval(&often, h, .8),
                                  count = model_clv_prediction(&often, h, 10, .8);
            ASSERT_NEAR(columns[MODEL_VALUE_ALIVE][i], model_clv_alive(&often, h), 1e-12);
            ASSERT_NEAR(columns[MODEL_VALUE_ALIVE_LOW][i], alive.low, 1e-12);
            ASSERT_NEAR(columns[MODEL_VALUE_EXPECTED][i], model_clv_expected(&often, h, 10), 1e-9);
            ASSERT_NEAR(columns[MODEL_VALUE_EXPECTED_LOW][i], count.low, 0);
            ASSERT_NEAR(columns[MODEL_VALUE_EXPECTED_HIGH][i], count.high, 0);
            double amount =
                model_spend_expected(&much, data->paid[i], data->paid[i] > 0 ? data->mean[i] : 0);
            double worth = model_clv_discounted(&often, h, 10, .002) * amount;
            ASSERT_NEAR(columns[MODEL_VALUE_VALUE][i], worth, 1e-9 * fmax(1, worth));
            assert_true(columns[MODEL_VALUE_VALUE_LOW][i] <= columns[MODEL_VALUE_VALUE_HIGH][i]);
        }
    }
    pool_free(pool);
}

static double odds(const struct model_clv *model, const struct model_history *h)
{
    return stats_logit(model_clv_alive(model, h));
}

/* The interval of the chance of being alive against the delta method by plain differences; tails
 * against the chances one by one. */
static void parts(void **state)
{
    (void)state;
    static const struct model_history histories[] = {
        {0, 0, 30}, {1, 4, 30}, {7, 12, 29}, {40, 30, 31}};
    static const struct model_history yearly[] = {{0, 0, 6}, {3, 4, 6}, {1, 5, 6}, {2, 2, 4}};
    for (int type = MODEL_BGNBD; type < MODEL_CLV_TYPES; type++)
        for (int k = 0; k < 4; k++) {
            const struct model_history *h = type == MODEL_BGBB ? &yearly[k] : &histories[k];
            struct model_clv model = {.type = (enum model_clv_type)type};
            double variance = 0, tail[500];
            memcpy(model.parameter, often_truth[type], sizeof model.parameter);
            if (type == MODEL_BGNBD && h->x == 0)
                continue; /* alive for certain */
            for (int i = 0; i < 4; i++) {
                struct model_clv above = model, below = model;
                model.covariance[i * 5] = .01 * (i + 1);
                above.parameter[i] *= exp(1e-5);
                below.parameter[i] *= exp(-1e-5);
                variance += .01 * (i + 1) * pow((odds(&above, h) - odds(&below, h)) / 2e-5, 2);
            }
            struct stats_interval range = model_clv_alive_interval(&model, h, .9);
            ASSERT_NEAR(stats_logit(range.high) - stats_logit(range.low),
                        2 * stats_normal_quantile(.95) * sqrt(variance), 1e-5 * sqrt(variance));
            int count = model_clv_tail(&model, h, 8, 1e-6, 500, tail);
            assert_true(count > 1 && tail[count - 1] <= 1e-6);
            for (int n = 0; n < count; n++)
                ASSERT_NEAR(tail[n] * model_clv_alive(&model, h),
                            model_clv_more_than(&model, h, 8, n), 1e-10);
        }
}

/* Ten million purchases by one customer, next to none by others: finite throughout. */
static void extremes(void **state)
{
    (void)state;
    static const struct model_history history[] = {
        {1e7, 100, 100}, {1e7, 50, 100}, {0, 0, 1e5}, {1, 1e-3, 1e-3}};
    static const double paid[] = {1e7, 0, 0, 1}, mean[] = {1e6, NAN, NAN, 1e-9};
    struct model_spend much = {.p = p, .q = 1.0001, .gamma = gamma_truth};
    for (int type = MODEL_BGNBD; type <= MODEL_PARETO_NBD; type++) {
        struct model_clv often = {.type = (enum model_clv_type)type, .parameter = {.5, 8, .7, 9}};
        double *columns[MODEL_VALUE_COLUMNS];
        struct model_value value = {&often, &much, 52, .002, .8};
        struct model_value_customers customers = {4, history, paid, mean};
        make_columns(columns);
        model_value_score(&value, &customers, NULL, columns);
        for (int c = 0; c < MODEL_VALUE_COLUMNS; c++)
            for (int i = 0; i < 4; i++)
                assert_true(isfinite(columns[c][i]) && columns[c][i] >= 0);
        assert_true(columns[MODEL_VALUE_EXPECTED_HIGH][0] >= columns[MODEL_VALUE_EXPECTED_LOW][0]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(intervals_hold), cmocka_unit_test(opportunities), cmocka_unit_test(one_by_one),
    cmocka_unit_test(parts),          cmocka_unit_test(extremes),
};

GROUND_MAIN(tests)
