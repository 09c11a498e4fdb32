/*
 * Latent classes in a store: answers to survey questions, explained by a few kinds of people. Each value asked for is
 * an item; its distinct values are the answers, in rising order. Who gave no answer at all is left out; single missing
 * answers are allowed.
 */
#include "engine/model_work.h"

#include "model/latent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 60, LEVELS = 25, CLASSES = 20 };

struct latent_item {
    const char *text;
    const char *answer[LEVELS];
    double number[LEVELS]; /* NaN for words */
    int levels;
};

struct latent_data {
    int items;
    struct latent_item item[ITEMS];
    size_t rows;
    int *code;
};

static int find_answer(const struct latent_item *item, const char *answer)
{
    for (int i = 0; i < item->levels; i++)
        if (strcmp(item->answer[i], answer) == 0)
            return i;
    return -1;
}

static int by_answer(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    char *end_x, *end_y;
    double left = strtod(x, &end_x), right = strtod(y, &end_y);
    if (!*end_x && !*end_y && left != right)
        return left < right ? -1 : 1;
    return strcmp(x, y);
}

static enum status collect_answers(struct model_work *work, const struct segment_values *values, const uint64_t *who,
                                   struct latent_item *item, struct error *error)
{
    for (uint32_t p = 0; p < work->population->customers; p++) {
        if (!(who[p / 64] & values->known[p / 64] & UINT64_C(1) << (p % 64)))
            continue;
        const char *answer = model_value_text(work, values, p);
        if (!answer || find_answer(item, answer) >= 0)
            continue;
        if (item->levels == LEVELS)
            return error_set(error, STATUS_USAGE, "%s has more than %d different answers; latent classes are for a few",
                             item->text, LEVELS);
        item->answer[item->levels++] = answer;
    }
    qsort(item->answer, (size_t)item->levels, sizeof *item->answer, by_answer);
    if (item->levels < 2)
        return error_set(error, STATUS_ERROR, "%s has %s: there is nothing to tell people apart by", item->text,
                         item->levels ? "one answer only" : "no answers");
    return STATUS_OK;
}

/* Codes of everyone with at least one answer; items' answers are known. */
static void code_rows(struct model_work *work, const struct segment_values *values, uint64_t *who,
                      struct latent_data *out)
{
    for (size_t w = 0; w < work->population->customers / 64u + 1; w++) {
        uint64_t answered = 0;
        for (int i = 0; i < out->items; i++)
            answered |= values[i].known[w];
        who[w] &= answered;
    }
    model_score_customers(work, who);
    out->rows = work->count;
    out->code = ARENA_ARRAY(work->arena, int, out->rows *(size_t)out->items + 1);
    for (size_t r = 0; r < out->rows; r++)
        for (int i = 0; i < out->items; i++) {
            const char *answer = model_value_text(work, &values[i], work->position[r]);
            out->code[r * (size_t)out->items + (size_t)i] = answer ? find_answer(&out->item[i], answer) : -1;
        }
}

static enum status load_rows(struct model_work *work, const struct model_inputs *inputs, bool learn,
                             struct latent_data *out, struct error *error)
{
    uint64_t *who;
    struct segment_values *values = ARENA_ARRAY(work->arena, struct segment_values, (size_t)out->items + 1);
    population_free(work->population);
    work->population = NULL;
    TRY(engine_load_population(work->engine, &inputs->needs, work->moment, &work->population, error));
    TRY(model_inputs_values(work, inputs, work->moment->now, values, error));
    TRY(model_inputs_among(work, inputs, work->moment->now, &who, error));
    for (int i = 0; learn && i < out->items; i++)
        TRY(collect_answers(work, &values[i], who, &out->item[i], error));
    code_rows(work, values, who, out);
    return STATUS_OK;
}

static enum status load(struct model_work *work, bool learn, struct latent_data *out, struct error *error)
{
    struct model_inputs inputs;
    const char *texts[ITEMS];
    for (int i = 0; i < out->items; i++)
        texts[i] = out->item[i].text;
    TRY(model_inputs_new(work, texts, (size_t)out->items, model_option(work, "among"), &inputs, error));
    enum status status = load_rows(work, &inputs, learn, out, error);
    model_inputs_release(&inputs);
    return status;
}

/* ---- fitting ---- */

static struct model_latent_data as_data(const struct latent_data *data, struct arena *arena)
{
    int *levels = ARENA_ARRAY(arena, int, (size_t)data->items);
    for (int i = 0; i < data->items; i++)
        levels[i] = data->item[i].levels;
    return (struct model_latent_data){.rows = data->rows, .items = data->items, .code = data->code, .levels = levels};
}

static enum status choose(struct model_work *work, const struct model_latent_data *data, int starts, uint64_t seed,
                          struct model_latent *out, struct error *error)
{
    double classes, most;
    TRY(model_option_number(work, "groups", 0, 0, CLASSES, &classes, error));
    TRY(model_option_number(work, "most-groups", 8, 1, CLASSES, &most, error));
    struct pool *pool = engine_pool(work->engine);
    int from = classes >= 1 ? (int)classes : 1, to = classes >= 1 ? (int)classes : (int)most, worse = 0;
    for (int k = from; k <= to && worse < 2; k++) {
        struct model_latent_options options = {.classes = k, .starts = starts, .seed = seed};
        struct model_latent model;
        TRY(model_latent_fit(data, &options, pool, work->arena, &model, error));
        model_figure(work, "choice", arena_printf(work->arena, "%d %s", k, k == 1 ? "class" : "classes"), model.bic,
                     "BIC %.2f, log-likelihood %.3f, entropy %.3f, best reached by %d starts", model.bic,
                     model.log_likelihood, k > 1 ? model.entropy : 1, model.reached);
        bool better = k == from || model.bic < out->bic;
        worse = better ? 0 : worse + 1;
        if (better)
            *out = model;
    }
    return STATUS_OK;
}

/* The mean answer of a class where answers are numbers, else the chance of the last answer. */
static double class_mean(const struct latent_item *item, const double *chance)
{
    double sum = 0;
    for (int l = 0; l < item->levels; l++) {
        char *end;
        double number = strtod(item->answer[l], &end);
        sum += chance[l] * (*end ? l : number);
    }
    return sum;
}

static const char *short_name(struct model_work *work, const char *text)
{
    const char *dot = strrchr(text, '.'), *at = dot ? dot + 1 : text;
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return length ? arena_strndup(work->arena, at, length) : "answer";
}

/* A class is called after the item in which it lies farthest from everyone, of the names that are not taken. */
static const char *class_name(struct model_work *work, const struct latent_data *data, const struct model_latent *model,
                              int class, const char *const *taken)
{
    double far = -1;
    const char *best = NULL;
    for (int i = 0; i < data->items; i++) {
        int start = model->level_start[i], all = model->level_start[model->items];
        double own = class_mean(&data->item[i], model->chance + class * all + start), mean = 0;
        for (int c = 0; c < model->classes; c++)
            mean += model->share[c] * class_mean(&data->item[i], model->chance + c * all + start);
        const char *name =
            arena_printf(work->arena, "%s_%s", own > mean ? "high" : "low", short_name(work, data->item[i].text));
        bool used = false;
        for (int t = 0; t < class; t++)
            used |= strcmp(taken[t], name) == 0;
        double distance = fabs(own - mean) / data->item[i].levels;
        if (used || distance <= far)
            continue;
        far = distance;
        best = name;
    }
    return best ? best : arena_printf(work->arena, "class_%d", class + 1);
}

static void write_parameters(struct model_work *work, const struct latent_data *data, const struct model_latent *model,
                             const char *const *names)
{
    struct json *json = work->parameters;
    json_write_key(json, "items");
    json_write_array(json);
    for (int i = 0; i < data->items; i++) {
        json_write_object(json);
        model_put_text(json, "text", data->item[i].text);
        json_write_key(json, "answers");
        json_write_array(json);
        for (int l = 0; l < data->item[i].levels; l++)
            json_write_string(json, data->item[i].answer[l]);
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_key(json, "names");
    json_write_array(json);
    for (int c = 0; c < model->classes; c++)
        json_write_string(json, names[c]);
    json_write_end_array(json);
    json_write_key(json, "latent");
    model_latent_write(model, json);
}

static void write_report(struct model_work *work, const struct latent_data *data, const struct model_latent *model,
                         const char *const *names)
{
    struct json *json = work->report;
    int all = model->level_start[model->items];
    json_write_key(json, "clusters");
    json_write_array(json);
    json_write_object(json);
    model_put_text(json, "name", work->model->name);
    model_put_text(json, "title", "Latent classes");
    model_put_text(json, "method", "latent class analysis");
    model_put_count(json, "chosen", (uint64_t)model->classes);
    json_write_key(json, "groups");
    json_write_array(json);
    for (int c = 0; c < model->classes; c++) {
        json_write_object(json);
        model_put_text(json, "name", names[c]);
        model_put(json, "customers", round(model->share[c] * (double)data->rows));
        model_put(json, "share", model->share[c]);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_key(json, "traits");
    json_write_array(json);
    for (int i = 0; i < data->items; i++) {
        double mean = 0, square = 0;
        json_write_object(json);
        model_put_text(json, "name", data->item[i].text);
        json_write_key(json, "used");
        json_write_bool(json, true);
        for (int c = 0; c < model->classes; c++) {
            const double *chance = model->chance + c * all + model->level_start[i];
            mean += model->share[c] * class_mean(&data->item[i], chance);
            for (int l = 0; l < data->item[i].levels; l++) {
                char *end;
                double number = strtod(data->item[i].answer[l], &end);
                square += model->share[c] * chance[l] * (*end ? l * l : number * number);
            }
        }
        model_put(json, "overall", mean);
        model_put(json, "sd", sqrt(fmax(0, square - mean * mean)));
        json_write_key(json, "means");
        json_write_array(json);
        for (int c = 0; c < model->classes; c++)
            json_write_double(json, class_mean(&data->item[i], model->chance + c * all + model->level_start[i]));
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_end_object(json);
    json_write_end_array(json);
}

static void describe(struct model_work *work, const struct latent_data *data, const struct model_latent *model,
                     const char *const *names)
{
    size_t missing = 0;
    for (size_t i = 0; i < data->rows * (size_t)data->items; i++)
        missing += data->code[i] < 0;
    model_figure(work, "data", "customers with an answer", (double)data->rows, "%s",
                 model_thousands(work, (double)data->rows));
    model_figure(work, "data", "items", data->items, "%d", data->items);
    model_figure(work, "data", "missing answers", (double)missing, "%s", model_thousands(work, (double)missing));
    model_figure(work, "quality", "log-likelihood", model->log_likelihood, "%.3f", model->log_likelihood);
    model_figure(work, "quality", "BIC", model->bic, "%.3f", model->bic);
    model_figure(work, "quality", "AIC", model->aic, "%.3f", model->aic);
    model_figure(work, "quality", "degrees of freedom", model->freedom, "%.0f", model->freedom);
    model_figure(work, "quality", "entropy", model->entropy, "%.3f", model->entropy);
    for (int c = 0; c < model->classes; c++)
        model_figure(work, "groups", names[c], model->share[c], "%.1f%%", 100 * model->share[c]);
    if (model->freedom < 0)
        model_note(work, "Negative degrees of freedom: there are more parameters than patterns of answers, so the "
                         "classes are not identified.");
    if (model->reached < 2 && model->classes > 1)
        model_note(work,
                   "Only one start reached the best likelihood: do not trust these classes before --starts with a "
                   "larger number finds them again.");
}

static void write_scheme(struct model_work *work, int classes, const char *const *names)
{
    const char *model = work->model->name;
    buffer_printf(&work->scheme, "scheme %s \"Latent classes\" exclusive\n", model);
    for (int c = 0; c < classes; c++)
        buffer_printf(&work->scheme, "  %s where %s.class = '%s'\n", names[c], model, names[c]);
    buffer_string(&work->scheme, "  else without_answers\n");
}

enum status engine_latent_fit(struct model_work *work, struct error *error)
{
    struct latent_data *data = ARENA_NEW(work->arena, struct latent_data);
    struct model_latent model;
    double seed, starts;
    size_t count;
    const char **on = model_option_list(work, "on", &count);
    if (!count || count > ITEMS)
        return error_set(error, STATUS_USAGE, "--on names the answers, at most %d: --on 'last(survey.price), …'",
                         ITEMS);
    data->items = (int)count;
    for (size_t i = 0; i < count; i++)
        data->item[i].text = on[i];
    TRY(model_option_number(work, "seed", 1, 0, 1e15, &seed, error));
    TRY(model_option_number(work, "starts", 20, 1, 1000, &starts, error));
    TRY(load(work, true, data, error));
    struct model_latent_data answers = as_data(data, work->arena);
    TRY(choose(work, &answers, (int)starts, (uint64_t)seed, &model, error));
    if (!model.converged)
        model_refuse(work, "no start converged");
    const char *names[CLASSES];
    for (int c = 0; c < model.classes; c++)
        names[c] = class_name(work, data, &model, c, names);
    describe(work, data, &model, names);
    write_parameters(work, data, &model, names);
    write_scheme(work, model.classes, names);
    write_report(work, data, &model, names);
    return STATUS_OK;
}

/* ---- scoring ---- */

static enum status read_items(struct model_work *work, struct latent_data *out, struct error *error)
{
    json_t *items = json_object_get(work->saved, "items"), *item, *answer;
    size_t i, l;
    json_array_foreach(items, i, item)
    {
        if (out->items == ITEMS)
            break;
        struct latent_item *to = &out->item[out->items++];
        to->text = json_string_value(json_object_get(item, "text"));
        json_array_foreach(json_object_get(item, "answers"), l, answer) if (to->levels < LEVELS)
            to->answer[to->levels++] = json_string_value(answer);
    }
    return out->items
               ? STATUS_OK
               : error_set(error, STATUS_ERROR, "the saved model %s has no items: fit it again", work->model->name);
}

enum status engine_latent_score(struct model_work *work, struct error *error)
{
    struct latent_data *data = ARENA_NEW(work->arena, struct latent_data);
    struct model_latent model;
    struct text text;
    double chances[CLASSES];
    TRY(model_saved_part(work, "latent", &text, error));
    TRY(model_latent_read(text, work->arena, &model, error));
    TRY(read_items(work, data, error));
    TRY(load(work, false, data, error));
    struct model_score *class = model_score_add(work, "class", VALUE_TEXT, 0),
                       *certainty = model_score_add(work, "certainty", VALUE_DOUBLE, 0);
    json_t *names = json_object_get(work->saved, "names");
    const char **labels = ARENA_ARRAY(work->arena, const char *, json_array_size(names) + 1);
    for (size_t c = 0; c < json_array_size(names); c++)
        labels[c] = arena_strdup(work->arena, json_string_value(json_array_get(names, c)));
    class->labels = labels;
    class->label_count = (uint32_t)json_array_size(names);
    for (size_t r = 0; r < data->rows; r++) {
        int best = 0;
        model_latent_score(&model, data->code + r * (size_t)data->items, NULL, chances);
        for (int c = 1; c < model.classes; c++)
            best = chances[c] > chances[best] ? c : best;
        class->label[r] = (uint32_t)best;
        certainty->number[r] = chances[best];
    }
    return STATUS_OK;
}
