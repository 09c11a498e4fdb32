/* Inside the engine: histories of transactions, shared by fitting, scoring and tracking of customer lifetime value. */
#ifndef STRATA_ENGINE_MODEL_CLV_H
#define STRATA_ENGINE_MODEL_CLV_H

#include "engine/model_work.h"

#include "model/clv.h"

struct clv_options {
    enum model_clv_type type;
    const char *period;
    double days; /* of a period */
    enum calendar_unit unit;
    bool by_period;           /* a transaction is a period, not a day */
    double horizon, discount; /* days; a year */
    double holdout;           /* days at the end to compare with; 0: none */
};

struct clv_customer {
    uint32_t position;
    double first; /* on the model's clock: the first transaction */
    struct model_history history;
    double paid, mean; /* repeat transactions with a value, and their mean; NaN without one */
};

struct clv_data {
    struct model_orders orders;
    size_t count;
    struct clv_customer *customers;
    struct model_history *history; /* the same customers' */
};

enum status clv_read_options(struct model_work *work, struct clv_options *out, struct error *error);
/* Everyone with an order up to `until`, the last moment that counts. */
enum status clv_load(struct model_work *work, const struct clv_options *options, int64_t until, struct clv_data *out,
                     struct error *error);
/* Holds the model against what happened: by week and by frequency, with --holdout on days the fit has not seen. Writes
 * the report's section `tracking` and the figures of quality. */
enum status clv_track(struct model_work *work, const struct clv_options *options, const struct clv_data *data,
                      const struct model_clv *model, struct error *error);

#endif
