/*
 * Parts as SQL. A part keeps the types it was written with, and the schema may have widened since,
 * or a column may have come later. So the SELECT over a table is a UNION ALL over groups of parts
 * that were written alike, each casting its columns to what the schema says now.
 */
#include "store/internal.h"

#include <stdio.h>
#include <string.h>

static const struct role_column fact_columns[] = {
    {"customer", "UINTEGER", false}, {"time", "UINTEGER", false}, {"import", "UINTEGER", false},
    {"arrival", "UBIGINT", false},   {"id", "VARCHAR", true},
};
static const struct role_column activity_columns[] = {
    {"customer", "UINTEGER", false},
    {"first", "UINTEGER", false},
    {"last", "UINTEGER", false},
    {"rows", "UINTEGER", true},
};
static const struct role_column reference_columns[] = {{"key", "VARCHAR", false},
                                                       {SCHEMA_CODES "key", "UINTEGER", false},
                                                       {"import", "UINTEGER", false},
                                                       {"arrival", "UBIGINT", false}};
static const struct role_column identity_columns[] = {{"identifier", "VARCHAR", false},
                                                      {"customer", "UINTEGER", false}};
static const struct role_column dictionary_columns[] = {{"code", "UINTEGER", false},
                                                        {"text", "VARCHAR", false}};

static const struct {
    const struct role_column *columns;
    size_t count;
    const char *order;
    bool has_properties;
} roles[PART_ROLES] = {
    [PART_FACTS] = {fact_columns, 5, "customer, \"time\", import, arrival", true},
    [PART_TRAITS] = {fact_columns, 5, "customer, \"time\", import, arrival", true},
    [PART_SHADOW] = {fact_columns, 5, "id, import, arrival", true},
    [PART_ACTIVITY] = {activity_columns, 4, "customer", false},
    [PART_REFERENCE] = {reference_columns, 4, "key, import, arrival", true},
    [PART_IDENTITY] = {identity_columns, 2, "identifier", false},
    [PART_DICTIONARY] = {dictionary_columns, 2, "code", false},
};

const struct role_column *store_role_columns(enum part_role role, size_t *count)
{
    *count = roles[role].count;
    return roles[role].columns;
}

const char *store_role_order(enum part_role role)
{
    return roles[role].order;
}

char *store_sql_type(enum value_type type, int scale, char *out)
{
    static const char *const names[VALUE_TYPES] = {
        [VALUE_NONE] = "VARCHAR",
        [VALUE_BOOL] = "BOOLEAN",
        [VALUE_INT] = "BIGINT",
        [VALUE_DECIMAL] = "DECIMAL",
        [VALUE_DOUBLE] = "DOUBLE",
        [VALUE_DATE] = "DATE",
        [VALUE_TIME] = "TIMESTAMP",
        [VALUE_DURATION] = "BIGINT",
        [VALUE_TEXT] = "VARCHAR",
        [VALUE_SET] = "VARCHAR[]",
        [VALUE_POINT] = "STRUCT(latitude DOUBLE, longitude DOUBLE)",
    };
    if (type == VALUE_DECIMAL)
        snprintf(out, STORE_SQL_TYPE_MAX, "DECIMAL(18,%d)", scale);
    else
        snprintf(out, STORE_SQL_TYPE_MAX, "%s", names[type]);
    return out;
}

/* A column to read: where its name comes from and what it shall be. */
struct wanted {
    const char *name;
    char type[STORE_SQL_TYPE_MAX];
};

struct reading {
    const struct store *store;
    const struct store_read *read;
    struct arena arena;
    struct wanted *wanted;
    size_t wanted_count;
};

static enum status unknown_column(const struct schema_table *table, const char *table_name,
                                  const char *column, struct error *error)
{
    enum status status =
        error_set(error, STATUS_NOT_FOUND, "%s has no column %s", table_name, column);
    enum { LOOKED_AT = 256 }; /* columns: among more a near name is no help */
    const char *names[LOOKED_AT];
    size_t count = 0;
    for (size_t i = 0; table && i < table->column_count && count < LOOKED_AT; i++)
        names[count++] = table->columns[i].name;
    int nearest = text_nearest(column, names, count);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", names[nearest]);
    return status;
}

/* The column whose codes a column of that name holds, or NULL. */
static const char *coded_column(const char *name)
{
    size_t mark = sizeof SCHEMA_CODES - 1;
    return strncmp(name, SCHEMA_CODES, mark) == 0 ? name + mark : NULL;
}

const char *store_codes_name(struct arena *arena, const char *column)
{
    return arena_printf(arena, SCHEMA_CODES "%s", column);
}

static enum status want(struct reading *reading, const struct schema_table *table, const char *name,
                        struct error *error)
{
    struct wanted *wanted = &reading->wanted[reading->wanted_count++];
    wanted->name = name;

    /* A role's own columns go before properties. */
    size_t own;
    const struct role_column *columns = store_role_columns(reading->read->role, &own);
    for (size_t i = 0; i < own; i++)
        if (strcmp(columns[i].name, name) == 0) {
            snprintf(wanted->type, sizeof wanted->type, "%s", columns[i].type);
            return STATUS_OK;
        }

    /* A property, or under a prefix the codes of one that is text. */
    const char *coded = coded_column(name);
    bool codes = coded != NULL;
    const struct schema_column *column = NULL;
    if (table)
        column = schema_column(table, codes ? coded : name);
    if (!column)
        return unknown_column(table, reading->read->table, name, error);

    if (codes)
        snprintf(wanted->type, sizeof wanted->type,
                 column->type == VALUE_SET ? "UINTEGER[]" : "UINTEGER");
    else
        store_sql_type(column->type, column->scale, wanted->type);
    return STATUS_OK;
}

static enum status want_all(struct reading *reading, const struct schema_table *table,
                            struct error *error)
{
    size_t own;
    const struct role_column *columns = store_role_columns(reading->read->role, &own);
    for (size_t i = 0; i < own; i++)
        if (!coded_column(columns[i].name))
            TRY(want(reading, table, columns[i].name, error));
    for (size_t i = 0;
         table && roles[reading->read->role].has_properties && i < table->column_count; i++)
        TRY(want(reading, table, table->columns[i].name, error));
    return STATUS_OK;
}

static enum status start(struct reading *reading, const struct store *store,
                         const struct store_read *read, struct error *error)
{
    *reading = (struct reading){.store = store, .read = read};
    arena_init(&reading->arena, 0);

    const struct schema_table *table = schema_table(store->schema, read->table);
    if (roles[read->role].has_properties && !table)
        return error_set(error, STATUS_NOT_FOUND, "the store has no %s", read->table);

    size_t most = read->column_count;
    if (!read->columns)
        most = roles[read->role].count + (table ? table->column_count : 0);
    reading->wanted = ARENA_ARRAY(&reading->arena, struct wanted, most);
    if (!read->columns)
        return want_all(reading, table, error);

    for (size_t i = 0; i < read->column_count; i++)
        TRY(want(reading, table, read->columns[i], error));
    return STATUS_OK;
}

/*
 * Older parts call the codes of `x` "x#", which is also how a user may call a column. Codes alone
 * are UINTEGER or lists of them (a user's whole numbers are BIGINT), so the type tells which of the
 * two such a column is.
 */
static bool is_older_codes(const struct catalog_part_column *column)
{
    size_t length = strlen(column->name);
    return length > 1 && column->name[length - 1] == '#' &&
           strncmp(column->type, "UINTEGER", strlen("UINTEGER")) == 0; /* or UINTEGER[] */
}

static bool is_called(const struct catalog_part_column *column, const char *name)
{
    const char *coded = coded_column(name);
    if (!is_older_codes(column))
        return strcmp(column->name, name) == 0;

    size_t length = strlen(column->name) - 1;
    return coded && strlen(coded) == length && strncmp(coded, column->name, length) == 0;
}

const struct catalog_part_column *store_part_column(const struct catalog_part *part,
                                                    const char *name)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (is_called(&part->columns[i], name))
            return &part->columns[i];
    return NULL;
}

/* The local midnight of a day as UTC. Where clocks go back over midnight there are two: DuckDB
 * takes the later, and a day begins with the earlier, an hour before it. */
static void day_start(struct buffer *sql, const char *zone, const char *date)
{
    struct buffer later;
    buffer_init(&later, 0);
    buffer_printf(&later, "timezone('UTC', timezone('%s', %s::TIMESTAMP))", zone, date);
    buffer_printf(sql,
                  "CASE WHEN timezone('%s', timezone('UTC', %s - INTERVAL 1 HOUR)) = %s::TIMESTAMP "
                  "THEN %s - INTERVAL 1 HOUR ELSE %s END",
                  zone, later.data, date, later.data, later.data);
    buffer_release(&later);
}

/* The expression that makes a part's column into what is wanted, under its name; a day becomes the
 * store's local midnight. column: NULL when the part has none. */
static void cast(struct buffer *sql, const struct reading *reading, const struct wanted *wanted,
                 const struct catalog_part_column *column)
{
    struct buffer name;
    const char *has = column ? column->type : NULL;

    buffer_init(&name, 0);
    buffer_sql_name(&name, text_from(column ? column->name : wanted->name));

    /* a column that came later is unknown in older parts, and one that never changed needs no
     * cast */
    if (!has)
        buffer_printf(sql, "NULL::%s", wanted->type);
    else if (strcmp(has, wanted->type) == 0)
        buffer_string(sql, name.data);
    else if (strcmp(has, "DATE") == 0 && strcmp(wanted->type, "TIMESTAMP") == 0)
        day_start(sql, reading->store->schema->zone, name.data);
    else if (strcmp(has, "TIMESTAMP") == 0 && strcmp(wanted->type, "VARCHAR") == 0)
        buffer_printf(sql, "strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%SZ')", name.data);
    else if (strcmp(wanted->type, "VARCHAR[]") == 0)
        buffer_printf(sql, "CASE WHEN %s IS NULL THEN NULL ELSE [%s::VARCHAR] END", name.data,
                      name.data);
    else
        buffer_printf(sql, "CAST(%s AS %s)", name.data, wanted->type);

    buffer_string(sql, " AS ");
    buffer_sql_name(sql, text_from(wanted->name));
    buffer_release(&name);
}

static bool alike(const struct reading *reading, const struct catalog_part *a,
                  const struct catalog_part *b)
{
    for (size_t i = 0; i < reading->wanted_count; i++) {
        const struct catalog_part_column *x = store_part_column(a, reading->wanted[i].name);
        const struct catalog_part_column *y = store_part_column(b, reading->wanted[i].name);
        if ((x == NULL) != (y == NULL))
            return false;
        if (x && (strcmp(x->type, y->type) != 0 || strcmp(x->name, y->name) != 0))
            return false;
    }
    return true;
}

static bool wants_filter(const struct reading *reading, const struct catalog_part *part)
{
    return reading->read->until_import && part->last_import > reading->read->until_import;
}

static bool is_read(const struct reading *reading, const struct catalog_part *part)
{
    return part->role == reading->read->role && strcmp(part->table, reading->read->table) == 0 &&
           (!reading->read->until_import || part->first_import <= reading->read->until_import);
}

static enum status check_group(const struct reading *reading,
                               const struct catalog_part *const *parts, size_t count,
                               struct error *error)
{
    const struct store_read *read = reading->read;
    const char **columns =
        ARENA_ARRAY((struct arena *)&reading->arena, const char *, reading->wanted_count + 1);
    size_t column_count = 0;

    for (size_t i = 0; i < reading->wanted_count; i++) {
        const struct catalog_part_column *column =
            store_part_column(parts[0], reading->wanted[i].name);
        if (column)
            columns[column_count++] = column->name; /* codes may bear an older name */
    }
    if (read->until_import)
        columns[column_count++] = "import"; /* for the filter */
    for (size_t i = 0; i < count && !read->unchecked; i++)
        TRY(store_check_part(reading->store, parts[i], columns, column_count, error));
    return STATUS_OK;
}

/* first: the number of the group's first part among all those read; SIZE_MAX: nobody asks. */
static enum status select_group(struct reading *reading, struct buffer *sql,
                                const struct catalog_part *const *parts, size_t count, size_t first,
                                struct error *error)
{
    TRY(check_group(reading, parts, count, error));

    buffer_string(sql, "SELECT ");
    for (size_t i = 0; i < reading->wanted_count; i++) {
        buffer_string(sql, i ? ", " : "");
        cast(sql, reading, &reading->wanted[i],
             store_part_column(parts[0], reading->wanted[i].name));
    }

    if (first != SIZE_MAX)
        buffer_printf(sql, ", file_index::BIGINT + %zu AS \"part\"", first);
    buffer_string(sql, reading->read->rows ? ", file_row_number AS \"row\" FROM read_parquet(["
                                           : " FROM read_parquet([");
    for (size_t i = 0; i < count; i++) {
        buffer_string(sql, i ? ", " : "");
        lake_add_path(sql, store_file(reading->store, &reading->arena, "%s", parts[i]->path));
    }

    buffer_string(sql, reading->read->rows ? "], file_row_number=true)" : "])");

    /* only parts of several imports need it: a group has either those or others */
    if (wants_filter(reading, parts[0]))
        buffer_printf(sql, " WHERE import <= %u", reading->read->until_import);
    return STATUS_OK;
}

static void select_nothing(struct reading *reading, struct buffer *sql)
{
    buffer_string(sql, "SELECT ");
    for (size_t i = 0; i < reading->wanted_count; i++) {
        buffer_string(sql, i ? ", " : "");
        cast(sql, reading, &reading->wanted[i], NULL);
    }
    if (reading->read->rows)
        buffer_string(sql, ", 0::BIGINT AS \"row\"");
    buffer_string(sql, " WHERE false");
}

/* Parts of the same columns are read together. order, unless it is NULL: at which place of `parts`
 * each stands in the order in which they are named. */
static enum status select_groups(struct reading *reading, const struct catalog_part *const *parts,
                                 size_t part_count, size_t *order, struct buffer *sql,
                                 struct error *error)
{
    const struct catalog_part **group =
        ARENA_ARRAY(&reading->arena, const struct catalog_part *, part_count + 1);
    bool *done = ARENA_ARRAY(&reading->arena, bool, part_count + 1);
    size_t named = 0;

    /* each part opens a group of those like it; done[i] is set by the group that took it */
    for (size_t i = 0; i < part_count; i++) {
        size_t count = 0;
        for (size_t j = i; j < part_count && !done[i]; j++) {
            if (done[j] || !alike(reading, parts[i], parts[j]) ||
                wants_filter(reading, parts[i]) != wants_filter(reading, parts[j]))
                continue;
            if (order)
                order[named + count] = j;
            group[count++] = parts[j];
            done[j] = j != i;
        }

        if (count) {
            buffer_string(sql, named ? " UNION ALL " : "");
            TRY(select_group(reading, sql, group, count, order ? named : SIZE_MAX, error));
            named += count;
        }
    }

    if (!named)
        select_nothing(reading, sql);
    return STATUS_OK;
}

enum status store_select(const struct store *store, const struct store_read *read,
                         struct buffer *sql, struct error *error)
{
    struct reading reading;
    size_t part_count, count = 0;
    const struct catalog_part *parts = store_parts(store, &part_count);
    enum status status = start(&reading, store, read, error);
    const struct catalog_part **all =
        ARENA_ARRAY(&reading.arena, const struct catalog_part *, part_count + 1);
    for (size_t i = 0; i < part_count; i++)
        if (is_read(&reading, &parts[i]))
            all[count++] = &parts[i];
    if (status == STATUS_OK)
        status = select_groups(&reading, all, count, NULL, sql, error);
    arena_release(&reading.arena);
    return status;
}

enum status store_select_part(const struct store *store, const struct store_read *read,
                              const struct catalog_part *part, struct buffer *sql,
                              struct error *error)
{
    struct reading reading;
    enum status status = start(&reading, store, read, error);
    if (status == STATUS_OK && is_read(&reading, part))
        status = select_group(&reading, sql, &part, 1, SIZE_MAX, error);
    else if (status == STATUS_OK)
        select_nothing(&reading, sql);
    arena_release(&reading.arena);
    return status;
}

enum status store_select_parts(const struct store *store, const struct store_read *read,
                               const struct catalog_part *const *parts, size_t count, size_t *order,
                               struct buffer *sql, struct error *error)
{
    struct reading reading;
    enum status status = start(&reading, store, read, error);
    if (status == STATUS_OK)
        status = select_groups(&reading, parts, count, order, sql, error);
    arena_release(&reading.arena);
    return status;
}
