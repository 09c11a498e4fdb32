/* What becomes of the columns: which of them are kept, under which names, and what they
 * point at. */
#include "ingest/understand.h"

#include <string.h>

bool ingest_is_own_column(bool grouped, const char *name)
{
    static const char *const own[] = {"customer", "time", "import", "arrival",
                                      "id",       "key",  "part",   "row"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcasecmp(name, own[i]) == 0)
            return true;
    return grouped && strcasecmp(name, "lines") == 0;
}

static const char *mapped_name(const struct ingest_understood *understood, const char *column)
{
    for (size_t i = 0; i < understood->mapping.map.count; i++)
        if (strcmp(understood->mapping.map.items[i].value, column) == 0)
            return understood->mapping.map.items[i].name;
    return column;
}

/* Whether another column of the file, or of --set, will bear the name. */
static bool is_taken_by_column(const struct ingest_understood *understood,
                               const struct ingest_shape *shape, const char *name,
                               const char *column)
{
    for (size_t i = 0; i < shape->column_count; i++)
        if (strcmp(shape->columns[i].name, column) != 0 &&
            strcasecmp(mapped_name(understood, shape->columns[i].name), name) == 0)
            return true;
    for (size_t i = 0; i < understood->mapping.set.count; i++)
        if (strcmp(understood->mapping.set.items[i].name, column) != 0 &&
            strcasecmp(mapped_name(understood, understood->mapping.set.items[i].name), name) == 0)
            return true;
    return false;
}

static bool has_column(const struct ingest_shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->column_count; i++)
        if (strcmp(shape->columns[i].name, name) == 0)
            return true;
    return false;
}

/* --map means the file's column, where one bears the name of a computed one. */
static const char *property_name(const struct ingest_run *run,
                                 const struct ingest_understood *understood,
                                 const struct ingest_shape *shape, const char *column,
                                 bool computed)
{
    const char *name =
        computed && has_column(shape, column) ? column : mapped_name(understood, column);
    if (!ingest_is_own_column(understood->roles.group >= 0, name))
        return name;

    const char *other = arena_printf(run->arena, "%s_", name);
    while (is_taken_by_column(understood, shape, other, column))
        other = arena_printf(run->arena, "%s_", other);
    ingest_notice(
        run, "%s is a name of Strata's own, so the column is kept as %s (--map NAME=%s renames it)",
        name, other, column);
    return other;
}

static bool selected(const struct ingest_understood *understood, const struct ingest_shape *shape,
                     size_t column)
{
    const struct ingest_names *select = &understood->mapping.select;
    if (shape->columns[column].derived)
        return true;

    /* a column that plays a role is no property as well, unless somebody asks for it by name */
    bool consumed = (int)column == understood->roles.customer ||
                    (int)column == understood->roles.time || (int)column == understood->roles.key ||
                    (int)column == understood->roles.clock;

    for (size_t i = 0; i < select->count; i++)
        if (ingest_find_column(shape, select->items[i]) == (int)column)
            return true;
    for (size_t i = 0; i < understood->mapping.map.count; i++)
        if (ingest_find_column(shape, understood->mapping.map.items[i].value) == (int)column)
            return true;
    return !consumed && select->count == 0;
}

static const struct schema_column *stored_column(const struct ingest_run *run, const char *table,
                                                 const char *name)
{
    const struct schema_table *found = schema_table(store_schema(run->store), table);
    return found ? schema_column(found, name) : NULL;
}

/* "product" and "products", or the key of the table: customers' own names for a reference. */
static bool is_called_like(const struct schema_table *table, const char *name)
{
    size_t length = strlen(table->name), own = strlen(name);
    bool plural =
        length == own + 1 && table->name[own] == 's' && strncasecmp(table->name, name, own) == 0;
    return plural || strcasecmp(table->name, name) == 0 ||
           (table->key && strcasecmp(table->key, name) == 0);
}

/* What the store makes a column refer to: what --refers says, else a table called like the column,
 * by its name in the file or its new one, or with such a key. */
static const char *referred_table(const struct ingest_run *run,
                                  const struct ingest_understood *understood, const char *column,
                                  const char *name)
{
    const char *said = ingest_pair_value(&understood->mapping.refers, column);
    const struct schema *schema = store_schema(run->store);
    if (said || understood->role == SCHEMA_REFERENCE)
        return said;

    /* Traits that are numbers in the store stay so unless somebody asks for it. */
    const struct schema_column *stored = stored_column(run, understood->table, name);
    if (understood->role == SCHEMA_TRAITS && stored && stored->type != VALUE_TEXT)
        return NULL;

    /* Many a table is keyed by a name, and a customer's own is another thing. */
    if (understood->role == SCHEMA_TRAITS && strcasecmp(name, "name") == 0)
        return NULL;
    bool by_column = !ingest_is_own_column(false, column);
    for (size_t i = 0; i < schema->table_count; i++)
        if (schema->tables[i].role == SCHEMA_REFERENCE &&
            (is_called_like(&schema->tables[i], name) ||
             (by_column && is_called_like(&schema->tables[i], column))))
            return arena_strdup(run->arena, schema->tables[i].name);
    return NULL;
}

/* Keys, and what is text already, must be text before the first type is decided. */
void ingest_hint_types(const struct ingest_run *run, const struct ingest_understood *understood,
                       struct ingest_shape *shape)
{
    for (size_t i = 0; i < shape->column_count; i++) {
        const char *column = shape->columns[i].name, *name = column;
        for (size_t m = 0; m < understood->mapping.map.count; m++)
            if (strcmp(understood->mapping.map.items[m].value, column) == 0)
                name = understood->mapping.map.items[m].name;

        const struct schema_column *stored = stored_column(run, understood->table, name);
        struct ingest_type_hint *hint = &shape->hints[i];
        hint->text |= (int)i == understood->roles.customer || (int)i == understood->roles.key ||
                      referred_table(run, understood, column, name) != NULL ||
                      (stored && stored->type == VALUE_TEXT);
        hint->time = (int)i == understood->roles.time;
    }
    ingest_keep_types(run, understood, shape);
}

static void add_property(const struct ingest_run *run, const struct ingest_understood *understood,
                         struct ingest_shape *shape, struct ingest_property property)
{
    const struct schema_column *stored =
        stored_column(run, property.trait ? SCHEMA_TRAIT_TABLE : understood->table, property.name);
    property.plain = stored && stored->plain;
    property.force_text = stored && stored->type == VALUE_TEXT;
    shape->properties[shape->property_count++] = property;
}

/* A computed property takes the place of the file's column of its name, unless --map
 * keeps that under another. */
static bool replaced_by_set(const struct ingest_understood *understood, const char *column)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    for (size_t i = 0; i < mapping->map.count; i++)
        if (strcmp(mapping->map.items[i].value, column) == 0)
            return false;
    for (size_t i = 0; i < mapping->set.count; i++) {
        const char *name = mapping->set.items[i].name;
        if (strcmp(name, column) == 0 ||
            (strcasecmp(name, column) == 0 &&
             !ingest_is_own_column(understood->roles.group >= 0, name)))
            return true;
    }
    return false;
}

enum status ingest_list_properties(const struct ingest_run *run,
                                   const struct ingest_understood *understood,
                                   struct ingest_shape *shape, struct error *error)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    shape->properties =
        ARENA_ARRAY(run->arena, struct ingest_property,
                    shape->column_count + mapping->set.count + mapping->trait.count);
    shape->property_count = 0;
    for (size_t i = 0; i < shape->column_count; i++) {
        const char *column = shape->columns[i].name;
        if (!selected(understood, shape, i) || replaced_by_set(understood, column))
            continue;
        const char *name = property_name(run, understood, shape, column, false);
        add_property(
            run, understood, shape,
            (struct ingest_property){.column = column,
                                     .name = name,
                                     .source = (int)i,
                                     .refers = referred_table(run, understood, column, name),
                                     .additive = ingest_additive_name(name)});
    }

    for (size_t i = 0; i < mapping->set.count; i++) {
        const char *name = mapping->set.items[i].name;
        if (understood->roles.computed_customer && strcmp(name, mapping->customer) == 0)
            continue; /* it is the customer, and no property */
        add_property(
            run, understood, shape,
            (struct ingest_property){.column = name,
                                     .name = property_name(run, understood, shape, name, true),
                                     .source = -1,
                                     .additive = true});
    }

    for (size_t i = 0; i < mapping->trait.count; i++) {
        const char *column = mapping->trait.items[i].value;
        int source =
            ingest_pair_value(&mapping->set, column) ? -1 : ingest_find_column(shape, column);
        add_property(
            run, understood, shape,
            (struct ingest_property){.column = source >= 0 ? shape->columns[source].name : column,
                                     .name = mapping->trait.items[i].name,
                                     .source = source,
                                     .trait = true});
    }

    /* names of traits and of facts live in tables of their own and may be alike */
    for (size_t i = 0; i < shape->property_count; i++)
        for (size_t j = 0; j < i; j++)
            if (shape->properties[i].trait == shape->properties[j].trait &&
                strcasecmp(shape->properties[i].name, shape->properties[j].name) == 0)
                return error_set(error, STATUS_USAGE, "two columns would become the property %s",
                                 shape->properties[i].name);
    return STATUS_OK;
}
