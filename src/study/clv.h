/* Inside the room: histories of transactions, shared by fitting, scoring and tracking of customer
 * lifetime value. */
#ifndef STRATA_STUDY_CLV_H
#define STRATA_STUDY_CLV_H

#include "study/work.h"

#include "model/clv.h"

struct clv_options {
    enum model_clv_type type;
    const char *period;
    double days; /* of a period */
    enum calendar_unit unit;
    bool by_period;           /* a transaction is a period, not a day */
    double horizon, discount; /* days; a year */
    double holdout;           /* days at the end to compare with; 0: none */
    double level;             /* of intervals */
};

struct clv_customer {
    uint32_t position;
    double first; /* on the model's clock: the first transaction */
    struct model_history history;
    double first_spent; /* what the first transaction came to */
    double paid, mean;  /* repeat transactions with a value, and their mean; NaN without one */
};

struct clv_data {
    struct work_orders orders;
    int64_t until; /* the calibration's last moment */
    size_t count;
    struct clv_customer *customers;
    struct model_history *history; /* the same customers' */
    double *paid, *mean;           /* and theirs again, as columns */
    size_t later;                  /* customers first seen after the calibration: left out */
    double unpaid;                 /* repeat transactions that came to nothing or less */
};

enum status clv_read_options(struct work *work, struct clv_options *out, struct error *error);
/* A moment on the model's clock: local days, or numbers of periods; one transaction at each. */
double clv_tick(const struct work *work, const struct clv_options *options, int64_t moment);
/* How many ticks of the clock are a unit of the model's time. */
double clv_ticks(const struct clv_options *options);
/* The last moment that counts when `until` is the last one there is: where transactions are
 * periods, the end of the last whole one. */
int64_t clv_until(const struct work *work, const struct clv_options *options, int64_t until);
/* Everyone with an order up to clv_until. After work_orders_ask. */
enum status clv_load(struct work *work, const struct clv_options *options, int64_t until,
                     struct clv_data *out, struct error *error);
/* Holds the model against what happened: by week and by frequency, with --holdout on days the fit
 * has not seen. Writes the report's section `tracking` and the figures of quality. */
enum status clv_track(struct work *work, const struct clv_options *options,
                      const struct clv_data *data, const struct model_clv *model,
                      struct error *error);

#endif
