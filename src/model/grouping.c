#include "model/grouping.h"

#include "stats/linear.h"
#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double squared(const double *a, const double *b, int columns)
{
    double sum = 0;
    for (int j = 0; j < columns; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

/* count different rows in rising order, one from each of count equal stretches. */
static void sample(size_t rows, size_t count, uint64_t seed, uint32_t *out)
{
    struct stats_random random;
    stats_random_init(&random, seed, 0x5a);
    for (size_t i = 0; i < count; i++) {
        size_t from = i * rows / count, to = (i + 1) * rows / count;
        out[i] = (uint32_t)(from + stats_random_below(&random, to - from));
    }
}

struct silhouette {
    const struct model_matrix *matrix;
    const uint32_t *label, *rows;
    size_t count;
    int k;
    double *size, *width;
};

enum { SILHOUETTE_ROWS = 64 };

static void silhouette_task(void *context, size_t task, int worker)
{
    struct silhouette *s = context;
    (void)worker;
    double sum[MODEL_CLUSTER_GROUPS_MAX];
    size_t columns = (size_t)s->matrix->columns;
    for (size_t i = task * SILHOUETTE_ROWS; i < s->count && i < (task + 1) * SILHOUETTE_ROWS; i++) {
        const double *row = s->matrix->data + s->rows[i] * columns;
        uint32_t own = s->label[s->rows[i]];
        memset(sum, 0, sizeof *sum * (size_t)s->k);
        for (size_t j = 0; j < s->count; j++)
            sum[s->label[s->rows[j]]] += sqrt(squared(row, s->matrix->data + s->rows[j] * columns, (int)columns));
        double other = INFINITY, inside = sum[own] / (s->size[own] - 1);
        for (int c = 0; c < s->k; c++)
            if ((uint32_t)c != own && s->size[c] > 0)
                other = fmin(other, sum[c] / s->size[c]);
        double larger = fmax(inside, other);
        s->width[i] = s->size[own] > 1 && larger > 0 && isfinite(other) ? (other - inside) / larger : 0;
    }
}

double model_silhouette(const struct model_matrix *matrix, const uint32_t *label, int k, size_t limit, uint64_t seed,
                        struct pool *pool, double *width)
{
    size_t most = limit ? limit : 20000, count = matrix->rows < most ? matrix->rows : most;
    struct arena arena;
    arena_init(&arena, 0);
    uint32_t *rows = ARENA_ARRAY(&arena, uint32_t, count);
    struct silhouette s = {
        matrix, label, rows, count, k, ARENA_ARRAY(&arena, double, k), ARENA_ARRAY(&arena, double, count)};
    sample(matrix->rows, count, seed, rows);
    int groups = 0;
    for (size_t i = 0; i < count; i++)
        groups += s.size[label[rows[i]]]++ == 0;
    double mean = NAN;
    if (groups > 1) {
        pool_run(pool, (count + SILHOUETTE_ROWS - 1) / SILHOUETTE_ROWS, silhouette_task, &s);
        mean = stats_mean(s.width, count);
    }
    for (size_t i = 0; width && i < matrix->rows; i++)
        width[i] = NAN;
    for (size_t i = 0; width && groups > 1 && i < count; i++)
        width[rows[i]] = s.width[i];
    arena_release(&arena);
    return mean;
}

/* Centres and sizes of the groups, and the centre of all, in arena. */
struct centres {
    double *centre, *size, *all;
    int groups;
};

static struct centres centres_of(const struct model_matrix *matrix, const uint32_t *label, int k, struct arena *arena)
{
    int d = matrix->columns;
    struct centres c = {ARENA_ARRAY(arena, double, (size_t)k *(size_t)d), ARENA_ARRAY(arena, double, k),
                        ARENA_ARRAY(arena, double, d), 0};
    for (size_t i = 0; i < matrix->rows; i++) {
        c.size[label[i]]++;
        for (int j = 0; j < d; j++) {
            double x = matrix->data[i * (size_t)d + (size_t)j];
            c.centre[label[i] * (size_t)d + (size_t)j] += x;
            c.all[j] += x / (double)matrix->rows;
        }
    }
    for (int g = 0; g < k; g++) {
        c.groups += c.size[g] > 0;
        for (int j = 0; c.size[g] > 0 && j < d; j++)
            c.centre[g * d + j] /= c.size[g];
    }
    return c;
}

double model_calinski_harabasz(const struct model_matrix *matrix, const uint32_t *label, int k)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct centres c = centres_of(matrix, label, k, &arena);
    double within = 0, between = 0, rows = (double)matrix->rows;
    for (size_t i = 0; i < matrix->rows; i++)
        within += squared(matrix->data + i * (size_t)matrix->columns, c.centre + label[i] * (size_t)matrix->columns,
                          matrix->columns);
    for (int g = 0; g < k; g++)
        between += c.size[g] > 0 ? c.size[g] * squared(c.centre + g * matrix->columns, c.all, matrix->columns) : 0;
    int groups = c.groups;
    arena_release(&arena);
    return groups > 1 && rows > groups ? between / (groups - 1) / (within / (rows - groups)) : NAN;
}

double model_davies_bouldin(const struct model_matrix *matrix, const uint32_t *label, int k)
{
    struct arena arena;
    arena_init(&arena, 0);
    int d = matrix->columns;
    struct centres c = centres_of(matrix, label, k, &arena);
    double *spread = ARENA_ARRAY(&arena, double, k), total = 0;
    for (size_t i = 0; i < matrix->rows; i++)
        spread[label[i]] +=
            sqrt(squared(matrix->data + i * (size_t)d, c.centre + label[i] * (size_t)d, d)) / c.size[label[i]];
    for (int a = 0; a < k; a++) {
        double worst = 0;
        for (int b = 0; c.size[a] > 0 && b < k; b++)
            if (a != b && c.size[b] > 0)
                worst = fmax(worst, (spread[a] + spread[b]) / sqrt(squared(c.centre + a * d, c.centre + b * d, d)));
        total += worst;
    }
    int groups = c.groups;
    arena_release(&arena);
    return groups > 1 ? total / groups : NAN;
}

enum status model_grouping_kmeans(const struct model_matrix *matrix, int k, uint64_t seed, void *context,
                                  uint32_t *label, struct error *error)
{
    struct arena arena;
    struct model_kmeans model;
    struct model_kmeans_options options = {.k = k, .seed = seed};
    (void)context;
    arena_init(&arena, 0);
    enum status status = model_kmeans_fit(matrix, &options, NULL, &arena, &model, error);
    if (status == STATUS_OK)
        memcpy(label, model.label, sizeof *label * matrix->rows);
    arena_release(&arena);
    return status;
}

/* ln of Σ over groups of Σ pairs d^power / (2 size), every pair counted twice. */
static double log_within(const struct model_matrix *matrix, const uint32_t *label, int k, int power)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct centres c = centres_of(matrix, label, k, &arena);
    size_t d = (size_t)matrix->columns;
    double total = 0;
    if (power == 2)
        for (size_t i = 0; i < matrix->rows; i++)
            total += squared(matrix->data + i * d, c.centre + label[i] * d, (int)d);
    for (size_t a = 0; power == 1 && a < matrix->rows; a++)
        for (size_t b = 0; b < a; b++)
            if (label[a] == label[b])
                total += sqrt(squared(matrix->data + a * d, matrix->data + b * d, (int)d)) / c.size[label[a]];
    arena_release(&arena);
    return log(total);
}

/* The box around the data whose sides are its principal axes. */
struct grouping_box {
    double *mean, *axis; /* columns, columns × columns (axes are rows) */
    double *low, *high;  /* along each axis, from the mean */
};

static double along(const double *row, const double *mean, const double *axis, size_t columns)
{
    double sum = 0;
    for (size_t j = 0; j < columns; j++)
        sum += (row[j] - mean[j]) * axis[j];
    return sum;
}

static struct grouping_box box_around(const struct model_matrix *matrix, struct arena *arena)
{
    size_t d = (size_t)matrix->columns;
    struct grouping_box box = {ARENA_ARRAY(arena, double, d), ARENA_ARRAY(arena, double, d *d),
                               ARENA_ARRAY(arena, double, d), ARENA_ARRAY(arena, double, d)};
    double *covariance = ARENA_ARRAY(arena, double, d *d), *values = ARENA_ARRAY(arena, double, d);
    stats_covariance(matrix->rows, matrix->columns, matrix->data, 0, box.mean, covariance);
    ENSURE(stats_eigen(matrix->columns, covariance, arena, values, box.axis));
    for (size_t i = 0; i < matrix->rows; i++)
        for (size_t a = 0; a < d; a++) {
            double place = along(matrix->data + i * d, box.mean, box.axis + a * d, d);
            box.low[a] = fmin(box.low[a], place);
            box.high[a] = fmax(box.high[a], place);
        }
    return box;
}

static void fill_uniform(const struct grouping_box *box, size_t rows, size_t d, struct stats_random *random,
                         double *out)
{
    for (size_t i = 0; i < rows; i++) {
        double *row = out + i * d;
        memcpy(row, box->mean, sizeof *row * d);
        for (size_t a = 0; a < d; a++) {
            double place = box->low[a] + stats_random_uniform(random) * (box->high[a] - box->low[a]);
            for (size_t j = 0; j < d; j++)
                row[j] += place * box->axis[a * d + j];
        }
    }
}

/* A draw each, in parallel: the first is the data, the others uniform samples of its box. */
struct gap_work {
    const struct model_matrix *matrix;
    int largest, power;
    uint64_t seed;
    model_grouping_method *method;
    void *context;
    struct grouping_box box;
    double *log_w;        /* (draws + 1) × largest */
    struct error *errors; /* one a draw */
};

static void gap_task(void *context, size_t task, int worker)
{
    struct gap_work *g = context;
    (void)worker;
    size_t columns = (size_t)g->matrix->columns, cells = g->matrix->rows * columns;
    struct model_matrix own = *g->matrix;
    double *data = NULL;
    if (task > 0) {
        struct stats_random random;
        stats_random_init(&random, g->seed, task);
        own.data = data = base_malloc(sizeof *data * cells);
        fill_uniform(&g->box, own.rows, columns, &random, data);
    }
    uint32_t *label = base_calloc(own.rows, sizeof *label);
    for (int k = 1; k <= g->largest && g->errors[task].code == STATUS_OK; k++) {
        if (k > 1 && g->method(&own, k, g->seed + task, g->context, label, &g->errors[task]) != STATUS_OK)
            break;
        g->log_w[task * (size_t)g->largest + (size_t)k - 1] = log_within(&own, label, k, g->power);
    }
    free(label);
    free(data);
}

static void choose_gap(struct model_gap *out)
{
    int peak = 1;
    while (peak < out->largest && out->gap[peak] > out->gap[peak - 1])
        peak++;
    out->best = 1;
    while (out->best < peak && out->gap[out->best - 1] < out->gap[peak - 1] - out->error[peak - 1])
        out->best++;
}

enum status model_gap_statistic(const struct model_matrix *matrix, int largest, int draws, int power, uint64_t seed,
                                model_grouping_method *method, void *context, struct pool *pool, struct arena *arena,
                                struct model_gap *out, struct error *error)
{
    TRY(model_cluster_check(matrix, largest, error));
    if (power == 1 && matrix->rows > 5000)
        return error_set(error, STATUS_ERROR,
                         "the gap statistic of plain distances takes at most 5,000 customers, not %zu", matrix->rows);
    struct gap_work g = {matrix,
                         largest,
                         power,
                         seed,
                         method,
                         context,
                         box_around(matrix, arena),
                         ARENA_ARRAY(arena, double, (size_t)(draws + 1) * (size_t)largest),
                         ARENA_ARRAY(arena, struct error, draws + 1)};
    pool_run(pool, (size_t)draws + 1, gap_task, &g);
    for (int i = 0; i <= draws; i++)
        if (g.errors[i].code != STATUS_OK) {
            if (error)
                *error = g.errors[i];
            return g.errors[i].code;
        }
    *out = (struct model_gap){largest, 1, ARENA_ARRAY(arena, double, largest), ARENA_ARRAY(arena, double, largest)};
    for (int k = 0; k < largest; k++) {
        double mean = 0, square = 0;
        for (int i = 1; i <= draws; i++)
            mean += g.log_w[i * largest + k] / draws;
        for (int i = 1; i <= draws; i++)
            square += (g.log_w[i * largest + k] - mean) * (g.log_w[i * largest + k] - mean) / draws;
        out->gap[k] = mean - g.log_w[k];
        out->error[k] = sqrt(square * (1 + 1.0 / draws));
    }
    choose_gap(out);
    return STATUS_OK;
}

struct stability {
    const struct model_matrix *matrix;
    const uint32_t *label;
    int k;
    uint64_t seed;
    model_grouping_method *method;
    void *context;
    double *jaccard; /* draws × k; NaN for a group that a draw missed */
    struct error *errors;
};

/* The best Jaccard overlap of each old group with a new one, over the rows drawn. */
static void compare_groups(const uint32_t *old, const uint32_t *new, size_t rows, int k, double *jaccard)
{
    size_t width = (size_t)k;
    double *both = base_calloc(width * width + 2 * width, sizeof *both), *in_old = both + width * width,
           *in_new = in_old + width;
    for (size_t i = 0; i < rows; i++) {
        both[old[i] * width + new[i]]++;
        in_old[old[i]]++;
        in_new[new[i]]++;
    }
    for (size_t a = 0; a < width; a++) {
        jaccard[a] = in_old[a] > 0 ? 0 : NAN;
        for (size_t b = 0; in_old[a] > 0 && b < width; b++) {
            double shared = both[a * width + b];
            jaccard[a] = fmax(jaccard[a], shared / (in_old[a] + in_new[b] - shared));
        }
    }
    free(both);
}

static void stability_task(void *context, size_t task, int worker)
{
    struct stability *s = context;
    (void)worker;
    size_t rows = s->matrix->rows, columns = (size_t)s->matrix->columns, count = 0;
    struct stats_random random;
    stats_random_init(&random, s->seed, task);
    unsigned char *drawn = base_calloc(rows, 1);
    for (size_t i = 0; i < rows; i++)
        drawn[stats_random_below(&random, rows)] = 1;
    double *data = base_malloc(sizeof *data * rows * columns);
    uint32_t *old = base_malloc(sizeof *old * rows * 2), *new = old + rows;
    for (size_t i = 0; i < rows; i++)
        if (drawn[i]) {
            memcpy(data + count * columns, s->matrix->data + i * columns, sizeof *data * columns);
            old[count++] = s->label[i];
        }
    struct model_matrix part = {count, s->matrix->columns, data};
    if (s->method(&part, s->k, s->seed + task, s->context, new, &s->errors[task]) == STATUS_OK)
        compare_groups(old, new, count, s->k, s->jaccard + task * (size_t)s->k);
    free(drawn);
    free(data);
    free(old);
}

enum status model_stability(const struct model_matrix *matrix, int k, const uint32_t *label, int draws, uint64_t seed,
                            model_grouping_method *method, void *context, struct pool *pool, double *jaccard,
                            struct error *error)
{
    TRY(model_cluster_check(matrix, k, error));
    struct arena arena;
    arena_init(&arena, 0);
    struct stability s = {matrix,
                          label,
                          k,
                          seed,
                          method,
                          context,
                          ARENA_ARRAY(&arena, double, (size_t)draws *(size_t)k),
                          ARENA_ARRAY(&arena, struct error, draws)};
    pool_run(pool, (size_t)draws, stability_task, &s);
    enum status status = STATUS_OK;
    for (int i = 0; i < draws && status == STATUS_OK; i++)
        if (s.errors[i].code != STATUS_OK) {
            status = s.errors[i].code;
            if (error)
                *error = s.errors[i];
        }
    for (int c = 0; c < k; c++) {
        double sum = 0, count = 0;
        for (int i = 0; i < draws; i++)
            if (!isnan(s.jaccard[i * k + c])) {
                sum += s.jaccard[i * k + c];
                count++;
            }
        jaccard[c] = sum / count;
    }
    arena_release(&arena);
    return status;
}

enum { STRUCTURE_ROWS = 1000, STRUCTURE_STARTS = 3, NULLS = 2 };

struct structure {
    const struct model_matrix *matrix;
    struct grouping_box box;
    double *root; /* lower Cholesky factor of the covariance */
    int largest, draws;
    uint64_t seed;
    double *tightening; /* (1 + NULLS · draws) × (largest − 1): ln W₁ − ln W_k */
    struct error *errors;
};

static void fill_normal(const struct structure *s, struct stats_random *random, double *out)
{
    size_t d = (size_t)s->matrix->columns;
    double own[MODEL_CLUSTER_COLUMNS_MAX];
    for (size_t i = 0; i < s->matrix->rows; i++)
        for (size_t j = 0; j < d; j++) {
            own[j] = stats_random_normal(random);
            out[i * d + j] = 0;
            for (size_t k = 0; k <= j; k++)
                out[i * d + j] += s->root[j * d + k] * own[k];
        }
}

/* The data themselves, then the draws of the one kind, then those of the other. */
static void structure_task(void *context, size_t task, int worker)
{
    struct structure *s = context;
    (void)worker;
    struct arena arena;
    arena_init(&arena, 0);
    struct model_matrix own = *s->matrix;
    size_t cells = own.rows * (size_t)own.columns;
    if (task > 0) {
        struct stats_random random;
        double *data = ARENA_ARRAY(&arena, double, cells);
        stats_random_init(&random, s->seed, task);
        if (task <= (size_t)s->draws)
            fill_normal(s, &random, data);
        else
            fill_uniform(&s->box, own.rows, (size_t)own.columns, &random, data);
        own.data = data;
    }
    double *place = s->tightening + task * (size_t)(s->largest - 1), whole = 0;
    for (int k = 1; k <= s->largest; k++) {
        struct model_kmeans model;
        struct model_kmeans_options options = {.k = k, .starts = STRUCTURE_STARTS, .seed = s->seed};
        if (model_kmeans_fit(&own, &options, NULL, &arena, &model, &s->errors[task]) != STATUS_OK)
            break;
        if (k == 1)
            whole = log(model.inertia);
        else
            place[k - 2] = whole - log(fmax(model.inertia, 1e-300));
    }
    arena_release(&arena);
}

/* The largest standardised tightening over k. */
static double stands_out(const double *tightening, const double *mean, const double *deviation, int count, int *best)
{
    double most = -INFINITY;
    for (int k = 0; k < count; k++) {
        double z = (tightening[k] - mean[k]) / deviation[k];
        if (z > most) {
            most = z;
            *best = k + 2;
        }
    }
    return most;
}

/* The p-value against one kind of draws; *best is the number of groups that stands out. */
static double structure_p(const struct structure *s, int kind, struct arena *arena, int *best)
{
    int count = s->largest - 1, ignored;
    const double *draws = s->tightening + (size_t)(1 + kind * s->draws) * (size_t)count;
    double *mean = ARENA_ARRAY(arena, double, count), *deviation = ARENA_ARRAY(arena, double, count), as_tight = 0;
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < s->draws; i++)
            mean[k] += draws[i * count + k] / s->draws;
        for (int i = 0; i < s->draws; i++)
            deviation[k] += (draws[i * count + k] - mean[k]) * (draws[i * count + k] - mean[k]) / s->draws;
        deviation[k] = sqrt(deviation[k]) + 1e-12;
    }
    double own = stands_out(s->tightening, mean, deviation, count, best);
    for (int i = 0; i < s->draws; i++)
        as_tight += stands_out(draws + i * count, mean, deviation, count, &ignored) >= own;
    return (1 + as_tight) / (1 + s->draws);
}

enum status model_structure_test(const struct model_matrix *matrix, int largest, int draws, uint64_t seed,
                                 struct pool *pool, struct arena *arena, struct model_structure *out,
                                 struct error *error)
{
    TRY(model_cluster_check(matrix, 1, error));
    size_t d = (size_t)matrix->columns, rows = matrix->rows < STRUCTURE_ROWS ? matrix->rows : STRUCTURE_ROWS;
    *out = (struct model_structure){false, 1, 1};
    largest = (size_t)largest > rows / 2 ? (int)(rows / 2) : largest;
    if (largest < 2)
        return STATUS_OK;
    uint32_t *picked = ARENA_ARRAY(arena, uint32_t, rows);
    double *data = ARENA_ARRAY(arena, double, rows *d), *mean = ARENA_ARRAY(arena, double, d);
    sample(matrix->rows, rows, seed, picked);
    for (size_t i = 0; i < rows; i++)
        memcpy(data + i * d, matrix->data + picked[i] * d, sizeof *data * d);
    struct model_matrix some = {rows, matrix->columns, data};
    struct structure s = {
        &some, box_around(&some, arena), ARENA_ARRAY(arena, double, d *d), largest, draws > 0 ? draws : 39, seed, NULL,
        NULL};
    size_t tasks = 1 + NULLS * (size_t)s.draws;
    stats_covariance(rows, matrix->columns, data, 1, mean, s.root);
    double spread = 0;
    for (size_t j = 0; j < d; j++)
        spread = fmax(spread, s.root[j * d + j]);
    if (!(spread > 0)) /* everyone is equal */
        return STATUS_OK;
    for (size_t j = 0; j < d; j++)
        s.root[j * d + j] += 1e-9 * spread;
    if (!stats_cholesky(matrix->columns, s.root))
        return error_set(error, STATUS_ERROR, "the covariances of these traits could not be used");
    s.tightening = ARENA_ARRAY(arena, double, tasks *(size_t)(largest - 1));
    s.errors = ARENA_ARRAY(arena, struct error, tasks);
    pool_run(pool, tasks, structure_task, &s);
    for (size_t i = 0; i < tasks; i++)
        if (s.errors[i].code != STATUS_OK) {
            if (error)
                *error = s.errors[i];
            return s.errors[i].code;
        }
    int by_normal, by_uniform;
    double normal = structure_p(&s, 0, arena, &by_normal), uniform = structure_p(&s, 1, arena, &by_uniform);
    out->p = fmax(normal, uniform);
    out->natural = out->p <= 1.5 / (1 + s.draws);
    out->groups = out->natural ? by_normal : 1;
    return STATUS_OK;
}
