/*
 * Windows and the facts in them, measures, periods.
 */
#include "base/number.h"
#include "naive_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t first_moment(const struct zone *zone, struct segment_anchor x)
{
    return x.is_date ? zone_day_start(zone, (int32_t)x.value) : x.value;
}

static int64_t last_moment(const struct zone *zone, struct segment_anchor x)
{
    return x.is_date ? zone_day_start(zone, (int32_t)x.value + 1) - 1 : x.value;
}

/* The local unit `back` units before the one that holds T. */
static int32_t unit_start(const struct zone *zone, int64_t now, enum calendar_unit unit,
                          int64_t back)
{
    return date_of_unit_number(date_unit_number(zone_date(zone, now), unit) - back, unit);
}

struct segment_bounds naive_window_bounds(const struct segment_window *window,
                                          const struct zone *zone, int64_t now,
                                          struct segment_anchor anchor, struct segment_anchor to)
{
    int64_t none = INT64_MIN;
    struct calendar_period d = window->length;
    switch (window->form) {
    case WINDOW_ALL: return (struct segment_bounds){none, now};
    case WINDOW_LAST: return (struct segment_bounds){zone_add(zone, now, d, -1) + 1, now};
    case WINDOW_NEXT: return (struct segment_bounds){now + 1, zone_add(zone, now, d, 1)};
    case WINDOW_BEFORE_LAST: return (struct segment_bounds){none, zone_add(zone, now, d, -1)};
    case WINDOW_AGO:
        return (struct segment_bounds){zone_add(zone, now, window->longer, -1) + 1,
                                       zone_add(zone, now, d, -1)};
    case WINDOW_SINCE: return (struct segment_bounds){first_moment(zone, anchor), now};
    case WINDOW_UNTIL: return (struct segment_bounds){none, first_moment(zone, anchor) - 1};
    case WINDOW_FROM_TO:
        return (struct segment_bounds){first_moment(zone, anchor), last_moment(zone, to)};
    case WINDOW_THIS:
        return (struct segment_bounds){
            zone_day_start(zone, unit_start(zone, now, window->unit, 0)),
            zone_day_start(zone, unit_start(zone, now, window->unit, -1)) - 1};
    case WINDOW_PREVIOUS:
        return (struct segment_bounds){
            zone_day_start(zone, unit_start(zone, now, window->unit, window->count)),
            zone_day_start(zone, unit_start(zone, now, window->unit, 0)) - 1};
    case WINDOW_WITHIN:
        return (struct segment_bounds){zone_add(zone, first_moment(zone, anchor), d, -1),
                                       zone_add(zone, last_moment(zone, anchor), d, 1)};
    case WINDOW_AFTER:
        return (struct segment_bounds){first_moment(zone, anchor),
                                       zone_add(zone, last_moment(zone, anchor), d, 1)};
    case WINDOW_BEFORE:
        return (struct segment_bounds){zone_add(zone, first_moment(zone, anchor), d, -1),
                                       last_moment(zone, anchor)};
    }
    abort();
}

bool naive_same_bounds(struct segment_bounds a, struct segment_bounds b)
{
    struct segment_bounds *both[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        if (both[i]->lo < MOMENT_MIN)
            both[i]->lo = MOMENT_MIN;
        if (both[i]->hi > MOMENT_MAX)
            both[i]->hi = MOMENT_MAX;
    }
    bool a_empty = a.lo > a.hi, b_empty = b.lo > b.hi;
    return a_empty || b_empty ? a_empty == b_empty : a.lo == b.lo && a.hi == b.hi;
}

static bool anchor_value(const struct naive_context *context, const struct segment_node *node,
                         struct segment_anchor *anchor)
{
    if (!node)
        return true;
    struct naive_context customer = *context;
    customer.fact = NULL;
    struct naive_value value = naive_value(&customer, node);
    anchor->is_date = value.type == VALUE_DATE;
    anchor->value = value.integer;
    return value.known;
}

bool naive_bounds(const struct naive_context *context, const struct segment_window *window,
                  struct segment_bounds *bounds)
{
    struct naive *naive = context->naive;
    struct segment_anchor anchor = {0}, to = {0};
    if (!anchor_value(context, window->anchor, &anchor) || !anchor_value(context, window->to, &to))
        return false;
    *bounds = naive_window_bounds(window, naive->population->zone, naive->now, anchor, to);
    struct segment_bounds theirs =
        segment_window_bounds(window, naive->population->zone, naive->now, anchor, to);
    naive->bounds_differ |= !naive_same_bounds(*bounds, theirs);
    if (naive->fault == NAIVE_FAULT_WINDOW_START && bounds->lo > MOMENT_MIN)
        bounds->lo--;
    if (naive->fault == NAIVE_FAULT_WINDOW_END && bounds->hi < naive->now)
        bounds->hi++;
    return true;
}

static bool is_anniversary(const struct naive_context *context, const struct segment_node *node,
                           int32_t date)
{
    struct segment_anchor day = {0};
    if (!anchor_value(context, node, &day))
        return false;
    int32_t year = date_to_civil(date).year;
    return year >= date_to_civil((int32_t)day.value).year &&
           date_anniversary((int32_t)day.value, year) == date;
}

bool naive_in_window(const struct naive_context *context, const struct segment_window *window,
                     int64_t time)
{
    struct segment_bounds bounds;
    if (time > context->naive->now || !naive_bounds(context, window, &bounds))
        return false;
    if (time < bounds.lo || time > bounds.hi)
        return false;
    int32_t date = naive_local_date(context->naive, time);
    if (window->weekdays && !(window->weekdays & 1u << date_weekday(date)))
        return false;
    return !window->anniversary || is_anniversary(context, window->anniversary, date);
}

bool naive_date_in_bounds(const struct naive *naive, int32_t date, struct segment_bounds bounds)
{
    if (bounds.lo > MOMENT_MIN && bounds.lo <= MOMENT_MAX &&
        date <= naive_local_date(naive, bounds.lo - 1))
        return false;
    if (bounds.lo > MOMENT_MAX || bounds.hi < MOMENT_MIN)
        return false;
    return bounds.hi >= MOMENT_MAX || date <= naive_local_date(naive, bounds.hi);
}

/* ---- facts ---- */

struct naive_fact *naive_facts(const struct naive_context *context, const char *const *kinds,
                               int kind_count, size_t *count)
{
    const struct population *population = context->naive->population;
    struct naive_fact *facts = NULL;
    size_t room = 0;
    *count = 0;
    for (int kind = 0; kind < kind_count; kind++) {
        int index = population_table_index(population, kinds[kind]);
        if (index >= 0)
            room += population->tables[index].offset[context->position + 1] -
                    population->tables[index].offset[context->position];
    }
    facts = ARENA_ARRAY(&context->naive->arena, struct naive_fact, room + 1);
    for (int kind = 0; kind < kind_count; kind++) {
        int index = population_table_index(population, kinds[kind]);
        if (index < 0)
            continue;
        const struct population_table *table = &population->tables[index];
        for (uint32_t row = table->offset[context->position];
             row < table->offset[context->position + 1]; row++) {
            if (table->time[row] > context->naive->now)
                continue;
            /* Behind everything of the same second or earlier: kinds in the order written, a kind
             * by arrival. */
            size_t at = (*count)++;
            for (; at > 0 && facts[at - 1].time > table->time[row]; at--)
                facts[at] = facts[at - 1];
            facts[at] = (struct naive_fact){index, row, table->time[row], kind};
        }
    }
    return facts;
}

static struct naive_fact *selected(const struct naive_context *context,
                                   const struct segment_measure *measure, size_t *count)
{
    size_t all, kept = 0;
    struct naive_fact *facts = naive_facts(context, measure->kinds, measure->kind_count, &all);
    for (size_t i = 0; i < all; i++) {
        struct naive_context of_fact = *context;
        of_fact.fact = &facts[i];
        if (!naive_in_window(context, &measure->window, facts[i].time))
            continue;
        if (context->clipped &&
            (facts[i].time < context->clip_lo || facts[i].time > context->clip_hi))
            continue;
        if (measure->filter && !naive_condition(&of_fact, measure->filter))
            continue;
        facts[kept++] = facts[i];
    }
    *count = kept;
    return facts;
}

/* ---- measures ---- */

static int64_t checked(struct naive *naive, naive_wide exact)
{
    if (exact > INT64_MAX || exact < INT64_MIN)
        naive->overflow = true;
    return (int64_t)exact;
}

static struct naive_value sum(const struct naive_context *context, const struct segment_node *node,
                              const struct naive_value *values, size_t count)
{
    struct naive_value total = {
        .known = true, .type = node->type, .scale = node->scale, .is_double = node->is_double};
    naive_wide exact = 0;
    bool real = node->type == VALUE_DOUBLE || node->is_double;
    for (size_t i = 0; i < count; i++) {
        exact += values[i].integer;
        total.number += naive_double(&values[i]);
    }
    total.integer = real ? 0 : checked(context->naive, exact);
    total.known = !real || isfinite(total.number);
    return total;
}

static struct naive_value real_of(const struct segment_node *node, double number)
{
    return (struct naive_value){.known = isfinite(number),
                                .type = node->type,
                                .is_double = node->type == VALUE_DURATION,
                                .number = number};
}

static struct naive_value average(const struct segment_node *node, const struct naive_value *values,
                                  size_t count)
{
    if (count == 0)
        return naive_unknown(node->type);
    naive_wide exact = 0;
    double real = 0;
    for (size_t i = 0; i < count; i++) {
        exact += values[i].integer;
        real += values[i].number;
    }
    if (values[0].type == VALUE_DOUBLE || values[0].is_double)
        return real_of(node, real / (double)count);
    return real_of(node, (double)exact / ((double)count * (double)number_power10(values[0].scale)));
}

static void sort(struct naive *naive, struct naive_value *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t at = i; at > 0 && naive_compare(naive, &values[at], &values[at - 1]) < 0;
             at--) {
            struct naive_value swap = values[at];
            values[at] = values[at - 1];
            values[at - 1] = swap;
        }
}

static struct naive_value median(const struct naive_context *context,
                                 const struct segment_node *node, struct naive_value *values,
                                 size_t count)
{
    if (count == 0)
        return naive_unknown(node->type);
    sort(context->naive, values, count);
    double high = naive_double(&values[count / 2]);
    return real_of(node, count % 2 ? high : (naive_double(&values[count / 2 - 1]) + high) / 2);
}

static size_t distinct(struct naive *naive, const struct naive_value *values, size_t count)
{
    size_t different = 0;
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = naive_compare(naive, &values[i], &values[j]) == 0;
        different += !seen;
    }
    return different;
}

static struct naive_value favourite(struct naive *naive, const struct segment_node *node,
                                    const struct naive_value *values, size_t count)
{
    struct naive_value best = naive_unknown(node->type);
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t times = 0;
        bool later = false;
        for (size_t j = 0; j < count; j++) {
            bool same = naive_compare(naive, &values[i], &values[j]) == 0;
            times += same;
            later |= same && j > i;
        }
        /* Looked at where it was seen last, so among equals the later wins. */
        if (later)
            continue;
        if (times > most || (times == most && naive->fault != NAIVE_FAULT_FAVOURITE_TIES)) {
            best = values[i];
            most = times;
        }
    }
    return best;
}

static struct naive_value pick(const struct segment_node *node, const struct naive_value *values,
                               size_t count, int64_t n)
{
    if (n > 0 && (uint64_t)n <= count)
        return values[n - 1];
    if (n < 0 && (uint64_t)-n <= count)
        return values[count - (size_t)-n];
    return naive_unknown(node->type);
}

/* The known values of the measure's argument in order; without one, one value a fact. */
static struct naive_value *arguments(const struct naive_context *context,
                                     const struct segment_measure *measure,
                                     const struct naive_fact *facts, size_t facts_count,
                                     size_t *count)
{
    struct naive_value *values =
        ARENA_ARRAY(&context->naive->arena, struct naive_value, facts_count + 1);
    *count = 0;
    for (size_t i = 0; i < facts_count; i++) {
        struct naive_context of_fact = *context;
        of_fact.fact = &facts[i];
        struct naive_value value = naive_integer(VALUE_BOOL, 1);
        if (measure->argument && measure->argument->op == OP_GAP)
            value = i ? naive_integer(VALUE_DURATION, facts[i].time - facts[i - 1].time)
                      : naive_unknown(VALUE_DURATION);
        else if (measure->argument)
            value = naive_value(&of_fact, measure->argument);
        if (value.known)
            values[(*count)++] = value;
    }
    return values;
}

struct naive_value naive_measure(const struct naive_context *context,
                                 const struct segment_node *node)
{
    struct naive *naive = context->naive;
    const struct segment_measure *measure = node->measure;
    struct naive_context customer = *context;
    customer.fact = NULL;
    size_t facts_count, count;
    struct naive_fact *facts = selected(&customer, measure, &facts_count);
    struct naive_value *values = arguments(&customer, measure, facts, facts_count, &count);
    switch (measure->aggregate) {
    case AGGREGATE_ANY: return naive_integer(VALUE_BOOL, facts_count > 0);
    case AGGREGATE_NONE: return naive_integer(VALUE_BOOL, facts_count == 0);
    case AGGREGATE_COUNT: return naive_integer(VALUE_INT, (int64_t)count);
    case AGGREGATE_SUM: return sum(context, node, values, count);
    case AGGREGATE_AVG: return average(node, values, count);
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        sort(naive, values, count);
        return pick(node, values, count, measure->aggregate == AGGREGATE_MIN ? 1 : -1);
    case AGGREGATE_MEDIAN: return median(context, node, values, count);
    case AGGREGATE_DISTINCT:
        return naive_integer(VALUE_INT, (int64_t)distinct(naive, values, count));
    case AGGREGATE_FIRST: return pick(node, values, count, 1);
    case AGGREGATE_LAST: return pick(node, values, count, -1);
    case AGGREGATE_NTH: return pick(node, values, count, measure->nth);
    case AGGREGATE_FAVOURITE: return favourite(naive, node, values, count);
    }
    abort();
}

struct naive_value naive_periods(const struct naive_context *context,
                                 const struct segment_node *node)
{
    struct naive *naive = context->naive;
    const struct zone *zone = naive->population->zone;
    const struct segment_periods *periods = node->periods;
    struct segment_bounds bounds;
    if (!naive_bounds(context, &periods->window, &bounds))
        return naive_integer(VALUE_INT, 0);
    if (bounds.hi > naive->now)
        bounds.hi = naive->now;
    int64_t count = 0;
    if (bounds.lo > bounds.hi)
        return naive_integer(VALUE_INT, 0);
    int64_t first = date_unit_number(naive_local_date(naive, bounds.lo), periods->unit);
    int64_t last = date_unit_number(naive_local_date(naive, bounds.hi), periods->unit);
    for (int64_t unit = first; unit <= last; unit++) {
        struct naive_context inside = *context;
        int64_t lo = zone_day_start(zone, date_of_unit_number(unit, periods->unit));
        int64_t hi = zone_day_start(zone, date_of_unit_number(unit + 1, periods->unit)) - 1;
        inside.clipped = true;
        inside.clip_lo = lo > bounds.lo ? lo : bounds.lo;
        inside.clip_hi = hi < bounds.hi ? hi : bounds.hi;
        count += naive_condition(&inside, node->child[0]);
    }
    return naive_integer(VALUE_INT, count);
}
