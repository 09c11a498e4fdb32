/*
 * Conditions: and, or, not, comparisons, lists, text and set tests. The same functions serve every
 * frame. A condition is a bitmap, so operators work on 64 lanes at a time; and most comparisons
 * come down to one question, whether a value lies in a range, for which there are kernels: a
 * comparison with a constant is a range of numbers, an equality of texts a range of one code. Only
 * what is left goes lane by lane, and only where both sides are known.
 */
#include "plan/measures.h"

#include <math.h>
#include <string.h>

/* out[lane] = expression for all lanes, a word at a time. The expression may be evaluated for lanes
 * past the last. */
#define FILL_BITS(out, lanes, expression)             \
    for (size_t w_ = 0; w_ < words_of(lanes); w_++) { \
        uint64_t word_ = 0;                           \
        for (unsigned j_ = 0; j_ < 64; j_++) {        \
            size_t lane = w_ * 64 + j_;               \
            word_ |= (uint64_t)(expression) << j_;    \
        }                                             \
        (out)->bits[w_] = word_;                      \
    }

/* For expressions that may only be evaluated for real lanes whose bit in `wanted` is set. */
#define FILL_KNOWN(out, lanes, wanted, expression)                  \
    for (size_t w_ = 0; w_ < words_of(lanes); w_++) {               \
        uint64_t left_ = (wanted)[w_], word_ = 0;                   \
        if (w_ * 64 + 64 > (lanes))                                 \
            left_ &= ((uint64_t)1 << ((lanes) % 64)) - 1;           \
        for (; left_; left_ &= left_ - 1) {                         \
            size_t lane = w_ * 64 + (size_t)__builtin_ctzll(left_); \
            word_ |= (uint64_t)(expression) << (lane % 64);         \
        }                                                           \
        (out)->bits[w_] = word_;                                    \
    }

static bool any_bit(const uint64_t *bits, size_t lanes)
{
    size_t whole = lanes / 64;
    uint64_t found = lanes % 64 ? bits[whole] & (((uint64_t)1 << (lanes % 64)) - 1) : 0;
    for (size_t w = 0; w < whole; w++)
        found |= bits[w];
    return found != 0;
}

void step_and(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step), words = words_of(lanes);

    set_all(run, out);
    for (int c = 0; c < step->child_count; c++) {
        struct operand child = operand_of(run, step->child[c]);
        if (child.hint == HINT_ALL)
            continue;

        /* Nothing is left to be taken away: what stands behind is not even evaluated. */
        if (child.hint == HINT_NONE) {
            set_none(run, out);
            return;
        }

        /* The first that says something becomes the answer; the step's own bits are
         * needed from here on. */
        if (out->hint == HINT_ALL) {
            memcpy(out->own_bits, child.bits, words * sizeof *out->bits);
            out->bits = out->own_bits;
            out->hint = HINT_MIXED;
            continue;
        }

        for (size_t w = 0; w < words; w++)
            out->bits[w] &= child.bits[w];
        if (!any_bit(out->bits, lanes)) {
            set_none(run, out);
            return;
        }
    }
}

void step_or(struct run *run, const struct step *step, struct vector *out)
{
    size_t words = words_of(lanes_of(run, step));

    set_none(run, out);
    for (int c = 0; c < step->child_count; c++) {
        struct operand child = operand_of(run, step->child[c]);
        if (child.hint == HINT_NONE)
            continue;

        /* Everybody is in already: what stands behind is not even evaluated. */
        if (child.hint == HINT_ALL) {
            set_all(run, out);
            return;
        }

        if (out->hint == HINT_NONE) {
            memcpy(out->own_bits, child.bits, words * sizeof *out->bits);
            out->bits = out->own_bits;
            out->hint = HINT_MIXED;
            continue;
        }

        for (size_t w = 0; w < words; w++)
            out->bits[w] |= child.bits[w];
    }
}

void step_not(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t words = words_of(lanes_of(run, step));

    if (child.hint == HINT_ALL) {
        set_none(run, out);
    } else if (child.hint == HINT_NONE) {
        set_all(run, out);
    } else {
        for (size_t w = 0; w < words; w++)
            out->bits[w] = ~child.bits[w];
    }
}

void step_known(struct run *run, const struct step *step, struct vector *out)
{
    const struct step *under = step_of(run, step->child[0]);
    if (under->run == step_column && run->columns[under->a]) { /* without looking at the values */
        column_known(run, run->columns[under->a], run->views[under->b].begin, lanes_of(run, step),
                     out);
        return;
    }

    struct operand child = operand_of(run, step->child[0]);
    out->bits = (uint64_t *)child.bits;
    out->hint = child.hint;
}

/* A known yes/no value that is true. */
void step_truth(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    FILL_KNOWN(out, lanes, child.bits, child.i[lane * child.stride] != 0);
}

void step_as_value(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    set_all(run, out);
    for (size_t lane = 0; lane < lanes; lane++)
        out->i[lane] = bit_at(child.bits, lane);
}

/* ---- comparisons ---- */

static bool is_double(const struct operand *operand)
{
    return operand->step->shape == SHAPE_DOUBLE;
}

double operand_number(const struct operand *operand, size_t lane)
{
    size_t at = lane * operand->stride;
    if (is_double(operand))
        return operand->d[at];
    if (operand->step->type == VALUE_DECIMAL && operand->step->scale)
        return (double)operand->i[at] / (double)number_power10(operand->step->scale);
    return (double)operand->i[at];
}

static bool order_holds(enum segment_compare compare, int order)
{
    switch (compare) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    default: return order >= 0;
    }
}

static int decimal_scale(const struct operand *operand)
{
    return operand->step->type == VALUE_DECIMAL ? operand->step->scale : 0;
}

static int compare_decimals(const struct operand *a, size_t x, const struct operand *b, size_t y)
{
    int left = decimal_scale(a), right = decimal_scale(b);
    int128 m = a->i[x * a->stride], n = b->i[y * b->stride];
    if (left < right)
        m *= number_power10(right - left);
    else if (right < left)
        n *= number_power10(left - right);
    return (m > n) - (m < n);
}

static int compare_lanes(struct run *run, const struct operand *a, size_t x,
                         const struct operand *b, size_t y)
{
    if (a->step->type == VALUE_TEXT) {
        struct text left = operand_text(run, a, x), right = operand_text(run, b, y);
        return a->step->version || b->step->version ? version_compare(left, right)
                                                    : text_compare(left, right);
    }

    if (is_double(a) || is_double(b)) {
        double left = operand_number(a, x), right = operand_number(b, y);
        return (left > right) - (left < right);
    }
    return compare_decimals(a, x, b, y);
}

bool compare_holds(struct run *run, enum segment_compare compare, const struct operand *a, size_t x,
                   const struct operand *b, size_t y)
{
    bool codes = a->step->type == VALUE_TEXT && a->step->shape == SHAPE_INT &&
                 b->step->shape == SHAPE_INT && !a->step->version && !b->step->version;
    /* Equal codes are equal texts; of others only the texts can tell the order. */
    if (codes && (compare <= COMPARE_NE || a->i[x * a->stride] == b->i[y * b->stride]))
        return order_holds(compare, a->i[x * a->stride] != b->i[y * b->stride]);

    return order_holds(compare, compare_lanes(run, a, x, b, y));
}

/* The values that compare so with a constant, as a range; COMPARE_NE is the outside of one. */
static struct segment_bounds compare_range(enum segment_compare compare, int64_t value)
{
    static const struct segment_bounds nothing = {1, 0};
    switch (compare) {
    case COMPARE_LT:
        return value == INT64_MIN ? nothing : (struct segment_bounds){INT64_MIN, value - 1};
    case COMPARE_LE: return (struct segment_bounds){INT64_MIN, value};
    case COMPARE_GT:
        return value == INT64_MAX ? nothing : (struct segment_bounds){value + 1, INT64_MAX};
    case COMPARE_GE: return (struct segment_bounds){value, INT64_MAX};
    default: return (struct segment_bounds){value, value};
    }
}

#define FILL_COMPARE(out, lanes, left, right)                        \
    switch (compare) {                                               \
    case COMPARE_EQ: FILL_BITS(out, lanes, (left) == (right)) break; \
    case COMPARE_NE: FILL_BITS(out, lanes, (left) != (right)) break; \
    case COMPARE_LT: FILL_BITS(out, lanes, (left) < (right)) break;  \
    case COMPARE_LE: FILL_BITS(out, lanes, (left) <= (right)) break; \
    case COMPARE_GT: FILL_BITS(out, lanes, (left) > (right)) break;  \
    case COMPARE_GE: FILL_BITS(out, lanes, (left) >= (right)) break; \
    }

static void compare_integers(const struct kernels *kernels, enum segment_compare compare,
                             const struct operand *a, const struct operand *b, size_t lanes,
                             struct vector *out)
{
    if (b->stride == 0 && a->stride == 1) {
        struct segment_bounds range = compare_range(compare, b->i[0]);
        kernels->range_i64(a->i, lanes, range.lo, range.hi, out->bits);
        for (size_t w = 0; compare == COMPARE_NE && w < words_of(lanes); w++)
            out->bits[w] = ~out->bits[w];
    } else {
        FILL_COMPARE(out, lanes, a->i[lane * a->stride], b->i[lane * b->stride])
    }
}

static void both_known(struct vector *out, const struct operand *a, const struct operand *b,
                       size_t lanes)
{
    for (size_t w = 0; w < words_of(lanes); w++)
        out->bits[w] &= a->bits[w] & b->bits[w];
}

static void mask_known(uint64_t *mask, const struct operand *a, const struct operand *b,
                       size_t lanes)
{
    for (size_t w = 0; w < words_of(lanes); w++)
        mask[w] = a->bits[w] & b->bits[w];
}

/* A stored column against a constant of its own scale: no need to widen it. */
static bool compare_stored(struct run *run, const struct step *step, struct vector *out)
{
    const struct step *a = step_of(run, step->child[0]), *b = step_of(run, step->child[1]);
    size_t begin;
    /* `!=` is what lies outside a range, and so would what is unknown. */
    bool plain =
        b->frame == FRAME_ONE && b->shape == SHAPE_INT && a->type != VALUE_TEXT &&
        step->a != COMPARE_NE &&
        (a->type == VALUE_DECIMAL ? a->scale : 0) == (b->type == VALUE_DECIMAL ? b->scale : 0);
    const struct population_column *column = plain ? stored_column(run, a, &begin) : NULL;
    if (!column)
        return false;

    struct operand constant = operand_of(run, step->child[1]);
    struct segment_bounds range = compare_range((enum segment_compare)step->a, constant.i[0]);
    if (constant.hint == HINT_NONE)
        set_none(run, out);
    else
        column_range(run, column, begin, lanes_of(run, step), range.lo, range.hi, out);
    return true;
}

/* A count against a constant: as it was counted, without widening it. */
static bool compare_counted(struct run *run, const struct step *step, struct vector *out)
{
    const struct step *a = step_of(run, step->child[0]), *b = step_of(run, step->child[1]);
    bool whole = b->frame == FRAME_ONE && b->shape == SHAPE_INT &&
                 (b->type != VALUE_DECIMAL || b->scale == 0);
    if (a->run != step_count || !whole || step->a == COMPARE_NE)
        return false;
    struct operand constant = operand_of(run, step->child[1]),
                   selected = operand_of(run, a->child[0]);
    struct segment_bounds range = compare_range((enum segment_compare)step->a, constant.i[0]);
    /* Counts are 32 bits and never negative. */
    int64_t lo = range.lo < 0 ? 0 : range.lo, hi = range.hi > UINT32_MAX ? UINT32_MAX : range.hi;

    if (lo > hi || constant.hint == HINT_NONE || (lo > 0 && selected.hint == HINT_NONE)) {
        set_none(run, out);
        return true;
    }

    const uint32_t *counts = plan_count_selected(run, &run->views[a->b], &selected);
    run->kernels->range_u32(counts, lanes_of(run, step), (uint32_t)lo, (uint32_t)(hi - lo),
                            out->bits);
    return true;
}

/* A value in constant bounds: what a comparison with a step-wise function of it (age, days since)
 * comes to. */
void step_in_range(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step), begin;
    const struct step *under = step_of(run, step->child[0]);
    struct operand bounds = operand_of(run, step->child[1]);
    const struct population_column *column = stored_column(run, under, &begin);

    if (column) {
        column_range(run, column, begin, lanes, bounds.i[0], bounds.j[0], out);
        return;
    }

    struct operand value = operand_of(run, step->child[0]);
    run->kernels->range_i64(value.i, value.stride ? lanes : 1, bounds.i[0], bounds.j[0], out->bits);
    for (size_t w = 0; w < words_of(lanes); w++)
        out->bits[w] &= value.bits[w];
}

/* The lanes as doubles, readable to the end of the last word: as they are, or converted. */
static const double *doubles_of(struct run *run, const struct operand *operand, size_t lanes)
{
    if (is_double(operand) && operand->stride)
        return operand->d;
    double *out = arena_alloc(&run->scratch, (lanes + 64) * sizeof *out);
    numbers_of(operand, lanes, out);
    /* The loops over whole words read on behind the last lane. */
    for (size_t lane = lanes; lane < words_of(lanes) * 64; lane++)
        out[lane] = 0;
    return out;
}

struct double_range {
    double lo, hi;
};

/* The doubles that compare so with a constant; COMPARE_NE is the outside of one. */
static struct double_range compare_double_range(enum segment_compare compare, double value)
{
    switch (compare) {
    case COMPARE_LT:
        return (struct double_range){value == -INFINITY ? INFINITY : -INFINITY,
                                     nextafter(value, -INFINITY)};
    case COMPARE_LE: return (struct double_range){-INFINITY, value};
    case COMPARE_GT:
        return (struct double_range){nextafter(value, INFINITY),
                                     value == INFINITY ? -INFINITY : INFINITY};
    case COMPARE_GE: return (struct double_range){value, INFINITY};
    default: return (struct double_range){value, value};
    }
}

static void compare_doubles(struct run *run, enum segment_compare compare, const struct operand *a,
                            const struct operand *b, size_t lanes, struct vector *out)
{
    const double *left = doubles_of(run, a, lanes),
                 *right = doubles_of(run, b, b->stride ? lanes : 1);
    if (b->stride) {
        FILL_COMPARE(out, lanes, left[lane], right[lane])
    } else {
        struct double_range range = compare_double_range(compare, right[0]);
        run->kernels->range_f64(left, lanes, range.lo, range.hi, out->bits);
        for (size_t w = 0; compare == COMPARE_NE && w < words_of(lanes); w++)
            out->bits[w] = ~out->bits[w];
    }
}

/* Whether the operand's texts are codes of the population's dictionary, where equal texts have
 * equal codes. */
static bool is_coded(const struct run *run, const struct operand *operand)
{
    return operand->step->type == VALUE_TEXT && operand->step->shape == SHAPE_INT &&
           operand->stride == 1 && !operand->step->version && !run->delta;
}

/* The code of a constant text; no column holds POPULATION_NO_CODE. */
static int64_t constant_code(struct run *run, const struct operand *constant)
{
    if (constant->step->shape == SHAPE_INT)
        return constant->i[0];
    return (int64_t)population_code(run->population, operand_text(run, constant, 0));
}

/* Codes against a constant text: one look-up, then numbers. A dictionary may have a million texts,
 * and every one of them is a lane where a test is tabled. */
static bool compare_coded(struct run *run, enum segment_compare compare, const struct operand *a,
                          const struct operand *b, size_t lanes, struct vector *out)
{
    if (compare > COMPARE_NE || !is_coded(run, a) || b->stride != 0 || b->step->version)
        return false;
    int64_t code = constant_code(run, b);
    struct operand constant = {.step = b->step, .i = &code};
    compare_integers(run->kernels, compare, a, &constant, lanes, out);
    both_known(out, a, b, lanes);
    return true;
}

void step_compare(struct run *run, const struct step *step, struct vector *out)
{
    if (compare_stored(run, step, out) || compare_counted(run, step, out))
        return;
    struct operand a = operand_of(run, step->child[0]), b = operand_of(run, step->child[1]);
    enum segment_compare compare = (enum segment_compare)step->a;
    size_t lanes = lanes_of(run, step);

    if (a.hint == HINT_NONE || b.hint == HINT_NONE) {
        set_none(run, out);
        return;
    }

    /* Codes first, then integers of one scale as they stand, then doubles if either
     * side is one. Whatever is left is compared lane by lane, and only where known. */
    if (compare_coded(run, compare, &a, &b, lanes, out))
        return;
    bool plain = a.step->type != VALUE_TEXT && !is_double(&a) && !is_double(&b);
    if (plain && decimal_scale(&a) == decimal_scale(&b)) {
        compare_integers(run->kernels, compare, &a, &b, lanes, out);
        if (a.hint != HINT_ALL || b.hint != HINT_ALL)
            both_known(out, &a, &b, lanes);
    } else if (a.step->type != VALUE_TEXT && (is_double(&a) || is_double(&b))) {
        compare_doubles(run, compare, &a, &b, lanes, out);
        both_known(out, &a, &b, lanes);
    } else {
        mask_known(out->bits, &a, &b, lanes);
        FILL_KNOWN(out, lanes, out->bits, compare_holds(run, compare, &a, lane, &b, lane));
    }
}

/* ---- lists ---- */

static bool folded_equal(struct run *run, struct text a, struct text b)
{
    struct text x = text_fold(a, &run->scratch), y = text_fold(b, &run->scratch);
    return text_equal(x, y);
}

/* Up to so many items are tried one by one; more are sorted, and searched by bisection. */
enum { LIST_SCAN = 8 };

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The items as sorted numbers, when they are the same kind of number as the value. */
static int64_t *sorted_items(struct run *run, const struct step *step, const struct operand *value,
                             size_t *count)
{
    if (is_double(value) || step->version || step->b || step->child_count - 1 <= LIST_SCAN)
        return NULL;

    int64_t *items = arena_alloc(&run->scratch, (size_t)step->child_count * sizeof *items);
    for (int c = 1; c < step->child_count; c++) {
        struct operand item = operand_of(run, step->child[c]);
        bool text = value->step->type == VALUE_TEXT && value->step->shape == SHAPE_INT;
        if (is_double(&item) || decimal_scale(&item) != decimal_scale(value) ||
            (value->step->type == VALUE_TEXT && !text))
            return NULL;
        /* A text that the dictionary lacks gets the code that no row has. */
        items[c - 1] = text ? (int64_t)population_code(run->population, operand_text(run, &item, 0))
                            : item.i[0];
    }

    *count = (size_t)step->child_count - 1;
    qsort(items, *count, sizeof *items, by_value);
    return items;
}

static bool in_items(struct run *run, const struct step *step, const struct operand *value,
                     size_t lane, const struct operand *items)
{
    for (int c = 1; c < step->child_count; c++) {
        const struct operand *item = &items[c - 1];
        if (!(item->bits[0] & 1))
            continue;
        if (step->b &&
            folded_equal(run, operand_text(run, value, lane), operand_text(run, item, 0)))
            return true;
        if (!step->b && compare_holds(run, COMPARE_EQ, value, lane, item, 0))
            return true;
    }
    return false;
}

/* Codes against a few texts. */
static bool in_coded(struct run *run, const struct step *step, const struct operand *value,
                     size_t lanes, struct vector *out)
{
    bool plain =
        is_coded(run, value) && !step->b && !step->version && step->child_count - 1 <= LIST_SCAN;
    for (int c = 1; plain && c < step->child_count; c++)
        plain = !step_of(run, step->child[c])->version;
    if (!plain)
        return false;

    /* An equality a text, each over all lanes: for a few that is quicker than one
     * search a lane. */
    uint64_t *equal = arena_alloc(&run->scratch, words_of(lanes) * sizeof *equal);
    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);

    for (int c = 1; c < step->child_count; c++) {
        struct operand item = operand_of(run, step->child[c]);
        if (!(item.bits[0] & 1))
            continue;
        int64_t code = constant_code(run, &item);
        run->kernels->range_i64(value->i, lanes, code, code, equal);
        for (size_t w = 0; w < words_of(lanes); w++)
            out->bits[w] |= equal[w] & value->bits[w];
    }
    return true;
}

void step_in(struct run *run, const struct step *step, struct vector *out)
{
    struct operand value = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step), count = 0;

    if (in_coded(run, step, &value, lanes, out))
        return;
    int64_t *sorted = sorted_items(run, step, &value, &count);
    /* What a delta brought may be a text that the list names and the dictionary lacks. */
    bool delta = run->delta != NULL;
    if (sorted && !delta) {
        FILL_KNOWN(out, lanes, value.bits,
                   bsearch(&value.i[lane * value.stride], sorted, count, sizeof *sorted,
                           by_value) != NULL);
        return;
    }

    struct operand *items = arena_alloc(&run->scratch, (size_t)step->child_count * sizeof *items);
    for (int c = 1; c < step->child_count; c++)
        items[c - 1] = operand_of(run, step->child[c]);
    FILL_KNOWN(out, lanes, value.bits, in_items(run, step, &value, lane, items));
}

/* ---- texts ---- */

/* Bytes of the code point at text[at]. */
static size_t point_length(struct text text, size_t at)
{
    size_t end = at + 1;
    while (end < text.length && ((unsigned char)text.data[end] & 0xc0) == 0x80)
        end++;
    return end - at;
}

/* One pattern element at p against text at t: how many bytes of each it takes; false when it does
 * not fit. */
static bool like_element(struct text text, size_t t, struct text pattern, size_t p, size_t *taken,
                         size_t *used)
{
    *used = 1;
    if (pattern.data[p] == '_') {
        *taken = point_length(text, t);
        return true;
    }
    if (pattern.data[p] == '\\' && p + 1 < pattern.length) {
        p++;
        *used = 2;
    }
    *taken = 1;
    return text.data[t] == pattern.data[p];
}

bool like_matches(struct text text, struct text pattern)
{
    /* Where the rest does not fit, the last % takes a character more. Those before it
     * need not be tried again, so the cost is at most the product of the lengths. */
    size_t t = 0, p = 0, star = SIZE_MAX, resume = 0;
    while (t < text.length) {
        size_t taken, used;
        if (p < pattern.length && pattern.data[p] == '%') {
            star = ++p;
            resume = t;
        } else if (p < pattern.length && like_element(text, t, pattern, p, &taken, &used)) {
            t += taken;
            p += used;
        } else if (star != SIZE_MAX) {
            resume += point_length(text, resume);
            t = resume;
            p = star;
        } else {
            return false;
        }
    }

    while (p < pattern.length && pattern.data[p] == '%')
        p++;
    return p == pattern.length;
}

static bool contains(struct text text, struct text part)
{
    return part.length == 0 ||
           (text.length && memmem(text.data, text.length, part.data, part.length));
}

/* A pattern that would search for ages is given up by PCRE, which says nothing of whether it
 * matches. */
static bool matches(struct run *run, const pcre2_code *pattern, struct text text)
{
    enum { SHOWN = 40 };

    if (!run->match)
        run->match = pcre2_match_data_create(1, NULL);
    const char *subject = text.length ? text.data : "";
    int found = pcre2_match(pattern, (PCRE2_SPTR)subject, text.length, 0, PCRE2_NO_UTF_CHECK,
                            run->match, NULL);
    /* Nothing is known of the answer, so the evaluation fails rather than guess. */
    if (found < 0 && found != PCRE2_ERROR_NOMATCH)
        run_fail(run,
                 "a pattern of “matches” takes too many steps on the text '%.*s%s'; write it "
                 "without repetitions "
                 "inside repetitions",
                 text.length < SHOWN ? (int)text.length : SHOWN, subject,
                 text.length < SHOWN ? "" : "…");
    return found >= 0;
}

static bool text_holds(struct run *run, const struct step *step, struct text text,
                       struct text other)
{
    if (step->a == TEXT_MATCHES)
        return matches(run, run->plan->patterns.items[step->c], text);

    if (step->b) {
        text = text_fold(text, &run->scratch);
        other = text_fold(other, &run->scratch);
    }

    switch (step->a) {
    case TEXT_CONTAINS: return contains(text, other);
    case TEXT_STARTS: return text_starts(text, other);
    case TEXT_ENDS: return text_ends(text, other);
    case TEXT_LIKE: return like_matches(text, other);
    default: return text_equal(text, other);
    }
}

void step_text(struct run *run, const struct step *step, struct vector *out)
{
    struct operand a = operand_of(run, step->child[0]), b = operand_of(run, step->child[1]);
    size_t lanes = lanes_of(run, step);
    mask_known(out->bits, &a, &b, lanes);
    FILL_KNOWN(out, lanes, out->bits,
               text_holds(run, step, operand_text(run, &a, lane), operand_text(run, &b, lane)));
}

/* ---- sets ---- */

static bool set_has(struct run *run, const struct operand *set, size_t lane, struct text text,
                    uint32_t code)
{
    const uint32_t *codes = set->codes[lane * set->stride];
    /* Codes past the dictionary are a delta's: these are told apart by their texts. */
    for (uint32_t i = 0; i < set->count[lane * set->stride]; i++)
        if (codes[i] == code ||
            (codes[i] >= run->population->code_count && text_equal(run_text(run, codes[i]), text)))
            return true;
    return false;
}

static bool set_holds(struct run *run, const struct step *step, const struct operand *set,
                      size_t lane, const struct text *texts, const uint32_t *codes)
{
    int found = 0, wanted = step->child_count - 1;
    for (int c = 0; c < wanted; c++)
        found += set_has(run, set, lane, texts[c], codes[c]);
    if (step->a == SET_ANY_OF)
        return found > 0;
    return found == (step->a == SET_ALL_OF ? wanted : 0);
}

void step_set(struct run *run, const struct step *step, struct vector *out)
{
    struct operand set = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step), count = (size_t)step->child_count;
    struct text *texts = arena_alloc(&run->scratch, count * sizeof *texts);

    uint32_t *codes = arena_alloc(&run->scratch, count * sizeof *codes);

    for (int c = 1; c < step->child_count; c++) {
        struct operand item = operand_of(run, step->child[c]);
        texts[c - 1] = operand_text(run, &item, 0);
        codes[c - 1] = population_code(run->population, texts[c - 1]);
    }

    FILL_KNOWN(out, lanes, set.bits, set_holds(run, step, &set, lane, texts, codes));
}
