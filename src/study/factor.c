/*
 * Scales behind answers: many items become a few scores. How many is asked of parallel analysis;
 * factors by maximum likelihood, or principal components. A scale is named after the item that
 * bears it most, and is told as a trait in standard deviations from the mean of those it was fitted
 * on.
 *
 * Missing answers: covariances are taken over the customers who gave both answers, and who left out
 * some gets the scale that the other answers let one expect, weighed for just those answers. Who
 * gave fewer than half gets none.
 */
#include "study/factor.h"

#include "stats/linear.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DRAWS = 100,          /* of data without scales, for parallel analysis */
    PARALLEL_ROWS = 5000, /* in each: more rows only bring chance nearer to one */
};
static const double quantile = .95; /* of chance, which an eigenvalue has to exceed */
static const double belongs = .3;   /* a loading; usual in the literature */
/* What rounding leaves of nothing, relative to the largest: a variance, a component's deviation, an
 * eigenvalue of correlations. */
static const double no_variance = 1e-12, no_deviation = 1e-6, no_eigenvalue = 1e-8;

/* ---- options and data ---- */

/* NAME=VALUE, or a value that lends its last word. */
static void name_item(struct work *work, const char *given, struct factor_item *out)
{
    struct text name;
    out->text = work_named(given, &name);
    out->name = name.length ? arena_strndup(work->arena, name.data, name.length)
                            : work_short_name(work, given);
}

static enum status read_options(struct work *work, struct factor_work *out, struct error *error)
{
    enum { FACTORS, COMPONENTS }; /* of --method */
    enum { DEVIATION, NONE };     /* of --scale */
    size_t count;
    const char **on = work_option_list(work, "on", &count);

    out->items = (int)count;
    for (size_t i = 0; i < count; i++)
        name_item(work, on[i], &out->item[i]);
    out->components = work_pick(work, "method") == COMPONENTS;
    out->raw = work_pick(work, "scale") == NONE;
    out->rotation = (enum model_rotation)work_pick(work, "rotation");
    out->scales = (int)work_number(work, "scales");
    if (out->raw && !out->components)
        return error_set(error, STATUS_USAGE,
                         "--scale none is for --method components: factors explain correlations");
    if (out->components && work_option(work, "rotation"))
        return error_set(error, STATUS_USAGE,
                         "components are not rotated: --rotation is for --method factors");
    return STATUS_OK;
}

/* Answers of everyone who gave one at least; who is scored. */
static void fill_rows(struct work *work, const struct plan_values *values, uint64_t *who,
                      struct factor_work *out)
{
    for (size_t w = 0; w < work->population->customers / 64u + 1; w++) {
        uint64_t answered = 0;
        for (int i = 0; i < out->items; i++)
            answered |= values[i].known[w];
        who[w] &= answered;
    }

    work_score_customers(work, who);
    size_t items = (size_t)out->items;
    out->rows = work->count;
    out->data = ARENA_ARRAY(work->arena, double, out->rows *items + 1);
    for (size_t r = 0; r < out->rows; r++) {
        size_t unknown = 0;
        for (size_t i = 0; i < items; i++) {
            out->data[r * items + i] = plan_values_number(&values[i], work->position[r]);
            unknown += isnan(out->data[r * items + i]);
        }
        out->missing += unknown;
        out->complete += unknown == 0;
    }
}

/* After asking, on a population that holds it. */
static enum status take_rows(struct work *work, struct factor_work *out, struct error *error)
{
    const struct work_inputs *inputs = &work->inputs;
    struct plan_values *values =
        ARENA_ARRAY(work->arena, struct plan_values, (size_t)out->items + 1);
    uint64_t *who;
    TRY(work_inputs_values(work, inputs, work->moment->now, values, error));
    TRY(work_inputs_among(work, inputs, work->moment->now, &who, error));
    for (int i = 0; i < out->items; i++)
        if (values[i].type == VALUE_TEXT || values[i].type == VALUE_SET ||
            values[i].type == VALUE_POINT) {
            enum status status =
                error_set(error, STATUS_USAGE, "%s is not a number", out->item[i].text);
            error_hint(error, "scales add up numbers; --type latent takes answers in words");
            return status;
        }
    fill_rows(work, values, who, out);
    return STATUS_OK;
}

static enum status ask(struct work *work, const struct factor_work *f, struct error *error)
{
    const char *texts[FACTOR_ITEMS];
    for (int i = 0; i < f->items; i++)
        texts[i] = f->item[i].text;
    TRY(work_inputs_new(work, texts, (size_t)f->items, work_option(work, "among"), &work->inputs,
                        error));
    work->needs = work->inputs.needs;
    return STATUS_OK;
}

/* ---- what is analysed ---- */

static enum status check_item(const struct factor_work *f, int i, struct error *error)
{
    double variance = f->covariance[i * f->items + i];
    if (isnan(variance))
        return error_set(error, STATUS_ERROR,
                         "fewer than two customers answered %s: there is nothing to compare",
                         f->item[i].name);
    if (!(variance > no_variance * (f->mean[i] * f->mean[i] + no_variance))) {
        enum status status = error_set(
            error, STATUS_ERROR, "%s is the same for everyone who answered it", f->item[i].name);
        error_hint(error, "leave it out of --on: it cannot tell anyone apart");
        return status;
    }
    for (int j = 0; j < i; j++)
        if (isnan(f->covariance[i * f->items + j]))
            return error_set(error, STATUS_ERROR, "no two customers answered both %s and %s",
                             f->item[j].name, f->item[i].name);
    return STATUS_OK;
}

static void count_pairs(struct factor_work *f)
{
    size_t items = (size_t)f->items;
    f->least = f->rows;
    for (size_t a = 0; a < items && f->missing; a++)
        for (size_t b = 0; b <= a; b++) {
            size_t both = 0;
            for (size_t r = 0; r < f->rows; r++)
                both += !isnan(f->data[r * items + a]) && !isnan(f->data[r * items + b]);
            f->least = both < f->least ? both : f->least;
        }
}

static void find_means(struct factor_work *f, double *column)
{
    size_t items = (size_t)f->items;
    for (size_t i = 0; i < items; i++) {
        size_t known = 0;
        for (size_t r = 0; r < f->rows; r++)
            if (!isnan(f->data[r * items + i]))
                column[known++] = f->data[r * items + i];
        f->mean[i] = known ? stats_mean(column, known) : 0;
    }
}

static enum status prepare(struct work *work, struct factor_work *f, struct error *error)
{
    size_t square = (size_t)f->items * (size_t)f->items;
    f->covariance = ARENA_ARRAY(work->arena, double, square);
    f->matrix = ARENA_ARRAY(work->arena, double, square);
    if (!f->rows)
        return error_set(error, STATUS_ERROR, "nobody has answered any of the items");
    find_means(f, ARENA_ARRAY(work->arena, double, f->rows + 1));
    model_pairwise_covariance(f->rows, f->items, f->data, f->covariance);
    for (int i = 0; i < f->items; i++)
        TRY(check_item(f, i, error));

    /* Of no more answers than items a covariance matrix has no inverse. */
    count_pairs(f);
    if (f->least <= (size_t)f->items)
        return error_set(error, STATUS_ERROR,
                         "%zu customers are too few for %d items: more of them than items have to "
                         "have answered both of any two",
                         f->least, f->items);
    for (int i = 0; i < f->items; i++)
        f->deviation[i] = f->raw ? 1 : sqrt(f->covariance[i * f->items + i]);
    f->correlation = ARENA_ARRAY(work->arena, double, square);
    stats_pairwise_correlation(f->rows, f->items, f->data, f->correlation);
    memcpy(f->matrix, f->raw ? f->covariance : f->correlation, sizeof *f->matrix * square);
    return STATUS_OK;
}

/* ---- how many, and which ---- */

static int most_factors(int items)
{
    int most = 0;
    while (most < FACTOR_SCALES && (items - most - 1) * (items - most - 1) >= items + most + 1)
        most++;
    return most;
}

static enum status count_scales(struct work *work, struct factor_work *f, struct error *error)
{
    struct model_components found;

    f->kmo_all = model_kmo(f->items, f->correlation, work->arena, f->kmo);
    for (int i = 0; isnan(f->kmo_all) && i < f->items; i++)
        f->kmo[i] = NAN;
    TRY(model_components_fit(f->items, f->correlation, work->arena, &found, error));
    for (int i = 0; i < f->items; i++)
        f->eigenvalue[i] = found.deviation[i] * found.deviation[i];
    size_t rows = f->least < PARALLEL_ROWS ? f->least : PARALLEL_ROWS;
    TRY(model_parallel_analysis(f->items, f->correlation, rows, DRAWS, quantile,
                                (uint64_t)work_number(work, "seed"), session_pool(work->session),
                                work->arena, &f->found, f->threshold, error));

    /* Components may be as many as items; factors have to leave the fit degrees of freedom. */
    int components = f->items < FACTOR_SCALES ? f->items : FACTOR_SCALES;
    int most = f->components ? components : most_factors(f->items);
    if (!most)
        return error_set(error, STATUS_USAGE,
                         "%d items are too few for factors: three at least, or --method components",
                         f->items);
    if (!f->scales)
        f->scales = f->found < most ? f->found : most;
    if (f->scales <= most)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, "--scales %d: %d items have room for %d %s%s", f->scales,
                     f->items, most, f->components ? "component" : "factor", most == 1 ? "" : "s");
}

static void make_room(struct work *work, struct factor_work *f)
{
    size_t cells = (size_t)f->items * (size_t)f->scales + 1;
    f->loading = ARENA_ARRAY(work->arena, double, cells);
    f->structure = ARENA_ARRAY(work->arena, double, cells);
    f->weight = ARENA_ARRAY(work->arena, double, cells);
}

static enum status fit_components(struct work *work, struct factor_work *f, struct error *error)
{
    struct model_components found;
    double all = 0;

    TRY(model_components_fit(f->items, f->matrix, work->arena, &found, error));
    for (int i = 0; i < f->items; i++)
        all += found.deviation[i] * found.deviation[i];

    /* Components that rounding made are none. */
    while (f->scales && !(found.deviation[f->scales - 1] > no_deviation * found.deviation[0]))
        f->scales--;
    make_room(work, f);
    for (int i = 0; i < f->items; i++) {
        f->uniqueness[i] = f->matrix[i * f->items + i];
        for (int c = 0; c < f->scales; c++) {
            double unit = found.direction[c * f->items + i], deviation = found.deviation[c];
            int at = i * f->scales + c;
            f->loading[at] = f->structure[at] = unit * deviation;
            f->weight[at] = unit / deviation;
            f->uniqueness[i] -= unit * deviation * unit * deviation;
        }
        f->uniqueness[i] = fmax(0, f->uniqueness[i] / f->matrix[i * f->items + i]);
    }

    for (int c = 0; c < f->scales; c++) {
        f->component[c] = found.deviation[c];
        f->explained[c] = found.deviation[c] * found.deviation[c] / all;
    }

    return STATUS_OK;
}

static enum status fit_factors(struct work *work, struct factor_work *f, struct error *error)
{
    /* Maximum likelihood needs the correlations' inverse. */
    if (f->eigenvalue[f->items - 1] < no_eigenvalue)
        return error_set(error, STATUS_ERROR,
                         "an item is a sum of others, or the answers are too few: leave it out, or "
                         "take --method "
                         "components");
    enum status status = model_factors_fit(f->items, f->matrix, (double)f->least, f->scales,
                                           f->rotation, work->arena, &f->factors, error);
    if (status != STATUS_OK) {
        error_hint(error, "--method components takes any items; or leave out those that repeat "
                          "others, or ask for fewer "
                          "--scales");
        return status;
    }

    /* A loading says what a scale adds to an item, the structure how both go together: the same
     * unless scales are correlated (promax). */
    make_room(work, f);
    size_t cells = (size_t)f->items * (size_t)f->scales;
    memcpy(f->loading, f->factors.loading, sizeof *f->loading * cells);
    memcpy(f->weight, f->factors.score, sizeof *f->weight * cells);
    memcpy(f->uniqueness, f->factors.uniqueness, sizeof *f->uniqueness * (size_t)f->items);
    stats_multiply(f->items, f->scales, f->scales, f->loading, f->factors.correlation,
                   f->structure);
    for (int c = 0; c < f->scales; c++)
        for (int i = 0; i < f->items; i++)
            f->explained[c] +=
                f->loading[i * f->scales + c] * f->structure[i * f->scales + c] / f->items;
    return STATUS_OK;
}

/* ---- scales ---- */

int factor_scale_of(const struct factor_work *f, int item)
{
    int best = 0;
    for (int c = 1; c < f->scales; c++)
        if (fabs(f->loading[item * f->scales + c]) > fabs(f->loading[item * f->scales + best]))
            best = c;
    double unit = f->raw ? sqrt(f->matrix[item * f->items + item]) : 1;
    return fabs(f->loading[item * f->scales + best]) >= belongs * unit ? best : -1;
}

static enum status fit_scales(struct work *work, struct factor_work *f, struct error *error)
{
    memset(f->explained, 0, sizeof f->explained);
    return f->components ? fit_components(work, f, error) : fit_factors(work, f, error);
}

/* Whether every scale is the one that some item bears most on: a scale without items would be a
 * name for nothing. */
static bool all_have_items(const struct factor_work *f)
{
    bool has[FACTOR_SCALES] = {false}, all = true;
    for (int i = 0; i < f->items; i++) {
        int scale = factor_scale_of(f, i);
        if (scale >= 0)
            has[scale] = true;
    }
    for (int c = 0; c < f->scales; c++)
        all &= has[c];
    return all;
}

static void name_scales(struct work *work, struct factor_work *f)
{
    bool taken[FACTOR_ITEMS] = {false};

    /* After the item it bears most on, of those that have named none. */
    for (int c = 0; c < f->scales; c++) {
        int best = -1;
        for (int i = 0; i < f->items; i++)
            if (!taken[i] && (best < 0 || fabs(f->loading[i * f->scales + c]) >
                                              fabs(f->loading[best * f->scales + c])))
                best = i;
        taken[best] = true;
        f->scale_name[c] = f->item[best].name;
        for (int t = 0; t < c; t++)
            if (strcmp(f->scale_name[t], f->scale_name[c]) == 0)
                f->scale_name[c] = arena_printf(work->arena, "%s_%d", f->item[best].name, c + 1);
    }
}

enum status study_factor_fit(struct work *work, struct error *error)
{
    struct factor_work *f = ARENA_NEW(work->arena, struct factor_work);
    TRY(read_options(work, f, error));
    TRY(ask(work, f, error));
    TRY(work_load(work, &work->needs, error));
    TRY(take_rows(work, f, error));
    TRY(prepare(work, f, error));
    TRY(count_scales(work, f, error));

    /* A scale that no item bears most on tells nothing. Unless so many were asked for, one less is
     * tried until each has items. */
    bool asked = work_option(work, "scales") != NULL;
    int first = f->scales;
    if (f->scales)
        TRY(fit_scales(work, f, error));
    while (!asked && f->scales && !all_have_items(f)) {
        if (--f->scales)
            TRY(fit_scales(work, f, error));
    }

    if (!f->scales)
        work_refuse(work, "parallel analysis finds no scale: these answers hardly go together");
    else if (f->scales < first)
        work_note(work,
                  "Parallel analysis finds %d; with more than %d one of them would be borne by no "
                  "item, so these are told.",
                  first, f->scales);

    if (f->scales)
        name_scales(work, f);
    factor_write(work, f);
    return STATUS_OK;
}

/* ---- scoring ---- */

static enum status read_numbers(const struct work *work, const char *key, double *out, size_t count,
                                struct error *error)
{
    json_t *list = json_object_get(work->saved, key);
    if (json_array_size(list) != count)
        return error_set(error, STATUS_ERROR,
                         "the saved model %s has not the %s it should have: fit it again",
                         work->model->name, key);
    for (size_t i = 0; i < count; i++)
        out[i] = json_number_value(json_array_get(list, i));
    return STATUS_OK;
}

static enum status read_saved(struct work *work, struct factor_work *f, struct error *error)
{
    json_t *items = json_object_get(work->saved, "items"),
           *scales = json_object_get(work->saved, "scales");
    if (!json_array_size(items) || json_array_size(items) > FACTOR_ITEMS ||
        json_array_size(scales) > FACTOR_SCALES)
        return error_set(error, STATUS_ERROR, "the saved model %s has no items: fit it again",
                         work->model->name);
    f->items = (int)json_array_size(items);
    f->scales = (int)json_array_size(scales);
    for (int i = 0; i < f->items; i++)
        f->item[i].text =
            json_string_value(json_object_get(json_array_get(items, (size_t)i), "text"));
    for (int c = 0; c < f->scales; c++)
        f->scale_name[c] =
            arena_strdup(work->arena, json_string_value(json_array_get(scales, (size_t)c)));

    size_t count = (size_t)f->items, cells = count * (size_t)f->scales;
    make_room(work, f);
    f->matrix = ARENA_ARRAY(work->arena, double, count *count);
    TRY(read_numbers(work, "means", f->mean, count, error));
    TRY(read_numbers(work, "deviations", f->deviation, count, error));
    TRY(read_numbers(work, "structure", f->structure, cells, error));
    TRY(read_numbers(work, "weights", f->weight, cells, error));
    return read_numbers(work, "matrix", f->matrix, count * count, error);
}

/* Weights for answers to some of the items: S⁻¹ C over those, 0 elsewhere. */
static bool weights_of(const struct factor_work *f, uint64_t answered, struct arena *scratch,
                       double *out)
{
    int known[FACTOR_ITEMS], count = 0;
    for (int i = 0; i < f->items; i++)
        if (answered >> i & 1)
            known[count++] = i;
    memset(out, 0, sizeof *out * (size_t)(f->items * f->scales));
    if (count == f->items) {
        memcpy(out, f->weight, sizeof *out * (size_t)(f->items * f->scales));
        return true;
    }

    /* Fewer than half of the items say too little of a scale. */
    double *part = ARENA_ARRAY(scratch, double, count *count + 1), column[FACTOR_ITEMS];
    for (int a = 0; a < count; a++)
        for (int b = 0; b < count; b++)
            part[a * count + b] = f->matrix[known[a] * f->items + known[b]];
    if (2 * count < f->items || !stats_cholesky(count, part))
        return false;
    for (int c = 0; c < f->scales; c++) {
        for (int a = 0; a < count; a++)
            column[a] = f->structure[known[a] * f->scales + c];
        stats_cholesky_solve(count, part, column);
        for (int a = 0; a < count; a++)
            out[known[a] * f->scales + c] = column[a];
    }

    return true;
}

struct pattern {
    uint64_t answered;
    size_t row;
};

static int by_pattern(const void *a, const void *b)
{
    const struct pattern *x = a, *y = b;
    if (x->answered != y->answered)
        return x->answered < y->answered ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void score_row(const struct factor_work *f, const double *weights, size_t row,
                      struct score *scores)
{
    const double *answer = f->data + row * (size_t)f->items;
    for (int c = 0; c < f->scales; c++) {
        double sum = 0;
        for (int i = 0; i < f->items; i++)
            if (!isnan(answer[i]))
                sum += weights[i * f->scales + c] * (answer[i] - f->mean[i]) / f->deviation[i];
        scores[c].number[row] = sum;
    }
}

/* Everyone who answered the same items together: their weights are the same. */
static void score_rows(struct work *work, const struct factor_work *f)
{
    struct pattern *patterns = ARENA_ARRAY(work->arena, struct pattern, f->rows + 1);
    double *weights = ARENA_ARRAY(work->arena, double, f->items * f->scales + 1);
    bool good = false;

    for (size_t r = 0; r < f->rows; r++) {
        patterns[r].row = r;
        for (int i = 0; i < f->items; i++)
            if (!isnan(f->data[r * (size_t)f->items + (size_t)i]))
                patterns[r].answered |= UINT64_C(1) << i;
    }

    qsort(patterns, f->rows, sizeof *patterns, by_pattern);
    for (size_t r = 0; r < f->rows; r++) {
        if (!r || patterns[r].answered != patterns[r - 1].answered) {
            struct arena scratch;
            arena_init(&scratch, 0);
            good = weights_of(f, patterns[r].answered, &scratch, weights);
            arena_release(&scratch);
        }
        if (good)
            score_row(f, weights, patterns[r].row, work->scores);
        for (int c = 0; !good && c < f->scales; c++)
            work->scores[c].number[patterns[r].row] = NAN;
    }
}

enum status study_factor_ask(struct work *work, struct error *error)
{
    struct factor_work *f = ARENA_NEW(work->arena, struct factor_work);
    work->asked = f;
    TRY(read_saved(work, f, error));
    return ask(work, f, error);
}

enum status study_factor_score(struct work *work, struct error *error)
{
    struct factor_work *f = work->asked;
    TRY(take_rows(work, f, error));
    for (int c = 0; c < f->scales; c++)
        work_score_add(work, f->scale_name[c], VALUE_DOUBLE, 0);
    score_rows(work, f);
    return STATUS_OK;
}
