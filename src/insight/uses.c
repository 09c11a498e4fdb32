/*
 * Which features a definition decides: what a profile marks "by definition" and what a look-alike
 * must not see. Beside what the definition reads itself these are the figures of the same orders
 * told once more: the lines of an order are the order in parts, so that a number of either is made
 * of the numbers of the other, and their times are the same.
 */
#include "insight/insight.h"

#include <string.h>

static bool is_number(const struct schema_column *column)
{
    return column->type == VALUE_INT || column->type == VALUE_DECIMAL ||
           column->type == VALUE_DOUBLE;
}

static bool reads_number(const struct segment_reads *reads, const struct schema *schema,
                         size_t table)
{
    for (size_t c = 0; c < schema->tables[table].column_count; c++)
        if (reads->columns[table][c] && is_number(&schema->tables[table].columns[c]))
            return true;
    return false;
}

static void read_numbers(struct segment_reads *reads, const struct schema *schema, size_t table)
{
    for (size_t c = 0; c < schema->tables[table].column_count; c++)
        reads->columns[table][c] |= is_number(&schema->tables[table].columns[c]);
}

/* The table of the orders whose lines these are; itself when they are none. */
static size_t orders_of(const struct schema *schema, size_t lines)
{
    const char *name = schema->tables[lines].name;
    size_t length = schema_lines_of(name);
    for (size_t t = 0; length && t < schema->table_count; t++)
        if (strlen(schema->tables[t].name) == length &&
            strncmp(schema->tables[t].name, name, length) == 0)
            return t;
    return lines;
}

/* Of orders by what was paid their lines tell nothing new, neither in numbers nor in how many there
 * are. */
static void read_both(struct segment_reads *reads, const struct schema *schema, size_t orders,
                      size_t lines)
{
    bool of_orders = reads_number(reads, schema, orders),
         of_lines = reads_number(reads, schema, lines);

    bool times = reads->times[orders] || reads->times[lines],
         dated = reads->dated[orders] || reads->dated[lines];

    if (of_orders)
        read_numbers(reads, schema, lines);
    if (of_lines)
        read_numbers(reads, schema, orders);

    reads->times[orders] = times;
    reads->dated[orders] = dated;
    reads->times[lines] = times || of_orders;
    reads->dated[lines] = dated || of_orders;
}

struct segment_reads insight_reads(const struct segment_set *set, const struct schema *schema,
                                   int segment, struct arena *arena)
{
    struct segment_reads reads =
        segment_reads(set, schema, &segment, 1, SEGMENT_READ_TO_DEFINE, arena);
    for (size_t t = 0; t < schema->table_count; t++) {
        size_t orders = orders_of(schema, t);
        if (orders != t)
            read_both(&reads, schema, orders, t);
    }
    return reads;
}
