/*
 * Values from values. Whole numbers and decimals are exact: what leaves 64 bits ends the evaluation
 * with an error instead of a wrong number. Where tree.h says so they are doubles, of which those
 * that are no number or beyond all bounds are unknown. What is unknown on either side is unknown,
 * so knownness is settled first, a word at a time.
 */
#include "base/bits.h"
#include "plan/steps.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

/* The lanes where all children are known, into out->bits. */
static void known_in_all(struct run *run, const struct step *step, struct vector *out,
                         const struct operand *operands, int count)
{
    size_t words = words_of(lanes_of(run, step));
    for (size_t w = 0; w < words; w++) {
        out->bits[w] = operands[0].bits[w];
        for (int c = 1; c < count; c++)
            out->bits[w] &= operands[c].bits[w];
    }
}

void plan_forget_nonfinite(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);

    for (size_t w = 0; w < words_of(lanes); w++) {
        uint64_t wrong = 0;
        for (size_t lane = w * 64; lane < lanes && lane < w * 64 + 64; lane++)
            wrong |= (uint64_t)!isfinite(out->d[lane]) << (lane % 64);
        if (!(out->bits[w] & wrong))
            continue;

        if (out->bits != out->own_bits) { /* what other steps share stays as it is */
            memcpy(out->own_bits, out->bits, words_of(lanes) * sizeof *out->own_bits);
            out->bits = out->own_bits;
            out->hint = HINT_MIXED;
        }
        out->bits[w] &= ~wrong;
    }
}

static const char *const PAST = "a result is past the range of 64-bit numbers";

static int64_t scaled_to(struct run *run, const struct operand *operand, size_t lane, int scale)
{
    int own = operand->step->type == VALUE_DECIMAL ? operand->step->scale : 0;
    int64_t value = operand->i[lane * operand->stride], out = 0;
    if (scale <= own)
        return value;

    if (!number_rescale(value, scale - own, &out))
        run_fail(run, "%s", PAST);
    return out;
}

static int64_t add_months(struct run *run, const struct step *step, int64_t value, int sign)
{
    if (step->type == VALUE_DATE) {
        int32_t date = date_add_months((int32_t)value, (int64_t)sign * step->a);
        return date + sign * (step->p / SECONDS_A_DAY);
    }
    struct calendar_period period = {step->a, step->p};
    return zone_add(run->population->zone, value, period, sign);
}

/* Whole seconds of a duration, whichever way it is held. */
static int64_t duration_of(const struct operand *operand, size_t lane)
{
    if (operand->step->shape == SHAPE_DOUBLE)
        return (int64_t)floor(operand->d[lane * operand->stride]);
    return operand->i[lane * operand->stride];
}

/* a ± b for moments, dates and durations. */
static int64_t add_times(struct run *run, const struct step *step, const struct operand *a,
                         const struct operand *b, size_t lane, int sign)
{
    enum value_type left = a->step->type, right = b->step->type;
    int64_t x = left == VALUE_DURATION ? duration_of(a, lane) : a->i[lane * a->stride];
    int64_t y = right == VALUE_DURATION ? duration_of(b, lane) : b->i[lane * b->stride], out = 0;
    /* A date is a whole day; beside one a length of time counts in whole
     * days, rounded down. */
    if (left == VALUE_DATE && right == VALUE_DATE)
        return (x - y) * SECONDS_A_DAY;
    if (left == VALUE_DATE && right == VALUE_DURATION)
        return x + sign * number_floor_divide(y, SECONDS_A_DAY);
    if (left == VALUE_DURATION && right == VALUE_DATE)
        return y + number_floor_divide(x, SECONDS_A_DAY);

    bool past = sign > 0 ? __builtin_add_overflow(x, y, &out) : __builtin_sub_overflow(x, y, &out);
    if (past)
        run_fail(run, "%s", PAST);
    return out;
}

static bool is_time_type(enum value_type type)
{
    return type == VALUE_TIME || type == VALUE_DATE || type == VALUE_DURATION;
}

static int64_t add_exact(struct run *run, const struct step *step, const struct operand *a,
                         const struct operand *b, size_t lane, int sign)
{
    if (is_time_type(a->step->type) || is_time_type(b->step->type))
        return add_times(run, step, a, b, lane, sign);

    int64_t x = scaled_to(run, a, lane, step->scale), y = scaled_to(run, b, lane, step->scale),
            out = 0;
    bool past = sign > 0 ? __builtin_add_overflow(x, y, &out) : __builtin_sub_overflow(x, y, &out);
    if (past)
        run_fail(run, "%s", PAST);
    return out;
}

static void add_signed(struct run *run, const struct step *step, struct vector *out, int sign)
{
    size_t lanes = lanes_of(run, step);
    struct operand operands[2] = {operand_of(run, step->child[0])};

    if (step->child_count == 1) { /* a calendar period */
        known_in_all(run, step, out, operands, 1);
        FOR_KNOWN(out, lanes)
            out->i[lane] = add_months(run, step, operands[0].i[lane * operands[0].stride], sign);
        return;
    }

    operands[1] = operand_of(run, step->child[1]);
    known_in_all(run, step, out, operands, step->child_count);

    if (step->shape == SHAPE_DOUBLE) {
        FOR_KNOWN(out, lanes)
            out->d[lane] =
                operand_number(&operands[0], lane) + sign * operand_number(&operands[1], lane);
        plan_forget_nonfinite(run, step, out);
        return;
    }

    FOR_KNOWN(out, lanes)
        out->i[lane] = add_exact(run, step, &operands[0], &operands[1], lane, sign);
}

void step_add(struct run *run, const struct step *step, struct vector *out)
{
    add_signed(run, step, out, 1);
}

void step_subtract(struct run *run, const struct step *step, struct vector *out)
{
    add_signed(run, step, out, -1);
}

static double whole_of(double value, int function)
{
    if (function == FUNCTION_FLOOR)
        return floor(value);
    return function == FUNCTION_CEIL ? ceil(value) : round(value);
}

static int64_t round_double(struct run *run, double value, int function)
{
    double whole = whole_of(value, function);
    /* From −2^63 to below 2^63: what an int64_t holds, and as doubles exact. */
    if (!(whole >= -9223372036854775808.0 && whole < 9223372036854775808.0)) {
        run_fail(run, "%s", PAST);
        return 0;
    }
    return (int64_t)whole;
}

void step_multiply(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand operands[2] = {operand_of(run, step->child[0]), operand_of(run, step->child[1])};

    known_in_all(run, step, out, operands, step->child_count);

    /* A decimal times a length of time comes to whole seconds, rounded down
     * like all of them. */
    bool decimal_duration =
        step->type == VALUE_DURATION &&
        (operands[0].step->type == VALUE_DECIMAL || operands[1].step->type == VALUE_DECIMAL);
    FOR_KNOWN(out, lanes) {
        if (step->shape == SHAPE_DOUBLE) {
            out->d[lane] = operand_number(&operands[0], lane) * operand_number(&operands[1], lane);
        } else if (decimal_duration) {
            out->i[lane] = round_double(
                run, operand_number(&operands[0], lane) * operand_number(&operands[1], lane),
                FUNCTION_FLOOR);
        } else if (__builtin_mul_overflow(operands[0].i[lane * operands[0].stride],
                                          operands[1].i[lane * operands[1].stride],
                                          &out->i[lane])) {
            run_fail(run, "%s", PAST);
        }
    }

    if (step->shape == SHAPE_DOUBLE)
        plan_forget_nonfinite(run, step, out);
}

/* All lanes as doubles; those of unknown lanes may be anything. */
void numbers_of(const struct operand *operand, size_t lanes, double *out)
{
    bool decimal = operand->step->type == VALUE_DECIMAL && operand->step->scale;
    double unit = decimal ? (double)number_power10(operand->step->scale) : 1;
    if (operand->step->shape == SHAPE_DOUBLE) {
        for (size_t lane = 0; lane < lanes; lane++)
            out[lane] = operand->d[lane * operand->stride];
    } else if (decimal) {
        for (size_t lane = 0; lane < lanes; lane++)
            out[lane] = (double)operand->i[lane * operand->stride] / unit;
    } else {
        for (size_t lane = 0; lane < lanes; lane++)
            out[lane] = (double)operand->i[lane * operand->stride];
    }
}

void step_divide(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand operands[2] = {operand_of(run, step->child[0]), operand_of(run, step->child[1])};

    known_in_all(run, step, out, operands, step->child_count);
    double *by = arena_alloc(&run->scratch, (lanes + 64) * sizeof *by);
    numbers_of(&operands[0], lanes, out->d);
    numbers_of(&operands[1], lanes, by);
    for (size_t lane = 0; lane < lanes; lane++)
        out->d[lane] /= by[lane]; /* by zero: not finite */
    plan_forget_nonfinite(run, step, out);
}

void step_negate(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand a = operand_of(run, step->child[0]);
    known_in_all(run, step, out, &a, 1);
    FOR_KNOWN(out, lanes) {
        if (step->shape == SHAPE_DOUBLE)
            out->d[lane] = -operand_number(&a, lane);
        else if (__builtin_sub_overflow((int64_t)0, a.i[lane * a.stride], &out->i[lane]))
            run_fail(run, "%s", PAST);
    }
}

static int64_t round_decimal(int64_t value, int64_t unit, int function)
{
    int64_t down = number_floor_divide(value, unit), rest = value - down * unit;

    if (function == FUNCTION_FLOOR || rest == 0)
        return down;
    if (function == FUNCTION_CEIL)
        return down + 1;
    /* A half goes away from zero, as round() of a double does. */
    bool half = rest == unit - rest;
    return half ? down + (value > 0) : down + (rest > unit - rest);
}

/* abs, floor, ceil, round */
void step_numeric(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand a = operand_of(run, step->child[0]);
    known_in_all(run, step, out, &a, 1);
    int64_t unit = a.step->type == VALUE_DECIMAL ? number_power10(a.step->scale) : 1;

    FOR_KNOWN(out, lanes) {
        if (step->a != FUNCTION_ABS) {
            out->i[lane] = a.step->shape == SHAPE_DOUBLE
                               ? round_double(run, a.d[lane * a.stride], step->a)
                               : round_decimal(a.i[lane * a.stride], unit, step->a);
        } else if (step->shape == SHAPE_DOUBLE) {
            out->d[lane] = fabs(operand_number(&a, lane));
        } else {
            /* The least number of 64 bits has no positive counterpart. */
            int64_t value = a.i[lane * a.stride];
            if (value == INT64_MIN)
                run_fail(run, "%s", PAST);
            out->i[lane] = value < 0 && value != INT64_MIN ? -value : value;
        }
    }
}

void step_size(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand a = operand_of(run, step->child[0]);
    known_in_all(run, step, out, &a, 1);
    FOR_KNOWN(out, lanes)
        out->i[lane] = a.count[lane * a.stride];
}

static int64_t code_points(struct text text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

void step_length(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand a = operand_of(run, step->child[0]);
    known_in_all(run, step, out, &a, 1);
    FOR_KNOWN(out, lanes)
        out->i[lane] = code_points(operand_text(run, &a, lane));
}

static struct text change_case(struct text text, bool upper, struct arena *arena)
{
    /* No code point takes more than four bytes. */
    char *bytes = arena_alloc(arena, text.length * 4 + 1);
    size_t used = 0, at = 0;

    while (at < text.length) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.data + at,
                                                   (utf8proc_ssize_t)(text.length - at), &point);
        /* What is no UTF-8 stays as it is. */
        if (length <= 0) {
            bytes[used++] = text.data[at++];
            continue;
        }

        point = upper ? utf8proc_toupper(point) : utf8proc_tolower(point);
        used += (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)bytes + used);
        at += (size_t)length;
    }
    return (struct text){bytes, used};
}

void step_case(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand a = operand_of(run, step->child[0]);
    known_in_all(run, step, out, &a, 1);
    /* What is made for a constant must outlive the batch. */
    struct arena *memory = step->frame == FRAME_ONE ? &run->lasting : &run->scratch;
    FOR_KNOWN(out, lanes)
        out->text[lane] =
            change_case(operand_text(run, &a, lane), step->a == FUNCTION_UPPER, memory);
}

/* Copies a lane of a child into the step's own shape and scale. */
static void take_lane(struct run *run, const struct step *step, struct vector *out,
                      const struct operand *from, size_t lane)
{
    if (step->shape == SHAPE_TEXT)
        out->text[lane] = operand_text(run, from, lane);
    else if (step->shape == SHAPE_DOUBLE)
        out->d[lane] = operand_number(from, lane);
    else
        out->i[lane] = scaled_to(run, from, lane, step->type == VALUE_DECIMAL ? step->scale : 0);
}

/* least and greatest of the known; with one child: a constant for every lane. */
void step_choose(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand *child = arena_alloc(&run->scratch, (size_t)step->child_count * sizeof *child);
    for (int c = 0; c < step->child_count; c++)
        child[c] = operand_of(run, step->child[c]);

    enum segment_compare wanted = step->a == FUNCTION_GREATEST ? COMPARE_GT : COMPARE_LT;

    for (size_t lane = 0; lane < lanes; lane++) {
        /* Unknown ones take no part, so of none that is known there is nothing. */
        int best = -1;
        for (int c = 0; c < step->child_count; c++)
            if (bit_at(child[c].bits, lane) &&
                (best < 0 || compare_holds(run, wanted, &child[c], lane, &child[best], lane)))
                best = c;

        bit_clear(out->own_bits, lane);
        if (best < 0)
            continue;
        bit_set(out->own_bits, lane);
        take_lane(run, step, out, &child[best], lane);
    }
}

void step_coalesce(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand *child = arena_alloc(&run->scratch, (size_t)step->child_count * sizeof *child);
    for (int c = 0; c < step->child_count; c++)
        child[c] = operand_of(run, step->child[c]);

    for (size_t lane = 0; lane < lanes; lane++) {
        int found = 0;
        while (found < step->child_count && !bit_at(child[found].bits, lane))
            found++;

        bit_clear(out->own_bits, lane);
        if (found == step->child_count)
            continue;
        bit_set(out->own_bits, lane);
        take_lane(run, step, out, &child[found], lane);
    }
}

/* Great circle, haversine (R. W. Sinnott, Virtues of the haversine, 1984), mean radius of the
 * earth (IUGG: two thirds of the equatorial radius of WGS 84, one of the polar one), in metres. */

static double haversine(double latitude1, double longitude1, double latitude2, double longitude2)
{
    const double radius = 6371008.8, radian = 0.017453292519943295;
    double half_latitude = (latitude2 - latitude1) * radian / 2,
           half_longitude = (longitude2 - longitude1) * radian / 2;
    /* Rounding may carry the sum beyond 1 between opposite points of the globe. */
    double a = sin(half_latitude) * sin(half_latitude) +
               cos(latitude1 * radian) * cos(latitude2 * radian) * sin(half_longitude) *
                   sin(half_longitude);
    return 2 * radius * asin(sqrt(a > 1 ? 1 : a));
}

void step_distance(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);
    struct operand operands[3];
    for (int c = 0; c < step->child_count; c++)
        operands[c] = operand_of(run, step->child[c]);

    known_in_all(run, step, out, operands, step->child_count);
    FOR_KNOWN(out, lanes) {
        size_t at = lane * operands[0].stride;
        out->d[lane] =
            haversine(operands[0].d[at], operands[0].e[at], operand_number(&operands[1], lane),
                      operand_number(&operands[2], lane));
    }
}
