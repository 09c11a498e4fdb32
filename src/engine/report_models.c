/*
 * The report's sections that come from models. Each model keeps the sections it made when it was
 * fitted and last scored; here they are only put together: of a section that is a list every model
 * adds its entries, of one that is a single object the first model's counts.
 */
#include "engine/internal.h"
#include "judge/judge.h"
#include "study/study.h"

#include <jansson.h>

#include <stdlib.h>

static const char *const sections[] = {"rfm",       "values",   "tracking",   "calibration",
                                       "survival",  "clusters", "lookalikes", "scales",
                                       "retention", "surveys"};

static void add_sections(json_t *all, const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        json_t *part = json_object_get(object, sections[s]),
               *there = json_object_get(all, sections[s]);
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

enum status engine_report_models(struct session *session,
                                 bool (*wanted)(const void *context, const char *section),
                                 const void *context, struct json *json, struct error *error)
{
    struct arena arena;
    struct study_model *models;
    size_t count;

    arena_init(&arena, 0);
    enum status status = study_models(session, &arena, &models, &count, error);
    json_t *all = json_object();
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        add_sections(all, models[i].fit_report ? models[i].fit_report : "{}");
        add_sections(all, models[i].score_report ? models[i].score_report : "{}");
    }

    for (size_t s = 0; status == STATUS_OK && s < sizeof sections / sizeof *sections; s++) {
        json_t *part = wanted(context, sections[s]) ? json_object_get(all, sections[s]) : NULL;

        /* In ASCII, so that the encoding of whatever the page is put into does not matter. */
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

/* The segments whose typical customer is worth a page: neither a handful nor nearly everyone, the
 * largest first. */
static int choose_personas(const struct judge_evidence *evidence, int *chosen, int most)
{
    enum { LEAST = 30, MOST_PERCENT = 60 }; /* customers; of all */
    const struct segment_set *set = evidence->view->set;
    uint64_t all = plan_result_customers(evidence->view->result),
             *size = ARENA_ARRAY(evidence->arena, uint64_t, (size_t)set->segment_count + 1);
    int count = 0;
    for (int s = 0; s < set->segment_count; s++) {
        uint64_t own = plan_result_count(evidence->view->result, s);
        bool worth = set->segments[s].scheme < 0 && own >= LEAST && own * 100 <= all * MOST_PERCENT;
        size[s] = worth ? own : 0;
    }

    for (; count < most; count++) {
        int best = 0;
        for (int s = 1; s < set->segment_count; s++)
            best = size[s] > size[best] ? s : best;
        if (!set->segment_count || !size[best])
            break;
        chosen[count] = best;
        size[best] = 0;
    }
    return count;
}

enum status engine_report_personas(const struct judge_evidence *evidence, struct json *json,
                                   struct error *error)
{
    enum { PERSONAS = 8 };
    int chosen[PERSONAS], count = choose_personas(evidence, chosen, PERSONAS);
    enum status status = STATUS_OK;
    json_put_array(json, "personas");
    for (int i = 0; status == STATUS_OK && i < count; i++) {
        struct judge_persona persona;
        status = judge_persona_judge(evidence, chosen[i], &persona, error);
        if (status == STATUS_OK)
            judge_persona_write(evidence->session, &persona, json);
        judge_persona_release(&persona);
    }
    json_write_end_array(json);
    return status;
}
