/*
 * BG/NBD and MBG/NBD. They differ in one thing: whether a customer can leave right
 * after the first purchase. With m = 0 for the former and 1 for the latter both have
 * the likelihood
 *
 *   Γ(r+x)/Γ(r) α^r · { B(a, b+x+m)/B(a,b) (α+T)^−(r+x)
 *                       + [x+m > 0] B(a+1, b+x+m−1)/B(a,b) (α+t_x)^−(r+x) }
 *
 * whose second part is the first times e^D, D = ln(a/(b+x+m−1)) + (r+x)
 * ln((α+T)/(α+t_x)); the chance of being alive is 1/(1 + e^D). Nothing overflows, for
 * any number of purchases.
 *
 * After T both behave alike: given alive, the rate is Gamma(r+x, α+T), the chance of
 * leaving after a purchase Beta(a, b+x+m). The published expectation
 *
 *   (a+b+x−1)/(a−1) [1 − ((α+T)/(α+T+t))^(r+x) ₂F₁(r+x, b+x; a+b+x−1; z)],   z = t/(α+T+t)
 *
 * (Fader, Hardie & Lee 2005, equation 10) is 0/0 at a = 1 and overflows for large x.
 * Euler's transformation turns the bracket into 1 − (1−z)^(a−1) ₂F₁(a+b−1−r, a−1;
 * a+b+x−1; z), from which a − 1 divides out term by term: that is what future_by_euler
 * sums.
 *
 * The number of purchases ahead is the smaller of two independent ones: those of a
 * customer who never leaves (negative binomial) and the one after which the customer
 * leaves. So the chance of more than n is a plain product.
 */
#include "model/clv_rows.h"
#include "stats/distribution.h"
#include "stats/special.h"

#include <float.h>
#include <math.h>

/* Rates and chances that differ widely between customers, as they do in shops; α makes
 * the mean rate r/α that of the data. The fit needs a start on the right side of the
 * hill, no more. */
static void start(const struct clv_rows *rows, double *parameter)
{
    parameter[0] = 0.8;
    parameter[1] = 0.8 * rows->mean_t / fmax(rows->mean_x, 0.05); /* hardly anyone came back yet */
    parameter[2] = 0.8; /* with b = 2.5 one in four leaves after a purchase */
    parameter[3] = 2.5;
}

static void add_group(const double *p, double x, double weight, int m, double sum[5])
{
    double r = p[0], alpha = p[1], a = p[2], b = p[3];
    double all = stats_digamma(a + b) - stats_digamma(a + b + x + m);
    double level =
        x > 0 ? stats_lgamma(x) - stats_lbeta(r, x) : 0; /* ln Γ(r+x)/Γ(r) without cancelling */

    sum[0] += weight * (level + r * log(alpha) + stats_lbeta(a, b + x + m) - stats_lbeta(a, b));
    sum[1] += weight * (stats_digamma(r + x) - stats_digamma(r) + log(alpha));
    sum[2] += weight * r / alpha;
    sum[3] += weight * all;
    sum[4] += weight * (stats_digamma(b + x + m) - stats_digamma(b) + all);
}

static void bg_group(const double *p, double x, double weight, double sum[5])
{
    add_group(p, x, weight, 0, sum);
}

static void mbg_group(const double *p, double x, double weight, double sum[5])
{
    add_group(p, x, weight, 1, sum);
}

/* Customers of BG/NBD without a repeat purchase: alive for certain. */
static void stretch_never(const double *p, const struct clv_rows *rows, size_t from, size_t to,
                          double sum[5])
{
    double r = p[0], alpha = p[1];
    for (size_t i = from; i < to; i++) {
        double end = alpha + rows->row[i].history.t, log_end = log(end),
               weight = rows->row[i].weight;
        sum[0] -= weight * r * log_end;
        sum[1] -= weight * log_end;
        sum[2] -= weight * r / end;
    }
}

static void stretch(const double *p, const struct clv_rows *rows, size_t group, size_t from,
                    size_t to, int m, double sum[5])
{
    double alpha = p[1], x = rows->group_x[group], shape = p[0] + x, beta = p[3] + x + m - 1,
           left = 0;

    /* The loop runs once for each distinct history: two logarithms and an exponential,
     * and what depends on x alone stays outside. e never overflows: the smaller of both
     * odds is taken. */
    double log_odds = log(p[2] / beta), value = 0, by_r = 0, by_alpha = 0;
    for (size_t i = from; i < to; i++) {
        const struct clv_row *row = &rows->row[i];
        double end = alpha + row->history.t, last = alpha + row->history.tx, weight = row->weight;
        double log_end = log(end), gap = log_end - log(last), d = log_odds + shape * gap;
        double e = exp(-fabs(d)), gone = d > 0 ? 1 / (1 + e) : e / (1 + e);
        value += weight * ((d > 0 ? d : 0) + log1p(e) - shape * log_end);
        by_r += weight * (gone * gap - log_end);
        by_alpha -= weight * (last + gone * (end - last)) / (end * last);
        left += weight * gone;
    }

    sum[0] += value;
    sum[1] += by_r;
    sum[2] += by_alpha * shape;
    sum[3] += left / p[2];
    sum[4] -= left / beta;
}

static void bg_stretch(const double *p, const struct clv_rows *rows, size_t group, size_t from,
                       size_t to, double sum[5])
{
    if (rows->group_x[group] == 0)
        stretch_never(p, rows, from, to, sum);
    else
        stretch(p, rows, group, from, to, 0, sum);
}

static void mbg_stretch(const double *p, const struct clv_rows *rows, size_t group, size_t from,
                        size_t to, double sum[5])
{
    stretch(p, rows, group, from, to, 1, sum);
}

/* −D of the introduction, with its derivatives. */
static double alive_odds(const double *p, const struct model_history *h, int m, double by[4])
{
    if (h->x + m <= 0) {
        by[0] = by[1] = by[2] = by[3] = 0;
        return INFINITY;
    }
    double last = p[1] + h->tx, end = p[1] + h->t, beta = p[3] + h->x + m - 1,
           gap = log1p((h->t - h->tx) / last);
    by[0] = -gap;
    by[1] = (p[0] + h->x) * (h->t - h->tx) / (last * end);
    by[2] = -1 / p[2];
    by[3] = 1 / beta;
    return log(beta / p[2]) - (p[0] + h->x) * gap;
}

static double alive(const double *p, const struct model_history *h, int m)
{
    double by[4];
    return stats_expit(alive_odds(p, h, m, by));
}

/* Of the series below: enough where 1 − z is 1e-6, an outlook of a million times α + T.
 * Past that the sum is cut short rather than never given. */
enum { TERMS_MAX = 50000000 };

/* Expected purchases within t of someone alive with rate Gamma(shape, scale) and chance of leaving
 * Beta(a, b); c = a+b−1. Sums −(c L + cS + (a−1) L cS), where (1−z)^(a−1) = 1 + (a−1)L and ₂F₁ = 1
 * + (a−1)S. */
static double future_by_euler(double shape, double a, double c, double z)
{
    double first = c - shape, term = first * z, sum = term, log_rest = log1p(-z);
    for (double n = 1; n < TERMS_MAX; n++) {
        double ratio = (first + n) * (a + n - 1) / ((c + n) * (n + 1)) * z;
        term *= ratio;
        sum += term;
        if (fabs(term) <= DBL_EPSILON / 8 * (1 - z) * fabs(sum) || term == 0)
            break;
    }

    /* At a = 1 itself L is its limit; expm1 keeps the digits of any a beside it. */
    double power = (a - 1) * log_rest, l = fabs(a - 1) < 1e-12 ? log_rest : expm1(power) / (a - 1);
    return -(c * l + sum * exp(power));
}

/* The published form, all of whose terms are positive; away from a = 1. */
static double future_direct(double shape, double a, double b, double c, double z)
{
    /* Where terms are made smaller: one more cannot pass the largest double from there. */
    const double large = 1e250, small = 1e-250, log_large = 250 * M_LN10;
    double term = shape * b * z, sum = term, log_scale = 0;

    for (double n = 1; n < TERMS_MAX; n++) {
        double ratio = (shape + n) * (b + n) / ((c + n) * (n + 1)) * z;
        term *= ratio;
        sum += term;
        if (term <= DBL_EPSILON / 8 * (1 - z) * sum && ratio < 1)
            break;
        if (sum > large) {
            sum *= small;
            term *= small;
            log_scale += log_large;
        }
    }

    double scaled = shape * log1p(-z);
    return (c * -expm1(scaled) - sum * exp(scaled + log_scale)) / (a - 1);
}

static double future(double shape, double scale, double a, double b, double t)
{
    double z = t / (scale + t), c = a + b - 1;
    if (!(t > 0))
        return 0;
    if (a == 0) /* nobody leaves */
        return shape * t / scale;
    /* With c far below shape the terms alternate and grow, unless z is small against c. */
    if (a <= 20 && (c - shape > -5 || (shape - c) * (a + 1) * z < 5 * (c + 2)))
        return future_by_euler(shape, a, c, z);

    /* Over the hole at a = 1 half way between both sides of it: that errs by about the
     * square of the distance, and dividing by it costs four digits. */
    const double near = 1e-4;
    if (fabs(a - 1) > near)
        return future_direct(shape, a, b, c, z);
    return (future_direct(shape, 1 + near, b, c, z) + future_direct(shape, 1 - near, b, c, z)) / 2;
}

/* P(more than n) for someone alive, given the same two distributions. */
static double more_than(double shape, double scale, double a, double b, double t, double n)
{
    double stays = n > 0 && a > 0 ? exp(stats_lbeta(a, b + n) - stats_lbeta(a, b)) : 1;
    return stays * stats_beta_lower(n + 1, shape, t / (scale + t), scale / (scale + t));
}

/* P(more than 0, 1, … | alive): the negative binomial's chances follow one another by a factor, and
 * so do those of staying. */
static int tail(double shape, double scale, double a, double b, double t, double stop, int most,
                double *out)
{
    double z = t / (scale + t), chance = exp(shape * log1p(-z)), rest = 1 - chance, stays = 1;
    if (!(chance > 1e-250)) /* it would underflow below; the caller then asks one at a time */
        return 0;

    /* `rest` is a difference that loses digits as it falls: down to `stop`, at 1e-3 or
     * so, enough are left. */
    for (int n = 0; n < most; n++) {
        out[n] = stays * (rest > 0 ? rest : 0);
        if (out[n] <= stop)
            return n + 1;
        chance *= (shape + n) / (n + 1) * z;
        rest -= chance;
        stays *= (b + n) / (a + b + n);
    }
    return 0;
}

static double bg_alive_odds(const double *p, const struct model_history *h, double by[4])
{
    return alive_odds(p, h, 0, by);
}

static double mbg_alive_odds(const double *p, const struct model_history *h, double by[4])
{
    return alive_odds(p, h, 1, by);
}

static int bg_tail(const double *p, const struct model_history *h, double ahead, double stop,
                   int most, double *out)
{
    return tail(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->x, ahead, stop, most, out);
}

static int mbg_tail(const double *p, const struct model_history *h, double ahead, double stop,
                    int most, double *out)
{
    return tail(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->x + 1, ahead, stop, most, out);
}

static double bg_alive(const double *p, const struct model_history *h)
{
    return alive(p, h, 0);
}

static double mbg_alive(const double *p, const struct model_history *h)
{
    return alive(p, h, 1);
}

static double bg_future(const double *p, const struct model_history *h, double ahead)
{
    return future(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->x, ahead);
}

static double mbg_future(const double *p, const struct model_history *h, double ahead)
{
    return future(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->x + 1, ahead);
}

static double bg_new_expected(const double *p, double age)
{
    return future(p[0], p[1], p[2], p[3], age);
}

static double mbg_new_expected(const double *p, double age)
{
    return p[3] / (p[2] + p[3]) * future(p[0], p[1], p[2], p[3] + 1, age);
}

static double bg_new_more_than(const double *p, double age, double n)
{
    return more_than(p[0], p[1], p[2], p[3], age, n);
}

static double mbg_new_more_than(const double *p, double age, double n)
{
    return p[3] / (p[2] + p[3]) * more_than(p[0], p[1], p[2], p[3] + 1, age, n);
}

static double bg_more_than(const double *p, const struct model_history *h, double ahead, double n)
{
    return alive(p, h, 0) * more_than(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->x, ahead, n);
}

static double mbg_more_than(const double *p, const struct model_history *h, double ahead, double n)
{
    return alive(p, h, 1) * more_than(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->x + 1, ahead, n);
}

const struct clv_family model_clv_family_bgnbd = {
    .name = "bgnbd",
    .parameter = {"r", "alpha", "a", "b"},
    .simpler = "NBD (nobody leaves)",
    .nobody_leaves = &model_clv_family_nbd,
    .buys_alike = 0,
    .leaves_alike = 3,
    .group = bg_group,
    .stretch = bg_stretch,
    .start = start,
    .alive = bg_alive,
    .alive_odds = bg_alive_odds,
    .future = bg_future,
    .new_expected = bg_new_expected,
    .new_more_than = bg_new_more_than,
    .more_than = bg_more_than,
    .tail = bg_tail,
};

const struct clv_family model_clv_family_mbgnbd = {
    .name = "mbgnbd",
    .parameter = {"r", "alpha", "a", "b"},
    .simpler = "NBD (nobody leaves)",
    .nobody_leaves = &model_clv_family_nbd,
    .buys_alike = 0,
    .leaves_alike = 3,
    .group = mbg_group,
    .stretch = mbg_stretch,
    .start = start,
    .alive = mbg_alive,
    .alive_odds = mbg_alive_odds,
    .future = mbg_future,
    .new_expected = mbg_new_expected,
    .new_more_than = mbg_new_more_than,
    .more_than = mbg_more_than,
    .tail = mbg_tail,
};
