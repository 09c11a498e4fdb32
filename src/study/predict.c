/*
 * The probability that a condition of the segment language comes true within a horizon. The past is
 * asked the same question at several moments: who was there at t (--among), what was known of them
 * by then (features), and whether the condition held at t + h of what happened in between (label).
 * The last moments are held back: the model is fitted to the earlier ones, each at least a horizon
 * before, and judged on them, so that what is said of its quality is said of later time. What was
 * judged is what scores.
 *
 * An undated table has one moment only; --split folds:N judges by folds there, and says that this
 * is weaker.
 */
#include "study/predict.h"

#include "base/number.h"
#include "catalog/catalog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRAINING = 4,     /* moments to learn from, unless --moments says more */
    LOOK_BACK = 90,   /* days before the first moment that must have facts, or a horizon's length */
    ROWS_MAX = 30000, /* fitted to, and ROWS_MIN of a model of many columns */
    ROWS_MIN = 2000,
    MIN_ROWS = 20 /* fewer are not fitted to */
};
static const double FIT_WORK = 1e8; /* rows × columns², which is what a fit takes */

/* ---- options ---- */

static const char *quoted(const struct work *work, const char *name)
{
    return segment_name_text(name, work->arena);
}

static bool says_yes(struct text word)
{
    static const char *const words[] = {"yes", "Yes", "YES", "true", "True", "TRUE", "y", "Y", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_equal(word, text_from(words[i])))
            return true;
    return false;
}

/* Which of a text trait's values means yes. */
static enum status yes_of(struct work *work, const char *name, const char **out,
                          struct error *error)
{
    struct work_inputs inputs;
    struct plan_values values;
    const char *text = quoted(work, name), *yes = NULL;
    bool several = false;

    TRY(work_inputs_new(work, &text, 1, NULL, &inputs, error));
    enum status status = work_load(work, &inputs.needs, error);
    if (status == STATUS_OK)
        status = work_inputs_values(work, &inputs, work->moment->now, &values, error);

    /* "yes" and "true" in one column may be two ways of saying it, or two things: that is for
     * people to say. */
    for (uint32_t p = 0; status == STATUS_OK && p < work->population->customers; p++) {
        const char *value = work_value_text(work, &values, p);
        if (value && says_yes(text_from(value))) {
            several |= yes && strcmp(yes, value) != 0;
            yes = yes ? yes : value;
        }
    }

    work_inputs_release(&inputs);
    TRY(status);
    *out = arena_printf(work->arena, "%s = '%s'", text, yes ? yes : "");
    if (yes && !several)
        return STATUS_OK;
    status = error_set(error, STATUS_USAGE,
                       "--label %s: it is a text, and not one that says yes or no", name);
    error_hint(error, "--label \"%s = 'VALUE'\" says what comes true", name);
    return status;
}

/* A bare trait is a label too: true, 1 or yes. */
static enum status read_label(struct work *work, const char **out, struct error *error)
{
    const char *given = work_option(work, "label");
    *out = given;
    const struct schema_table *table =
        schema_table(session_schema(work->session), SCHEMA_TRAIT_TABLE);
    const struct schema_column *column = table ? schema_column(table, given) : NULL;
    if (!column)
        return STATUS_OK;
    if (column->type == VALUE_TEXT)
        return yes_of(work, given, out, error);
    *out = column->type == VALUE_BOOL ? quoted(work, given)
                                      : arena_printf(work->arena, "%s = 1", quoted(work, given));
    return STATUS_OK;
}

static enum status read_method(struct work *work, struct predict_how *out, struct error *error)
{
    enum { A_NUMBER = -1, AUTO, NONE };
    int penalty = work_pick(work, "penalty");

    out->method = (enum predict_method)work_pick(work, "method");
    out->logistic = (struct model_logistic_options){.lambda = -1, /* found by the folds */
                                                    .mix = .5,    /* half of it lasso */
                                                    .folds = 5,
                                                    .seed = out->seed};
    out->trees = (struct model_boost_options){.seed = out->seed};
    if (work_option(work, "penalty") && out->method == PREDICT_BOOSTING)
        return error_set(error, STATUS_USAGE, "--penalty is of the logistic model");
    if (penalty == NONE)
        out->logistic.lambda = 0;
    else if (penalty == A_NUMBER)
        out->logistic.lambda = work_number(work, "penalty");
    return STATUS_OK;
}

static enum status read_split(struct work *work, struct predict_how *out, struct error *error)
{
    const char *split = work_option(work, "split"), *horizon = work_option(work, "horizon");

    out->dated = !split;
    out->logistic.cautious =
        !split; /* later time is never quite like the time that was fitted to */
    if (!split) {
        out->days = (int)work_number(work, "horizon");
        out->horizon = (int64_t)out->days * PREDICT_DAY;
        return STATUS_OK;
    }

    if (horizon || work_option(work, "moments") || work_option(work, "moment") ||
        work_option(work, "test"))
        return error_set(
            error, STATUS_USAGE,
            "--split folds:N has one moment: --horizon, --moments and --moment ask for "
            "several");
    out->folds = (int)work_number(work, "split");
    return STATUS_OK;
}

static enum status read_how(struct work *work, struct predict_how *out, struct error *error)
{
    *out = (struct predict_how){.seed = (uint64_t)work_number(work, "seed")};
    TRY(session_load_definitions(work->session, error));
    TRY(read_method(work, out, error));
    TRY(read_split(work, out, error));
    TRY(read_label(work, &out->label, error));
    out->timeless = work_option_list(work, "timeless", &out->timeless_count);
    const struct schema_table *table =
        schema_table(session_schema(work->session), SCHEMA_TRAIT_TABLE);
    for (size_t i = 0; i < out->timeless_count; i++)
        if (!strchr(out->timeless[i], '.') && !(table && schema_column(table, out->timeless[i])))
            return error_set(error, STATUS_NOT_FOUND, "--timeless: there is no trait '%s'",
                             out->timeless[i]);
    return STATUS_OK;
}

/* ---- the label ---- */

static enum status build_label(struct predict_data *data, struct error *error)
{
    struct work *work = data->work;
    const struct schema *schema = session_schema(work->session);
    enum status status = segment_condition_build(text_from(data->how->label), schema,
                                                 session_definitions(work->session), work->arena,
                                                 NULL, &data->label, error);

    if (status != STATUS_OK) {
        work_place("label", error);
        if (strstr(data->how->label, " next "))
            error_hint(
                error,
                "a label is about the time ahead by itself: --label 'none(order)' --horizon 90");
        return status;
    }

    /* Without dates the label is as of the same moment as the values it is learned from. */
    int last = data->label->segment_count - 1;
    data->label_needs = segment_needs(data->label, schema, &last, 1, work->arena);
    if (!data->how->dated)
        return STATUS_OK;
    TRY(segment_condition_within(data->label, data->how->horizon, error));
    TRY(predict_check_dated(data, &data->label_needs, "the label", error));

    /* A label that reads no facts can hold already: of those it cannot come true any more. */
    data->about_traits = !data->label_needs.records;
    for (size_t i = 0; i < data->label_needs.count; i++)
        data->about_traits &=
            schema_table(schema, data->label_needs.items[i].table)->role != SCHEMA_FACTS;
    return STATUS_OK;
}

/* Recency of what the label is about; else of the orders, or the kind that stands for them. NULL
 * without facts. */
static void choose_recency(struct predict_data *data)
{
    const struct schema *schema = session_schema(data->work->session);
    const char *kind = insight_revenue_find(schema).kind;

    for (size_t i = data->label_needs.count; i-- > 0;)
        if (schema_table(schema, data->label_needs.items[i].table)->role == SCHEMA_FACTS)
            kind = data->label_needs.items[i].table;
    data->recency_kind = kind;
}

/* ---- moments ---- */

static bool is_of_label(const struct predict_data *data, const char *table)
{
    for (size_t i = 0; i < data->label_needs.count; i++)
        if (strcmp(data->label_needs.items[i].table, table) == 0)
            return true;
    return false;
}

/* From the first fact to the newest of the kinds that the label is about: what lies behind it has
 * not been seen yet. */
static void find_span(struct predict_data *data)
{
    size_t count;
    const struct catalog_part *parts = store_parts(session_store(data->work->session), &count);
    data->start = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].role != PART_FACTS || !parts[i].last_time)
            continue;
        data->start = parts[i].first_time < data->start ? parts[i].first_time : data->start;
        if ((data->about_traits || is_of_label(data, parts[i].table)) &&
            parts[i].last_time > data->end)
            data->end = parts[i].last_time;
    }

    for (size_t i = 0; i < count; i++) /* a label about traits, in a store without facts */
        if (!data->end && parts[i].role == PART_TRAITS && parts[i].last_time) {
            data->end = parts[i].last_time > data->end ? parts[i].last_time : data->end;
            data->start = parts[i].first_time < data->start ? parts[i].first_time : data->start;
        }

    data->end = data->work->moment->now < data->end ? data->work->moment->now : data->end;
    data->end = data->work->moment->known_at < data->end ? data->work->moment->known_at : data->end;
}

static int64_t day_start(const struct predict_data *data, int64_t moment)
{
    const struct zone *zone = session_zone(data->work->session);
    return zone_day_start(zone, zone_date(zone, moment));
}

static enum status too_short(const struct predict_data *data, struct error *error)
{
    struct work *work = data->work;
    enum status status =
        error_set(error, STATUS_ERROR,
                  "the facts, from %s to %s, are too few days for a horizon of %d: one to learn "
                  "from and a later "
                  "one to be judged by",
                  data->start == INT64_MAX ? "nowhere" : work_day(work, data->start),
                  data->end ? work_day(work, data->end) : "nowhere", data->how->days);
    error_hint(error, "take a shorter --horizon");
    return status;
}

/* The last moment is the latest whose horizon is over; the others lie a horizon apart before it.
 * The first must have something to look back on. */
static enum status spread_moments(struct predict_data *data, struct error *error)
{
    double wanted = work_option(data->work, "moments") ? work_number(data->work, "moments")
                                                       : TRAINING + data->tests;
    int64_t back = (int64_t)LOOK_BACK * PREDICT_DAY, moment;
    back = data->how->horizon < back ? data->how->horizon : back;
    if (wanted < 1 + data->tests)
        return error_set(error, STATUS_USAGE,
                         "--moments must be at least %d: the last %d are held back",
                         1 + data->tests, data->tests);
    moment = day_start(data, data->end - data->how->horizon);
    int64_t found[PREDICT_MOMENTS];
    int count = 0;
    for (; count < (int)wanted && data->end && moment >= data->start + back; count++) {
        found[count] = moment;
        moment = day_start(data, moment - data->how->horizon);
    }
    if (count < 1 + data->tests)
        return too_short(data, error);
    for (int m = 0; m < count; m++)
        data->moment[m] = found[count - 1 - m];
    data->moments = count;
    return STATUS_OK;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum status read_moments(struct predict_data *data, struct error *error)
{
    size_t count;
    const char **given = work_option_list(data->work, "moment", &count);

    if ((int)count < 1 + data->tests)
        return error_set(error, STATUS_USAGE,
                         "--moment needs at least %d moments: the last are held back",
                         1 + data->tests);
    for (size_t m = 0; m < count; m++) {
        struct session_moment moment;
        TRY(session_moment(data->work->session, given[m], NULL, data->work->arena, &moment, error));
        data->moment[m] = moment.now;
        if (moment.now + data->how->horizon > data->end)
            return error_set(error, STATUS_USAGE,
                             "--moment %s: its horizon of %d days is not over; what the label is "
                             "about ends on %s",
                             given[m], data->how->days,
                             data->end ? work_day(data->work, data->end) : "no day at all");
    }

    qsort(data->moment, count, sizeof *data->moment, by_time);
    data->moments = (int)count;
    return STATUS_OK;
}

/* A moment less than a horizon before the first test would let the fit see what the test is about.
 */
static enum status drop_between(struct predict_data *data, struct error *error)
{
    int64_t test = data->moment[data->moments - data->tests];
    int training = data->moments - data->tests, kept = 0;
    while (kept < training && data->moment[kept] + data->how->horizon <= test)
        kept++;
    if (kept < training)
        work_note(data->work,
                  "%d of the moments lie less than %d days before the first that is held back, and "
                  "are left out.",
                  training - kept, data->how->days);
    memmove(data->moment + kept, data->moment + training,
            sizeof *data->moment * (size_t)data->tests);
    data->moments = kept + data->tests;
    if (kept)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "none of the moments lies %d days before the one that is held back, %s",
                     data->how->days, work_day(data->work, test));
}

static enum status find_moments(struct predict_data *data, struct error *error)
{
    if (!data->how->dated) {
        data->moment[0] = data->work->moment->now;
        data->moments = 0; /* windows of any length */
        return STATUS_OK;
    }
    data->tests = (int)work_number(data->work, "test");
    find_span(data);
    TRY(work_option(data->work, "moment") ? read_moments(data, error)
                                          : spread_moments(data, error));
    return drop_between(data, error);
}

/* ---- rows ---- */

static const char *moments_text(const struct predict_data *data, int from, int to)
{
    struct buffer text;
    buffer_init(&text, 0);
    for (int m = from; m < to; m++)
        buffer_printf(&text, "%s%s", m > from ? ", " : "", work_day(data->work, data->moment[m]));
    const char *copy = buffer_copy(&text, data->work->arena);
    buffer_release(&text);
    return copy;
}

static void tell_rows(const struct predict_data *data, const char *label,
                      const struct predict_rows *rows)
{
    struct work *work = data->work;
    const char *sample = rows->all > rows->count
                             ? arena_printf(work->arena, ", a sample of %s rows",
                                            work_thousands(work, (double)rows->all))
                             : "";
    work_figure(work, "data", label, (double)rows->count,
                "%s, of %s customers%s; it came true of %s (%.1f%%)",
                work_thousands(work, (double)rows->count),
                work_thousands(work, (double)rows->customers), sample,
                work_thousands(work, rows->hits), 100 * rows->hits / (double)rows->count);
    if (rows->unknown)
        work_figure(work, "data", arena_printf(work->arena, "%s, left out", label),
                    (double)rows->unknown, "%s, of whom it is not known whether it came true",
                    work_thousands(work, (double)rows->unknown));
}

static enum status check_rows(const struct predict_data *data, const struct predict_rows *rows,
                              const char *when, struct error *error)
{
    enum status status = STATUS_OK;
    if (rows->count < MIN_ROWS) {
        status = error_set(error, STATUS_ERROR, "%s there are %zu customers to ask about: too few",
                           when, rows->count);
        error_hint(error, "--among says who is asked about; what an import brought counts from "
                          "when it was received");
    } else if (rows->hits == 0 || rows->hits == (double)rows->count) {
        status =
            error_set(error, STATUS_ERROR,
                      "%s '%s' is true of %s of the %zu customers: there is nothing to tell apart",
                      when, data->how->label, rows->hits > 0 ? "all" : "none", rows->count);
    }
    return status;
}

static size_t most_rows(const struct predict_data *data)
{
    double rows = FIT_WORK / ((double)data->features * data->features + 1);
    return (size_t)fmin(fmax(rows, ROWS_MIN), ROWS_MAX);
}

static void tell_question(const struct predict_data *data)
{
    struct work *work = data->work;
    const char *among = work_option(work, "among");
    const struct predict_how *how = data->how;
    work_figure(work, "data", "what is predicted", NAN, how->dated ? "%s, within %d days" : "%s",
                how->label, how->days);
    work_figure(work, "data", "among", NAN, "%s", among ? among : "everyone");
    if (how->dated) {
        work_figure(work, "data", "fitted at", NAN, "%s",
                    moments_text(data, 0, data->moments - data->tests));
        work_figure(work, "data", "judged at", NAN, "%s",
                    moments_text(data, data->moments - data->tests, data->moments));
    } else {
        work_figure(work, "data", "judged by", how->folds,
                    "%d folds: cross-sectional, not validated on later time", how->folds);
    }
}

static void tell_model(const struct predict_data *data, const struct predict_model *model)
{
    struct work *work = data->work;
    int used = 0;
    for (int c = 0; c < model->design.columns; c++)
        used += model->design.column[c].used;

    work_figure(work, "model", "values learned from", data->features,
                "%d; columns %d, of which used %d", data->features, model->design.columns, used);
    if (model->method == PREDICT_BOOSTING)
        work_figure(work, "model", "method", model->forest.trees, "boosted trees: %d of depth %d",
                    model->forest.trees, model->forest.depth);
    else if (model->logistic.lambda > 0)
        work_figure(work, "model", "method", model->logistic.lambda,
                    "logistic regression, elastic net: penalty %.4g%s, "
                    "half of it lasso",
                    model->logistic.lambda,
                    data->how->logistic.lambda < 0 ? " by cross-validation" : "");
    else
        work_figure(work, "model", "method", 0, "logistic regression without penalty");
}

/* ---- fitting ---- */

static enum status predict_tested(const struct predict_model *model,
                                  const struct predict_rows *rows, struct arena *arena,
                                  struct predict_tested *out)
{
    *out = (struct predict_tested){.rows = rows,
                                   .model = ARENA_ARRAY(arena, double, rows->count + 1),
                                   .base = ARENA_ARRAY(arena, double, rows->count + 1)};
    if (model->has_recency)
        out->recency = ARENA_ARRAY(arena, double, rows->count + 1);

    predict_model_apply(model, rows, out->model);
    for (size_t i = 0; i < rows->count; i++) {
        out->base[i] = model->base_rate;
        if (out->recency)
            out->recency[i] = predict_recency_apply(model, rows->recency[i]);
    }
    return STATUS_OK;
}

static enum status fit_dated(struct predict_data *data, struct error *error)
{
    struct predict_rows train, test;
    struct predict_model model;
    struct predict_tested tested;
    int split = data->moments - data->tests;

    /* Both kinds of rows before anything is fitted: that nobody is there to judge by is known at
     * once. */
    TRY(predict_rows_at(data, 0, split, most_rows(data), &train, error));
    TRY(predict_rows_at(data, split, data->moments, PREDICT_TEST_ROWS, &test, error));
    tell_question(data);
    tell_rows(data, "rows to fit to", &train);
    TRY(check_rows(data, &train,
                   arena_printf(data->work->arena, "at %s", moments_text(data, 0, split)), error));
    if (!test.count)
        return error_set(error, STATUS_ERROR, "at %s there is nobody to judge by",
                         moments_text(data, split, data->moments));
    tell_rows(data, "rows to judge by", &test);

    if (data->unrecorded)
        work_note(data->work, "Some moments lie before the store's first import: of them a fact "
                              "counts as received when it "
                              "happened.");
    work_note(data->work, "In brackets: 95%% intervals, for which customers are resampled.");

    /* Leaks are looked for in the rows that are fitted to; those that judge stay unseen. */
    predict_name_leaks(data, &train);
    TRY(predict_model_fit(data, &train, session_pool(data->work->session), &model, error));
    tell_model(data, &model);
    enum status status = predict_tested(&model, &test, data->work->arena, &tested);
    if (status == STATUS_OK)
        status = predict_judge(data, &model, &train, &tested, error);
    if (status == STATUS_OK)
        status = predict_model_write(data->work, &model, error);
    predict_model_release(&model);
    return status;
}

/* Everyone is predicted once, by a model that was prepared and fitted without their fold. */
static enum status predict_folds(struct predict_data *data, const struct predict_rows *all,
                                 struct predict_tested *out, struct error *error)
{
    struct arena *arena = data->work->arena;
    uint32_t *fold = ARENA_ARRAY(arena, uint32_t, all->count + 1);
    double mean = 0;
    int ranked = 0;

    *out = (struct predict_tested){.rows = all,
                                   .model = ARENA_ARRAY(arena, double, all->count + 1),
                                   .base = ARENA_ARRAY(arena, double, all->count + 1)};
    if (data->has_recency)
        out->recency = ARENA_ARRAY(arena, double, all->count + 1);
    for (size_t i = 0; i < all->count; i++)
        out->base[i] = all->hits / (double)all->count;

    /* Every fold has its share of both outcomes; without that a small one could not be ranked. */
    model_stratified_folds(all->label, all->count, data->how->folds, data->how->seed, arena, fold);
    for (uint32_t f = 0; f < (uint32_t)data->how->folds; f++) {
        struct predict_rows train, test;
        struct predict_model model;
        struct predict_tested own;
        predict_rows_part(all, fold, f, false, arena, &train);
        predict_rows_part(all, fold, f, true, arena, &test);
        TRY(predict_model_fit(data, &train, session_pool(data->work->session), &model, error));
        enum status status = predict_tested(&model, &test, arena, &own);
        predict_model_release(&model);
        TRY(status);

        double area = model_quality_of(test.label, own.model, test.count, arena).auc;
        mean += isnan(area) ? 0 : area;
        ranked += !isnan(area);
        for (size_t i = 0, at = 0; i < all->count; i++) {
            if (fold[i] != f)
                continue;
            out->model[i] = own.model[at];
            if (out->recency)
                out->recency[i] = own.recency[at];
            at++;
        }
    }

    if (ranked)
        work_figure(data->work, "by folds", "AUC, mean of the folds", mean / ranked, "%.4f",
                    mean / ranked);
    return STATUS_OK;
}

static enum status fit_cross_section(struct predict_data *data, struct error *error)
{
    struct predict_rows all;
    struct predict_model model;
    struct predict_tested tested;

    TRY(predict_rows_at(data, 0, 1, most_rows(data), &all, error));
    tell_question(data);
    tell_rows(data, "rows", &all);
    TRY(check_rows(data, &all, "now", error));

    double least = fmin(all.hits, (double)all.count - all.hits);
    if (least < data->how->folds)
        return error_set(error, STATUS_ERROR,
                         "there are %g of the rarer outcome, and %d folds: each fold needs one",
                         least, data->how->folds);

    /* Judged fold by fold, the model that scores is fitted to everyone. */
    predict_name_leaks(data, &all);
    TRY(predict_folds(data, &all, &tested, error));
    TRY(predict_model_fit(data, &all, session_pool(data->work->session), &model, error));
    tell_model(data, &model);
    work_note(data->work, "Cross-sectional, not validated on later time: the label and the "
                          "features are of the same moment.");
    enum status status = predict_judge(data, &model, &all, &tested, error);
    if (status == STATUS_OK)
        status = predict_model_write(data->work, &model, error);
    predict_model_release(&model);
    return status;
}

static enum status fit(struct predict_data *data, struct error *error)
{
    struct work *work = data->work;
    TRY(build_label(data, error));
    choose_recency(data);
    TRY(find_moments(data, error));
    TRY(predict_features_find(data, error));
    data->needs = segment_needs_join(&data->inputs.needs, &data->label_needs, work->arena);
    TRY(work_load(work, &data->needs, error));
    json_put_string(work->parameters, "label", data->how->label);
    json_put_double(work->parameters, "horizon_days", data->how->dated ? data->how->days : NAN);
    json_put_bool(work->parameters, "about_traits", data->about_traits);
    return data->how->dated ? fit_dated(data, error) : fit_cross_section(data, error);
}

enum status study_predict_fit(struct work *work, struct error *error)
{
    struct predict_how how;
    struct predict_data data = {.work = work, .how = &how};
    TRY(read_how(work, &how, error));
    text_map_init(&data.words);
    enum status status = fit(&data, error);
    text_map_release(&data.words);
    work_inputs_release(&data.inputs);
    segment_set_free(data.label);
    return status;
}
