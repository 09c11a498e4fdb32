/* Which tables and columns an evaluation reads, so that a command loads those and no others. */
#include "segment/steps.h"

#include <string.h>

struct needs_maker {
    const struct segment_set *set;
    const struct schema *schema;
    bool *tables;   /* by schema table */
    bool **columns; /* by schema table and column */
    bool *segments; /* looked at already */
    bool records, lists;
};

static void need_node(struct needs_maker *maker, const struct segment_node *node);

static void need_column(struct needs_maker *maker, int table, int column)
{
    if (table < 0 || (size_t)table >= maker->schema->table_count)
        return;
    maker->tables[table] = true;
    if (column >= 0 && (size_t)column < maker->schema->tables[table].column_count)
        maker->columns[table][column] = true;
}

static void need_path(struct needs_maker *maker, const struct segment_path *path, int table, int slot)
{
    need_column(maker, table, path->start_column[slot]);
    for (int hop = 0; hop < path->length - 1; hop++)
        need_column(maker, path->hop_table[hop], path->hop_column[hop]);
}

static int trait_table(const struct needs_maker *maker)
{
    for (size_t t = 0; t < maker->schema->table_count; t++)
        if (maker->schema->tables[t].role == SCHEMA_TRAITS)
            return (int)t;
    return -1;
}

/* Properties of the kinds in scope. */
static void need_properties(struct needs_maker *maker, const struct segment_node *node, const int *tables, int count,
                            const struct segment_sequence *sequence)
{
    if (!node)
        return;
    if (node->op == OP_CUSTOMER) {
        need_node(maker, node);
        return;
    }
    if (node->op == OP_PROPERTY)
        for (int k = 0; k < count; k++)
            need_path(maker, &node->path, tables[k], k);
    if (node->op == OP_STEP && sequence && !node->path.is_time)
        for (int k = 0; k < sequence->steps[node->path.step].kind_count; k++)
            need_path(maker, &node->path, sequence->steps[node->path.step].kind_table[k], k);
    for (int i = 0; i < node->child_count; i++)
        need_properties(maker, node->child[i], tables, count, sequence);
}

static void need_window(struct needs_maker *maker, const struct segment_window *window)
{
    if (!window)
        return;
    need_node(maker, window->anchor);
    need_node(maker, window->to);
    need_node(maker, window->anniversary);
}

static void need_measure(struct needs_maker *maker, const struct segment_measure *measure)
{
    for (int k = 0; k < measure->kind_count; k++)
        need_column(maker, measure->kind_table[k], -1);
    need_properties(maker, measure->argument, measure->kind_table, measure->kind_count, NULL);
    need_properties(maker, measure->filter, measure->kind_table, measure->kind_count, NULL);
    need_node(maker, measure->argument);
    need_node(maker, measure->filter);
    need_window(maker, &measure->window);
}

static void need_sequence(struct needs_maker *maker, const struct segment_sequence *sequence)
{
    need_window(maker, &sequence->window);
    for (int s = 0; s < sequence->step_count; s++) {
        const struct segment_step *step = &sequence->steps[s];
        for (int k = 0; k < step->kind_count; k++)
            need_column(maker, step->kind_table[k], -1);
        need_properties(maker, step->filter, step->kind_table, step->kind_count, sequence);
        need_node(maker, step->filter);
    }
}

static void need_segment(struct needs_maker *maker, int segment)
{
    if (segment < 0 || segment >= maker->set->segment_count || maker->segments[segment])
        return;
    maker->segments[segment] = true;
    const struct segment_definition *definition = &maker->set->segments[segment];
    need_node(maker, definition->condition);
    if (definition->scheme < 0)
        return;
    const struct segment_scheme *scheme = &maker->set->schemes[definition->scheme];
    for (int i = 0; i < scheme->member_count; i++)
        need_segment(maker, scheme->first_member + i);
}

static void need_scheme(struct needs_maker *maker, int scheme)
{
    for (int i = 0; scheme >= 0 && i < maker->set->schemes[scheme].member_count; i++)
        need_segment(maker, maker->set->schemes[scheme].first_member + i);
}

static void need_op(struct needs_maker *maker, const struct segment_node *node)
{
    switch (node->op) {
    case OP_TRAIT:
    case OP_TRAIT_AS_OF: need_path(maker, &node->path, trait_table(maker), 0); break;
    case OP_MEASURE: need_measure(maker, node->measure); break;
    case OP_SEQUENCE: need_sequence(maker, node->sequence); break;
    case OP_RESUMED: need_measure(maker, &node->resumed->facts); break;
    case OP_SEGMENT: need_segment(maker, node->index); break;
    case OP_SCHEME: need_scheme(maker, node->index); break;
    case OP_LIST: maker->lists = true; break;
    case OP_TOP:
    case OP_NTILE:
    case OP_PERCENTILE: need_node(maker, node->rank->among); break;
    case OP_ACCOUNT: need_path(maker, &node->account->path, trait_table(maker), 0); break;
    case OP_PERIODS: need_window(maker, &node->periods->window); break;
    case OP_IN_WINDOW:
    case OP_ANNIVERSARY: need_window(maker, node->window); break;
    case OP_RECORD:
        maker->records = true;
        need_window(maker, node->record->has_window ? &node->record->window : NULL);
        break;
    case OP_EVER:
    case OP_CHANGED: need_window(maker, node->history->has_window ? &node->history->window : NULL); break;
    default: break;
    }
}

static void need_node(struct needs_maker *maker, const struct segment_node *node)
{
    if (!node)
        return;
    need_op(maker, node);
    for (int i = 0; i < node->child_count; i++)
        need_node(maker, node->child[i]);
}

static struct segment_needs listed(const struct needs_maker *maker, struct arena *arena)
{
    const struct schema *schema = maker->schema;
    struct segment_needs needs = {.records = maker->records, .lists = maker->lists};
    needs.items = ARENA_ARRAY(arena, struct segment_need, schema->table_count + 1);
    for (size_t t = 0; t < schema->table_count; t++) {
        if (!maker->tables[t])
            continue;
        struct segment_need *need = &needs.items[needs.count++];
        size_t used = 0;
        need->table = schema->tables[t].name;
        need->columns = ARENA_ARRAY(arena, const char *, schema->tables[t].column_count + 1);
        for (size_t c = 0; c < schema->tables[t].column_count; c++)
            if (maker->columns[t][c])
                need->columns[used++] = schema->tables[t].columns[c].name;
    }
    return needs;
}

struct segment_needs segment_needs(const struct segment_set *set, const struct schema *schema, const int *segments,
                                   int count, struct arena *arena)
{
    struct needs_maker maker = {.set = set, .schema = schema};
    maker.tables = ARENA_ARRAY(arena, bool, schema->table_count + 1);
    maker.columns = ARENA_ARRAY(arena, bool *, schema->table_count + 1);
    maker.segments = ARENA_ARRAY(arena, bool, (size_t)set->segment_count + 1);
    for (size_t t = 0; t < schema->table_count; t++)
        maker.columns[t] = ARENA_ARRAY(arena, bool, schema->tables[t].column_count + 1);
    for (int i = 0; i < (count < 0 ? set->segment_count : count); i++)
        need_segment(&maker, count < 0 ? i : segments[i]);
    return listed(&maker, arena);
}
