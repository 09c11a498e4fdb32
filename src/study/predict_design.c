/*
 * From values to columns, and the fit itself. Everything learned of the values (medians,
 * logarithms, levels, which columns differ) is learned from the rows of the fit, so a fold's
 * preparation stays inside the fold. Beside the model stand the two rules it has to beat: the base
 * rate, and a logistic regression on recency alone.
 */
#include "study/predict.h"

#include "stats/special.h"
#include "stats/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_LEAST = 10 }; /* a level, or not knowing, in fewer rows than these teaches nothing */
static const double SKEW_MAX = 2;

/* Saved in place of a level's number. */
enum { SAVED_VALUE = -1, SAVED_UNKNOWN = -2 };

/* ---- what is learned of the values ---- */

static struct text word_of(const void *context, double key)
{
    const struct predict_data *data = context;
    return data->words.entries[(size_t)key].key;
}

/* Trees take unknown values and skewed ones as they are. */
static void learn_feature(const struct predict_data *data, const struct predict_rows *rows, int f,
                          struct predict_design *design, struct arena *scratch)
{
    const struct predict_feature *feature = &design->feature[f];
    bool trees = data->how->method == PREDICT_BOOSTING;
    struct column_rules rules = {.skewed = trees ? INFINITY : SKEW_MAX,
                                 .levels = PREDICT_LEVELS,
                                 .rows_least = ROWS_LEAST,
                                 .beside_first = true,
                                 .as_is = trees};
    double *raw = ARENA_ARRAY(scratch, double, rows->count + 1);

    for (size_t i = 0; i < rows->count; i++)
        raw[i] = rows->raw[i * (size_t)rows->features + (size_t)f];
    struct column_rows values = {.raw = raw,
                                 .count = rows->count,
                                 .feature = (size_t)f,
                                 .name = feature->name,
                                 .is_text = feature->is_text,
                                 .word = word_of,
                                 .context = data};
    design->columns +=
        (int)columns_learn(&rules, &values, data->work->arena, design->column + design->columns);
}

void predict_encode(const struct predict_design *design, const double *raw, double *out)
{
    for (int c = 0; c < design->columns; c++) {
        const struct column *column = &design->column[c];
        out[c] = column->used ? column_value(column, raw[column->feature]) : 0;
    }
}

void predict_matrix(const struct predict_design *design, const struct predict_rows *rows,
                    struct arena *arena, struct model_matrix *out)
{
    size_t columns = (size_t)design->columns;
    double *data = ARENA_ARRAY(arena, double, rows->count *columns + 1);
    for (size_t i = 0; i < rows->count; i++)
        predict_encode(design, rows->raw + i * (size_t)rows->features, data + i * columns);
    *out = (struct model_matrix){rows->count, design->columns, data};
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* A column that never changes, or says what one before it says, teaches nothing. */
static bool is_idle(const struct model_matrix *matrix, int column, const bool *kept)
{
    size_t columns = (size_t)matrix->columns, row = 1, c = (size_t)column;
    const double *data = matrix->data;

    while (row < matrix->rows && same(data[row * columns + c], data[c]))
        row++;
    if (row == matrix->rows)
        return true;

    /* Columns × columns × rows at worst, but two that differ do so within a few rows. */
    for (size_t other = 0; other < c; other++) {
        if (!kept[other])
            continue;
        for (row = 0;
             row < matrix->rows && same(data[row * columns + c], data[row * columns + other]);)
            row++;
        if (row == matrix->rows)
            return true;
    }
    return false;
}

static void drop_idle(struct predict_design *design, const struct predict_rows *rows,
                      struct arena *scratch)
{
    struct model_matrix matrix;
    bool *kept = ARENA_ARRAY(scratch, bool, design->columns + 1);
    int left = 0;

    predict_matrix(design, rows, scratch, &matrix);
    for (int c = 0; c < design->columns; c++)
        kept[c] = !is_idle(&matrix, c, kept);
    for (int c = 0; c < design->columns; c++)
        if (kept[c])
            design->column[left++] = design->column[c];
    design->columns = left;
}

static void design_from(const struct predict_data *data, const struct predict_rows *rows,
                        struct predict_design *out, struct arena *scratch)
{
    struct arena *arena = data->work->arena;
    *out = (struct predict_design){.features = data->features};
    out->feature = ARENA_ARRAY(arena, struct predict_feature, data->features + 1);
    memcpy(out->feature, data->feature, sizeof *out->feature * (size_t)data->features);
    out->column =
        ARENA_ARRAY(arena, struct column, (size_t)data->features * (PREDICT_LEVELS + 1) + 1);
    for (int f = 0; f < data->features; f++)
        learn_feature(data, rows, f, out, scratch);
    drop_idle(out, rows, scratch);
}

/* ---- fitting ---- */

double predict_recency_apply(const struct predict_model *model, double days)
{
    double row[2] = {log1p(fmax(isnan(days) ? model->recency_most : days, 0)), isnan(days)};
    return model_logistic_score(&model->recency, row);
}

static enum status fit_recency(const struct predict_rows *rows, struct arena *arena,
                               struct predict_model *out, struct error *error)
{
    static const struct model_logistic_options nearly_free = {.lambda = 1e-6, .mix = 0};
    double *data = ARENA_ARRAY(arena, double, 2 * rows->count + 1);

    /* Who never did it counts as long ago as anybody, and gets a column that says so. */
    for (size_t i = 0; i < rows->count; i++)
        out->recency_most = fmax(out->recency_most, isnan(rows->recency[i]) ? 0 : rows->recency[i]);
    for (size_t i = 0; i < rows->count; i++) {
        double days = rows->recency[i];
        data[2 * i] = log1p(fmax(isnan(days) ? out->recency_most : days, 0));
        data[2 * i + 1] = isnan(days);
    }
    struct model_matrix matrix = {rows->count, 2, data};
    out->has_recency = true;
    return model_logistic_fit(&matrix, rows->label, &nearly_free, NULL, arena, &out->recency,
                              error);
}

/* "feature 3 separates …" speaks of a column of ours. */
static enum status name_the_column(const struct predict_design *design, enum status status,
                                   struct error *error)
{
    int column;
    char rest[sizeof error->message];
    if (sscanf(error->message, "feature %d separates", &column) != 1 || column < 1 ||
        column > design->columns)
        return status;
    snprintf(rest, sizeof rest, "%s", strstr(error->message, " separates"));
    status = error_set(error, status, "'%s'%.400s", design->column[column - 1].name, rest);
    error_hint(error, "--penalty auto takes a penalty");
    return status;
}

static enum status fit_trees(const struct predict_data *data, const struct model_matrix *matrix,
                             const unsigned char *label, struct predict_model *out,
                             struct error *error)
{
    struct buffer text;
    TRY(model_boost_fit(matrix, label, &data->how->trees, &out->boost, error));

    /* Written and read again at once, into the form that scores: so the model that is judged is the
     * one that will be read from the store. */
    buffer_init(&text, 0);
    enum status status = model_boost_write(out->boost, &text, error);
    if (status == STATUS_OK)
        status = model_forest_read((struct text){text.data, text.length}, data->work->arena,
                                   &out->forest, error);
    buffer_release(&text);
    bool *used = ARENA_ARRAY(data->work->arena, bool, out->design.columns + 1);
    if (status == STATUS_OK)
        model_forest_used(&out->forest, used);
    for (int c = 0; status == STATUS_OK && c < out->design.columns; c++)
        out->design.column[c].used = used[c];
    return status;
}

static enum status fit_logistic(const struct predict_data *data, const struct model_matrix *matrix,
                                const unsigned char *label, struct pool *pool,
                                struct predict_model *out, struct error *error)
{
    enum status status = model_logistic_fit(matrix, label, &data->how->logistic, pool,
                                            data->work->arena, &out->logistic, error);
    if (status != STATUS_OK)
        return name_the_column(&out->design, status, error);
    for (int c = 0; c < out->design.columns; c++)
        out->design.column[c].used = out->logistic.coefficient[c] != 0;
    return STATUS_OK;
}

enum status predict_model_fit(const struct predict_data *data, const struct predict_rows *rows,
                              struct pool *pool, struct predict_model *out, struct error *error)
{
    struct arena scratch;
    struct model_matrix matrix;

    *out = (struct predict_model){.method = data->how->method};
    arena_init(&scratch, 0);
    out->base_rate = rows->hits / (double)rows->count;
    design_from(data, rows, &out->design, &scratch);

    enum status status = STATUS_OK;
    if (!out->design.columns)
        status =
            error_set(error, STATUS_ERROR,
                      "nothing that is known of these customers differs from one to another: there "
                      "is nothing to learn from");
    if (status == STATUS_OK) {
        predict_matrix(&out->design, rows, &scratch, &matrix);
        status = out->method == PREDICT_BOOSTING
                     ? fit_trees(data, &matrix, rows->label, out, error)
                     : fit_logistic(data, &matrix, rows->label, pool, out, error);
    }

    /* The rule it has to beat, from the same rows. */
    if (status == STATUS_OK && data->has_recency)
        status = fit_recency(rows, data->work->arena, out, error);
    arena_release(&scratch);
    if (status != STATUS_OK)
        predict_model_release(out);
    return status;
}

void predict_model_release(struct predict_model *model)
{
    model_boost_free(model->boost);
    model->boost = NULL;
}

void predict_model_apply(const struct predict_model *model, const struct predict_rows *rows,
                         double *out)
{
    enum { BATCH = 512 };
    size_t columns = (size_t)model->design.columns;
    double *row = base_malloc(sizeof *row * (columns + 1));
    float *narrow = base_malloc(sizeof *narrow * (columns * BATCH + 1));

    /* Trees take many rows at a time, and single precision, as they were fitted. */
    for (size_t first = 0; first < rows->count; first += BATCH) {
        size_t own = rows->count - first < BATCH ? rows->count - first : BATCH;
        for (size_t i = 0; i < own; i++) {
            predict_encode(&model->design, rows->raw + (first + i) * (size_t)rows->features, row);
            for (size_t c = 0; c < columns; c++)
                narrow[i * columns + c] = (float)row[c];
            if (model->method == PREDICT_LOGISTIC)
                out[first + i] = model_logistic_score(&model->logistic, row);
        }
        if (model->method == PREDICT_BOOSTING)
            model_forest_score(&model->forest, narrow, own, out + first);
    }
    free(row);
    free(narrow);
}

/* ---- keeping ---- */

/* The columns are saved as features with what was learned of each, and columns that refer to them:
 * so models of earlier versions are read alike. */
static const struct column *number_of(const struct predict_design *design, size_t feature)
{
    for (int c = 0; c < design->columns; c++)
        if (design->column[c].feature == feature &&
            (design->column[c].form == COLUMN_NUMBER || design->column[c].form == COLUMN_LOG))
            return &design->column[c];
    return NULL;
}

static void write_levels(struct json *json, const struct predict_design *design, size_t feature)
{
    json_put_array(json, "levels");
    for (int c = 0; c < design->columns; c++)
        if (design->column[c].feature == feature && design->column[c].form == COLUMN_LEVEL)
            json_write_string(json, design->column[c].level);
    json_write_end_array(json);
}

static void write_features(struct json *json, const struct predict_design *design)
{
    json_put_array(json, "features");
    for (int f = 0; f < design->features; f++) {
        const struct predict_feature *feature = &design->feature[f];
        const struct column *number = number_of(design, (size_t)f);
        json_write_object(json);
        json_put_string(json, "name", feature->name);
        json_put_string(json, "value", feature->text);
        json_put_bool(json, "log", number && number->form == COLUMN_LOG);
        json_put_double(json, "fill", number ? number->fill : 0);
        if (feature->is_text)
            write_levels(json, design, (size_t)f);
        else
            json_put_null(json, "levels");
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

/* Levels are numbered from 0 on within their feature. */
static int64_t saved_level(const struct predict_design *design, int c)
{
    const struct column *column = &design->column[c];
    int64_t level = 0;
    if (column->form == COLUMN_UNKNOWN)
        return SAVED_UNKNOWN;
    if (column->form != COLUMN_LEVEL)
        return SAVED_VALUE;
    for (int before = 0; before < c; before++)
        level += design->column[before].feature == column->feature &&
                 design->column[before].form == COLUMN_LEVEL;
    return level;
}

static void write_columns(struct json *json, const struct predict_design *design)
{
    json_put_array(json, "columns");
    for (int c = 0; c < design->columns; c++) {
        const struct column *column = &design->column[c];
        json_write_object(json);
        json_put_string(json, "name", column->name);
        json_put_integer(json, "feature", (int64_t)column->feature);
        json_put_integer(json, "level", saved_level(design, c));
        json_put_bool(json, "used", column->used);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

enum status predict_model_write(struct work *work, const struct predict_model *model,
                                struct error *error)
{
    struct json *json = work->parameters;
    enum status status = STATUS_OK;
    struct buffer text;
    json_put_string(json, "method", model->method == PREDICT_BOOSTING ? "boosting" : "logistic");
    json_put_double(json, "base_rate", model->base_rate);
    write_features(json, &model->design);
    write_columns(json, &model->design);
    json_write_key(json, "model");
    if (model->method == PREDICT_LOGISTIC) {
        model_logistic_write(&model->logistic, json);
        return STATUS_OK;
    }
    buffer_init(&text, 0);
    status = model_boost_write(model->boost, &text, error);
    if (status == STATUS_OK)
        json_write_raw(json, (struct text){text.data, text.length});
    buffer_release(&text);
    return status;
}

static const char *read_text(struct arena *arena, const json_t *from, const char *key)
{
    const char *text = json_string_value(json_object_get(from, key));
    return arena_strdup(arena, text ? text : "");
}

/* One saved column, with what its feature says of it; false when they do not fit together. */
static bool read_column(struct arena *arena, const json_t *features, const json_t *from, bool trees,
                        struct column *out)
{
    json_int_t feature = json_integer_value(json_object_get(from, "feature")),
               level = json_integer_value(json_object_get(from, "level"));
    if (feature < 0 || (size_t)feature >= json_array_size(features) || level < SAVED_UNKNOWN)
        return false;
    const json_t *about = json_array_get(features, (size_t)feature),
                 *levels = json_object_get(about, "levels");
    *out = (struct column){.feature = (size_t)feature,
                           .name = read_text(arena, from, "name"),
                           .used = json_is_true(json_object_get(from, "used"))};

    if (level >= 0) {
        const char *text = json_string_value(json_array_get(levels, (size_t)level));
        out->form = COLUMN_LEVEL;
        out->level = text ? arena_strdup(arena, text) : NULL;
        return text != NULL;
    }
    if (level == SAVED_UNKNOWN) {
        out->form = COLUMN_UNKNOWN;
        return true;
    }
    out->form = json_is_true(json_object_get(about, "log")) ? COLUMN_LOG : COLUMN_NUMBER;
    /* Trees leave an unknown value unknown; earlier versions saved a median all the same. */
    out->fill = trees ? NAN : json_number_value(json_object_get(about, "fill"));
    return true;
}

static enum status read_design(const struct work *work, bool trees, struct predict_design *out,
                               struct error *error)
{
    const json_t *features = json_object_get(work->saved, "features"),
                 *columns = json_object_get(work->saved, "columns");
    out->feature = ARENA_ARRAY(work->arena, struct predict_feature, json_array_size(features) + 1);
    out->column = ARENA_ARRAY(work->arena, struct column, json_array_size(columns) + 1);
    for (size_t f = 0; f < json_array_size(features); f++) {
        const json_t *from = json_array_get(features, f);
        out->feature[out->features++] =
            (struct predict_feature){.name = read_text(work->arena, from, "name"),
                                     .text = read_text(work->arena, from, "value"),
                                     .is_text = json_is_array(json_object_get(from, "levels"))};
    }

    bool good = out->features > 0 && json_array_size(columns) > 0;
    for (size_t c = 0; good && c < json_array_size(columns); c++)
        good = read_column(work->arena, features, json_array_get(columns, c), trees,
                           &out->column[out->columns++]);
    if (good)
        return STATUS_OK;
    return error_set(error, STATUS_ERROR, "the saved model %s has lost its features: fit it again",
                     work->model->name);
}

enum status predict_model_read(struct work *work, struct predict_model *out, struct error *error)
{
    struct text text;
    const char *method = work_saved_text(work, "method");

    *out = (struct predict_model){
        .method = method && strcmp(method, "boosting") == 0 ? PREDICT_BOOSTING : PREDICT_LOGISTIC,
        .base_rate = work_saved_number(work, "base_rate")};
    TRY(read_design(work, out->method == PREDICT_BOOSTING, &out->design, error));
    TRY(work_saved_part(work, "model", &text, error));

    int columns;
    if (out->method == PREDICT_LOGISTIC) {
        TRY(model_logistic_read(text, work->arena, &out->logistic, error));
        columns = out->logistic.columns;
    } else {
        TRY(model_forest_read(text, work->arena, &out->forest, error));
        columns = out->forest.columns;
    }

    if (columns != out->design.columns)
        return error_set(error, STATUS_ERROR,
                         "the saved model %s has %d columns, not %d: fit it again",
                         work->model->name, columns, out->design.columns);
    return STATUS_OK;
}
