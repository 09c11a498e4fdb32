/* Values made of values: arithmetic and functions. Each is one step; what differs between functions
 * of one kind (year, month, weekday) is a parameter of it. */
#include "plan/compile.h"

static int value_step(struct compiler *compiler, step_run *run, const struct segment_node *node,
                      const int *child, int count)
{
    struct step step =
        plan_step_operator(compiler, run, plan_shape_of(node->type, node->is_double), child, count);
    step.type = node->type;
    step.scale = node->scale;
    return plan_step_make(compiler, step, child, count);
}

static int compile_sum_of_two(struct compiler *compiler, const struct segment_node *node,
                              struct scope scope)
{
    const struct segment_node *right = plan_meaning(node->child[1]),
                              *left = plan_meaning(node->child[0]);
    if (node->op == OP_ADD && left->op == OP_LITERAL && left->literal.is_period) {
        const struct segment_node *swap = left; /* 3 months + date */
        left = right;
        right = swap;
    }

    /* Months are no length of time: they step on the calendar, as
     * parameters of the step. */
    bool calendar =
        right->op == OP_LITERAL && right->literal.is_period && right->literal.period.months != 0;
    int child[2] = {plan_compile_value(compiler, left, scope)};
    child[1] = calendar ? child[0] : plan_compile_value(compiler, right, scope);

    struct step step =
        plan_step_operator(compiler, node->op == OP_ADD ? step_add : step_subtract,
                           plan_shape_of(node->type, node->is_double), child, calendar ? 1 : 2);
    step.type = node->type;
    step.scale = node->scale;
    if (calendar) {
        step.a = right->literal.period.months;
        step.p = right->literal.period.seconds;
    }

    return plan_step_make(compiler, step, child, calendar ? 1 : 2);
}

int plan_compile_arithmetic(struct compiler *compiler, const struct segment_node *node,
                            struct scope scope)
{
    if (node->op == OP_ADD || node->op == OP_SUBTRACT)
        return compile_sum_of_two(compiler, node, scope);
    int *child = plan_compile_children(compiler, node, scope, false);
    static step_run *const runs[OP_COUNT_] = {
        [OP_MULTIPLY] = step_multiply, [OP_DIVIDE] = step_divide, [OP_NEGATE] = step_negate};
    return value_step(compiler, runs[node->op], node, child, node->child_count);
}

static step_run *const FUNCTION_RUN[FUNCTIONS_] = {
    [FUNCTION_AGE] = step_age,
    [FUNCTION_DATE] = step_calendar,
    [FUNCTION_YEAR] = step_calendar,
    [FUNCTION_QUARTER] = step_calendar,
    [FUNCTION_MONTH] = step_calendar,
    [FUNCTION_WEEK] = step_calendar,
    [FUNCTION_DAY] = step_calendar,
    [FUNCTION_MONTH_OF_YEAR] = step_calendar,
    [FUNCTION_DAY_OF_MONTH] = step_calendar,
    [FUNCTION_WEEKDAY] = step_calendar,
    [FUNCTION_HOUR] = step_hour,
    [FUNCTION_SINCE] = step_since,
    [FUNCTION_UNTIL] = step_since,
    [FUNCTION_SIZE] = step_size,
    [FUNCTION_LENGTH] = step_length,
    [FUNCTION_LOWER] = step_case,
    [FUNCTION_UPPER] = step_case,
    [FUNCTION_ABS] = step_numeric,
    [FUNCTION_FLOOR] = step_numeric,
    [FUNCTION_CEIL] = step_numeric,
    [FUNCTION_ROUND] = step_numeric,
    [FUNCTION_LEAST] = step_choose,
    [FUNCTION_GREATEST] = step_choose,
    [FUNCTION_COALESCE] = step_coalesce,
    [FUNCTION_DISTANCE] = step_distance,
    [FUNCTION_VERSION] = step_version,
};

int plan_compile_function(struct compiler *compiler, const struct segment_node *node,
                          struct scope scope)
{
    int *child = plan_compile_children(compiler, node, scope, false);
    enum segment_function function = node->function;
    struct step step =
        plan_step_operator(compiler, FUNCTION_RUN[function],
                           plan_shape_of(node->type, node->is_double), child, node->child_count);

    step.type = node->type;
    step.scale = node->scale;
    step.a = (int)function;

    /* These are counted up to now, though no child of theirs need know of it. */
    if (function == FUNCTION_AGE || function == FUNCTION_SINCE || function == FUNCTION_UNTIL) {
        step.timeless = false;
        step.now_loose = true;
        step.b = (int)node->unit;
    }

    /* A text that is computed has no code, nor has a choice in which one
     * of them stands. */
    bool computed = function == FUNCTION_LOWER || function == FUNCTION_UPPER;
    for (int i = 0; i < node->child_count; i++)
        computed |= node->type == VALUE_TEXT && at(compiler, child[i])->shape == SHAPE_TEXT;
    if (node->type == VALUE_TEXT && computed)
        step.shape = SHAPE_TEXT;
    step.textual |= node->type == VALUE_TEXT || function == FUNCTION_LENGTH;
    step.version = function == FUNCTION_VERSION;

    /* A choice among versions is one. */
    for (int i = 0;
         i < node->child_count && (function >= FUNCTION_LEAST && function <= FUNCTION_COALESCE);
         i++)
        step.version |= at(compiler, child[i])->version;
    return plan_step_make(compiler, step, child, node->child_count);
}
