/*
 * Going through trees, and copying them. Nodes hang below others as children, and in what a node
 * carries: which of the two a walk must know is a table (ops.def), so that no visitor forgets the
 * filter of a measure or the anchor of a window.
 */
#include "segment/language.h"

#include <string.h>

const enum segment_standing segment_op_stands[OP_COUNT_] = {
#define OP(name, stands, ...) [OP_##name] = STANDS_##stands,
#include "segment/ops.def"
#undef OP
};

const enum segment_payload segment_op_carries[OP_COUNT_] = {
#define OP(name, stands, carries, ...) [OP_##name] = CARRIES_##carries,
#include "segment/ops.def"
#undef OP
};

typedef void visitor(struct segment_node **child, void *data);

static void visit_one(struct segment_node **child, visitor *visit, void *data)
{
    if (*child)
        visit(child, data);
}

static void visit_window(struct segment_window *window, visitor *visit, void *data)
{
    visit_one(&window->anchor, visit, data);
    visit_one(&window->to, visit, data);
    visit_one(&window->anniversary, visit, data);
}

static void visit_measure(struct segment_measure *measure, visitor *visit, void *data)
{
    visit_one(&measure->argument, visit, data);
    visit_window(&measure->window, visit, data);
    visit_one(&measure->filter, visit, data);
}

static void visit_sequence(struct segment_sequence *sequence, visitor *visit, void *data)
{
    for (int i = 0; i < sequence->step_count; i++)
        visit_one(&sequence->steps[i].filter, visit, data);
    visit_window(&sequence->window, visit, data);
}

static void visit_payload(struct segment_node *node, visitor *visit, void *data)
{
    switch (segment_op_carries[node->op]) {
    case CARRIES_MEASURE: visit_measure(node->measure, visit, data); break;
    case CARRIES_SEQUENCE: visit_sequence(node->sequence, visit, data); break;
    case CARRIES_RESUMED: visit_measure(&node->resumed->facts, visit, data); break;
    case CARRIES_RANK: visit_one(&node->rank->among, visit, data); break;
    case CARRIES_RECORD: visit_window(&node->record->window, visit, data); break;
    case CARRIES_HISTORY: visit_window(&node->history->window, visit, data); break;
    case CARRIES_PERIODS: visit_window(&node->periods->window, visit, data); break;
    case CARRIES_WINDOW: visit_window(node->window, visit, data); break;
    case CARRIES_ACCOUNT:
    case CARRIES_NOTHING: break;
    }
}

void segment_node_each(struct segment_node *node, visitor *visit, void *data)
{
    for (int i = 0; i < node->child_count; i++)
        visit_one(&node->child[i], visit, data);

    /* nodes in the making carry nothing yet: one pointer of the union stands for all */
    if (segment_op_carries[node->op] != CARRIES_NOTHING && node->window)
        visit_payload(node, visit, data);
}

static void copy_visit(struct segment_node **child, void *arena)
{
    *child = segment_node_copy(*child, arena);
}

static void *copy_bytes(const void *from, size_t size, struct arena *arena)
{
    return memcpy(arena_alloc(arena, size), from, size);
}

static void copy_written(struct segment_measure *measure, struct arena *arena)
{
    measure->written = copy_bytes(measure->written,
                                  sizeof *measure->written * (size_t)measure->written_count, arena);
    for (int i = 0; i < measure->written_count; i++)
        measure->written[i] = segment_node_copy(measure->written[i], arena);
}

/* What hangs at the node by pointer, so that the copy's children can be replaced. */
static void copy_details(struct segment_node *node, struct arena *arena)
{
/* Flat copies of what hangs here. Nodes further down are copied by segment_node_each afterwards,
 * but for steps and what was written, which are arrays of their own. */
#define COPY(field) node->field = copy_bytes(node->field, sizeof *node->field, arena)
    switch (segment_op_carries[node->op]) {
    case CARRIES_MEASURE:
        COPY(measure);
        copy_written(node->measure, arena);
        break;
    case CARRIES_SEQUENCE:
        COPY(sequence);
        node->sequence->steps =
            copy_bytes(node->sequence->steps,
                       sizeof *node->sequence->steps * (size_t)node->sequence->step_count, arena);
        break;
    case CARRIES_RESUMED:
        COPY(resumed);
        copy_written(&node->resumed->facts, arena);
        break;
    case CARRIES_RANK: COPY(rank); break;
    case CARRIES_RECORD: COPY(record); break;
    case CARRIES_HISTORY: COPY(history); break;
    case CARRIES_ACCOUNT: COPY(account); break;
    case CARRIES_PERIODS: COPY(periods); break;
    case CARRIES_WINDOW: COPY(window); break;
    case CARRIES_NOTHING: break;
    }
#undef COPY
}

struct segment_node *segment_node_copy(const struct segment_node *node, struct arena *arena)
{
    struct segment_node *copy = copy_bytes(node, sizeof *node, arena);

    if (node->child_count > 0)
        copy->child =
            copy_bytes(node->child, sizeof *node->child * (size_t)node->child_count, arena);

    copy_details(copy, arena);
    segment_node_each(copy, copy_visit, arena);
    return copy;
}
