/*
 * How good a prediction is, on rows it was not fitted to: ranking, losses and calibration with
 * intervals that resample customers, beside the base rate and recency alone; the lift of each
 * tenth; which columns drive it. Better means: a smaller log loss, with the whole interval of the
 * difference on the good side. Drivers are associations.
 */
#include "study/predict.h"

#include "stats/random.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DRAWS = 200,        /* of the bootstrap */
    DRIVERS = 15,       /* told */
    DRIVER_ROWS = 2000, /* that the effects of trees are looked up at */
    REFITS_MIN = 40,    /* fits anew for intervals of effects: as many as the time allows */
    REFITS_MAX = 100,
    REFIT_BASE = 100,     /* what a row costs beside columns², in the same unit */
    KNOWN_MIN = 20,       /* rows with a value: of fewer no leak is suspected */
    ITERATIONS_MOST = 100 /* a fit without penalty that took so many did not converge */
};
static const double LEVEL = .95;
static const double LEAK = .98;                       /* an AUC that one value alone seldom has */
static const double REFIT_WORK = 2e9;                 /* rows × columns², over all fits */
static const double NO_DIFFERENCE = 1e-7;             /* of log losses: rounding */
static const double BY_CHANCE = .5;                   /* the AUC of values in no order */
static const double NORMAL_REACH = 1.959963984540054; /* standard errors: 95% lie within */

/* ---- measures ---- */

struct judged {
    bool there;
    struct model_quality value, low, high;
};

static struct judged judge_one(const struct predict_data *data, const struct predict_rows *rows,
                               const double *predicted)
{
    struct judged out = {.there = predicted != NULL};
    if (!predicted)
        return out;
    out.value = model_quality_of(rows->label, predicted, rows->count, data->work->arena);
    model_quality_bootstrap(rows->label, predicted, rows->count, rows->customer, rows->customers,
                            DRAWS, LEVEL, data->how->seed, session_pool(data->work->session),
                            &out.low, &out.high);
    return out;
}

struct measure {
    const char *name;
    size_t offset;
    bool compared; /* the rules have it too */
};
#define MEASURE(field) offsetof(struct model_quality, field)
static const struct measure measures[] = {
    {"AUC", MEASURE(auc), true},
    {"PR-AUC", MEASURE(pr_auc), true},
    {"log loss", MEASURE(log_loss), true},
    {"Brier score", MEASURE(brier), true},
    {"calibration intercept", MEASURE(intercept), false},
    {"calibration slope", MEASURE(slope), false},
};
enum { MEASURES = sizeof measures / sizeof *measures };

static double field(const struct model_quality *quality, size_t m)
{
    double value;
    memcpy(&value, (const char *)quality + measures[m].offset, sizeof value);
    return value;
}

static const char *with_interval(const struct predict_data *data, const struct judged *judged,
                                 size_t m)
{
    return arena_printf(data->work->arena, "%.4f (%.4f to %.4f)", field(&judged->value, m),
                        field(&judged->low, m), field(&judged->high, m));
}

static void tell_measure(const struct predict_data *data, const char *group, size_t m,
                         const struct judged *model, const struct judged *recency,
                         const struct judged *base)
{
    struct json *json = data->work->report;
    const char *rest = "";

    /* A rule has no calibration worth showing: the base rate is right on the mean by its making. */
    if (measures[m].compared && recency->there)
        rest =
            arena_printf(data->work->arena, "; recency alone %s", with_interval(data, recency, m));
    if (measures[m].compared)
        rest =
            arena_printf(data->work->arena, "%s; base rate %s", rest, with_interval(data, base, m));
    work_figure(data->work, group, measures[m].name, field(&model->value, m), "%s%s",
                with_interval(data, model, m), rest);

    json_write_object(json);
    json_put_string(json, "name", measures[m].name);
    json_put_double(json, "value", field(&model->value, m));
    json_put_double(json, "low", field(&model->low, m));
    json_put_double(json, "high", field(&model->high, m));
    json_put_double(json, "baseline", measures[m].compared ? field(&base->value, m) : NAN);
    json_put_double(json, "recency_only",
                    measures[m].compared && recency->there ? field(&recency->value, m) : NAN);
    json_write_end_object(json);
}

static void tell_measures(const struct predict_data *data, const struct predict_tested *tested)
{
    const char *group = data->how->dated ? "on later time" : "by folds";
    struct judged model = judge_one(data, tested->rows, tested->model);
    struct judged base = judge_one(data, tested->rows, tested->base);
    struct judged recency = judge_one(data, tested->rows, tested->recency);
    json_put_array(data->work->report, "measures");
    for (size_t m = 0; m < MEASURES; m++)
        tell_measure(data, group, m, &model, &recency, &base);
    json_write_end_array(data->work->report);
}

static void tell_bins(const struct predict_data *data, const struct predict_tested *tested)
{
    struct model_quality_bin bins[MODEL_QUALITY_BINS];
    struct json *json = data->work->report;

    model_quality_bins(tested->rows->label, tested->model, tested->rows->count, data->work->arena,
                       bins);
    json_put_array(json, "bins");
    for (int b = 0; b < MODEL_QUALITY_BINS; b++) {
        double actual = bins[b].hits / bins[b].count;
        work_figure(data->work, "by tenths, the likeliest first",
                    arena_printf(data->work->arena, "%d", b + 1), bins[b].lift,
                    "predicted %5.1f%%, came true %5.1f%% (%.1f%% to %.1f%%), lift %.2f",
                    100 * bins[b].mean, 100 * actual, 100 * bins[b].low, 100 * bins[b].high,
                    bins[b].lift);
        json_write_object(json);
        json_put_double(json, "predicted", bins[b].mean);
        json_put_double(json, "actual", actual);
        json_put_double(json, "low", bins[b].low);
        json_put_double(json, "high", bins[b].high);
        json_put_double(json, "customers", round(bins[b].count));
        json_put_double(json, "lift", bins[b].lift);
        json_write_end_object(json);
    }

    json_write_end_array(json);
}

/* ---- is it better than a rule? ---- */

static bool beats(const struct predict_data *data, const struct predict_tested *tested,
                  const double *rule, const char *name)
{
    double difference;
    const struct predict_rows *rows = tested->rows;
    if (!rule)
        return false;
    struct stats_interval interval = model_quality_loss_difference(
        rows->label, tested->model, rule, rows->count, rows->customer, rows->customers, 2 * DRAWS,
        LEVEL, data->how->seed, session_pool(data->work->session), &difference);
    bool better = interval.high < -NO_DIFFERENCE;
    const char *verdict = interval.low > 0 ? "worse" : "no better";
    work_figure(data->work, "against simple rules",
                arena_printf(data->work->arena, "log loss less that of %s", name), difference,
                "%.4f (%.4f to %.4f): %s", difference, interval.low, interval.high,
                better ? "better" : verdict);
    return better;
}

static void decide(const struct predict_data *data, const struct predict_model *model,
                   const struct predict_tested *tested)
{
    struct work *work = data->work;
    const char *where = data->how->dated ? "on later time" : "outside the rows it was fitted to";

    /* Both are said, whatever becomes of it. */
    bool base = beats(data, tested, tested->base, "the base rate");
    bool recency = beats(data, tested, tested->recency, "recency alone");
    if (model->method == PREDICT_LOGISTIC && model->logistic.iterations >= ITERATIONS_MOST)
        work_refuse(work, "the fit did not converge");
    else if (!base) /* a rule that is itself worse than the base rate is no bar to have cleared */
        work_refuse(work, "%s it is no better than the base rate%s", where,
                    tested->recency && !recency ? " or recency alone" : "");
    else if (!recency && tested->recency)
        work_note(work,
                  "It is no better than recency alone: a segment on days since last(%s.time) does "
                  "as well.",
                  data->recency_kind);
}

/* ---- suspected leaks ---- */

/* The area under the curve of one column over the rows where it is known: by ranks, ties one half.
 */
static double area_alone(const struct predict_rows *rows, const double *column, bool all,
                         struct arena *arena)
{
    double *values = ARENA_ARRAY(arena, double, rows->count + 1),
           *ranks = ARENA_ARRAY(arena, double, rows->count + 1);
    unsigned char *label = ARENA_ARRAY(arena, unsigned char, rows->count + 1);
    double hits = 0, sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (all || !isnan(column[i])) {
            values[count] = all ? isnan(column[i]) : column[i];
            label[count++] = rows->label[i];
            hits += rows->label[i];
        }

    /* Mann and Whitney's statistic, whichever way the column points. */
    double misses = (double)count - hits;
    if (count < KNOWN_MIN || hits < 1 || misses < 1)
        return BY_CHANCE;
    stats_ranks(values, count, arena, ranks);
    for (size_t i = 0; i < count; i++)
        sum += label[i] ? ranks[i] : 0;
    double area = (sum - hits * (hits + 1) / 2) / hits / misses;
    return fmax(area, 1 - area);
}

static void name_leak(const struct predict_data *data, const char *name, double area)
{
    if (area <= LEAK)
        return;
    work_figure(data->work, "suspected leaks", name, area, "AUC %.4f alone", area);
    work_note(
        data->work,
        "Suspected leak: %s alone tells nearly all (AUC %.4f). See whether it knows the future.",
        name, area);
}

/* Each value of a text against all others: a yes or no, whose area is the mean of the two shares it
 * gets right. */
static void text_leaks(const struct predict_data *data, const struct predict_rows *train, int f,
                       struct arena *arena)
{
    const struct predict_feature *feature = &data->feature[f];
    double *rows = ARENA_ARRAY(arena, double, data->words.count + 1);
    double *hits = ARENA_ARRAY(arena, double, data->words.count + 1),
           misses = (double)train->count - train->hits;
    for (size_t i = 0; i < train->count; i++) {
        double key = train->raw[i * (size_t)train->features + (size_t)f];
        if (isnan(key))
            continue;
        rows[(size_t)key]++;
        hits[(size_t)key] += train->label[i];
    }

    for (size_t w = 0; w < data->words.count; w++) {
        double area = BY_CHANCE + (hits[w] / train->hits - (rows[w] - hits[w]) / misses) / 2;
        if (rows[w] >= KNOWN_MIN)
            name_leak(data,
                      arena_printf(data->work->arena, "%s = '%s'", feature->name,
                                   data->words.entries[w].key.data),
                      fmax(area, 1 - area));
    }
}

void predict_name_leaks(const struct predict_data *data, const struct predict_rows *train)
{
    struct arena arena;
    arena_init(&arena, 0);
    for (int f = 0; f < data->features; f++) {
        const struct predict_feature *feature = &data->feature[f];
        double *column = ARENA_ARRAY(&arena, double, train->count + 1);
        for (size_t i = 0; i < train->count; i++)
            column[i] = train->raw[i * (size_t)train->features + (size_t)f];
        name_leak(data, arena_printf(data->work->arena, "whether %s is known", feature->name),
                  area_alone(train, column, true, &arena));
        if (feature->is_text)
            text_leaks(data, train, f, &arena);
        else
            name_leak(data, feature->name, area_alone(train, column, false, &arena));
        arena_reset(&arena);
    }
    arena_release(&arena);
}

/* ---- drivers ---- */

struct driver {
    const char *name;
    double effect, low, high;
};

static int strongest_first(const void *a, const void *b)
{
    double x = fabs(((const struct driver *)a)->effect),
           y = fabs(((const struct driver *)b)->effect);
    return x != y ? (x < y) - (x > y)
                  : strcmp(((const struct driver *)a)->name, ((const struct driver *)b)->name);
}

static struct stats_interval percentiles(double *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            values[kept++] = values[i];
    stats_sort(values, kept);
    return (struct stats_interval){stats_quantile_sorted(values, kept, (1 - LEVEL) / 2),
                                   stats_quantile_sorted(values, kept, (1 + LEVEL) / 2)};
}

static void bootstrap_effects(const struct predict_data *data, const struct predict_model *model,
                              const struct predict_rows *train, struct driver *drivers)
{
    struct arena *arena = data->work->arena;
    struct model_matrix matrix;
    size_t columns = (size_t)model->design.columns;
    predict_matrix(&model->design, train, arena, &matrix);
    double draws =
        REFIT_WORK / ((double)train->count * (double)(columns * columns + REFIT_BASE) + 1);
    size_t count = (size_t)fmin(fmax(draws, REFITS_MIN), REFITS_MAX);
    struct stats_interval *intervals = ARENA_ARRAY(arena, struct stats_interval, columns + 1);
    model_logistic_intervals(&model->logistic, &matrix, train->label, train->customer,
                             train->customers, count, LEVEL, data->how->seed,
                             session_pool(data->work->session), arena, intervals);
    for (size_t c = 0; c < columns; c++) {
        drivers[c].low = intervals[c].low;
        drivers[c].high = intervals[c].high;
    }
    work_note(data->work,
              "Effects are shrunk by the penalty, and so are their intervals: where 95%% of fits "
              "at this penalty end when "
              "customers are drawn anew (%zu draws).",
              count);
}

static void logistic_drivers(const struct predict_data *data, const struct predict_model *model,
                             const struct predict_rows *train, struct driver *drivers)
{
    const struct model_logistic *logistic = &model->logistic;
    for (int c = 0; c < model->design.columns; c++) {
        double error = logistic->error ? NORMAL_REACH * logistic->error[c] * logistic->scale[c] : 0;
        drivers[c].effect = logistic->coefficient[c] * logistic->scale[c];
        drivers[c].low = drivers[c].effect - error;
        drivers[c].high = drivers[c].effect + error;
    }

    /* With a penalty there are no standard errors. */
    if (!logistic->error)
        bootstrap_effects(data, model, train, drivers);
    else
        work_note(data->work, "Intervals of the effects are 1.96 standard errors of the fit "
                              "without penalty; rows of one "
                              "customer at several moments count as independent there.");
}

/* The mean size of what a column adds, with the sign of how it goes with the column's values. */
static enum status tree_drivers(const struct predict_data *data, const struct predict_model *model,
                                const struct predict_rows *rows, struct driver *drivers,
                                struct error *error)
{
    struct arena *arena = data->work->arena;
    struct model_matrix matrix;
    size_t columns = (size_t)model->design.columns,
           count = rows->count < DRIVER_ROWS ? rows->count : DRIVER_ROWS;

    predict_matrix(&model->design, rows, arena, &matrix);
    matrix.rows = count; /* the first: exact Shapley values take long */
    double *added = ARENA_ARRAY(arena, double, count *(columns + 1) + 1),
           *size = ARENA_ARRAY(arena, double, count + 1);
    double *value = ARENA_ARRAY(arena, double, count + 1),
           *part = ARENA_ARRAY(arena, double, count + 1);
    double *means = ARENA_ARRAY(arena, double, DRAWS + 1);
    TRY(model_boost_drivers(model->boost, &matrix, added, error));
    for (size_t c = 0; c < columns; c++) {
        size_t known = 0;
        for (size_t i = 0; i < count; i++) {
            double x = matrix.data[i * columns + c];
            size[i] = fabs(added[i * (columns + 1) + c]);
            value[known] = x;
            part[known] = added[i * (columns + 1) + c];
            known += !isnan(x);
        }

        /* Of two points every correlation is 1. */
        double sign = known > 2 && stats_correlation(value, part, known) < 0 ? -1 : 1;
        drivers[c].effect = sign * stats_mean(size, count);
        for (size_t d = 0; d < DRAWS; d++) {
            struct stats_random random;
            stats_random_init(&random, data->how->seed, d);
            means[d] = 0;
            for (size_t i = 0; i < count; i++)
                means[d] += sign * size[stats_random_below(&random, count)] / (double)count;
        }

        struct stats_interval interval = percentiles(means, DRAWS);
        drivers[c].low = interval.low;
        drivers[c].high = interval.high;
    }

    work_note(data->work, "Intervals of the effects are bootstrap intervals over the tested "
                          "customers, the trees held.");
    return STATUS_OK;
}

static enum status tell_drivers(const struct predict_data *data, const struct predict_model *model,
                                const struct predict_rows *train,
                                const struct predict_tested *tested, struct error *error)
{
    struct json *json = data->work->report;
    int columns = model->design.columns;
    struct driver *drivers = ARENA_ARRAY(data->work->arena, struct driver, columns + 1);

    for (int c = 0; c < columns; c++)
        drivers[c].name = model->design.column[c].name;
    if (model->method == PREDICT_LOGISTIC)
        logistic_drivers(data, model, train, drivers);
    else
        TRY(tree_drivers(data, model, tested->rows, drivers, error));

    /* A column without effect ends the list: it and all behind it were left out by the model. */
    qsort(drivers, (size_t)columns, sizeof *drivers, strongest_first);
    json_put_array(json, "drivers");
    for (int c = 0; c < columns && c < DRIVERS && drivers[c].effect != 0; c++) {
        work_figure(data->work, "drivers (associations, not causes)", drivers[c].name,
                    drivers[c].effect, "%+.3f (%+.3f to %+.3f)", drivers[c].effect, drivers[c].low,
                    drivers[c].high);
        json_write_object(json);
        json_put_string(json, "name", drivers[c].name);
        json_put_double(json, "effect", drivers[c].effect);
        json_put_double(json, "low", drivers[c].low);
        json_put_double(json, "high", drivers[c].high);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    work_note(data->work, model->method == PREDICT_LOGISTIC
                              ? "The effect of a driver is what one standard deviation more of it "
                                "adds to the log-odds."
                              : "The effect of a driver is the mean size of what it adds to the "
                                "log-odds (exact Shapley values), "
                                "with the sign of how it goes with the value.");
    return STATUS_OK;
}

static void put_outcome(const struct predict_data *data)
{
    struct work *work = data->work;
    const struct predict_how *how = data->how;
    const char *text;
    if (how->dated)
        text = arena_printf(work->arena, "%s within %d days, held against what came after %s",
                            how->label, how->days,
                            work_day(work, data->moment[data->moments - data->tests]));
    else
        text = arena_printf(work->arena, "%s: cross-sectional, not validated on later time",
                            how->label);
    json_put_string(work->report, "outcome", text);
}

enum status predict_judge(const struct predict_data *data, const struct predict_model *model,
                          const struct predict_rows *train, const struct predict_tested *tested,
                          struct error *error)
{
    struct json *json = data->work->report;
    if (tested->rows->hits == 0 || tested->rows->hits == (double)tested->rows->count) {
        work_refuse(
            data->work,
            "in the rows to judge by it came true of %s, so nothing can be said of how good it is",
            tested->rows->hits > 0 ? "everybody" : "nobody");
        return STATUS_OK;
    }

    /* Measures first: they decide whether the model is usable, which the report says. */
    json_put_array(json, "calibration");
    json_write_object(json);
    json_put_string(json, "name", data->work->model->name);
    put_outcome(data);
    tell_measures(data, tested);
    decide(data, model, tested);
    json_put_bool(json, "usable", data->work->model->usable);
    tell_bins(data, tested);
    enum status status = tell_drivers(data, model, train, tested, error);
    json_write_end_object(json);
    json_write_end_array(json);
    return status;
}
