/*
 * Conditions, and values that need no loop over facts. Each case is the sentence of tree.h it
 * stands for.
 */
#include "naive_internal.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void naive_init(struct naive *naive, const struct segment_set *set, const struct schema *schema,
                const struct population *population, int64_t now)
{
    memset(naive, 0, sizeof *naive);
    naive->set = set;
    naive->schema = schema;
    naive->population = population;
    naive->now = now;
    arena_init(&naive->arena, 0);
    size_t cells = (size_t)set->segment_count * population->customers;
    naive->known_members = base_malloc(cells + 1);
    memset(naive->known_members, -1, cells + 1);
}

void naive_release(struct naive *naive)
{
    free(naive->known_members);
    arena_release(&naive->arena);
}

bool naive_exists(const struct naive *naive, uint32_t position)
{
    return naive->population->first_time[position] <= naive->now;
}

static bool in_scheme(struct naive *naive, const struct segment_definition *definition, int segment,
                      uint32_t position)
{
    const struct segment_scheme *scheme = &naive->set->schemes[definition->scheme];
    if (!definition->is_else && !scheme->exclusive)
        return true;
    for (int i = scheme->first_member; i < scheme->first_member + scheme->member_count; i++) {
        bool counts = definition->is_else ? !naive->set->segments[i].is_else : i < segment;
        if (counts && naive_member(naive, i, position))
            return false;
    }
    return true;
}

bool naive_member(struct naive *naive, int segment, uint32_t position)
{
    signed char *cell =
        &naive->known_members[(size_t)segment * naive->population->customers + position];
    if (*cell >= 0)
        return *cell;
    const struct segment_definition *definition = &naive->set->segments[segment];
    struct naive_context context = {
        .naive = naive, .position = position, .trait_moment = naive->now};
    bool member = naive_exists(naive, position);
    if (member && definition->scheme >= 0)
        member = in_scheme(naive, definition, segment, position);
    if (member && !definition->is_else)
        member = naive_condition(&context, definition->condition);
    *cell = member;
    return member;
}

/* ---- conditions ---- */

static struct text fold(struct naive *naive, struct text text)
{
    return text_fold(text, &naive->arena);
}

static bool is_version(const struct segment_node *node)
{
    return node->op == OP_FUNCTION && node->function == FUNCTION_VERSION;
}

/* A TIME next to a DATE counts as its local date. */
static struct naive_value as_date(struct naive *naive, struct naive_value value,
                                  const struct naive_value *other)
{
    if (value.known && value.type == VALUE_TIME && other->type == VALUE_DATE)
        return naive_integer(VALUE_DATE, naive_local_date(naive, value.integer));
    return value;
}

static int compare_nodes(struct naive *naive, const struct segment_node *a, struct naive_value x,
                         const struct segment_node *b, struct naive_value y)
{
    if (is_version(a) || is_version(b))
        return naive_version_less(x.text, y.text) ? -1 : naive_version_less(y.text, x.text);
    x = as_date(naive, x, &y);
    y = as_date(naive, y, &x);
    return naive_compare(naive, &x, &y);
}

static bool compare(const struct naive_context *context, const struct segment_node *node)
{
    struct naive_value a = naive_value(context, node->child[0]),
                       b = naive_value(context, node->child[1]);
    if (!a.known || !b.known)
        return context->naive->fault == NAIVE_FAULT_UNKNOWN_NOT && node->compare == COMPARE_NE;
    int order = compare_nodes(context->naive, node->child[0], a, node->child[1], b);
    switch (node->compare) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    case COMPARE_GE: return order >= 0;
    }
    return false;
}

static bool between(const struct naive_context *context, const struct segment_node *node)
{
    struct naive_value x = naive_value(context, node->child[0]);
    struct naive_value low = naive_value(context, node->child[1]),
                       high = naive_value(context, node->child[2]);
    if (!x.known || !low.known || !high.known)
        return false;
    bool inside = compare_nodes(context->naive, node->child[1], low, node->child[0], x) <= 0 &&
                  compare_nodes(context->naive, node->child[0], x, node->child[2], high) <= 0;
    return inside != node->negated;
}

static bool in(const struct naive_context *context, const struct segment_node *node)
{
    struct naive_value x = naive_value(context, node->child[0]);
    if (!x.known)
        return false;
    bool found = false;
    for (int i = 1; i < node->child_count; i++) {
        struct naive_value item = naive_value(context, node->child[i]);
        if (!item.known)
            continue;
        if (node->folded)
            found |= text_equal(fold(context->naive, x.text), fold(context->naive, item.text));
        else
            found |= compare_nodes(context->naive, node->child[0], x, node->child[i], item) == 0;
    }
    return found != node->negated;
}

static bool contains(struct text text, struct text part)
{
    for (size_t i = 0; i + part.length <= text.length; i++)
        if (memcmp(text.data + i, part.data, part.length) == 0)
            return true;
    return false;
}

static size_t character(struct text text)
{
    size_t length = 1;
    while (length < text.length && ((unsigned char)text.data[length] & 0xC0) == 0x80)
        length++;
    return length;
}

static struct text skip(struct text text, size_t bytes)
{
    return (struct text){text.data + bytes, text.length - bytes};
}

static bool like(struct text text, struct text pattern)
{
    if (pattern.length == 0)
        return text.length == 0;
    if (pattern.data[0] == '%') {
        for (;; text = skip(text, character(text))) {
            if (like(text, skip(pattern, 1)))
                return true;
            if (text.length == 0)
                return false;
        }
    }
    if (text.length == 0)
        return false;
    if (pattern.data[0] == '_')
        return like(skip(text, character(text)), skip(pattern, 1));
    if (pattern.data[0] == '\\' && pattern.length > 1)
        pattern = skip(pattern, 1);
    return pattern.data[0] == text.data[0] && like(skip(text, 1), skip(pattern, 1));
}

static bool text_test(const struct naive_context *context, const struct segment_node *node)
{
    struct naive_value a = naive_value(context, node->child[0]),
                       b = naive_value(context, node->child[1]);
    if (!a.known || !b.known)
        return false;
    struct text x = a.text, y = b.text;
    bool result = false;
    if (node->folded && node->text_test != TEXT_MATCHES) {
        x = fold(context->naive, x);
        y = fold(context->naive, y);
    }
    switch (node->text_test) {
    case TEXT_CONTAINS: result = contains(x, y); break;
    case TEXT_STARTS: result = text_starts(x, y); break;
    case TEXT_ENDS: result = text_ends(x, y); break;
    case TEXT_LIKE: result = like(x, y); break;
    case TEXT_MATCHES: result = naive_matches(x, y, node->folded); break;
    case TEXT_EQUALS: result = text_equal(x, y); break;
    }
    return result != node->negated;
}

static bool set_has(const struct naive_context *context, const struct naive_value *set,
                    struct text item)
{
    for (uint32_t i = 0; i < set->code_count; i++)
        if (text_equal(population_text(context->naive->population, set->codes[i]), item))
            return true;
    return false;
}

static bool set_test(const struct naive_context *context, const struct segment_node *node)
{
    struct naive_value set = naive_value(context, node->child[0]);
    if (!set.known)
        return false;
    int found = 0;
    for (int i = 1; i < node->child_count; i++)
        found += set_has(context, &set, naive_value(context, node->child[i]).text);
    bool result = node->set_test == SET_ANY_OF   ? found > 0
                  : node->set_test == SET_ALL_OF ? found == node->child_count - 1
                                                 : found == 0;
    return result != node->negated;
}

static bool in_window(const struct naive_context *context, const struct segment_node *node)
{
    struct naive *naive = context->naive;
    struct naive_value x = naive_value(context, node->child[0]);
    struct segment_bounds bounds;
    if (!x.known || !naive_bounds(context, node->window, &bounds))
        return false;
    int32_t date = x.type == VALUE_DATE ? (int32_t)x.integer : naive_local_date(naive, x.integer);
    bool inside = x.type == VALUE_DATE ? naive_date_in_bounds(naive, date, bounds)
                                       : bounds.lo <= x.integer && x.integer <= bounds.hi;
    if (node->window->weekdays && !(node->window->weekdays & (1u << date_weekday(date))))
        inside = false;
    return inside != node->negated;
}

static bool anniversary(const struct naive_context *context, const struct segment_node *node)
{
    struct naive_value x = naive_value(context, node->child[0]);
    struct segment_bounds bounds;
    if (!x.known || !naive_bounds(context, node->window, &bounds))
        return false;
    bool found = false;
    for (int32_t year = date_to_civil((int32_t)x.integer).year; year <= 9999 && !found; year++)
        found = naive_date_in_bounds(context->naive, date_anniversary((int32_t)x.integer, year),
                                     bounds);
    return found != node->negated;
}

static bool sample(const struct naive_context *context, const struct segment_node *node)
{
    naive_unsigned_wide u = naive_hash(context, node->sample.seed);
    naive_unsigned_wide left =
        u * 100 * (naive_unsigned_wide)number_power10(node->sample.percent_scale);
    return left < (naive_unsigned_wide)node->sample.percent_scaled << 64;
}

static bool in_list(const struct naive_context *context, const struct segment_node *node)
{
    const struct population *population = context->naive->population;
    bool found = false;
    for (size_t i = 0; i < population->list_count; i++)
        if (strcmp(population->lists[i].name, node->name) == 0)
            found =
                population->lists[i].members[context->position / 64] >> (context->position % 64) &
                1;
    return found != node->negated;
}

bool naive_condition(const struct naive_context *context, const struct segment_node *node)
{
    switch (node->op) {
    case OP_AND:
        for (int i = 0; i < node->child_count; i++)
            if (!naive_condition(context, node->child[i]))
                return false;
        return true;
    case OP_OR:
        for (int i = 0; i < node->child_count; i++)
            if (naive_condition(context, node->child[i]))
                return true;
        return false;
    case OP_NOT: return !naive_condition(context, node->child[0]);
    case OP_COMPARE: return compare(context, node);
    case OP_BETWEEN: return between(context, node);
    case OP_IN: return in(context, node);
    case OP_KNOWN: return naive_value(context, node->child[0]).known != node->negated;
    case OP_TEXT: return text_test(context, node);
    case OP_SET: return set_test(context, node);
    case OP_IN_WINDOW: return in_window(context, node);
    case OP_ANNIVERSARY: return anniversary(context, node);
    case OP_TRUTH: {
        struct naive_value value = naive_value(context, node->child[0]);
        return value.known && value.integer;
    }
    case OP_SEQUENCE: return naive_sequence(context, node) != node->negated;
    case OP_RESUMED: return naive_resumed(context, node) != node->negated;
    case OP_SEGMENT:
        return naive_member(context->naive, node->index, context->position) != node->negated;
    case OP_RECORD: return naive_record(context, node) != node->negated;
    case OP_TOP: return naive_top(context, node) != node->negated;
    case OP_SAMPLE: return sample(context, node) != node->negated;
    case OP_LIST: return in_list(context, node);
    case OP_EVER: return naive_ever(context, node) != node->negated;
    case OP_CHANGED: return naive_changed(context, node) != node->negated;
    case OP_ACCOUNT: {
        struct naive_value value = naive_account(context, node);
        return value.known && (value.integer != 0) != node->negated;
    }
    case OP_FORM:
    case OP_CUSTOMER: break;
    default: { /* a yes/no value standing as a condition */
        struct naive_value value = naive_value(context, node);
        return value.known && value.integer;
    }
    }
    struct naive_context customer = *context;
    if (node->op == OP_CUSTOMER)
        customer.fact = NULL;
    return naive_condition(&customer, node->child[0]);
}

/* ---- values ---- */

static struct naive_value literal(const struct segment_node *node)
{
    const struct segment_literal *literal = &node->literal;
    return (struct naive_value){
        .known = literal->known,
        .type = node->type,
        .scale = node->scale,
        .is_double = node->is_double,
        .integer = literal->integer,
        .number = literal->number,
        .text = literal->text,
    };
}

static struct naive_value as_of(const struct naive_context *context,
                                const struct segment_node *node)
{
    struct naive *naive = context->naive;
    struct naive_value when = naive_value(context, node->child[0]);
    if (!when.known)
        return naive_unknown(node->type);
    int64_t moment = when.type == VALUE_DATE
                         ? zone_day_start(naive->population->zone, (int32_t)when.integer)
                         : when.integer;
    return naive_trait(context, &node->path, moment < naive->now ? moment : naive->now);
}

static struct naive_value scheme_member(const struct naive_context *context,
                                        const struct segment_node *node)
{
    struct naive *naive = context->naive;
    const struct segment_scheme *scheme = &naive->set->schemes[node->index];
    for (int i = scheme->first_member; i < scheme->first_member + scheme->member_count; i++) {
        if (!naive_member(naive, i, context->position))
            continue;
        struct naive_value value = {.known = true, .type = VALUE_TEXT};
        value.text = text_from(naive->set->segments[i].name + strlen(scheme->name) + 1);
        return value;
    }
    return naive_unknown(VALUE_TEXT);
}

/* Adds a length of time written in the text to a date or moment; sign ±1. */
static struct naive_value step(struct naive *naive, struct naive_value from,
                               const struct segment_node *length, struct naive_value by, int sign)
{
    bool written = length->op == OP_LITERAL;
    struct calendar_period period = {0, by.is_double ? (int64_t)by.number : by.integer};
    if (written && length->literal.is_period)
        period = length->literal.period;
    if (from.type == VALUE_TIME)
        return naive_integer(VALUE_TIME,
                             zone_add(naive->population->zone, from.integer, period, sign));
    int32_t date = date_add_months((int32_t)from.integer, (int64_t)period.months * sign);
    return naive_integer(VALUE_DATE, date + sign * (period.seconds / SECONDS_A_DAY));
}

static struct naive_value fit(struct naive *naive, enum value_type type, int scale,
                              naive_wide exact)
{
    if (exact > INT64_MAX || exact < INT64_MIN) {
        naive->overflow = true;
        return naive_unknown(type);
    }
    struct naive_value value = naive_integer(type, (int64_t)exact);
    value.scale = scale;
    return value;
}

static bool is_double(const struct naive_value *value)
{
    return value->type == VALUE_DOUBLE || value->is_double;
}

static struct naive_value real(const struct segment_node *node, double number)
{
    return (struct naive_value){.known = isfinite(number),
                                .type = node->type,
                                .is_double = node->type == VALUE_DURATION,
                                .number = number};
}

static naive_wide at_scale(const struct naive_value *value, int scale)
{
    naive_wide exact = value->integer;
    for (int i = value->scale; i < scale; i++)
        exact *= 10;
    return exact;
}

static struct naive_value arithmetic(const struct naive_context *context,
                                     const struct segment_node *node)
{
    struct naive *naive = context->naive;
    struct naive_value a = naive_value(context, node->child[0]),
                       b = naive_value(context, node->child[1]);
    if (!a.known || !b.known)
        return naive_unknown(node->type);
    bool a_moment = a.type == VALUE_TIME || a.type == VALUE_DATE;
    bool b_moment = b.type == VALUE_TIME || b.type == VALUE_DATE;
    int sign = node->op == OP_SUBTRACT ? -1 : 1;
    if (a_moment && b_moment)
        return fit(naive, VALUE_DURATION, 0,
                   ((naive_wide)a.integer - b.integer) *
                       (a.type == VALUE_DATE ? SECONDS_A_DAY : 1));
    if (a_moment)
        return step(naive, a, node->child[1], b, sign);
    if (b_moment)
        return step(naive, b, node->child[0], a, sign);
    if (node->op == OP_DIVIDE) {
        double x = naive_double(&a), y = naive_double(&b);
        return y == 0 ? naive_unknown(node->type) : real(node, x / y);
    }
    bool mixed =
        node->type == VALUE_DURATION && (a.type == VALUE_DECIMAL || b.type == VALUE_DECIMAL);
    if (node->type == VALUE_DOUBLE || is_double(&a) || is_double(&b) || mixed) {
        double x = naive_double(&a), y = naive_double(&b);
        return real(node, node->op == OP_MULTIPLY ? x * y : x + sign * y);
    }
    if (node->op == OP_MULTIPLY)
        return fit(naive, node->type, a.scale + b.scale, (naive_wide)a.integer * b.integer);
    int scale = a.scale > b.scale ? a.scale : b.scale;
    return fit(naive, node->type, scale, at_scale(&a, scale) + sign * at_scale(&b, scale));
}

static struct naive_value bucket(const struct naive_context *context,
                                 const struct segment_node *node)
{
    naive_unsigned_wide u = naive_hash(context, node->sample.seed);
    return naive_integer(VALUE_INT,
                         (int64_t)(u * (naive_unsigned_wide)node->sample.buckets >> 64) + 1);
}

static struct naive_value negate(const struct naive_context *context,
                                 const struct segment_node *node)
{
    struct naive_value value = naive_value(context, node->child[0]);
    value.number = -value.number;
    return value.known && !is_double(&value)
               ? fit(context->naive, value.type, value.scale, -(naive_wide)value.integer)
               : value;
}

struct naive_value naive_value(const struct naive_context *context, const struct segment_node *node)
{
    struct naive *naive = context->naive;
    switch (node->op) {
    case OP_LITERAL: return literal(node);
    case OP_NOW: return naive_integer(VALUE_TIME, naive->now);
    case OP_TODAY: return naive_integer(VALUE_DATE, naive_local_date(naive, naive->now));
    case OP_TRAIT: return naive_trait(context, &node->path, context->trait_moment);
    case OP_TRAIT_AS_OF: return as_of(context, node);
    case OP_SCHEME: return scheme_member(context, node);
    case OP_MEASURE: return naive_measure(context, node);
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE: return arithmetic(context, node);
    case OP_NEGATE: return negate(context, node);
    case OP_FUNCTION: return naive_function(context, node);
    case OP_PERIODS: return naive_periods(context, node);
    case OP_NTILE:
    case OP_PERCENTILE: return naive_rank_value(context, node);
    case OP_BUCKET: return bucket(context, node);
    case OP_ACCOUNT: return naive_account(context, node);
    case OP_PROPERTY: return naive_property(context, &node->path, context->fact);
    case OP_FACT_TIME: return naive_integer(VALUE_TIME, context->fact->time);
    case OP_STEP: {
        const struct naive_fact *fact = &context->steps[node->path.step];
        return node->path.is_time ? naive_integer(VALUE_TIME, fact->time)
                                  : naive_property(context, &node->path, fact);
    }
    case OP_CUSTOMER: {
        struct naive_context customer = *context;
        customer.fact = NULL;
        return naive_value(&customer, node->child[0]);
    }
    case OP_FORM: return naive_value(context, node->child[0]);
    default: return naive_integer(VALUE_BOOL, naive_condition(context, node));
    }
}
