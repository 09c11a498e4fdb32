/*
 * The report's sections that come from models. Each model keeps the sections it made when it was
 * fitted and last scored; here they are only put together: of a section that is a list every model
 * adds its entries, of one that is a single object the first model's counts. A report of another
 * moment shows them as they are, for to score anew would be to write; it says of when they are.
 */
#include "engine/internal.h"
#include "judge/judge.h"
#include "study/study.h"

#include <jansson.h>

#include <stdlib.h>

static const char *const sections[] = {"rfm",       "values",   "tracking",   "calibration",
                                       "survival",  "clusters", "lookalikes", "scales",
                                       "retention", "surveys"};

/* Where sections come from. */
struct origin {
    const char *model, *made; /* made: "fit" or "scoring" */
    const char *text;         /* of the sections; NULL: none */
    int64_t moment;
};

/* The report's sections so far, and those of another moment than its own. */
struct gathered {
    const struct session *session;
    int64_t now;
    json_t *all, *other;
};

static void note_moment(struct gathered *gathered, const char *section, const struct origin *origin)
{
    char text[MOMENT_TEXT_MAX];
    if (origin->moment == gathered->now)
        return;
    json_t *list = json_object_get(gathered->other, section), *entry = json_object();
    if (!list) {
        list = json_array();
        json_object_set_new(gathered->other, section, list);
    }
    moment_format(session_zone(gathered->session), origin->moment, text);
    json_object_set_new(entry, "model", json_string(origin->model));
    json_object_set_new(entry, "made", json_string(origin->made));
    json_object_set_new(entry, "as_of", json_string(text));
    json_array_append_new(list, entry);
}

static void add_sections(struct gathered *gathered, const struct origin *origin)
{
    json_t *object = json_loads(origin->text ? origin->text : "{}", 0, NULL);
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        json_t *part = json_object_get(object, sections[s]),
               *there = json_object_get(gathered->all, sections[s]);
        if (!part || (json_is_array(part) && !json_array_size(part)))
            continue;

        if (!there)
            json_object_set(gathered->all, sections[s], part);
        else if (json_is_array(there) && json_is_array(part))
            json_array_extend(there, part);
        else
            continue;
        note_moment(gathered, sections[s], origin);
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

/* In ASCII, so that the encoding of whatever the page is put into does not matter. */
static void write_part(struct json *json, const char *key, const json_t *part)
{
    char *text = json_dumps(part, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (!text)
        return;
    json_write_key(json, key);
    write_safely(json, text);
    free(text);
}

enum status engine_report_models(struct session *session, int64_t now,
                                 bool (*wanted)(const void *context, const char *section),
                                 const void *context, struct json *json, struct error *error)
{
    struct arena arena;
    struct study_model *models;
    size_t count;

    arena_init(&arena, 0);
    enum status status = study_models(session, &arena, &models, &count, error);
    struct gathered gathered = {session, now, json_object(), json_object()};
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct origin fit = {models[i].name, "fit", models[i].fit_report, models[i].moment},
                      scoring = {models[i].name, "scoring", models[i].score_report,
                                 models[i].scored_at};
        add_sections(&gathered, &fit);
        add_sections(&gathered, &scoring);
    }

    /* What is of another moment than the report is said of the sections that are in it. */
    for (size_t s = 0; status == STATUS_OK && s < sizeof sections / sizeof *sections; s++) {
        json_t *part =
            wanted(context, sections[s]) ? json_object_get(gathered.all, sections[s]) : NULL;
        if (part)
            write_part(json, sections[s], part);
        else
            json_object_del(gathered.other, sections[s]);
    }
    if (status == STATUS_OK && json_object_size(gathered.other))
        write_part(json, "other_moments", gathered.other);

    json_decref(gathered.all);
    json_decref(gathered.other);
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
