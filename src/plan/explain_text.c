/* Values as people write them (grouped thousands, a length of time in its largest unit), and as
 * programs read them. */
#include "plan/explain.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *decimal_text(int64_t value, int scale, struct arena *arena)
{
    int64_t unit = number_power10(scale);
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char whole[NUMBER_TEXT_MAX];
    number_format_thousands((int64_t)(size / (uint64_t)unit), whole);
    const char *sign = value < 0 ? "-" : "";
    if (scale == 0)
        return arena_printf(arena, "%s%s", sign, whole);
    return arena_printf(arena, "%s%s.%0*llu", sign, whole, scale,
                        (unsigned long long)(size % (uint64_t)unit));
}

/* Doubles of everyday size with their grouping and at most four digits behind the point. */
static const char *double_text(double value, struct arena *arena)
{
    static const double EVERYDAY_MAX = 1e14; /* times 10^4 it still fits 64 bits */
    char text[NUMBER_TEXT_MAX];
    if (!(fabs(value) < EVERYDAY_MAX))
        return arena_strdup(arena, number_format_double(value, text));

    int scale = 4;
    int64_t scaled = llround(value * (double)number_power10(scale));

    while (scale > 0 && scaled % 10 == 0) {
        scaled /= 10;
        scale--;
    }

    if (scaled == 0 && value != 0)
        return arena_strdup(arena, number_format_double(value, text));
    return decimal_text(scaled, scale, arena);
}

static const char *duration_text(double seconds, struct arena *arena)
{
    static const struct {
        const char *name;
        double length; /* seconds */
    } units[] = {{"day", SECONDS_A_DAY},
                 {"hour", SECONDS_AN_HOUR},
                 {"minute", SECONDS_A_MINUTE},
                 {"second", 1}};

    /* The largest unit of which there is one at least. */
    int unit = 0;
    while (unit < 3 && fabs(seconds) < units[unit].length)
        unit++;

    double count = seconds / units[unit].length;
    return arena_printf(arena, "%s %s%s", double_text(round(count * 100) / 100, arena),
                        units[unit].name, count == 1 ? "" : "s");
}

static const char *text_of(struct text text, struct arena *arena)
{
    return arena_printf(arena, "'%.*s'", (int)text.length, text.data ? text.data : "");
}

static const char *set_text(struct run *run, const struct operand *value, size_t lane,
                            struct arena *arena)
{
    struct buffer out;
    buffer_init(&out, 4096); /* nobody reads more of a set than that */
    for (uint32_t i = 0; i < value->count[lane]; i++) {
        buffer_string(&out, i ? ", " : "");
        buffer_string(&out, text_of(run_text(run, value->codes[lane][i]), arena));
    }
    const char *joined = arena_printf(arena, "{%s}", out.data ? out.data : "");
    buffer_release(&out);
    return joined;
}

const char *explain_number(struct run *run, enum value_type type, int scale, bool is_double,
                           int64_t integer, double number, struct arena *arena)
{
    char text[MOMENT_TEXT_MAX];
    switch (type) {
    case VALUE_BOOL: return integer ? "yes" : "no";
    case VALUE_DECIMAL: return decimal_text(integer, scale, arena);
    case VALUE_DOUBLE: return double_text(number, arena);
    case VALUE_DATE: return arena_strdup(arena, date_format((int32_t)integer, text));
    case VALUE_TIME:
        return arena_strdup(arena, moment_format(run->population->zone, integer, text));
    case VALUE_DURATION: return duration_text(is_double ? number : (double)integer, arena);
    default: return decimal_text(integer, 0, arena);
    }
}

const char *explain_value(struct run *run, const struct operand *value, size_t lane,
                          struct arena *arena)
{
    size_t at = lane * value->stride;
    if (!bit_at(value->bits, lane))
        return "unknown";

    /* Shapes that say all first; the rest are integers whose type says what they count. */
    switch (value->step->shape) {
    case SHAPE_BITS: return "yes";
    case SHAPE_TEXT: return text_of(value->text[at], arena);
    case SHAPE_SET: return set_text(run, value, at, arena);
    case SHAPE_POINT: return arena_printf(arena, "(%g, %g)", value->d[at], value->e[at]);
    case SHAPE_DOUBLE:
        return explain_number(run, value->step->type, 0, true, 0, value->d[at], arena);
    default: break;
    }

    if (value->step->type == VALUE_TEXT)
        return text_of(operand_text(run, value, lane), arena);
    return explain_number(run, value->step->type, value->step->scale, false, value->i[at], 0,
                          arena);
}

/* ---- JSON ---- */

static void write_set(struct run *run, const struct operand *value, size_t lane, struct json *json)
{
    json_write_array(json);
    for (uint32_t i = 0; i < value->count[lane]; i++)
        json_write_text(json, run_text(run, value->codes[lane][i]));
    json_write_end_array(json);
}

static void write_point(const struct operand *value, size_t lane, struct json *json)
{
    json_write_array(json);
    json_write_double(json, value->d[lane]);
    json_write_double(json, value->e[lane]);
    json_write_end_array(json);
}

static void write_integer(struct run *run, const struct step *step, int64_t value,
                          struct json *json)
{
    char text[MOMENT_TEXT_MAX];
    switch (step->type) {
    case VALUE_BOOL: json_write_bool(json, value != 0); break;
    case VALUE_DECIMAL: json_write_decimal(json, value, step->scale); break;
    case VALUE_DATE: json_write_string(json, date_format((int32_t)value, text)); break;
    case VALUE_TIME:
        json_write_string(json, moment_format(run->population->zone, value, text));
        break;
    default: json_write_integer(json, value); break;
    }
}

static void write_value(struct run *run, const struct operand *value, size_t lane,
                        struct json *json)
{
    size_t at = lane * value->stride;
    switch (value->step->shape) {
    case SHAPE_TEXT: json_write_text(json, value->text[at]); return;
    case SHAPE_SET: write_set(run, value, at, json); return;
    case SHAPE_POINT: write_point(value, at, json); return;
    case SHAPE_DOUBLE: json_write_double(json, value->d[at]); return;
    default: break;
    }
    if (value->step->type == VALUE_TEXT)
        json_write_text(json, operand_text(run, value, lane));
    else
        write_integer(run, value->step, value->i[at], json);
}

const char *explain_json(struct run *run, const struct operand *value, size_t lane,
                         struct arena *arena)
{
    struct buffer out;
    struct json json;
    buffer_init(&out, 0);
    json_init(&json, &out, false);

    if (value->step->shape == SHAPE_BITS)
        json_write_bool(&json, bit_at(value->bits, lane));
    else if (!bit_at(value->bits, lane))
        json_write_null(&json);
    else
        write_value(run, value, lane, &json);

    const char *copy = buffer_copy(&out, arena);
    buffer_release(&out);
    return copy;
}
