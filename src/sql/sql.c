/*
 * Statements: the tables they are made of, joins, members of segments. Text is written from the
 * inside out: an expression that needs a table has it made, or finds an equal one, and joins it to
 * the rows it stands beside; what comes out is a list of tables of which each reads earlier ones
 * only.
 */
#include "sql/internal.h"

#include <inttypes.h>
#include <string.h>

/* ---- names ---- */

void sql_table_name(const struct schema_table *table, struct buffer *out)
{
    buffer_string(out, table->role == SCHEMA_REFERENCE ? "\"reference." : "\"fact.");
    for (const char *c = table->name; *c; c++) {
        if (*c == '"')
            buffer_char(out, '"');
        buffer_char(out, *c);
    }
    buffer_char(out, '"');
}

const char *sql_name(struct sql *sql, const struct schema_table *table)
{
    struct buffer name;
    buffer_init(&name, 0);
    sql_table_name(table, &name);
    const char *copy = buffer_copy(&name, sql->arena);
    buffer_release(&name);
    return copy;
}

static void column_name(const char *name, const char *part, struct buffer *out)
{
    struct buffer plain;
    buffer_init(&plain, 0);
    buffer_printf(&plain, "p.%s%s%s", name, part ? "." : "", part ? part : "");
    buffer_sql_name(out, (struct text){plain.data, plain.length});
    buffer_release(&plain);
}

const char *sql_column(struct sql *sql, const char *alias, const struct schema_column *column,
                       const char *part)
{
    struct buffer out;
    buffer_init(&out, 0);
    buffer_printf(&out, "%s.", alias);
    column_name(column->name, column->type == VALUE_POINT ? part : NULL, &out);
    const char *copy = buffer_copy(&out, sql->arena);
    buffer_release(&out);
    return copy;
}

const char *sql_text(struct sql *sql, struct text text)
{
    struct buffer out;
    buffer_init(&out, 0);
    buffer_sql_text(&out, text);
    const char *copy = buffer_copy(&out, sql->arena);
    buffer_release(&out);
    return copy;
}

static const char *const column_types[VALUE_TYPES] = {
    [VALUE_NONE] = "VARCHAR",   [VALUE_BOOL] = "BOOLEAN",    [VALUE_INT] = "BIGINT",
    [VALUE_DECIMAL] = "BIGINT", [VALUE_DOUBLE] = "DOUBLE",   [VALUE_DATE] = "BIGINT",
    [VALUE_TIME] = "BIGINT",    [VALUE_DURATION] = "BIGINT", [VALUE_TEXT] = "VARCHAR",
    [VALUE_SET] = "VARCHAR[]",  [VALUE_POINT] = "DOUBLE",
};

static void create_column(const struct schema_column *column, struct buffer *out)
{
    static const char *const parts[] = {"latitude", "longitude"};
    for (int half = 0; half < (column->type == VALUE_POINT ? 2 : 1); half++) {
        buffer_string(out, ", ");
        column_name(column->name, column->type == VALUE_POINT ? parts[half] : NULL, out);
        buffer_printf(out, " %s", column_types[column->type]);
    }
}

void sql_tables(const struct schema *schema, struct buffer *out)
{
    buffer_string(
        out,
        "CREATE TABLE activity(customer UBIGINT, identifier VARCHAR, first BIGINT);\n"
        "CREATE TABLE record(segment VARCHAR, customer UBIGINT, entered BIGINT, \"left\" BIGINT);\n"
        "CREATE TABLE list(name VARCHAR, customer UBIGINT);\n");
    /* Facts and traits have a customer, a time and an arrival; reference tables a key. */
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct schema_table *table = &schema->tables[i];
        buffer_string(out, "CREATE TABLE ");
        sql_table_name(table, out);
        buffer_string(out, table->role == SCHEMA_REFERENCE
                               ? "(key VARCHAR"
                               : "(customer UBIGINT, time BIGINT, arrival BIGINT");
        for (size_t c = 0; c < table->column_count; c++)
            create_column(&table->columns[c], out);
        buffer_string(out, ");\n");
    }
}

/* ---- tables and joins ---- */

const char *sql_table(struct sql *sql, const char *prefix, const char *body)
{
    for (size_t i = 0; i < sql->tables.count; i++)
        if (strcmp(sql->tables.items[i].body, body) == 0)
            return sql->tables.items[i].name;
    const char *name = arena_printf(sql->arena, "%s%zu", prefix, sql->tables.count);
    VECTOR_PUSH(&sql->tables, (struct sql_table){name, body});
    return name;
}

const char *sql_gathered(struct sql *sql, struct buffer *out)
{
    const char *text = buffer_copy(out, sql->arena);
    buffer_release(out);
    return text;
}

void sql_fail(struct sql *sql, const struct segment_node *node, const char *what)
{
    if (sql->error.code != STATUS_OK)
        return;
    enum status status = error_set(&sql->error, STATUS_ERROR, "%s cannot be written as SQL.", what);
    (void)status;
    error_place(&sql->error, "bytes %u to %u", node->span.begin, node->span.end);
}

struct sql_scope sql_customers(struct sql *sql, const char *alias, struct sql_joins *joins)
{
    return (struct sql_scope){
        .sql = sql, .customer = arena_printf(sql->arena, "%s.customer", alias), .joins = joins};
}

struct sql_scope sql_outside(const struct sql_scope *scope)
{
    struct sql_scope outside = *scope;
    outside.fact = NULL;
    outside.table = NULL;
    outside.exposed_count = 0;
    return outside;
}

static const char *join(const struct sql_scope *scope, const char *table, const char *on,
                        const char *alias)
{
    struct sql_joins *joins = scope->joins;
    for (size_t i = 0; i < joins->items.count; i++)
        if (strcmp(joins->items.items[i].table, table) == 0 &&
            strcmp(joins->items.items[i].on, on) == 0)
            return joins->items.items[i].alias;
    if (!alias)
        alias = SQL(scope, "x%d", ++scope->sql->aliases);
    VECTOR_PUSH(&joins->items, (struct sql_join){table, on, alias});
    return alias;
}

const char *sql_join(const struct sql_scope *scope, const char *table, bool keyed)
{
    const char *on = SQL(scope, "%s.customer = %s", table, scope->customer);
    if (keyed && scope->key.kind != SQL_KEY_NONE)
        on = SQL(scope, "%s AND %s.%s = %s", on, table,
                 scope->key.kind == SQL_KEY_UNIT ? "unit" : "moment", scope->key.column);
    return join(scope, table, on, table);
}

const char *sql_join_reference(const struct sql_scope *scope, const struct schema_table *table,
                               const char *key)
{
    return join(scope, sql_name(scope->sql, table), SQL(scope, "key = %s", key), NULL);
}

const char *sql_joined(struct sql *sql, struct sql_joins *joins)
{
    struct buffer out;
    buffer_init(&out, 0);
    for (size_t i = 0; i < joins->items.count; i++) {
        /* A table of the statement goes by its own name; references are joined as often
         * as they are walked to, each time by another. */
        const struct sql_join *item = &joins->items.items[i];
        bool reference = item->alias != item->table;
        buffer_printf(&out, " LEFT JOIN %s %s ON %s%s%s", item->table, reference ? item->alias : "",
                      reference ? item->alias : "", reference ? "." : "", item->on);
    }
    const char *text = buffer_copy(&out, sql->arena);
    buffer_release(&out);
    VECTOR_RELEASE(&joins->items);
    return text;
}

/* ---- segments ---- */

/* Each member is joined with all before it: the text grows with the square of their number, here to
 * some 50 MB. */
enum { EARLIER_MAX = 1000 };

/* What the scheme asks beside the member's own condition. */
static const char *scheme_condition(const struct sql_scope *scope, int segment)
{
    const struct segment_set *set = scope->sql->set;
    const struct segment_definition *definition = &set->segments[segment];

    if (definition->scheme < 0)
        return "";
    const struct segment_scheme *scheme = &set->schemes[definition->scheme];
    if (!definition->is_else && !scheme->exclusive)
        return "";
    if (segment - scheme->first_member > EARLIER_MAX) {
        struct segment_node place = {.span = definition->span};
        sql_fail(scope->sql, &place, "a member of a scheme with more than 1,000 members before it");
        return "";
    }

    /* Of an overlapping scheme only `else` asks whether somebody took the customer; of
     * an exclusive one each does. */
    struct buffer condition;
    buffer_init(&condition, 0);
    for (int i = scheme->first_member; i < scheme->first_member + scheme->member_count; i++) {
        bool counts = definition->is_else ? !set->segments[i].is_else : i < segment;
        if (counts)
            buffer_printf(&condition, " AND %s.customer IS NULL",
                          sql_join(scope, sql_segment_table(scope->sql, i), false));
    }

    return sql_gathered(scope->sql, &condition);
}

const char *sql_segment_table(struct sql *sql, int segment)
{
    if (sql->segments[segment])
        return sql->segments[segment];
    const struct segment_definition *definition = &sql->set->segments[segment];

    struct sql_joins joins = {0};
    struct sql_scope scope = sql_customers(sql, "c", &joins);

    const char *others = scheme_condition(&scope, segment);
    const char *own = definition->is_else ? "TRUE" : sql_condition(&scope, definition->condition);
    const char *body = arena_printf(
        sql->arena, "SELECT c.customer FROM activity c%s WHERE c.first <= %" PRId64 "%s AND %s",
        sql_joined(sql, &joins), sql->now, others, own);
    return sql->segments[segment] = sql_table(sql, "segment", body);
}

enum status sql_of_segment(const struct segment_set *set, const struct schema *schema, int segment,
                           const struct zone *zone, int64_t now, struct buffer *out,
                           struct error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct sql sql = {.set = set, .schema = schema, .zone = zone, .now = now, .arena = &arena};
    sql.segments = ARENA_ARRAY(&arena, const char *, (size_t)set->segment_count);

    /* Writing the segment writes all it reads first, so the tables are in an order in
     * which each stands after those. */
    const char *members = sql_segment_table(&sql, segment);
    enum status status = sql.error.code;

    if (status == STATUS_OK) {
        for (size_t i = 0; i < sql.tables.count; i++)
            buffer_printf(out, "%s %s AS (%s)", i ? "," : "WITH", sql.tables.items[i].name,
                          sql.tables.items[i].body);
        buffer_printf(out, " SELECT customer FROM %s ORDER BY customer", members);
        if (out->cut)
            status = error_set(error, STATUS_ERROR, "the SQL of this segment is too long.");
    } else if (error) {
        *error = sql.error;
    }

    VECTOR_RELEASE(&sql.tables);
    arena_release(&arena);
    return status;
}
