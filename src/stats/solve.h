/*
 * One unknown: roots and minima on an interval.
 */
#ifndef STRATA_STATS_SOLVE_H
#define STRATA_STATS_SOLVE_H

/* The root of f between low and high, where f changes sign, by Brent's method (Brent 1973, chapter
 * 4), to a relative tolerance. When f has the same sign at both ends, the end whose value is nearer
 * zero is returned. */
double stats_root(double (*f)(double x, void *context), void *context, double low, double high,
                  double tolerance);

/* The place of a minimum of f between low and high, by golden sections, to an absolute tolerance.
 */
double stats_golden(double (*f)(double x, void *context), void *context, double low, double high,
                    double tolerance);

#endif
