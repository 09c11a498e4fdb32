/*
 * How long customers stay: Kaplan–Meier curves, the log-rank test, Cox regression and
 * cohort retention.
 *
 * Time runs from each customer's own start; event says whether the end was seen (1) or
 * the customer is still there (0). Groups must be fixed when the clock starts: grouping
 * by what became of people later is the caller's to refuse.
 */
#ifndef STRATA_MODEL_SURVIVE_H
#define STRATA_MODEL_SURVIVE_H

#include "base/text.h"
#include "stats/inference.h"

#include <stdbool.h>
#include <stdint.h>

struct json;

struct model_lifetimes {
    size_t count;
    const double *time;         /* ≥ 0 */
    const unsigned char *event; /* 1: the end was seen */
};

enum model_interval_form { MODEL_INTERVAL_LOG, MODEL_INTERVAL_LOG_LOG };

/* One step of the curve for every distinct time. */
struct model_survival {
    size_t steps;
    double *time, *at_risk, *events, *survival, *error, *low,
        *high; /* error: Greenwood's, of the survival */
    double median, median_low,
        median_high; /* where curve and bounds first reach ½; ∞ when they do not */
};

/* Kaplan & Meier (1958), pointwise intervals of the given level through ln S (R's
 * default) or ln(−ln S). Refuses times below zero or unknown. */
enum status model_survival_fit(const struct model_lifetimes *data, double level,
                               enum model_interval_form form, struct arena *arena,
                               struct model_survival *out, struct error *error) MUST_USE;
/* The curve's height at a time. */
double model_survival_at(const struct model_survival *curve, double time);

/* The log-rank test of groups 0…groups−1 (Mantel 1966; Peto & Peto 1972): χ² with
 * groups − 1 degrees of freedom (fewer when a group has nobody at risk). expected: one
 * a group, or NULL. */
enum status model_log_rank(const struct model_lifetimes *data, const uint32_t *group, int groups,
                           struct arena *arena, struct stats_test *out, double *expected,
                           struct error *error) MUST_USE;

enum model_ties { MODEL_TIES_EFRON, MODEL_TIES_BRESLOW };

enum { MODEL_COX_COLUMNS_MAX = 200 };

struct model_cox {
    int columns;
    enum model_ties ties;
    double *coefficient, *error; /* per unit of the covariate */
    double *mean;                /* of the covariates: the baseline stands for them */
    double log_likelihood, null_log_likelihood;
    double count, events;
    double concordance;    /* P(the one with the higher risk goes first), ties ½ */
    double *schoenfeld;    /* columns p-values: does the effect change over time? */
    double schoenfeld_all; /* of all together */
    size_t steps;          /* baseline: cumulative hazard after each event time (Breslow's) */
    double *time, *hazard;
};

/* Cox's regression (1972) by Newton's method with halved steps; ties by Efron (1977) or
 * Breslow (1974). covariate: count × columns. The test of proportional hazards
 * correlates scaled Schoenfeld residuals with the Kaplan–Meier transform of time
 * (Grambsch & Therneau 1994). Fails when a covariate is constant or they depend on one
 * another, when nothing ended, and when an effect runs to infinity (a covariate that
 * separates those who left from those who stayed): it names it. */
enum status model_cox_fit(const struct model_lifetimes *data, const double *covariate, int columns,
                          enum model_ties ties, struct arena *arena, struct model_cox *out,
                          struct error *error) MUST_USE;
/* ln of the hazard relative to a customer with mean covariates. */
double model_cox_score(const struct model_cox *model, const double *covariate);
/* P(still there at `time`) of someone new with these covariates. */
double model_cox_survival(const struct model_cox *model, const double *covariate, double time);
void model_cox_write(const struct model_cox *model, struct json *json);
enum status model_cox_read(struct text text, struct arena *arena, struct model_cox *out,
                           struct error *error) MUST_USE;

/* Cohort retention: of the customers of cohort c (0…cohorts−1), which share was active
 * in period p after their start (0…periods−1). Rows are (customer's cohort, period) of
 * activity, one a customer and period; size[c] is how many customers the cohort has,
 * age[c] how many periods of it are over. share: cohorts × periods, NaN where not over
 * yet.
 */
void model_retention(const uint32_t *cohort, const uint32_t *period, size_t count, int cohorts,
                     int periods, const double *size, const int *age, double *share);

#endif
