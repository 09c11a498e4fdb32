/*
 * Tracking: what the model expected beside what happened. By week, repeat transactions of everyone since their first
 * one; by frequency, transactions in the holdout of customers who had made 0, 1, 2, … repeat transactions before it.
 * Without a holdout the weeks are those the model was fitted on, which flatters it and is said.
 */
#include "engine/model_clv.h"

#include "base/map.h"

#include <math.h>
#include <string.h>

enum { MOST_WEEKS = 160, FREQUENCIES = 8 };

/* Customers by the day of their first transaction: few distinct ones, however many customers. */
struct starts {
    double *first, *customers;
    size_t count;
};

static void collect_starts(struct model_work *work, const struct clv_data *data, struct starts *out)
{
    double *sorted = ARENA_ARRAY(work->arena, double, data->count + 1);
    out->first = ARENA_ARRAY(work->arena, double, data->count + 1);
    out->customers = ARENA_ARRAY(work->arena, double, data->count + 1);
    out->count = 0;
    for (size_t i = 0; i < data->count; i++)
        sorted[i] = data->customers[i].first;
    stats_sort(sorted, data->count);
    for (size_t i = 0; i < data->count; i++) {
        if (!out->count || out->first[out->count - 1] != sorted[i])
            out->first[out->count++] = sorted[i];
        out->customers[out->count - 1]++;
    }
}

/* Repeat transactions expected of everyone up to a moment of the clock. */
static double expected_until(const struct model_clv *model, const struct starts *starts, double at)
{
    double sum = 0;
    for (size_t i = 0; i < starts->count && starts->first[i] < at; i++)
        sum += starts->customers[i] * model_clv_new_expected(model, at - starts->first[i]);
    return sum;
}

struct weeks {
    double first, length; /* on the clock: the first week's beginning, a week's length */
    int count;
    double actual[MOST_WEEKS];
};

static void count_weeks(struct model_work *work, const struct clv_options *options, const struct clv_data *data,
                        struct weeks *weeks)
{
    const struct population_table *table = data->orders.table;
    const struct zone *zone = work->engine->zone;
    for (size_t i = 0; i < data->count; i++) {
        uint32_t from, to;
        int32_t before = INT32_MIN;
        model_orders_rows(&data->orders, data->customers[i].position, -1, work->moment->now - 1, &from, &to);
        for (uint32_t row = from; row < to; row++) {
            int32_t day = zone_date(zone, table->time[row]);
            int week = (int)(((double)day / options->days - weeks->first) / weeks->length);
            if (row > from && day != before && week >= 0 && week < weeks->count)
                weeks->actual[week]++;
            before = day;
        }
    }
}

static void write_weeks(struct model_work *work, const struct clv_options *options, const struct clv_data *data,
                        const struct model_clv *model)
{
    struct starts starts;
    struct weeks weeks = {.length = 7 / options->days};
    char text[DATE_TEXT_MAX];
    collect_starts(work, data, &starts);
    if (!starts.count)
        return;
    double end = data->customers[0].first + data->history[0].t + 1 / options->days;
    weeks.count = (int)fmin(MOST_WEEKS, floor((end - starts.first[0]) / weeks.length));
    weeks.first = end - weeks.count * weeks.length;
    count_weeks(work, options, data, &weeks);
    json_write_key(work->report, "by_period");
    json_write_array(work->report);
    double before = expected_until(model, &starts, weeks.first - 1 / options->days);
    for (int w = 0; w < weeks.count; w++) {
        double at = weeks.first + w * weeks.length;
        double after = expected_until(model, &starts, at + weeks.length - 1 / options->days);
        json_write_object(work->report);
        model_put_text(work->report, "date", date_format((int32_t)llround(at * options->days), text));
        model_put(work->report, "actual", weeks.actual[w]);
        model_put(work->report, "expected", round((after - before) * 100) / 100);
        json_write_end_object(work->report);
        before = after;
    }
    json_write_end_array(work->report);
}

/* ---- holdout ---- */

struct holdout {
    double actual, expected, absolute, squared, customers;
    double by_actual[FREQUENCIES], by_expected[FREQUENCIES], by_customers[FREQUENCIES];
};

static double bought_between(const struct model_work *work, const struct clv_options *options,
                             const struct clv_data *data, uint32_t position, int64_t after)
{
    uint32_t from, to;
    int64_t before = INT64_MIN;
    double count = 0;
    model_orders_rows(&data->orders, position, after, work->moment->now - 1, &from, &to);
    for (uint32_t row = from; row < to; row++) {
        int32_t day = zone_date(work->engine->zone, data->orders.table->time[row]);
        int64_t at = options->by_period ? date_unit_number(day, options->unit) : day;
        count += at != before;
        before = at;
    }
    return count;
}

static void write_frequencies(struct model_work *work, const struct holdout *holdout)
{
    json_write_key(work->report, "by_frequency");
    json_write_array(work->report);
    for (int f = 0; f < FREQUENCIES; f++) {
        if (!holdout->by_customers[f])
            continue;
        json_write_object(work->report);
        model_put_text(work->report, "label",
                       arena_printf(work->arena, "%d%s", f, f + 1 == FREQUENCIES ? " and more" : ""));
        model_put(work->report, "actual", holdout->by_actual[f] / holdout->by_customers[f]);
        model_put(work->report, "expected", holdout->by_expected[f] / holdout->by_customers[f]);
        json_write_end_object(work->report);
    }
    json_write_end_array(work->report);
}

static void describe_holdout(struct model_work *work, const struct clv_options *options, const struct holdout *holdout)
{
    model_figure(work, "quality", "holdout in days", options->holdout, "%g", options->holdout);
    model_figure(work, "quality", "holdout, transactions that happened", holdout->actual, "%s",
                 model_thousands(work, holdout->actual));
    model_figure(work, "quality", "holdout, transactions expected", holdout->expected, "%s",
                 model_thousands(work, round(holdout->expected * 10) / 10));
    model_figure(work, "quality", "holdout, mean absolute error a customer", holdout->absolute / holdout->customers,
                 "%.4f", holdout->absolute / holdout->customers);
    model_figure(work, "quality", "holdout, root mean squared error", sqrt(holdout->squared / holdout->customers),
                 "%.4f", sqrt(holdout->squared / holdout->customers));
}

/* Fits on what came before the holdout and compares; *used is that fit. */
static enum status hold_out(struct model_work *work, const struct clv_options *options, struct model_clv *used,
                            struct error *error)
{
    struct clv_data data;
    struct holdout holdout = {0};
    int64_t until = work->moment->now - 1 - (int64_t)(options->holdout * SECONDS_A_DAY);
    TRY(clv_load(work, options, until, &data, error));
    struct model_clv_data histories = {data.count, data.history, NULL};
    TRY(model_clv_fit(options->type, &histories, engine_pool(work->engine), work->arena, used, error));
    double *expected = ARENA_ARRAY(work->arena, double, data.count + 1);
    struct model_clv_scores scores = {NULL, expected, NULL};
    model_clv_score(used, data.history, data.count, options->holdout / options->days, 0, engine_pool(work->engine),
                    &scores);
    holdout.customers = (double)data.count;
    for (size_t i = 0; i < data.count; i++) {
        double actual = bought_between(work, options, &data, data.customers[i].position, until);
        int f = (int)fmin(data.history[i].x, FREQUENCIES - 1);
        holdout.actual += actual;
        holdout.expected += expected[i];
        holdout.absolute += fabs(actual - expected[i]);
        holdout.squared += (actual - expected[i]) * (actual - expected[i]);
        holdout.by_actual[f] += actual;
        holdout.by_expected[f] += expected[i];
        holdout.by_customers[f]++;
    }
    describe_holdout(work, options, &holdout);
    model_put_text(work->report, "calibrated_until", model_day(work, until));
    write_frequencies(work, &holdout);
    return STATUS_OK;
}

enum status clv_track(struct model_work *work, const struct clv_options *options, const struct clv_data *data,
                      const struct model_clv *model, struct error *error)
{
    struct model_clv calibrated = *model;
    enum status status = STATUS_OK;
    json_write_key(work->report, "tracking");
    json_write_array(work->report);
    json_write_object(work->report);
    model_put_text(work->report, "name", work->model->name);
    model_put_text(work->report, "title",
                   arena_printf(work->arena, "Repeat purchases by week, %s", model_clv_type_name(model->type)));
    if (options->holdout > 0) {
        status = hold_out(work, options, &calibrated, error);
    } else {
        model_put_text(work->report, "calibrated_until", model_day(work, work->moment->now - 1));
        model_note(work, "Not compared with later days: --holdout DAYS keeps some back and says how far off it is.");
    }
    if (status == STATUS_OK && !options->by_period)
        write_weeks(work, options, data, &calibrated);
    json_write_end_object(work->report);
    json_write_end_array(work->report);
    return status;
}
