/*
 * Taking a refresh back, exactly: who entered and left, the scores that were told with it, and what
 * it remembered for the next one. For that each refresh writes down, under "refresh.note.N", what
 * it replaced.
 *
 * Records only go forward, so a mistaken refresh would block those after it. It does not: the last
 * one can be taken back, and one that saw facts of an import that was taken back since gives way to
 * a new one by itself.
 */
#include "engine/guard.h"
#include "engine/refresh.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many refreshes keep what their models were before: that is larger than the rest together. */
enum { MODELS_KEPT = 3, KEY_MAX = 64 };

static const char *note_key(uint32_t number, char out[KEY_MAX])
{
    snprintf(out, KEY_MAX, "refresh.note.%u", number);
    return out;
}

/* NULL when the refresh has none: it was recorded by an older program. */
static enum status load_note(struct catalog *catalog, uint32_t number, struct arena *arena,
                             json_t **out, struct error *error)
{
    char key[KEY_MAX];
    const char *text = NULL;
    *out = NULL;
    TRY(catalog_setting(catalog, note_key(number, key), arena, &text, error));
    *out = text ? json_loads(text, 0, NULL) : NULL;
    return STATUS_OK;
}

static enum status save_note(struct catalog *catalog, uint32_t number, const json_t *note,
                             struct error *error)
{
    char key[KEY_MAX];
    char *text = json_dumps(note, JSON_COMPACT);
    enum status status = catalog_set_setting(catalog, note_key(number, key), text, error);
    free(text);
    return status;
}

/* ---- writing down ---- */

enum status refresh_note_begin(struct session *session, struct refresh_note *note,
                               struct error *error)
{
    uint64_t next;
    *note = (struct refresh_note){.object = json_object()};
    json_object_set_new(note->object, "models", json_object());
    json_object_set_new(note->object, "definitions", json_object());
    TRY(catalog_counter(store_catalog(session_store(session)), CATALOG_NEXT_IMPORT, &next, error));
    json_object_set_new(note->object, "first_score", json_integer((json_int_t)next));
    return STATUS_OK;
}

void refresh_note_models(struct refresh_note *note, const struct study_scored *scored)
{
    json_t *models = json_object_get(note->object, "models");
    for (size_t i = 0; i < scored->before_count; i++)
        json_object_set_new(models, scored->before[i].name, json_string(scored->before[i].text));
}

void refresh_note_definition(struct refresh_note *note, const char *segment, const char *before)
{
    json_object_set_new(json_object_get(note->object, "definitions"), segment,
                        before ? json_string(before) : json_null());
}

static enum status add_imports(struct catalog *catalog, json_t *note, struct arena *arena,
                               struct error *error)
{
    struct catalog_import *imports;
    size_t count;
    json_t *undone = json_array();
    json_object_set_new(note, "undone", undone);
    TRY(catalog_imports(catalog, arena, &imports, &count, error));
    for (size_t i = 0; i < count; i++)
        if (imports[i].undone)
            json_array_append_new(undone, json_integer(imports[i].number));
    return STATUS_OK;
}

enum status refresh_note_save(struct session *session, struct refresh_note *note, uint32_t number,
                              const char *seen, uint64_t last_import, struct arena *arena,
                              struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    json_object_set_new(note->object, "seen_before", seen ? json_string(seen) : json_null());
    json_object_set_new(note->object, "last_import", json_integer((json_int_t)last_import));
    TRY(add_imports(catalog, note->object, arena, error));
    TRY(save_note(catalog, number, note->object, error));

    json_t *old = NULL;
    if (number <= MODELS_KEPT)
        return STATUS_OK;

    /* Older notes give their models up; what is left of them is small. */
    TRY(load_note(catalog, number - MODELS_KEPT, arena, &old, error));
    enum status status = STATUS_OK;
    if (old && json_object_del(old, "models") == 0)
        status = save_note(catalog, number - MODELS_KEPT, old, error);
    json_decref(old);
    return status;
}

void refresh_note_release(struct refresh_note *note)
{
    json_decref(note->object);
    note->object = NULL;
}

/* ---- whose facts went ---- */

static bool listed(const json_t *list, uint32_t number)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_integer_value(json_array_get(list, i)) == number)
            return true;
    return false;
}

/* Whether the refresh saw the import. Without a note the clock has to tell. */
static bool saw(const json_t *note, const struct catalog_refresh *refresh,
                const struct catalog_import *import)
{
    if (!note)
        return import->received <= refresh->recorded &&
               (!import->undone || import->undone > refresh->recorded);
    return import->number <= json_integer_value(json_object_get(note, "last_import")) &&
           !listed(json_object_get(note, "undone"), import->number);
}

enum status engine_refresh_stale(struct session *session, const struct catalog_refresh *refresh,
                                 struct arena *arena, uint32_t *import, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    struct catalog_import *imports;
    size_t count;
    json_t *note;
    *import = 0;
    TRY(catalog_imports(catalog, arena, &imports, &count, error));
    TRY(load_note(catalog, refresh->number, arena, &note, error));

    /* Scores do not count: a refresh tells its own, and they go with it. */
    for (size_t i = 0; i < count && !*import; i++)
        if (imports[i].undone && !study_is_score(&imports[i], NULL) &&
            saw(note, refresh, &imports[i]))
            *import = imports[i].number;
    json_decref(note);
    return STATUS_OK;
}

static enum status engine_import_seen(struct session *session, const struct catalog_import *import,
                                      struct arena *arena, struct catalog_refresh **out,
                                      size_t *count, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    struct catalog_refresh *all;
    size_t total;
    TRY(catalog_refreshes(catalog, arena, &all, &total, error));
    *out = ARENA_ARRAY(arena, struct catalog_refresh, total + 1);
    *count = 0;
    for (size_t i = 0; i < total; i++) {
        json_t *note;
        TRY(load_note(catalog, all[i].number, arena, &note, error));
        if (saw(note, &all[i], import))
            (*out)[(*count)++] = all[i];
        json_decref(note);
    }
    return STATUS_OK;
}

/* Whether a model may have read facts of the kind. What it names it read; without --kind models of
 * orders guess. */
static bool may_read(struct session *session, const struct study_model *model, const char *table,
                     struct arena *arena)
{
    const struct schema *schema = session_schema(session);
    const struct schema_table *found = schema_table(schema, table);
    struct study_orders fitted;
    const char *guessed =
        study_orders(model, arena, &fitted) ? fitted.kind : insight_revenue_find(schema).kind;
    bool orders = strcmp(model->type, "rfm") == 0 || strcmp(model->type, "clv") == 0 ||
                  strcmp(model->type, "survive") == 0;
    bool answers = strcmp(model->type, "survey") == 0 || strcmp(model->type, "factor") == 0 ||
                   strcmp(model->type, "latent") == 0;
    bool kind = false, segments = false; /* segments may read anything */
    for (size_t i = 0; i < model->option_count; i++) {
        const char *name = model->options[i].name;

        /* In doubt a model may have: a superfluous remark is better than a model that
         * nobody fits again. */
        if (guard_has_word(model->options[i].value, table))
            return true;
        kind |= strcmp(name, "kind") == 0;
        segments |= strcmp(name, "among") == 0 || strcmp(name, "by") == 0;
    }

    if (!found || found->role != SCHEMA_FACTS || segments)
        return true;
    if (orders)
        return !kind && (!guessed || strcmp(guessed, table) == 0);
    return !answers;
}

/* Models fitted after the import came saw its facts; so did the refreshes. Scores of models hang on
 * nothing further. */
static enum status list_hanging(struct session *session, uint32_t number, struct arena *arena,
                                struct engine_undone *out, struct error *error)
{
    struct catalog_import import;
    struct catalog_refresh *refreshes;
    struct study_model *models;
    size_t count;

    TRY(catalog_find_import(store_catalog(session_store(session)), number, arena, &import, error));
    if (study_is_score(&import, NULL))
        return STATUS_OK;

    TRY(engine_import_seen(session, &import, arena, &refreshes, &count, error));
    int *numbers = ARENA_ARRAY(arena, int, count + 1);
    for (size_t i = 0; i < count; i++)
        numbers[out->refresh_count++] = (int)refreshes[i].number;
    out->refreshes = numbers;

    TRY(study_models(session, arena, &models, &count, error));
    out->models = ARENA_ARRAY(arena, const char *, count + 1);
    bool *scores = ARENA_ARRAY(arena, bool, count + 1);
    for (size_t i = 0; i < count; i++) {
        /* What was fitted before the import came cannot have seen it. */
        if (models[i].fitted < import.received ||
            !may_read(session, &models[i], import.table, arena))
            continue;
        scores[out->model_count] = models[i].scored && models[i].trait_count > 0;
        out->models[out->model_count++] = models[i].name;
    }

    out->model_scores = scores;
    return STATUS_OK;
}

/* ---- lists whose people came by it ---- */

struct known_lists {
    struct catalog_list *lists;
    size_t *known;
    size_t count;
};

static enum status count_lists(struct session *session, struct arena *arena,
                               struct known_lists *out, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    struct segment_needs needs = {0};
    struct session_moment moment = {.now = session_now(session), .known_at = INT64_MAX};
    struct population *population;
    TRY(catalog_lists(catalog, arena, &out->lists, &out->count, error));
    out->known = ARENA_ARRAY(arena, size_t, out->count + 1);

    /* Without lists nothing need be loaded. */
    if (!out->count)
        return STATUS_OK;
    TRY(session_load_population(session, &needs, &moment, SESSION_WHOLE_PAST, &population, error));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < out->count && status == STATUS_OK; i++) {
        struct catalog_list list;
        status = catalog_find_list(catalog, out->lists[i].name, arena, &list, error);
        out->known[i] = status == STATUS_OK ? session_list_known(population, &list) : 0;
    }
    population_free(population);
    return status;
}

static void compare_lists(const struct known_lists *before, const struct known_lists *after,
                          struct arena *arena, struct engine_undone *out)
{
    out->lists = ARENA_ARRAY(arena, struct engine_undone_list, before->count + 1);
    for (size_t i = 0; i < before->count; i++)
        if (after->known[i] < before->known[i])
            out->lists[out->list_count++] = (struct engine_undone_list){
                before->lists[i].name, before->known[i] - after->known[i]};
}

/* ---- definitions that need its columns ---- */

static enum status undo_within(struct session *session, struct store_change *change,
                               uint32_t number, struct arena *arena, struct engine_undone *out,
                               struct error *error)
{
    struct lake *lake;
    struct guard_broken after;
    TRY(session_lake(session, &lake, error));
    TRY(study_unfold_before_undo(session, change, number, arena, error));
    TRY(store_undo_within(change, lake, &number, 1, session_now(session), error));
    TRY(guard_broken_under(session, session_schema(session), arena, &after, error));
    out->breaks = after.fresh;
    out->break_count = after.fresh_count;
    return STATUS_OK;
}

enum status engine_undo_plan(struct session *session, uint32_t number, struct arena *arena,
                             struct engine_undone *out, struct error *error)
{
    struct store_change *change;
    *out = (struct engine_undone){0};
    TRY(session_load_definitions(session, error));
    TRY(list_hanging(session, number, arena, out, error));
    TRY(store_begin(session_store(session), &change, error));
    enum status status = undo_within(session, change, number, arena, out, error);
    store_abort(change);
    return status;
}

enum status engine_undo(struct session *session, uint32_t number, struct arena *arena,
                        struct engine_undone *out, struct error *error)
{
    struct store_change *change;
    struct known_lists before, after;
    *out = (struct engine_undone){0};
    TRY(session_load_definitions(session, error));
    TRY(list_hanging(session, number, arena, out, error));
    TRY(count_lists(session, arena, &before, error));
    TRY(store_begin(session_store(session), &change, error));

    /* Whom the lists know afterwards is asked within the change, which can still be taken back. */
    enum status status = undo_within(session, change, number, arena, out, error);
    if (status == STATUS_OK)
        status = count_lists(session, arena, &after, error);
    TRY(session_end_change(session, change, status, error));
    compare_lists(&before, &after, arena, out);
    return STATUS_OK;
}

/* ---- taking back ---- */

static enum status count_moved(void *context, struct catalog_membership *membership,
                               struct error *error)
{
    struct engine_unrefreshed *out = context;
    (void)error;
    if ((int)membership->refresh == out->number)
        *(membership->entered ? &out->entered : &out->left) += bitmap_count(membership->customers);
    bitmap_free(membership->customers);
    return STATUS_OK;
}

/* The scores that were told while the refresh ran: imports of scores between its
 * beginning and its end. */
static enum status take_scores_back(struct session *session, struct store_change *change,
                                    const json_t *note, struct arena *arena,
                                    struct engine_unrefreshed *out, struct error *error)
{
    struct catalog_import *imports;
    struct lake *lake;
    size_t count;
    json_int_t first = json_integer_value(json_object_get(note, "first_score"));
    json_int_t last = json_integer_value(json_object_get(note, "last_import"));
    TRY(catalog_imports(store_catalog(session_store(session)), arena, &imports, &count, error));
    TRY(session_lake(session, &lake, error));

    uint32_t *numbers = ARENA_ARRAY(arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!imports[i].undone && imports[i].number >= first && imports[i].number <= last &&
            study_is_score(&imports[i], NULL))
            numbers[out->scores++] = imports[i].number;

    if (!out->scores)
        return STATUS_OK;

    /* Who was told no score is remembered beside the scores, and goes with them. */
    TRY(study_forget_silence(session, numbers, out->scores, error));
    return store_undo_within(change, lake, numbers, out->scores, session_now(session), error);
}

/* Whether both are one fit: scoring changes a saved model, but neither of these. */
static bool same_fit(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"fitted", "moment", "options", "parameters"};
    bool same = true;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        same &= json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i]));
    return same;
}

/* Makes the model what it was before the refresh, unless it was fitted again since. */
static enum status restore_model(struct session *session, const char *name, const char *before,
                                 struct arena *arena, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    const char *key = arena_printf(arena, "model.%s", name), *present = NULL;
    TRY(catalog_setting(catalog, key, arena, &present, error));
    json_t *then = json_loads(before, 0, NULL),
           *now = present ? json_loads(present, 0, NULL) : NULL;
    bool same = then && now && same_fit(then, now);
    json_decref(then);
    json_decref(now);
    return same ? catalog_set_setting(catalog, key, before, error) : STATUS_OK;
}

/* Models remember their last scoring. Those that were fitted again since keep what they are, and so
 * do those that the refresh found scored already. Of a note that has given its models up there is
 * nothing to make them from. */
static enum status restore_models(struct session *session, const json_t *note,
                                  const struct catalog_refresh *refresh, struct arena *arena,
                                  struct error *error)
{
    struct study_model *models;
    size_t count;
    TRY(study_models(session, arena, &models, &count, error));
    for (size_t i = 0; i < count; i++) {
        const json_t *kept = json_object_get(note, "models"),
                     *before = json_object_get(kept, models[i].name);
        if (!models[i].scored || models[i].scored_at != refresh->moment ||
            models[i].fitted > refresh->recorded)
            continue;

        if (json_is_string(before))
            TRY(restore_model(session, models[i].name, json_string_value(before), arena, error));

        /* Without what the model was before, all that can be said is that it is not scored. */
        if (kept)
            continue;
        models[i].scored = false;
        TRY(study_save(session, &models[i], error));
    }
    return STATUS_OK;
}

static enum status restore_settings(struct session *session, const json_t *note,
                                    struct arena *arena, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    const char *segment;
    json_t *hash;
    if (!note)
        return STATUS_OK;
    json_object_foreach(json_object_get(note, "definitions"), segment, hash)
    {
        const char *key = arena_printf(arena, "refresh.definition.%s", segment);
        TRY(catalog_set_setting(catalog, key, json_string_value(hash), error));
    }
    return catalog_set_setting(catalog, "refresh.last_import",
                               json_string_value(json_object_get(note, "seen_before")), error);
}

enum status unrefresh_within(struct session *session, struct store_change *change,
                             const struct catalog_refresh *refresh, struct arena *arena,
                             struct engine_unrefreshed *out, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    json_t *note;
    char key[KEY_MAX];
    *out = (struct engine_unrefreshed){.number = (int)refresh->number, .moment = refresh->moment};
    TRY(load_note(catalog, refresh->number, arena, &note, error));
    enum status status;

    /* Counted before anything goes: with the refresh go its memberships. */
    TRY_GOTO(catalog_memberships(catalog, NULL, count_moved, out, error));
    if (note)
        TRY_GOTO(take_scores_back(session, change, note, arena, out, error));
    TRY_GOTO(restore_models(session, note, refresh, arena, error));
    TRY_GOTO(restore_settings(session, note, arena, error));
    TRY_GOTO(catalog_forget_refresh(catalog, refresh->number, error));
    TRY_GOTO(catalog_set_setting(catalog, note_key(refresh->number, key), NULL, error));
    session_forget_definitions(session); /* the columns of the scores may be gone */
done:
    json_decref(note);
    return status;
}

enum status engine_unrefresh(struct session *session, struct arena *arena,
                             struct engine_unrefreshed *out, struct error *error)
{
    struct catalog_refresh *refreshes;
    struct store_change *change;
    size_t count;
    *out = (struct engine_unrefreshed){0};
    TRY(catalog_refreshes(store_catalog(session_store(session)), arena, &refreshes, &count, error));
    if (!count)
        return error_set(error, STATUS_NOT_FOUND,
                         "there is no refresh to take back: none is recorded");

    TRY(store_begin(session_store(session), &change, error));
    return session_end_change(
        session, change,
        unrefresh_within(session, change, &refreshes[count - 1], arena, out, error), error);
}
