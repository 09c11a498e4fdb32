/*
 * Measures: the rows of each kind that stand in the window and pass the filter, and one aggregate
 * over them. Several kinds are folded from one step each where the aggregate allows it; aggregates
 * that need the facts in order gather them.
 */
#include "plan/compile.h"

/* Window steps over the rows of a table. */
int plan_window_rows(struct compiler *compiler, const struct segment_window *window, int table,
                     struct scope scope)
{
    struct scope rows = {FRAME_ROWS + table, scope.slot, scope.period, NO_STEP, -1, NULL};
    int child[2], count = 1;

    /* Within a unit of `periods` a measure without a window sees that unit. */
    if (scope.period && (!window || window->form == WINDOW_ALL)) {
        struct step bounds = plan_step_blank(step_period_bounds, SHAPE_BOUNDS, FRAME_ONE);
        bounds.clock = CLOCK_PERIOD;
        bounds.timeless = false;
        child[0] = plan_step_make(compiler, bounds, NULL, 0);
    } else {
        static const struct segment_window all = {.form = WINDOW_ALL};
        child[0] = plan_compile_bounds(compiler, window ? window : &all, plan_customers_of(scope));
    }

    if (window && window->anniversary)
        child[count++] =
            plan_compile_value(compiler, window->anniversary, plan_customers_of(scope));

    struct step step = plan_step_leaf(step_window, SHAPE_BITS, rows.frame);
    step.b = table;
    step.timeless = false;
    step.q = window ? window->weekdays : 0;
    step.cost = COST_WINDOW;

    compiler->plan->table_used[table] = true;
    return plan_step_make(compiler, step, child, count);
}

/* The rows of one kind that a measure selects. */
int plan_selected_rows(struct compiler *compiler, const struct segment_measure *measure, int slot,
                       struct scope scope)
{
    int table = measure->kind_table[slot];
    int window = plan_window_rows(compiler, &measure->window, table, scope);
    if (!measure->filter)
        return window;
    struct scope rows = {FRAME_ROWS + table, slot, scope.period, NO_STEP, -1, NULL};
    return plan_and_of(
        compiler, window,
        plan_spread(compiler, plan_compile_condition(compiler, measure->filter, rows), rows));
}

bool plan_is_gap(const struct segment_measure *measure)
{
    return measure->argument && plan_meaning(measure->argument)->op == OP_GAP;
}

int plan_argument_rows(struct compiler *compiler, const struct segment_measure *measure, int slot,
                       struct scope scope)
{
    struct scope rows = {
        FRAME_ROWS + measure->kind_table[slot], slot, scope.period, NO_STEP, -1, NULL};
    int id = plan_compile_value(compiler, measure->argument, rows);
    const struct step *under = at(compiler, id);

    if (under->frame == rows.frame)
        return id;

    struct step step = plan_step_leaf(under->frame == FRAME_ONE ? step_choose : step_customer,
                                      under->shape, rows.frame);
    step.type = under->type;
    step.scale = under->scale;
    step.b = rows.frame - FRAME_ROWS;
    return plan_step_make(compiler, step, &id, 1);
}

static int count_rows(struct compiler *compiler, int selected, int table)
{
    struct step step = plan_step_leaf(step_count, SHAPE_INT, FRAME_CUSTOMERS);
    step.type = VALUE_INT;
    step.b = table;
    step.next = next_window;
    step.cost = COST_COUNT;
    return plan_step_make(compiler, step, &selected, 1);
}

static int sum_rows(struct compiler *compiler, int selected, int argument, int table)
{
    const struct step *under = at(compiler, argument);
    int child[] = {selected, argument};
    struct step step = plan_step_leaf(step_sum, under->shape, FRAME_CUSTOMERS);
    step.type = under->type;
    step.scale = under->scale;
    step.b = table;
    step.next = next_window;
    step.cost = COST_SUM;
    return plan_step_make(compiler, step, child, 2);
}

static int fold_kinds(struct compiler *compiler, step_run *run, const int *part, int count)
{
    int total = part[0];
    for (int i = 1; i < count; i++) {
        int child[] = {total, part[i]};
        const struct step *first = at(compiler, total);
        struct step step = plan_step_operator(compiler, run, first->shape, child, 2);
        step.type = first->type;
        step.scale = first->scale;
        total = plan_step_make(compiler, step, child, 2);
    }
    return total;
}

static int per_kind(struct compiler *compiler, const struct segment_measure *measure,
                    struct scope scope, enum segment_aggregate aggregate, int *part)
{
    for (int k = 0; k < measure->kind_count; k++) {
        int table = measure->kind_table[k],
            selected = plan_selected_rows(compiler, measure, k, scope);

        int argument =
            measure->argument ? plan_argument_rows(compiler, measure, k, scope) : NO_STEP;
        /* A kind's facts without a value count for nothing where one is asked for. */
        if (aggregate == AGGREGATE_ANY)
            part[k] = plan_any_rows(compiler, selected, table);
        else if (aggregate == AGGREGATE_SUM)
            part[k] = sum_rows(compiler, selected, argument, table);
        else
            part[k] =
                count_rows(compiler,
                           argument == NO_STEP
                               ? selected
                               : plan_and_of(compiler, selected, plan_known_of(compiler, argument)),
                           table);
    }
    return measure->kind_count;
}

static int compile_any(struct compiler *compiler, const struct segment_measure *measure,
                       struct scope scope)
{
    int part[SEGMENT_KINDS_MAX];
    int count = per_kind(compiler, measure, scope, AGGREGATE_ANY, part);
    int any = plan_junction(compiler, step_or, part, count);
    return measure->aggregate == AGGREGATE_NONE ? plan_not_of(compiler, any) : any;
}

static int compile_count(struct compiler *compiler, const struct segment_measure *measure,
                         struct scope scope)
{
    int part[SEGMENT_KINDS_MAX];
    int count = per_kind(compiler, measure, scope, AGGREGATE_COUNT, part);
    return fold_kinds(compiler, step_add, part, count);
}

static int compile_sum(struct compiler *compiler, const struct segment_measure *measure,
                       struct scope scope)
{
    int part[SEGMENT_KINDS_MAX];
    return fold_kinds(compiler, step_add, part,
                      per_kind(compiler, measure, scope, AGGREGATE_SUM, part));
}

static int compile_average(struct compiler *compiler, const struct segment_node *node,
                           struct scope scope)
{
    int child[] = {compile_sum(compiler, node->measure, scope),
                   compile_count(compiler, node->measure, scope)};
    struct step step = plan_step_operator(compiler, step_average, SHAPE_DOUBLE, child, 2);
    step.type = node->type;
    return plan_step_make(compiler, step, child, 2);
}

/* Aggregates that need the selected facts in order, or several kinds at once. */
static int compile_gather(struct compiler *compiler, const struct segment_node *node,
                          struct scope scope)
{
    const struct segment_measure *measure = node->measure;
    int child[2 * SEGMENT_KINDS_MAX], kinds = measure->kind_count, count = kinds;
    bool gap = plan_is_gap(measure);

    for (int k = 0; k < kinds; k++) {
        /* A fact whose argument is unknown counts for nothing. */
        child[k] = plan_selected_rows(compiler, measure, k, scope);
        if (gap || !measure->argument)
            continue;
        child[kinds + k] = plan_argument_rows(compiler, measure, k, scope);
        child[k] = plan_and_of(compiler, child[k], plan_known_of(compiler, child[kinds + k]));
        count++;
    }

    struct step step =
        plan_step_leaf(step_gather, plan_shape_of(node->type, node->is_double), FRAME_CUSTOMERS);

    step.type = node->type;
    step.scale = node->scale;
    step.a = (int)measure->aggregate;
    step.b = kinds;
    step.c = gap;
    step.p = measure->nth;

    step.cost = COST_GATHER;
    step.next = next_window;
    for (int k = 0; k < kinds; k++) /* which tables: part of the key through the children */
        step.q = step.q * 31 + measure->kind_table[k];
    return plan_step_make(compiler, step, child, count);
}

static bool orders_doubles(const struct segment_measure *measure)
{
    const struct segment_node *argument = measure->argument;
    return argument && plan_shape_of(argument->type, argument->is_double) == SHAPE_DOUBLE &&
           measure->kind_count > 1;
}

/* first, last, min and max of one kind's rows without collecting them. */
static int compile_edge(struct compiler *compiler, const struct segment_node *node,
                        struct scope scope)
{
    const struct segment_measure *measure = node->measure;
    int table = measure->kind_table[0];
    int child[2] = {plan_selected_rows(compiler, measure, 0, scope),
                    plan_argument_rows(compiler, measure, 0, scope)};

    child[0] = plan_and_of(compiler, child[0], plan_known_of(compiler, child[1]));

    /* The order of facts is that of time, so first and last need only look; least and
     * greatest have to compare. */
    bool edge = measure->aggregate == AGGREGATE_FIRST || measure->aggregate == AGGREGATE_LAST;
    struct step step = plan_step_leaf(edge ? step_edge : step_extreme,
                                      at(compiler, child[1])->shape, FRAME_CUSTOMERS);

    step.type = node->type;
    step.scale = node->scale;
    step.version = at(compiler, child[1])->version;
    step.a = measure->aggregate == AGGREGATE_LAST || measure->aggregate == AGGREGATE_MAX;
    step.b = table;

    step.cost = COST_EDGE;
    step.next = next_window;
    return plan_step_make(compiler, step, child, 2);
}

int plan_compile_measure(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    const struct segment_measure *measure = node->measure;
    struct scope inside = plan_customers_of(scope);
    int id;
    /* Gaps need the facts in order, and doubles of several kinds are added in the
     * order of time. */
    bool gather = plan_is_gap(measure) || orders_doubles(measure);

    compiler->plan->uses_future = true;
    switch (measure->aggregate) {
    case AGGREGATE_ANY:
    case AGGREGATE_NONE: id = compile_any(compiler, measure, inside); break;
    case AGGREGATE_COUNT:
        id = gather ? compile_gather(compiler, node, inside)
                    : compile_count(compiler, measure, inside);
        break;
    case AGGREGATE_SUM:
        id = gather ? compile_gather(compiler, node, inside)
                    : compile_sum(compiler, measure, inside);
        break;
    case AGGREGATE_AVG:
        id = gather ? compile_gather(compiler, node, inside)
                    : compile_average(compiler, node, inside);
        break;
    case AGGREGATE_FIRST:
    case AGGREGATE_LAST:
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        id = gather || measure->kind_count > 1 ? compile_gather(compiler, node, inside)
                                               : compile_edge(compiler, node, inside);
        break;
    default: id = compile_gather(compiler, node, inside); break;
    }

    return plan_spread(compiler, id, scope);
}

int plan_compile_periods(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    struct scope inside = CUSTOMERS;
    inside.period = true;
    int child[] = {plan_compile_condition(compiler, node->child[0], inside),
                   plan_compile_bounds(compiler, &node->periods->window, CUSTOMERS)};
    struct step step = plan_step_leaf(step_periods, SHAPE_INT, FRAME_CUSTOMERS);
    step.type = VALUE_INT;
    step.timeless = false;
    step.a = (int)node->periods->unit;
    step.next = next_periods;
    step.cost = COST_PERIODS;
    int id = plan_step_make(compiler, step, child, 2);
    at(compiler, id)->clock = CLOCK_BATCH; /* it turns that clock itself */
    return plan_spread(compiler, id, scope);
}

int plan_compile_resumed(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    const struct segment_resumed *resumed = node->resumed;
    struct segment_measure all = resumed->facts;

    /* A pause begins before the window: every fact is looked at, and the window says
     * which may end one. */
    all.window = (struct segment_window){.form = WINDOW_ALL};
    int kinds = all.kind_count, child[2 * SEGMENT_KINDS_MAX];

    for (int k = 0; k < kinds; k++) {
        child[k] = plan_selected_rows(compiler, &all, k, plan_customers_of(scope));
        child[kinds + k] = plan_window_rows(compiler, &resumed->facts.window, all.kind_table[k],
                                            plan_customers_of(scope));
    }

    struct step step = plan_step_leaf(step_resumed, SHAPE_BITS, FRAME_CUSTOMERS);
    step.b = kinds;
    step.a = resumed->gap.months;
    step.p = resumed->gap.seconds;
    step.cost = COST_GATHER;
    step.next = next_window;
    compiler->plan->uses_future = true;
    return plan_spread(compiler, plan_step_make(compiler, step, child, 2 * kinds), scope);
}
