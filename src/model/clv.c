/*
 * The fit that the four models of clv.h share: equal histories are collapsed into one
 * row with a weight, a sample of the rows gives a start and a curvature, and BFGS
 * climbs the likelihood of all from there, in logarithms of the parameters. The models
 * themselves are in clv_bg.c, clv_pareto.c and clv_bgbb.c, the simpler ones on their
 * edges in clv_edge.c.
 */
#include "model/clv.h"

#include "base/json.h"
#include "model/clv_rows.h"
#include "model/json_read.h"
#include "model/logarithms.h"
#include "stats/linear.h"
#include "stats/optimise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_A_TASK = 2048, /* a tenth of a millisecond of logarithms: far above what a task costs */
    ROWS_FIRST_PASS = 20000, /* a sample of so many gives its parameters to some percent */
};

static const struct clv_family *const families[MODEL_CLV_TYPES] = {
    [MODEL_BGNBD] = &model_clv_family_bgnbd,
    [MODEL_MBGNBD] = &model_clv_family_mbgnbd,
    [MODEL_PARETO_NBD] = &model_clv_family_pareto,
    [MODEL_BGBB] = &model_clv_family_bgbb,
};

const struct clv_family *model_clv_family(enum model_clv_type type)
{
    return families[type];
}

const char *model_clv_type_name(enum model_clv_type type)
{
    return families[type]->name;
}

bool model_clv_type_parse(const char *name, enum model_clv_type *type)
{
    for (int i = 0; i < MODEL_CLV_TYPES; i++)
        if (strcmp(families[i]->name, name) == 0) {
            *type = (enum model_clv_type)i;
            return true;
        }
    return false;
}

const char *model_clv_parameter_name(enum model_clv_type type, int index)
{
    return families[type]->parameter[index];
}

const char *model_clv_simpler(const struct model_clv *model)
{
    if (model->edge)
        return model_clv_edge_name(model->type, model->edge);
    for (int i = 0; i < MODEL_CLV_PARAMETERS; i++)
        if (!model->identified[i])
            return families[model->type]->simpler;
    return NULL;
}

/*
 * Collapsing: rows are dealt into piles by x and by slices of t_x (of T, where x is 0), each pile
 * is sorted, several at a time, and neighbours that are equal become one. Dealing puts the rows
 * where they belong at once, and piles are small, so that sorting needs hardly any memory beside
 * the rows.
 */
enum {
    PILE_LEVELS = 128, /* of x: few customers come back more often */
    PILE_SLICES = 64,  /* of t_x */
    PILES = PILE_LEVELS * PILE_SLICES,
};

struct piles {
    struct clv_row *rows;
    double longest; /* the largest T */
    size_t *start;  /* PILES + 2: where each pile begins, once dealt */
};

/* The last level holds every larger x, in one slice. */
static size_t pile_of(const struct piles *piles, const struct model_history *h)
{
    double place = h->x > 0 ? h->tx : h->t;
    if (h->x >= PILE_LEVELS - 1)
        return PILES - PILE_SLICES;
    size_t slice = piles->longest > 0 ? (size_t)(place / piles->longest * (PILE_SLICES - 1)) : 0;
    return (size_t)h->x * PILE_SLICES + slice;
}

static int compare_rows(const void *left, const void *right)
{
    const struct model_history *a = &((const struct clv_row *)left)->history,
                               *b = &((const struct clv_row *)right)->history;
    if (a->x != b->x)
        return a->x < b->x ? -1 : 1;
    if (a->tx != b->tx)
        return a->tx < b->tx ? -1 : 1;
    return (a->t > b->t) - (a->t < b->t);
}

static void sort_pile(void *context, size_t pile, int worker)
{
    const struct piles *piles = context;
    (void)worker;
    qsort(piles->rows + piles->start[pile], piles->start[pile + 1] - piles->start[pile],
          sizeof *piles->rows, compare_rows);
}

enum { OPPORTUNITIES_MAX = 5000 }; /* the likelihood of one row sums over T − t_x of them */

static enum status check_history(enum model_clv_type type, const struct model_history *h,
                                 size_t row, struct error *error)
{
    const char *wrong = NULL;
    if (!(isfinite(h->x) && isfinite(h->tx) && isfinite(h->t) && h->x >= 0 && h->tx >= 0 &&
          h->t >= 0))
        wrong = "frequency, recency and age must be numbers, none below zero";
    else if (h->tx > h->t)
        wrong = "the last purchase lies after the end of the calibration period";
    else if (h->x > 0 && h->tx == 0)
        wrong = "there are repeat purchases, but the last one is at the time of the first";
    else if (h->x == 0 && h->tx > 0)
        wrong = "there is no repeat purchase, but the last one lies after the first";
    else if (h->x != floor(h->x))
        wrong = "the number of repeat purchases is not whole";
    else if (type == MODEL_BGBB && (h->t != floor(h->t) || h->tx != floor(h->tx) || h->x > h->tx))
        wrong = "BG/BB counts opportunities: whole numbers, at most one purchase at each";
    else if (type == MODEL_BGBB && h->t > OPPORTUNITIES_MAX)
        wrong = "BG/BB takes at most 5,000 opportunities";

    if (!wrong)
        return STATUS_OK;
    return error_set(error, STATUS_ERROR, "customer %zu (x = %g, t_x = %g, T = %g): %s", row + 1,
                     h->x, h->tx, h->t, wrong);
}

static double weight_of(const struct model_clv_data *data, size_t i)
{
    return data->weight ? data->weight[i] : 1;
}

static enum status check_data(enum model_clv_type type, const struct model_clv_data *data,
                              double *longest, struct error *error)
{
    *longest = 0;
    for (size_t i = 0; i < data->count; i++) {
        TRY(check_history(type, &data->history[i], i, error));
        if (!(weight_of(data, i) >= 0 && isfinite(weight_of(data, i))))
            return error_set(error, STATUS_ERROR, "customer %zu has the weight %g", i + 1,
                             weight_of(data, i));
        *longest = fmax(*longest, data->history[i].t);
    }
    return STATUS_OK;
}

/* The rows of weight above 0. While they are dealt, start[p + 1] is where the next row of pile p
 * goes; in the end that is where pile p + 1 begins. */
static void deal(const struct model_clv_data *data, struct piles *piles)
{
    for (size_t i = 0; i < data->count; i++)
        piles->start[pile_of(piles, &data->history[i]) + 2] += weight_of(data, i) > 0;
    for (size_t p = 2; p < PILES + 2; p++)
        piles->start[p] += piles->start[p - 1];
    for (size_t i = 0; i < data->count; i++)
        if (weight_of(data, i) > 0)
            piles->rows[piles->start[pile_of(piles, &data->history[i]) + 1]++] =
                (struct clv_row){data->history[i], weight_of(data, i)};
}

/* rows has a place for every history; *count of them are used. */
static enum status sorted_rows(enum model_clv_type type, const struct model_clv_data *data,
                               struct pool *pool, struct clv_row *rows, size_t *count,
                               struct error *error)
{
    struct piles piles = {.rows = rows};
    TRY(check_data(type, data, &piles.longest, error));
    piles.start = base_calloc(PILES + 2, sizeof *piles.start);
    deal(data, &piles);
    pool_run(pool, PILES, sort_pile, &piles);

    *count = 0;

    /* In place: what is written never overtakes what is read. */
    for (size_t i = 0; i < piles.start[PILES]; i++)
        if (*count && compare_rows(&rows[*count - 1], &rows[i]) == 0)
            rows[*count - 1].weight += rows[i].weight;
        else
            rows[(*count)++] = rows[i];
    free(piles.start);
    return STATUS_OK;
}

/* Sorted rows with their groups of equal x. */
static struct clv_rows make_rows(const struct clv_row *rows, size_t count, struct arena *arena)
{
    size_t groups = 0;

    for (size_t i = 0; i < count; i++)
        groups += i == 0 || rows[i].history.x != rows[i - 1].history.x;
    struct clv_rows out = {.count = count,
                           .row = rows,
                           .group_x = ARENA_ARRAY(arena, double, groups),
                           .group_weight = ARENA_ARRAY(arena, double, groups),
                           .group_start = ARENA_ARRAY(arena, size_t, groups + 1)};
    for (size_t i = 0; i < count; i++) {
        const struct clv_row *row = &rows[i];
        if (out.groups == 0 || out.group_x[out.groups - 1] != row->history.x) {
            out.group_x[out.groups] = row->history.x;
            out.group_start[out.groups++] = i;
        }
        out.group_weight[out.groups - 1] += row->weight;
        out.total += row->weight;
        out.mean_x += row->weight * row->history.x;
        out.mean_t += row->weight * row->history.t;
    }

    out.group_start[out.groups] = count;
    out.mean_x /= out.total;
    out.mean_t /= out.total;
    return out;
}

static void run_task(void *context, size_t task, int worker)
{
    struct clv_likelihood *l = context;
    (void)worker;
    size_t from = task * ROWS_A_TASK, end = from + ROWS_A_TASK, group = 0, high = l->rows->groups;
    end = end < l->rows->count ? end : l->rows->count;

    /* The group that holds the first row. */
    while (high - group > 1) {
        size_t middle = (group + high) / 2;
        if (l->rows->group_start[middle] <= from)
            group = middle;
        else
            high = middle;
    }
    memset(l->partial[task], 0, sizeof l->partial[task]);

    /* A group of equal x may span tasks; its terms of x alone are added once, by the caller. */
    while (from < end) {
        size_t to = l->rows->group_start[group + 1] < end ? l->rows->group_start[group + 1] : end;
        l->family->stretch(l->parameter, l->rows, group, from, to, l->partial[task]);
        from = to;
        group++;
    }
}

double model_clv_negative(const double *x, double *gradient, void *context)
{
    struct clv_likelihood *l = context;
    double sum[1 + MODEL_CLV_PARAMETERS] = {0}; /* the value and its derivatives */
    for (int i = 0; i < 4; i++) {
        if (!(fabs(x[i]) < MODEL_LOG_MOST))
            return INFINITY;
        l->parameter[i] = exp(x[i]);
    }

    /* Folded in the tasks' order, not as they end: a sum of doubles depends on its order. */
    pool_run(l->pool, l->tasks, run_task, l);
    for (size_t task = 0; task < l->tasks; task++)
        for (int i = 0; i < 1 + MODEL_CLV_PARAMETERS; i++)
            sum[i] += l->partial[task][i];
    for (size_t g = 0; g < l->rows->groups; g++)
        l->family->group(l->parameter, l->rows->group_x[g], l->rows->group_weight[g], sum);

    /* By the logarithm: ∂/∂ln p = p ∂/∂p. */
    for (int i = 0; gradient && i < 4; i++)
        gradient[i] = -sum[1 + i] * l->parameter[i];
    return -sum[0];
}

struct clv_likelihood model_clv_likelihood_of(const struct clv_family *family,
                                              const struct clv_rows *rows, struct pool *pool,
                                              struct arena *arena)
{
    struct clv_likelihood l = {.family = family, .rows = rows, .pool = pool};
    l.tasks = (rows->count + ROWS_A_TASK - 1) / ROWS_A_TASK;
    l.partial = arena_array(arena, l.tasks, sizeof *l.partial);
    return l;
}

/*
 * The covariance of the parameters' logarithms: the inverse of the curvature at x. Directions in
 * which the likelihood is flat, or bends the wrong way within the error of differences, get a
 * standard deviation of 10 (a factor of e^10 either way: nothing is known), so that the other
 * parameters keep their own. True when there is one.
 */
static bool invert_curvature(struct clv_likelihood *l, const double *x, struct arena *arena,
                             double *covariance)
{
    const double flattest = 0.01; /* of curvature: a standard deviation of 10 */
    enum { N = MODEL_CLV_PARAMETERS };
    double scratch[3 * N], hessian[N * N], value[N], vector[N * N];
    bool flat = false;

    memset(covariance, 0, N * N * sizeof *covariance);
    stats_numeric_hessian(N, model_clv_negative, l, x, MODEL_LOG_STEP, scratch, hessian);
    if (!stats_eigen(N, hessian, arena, value, vector)) /* not finite: the unit matrix, all flat */
        for (int i = 0; i < N * N; i++) {
            value[i / N] = 0;
            vector[i] = i % (N + 1) == 0;
        }

    for (int k = 0; k < N; k++) {
        flat |= !(value[k] > flattest);
        for (int i = 0; i < N * N; i++)
            covariance[i] +=
                vector[k * N + i / N] * vector[k * N + i % N] / fmax(value[k], flattest);
    }

    return flat;
}

static void describe_uncertainty(struct clv_likelihood *l, const double *x, struct arena *arena,
                                 struct model_clv *out)
{
    invert_curvature(l, x, arena, out->covariance);
    for (int i = 0; i < 4; i++) {
        double relative = sqrt(out->covariance[i * (MODEL_CLV_PARAMETERS + 1)]);
        out->identified[i] = model_log_identified(x[i], relative);
        out->error[i] = out->identified[i] ? relative * out->parameter[i] : NAN;
    }
}

/* A fit of some twenty thousand rows gives a start and a curvature from which the whole needs only
 * a few steps. False when there are too few rows for that to pay, or it does not converge; x is
 * then as it was. */
static bool warm_start(enum model_clv_type type, const struct clv_row *rows, size_t count,
                       struct arena *arena, double *x, double *inverse)
{
    size_t step = count / ROWS_FIRST_PASS, taken = 0;
    struct stats_optimise_options options = {.tolerance = 1e-10}; /* a start need not be exact */
    double start[4], all = 0;

    if (count < 3 * ROWS_FIRST_PASS)
        return false;
    struct clv_row *sample = ARENA_ARRAY(arena, struct clv_row, count / step + 1);
    for (size_t i = 0; i < count; i++) {
        all += rows[i].weight;
        if (i % step == 0)
            sample[taken++] = rows[i];
    }

    struct clv_rows some = make_rows(sample, taken, arena);
    struct clv_likelihood l = model_clv_likelihood_of(families[type], &some, NULL, arena);
    memcpy(start, x, sizeof start);

    /* An inverse curvature shrinks with the number of customers: the sample's is scaled
     * to the whole. */
    if (some.mean_x > 0 && stats_bfgs(4, model_clv_negative, &l, &options, arena, x).converged &&
        !invert_curvature(&l, x, arena, inverse)) {
        for (int i = 0; i < 16; i++)
            inverse[i] *= some.total / all;
        return true;
    }

    /* A sample that ran to an edge would be a worse start than none. */
    memcpy(x, start, sizeof start);
    return false;
}

static enum status fit_rows(enum model_clv_type type, const struct clv_row *sorted, size_t count,
                            struct pool *pool, struct arena *arena, struct model_clv *out,
                            struct error *error)
{
    struct clv_rows rows = make_rows(sorted, count, arena);
    struct clv_likelihood l = model_clv_likelihood_of(families[type], &rows, pool, arena);
    double x[4], inverse[16];

    if (rows.mean_x == 0)
        return error_set(error, STATUS_ERROR,
                         "no customer of %.0f came back: %s has nothing to learn from", rows.total,
                         families[type]->name);

    families[type]->start(&rows, x);
    for (int i = 0; i < 4; i++)
        x[i] = log(x[i]);
    struct stats_optimise_options options = {
        .inverse = warm_start(type, sorted, count, arena, x, inverse) ? inverse : NULL};
    struct stats_optimum best = stats_minimise(4, model_clv_negative, &l, &options, arena, x);

    /* What is known of a fit is told even when it did not converge: an edge may yet save it. */
    *out = (struct model_clv){.type = type,
                              .log_likelihood = -best.value,
                              .customers = rows.total,
                              .rows = rows.count,
                              .evaluations = best.evaluations,
                              .fell_back = best.fell_back};
    for (int i = 0; i < 4; i++)
        out->parameter[i] = exp(x[i]);
    describe_uncertainty(&l, x, arena, out);
    model_clv_try_edges(&l, x, best.converged, arena, out);

    if (best.converged || out->edge)
        return STATUS_OK;
    return error_set(error, STATUS_ERROR,
                     "%s did not converge on %.0f customer%s (gradient %.2g after %d evaluations), "
                     "nor did a simpler "
                     "model: they are too few, or too much alike",
                     families[type]->name, rows.total, rows.total == 1 ? "" : "s", best.gradient,
                     best.evaluations);
}

enum status model_clv_fit(enum model_clv_type type, const struct model_clv_data *data,
                          struct pool *pool, struct arena *arena, struct model_clv *out,
                          struct error *error)
{
    size_t count;
    struct clv_row *rows = base_malloc(sizeof *rows * (data->count + 1));
    enum status status = sorted_rows(type, data, pool, rows, &count, error);
    if (status == STATUS_OK && count == 0)
        status = error_set(error, STATUS_ERROR, "there are no customers to fit %s to",
                           families[type]->name);
    if (status == STATUS_OK)
        status = fit_rows(type, rows, count, pool, arena, out, error);
    free(rows);
    return status;
}

enum status model_clv_log_likelihood(enum model_clv_type type, const double *parameter,
                                     const struct model_clv_data *data, struct arena *arena,
                                     double *value, double *gradient, struct error *error)
{
    size_t count;
    double x[4];
    struct clv_row *sorted = base_malloc(sizeof *sorted * (data->count + 1));
    enum status status = sorted_rows(type, data, NULL, sorted, &count, error);

    if (status == STATUS_OK) {
        struct clv_rows rows = make_rows(sorted, count, arena);
        struct clv_likelihood l = model_clv_likelihood_of(families[type], &rows, NULL, arena);
        for (int i = 0; i < 4; i++)
            x[i] = log(parameter[i]);
        *value = -model_clv_negative(x, gradient, &l);
        for (int i = 0; gradient && i < 4; i++)
            gradient[i] = -gradient[i];
    }
    free(sorted);
    return status;
}

void model_clv_write(const struct model_clv *model, struct json *json)
{
    json_write_object(json);
    json_put_string(json, "type", families[model->type]->name);

    /* A parameter that is not identified has no error; it is written as null. */
    json_put_object(json, "parameters");
    for (int i = 0; i < 4; i++) {
        json_put_object(json, families[model->type]->parameter[i]);
        json_put_double(json, "value", model->parameter[i]);
        json_put_double(json, "error", model->error[i]);
        json_put_bool(json, "identified", model->identified[i]);
        json_write_end_object(json);
    }
    json_write_end_object(json);
    model_json_put_all(json, "covariance_of_logarithms", model->covariance, 16);
    model_json_put(json, "log_likelihood", model->log_likelihood);
    model_json_put(json, "customers", model->customers);
    model_json_put(json, "distinct_rows", (double)model->rows);
    model_json_put(json, "evaluations", model->evaluations);
    model_json_put(json, "edge", model->edge);
    json_write_end_object(json);
}

enum status model_clv_read(struct text text, struct model_clv *out, struct error *error)
{
    struct model_json reader;

    TRY(model_json_open(&reader, text, "customer value model", error));
    const char *type = model_json_string(&reader, "type");
    *out = (struct model_clv){0};
    if (type && !model_clv_type_parse(type, &out->type))
        model_json_fail(&reader, "there is no model type '%s'", type);

    /* A reader that remembers its first fault lets all be read in a straight line;
     * without a type there are no names to look for. */
    struct model_json all = model_json_object(&reader, "parameters");
    for (int i = 0; type && i < 4; i++) {
        struct model_json one = model_json_object(&all, families[out->type]->parameter[i]);
        out->parameter[i] = model_json_number(&one, "value");
        out->error[i] = model_json_number_or_nan(&one, "error");
        out->identified[i] = model_json_bool(&one, "identified");
        if (!(out->parameter[i] >= 0))
            model_json_fail(&one, "parameter %s must be positive",
                            families[out->type]->parameter[i]);
    }

    model_json_numbers(&reader, "covariance_of_logarithms", out->covariance, 16);
    out->log_likelihood = model_json_number(&reader, "log_likelihood");
    out->customers = model_json_number(&reader, "customers");
    out->rows = (size_t)model_json_number(&reader, "distinct_rows");
    out->evaluations = (int)model_json_number(&reader, "evaluations");
    double edge = model_json_number_or(&reader, "edge",
                                       0); /* models saved before there were edges have none */
    out->edge = edge >= 0 && edge < MODEL_CLV_EDGES ? (enum model_clv_edge)edge : MODEL_CLV_INSIDE;
    return model_json_close(&reader, error);
}
