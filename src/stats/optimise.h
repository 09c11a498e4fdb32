/*
 * Minima of smooth functions of a few parameters (up to some hundreds). Functions may answer +∞ or
 * NaN outside their domain; every method steps back from there and never takes such a point for the
 * answer.
 *
 * Convergence is judged by the relative change of the value AND by the gradient, so that a stop on
 * a non-finite or stale value cannot pass for one.
 */
#ifndef STRATA_STATS_OPTIMISE_H
#define STRATA_STATS_OPTIMISE_H

#include "base/arena.h"

#include <stdbool.h>

/* The value at x[0…n); when gradient is not NULL, also its n partial derivatives. */
typedef double stats_objective(const double *x, double *gradient, void *context);

struct stats_optimum {
    double value;
    int evaluations, iterations;
    double gradient; /* the largest |∂f/∂xᵢ| · max(1, |xᵢ|) / max(1, |f|) at the end */
    bool converged;
    bool fell_back; /* stats_minimise: the first method did not converge, so Nelder and Mead's went
                       between */
};

struct stats_optimise_options {
    double tolerance;      /* relative change of f that counts as none; 0: 1e-12 */
    double gradient;       /* scaled gradient that counts as none; 0: 1e-6 */
    int max_iterations;    /* 0: 500 */
    double max_step;       /* longest move of one parameter in one iteration; 0: 2 */
    const double *inverse; /* stats_bfgs: what is known of the inverse Hessian at the start, n×n,
                            * positive definite, such as that of a sample; NULL: nothing */
};

/* Quasi-Newton with a dense inverse Hessian (BFGS) and a line search for the strong Wolfe
 * conditions (Nocedal & Wright 2006, algorithms 6.1, 3.5 and 3.6). x: start in, answer out. options
 * may be NULL. Scratch memory comes from arena. */
struct stats_optimum stats_bfgs(int n, stats_objective *f, void *context,
                                const struct stats_optimise_options *options, struct arena *arena,
                                double *x);

/* Nelder & Mead's simplex (1965) with the adaptive coefficients of Gao & Han (2012), restarted from
 * its answer until a restart gains nothing. `step` is the size of the first simplex. Uses values
 * only. converged says that the last restart gained less than the tolerance. */
struct stats_optimum stats_nelder_mead(int n, stats_objective *f, void *context, double step,
                                       const struct stats_optimise_options *options,
                                       struct arena *arena, double *x);

/* stats_bfgs; when that does not converge, Nelder–Mead from the better point and BFGS once more. */
struct stats_optimum stats_minimise(int n, stats_objective *f, void *context,
                                    const struct stats_optimise_options *options,
                                    struct arena *arena, double *x);

/* The gradient by central differences with steps of relative size 6e-6: for tests, and for
 * functions without their own.
 */
void stats_numeric_gradient(int n, stats_objective *f, void *context, const double *x,
                            double *scratch, double *gradient);

/* The n×n Hessian at x by central differences of the gradient, made symmetric. scratch has 3n
 * places. */
void stats_numeric_hessian(int n, stats_objective *f, void *context, const double *x, double step,
                           double *scratch, double *hessian);

#endif
