/*
 * Latent classes by expectation–maximisation. Rows with the same answers and covariates
 * are one pattern with a weight; a round costs patterns × classes × items. Chances are
 * logarithms with a floor, as products of many answers underflow. EM stops at hills
 * that are not the highest, so many random starts run side by side, and how many of
 * them reached the best is told.
 */
#include "model/latent.h"

#include "base/json.h"
#include "model/json_read.h"
#include "model/latent_patterns.h"
#include "stats/linear.h"
#include "stats/random.h"
#include "stats/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 20000, /* EM creeps where classes overlap: thousands of rounds are no fault */
    STARTS = 20,
    CHANCES_MAX = 1 << 26, /* of a saved model: half a gigabyte */
    COEFFICIENTS_MAX = 1 << 20,
};

static const double smallest_chance = 1e-300; /* a positive double; its logarithm is −691 */

/* A round that gains less of the likelihood is the last. EM converges linearly: with a
 * rate of 0.99 what is left is a hundred times that. */
static const double enough = 1e-11;

/* Of log-likelihood: starts that end this near to one another reached the same answer. */
static const double same_answer = 1e-4;

/* Rows times classes: 2³¹ doubles, 16 GB. */
static const double posteriors_max = 2147483648.0;

/* One start: parameters in logarithms and what it came to. */
struct start {
    double *log_chance, *beta, *share;
    double likelihood;
    int rounds;
    bool converged;
};

struct fitting {
    const struct model_latent_data *data;
    const struct latent_patterns *patterns;
    int classes, cells; /* cells: level_start[items] */
    const int *level_start;
    uint64_t seed;
    struct start *starts;
};

/* Scratch of one start. */
struct scratch {
    double *posterior; /* patterns × classes */
    double *prior;     /* classes */
    double *counts;    /* classes × cells */
    double *gradient, *hessian, *step;
};

/* Sorting rows by content: the rows' numbers follow qsort's elements, so that no global is needed.
 */
struct keyed {
    const int *code;
    const double *covariate;
    int items, covariates;
    uint32_t row;
};

static int compare_content(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    for (int i = 0; i < a->items; i++)
        if (a->code[i] != b->code[i])
            return a->code[i] < b->code[i] ? -1 : 1;
    for (int i = 0; i < a->covariates; i++)
        if (a->covariate[i] != b->covariate[i])
            return a->covariate[i] < b->covariate[i] ? -1 : 1;
    return 0;
}

static int compare_keyed(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    int order = compare_content(a, b);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

struct latent_patterns model_latent_collapse(const struct model_latent_data *data,
                                             struct arena *arena)
{
    size_t rows = data->rows;
    struct latent_patterns p = {0,
                                ARENA_ARRAY(arena, const int *, rows),
                                ARENA_ARRAY(arena, const double *, rows),
                                ARENA_ARRAY(arena, double, rows),
                                ARENA_ARRAY(arena, uint32_t, rows),
                                0,
                                false};
    struct keyed *keyed = ARENA_ARRAY(arena, struct keyed, rows);

    for (size_t i = 0; i < rows; i++)
        keyed[i] =
            (struct keyed){data->code + i * (size_t)data->items,
                           data->covariates ? data->covariate + i * (size_t)data->covariates : NULL,
                           data->items, data->covariates, (uint32_t)i};

    qsort(keyed, rows, sizeof *keyed, compare_keyed);

    /* Equal rows are neighbours now; of_row is the way back to each row's own label. */
    for (size_t i = 0; i < rows; i++) {
        if (i == 0 || compare_content(&keyed[i - 1], &keyed[i]) != 0) {
            p.code[p.count] = keyed[i].code;
            p.covariate[p.count++] = keyed[i].covariate;
        }
        double weight = data->weight ? data->weight[keyed[i].row] : 1;
        p.weight[p.count - 1] += weight;
        p.of_row[keyed[i].row] = (uint32_t)p.count - 1;
        p.total += weight;
    }

    for (size_t i = 0; i < rows * (size_t)data->items; i++)
        p.missing |= data->code[i] < 0;
    return p;
}

void model_latent_log_prior(int classes, int covariates, const double *coefficient,
                            const double *covariate, double *out)
{
    out[0] = 0;
    for (int c = 1; c < classes; c++) {
        const double *b = coefficient + (c - 1) * (1 + covariates);
        out[c] = b[0];
        for (int j = 0; j < covariates; j++)
            out[c] += b[1 + j] * covariate[j];
    }
    double all = stats_log_sum_exp(out, (size_t)classes);
    for (int c = 0; c < classes; c++)
        out[c] -= all;
}

static double log_joint(const int *code, int items, const int *level_start, int cells,
                        const double *log_chance, int classes, double *inout)
{
    for (int c = 0; c < classes; c++)
        for (int i = 0; i < items; i++)
            if (code[i] >= 0)
                inout[c] += log_chance[c * cells + level_start[i] + code[i]];
    return stats_log_sum_exp(inout, (size_t)classes);
}

static double expect(const struct fitting *f, const struct start *s, const struct scratch *scratch)
{
    const struct model_latent_data *data = f->data;
    double likelihood = 0;
    if (!data->covariates)
        for (int c = 0; c < f->classes; c++)
            scratch->prior[c] = log(s->share[c] > smallest_chance ? s->share[c] : smallest_chance);

    for (size_t p = 0; p < f->patterns->count; p++) {
        double *posterior = scratch->posterior + p * (size_t)f->classes;
        if (data->covariates)
            model_latent_log_prior(f->classes, data->covariates, s->beta, f->patterns->covariate[p],
                                   posterior);
        else
            memcpy(posterior, scratch->prior, sizeof *posterior * (size_t)f->classes);
        double all = log_joint(f->patterns->code[p], data->items, f->level_start, f->cells,
                               s->log_chance, f->classes, posterior);
        likelihood += f->patterns->weight[p] * all;
        for (int c = 0; c < f->classes; c++)
            posterior[c] = exp(posterior[c] - all);
    }
    return likelihood;
}

/* Chances of answers: weighted shares within each class. */
static void maximise_answers(const struct fitting *f, struct start *s,
                             const struct scratch *scratch)
{
    const struct model_latent_data *data = f->data;

    memset(scratch->counts, 0, sizeof *scratch->counts * (size_t)(f->classes * f->cells));
    memset(s->share, 0, sizeof *s->share * (size_t)f->classes);
    for (size_t p = 0; p < f->patterns->count; p++)
        for (int c = 0; c < f->classes; c++) {
            double mass =
                f->patterns->weight[p] * scratch->posterior[p * (size_t)f->classes + (size_t)c];
            double *counts = scratch->counts + c * f->cells;
            s->share[c] += mass / f->patterns->total;
            for (int i = 0; i < data->items; i++)
                if (f->patterns->code[p][i] >= 0)
                    counts[f->level_start[i] + f->patterns->code[p][i]] += mass;
        }

    for (int c = 0; c < f->classes; c++)
        for (int i = 0; i < data->items; i++) {
            double *counts = scratch->counts + c * f->cells + f->level_start[i], sum = 0;
            for (int l = 0; l < data->levels[i]; l++)
                sum += counts[l];
            for (int l = 0; l < data->levels[i]; l++) {
                /* A class that nobody is in any more says nothing of its answers. */
                double chance = sum > 0 ? counts[l] / sum : 1.0 / data->levels[i];
                s->log_chance[c * f->cells + f->level_start[i] + l] =
                    log(chance > smallest_chance ? chance : smallest_chance);
            }
        }
}

/* Σ weight · posterior · ln prior, and when gradient is not NULL its gradient and negative Hessian
 * by beta. */
static double prior_fit(const struct fitting *f, const double *beta, const struct scratch *scratch,
                        double *gradient, double *hessian)
{
    int classes = f->classes, width = 1 + f->data->covariates, n = (classes - 1) * width;
    double value = 0;

    if (gradient) {
        memset(gradient, 0, sizeof *gradient * (size_t)n);
        memset(hessian, 0, sizeof *hessian * (size_t)(n * n));
    }

    for (size_t p = 0; p < f->patterns->count; p++) {
        const double *x = f->patterns->covariate[p],
                     *posterior = scratch->posterior + p * (size_t)classes;
        double weight = f->patterns->weight[p];
        model_latent_log_prior(classes, f->data->covariates, beta, x, scratch->prior);
        for (int c = 0; c < classes; c++)
            value += weight * posterior[c] * scratch->prior[c];

        /* A multinomial logit with posteriors for labels; the first class is the
         * reference, without coefficients. */
        for (int a = 0; gradient && a < n; a++) {
            double pa = exp(scratch->prior[1 + a / width]), xa = a % width ? x[a % width - 1] : 1;
            gradient[a] += weight * (posterior[1 + a / width] - pa) * xa;
            for (int b = 0; b <= a; b++) {
                double pb = exp(scratch->prior[1 + b / width]),
                       xb = b % width ? x[b % width - 1] : 1;
                hessian[a * n + b] += weight * pa * ((a / width == b / width) - pb) * xa * xb;
            }
        }
    }

    for (int a = 0; gradient && a < n; a++)
        for (int b = 0; b < a; b++)
            hessian[b * n + a] = hessian[a * n + b];
    return value;
}

/* One Newton step for the logits, halved until it does not make things worse. */
static void maximise_prior(const struct fitting *f, struct start *s, const struct scratch *scratch)
{
    int n = (f->classes - 1) * (1 + f->data->covariates);
    double *step = scratch->gradient, *trial = scratch->step;
    if (n == 0)
        return;
    double before = prior_fit(f, s->beta, scratch, step, scratch->hessian);

    /* A class that empties takes its curvature along: a little of a ridge keeps the step finite. */
    const double ridge = 1e-9;
    for (int a = 0; a < n; a++)
        scratch->hessian[a * n + a] += ridge * (1 + scratch->hessian[a * n + a]);
    if (!stats_cholesky(n, scratch->hessian))
        return;
    stats_cholesky_solve(n, scratch->hessian, step);

    /* It need not be the maximum: any rise keeps EM rising (a generalised EM step). */
    for (double size = 1; size > 1e-6; size /= 2) {
        for (int a = 0; a < n; a++)
            trial[a] = s->beta[a] + size * step[a];
        if (prior_fit(f, trial, scratch, NULL, NULL) >= before) {
            memcpy(s->beta, trial, sizeof *trial * (size_t)n);
            return;
        }
    }
}

static void random_start(const struct fitting *f, struct start *s, uint64_t number)
{
    struct stats_random random;
    stats_random_init(&random, f->seed, number);
    for (int c = 0; c < f->classes; c++) {
        s->share[c] = 1.0 / f->classes;
        for (int i = 0; i < f->data->items; i++) {
            double *chance = s->log_chance + c * f->cells + f->level_start[i], sum = 0;

            /* Exponentials over their sum: every distribution of answers is as likely
             * as any other. */
            for (int l = 0; l < f->data->levels[i]; l++)
                sum += chance[l] = stats_random_exponential(&random);
            for (int l = 0; l < f->data->levels[i]; l++)
                chance[l] = log(chance[l] / sum);
        }
    }
}

static void run_start(void *context, size_t task, int worker)
{
    struct fitting *f = context;
    struct start *s = &f->starts[task];

    (void)worker;
    size_t classes = (size_t)f->classes, n = (classes - 1) * (size_t)(1 + f->data->covariates);
    struct arena arena;
    arena_init(&arena, 0);
    struct scratch scratch = {ARENA_ARRAY(&arena, double, f->patterns->count *classes),
                              ARENA_ARRAY(&arena, double, classes),
                              ARENA_ARRAY(&arena, double, classes *(size_t)f->cells),
                              ARENA_ARRAY(&arena, double, n),
                              ARENA_ARRAY(&arena, double, n *n),
                              ARENA_ARRAY(&arena, double, n)};
    random_start(f, s, task);
    double before = -INFINITY;
    for (s->rounds = 1; s->rounds <= ROUNDS; s->rounds++) {
        /* The likelihood is that of the parameters before this round's step. */
        s->likelihood = expect(f, s, &scratch);
        if (s->likelihood - before < enough * fabs(s->likelihood)) {
            s->converged = true;
            break;
        }
        before = s->likelihood;
        maximise_answers(f, s, &scratch);
        if (f->data->covariates)
            maximise_prior(f, s, &scratch);
    }

    arena_release(&arena);
}

static enum status check(const struct model_latent_data *data,
                         const struct model_latent_options *options, struct error *error)
{
    if (data->rows == 0 || data->items < 1 || data->items > MODEL_LATENT_ITEMS_MAX)
        return error_set(error, STATUS_ERROR, "%zu rows of %d answers cannot be fitted", data->rows,
                         data->items);
    if (options->classes < 1 || options->classes > MODEL_LATENT_CLASSES_MAX ||
        (size_t)options->classes > data->rows)
        return error_set(error, STATUS_ERROR, "%zu rows cannot be divided into %d classes",
                         data->rows, options->classes);
    if ((double)data->rows * options->classes > posteriors_max)
        return error_set(error, STATUS_ERROR,
                         "%zu rows times %d classes are too many: take a sample", data->rows,
                         options->classes);

    /* Answers are checked one by one: codes index tables from here on. */
    for (int i = 0; i < data->items; i++) {
        size_t answers = 0;
        if (data->levels[i] < 1 || data->levels[i] > MODEL_LATENT_LEVELS_MAX)
            return error_set(error, STATUS_ERROR,
                             "item %d has %d different answers; 1 to %d are possible", i + 1,
                             data->levels[i], MODEL_LATENT_LEVELS_MAX);
        for (size_t r = 0; r < data->rows; r++) {
            int code = data->code[r * (size_t)data->items + (size_t)i];
            if (code < -1 || code >= data->levels[i])
                return error_set(error, STATUS_ERROR,
                                 "row %zu has the answer %d to item %d, which has only %d", r + 1,
                                 code, i + 1, data->levels[i]);
            answers += code >= 0;
        }

        if (answers == 0)
            return error_set(error, STATUS_ERROR, "nobody answered item %d: leave it out", i + 1);
    }

    for (size_t i = 0; i < data->rows * (size_t)data->covariates; i++)
        if (!isfinite(data->covariate[i]))
            return error_set(error, STATUS_ERROR,
                             "covariate %zu of row %zu is unknown: leave such rows out",
                             i % (size_t)data->covariates + 1, i / (size_t)data->covariates + 1);

    return STATUS_OK;
}

/* G² and X² against the observed frequencies of whole patterns; patterns nobody gave add what is
 * expected of them. */
static void chi_squares(const struct latent_patterns *p, struct model_latent *out)
{
    double chances[MODEL_LATENT_CLASSES_MAX], expected_seen = 0;
    out->g2 = out->x2 = 0;
    for (size_t i = 0; i < p->count; i++) {
        double expected = p->total * exp(model_latent_score(out, p->code[i], NULL, chances));
        out->g2 += 2 * p->weight[i] * log(p->weight[i] / expected);
        out->x2 += (p->weight[i] - expected) * (p->weight[i] - expected) / expected;
        expected_seen += expected;
    }
    out->x2 += p->total - expected_seen;
}

static void describe(const struct fitting *f, const struct start *best, int starts,
                     struct model_latent *out)
{
    const struct model_latent_data *data = f->data;
    double possible = 1, uncertain = 0, chances[MODEL_LATENT_CLASSES_MAX];

    out->log_likelihood = best->likelihood;
    out->iterations = best->rounds;
    out->converged = best->converged;
    out->rows = f->patterns->total;
    out->patterns = (double)f->patterns->count;
    out->parameters = (out->classes - 1) * (1.0 + data->covariates);
    for (int i = 0; i < data->items; i++) {
        out->parameters += out->classes * (data->levels[i] - 1.0);
        possible *= data->levels[i];
    }

    out->aic = 2 * out->parameters - 2 * out->log_likelihood;
    out->bic = out->parameters * log(out->rows) - 2 * out->log_likelihood;

    /* No more can be seen than there are rows, however many patterns are possible. */
    out->freedom = fmin(possible - 1, out->rows) - out->parameters;

    for (int i = 0; i < starts; i++)
        out->reached += f->starts[i].likelihood > best->likelihood - same_answer;
    for (size_t p = 0; p < f->patterns->count; p++) {
        model_latent_score(out, f->patterns->code[p], f->patterns->covariate[p], chances);
        for (int c = 0; c < out->classes; c++)
            uncertain -= chances[c] > 0 ? f->patterns->weight[p] * chances[c] * log(chances[c]) : 0;
    }

    /* 1 when every row's class is certain, 0 when none is (Ramaswamy et al. 1993). */
    out->entropy = out->classes > 1 ? 1 - uncertain / (out->rows * log(out->classes)) : 1;
    out->g2 = out->x2 = NAN;
    if (!f->patterns->missing && !data->covariates)
        chi_squares(f->patterns, out);
}

/* Chances that are 0 keep a logarithm. */
static void take_logarithms(struct model_latent *model, struct arena *arena)
{
    size_t places = (size_t)model->classes * (size_t)model->level_start[model->items];
    model->log_chance = ARENA_ARRAY(arena, double, places);
    for (size_t i = 0; i < places; i++)
        model->log_chance[i] = log(fmax(model->chance[i], smallest_chance));

    /* With covariates the shares are of each row, and are worked out when it is scored. */
    if (model->covariates)
        return;
    model->log_share = ARENA_ARRAY(arena, double, model->classes);
    model_latent_log_prior(model->classes, 0, model->coefficient, NULL, model->log_share);
}

/* Copies the best start out with the classes in order of their shares; logits are taken against the
 * new first class. */
static void copy_out(const struct fitting *f, const struct start *best, struct arena *arena,
                     struct model_latent *out)
{
    int k = f->classes, width = 1 + f->data->covariates;
    int order[MODEL_LATENT_CLASSES_MAX];

    for (int c = 0; c < k; c++) {
        int place = c;
        for (; place > 0 && best->share[order[place - 1]] < best->share[c]; place--)
            order[place] = order[place - 1];
        order[place] = c;
    }

    out->share = ARENA_ARRAY(arena, double, k);
    out->chance = ARENA_ARRAY(arena, double, (size_t)k *(size_t)f->cells);
    out->coefficient = ARENA_ARRAY(arena, double, (size_t)k *(size_t)width);

    /* Logits are differences: against the new first class, each loses what that one had. */
    for (int c = 0; c < k; c++) {
        out->share[c] = best->share[order[c]];
        for (int i = 0; i < f->cells; i++)
            out->chance[c * f->cells + i] = exp(best->log_chance[order[c] * f->cells + i]);
        for (int j = 0; c > 0 && j < width; j++) {
            double own = order[c] ? best->beta[(order[c] - 1) * width + j] : 0;
            out->coefficient[(c - 1) * width + j] =
                own - (order[0] ? best->beta[(order[0] - 1) * width + j] : 0);
        }
        if (c > 0 && f->data->covariates == 0)
            out->coefficient[c - 1] = log(fmax(out->share[c], smallest_chance) / out->share[0]);
    }

    take_logarithms(out, arena);
}

/* By the parameters that are kept, so that scoring a row later gives the same class;
 * once for each pattern. */
static void label_rows(const struct model_latent_data *data, const struct latent_patterns *patterns,
                       struct arena *scratch, struct model_latent *out)
{
    uint32_t *of_pattern = ARENA_ARRAY(scratch, uint32_t, patterns->count);
    for (size_t p = 0; p < patterns->count; p++) {
        double chances[MODEL_LATENT_CLASSES_MAX];
        model_latent_score(out, patterns->code[p], patterns->covariate[p], chances);
        for (uint32_t c = 1; c < (uint32_t)out->classes; c++)
            of_pattern[p] = chances[c] > chances[of_pattern[p]] ? c : of_pattern[p];
    }

    for (size_t i = 0; i < data->rows; i++)
        out->label[i] = of_pattern[patterns->of_row[i]];
}

enum status model_latent_fit(const struct model_latent_data *data,
                             const struct model_latent_options *options, struct pool *pool,
                             struct arena *arena, struct model_latent *out, struct error *error)
{
    TRY(check(data, options, error));
    struct arena scratch;
    arena_init(&scratch, 0);
    int starts = options->starts > 0 ? options->starts : STARTS, best = 0;
    size_t k = (size_t)options->classes;

    if (options->classes == 1) /* all starts are the same then */
        starts = 1;
    *out = (struct model_latent){.classes = options->classes,
                                 .items = data->items,
                                 .covariates = data->covariates,
                                 .levels = ARENA_ARRAY(arena, int, data->items),
                                 .level_start = ARENA_ARRAY(arena, int, data->items + 1),
                                 .label = ARENA_ARRAY(arena, uint32_t, data->rows)};
    for (int i = 0; i < data->items; i++) {
        out->levels[i] = data->levels[i];
        out->level_start[i + 1] = out->level_start[i] + data->levels[i];
    }

    struct latent_patterns patterns = model_latent_collapse(data, &scratch);
    struct fitting f = {data,
                        &patterns,
                        options->classes,
                        out->level_start[data->items],
                        out->level_start,
                        options->seed,
                        ARENA_ARRAY(&scratch, struct start, starts)};
    for (int i = 0; i < starts; i++)
        f.starts[i] =
            (struct start){ARENA_ARRAY(&scratch, double, k *(size_t)f.cells),
                           ARENA_ARRAY(&scratch, double, k *(size_t)(1 + data->covariates)),
                           ARENA_ARRAY(&scratch, double, k),
                           0,
                           0,
                           false};

    /* Of equally good starts the first: which worker was quicker does not matter. */
    pool_run(pool, (size_t)starts, run_start, &f);
    for (int i = 1; i < starts; i++)
        best = f.starts[i].likelihood > f.starts[best].likelihood ? i : best;

    copy_out(&f, &f.starts[best], arena, out);
    describe(&f, &f.starts[best], starts, out);

    label_rows(data, &patterns, &scratch, out);
    arena_release(&scratch);
    if (!isfinite(out->log_likelihood) || !out->converged)
        return error_set(error, STATUS_ERROR, "%d latent classes did not converge in %d rounds",
                         options->classes, ROUNDS);
    return STATUS_OK;
}

double model_latent_score(const struct model_latent *model, const int *code,
                          const double *covariate, double *chances)
{
    if (model->log_share)
        memcpy(chances, model->log_share, sizeof *chances * (size_t)model->classes);
    else
        model_latent_log_prior(model->classes, model->covariates, model->coefficient, covariate,
                               chances);
    double all = log_joint(code, model->items, model->level_start, model->level_start[model->items],
                           model->log_chance, model->classes, chances);
    for (int c = 0; c < model->classes; c++)
        chances[c] = exp(chances[c] - all);
    return all;
}

void model_latent_write(const struct model_latent *model, struct json *json)
{
    size_t k = (size_t)model->classes, cells = (size_t)model->level_start[model->items];
    json_write_object(json);
    model_json_put(json, "classes", model->classes);
    model_json_put(json, "covariates", model->covariates);
    json_put_array(json, "levels");
    for (int i = 0; i < model->items; i++)
        json_write_integer(json, model->levels[i]);
    json_write_end_array(json);
    model_json_put_all(json, "shares", model->share, k);
    model_json_put_all(json, "chances", model->chance, k * cells);
    model_json_put_all(json, "coefficients", model->coefficient,
                       (k - 1) * (size_t)(1 + model->covariates));
    model_json_put(json, "log_likelihood", model->log_likelihood);
    model_json_put(json, "rows", model->rows);
    model_json_put(json, "parameters", model->parameters);
    model_json_put(json, "aic", model->aic);
    model_json_put(json, "bic", model->bic);
    model_json_put(json, "degrees_of_freedom", model->freedom);
    model_json_put(json, "entropy", model->entropy);
    model_json_put(json, "starts_that_reached_it", model->reached);
    json_write_end_object(json);
}

enum status model_latent_read(struct text text, struct arena *arena, struct model_latent *out,
                              struct error *error)
{
    struct model_json reader;
    size_t items, shares, chances, coefficients;

    TRY(model_json_open(&reader, text, "latent class model", error));
    *out = (struct model_latent){.classes = (int)model_json_number(&reader, "classes"),
                                 .covariates = (int)model_json_number(&reader, "covariates"),
                                 .converged = true};
    double *levels = model_json_array(&reader, "levels", MODEL_LATENT_ITEMS_MAX, arena, &items);
    out->items = (int)items;
    out->levels = ARENA_ARRAY(arena, int, items);
    out->level_start = ARENA_ARRAY(arena, int, items + 1);
    for (size_t i = 0; i < items; i++) {
        /* A bad count reads as 1, so that the sums below stay small; they will not fit together. */
        out->levels[i] =
            levels[i] >= 1 && levels[i] <= MODEL_LATENT_LEVELS_MAX ? (int)levels[i] : 1;
        out->level_start[i + 1] = out->level_start[i] + out->levels[i];
    }

    out->share = model_json_array(&reader, "shares", MODEL_LATENT_CLASSES_MAX, arena, &shares);
    out->chance = model_json_array(&reader, "chances", CHANCES_MAX, arena, &chances);
    out->coefficient =
        model_json_array(&reader, "coefficients", COEFFICIENTS_MAX, arena, &coefficients);

    out->log_likelihood = model_json_number(&reader, "log_likelihood");
    out->rows = model_json_number(&reader, "rows");
    out->parameters = model_json_number(&reader, "parameters");
    out->aic = model_json_number(&reader, "aic");
    out->bic = model_json_number(&reader, "bic");
    out->freedom = model_json_number(&reader, "degrees_of_freedom");
    out->entropy = model_json_number(&reader, "entropy");
    out->reached = (int)model_json_number(&reader, "starts_that_reached_it");

    if (out->classes < 1 || out->classes > MODEL_LATENT_CLASSES_MAX || out->covariates < 0 ||
        items == 0 || shares != (size_t)out->classes ||
        chances != shares * (size_t)out->level_start[items] ||
        coefficients != (shares - 1) * (size_t)(1 + out->covariates))
        model_json_fail(&reader, "the numbers of classes, items and chances do not fit together");

    TRY(model_json_close(&reader, error));
    take_logarithms(out, arena);
    return STATUS_OK;
}
