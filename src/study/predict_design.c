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

enum { LEVEL_ROWS_MIN = 10 };
static const double LEVEL_SHARE_MIN = .01, UNKNOWN_SHARE_MIN = .01, SKEW_MAX = 2;

/* ---- what is learned of the values ---- */

static size_t known_values(const struct predict_rows *rows, int feature, double *out)
{
    size_t known = 0;
    for (size_t i = 0; i < rows->count; i++) {
        double x = rows->raw[i * (size_t)rows->features + (size_t)feature];
        if (!isnan(x))
            out[known++] = x;
    }
    return known;
}

static double skewness(const double *values, size_t count)
{
    double mean = stats_mean(values, count), second = 0, third = 0;
    for (size_t i = 0; i < count; i++) {
        double d = values[i] - mean;
        second += d * d;
        third += d * d * d;
    }
    second /= (double)count;
    return second > 0 ? third / (double)count / (second * sqrt(second)) : 0;
}

struct level {
    uint32_t key;
    size_t rows;
    const char *text;
};

static int more_rows_first(const void *a, const void *b)
{
    const struct level *x = a, *y = b;
    return x->rows != y->rows ? (x->rows < y->rows) - (x->rows > y->rows)
                              : strcmp(x->text, y->text);
}

/* The frequent levels but the most frequent: it is what the others are held against. */
static void learn_levels(const struct predict_data *data, struct predict_feature *feature,
                         const double *known, size_t count, size_t rows, struct arena *arena)
{
    struct level *levels = ARENA_ARRAY(arena, struct level, data->words.count + 1);
    for (size_t i = 0; i < data->words.count; i++)
        levels[i] = (struct level){(uint32_t)i, 0, data->words.entries[i].key.data};
    for (size_t i = 0; i < count; i++)
        levels[(size_t)known[i]].rows++;
    qsort(levels, data->words.count, sizeof *levels, more_rows_first);
    double least = fmax(LEVEL_ROWS_MIN, LEVEL_SHARE_MIN * (double)rows);
    for (size_t l = 1; l < data->words.count && feature->levels < PREDICT_LEVELS; l++) {
        if ((double)levels[l].rows < least)
            break;
        feature->key[feature->levels] = levels[l].key;
        feature->level[feature->levels++] = levels[l].text;
    }
}

static void add_column(struct predict_design *design, int feature, int level, const char *name)
{
    design->column[design->columns++] = (struct predict_column){feature, level, name, true};
}

static void learn_feature(const struct predict_data *data, const struct predict_rows *rows, int f,
                          struct predict_design *design, struct arena *scratch)
{
    struct arena *arena = data->work->arena;
    struct predict_feature *feature = &design->feature[f];
    double *known = ARENA_ARRAY(scratch, double, rows->count + 1);
    size_t count = known_values(rows, f, known);
    bool often_unknown = (double)(rows->count - count) >=
                         fmax(UNKNOWN_SHARE_MIN * (double)rows->count, LEVEL_ROWS_MIN);
    if (feature->is_text) {
        learn_levels(data, feature, known, count, rows->count, scratch);
        for (int l = 0; l < feature->levels; l++)
            add_column(design, f, l,
                       arena_printf(arena, "%s = '%s'", feature->name, feature->level[l]));
    } else if (count) {
        stats_sort(known, count);
        feature->fill = stats_quantile_sorted(known, count, .5);
        feature->log = !design->trees && known[0] >= 0 && skewness(known, count) > SKEW_MAX;
        add_column(design, f, PREDICT_VALUE, feature->name);
    }
    if (count && often_unknown && (feature->is_text || !design->trees))
        add_column(design, f, PREDICT_UNKNOWN, arena_printf(arena, "%s is unknown", feature->name));
}

void predict_encode(const struct predict_design *design, const double *raw, double *out)
{
    for (int c = 0; c < design->columns; c++) {
        const struct predict_column *column = &design->column[c];
        const struct predict_feature *feature = &design->feature[column->feature];
        double x = raw[column->feature];
        if (!column->used) {
            out[c] = 0;
        } else if (column->level >= 0) {
            out[c] = x == (double)feature->key[column->level];
        } else if (column->level == PREDICT_UNKNOWN) {
            out[c] = isnan(x);
        } else {
            x = isnan(x) && !design->trees ? feature->fill : x;
            out[c] = feature->log ? copysign(log1p(fabs(x)), x) : x;
        }
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
    *out = (struct predict_design){.trees = data->how->method == PREDICT_BOOSTING,
                                   .features = data->features};
    out->feature = ARENA_ARRAY(arena, struct predict_feature, data->features + 1);
    memcpy(out->feature, data->feature, sizeof *out->feature * (size_t)data->features);
    out->column = ARENA_ARRAY(arena, struct predict_column,
                              (size_t)data->features * (PREDICT_LEVELS + 1) + 1);
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

static void write_features(struct json *json, const struct predict_design *design)
{
    json_put_array(json, "features");
    for (int f = 0; f < design->features; f++) {
        const struct predict_feature *feature = &design->feature[f];
        json_write_object(json);
        work_put_text(json, "name", feature->name);
        work_put_text(json, "value", feature->text);
        json_put_bool(json, "log", feature->log);
        work_put(json, "fill", feature->fill);
        json_write_key(json, "levels");
        if (!feature->is_text)
            json_write_null(json);
        else
            json_write_array(json);
        for (int l = 0; l < feature->levels; l++)
            json_write_string(json, feature->level[l]);
        if (feature->is_text)
            json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_columns(struct json *json, const struct predict_design *design)
{
    json_put_array(json, "columns");
    for (int c = 0; c < design->columns; c++) {
        const struct predict_column *column = &design->column[c];
        json_write_object(json);
        work_put_text(json, "name", column->name);
        work_put_count(json, "feature", (uint64_t)column->feature);
        json_put_integer(json, "level", column->level);
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
    work_put_text(json, "method", model->method == PREDICT_BOOSTING ? "boosting" : "logistic");
    work_put(json, "base_rate", model->base_rate);
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

static void read_feature(struct arena *arena, const json_t *from, struct predict_feature *out)
{
    const json_t *levels = json_object_get(from, "levels");
    const char *name = json_string_value(json_object_get(from, "name"));
    const char *text = json_string_value(json_object_get(from, "value"));
    *out = (struct predict_feature){.name = arena_strdup(arena, name ? name : ""),
                                    .text = arena_strdup(arena, text ? text : ""),
                                    .is_text = json_is_array(levels),
                                    .log = json_is_true(json_object_get(from, "log")),
                                    .fill = json_number_value(json_object_get(from, "fill"))};
    for (size_t l = 0; l < json_array_size(levels) && l < PREDICT_LEVELS; l++) {
        const char *level = json_string_value(json_array_get(levels, l));
        out->level[out->levels++] = arena_strdup(arena, level ? level : "");
    }
}

static bool read_column(struct arena *arena, const json_t *from,
                        const struct predict_design *design, struct predict_column *out)
{
    const char *name = json_string_value(json_object_get(from, "name"));
    *out = (struct predict_column){(int)json_integer_value(json_object_get(from, "feature")),
                                   (int)json_integer_value(json_object_get(from, "level")),
                                   arena_strdup(arena, name ? name : ""),
                                   json_is_true(json_object_get(from, "used"))};
    return out->feature >= 0 && out->feature < design->features && out->level >= PREDICT_UNKNOWN &&
           out->level < (out->level >= 0 ? design->feature[out->feature].levels : 1);
}

static enum status read_design(const struct work *work, struct predict_design *out,
                               struct error *error)
{
    const json_t *features = json_object_get(work->saved, "features"),
                 *columns = json_object_get(work->saved, "columns");
    out->feature = ARENA_ARRAY(work->arena, struct predict_feature, json_array_size(features) + 1);
    out->column = ARENA_ARRAY(work->arena, struct predict_column, json_array_size(columns) + 1);
    for (size_t f = 0; f < json_array_size(features); f++)
        read_feature(work->arena, json_array_get(features, f), &out->feature[out->features++]);
    bool good = out->features > 0 && json_array_size(columns) > 0;
    for (size_t c = 0; good && c < json_array_size(columns); c++)
        good =
            read_column(work->arena, json_array_get(columns, c), out, &out->column[out->columns++]);
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
    out->design.trees = out->method == PREDICT_BOOSTING;
    TRY(read_design(work, &out->design, error));
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
