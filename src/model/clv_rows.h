/*
 * Inside the room: what the likelihoods of clv.h share. Equal histories are one row
 * with a weight; rows are sorted by x, so that all that depends on x alone is computed
 * once for each x and not once for each customer.
 */
#ifndef STRATA_MODEL_CLV_ROWS_H
#define STRATA_MODEL_CLV_ROWS_H

#include "model/clv.h"

/* A history and how many customers have it. */
struct clv_row {
    struct model_history history;
    double weight;
};

struct clv_rows {
    size_t count, groups;
    const struct clv_row *row;      /* sorted by x, t_x, T */
    double *group_x, *group_weight; /* a distinct x each */
    size_t *group_start;            /* groups + 1 */
    double total;                   /* customers */
    double mean_x, mean_t;
};

/* What one stretch of rows with the same x adds: the value and four derivatives by the
 * parameters themselves. */
typedef void clv_stretch(const double *parameter, const struct clv_rows *rows, size_t group,
                         size_t from, size_t to, double sum[5]);
/* What one x adds, times its weight: terms without t_x and T. */
typedef void clv_group(const double *parameter, double x, double weight, double sum[5]);

/* One type of model. */
struct clv_family {
    const char *name, *parameter[4], *simpler;
    const struct clv_family *nobody_leaves; /* what it becomes then: of parameters 0 and 1 alone */
    int buys_alike, leaves_alike; /* the parameter that grows without bound when all customers do */
    clv_group *group;
    clv_stretch *stretch;
    void (*start)(const struct clv_rows *rows, double *parameter);
    double (*alive)(const double *parameter, const struct model_history *history);
    /* ln(alive / (1 − alive)) and its derivatives by the parameters; +∞ for certain.
     * NULL: by differences. */
    double (*alive_odds)(const double *parameter, const struct model_history *history,
                         double by[4]);
    /* Expected purchases of someone who is alive at T. */
    double (*future)(const double *parameter, const struct model_history *history, double ahead);
    double (*new_expected)(const double *parameter, double age);
    double (*new_more_than)(const double *parameter, double age, double n);
    double (*more_than)(const double *parameter, const struct model_history *history, double ahead,
                        double n);
    /* tail[n] = P(more than n ahead | alive) for n = 0, 1, … down to the first at or
     * below `stop`; how many, 0 when that takes more than `most` or would underflow.
     * NULL: one at a time, by more_than. */
    int (*tail)(const double *parameter, const struct model_history *history, double ahead,
                double stop, int most, double *tail);
};

extern const struct clv_family model_clv_family_bgnbd, model_clv_family_mbgnbd,
    model_clv_family_pareto, model_clv_family_bgbb, model_clv_family_nbd,
    model_clv_family_beta_binomial;
const struct clv_family *model_clv_family(enum model_clv_type type);

/* The negative log-likelihood by the parameters' logarithms, as stats_minimise wants it. */
struct clv_likelihood {
    const struct clv_family *family;
    const struct clv_rows *rows;
    struct pool *pool;
    size_t tasks;
    double (*partial)[5]; /* a task each: folded in order, whoever computed them */
    double parameter[4];
};
struct clv_likelihood model_clv_likelihood_of(const struct clv_family *family,
                                              const struct clv_rows *rows, struct pool *pool,
                                              struct arena *arena);
/* context: a struct clv_likelihood. */
double model_clv_negative(const double *x, double *gradient, void *context);

/* Looks for the best fit on the edges of the model where a fit that ended at x
 * (logarithms) leaves parameters open, or did not converge, and puts it in place of
 * `model` where it is as good (clv_edge.c). */
void model_clv_try_edges(const struct clv_likelihood *l, const double *x, bool converged,
                         struct arena *arena, struct model_clv *model);

/* Discounted purchases of someone alive, of which `whole` are expected undiscounted. */
double model_clv_future_discounted(const struct model_clv *model,
                                   const struct model_history *history, double ahead, double rate,
                                   double whole);
/* The chance of being alive, and the ends of its interval at the normal quantile z. */
double model_clv_alive_between(const struct model_clv *model, const struct model_history *history,
                               double z, struct stats_interval *out);

#endif
