/* Inside the room: rows of answers with the same content, as one with a weight. Shared by fitting
 * and errors. */
#ifndef STRATA_MODEL_LATENT_PATTERNS_H
#define STRATA_MODEL_LATENT_PATTERNS_H

#include "model/latent.h"

struct latent_patterns {
    size_t count;
    const int **code;
    const double **covariate;
    double *weight;
    uint32_t *of_row; /* which pattern each row has */
    double total;
    bool missing; /* an answer is */
};

struct latent_patterns model_latent_collapse(const struct model_latent_data *data,
                                             struct arena *arena);
/* ln of the classes' chances before any answer; coefficients as in struct model_latent. */
void model_latent_log_prior(int classes, int covariates, const double *coefficient,
                            const double *covariate, double *out);

#endif
