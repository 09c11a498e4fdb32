/*
 * Sequences. The filter of each step is taken apart at its ands: what speaks of the fact alone
 * becomes a mask over rows, a comparison with one earlier fact becomes a pair of vectors, and only
 * the rest is evaluated fact by fact.
 */
#include "plan/compile.h"

#include <string.h>

static bool mentions_step(const struct segment_node *node, int *only)
{
    bool found = node->op == OP_STEP;
    if (found)
        *only = *only == -1 || *only == node->path.step ? node->path.step : -2;
    for (int i = 0; i < node->child_count; i++)
        if (node->child[i])
            found |= mentions_step(node->child[i], only);
    return found;
}

/* Whether the value reads the fact under test itself. */
static bool mentions_own(const struct segment_node *node)
{
    if (node->op == OP_PROPERTY || node->op == OP_FACT_TIME)
        return true;
    for (int i = 0; node->op != OP_CUSTOMER && i < node->child_count; i++)
        if (node->child[i] && mentions_own(node->child[i]))
            return true;
    return false;
}

struct sequence_maker {
    struct compiler *compiler;
    const struct segment_sequence *source;
    struct sequence_plan *plan;
    struct sequence_kind *kind;
    struct scope scope;
    /* What the filter of one kind of one step was taken apart into. */
    VECTOR(int) masks;
    VECTOR(int) slow;
    VECTOR(struct sequence_pair) pairs;
};

static enum segment_compare mirrored(enum segment_compare compare)
{
    static const enum segment_compare mirror[] = {COMPARE_EQ, COMPARE_NE, COMPARE_GT,
                                                  COMPARE_GE, COMPARE_LT, COMPARE_LE};
    return mirror[compare];
}

/* own-side compare other-side, where the sides speak of one fact each: both become vectors,
 * compared when facts are chosen. */
static bool add_pair(struct sequence_maker *maker, const struct segment_node *node)
{
    if (node->op != OP_COMPARE)
        return false;
    int left = -1, right = -1;

    bool in_left = mentions_step(node->child[0], &left),
         in_right = mentions_step(node->child[1], &right);

    int step = in_left ? left : right;
    if (in_left == in_right || step < 0)
        return false;
    const struct segment_node *own = node->child[in_left ? 1 : 0],
                              *other = node->child[in_left ? 0 : 1];

    if (mentions_own(other))
        return false; /* a side that mixes the two facts is no vector over either's rows */
    struct sequence_pair pair = {.step = step,
                                 .compare = in_left ? mirrored(node->compare) : node->compare};

    const struct segment_step *chosen = &maker->source->steps[step];
    pair.own = plan_compile_value(maker->compiler, own, maker->scope);
    for (int k = 0; k < chosen->kind_count; k++) {
        struct scope rows = {
            FRAME_ROWS + chosen->kind_table[k], k, false, NO_STEP, step, maker->source};
        pair.other = plan_compile_value(maker->compiler, other, rows);
        pair.other_kind = k;
        VECTOR_PUSH(&maker->pairs, pair);
    }

    return true;
}

static void add_conjunct(struct sequence_maker *maker, const struct segment_node *node)
{
    int only = -1;
    node = plan_meaning(node);
    if (node->op == OP_AND) {
        for (int i = 0; i < node->child_count; i++)
            add_conjunct(maker, node->child[i]);
        return;
    }
    if (!mentions_step(node, &only)) {
        VECTOR_PUSH(&maker->masks, plan_compile_condition(maker->compiler, node, maker->scope));
        return;
    }

    maker->plan->refers = true;
    if (!add_pair(maker, node))
        VECTOR_PUSH(&maker->slow, plan_compile_condition(maker->compiler, node, maker->scope));
}

static void keep_pairs(struct sequence_maker *maker)
{
    size_t count = maker->pairs.count;
    maker->kind->pairs =
        ARENA_ARRAY(&maker->compiler->plan->arena, struct sequence_pair, count + 1);
    maker->kind->pair_count = (int)count;
    if (count > 0)
        memcpy(maker->kind->pairs, maker->pairs.items, count * sizeof *maker->kind->pairs);
}

static void make_kind(struct sequence_maker *maker, int step_index, int k,
                      const struct segment_window *window)
{
    const struct segment_step *step = &maker->source->steps[step_index];
    struct compiler *compiler = maker->compiler;
    int table = step->kind_table[k];

    maker->kind = &maker->plan->kinds[step_index][k];
    maker->scope = (struct scope){FRAME_ROWS + table, k, false, NO_STEP, -1, maker->source};
    maker->masks.count = maker->slow.count = maker->pairs.count = 0;
    VECTOR_PUSH(&maker->masks, plan_window_rows(compiler, NULL, table, CUSTOMERS));
    if (step->filter)
        add_conjunct(maker, step->filter);

    keep_pairs(maker);

    /* Facts after now are out by the first mask, so the start's window need
     * only narrow it. */
    maker->kind->table = table;
    maker->kind->mask =
        plan_junction(compiler, step_and, maker->masks.items, (int)maker->masks.count);
    maker->kind->start_mask = maker->kind->mask;
    if (step_index == 0)
        maker->kind->start_mask = plan_and_of(compiler, maker->kind->mask,
                                              plan_window_rows(compiler, window, table, CUSTOMERS));

    maker->kind->slow = NO_STEP;
    if (maker->slow.count > 0) {
        maker->kind->slow =
            plan_junction(compiler, step_and, maker->slow.items, (int)maker->slow.count);
        maker->plan->slow = true;
    }
}

/* A sequence's steps are found by address; what makes two sequences equal is their canonical
 * description. */
static void describe_sequence(const struct sequence_plan *plan, struct buffer *out)
{
    buffer_add(out, &plan->bounds, sizeof plan->bounds);
    for (int s = 0; s < plan->step_count; s++) {
        const struct segment_step *step = &plan->source->steps[s];
        buffer_printf(out, "|%d %d %d %lld:", step->negated, step->has_within, step->within.months,
                      (long long)step->within.seconds);
        for (int k = 0; k < step->kind_count; k++) {
            const struct sequence_kind *kind = &plan->kinds[s][k];
            buffer_printf(out, "%d %d %d %d ", kind->table, kind->mask, kind->start_mask,
                          kind->slow);
            for (int p = 0; p < kind->pair_count; p++)
                buffer_printf(out, "%d %d %d %d %d;", kind->pairs[p].own, kind->pairs[p].other,
                              kind->pairs[p].step, kind->pairs[p].other_kind,
                              (int)kind->pairs[p].compare);
        }
    }
    buffer_printf(out, "|%d %d %lld", plan->source->has_whole, plan->source->whole.months,
                  (long long)plan->source->whole.seconds);
}

static bool takes_kind(const struct segment_sequence *source, int from, int table)
{
    for (int s = from; s < source->step_count; s++)
        for (int k = 0; k < source->steps[s].kind_count && !source->steps[s].negated; k++)
            if (source->steps[s].kind_table[k] == table)
                return true;
    return false;
}

static void describe_forbidden(struct sequence_plan *plan)
{
    const struct segment_sequence *source = plan->source;
    for (int s = 0; s < source->step_count; s++) {
        if (!source->steps[s].negated)
            continue;
        plan->forbids = true;
        for (int k = 0; k < source->steps[s].kind_count; k++)
            plan->leaves_open |= takes_kind(source, s + 2, source->steps[s].kind_table[k]);
    }
}

int plan_compile_sequence(struct compiler *compiler, const struct segment_node *node,
                          struct scope scope)
{
    const struct segment_sequence *source = node->sequence;
    struct sequence_plan *plan = ARENA_NEW(&compiler->plan->arena, struct sequence_plan);

    *plan = (struct sequence_plan){.source = source, .step_count = source->step_count};
    struct sequence_maker maker = {.compiler = compiler, .source = source, .plan = plan};
    for (int s = 0; s < source->step_count; s++) {
        plan->kinds[s] = ARENA_ARRAY(&compiler->plan->arena, struct sequence_kind,
                                     (size_t)source->steps[s].kind_count);
        for (int k = 0; k < source->steps[s].kind_count; k++)
            make_kind(&maker, s, k, &source->window);
    }

    VECTOR_RELEASE(&maker.masks);
    VECTOR_RELEASE(&maker.slow);
    VECTOR_RELEASE(&maker.pairs);

    describe_forbidden(plan);
    plan->bounds = plan_compile_bounds(compiler, &source->window, CUSTOMERS);
    struct buffer text;
    buffer_init(&text, 0);
    describe_sequence(plan, &text);

    struct step step = plan_step_leaf(step_sequence, SHAPE_BITS, FRAME_CUSTOMERS);
    step.timeless = false;
    step.cost = COST_SEQUENCE;

    step.next = next_sequence;

    /* Steps are equal by numbers: equal descriptions have one, and no others. */
    struct text_map *described = &compiler->plan->described;
    step.p = (int64_t)text_map_put(described, (struct text){text.data, text.length},
                                   described->count, NULL);
    buffer_release(&text);

    /* Its child is the mask of the first kind's beginners; compile.c finds all else
     * that it reads through extra. */
    int child = plan->kinds[0][0].start_mask;
    int id = plan_step_make(compiler, step, &child, 1);
    if (!at(compiler, id)->extra)
        at(compiler, id)->extra = plan;
    compiler->plan->uses_future = true;
    return plan_spread(compiler, id, scope);
}
