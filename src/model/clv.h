/*
 * How often customers come back: BG/NBD, MBG/NBD, Pareto/NBD and BG/BB on customers'
 * (x, t_x, T).
 *
 * x is the number of repeat transactions (distinct transaction periods − 1), t_x the
 * time of the last one and T the end of the calibration, both counted from the
 * customer's first purchase in one unit of time. x = 0 means t_x = 0. For BG/BB time is
 * counted in transaction opportunities: T is their number, t_x the number of the last
 * one used.
 *
 * Customers of a model buy at a rate of their own (gamma: r, α) until they leave for
 * good:
 *
 * - BG/NBD: after a repeat purchase, with a chance of their own (beta: a, b); before the
 *   first one nobody can;
 * - MBG/NBD: the same, but also after the very first purchase;
 * - Pareto/NBD: at any moment, with a rate of their own (gamma: s, β);
 * - BG/BB: between opportunities (beta: γ, δ), and they buy at each with a chance of their
 *   own (beta: α, β).
 *
 * Sources: Fader, Hardie & Lee (2005), Marketing Science 24(2):275–284; Batislam,
 * Denizel & Filiztekin (2007), IJRM 24:201–209; Schmittlein, Morrison & Colombo (1987),
 * Management Science 33:1–24; Fader & Hardie (2005), "A note on deriving the Pareto/NBD
 * model"; Fader, Hardie & Shang (2010), Marketing Science 29(6):1086–1108.
 */
#ifndef STRATA_MODEL_CLV_H
#define STRATA_MODEL_CLV_H

#include "base/pool.h"
#include "base/text.h"
#include "stats/summary.h"

#include <stdbool.h>

struct json;

enum model_clv_type { MODEL_BGNBD, MODEL_MBGNBD, MODEL_PARETO_NBD, MODEL_BGBB, MODEL_CLV_TYPES };

enum { MODEL_CLV_PARAMETERS = 4 };

/* Where the likelihood is highest on the edge of a model, that edge is a simpler model,
 * and it is what is fitted. */
enum model_clv_edge {
    MODEL_CLV_INSIDE,        /* no edge */
    MODEL_CLV_NOBODY_LEAVES, /* NBD, beta-binomial: parameter 2 is 0, parameter 3 of no account */
    MODEL_CLV_BUY_ALIKE,     /* everyone buys at the same rate */
    MODEL_CLV_LEAVE_ALIKE,   /* everyone has the same chance (rate) of leaving */
    MODEL_CLV_ALIKE_NOBODY_LEAVES, /* Poisson, binomial */
    MODEL_CLV_ALIKE, /* everyone buys at the same rate and has the same chance of leaving */
    MODEL_CLV_EDGES
};

struct model_history {
    double x, tx, t;
};

struct model_clv_data {
    size_t count;
    const struct model_history *history;
    const double *weight; /* NULL: 1 each */
};

struct model_clv {
    enum model_clv_type type;
    double parameter[MODEL_CLV_PARAMETERS]; /* in the order of model_clv_parameter_name */
    double error[MODEL_CLV_PARAMETERS];     /* standard errors; NaN where not identified */
    double covariance[16];                  /* of the parameters' logarithms */
    bool identified[MODEL_CLV_PARAMETERS];  /* false: on a ridge or a bound; the value printed means
                                               little by itself */
    double log_likelihood, customers;
    size_t rows; /* distinct (x, t_x, T) */
    enum model_clv_edge edge;
    int evaluations;
    bool fell_back; /* the quasi-Newton method did not converge by itself; Nelder and Mead's simplex
                       helped it on */
};

/* "bgnbd", "mbgnbd", "pareto-nbd", "bgbb". */
const char *model_clv_type_name(enum model_clv_type type);
/* False when there is no such type. */
bool model_clv_type_parse(const char *name, enum model_clv_type *type);
/* "r", "alpha", "a", "b" and so on. */
const char *model_clv_parameter_name(enum model_clv_type type, int index);
/* What a model becomes on an edge: "NBD (nobody leaves)", or words that follow "the
 * model in which". */
const char *model_clv_edge_name(enum model_clv_type type, enum model_clv_edge edge);
/* The simpler model that the data do not tell apart from this one, or that it became at
 * its edge; NULL when all parameters are identified. */
const char *model_clv_simpler(const struct model_clv *model);

/* Maximum likelihood in the logarithms of the parameters. Equal rows are collapsed into
 * one with a weight. Fails with STATUS_ERROR when a history is impossible (negative,
 * not finite, t_x > T, x > 0 with t_x = 0), when nobody came back, or when no optimiser
 * converges, inside or on an edge: such a fit is not used. A best fit on an edge is
 * `edge`. The answer does not depend on pool (may be NULL). */
enum status model_clv_fit(enum model_clv_type type, const struct model_clv_data *data,
                          struct pool *pool, struct arena *arena, struct model_clv *out,
                          struct error *error) MUST_USE;

/* ln L of `data` at given parameters: for comparing models and for tests. gradient: 4
 * derivatives by the parameters' logarithms, or NULL. */
enum status model_clv_log_likelihood(enum model_clv_type type, const double *parameter,
                                     const struct model_clv_data *data, struct arena *arena,
                                     double *value, double *gradient, struct error *error) MUST_USE;

/* The functions below are pure and thread-safe. `ahead` is a length of time from T on,
 * in the model's unit. */

/* The probability that the customer has not left by T (BG/BB: can still buy at
 * opportunity T + 1). BG/NBD says 1 for x = 0: use another model for churn. */
double model_clv_alive(const struct model_clv *model, const struct model_history *history);
/* Expected transactions in (T, T + ahead]. */
double model_clv_expected(const struct model_clv *model, const struct model_history *history,
                          double ahead);
/* Expected repeat transactions of a new customer within `age` of the first purchase. */
double model_clv_new_expected(const struct model_clv *model, double age);
/* P(more than n repeat transactions of a new customer within `age`); n ≥ 0. The chance
 * of exactly n is the difference of two. */
double model_clv_new_more_than(const struct model_clv *model, double age, double n);
/* P(more than n transactions of this customer in (T, T + ahead]); n ≥ 0. */
double model_clv_more_than(const struct model_clv *model, const struct model_history *history,
                           double ahead, double n);
/* Expected transactions in (T, T + ahead], each discounted from its own moment by (1 +
 * rate)^−t; rate is per unit of time: (1 + d)^(period/year) − 1 for an annual d. */
double model_clv_discounted(const struct model_clv *model, const struct model_history *history,
                            double ahead, double rate);
/* The standard error of the mean of model_clv_expected over `count` customers that
 * comes from the parameters (delta method). */
double model_clv_expected_error(const struct model_clv *model, const struct model_history *history,
                                size_t count, double ahead);
/* Between what the chance of being alive lies by what is known of the parameters: an
 * interval of the mean, by the delta method on the logit. */
struct stats_interval model_clv_alive_interval(const struct model_clv *model,
                                               const struct model_history *history, double level);
/* Between which numbers of transactions the customer's own will lie with at least the
 * given probability, parameters taken as known: a prediction interval. Whole numbers. */
struct stats_interval model_clv_prediction(const struct model_clv *model,
                                           const struct model_history *history, double ahead,
                                           double level);
/* tail[n] = P(more than n transactions in (T, T + ahead] | alive) for n = 0, 1, … down
 * to the first at or below `stop` > 0. Returns how many; 0 when more than `most` would
 * be needed. */
int model_clv_tail(const struct model_clv *model, const struct model_history *history, double ahead,
                   double stop, int most, double *tail);

/* Writes the model as one JSON object; reads it back (json text), with every digit. */
void model_clv_write(const struct model_clv *model, struct json *json);
enum status model_clv_read(struct text text, struct model_clv *out, struct error *error) MUST_USE;

#endif
