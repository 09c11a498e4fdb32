/*
 * Inside the room: what fits of positive parameters by their logarithms share (clv.h,
 * spend.h). In logarithms nothing has to be held above zero, a step means the same
 * factor everywhere, and a standard error is relative.
 */
#ifndef STRATA_MODEL_LOGARITHMS_H
#define STRATA_MODEL_LOGARITHMS_H

#include <math.h>
#include <stdbool.h>

enum {
    MODEL_LOG_MOST = 40,  /* e^40 of any unit is out of this world: the optimiser is sent back */
    MODEL_LOG_BOUND = 25, /* a fit that ended past e^25 was still on its way to infinity */
};

/* For central differences of gradients. Wider than the best step for exact ones (ε^⅓ =
 * 6e-6), as these carry the rounding of a sum over all customers; what the width itself
 * costs is of the order of its square. */
#define MODEL_LOG_STEP 1e-4

/* Whether the data pin a parameter down: its logarithm is known to less than 1 (a
 * factor of e) and did not run to a bound. */
static inline bool model_log_identified(double logarithm, double error)
{
    return error < 1 && fabs(logarithm) < MODEL_LOG_BOUND;
}

#endif
