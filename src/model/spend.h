/*
 * How much customers spend: the Gamma-Gamma model of Fader & Hardie (2013), "The
 * Gamma-Gamma model of monetary value", after Colombo & Jiang (1999). Each customer's
 * purchases are gamma with shape p around a mean that varies between customers (inverse
 * gamma: q, γ). It takes customers with x ≥ 1 repeat purchases and their mean value m
 * without the first purchase.
 *
 * The model assumes that how often and how much are unrelated: `correlation` says how
 * far that holds (beyond ±.3 it does not). q is kept above 1, below which the mean is
 * negative or infinite.
 */
#ifndef STRATA_MODEL_SPEND_H
#define STRATA_MODEL_SPEND_H

#include "base/pool.h"
#include "base/text.h"
#include "stats/summary.h"

#include <stdbool.h>

struct json;

struct model_spend_data {
    size_t count;
    const double *x;      /* repeat purchases ≥ 1 */
    const double *mean;   /* their mean value > 0 */
    const double *weight; /* NULL: 1 each */
};

/* Why one mean amount is told of everyone. */
enum model_spend_common {
    MODEL_SPEND_OWN, /* it is not: each customer has their own */
    MODEL_SPEND_FEW,
    MODEL_SPEND_ALIKE,
    MODEL_SPEND_NO_DIFFERENCE, /* the best fit is at the edge q → ∞ */
    MODEL_SPEND_FIRST,         /* there are first purchases only */
    MODEL_SPEND_FAILED         /* Gamma-Gamma did not converge */
};

struct model_spend {
    double p, q, gamma;
    double error[3];      /* of p, q, γ; NaN where there is no curvature */
    double covariance[9]; /* of ln p, ln(q − 1), ln γ */
    bool identified[3];
    double log_likelihood, customers;
    double correlation; /* of x and mean value; NaN when one is constant */
    enum model_spend_common common;
};

/* Maximum likelihood. Where there is nothing to tell customers apart by (fewer than
 * three, amounts all alike, a best fit at q → ∞, none found) it is the common mean of
 * purchases, and says why. Refuses values that are not positive (returns and gifts are
 * to be left out, not averaged in), and no customers at all. */
enum status model_spend_fit(const struct model_spend_data *data, struct pool *pool,
                            struct arena *arena, struct model_spend *out,
                            struct error *error) MUST_USE;
/* One mean for all, the edge of the model: purchases are gamma around the mean of all purchases. */
enum status model_spend_fit_common(const struct model_spend_data *data, enum model_spend_common why,
                                   struct model_spend *out, struct error *error) MUST_USE;
double model_spend_common_mean(const struct model_spend *model);
/* A clause on why; NULL when each customer has a mean of their own. */
const char *model_spend_why_common(const struct model_spend *model);
/* What a simpler model that the amounts do not tell from this one says of customers, as
 * a clause; NULL when all parameters are identified. */
const char *model_spend_simpler(const struct model_spend *model);
/* ln L at given p, q, γ; gradient by ln p, ln(q − 1), ln γ, or NULL. */
double model_spend_log_likelihood(const double parameter[3], const struct model_spend_data *data,
                                  double *gradient);
/* Expected value of one purchase of a customer with x repeat purchases of the given
 * mean (x = 0: of anyone). */
double model_spend_expected(const struct model_spend *model, double x, double mean);
/* Where the customer's own mean value lies with the given probability: an interval of
 * the mean, parameters as known. */
struct stats_interval model_spend_interval(const struct model_spend *model, double x, double mean,
                                           double level);

void model_spend_write(const struct model_spend *model, struct json *json);
enum status model_spend_read(struct text text, struct model_spend *out,
                             struct error *error) MUST_USE;

#endif
