/*
 * Next moments of periods and sequences. Their conditions are evaluated many times over for one
 * customer: in each unit of time, or for each choice of earlier facts. So they are asked many times
 * over: what moves inside them by itself answers once for each unit or choice, as it stands there.
 */
#include "plan/next.h"

#include <string.h>

/* The steps below a root that turn with a clock (or, below one of the batch, with now alone) and
 * have a next moment of their own. */
struct inside {
    int *ids;
    int count;
    uint32_t chosen; /* of a sequence: the earlier steps whose facts are read, as bits */
};

static bool may_move(const struct run *run, const struct step *step)
{
    if (!step->next)
        return false;
    return step->next != next_window || next_moving_window(run, step->child[0]);
}

static void look_inside(const struct run *run, int id, enum step_clock clock, bool *seen,
                        struct inside *inside)
{
    const struct step *step = step_of(run, id);
    bool turns = step->clock == clock || (clock == CLOCK_BATCH && step->clock == CLOCK_MOMENT);

    if (seen[id] || !turns)
        return;
    seen[id] = true;

    if (step->run == step_chosen)
        inside->chosen |= UINT32_C(1) << ((const struct chosen_leaf *)step->extra)->node->path.step;

    if (may_move(run, step))
        inside->ids[inside->count++] = id;
    for (int c = 0; c < step->child_count; c++)
        look_inside(run, step->child[c], clock, seen, inside);
}

static struct inside inside_of(struct run *run, int root, enum step_clock clock)
{
    size_t count = run->plan->steps.count;
    bool *seen = arena_alloc(&run->scratch, count * sizeof *seen);
    struct inside inside = {.ids = arena_alloc(&run->scratch, count * sizeof *inside.ids)};
    memset(seen, 0, count * sizeof *seen);
    look_inside(run, root, clock, seen, &inside);
    return inside;
}

static void ask_inside(struct run *run, const struct inside *inside, int64_t *next)
{
    for (int i = 0; i < inside->count; i++) {
        const struct step *step = step_of(run, inside->ids[i]);
        step->next(run, step, next);
    }
}

/* ---- sequences ---- */

/* A forbidden last step is decided once its limit has passed. */
static void next_of_last(struct run *run, const struct sequence_plan *plan, int negated,
                         int64_t *next)
{
    struct calendar_period within = plan->source->steps[negated].within;
    for (int s = 0; s < negated; s++)
        for (int k = 0; k < plan->source->steps[s].kind_count; k++) {
            const struct table_view *view = &run->views[plan->kinds[s][k].table];
            struct operand rows = operand_of(run, plan->kinds[s][k].mask);
            for (uint32_t lane = 0; lane < run->count; lane++)
                for (uint32_t row = view->offset[lane + 1]; row-- > view->offset[lane];) {
                    int64_t end = zone_add(run->population->zone, view->time[row], within, 1);
                    if (!within.months && end <= run->now)
                        break; /* and so with all before it */
                    if (bit_at(rows.bits, row - view->begin))
                        next_lower(run, &next[lane], end);
                }
        }
}

/* Two facts whose values are held against each other: every two that may come to be. */
static void next_of_facts(struct run *run, const struct sequence_plan *plan,
                          const struct sequence_kind *kind, const struct sequence_pair *pair,
                          int64_t *next)
{
    const struct sequence_kind *chosen = &plan->kinds[pair->step][pair->other_kind];
    const struct table_view *own = &run->views[kind->table], *other = &run->views[chosen->table];
    struct operand fits = operand_of(run, kind->mask), may_be = operand_of(run, chosen->mask);

    /* As many looks as there are pairs, and only where what is compared follows now. */
    for (uint32_t lane = 0; lane < run->count; lane++) {
        uint32_t end = own->offset[lane + 1] - own->begin,
                 other_end = other->offset[lane + 1] - other->begin;
        for (uint32_t row = own->offset[lane] - own->begin; row < end; row++)
            for (uint32_t at = other->offset[lane] - other->begin; at < other_end; at++)
                if (bit_at(fits.bits, row) && bit_at(may_be.bits, at)) {
                    struct next_comparison asked = {
                        {pair->own, pair->other}, {row, at}, pair->compare};
                    next_lower(run, &next[lane], next_of_pair(run, &asked, next[lane]));
                }
    }
}

/* A choice of earlier facts for the conditions of one kind of fact, step by step. */
struct choosing {
    const struct sequence_plan *plan;
    struct inside inside;
    int64_t *next;
    int left; /* choices that may yet be made */
};

static void choose_and_ask(struct run *alone, struct choosing *choosing, int step)
{
    while (step < SEGMENT_STEPS_MAX && !(choosing->inside.chosen >> step & 1))
        step++;

    /* All are chosen: what moves inside is asked as it stands with them. */
    if (step == SEGMENT_STEPS_MAX) {
        clock_tick(alone, CLOCK_CHOSEN);
        ask_inside(alone, &choosing->inside, choosing->next);
        return;
    }

    for (int k = 0; k < choosing->plan->source->steps[step].kind_count; k++) {
        const struct sequence_kind *kind = &choosing->plan->kinds[step][k];
        const struct table_view *view = &alone->views[kind->table];
        struct operand may_be = operand_of(alone, kind->mask);

        /* How many ways there are is a product over the steps, so they are counted down
         * for all of them. */
        for (uint32_t row = view->begin; row < view->end && choosing->left > 0; row++) {
            if (!bit_at(may_be.bits, row - view->begin))
                continue;
            choosing->left--;
            alone->chosen_row[step] = row;
            alone->chosen_kind[step] = k;
            choose_and_ask(alone, choosing, step + 1);
        }
    }
}

/* Conditions over several facts at once, by customer. Where there are more ways to choose than can
 * be gone through, the customer is looked at again after the shortest stretch there is. */
static void next_of_choices(struct run *run, const struct sequence_plan *plan,
                            const struct sequence_kind *kind, int64_t *next)
{
    enum { CHOICES_MAX = 200000 };
    struct inside inside = inside_of(run, kind->slow, CLOCK_CHOSEN);

    for (uint32_t lane = 0; inside.count > 0 && lane < run->count; lane++) {
        uint32_t rows[SEGMENT_STEPS_MAX];
        int kinds[SEGMENT_STEPS_MAX];
        int64_t own = INT64_MAX;
        struct run *alone = run_alone(run, lane);
        struct choosing choosing = {plan, inside, &own, CHOICES_MAX};

        alone->chosen_row = rows;
        alone->chosen_kind = kinds;

        choose_and_ask(alone, &choosing, 0);
        alone->chosen_row = NULL;
        alone->chosen_kind = NULL;

        next_lower(run, &next[lane], choosing.left > 0 ? own : run->now + 1);
    }
}

/* Where a sequence is searched in runs of their own, what selects its facts was evaluated there and
 * has not been asked here. */
static void next_of_mask(struct run *run, int mask, int64_t *next)
{
    struct inside inside = inside_of(run, mask, CLOCK_BATCH);
    ask_inside(run, &inside, next);
}

/* What the filters of a kind read of several facts may follow now; other filters are conditions of
 * their own. */
static void next_of_filters(struct run *run, const struct sequence_plan *plan,
                            const struct sequence_kind *kind, int64_t *next)
{
    for (int p = 0; p < kind->pair_count; p++) {
        const struct sequence_pair *pair = &kind->pairs[p];
        if (step_of(run, pair->own)->now_loose || step_of(run, pair->other)->now_loose)
            next_of_facts(run, plan, kind, pair, next);
    }

    if (plan->slow)
        next_of_mask(run, kind->mask, next);
    if (kind->slow >= 0)
        next_of_choices(run, plan, kind, next);
}

void next_sequence(struct run *run, const struct step *step, int64_t *next)
{
    const struct sequence_plan *plan = step->extra;

    for (int k = 0; k < plan->source->steps[0].kind_count; k++)
        next_leaves(run, plan->kinds[0][k].start_mask, false, next);

    int last = plan->step_count - 1;
    if (plan->source->steps[last].negated && plan->source->steps[last].has_within)
        next_of_last(run, plan, last, next);

    for (int s = 0; s < plan->step_count; s++)
        for (int k = 0; k < plan->source->steps[s].kind_count; k++)
            next_of_filters(run, plan, &plan->kinds[s][k], next);
}

/* ---- periods ---- */

/* The condition of `periods` in a period in which nothing happened. */
static void holds_of_nothing(struct run *run, const struct step *step, uint64_t holds[BATCH_WORDS])
{
    run->period = (struct segment_bounds){1, 0};
    clock_tick(run, CLOCK_PERIOD);
    struct operand condition = operand_of(run, step->child[0]);
    for (uint32_t w = 0; w < words_of(run->count); w++)
        holds[w] = condition.bits[w];
}

/* The units that begin or end at an edge of the window: a new one may count, and an old one drop
 * out, although nothing happened in it. An edge T − d is the second before the window's first. */
static void pass_periods(struct run *run, const struct step *step, const struct step *bounds_step,
                         uint32_t lane, int64_t *next)
{
    const struct zone *zone = run->population->zone;
    struct operand bounds = operand_of(run, step->child[1]);
    enum calendar_unit unit = (enum calendar_unit)step->a;
    int64_t ends[] = {bounds.i[0], bounds.j[0] < run->now ? bounds.j[0] : run->now};

    /* A window may itself begin later than now. */
    next_lower(run, &next[lane], bounds.i[0]);
    for (int e = 0; e < 2; e++) {
        if (ends[e] <= MOMENT_MIN || ends[e] >= MOMENT_MAX)
            continue;
        int64_t number = date_unit_number(zone_date(zone, ends[e]), unit);
        /* The unit that an edge stands in, and the one after it: each side of
         * both is passed. */
        for (int u = 0; u < 2; u++) {
            int64_t start = next_unit_start(run, unit, number + u);
            next_pass(run, bounds_step, 0, start - 1, &next[lane]);
            next_pass(run, bounds_step, 0, start, &next[lane]);
            next_lower(run, &next[lane], start); /* the unit that now itself begins */
        }
    }
}

/* What moves inside, as it stands in one unit. */
struct asked_inside {
    struct inside inside;
    int64_t *next;
};

static void ask_in_period(struct run *run, const struct step *step, int64_t times, void *context)
{
    const struct asked_inside *asked = context;
    ask_inside(run, &asked->inside, asked->next);
}

/* Any fact that an edge passes, and the units themselves where one without a fact counts. */
void next_periods(struct run *run, const struct step *step, int64_t *next)
{
    const struct step *bounds_step = step_of(run, step->child[1]);
    struct operand bounds = operand_of(run, step->child[1]);
    bool moving = next_is_moving(run, bounds_step);
    uint64_t empty[BATCH_WORDS];
    struct asked_inside asked = {inside_of(run, step->child[0], CLOCK_PERIOD), next};

    /* Whatever moves by itself inside is asked once for each unit. */
    if (asked.inside.count > 0)
        run_each_period(run, step, ask_in_period, &asked);

    /* A condition that nothing meets (none of, a count of 0) counts units without
     * facts: these come and go with the edges. */
    holds_of_nothing(run, step, empty);
    for (uint32_t lane = 0; lane < run->count; lane++)
        if (bit_at(empty, lane))
            pass_periods(run, step, bounds_step, lane, next);

    for (int t = 0; moving && t < run->plan->table_count; t++) {
        const struct table_view *view = &run->views[t];
        for (uint32_t lane = 0; run->plan->table_used[t] && view->table && lane < run->count;
             lane++)
            for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
                if (view->time[row] >= next_lowest_edge(run, bounds_step, bounds.i[0]) &&
                    view->time[row] <= run->now)
                    next_pass(run, bounds_step, 0, view->time[row], &next[lane]);
    }
}
