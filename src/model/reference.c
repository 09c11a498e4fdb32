/*
 * Drawing data without groups (reference.h). Normal draws share the data's covariances;
 * unimodal ones their margins, each brought to the nearest unimodal distribution by
 * pooling adjacent violators (Ayer et al. 1955) on both sides of every possible peak,
 * and their rank correlations by a normal copula (Nelsen 2006). So the shape of each
 * column and what goes together is there, and a second peak is not.
 */
#include "model/reference.h"

#include "stats/distribution.h"
#include "stats/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISCRETE = 40, /* distinct values up to which a column is one of lumps: counts, scales */
    BINS = 30,     /* else; fewer would blur a peak, more are noise in a thousand rows */
};

/* One column as a unimodal distribution over cells in rising order: single values when there are
 * few, else bins. */
struct model_margin {
    int count;
    bool discrete;
    double *value; /* count, or count + 1 edges of bins */
    double *below; /* count: the share of this cell and all before it */
};

/* ---- the nearest unimodal distribution ---- */

/* Shares that rise, nearest to the given ones in squares: neighbours in the wrong order are
 * averaged until none is. */
static double rising(const double *share, int count, int step, double *out)
{
    double sum[DISCRETE + 1], weight[DISCRETE + 1], error = 0;
    int blocks = 0, at = 0;
    for (int i = 0; i < count; i++) {
        sum[blocks] = share[i * step];
        weight[blocks++] = 1;
        while (blocks > 1 &&
               sum[blocks - 2] * weight[blocks - 1] > sum[blocks - 1] * weight[blocks - 2]) {
            sum[blocks - 2] += sum[blocks - 1];
            weight[blocks - 2] += weight[blocks - 1];
            blocks--;
        }
    }

    for (int b = 0; b < blocks; b++)
        for (int i = 0; i < (int)weight[b]; i++, at++) {
            out[at * step] = sum[b] / weight[b];
            error += (out[at * step] - share[at * step]) * (out[at * step] - share[at * step]);
        }
    return error;
}

/* Rising to some cell and falling after it: the cell that lets it come nearest. */
static void make_unimodal(double *share, int count)
{
    double best[DISCRETE + 1], now[DISCRETE + 1], least = INFINITY;
    for (int mode = 0; mode < count; mode++) {
        /* Up to the peak from the left, down from it from the right: the same pooling
         * with the step turned. */
        double error = rising(share, mode + 1, 1, now);
        if (mode + 1 < count)
            error += rising(share + count - 1, count - mode - 1, -1, now + count - 1);
        if (error < least) {
            least = error;
            memcpy(best, now, sizeof *best * (size_t)count);
        }
    }
    memcpy(share, best, sizeof *share * (size_t)count);
}

static void fit_margin(const double *sorted, size_t rows, struct arena *arena,
                       struct model_margin *out)
{
    double share[DISCRETE + 1] = {0};

    *out = (struct model_margin){.value = ARENA_ARRAY(arena, double, DISCRETE + 2),
                                 .below = ARENA_ARRAY(arena, double, DISCRETE + 1)};
    out->discrete = true;
    for (size_t i = 0; i < rows && out->discrete; i++) {
        if (i > 0 && !(sorted[i] > sorted[i - 1])) {
            share[out->count - 1] += 1 / (double)rows;
            continue;
        }
        out->discrete = out->count < DISCRETE;
        out->value[out->count] = sorted[i];
        share[out->count++] = 1 / (double)rows;
    }

    /* The count stopped one past DISCRETE: the values so far are given up for bins. */
    if (!out->discrete) {
        double low = sorted[0], width = (sorted[rows - 1] - low) / BINS;
        memset(share, 0, sizeof share);
        out->count = BINS;
        for (int b = 0; b <= BINS; b++)
            out->value[b] = low + b * width;
        for (size_t i = 0; i < rows; i++) {
            int b = (int)((sorted[i] - low) / width);
            share[b < BINS ? b : BINS - 1] += 1 / (double)rows;
        }
    }

    make_unimodal(share, out->count);
    double sum = 0;
    for (int b = 0; b < out->count; b++)
        out->below[b] = sum += share[b];
}

static double margin_quantile(const struct model_margin *margin, double p)
{
    int b = 0;
    while (b + 1 < margin->count && margin->below[b] < p)
        b++;
    if (margin->discrete)
        return margin->value[b];
    double before = b ? margin->below[b - 1] : 0, share = margin->below[b] - before;
    double within = share > 0 ? fmin(fmax((p - before) / share, 0), 1) : .5; /* an empty bin */
    return margin->value[b] + within * (margin->value[b + 1] - margin->value[b]);
}

/* ---- looking at the data ---- */

static double along(const double *row, const double *mean, const double *axis, size_t columns)
{
    double sum = 0;
    for (size_t j = 0; j < columns; j++)
        sum += (row[j] - mean[j]) * axis[j];
    return sum;
}

/* A symmetric matrix becomes its lower Cholesky factor, lifted a little where columns depend on one
 * another. */
static void take_root(double *a, size_t d)
{
    double spread = 0;
    for (size_t j = 0; j < d; j++)
        spread = fmax(spread, a[j * d + j]);
    for (size_t j = 0; j < d; j++)
        a[j * d + j] += 1e-9 * spread + 1e-300; /* the latter where there is no spread at all */
    if (!stats_cholesky((int)d, a)) /* not possible but by rounding: then columns by themselves */
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                a[i * d + j] = i == j ? sqrt(fmax(a[i * d + i], 0)) : 0;
}

static void find_box(struct model_reference *r, const double *numbers, struct arena *arena)
{
    size_t d = (size_t)r->layout.numbers;
    double *values = ARENA_ARRAY(arena, double, d);
    stats_covariance(r->matrix->rows, r->layout.numbers, numbers, 0, r->mean, r->normal_root);
    ENSURE(stats_eigen(r->layout.numbers, r->normal_root, arena, values, r->axis));
    for (size_t i = 0; i < r->matrix->rows; i++)
        /* Along the principal axes: a box along the columns would be mostly empty where
         * they go together. */
        for (size_t a = 0; a < d; a++) {
            double place = along(numbers + i * d, r->mean, r->axis + a * d, d);
            r->from[a] = fmin(r->from[a], place);
            r->to[a] = fmax(r->to[a], place);
        }
    take_root(r->normal_root, d);
}

/*
 * Lumps of equal values hide correlation: two columns of counts whose hidden normals go together by
 * .7 may show .4 in their ranks. Draws with the correlation of the ranks would hang together less
 * than the data and leave them standing out. So for each pair with lumps the hidden correlation is
 * found that, put through the same lumps, shows what the data show (the polychoric idea of Pearson
 * and Olsson 1979, by simulation).
 */
enum {
    PAIRS = 2000,  /* drawn: a correlation to within 0.02, which is less than ranks are off by */
    HALVINGS = 12, /* of −.98 … .98: to 5e-4 */
    SHRINKS = 60,  /* .97^60 = .16: where even that fails, columns are drawn by themselves */
};
static const double SHRINK = .97;

struct lumps {
    const struct model_margin *first, *second;
    const double *normal; /* 2 × PAIRS */
};

/* What a column shows of a hidden normal: the middle of its lump, or itself. */
static double shown(const struct model_margin *margin, double hidden)
{
    if (!margin->discrete)
        return hidden;
    double p = stats_normal_cdf(hidden);
    int b = 0;
    while (b + 1 < margin->count && margin->below[b] < p)
        b++;
    double before = b ? margin->below[b - 1] : 0;

    /* A quantile of 0 or 1 would be infinite; ±4.75 is as far as draws come. */
    return stats_normal_quantile(fmin(fmax((before + margin->below[b]) / 2, 1e-6), 1 - 1e-6));
}

static double shown_correlation(const struct lumps *lumps, double hidden)
{
    double a[PAIRS], b[PAIRS], rest = sqrt(1 - hidden * hidden);

    /* The same draws at every try, so that the search sees the correlation move and no noise. */
    for (size_t i = 0; i < PAIRS; i++) {
        a[i] = shown(lumps->first, lumps->normal[2 * i]);
        b[i] =
            shown(lumps->second, hidden * lumps->normal[2 * i] + rest * lumps->normal[2 * i + 1]);
    }
    return stats_correlation(a, b, PAIRS);
}

static double hidden_correlation(const struct lumps *lumps, double seen)
{
    double low = -.98, high = .98; /* beyond, columns say the same */
    if (!lumps->first->discrete && !lumps->second->discrete)
        return seen;
    for (int step = 0; step < HALVINGS; step++) {
        double middle = (low + high) / 2, is = shown_correlation(lumps, middle);
        if (is < seen)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static void uncover_correlations(struct model_reference *r, struct arena *arena)
{
    const size_t most = 24; /* columns: the pairs of more take longer than they are worth */
    size_t d = (size_t)r->layout.numbers;
    double *normal = ARENA_ARRAY(arena, double, 2 * PAIRS);
    struct stats_random random;
    stats_random_init(&random, 1, 1);
    if (d > most)
        return;

    for (size_t i = 0; i < 2 * PAIRS; i++)
        normal[i] = stats_random_normal(&random);
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k < j; k++) {
            struct lumps lumps = {&r->margin[j], &r->margin[k], normal};
            double hidden = hidden_correlation(&lumps, r->copula_root[j * d + k]);
            r->copula_root[j * d + k] = r->copula_root[k * d + j] = hidden;
        }
}

/* Pairs by themselves may ask for more than all of them together allow: then they are drawn towards
 * none until a population can have them. */
static void make_possible(double *correlation, size_t d, struct arena *arena)
{
    double *try = ARENA_ARRAY(arena, double, d *d);
    for (int step = 0; step < SHRINKS; step++) {
        memcpy(try, correlation, sizeof *try * d * d);
        if (stats_cholesky((int)d, try))
            return;
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                correlation[i * d + j] *= i == j ? 1 : SHRINK;
    }
}

static void find_margins(struct model_reference *r, const double *numbers, struct arena *arena)
{
    size_t d = (size_t)r->layout.numbers, rows = r->matrix->rows;
    double *column = ARENA_ARRAY(arena, double, rows), *rank = ARENA_ARRAY(arena, double, rows);
    double *score = ARENA_ARRAY(arena, double, rows *d), *mean = ARENA_ARRAY(arena, double, d);
    for (size_t j = 0; j < d; j++) {
        for (size_t i = 0; i < rows; i++)
            column[i] = numbers[i * d + j];
        stats_ranks(column, rows, arena, rank);
        for (size_t i = 0; i < rows; i++)
            /* Hazen's places: ranks from 1 have the middles of their shares, none is 0 or 1. */
            score[i * d + j] = stats_normal_quantile((rank[i] - .5) / (double)rows);
        stats_sort(column, rows);
        r->low[j] = column[0];
        r->high[j] = column[rows - 1];
        fit_margin(column, rows, arena, &r->margin[j]);
    }

    /* The correlation of normal scores is the copula's, whatever the margins are. */
    stats_covariance(rows, (int)d, score, 0, mean, r->copula_root);
    stats_to_correlation((int)d, r->copula_root);
    uncover_correlations(r, arena);
    make_possible(r->copula_root, d, arena);
    take_root(r->copula_root, d);
}

void model_reference_new(const struct model_matrix *matrix, const struct model_layout *layout,
                         struct arena *arena, struct model_reference *out)
{
    *out = (struct model_reference){.matrix = matrix};
    out->layout = layout ? *layout : (struct model_layout){.numbers = matrix->columns};
    size_t d = (size_t)out->layout.numbers, rows = matrix->rows;
    if (d == 0)
        return;
    double *numbers = ARENA_ARRAY(arena, double, rows *d);
    for (size_t i = 0; i < rows; i++)
        memcpy(numbers + i * d, matrix->data + i * (size_t)matrix->columns, sizeof *numbers * d);
    out->mean = ARENA_ARRAY(arena, double, d);
    out->axis = ARENA_ARRAY(arena, double, d *d);
    out->from = ARENA_ARRAY(arena, double, d);
    out->to = ARENA_ARRAY(arena, double, d);
    out->low = ARENA_ARRAY(arena, double, d);
    out->high = ARENA_ARRAY(arena, double, d);
    out->normal_root = ARENA_ARRAY(arena, double, d *d);
    out->copula_root = ARENA_ARRAY(arena, double, d *d);
    out->margin = ARENA_ARRAY(arena, struct model_margin, d);
    find_box(out, numbers, arena);
    find_margins(out, numbers, arena);
}

/* ---- drawing ---- */

static void draw_uniform(const struct model_reference *r, struct stats_random *random, double *row)
{
    size_t d = (size_t)r->layout.numbers;
    memcpy(row, r->mean, sizeof *row * d);
    for (size_t a = 0; a < d; a++) {
        double place = r->from[a] + stats_random_uniform(random) * (r->to[a] - r->from[a]);
        for (size_t j = 0; j < d; j++)
            row[j] += place * r->axis[a * d + j];
    }
}

static void draw_normal(const struct model_reference *r, const double *root,
                        struct stats_random *random, double *row)
{
    size_t d = (size_t)r->layout.numbers;
    double own[MODEL_CLUSTER_COLUMNS_MAX];
    for (size_t j = 0; j < d; j++) {
        own[j] = stats_random_normal(random);
        row[j] = 0;
        for (size_t k = 0; k <= j; k++)
            row[j] += root[j * d + k] * own[k];
    }
}

static void draw_numbers(const struct model_reference *r, enum model_reference_kind kind,
                         struct stats_random *random, double *row)
{
    if (kind == MODEL_REFERENCE_UNIFORM) {
        draw_uniform(r, random, row);
        return;
    }
    draw_normal(r, kind == MODEL_REFERENCE_NORMAL ? r->normal_root : r->copula_root, random, row);
    for (int j = 0; j < r->layout.numbers; j++)
        row[j] = kind == MODEL_REFERENCE_NORMAL
                     ? fmin(fmax(r->mean[j] + row[j], r->low[j]), r->high[j])
                     : margin_quantile(&r->margin[j], stats_normal_cdf(row[j]));
}

void model_reference_draw(const struct model_reference *reference, enum model_reference_kind kind,
                          struct stats_random *random, double *out)
{
    size_t columns = (size_t)reference->matrix->columns, rows = reference->matrix->rows;
    for (size_t i = 0; i < rows && reference->layout.numbers; i++)
        draw_numbers(reference, kind, random, out + i * columns);
    if (!reference->layout.categories)
        return;

    uint32_t *order = base_malloc(sizeof *order * rows);
    size_t at = (size_t)reference->layout.numbers;
    for (uint32_t i = 0; i < rows; i++)
        order[i] = i;
    for (int c = 0; c < reference->layout.categories; c++) {
        size_t width = reference->layout.levels[c];
        stats_random_shuffle(random, order, rows);
        for (size_t i = 0; i < rows; i++)
            memcpy(out + i * columns + at, reference->matrix->data + order[i] * columns + at,
                   sizeof *out * width);
        at += width;
    }
    free(order);
}
