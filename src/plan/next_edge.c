/*
 * When the calendar reaches something. T − 3 months is no straight line: it stands still over the
 * ends of months (28 February is a month before the 28th, 29th, 30th and 31st of March, each at its
 * own hour), and jumps where clocks do. Between such places it goes on second by second. So the
 * search goes from piece to piece, a few of them around the one day that matters; within a piece
 * the moment is a subtraction.
 */
#include "plan/next.h"

/* Clocks are put back by an hour or two, across midnight too. Months end up to three days apart,
 * and a day more on either side makes up for zones. */
enum { ZONE_GUARD = 2 * SECONDS_AN_HOUR + 60, SHORTER_MONTH = 5 };

/* Ten thousand years, which is further than the calendar goes. */
enum { MONTHS_MAX = 120000 };

static const int64_t UNIT_SECONDS[] = {1, SECONDS_A_MINUTE, SECONDS_AN_HOUR, SECONDS_A_DAY,
                                       7 * SECONDS_A_DAY};
static const int UNIT_MONTHS[] = {
    [CALENDAR_MONTH] = 1, [CALENDAR_QUARTER] = 3, [CALENDAR_YEAR] = MONTHS_A_YEAR};

int64_t next_day(const struct run *run)
{
    return local_day_start(run->binding->clock, run->today + 1);
}

bool next_clocks_change(const struct run *run, int64_t from, int64_t to)
{
    int64_t change;
    return zone_transitions(run->population->zone, from - 1, to, &change, NULL, 1) > 0;
}

/* Where the clock of T's day first shows something else than T's clock going on: a change, or
 * midnight. */
static int64_t clock_goes_on(const struct run *run, int64_t moment)
{
    const struct zone *zone = run->population->zone;
    int64_t end = moment + SECONDS_A_DAY - zone_clock(zone, moment), change;

    if (local_clock_is_steady(run->binding->clock, moment, end))
        return end;
    return zone_transitions(zone, moment, end, &change, NULL, 1) ? change : end;
}

/* Clocks of a date at which its own moments jump: on both sides of each change. Returns how many,
 * at most 8. */
static int broken_clocks(const struct run *run, int32_t date, int64_t clocks[8])
{
    const struct zone *zone = run->population->zone;
    int64_t begin = local_day_start(run->binding->clock, date), changes[4];
    int64_t end = local_day_start(run->binding->clock, date + 1);
    int32_t after[4];

    int count = 0;

    if (local_clock_is_steady(run->binding->clock, begin - 1, end))
        return 0;

    size_t found = zone_transitions(zone, begin - 1, end, changes, after, 4);
    for (size_t i = 0; i < found && i < 4; i++) {
        int64_t midnight = (int64_t)date * SECONDS_A_DAY;
        clocks[count++] = changes[i] + zone_offset(zone, changes[i] - 1) - midnight;
        clocks[count++] = changes[i] + after[i] - midnight;
    }
    return count;
}

int64_t next_piece_end(const struct run *run, int64_t moment, int64_t months)
{
    int32_t target = date_add_months(local_date(run->binding->clock, moment), months);
    int64_t clocks[8], end = clock_goes_on(run, moment),
                       clock = zone_clock(run->population->zone, moment);
    int count = broken_clocks(run, target, clocks);

    for (int i = 0; i < count; i++)
        if (clocks[i] > clock && moment + clocks[i] - clock < end)
            end = moment + clocks[i] - clock;
    return end;
}

int64_t next_passes(const struct run *run, int64_t from, struct calendar_period period, int sign,
                    int64_t moment)
{
    const struct zone *zone = run->population->zone;
    struct calendar_period months = {period.months, 0};

    moment -= sign * period.seconds;
    if (!period.months)
        return moment > from ? moment : INT64_MAX;
    if (moment <= MOMENT_MIN || moment >= MOMENT_MAX)
        return INT64_MAX;

    /* Before this day the edge is on an earlier date than the moment's, and days later
     * on a later one. */
    int32_t day =
        date_add_months(local_date(run->binding->clock, moment), -(int64_t)sign * period.months);
    int64_t begin = local_day_start(run->binding->clock, day) - ZONE_GUARD;
    int64_t stop = local_day_start(run->binding->clock, day + SHORTER_MONTH) + ZONE_GUARD;
    if (from >= stop)
        return INT64_MAX;

    /* From piece to piece, ten of them or so. Where one begins the edge may have jumped
     * over the moment; within it the meeting is a subtraction. */
    bool reached = zone_add(zone, from, months, sign) >= moment;
    for (int64_t at = begin > from ? begin : from, end; at < stop; at = end) {
        int64_t edge = zone_add(zone, at, months, sign);
        if ((edge >= moment) != reached)
            return at;
        end = next_piece_end(run, at, (int64_t)sign * period.months);
        if (!reached && edge + (end - at) > moment)
            return at + (moment - edge);
    }

    return INT64_MAX;
}

/* The first and last moments of the pieces that lie in [from, to], behind those in out. */
static size_t add_pieces(const struct run *run, int64_t from, int64_t to, int64_t months,
                         int64_t *out, size_t count)
{
    for (int64_t at = from, end; at <= to && count + 2 <= NEXT_TURNS_MAX; at = end) {
        end = next_piece_end(run, at, months);
        out[count++] = at;
        out[count++] = end - 1 < to ? end - 1 : to;
    }
    return count;
}

size_t next_turns(const struct run *run, int64_t from, int64_t to, int64_t months,
                  int64_t out[NEXT_TURNS_MAX])
{
    /* Only near the two ends may it go back; between them it goes forward. */
    const int64_t days = (int64_t)(SHORTER_MONTH + 1) * SECONDS_A_DAY;
    if (!months || from <= MOMENT_MIN + days || to >= MOMENT_MAX - days) {
        out[0] = from;
        out[1] = to;
        return 2;
    }

    size_t count = add_pieces(run, from, to < from + days ? to : from + days, months, out, 0);
    return to <= from + days ? count : add_pieces(run, to - days, to, months, out, count);
}

int64_t next_floor(const struct run *run, int64_t from, struct calendar_period period, int sign)
{
    int64_t edge = zone_add(run->population->zone, from, period, sign);
    if (!period.months || edge <= MOMENT_MIN || edge >= MOMENT_MAX)
        return edge;
    int64_t moment = edge - sign * period.seconds;
    return local_day_start(run->binding->clock, local_date(run->binding->clock, moment)) +
           sign * period.seconds - ZONE_GUARD;
}

/* ---- whole units since, until ---- */

static bool counts_down(const struct step *step)
{
    return step->run == step_since && step->a == FUNCTION_UNTIL;
}

int64_t next_count_at(const struct run *run, const struct step *step, bool dates, int64_t of,
                      int64_t moment)
{
    int32_t today = local_date(run->binding->clock, moment);
    if (step->a == FUNCTION_AGE)
        return of > today ? INT64_MIN : date_age((int32_t)of, today);
    bool until = counts_down(step);
    int64_t here = dates ? today : moment;
    return plan_units_between(run->population->zone, (enum calendar_unit)step->b, dates,
                              until ? here : of, until ? of : here, moment, until);
}

/* The first date from `date` on whose completed months since (or, counting down, until) `of` are n
 * or more (less). */
static int32_t first_date(int32_t of, int64_t n, bool down)
{
    int32_t date = date_add_months(of, down ? -n : n);
    date = date < DATE_MIN + SHORTER_MONTH ? DATE_MIN + SHORTER_MONTH : date;
    /* Clamped to a shorter month's end, the count may be reached two days before. */
    date -= 2;
    for (int i = 0; i < 2 * SHORTER_MONTH && date < DATE_MAX; i++, date++) {
        int64_t months = down ? date_months_between(date, of) : date_months_between(of, date);
        if (down ? months < n : months >= n)
            return date;
    }
    return date;
}

/* Months since or until a moment: the date decides, but on days at the edge the clock. */
static int64_t months_of_moment(const struct run *run, const struct step *step, int64_t of,
                                int64_t n)
{
    const struct zone *zone = run->population->zone;
    bool down = counts_down(step), now_holds = next_count_at(run, step, false, of, run->now) >= n;
    int32_t day = first_date(local_date(run->binding->clock, of), n * UNIT_MONTHS[step->b], down);
    int64_t begin = local_day_start(run->binding->clock, day - SHORTER_MONTH) - ZONE_GUARD;
    int64_t stop = local_day_start(run->binding->clock, day + 2) + ZONE_GUARD,
            clock = zone_clock(zone, of);

    /* While clocks stand, the count becomes another when the clock shows that of
     * the moment counted from, or a second later (down); where they jump it may
     * do so at once. */
    for (int64_t at = begin > run->now ? begin : run->now, end; at < stop; at = end) {
        end = clock_goes_on(run, at);
        int64_t there = at + clock - zone_clock(zone, at);

        const int64_t tried[] = {at, there, there + 1};
        for (int i = 0; i < 3; i++)
            if (tried[i] >= at && tried[i] < end && tried[i] > run->now &&
                (next_count_at(run, step, false, of, tried[i]) >= n) != now_holds)
                return tried[i];
    }
    return INT64_MAX;
}

static int64_t start_of(const struct run *run, int64_t date)
{
    if (date <= DATE_MIN || date >= DATE_MAX)
        return date <= DATE_MIN ? INT64_MIN : INT64_MAX;
    return local_day_start(run->binding->clock, (int32_t)date);
}

/* When an age is reached; the unknown age of who is not born yet is below every number. */
static int64_t age_reached(const struct run *run, int64_t of, int64_t n)
{
    if (n <= 0)
        return start_of(run, of);
    int64_t year = date_to_civil((int32_t)of).year + n;
    return year > YEAR_MAX ? INT64_MAX
                           : start_of(run, date_anniversary((int32_t)of, (int32_t)year));
}

int64_t next_count(const struct run *run, const struct step *step, bool dates, int64_t of,
                   int64_t n)
{
    enum calendar_unit unit = (enum calendar_unit)step->b;
    bool down = counts_down(step);
    int64_t at;

    if (step->a == FUNCTION_AGE) {
        at = age_reached(run, of, n);
    } else if (n > INT64_C(1000000000000) || n < -INT64_C(1000000000000)) {
        return INT64_MAX; /* further than the calendar goes */
    } else if (unit >= CALENDAR_MONTH && (n > MONTHS_MAX || n < -MONTHS_MAX)) {
        return INT64_MAX;
    } else if (unit >= CALENDAR_MONTH && !dates) {
        return months_of_moment(run, step, of, n);
    } else if (unit >= CALENDAR_MONTH) {
        at = start_of(run, first_date((int32_t)of, n * UNIT_MONTHS[unit], down));
    } else if (dates && unit >= CALENDAR_DAY) {
        int64_t days = unit == CALENDAR_WEEK ? DAYS_A_WEEK * n : n;

        /* Counting down, a number of days still holds on the last of them. */
        at = start_of(run, down ? of - days + 1 : of + days);
    } else {
        int64_t moment = dates ? start_of(run, of) : of, length = n * UNIT_SECONDS[unit];
        if (moment == INT64_MIN || moment == INT64_MAX)
            return INT64_MAX;
        at = down ? moment - length + 1 : moment + length;
    }

    return at > run->now ? at : INT64_MAX;
}

bool next_count_is_far(const struct run *run, const struct step *step, bool dates, int64_t of,
                       int64_t n, int64_t before)
{
    bool age = step->a == FUNCTION_AGE;
    if ((!age && step->b < CALENDAR_MONTH) || n < 0 || n >= YEAR_MAX)
        return false;
    int64_t months = n * UNIT_MONTHS[age ? CALENDAR_YEAR : step->b];
    int64_t day = dates ? of : of / SECONDS_A_DAY;

    int64_t earliest = counts_down(step) ? -months * 30 - months / 2 : months * 30;
    /* m months are at least 30 m − 2 days and at most 30.5 m + 2; the rest is for the
     * ends of months and for zones. */
    int64_t first = day + earliest - 6, last = first + months + 16;

    return last * SECONDS_A_DAY <= run->now || first * SECONDS_A_DAY >= before;
}
