/*
 * Functions of the language as SQL: one line each where the engine or the prelude has it. Where the
 * engine's own means something else (its division goes towards zero) the prelude's is called.
 */
#include "base/number.h"
#include "sql/internal.h"

#include <inttypes.h>

static const char *as_date(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *value = sql_value(scope, node);
    return node->type == VALUE_DATE ? value : SQL(scope, "strata_date(%s)", value);
}

static const char *since(const struct sql_scope *scope, const struct segment_node *node)
{
    static const int64_t seconds[] = {1, SECONDS_A_MINUTE, SECONDS_AN_HOUR, SECONDS_A_DAY,
                                      (int64_t)DAYS_A_WEEK * SECONDS_A_DAY};
    struct sql *sql = scope->sql;
    const struct segment_node *x = node->child[0];
    const char *value = sql_value(scope, x);
    bool is_date = x->type == VALUE_DATE, until = node->function == FUNCTION_UNTIL;
    const char *from = value, *to = sql_integer(sql, sql->now);

    /* Units of fixed length are a division. Dates count whole days from each other, and
     * smaller units from the day's first moment. */
    if (node->unit <= CALENDAR_WEEK) {
        int64_t unit = seconds[node->unit];
        if (is_date && node->unit >= CALENDAR_DAY) {
            to = sql_integer(sql, zone_date(sql->zone, sql->now));
            unit /= SECONDS_A_DAY;
        } else if (is_date) {
            from = SQL(scope, "strata_day_start(%s)", value);
        }
        return SQL(scope, "strata_floor_div(%s - %s, %s)", until ? from : to, until ? to : from,
                   sql_integer(sql, unit));
    }

    /* Months by the calendar: of moments the clock decides on the completing day. */
    const char *months;
    if (is_date) {
        to = sql_integer(sql, zone_date(sql->zone, sql->now));
        months = SQL(scope, "strata_months_between(%s, %s)", until ? to : from, until ? from : to);
    } else {
        months =
            SQL(scope, "strata_clock_months_between(%s, %s)", until ? to : from, until ? from : to);
    }

    static const int lengths[] = {
        [CALENDAR_MONTH] = 1, [CALENDAR_QUARTER] = 3, [CALENDAR_YEAR] = MONTHS_A_YEAR};

    int unit = lengths[node->unit];
    return unit == 1 ? months
                     : SQL(scope, "strata_floor_div(%s, %s)", months, sql_integer(sql, unit));
}

static const char *age(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *birth = sql_value(scope, node->child[0]);
    return SQL(scope, "strata_age(%s, %s)", birth,
               sql_integer(scope->sql, zone_date(scope->sql->zone, scope->sql->now)));
}

static const char *rounded(const struct sql_scope *scope, const struct segment_node *node)
{
    const struct segment_node *x = node->child[0];
    const char *value = sql_value(scope, x);
    bool down = node->function == FUNCTION_FLOOR, up = node->function == FUNCTION_CEIL;
    const char *other = up ? "ceil" : "round";

    if (sql_is_double(x))
        return SQL(scope, "CAST(%s(%s) AS BIGINT)", down ? "floor" : other, value);
    const char *unit = sql_integer(scope->sql, number_power10(x->scale));
    if (x->scale == 0)
        return value;

    if (down)
        return SQL(scope, "strata_floor_div(%s, %s)", value, unit);
    if (up)
        return SQL(scope, "(-strata_floor_div(-(%s), %s))", value, unit);
    /* A half goes away from zero. */
    return SQL(scope, "(sign(%s) * ((abs(%s) + %s // 2) // %s))", value, value, unit, unit);
}

/* least, greatest and coalesce over values of one type; numbers are brought to the node's. */
static const char *extreme(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *name = "coalesce";
    if (node->function != FUNCTION_COALESCE)
        name = node->function == FUNCTION_LEAST ? "least" : "greatest";
    struct buffer list;
    buffer_init(&list, 0);

    for (int i = 0; i < node->child_count; i++) {
        const struct segment_node *child = node->child[i];
        const char *value =
            sql_is_double(node) ? sql_double(scope, child) : sql_value(scope, child);
        if (!sql_is_double(node) && child->scale < node->scale)
            value = SQL(scope, "(%s * %s)", value,
                        sql_integer(scope->sql, number_power10(node->scale - child->scale)));
        buffer_printf(&list, "%s%s", i ? ", " : "", value);
    }

    return SQL(scope, "%s(%s)", name, sql_gathered(scope->sql, &list));
}

static const char *distance(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql_scope latitude = *scope, longitude = *scope;
    latitude.part = "latitude";
    longitude.part = "longitude";
    const char *from = sql_value(&latitude, node->child[0]),
               *across = sql_value(&longitude, node->child[0]);
    return SQL(scope, "strata_distance(%s, %s, %s, %s)", from, across,
               sql_double(scope, node->child[1]), sql_double(scope, node->child[2]));
}

/* How a function of one argument is written: DAY takes the date of a TIME. */
enum argument { PLAIN, DAY };
static const struct {
    const char *format;
    enum argument argument;
    const char *(*write)(const struct sql_scope *, const struct segment_node *);
} functions[FUNCTIONS_] = {
    [FUNCTION_AGE] = {.write = age},
    [FUNCTION_DATE] = {"%s", DAY},
    [FUNCTION_YEAR] = {"year(strata_civil(%s))", DAY},
    [FUNCTION_QUARTER] = {"strata_quarter(%s)", DAY},
    [FUNCTION_MONTH] = {"strata_month(%s)", DAY},
    [FUNCTION_WEEK] = {"strata_floor_div(%s + 3, 7)", DAY},
    [FUNCTION_DAY] = {"%s", DAY},
    [FUNCTION_MONTH_OF_YEAR] = {"month(strata_civil(%s))", DAY},
    [FUNCTION_DAY_OF_MONTH] = {"day(strata_civil(%s))", DAY},
    [FUNCTION_WEEKDAY] = {"isodow(strata_civil(%s))", DAY},
    [FUNCTION_HOUR] = {"(strata_clock(%s) // 3600)", PLAIN},
    [FUNCTION_SINCE] = {.write = since},
    [FUNCTION_UNTIL] = {.write = since},
    [FUNCTION_SIZE] = {"len(%s)", PLAIN},
    [FUNCTION_LENGTH] = {"length(%s)", PLAIN},
    [FUNCTION_LOWER] = {"lower(%s)", PLAIN},
    [FUNCTION_UPPER] = {"upper(%s)", PLAIN},
    [FUNCTION_ABS] = {"abs(%s)", PLAIN},
    [FUNCTION_FLOOR] = {.write = rounded},
    [FUNCTION_CEIL] = {.write = rounded},
    [FUNCTION_ROUND] = {.write = rounded},
    [FUNCTION_LEAST] = {.write = extreme},
    [FUNCTION_GREATEST] = {.write = extreme},
    [FUNCTION_COALESCE] = {.write = extreme},
    [FUNCTION_DISTANCE] = {.write = distance},
    [FUNCTION_VERSION] = {"strata_version(%s)", PLAIN},
};

/* Puts value in the place of the one %s of a format from the table above. */
static const char *fill(const struct sql_scope *scope, const char *format, const char *value)
{
    struct buffer out;
    buffer_init(&out, 0);
    for (const char *c = format; *c; c++) {
        if (c[0] == '%' && c[1] == 's') {
            buffer_string(&out, value);
            c++;
        } else {
            buffer_char(&out, *c);
        }
    }
    const char *copy = buffer_copy(&out, scope->sql->arena);
    buffer_release(&out);
    return copy;
}

const char *sql_function(const struct sql_scope *scope, const struct segment_node *node)
{
    if (functions[node->function].write)
        return functions[node->function].write(scope, node);
    const struct segment_node *x = node->child[0];
    const char *value =
        functions[node->function].argument == DAY ? as_date(scope, x) : sql_value(scope, x);
    return fill(scope, functions[node->function].format, value);
}
