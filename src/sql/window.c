/*
 * Windows as SQL. What is the same for everyone is worked out here, by base's calendar, and written
 * as numbers; only windows around a customer's own moment leave the reckoning to the engine, with
 * the functions of the prelude.
 */
#include "sql/internal.h"

#include <inttypes.h>
#include <string.h>

/* ---- constants ---- */

static bool constant_step(struct sql *sql, const struct segment_node *node,
                          struct segment_anchor *anchor)
{
    const struct segment_node *length = node->child[1];
    if (length->op != OP_LITERAL || length->type != VALUE_DURATION ||
        !sql_constant(sql, node->child[0], anchor))
        return false;

    int sign = node->op == OP_SUBTRACT ? -1 : 1;
    struct calendar_period period = length->literal.period;
    if (!length->literal.is_period)
        period = (struct calendar_period){0, length->literal.integer};

    if (anchor->is_date)
        anchor->value = date_add_months((int32_t)anchor->value, (int64_t)sign * period.months) +
                        sign * (period.seconds / SECONDS_A_DAY);
    else
        anchor->value = zone_add(sql->zone, anchor->value, period, sign);
    return true;
}

bool sql_constant(struct sql *sql, const struct segment_node *node, struct segment_anchor *anchor)
{
    anchor->is_date = node->type == VALUE_DATE;
    switch (node->op) {
    case OP_LITERAL:
        anchor->value = node->literal.integer;
        return node->literal.known && (node->type == VALUE_DATE || node->type == VALUE_TIME);
    case OP_NOW: anchor->value = sql->now; return true;
    case OP_TODAY: anchor->value = zone_date(sql->zone, sql->now); return true;
    case OP_ADD:
    case OP_SUBTRACT: return constant_step(sql, node, anchor);
    case OP_FORM: return sql_constant(sql, node->child[0], anchor);
    /* date() of something constant is constant; other functions are left to the engine. */
    case OP_FUNCTION:
        if (node->function != FUNCTION_DATE || !sql_constant(sql, node->child[0], anchor))
            return false;
        if (!anchor->is_date)
            anchor->value = zone_date(sql->zone, anchor->value);
        anchor->is_date = true;
        return true;
    default: return false;
    }
}

/* ---- bounds ---- */

const char *sql_step_moment(struct sql *sql, const char *moment, struct calendar_period period,
                            int sign)
{
    if (period.months)
        moment =
            arena_printf(sql->arena, "strata_step(%s, %" PRId32 ")", moment, sign * period.months);
    if (period.seconds || !period.months)
        moment =
            arena_printf(sql->arena, "(%s + %s)", moment, sql_integer(sql, sign * period.seconds));
    return moment;
}

static const char *first_moment(const struct sql_scope *scope, const struct segment_node *anchor)
{
    const char *value = sql_value(scope, anchor);
    return anchor->type == VALUE_DATE ? SQL(scope, "strata_day_start(%s)", value) : value;
}

static const char *last_moment(const struct sql_scope *scope, const struct segment_node *anchor)
{
    const char *value = sql_value(scope, anchor);
    return anchor->type == VALUE_DATE ? SQL(scope, "(strata_day_start(%s + 1) - 1)", value) : value;
}

static struct sql_bounds written(const struct sql_scope *scope, const struct segment_window *window)
{
    struct sql *sql = scope->sql;
    const char *first = first_moment(scope, window->anchor),
               *last = last_moment(scope, window->anchor);

    const char *before = sql_step_moment(sql, first, window->length, -1);
    const char *after = sql_step_moment(sql, last, window->length, 1);

    switch (window->form) {
    case WINDOW_SINCE: return (struct sql_bounds){.lo = first, .hi = sql_integer(sql, sql->now)};
    case WINDOW_UNTIL: return (struct sql_bounds){.hi = SQL(scope, "(%s - 1)", first)};
    case WINDOW_FROM_TO:
        return (struct sql_bounds){.lo = first, .hi = last_moment(scope, window->to)};
    case WINDOW_WITHIN: return (struct sql_bounds){.lo = before, .hi = after};
    case WINDOW_AFTER: return (struct sql_bounds){.lo = first, .hi = after};
    default: return (struct sql_bounds){.lo = before, .hi = last};
    }
}

struct sql_bounds sql_window_bounds(const struct sql_scope *scope,
                                    const struct segment_window *window)
{
    struct sql *sql = scope->sql;
    struct segment_anchor anchor = {0}, to = {0};
    struct sql_scope outside = sql_outside(scope);
    bool constant = (!window->anchor || sql_constant(sql, window->anchor, &anchor)) &&
                    (!window->to || sql_constant(sql, window->to, &to));
    if (!constant)
        return written(&outside, window);
    /* Worked out here, by the one calendar; what lies beyond its ends is no bound. */
    struct segment_bounds value = segment_window_bounds(window, sql->zone, sql->now, anchor, to);

    struct sql_bounds bounds = {.constant = true, .value = value};
    if (value.lo > MOMENT_MIN)
        bounds.lo = sql_integer(sql, value.lo);
    if (value.hi < MOMENT_MAX)
        bounds.hi = sql_integer(sql, value.hi);
    return bounds;
}

/* ---- tests ---- */

static const char *on_weekdays(const struct sql_scope *scope, unsigned weekdays, const char *date)
{
    const char *days = "";
    for (unsigned day = 1; day <= DAYS_A_WEEK; day++)
        if (weekdays & 1u << day)
            days = SQL(scope, "%s%s%u", days, *days ? ", " : "", day);
    return SQL(scope, "isodow(strata_civil(%s)) IN (%s)", date, days);
}

const char *sql_in_window(const struct sql_scope *scope, const struct segment_window *window,
                          const char *time)
{
    struct sql_bounds bounds = sql_window_bounds(scope, window);
    const char *test = SQL(scope, "%s <= %" PRId64, time, scope->sql->now);

    if (bounds.lo)
        test = SQL(scope, "%s AND %s >= %s", test, time, bounds.lo);
    if (bounds.hi)
        test = SQL(scope, "%s AND %s <= %s", test, time, bounds.hi);

    const char *date = SQL(scope, "strata_date(%s)", time);
    if (window->weekdays)
        test = SQL(scope, "%s AND %s", test, on_weekdays(scope, window->weekdays, date));

    /* Not before the first one: a birthday counts from the birth on. */
    if (window->anniversary) {
        struct sql_scope outside = sql_outside(scope);
        const char *day = sql_value(&outside, window->anniversary);
        test = SQL(
            scope,
            "%s AND year(strata_civil(%s)) >= year(strata_civil(%s)) AND strata_anniversary(%s, "
            "year(strata_civil(%s))) = %s",
            test, date, day, day, date, date);
    }
    return test;
}

/* The dates after and up to which a DATE lies in the bounds. */
static void date_bounds(const struct sql_scope *scope, struct sql_bounds bounds, const char **after,
                        const char **until)
{
    struct sql *sql = scope->sql;
    if (bounds.constant) {
        *after = bounds.lo ? sql_integer(sql, zone_date(sql->zone, bounds.value.lo - 1)) : NULL;
        *until = bounds.hi ? sql_integer(sql, zone_date(sql->zone, bounds.value.hi)) : NULL;
        return;
    }
    *after = bounds.lo ? SQL(scope, "strata_date(%s - 1)", bounds.lo) : NULL;
    *until = bounds.hi ? SQL(scope, "strata_date(%s)", bounds.hi) : NULL;
}

const char *sql_in_window_value(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql_bounds bounds = sql_window_bounds(scope, node->window);
    bool is_date = node->child[0]->type == VALUE_DATE;
    const char *value = sql_value(scope, node->child[0]), *after = bounds.lo, *until = bounds.hi;
    if (is_date)
        date_bounds(scope, bounds, &after, &until);

    const char *test = SQL(scope, "%s IS NOT NULL", value);
    if (after)
        test = SQL(scope, "%s AND %s %s %s", test, value, is_date ? ">" : ">=", after);
    if (until)
        test = SQL(scope, "%s AND %s <= %s", test, value, until);

    const char *date = is_date ? value : SQL(scope, "strata_date(%s)", value);
    if (node->window->weekdays)
        test = SQL(scope, "%s AND %s", test, on_weekdays(scope, node->window->weekdays, date));
    /* Negated: still unknown when the value or the anchor is. */
    return SQL(scope, "CASE WHEN %s IS NULL THEN NULL ELSE %s END", value, test);
}

const char *sql_anniversary(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql_bounds bounds = sql_window_bounds(scope, node->window);
    const char *day = sql_value(scope, node->child[0]), *after = NULL, *until = NULL;
    date_bounds(scope, bounds, &after, &until);
    /* Without a beginning, from the first of them on. */
    if (!after)
        after = SQL(scope, "(%s - 1)", day);
    const char *first = SQL(scope, "strata_anniversary_after(%s, %s)", day, after);
    return SQL(scope, "%s IS NOT NULL AND %s <= %s", after, first,
               until ? until : sql_integer(scope->sql, DATE_MAX));
}
