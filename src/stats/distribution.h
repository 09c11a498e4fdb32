/*
 * Distribution functions and quantiles. `upper` functions give 1 − cdf without cancellation: small
 * p-values keep their digits. Arguments outside the domain give NaN. Pure and thread-safe.
 */
#ifndef STRATA_STATS_DISTRIBUTION_H
#define STRATA_STATS_DISTRIBUTION_H

double stats_normal_pdf(double x);
double stats_normal_cdf(double x);
double stats_normal_upper(double x);
/* The x with cdf(x) = p, 0 < p < 1; ±∞ at the ends. */
double stats_normal_quantile(double p);
/* Two-sided p-value of a standard normal statistic. */
double stats_normal_two_sided(double z);

/* χ² with `freedom` > 0 degrees of freedom. */
double stats_chi2_cdf(double x, double freedom);
double stats_chi2_upper(double x, double freedom);
double stats_chi2_quantile(double p, double freedom);

/* Student's t. */
double stats_t_cdf(double t, double freedom);
double stats_t_upper(double t, double freedom);
double stats_t_two_sided(double t, double freedom);
double stats_t_quantile(double p, double freedom);

/* Fisher's F with d1 and d2 degrees of freedom. */
double stats_f_cdf(double x, double d1, double d2);
double stats_f_upper(double x, double d1, double d2);
double stats_f_quantile(double p, double d1, double d2);

/* Beta(a, b). */
double stats_beta_cdf(double x, double a, double b);
double stats_beta_quantile(double p, double a, double b);

/* Binomial: P(X ≤ k) for k = 0…n successes of chance p. */
double stats_binomial_cdf(double k, double n, double p);
/* ln P(X = k) of the negative binomial Γ(r + k)/(Γ(r) k!) p^r (1 − p)^k, with q = 1 − p given
 * apart. */
double stats_negative_binomial_log_pmf(double k, double r, double p, double q);

#endif
