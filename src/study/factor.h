/* Inside the room: scales behind answers. factor.c fits and scores; factor_write.c says what was
 * found. */
#ifndef STRATA_STUDY_FACTOR_H
#define STRATA_STUDY_FACTOR_H

#include "study/limits.h"
#include "study/work.h"

#include "model/factor.h"

struct factor_item {
    const char *name, *text;
};

struct factor_work {
    int items, scales;
    struct factor_item item[FACTOR_ITEMS];
    const char *scale_name[FACTOR_SCALES];
    bool components, raw; /* raw: components of covariances, not of correlations */
    enum model_rotation rotation;
    size_t rows, complete, missing, least; /* least: customers behind the thinnest covariance */
    double *data;                          /* rows × items, NaN for no answer */
    double mean[FACTOR_ITEMS], deviation[FACTOR_ITEMS]; /* raw: deviation 1 */
    double *covariance, *correlation;                   /* items × items, pairwise */
    double *matrix;                                     /* the one of them that is analysed */
    double *loading;                                    /* items × scales: pattern */
    double *structure; /* items × scales: covariance of items and scales, as matrix has them */
    double *weight;    /* items × scales: of complete answers */
    double uniqueness[FACTOR_ITEMS], kmo[FACTOR_ITEMS], kmo_all, explained[FACTOR_SCALES],
        alpha[FACTOR_SCALES];
    double component[FACTOR_SCALES]; /* standard deviations of components */
    double eigenvalue[FACTOR_ITEMS], threshold[FACTOR_ITEMS];
    struct model_factors factors;
    int found; /* by parallel analysis */
};

/* The scale an item bears most on, or −1 when it bears on none. */
int factor_scale_of(const struct factor_work *f, int item);
/* Figures, parameters and the report's section. */
void factor_write(struct work *work, struct factor_work *f);

#endif
