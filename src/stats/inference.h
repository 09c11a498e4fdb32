/*
 * Tests and intervals that several rooms share: two groups, many findings, drift, agreement of two
 * groupings.
 */
#ifndef STRATA_STATS_INFERENCE_H
#define STRATA_STATS_INFERENCE_H

#include "stats/summary.h"

#include <stdbool.h>

struct stats_test {
    double estimate;  /* the difference, or the statistic's numerator */
    double error;     /* its standard error */
    double statistic; /* z, t or χ² */
    double freedom;   /* degrees of freedom; 0 for z */
    double p;         /* two-sided */
};

/* Wilson's interval (1927) for `hits` of `count`; level such as .95. [0, 1] for count 0. */
struct stats_interval stats_wilson(double hits, double count, double level);
/* Difference of two proportions a − b: z with the pooled variance; the error is the unpooled one,
 * for intervals. */
struct stats_test stats_two_proportions(double hits_a, double count_a, double hits_b,
                                        double count_b);
/* Difference of two means a − b from means, sample variances and counts, by Welch's t-test. */
struct stats_test stats_welch(double mean_a, double variance_a, double count_a, double mean_b,
                              double variance_b, double count_b);
/* estimate ± the two-sided quantile (t when freedom > 0, else normal) × error. */
struct stats_interval stats_test_interval(const struct stats_test *test, double level);
/* Pearson's χ² for observed against expected counts; freedom = count − 1 − fitted. */
struct stats_test stats_chi2_goodness(const double *observed, const double *expected, size_t count,
                                      int fitted);
/* Pearson's χ² for a rows×columns table of counts; empty rows and columns are left out of the
 * degrees of freedom. */
struct stats_test stats_chi2_table(const double *table, int rows, int columns);

/* Benjamini & Hochberg (1995): adjusted p-values into adjusted (may be p itself). A finding with
 * adjusted ≤ α belongs to a set whose expected share of false ones is at most α (independent or
 * positively dependent tests). */
void stats_benjamini_hochberg(const double *p, size_t count, double *adjusted);

/* The smallest absolute difference of two proportions, above the base rate, that a two-sided test
 * at alpha finds with the given power when `count` customers are split so that `share` of them are
 * treated. By the normal approximation, with the variance under each hypothesis; NaN when no
 * difference up to 1 suffices. */
double stats_detectable_proportion(double count, double share, double base, double alpha,
                                   double power);
/* The same for a mean with the given standard deviation. */
double stats_detectable_mean(double count, double share, double deviation, double alpha,
                             double power);

/* Population stability index Σ (p − q) ln(p / q) of two sets of bin counts. Empty bins count ½. */
double stats_stability_index(const double *now, const double *before, size_t bins);
/* What the index reaches by sampling alone, at the given level: (1/n + 1/m) χ²(level; bins − 1). */
double stats_stability_by_chance(double now_total, double before_total, size_t bins, double level);

/* The adjusted Rand index (Hubert & Arabie 1985) of two groupings with labels 0…groups−1. 1 for
 * equal groupings; 1 too when both put everyone together or everyone apart. */
double stats_adjusted_rand(const uint32_t *a, size_t groups_a, const uint32_t *b, size_t groups_b,
                           size_t count);

#endif
