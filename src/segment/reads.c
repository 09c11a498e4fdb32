/*
 * What definitions read: the one answer for those who load columns, who say what a segment is made
 * of, and who must not take away what is in use.
 */
#include "segment/reads.h"
#include "segment/language.h"

/* What properties and earlier steps are those of, where the walk stands. */
struct standing {
    const int *tables; /* of the kinds */
    int count;
    const struct segment_sequence *sequence;
};

struct reader {
    const struct segment_set *set;
    const struct schema *schema;
    enum segment_reading reading;
    struct segment_reads *out;
    bool *seen; /* a segment */
    struct standing standing;
    const struct segment_node *parent;
    bool back; /* within a condition on what traits were */
};

static void read_node(struct reader *reader, struct segment_node *node);

static void read_column(struct reader *reader, int table, int column)
{
    if (table < 0 || (size_t)table >= reader->schema->table_count)
        return;
    reader->out->tables[table] = true;
    if (column >= 0 && (size_t)column < reader->schema->tables[table].column_count)
        reader->out->columns[table][column] = true;
}

static void read_path(struct reader *reader, const struct segment_path *path, int table, int slot)
{
    read_column(reader, table, path->start_column[slot]);
    for (int hop = 0; hop < path->length - 1; hop++)
        read_column(reader, path->hop_table[hop], path->hop_column[hop]);
}

static int trait_table(const struct reader *reader)
{
    for (size_t t = 0; t < reader->schema->table_count; t++)
        if (reader->schema->tables[t].role == SCHEMA_TRAITS)
            return (int)t;
    return -1;
}

static void read_trait(struct reader *reader, const struct segment_node *node)
{
    int table = trait_table(reader), column = node->path.start_column[0];
    read_path(reader, &node->path, table, 0);
    if (table >= 0 && column >= 0 && (reader->back || node->op == OP_TRAIT_AS_OF))
        reader->out->earlier[table][column] = true;
}

/* What a segment reads is read once, whoever uses it: within a condition on what traits were that
 * is taken to be the past of every trait. */
static void read_all_earlier(struct reader *reader)
{
    int table = trait_table(reader);
    for (size_t c = 0; table >= 0 && c < reader->schema->tables[table].column_count; c++)
        reader->out->earlier[table][c] = true;
}

static void read_kinds(struct reader *reader, const int *tables, int count, bool times, bool dated)
{
    for (int k = 0; k < count; k++) {
        read_column(reader, tables[k], -1);
        reader->out->times[tables[k]] |= times;
        reader->out->dated[tables[k]] |= times || dated;
    }
}

/* A measure without an argument counts facts; one with it reads only what the argument does. */
static void read_measure(struct reader *reader, const struct segment_measure *measure)
{
    bool some = measure->window.form != WINDOW_ALL || measure->window.weekdays;
    reader->standing = (struct standing){measure->kind_table, measure->kind_count, NULL};

    read_kinds(reader, measure->kind_table, measure->kind_count, !measure->argument,
               some || measure->aggregate == AGGREGATE_SUM);
}

static void read_step(struct reader *reader, const struct segment_path *path)
{
    if (!reader->standing.sequence || path->is_time)
        return;

    const struct segment_step *step = &reader->standing.sequence->steps[path->step];
    for (int k = 0; k < step->kind_count; k++)
        read_path(reader, path, step->kind_table[k], k);
}

static void read_segment(struct reader *reader, int segment)
{
    if (reader->back)
        read_all_earlier(reader);
    if (segment < 0 || segment >= reader->set->segment_count || reader->seen[segment])
        return;
    reader->seen[segment] = true;

    const struct segment_definition *definition = &reader->set->segments[segment];
    if (definition->condition)
        read_node(reader, definition->condition);
    if (definition->scheme < 0)
        return;

    /* All parts are evaluated together; an earlier one bounds this one. */
    const struct segment_scheme *scheme = &reader->set->schemes[definition->scheme];
    for (int i = 0; i < scheme->member_count; i++)
        if (reader->reading == SEGMENT_READ_TO_EVALUATE ||
            (scheme->exclusive && scheme->first_member + i < segment))
            read_segment(reader, scheme->first_member + i);
}

static void read_scheme(struct reader *reader, int scheme)
{
    for (int i = 0; scheme >= 0 && i < reader->set->schemes[scheme].member_count; i++)
        read_segment(reader, reader->set->schemes[scheme].first_member + i);
}

static void read_op(struct reader *reader, const struct segment_node *node)
{
    const struct standing *standing = &reader->standing;

    /* A trait is a column of the traits' table, a property one of each
     * kind it may be of. */
    switch (node->op) {
    case OP_TRAIT:
    case OP_TRAIT_AS_OF: read_trait(reader, node); break;
    case OP_ACCOUNT: read_path(reader, &node->account->path, trait_table(reader), 0); break;
    case OP_PROPERTY:
        for (int k = 0; k < standing->count; k++)
            read_path(reader, &node->path, standing->tables[k], k);
        break;
    case OP_STEP: read_step(reader, &node->path); break;
    case OP_GAP:
    case OP_FACT_TIME: read_kinds(reader, standing->tables, standing->count, true, true); break;
    case OP_MEASURE: read_measure(reader, node->measure); break;
    case OP_RESUMED: read_measure(reader, &node->resumed->facts); break;
    case OP_SEGMENT: read_segment(reader, node->index); break;
    case OP_SCHEME: read_scheme(reader, node->index); break;
    case OP_LIST: reader->out->lists = true; break;
    case OP_RECORD:
        reader->out->records = true;
        if (reader->reading == SEGMENT_READ_TO_DEFINE)
            read_segment(reader, node->index);
        break;
    default: break;
    }
}

/* A step's filter speaks of the facts of its step. */
static void enter_step(struct reader *reader, struct segment_node **child)
{
    const struct segment_sequence *sequence = reader->parent->sequence;
    for (int s = 0; s < sequence->step_count; s++)
        if (&sequence->steps[s].filter == child)
            reader->standing = (struct standing){sequence->steps[s].kind_table,
                                                 sequence->steps[s].kind_count, sequence};
}

static void read_child(struct segment_node **child, void *data)
{
    struct reader *reader = data;
    if (reader->parent->op == OP_SEQUENCE)
        enter_step(reader, child);
    read_node(reader, *child);
}

static void read_node(struct reader *reader, struct segment_node *node)
{
    struct standing outer = reader->standing;
    const struct segment_node *above = reader->parent;
    bool back = reader->back;
    reader->back |= node->op == OP_EVER || node->op == OP_CHANGED;
    read_op(reader, node);

    if (node->op == OP_SEQUENCE)
        for (int s = 0; s < node->sequence->step_count; s++)
            read_kinds(reader, node->sequence->steps[s].kind_table,
                       node->sequence->steps[s].kind_count, true, true);

    reader->parent = node;
    segment_node_each(node, read_child, reader);
    reader->parent = above;
    reader->standing = outer;
    reader->back = back;
}

struct segment_reads segment_reads(const struct segment_set *set, const struct schema *schema,
                                   const int *segments, int count, enum segment_reading reading,
                                   struct arena *arena)
{
    struct segment_reads out = {.tables = ARENA_ARRAY(arena, bool, schema->table_count + 1),
                                .columns = ARENA_ARRAY(arena, bool *, schema->table_count + 1),
                                .earlier = ARENA_ARRAY(arena, bool *, schema->table_count + 1),
                                .times = ARENA_ARRAY(arena, bool, schema->table_count + 1),
                                .dated = ARENA_ARRAY(arena, bool, schema->table_count + 1),
                                .segments =
                                    ARENA_ARRAY(arena, bool, (size_t)set->segment_count + 1)};

    struct reader reader = {
        .set = set, .schema = schema, .reading = reading, .out = &out, .seen = out.segments};
    for (size_t t = 0; t < schema->table_count; t++) {
        out.columns[t] = ARENA_ARRAY(arena, bool, schema->tables[t].column_count + 1);
        out.earlier[t] = ARENA_ARRAY(arena, bool, schema->tables[t].column_count + 1);
    }
    for (int i = 0; i < (count < 0 ? set->segment_count : count); i++)
        read_segment(&reader, count < 0 ? i : segments[i]);
    return out;
}

bool segment_reads_column(const struct segment_reads *reads, const struct schema *schema,
                          const char *table, const char *column)
{
    const struct schema_table *found = schema_table(schema, table);
    int c = found && column ? schema_column_index(found, column) : -1;
    if (!found || (column && c < 0))
        return false;
    return column ? reads->columns[found - schema->tables][c]
                  : reads->times[found - schema->tables];
}

static const char **marked(const struct schema_table *table, const bool *marks, struct arena *arena)
{
    const char **names = ARENA_ARRAY(arena, const char *, table->column_count + 1);
    size_t used = 0;
    for (size_t c = 0; c < table->column_count; c++)
        if (marks[c])
            names[used++] = table->columns[c].name;
    return names;
}

struct segment_needs segment_needs(const struct segment_set *set, const struct schema *schema,
                                   const int *segments, int count, struct arena *arena)
{
    struct segment_reads reads =
        segment_reads(set, schema, segments, count, SEGMENT_READ_TO_EVALUATE, arena);
    struct segment_needs needs = {.records = reads.records, .lists = reads.lists};

    needs.items = ARENA_ARRAY(arena, struct segment_need, schema->table_count + 1);
    for (size_t t = 0; t < schema->table_count; t++) {
        if (!reads.tables[t])
            continue;
        /* Names instead of places: what is loaded may have been planned under another schema. */
        needs.items[needs.count++] =
            (struct segment_need){.table = schema->tables[t].name,
                                  .columns = marked(&schema->tables[t], reads.columns[t], arena),
                                  .earlier = marked(&schema->tables[t], reads.earlier[t], arena)};
    }
    return needs;
}
