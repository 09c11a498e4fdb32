/*
 * Latent class analysis: survey answers explained by a few kinds of people, within each
 * of which answers are independent (Lazarsfeld & Henry 1968; Goodman 1974), with
 * covariates for who belongs to which kind (Dayton & Macready 1988). Fitted by
 * expectation–maximisation in logarithms from many random starts, on distinct answer
 * patterns with weights. Missing answers are left out of a row's likelihood (missing at
 * random).
 */
#ifndef STRATA_MODEL_LATENT_H
#define STRATA_MODEL_LATENT_H

#include "base/pool.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct json;

enum {
    MODEL_LATENT_CLASSES_MAX = 100,
    MODEL_LATENT_ITEMS_MAX = 1000,
    MODEL_LATENT_LEVELS_MAX = 1000
};

struct model_latent_data {
    size_t rows;
    int items;
    const int *code;         /* rows × items: 0…levels−1, −1 for no answer */
    const int *levels;       /* one an item */
    int covariates;          /* 0: none */
    const double *covariate; /* rows × covariates, without a constant; all known */
    const double *weight;    /* NULL: 1 each */
};

struct model_latent_options {
    int classes;
    int starts; /* 0: 20 */
    uint64_t seed;
};

struct model_latent {
    int classes, items, covariates;
    int *levels;
    int *level_start;    /* items + 1: where an item's chances begin in `chance` */
    double *chance;      /* classes × level_start[items] */
    double *log_chance;  /* its logarithms, for scoring */
    double *log_share;   /* of the shares; NULL with covariates */
    double *share;       /* classes: mean prior */
    double *coefficient; /* (classes − 1) × (1 + covariates): logits against class 0, the largest;
                            constant first */
    uint32_t *label;     /* the likeliest class of each row; NULL after model_latent_read */
    double log_likelihood, rows, parameters, patterns;
    double aic, bic;
    double freedom; /* distinct possible patterns (at most rows) − 1 − parameters; negative: not
                       identified */
    double g2, x2;  /* against the saturated model; NaN with missing answers or covariates */
    double entropy; /* 1: every row certain of its class; 0: none */
    int reached;    /* starts that ended at the best likelihood (within 1e-4); 1: do not trust it */
    int iterations;
    bool converged;
};

/* Classes are numbered by falling share. Refuses codes outside their levels, items that
 * nobody answered, more classes than rows. Limits as above; rows × classes at most 2³¹. */
enum status model_latent_fit(const struct model_latent_data *data,
                             const struct model_latent_options *options, struct pool *pool,
                             struct arena *arena, struct model_latent *out,
                             struct error *error) MUST_USE;
/* P(class | answers, covariates) into chances[0…classes); returns ln P(answers).
 * covariate may be NULL without covariates. */
double model_latent_score(const struct model_latent *model, const int *code,
                          const double *covariate, double *chances);

/* Standard errors, as poLCA has them: from the sum of squared scores. NaN throughout
 * when the data do not pin the parameters down, or there are more than 600 of them; 0
 * for a chance that ran to 0 or 1. */
struct model_latent_errors {
    double *chance;      /* classes × level_start[items] */
    double *share;       /* classes */
    double *coefficient; /* as in struct model_latent */
};
/* `data` is what the model was fitted to. The arrays live in arena. */
void model_latent_errors(const struct model_latent *model, const struct model_latent_data *data,
                         struct arena *arena, struct model_latent_errors *out);

void model_latent_write(const struct model_latent *model, struct json *json);
enum status model_latent_read(struct text text, struct arena *arena, struct model_latent *out,
                              struct error *error) MUST_USE;

#endif
