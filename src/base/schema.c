/*
 * Schemas: what tables and columns are called and hold, found by name. There are few of either, so
 * that looking through them all is no slower than a map.
 */
#include "base/schema.h"

#include <string.h>

const char *value_type_name(enum value_type type)
{
    static const char *const names[VALUE_TYPES] = {
        [VALUE_NONE] = "unknown type", [VALUE_BOOL] = "yes/no",       [VALUE_INT] = "integer",
        [VALUE_DECIMAL] = "decimal",   [VALUE_DOUBLE] = "double",     [VALUE_DATE] = "date",
        [VALUE_TIME] = "time",         [VALUE_DURATION] = "duration", [VALUE_TEXT] = "text",
        [VALUE_SET] = "set of text",   [VALUE_POINT] = "location",
    };
    ENSURE(type >= 0 && type < VALUE_TYPES);
    return names[type];
}

const struct schema_table *schema_table(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->table_count; i++)
        if (strcmp(schema->tables[i].name, name) == 0)
            return &schema->tables[i];
    return NULL;
}

int schema_column_index(const struct schema_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

const struct schema_column *schema_column(const struct schema_table *table, const char *name)
{
    int index = schema_column_index(table, name);
    return index < 0 ? NULL : &table->columns[index];
}

static const char *copy_name(const char *name, struct arena *arena)
{
    return name ? arena_strdup(arena, name) : NULL;
}

size_t schema_lines_of(const char *kind)
{
    static const char ending[] = ".line";
    size_t length = strlen(kind), own = sizeof ending - 1;
    return length > own && strcmp(kind + length - own, ending) == 0 ? length - own : 0;
}

struct schema *schema_copy(const struct schema *schema, struct arena *arena)
{
    struct schema *copy = ARENA_NEW(arena, struct schema);

    copy->zone = copy_name(schema->zone, arena);
    copy->currency = copy_name(schema->currency, arena);
    copy->table_count = schema->table_count;
    copy->tables = ARENA_ARRAY(arena, struct schema_table, schema->table_count);
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct schema_table *from = &schema->tables[i];
        struct schema_table *to = &copy->tables[i];

        *to = *from;
        to->name = copy_name(from->name, arena);
        to->key = copy_name(from->key, arena);
        to->amount = copy_name(from->amount, arena);

        to->columns = ARENA_ARRAY(arena, struct schema_column, from->column_count);
        for (size_t c = 0; c < from->column_count; c++) {
            to->columns[c] = from->columns[c];
            to->columns[c].name = copy_name(from->columns[c].name, arena);
            to->columns[c].refers = copy_name(from->columns[c].refers, arena);
            to->columns[c].currency = copy_name(from->columns[c].currency, arena);
        }
    }

    return copy;
}
