/*
 * Gradient boosted trees through xgboost's C library (Chen & Guestrin 2016). Trees take unknown
 * features (NaN) as they are. xgboost runs on one thread here: its sums, and so its trees, would
 * depend on how many there are.
 */
#ifndef STRATA_MODEL_BOOST_H
#define STRATA_MODEL_BOOST_H

#include "base/text.h"
#include "model/cluster.h"

struct model_boost_options {
    int rounds;          /* 0: 200 */
    int depth;           /* 0: 3 */
    double rate;         /* 0: .05 */
    double subsample;    /* share of the rows for each tree; 0: .8 */
    double columns;      /* share of the features for each tree; 0: .8 */
    double least_weight; /* least sum of second derivatives in a leaf; 0: 1 */
    uint64_t seed;
};

struct model_boost; /* a fitted model; immutable */

/* P(label = 1). features may hold NaN. Refuses labels of one kind only and infinite values. free
 * with model_boost_free.
 */
enum status model_boost_fit(const struct model_matrix *features, const unsigned char *label,
                            const struct model_boost_options *options, struct model_boost **out,
                            struct error *error) MUST_USE;
void model_boost_free(struct model_boost *model);
/* Probabilities of the rows into scores; the features must have the columns of the fit. Not for
 * several threads at once. */
enum status model_boost_score(const struct model_boost *model, const struct model_matrix *features,
                              double *scores, struct error *error) MUST_USE;
/* What each feature adds to the logit of each row (exact Shapley values over the trees): rows ×
 * (columns + 1), the last being the bias. */
enum status model_boost_drivers(const struct model_boost *model,
                                const struct model_matrix *features, double *drivers,
                                struct error *error) MUST_USE;
/* xgboost's own JSON, and back. */
enum status model_boost_write(const struct model_boost *model, struct buffer *out,
                              struct error *error) MUST_USE;
enum status model_boost_read(struct text text, struct model_boost **out,
                             struct error *error) MUST_USE;

#endif
