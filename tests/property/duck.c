#include "sql/sql.h"
#include "world.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void query(struct duck *duck, const char *statement)
{
    duckdb_result result;
    if (duckdb_query(duck->connection, statement, &result) == DuckDBError) {
        fprintf(stderr, "DuckDB: %s\nin: %.3000s\n", duckdb_result_error(&result), statement);
        abort();
    }
    duckdb_destroy_result(&result);
}

void duck_open(struct duck *duck)
{
    ENSURE(duckdb_open(NULL, &duck->database) == DuckDBSuccess);
    ENSURE(duckdb_connect(duck->database, &duck->connection) == DuckDBSuccess);
    query(duck, "SET threads = 1");
}

void duck_close(struct duck *duck)
{
    duckdb_disconnect(&duck->connection);
    duckdb_close(&duck->database);
}

void duck_run(struct duck *duck, const char *statements)
{
    for (const char *at = statements, *end; (end = strstr(at, ";\n")); at = end + 2) {
        char *one = base_malloc((size_t)(end - at) + 1);
        memcpy(one, at, (size_t)(end - at));
        one[end - at] = '\0';
        query(duck, one);
        free(one);
    }
}

static void append_text(duckdb_appender appender, const char *text)
{
    ENSURE(duckdb_append_varchar_length(appender, text, strlen(text)) == DuckDBSuccess);
}

static void append_set(duckdb_appender appender, const struct world_cell *cell)
{
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_value items[WORLD_ITEMS_MAX];
    for (int i = 0; i < cell->item_count; i++)
        items[i] = duckdb_create_varchar(cell->items[i]);
    duckdb_value list = duckdb_create_list_value(type, items, (idx_t)cell->item_count);
    duckdb_append_value(appender, list);
    duckdb_destroy_value(&list);
    for (int i = 0; i < cell->item_count; i++)
        duckdb_destroy_value(&items[i]);
    duckdb_destroy_logical_type(&type);
}

static void append_cell(duckdb_appender appender, enum value_type type,
                        const struct world_cell *cell)
{
    if (!cell->known) {
        duckdb_append_null(appender);
        if (type == VALUE_POINT)
            duckdb_append_null(appender);
        return;
    }
    switch (type) {
    case VALUE_BOOL: duckdb_append_bool(appender, cell->integer != 0); break;
    case VALUE_DOUBLE: duckdb_append_double(appender, cell->number); break;
    case VALUE_POINT:
        duckdb_append_double(appender, cell->number);
        duckdb_append_double(appender, cell->longitude);
        break;
    case VALUE_TEXT: append_text(appender, cell->text); break;
    case VALUE_SET: append_set(appender, cell); break;
    default: duckdb_append_int64(appender, cell->integer);
    }
}

static duckdb_appender open_table(struct duck *duck, const char *name)
{
    struct buffer statement;
    buffer_init(&statement, 0);
    buffer_string(&statement, "DELETE FROM ");
    buffer_sql_name(&statement, text_from(name));
    query(duck, statement.data);
    buffer_release(&statement);
    duckdb_appender appender;
    ENSURE(duckdb_appender_create(duck->connection, NULL, name, &appender) == DuckDBSuccess);
    return appender;
}

static void close_table(duckdb_appender appender)
{
    if (duckdb_appender_close(appender) == DuckDBError) {
        fprintf(stderr, "DuckDB: %s\n", duckdb_appender_error(appender));
        abort();
    }
    duckdb_appender_destroy(&appender);
}

static void append_rows(duckdb_appender appender, const struct world *world, size_t t)
{
    const struct schema_table *table = &world->schema->tables[t];
    const struct world_rows *rows = &world->rows[t];
    for (size_t i = 0; i < rows->list.count; i++) {
        const struct world_row *row = &rows->list.items[i];
        duckdb_appender_begin_row(appender);
        if (table->role == SCHEMA_REFERENCE) {
            append_text(appender, row->key);
        } else {
            duckdb_append_uint64(appender, world_number(world->base + row->customer));
            duckdb_append_int64(appender, row->time);
            duckdb_append_int64(appender, (int64_t)i);
        }
        for (size_t c = 0; c < table->column_count; c++)
            append_cell(appender, table->columns[c].type, &row->cells[c]);
        duckdb_appender_end_row(appender);
    }
}

static void append_customers(duckdb_appender appender, const struct world *world)
{
    for (int i = 0; i < world->customers; i++) {
        duckdb_appender_begin_row(appender);
        duckdb_append_uint64(appender, world_number(world->base + i));
        append_text(appender, world->identifiers[i]);
        duckdb_append_int64(appender, world_first(world, i));
        duckdb_appender_end_row(appender);
    }
}

static void append_records(duckdb_appender appender, const struct world *world)
{
    for (size_t i = 0; i < world->records.count; i++) {
        const struct world_record *record = &world->records.items[i];
        duckdb_appender_begin_row(appender);
        append_text(appender, record->segment);
        duckdb_append_uint64(appender, world_number(world->base + record->customer));
        duckdb_append_int64(appender, record->entered);
        duckdb_append_int64(appender, record->left);
        duckdb_appender_end_row(appender);
    }
}

static void append_lists(duckdb_appender appender, const struct world *world)
{
    for (size_t i = 0; i < world->lists.count; i++) {
        duckdb_appender_begin_row(appender);
        append_text(appender, world->lists.items[i].name);
        duckdb_append_uint64(appender, world_number(world->base + world->lists.items[i].customer));
        duckdb_appender_end_row(appender);
    }
}

static void load_table(struct duck *duck, const struct world *worlds, int count, size_t t)
{
    const struct schema_table *table = &worlds->schema->tables[t];
    bool reference = table->role == SCHEMA_REFERENCE;
    char name[300];
    snprintf(name, sizeof name, "%s.%s", reference ? "reference" : "fact", table->name);
    duckdb_appender appender = open_table(duck, name);
    for (int w = 0; w < (reference ? 1 : count); w++)
        append_rows(appender, &worlds[w], t);
    close_table(appender);
}

static void load_all(struct duck *duck, const struct world *worlds, int count, const char *name,
                     void (*append)(duckdb_appender, const struct world *))
{
    duckdb_appender appender = open_table(duck, name);
    for (int w = 0; w < count; w++)
        append(appender, &worlds[w]);
    close_table(appender);
}

void duck_load(struct duck *duck, const struct world *worlds, int count, bool create)
{
    if (create) {
        struct buffer statements;
        buffer_init(&statements, 0);
        sql_tables(worlds->schema, &statements);
        duck_run(duck, statements.data);
        buffer_release(&statements);
    }
    for (size_t t = 0; t < worlds->schema->table_count; t++)
        load_table(duck, worlds, count, t);
    load_all(duck, worlds, count, "activity", append_customers);
    load_all(duck, worlds, count, "record", append_records);
    load_all(duck, worlds, count, "list", append_lists);
}
