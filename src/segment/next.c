/*
 * The next moment at which a membership may flip by itself: the oldest fact leaves a window, a date comes near enough,
 * a day begins. Every step that looks at now answers for itself; a customer's next moment is the earliest answer of the
 * steps that were evaluated for the batch. (A step that was spared, because a condition before it failed for the whole
 * batch, cannot flip anything before that condition does.) Answers may be early, never late. Cut-offs of ranks and the
 * numbers of accounts move with other customers: the earliest moment of any of those counts for everyone.
 */
#include "segment/measures.h"

#include <stdlib.h>
#include <string.h>

/* Clocks that are put back at both ends of a period take an hour each, and edges of windows are a second apart. */
enum { ZONE_GUARD = 2 * 3600 + 60, LATE_DAYS = 3 * SECONDS_A_DAY, CLAMP_GUARD = 5 * SECONDS_A_DAY };

static void lower(const struct run *run, int64_t *next, uint32_t lane, int64_t moment)
{
    if (moment > run->now && moment < next[lane])
        next[lane] = moment;
}

static void lower_all(const struct run *run, int64_t *next, int64_t moment)
{
    for (uint32_t lane = 0; lane < run->count; lane++)
        lower(run, next, lane, moment);
}

static int64_t next_day(const struct run *run)
{
    return local_day_start(run->binding->clock, run->today + 1);
}

/* Days that may stand for the last of a shorter month: a month from the 28th to the 31st of January is always the 28th
 * of February, at the hour of each day in turn, so that an edge which moves by months goes back at midnight. */
static bool is_late_day(const struct run *run, int64_t moment)
{
    return date_to_civil(local_date(run->binding->clock, moment)).day >= 28;
}

static int64_t time_of_day(const struct run *run, int64_t moment)
{
    return moment - local_day_start(run->binding->clock, local_date(run->binding->clock, moment));
}

/* The first T at which T + sign × period reaches moment. Months are found by bisection and then taken early enough for
 * clocks that are put back and for the late days of a month. */
static int64_t moment_when(const struct run *run, int64_t moment, struct calendar_period period, int sign)
{
    const struct zone *zone = run->population->zone;
    if (!period.months)
        return moment - sign * period.seconds;
    int64_t about = zone_add(zone, moment, period, -sign), low = about - CLAMP_GUARD, high = about + CLAMP_GUARD;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (zone_add(zone, middle, period, sign) >= moment)
            high = middle;
        else
            low = middle + 1;
    }
    bool again = low <= run->now && is_late_day(run, run->now); /* passed a day before, it may be passed again today */
    if (again)
        low = local_day_start(run->binding->clock, run->today) + time_of_day(run, moment) + ZONE_GUARD;
    int64_t early = low - ZONE_GUARD - (!again && is_late_day(run, low) ? LATE_DAYS : 0);
    return low > run->now && early <= run->now ? run->now + 1 : early;
}

/* How the edges of a window move with now: each edge is now + sign × period; nothing moves where count is 0. */
struct edges {
    int count;
    struct calendar_period period[2];
    int sign[2];
    bool by_unit; /* edges jump when a calendar unit begins */
};

static struct edges edges_of(const struct segment_window *window)
{
    struct calendar_period none = {0, 0};
    switch (window->form) {
    case WINDOW_LAST: return (struct edges){2, {window->length, none}, {-1, 1}, false};
    case WINDOW_NEXT: return (struct edges){2, {none, window->length}, {1, 1}, false};
    case WINDOW_BEFORE_LAST: return (struct edges){1, {window->length}, {-1}, false};
    case WINDOW_AGO: return (struct edges){2, {window->longer, window->length}, {-1, -1}, false};
    case WINDOW_THIS:
    case WINDOW_PREVIOUS: return (struct edges){.by_unit = true};
    default: return (struct edges){1, {none}, {1}, false}; /* up to now */
    }
}

static int64_t next_unit(const struct run *run, const struct segment_window *window)
{
    if (window->unit < CALENDAR_DAY)
        return run->now + 1;
    int64_t number = date_unit_number(run->today, window->unit);
    return local_day_start(run->binding->clock, date_of_unit_number(number + 1, window->unit));
}

/* The moments at which an edge passes something that happened (or is due) at moment. */
static void pass_edges(const struct run *run, const struct edges *edges, int64_t moment, int64_t *next, uint32_t lane)
{
    if (edges->count == 2 && edges->sign[0] < 0 && !edges->period[0].months && moment <= run->now &&
        !edges->period[1].months && !edges->period[1].seconds) { /* last so many seconds: the usual case */
        lower(run, next, lane, moment + edges->period[0].seconds);
        return;
    }
    for (int e = 0; e < edges->count; e++)
        lower(run, next, lane, moment_when(run, moment, edges->period[e], edges->sign[e]));
}

void next_soon(struct run *run, const struct step *step, int64_t *next)
{
    lower_all(run, next, run->now + 1);
}

void next_today(struct run *run, const struct step *step, int64_t *next)
{
    lower_all(run, next, next_day(run));
}

/* ---- facts in windows ---- */

/* The moving window among what selects rows, or NULL. */
static const struct step *moving_window(const struct run *run, int id)
{
    const struct step *step = step_of(run, id);
    if (step->run == step_window) {
        const struct step *bounds = step_of(run, step->child[0]);
        const struct segment_window *window = bounds->run == step_bounds ? bounds->extra : NULL;
        return window && window->form != WINDOW_ALL ? step : NULL;
    }
    for (int c = 0; step->run == step_and && c < step->child_count; c++) {
        const struct step *found = moving_window(run, step->child[c]);
        if (found)
            return found;
    }
    return NULL;
}

/* Facts on their way in: the first one after the window's end, for windows that end before now. */
static void entering(const struct run *run, const struct edges *edges, const struct table_view *view, uint32_t lane,
                     int64_t hi, int64_t *next)
{
    for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
        if (view->time[row] > hi && view->time[row] <= run->now) {
            pass_edges(run, edges, view->time[row], next, lane);
            return;
        }
}

static inline int64_t earlier(int64_t next, int64_t moment, bool counts)
{
    return counts && moment < next ? moment : next;
}

/* last so many seconds, the usual case: the oldest selected fact leaves so long after it happened. */
static void oldest_leaves(const struct run *run, const struct table_view *view, const uint64_t *bits, int64_t seconds,
                          int64_t *next)
{
    const uint32_t *time = view->time + view->begin, *offset = view->offset;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++) {
        uint32_t end = offset[lane + 1] - view->begin, row = first_bit(bits, offset[lane] - view->begin, end);
        next[lane] = earlier(next[lane], time[row] + seconds, row < end);
    }
}

/* The same where nothing but the window selects: what it selects are each customer's last rows, so how many says which.
 * What is read where none is counts for nothing. */
static void suffix_leaves(struct run *run, const struct table_view *view, const struct operand *rows, int64_t seconds,
                          int64_t *next)
{
    const uint32_t *counts = segment_count_selected(run, view, rows), *time = view->time, *offset = view->offset;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++)
        next[lane] = earlier(next[lane], time[offset[lane + 1] - counts[lane]] + seconds, counts[lane] != 0);
}

/* The same for `any`, where nothing else selects: the customer's last fact leaves last. */
static void last_leaves(const struct run *run, const struct table_view *view, int64_t lo, int64_t seconds,
                        int64_t *next)
{
    const uint32_t *last = view->table->last_time + run->first, *offset = view->offset;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++)
        next[lane] = earlier(next[lane], last[lane] + seconds, last[lane] >= lo && offset[lane] < offset[lane + 1]);
}

static void leave_window(struct run *run, int selected, bool last, int64_t *next)
{
    const struct step *window_step = moving_window(run, selected);
    if (!window_step)
        return;
    const struct step *bounds_step = step_of(run, window_step->child[0]);
    const struct segment_window *window = bounds_step->extra;
    struct edges edges = edges_of(window);
    if (edges.by_unit) {
        lower_all(run, next, next_unit(run, window));
        return;
    }
    if (window->form != WINDOW_LAST && window->form != WINDOW_AGO && window->form != WINDOW_BEFORE_LAST)
        return;
    if ((window->length.months || window->longer.months) && is_late_day(run, run->now))
        lower_all(run, next, next_day(run));
    const struct table_view *view = &run->views[window_step->b];
    bool seconds = window->form == WINDOW_LAST && !window->length.months;
    bool suffix = window_step == step_of(run, selected) && !window_step->q && window_step->child_count == 1 &&
                  view->table && view->table->time_max <= run->now;
    if (last && seconds && suffix && !run->delta) {
        last_leaves(run, view, step_vector(run, window_step->child[0])->i[0], window->length.seconds, next);
        return;
    }
    struct operand rows = operand_of(run, selected), bounds = operand_of(run, window_step->child[0]);
    bool late = window->form != WINDOW_LAST;
    if (rows.hint == HINT_NONE && !late)
        return;
    if (seconds && !last) {
        if (suffix)
            suffix_leaves(run, view, &rows, window->length.seconds, next);
        else
            oldest_leaves(run, view, rows.bits, window->length.seconds, next);
        return;
    }
    for (uint32_t lane = 0; lane < run->count; lane++) {
        uint32_t begin = view->offset[lane] - view->begin, end = view->offset[lane + 1] - view->begin;
        uint32_t row = rows.hint == HINT_NONE ? end
                       : last && !late        ? last_bit(rows.bits, begin, end)
                                              : first_bit(rows.bits, begin, end);
        if (row < end)
            pass_edges(run, &edges, view->time[view->begin + row], next, lane);
        if (late)
            entering(run, &edges, view, lane, bounds.j[lane * bounds.stride], next);
    }
}

void next_window(struct run *run, const struct step *step, int64_t *next)
{
    bool several = step->run == step_gather || step->run == step_resumed;
    int first = step->run == step_resumed ? step->b : 0, count = several ? step->b : 1;
    for (int c = first; c < first + count; c++)
        leave_window(run, step->child[c], step->run == step_any, next);
}

static void next_of_kind(struct run *run, const struct sequence_plan *plan, int negated, int64_t *next)
{
    struct calendar_period within = plan->source->steps[negated].within;
    for (int s = 0; s < negated; s++)
        for (int k = 0; k < plan->source->steps[s].kind_count; k++) {
            const struct table_view *view = &run->views[plan->kinds[s][k].table];
            struct operand rows = operand_of(run, plan->kinds[s][k].mask);
            for (uint32_t lane = 0; lane < run->count; lane++)
                for (uint32_t row = view->offset[lane + 1]; row-- > view->offset[lane];) {
                    if (!within.months && view->time[row] + within.seconds <= run->now)
                        break; /* and so with all before it */
                    if (bit_at(rows.bits, row - view->begin))
                        lower(run, next, lane, moment_when(run, view->time[row], within, -1));
                }
        }
}

void next_sequence(struct run *run, const struct step *step, int64_t *next)
{
    const struct sequence_plan *plan = step->extra;
    for (int k = 0; k < plan->source->steps[0].kind_count; k++)
        leave_window(run, plan->kinds[0][k].start_mask, false, next);
    int last = plan->step_count - 1;
    if (plan->source->steps[last].negated && plan->source->steps[last].has_within)
        next_of_kind(run, plan, last, next);
}

/* The moment at which a bound that moves with now comes to another day. */
static int64_t bound_reaches_day(const struct run *run, int64_t bound)
{
    if (bound <= MOMENT_MIN || bound >= MOMENT_MAX)
        return INT64_MAX;
    return run->now + local_day_start(run->binding->clock, local_date(run->binding->clock, bound) + 1) - bound;
}

/* The window of `periods` moves over its units; any fact in it may be the next to drop out. A window of months moves by
 * the wall's clock, with its first second a second ahead of now. */
void next_periods(struct run *run, const struct step *step, int64_t *next)
{
    const struct segment_window *window = step_of(run, step->child[1])->extra;
    struct operand bounds = operand_of(run, step->child[1]);
    struct edges edges = edges_of(window);
    lower_all(run, next, next_day(run));
    lower_all(run, next, next_day(run) - 1);
    lower_all(run, next, bound_reaches_day(run, bounds.i[0]));
    lower_all(run, next, bound_reaches_day(run, bounds.j[0]));
    for (int t = 0; !edges.by_unit && t < run->plan->table_count; t++) {
        const struct table_view *view = &run->views[t];
        for (uint32_t lane = 0; run->plan->table_used[t] && lane < run->count; lane++)
            for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
                if (view->time[row] >= bounds.i[0]) {
                    pass_edges(run, &edges, view->time[row], next, lane);
                    break;
                }
    }
}

/* ---- values and now ---- */

/* The customer's moment that a lane's value speaks of: a date is its first moment. */
static int64_t moment_of(const struct run *run, const struct operand *value, size_t lane)
{
    int64_t x = value->i[lane * value->stride];
    return value->step->type == VALUE_DATE ? local_day_start(run->binding->clock, (int32_t)x) : x;
}

/* A moment against now and a constant: T + k passes it. */
void next_compare(struct run *run, const struct step *step, int64_t *next)
{
    struct operand a = operand_of(run, step->child[0]), b = operand_of(run, step->child[1]);
    if (a.step->frame == FRAME_ONE && b.step->frame != FRAME_ONE) {
        struct operand swap = a;
        a = b;
        b = swap;
    }
    if (step->frame != FRAME_CUSTOMERS || !(b.bits[0] & 1)) {
        next_soon(run, step, next);
        return;
    }
    int64_t offset = b.i[0] - run->now;
    for (uint32_t lane = 0; lane < run->count; lane++)
        if (bit_at(a.bits, lane)) {
            lower(run, next, lane, a.i[lane * a.stride] - offset);
            lower(run, next, lane, a.i[lane * a.stride] - offset + 1);
        }
}

static void anniversaries(const struct run *run, const struct edges *edges, int32_t date, int64_t *next, uint32_t lane)
{
    int32_t born = date_to_civil(date).year;
    for (int e = 0; e < edges->count; e++) {
        int64_t edge = zone_add(run->population->zone, run->now, edges->period[e], edges->sign[e]);
        int32_t year = date_to_civil(local_date(run->binding->clock, edge)).year;
        for (int32_t y = year < born ? born : year; y <= (year < born ? born : year) + 1 && y <= 9999; y++) {
            int64_t start = local_day_start(run->binding->clock, date_anniversary(date, y));
            lower(run, next, lane, moment_when(run, start, edges->period[e], edges->sign[e]));
        }
    }
}

void next_in_window(struct run *run, const struct step *step, int64_t *next)
{
    const struct step *bounds = step_of(run, step->child[1]);
    while (bounds->run == step_customer)
        bounds = step_of(run, bounds->child[0]);
    const struct segment_window *window = bounds->extra;
    struct edges edges = edges_of(window);
    if (step->frame != FRAME_CUSTOMERS || edges.by_unit) {
        lower_all(run, next, edges.by_unit ? next_unit(run, window) : run->now + 1);
        return;
    }
    struct operand value = operand_of(run, step->child[0]);
    for (uint32_t lane = 0; lane < run->count; lane++) {
        if (!bit_at(value.bits, lane))
            continue;
        if (step->run == step_anniversary)
            anniversaries(run, &edges, (int32_t)value.i[lane * value.stride], next, lane);
        else
            pass_edges(run, &edges, moment_of(run, &value, lane), next, lane);
    }
}

static const int64_t UNIT_SECONDS[] = {1, 60, 3600, 86400, 604800};

/* When a function of time since value reaches count whole units. */
static int64_t reached(const struct run *run, const struct step *step, bool dates, int64_t value, int64_t count)
{
    enum calendar_unit unit = (enum calendar_unit)step->b;
    if (step->a == FUNCTION_AGE) {
        int64_t year = date_to_civil((int32_t)value).year + count;
        return year < 1 || year > 9999
                   ? INT64_MAX
                   : local_day_start(run->binding->clock, date_anniversary((int32_t)value, (int32_t)year));
    }
    if (unit >= CALENDAR_MONTH)
        return next_day(run);
    if (!dates)
        return value + count * UNIT_SECONDS[unit];
    int64_t days = unit == CALENDAR_WEEK ? 7 * count : count;
    if (unit >= CALENDAR_DAY)
        return value + days > DATE_MAX ? INT64_MAX : local_day_start(run->binding->clock, (int32_t)(value + days));
    return local_day_start(run->binding->clock, (int32_t)value) + count * UNIT_SECONDS[unit];
}

/* Whether one of the birthdays in question may come before the moment known so far: most do not, and calendars are
 * slow. */
static bool birthday_near(const struct run *run, int64_t birth, int64_t count, int64_t before)
{
    if (count < 0 || count > 9998)
        return true;
    int64_t first = (birth + count * 365 - 2) * SECONDS_A_DAY, last = (birth + (count + 1) * 366 + 3) * SECONDS_A_DAY;
    return last > run->now && first < before;
}

/* Units of fixed length since moments: when they reach count, or one more. */
static void units_since(const struct run *run, const struct operand *value, int64_t count, int64_t unit, int64_t *next)
{
    int64_t now = run->now;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++) {
        int64_t moment = value->i[lane] + count * unit;
        moment += moment > now ? 0 : unit;
        next[lane] = earlier(next[lane], moment, moment > now && bit_at(value->bits, lane));
    }
}

/* age and units since, held against a limit: when the limit is reached, or passed by one. */
void next_threshold(struct run *run, const struct step *step, int64_t *next)
{
    const struct step *threshold = step_of(run, step->child[1]);
    struct operand value = operand_of(run, step->child[0]), limit = operand_of(run, threshold->child[0]);
    bool dates = threshold->c;
    if (step->frame != FRAME_CUSTOMERS) {
        next_soon(run, step, next);
        return;
    }
    if (llabs(limit.i[0]) > INT64_C(100000000000))
        return;
    if (step->a != FUNCTION_AGE && !dates && step->b < CALENDAR_MONTH && value.stride) {
        units_since(run, &value, limit.i[0], UNIT_SECONDS[step->b], next);
        return;
    }
    for (uint32_t lane = 0; lane < run->count; lane++) {
        if (!bit_at(value.bits, lane))
            continue;
        int64_t x = value.i[lane * value.stride];
        if (step->a == FUNCTION_AGE && !birthday_near(run, x, limit.i[0], next[lane]))
            continue;
        lower(run, next, lane, reached(run, step, dates, x, limit.i[0]));
        lower(run, next, lane, reached(run, step, dates, x, limit.i[0] + 1));
        if (dates && x > run->today) /* not born yet */
            lower(run, next, lane, local_day_start(run->binding->clock, (int32_t)x));
    }
}

/* age, since and until as plain values: whenever the count changes. */
void next_calendar(struct run *run, const struct step *step, int64_t *next)
{
    if (step->frame != FRAME_CUSTOMERS) {
        next_soon(run, step, next);
        return;
    }
    struct operand value = operand_of(run, step->child[0]);
    bool dates = value.step->type == VALUE_DATE, small = step->a != FUNCTION_AGE && step->b < CALENDAR_DAY;
    if (dates && !small) {
        lower_all(run, next, next_day(run));
        return;
    }
    if (dates || step->b >= CALENDAR_MONTH) {
        next_soon(run, step, next);
        return;
    }
    int64_t unit = UNIT_SECONDS[step->b];
    for (uint32_t lane = 0; lane < run->count; lane++)
        if (bit_at(value.bits, lane)) {
            int64_t apart = run->now - value.i[lane * value.stride], rest = apart % unit;
            rest = rest < 0 ? rest + unit : rest;
            lower(run, next, lane, run->now + unit - rest);
            lower(run, next, lane, run->now + unit - rest + 1); /* until counts the other way */
            if (rest == 0)
                lower(run, next, lane, run->now + 1);
        }
}

/* ---- records and tellings ---- */

static const struct segment_window *window_under(const struct run *run, const struct step *step)
{
    return step->child_count ? step_of(run, step->child[0])->extra : NULL;
}

void next_record(struct run *run, const struct step *step, int64_t *next)
{
    static const struct segment_window always = {.form = WINDOW_ALL};
    const struct segment_window *window = step->b ? window_under(run, step) : &always;
    struct edges edges = edges_of(window);
    if (edges.by_unit)
        lower_all(run, next, next_unit(run, window));
    for (size_t r = 0; r < run->population->record_count; r++) {
        const struct population_records *records = &run->population->records[r];
        if (strcmp(records->segment, step->name) != 0)
            continue;
        for (uint32_t lane = 0; lane < run->count; lane++)
            for (uint32_t i = records->offset[run->first + lane]; i < records->offset[run->first + lane + 1]; i++) {
                int64_t moments[] = {records->entered[i], records->left[i]};
                for (int m = 0; m < 2; m++) {
                    lower(run, next, lane, moments[m]);
                    if (moments[m] != INT64_MAX) {
                        pass_edges(run, &edges, moments[m], next, lane);
                        pass_edges(run, &edges, moments[m] - 1, next, lane);
                    }
                }
            }
    }
}

/* The first moment of the window of `ever` counts, whatever is told then: it may be still to come. */
static void window_opens(struct run *run, const struct step *step, int64_t *next)
{
    struct operand bounds = operand_of(run, step->c);
    for (uint32_t lane = 0; lane < run->count; lane++)
        lower(run, next, lane, bounds.i[lane * bounds.stride]);
}

/* ever and changed: tellings leave their window like facts. */
void next_history(struct run *run, const struct step *step, int64_t *next)
{
    const struct segment_history *history = step->extra;
    if (!history->has_window)
        return;
    struct edges edges = edges_of(&history->window);
    if (edges.by_unit) {
        lower_all(run, next, next_unit(run, &history->window));
        return;
    }
    int table = step->run == step_changed ? step->b : -1;
    if (table < 0)
        window_opens(run, step, next);
    for (int t = 0; t < run->plan->table_count; t++) {
        const struct table_view *view = &run->views[t];
        bool told = table >= 0 ? t == table : view->table && view->table->role == SCHEMA_TRAITS;
        for (uint32_t lane = 0; told && run->plan->table_used[t] && lane < run->count; lane++)
            for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++) {
                pass_edges(run, &edges, view->time[row], next, lane);
                pass_edges(run, &edges, (int64_t)view->time[row] - 1, next, lane);
            }
    }
}

/* Rows after now, in a population that already knows them, come into play as their time comes. */
static void next_future(struct run *run, int64_t *next)
{
    int64_t now = run->now;
    for (int t = 0; t < run->plan->table_count; t++) {
        const struct table_view *view = &run->views[t];
        if (!run->plan->table_used[t] || !view->table || view->table->time_max <= run->now)
            continue;
        for (uint32_t lane = 0; lane < run->count; lane++)
            for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
                lower(run, next, lane, view->time[row]);
    }
    const uint32_t *first_time = run->population->first_time + run->first;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++)
        next[lane] =
            earlier(next[lane], first_time[lane], first_time[lane] > now && first_time[lane] != POPULATION_NEVER);
}

void next_of_batch(struct run *run, int64_t *next)
{
    const struct segment_plan *plan = run->plan;
    for (uint32_t lane = 0; lane < run->count; lane++)
        next[lane] = INT64_MAX;
    for (size_t i = 0; i < plan->moving.count; i++) {
        const struct step *step = &plan->steps.items[plan->moving.items[i]];
        bool measure = step->next == next_window; /* may stand for others over the same rows */
        int made = measure ? step->child[0] : plan->moving.items[i];
        if (run->vectors[made].stamp == run->epoch[step_of(run, made)->clock] || step->clock == CLOCK_PERIOD ||
            run->vectors[plan->moving.items[i]].stamp == run->epoch[step->clock])
            step->next(run, step, next);
    }
    next_future(run, next);
}

void next_of_all(struct run *run, int64_t *next)
{
    next_of_batch(run, next);
    if (run->phase)
        lower_all(run, next, run->phase->next);
}
