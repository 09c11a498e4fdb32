/* The CDNOW sample as the models take it: purchases of one day merged, calibration to 1997-09-30,
 * weeks = days / 7. */
#ifndef STRATA_TESTS_CDNOW_H
#define STRATA_TESTS_CDNOW_H

#include "model/clv.h"

struct cdnow {
    size_t count; /* 2,357 customers, in the order of their sample numbers */
    struct model_history *history;
    double *repeat_mean; /* mean value of the repeat purchases; NaN without one */
};

/* Days since 1970-01-01 of 19970930. */
long cdnow_day(long yyyymmdd);
struct cdnow cdnow_read(struct arena *arena);

#endif
