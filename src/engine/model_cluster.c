/*
 * Natural groups in a store: values of the segment language, brought to one scale, grouped by k-means. How many groups
 * is a question of its own: the gap statistic compares with data without structure, and when that does as well as the
 * customers do, the groups are called what they are, convenient cuts.
 */
#include "engine/model_work.h"

#include "model/grouping.h"
#include "stats/random.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 40, GROUPS = 30, JUDGED = 1200, GAP_DRAWS = 12, STABLE_ROWS = 2000 };

/* How one value becomes a coordinate. */
struct cluster_column {
    const char *name, *text;
    bool log;
    double low, high; /* values beyond are brought here */
    double center, scale;
    double fill; /* for unknown values: the median */
};

struct cluster_data {
    int columns;
    struct cluster_column column[COLUMNS];
    size_t rows;
    uint32_t *position;
    double *raw;  /* rows × columns, NaN unknown */
    double *data; /* rows × columns, prepared */
};

/* ---- what goes in ---- */

/* "visits=count(view)" names its value; else a name is made of the words. */
static void name_column(struct model_work *work, const char *given, struct cluster_column *out)
{
    static const char *const skip[] = {"last", "days", "time", "months", "weeks"};
    const char *equals = strchr(given, '='), *at = given;
    size_t plain = strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (equals && plain == (size_t)(equals - given)) {
        out->name = arena_strndup(work->arena, given, plain);
        out->text = equals + 1;
        return;
    }
    struct buffer name;
    buffer_init(&name, 0);
    out->text = given;
    while (*at) {
        size_t word = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        bool skipped = word == 0;
        for (size_t i = 0; i < sizeof skip / sizeof *skip; i++)
            skipped |= strlen(skip[i]) == word && strncmp(skip[i], at, word) == 0;
        if (!skipped) {
            buffer_string(&name, name.length ? "_" : "");
            buffer_add(&name, at, word);
        }
        at += word ? word : 1;
    }
    out->name = name.length ? buffer_copy(&name, work->arena) : "value";
    buffer_release(&name);
}

static enum status default_columns(struct model_work *work, struct cluster_data *out, const char **among,
                                   struct error *error)
{
    struct model_orders orders;
    TRY(model_orders_find(work, &orders, error));
    const char *kind = arena_printf(work->arena, "`%s`", orders.kind);
    const char *names[] = {"recency", "frequency", "spend", "average_order"};
    const char *texts[] = {arena_printf(work->arena, "days since last(%s.time)", kind),
                           arena_printf(work->arena, "count(%s last 365 days)", kind),
                           arena_printf(work->arena, "sum(%s.`%s` last 365 days)", kind, orders.property),
                           arena_printf(work->arena, "avg(%s.`%s`)", kind, orders.property)};
    out->columns = orders.property ? 4 : 2;
    for (int c = 0; c < out->columns; c++)
        out->column[c] = (struct cluster_column){.name = names[c], .text = texts[c]};
    if (!*among)
        *among = arena_printf(work->arena, "any(%s)", kind);
    return STATUS_OK;
}

static enum status read_columns(struct model_work *work, struct cluster_data *out, const char **among,
                                struct error *error)
{
    size_t count;
    const char **on = model_option_list(work, "on", &count);
    *among = model_option(work, "among");
    if (!count)
        return default_columns(work, out, among, error);
    if (count > COLUMNS)
        return error_set(error, STATUS_USAGE, "--on takes at most %d values", COLUMNS);
    out->columns = (int)count;
    for (size_t c = 0; c < count; c++)
        name_column(work, on[c], &out->column[c]);
    return STATUS_OK;
}

static enum status load_rows(struct model_work *work, const struct model_inputs *inputs, struct cluster_data *out,
                             struct error *error)
{
    uint64_t *who;
    size_t columns = (size_t)out->columns;
    struct segment_values *values = ARENA_ARRAY(work->arena, struct segment_values, columns + 1);
    if (!work->population)
        TRY(engine_load_population(work->engine, &inputs->needs, work->moment, &work->population, error));
    TRY(model_inputs_values(work, inputs, work->moment->now, values, error));
    TRY(model_inputs_among(work, inputs, work->moment->now, &who, error));
    for (size_t c = 0; c < columns; c++)
        if (values[c].type == VALUE_TEXT || values[c].type == VALUE_SET || values[c].type == VALUE_POINT)
            return error_set(error, STATUS_USAGE, "%s is %s; k-means groups by numbers", out->column[c].text,
                             value_type_name(values[c].type));
    model_score_customers(work, who);
    out->rows = work->count;
    out->position = work->position;
    out->raw = ARENA_ARRAY(work->arena, double, out->rows *columns + 1);
    for (size_t i = 0; i < out->rows; i++)
        for (size_t c = 0; c < columns; c++)
            out->raw[i * columns + c] = model_value(&values[c], out->position[i]);
    return STATUS_OK;
}

static enum status load(struct model_work *work, const char *among, struct cluster_data *out, struct error *error)
{
    struct model_inputs inputs;
    const char *texts[COLUMNS];
    for (int c = 0; c < out->columns; c++)
        texts[c] = out->column[c].text;
    TRY(model_inputs_new(work, texts, (size_t)out->columns, among, &inputs, error));
    enum status status = load_rows(work, &inputs, out, error);
    model_inputs_release(&inputs);
    return status;
}

/* ---- one scale ---- */

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double prepared(const struct cluster_column *column, double value)
{
    if (isnan(value))
        value = column->fill;
    value = clamp(value, column->low, column->high);
    if (column->log)
        value = log1p(value);
    return (value - column->center) / column->scale;
}

static double skewness(const double *values, size_t count)
{
    double mean = stats_mean(values, count), sd = sqrt(stats_variance(values, count)), sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += pow((values[i] - mean) / sd, 3);
    return sd > 0 ? sum / (double)count : 0;
}

struct preparing {
    double winsor;
    int log; /* 1 always, 0 never, −1 where it is skewed */
    bool scaled;
};

static void prepare_column(struct model_work *work, const struct preparing *how, const struct cluster_data *data, int c,
                           struct cluster_column *column)
{
    double *known = ARENA_ARRAY(work->arena, double, data->rows + 1);
    size_t count = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double value = data->raw[i * (size_t)data->columns + (size_t)c];
        if (!isnan(value))
            known[count++] = value;
    }
    stats_sort(known, count);
    column->fill = count ? stats_quantile_sorted(known, count, .5) : 0;
    column->low = count ? stats_quantile_sorted(known, count, how->winsor) : 0;
    column->high = count ? stats_quantile_sorted(known, count, 1 - how->winsor) : 0;
    for (size_t i = 0; i < count; i++)
        known[i] = clamp(known[i], column->low, column->high);
    column->log = column->low >= 0 && (how->log > 0 || (how->log < 0 && skewness(known, count) > 1));
    for (size_t i = 0; i < count && column->log; i++)
        known[i] = log1p(known[i]);
    double sd = count > 1 ? sqrt(stats_variance(known, count)) : 0;
    column->center = count ? stats_mean(known, count) : 0;
    column->scale = how->scaled && sd > 0 ? sd : 1;
}

static void apply_preparation(struct model_work *work, struct cluster_data *data)
{
    size_t columns = (size_t)data->columns;
    data->data = ARENA_ARRAY(work->arena, double, data->rows *columns + 1);
    for (size_t i = 0; i < data->rows * columns; i++)
        data->data[i] = prepared(&data->column[i % columns], data->raw[i]);
}

static enum status read_preparing(struct model_work *work, struct preparing *out, struct error *error)
{
    const char *log = model_option(work, "log"), *scale = model_option(work, "scale");
    *out = (struct preparing){.log = -1, .scaled = true};
    if (log && strcmp(log, "auto") != 0) {
        if (strcmp(log, "yes") != 0 && strcmp(log, "no") != 0)
            return model_option_wrong(work, "log", "auto, yes or no", error);
        out->log = strcmp(log, "yes") == 0;
    }
    if (scale && strcmp(scale, "deviation") != 0 && strcmp(scale, "none") != 0)
        return model_option_wrong(work, "scale", "deviation or none", error);
    out->scaled = !scale || strcmp(scale, "none") != 0;
    return model_option_number(work, "winsor", .01, 0, .25, &out->winsor, error);
}

/* ---- how many ---- */

struct judged {
    int largest;
    struct model_gap gap;
    double silhouette[GROUPS + 1], calinski[GROUPS + 1], davies[GROUPS + 1];
};

/* A sample of the rows, the same for every run. */
static struct model_matrix sample_rows(struct model_work *work, const struct cluster_data *data, size_t most,
                                       uint64_t seed)
{
    size_t columns = (size_t)data->columns, rows = data->rows < most ? data->rows : most;
    double *out = ARENA_ARRAY(work->arena, double, rows *columns + 1);
    struct stats_random random;
    stats_random_init(&random, seed, 7);
    for (size_t i = 0, taken = 0; i < data->rows && taken < rows; i++)
        if (stats_random_uniform(&random) * (double)(data->rows - i) < (double)(rows - taken))
            memcpy(out + columns * taken++, data->data + columns * i, columns * sizeof *out);
    return (struct model_matrix){rows, data->columns, out};
}

static enum status judge(struct model_work *work, const struct cluster_data *data, int largest, uint64_t seed,
                         struct judged *out, struct error *error)
{
    struct model_matrix sample = sample_rows(work, data, JUDGED, seed);
    struct pool *pool = engine_pool(work->engine);
    *out = (struct judged){.largest = (size_t)largest < sample.rows ? largest : (int)sample.rows};
    TRY(model_gap_statistic(&sample, out->largest, GAP_DRAWS, 1, seed, model_grouping_kmeans, NULL, pool, work->arena,
                            &out->gap, error));
    for (int k = 1; k <= out->largest; k++) {
        struct model_kmeans_options options = {.k = k, .seed = seed};
        struct model_kmeans model;
        TRY(model_kmeans_fit(&sample, &options, pool, work->arena, &model, error));
        out->silhouette[k] = model_silhouette(&sample, model.label, k, 0, seed, pool, NULL);
        out->calinski[k] = model_calinski_harabasz(&sample, model.label, k);
        out->davies[k] = model_davies_bouldin(&sample, model.label, k);
    }
    return STATUS_OK;
}

static int best_silhouette(const struct judged *judged)
{
    int best = judged->largest >= 2 ? 2 : 1;
    for (int k = 3; k <= judged->largest; k++)
        if (judged->silhouette[k] > judged->silhouette[best])
            best = k;
    return best;
}

/* ---- names ---- */

struct group_names {
    const char *name[GROUPS], *title[GROUPS];
    double mean[GROUPS][COLUMNS], overall[COLUMNS], deviation[COLUMNS];
    double share[GROUPS];
};

static void find_means(const struct cluster_data *data, const struct model_kmeans *model, struct group_names *out)
{
    for (int c = 0; c < data->columns; c++) {
        double sum = 0, squares = 0, known = 0, in[GROUPS] = {0}, count[GROUPS] = {0};
        for (size_t i = 0; i < data->rows; i++) {
            double value = data->raw[i * (size_t)data->columns + (size_t)c];
            if (isnan(value))
                continue;
            in[model->label[i]] += value;
            count[model->label[i]]++;
            sum += value;
            known++;
        }
        out->overall[c] = known ? sum / known : NAN;
        for (size_t i = 0; i < data->rows; i++) {
            double value = data->raw[i * (size_t)data->columns + (size_t)c];
            squares += isnan(value) ? 0 : (value - out->overall[c]) * (value - out->overall[c]);
        }
        out->deviation[c] = known > 1 ? sqrt(squares / (known - 1)) : 0;
        for (int g = 0; g < model->k; g++)
            out->mean[g][c] = count[g] > 0 ? in[g] / count[g] : NAN;
    }
    for (int g = 0; g < model->k; g++)
        out->share[g] = model->size[g] / (double)data->rows;
}

/* The columns in which a group's centre lies farthest from the middle of all, in prepared units. */
static void rank_columns(const struct model_kmeans *model, int g, int *order)
{
    for (int c = 0; c < model->columns; c++) {
        int at = c;
        double far = fabs(model->centre[g * model->columns + c]);
        while (at > 0 && fabs(model->centre[g * model->columns + order[at - 1]]) < far) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = c;
    }
}

static bool is_taken(const struct group_names *names, int count, const char *name)
{
    for (int g = 0; g < count; g++)
        if (strcmp(names->name[g], name) == 0)
            return true;
    return false;
}

static void name_groups(struct model_work *work, const struct cluster_data *data, const struct model_kmeans *model,
                        struct group_names *out)
{
    for (int g = 0; g < model->k; g++) {
        int order[COLUMNS];
        const char *name = NULL, *title = NULL;
        rank_columns(model, g, order);
        for (int i = 0; i < data->columns && (i < 2 || is_taken(out, g, name)); i++) {
            const double *centre = &model->centre[g * model->columns];
            const char *word = centre[order[i]] > 0 ? "high" : "low", *column = data->column[order[i]].name;
            if (i > 0 && !is_taken(out, g, name) && fabs(centre[order[i]]) < .5)
                break;
            title = title ? arena_printf(work->arena, "%s, %s %s", title, word, column)
                          : arena_printf(work->arena, "%s %s", word, column);
            if (!name || is_taken(out, g, name))
                name = name ? arena_printf(work->arena, "%s_%s_%s", name, word, column)
                            : arena_printf(work->arena, "%s_%s", word, column);
        }
        if (!name || is_taken(out, g, name))
            name = arena_printf(work->arena, "group_%d", g + 1);
        out->name[g] = name;
        out->title[g] = title ? title : name;
    }
}

/* ---- writing ---- */

static void write_parameters(struct model_work *work, const struct cluster_data *data, const char *among,
                             const struct model_kmeans *model, const struct group_names *names)
{
    struct json *json = work->parameters;
    json_write_key(json, "columns");
    json_write_array(json);
    for (int c = 0; c < data->columns; c++) {
        const struct cluster_column *column = &data->column[c];
        json_write_object(json);
        model_put_text(json, "name", column->name);
        model_put_text(json, "text", column->text);
        json_write_key(json, "log");
        json_write_bool(json, column->log);
        model_put(json, "low", column->low);
        model_put(json, "high", column->high);
        model_put(json, "center", column->center);
        model_put(json, "scale", column->scale);
        model_put(json, "fill", column->fill);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    model_put_text(json, "among", among);
    json_write_key(json, "names");
    json_write_array(json);
    for (int g = 0; g < model->k; g++)
        json_write_string(json, names->name[g]);
    json_write_end_array(json);
    json_write_key(json, "kmeans");
    model_kmeans_write(model, json);
}

static void write_scheme(struct model_work *work, int k, const struct group_names *names, bool natural)
{
    const char *model = work->model->name;
    buffer_printf(&work->scheme, "scheme %s \"%s\" exclusive\n", model, natural ? "Natural groups" : "Convenient cuts");
    for (int g = 0; g < k; g++)
        buffer_printf(&work->scheme, "  %s where %s.group = '%s'\n", names->name[g], model, names->name[g]);
    buffer_string(&work->scheme, "  else ungrouped\n");
}

static void write_quality(struct model_work *work, const struct judged *judged)
{
    static const char *const indices[][2] = {
        {"silhouette", "high"}, {"Calinski-Harabasz", "high"}, {"Davies-Bouldin", "low"}, {"gap", "high"}};
    struct json *json = work->report;
    json_write_key(json, "quality");
    json_write_object(json);
    json_write_key(json, "indices");
    json_write_array(json);
    for (int i = 0; i < 4; i++) {
        json_write_object(json);
        model_put_text(json, "name", indices[i][0]);
        model_put_text(json, "better", indices[i][1]);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_key(json, "rows");
    json_write_array(json);
    for (int k = 1; k <= judged->largest; k++) {
        json_write_object(json);
        model_put_count(json, "k", (uint64_t)k);
        json_write_key(json, "values");
        json_write_array(json);
        json_write_double(json, judged->silhouette[k]);
        json_write_double(json, judged->calinski[k]);
        json_write_double(json, judged->davies[k]);
        json_write_double(json, judged->gap.gap[k - 1]);
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_end_object(json);
}

static void write_means(struct model_work *work, const struct cluster_data *data, int k,
                        const struct group_names *names)
{
    struct json *json = work->report;
    json_write_key(json, "traits");
    json_write_array(json);
    for (int c = 0; c < data->columns; c++) {
        json_write_object(json);
        model_put_text(json, "name", data->column[c].text);
        json_write_key(json, "used");
        json_write_bool(json, true);
        model_put(json, "overall", names->overall[c]);
        model_put(json, "sd", names->deviation[c]);
        json_write_key(json, "means");
        json_write_array(json);
        for (int g = 0; g < k; g++)
            json_write_double(json, names->mean[g][c]);
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_report(struct model_work *work, const struct cluster_data *data, const struct model_kmeans *model,
                         const struct group_names *names, const double *stability, bool natural,
                         const struct judged *judged)
{
    struct json *json = work->report;
    json_write_key(json, "clusters");
    json_write_array(json);
    json_write_object(json);
    model_put_text(json, "name", work->model->name);
    model_put_text(json, "title", natural ? "Natural groups" : "Convenient cuts");
    model_put_text(json, "method", "k-means");
    json_write_key(json, "natural");
    json_write_bool(json, natural);
    model_put_count(json, "chosen", (uint64_t)model->k);
    json_write_key(json, "groups");
    json_write_array(json);
    for (int g = 0; g < model->k; g++) {
        json_write_object(json);
        model_put_text(json, "name", names->name[g]);
        model_put_text(json, "title", names->title[g]);
        model_put(json, "customers", model->size[g]);
        model_put(json, "share", names->share[g]);
        if (stability)
            model_put(json, "stability", stability[g]);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    write_means(work, data, model->k, names);
    if (judged)
        write_quality(work, judged);
    json_write_end_object(json);
    json_write_end_array(json);
}

static void describe(struct model_work *work, const struct cluster_data *data, const struct model_kmeans *model,
                     const struct group_names *names, const double *stability)
{
    size_t unknown = 0;
    for (size_t i = 0; i < data->rows * (size_t)data->columns; i++)
        unknown += isnan(data->raw[i]);
    model_figure(work, "data", "customers", (double)data->rows, "%s", model_thousands(work, (double)data->rows));
    for (int c = 0; c < data->columns; c++)
        model_figure(work, "data", data->column[c].name, NAN, "%s%s", data->column[c].text,
                     data->column[c].log ? ", in logarithms" : "");
    if (unknown)
        model_figure(work, "data", "unknown values, set to the median", (double)unknown, "%zu", unknown);
    model_figure(work, "parameters", "groups", model->k, "%d", model->k);
    model_figure(work, "quality", "sum of squares within groups", model->inertia, "%.6g", model->inertia);
    for (int g = 0; g < model->k; g++) {
        const char *stable = stability ? arena_printf(work->arena, ", stability %.2f", stability[g]) : "";
        model_figure(work, "groups", names->name[g], model->size[g], "%s customers (%.1f%%)%s: %s",
                     model_thousands(work, model->size[g]), 100 * names->share[g], stable, names->title[g]);
    }
}

/* ---- fitting ---- */

static enum status choose(struct model_work *work, const struct cluster_data *data, uint64_t seed, int *k,
                          bool *natural, struct judged *judged, bool *has_judged, struct error *error)
{
    double groups, largest;
    TRY(model_option_number(work, "groups", 0, 0, GROUPS, &groups, error));
    TRY(model_option_number(work, "most-groups", 8, 1, GROUPS, &largest, error));
    *has_judged = groups < 1;
    *natural = true;
    *k = (int)groups;
    if (!*has_judged)
        return STATUS_OK;
    TRY(judge(work, data, (int)largest, seed, judged, error));
    *natural = judged->gap.best > 1;
    *k = *natural ? judged->gap.best : best_silhouette(judged);
    model_figure(work, "quality", "groups by the gap statistic", judged->gap.best, "%d", judged->gap.best);
    model_figure(work, "quality", "groups by the silhouette", best_silhouette(judged), "%d", best_silhouette(judged));
    model_figure(work, "quality", "silhouette", judged->silhouette[*k], "%.3f", judged->silhouette[*k]);
    if (!*natural)
        model_note(work,
                   "No natural groups: these are convenient cuts. Data without any structure would be divided as "
                   "well as these customers are (gap statistic, %d draws, %zu customers looked at).",
                   GAP_DRAWS, data->rows < JUDGED ? data->rows : (size_t)JUDGED);
    return STATUS_OK;
}

static enum status find_stability(struct model_work *work, const struct cluster_data *data, int k, uint64_t seed,
                                  const double **out, struct error *error)
{
    double draws;
    struct model_kmeans model;
    *out = NULL;
    TRY(model_option_number(work, "stability", 20, 0, 1000, &draws, error));
    if (draws < 1 || k < 2)
        return STATUS_OK;
    struct model_matrix sample = sample_rows(work, data, STABLE_ROWS, seed);
    struct model_kmeans_options options = {.k = k, .seed = seed};
    double *jaccard = ARENA_ARRAY(work->arena, double, (size_t)k);
    struct pool *pool = engine_pool(work->engine);
    TRY(model_kmeans_fit(&sample, &options, pool, work->arena, &model, error));
    TRY(model_stability(&sample, k, model.label, (int)draws, seed, model_grouping_kmeans, NULL, pool, jaccard, error));
    *out = jaccard;
    return STATUS_OK;
}

enum status engine_cluster_fit(struct model_work *work, struct error *error)
{
    struct cluster_data data = {0};
    struct preparing how;
    struct judged judged;
    struct model_kmeans model;
    const char *among;
    const double *stability;
    double seed;
    int k;
    bool natural, has_judged;
    TRY(read_columns(work, &data, &among, error));
    TRY(read_preparing(work, &how, error));
    TRY(model_option_number(work, "seed", 1, 0, 1e15, &seed, error));
    TRY(load(work, among, &data, error));
    if (data.rows < 10)
        return error_set(error, STATUS_ERROR, "%zu customers are too few to look for groups", data.rows);
    for (int c = 0; c < data.columns; c++)
        prepare_column(work, &how, &data, c, &data.column[c]);
    apply_preparation(work, &data);
    TRY(choose(work, &data, (uint64_t)seed, &k, &natural, &judged, &has_judged, error));
    struct model_matrix matrix = {data.rows, data.columns, data.data};
    struct model_kmeans_options options = {.k = k, .seed = (uint64_t)seed};
    TRY(model_kmeans_fit(&matrix, &options, engine_pool(work->engine), work->arena, &model, error));
    TRY(find_stability(work, &data, k, (uint64_t)seed, &stability, error));
    struct group_names *names = ARENA_NEW(work->arena, struct group_names);
    find_means(&data, &model, names);
    name_groups(work, &data, &model, names);
    describe(work, &data, &model, names, stability);
    write_parameters(work, &data, among, &model, names);
    write_scheme(work, k, names, natural);
    write_report(work, &data, &model, names, stability, natural, has_judged ? &judged : NULL);
    return STATUS_OK;
}

/* ---- scoring ---- */

static void read_saved_columns(struct model_work *work, struct cluster_data *out)
{
    json_t *columns = json_object_get(work->saved, "columns"), *item;
    size_t i;
    json_array_foreach(columns, i, item)
    {
        if (i == COLUMNS)
            break;
        out->column[out->columns++] = (struct cluster_column){
            .name = json_string_value(json_object_get(item, "name")),
            .text = json_string_value(json_object_get(item, "text")),
            .log = json_is_true(json_object_get(item, "log")),
            .low = json_number_value(json_object_get(item, "low")),
            .high = json_number_value(json_object_get(item, "high")),
            .center = json_number_value(json_object_get(item, "center")),
            .scale = json_number_value(json_object_get(item, "scale")),
            .fill = json_number_value(json_object_get(item, "fill")),
        };
    }
}

enum status engine_cluster_score(struct model_work *work, struct error *error)
{
    struct cluster_data data = {0};
    struct model_kmeans model;
    struct text text;
    TRY(model_saved_part(work, "kmeans", &text, error));
    TRY(model_kmeans_read(text, work->arena, &model, error));
    read_saved_columns(work, &data);
    const char *among = model_saved_text(work, "among");
    population_free(work->population);
    work->population = NULL;
    TRY(load(work, among, &data, error));
    apply_preparation(work, &data);
    struct model_score *group = model_score_add(work, "group", VALUE_TEXT, 0);
    json_t *names = json_object_get(work->saved, "names");
    const char **labels = ARENA_ARRAY(work->arena, const char *, json_array_size(names) + 1);
    for (size_t g = 0; g < json_array_size(names); g++)
        labels[g] = arena_strdup(work->arena, json_string_value(json_array_get(names, g)));
    group->labels = labels;
    group->label_count = (uint32_t)json_array_size(names);
    for (size_t i = 0; i < data.rows; i++)
        group->label[i] = model_kmeans_assign(&model, data.data + i * (size_t)data.columns, NULL);
    return STATUS_OK;
}
