/* Recency, frequency, monetary value in a store: the grid of cells as traits and as a scheme. */
#include "base/bits.h"
#include "study/work.h"

#include "base/number.h"
#include "model/rfm.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rfm_table {
    size_t count;
    uint32_t *position;
    double *recency, *frequency, *monetary;
};

/* Recency is elapsed time in whole days; frequency counts orders; who has none in the window is not
 * in the table. After work_orders_ask. */
static enum status load_table(struct work *work, struct work_orders *orders, struct rfm_table *out,
                              struct error *error)
{
    double window = work_number(work, "window");
    uint64_t *who;

    TRY(work_orders_find(work, orders, error));
    TRY(work_orders_load(work, &work->inputs.needs, orders, error));
    TRY(work_inputs_among(work, &work->inputs, work->moment->now, &who, error));
    int64_t now = work->moment->now,
            after = window > 0 ? now - (int64_t)(window * SECONDS_A_DAY) : -1;

    size_t most = work->population->customers + 1u;
    *out = (struct rfm_table){
        0, ARENA_ARRAY(work->arena, uint32_t, most), ARENA_ARRAY(work->arena, double, most),
        ARENA_ARRAY(work->arena, double, most), ARENA_ARRAY(work->arena, double, most)};
    for (uint32_t p = 0; p < work->population->customers; p++) {
        uint32_t from, to;
        if (!bit_at(who, p))
            continue;
        work_orders_rows(orders, p, after, now, &from, &to);
        if (from == to)
            continue;

        /* What was given back within the window comes off what was spent in it. */
        size_t i = out->count++;
        out->position[i] = p;
        int64_t days = (now - (int64_t)orders->time[to - 1]) / SECONDS_A_DAY;
        out->recency[i] = (double)days;
        out->frequency[i] = to - from;
        for (uint32_t row = from; orders->amount && row < to; row++)
            out->monetary[i] += work_orders_amount(orders, row);
        out->monetary[i] -= work_orders_refunded(orders, p, after, now);
    }

    return STATUS_OK;
}

static void describe(struct work *work, const char *label, const double *values, size_t count)
{
    static const struct {
        const char *name;
        double at;
    } quantiles[] = {{"quarter", .25}, {"median", .5}, {"three quarters", .75}}; /* of customers */

    work_figure(work, "data", arena_printf(work->arena, "%s, mean", label),
                stats_mean(values, count), "%s", work_thousands(work, stats_mean(values, count)));
    for (size_t q = 0; q < sizeof quantiles / sizeof *quantiles; q++) {
        double value = stats_quantile(values, count, quantiles[q].at, work->arena);
        work_figure(work, "data", arena_printf(work->arena, "%s, %s", label, quantiles[q].name),
                    value, "%s", work_thousands(work, value));
    }
}

static void write_cuts(struct work *work, const struct model_rfm *model)
{
    static const char *const names[] = {"recency, days up to", "frequency up to",
                                        "monetary value up to"};
    for (int d = 0; d < 3; d++) {
        struct buffer text;
        buffer_init(&text, 0);
        for (int i = 0; i + 1 < model->bins; i++)
            buffer_printf(&text, "%s%s", i ? ", " : "", work_thousands(work, model->cuts[d][i]));
        work_figure(work, "parameters", names[d], NAN, "%s", text.data);
        buffer_release(&text);
    }
}

/* The cells in the scheme test the trait, so that the refresh needs no model. */
static void write_scheme(struct work *work)
{
    const char *name = work->model->name;
    buffer_printf(&work->scheme, "scheme %s \"Recency, frequency, monetary value\" exclusive\n",
                  name);

    for (int cell = 0; cell < MODEL_RFM_CELLS; cell++) {
        const char *cell_name = model_rfm_cell_name(cell);
        buffer_printf(&work->scheme, "  %s where %s.cell = '%s'\n", cell_name, name, cell_name);
    }
    work_scheme_rest(work, "without_orders");
}

/* Cut points given by hand: those of all three, equally many; *count is 0 without any. */
static enum status read_cuts(struct work *work, struct model_rfm_options *out, size_t *count,
                             struct error *error)
{
    static const char *const names[] = {"recency-cuts", "frequency-cuts", "monetary-cuts"};
    size_t counts[3];

    for (int d = 0; d < 3; d++) {
        const double *cuts = work_numbers(work, names[d], &counts[d]);
        for (size_t i = 0; i < counts[d]; i++)
            out->cuts[d][i] = cuts[i];
    }

    *count = counts[0];
    if (counts[0] == counts[1] && counts[1] == counts[2])
        return STATUS_OK;
    enum status status = error_set(error, STATUS_USAGE,
                                   "cut points are needed for all three, and equally many of each");
    error_hint(
        error,
        "--recency-cuts 30,90,180,365 --frequency-cuts 1,2,3,6 --monetary-cuts 100,300,1000,3000");
    return status;
}

static enum status read_options(struct work *work, struct model_rfm_options *out,
                                struct error *error)
{
    enum { QUANTILE, PACKAGE };
    size_t cuts = 0;

    *out = (struct model_rfm_options){.bins = (int)work_number(work, "bins")};
    if (work_pick(work, "rule") == PACKAGE)
        out->rule = MODEL_RFM_PACKAGE;
    TRY(read_cuts(work, out, &cuts, error));
    if (!cuts)
        return STATUS_OK;
    out->rule = MODEL_RFM_FIXED;
    out->bins = (int)cuts + 1;
    if (work_option(work, "rule") || work_option(work, "bins"))
        return error_set(
            error, STATUS_USAGE,
            "cut points say the bins and the rule by themselves: leave --bins and --rule out");
    return STATUS_OK;
}

static const char *const tie_rules[] = {
    [MODEL_RFM_FIXED] = "Ties: equal values share a bin; a value belongs to the lowest bin whose "
                        "given cut point it does not exceed.",
    [MODEL_RFM_PACKAGE] = "Ties: a value belongs to the lowest bin whose cut point plus one "
                          "exceeds it (the rule of the R package rfm).",
    [MODEL_RFM_QUANTILE] =
        "Ties: equal values share a bin; a value belongs to the lowest bin whose "
        "cut point, a type-7 quantile, it does not exceed.",
};

enum status study_rfm_fit(struct work *work, struct error *error)
{
    struct work_orders orders;
    struct rfm_table table;
    struct model_rfm_options options;
    struct model_rfm model;

    TRY(read_options(work, &options, error));
    TRY(work_orders_ask(work, error));
    TRY(load_table(work, &orders, &table, error));
    struct model_rfm_data data = {table.count, table.recency, table.frequency, table.monetary};
    TRY(model_rfm_fit(&data, &options, work->arena, &model, error));

    work_orders_write(work, &orders);
    json_write_key(work->parameters, "rfm");
    model_rfm_write(&model, work->parameters);

    const char *window = work_option(work, "window");
    work_figure(work, "data", "orders are", NAN, "%s%s%s", orders.kind, orders.property ? "." : "",
                orders.property ? orders.property : "");
    work_figure(work, "data", "window", window ? strtod(window, NULL) : NAN, "%s%s",
                window ? window : "everything", window ? " days" : "");
    work_orders_say(work, &orders, true);
    work_figure(work, "data", "customers", (double)table.count, "%s",
                work_thousands(work, (double)table.count));

    /* Cut points mean little without the spread that they cut. */
    describe(work, "recency in days", table.recency, table.count);
    describe(work, "frequency", table.frequency, table.count);
    if (orders.amount)
        describe(work, "monetary value", table.monetary, table.count);
    write_cuts(work, &model);
    work_note(work, "%s", tie_rules[options.rule]);
    if (!orders.amount)
        work_note(work, "%s: monetary value is 0 for everyone.", orders.unpaid);
    write_scheme(work);
    return STATUS_OK;
}

/* ---- scoring ---- */

struct grid_cell {
    uint64_t customers,
        part[MODEL_RFM_CELLS]; /* of the cells by name: the monetary score divides them further */
    double value;
};

static void write_parts(struct work *work, const struct grid_cell *cell)
{
    json_put_array(work->report, "parts");
    for (int name = 0; name < MODEL_RFM_CELLS; name++) {
        if (!cell->part[name])
            continue;
        json_write_object(work->report);
        json_put_string(work->report, "name", model_rfm_cell_name(name));
        json_put_count(work->report, "customers", cell->part[name]);
        json_write_end_object(work->report);
    }
    json_write_end_array(work->report);
}

static void write_cells(struct work *work, const struct model_rfm *model,
                        const struct grid_cell *cells)
{
    json_put_array(work->report, "cells");
    for (int r = 1; r <= model->bins; r++)
        for (int f = 1; f <= model->bins; f++) {
            const struct grid_cell *cell = &cells[(r - 1) * model->bins + f - 1];

            /* Its own name on the grid is that of an m as good as f; `parts` says the rest. */
            int scores[3] = {r, f, f};
            json_write_object(work->report);
            json_put_count(work->report, "r", (uint64_t)r);
            json_put_count(work->report, "f", (uint64_t)f);
            json_put_string(work->report, "name",
                            model_rfm_cell_name(model_rfm_cell(model, scores)));
            json_put_count(work->report, "customers", cell->customers);
            write_parts(work, cell);
            if (cell->customers)
                json_put_double(work->report, "mean_value", cell->value / (double)cell->customers);
            json_write_end_object(work->report);
        }
    json_write_end_array(work->report);
}

static void write_names(struct work *work, const struct grid_cell *named)
{
    json_put_array(work->report, "names");
    for (int cell = 0; cell < MODEL_RFM_CELLS; cell++) {
        json_write_object(work->report);
        json_put_string(work->report, "name", model_rfm_cell_name(cell));
        json_put_string(work->report, "title", model_rfm_cell_meaning(cell));
        json_put_count(work->report, "customers", named[cell].customers);
        json_put_double(work->report, "share",
                        work->count ? (double)named[cell].customers / (double)work->count : 0);
        if (named[cell].customers)
            json_put_double(work->report, "mean_value",
                            named[cell].value / (double)named[cell].customers);
        json_write_end_object(work->report);
    }
    json_write_end_array(work->report);
}

static void write_report(struct work *work, const struct model_rfm *model,
                         const struct rfm_table *table, const struct score *const axis,
                         const struct score *cell)
{
    struct grid_cell grid[MODEL_RFM_BINS_MAX * MODEL_RFM_BINS_MAX] = {{0}},
                                               named[MODEL_RFM_CELLS] = {{0}};

    /* r by f, and the named cells, which m divides further. */
    for (size_t i = 0; i < table->count; i++) {
        struct grid_cell *at =
            &grid[((int)axis[0].number[i] - 1) * model->bins + (int)axis[1].number[i] - 1];
        at->customers++;
        at->part[cell->label[i]]++;
        at->value += table->monetary[i];
        named[cell->label[i]].customers++;
        named[cell->label[i]].value += table->monetary[i];
    }

    const char *window = work_option(work, "window");
    json_put_object(work->report, "rfm");
    json_put_string(work->report, "name", work->model->name);
    json_put_string(work->report, "window",
                    window ? arena_printf(work->arena, "last %s days", window)
                           : "the whole history");
    json_put_count(work->report, "recency_bins", (uint64_t)model->bins);
    json_put_count(work->report, "frequency_bins", (uint64_t)model->bins);
    write_cells(work, model, grid);
    write_names(work, named);
    json_write_end_object(work->report);
}

static const char *const *cell_names(struct arena *arena)
{
    const char **names = ARENA_ARRAY(arena, const char *, MODEL_RFM_CELLS);
    for (int cell = 0; cell < MODEL_RFM_CELLS; cell++)
        names[cell] = model_rfm_cell_name(cell);
    return names;
}

enum status study_rfm_score(struct work *work, struct error *error)
{
    struct work_orders orders;
    struct rfm_table table;
    struct model_rfm model;
    struct text text;

    TRY(work_saved_part(work, "rfm", &text, error));
    TRY(model_rfm_read(text, &model, error));
    TRY(load_table(work, &orders, &table, error));

    /* Whoever has no order in the window is in no table: nothing is told of them. */
    work->position = table.position;
    work->count = table.count;
    work->score_count = 0;
    struct score *recency = work_score_add(work, "recency", VALUE_INT, 0),
                 *frequency = work_score_add(work, "frequency", VALUE_INT, 0),
                 *monetary = work_score_add(work, "monetary", VALUE_DECIMAL, orders.scale),
                 *axis = work_score_add(work, "r", VALUE_INT, 0);
    work_score_add(work, "f", VALUE_INT, 0);
    work_score_add(work, "m", VALUE_INT, 0);
    struct score *cell = work_score_add(work, "cell", VALUE_TEXT, 0);
    cell->labels = cell_names(work->arena);
    cell->label_count = MODEL_RFM_CELLS;

    /* The table's columns serve as they are; r, f and m stand side by side from r on. */
    recency->number = table.recency;
    frequency->number = table.frequency;
    monetary->number = table.monetary;
    for (size_t i = 0; i < table.count; i++) {
        int scores[3];
        model_rfm_score(&model, table.recency[i], table.frequency[i], table.monetary[i], scores);
        for (int d = 0; d < 3; d++)
            axis[d].number[i] = scores[d];
        cell->label[i] = (uint32_t)model_rfm_cell(&model, scores);
    }

    write_report(work, &model, &table, axis, cell);
    return STATUS_OK;
}
