/* Going through trees, and copying them. */
#include "segment/language.h"

#include <string.h>

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

/* Nodes in the making have no details yet: one pointer of the union stands for all. */
static bool has_details(const struct segment_node *node)
{
    switch (node->op) {
    case OP_MEASURE:
    case OP_SEQUENCE:
    case OP_RESUMED:
    case OP_TOP:
    case OP_NTILE:
    case OP_PERCENTILE:
    case OP_RECORD:
    case OP_EVER:
    case OP_CHANGED:
    case OP_PERIODS:
    case OP_IN_WINDOW:
    case OP_ANNIVERSARY: return node->window != NULL;
    default: return false;
    }
}

void segment_node_each(struct segment_node *node, visitor *visit, void *data)
{
    for (int i = 0; i < node->child_count; i++)
        visit_one(&node->child[i], visit, data);
    if (!has_details(node))
        return;
    switch (node->op) {
    case OP_MEASURE: visit_measure(node->measure, visit, data); break;
    case OP_SEQUENCE: visit_sequence(node->sequence, visit, data); break;
    case OP_RESUMED: visit_measure(&node->resumed->facts, visit, data); break;
    case OP_TOP:
    case OP_NTILE:
    case OP_PERCENTILE: visit_one(&node->rank->among, visit, data); break;
    case OP_RECORD: visit_window(&node->record->window, visit, data); break;
    case OP_EVER:
    case OP_CHANGED: visit_window(&node->history->window, visit, data); break;
    case OP_PERIODS: visit_window(&node->periods->window, visit, data); break;
    case OP_IN_WINDOW:
    case OP_ANNIVERSARY: visit_window(node->window, visit, data); break;
    default: break;
    }
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
    measure->written = copy_bytes(measure->written, sizeof *measure->written * (size_t)measure->written_count, arena);
    for (int i = 0; i < measure->written_count; i++)
        measure->written[i] = segment_node_copy(measure->written[i], arena);
}

/* What hangs at the node by pointer, so that the copy's children can be replaced. */
static void copy_details(struct segment_node *node, struct arena *arena)
{
#define COPY(field) node->field = copy_bytes(node->field, sizeof *node->field, arena)
    switch (node->op) {
    case OP_MEASURE:
        COPY(measure);
        copy_written(node->measure, arena);
        break;
    case OP_SEQUENCE:
        COPY(sequence);
        node->sequence->steps = copy_bytes(node->sequence->steps,
                                           sizeof *node->sequence->steps * (size_t)node->sequence->step_count, arena);
        break;
    case OP_RESUMED:
        COPY(resumed);
        copy_written(&node->resumed->facts, arena);
        break;
    case OP_TOP:
    case OP_NTILE:
    case OP_PERCENTILE: COPY(rank); break;
    case OP_RECORD: COPY(record); break;
    case OP_EVER:
    case OP_CHANGED: COPY(history); break;
    case OP_ACCOUNT: COPY(account); break;
    case OP_PERIODS: COPY(periods); break;
    case OP_IN_WINDOW:
    case OP_ANNIVERSARY: COPY(window); break;
    default: break;
    }
#undef COPY
}

struct segment_node *segment_node_copy(const struct segment_node *node, struct arena *arena)
{
    struct segment_node *copy = copy_bytes(node, sizeof *node, arena);
    if (node->child_count > 0)
        copy->child = copy_bytes(node->child, sizeof *node->child * (size_t)node->child_count, arena);
    copy_details(copy, arena);
    segment_node_each(copy, copy_visit, arena);
    return copy;
}
