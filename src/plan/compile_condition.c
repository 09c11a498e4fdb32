/*
 * Conditions over values: comparisons, lists, texts, sets, windows around a value, and their
 * junctions. A negated test is false where its value is unknown, so it becomes "not, and known".
 */
#include "plan/compile.h"

int plan_compile_compare(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    int a = plan_compile_value(compiler, node->child[0], scope),
        b = plan_compile_value(compiler, node->child[1], scope);
    return plan_compare_of(compiler, node->compare, a, b);
}

static int local_date_of(struct compiler *compiler, int id)
{
    struct step step = plan_step_operator(compiler, step_calendar, SHAPE_INT, &id, 1);
    step.type = VALUE_DATE;
    step.a = FUNCTION_DATE;
    return plan_step_make(compiler, step, &id, 1);
}

int plan_compile_between(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    int value = plan_compile_value(compiler, node->child[0], scope);
    int lo = plan_compile_value(compiler, node->child[1], scope),
        hi = plan_compile_value(compiler, node->child[2], scope);
    /* A moment stands between dates by its own. */
    if (at(compiler, value)->type == VALUE_TIME && at(compiler, lo)->type == VALUE_DATE)
        value = local_date_of(compiler, value);

    if (!node->negated)
        return plan_and_of(compiler, plan_compare_of(compiler, COMPARE_GE, value, lo),
                           plan_compare_of(compiler, COMPARE_LE, value, hi));
    /* The outside, where all three are known: less than one unknown is not outside. */
    int outside[] = {plan_compare_of(compiler, COMPARE_LT, value, lo),
                     plan_compare_of(compiler, COMPARE_GT, value, hi)};
    int parts[] = {plan_junction(compiler, step_or, outside, 2), plan_known_of(compiler, value),
                   plan_known_of(compiler, lo), plan_known_of(compiler, hi)};
    return plan_junction(compiler, step_and, parts, 4);
}

int *plan_compile_children(struct compiler *compiler, const struct segment_node *node,
                           struct scope scope, bool conditions)
{
    int *child = ARENA_ARRAY(&compiler->plan->arena, int, (size_t)node->child_count + 1);
    for (int i = 0; i < node->child_count; i++)
        child[i] = conditions ? plan_compile_condition(compiler, node->child[i], scope)
                              : plan_compile_value(compiler, node->child[i], scope);
    return child;
}

int plan_compile_in(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int *child = plan_compile_children(compiler, node, scope, false);
    struct step step = plan_step_operator(compiler, step_in, SHAPE_BITS, child, node->child_count);

    step.b = node->folded;
    step.version = at(compiler, child[0])->version;
    step.textual = at(compiler, child[0])->type == VALUE_TEXT;

    int id = plan_step_make(compiler, step, child, node->child_count);
    return node->negated
               ? plan_and_of(compiler, plan_not_of(compiler, id), plan_known_of(compiler, child[0]))
               : id;
}

static int compile_pattern(struct compiler *compiler, const struct segment_node *pattern,
                           bool folded)
{
    struct text text = plan_meaning(pattern)->literal.text;
    int code;
    PCRE2_SIZE where;

    uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | (folded ? PCRE2_CASELESS : 0);
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)text.data, text.length, options, &code, &where, NULL);

    if (!compiled)
        return plan_compile_refuse(compiler, "a regular expression cannot be compiled");
    /* Where there is no compiler for this processor the pattern is interpreted. */
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
    VECTOR_PUSH(&compiler->plan->patterns, compiled);
    return (int)compiler->plan->patterns.count - 1;
}

int plan_compile_text(struct compiler *compiler, const struct segment_node *node,
                      struct scope scope)
{
    int child[] = {plan_compile_value(compiler, node->child[0], scope),
                   plan_compile_value(compiler, node->child[1], scope)};
    struct step step = plan_step_operator(compiler, step_text, SHAPE_BITS, child, 2);

    step.a = (int)node->text_test;
    step.b = node->folded;
    step.textual = true;
    if (node->text_test == TEXT_MATCHES) {
        /* Compiled anew each time, so an equal pattern elsewhere is a step of its own. */
        step.c = compile_pattern(compiler, node->child[1], node->folded);
    }

    int id = plan_step_make(compiler, step, child, 2);
    int known[] = {plan_not_of(compiler, id), plan_known_of(compiler, child[0]),
                   plan_known_of(compiler, child[1])};
    return node->negated ? plan_junction(compiler, step_and, known, 3) : id;
}

int plan_compile_set(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int *child = plan_compile_children(compiler, node, scope, false);
    struct step step = plan_step_operator(compiler, step_set, SHAPE_BITS, child, node->child_count);
    step.a = (int)node->set_test;
    int id = plan_step_make(compiler, step, child, node->child_count);
    return node->negated
               ? plan_and_of(compiler, plan_not_of(compiler, id), plan_known_of(compiler, child[0]))
               : id;
}

int plan_compile_known(struct compiler *compiler, const struct segment_node *node,
                       struct scope scope)
{
    int id = plan_known_of(compiler, plan_compile_value(compiler, node->child[0], scope));
    return node->negated ? plan_not_of(compiler, id) : id;
}

static bool anchor_is_constant(struct compiler *compiler, int id)
{
    return id == NO_STEP || at(compiler, id)->frame == FRAME_ONE;
}

/* The bounds of a window: per customer when its anchor is. */
int plan_compile_bounds(struct compiler *compiler, const struct segment_window *window,
                        struct scope scope)
{
    int child[2], count = 0;
    struct scope where = scope.frame == FRAME_CUSTOMERS ? scope : plan_customers_of(scope);
    bool property = window->anchor && plan_meaning(window->anchor)->op == OP_PROPERTY;

    if (scope.frame >= FRAME_ROWS &&
        (property || scope.moment != NO_STEP)) /* a moment: traits as they were then */
        where = scope;
    if (window->anchor)
        child[count++] = plan_compile_value(compiler, window->anchor, where);
    if (window->to)
        child[count++] = plan_compile_value(compiler, window->to, where);
    bool constant = anchor_is_constant(compiler, count > 0 ? child[0] : NO_STEP) &&
                    anchor_is_constant(compiler, count > 1 ? child[1] : NO_STEP);
    struct step step =
        plan_step_blank(step_bounds, SHAPE_BOUNDS, constant ? FRAME_ONE : where.frame);
    step.timeless = false;
    step.a = (int)window->form;
    step.b = window->length.months;
    step.c = window->longer.months;
    step.p = window->length.seconds;
    step.q = window->longer.seconds;

    /* The form, its lengths, unit and count are what makes two windows equal; unit and
     * count share a number, as there are fewer than 100 units. */
    step.x = (double)window->unit + 100.0 * (double)window->count;
    step.extra = NULL;
    int id = plan_step_make(compiler, step, child, count);
    if (!at(compiler, id)->extra) { /* equal in all that counts: the first one stands for all */
        struct segment_window *kept = ARENA_NEW(&compiler->plan->arena, struct segment_window);
        *kept = *window;
        at(compiler, id)->extra = kept;
    }

    return id;
}

int plan_compile_in_window(struct compiler *compiler, const struct segment_node *node,
                           struct scope scope)
{
    int child[] = {plan_compile_value(compiler, node->child[0], scope),
                   plan_compile_bounds(compiler, node->window, scope)};
    child[1] = plan_spread(compiler, child[1], scope);
    step_run *run = node->op == OP_ANNIVERSARY ? step_anniversary : step_in_window;

    struct step step = plan_step_operator(compiler, run, SHAPE_BITS, child, 2);
    step.timeless = false;
    step.next = next_in_window;
    step.q = node->window->weekdays;
    return plan_step_make(compiler, step, child, 2);
}

int plan_compile_junction(struct compiler *compiler, const struct segment_node *node,
                          struct scope scope)
{
    int *child = plan_compile_children(compiler, node, scope, true);
    return plan_junction(compiler, node->op == OP_AND ? step_and : step_or, child,
                         node->child_count);
}
