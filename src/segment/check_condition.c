/*
 * Conditions and values: what each kind of node asks of its operands and of where it stands. The
 * table at the end has one check for each; a check may put another node in the place of its own,
 * and what went wrong leaves a node without a type, about which nothing is said a second time.
 */
#include "segment/language.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

/* ---- tests ---- */

/* The operand beside a text: a name that is none was meant as one. */
static void check_beside(struct check *check, const struct scope *scope, struct segment_node **node,
                         const struct segment_node *other)
{
    check->beside_text = other->type == VALUE_TEXT;
    segment_check_operand(check, scope, node);
    check->beside_text = false;
}

static void check_in(struct check *check, const struct scope *scope, struct segment_node **place)
{
    struct segment_node *node = *place;

    segment_check_operand(check, scope, &node->child[0]);

    bool all_dates = true;
    for (int i = 1; i < node->child_count; i++) {
        size_t said = check->problems->list.count;
        check_beside(check, scope, &node->child[i], node->child[0]);

        /* Only of an item about which nothing was said yet. */
        const struct segment_node *item = node->child[i];
        if (item->op != OP_LITERAL && check->problems->list.count == said)
            error_hint(segment_check_error(check, item->span,
                                           "a list holds constants, and %s is none",
                                           segment_node_words(check, item)),
                       "compare with it by =, joined by or");
        all_dates &= item->type == VALUE_DATE;
    }

    /* Among days a moment is asked for its own. */
    if (all_dates)
        segment_wrap_date(check, &node->child[0]);
    for (int i = 1; i < node->child_count; i++) {
        struct segment_node **item = &node->child[i];
        if (!all_dates && node->child[0]->type == VALUE_TIME && (*item)->type == VALUE_DATE) {
            segment_check_error(check, (*item)->span, "this list mixes dates and times");
            return;
        }
        if (!segment_check_comparable(check, &node->child[0], item))
            return;
        if (node->folded && (*item)->type != VALUE_TEXT) {
            segment_check_error(check, (*item)->span, "only text can ignore case");
            return;
        }
    }
}

static void check_pattern(struct check *check, const struct segment_node *pattern)
{
    if (pattern->op != OP_LITERAL) {
        segment_check_error(check, pattern->span, "the pattern of “matches” is a text in quotes");
        return;
    }

    int code;
    PCRE2_SIZE at;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern->literal.text.data,
                                         pattern->literal.text.length, PCRE2_UTF, &code, &at, NULL);
    if (!compiled) {
        /* PCRE2's manual calls 120 bytes ample for any of its messages. */
        PCRE2_UCHAR message[200];
        pcre2_get_error_message(code, message, sizeof message);
        segment_check_error(check, pattern->span,
                            "this is no regular expression: %s at character %zu", (char *)message,
                            (size_t)at + 1);
    }
    pcre2_code_free(compiled);
}

static void check_text_test(struct check *check, const struct scope *scope,
                            struct segment_node **place)
{
    struct segment_node *node = *place;

    /* The first side that is no text is told, and the rest follows from it. */
    for (int i = 0; i < 2; i++) {
        segment_check_operand(check, scope, &node->child[i]);
        const struct segment_node *side = node->child[i];
        if (side->type == VALUE_TEXT || side->type == VALUE_NONE)
            continue;
        struct error *error =
            segment_check_error(check, side->span, "%s is %s, and this test is one of text",
                                segment_node_words(check, side), value_type_name(side->type));
        if (side->type == VALUE_SET)
            error_hint(error, "ask for its members: any of (…), all of (…), none of (…)");
        return;
    }

    for (int i = 0; i < 2; i++)
        if (node->child[i]->op == OP_FUNCTION && node->child[i]->function == FUNCTION_VERSION)
            segment_check_error(check, node->child[i]->span,
                                "a version compares only with a version");

    if (node->text_test == TEXT_MATCHES && node->child[1]->type == VALUE_TEXT)
        check_pattern(check, node->child[1]);
}

static void check_set(struct check *check, const struct scope *scope, struct segment_node **place)
{
    struct segment_node *node = *place;
    segment_check_value(check, scope, &node->child[0]);
    const struct segment_node *set = node->child[0];
    if (set->type != VALUE_NONE && set->type != VALUE_SET) {
        error_hint(segment_check_error(check, set->span, "%s is %s, not a set",
                                       segment_node_words(check, set), value_type_name(set->type)),
                   "write in (…) or not in (…); to have a set, import the column with --type "
                   "'COLUMN=set of text'");
        return;
    }

    /* A set's members are looked up by their codes, so they have to be written out. */
    for (int i = 1; i < node->child_count; i++) {
        segment_check_value(check, scope, &node->child[i]);
        if (node->child[i]->op != OP_LITERAL || node->child[i]->type != VALUE_TEXT)
            segment_check_error(check, node->child[i]->span,
                                "the members of a set are texts in quotes");
    }
}

static void check_in_window(struct check *check, const struct scope *scope,
                            struct segment_node **place)
{
    struct segment_node *node = *place;
    segment_check_value(check, scope, &node->child[0]);
    if (node->op == OP_ANNIVERSARY)
        segment_wrap_date(check, &node->child[0]);

    const struct segment_node *value = node->child[0];
    bool good = value->type == VALUE_NONE || value->type == VALUE_DATE ||
                (value->type == VALUE_TIME && node->op != OP_ANNIVERSARY);
    if (!good)
        segment_check_error(check, value->span, "a window asks of a date or time, but %s is %s",
                            segment_node_words(check, value), value_type_name(value->type));
    segment_check_window(check, scope, node->window, WINDOW_USE_VALUE);
}

/* lifecycle = 'new': the member must be there. */
static void check_member(struct check *check, const struct segment_node *scheme,
                         const struct segment_node *value)
{
    if (scheme->op != OP_SCHEME || value->op != OP_LITERAL || value->type != VALUE_TEXT ||
        scheme->index < 0)
        return;

    const struct segment_scheme *found = &check->set->schemes[scheme->index];
    const char **names = ARENA_ARRAY(check->arena, const char *, found->member_count + 1);
    for (int i = 0; i < found->member_count; i++) {
        names[i] = check->set->segments[found->first_member + i].name + strlen(found->name) + 1;
        if (text_is(value->literal.text, names[i]))
            return;
    }

    struct error *error =
        segment_check_error(check, value->span, "the scheme “%s” has no member %s", found->name,
                            segment_node_words(check, value));
    segment_problem_suggest(
        error, arena_strndup(check->arena, value->literal.text.data, value->literal.text.length),
        names, (size_t)found->member_count);
}

static void check_compare(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct segment_node *node = *place;

    segment_check_operand(check, scope, &node->child[0]);
    check_beside(check, scope, &node->child[1], node->child[0]);
    check_member(check, node->child[0], node->child[1]);
    check_member(check, node->child[1], node->child[0]);
    (void)segment_check_comparable(check, &node->child[0], &node->child[1]);
}

static void check_between(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct segment_node *node = *place;
    for (int i = 0; i < 3; i++)
        segment_check_operand(check, scope, &node->child[i]);
    if (segment_check_comparable(check, &node->child[0], &node->child[1]))
        (void)segment_check_comparable(check, &node->child[0], &node->child[2]);
}

/* ---- tests of the customer ---- */

void segment_suggest_segment(struct check *check, struct error *error, const char *name)
{
    const struct segment_set *set = check->set;
    const char **names = ARENA_ARRAY(check->arena, const char *, set->segment_count + 1);
    for (int i = 0; i < set->segment_count; i++)
        names[i] = set->segments[i].name;
    segment_problem_suggest(error, name, names, (size_t)set->segment_count);
}

static void check_segment(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct segment_node *node = *place;
    node->index = segment_set_find(check->set, node->name);
    if (node->index >= 0)
        return;

    /* A scheme's name is a likely slip, as it stands for all its members. */
    int scheme = segment_set_find_scheme(check->set, node->name);
    if (scheme >= 0) {
        const struct segment_scheme *found = &check->set->schemes[scheme];
        error_hint(
            segment_check_error(check, node->span, "“%s” is a scheme, not a segment", node->name),
            "name one of its members, such as in %s",
            check->set->segments[found->first_member].name);
        return;
    }

    segment_suggest_segment(
        check, segment_check_error(check, node->span, "there is no segment “%s”", node->name),
        node->name);
}

static void check_list(struct check *check, const struct scope *scope, struct segment_node **place)
{
    struct segment_node *node = *place;
    for (int i = 0; i < check->list_count; i++)
        if (strcmp(check->list_names[i], node->name) == 0)
            return;

    struct error *error =
        segment_check_error(check, node->span, "there is no list “%s”", node->name);
    if (!segment_problem_suggest(error, node->name, check->list_names, (size_t)check->list_count))
        error_hint(error, "define it: list %s from '%s.csv'", node->name, node->name);
}

static void check_rank(struct check *check, const struct scope *scope, struct segment_node **place)
{
    struct segment_node *node = *place;
    struct scope plain = {.history = scope->history};
    segment_check_value(check, &plain, &node->child[0]);

    enum value_type type = node->child[0]->type;
    /* Whatever has an order: yes and no, sets and places on the map have
     * none worth a rank. */
    bool good = type == VALUE_NONE || type == VALUE_TEXT || segment_is_number(type) ||
                type == VALUE_DURATION || type == VALUE_DATE || type == VALUE_TIME;
    if (!good)
        segment_check_error(check, node->child[0]->span,
                            "a rank needs a number, text, date or time, but %s is %s",
                            segment_node_words(check, node->child[0]), value_type_name(type));

    if (node->rank->among)
        segment_check_condition(check, &plain, &node->rank->among);
}

static void count_traits(struct segment_node **node, void *data)
{
    *(int *)data += (*node)->op == OP_TRAIT;
    segment_node_each(*node, count_traits, data);
}

static void check_ever(struct check *check, const struct scope *scope, struct segment_node **place)
{
    struct segment_node *node = *place;
    struct scope history = {.history = "ever"};
    size_t errors = check->problems->errors;

    segment_check_condition(check, &history, &node->child[0]);
    int traits = 0;
    count_traits(&node->child[0], &traits);
    /* Where something else is wrong inside, that may have been meant as the trait. */
    if (traits == 0 && errors == check->problems->errors)
        error_hint(
            segment_check_error(check, node->span,
                                "ever(…) asks about the history of a trait, and here is none"),
            "facts are asked about by any(…)");

    struct scope customer = {0};
    if (node->history->has_window)
        segment_check_window(check, &customer, &node->history->window, WINDOW_USE_MOMENTS);
}

static void check_changed(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct segment_node *node = *place;
    struct scope customer = {0};

    segment_check_value(check, &customer, &node->child[0]);

    if (node->child[0]->op != OP_TRAIT || node->child[0]->path.length > 1) {
        /* An unknown trait was complained of by its own check. */
        if (node->child[0]->type != VALUE_NONE || node->child[0]->op != OP_TRAIT)
            segment_check_error(check, node->child[0]->span,
                                "changed(…) asks about a trait of the customer's own");
        return;
    }

    /* What it was before and after; either may be left out. */
    for (int i = 1; i < 3; i++) {
        if (!node->child[i])
            continue;
        segment_check_value(check, &customer, &node->child[i]);
        if (node->child[i]->op != OP_LITERAL)
            segment_check_error(check, node->child[i]->span,
                                "the values before and after a change are constants");
        else
            (void)segment_check_comparable(check, &node->child[0], &node->child[i]);
    }

    if (node->history->has_window)
        segment_check_window(check, &customer, &node->history->window, WINDOW_USE_MOMENTS);
}

static void check_account(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct segment_node *node = *place;
    struct segment_node *pointer = segment_wrap(check, node, OP_NAME, VALUE_NONE);

    /* Written is a trait and `customers` behind it: the trait is checked like any name
     * of the customer's, and the account keeps its walk beside what was written. */
    pointer->path = node->account->path;
    pointer->path.part_count--;
    pointer->implicit = false;
    pointer->child_count = 0;

    struct scope customer = {0};
    size_t errors = check->problems->errors;
    segment_check_name(check, &customer, &pointer);

    const char *written = node->account->path.written;
    struct segment_path *path = &node->account->path;
    int parts = path->part_count;
    *path = pointer->path;
    path->written = written;
    path->part_count = parts;

    node->type = node->account->quantifier == ACCOUNT_COUNT ? VALUE_INT : VALUE_BOOL;
    if (errors != check->problems->errors)
        return;

    /* Only what points at a reference table divides customers into accounts. */
    if (check->schema) {
        const struct schema_table *traits = schema_table(check->schema, SCHEMA_TRAIT_TABLE);
        bool pointing = pointer->op == OP_TRAIT && path->length == 1 && !path->is_key &&
                        traits->columns[path->start_column[0]].refers;
        if (!pointing)
            error_hint(segment_check_error(
                           check, node->span,
                           "“%s” does not point at a reference table, so it has no customers",
                           path->parts[0]),
                       "import the customers with --refers %s=TABLE; an import there is already is "
                       "done anew with --replace N and that option (strata imports lists their "
                       "numbers)",
                       path->parts[0]);
    }

    struct scope plain = {.period = scope->period};
    if (node->child_count > 0)
        segment_check_condition(check, &plain, &node->child[0]);
}

static bool is_fact_test(enum segment_op op)
{
    return segment_op_stands[op] == STANDS_FACT_TEST;
}

static bool is_condition(const struct segment_node *node)
{
    enum segment_standing stands = segment_op_stands[node->op];
    if (node->op == OP_ACCOUNT)
        return node->account->quantifier != ACCOUNT_COUNT;
    return stands == STANDS_FACT_TEST || stands == STANDS_CUSTOMER_TEST;
}

/* ---- any value ---- */

static void check_as_of(struct check *check, const struct scope *scope, struct segment_node **place)
{
    struct segment_node *node = *place;
    struct segment_node *moment = node->child[0], *trait = node->child[1];
    segment_check_value(check, scope, &node->child[0]);
    segment_check_value(check, scope, &node->child[1]);

    /* Checking may put another node in a child's place. */
    moment = node->child[0];
    trait = node->child[1];

    if (moment->type != VALUE_NONE && moment->type != VALUE_DATE && moment->type != VALUE_TIME)
        segment_check_error(check, moment->span, "as of needs a date or time, but %s is %s",
                            segment_node_words(check, moment), value_type_name(moment->type));
    else if (!moment->constant)
        segment_check_error(check, moment->span,
                            "as of takes a moment that is the same for every customer");

    if (trait->op != OP_TRAIT) {
        segment_check_error(check, trait->span, "as of asks about a trait of the customer");
        return;
    }

    node->path = trait->path;
    node->type = trait->type;
    node->scale = trait->scale;
    node->child_count = 1;
}

static void check_periods(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct scope period = {.period = true}, plain = {0};
    struct segment_node *node = *place;
    segment_check_condition(check, &period, &node->child[0]);
    segment_check_window(check, &plain, &node->periods->window, WINDOW_USE_PERIODS);
    node->type = VALUE_INT;
}

static void check_literal(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct segment_node *node = *place;
    if (node->type != VALUE_TIME)
        return;
    if (!moment_parse(check->zone, node->literal.text, &node->literal.integer))
        error_hint(segment_check_error(check, node->span, "there is no such moment"),
                   "moments are written 2025-03-31T14:05, with Z or an offset such as +02:00 when "
                   "it is not the store's zone");
}

static bool set_constant(const struct segment_node *node)
{
    bool made_of_children =
        node->op == OP_FUNCTION || (node->op >= OP_ADD && node->op <= OP_NEGATE);
    if (node->op == OP_LITERAL || node->op == OP_NOW || node->op == OP_TODAY)
        return true;
    for (int i = 0; made_of_children && i < node->child_count; i++)
        made_of_children = node->child[i]->constant;
    return made_of_children;
}

static bool refuse_value(struct check *check, const struct scope *scope, struct segment_node *node)
{
    if (is_condition(node)) {
        segment_check_error(check, node->span, "%s is a condition; here a value is needed",
                            segment_node_words(check, node));
        return true;
    }

    /* Facts and reports are looked at row by row, where one customer's whole
     * story has no place. */
    bool customer_only = segment_op_stands[node->op] == STANDS_CUSTOMER_VALUE;
    if (scope->fact && customer_only) {
        error_hint(segment_check_error(
                       check, node->span,
                       "“%s” asks about the customer and cannot stand where facts are chosen",
                       segment_node_words(check, node)),
                   "put it beside the measure, joined by and");
        return true;
    }

    if (scope->history && (customer_only || node->op == OP_MEASURE)) {
        segment_check_error(check, node->span, "inside ever(…) stand only tests of traits");
        return true;
    }
    return false;
}

void segment_check_operand(struct check *check, const struct scope *scope,
                           struct segment_node **node)
{
    struct scope operand = *scope;
    operand.text_function = true;
    segment_check_value(check, &operand, node);
}

/* A measure of the customer among their facts: where amount > avg(order.amount). */
static void check_measure(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct scope customer = {.history = scope->history};
    segment_check_measure(check, scope->fact ? &customer : scope, *place);
    if (scope->fact)
        *place = segment_wrap(check, *place, OP_CUSTOMER, (*place)->type);
}

static void check_now(struct check *check, const struct scope *scope, struct segment_node **place)
{
    (*place)->type = (*place)->op == OP_NOW ? VALUE_TIME : VALUE_DATE;
}

static void check_name(struct check *check, const struct scope *scope, struct segment_node **place)
{
    segment_check_name(check, scope, place);
}

static void check_arithmetic(struct check *check, const struct scope *scope,
                             struct segment_node **place)
{
    segment_check_arithmetic(check, scope, *place);
}

static void check_function(struct check *check, const struct scope *scope,
                           struct segment_node **place)
{
    segment_check_function(check, scope, *place);
}

/* ntile and percentile: where a customer stands in a rank. */
static void check_position(struct check *check, const struct scope *scope,
                           struct segment_node **place)
{
    check_rank(check, scope, place);
    (*place)->type = (*place)->op == OP_NTILE ? VALUE_INT : VALUE_DOUBLE;
}

static void check_bucket(struct check *check, const struct scope *scope,
                         struct segment_node **place)
{
    (*place)->type = VALUE_INT;
}

static void check_gap(struct check *check, const struct scope *scope, struct segment_node **place)
{
    struct segment_node *node = *place;
    node->type = VALUE_DURATION;
    if (!scope->fact) {
        error_hint(segment_check_error(check, node->span, "gap stands only inside a measure"),
                   "such as avg(gap(order.time))");
        return;
    }

    segment_check_value(check, scope, &node->child[0]);
    if (node->child[0]->op != OP_FACT_TIME)
        segment_check_error(check, node->span,
                            "gap takes the time of a kind of fact: gap(order.time)");
    node->child_count = 0;
}

/* Sequences, records and the like ask about the customer, whatever stands around them. */
static struct scope plain_of(const struct scope *scope)
{
    return (struct scope){.history = scope->history, .period = scope->period};
}

static void check_children(struct check *check, const struct scope *scope,
                           struct segment_node **place)
{
    for (int i = 0; i < (*place)->child_count; i++)
        segment_check_condition(check, scope, &(*place)->child[i]);
}

static void check_known(struct check *check, const struct scope *scope, struct segment_node **place)
{
    segment_check_operand(check, scope, &(*place)->child[0]);
}

static void check_sequence(struct check *check, const struct scope *scope,
                           struct segment_node **place)
{
    struct scope plain = plain_of(scope);
    segment_check_sequence(check, &plain, *place);
}

static void check_resumed(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    struct segment_measure *facts = &(*place)->resumed->facts;
    struct scope plain = plain_of(scope);
    if (!segment_check_kinds(check, facts))
        return;

    struct scope fact = {.fact = true,
                         .kinds = facts->kinds,
                         .tables = facts->kind_table,
                         .kind_count = facts->kind_count};
    if (facts->filter)
        segment_check_condition(check, &fact, &facts->filter);
    segment_check_window(check, &plain, &facts->window, WINDOW_USE_FACTS);
}

static void check_record(struct check *check, const struct scope *scope,
                         struct segment_node **place)
{
    struct scope plain = plain_of(scope);
    check_segment(check, scope, place);
    if ((*place)->record->has_window)
        segment_check_window(check, &plain, &(*place)->record->window, WINDOW_USE_MOMENTS);
}

static void check_top(struct check *check, const struct scope *scope, struct segment_node **place)
{
    check_rank(check, scope, place);
}

static void check_nothing(struct check *check, const struct scope *scope,
                          struct segment_node **place)
{
    (void)check, (void)scope, (void)place;
}

static void (*const checks[OP_COUNT_])(struct check *check, const struct scope *scope,
                                       struct segment_node **place) = {
#define OP(name, stands, carries, level, json, format, check, compile) [OP_##name] = check_##check,
#include "segment/ops.def"
#undef OP
};

void segment_check_value(struct check *check, const struct scope *scope,
                         struct segment_node **place)
{
    struct scope inner = *scope;
    /* A function of text within another stands beside no comparison any more. */
    inner.text_function &= (*place)->op == OP_FUNCTION;

    if (refuse_value(check, scope, *place)) {
        (*place)->type = VALUE_NONE;
        return;
    }

    checks[(*place)->op](check, &inner, place);
    (*place)->constant = set_constant(*place);
}

/* ---- any condition ---- */

/* A value where a condition is due: yes or no. */
static void check_truth(struct check *check, const struct scope *scope, struct segment_node **node)
{
    segment_check_value(check, scope, node);

    if ((*node)->type != VALUE_BOOL && (*node)->type != VALUE_NONE) {
        struct error *error =
            segment_check_error(check, (*node)->span, "%s is %s, not a condition",
                                segment_node_words(check, *node), value_type_name((*node)->type));
        error_hint(error, (*node)->type == VALUE_INT || (*node)->type == VALUE_DECIMAL ||
                                  (*node)->type == VALUE_DOUBLE
                              ? "compare it: … >= 1"
                              : "compare it, or ask: … is known");
    }
    *node = segment_wrap(check, *node, OP_TRUTH, VALUE_BOOL);
}

static bool refuse(struct check *check, const struct scope *scope, const struct segment_node *node)
{
    if (scope->fact && !is_fact_test(node->op)) {
        error_hint(segment_check_error(
                       check, node->span,
                       "“%s” asks about the customer and cannot stand where facts are chosen",
                       segment_node_words(check, node)),
                   "put it beside the measure, joined by and");
        return true;
    }

    if (scope->history && !is_fact_test(node->op)) {
        segment_check_error(check, node->span, "inside ever(…) stand only tests of traits");
        return true;
    }

    /* What follows one fact after another has no meaning within a unit of time
     * that is counted. */
    bool moment_only = node->op == OP_SEQUENCE || node->op == OP_RESUMED || node->op == OP_FORM;
    if (scope->period && moment_only) {
        segment_check_error(check, node->span,
                            "inside periods(…) stand only measures and tests of the customer");
        return true;
    }
    return false;
}

static void check_in_chain(struct check *check, const struct scope *scope,
                           struct segment_node **node, const struct segment_node *chain);

static void check_chain(struct check *check, const struct scope *scope, struct segment_node *node)
{
    for (int i = 0; i < node->child_count; i++)
        check_in_chain(check, scope, &node->child[i], node->op == OP_AND ? node : NULL);
}

static void check_in_chain(struct check *check, const struct scope *scope,
                           struct segment_node **node, const struct segment_node *chain)
{
    if (!is_condition(*node)) {
        check_truth(check, scope, node);
        return;
    }

    (*node)->type = (*node)->op == OP_ACCOUNT ? (*node)->type : VALUE_BOOL;
    if (refuse(check, scope, *node))
        return;

    size_t errors = check->problems->errors;
    if ((*node)->op == OP_AND || (*node)->op == OP_OR)
        check_chain(check, scope, *node);
    else
        checks[(*node)->op](check, scope, node);
    /* A test that is wrong already is not warned about as well. */
    bool tests = (*node)->op >= OP_COMPARE && (*node)->op <= OP_SET;
    if (tests && errors == check->problems->errors)
        segment_check_unknown(check, *node, chain);
}

void segment_check_condition(struct check *check, const struct scope *scope,
                             struct segment_node **node)
{
    check_in_chain(check, scope, node, NULL);
}
