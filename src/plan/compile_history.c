/*
 * Histories: conditions on what traits were at some time. The rows are the reports of the traits,
 * in order of arrival; a condition is asked at each report within the window, and at the window's
 * first moment when a report before decided it.
 */
#include "plan/compile.h"

/* Whether each trait that a condition reads is known in a scope: at a row of the reports, or at a
 * moment. */
struct traits_used {
    struct compiler *compiler;
    int table;
    struct scope scope;
    VECTOR(int) known;
};

static void traits_used(struct traits_used *used, const struct segment_node *node)
{
    if (node->op == OP_TRAIT) {
        int value =
            plan_start_step(used->compiler, used->table, node->path.start_column[0], used->scope);
        VECTOR_PUSH(&used->known, plan_known_of(used->compiler, value));
    }
    for (int i = 0; i < node->child_count; i++)
        if (node->child[i])
            traits_used(used, node->child[i]);
    bool windowed = node->op == OP_IN_WINDOW || node->op == OP_ANNIVERSARY;
    if (windowed && node->window->anchor)
        traits_used(used, node->window->anchor);
    if (windowed && node->window->to)
        traits_used(used, node->window->to);
}

/* That one of them is known. */
static int one_is_told(struct compiler *compiler, const struct segment_node *condition, int table,
                       struct scope scope)
{
    struct traits_used used = {.compiler = compiler, .table = table, .scope = scope};
    traits_used(&used, condition);
    int any = plan_junction(compiler, step_or, used.known.items, (int)used.known.count);
    VECTOR_RELEASE(&used.known);
    return any;
}

int plan_compile_ever(struct compiler *compiler, const struct segment_node *node,
                      struct scope scope)
{
    int table = plan_trait_table(compiler);
    struct scope rows = {FRAME_ROWS + table, 0, false, NO_STEP, -1, NULL};

    rows.moment = plan_simple_leaf(compiler, step_row_time, VALUE_TIME, rows.frame);
    int held = plan_compile_condition(compiler, node->child[0], rows);
    /* Held at a report, and told: a condition over nothing known (is unknown) would
     * else hold of anybody. */
    int told = one_is_told(compiler, node->child[0], table,
                           (struct scope){FRAME_ROWS + table, 0, false, NO_STEP, -1, NULL});
    const struct segment_window *window = node->history->has_window ? &node->history->window : NULL;
    int parts[] = {plan_spread(compiler, held, rows), told,
                   plan_window_rows(compiler, window, table, CUSTOMERS)};
    int selected = plan_junction(compiler, step_and, parts, 3);

    int any = plan_any_rows(compiler, selected, table), bounds = NO_STEP;
    if (window) { /* the first moment of the window counts, told just then or long before */
        bounds = plan_compile_bounds(compiler, window, CUSTOMERS);
        struct step lower = plan_step_operator(compiler, step_row_moment, SHAPE_INT, &bounds, 1);
        lower.type = VALUE_TIME;
        struct scope then = CUSTOMERS;
        then.moment = plan_step_make(compiler, lower, &bounds, 1);
        int first[] = {plan_compile_condition(compiler, node->child[0], then),
                       plan_known_of(compiler, then.moment),
                       one_is_told(compiler, node->child[0], table, then)};
        int either[] = {any, plan_junction(compiler, step_and, first, 3)};
        any = plan_junction(compiler, step_or, either, 2);
    }

    struct step step = plan_step_operator(compiler, step_or, SHAPE_BITS, &any, 1);
    step.next = next_history;
    step.timeless = false;
    step.frame = FRAME_CUSTOMERS;
    step.clock = CLOCK_BATCH;
    step.c = bounds;
    step.extra = node->history;
    return plan_spread(compiler, plan_step_make(compiler, step, &any, 1), scope);
}

int plan_compile_changed(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    int table = plan_trait_table(compiler);
    struct scope rows = {FRAME_ROWS + table, 0, false, NO_STEP, -1, NULL};
    const struct segment_node *trait = plan_meaning(node->child[0]);
    const struct segment_window *window = node->history->has_window ? &node->history->window : NULL;
    int child[4] = {plan_start_step(compiler, table, trait->path.start_column[0], rows),
                    plan_window_rows(compiler, window, table, CUSTOMERS)};
    int count = 2, given = 0;

    /* step_changed tells from and to apart by these bits. */
    for (int i = 1; i <= 2; i++)
        if (node->child_count > i && node->child[i]) {
            child[count++] = plan_spread(
                compiler, plan_compile_value(compiler, node->child[i], CUSTOMERS), rows);
            given |= i;
        }

    struct step step = plan_step_leaf(step_changed, SHAPE_BITS, FRAME_CUSTOMERS);
    step.a = given;
    step.b = table;
    step.timeless = false;
    step.next = next_history;
    step.extra = node->history;
    return plan_spread(compiler, plan_step_make(compiler, step, child, count), scope);
}
