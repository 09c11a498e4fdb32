/* Distributions as the incomplete gamma and beta functions of special.c, each asked from the side
 * on which it is small. */
#include "stats/distribution.h"

#include "stats/special.h"

#include <math.h>

static const double one_over_root_two_pi = 0.39894228040143267794;

double stats_normal_pdf(double x)
{
    return exp(-x * x / 2) * one_over_root_two_pi;
}

double stats_normal_cdf(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

double stats_normal_upper(double x)
{
    return 0.5 * erfc(x * M_SQRT1_2);
}

double stats_normal_two_sided(double z)
{
    return erfc(fabs(z) * M_SQRT1_2);
}

/* Newton's method on ln of the upper tail, which is concave, so it converges from any start below
 * the answer; the start is A&S 26.2.23, good to 4.5e-4. */
static double normal_upper_quantile(double q)
{
    static const double c0 = 2.515517, c1 = 0.802853, c2 = 0.010328;
    static const double d1 = 1.432788, d2 = 0.189269, d3 = 0.001308;
    double t = sqrt(-2 * log(q)), target = log(q);
    double x = t - (c0 + t * (c1 + t * c2)) / (1 + t * (d1 + t * (d2 + t * d3)));

    /* From 4.5e-4 on the error is squared each time: the third step is at
     * the last digit. */
    for (int round = 0; round < 4; round++) {
        double tail = stats_normal_upper(x);
        if (!(tail > 0))
            break;
        x += (log(tail) - target) * tail / stats_normal_pdf(x);
    }
    return x;
}

double stats_normal_quantile(double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -INFINITY : INFINITY;
    if (p == 0.5)
        return 0;
    return p < 0.5 ? -normal_upper_quantile(p) : normal_upper_quantile(1 - p);
}

double stats_chi2_cdf(double x, double freedom)
{
    return x <= 0 ? 0 : stats_gamma_p(freedom / 2, x / 2);
}

double stats_chi2_upper(double x, double freedom)
{
    return x <= 0 ? 1 : stats_gamma_q(freedom / 2, x / 2);
}

double stats_chi2_quantile(double p, double freedom)
{
    return 2 * stats_gamma_p_inverse(freedom / 2, p);
}

double stats_t_two_sided(double t, double freedom)
{
    double square = t * t;
    if (isinf(square))
        return 0;
    return stats_beta_lower(freedom / 2, 0.5, freedom / (freedom + square),
                            square / (freedom + square));
}

double stats_t_upper(double t, double freedom)
{
    double half = stats_t_two_sided(t, freedom) / 2;
    return t > 0 ? half : 1 - half;
}

double stats_t_cdf(double t, double freedom)
{
    return stats_t_upper(-t, freedom);
}

double stats_t_quantile(double p, double freedom)
{
    if (!(p >= 0 && p <= 1 && freedom > 0))
        return NAN;
    if (p == 0.5)
        return 0;
    double tail = 2 * (p < 0.5 ? p : 1 - p);
    if (tail == 0)
        return p < 0.5 ? -INFINITY : INFINITY;
    /* Both ends of the beta variable are reached without 1 − x: by the smaller of x and
     * its complement. */
    double x = stats_beta_inverse(freedom / 2, 0.5, tail), t;
    if (x < 0.5) {
        t = sqrt(freedom * (1 - x) / x);
    } else {
        double y = stats_beta_inverse(0.5, freedom / 2, 1 - tail);
        t = sqrt(freedom * y / (1 - y));
    }
    return p < 0.5 ? -t : t;
}

double stats_f_cdf(double x, double d1, double d2)
{
    return x <= 0 ? 0
                  : stats_beta_lower(d1 / 2, d2 / 2, d1 * x / (d1 * x + d2), d2 / (d1 * x + d2));
}

double stats_f_upper(double x, double d1, double d2)
{
    return x <= 0 ? 1
                  : stats_beta_upper(d1 / 2, d2 / 2, d1 * x / (d1 * x + d2), d2 / (d1 * x + d2));
}

double stats_f_quantile(double p, double d1, double d2)
{
    double x = stats_beta_inverse(d1 / 2, d2 / 2, p);
    if (x < 0.5)
        return d2 * x / (d1 * (1 - x));
    double y = stats_beta_inverse(d2 / 2, d1 / 2, 1 - p);
    return d2 * (1 - y) / (d1 * y);
}

double stats_beta_cdf(double x, double a, double b)
{
    if (x <= 0)
        return 0;
    return x >= 1 ? 1 : stats_beta_lower(a, b, x, 1 - x);
}

double stats_beta_quantile(double p, double a, double b)
{
    return stats_beta_inverse(a, b, p);
}

double stats_binomial_cdf(double k, double n, double p)
{
    if (k < 0)
        return 0;
    return k >= n ? 1 : stats_beta_lower(n - k, k + 1, 1 - p, p);
}

double stats_negative_binomial_log_pmf(double k, double r, double p, double q)
{
    if (k == 0)
        return r * log(p);
    return r * log(p) + k * log(q) - stats_lbeta(r, k) - log(k);
}
