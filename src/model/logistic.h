/*
 * Logistic regression: the probability of something coming true from a row of features,
 * with an elastic-net penalty or without one.
 *
 * Features are rows × columns without unknowns; they are standardised inside and
 * coefficients are given back in their own units. The penalised objective is −ln L /
 * rows + λ (α Σ|β| + (1 − α)/2 Σ β²) over standardised coefficients, minimised by
 * coordinate descent inside Newton steps (Friedman, Hastie & Tibshirani 2010). Standard
 * errors exist without penalty only.
 */
#ifndef STRATA_MODEL_LOGISTIC_H
#define STRATA_MODEL_LOGISTIC_H

#include "base/pool.h"
#include "base/text.h"
#include "model/cluster.h"
#include "stats/summary.h"

struct json;

enum { MODEL_LOGISTIC_COLUMNS_MAX = 5000 };

struct model_logistic_options {
    /* 0: no penalty; > 0: that much; < 0: chosen by cross-validation (one of 40 between the largest
     * useful one and a thousandth of it, by the mean log loss) */
    double lambda;
    bool cautious; /* chosen: not the λ with the least loss but the largest within a standard error
                      of it */
    double mix;    /* α: 1 lasso, 0 ridge */
    int folds;     /* 0: 10; for cross-validation */
    uint64_t seed; /* for the folds */
};

struct model_logistic {
    int columns;
    double intercept;
    double *coefficient;
    double *error;        /* NULL with a penalty; columns + 1 places, the intercept's last */
    double *mean, *scale; /* of the features: coefficient × scale is the effect of one standard
                           * deviation; scale 0 marks a constant feature, whose coefficient is 0 */
    double lambda, mix, log_likelihood, rows, hits;
    int iterations;
};

/* Refuses unknown values and labels of one kind only. Without penalty it also refuses
 * features that depend on one another and one that separates the labels, naming it;
 * with one it always has an answer. The same for any pool. */
enum status model_logistic_fit(const struct model_matrix *features, const unsigned char *label,
                               const struct model_logistic_options *options, struct pool *pool,
                               struct arena *arena, struct model_logistic *out,
                               struct error *error) MUST_USE;
/* Of each effect (coefficient × scale) of a penalised model, an interval that holds its
 * estimate: the percentile bootstrap over customers of the same fit at the same
 * penalty. Row i is of customer[i] < customers. out: columns intervals; NaN where no
 * draw could be fitted. The same for any pool. */
void model_logistic_intervals(const struct model_logistic *model,
                              const struct model_matrix *features, const unsigned char *label,
                              const uint32_t *customer, size_t customers, size_t draws,
                              double level, uint64_t seed, struct pool *pool, struct arena *arena,
                              struct stats_interval *out);
double model_logistic_score(const struct model_logistic *model, const double *row);
/* What each feature adds to the logit of this row, against a row of means: drivers[columns]. */
void model_logistic_drivers(const struct model_logistic *model, const double *row, double *drivers);
void model_logistic_write(const struct model_logistic *model, struct json *json);
enum status model_logistic_read(struct text text, struct arena *arena, struct model_logistic *out,
                                struct error *error) MUST_USE;

/* fold[i] of 0…folds−1 for each row, at random and with the labels spread evenly over the folds. */
void model_stratified_folds(const unsigned char *label, size_t rows, int folds, uint64_t seed,
                            struct arena *arena, uint32_t *fold);

#endif
