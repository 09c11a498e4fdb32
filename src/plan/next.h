/* What the files of next moments share. */
#ifndef STRATA_PLAN_NEXT_H
#define STRATA_PLAN_NEXT_H

#include "plan/steps.h"

/* ---- next.c: facts and windows ---- */

/* Lowers *next to when the bounds of a window (step_bounds) pass a moment: whether that stands in
 * it may be another. */
void next_pass(struct run *run, const struct step *bounds, size_t bounds_lane, int64_t moment,
               int64_t *next);
/* Lowers next to when a fact leaves the window of a measure or comes into it. selected: what
 * selects the rows; last: all that is asked is whether one is there. */
void next_leaves(struct run *run, int selected, bool last, int64_t *next);
/* The moving window among what selects rows (the step id), or NULL. */
const struct step *next_moving_window(const struct run *run, int id);
/* Windows whose bounds stay where they are hold what they hold. */
bool next_is_moving(const struct run *run, const struct step *bounds);
/* No fact comes back before this moment: how far the window's first edge may go back. */
int64_t next_lowest_edge(const struct run *run, const struct step *bounds, int64_t lo);
int64_t next_unit_start(const struct run *run, enum calendar_unit unit, int64_t number);

static inline void next_lower(const struct run *run, int64_t *next, int64_t moment)
{
    if (moment > run->now && moment < *next)
        *next = moment;
}

/* ---- next_edge.c: when the calendar reaches something ---- */

/* The first T after from at which "T + sign × period >= moment" is another than at from; INT64_MAX:
 * never. */
int64_t next_passes(const struct run *run, int64_t from, struct calendar_period period, int sign,
                    int64_t moment);
/* The end of the piece of T + months that begins at T: both go on second by second, each within one
 * day. */
int64_t next_piece_end(const struct run *run, int64_t moment, int64_t months);
/* Moments among which T + months is least and greatest for T from `from` to `to`: it goes forward,
 * but for clocks put back and for the last days of months, so those are near the two ends. Returns
 * their number, at least 2. */
enum { NEXT_TURNS_MAX = 96 };
size_t next_turns(const struct run *run, int64_t from, int64_t to, int64_t months,
                  int64_t out[NEXT_TURNS_MAX]);
/* A moment before which T + sign × period never lies again, for T from `from` on. */
int64_t next_floor(const struct run *run, int64_t from, struct calendar_period period, int sign);
/* The first T after now at which "the count >= n" is another than now; INT64_MAX: never. step is
 * one of age, since or until (step_age, step_since, or step_in_range for age and since); of: its
 * date, or moment. */
int64_t next_count(const struct run *run, const struct step *step, bool dates, int64_t of,
                   int64_t n);
/* Cheaply: the moment of next_count is at or after `before`, or never. */
bool next_count_is_far(const struct run *run, const struct step *step, bool dates, int64_t of,
                       int64_t n, int64_t before);
/* The whole units counted, at T. */
int64_t next_count_at(const struct run *run, const struct step *step, bool dates, int64_t of,
                      int64_t moment);
/* The first moment of the day after now's. */
int64_t next_day(const struct run *run);
/* Whether clocks change from one moment to another, the two included. */
bool next_clocks_change(const struct run *run, int64_t from, int64_t to);

/* ---- next_trend.c: values that follow now ---- */

/*
 * How a value goes on from now: it is described so for T in [now, until). A value that follows
 * nothing stays as it is.
 */
enum trend_by {
    TREND_FIXED,
    TREND_SECOND, /* slope more each second */
    TREND_DAY,    /* slope more each local day */
    TREND_EDGE,   /* (from + T − now) + sign × period */
    TREND_MONTHS, /* a date: (that of from's day, going on by days) + sign × period */
    TREND_COUNT,  /* age, since, until of something that stays */
};
struct trend {
    enum trend_by by : 8;
    bool dated;   /* SECOND, EDGE: the value is the local date of the moment described */
    bool alike;   /* SECOND, DAY: the slope is the same for whatever customer or row */
    bool of_date; /* COUNT */
    int8_t sign;  /* EDGE, MONTHS */
    double slope;
    int64_t until;
    union {
        int64_t from; /* the moment described as it is now; MONTHS: the date */
        int64_t of;   /* COUNT: what is counted from */
    };
    union {
        struct calendar_period period;
        const struct step *count;
    };
};
/* Of the step's value in a lane of its frame, known or not: an unknown one stays so until `until`.
 */
struct trend next_trend(struct run *run, int id, size_t lane);

/* A lane of a step that a condition reads. There is one for each customer and condition, so it is
 * kept small, and filled in place. */
struct side {
    const struct step *step;
    size_t lane;
    int64_t value; /* of integers */
    double number; /* of doubles */
    bool known;
    struct trend trend;
};
static inline void next_side(struct run *run, int id, size_t lane, struct side *out)
{
    const struct step *step = step_of(run, id);
    const struct vector *vector = step_vector(run, id);

    out->step = step;
    out->lane = step->frame == FRAME_ONE ? 0 : lane;
    out->known = bit_at(vector->bits, out->lane);
    out->value = step->shape == SHAPE_INT ? vector->i[out->lane] : 0;
    out->number = step->shape == SHAPE_DOUBLE ? vector->d[out->lane] : 0;
    if (step->now_loose)
        out->trend = next_trend(run, id, out->lane);
    else
        out->trend = (struct trend){.by = TREND_FIXED, .until = INT64_MAX};
}

/* Digits after the point of a value that is kept as a whole number. */
static inline int next_scale(const struct side *side)
{
    return side->step->type == VALUE_DECIMAL ? side->step->scale : 0;
}

/* The value as a double, by the rule of tree.h. */
static inline double next_number(const struct side *side)
{
    if (side->step->shape == SHAPE_DOUBLE)
        return side->number;
    int scale = next_scale(side);
    return scale ? (double)side->value / (double)number_power10(scale) : (double)side->value;
}

/* By how much that grows each second or day, where it is a line. */
static inline double next_slope(const struct side *side)
{
    if (side->step->shape == SHAPE_DOUBLE)
        return side->trend.slope;
    return side->trend.slope / (double)number_power10(next_scale(side));
}

/* The first moment at which this side may be another, or known. */
int64_t next_still_until(const struct run *run, const struct side *side);
/* The first moment at which the order of two values may be another; where it would be at or after
 * `before`, any moment at or after that may come instead. */
int64_t next_meet(const struct run *run, const struct side *a, const struct side *b,
                  enum segment_compare compare, int64_t before);

static inline bool next_is_line(const struct trend *trend)
{
    return (trend->by == TREND_SECOND || trend->by == TREND_DAY) && !trend->dated;
}

/* The first moment after now at which "value >= limit" is another than now, or until, whichever
 * comes first. value: what it is now. Where it would be at or after `before`, any moment at or
 * after that may come instead. */
int64_t next_reaches(const struct run *run, const struct trend *trend, int64_t value, int64_t limit,
                     int64_t before);
/* The first moment at which the value may be another. */
int64_t next_change(const struct run *run, const struct trend *trend, int64_t value);

/* The customer's lane in whose rows a row of the batch stands. */
size_t next_lane_of_row(const struct run *run, int table, size_t row);

/* ---- next_range.c: how far ahead an answer is certain ---- */

/* Each is given a moment before which the answer is surely what it is now, and gives one that is no
 * earlier. */

/* Two values of steps, held against each other. */
struct next_comparison {
    int id[2];
    size_t lane[2];
    enum segment_compare compare;
};
int64_t next_of_comparison(struct run *run, const struct next_comparison *asked, int64_t at);
/* next_condition.c: the same from the values' trends, and as far as is certain where those tell no
 * moment. Where it would be at or after `before`, any moment at or after that may come instead. */
int64_t next_of_pair(struct run *run, const struct next_comparison *asked, int64_t before);
/* Whether the value is known. */
int64_t next_of_knowledge(struct run *run, int id, size_t lane, int64_t at);
/* Whether a value, or a moment that stays, stands in a window (step_bounds) whose edges move. */
struct next_membership {
    int value; /* a step of moments or dates, or −1 */
    size_t lane;
    int64_t moment;
    const struct step *bounds;
    size_t bounds_lane;
    int64_t weekdays;
};
int64_t next_of_membership(struct run *run, const struct next_membership *asked, int64_t at);

static inline int64_t next_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
