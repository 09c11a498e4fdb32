/* Which columns a segment's definition reads, through the segments it uses: what a profile marks "by definition". */
#include "insight/insight.h"

#include <stdlib.h>
#include <string.h>

struct wanted {
    const struct segment_set *set;
    const struct schema *schema;
    const char *table, *column;
    bool how_many; /* sums, and looking only at some moments, count as reading the kind's times */
    bool *seen;    /* a segment */
};

static bool in_segment(struct wanted *wanted, int segment);
static bool in_node(struct wanted *wanted, const struct segment_node *node);

static bool in_window(struct wanted *wanted, const struct segment_window *window)
{
    return (window->anchor && in_node(wanted, window->anchor)) || (window->to && in_node(wanted, window->to)) ||
           (window->anniversary && in_node(wanted, window->anniversary));
}

static bool names_column(const struct wanted *wanted, const char *table, const char *column)
{
    return strcmp(wanted->table, table) == 0 && wanted->column && strcmp(wanted->column, column) == 0;
}

/* A measure that only counts or dates facts reads the kind's times; one over a property reads that property. */
static bool in_measure(struct wanted *wanted, const struct segment_measure *measure)
{
    const struct segment_node *argument = measure->argument;
    bool of_times = !argument || argument->op == OP_GAP || argument->op == OP_FACT_TIME ||
                    (wanted->how_many && (measure->window.form != WINDOW_ALL || measure->window.weekdays ||
                                          measure->aggregate == AGGREGATE_SUM));
    for (int k = 0; k < measure->kind_count; k++) {
        const struct schema_table *table = &wanted->schema->tables[measure->kind_table[k]];
        if (strcmp(table->name, wanted->table) != 0)
            continue;
        if (of_times && !wanted->column)
            return true;
        if (argument && argument->op == OP_PROPERTY && argument->path.start_column[k] >= 0 &&
            names_column(wanted, table->name, table->columns[argument->path.start_column[k]].name))
            return true;
    }
    return (argument && in_node(wanted, argument)) || in_window(wanted, &measure->window);
}

static bool in_children(struct wanted *wanted, const struct segment_node *node)
{
    for (int i = 0; i < node->child_count; i++)
        if (node->child[i] && in_node(wanted, node->child[i]))
            return true;
    return false;
}

static bool in_sequence(const struct wanted *wanted, const struct segment_sequence *sequence)
{
    for (int s = 0; s < sequence->step_count; s++)
        for (int k = 0; k < sequence->steps[s].kind_count; k++)
            if (!wanted->column && strcmp(sequence->steps[s].kinds[k], wanted->table) == 0)
                return true;
    return false;
}

static bool in_node(struct wanted *wanted, const struct segment_node *node)
{
    switch (node->op) {
    case OP_TRAIT:
    case OP_TRAIT_AS_OF:
        if (names_column(wanted, SCHEMA_TRAIT_TABLE, node->path.names[0]))
            return true;
        break;
    case OP_ACCOUNT:
        if (names_column(wanted, SCHEMA_TRAIT_TABLE, node->account->path.names[0]))
            return true;
        break;
    case OP_MEASURE:
        if (in_measure(wanted, node->measure))
            return true;
        break;
    case OP_RESUMED:
        if (in_measure(wanted, &node->resumed->facts))
            return true;
        break;
    case OP_SEQUENCE:
        if (in_sequence(wanted, node->sequence))
            return true;
        break;
    case OP_SEGMENT:
    case OP_RECORD:
        if (node->index >= 0 && in_segment(wanted, node->index))
            return true;
        break;
    case OP_TOP:
    case OP_NTILE:
    case OP_PERCENTILE:
        if (node->rank->among && in_node(wanted, node->rank->among))
            return true;
        break;
    case OP_IN_WINDOW:
    case OP_ANNIVERSARY:
        if (in_window(wanted, node->window))
            return true;
        break;
    default: break;
    }
    return in_children(wanted, node);
}

static bool in_segment(struct wanted *wanted, int segment)
{
    if (wanted->seen[segment])
        return false;
    wanted->seen[segment] = true;
    const struct segment_definition *definition = &wanted->set->segments[segment];
    if (definition->condition && in_node(wanted, definition->condition))
        return true;
    const struct segment_scheme *scheme = definition->scheme >= 0 ? &wanted->set->schemes[definition->scheme] : NULL;
    for (int i = 0; scheme && scheme->exclusive && i < scheme->member_count && scheme->first_member + i != segment; i++)
        if (in_segment(wanted, scheme->first_member + i))
            return true; /* an earlier member bounds this one */
    return false;
}

static bool defined_by(struct wanted *wanted, int segment)
{
    wanted->seen = base_calloc((size_t)wanted->set->segment_count, sizeof *wanted->seen);
    bool found = in_segment(wanted, segment);
    free(wanted->seen);
    return found;
}

bool insight_defined_by(const struct segment_set *set, const struct schema *schema, int segment, const char *table,
                        const char *column)
{
    return defined_by(&(struct wanted){.set = set, .schema = schema, .table = table, .column = column}, segment);
}

bool insight_dated_by(const struct segment_set *set, const struct schema *schema, int segment, const char *table)
{
    return defined_by(&(struct wanted){.set = set, .schema = schema, .table = table, .how_many = true}, segment);
}
