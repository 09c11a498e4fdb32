/*
 * Gaussian mixtures by expectation–maximisation (Dempster, Laird & Rubin 1977); a round
 * costs rows × groups × columns². Everything that can vanish or explode stays a
 * logarithm; covariances are sums of centred products, and each is lifted by a
 * ten-millionth of the columns' variances so that a flat group has a density at all. A
 * start whose group lives off that lift (its likelihood is unbounded in truth) is
 * thrown away.
 */
#include "base/json.h"
#include "model/cluster.h"
#include "model/json_read.h"
#include "stats/linear.h"
#include "stats/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_A_TASK = 1024,
    ROUNDS = 2000, /* EM creeps where groups overlap */
    STARTS = 10,
    SAMPLE = 10000, /* rows on which the starts compete */
    SAMPLE_FROM = 20000,
    FIRST_STARTS = 10, /* of the k-means behind the first start, which is the likeliest to win */
    KMEANS_ROUNDS = 300,
    MEANS_MAX = MODEL_CLUSTER_GROUPS_MAX * MODEL_MIXTURE_COLUMNS_MAX,
};

static const double lift = 1e-7;
enum { OWN_SPREAD = 20 }; /* lifts: a group with less lives off the lift */

/* Of log-likelihood: starts that end this near to one another reached the same answer. */
static const double same_answer = 1e-4;

/* Rows times groups: 32 GB of doubles. */
static const double CHANCES_MAX = 4e9;

/* What a round must gain, relative to the likelihood, to be followed by another. With
 * many rows a part in 10⁸ is less than parameters are uncertain by. */
static const double EXACT = 1e-10, ENOUGH = 1e-8;

struct em {
    const struct model_matrix *matrix;
    int k, columns;
    enum model_mixture_shape shape;
    struct pool *pool;
    size_t tasks;
    double *share, *mean, *factor, *log_det;
    double *chance;                 /* rows × k */
    double *task_likelihood;        /* a task each */
    double *task_weight;            /* a task each: k */
    double *task_mean, *task_cross; /* a task each: k × columns, k × columns × columns */
    double *variance;               /* of the columns */
    double tolerance; /* a round that gains less, relative to the likelihood, is the last */
};

static double log_density(const double *mean, const double *factor, double log_det, int columns,
                          const double *row, double *scratch)
{
    double square = 0;
    for (int j = 0; j < columns; j++)
        scratch[j] = row[j] - mean[j];

    /* ‖L⁻¹(x − μ)‖² is the Mahalanobis distance: one triangular solve instead of an inverse. */
    stats_lower_solve(columns, factor, scratch);
    for (int j = 0; j < columns; j++)
        square += scratch[j] * scratch[j];
    return -0.5 * (square + log_det + columns * log(2 * M_PI));
}

static size_t task_end(const struct em *em, size_t task)
{
    size_t end = (task + 1) * ROWS_A_TASK;
    return end < em->matrix->rows ? end : em->matrix->rows;
}

static void expect_task(void *context, size_t task, int worker)
{
    struct em *em = context;

    (void)worker;
    int d = em->columns, k = em->k;
    double scratch[MODEL_CLUSTER_COLUMNS_MAX], likelihood = 0;
    double *weight = em->task_weight + task * (size_t)k,
           *mean = em->task_mean + task * (size_t)(k * d);
    memset(weight, 0, sizeof *weight * (size_t)k);
    memset(mean, 0, sizeof *mean * (size_t)(k * d));
    for (size_t i = task * ROWS_A_TASK; i < task_end(em, task); i++) {
        const double *row = em->matrix->data + i * (size_t)d;
        double *chance = em->chance + i * (size_t)k;
        for (int c = 0; c < k; c++)
            chance[c] = log(em->share[c]) + log_density(em->mean + c * d,
                                                        em->factor + (size_t)c * (size_t)(d * d),
                                                        em->log_det[c], d, row, scratch);

        /* Weights and means are gathered while the row is at hand; covariances need the
         * new means and a pass of their own. */
        double all = stats_log_sum_exp(chance, (size_t)k);
        likelihood += all;
        for (int c = 0; c < k; c++) {
            chance[c] = exp(chance[c] - all);
            weight[c] += chance[c];
            for (int j = 0; j < d; j++)
                mean[c * d + j] += chance[c] * row[j];
        }
    }

    em->task_likelihood[task] = likelihood;
}

static void cross_task(void *context, size_t task, int worker)
{
    struct em *em = context;
    (void)worker;
    int d = em->columns, k = em->k;
    double gap[MODEL_CLUSTER_COLUMNS_MAX];
    double *cross = em->task_cross + task * (size_t)k * (size_t)(d * d);
    memset(cross, 0, sizeof *cross * (size_t)k * (size_t)(d * d));
    for (size_t i = task * ROWS_A_TASK; i < task_end(em, task); i++)
        for (int c = 0; c < k; c++) {
            double chance = em->chance[i * (size_t)k + (size_t)c],
                   *place = cross + (size_t)c * (size_t)(d * d);
            if (chance < 1e-300) /* it adds nothing, and denormal products are slow */
                continue;
            for (int j = 0; j < d; j++)
                gap[j] = em->matrix->data[i * (size_t)d + (size_t)j] - em->mean[c * d + j];
            for (int a = 0; a < d; a++)
                for (int b = 0; b <= a; b++)
                    place[a * d + b] += chance * gap[a] * gap[b];
        }
}

/* Covariances of all tasks into em->factor, then their Cholesky factors. False when a group has no
 * spread. */
static bool factorise(struct em *em, const double *weight)
{
    int d = em->columns, k = em->k;
    size_t square = (size_t)d * (size_t)d;

    memset(em->factor, 0, sizeof *em->factor * (size_t)k * square);
    for (size_t task = 0; task < em->tasks; task++)
        for (size_t i = 0; i < (size_t)k * square; i++)
            em->factor[i] += em->task_cross[task * (size_t)k * square + i];

    /* One covariance for all groups: every group holds a copy, so that densities need not know. */
    if (em->shape == MODEL_MIXTURE_EQUAL) {
        for (int c = 1; c < k; c++)
            for (size_t i = 0; i < square; i++)
                em->factor[i] += em->factor[(size_t)c * square + i];
        for (int c = 1; c < k; c++)
            memcpy(em->factor + (size_t)c * square, em->factor, sizeof *em->factor * square);
    }

    for (int c = 0; c < k; c++) {
        double *a = em->factor + (size_t)c * square;
        double divisor = em->shape == MODEL_MIXTURE_EQUAL ? (double)em->matrix->rows : weight[c];
        for (int i = 0; i < d; i++)
            for (int j = 0; j <= i; j++)
                a[j * d + i] = a[i * d + j] /= divisor;
        for (int i = 0; i < d; i++)
            a[i * d + i] += lift * em->variance[i];
        if (!stats_cholesky(d, a))
            return false;
        em->log_det[c] = stats_cholesky_log_det(d, a);

        /* A squared pivot is the variance that the columns before leave; where it is
         * little more than the lift, the group has no spread of its own. */
        for (int i = 0; i < d; i++)
            if (a[i * d + i] * a[i * d + i] < OWN_SPREAD * lift * em->variance[i])
                return false;
    }

    return true;
}

/* The maximisation step, from what expect_task left. False when a group has dwindled. */
static bool maximise(struct em *em)
{
    int d = em->columns, k = em->k;
    double weight[MODEL_CLUSTER_GROUPS_MAX] = {0};
    memset(em->mean, 0, sizeof *em->mean * (size_t)(k * d));
    for (size_t task = 0; task < em->tasks; task++) {
        for (int c = 0; c < k; c++)
            weight[c] += em->task_weight[task * (size_t)k + (size_t)c];
        for (int i = 0; i < k * d; i++)
            em->mean[i] += em->task_mean[task * (size_t)(k * d) + (size_t)i];
    }

    /* A covariance of d columns needs d + 1 rows to have full rank. */
    for (int c = 0; c < k; c++) {
        if (weight[c] < (em->shape == MODEL_MIXTURE_FULL ? d + 1 : 1))
            return false;
        em->share[c] = weight[c] / (double)em->matrix->rows;
        for (int j = 0; j < d; j++)
            em->mean[c * d + j] /= weight[c];
    }

    pool_run(em->pool, em->tasks, cross_task, em);
    return factorise(em, weight);
}

/* Chances 0 or 1 by labels, as if an expectation step had said so. */
static void expect_labels(struct em *em, const uint32_t *label)
{
    int d = em->columns, k = em->k;
    memset(em->chance, 0, sizeof *em->chance * em->matrix->rows * (size_t)k);
    memset(em->task_weight, 0, sizeof *em->task_weight * em->tasks * (size_t)k);
    memset(em->task_mean, 0, sizeof *em->task_mean * em->tasks * (size_t)(k * d));

    /* Into the places of the tasks, so that the first maximisation folds as all others do. */
    for (size_t i = 0; i < em->matrix->rows; i++) {
        size_t task = i / ROWS_A_TASK, c = label[i];
        em->chance[i * (size_t)k + c] = 1;
        em->task_weight[task * (size_t)k + c]++;
        for (int j = 0; j < d; j++)
            em->task_mean[task * (size_t)(k * d) + c * (size_t)d + (size_t)j] +=
                em->matrix->data[i * (size_t)d + (size_t)j];
    }
}

/* EM from the chances at hand. NaN when the start is of no use. */
static double run_em(struct em *em, int *rounds)
{
    double before = -INFINITY;
    if (!maximise(em))
        return NAN;

    for (*rounds = 1; *rounds <= ROUNDS; ++*rounds) {
        double now = 0;
        pool_run(em->pool, em->tasks, expect_task, em);
        for (size_t task = 0; task < em->tasks; task++)
            now += em->task_likelihood[task];
        if (!isfinite(now))
            return NAN;
        if (now - before < em->tolerance * fabs(now))
            return now;
        before = now;
        if (!maximise(em))
            return NAN;
    }
    return before;
}

static struct em em_for(const struct model_matrix *matrix,
                        const struct model_mixture_options *options, struct pool *pool,
                        struct arena *arena)
{
    struct em em = {.matrix = matrix,
                    .k = options->k,
                    .columns = matrix->columns,
                    .shape = options->shape,
                    .pool = pool,
                    .tasks = (matrix->rows + ROWS_A_TASK - 1) / ROWS_A_TASK,
                    .tolerance = matrix->rows > SAMPLE_FROM ? ENOUGH : EXACT};
    size_t k = (size_t)em.k, d = (size_t)em.columns;

    em.share = ARENA_ARRAY(arena, double, k);
    em.mean = ARENA_ARRAY(arena, double, k *d);
    em.factor = ARENA_ARRAY(arena, double, k *d *d);
    em.log_det = ARENA_ARRAY(arena, double, k);
    em.chance = ARENA_ARRAY(arena, double, matrix->rows *k);
    em.task_likelihood = ARENA_ARRAY(arena, double, em.tasks);
    em.task_weight = ARENA_ARRAY(arena, double, em.tasks *k);
    em.task_mean = ARENA_ARRAY(arena, double, em.tasks *k *d);
    em.task_cross = ARENA_ARRAY(arena, double, em.tasks *k *d *d);
    em.variance = ARENA_ARRAY(arena, double, d);

    /* Columns are lifted by their own variance, so that units do not matter. */
    double *mean = ARENA_ARRAY(arena, double, d), *all = ARENA_ARRAY(arena, double, d *d);
    stats_covariance(matrix->rows, matrix->columns, matrix->data, 0, mean, all);
    for (size_t j = 0; j < d; j++)
        em.variance[j] = all[j * d + j];
    return em;
}

static double parameters_of(int k, int d, enum model_mixture_shape shape)
{
    return k - 1 + (double)k * d + (shape == MODEL_MIXTURE_FULL ? k : 1) * d * (d + 1) / 2.0;
}

/* Copies the best start out, groups renumbered by size. */
static void keep(const struct em *em, double likelihood, int rounds, struct model_mixture *out)
{
    size_t k = (size_t)em->k, d = (size_t)em->columns, rows = em->matrix->rows;
    uint32_t order[MODEL_CLUSTER_GROUPS_MAX];
    double uncertain = 0;

    for (size_t i = 0; i < rows; i++) {
        const double *chance = em->chance + i * k;
        uint32_t best = 0;
        for (size_t c = 0; c < k; c++) {
            best = chance[c] > chance[best] ? (uint32_t)c : best;
            uncertain -= chance[c] > 0 ? chance[c] * log(chance[c]) : 0;
        }
        out->label[i] = best;
    }

    model_cluster_renumber(out->label, rows, em->k, order);
    for (size_t c = 0; c < k; c++) {
        out->share[c] = em->share[order[c]];
        memcpy(out->mean + c * d, em->mean + order[c] * d, sizeof *em->mean * d);
        memcpy(out->factor + c * d * d, em->factor + order[c] * d * d, sizeof *em->factor * d * d);
    }

    out->log_likelihood = likelihood;
    out->parameters = parameters_of(em->k, em->columns, em->shape);
    out->rows = (double)rows;
    out->bic = -2 * likelihood + out->parameters * log(out->rows);
    out->entropy = em->k > 1 ? 1 - uncertain / (out->rows * log(em->k)) : 1;
    out->iterations = rounds;
}

/* The starts compete; the best is kept in out. */
static enum status run_starts(struct em *em, const struct model_mixture_options *options,
                              int starts, struct arena *scratch, struct model_mixture *out,
                              struct error *error)
{
    for (int start = 0; start < starts; start++) {
        struct model_kmeans groups;

        /* Every third start is stopped early: k-means prefers round groups of one size,
         * and a mixture's best may be far from what it ends with. */
        struct model_kmeans_options how = {.k = options->k,
                                           .starts = start == 0 ? FIRST_STARTS : 1,
                                           .max_iterations = start % 3 == 2 ? 1 : KMEANS_ROUNDS,
                                           .seed = options->seed + (uint64_t)start};
        TRY(model_kmeans_fit(em->matrix, &how, em->pool, scratch, &groups, error));
        int rounds;
        expect_labels(em, groups.label);
        double likelihood = run_em(em, &rounds);
        if (isnan(likelihood))
            continue;
        if (likelihood > out->log_likelihood + same_answer)
            out->reached = 0;
        if (likelihood > out->log_likelihood - same_answer)
            out->reached++;
        if (likelihood > out->log_likelihood)
            keep(em, likelihood, rounds, out);
    }
    return STATUS_OK;
}

static struct model_mixture empty_for(const struct model_matrix *matrix,
                                      const struct model_mixture_options *options,
                                      struct arena *arena)
{
    size_t k = (size_t)options->k, d = (size_t)matrix->columns;
    return (struct model_mixture){.k = options->k,
                                  .columns = matrix->columns,
                                  .shape = options->shape,
                                  .share = ARENA_ARRAY(arena, double, k),
                                  .mean = ARENA_ARRAY(arena, double, k *d),
                                  .factor = ARENA_ARRAY(arena, double, k *d *d),
                                  .label = ARENA_ARRAY(arena, uint32_t, matrix->rows),
                                  .log_likelihood = -INFINITY};
}

/* Many rows: the starts compete on an even sample, and the winner goes on with all. */
static enum status run_from_sample(struct em *em, const struct model_mixture_options *options,
                                   int starts, struct arena *scratch, struct model_mixture *out,
                                   struct error *error)
{
    size_t d = (size_t)em->columns, k = (size_t)em->k, rows = em->matrix->rows;
    double *data = ARENA_ARRAY(scratch, double, SAMPLE *d);

    for (size_t i = 0; i < SAMPLE; i++)
        memcpy(data + i * d, em->matrix->data + i * rows / SAMPLE * d, sizeof *data * d);
    struct model_matrix some = {SAMPLE, em->columns, data};
    struct model_mixture best = empty_for(&some, options, scratch);
    struct em trial = em_for(&some, options, em->pool, scratch);
    trial.tolerance = em->tolerance;
    TRY(run_starts(&trial, options, starts, scratch, &best, error));
    if (!isfinite(best.log_likelihood))
        return STATUS_OK;

    /* The winner's parameters are where EM goes on; its chances are of the sample's
     * rows and are made anew. */
    memcpy(em->share, best.share, sizeof *em->share * k);
    memcpy(em->mean, best.mean, sizeof *em->mean * k * d);
    memcpy(em->factor, best.factor, sizeof *em->factor * k * d * d);
    for (size_t c = 0; c < k; c++)
        em->log_det[c] = stats_cholesky_log_det(em->columns, em->factor + c * d * d);
    int rounds;
    pool_run(em->pool, em->tasks, expect_task, em);
    double likelihood = run_em(em, &rounds);
    out->reached = best.reached;
    if (!isnan(likelihood))
        keep(em, likelihood, rounds, out);
    return STATUS_OK;
}

enum status model_mixture_fit(const struct model_matrix *matrix,
                              const struct model_mixture_options *options, struct pool *pool,
                              struct arena *arena, struct model_mixture *out, struct error *error)
{
    TRY(model_cluster_check(matrix, options->k, error));
    int starts = options->starts > 0 ? options->starts : STARTS;
    if (options->k == 1) /* all starts are the same then */
        starts = 1;
    if (matrix->columns > MODEL_MIXTURE_COLUMNS_MAX ||
        (double)matrix->rows * options->k > CHANCES_MAX)
        return error_set(error, STATUS_ERROR,
                         "a mixture takes at most 200 traits and 4,000,000,000 rows times groups");

    struct arena scratch;
    arena_init(&scratch, 0);
    struct em em = em_for(matrix, options, pool, &scratch);
    *out = empty_for(matrix, options, arena);
    enum status status = matrix->rows > SAMPLE_FROM && starts > 1
                             ? run_from_sample(&em, options, starts, &scratch, out, error)
                             : run_starts(&em, options, starts, &scratch, out, error);
    arena_release(&scratch);
    if (status == STATUS_OK && !isfinite(out->log_likelihood))
        status = error_set(error, STATUS_ERROR,
                           "no start of a mixture of %d groups ended with groups of their own "
                           "spread: take fewer groups, "
                           "or leave constant traits out",
                           options->k);
    return status;
}

double model_mixture_score(const struct model_mixture *model, const double *row, double *scratch,
                           double *chances)
{
    int d = model->columns;
    for (int c = 0; c < model->k; c++) {
        const double *factor = model->factor + (size_t)c * (size_t)(d * d);
        chances[c] =
            log(model->share[c]) + log_density(model->mean + c * d, factor,
                                               stats_cholesky_log_det(d, factor), d, row, scratch);
    }
    double all = stats_log_sum_exp(chances, (size_t)model->k);
    for (int c = 0; c < model->k; c++)
        chances[c] = exp(chances[c] - all);
    return all;
}

void model_mixture_write(const struct model_mixture *model, struct json *json)
{
    size_t k = (size_t)model->k, d = (size_t)model->columns;
    json_write_object(json);
    model_json_put(json, "groups", model->k);
    model_json_put(json, "columns", model->columns);
    model_json_put(json, "equal_covariances", model->shape == MODEL_MIXTURE_EQUAL);
    model_json_put(json, "log_likelihood", model->log_likelihood);
    model_json_put(json, "rows", model->rows);
    model_json_put(json, "entropy", model->entropy);
    model_json_put_all(json, "shares", model->share, k);
    model_json_put_all(json, "means", model->mean, k * d);
    model_json_put_all(json, "cholesky_factors", model->factor, k * d * d);
    json_write_end_object(json);
}

enum status model_mixture_read(struct text text, struct arena *arena, struct model_mixture *out,
                               struct error *error)
{
    struct model_json reader;
    size_t shares, means, factors;
    TRY(model_json_open(&reader, text, "mixture", error));
    *out = (struct model_mixture){.k = (int)model_json_number(&reader, "groups"),
                                  .columns = (int)model_json_number(&reader, "columns")};
    out->shape = model_json_number(&reader, "equal_covariances") != 0 ? MODEL_MIXTURE_EQUAL
                                                                      : MODEL_MIXTURE_FULL;

    out->log_likelihood = model_json_number(&reader, "log_likelihood");
    out->rows = model_json_number(&reader, "rows");
    out->entropy = model_json_number(&reader, "entropy");
    out->share = model_json_array(&reader, "shares", MODEL_CLUSTER_GROUPS_MAX, arena, &shares);
    out->mean = model_json_array(&reader, "means", MEANS_MAX, arena, &means);
    out->factor = model_json_array(&reader, "cholesky_factors",
                                   (size_t)MEANS_MAX * MODEL_MIXTURE_COLUMNS_MAX, arena, &factors);

    if (out->k < 1 || out->columns < 1 || shares != (size_t)out->k ||
        means != shares * (size_t)out->columns || factors != means * (size_t)out->columns)
        model_json_fail(&reader,
                        "the numbers of groups, columns and parameters do not fit together");
    out->parameters = parameters_of(out->k, out->columns, out->shape);
    out->bic = -2 * out->log_likelihood + out->parameters * log(out->rows);
    return model_json_close(&reader, error);
}
