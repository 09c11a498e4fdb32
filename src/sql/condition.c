/*
 * Conditions as SQL. SQL has three truths and the language two, so every test is closed with IS
 * TRUE: an unknown operand makes it false, negated or not, and only NOT turns false into true.
 */
#include "base/number.h"
#include "sql/internal.h"

#include <inttypes.h>

static bool is_version(const struct segment_node *node)
{
    return node->op == OP_FUNCTION && node->function == FUNCTION_VERSION;
}

static const char *version(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *value = sql_value(scope, node);
    return is_version(node) ? value : SQL(scope, "strata_version(%s)", value);
}

/* Both sides of a comparison in one type and scale. */
static void align(const struct sql_scope *scope, const struct segment_node *a,
                  const struct segment_node *b, const char **x, const char **y)
{
    if (is_version(a) || is_version(b)) {
        *x = version(scope, a);
        *y = version(scope, b);
        return;
    }

    bool real = sql_is_double(a) || sql_is_double(b);
    *x = real ? sql_double(scope, a) : sql_value(scope, a);
    *y = real ? sql_double(scope, b) : sql_value(scope, b);
    if (real)
        return;

    if (a->type == VALUE_TIME && b->type == VALUE_DATE)
        *x = SQL(scope, "strata_date(%s)", *x);
    if (a->type == VALUE_DATE && b->type == VALUE_TIME)
        *y = SQL(scope, "strata_date(%s)", *y);

    /* The coarser side goes to the other's scale, in 128 bits, so that nothing can
     * overflow there. */
    const char **narrow = a->scale < b->scale ? x : y;
    int steps = a->scale < b->scale ? b->scale - a->scale : a->scale - b->scale;
    if (steps > 0)
        *narrow = SQL(scope, "(CAST(%s AS HUGEINT) * %" PRId64 ")", *narrow, number_power10(steps));
}

static const char *compare(const struct sql_scope *scope, const struct segment_node *node)
{
    static const char *const operators[] = {"=", "<>", "<", "<=", ">", ">="};
    const char *x, *y;
    align(scope, node->child[0], node->child[1], &x, &y);
    return SQL(scope, "((%s %s %s) IS TRUE)", x, operators[node->compare], y);
}

static const char *negation(const struct segment_node *node)
{
    return node->negated ? "NOT " : "";
}

static const char *between(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *x, *low, *again, *high;
    align(scope, node->child[0], node->child[1], &x, &low);
    align(scope, node->child[0], node->child[2], &again, &high);

    const char *known =
        SQL(scope, "%s IS NOT NULL AND %s IS NOT NULL AND %s IS NOT NULL", x, low, high);
    return SQL(scope, "((%s AND %s(%s <= %s AND %s <= %s)) IS TRUE)", known, negation(node), low, x,
               again, high);
}

static const char *in(const struct sql_scope *scope, const struct segment_node *node)
{
    struct buffer any;
    buffer_init(&any, 0);
    buffer_string(&any, "FALSE");
    for (int i = 1; i < node->child_count; i++) {
        const char *x, *item;
        align(scope, node->child[0], node->child[i], &x, &item);
        buffer_printf(&any, node->folded ? " OR strata_fold(%s) = strata_fold(%s)" : " OR %s = %s",
                      x, item);
    }
    return SQL(scope, "((%s(%s)) IS TRUE)", negation(node), sql_gathered(scope->sql, &any));
}

static const char *known(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql_scope half = *scope;
    half.part = node->child[0]->type == VALUE_POINT ? "latitude" : NULL;
    return SQL(scope, "(%s IS %sNULL)", sql_value(&half, node->child[0]),
               node->negated ? "" : "NOT ");
}

static const char *text_test(const struct sql_scope *scope, const struct segment_node *node)
{
    static const char *const tests[] = {
        [TEXT_CONTAINS] = "contains(%s, %s)", [TEXT_STARTS] = "starts_with(%s, %s)",
        [TEXT_ENDS] = "suffix(%s, %s)",       [TEXT_LIKE] = "(%s LIKE %s ESCAPE '\\')",
        [TEXT_EQUALS] = "(%s = %s)",
    };
    const char *x = sql_value(scope, node->child[0]), *y = sql_value(scope, node->child[1]);

    /* The engine has a function for each test, in which the operands stand once each. */
    if (node->text_test == TEXT_MATCHES)
        return SQL(scope, "((%sregexp_matches(%s, %s, '%s')) IS TRUE)", negation(node), x, y,
                   node->folded ? "i" : "c");
    if (node->folded) {
        x = SQL(scope, "strata_fold(%s)", x);
        y = SQL(scope, "strata_fold(%s)", y);
    }

    const char *format = tests[node->text_test];

    struct buffer out;
    buffer_init(&out, 0);
    const char *operand[] = {x, y};
    int next = 0;
    for (const char *c = format; *c; c++) {
        if (c[0] == '%' && c[1] == 's') {
            buffer_string(&out, operand[next++]);
            c++;
        } else {
            buffer_char(&out, *c);
        }
    }

    const char *test = buffer_copy(&out, scope->sql->arena);
    buffer_release(&out);
    return SQL(scope, "((%s%s) IS TRUE)", negation(node), test);
}

static const char *set_test(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *set = sql_value(scope, node->child[0]);
    struct buffer items;
    buffer_init(&items, 0);
    for (int i = 1; i < node->child_count; i++)
        buffer_printf(&items, "%s%s", i > 1 ? ", " : "", sql_value(scope, node->child[i]));
    /* None of is any of, turned round. */
    bool negated = node->negated != (node->set_test == SET_NONE_OF);
    return SQL(scope, "((%slist_has_%s(%s, [%s])) IS TRUE)", negated ? "NOT " : "",
               node->set_test == SET_ALL_OF ? "all" : "any", set, sql_gathered(scope->sql, &items));
}

static const char *junction(const struct sql_scope *scope, const struct segment_node *node)
{
    struct buffer all;
    buffer_init(&all, 0);
    buffer_string(&all, sql_condition(scope, node->child[0]));
    for (int i = 1; i < node->child_count; i++)
        buffer_printf(&all, " %s %s", node->op == OP_AND ? "AND" : "OR",
                      sql_condition(scope, node->child[i]));
    return SQL(scope, "(%s)", sql_gathered(scope->sql, &all));
}

static const char * not(const struct sql_scope *scope, const struct segment_node *node)
{
    return SQL(scope, "(NOT %s)", sql_condition(scope, node->child[0]));
}

static const char *truth(const struct sql_scope *scope, const struct segment_node *node)
{
    return SQL(scope, "(%s IS TRUE)", sql_value(scope, node->child[0]));
}

static const char *window_test(const struct sql_scope *scope, const struct segment_node *node)
{
    return SQL(scope, "((%s(%s)) IS TRUE)", negation(node),
               node->op == OP_ANNIVERSARY ? sql_anniversary(scope, node)
                                          : sql_in_window_value(scope, node));
}

static const char *segment(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *table = sql_join(scope, sql_segment_table(scope->sql, node->index), false);
    return SQL(scope, "(%s.customer IS %sNULL)", table, node->negated ? "" : "NOT ");
}

static const char *account(const struct sql_scope *scope, const struct segment_node *node)
{
    return SQL(scope, "((%s%s) IS TRUE)", negation(node), sql_account(scope, node));
}

static const char *form(const struct sql_scope *scope, const struct segment_node *node)
{
    return sql_condition(scope, node->child[0]);
}

static const char *customer(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql_scope outside = sql_outside(scope);
    return sql_condition(&outside, node->child[0]);
}

/* Conditions whose table holds exactly those who meet them: what is written is the table's name. */
static const char *(*const tables[OP_COUNT_])(const struct sql_scope *,
                                              const struct segment_node *) = {
    [OP_SEQUENCE] = sql_sequence, [OP_RESUMED] = sql_resumed, [OP_RECORD] = sql_record,
    [OP_TOP] = sql_top,           [OP_LIST] = sql_list,       [OP_EVER] = sql_ever,
    [OP_CHANGED] = sql_changed,
};

static const char *(*const conditions[OP_COUNT_])(const struct sql_scope *,
                                                  const struct segment_node *) = {
    [OP_AND] = junction,
    [OP_OR] = junction,
    [OP_NOT] = not,
    [OP_COMPARE] = compare,
    [OP_BETWEEN] = between,
    [OP_IN] = in,
    [OP_KNOWN] = known,
    [OP_TEXT] = text_test,
    [OP_SET] = set_test,
    [OP_IN_WINDOW] = window_test,
    [OP_ANNIVERSARY] = window_test,
    [OP_TRUTH] = truth,
    [OP_SEGMENT] = segment,
    [OP_SAMPLE] = sql_sample,
    [OP_ACCOUNT] = account,
    [OP_FORM] = form,
    [OP_CUSTOMER] = customer,
};

const char *sql_condition(const struct sql_scope *scope, const struct segment_node *node)
{
    if (tables[node->op]) {
        const char *table = sql_join(scope, tables[node->op](scope, node), false);
        return SQL(scope, "(%s.customer IS %sNULL)", table, node->negated ? "" : "NOT ");
    }
    if (conditions[node->op])
        return conditions[node->op](scope, node);
    return SQL(scope, "(%s IS TRUE)",
               sql_value(scope, node)); /* a yes/no value standing as a condition */
}
