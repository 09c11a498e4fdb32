/*
 * What customers are worth over a time ahead: how often (clv.h) times how much (spend.h), with an
 * interval beside each figure.
 *
 * The interval of the chance of being alive is of the mean: how far the parameters leave it open.
 * Those of purchases and of value are of the prediction: between what the customer's own will lie
 * with the stated probability. The value of N purchases has the exact chance of being nothing;
 * beyond that it is taken for log-normal with the exact mean and variance of its logarithm, which
 * follow from N's distribution and the Gamma-Gamma model's.
 */
#ifndef STRATA_MODEL_VALUE_H
#define STRATA_MODEL_VALUE_H

#include "model/clv.h"
#include "model/spend.h"

struct model_value {
    const struct model_clv *often;
    const struct model_spend *much; /* NULL: no values */
    double ahead, rate;             /* as for model_clv_discounted */
    double level;                   /* of the intervals, such as .8 */
};

struct model_value_customers {
    size_t count;
    const struct model_history *history;
    const double *paid; /* repeat purchases with an amount; not needed without `much` */
    const double *mean; /* their mean amount; of no account where paid is 0 */
};

enum model_value_column {
    MODEL_VALUE_ALIVE,
    MODEL_VALUE_ALIVE_LOW,
    MODEL_VALUE_ALIVE_HIGH,
    MODEL_VALUE_EXPECTED,
    MODEL_VALUE_EXPECTED_LOW,
    MODEL_VALUE_EXPECTED_HIGH,
    MODEL_VALUE_VALUE, /* expected purchases, discounted, times expected amount */
    MODEL_VALUE_VALUE_LOW,
    MODEL_VALUE_VALUE_HIGH,
    MODEL_VALUE_COLUMNS
};

/* Scores customers in parallel; columns[c] has `count` places, or is NULL where it is not wanted.
 */
void model_value_score(const struct model_value *value,
                       const struct model_value_customers *customers, struct pool *pool,
                       double *const columns[MODEL_VALUE_COLUMNS]);

#endif
