/*
 * Leaves: what reads the population or the clock instead of other steps. Columns of facts and
 * traits, walks along references, literals, now and today, facts that a sequence chose, and what is
 * known of a customer alone: records, lists and samples.
 */
#include "plan/compile.h"

#include <string.h>

static int plan_column(struct compiler *compiler, int table, int column)
{
    struct plan *plan = compiler->plan;
    const char *name = plan->schema->tables[table].columns[column].name;
    for (size_t i = 0; i < plan->columns.count; i++)
        if (plan->columns.items[i].table == table && strcmp(plan->columns.items[i].name, name) == 0)
            return (int)i;
    VECTOR_PUSH(&plan->columns, (struct plan_column){table, name});
    return (int)plan->columns.count - 1;
}

static const struct schema_column *schema_at(struct compiler *compiler, int table, int column)
{
    return &compiler->plan->schema->tables[table].columns[column];
}

int plan_trait_table(struct compiler *compiler)
{
    const struct schema *schema = compiler->plan->schema;
    for (size_t i = 0; i < schema->table_count; i++)
        if (schema->tables[i].role == SCHEMA_TRAITS)
            return (int)i;
    return plan_compile_refuse(compiler, "the store has no traits");
}

/* The value in a column of the table itself. */
int plan_start_step(struct compiler *compiler, int table, int column, struct scope scope)
{
    const struct schema_column *schema = schema_at(compiler, table, column);
    bool trait = compiler->plan->schema->tables[table].role == SCHEMA_TRAITS &&
                 scope.frame == FRAME_CUSTOMERS;

    /* A lane of this frame is the code itself, whichever column it is of. */
    if (scope.frame == FRAME_CODES) {
        struct step code = plan_step_blank(step_code, SHAPE_INT, FRAME_CODES);
        code.type = VALUE_TEXT;
        return plan_step_make(compiler, code, NULL, 0);
    }

    int moment = scope.moment;
    step_run *run = trait ? step_trait : step_column;
    if (moment != NO_STEP)
        run = step_trait_at;
    struct step step = plan_step_leaf(run, plan_shape_of(schema->type, false), scope.frame);

    step.type = schema->type;
    step.scale = schema->scale;
    step.a = plan_column(compiler, table, column);
    step.b = table;
    compiler->plan->table_used[table] = true;

    int id = plan_step_make(compiler, step, &moment, moment != NO_STEP);
    if (schema->type == VALUE_TEXT)
        at(compiler, id)->code_leaf = id;
    return id;
}

int plan_path_step(struct compiler *compiler, const struct segment_path *path, int table, int start,
                   struct scope scope)
{
    int id = plan_start_step(compiler, table, start, scope);
    for (int hop = 0; hop < path->length - 1; hop++) {
        int reference = path->hop_table[hop], column = path->hop_column[hop];
        const struct schema_column *schema = schema_at(compiler, reference, column);
        struct step step =
            plan_step_operator(compiler, step_lookup, plan_shape_of(schema->type, false), &id, 1);
        step.type = schema->type;
        step.scale = schema->scale;
        step.a = plan_column(compiler, reference, column);
        step.b = reference;
        step.textual = true;
        id = plan_step_make(compiler, step, &id, 1);
    }
    return id;
}

int plan_compile_literal(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    const struct segment_literal *literal = &node->literal;
    struct step step =
        plan_step_blank(step_literal, plan_shape_of(node->type, node->is_double), FRAME_ONE);
    step.type = node->type;
    step.scale = node->scale;
    step.a = literal->known;
    step.p = literal->integer;
    step.x = literal->number;
    /* A period may be a length of time, if it has no months. */
    if (node->type == VALUE_DURATION && literal->is_period && step.shape == SHAPE_INT)
        step.p = literal->period.seconds;

    if (node->type == VALUE_TEXT) {
        step.name = arena_strndup(&compiler->plan->arena, literal->text.data, literal->text.length);
        step.p = (int64_t)literal->text.length;
        step.shape = SHAPE_TEXT;
    }
    return plan_step_make(compiler, step, NULL, 0);
}

/* The moment the plan is run at, or its date. */
int plan_compile_now(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    bool today = node->op == OP_TODAY;
    struct step step = plan_step_blank(today ? step_today : step_now, SHAPE_INT, FRAME_ONE);
    step.type = today ? VALUE_DATE : VALUE_TIME;
    step.timeless = false;
    step.now_loose = true;
    return plan_step_make(compiler, step, NULL, 0);
}

int plan_compile_property(struct compiler *compiler, const struct segment_node *node,
                          struct scope scope)
{
    if (scope.frame == FRAME_CODES)
        return plan_path_step(compiler, &node->path, 0, 0, scope);
    return plan_path_step(compiler, &node->path, scope.frame - FRAME_ROWS,
                          node->path.start_column[scope.slot], scope);
}

static const struct chosen_leaf *
describe_chosen(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    struct chosen_leaf *chosen = ARENA_NEW(&compiler->plan->arena, struct chosen_leaf);
    const struct segment_path *path = &node->path;
    const struct segment_step *step = &scope.sequence->steps[path->step];

    chosen->node = node;
    for (int k = 0; k < step->kind_count; k++) {
        chosen->table[k] = step->kind_table[k];
        chosen->column[k] =
            path->is_time ? 0 : plan_column(compiler, step->kind_table[k], path->start_column[k]);
    }

    chosen->hops = path->is_time || path->length == 0 ? 0 : path->length - 1;
    for (int hop = 0; hop < chosen->hops; hop++) {
        chosen->hop_table[hop] = path->hop_table[hop];
        chosen->hop_column[hop] =
            plan_column(compiler, path->hop_table[hop], path->hop_column[hop]);
    }
    return chosen;
}

/* A fact an earlier step chose: its own row when compiled for that step's rows, else whatever the
 * sequence chose. */
int plan_compile_chosen(struct compiler *compiler, const struct segment_node *node,
                        struct scope scope)
{
    if (scope.as_rows == node->path.step) {
        if (node->path.is_time)
            return plan_simple_leaf(compiler, step_row_time, VALUE_TIME, scope.frame);
        return plan_compile_property(compiler, node, scope);
    }
    struct step step =
        plan_step_leaf(step_chosen, plan_shape_of(node->type, node->is_double), scope.frame);
    step.type = node->type;
    step.scale = node->scale;
    step.clock = CLOCK_CHOSEN;
    step.extra = describe_chosen(compiler, node, scope);
    return plan_step_make(compiler, step, NULL, 0);
}

static int day_start_of(struct compiler *compiler, int date)
{
    struct step step = plan_step_operator(compiler, step_day_start, SHAPE_INT, &date, 1);
    step.type = VALUE_TIME;
    return plan_step_make(compiler, step, &date, 1);
}

int plan_compile_trait(struct compiler *compiler, const struct segment_node *node,
                       struct scope scope)
{
    int table = plan_trait_table(compiler);
    if (compiler->failed)
        return 0;

    bool history = scope.moment != NO_STEP || scope.frame == FRAME_CODES;
    struct scope inside = history ? scope : plan_customers_of(scope);
    /* As of a moment: of a date, its first one. */
    if (node->op == OP_TRAIT_AS_OF && scope.frame != FRAME_CODES) {
        int moment = plan_compile_value(compiler, node->child[0], plan_customers_of(scope));
        inside = plan_customers_of(scope);
        inside.moment =
            at(compiler, moment)->type == VALUE_DATE ? day_start_of(compiler, moment) : moment;
    }

    return plan_spread(
        compiler, plan_path_step(compiler, &node->path, table, node->path.start_column[0], inside),
        scope);
}

int plan_compile_record(struct compiler *compiler, const struct segment_node *node,
                        struct scope scope)
{
    const struct segment_record_test *record = node->record;

    struct step step = plan_step_leaf(step_record, SHAPE_BITS, FRAME_CUSTOMERS);
    step.a = (int)record->kind;
    step.b = record->has_window;
    step.q = record->has_window ? record->window.weekdays : 0;
    step.timeless = false;
    step.name = node->name;
    step.next = next_record;

    int bounds =
        record->has_window ? plan_compile_bounds(compiler, &record->window, CUSTOMERS) : NO_STEP;
    int id = plan_step_make(compiler, step, &bounds, record->has_window);
    return plan_spread(compiler, node->negated ? plan_not_of(compiler, id) : id, scope);
}

int plan_compile_list(struct compiler *compiler, const struct segment_node *node,
                      struct scope scope)
{
    struct step step = plan_step_leaf(step_list, SHAPE_BITS, FRAME_CUSTOMERS);
    step.name = node->name;
    int id = plan_step_make(compiler, step, NULL, 0);
    return plan_spread(compiler, node->negated ? plan_not_of(compiler, id) : id, scope);
}

int plan_compile_sample(struct compiler *compiler, const struct segment_node *node,
                        struct scope scope)
{
    bool bucket = node->op == OP_BUCKET;
    struct step step =
        plan_step_leaf(step_sample, bucket ? SHAPE_INT : SHAPE_BITS, FRAME_CUSTOMERS);
    step.type = bucket ? VALUE_INT : VALUE_BOOL;
    step.a = bucket;
    step.b = node->sample.percent_scale;
    step.p = node->sample.percent_scaled;
    step.q = node->sample.buckets;
    step.name = node->sample.seed ? node->sample.seed : "";
    return plan_spread(compiler, plan_step_make(compiler, step, NULL, 0), scope);
}
