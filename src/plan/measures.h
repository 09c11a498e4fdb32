/* What the aggregates share: values collected from the rows a measure selects. */
#ifndef SEGMENT_MEASURES_H
#define SEGMENT_MEASURES_H

#include "plan/steps.h"

/* The values of a stored column that a measure selects, and how many of them are each customer's.
 */
struct collected {
    int64_t *values;
    const uint32_t *counts; /* by lane */
};

/* The selected rows of each customer, by lane: counted once, whichever measures ask. They live in
 * the run's scratch. */
const uint32_t *plan_count_selected(struct run *run, const struct table_view *view,
                                    const struct operand *selected);

/* Collects the known values of the selected rows of a stored column, in the order of rows; what it
 * returns lives in the run's scratch. */
struct collected plan_collect_selected(struct run *run, const struct table_view *view,
                                       const struct operand *selected,
                                       const struct population_column *column);

/* out[lane] becomes the argument's value at a row, in the shape of the step, and known. */
void plan_take_argument(const struct step *step, const struct operand *argument, size_t row,
                        struct vector *out, size_t lane);

#endif
