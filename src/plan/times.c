/*
 * Dates, moments and windows. Local dates of facts are asked for by the million, so the zone is
 * turned into one offset per UTC day; only on days on which the offset changes is the zone itself
 * asked.
 */
#include "base/bits.h"
#include "plan/steps.h"

#include <string.h>

enum {
    CLOCK_DAYS = 49712, /* from 1970 to 2106-02-09: past the last moment that 32 bits hold */
    CHANGES_MAX = 2048, /* of a zone's offset in that time; four a year are 544 */
    OFFSET_VARIES = INT32_MIN,
};

struct local_clock {
    const struct zone *zone;
    int32_t offset[CLOCK_DAYS]; /* by UTC day since 1970 */
};

struct local_clock *local_clock_new(const struct zone *zone)
{
    struct local_clock *clock = base_malloc(sizeof *clock);
    clock->zone = zone;
    int64_t changes[CHANGES_MAX];
    int32_t after[CHANGES_MAX];
    size_t next = 0, count = zone_transitions(zone, -1, (int64_t)CLOCK_DAYS * SECONDS_A_DAY,
                                              changes, after, CHANGES_MAX);
    int32_t offset = zone_offset(zone, 0);
    for (int32_t day = 0; day < CLOCK_DAYS; day++) {
        int64_t end = ((int64_t)day + 1) * SECONDS_A_DAY;
        clock->offset[day] = offset;
        /* A change at midnight leaves the day whole; any other divides it. 27-  */
        while (next < count && changes[next] < end) {
            offset = after[next];
            clock->offset[day] = changes[next] == end - SECONDS_A_DAY ? offset : OFFSET_VARIES;
            next++;
        }
    }
    return clock;
}

void local_clock_free(struct local_clock *clock)
{
    free(clock);
}

static int64_t clamp_moment(int64_t moment)
{
    return number_clamp(moment, MOMENT_MIN, MOMENT_MAX);
}

int32_t local_date(const struct local_clock *clock, int64_t moment)
{
    int64_t day = moment / SECONDS_A_DAY;
    if (moment < 0 || day >= CLOCK_DAYS || clock->offset[day] == OFFSET_VARIES)
        return zone_date(clock->zone, clamp_moment(moment));

    int64_t local = moment + clock->offset[day];
    /* The first hours of 1970 in UTC are still 1969 where clocks are behind. */
    return (int32_t)(local >= 0 ? local / SECONDS_A_DAY : -1);
}

int64_t local_day_start(const struct local_clock *clock, int32_t date)
{
    return zone_day_start(clock->zone, date);
}

bool local_clock_is_steady(const struct local_clock *clock, int64_t from, int64_t to)
{
    int64_t first = from / SECONDS_A_DAY, last = to / SECONDS_A_DAY;
    if (from < 0 || last >= CLOCK_DAYS)
        return false;
    for (int64_t day = first; day <= last; day++)
        if (clock->offset[day] == OFFSET_VARIES || clock->offset[day] != clock->offset[first])
            return false;
    return true;
}

void step_now(struct run *run, const struct step *step, struct vector *out)
{
    set_all(run, out);
    out->i[0] = run->now;
}

void step_today(struct run *run, const struct step *step, struct vector *out)
{
    set_all(run, out);
    out->i[0] = run->today;
}

static void same_known(struct vector *out, const struct operand *child)
{
    out->bits = (uint64_t *)child->bits;
    out->hint = child->hint;
}

void step_age(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    memcpy(out->bits, child.bits, words_of(lanes) * sizeof *out->bits);

    FOR_KNOWN(out, lanes) {
        int32_t birth = (int32_t)child.i[lane * child.stride];
        if (birth > run->today)
            bit_clear(out->bits, lane);
        else
            out->i[lane] = date_age(birth, run->today);
    }
}

static int64_t calendar_value(int function, int32_t date)
{
    switch (function) {
    case FUNCTION_DATE: return date;
    case FUNCTION_YEAR: return date_to_civil(date).year;
    case FUNCTION_QUARTER: return date_unit_number(date, CALENDAR_QUARTER);
    case FUNCTION_MONTH: return date_unit_number(date, CALENDAR_MONTH);
    case FUNCTION_WEEK: return date_unit_number(date, CALENDAR_WEEK);
    case FUNCTION_DAY: return date_unit_number(date, CALENDAR_DAY);
    case FUNCTION_MONTH_OF_YEAR: return date_to_civil(date).month;
    case FUNCTION_DAY_OF_MONTH: return date_to_civil(date).day;
    default: return date_weekday(date);
    }
}

/* date(), year(), month() … of dates or moments. */
void step_calendar(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    same_known(out, &child);
    bool moments = child.step->type == VALUE_TIME;

    FOR_KNOWN(out, lanes) {
        int64_t value = child.i[lane * child.stride];
        out->i[lane] = calendar_value(step->a, moments ? local_date(run->binding->clock, value)
                                                       : (int32_t)value);
    }
}

void step_hour(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    same_known(out, &child);
    FOR_KNOWN(out, lanes)
        out->i[lane] =
            zone_clock(run->population->zone, child.i[lane * child.stride]) / SECONDS_AN_HOUR;
}

void step_day_start(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    same_known(out, &child);
    FOR_KNOWN(out, lanes)
        out->i[lane] = zone_day_start(run->population->zone, (int32_t)child.i[lane * child.stride]);
}

static const int32_t UNIT_SECONDS[] = {1, SECONDS_A_MINUTE, SECONDS_AN_HOUR, SECONDS_A_DAY,
                                       7 * SECONDS_A_DAY};
static const int UNIT_MONTHS[] = {
    [CALENDAR_MONTH] = 1, [CALENDAR_QUARTER] = 3, [CALENDAR_YEAR] = MONTHS_A_YEAR};

/* Completed months from moment a to moment b on the local calendar and clock. */
static int64_t months_between(const struct zone *zone, int64_t a, int64_t b)
{
    int32_t from = zone_date(zone, a), to = zone_date(zone, b);
    int64_t months = date_months_between(from, to);
    if (date_add_months(from, months) == to && zone_clock(zone, b) < zone_clock(zone, a))
        months--;
    return months;
}

int64_t plan_units_between(const struct zone *zone, enum calendar_unit unit, bool dates, int64_t a,
                           int64_t b, int64_t now, bool until)
{
    /* By months the calendar counts, by days dates do; hours and less from a date begin
     * at its first moment. */
    if (unit >= CALENDAR_MONTH) {
        int64_t months =
            dates ? date_months_between((int32_t)a, (int32_t)b) : months_between(zone, a, b);
        return number_floor_divide(months, UNIT_MONTHS[unit]);
    }
    if (dates && unit >= CALENDAR_DAY)
        return number_floor_divide(b - a, unit == CALENDAR_WEEK ? DAYS_A_WEEK : 1);

    if (dates) {
        int64_t start = zone_day_start(zone, (int32_t)(until ? b : a));
        return number_floor_divide(until ? start - now : now - start, UNIT_SECONDS[unit]);
    }
    return number_floor_divide(b - a, UNIT_SECONDS[unit]);
}

void step_since(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    bool dates = child.step->type == VALUE_DATE, until = step->a == FUNCTION_UNTIL;
    int64_t here = dates ? run->today : run->now;
    same_known(out, &child);

    FOR_KNOWN(out, lanes) {
        int64_t value = child.i[lane * child.stride];
        out->i[lane] =
            plan_units_between(run->population->zone, (enum calendar_unit)step->b, dates,
                               until ? here : value, until ? value : here, run->now, until);
    }
}

/* ---- thresholds ---- */

/* Ages and times since fall as their date or moment rises, so where one meets a comparison is one
 * range of it, found by bisection once a moment. */
static int64_t stepwise(const struct run *run, const struct step *step, int64_t value)
{
    if (step->a == FUNCTION_AGE)
        return date_age((int32_t)value, run->today);

    bool dates = step->c;
    return plan_units_between(run->population->zone, (enum calendar_unit)step->b, dates, value,
                              dates ? run->today : run->now, run->now, false);
}

/* The largest value in [lo, hi] at which the function is at least limit; lo − 1 when there is none.
 */
static int64_t last_at_least(const struct run *run, const struct step *step, int64_t lo, int64_t hi,
                             int64_t limit)
{
    int64_t below = lo - 1;
    while (below < hi) {
        /* Rounded up, so that the middle is never `below` again. */
        int64_t middle = below + (hi - below + 1) / 2;
        if (stepwise(run, step, middle) >= limit)
            below = middle;
        else
            hi = middle - 1;
    }
    return below;
}

void step_threshold(struct run *run, const struct step *step, struct vector *out)
{
    struct operand limit = operand_of(run, step->child[0]);
    enum segment_compare compare = (enum segment_compare)step->p;
    int64_t lo = step->c ? DATE_MIN : MOMENT_MIN, hi = step->c ? DATE_MAX : MOMENT_MAX,
            value = limit.i[0];

    if (step->a == FUNCTION_AGE)
        hi = run->today;
    set_all(run, out);
    out->i[0] = lo;
    out->j[0] = hi;

    /* Above the largest number there is nothing, and one more would overflow. */
    bool past = value == INT64_MAX &&
                (compare == COMPARE_GT || compare == COMPARE_LE || compare == COMPARE_EQ);
    int64_t at_least = last_at_least(run, step, lo, hi, value);
    int64_t above = past ? lo - 1 : last_at_least(run, step, lo, hi, value + 1);

    if (compare == COMPARE_GE || compare == COMPARE_EQ)
        out->j[0] = at_least;
    if (compare == COMPARE_GT)
        out->j[0] = above;
    if (compare == COMPARE_LT)
        out->i[0] = at_least + 1;
    if (compare == COMPARE_LE || compare == COMPARE_EQ)
        out->i[0] = above + 1;

    /* A limit that is not known leaves an empty range. */
    if (!(limit.bits[0] & 1))
        out->j[0] = out->i[0] - 1;
}

/* ---- windows ---- */

static struct segment_bounds bounds_at(struct run *run, const struct step *step,
                                       const struct operand *values, size_t lane)
{
    struct segment_anchor anchors[2] = {{false, 0}, {false, 0}};
    for (int c = 0; c < step->child_count; c++) {
        if (!bit_at(values[c].bits, lane))
            return (struct segment_bounds){1, 0};
        anchors[c].is_date = values[c].step->type == VALUE_DATE;
        anchors[c].value = values[c].i[lane * values[c].stride];
    }

    const struct segment_window *window = step->extra;
    bool only_to = step->child_count == 1 && !window->anchor;
    return segment_window_bounds(window, run->population->zone, run->now, anchors[only_to],
                                 anchors[!only_to]);
}

void step_bounds(struct run *run, const struct step *step, struct vector *out)
{
    struct operand values[2];
    for (int c = 0; c < step->child_count; c++)
        values[c] = operand_of(run, step->child[c]);
    size_t lanes = lanes_of(run, step);

    set_all(run, out);
    for (size_t lane = 0; lane < lanes; lane++) {
        struct segment_bounds bounds = bounds_at(run, step, values, lane);
        out->i[lane] = bounds.lo;
        out->j[lane] = bounds.hi;
    }
}

void step_period_bounds(struct run *run, const struct step *step, struct vector *out)
{
    set_all(run, out);
    out->i[0] = run->period.lo;
    out->j[0] = run->period.hi;
}

/* The dates a window holds: (after, last]. */
static void window_dates(const struct run *run, int64_t lo, int64_t hi, int32_t *after,
                         int32_t *last)
{
    *after = lo <= MOMENT_MIN ? DATE_MIN - 1 : local_date(run->binding->clock, lo - 1);
    *last = local_date(run->binding->clock, hi);
}

static bool on_weekday(int64_t weekdays, int32_t date)
{
    return !weekdays || (weekdays >> date_weekday(date) & 1);
}

void step_in_window(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]),
                   bounds = operand_of(run, step->child[1]);
    size_t lanes = lanes_of(run, step);
    bool dates = child.step->type == VALUE_DATE;
    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (size_t lane = 0; lane < lanes; lane++) {
        int64_t lo = bounds.i[lane * bounds.stride], hi = bounds.j[lane * bounds.stride];
        int64_t value = child.i[lane * child.stride];
        if (lo > hi || !bit_at(child.bits, lane))
            continue;

        /* A window of moments holds the dates whose first moment lies in it. */
        int32_t after, last;
        bool in = value >= lo && value <= hi;
        if (dates) {
            window_dates(run, lo, hi, &after, &last);
            in = value > after && value <= last;
        }

        if (in &&
            on_weekday(step->q, dates ? (int32_t)value : local_date(run->binding->clock, value)))
            bit_set(out->bits, lane);
    }
}

void step_anniversary(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]),
                   bounds = operand_of(run, step->child[1]);
    size_t lanes = lanes_of(run, step);

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (size_t lane = 0; lane < lanes; lane++) {
        int64_t lo = bounds.i[lane * bounds.stride], hi = bounds.j[lane * bounds.stride];
        if (lo > hi || !bit_at(child.bits, lane))
            continue;
        int32_t after, last, date = (int32_t)child.i[lane * child.stride];
        window_dates(run, lo, hi, &after, &last);
        int32_t year = date_to_civil(date).year,
                from = after < DATE_MIN ? 1 : date_to_civil(after).year;

        /* The first one past the window ends the search; one on another day of the
         * week does not. */
        for (int32_t y = from > year ? from : year; y <= YEAR_MAX; y++) {
            int32_t day = date_anniversary(date, y);
            if (day > last)
                break;
            if (day > after && on_weekday(step->q, day)) {
                bit_set(out->bits, lane);
                break;
            }
        }
    }
}
