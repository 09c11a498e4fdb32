/*
 * Elastic-net logistic regression. Newton's method makes a quadratic of the likelihood;
 * coordinate descent with soft thresholds minimises it with the penalty (Friedman,
 * Hastie & Tibshirani 2010). Here the quadratic is a whole matrix X̃ᵀWX̃, at rows ×
 * columns² once a Newton step: a sweep over the coordinates then costs columns²
 * whatever the rows, and hundreds of sweeps are cheap. Where columns say nearly the
 * same, even those creep; then what is not zero is solved for at once.
 */
#include "model/logistic.h"

#include "base/json.h"
#include "model/json_read.h"
#include "stats/linear.h"
#include "stats/random.h"
#include "stats/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LAMBDAS = 40,          /* penalties tried: each is 0.84 of the one before */
    NEWTON_ROUNDS = 100,   /* a handful are usual */
    DESCENT_ROUNDS = 1000, /* sweeps */
    WORSE_MAX = 6,         /* steps uphill after which a fold's valley is behind */
    ACTIVE_MOST = 400,     /* coefficients solved for at once: a cube of it is some milliseconds */
    FOLDS = 10,
    HALVINGS = 30,
    BOUND = 15, /* of an effect: e^15 for one standard deviation is no effect but a separation */
};
/* How little a round may gain before it is the last: of a fit to keep, and of one that only has to
 * be compared. */
static const double EXACT = 1e-11, ROUGH = 1e-7;
/* The last penalty tried, of the first one at which all effects are 0. */
static const double PATH_END = 1e-3;
/* Features beyond this have squares whose sums are no doubles. */
static const double VALUE_MAX = 1e150;

/* The problem with standardised features, column by column, so that a coordinate is one run through
 * memory. */
struct problem {
    size_t rows;
    int columns;
    double *x; /* columns × rows */
    const double *mean, *scale;
    const unsigned char *label;
    double *eta, *weight, *rest; /* a row each */
    double *beta;                /* columns, then the intercept */
};

static double likelihood(const struct problem *p)
{
    double sum = 0;
    for (size_t i = 0; i < p->rows; i++)
        sum -= stats_log1pexp(p->label[i] ? -p->eta[i] : p->eta[i]);
    return sum;
}

static void refresh_eta(struct problem *p)
{
    for (size_t i = 0; i < p->rows; i++)
        p->eta[i] = p->beta[p->columns];

    /* Column by column, and only those that have an effect: with lasso these are few. */
    for (int j = 0; j < p->columns; j++)
        if (p->beta[j] != 0)
            for (size_t i = 0; i < p->rows; i++)
                p->eta[i] += p->beta[j] * p->x[(size_t)j * p->rows + i];
}

static double penalised(const struct problem *p, double lambda, double mix)
{
    double penalty = 0;

    /* The intercept is not penalised: the base rate is no effect. */
    for (int j = 0; j < p->columns; j++)
        penalty += mix * fabs(p->beta[j]) + (1 - mix) / 2 * p->beta[j] * p->beta[j];
    return -likelihood(p) / (double)p->rows + lambda * penalty;
}

/* The quadratic around the present fit: the curvature X̃ᵀWX̃ / n of all columns and the intercept
 * (last), and the slope. With them a sweep over the coordinates does not touch the rows. */
struct quadratic {
    size_t size; /* columns + 1 */
    double *curvature, *slope, *rows;
    double *matrix, *step; /* for the solution of what is not zero */
    int *active;
};

static struct quadratic quadratic_new(const struct problem *p, struct arena *arena)
{
    size_t size = (size_t)p->columns + 1;
    size_t most = size < ACTIVE_MOST ? size : ACTIVE_MOST;
    return (struct quadratic){size,
                              ARENA_ARRAY(arena, double, size *size),
                              ARENA_ARRAY(arena, double, size),
                              ARENA_ARRAY(arena, double, size * p->rows),
                              ARENA_ARRAY(arena, double, most *most),
                              ARENA_ARRAY(arena, double, most),
                              ARENA_ARRAY(arena, int, size)};
}

static void quadratic_fill(struct quadratic *q, struct problem *p)
{
    double n = (double)p->rows;
    for (size_t i = 0; i < p->rows; i++) {
        double chance = stats_expit(p->eta[i]);

        /* A certain row has no curvature, and all certain ones no quadratic: a little is left. */
        p->weight[i] = sqrt(fmax(chance * (1 - chance), 1e-8) / n);
        p->rest[i] = (p->label[i] - chance) / n;
    }

    for (size_t j = 0; j < q->size; j++) {
        const double *x = j + 1 < q->size ? p->x + j * p->rows : NULL;
        double *row = q->rows + j * p->rows, slope = 0;
        for (size_t i = 0; i < p->rows; i++) {
            row[i] = (x ? x[i] : 1) * p->weight[i];
            slope += (x ? x[i] : 1) * p->rest[i];
        }
        q->slope[j] = slope;
    }
    stats_gram((int)q->size, p->rows, q->rows, q->curvature);
}

/* One coordinate: the best β_j for the quadratic, with the others fixed. Returns how far it moved
 * the fit. */
static double descend(struct quadratic *q, const struct problem *p, size_t j, double lambda,
                      double mix)
{
    const double *column = q->curvature + j * q->size;
    bool is_intercept = j + 1 == q->size;
    double curve = column[j], slope = q->slope[j] + curve * p->beta[j], next = p->beta[j];
    if (is_intercept)
        next = slope / curve;
    else if (p->scale[j] > 0) {
        /* The soft threshold: lasso is taken off the slope, ridge is added to the curvature. */
        double size = fabs(slope) - lambda * mix;
        next = size > 0 ? copysign(size, slope) / (curve + lambda * (1 - mix)) : 0;
    }

    double move = next - p->beta[j];
    if (move == 0)
        return 0;
    p->beta[j] = next;
    for (size_t k = 0; k < q->size; k++)
        q->slope[k] -= move * column[k];
    return move * move * curve;
}

/* Columns that say nearly the same make coordinate descent creep. So once it has found which
 * coefficients are not zero, and their signs, the quadratic is solved for those at once; the answer
 * counts unless a sign turns. */
static void solve_active(struct quadratic *q, struct problem *p, double lambda, double mix)
{
    int count = 0, last = (int)q->size - 1;

    for (size_t j = 0; j < q->size; j++)
        if ((int)j == last || p->beta[j] != 0)
            q->active[count++] = (int)j;
    if (count > ACTIVE_MOST)
        return;

    /* With the signs held the penalty's slope is fixed, and what is left is a linear system. */
    for (int a = 0; a < count; a++) {
        int j = q->active[a];
        double ridge = j == last ? 0 : lambda * (1 - mix),
               lasso = j == last ? 0 : copysign(lambda * mix, p->beta[j]);
        q->step[a] = q->slope[j] - ridge * p->beta[j] - lasso;
        for (int b = 0; b < count; b++)
            q->matrix[a * count + b] = q->curvature[(size_t)j * q->size + (size_t)q->active[b]];
        q->matrix[a * count + a] += ridge;
    }

    if (!stats_cholesky(count, q->matrix))
        return;
    stats_cholesky_solve(count, q->matrix, q->step);

    /* A coefficient that would cross 0 was on the wrong side: then the signs are not known yet. */
    for (int a = 0; a < count; a++)
        if (q->active[a] != last &&
            (p->beta[q->active[a]] + q->step[a]) * p->beta[q->active[a]] <= 0)
            return;
    for (int a = 0; a < count; a++) {
        p->beta[q->active[a]] += q->step[a];
        for (size_t k = 0; k < q->size; k++)
            q->slope[k] -= q->step[a] * q->curvature[(size_t)q->active[a] * q->size + k];
    }
}

/* The minimum of the penalised quadratic: sweeps over the coordinates, and every few of them the
 * solution at once. */
static void minimise_quadratic(struct quadratic *q, struct problem *p, double lambda, double mix,
                               double enough)
{
    enum { SWEEPS_BETWEEN = 10 };
    for (int sweep = 1; sweep <= DESCENT_ROUNDS; sweep++) {
        double most = descend(q, p, q->size - 1, lambda, mix);
        for (size_t j = 0; j + 1 < q->size; j++)
            most = fmax(most, descend(q, p, j, lambda, mix));

        /* A tenth of what a Newton round may gain: what is left here is lost there. */
        if (most < 0.1 * enough)
            break;
        if (sweep % SWEEPS_BETWEEN == 0)
            solve_active(q, p, lambda, mix);
    }
    solve_active(q, p, lambda, mix);
}

/* Newton's method with the penalty, from p->beta, until a round gains less than the share `enough`
 * of the objective. Steps that raise the objective are halved. */
static int fit_penalised(struct problem *p, double lambda, double mix, double enough,
                         struct quadratic *q, double *before)
{
    refresh_eta(p);
    double value = penalised(p, lambda, mix);
    for (int round = 1; round <= NEWTON_ROUNDS; round++) {
        memcpy(before, p->beta, sizeof *before * q->size);
        quadratic_fill(q, p);
        minimise_quadratic(q, p, lambda, mix, enough);
        refresh_eta(p);
        double next = penalised(p, lambda, mix);

        /* 1e-13: the rounding of an objective that is of the order of 1. */
        for (double size = 0.5; !(next <= value + 1e-13) && size > 1e-6; size /= 2) {
            for (size_t j = 0; j < q->size; j++)
                p->beta[j] = before[j] + 0.5 * (p->beta[j] - before[j]);
            refresh_eta(p);
            next = penalised(p, lambda, mix);
        }
        double gain = value - next;
        value = next;
        if (gain < enough * fabs(value) + 1e-14) /* where the objective itself goes to 0 */
            return round;
    }
    return NEWTON_ROUNDS;
}

/* Slope and curvature of the likelihood at the present fit, by the used columns and the
 * intercept, which is last. row is scratch. */
static void newton_system(const struct problem *p, const int *column, int used, double *row,
                          double *slope, double *curvature)
{
    int n = used + 1;

    memset(curvature, 0, sizeof *curvature * (size_t)(n * n));
    memset(slope, 0, sizeof *slope * (size_t)n);
    for (size_t i = 0; i < p->rows; i++) {
        double chance = stats_expit(p->eta[i]), weight = chance * (1 - chance),
               rest = p->label[i] - chance;
        for (int a = 0; a < n; a++) {
            row[a] = a < used ? p->x[(size_t)column[a] * p->rows + i] : 1;
            slope[a] += rest * row[a];
            double scaled = weight * row[a];
            for (int b = 0; b <= a; b++)
                curvature[a * n + b] += scaled * row[b];
        }
    }

    for (int a = 0; a < n; a++)
        for (int b = 0; b < a; b++)
            curvature[b * n + a] = curvature[a * n + b];
}

/* False where a feature is, but for rounding, made of others: its pivot is the
 * deviation that they leave of it. */
static bool factorise(int n, double *curvature)
{
    const double least = 1e-7; /* a variance of 1e-14 */
    double smallest = INFINITY;
    if (!stats_cholesky(n, curvature))
        return false;
    for (int a = 0; a < n; a++)
        smallest = fmin(smallest, curvature[a * n + a]);
    return !(smallest < least * curvature[0]);
}

/* The intercept in the features' own units stands far from the data's middle: its error
 * needs the covariances. */
static double intercept_error(const struct problem *p, const int *column, int used,
                              const double *covariance)
{
    int n = used + 1;
    double variance = 0;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            variance += covariance[a * n + b] *
                        (a < used ? -p->mean[column[a]] / p->scale[column[a]] : 1) *
                        (b < used ? -p->mean[column[b]] / p->scale[column[b]] : 1);
    return sqrt(variance);
}

/* Takes a Newton step, halved until the likelihood is no lower but for the rounding of a sum
 * over all rows. Returns how far the whole step would have moved one effect at most. */
static double take_step(struct problem *p, const int *column, int n, double *step, double *value)
{
    double largest = 0, before = *value;
    const double rounding = 1e-10 * fabs(before);

    for (int a = 0; a < n; a++) {
        p->beta[column[a]] += step[a];
        largest = fmax(largest, fabs(step[a]));
    }

    refresh_eta(p);
    *value = likelihood(p);
    for (int half = 0; *value < before - rounding && half < HALVINGS; half++) {
        for (int a = 0; a < n; a++)
            p->beta[column[a]] -= (step[a] /= 2);
        refresh_eta(p);
        *value = likelihood(p);
    }
    return largest;
}

/* Newton's method without penalty. error gets standard errors in standardised units, the
 * intercept's last. */
static enum status fit_plain(struct problem *p, struct arena *arena, double *errors, int *rounds,
                             struct error *error)
{
    int used = 0, *column = ARENA_ARRAY(arena, int, p->columns + 1);

    for (int j = 0; j < p->columns; j++)
        if (p->scale[j] > 0)
            column[used++] = j;

    /* Features that are the same for everyone have no effect to find: they stay at 0,
     * outside the matrix. */
    int n = used + 1;
    double *h = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n),
           *step = ARENA_ARRAY(arena, double, n),
           *inverse = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n),
           *row = ARENA_ARRAY(arena, double, n);
    column[used] = p->columns;
    refresh_eta(p);
    double value = likelihood(p);
    for (*rounds = 1; *rounds <= NEWTON_ROUNDS; ++*rounds) {
        newton_system(p, column, used, row, step, h);
        if (!factorise(n, h))
            return error_set(
                error, STATUS_ERROR,
                "the features depend on one another: leave some out, or take a penalty");
        stats_cholesky_solve(n, h, step);
        double largest = take_step(p, column, n, step, &value);

        /* Asked in every round: where labels are separated the likelihood rises for
         * ever and no round is the last. */
        for (int a = 0; a < used; a++)
            if (fabs(p->beta[column[a]]) > BOUND)
                return error_set(error, STATUS_ERROR,
                                 "feature %d separates the labels perfectly: its effect is without "
                                 "bound. Take a penalty, or "
                                 "see whether it knows the future",
                                 column[a] + 1);
        if (largest < 1e-8 || value > -1e-9) /* no step is left, or nothing to explain is */
            break;
    }

    stats_cholesky_inverse(n, h, inverse);
    for (int a = 0; a < n; a++)
        errors[column[a]] = sqrt(inverse[a * n + a]);

    errors[p->columns] = intercept_error(p, column, used, inverse);
    return STATUS_OK;
}

static enum status check(const struct model_matrix *features, const unsigned char *label,
                         struct error *error)
{
    if (features->rows < 2 || features->columns < 1 ||
        features->columns > MODEL_LOGISTIC_COLUMNS_MAX)
        return error_set(error, STATUS_ERROR, "%zu rows of %d features cannot be fitted",
                         features->rows, features->columns);
    size_t hits = 0;
    for (size_t i = 0; i < features->rows; i++)
        hits += label[i] != 0;
    if (hits == 0 || hits == features->rows)
        return error_set(error, STATUS_ERROR,
                         "it came true for %s of the %zu customers: there is nothing to tell apart",
                         hits ? "all" : "none", features->rows);
    for (size_t i = 0; i < features->rows * (size_t)features->columns; i++)
        if (!(fabs(features->data[i]) < VALUE_MAX))
            return error_set(error, STATUS_ERROR, "feature %zu of row %zu is unknown",
                             i % (size_t)features->columns + 1, i / (size_t)features->columns + 1);
    return STATUS_OK;
}

/* Means and standard deviations over the given rows (which may be NULL: all). */
static void moments(const struct model_matrix *features, const uint32_t *rows, size_t count,
                    double *mean, double *scale)
{
    int columns = features->columns;
    memset(mean, 0, sizeof *mean * (size_t)columns);
    memset(scale, 0, sizeof *scale * (size_t)columns);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            const double *row = features->data + (rows ? rows[i] : i) * (size_t)columns;
            for (int j = 0; j < columns; j++) {
                if (pass == 0)
                    mean[j] += row[j] / (double)count;
                else
                    scale[j] += (row[j] - mean[j]) * (row[j] - mean[j]) / (double)count;
            }
        }
    }
    for (int j = 0; j < columns; j++) {
        scale[j] = sqrt(scale[j]);

        /* A spread within the rounding of the mean: the same for everyone. */
        if (!(scale[j] > 1e-10 * fabs(mean[j]) && scale[j] > 1e-150))
            scale[j] = 0;
    }
}

/* The problem of some rows, standardised over themselves: a fold's preprocessing stays inside the
 * fold. */
static struct problem problem_of(const struct model_matrix *features, const unsigned char *label,
                                 const uint32_t *rows, size_t count, struct arena *arena)
{
    size_t columns = (size_t)features->columns;
    double *mean = ARENA_ARRAY(arena, double, columns),
           *scale = ARENA_ARRAY(arena, double, columns);
    unsigned char *own = ARENA_ARRAY(arena, unsigned char, count);

    moments(features, rows, count, mean, scale);
    struct problem p = {count,
                        features->columns,
                        ARENA_ARRAY(arena, double, columns *count),
                        mean,
                        scale,
                        own,
                        ARENA_ARRAY(arena, double, count),
                        ARENA_ARRAY(arena, double, count),
                        ARENA_ARRAY(arena, double, count),
                        ARENA_ARRAY(arena, double, columns + 1)};

    /* Column by column, so that what one coordinate needs is one run of memory. */
    double hits = 0;
    for (size_t i = 0; i < count; i++) {
        size_t row = rows ? rows[i] : i;
        own[i] = label[row] != 0;
        hits += own[i];
        for (size_t j = 0; j < columns; j++)
            p.x[j * count + i] =
                scale[j] > 0 ? (features->data[row * columns + j] - mean[j]) / scale[j] : 0;
    }

    /* A fold may lack one of the labels: its intercept stays finite. */
    p.beta[columns] = stats_logit(fmin(fmax(hits / (double)count, 1e-6), 1 - 1e-6));
    return p;
}

/* The λ at which the first coefficient leaves zero. */
static double largest_lambda(const struct problem *p, double mix)
{
    double most = 0, share = stats_expit(p->beta[p->columns]);
    for (int j = 0; j < p->columns; j++) {
        double sum = 0;
        for (size_t i = 0; i < p->rows; i++)
            sum += p->x[(size_t)j * p->rows + i] * (p->label[i] - share);
        most = fmax(most, fabs(sum) / (double)p->rows);
    }

    /* A ridge alone (mix 0) never makes an effect 0: its path starts where one part in
     * a thousand of lasso would. */
    return fmax(most / fmax(mix, 1e-3), 1e-9);
}

struct validation {
    const struct model_matrix *features;
    const unsigned char *label;
    const uint32_t *fold;
    const double *lambdas;
    double mix;
    double (*loss)[LAMBDAS]; /* a fold each */
};

static void validate_fold(void *context, size_t task, int worker)
{
    const struct validation *v = context;

    (void)worker;
    struct arena arena;
    arena_init(&arena, 0);
    size_t rows = v->features->rows, columns = (size_t)v->features->columns, count = 0;
    uint32_t *train = ARENA_ARRAY(&arena, uint32_t, rows);
    for (uint32_t i = 0; i < rows; i++)
        if (v->fold[i] != task)
            train[count++] = i;

    struct problem p = problem_of(v->features, v->label, train, count, &arena);
    struct quadratic quadratic = quadratic_new(&p, &arena);
    double *before = ARENA_ARRAY(&arena, double, columns + 1);

    /* From the largest penalty down, each fit starts from the one before. */
    for (int k = 0, worse = 0; k < LAMBDAS; k++) {
        v->loss[task][k] =
            worse < WORSE_MAX ? 0 : v->loss[task][k - 1]; /* behind its valley it only rises */
        if (worse == WORSE_MAX)
            continue;
        fit_penalised(&p, v->lambdas[k], v->mix, ROUGH, &quadratic, before);
        for (size_t i = 0; i < rows; i++) {
            if (v->fold[i] != task)
                continue;
            double eta = p.beta[columns];
            for (size_t j = 0; j < columns; j++)
                if (p.beta[j] != 0)
                    eta +=
                        p.beta[j] * (v->features->data[i * columns + j] - p.mean[j]) / p.scale[j];
            v->loss[task][k] += stats_log1pexp(v->label[i] ? -eta : eta);
        }

        worse = k > 0 && v->loss[task][k] > v->loss[task][k - 1] ? worse + 1 : 0;
    }

    arena_release(&arena);
}

void model_stratified_folds(const unsigned char *label, size_t rows, int folds, uint64_t seed,
                            struct arena *arena, uint32_t *fold)
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, rows);
    struct stats_random random;
    stats_random_init(&random, seed, 0xf01d);
    for (uint32_t i = 0; i < rows; i++)
        order[i] = i;
    stats_random_shuffle(&random, order, rows);
    uint32_t next[2] = {0, 0};

    /* Hits and misses are dealt out in turn, each by themselves: rare ones are in every fold. */
    for (size_t i = 0; i < rows; i++)
        fold[order[i]] = next[label[order[i]] != 0]++ % (uint32_t)folds;
}

static double choose_lambda(const struct problem *p, const struct model_matrix *features,
                            const unsigned char *label,
                            const struct model_logistic_options *options, struct pool *pool,
                            struct arena *arena)
{
    double lambdas[LAMBDAS], top = largest_lambda(p, options->mix), best = INFINITY;
    int folds = options->folds > 1 ? options->folds : FOLDS, choice = 0;

    folds = (size_t)folds > features->rows ? (int)features->rows : folds;
    for (int k = 0; k < LAMBDAS; k++)
        lambdas[k] = top * pow(PATH_END, (double)k / (LAMBDAS - 1));
    uint32_t *fold = ARENA_ARRAY(arena, uint32_t, features->rows);
    model_stratified_folds(label, features->rows, folds, options->seed, arena, fold);

    struct validation v = {
        features, label,        fold,
        lambdas,  options->mix, arena_array(arena, (size_t)folds, sizeof(double[LAMBDAS]))};
    pool_run(pool, (size_t)folds, validate_fold, &v);

    double mean[LAMBDAS], error = 0;
    for (int k = 0; k < LAMBDAS; k++) {
        double loss = 0;
        for (int f = 0; f < folds; f++)
            loss += v.loss[f][k];
        mean[k] = loss / folds;
        if (mean[k] < best) {
            best = mean[k];
            choice = k;
        }
    }

    /* The cautious choice is the largest penalty within one standard error of the best
     * (Breiman et al. 1984): fewer effects, hardly worse. */
    for (int f = 0; f < folds; f++)
        error += (v.loss[f][choice] - best) * (v.loss[f][choice] - best);
    error = sqrt(error / (folds - 1) / folds);
    while (options->cautious && choice > 0 && mean[choice - 1] <= best + error)
        choice--;
    return lambdas[choice];
}

static void unscale(const struct problem *p, struct arena *arena, const double *errors,
                    struct model_logistic *out)
{
    size_t columns = (size_t)p->columns;
    out->columns = p->columns;
    out->intercept = p->beta[columns];
    out->coefficient = ARENA_ARRAY(arena, double, columns);
    out->mean = ARENA_ARRAY(arena, double, columns);
    out->scale = ARENA_ARRAY(arena, double, columns);
    for (size_t j = 0; j < columns; j++) {
        out->mean[j] = p->mean[j];
        out->scale[j] = p->scale[j];
        out->coefficient[j] = p->scale[j] > 0 ? p->beta[j] / p->scale[j] : 0;
        out->intercept -= out->coefficient[j] * p->mean[j];
    }

    if (!errors)
        return;
    out->error = ARENA_ARRAY(arena, double, columns + 1);
    for (size_t j = 0; j < columns; j++)
        out->error[j] = p->scale[j] > 0 ? errors[j] / p->scale[j] : NAN;
    out->error[columns] = errors[columns];
}

enum status model_logistic_fit(const struct model_matrix *features, const unsigned char *label,
                               const struct model_logistic_options *options, struct pool *pool,
                               struct arena *arena, struct model_logistic *out, struct error *error)
{
    TRY(check(features, label, error));
    if (!(options->mix >= 0 && options->mix <= 1))
        return error_set(error, STATUS_USAGE,
                         "the mix of the penalty is %g; it lies between 0 and 1", options->mix);
    struct arena scratch;
    arena_init(&scratch, 0);
    struct problem p = problem_of(features, label, NULL, features->rows, &scratch);
    double *errors = ARENA_ARRAY(&scratch, double, features->columns + 1);
    *out = (struct model_logistic){
        .lambda = options->lambda, .mix = options->mix, .rows = (double)p.rows};

    /* `errors` doubles as the place for the coefficients of the round before, which a
     * penalised fit needs and a plain one does not. */
    enum status status = STATUS_OK;
    if (options->lambda == 0) {
        status = fit_plain(&p, &scratch, errors, &out->iterations, error);
    } else {
        if (options->lambda < 0)
            out->lambda = choose_lambda(&p, features, label, options, pool, &scratch);
        struct quadratic quadratic = quadratic_new(&p, &scratch);
        out->iterations = fit_penalised(&p, out->lambda, options->mix, EXACT, &quadratic, errors);
    }

    if (status == STATUS_OK) {
        refresh_eta(&p);
        out->log_likelihood = likelihood(&p);
        for (size_t i = 0; i < p.rows; i++)
            out->hits += p.label[i];
        unscale(&p, arena, options->lambda == 0 ? errors : NULL, out);
    }

    arena_release(&scratch);
    return status;
}

double model_logistic_score(const struct model_logistic *model, const double *row)
{
    double eta = model->intercept;
    for (int j = 0; j < model->columns; j++)
        if (model->coefficient[j] != 0)
            eta += model->coefficient[j] * row[j];
    return stats_expit(eta);
}

void model_logistic_drivers(const struct model_logistic *model, const double *row, double *drivers)
{
    for (int j = 0; j < model->columns; j++)
        drivers[j] = model->coefficient[j] * (row[j] - model->mean[j]);
}

void model_logistic_write(const struct model_logistic *model, struct json *json)
{
    size_t columns = (size_t)model->columns;
    json_write_object(json);
    model_json_put(json, "intercept", model->intercept);
    model_json_put_all(json, "coefficients", model->coefficient, columns);
    model_json_put_all(json, "errors", model->error, model->error ? columns + 1 : 0);
    model_json_put_all(json, "means", model->mean, columns);
    model_json_put_all(json, "scales", model->scale, columns);
    model_json_put(json, "lambda", model->lambda);
    model_json_put(json, "mix", model->mix);
    model_json_put(json, "log_likelihood", model->log_likelihood);
    model_json_put(json, "rows", model->rows);
    model_json_put(json, "hits", model->hits);
    json_write_end_object(json);
}

enum status model_logistic_read(struct text text, struct arena *arena, struct model_logistic *out,
                                struct error *error)
{
    struct model_json reader;
    size_t columns, errors, means, scales;

    TRY(model_json_open(&reader, text, "logistic regression", error));
    *out = (struct model_logistic){.intercept = model_json_number(&reader, "intercept"),
                                   .lambda = model_json_number(&reader, "lambda"),
                                   .mix = model_json_number(&reader, "mix"),
                                   .log_likelihood = model_json_number(&reader, "log_likelihood"),
                                   .rows = model_json_number(&reader, "rows"),
                                   .hits = model_json_number(&reader, "hits")};
    out->coefficient =
        model_json_array(&reader, "coefficients", MODEL_LOGISTIC_COLUMNS_MAX, arena, &columns);
    out->error =
        model_json_array(&reader, "errors", MODEL_LOGISTIC_COLUMNS_MAX + 1, arena, &errors);
    out->mean = model_json_array(&reader, "means", MODEL_LOGISTIC_COLUMNS_MAX, arena, &means);
    out->scale = model_json_array(&reader, "scales", MODEL_LOGISTIC_COLUMNS_MAX, arena, &scales);

    out->columns = (int)columns;
    if (errors == 0)
        out->error = NULL;
    if (columns == 0 || means != columns || scales != columns || (errors && errors != columns + 1))
        model_json_fail(&reader,
                        "the numbers of coefficients, means and scales do not fit together");
    return model_json_close(&reader, error);
}
