/*
 * Values as SQL: NULL is unknown. Whole numbers, decimals, dates, times and durations are BIGINT,
 * so that the engine's own overflow check is ours; exact arithmetic never passes through DOUBLE.
 */
#include "base/number.h"
#include "sql/internal.h"

#include <inttypes.h>
#include <string.h>

const char *sql_integer(struct sql *sql, int64_t value)
{
    return arena_printf(sql->arena, "CAST(%" PRId64 " AS BIGINT)", value);
}

static const char *real(struct sql *sql, double value)
{
    char text[NUMBER_TEXT_MAX];
    return arena_printf(sql->arena, "CAST('%s' AS DOUBLE)", number_format_double(value, text));
}

bool sql_is_double(const struct segment_node *node)
{
    return node->type == VALUE_DOUBLE || node->is_double;
}

const char *sql_double(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *value = sql_value(scope, node);
    if (sql_is_double(node))
        return value;
    if (node->type == VALUE_DECIMAL)
        return SQL(scope, "(CAST(%s AS DOUBLE) / CAST(%" PRId64 " AS DOUBLE))", value,
                   number_power10(node->scale));
    return SQL(scope, "CAST(%s AS DOUBLE)", value);
}

static const char *literal(const struct sql_scope *scope, const struct segment_node *node)
{
    const struct segment_literal *literal = &node->literal;
    if (!literal->known)
        return "NULL";
    if (node->type == VALUE_TEXT)
        return sql_text(scope->sql, literal->text);
    if (node->type == VALUE_BOOL)
        return literal->integer ? "TRUE" : "FALSE";
    return sql_is_double(node) ? real(scope->sql, literal->number)
                               : sql_integer(scope->sql, literal->integer);
}

/* ---- columns ---- */

/* The value at the end of a path whose first column is `first`. */
static const char *walk(const struct sql_scope *scope, const struct segment_path *path,
                        const struct schema_column *first, const char *alias)
{
    struct sql *sql = scope->sql;
    /* A key at the end is the pointer itself: one hop less. */
    const char *value = sql_column(sql, alias, first, scope->part);
    int hops = path->length - 1 - (path->is_key && path->length > 1);
    for (int hop = 0; hop < hops; hop++) {
        const struct schema_table *table = &sql->schema->tables[path->hop_table[hop]];
        const char *row = sql_join_reference(scope, table, value);
        value = sql_column(sql, row, &table->columns[path->hop_column[hop]], scope->part);
    }
    return value;
}

/* The last telling of a trait with a known value, as of T or of each moment of the scope's key. */
static const char *told(const struct sql_scope *scope, const struct schema_table *traits,
                        int column, int64_t moment, bool keyed)
{
    struct sql *sql = scope->sql;
    const struct schema_column *definition = &traits->columns[column];
    static const char *const parts[] = {"latitude", "longitude"};
    int halves = definition->type == VALUE_POINT ? 2 : 1;
    const char *values = "";

    /* The last of the known ones by a list in order, as an engine's last()
     * promises no order. */
    for (int half = 0; half < halves; half++) {
        const char *from = sql_column(sql, "f", definition, parts[half]);
        const char *name = sql_column(sql, "", definition, parts[half]) + 1;
        values =
            SQL(scope, "%s, list(%s ORDER BY f.time, f.arrival)[-1] AS %s", values, from, name);
    }

    const char *known = sql_column(sql, "f", definition, parts[0]);
    if (keyed)
        return SQL(scope,
                   "SELECT k.customer, k.moment%s FROM %s k JOIN %s f ON f.customer = k.customer "
                   "AND " SQL_TELLING
                   " <= k.moment WHERE %s IS NOT NULL GROUP BY k.customer, k.moment",
                   values, scope->key.table, sql_name(sql, traits), "f.time", "f.arrival", known);
    return SQL(scope,
               "SELECT f.customer%s FROM %s f WHERE (f.time = 0 OR f.time <= %" PRId64
               ") AND %s IS NOT NULL GROUP BY f.customer",
               values, sql_name(sql, traits), moment, known);
}

const char *sql_trait(const struct sql_scope *scope, const struct segment_node *node,
                      int64_t moment)
{
    const struct segment_path *path = &node->path;
    const struct schema_table *traits = schema_table(scope->sql->schema, SCHEMA_TRAIT_TABLE);

    bool keyed = scope->key.kind == SQL_KEY_MOMENT && node->op == OP_TRAIT;
    const char *body = told(scope, traits, path->start_column[0], moment, keyed);
    const char *table = sql_table(scope->sql, "trait", body);
    return walk(scope, path, &traits->columns[path->start_column[0]],
                sql_join(scope, table, keyed));
}

static const char *trait_as_of(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    struct segment_anchor when;
    if (!sql_constant(sql, node->child[0], &when)) {
        sql_fail(sql, node, "A trait as of a moment that is not constant");
        return "NULL";
    }

    int64_t moment = when.is_date ? zone_day_start(sql->zone, (int32_t)when.value) : when.value;
    return sql_trait(scope, node, moment < sql->now ? moment : sql->now);
}

static const char *exposed(const struct sql_scope *scope, const struct segment_node *node)
{
    for (size_t i = 0; i < scope->exposed_count; i++) {
        const struct sql_exposed *item = &scope->exposed[i];
        bool same_part = !item->part || !scope->part || strcmp(item->part, scope->part) == 0;
        if (item->node == node && same_part)
            return item->expression;
    }
    return NULL;
}

static const char *property(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *ready = exposed(scope, node);
    if (ready)
        return ready;
    ENSURE(scope->fact && scope->table);
    return walk(scope, &node->path, &scope->table->columns[node->path.start_column[scope->kind]],
                scope->fact);
}

static const char *scheme_member(const struct sql_scope *scope, const struct segment_node *node)
{
    const struct segment_set *set = scope->sql->set;
    const struct segment_scheme *scheme = &set->schemes[node->index];
    struct buffer arms;
    buffer_init(&arms, 0);

    for (int i = scheme->first_member; i < scheme->first_member + scheme->member_count; i++) {
        const char *member = set->segments[i].name + strlen(scheme->name) + 1;
        buffer_printf(&arms, " WHEN %s.customer IS NOT NULL THEN %s",
                      sql_join(scope, sql_segment_table(scope->sql, i), false),
                      sql_text(scope->sql, text_from(member)));
    }

    return SQL(scope, "(CASE%s END)", sql_gathered(scope->sql, &arms));
}

/* ---- arithmetic ---- */

static bool is_moment(const struct segment_node *node)
{
    return node->type == VALUE_TIME || node->type == VALUE_DATE;
}

/* A date or time plus or minus a length of time. */
static const char *step(const struct sql_scope *scope, const struct segment_node *from,
                        const struct segment_node *length, int sign)
{
    const char *value = sql_value(scope, from);
    bool written = length->op == OP_LITERAL && length->literal.is_period;
    /* What was written as a period steps on the calendar; other lengths are seconds,
     * and beside a date whole days. */
    if (!written) {
        const char *seconds = SQL(scope, "CAST(trunc(%s) AS BIGINT)", sql_value(scope, length));
        if (!sql_is_double(length))
            seconds = sql_value(scope, length);
        if (from->type == VALUE_DATE)
            seconds = SQL(scope, "(%s // 86400)", seconds);
        return SQL(scope, "(%s %c %s)", value, sign < 0 ? '-' : '+', seconds);
    }

    struct calendar_period period = length->literal.period;
    if (from->type == VALUE_TIME)
        return sql_step_moment(scope->sql, value, period, sign);
    if (period.months)
        value = SQL(scope, "strata_add_months(%s, %" PRId32 ")", value, sign * period.months);
    return SQL(scope, "(%s + %s)", value,
               sql_integer(scope->sql, sign * (period.seconds / SECONDS_A_DAY)));
}

static const char *at_scale(const struct sql_scope *scope, const struct segment_node *node,
                            int scale)
{
    const char *value = sql_value(scope, node);
    if (scale == node->scale)
        return value;
    return SQL(scope, "(%s * %s)", value,
               sql_integer(scope->sql, number_power10(scale - node->scale)));
}

static const char *arithmetic(const struct sql_scope *scope, const struct segment_node *node)
{
    const struct segment_node *a = node->child[0], *b = node->child[1];
    int sign = node->op == OP_SUBTRACT ? -1 : 1;

    /* Two moments give seconds, two dates days times those of a day; a moment and a
     * length another moment. */
    if (is_moment(a) && is_moment(b))
        return SQL(scope, "((%s - %s) * CAST(%d AS BIGINT))", sql_value(scope, a),
                   sql_value(scope, b), a->type == VALUE_DATE ? SECONDS_A_DAY : 1);
    if (is_moment(a))
        return step(scope, a, b, sign);
    if (is_moment(b))
        return step(scope, b, a, sign);
    if (node->op == OP_DIVIDE)
        return SQL(scope, "strata_finite(%s / nullif(%s, CAST(0 AS DOUBLE)))", sql_double(scope, a),
                   sql_double(scope, b));

    char symbol = sign < 0 ? '-' : '+';
    if (node->op == OP_MULTIPLY)
        symbol = '*';

    /* Doubles may leave all bounds, and are unknown then. Whole numbers are left to the
     * engine's own check. */
    if (sql_is_double(node))
        return SQL(scope, "strata_finite(%s %c %s)", sql_double(scope, a), symbol,
                   sql_double(scope, b));
    int scale = a->scale > b->scale ? a->scale : b->scale;
    if (node->op == OP_MULTIPLY)
        return SQL(scope, "(%s * %s)", sql_value(scope, a), sql_value(scope, b));
    return SQL(scope, "(%s %c %s)", at_scale(scope, a, scale), symbol, at_scale(scope, b, scale));
}

/* ---- the table of values ---- */

static const char *now(const struct sql_scope *scope, const struct segment_node *node)
{
    int64_t moment = scope->sql->now;
    return sql_integer(scope->sql,
                       node->op == OP_TODAY ? zone_date(scope->sql->zone, moment) : moment);
}

static const char *trait(const struct sql_scope *scope, const struct segment_node *node)
{
    return sql_trait(scope, node, scope->sql->now);
}

static const char *negate(const struct sql_scope *scope, const struct segment_node *node)
{
    return SQL(scope, "(-(%s))", sql_value(scope, node->child[0]));
}

static const char *fact_time(const struct sql_scope *scope, const struct segment_node *node)
{
    return SQL(scope, "%s.time", scope->fact);
}

static const char *customer(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql_scope outside = sql_outside(scope);
    return sql_value(&outside, node->child[0]);
}

static const char *earlier(const struct sql_scope *scope, const struct segment_node *node)
{
    if (node->path.is_time)
        return SQL(scope, "q%d.time", node->path.step);
    const char *ready = exposed(scope, node);
    ENSURE(ready);
    return ready;
}

static const char *form(const struct sql_scope *scope, const struct segment_node *node)
{
    return sql_value(scope, node->child[0]);
}

static const char *(*const values[OP_COUNT_])(const struct sql_scope *,
                                              const struct segment_node *) = {
    [OP_LITERAL] = literal,
    [OP_NOW] = now,
    [OP_TODAY] = now,
    [OP_TRAIT] = trait,
    [OP_TRAIT_AS_OF] = trait_as_of,
    [OP_SCHEME] = scheme_member,
    [OP_MEASURE] = sql_measure,
    [OP_ADD] = arithmetic,
    [OP_SUBTRACT] = arithmetic,
    [OP_MULTIPLY] = arithmetic,
    [OP_DIVIDE] = arithmetic,
    [OP_NEGATE] = negate,
    [OP_FUNCTION] = sql_function,
    [OP_PERIODS] = sql_periods,
    [OP_NTILE] = sql_rank_value,
    [OP_PERCENTILE] = sql_rank_value,
    [OP_BUCKET] = sql_sample,
    [OP_ACCOUNT] = sql_account,
    [OP_PROPERTY] = property,
    [OP_FACT_TIME] = fact_time,
    [OP_CUSTOMER] = customer,
    [OP_STEP] = earlier,
    [OP_FORM] = form,
};

const char *sql_value(const struct sql_scope *scope, const struct segment_node *node)
{
    if (!values[node->op])
        return sql_condition(scope, node);
    return values[node->op](scope, node);
}
