/*
 * Standard errors of latent classes, from the empirical information: the sum over rows
 * of the outer product of the score with itself (Bandeen-Roche et al. 1997; also what
 * poLCA does). The parameters are logits of the classes, and within a class and an item
 * logits of the answers against the likeliest one:
 *
 *   ∂ ln L / ∂ logit of answer l in class c = P(c | row) (1[answer is l] − P(l | c)),
 *                                             0 for a missing answer;
 *   ∂ ln L / ∂ coefficient j of class c     = (P(c | row) − P(c)) xⱼ.
 *
 * Chances that ran to 0 have no curvature and count as fixed. The errors of chances and
 * shares follow by the delta method, all of whose derivatives are p_l (1[l = m] − p_m).
 */
#include "model/latent_patterns.h"
#include "stats/linear.h"

#include <math.h>
#include <string.h>

enum { PARAMETERS_MAX = 600 }; /* their matrix is inverted: some tenths of a second */

static const double fixed_below = 1e-5; /* a chance that is 0 but for EM's end */
static const double work_most = 4e9;    /* products of the information: some seconds */

/* Where each parameter stands in the score; −1: fixed or the reference. */
struct layout {
    int count, coefficients;
    int *of_cell; /* classes × cells */
};

static struct layout lay_out(const struct model_latent *model, struct arena *arena)
{
    int cells = model->level_start[model->items];
    struct layout out = {.coefficients = (model->classes - 1) * (1 + model->covariates),
                         .of_cell = ARENA_ARRAY(arena, int, (size_t)model->classes *(size_t)cells)};
    out.count = out.coefficients;
    for (int c = 0; c < model->classes; c++)
        for (int i = 0; i < model->items; i++) {
            int start = c * cells + model->level_start[i], likeliest = 0;
            for (int l = 1; l < model->levels[i]; l++)
                likeliest =
                    model->chance[start + l] > model->chance[start + likeliest] ? l : likeliest;
            for (int l = 0; l < model->levels[i]; l++) {
                /* Shares add up to 1, so one answer of each item is not free: the
                 * likeliest, whose share is surest above 0. */
                bool free = l != likeliest && model->chance[start + l] > fixed_below;
                out.of_cell[start + l] = free ? out.count++ : -1;
            }
        }
    return out;
}

/* The score of one pattern, and its chances of the classes before and after the answers. */
static void score_pattern(const struct model_latent *model, const struct layout *layout,
                          const int *code, const double *covariate, double *prior,
                          double *posterior, double *score)
{
    int cells = model->level_start[model->items], width = 1 + model->covariates;
    model_latent_log_prior(model->classes, model->covariates, model->coefficient, covariate, prior);
    model_latent_score(model, code, covariate, posterior);
    memset(score, 0, sizeof *score * (size_t)layout->count);

    for (int c = 0; c < model->classes; c++) {
        prior[c] = exp(prior[c]);
        for (int j = 0; c > 0 && j < width; j++)
            score[(c - 1) * width + j] = (posterior[c] - prior[c]) * (j ? covariate[j - 1] : 1);

        /* A missing answer says nothing of its item. */
        for (int i = 0; i < model->items; i++)
            for (int l = 0; code[i] >= 0 && l < model->levels[i]; l++) {
                int cell = c * cells + model->level_start[i] + l, at = layout->of_cell[cell];
                if (at >= 0)
                    score[at] = posterior[c] * ((code[i] == l) - model->chance[cell]);
            }
    }
}

/* Adds the pattern to the information (lower half) and to the derivatives of the mean shares by the
 * coefficients. */
static void add_pattern(const struct model_latent *model, const struct layout *layout,
                        double weight, const double *covariate, const double *prior,
                        const double *score, double *information, double *share_slope)
{
    int n = layout->count, width = 1 + model->covariates;
    for (int a = 0; a < n; a++)
        for (int b = 0; score[a] != 0 && b <= a; b++)
            information[a * n + b] += weight * score[a] * score[b];
    for (int c = 0; c < model->classes; c++)
        for (int a = 0; a < layout->coefficients; a++) {
            int d = 1 + a / width;
            share_slope[c * layout->coefficients + a] += weight / model->rows * prior[c] *
                                                         ((c == d) - prior[d]) *
                                                         (a % width ? covariate[a % width - 1] : 1);
        }
}

static double quadratic(int n, int stride, const double *slope, const double *covariance)
{
    double sum = 0;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            sum += slope[a] * slope[b] * covariance[a * stride + b];
    return sqrt(fmax(sum, 0));
}

static void chance_errors(const struct model_latent *model, const struct layout *layout,
                          const double *covariance, double *out)
{
    int cells = model->level_start[model->items], n = layout->count;
    for (int c = 0; c < model->classes; c++)
        for (int i = 0; i < model->items; i++) {
            int start = c * cells + model->level_start[i];
            const double *chance = model->chance + start;
            const int *at = layout->of_cell + start;
            for (int l = 0; l < model->levels[i]; l++) {
                double sum = 0;
                for (int a = 0; a < model->levels[i]; a++)
                    for (int b = 0; at[a] >= 0 && b < model->levels[i]; b++)
                        if (at[b] >= 0)
                            sum += chance[l] * ((l == a) - chance[a]) * chance[l] *
                                   ((l == b) - chance[b]) * covariance[at[a] * n + at[b]];
                out[start + l] = sqrt(fmax(sum, 0));
            }
        }
}

static void no_errors(const struct model_latent *model, struct model_latent_errors *out)
{
    for (int i = 0; i < model->classes * model->level_start[model->items]; i++)
        out->chance[i] = NAN;
    for (int c = 0; c < model->classes; c++)
        out->share[c] = NAN;
    for (int a = 0; a < (model->classes - 1) * (1 + model->covariates); a++)
        out->coefficient[a] = NAN;
}

/* The information, inverted. False when a direction has none, or it would take too long. */
static bool make_covariance(const struct model_latent *model, const struct layout *layout,
                            const struct model_latent_data *data, struct arena *arena,
                            double **covariance, double **share_slope)
{
    int n = layout->count;
    struct latent_patterns patterns = model_latent_collapse(data, arena);

    if (n > PARAMETERS_MAX || (double)patterns.count * n * n > work_most)
        return false;

    /* Only the lower half is summed: the upper is the same. */
    double *information = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n),
           *score = ARENA_ARRAY(arena, double, n);
    double prior[MODEL_LATENT_CLASSES_MAX], posterior[MODEL_LATENT_CLASSES_MAX];
    *covariance = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n);
    *share_slope =
        ARENA_ARRAY(arena, double, (size_t)model->classes *(size_t)(layout->coefficients + 1));
    for (size_t p = 0; p < patterns.count; p++) {
        score_pattern(model, layout, patterns.code[p], patterns.covariate[p], prior, posterior,
                      score);
        add_pattern(model, layout, patterns.weight[p], patterns.covariate[p], prior, score,
                    information, *share_slope);
    }

    for (int a = 0; a < n; a++)
        for (int b = a + 1; b < n; b++)
            information[a * n + b] = information[b * n + a];

    if (n > 0 && !stats_cholesky(n, information))
        return false;
    if (n > 0)
        stats_cholesky_inverse(n, information, *covariance);
    return true;
}

void model_latent_errors(const struct model_latent *model, const struct model_latent_data *data,
                         struct arena *arena, struct model_latent_errors *out)
{
    int cells = model->level_start[model->items],
        coefficients = (model->classes - 1) * (1 + model->covariates);
    struct arena scratch;
    double *covariance, *share_slope;

    arena_init(&scratch, 0);
    *out = (struct model_latent_errors){
        ARENA_ARRAY(arena, double, (size_t)model->classes *(size_t)cells),
        ARENA_ARRAY(arena, double, model->classes),
        ARENA_ARRAY(arena, double, (size_t)coefficients + 1)};
    struct layout layout = lay_out(model, &scratch);
    if (make_covariance(model, &layout, data, &scratch, &covariance, &share_slope)) {
        chance_errors(model, &layout, covariance, out->chance);
        for (int c = 0; c < model->classes; c++)
            out->share[c] =
                quadratic(coefficients, layout.count, share_slope + c * coefficients, covariance);
        for (int a = 0; a < coefficients; a++)
            out->coefficient[a] = sqrt(covariance[a * layout.count + a]);
    } else {
        no_errors(model, out);
    }

    arena_release(&scratch);
}
