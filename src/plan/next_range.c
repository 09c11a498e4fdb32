/*
 * How far ahead an answer is certain. Values that are no straight line (the product of two that
 * follow now, the mean of whole hours since several facts) have no moment that a division finds.
 * But over a stretch of time each of them lies within bounds: those of its parts, taken together as
 * the arithmetic of intervals does (R. E. Moore, Interval Analysis, 1966). While the bounds leave a
 * comparison no choice, nobody has to look again. The stretch is made longer twice and twice again
 * until they do, so what is asked costs some dozen looks at one customer, and a customer on the way
 * to a flip is woken up a few times in all, wherever the flip is.
 *
 * Bounds are made of doubles. The evaluator rounds too, and rounding keeps the order of numbers, so
 * bounds of doubles hold for doubles; where it reckons exactly and a double may not (decimals,
 * beyond 2^52) they are made a little wider. Which rows an aggregate stands on is taken as given:
 * what selects them answers for itself.
 */
#include "plan/next.h"

#include <math.h>
#include <string.h>

/* A clock put back may take back this much of what went on by the calendar. */
enum { CLOCK_GUARD = 2 * SECONDS_AN_HOUR + 60 };

/* Some thousand roundings of a double: more than any value goes through. */
static const double ROUNDINGS = 1e-12;

static bool is_last_of_month(int32_t date)
{
    return date_to_civil(date + 1).day == 1;
}

/* known: at every moment, or (not known) at none; certain: that, and that value lies within the
 * bounds. */
struct range {
    double low, high;
    bool known, certain;
};

static const struct range anything = {0};

static struct range between(double low, double high)
{
    return (struct range){low, high, true, isfinite(low) && isfinite(high)};
}

static const struct range unknown = {.certain = true};

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double greatest(double a, double b)
{
    return a > b ? a : b;
}

/* Of what is reckoned exactly and a double may miss by a little. */
static struct range widened(const struct step *step, struct range range)
{
    static const double EXACT = 4503599627370496; /* 2^52 */
    bool decimal = step->type == VALUE_DECIMAL && step->scale > 0;
    double size = greatest(fabs(range.low), fabs(range.high));

    if (step->shape == SHAPE_DOUBLE || !range.known || (!decimal && size < EXACT))
        return range;
    return between(range.low - ROUNDINGS * size, range.high + ROUNDINGS * size);
}

/* ---- what is described by a trend ---- */

static struct range ordered(double a, double b)
{
    return between(least(a, b), greatest(a, b));
}

static struct range range_of_line(struct run *run, const struct side *side, int64_t to)
{
    double steps = side->trend.by == TREND_SECOND
                       ? (double)(to - run->now)
                       : (double)local_date(run->binding->clock, to) - run->today;
    double from = next_number(side);
    return ordered(from, from + next_slope(side) * steps);
}

static bool is_within_calendar(struct range range, bool dated)
{
    double first = dated ? DATE_MIN : (double)MOMENT_MIN,
           last = dated ? DATE_MAX : (double)MOMENT_MAX;
    return range.certain && range.known && range.low > first && range.high < last;
}

/* A stretch of moments, some months away. */
static struct range shifted(struct run *run, struct range of, struct calendar_period period,
                            int sign)
{
    const struct zone *zone = run->population->zone;
    int64_t turns[NEXT_TURNS_MAX], low = INT64_MAX, high = INT64_MIN;

    if (!is_within_calendar(of, false))
        return anything;

    size_t count =
        next_turns(run, (int64_t)of.low, (int64_t)of.high, (int64_t)sign * period.months, turns);

    for (size_t i = 0; i < count; i++) {
        int64_t moment = zone_add(zone, turns[i], period, sign);
        low = moment < low ? moment : low;
        high = moment > high ? moment : high;
    }
    return low <= MOMENT_MIN || high >= MOMENT_MAX ? anything : between((double)low, (double)high);
}

static struct range range_of_edge(struct run *run, const struct trend *trend, int64_t to)
{
    struct range range = between((double)trend->from, (double)(trend->from + (to - run->now)));
    if (trend->by == TREND_EDGE)
        range = shifted(run, range, trend->period, trend->sign);
    if (!trend->dated || !is_within_calendar(range, false))
        return trend->dated ? anything : range;

    /* Dates go back only where a clock does. */
    int64_t guard =
        next_clocks_change(run, (int64_t)range.low, (int64_t)range.high) ? CLOCK_GUARD : 0;
    return between(local_date(run->binding->clock, (int64_t)range.low - guard),
                   local_date(run->binding->clock, (int64_t)range.high + guard));
}

static struct range range_of_months(struct run *run, const struct trend *trend, int64_t to)
{
    int64_t shift = trend->sign * (trend->period.seconds / SECONDS_A_DAY),
            months = trend->sign * trend->period.months;
    int64_t days = local_date(run->binding->clock, to) - run->today;

    if (trend->from + days >= DATE_MAX)
        return anything;
    return between((double)(date_add_months((int32_t)trend->from, months) + shift),
                   (double)(date_add_months((int32_t)(trend->from + days), months) + shift));
}

/* Whole units between what lies in [low, high] and now, going on to `to`. They go one way, but
 * where a clock is put back, and counting down by months to a moment on the last day of one. */
static struct range count_between(struct run *run, const struct step *count, bool dates,
                                  int64_t low, int64_t high, int64_t to)
{
    enum { LAST_DAYS = 4 * SECONDS_A_DAY };
    bool down = count->run == step_since && count->a == FUNCTION_UNTIL;
    bool by_date = count->a == FUNCTION_AGE || count->b >= CALENDAR_DAY;
    int64_t begin = run->now, end = to;

    if (by_date && next_clocks_change(run, begin, begin + CLOCK_GUARD))
        begin -= CLOCK_GUARD;
    if (by_date && next_clocks_change(run, end - CLOCK_GUARD, end))
        end += CLOCK_GUARD;
    if (down && !dates && count->b >= CALENDAR_MONTH &&
        (low != high || is_last_of_month(local_date(run->binding->clock, low)))) {
        begin -= LAST_DAYS;
        end += LAST_DAYS;
    }

    /* The earlier something was, the more units there are since then, and the
     * fewer until then. */
    int64_t fewest = next_count_at(run, count, dates, down ? low : high, down ? end : begin);
    int64_t most = next_count_at(run, count, dates, down ? high : low, down ? begin : end);
    if (fewest == INT64_MIN || most == INT64_MIN) /* somebody not born yet */
        return anything;
    return between((double)fewest, (double)most);
}

static struct range range_of_trend(struct run *run, const struct side *side, int64_t to)
{
    const struct trend *trend = &side->trend;
    switch (trend->by) {
    case TREND_FIXED: return ordered(next_number(side), next_number(side));
    case TREND_SECOND:
        return trend->dated ? range_of_edge(run, trend, to) : range_of_line(run, side, to);
    case TREND_DAY: return range_of_line(run, side, to);
    case TREND_EDGE: return range_of_edge(run, trend, to);
    case TREND_MONTHS: return range_of_months(run, trend, to);
    case TREND_COUNT:
        return count_between(run, trend->count, trend->of_date, trend->of, trend->of, to);
    }
    return anything;
}

/* ---- what is made of other values ---- */

static struct range range_of(struct run *run, int id, size_t lane, int64_t to);

static bool is_date(const struct run *run, const struct step *step, int child)
{
    return step_of(run, step->child[child])->type == VALUE_DATE;
}

static bool is_duration(const struct run *run, const struct step *step, int child)
{
    return step_of(run, step->child[child])->type == VALUE_DURATION;
}

/* Two dates are seconds apart. Beside a date a length of time counts in whole days, beside a moment
 * in whole seconds.
 */
static void in_step_units(const struct run *run, const struct step *step, struct range side[2])
{
    bool both_dates = is_date(run, step, 0) && is_date(run, step, 1);

    for (int c = 0; c < 2 && step->shape != SHAPE_DOUBLE; c++) {
        if (both_dates) {
            side[c].low *= SECONDS_A_DAY;
            side[c].high *= SECONDS_A_DAY;
        } else if (is_duration(run, step, c)) {
            double unit = is_date(run, step, !c) ? SECONDS_A_DAY : 1;
            side[c].low = floor(side[c].low / unit);
            side[c].high = floor(side[c].high / unit);
        }
    }
}

static struct range range_of_sum(struct run *run, const struct step *step, size_t lane, int64_t to,
                                 bool minus)
{
    struct range side[2] = {range_of(run, step->child[0], lane, to),
                            range_of(run, step->child[1], lane, to)};
    if (!side[0].certain || !side[1].certain)
        return anything;
    if (!side[0].known || !side[1].known)
        return unknown;

    in_step_units(run, step, side);
    if (minus)
        return between(side[0].low - side[1].high, side[0].high - side[1].low);
    return between(side[0].low + side[1].low, side[0].high + side[1].high);
}

/* A moment or date and a period of the calendar. */
static struct range range_of_shifted(struct run *run, const struct step *step, size_t lane,
                                     int64_t to, int sign)
{
    struct range a = range_of(run, step->child[0], lane, to);
    if (!a.certain || !a.known)
        return a;
    if (step->type == VALUE_DATE) {
        int64_t shift = sign * (step->p / SECONDS_A_DAY);
        if (a.low <= DATE_MIN || a.high >= DATE_MAX)
            return anything;
        return between((double)(date_add_months((int32_t)a.low, (int64_t)sign * step->a) + shift),
                       (double)(date_add_months((int32_t)a.high, (int64_t)sign * step->a) + shift));
    }

    return shifted(run, a, (struct calendar_period){step->a, step->p}, sign);
}

static struct range corners(const double of[4])
{
    struct range range = {of[0], of[0], true, true};
    for (int i = 0; i < 4; i++) {
        range.low = least(range.low, of[i]);
        range.high = greatest(range.high, of[i]);
        range.certain &= isfinite(of[i]);
    }
    return range;
}

static struct range range_of_product(struct run *run, const struct step *step, size_t lane,
                                     int64_t to)
{
    struct range a = range_of(run, step->child[0], lane, to),
                 b = range_of(run, step->child[1], lane, to);

    bool divides = step->run == step_divide;

    if (!a.certain || !b.certain)
        return anything;
    if (!a.known || !b.known)
        return unknown;
    if (divides && b.low == 0 && b.high == 0)
        return unknown;

    /* A divisor that may be 0 on the way leaves nothing certain. */
    if (divides && b.low <= 0 && b.high >= 0)
        return anything;

    /* Over two intervals a product or quotient is least and greatest in their corners. */
    double of[4] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
    if (divides)
        memcpy(of, (double[]){a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high},
               sizeof of);

    struct range product = corners(of);
    if (step->type == VALUE_DURATION && step->shape != SHAPE_DOUBLE) /* in whole seconds */
        return between(floor(product.low), floor(product.high));
    return product;
}

static struct range range_of_numeric(struct run *run, const struct step *step, size_t lane,
                                     int64_t to)
{
    struct range a = range_of(run, step->child[0], lane, to);
    if (!a.certain || !a.known)
        return a;
    switch (step->a) {
    case FUNCTION_FLOOR: return between(floor(a.low), floor(a.high));
    case FUNCTION_CEIL: return between(ceil(a.low), ceil(a.high));
    case FUNCTION_ROUND: return between(round(a.low), round(a.high));
    default: break; /* abs */
    }
    /* abs falls and rises again: across 0 the least is 0. */
    bool across = a.low < 0 && a.high > 0;
    return between(across ? 0 : least(fabs(a.low), fabs(a.high)),
                   greatest(fabs(a.low), fabs(a.high)));
}

/* least and greatest of the known; coalesce: the first of them. */
static struct range range_of_choice(struct run *run, const struct step *step, size_t lane,
                                    int64_t to)
{
    struct range best = unknown;
    bool greater = step->a == FUNCTION_GREATEST;
    for (int c = 0; c < step->child_count; c++) {
        struct range side = range_of(run, step->child[c], lane, to);
        if (!side.certain)
            return anything;
        if (!side.known)
            continue;
        if (step->run == step_coalesce)
            return side;
        /* The greatest of several lies between the greatest of their lows and of their
         * highs, and the least likewise. */
        if (!best.known)
            best = side;
        best.low = greater ? greatest(best.low, side.low) : least(best.low, side.low);
        best.high = greater ? greatest(best.high, side.high) : least(best.high, side.high);
    }
    return best;
}

static struct range range_of_average(struct run *run, const struct step *step, size_t lane,
                                     int64_t to)
{
    struct range sum = range_of(run, step->child[0], lane, to),
                 count = range_of(run, step->child[1], lane, to);
    if (!sum.certain || !count.certain || count.low != count.high)
        return anything;
    if (count.low < 1)
        return unknown;
    return between(sum.low / count.low, sum.high / count.low);
}

static struct range range_of_count(struct run *run, const struct step *step, size_t lane,
                                   int64_t to)
{
    struct range of = range_of(run, step->child[0], lane, to);
    bool dates = is_date(run, step, 0);

    if (!of.certain || !of.known)
        return of;
    /* Beyond the calendar the evaluator does not count either. */
    if (of.low <= (dates ? DATE_MIN : MOMENT_MIN) || of.high >= (dates ? DATE_MAX : MOMENT_MAX))
        return anything;
    return count_between(run, step, dates, (int64_t)of.low, (int64_t)of.high, to);
}

/* ---- aggregates of rows ---- */

/* The bounds of the selected rows' values, as they stand in the table, kind by kind. */
struct rows_ahead {
    double *low, *high;
    size_t count, room;
    bool certain;
};

static void add_row(struct run *run, struct rows_ahead *rows, struct range row)
{
    if (!row.certain || !row.known)
        rows->certain = false;
    if (!rows->certain)
        return;
    if (rows->count == rows->room) {
        size_t room = rows->room * 2 + 16;
        double *low = arena_alloc(&run->scratch, 2 * room * sizeof *low);
        for (size_t i = 0; i < rows->count; i++) {
            low[i] = rows->low[i];
            low[room + i] = rows->high[i];
        }
        *rows = (struct rows_ahead){low, low + room, rows->count, room, true};
    }
    rows->low[rows->count] = row.low;
    rows->high[rows->count++] = row.high;
}

static void add_kind(struct run *run, struct rows_ahead *rows, int selected_id, int argument,
                     size_t lane, int64_t to)
{
    const struct table_view *view = &run->views[step_of(run, selected_id)->frame - FRAME_ROWS];
    struct operand selected = operand_of(run, selected_id);
    uint32_t end = view->offset[lane + 1] - view->begin;

    if (selected.hint == HINT_NONE)
        return;
    for (uint32_t row = view->offset[lane] - view->begin; row < end && rows->certain; row++)
        if (bit_at(selected.bits, row))
            add_row(run, rows, range_of(run, argument, row, to));
}

static double sum_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

static double extreme_of(const double *values, size_t count, bool greater)
{
    double best = values[0];
    for (size_t i = 1; i < count; i++)
        best = greater ? greatest(best, values[i]) : least(best, values[i]);
    return best;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_number);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* One row's, by its place among those of one kind; of several kinds it is enough that it is one of
 * them. */
static struct range range_of_picked(const struct rows_ahead *rows, int64_t nth, bool in_order)
{
    int64_t count = (int64_t)rows->count, place = nth > 0 ? nth - 1 : count + nth;
    if (place < 0 || place >= count)
        return unknown;
    if (in_order)
        return between(rows->low[place], rows->high[place]);
    return between(extreme_of(rows->low, rows->count, false),
                   extreme_of(rows->high, rows->count, true));
}

/* All of these rise when one of their rows' values does, so the bounds are theirs of the rows'
 * bounds. */
static struct range range_of_aggregate(enum segment_aggregate aggregate, const struct step *step,
                                       struct rows_ahead *rows, bool in_order)
{
    double count = (double)rows->count;
    bool greater = aggregate == AGGREGATE_MAX;

    if (rows->count == 0)
        return aggregate == AGGREGATE_SUM ? between(0, 0) : unknown;

    /* Low ends together give the low end, and high ends the high one. */
    switch (aggregate) {
    case AGGREGATE_SUM:
        return between(sum_of(rows->low, rows->count), sum_of(rows->high, rows->count));
    case AGGREGATE_AVG:
        return between(sum_of(rows->low, rows->count) / count,
                       sum_of(rows->high, rows->count) / count);
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return between(extreme_of(rows->low, rows->count, greater),
                       extreme_of(rows->high, rows->count, greater));
    case AGGREGATE_MEDIAN:
        return between(median_of(rows->low, rows->count), median_of(rows->high, rows->count));
    case AGGREGATE_FIRST: return range_of_picked(rows, 1, in_order);
    case AGGREGATE_LAST: return range_of_picked(rows, -1, in_order);
    case AGGREGATE_NTH: return range_of_picked(rows, step->p, in_order);
    case AGGREGATE_FAVOURITE: return range_of_picked(rows, 1, false);
    default: return anything;
    }
}

static enum segment_aggregate aggregate_of(const struct step *step)
{
    if (step->run == step_gather)
        return (enum segment_aggregate)step->a;
    if (step->run == step_sum)
        return AGGREGATE_SUM;
    if (step->run == step_extreme)
        return step->a ? AGGREGATE_MAX : AGGREGATE_MIN;
    return step->a ? AGGREGATE_LAST : AGGREGATE_FIRST;
}

static struct range range_of_rows(struct run *run, const struct step *step, size_t lane, int64_t to)
{
    int kinds = step->run == step_gather ? step->b : 1;
    enum segment_aggregate aggregate = aggregate_of(step);
    struct rows_ahead rows = {.certain = step->child_count == 2 * kinds};

    for (int k = 0; k < kinds && rows.certain; k++)
        add_kind(run, &rows, step->child[k], step->child[kinds + k], lane, to);
    return rows.certain ? range_of_aggregate(aggregate, step, &rows, kinds == 1) : anything;
}

/* ---- any value ---- */

static struct range range_of_parts(struct run *run, const struct step *step, size_t lane,
                                   int64_t to)
{
    /* What is missing here (texts, cases, calendar parts) has no bounds
     * worth following. */
    bool minus = step->run == step_subtract;
    if ((step->run == step_add || minus) && step->child_count == 1)
        return range_of_shifted(run, step, lane, to, minus ? -1 : 1);
    if (step->run == step_add || minus)
        return range_of_sum(run, step, lane, to, minus);
    if (step->run == step_multiply || step->run == step_divide)
        return range_of_product(run, step, lane, to);
    if (step->run == step_negate) {
        struct range a = range_of(run, step->child[0], lane, to);
        return (struct range){-a.high, -a.low, a.known, a.certain};
    }

    if (step->run == step_numeric)
        return range_of_numeric(run, step, lane, to);
    if (step->run == step_choose || step->run == step_coalesce)
        return range_of_choice(run, step, lane, to);
    if (step->run == step_age || step->run == step_since)
        return range_of_count(run, step, lane, to);
    if (step->run == step_customer)
        return range_of(run, step->child[0], next_lane_of_row(run, step->b, lane), to);
    if (step->run == step_average)
        return range_of_average(run, step, lane, to);
    if (step->run == step_sum || step->run == step_extreme || step->run == step_edge ||
        step->run == step_gather)
        return range_of_rows(run, step, lane, to);
    return anything;
}

static struct range range_of(struct run *run, int id, size_t lane, int64_t to)
{
    struct side side;
    next_side(run, id, lane, &side);

    if (side.step->shape != SHAPE_INT && side.step->shape != SHAPE_DOUBLE)
        return anything;
    if (to >= side.trend.until)
        return widened(side.step, range_of_parts(run, side.step, side.lane, to));
    return side.known ? widened(side.step, range_of_trend(run, &side, to)) : unknown;
}

/* ---- questions ---- */

/* Whether the comparison of two ranges leaves no choice. */
static bool is_decided(struct range a, struct range b, enum segment_compare compare)
{
    bool below = a.high < b.low;
    bool above = a.low > b.high;
    bool same = a.low == a.high && b.low == b.high && a.low == b.low;

    switch (compare) {
    case COMPARE_EQ:
    case COMPARE_NE: return below || above || same;
    case COMPARE_LT:
    case COMPARE_GE: return below || a.low >= b.high;
    case COMPARE_GT:
    case COMPARE_LE: return above || a.high <= b.low;
    }
    return false;
}

static bool comparison_stays(struct run *run, const void *context, int64_t to)
{
    const struct next_comparison *asked = context;
    struct range a = range_of(run, asked->id[0], asked->lane[0], to);
    struct range b = range_of(run, asked->id[1], asked->lane[1], to);

    if ((a.certain && !a.known) || (b.certain && !b.known))
        return true;
    return a.certain && b.certain && is_decided(a, b, asked->compare);
}

static bool knowledge_stays(struct run *run, const void *context, int64_t to)
{
    const struct next_comparison *asked = context;
    return range_of(run, asked->id[0], asked->lane[0], to).certain;
}

/* What a window's edges lie between, from now to `to`. */
struct edges_ahead {
    struct segment_bounds early, late;
    bool certain, empty; /* empty: an anchor is unknown */
};

/* Takes in the window's bounds at one moment, its anchors being so. */
static void take_edges(struct edges_ahead *edges, struct segment_bounds at)
{
    edges->early.lo = at.lo < edges->early.lo ? at.lo : edges->early.lo;
    edges->early.hi = at.hi < edges->early.hi ? at.hi : edges->early.hi;
    edges->late.lo = at.lo > edges->late.lo ? at.lo : edges->late.lo;
    edges->late.hi = at.hi > edges->late.hi ? at.hi : edges->late.hi;
}

/* What stands in a window by its anchors' ranges: its two edges go on as the anchors do. */
static void edges_of_anchors(struct run *run, const struct next_membership *asked,
                             const struct range anchor[2], int64_t to, struct edges_ahead *edges)
{
    const struct segment_window *window = asked->bounds->extra;
    bool only_to = asked->bounds->child_count == 1 && !window->anchor;
    struct segment_anchor at[2] = {{false, 0}, {false, 0}};
    int64_t turns[2][NEXT_TURNS_MAX];
    size_t count[2] = {1, 1};

    for (int c = 0; c < asked->bounds->child_count; c++) {
        at[c].is_date = step_of(run, asked->bounds->child[c])->type == VALUE_DATE;

        int64_t low = (int64_t)floor(anchor[c].low), high = (int64_t)ceil(anchor[c].high);
        turns[c][0] = low;
        turns[c][1] = high;
        count[c] = at[c].is_date ? 2 : next_turns(run, low, high, window->length.months, turns[c]);
    }

    /* Where there are two anchors each decides an edge of its own, so each is gone
     * through beside the other's first. */
    for (int c = 0; c < asked->bounds->child_count; c++)
        for (size_t i = 0; i < count[c]; i++) {
            at[c].value = turns[c][i];
            if (asked->bounds->child_count == 2)
                at[!c].value = turns[!c][0];
            take_edges(edges, segment_window_bounds(window, run->population->zone, run->now,
                                                    at[only_to], at[!only_to]));
            take_edges(edges, segment_window_bounds(window, run->population->zone, to, at[only_to],
                                                    at[!only_to]));
        }
}

/* Of a window by now alone. Whole units begin and end at midnights, which come twice where a clock
 * is put back. */
static void edges_of_now(struct run *run, const struct segment_window *window, int64_t to,
                         struct edges_ahead *edges)
{
    static const struct segment_anchor none = {false, 0};
    int64_t turns[NEXT_TURNS_MAX], begin = run->now, end = to;
    bool units = window->form == WINDOW_THIS || window->form == WINDOW_PREVIOUS;

    if (units && next_clocks_change(run, begin, begin + CLOCK_GUARD))
        begin -= CLOCK_GUARD;
    if (units && next_clocks_change(run, end - CLOCK_GUARD, end))
        end += CLOCK_GUARD;
    for (int longer = 0; longer < 2; longer++) {
        int64_t shift = longer ? window->longer.months : window->length.months;
        size_t count =
            next_turns(run, begin, end, window->form == WINDOW_NEXT ? shift : -shift, turns);
        for (size_t i = 0; i < count; i++)
            take_edges(edges,
                       segment_window_bounds(window, run->population->zone, turns[i], none, none));
    }
}

static struct edges_ahead edges_ahead(struct run *run, const struct next_membership *asked,
                                      int64_t to)
{
    struct edges_ahead edges = {{INT64_MAX, INT64_MAX}, {INT64_MIN, INT64_MIN}, .certain = true};

    struct range anchor[2] = {anything, anything};
    for (int c = 0; c < asked->bounds->child_count; c++) {
        anchor[c] = range_of(run, asked->bounds->child[c], asked->bounds_lane, to);
        edges.empty |= anchor[c].certain && !anchor[c].known;
        edges.certain &= is_within_calendar(
            anchor[c], step_of(run, asked->bounds->child[c])->type == VALUE_DATE);
    }

    if (edges.empty || !edges.certain)
        return edges;

    if (asked->bounds->child_count > 0)
        edges_of_anchors(run, asked, anchor, to, &edges);
    else
        edges_of_now(run, asked->bounds->extra, to, &edges);
    return edges;
}

/* A moment that goes on as now does, and a window whose edges do so to the second. */
static bool goes_with_edges(struct run *run, const struct next_membership *asked, int64_t to)
{
    const struct segment_window *window = asked->bounds->extra;
    bool moves = window->form == WINDOW_LAST || window->form == WINDOW_NEXT ||
                 window->form == WINDOW_BEFORE_LAST || window->form == WINDOW_AGO;
    struct trend trend = next_trend(run, asked->value, asked->lane);
    return moves && !window->length.months && !window->longer.months && !asked->weekdays &&
           trend.by == TREND_SECOND && trend.slope == 1 && !trend.dated &&
           step_of(run, asked->value)->type == VALUE_TIME && to < trend.until;
}

static bool membership_stays(struct run *run, const void *context, int64_t to)
{
    const struct next_membership *asked = context;
    double low = (double)asked->moment, high = low;
    bool same_day = true;

    /* Neither gains on the other, which ranges, overlapping ever more, could not tell. */
    if (asked->value >= 0 && goes_with_edges(run, asked, to))
        return true;
    if (asked->value >= 0) {
        bool dated = step_of(run, asked->value)->type == VALUE_DATE;
        struct range range = range_of(run, asked->value, asked->lane, to);
        if (range.certain && !range.known)
            return true;
        if (!is_within_calendar(range, dated))
            return false;

        low = dated ? (double)local_day_start(run->binding->clock, (int32_t)range.low) : range.low;
        high =
            dated ? (double)local_day_start(run->binding->clock, (int32_t)range.high) : range.high;
        same_day = local_date(run->binding->clock, (int64_t)low) ==
                   local_date(run->binding->clock, (int64_t)high);
    }

    /* A moment certainly outside stays out; one certainly inside stays in, on the same
     * day where the day of the week matters too. */
    struct edges_ahead edges = edges_ahead(run, asked, to);
    if (edges.empty)
        return true;
    if (!edges.certain)
        return false;
    bool outside = high < (double)edges.early.lo || low > (double)edges.late.hi;
    bool inside = low >= (double)edges.late.lo && high <= (double)edges.early.hi;
    return outside || (inside && (!asked->weekdays || same_day));
}

/* ---- how far ---- */

typedef bool answer_stays(struct run *run, const void *asked, int64_t to);

/* The answer is what it is now before `at`: the moment up to which it is so for certain. */
static int64_t stays_until(struct run *run, answer_stays *stays, const void *asked, int64_t at)
{
    enum {
        LONGEST_LOG2 = 34, /* 544 years */
        NARROWINGS = 7,    /* to within a hundredth of the stretch */
    };

    int64_t good = at - run->now, bad;
    if (at >= MOMENT_MAX || good >= INT64_C(1) << LONGEST_LOG2 || !stays(run, asked, at))
        return at;

    /* Twice as far while it holds, so a stretch of any length takes few
     * looks; then halves. */
    for (bad = 2 * good; bad < INT64_C(1) << LONGEST_LOG2 && run->now + bad < MOMENT_MAX;
         bad *= 2) {
        if (!stays(run, asked, run->now + bad))
            break;
        good = bad;
    }

    for (int i = 0; i < NARROWINGS && bad - good > 1; i++) {
        int64_t middle = good + (bad - good) / 2;
        if (run->now + middle < MOMENT_MAX && stays(run, asked, run->now + middle))
            good = middle;
        else
            bad = middle;
    }

    return run->now + good + 1;
}

int64_t next_of_comparison(struct run *run, const struct next_comparison *asked, int64_t at)
{
    return stays_until(run, comparison_stays, asked, at);
}

int64_t next_of_knowledge(struct run *run, int id, size_t lane, int64_t at)
{
    struct next_comparison asked = {.id = {id}, .lane = {lane}};
    return stays_until(run, knowledge_stays, &asked, at);
}

int64_t next_of_membership(struct run *run, const struct next_membership *asked, int64_t at)
{
    return stays_until(run, membership_stays, asked, at);
}
