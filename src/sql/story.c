/*
 * Sequences, comebacks, histories and records as SQL: conditions that follow one thing after
 * another. Each is a table of those who meet it.
 */
#include "sql/internal.h"

#include <inttypes.h>
#include <string.h>

/* ---- sequences ---- */

struct story {
    struct sql *sql;
    const struct segment_sequence *sequence;
    VECTOR(struct sql_exposed) columns[SEGMENT_STEPS_MAX]; /* of each step's table */
    bool outside[SEGMENT_STEPS_MAX]; /* its filter reads other steps, so it stands in the outer
                                        WHERE */
    const char *table[SEGMENT_STEPS_MAX];
};

static bool reads_steps(const struct segment_node *node)
{
    bool found = node && node->op == OP_STEP;
    for (int i = 0; node && i < node->child_count && !found; i++)
        found = reads_steps(node->child[i]);
    return found;
}

static void expose(struct story *story, int step, const struct segment_node *node)
{
    static const char *const parts[] = {"latitude", "longitude"};
    for (int half = 0; half < (node->type == VALUE_POINT ? 2 : 1); half++) {
        const char *expression =
            arena_printf(story->sql->arena, "q%d.v%zu", step, story->columns[step].count);
        VECTOR_PUSH(
            &story->columns[step],
            (struct sql_exposed){node, node->type == VALUE_POINT ? parts[half] : NULL, expression});
    }
}

/* Columns for every value that the filter of `step` reads of its own fact and of earlier steps'
 * facts. */
static void expose_all(struct story *story, int step, const struct segment_node *node)
{
    if (!node || node->op == OP_CUSTOMER)
        return;
    if (node->op == OP_PROPERTY)
        expose(story, step, node);
    if (node->op == OP_STEP && !node->path.is_time)
        expose(story, node->path.step, node);
    for (int i = 0; i < node->child_count; i++)
        expose_all(story, step, node->child[i]);
}

/* In a step's own table an exposed OP_STEP is that step's own property. */
static const char *step_table(struct story *story, int step)
{
    const struct segment_step *rule = &story->sequence->steps[step];
    VECTOR(struct sql_exposed) own = {0};
    for (size_t i = 0; i < story->columns[step].count; i++) {
        struct segment_node *node = ARENA_NEW(story->sql->arena, struct segment_node);
        *node = *story->columns[step].items[i].node;
        node->op = OP_PROPERTY;
        VECTOR_PUSH(&own,
                    (struct sql_exposed){.node = node, .part = story->columns[step].items[i].part});
    }

    /* The window is asked of the first step only; a filter that reads other steps waits
     * until these are joined. */
    struct sql_facts facts = {
        .kinds = rule->kinds,
        .kind_table = rule->kind_table,
        .kind_count = rule->kind_count,
        .window = step == 0 ? &story->sequence->window : NULL,
        .filter = story->outside[step] ? NULL : rule->filter,
        .columns = own.items,
        .column_count = own.count,
        .global_kind = true,
    };
    const char *table = sql_table(story->sql, "step", sql_facts(story->sql, &facts));
    VECTOR_RELEASE(&own);
    return table;
}

static const char *follows(struct sql *sql, int later, int earlier)
{
    /* Facts of one second follow each other by arrival if they are of one kind; of two
     * kinds each may follow the other. */
    return arena_printf(sql->arena,
                        "(q%d.time > q%d.time OR (q%d.time = q%d.time AND (q%d.kind <> q%d.kind OR "
                        "q%d.arrival > q%d.arrival)))",
                        later, earlier, later, earlier, later, earlier, later, earlier);
}

/* A fact serves one step: it follows what every step before `step` took, and is followed by what
 * every step from `after` on took (none when after < 0). */
static const char *in_place(const struct story *story, int step, int after)
{
    const char *test = "TRUE";
    for (int s = 0; s < story->sequence->step_count; s++)
        if (!story->sequence->steps[s].negated && s < step)
            test = arena_printf(story->sql->arena, "%s AND %s", test, follows(story->sql, step, s));
        else if (!story->sequence->steps[s].negated && after >= 0 && s >= after)
            test = arena_printf(story->sql->arena, "%s AND %s", test, follows(story->sql, s, step));
    return test;
}

static const char *limit(struct sql *sql, int from, struct calendar_period length)
{
    return sql_step_moment(sql, arena_printf(sql->arena, "q%d.time", from), length, 1);
}

static const char *own_filter(struct story *story, const struct sql_scope *scope, int step)
{
    if (!story->outside[step])
        return "TRUE";

    VECTOR(struct sql_exposed) visible = {0};
    for (int i = 0; i < story->sequence->step_count; i++)
        for (size_t c = 0; c < story->columns[i].count; c++)
            VECTOR_PUSH(&visible, story->columns[i].items[c]);

    struct sql_scope at = *scope;
    at.fact = arena_printf(story->sql->arena, "q%d", step);
    at.exposed = visible.items;
    at.exposed_count = visible.count;

    const char *condition = sql_condition(&at, story->sequence->steps[step].filter);
    VECTOR_RELEASE(&visible);
    return condition;
}

/* The negated step between chosen steps before and after (−1: it is the last). */
static const char *forbidden(struct story *story, const struct sql_scope *scope, int step,
                             int before, int after)
{
    struct sql *sql = story->sql;
    const struct segment_step *rule = &story->sequence->steps[step];

    const char *test =
        SQL(scope, "q%d.customer = q0.customer AND %s", step, in_place(story, step, after));

    if (rule->has_within)
        test = SQL(scope, "%s AND q%d.time <= %s", test, step, limit(sql, before, rule->within));
    const char *none = SQL(scope, "NOT EXISTS (SELECT 1 FROM %s q%d WHERE %s AND %s)",
                           story->table[step], step, test, own_filter(story, scope, step));
    /* A last step that forbids holds once its time has passed. */
    if (after < 0 && rule->has_within)
        none = SQL(scope, "%s <= %" PRId64 " AND %s", limit(sql, before, rule->within), sql->now,
                   none);
    return none;
}

/* FROM … WHERE of a whole sequence. */
static const char *chain(struct story *story)
{
    struct sql *sql = story->sql;
    const struct segment_sequence *sequence = story->sequence;
    struct sql_joins joins = {0};
    struct sql_scope scope = sql_customers(sql, "q0", &joins);
    const char *from = SQL(&scope, "%s q0", story->table[0]), *where = own_filter(story, &scope, 0);

    /* From step to step: what happened is joined, and what must not have happened is
     * asked of each chain. */
    for (int step = 1, before = 0; step < sequence->step_count; step++) {
        const struct segment_step *rule = &sequence->steps[step];
        if (rule->negated) {
            int after = step + 1 < sequence->step_count ? step + 1 : -1;
            where = SQL(&scope, "%s AND %s", where, forbidden(story, &scope, step, before, after));
            continue;
        }

        from = SQL(&scope, "%s JOIN %s q%d ON q%d.customer = q0.customer AND %s", from,
                   story->table[step], step, step, in_place(story, step, -1));
        if (rule->has_within)
            from =
                SQL(&scope, "%s AND q%d.time <= %s", from, step, limit(sql, before, rule->within));
        if (sequence->has_whole)
            from = SQL(&scope, "%s AND q%d.time <= %s", from, step, limit(sql, 0, sequence->whole));
        where = SQL(&scope, "%s AND %s", where, own_filter(story, &scope, step));
        before = step;
    }

    return SQL(&scope, "SELECT DISTINCT q0.customer FROM %s%s WHERE %s", from,
               sql_joined(sql, &joins), where);
}

const char *sql_sequence(const struct sql_scope *scope, const struct segment_node *node)
{
    struct story story = {.sql = scope->sql, .sequence = node->sequence};
    int count = node->sequence->step_count;
    for (int step = 0; step < count; step++) {
        story.outside[step] = reads_steps(node->sequence->steps[step].filter);
        if (story.outside[step])
            expose_all(&story, step, node->sequence->steps[step].filter);
    }

    for (int step = 0; step < count; step++)
        story.table[step] = step_table(&story, step);
    const char *body = chain(&story);

    for (int step = 0; step < count; step++)
        VECTOR_RELEASE(&story.columns[step]);
    return sql_table(scope->sql, "sequence", body);
}

/* ---- comebacks ---- */

const char *sql_resumed(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const struct segment_resumed *resumed = node->resumed;
    struct sql_facts facts = {
        .kinds = resumed->facts.kinds,
        .kind_table = resumed->facts.kind_table,
        .kind_count = resumed->facts.kind_count,
        .filter = resumed->facts.filter,
    };

    /* Each fact beside the one before it, over all of time: the pause may begin
     * before the window. */
    const char *pairs = SQL(scope,
                            "SELECT customer, time, lag(time) OVER (PARTITION BY customer ORDER BY "
                            "time, kind, arrival) "
                            "AS before FROM (%s)",
                            sql_facts(sql, &facts));

    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "f", &joins);
    const char *window = sql_in_window(&inside, &resumed->facts.window, "f.time");
    return sql_table(sql, "resumed",
                     SQL(scope, "SELECT DISTINCT f.customer FROM (%s) f%s WHERE f.time > %s AND %s",
                         pairs, sql_joined(sql, &joins),
                         sql_step_moment(sql, "f.before", resumed->gap, 1), window));
}

/* ---- histories ---- */

static void used_traits(const struct segment_node *node, bool *used)
{
    if (!node)
        return;
    if (node->op == OP_TRAIT)
        used[node->path.start_column[0]] = true;
    for (int i = 0; i < node->child_count; i++)
        used_traits(node->child[i], used);
    if (node->op == OP_IN_WINDOW || node->op == OP_ANNIVERSARY) {
        used_traits(node->window->anchor, used);
        used_traits(node->window->to, used);
    }
}

/* Some of the used traits is told in a row of f. */
static const char *is_told(const struct sql_scope *scope, const struct schema_table *traits,
                           const bool *used)
{
    const char *told = "FALSE";
    for (size_t c = 0; c < traits->column_count; c++)
        if (used[c])
            told = SQL(scope, "%s OR %s IS NOT NULL", told,
                       sql_column(scope->sql, "f", &traits->columns[c], "latitude"));
    return told;
}

/* The moments at which a condition over traits is looked at: customer, moment (SQL_TELLING: with
 * its arrival). */
static const char *moments_table(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const struct segment_history *history = node->history;
    const struct schema_table *traits = schema_table(sql->schema, SCHEMA_TRAIT_TABLE);
    bool *used = ARENA_ARRAY(sql->arena, bool, traits->column_count + 1);

    /* A report counts as a moment if it told one of the traits asked about. */
    used_traits(node->child[0], used);
    const char *told = is_told(scope, traits, used), *name = sql_name(sql, traits), *window;
    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "f", &joins);

    window = history->has_window ? sql_in_window(&inside, &history->window, "f.time")
                                 : SQL(scope, "f.time <= %" PRId64, sql->now);
    const char *body =
        SQL(scope, "SELECT f.customer, " SQL_TELLING " AS moment FROM %s f%s WHERE (%s) AND %s",
            "f.time", "f.arrival", name, sql_joined(sql, &joins), told, window);

    /* The window's first moment counts too, told just then or long before: as late as
     * anything that arrived in it. */
    if (history->has_window) {
        struct sql_scope start = sql_customers(sql, "c", &joins);
        struct sql_bounds bounds = sql_window_bounds(&start, &history->window);
        const char *lo = bounds.lo ? bounds.lo : sql_integer(sql, INT64_MIN);
        const char *hi = bounds.hi ? bounds.hi : sql_integer(sql, INT64_MAX);
        const char *first =
            SQL(scope, SQL_TELLING, SQL(scope, "greatest(%s, 0)", lo), SQL_LAST_ARRIVAL);
        body = SQL(scope,
                   "%s UNION SELECT c.customer, %s AS moment FROM activity c%s WHERE %s <= "
                   "least(%s, %" PRId64 ") AND "
                   "EXISTS (SELECT 1 FROM %s f WHERE f.customer = c.customer AND (%s) AND (f.time "
                   "= 0 OR f.time <= %s))",
                   body, first, sql_joined(sql, &joins), lo, hi, sql->now, name, told, lo);
    }

    return sql_table(sql, "moments",
                     SQL(scope, "SELECT DISTINCT customer, moment FROM (%s)", body));
}

const char *sql_ever(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const char *moments = moments_table(scope, node);
    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "k", &joins);
    inside.key = (struct sql_key){.kind = SQL_KEY_MOMENT, .table = moments, .column = "k.moment"};
    const char *condition = sql_condition(&inside, node->child[0]);
    return sql_table(sql, "ever",
                     SQL(scope, "SELECT DISTINCT k.customer FROM %s k%s WHERE %s", moments,
                         sql_joined(sql, &joins), condition));
}

static const char *change_limit(const struct sql_scope *scope, const struct segment_node *node,
                                int child, const char *column)
{
    if (node->child_count <= child || !node->child[child])
        return "";
    const struct segment_node *trait = node->child[0], *value = node->child[child];
    /* Doubles by their own values; texts and numbers of one scale as they are; others
     * in the finer of the two scales. */
    if (trait->type == VALUE_TEXT || sql_is_double(trait) || trait->scale == value->scale)
        return SQL(scope, " AND f.%s = %s", column,
                   sql_is_double(trait) ? sql_double(scope, value) : sql_value(scope, value));

    struct segment_node own = {.op = OP_LITERAL, .type = trait->type, .scale = trait->scale};
    own.literal.known = true;
    const char *left = SQL(scope, "CAST(f.%s AS HUGEINT)", column),
               *right = sql_value(scope, value);

    if (own.scale > value->scale)
        right = SQL(scope, "CAST(%s AS HUGEINT) * 1%0*d", right, own.scale - value->scale, 0);
    else
        left = SQL(scope, "%s * 1%0*d", left, value->scale - own.scale, 0);
    return SQL(scope, " AND %s = %s", left, right);
}

const char *sql_changed(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const struct schema_table *traits = schema_table(sql->schema, SCHEMA_TRAIT_TABLE);
    const char *column =
        sql_column(sql, "f", &traits->columns[node->child[0]->path.start_column[0]], NULL);
    const char *pairs =
        SQL(scope,
            "SELECT f.customer, f.time, %s AS v, lag(%s) OVER (PARTITION BY f.customer ORDER BY "
            "f.time, "
            "f.arrival) AS before FROM %s f WHERE %s IS NOT NULL AND f.time <= %" PRId64,
            column, column, sql_name(sql, traits), column, sql->now);
    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "f", &joins);
    const char *window = node->history->has_window
                             ? sql_in_window(&inside, &node->history->window, "f.time")
                             : "TRUE";
    const char *from = change_limit(&inside, node, 1, "before"),
               *to = change_limit(&inside, node, 2, "v");

    return sql_table(
        sql, "changed",
        SQL(scope, "SELECT DISTINCT f.customer FROM (%s) f%s WHERE f.v <> f.before%s%s AND %s",
            pairs, sql_joined(sql, &joins), from, to, window));
}

/* ---- records ---- */

const char *sql_record(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const struct segment_record_test *test = node->record;
    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "f", &joins);
    struct sql_bounds bounds = {0};

    /* Without a window all of time, and never past the moment asked about. */
    if (test->has_window)
        bounds = sql_window_bounds(&inside, &test->window);
    const char *lo = bounds.lo ? bounds.lo : sql_integer(sql, INT64_MIN);
    const char *hi = SQL(scope, "least(%s, %" PRId64 ")",
                         bounds.hi ? bounds.hi : sql_integer(sql, INT64_MAX), sql->now);
    const char *moment = test->kind == RECORD_ENTERED ? "f.entered" : "f.\"left\"", *condition;

    /* In it at the moment; in it at some time of the window; or the entering or
     * leaving itself there. */
    if (test->kind == RECORD_IN && !test->has_window)
        condition =
            SQL(scope, "f.entered <= %" PRId64 " AND f.\"left\" > %" PRId64, sql->now, sql->now);
    else if (test->kind == RECORD_IN)
        condition = SQL(scope, "%s <= %s AND f.entered <= %s AND f.\"left\" > %s", lo, hi, hi, lo);
    else
        condition = SQL(scope, "%s >= %s AND %s <= %s", moment, lo, moment, hi);

    const char *name = sql_text(sql, text_from(sql->set->segments[node->index].name));
    return sql_table(sql, "record",
                     SQL(scope,
                         "SELECT DISTINCT f.customer FROM record f%s WHERE f.segment = %s AND %s",
                         sql_joined(sql, &joins), name, condition));
}
