/* The grammar's actions for constants: digits, dates and lengths of time as they are written, to
 * what they are worth. */
#include "segment/language.h"

#include "base/number.h"

#include <string.h>

static struct segment_node *literal(struct parse *parse, struct segment_span span,
                                    enum value_type type)
{
    struct segment_node *node = segment_node_alloc(parse, OP_LITERAL, span, 0);
    node->type = type;
    node->literal.known = true;
    return node;
}

static bool has_exponent(struct text text)
{
    return memchr(text.data, 'e', text.length) || memchr(text.data, 'E', text.length);
}

static void number_fail(struct parse *parse, struct token token)
{
    segment_parse_fail(parse, token.span, "numbers have at most 18 digits",
                       "this number is too large");
}

struct segment_node *segment_node_number(struct parse *parse, struct token token)
{
    struct segment_node *node = literal(parse, token.span, VALUE_INT);

    if (has_exponent(token.text)) {
        node->type = VALUE_DOUBLE;
        if (!number_parse_double(token.text, &node->literal.number))
            number_fail(parse, token);
        return node;
    }

    if (!number_parse_decimal(token.text, &node->literal.integer, &node->scale) ||
        node->scale > NUMBER_SCALE_MAX)
        number_fail(parse, token);
    if (memchr(token.text.data, '.', token.text.length))
        node->type = VALUE_DECIMAL;
    return node;
}

struct segment_node *segment_node_percent(struct parse *parse, struct token token)
{
    struct segment_node *node = literal(parse, token.span, VALUE_DECIMAL);
    node->literal.is_percent = true;
    token.text.length--;
    if (!number_parse_decimal(token.text, &node->literal.integer, &node->scale) ||
        node->scale > NUMBER_SCALE_MAX - 2)
        number_fail(parse, token);
    node->scale += 2;
    return node;
}

struct segment_node *segment_node_length(struct parse *parse, struct token number,
                                         struct token unit)
{
    struct segment_node *node =
        literal(parse, segment_span_join(number.span, unit.span), VALUE_DOUBLE);
    double value;

    if (!number_parse_double(number.text, &value))
        number_fail(parse, number);

    node->literal.is_length = true;
    bool km = text_is(unit.text, "km");
    node->literal.number = value * (km ? 1000 : 1); /* metres */
    node->literal.count = km;
    node->literal.text = number.text;
    return node;
}

struct quantity segment_quantity_new(struct parse *parse, struct token number, struct token unit)
{
    enum { COUNT_MAX = 100000000 }; /* times the 12 months of a year it still fits 32 bits */
    struct quantity quantity = {0, segment_unit_of(unit.text),
                                segment_span_join(number.span, unit.span)};
    int scale;
    if (!number_parse_decimal(number.text, &quantity.count, &scale) ||
        memchr(number.text.data, '.', number.text.length))
        segment_parse_fail(parse, number.span, "use a smaller unit: 36 hours rather than 1.5 days",
                           "a length of time is a whole number of its unit");
    else if (quantity.count > COUNT_MAX)
        segment_parse_fail(parse, number.span, NULL, "this length of time is too long");
    return quantity;
}

struct calendar_period segment_quantity_period(struct quantity quantity)
{
    static const struct calendar_period units[] = {
        [CALENDAR_SECOND] = {0, 1},
        [CALENDAR_MINUTE] = {0, SECONDS_A_MINUTE},
        [CALENDAR_HOUR] = {0, SECONDS_AN_HOUR},
        [CALENDAR_DAY] = {0, SECONDS_A_DAY},
        [CALENDAR_WEEK] = {0, 7 * SECONDS_A_DAY},
        [CALENDAR_MONTH] = {1, 0},
        [CALENDAR_QUARTER] = {3, 0},
        [CALENDAR_YEAR] = {MONTHS_A_YEAR, 0},
    };
    struct calendar_period unit = units[quantity.unit];
    return (struct calendar_period){(int32_t)(unit.months * quantity.count),
                                    unit.seconds * quantity.count};
}

struct segment_node *segment_node_quantity(struct parse *parse, struct quantity quantity)
{
    struct segment_node *node = literal(parse, quantity.span, VALUE_DURATION);
    node->literal.is_period = true;
    node->literal.period = segment_quantity_period(quantity);
    node->literal.integer = node->literal.period.seconds;
    node->literal.unit = quantity.unit;
    node->literal.count = quantity.count;
    return node;
}

struct segment_node *segment_node_string(struct parse *parse, struct token token)
{
    struct segment_node *node = literal(parse, token.span, VALUE_TEXT);
    node->literal.text = token.text;
    return node;
}

struct segment_node *segment_node_date(struct parse *parse, struct token token)
{
    struct segment_node *node = literal(parse, token.span, VALUE_DATE);
    int32_t date = 0;
    if (!date_parse(token.text, &date))
        segment_parse_fail(parse, token.span,
                           "dates are written year-month-day, such as 2025-03-31",
                           "there is no such date");
    node->literal.integer = date;
    return node;
}

/* Read in the store's zone by the checker; the text is kept as written. */
struct segment_node *segment_node_moment(struct parse *parse, struct token token)
{
    struct segment_node *node = literal(parse, token.span, VALUE_TIME);
    node->literal.text = token.text;
    return node;
}

struct segment_node *segment_node_bool(struct parse *parse, struct token token, bool value)
{
    struct segment_node *node = literal(parse, token.span, VALUE_BOOL);
    node->literal.integer = value;
    return node;
}

/* A minus before a number belongs to the number. */
struct segment_node *segment_node_negate(struct parse *parse, struct token minus,
                                         struct segment_node *operand)
{
    bool number = operand->op == OP_LITERAL && !operand->literal.is_length &&
                  (operand->type == VALUE_INT || operand->type == VALUE_DECIMAL ||
                   operand->type == VALUE_DOUBLE);
    if (!number)
        return segment_node_new(parse, OP_NEGATE, segment_span_join(minus.span, operand->span), 1,
                                operand);
    operand->literal.integer = -operand->literal.integer;
    operand->literal.number = -operand->literal.number;
    operand->span = segment_span_join(minus.span, operand->span);
    return operand;
}
