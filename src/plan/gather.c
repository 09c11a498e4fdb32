/*
 * Aggregates that need a customer's selected facts one by one, in order or from several kinds at
 * once: nth, favourite, median, distinct, gaps, and whether facts resumed after a pause. The facts
 * of all kinds are merged by time into one list a customer; distinct of one kind's integers needs
 * no order and takes a shorter way.
 */
#include "base/bits.h"
#include "plan/measures.h"

#include <math.h>
#include <string.h>

/* One selected fact: its kind's place in the measure, its row, relative to the batch, its time. */
struct picked {
    uint32_t time, row;
    int kind;
};

struct gather {
    const struct step *step;
    int kinds;
    const struct table_view *view[SEGMENT_KINDS_MAX];
    struct operand selected[SEGMENT_KINDS_MAX], argument[SEGMENT_KINDS_MAX];
    bool has_argument;
    struct picked *picked;
    size_t count, room;
};

/* The customer's selected facts of all kinds in order of time, then kind as written, then arrival.
 */
static void pick(struct run *run, struct gather *gather, uint32_t lane)
{
    uint32_t next[SEGMENT_KINDS_MAX], end[SEGMENT_KINDS_MAX];
    size_t room = 0;

    for (int k = 0; k < gather->kinds; k++) {
        const struct table_view *view = gather->view[k];
        next[k] = view->offset[lane] - view->begin;
        end[k] = view->offset[lane + 1] - view->begin;
        room += end[k] - next[k];
    }

    if (room >= gather->room) {
        /* The list before is left to the arena; twice the room makes that a rare waste. */
        gather->room = room * 2 + 64;
        gather->picked = arena_alloc(&run->scratch, gather->room * sizeof *gather->picked);
    }

    /* A merge that looks at the front of every kind: they are few. Only an earlier
     * time displaces, so of facts at the same second that of the kind written
     * first comes first. */
    gather->count = 0;
    for (;;) {
        int best = -1;
        for (int k = 0; k < gather->kinds; k++) {
            const struct table_view *view = gather->view[k];
            while (next[k] < end[k] && !bit_at(gather->selected[k].bits, next[k]))
                next[k]++;
            if (next[k] < end[k] &&
                (best < 0 || view->time[view->begin + next[k]] <
                                 gather->view[best]->time[gather->view[best]->begin + next[best]]))
                best = k;
        }

        if (best < 0)
            return;
        const struct table_view *view = gather->view[best];
        gather->picked[gather->count++] =
            (struct picked){view->time[view->begin + next[best]], next[best], best};
        next[best]++;
    }
}

static const struct operand *argument_at(const struct gather *gather, size_t i, size_t *row)
{
    *row = gather->picked[i].row;
    return &gather->argument[gather->picked[i].kind];
}

static int compare_picked(struct run *run, const struct gather *gather, size_t a, size_t b)
{
    size_t x, y;
    const struct operand *left = argument_at(gather, a, &x), *right = argument_at(gather, b, &y);
    if (compare_holds(run, COMPARE_EQ, left, x, right, y))
        return 0;
    return compare_holds(run, COMPARE_LT, left, x, right, y) ? -1 : 1;
}

/* Orders indexes of picked facts by value, stably: a plain merge sort. */
static uint32_t *sorted_by_value(struct run *run, const struct gather *gather)
{
    size_t count = gather->count;
    uint32_t *order = arena_alloc(&run->scratch, (count + 1) * sizeof *order);
    uint32_t *other = arena_alloc(&run->scratch, (count + 1) * sizeof *other);

    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;

    /* qsort would neither be stable nor pass the run that comparing texts needs. */
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t mid = low + width < count ? low + width : count,
                   high = mid + width < count ? mid + width : count;
            size_t a = low, b = mid;
            for (size_t to = low; to < high; to++)
                other[to] =
                    a < mid && (b >= high || compare_picked(run, gather, order[b], order[a]) >= 0)
                        ? order[a++]
                        : order[b++];
        }
        uint32_t *swap = order;
        order = other;
        other = swap;
    }

    return order;
}

static void put_picked(const struct gather *gather, size_t i, struct vector *out, size_t lane)
{
    size_t row;
    const struct operand *argument = argument_at(gather, i, &row);
    plan_take_argument(gather->step, argument, row, out, lane);
}

static void put_number(struct vector *out, size_t lane, double value)
{
    out->d[lane] = value;
    if (isfinite(value))
        bit_set(out->bits, lane);
}

static void put_integer(struct vector *out, size_t lane, int64_t value)
{
    out->i[lane] = value;
    bit_set(out->bits, lane);
}

static double picked_number(const struct gather *gather, size_t i)
{
    size_t row;
    const struct operand *argument = argument_at(gather, i, &row);
    return operand_number(argument, row);
}

static void put_favourite(struct run *run, const struct gather *gather, struct vector *out,
                          size_t lane)
{
    const uint32_t *order = sorted_by_value(run, gather);
    size_t best = 0, best_length = 0;
    for (size_t i = 0; i < gather->count;) {
        size_t end = i + 1;
        while (end < gather->count && compare_picked(run, gather, order[i], order[end]) == 0)
            end++;
        size_t latest = order[end - 1]; /* stable: the last of a run is the most recent */
        /* As often as another: the one seen last. A place in time's order is an age. */
        if (end - i > best_length || (end - i == best_length && latest > best)) {
            best = latest;
            best_length = end - i;
        }
        i = end;
    }
    put_picked(gather, best, out, lane);
}

static int64_t distinct_count(struct run *run, const struct gather *gather)
{
    const uint32_t *order = sorted_by_value(run, gather);
    int64_t count = gather->count > 0;
    for (size_t i = 1; i < gather->count; i++)
        count += compare_picked(run, gather, order[i - 1], order[i]) != 0;
    return count;
}

static void put_sum(struct run *run, const struct gather *gather, struct vector *out, size_t lane,
                    bool average)
{
    int128 exact = 0;
    double sum = 0, unit = 1;
    bool doubles = gather->argument[0].step->shape == SHAPE_DOUBLE;

    if (gather->argument[0].step->type == VALUE_DECIMAL)
        unit = (double)number_power10(gather->argument[0].step->scale);

    /* Doubles are added in order of time, whichever batch the customer is in: the sum
     * is the same every time. */
    for (size_t i = 0; i < gather->count; i++) {
        size_t row;
        const struct operand *argument = argument_at(gather, i, &row);
        if (doubles)
            sum += argument->d[row];
        else
            exact += argument->i[row];
    }

    if (average && gather->count)
        put_number(out, lane,
                   doubles ? sum / (double)gather->count
                           : (double)exact / ((double)gather->count * unit));
    else if (!average && doubles)
        put_number(out, lane, sum);
    else if (!average)
        put_integer(out, lane, (int64_t)exact);

    /* The value was put all the same: a run that failed is never read. */
    if (!average && exact != (int64_t)exact)
        run_fail(run, "a sum is past the range of 64-bit numbers");
}

static void put_median(struct run *run, const struct gather *gather, struct vector *out,
                       size_t lane)
{
    const uint32_t *order = sorted_by_value(run, gather);
    size_t middle = gather->count / 2;
    double value = picked_number(gather, order[middle]);
    if (gather->count % 2 == 0)
        value = (picked_number(gather, order[middle - 1]) + value) / 2;
    put_number(out, lane, value);
}

static void aggregate(struct run *run, const struct gather *gather, struct vector *out, size_t lane)
{
    const struct step *step = gather->step;
    size_t count = gather->count, best = 0;

    switch (step->a) {
    /* These are 0 of no facts; all others are unknown. */
    case AGGREGATE_COUNT: put_integer(out, lane, (int64_t)count); return;
    case AGGREGATE_DISTINCT: put_integer(out, lane, distinct_count(run, gather)); return;
    case AGGREGATE_SUM: put_sum(run, gather, out, lane, false); return;
    default: break;
    }

    if (count == 0)
        return;
    switch (step->a) {
    case AGGREGATE_AVG: put_sum(run, gather, out, lane, true); break;
    case AGGREGATE_MEDIAN: put_median(run, gather, out, lane); break;
    case AGGREGATE_FIRST: put_picked(gather, 0, out, lane); break;
    case AGGREGATE_LAST: put_picked(gather, count - 1, out, lane); break;
    case AGGREGATE_NTH:
        if (step->p > 0 && (uint64_t)step->p <= count)
            put_picked(gather, (size_t)step->p - 1, out, lane);
        else if (step->p < 0 && (uint64_t)-step->p <= count)
            put_picked(gather, count - (size_t)-step->p, out, lane);
        break;
    case AGGREGATE_FAVOURITE: put_favourite(run, gather, out, lane); break;
    default:
        /* Only what is strictly better displaces: of equals the earliest. */
        for (size_t i = 1; i < count; i++) {
            int order = compare_picked(run, gather, i, best);
            if (step->a == AGGREGATE_MIN ? order < 0 : order > 0)
                best = i;
        }
        put_picked(gather, best, out, lane);
    }
}

/* gap(…): the facts become the times between them. */

static void make_gaps(struct run *run, struct gather *gather, const struct step *duration)
{
    size_t count = gather->count ? gather->count - 1 : 0;
    int64_t *gaps = arena_alloc(&run->scratch, (count + 1) * sizeof *gaps);
    /* From here on a row is a gap's number, and the only kind's argument is the gaps. */
    for (size_t i = 0; i < count; i++) {
        gaps[i] = (int64_t)gather->picked[i + 1].time - gather->picked[i].time;
        gather->picked[i].row = (uint32_t)i;
        gather->picked[i].kind = 0;
    }
    gather->count = count;
    gather->argument[0] = (struct operand){
        .step = duration, .i = gaps, .bits = run->ones, .stride = 1, .hint = HINT_ALL};
}

static int by_integer(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Whether no two of the integers are surely equal: a small set of hashes tells most rows of few
 * values apart. */
static bool all_different(const int64_t *values, size_t count)
{
    uint64_t seen[4] = {0}, twice = 0;
    for (size_t i = 0; i < count; i++) {
        /* Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): the
         * multiplier is 2^64 over the golden ratio, and its product's highest bits
         * depend on all of the value's. */
        uint64_t hash = (uint64_t)values[i] * UINT64_C(0x9e3779b97f4a7c15) >> 56;
        twice |= bit_at(seen, hash);
        bit_set(seen, hash);
    }
    return !twice;
}

/* How many different ones among count integers; the array is changed. */
static int64_t count_different(int64_t *values, size_t count)
{
    /* Up to here comparing each with each is cheaper than a sort's calls. */
    enum { FEW = 32 };
    size_t used = 0;
    if (count > FEW) {
        qsort(values, count, sizeof *values, by_integer);
        for (size_t i = 0; i < count; i++)
            used += i == 0 || values[i] != values[i - 1];
        return (int64_t)used;
    }

    if (all_different(values, count))
        return (int64_t)count;

    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t j = 0; j < used; j++)
            seen |= values[j] == values[i];
        values[used] = values[i];
        used += !seen;
    }
    return (int64_t)used;
}

/* distinct of one kind's integers or codes: no order, no merging. */
static bool distinct_of_one(struct run *run, const struct step *step, struct vector *out)
{
    if (step->a != AGGREGATE_DISTINCT || step->b != 1 || step->child_count != 2)
        return false;
    const struct step *under = step_of(run, step->child[1]);

    /* Codes and integers are equal exactly if their values are; versions are not
     * ('1.0' and '1'). */
    if (under->shape != SHAPE_INT || under->version)
        return false;
    const struct table_view *view = &run->views[step_of(run, step->child[0])->frame - FRAME_ROWS];
    struct operand selected = operand_of(run, step->child[0]);
    set_all(run, out);

    memset(out->i, 0, run->count * sizeof *out->i);
    if (selected.hint == HINT_NONE)
        return true;

    /* A stored column is read narrow and only where selected; other arguments are a
     * vector already. */
    const struct population_column *column =
        under->run == step_column ? run->columns[under->a] : NULL;
    if (column) {
        struct collected collected = plan_collect_selected(run, view, &selected, column);
        int64_t *values = collected.values;
        for (uint32_t lane = 0; lane < run->count; values += collected.counts[lane], lane++)
            out->i[lane] = collected.counts[lane] < 2
                               ? collected.counts[lane]
                               : count_different(values, collected.counts[lane]);
        return true;
    }

    struct operand argument = operand_of(run, step->child[1]);
    int64_t *values = arena_alloc(&run->scratch, (view->end - view->begin + 1) * sizeof *values);
    for (uint32_t lane = 0; lane < run->count; lane++) {
        uint32_t end = view->offset[lane + 1] - view->begin;
        size_t count = 0;
        for (uint32_t row = first_bit(selected.bits, view->offset[lane] - view->begin, end);
             row < end; row = first_bit(selected.bits, row + 1, end))
            values[count++] = argument.i[row];
        out->i[lane] = count < 2 ? (int64_t)count : count_different(values, count);
    }

    return true;
}

void step_gather(struct run *run, const struct step *step, struct vector *out)
{
    if (distinct_of_one(run, step, out))
        return;

    static const struct step duration = {.shape = SHAPE_INT, .type = VALUE_DURATION};
    struct gather gather = {.step = step, .kinds = step->b};
    bool none = true;

    for (int k = 0; k < step->b; k++) {
        gather.view[k] = &run->views[step_of(run, step->child[k])->frame - FRAME_ROWS];
        gather.selected[k] = operand_of(run, step->child[k]);
        none &= gather.selected[k].hint == HINT_NONE;
    }

    memset(out->own_bits, 0, words_of(run->count) * sizeof *out->bits);
    for (int k = 0; !none && step->child_count > step->b && k < step->b; k++)
        gather.argument[k] = operand_of(run, step->child[step->b + k]);
    for (uint32_t lane = 0; lane < run->count; lane++) {
        /* Where nothing is selected the arguments were never made, and the type of a
         * sum of nothing is only known from the step. */
        if (none)
            gather.count = 0;
        else
            pick(run, &gather, lane);
        if (step->c)
            make_gaps(run, &gather, &duration);
        if (none && step->a == AGGREGATE_SUM)
            step->shape == SHAPE_DOUBLE ? put_number(out, lane, 0) : put_integer(out, lane, 0);
        else
            aggregate(run, &gather, out, lane);
    }
}

/* Some selected fact in the window comes more than the gap after the selected one before it. */
static bool has_resumed(struct run *run, const struct step *step, const struct gather *gather,
                        const struct operand *windows)
{
    struct calendar_period gap = {step->a, step->p};

    for (size_t i = 1; i < gather->count; i++) {
        const struct picked *fact = &gather->picked[i];
        int64_t limit = gap.months
                            ? zone_add(run->population->zone, gather->picked[i - 1].time, gap, 1)
                            : gather->picked[i - 1].time + gap.seconds;
        if (fact->time > limit && bit_at(windows[fact->kind].bits, fact->row))
            return true;
    }
    return false;
}

void step_resumed(struct run *run, const struct step *step, struct vector *out)
{
    struct gather gather = {.step = step, .kinds = step->b};
    struct operand windows[SEGMENT_KINDS_MAX];

    for (int k = 0; k < step->b; k++) {
        gather.view[k] = &run->views[step_of(run, step->child[k + step->b])->frame - FRAME_ROWS];
        gather.selected[k] = operand_of(run, step->child[k]);
        windows[k] = operand_of(run, step->child[k + step->b]);
    }

    memset(out->own_bits, 0, words_of(run->count) * sizeof *out->bits);
    for (uint32_t lane = 0; lane < run->count; lane++) {
        pick(run, &gather, lane);
        if (has_resumed(run, step, &gather, windows))
            bit_set(out->own_bits, lane);
    }
}
