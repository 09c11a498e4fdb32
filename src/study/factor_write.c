/* What a factor analysis leaves behind: figures for `strata model show`, parameters for scoring, a
 * section of the report. */
#include "study/factor.h"

#include <math.h>
#include <string.h>

enum {
    BEYOND = 3,    /* eigenvalues shown after the last that chance does not explain */
    NARROWEST = 6, /* letters of a column of loadings, such as "-0.123", */
    GAP = 2,       /* and blanks between two */
};
static const double kmo_least = .5; /* Kaiser's "unacceptable" lies below */

/* Cronbach's alpha of a scale's items, those that load negatively turned round; their names into
 * *names. */
static double scale_alpha(struct work *work, const struct factor_work *f, int scale,
                          const char **names)
{
    double covariance[FACTOR_ITEMS * FACTOR_ITEMS];
    int member[FACTOR_ITEMS], count = 0;
    *names = "none";
    for (int i = 0; i < f->items; i++)
        if (factor_scale_of(f, i) == scale) {
            bool turned = f->loading[i * f->scales + scale] < 0;
            *names = arena_printf(work->arena, "%s%s%s%s", count ? *names : "", count ? ", " : "",
                                  turned ? "−" : "", f->item[i].name);
            member[count++] = i;
        }

    /* An item asked the other way round counts as its opposite, or alpha would punish it. */
    for (int a = 0; a < count; a++)
        for (int b = 0; b < count; b++) {
            double sign = copysign(1, f->loading[member[a] * f->scales + scale]) *
                          copysign(1, f->loading[member[b] * f->scales + scale]);
            covariance[a * count + b] = sign * f->covariance[member[a] * f->items + member[b]];
        }
    return model_cronbach_alpha(count, covariance, NULL);
}

/* ---- saying it ---- */

static const char *pad(struct work *work, const char *text, int width)
{
    size_t bytes = strlen(text);
    return arena_printf(work->arena, "%*s%s", (int)bytes < width ? width - (int)bytes : 0, "",
                        text);
}

static int column_width(const struct factor_work *f, int scale)
{
    int width = (int)strlen(f->scale_name[scale]);
    return (width < NARROWEST ? NARROWEST : width) + GAP;
}

static void say_loadings(struct work *work, const struct factor_work *f)
{
    const char *group =
                   f->components ? "loadings (item with component)" : "loadings (item with factor)",
               *line = "";
    for (int c = 0; c < f->scales; c++)
        line = arena_printf(work->arena, "%s%s", line,
                            pad(work, f->scale_name[c], column_width(f, c)));
    work_figure(work, group, "item", NAN, "%s  uniqueness     KMO", line);
    for (int i = 0; i < f->items; i++) {
        line = "";
        for (int c = 0; c < f->scales; c++) {
            const char *number = arena_printf(work->arena, "%.3f", f->loading[i * f->scales + c]);
            line = arena_printf(work->arena, "%s%s", line, pad(work, number, column_width(f, c)));
        }
        work_figure(work, group, f->item[i].name, f->uniqueness[i], "%s%12.3f%8s", line,
                    f->uniqueness[i],
                    isnan(f->kmo[i]) ? "–" : arena_printf(work->arena, "%.3f", f->kmo[i]));
    }
}

static void say_scales(struct work *work, struct factor_work *f)
{
    for (int c = 0; c < f->scales; c++) {
        const char *names;
        f->alpha[c] = scale_alpha(work, f, c, &names);
        const char *alpha =
            isnan(f->alpha[c]) ? "too few items" : arena_printf(work->arena, "%.3f", f->alpha[c]);
        work_figure(work, "scales",
                    arena_printf(work->arena, "%s.%s", work->model->name, f->scale_name[c]),
                    f->alpha[c], "explains %.1f%%, Cronbach's alpha %s, of %s",
                    100 * f->explained[c], alpha, names);
    }
    for (int a = 0; f->rotation == MODEL_ROTATION_PROMAX && a < f->scales; a++)
        for (int b = 0; b < a; b++) {
            double r = f->factors.correlation[a * f->scales + b];
            work_figure(work, "correlations of the scales",
                        arena_printf(work->arena, "%s, %s", f->scale_name[b], f->scale_name[a]), r,
                        "%.3f", r);
        }
}

static void say_how_many(struct work *work, const struct factor_work *f)
{
    for (int i = 0; i < f->items && i < f->found + BEYOND; i++)
        work_figure(work, "how many (eigenvalues; by chance stay below)",
                    arena_printf(work->arena, "%d", i + 1), f->eigenvalue[i],
                    "%.4f, by chance %.4f%s", f->eigenvalue[i], f->threshold[i],
                    i < f->found ? "" : " – not more than chance");
    work_figure(work, "quality", "scales by parallel analysis", f->found, "%d", f->found);
    work_figure(work, "quality", "Kaiser-Meyer-Olkin", f->kmo_all,
                isnan(f->kmo_all) ? "unknown" : "%.4f%s", f->kmo_all,
                f->kmo_all < kmo_least ? " – below .5: these items have too little in common" : "");
}

static void say_fit(struct work *work, const struct factor_work *f)
{
    const struct model_factors *found = &f->factors;
    if (f->components || !f->scales)
        return;
    if (found->freedom > 0)
        work_figure(work, "quality", "what the factors leave unexplained", found->chi2,
                    "chi-squared %.4f with %g degrees of freedom, p %.3g", found->chi2,
                    found->freedom, found->p);
    if (found->bounded)
        work_note(work, "A uniqueness ran to its bound: a factor is one item alone. Ask for fewer "
                        "--scales, or leave that "
                        "item out.");
}

static void describe(struct work *work, struct factor_work *f)
{
    work_figure(work, "data", "customers with an answer", (double)f->rows, "%s",
                work_thousands(work, (double)f->rows));
    work_figure(work, "data", "who answered all", (double)f->complete, "%s",
                work_thousands(work, (double)f->complete));
    work_figure(work, "data", "items", f->items, "%d", f->items);
    work_figure(work, "data", "missing answers", (double)f->missing, "%s",
                work_thousands(work, (double)f->missing));
    say_how_many(work, f);

    /* Pairwise covariances rest on other customers each: how many at least belongs to them. */
    if (f->missing)
        work_note(work,
                  "Covariances are those of customers who gave both answers (at least %s); who "
                  "left answers out is "
                  "scored by the others, who gave fewer than half is not.",
                  work_thousands(work, (double)f->least));
    if (!f->scales)
        return;

    for (int c = 0; f->components && c < f->scales; c++)
        work_figure(work, "components", arena_printf(work->arena, "component %d", c + 1),
                    f->component[c], "standard deviation %.4f, %.1f%% of the variance",
                    f->component[c], 100 * f->explained[c]);
    say_loadings(work, f);
    say_scales(work, f);
    say_fit(work, f);
    work_note(work, "A scale is in standard deviations from the mean of these customers; it holds "
                    "the items that load .3 or "
                    "more and most on it, a − turns an item round.");
}

/* ---- keeping it ---- */

static void put_numbers(struct json *json, const char *key, const double *numbers, size_t count)
{
    json_put_array(json, key);
    for (size_t i = 0; i < count; i++)
        json_write_double(json, numbers[i]);
    json_write_end_array(json);
}

static void write_parameters(struct work *work, const struct factor_work *f)
{
    struct json *json = work->parameters;
    size_t items = (size_t)f->items, cells = items * (size_t)f->scales;

    json_put_array(json, "items");
    for (int i = 0; i < f->items; i++) {
        json_write_object(json);
        json_put_string(json, "name", f->item[i].name);
        json_put_string(json, "text", f->item[i].text);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_put_array(json, "scales");
    for (int c = 0; c < f->scales; c++)
        json_write_string(json, f->scale_name[c]);
    json_write_end_array(json);
    put_numbers(json, "means", f->mean, items);
    put_numbers(json, "deviations", f->deviation, items);
    put_numbers(json, "loadings", f->loading, cells);
    put_numbers(json, "uniquenesses", f->uniqueness, items);
    put_numbers(json, "structure", f->structure, cells);
    put_numbers(json, "weights", f->weight, cells);
    put_numbers(json, "matrix", f->matrix, items * items);
}

static void write_loadings(struct json *json, const struct factor_work *f)
{
    json_put_array(json, "loadings");
    for (int i = 0; i < f->items; i++) {
        json_write_object(json);
        json_put_string(json, "item", f->item[i].name);
        put_numbers(json, "values", f->loading + i * f->scales, (size_t)f->scales);
        json_put_double(json, "uniqueness", f->uniqueness[i]);
        json_put_double(json, "kmo", f->kmo[i]);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_report(struct work *work, const struct factor_work *f)
{
    static const char *const rotations[] = {"not rotated", "varimax", "promax"};
    struct json *json = work->report;

    json_put_array(json, "scales");
    json_write_object(json);
    json_put_string(json, "name", work->model->name);
    json_put_string(json, "method",
                    f->components ? "Principal components"
                                  : arena_printf(work->arena, "Maximum-likelihood factors, %s",
                                                 rotations[f->rotation]));
    json_put_count(json, "customers", f->rows);
    json_put_double(json, "kmo", f->kmo_all);
    json_put_count(json, "found", (uint64_t)f->found);
    json_put_array(json, "scales");
    for (int c = 0; c < f->scales; c++) {
        json_write_object(json);
        json_put_string(json, "name", f->scale_name[c]);
        json_put_double(json, "explained", f->explained[c]);
        json_put_double(json, "alpha", f->alpha[c]);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    write_loadings(json, f);

    /* Side by side the page draws them as parallel analysis does. */
    put_numbers(json, "eigenvalues", f->eigenvalue, (size_t)f->items);
    put_numbers(json, "by_chance", f->threshold, (size_t)f->items);
    json_write_end_object(json);
    json_write_end_array(json);
}

void factor_write(struct work *work, struct factor_work *f)
{
    describe(work, f);
    write_parameters(work, f);
    write_report(work, f);
}
