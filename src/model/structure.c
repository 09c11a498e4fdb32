/*
 * Are there groups at all? Whatever a method does to data with groups it does, to a degree, to data
 * without: so the data are held against draws without groups (reference.h) that go through the
 * same. The draws of one kind say what to expect for each number of groups and how much that
 * varies; where the data stand out most, in units of that, is compared with where each draw stands
 * out most. Groups are claimed only when no draw of any kind stands out as far. How many there are
 * is read off the normal draws.
 */
#include "model/grouping.h"
#include "model/hdbscan.h"
#include "model/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* looked at: groups that matter show in so many, and the draws cost as much each */
    ROWS = 1000,
    STARTS = 3, /* of k-means */
    DRAWS = 39, /* of each kind: the least p is 1/40, half of the usual 0.05 */
};

/* An inertia of 0 keeps a logarithm. */
static const double TINY = 1e-300;

struct structure {
    const struct model_matrix *matrix;
    const struct model_structure_options *options;
    struct model_reference reference;
    int places, draws; /* places: how many figures a set of data gets */
    double *figure;    /* (1 + kinds × draws) × places */
    struct error *errors;
};

/* ln W₁ − ln W_k of k-means: how much k groups tighten the data. */
static enum status tightening(const struct model_matrix *matrix, int largest, uint64_t seed,
                              double *out, struct arena *arena, struct error *error)
{
    double whole = 0;
    for (int k = 1; k <= largest; k++) {
        struct model_kmeans model;
        struct model_kmeans_options options = {.k = k, .starts = STARTS, .seed = seed};
        TRY(model_kmeans_fit(matrix, &options, NULL, arena, &model, error));
        if (k == 1)
            whole = log(fmax(model.inertia, TINY));
        else
            out[k - 2] = whole - log(fmax(model.inertia, TINY));
    }
    return STATUS_OK;
}

/* How long dense regions hold together, in units of the typical distance, a row. */
static enum status density(const struct model_matrix *matrix, int least, double *out,
                           struct arena *arena, struct error *error)
{
    struct model_hdbscan model;
    struct model_hdbscan_options options = {.least = least};
    TRY(model_hdbscan_fit(matrix, &options, NULL, arena, &model, error));
    *out = 0;

    /* In units of the mean edge: draws of another spread compare. */
    for (int g = 0; g < model.k; g++)
        *out += model.excess[g] * model.spacing / (double)matrix->rows;
    return STATUS_OK;
}

/* The data themselves, then the draws of each kind. */
static void structure_task(void *context, size_t task, int worker)
{
    struct structure *s = context;
    const struct model_structure_options *options = s->options;
    struct error *error = &s->errors[task];

    (void)worker;
    struct arena arena;
    arena_init(&arena, 0);
    struct model_matrix own = *s->matrix;
    if (task > 0) {
        struct stats_random random;
        double *data = ARENA_ARRAY(&arena, double, own.rows *(size_t)own.columns);
        stats_random_init(&random, options->seed, task);
        model_reference_draw(&s->reference,
                             (enum model_reference_kind)((task - 1) / (size_t)s->draws), &random,
                             data);
        own.data = data;
    }

    double *place = s->figure + task * (size_t)s->places;
    enum status status = options->least
                             ? density(&own, options->least, place, &arena, error)
                             : tightening(&own, s->places + 1, options->seed, place, &arena, error);
    (void)status; /* error says it */
    arena_release(&arena);
}

/* The largest standardised figure. */
static double stands_out(const double *figure, const double *mean, const double *deviation,
                         int count)
{
    double most = -INFINITY;
    for (int k = 0; k < count; k++)
        most = fmax(most, (figure[k] - mean[k]) / deviation[k]);
    return most;
}

/* The number of groups after which what data gain over draws without groups breaks off most
 * sharply. (On simulated data with overlapping groups this came nearer to the truth than the gap
 * statistic's rules, the silhouette or BIC.) */
static int sharpest_bend(const double *figure, const double *mean, int count)
{
    double sharpest = -INFINITY;
    int best = 2;
    for (int k = 0; k < count; k++) {
        /* The second difference of what data gain; past the last number nothing more is gained. */
        double gain = figure[k] - mean[k], before = k ? figure[k - 1] - mean[k - 1] : 0;
        double after = k + 1 < count ? figure[k + 1] - mean[k + 1] : gain;
        if (gain - before - (after - gain) > sharpest) {
            sharpest = gain - before - (after - gain);
            best = k + 2;
        }
    }
    return best;
}

/* The p-value against one kind of draws; *best is the number of groups that they speak for. */
static double structure_p(const struct structure *s, int kind, struct arena *arena, int *best)
{
    int count = s->places;
    const double *draws = s->figure + (size_t)(1 + kind * s->draws) * (size_t)count;
    double *mean = ARENA_ARRAY(arena, double, count),
           *deviation = ARENA_ARRAY(arena, double, count), as_far = 0;
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < s->draws; i++)
            mean[k] += draws[i * count + k] / s->draws;
        for (int i = 0; i < s->draws; i++)
            deviation[k] +=
                (draws[i * count + k] - mean[k]) * (draws[i * count + k] - mean[k]) / s->draws;
        deviation[k] = sqrt(deviation[k]) + 1e-12; /* draws of lumps may all be the same */
    }

    double own = stands_out(s->figure, mean, deviation, count);
    *best = sharpest_bend(s->figure, mean, count);
    for (int i = 0; i < s->draws; i++)
        as_far += stands_out(draws + i * count, mean, deviation, count) >= own;

    /* The data count among the draws, so that the test keeps its level (Davison & Hinkley 1997). */
    return (1 + as_far) / (1 + s->draws);
}

/* An even sample of the rows, each from a stretch of its own. */
static struct model_matrix sample_of(const struct model_matrix *matrix, uint64_t seed,
                                     struct arena *arena)
{
    size_t d = (size_t)matrix->columns, rows = matrix->rows < ROWS ? matrix->rows : ROWS;
    double *data = ARENA_ARRAY(arena, double, rows *d);
    struct stats_random random;
    stats_random_init(&random, seed, UINT64_MAX - 1);
    for (size_t i = 0; i < rows; i++) {
        size_t from = i * matrix->rows / rows, to = (i + 1) * matrix->rows / rows;
        memcpy(data + i * d, matrix->data + (from + stats_random_below(&random, to - from)) * d,
               sizeof *data * d);
    }
    return (struct model_matrix){rows, matrix->columns, data};
}

static bool all_equal(const struct model_matrix *matrix)
{
    size_t d = (size_t)matrix->columns;

    /* Without any spread there is nothing to stand out, and no draw has a deviation. */
    for (size_t i = 1; i < matrix->rows; i++)
        if (memcmp(matrix->data, matrix->data + i * d, sizeof *matrix->data * d) != 0)
            return false;
    return true;
}

enum status model_structure_test(const struct model_matrix *matrix,
                                 const struct model_structure_options *options, struct pool *pool,
                                 struct arena *arena, struct model_structure *out,
                                 struct error *error)
{
    TRY(model_cluster_check(matrix, 1, error));
    struct model_matrix some = sample_of(matrix, options->seed, arena);
    int half = (int)(some.rows / 2), largest = options->largest < half ? options->largest : half;
    *out = (struct model_structure){false, 1, 1, some.rows, 1};
    if ((!options->least && largest < 2) || all_equal(&some))
        return STATUS_OK;

    /* Each number of groups is a figure of its own; density has one. */
    struct structure s = {
        .matrix = &some, .options = options, .places = options->least ? 1 : largest - 1};
    s.draws = options->draws > 0 ? options->draws : DRAWS;
    model_reference_new(&some, options->layout, arena, &s.reference);

    /* Without numbers all kinds are the same: categories are shuffled in each. */
    int kinds = s.reference.layout.numbers ? MODEL_REFERENCE_KINDS : 1;
    size_t tasks = 1 + (size_t)kinds * (size_t)s.draws;
    s.figure = ARENA_ARRAY(arena, double, tasks *(size_t)s.places);
    s.errors = ARENA_ARRAY(arena, struct error, tasks);
    pool_run(pool, tasks, structure_task, &s);
    for (size_t i = 0; i < tasks; i++)
        if (s.errors[i].code != STATUS_OK) {
            if (error)
                *error = s.errors[i];
            return s.errors[i].code;
        }

    /* The largest p of the kinds: groups must stand out from every kind of data without any. */
    out->p = 0;
    out->draws = s.draws * kinds;
    for (int kind = 0; kind < kinds; kind++) {
        int best = 1;
        out->p = fmax(out->p, structure_p(&s, kind, arena, &best));
        if (kinds == 1 || kind == MODEL_REFERENCE_NORMAL)
            out->groups = best;
    }

    /* p is a whole multiple of 1 / (1 + draws): the least one, with room for rounding. */
    out->natural = out->p <= 1.5 / (1 + s.draws);
    out->groups = out->natural ? out->groups : 1;
    return STATUS_OK;
}
