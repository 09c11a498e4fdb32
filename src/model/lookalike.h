/*
 * Look-alikes: who is like the customers of a seed, by what, and how far down the list that holds.
 *
 * The likeness is the probability of an elastic-net logistic regression of "in the seed" on
 * features. It is judged on customers it has not seen: the rows are dealt into folds, and each
 * row's held-out score comes from a fit without its fold. The penalty is not tuned: its absolute
 * part is the universal threshold s·√(2 ln p / n) (Donoho & Johnstone 1994; s the label's standard
 * deviation, p features, n rows), at which features without any bearing on the seed stay out, and
 * as much again is quadratic, so that features that go together share their weight.
 */
#ifndef STRATA_MODEL_LOOKALIKE_H
#define STRATA_MODEL_LOOKALIKE_H

#include "model/logistic.h"
#include "model/quality.h"

/* bands of equal size: as many as leave about LEAST_EXPECTED seeds to each by chance */
enum {
    MODEL_LOOKALIKE_BANDS_MAX = 20,
    MODEL_LOOKALIKE_BANDS_MIN = 4,
    MODEL_LOOKALIKE_LEAST_EXPECTED = 10
};

/* One stretch of the list, the likest customers first. */
struct model_lookalike_band {
    double from, to; /* shares of the list */
    /* held-out seeds in it; equal scores are shared out over the bands they straddle */
    double seeds;
    double lift;      /* their share of all seeds over the band's share of the list: 1 is chance */
    double low, high; /* Wilson's interval of the seeds' share, over the band's share */
};

struct model_lookalike_list {
    int count;
    struct model_lookalike_band bands[MODEL_LOOKALIKE_BANDS_MAX];
    double depth; /* the share of the list down to which every band's lower end stays above 1; 0:
                     nowhere */
};

/* Orders rows by falling score and counts the seeds band by band. weight: how many customers a row
 * stands for (seeds stand for themselves or for as many each as others). Scratch comes from arena.
 */
void model_lookalike_bands(const unsigned char *seed, const double *score, const double *weight,
                           size_t count, double level, struct arena *arena,
                           struct model_lookalike_list *out);
/* The share of the seeds among the first `share` of the list. */
double model_lookalike_recall(const unsigned char *seed, const double *score, const double *weight,
                              size_t count, double share, struct arena *arena);

struct model_lookalike {
    struct model_logistic logistic; /* fitted on all rows */
    double *held_out;               /* a score for each row, from a fit that has not seen it */
};

/* Refuses what model_logistic_fit refuses, and fewer rows of either label than folds. The same for
 * any pool. */
enum status model_lookalike_fit(const struct model_matrix *features, const unsigned char *seed,
                                int folds, uint64_t random_seed, struct pool *pool,
                                struct arena *arena, struct model_lookalike *out,
                                struct error *error) MUST_USE;

#endif
