/*
 * BG/BB, for purchases that can only happen at set opportunities (a yearly donation, a
 * cruise season). With n = T opportunities, x of them used, the last at t_x, the
 * likelihood is
 *
 *   B(α+x, β+n−x)/B(α,β) · B(γ, δ+n)/B(γ,δ)
 *     + Σ_{i<n−t_x} B(α+x, β+t_x−x+i)/B(α,β) · B(γ+1, δ+t_x+i)/B(γ,δ)
 *
 * a sum of positive terms, taken in logarithms. Expected purchases sum the
 * opportunities ahead one by one, which, unlike the closed form, has no hole at γ = 1.
 * A row costs as many terms as opportunities passed since its last purchase.
 */
#include "model/clv_rows.h"
#include "stats/special.h"

#include <math.h>

static void start(const struct clv_rows *rows, double *parameter)
{
    (void)rows;
    parameter[0] = 1;
    parameter[1] = 1;
    parameter[2] = 0.7; /* with δ = 3 about one in five leaves between opportunities */
    parameter[3] = 3;
}

/* One term of the likelihood: ln B(α+hits, β+misses) + ln B(γ+leaves, δ+stays) − ln B(α,β) − ln
 * B(γ,δ). */
static double log_term(const double *p, double hits, double misses, double leaves, double stays)
{
    if (p[2] == 0) /* nobody leaves */
        return leaves > 0 ? -INFINITY
                          : stats_lbeta(p[0] + hits, p[1] + misses) - stats_lbeta(p[0], p[1]);
    return stats_lbeta(p[0] + hits, p[1] + misses) - stats_lbeta(p[0], p[1]) +
           stats_lbeta(p[2] + leaves, p[3] + stays) - stats_lbeta(p[2], p[3]);
}

static void term_gradient(const double *p, double hits, double misses, double leaves, double stays,
                          double weight, double sum[5])
{
    double buys = stats_digamma(p[0] + p[1]) - stats_digamma(p[0] + p[1] + hits + misses);
    double goes = stats_digamma(p[2] + p[3]) - stats_digamma(p[2] + p[3] + leaves + stays);
    sum[1] += weight * (stats_digamma(p[0] + hits) - stats_digamma(p[0]) + buys);
    sum[2] += weight * (stats_digamma(p[1] + misses) - stats_digamma(p[1]) + buys);
    sum[3] += weight * (stats_digamma(p[2] + leaves) - stats_digamma(p[2]) + goes);
    sum[4] += weight * (stats_digamma(p[3] + stays) - stats_digamma(p[3]) + goes);
}

static double log_likelihood(const double *p, const struct model_history *h)
{
    double value = log_term(p, h->x, h->t - h->x, 0, h->t);
    for (double i = 0; i < h->t - h->tx; i++)
        value = stats_log_add(value, log_term(p, h->x, h->tx - h->x + i, 1, h->tx + i));
    return value;
}

static void group(const double *p, double x, double weight, double sum[5])
{
    (void)p, (void)x, (void)weight, (void)sum;
}

static void stretch(const double *p, const struct clv_rows *rows, size_t index, size_t from,
                    size_t to, double sum[5])
{
    (void)index;
    for (size_t row = from; row < to; row++) {
        struct model_history h = rows->row[row].history;
        double value = log_likelihood(p, &h), weight = rows->row[row].weight;

        sum[0] += weight * value;

        /* The derivative of ln Σ is that of each ln term, weighted by the term's share
         * of the sum. */
        double share = exp(log_term(p, h.x, h.t - h.x, 0, h.t) - value);
        term_gradient(p, h.x, h.t - h.x, 0, h.t, weight * share, sum);
        for (double i = 0; i < h.t - h.tx; i++) {
            share = exp(log_term(p, h.x, h.tx - h.x + i, 1, h.tx + i) - value);
            term_gradient(p, h.x, h.tx - h.x + i, 1, h.tx + i, weight * share, sum);
        }
    }
}

/* Alive for the next opportunity. */
static double alive(const double *p, const struct model_history *h)
{
    return exp(log_term(p, h->x, h->t - h->x, 0, h->t + 1) - log_likelihood(p, h));
}

static double expected(const double *p, const struct model_history *h, double ahead)
{
    double sum = 0, all = log_likelihood(p, h);
    for (double i = 1; i <= ahead; i++)
        sum += exp(log_term(p, h->x + 1, h->t - h->x, 0, h->t + i) - all);
    return sum;
}

static double future(const double *p, const struct model_history *h, double ahead)
{
    return expected(p, h, ahead) / alive(p, h);
}

static double new_expected(const double *p, double age)
{
    struct model_history nobody = {0, 0, 0};
    return expected(p, &nobody, age);
}

/* P(more than n of the next `ahead`): over the number of opportunities lived through, then over the
 * ones used. */
static double more_than(const double *p, const struct model_history *h, double ahead, double n)
{
    double sum = 0, all = log_likelihood(p, h);
    for (double lived = n + 1; lived <= ahead; lived++) {
        /* Who lives to the end has not left: that term has no factor for leaving. */
        bool to_the_end = lived + 1 > ahead;
        for (double used = n + 1; used <= lived; used++) {
            double ways =
                used < lived ? -stats_lbeta(used + 1, lived - used + 1) - log(lived + 1) : 0;
            sum += exp(
                ways - all +
                log_term(p, h->x + used, h->t - h->x + lived - used, !to_the_end, h->t + lived));
        }
    }
    return sum;
}

static double new_more_than(const double *p, double age, double n)
{
    struct model_history nobody = {0, 0, 0};
    return more_than(p, &nobody, age, n);
}

const struct clv_family model_clv_family_bgbb = {
    .name = "bgbb",
    .parameter = {"alpha", "beta", "gamma", "delta"},
    .simpler = "beta-binomial (nobody leaves)",
    .nobody_leaves = &model_clv_family_beta_binomial,
    .buys_alike = 1,
    .leaves_alike = 3,
    .group = group,
    .stretch = stretch,
    .start = start,
    .alive = alive,
    .future = future,
    .new_expected = new_expected,
    .new_more_than = new_more_than,
    .more_than = more_than,
};
