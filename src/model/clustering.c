/*
 * All ways of grouping behind one face. A method may look at a sample only, or find
 * groups that have no rule of their own; what is kept is always a rule for one row (the
 * nearest centre, the likeliest component, the density of a region), and every row's
 * group comes from that rule, so that a customer who comes later is treated as those
 * who were there.
 */
#include "model/clustering.h"

#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[][2] = {
    {"kmeans", "k-means"},           {"mixture", "Gaussian mixture"}, {"kmodes", "k-modes"},
    {"kprototypes", "k-prototypes"}, {"ward", "Ward's tree"},         {"hdbscan", "HDBSCAN"},
};

const char *model_cluster_method_name(enum model_cluster_method method)
{
    return names[method][0];
}

const char *model_cluster_method_title(enum model_cluster_method method)
{
    return names[method][1];
}

/* Every so-manieth row, so that none is taken twice. */
static struct model_matrix thin_out(const struct model_matrix *matrix, size_t most,
                                    struct arena *arena)
{
    size_t columns = (size_t)matrix->columns;
    if (matrix->rows <= most)
        return *matrix;
    double *data = ARENA_ARRAY(arena, double, most *columns);
    for (size_t i = 0; i < most; i++)
        memcpy(data + i * columns, matrix->data + i * matrix->rows / most * columns,
               sizeof *data * columns);
    return (struct model_matrix){most, matrix->columns, data};
}

/* Centres of groups as a k-means that was found another way. */
static struct model_kmeans centres_of(const struct model_matrix *matrix, const uint32_t *label,
                                      int k, struct arena *arena)
{
    size_t d = (size_t)matrix->columns;
    struct model_kmeans out = {.k = k,
                               .columns = matrix->columns,
                               .centre = ARENA_ARRAY(arena, double, (size_t)k *d),
                               .size = ARENA_ARRAY(arena, double, k),
                               .converged = true};
    for (size_t i = 0; i < matrix->rows; i++) {
        out.size[label[i]]++;
        for (size_t j = 0; j < d; j++)
            out.centre[label[i] * d + j] += matrix->data[i * d + j];
    }

    /* A group that lost all its rows to others has a centre at 0, not at 0/0. */
    for (size_t c = 0; c < (size_t)k; c++)
        for (size_t j = 0; j < d; j++)
            out.centre[c * d + j] /= fmax(out.size[c], 1);
    return out;
}

static enum status fit_ward(const struct model_matrix *all, int k, struct arena *arena,
                            struct model_clustering *out, uint32_t **own, struct error *error)
{
    struct model_matrix matrix = thin_out(all, MODEL_CLUSTERING_ROWS, arena);
    struct model_ward tree;
    TRY(model_cluster_check(&matrix, k, error));
    TRY(model_ward_fit(&matrix, arena, &tree, error));

    *own = ARENA_ARRAY(arena, uint32_t, matrix.rows);
    model_ward_cut(&tree, k, arena, *own);
    out->seen = matrix.rows;
    out->centres = centres_of(&matrix, *own, k, arena);

    /* Only the last merges are kept: they are what a reader looks at to choose the
     * number of groups. */
    for (size_t m = matrix.rows - 1, i = MODEL_CLUSTERING_HEIGHTS; m-- > 0 && i-- > 0;)
        out->height[i] = tree.height[m];
    out->heights = matrix.rows > MODEL_CLUSTERING_HEIGHTS ? MODEL_CLUSTERING_HEIGHTS : 0;
    return STATUS_OK;
}

static enum status fit_hdbscan(const struct model_matrix *all, int least, struct pool *pool,
                               struct arena *arena, struct model_clustering *out, uint32_t **own,
                               struct error *error)
{
    struct model_matrix matrix = thin_out(all, MODEL_CLUSTERING_ROWS, arena);
    struct model_hdbscan found;
    double part =
        (double)matrix.rows / (double)all->rows; /* a group is as much smaller in a sample */
    struct model_hdbscan_options options = {.least = (int)fmax(2, least * part)};
    TRY(model_hdbscan_fit(&matrix, &options, pool, arena, &found, error));
    *own = found.label;
    out->seen = matrix.rows;
    out->k = found.k;
    model_density_rule_new(&matrix, &found, arena, &out->density);
    return STATUS_OK;
}

/* The share of the rows a method looked at that keep their group under the rule. */
static double agreement_of(const uint32_t *label, size_t rows, const uint32_t *own, size_t seen)
{
    size_t same = 0;
    for (size_t i = 0; i < seen; i++)
        /* The rows that thin_out took, found again. */
        same += label[seen < rows ? i * rows / seen : i] == own[i];
    return (double)same / (double)seen;
}

static enum status fit(const struct model_prototypes_data *data,
                       const struct model_clustering_options *options, struct pool *pool,
                       struct arena *arena, struct model_clustering *out, uint32_t **own,
                       struct error *error)
{
    struct model_matrix matrix = {data->rows, data->columns, data->number};
    struct model_kmeans_options centres = {
        .k = options->k, .starts = options->starts, .seed = options->seed};
    struct model_mixture_options shapes = {
        .k = options->k, .starts = options->starts, .seed = options->seed};
    switch (options->method) {
    case MODEL_CLUSTER_KMEANS:
        return model_kmeans_fit(&matrix, &centres, pool, arena, &out->centres, error);
    case MODEL_CLUSTER_MIXTURE:
        return model_mixture_fit(&matrix, &shapes, pool, arena, &out->mixture, error);
    case MODEL_CLUSTER_WARD: return fit_ward(&matrix, options->k, arena, out, own, error);
    case MODEL_CLUSTER_HDBSCAN:
        return fit_hdbscan(&matrix, options->least, pool, arena, out, own, error);
    default:
        return model_prototypes_fit(data, options->k, options->gamma, options->starts,
                                    options->seed, pool, arena, &out->prototypes, error);
    }
}

enum status model_clustering_fit(const struct model_prototypes_data *data,
                                 const struct model_clustering_options *options, struct pool *pool,
                                 struct arena *arena, struct model_clustering *out,
                                 struct error *error)
{
    uint32_t *own = NULL;
    *out = (struct model_clustering){
        .method = options->method, .k = options->k, .seen = data->rows, .agreement = 1};
    TRY(fit(data, options, pool, arena, out, &own, error));
    out->label = ARENA_ARRAY(arena, uint32_t, data->rows);
    out->size = ARENA_ARRAY(arena, double, out->k + 1);
    model_clustering_assign(out, data->rows, data->number, data->code, pool, out->label);
    for (size_t i = 0; i < data->rows; i++)
        if (out->label[i] != MODEL_NOISE)
            out->size[out->label[i]]++;
    if (own)
        out->agreement = agreement_of(out->label, data->rows, own, out->seen);
    return STATUS_OK;
}

/* ---- the rule ---- */

enum { ROWS_A_TASK = 4096 };

struct assigning {
    const struct model_clustering *model;
    size_t rows;
    const double *number;
    const uint32_t *code;
    uint32_t *label;
};

static uint32_t likeliest(const struct model_mixture *mixture, const double *row)
{
    double scratch[MODEL_MIXTURE_COLUMNS_MAX], chance[MODEL_CLUSTER_GROUPS_MAX];
    uint32_t best = 0;
    model_mixture_score(mixture, row, scratch, chance);
    for (uint32_t c = 1; c < (uint32_t)mixture->k; c++)
        best = chance[c] > chance[best] ? c : best;
    return best;
}

static uint32_t assign_row(const struct model_clustering *model, const double *number,
                           const uint32_t *code)
{
    switch (model->method) {
    case MODEL_CLUSTER_KMEANS:
    case MODEL_CLUSTER_WARD: return model_kmeans_assign(&model->centres, number, NULL);
    case MODEL_CLUSTER_MIXTURE: return likeliest(&model->mixture, number);
    case MODEL_CLUSTER_HDBSCAN: return model_density_rule_assign(&model->density, number);
    default: return model_prototypes_assign(&model->prototypes, number, code);
    }
}

/* How many numbers a row of the model has. */
static int columns_of(const struct model_clustering *model)
{
    switch (model->method) {
    case MODEL_CLUSTER_KMEANS:
    case MODEL_CLUSTER_WARD: return model->centres.columns;
    case MODEL_CLUSTER_MIXTURE: return model->mixture.columns;
    case MODEL_CLUSTER_HDBSCAN: return model->density.kept.columns;
    default: return model->prototypes.columns;
    }
}

static void assign_task(void *context, size_t task, int worker)
{
    struct assigning *a = context;
    const struct model_clustering *model = a->model;
    bool mixed =
        model->method == MODEL_CLUSTER_KMODES || model->method == MODEL_CLUSTER_KPROTOTYPES;
    size_t columns = (size_t)columns_of(model),
           categories = mixed ? (size_t)model->prototypes.categories : 0;
    (void)worker;
    for (size_t i = task * ROWS_A_TASK; i < a->rows && i < (task + 1) * ROWS_A_TASK; i++)
        a->label[i] = assign_row(model, columns ? a->number + i * columns : NULL,
                                 categories ? a->code + i * categories : NULL);
}

void model_clustering_assign(const struct model_clustering *model, size_t rows,
                             const double *number, const uint32_t *code, struct pool *pool,
                             uint32_t *label)
{
    struct assigning assigning = {model, rows, number, code, label};
    if (model->k > 0)
        pool_run(pool, (rows + ROWS_A_TASK - 1) / ROWS_A_TASK, assign_task, &assigning);
    for (size_t i = 0; model->k == 0 && i < rows; i++)
        label[i] = MODEL_NOISE;
}

void model_clustering_write(const struct model_clustering *model, struct json *json)
{
    switch (model->method) {
    case MODEL_CLUSTER_KMEANS:
    case MODEL_CLUSTER_WARD: model_kmeans_write(&model->centres, json); break;
    case MODEL_CLUSTER_MIXTURE: model_mixture_write(&model->mixture, json); break;
    case MODEL_CLUSTER_HDBSCAN: model_density_rule_write(&model->density, json); break;
    default: model_prototypes_write(&model->prototypes, json);
    }
}

enum status model_clustering_read(enum model_cluster_method method, struct text text,
                                  struct arena *arena, struct model_clustering *out,
                                  struct error *error)
{
    *out = (struct model_clustering){.method = method};
    switch (method) {
    case MODEL_CLUSTER_KMEANS:
    case MODEL_CLUSTER_WARD:
        TRY(model_kmeans_read(text, arena, &out->centres, error));
        out->k = out->centres.k;
        return STATUS_OK;
    case MODEL_CLUSTER_MIXTURE:
        TRY(model_mixture_read(text, arena, &out->mixture, error));
        out->k = out->mixture.k;
        return STATUS_OK;
    case MODEL_CLUSTER_HDBSCAN:
        TRY(model_density_rule_read(text, arena, &out->density, error));
        out->k = out->density.k;
        return STATUS_OK;
    default:
        TRY(model_prototypes_read(text, arena, &out->prototypes, error));
        out->k = out->prototypes.k;
        return STATUS_OK;
    }
}

/* ---- one kind of matrix for all data ---- */

struct model_matrix model_clustering_embed(const struct model_prototypes_data *data, double gamma,
                                           struct arena *arena)
{
    size_t numbers = (size_t)data->columns, categories = (size_t)data->categories,
           columns = numbers;

    /* Two codes that differ do so in two columns: each counts for half of gamma. */
    double differs = sqrt(gamma / 2);
    for (size_t c = 0; c < categories; c++)
        columns += data->levels[c];
    double *out = ARENA_ARRAY(arena, double, data->rows *columns);
    for (size_t i = 0; i < data->rows; i++) {
        double *row = out + i * columns;
        if (numbers)
            memcpy(row, data->number + i * numbers, sizeof *row * numbers);
        row += numbers;
        for (size_t c = 0; c < categories; row += data->levels[c++])
            row[data->code[i * categories + c]] = differs;
    }
    return (struct model_matrix){data->rows, (int)columns, out};
}

/* The way back. */
static struct model_prototypes_data take_apart(const struct model_matrix *matrix,
                                               const struct model_layout *layout,
                                               struct arena *arena)
{
    size_t numbers = (size_t)layout->numbers, categories = (size_t)layout->categories;
    double *number = ARENA_ARRAY(arena, double, matrix->rows *numbers);
    uint32_t *code = ARENA_ARRAY(arena, uint32_t, matrix->rows * categories);
    for (size_t i = 0; i < matrix->rows; i++) {
        const double *row = matrix->data + i * (size_t)matrix->columns;
        if (numbers)
            memcpy(number + i * numbers, row, sizeof *number * numbers);
        row += numbers;

        /* The first level is that of rows without a mark at another one. */
        for (size_t c = 0; c < categories; row += layout->levels[c++])
            for (uint32_t l = 1; l < layout->levels[c]; l++)
                if (row[l] > 0)
                    code[i * categories + c] = l;
    }
    return (struct model_prototypes_data){matrix->rows, layout->numbers, layout->categories, number,
                                          code,         layout->levels};
}

/* The groups that the method itself gave the rows it looked at. */
static const uint32_t *labels_of(const struct model_clustering *model, const uint32_t *own)
{
    if (own)
        return own;
    if (model->method == MODEL_CLUSTER_KMEANS)
        return model->centres.label;
    return model->method == MODEL_CLUSTER_MIXTURE ? model->mixture.label : model->prototypes.label;
}

enum status model_clustering_regroup(const struct model_matrix *matrix, int k, uint64_t seed,
                                     void *context, uint32_t *label, struct error *error)
{
    const struct model_clustering_way *way = context;
    struct model_clustering_options options = way->options;
    struct model_clustering model = {.method = options.method};
    struct arena arena;
    uint32_t *own = NULL;

    arena_init(&arena, 0);
    options.k = k;
    options.seed = seed;
    if (options.method == MODEL_CLUSTER_MIXTURE) /* it is run hundreds of times */
        options.starts = 2;

    /* The least size is of the whole; a draw of half the rows has groups of half the size. */
    if (way->rows)
        options.least = (int)fmax(2, options.least * ((double)matrix->rows / (double)way->rows));
    struct model_prototypes_data data = take_apart(matrix, &way->layout, &arena);
    enum status status = fit(&data, &options, NULL, &arena, &model, &own, error);
    if (status == STATUS_OK)
        memcpy(label, labels_of(&model, own), sizeof *label * matrix->rows);

    arena_release(&arena);
    return status;
}
