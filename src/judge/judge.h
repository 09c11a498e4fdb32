/*
 * Is the segmentation any good, and who is a segment's typical customer? Findings of `strata
 * health` and pages of `strata persona`, for people, for programs and for the report.
 */
#ifndef STRATA_JUDGE_JUDGE_H
#define STRATA_JUDGE_JUDGE_H

#include "session/definitions.h"
#include "session/evaluate.h"

#include "base/json.h"
#include "base/vector.h"
#include "insight/insight.h"

enum judge_severity { JUDGE_SERIOUS, JUDGE_WARNING, JUDGE_NOTE };

struct judge_finding {
    enum judge_severity severity;
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

struct judge_health {
    int64_t checked;
    VECTOR(struct judge_finding) findings; /* the most severe first */
    int compared; /* segments, pairs and traits that were tested; in each family the false discovery
                     rate is 5% */
};

/* What both read: everything evaluated once at a moment. The report has it already. */
struct judge_evidence {
    struct session *session;
    const struct schema *schema;
    const struct session_view *view;
    struct insight_features *features; /* evaluated */
    const struct insight_revenue *revenue;
    struct arena *arena;
    struct insight_profile **profiles; /* a segment: made when first asked for; all NULL at first */
};
/* A segment's profile, made once. */
const struct insight_profile *judge_profile(const struct judge_evidence *evidence, int segment);

/* Texts are in the judging's arena; release the findings. */
enum status judge_health_judge(const struct judge_evidence *evidence, struct judge_health *out,
                               struct error *error);
void judge_health_release(struct judge_health *health);
void judge_health_write(const struct session *session, const struct judge_health *health,
                        struct json *json);
/* Whether a segment is a part of a scheme that a model brought along: what is empty or small in it
 * is the model's business. */
bool judge_is_models_part(const struct segment_set *set, int segment);
const char *judge_severity_name(enum judge_severity severity);

struct judge_persona_row {
    const char *label, *value;
};
struct judge_persona_group {
    const char *title;
    VECTOR(struct judge_persona_row) rows;
};
struct judge_persona_fact {
    int64_t moment;
    const char *text;
};
enum { JUDGE_PERSONA_GROUPS = 6 };
struct judge_persona {
    const char *segment, *title, *summary;
    uint64_t customers;
    double share;
    struct judge_persona_group groups[JUDGE_PERSONA_GROUPS]; /* those without rows are left out */
    VECTOR(struct judge_persona_fact)
    history; /* of one real customer near the middle of the segment; no identifier */
};
enum status judge_persona_judge(const struct judge_evidence *evidence, int segment,
                                struct judge_persona *out, struct error *error);
/* What personas call products: to be loaded beside what profiles and revenue need. */
struct segment_needs judge_persona_needs(const struct schema *schema, struct arena *arena);
void judge_persona_release(struct judge_persona *persona);
void judge_persona_write(const struct session *session, const struct judge_persona *persona,
                         struct json *json);

/* Opens what judging needs at a moment; close it afterwards. */
struct judge_bench {
    struct session_view view;
    struct insight_features features;
    struct insight_revenue revenue;
    struct judge_evidence evidence;
};
enum status judge_bench_open(struct session *session, const struct session_moment *moment,
                             struct arena *arena, struct judge_bench *out, struct error *error);
void judge_bench_close(struct judge_bench *bench);
/* ---- how sizes went ---- */

/* Sizes of every segment at every refresh up to a moment. */
struct judge_history {
    size_t refreshes;
    int64_t *moment;
    uint64_t *customers; /* refresh × segment_count of the set, members after it; UINT64_MAX where
                            not recorded */
    int segment_count;
};
enum status judge_history(struct session *session, int64_t until, struct arena *arena,
                          struct judge_history *out, struct error *error);

#endif
