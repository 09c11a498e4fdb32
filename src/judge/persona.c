/*
 * Personas: one page on the typical customer of a segment. What sets the segment apart, in words;
 * what its customers buy, where they are met, what they are worth and at what risk; and the history
 * of one of them.
 */
#include "judge/persona.h"

#include "study/features.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

enum { MOST_SAID = 3 };
static const double least_said = .2; /* Cohen's "small": less would not be seen in a person */
static const char *const titles[JUDGE_PERSONA_GROUPS] = {
    "Who they are",       "What they do",        "What they like",
    "Where they are met", "What they are worth", "Risk"};

/* The strongest differences that are neither the definition nor a model's score. */
static void summarise(struct persona *persona)
{
    struct buffer text;
    size_t said = 0;
    char count[NUMBER_TEXT_MAX];
    const struct insight_feature *told[MOST_SAID] = {NULL};

    buffer_init(&text, 0);
    buffer_printf(&text, "%s customers, %.1f%% of all.",
                  number_format_thousands((int64_t)persona->out->customers, count),
                  100 * persona->out->share);
    for (size_t i = 0; i < persona->profile->count && said < MOST_SAID; i++) {
        /* Strongest first. A model's score is no trait of a person, and what members
         * lack does not describe them. */
        const struct insight_difference *line = &persona->profile->items[i];
        bool score = strcmp(line->feature->table, SCHEMA_TRAIT_TABLE) == 0 &&
                     strchr(line->feature->column, '.');
        if (!line->told || line->by_definition || score || fabs(line->effect) < least_said ||
            (line->is_share && line->effect < 0) || line->feature == told[0] ||
            line->feature == told[1])
            continue;
        const char *label = persona_label(persona, line->feature);
        const char *inside = persona_number(persona, line->inside.median),
                   *outside = persona_number(persona, line->outside.median);
        const char *what = "";

        /* Most have none: the means differ, not the middles. */
        if (!line->is_share && strcmp(inside, outside) == 0) {
            inside = persona_number(persona, line->inside.mean);
            outside = persona_number(persona, line->outside.mean);
            what = " on average";
        }

        if (!line->is_share && strcmp(inside, outside) == 0)
            continue;
        told[said] = line->feature;
        if (line->is_share)
            buffer_printf(&text, "%s %s is %s for %.0f%%, for %.0f%% of everyone else",
                          said ? ";" : " Typically:", label, line->value, 100 * line->share_inside,
                          100 * line->share_outside);
        else
            buffer_printf(&text, "%s %s %s%s, everyone else's %s",
                          said ? ";" : " Typically:", label, inside, what, outside);
        said++;
    }

    buffer_string(&text, said ? "." : "");
    persona->out->summary = buffer_copy(&text, persona->evidence->arena);
    buffer_release(&text);
}

enum status judge_persona_judge(const struct judge_evidence *evidence, int segment,
                                struct judge_persona *out, struct error *error)
{
    const struct segment_definition *definition = &evidence->view->set->segments[segment];
    const struct plan_result *result = evidence->view->result;
    uint64_t *others = ARENA_ARRAY(evidence->arena, uint64_t, result->words + 1);
    struct persona persona = {.evidence = evidence,
                              .segment = segment,
                              .profile = judge_profile(evidence, segment),
                              .members = result->members[segment],
                              .others = others,
                              .out = out};
    uint64_t all = persona.profile->customers + persona.profile->others;

    (void)error;
    for (size_t w = 0; w < result->words; w++)
        others[w] = result->existing[w] & ~result->members[segment][w];
    *out =
        (struct judge_persona){.segment = definition->name,
                               .title = definition->title,
                               .customers = persona.profile->customers,
                               .share = all ? (double)persona.profile->customers / (double)all : 0};
    for (int g = 0; g < JUDGE_PERSONA_GROUPS; g++)
        out->groups[g].title = titles[g];

    /* Nobody is a valid answer: definitions may hold no one today. */
    if (!out->customers) {
        out->summary = "Nobody is in this segment.";
        return STATUS_OK;
    }

    persona_add_rows(&persona);
    summarise(&persona);
    persona_add_history(&persona);
    return STATUS_OK;
}

void judge_persona_release(struct judge_persona *persona)
{
    for (int g = 0; g < JUDGE_PERSONA_GROUPS; g++)
        VECTOR_RELEASE(&persona->groups[g].rows);
    VECTOR_RELEASE(&persona->history);
}

void judge_persona_write(const struct session *session, const struct judge_persona *persona,
                         struct json *json)
{
    json_write_object(json);
    json_put_string(json, "segment", persona->segment);
    if (persona->title)
        json_put_string(json, "title", persona->title);
    json_put_integer(json, "customers", (int64_t)persona->customers);
    json_put_string(json, "summary", persona->summary);
    json_put_array(json, "groups");
    for (int g = 0; g < JUDGE_PERSONA_GROUPS; g++) {
        const struct judge_persona_group *group = &persona->groups[g];

        /* A title without rows would be a promise. */
        if (!group->rows.count)
            continue;
        json_write_object(json);
        json_put_string(json, "title", group->title);
        json_put_array(json, "rows");
        for (size_t r = 0; r < group->rows.count; r++) {
            json_write_object(json);
            json_put_string(json, "label", group->rows.items[r].label);
            json_put_string(json, "value", group->rows.items[r].value);
            json_write_end_object(json);
        }

        json_write_end_array(json);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_put_array(json, "history");
    for (size_t i = 0; i < persona->history.count; i++) {
        char date[DATE_TEXT_MAX];
        json_write_object(json);
        json_put_string(
            json, "date",
            date_format(zone_date(session_zone(session), persona->history.items[i].moment), date));
        json_put_string(json, "text", persona->history.items[i].text);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_write_end_object(json);
}

/* ---- the bench ---- */

const struct insight_profile *judge_profile(const struct judge_evidence *evidence, int segment)
{
    /* Made once for health, personas and the report alike: a profile costs a walk over
     * all features. */
    struct insight_profile **kept = &evidence->profiles[segment];
    if (*kept)
        return *kept;
    *kept = ARENA_NEW(evidence->arena, struct insight_profile);
    insight_profile(evidence->view->set, evidence->schema, segment, evidence->view->result,
                    evidence->features, evidence->view->population, evidence->arena, *kept);
    return *kept;
}

struct segment_needs judge_persona_needs(const struct schema *schema, struct arena *arena)
{
    struct segment_needs needs = {
        .items = ARENA_ARRAY(arena, struct segment_need, schema->table_count + 1)};
    for (size_t t = 0; t < schema->table_count; t++) {
        const struct schema_table *table = &schema->tables[t];

        /* Only tables in which products may have names. */
        const char *name = table->role == SCHEMA_REFERENCE ? persona_name_column(table) : NULL;
        if (!name)
            continue;
        const char **columns = ARENA_ARRAY(arena, const char *, 2);
        columns[0] = name;
        needs.items[needs.count++] = (struct segment_need){table->name, columns};
    }
    return needs;
}

enum status judge_bench_open(struct session *session, const struct session_moment *moment,
                             struct arena *arena, struct judge_bench *out, struct error *error)
{
    const struct schema *schema = session_schema(session);
    *out = (struct judge_bench){.revenue = insight_revenue_find(schema)};
    TRY(study_features_new(session, arena, &out->features, error));
    struct segment_needs needs = insight_features_needs(&out->features, schema, arena),
                         money = insight_revenue_needs(&out->revenue, arena),
                         names = judge_persona_needs(schema, arena);

    /* All that profiles, money and names will read is loaded in one go. */
    needs = segment_needs_join(&needs, &money, arena);
    needs = segment_needs_join(&needs, &names, arena);
    enum status status = session_evaluate(session, NULL, NULL, -1, &needs, moment,
                                          SESSION_WHOLE_PAST, &out->view, error);
    if (status == STATUS_OK)
        status = insight_features_evaluate(&out->features, schema, out->view.population,
                                           out->view.result->existing, moment->now,
                                           session_pool(session), arena, error);
    if (status != STATUS_OK) {
        judge_bench_close(out);
        return status;
    }

    struct insight_profile **profiles =
        ARENA_ARRAY(arena, struct insight_profile *, (size_t)out->view.set->segment_count + 1);
    out->evidence = (struct judge_evidence){session,       schema, &out->view, &out->features,
                                            &out->revenue, arena,  profiles};
    return STATUS_OK;
}

void judge_bench_close(struct judge_bench *bench)
{
    session_view_close(&bench->view);
    segment_set_free(bench->features.set);
    bench->features.set = NULL;
}
