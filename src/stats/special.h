/*
 * Special functions that libm lacks. All are pure, thread-safe and free of state; outside their
 * domain they return NaN. Accuracy is held against FLINT/Arb in tests/unit/stats/special.c:
 * relative error below 1e-12 unless a comment says otherwise (for arguments past 1e6 the power in
 * front of the incomplete functions loses digits as its exponent grows).
 *
 * Sources: Abramowitz & Stegun chapters 6, 15 and 26; Loader (2000), "Fast and accurate computation
 * of binomial probabilities", for the form of the densities that does not cancel; Lentz's method
 * for continued fractions.
 */
#ifndef STRATA_STATS_SPECIAL_H
#define STRATA_STATS_SPECIAL_H

#include <stddef.h>

/* ln |Γ(x)|, without the global sign that lgamma writes. +∞ at the poles. */
double stats_lgamma(double x);
/* ln Γ(1 + x) for x > −1, exact in relative terms as x → 0. */
double stats_lgamma1p(double x);
/* ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π) for x > 0: what Stirling's formula leaves over. */
double stats_stirling_rest(double x);
/* ln B(a, b) for a, b > 0; does not cancel when one of them is large. */
double stats_lbeta(double a, double b);
/* ψ(x) = d/dx ln Γ(x), any real x but the poles 0, −1, −2, … (absolute error 1e-14 near its roots).
 */
double stats_digamma(double x);
/* ψ′(x), any real x but the poles. */
double stats_trigamma(double x);

/* ln(1 + x) − x for x > −1, without cancellation near 0. */
double stats_log1pmx(double x);
/* ln(1 − e^−x) for x > 0. */
double stats_log1mexp(double x);
/* ln(1 + e^x), any x. */
double stats_log1pexp(double x);
/* 1 / (1 + e^−x), any x. */
double stats_expit(double x);
/* ln(p / (1 − p)) for 0 ≤ p ≤ 1. */
double stats_logit(double p);
/* ln(e^a + e^b). */
double stats_log_add(double a, double b);
/* ln Σ e^values[i]; −∞ for count 0. */
double stats_log_sum_exp(const double *values, size_t count);

/* The regularised incomplete gamma functions P(a, x) and Q = 1 − P for a > 0, x ≥ 0. Each is exact
 * in relative terms where it is small. */
double stats_gamma_p(double a, double x);
double stats_gamma_q(double a, double x);
/* The x with P(a, x) = p, or with Q(a, x) = q; use the one whose argument is small. */
double stats_gamma_p_inverse(double a, double p);
double stats_gamma_q_inverse(double a, double q);

/* The regularised incomplete beta function I_x(a, b) for a, b > 0, 0 ≤ x ≤ 1, and its complement 1
 * − I_x(a, b). y is 1 − x, given apart so that x close to 1 loses nothing. */
double stats_beta_lower(double a, double b, double x, double y);
double stats_beta_upper(double a, double b, double x, double y);
/* The x with I_x(a, b) = p. */
double stats_beta_inverse(double a, double b, double p);

/* Gauss's ₂F₁(a, b; c; z) for c > 0 and z < 1, by its series, after Pfaff's transformation when z <
 * 0. Meant for a, b > 0; with negative ones it may cancel. Takes some 30 / (1 − z) steps. */
double stats_hyp2f1(double a, double b, double c, double z);
/* Its logarithm for a, b, c > 0 and 0 ≤ z < 1, where the value itself may overflow. */
double stats_log_hyp2f1(double a, double b, double c, double z);

/* Nodes and weights of Gauss–Legendre quadrature on [0, 1]; count 1…64. Computed by Newton's method
 * to full precision.
 */
void stats_gauss_legendre(int count, double *nodes, double *weights);

#endif
