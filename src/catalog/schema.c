/*
 * The schema, folded. Each import has stated the tables and columns it brought, with the types its
 * own values need. The store's schema is what one gets by widening these statements in order of
 * import. So nothing has to be undone in it when an import is: the remaining statements are folded
 * again.
 */
#include "catalog/internal.h"

#include "base/vector.h"

#include <string.h>

enum { DECIMAL_DIGITS = 18 }; /* 64 bits hold every number of so many */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static bool is_exact(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL;
}

static bool is_number(enum value_type type)
{
    return is_exact(type) || type == VALUE_DOUBLE;
}

static bool is_day(enum value_type type)
{
    return type == VALUE_DATE || type == VALUE_TIME;
}

static enum value_type wider(enum value_type a, enum value_type b)
{
    if (a == b || b == VALUE_NONE)
        return a;
    if (a == VALUE_NONE)
        return b;
    if (is_exact(a) && is_exact(b))
        return VALUE_DECIMAL;
    if (is_number(a) && is_number(b))
        return VALUE_DOUBLE;
    if (is_day(a) && is_day(b))
        return VALUE_TIME;
    return a == VALUE_SET || b == VALUE_SET ? VALUE_SET : VALUE_TEXT;
}

void catalog_widen(enum value_type *type, int *scale, int *whole_digits, enum value_type other,
                   int other_scale, int other_whole_digits)
{
    enum value_type result = wider(*type, other);
    int digits = larger(*whole_digits, other_whole_digits);
    int places =
        larger(*type == VALUE_DECIMAL ? *scale : 0, other == VALUE_DECIMAL ? other_scale : 0);

    /* digits on both sides of the point must fit at once, though no value has as many on both */
    if (result == VALUE_DECIMAL && digits + places > DECIMAL_DIGITS)
        result = VALUE_DOUBLE;
    *type = result;
    *scale = result == VALUE_DECIMAL ? places : 0;
    *whole_digits = is_exact(result) ? digits : 0;
}

/* The table is made when an import first states an amount: stores of earlier versions have none. */
static enum status add_amount(struct catalog *catalog, uint32_t import,
                              const struct catalog_table *table, struct error *error)
{
    TRY(catalog_run(catalog, error,
                    "CREATE TABLE IF NOT EXISTS schema_amount (import INTEGER NOT NULL, table_name "
                    "TEXT NOT NULL,"
                    " column_name TEXT NOT NULL, said INTEGER NOT NULL, PRIMARY KEY (import, "
                    "table_name)) WITHOUT ROWID",
                    ""));
    return catalog_run(catalog, error, "INSERT INTO schema_amount VALUES (?, ?, ?, ?)", "issi",
                       (int64_t)import, table->name, table->amount, (int64_t)table->amount_said);
}

enum status catalog_add_schema(struct catalog *catalog, uint32_t import,
                               const struct catalog_table *table, struct error *error)
{
    TRY(catalog_run(catalog, error, "INSERT INTO schema_table VALUES (?, ?, ?, ?)", "isis",
                    (int64_t)import, table->name, (int64_t)table->role, table->key));
    for (size_t i = 0; i < table->column_count; i++) {
        const struct catalog_column *c = &table->columns[i];
        TRY(catalog_run(catalog, error,
                        "INSERT INTO schema_column VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        "isisiiisssii", (int64_t)import, table->name, (int64_t)i, c->column.name,
                        (int64_t)c->column.type, (int64_t)c->column.scale, (int64_t)c->whole_digits,
                        c->column.refers, c->column.currency, c->currencies,
                        (int64_t)c->column.plain, (int64_t)c->column.undated));
    }
    return table->amount ? add_amount(catalog, import, table, error) : STATUS_OK;
}

enum status catalog_stated_besides_scores(struct catalog *catalog, const char *table,
                                          struct arena *arena, struct catalog_stated **out,
                                          size_t *count, struct error *error)
{
    sqlite3_stmt *statement;
    VECTOR(struct catalog_stated) found = {0};
    bool row = true;

    TRY(catalog_query(
        catalog, &statement, error,
        "SELECT c.name, min(c.import) FROM schema_column c JOIN import i ON i.number = c.import"
        " WHERE i.undone = 0 AND c.table_name = ? AND NOT " CATALOG_IS_SCORES " GROUP BY c.name",
        "s", table));

    enum status status = catalog_step(catalog, &statement, &row, error);
    while (status == STATUS_OK && row) {
        struct catalog_stated stated = {catalog_column_text(statement, 0, arena),
                                        (uint32_t)sqlite3_column_int64(statement, 1)};
        VECTOR_PUSH(&found, stated);
        status = catalog_step(catalog, &statement, &row, error);
    }

    *out = ARENA_ARRAY(arena, struct catalog_stated, found.count + 1);
    *count = found.count;
    if (found.count)
        memcpy(*out, found.items, found.count * sizeof **out);
    VECTOR_RELEASE(&found);
    return status;
}

enum status catalog_stated_columns(struct catalog *catalog, uint32_t import, const char *table,
                                   struct arena *arena, const char ***names, size_t *count,
                                   struct error *error)
{
    sqlite3_stmt *statement;
    VECTOR(const char *) found = {0};
    bool row = true;

    TRY(catalog_query(
        catalog, &statement, error,
        "SELECT name FROM schema_column WHERE import = ? AND table_name = ? ORDER BY position",
        "is", (int64_t)import, table));

    enum status status = catalog_step(catalog, &statement, &row, error);
    while (status == STATUS_OK && row) {
        VECTOR_PUSH(&found, catalog_column_text(statement, 0, arena));
        status = catalog_step(catalog, &statement, &row, error);
    }

    *names = ARENA_ARRAY(arena, const char *, found.count + 1);
    *count = found.count;
    if (found.count)
        memcpy(*names, found.items, found.count * sizeof **names);
    VECTOR_RELEASE(&found);
    return status;
}

enum status catalog_retype_column(struct catalog *catalog, const char *table,
                                  const struct catalog_column *column, struct error *error)
{
    return catalog_run(catalog, error,
                       "UPDATE schema_column SET type = ?, scale = ?, whole_digits = ?, plain = ?"
                       " WHERE table_name = ? AND name = ?",
                       "iiiiss", (int64_t)column->column.type, (int64_t)column->column.scale,
                       (int64_t)column->whole_digits, (int64_t)column->column.plain, table,
                       column->column.name);
}

/* The schema while it is folded. Counts are bounded by what imports stated; lists grow by doubling
 * within the arena. */
struct fold {
    struct schema *schema;
    size_t table_room;
    struct fold_column {
        const char *table, *name;
        int whole_digits;
        const char *currencies;
    } * columns;
    size_t column_count, column_room;
    struct arena *arena;
};

static struct schema_table *fold_table(struct fold *fold, const char *name, enum schema_role role,
                                       const char *key)
{
    struct schema *schema = fold->schema;

    struct schema_table *table = (struct schema_table *)schema_table(schema, name);
    if (!table) {
        schema->tables = catalog_room(fold->arena, schema->tables, schema->table_count,
                                      &fold->table_room, sizeof *schema->tables);
        table = &schema->tables[schema->table_count++];
        *table = (struct schema_table){.name = arena_strdup(fold->arena, name), .role = role};
    }
    if (key)
        table->key = arena_strdup(fold->arena, key);
    return table;
}

static struct fold_column *fold_notes(struct fold *fold, const char *table, const char *name)
{
    for (size_t i = 0; i < fold->column_count; i++)
        if (strcmp(fold->columns[i].table, table) == 0 && strcmp(fold->columns[i].name, name) == 0)
            return &fold->columns[i];
    fold->columns = catalog_room(fold->arena, fold->columns, fold->column_count, &fold->column_room,
                                 sizeof *fold->columns);
    struct fold_column *notes = &fold->columns[fold->column_count++];
    *notes = (struct fold_column){.table = table, .name = name};
    return notes;
}

static struct schema_column *fold_column(struct fold *fold, struct schema_table *table,
                                         const char *name)
{
    int index = schema_column_index(table, name);
    if (index >= 0)
        return &table->columns[index];
    /* grows by one: columns are few, and their tables may not be interleaved with others' */
    struct schema_column *columns =
        ARENA_ARRAY(fold->arena, struct schema_column, table->column_count + 1);
    if (table->column_count)
        memcpy(columns, table->columns, table->column_count * sizeof *columns);
    table->columns = columns;
    struct schema_column *column = &columns[table->column_count++];
    column->name = arena_strdup(fold->arena, name);
    return column;
}

static bool has_word(const char *words, const char *word, size_t length)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (n == length && memcmp(p, word, n) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

/* Adds the codes of `more` (blank-separated) that are not in *codes; returns how many there are
 * then. */
static int fold_currencies(struct arena *arena, const char **codes, const char *more)
{
    const char *all = *codes ? *codes : "";
    for (const char *p = more ? more : ""; *p;) {
        size_t n = strcspn(p, " ");
        if (n && !has_word(all, p, n))
            all = arena_printf(arena, "%s%s%.*s", all, *all ? " " : "", (int)n, p);
        p += n + (p[n] == ' ');
    }

    int count = *all != '\0';
    for (const char *p = all; *p; p++)
        count += *p == ' ';
    *codes = *all ? all : NULL;
    return count;
}

static void fold_statement(struct fold *fold, struct schema_table *table,
                           const struct catalog_column *stated)
{
    /* what widens is folded; of what names another thing the later import counts, and marks stay
     * once set */
    struct schema_column *column = fold_column(fold, table, stated->column.name);
    struct fold_column *notes = fold_notes(fold, table->name, column->name);
    catalog_widen(&column->type, &column->scale, &notes->whole_digits, stated->column.type,
                  stated->column.scale, stated->whole_digits);
    if (stated->column.refers)
        column->refers = arena_strdup(fold->arena, stated->column.refers);
    if (stated->column.currency)
        column->currency = arena_strdup(fold->arena, stated->column.currency);
    column->currencies = fold_currencies(fold->arena, &notes->currencies, stated->currencies);
    column->plain = column->plain || stated->column.plain;
    column->undated = column->undated || stated->column.undated;
}

static void fold_row(struct fold *fold, struct schema_table *table, sqlite3_stmt *row)
{
    enum {
        NAME = 3, /* behind the table's name, role and key */
        TYPE,
        SCALE,
        DIGITS,
        REFERS,
        CURRENCY,
        CURRENCIES,
        PLAIN,
        UNDATED
    };
    struct catalog_column stated = {
        .column = {.name = (const char *)sqlite3_column_text(row, NAME),
                   .type = (enum value_type)sqlite3_column_int(row, TYPE),
                   .scale = sqlite3_column_int(row, SCALE),
                   .refers = (const char *)sqlite3_column_text(row, REFERS),
                   .currency = (const char *)sqlite3_column_text(row, CURRENCY),
                   .plain = sqlite3_column_int(row, PLAIN),
                   .undated = sqlite3_column_int(row, UNDATED)},
        .whole_digits = sqlite3_column_int(row, DIGITS),
        .currencies = (const char *)sqlite3_column_text(row, CURRENCIES),
    };
    fold_statement(fold, table, &stated);
}

static enum status load_text(struct catalog *catalog, const char *name, struct arena *arena,
                             const char **out, struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(catalog_query(catalog, &statement, error, "SELECT value FROM meta WHERE name = ?", "s",
                      name));
    TRY(catalog_step(catalog, &statement, &row, error));
    *out = row ? catalog_column_text(statement, 0, arena) : NULL;
    sqlite3_finalize(statement);
    return STATUS_OK;
}

/* What was said last counts; without that, what was guessed first: a later guess changes no model's
 * meaning. */
static enum status load_amounts(struct catalog *catalog, struct schema *schema, struct arena *arena,
                                struct error *error)
{
    sqlite3_stmt *statement;
    bool row;

    /* Older catalogs have no such table. */
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT 1 FROM sqlite_master WHERE name = 'schema_amount'", ""));
    TRY(catalog_step(catalog, &statement, &row, error));
    if (!row)
        return STATUS_OK;
    sqlite3_finalize(statement);

    /* Each row takes the place of those before it: guesses come first and backwards, what was said
     * comes after them and forwards. */
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT a.table_name, a.column_name FROM import i JOIN schema_amount a ON "
                      "a.import = i.number"
                      " WHERE i.undone = 0 ORDER BY a.said, iif(a.said, a.import, -a.import)",
                      ""));
    for (;;) {
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;

        const char *name = (const char *)sqlite3_column_text(statement, 0);
        struct schema_table *table = (struct schema_table *)schema_table(schema, name);
        if (table)
            table->amount = catalog_column_text(statement, 1, arena);
    }
}

enum status catalog_foresee_schema(struct catalog *catalog, uint32_t without,
                                   const struct catalog_table *tables, size_t count,
                                   struct arena *arena, struct schema **out, struct error *error)
{
    struct schema *schema = ARENA_NEW(arena, struct schema);
    struct fold fold = {.schema = schema, .arena = arena};

    TRY(load_text(catalog, "zone", arena, &schema->zone, error));
    TRY(load_text(catalog, "currency", arena, &schema->currency, error));
    if (!schema->zone)
        return catalog_damaged(catalog, error, "the store's time zone (table meta) is missing");

    sqlite3_stmt *statement;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT t.name, t.role, t.key, c.name, c.type, c.scale, c.whole_digits, "
                      "c.refers, c.currency,"
                      " c.currencies, c.plain, c.undated"
                      " FROM import i JOIN schema_table t ON t.import = i.number"
                      " LEFT JOIN schema_column c ON c.import = t.import AND c.table_name = t.name"
                      " WHERE i.undone = 0 AND i.number <> ? ORDER BY t.import, t.name, c.position",
                      "i", (int64_t)without));

    /* in order of imports, for folding is not the same in another: the first statement makes a
     * table */
    for (;;) {
        bool row;
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            break;
        struct schema_table *table =
            fold_table(&fold, (const char *)sqlite3_column_text(statement, 0),
                       (enum schema_role)sqlite3_column_int(statement, 1),
                       (const char *)sqlite3_column_text(statement, 2));
        if (sqlite3_column_type(statement, 3) != SQLITE_NULL)
            fold_row(&fold, table, statement);
    }

    /* and what is about to be imported, as if it were the last */
    for (size_t t = 0; t < count; t++) {
        struct schema_table *table =
            fold_table(&fold, tables[t].name, tables[t].role, tables[t].key);
        for (size_t c = 0; c < tables[t].column_count; c++)
            fold_statement(&fold, table, &tables[t].columns[c]);
    }

    /* whole or not at all: the arena of half a schema may be gone soon */
    TRY(load_amounts(catalog, schema, arena, error));
    *out = schema;
    return STATUS_OK;
}

enum status catalog_load_schema(struct catalog *catalog, struct arena *arena, struct schema **out,
                                struct error *error)
{
    return catalog_foresee_schema(catalog, 0, NULL, 0, arena, out, error);
}
