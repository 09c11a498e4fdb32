/*
 * Look-alikes: the fit with its held-out scores, and how far down the list it holds.
 * The list is cut into bands of equal weight; a band counts when more seeds than by
 * chance are in it, and the list holds down to the first that does not count.
 */
#include "model/lookalike.h"

#include "stats/inference.h"

#include <math.h>
#include <string.h>

/* ---- the list ---- */

struct list_walk {
    const unsigned char *seed;
    const double *score, *weight;
    uint32_t *order; /* rising */
    size_t left;
    double place, all, seeds;
};

static void start_walk(struct list_walk *walk, const unsigned char *seed, const double *score,
                       const double *weight, size_t count, struct arena *arena)
{
    *walk = (struct list_walk){.seed = seed, .score = score, .weight = weight, .left = count};
    walk->order = ARENA_ARRAY(arena, uint32_t, count + 1);
    stats_order(score, count, walk->order);
    for (size_t i = 0; i < count; i++) {
        walk->all += weight[i];
        walk->seeds += seed[i] ? weight[i] : 0;
    }
}

/* The next run of equal scores down the list: its places [*from, *to) in customers, and its seeds.
 */
static bool next_run(struct list_walk *walk, double *from, double *to, double *seeds)
{
    if (!walk->left)
        return false;
    double score = walk->score[walk->order[walk->left - 1]];
    *from = *to = walk->place;
    *seeds = 0;

    /* Equal scores have no order among them: they are taken together or the list would
     * depend on the rows'. */
    for (; walk->left && walk->score[walk->order[walk->left - 1]] == score; walk->left--) {
        uint32_t row = walk->order[walk->left - 1];
        *to += walk->weight[row];
        *seeds += walk->seed[row] ? walk->weight[row] : 0;
    }
    walk->place = *to;
    return true;
}

/* The part of [from, to) that lies in [low, high). */
static double covered(double from, double to, double low, double high)
{
    double part = fmin(to, high) - fmax(from, low);
    return part > 0 && to > from ? part / (to - from) : 0;
}

static int choose_bands(double seeds)
{
    double count = floor(seeds / MODEL_LOOKALIKE_LEAST_EXPECTED);

    return (int)fmax(MODEL_LOOKALIKE_BANDS_MIN, fmin(MODEL_LOOKALIKE_BANDS_MAX, count));
}

void model_lookalike_bands(const unsigned char *seed, const double *score, const double *weight,
                           size_t count, double level, struct arena *arena,
                           struct model_lookalike_list *out)
{
    struct list_walk walk;
    double from, to, seeds, rows = 0;

    start_walk(&walk, seed, score, weight, count, arena);
    for (size_t i = 0; i < count; i++)
        rows += seed[i] != 0;
    *out = (struct model_lookalike_list){.count = choose_bands(rows)};
    double width = walk.all / out->count;

    /* A run of equal scores may lie across bands: its seeds are shared out by how much
     * lies in each. */
    while (next_run(&walk, &from, &to, &seeds))
        for (int b = 0; b < out->count; b++)
            out->bands[b].seeds += seeds * covered(from, to, b * width, (b + 1) * width);

    /* Wilson's interval wants counts of rows, the shares are of weights: so shares of
     * weight are put to the number of seed rows. */
    bool holds = true;
    for (int b = 0; b < out->count; b++) {
        struct model_lookalike_band *band = &out->bands[b];
        double share = walk.seeds > 0 ? band->seeds / walk.seeds : NAN;
        struct stats_interval interval = stats_wilson(share * rows, rows, level);
        band->from = (double)b / out->count;
        band->to = (double)(b + 1) / out->count;
        band->seeds = share * rows;
        band->lift = share * out->count;
        band->low = interval.low * out->count;
        band->high = interval.high * out->count;

        /* Down to the first band that could be chance: a later one that stands out is
         * not reached by a list. */
        holds &= band->low > 1;
        if (holds)
            out->depth = band->to;
    }
}

double model_lookalike_recall(const unsigned char *seed, const double *score, const double *weight,
                              size_t count, double share, struct arena *arena)
{
    struct list_walk walk;
    double from, to, seeds, found = 0;
    start_walk(&walk, seed, score, weight, count, arena);
    while (next_run(&walk, &from, &to, &seeds))
        found += seeds * covered(from, to, 0, share * walk.all);
    return walk.seeds > 0 ? found / walk.seeds : NAN;
}

/* ---- fitting ---- */

/* The universal threshold of the header, once as lasso and once as ridge: half and half
 * of twice it. */
static struct model_logistic_options penalty(double hits, double rows, int columns)
{
    double base = hits / rows, deviation = sqrt(base * (1 - base));
    double threshold = deviation * sqrt(2 * log(columns < 2 ? 2 : columns) / rows);
    return (struct model_logistic_options){.lambda = 2 * threshold, .mix = 1.0 / 2};
}

static enum status fit_without(const struct model_matrix *features, const unsigned char *seed,
                               const uint32_t *fold, uint32_t left_out, struct pool *pool,
                               struct arena *arena, double *held_out, struct error *error)
{
    size_t columns = (size_t)features->columns, rows = 0;
    double *data = ARENA_ARRAY(arena, double, features->rows *columns + 1), hits = 0;
    unsigned char *label = ARENA_ARRAY(arena, unsigned char, features->rows + 1);
    for (size_t i = 0; i < features->rows; i++) {
        if (fold[i] == left_out)
            continue;
        memcpy(data + rows * columns, features->data + i * columns, columns * sizeof *data);
        label[rows++] = seed[i];
        hits += seed[i] != 0;
    }

    struct model_matrix kept = {rows, features->columns, data};
    struct model_logistic_options options = penalty(hits, (double)rows, features->columns);
    struct model_logistic logistic;
    TRY(model_logistic_fit(&kept, label, &options, pool, arena, &logistic, error));

    for (size_t i = 0; i < features->rows; i++)
        if (fold[i] == left_out)
            held_out[i] = model_logistic_score(&logistic, features->data + i * columns);
    return STATUS_OK;
}

enum status model_lookalike_fit(const struct model_matrix *features, const unsigned char *seed,
                                int folds, uint64_t random_seed, struct pool *pool,
                                struct arena *arena, struct model_lookalike *out,
                                struct error *error)
{
    double hits = 0, rows = (double)features->rows;
    for (size_t i = 0; i < features->rows; i++)
        hits += seed[i] != 0;
    if (folds < 2 || hits < folds || rows - hits < folds)
        return error_set(error, STATUS_ERROR,
                         "%.0f customers in the seed and %.0f others are too few for %d folds: "
                         "each needs some of both",
                         hits, rows - hits, folds);
    uint32_t *fold = ARENA_ARRAY(arena, uint32_t, features->rows + 1);
    out->held_out = ARENA_ARRAY(arena, double, features->rows + 1);
    model_stratified_folds(seed, features->rows, folds, random_seed, arena, fold);
    for (uint32_t f = 0; f < (uint32_t)folds; f++) {
        struct arena scratch;
        arena_init(&scratch, 0);
        enum status status =
            fit_without(features, seed, fold, f, pool, &scratch, out->held_out, error);
        arena_release(&scratch);
        TRY(status);
    }

    struct model_logistic_options options = penalty(hits, rows, features->columns);
    return model_logistic_fit(features, seed, &options, pool, arena, &out->logistic, error);
}
