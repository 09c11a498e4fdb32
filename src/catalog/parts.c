/*
 * Imports and parts: what came in, and the files it lies in.
 */
#include "catalog/internal.h"

#include "base/json.h"

#include <string.h>

/* Scores keep their model and moment in the mapping. Earlier versions told them as traits, and said
 * in the counts as of which moment they were silent. */
#define SCORING(now, before) \
    ", CASE WHEN what = 'scores' THEN " now " WHEN " CATALOG_SCORED_BEFORE " THEN " before " END"
#define SCORED_MODEL \
    SCORING("json_extract(mapping, '$.model')", "substr(json_extract(sources, '$[0]'), 7)")
#define SCORED_MOMENT \
    SCORING("json_extract(mapping, '$.moment')", "json_extract(counts, '$.unchanged_at')")
#define SCORED_SILENT                                                                          \
    SCORING("json_extract(mapping, '$.silent')", "json_type(counts, '$.unchanged_at') IS NOT " \
                                                 "NULL")
#define IMPORT_COLUMNS                                                                           \
    "number, received, what, table_name, sources, content_hash, mapping, mapping_hash, counts, " \
    "replaces, undone" SCORED_MODEL SCORED_MOMENT SCORED_SILENT

static const char *const kinds[] = {[CATALOG_FACTS] = "facts",
                                    [CATALOG_TRAITS] = "traits",
                                    [CATALOG_REFERENCE] = "reference",
                                    [CATALOG_SCORES] = "scores"};

static const char *scoring_json(const struct catalog_scoring *scoring, struct buffer *out)
{
    struct json json;
    json_init(&json, out, false);
    json_write_object(&json);
    json_put_string(&json, "model", scoring->model);
    json_put_integer(&json, "moment", scoring->moment);
    json_put_bool(&json, "silent", scoring->silent);
    json_write_end_object(&json);
    return out->data;
}

enum status catalog_add_import(struct catalog *catalog, const struct catalog_import *import,
                               uint32_t *number, struct error *error)
{
    uint64_t next;
    struct buffer scoring;

    TRY(catalog_counter(catalog, CATALOG_NEXT_IMPORT, &next, error));
    TRY(catalog_set_counter(catalog, CATALOG_NEXT_IMPORT, next + 1, error));
    *number = (uint32_t)next;

    /* Scores have no mapping: in its place stands what made them. */
    buffer_init(&scoring, 0);
    const char *mapping = import->mapping ? import->mapping : "{}";
    if (import->kind == CATALOG_SCORES)
        mapping = scoring_json(&import->scoring, &scoring);

    enum status status = catalog_run(
        catalog, error, "INSERT INTO import VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "uisssssssii", next, import->received, kinds[import->kind], import->table,
        import->sources ? import->sources : "[]", import->content_hash ? import->content_hash : "",
        mapping, import->mapping_hash ? import->mapping_hash : "",
        import->counts ? import->counts : "{}", (int64_t)import->replaces, import->undone);
    buffer_release(&scoring);
    return status;
}

enum status catalog_set_import_counts(struct catalog *catalog, uint32_t number, const char *counts,
                                      struct error *error)
{
    return catalog_run(catalog, error, "UPDATE import SET counts = ? WHERE number = ?", "si",
                       counts, (int64_t)number);
}

enum status catalog_add_import_revived(struct catalog *catalog, uint32_t number, uint64_t rows,
                                       struct error *error)
{
    return catalog_run(catalog, error,
                       "UPDATE import SET counts = json_set(counts, '$.revived', "
                       "coalesce(json_extract(counts, '$.revived'), 0) + ?) WHERE number = ? AND "
                       "json_valid(counts)",
                       "ii", (int64_t)rows, (int64_t)number);
}

enum status catalog_set_import_undone(struct catalog *catalog, uint32_t number, int64_t when,
                                      struct error *error)
{
    return catalog_run(catalog, error, "UPDATE import SET undone = ? WHERE number = ?", "ii", when,
                       (int64_t)number);
}

static enum catalog_import_kind kind_of(const char *what, const char *model)
{
    if (model)
        return CATALOG_SCORES;
    size_t kind = 0;
    while (kind < CATALOG_SCORES && strcmp(what, kinds[kind]) != 0)
        kind++;
    return (enum catalog_import_kind)kind;
}

static struct catalog_import read_import(sqlite3_stmt *row, struct arena *arena)
{
    enum {
        NUMBER,
        RECEIVED,
        WHAT,
        TABLE,
        SOURCES,
        CONTENT,
        MAPPING,
        MAPPING_HASH,
        COUNTS,
        REPLACES,
        UNDONE,
        MODEL,
        MOMENT,
        SILENT
    }; /* IMPORT_COLUMNS */
    const char *model = catalog_column_text(row, MODEL, arena);
    return (struct catalog_import){
        .number = (uint32_t)sqlite3_column_int64(row, NUMBER),
        .received = sqlite3_column_int64(row, RECEIVED),
        .kind = kind_of((const char *)sqlite3_column_text(row, WHAT), model),
        .table = catalog_column_text(row, TABLE, arena),
        .sources = catalog_column_text(row, SOURCES, arena),
        .content_hash = catalog_column_text(row, CONTENT, arena),
        .mapping = catalog_column_text(row, MAPPING, arena),
        .mapping_hash = catalog_column_text(row, MAPPING_HASH, arena),
        .counts = catalog_column_text(row, COUNTS, arena),
        .replaces = sqlite3_column_int(row, REPLACES),
        .undone = sqlite3_column_int64(row, UNDONE),
        .scoring = {model, sqlite3_column_int64(row, MOMENT), sqlite3_column_int(row, SILENT)},
    };
}

enum status catalog_imports(struct catalog *catalog, struct arena *arena,
                            struct catalog_import **out, size_t *count, struct error *error)
{
    sqlite3_stmt *statement;
    size_t room = 0;
    *out = NULL;
    *count = 0;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT " IMPORT_COLUMNS " FROM import ORDER BY number", ""));
    for (bool row;;) {
        *out = catalog_room(arena, *out, *count, &room, sizeof **out);
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        (*out)[(*count)++] = read_import(statement, arena);
    }
}

enum status catalog_find_import(struct catalog *catalog, uint32_t number, struct arena *arena,
                                struct catalog_import *out, struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT " IMPORT_COLUMNS " FROM import WHERE number = ?", "i",
                      (int64_t)number));
    TRY(catalog_step(catalog, &statement, &row, error));
    if (row) {
        *out = read_import(statement, arena);
        sqlite3_finalize(statement);
        return STATUS_OK;
    }

    int64_t last;
    TRY(catalog_integer(catalog, "SELECT max(number) FROM import", 0, &last, error));
    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no import %u", number);
    if (last)
        error_hint(error, "the store has imports 1 to %lld; strata imports lists them",
                   (long long)last);
    else
        error_hint(error, "nothing has been imported into this store yet");
    return status;
}

enum status catalog_import_of_content(struct catalog *catalog, const char *content_hash,
                                      const char *table, const char *mapping_hash,
                                      struct arena *arena, struct catalog_import *out,
                                      struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    *out = (struct catalog_import){0};

    /* the same mapping before any other; NOT INDEXED, because an index is not sealed and the table
     * is */
    TRY(catalog_query(
        catalog, &statement, error,
        "SELECT " IMPORT_COLUMNS
        " FROM import NOT INDEXED WHERE content_hash = ? AND table_name = ? AND undone = 0"
        " ORDER BY mapping_hash = ? DESC, number DESC LIMIT 1",
        "sss", content_hash, table, mapping_hash));
    TRY(catalog_step(catalog, &statement, &row, error));
    if (row)
        *out = read_import(statement, arena);
    sqlite3_finalize(statement);
    return STATUS_OK;
}

/* What a whole column's type ends with where it is kept, as in SQL. */
static const char whole_mark[] = " NOT NULL";

static enum status add_part_column(struct catalog *catalog, const struct catalog_part *part,
                                   size_t i, struct error *error)
{
    const struct catalog_part_column *column = &part->columns[i];
    struct buffer type;
    buffer_init(&type, 0);
    buffer_string(&type, column->type);
    buffer_string(&type, column->whole ? whole_mark : "");
    enum status status =
        catalog_run(catalog, error, "INSERT INTO part_column VALUES (?, ?, ?, ?)", "iiss",
                    (int64_t)part->number, (int64_t)i, column->name, type.data);
    buffer_release(&type);
    return status;
}

static struct catalog_part_column read_part_column(const char *name, const char *type,
                                                   struct arena *arena)
{
    size_t length = type ? strlen(type) : 0, mark = sizeof whole_mark - 1;
    bool whole = length > mark && strcmp(type + length - mark, whole_mark) == 0;
    return (struct catalog_part_column){
        name, whole ? arena_strndup(arena, type, length - mark) : type, whole};
}

enum status catalog_add_part(struct catalog *catalog, const struct catalog_part *part,
                             struct error *error)
{
    TRY(catalog_run(
        catalog, error, "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        "iisisiiuuiiu", (int64_t)part->number, (int64_t)part->owner, part->table,
        (int64_t)part->role, part->path, (int64_t)part->first_import, (int64_t)part->last_import,
        part->rows, part->bytes, part->first_time, part->last_time, part->added));
    for (size_t i = 0; i < part->column_count; i++)
        TRY(add_part_column(catalog, part, i, error));
    return catalog_add_checksums(catalog, part->number, part->checksums, part->checksum_count,
                                 error);
}

enum status catalog_add_checksums(struct catalog *catalog, uint32_t part,
                                  const struct catalog_checksum *checksums, size_t count,
                                  struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct catalog_checksum *c = &checksums[i];
        struct text ranges = {(const char *)c->ranges, c->range_count * sizeof *c->ranges};
        TRY(catalog_run(catalog, error, "INSERT OR REPLACE INTO checksum VALUES (?, ?, ?, ?)",
                        "isub", (int64_t)part, c->piece, c->value, ranges));
    }
    return STATUS_OK;
}

static bool read_checksum(sqlite3_stmt *row, struct arena *arena, struct catalog_checksum *out)
{
    size_t bytes = (size_t)sqlite3_column_bytes(row, 2);
    const void *blob = sqlite3_column_blob(row, 2);
    const char *piece = catalog_column_text(row, 0, arena);
    if (!piece || bytes % sizeof *out->ranges != 0)
        return false;
    struct catalog_range *ranges =
        ARENA_ARRAY(arena, struct catalog_range, bytes / sizeof *ranges + 1);
    if (bytes)
        memcpy(ranges, blob, bytes);
    *out = (struct catalog_checksum){piece, (uint64_t)sqlite3_column_int64(row, 1), ranges,
                                     bytes / sizeof *ranges};
    return true;
}

static enum status has_checksums(struct catalog *catalog, bool *out, struct error *error)
{
    int64_t tables = 1; /* a sealed catalog has the table */
    if (!catalog->sealed)
        TRY(catalog_integer(
            catalog,
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'checksum'", 0,
            &tables, error));
    *out = tables > 0;
    return STATUS_OK;
}

enum status catalog_checksums(struct catalog *catalog, uint32_t part, struct arena *arena,
                              struct catalog_checksum **out, size_t *count, struct error *error)
{
    sqlite3_stmt *statement;
    bool any;
    size_t room = 0;
    *count = 0;
    *out = NULL;
    TRY(has_checksums(catalog, &any, error));
    if (!any)
        return STATUS_OK;

    TRY(catalog_query(catalog, &statement, error,
                      "SELECT piece, value, ranges FROM checksum WHERE part = ?", "i",
                      (int64_t)part));

    for (bool row;;) {
        *out = catalog_room(arena, *out, *count, &room, sizeof **out);
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        if (read_checksum(statement, arena, &(*out)[*count])) {
            ++*count;
            continue;
        }

        sqlite3_finalize(statement);
        return catalog_damaged(catalog, error, "the checksums of part %u (table checksum)",
                               (unsigned)part);
    }
}

enum status catalog_remove_part(struct catalog *catalog, uint32_t number, uint64_t generation,
                                struct error *error)
{
    return catalog_run(catalog, error, "UPDATE part SET removed = ? WHERE number = ?", "ui",
                       generation, (int64_t)number);
}

enum status catalog_forget_part(struct catalog *catalog, uint32_t number, struct error *error)
{
    TRY(catalog_run(catalog, error, "DELETE FROM part_column WHERE part = ?", "i",
                    (int64_t)number));
    TRY(catalog_run(catalog, error, "DELETE FROM checksum WHERE part = ?", "i", (int64_t)number));
    return catalog_run(catalog, error, "DELETE FROM part WHERE number = ?", "i", (int64_t)number);
}

static enum status read_part_columns(struct catalog *catalog, struct arena *arena,
                                     struct catalog_part *part, struct error *error)
{
    sqlite3_stmt *statement;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT name, type, (SELECT count(*) FROM part_column WHERE part = p.part) "
                      "FROM part_column p"
                      " WHERE part = ? ORDER BY position",
                      "i", (int64_t)part->number));

    /* Each row says how many there are; a part without columns has no row, and needs no array. */
    struct catalog_part_column *columns = NULL;
    for (bool row;;) {
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            break;
        if (!columns)
            columns = ARENA_ARRAY(arena, struct catalog_part_column,
                                  (size_t)sqlite3_column_int64(statement, 2));
        columns[part->column_count++] =
            read_part_column(catalog_column_text(statement, 0, arena),
                             catalog_column_text(statement, 1, arena), arena);
    }

    part->columns = columns;
    return STATUS_OK;
}

enum status catalog_parts(struct catalog *catalog, bool removed, struct arena *arena,
                          struct catalog_part **out, size_t *count, struct error *error)
{
    /* the columns of the statement below */
    enum {
        NUMBER,
        OWNER,
        TABLE,
        ROLE,
        PATH,
        FIRST_IMPORT,
        LAST_IMPORT,
        ROWS,
        BYTES,
        FIRST_TIME,
        LAST_TIME,
        ADDED,
        REMOVED
    };
    sqlite3_stmt *s;
    size_t room = 0;
    *out = NULL;
    *count = 0;
    TRY(catalog_query(
        catalog, &s, error,
        "SELECT number, owner, table_name, role, path, first_import, last_import, rows, bytes, "
        "first_time,"
        " last_time, added, removed FROM part WHERE (removed > 0) = ? ORDER BY number",
        "i", (int64_t)removed));

    for (bool row;;) {
        *out = catalog_room(arena, *out, *count, &room, sizeof **out);
        TRY(catalog_step(catalog, &s, &row, error));
        if (!row)
            break;
        struct catalog_part *part = &(*out)[(*count)++];
        *part = (struct catalog_part){
            .number = (uint32_t)sqlite3_column_int64(s, NUMBER),
            .owner = (uint32_t)sqlite3_column_int64(s, OWNER),
            .table = catalog_column_text(s, TABLE, arena),
            .role = (enum part_role)sqlite3_column_int(s, ROLE),
            .path = catalog_column_text(s, PATH, arena),
            .first_import = (uint32_t)sqlite3_column_int64(s, FIRST_IMPORT),
            .last_import = (uint32_t)sqlite3_column_int64(s, LAST_IMPORT),
            .rows = (uint64_t)sqlite3_column_int64(s, ROWS),
            .bytes = (uint64_t)sqlite3_column_int64(s, BYTES),
            .first_time = sqlite3_column_int64(s, FIRST_TIME),
            .last_time = sqlite3_column_int64(s, LAST_TIME),
            .added = (uint64_t)sqlite3_column_int64(s, ADDED),
            .removed = (uint64_t)sqlite3_column_int64(s, REMOVED),
        };
    }

    /* a statement of its own each, once the first is done: columns are asked for by part */
    for (size_t i = 0; i < *count; i++)
        TRY(read_part_columns(catalog, arena, &(*out)[i], error));
    return STATUS_OK;
}
