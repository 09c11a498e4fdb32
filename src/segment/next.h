/* What the files of next moments share. */
#ifndef STRATA_SEGMENT_NEXT_H
#define STRATA_SEGMENT_NEXT_H

#include "segment/steps.h"

/* ---- next_edge.c: when the calendar reaches something ---- */

/* The first T after from at which "T + sign × period >= moment" is another than at from; INT64_MAX: never. */
int64_t next_passes(const struct run *run, int64_t from, struct calendar_period period, int sign, int64_t moment);
/* A moment before which T + sign × period never lies again, for T from `from` on. */
int64_t next_floor(const struct run *run, int64_t from, struct calendar_period period, int sign);
/* The first T after now at which "the count >= n" is another than now; INT64_MAX: never. step is one of age, since or
 * until (step_age, step_since, or step_in_range for age and since); of: its date, or moment. */
int64_t next_count(const struct run *run, const struct step *step, bool dates, int64_t of, int64_t n);
/* Cheaply: the moment of next_count is at or after `before`, or never. */
bool next_count_is_far(const struct run *run, const struct step *step, bool dates, int64_t of, int64_t n,
                       int64_t before);
/* The whole units counted, at T. */
int64_t next_count_at(const struct run *run, const struct step *step, bool dates, int64_t of, int64_t moment);
/* The first moment of the day after now's. */
int64_t next_day(const struct run *run);

/* ---- next_trend.c: values that follow now ---- */

/*
 * How a value goes on from now: it is described so for T in [now, until). A value that follows nothing stays as it is.
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
    enum trend_by by;
    bool dated; /* SECOND, EDGE: the value is the local date of the moment described */
    double slope;
    int64_t until;
    int64_t from; /* the moment described as it is now; MONTHS: the date */
    struct calendar_period period;
    int sign;
    const struct step *count;
    bool of_date;
    int64_t of;
};
/* Of the step's value in a lane of its frame, known or not: an unknown one stays so until `until`. */
struct trend next_trend(struct run *run, int id, size_t lane);
/* The first moment after now at which "value >= limit" is another than now, or until, whichever comes first. value:
 * what it is now. Where it would be at or after `before`, any moment at or after that may come instead. */
int64_t next_reaches(const struct run *run, const struct trend *trend, int64_t value, int64_t limit, int64_t before);
/* Lowers next to the first moment at which the step's values may be others: for values that no condition answers for.
 */
void next_value(struct run *run, int id, int64_t *next);
/* The first moment at which the value may be another. */
int64_t next_change(const struct run *run, const struct trend *trend, int64_t value);

static inline int64_t next_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
