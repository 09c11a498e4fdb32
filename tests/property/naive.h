/*
 * The naive interpreter: what a segment means, one customer at a time, straight from the comments
 * of segment/tree.h. It shares no code with the evaluator and no idea either: no plan, no passes,
 * no bitmaps, no cut-offs. It reads the population through population_get() and plain loops, so
 * that whoever doubts an answer can follow it by hand.
 *
 * One struct naive belongs to one set, one population and one moment. Not thread-safe.
 */
#ifndef STRATA_TESTS_PROPERTY_NAIVE_H
#define STRATA_TESTS_PROPERTY_NAIVE_H

#include "population/population.h"
#include "segment/segment.h"

/* Mistakes that a test plants on purpose, to see that the comparison catches them. */
enum naive_fault {
    NAIVE_FAULT_NONE,
    NAIVE_FAULT_WINDOW_START,   /* windows begin one second early */
    NAIVE_FAULT_WINDOW_END,     /* windows that end before T end one second late */
    NAIVE_FAULT_UNKNOWN_NOT,    /* unknown != x is true */
    NAIVE_FAULT_SAME_SECOND,    /* a step of another kind in the same second does not follow */
    NAIVE_FAULT_TWICE,          /* one fact serves two steps of a sequence */
    NAIVE_FAULT_FAVOURITE_TIES, /* ties go to the value seen first */
    NAIVE_FAULT_LOCAL_DAY,      /* dates are taken in UTC */
    NAIVE_FAULTS
};

struct naive {
    const struct segment_set *set;
    const struct schema *schema;
    const struct population *population;
    int64_t now;
    enum naive_fault fault;
    bool overflow;      /* some result did not fit 64 bits: the evaluation is an error */
    bool bounds_differ; /* segment_window_bounds disagreed with the bounds worked out here */
    struct arena arena;
    struct naive_rank_cache *ranks; /* who stands where, by node: only to keep the test quick */
    signed char *known_members;     /* segment × customer: −1 not looked at, 0, 1 */
};

void naive_init(struct naive *naive, const struct segment_set *set, const struct schema *schema,
                const struct population *population, int64_t now);
void naive_release(struct naive *naive);
/* Whether the customer at position exists at now and is in the segment. */
bool naive_member(struct naive *naive, int segment, uint32_t position);
/* Whether the customer exists at now. */
bool naive_exists(const struct naive *naive, uint32_t position);

/* Bounds of a window, worked out independently of segment_window_bounds; −infinity is INT64_MIN. */
struct segment_bounds naive_window_bounds(const struct segment_window *window,
                                          const struct zone *zone, int64_t now,
                                          struct segment_anchor anchor, struct segment_anchor to);
/* Equal for every moment from MOMENT_MIN to MOMENT_MAX. */
bool naive_same_bounds(struct segment_bounds a, struct segment_bounds b);

/* MD5 as RFC 1321 describes it. */
void naive_md5(const unsigned char *data, size_t length, unsigned char digest[16]);

#endif
