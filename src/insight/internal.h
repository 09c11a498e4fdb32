/* What the files of insight share. */
#ifndef STRATA_INSIGHT_INTERNAL_H
#define STRATA_INSIGHT_INTERNAL_H

#include "insight/insight.h"

/* The value at a position as a double; it must be a number and known. */
double insight_number(const struct plan_values *values, size_t position);

#endif
