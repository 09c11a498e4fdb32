/*
 * Latent classes in a store: answers to survey questions, explained by a few kinds of people. Each
 * value asked for is an item; its distinct values are the answers, in rising order. Who gave no
 * answer at all is left out; single missing answers are allowed. Covariates are numbers that move
 * the chances of the classes; who lacks one is left out.
 */
#include "base/bits.h"
#include "study/limits.h"
#include "study/work.h"

#include "model/latent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ITEMS = LATENT_ITEMS,
    LEVELS = 25,
    CLASSES = LATENT_CLASSES,
    COVARIATES = LATENT_COVARIATES,
    MEMO = 64,
    PATIENCE = 2 /* numbers of classes in a row that are worse: no further is looked */
};
static const double combinations_most = 1e9; /* counted no further: more than there are people */

struct latent_item {
    const char *text;
    const char *answer[LEVELS];
    int levels;
};

struct latent_data {
    int items, covariates;
    struct latent_item item[ITEMS];
    const char *covariate_text[COVARIATES];
    size_t rows, left_out; /* left out: without a covariate */
    int *code;
    double *covariate;
};

static int find_answer(const struct latent_item *item, const char *answer)
{
    for (int i = 0; i < item->levels; i++)
        if (strcmp(item->answer[i], answer) == 0)
            return i;
    return -1;
}

/* Values of one item that were met, with their answers: few, so that a value becomes words once and
 * not for every customer. */
struct memo {
    int64_t value[MEMO];
    int answer[MEMO], count;
};

static int64_t raw_value(const struct plan_values *values, uint32_t position)
{
    int64_t raw;
    if (values->type != VALUE_DOUBLE && !values->is_double)
        return values->integers[position];
    memcpy(&raw, &values->doubles[position], sizeof raw);
    return raw;
}

/* Where the value was met before; memo->count when it was not. */
static int find_value(const struct memo *memo, int64_t value)
{
    int i = 0;
    while (i < memo->count && memo->value[i] != value)
        i++;
    return i;
}

static void remember(struct memo *memo, int64_t value, int answer)
{
    if (memo->count == MEMO)
        return;
    memo->value[memo->count] = value;
    memo->answer[memo->count++] = answer;
}

static int answer_of(struct work *work, const struct plan_values *values,
                     const struct latent_item *item, uint32_t position, struct memo *memo)
{
    if (!bit_at(values->known, position))
        return -1;
    int64_t value = raw_value(values, position);
    int at = find_value(memo, value);
    if (at < memo->count)
        return memo->answer[at];
    const char *text = work_value_text(work, values, position);
    int answer = text ? find_answer(item, text) : -1;
    remember(memo, value, answer);
    return answer;
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

static enum status collect_answers(struct work *work, const struct plan_values *values,
                                   const uint64_t *who, struct latent_item *item,
                                   struct error *error)
{
    struct memo memo = {.count = 0};

    /* Past its room the memo knows nothing new, and each further value is looked at as words. */
    for (uint32_t p = 0; p < work->population->customers; p++) {
        if (!(who[p / 64] & values->known[p / 64] & UINT64_C(1) << (p % 64)))
            continue;
        int64_t value = raw_value(values, p);
        if (find_value(&memo, value) < memo.count)
            continue;
        remember(&memo, value, 0);
        const char *answer = work_value_text(work, values, p);
        if (!answer || find_answer(item, answer) >= 0)
            continue;
        if (item->levels == LEVELS)
            return error_set(error, STATUS_USAGE,
                             "%s has more than %d different answers; latent classes are for a few",
                             item->text, LEVELS);
        item->answer[item->levels++] = answer;
    }

    /* In order of number or word: a class's mean goes by the answers' places. */
    qsort(item->answer, (size_t)item->levels, sizeof *item->answer, by_answer);
    if (item->levels < 2)
        return error_set(error, STATUS_ERROR, "%s has %s: there is nothing to tell people apart by",
                         item->text, item->levels ? "one answer only" : "no answers");
    return STATUS_OK;
}

static bool known(const struct plan_values *values, uint32_t position)
{
    return bit_at(values->known, position);
}

/* Takes who gave no answer, or lacks a covariate, out of `who`; values: the items', then the
 * covariates'. */
static void choose_rows(struct work *work, const struct plan_values *values, uint64_t *who,
                        struct latent_data *out)
{
    out->left_out = 0;
    for (uint32_t p = 0; p < work->population->customers; p++) {
        if (!bit_at(who, p))
            continue;
        bool answered = false, described = true;
        for (int i = 0; i < out->items; i++)
            answered |= known(&values[i], p);
        for (int j = 0; j < out->covariates; j++)
            described &= known(&values[out->items + j], p) &&
                         isfinite(plan_values_number(&values[out->items + j], p));
        out->left_out += answered && !described;
        if (!answered || !described)
            bit_clear(who, p);
    }
}

/* Codes and covariates of the chosen; items' answers are known. */
static void code_rows(struct work *work, const struct plan_values *values, uint64_t *who,
                      struct latent_data *out)
{
    size_t items = (size_t)out->items, covariates = (size_t)out->covariates;
    choose_rows(work, values, who, out);
    work_score_customers(work, who);
    out->rows = work->count;
    out->code = ARENA_ARRAY(work->arena, int, out->rows *items + 1);
    out->covariate = ARENA_ARRAY(work->arena, double, out->rows *covariates + 1);
    for (size_t i = 0; i < items; i++) {
        struct memo memo = {.count = 0};
        for (size_t r = 0; r < out->rows; r++)
            out->code[r * items + i] =
                answer_of(work, &values[i], &out->item[i], work->position[r], &memo);
    }
    for (size_t r = 0; r < out->rows; r++)
        for (size_t j = 0; j < covariates; j++)
            out->covariate[r * covariates + j] =
                plan_values_number(&values[items + j], work->position[r]);
}

static enum status check_covariates(const struct plan_values *values,
                                    const struct latent_data *data, struct error *error)
{
    for (int j = 0; j < data->covariates; j++) {
        enum value_type type = values[data->items + j].type;
        if (type != VALUE_TEXT && type != VALUE_SET && type != VALUE_POINT)
            continue;
        enum status status =
            error_set(error, STATUS_USAGE, "--covariates takes numbers, and %s is none",
                      data->covariate_text[j]);
        error_hint(error, "name it in --among, one group at a time, or import it as a number");
        return status;
    }
    return STATUS_OK;
}

/* After asking, on a population that holds it. */
static enum status take_rows(struct work *work, bool learn, struct latent_data *out,
                             struct error *error)
{
    const struct work_inputs *inputs = &work->inputs;
    uint64_t *who;
    struct plan_values *values = ARENA_ARRAY(work->arena, struct plan_values, inputs->count + 1);
    TRY(work_inputs_values(work, inputs, work->moment->now, values, error));
    TRY(check_covariates(values, out, error));

    /* When scoring, the answers are those of the fit: others are as if they had not been given. */
    TRY(work_inputs_among(work, inputs, work->moment->now, &who, error));
    for (int i = 0; learn && i < out->items; i++)
        TRY(collect_answers(work, &values[i], who, &out->item[i], error));
    code_rows(work, values, who, out);
    return STATUS_OK;
}

static enum status ask(struct work *work, const struct latent_data *data, struct error *error)
{
    const char *texts[ITEMS + COVARIATES];
    for (int i = 0; i < data->items; i++)
        texts[i] = data->item[i].text;
    for (int j = 0; j < data->covariates; j++)
        texts[data->items + j] = data->covariate_text[j];
    TRY(work_inputs_new(work, texts, (size_t)(data->items + data->covariates),
                        work_option(work, "among"), &work->inputs, error));
    work->needs = work->inputs.needs;
    return STATUS_OK;
}

/* ---- fitting ---- */

static struct model_latent_data as_data(const struct latent_data *data, struct arena *arena)
{
    int *levels = ARENA_ARRAY(arena, int, (size_t)data->items);
    for (int i = 0; i < data->items; i++)
        levels[i] = data->item[i].levels;
    return (struct model_latent_data){.rows = data->rows,
                                      .items = data->items,
                                      .code = data->code,
                                      .levels = levels,
                                      .covariates = data->covariates,
                                      .covariate = data->covariates ? data->covariate : NULL};
}

/* More classes than people can answer differently say nothing. */
static enum status most_classes(const struct latent_data *data, int wanted, int *most,
                                struct error *error)
{
    double possible = 1;
    for (int i = 0; i < data->items; i++)
        possible = fmin(possible * data->item[i].levels, combinations_most);
    *most = (int)fmin(fmin(possible, (double)data->rows), CLASSES);
    if (wanted <= *most)
        return STATUS_OK;
    if (!data->rows)
        return error_set(error, STATUS_ERROR, "nobody gave an answer%s",
                         data->covariates ? " and has covariates" : "");
    return error_set(error, STATUS_ERROR,
                     "%d classes are more than %zu people with %.0f possible combinations of "
                     "answers can tell apart",
                     wanted, data->rows, possible);
}

static void describe_choice(struct work *work, const struct model_latent *model, int starts)
{
    int k = model->classes;
    work_figure(work, "choice", arena_printf(work->arena, "%d %s", k, k == 1 ? "class" : "classes"),
                model->bic,
                "BIC %.2f, log-likelihood %.3f, %.0f degrees of freedom, entropy %.3f, best "
                "reached by %d of %d starts",
                model->bic, model->log_likelihood, model->freedom, k > 1 ? model->entropy : 1,
                model->reached, k > 1 ? starts : 1);
}

/* The number of classes asked for, or the one with the smallest BIC: one after the other until two
 * in a row are worse, or there are more parameters than patterns. */
static enum status choose(struct work *work, const struct latent_data *answers, int starts,
                          uint64_t seed, struct model_latent *out, struct error *error)
{
    int possible, worse = 0;
    int classes = (int)work_number(work, "groups"), most = (int)work_number(work, "most-groups");
    struct model_latent_data data = as_data(answers, work->arena);

    int from = classes ? classes : 1, to = classes ? classes : most;
    TRY(most_classes(answers, from, &possible, error));
    for (int k = from; k <= to && k <= possible && worse < PATIENCE; k++) {
        struct model_latent_options options = {.classes = k, .starts = starts, .seed = seed};
        struct model_latent model;
        TRY(pool_check(session_pool(work->session), error));
        enum status status = model_latent_fit(&data, &options, session_pool(work->session),
                                              work->arena, &model, error);
        if (status != STATUS_OK && k == from)
            return status;
        if (status != STATUS_OK) {
            work_note(work, "Looked no further than %d classes: %s.", k - 1, error->message);
            break;
        }

        /* Shown, but not chosen, where there are more parameters than patterns. */
        describe_choice(work, &model, starts);
        if (k > from && model.freedom < 0)
            break;
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

/* A class is called after the item in which it lies farthest from everyone, of the names that are
 * not taken. */
static const char *class_name(struct work *work, const struct latent_data *data,
                              const struct model_latent *model, int class, const char *const *taken)
{
    double far = -1;
    const char *best = NULL;
    for (int i = 0; i < data->items; i++) {
        int start = model->level_start[i], all = model->level_start[model->items];
        double own = class_mean(&data->item[i], model->chance + class * all + start), mean = 0;
        for (int c = 0; c < model->classes; c++)
            mean += model->share[c] * class_mean(&data->item[i], model->chance + c * all + start);
        const char *name = arena_printf(work->arena, "%s_%s", own > mean ? "high" : "low",
                                        work_short_name(work, data->item[i].text));

        bool used = false;
        for (int t = 0; t < class; t++)
            used |= strcmp(taken[t], name) == 0;

        /* By the item's number of answers: places on a scale of ten lie farther apart than yes and
         * no. */
        double distance = fabs(own - mean) / data->item[i].levels;
        if (used || distance <= far)
            continue;
        far = distance;
        best = name;
    }
    return best ? best : arena_printf(work->arena, "class_%d", class + 1);
}

static void write_parameters(struct work *work, const struct latent_data *data,
                             const struct model_latent *model, const char *const *names)
{
    struct json *json = work->parameters;
    json_put_array(json, "items");
    for (int i = 0; i < data->items; i++) {
        json_write_object(json);
        json_put_string(json, "text", data->item[i].text);
        json_put_array(json, "answers");
        for (int l = 0; l < data->item[i].levels; l++)
            json_write_string(json, data->item[i].answer[l]);
        json_write_end_array(json);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_put_array(json, "covariates");
    for (int j = 0; j < data->covariates; j++)
        json_write_string(json, data->covariate_text[j]);
    json_write_end_array(json);
    json_put_array(json, "names");
    for (int c = 0; c < model->classes; c++)
        json_write_string(json, names[c]);
    json_write_end_array(json);
    json_write_key(json, "latent");
    model_latent_write(model, json);
}

static void write_report(struct work *work, const struct latent_data *data,
                         const struct model_latent *model, const char *const *names)
{
    struct json *json = work->report;
    int all = model->level_start[model->items];

    json_put_array(json, "clusters");
    json_write_object(json);
    json_put_string(json, "name", work->model->name);
    json_put_string(json, "title", "Latent classes");
    json_put_string(json, "method",
                    "latent class analysis; sizes are sums of probabilities, a scheme counts the "
                    "likeliest class");
    json_put_count(json, "chosen", (uint64_t)model->classes);
    json_put_array(json, "groups");
    for (int c = 0; c < model->classes; c++) {
        json_write_object(json);
        json_put_string(json, "name", names[c]);
        json_put_double(json, "customers", round(model->share[c] * (double)data->rows));
        json_put_double(json, "share", model->share[c]);
        json_write_end_object(json);
    }

    json_write_end_array(json);

    /* Means and spreads are the model's, over its classes: the page shows both kinds of groups
     * alike. Answers in words count by their place. */
    json_put_array(json, "traits");
    for (int i = 0; i < data->items; i++) {
        double mean = 0, square = 0;
        json_write_object(json);
        json_put_string(json, "name", data->item[i].text);
        json_put_bool(json, "used", true);
        for (int c = 0; c < model->classes; c++) {
            const double *chance = model->chance + c * all + model->level_start[i];
            mean += model->share[c] * class_mean(&data->item[i], chance);
            for (int l = 0; l < data->item[i].levels; l++) {
                char *end;
                double number = strtod(data->item[i].answer[l], &end);
                square += model->share[c] * chance[l] * (*end ? l * l : number * number);
            }
        }

        json_put_double(json, "overall", mean);
        json_put_double(json, "sd", sqrt(fmax(0, square - mean * mean)));
        json_put_array(json, "means");
        for (int c = 0; c < model->classes; c++)
            json_write_double(
                json, class_mean(&data->item[i], model->chance + c * all + model->level_start[i]));
        json_write_end_array(json);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_write_end_object(json);
    json_write_end_array(json);
}

static void describe_data(struct work *work, const struct latent_data *data)
{
    size_t missing = 0;
    for (size_t i = 0; i < data->rows * (size_t)data->items; i++)
        missing += data->code[i] < 0;
    work_figure(work, "data", "customers with an answer", (double)data->rows, "%s",
                work_thousands(work, (double)data->rows));
    if (data->covariates)
        work_figure(work, "data", "left out: without a covariate", (double)data->left_out, "%s",
                    work_thousands(work, (double)data->left_out));
    work_figure(work, "data", "items", data->items, "%d", data->items);
    work_figure(work, "data", "missing answers", (double)missing, "%s",
                work_thousands(work, (double)missing));
}

/* "12.3% (1.4)", with the standard error in points where there is one. */
static const char *share_text(struct work *work, double share, double error)
{
    if (isnan(error))
        return arena_printf(work->arena, "%.1f%%", 100 * share);
    return arena_printf(work->arena, "%.1f%% (%.1f)", 100 * share, 100 * error);
}

static void describe_answers(struct work *work, const struct latent_data *data,
                             const struct model_latent *model,
                             const struct model_latent_errors *errors, int class, const char *name)
{
    const char *group = arena_printf(work->arena, "answers of %s (standard error)", name);
    for (int i = 0; i < data->items; i++) {
        int at = class * model->level_start[model->items] + model->level_start[i];
        struct buffer text;
        buffer_init(&text, 0);
        for (int l = 0; l < data->item[i].levels; l++)
            buffer_printf(&text, "%s%s %s", l ? ", " : "", data->item[i].answer[l],
                          share_text(work, model->chance[at + l], errors->chance[at + l]));
        work_figure(work, group, data->item[i].text, NAN, "%s", text.data);
        buffer_release(&text);
    }
}

/* How a covariate moves the odds of a class against the first. */
static void describe_covariates(struct work *work, const struct latent_data *data,
                                const struct model_latent *model,
                                const struct model_latent_errors *errors, const char *const *names)
{
    int width = 1 + data->covariates;
    for (int c = 1; c < model->classes && data->covariates; c++)
        for (int j = 0; j < width; j++) {
            int at = (c - 1) * width + j;
            work_figure(
                work, arena_printf(work->arena, "log odds of %s against %s", names[c], names[0]),
                j ? data->covariate_text[j - 1] : "constant", model->coefficient[at],
                "%.4f (standard error %.4f)", model->coefficient[at], errors->coefficient[at]);
        }
}

static void describe_doubts(struct work *work, const struct model_latent *model,
                            const struct model_latent_errors *errors)
{
    if (model->freedom < 0)
        work_note(work, "Negative degrees of freedom: there are more parameters than patterns of "
                        "answers, so the "
                        "classes are not identified.");
    if (model->reached < 2 && model->classes > 1)
        work_note(work, "Only one start reached the best likelihood: do not trust these classes "
                        "before --starts with a "
                        "larger number finds them again.");
    if (isnan(errors->share[0]))
        work_note(work, "There are no standard errors: the answers do not pin the parameters down, "
                        "or there are too "
                        "many of them.");
}

static void describe(struct work *work, const struct latent_data *data,
                     const struct model_latent *model, const char *const *names)
{
    struct model_latent_data answers = as_data(data, work->arena);
    struct model_latent_errors errors;

    model_latent_errors(model, &answers, work->arena, &errors);
    describe_data(work, data);
    work_figure(work, "quality", "log-likelihood", model->log_likelihood, "%.3f",
                model->log_likelihood);
    work_figure(work, "quality", "BIC", model->bic, "%.3f", model->bic);
    work_figure(work, "quality", "AIC", model->aic, "%.3f", model->aic);
    work_figure(work, "quality", "parameters", model->parameters, "%.0f", model->parameters);
    work_figure(work, "quality", "degrees of freedom", model->freedom, "%.0f", model->freedom);
    work_figure(work, "quality", "entropy", model->entropy, "%.3f (1: everyone's class is certain)",
                model->entropy);

    for (int c = 0; c < model->classes; c++)
        work_figure(work, "groups", names[c], model->share[c], "%s",
                    share_text(work, model->share[c], errors.share[c]));
    for (int c = 0; c < model->classes; c++)
        describe_answers(work, data, model, &errors, c, names[c]);
    describe_covariates(work, data, model, &errors, names);
    describe_doubts(work, model, &errors);
}

static void write_scheme(struct work *work, int classes, const char *const *names)
{
    const char *model = work->model->name;
    buffer_printf(&work->scheme, "scheme %s \"Latent classes\" exclusive\n", model);
    for (int c = 0; c < classes; c++)
        buffer_printf(&work->scheme, "  %s where %s.class = '%s'\n", names[c], model, names[c]);
    work_scheme_rest(work, "without_answers");
}

static void read_questions(struct work *work, struct latent_data *out)
{
    size_t items, covariates;
    const char **on = work_option_list(work, "on", &items),
               **with = work_option_list(work, "covariates", &covariates);

    out->items = (int)items;
    out->covariates = (int)covariates;
    for (size_t i = 0; i < items; i++)
        out->item[i].text = on[i];
    for (size_t j = 0; j < covariates; j++)
        out->covariate_text[j] = with[j];
}

enum status study_latent_fit(struct work *work, struct error *error)
{
    struct latent_data *data = ARENA_NEW(work->arena, struct latent_data);
    struct model_latent model;
    read_questions(work, data);
    TRY(ask(work, data, error));
    TRY(work_load(work, &work->needs, error));
    TRY(take_rows(work, true, data, error));
    TRY(choose(work, data, (int)work_number(work, "starts"), (uint64_t)work_number(work, "seed"),
               &model, error));

    /* Each keeps clear of the names before it. */
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

static enum status read_items(struct work *work, struct latent_data *out, struct error *error)
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
    json_array_foreach(json_object_get(work->saved, "covariates"), i,
                       item) if (out->covariates < COVARIATES)
        out->covariate_text[out->covariates++] = json_string_value(item);
    return out->items
               ? STATUS_OK
               : error_set(error, STATUS_ERROR, "the saved model %s has no items: fit it again",
                           work->model->name);
}

/* Between asking and scoring. */
struct latent_asked {
    struct latent_data data;
    struct model_latent model;
};

enum status study_latent_ask(struct work *work, struct error *error)
{
    struct latent_asked *asked = ARENA_NEW(work->arena, struct latent_asked);
    struct text text;
    work->asked = asked;
    TRY(work_saved_part(work, "latent", &text, error));
    TRY(model_latent_read(text, work->arena, &asked->model, error));
    TRY(read_items(work, &asked->data, error));
    return ask(work, &asked->data, error);
}

enum status study_latent_score(struct work *work, struct error *error)
{
    struct latent_asked *asked = work->asked;
    struct latent_data *data = &asked->data;
    double chances[CLASSES];

    TRY(take_rows(work, false, data, error));
    struct score *class = work_score_add(work, "class", VALUE_TEXT, 0),
                 *certainty = work_score_add(work, "certainty", VALUE_DOUBLE, 0);
    json_t *names = json_object_get(work->saved, "names");
    const char **labels = ARENA_ARRAY(work->arena, const char *, json_array_size(names) + 1);
    for (size_t c = 0; c < json_array_size(names); c++)
        labels[c] = arena_strdup(work->arena, json_string_value(json_array_get(names, c)));
    class->labels = labels;
    class->label_count = (uint32_t)json_array_size(names);

    /* The likeliest class is told, and how likely it is: who is hard to place can be left out. */
    for (size_t r = 0; r < data->rows; r++) {
        int best = 0;
        model_latent_score(&asked->model, data->code + r * (size_t)data->items,
                           data->covariate + r * (size_t)data->covariates, chances);
        for (int c = 1; c < asked->model.classes; c++)
            best = chances[c] > chances[best] ? c : best;
        class->label[r] = (uint32_t)best;
        certainty->number[r] = chances[best];
    }

    return STATUS_OK;
}
