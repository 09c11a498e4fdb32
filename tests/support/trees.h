/* Making checked trees by hand, for tests of the evaluator that must not depend on the parser.
 * Everything lives in one arena. */
#ifndef STRATA_TESTS_SUPPORT_TREES_H
#define STRATA_TESTS_SUPPORT_TREES_H

#include "base/vector.h"
#include "plan/plan.h"

#include <stdarg.h>
#include <string.h>

typedef struct segment_node node;

struct trees {
    struct arena arena;
    struct schema schema;
    struct segment_set set;
    VECTOR(struct segment_definition) segments;
    VECTOR(int) order; /* each comes after those it uses, as they are made that way */
};

static inline node *tree_new(struct trees *trees, enum segment_op op, enum value_type type,
                             int children, ...)
{
    node *made = ARENA_NEW(&trees->arena, node);
    made->op = op;
    made->type = type;
    made->index = -1;
    made->child = ARENA_ARRAY(&trees->arena, node *, (size_t)children + 1);
    made->child_count = children;
    va_list list;
    va_start(list, children);
    for (int i = 0; i < children; i++)
        made->child[i] = va_arg(list, node *);
    va_end(list);
    return made;
}

static inline node *tree_integer(struct trees *trees, enum value_type type, int scale,
                                 int64_t value)
{
    node *made = tree_new(trees, OP_LITERAL, type, 0);
    made->scale = scale;
    made->literal.known = true;
    made->literal.integer = value;
    return made;
}

static inline node *tree_int(struct trees *trees, int64_t value)
{
    return tree_integer(trees, VALUE_INT, 0, value);
}

static inline node *tree_double(struct trees *trees, double value)
{
    node *made = tree_new(trees, OP_LITERAL, VALUE_DOUBLE, 0);
    made->literal.known = true;
    made->literal.number = value;
    return made;
}

static inline node *tree_text(struct trees *trees, const char *value)
{
    node *made = tree_new(trees, OP_LITERAL, VALUE_TEXT, 0);
    made->literal.known = true;
    made->literal.text = text_from(value);
    return made;
}

static inline node *tree_period(struct trees *trees, int32_t months, int64_t seconds)
{
    node *made = tree_integer(trees, VALUE_DURATION, 0, seconds);
    made->literal.is_period = true;
    made->literal.period = (struct calendar_period){months, seconds};
    return made;
}

static inline node *tree_column(struct trees *trees, enum segment_op op, const char *table,
                                const char *name)
{
    const struct schema_table *found = schema_table(&trees->schema, table);
    int column = schema_column_index(found, name);
    node *made = tree_new(trees, op, found->columns[column].type, 0);
    made->scale = found->columns[column].scale;
    made->path.names[0] = name;
    made->path.length = 1;
    made->path.start_column[0] = column;
    return made;
}

static inline node *tree_hop(struct trees *trees, node *path, const char *reference,
                             const char *name)
{
    const struct schema_table *found = schema_table(&trees->schema, reference);
    int column = schema_column_index(found, name), hop = path->path.length - 1;
    path->path.names[path->path.length++] = name;
    path->path.hop_table[hop] = (int)(found - trees->schema.tables);
    path->path.hop_column[hop] = column;
    path->type = found->columns[column].type;
    path->scale = found->columns[column].scale;
    return path;
}

static inline node *tree_compare(struct trees *trees, node *a, enum segment_compare compare,
                                 node *b)
{
    node *made = tree_new(trees, OP_COMPARE, VALUE_BOOL, 2, a, b);
    made->compare = compare;
    return made;
}

static inline struct segment_window tree_last(int32_t months, int64_t seconds)
{
    return (struct segment_window){.form = WINDOW_LAST, .length = {months, seconds}};
}

static inline node *tree_measure(struct trees *trees, enum segment_aggregate aggregate,
                                 enum value_type type, const char *kind, node *argument,
                                 node *filter, struct segment_window window)
{
    node *made = tree_new(trees, OP_MEASURE, type, 0);
    made->measure = ARENA_NEW(&trees->arena, struct segment_measure);
    *made->measure = (struct segment_measure){.aggregate = aggregate,
                                              .kind_count = 1,
                                              .argument = argument,
                                              .filter = filter,
                                              .window = window,
                                              .nth = 1};
    made->measure->kinds[0] = kind;
    made->measure->kind_table[0] = (int)(schema_table(&trees->schema, kind) - trees->schema.tables);
    if (type == VALUE_DECIMAL)
        made->scale = argument->scale;
    return made;
}

static inline int tree_segment(struct trees *trees, const char *name, node *condition)
{
    VECTOR_PUSH(&trees->segments,
                (struct segment_definition){.name = name, .condition = condition, .scheme = -1});
    trees->set.segments = trees->segments.items;
    trees->set.segment_count = (int)trees->segments.count;
    VECTOR_PUSH(&trees->order, trees->set.segment_count - 1);
    trees->set.order = trees->order.items;
    return trees->set.segment_count - 1;
}

static inline void trees_init(struct trees *trees)
{
    memset(trees, 0, sizeof *trees);
    arena_init(&trees->arena, 0);
}

static inline void trees_release(struct trees *trees)
{
    VECTOR_RELEASE(&trees->segments);
    VECTOR_RELEASE(&trees->order);
    arena_release(&trees->arena);
}

#endif
