/*
 * Is the segmentation any good, and who is a segment's typical customer? Findings of `strata
 * health` and pages of `strata persona`, for people, for programs and for the report.
 */
#ifndef STRATA_ENGINE_JUDGE_H
#define STRATA_ENGINE_JUDGE_H

#include "engine/engine.h"

#include "base/vector.h"

enum engine_severity { ENGINE_SERIOUS, ENGINE_WARNING, ENGINE_NOTE };

struct engine_finding {
    enum engine_severity severity;
    const char *topic;      /* "size", "overlap", "difference", "stability", "drift", "coverage",
                               "scheme", "trait" */
    const char *segment[2]; /* NULL where none */
    const char *message;
    double figure, threshold;        /* NaN: none */
    const char *figure_label, *unit; /* unit: "share", "number", "days" */
    bool tested; /* then p is the p-value, adjusted for all comparisons of its family */
    double p;
    const char *proposal, *effect; /* what to do and what that would change */
};

struct engine_health {
    int64_t checked;
    VECTOR(struct engine_finding) findings; /* the most severe first */
    int compared; /* segments, pairs and traits that were tested; in each family the false discovery
                     rate is 5% */
};

/* What both read: everything evaluated once at a moment. The report has it already. */
struct engine_judging {
    struct engine *engine;
    const struct schema *schema;
    const struct engine_view *view;
    struct insight_features *features; /* evaluated */
    const struct insight_revenue *revenue;
    struct arena *arena;
    struct insight_profile **profiles; /* a segment: made when first asked for; all NULL at first */
};
/* A segment's profile, made once. */
const struct insight_profile *engine_judging_profile(const struct engine_judging *judging,
                                                     int segment);

/* Texts are in the judging's arena; release the findings. */
enum status engine_health_judge(const struct engine_judging *judging, struct engine_health *out,
                                struct error *error);
void engine_health_release(struct engine_health *health);
void engine_health_write(const struct engine *engine, const struct engine_health *health,
                         struct json *json);
/* Whether a segment is a part of a scheme that a model brought along: what is empty or small in it
 * is the model's business. */
bool engine_is_models_part(const struct segment_set *set, int segment);
const char *engine_severity_name(enum engine_severity severity);

struct engine_persona_row {
    const char *label, *value;
};
struct engine_persona_group {
    const char *title;
    VECTOR(struct engine_persona_row) rows;
};
struct engine_persona_fact {
    int64_t moment;
    const char *text;
};
enum { ENGINE_PERSONA_GROUPS = 6 };
struct engine_persona {
    const char *segment, *title, *summary;
    uint64_t customers;
    double share;
    struct engine_persona_group groups[ENGINE_PERSONA_GROUPS]; /* those without rows are left out */
    VECTOR(struct engine_persona_fact)
    history; /* of one real customer near the middle of the segment; no identifier */
};
enum status engine_persona_judge(const struct engine_judging *judging, int segment,
                                 struct engine_persona *out, struct error *error);
/* What personas call products: to be loaded beside what profiles and revenue need. */
struct segment_needs engine_persona_needs(const struct schema *schema, struct arena *arena);
void engine_persona_release(struct engine_persona *persona);
void engine_persona_write(const struct engine *engine, const struct engine_persona *persona,
                          struct json *json);

/* Opens what judging needs at a moment; close it afterwards. */
struct engine_bench {
    struct engine_view view;
    struct insight_features features;
    struct insight_revenue revenue;
    struct engine_judging judging;
};
enum status engine_bench_open(struct engine *engine, const struct engine_moment *moment,
                              struct arena *arena, struct engine_bench *out, struct error *error);
void engine_bench_close(struct engine_bench *bench);

#endif
