/*
 * Tracking: what the model expected beside what happened. By week (or by period, where transactions
 * are periods), repeat transactions of the customers it was fitted on, since their first one; by
 * frequency, transactions in the holdout of customers who had made 0, 1, 2, … repeat transactions
 * before it, and how many of those customers the stated prediction interval held. Without a holdout
 * the weeks are those the model was fitted on, which flatters it and is said.
 */
#include "study/clv.h"

#include "model/value.h"

#include <math.h>
#include <string.h>

enum {
    MOST_WEEKS = 160, /* shown, the last ones */
    LINES = 26,       /* of figures: weeks are put together until they fit */
    FREQUENCIES = 8,  /* classes of 0, 1, 2, … repeat transactions; the last is open */
};
static const double rounding = 1e-9; /* of a week: sums of sevenths fall short of whole ones */

/* Customers by the day of their first transaction: few distinct ones, however many customers. */
struct starts {
    double *first, *customers;
    size_t count;
};

static void collect_starts(struct work *work, const struct clv_data *data, struct starts *out)
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

/* "1,653" or "35.5". */
static const char *about(struct work *work, double value)
{
    return value >= 100 ? work_thousands(work, round(value))
                        : arena_printf(work->arena, "%.1f", value);
}

struct weeks {
    double first, length,
        tick; /* on the clock: the first week's beginning, a week's length, a tick's */
    int count;
    double actual[MOST_WEEKS], expected[MOST_WEEKS];
};

static void count_weeks(struct work *work, const struct clv_options *options,
                        const struct clv_data *data, struct weeks *weeks)
{
    for (size_t i = 0; i < data->count; i++) {
        uint32_t from, to;
        double before = NAN;
        work_orders_rows(&data->orders, data->customers[i].position, -1, work->moment->now - 1,
                         &from, &to);
        for (uint32_t row = from; row < to; row++) {
            double tick = clv_tick(work, options, data->orders.time[row]);
            double week = floor((tick * weeks->tick - weeks->first) / weeks->length);
            if (row > from && tick != before && week >= 0 && week < weeks->count)
                weeks->actual[(int)week]++;
            before = tick;
        }
    }
}

static void expect_weeks(struct work *work, const struct clv_data *data,
                         const struct model_clv *model, struct weeks *weeks)
{
    struct starts starts;
    collect_starts(work, data, &starts);
    /* A transaction at the start of a week is at its first tick, so the one before is the last that
     * is not of it. */
    double before = expected_until(model, &starts, weeks->first - weeks->tick);
    for (int w = 0; w < weeks->count; w++) {
        double after =
            expected_until(model, &starts, weeks->first + (w + 1) * weeks->length - weeks->tick);
        weeks->expected[w] = after - before;
        before = after;
    }
}

/* The weeks since the first transaction, counted back from the end so that the last one is whole.
 */
static struct weeks make_weeks(struct work *work, const struct clv_options *options,
                               const struct clv_data *data, const struct model_clv *model)
{
    double tick = 1 / clv_ticks(options), first = INFINITY;
    struct weeks weeks = {.length = options->by_period ? 1 : DAYS_A_WEEK / options->days,
                          .tick = tick};

    for (size_t i = 0; i < data->count; i++)
        first = fmin(first, data->customers[i].first);
    int64_t until = clv_until(work, options, work->moment->now - 1);
    double end = (clv_tick(work, options, until) + 1) * tick;
    weeks.count = (int)fmin(MOST_WEEKS, floor((end - first) / weeks.length + rounding));
    weeks.first = end - weeks.count * weeks.length;
    count_weeks(work, options, data, &weeks);
    expect_weeks(work, data, model, &weeks);
    return weeks;
}

static const char *week_date(struct work *work, const struct clv_options *options,
                             const struct weeks *weeks, int week)
{
    char text[DATE_TEXT_MAX];
    double tick = round((weeks->first + week * weeks->length) / weeks->tick);
    int32_t date =
        options->by_period ? date_of_unit_number((int64_t)tick, options->unit) : (int32_t)tick;
    return arena_strdup(work->arena, date_format(date, text));
}

static void write_weeks(struct work *work, const struct clv_options *options,
                        const struct weeks *weeks)
{
    json_put_array(work->report, "by_period");
    for (int w = 0; w < weeks->count; w++) {
        json_write_object(work->report);
        json_put_string(work->report, "date", week_date(work, options, weeks, w));
        json_put_double(work->report, "actual", weeks->actual[w]);
        json_put_double(work->report, "expected", round(weeks->expected[w] * 100) / 100);
        json_write_end_object(work->report);
    }
    json_write_end_array(work->report);
}

/* The weeks from the calibration's end on, all without a holdout; several to a line where there are
 * many. */
static void describe_weeks(struct work *work, const struct clv_options *options,
                           const struct weeks *weeks, int64_t calibrated)
{
    double after =
        options->holdout > 0 ? (clv_tick(work, options, calibrated) + 1) * weeks->tick : -INFINITY;
    int from = 0;

    while (from < weeks->count && weeks->first + (from + 1) * weeks->length <= after + rounding)
        from++;
    int together = (weeks->count - from + LINES - 1) / LINES;
    const char *unit = options->by_period ? options->period : "week";
    for (int w = from; w < weeks->count; w += together) {
        double actual = 0, expected = 0;
        int last = w + together < weeks->count ? w + together : weeks->count;
        for (int i = w; i < last; i++) {
            actual += weeks->actual[i];
            expected += weeks->expected[i];
        }
        const char *label = last - w == 1
                                ? arena_printf(work->arena, "%s from ", unit)
                                : arena_printf(work->arena, "%d %ss from ", last - w, unit);
        work_figure(work, "repeat transactions over time",
                    arena_printf(work->arena, "%s%s", label, week_date(work, options, weeks, w)),
                    actual, "%s happened, %s expected", work_thousands(work, actual),
                    about(work, expected));
    }
}

/* ---- holdout ---- */

struct holdout {
    double actual, expected, absolute, squared, customers, within,
        ahead; /* ahead: in units of the model's time */
    double by_actual[FREQUENCIES], by_expected[FREQUENCIES], by_customers[FREQUENCIES],
        by_within[FREQUENCIES];
};

static double bought_between(const struct work *work, const struct clv_options *options,
                             const struct clv_data *data, uint32_t position, int64_t until)
{
    uint32_t from, to;
    double count = 0, before = NAN;
    work_orders_rows(&data->orders, position, data->until, until, &from, &to);
    for (uint32_t row = from; row < to; row++) {
        double at = clv_tick(work, options, data->orders.time[row]);
        count += at != before;
        before = at;
    }
    return count;
}

static const char *frequency_label(struct work *work, int frequency)
{
    return arena_printf(work->arena, "%d%s", frequency,
                        frequency + 1 == FREQUENCIES ? " and more" : "");
}

static void write_frequencies(struct work *work, const struct holdout *holdout)
{
    json_put_array(work->report, "by_frequency");
    for (int f = 0; f < FREQUENCIES; f++) {
        if (!holdout->by_customers[f])
            continue;
        json_write_object(work->report);
        json_put_string(work->report, "label", frequency_label(work, f));
        json_put_double(work->report, "actual", holdout->by_actual[f] / holdout->by_customers[f]);
        json_put_double(work->report, "expected",
                        holdout->by_expected[f] / holdout->by_customers[f]);
        json_write_end_object(work->report);
    }
    json_write_end_array(work->report);
}

static void describe_holdout(struct work *work, const struct clv_options *options,
                             const struct clv_data *data, const struct holdout *holdout)
{
    double share = holdout->within / holdout->customers;

    work_figure(work, "holdout", "calibrated until", NAN, "%s", work_day(work, data->until));
    work_figure(work, "holdout", "holdout in days", holdout->ahead * options->days, "%g",
                round(holdout->ahead * options->days));
    work_figure(work, "holdout", "customers of the calibration", holdout->customers, "%s",
                work_thousands(work, holdout->customers));
    work_figure(work, "holdout", "first seen later, left out", (double)data->later, "%s",
                work_thousands(work, (double)data->later));

    /* Of all together: misses in both directions cancel out here, and not in the errors below. */
    work_figure(work, "holdout", "holdout, transactions that happened", holdout->actual, "%s",
                work_thousands(work, holdout->actual));
    work_figure(work, "holdout", "holdout, transactions expected", holdout->expected, "%s",
                about(work, holdout->expected));
    work_figure(work, "holdout", "mean absolute error a customer",
                holdout->absolute / holdout->customers, "%.4f",
                holdout->absolute / holdout->customers);
    work_figure(work, "holdout", "root mean squared error",
                sqrt(holdout->squared / holdout->customers), "%.4f",
                sqrt(holdout->squared / holdout->customers));
    work_figure(
        work, "holdout",
        arena_printf(work->arena, "within the %g%% prediction interval", 100 * options->level),
        share, "%.1f%% of customers", 100 * share);

    /* By how often they had bought: right on the whole may still be wrong about the best. */
    for (int f = 0; f < FREQUENCIES; f++) {
        double customers = holdout->by_customers[f];
        if (customers > 0)
            work_figure(work, "holdout by repeat transactions before", frequency_label(work, f),
                        holdout->by_within[f] / customers,
                        "%.3f happened, %.3f expected a customer; %.1f%% of %s within the interval",
                        holdout->by_actual[f] / customers, holdout->by_expected[f] / customers,
                        100 * holdout->by_within[f] / customers, work_thousands(work, customers));
    }
}

static void compare_customers(struct work *work, const struct clv_options *options,
                              const struct clv_data *data, const struct model_clv *model,
                              int64_t until, struct holdout *holdout)
{
    double *expected = ARENA_ARRAY(work->arena, double, data->count + 1),
           *low = ARENA_ARRAY(work->arena, double, data->count + 1),
           *high = ARENA_ARRAY(work->arena, double, data->count + 1);
    double *columns[MODEL_VALUE_COLUMNS] = {[MODEL_VALUE_EXPECTED] = expected,
                                            [MODEL_VALUE_EXPECTED_LOW] = low,
                                            [MODEL_VALUE_EXPECTED_HIGH] = high};
    struct model_value value = {.often = model, .ahead = holdout->ahead, .level = options->level};
    struct model_value_customers customers = {.count = data->count, .history = data->history};

    model_value_score(&value, &customers, session_pool(work->session), columns);

    /* The last class is open: so often and more. */
    holdout->customers = (double)data->count;
    for (size_t i = 0; i < data->count; i++) {
        double actual = bought_between(work, options, data, data->customers[i].position, until);
        double miss = actual - expected[i];
        bool within = actual >= low[i] && actual <= high[i];
        int f = (int)fmin(data->history[i].x, FREQUENCIES - 1);
        holdout->actual += actual;
        holdout->expected += expected[i];
        holdout->absolute += fabs(miss);
        holdout->squared += miss * miss;
        holdout->within += within;
        holdout->by_actual[f] += actual;
        holdout->by_expected[f] += expected[i];
        holdout->by_customers[f]++;
        holdout->by_within[f] += within;
    }
}

/* Fits on what came before the holdout and compares; *data and *used are of that fit. */
static enum status hold_out(struct work *work, const struct clv_options *options,
                            struct clv_data *data, struct model_clv *used, struct error *error)
{
    struct holdout holdout = {0};
    const struct zone *zone = session_zone(work->session);
    int64_t end = clv_until(work, options, work->moment->now - 1);

    /* Whole local days are held back, as many as the option says or the part of one more. */
    int32_t first_held_back = zone_date(zone, end) + 1 - (int32_t)ceil(options->holdout);
    TRY(clv_load(work, options, zone_day_start(zone, first_held_back) - 1, data, error));
    struct model_clv_data histories = {data->count, data->history, NULL};
    enum status status = model_clv_fit(options->type, &histories, session_pool(work->session),
                                       work->arena, used, error);
    if (status != STATUS_OK) {
        error_hint(error, "that is the fit without the last %g days; try a shorter --holdout",
                   options->holdout);
        return status;
    }

    holdout.ahead =
        (clv_tick(work, options, end) - clv_tick(work, options, data->until)) / clv_ticks(options);
    compare_customers(work, options, data, used, end, &holdout);
    describe_holdout(work, options, data, &holdout);
    write_frequencies(work, &holdout);
    return STATUS_OK;
}

static enum status write_tracking(struct work *work, const struct clv_options *options,
                                  const struct clv_data *data, const struct model_clv *model,
                                  struct error *error)
{
    struct model_clv calibrated = *model;
    struct clv_data known = *data;
    if (options->holdout > 0)
        TRY(hold_out(work, options, &known, &calibrated, error));
    else
        work_note(work, "Not compared with later days: --holdout DAYS keeps some back and says how "
                        "far off it is.");
    json_put_string(work->report, "calibrated_until", work_day(work, known.until));
    struct weeks weeks = make_weeks(work, options, &known, &calibrated);
    write_weeks(work, options, &weeks);
    describe_weeks(work, options, &weeks, known.until);
    return STATUS_OK;
}

enum status clv_track(struct work *work, const struct clv_options *options,
                      const struct clv_data *data, const struct model_clv *model,
                      struct error *error)
{
    json_put_array(work->report, "tracking");
    json_write_object(work->report);
    json_put_string(work->report, "name", work->model->name);
    json_put_string(work->report, "title",
                    arena_printf(work->arena, "Repeat purchases by %s, %s",
                                 options->by_period ? options->period : "week",
                                 model_clv_type_name(model->type)));
    TRY(write_tracking(work, options, data, model, error));
    json_write_end_object(work->report);
    json_write_end_array(work->report);
    return STATUS_OK;
}
