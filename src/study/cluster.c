/*
 * Natural groups in a store: values of the segment language, brought to one scale, grouped by one
 * of six methods. How many groups is a question of its own, and whether there are any: the
 * customers are held against data without groups, and when those do as well, the groups are called
 * what they are, convenient cuts.
 */
#include "study/cluster.h"

#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of customers looked at where the time grows with their square, or with draws of them. */
enum {
    JUDGED = 1200,             /* for silhouette and the rest, by number of groups */
    TESTED = 1000,             /* for whether there are groups at all */
    GAP_DRAWS = 12,            /* data without groups to hold the gap statistic against */
    STABLE_ROWS = 1300,        /* in each bootstrap draw */
    STABLE_ROWS_QUICK = 10000, /* the same, of methods whose time grows with the rows alone */
    STABLE_POOL = 50000,       /* customers that draws are made of */
    MIXTURE_STARTS = 10,
    TESTED_GROUPS = 4, /* groups that the test for structure looks for at least */
    ROWS_LEAST = 10,   /* fewer customers are not divided */
    SAMPLE_STREAM = 7, /* of the seed's random numbers, which others must not share */
    SMALLEST_LEAST = 5 /* customers; HDBSCAN's smallest group without --smallest */
};
static const double smallest_share = .02; /* the same, of all customers: a fiftieth */

/* What the options ask for. */
struct cluster_wish {
    enum model_cluster_method method;
    int groups, largest; /* groups 0: as many as the data say */
    int draws;           /* for stability */
    double smallest;     /* HDBSCAN; 0: a fiftieth of the customers */
    double gamma;
    uint64_t seed;
};

/* ---- options ---- */

static void read_scaling(const struct work *work, struct model_scaling_options *out)
{
    static const int logs[] = {-1, 1, 0}; /* auto, yes, no */
    enum { DEVIATION };
    *out = (struct model_scaling_options){.log = logs[work_pick(work, "log")],
                                          .scaled = work_pick(work, "scale") == DEVIATION,
                                          .winsor = work_number(work, "winsor")};
}

static enum status read_wish(struct work *work, struct cluster_wish *out, struct error *error)
{
    int largest = (int)work_number(work, "most-groups");
    out->method = (enum model_cluster_method)work_pick(work, "method");
    out->groups = (int)work_number(work, "groups");
    out->largest = largest > out->groups ? largest : out->groups;
    out->draws = (int)work_number(work, "stability");
    out->smallest = work_number(work, "smallest");
    out->gamma = work_number(work, "gamma");
    out->seed = (uint64_t)work_number(work, "seed");
    if (out->method == MODEL_CLUSTER_HDBSCAN && out->groups)
        return error_set(error, STATUS_USAGE,
                         "hdbscan finds the number of groups itself; --smallest says how small a "
                         "group may be");
    return STATUS_OK;
}

/* Without --method, categories among the values ask for a method that takes them. */
static void fit_method_to_values(const struct work *work, const struct cluster_data *data,
                                 struct cluster_wish *wish)
{
    int texts = 0, used = 0;
    for (int c = 0; c < data->columns; c++) {
        used += data->column[c].used;
        texts += data->column[c].used && data->values[c].type == VALUE_TEXT;
    }
    if (!work_option(work, "method") && texts)
        wish->method = texts == used ? MODEL_CLUSTER_KMODES : MODEL_CLUSTER_KPROTOTYPES;
}

/* ---- looking at a sample ---- */

/* Even rows of the data, and which they are. */
static struct model_prototypes_data sample_rows(struct work *work,
                                                const struct model_prototypes_data *data,
                                                size_t most, uint64_t seed, uint32_t **which)
{
    size_t columns = (size_t)data->columns, categories = (size_t)data->categories;
    size_t rows = data->rows < most ? data->rows : most;
    struct stats_random random;
    stats_random_init(&random, seed, SAMPLE_STREAM);
    double *number = ARENA_ARRAY(work->arena, double, rows *columns + 1);
    uint32_t *code = ARENA_ARRAY(work->arena, uint32_t, rows * categories + 1);
    *which = ARENA_ARRAY(work->arena, uint32_t, rows);

    /* One of each of as many equal stretches, so that no part of the customers is missed. */
    for (size_t i = 0; i < rows; i++) {
        size_t from = i * data->rows / rows, to = (i + 1) * data->rows / rows;
        size_t row = from + stats_random_below(&random, to - from);
        (*which)[i] = (uint32_t)row;
        if (columns)
            memcpy(number + i * columns, data->number + row * columns, sizeof *number * columns);
        if (categories)
            memcpy(code + i * categories, data->code + row * categories, sizeof *code * categories);
    }
    return (struct model_prototypes_data){rows,   data->columns, data->categories,
                                          number, code,          data->levels};
}

static struct model_clustering_way way_of(const struct cluster_data *data,
                                          const struct cluster_wish *wish)
{
    const struct model_prototypes_data *prepared = &data->prepared;
    return (struct model_clustering_way){
        .options = {.method = wish->method, .gamma = wish->gamma, .least = (int)wish->smallest},
        .layout = {prepared->columns, prepared->categories, prepared->levels},
        .rows = prepared->rows};
}

static int compare_rows(const void *a, const void *b, void *columns)
{
    return memcmp(a, b, sizeof(double) * *(const size_t *)columns);
}

static size_t count_different(const struct model_matrix *matrix)
{
    size_t columns = (size_t)matrix->columns, different = 1, bytes = sizeof(double) * columns;
    char *copy = base_malloc(bytes * matrix->rows);

    memcpy(copy, matrix->data, bytes * matrix->rows);
    qsort_r(copy, matrix->rows, bytes, compare_rows, &columns);
    for (size_t i = 1; i < matrix->rows; i++)
        different += memcmp(copy + (i - 1) * bytes, copy + i * bytes, bytes) != 0;
    free(copy);
    return different;
}

static int best_of(const double *values, int largest, double sign)
{
    int best = 0;
    for (int k = 1; k <= largest; k++)
        if (!isnan(values[k]) && (!best || sign * values[k] > sign * values[best]))
            best = k;
    return best ? best : 1;
}

/* Quality by number of groups. A number that the method cannot make ends the list. */
static enum status judge(struct work *work, const struct cluster_data *data,
                         const struct cluster_wish *wish, struct cluster_judged *out,
                         struct error *error)
{
    uint32_t *which;
    struct pool *pool = session_pool(work->session);
    struct model_prototypes_data sample =
        sample_rows(work, &data->prepared, JUDGED, wish->seed, &which);
    struct model_matrix matrix = model_clustering_embed(&sample, wish->gamma, work->arena);
    struct model_clustering_way way = way_of(data, wish);
    struct error ignored = {0};
    size_t most = count_different(&matrix);
    uint32_t *label = ARENA_ARRAY(work->arena, uint32_t, matrix.rows);

    /* More groups than different rows cannot be made. */
    out->rows = matrix.rows;
    for (int k = 1; k <= wish->largest && (size_t)k <= most; k++) {
        TRY(pool_check(pool, error));
        if (k > 1 &&
            model_clustering_regroup(&matrix, k, wish->seed, &way, label, &ignored) != STATUS_OK) {
            error_clear(&ignored);
            break;
        }

        out->largest = k;
        out->silhouette[k] =
            k > 1 ? model_silhouette(&matrix, label, k, 0, wish->seed, pool, NULL) : NAN;
        out->calinski[k] = k > 1 ? model_calinski_harabasz(&matrix, label, k) : NAN;
        out->davies[k] = k > 1 ? model_davies_bouldin(&matrix, label, k) : NAN;
        out->bic[k] = model_grouping_bic(&matrix, &way.layout, label, k);

        /* A mixture has a likelihood of its own; for the others BIC takes one variance for all
         * groups. */
        struct model_mixture mixture;
        struct model_mixture_options options = {
            .k = k, .starts = MIXTURE_STARTS, .seed = wish->seed};
        if (wish->method == MODEL_CLUSTER_MIXTURE) {
            TRY(model_mixture_fit(&matrix, &options, pool, work->arena, &mixture, error));
            out->bic[k] = mixture.bic;
        }
    }

    out->by_silhouette = best_of(out->silhouette, out->largest, 1);
    out->by_bic = best_of(out->bic, out->largest, -1);
    if (model_gap_statistic(&matrix, &way.layout, out->largest, GAP_DRAWS, 1, wish->seed,
                            model_clustering_regroup, &way, pool, work->arena, &out->gap,
                            &ignored) != STATUS_OK) {
        error_clear(&ignored); /* a draw that the method cannot divide: there is no gap to show */
        out->gap = (struct model_gap){0};
    }

    return STATUS_OK;
}

/* Are there groups at all? */
static enum status test_structure(struct work *work, const struct cluster_data *data,
                                  const struct cluster_wish *wish, struct model_structure *out,
                                  struct error *error)
{
    uint32_t *which;
    struct model_prototypes_data sample =
        sample_rows(work, &data->prepared, TESTED, wish->seed + 1, &which);
    struct model_matrix matrix = model_clustering_embed(&sample, wish->gamma, work->arena);
    struct model_clustering_way way = way_of(data, wish);
    struct model_structure_options options = {
        .largest = wish->largest > TESTED_GROUPS ? wish->largest : TESTED_GROUPS,
        .seed = wish->seed,
        .layout = &way.layout};
    if (wish->method == MODEL_CLUSTER_HDBSCAN)
        options.least = (int)fmax(2, wish->smallest * (double)matrix.rows / (double)data->rows);
    return model_structure_test(&matrix, &options, session_pool(work->session), work->arena, out,
                                error);
}

/* ---- how many ---- */

/* As the data say: a mixture by its BIC, else where the gain over data without groups breaks off;
 * without natural groups where the silhouette is best. */
static int number_of_groups(const struct cluster_wish *wish, const struct cluster_judged *judged)
{
    int k = wish->groups;

    if (k == 0 && wish->method == MODEL_CLUSTER_MIXTURE && judged->structure.natural)
        k = judged->by_bic;
    if (k == 0 && judged->structure.natural)
        k = judged->structure.groups;
    if (k < 2 && wish->groups == 0)
        k = judged->by_silhouette;
    return k <= judged->largest || wish->groups ? k : judged->largest;
}

static void say_structure(struct work *work, const struct model_structure *structure)
{
    if (!structure->natural)
        work_note(work,
                  "No natural groups: these are convenient cuts. Data without any structure would "
                  "be divided as well as "
                  "these customers are (%d draws of uniform, normal and single-peaked data, %zu "
                  "customers looked at).",
                  structure->draws, structure->rows);
}

/* ---- stability ---- */

static enum status find_stability(struct work *work, const struct cluster_data *data,
                                  const struct cluster_wish *wish, struct cluster_found *found,
                                  struct error *error)
{
    uint32_t *which;
    int k = found->model.k;

    if (wish->draws < 1 || k < 2)
        return STATUS_OK;
    struct model_prototypes_data sample =
        sample_rows(work, &data->prepared, STABLE_POOL, wish->seed, &which);
    struct model_matrix matrix = model_clustering_embed(&sample, wish->gamma, work->arena);
    struct model_clustering_way way = way_of(data, wish);
    uint32_t *label = ARENA_ARRAY(work->arena, uint32_t, matrix.rows);
    for (size_t i = 0; i < matrix.rows; i++)
        label[i] = found->model.label[which[i]];
    struct error trouble = {0};

    /* Methods whose time grows with the rows alone see more of them in each draw. */
    bool quick = wish->method == MODEL_CLUSTER_KMEANS || wish->method == MODEL_CLUSTER_KMODES;
    found->has_stability =
        model_stability(&matrix, k, label, wish->draws, quick ? STABLE_ROWS_QUICK : STABLE_ROWS,
                        wish->seed, model_clustering_regroup, &way, session_pool(work->session),
                        found->stability, found->stability_error, &trouble) == STATUS_OK;
    if (!found->has_stability)
        work_note(work, "The groups' stability could not be found: %s.", trouble.message);
    error_clear(&trouble);
    found->draws = wish->draws;
    (void)error;
    return STATUS_OK;
}

/* ---- fitting ---- */

/* Enough customers who differ in something. */
static enum status check_data(const struct cluster_data *data, struct error *error)
{
    if (data->rows < ROWS_LEAST)
        return error_set(error, STATUS_ERROR,
                         "%zu customers are too few to look for groups: at least %d are needed",
                         data->rows, ROWS_LEAST);
    if (data->prepared.columns + data->prepared.categories == 0)
        return error_set(error, STATUS_ERROR,
                         "all %zu customers are the same in everything they could be grouped by",
                         data->rows);
    return STATUS_OK;
}

static enum status make_groups(struct work *work, const struct cluster_data *data,
                               const struct cluster_wish *wish, struct cluster_found *found,
                               struct error *error)
{
    struct model_clustering_options options = {.method = wish->method,
                                               .k = number_of_groups(wish, &found->judged),
                                               .gamma = wish->gamma,
                                               .least = (int)wish->smallest,
                                               .seed = wish->seed};
    if (options.k > found->judged.largest && wish->method != MODEL_CLUSTER_HDBSCAN)
        return error_set(error, STATUS_ERROR,
                         "%s cannot make %d groups of these customers: %d is the most, by %zu who "
                         "were looked at",
                         model_cluster_method_title(wish->method), options.k, found->judged.largest,
                         found->judged.rows);

    TRY(model_clustering_fit(&data->prepared, &options, session_pool(work->session), work->arena,
                             &found->model, error));
    if (found->model.k > CLUSTER_GROUPS)
        return error_set(
            error, STATUS_ERROR,
            "there are %d dense regions of at least %.0f customers, more than %d groups: "
            "a larger --smallest finds the larger ones",
            found->model.k, wish->smallest, CLUSTER_GROUPS);
    return STATUS_OK;
}

/* HDBSCAN has no table by number of groups; what it found is judged where it is dense. */
static enum status look(struct work *work, const struct cluster_data *data,
                        const struct cluster_wish *wish, struct cluster_found *found,
                        struct error *error)
{
    TRY(test_structure(work, data, wish, &found->judged.structure, error));
    found->judged_any = wish->method != MODEL_CLUSTER_HDBSCAN;
    return found->judged_any ? judge(work, data, wish, &found->judged, error) : STATUS_OK;
}

/* The model of that name that is being replaced, if it told groups. */
static const struct study_model *model_before(struct work *work)
{
    struct study_model *before = ARENA_NEW(work->arena, struct study_model);
    struct error ignored = {0};
    bool found =
        study_find(work->session, work->model->name, work->arena, before, &ignored) == STATUS_OK;
    error_clear(&ignored);
    return found && before->scored && strcmp(before->type, work->model->type) == 0 ? before : NULL;
}

static enum status load_and_prepare(struct work *work, const char *among,
                                    const struct study_model *before, struct cluster_wish *wish,
                                    struct cluster_data *data, struct error *error)
{
    const char *told = before ? arena_printf(work->arena, "%s.group", before->name) : NULL;

    /* The groups of before are read as one more value: told traits, as of that fit. What was told
     * since is of customers who have moved on. */
    data->told_at = before ? before->moment : 0;
    TRY(cluster_ask(work, among, told, data, error));
    TRY(work_load(work, &work->needs, error));
    TRY(cluster_rows(work, data, error));

    fit_method_to_values(work, data, wish);
    TRY(cluster_learn(work, wish->method, data, error));
    cluster_prepare(work, data);
    if (!(wish->gamma > 0))
        wish->gamma = model_prototypes_gamma(&data->prepared);
    if (!(wish->smallest > 0))
        wish->smallest = fmax(SMALLEST_LEAST, floor((double)data->rows * smallest_share));
    return check_data(data, error);
}

enum status study_cluster_fit(struct work *work, struct error *error)
{
    struct cluster_data *data = ARENA_NEW(work->arena, struct cluster_data);
    struct cluster_found *found = ARENA_NEW(work->arena, struct cluster_found);
    struct cluster_wish wish;
    const char *among;
    const struct study_model *before = model_before(work);

    TRY(read_wish(work, &wish, error));
    read_scaling(work, &data->scaling);
    TRY(cluster_read_columns(work, data, &among, error));
    TRY(load_and_prepare(work, among, before, &wish, data, error));

    /* How many groups, and whether there are any, is settled on samples before anything is fitted
     * to everyone. */
    TRY(look(work, data, &wish, found, error));
    TRY(make_groups(work, data, &wish, found, error));
    if (found->model.k == 0) {
        work_refuse(
            work,
            "No natural groups: nowhere do %.0f customers or more lie denser than around them; "
            "--method kmeans makes convenient cuts",
            wish.smallest);
        return STATUS_OK;
    }

    say_structure(work, &found->judged.structure);
    TRY(find_stability(work, data, &wish, found, error));

    /* Names come from what sets groups apart now; a refit then gives back those of before. */
    cluster_describe(work, data, found);
    if (before)
        cluster_follow(work, data, before, found);
    cluster_write(work, data, among, found);
    return STATUS_OK;
}

/* ---- scoring ---- */

static void read_column(struct work *work, json_t *item, struct cluster_column *out)
{
    json_t *levels = json_object_get(item, "levels"), *level;
    size_t i;
    *out = (struct cluster_column){.name = json_string_value(json_object_get(item, "name")),
                                   .text = json_string_value(json_object_get(item, "text")),
                                   .constant = json_is_true(json_object_get(item, "constant")),
                                   .used = true,
                                   .category = json_is_array(levels)};
    out->scaling =
        (struct model_scaling){.log = json_is_true(json_object_get(item, "log")),
                               .unit = json_number_value(json_object_get(item, "unit")),
                               .low = json_number_value(json_object_get(item, "low")),
                               .high = json_number_value(json_object_get(item, "high")),
                               .center = json_number_value(json_object_get(item, "center")),
                               .scale = json_number_value(json_object_get(item, "scale")),
                               .fill = json_number_value(json_object_get(item, "fill"))};
    out->level = ARENA_ARRAY(work->arena, const char *, json_array_size(levels) + 2);
    out->levels = (uint32_t)json_array_size(levels) + 2;
    json_array_foreach(levels, i, level) out->level[i + 1] = json_string_value(level);
}

static enum status read_saved(struct work *work, struct cluster_data *data,
                              struct model_clustering *model, struct error *error)
{
    struct text rule;
    enum model_cluster_method method = MODEL_CLUSTER_KMEANS;
    const char *name = work_saved_text(work, "method");
    json_t *columns = json_object_get(work->saved, "columns"), *item;
    size_t i;
    TRY(work_saved_part(work, "rule", &rule, error));
    for (int m = 0; m < MODEL_CLUSTER_METHODS; m++)
        if (name && strcmp(name, model_cluster_method_name((enum model_cluster_method)m)) == 0)
            method = (enum model_cluster_method)m;
    json_array_foreach(columns, i, item)
    {
        if (i < CLUSTER_USED)
            read_column(work, item, &data->column[data->columns++]);
    }
    return model_clustering_read(method, rule, work->arena, model, error);
}

/* Between asking and scoring. */
struct cluster_asked {
    struct cluster_data data;
    struct model_clustering model;
};

enum status study_cluster_ask(struct work *work, struct error *error)
{
    struct cluster_asked *asked = ARENA_NEW(work->arena, struct cluster_asked);
    work->asked = asked;
    TRY(read_saved(work, &asked->data, &asked->model, error));
    return cluster_ask(work, work_saved_text(work, "among"), NULL, &asked->data, error);
}

enum status study_cluster_score(struct work *work, struct error *error)
{
    struct cluster_asked *asked = work->asked;
    struct cluster_data *data = &asked->data;
    TRY(cluster_rows(work, data, error));
    cluster_match_levels(work, data);
    cluster_prepare(work, data);

    /* A rule that gives more groups than there are names would read past them. */
    struct score *group = work_score_add(work, "group", VALUE_TEXT, 0);
    json_t *names = json_object_get(work->saved, "names");
    const char **labels = ARENA_ARRAY(work->arena, const char *, json_array_size(names) + 1);
    for (size_t g = 0; g < json_array_size(names); g++)
        labels[g] = arena_strdup(work->arena, json_string_value(json_array_get(names, g)));
    group->labels = labels;
    group->label_count = (uint32_t)json_array_size(names);
    if ((int)group->label_count < asked->model.k)
        return error_set(error, STATUS_ERROR,
                         "the saved model %s has fewer names than groups: fit it again",
                         work->model->name);
    model_clustering_assign(&asked->model, data->rows, data->prepared.number, data->prepared.code,
                            session_pool(work->session), group->label);
    return STATUS_OK;
}
