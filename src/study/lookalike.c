/*
 * Look-alikes in a store: who is like the members of a seed segment. Features are what is known of
 * customers, less everything that reads a field of the seed's definition; the likeness is the
 * chance of being a seed, learnt from all seeds and a sample of the others, judged on seeds the fit
 * has not seen, and told to everyone with its rank.
 */
#include "study/lookalike.h"
#include "base/bits.h"

#include "model/lookalike.h"
#include "stats/distribution.h"
#include "stats/inference.h"
#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 6000, LEAST = 30, FOLDS = 5, BATCH = 16, DRAWS = 200, DRIVERS = 12, SHARES = 4 };
static const double level = .95, leak = .98, shares[SHARES] = {.01, .05, .1, .2};
static const double by_chance = .5; /* the AUC of a list in no order */

struct lookalike_fit {
    struct lookalike_features features;
    uint64_t *who, *seed; /* bits a position */
    size_t seeds, others, rows;
    uint32_t *position; /* of the rows */
    unsigned char *label;
    double *weight; /* how many customers a row stands for */
    struct lookalike_columns *columns;
    double *data;
    struct model_lookalike model;
    struct model_lookalike_list list;
    double auc, recall[SHARES];
    struct stats_interval auc_interval;
};

/* A line on one column: its part in the likeness, and how seeds and others differ in it. */
struct lookalike_driver {
    const char *label;
    bool is_share;
    double effect, inside, outside, auc, p;
    bool told; /* seeds and others differ in it beyond chance, among all columns */
};

/* ---- the seed and the features ---- */

/* A segment's name, or a condition. */
static const char *seed_condition(struct work *work)
{
    const char *like = work_option(work, "like");
    return like && segment_set_find(session_definitions(work->session), like) >= 0
               ? arena_printf(work->arena, "in %s", like)
               : like;
}

static enum status choose_features(struct work *work, const struct work_inputs *seed,
                                   struct lookalike_fit *fit, struct error *error)
{
    struct lookalike_models models;
    struct lookalike_fields fields;
    const char **texts;
    size_t count;
    TRY(study_models(work->session, work->arena, &models.items, &models.count, error));
    TRY(lookalike_candidates(work, &models, &texts, &count, error));
    lookalike_fields_read(work, &models, seed->among, &fields);
    TRY(lookalike_hide(work, &models, &fields, texts, count, &fit->features, error));
    work_figure(work, "seed", "condition", NAN, "%s", seed_condition(work));
    work_figure(work, "seed", "fields that define it, hidden", NAN, "%s",
                lookalike_fields_text(work, &fields));
    if (fit->features.count)
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_ERROR,
                  "nothing is left to tell likeness by: every %s reads a field "
                  "that defines the seed",
                  work_option(work, "on") ? "value of --on" : "kind and trait of the store");
    error_hint(error, "--on names values to compare by: --on 'city, count(view last 90 days)'");
    return status;
}

static void count_seed(const struct work *work, struct lookalike_fit *fit)
{
    for (uint32_t p = 0; p < work->population->customers; p++) {
        fit->seeds += bit_at(fit->who, p) && bit_at(fit->seed, p);
        fit->others += bit_at(fit->who, p) && !bit_at(fit->seed, p);
    }
}

static enum status find_seed(struct work *work, const struct work_inputs *seed,
                             const struct work_inputs *inputs, struct lookalike_fit *fit,
                             struct error *error)
{
    struct segment_needs needs = segment_needs_join(&inputs->needs, &seed->needs, work->arena);
    TRY(work_load(work, &needs, error));
    TRY(work_inputs_among(work, inputs, work->moment->now, &fit->who, error));
    TRY(work_inputs_among(work, seed, work->moment->now, &fit->seed, error));
    count_seed(work, fit);

    if (fit->seeds < LEAST) {
        enum status status = error_set(
            error, STATUS_ERROR,
            "the seed has %zu customers; fewer than %d show nothing that could be told from "
            "chance",
            fit->seeds, LEAST);
        error_hint(error, "widen the seed's condition, or look further back");
        return status;
    }
    if (fit->others >= LEAST)
        return STATUS_OK;
    return error_set(error, STATUS_ERROR, "the seed is %s: with %zu others there is nobody to find",
                     fit->others ? "nearly everyone" : "everyone", fit->others);
}

/* ---- the sample ---- */

/* Up to SAMPLE positions of one label, drawn without order, then put in order. */
static void draw_rows(const struct work *work, struct lookalike_fit *fit, unsigned char label,
                      size_t all, struct stats_random *random)
{
    size_t left = all, wanted = all < SAMPLE ? all : SAMPLE, weight = wanted;
    for (uint32_t p = 0; p < work->population->customers && wanted; p++) {
        if (!bit_at(fit->who, p) || bit_at(fit->seed, p) != (label != 0))
            continue;

        /* Of those that are left, so many are wanted: every sample is as likely, in one pass. */
        if (stats_random_below(random, left--) < wanted) {
            fit->position[fit->rows] = p;
            fit->label[fit->rows] = label;
            fit->weight[fit->rows++] = (double)all / (double)weight;
            wanted--;
        }
    }
}

static void take_sample(struct work *work, uint64_t seed, struct lookalike_fit *fit)
{
    struct stats_random random;
    stats_random_init(&random, seed, 0);
    fit->position = ARENA_ARRAY(work->arena, uint32_t, 2 * SAMPLE);
    fit->label = ARENA_ARRAY(work->arena, unsigned char, 2 * SAMPLE);
    fit->weight = ARENA_ARRAY(work->arena, double, 2 * SAMPLE);
    draw_rows(work, fit, 1, fit->seeds, &random);
    draw_rows(work, fit, 0, fit->others, &random);
}

/* A batch of features: their values exist for everyone only while the sample's columns are made of
 * them. */
static enum status take_batch(struct work *work, const struct work_inputs *inputs, size_t first,
                              size_t count, struct lookalike_fit *fit, double **column,
                              struct error *error)
{
    struct arena scratch;
    arena_init(&scratch, 0);
    struct plan_values *values = ARENA_ARRAY(&scratch, struct plan_values, count);
    enum status status = plan_evaluate_values(
        inputs->set, session_schema(work->session), inputs->nodes + first, (int)count,
        work->population, work->moment->now, session_pool(work->session), &scratch, values, error);
    for (size_t f = 0; status == STATUS_OK && f < count; f++) {
        size_t c = fit->columns->count;
        lookalike_columns_learn(work, &fit->features, first + f, &values[f], fit->position,
                                fit->rows, fit->columns);
        for (; c < fit->columns->count; c++) {
            column[c] = base_malloc(sizeof **column * fit->rows);
            for (size_t i = 0; i < fit->rows; i++)
                column[c][i] =
                    column_value(&fit->columns->items[c], column_raw(&values[f], fit->position[i]));
        }
    }
    arena_release(&scratch);
    return status;
}

static enum status take_columns(struct work *work, const struct work_inputs *inputs,
                                struct lookalike_fit *fit, struct error *error)
{
    double *column[LOOKALIKE_COLUMNS_MAX] = {0};
    enum status status = STATUS_OK;
    fit->columns = ARENA_NEW(work->arena, struct lookalike_columns);
    for (size_t first = 0; status == STATUS_OK && first < inputs->count; first += BATCH) {
        size_t count = inputs->count - first < BATCH ? inputs->count - first : BATCH;
        status = take_batch(work, inputs, first, count, fit, column, error);
    }

    /* Turned from columns, as they came, into rows, as the fit reads them. */
    size_t columns = fit->columns->count;
    fit->data = ARENA_ARRAY(work->arena, double, fit->rows *columns + 1);
    for (size_t c = 0; c < columns; c++) {
        for (size_t i = 0; column[c] && i < fit->rows; i++)
            fit->data[i * columns + c] = column[c][i];
        free(column[c]);
    }
    return status;
}

/* ---- judging ---- */

static void judge(struct work *work, uint64_t seed, struct lookalike_fit *fit)
{
    double *nothing = ARENA_ARRAY(work->arena, double, fit->rows + 1);
    const double *score = fit->model.held_out;

    /* The interval is that of the difference to a list in no order, whose AUC is known. */
    struct stats_interval more =
        model_quality_auc_difference(fit->label, score, nothing, fit->rows, NULL, fit->rows, DRAWS,
                                     level, seed, session_pool(work->session));
    fit->auc = model_quality_of(fit->label, score, fit->rows, work->arena).auc;
    fit->auc_interval = (struct stats_interval){by_chance + more.low, by_chance + more.high};
    model_lookalike_bands(fit->label, score, fit->weight, fit->rows, level, work->arena,
                          &fit->list);
    for (int s = 0; s < SHARES; s++)
        fit->recall[s] = model_lookalike_recall(fit->label, score, fit->weight, fit->rows,
                                                shares[s], work->arena);
}

/* How well one column alone ranks the seeds, and whether by more than chance: Wilcoxon's rank-sum
 * test, with ties. */
static void rank_column(const struct lookalike_fit *fit, size_t column, double *value, double *rank,
                        struct lookalike_driver *out)
{
    struct arena scratch;
    double sum = 0, hits = 0, squares = 0, all = (double)fit->rows, mean = (all + 1) / 2;
    arena_init(&scratch, 0);
    for (size_t i = 0; i < fit->rows; i++)
        value[i] = fit->data[i * fit->columns->count + column];
    stats_ranks(value, fit->rows, &scratch, rank);
    for (size_t i = 0; i < fit->rows; i++) {
        squares += (rank[i] - mean) * (rank[i] - mean);
        if (fit->label[i]) {
            sum += rank[i];
            hits++;
        }
    }

    double variance = hits * (all - hits) / (all * (all - 1)) * squares;
    out->auc = (sum - hits * (hits + 1) / 2) / (hits * (all - hits));
    out->p = variance > 0 ? stats_normal_two_sided(fabs(sum - hits * mean) / sqrt(variance)) : 1;
    arena_release(&scratch);
}

static void tell_drivers(struct work *work, struct lookalike_driver *drivers, size_t count)
{
    double *p = ARENA_ARRAY(work->arena, double, count + 1);
    for (size_t c = 0; c < count; c++)
        p[c] = drivers[c].p;
    stats_benjamini_hochberg(p, count, p);
    for (size_t c = 0; c < count; c++)
        drivers[c].told = p[c] <= insight_alpha && drivers[c].effect != 0;
}

static int by_effect(const void *a, const void *b)
{
    const struct lookalike_driver *x = a, *y = b;
    double left = fabs(x->effect), right = fabs(y->effect);
    return left != right ? (left < right) - (left > right) : strcmp(x->label, y->label);
}

static void mean_of(const struct lookalike_fit *fit, size_t column, struct lookalike_driver *out)
{
    const struct column *from = &fit->columns->items[column];
    double sum[2] = {0}, count[2] = {0};
    for (size_t i = 0; i < fit->rows; i++) {
        double value = fit->data[i * fit->columns->count + column];
        sum[fit->label[i]] += from->form == COLUMN_LOG ? expm1(value) : value;
        count[fit->label[i]]++;
    }
    out->is_share = from->form == COLUMN_LEVEL || from->form == COLUMN_UNKNOWN;
    out->inside = sum[1] / count[1];
    out->outside = sum[0] / count[0];
}

static struct lookalike_driver *find_drivers(struct work *work, const struct lookalike_fit *fit)
{
    size_t count = fit->columns->count;
    struct lookalike_driver *drivers = ARENA_ARRAY(work->arena, struct lookalike_driver, count + 1);
    double *value = ARENA_ARRAY(work->arena, double, fit->rows + 1),
           *rank = ARENA_ARRAY(work->arena, double, fit->rows + 1);
    for (size_t c = 0; c < count; c++) {
        drivers[c].label = fit->columns->items[c].name;
        drivers[c].effect = fit->model.logistic.coefficient[c] * fit->model.logistic.scale[c];
        rank_column(fit, c, value, rank, &drivers[c]);
        mean_of(fit, c, &drivers[c]);
    }

    /* Judged together: of many columns some differ by chance. */
    tell_drivers(work, drivers, count);
    qsort(drivers, count, sizeof *drivers, by_effect);
    return drivers;
}

/* ---- saying it ---- */

static const char *driver_text(struct work *work, const struct lookalike_driver *driver)
{
    if (driver->is_share)
        return arena_printf(work->arena, "%+.2f; seeds %.1f%%, others %.1f%%", driver->effect,
                            100 * driver->inside, 100 * driver->outside);
    return arena_printf(work->arena, "%+.2f; seeds %.4g, others %.4g", driver->effect,
                        driver->inside, driver->outside);
}

static void say_drivers(struct work *work, const struct lookalike_fit *fit,
                        const struct lookalike_driver *drivers)
{
    for (size_t d = 0; d < fit->columns->count; d++) {
        if (d < DRIVERS && drivers[d].told)
            work_figure(work, "by what (effect of one standard deviation on the logit)",
                        drivers[d].label, drivers[d].effect, "%s", driver_text(work, &drivers[d]));
        double auc = fmax(drivers[d].auc, 1 - drivers[d].auc);
        if (auc > leak)
            work_note(work,
                      "%s alone tells seeds from others with AUC %.3f: it may be the seed's "
                      "definition under another "
                      "name. --on leaves it out.",
                      drivers[d].label, auc);
    }
}

static void say_list(struct work *work, const struct lookalike_fit *fit)
{
    const struct model_lookalike_list *list = &fit->list;
    double everyone = (double)(fit->seeds + fit->others);
    for (int s = 0; s < SHARES; s++)
        work_figure(work, "quality on held-out seeds",
                    arena_printf(work->arena, "found among the first %g%%", 100 * shares[s]),
                    fit->recall[s], "%.1f%% of the seeds", 100 * fit->recall[s]);
    for (int b = 0; b < list->count; b++) {
        const struct model_lookalike_band *band = &list->bands[b];
        work_figure(work, "lift down the list (held-out seeds; 1 is chance)",
                    arena_printf(work->arena, "%.0f%% to %.0f%%", 100 * band->from, 100 * band->to),
                    band->lift, "%.2f [%.2f, %.2f], %.0f seed%s", band->lift, band->low, band->high,
                    band->seeds, round(band->seeds) == 1 ? "" : "s");
    }
    work_figure(work, "quality on held-out seeds", "the likeness holds down to", list->depth,
                list->depth > 0 ? "%.0f%% of the list, rank %s" : "nowhere", 100 * list->depth,
                work_thousands(work, floor(list->depth * everyone)));
}

static void describe(struct work *work, const struct lookalike_fit *fit,
                     const struct lookalike_driver *drivers)
{
    double everyone = (double)(fit->seeds + fit->others);

    work_figure(work, "seed", "customers in it", (double)fit->seeds, "%s (%.1f%% of %s)",
                work_thousands(work, (double)fit->seeds), 100 * (double)fit->seeds / everyone,
                work_thousands(work, everyone));

    /* What is hidden is named one by one: it shows that likeness is not the definition in other
     * words. */
    work_figure(work, "features", "values compared", (double)fit->features.count,
                "%zu, in %zu columns", fit->features.count, fit->columns->count);
    work_figure(work, "features", "values hidden", (double)fit->features.hidden_count, "%zu",
                fit->features.hidden_count);
    for (size_t i = 0; i < fit->features.hidden_count; i++)
        work_figure(work, "features",
                    arena_printf(work->arena, "hidden: %s", fit->features.hidden[i]), NAN,
                    "reads what defines the seed");
    if (fit->columns->left_out)
        work_figure(work, "features", "values left out", (double)fit->columns->left_out,
                    "%zu: sets, places, nothing known, or past %d columns", fit->columns->left_out,
                    LOOKALIKE_COLUMNS_MAX);

    work_figure(work, "quality on held-out seeds", "AUC", fit->auc, "%.3f [%.3f, %.3f]", fit->auc,
                fit->auc_interval.low, fit->auc_interval.high);
    say_list(work, fit);
    say_drivers(work, fit, drivers);
    work_note(work,
              "Every seed was scored by a fit that had not seen it (%d folds); intervals are 95%%, "
              "each for itself. "
              "What goes with being a seed is an association, not a cause.",
              FOLDS);
    if (fit->list.depth > 0)
        work_note(work,
                  "Who is not a seed but like one: strata members or count with '%s.rank <= %.0f "
                  "and not (%s)'.",
                  work->model->name, floor(fit->list.depth * everyone), seed_condition(work));
}

static void write_driver(struct json *json, const struct lookalike_driver *driver)
{
    json_write_object(json);
    json_put_string(json, "name", driver->label);
    json_put_double(json, "effect", driver->effect);
    json_put_double(json, "seeds", driver->inside);
    json_put_double(json, "others", driver->outside);
    json_put_string(json, "unit", driver->is_share ? "share" : "number");
    json_write_end_object(json);
}

static void write_bands(struct json *json, const struct model_lookalike_list *list)
{
    json_put_array(json, "bands");
    for (int b = 0; b < list->count; b++) {
        const struct model_lookalike_band *band = &list->bands[b];
        json_write_object(json);
        json_put_double(json, "from", band->from);
        json_put_double(json, "to", band->to);
        json_put_double(json, "seeds", band->seeds);
        json_put_double(json, "lift", band->lift);
        json_put_double(json, "low", band->low);
        json_put_double(json, "high", band->high);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_report(struct work *work, const struct lookalike_fit *fit,
                         const struct lookalike_driver *drivers)
{
    struct json *json = work->report;

    /* An array of one: the report joins those of all models. */
    json_put_array(json, "lookalikes");
    json_write_object(json);
    json_put_string(json, "name", work->model->name);
    json_put_string(json, "title", arena_printf(work->arena, "Like %s", work_option(work, "like")));
    json_put_count(json, "seeds", fit->seeds);
    json_put_count(json, "customers", fit->seeds + fit->others);
    json_put_double(json, "auc", fit->auc);
    json_put_double(json, "auc_low", fit->auc_interval.low);
    json_put_double(json, "auc_high", fit->auc_interval.high);
    json_put_double(json, "depth", fit->list.depth);
    write_bands(json, &fit->list);

    json_put_array(json, "drivers");
    for (size_t d = 0; d < fit->columns->count && d < DRIVERS; d++)
        if (drivers[d].told)
            write_driver(json, &drivers[d]);
    json_write_end_array(json);
    json_put_array(json, "hidden");
    for (size_t i = 0; i < fit->features.hidden_count; i++)
        json_write_string(json, fit->features.hidden[i]);
    json_write_end_array(json);
    if (!work->model->usable)
        json_put_string(json, "note",
                        arena_printf(work->arena, "Not usable: %s.", work->model->trouble));
    json_write_end_object(json);
    json_write_end_array(json);
}

static void write_parameters(struct work *work, struct lookalike_fit *fit)
{
    struct json *json = work->parameters;
    json_put_array(json, "values");
    for (size_t i = 0; i < fit->features.count; i++)
        json_write_string(json, fit->features.texts[i]);
    json_write_end_array(json);
    json_put_array(json, "hidden");
    for (size_t i = 0; i < fit->features.hidden_count; i++)
        json_write_string(json, fit->features.hidden[i]);
    json_write_end_array(json);
    json_write_key(json, "columns");
    lookalike_columns_write(fit->columns, json);
    /* The sample holds seeds and others in other shares than the store: the odds follow the
     * store's. */
    fit->model.logistic.intercept += log(fit->weight[0]) - log(fit->weight[fit->rows - 1]);
    json_write_key(json, "logistic");
    model_logistic_write(&fit->model.logistic, json);
}

static enum status fit_and_say(struct work *work, uint64_t seed, struct lookalike_fit *fit,
                               struct error *error)
{
    struct model_matrix matrix = {fit->rows, (int)fit->columns->count, fit->data};
    if (!fit->columns->count)
        return error_set(error, STATUS_ERROR,
                         "none of the values compared is known of any customer");
    TRY(model_lookalike_fit(&matrix, fit->label, FOLDS, seed, session_pool(work->session),
                            work->arena, &fit->model, error));
    judge(work, seed, fit);
    if (!(fit->auc_interval.low > by_chance))
        work_refuse(work,
                    "held-out seeds are not found better than by chance: AUC %.3f [%.3f, %.3f]",
                    fit->auc, fit->auc_interval.low, fit->auc_interval.high);
    struct lookalike_driver *drivers = find_drivers(work, fit);
    describe(work, fit, drivers);
    write_report(work, fit, drivers);
    write_parameters(work, fit);
    return STATUS_OK;
}

static enum status load_and_fit(struct work *work, const struct work_inputs *seed,
                                struct lookalike_fit *fit, struct error *error)
{
    struct work_inputs inputs;
    uint64_t random_seed = (uint64_t)work_number(work, "seed");
    TRY(choose_features(work, seed, fit, error));
    TRY(work_inputs_new(work, fit->features.texts, fit->features.count, work_option(work, "among"),
                        &inputs, error));
    enum status status = find_seed(work, seed, &inputs, fit, error);
    if (status == STATUS_OK) {
        take_sample(work, random_seed, fit);
        status = take_columns(work, &inputs, fit, error);
    }
    work_inputs_release(&inputs);
    TRY(status);
    return fit_and_say(work, random_seed, fit, error);
}

enum status study_lookalike_fit(struct work *work, struct error *error)
{
    struct lookalike_fit *fit = ARENA_NEW(work->arena, struct lookalike_fit);
    struct work_inputs seed;
    TRY(work_orders_say_plain(work, "features", error));
    TRY(work_inputs_new(work, NULL, 0, seed_condition(work), &seed, error));
    enum status status = load_and_fit(work, &seed, fit, error);
    work_inputs_release(&seed);
    return status;
}

/* ---- scoring ---- */

/* Equal likeness shares a rank: the best place of those it covers. */
static void rank_scores(struct work *work, const double *likeness, double *rank)
{
    uint32_t *order = ARENA_ARRAY(work->arena, uint32_t, work->count + 1);
    stats_order(likeness, work->count, order);
    for (size_t i = work->count; i-- > 0;) {
        bool tied = i + 1 < work->count && likeness[order[i]] == likeness[order[i + 1]];
        rank[order[i]] = tied ? rank[order[i + 1]] : (double)(work->count - i);
    }
}

/* Only what bears on the likeness is looked up: the rest is dropped from columns, coefficients and
 * texts. */
static size_t keep_used(struct work *work, struct lookalike_columns *columns,
                        struct model_logistic *logistic, const char **texts, size_t count)
{
    size_t *place = ARENA_ARRAY(work->arena, size_t, count + 1), used = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        place[i] = SIZE_MAX;
    for (size_t c = 0; c < columns->count; c++) {
        size_t feature = columns->items[c].feature;
        if (logistic->coefficient[c] == 0 && c + 1 < columns->count)
            continue;
        if (place[feature] == SIZE_MAX)
            place[feature] = used++;
        logistic->coefficient[kept] = logistic->coefficient[c];
        columns->items[kept] = columns->items[c];
        columns->items[kept++].feature = place[feature];
    }

    columns->count = kept;
    logistic->columns = (int)kept;
    const char **all = ARENA_ARRAY(work->arena, const char *, count + 1);
    memcpy(all, texts, sizeof *all * count);
    for (size_t i = 0; i < count; i++)
        if (place[i] != SIZE_MAX)
            texts[place[i]] = all[i];
    return used;
}

/* Between asking and scoring. */
struct lookalike_asked {
    struct lookalike_columns columns;
    struct model_logistic logistic;
};

enum status study_lookalike_ask(struct work *work, struct error *error)
{
    struct lookalike_asked *asked = ARENA_NEW(work->arena, struct lookalike_asked);
    struct lookalike_columns *columns = &asked->columns;
    struct model_logistic *logistic = &asked->logistic;
    struct text text;
    json_t *saved = json_object_get(work->saved, "values");
    size_t count = json_array_size(saved);
    const char **texts = ARENA_ARRAY(work->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(saved, i));
    TRY(work_saved_part(work, "logistic", &text, error));
    TRY(model_logistic_read(text, work->arena, logistic, error));
    TRY(lookalike_columns_read(work, json_object_get(work->saved, "columns"), count, columns,
                               error));
    if (!count || (size_t)logistic->columns != columns->count)
        return error_set(error, STATUS_ERROR,
                         "the saved model %s does not fit together: fit it again",
                         work->model->name);
    count = keep_used(work, columns, logistic, texts, count);
    work->asked = asked;
    TRY(work_inputs_new(work, texts, count, work_option(work, "among"), &work->inputs, error));
    work->needs = work->inputs.needs;
    return STATUS_OK;
}

enum status study_lookalike_score(struct work *work, struct error *error)
{
    struct lookalike_asked *asked = work->asked;
    struct lookalike_columns *columns = &asked->columns;
    const struct work_inputs *inputs = &work->inputs;
    struct plan_values *values = ARENA_ARRAY(work->arena, struct plan_values, inputs->count);
    double row[LOOKALIKE_COLUMNS_MAX];
    uint64_t *who;
    TRY(work_inputs_values(work, inputs, work->moment->now, values, error));
    TRY(work_inputs_among(work, inputs, work->moment->now, &who, error));
    work_score_customers(work, who);
    columns_bind(work, columns->items, columns->count);
    struct score *likeness = work_score_add(work, "likeness", VALUE_DOUBLE, 0),
                 *rank = work_score_add(work, "rank", VALUE_INT, 0);
    for (size_t i = 0; i < work->count; i++) {
        for (size_t c = 0; c < columns->count; c++)
            row[c] = column_value(&columns->items[c], column_raw(&values[columns->items[c].feature],
                                                                 work->position[i]));
        likeness->number[i] = model_logistic_score(&asked->logistic, row);
    }
    rank_scores(work, likeness->number, rank->number);
    return STATUS_OK;
}
