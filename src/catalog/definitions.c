/*
 * Definitions of segments and schemes, and static lists.
 */
#include "catalog/internal.h"

enum status catalog_save_definition(struct catalog *catalog,
                                    const struct catalog_definition *definition,
                                    struct error *error)
{
    return catalog_run(
        catalog, error,
        "INSERT INTO definition (name, scheme, title, text, saved) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET scheme = excluded.scheme, title = excluded.title,"
        " text = excluded.text, saved = excluded.saved",
        "sissi", definition->name, (int64_t)definition->scheme, definition->title, definition->text,
        definition->saved);
}

enum status catalog_delete_definition(struct catalog *catalog, const char *name,
                                      struct error *error)
{
    TRY(catalog_run(catalog, error, "DELETE FROM definition WHERE name = ?", "s", name));
    if (sqlite3_changes(catalog->database) == 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no segment or scheme named %s", name);
    return STATUS_OK;
}

enum status catalog_definitions(struct catalog *catalog, struct arena *arena,
                                struct catalog_definition **out, size_t *count, struct error *error)
{
    sqlite3_stmt *statement;
    size_t room = 0;
    *out = NULL;
    *count = 0;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT name, scheme, title, text, saved FROM definition ORDER BY position",
                      ""));
    for (bool row;;) {
        *out = catalog_room(arena, *out, *count, &room, sizeof **out);
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        (*out)[(*count)++] = (struct catalog_definition){
            .name = catalog_column_text(statement, 0, arena),
            .scheme = sqlite3_column_int(statement, 1),
            .title = catalog_column_text(statement, 2, arena),
            .text = catalog_column_text(statement, 3, arena),
            .saved = sqlite3_column_int64(statement, 4),
        };
    }
}

static enum status save_items(struct catalog *catalog, const struct catalog_list *list,
                              struct error *error)
{
    /* A list may be long: the statement is made once and its name stays bound. */
    sqlite3_stmt *statement;
    TRY(catalog_query(catalog, &statement, error, "INSERT INTO list_item VALUES (?, ?, ?)", "s",
                      list->name));
    enum status status = STATUS_OK;

    for (size_t i = 0; i < list->count && status == STATUS_OK; i++) {
        struct text item = list->identifiers[i];
        sqlite3_bind_int64(statement, 2, (int64_t)i);
        sqlite3_bind_text64(statement, 3, item.length ? item.data : "", item.length, SQLITE_STATIC,
                            SQLITE_UTF8);
        if (sqlite3_step(statement) != SQLITE_DONE)
            status = catalog_failure(catalog, error);
        sqlite3_reset(statement);
    }

    sqlite3_finalize(statement);
    return status;
}

enum status catalog_save_list(struct catalog *catalog, const struct catalog_list *list,
                              struct error *error)
{
    /* what is sealed is looked at before it is changed, or the change would seal the damage */
    TRY(catalog_seal_before(catalog, "list_item", list->name, error));
    TRY(catalog_run(catalog, error, "DELETE FROM list_item WHERE list = ?", "s", list->name));
    TRY(catalog_run(catalog, error, "INSERT OR REPLACE INTO list VALUES (?, ?, ?, ?)", "ssiu",
                    list->name, list->source ? list->source : "", list->saved,
                    (uint64_t)list->count));
    return save_items(catalog, list, error);
}

enum status catalog_delete_list(struct catalog *catalog, const char *name, struct error *error)
{
    TRY(catalog_seal_before(catalog, "list_item", name, error));
    TRY(catalog_run(catalog, error, "DELETE FROM list_item WHERE list = ?", "s", name));
    TRY(catalog_run(catalog, error, "DELETE FROM list WHERE name = ?", "s", name));
    if (sqlite3_changes(catalog->database) == 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no list named %s", name);
    return STATUS_OK;
}

static struct catalog_list read_list(sqlite3_stmt *row, struct arena *arena)
{
    return (struct catalog_list){
        .name = catalog_column_text(row, 0, arena),
        .source = catalog_column_text(row, 1, arena),
        .saved = sqlite3_column_int64(row, 2),
        .count = (size_t)sqlite3_column_int64(row, 3),
    };
}

enum status catalog_lists(struct catalog *catalog, struct arena *arena, struct catalog_list **out,
                          size_t *count, struct error *error)
{
    sqlite3_stmt *statement;
    size_t room = 0;
    *out = NULL;
    *count = 0;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT name, source, saved, items FROM list ORDER BY name", ""));
    for (bool row;;) {
        *out = catalog_room(arena, *out, *count, &room, sizeof **out);
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        (*out)[(*count)++] = read_list(statement, arena);
    }
}

static enum status read_items(struct catalog *catalog, struct arena *arena,
                              struct catalog_list *list, struct error *error)
{
    struct text *items = ARENA_ARRAY(arena, struct text, list->count);
    size_t count = 0;

    sqlite3_stmt *statement;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT identifier FROM list_item WHERE list = ? ORDER BY position", "s",
                      list->name));
    for (bool row;;) {
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            break;

        if (count == list->count) {
            sqlite3_finalize(statement);
            return catalog_damaged(catalog, error,
                                   "the static list %s holds more than it says (table list_item)",
                                   list->name);
        }
        const char *item = catalog_column_text(statement, 0, arena);
        items[count++] = (struct text){item, (size_t)sqlite3_column_bytes(statement, 0)};
    }

    list->count = count;
    list->identifiers = items;
    return STATUS_OK;
}

enum status catalog_find_list(struct catalog *catalog, const char *name, struct arena *arena,
                              struct catalog_list *out, struct error *error)
{
    sqlite3_stmt *statement;
    bool row;

    TRY(catalog_query(catalog, &statement, error,
                      "SELECT name, source, saved, items FROM list WHERE name = ?", "s", name));
    TRY(catalog_step(catalog, &statement, &row, error));
    if (!row)
        return error_set(error, STATUS_NOT_FOUND, "there is no list named %s", name);
    *out = read_list(statement, arena);
    sqlite3_finalize(statement);

    TRY(catalog_seal_item(catalog, "list_item", out->name, error));
    return read_items(catalog, arena, out, error);
}
