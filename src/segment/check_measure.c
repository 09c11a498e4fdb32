/*
 * Measures and sequences: which kinds they read, what their argument is, and whether the two make
 * sense together.
 *
 * The arguments are kept as written; the kind is found in front of each name. Several arguments are
 * one argument over several kinds: sum(order.amount, refund.amount). They must be the same but for
 * the kind.
 */
#include "segment/language.h"

#include <string.h>

/* ---- kinds in arguments ---- */

struct kinds {
    struct check *check;
    const char *name; /* found in this argument */
    int table, parts;
    bool conflict;
};

static const char *join_parts(struct check *check, const struct segment_path *path, int to)
{
    const char *name = path->parts[0];
    for (int i = 1; i < to; i++)
        name = arena_printf(check->arena, "%s.%s", name, path->parts[i]);
    return name;
}

/* The longest kind that the path begins with. Without a schema: its first part, if it has several.
 */
static bool kind_of_path(struct check *check, const struct segment_path *path, bool whole,
                         const char **name, int *table)
{
    if (!check->schema) {
        *table = -1;
        *name = path->parts[0];
        return whole || (path->part_count > 1 && strcmp(path->parts[0], SCHEMA_TRAIT_TABLE) != 0);
    }

    for (int to = path->part_count; to > 0; to--) {
        *name = join_parts(check, path, to);
        if (segment_find_kind(check, *name, table))
            return true;
    }
    return false;
}

static void find_kinds(struct segment_node **node, void *data)
{
    struct kinds *kinds = data;
    /* A measure inside has kinds of its own. */
    if ((*node)->op == OP_MEASURE || (*node)->op == OP_ACCOUNT)
        return;
    if ((*node)->op == OP_NAME) {
        const char *name;
        int table;
        if (!kind_of_path(kinds->check, &(*node)->path, false, &name, &table))
            return;

        if (!kinds->name) {
            kinds->name = name;
            kinds->table = table;
        } else if (strcmp(kinds->name, name) != 0 && kinds->check->schema) {
            kinds->conflict = true;
        }
        return;
    }
    segment_node_each(*node, find_kinds, data);
}

/* The kind an argument speaks of; *bare says that it is nothing but the kind. False after an error.
 */
static bool kind_of_argument(struct check *check, struct segment_node *argument, const char **name,
                             int *table, bool *bare)
{
    *bare = false;
    if (argument->op == OP_NAME && kind_of_path(check, &argument->path, true, name, table)) {
        *bare =
            strlen(*name) == strlen(join_parts(check, &argument->path, argument->path.part_count));
        return true;
    }

    /* More than a name: whatever names stand in it must speak of one kind. */
    struct kinds kinds = {.check = check};
    find_kinds(&argument, &kinds);
    *name = kinds.name;
    *table = kinds.table;
    if (kinds.conflict) {
        error_hint(
            segment_check_error(check, argument->span, "one argument speaks of two kinds of fact"),
            "write a measure for each kind, and combine the measures");
        return false;
    }

    if (kinds.name)
        return true;

    /* None was found. What a hyphen divided, or what is nearly a kind, was meant. */
    const char *word = segment_node_words(check, argument);
    struct error *error =
        segment_check_error(check, argument->span, "“%s” names no kind of fact", word);
    if (segment_suggest_hyphenated_kind(check, error, argument))
        return false;
    if (argument->op == OP_NAME && check->schema)
        segment_suggest_kind(check, error, argument->path.parts[0]);
    else
        error_hint(error, "a measure speaks of facts: count(order), sum(order.amount)");

    return false;
}

static bool same_path(const struct segment_path *a, const struct segment_path *b)
{
    if (a->length != b->length || a->is_key != b->is_key)
        return false;
    for (int i = 0; i < a->length; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

/* The same but for the kind. Measures inside are taken as different. */
static bool same_tree(const struct segment_node *a, const struct segment_node *b)
{
    if (a->op != b->op || a->child_count != b->child_count)
        return false;

    /* What an argument may be made of; all else is taken to be different. */
    switch (a->op) {
    case OP_PROPERTY:
    case OP_TRAIT: return same_path(&a->path, &b->path);
    case OP_GAP: return true;
    case OP_LITERAL:
        return a->type == b->type && a->scale == b->scale &&
               a->literal.integer == b->literal.integer && a->literal.number == b->literal.number &&
               text_equal(a->literal.text, b->literal.text);
    case OP_FUNCTION:
        if (a->function != b->function || a->unit != b->unit)
            return false;
        break;
    case OP_FACT_TIME:
    case OP_TODAY:
    case OP_NOW:
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_NEGATE:
    case OP_CUSTOMER: break;
    default: return false;
    }

    for (int i = 0; i < a->child_count; i++)
        if (!same_tree(a->child[i], b->child[i]))
            return false;
    return true;
}

/* The value that several arguments are of several kinds. A copy is checked, so that what was
 * written can be printed again; one tree stands for all kinds, which is why they may differ in
 * nothing else. */
static bool resolve_values(struct check *check, struct segment_measure *measure)
{
    struct scope scope = {.fact = true,
                          .kinds = measure->kinds,
                          .tables = measure->kind_table,
                          .kind_count = measure->kind_count};
    for (int i = 0; i < measure->written_count; i++) {
        size_t errors = check->problems->errors;
        struct segment_node *argument = segment_node_copy(measure->written[i], check->arena);
        segment_check_value(check, &scope, &argument);
        if (check->problems->errors != errors)
            return false;
        if (i == 0) {
            measure->argument = argument;
        } else if (!same_tree(measure->argument, argument)) {
            error_hint(
                segment_check_error(check, measure->written[i]->span,
                                    "the arguments of a measure differ in more than their kind"),
                "write a measure for each kind, and combine the measures");
            return false;
        }
    }
    return true;
}

/* Finds kinds and argument from what was written. False after an error. */
static bool resolve_arguments(struct check *check, struct segment_measure *measure)
{
    bool all_bare = true, none_bare = true;

    /* First the kinds, as each argument's names can only be checked beside all of them. */
    for (int i = 0; i < measure->written_count; i++) {
        bool bare;
        if (!kind_of_argument(check, measure->written[i], &measure->kinds[i],
                              &measure->kind_table[i], &bare))
            return false;
        all_bare &= bare;
        none_bare &= !bare;
        for (int j = 0; j < i; j++)
            if (strcmp(measure->kinds[i], measure->kinds[j]) == 0) {
                error_hint(segment_check_error(check, measure->written[i]->span,
                                               "“%s” stands here twice", measure->kinds[i]),
                           "a measure takes one value; several arguments are the same value of "
                           "several kinds");
                return false;
            }
    }

    measure->kind_count = measure->written_count;
    if (!all_bare && !none_bare) {
        segment_check_error(check, measure->written[0]->span,
                            "either all arguments are kinds, or all are values");
        return false;
    }

    return all_bare || resolve_values(check, measure);
}

/* ---- types ---- */

enum argument_need { NEED_NO, NEED_MAY, NEED_NUMBER, NEED_ORDERED, NEED_SIMPLE };
enum result_type { RESULT_BOOL, RESULT_INT, RESULT_SAME, RESULT_DOUBLE };

static const struct {
    enum argument_need need;
    enum result_type result;
    bool gap;   /* may take gap(…) */
    bool money; /* mixes amounts */
    const char *example;
} rules[] = {
    [AGGREGATE_ANY] = {NEED_NO, RESULT_BOOL, false, false, "any(%s)"},
    [AGGREGATE_NONE] = {NEED_NO, RESULT_BOOL, false, false, "none(%s)"},
    [AGGREGATE_COUNT] = {NEED_MAY, RESULT_INT, true, false, "count(%s)"},
    [AGGREGATE_SUM] = {NEED_NUMBER, RESULT_SAME, true, true, "sum(%s.amount)"},
    [AGGREGATE_AVG] = {NEED_NUMBER, RESULT_DOUBLE, true, true, "avg(%s.amount)"},
    [AGGREGATE_MIN] = {NEED_ORDERED, RESULT_SAME, true, true, "min(%s.amount)"},
    [AGGREGATE_MAX] = {NEED_ORDERED, RESULT_SAME, true, true, "max(%s.amount)"},
    [AGGREGATE_MEDIAN] = {NEED_NUMBER, RESULT_DOUBLE, true, true, "median(%s.amount)"},
    [AGGREGATE_DISTINCT] = {NEED_SIMPLE, RESULT_INT, false, false, "distinct(day(%s.time))"},
    [AGGREGATE_FIRST] = {NEED_SIMPLE, RESULT_SAME, true, false, "first(%s.time)"},
    [AGGREGATE_LAST] = {NEED_SIMPLE, RESULT_SAME, true, false, "last(%s.time)"},
    [AGGREGATE_NTH] = {NEED_SIMPLE, RESULT_SAME, true, false, "nth(%s.time, 2)"},
    [AGGREGATE_FAVOURITE] = {NEED_SIMPLE, RESULT_SAME, false, false, "favourite(%s.category)"},
};

static bool type_fits(enum argument_need need, enum value_type type)
{
    switch (type) {
    case VALUE_NONE: return true;
    case VALUE_INT:
    case VALUE_DECIMAL:
    case VALUE_DOUBLE:
    case VALUE_DURATION: return true;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_TEXT: return need != NEED_NUMBER;
    case VALUE_BOOL: return need == NEED_SIMPLE || need == NEED_MAY;
    default: return need == NEED_MAY;
    }
}

static bool check_argument(struct check *check, struct segment_node *node)
{
    struct segment_measure *measure = node->measure;
    const struct segment_node *argument = measure->argument;
    const char *name = segment_aggregate_name(measure->aggregate);
    enum argument_need need = rules[measure->aggregate].need;

    /* No value is given: any and none want none, count may do without. */
    if (!argument && need != NEED_NO && need != NEED_MAY) {
        struct error *error = segment_check_error(
            check, node->span, "%s needs a value of each fact, not a kind alone", name);
        enum { EXAMPLE_MAX = 256 };
        struct buffer text;
        buffer_init(&text, EXAMPLE_MAX);

        const char *form = rules[measure->aggregate].example, *gap = strstr(form, "%s");
        buffer_printf(&text, "%.*s%s%s", (int)(gap - form), form, measure->kinds[0], gap + 2);
        error_hint(error, "such as %s", text.data);
        buffer_release(&text);
        return false;
    }

    /* A value is given: of a sort that the aggregate can do with. */
    if (!argument)
        return true;
    if (need == NEED_NO) {
        error_hint(
            segment_check_error(check, argument->span, "%s takes kinds of fact, not a value", name),
            "put the test into its filter: %s(%s where …)", name, measure->kinds[0]);
        return false;
    }

    if (argument->op == OP_GAP && !rules[measure->aggregate].gap) {
        segment_check_error(check, argument->span, "%s cannot take gaps", name);
        return false;
    }

    if (!type_fits(need, argument->type)) {
        const char *words = segment_node_words(check, argument);
        struct error *error =
            segment_check_error(check, argument->span, "%s cannot take “%s”, which is of type %s",
                                name, words, value_type_name(argument->type));
        if (argument->type == VALUE_SET)
            error_hint(error, "ask for its members in a filter: any(%s where %s any of ('…'))",
                       measure->kinds[0], words);
        return false;
    }

    return true;
}

static void set_type(struct segment_node *node)
{
    const struct segment_node *argument = node->measure->argument;
    switch (rules[node->measure->aggregate].result) {
    case RESULT_BOOL: node->type = VALUE_BOOL; break;
    case RESULT_INT: node->type = VALUE_INT; break;
    case RESULT_SAME:
        node->type = argument->type;
        node->scale = argument->scale;
        node->is_double = argument->is_double;
        break;
    /* The mean of lengths of time is one, and may have fractions of a second. */
    case RESULT_DOUBLE:
        node->type = VALUE_DOUBLE;
        if (argument->type == VALUE_NONE || argument->type == VALUE_DURATION)
            node->type = argument->type;
        node->is_double = node->type == VALUE_DURATION;
        break;
    }
}

/* ---- currencies are never summed together ---- */

static bool fixes(const struct segment_node *filter, const char *column)
{
    if (!filter)
        return false;

    /* Joined by and, one that fixes the column is enough. */
    if (filter->op == OP_AND) {
        for (int i = 0; i < filter->child_count; i++)
            if (fixes(filter->child[i], column))
                return true;
        return false;
    }

    bool equality =
        (filter->op == OP_COMPARE && filter->compare == COMPARE_EQ) ||
        (filter->op == OP_IN && !filter->negated && !filter->folded && filter->child_count == 2);
    if (!equality)
        return false;

    for (int side = 0; side < 2; side++) {
        const struct segment_node *name = filter->child[side], *value = filter->child[1 - side];
        if (name->op == OP_PROPERTY && name->path.length == 1 &&
            strcmp(name->path.names[0], column) == 0 && value->op == OP_LITERAL)
            return true;
    }
    return false;
}

struct money {
    struct check *check;
    const struct segment_measure *measure;
    bool reported;
};

static void find_money(struct segment_node **node, void *data)
{
    struct money *money = data;
    const struct segment_measure *measure = money->measure;

    /* The walk's first column is the amount; of what lies behind a reference
     * nothing is known. */
    if ((*node)->op == OP_PROPERTY && (*node)->path.length == 1)
        for (int k = 0; k < measure->kind_count && !money->reported; k++) {
            if (measure->kind_table[k] < 0)
                continue;

            const struct schema_column *column =
                &money->check->schema->tables[measure->kind_table[k]]
                     .columns[(*node)->path.start_column[k]];
            if (!column->currency || column->currencies <= 1 ||
                fixes(measure->filter, column->currency))
                continue;

            money->reported = true;
            error_hint(segment_check_error(
                           money->check, (*node)->span,
                           "“%s” holds amounts in %d currencies, which cannot be put together",
                           (*node)->path.written, column->currencies),
                       "choose one: %s(… where %s = 'EUR')",
                       segment_aggregate_name(measure->aggregate), column->currency);
        }

    segment_node_each(*node, find_money, data);
}

void segment_check_measure(struct check *check, const struct scope *scope,
                           struct segment_node *node)
{
    struct segment_measure *measure = node->measure;

    node->type = VALUE_NONE;
    if (scope->period && (measure->window.form != WINDOW_ALL || measure->window.weekdays ||
                          measure->window.anniversary))
        error_hint(segment_check_error(check, measure->window.span,
                                       "a measure inside periods has no window of its own"),
                   "each period is its window");

    /* Kinds first: window, filter and argument are checked where those are known. */
    if (!resolve_arguments(check, measure))
        return;

    struct scope customer = {.history = scope->history};
    segment_check_window(check, &customer, &measure->window, WINDOW_USE_FACTS);
    struct scope fact = {.fact = true,
                         .kinds = measure->kinds,
                         .tables = measure->kind_table,
                         .kind_count = measure->kind_count};

    if (measure->filter)
        segment_check_condition(check, &fact, &measure->filter);

    if (!check_argument(check, node))
        return;
    set_type(node);
    if (check->schema && rules[measure->aggregate].money && measure->argument)
        find_money(&measure->argument, &(struct money){check, measure, false});
}

/* ---- sequences ---- */

static bool check_step(struct check *check, struct segment_sequence *sequence, int s)
{
    struct segment_step *step = &sequence->steps[s];
    for (int k = 0; k < step->kind_count; k++)
        if (!segment_find_kind(check, step->kinds[k], &step->kind_table[k])) {
            segment_suggest_kind(check,
                                 segment_check_error(check, step->span,
                                                     "there is no kind of fact “%s”",
                                                     step->kinds[k]),
                                 step->kinds[k]);
            return false;
        }

    for (int before = 0; step->alias && before < s; before++)
        if (sequence->steps[before].alias &&
            strcmp(sequence->steps[before].alias, step->alias) == 0)
            segment_check_error(check, step->span, "two steps are called “%s”", step->alias);
    return true;
}

void segment_check_sequence(struct check *check, const struct scope *scope,
                            struct segment_node *node)
{
    struct segment_sequence *sequence = node->sequence;
    for (int s = 0; s < sequence->step_count; s++)
        if (!check_step(check, sequence, s))
            return;
    /* Filters after all kinds are known: they may speak of earlier steps. */
    for (int s = 0; s < sequence->step_count; s++) {
        struct segment_step *step = &sequence->steps[s];
        struct scope fact = {.fact = true,
                             .kinds = step->kinds,
                             .tables = step->kind_table,
                             .kind_count = step->kind_count,
                             .sequence = sequence,
                             .step = s};
        if (step->filter)
            segment_check_condition(check, &fact, &step->filter);
    }

    segment_check_window(check, scope, &sequence->window, WINDOW_USE_FACTS);
}
