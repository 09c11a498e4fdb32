/*
 * Models as they are kept: one JSON object in the catalog's settings under "model.NAME"; "models"
 * lists the names in order of first fitting, which is also the order in which a refresh scores
 * them.
 *
 * What a model is to its type (the parameters) and to the report is most of the text, a megabyte at
 * times, and every command that wants to know which models there are reads all of them. These parts
 * are taken as the text they are; whoever wants to look into them parses them.
 */
#include "study/scores.h"
#include "study/work.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, KEY_MAX = 300 }; /* bytes of "model.NAME": names have 60 at most */

/* ---- writing ---- */

static void write_raw(struct json *json, const char *key, const char *text)
{
    json_put_raw(json, key, text_from(text ? text : "{}"));
}

static void write_options(struct json *json, const struct study_model *model)
{
    json_put_array(json, "options");
    for (size_t i = 0; i < model->option_count; i++) {
        json_write_object(json);
        json_put_string(json, "name", model->options[i].name);
        json_put_string(json, "value", model->options[i].value);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_figures(struct json *json, const struct study_model *model)
{
    json_put_array(json, "figures");
    for (size_t i = 0; i < model->figure_count; i++) {
        const struct study_figure *figure = &model->figures[i];
        json_write_object(json);
        json_put_string(json, "group", figure->group);
        json_put_string(json, "label", figure->label);
        json_put_string(json, "text", figure->text);
        json_put_double(json, "value", figure->value);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

/* What is told and kept alike. */
static void write_shared(const struct study_model *model, struct json *json)
{
    json_put_string(json, "name", model->name);
    json_put_string(json, "type", model->type);
    json_put_string(json, "program", model->program);
    json_put_bool(json, "usable", model->usable);
    json_put_string(json, "trouble", model->trouble);
    write_options(json, model);
    write_figures(json, model);
    json_put_strings(json, "notes", model->notes, model->note_count);
    json_put_strings(json, "traits", model->traits, model->trait_count);
    write_raw(json, "parameters", model->parameters);
}

/* For people's programs: moments as text. */
void study_write(const struct session *session, const struct study_model *model, struct json *json)
{
    const struct zone *zone = session_zone(session);
    json_write_object(json);
    json_put_moment(json, "moment", zone, model->moment);
    json_put_moment(json, "fitted", zone, model->fitted);
    if (model->scored) {
        json_put_moment(json, "scored", zone, model->scored_at);
        json_put_count(json, "scored_customers", model->scored_customers);
    }
    write_shared(model, json);
    json_write_end_object(json);
}

void study_write_all(const struct session *session, const struct study_model *models, size_t count,
                     struct json *json)
{
    json_write_array(json);
    for (size_t i = 0; i < count; i++)
        study_write(session, &models[i], json);
    json_write_end_array(json);
}

static void write_saved(const struct study_model *model, struct json *json)
{
    json_write_object(json);
    json_put_integer(json, "format", FORMAT);
    json_put_integer(json, "moment", model->moment);
    json_put_integer(json, "fitted", model->fitted);
    json_put_string(json, "scheme", model->scheme);
    json_put_bool(json, "scored", model->scored);
    json_put_integer(json, "scored_at", model->scored_at);
    json_put_integer(json, "scored_since", model->scored_since);
    json_put_count(json, "scored_customers", model->scored_customers);
    json_put_count(json, "seen_import", model->seen.last);
    json_put_count(json, "seen_gone", model->seen.gone);
    write_shared(model, json);
    write_raw(json, "fit_report", model->fit_report);
    write_raw(json, "score_report", model->score_report);
    json_write_end_object(json);
}

static const char *setting_key(const char *name, char out[KEY_MAX])
{
    snprintf(out, KEY_MAX, "model.%s", name);
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
    while (i < json_array_size(names) &&
           strcmp(json_string_value(json_array_get(names, i)), name) != 0)
        i++;
    return i;
}

enum status study_kept_text(struct session *session, const char *name, struct arena *arena,
                            const char **out, struct error *error)
{
    char key[KEY_MAX];
    *out = NULL;
    return catalog_setting(store_catalog(session_store(session)), setting_key(name, key), arena,
                           out, error);
}

enum status study_save(struct session *session, const struct study_model *model,
                       struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    struct buffer text;
    struct json json;
    char key[KEY_MAX];
    json_t *names;

    /* A refit keeps its place in the order of first fitting, which is that of scoring. */
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

enum status study_forget(struct session *session, const char *name, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    char key[KEY_MAX];
    json_t *names;
    TRY(catalog_set_setting(catalog, setting_key(name, key), NULL, error));
    TRY(load_names(catalog, &names, error));
    json_array_remove(names, name_index(names, name));
    enum status status = save_names(catalog, names, error);
    json_decref(names);
    return status;
}

/* ---- reading ---- */

/* A member of the saved object: its key, and its value as the text it is. */
struct member {
    struct text key, value;
};

static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    return *at ? at + 1 : at;
}

/* Behind the value at `at`: at the comma or the bracket that ends it, or at the text's end. */
static const char *skip_value(const char *at)
{
    int depth = 0;

    /* Brackets within strings are passed over with them. */
    while (*at) {
        bool opens = *at == '{' || *at == '[', closes = *at == '}' || *at == ']';
        if (depth == 0 && (closes || *at == ','))
            break;
        depth += opens - closes;
        at = *at == '"' ? skip_string(at) : at + 1;
    }
    return at;
}

/* The next member from *at on; false behind the last. */
static bool next_member(const char **at, struct member *out)
{
    *at += strspn(*at, " \t\r\n{,");
    if (**at != '"')
        return false;
    const char *end = skip_string(*at);
    out->key = (struct text){*at + 1, (size_t)(end - *at) - 2};
    *at = end + strspn(end, " \t\r\n:");
    end = skip_value(*at);
    out->value = text_trim((struct text){*at, (size_t)(end - *at)});
    *at = end;
    return true;
}

/* Where a part that stays text goes, or NULL for what is read. */
static const char **part_of(struct study_model *model, struct text key)
{
    if (text_equal(key, TEXT("parameters")))
        return &model->parameters;
    if (text_equal(key, TEXT("fit_report")))
        return &model->fit_report;
    return text_equal(key, TEXT("score_report")) ? &model->score_report : NULL;
}

/* The saved object without the parts, which go into the model. NULL when it is none. */
static json_t *read_object(const char *text, struct arena *arena, struct study_model *out)
{
    json_t *object = json_object();
    struct member member;

    out->parameters = out->fit_report = out->score_report = "{}";
    /* Member by member: parsing the parts, too, would take most of the time of every command. */
    bool whole = *text == '{';
    while (next_member(&text, &member)) {
        const char **part = part_of(out, member.key);
        if (part) {
            *part = arena_strndup(arena, member.value.data, member.value.length);
            continue;
        }
        json_t *value = json_loadb(member.value.data, member.value.length, JSON_DECODE_ANY, NULL);
        if (!value ||
            json_object_set_new(object, arena_strndup(arena, member.key.data, member.key.length),
                                value)) {
            whole = false;
            break;
        }
    }

    if (whole && strcmp(text, "}") == 0)
        return object;
    json_decref(object);
    return NULL;
}

static const char *copy_text(const json_t *object, const char *key, struct arena *arena)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? arena_strdup(arena, text) : NULL;
}

static const char **copy_texts(const json_t *object, const char *key, struct arena *arena,
                               size_t *count)
{
    json_t *list = json_object_get(object, key), *item;
    size_t i;
    const char **out = ARENA_ARRAY(arena, const char *, json_array_size(list) + 1);
    *count = 0;
    json_array_foreach(list, i, item) if (json_is_string(item)) out[(*count)++] =
        arena_strdup(arena, json_string_value(item));
    return out;
}

static void read_lists(const json_t *object, struct arena *arena, struct study_model *out)
{
    json_t *options = json_object_get(object, "options"),
           *figures = json_object_get(object, "figures"), *item;
    size_t i;
    out->options = ARENA_ARRAY(arena, struct study_given, json_array_size(options) + 1);
    out->figures = ARENA_ARRAY(arena, struct study_figure, json_array_size(figures) + 1);
    json_array_foreach(options, i, item) out->options[out->option_count++] =
        (struct study_given){copy_text(item, "name", arena), copy_text(item, "value", arena)};
    json_array_foreach(figures, i, item)
    {
        json_t *value = json_object_get(item, "value");
        out->figures[out->figure_count++] = (struct study_figure){
            copy_text(item, "group", arena), copy_text(item, "label", arena),
            copy_text(item, "text", arena), json_is_number(value) ? json_number_value(value) : NAN};
    }
    out->notes = copy_texts(object, "notes", arena, &out->note_count);
    out->traits = copy_texts(object, "traits", arena, &out->trait_count);
}

/* Of a model that another version saved, in whatever form: enough to list it, to fit it again and
 * to delete it. */
static void read_foreign(const char *name, const json_t *object, struct arena *arena,
                         struct study_model *out)
{
    const char *type = copy_text(object, "type", arena),
               *program = copy_text(object, "program", arena);
    *out = (struct study_model){
        .name = arena_strdup(arena, name),
        .type = type ? type : "unknown",
        .program = program ? program : "another version of strata",
        .moment = json_integer_value(json_object_get(object, "moment")),
        .trouble = "it was saved by another version of strata; fit it again or delete it",
        .scheme = copy_text(object, "scheme", arena),
        .parameters = "{}",
        .fit_report = "{}",
        .score_report = "{}"};
    out->traits = copy_texts(object, "traits", arena, &out->trait_count);
}

static void read_saved(const char *name, const char *text, struct arena *arena,
                       struct study_model *out)
{
    *out = (struct study_model){0};
    json_t *object = read_object(text, arena, out);
    if (!json_is_object(object) ||
        json_integer_value(json_object_get(object, "format")) != FORMAT) {
        read_foreign(name, object, arena, out);
        json_decref(object);
        return;
    }

    /* What an earlier version did not keep reads as 0 or NULL, which the fields take for "not
     * known". */
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
    out->scored_customers =
        (uint64_t)json_integer_value(json_object_get(object, "scored_customers"));
    out->seen.last = (uint32_t)json_integer_value(json_object_get(object, "seen_import"));
    out->seen.gone = (uint32_t)json_integer_value(json_object_get(object, "seen_gone"));
    read_lists(object, arena, out);
    json_decref(object);
}

enum status study_models(struct session *session, struct arena *arena, struct study_model **out,
                         size_t *count, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    json_t *names, *name;
    size_t i;
    TRY(load_names(catalog, &names, error));
    *out = ARENA_ARRAY(arena, struct study_model, json_array_size(names) + 1);
    *count = 0;
    enum status status = STATUS_OK;
    json_array_foreach(names, i, name)
    {
        char key[KEY_MAX];
        const char *text = NULL;
        if (status == STATUS_OK)
            status = catalog_setting(catalog, setting_key(json_string_value(name), key), arena,
                                     &text, error);
        if (status == STATUS_OK && text)
            read_saved(json_string_value(name), text, arena, &(*out)[(*count)++]);
    }
    json_decref(names);
    return status;
}

enum status study_schemes(struct session *session, struct arena *arena, const char *const **out,
                          struct error *error)
{
    struct study_model *models;
    size_t count, schemes = 0;
    TRY(study_models(session, arena, &models, &count, error));
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        if (models[i].scheme)
            names[schemes++] = models[i].name;
    *out = names;
    return STATUS_OK;
}

static enum status no_such_model(struct session *session, const char *name, struct error *error)
{
    json_t *names, *item;
    enum { MOST = 64 }; /* names to find the nearest among */
    const char *known[MOST];
    size_t i, count = 0;
    TRY(load_names(store_catalog(session_store(session)), &names, error));
    json_array_foreach(names, i, item) if (count < MOST) known[count++] = json_string_value(item);
    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no model '%s'", name);
    int nearest = text_nearest(name, known, count);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", known[nearest]);
    else
        error_hint(error, count ? "strata model list lists them" : "strata model fit makes one");
    json_decref(names);
    return status;
}

enum status study_find(struct session *session, const char *name, struct arena *arena,
                       struct study_model *out, struct error *error)
{
    char key[KEY_MAX];
    const char *text = NULL;
    TRY(catalog_setting(store_catalog(session_store(session)), setting_key(name, key), arena, &text,
                        error));
    if (!text)
        return no_such_model(session, name, error);
    read_saved(name, text, arena, out);
    return STATUS_OK;
}

int64_t study_scored_since(struct session *session, const char *name, struct arena *arena)
{
    struct study_model model = {0};
    struct error ignored = {0};
    int64_t since = INT64_MIN;
    if (study_find(session, name, arena, &model, &ignored) == STATUS_OK && model.scored)
        since = model.scored_since ? model.scored_since : model.moment;
    error_clear(&ignored);
    return since;
}
