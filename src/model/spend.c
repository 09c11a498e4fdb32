/*
 * The fit of the Gamma-Gamma model, and what it says of a customer: the own mean of x
 * purchases counts for px of px + q − 1 parts, the mean of all for the rest, so few
 * purchases are believed less than many.
 *
 * Fitted by the logarithms of p, q − 1 and γ, since the mean pγ/(q−1) exists only for q
 * above 1. Where customers do not differ, q grows without bound; that edge is one mean
 * for all, and fitted as such.
 */
#include "model/spend.h"

#include "base/json.h"
#include "model/json_read.h"
#include "model/logarithms.h"
#include "stats/linear.h"
#include "stats/optimise.h"
#include "stats/solve.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

enum {
    CUSTOMERS_A_TASK = 2048,
    PARAMETERS = 3,
    CELLS = PARAMETERS * PARAMETERS, /* of their covariance */
};

struct likelihood {
    const struct model_spend_data *data;
    struct pool *pool;
    double (*partial)[4];
    double p, q, gamma;
    double log_b, digamma_q; /* ln Γ(q), ψ(q) */
};

/* ln L of one customer: ln Γ(px+q) − ln Γ(px) − ln Γ(q) + q ln γ + px ln(xm) − ln m − (px+q)
 * ln(γ+xm), written with ln B(px, q) and with logarithms of ratios. */
static void add_customer(const struct likelihood *l, double x, double mean, double weight,
                         double sum[4])
{
    double shape = l->p * x, total = x * mean, all = l->gamma + total;
    double log_spent = log(total / all), log_rest = log(l->gamma / all);
    double both = stats_digamma(shape + l->q);
    sum[0] += weight * (l->q * log_rest + shape * log_spent - log(mean) - stats_lbeta(shape, l->q));
    sum[1] += weight * x * (both - stats_digamma(shape) + log_spent);
    sum[2] += weight * (both - l->digamma_q + log_rest);
    sum[3] += weight * (l->q * total / l->gamma - shape) / all;
}

static void run_task(void *context, size_t task, int worker)
{
    struct likelihood *l = context;
    (void)worker;
    size_t end = (task + 1) * CUSTOMERS_A_TASK;
    end = end < l->data->count ? end : l->data->count;
    memset(l->partial[task], 0, sizeof l->partial[task]);
    for (size_t i = task * CUSTOMERS_A_TASK; i < end; i++)
        add_customer(l, l->data->x[i], l->data->mean[i], l->data->weight ? l->data->weight[i] : 1,
                     l->partial[task]);
}

static double evaluate(const double *x, double *gradient, void *context)
{
    struct likelihood *l = context;
    double sum[4] = {0};
    for (int i = 0; i < 3; i++)
        if (!(fabs(x[i]) < MODEL_LOG_MOST))
            return INFINITY;

    /* Once for all customers, before the workers read it. */
    l->p = exp(x[0]);
    l->q = 1 + exp(x[1]);
    l->gamma = exp(x[2]);
    l->digamma_q = stats_digamma(l->q);

    size_t tasks = (l->data->count + CUSTOMERS_A_TASK - 1) / CUSTOMERS_A_TASK;
    pool_run(l->pool, tasks, run_task, l);
    for (size_t task = 0; task < tasks; task++)
        for (int i = 0; i < 4; i++)
            sum[i] += l->partial[task][i];

    if (gradient) {
        gradient[0] = -sum[1] * l->p;
        gradient[1] = -sum[2] * (l->q - 1);
        gradient[2] = -sum[3] * l->gamma;
    }
    return -sum[0];
}

double model_spend_log_likelihood(const double parameter[3], const struct model_spend_data *data,
                                  double *gradient)
{
    double x[3] = {log(parameter[0]), log(parameter[1] - 1), log(parameter[2])};
    struct arena arena;
    arena_init(&arena, 0);
    struct likelihood l = {.data = data};
    l.partial = arena_array(&arena, data->count / CUSTOMERS_A_TASK + 1, sizeof *l.partial);
    double value = -evaluate(x, gradient, &l);
    for (int i = 0; gradient && i < 3; i++)
        gradient[i] = -gradient[i];
    arena_release(&arena);
    return value;
}

static enum status check(const struct model_spend_data *data, double *level,
                         enum model_spend_common *common, struct error *error)
{
    double sum = 0, least = INFINITY, most = 0;
    for (size_t i = 0; i < data->count; i++) {
        double x = data->x[i], mean = data->mean[i];
        if (!(x >= 1 && isfinite(x)))
            return error_set(error, STATUS_ERROR,
                             "customer %zu has %g repeat purchases; Gamma-Gamma takes 1 or more",
                             i + 1, x);
        if (!(mean > 0 && isfinite(mean)))
            return error_set(
                error, STATUS_ERROR,
                "customer %zu has the mean value %g; Gamma-Gamma takes positive values", i + 1,
                mean);
        sum += mean;
        least = fmin(least, mean);
        most = fmax(most, mean);
    }

    if (data->count == 0)
        return error_set(error, STATUS_ERROR, "there is no purchase with an amount");

    /* Three parameters cannot come from fewer than three customers; and means that
     * differ by the rounding of their sums do not differ. */
    const double rounding = 1e-12 * most;
    if (data->count < PARAMETERS)
        *common = MODEL_SPEND_FEW;
    else
        *common = most - least <= rounding ? MODEL_SPEND_ALIKE : MODEL_SPEND_OWN;
    *level = sum / (double)data->count;
    return STATUS_OK;
}

static void describe_uncertainty(struct likelihood *l, const double *x, struct model_spend *out)
{
    double scratch[3 * PARAMETERS], hessian[CELLS];
    double slope[PARAMETERS] = {out->p, out->q - 1, out->gamma};
    stats_numeric_hessian(PARAMETERS, evaluate, l, x, MODEL_LOG_STEP, scratch, hessian);
    bool curved = stats_cholesky(PARAMETERS, hessian);

    for (int i = 0; i < CELLS; i++)
        out->covariance[i] = NAN;
    if (curved)
        stats_cholesky_inverse(PARAMETERS, hessian, out->covariance);
    for (int i = 0; i < PARAMETERS; i++) {
        double relative = curved ? sqrt(out->covariance[i * 4]) : NAN;
        out->error[i] = relative * slope[i];
        out->identified[i] = model_log_identified(x[i], relative);
    }
}

/* ---- the edge: one mean for all ---- */

/* Without bound: customers' means then differ by a thirty-thousandth of themselves, and nothing
 * overflows. */
static const double COMMON_Q = 1e9;

struct common_fit {
    const struct model_spend_data *data;
    double mean;
};

/* The negative log-likelihood of p when every purchase is gamma with shape p around one mean: a
 * customer's mean of x is gamma with shape px. What the Gamma-Gamma likelihood tends to as q grows.
 */
static double common_negative(double log_p, void *context)
{
    const struct common_fit *fit = context;
    double p = exp(log_p), sum = 0;
    for (size_t i = 0; i < fit->data->count; i++) {
        double shape = p * fit->data->x[i], ratio = fit->data->mean[i] / fit->mean;
        double weight = fit->data->weight ? fit->data->weight[i] : 1;
        sum += weight * (shape * (log(shape) + log(ratio) - ratio) - log(fit->data->mean[i]) -
                         stats_lgamma(shape));
    }
    return -sum;
}

enum status model_spend_fit_common(const struct model_spend_data *data, enum model_spend_common why,
                                   struct model_spend *out, struct error *error)
{
    const double least = log(1e-3),
                 most = log(1e6); /* of p: purchases scattered over decades, or all but equal */
    double level, total = 0, purchases = 0, customers = 0;
    enum model_spend_common ignored;

    TRY(check(data, &level, &ignored, error));
    for (size_t i = 0; i < data->count; i++) {
        double weight = data->weight ? data->weight[i] : 1;
        total += weight * data->x[i] * data->mean[i];
        purchases += weight * data->x[i];
        customers += weight;
    }

    struct common_fit fit = {data, total / purchases};
    const double tolerance = 1e-8; /* about √ε: a minimum's place is not sharper than that */
    double log_p = why == MODEL_SPEND_ALIKE
                       ? most
                       : stats_golden(common_negative, &fit, least, most, tolerance);

    /* In the Gamma-Gamma's own parameters, so that whoever reads the model needs no second kind. */
    *out =
        (struct model_spend){.p = exp(log_p), .q = COMMON_Q, .common = why, .customers = customers};
    out->gamma = fit.mean * (out->q - 1) / out->p;
    out->log_likelihood = -common_negative(log_p, &fit);
    out->correlation = stats_correlation(data->x, data->mean, data->count);
    for (int i = 0; i < 3; i++)
        out->error[i] = NAN;
    for (int i = 0; i < CELLS; i++)
        out->covariance[i] = NAN;
    return STATUS_OK;
}

double model_spend_common_mean(const struct model_spend *model)
{
    return model->p * model->gamma / (model->q - 1);
}

/* Where the fit leaves open how much customers differ, or was not found, the common mean is tried;
 * it is used where it is as good, to a thousandth of log-likelihood. */
static enum status prefer_common(const struct model_spend_data *data, bool converged,
                                 struct model_spend *out, struct error *error)
{
    const double as_good = 1e-3;
    struct model_spend simple;
    if (converged && out->identified[1] && out->identified[2])
        return STATUS_OK;
    TRY(model_spend_fit_common(data, converged ? MODEL_SPEND_NO_DIFFERENCE : MODEL_SPEND_FAILED,
                               &simple, error));
    if (!converged || simple.log_likelihood >= out->log_likelihood - as_good)
        *out = simple;
    return STATUS_OK;
}

enum status model_spend_fit(const struct model_spend_data *data, struct pool *pool,
                            struct arena *arena, struct model_spend *out, struct error *error)
{
    double level = 1;
    enum model_spend_common common;
    TRY(check(data, &level, &common, error));
    if (common)
        return model_spend_fit_common(data, common, out, error);

    struct likelihood l = {.data = data, .pool = pool};
    l.partial = arena_array(arena, data->count / CUSTOMERS_A_TASK + 1, sizeof *l.partial);
    double x[3] = {
        log(3), log(2),
        log(level)}; /* mean pγ/(q−1) = 1.5 × the level: near enough for any unit of money */

    struct stats_optimum best = stats_minimise(3, evaluate, &l, NULL, arena, x);
    *out = (struct model_spend){
        .p = exp(x[0]), .q = 1 + exp(x[1]), .gamma = exp(x[2]), .log_likelihood = -best.value};

    for (size_t i = 0; i < data->count; i++)
        out->customers += data->weight ? data->weight[i] : 1;
    out->correlation = stats_correlation(data->x, data->mean, data->count);
    describe_uncertainty(&l, x, out);
    return prefer_common(data, best.converged, out, error);
}

const char *model_spend_why_common(const struct model_spend *model)
{
    static const char *const reasons[] = {
        [MODEL_SPEND_FEW] = "fewer than three customers have a repeat purchase with an amount",
        [MODEL_SPEND_ALIKE] = "all spend alike",
        [MODEL_SPEND_NO_DIFFERENCE] = "customers differ no more than their own purchases do",
        [MODEL_SPEND_FIRST] =
            "nobody has a repeat purchase with an amount, so it is that of first purchases",
        [MODEL_SPEND_FAILED] = "the Gamma-Gamma model could not be fitted to these amounts",
    };
    return model->common ? reasons[model->common] : NULL;
}

/* Without q or γ it is how much customers differ that stays open, without p alone how much a
 * customer's purchases do.
 */
const char *model_spend_simpler(const struct model_spend *model)
{
    if (model->common)
        return NULL;
    if (!model->identified[1] || !model->identified[2])
        return "all customers have the same mean amount";
    return model->identified[0] ? NULL : "all purchases of a customer have the same amount";
}

double model_spend_expected(const struct model_spend *model, double x, double mean)
{
    if (model->common)
        return model_spend_common_mean(model);
    return model->p * (model->gamma + x * mean) / (model->p * x + model->q - 1);
}

struct stats_interval model_spend_interval(const struct model_spend *model, double x, double mean,
                                           double level)
{
    /* The customer's rate ν is Gamma(px+q, γ+xm) and the mean value p/ν. */
    if (model->common)
        return (struct stats_interval){model_spend_common_mean(model),
                                       model_spend_common_mean(model)};
    double shape = model->p * x + model->q, top = model->p * (model->gamma + x * mean),
           tail = (1 - level) / 2;
    return (struct stats_interval){top / stats_gamma_q_inverse(shape, tail),
                                   top / stats_gamma_p_inverse(shape, tail)};
}

void model_spend_write(const struct model_spend *model, struct json *json)
{
    json_write_object(json);
    json_put_string(json, "type", "gamma-gamma");
    model_json_put(json, "p", model->p);
    model_json_put(json, "q", model->q);
    model_json_put(json, "gamma", model->gamma);
    model_json_put_all(json, "errors", model->error, 3);
    model_json_put_all(json, "covariance_of_logarithms", model->covariance, CELLS);

    json_put_array(json, "identified");
    for (int i = 0; i < 3; i++)
        json_write_integer(json, model->identified[i]);
    json_write_end_array(json);

    model_json_put(json, "log_likelihood", model->log_likelihood);
    model_json_put(json, "customers", model->customers);
    model_json_put(json, "correlation", model->correlation);
    model_json_put(json, "common", model->common);
    json_write_end_object(json);
}

enum status model_spend_read(struct text text, struct model_spend *out, struct error *error)
{
    struct model_json reader;
    double identified[3];

    TRY(model_json_open(&reader, text, "spending model", error));
    *out = (struct model_spend){.p = model_json_number(&reader, "p"),
                                .q = model_json_number(&reader, "q"),
                                .gamma = model_json_number(&reader, "gamma")};
    model_json_numbers(&reader, "errors", out->error, 3);
    model_json_numbers(&reader, "covariance_of_logarithms", out->covariance, CELLS);
    model_json_numbers(&reader, "identified", identified, 3);
    for (int i = 0; i < 3; i++)
        out->identified[i] = identified[i] != 0;

    out->log_likelihood = model_json_number(&reader, "log_likelihood");
    out->customers = model_json_number(&reader, "customers");
    out->correlation = model_json_number_or_nan(&reader, "correlation");
    double common = model_json_number_or(&reader, "common",
                                         MODEL_SPEND_OWN); /* models saved before have none */
    out->common = common > 0 && common <= MODEL_SPEND_FAILED ? (enum model_spend_common)common
                                                             : MODEL_SPEND_OWN;

    if (!(out->p > 0 && out->q > 1 && out->gamma > 0))
        model_json_fail(&reader, "p and gamma must be positive and q above 1");
    return model_json_close(&reader, error);
}
