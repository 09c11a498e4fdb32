/*
 * The report's sections that come from models. Each model keeps the sections it made when it was fitted and last scored;
 * here they are only put together: of a section that is a list every model adds its entries, of one that is a single
 * object the first model's counts.
 */
#include "engine/internal.h"
#include "engine/model.h"

#include <jansson.h>

#include <stdlib.h>

static const char *const sections[] = {"rfm", "values", "tracking", "calibration", "survival", "clusters"};

static void add_sections(json_t *all, const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        json_t *part = json_object_get(object, sections[s]), *there = json_object_get(all, sections[s]);
        if (!part)
            continue;
        if (!there)
            json_object_set(all, sections[s], part);
        else if (json_is_array(there) && json_is_array(part))
            json_array_extend(there, part);
    }
    json_decref(object);
}

/* No text of a user may end the page's script element. In JSON a < stands in strings only. */
static void write_safely(struct json *json, const char *text)
{
    struct buffer safe;
    buffer_init(&safe, 0);
    for (; *text; text++)
        if (*text == '<')
            buffer_string(&safe, "\\u003c");
        else
            buffer_char(&safe, *text);
    json_write_raw(json, (struct text){safe.data, safe.length});
    buffer_release(&safe);
}

enum status engine_report_models(struct engine *engine, struct json *json, struct error *error)
{
    struct arena arena;
    struct engine_model *models;
    size_t count;
    arena_init(&arena, 0);
    enum status status = engine_models(engine, &arena, &models, &count, error);
    json_t *all = json_object();
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        add_sections(all, models[i].fit_report ? models[i].fit_report : "{}");
        add_sections(all, models[i].score_report ? models[i].score_report : "{}");
    }
    for (size_t s = 0; status == STATUS_OK && s < sizeof sections / sizeof *sections; s++) {
        json_t *part = json_object_get(all, sections[s]);
        char *text = part ? json_dumps(part, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
        if (!text)
            continue;
        json_write_key(json, sections[s]);
        write_safely(json, text);
        free(text);
    }
    json_decref(all);
    arena_release(&arena);
    return status;
}
