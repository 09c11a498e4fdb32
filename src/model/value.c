#include "model/value.h"

#include "model/clv_rows.h"
#include "stats/distribution.h"
#include "stats/special.h"

#include <math.h>
#include <stdlib.h>

enum { CUSTOMERS_A_TASK = 2048, PURCHASES = 1024, PAID = 256 };

/* What all customers share. */
struct scoring {
    const struct model_value *value;
    const struct model_value_customers *customers;
    double *const *columns;
    double tail, z; /* the probability beyond each end of an interval, and the normal's quantile there */
    double log_amount[PURCHASES + 1], log_spread[PURCHASES + 1]; /* of n purchases: mean and variance of the logarithm
                                                                  * of a gamma with shape pn */
    double log_rate[PAID], rate_spread[PAID]; /* the same for the customer's own rate, shape px + q */
};

/* Purchases ahead of someone alive: P(more than n) for n < count. */
struct purchases {
    double more_than[PURCHASES];
    int count; /* 0: too many for the table */
};

/* The smallest n with P(more than n) ≤ tail. */
static double quantile(const struct purchases *purchases, double alive, double tail)
{
    int n = 0;
    while (n < purchases->count - 1 && alive * purchases->more_than[n] > tail)
        n++;
    return n;
}

static struct stats_interval purchase_interval(const struct scoring *s, const struct model_history *h, double alive,
                                               const struct purchases *purchases)
{
    if (!purchases->count)
        return model_clv_prediction(s->value->often, h, s->value->ahead, s->value->level);
    return (struct stats_interval){quantile(purchases, alive, 1 - s->tail), quantile(purchases, alive, s->tail)};
}

/* Mean and variance of the logarithm of what N ≥ 1 purchases come to at rate 1. With purchases past the table both
 * come from the interval of their number, and the scatter of single amounts drowns in that many. */
static void log_of_purchases(const struct scoring *s, const struct purchases *purchases, struct stats_interval count,
                             double *mean, double *variance)
{
    double all = 0, square = 0;
    *mean = 0;
    if (!purchases->count) {
        double low = log(fmax(count.low, 1)), high = log(fmax(count.high, 1));
        *mean = (low + high) / 2 + log(s->value->much->p);
        *variance = pow((high - low) / (2 * s->z), 2);
        return;
    }
    for (int n = 1; n < purchases->count; n++) {
        double chance = purchases->more_than[n - 1] - purchases->more_than[n];
        all += chance;
        *mean += chance * s->log_amount[n];
        square += chance * (s->log_spread[n] + s->log_amount[n] * s->log_amount[n]);
    }
    *mean = all > 0 ? *mean / all : s->log_amount[1];
    *variance = all > 0 ? square / all - *mean * *mean : s->log_spread[1];
}

/* The amount that the customer's purchases stay below with the given probability: nothing, or log-normal. */
static double value_quantile(double some, double mean, double deviation, double probability)
{
    double within = (probability - (1 - some)) / some;
    return within > 0 ? exp(mean + deviation * stats_normal_quantile(within)) : 0;
}

static struct stats_interval value_interval(const struct scoring *s, double alive, const struct purchases *purchases,
                                            struct stats_interval count, double paid, double total)
{
    const struct model_spend *much = s->value->much;
    double mean, variance, shape = much->p * paid + much->q;
    double some = alive * (purchases->count ? purchases->more_than[0] : 1);
    bool listed = paid < PAID && paid == floor(paid);
    if (!(some > 0))
        return (struct stats_interval){0, 0};
    log_of_purchases(s, purchases, count, &mean, &variance);
    mean += log(much->gamma + total) - (listed ? s->log_rate[(int)paid] : stats_digamma(shape));
    variance += listed ? s->rate_spread[(int)paid] : stats_trigamma(shape);
    double deviation = sqrt(fmax(variance, 0));
    return (struct stats_interval){value_quantile(some, mean, deviation, s->tail),
                                   value_quantile(some, mean, deviation, 1 - s->tail)};
}

static void put(const struct scoring *s, enum model_value_column column, size_t i, double value)
{
    if (s->columns[column])
        s->columns[column][i] = value;
}

static void score_value(const struct scoring *s, size_t i, double alive, double whole,
                        const struct purchases *purchases, struct stats_interval count)
{
    const struct model_value *value = s->value;
    const struct model_history *h = &s->customers->history[i];
    double paid = s->customers->paid[i], mean = paid > 0 ? s->customers->mean[i] : 0;
    double later = model_clv_future_discounted(value->often, h, value->ahead, value->rate, whole);
    put(s, MODEL_VALUE_VALUE, i, alive * later * model_spend_expected(value->much, paid, mean));
    if (!s->columns[MODEL_VALUE_VALUE_LOW] && !s->columns[MODEL_VALUE_VALUE_HIGH])
        return;
    struct stats_interval range = value_interval(s, alive, purchases, count, paid, paid * mean);
    double worth = whole > 0 ? later / whole : 1; /* of money that comes within the time ahead */
    put(s, MODEL_VALUE_VALUE_LOW, i, worth * range.low);
    put(s, MODEL_VALUE_VALUE_HIGH, i, worth * range.high);
}

static void score_customer(const struct scoring *s, size_t i)
{
    const struct model_value *value = s->value;
    const struct model_history *h = &s->customers->history[i];
    struct purchases purchases = {.count = 0};
    struct stats_interval alive_range, count = {0, 0};
    double alive = model_clv_alive_between(value->often, h, s->z, &alive_range);
    put(s, MODEL_VALUE_ALIVE, i, alive);
    put(s, MODEL_VALUE_ALIVE_LOW, i, alive_range.low);
    put(s, MODEL_VALUE_ALIVE_HIGH, i, alive_range.high);
    double whole = model_clv_family(value->often->type)->future(value->often->parameter, h, value->ahead);
    put(s, MODEL_VALUE_EXPECTED, i, alive * whole);
    if (s->columns[MODEL_VALUE_EXPECTED_LOW] || s->columns[MODEL_VALUE_VALUE_LOW]) {
        purchases.count =
            model_clv_tail(value->often, h, value->ahead, fmin(1e-3, s->tail), PURCHASES, purchases.more_than);
        count = purchase_interval(s, h, alive, &purchases);
        put(s, MODEL_VALUE_EXPECTED_LOW, i, count.low);
        put(s, MODEL_VALUE_EXPECTED_HIGH, i, count.high);
    }
    if (value->much)
        score_value(s, i, alive, whole, &purchases, count);
}

static void run_task(void *context, size_t task, int worker)
{
    const struct scoring *s = context;
    (void)worker;
    size_t end =
        (task + 1) * CUSTOMERS_A_TASK < s->customers->count ? (task + 1) * CUSTOMERS_A_TASK : s->customers->count;
    for (size_t i = task * CUSTOMERS_A_TASK; i < end; i++)
        score_customer(s, i);
}

void model_value_score(const struct model_value *value, const struct model_value_customers *customers,
                       struct pool *pool, double *const columns[MODEL_VALUE_COLUMNS])
{
    struct scoring *s = base_calloc(1, sizeof *s);
    s->value = value;
    s->customers = customers;
    s->columns = columns;
    s->tail = (1 - value->level) / 2;
    s->z = stats_normal_quantile(1 - s->tail);
    for (int n = 1; value->much && n <= PURCHASES; n++) {
        s->log_amount[n] = stats_digamma(value->much->p * n);
        s->log_spread[n] = stats_trigamma(value->much->p * n);
    }
    for (int x = 0; value->much && x < PAID; x++) {
        s->log_rate[x] = stats_digamma(value->much->p * x + value->much->q);
        s->rate_spread[x] = stats_trigamma(value->much->p * x + value->much->q);
    }
    pool_run(pool, (customers->count + CUSTOMERS_A_TASK - 1) / CUSTOMERS_A_TASK, run_task, s);
    free(s);
}
