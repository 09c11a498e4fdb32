/*
 * How one column of numbers becomes coordinates for clustering: extreme values are pulled in
 * (winsorised), skewed ones taken in logarithms, all brought to mean 0 and standard deviation 1.
 * Unknown values become the median. The choice is made once, on the data of the fit, and holds for
 * whoever comes later.
 */
#ifndef STRATA_MODEL_SCALING_H
#define STRATA_MODEL_SCALING_H

#include <stdbool.h>
#include <stddef.h>

struct model_scaling_options {
    double winsor; /* the share that is pulled in at each end, at most .25 */
    int log; /* 1 where values allow it, 0 never, −1 where they are skewed: skewness above 1 that it
              * lessens by a fifth
              */
    bool scaled; /* false: neither centre nor scale is changed */
};

struct model_scaling {
    bool log;    /* ln(1 + x / unit) */
    double unit; /* 1, or less where values are small: the twentieth part of the positive ones lies
                    below */
    double low, high; /* values beyond are brought here */
    double center, scale;
    double fill; /* the median */
    bool constant;
};

/* values: the known ones, which are sorted in place. None: constant. */
void model_scaling_choose(const struct model_scaling_options *options, double *values, size_t count,
                          struct model_scaling *out);
/* The coordinate of a value; NaN is unknown. */
double model_scaled(const struct model_scaling *scaling, double value);

#endif
