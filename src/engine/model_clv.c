/*
 * Customer lifetime value in a store: histories of transactions from the facts, the model of how often, the model of
 * how much, and what both say about each customer over a horizon.
 *
 * A transaction is a local day with at least one order (or a whole period, or every order). Time is counted in periods
 * from a customer's first one; the calibration ends with the last local day before the moment. Whoever buys first after
 * that is left out.
 */
#include "engine/model_clv.h"

#include "model/spend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct clv_period {
    const char *name;
    double days;
    enum calendar_unit unit;
} periods[] = {{"week", 7, CALENDAR_WEEK}, {"day", 1, CALENDAR_DAY}, {"month", 365.25 / 12, CALENDAR_MONTH}};

enum status clv_read_options(struct model_work *work, struct clv_options *out, struct error *error)
{
    const char *period = model_option(work, "period"), *transaction = model_option(work, "transaction"),
               *model = model_option(work, "model");
    *out = (struct clv_options){.type = MODEL_BGNBD, .period = "week", .days = 7, .unit = CALENDAR_WEEK};
    size_t p = 0;
    while (period && p < 3 && strcmp(periods[p].name, period) != 0)
        p++;
    if (p == 3)
        return model_option_wrong(work, "period", "day, week or month", error);
    out->period = periods[p].name;
    out->days = periods[p].days;
    out->unit = periods[p].unit;
    if (transaction && strcmp(transaction, "period") == 0)
        out->by_period = true;
    else if (transaction && strcmp(transaction, "day") != 0)
        return model_option_wrong(work, "transaction", "day or period", error);
    if (model && strcmp(model, "paretonbd") == 0)
        out->type = MODEL_PARETO_NBD;
    else if (model && (!model_clv_type_parse(model, &out->type) || out->type == MODEL_BGBB))
        return model_option_wrong(work, "model", "bgnbd, mbgnbd or paretonbd", error);
    TRY(model_option_number(work, "horizon", 365, 1, 3650, &out->horizon, error));
    TRY(model_option_number(work, "discount", .1, 0, 10, &out->discount, error));
    return model_option_number(work, "holdout", 0, 0, 3650, &out->holdout, error);
}

/* The transaction's moment on the model's clock: local days, or numbers of periods. Whole numbers, so that equal
 * histories are equal to the last bit and collapse into one row. */
static double tick(const struct model_work *work, const struct clv_options *options, int64_t moment)
{
    int32_t date = zone_date(work->engine->zone, moment);
    return options->by_period ? (double)date_unit_number(date, options->unit) : (double)date;
}

struct open_transaction {
    double at, spent;
};

/* One customer's history up to `until`, the last moment of the calibration. */
static bool fill_history(const struct model_work *work, const struct clv_options *options,
                         const struct model_orders *orders, uint32_t position, int64_t until, struct clv_customer *out)
{
    uint32_t from, to;
    model_orders_rows(orders, position, -1, until, &from, &to);
    if (from == to)
        return false;
    struct open_transaction now = {tick(work, options, orders->table->time[from]), 0};
    double spent = 0, first = now.at, unit = options->by_period ? 1 : options->days;
    *out = (struct clv_customer){.position = position, .first = first / unit};
    size_t transactions = 1, paid = 0;
    for (uint32_t row = from; row <= to; row++) {
        double at = row < to ? tick(work, options, orders->table->time[row]) : NAN;
        if (row == to || at != now.at) {
            /* Closes the transaction; the first does not count for the mean. */
            if (now.at != first && now.spent > 0) {
                spent += now.spent;
                paid++;
            }
            transactions += row < to;
            if (row == to)
                break;
            now = (struct open_transaction){at, 0};
        }
        now.spent += orders->amount ? model_orders_amount(orders, row) : 0;
    }
    out->history.x = (double)(transactions - 1);
    out->history.tx = (now.at - first) / unit;
    out->history.t = (tick(work, options, until) - first) / unit;
    out->paid = (double)paid;
    out->mean = paid ? spent / (double)paid : NAN;
    return true;
}

enum status clv_load(struct model_work *work, const struct clv_options *options, int64_t until, struct clv_data *out,
                     struct error *error)
{
    struct model_inputs inputs;
    uint64_t *who;
    TRY(model_orders_find(work, &out->orders, error));
    TRY(model_inputs_new(work, NULL, 0, model_option(work, "among"), &inputs, error));
    enum status status = model_orders_load(work, &inputs.needs, &out->orders, error);
    if (status == STATUS_OK)
        status = model_inputs_among(work, &inputs, until, &who, error);
    model_inputs_release(&inputs);
    TRY(status);
    size_t most = work->population->customers + 1u;
    out->count = 0;
    out->customers = ARENA_ARRAY(work->arena, struct clv_customer, most);
    out->history = ARENA_ARRAY(work->arena, struct model_history, most);
    for (uint32_t p = 0; p < work->population->customers; p++)
        if (who[p / 64] >> (p % 64) & 1)
            out->count += fill_history(work, options, &out->orders, p, until, &out->customers[out->count]);
    for (size_t i = 0; i < out->count; i++)
        out->history[i] = out->customers[i].history;
    return STATUS_OK;
}

static enum status fit_spend(struct model_work *work, const struct clv_data *data, struct model_spend *out,
                             struct error *error)
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
    return model_spend_fit(&spend, engine_pool(work->engine), work->arena, out, error);
}

static void describe_data(struct model_work *work, const struct clv_options *options, const struct clv_data *data)
{
    double repeat = 0, transactions = 0;
    for (size_t i = 0; i < data->count; i++) {
        repeat += data->history[i].x > 0;
        transactions += data->history[i].x;
    }
    model_figure(work, "data", "orders are", NAN, "%s%s%s", data->orders.kind, data->orders.property ? "." : "",
                 data->orders.property ? data->orders.property : "");
    model_figure(work, "data", "a transaction is", NAN, "a %s with at least one of them",
                 options->by_period ? options->period : "day");
    model_figure(work, "data", "unit of time", options->days, "%s", options->period);
    model_figure(work, "data", "calibration until", NAN, "%s", model_day(work, work->moment->now - 1));
    model_figure(work, "data", "customers", (double)data->count, "%s", model_thousands(work, (double)data->count));
    model_figure(work, "data", "who came back", repeat, "%s", model_thousands(work, repeat));
    model_figure(work, "data", "repeat transactions", transactions, "%s", model_thousands(work, transactions));
}

static void describe_frequency(struct model_work *work, const struct model_clv *model)
{
    model_figure(work, "parameters", "model of how often", NAN, "%s", model_clv_type_name(model->type));
    for (int i = 0; i < MODEL_CLV_PARAMETERS; i++) {
        const char *name = model_clv_parameter_name(model->type, i);
        if (!model->identified[i])
            model_figure(work, "parameters", name, model->parameter[i], "%.7g (not identified)", model->parameter[i]);
        else
            model_figure(work, "parameters", name, model->parameter[i], "%.7g (standard error %.4g)",
                         model->parameter[i], model->error[i]);
    }
    model_figure(work, "quality", "log-likelihood", model->log_likelihood, "%.3f", model->log_likelihood);
    const char *simpler = model_clv_simpler(model);
    if (simpler)
        model_note(work,
                   "The data do not tell this model from the simpler %s: parameters marked so mean little by "
                   "themselves.",
                   simpler);
    if (model->type == MODEL_BGNBD)
        model_note(work, "BG/NBD calls every customer without a repeat purchase alive (alive = 1): for churn and "
                         "lifecycle use --model mbgnbd or paretonbd.");
    model_note(work, "Where customers pay by contract (subscriptions), use --type survive instead.");
}

static void describe_spend(struct model_work *work, const struct model_spend *spend)
{
    const double values[] = {spend->p, spend->q, spend->gamma};
    static const char *const names[] = {"p", "q", "gamma"};
    model_figure(work, "parameters", "model of how much", NAN, "gamma-gamma");
    for (int i = 0; i < 3; i++)
        model_figure(work, "parameters", names[i], values[i], "%.7g (%s%.4g)", values[i],
                     spend->identified[i] ? "standard error " : "not identified, ", spend->error[i]);
    model_figure(work, "quality", "customers with repeat value", spend->customers, "%s",
                 model_thousands(work, spend->customers));
    model_figure(work, "quality", "log-likelihood of value", spend->log_likelihood, "%.3f", spend->log_likelihood);
    model_figure(work, "quality", "correlation of how often and how much", spend->correlation, "%.3f",
                 spend->correlation);
    if (fabs(spend->correlation) > .3)
        model_note(work,
                   "How often and how much go together (correlation %.2f, beyond .3): the value of a customer is "
                   "not the product of both, take it as a rough figure.",
                   spend->correlation);
}

enum status engine_clv_fit(struct model_work *work, struct error *error)
{
    struct clv_options options;
    struct clv_data data;
    struct model_clv model;
    struct model_spend spend;
    TRY(clv_read_options(work, &options, error));
    TRY(clv_load(work, &options, work->moment->now - 1, &data, error));
    struct model_clv_data histories = {data.count, data.history, NULL};
    describe_data(work, &options, &data);
    enum status status = model_clv_fit(options.type, &histories, engine_pool(work->engine), work->arena, &model, error);
    if (status == STATUS_ERROR) {
        model_refuse(work, "%s", error->message);
        return STATUS_OK;
    }
    TRY(status);
    json_write_key(work->parameters, "clv");
    model_clv_write(&model, work->parameters);
    describe_frequency(work, &model);
    if (data.orders.amount) {
        status = fit_spend(work, &data, &spend, error);
        if (status == STATUS_OK) {
            json_write_key(work->parameters, "spend");
            model_spend_write(&spend, work->parameters);
            describe_spend(work, &spend);
        } else {
            model_note(work, "How much they spend was not fitted, so there is no value: %s", error->message);
        }
    }
    model_figure(work, "scores", "horizon in days", options.horizon, "%g", options.horizon);
    model_figure(work, "scores", "discount a year", options.discount, "%.1f%%", 100 * options.discount);
    return clv_track(work, &options, &data, &model, error);
}

/* ---- scoring ---- */

static enum status read_models(struct model_work *work, struct model_clv *model, struct model_spend *spend,
                               bool *has_spend, struct error *error)
{
    struct text text;
    TRY(model_saved_part(work, "clv", &text, error));
    TRY(model_clv_read(text, model, error));
    *has_spend = json_object_get(work->saved, "spend") != NULL;
    if (!*has_spend)
        return STATUS_OK;
    TRY(model_saved_part(work, "spend", &text, error));
    return model_spend_read(text, spend, error);
}

static void score_value(struct model_work *work, const struct clv_data *data, const struct model_spend *spend,
                        const double *discounted, struct model_score *value)
{
    for (size_t i = 0; i < data->count; i++) {
        const struct clv_customer *customer = &data->customers[i];
        double mean = customer->paid > 0 ? customer->mean : 0;
        value->number[i] = discounted[i] * model_spend_expected(spend, customer->paid, mean);
    }
    (void)work;
}

static void write_values(struct model_work *work, const struct model_score *expected, const struct model_score *alive,
                         const struct model_score *value, double horizon)
{
    const char *name = work->model->name;
    json_write_key(work->report, "values");
    json_write_array(work->report);
    if (value)
        model_report_values(work, arena_printf(work->arena, "%s.value", name),
                            arena_printf(work->arena, "Value over %g days", horizon), "money", value->number,
                            work->count, "Expected purchases, discounted, times expected spend.");
    model_report_values(work, arena_printf(work->arena, "%s.expected", name),
                        arena_printf(work->arena, "Purchases expected in %g days", horizon), "number", expected->number,
                        work->count, NULL);
    model_report_values(work, arena_printf(work->arena, "%s.alive", name), "Probability of still being a customer",
                        "share", alive->number, work->count, NULL);
    json_write_end_array(work->report);
}

enum status engine_clv_score(struct model_work *work, struct error *error)
{
    struct clv_options options;
    struct clv_data data;
    struct model_clv model;
    struct model_spend spend;
    bool has_spend;
    TRY(clv_read_options(work, &options, error));
    TRY(read_models(work, &model, &spend, &has_spend, error));
    TRY(clv_load(work, &options, work->moment->now - 1, &data, error));
    work->position = ARENA_ARRAY(work->arena, uint32_t, data.count + 1);
    for (size_t i = 0; i < data.count; i++)
        work->position[i] = data.customers[i].position;
    work->count = data.count;
    work->score_count = 0;
    struct model_score *expected = model_score_add(work, "expected", VALUE_DOUBLE, 0),
                       *alive = model_score_add(work, "alive", VALUE_DOUBLE, 0),
                       *value = has_spend ? model_score_add(work, "value", VALUE_DECIMAL, 2) : NULL;
    double *discounted = ARENA_ARRAY(work->arena, double, data.count + 1);
    double ahead = options.horizon / options.days;
    double rate = pow(1 + options.discount, options.days / 365.25) - 1;
    struct model_clv_scores scores = {alive->number, expected->number, has_spend ? discounted : NULL};
    model_clv_score(&model, data.history, data.count, ahead, rate, engine_pool(work->engine), &scores);
    if (value)
        score_value(work, &data, &spend, discounted, value);
    write_values(work, expected, alive, value, options.horizon);
    return STATUS_OK;
}
