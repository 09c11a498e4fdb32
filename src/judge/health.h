/* What the files of health share: one judging, the sizes everything is measured by, and where
 * findings go. */
#ifndef STRATA_JUDGE_HEALTH_H
#define STRATA_JUDGE_HEALTH_H

#include "judge/judge.h"

#include "insight/traits.h"

static const double health_differs = .2; /* standardised difference: Cohen's "small" */

struct health {
    const struct judge_evidence *evidence;
    struct judge_health *out;
    uint64_t *size; /* a segment */
    uint64_t customers;
    double base; /* who orders within a month */
    bool *alike; /* a segment: found not to differ from everyone else */
};

/* Texts are in the judging's arena. */
void health_add(struct health *health, struct judge_finding finding);
const char *health_name(const struct health *health, int segment);
const char *health_text(const struct health *health, const char *format, ...) PRINTF_LIKE(2, 3);
/* "1,234". */
const char *health_count(const struct health *health, uint64_t count);

/* Sizes, overlap, coverage, schemes. */
void health_check_sizes(struct health *health);
void health_check_overlap(struct health *health);
void health_check_coverage(struct health *health);
void health_check_schemes(struct health *health);
/* Segments, and parts of a scheme, that do not differ in anything that matters. */
void health_check_differences(struct health *health);
/* Profiles that chance could undo, and members that come and go. */
void health_check_wobble(struct health *health);
enum status health_check_moves(struct health *health, struct error *error);
/* Traits: nearly empty, constant, stale, contradictory, drifted. */
void health_check_traits(struct health *health);
enum status health_check_drift(struct health *health, struct error *error);

#endif
