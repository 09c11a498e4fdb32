/*
 * Summaries of arrays. NaN is nobody's business here: callers leave unknown values out.
 */
#ifndef STRATA_STATS_SUMMARY_H
#define STRATA_STATS_SUMMARY_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct stats_interval {
    double low, high;
};

/* The sum with Neumaier's correction: as if added in twice the precision. */
double stats_sum(const double *values, size_t count);
double stats_mean(const double *values, size_t count);
/* The sample variance (divisor count − 1); NaN for fewer than two values. */
double stats_variance(const double *values, size_t count);
/* Pearson's correlation; NaN when one side is constant. */
double stats_correlation(const double *a, const double *b, size_t count);
/* Sorts upwards, in place. */
void stats_sort(double *values, size_t count);
/* The order in which values rise (equal ones by index) into order[0…count). */
void stats_order(const double *values, size_t count, uint32_t *order);
/* The quantile of sorted values by linear interpolation between order statistics (Hyndman & Fan's
 * type 7), 0 ≤ p ≤ 1. NaN for count 0. */
double stats_quantile_sorted(const double *sorted, size_t count, double p);
/* As above for values in any order; the copy lives in arena. */
double stats_quantile(const double *values, size_t count, double p, struct arena *arena);
/* Ranks from 1, ties averaged, into ranks. */
void stats_ranks(const double *values, size_t count, struct arena *arena, double *ranks);

#endif
