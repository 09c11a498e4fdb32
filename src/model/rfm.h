/*
 * Recency, frequency and monetary value: three scores of 1…bins for each customer, best highest,
 * and a grid of eleven named cells that holds every customer exactly once.
 *
 * Ties. MODEL_RFM_QUANTILE (ours): cut points are the type-7 quantiles at i/bins; a value belongs
 * to the lowest bin whose cut point it does not exceed. Equal values always share a bin, so bins
 * are as even as the ties allow and no more. MODEL_RFM_PACKAGE: the rule of the R package rfm
 * 0.3.0, for comparing with its reports: a value belongs to the lowest bin whose cut point plus one
 * exceeds it. For whole numbers that is our rule with cut points rounded up; for fractions below
 * one it is not to be recommended. MODEL_RFM_FIXED: cut points are given.
 */
#ifndef STRATA_MODEL_RFM_H
#define STRATA_MODEL_RFM_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct json;

enum model_rfm_rule { MODEL_RFM_QUANTILE, MODEL_RFM_PACKAGE, MODEL_RFM_FIXED };

enum { MODEL_RFM_BINS_MAX = 10, MODEL_RFM_CELLS = 11 };

struct model_rfm_data {
    size_t count;
    const double *recency;   /* days since the last purchase, ≥ 0 */
    const double *frequency; /* purchases */
    const double *monetary;
};

struct model_rfm_options {
    int bins; /* 2…10; 0: 5 */
    enum model_rfm_rule rule;
    double cuts[3][MODEL_RFM_BINS_MAX -
                   1]; /* MODEL_RFM_FIXED: of recency, frequency, monetary; strictly rising */
};

struct model_rfm {
    int bins;
    double cuts[3]
               [MODEL_RFM_BINS_MAX - 1]; /* bins − 1 upper ends, which still belong to their bin */
};

/* Finds the cut points. Refuses an empty base, values that are not finite and cut points that do
 * not rise. */
enum status model_rfm_fit(const struct model_rfm_data *data,
                          const struct model_rfm_options *options, struct arena *arena,
                          struct model_rfm *out, struct error *error) MUST_USE;
/* The three scores, recency, frequency, monetary: 1…bins; the most recent have the highest recency
 * score. */
void model_rfm_score(const struct model_rfm *model, double recency, double frequency,
                     double monetary, int scores[3]);
/* The scores as one number of three digits, 555 for the best of five bins; meant for at most nine
 * bins. */
int model_rfm_code(const int scores[3]);
/* Which named cell: 0…MODEL_RFM_CELLS − 1, from recency and the mean of frequency and monetary,
 * both brought to 1…5. */
int model_rfm_cell(const struct model_rfm *model, const int scores[3]);
/* "champions", "loyal", …; a name the segment language can use. */
const char *model_rfm_cell_name(int cell);
/* What the cell means, for people. */
const char *model_rfm_cell_meaning(int cell);

void model_rfm_write(const struct model_rfm *model, struct json *json);
enum status model_rfm_read(struct text text, struct model_rfm *out, struct error *error) MUST_USE;

#endif
