/*
 * Sequences. The filters of all steps are bitmaps over the batch's rows before any customer is looked at; only
 * customers with a fact that may begin the sequence are searched. The search tries first facts from the latest to the
 * earliest: a later beginning leaves more time for the rest, so a fact that led nowhere once need not be tried again,
 * unless filters speak of earlier facts. Conditions between two chosen facts (product = cart.product) are two vectors,
 * compared when a pair is tried; whatever does not split so is evaluated for one customer at a time by a second run of
 * the same plan.
 */
#include "segment/steps.h"

#include <string.h>

struct chosen {
    int table, kind;
    uint32_t row; /* relative to the batch's first row of the table */
    int64_t time;
};

struct search {
    struct run *run;
    const struct sequence_plan *plan;
    uint32_t lane;
    struct chosen chosen[SEGMENT_STEPS_MAX];
    uint32_t chosen_row[SEGMENT_STEPS_MAX];
    int chosen_kind[SEGMENT_STEPS_MAX];
    uint8_t *visited; /* by step, then row of each kind in turn */
    uint32_t stride;  /* rows of the customer over all kinds of a step, at most */
};

static uint32_t row_begin(const struct search *search, int table)
{
    const struct table_view *view = &search->run->views[table];
    return view->offset[search->lane] - view->begin;
}

static uint32_t row_end(const struct search *search, int table)
{
    const struct table_view *view = &search->run->views[table];
    return view->offset[search->lane + 1] - view->begin;
}

static int64_t row_time(const struct search *search, int table, uint32_t row)
{
    const struct table_view *view = &search->run->views[table];
    return view->time[view->begin + row];
}

static int64_t later(const struct search *search, int64_t time, struct calendar_period period)
{
    return period.months ? zone_add(search->run->population->zone, time, period, 1) : time + period.seconds;
}

static bool follows(const struct search *search, const struct chosen *before, int table, uint32_t row)
{
    return table == before->table ? row > before->row : row_time(search, table, row) >= before->time;
}

static bool pairs_hold(const struct search *search, const struct sequence_kind *kind, uint32_t row)
{
    struct run *run = search->run;
    for (int p = 0; p < kind->pair_count; p++) {
        const struct sequence_pair *pair = &kind->pairs[p];
        const struct chosen *chosen = &search->chosen[pair->step];
        if (pair->other_kind != chosen->kind)
            continue;
        struct operand own = operand_of(run, pair->own), other = operand_of(run, pair->other);
        if (!bit_at(own.bits, row) || !bit_at(other.bits, chosen->row) ||
            !compare_holds(run, pair->compare, &own, row, &other, chosen->row))
            return false;
    }
    return true;
}

static bool slow_holds(struct search *search, const struct sequence_kind *kind, uint32_t row)
{
    struct run *run = search->run;
    if (kind->slow < 0)
        return true;
    run->chosen_row = search->chosen_row;
    run->chosen_kind = search->chosen_kind;
    clock_tick(run, CLOCK_CHOSEN);
    struct operand holds = operand_of(run, kind->slow);
    return bit_at(holds.bits, row);
}

static bool row_fits(struct search *search, const struct sequence_kind *kind, uint32_t row, bool start)
{
    const struct vector *mask = step_vector(search->run, start ? kind->start_mask : kind->mask);
    return bit_at(mask->bits, row) && pairs_hold(search, kind, row) && slow_holds(search, kind, row);
}

/* Whether a forbidden fact follows before, no later than limit, and comes before after (NULL: no end). */
static bool forbidden(struct search *search, int negated, const struct chosen *before, const struct chosen *after)
{
    const struct segment_step *step = &search->plan->source->steps[negated];
    int64_t limit = step->has_within ? later(search, before->time, step->within) : INT64_MAX;
    for (int k = 0; k < step->kind_count; k++) {
        const struct sequence_kind *kind = &search->plan->kinds[negated][k];
        uint32_t end = row_end(search, kind->table);
        for (uint32_t row = row_begin(search, kind->table); row < end; row++) {
            int64_t time = row_time(search, kind->table, row);
            if (time > limit || (after && (kind->table == after->table ? row >= after->row : time > after->time)))
                break;
            if (follows(search, before, kind->table, row) && row_fits(search, kind, row, false))
                return true;
        }
    }
    return false;
}

static bool search_from(struct search *search, int step, const struct chosen *before);

static void choose(struct search *search, int step, struct chosen chosen)
{
    search->chosen[step] = chosen;
    search->chosen_row[step] = search->run->views[chosen.table].begin + chosen.row;
    search->chosen_kind[step] = chosen.kind;
}

/* Tries one fact for a step; before is NULL for the first. negated: the forbidden step between, or −1. */
static bool try_row(struct search *search, int step, int k, uint32_t row, const struct chosen *before, int negated)
{
    const struct sequence_kind *kind = &search->plan->kinds[step][k];
    if (!row_fits(search, kind, row, before == NULL))
        return false;
    struct chosen chosen = {kind->table, k, row, row_time(search, kind->table, row)};
    if (negated >= 0 && forbidden(search, negated, before, &chosen))
        return false;
    choose(search, step, chosen);
    return search_from(search, step + 1, &search->chosen[step]);
}

static bool was_visited(struct search *search, int step, uint32_t place)
{
    if (search->plan->refers)
        return false;
    return search->visited[(size_t)step * search->stride + place];
}

/* Chooses a fact for a positive step that follows before, and the rest after it. */
static bool search_step(struct search *search, int step, const struct chosen *before, int negated)
{
    const struct segment_step *source = &search->plan->source->steps[step];
    int64_t limit = source->has_within ? later(search, before->time, source->within) : INT64_MAX;
    if (search->plan->source->has_whole) {
        int64_t whole = later(search, search->chosen[0].time, search->plan->source->whole);
        limit = whole < limit ? whole : limit;
    }
    uint32_t place = 0;
    for (int k = 0; k < source->kind_count; k++) {
        int table = search->plan->kinds[step][k].table;
        uint32_t begin = row_begin(search, table), end = row_end(search, table);
        for (uint32_t row = begin; row < end && row_time(search, table, row) <= limit; row++) {
            if (!follows(search, before, table, row) || was_visited(search, step, place + row - begin))
                continue;
            if (try_row(search, step, k, row, before, negated))
                return true;
            /* With a forbidden step between, failing may be the fault of the fact before it. */
            if (negated < 0 && !search->plan->refers)
                search->visited[(size_t)step * search->stride + place + row - begin] = 1;
        }
        place += end - begin;
    }
    return false;
}

/* All steps from here on can be met after the fact before. */
static bool search_from(struct search *search, int step, const struct chosen *before)
{
    const struct segment_sequence *source = search->plan->source;
    if (step == source->step_count)
        return true;
    if (!source->steps[step].negated)
        return search_step(search, step, before, -1);
    if (step + 1 < source->step_count)
        return search_step(search, step + 1, before, step);
    const struct segment_step *last = &source->steps[step];
    if (last->has_within && search->run->now < later(search, before->time, last->within))
        return false;
    return !forbidden(search, step, before, NULL);
}

/* First facts from the latest to the earliest, over all kinds of the first step. */
static bool search_first(struct search *search)
{
    const struct segment_step *first = &search->plan->source->steps[0];
    uint32_t left[SEGMENT_KINDS_MAX];
    for (int k = 0; k < first->kind_count; k++)
        left[k] = row_end(search, search->plan->kinds[0][k].table);
    for (;;) {
        int latest = -1;
        for (int k = 0; k < first->kind_count; k++) {
            int table = search->plan->kinds[0][k].table;
            if (left[k] > row_begin(search, table) &&
                (latest < 0 || row_time(search, table, left[k] - 1) >
                                   row_time(search, search->plan->kinds[0][latest].table, left[latest] - 1)))
                latest = k;
        }
        if (latest < 0)
            return false;
        if (try_row(search, 0, latest, --left[latest], NULL, -1))
            return true;
    }
}

static bool search_customer(struct run *run, const struct sequence_plan *plan, uint32_t lane)
{
    struct search search = {.run = run, .plan = plan, .lane = lane};
    for (int s = 0; s < plan->step_count; s++) {
        uint32_t rows = 0;
        for (int k = 0; k < plan->source->steps[s].kind_count; k++)
            rows += row_end(&search, plan->kinds[s][k].table) - row_begin(&search, plan->kinds[s][k].table);
        search.stride = rows > search.stride ? rows : search.stride;
    }
    if (!plan->refers) {
        size_t size = (size_t)search.stride * (size_t)plan->step_count;
        if (size > run->visited_size) {
            free(run->visited);
            run->visited = base_malloc(size * 2);
            run->visited_size = size * 2;
        }
        memset(run->visited, 0, size);
        search.visited = run->visited;
    }
    return search_first(&search);
}

/* The customers with a fact that may begin the sequence. The rows of a batch are in order of lanes. */
static void mark_beginners(struct run *run, const struct sequence_plan *plan, uint64_t lanes[BATCH_WORDS])
{
    for (int k = 0; k < plan->source->steps[0].kind_count; k++) {
        const struct sequence_kind *kind = &plan->kinds[0][k];
        const struct table_view *view = &run->views[kind->table];
        const struct vector *mask = step_vector(run, kind->start_mask);
        uint32_t rows = view->end - view->begin, lane = 0;
        if (mask->hint == HINT_NONE)
            continue;
        for (uint32_t row = first_bit(mask->bits, 0, rows); row < rows;) {
            while (view->offset[lane + 1] - view->begin <= row)
                lane++;
            bit_set(lanes, lane);
            row = first_bit(mask->bits, view->offset[lane + 1] - view->begin, rows);
        }
    }
}

static bool search_alone(struct run *run, const struct sequence_plan *plan, uint32_t lane)
{
    if (!run->inner)
        run->inner = run_new(run->plan);
    if (run->inner->now != run->now || run->inner->binding != run->binding || run->inner->phase != run->phase)
        run_bind(run->inner, run->binding, run->phase, run->now);
    run_one(run->inner, run->first + lane, run->delta);
    bool holds = search_customer(run->inner, plan, 0);
    if (run->inner->failed)
        run_fail(run, "%s", run->inner->error.message);
    return holds;
}

void step_sequence(struct run *run, const struct step *step, struct vector *out)
{
    const struct sequence_plan *plan = step->extra;
    bool none = true;
    for (int k = 0; k < plan->source->steps[0].kind_count; k++)
        none &= step_vector(run, plan->kinds[0][k].start_mask)->hint == HINT_NONE;
    if (none) {
        set_none(run, out);
        return;
    }
    uint64_t beginners[BATCH_WORDS] = {0};
    mark_beginners(run, plan, beginners);
    memset(out->bits, 0, words_of(run->count) * sizeof *out->bits);
    for (uint32_t lane = first_bit(beginners, 0, run->count); lane < run->count;
         lane = first_bit(beginners, lane + 1, run->count)) {
        if (plan->slow ? search_alone(run, plan, lane) : search_customer(run, plan, lane))
            bit_set(out->bits, lane);
    }
}

/* ---- periods ---- */

enum { PERIODS_MAX = 1000 };

void step_periods(struct run *run, const struct step *step, struct vector *out)
{
    struct operand window = operand_of(run, step->child[1]);
    const struct zone *zone = run->population->zone;
    enum calendar_unit unit = (enum calendar_unit)step->a;
    int64_t lo = window.i[0], hi = window.j[0] < run->now ? window.j[0] : run->now;
    set_all(run, out);
    memset(out->i, 0, run->count * sizeof *out->i);
    if (lo > hi)
        return;
    lo = lo < MOMENT_MIN ? MOMENT_MIN : lo;
    int64_t first = date_unit_number(zone_date(zone, lo), unit), last = date_unit_number(zone_date(zone, hi), unit);
    if (last - first >= PERIODS_MAX) {
        run_fail(run, "periods looks at more than %d units; give it a shorter window", PERIODS_MAX);
        return;
    }
    for (int64_t number = first; number <= last; number++) {
        int64_t begin = zone_day_start(zone, date_of_unit_number(number, unit));
        int64_t end = zone_day_start(zone, date_of_unit_number(number + 1, unit)) - 1;
        run->period.lo = begin > lo ? begin : lo;
        run->period.hi = end < hi ? end : hi;
        clock_tick(run, CLOCK_PERIOD);
        struct operand holds = operand_of(run, step->child[0]);
        for (uint32_t lane = 0; lane < run->count; lane++)
            out->i[lane] += bit_at(holds.bits, lane);
    }
}
