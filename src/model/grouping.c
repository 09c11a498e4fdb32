/*
 * How good a grouping is and how many groups there are: silhouette (Rousseeuw 1987),
 * Caliński and Harabasz's ratio (1974), Davies and Bouldin's index (1979), BIC, the gap
 * statistic (Tibshirani, Walther & Hastie 2001) and the stability of groups under
 * resampling (Hennig 2007). What would cost rows² is done on a sample; draws are
 * independent tasks, each with a stream of random numbers of its own, so that threads
 * do not matter.
 */
#include "model/grouping.h"

#include "model/hdbscan.h"
#include "model/reference.h"
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

/* Any stream of random numbers that the draws, which count from 0 or 1, do not use. */
enum { SAMPLE_STREAM = 0x5a };

/* count different rows in rising order, one from each of count equal stretches. */
static void sample(size_t rows, size_t count, uint64_t seed, uint32_t *out)
{
    struct stats_random random;
    stats_random_init(&random, seed, SAMPLE_STREAM);
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
            sum[s->label[s->rows[j]]] +=
                sqrt(squared(row, s->matrix->data + s->rows[j] * columns, (int)columns));

        /* Its distance to itself is 0 and it is not its own neighbour: one less in its
         * own group. */
        double other = INFINITY, inside = sum[own] / (s->size[own] - 1);
        for (int c = 0; c < s->k; c++)
            if ((uint32_t)c != own && s->size[c] > 0)
                other = fmin(other, sum[c] / s->size[c]);
        double larger = fmax(inside, other);
        s->width[i] =
            s->size[own] > 1 && larger > 0 && isfinite(other) ? (other - inside) / larger : 0;
    }
}

/* Rows looked at unless told otherwise: 2·10⁸ distances, a second or two on one core,
 * and a mean that is certain to less than 0.01. */
enum { SILHOUETTE_MOST = 20000 };

double model_silhouette(const struct model_matrix *matrix, const uint32_t *label, int k,
                        size_t limit, uint64_t seed, struct pool *pool, double *width)
{
    size_t most = limit ? limit : SILHOUETTE_MOST,
           count = matrix->rows < most ? matrix->rows : most;
    struct arena arena;

    arena_init(&arena, 0);
    uint32_t *rows = ARENA_ARRAY(&arena, uint32_t, count);
    struct silhouette s = {matrix,
                           label,
                           rows,
                           count,
                           k,
                           ARENA_ARRAY(&arena, double, k),
                           ARENA_ARRAY(&arena, double, count)};
    sample(matrix->rows, count, seed, rows);

    /* Sizes in the sample, as the sums of distances are. One group alone has no silhouette. */
    int groups = 0;
    for (size_t i = 0; i < count; i++)
        groups += s.size[label[rows[i]]]++ == 0;

    double mean = NAN;
    if (groups > 1) {
        pool_run(pool, (count + SILHOUETTE_ROWS - 1) / SILHOUETTE_ROWS, silhouette_task, &s);
        mean = stats_mean(s.width, count);
    }

    /* Rows outside the sample are unknown, not 0. */
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

static struct centres centres_of(const struct model_matrix *matrix, const uint32_t *label, int k,
                                 struct arena *arena)
{
    int d = matrix->columns;
    struct centres c = {ARENA_ARRAY(arena, double, (size_t)k *(size_t)d),
                        ARENA_ARRAY(arena, double, k), ARENA_ARRAY(arena, double, d), 0};
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
        within += squared(matrix->data + i * (size_t)matrix->columns,
                          c.centre + label[i] * (size_t)matrix->columns, matrix->columns);
    for (int g = 0; g < k; g++)
        between += c.size[g] > 0
                       ? c.size[g] * squared(c.centre + g * matrix->columns, c.all, matrix->columns)
                       : 0;

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
            sqrt(squared(matrix->data + i * (size_t)d, c.centre + label[i] * (size_t)d, d)) /
            c.size[label[i]];

    for (int a = 0; a < k; a++) {
        double worst = 0;
        for (int b = 0; c.size[a] > 0 && b < k; b++)
            if (a != b && c.size[b] > 0)
                worst = fmax(worst, (spread[a] + spread[b]) /
                                        sqrt(squared(c.centre + a * d, c.centre + b * d, d)));
        total += worst;
    }

    int groups = c.groups;
    arena_release(&arena);
    return groups > 1 ? total / groups : NAN;
}

enum status model_grouping_kmeans(const struct model_matrix *matrix, int k, uint64_t seed,
                                  void *context, uint32_t *label, struct error *error)
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

    /* Squared distances of all pairs follow from the centre; plain ones do not, and cost rows². */
    for (size_t a = 0; power == 1 && a < matrix->rows; a++)
        for (size_t b = 0; b < a; b++)
            if (label[a] == label[b])
                total += sqrt(squared(matrix->data + a * d, matrix->data + b * d, (int)d)) /
                         c.size[label[a]];
    arena_release(&arena);
    return log(total);
}

static double category_likelihood(const struct model_matrix *matrix, size_t from, uint32_t levels,
                                  const uint32_t *label, int k, const double *size, double *count)
{
    double sum = 0;
    memset(count, 0, sizeof *count * (size_t)k * levels);
    for (size_t i = 0; i < matrix->rows; i++)
        for (uint32_t l = 0; l < levels; l++)
            count[label[i] * levels + l] +=
                matrix->data[i * (size_t)matrix->columns + from + l] > 0;

    /* The likeliest shares are those seen; a level that is not seen adds 0 ln 0 = 0. */
    for (int g = 0; g < k; g++)
        for (uint32_t l = 0; l < levels; l++) {
            double here = count[(size_t)g * levels + l];
            sum += here > 0 ? here * log(here / size[g]) : 0;
        }
    return sum;
}

/* BIC of the grouping as a model in which every group has a centre of its own and all
 * share one variance (as in x-means, Pelleg & Moore 2000), and categories have shares
 * of their own in each: k-means and k-prototypes maximise its likelihood, but for the
 * labels being certain. */
double model_grouping_bic(const struct model_matrix *matrix, const struct model_layout *layout,
                          const uint32_t *label, int k)
{
    struct model_layout all = layout ? *layout : (struct model_layout){.numbers = matrix->columns};
    struct arena arena;

    arena_init(&arena, 0);
    struct centres c = centres_of(matrix, label, k, &arena);
    double rows = (double)matrix->rows, d = all.numbers, within = 0, likelihood = 0;
    double parameters = k - 1 + (d > 0 ? k * d + 1 : 0);
    for (size_t i = 0; i < matrix->rows; i++)
        within += squared(matrix->data + i * (size_t)matrix->columns,
                          c.centre + label[i] * (size_t)matrix->columns, all.numbers);
    if (d > 0)
        likelihood = -rows * d / 2 * (log(2 * M_PI * within / (rows * d)) + 1);

    for (int g = 0; g < k; g++)
        likelihood += c.size[g] > 0 ? c.size[g] * log(c.size[g] / rows) : 0;
    size_t from = (size_t)all.numbers;
    for (int j = 0; j < all.categories; j++) {
        double *count = ARENA_ARRAY(&arena, double, (size_t)k *all.levels[j]);
        likelihood += category_likelihood(matrix, from, all.levels[j], label, k, c.size, count);
        parameters += (double)k * (all.levels[j] - 1);
        from += all.levels[j];
    }

    arena_release(&arena);
    return within > 0 || d < 1 ? parameters * log(rows) - 2 * likelihood : NAN;
}

/* A draw each, in parallel: the first is the data, the others uniform samples of its box. */
struct gap_work {
    const struct model_matrix *matrix;
    int largest, power;
    uint64_t seed;
    model_grouping_method *method;
    void *context;
    struct model_reference reference;
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
        model_reference_draw(&g->reference, MODEL_REFERENCE_UNIFORM, &random, data);
    }

    uint32_t *label = base_calloc(own.rows, sizeof *label);

    /* One group needs no method. */
    for (int k = 1; k <= g->largest && g->errors[task].code == STATUS_OK; k++) {
        if (k > 1 &&
            g->method(&own, k, g->seed + task, g->context, label, &g->errors[task]) != STATUS_OK)
            break;
        g->log_w[task * (size_t)g->largest + (size_t)k - 1] = log_within(&own, label, k, g->power);
    }
    free(label);
    free(data);
}

/* The smallest number within one standard error of the first peak: later peaks come
 * from groups being split. */
static void choose_gap(struct model_gap *out)
{
    int peak = 1;
    while (peak < out->largest && out->gap[peak] > out->gap[peak - 1])
        peak++;
    out->best = 1;
    while (out->best < peak && out->gap[out->best - 1] < out->gap[peak - 1] - out->error[peak - 1])
        out->best++;
}

enum { PLAIN_ROWS_MAX = 5000 }; /* all pairs, for each number of groups and each draw */

enum status model_gap_statistic(const struct model_matrix *matrix,
                                const struct model_layout *layout, int largest, int draws,
                                int power, uint64_t seed, model_grouping_method *method,
                                void *context, struct pool *pool, struct arena *arena,
                                struct model_gap *out, struct error *error)
{
    TRY(model_cluster_check(matrix, largest, error));
    if (power == 1 && matrix->rows > PLAIN_ROWS_MAX)
        return error_set(
            error, STATUS_ERROR,
            "the gap statistic of plain distances takes at most 5,000 customers, not %zu",
            matrix->rows);
    struct gap_work g = {.matrix = matrix,
                         .largest = largest,
                         .power = power,
                         .seed = seed,
                         .method = method,
                         .context = context,
                         .log_w = ARENA_ARRAY(arena, double, (size_t)(draws + 1) * (size_t)largest),
                         .errors = ARENA_ARRAY(arena, struct error, draws + 1)};

    model_reference_new(matrix, layout, arena, &g.reference);
    pool_run(pool, (size_t)draws + 1, gap_task, &g);
    for (int i = 0; i <= draws; i++)
        if (g.errors[i].code != STATUS_OK) {
            if (error)
                *error = g.errors[i];
            return g.errors[i].code;
        }

    *out = (struct model_gap){largest, 1, ARENA_ARRAY(arena, double, largest),
                              ARENA_ARRAY(arena, double, largest)};
    for (int k = 0; k < largest; k++) {
        double mean = 0, square = 0;
        for (int i = 1; i <= draws; i++)
            mean += g.log_w[i * largest + k] / draws;
        for (int i = 1; i <= draws; i++)
            square += (g.log_w[i * largest + k] - mean) * (g.log_w[i * largest + k] - mean) / draws;

        /* The data's ln W against that of data without groups. √(1 + 1/draws): the
         * reference's own mean is uncertain, too. */
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
    size_t most;
    uint64_t seed;
    model_grouping_method *method;
    void *context;
    double *jaccard; /* draws × k; NaN for a group that a draw missed */
    struct error *errors;
};

/* The best Jaccard overlap of each old group with a new one, over the rows drawn. Noise is no
 * group. */
static void compare_groups(const uint32_t *old, const uint32_t *new, size_t rows, int k,
                           double *jaccard)
{
    size_t width = 0;

    for (size_t i = 0; i < rows; i++)
        if (new[i] != MODEL_NOISE &&new[i] >= width)
            width = new[i] + 1u;

    double *both = base_calloc((size_t)k * width + (size_t)k + width, sizeof *both),
           *in_old = both + (size_t)k * width, *in_new = in_old + k;
    for (size_t i = 0; i < rows; i++) {
        if (old[i] != MODEL_NOISE && new[i] != MODEL_NOISE)
            both[old[i] * width + new[i]]++;
        if (old[i] != MODEL_NOISE)
            in_old[old[i]]++;
        if (new[i] != MODEL_NOISE)
            in_new[new[i]]++;
    }

    for (int a = 0; a < k; a++) {
        jaccard[a] = in_old[a] > 0 ? 0 : NAN;
        for (size_t b = 0; in_old[a] > 0 && b < width; b++) {
            double shared = both[(size_t)a * width + b];
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

    /* Drawn with repeats, each row taken once: a bootstrap without its copies, which
     * would hold a group together by themselves (Hennig 2007). */
    for (size_t i = 0; i < s->most; i++)
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

/* Mean over the draws that hit a group, and the standard error of that mean. */
static void fold_draws(const struct stability *s, int draws, int group, double *mean,
                       double *deviation)
{
    double sum = 0, count = 0, square = 0;
    for (int i = 0; i < draws; i++)
        if (!isnan(s->jaccard[i * s->k + group])) {
            sum += s->jaccard[i * s->k + group];
            count++;
        }

    *mean = sum / count;
    for (int i = 0; i < draws; i++)
        if (!isnan(s->jaccard[i * s->k + group]))
            square += pow(s->jaccard[i * s->k + group] - *mean, 2);

    if (deviation)
        *deviation = count > 1 ? sqrt(square / (count - 1) / count) : INFINITY;
}

enum status model_stability(const struct model_matrix *matrix, int k, const uint32_t *label,
                            int draws, size_t most, uint64_t seed, model_grouping_method *method,
                            void *context, struct pool *pool, double *jaccard, double *deviation,
                            struct error *error)
{
    TRY(model_cluster_check(matrix, k, error));
    struct arena arena;
    arena_init(&arena, 0);
    struct stability s = {matrix,
                          label,
                          k,
                          most && most < matrix->rows ? most : matrix->rows,
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

    for (int c = 0; c < k; c++)
        fold_draws(&s, draws, c, &jaccard[c], deviation ? &deviation[c] : NULL);
    arena_release(&arena);
    return status;
}
