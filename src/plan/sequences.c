/*
 * Sequences. The filters of all steps are bitmaps over the batch's rows before any customer is
 * looked at; only customers with a fact that may begin the sequence are searched. The search tries
 * first facts from the latest to the earliest: a later beginning leaves more time for the rest, so
 * a fact that led nowhere once need not be tried again, unless filters speak of earlier facts.
 * Conditions between two chosen facts (product = cart.product) are two vectors, compared when a
 * pair is tried; whatever does not split so is evaluated for one customer at a time by a second run
 * of the same plan.
 */
#include "plan/steps.h"

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
    uint8_t *visited;       /* by step, then row of each kind in turn */
    uint64_t broken_chains; /* that a forbidden fact broke which was left open at first */
    uint64_t tries;
    uint32_t stride; /* rows of the customer over all kinds of a step, at most */
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
    return period.months ? zone_add(search->run->population->zone, time, period, 1)
                         : time + period.seconds;
}

/* The first row of the table that a step may still take: behind every row that a step before it
 * took. */
static uint32_t first_free(const struct search *search, int step, int table)

{
    for (int s = step - 1; s >= 0; s--)
        if (!search->plan->source->steps[s].negated && search->chosen[s].table == table)
            return search->chosen[s].row + 1;
    return row_begin(search, table);
}

/* The last row of the table, exclusively, that may stand before the facts that the steps from
 * `step` on have taken. */
static uint32_t first_taken(const struct search *search, int step, int table)
{
    for (int s = step; s < search->plan->step_count; s++)
        if (!search->plan->source->steps[s].negated && search->chosen[s].table == table)
            return search->chosen[s].row;
    return row_end(search, table);
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

static bool row_fits(struct search *search, const struct sequence_kind *kind, uint32_t row,
                     bool start)
{
    const struct vector *mask = step_vector(search->run, start ? kind->start_mask : kind->mask);
    return bit_at(mask->bits, row) && pairs_hold(search, kind, row) &&
           slow_holds(search, kind, row);
}

/* Whether a step from `step` on looks among the rows of the table. */
static bool is_wanted(const struct sequence_plan *plan, int step, int table)
{
    for (int s = step; s < plan->step_count; s++)
        for (int k = 0; k < plan->source->steps[s].kind_count && !plan->source->steps[s].negated;
             k++)
            if (plan->kinds[s][k].table == table)
                return true;
    return false;
}

/* Whether some fact that a negated step forbids stands behind the fact before it and, unless the
 * step is the last, ahead of the one after it. A fact that serves a step is none, nor is one of its
 * kind that arrived on its other side. Before the whole chain is chosen (not `whole`), what a later
 * step may yet take is left for then. */
static bool forbidden(struct search *search, int negated, bool whole)
{
    const struct segment_step *step = &search->plan->source->steps[negated];
    const struct chosen *before = &search->chosen[negated - 1];
    const struct chosen *after =
        negated + 1 < search->plan->step_count ? &search->chosen[negated + 1] : NULL;
    int64_t limit = step->has_within ? later(search, before->time, step->within) : INT64_MAX;

    limit = after && after->time < limit ? after->time : limit;
    for (int k = 0; k < step->kind_count; k++) {
        const struct sequence_kind *kind = &search->plan->kinds[negated][k];
        uint32_t row = first_free(search, negated, kind->table), end = row_end(search, kind->table);
        bool wanted = after && !whole && is_wanted(search->plan, negated + 2, kind->table);
        if (after && whole)
            end = first_taken(search, negated + 1, kind->table);
        else if (after && kind->table == after->table)
            end = after->row;

        /* In the second of the fact after it a row may yet serve a later step: left
         * open until all are chosen. */
        for (; row < end && row_time(search, kind->table, row) <= limit; row++) {
            int64_t time = row_time(search, kind->table, row);
            bool open = wanted && time == after->time && kind->table != after->table;
            if (time >= before->time && !open && row_fits(search, kind, row, false))
                return true;
        }
    }

    return false;
}

/* The whole chain is chosen: what was left open when its facts were tried is decided. */
static bool chain_holds(struct search *search)
{
    for (int s = 1; s + 1 < search->plan->step_count; s++)
        if (search->plan->source->steps[s].negated && forbidden(search, s, true)) {
            search->broken_chains++;
            return false;
        }
    return true;
}

static bool search_from(struct search *search, int step, int before);

static void choose(struct search *search, int step, struct chosen chosen)
{
    search->chosen[step] = chosen;
    search->chosen_row[step] = search->run->views[chosen.table].begin + chosen.row;
    search->chosen_kind[step] = chosen.kind;
}

/* Filters that speak of earlier facts may leave as many ways as there are choices of facts. Rather
 * than search for days, the sequence is given up; then nothing is found any more. */
static bool is_given_up(struct search *search)
{
    enum { TRIES_MAX = 50000000, SLOW_TRIES_MAX = 2000000 };

    if (search->run->failed)
        return true;
    if (search->tries++ < (search->plan->slow ? SLOW_TRIES_MAX : TRIES_MAX))
        return false;
    run_fail(search->run, "a sequence could be met in too many ways by the facts of one customer; "
                          "fewer steps, or filters "
                          "that speak of one earlier step each, make it searchable");
    return true;
}

/* Tries one fact for a step. negated: the forbidden step between it and the one before, or −1. */
static bool try_row(struct search *search, int step, int k, uint32_t row, int negated)
{
    const struct sequence_kind *kind = &search->plan->kinds[step][k];

    if (is_given_up(search))
        return false;

    if (!row_fits(search, kind, row, step == 0))
        return false;

    choose(search, step, (struct chosen){kind->table, k, row, row_time(search, kind->table, row)});
    if (negated >= 0 && forbidden(search, negated, false))
        return false;
    return search_from(search, step + 1, step);
}

/*
 * What can follow a fact depends on earlier ones only through its own second: a row of another kind
 * that was taken there bars those before it. Where that is so, what a fact led to is not
 * remembered. It would be tried again and again on data of whole days; but of the rows of one kind
 * in one second the first does as well as any, unless a step forbids.
 */
static bool is_remembered(const struct search *search, int step, int table, int64_t time)

{
    if (search->plan->refers)
        return false;
    for (int s = step - 1; s >= 0; s--) {
        if (search->plan->source->steps[s].negated)
            continue;
        if (search->chosen[s].time < time)
            return true;
        if (search->chosen[s].table != table)
            return false;
    }
    return true;
}

/* Chooses a fact of one kind for a positive step, and the rest after it. place: of the kind's first
 * row. */
static bool search_kind(struct search *search, int step, int k, int before, int negated,
                        int64_t limit, size_t place)
{
    int table = search->plan->kinds[step][k].table;
    uint32_t begin = row_begin(search, table), end = row_end(search, table);
    int64_t tried = INT64_MIN;

    for (uint32_t row = first_free(search, step, table); row < end; row++) {
        int64_t time = row_time(search, table, row);
        if (time > limit)
            break;
        if (time < search->chosen[before].time)
            continue;

        /* Of one kind's rows in one second the first tried does as well as any. */
        bool remembered = is_remembered(search, step, table, time);
        uint8_t *visited = remembered ? &search->visited[place + row - begin] : NULL;
        if ((visited && *visited) ||
            (time == tried && !search->plan->forbids && !search->plan->refers))
            continue;

        uint64_t broken = search->broken_chains;
        if (try_row(search, step, k, row, negated))
            return true;
        if (search->chosen[step].table == table && search->chosen[step].row == row)
            tried = time;

        /* With a forbidden step between, failing may be the fault of the
         * fact before it. */
        if (visited && negated < 0 && broken == search->broken_chains)
            *visited = 1;
    }

    return false;
}

/* Chooses a fact for a positive step that follows the one chosen for `before`, and the rest after
 * it. */
static bool search_step(struct search *search, int step, int before, int negated)
{
    const struct segment_step *source = &search->plan->source->steps[step];
    int64_t limit = INT64_MAX;
    size_t place = (size_t)step * search->stride;

    if (source->has_within)
        limit = later(search, search->chosen[before].time, source->within);
    if (search->plan->source->has_whole) {
        int64_t whole = later(search, search->chosen[0].time, search->plan->source->whole);
        limit = whole < limit ? whole : limit;
    }

    /* Places of visited facts run through all kinds of a step, one behind the other. */
    for (int k = 0; k < source->kind_count; k++) {
        int table = search->plan->kinds[step][k].table;
        if (search_kind(search, step, k, before, negated, limit, place))
            return true;
        place += row_end(search, table) - row_begin(search, table);
    }
    return false;
}

/* All steps from here on can be met after the fact chosen for `before`. */
static bool search_from(struct search *search, int step, int before)
{
    const struct segment_sequence *source = search->plan->source;

    if (step == source->step_count)
        return !search->plan->leaves_open || chain_holds(search);
    if (!source->steps[step].negated)
        return search_step(search, step, before, -1);
    if (step + 1 < source->step_count)
        return search_step(search, step + 1, before, step);

    /* The last step forbids: it is met once its time has passed without such a fact. */
    const struct segment_step *last = &source->steps[step];
    if (last->has_within &&
        search->run->now < later(search, search->chosen[before].time, last->within))
        return false;

    if (forbidden(search, step, false))
        return false;
    return !search->plan->leaves_open || chain_holds(search);
}

/* First facts from the latest to the earliest, over all kinds of the first step. */
static bool search_first(struct search *search)
{
    const struct segment_step *first = &search->plan->source->steps[0];
    uint32_t left[SEGMENT_KINDS_MAX];
    for (int k = 0; k < first->kind_count; k++)
        left[k] = row_end(search, search->plan->kinds[0][k].table);

    /* A merge backwards: of all kinds the latest row not tried yet. */
    for (;;) {
        int latest = -1;
        for (int k = 0; k < first->kind_count; k++) {
            int table = search->plan->kinds[0][k].table;
            if (left[k] > row_begin(search, table) &&
                (latest < 0 ||
                 row_time(search, table, left[k] - 1) >
                     row_time(search, search->plan->kinds[0][latest].table, left[latest] - 1)))
                latest = k;
        }

        if (latest < 0)
            return false;
        if (try_row(search, 0, latest, --left[latest], -1))
            return true;
    }
}

static bool search_customer(struct run *run, const struct sequence_plan *plan, uint32_t lane)
{
    struct search search = {.run = run, .plan = plan, .lane = lane};

    for (int s = 0; s < plan->step_count; s++) {
        uint32_t rows = 0;
        for (int k = 0; k < plan->source->steps[s].kind_count; k++)
            rows += row_end(&search, plan->kinds[s][k].table) -
                    row_begin(&search, plan->kinds[s][k].table);
        search.stride = rows > search.stride ? rows : search.stride;
    }

    /* A byte for each row and step. Where filters refer to earlier facts nothing
     * is remembered. */
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

/* The customers with a fact that may begin the sequence. The rows of a batch are in order of lanes.
 */
static void mark_beginners(struct run *run, const struct sequence_plan *plan,
                           uint64_t lanes[BATCH_WORDS])
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
            /* One fact is enough: on to the next customer's. */
            row = first_bit(mask->bits, view->offset[lane + 1] - view->begin, rows);
        }
    }
}

struct run *run_alone(struct run *run, uint32_t lane)
{
    if (!run->inner)
        run->inner = run_new(run->plan);
    if (run->inner->now != run->now || run->inner->binding != run->binding ||
        run->inner->phase != run->phase)
        run_bind(run->inner, run->binding, run->phase, run->now);

    run_one(run->inner, run->first + lane, run->delta);
    return run->inner;
}

static bool search_alone(struct run *run, const struct sequence_plan *plan, uint32_t lane)
{
    struct run *inner = run_alone(run, lane);
    bool holds = search_customer(inner, plan, 0);
    if (inner->failed)
        run_fail(run, "%s", inner->error.message);
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

    /* Most customers have no fact to begin with, and cost nothing from here on. */
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

/* The units in which some fact of the batch lies: those that must be looked at one by one. Empty:
 * first > last. */
struct unit_range {
    int64_t first, last;
};

static struct unit_range units_with_facts(const struct run *run, enum calendar_unit unit)
{
    int64_t earliest = INT64_MAX, latest = INT64_MIN;
    for (int t = 0; t < run->plan->table_count; t++) {
        const struct table_view *view = &run->views[t];
        if (!run->plan->table_used[t] || !view->table || !view->time)
            continue;
        for (uint32_t lane = 0; lane < run->count; lane++) {
            /* A customer's rows are in order of time, so the first and the last say it. */
            uint32_t begin = view->offset[lane], end = view->offset[lane + 1];
            if (begin == end)
                continue;
            earliest = view->time[begin] < earliest ? view->time[begin] : earliest;
            latest = view->time[end - 1] > latest ? view->time[end - 1] : latest;
        }
    }

    if (earliest > latest)
        return (struct unit_range){1, 0};

    const struct zone *zone = run->population->zone;
    return (struct unit_range){date_unit_number(zone_date(zone, earliest), unit),
                               date_unit_number(zone_date(zone, latest), unit)};
}

void run_each_period(struct run *run, const struct step *step, run_period *visit, void *context)
{
    struct operand window = operand_of(run, step->child[1]);
    const struct zone *zone = run->population->zone;
    enum calendar_unit unit = (enum calendar_unit)step->a;
    int64_t lo = window.i[0], hi = window.j[0] < run->now ? window.j[0] : run->now;

    if (lo > hi)
        return;
    lo = lo < MOMENT_MIN ? MOMENT_MIN : lo;
    int64_t first = date_unit_number(zone_date(zone, lo), unit),
            last = date_unit_number(zone_date(zone, hi), unit);

    struct unit_range facts = units_with_facts(run, unit);
    int64_t from = facts.first > first ? facts.first : first,
            to = facts.last < last ? facts.last : last;

    /* Units in which nobody of the batch has a fact all give the same answer: one of
     * them is asked, and counts for all. */
    int64_t alike = last - first + 1 - (from <= to ? to - from + 1 : 0);
    if (alike > 0) {
        run->period = (struct segment_bounds){1, 0};
        clock_tick(run, CLOCK_PERIOD);
        visit(run, step, alike, context);
    }

    /* Those between the first and the last fact are asked one by one. */
    for (int64_t number = from; number <= to; number++) {
        int64_t begin = zone_day_start(zone, date_of_unit_number(number, unit));
        int64_t end = zone_day_start(zone, date_of_unit_number(number + 1, unit)) - 1;
        run->period = (struct segment_bounds){begin > lo ? begin : lo, end < hi ? end : hi};
        clock_tick(run, CLOCK_PERIOD);
        visit(run, step, 1, context);
    }
}

/* Adds `times` units that all see the same facts. */
static void add_units(struct run *run, const struct step *step, int64_t times, void *context)
{
    struct vector *out = context;
    struct operand holds = operand_of(run, step->child[0]);
    for (uint32_t lane = 0; lane < run->count; lane++)
        out->i[lane] += bit_at(holds.bits, lane) ? times : 0;
}

/* Units without a fact are all alike, so a window may be as long as it likes: the times of facts
 * end in 2106. */
void step_periods(struct run *run, const struct step *step, struct vector *out)
{
    set_all(run, out);
    memset(out->i, 0, run->count * sizeof *out->i);
    run_each_period(run, step, add_units, out);
}
