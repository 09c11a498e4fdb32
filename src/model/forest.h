/*
 * Boosted trees for scoring: xgboost's trees laid out flat, so that a million customers take a
 * fraction of a second and any number of threads may score at once. Every tree becomes a complete
 * one of the same depth, its branches beside one another; a shallower leaf stands at all the places
 * below it. Gives the probabilities that xgboost gives.
 */
#ifndef STRATA_MODEL_FOREST_H
#define STRATA_MODEL_FOREST_H

#include "base/text.h"

#include <stdbool.h>

enum { MODEL_FOREST_DEPTH_MAX = 10 };

struct model_forest {
    int columns, trees, depth;
    float base;          /* on the logit scale */
    int *feature;        /* trees × (2^depth − 1) */
    float *threshold;    /* likewise: below goes left */
    unsigned char *left; /* likewise: an unknown feature goes left */
    float *leaf;         /* trees × 2^depth */
};

/* From the JSON of model_boost_write; everything in arena. STATUS_ERROR when it is not that, or
 * deeper than MODEL_FOREST_DEPTH_MAX. */
enum status model_forest_read(struct text text, struct arena *arena, struct model_forest *out,
                              struct error *error) MUST_USE;
/* Which features some tree asks for. */
void model_forest_used(const struct model_forest *forest, bool *used);
/* Probabilities of count rows of `columns` features (NaN: unknown) into scores. */
void model_forest_score(const struct model_forest *forest, const float *rows, size_t count,
                        double *scores);

#endif
