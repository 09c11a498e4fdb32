/*
 * Models: fitting, keeping, scoring, deleting. A model is one JSON object in the catalog's settings under "model.NAME";
 * "models" lists the names in order of first fitting, which is also the order in which a refresh scores them.
 */
#include "engine/model_work.h"
#include "engine/refresh.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1 };

static const char *const rfm_options[] = {
    "kind",           "amount",        "window", "bins",    "rule", "recency-cuts",
    "frequency-cuts", "monetary-cuts", "among",  "refunds", NULL};
static const char *const clv_options[] = {"kind",    "amount",   "among",   "model",    "period",  "transaction",
                                          "horizon", "discount", "holdout", "interval", "refunds", NULL};
static const char *const cluster_options[] = {"on",       "among",    "groups", "most-groups", "scale",
                                              "log",      "winsor",   "seed",   "stability",   "method",
                                              "describe", "smallest", "gamma",  "refunds",     NULL};
static const char *const latent_options[] = {"on",          "covariates", "among", "groups",
                                             "most-groups", "starts",     "seed",  NULL};
static const char *const survive_options[] = {"kind",   "until",      "quiet-days", "by",     "landmark",
                                              "among",  "covariates", "ties",       "cohort", "force",
                                              "amount", "refunds",    NULL};

static const char *const lookalike_options[] = {"like", "on", "among", "seed", NULL};
static const char *const factor_options[] = {"on", "among", "method", "rotation", "scales", "scale", "seed", NULL};
static const char *const survey_options[] = {"on", "measure", "satisfied", "by", "over", "among", NULL};
static const char *const predict_options[] = {"label",    "horizon", "among",   "moments", "moment", "test",    "on",
                                              "timeless", "method",  "penalty", "split",   "seed",   "refunds", NULL};

const struct model_type engine_model_types[] = {
    {"rfm", "how recently, how often and for how much: a grid of eleven named cells", rfm_options, engine_rfm_fit,
     engine_rfm_score},
    {"clv", "how many purchases to expect of a customer, whether they are still there, and what they are worth",
     clv_options, engine_clv_fit, engine_clv_score},
    {"cluster", "natural groups, if there are any, and which", cluster_options, engine_cluster_fit,
     engine_cluster_score},
    {"latent", "kinds of people behind survey answers: latent classes", latent_options, engine_latent_fit,
     engine_latent_score},
    {"survive", "how long it takes until something happens: Kaplan-Meier curves by group, Cox regression, cohorts",
     survive_options, engine_survive_fit, NULL},
    {"survey", "net promoter score, satisfaction or effort, by segment and over time", survey_options,
     engine_survey_fit, NULL},
    {"lookalike", "who is like the members of a segment, by what, and how far down the list that holds",
     lookalike_options, engine_lookalike_fit, engine_lookalike_score},
    {"factor", "which scales stand behind answers, how reliable they are, and everyone's place on them", factor_options,
     engine_factor_fit, engine_factor_score},
    {"predict", "how likely a condition comes true within a horizon: churn, an order, an upgrade", predict_options,
     engine_predict_fit, engine_predict_score},
    {NULL, NULL, NULL, NULL, NULL},
};

bool engine_model_type(size_t i, const char **name, const char **summary)
{
    *name = engine_model_types[i].name;
    *summary = engine_model_types[i].summary;
    return *name != NULL;
}

static enum status find_type(const char *name, const struct model_type **out, struct error *error)
{
    const char *names[32];
    size_t count = 0;
    struct buffer list;
    buffer_init(&list, 0);
    for (*out = engine_model_types; (*out)->name; (*out)++) {
        if (strcmp((*out)->name, name) == 0) {
            buffer_release(&list);
            return STATUS_OK;
        }
        buffer_printf(&list, "%s%s", count ? ", " : "", (*out)->name);
        names[count++] = (*out)->name;
    }
    enum status status = error_set(error, STATUS_USAGE, "there is no type of model '%s'", name);
    int nearest = text_nearest(name, names, count);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", names[nearest]);
    else
        error_hint(error, "the types are %s", list.data);
    buffer_release(&list);
    return status;
}

/* ---- writing ---- */

static void write_texts(struct json *json, const char *key, const char *const *texts, size_t count)
{
    json_write_key(json, key);
    json_write_array(json);
    for (size_t i = 0; i < count; i++)
        json_write_string(json, texts[i]);
    json_write_end_array(json);
}

static void write_raw(struct json *json, const char *key, const char *text)
{
    json_write_key(json, key);
    json_write_raw(json, text_from(text ? text : "{}"));
}

static void write_options(struct json *json, const struct engine_model *model)
{
    json_write_key(json, "options");
    json_write_array(json);
    for (size_t i = 0; i < model->option_count; i++) {
        json_write_object(json);
        work_put_text(json, "name", model->options[i].name);
        work_put_text(json, "value", model->options[i].value);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_figures(struct json *json, const struct engine_model *model)
{
    json_write_key(json, "figures");
    json_write_array(json);
    for (size_t i = 0; i < model->figure_count; i++) {
        const struct engine_model_figure *figure = &model->figures[i];
        json_write_object(json);
        work_put_text(json, "group", figure->group);
        work_put_text(json, "label", figure->label);
        work_put_text(json, "text", figure->text);
        work_put(json, "value", figure->value);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void put_moment(struct json *json, const struct engine *engine, const char *key, int64_t moment)
{
    char text[MOMENT_TEXT_MAX];
    work_put_text(json, key, moment_format(engine->zone, moment, text));
}

/* For people's programs: moments as text. */
void engine_model_write(const struct engine *engine, const struct engine_model *model, struct json *json)
{
    json_write_object(json);
    work_put_text(json, "name", model->name);
    work_put_text(json, "type", model->type);
    put_moment(json, engine, "moment", model->moment);
    put_moment(json, engine, "fitted", model->fitted);
    work_put_text(json, "program", model->program);
    json_write_key(json, "usable");
    json_write_bool(json, model->usable);
    work_put_text(json, "trouble", model->trouble);
    write_options(json, model);
    write_figures(json, model);
    write_texts(json, "notes", model->notes, model->note_count);
    write_texts(json, "traits", model->traits, model->trait_count);
    if (model->scored) {
        put_moment(json, engine, "scored", model->scored_at);
        work_put_count(json, "scored_customers", model->scored_customers);
    }
    write_raw(json, "parameters", model->parameters);
    json_write_end_object(json);
}

static void write_saved(const struct engine_model *model, struct json *json)
{
    json_write_object(json);
    work_put_count(json, "format", FORMAT);
    work_put_text(json, "name", model->name);
    work_put_text(json, "type", model->type);
    work_put_text(json, "program", model->program);
    work_put_count(json, "moment", (uint64_t)model->moment);
    work_put_count(json, "fitted", (uint64_t)model->fitted);
    json_write_key(json, "usable");
    json_write_bool(json, model->usable);
    work_put_text(json, "trouble", model->trouble);
    write_options(json, model);
    write_figures(json, model);
    write_texts(json, "notes", model->notes, model->note_count);
    write_texts(json, "traits", model->traits, model->trait_count);
    work_put_text(json, "scheme", model->scheme);
    json_write_key(json, "scored");
    json_write_bool(json, model->scored);
    work_put_count(json, "scored_at", (uint64_t)model->scored_at);
    work_put_count(json, "scored_since", (uint64_t)model->scored_since);
    work_put_count(json, "scored_customers", model->scored_customers);
    write_raw(json, "parameters", model->parameters);
    write_raw(json, "fit_report", model->fit_report);
    write_raw(json, "score_report", model->score_report);
    json_write_end_object(json);
}

static const char *setting_key(const char *name, char out[300])
{
    snprintf(out, 300, "model.%s", name);
    return out;
}

static enum status save_names(struct catalog *catalog, json_t *names, struct error *error)
{
    char *text = json_dumps(names, JSON_COMPACT);
    enum status status = catalog_set_setting(catalog, "models", text, error);
    free(text);
    return status;
}

static enum status load_names(struct catalog *catalog, json_t **out, struct error *error)
{
    struct arena arena;
    const char *text = NULL;
    arena_init(&arena, 0);
    enum status status = catalog_setting(catalog, "models", &arena, &text, error);
    *out = status == STATUS_OK && text ? json_loads(text, 0, NULL) : NULL;
    arena_release(&arena);
    if (!json_is_array(*out)) {
        json_decref(*out);
        *out = json_array();
    }
    return status;
}

static size_t name_index(json_t *names, const char *name)
{
    size_t i = 0;
    while (i < json_array_size(names) && strcmp(json_string_value(json_array_get(names, i)), name) != 0)
        i++;
    return i;
}

enum status work_save(struct engine *engine, const struct engine_model *model, struct error *error)
{
    struct catalog *catalog = store_catalog(engine->store);
    struct buffer text;
    struct json json;
    char key[300];
    json_t *names;
    TRY(load_names(catalog, &names, error));
    enum status status = STATUS_OK;
    if (name_index(names, model->name) == json_array_size(names)) {
        json_array_append_new(names, json_string(model->name));
        status = save_names(catalog, names, error);
    }
    json_decref(names);
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    write_saved(model, &json);
    if (status == STATUS_OK)
        status = catalog_set_setting(catalog, setting_key(model->name, key), text.data, error);
    buffer_release(&text);
    return status;
}

/* ---- reading ---- */

static const char *copy_text(const json_t *object, const char *key, struct arena *arena)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? arena_strdup(arena, text) : NULL;
}

static const char *copy_part(const json_t *object, const char *key, struct arena *arena)
{
    json_t *part = json_object_get(object, key);
    char *text = part ? json_dumps(part, JSON_COMPACT) : NULL;
    const char *copy = text ? arena_strdup(arena, text) : "{}";
    free(text);
    return copy;
}

static const char **copy_texts(const json_t *object, const char *key, struct arena *arena, size_t *count)
{
    json_t *list = json_object_get(object, key);
    *count = json_array_size(list);
    const char **out = ARENA_ARRAY(arena, const char *, *count + 1);
    for (size_t i = 0; i < *count; i++)
        out[i] = arena_strdup(arena, json_string_value(json_array_get(list, i)));
    return out;
}

static void read_lists(const json_t *object, struct arena *arena, struct engine_model *out)
{
    json_t *options = json_object_get(object, "options"), *figures = json_object_get(object, "figures"), *item;
    size_t i;
    out->options = ARENA_ARRAY(arena, struct engine_model_option, json_array_size(options) + 1);
    out->figures = ARENA_ARRAY(arena, struct engine_model_figure, json_array_size(figures) + 1);
    json_array_foreach(options, i, item) out->options[out->option_count++] =
        (struct engine_model_option){copy_text(item, "name", arena), copy_text(item, "value", arena)};
    json_array_foreach(figures, i, item)
    {
        json_t *value = json_object_get(item, "value");
        out->figures[out->figure_count++] = (struct engine_model_figure){
            copy_text(item, "group", arena), copy_text(item, "label", arena), copy_text(item, "text", arena),
            json_is_number(value) ? json_number_value(value) : NAN};
    }
    out->notes = copy_texts(object, "notes", arena, &out->note_count);
    out->traits = copy_texts(object, "traits", arena, &out->trait_count);
}

static enum status read_saved(const char *name, const char *text, struct arena *arena, struct engine_model *out,
                              struct error *error)
{
    json_t *object = json_loads(text, 0, NULL);
    *out = (struct engine_model){0};
    if (!json_is_object(object) || json_integer_value(json_object_get(object, "format")) != FORMAT) {
        json_decref(object);
        return error_set(error, STATUS_ERROR,
                         "the model %s was saved by another version of strata; fit it again or delete it", name);
    }
    out->name = copy_text(object, "name", arena);
    out->type = copy_text(object, "type", arena);
    out->program = copy_text(object, "program", arena);
    out->moment = json_integer_value(json_object_get(object, "moment"));
    out->fitted = json_integer_value(json_object_get(object, "fitted"));
    out->usable = json_is_true(json_object_get(object, "usable"));
    out->trouble = copy_text(object, "trouble", arena);
    out->scheme = copy_text(object, "scheme", arena);
    out->scored = json_is_true(json_object_get(object, "scored"));
    out->scored_at = json_integer_value(json_object_get(object, "scored_at"));
    out->scored_since = json_integer_value(json_object_get(object, "scored_since"));
    out->scored_customers = (uint64_t)json_integer_value(json_object_get(object, "scored_customers"));
    out->parameters = copy_part(object, "parameters", arena);
    out->fit_report = copy_part(object, "fit_report", arena);
    out->score_report = copy_part(object, "score_report", arena);
    read_lists(object, arena, out);
    json_decref(object);
    return STATUS_OK;
}

enum status engine_models(struct engine *engine, struct arena *arena, struct engine_model **out, size_t *count,
                          struct error *error)
{
    struct catalog *catalog = store_catalog(engine->store);
    json_t *names, *name;
    size_t i;
    TRY(load_names(catalog, &names, error));
    *out = ARENA_ARRAY(arena, struct engine_model, json_array_size(names) + 1);
    *count = 0;
    enum status status = STATUS_OK;
    json_array_foreach(names, i, name)
    {
        char key[300];
        const char *text = NULL;
        if (status == STATUS_OK)
            status = catalog_setting(catalog, setting_key(json_string_value(name), key), arena, &text, error);
        if (status == STATUS_OK && text)
            status = read_saved(json_string_value(name), text, arena, &(*out)[(*count)++], error);
    }
    json_decref(names);
    return status;
}

static enum status no_such_model(struct engine *engine, const char *name, struct error *error)
{
    json_t *names, *item;
    const char *known[64];
    size_t i, count = 0;
    TRY(load_names(store_catalog(engine->store), &names, error));
    json_array_foreach(names, i, item) if (count < 64) known[count++] = json_string_value(item);
    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no model '%s'", name);
    int nearest = text_nearest(name, known, count);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", known[nearest]);
    else
        error_hint(error, count ? "strata model list lists them" : "strata model fit makes one");
    json_decref(names);
    return status;
}

enum status engine_model_find(struct engine *engine, const char *name, struct arena *arena, struct engine_model *out,
                              struct error *error)
{
    char key[300];
    const char *text = NULL;
    TRY(catalog_setting(store_catalog(engine->store), setting_key(name, key), arena, &text, error));
    if (!text)
        return no_such_model(engine, name, error);
    return read_saved(name, text, arena, out, error);
}

int64_t engine_scored_since(struct engine *engine, const char *name, struct arena *arena)
{
    struct engine_model model = {0};
    struct error ignored = {0};
    int64_t since = INT64_MIN;
    if (engine_model_find(engine, name, arena, &model, &ignored) == STATUS_OK && model.scored)
        since = model.scored_since ? model.scored_since : model.moment;
    error_clear(&ignored);
    return since;
}

/* ---- one fit ---- */

static enum status check_options(const struct model_type *type, const struct engine_model_request *request,
                                 struct error *error)
{
    size_t count = 0;
    while (type->options[count])
        count++;
    for (size_t i = 0; i < request->option_count; i++) {
        const char *name = request->options[i].name;
        size_t known = 0;
        while (known < count && strcmp(type->options[known], name) != 0)
            known++;
        if (known < count)
            continue;
        struct buffer list;
        buffer_init(&list, 0);
        for (size_t o = 0; o < count; o++)
            buffer_printf(&list, "%s--%s", o ? ", " : "", type->options[o]);
        enum status status = error_set(error, STATUS_USAGE, "a model of type %s has no option --%s", type->name, name);
        error_hint(error, "it takes %s", list.data);
        buffer_release(&list);
        return status;
    }
    return STATUS_OK;
}

static enum status check_scheme(struct engine *engine, const struct model_work *work, bool refit, struct error *error)
{
    const char *name = work->model->name;
    if (!work->scheme.length || refit || segment_set_find_scheme(engine_definitions(engine), name) < 0)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, "the scheme %s exists already, and a model of that name would replace it",
                     name);
}

int64_t work_scored_since(struct model_work *work)
{
    struct engine_model before = {0};
    struct error ignored = {0};
    int64_t now = work->moment->now, since = now;
    if (engine_model_find(work->engine, work->model->name, work->arena, &before, &ignored) == STATUS_OK &&
        before.scored && strcmp(before.type, work->model->type) == 0)
        since = before.scored_since ? before.scored_since : before.moment;
    error_clear(&ignored);
    return since < now ? since : now;
}

void work_scheme_rest(struct model_work *work, const char *name)
{
    char text[MOMENT_TEXT_MAX];
    buffer_printf(&work->scheme, "  %s where now >= %s\n", name,
                  moment_format(work->engine->zone, work_scored_since(work), text));
}

static void finish_buffers(struct model_work *work)
{
    struct engine_model *model = work->model;
    model->figures = work->figures.items;
    model->figure_count = work->figures.count;
    model->notes = work->notes.items;
    model->note_count = work->notes.count;
    model->scheme = work->scheme.length ? buffer_copy(&work->scheme, work->arena) : NULL;
}

/* Runs fit or score with a fresh object to write report sections into. */
static enum status with_report(struct model_work *work, enum status (*run)(struct model_work *, struct error *),
                               const char **out, struct error *error)
{
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    work->report = &json;
    json_write_object(&json);
    enum status status = run(work, error);
    if (status == STATUS_OK) {
        json_write_end_object(&json);
        *out = buffer_copy(&text, work->arena);
    }
    buffer_release(&text);
    return status;
}

static enum status run_fit(struct model_work *work, const struct model_type *type, struct error *error)
{
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    work->parameters = &json;
    json_write_object(&json);
    enum status status = with_report(work, type->fit, &work->model->fit_report, error);
    if (status == STATUS_OK) {
        json_write_end_object(&json);
        work->model->parameters = buffer_copy(&text, work->arena);
    }
    buffer_release(&text);
    return status;
}

static enum status run_score(struct model_work *work, const struct model_type *type, struct error *error)
{
    if (!type->score || !work->model->usable)
        return STATUS_OK;
    work->saved = json_loads(work->model->parameters, 0, NULL);
    enum status status = with_report(work, type->score, &work->model->score_report, error);
    json_decref(work->saved);
    work->saved = NULL;
    if (status != STATUS_OK)
        return status;
    work->model->scored = true;
    work->model->scored_at = work->moment->now;
    if (!work->model->scored_since)
        work->model->scored_since = work_scored_since(work);
    work->model->scored_customers = work->count;
    return STATUS_OK;
}

/* The model's scheme, checked against the schema as this change makes it: the scheme asks about the traits that the
 * change tells. */
static enum status save_scheme(const struct model_work *work, struct error *error)
{
    struct engine *engine = work->engine;
    struct engine_apply apply = {0};
    if (!work->scheme.length || !work->model->usable)
        return STATUS_OK;

    const char *file = arena_printf(work->arena, "the scheme of the model %s", work->model->name);
    struct segment_source source = {file, {work->scheme.data, work->scheme.length}};
    TRY(engine_load_definitions(engine, error));
    TRY(segment_set_build(&source, 1, engine_schema(engine), engine->definitions, work->arena, NULL, &apply.set,
                          error));

    enum status status = engine_apply_save_within(engine, &apply, error);
    segment_set_free(apply.set);
    return status;
}

/* The scores, the model and its scheme; the schema and the definitions are from here on what the change makes of them.
 */
static enum status publish_within(struct model_work *work, struct store_change *change, struct error *error)
{
    engine_forget_definitions(work->engine);
    TRY(work_tell(work, change, error));
    TRY(work_save(work->engine, work->model, error));
    TRY(store_fold_schema(change, error));
    TRY(save_scheme(work, error));
    engine_forget_definitions(work->engine);
    return STATUS_OK;
}

static enum status publish(struct model_work *work, struct error *error)
{
    struct store_change *change;
    TRY(store_begin(work->engine->store, &change, error));
    return engine_end_change(work->engine, change, publish_within(work, change, error), error);
}

static void close_work(struct model_work *work)
{
    population_free(work->population);
    buffer_release(&work->scheme);
    VECTOR_RELEASE(&work->figures);
    VECTOR_RELEASE(&work->notes);
}

static enum status fit_and_publish(struct model_work *work, const struct model_type *type, bool refit,
                                   struct error *error)
{
    TRY(run_fit(work, type, error));
    TRY(check_scheme(work->engine, work, refit, error));
    TRY(run_score(work, type, error));
    finish_buffers(work);
    return publish(work, error);
}

static void keep(struct engine_model *model, struct arena *arena)
{
    struct engine_model_figure *figures = ARENA_ARRAY(arena, struct engine_model_figure, model->figure_count + 1);
    const char **notes = ARENA_ARRAY(arena, const char *, model->note_count + 1);
    if (model->figure_count)
        memcpy(figures, model->figures, model->figure_count * sizeof *figures);
    if (model->note_count)
        memcpy(notes, model->notes, model->note_count * sizeof *notes);
    model->figures = figures;
    model->notes = notes;
}

enum status engine_model_fit(struct engine *engine, const struct engine_model_request *request,
                             const struct engine_moment *moment, struct arena *arena, struct engine_model *out,
                             struct error *error)
{
    const struct model_type *type;
    struct engine_model before;
    struct error ignored;
    TRY(find_type(request->type, &type, error));
    TRY(check_options(type, request, error));
    TRY(engine_load_definitions(engine, error));
    TRY(model_check_name(engine, request->name, error));
    bool refit = engine_model_find(engine, request->name, arena, &before, &ignored) == STATUS_OK;
    *out = (struct engine_model){.name = arena_strdup(arena, request->name),
                                 .type = type->name,
                                 .program = "strata " STRATA_VERSION,
                                 .moment = moment->now,
                                 .fitted = engine_now(engine),
                                 .usable = true};
    out->options = ARENA_ARRAY(arena, struct engine_model_option, request->option_count + 1);
    for (size_t i = 0; i < request->option_count; i++)
        out->options[out->option_count++] = request->options[i];
    struct model_work work = {.engine = engine, .arena = arena, .moment = moment, .model = out};
    buffer_init(&work.scheme, 0);
    enum status status = fit_and_publish(&work, type, refit, error);
    keep(out, arena);
    close_work(&work);
    return status;
}

/* ---- scoring ---- */

/* change: what the scores belong to. When the model cannot be scored, *why says so, and the change is as before. */
static enum status score_within(struct engine *engine, struct store_change *change, struct engine_model *model,
                                const struct engine_moment *moment, struct arena *arena, struct error *why,
                                struct error *error)
{
    const struct model_type *type;
    TRY(find_type(model->type, &type, error));
    struct model_work work = {.engine = engine, .arena = arena, .moment = moment, .model = model};
    buffer_init(&work.scheme, 0);
    enum status status = STATUS_OK;
    if (run_score(&work, type, why) == STATUS_OK)
        status = publish_within(&work, change, error);
    close_work(&work);
    return status;
}

static enum status score(struct engine *engine, struct engine_model *model, const struct engine_moment *moment,
                         struct arena *arena, struct error *error)
{
    struct store_change *change;
    struct error why = {0};
    TRY(store_begin(engine->store, &change, error));
    enum status status = score_within(engine, change, model, moment, arena, &why, error);
    if (status == STATUS_OK && why.code != STATUS_OK) {
        *error = why;
        status = why.code;
    }
    return engine_end_change(engine, change, status, error);
}

enum status engine_model_score(struct engine *engine, const char *name, const struct engine_moment *moment,
                               struct arena *arena, struct engine_model *out, struct error *error)
{
    const struct model_type *type;
    TRY(engine_model_find(engine, name, arena, out, error));
    TRY(find_type(out->type, &type, error));
    if (!out->usable)
        return error_set(error, STATUS_ERROR, "the model %s is not usable: %s", name, out->trouble);
    if (!type->score)
        return error_set(error, STATUS_ERROR, "a model of type %s has nothing to score customers with", out->type);
    if (out->moment > moment->now) {
        char text[MOMENT_TEXT_MAX];
        enum status status =
            error_set(error, STATUS_ERROR, "the model %s was fitted on facts up to %s, later than the moment", name,
                      moment_format(engine->zone, out->moment, text));
        error_hint(error, "it would know what had not happened yet; fit one as of that moment");
        return status;
    }
    return score(engine, out, moment, arena, error);
}

static bool scores_at(const struct model_type *type, const struct engine_model *model, int64_t moment)
{
    return model->usable && type->score && model->moment <= moment;
}

enum status models_score_within(struct engine *engine, struct store_change *change, const struct engine_moment *moment,
                                struct arena *arena, struct engine_refresh *out, struct error *error)
{
    struct engine_model *models;
    size_t count;
    TRY(engine_models(engine, arena, &models, &count, error));
    out->models = ARENA_ARRAY(arena, struct engine_trouble, count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct model_type *type;
        struct error why = {0};
        TRY(find_type(models[i].type, &type, error));
        if (!scores_at(type, &models[i], moment->now))
            continue;
        bool done = models[i].scored && models[i].scored_at == moment->now;
        if (!done)
            TRY(score_within(engine, change, &models[i], moment, arena, &why, error));
        if (why.code == STATUS_OK)
            out->scored++;
        else
            out->models[out->model_count++] = (struct engine_trouble){models[i].name, arena_strdup(arena, why.message)};
    }
    return STATUS_OK;
}

/* ---- one customer ---- */

enum status engine_model_explain(struct engine *engine, const struct engine_model *model, const char *customer,
                                 const struct engine_moment *moment, struct arena *arena,
                                 struct engine_model_customer *out, struct error *error)
{
    struct engine_model copy = *model;
    if (strcmp(model->type, "predict") != 0)
        return error_set(error, STATUS_USAGE, "%s is a model of type %s; --customer is for type predict", model->name,
                         model->type);
    if (!model->usable)
        return error_set(error, STATUS_ERROR, "the model %s is not usable: %s", model->name, model->trouble);
    struct model_work work = {.engine = engine, .arena = arena, .moment = moment, .model = &copy};
    work.saved = json_loads(model->parameters, 0, NULL);
    enum status status = engine_predict_customer(&work, customer, out, error);
    json_decref(work.saved);
    close_work(&work);
    return status;
}

/* ---- deleting ---- */

static enum status refuse_used(struct engine *engine, const struct engine_model *model, struct arena *arena,
                               struct error *error)
{
    const struct segment_set *set = engine_definitions(engine);
    const struct schema *schema = engine_schema(engine);
    int scheme = segment_set_find_scheme(set, model->name);
    for (int s = 0; s < set->segment_count; s++) {
        if (scheme >= 0 && set->segments[s].scheme == scheme)
            continue;
        struct segment_reads reads = segment_reads(set, schema, &s, 1, SEGMENT_READ_TO_DEFINE, arena);
        for (size_t t = 0; t < model->trait_count; t++)
            if (segment_reads_column(&reads, schema, SCHEMA_TRAIT_TABLE, model->traits[t]))
                return error_set(error, STATUS_ERROR, "%s uses %s; delete or change that segment first",
                                 set->segments[s].name, model->traits[t]);
    }
    return STATUS_OK;
}

static enum status forget(struct engine *engine, const struct engine_model *model, struct arena *arena,
                          struct error *error)
{
    struct catalog *catalog = store_catalog(engine->store);
    char key[300];
    json_t *names;
    (void)arena;
    TRY(catalog_set_setting(catalog, setting_key(model->name, key), NULL, error));
    TRY(load_names(catalog, &names, error));
    json_array_remove(names, name_index(names, model->name));
    enum status status = save_names(catalog, names, error);
    json_decref(names);
    return status;
}

static enum status take_scores_back(struct engine *engine, struct store_change *change,
                                    const struct engine_model *model, struct arena *arena, struct error *error)
{
    struct catalog_import *imports;
    struct lake *lake;
    size_t count, gone = 0;
    TRY(engine_lake(engine, &lake, error));
    TRY(catalog_imports(store_catalog(engine->store), arena, &imports, &count, error));
    uint32_t *numbers = ARENA_ARRAY(arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!imports[i].undone && engine_is_score(&imports[i], model->name))
            numbers[gone++] = imports[i].number;
    return store_undo_within(change, lake, numbers, gone, engine_now(engine), error);
}

static enum status delete_within(struct engine *engine, struct store_change *change, const struct engine_model *model,
                                 struct arena *arena, struct error *error)
{
    if (model->scheme && segment_set_find_scheme(engine_definitions(engine), model->name) >= 0)
        TRY(engine_delete_within(engine, &model->name, 1, error));
    TRY(take_scores_back(engine, change, model, arena, error));
    TRY(forget(engine, model, arena, error));
    engine_forget_definitions(engine); /* the scheme and the traits are gone */
    return STATUS_OK;
}

enum status engine_model_delete(struct engine *engine, const char *name, struct arena *arena, struct error *error)
{
    struct engine_model model;
    struct store_change *change;
    TRY(engine_model_find(engine, name, arena, &model, error));
    TRY(engine_load_definitions(engine, error));
    TRY(refuse_used(engine, &model, arena, error));

    TRY(store_begin(engine->store, &change, error));
    return engine_end_change(engine, change, delete_within(engine, change, &model, arena, error), error);
}
