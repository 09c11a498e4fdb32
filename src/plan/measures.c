/*
 * Measures: one value a customer from the rows of one or several kinds. The rows of a batch of
 * customers are one contiguous range, so selections are bitmaps over that range, made by plain
 * loops over narrow arrays; what a customer's share of them is follows from the offsets. Counting
 * is a difference of two ranks in the bitmap, without a branch per customer.
 */
#include "plan/measures.h"
#include "base/bits.h"

#include <string.h>

/* ---- windows ---- */

static bool block_is_quiet(const struct run *run, const struct table_view *view, int64_t lo)
{
    /* A block's last times know nothing of what a delta adds. */
    if (!view->table || !view->table->block_last || run->delta)
        return false;
    uint32_t from = run->first / POPULATION_BLOCK,
             to = (run->first + run->count - 1) / POPULATION_BLOCK;

    for (uint32_t block = from; block <= to; block++)
        if (view->table->block_last[block] >= lo)
            return false;
    return true;
}

/* The same window for every customer of the batch. */
static void window_for_all(struct run *run, const struct table_view *view, int64_t lo, int64_t hi,
                           struct vector *out)
{
    /* Facts after now never count; stored times are 32 bits from 1970 on. */
    hi = hi < run->now ? hi : run->now;
    lo = lo < 0 ? 0 : lo;
    if (lo > hi || view->begin == view->end || (lo > 0 && block_is_quiet(run, view, lo))) {
        set_none(run, out);
        return;
    }
    if (hi > UINT32_MAX)
        hi = UINT32_MAX;

    bool all =
        view->table && !run->delta && view->table->time_min >= lo && view->table->time_max <= hi;

    /* A window that takes in the whole table needs no look at its rows. */
    if (all)
        set_all(run, out);
    else
        run->kernels->range_u32(view->time + view->begin, view->end - view->begin, (uint32_t)lo,
                                (uint32_t)(hi - lo), out->bits);
}

static void window_each(struct run *run, const struct table_view *view,
                        const struct operand *bounds, struct vector *out)
{
    memset(out->bits, 0, words_of(view->end - view->begin) * sizeof *out->bits);
    for (uint32_t lane = 0; lane < run->count; lane++) {
        int64_t lo = bounds->i[lane], hi = bounds->j[lane] < run->now ? bounds->j[lane] : run->now;
        for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
            if (view->time[row] >= lo && view->time[row] <= hi)
                bit_set(out->bits, row - view->begin);
    }
}

/* Makes the bits the step's own before some of them are taken away. */
static void own_bits(struct vector *out, size_t lanes)
{
    if (out->bits != out->own_bits)
        memcpy(out->own_bits, out->bits, words_of(lanes) * sizeof *out->bits);
    out->bits = out->own_bits;
    out->hint = HINT_MIXED;
}

static void keep_weekdays(struct run *run, const struct table_view *view, int64_t weekdays,
                          struct vector *out)
{
    size_t lanes = view->end - view->begin;

    own_bits(out, lanes);
    for (size_t lane = 0; lane < lanes; lane++)
        if (bit_at(out->bits, lane) &&
            !(weekdays >>
                  date_weekday(local_date(run->binding->clock, view->time[view->begin + lane])) &
              1))
            bit_clear(out->bits, lane);
}

static bool is_anniversary(int32_t date, int32_t of)
{
    int32_t year = date_to_civil(date).year;
    return year >= date_to_civil(of).year && date_anniversary(of, year) == date;
}

static void keep_anniversaries(struct run *run, const struct table_view *view,
                               const struct operand *of, struct vector *out)
{
    own_bits(out, view->end - view->begin);
    for (uint32_t lane = 0; lane < run->count; lane++)
        for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++) {
            size_t bit = row - view->begin;
            bool keep = bit_at(of->bits, lane) && bit_at(out->bits, bit) &&
                        is_anniversary(local_date(run->binding->clock, view->time[row]),
                                       (int32_t)of->i[lane * of->stride]);
            if (!keep)
                bit_clear(out->bits, bit);
        }
}

void step_window(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    struct operand bounds = operand_of(run, step->child[0]);
    if (bounds.stride == 0)
        window_for_all(run, view, bounds.i[0], bounds.j[0], out);
    else
        window_each(run, view, &bounds, out);
    if (step->q && out->hint != HINT_NONE)
        keep_weekdays(run, view, step->q, out);
    if (step->child_count > 1 && out->hint != HINT_NONE) {
        struct operand of = operand_of(run, step->child[1]);
        keep_anniversaries(run, view, &of, out);
    }
}

/* ---- counts ---- */

static void count_rows(struct run *run, const struct table_view *view,
                       const struct operand *selected, uint32_t *counts)
{
    uint32_t lanes = run->count, begin = view->begin;
    if (selected->hint == HINT_NONE) {
        memset(counts, 0, lanes * sizeof *counts);
        return;
    }
    if (selected->hint == HINT_ALL) {
        for (uint32_t lane = 0; lane < lanes; lane++)
            counts[lane] = view->offset[lane + 1] - view->offset[lane];
        return;
    }
    uint32_t *before =
        arena_alloc(&run->scratch, (words_of(view->end - begin) + 1) * sizeof *before);
    run->kernels->count_ranges(selected->bits, view->end - begin, view->offset + 1, begin, lanes,
                               before, counts);
}

const uint32_t *plan_count_selected(struct run *run, const struct table_view *view,
                                    const struct operand *selected)
{
    struct vector *vector = &run->vectors[selected->step - run->plan->steps.items];
    /* Counts lie in the batch's scratch: they are void with the batch, however long the
     * selection holds, and with the selection, where it changes within the batch. */
    uint64_t batch = run->epoch[CLOCK_BATCH], stamp = vector->stamp > batch ? vector->stamp : batch;
    if (vector->counts_stamp != stamp) {
        vector->counts = arena_alloc(&run->scratch, (run->count + 64) * sizeof *vector->counts);
        vector->counts_stamp = stamp;
        count_rows(run, view, selected, vector->counts);
    }
    return vector->counts;
}

void step_count(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];

    struct operand selected = operand_of(run, step->child[0]);
    const uint32_t *counts = plan_count_selected(run, view, &selected);
    set_all(run, out);
    run->kernels->widen_u32(counts, run->count, out->i);
}

/* Any fact since lo, when none is later than the window: the customer's last one tells. */
static bool any_by_last(struct run *run, const struct step *step, const struct table_view *view,
                        struct vector *out)
{
    /* A filter, a weekday or a delta's facts would make the last fact the
     * wrong one to ask. */
    const struct step *window = step_of(run, step->child[0]);
    if (window->run != step_window || window->q || window->child_count > 1 || !view->table ||
        run->delta)
        return false;

    struct operand bounds = operand_of(run, window->child[0]);
    if (bounds.stride || bounds.i[0] <= 0 || bounds.i[0] > UINT32_MAX ||
        bounds.j[0] < view->table->time_max || run->now < view->table->time_max)
        return false;

    /* lo is above 0, so the 0 of customers without facts is outside. */
    uint32_t lo = (uint32_t)bounds.i[0];
    run->kernels->range_u32(view->table->last_time + run->first, run->count, lo, UINT32_MAX - lo,
                            out->bits);
    return true;
}

void step_any(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    if (any_by_last(run, step, view, out))
        return;
    struct operand selected = operand_of(run, step->child[0]);
    if (selected.hint == HINT_NONE) {
        set_none(run, out);
        return;
    }
    run->kernels->range_u32(plan_count_selected(run, view, &selected), run->count, 1,
                            UINT32_MAX - 1, out->bits);
}

/* ---- sums ---- */

#define FOR_SELECTED(selected, view, row)                                       \
    for (size_t w_ = 0; w_ < words_of((view)->end - (view)->begin); w_++)       \
        for (uint64_t row, left_ = selected_word(selected, view, w_);           \
             left_ && (row = w_ * 64 + (uint64_t)__builtin_ctzll(left_), true); \
             left_ &= left_ - 1)

static inline uint64_t selected_word(const struct operand *selected, const struct table_view *view,
                                     size_t w)
{
    size_t rows = view->end - view->begin;
    return w * 64 + 64 > rows ? selected->bits[w] & (((uint64_t)1 << (rows % 64)) - 1)
                              : selected->bits[w];
}

static void sum_doubles(struct run *run, const struct table_view *view,
                        const struct operand *selected, const struct operand *argument,
                        struct vector *out)
{
    uint32_t lane = 0;
    memset(out->d, 0, run->count * sizeof *out->d);
    /* Rows come in order of customers, so the lane only goes forward. */
    FOR_SELECTED(selected, view, row) {
        while (view->begin + row >= view->offset[lane + 1])
            lane++;
        if (bit_at(argument->bits, row))
            out->d[lane] += argument->d[row];
    }
}

/* Whether no sum over the batch's rows can leave 64 bits, by the column's own bounds. */
static bool sum_fits(const struct run *run, const struct step *step, const struct table_view *view)
{
    const struct step *under = step_of(run, step->child[1]);
    if (under->run != step_column || !run->columns[under->a] || run->delta)
        return false;
    const struct population_column *column = run->columns[under->a];
    int64_t low = column->base, high = column->max,
            limit = INT64_MAX / ((int64_t)(view->end - view->begin) + 1);
    return low > -limit && high < limit;
}

/* put for each selected row of a stored column, in order, with its value − base as `value`; all
 * selected: bits is NULL.
 */
#define EACH_ROW_OF(type, put)                                                                     \
    do {                                                                                           \
        const type *in_ = (const type *)column->values + begin;                                    \
        for (size_t row = 0; !bits && row < rows; row++) {                                         \
            int64_t value = (int64_t)in_[row];                                                     \
            put;                                                                                   \
        }                                                                                          \
        for (size_t w = 0; bits && w < words_of(rows); w++)                                        \
            for (uint64_t left = w * 64 + 64 > rows ? bits[w] & (((uint64_t)1 << (rows % 64)) - 1) \
                                                    : bits[w];                                     \
                 left; left &= left - 1) {                                                         \
                int64_t value = (int64_t)in_[w * 64 + (size_t)__builtin_ctzll(left)];              \
                put;                                                                               \
            }                                                                                      \
    } while (0)

#define EACH_ROW(put)                                        \
    switch (column->width) {                                 \
    case 1: EACH_ROW_OF(uint8_t, put); break;                \
    case 2: EACH_ROW_OF(uint16_t, put); break;               \
    case 4: EACH_ROW_OF(uint32_t, put); break;               \
    case 8: EACH_ROW_OF(int64_t, put); break;                \
    default:                                                 \
        for (size_t row = 0, value = 0; row < rows; row++) { \
            if (bits && !bit_at(bits, row))                  \
                continue;                                    \
            put;                                             \
        }                                                    \
    }

/* Values of the selected rows, one behind the other. */
static void collect_values(const struct population_column *column, size_t begin, size_t rows,
                           const uint64_t *bits, int64_t *out)
{
    int64_t base = column->base;
    EACH_ROW(*out++ = base + (int64_t)value)
}

/* The total of the selected rows before each of them, and of all of them at the end. */
static void collect_totals(const struct population_column *column, size_t begin, size_t rows,
                           const uint64_t *bits, int64_t *out)
{
    int64_t base = column->base, total = 0;
    EACH_ROW((*out++ = total, total += base + (int64_t)value))
    *out = total;
}

/* The known ones among the selected rows, counted by lane. */
static const uint64_t *known_selected(struct run *run, const struct table_view *view,
                                      const struct operand *selected,
                                      const struct population_column *column,
                                      const uint32_t **counts)
{
    size_t rows = view->end - view->begin, words = words_of(rows);
    /* Without gaps the selection itself is the answer, and its counts are shared. */
    if (!column->known) {
        *counts = plan_count_selected(run, view, selected);
        return selected->hint == HINT_ALL ? NULL : selected->bits;
    }

    struct vector known = {.bits = arena_alloc(&run->scratch, (words + 1) * sizeof *known.bits)};
    column_known(run, column, view->begin, rows, &known);
    for (size_t w = 0; w < words; w++)
        known.bits[w] &= selected->bits[w];
    struct operand mask = {.bits = known.bits, .hint = HINT_MIXED};

    uint32_t *own = arena_alloc(&run->scratch, (run->count + 1) * sizeof *own);
    count_rows(run, view, &mask, own);
    *counts = own;
    return known.bits;
}

struct collected plan_collect_selected(struct run *run, const struct table_view *view,
                                       const struct operand *selected,
                                       const struct population_column *column)
{
    size_t rows = view->end - view->begin;
    struct collected collected = {arena_alloc(&run->scratch, (rows + 1) * sizeof *collected.values),
                                  NULL};
    const uint64_t *bits = known_selected(run, view, selected, column, &collected.counts);
    collect_values(column, view->begin, rows, bits, collected.values);
    return collected;
}

/* Running totals over the selected rows; a customer's sum is a difference of two. No branch depends
 * on a customer. */
static void sum_by_totals(struct run *run, const struct step *step, const struct table_view *view,
                          const struct operand *selected, struct vector *out)
{
    const struct population_column *column = run->columns[step_of(run, step->child[1])->a];
    size_t rows = view->end - view->begin;
    const uint32_t *counts;
    const uint64_t *bits = known_selected(run, view, selected, column, &counts);
    int64_t *totals = arena_alloc(&run->scratch, (rows + 1) * sizeof *totals), before = 0;
    collect_totals(column, view->begin, rows, bits, totals);

    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++) {
        totals += counts[lane];
        out->i[lane] = *totals - before;
        before = *totals;
    }
}

static void sum_wide(struct run *run, const struct table_view *view, const struct operand *selected,
                     const struct operand *argument, struct vector *out)
{
    int128 sums[BATCH];
    uint32_t lane = 0;
    memset(sums, 0, run->count * sizeof *sums);
    FOR_SELECTED(selected, view, row) {
        while (view->begin + row >= view->offset[lane + 1])
            lane++;
        if (bit_at(argument->bits, row))
            sums[lane] += argument->i[row];
    }
    /* Only the end is held against 64 bits: on the way a sum may leave them
     * and come back. */
    for (lane = 0; lane < run->count; lane++) {
        out->i[lane] = (int64_t)sums[lane];
        if (sums[lane] != out->i[lane])
            run_fail(run, "a sum is past the range of 64-bit numbers");
    }
}

void step_sum(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    struct operand selected = operand_of(run, step->child[0]);
    set_all(run, out);

    if (selected.hint == HINT_NONE) {
        memset(out->i, 0, run->count * sizeof *out->i); /* 0.0 too */
        return;
    }

    /* The quickest way that is sure to be exact: running totals where the column's
     * bounds allow them, 128 bits where not. Doubles never overflow silently: what is
     * not finite is unknown. */
    if (step->shape != SHAPE_DOUBLE && sum_fits(run, step, view)) {
        sum_by_totals(run, step, view, &selected, out);
        return;
    }
    struct operand argument = operand_of(run, step->child[1]);
    if (step->shape != SHAPE_DOUBLE) {
        sum_wide(run, view, &selected, &argument, out);
        return;
    }
    sum_doubles(run, view, &selected, &argument, out);
    plan_forget_nonfinite(run, step, out);
}

void step_average(struct run *run, const struct step *step, struct vector *out)
{
    struct operand sum = operand_of(run, step->child[0]), count = operand_of(run, step->child[1]);
    size_t lanes = lanes_of(run, step);
    double unit = sum.step->type == VALUE_DECIMAL ? (double)number_power10(sum.step->scale) : 1;

    run->kernels->range_i64(count.i, lanes, 1, INT64_MAX, out->bits);
    /* Doubles and integers apart, so that both loops run without a branch. */
    if (sum.step->shape == SHAPE_DOUBLE)
        for (size_t lane = 0; lane < lanes; lane++)
            out->d[lane] = sum.d[lane] / (double)count.i[lane];
    else
        for (size_t lane = 0; lane < lanes; lane++)
            out->d[lane] = (double)sum.i[lane] / ((double)count.i[lane] * unit);
    plan_forget_nonfinite(run, step, out);
}

/* ---- first, last, least and greatest of one kind ---- */

void plan_take_argument(const struct step *step, const struct operand *argument, size_t row,
                        struct vector *out, size_t lane)
{
    switch (step->shape) {
    case SHAPE_TEXT: out->text[lane] = argument->text[row]; break;
    case SHAPE_POINT:
        out->e[lane] = argument->e[row];
        out->d[lane] = argument->d[row];
        break;
    case SHAPE_SET:
        out->count[lane] = argument->count[row];
        out->codes[lane] = argument->codes[row];
        break;
    default: out->i[lane] = argument->i[row]; break;
    }
    bit_set(out->bits, lane);
}

/* rows[lane]: the first (or last) selected row of each customer, the end of their rows where there
 * is none. */
static void edge_rows(const struct run *run, const struct table_view *view,
                      const struct operand *selected, bool last, uint32_t *rows)
{
    const uint32_t *offset = view->offset;
    uint32_t begin = view->begin, lanes = run->count;
    /* Where all are selected the offsets say it; else the bits are looked at a
     * word at a time. */
    if (selected->hint == HINT_ALL && last)
        for (uint32_t lane = 0; lane < lanes; lane++)
            rows[lane] = offset[lane + 1] - begin - (offset[lane + 1] > offset[lane]);
    else if (selected->hint == HINT_ALL) /* the begin is the end when there are none */
        for (uint32_t lane = 0; lane < lanes; lane++)
            rows[lane] = offset[lane] - begin;
    else
        for (uint32_t lane = 0; lane < lanes; lane++)
            rows[lane] =
                last ? last_bit(selected->bits, offset[lane] - begin, offset[lane + 1] - begin)
                     : first_bit(selected->bits, offset[lane] - begin, offset[lane + 1] - begin);
}

/* One past the rows where there is none: padding, read for nothing. */
#define TAKE_EDGES(expression)                                          \
    for (uint32_t lane = 0, lanes = run->count; lane < lanes; lane++) { \
        size_t row = rows[lane];                                        \
        values[lane] = expression;                                      \
    }

/* Only the chosen rows are read where the argument stands in the table as it is. */
static bool take_stored_edges(struct run *run, const struct step *under,
                              const struct table_view *view, const uint32_t *rows,
                              struct vector *out)
{
    const struct population_column *column =
        under->run == step_column && under->shape == SHAPE_INT ? run->columns[under->a] : NULL;

    if (!column && under->run != step_row_time)
        return false;
    int64_t *values = out->i;

    /* Known is whose row is not the end of their rows. */
    run->kernels->differ_u32(rows, view->begin, view->offset + 1, run->count, out->bits);
    if (!column) {
        const uint32_t *time = view->time + view->begin;
        TAKE_EDGES((int64_t)time[row])
        return true;
    }

    int64_t base = column->base;
    const void *stored = column->values;
    size_t begin = view->begin;
    switch (column->width) {
    case 1: TAKE_EDGES(base + ((const uint8_t *)stored)[begin + row]) break;
    case 2: TAKE_EDGES(base + ((const uint16_t *)stored)[begin + row]) break;
    case 4: TAKE_EDGES(base + ((const uint32_t *)stored)[begin + row]) break;
    case 8: TAKE_EDGES(base + ((const int64_t *)stored)[begin + row]) break;
    /* No width: all values are the base. */
    default:
        for (uint32_t lane = 0; lane < run->count; lane++)
            values[lane] = base;
    }

    return true;
}

void step_edge(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    struct operand selected = operand_of(run, step->child[0]);

    if (selected.hint == HINT_NONE) {
        set_none(run, out);
        return;
    }

    bool last_of_all =
        step->a && selected.hint == HINT_ALL && step_of(run, step->child[1])->run == step_row_time;
    if (last_of_all && view->table && !run->delta) { /* kept by the population */
        const uint32_t *last_time = view->table->last_time + run->first;
        run->kernels->differ_u32(view->offset, 0, view->offset + 1, run->count, out->bits);
        run->kernels->widen_u32(last_time, run->count, out->i);
        return;
    }

    /* First a row for everyone, then one reading of the column, which needs no branch
     * where it is stored. */
    uint32_t *rows = arena_alloc(&run->scratch, (run->count + 1) * sizeof *rows);
    edge_rows(run, view, &selected, step->a, rows);
    if (take_stored_edges(run, step_of(run, step->child[1]), view, rows, out))
        return;

    struct operand argument = operand_of(run, step->child[1]);
    memset(out->bits, 0, words_of(run->count) * sizeof *out->bits);
    for (uint32_t lane = 0; lane < run->count; lane++)
        if (rows[lane] + view->begin < view->offset[lane + 1])
            plan_take_argument(step, &argument, rows[lane], out, lane);
}

static void extreme_integers(const struct run *run, const struct step *step,
                             const struct table_view *view, const struct operand *selected,
                             const struct operand *argument, struct vector *out)
{
    int64_t worst = step->a ? INT64_MIN : INT64_MAX;
    for (uint32_t lane = 0; lane < run->count; lane++) {
        /* What is not selected stands as the worst value there is, so that the loop
         * has no branch. */
        int64_t best = worst;
        bool any = false;
        for (uint32_t row = view->offset[lane] - view->begin;
             row < view->offset[lane + 1] - view->begin; row++) {
            bool in = bit_at(selected->bits, row);
            int64_t value = in ? argument->i[row] : worst;
            bool better = step->a ? value > best : value < best;
            best = better ? value : best;
            any |= in;
        }
        out->i[lane] = best;
        bit_or(out->bits, lane, any);
    }
}

void step_extreme(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    struct operand selected = operand_of(run, step->child[0]);

    memset(out->own_bits, 0, words_of(run->count) * sizeof *out->bits);
    if (selected.hint == HINT_NONE)
        return;
    struct operand argument = operand_of(run, step->child[1]);

    /* Codes of texts are in order of appearance, which says nothing of theirs. */
    if (step->shape == SHAPE_INT && step->type != VALUE_TEXT) {
        extreme_integers(run, step, view, &selected, &argument, out);
        return;
    }

    enum segment_compare wanted = step->a ? COMPARE_GT : COMPARE_LT;
    for (uint32_t lane = 0; lane < run->count; lane++) {
        int64_t best = -1;
        for (uint32_t row = view->offset[lane] - view->begin;
             row < view->offset[lane + 1] - view->begin; row++)
            if (bit_at(selected.bits, row) &&
                (best < 0 || compare_holds(run, wanted, &argument, row, &argument, (size_t)best)))
                best = row;
        if (best >= 0)
            plan_take_argument(step, &argument, (size_t)best, out, lane);
    }
}
