/*
 * Customer lifetime value in a store: histories of transactions from the facts, the model of how
 * often, the model of how much, and what both say about each customer over a horizon.
 *
 * A transaction is a local day with at least one order, or a whole period with one. Time is counted
 * in periods from a customer's first one; the calibration ends with the last local day before the
 * moment, or with the last whole period. Whoever buys first after that is left out.
 */
#include "study/clv.h"
#include "base/bits.h"

#include "model/value.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the order of --period's words. Months and years are their mean lengths. */
#define DAYS_A_YEAR 365.25
static const double correlation_most = .3; /* of how often and how much: beyond it that is said */
static const struct clv_period {
    const char *name;
    double days;
    enum calendar_unit unit;
} periods[] = {{"day", 1, CALENDAR_DAY},
               {"week", 7, CALENDAR_WEEK},
               {"month", DAYS_A_YEAR / MONTHS_A_YEAR, CALENDAR_MONTH},
               {"year", DAYS_A_YEAR, CALENDAR_YEAR}};

static enum status read_type(struct work *work, struct clv_options *out, struct error *error)
{
    enum { DAY };
    bool by_day = work_pick(work, "transaction") == DAY;
    out->type = (enum model_clv_type)work_pick(work, "model");
    out->by_period = out->type == MODEL_BGBB || !by_day;
    if (out->type != MODEL_BGBB || !by_day || !work_option(work, "transaction"))
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_USAGE, "BG/BB counts periods with a purchase, not days");
    error_hint(error, "leave --transaction out, or give --period day");
    return status;
}

enum status clv_read_options(struct work *work, struct clv_options *out, struct error *error)
{
    int p = work_pick(work, "period");
    *out = (struct clv_options){.period = periods[p].name,
                                .days = periods[p].days,
                                .unit = periods[p].unit,
                                .horizon = work_number(work, "horizon"),
                                .discount = work_number(work, "discount"),
                                .level = work_number(work, "interval"),
                                .holdout = work_number(work, "holdout")};
    return read_type(work, out, error);
}

/* Whole numbers, so that equal histories are equal to the last bit and collapse into one row. */
double clv_tick(const struct work *work, const struct clv_options *options, int64_t moment)
{
    int32_t date = zone_date(session_zone(work->session), moment);
    return options->by_period ? (double)date_unit_number(date, options->unit) : (double)date;
}

double clv_ticks(const struct clv_options *options)
{
    return options->by_period ? 1 : options->days;
}

int64_t clv_until(const struct work *work, const struct clv_options *options, int64_t until)
{
    if (!options->by_period)
        return until;
    const struct zone *zone = session_zone(work->session);
    return zone_day_start(zone, date_floor(zone_date(zone, until + 1), options->unit)) - 1;
}

/* The horizon in the model's unit; BG/BB has whole opportunities only. */
static double time_ahead(const struct clv_options *options)
{
    double ahead = options->horizon / options->days;
    return options->type == MODEL_BGBB ? fmax(1, round(ahead)) : ahead;
}

struct open_transaction {
    double at, spent;
    int64_t begun; /* when its first order was */
};

/* What a transaction came to. Refunds from its first order up to the next transaction are taken off
 * it. */
static double close_transaction(const struct work_orders *orders, uint32_t position,
                                const struct open_transaction *transaction, int64_t next)
{
    return transaction->spent -
           work_orders_refunded(orders, position, transaction->begun - 1, next - 1);
}

/* One customer's history up to `until`, the last moment of the calibration. */
static bool fill_history(const struct work *work, const struct clv_options *options,
                         const struct work_orders *orders, uint32_t position, int64_t until,
                         struct clv_customer *out, double *unpaid)
{
    uint32_t from, to;
    work_orders_rows(orders, position, -1, until, &from, &to);
    if (from == to)
        return false;

    /* Orders of one tick are one transaction, which closes when the next tick's begins. */
    struct open_transaction now = {clv_tick(work, options, orders->time[from]), 0,
                                   orders->time[from]};
    double spent = 0, first = now.at, unit = clv_ticks(options);
    *out = (struct clv_customer){.position = position, .first = first / unit};
    size_t transactions = 1, paid = 0;
    for (uint32_t row = from; row <= to; row++) {
        double at = row < to ? clv_tick(work, options, orders->time[row]) : NAN;
        if (row == to || at != now.at) {
            double came_to = close_transaction(orders, position, &now,
                                               row < to ? (int64_t)orders->time[row] : until + 1);

            /* The first does not count for the mean. */
            if (now.at == first)
                out->first_spent = came_to;
            if (now.at != first && came_to > 0) {
                spent += came_to;
                paid++;
            } else if (now.at != first) {
                ++*unpaid;
            }

            transactions += row < to;
            if (row == to)
                break;
            now = (struct open_transaction){at, 0, orders->time[row]};
        }

        now.spent += work_orders_amount(orders, row);
    }

    out->history.x = (double)(transactions - 1);
    out->history.tx = (now.at - first) / unit;
    out->history.t = (clv_tick(work, options, until) - first) / unit;
    out->paid = (double)paid;
    out->mean = paid ? spent / (double)paid : NAN;
    return true;
}

enum status clv_load(struct work *work, const struct clv_options *options, int64_t until,
                     struct clv_data *out, struct error *error)
{
    uint64_t *who;
    TRY(work_orders_find(work, &out->orders, error));
    TRY(work_orders_load(work, &work->inputs.needs, &out->orders, error));
    TRY(work_inputs_among(work, &work->inputs, until, &who, error));
    size_t most = work->population->customers + 1u;

    /* Whoever buys first after the calibration's end is counted, so that it can be said. */
    until = clv_until(work, options, until);
    *out = (struct clv_data){.orders = out->orders,
                             .until = until,
                             .customers = ARENA_ARRAY(work->arena, struct clv_customer, most)};
    for (uint32_t p = 0; p < work->population->customers; p++) {
        uint32_t from, to;
        work_orders_rows(&out->orders, p, -1, work->moment->now - 1, &from, &to);
        out->later += to > from && out->orders.time[from] > until;
        if (bit_at(who, p))
            out->count += fill_history(work, options, &out->orders, p, until,
                                       &out->customers[out->count], &out->unpaid);
    }

    /* The models read columns, each of its own. */
    out->history = ARENA_ARRAY(work->arena, struct model_history, out->count + 1);
    out->paid = ARENA_ARRAY(work->arena, double, out->count + 1);
    out->mean = ARENA_ARRAY(work->arena, double, out->count + 1);
    for (size_t i = 0; i < out->count; i++) {
        out->history[i] = out->customers[i].history;
        out->paid[i] = out->customers[i].paid;
        out->mean[i] = out->customers[i].mean;
    }

    return STATUS_OK;
}

static enum status fit_spend(struct work *work, const struct clv_data *data,
                             struct model_spend *out, struct error *error)
{
    double *x = ARENA_ARRAY(work->arena, double, data->count + 1),
           *mean = ARENA_ARRAY(work->arena, double, data->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < data->count; i++)
        if (data->customers[i].paid > 0) {
            x[count] = data->customers[i].paid;
            mean[count++] = data->customers[i].mean;
        }
    struct model_spend_data spend = {count, x, mean, NULL};
    if (count)
        return model_spend_fit(&spend, session_pool(work->session), work->arena, out, error);

    /* Nobody paid for a repeat purchase: what is known of amounts are first ones. */
    for (size_t i = 0; i < data->count; i++)
        if (data->customers[i].first_spent > 0) {
            x[spend.count] = 1;
            mean[spend.count++] = data->customers[i].first_spent;
        }
    return model_spend_fit_common(&spend, MODEL_SPEND_FIRST, out, error);
}

static void describe_data(struct work *work, const struct clv_options *options,
                          const struct clv_data *data)
{
    const char *unit = options->by_period ? options->period : "day";
    double repeat = 0, transactions = 0;

    for (size_t i = 0; i < data->count; i++) {
        repeat += data->history[i].x > 0;
        transactions += data->history[i].x;
    }

    /* Units first: x, t_x and T mean nothing without them, and published figures differ in them. */
    work_figure(work, "data", "orders are", NAN, "%s%s%s", data->orders.kind,
                data->orders.property ? "." : "",
                data->orders.property ? data->orders.property : "");
    work_figure(work, "data", "a transaction is", NAN, "a %s with at least one of them", unit);
    work_figure(work, "data", "unit of time", options->days, "%s", options->period);
    work_figure(work, "data", "x", NAN, "transactions after the first: distinct %ss less one",
                unit);
    work_figure(work, "data", "t_x, T", NAN,
                "%ss from the first transaction to the last one, to the calibration's end",
                options->period);
    work_figure(work, "data", "calibration until", NAN, "%s", work_day(work, data->until));

    work_orders_say(work, &data->orders, true);
    work_figure(work, "data", "customers", (double)data->count, "%s",
                work_thousands(work, (double)data->count));
    if (data->later && data->until < work->moment->now - 1)
        work_figure(work, "data", "first seen later, left out", (double)data->later, "%s",
                    work_thousands(work, (double)data->later));
    work_figure(work, "data", "who came back", repeat, "%s", work_thousands(work, repeat));
    work_figure(work, "data", "repeat transactions", transactions, "%s",
                work_thousands(work, transactions));
    if (data->orders.amount && data->unpaid > 0)
        work_figure(work, "data", "of these without a positive amount", data->unpaid,
                    "%s, not in anyone's mean amount", work_thousands(work, data->unpaid));
}

static void describe_frequency(struct work *work, const struct model_clv *model)
{
    work_figure(work, "parameters", "model of how often", NAN, "%s",
                model_clv_type_name(model->type));
    if (model->edge)
        work_figure(work, "parameters", "at its edge, where it is", NAN, "%s",
                    model_clv_simpler(model));

    /* On a ridge many values fit equally well: the one printed is an example, and has no error. */
    for (int i = 0; i < MODEL_CLV_PARAMETERS; i++) {
        const char *name = model_clv_parameter_name(model->type, i);
        if (model->edge && !model->identified[i])
            work_figure(work, "parameters", name, model->parameter[i],
                        "not identified: not in the simpler model");
        else if (!model->identified[i])
            work_figure(work, "parameters", name, model->parameter[i], "%.7g (not identified)",
                        model->parameter[i]);
        else
            work_figure(work, "parameters", name, model->parameter[i], "%.7g (standard error %.4g)",
                        model->parameter[i], model->error[i]);
    }

    work_figure(work, "quality", "log-likelihood", model->log_likelihood, "%.3f",
                model->log_likelihood);
    work_figure(work, "quality", "fitted by", model->evaluations,
                "%d evaluations%s, on %s distinct (x, t_x, T)", model->evaluations,
                model->fell_back ? ", Nelder-Mead's simplex among them" : "",
                work_thousands(work, (double)model->rows));

    const char *simpler = model_clv_simpler(model);
    if (model->edge)
        work_note(work,
                  "The best fit lies at the edge of %s, where it becomes a simpler model, which is "
                  "used: %s.",
                  model_clv_type_name(model->type), simpler);
    else if (simpler)
        work_note(work,
                  "The data do not tell this model from the simpler %s: parameters marked so mean "
                  "little by "
                  "themselves.",
                  simpler);
    if (model->type == MODEL_BGNBD)
        work_note(work, "BG/NBD calls every customer without a repeat purchase (x = 0) alive "
                        "(alive = 1): for churn "
                        "and lifecycle use --model mbgnbd or paretonbd.");
    work_note(work, "Where customers pay by contract (subscriptions), use --type survive instead.");
}

static void describe_spend(struct work *work, const struct model_spend *spend)
{
    const double values[] = {spend->p, spend->q, spend->gamma};
    static const char *const names[] = {"p", "q", "gamma"}, *const remarks[] = {
                                                                "", ", kept above 1", ""};
    const char *why = model_spend_why_common(spend);

    /* Too few or too equal amounts for a model of them: one mean stands for all. */
    if (why) {
        double amount = model_spend_common_mean(spend);
        work_figure(work, "parameters", "model of how much", NAN, "one mean amount for all: %s",
                    why);
        work_figure(work, "parameters", "mean amount", amount, "%s", work_thousands(work, amount));
        work_figure(
            work, "quality", "customers with repeat value",
            spend->common == MODEL_SPEND_FIRST ? 0 : spend->customers, "%s",
            work_thousands(work, spend->common == MODEL_SPEND_FIRST ? 0 : spend->customers));
        work_note(work,
                  "Every customer's value is expected purchases times the same mean amount: %s.",
                  why);
        return;
    }

    work_figure(work, "parameters", "model of how much", NAN, "gamma-gamma");
    for (int i = 0; i < 3; i++)
        if (spend->identified[i])
            work_figure(work, "parameters", names[i], values[i], "%.7g (standard error %.4g%s)",
                        values[i], spend->error[i], remarks[i]);
        else
            work_figure(work, "parameters", names[i], values[i], "%.7g (not identified%s)",
                        values[i], remarks[i]);
    work_figure(work, "quality", "customers with repeat value", spend->customers, "%s",
                work_thousands(work, spend->customers));
    work_figure(work, "quality", "log-likelihood of value", spend->log_likelihood, "%.3f",
                spend->log_likelihood);
    work_figure(work, "quality", "correlation of how often and how much", spend->correlation,
                "%.3f", spend->correlation);
    const char *simpler = model_spend_simpler(spend);
    if (simpler)
        work_note(work,
                  "The amounts do not tell the Gamma-Gamma model from the simpler one in which %s.",
                  simpler);

    /* Gamma-Gamma takes how often and how much to be independent. */
    if (fabs(spend->correlation) > correlation_most)
        work_note(work,
                  "How often and how much go together (correlation %.2f, beyond .3): the value of "
                  "a customer is "
                  "not the product of both, take it as a rough figure.",
                  spend->correlation);
}

/* Expected purchases of everyone, as scoring tells them. */
static double mean_expected(struct work *work, const struct clv_options *options,
                            const struct clv_data *data, const struct model_clv *model)
{
    double *columns[MODEL_VALUE_COLUMNS] = {NULL};
    struct model_value value = {
        .often = model, .ahead = time_ahead(options), .level = options->level};
    struct model_value_customers customers = {data->count, data->history, data->paid, data->mean};
    columns[MODEL_VALUE_EXPECTED] = ARENA_ARRAY(work->arena, double, data->count + 1);
    model_value_score(&value, &customers, session_pool(work->session), columns);
    return stats_mean(columns[MODEL_VALUE_EXPECTED], data->count);
}

/* The mean is of everyone; how far the parameters leave it open is looked up at some customers
 * evenly spread. */
static void describe_mean(struct work *work, const struct clv_options *options,
                          const struct clv_data *data, const struct model_clv *model)
{
    enum { MOST = 2000 };
    struct model_history *some = ARENA_ARRAY(work->arena, struct model_history, MOST);
    size_t step = (data->count + MOST - 1) / MOST, count = 0;
    double mean = mean_expected(work, options, data, model), ahead = time_ahead(options);
    for (size_t i = 0; i < data->count; i += step)
        some[count++] = data->history[i];

    double error = model_clv_expected_error(model, some, count, ahead);
    double width = stats_normal_quantile((1 + options->level) / 2) * error;
    work_figure(work, "scores", "expected purchases, mean", mean,
                "%.4g (%g%% interval of the mean %.4g to %.4g)", mean, 100 * options->level,
                fmax(0, mean - width), mean + width);
}

static void describe_scores(struct work *work, const struct clv_options *options,
                            const struct clv_data *data, const struct model_clv *model, bool value)
{
    const char *name = work->model->name;
    double percent = 100 * options->level;
    work_figure(work, "scores", "horizon in days", options->horizon, "%g: %.4g %ss",
                options->horizon, time_ahead(options), options->period);
    work_figure(work, "scores", "discount a year", options->discount,
                "%.1f%%, (1 + %g)^(%.4g/365.25) - 1 a %s", 100 * options->discount,
                options->discount, options->days, options->period);
    describe_mean(work, options, data, model);
    work_figure(work, "scores", arena_printf(work->arena, "%s.expected_low, _high", name), NAN,
                "%g%% interval of the prediction: the customer's own purchases", percent);
    work_figure(work, "scores", arena_printf(work->arena, "%s.alive_low, _high", name), NAN,
                "%g%% interval of the mean: what the parameters leave open", percent);
    if (value)
        work_figure(work, "scores", arena_printf(work->arena, "%s.value_low, _high", name), NAN,
                    "%g%% interval of the prediction: what the customer's own purchases come to",
                    percent);
}

enum status study_clv_fit(struct work *work, struct error *error)
{
    struct clv_options options;
    struct clv_data data;
    struct model_clv model;
    struct model_spend spend;
    bool value = false;

    TRY(clv_read_options(work, &options, error));
    TRY(work_orders_ask(work, error));
    TRY(clv_load(work, &options, work->moment->now - 1, &data, error));
    struct model_clv_data histories = {data.count, data.history, NULL};
    describe_data(work, &options, &data);

    enum status status = model_clv_fit(options.type, &histories, session_pool(work->session),
                                       work->arena, &model, error);
    if (status == STATUS_ERROR) { /* the model cannot be fitted to such histories */
        work_refuse(work, "%s", error->message);
        return STATUS_OK;
    }

    TRY(status);
    work_orders_write(work, &data.orders);
    json_write_key(work->parameters, "clv");
    model_clv_write(&model, work->parameters);
    describe_frequency(work, &model);

    /* How often is worth telling without how much: a failure here takes the value alone away. */
    if (data.orders.amount) {
        value = fit_spend(work, &data, &spend, error) == STATUS_OK;
        if (value) {
            json_write_key(work->parameters, "spend");
            model_spend_write(&spend, work->parameters);
            describe_spend(work, &spend);
        } else {
            work_note(work, "How much they spend was not fitted, so there is no value: %s",
                      error->message);
        }
    }

    describe_scores(work, &options, &data, &model, value);
    return clv_track(work, &options, &data, &model, error);
}

/* ---- scoring ---- */

static enum status read_models(struct work *work, struct model_clv *model,
                               struct model_spend *spend, bool *has_spend, struct error *error)
{
    struct text text;
    TRY(work_saved_part(work, "clv", &text, error));
    TRY(model_clv_read(text, model, error));
    *has_spend = json_object_get(work->saved, "spend") != NULL;
    if (!*has_spend)
        return STATUS_OK;
    TRY(work_saved_part(work, "spend", &text, error));
    return model_spend_read(text, spend, error);
}

static void write_values(struct work *work, const struct clv_options *options,
                         double *const columns[MODEL_VALUE_COLUMNS])
{
    const char *name = work->model->name;
    json_put_array(work->report, "values");
    if (columns[MODEL_VALUE_VALUE])
        work_report_values(work, arena_printf(work->arena, "%s.value", name),
                           arena_printf(work->arena, "Value over %g days", options->horizon),
                           "money", columns[MODEL_VALUE_VALUE], work->count,
                           "Expected purchases, discounted, times expected spend.");
    work_report_values(work, arena_printf(work->arena, "%s.expected", name),
                       arena_printf(work->arena, "Purchases expected in %g days", options->horizon),
                       "number", columns[MODEL_VALUE_EXPECTED], work->count, NULL);
    work_report_values(work, arena_printf(work->arena, "%s.alive", name),
                       "Probability of still being a customer", "share", columns[MODEL_VALUE_ALIVE],
                       work->count, NULL);
    json_write_end_array(work->report);
}

static void add_scores(struct work *work, bool value, double *columns[MODEL_VALUE_COLUMNS])
{
    static const struct {
        const char *trait;
        enum model_value_column column;
        enum value_type type;
        int scale;
    } scores[] = {
        {"expected", MODEL_VALUE_EXPECTED, VALUE_DOUBLE, 0},
        {"expected_low", MODEL_VALUE_EXPECTED_LOW, VALUE_INT, 0},
        {"expected_high", MODEL_VALUE_EXPECTED_HIGH, VALUE_INT, 0},
        {"alive", MODEL_VALUE_ALIVE, VALUE_DOUBLE, 0},
        {"alive_low", MODEL_VALUE_ALIVE_LOW, VALUE_DOUBLE, 0},
        {"alive_high", MODEL_VALUE_ALIVE_HIGH, VALUE_DOUBLE, 0},
        {"value", MODEL_VALUE_VALUE, VALUE_DECIMAL, 2},
        {"value_low", MODEL_VALUE_VALUE_LOW, VALUE_DECIMAL, 2},
        {"value_high", MODEL_VALUE_VALUE_HIGH, VALUE_DECIMAL, 2},
    };

    /* A column that nobody asks for stays NULL, and is not worked out. */
    memset(columns, 0, sizeof *columns * MODEL_VALUE_COLUMNS);
    work->score_count = 0;
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        if (value || scores[i].column < MODEL_VALUE_VALUE)
            columns[scores[i].column] =
                work_score_add(work, scores[i].trait, scores[i].type, scores[i].scale)->number;
}

enum status study_clv_score(struct work *work, struct error *error)
{
    struct clv_options options;
    struct clv_data data;
    struct model_clv model;
    struct model_spend spend;
    double *columns[MODEL_VALUE_COLUMNS];
    bool has_spend;

    TRY(clv_read_options(work, &options, error));
    TRY(read_models(work, &model, &spend, &has_spend, error));
    TRY(clv_load(work, &options, work->moment->now - 1, &data, error));

    work->position = ARENA_ARRAY(work->arena, uint32_t, data.count + 1);
    for (size_t i = 0; i < data.count; i++)
        work->position[i] = data.customers[i].position;
    work->count = data.count;
    add_scores(work, has_spend, columns);

    /* The yearly discount as a rate of the model's unit of time. */
    struct model_value value = {.often = &model,
                                .much = has_spend ? &spend : NULL,
                                .ahead = time_ahead(&options),
                                .rate = pow(1 + options.discount, options.days / DAYS_A_YEAR) - 1,
                                .level = options.level};
    struct model_value_customers customers = {data.count, data.history, data.paid, data.mean};
    model_value_score(&value, &customers, session_pool(work->session), columns);
    write_values(work, &options, columns);
    return STATUS_OK;
}
