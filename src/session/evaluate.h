/* From definitions to memberships: what is loaded, what one evaluation gives, and the questions
 * that only count or list. */
#ifndef STRATA_SESSION_EVALUATE_H
#define STRATA_SESSION_EVALUATE_H

#include "plan/plan.h"
#include "segment/reads.h"
#include "session/session.h"

/* What one evaluation gives: the population as far as it was needed, and the memberships. Free with
 * session_view_close.
 */
struct session_view {
    const struct segment_set *set;
    struct population *population;
    struct population *below; /* what population lies over, or NULL */
    struct plan_result *result;
    int64_t now;
};
/* What of the traits is loaded: all that was ever told, for who asks the view about other moments
 * too; or what evaluations at its moment and later read, which is smaller and does not grow with
 * the number of refreshes. */
enum session_past { SESSION_WHOLE_PAST, SESSION_ONWARD };
/* Evaluates the segments (indexes into set; count −1: all). more: columns to load besides what they
 * need, or NULL. set: NULL for the saved definitions. Of all saved definitions, those that cannot
 * be evaluated at the moment are left out (session_broken) and the others go on; look up indexes in
 * out->set then. */
enum status session_evaluate(struct session *session, const struct segment_set *set,
                             const int *segments, int count, const struct segment_needs *more,
                             const struct session_moment *moment, enum session_past past,
                             struct session_view *out, struct error *error);
void session_view_close(struct session_view *view);

struct session_segment {
    int index; /* in the set */
    const char *name, *title, *scheme;
    uint64_t customers;
    double share;           /* of those who exist */
    bool recorded;          /* entered and left say something */
    uint64_t entered, left; /* at the last refresh at or before the moment */
};
struct session_segments {
    uint64_t customers; /* who exist */
    struct session_segment *items;
    size_t count;
    bool has_refresh;
    int64_t refreshed; /* the moment of that refresh */
};
enum status session_segments(struct session *session, const struct session_moment *moment,
                             struct arena *arena, struct session_segments *out,
                             struct error *error);

struct session_count {
    uint64_t customers, of;
    struct segment_problems problems; /* warnings */
};
/* Problems are filled on failure too. */
enum status session_count(struct session *session, struct text condition,
                          const struct session_moment *moment, struct arena *arena,
                          struct session_count *out, struct error *error);

/* Identifiers of the members of a segment (by name) or of a condition (segment NULL), by customer
 * number. */
struct session_members {
    size_t count;
    struct text *identifiers;
    uint32_t *numbers;
};
enum status session_members(struct session *session, const char *segment, struct text condition,
                            const struct session_moment *moment, struct arena *arena,
                            struct session_members *out, struct error *error);
/* What all saved definitions read at the moment, in arena. */
enum status session_saved_needs(struct session *session, const struct session_moment *moment,
                                struct arena *arena, struct segment_needs *out,
                                struct error *error);
/* As session_evaluate of all saved definitions, over a population that holds what they read (NULL:
 * loads one, onward). The view takes it over, and `below`, which it may lie over,
 * whatever comes of it. */
enum status session_evaluate_over(struct session *session, struct population *population,
                                  struct population *below, const struct session_moment *moment,
                                  struct session_view *out, struct error *error);
/* The population with what needs says, as known at moment->known_at; onward: from moment->now. */
enum status session_load_population(struct session *session, const struct segment_needs *needs,
                                    const struct session_moment *moment, enum session_past past,
                                    struct population **out, struct error *error);
/* Position of the customer; STATUS_NOT_FOUND, proposing who differs in zeros, capitals or hyphens
 * alone. */
enum status session_find_customer(const struct population *population, const char *customer,
                                  uint32_t *position, struct error *error);

#endif
