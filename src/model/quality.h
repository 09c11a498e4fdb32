/*
 * How good predicted probabilities are: ranking, probability and calibration measures,
 * with intervals that resample customers. Labels are 0 or 1; weights are 1. Measures
 * that need both labels are NaN when one is absent.
 */
#ifndef STRATA_MODEL_QUALITY_H
#define STRATA_MODEL_QUALITY_H

#include "base/pool.h"
#include "stats/summary.h"

#include <stdbool.h>

enum { MODEL_QUALITY_BINS = 10 };

struct model_quality {
    double count, hits;
    double auc;       /* area under the ROC curve: ties count one half */
    double pr_auc;    /* average precision: equal scores form one step */
    double log_loss;  /* mean −ln P(label); probabilities are kept within 1e-15 of 0 and 1 */
    double brier;     /* mean squared error */
    double intercept; /* of the logistic regression of the label on logit(p), slope fixed at 1: 0
                         when calibrated */
    double slope;     /* of that regression with a free slope: 1 when calibrated, below when
                         overconfident */
};

struct model_quality_bin {
    double count, hits, mean; /* mean predicted probability */
    double low, high;         /* Wilson's 95% interval of the share of hits */
    double lift;              /* share of hits here over the share of hits overall */
};

/* label[i] ∈ {0, 1}, predicted[i] ∈ [0, 1]. Scratch comes from arena. */
struct model_quality model_quality_of(const unsigned char *label, const double *predicted,
                                      size_t count, struct arena *arena);
/* Ten bins of (nearly) equal size, highest predictions first; equal predictions are
 * shared out evenly over the bins they straddle, so that no order among them matters. */
void model_quality_bins(const unsigned char *label, const double *predicted, size_t count,
                        struct arena *arena, struct model_quality_bin bins[MODEL_QUALITY_BINS]);
/* Percentile intervals of each measure by `draws` bootstrap resamples of customers;
 * customer[i] is who row i belongs to, 0…customers−1 (NULL: each row is a customer).
 * The same for any pool. low and high hold the ends. */
void model_quality_bootstrap(const unsigned char *label, const double *predicted, size_t count,
                             const uint32_t *customer, size_t customers, int draws, double level,
                             uint64_t seed, struct pool *pool, struct model_quality *low,
                             struct model_quality *high);
/* The same for the difference in AUC of two predictions a − b of the same rows:
 * positive low end means a is better. */
struct stats_interval model_quality_auc_difference(const unsigned char *label, const double *a,
                                                   const double *b, size_t count,
                                                   const uint32_t *customer, size_t customers,
                                                   int draws, double level, uint64_t seed,
                                                   struct pool *pool);
/* The same for the difference in log loss a − b, whose mean is *difference: a negative
 * high end means a is better. */
struct stats_interval model_quality_loss_difference(const unsigned char *label, const double *a,
                                                    const double *b, size_t count,
                                                    const uint32_t *customer, size_t customers,
                                                    int draws, double level, uint64_t seed,
                                                    struct pool *pool, double *difference);

#endif
