/*
 * Principal components and factors of survey items, from their correlations alone.
 * Factors are fitted by maximum likelihood: for given uniquenesses the best loadings
 * are eigenvectors (Jöreskog 1967), so only as many parameters as items are searched,
 * not items × factors. Rotation by varimax (Kaiser 1958) and promax (Hendrickson &
 * White 1964), with the conventions of R's factanal.
 */
#include "model/factor.h"

#include "base/json.h"
#include "model/json_read.h"
#include "stats/distribution.h"
#include "stats/linear.h"
#include "stats/optimise.h"
#include "stats/random.h"
#include "stats/summary.h"

#include <math.h>
#include <string.h>

/* A factor may explain an item but for this much (as in R's factanal): at 0 the
 * likelihood is without bound, a Heywood case. */
static const double least_uniqueness = 0.005;

static enum status check(int items, const double *matrix, struct error *error)
{
    if (items < 1 || items > MODEL_FACTOR_ITEMS_MAX)
        return error_set(error, STATUS_ERROR, "%d items cannot be analysed: 1 to %d are possible",
                         items, MODEL_FACTOR_ITEMS_MAX);
    for (int i = 0; i < items * items; i++)
        if (!isfinite(matrix[i]))
            return error_set(error, STATUS_ERROR, "the correlation of items %d and %d is unknown",
                             i / items + 1, i % items + 1);
    return STATUS_OK;
}

enum status model_components_fit(int items, const double *covariance, struct arena *arena,
                                 struct model_components *out, struct error *error)
{
    TRY(check(items, covariance, error));
    *out = (struct model_components){items, ARENA_ARRAY(arena, double, items),
                                     ARENA_ARRAY(arena, double, (size_t)items *(size_t)items)};
    if (!stats_eigen(items, covariance, arena, out->deviation, out->direction))
        return error_set(error, STATUS_ERROR,
                         "the principal components of %d items could not be computed", items);

    /* Rounding leaves eigenvalues a little below 0 where items are sums of others. */
    for (int i = 0; i < items; i++)
        out->deviation[i] = out->deviation[i] > 0 ? sqrt(out->deviation[i]) : 0;
    return STATUS_OK;
}

/* The profile likelihood: for given uniquenesses ψ the best loadings come from the eigenvalues θ of
 * Ψ^−½ R Ψ^−½, and what is left to minimise is Σ over the others of ln θ − θ + 1, negated. */
struct profile {
    int items, factors;
    const double *correlation;
    double *scaled, *value, *vector; /* eigenvalues and rows of eigenvectors at the last point */
    struct arena arena;
};

static double profile_at(struct profile *f, const double *log_unique)
{
    int n = f->items;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            f->scaled[i * n + j] =
                f->correlation[i * n + j] * exp(-(log_unique[i] + log_unique[j]) / 2);
    arena_reset(&f->arena);
    if (!stats_eigen(n, f->scaled, &f->arena, f->value, f->vector))
        return NAN;
    double sum = 0;
    for (int i = f->factors; i < n; i++) {
        if (!(f->value[i] > 0))
            return INFINITY;
        sum += f->value[i] - 1 - log(f->value[i]);
    }
    return sum;
}

static double profile(const double *x, double *gradient, void *context)
{
    struct profile *f = context;
    int n = f->items;
    double log_unique[MODEL_FACTOR_ITEMS_MAX], free[MODEL_FACTOR_ITEMS_MAX];

    /* x → a uniqueness between the bound and 1, by a logistic curve. */
    for (int i = 0; i < n; i++) {
        double share = 1 / (1 + exp(-x[i])),
               unique = least_uniqueness + (1 - least_uniqueness) * share;
        log_unique[i] = log(unique);
        free[i] = (1 - least_uniqueness) * share * (1 - share) / unique; /* d ln ψ / dx */
    }
    double value = profile_at(f, log_unique);

    for (int i = 0; gradient && i < n; i++) {
        double sum = 0;
        for (int m = f->factors; m < n; m++)
            sum += (1 - f->value[m]) * f->vector[m * n + i] * f->vector[m * n + i];
        gradient[i] = sum * free[i];
    }
    return value;
}

enum { VARIMAX_ROUNDS = 1000 }; /* a handful are usual; nearly equal factors turn for long */

/* Varimax of rows×columns loadings in place, by planar rotations of pairs of factors
 * (Kaiser 1958): the best angle of a pair has a closed form, and no rotation lowers the
 * criterion. */
static void varimax(int rows, int columns, double *loading)
{
    double length[MODEL_FACTOR_ITEMS_MAX];

    /* Kaiser's normalisation: items count alike, however much of them the factors explain. */
    for (int i = 0; i < rows; i++) {
        double sum = 0;
        for (int j = 0; j < columns; j++)
            sum += loading[i * columns + j] * loading[i * columns + j];
        length[i] = sum > 0 ? sqrt(sum) : 1;
        for (int j = 0; j < columns; j++)
            loading[i * columns + j] /= length[i];
    }

    for (int round = 0; round < VARIMAX_ROUNDS; round++) {
        double largest = 0;
        for (int a = 0; a < columns; a++)
            for (int b = a + 1; b < columns; b++) {
                /* Kaiser's closed form: with u = x² − y² and v = 2xy the criterion is a
                 * cosine of four times the angle. */
                double u_sum = 0, v_sum = 0, cross = 0, squares = 0;
                for (int i = 0; i < rows; i++) {
                    double x = loading[i * columns + a], y = loading[i * columns + b];
                    double u = x * x - y * y, v = 2 * x * y;
                    u_sum += u;
                    v_sum += v;
                    cross += 2 * u * v;
                    squares += u * u - v * v;
                }
                double angle = atan2(cross - 2 * u_sum * v_sum / rows,
                                     squares - (u_sum * u_sum - v_sum * v_sum) / rows) /
                               4;
                double c = cos(angle), s = sin(angle);
                for (int i = 0; i < rows; i++) {
                    double x = loading[i * columns + a], y = loading[i * columns + b];
                    loading[i * columns + a] = c * x + s * y;
                    loading[i * columns + b] = c * y - s * x;
                }
                largest = fmax(largest, fabs(angle));
            }

        if (largest < 1e-10) /* radians: no digit that is shown turns any more */
            break;
    }

    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            loading[i * columns + j] *= length[i];
}

/* The inverse of a small general matrix by Gauss and Jordan with pivots. False when singular. */
static bool invert(int n, const double *a, double *out, struct arena *arena)
{
    double *work = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n);

    memcpy(work, a, sizeof *a * (size_t)(n * n));
    memset(out, 0, sizeof *out * (size_t)(n * n));
    for (int i = 0; i < n; i++)
        out[i * n + i] = 1;
    for (int c = 0; c < n; c++) {
        int pivot = c;
        for (int r = c + 1; r < n; r++)
            pivot = fabs(work[r * n + c]) > fabs(work[pivot * n + c]) ? r : pivot;
        if (!(fabs(work[pivot * n + c]) > 1e-12)) /* of loadings, which are of the order of 1 */
            return false;
        for (int j = 0; j < n; j++) {
            double swap = work[c * n + j];
            work[c * n + j] = work[pivot * n + j];
            work[pivot * n + j] = swap;
            swap = out[c * n + j];
            out[c * n + j] = out[pivot * n + j];
            out[pivot * n + j] = swap;
        }

        /* The same on both sides: when `work` has become the unit matrix, `out` is the inverse. */
        double head = work[c * n + c];
        for (int j = 0; j < n; j++) {
            work[c * n + j] /= head;
            out[c * n + j] /= head;
        }

        for (int r = 0; r < n; r++) {
            double factor = r == c ? 0 : work[r * n + c];
            for (int j = 0; factor != 0 && j < n; j++) {
                work[r * n + j] -= factor * work[c * n + j];
                out[r * n + j] -= factor * out[c * n + j];
            }
        }
    }

    return true;
}

/* Promax: an oblique rotation of varimax loadings towards their fourth powers. loading changes,
 * correlation is set. False when the target cannot be reached. */
static bool promax(int rows, int columns, double *loading, double *correlation, struct arena *arena)
{
    size_t k = (size_t)columns, square = k * k;
    double *target = ARENA_ARRAY(arena, double, (size_t)rows *k),
           *cross = ARENA_ARRAY(arena, double, square), *own = ARENA_ARRAY(arena, double, square),
           *inverse = ARENA_ARRAY(arena, double, square),
           *turn = ARENA_ARRAY(arena, double, square),
           *moved = ARENA_ARRAY(arena, double, (size_t)rows *k);

    /* The target makes large loadings larger and small ones vanish: the fourth power,
     * signs kept. */
    for (int i = 0; i < rows * columns; i++)
        target[i] = loading[i] * pow(fabs(loading[i]), 3);

    /* Least squares of the target on the loadings gives the turn; its columns are then
     * scaled so that factors have variance 1. */
    for (int a = 0; a < columns; a++)
        for (int b = 0; b < columns; b++)
            for (int i = 0; i < rows; i++) {
                own[a * columns + b] += loading[i * columns + a] * loading[i * columns + b];
                cross[a * columns + b] += loading[i * columns + a] * target[i * columns + b];
            }

    if (!invert(columns, own, inverse, arena))
        return false;
    stats_multiply(columns, columns, columns, inverse, cross, turn);
    for (int a = 0; a < columns; a++) /* own = turnᵀ turn */
        for (int b = 0; b < columns; b++) {
            own[a * columns + b] = 0;
            for (int i = 0; i < columns; i++)
                own[a * columns + b] += turn[i * columns + a] * turn[i * columns + b];
        }

    if (!invert(columns, own, inverse, arena))
        return false;
    for (int j = 0; j < columns; j++)
        for (int i = 0; i < columns; i++)
            turn[i * columns + j] *= sqrt(inverse[j * columns + j]);
    stats_multiply(rows, columns, columns, loading, turn, moved);
    memcpy(loading, moved, sizeof *moved * (size_t)rows * k);
    for (int a = 0; a < columns; a++) /* the factors' correlations are the inverse of turnᵀ turn */
        for (int b = 0; b < columns; b++)
            correlation[a * columns + b] =
                inverse[a * columns + b] /
                sqrt(inverse[a * columns + a] * inverse[b * columns + b]);

    return true;
}

/* Factors by falling sum of squares, each with its largest loading positive; their correlations
 * follow. */
static void arrange(int rows, int columns, double *loading, double *correlation,
                    struct arena *arena)
{
    double *copy = ARENA_ARRAY(arena, double, (size_t)rows *(size_t)columns),
           *squares = ARENA_ARRAY(arena, double, columns);
    double *old = ARENA_ARRAY(arena, double, (size_t)columns *(size_t)columns),
           *sign = ARENA_ARRAY(arena, double, columns);
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, columns);

    memcpy(copy, loading, sizeof *copy * (size_t)(rows * columns));
    memcpy(old, correlation, sizeof *old * (size_t)(columns * columns));
    for (int j = 0; j < columns; j++) {
        double largest = 0;
        for (int i = 0; i < rows; i++) {
            double x = copy[i * columns + j];
            squares[j] -= x * x;
            largest = fabs(x) > fabs(largest) ? x : largest;
        }
        sign[j] = largest < 0 ? -1 : 1;
    }

    /* A factor whose sign turns takes its correlations along. */
    stats_order(squares, (size_t)columns, order);
    for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++)
            loading[i * columns + j] = sign[order[j]] * copy[i * columns + (int)order[j]];
        for (int b = 0; b < columns; b++)
            correlation[j * columns + b] =
                sign[order[j]] * sign[order[b]] * old[(int)order[j] * columns + (int)order[b]];
    }
}

/* Loadings before rotation: Ψ^½ times the leading eigenvectors, scaled by √(θ − 1). */
static void first_loadings(const struct profile *f, const double *uniqueness, double *loading)
{
    for (int m = 0; m < f->factors; m++)
        for (int i = 0; i < f->items; i++)
            loading[i * f->factors + m] =
                sqrt(uniqueness[i]) * f->vector[m * f->items + i] * sqrt(fmax(f->value[m] - 1, 0));
}

/* Regression scores: R⁻¹ Λ Φ. */
static bool score_weights(const double *r, struct model_factors *out, struct arena *arena)
{
    int n = out->items, k = out->factors;
    double *factor = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n),
           *column = ARENA_ARRAY(arena, double, n);
    memcpy(factor, r, sizeof *r * (size_t)(n * n));
    if (!stats_cholesky(n, factor))
        return false;
    stats_multiply(n, k, k, out->loading, out->correlation, out->score);

    /* A column at a time through the one factor: R is never inverted. */
    for (int m = 0; m < k; m++) {
        for (int i = 0; i < n; i++)
            column[i] = out->score[i * k + m];
        stats_cholesky_solve(n, factor, column);
        for (int i = 0; i < n; i++)
            out->score[i * k + m] = column[i];
    }
    return true;
}

static enum status fit_profile(struct profile *f, double *x, struct arena *arena, double *value,
                               struct error *error)
{
    double *factor = ARENA_ARRAY(arena, double, (size_t)f->items *(size_t)f->items),
           *inverse = ARENA_ARRAY(arena, double, (size_t)f->items *(size_t)f->items);
    memcpy(factor, f->correlation, sizeof *factor * (size_t)(f->items * f->items));
    if (!stats_cholesky(f->items, factor))
        return error_set(error, STATUS_ERROR,
                         "the correlations of these items are not those of complete data, or an "
                         "item is a sum of others");
    stats_cholesky_inverse(f->items, factor, inverse);

    /* Jöreskog's start: what the other items leave unexplained, a little less as
     * factors are few; inside the bounds, where the logistic curve has a slope. */
    for (int i = 0; i < f->items; i++) {
        double start = (1 - 0.5 * f->factors / f->items) / inverse[i * f->items + i];
        start = fmin(0.95, fmax(0.02, start)); /* x between −4 and 3 */
        x[i] = log((start - least_uniqueness) / (1 - start));
    }

    struct stats_optimum best = stats_minimise(f->items, profile, f, NULL, arena, x);
    *value = profile(x, NULL, f);
    if (!best.converged)
        return error_set(error, STATUS_ERROR, "%d factors of %d items did not converge", f->factors,
                         f->items);
    return STATUS_OK;
}

enum status model_factors_fit(int items, const double *correlation, double rows, int factors,
                              enum model_rotation rotation, struct arena *arena,
                              struct model_factors *out, struct error *error)
{
    TRY(check(items, correlation, error));
    double freedom = (pow(items - factors, 2) - (items + factors)) / 2;
    if (factors < 1 || freedom < 0)
        return error_set(error, STATUS_ERROR, "%d items have too little in them for %d factors",
                         items, factors);

    size_t n = (size_t)items, k = (size_t)factors;
    double *r = ARENA_ARRAY(arena, double, n *n), *x = ARENA_ARRAY(arena, double, n), least = 0;
    memcpy(r, correlation, sizeof *r * n * n);
    stats_to_correlation(items, r);
    struct profile f = {items,
                        factors,
                        r,
                        ARENA_ARRAY(arena, double, n *n),
                        ARENA_ARRAY(arena, double, n),
                        ARENA_ARRAY(arena, double, n *n),
                        {0}};
    arena_init(&f.arena, 0);
    enum status status = fit_profile(&f, x, arena, &least, error);
    arena_release(&f.arena);
    if (status != STATUS_OK)
        return status;

    *out = (struct model_factors){items,
                                  factors,
                                  ARENA_ARRAY(arena, double, n),
                                  ARENA_ARRAY(arena, double, n *k),
                                  ARENA_ARRAY(arena, double, k *k),
                                  ARENA_ARRAY(arena, double, n *k),
                                  .rows = rows};
    for (int i = 0; i < items; i++) {
        out->uniqueness[i] = least_uniqueness + (1 - least_uniqueness) / (1 + exp(-x[i]));
        out->bounded |= out->uniqueness[i] < least_uniqueness * 1.01; /* at it, but for x's end */
    }

    for (int m = 0; m < factors; m++)
        out->correlation[m * factors + m] = 1;
    first_loadings(&f, out->uniqueness, out->loading);

    /* Promax starts from varimax. One factor has nothing to turn against. */
    if (rotation != MODEL_ROTATION_NONE && factors > 1)
        varimax(items, factors, out->loading);
    if (rotation == MODEL_ROTATION_PROMAX && factors > 1 &&
        !promax(items, factors, out->loading, out->correlation, arena))
        return error_set(error, STATUS_ERROR,
                         "promax found no oblique axes for these loadings: take varimax");
    arrange(items, factors, out->loading, out->correlation, arena);
    if (!score_weights(r, out, arena))
        return error_set(error, STATUS_ERROR, "the correlations of these items cannot be inverted");

    out->freedom = freedom;

    /* The likelihood ratio with Bartlett's (1951) correction, as its plain form rejects
     * too often where rows are few. */
    out->chi2 = (rows - 1 - (2.0 * items + 5) / 6 - 2.0 * factors / 3) * least;
    out->p = freedom > 0 ? stats_chi2_upper(out->chi2, freedom) : NAN;
    return STATUS_OK;
}

void model_factors_write(const struct model_factors *model, struct json *json)
{
    size_t n = (size_t)model->items, k = (size_t)model->factors;
    json_write_object(json);
    model_json_put(json, "items", model->items);
    model_json_put(json, "factors", model->factors);
    model_json_put(json, "rows", model->rows);
    model_json_put(json, "chi2", model->chi2);
    model_json_put(json, "degrees_of_freedom", model->freedom);
    model_json_put(json, "p", model->p);
    model_json_put(json, "bounded", model->bounded);
    model_json_put_all(json, "uniquenesses", model->uniqueness, n);
    model_json_put_all(json, "loadings", model->loading, n * k);
    model_json_put_all(json, "factor_correlations", model->correlation, k * k);
    model_json_put_all(json, "score_weights", model->score, n * k);
    json_write_end_object(json);
}

enum status model_factors_read(struct text text, struct arena *arena, struct model_factors *out,
                               struct error *error)
{
    struct model_json reader;
    size_t items, loadings, correlations, scores;

    TRY(model_json_open(&reader, text, "factor model", error));
    *out = (struct model_factors){.items = (int)model_json_number(&reader, "items"),
                                  .factors = (int)model_json_number(&reader, "factors"),
                                  .rows = model_json_number(&reader, "rows"),
                                  .chi2 = model_json_number(&reader, "chi2"),
                                  .freedom = model_json_number(&reader, "degrees_of_freedom"),
                                  .p = model_json_number_or_nan(&reader, "p"),
                                  .bounded = model_json_number(&reader, "bounded") != 0};
    size_t most = (size_t)MODEL_FACTOR_ITEMS_MAX * MODEL_FACTOR_ITEMS_MAX;

    out->uniqueness =
        model_json_array(&reader, "uniquenesses", MODEL_FACTOR_ITEMS_MAX, arena, &items);
    out->loading = model_json_array(&reader, "loadings", most, arena, &loadings);
    out->correlation = model_json_array(&reader, "factor_correlations", most, arena, &correlations);
    out->score = model_json_array(&reader, "score_weights", most, arena, &scores);

    if (out->items < 1 || out->factors < 1 || items != (size_t)out->items ||
        loadings != items * (size_t)out->factors || scores != loadings ||
        correlations != (size_t)out->factors * (size_t)out->factors)
        model_json_fail(&reader, "the numbers of items, factors and loadings do not fit together");
    return model_json_close(&reader, error);
}

struct parallel {
    int items;
    size_t rows;
    uint64_t seed;
    double *value; /* draws × items */
};

static void parallel_task(void *context, size_t task, int worker)
{
    struct parallel *p = context;
    (void)worker;
    struct arena arena;
    struct stats_random random;
    size_t n = (size_t)p->items;
    arena_init(&arena, 0);
    stats_random_init(&random, p->seed, task);
    double *data = ARENA_ARRAY(&arena, double, p->rows *n), *mean = ARENA_ARRAY(&arena, double, n),
           *r = ARENA_ARRAY(&arena, double, n *n);
    for (size_t i = 0; i < p->rows * n; i++)
        data[i] = stats_random_normal(&random);
    stats_covariance(p->rows, p->items, data, 1, mean, r);
    stats_to_correlation(p->items, r);
    ENSURE(stats_eigen(p->items, r, &arena, p->value + task * n, NULL));
    arena_release(&arena);
}

enum status model_parallel_analysis(int items, const double *correlation, size_t rows, int draws,
                                    double quantile, uint64_t seed, struct pool *pool,
                                    struct arena *arena, int *factors, double *thresholds,
                                    struct error *error)
{
    TRY(check(items, correlation, error));
    if (rows < 3 || draws < 1)
        return error_set(error, STATUS_ERROR,
                         "parallel analysis needs three rows and one draw at least");
    struct parallel p = {items, rows, seed,
                         ARENA_ARRAY(arena, double, (size_t)draws *(size_t)items)};
    double *own = ARENA_ARRAY(arena, double, items), *column = ARENA_ARRAY(arena, double, draws);
    pool_run(pool, (size_t)draws, parallel_task, &p);
    if (!stats_eigen(items, correlation, arena, own, NULL))
        return error_set(error, STATUS_ERROR, "the eigenvalues of %d items could not be computed",
                         items);

    /* As many as stand above chance before the first that does not (Horn 1965): one
     * that rises above it later is noise. */
    *factors = -1;
    for (int i = 0; i < items; i++) {
        for (int d = 0; d < draws; d++)
            column[d] = p.value[d * items + i];
        stats_sort(column, (size_t)draws);
        double threshold = stats_quantile_sorted(column, (size_t)draws, quantile);
        if (thresholds)
            thresholds[i] = threshold;
        if (*factors < 0 && own[i] <= threshold)
            *factors = i;
    }

    *factors = *factors < 0 ? items : *factors;
    return STATUS_OK;
}

/* Kaiser, Meyer and Olkin's share (Kaiser 1974): correlations against what remains of
 * them once the other items are held fixed, which the inverse of the matrix tells. */
double model_kmo(int items, const double *correlation, struct arena *arena, double *each)
{
    size_t square = (size_t)items * (size_t)items;
    double *factor = ARENA_ARRAY(arena, double, square),
           *inverse = ARENA_ARRAY(arena, double, square);

    memcpy(factor, correlation, sizeof *factor * square);
    if (!stats_cholesky(items, factor))
        return NAN;
    stats_cholesky_inverse(items, factor, inverse);
    double plain = 0, partial = 0;
    for (int i = 0; i < items; i++) {
        double own = 0, own_partial = 0;
        for (int j = 0; j < items; j++) {
            if (i == j)
                continue;
            double q = inverse[i * items + j];
            own += correlation[i * items + j] * correlation[i * items + j];
            own_partial += q * q / (inverse[i * items + i] * inverse[j * items + j]);
        }
        plain += own;
        partial += own_partial;
        if (each)
            each[i] = own / (own + own_partial);
    }

    return plain / (plain + partial);
}

static double alpha_without(int items, const double *covariance, int left_out)
{
    double total = 0, own = 0, n = items - (left_out >= 0);
    for (int i = 0; i < items; i++)
        for (int j = 0; j < items; j++) {
            if (i == left_out || j == left_out)
                continue;
            total += covariance[i * items + j];
            own += i == j ? covariance[i * items + j] : 0;
        }

    return n > 1 && total > 0 ? n / (n - 1) * (1 - own / total) : NAN;
}

double model_cronbach_alpha(int items, const double *covariance, double *without)
{
    for (int i = 0; without && i < items; i++)
        without[i] = alpha_without(items, covariance, i);
    return alpha_without(items, covariance, -1);
}

void model_pairwise_covariance(size_t rows, int items, const double *data, double *out)
{
    for (int a = 0; a < items; a++)
        for (int b = 0; b <= a; b++) {
            double n = 0, mean_a = 0, mean_b = 0, cross = 0;
            for (size_t r = 0; r < rows; r++) {
                double x = data[r * (size_t)items + (size_t)a],
                       y = data[r * (size_t)items + (size_t)b];
                if (isnan(x) || isnan(y))
                    continue;
                n++;

                /* Welford's update: one pass, and no cancelling where answers lie far from 0. */
                double dx = x - mean_a;
                mean_a += dx / n;
                mean_b += (y - mean_b) / n;
                cross += dx * (y - mean_b);
            }
            out[a * items + b] = out[b * items + a] = n > 1 ? cross / (n - 1) : NAN;
        }
}
