/*
 * Values: the types of arithmetic and functions, and how operands of different types are brought
 * together. What that takes (a date of a moment, a factor for a scale) is put around the operand as
 * a node of its own, which the formatter looks through: evaluators then see both sides alike.
 */
#include "segment/language.h"

#include "base/number.h"

#include <string.h>

bool segment_is_number(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
}

struct segment_node *segment_wrap(struct check *check, struct segment_node *node,
                                  enum segment_op op, enum value_type type)
{
    struct segment_node *outer = ARENA_NEW(check->arena, struct segment_node);
    *outer = (struct segment_node){.op = op,
                                   .span = node->span,
                                   .type = type,
                                   .scale = node->scale,
                                   .index = -1,
                                   .is_double = node->is_double,
                                   .constant = node->constant,
                                   .implicit = true,
                                   .depth = (uint16_t)(node->depth + 1),
                                   .child_count = 1};

    outer->child = ARENA_ARRAY(check->arena, struct segment_node *, 2);
    outer->child[0] = node;
    return outer;
}

void segment_wrap_date(struct check *check, struct segment_node **node)
{
    if ((*node)->type != VALUE_TIME)
        return;
    *node = segment_wrap(check, *node, OP_FUNCTION, VALUE_DATE);
    (*node)->function = FUNCTION_DATE;
}

static struct segment_node *constant(struct check *check, struct segment_span span,
                                     enum value_type type)
{
    struct segment_node *node = ARENA_NEW(check->arena, struct segment_node);
    node->op = OP_LITERAL;
    node->span = span;
    node->type = type;
    node->constant = true;
    node->depth = 1;
    node->index = -1;
    node->literal.known = true;
    return node;
}

/* node × factor, unseen by the formatter. */
static struct segment_node *wrap_multiply(struct check *check, struct segment_node *node,
                                          struct segment_node *factor, enum value_type type)
{
    struct segment_node *product = segment_wrap(check, node, OP_MULTIPLY, type);
    product->child[1] = factor;
    product->child_count = 2;
    product->scale += factor->scale;
    return product;
}

static bool is_since(const struct segment_node *node)
{
    while (node->implicit)
        node = node->child[0];
    return node->op == OP_FUNCTION &&
           (node->function == FUNCTION_SINCE || node->function == FUNCTION_UNTIL);
}

/* days since x beside a duration is a duration. False when its unit has no fixed length. */
static bool since_to_duration(struct check *check, struct segment_node **node)
{
    static const int64_t seconds[] = {1, SECONDS_A_MINUTE, SECONDS_AN_HOUR, SECONDS_A_DAY,
                                      (int64_t)DAYS_A_WEEK * SECONDS_A_DAY};

    enum calendar_unit unit = (*node)->unit;
    if (unit > CALENDAR_WEEK) {
        segment_check_error(
            check, (*node)->span,
            "%ss have no fixed length, so they do not compare with a duration; count days",
            segment_unit_name(unit));
        return false;
    }

    struct segment_node *factor = constant(check, (*node)->span, VALUE_DURATION);
    factor->literal.is_period = true;
    factor->literal.unit = unit;
    factor->literal.count = 1;

    /* The length counts as one unit of what the number counts. */
    factor->literal.integer = factor->literal.period.seconds = seconds[unit];
    *node = wrap_multiply(check, *node, factor, VALUE_DURATION);
    (*node)->scale = 0;
    return true;
}

static bool has_months(const struct segment_node *node)
{
    return node->op == OP_LITERAL && node->literal.is_period && node->literal.period.months != 0;
}

/* A month is no duration. */
static bool fixed_length(struct check *check, const struct segment_node *node)
{
    if (!has_months(node))
        return true;
    error_hint(segment_check_error(
                   check, node->span,
                   "a month has no fixed length, so it can only be added to a date or time"),
               "count days or weeks here");
    return false;
}

static struct segment_node *as_decimal(struct check *check, struct segment_node *node, int scale)
{
    if (node->type == VALUE_DECIMAL && node->scale == scale)
        return node;
    int steps = scale - node->scale;

    struct segment_node *one = constant(check, node->span, VALUE_DECIMAL);
    one->scale = steps;
    one->literal.integer = number_power10(steps);

    struct segment_node *product = wrap_multiply(check, node, one, VALUE_DECIMAL);
    product->scale = scale;
    return product;
}

static struct segment_node *as_double(struct check *check, struct segment_node *node)
{
    if (node->type == VALUE_DOUBLE || (node->type == VALUE_DURATION && node->is_double))
        return node;

    struct segment_node *one = constant(check, node->span, VALUE_DOUBLE);
    one->literal.number = 1;
    bool duration = node->type == VALUE_DURATION;
    struct segment_node *product =
        wrap_multiply(check, node, one, duration ? VALUE_DURATION : VALUE_DOUBLE);
    product->scale = 0;
    product->is_double = duration;
    return product;
}

bool segment_unify(struct check *check, struct segment_node **nodes, int count)
{
    bool any_double = false, any_decimal = false, any_double_duration = false;

    int scale = 0;

    /* What has no type was complained of already, and is taken to fit. All others are
     * numbers together, or the same. */
    for (int i = 0; i < count; i++) {
        if (nodes[i]->type == VALUE_NONE)
            return true;
        bool both_numbers = segment_is_number(nodes[0]->type) && segment_is_number(nodes[i]->type);
        if (nodes[i]->type != nodes[0]->type && !both_numbers)
            return false;
        any_double |= nodes[i]->type == VALUE_DOUBLE;
        any_decimal |= nodes[i]->type == VALUE_DECIMAL;
        any_double_duration |= nodes[i]->type == VALUE_DURATION && nodes[i]->is_double;
        if (nodes[i]->scale > scale)
            scale = nodes[i]->scale;
    }

    /* Two passes, as the last of them may be the double that all have to become. */
    for (int i = 0; i < count; i++) {
        if (any_double || any_double_duration)
            nodes[i] = as_double(check, nodes[i]);
        else if (any_decimal)
            nodes[i] = as_decimal(check, nodes[i], scale);
    }

    return true;
}

/* ---- comparing ---- */

static bool is_version(const struct segment_node *node)
{
    return node->op == OP_FUNCTION && node->function == FUNCTION_VERSION;
}

static bool compare_versions(struct check *check, struct segment_node **a, struct segment_node **b)
{
    struct segment_node **plain = is_version(*a) ? b : a;
    if (is_version(*a) && is_version(*b))
        return true;
    if ((*plain)->type != VALUE_TEXT && (*plain)->type != VALUE_NONE) {
        error_hint(segment_check_error(check, (*plain)->span,
                                       "a version compares only with a version, not with %s",
                                       value_type_name((*plain)->type)),
                   "write the version in quotes: '2.10'");
        return false;
    }

    *plain = segment_wrap(check, *plain, OP_FUNCTION, VALUE_TEXT);
    (*plain)->function = FUNCTION_VERSION;
    return true;
}

/* A number beside a duration. */
static bool compare_duration(struct check *check, struct segment_node **number)
{
    if (is_since(*number))
        return since_to_duration(check, number);
    error_hint(segment_check_error(check, (*number)->span,
                                   "a plain number does not compare with a length of time"),
               "give it a unit: 30 days");
    return false;
}

/* A function whose value is already a number of some unit. */
static bool counts_units(const struct segment_node *node, enum calendar_unit *unit)
{
    while (node->implicit)
        node = node->child[0];
    *unit = node->op == OP_FUNCTION && node->function == FUNCTION_AGE ? CALENDAR_YEAR : node->unit;
    return is_since(node) || (node->op == OP_FUNCTION && node->function == FUNCTION_AGE);
}

/* age(born) > 30 years, months since x > 6 months: the unit is said twice. */
static bool unit_twice(struct check *check, const struct segment_node *number,
                       const struct segment_node *length)
{
    enum calendar_unit unit;
    bool fixed = length->op != OP_LITERAL || !length->literal.is_period;
    if (fixed || !counts_units(number, &unit) || unit <= CALENDAR_WEEK)
        return false;
    if (is_since(number) && length->literal.unit != unit)
        return false; /* months since … > 30 days: since_to_duration tells to count days */

    struct error *error =
        segment_check_error(check, length->span, "%s is a plain number, of %ss",
                            segment_node_words(check, number), segment_unit_name(unit));
    if (length->literal.unit == unit)
        error_hint(error, "write %lld without the unit", (long long)length->literal.count);
    else
        error_hint(error, "compare it with a number of %ss, without the unit",
                   segment_unit_name(unit));
    return true;
}

static void explain_types(struct check *check, struct segment_node *a, struct segment_node *b)
{
    struct error *error = segment_check_error(
        check, segment_span_join(a->span, b->span), "%s is %s and %s is %s: they do not compare",
        segment_node_words(check, a), value_type_name(a->type), segment_node_words(check, b),
        value_type_name(b->type));

    /* Each hint is for one slip that people make; the last that fits is said. */
    const struct segment_node *day = a->type == VALUE_DATE || a->type == VALUE_TIME ? a : b,
                              *beside = day == a ? b : a;

    if ((day->type == VALUE_DATE || day->type == VALUE_TIME) && segment_is_number(beside->type) &&
        beside->constant)
        error_hint(error, "dates are written 2025-03-31");

    const struct segment_node *text = a->type == VALUE_TEXT ? a : b, *other = text == a ? b : a;
    if (text->type == VALUE_TEXT && other->op == OP_LITERAL && segment_is_number(other->type))
        error_hint(error, "texts stand in quotes: '%s'", segment_node_words(check, other));

    if (text->type != VALUE_TEXT || text->op != OP_LITERAL)
        return;
    if (other->type == VALUE_DATE || other->type == VALUE_TIME)
        error_hint(error, "dates are written without quotes: 2025-03-31");
    else if (segment_is_number(other->type))
        error_hint(error, "numbers are written without quotes");
    else if (other->type == VALUE_SET)
        error_hint(error, "ask for its members: any of (…), all of (…), none of (…)");
    else if (other->type == VALUE_BOOL)
        error_hint(error, "write yes or no");
}

bool segment_check_comparable(struct check *check, struct segment_node **a, struct segment_node **b)
{
    if (is_version(*a) || is_version(*b))
        return compare_versions(check, a, b);

    enum value_type left = (*a)->type, right = (*b)->type;
    if (unit_twice(check, *a, *b) || unit_twice(check, *b, *a) || !fixed_length(check, *a) ||
        !fixed_length(check, *b))
        return false;

    if (left == VALUE_NONE || right == VALUE_NONE)
        return true;

    /* A moment beside a date is asked for its day, whichever side it is on. */
    if (left == VALUE_TIME && right == VALUE_DATE)
        segment_wrap_date(check, a);
    else if (left == VALUE_DATE && right == VALUE_TIME)
        segment_wrap_date(check, b);
    else if (segment_is_number(left) && right == VALUE_DURATION)
        return compare_duration(check, a);
    else if (left == VALUE_DURATION && segment_is_number(right))
        return compare_duration(check, b);
    else if (left == VALUE_SET || left == VALUE_POINT ||
             (left != right && !(segment_is_number(left) && segment_is_number(right)))) {
        explain_types(check, *a, *b);
        return false;
    }

    return true;
}

/* ---- arithmetic ---- */

static bool wrong_operands(struct check *check, const struct segment_node *node)
{
    static const char *const verbs[] = {"added to", "subtracted from", "multiplied by",
                                        "divided by"};
    const struct segment_node *a = node->child[0], *b = node->child[1];
    bool swap = node->op == OP_SUBTRACT || node->op == OP_ADD;

    const struct segment_node *first = swap ? b : a, *second = swap ? a : b;
    segment_check_error(check, node->span, "%s (%s) cannot be %s %s (%s)",
                        segment_node_words(check, first), value_type_name(first->type),
                        verbs[node->op - OP_ADD], segment_node_words(check, second),
                        value_type_name(second->type));
    return false;
}

static void number_type(struct segment_node *node)
{
    const struct segment_node *a = node->child[0], *b = node->child[1];
    node->type = VALUE_DOUBLE;
    if (a->type == VALUE_DOUBLE || b->type == VALUE_DOUBLE || node->op == OP_DIVIDE)
        return;

    int larger = a->scale > b->scale ? a->scale : b->scale;
    int scale = node->op == OP_MULTIPLY ? a->scale + b->scale : larger;

    if (scale > NUMBER_SCALE_MAX)
        return;
    node->scale = scale;
    node->type = a->type == VALUE_DECIMAL || b->type == VALUE_DECIMAL ? VALUE_DECIMAL : VALUE_INT;
}

/* TIME or DATE ± a length of time; TIME − TIME, DATE − DATE. */
static bool date_arithmetic(struct check *check, struct segment_node *node)
{
    struct segment_node **a = &node->child[0], **b = &node->child[1];

    /* A length of time: a date takes whole days only, a moment whole seconds. */
    if ((*b)->type == VALUE_DURATION) {
        node->type = (*a)->type;
        bool whole_days =
            (*b)->op == OP_LITERAL && (*b)->literal.period.seconds % SECONDS_A_DAY == 0;
        if (node->type == VALUE_DATE && !whole_days) {
            error_hint(segment_check_error(
                           check, (*b)->span,
                           "only whole days, weeks, months and years can be added to a date"),
                       "use now or a time for hours");
            return false;
        }

        if (node->type == VALUE_TIME && (*b)->is_double) {
            segment_check_error(
                check, (*b)->span,
                "a length of time with fractions of a second cannot be added to a time");
            return false;
        }

        return true;
    }

    /* The difference of two moments or two dates; of one each, that of the dates. */
    bool moments = ((*a)->type == VALUE_DATE || (*a)->type == VALUE_TIME) &&
                   ((*b)->type == VALUE_DATE || (*b)->type == VALUE_TIME);
    if (node->op != OP_SUBTRACT || !moments) {
        wrong_operands(check, node);
        if (segment_is_number((*b)->type))
            error_hint(&check->problems->list.items[check->problems->list.count - 1].error,
                       "give it a unit: 30 days");
        return false;
    }

    if ((*a)->type != (*b)->type) {
        segment_wrap_date(check, a);
        segment_wrap_date(check, b);
    }

    node->type = VALUE_DURATION;
    return true;
}

static bool duration_arithmetic(struct check *check, struct segment_node *node)
{
    struct segment_node **a = &node->child[0], **b = &node->child[1];

    bool sum = node->op == OP_ADD || node->op == OP_SUBTRACT;

    if (!fixed_length(check, *a) || !fixed_length(check, *b))
        return false;

    /* Sums want two lengths, products a length and a number, quotients a length
     * over a number. */
    if (sum) {
        if ((*a)->type != VALUE_DURATION &&
            !(segment_is_number((*a)->type) && compare_duration(check, a)))
            return segment_is_number((*a)->type) ? false : wrong_operands(check, node);
        if ((*b)->type != VALUE_DURATION &&
            !(segment_is_number((*b)->type) && compare_duration(check, b)))
            return segment_is_number((*b)->type) ? false : wrong_operands(check, node);
        node->is_double = (*a)->is_double || (*b)->is_double;
    } else if (node->op == OP_MULTIPLY) {
        struct segment_node *number = (*a)->type == VALUE_DURATION ? *b : *a,
                            *length = number == *a ? *b : *a;
        if (!segment_is_number(number->type))
            return wrong_operands(check, node);
        node->is_double = length->is_double || number->type != VALUE_INT;
    } else {
        if ((*a)->type != VALUE_DURATION || !segment_is_number((*b)->type)) {
            wrong_operands(check, node);
            error_hint(&check->problems->list.items[check->problems->list.count - 1].error,
                       "a length of time can be divided by a number; for a ratio divide days since "
                       "… by days since …");
            return false;
        }

        node->is_double = true;
    }

    node->type = VALUE_DURATION;
    return true;
}

void segment_check_arithmetic(struct check *check, const struct scope *scope,
                              struct segment_node *node)
{
    segment_check_value(check, scope, &node->child[0]);
    if (node->op == OP_NEGATE) {
        const struct segment_node *child = node->child[0];
        node->type = child->type;
        node->scale = child->scale;
        node->is_double = child->is_double;
        if (child->type != VALUE_NONE && !segment_is_number(child->type) &&
            child->type != VALUE_DURATION)
            segment_check_error(check, node->span, "%s is %s and has no negative",
                                segment_node_words(check, child), value_type_name(child->type));
        else if (child->type == VALUE_DURATION)
            (void)fixed_length(check, child);
        return;
    }

    segment_check_value(check, scope, &node->child[1]);
    enum value_type left = node->child[0]->type, right = node->child[1]->type;

    node->type = VALUE_NONE;
    if (left == VALUE_NONE || right == VALUE_NONE)
        return;

    /* A side without a type was complained of already. */
    bool good;
    if (segment_is_number(left) && segment_is_number(right)) {
        number_type(node);
        return;
    }

    if ((left == VALUE_DATE || left == VALUE_TIME) &&
        (node->op == OP_ADD || node->op == OP_SUBTRACT))
        good = date_arithmetic(check, node);
    else if (left == VALUE_DURATION || right == VALUE_DURATION)
        good = duration_arithmetic(check, node);
    else
        good = wrong_operands(check, node);

    if (!good)
        node->type = VALUE_NONE;
}

/* ---- functions ---- */

enum takes {
    TAKES_DATE,
    TAKES_MOMENT,
    TAKES_TIME,
    TAKES_TEXT,
    TAKES_SET,
    TAKES_NUMBER,
    TAKES_AMOUNT,
    TAKES_SAME,
    TAKES_POINT
};

static const struct {
    enum takes takes;
    enum value_type gives; /* VALUE_NONE: as its argument */
    const char *wanted;
} signatures[FUNCTIONS_] = {
    [FUNCTION_AGE] = {TAKES_DATE, VALUE_INT, "a date"},
    [FUNCTION_DATE] = {TAKES_TIME, VALUE_DATE, "a time"},
    [FUNCTION_YEAR] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_QUARTER] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_MONTH] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_WEEK] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_DAY] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_MONTH_OF_YEAR] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_DAY_OF_MONTH] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_WEEKDAY] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_HOUR] = {TAKES_TIME, VALUE_INT, "a time"},
    [FUNCTION_SINCE] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_UNTIL] = {TAKES_MOMENT, VALUE_INT, "a date or time"},
    [FUNCTION_SIZE] = {TAKES_SET, VALUE_INT, "a set"},
    [FUNCTION_LENGTH] = {TAKES_TEXT, VALUE_INT, "a text"},
    [FUNCTION_LOWER] = {TAKES_TEXT, VALUE_TEXT, "a text"},
    [FUNCTION_UPPER] = {TAKES_TEXT, VALUE_TEXT, "a text"},
    [FUNCTION_ABS] = {TAKES_AMOUNT, VALUE_NONE, "a number or a length of time"},
    [FUNCTION_FLOOR] = {TAKES_NUMBER, VALUE_INT, "a number"},
    [FUNCTION_CEIL] = {TAKES_NUMBER, VALUE_INT, "a number"},
    [FUNCTION_ROUND] = {TAKES_NUMBER, VALUE_INT, "a number"},
    [FUNCTION_LEAST] = {TAKES_SAME, VALUE_NONE, NULL},
    [FUNCTION_GREATEST] = {TAKES_SAME, VALUE_NONE, NULL},
    [FUNCTION_COALESCE] = {TAKES_SAME, VALUE_NONE, NULL},
    [FUNCTION_DISTANCE] = {TAKES_POINT, VALUE_DOUBLE, "a location"},
    [FUNCTION_VERSION] = {TAKES_TEXT, VALUE_TEXT, "a text"},
};

static bool takes(enum takes what, enum value_type type)
{
    switch (what) {
    case TAKES_DATE:
    case TAKES_MOMENT: return type == VALUE_DATE || type == VALUE_TIME;
    case TAKES_TIME: return type == VALUE_TIME;
    case TAKES_TEXT: return type == VALUE_TEXT;
    case TAKES_SET: return type == VALUE_SET;
    case TAKES_NUMBER: return segment_is_number(type);
    case TAKES_AMOUNT: return segment_is_number(type) || type == VALUE_DURATION;
    case TAKES_POINT: return type == VALUE_POINT;
    case TAKES_SAME: return type != VALUE_SET && type != VALUE_POINT;
    }
    return false;
}

static void check_same(struct check *check, struct segment_node *node)
{
    /* None of the values may be a set, a point or some months. */
    for (int i = 0; i < node->child_count; i++)
        if (!takes(TAKES_SAME, node->child[i]->type)) {
            segment_check_error(check, node->child[i]->span, "%s cannot take %s",
                                segment_function_name(node->function),
                                value_type_name(node->child[i]->type));
            node->type = VALUE_NONE;
            return;
        } else if (!fixed_length(check, node->child[i])) {
            node->type = VALUE_NONE;
            return;
        }

    /* All of one type from here on, as a least or greatest of them would be. */
    if (!segment_unify(check, node->child, node->child_count)) {
        segment_check_error(check, node->span, "the values of %s are of different types",
                            segment_function_name(node->function));
        node->type = VALUE_NONE;
        return;
    }

    node->type = node->child[0]->type;
    node->scale = node->child[0]->scale;
    node->is_double = node->child[0]->is_double;
    for (int i = 0; i < node->child_count; i++)
        if (node->child[i]->type == VALUE_NONE)
            node->type = VALUE_NONE;
}

void segment_check_function(struct check *check, const struct scope *scope,
                            struct segment_node *node)
{
    bool text = node->function == FUNCTION_LOWER || node->function == FUNCTION_UPPER ||
                node->function == FUNCTION_VERSION;

    if (text && !scope->text_function)
        error_hint(segment_check_error(check, node->span,
                                       "%s(…) stands only on a side of a comparison",
                                       segment_function_name(node->function)),
                   "such as %s(…) = '…'", segment_function_name(node->function));

    /* A function within a function stands on no side of a comparison. */
    struct scope inner = *scope;
    inner.text_function = false;
    for (int i = 0; i < node->child_count; i++)
        segment_check_value(check, &inner, &node->child[i]);
    enum takes what = signatures[node->function].takes;
    node->type = signatures[node->function].gives;
    if (what == TAKES_SAME) {
        check_same(check, node);
        return;
    }

    /* The first argument decides; more have only `least`, `greatest` and `coalesce`
     * above, and distance. */
    struct segment_node **first = &node->child[0];
    if ((*first)->type != VALUE_NONE && !takes(what, (*first)->type))
        segment_check_error(check, (*first)->span, "%s needs %s, but %s is %s",
                            segment_function_name(node->function),
                            signatures[node->function].wanted, segment_node_words(check, *first),
                            value_type_name((*first)->type));

    if (what == TAKES_DATE)
        segment_wrap_date(check, first);
    if (what == TAKES_AMOUNT) {
        node->type = (*first)->type;
        node->scale = (*first)->scale;
        node->is_double = (*first)->is_double;
        (void)fixed_length(check, *first);
    }

    for (int i = 1; i < node->child_count; i++)
        if (node->child[i]->type != VALUE_NONE && !segment_is_number(node->child[i]->type))
            segment_check_error(check, node->child[i]->span,
                                "distance needs a latitude and a longitude in degrees");
}
