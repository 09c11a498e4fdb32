/*
 * Cox regression (Cox 1972), ties after Efron (1977) or Breslow (1974). Customers are
 * walked from the latest time to the earliest, so that sums over everyone still at risk
 * grow one by one: a step costs rows × covariates², whatever the number of events.
 * Covariates are centred and scaled first: the effects are found in standard
 * deviations, where Newton's steps are safe, and turned back at the end.
 */
#include "base/json.h"
#include "model/json_read.h"
#include "model/survive.h"
#include "stats/distribution.h"
#include "stats/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct partial {
    const struct model_lifetimes *data;
    const uint32_t *order; /* by rising time */
    const double *z;       /* count × columns, standardised */
    int columns;
    enum model_ties ties;
    double *sums;          /* over the risk set: 1 + p + p·p */
    double *tied;          /* the same over the events of one time */
    double *mean, *square; /* p, p·p: of one tied event */
    double *residual;      /* Schoenfeld residuals, events × p, latest first; or NULL */
    double *event_time;    /* their times */
};

static void add_person(double *sums, const double *z, int p, double weight)
{
    sums[0] += weight;
    for (int a = 0; a < p; a++) {
        sums[1 + a] += weight * z[a];
        for (int b = 0; b <= a; b++)
            sums[1 + p + a * p + b] += weight * z[a] * z[b];
    }
}

/* One of `count` tied events: Efron takes a growing share of the tied ones out of the risk set. */
static double add_event(struct partial *l, double share, double weight, double *gradient,
                        double *information)
{
    int p = l->columns;
    double total = l->sums[0] - share * l->tied[0];
    for (int a = 0; a < p; a++) {
        l->mean[a] = (l->sums[1 + a] - share * l->tied[1 + a]) / total;
        gradient[a] -= weight * l->mean[a];
        for (int b = 0; b <= a; b++)
            information[a * p + b] +=
                weight *
                ((l->sums[1 + p + a * p + b] - share * l->tied[1 + p + a * p + b]) / total -
                 l->mean[a] * l->mean[b]);
    }
    return -weight * log(total);
}

/* Everybody of the time at place *at − 1 enters the risk set, those with an event the tied
 * sums too. *at moves to the first of them. */
static void enter_time(struct partial *l, const double *beta, size_t *at, double *gradient,
                       double *value, double *count)
{
    int p = l->columns;
    double time = l->data->time[l->order[*at - 1]];

    for (; *at > 0 && l->data->time[l->order[*at - 1]] == time; --*at) {
        const double *z = l->z + l->order[*at - 1] * (size_t)p;
        double eta = 0;
        for (int a = 0; a < p; a++)
            eta += beta[a] * z[a];
        add_person(l->sums, z, p, exp(eta));
        if (!l->data->event[l->order[*at - 1]])
            continue;
        ++*count;
        *value += eta;
        add_person(l->tied, z, p, exp(eta));
        for (int a = 0; a < p; a++)
            gradient[a] += z[a];
    }
}

/* Residuals of tied events share the mean over their steps, as in Grambsch and Therneau's
 * test. The latest first. */
static void keep_residuals(struct partial *l, size_t from, size_t end, const double *average,
                           size_t *events)
{
    size_t p = (size_t)l->columns;
    for (size_t j = end; j > from; j--) {
        uint32_t who = l->order[j - 1];
        if (!l->data->event[who])
            continue;
        for (size_t a = 0; a < p; a++)
            l->residual[*events * p + a] = l->z[who * p + a] - average[a];
        l->event_time[(*events)++] = l->data->time[who];
    }
}

/* ln partial likelihood with gradient and information; residuals too when l->residual is set.
 * Returns the number of events through *events. */
static double partial_likelihood(struct partial *l, const double *beta, double *gradient,
                                 double *information, size_t *events)
{
    int p = l->columns;
    size_t places = 1 + (size_t)p + (size_t)p * (size_t)p, n = l->data->count;
    double value = 0;

    memset(l->sums, 0, sizeof *l->sums * places);
    memset(gradient, 0, sizeof *gradient * (size_t)p);
    memset(information, 0, sizeof *information * (size_t)(p * p));
    *events = 0;

    /* All of one time enter the risk set before its events are counted: who leaves then
     * was still there. */
    for (size_t i = n; i > 0;) {
        double count = 0;
        size_t end = i;
        memset(l->tied, 0, sizeof *l->tied * places);
        enter_time(l, beta, &i, gradient, &value, &count);

        double *average = l->square; /* mean covariates of the risk set, over the tied events */
        memset(average, 0, sizeof *average * (size_t)p);
        for (double e = 0; e < count; e++) {
            value +=
                add_event(l, l->ties == MODEL_TIES_EFRON ? e / count : 0, 1, gradient, information);
            for (int a = 0; a < p; a++)
                average[a] += l->mean[a] / count;
        }

        if (l->residual)
            keep_residuals(l, i, end, average, events);
        else
            *events += (size_t)count;
    }

    for (int a = 0; a < p; a++)
        for (int b = 0; b < a; b++)
            information[b * p + a] = information[a * p + b];
    return value;
}

static enum status standardise(const double *covariate, size_t n, int p, double *z, double *mean,
                               double *deviation, struct error *error)
{
    for (int a = 0; a < p; a++) {
        double sum = 0;
        mean[a] = 0;
        for (size_t i = 0; i < n; i++) {
            double x = covariate[i * (size_t)p + (size_t)a];
            if (!isfinite(x))
                return error_set(error, STATUS_ERROR, "covariate %d of customer %zu is unknown",
                                 a + 1, i + 1);
            mean[a] += x / (double)n;
        }

        for (size_t i = 0; i < n; i++) {
            double gap = covariate[i * (size_t)p + (size_t)a] - mean[a];
            sum += gap * gap;
        }

        deviation[a] = sqrt(sum / (double)n);

        /* What is below the rounding of the mean is no spread; 1e-300 for a mean of 0. */
        if (!(deviation[a] > 1e-12 * (fabs(mean[a]) + 1e-300)))
            return error_set(error, STATUS_ERROR, "covariate %d is the same for everyone", a + 1);
        for (size_t i = 0; i < n; i++)
            z[i * (size_t)p + (size_t)a] =
                (covariate[i * (size_t)p + (size_t)a] - mean[a]) / deviation[a];
    }

    return STATUS_OK;
}

enum { NEWTON_ROUNDS = 60 }; /* a handful are usual; the others are for effects near their bound */

/* Newton's method from zero. information holds the Cholesky factor at the end. */
static enum status climb(struct partial *l, double *beta, double *trial, double *gradient,
                         double *information, double *value, double *null_value,
                         struct error *error)
{
    int p = l->columns;
    size_t events;

    *value = *null_value = partial_likelihood(l, beta, gradient, information, &events);
    if (events == 0)
        return error_set(error, STATUS_ERROR,
                         "nobody's end was seen: there is nothing to learn from");

    for (int round = 0; round < NEWTON_ROUNDS; round++) {
        if (!stats_cholesky(p, information))
            return error_set(error, STATUS_ERROR,
                             "the covariates depend on one another: leave one out");
        stats_cholesky_solve(p, information, gradient);
        double largest = 0, before = *value, size = 1;
        for (int a = 0; a < p; a++)
            largest = fmax(largest, fabs(gradient[a]));
        double *step = trial + p;
        memcpy(step, gradient, sizeof *step * (size_t)p);

        /* The likelihood is concave, but a whole step may still overshoot. A rise that
         * is lost in the rounding of a sum over all customers (1e-10) counts as one. */
        for (;; size /= 2) {
            for (int a = 0; a < p; a++)
                trial[a] = beta[a] + size * step[a];
            *value = partial_likelihood(l, trial, gradient, information, &events);
            if (*value >= before - 1e-10 * fabs(before) || size < 1e-6) /* 20 halvings */
                break;
        }

        memcpy(beta, trial, sizeof *beta * (size_t)p);
        for (int a = 0; a < p; a++)
            if (fabs(beta[a]) > 12) /* e¹² for one standard deviation: no such effect is real */
                return error_set(error, STATUS_ERROR,
                                 "covariate %d separates those who left from those who stayed: its "
                                 "effect is without bound",
                                 a + 1);

        /* Steps fall quadratically: after one of 1e-6 standard deviations the next is nothing. */
        if (largest < 1e-9 || (largest < 1e-6 && *value - before < 1e-12 * fabs(before)))
            return stats_cholesky(p, information)
                       ? STATUS_OK
                       : error_set(error, STATUS_ERROR,
                                   "the covariates depend on one another: leave one out");
    }

    return error_set(error, STATUS_ERROR, "Cox regression did not converge");
}

static const double CURVE_LEVEL = 0.95; /* the curve's intervals are not looked at here */

/* Grambsch & Therneau's test with g(t) = 1 − Kaplan–Meier just before t: for each covariate and for
 * all. */
static void schoenfeld(struct partial *l, const double *factor, size_t events, struct arena *arena,
                       struct model_cox *out)
{
    int p = l->columns;
    struct model_survival curve;
    double *inverse = ARENA_ARRAY(arena, double, (size_t)p *(size_t)p),
           *g = ARENA_ARRAY(arena, double, events), mean = 0, square = 0,
           *sum = ARENA_ARRAY(arena, double, p), *scaled = ARENA_ARRAY(arena, double, p);

    stats_cholesky_inverse(p, factor, inverse);
    if (model_survival_fit(l->data, CURVE_LEVEL, MODEL_INTERVAL_LOG, arena, &curve, NULL) !=
        STATUS_OK)
        return;
    size_t step = curve.steps;
    for (size_t i = 0; i < events; i++) { /* both run from the latest to the earliest */
        while (step > 0 && curve.time[step - 1] >= l->event_time[i])
            step--;
        g[i] = step > 0 ? 1 - curve.survival[step - 1] : 0;
        mean += g[i] / (double)events;
    }

    for (size_t i = 0; i < events; i++) {
        square += (g[i] - mean) * (g[i] - mean);
        for (int a = 0; a < p; a++)
            sum[a] += (g[i] - mean) * l->residual[i * (size_t)p + (size_t)a];
    }

    /* The information is taken as the same at every event, which is what makes the test
     * a closed form. */
    double d = (double)events, all = 0;
    for (int a = 0; a < p; a++) {
        for (int b = 0; b < p; b++)
            scaled[a] += inverse[a * p + b] * sum[b];
        all += sum[a] * scaled[a];
        double chi2 = square > 0 ? d * scaled[a] * scaled[a] / (inverse[a * p + a] * square) : 0;
        out->schoenfeld[a] = stats_chi2_upper(chi2, 1);
    }

    out->schoenfeld_all = square > 0 ? stats_chi2_upper(d * all / square, p) : 1;
}

/* A Fenwick tree of counts by rank, from 1: how many stand at ranks up to one. */
static double count_upto(const double *tree, size_t rank)
{
    double sum = 0;
    for (size_t t = rank; t > 0; t &= t - 1)
        sum += tree[t];
    return sum;
}

static void count_in(double *tree, size_t ranks, size_t rank)
{
    for (size_t t = rank; t <= ranks; t += t & (~t + 1))
        tree[t]++;
}

/* Harrell's C over comparable pairs: who left earlier should have the higher risk. A Fenwick tree
 * over ranks of the risk counts, walking from the latest time, how many of those still there have a
 * lower one. */
static double concordance(const struct partial *l, const double *beta, struct arena *arena)
{
    size_t n = l->data->count;
    double *risk = ARENA_ARRAY(arena, double, n), *rank = ARENA_ARRAY(arena, double, n), good = 0,
           pairs = 0;
    uint32_t *place = ARENA_ARRAY(arena, uint32_t, n);
    double *tree = ARENA_ARRAY(arena, double, n + 2), present = 0;

    for (size_t i = 0; i < n; i++)
        for (int a = 0; a < l->columns; a++)
            risk[i] += beta[a] * l->z[i * (size_t)l->columns + (size_t)a];
    stats_order(risk, n, place);

    /* Equal risks share a rank, so that a pair of them counts as half right. */
    double dense = 0;
    for (size_t i = 0; i < n; i++) {
        dense += i == 0 || risk[place[i]] != risk[place[i - 1]];
        rank[place[i]] = dense;
    }

    for (size_t i = n; i > 0;) {
        size_t end = i;
        double time = l->data->time[l->order[i - 1]];
        while (i > 0 && l->data->time[l->order[i - 1]] == time)
            i--;

        /* Those censored at this very time outlived it: they enter before the events
         * are compared.
         */
        for (int events = 0; events < 2; events++)
            for (size_t j = i; j < end; j++) {
                uint32_t who = l->order[j];
                if (l->data->event[who] && events) {
                    double below = count_upto(tree, (size_t)rank[who] - 1),
                           upto = count_upto(tree, (size_t)rank[who]);
                    good += below + (upto - below) / 2;
                    pairs += present;
                } else if (!l->data->event[who] && !events) {
                    count_in(tree, n, (size_t)rank[who]);
                    present++;
                }
            }

        /* Those who left now were there for everyone who left earlier, but not for each other. */
        for (size_t j = i; j < end; j++)
            if (l->data->event[l->order[j]]) {
                count_in(tree, n, (size_t)rank[l->order[j]]);
                present++;
            }
    }

    return pairs > 0 ? good / pairs : NAN;
}

/* Breslow's cumulative hazard of someone with mean covariates. */
static void baseline(const struct partial *l, const double *beta, struct model_cox *out)
{
    size_t n = l->data->count, steps = 0;
    double at_risk = 0, sum = 0;

    for (size_t i = n; i > 0;) {
        double time = l->data->time[l->order[i - 1]], events = 0;
        for (; i > 0 && l->data->time[l->order[i - 1]] == time; i--) {
            double eta = 0;
            for (int a = 0; a < l->columns; a++)
                eta += beta[a] * l->z[l->order[i - 1] * (size_t)l->columns + (size_t)a];
            at_risk += exp(eta);
            events += l->data->event[l->order[i - 1]];
        }
        if (events > 0) {
            out->time[steps] = time;
            out->hazard[steps++] = events / at_risk;
        }
    }

    /* The risk set was built from the end; hazards add up from the beginning. */
    for (size_t i = 0; i < steps / 2; i++) {
        double time = out->time[i], hazard = out->hazard[i];
        out->time[i] = out->time[steps - 1 - i];
        out->hazard[i] = out->hazard[steps - 1 - i];
        out->time[steps - 1 - i] = time;
        out->hazard[steps - 1 - i] = hazard;
    }

    for (size_t i = 0; i < steps; i++)
        out->hazard[i] = sum += out->hazard[i];
    out->steps = steps;
}

enum status model_cox_fit(const struct model_lifetimes *data, const double *covariate, int columns,
                          enum model_ties ties, struct arena *arena, struct model_cox *out,
                          struct error *error)
{
    if (columns < 1 || columns > MODEL_COX_COLUMNS_MAX || data->count < 2)
        return error_set(error, STATUS_ERROR, "%zu customers and %d covariates cannot be fitted",
                         data->count, columns);
    struct model_survival curve;
    TRY(model_survival_fit(data, CURVE_LEVEL, MODEL_INTERVAL_LOG, arena, &curve,
                           error)); /* checks the times, too */
    size_t n = data->count, p = (size_t)columns, places = 1 + p + p * p, events;
    double *z = ARENA_ARRAY(arena, double, n *p), *deviation = ARENA_ARRAY(arena, double, p),
           *beta = ARENA_ARRAY(arena, double, p), *trial = ARENA_ARRAY(arena, double, 2 * p),
           *gradient = ARENA_ARRAY(arena, double, p),
           *information = ARENA_ARRAY(arena, double, p *p);
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, n);
    *out = (struct model_cox){.columns = columns,
                              .ties = ties,
                              .coefficient = ARENA_ARRAY(arena, double, p),
                              .error = ARENA_ARRAY(arena, double, p),
                              .mean = ARENA_ARRAY(arena, double, p),
                              .schoenfeld = ARENA_ARRAY(arena, double, p),
                              .time = ARENA_ARRAY(arena, double, n),
                              .hazard = ARENA_ARRAY(arena, double, n),
                              .count = (double)n};
    TRY(standardise(covariate, n, columns, z, out->mean, deviation, error));
    stats_order(data->time, n, order);
    struct partial l = {data,
                        order,
                        z,
                        columns,
                        ties,
                        ARENA_ARRAY(arena, double, places),
                        ARENA_ARRAY(arena, double, places),
                        ARENA_ARRAY(arena, double, p),
                        ARENA_ARRAY(arena, double, p *p),
                        NULL,
                        NULL};
    TRY(climb(&l, beta, trial, gradient, information, &out->log_likelihood,
              &out->null_log_likelihood, error));

    /* Once more at the answer, now keeping the residuals: they need the memory of rows
     * × covariates, which the steps before did without. */
    double *inverse = ARENA_ARRAY(arena, double, p *p), *spare = ARENA_ARRAY(arena, double, p *p);
    stats_cholesky_inverse(columns, information, inverse);
    l.residual = ARENA_ARRAY(arena, double, n *p);
    l.event_time = ARENA_ARRAY(arena, double, n);
    partial_likelihood(&l, beta, gradient, spare, &events);
    out->events = (double)events;
    schoenfeld(&l, information, events, arena, out);
    out->concordance = concordance(&l, beta, arena);
    baseline(&l, beta, out);

    for (size_t a = 0; a < p; a++) {
        out->coefficient[a] = beta[a] / deviation[a];
        out->error[a] = sqrt(inverse[a * p + a]) / deviation[a];
    }

    return STATUS_OK;
}

double model_cox_score(const struct model_cox *model, const double *covariate)
{
    double sum = 0;
    for (int a = 0; a < model->columns; a++)
        sum += model->coefficient[a] * (covariate[a] - model->mean[a]);
    return sum;
}

double model_cox_survival(const struct model_cox *model, const double *covariate, double time)
{
    double hazard = 0;
    for (size_t i = 0; i < model->steps && model->time[i] <= time; i++)
        hazard = model->hazard[i];
    return exp(-hazard * exp(model_cox_score(model, covariate)));
}

void model_cox_write(const struct model_cox *model, struct json *json)
{
    size_t p = (size_t)model->columns;
    json_write_object(json);
    json_put_string(json, "ties", model->ties == MODEL_TIES_EFRON ? "efron" : "breslow");
    model_json_put_all(json, "coefficients", model->coefficient, p);
    model_json_put_all(json, "errors", model->error, p);
    model_json_put_all(json, "means", model->mean, p);
    model_json_put_all(json, "schoenfeld_p", model->schoenfeld, p);
    model_json_put(json, "schoenfeld_p_all", model->schoenfeld_all);
    model_json_put(json, "log_likelihood", model->log_likelihood);
    model_json_put(json, "null_log_likelihood", model->null_log_likelihood);
    model_json_put(json, "customers", model->count);
    model_json_put(json, "events", model->events);
    model_json_put(json, "concordance", model->concordance);
    model_json_put_all(json, "times", model->time, model->steps);
    model_json_put_all(json, "cumulative_hazard", model->hazard, model->steps);
    json_write_end_object(json);
}

enum status model_cox_read(struct text text, struct arena *arena, struct model_cox *out,
                           struct error *error)
{
    struct model_json reader;
    size_t p, errors, means, tests, times;

    TRY(model_json_open(&reader, text, "Cox regression", error));
    const char *ties = model_json_string(&reader, "ties");
    *out = (struct model_cox){.ties = ties && strcmp(ties, "breslow") == 0 ? MODEL_TIES_BRESLOW
                                                                           : MODEL_TIES_EFRON};

    out->coefficient = model_json_array(&reader, "coefficients", MODEL_COX_COLUMNS_MAX, arena, &p);
    out->error = model_json_array(&reader, "errors", MODEL_COX_COLUMNS_MAX, arena, &errors);
    out->mean = model_json_array(&reader, "means", MODEL_COX_COLUMNS_MAX, arena, &means);
    out->schoenfeld =
        model_json_array(&reader, "schoenfeld_p", MODEL_COX_COLUMNS_MAX, arena, &tests);
    out->time = model_json_array(&reader, "times", SIZE_MAX / 64, arena, &times);
    out->hazard = model_json_array(&reader, "cumulative_hazard", SIZE_MAX / 64, arena, &out->steps);

    out->columns = (int)p;
    out->schoenfeld_all = model_json_number_or_nan(&reader, "schoenfeld_p_all");
    out->log_likelihood = model_json_number(&reader, "log_likelihood");
    out->null_log_likelihood = model_json_number(&reader, "null_log_likelihood");
    out->count = model_json_number(&reader, "customers");
    out->events = model_json_number(&reader, "events");
    out->concordance = model_json_number_or_nan(&reader, "concordance");

    if (p == 0 || errors != p || means != p || tests != p || times != out->steps)
        model_json_fail(&reader, "the numbers of covariates and steps do not fit together");
    return model_json_close(&reader, error);
}
