/*
 * Inside the room: data without groups, to hold data against. Three kinds, because no one of them
 * stands for all that has no structure: uniform over the box along the principal axes; normal with
 * the data's covariances; and unimodal columns, each the unimodal distribution nearest to the
 * data's own, joined by the data's rank correlations (a normal copula), which keeps skewness and
 * lumps of equal values. Categories are shuffled, each by itself, in all of them.
 */
#ifndef STRATA_MODEL_REFERENCE_H
#define STRATA_MODEL_REFERENCE_H

#include "model/grouping.h"
#include "stats/random.h"

enum model_reference_kind {
    MODEL_REFERENCE_UNIFORM,
    MODEL_REFERENCE_NORMAL,
    MODEL_REFERENCE_UNIMODAL,
    MODEL_REFERENCE_KINDS
};

struct model_reference {
    const struct model_matrix *matrix;
    struct model_layout layout;
    double *mean, *axis, *from,
        *to;            /* of the numbers: the box along the principal axes, from the mean */
    double *low, *high; /* columns: smallest and largest value */
    double *normal_root,
        *copula_root; /* lower Cholesky factors of covariances and of rank correlations */
    struct model_margin *margin; /* columns */
};

/* Looks at the data once; the matrix must outlive it. Everything is in the arena. */
void model_reference_new(const struct model_matrix *matrix, const struct model_layout *layout,
                         struct arena *arena, struct model_reference *out);
/* As many rows as the data have, without groups. Any thread, each with a generator of its own. */
void model_reference_draw(const struct model_reference *reference, enum model_reference_kind kind,
                          struct stats_random *random, double *out);

#endif
