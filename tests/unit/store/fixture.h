/* A store in a temporary folder and an import made by hand, by the rules of docs/store-format.md.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "base/map.h"
#include "identity/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

static struct error error;

#define OK(call)                                                                       \
    do {                                                                               \
        if ((call) != STATUS_OK)                                                       \
            fail_msg("%s:%d: %s (%s)", __FILE__, __LINE__, error.message, error.hint); \
    } while (0)

static inline char *fixture_path(char out[256])
{
    /* in memory where that is possible: syncing is not what these tests wait for */
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
    snprintf(out, 256, "%s/strata-store-XXXXXX", place ? place : "/tmp");
    assert_non_null(mkdtemp(out));
    strcat(out, "/it's a store");
    return out;
}

static inline void fixture_remove(const char *path)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf \"$(dirname \"%s\")\"", path);
    assert_int_equal(system(command), 0);
}

struct row {
    const char *customer;
    uint32_t time;
    const char *id;
    const char *amount; /* SQL literal */
};

struct hand_import {
    const char *table; /* a kind */
    const struct row *rows;
    size_t count;
    bool replaces;
    enum value_type type; /* of amount */
    int scale;
};

/* Rows as SQL in the form of parts, with final customer numbers. */
static inline void hand_rows(struct buffer *sql, struct numbering *identity, uint32_t number,
                             const struct hand_import *import, const bool *take)
{
    char type[64];
    store_sql_type(import->type, import->scale, type);
    buffer_string(sql, "SELECT * FROM (VALUES ");
    bool any = false;
    for (size_t i = 0; i < import->count; i++) {
        if (!take[i])
            continue;
        const struct row *row = &import->rows[i];
        uint32_t customer = 0;
        assert_true(store_numbering_find(identity, text_from(row->customer), &customer));
        buffer_printf(sql,
                      "%s(%u::UINTEGER, %u::UINTEGER, %u::UINTEGER, %zu::UBIGINT, '%s', %s::%s)",
                      any ? ", " : "", customer, row->time, number, i, row->id, row->amount, type);
        any = true;
    }
    buffer_string(sql,
                  any ? ")" : "(0::UINTEGER, 0::UINTEGER, 0::UINTEGER, 0::UBIGINT, '', NULL))");
    buffer_string(sql, " t(customer, \"time\", import, arrival, id, amount)");
    if (!any)
        buffer_string(sql, " WHERE false");
}

static inline bool hand_is_known(struct store *store, struct lake *lake, const char *table,
                                 const char *id)
{
    struct store_read read = {
        .table = table, .role = PART_FACTS, .columns = (const char *[]){"id"}, .column_count = 1};
    struct buffer sql;
    int64_t count = 0;
    if (!schema_table(store_schema(store), table))
        return false;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT count(*) FROM (");
    OK(store_select(store, &read, &sql, &error));
    buffer_printf(&sql, ") WHERE id = '%s'", id);
    OK(lake_query_integer(lake, sql.data, &count, NULL, &error));
    buffer_release(&sql);
    return count > 0;
}

/* Moves the rows of an id from the facts to the shadow. */
static inline void hand_replace(struct store *store, struct store_change *change, struct lake *lake,
                                const char *table, const struct row *row)
{
    size_t count;
    const struct catalog_part *parts = store_parts(store, &count);
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].role != PART_FACTS || strcmp(parts[i].table, table) != 0)
            continue;
        struct buffer from;
        buffer_init(&from, 0);
        buffer_string(&from, "SELECT * FROM read_parquet(");
        buffer_sql_text(&from, text_from(store_file(store, &arena, "%s", parts[i].path)));
        struct store_new_part out = {.table = table, .role = PART_SHADOW};
        uint64_t rows;
        out.select = arena_printf(&arena, "%s) WHERE id = '%s'", from.data, row->id);
        OK(store_write_part(change, lake, &out, &rows, &error));
        if (rows) {
            out.role = PART_FACTS;
            out.select = arena_printf(&arena, "%s) WHERE id <> '%s'", from.data, row->id);
            OK(store_write_part(change, lake, &out, NULL, &error));
            OK(store_drop_part(change, parts[i].number, &error));
        }
        buffer_release(&from);
    }
    arena_release(&arena);
}

/* At most one replaced row an import, so that no part is rewritten twice within one change. */
static inline enum status hand_import(struct store *store, const struct hand_import *import)
{
    struct lake *lake;
    struct store_change *change;
    struct numbering *identity;
    uint32_t number;
    OK(store_lake(store, 1, &lake, &error));
    OK(store_begin(store, &change, &error));
    struct catalog_import row = {.received = 1000,
                                 .kind = CATALOG_FACTS,
                                 .table = import->table,
                                 .replaces = import->replaces,
                                 .content_hash = "x"};
    OK(catalog_add_import(store_catalog(store), &row, &number, &error));
    struct catalog_column column = {
        .column = {.name = "amount", .type = import->type, .scale = import->scale},
        .whole_digits = 6};
    struct catalog_table table = {
        .name = import->table, .role = SCHEMA_FACTS, .columns = &column, .column_count = 1};
    OK(catalog_add_schema(store_catalog(store), number, &table, &error));
    OK(identity_load(store, lake, &identity, &error));
    bool *stands = calloc(import->count + 1, 1), *refused = calloc(import->count + 1, 1);
    for (size_t i = 0; i < import->count; i++) {
        store_numbering_number(identity, text_from(import->rows[i].customer), i);
        bool known = hand_is_known(store, lake, import->table, import->rows[i].id);
        if (known && import->replaces)
            hand_replace(store, change, lake, import->table, &import->rows[i]);
        stands[i] = !known || import->replaces;
        refused[i] = !stands[i];
    }
    /* customers of refused rows alone get no number yet in a real import; here they do, and undo
     * must cope */
    store_numbering_settle(identity, NULL);
    struct buffer sql;
    buffer_init(&sql, 0);
    hand_rows(&sql, identity, number, import, stands);
    struct store_new_part part = {.table = import->table, .role = PART_FACTS, .select = sql.data};
    OK(store_write_part(change, lake, &part, NULL, &error));
    buffer_reset(&sql);
    hand_rows(&sql, identity, number, import, refused);
    part.role = PART_SHADOW;
    part.select = sql.data;
    OK(store_write_part(change, lake, &part, NULL, &error));
    OK(identity_write(change, lake, identity, &error));
    const char *rejects = store_temporary(change, ".jsonl");
    FILE *file = fopen(rejects, "w");
    assert_non_null(file);
    fputs("{}\n", file);
    fclose(file);
    OK(store_add_rejects(change, number, rejects, &error));
    enum status status = store_commit(change, &error);
    buffer_release(&sql);
    free(stands);
    free(refused);
    lake_close(lake);
    store_numbering_free(identity);
    return status;
}

/* What a store says, without its numbers: every fact by the customer's identifier, and the schema.
 */
static inline char *hand_picture(struct store *store)
{
    struct buffer out;
    struct lake *lake;
    buffer_init(&out, 0);
    OK(store_lake(store, 1, &lake, &error));
    const struct schema *schema = store_schema(store);
    for (size_t t = 0; t < schema->table_count; t++) {
        const struct schema_table *table = &schema->tables[t];
        buffer_printf(&out, "table %s", table->name);
        for (size_t c = 0; c < table->column_count; c++)
            buffer_printf(&out, " %s %s %d", table->columns[c].name,
                          value_type_name(table->columns[c].type), table->columns[c].scale);
        buffer_string(&out, "\n");
        struct store_read read = {.table = table->name, .role = PART_FACTS};
        struct store_read names = {.table = "identity", .role = PART_IDENTITY};
        struct buffer sql;
        buffer_init(&sql, 0);
        buffer_string(
            &sql, "SELECT identifier || ' ' || \"time\" || ' ' || f.id || ' ' || amount FROM (");
        OK(store_select(store, &read, &sql, &error));
        buffer_string(&sql, ") f LEFT JOIN (");
        OK(store_select(store, &names, &sql, &error));
        buffer_string(&sql, ") USING (customer) ORDER BY 1");
        struct lake_result *result;
        const struct lake_chunk *chunk;
        OK(lake_query(lake, sql.data, &result, &error));
        for (;;) {
            OK(lake_result_next(result, &chunk, &error));
            if (!chunk)
                break;
            for (size_t i = 0; i < chunk->rows; i++) {
                assert_true(lake_known(&chunk->columns[0], i));
                buffer_text(&out, lake_text(&chunk->columns[0], i));
                buffer_char(&out, '\n');
            }
        }
        lake_result_free(result);
        buffer_release(&sql);
    }
    struct identity_names names;
    OK(identity_names_load(&names, store, lake, NULL, &error));
    buffer_printf(&out, "customers %zu\n", names.count);
    identity_names_release(&names);
    lake_close(lake);
    return buffer_take(&out);
}

/* Every file under parts/ and rejects/ is listed, every listed one is there, and tmp/ is empty. */
static inline void hand_check_files(struct store *store)
{
    char command[1024], line[1024];
    size_t count, found = 0;
    const struct catalog_part *parts = store_parts(store, &count);
    snprintf(command, sizeof command, "cd \"%s\" && find parts tmp -type f", store_path(store));
    FILE *files = popen(command, "r");
    assert_non_null(files);
    while (fgets(line, sizeof line, files)) {
        line[strcspn(line, "\n")] = '\0';
        bool listed = false;
        for (size_t i = 0; i < count; i++)
            listed = listed || strcmp(parts[i].path, line) == 0;
        if (!listed)
            fail_msg("a file is left over: %s", line);
        found++;
    }
    pclose(files);
    assert_int_equal(found, count);
}

#endif
