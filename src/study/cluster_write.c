/* What a clustering leaves behind: figures for `strata model show`, parameters for scoring,
 * sections of the report. */
#include "study/cluster.h"

#include <math.h>
#include <string.h>

/* ---- figures ---- */

static void describe_column(struct work *work, const struct cluster_column *column)
{
    const struct model_scaling *scaling = &column->scaling;
    const char *unknown = column->unknown
                              ? arena_printf(work->arena, "; unknown for %s customers",
                                             work_thousands(work, (double)column->unknown))
                              : "";
    if (column->constant)
        work_figure(work, "data", column->name, NAN, "%s: the same for all, left out",
                    column->text);
    else if (column->category)
        work_figure(work, "data", column->name, NAN, "%s: a category of %u values%s", column->text,
                    column->levels - 2, unknown);
    else
        work_figure(
            work, "data", column->name, NAN, "%s%s, kept within %.4g and %.4g%s%s", column->text,
            scaling->log ? ", in logarithms" : "", scaling->low, scaling->high, unknown,
            column->unknown ? arena_printf(work->arena, ", set to the median %.4g", scaling->fill)
                            : "");
}

static void describe_method(struct work *work, const struct cluster_data *data,
                            const struct model_clustering *model)
{
    work_figure(work, "parameters", "method", NAN, "%s", model_cluster_method_title(model->method));
    work_figure(work, "parameters", "groups", model->k, "%d", model->k);

    /* What only some methods have. */
    if (data->prepared.categories && data->prepared.columns)
        work_figure(work, "parameters", "weight of a category", model->prototypes.gamma, "%.4g",
                    model->prototypes.gamma);
    if (model->seen < data->rows)
        work_figure(work, "parameters", "customers the method looked at", (double)model->seen,
                    "%s, an even sample; the rule gives the others a group",
                    work_thousands(work, (double)model->seen));
    if (model->method == MODEL_CLUSTER_KMEANS)
        work_figure(work, "quality", "sum of squares within groups", model->centres.inertia, "%.7g",
                    model->centres.inertia);
    if (model->method == MODEL_CLUSTER_KMODES || model->method == MODEL_CLUSTER_KPROTOTYPES)
        work_figure(work, "quality", "cost", model->prototypes.cost, "%.7g",
                    model->prototypes.cost);
    if (model->method == MODEL_CLUSTER_MIXTURE) {
        work_figure(work, "quality", "log-likelihood", model->mixture.log_likelihood, "%.4f",
                    model->mixture.log_likelihood);
        work_figure(work, "quality", "BIC", model->mixture.bic, "%.3f", model->mixture.bic);
        work_figure(work, "quality", "certainty (entropy)", model->mixture.entropy, "%.3f",
                    model->mixture.entropy);
    }

    /* Where the tree's last merges grow much higher, groups were made of what was apart. */
    for (int i = 0; i < model->heights; i++)
        work_figure(work, "quality",
                    arena_printf(work->arena, "height of the merge into %d", model->heights - i),
                    model->height[i], "%.5g", model->height[i]);
    if (model->agreement < 1)
        work_figure(work, "quality", "customers whom the rule leaves in the method's group",
                    model->agreement, "%.1f%%", 100 * model->agreement);
}

static const char *fixed(struct work *work, double value)
{
    return isnan(value) ? "-" : arena_printf(work->arena, "%.3f", value);
}

static const char *significant(struct work *work, double value)
{
    return isnan(value) ? "-" : arena_printf(work->arena, "%.7g", value);
}

static void describe_numbers(struct work *work, const struct cluster_found *found)
{
    const struct cluster_judged *judged = &found->judged;
    for (int k = 1; k <= judged->largest; k++) {
        const char *label = arena_printf(work->arena, "%d group%s%s", k, k == 1 ? "" : "s",
                                         k == found->model.k ? ", chosen" : "");
        work_figure(work, "how many", label, NAN,
                    "silhouette %s, Calinski-Harabasz %s, Davies-Bouldin %s, gap %s, BIC %s",
                    fixed(work, judged->silhouette[k]), significant(work, judged->calinski[k]),
                    fixed(work, judged->davies[k]),
                    fixed(work, k <= judged->gap.largest ? judged->gap.gap[k - 1] : NAN),
                    significant(work, judged->bic[k]));
    }
    work_figure(work, "how many", "looked at", (double)judged->rows,
                "%s customers; silhouette and gap higher, Davies-Bouldin and BIC lower is better",
                work_thousands(work, (double)judged->rows));
}

static void describe_structure(struct work *work, const struct cluster_found *found)
{
    const struct model_structure *structure = &found->judged.structure;
    work_figure(work, "how many", "natural groups", structure->p,
                "%s: p %.3f against %d draws without groups",
                structure->natural ? "yes" : "no, convenient cuts", structure->p, structure->draws);
    if (!found->judged_any)
        return;
    if (structure->natural)
        work_figure(work, "how many", "by the gain over draws without", structure->groups, "%d",
                    structure->groups);
    if (found->judged.gap.largest)
        work_figure(work, "how many", "by the gap statistic", found->judged.gap.best, "%d",
                    found->judged.gap.best);
    work_figure(work, "how many", "by the silhouette", found->judged.by_silhouette, "%d",
                found->judged.by_silhouette);
    work_figure(work, "how many", "by BIC", found->judged.by_bic, "%d", found->judged.by_bic);
    describe_numbers(work, found);
}

/* Hennig's bounds; a word only where the draws made leave no doubt on which side of them the group
 * is. */
static const char *stability_word(double mean, double error)
{
    const double dissolves = .6, stable = .85, sure = 2; /* standard errors of the mean */
    if (mean + sure * error < dissolves)
        return " (dissolves)";
    return mean - sure * error > stable ? " (stable)" : "";
}

static void describe_groups(struct work *work, const struct cluster_found *found)
{
    for (int g = 0; g < found->model.k; g++) {
        const struct cluster_group *group = &found->group[g];
        double stable = found->stability[g];
        const char *stability = "";
        if (found->has_stability)
            stability = arena_printf(work->arena, ", stability %.2f%s", stable,
                                     stability_word(stable, found->stability_error[g]));
        work_figure(work, "groups", group->name, found->model.size[g],
                    "%s customers (%.1f%%)%s: %s", work_thousands(work, found->model.size[g]),
                    100 * group->share, stability, group->title);
    }
}

static void describe_refit(struct work *work, const struct cluster_found *found)
{
    const struct cluster_refit *refit = &found->refit;
    if (!refit->known)
        return;
    work_figure(work, "since the last fit", "stayed in their group",
                (double)refit->stayed / (double)refit->both,
                "%s of %s customers (%.1f%%) who had a group in the fit of %s",
                work_thousands(work, (double)refit->stayed),
                work_thousands(work, (double)refit->both),
                100 * (double)refit->stayed / (double)refit->both, refit->before);
    for (int n = 0; n < refit->names; n++)
        for (int g = 0; g < found->model.k; g++) {
            double moved = refit->moves[n * found->model.k + g];
            if (moved > 0 && strcmp(refit->name[n], found->group[g].name) != 0)
                work_figure(
                    work, "since the last fit",
                    arena_printf(work->arena, "%s to %s", refit->name[n], found->group[g].name),
                    moved, "%s", work_thousands(work, moved));
        }
}

/* Of model_scaling_options. */
static const char *where_logarithms(int log)
{
    if (log < 0)
        return "where skewed";
    return log ? "wherever possible" : "nowhere";
}

static void write_figures(struct work *work, const struct cluster_data *data,
                          const struct cluster_found *found)
{
    size_t noise = 0;

    for (size_t i = 0; i < data->rows; i++)
        noise += found->model.label[i] == MODEL_NOISE;
    work_figure(work, "data", "customers", (double)data->rows, "%s",
                work_thousands(work, (double)data->rows));
    for (int c = 0; c < data->columns; c++)
        if (data->column[c].used)
            describe_column(work, &data->column[c]);
    work_figure(work, "data", "preparation", NAN,
                "%s; logarithms %s; the outer %.3g%% at each end pulled in",
                data->scaling.scaled ? "each number to mean 0 and standard deviation 1"
                                     : "numbers as they are",
                where_logarithms(data->scaling.log), 100 * data->scaling.winsor);

    describe_method(work, data, &found->model);
    describe_structure(work, found);
    describe_groups(work, found);
    if (noise)
        work_figure(work, "groups", "ungrouped", (double)noise,
                    "%s customers (%.1f%%) in no dense region", work_thousands(work, (double)noise),
                    100 * (double)noise / (double)data->rows);
    describe_refit(work, found);
}

/* ---- parameters ---- */

static void write_column(struct json *json, const struct cluster_column *column)
{
    json_write_object(json);
    json_put_string(json, "name", column->name);
    json_put_string(json, "text", column->text);
    json_put_bool(json, "constant", column->constant);

    /* The levels between "unknown" and "anything else"; those two are made anew when it is read. */
    if (column->category) {
        json_put_array(json, "levels");
        for (uint32_t l = 1; l + 1 < column->levels; l++)
            json_write_string(json, column->level[l]);
        json_write_end_array(json);
    } else {
        json_put_bool(json, "log", column->scaling.log);
        json_put_double(json, "unit", column->scaling.unit);
        json_put_double(json, "low", column->scaling.low);
        json_put_double(json, "high", column->scaling.high);
        json_put_double(json, "center", column->scaling.center);
        json_put_double(json, "scale", column->scaling.scale);
        json_put_double(json, "fill", column->scaling.fill);
    }
    json_write_end_object(json);
}

static void write_how_many(struct json *json, const struct cluster_judged *judged)
{
    json_put_array(json, "how_many");
    for (int k = 1; k <= judged->largest; k++) {
        json_write_object(json);
        json_put_count(json, "groups", (uint64_t)k);
        json_put_double(json, "silhouette", judged->silhouette[k]);
        json_put_double(json, "calinski_harabasz", judged->calinski[k]);
        json_put_double(json, "davies_bouldin", judged->davies[k]);
        json_put_double(json, "gap", k <= judged->gap.largest ? judged->gap.gap[k - 1] : NAN);
        json_put_double(json, "gap_error",
                        k <= judged->gap.largest ? judged->gap.error[k - 1] : NAN);
        json_put_double(json, "bic", judged->bic[k]);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_put_bool(json, "natural", judged->structure.natural);
    json_put_double(json, "p", judged->structure.p);
}

static void write_refit(struct json *json, const struct cluster_found *found)
{
    const struct cluster_refit *refit = &found->refit;
    json_put_object(json, "refit");
    json_put_string(json, "before", refit->before);
    json_put_count(json, "customers", refit->both);
    json_put_count(json, "stayed", refit->stayed);
    json_put_double(json, "share", (double)refit->stayed / (double)refit->both);

    /* Who stayed is one figure; only who moved is listed. */
    json_put_array(json, "moves");
    for (int n = 0; n < refit->names; n++)
        for (int g = 0; g < found->model.k; g++) {
            double moved = refit->moves[n * found->model.k + g];
            if (!(moved > 0) || strcmp(refit->name[n], found->group[g].name) == 0)
                continue;
            json_write_object(json);
            json_put_string(json, "from", refit->name[n]);
            json_put_string(json, "to", found->group[g].name);
            json_put_double(json, "customers", moved);
            json_write_end_object(json);
        }
    json_write_end_array(json);
    json_write_end_object(json);
}

static void write_parameters(struct work *work, const struct cluster_data *data, const char *among,
                             const struct cluster_found *found)
{
    struct json *json = work->parameters;
    json_put_string(json, "method", model_cluster_method_name(found->model.method));
    json_put_array(json, "columns");
    for (int c = 0; c < data->columns; c++)
        if (data->column[c].used)
            write_column(json, &data->column[c]);
    json_write_end_array(json);

    json_put_string(json, "among", among);
    json_put_array(json, "names");
    for (int g = 0; g < found->model.k; g++)
        json_write_string(json, found->group[g].name);
    json_write_end_array(json);
    if (found->judged_any)
        write_how_many(json, &found->judged);
    if (found->refit.known)
        write_refit(json, found);
    json_write_key(json, "rule");
    model_clustering_write(&found->model, json);
}

/* ---- the report ---- */

static void write_quality(struct work *work, const struct cluster_judged *judged)
{
    enum { INDICES = 5 };
    static const char *const indices[INDICES][2] = {{"silhouette", "high"},
                                                    {"Calinski-Harabasz", "high"},
                                                    {"Davies-Bouldin", "low"},
                                                    {"gap", "high"},
                                                    {"BIC", "low"}};
    struct json *json = work->report;

    /* A row holds the indices' values in the order of their names. */
    json_put_object(json, "quality");
    json_put_array(json, "indices");
    for (int i = 0; i < INDICES; i++) {
        json_write_object(json);
        json_put_string(json, "name", indices[i][0]);
        json_put_string(json, "better", indices[i][1]);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_put_array(json, "rows");
    for (int k = 1; k <= judged->largest; k++) {
        const double values[INDICES] = {
            judged->silhouette[k], judged->calinski[k], judged->davies[k],
            k <= judged->gap.largest ? judged->gap.gap[k - 1] : NAN, judged->bic[k]};
        json_write_object(json);
        json_put_count(json, "k", (uint64_t)k);
        json_put_array(json, "values");
        for (int i = 0; i < INDICES; i++)
            json_write_double(json, values[i]);
        json_write_end_array(json);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_write_end_object(json);
}

/* One row of the table of means: a number, or the share of a level. */
static void write_means(struct work *work, const struct cluster_data *data,
                        const struct cluster_found *found, int c, uint32_t level)
{
    const struct cluster_column *column = &data->column[c];
    struct json *json = work->report;
    double sum[CLUSTER_GROUPS + 1] = {0}, count[CLUSTER_GROUPS + 1] = {0}, squares = 0;
    int all = found->model.k;

    /* Whoever HDBSCAN left without a group is among all, and in no column. */
    for (size_t i = 0; i < data->rows; i++) {
        uint32_t g = found->model.label[i];
        double value = column->category ? cluster_level(data, c, i) == level
                                        : plan_values_number(&data->values[c], data->position[i]);
        if (isnan(value))
            continue;
        sum[all] += value;
        squares += value * value;
        count[all]++;
        if (g != MODEL_NOISE) {
            sum[g] += value;
            count[g]++;
        }
    }

    double mean = sum[all] / count[all];
    json_write_object(json);
    json_put_string(json, "name",
                    column->category
                        ? arena_printf(work->arena, "%s = '%s'", column->name, column->level[level])
                        : column->name);
    json_put_bool(json, "used", column->used);
    json_put_double(json, "overall", mean);
    json_put_double(json, "sd", sqrt(fmax(squares / count[all] - mean * mean, 0)));
    json_put_array(json, "means");
    for (int g = 0; g < all; g++)
        json_write_double(json, count[g] > 0 ? sum[g] / count[g] : NAN);
    json_write_end_array(json);
    json_write_end_object(json);
}

/* Is a level among what sets some group apart? */
static bool tells(const struct cluster_found *found, int c, uint32_t level)
{
    for (int g = 0; g < found->model.k; g++) {
        const struct cluster_group *group = &found->group[g];
        for (int i = 0; i < group->traits; i++)
            if (group->trait[i].column == c && group->trait[i].level == level)
                return true;
        for (int i = 0; i < group->others; i++)
            if (group->other[i].column == c && group->other[i].level == level)
                return true;
    }
    return false;
}

static void write_traits(struct work *work, const struct cluster_data *data,
                         const struct cluster_found *found)
{
    json_put_array(work->report, "traits");
    for (int c = 0; c < data->columns; c++) {
        const struct cluster_column *column = &data->column[c];
        for (uint32_t level = 0;
             !column->constant && level < (column->category ? column->levels : 1); level++)
            if (!column->category || tells(found, c, level))
                write_means(work, data, found, c, level);
    }
    json_write_end_array(work->report);
}

static void write_report(struct work *work, const struct cluster_data *data,
                         const struct cluster_found *found, const char *title)
{
    struct json *json = work->report;
    /* An array of one: the report joins those of all models. */
    json_put_array(json, "clusters");
    json_write_object(json);
    json_put_string(json, "name", work->model->name);
    json_put_string(json, "title", title);
    json_put_string(json, "method", model_cluster_method_title(found->model.method));
    json_put_bool(json, "natural", found->judged.structure.natural);
    json_put_count(json, "chosen", (uint64_t)found->model.k);
    json_put_array(json, "groups");
    for (int g = 0; g < found->model.k; g++) {
        json_write_object(json);
        json_put_string(json, "name", found->group[g].name);
        json_put_string(json, "title", found->group[g].title);
        json_put_double(json, "customers", found->model.size[g]);
        json_put_double(json, "share", found->group[g].share);
        if (found->has_stability)
            json_put_double(json, "stability", found->stability[g]);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    write_traits(work, data, found);
    if (found->judged_any)
        write_quality(work, &found->judged);
    json_write_end_object(json);
    json_write_end_array(json);
}

static void write_scheme(struct work *work, const struct cluster_found *found, const char *title)
{
    const char *model = work->model->name;
    buffer_printf(&work->scheme, "scheme %s \"%s\" exclusive\n", model, title);
    for (int g = 0; g < found->model.k; g++)
        buffer_printf(&work->scheme, "  %s where %s.group = '%s'\n", found->group[g].name, model,
                      found->group[g].name);
    work_scheme_rest(work, "ungrouped");
}

void cluster_write(struct work *work, const struct cluster_data *data, const char *among,
                   const struct cluster_found *found)
{
    const char *title = found->judged.structure.natural ? "Natural groups" : "Convenient cuts";
    write_figures(work, data, found);
    write_parameters(work, data, among, found);
    write_scheme(work, found, title);
    write_report(work, data, found, title);
}
