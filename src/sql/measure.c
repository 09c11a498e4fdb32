/*
 * Measures as SQL: a union of the kinds' selected facts, then one aggregate by customer. Order
 * matters to first, last, gaps and sums of doubles, and is always the language's: time, then the
 * kind's place, then arrival.
 */
#include "base/number.h"
#include "sql/internal.h"

#include <inttypes.h>

#define ORDER "ORDER BY time, kind, arrival"

static const char *of_kind(struct sql *sql, const struct sql_facts *facts, int kind)
{
    struct sql_joins joins = {0};
    struct sql_scope scope = sql_customers(sql, "f", &joins);

    scope.fact = "f";
    scope.table = &sql->schema->tables[facts->kind_table[kind]];
    scope.kind = kind;
    scope.key = facts->key;
    scope.key.column = "k.unit";

    /* One column for each value that is wanted of a fact; a gap wants
     * none but its time. */
    const char *columns = "", *where;
    for (size_t i = 0; i < facts->column_count; i++) {
        struct sql_scope part = scope;
        part.part = facts->columns[i].part;
        columns =
            SQL(&scope, "%s, %s AS v%zu", columns,
                facts->columns[i].node ? sql_value(&part, facts->columns[i].node) : "TRUE", i);
    }

    where = facts->window ? sql_in_window(&scope, facts->window, "f.time")
                          : SQL(&scope, "f.time <= %" PRId64, sql->now);
    if (facts->filter)
        where = SQL(&scope, "%s AND %s", where, sql_condition(&scope, facts->filter));

    bool units = facts->key.kind == SQL_KEY_UNIT;
    const char *with_units =
        units ? SQL(&scope, " JOIN %s k ON f.time >= k.lo AND f.time <= k.hi", facts->key.table)
              : "";
    return SQL(&scope,
               "SELECT f.customer%s, f.time, %d AS kind, f.arrival%s FROM %s f%s%s WHERE %s",
               units ? ", k.unit" : "", facts->global_kind ? facts->kind_table[kind] : kind,
               columns, sql_name(sql, scope.table), with_units, sql_joined(sql, &joins), where);
}

const char *sql_facts(struct sql *sql, const struct sql_facts *facts)
{
    const char *all = of_kind(sql, facts, 0);
    for (int kind = 1; kind < facts->kind_count; kind++)
        all = arena_printf(sql->arena, "%s UNION ALL %s", all, of_kind(sql, facts, kind));
    return all;
}

/* How each aggregate is written over v0; what it is when a customer has no row; DOUBLE arguments
 * have their own forms.
 */
struct writing {
    const char *exact, *real;
    const char *of_none; /* NULL: unknown */
};
static const struct writing writings[] = {
    [AGGREGATE_COUNT] = {"count(*)", NULL, "0"},
    [AGGREGATE_SUM] = {"CAST(sum(v0) AS BIGINT)",
                       "list_reduce(list(v0 " ORDER "), lambda a, b: a + b)", "0"},
    [AGGREGATE_AVG] = {NULL,
                       "list_reduce(list(v0 " ORDER
                       "), lambda a, b: a + b) / CAST(count(*) AS DOUBLE)",
                       NULL},
    [AGGREGATE_MIN] = {"min(v0)", NULL, NULL},
    [AGGREGATE_MAX] = {"max(v0)", NULL, NULL},
    [AGGREGATE_DISTINCT] = {"count(DISTINCT v0)", NULL, "0"},
    [AGGREGATE_FIRST] = {"list(v0 " ORDER ")[1]", NULL, NULL},
    [AGGREGATE_LAST] = {"list(v0 " ORDER ")[-1]", NULL, NULL},
};

static const char *aggregate(struct sql *sql, const struct segment_measure *measure, bool real,
                             int scale)
{
    switch (measure->aggregate) {
    case AGGREGATE_NTH:
        return arena_printf(sql->arena, "list(v0 " ORDER ")[%" PRId64 "]", measure->nth);
    case AGGREGATE_MEDIAN:
        return "(list(v0 ORDER BY v0)[(count(*) + 1) // 2] + list(v0 ORDER BY v0)[count(*) // 2 + "
               "1]) / 2";
    case AGGREGATE_AVG:
        /* Doubles are added in the language's order, as sums of them depend on it. */
        if (real)
            return writings[AGGREGATE_AVG].real;
        return arena_printf(sql->arena,
                            "CAST(sum(v0) AS DOUBLE) / (CAST(count(*) AS DOUBLE) * CAST(%" PRId64
                            " AS DOUBLE))",
                            number_power10(scale));
    default:
        return real && writings[measure->aggregate].real ? writings[measure->aggregate].real
                                                         : writings[measure->aggregate].exact;
    }
}

/* The rows of a measure: facts with a known v0. */
static const char *rows(const struct sql_scope *scope, const struct segment_measure *measure,
                        const char *keys)
{
    bool gap = measure->argument && measure->argument->op == OP_GAP;
    struct sql_exposed column = {.node = gap ? NULL : measure->argument, .part = scope->part};
    struct sql_facts facts = {
        .kinds = measure->kinds,
        .kind_table = measure->kind_table,
        .kind_count = measure->kind_count,
        .window = &measure->window,
        .filter = measure->filter,
        .columns = &column,
        .column_count = 1,
    };

    if (scope->key.kind == SQL_KEY_UNIT)
        facts.key = scope->key;
    const char *selected = sql_facts(scope->sql, &facts);

    /* A gap is the time since the fact before, which the first of a customer has not. */
    if (gap)
        selected =
            SQL(scope,
                "SELECT %s, time, kind, arrival, time - lag(time) OVER (PARTITION BY %s " ORDER
                ") AS v0 FROM (%s)",
                keys, keys, selected);

    /* A median may lie between two whole numbers. */
    if (measure->aggregate == AGGREGATE_MEDIAN && measure->argument &&
        !sql_is_double(measure->argument)) {
        int64_t unit =
            number_power10(measure->argument->type == VALUE_DECIMAL ? measure->argument->scale : 0);
        selected = SQL(
            scope, "SELECT %s, CAST(v0 AS DOUBLE) / CAST(%" PRId64 " AS DOUBLE) AS v0 FROM (%s)",
            keys, unit, selected);
    }

    return selected;
}

static const char *favourite(const struct sql_scope *scope, const char *selected, const char *keys)
{
    const char *places = SQL(scope,
                             "SELECT %s, v0, row_number() OVER (PARTITION BY %s " ORDER
                             ") AS place FROM (%s) WHERE v0 IS NOT NULL",
                             keys, keys, selected);
    const char *counted =
        SQL(scope, "SELECT %s, v0, count(*) AS times, max(place) AS last FROM (%s) GROUP BY %s, v0",
            keys, places, keys);
    return SQL(scope,
               "SELECT %s, list(v0 ORDER BY times DESC, last DESC)[1] AS v FROM (%s) GROUP BY %s",
               keys, counted, keys);
}

const char *sql_measure(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const struct segment_measure *measure = node->measure;
    bool units = scope->key.kind == SQL_KEY_UNIT;
    const char *keys = units ? "customer, unit" : "customer";
    const char *selected = rows(scope, measure, keys), *body;
    bool any = measure->aggregate == AGGREGATE_ANY || measure->aggregate == AGGREGATE_NONE;

    /* Whether there is one needs no aggregate, only who has a row. */
    if (any) {
        body = SQL(scope, "SELECT DISTINCT %s FROM (%s)", keys, selected);
    } else if (measure->aggregate == AGGREGATE_FAVOURITE) {
        body = favourite(scope, selected, keys);
    } else {
        bool real = measure->argument && sql_is_double(measure->argument);
        int scale = measure->argument && measure->argument->type == VALUE_DECIMAL
                        ? measure->argument->scale
                        : 0;
        const char *value = aggregate(sql, measure, real, scale);
        bool computed = (real && measure->aggregate == AGGREGATE_SUM) ||
                        measure->aggregate == AGGREGATE_AVG ||
                        measure->aggregate == AGGREGATE_MEDIAN;
        body = SQL(scope, "SELECT %s, %s(%s) AS v FROM (%s) WHERE v0 IS NOT NULL GROUP BY %s", keys,
                   computed ? "strata_finite" : "", value, selected, keys);
    }

    /* Who has no row counts nothing, and has a sum of nothing; all else of
     * nothing is unknown. */
    const char *table = sql_join(scope, sql_table(sql, "measure", body), units);
    if (any)
        return SQL(scope, "(%s.customer IS %sNULL)", table,
                   measure->aggregate == AGGREGATE_ANY ? "NOT " : "");
    bool zero = measure->aggregate == AGGREGATE_COUNT || measure->aggregate == AGGREGATE_SUM ||
                measure->aggregate == AGGREGATE_DISTINCT;
    if (zero && measure->argument &&
        sql_is_double(measure->argument)) /* an unknown sum is no sum of nothing */
        return SQL(scope, "(CASE WHEN %s.customer IS NULL THEN 0 ELSE %s.v END)", table, table);
    return zero ? SQL(scope, "coalesce(%s.v, 0)", table) : SQL(scope, "%s.v", table);
}

/* ---- periods ---- */

/* The table of units that overlap the window: unit, lo, hi; NULL when there is none. */
static const char *units_table(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const struct segment_periods *periods = node->periods;
    struct sql_bounds bounds = sql_window_bounds(scope, &periods->window);

    if (!bounds.constant) {
        sql_fail(sql, node, "periods() over a window that depends on the customer");
        return NULL;
    }

    int64_t lo = bounds.value.lo, hi = bounds.value.hi < sql->now ? bounds.value.hi : sql->now;
    if (lo > hi)
        return NULL;
    lo = lo < MOMENT_MIN ? MOMENT_MIN : lo;
    int64_t first = date_unit_number(zone_date(sql->zone, lo), periods->unit);
    int64_t last = date_unit_number(zone_date(sql->zone, hi), periods->unit);
    /* Written out: they are the same for everyone, and few. */
    struct buffer list;
    buffer_init(&list, 0);
    for (int64_t unit = first; unit <= last; unit++) {
        int64_t start = zone_day_start(sql->zone, date_of_unit_number(unit, periods->unit));
        int64_t end = zone_day_start(sql->zone, date_of_unit_number(unit + 1, periods->unit)) - 1;
        buffer_printf(&list, "%s(%" PRId64 ", %" PRId64 ", %" PRId64 ")", unit > first ? ", " : "",
                      unit, start > lo ? start : lo, end < hi ? end : hi);
    }

    return sql_table(
        sql, "units",
        SQL(scope, "SELECT * FROM (VALUES %s) AS u(unit, lo, hi)", sql_gathered(sql, &list)));
}

const char *sql_periods(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const char *units = units_table(scope, node);
    if (!units)
        return sql_integer(sql, 0);

    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "c", &joins);
    inside.key = (struct sql_key){.kind = SQL_KEY_UNIT, .table = units, .column = "k.unit"};

    const char *condition = sql_condition(&inside, node->child[0]);
    const char *body = SQL(scope,
                           "SELECT c.customer, count(*) AS v FROM activity c CROSS JOIN %s k%s "
                           "WHERE %s GROUP BY c.customer",
                           units, sql_joined(sql, &joins), condition);
    return SQL(scope, "coalesce(%s.v, 0)", sql_join(scope, sql_table(sql, "periods", body), false));
}
