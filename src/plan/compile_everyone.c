/*
 * What depends on other customers or other definitions: segments inside segments, schemes, ranks
 * and accounts. Ranks and accounts are noted in the plan's globals: what everyone contributes to
 * them is found before the pass.
 */
#include "plan/compile.h"

int plan_compile_segment(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    /* What stands behind is evaluated of customers; by text codes it would
     * have no meaning. */
    compiler->opaque++;
    int id = plan_member_step(compiler, node->index);
    id = node->negated ? plan_not_of(compiler, id) : id;
    return plan_spread(compiler, id, scope);
}

int plan_compile_scheme(struct compiler *compiler, const struct segment_node *node,
                        struct scope scope)
{
    const struct segment_scheme *scheme = &compiler->plan->set->schemes[node->index];
    int *child = ARENA_ARRAY(&compiler->plan->arena, int, (size_t)scheme->member_count + 1);
    for (int i = 0; i < scheme->member_count; i++)
        child[i] = plan_member_step(compiler, scheme->first_member + i);

    struct step step = plan_step_leaf(step_scheme, SHAPE_TEXT, FRAME_CUSTOMERS);
    step.type = VALUE_TEXT;
    step.extra = scheme;
    return plan_spread(compiler, plan_step_make(compiler, step, child, scheme->member_count),
                       scope);
}

static int global_step(struct compiler *compiler, struct step step, const int *child, int count)
{
    size_t before = compiler->plan->steps.count;
    int id = plan_step_make(compiler, step, child, count);
    /* An equal rank is the earlier one, and keeps that one's place. */
    if (compiler->plan->steps.count > before) {
        at(compiler, id)->c = (int)compiler->plan->globals.count;
        at(compiler, id)->now_loose = false; /* its own next moment says when it is another */
        VECTOR_PUSH(&compiler->plan->globals, id);
    }
    return id;
}

int plan_compile_rank(struct compiler *compiler, const struct segment_node *node,
                      struct scope scope)
{
    const struct segment_rank *rank = node->rank;
    int child[2] = {plan_compile_value(compiler, node->child[0], CUSTOMERS)};
    child[1] = rank->among ? plan_compile_condition(compiler, rank->among, CUSTOMERS)
                           : plan_constant_bits(compiler, true);

    struct step step = plan_step_leaf(step_top, SHAPE_BITS, FRAME_CUSTOMERS);
    step.type = VALUE_BOOL;
    if (node->op == OP_NTILE) {
        step = plan_step_leaf(step_ntile, SHAPE_INT, FRAME_CUSTOMERS);
        step.type = VALUE_INT;
    } else if (node->op == OP_PERCENTILE) {
        step = plan_step_leaf(step_percentile, SHAPE_DOUBLE, FRAME_CUSTOMERS);
        step.type = VALUE_DOUBLE;
    }

    step.next = at(compiler, child[0])->now_loose ? next_rank : NULL;

    /* step_top reads both as bits. */
    step.a = rank->bottom | rank->is_percent << 1;
    step.b = rank->percent_scale;
    step.p = rank->count;
    step.q = rank->percent_scaled;
    return plan_spread(compiler, global_step(compiler, step, child, 2), scope);
}

int plan_compile_account(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope)
{
    const struct segment_account *account = node->account;
    int child[2] = {plan_path_step(compiler, &account->path, plan_trait_table(compiler),
                                   account->path.start_column[0], CUSTOMERS)};

    bool condition = node->child_count > 0 && node->child[0];
    child[1] = condition ? plan_compile_condition(compiler, node->child[0], CUSTOMERS)
                         : plan_constant_bits(compiler, true);

    bool count = account->quantifier == ACCOUNT_COUNT;
    struct step step =
        plan_step_leaf(step_account, count ? SHAPE_INT : SHAPE_BITS, FRAME_CUSTOMERS);
    step.type = count ? VALUE_INT : VALUE_BOOL;
    step.a = (int)account->quantifier;
    return plan_spread(compiler, global_step(compiler, step, child, 2), scope);
}
