/*
 * The features of this store's customers. Scores of models are among them; a model that was fitted
 * to tell a segment from others tells, in that segment's profile, what the segment is.
 */
#include "study/features.h"

#include "session/definitions.h"
#include "study/study.h"

#include <string.h>

/* The condition a model learnt to tell, as its option says it; NULL for models that learn none. */
static const char *learnt_condition(const struct session *session, const struct study_model *model,
                                    struct arena *arena)
{
    bool likes = strcmp(model->type, "lookalike") == 0,
         predicts = strcmp(model->type, "predict") == 0;
    const char *text = NULL;
    for (size_t i = 0; i < model->option_count; i++) {
        const char *name = model->options[i].name;
        if ((likes && strcmp(name, "like") == 0) || (predicts && strcmp(name, "label") == 0))
            text = model->options[i].value;
    }
    bool segment = text && segment_set_find(session_definitions(session), text) >= 0;
    return segment ? arena_printf(arena, "in %s", text) : text;
}

/* The segments a condition reads, by name; NULL where there are none, or it fits the store no more.
 */
static const char *const *segments_of(const struct session *session, const char *condition,
                                      struct arena *arena)
{
    const struct schema *schema = session_schema(session);
    struct segment_set *set = NULL;
    struct error ignored;
    if (segment_condition_build(text_from(condition), schema, session_definitions(session), arena,
                                NULL, &set, &ignored) != STATUS_OK) {
        segment_set_free(set);
        return NULL;
    }

    int last = set->segment_count - 1;
    size_t count = 0;
    struct segment_reads reads =
        segment_reads(set, schema, &last, 1, SEGMENT_READ_TO_DEFINE, arena);
    const char **names = ARENA_ARRAY(arena, const char *, (size_t)last + 1);
    for (int s = 0; s < last; s++)
        if (reads.segments[s])
            names[count++] = arena_strdup(arena, set->segments[s].name);
    segment_set_free(set);
    return names;
}

static void mark_scores(const struct study_model *model, const char *const *segments,
                        struct insight_features *features)
{
    for (size_t f = 0; f < features->count; f++) {
        struct insight_feature *feature = &features->items[f];
        bool told = feature->column && strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0;
        for (size_t t = 0; told && t < model->trait_count; t++)
            if (strcmp(feature->column, model->traits[t]) == 0)
                feature->learnt = segments;
    }
}

enum status study_features_new(struct session *session, struct arena *arena,
                               struct insight_features *out, struct error *error)
{
    struct study_model *models;
    size_t count;
    *out = (struct insight_features){0};
    TRY(session_load_definitions(session, error));
    TRY(study_models(session, arena, &models, &count, error));
    TRY(insight_features_new(session_schema(session), arena, out, error));

    for (size_t i = 0; i < count; i++) {
        const char *condition = learnt_condition(session, &models[i], arena);
        if (condition)
            mark_scores(&models[i], segments_of(session, condition, arena), out);
    }
    return STATUS_OK;
}
