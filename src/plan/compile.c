/*
 * From the checked tree to steps. Every node becomes one step, or a few; a step equal to an earlier
 * one is that one. Conditions over one text column and constants are compiled a second time for the
 * frame of dictionary codes, and read as a table from then on. Here are the walk over a tree, and
 * plans made and released; what single nodes become stands in the files beside.
 */
#include "plan/compile.h"

static node_compile compile_raw;

static int plan_compile_not(struct compiler *compiler, const struct segment_node *node,
                            struct scope scope)
{
    return plan_not_of(compiler, plan_compile_condition(compiler, node->child[0], scope));
}

static int plan_compile_truth(struct compiler *compiler, const struct segment_node *node,
                              struct scope scope)
{
    return plan_compile_condition(compiler, node->child[0], scope);
}

static int plan_compile_meaning(struct compiler *compiler, const struct segment_node *node,
                                struct scope scope)
{
    return compile_raw(compiler, node->child[0], scope);
}

static int plan_compile_fact_time(struct compiler *compiler, const struct segment_node *node,
                                  struct scope scope)
{
    return plan_simple_leaf(compiler, step_row_time, VALUE_TIME, scope.frame);
}

static int plan_compile_customer(struct compiler *compiler, const struct segment_node *node,
                                 struct scope scope)
{
    return plan_spread(compiler, compile_raw(compiler, node->child[0], plan_customers_of(scope)),
                       scope);
}

static int plan_compile_nothing(struct compiler *compiler, const struct segment_node *node,
                                struct scope scope)
{
    return plan_compile_refuse(compiler, "a part of the condition cannot stand here");
}

static node_compile *const compilers[OP_COUNT_] = {
#define OP(name, stands, carries, level, json, format, check, compile) \
    [OP_##name] = plan_compile_##compile,
#include "segment/ops.def"
#undef OP
};

static int compile_raw(struct compiler *compiler, const struct segment_node *node,
                       struct scope scope)
{
    return compilers[node->op](compiler, node, scope);
}

int plan_compile_value(struct compiler *compiler, const struct segment_node *node,
                       struct scope scope)
{
    int id = compile_raw(compiler, node, scope);
    if (at(compiler, id)->shape != SHAPE_BITS)
        return id;
    struct step step = plan_step_operator(compiler, step_as_value, SHAPE_INT, &id, 1);
    return plan_step_make(compiler, step, &id, 1);
}

int plan_compile_condition(struct compiler *compiler, const struct segment_node *node,
                           struct scope scope)
{
    int opaque = compiler->opaque, id = compile_raw(compiler, node, scope);
    if (at(compiler, id)->shape != SHAPE_BITS) {
        struct step step = plan_step_operator(compiler, step_truth, SHAPE_BITS, &id, 1);
        id = plan_step_make(compiler, step, &id, 1);
    }

    const struct step *made = at(compiler, id);
    /* What reads a single text column, and nothing that varies otherwise, is worth a
     * table: asked once for each code instead of once for each row. */
    bool foldable = made->code_leaf >= 0 && made->textual && made->timeless &&
                    made->run != step_test && scope.frame != FRAME_CODES &&
                    made->frame != FRAME_ONE && made->clock == CLOCK_BATCH &&
                    compiler->opaque == opaque;

    if (!foldable)
        return id;
    int column = made->code_leaf, frame = made->frame;
    /* The condition anew, over all codes instead of the rows' own; what becomes of
     * it is looked up. */
    struct scope codes = scope;
    codes.frame = FRAME_CODES;
    codes.moment = NO_STEP;
    int inside = plan_compile_condition(compiler, node, codes);

    struct step step = plan_step_leaf(step_test, SHAPE_BITS, frame);
    step.b = inside;
    step.textual = true;

    int test = plan_step_make(compiler, step, &column, 1);
    at(compiler, test)->code_leaf = column;
    return test;
}

static void mark_sequence(const struct sequence_plan *sequence, bool *seen)
{
    for (int s = 0; s < sequence->step_count; s++)
        for (int k = 0; k < sequence->source->steps[s].kind_count; k++) {
            const struct sequence_kind *kind = &sequence->kinds[s][k];
            seen[kind->mask] = seen[kind->start_mask] = true;
            if (kind->slow >= 0)
                seen[kind->slow] = true;
            for (int p = 0; p < kind->pair_count; p++)
                seen[kind->pairs[p].own] = seen[kind->pairs[p].other] = true;
        }
}

/* All that the steps seen so far read. A step comes after those it reads, so one pass from the last
 * to the first is enough, however long the chains are. */
static void mark_below(const struct plan *plan, bool *seen)
{
    for (size_t id = plan->steps.count; id-- > 0;) {
        const struct step *step = &plan->steps.items[id];
        if (!seen[id])
            continue;
        for (int i = 0; i < step->child_count; i++)
            seen[step->child[i]] = true;
        if (step->run == step_sequence)
            mark_sequence(step->extra, seen);
    }
}

/* Measures over the same selected rows have the same next moment. */
static bool moves_with_earlier(const struct plan *plan, const struct step *step)
{
    bool single =
        step->next == next_window && step->run != step_gather && step->run != step_resumed;
    for (size_t i = 0; single && i < plan->moving.count; i++) {
        const struct step *other = &plan->steps.items[plan->moving.items[i]];
        if (other->next == next_window && other->run != step_gather && other->run != step_resumed &&
            other->child[0] == step->child[0] && other->clock == step->clock &&
            other->run != step_any)
            return true; /* the oldest fact's leaving, which is never later than the newest's */
    }
    return false;
}

/* Which look-up tables are worth making: those that some root reaches. */
static void plan_finish(struct plan *plan)
{
    bool *seen = base_calloc(plan->steps.count + 1, 1);

    for (int s = 0; s < plan->set->segment_count; s++)
        if (plan->member[s] >= 0)
            seen[plan->member[s]] = true;
    for (int i = 0; i < plan->extra_count; i++)
        seen[plan->extra[i]] = true;
    mark_below(plan, seen);

    plan->tests.count = 0;
    for (size_t i = 0; i < plan->steps.count; i++)
        if (seen[i] && plan->steps.items[i].run == step_test)
            VECTOR_PUSH(&plan->tests, (int)i);

    /* Of measures over the same rows one is asked for next moments, and stands for all. */
    plan->moving.count = 0;
    for (size_t i = 0; i < plan->steps.count; i++)
        if (seen[i] && plan->steps.items[i].next &&
            !moves_with_earlier(plan, &plan->steps.items[i]))
            VECTOR_PUSH(&plan->moving, (int)i);
    free(seen);
}

static struct plan *plan_blank(const struct segment_set *set, const struct schema *schema)
{
    struct plan *plan = base_calloc(1, sizeof *plan);
    arena_init(&plan->arena, 0);

    text_map_init(&plan->known);
    text_map_init(&plan->described);
    plan->set = set;
    plan->schema = schema;
    plan->table_count = (int)schema->table_count;

    plan->table_names = ARENA_ARRAY(&plan->arena, const char *, schema->table_count + 1);
    for (size_t i = 0; i < schema->table_count; i++)
        plan->table_names[i] = schema->tables[i].name;
    plan->table_used = ARENA_ARRAY(&plan->arena, bool, schema->table_count + 1);

    plan->member = ARENA_ARRAY(&plan->arena, int, (size_t)set->segment_count + 1);
    for (int i = 0; i < set->segment_count; i++)
        plan->member[i] = -1;
    return plan;
}

enum status plan_new(const struct segment_set *set, const struct schema *schema,
                     const int *segments, int count, struct plan **out, struct error *error)
{
    struct plan *plan = plan_blank(set, schema);
    struct compiler compiler = {.plan = plan, .error = error};

    plan_members_make(&compiler, count < 0 ? set->order : segments,
                      count < 0 ? set->segment_count : count);

    if (compiler.failed) {
        plan_free(plan);
        return STATUS_ERROR;
    }
    plan_finish(plan);
    *out = plan;
    return STATUS_OK;
}

enum status plan_of_nodes(const struct segment_set *set, const struct schema *schema,
                          const struct segment_node *const *nodes, int count, struct plan **out,
                          struct error *error)
{
    struct plan *plan = plan_blank(set, schema);
    struct compiler compiler = {.plan = plan, .error = error};

    plan->extra = ARENA_ARRAY(&plan->arena, int, (size_t)count + 1);
    for (int i = 0; i < count && !compiler.failed; i++)
        plan->extra[plan->extra_count++] = compile_raw(&compiler, nodes[i], CUSTOMERS);

    if (compiler.failed) {
        plan_free(plan);
        return STATUS_ERROR;
    }
    plan_finish(plan);
    *out = plan;
    return STATUS_OK;
}

static int measure_rows(struct compiler *compiler, const struct segment_measure *measure,
                        int *steps)
{
    for (int k = 0; k < measure->kind_count; k++) {
        steps[k] = plan_selected_rows(compiler, measure, k, CUSTOMERS);
        if (measure->argument && !plan_is_gap(measure))
            steps[k] = plan_and_of(
                compiler, steps[k],
                plan_known_of(compiler, plan_argument_rows(compiler, measure, k, CUSTOMERS)));
    }
    return measure->kind_count;
}

int plan_selected(struct plan *plan, const struct segment_node *node, int steps[SEGMENT_KINDS_MAX])
{
    struct error error;
    struct compiler compiler = {.plan = plan, .error = &error};
    int count = 0;

    if (node->op == OP_MEASURE)
        count = measure_rows(&compiler, node->measure, steps);
    if (node->op == OP_RESUMED)
        count = measure_rows(&compiler, &node->resumed->facts, steps);

    if (node->op == OP_SEQUENCE) {
        int id = compile_raw(&compiler, node, CUSTOMERS);
        const struct sequence_plan *sequence = at(&compiler, id)->extra;
        for (; count < sequence->source->steps[0].kind_count; count++)
            steps[count] = sequence->kinds[0][count].start_mask;
    }
    return compiler.failed ? 0 : count;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->patterns.count; i++)
        pcre2_code_free(plan->patterns.items[i]);
    VECTOR_RELEASE(&plan->patterns);
    VECTOR_RELEASE(&plan->steps);
    VECTOR_RELEASE(&plan->columns);
    VECTOR_RELEASE(&plan->tests);
    VECTOR_RELEASE(&plan->globals);
    VECTOR_RELEASE(&plan->moving);
    text_map_release(&plan->known);
    text_map_release(&plan->described);
    arena_release(&plan->arena);
    free(plan);
}
