/*
 * Values that follow now. A value made of now is, for a while, a straight line: a second more each
 * second, a day more each day, a step of the calendar away from such a line, or a count of whole
 * units. Two of them compared meet at one moment, which is a division and not a search. Where a
 * value cannot be described so (the product of two of them, say) it counts as standing still until
 * it may first be another; a condition over it is then looked at again at that moment, which is
 * early but never late.
 */
#include "plan/next.h"

#include <math.h>

static struct trend fixed_until(int64_t until)
{
    return (struct trend){.by = TREND_FIXED, .until = until};
}

/* Below 2^53 doubles count by ones, so steps may be reckoned in whole numbers. */
static bool is_whole(double slope)
{
    static const double WHOLE_MAX = 1e15;
    return slope == nearbyint(slope) && fabs(slope) < WHOLE_MAX;
}

/* ---- when a described value reaches something ---- */

/* The first step from 0 on at which value + slope × step is on the other side of limit (at or above
 * it, or below). */
static int64_t steps_to(int64_t value, double slope, int64_t limit)
{
    __extension__ typedef __int128 wide;
    bool reached = value >= limit;
    if (slope == 0 || reached == (slope > 0))
        return INT64_MAX;

    wide distance = reached ? (wide)value - limit + 1 : (wide)limit - value;
    if (is_whole(slope)) {
        wide each = (wide)fabs(slope), steps = (distance + each - 1) / each;
        return steps > INT64_MAX ? INT64_MAX : (int64_t)steps;
    }
    double steps =
        floor((double)distance / fabs(slope) * (1 - 1e-9)) - 1; /* early rather than late */
    return steps >= 9e18 ? INT64_MAX : (int64_t)fmax(steps, 1);
}

static int64_t after_seconds(const struct run *run, int64_t seconds)
{
    return seconds > INT64_MAX - run->now ? INT64_MAX : run->now + seconds;
}

static int64_t after_days(const struct run *run, int64_t days)
{
    return days > DATE_MAX - run->today
               ? INT64_MAX
               : local_day_start(run->binding->clock, run->today + (int32_t)days);
}

/* The moment described comes, or comes back, to `moment`. */
static int64_t described_passes(const struct run *run, const struct trend *trend, int64_t moment)
{
    int64_t at;
    if (trend->by == TREND_SECOND)
        at = moment > trend->from ? moment : INT64_MAX;
    else
        at = next_passes(run, trend->from, trend->period, trend->sign, moment);
    return at == INT64_MAX ? at : after_seconds(run, at - trend->from);
}

/* The date of a day that goes on, some months away, reaches a limit. */
static int64_t months_reach(const struct run *run, const struct trend *trend, int64_t limit)
{
    int64_t shift = trend->sign * (trend->period.seconds / SECONDS_A_DAY),
            months = trend->sign * trend->period.months;
    int64_t wanted = limit - shift;

    if (wanted <= DATE_MIN || wanted >= DATE_MAX)
        return INT64_MAX;
    /* Where a shorter month's end clamps, the limit may be reached a day or two before. */
    int32_t day = date_add_months((int32_t)wanted, -months);
    day = day < DATE_MIN + 2 ? DATE_MIN : day - 2;
    while (day < DATE_MAX && date_add_months(day, months) < wanted)
        day++;
    return day > trend->from ? after_days(run, day - trend->from) : INT64_MAX;
}

int64_t next_reaches(const struct run *run, const struct trend *trend, int64_t value, int64_t limit,
                     int64_t before)
{
    int64_t at = INT64_MAX, steps;

    switch (trend->by) {
    case TREND_FIXED: break;
    case TREND_SECOND:
        /* A date becomes another at its day's first moment. */
        if (trend->dated && limit > DATE_MIN && limit < DATE_MAX)
            at = described_passes(run, trend, local_day_start(run->binding->clock, (int32_t)limit));
        if (trend->dated)
            break;
        steps = steps_to(value, trend->slope, limit);
        at = steps < INT64_MAX ? after_seconds(run, steps) : INT64_MAX;
        break;
    case TREND_DAY:
        steps = steps_to(value, trend->slope, limit);

        /* What comes after `before` is not worth a look at the calendar: days are told
         * apart cheaply. */
        if (steps < INT32_MAX && (run->today + steps - 2) * SECONDS_A_DAY < before)
            at = after_days(run, steps);
        break;
    case TREND_EDGE:
        if (!trend->dated)
            at = described_passes(run, trend, limit);
        else if (limit > DATE_MIN && limit < DATE_MAX)
            at = described_passes(run, trend, local_day_start(run->binding->clock, (int32_t)limit));
        break;
    case TREND_MONTHS: at = months_reach(run, trend, limit); break;
    case TREND_COUNT:
        if (!next_count_is_far(run, trend->count, trend->of_date, trend->of, limit, before))
            at = next_count(run, trend->count, trend->of_date, trend->of, limit);
        break;
    }

    return next_earlier(at, trend->until);
}

int64_t next_change(const struct run *run, const struct trend *trend, int64_t value)
{
    if (trend->by == TREND_FIXED)
        return trend->until;

    if ((trend->by == TREND_SECOND || trend->by == TREND_EDGE) && !trend->dated)
        return next_earlier(run->now + 1, trend->until);
    if (trend->by == TREND_DAY || trend->by == TREND_MONTHS)
        return next_earlier(next_day(run), trend->until);
    /* A count becomes another at the next number, or back from its own. */
    int64_t above =
        value == INT64_MAX ? INT64_MAX : next_reaches(run, trend, value, value + 1, INT64_MAX);
    return next_earlier(above, next_reaches(run, trend, value, value, INT64_MAX));
}

/* ---- values of steps ---- */

static bool is_double(const struct side *side)
{
    return side->step->shape == SHAPE_DOUBLE;
}

int64_t next_still_until(const struct run *run, const struct side *side)
{
    if (!side->known)
        return side->trend.until;
    return next_change(run, &side->trend, side->value);
}

static struct trend both_still(const struct run *run, const struct side *a, const struct side *b)
{
    return fixed_until(next_earlier(next_still_until(run, a), next_still_until(run, b)));
}

/* A moment that goes on by the calendar, and some seconds more. */
static bool is_shifted_edge(const struct side *a, const struct side *b)
{
    return a->trend.by == TREND_EDGE && !a->trend.dated && b->trend.by == TREND_FIXED && b->known &&
           a->step->type == VALUE_TIME && b->step->type == VALUE_DURATION && !is_double(b);
}

/* Whether the sum is a line: lines of one sort add up, and a line goes on beside what stands still.
 * Beside a date a length of time counts in whole days, so it has to stand still. */
static bool makes_line(const struct side *a, const struct side *b)
{
    bool line_a = next_is_line(&a->trend), line_b = next_is_line(&b->trend);

    bool date_a = a->step->type == VALUE_DATE, date_b = b->step->type == VALUE_DATE;
    if (!(line_a || a->trend.by == TREND_FIXED) || !(line_b || b->trend.by == TREND_FIXED))
        return false;
    /* Two lines add up only if both go on by the second, or both by the day. */
    if (line_a && line_b && (a->trend.by != b->trend.by || date_a != date_b))
        return false;
    if (date_a != date_b)
        return date_a ? line_a : line_b;
    return line_a || line_b;
}

static struct trend trend_of_sum(struct run *run, const struct step *step, size_t lane, int sign)
{
    struct side a, b;

    next_side(run, step->child[0], lane, &a);
    next_side(run, step->child[1], lane, &b);
    bool line_a = next_is_line(&a.trend), line_b = next_is_line(&b.trend);
    int64_t until = next_earlier(a.trend.until, b.trend.until);

    /* A length of time shifts an edge of the calendar by as much, and it
     * goes on as before. */
    if (is_shifted_edge(&a, &b)) {
        struct trend trend = a.trend;
        trend.period.seconds += trend.sign * sign * b.value;
        trend.until = until;
        return trend;
    }

    if (!makes_line(&a, &b))
        return both_still(run, &a, &b);

    /* A line's slope is in units of the value as it is stored: seconds, days, or a
     * decimal's last place. */
    struct trend trend = {.by = line_a ? a.trend.by : b.trend.by, .until = until};
    trend.alike = (!line_a || a.trend.alike) && (!line_b || b.trend.alike);
    bool lengths = a.step->type == VALUE_DATE && b.step->type == VALUE_DATE; /* in seconds */
    double unit = lengths ? SECONDS_A_DAY : 1;
    if (step->shape != SHAPE_DOUBLE && step->type == VALUE_DECIMAL)
        unit *= (double)number_power10(step->scale);
    trend.slope = unit * ((line_a ? next_slope(&a) : 0) + (line_b ? sign * next_slope(&b) : 0));
    if (step->shape != SHAPE_DOUBLE)
        trend.slope = nearbyint(trend.slope);
    return trend;
}

/* A date or time and months. */
static struct trend trend_of_months(struct run *run, const struct step *step, size_t lane, int sign)

{
    struct side a;
    next_side(run, step->child[0], lane, &a);
    bool goes_on = next_is_line(&a.trend) && a.trend.slope == 1 && a.known;

    if (a.trend.by == TREND_FIXED || !goes_on ||
        (a.trend.by == TREND_DAY) != (step->type == VALUE_DATE))
        return fixed_until(next_still_until(run, &a));
    return (struct trend){.by = a.trend.by == TREND_DAY ? TREND_MONTHS : TREND_EDGE,
                          .until = a.trend.until,
                          .from = a.value,
                          .period = {step->a, step->p},
                          .sign = sign};
}

static struct trend trend_of_product(struct run *run, const struct step *step, size_t lane)
{
    struct side a;

    next_side(run, step->child[0], lane, &a);
    if (step->child_count == 1) { /* negated */
        if (!next_is_line(&a.trend))
            return fixed_until(next_still_until(run, &a));
        a.trend.slope = -a.trend.slope;
        return a.trend;
    }

    struct side b;
    next_side(run, step->child[1], lane, &b);

    /* A line times something that stays is a line, and so is a line over it; two lines
     * make none. A decimal's product is rounded, which no line is. */
    bool swap = step->run == step_multiply && !next_is_line(&a.trend);
    const struct side *line = swap ? &b : &a, *other = swap ? &a : &b;
    bool exact = step->shape == SHAPE_INT && next_scale(line) == 0 && next_scale(other) == 0;
    double by = next_number(other);
    if (!next_is_line(&line->trend) || other->trend.by != TREND_FIXED || !other->known || by == 0 ||
        !(exact || step->shape == SHAPE_DOUBLE))
        return both_still(run, &a, &b);

    struct trend trend = line->trend;
    trend.alike &= other->step->frame == FRAME_ONE;
    trend.slope = step->run == step_divide ? next_slope(line) / by : next_slope(line) * by;
    trend.until = next_earlier(trend.until, other->trend.until);
    return trend;
}

/* The first day of the unit after the date's. */
static int64_t unit_ends(int function, int32_t date)
{
    static const enum calendar_unit units[] = {
        [FUNCTION_YEAR] = CALENDAR_YEAR,        [FUNCTION_QUARTER] = CALENDAR_QUARTER,
        [FUNCTION_MONTH] = CALENDAR_MONTH,      [FUNCTION_WEEK] = CALENDAR_WEEK,
        [FUNCTION_DAY] = CALENDAR_DAY,          [FUNCTION_MONTH_OF_YEAR] = CALENDAR_MONTH,
        [FUNCTION_DAY_OF_MONTH] = CALENDAR_DAY, [FUNCTION_WEEKDAY] = CALENDAR_DAY};
    return date_next(date, units[function]);
}

/* date, year, month … of something that goes on. */
static struct trend trend_of_calendar(struct run *run, const struct step *step, size_t lane)
{
    struct side a;

    next_side(run, step->child[0], lane, &a);
    bool moment = a.step->type == VALUE_TIME;

    if (a.trend.by == TREND_FIXED || !a.known)
        return fixed_until(a.trend.until);
    bool described = (next_is_line(&a.trend) && a.trend.slope == 1) || a.trend.by == TREND_EDGE;
    if (step->a == FUNCTION_DATE && moment && described) {
        a.trend.dated = true;
        a.trend.from = a.trend.by == TREND_SECOND ? a.value : a.trend.from;
        return a.trend;
    }

    if (step->a == FUNCTION_DATE && !moment)
        return a.trend;

    int32_t date = moment ? local_date(run->binding->clock, a.value) : (int32_t)a.value;
    int64_t end = unit_ends(step->a, date);
    int64_t limit = moment ? local_day_start(run->binding->clock, (int32_t)end) : end;

    int64_t next = next_reaches(run, &a.trend, a.value, limit, INT64_MAX);
    int64_t begin = moment ? local_day_start(run->binding->clock, date)
                           : date; /* where what goes on also goes back */
    return fixed_until(next_earlier(next, next_reaches(run, &a.trend, a.value, begin, INT64_MAX)));
}

/* hour: until the clock shows another, or is put forward or back. */
static struct trend trend_of_hour(struct run *run, const struct step *step, size_t lane)
{
    struct side a;
    next_side(run, step->child[0], lane, &a);
    const struct zone *zone = run->population->zone;

    if (a.trend.by == TREND_FIXED || !a.known)
        return fixed_until(a.trend.until);
    if (a.trend.by != TREND_SECOND || a.trend.slope != 1)
        return fixed_until(next_still_until(run, &a));
    int64_t change;
    int64_t end = a.value + SECONDS_AN_HOUR - zone_clock(zone, a.value) % SECONDS_AN_HOUR;
    if (zone_transitions(zone, a.value, end, &change, NULL, 1))
        end = change < end ? change : end;
    return fixed_until(next_earlier(a.trend.until, after_seconds(run, end - a.value)));
}

/* A moment that goes on as now does stays as far from it: to the second, and by the calendar until
 * one of the two comes to another day or a clock changes. Returns until when; now for other values.
 */
static int64_t goes_with_now(const struct run *run, const struct side *of, int64_t unit)
{
    const struct trend *trend = &of->trend;
    bool line = trend->by == TREND_SECOND && trend->slope == 1;
    if (of->step->type != VALUE_TIME || trend->dated || !(line || trend->by == TREND_EDGE))
        return run->now;
    if (line && unit < CALENDAR_DAY)
        return INT64_MAX;

    /* Both stay on their day with their clocks as they are: so long the count
     * cannot change. */
    int64_t until = next_piece_end(run, run->now, 0),
            own = next_piece_end(run, of->value, 0) - of->value;
    if (trend->by == TREND_EDGE) {
        int64_t piece =
            next_piece_end(run, trend->from, trend->sign * (int64_t)trend->period.months) -
            trend->from;
        own = piece < own ? piece : own;
    }
    return next_earlier(until, run->now + own);
}

/* age, since and until. */
static struct trend trend_of_count(struct run *run, const struct step *step, size_t lane)
{
    struct side of;

    next_side(run, step->child[0], lane, &of);
    struct trend trend = {.by = TREND_COUNT,
                          .until = of.trend.until,
                          .count = step,
                          .of_date = of.step->type == VALUE_DATE,
                          .of = of.value};

    if (!of.known)
        return fixed_until(of.trend.until);
    if (step->a == FUNCTION_AGE && of.value > run->today) /* unknown until birth */
        return fixed_until(
            next_earlier(of.trend.until, local_day_start(run->binding->clock, (int32_t)of.value)));
    if (of.trend.by == TREND_FIXED && step->run == step_since && step->b == CALENDAR_SECOND)
        return (struct trend){.by = TREND_SECOND,
                              .alike = true,
                              .slope = step->a == FUNCTION_UNTIL ? -1 : 1,
                              .until = of.trend.until,
                              .from = run->now};

    if (of.trend.by == TREND_FIXED)
        return trend;

    /* Something that goes on with now is as far from it as before, until a day or a
     * clock changes. */
    int64_t together = goes_with_now(run, &of, step->b);
    if (together > run->now)
        return fixed_until(next_earlier(of.trend.until, together));
    int64_t count = next_count_at(run, step, trend.of_date, of.value, run->now);
    return fixed_until(next_earlier(next_change(run, &trend, count), next_still_until(run, &of)));
}

/* floor, ceil, round, abs. */
static struct trend trend_of_numeric(struct run *run, const struct step *step, size_t lane)
{
    struct side a;
    next_side(run, step->child[0], lane, &a);
    return fixed_until(next_still_until(run, &a));
}

/* Whether the value of one child of least or greatest goes before that of another. */
static bool goes_before(struct run *run, const struct step *step, int one, int other, size_t lane)
{
    struct operand a = operand_of(run, step->child[one]), b = operand_of(run, step->child[other]);
    return compare_holds(run, step->a == FUNCTION_GREATEST ? COMPARE_GT : COMPARE_LT, &a, lane, &b,
                         lane);
}

/* least, greatest, coalesce: the chosen one goes on until another may take its place. */
static struct trend trend_of_choice(struct run *run, const struct step *step, size_t lane)
{
    struct side best, side;
    int64_t until = INT64_MAX;
    int chosen = -1;

    /* The best of all as it is now, or for coalesce the first known. What is unknown
     * may come to be known. */
    for (int c = 0; c < step->child_count; c++) {
        next_side(run, step->child[c], lane, &side);
        if (!side.known) {
            until = next_earlier(until, side.trend.until);
        } else if (chosen < 0 ||
                   (step->run == step_choose && goes_before(run, step, c, chosen, lane))) {
            best = side;
            chosen = c;
        }
    }

    if (step->child_count == 1)
        return side.trend;
    if (chosen < 0)
        return fixed_until(until);

    /* The chosen one stays the best until another meets it. */
    for (int c = 0; step->run == step_choose && c < step->child_count; c++) {
        next_side(run, step->child[c], lane, &side);
        if (side.known && c != chosen)
            until = next_earlier(until, next_meet(run, &best, &side, COMPARE_EQ, INT64_MAX));
    }

    bool as_it_is = step->shape == best.step->shape && step->scale == best.step->scale;
    if (!as_it_is)
        return fixed_until(next_earlier(until, next_still_until(run, &best)));
    best.trend.until = next_earlier(until, best.trend.until);
    best.trend.alike = false; /* of another customer another may be the chosen one */
    return best.trend;
}

/* What the rows under an aggregate have in common. */
struct shared {
    struct trend trend; /* of each of them, if they are lines of one slope */
    bool lines;
    double slope;  /* as a double */
    int64_t until; /* none of their values is another before */
    size_t count;  /* known ones */
};

static void share_row(struct run *run, int argument, size_t row, struct shared *shared)
{
    struct side side;
    next_side(run, argument, row, &side);

    bool first = shared->count == 0;

    shared->until = next_earlier(shared->until, next_still_until(run, &side));

    if (!side.known) {
        shared->trend.until = next_earlier(shared->trend.until, side.trend.until);
        return;
    }

    shared->count++;

    /* Lines of one slope keep their order for ever; with another among them only the
     * first change is sure. */
    shared->lines &=
        next_is_line(&side.trend) &&
        (first || (side.trend.by == shared->trend.by && side.trend.slope == shared->trend.slope));

    side.trend.until = next_earlier(side.trend.until, shared->trend.until);
    side.trend.alike &= first || shared->trend.alike;
    shared->slope = next_slope(&side);
    shared->trend = side.trend;
}

/* The selected rows of one kind. */
static void share_rows(struct run *run, int selected_id, int argument, size_t lane,
                       struct shared *shared)
{
    const struct table_view *view = &run->views[step_of(run, selected_id)->frame - FRAME_ROWS];
    struct operand selected = operand_of(run, selected_id);
    uint32_t end = view->offset[lane + 1] - view->begin;

    if (selected.hint == HINT_NONE)
        return;
    for (uint32_t row = view->offset[lane] - view->begin; row < end; row++)
        if (bit_at(selected.bits, row))
            share_row(run, argument, row, shared);
}

static struct shared shared_of(struct run *run, const struct step *step, size_t lane)
{
    struct shared shared = {.trend = fixed_until(INT64_MAX), .lines = true, .until = INT64_MAX};
    int kinds = step->run == step_gather ? step->b : 1;
    for (int k = 0; k < kinds; k++)
        share_rows(run, step->child[k], step->child[kinds + k], lane, &shared);
    shared.lines &= shared.count > 0;
    return shared;
}

static bool picks_or_averages(const struct step *step)
{
    return step->run == step_edge || step->run == step_extreme ||
           (step->run == step_gather && step->a != AGGREGATE_SUM && step->a != AGGREGATE_DISTINCT &&
            step->a != AGGREGATE_COUNT);
}

/* Of lines that rise alike the least, the last, the median and the mean rise with them, and the sum
 * by all of theirs together. Other aggregates stand still until one of the rows' values may be
 * another. */
static struct trend trend_of_rows(struct run *run, const struct step *step, size_t lane)
{
    bool average = step->run == step_average;
    const struct step *rows = average ? step_of(run, step->child[0]) : step;
    if (average && rows->run != step_sum) { /* of several kinds */
        struct side sum, count;
        next_side(run, step->child[0], lane, &sum);
        next_side(run, step->child[1], lane, &count);
        return both_still(run, &sum, &count);
    }

    struct shared shared = shared_of(run, rows, lane);
    bool sum = rows->run == step_sum || (rows->run == step_gather && rows->a == AGGREGATE_SUM);

    if (!shared.lines || !(average || sum || picks_or_averages(step)))
        return fixed_until(shared.until);
    shared.trend.slope = step->shape == SHAPE_DOUBLE ? shared.slope : shared.trend.slope;
    if (sum && !average) {
        shared.trend.slope *= (double)shared.count;
        shared.trend.alike = false;
    }
    return shared.trend;
}

size_t next_lane_of_row(const struct run *run, int table, size_t row)
{
    const struct table_view *view = &run->views[table];
    uint32_t low = 0, high = run->count; /* the last lane that begins at or before */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (view->offset[middle] <= view->begin + row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A trait as of a moment that goes on: until that passes another telling. */
static struct trend trend_of_told(struct run *run, const struct step *step, size_t lane)
{
    const struct step *moment = step_of(run, step->child[0]);
    bool of_day = moment->run == step_day_start;
    struct side when;
    next_side(run, of_day ? moment->child[0] : step->child[0], lane, &when);

    const struct table_view *view = &run->views[step->b];
    int64_t until = when.trend.until;

    /* Tellings behind the moment too: where it goes back it passes them again. The
     * start of time (0) is always passed. */
    for (uint32_t row = view->offset[lane]; when.known && row < view->offset[lane + 1]; row++) {
        int64_t told = view->time[row];
        int64_t limit = of_day ? local_date(run->binding->clock, told - 1) + 1 : told;
        if (told)
            until = next_earlier(until, next_reaches(run, &when.trend, when.value, limit, until));
    }
    return fixed_until(until);
}

/* ---- two values ---- */

/* One goes on and the other stands still: both as whole numbers of the first one's scale, or as
 * doubles. */
static int64_t meet_still(const struct run *run, const struct side *a, const struct side *still,
                          enum segment_compare compare, int64_t before)
{
    int64_t at = INT64_MAX;
    if (is_double(a)) {
        double apart = next_number(still) - next_number(a);

        double steps = apart / a->trend.slope;
        if (a->trend.slope == 0 || steps < 0)
            return next_earlier(a->trend.until, still->trend.until);

        /* Early by a billionth and a step more, far beyond all rounding. Past 9e17
         * steps there is nothing to wait for. */
        int64_t early = steps > 9e17 ? INT64_MAX : (int64_t)floor(steps * (1 - 1e-9)) - 1;
        early = early < 1 ? 1 : early;
        at = a->trend.by == TREND_SECOND ? after_seconds(run, early) : after_days(run, early);

        return next_earlier(at, next_earlier(a->trend.until, still->trend.until));
    }

    __extension__ typedef __int128 wide;
    int own = next_scale(a), other = next_scale(still);
    wide low, high; /* the first value at or above the limit, and the first above it */
    if (is_double(still)) {
        double limit = next_number(still) * (double)number_power10(own);
        limit = fmin(fmax(limit, -9e18), 9e18); /* within 64 bits */
        low = (wide)ceil(limit) - (own > 0);
        high = (wide)floor(limit) + 1 + (own > 0);
    } else {
        wide limit = (wide)still->value * number_power10(own > other ? own - other : 0),
             unit = number_power10(other > own ? other - own : 0);

        low = limit / unit + (limit % unit > 0);
        high = limit / unit - (limit % unit < 0) + 1;
    }

    /* Equality asks where the value reaches the limit and where it leaves it again. */
    bool ask_low = compare != COMPARE_GT && compare != COMPARE_LE,
         ask_high = compare != COMPARE_GE && compare != COMPARE_LT;

    if (ask_low && low > INT64_MIN && low < INT64_MAX)
        at = next_reaches(run, &a->trend, a->value, (int64_t)low, before);

    if (ask_high && high > INT64_MIN && high < INT64_MAX)
        at = next_earlier(
            at, next_reaches(run, &a->trend, a->value, (int64_t)high, next_earlier(at, before)));
    return next_earlier(at, next_earlier(a->trend.until, still->trend.until));
}

int64_t next_meet(const struct run *run, const struct side *a, const struct side *b,
                  enum segment_compare compare, int64_t before)
{
    static const enum segment_compare mirrored[] = {
        [COMPARE_EQ] = COMPARE_EQ, [COMPARE_NE] = COMPARE_NE, [COMPARE_LT] = COMPARE_GT,
        [COMPARE_LE] = COMPARE_GE, [COMPARE_GT] = COMPARE_LT, [COMPARE_GE] = COMPARE_LE};

    if (!a->known || !b->known)
        return next_earlier(a->known ? INT64_MAX : a->trend.until,
                            b->known ? INT64_MAX : b->trend.until);
    if (a->step->type == VALUE_TEXT)
        return next_earlier(next_still_until(run, a), next_still_until(run, b));
    if (b->trend.by == TREND_FIXED)
        return meet_still(run, a, b, compare, before);
    if (a->trend.by == TREND_FIXED)
        return meet_still(run, b, a, mirrored[compare], before);

    /* The difference of two lines of one sort is a line: when does it reach
     * 0, and when 1? */
    bool lines = next_is_line(&a->trend) && next_is_line(&b->trend) && a->trend.by == b->trend.by &&
                 !is_double(a) && !is_double(b) && next_scale(a) == next_scale(b);
    int64_t apart;
    if (!lines || __builtin_sub_overflow(a->value, b->value, &apart))
        return next_earlier(next_still_until(run, a), next_still_until(run, b));

    struct trend trend = {.by = a->trend.by,
                          .slope = a->trend.slope - b->trend.slope,
                          .until = next_earlier(a->trend.until, b->trend.until)};
    return next_earlier(next_reaches(run, &trend, apart, 0, before),
                        next_reaches(run, &trend, apart, 1, before));
}

/* Whatever else it is, it is the same for as long as what it is made of. Rows under a customer's
 * value: all of them. */
static struct trend trend_of_others(struct run *run, const struct step *step, size_t lane)
{
    int64_t until = INT64_MAX;

    for (int c = 0; c < step->child_count; c++) {
        const struct step *child = step_of(run, step->child[c]);
        if (!child->now_loose)
            continue;

        if (child->frame == step->frame || child->frame == FRAME_ONE) {
            struct side side;
            next_side(run, step->child[c], lane, &side);
            until = next_earlier(until, next_still_until(run, &side));
            continue;
        }

        /* Rows below a customer's value: any of theirs may be the one it changes by. */
        const struct table_view *view = &run->views[child->frame - FRAME_ROWS];
        ENSURE(child->frame >= FRAME_ROWS && step->frame == FRAME_CUSTOMERS);

        for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++) {
            struct side side;
            next_side(run, step->child[c], row - view->begin, &side);
            until = next_earlier(until, next_still_until(run, &side));
        }
    }
    return fixed_until(until);
}

struct trend next_trend(struct run *run, int id, size_t lane)
{
    const struct step *step = step_of(run, id);

    if (!step->now_loose)
        return fixed_until(INT64_MAX);

    /* From here on something under the value goes on with now, and each operator says
     * what it makes of it. */
    if (step->run == step_trait_at)
        return trend_of_told(run, step, lane);
    if (step->run == step_now || step->run == step_today)
        return (struct trend){.by = step->run == step_now ? TREND_SECOND : TREND_DAY,
                              .alike = true,
                              .slope = 1,
                              .until = INT64_MAX,
                              .from = step->run == step_now ? run->now : run->today};

    if (step->run == step_add || step->run == step_subtract) {
        int sign = step->run == step_add ? 1 : -1;
        return step->child_count == 1 ? trend_of_months(run, step, lane, sign)
                                      : trend_of_sum(run, step, lane, sign);
    }

    if (step->run == step_multiply || step->run == step_divide || step->run == step_negate)
        return trend_of_product(run, step, lane);
    if (step->run == step_calendar)
        return trend_of_calendar(run, step, lane);
    if (step->run == step_hour)
        return trend_of_hour(run, step, lane);
    if (step->run == step_age || step->run == step_since)
        return trend_of_count(run, step, lane);
    if (step->run == step_numeric)
        return trend_of_numeric(run, step, lane);
    if (step->run == step_choose || step->run == step_coalesce)
        return trend_of_choice(run, step, lane);
    if (step->run == step_customer)
        return next_trend(run, step->child[0], next_lane_of_row(run, step->b, lane));
    if (step->run == step_average || step->run == step_sum || step->run == step_extreme ||
        step->run == step_edge || step->run == step_gather)
        return trend_of_rows(run, step, lane);
    return trend_of_others(run, step, lane);
}
