/*
 * Cox regression in a store: what goes with waiting shorter or longer. Covariates are values of the
 * language, fixed when the clock starts like groups; a text becomes one column for each value but
 * the most frequent. Who lacks one of the values is left out, and counted.
 */
#include "study/survive.h"

#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 12, COLUMNS = 60, LISTED = 8 }; /* LISTED: columns that a hint names */
static const double p_least = 1e-15;            /* of smaller ones rounding leaves no digit */
static const double changing = .05; /* p of proportional hazards: below it effects change */

struct cox_column {
    const char *label, *level; /* level: of a text */
    size_t value;
};

struct cox_work {
    struct cox_column column[COLUMNS];
    int columns;
    size_t rows, left_out;
    double *time, *covariate;
    unsigned char *event;
    struct model_cox model;
};

struct level {
    const char *text;
    size_t times;
};

static int by_times(const void *a, const void *b)
{
    const struct level *x = a, *y = b;
    return x->times != y->times ? (x->times < y->times) - (x->times > y->times)
                                : strcmp(x->text, y->text);
}

static enum status too_many(const char *text, struct error *error)
{
    enum status status =
        error_set(error, STATUS_USAGE,
                  "%s has more than %d different values, or there are more than %d "
                  "columns in all",
                  text, LEVELS, COLUMNS);
    error_hint(error, "group rare values together, or use numbers");
    return status;
}

static enum status add_text(struct work *work, const struct plan_values *values, const char *text,
                            size_t at, const struct survive_data *data, struct cox_work *out,
                            struct error *error)
{
    struct level levels[LEVELS];
    size_t count = 0;

    /* A dozen at most, so looking through them costs less than a map. */
    for (size_t i = 0; i < data->count; i++) {
        const char *own = work_value_text(work, values, data->position[i]);
        size_t l = 0;
        while (own && l < count && strcmp(levels[l].text, own) != 0)
            l++;
        if (own && l == LEVELS)
            return too_many(text, error);
        if (own && l == count)
            levels[count++] = (struct level){own, 0};
        if (own)
            levels[l].times++;
    }

    /* The commonest is what the others are held against: a rare one would blur every ratio. */
    qsort(levels, count, sizeof *levels, by_times);
    for (size_t l = 1; l < count; l++) {
        if (out->columns == COLUMNS)
            return too_many(text, error);
        out->column[out->columns++] = (struct cox_column){
            arena_printf(work->arena, "%s = '%s'", text, levels[l].text), levels[l].text, at};
    }

    if (count)
        work_figure(work, "Cox regression", text, NAN, "compared with '%s'", levels[0].text);
    return STATUS_OK;
}

static enum status choose_columns(struct work *work, const struct plan_values *values,
                                  const struct survive_how *how, const struct survive_data *data,
                                  struct cox_work *out, struct error *error)
{
    for (size_t i = 0; i < how->covariate_count; i++) {
        const char *text = how->covariates[i];
        if (values[i].type == VALUE_TEXT)
            TRY(add_text(work, &values[i], text, i, data, out, error));
        else if (values[i].type == VALUE_SET || values[i].type == VALUE_POINT)
            return error_set(error, STATUS_USAGE, "%s is neither a number nor a text", text);
        else if (out->columns == COLUMNS)
            return too_many(text, error);
        else
            out->column[out->columns++] = (struct cox_column){text, NULL, i};
    }
    return out->columns ? STATUS_OK
                        : error_set(error, STATUS_ERROR,
                                    "the covariates are the same, or unknown, for everyone");
}

/* A number, or 1 where a text is the column's level; NaN where it is unknown. */
static double covariate_of(const struct work *work, const struct cox_column *column,
                           const struct plan_values *values, uint32_t position)
{
    if (!column->level)
        return plan_values_number(values, position);
    const char *text = work_value_text(work, values, position);
    return text ? strcmp(text, column->level) == 0 : NAN;
}

/* Complete rows only. */
static void fill_matrix(struct work *work, const struct plan_values *values,
                        const struct survive_data *data, struct cox_work *out)
{
    size_t columns = (size_t)out->columns;
    out->time = ARENA_ARRAY(work->arena, double, data->count + 1);
    out->event = ARENA_ARRAY(work->arena, unsigned char, data->count + 1);
    out->covariate = ARENA_ARRAY(work->arena, double, data->count *columns + 1);
    for (size_t i = 0; i < data->count; i++) {
        /* Written where the next complete row goes: one that is not is written over. */
        double *row = out->covariate + out->rows * columns;
        bool complete = true;
        for (size_t c = 0; c < columns; c++) {
            const struct cox_column *column = &out->column[c];
            row[c] = covariate_of(work, column, &values[column->value], data->position[i]);
            complete &= isfinite(row[c]);
        }

        out->left_out += !complete;
        if (!complete)
            continue;
        out->time[out->rows] = data->time[i];
        out->event[out->rows++] = data->event[i];
    }
}

static enum status check_columns(const struct cox_work *cox, struct error *error)
{
    for (int c = 0; c < cox->columns; c++) {
        size_t i = 1;
        while (i < cox->rows &&
               cox->covariate[i * (size_t)cox->columns + (size_t)c] == cox->covariate[c])
            i++;
        if (i >= cox->rows)
            return error_set(error, STATUS_ERROR,
                             "%s is the same for everyone: leave it out of --covariates",
                             cox->column[c].label);
    }
    return STATUS_OK;
}

/* The room below numbers covariates; people know their names. */
static void name_columns(struct work *work, const struct cox_work *cox, struct error *error)
{
    const char *list = "";
    for (int c = 0; c < cox->columns && c < LISTED; c++)
        list = arena_printf(work->arena, "%s%scovariate %d is %s", list, c ? ", " : "", c + 1,
                            cox->column[c].label);
    error_hint(error, "%s%s", list, cox->columns > LISTED ? ", …" : "");
}

static const char *p_text(const struct work *work, double p)
{
    return p < p_least ? "below 1e-15" : arena_printf(work->arena, "%.3g", p);
}

static void describe(struct work *work, const struct cox_work *cox)
{
    const struct model_cox *model = &cox->model;
    for (int c = 0; c < cox->columns; c++) {
        double b = model->coefficient[c], e = model->error[c],
               reach = stats_normal_quantile((1 + SURVIVE_LEVEL) / 2) * e;
        work_figure(
            work, "Cox regression", cox->column[c].label, b,
            "hazard × %.4g [%.4g, %.4g]; coefficient %.7g, error %.4g, p %s; proportional: p %s",
            exp(b), exp(b - reach), exp(b + reach), b, e,
            p_text(work, stats_normal_two_sided(b / e)), p_text(work, model->schoenfeld[c]));
    }

    work_figure(work, "Cox regression", "customers", (double)cox->rows,
                "%s, %s events, %s without all values left out",
                work_thousands(work, (double)cox->rows), work_thousands(work, model->events),
                work_thousands(work, (double)cox->left_out));
    work_figure(work, "Cox regression", "log-likelihood", model->log_likelihood,
                "%.4f (%.4f without covariates), ties by %s", model->log_likelihood,
                model->null_log_likelihood, model->ties == MODEL_TIES_EFRON ? "Efron" : "Breslow");
    work_figure(work, "Cox regression", "concordance", model->concordance, "%.4f",
                model->concordance);
    work_figure(work, "Cox regression", "proportional hazards", model->schoenfeld_all,
                "p %s by scaled Schoenfeld residuals%s", p_text(work, model->schoenfeld_all),
                model->schoenfeld_all < changing ? ": effects change over time" : "");
}

static void write_report(struct work *work, const struct cox_work *cox)
{
    struct json *json = work->report;
    const struct model_cox *model = &cox->model;

    json_put_object(json, "cox");
    json_put_string(json, "ties", model->ties == MODEL_TIES_EFRON ? "Efron" : "Breslow");
    json_put_count(json, "customers", cox->rows);
    json_put_double(json, "events", model->events);
    json_put_double(json, "concordance", model->concordance);
    json_put_double(json, "proportional", model->schoenfeld_all);

    json_put_array(json, "rows");
    for (int c = 0; c < cox->columns; c++) {
        double b = model->coefficient[c],
               reach = stats_normal_quantile((1 + SURVIVE_LEVEL) / 2) * model->error[c];
        json_write_object(json);
        json_put_string(json, "name", cox->column[c].label);
        json_put_double(json, "ratio", exp(b));
        json_put_double(json, "low", exp(b - reach));
        json_put_double(json, "high", exp(b + reach));
        json_put_double(json, "p", stats_normal_two_sided(b / model->error[c]));
        json_put_double(json, "proportional", model->schoenfeld[c]);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_write_end_object(json);
}

static void write_parameters(struct work *work, const struct cox_work *cox)
{
    struct json *json = work->parameters;
    json_put_array(json, "covariates");
    for (int c = 0; c < cox->columns; c++)
        json_write_string(json, cox->column[c].label);
    json_write_end_array(json);
    json_write_key(json, "cox");
    model_cox_write(&cox->model, json);
}

enum status survive_cox(struct work *work, const struct survive_how *how,
                        const struct survive_data *data, const struct work_inputs *inputs,
                        size_t first, struct error *error)
{
    struct cox_work *cox = ARENA_NEW(work->arena, struct cox_work);
    struct plan_values *values = ARENA_ARRAY(work->arena, struct plan_values, inputs->count + 1);
    enum model_ties ties = (enum model_ties)work_pick(work, "ties");

    TRY(work_inputs_values(work, inputs, survive_when(work, how), values, error));
    TRY(choose_columns(work, values + first, how, data, cox, error));
    fill_matrix(work, values + first, data, cox);
    if (cox->rows < 2)
        return error_set(error, STATUS_ERROR,
                         "%zu customers have all the covariates: too few to compare", cox->rows);

    TRY(check_columns(cox, error));
    struct model_lifetimes lives = {cox->rows, cox->time, cox->event};
    enum status status =
        model_cox_fit(&lives, cox->covariate, cox->columns, ties, work->arena, &cox->model, error);
    if (status != STATUS_OK) {
        name_columns(work, cox, error);
        return status;
    }

    describe(work, cox);
    write_parameters(work, cox);
    write_report(work, cox);
    return STATUS_OK;
}
