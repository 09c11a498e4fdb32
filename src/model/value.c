/*
 * Values of many customers at once. What is costly (the distribution of purchases
 * ahead) depends on few numbers and is kept; what is left for each customer is a
 * handful of logarithms.
 */
#include "model/value.h"

#include "model/clv_rows.h"
#include "stats/distribution.h"
#include "stats/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CUSTOMERS_A_TASK = 2048,
    PURCHASES = 64,   /* ahead; who may buy more often has intervals without a table */
    PAID = 256,       /* purchases so far whose digamma is kept */
    CACHE_MAX = 8192, /* outlooks for each thread: five megabytes */
};

/* P(more than n) is listed down to this at least: what is left adds nothing to a mean
 * of logarithms. */
static const double TABLE_END = 1e-3;

/*
 * What the models say of someone alive depends on x and T alone, and customers who bought as often
 * and are as old are many. So it is kept, for as many pairs as fit, a cache for each thread. It is
 * always computed for the same t_x, so that nobody's figures depend on who came first.
 */
struct outlook {
    bool filled;
    double x, t;
    double whole, later;         /* expected purchases, and discounted ones */
    int count;                   /* of more_than; 0: too many purchases for the table */
    double more_than[PURCHASES]; /* P(more than n) for n < count */
    double log_mean,
        log_variance; /* of the logarithm of what N ≥ 1 purchases come to, at rate 1; with `much` */
};

/* What all customers share. */
struct scoring {
    const struct model_value *value;
    const struct model_value_customers *customers;
    double *const *columns;
    bool intervals;
    struct outlook *cache; /* cache_size for each thread */
    size_t cache_size;
    double tail, z; /* the probability beyond each end of an interval, and
                     * the normal's quantile there */
    double log_amount[PURCHASES + 1],
        log_spread[PURCHASES + 1];            /* of n purchases: mean and variance of the logarithm
                                               * of a gamma with shape pn */
    double log_rate[PAID], rate_spread[PAID]; /* the same for the customer's rate, shape px + q */
};

/* Mean and variance of the logarithm of what N ≥ 1 purchases come to at rate 1. With purchases past
 * the table both come from the interval of their number, and the scatter of single amounts drowns
 * in that many. */
static void log_of_purchases(const struct scoring *s, const struct model_history *h,
                             struct outlook *out)
{
    double all = 0, mean = 0, square = 0;
    if (!out->count) {
        struct stats_interval count =
            model_clv_prediction(s->value->often, h, s->value->ahead, s->value->level);
        double low = log(fmax(count.low, 1)), high = log(fmax(count.high, 1));
        out->log_mean = (low + high) / 2 + log(s->value->much->p);
        out->log_variance = pow((high - low) / (2 * s->z), 2);
        return;
    }

    /* The sum's logarithm given n, over the chances of n: the law of total variance. */
    for (int n = 1; n < out->count; n++) {
        double chance = out->more_than[n - 1] - out->more_than[n];
        all += chance;
        mean += chance * s->log_amount[n];
        square += chance * (s->log_spread[n] + s->log_amount[n] * s->log_amount[n]);
    }

    out->log_mean = all > 0 ? mean / all : s->log_amount[1];
    out->log_variance =
        all > 0 ? fmax(0, square / all - out->log_mean * out->log_mean) : s->log_spread[1];
}

static void fill_outlook(const struct scoring *s, double x, double t, struct outlook *out)
{
    const struct model_value *value = s->value;

    /* Of someone alive the time of the last purchase does not matter: any that is
     * allowed will do. */
    struct model_history h = {x, x > 0 ? t : 0, t};
    out->filled = true;
    out->x = x;
    out->t = t;
    out->whole =
        model_clv_family(value->often->type)->future(value->often->parameter, &h, value->ahead);
    if (value->much)
        out->later =
            model_clv_future_discounted(value->often, &h, value->ahead, value->rate, out->whole);
    if (s->intervals)
        out->count = model_clv_tail(value->often, &h, value->ahead, fmin(TABLE_END, s->tail),
                                    PURCHASES, out->more_than);
    if (s->intervals && value->much)
        log_of_purchases(s, &h, out);
}

static const struct outlook *outlook_of(const struct scoring *s, const struct model_history *h,
                                        int worker)
{
    uint64_t bits[2];
    memcpy(bits, (double[2]){h->x, h->t}, sizeof bits);
    /* What tells such numbers apart stands in their upper bits, so those are folded
     * down before each product. */
    uint64_t key =
        bits[0] ^ bits[0] >> 32 ^ (bits[1] ^ bits[1] >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ key >> 32) * UINT64_C(0xbf58476d1ce4e5b9);

    /* The upper bits of a product are the best mixed; 24 are more than the cache has
     * places. One place for each key: whoever was there before is computed again when
     * met again. */
    struct outlook *out = &s->cache[(size_t)worker * s->cache_size + (key >> 40) % s->cache_size];
    if (!out->filled || out->x != h->x || out->t != h->t)
        fill_outlook(s, h->x, h->t, out);
    return out;
}

/* The smallest n with P(more than n) ≤ tail. */
static double quantile(const struct outlook *outlook, double alive, double tail)
{
    int n = 0;
    while (n < outlook->count - 1 && alive * outlook->more_than[n] > tail)
        n++;
    return n;
}

static struct stats_interval purchase_interval(const struct scoring *s,
                                               const struct model_history *h, double alive,
                                               const struct outlook *outlook)
{
    if (!outlook->count)
        return model_clv_prediction(s->value->often, h, s->value->ahead, s->value->level);
    return (struct stats_interval){quantile(outlook, alive, 1 - s->tail),
                                   quantile(outlook, alive, s->tail)};
}

/* The amount that the customer's purchases stay below with the given probability: nothing, or
 * log-normal; `some` is the chance that there are any. */
static double value_quantile(double some, double mean, double deviation, double probability)
{
    double within = (probability - (1 - some)) / some;
    return within > 0 ? exp(mean + deviation * stats_normal_quantile(within)) : 0;
}

static struct stats_interval value_interval(const struct scoring *s, double alive,
                                            const struct outlook *outlook, double paid,
                                            double total)
{
    const struct model_spend *much = s->value->much;
    double some = alive * (outlook->count ? outlook->more_than[0] : 1),
           shape = much->p * paid + much->q;
    bool listed = paid < PAID && paid == floor(paid);

    if (!(some > s->tail))
        return (struct stats_interval){0, 0};

    /* ln of a gamma sum less ln of the customer's own rate, both with known mean and
     * variance; independent given the history. */
    double mean = outlook->log_mean + log(much->gamma + total) -
                  (listed ? s->log_rate[(int)paid] : stats_digamma(shape));
    double deviation =
        sqrt(outlook->log_variance + (listed ? s->rate_spread[(int)paid] : stats_trigamma(shape)));
    return (struct stats_interval){value_quantile(some, mean, deviation, s->tail),
                                   value_quantile(some, mean, deviation, 1 - s->tail)};
}

static void put(const struct scoring *s, enum model_value_column column, size_t i, double value)
{
    if (s->columns[column])
        s->columns[column][i] = value;
}

static void score_value(const struct scoring *s, size_t i, double alive,
                        const struct outlook *outlook)
{
    const struct model_spend *much = s->value->much;
    double paid = s->customers->paid[i], mean = paid > 0 ? s->customers->mean[i] : 0;
    put(s, MODEL_VALUE_VALUE, i, alive * outlook->later * model_spend_expected(much, paid, mean));
    if (!s->intervals)
        return;
    struct stats_interval range = value_interval(s, alive, outlook, paid, paid * mean);
    double worth = outlook->whole > 0 ? outlook->later / outlook->whole
                                      : 1; /* of money within the time ahead */
    put(s, MODEL_VALUE_VALUE_LOW, i, worth * range.low);
    put(s, MODEL_VALUE_VALUE_HIGH, i, worth * range.high);
}

static void score_customer(const struct scoring *s, size_t i, int worker)
{
    const struct model_history *h = &s->customers->history[i];
    const struct outlook *outlook = outlook_of(s, h, worker);
    struct stats_interval range;
    double alive = model_clv_alive_between(s->value->often, h, s->z, &range);
    put(s, MODEL_VALUE_ALIVE, i, alive);
    put(s, MODEL_VALUE_ALIVE_LOW, i, range.low);
    put(s, MODEL_VALUE_ALIVE_HIGH, i, range.high);
    put(s, MODEL_VALUE_EXPECTED, i, alive * outlook->whole);

    if (s->intervals) {
        range = purchase_interval(s, h, alive, outlook);
        put(s, MODEL_VALUE_EXPECTED_LOW, i, range.low);
        put(s, MODEL_VALUE_EXPECTED_HIGH, i, range.high);
    }
    if (s->value->much)
        score_value(s, i, alive, outlook);
}

static void run_task(void *context, size_t task, int worker)
{
    const struct scoring *s = context;
    size_t end = (task + 1) * CUSTOMERS_A_TASK < s->customers->count ? (task + 1) * CUSTOMERS_A_TASK
                                                                     : s->customers->count;
    for (size_t i = task * CUSTOMERS_A_TASK; i < end; i++)
        score_customer(s, i, worker);
}

void model_value_score(const struct model_value *value,
                       const struct model_value_customers *customers, struct pool *pool,
                       double *const columns[MODEL_VALUE_COLUMNS])
{
    struct scoring *s = base_calloc(1, sizeof *s);

    s->value = value;
    s->customers = customers;
    s->columns = columns;
    s->intervals = columns[MODEL_VALUE_EXPECTED_LOW] || columns[MODEL_VALUE_EXPECTED_HIGH] ||
                   columns[MODEL_VALUE_VALUE_LOW] || columns[MODEL_VALUE_VALUE_HIGH];

    s->cache_size = customers->count < CACHE_MAX ? customers->count + 1 : CACHE_MAX;
    s->cache =
        base_calloc((size_t)(pool ? pool_threads(pool) : 1) * s->cache_size, sizeof *s->cache);
    s->tail = (1 - value->level) / 2;
    s->z = stats_normal_quantile(1 - s->tail);

    /* Digammas of whole numbers of purchases: every customer would compute the same ones. */
    for (int n = 1; value->much && n <= PURCHASES; n++) {
        s->log_amount[n] = stats_digamma(value->much->p * n);
        s->log_spread[n] = stats_trigamma(value->much->p * n);
    }

    for (int x = 0; value->much && x < PAID; x++) {
        s->log_rate[x] = stats_digamma(value->much->p * x + value->much->q);
        s->rate_spread[x] = stats_trigamma(value->much->p * x + value->much->q);
    }

    pool_run(pool, (customers->count + CUSTOMERS_A_TASK - 1) / CUSTOMERS_A_TASK, run_task, s);
    free(s->cache);
    free(s);
}
