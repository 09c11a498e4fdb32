/*
 * Measures: one value a customer from the rows of one or several kinds. The rows of a batch of customers are one
 * contiguous range, so selections are bitmaps over that range, made by plain loops over narrow arrays; what a
 * customer's share of them is follows from the offsets. Counting is a difference of two ranks in the bitmap, without a
 * branch per customer.
 */
#include "segment/measures.h"

#include <string.h>

/* ---- windows ---- */

static bool block_is_quiet(const struct run *run, const struct table_view *view, int64_t lo)
{
    if (!view->table || !view->table->block_last || run->delta)
        return false;
    uint32_t from = run->first / POPULATION_BLOCK, to = (run->first + run->count - 1) / POPULATION_BLOCK;
    for (uint32_t block = from; block <= to; block++)
        if (view->table->block_last[block] >= lo)
            return false;
    return true;
}

/* The same window for every customer of the batch. */
static void window_for_all(struct run *run, const struct table_view *view, int64_t lo, int64_t hi, struct vector *out)
{
    hi = hi < run->now ? hi : run->now;
    lo = lo < 0 ? 0 : lo;
    if (lo > hi || view->begin == view->end || (lo > 0 && block_is_quiet(run, view, lo))) {
        set_none(run, out);
        return;
    }
    if (hi > UINT32_MAX)
        hi = UINT32_MAX;
    bool all = view->table && !run->delta && view->table->time_min >= lo && view->table->time_max <= hi;
    if (all)
        set_all(run, out);
    else
        run->kernels->range_u32(view->time + view->begin, view->end - view->begin, (uint32_t)lo, (uint32_t)(hi - lo),
                                out->bits);
}

static void window_each(struct run *run, const struct table_view *view, const struct operand *bounds,
                        struct vector *out)
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

static void keep_weekdays(struct run *run, const struct table_view *view, int64_t weekdays, struct vector *out)
{
    size_t lanes = view->end - view->begin;
    own_bits(out, lanes);
    for (size_t lane = 0; lane < lanes; lane++)
        if (bit_at(out->bits, lane) &&
            !(weekdays >> date_weekday(local_date(run->binding->clock, view->time[view->begin + lane])) & 1))
            out->bits[lane / 64] &= ~((uint64_t)1 << (lane % 64));
}

static bool is_anniversary(int32_t date, int32_t of)
{
    int32_t year = date_to_civil(date).year;
    return year >= date_to_civil(of).year && date_anniversary(of, year) == date;
}

static void keep_anniversaries(struct run *run, const struct table_view *view, const struct operand *of,
                               struct vector *out)
{
    own_bits(out, view->end - view->begin);
    for (uint32_t lane = 0; lane < run->count; lane++)
        for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++) {
            size_t bit = row - view->begin;
            bool keep =
                bit_at(of->bits, lane) && bit_at(out->bits, bit) &&
                is_anniversary(local_date(run->binding->clock, view->time[row]), (int32_t)of->i[lane * of->stride]);
            if (!keep)
                out->bits[bit / 64] &= ~((uint64_t)1 << (bit % 64));
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

/* counts[lane] = selected rows of the customer. */
static void count_selected(struct run *run, const struct table_view *view, const struct operand *selected,
                           uint32_t *counts)
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
    uint32_t *before = arena_alloc(&run->scratch, (words_of(view->end - begin) + 1) * sizeof *before);
    run->kernels->count_ranges(selected->bits, view->end - begin, view->offset + 1, begin, lanes, before, counts);
}

void step_count(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    struct operand selected = operand_of(run, step->child[0]);
    uint32_t *counts = arena_alloc(&run->scratch, (run->count + 1) * sizeof *counts);
    count_selected(run, view, &selected, counts);
    set_all(run, out);
    for (uint32_t lane = 0; lane < run->count; lane++)
        out->i[lane] = counts[lane];
}

/* Any fact since lo, when none is later than the window: the customer's last one tells. */
static bool any_by_last(struct run *run, const struct step *step, const struct table_view *view, struct vector *out)
{
    const struct step *window = step_of(run, step->child[0]);
    if (window->run != step_window || window->q || window->child_count > 1 || !view->table || run->delta)
        return false;
    struct operand bounds = operand_of(run, window->child[0]);
    if (bounds.stride || bounds.i[0] <= 0 || bounds.i[0] > UINT32_MAX || bounds.j[0] < view->table->time_max ||
        run->now < view->table->time_max)
        return false;
    uint32_t lo = (uint32_t)bounds.i[0];
    run->kernels->range_u32(view->table->last_time + run->first, run->count, lo, UINT32_MAX - lo, out->bits);
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
    uint32_t *counts = arena_alloc(&run->scratch, (run->count + 64) * sizeof *counts);
    count_selected(run, view, &selected, counts);
    memset(out->bits, 0, words_of(run->count) * sizeof *out->bits);
    for (uint32_t lane = 0; lane < run->count; lane++)
        out->bits[lane / 64] |= (uint64_t)(counts[lane] != 0) << (lane % 64);
}

/* ---- sums ---- */

#define FOR_SELECTED(selected, view, row)                                 \
    for (size_t w_ = 0; w_ < words_of((view)->end - (view)->begin); w_++) \
        for (uint64_t row, left_ = selected_word(selected, view, w_);     \
             left_ && (row = w_ * 64 + (uint64_t)__builtin_ctzll(left_), true); left_ &= left_ - 1)

static inline uint64_t selected_word(const struct operand *selected, const struct table_view *view, size_t w)
{
    size_t rows = view->end - view->begin;
    return w * 64 + 64 > rows ? selected->bits[w] & (((uint64_t)1 << (rows % 64)) - 1) : selected->bits[w];
}

static void sum_doubles(struct run *run, const struct table_view *view, const struct operand *selected,
                        const struct operand *argument, struct vector *out)
{
    uint32_t lane = 0;
    memset(out->d, 0, run->count * sizeof *out->d);
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
    int64_t low = column->base, high = column->max, limit = INT64_MAX / ((int64_t)(view->end - view->begin) + 1);
    return low > -limit && high < limit;
}

/* Values of the selected rows of a stored column, one behind the other; all selected: bits is NULL. Returns their
 * number. */
#define COLLECT_ROWS(type)                                                                                          \
    do {                                                                                                            \
        const type *in_ = (const type *)column->values + begin;                                                     \
        if (!bits) {                                                                                                \
            for (size_t row = 0; row < rows; row++)                                                                 \
                out[row] = base + (int64_t)in_[row];                                                                \
            return rows;                                                                                            \
        }                                                                                                           \
        for (size_t w = 0; w < words_of(rows); w++)                                                                 \
            for (uint64_t left = w * 64 + 64 > rows ? bits[w] & (((uint64_t)1 << (rows % 64)) - 1) : bits[w]; left; \
                 left &= left - 1)                                                                                  \
                out[used++] = base + (int64_t)in_[w * 64 + (size_t)__builtin_ctzll(left)];                          \
    } while (0)

static size_t collect_rows(const struct population_column *column, size_t begin, size_t rows, const uint64_t *bits,
                           int64_t *out)
{
    int64_t base = column->base;
    size_t used = 0;
    switch (column->width) {
    case 1: COLLECT_ROWS(uint8_t); break;
    case 2: COLLECT_ROWS(uint16_t); break;
    case 4: COLLECT_ROWS(uint32_t); break;
    case 8: COLLECT_ROWS(int64_t); break;
    default:
        for (size_t row = 0; row < rows; row++)
            if (!bits || bit_at(bits, row))
                out[used++] = base;
    }
    return used;
}

struct collected segment_collect_selected(struct run *run, const struct table_view *view,
                                          const struct operand *selected, const struct population_column *column)
{
    size_t rows = view->end - view->begin, words = words_of(rows);
    struct collected collected = {arena_alloc(&run->scratch, (rows + 65) * sizeof *collected.values),
                                  arena_alloc(&run->scratch, (run->count + 1) * sizeof *collected.counts), 0};
    struct operand mask = *selected;
    if (column->known) {
        struct vector known = {.bits = arena_alloc(&run->scratch, (words + 1) * sizeof *known.bits)};
        column_known(run, column, view->begin, rows, &known);
        for (size_t w = 0; w < words; w++)
            known.bits[w] &= selected->bits[w];
        mask.bits = known.bits;
        mask.hint = HINT_MIXED;
    }
    count_selected(run, view, &mask, collected.counts);
    collected.count =
        collect_rows(column, view->begin, rows, mask.hint == HINT_ALL ? NULL : mask.bits, collected.values);
    return collected;
}

/* Running totals over the selected rows; a customer's sum is a difference of two. No branch depends on a customer. */
static void sum_by_totals(struct run *run, const struct step *step, const struct table_view *view,
                          const struct operand *selected, struct vector *out)
{
    struct collected collected =
        segment_collect_selected(run, view, selected, run->columns[step_of(run, step->child[1])->a]);
    int64_t total = 0, before = 0;
    for (size_t i = 0; i < collected.count; i++) {
        int64_t value = collected.values[i];
        collected.values[i] = total;
        total += value;
    }
    collected.values[collected.count] = total;
    size_t at = 0;
    for (uint32_t lane = 0; lane < run->count; lane++) {
        at += collected.counts[lane];
        out->i[lane] = collected.values[at] - before;
        before = collected.values[at];
    }
}

static void sum_wide(struct run *run, const struct table_view *view, const struct operand *selected,
                     const struct operand *argument, struct vector *out)
{
    int128 sums[BATCH] = {0};
    uint32_t lane = 0;
    FOR_SELECTED(selected, view, row) {
        while (view->begin + row >= view->offset[lane + 1])
            lane++;
        if (bit_at(argument->bits, row))
            sums[lane] += argument->i[row];
    }
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
    if (step->shape != SHAPE_DOUBLE && sum_fits(run, step, view)) {
        sum_by_totals(run, step, view, &selected, out);
        return;
    }
    struct operand argument = operand_of(run, step->child[1]);
    if (step->shape == SHAPE_DOUBLE)
        sum_doubles(run, view, &selected, &argument, out);
    else
        sum_wide(run, view, &selected, &argument, out);
}

void step_average(struct run *run, const struct step *step, struct vector *out)
{
    struct operand sum = operand_of(run, step->child[0]), count = operand_of(run, step->child[1]);
    size_t lanes = lanes_of(run, step);
    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    double unit = sum.step->type == VALUE_DECIMAL ? (double)number_power10(sum.step->scale) : 1;
    for (size_t lane = 0; lane < lanes; lane++) {
        int64_t n = count.i[lane];
        if (n == 0)
            continue;
        bit_set(out->bits, lane);
        out->d[lane] =
            sum.step->shape == SHAPE_DOUBLE ? sum.d[lane] / (double)n : (double)sum.i[lane] / ((double)n * unit);
    }
}

/* ---- first, last, least and greatest of one kind ---- */

void segment_take_argument(const struct step *step, const struct operand *argument, size_t row, struct vector *out,
                           size_t lane)
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

/* rows[lane]: the first (or last) selected row of each customer, the end of their rows where there is none. */
static void edge_rows(const struct run *run, const struct table_view *view, const struct operand *selected, bool last,
                      uint32_t *rows)
{
    bool all = selected->hint == HINT_ALL;
    for (uint32_t lane = 0; lane < run->count; lane++) {
        uint32_t begin = view->offset[lane] - view->begin, end = view->offset[lane + 1] - view->begin;
        if (all)
            rows[lane] = last ? end - (end > begin) : begin; /* begin is the end when there are none */
        else
            rows[lane] = last ? last_bit(selected->bits, begin, end) : first_bit(selected->bits, begin, end);
    }
}

#define TAKE_EDGES(expression)                                                                          \
    for (uint32_t lane = 0; lane < run->count; lane++) {                                                \
        size_t row = rows[lane]; /* one past the rows where there is none: padding, read for nothing */ \
        out->bits[lane / 64] |= (uint64_t)(row + view->begin < view->offset[lane + 1]) << (lane % 64);  \
        out->i[lane] = expression;                                                                      \
    }

/* Only the chosen rows are read where the argument stands in the table as it is. */
static bool take_stored_edges(struct run *run, const struct step *under, const struct table_view *view,
                              const uint32_t *rows, struct vector *out)
{
    if (under->run == step_row_time) {
        const uint32_t *time = view->time + view->begin;
        TAKE_EDGES((int64_t)time[row])
        return true;
    }
    const struct population_column *column =
        under->run == step_column && under->shape == SHAPE_INT ? run->columns[under->a] : NULL;
    if (!column)
        return false;
    switch (column->width) {
    case 1: TAKE_EDGES(column->base + ((const uint8_t *)column->values)[view->begin + row]) break;
    case 2: TAKE_EDGES(column->base + ((const uint16_t *)column->values)[view->begin + row]) break;
    case 4: TAKE_EDGES(column->base + ((const uint32_t *)column->values)[view->begin + row]) break;
    case 8: TAKE_EDGES(column->base + ((const int64_t *)column->values)[view->begin + row]) break;
    default: TAKE_EDGES(column->base)
    }
    return true;
}

void step_edge(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    struct operand selected = operand_of(run, step->child[0]);
    memset(out->own_bits, 0, words_of(run->count) * sizeof *out->bits);
    if (selected.hint == HINT_NONE)
        return;
    bool last_of_all = step->a && selected.hint == HINT_ALL && step_of(run, step->child[1])->run == step_row_time;
    if (last_of_all && view->table && !run->delta) { /* kept by the population */
        for (uint32_t lane = 0; lane < run->count; lane++) {
            out->i[lane] = view->table->last_time[run->first + lane];
            out->bits[lane / 64] |= (uint64_t)(view->offset[lane] < view->offset[lane + 1]) << (lane % 64);
        }
        return;
    }
    uint32_t *rows = arena_alloc(&run->scratch, run->count * sizeof *rows);
    edge_rows(run, view, &selected, step->a, rows);
    if (take_stored_edges(run, step_of(run, step->child[1]), view, rows, out))
        return;
    struct operand argument = operand_of(run, step->child[1]);
    for (uint32_t lane = 0; lane < run->count; lane++)
        if (rows[lane] + view->begin < view->offset[lane + 1])
            segment_take_argument(step, &argument, rows[lane], out, lane);
}

static void extreme_integers(const struct run *run, const struct step *step, const struct table_view *view,
                             const struct operand *selected, const struct operand *argument, struct vector *out)
{
    int64_t worst = step->a ? INT64_MIN : INT64_MAX;
    for (uint32_t lane = 0; lane < run->count; lane++) {
        int64_t best = worst;
        bool any = false;
        for (uint32_t row = view->offset[lane] - view->begin; row < view->offset[lane + 1] - view->begin; row++) {
            bool in = bit_at(selected->bits, row);
            int64_t value = in ? argument->i[row] : worst;
            best = step->a ? (value > best ? value : best) : (value < best ? value : best);
            any |= in;
        }
        out->i[lane] = best;
        out->bits[lane / 64] |= (uint64_t)any << (lane % 64);
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
    if (step->shape == SHAPE_INT && step->type != VALUE_TEXT) {
        extreme_integers(run, step, view, &selected, &argument, out);
        return;
    }
    enum segment_compare wanted = step->a ? COMPARE_GT : COMPARE_LT;
    for (uint32_t lane = 0; lane < run->count; lane++) {
        int64_t best = -1;
        for (uint32_t row = view->offset[lane] - view->begin; row < view->offset[lane + 1] - view->begin; row++)
            if (bit_at(selected.bits, row) &&
                (best < 0 || compare_holds(run, wanted, &argument, row, &argument, (size_t)best)))
                best = row;
        if (best >= 0)
            segment_take_argument(step, &argument, (size_t)best, out, lane);
    }
}
