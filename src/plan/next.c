/*
 * The next moment at which a membership may flip by itself: the oldest fact leaves a window, a date
 * comes near enough, a day begins. Every step that looks at now answers for itself; a customer's
 * next moment is the earliest answer of the steps that were evaluated for the batch. (A step that
 * was spared, because a condition before it failed for the whole batch, cannot flip anything before
 * that condition does.) Answers may be early, never late, and hold as long as the cut-offs of ranks
 * and the numbers of accounts do: those move with other customers, and have a moment of their own.
 *
 * Facts and windows are here. Of the facts that a window holds the oldest leaves first, and of
 * those behind its end the first comes in first; where an edge goes back (months on the last days
 * of a month, clocks put back) the last one it passed comes first. So a customer's facts are a few
 * moments, and each edge's next meeting with one is reckoned (next_edge.c). What follows now in
 * other ways is in next_trend.c, and in next_range.c where it is no line; periods and sequences are
 * in next_story.c.
 */
#include "plan/next.h"
#include "plan/measures.h"

#include <string.h>

/* How the edges of a window move with now: each edge is now + sign × period; nothing moves where
 * count is 0. */
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

int64_t next_unit_start(const struct run *run, enum calendar_unit unit, int64_t number)
{
    return local_day_start(run->binding->clock, date_of_unit_number(number, unit));
}

/* A window of whole units holds a moment from the beginning of one unit to the beginning of
 * another. */
static void pass_units(const struct run *run, const struct segment_window *window, int64_t moment,
                       int64_t *next)
{
    int64_t number = date_unit_number(local_date(run->binding->clock, moment), window->unit);

    bool previous = window->form == WINDOW_PREVIOUS;
    next_lower(run, next, next_unit_start(run, window->unit, number + previous));
    next_lower(run, next,
               next_unit_start(run, window->unit, number + 1 + (previous ? window->count : 0)));
}

/* The moments at which an edge passes something that happened (or is due) at moment. */
static void pass_edges(const struct run *run, const struct edges *edges, int64_t moment,
                       int64_t *next)
{
    if (edges->count == 2 && edges->sign[0] < 0 && !edges->period[0].months && moment <= run->now &&
        !edges->period[1].months &&
        !edges->period[1].seconds) { /* last so many seconds: the usual case */
        next_lower(run, next, moment + edges->period[0].seconds);
        return;
    }
    for (int e = 0; e < edges->count; e++)
        next_lower(run, next, next_passes(run, run->now, edges->period[e], edges->sign[e], moment));
}

/* ---- windows around something that goes on ---- */

/* An anchor of a window: a date stands for its whole day. */
struct anchor {
    struct trend trend;
    int64_t value;
    bool known, dated;
};

static struct anchor anchor_of(struct run *run, const struct step *bounds, int child, size_t lane)
{
    struct operand operand = operand_of(run, bounds->child[child]);
    lane = operand.stride ? lane : 0;
    return (struct anchor){next_trend(run, bounds->child[child], lane), operand.i[lane],
                           bit_at(operand.bits, lane), operand.step->type == VALUE_DATE};
}

/* When the bound anchor + sign × length, on the anchor's first moment or (at_end) its last, comes
 * to be more than moment, or at least that (at_end). */
static int64_t bound_passes(const struct run *run, const struct anchor *anchor,
                            struct calendar_period length, int sign, bool at_end, int64_t moment)
{
    if (!anchor->known)
        return anchor->trend.until;
    /* By months, and going on as now does: the meeting is reckoned for the anchor's own
     * moment, and lies as far ahead of now as of the anchor. */
    if (length.months && !anchor->dated && anchor->trend.by == TREND_SECOND &&
        anchor->trend.slope == 1) {
        int64_t at = next_passes(run, anchor->value, length, sign, at_end ? moment : moment + 1);
        return at == INT64_MAX ? at : run->now + at - anchor->value;
    }
    /* What goes on in another way is looked at again when it may be another. */
    if (length.months)
        return next_change(run, &anchor->trend, anchor->value);

    int64_t limit = moment - sign * length.seconds;
    if (anchor->dated)
        limit = local_date(run->binding->clock, limit) + !at_end;
    else
        limit += !at_end;
    return next_reaches(run, &anchor->trend, anchor->value, limit, INT64_MAX);
}

static void pass_anchors(struct run *run, const struct step *bounds, size_t bounds_lane,
                         int64_t moment, int64_t *next)
{
    static const struct calendar_period none = {0, 0};
    const struct segment_window *window = bounds->extra;
    bool within = window->form == WINDOW_WITHIN, before = window->form == WINDOW_BEFORE;
    bool after = window->form == WINDOW_AFTER,
         only_to = bounds->child_count == 1 && !window->anchor;

    for (int c = 0; c < bounds->child_count; c++) {
        if (!step_of(run, bounds->child[c])->now_loose)
            continue;
        struct anchor anchor = anchor_of(run, bounds, c, bounds_lane);
        /* Of two anchors the first begins the window and the second ends it; one alone
         * does what the form says. */
        bool is_to = only_to || c == 1;
        if (!is_to)
            next_lower(run, next,
                       bound_passes(run, &anchor, within || before ? window->length : none, -1,
                                    false, moment));
        if (is_to || within || before || after)
            next_lower(run, next,
                       bound_passes(run, &anchor, within || after ? window->length : none, 1, true,
                                    moment));
    }
}

static bool has_moving_anchor(const struct run *run, const struct step *bounds)
{
    for (int c = 0; c < bounds->child_count; c++)
        if (step_of(run, bounds->child[c])->now_loose)
            return true;
    return false;
}

void next_pass(struct run *run, const struct step *bounds, size_t bounds_lane, int64_t moment,
               int64_t *next)
{
    const struct segment_window *window = bounds->extra;

    struct edges edges = edges_of(window);
    int64_t at = INT64_MAX;

    if (edges.by_unit)
        pass_units(run, window, moment, &at);
    else
        pass_edges(run, &edges, moment, &at);
    /* Anchors that go on: where their trends tell no moment, their bounds do
     * (next_range.c). */
    if (has_moving_anchor(run, bounds)) {
        struct next_membership asked = {
            .value = -1, .moment = moment, .bounds = bounds, .bounds_lane = bounds_lane};
        pass_anchors(run, bounds, bounds_lane, moment, &at);
        at = next_of_membership(run, &asked, at);
    }
    *next = next_earlier(*next, at);
}

/* ---- facts in windows ---- */

const struct step *next_moving_window(const struct run *run, int id)
{
    const struct step *step = step_of(run, id);
    if (step->run == step_window) {
        const struct step *bounds = step_of(run, step->child[0]);
        const struct segment_window *window = bounds->run == step_bounds ? bounds->extra : NULL;
        return window && window->form != WINDOW_ALL ? step : NULL;
    }
    for (int c = 0; step->run == step_and && c < step->child_count; c++) {
        const struct step *found = next_moving_window(run, step->child[c]);
        if (found)
            return found;
    }
    return NULL;
}

static inline int64_t earlier(int64_t next, int64_t moment, bool counts)
{
    return counts && moment < next ? moment : next;
}

/* last so many seconds, the usual case: the oldest selected fact leaves so long after it happened.
 */
static void oldest_leaves(const struct run *run, const struct table_view *view,
                          const uint64_t *bits, int64_t seconds, int64_t *next)
{
    const uint32_t *time = view->time + view->begin, *offset = view->offset;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++) {
        uint32_t end = offset[lane + 1] - view->begin,
                 row = first_bit(bits, offset[lane] - view->begin, end);
        next[lane] = earlier(next[lane], time[row] + seconds, row < end);
    }
}

/* The same where nothing but the window selects: what it selects are each customer's last rows, so
 * how many says which. What is read where none is counts for nothing. */
static void suffix_leaves(struct run *run, const struct table_view *view,
                          const struct operand *rows, int64_t seconds, int64_t *next)
{
    const uint32_t *counts = plan_count_selected(run, view, rows), *time = view->time,
                   *offset = view->offset;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++)
        next[lane] =
            earlier(next[lane], time[offset[lane + 1] - counts[lane]] + seconds, counts[lane] != 0);
}

/* The same for `any`, where nothing else selects: the customer's last fact leaves last. */
static void last_leaves(const struct run *run, const struct table_view *view, int64_t lo,
                        int64_t seconds, int64_t *next)
{
    const uint32_t *last = view->table->last_time + run->first, *offset = view->offset;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++)
        next[lane] = earlier(next[lane], last[lane] + seconds,
                             last[lane] >= lo && offset[lane] < offset[lane + 1]);
}

int64_t next_lowest_edge(const struct run *run, const struct step *bounds, int64_t lo)
{
    const struct segment_window *window = bounds->extra;
    struct calendar_period length = window->form == WINDOW_AGO ? window->longer : window->length;
    if (has_moving_anchor(run, bounds))
        return INT64_MIN;
    if (window->form == WINDOW_BEFORE_LAST || !length.months)
        return lo;
    return next_floor(run, run->now, length, -1);
}

/* The facts of one customer that an edge passes first. any: all that is asked is whether one is
 * there. */
static void pass_facts(struct run *run, const struct step *window_step, const struct operand *rows,
                       const struct operand *bounds, bool any, int64_t *next, uint32_t lane)
{
    const struct step *bounds_step = bounds->step;
    const struct table_view *view = &run->views[window_step->b];
    uint32_t begin = view->offset[lane], end = view->offset[lane + 1], selected = end, at;
    size_t bounds_lane = bounds->stride ? lane : 0;
    int64_t lo = bounds->i[bounds_lane], hi = bounds->j[bounds_lane];

    if (rows->hint != HINT_NONE)
        selected =
            view->begin + (any ? last_bit(rows->bits, begin - view->begin, end - view->begin)
                               : first_bit(rows->bits, begin - view->begin, end - view->begin));

    /* Of all that are selected the oldest leaves first. Where one is enough, the newest
     * decides alone. */
    if (selected < end)
        next_pass(run, bounds_step, bounds_lane, view->time[selected], &next[lane]);
    if (any && selected < end)
        return;

    /* Facts just outside an edge, whatever selects them: the next one comes in, and
     * where an edge goes back the last one it passed does. Times ascend, so these are
     * neighbours of the edges. */
    for (at = begin; at < end && view->time[at] < lo; at++)
        continue;
    if (at > begin && view->time[at - 1] >= next_lowest_edge(run, bounds_step, lo))
        next_pass(run, bounds_step, bounds_lane, view->time[at - 1], &next[lane]);

    for (; at < end && view->time[at] <= hi; at++)
        continue;
    if (at > begin && hi < run->now)
        next_pass(run, bounds_step, bounds_lane, view->time[at - 1], &next[lane]);
    if (at < end && view->time[at] <= run->now)
        next_pass(run, bounds_step, bounds_lane, view->time[at], &next[lane]);
}

bool next_is_moving(const struct run *run, const struct step *bounds)
{
    const struct segment_window *window = bounds->extra;
    struct edges edges = edges_of(window);
    return edges.by_unit || window->form == WINDOW_LAST || window->form == WINDOW_AGO ||
           window->form == WINDOW_BEFORE_LAST || has_moving_anchor(run, bounds);
}

void next_leaves(struct run *run, int selected, bool last, int64_t *next)
{
    const struct step *window_step = next_moving_window(run, selected);

    if (!window_step)
        return;
    const struct step *bounds_step = step_of(run, window_step->child[0]);
    const struct segment_window *window = bounds_step->extra;
    const struct table_view *view = &run->views[window_step->b];
    if (!next_is_moving(run, bounds_step) || !view->table)
        return;

    /* Three quick ways for `last so many seconds`, the most usual window by far. */
    bool seconds = window->form == WINDOW_LAST && !window->length.months;
    bool suffix = window_step == step_of(run, selected) && !window_step->q &&
                  window_step->child_count == 1 && view->table->time_max <= run->now;
    if (last && seconds && suffix && !run->delta) {
        last_leaves(run, view, step_vector(run, window_step->child[0])->i[0],
                    window->length.seconds, next);
        return;
    }

    struct operand rows = operand_of(run, selected),
                   bounds = operand_of(run, window_step->child[0]);

    /* Facts come into such a window by happening only, and nothing is in it
     * that could leave. */
    if (seconds && rows.hint == HINT_NONE)
        return;
    if (seconds && !last) {
        if (suffix)
            suffix_leaves(run, view, &rows, window->length.seconds, next);
        else
            oldest_leaves(run, view, rows.bits, window->length.seconds, next);
        return;
    }

    for (uint32_t lane = 0; lane < run->count; lane++)
        pass_facts(run, window_step, &rows, &bounds, last, next, lane);
}

void next_window(struct run *run, const struct step *step, int64_t *next)
{
    bool several = step->run == step_gather || step->run == step_resumed;
    int first = step->run == step_resumed ? step->b : 0, count = several ? step->b : 1;
    for (int c = first; c < first + count; c++)
        next_leaves(run, step->child[c], step->run == step_any, next);
}

/* ---- values and now ---- */

/* The anniversaries that an edge passes, going on or back: those of its own year and of the two
 * beside it. */
static void pass_anniversaries(struct run *run, const struct step *bounds, size_t bounds_lane,
                               int32_t date, int64_t *next)
{
    const struct segment_window *window = bounds->extra;
    struct edges edges = edges_of(window);
    int32_t born = date_to_civil(date).year;

    int64_t ends[2] = {run->now, run->now};

    /* The ends that matter are the form's own edges, or where the previous units begin. */
    if (window->form == WINDOW_PREVIOUS)
        ends[0] = segment_window_bounds(window, run->population->zone, run->now,
                                        (struct segment_anchor){false, 0},
                                        (struct segment_anchor){false, 0})
                      .lo;
    for (int e = 0; e < edges.count; e++)
        ends[e] = zone_add(run->population->zone, run->now, edges.period[e], edges.sign[e]);

    for (int e = 0; e < 2; e++) {
        int32_t year = date_to_civil(local_date(run->binding->clock, ends[e])).year;
        int32_t begin = year - 1 < born ? born : year - 1;
        int32_t end = (year < born ? born : year) + 1;

        for (int32_t y = begin; y <= end && y <= YEAR_MAX; y++)
            next_pass(run, bounds, bounds_lane,
                      local_day_start(run->binding->clock, date_anniversary(date, y)), next);
    }
}

/* The lane of a customer in which the bounds of a window over a lane of the step's frame stand. */
static void in_window_lane(struct run *run, const struct step *step, size_t at, int64_t *next,
                           uint32_t lane)
{
    const struct step *bounds = step_of(run, step->child[1]);

    /* A row's condition over a value of the customer's stands in the customer's lane. */
    while (bounds->run == step_customer)
        bounds = step_of(run, bounds->child[0]);
    size_t bounds_lane = bounds->frame == step->frame ? at : lane;
    struct operand value = operand_of(run, step->child[0]);
    size_t value_lane = value.stride ? at : 0;
    int64_t x = value.i[value_lane], moment = INT64_MAX;
    bool known = bit_at(value.bits, value_lane), dated = value.step->type == VALUE_DATE;

    if (known && step->run == step_anniversary)
        pass_anniversaries(run, bounds, bounds_lane, (int32_t)x, &moment);
    else if (known)
        next_pass(run, bounds, bounds_lane,
                  dated ? local_day_start(run->binding->clock, (int32_t)x) : x, &moment);

    /* The value goes on too, and may meet an edge between the moments above. */
    if (value.step->now_loose) {
        struct trend trend = next_trend(run, step->child[0], value_lane);
        struct next_membership asked = {.value = step->child[0],
                                        .lane = value_lane,
                                        .bounds = bounds,
                                        .bounds_lane = bounds_lane,
                                        .weekdays = step->q};
        moment = next_earlier(moment, known ? next_change(run, &trend, x) : trend.until);
        if (step->run != step_anniversary)
            moment = next_of_membership(run, &asked, moment);
    }

    next_lower(run, &next[lane], moment);
}

void next_in_window(struct run *run, const struct step *step, int64_t *next)
{
    for (uint32_t lane = 0; lane < run->count; lane++) {
        if (step->frame < FRAME_ROWS) {
            in_window_lane(run, step, step->frame == FRAME_ONE ? 0 : lane, next, lane);
            continue;
        }
        const struct table_view *view = &run->views[step->frame - FRAME_ROWS];
        for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
            in_window_lane(run, step, row - view->begin, next, lane);
    }
}

static const int64_t UNIT_SECONDS[] = {1, SECONDS_A_MINUTE, SECONDS_AN_HOUR, SECONDS_A_DAY,
                                       7 * SECONDS_A_DAY};

/* Units of fixed length since moments: when they reach count, or one more. */
static void units_since(const struct run *run, const struct operand *value, int64_t count,
                        int64_t unit, int64_t *next)
{
    int64_t now = run->now;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++) {
        /* Reached at count units; `=` and `<=` end one unit later. */
        int64_t moment = value->i[lane] + count * unit;
        moment += moment > now ? 0 : unit;
        next[lane] = earlier(next[lane], moment, moment > now && bit_at(value->bits, lane));
    }
}

static void threshold_lane(struct run *run, const struct step *step, bool dates, int64_t x,
                           int64_t limit, int64_t *next)
{
    for (int64_t n = limit; n <= limit + 1; n++)
        if (!next_count_is_far(run, step, dates, x, n, *next))
            next_lower(run, next, next_count(run, step, dates, x, n));
    if (step->a == FUNCTION_AGE && x > run->today) /* not born yet */
        next_lower(run, next, local_day_start(run->binding->clock, (int32_t)x));
}

/* age and units since, held against a limit: when the limit is reached, or passed by one. */
void next_threshold(struct run *run, const struct step *step, int64_t *next)
{
    const struct step *threshold = step_of(run, step->child[1]);
    struct operand value = operand_of(run, step->child[0]),
                   limit = operand_of(run, threshold->child[0]);

    bool dates = threshold->c, rows = step->frame >= FRAME_ROWS;

    /* Further than the calendar goes, even in seconds. */
    if (limit.i[0] > INT64_C(100000000000) || limit.i[0] < -INT64_C(100000000000))
        return;
    if (!rows && step->a != FUNCTION_AGE && !dates && step->b < CALENDAR_MONTH && value.stride) {
        units_since(run, &value, limit.i[0], UNIT_SECONDS[step->b], next);
        return;
    }

    for (uint32_t lane = 0; lane < run->count; lane++) {
        const struct table_view *view = rows ? &run->views[step->frame - FRAME_ROWS] : NULL;
        size_t at = rows ? view->offset[lane] - view->begin : lane;
        size_t end = rows ? view->offset[lane + 1] - view->begin : lane + 1;
        for (; at < end; at++)
            if (bit_at(value.bits, value.stride ? at : 0))
                threshold_lane(run, step, dates, value.i[at * value.stride], limit.i[0],
                               &next[lane]);
    }
}

/* ---- records and tellings ---- */

/* A record or a telling counts at its moment, and what held until then for the last time the second
 * before. */
static void pass_both(struct run *run, const struct step *bounds, int64_t moment, int64_t *next,
                      uint32_t lane)
{
    size_t bounds_lane = bounds->frame == FRAME_ONE ? 0 : lane;
    next_pass(run, bounds, bounds_lane, moment, &next[lane]);
    next_pass(run, bounds, bounds_lane, moment - 1, &next[lane]);
}

/* A window that opens at a moment of its own (from a to b) still to come. */
static void window_opens(struct run *run, int bounds_id, int64_t *next)
{
    struct operand bounds = operand_of(run, bounds_id);
    for (uint32_t lane = 0; lane < run->count; lane++)
        next_lower(run, &next[lane], bounds.i[lane * bounds.stride]);
}

void next_record(struct run *run, const struct step *step, int64_t *next)
{
    const struct step *bounds = step->b ? step_of(run, step->child[0]) : NULL;

    if (bounds)
        window_opens(run, step->child[0], next);
    for (size_t r = 0; r < run->population->record_count; r++) {
        const struct population_records *records = &run->population->records[r];
        if (strcmp(records->segment, step->name) != 0)
            continue;
        for (uint32_t lane = 0; lane < run->count; lane++)
            for (uint32_t i = records->offset[run->first + lane];
                 i < records->offset[run->first + lane + 1]; i++) {
                /* A record still open has left at INT64_MAX: never. */
                int64_t moments[] = {records->entered[i], records->left[i]};
                for (int m = 0; m < 2; m++) {
                    next_lower(run, &next[lane], moments[m]);
                    if (moments[m] != INT64_MAX && bounds)
                        pass_both(run, bounds, moments[m], next, lane);
                }
            }
    }
}

/* ever and changed: tellings leave their window like facts. */
void next_history(struct run *run, const struct step *step, int64_t *next)
{
    const struct segment_history *history = step->extra;
    if (!history->has_window)
        return;
    bool changed = step->run == step_changed;
    int bounds_id = changed ? step_of(run, step->child[1])->child[0] : step->c;
    const struct step *bounds = step_of(run, bounds_id);

    window_opens(run, bounds_id, next);
    for (int t = 0; t < run->plan->table_count; t++) {
        const struct table_view *view = &run->views[t];
        bool told = changed ? t == step->b : view->table && view->table->role == SCHEMA_TRAITS;
        for (uint32_t lane = 0; told && run->plan->table_used[t] && lane < run->count; lane++)
            for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
                pass_both(run, bounds, view->time[row], next, lane);
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
                next_lower(run, &next[lane], view->time[row]);
    }

    /* Customers who have not come yet exist from their first fact on. */
    const uint32_t *first_time = run->population->first_time + run->first;
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++)
        next[lane] = earlier(next[lane], first_time[lane],
                             first_time[lane] > now && first_time[lane] != POPULATION_NEVER);
}

void next_of_batch(struct run *run, int64_t *next)
{
    const struct plan *plan = run->plan;
    for (uint32_t lane = 0; lane < run->count; lane++)
        next[lane] = INT64_MAX;

    for (size_t i = 0; i < plan->moving.count; i++) {
        const struct step *step = &plan->steps.items[plan->moving.items[i]];
        if (step->clock == CLOCK_PERIOD || step->clock == CLOCK_CHOSEN)
            continue; /* `periods` and the sequence ask them */
        /* may stand for others over the same rows; or is made when everyone's is */
        bool measure = step->next == next_window || step->next == next_rank;
        int made = measure ? step->child[0] : plan->moving.items[i];
        if (run->vectors[made].stamp == run->epoch[step_of(run, made)->clock] ||
            run->vectors[plan->moving.items[i]].stamp == run->epoch[step->clock])
            step->next(run, step, next);
    }
    next_future(run, next);
}
