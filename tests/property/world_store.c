/*
 * A world that went through a store: its rows came in several imports, and between them came
 * others, wrong ones, which were undone. The population that is loaded from such a store must be
 * the world's, whatever was there for a while.
 */
#include "random.h"

#include "base/number.h"
#include "identity/identity.h"
#include "population/load.h"
#include "segment/reads.h"
#include "support/folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 2, PARTS = 2 };

struct keeper {
    const struct world *world;
    struct random *random;
    char path[512];
    struct store *store;
    struct lake *lake;
    VECTOR(uint32_t) wrong; /* imports to undo */
};

/* ---- rows as SQL ---- */

static void put_text(struct buffer *sql, const char *text)
{
    buffer_char(sql, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buffer_char(sql, '\'');
        buffer_char(sql, *text);
    }
    buffer_char(sql, '\'');
}

/* What is unknown comes in all the ways in which parts can have it, those of older stores too. */
static const char *unknown_cell(enum value_type type, size_t which)
{
    static const char *const places[] = {"NULL", "{'latitude': NULL, 'longitude': 16.3}",
                                         "{'latitude': 'nan'::DOUBLE, 'longitude': 0}",
                                         "{'latitude': NULL, 'longitude': NULL}"};
    static const char *const numbers[] = {"NULL", "'nan'::DOUBLE", "'inf'::DOUBLE",
                                          "'-inf'::DOUBLE"};
    return type == VALUE_POINT    ? places[which % 4]
           : type == VALUE_DOUBLE ? numbers[which % 4]
                                  : "NULL";
}

static void put_cell(struct buffer *sql, const struct schema_column *column,
                     const struct world_cell *cell)
{
    buffer_string(sql, ", ");
    if (!cell->known) {
        buffer_string(sql,
                      unknown_cell(column->type, sql->length / 7)); /* any, but always the same */
        return;
    }
    switch (column->type) {
    case VALUE_DOUBLE: buffer_printf(sql, "%.17g", cell->number); break;
    case VALUE_POINT:
        buffer_printf(sql, "{'latitude': %.17g, 'longitude': %.17g}", cell->number,
                      cell->longitude);
        break;
    case VALUE_TEXT: put_text(sql, cell->text); break;
    case VALUE_SET:
        buffer_char(sql, '[');
        for (int i = 0; i < cell->item_count; i++) {
            buffer_string(sql, i ? ", " : "");
            put_text(sql, cell->items[i]);
        }
        buffer_char(sql, ']');
        break;
    default: buffer_printf(sql, "%" PRId64, cell->integer);
    }
}

/* The column as parts hold it, made of the VALUES column c<at>. */
static void put_column(struct buffer *sql, const struct schema_column *column, size_t at)
{
    struct buffer name;
    buffer_init(&name, 0);
    buffer_sql_name(&name, text_from(column->name));
    switch (column->type) {
    case VALUE_BOOL: buffer_printf(sql, ", (c%zu <> 0) AS ", at); break;
    case VALUE_DATE: buffer_printf(sql, ", DATE '1970-01-01' + c%zu::INTEGER AS ", at); break;
    case VALUE_TIME: buffer_printf(sql, ", make_timestamp(c%zu::BIGINT * 1000000) AS ", at); break;
    case VALUE_DECIMAL:
        buffer_printf(sql,
                      ", (c%zu::DECIMAL(18,0)::HUGEINT::DECIMAL(38,%d) / %" PRId64
                      ")::DECIMAL(18,%d) AS ",
                      at, column->scale, number_power10(column->scale), column->scale);
        break;
    case VALUE_DOUBLE: buffer_printf(sql, ", c%zu::DOUBLE AS ", at); break;
    case VALUE_POINT:
        buffer_printf(sql, ", c%zu::STRUCT(latitude DOUBLE, longitude DOUBLE) AS ", at);
        break;
    case VALUE_TEXT: buffer_printf(sql, ", c%zu::VARCHAR AS ", at); break;
    case VALUE_SET: buffer_printf(sql, ", c%zu::VARCHAR[] AS ", at); break;
    default: buffer_printf(sql, ", c%zu::BIGINT AS ", at);
    }
    buffer_string(sql, name.data);
    bool set = column->type == VALUE_SET;
    if (set || column->type == VALUE_TEXT) {
        buffer_printf(sql, ", %s(c%zu::%s, arrival::UBIGINT) AS \"%s#\"", set ? "code_set" : "code",
                      at, set ? "VARCHAR[]" : "VARCHAR", column->name);
    }
    buffer_release(&name);
}

static void put_select(struct buffer *sql, const struct world *world,
                       const struct schema_table *table, const struct world_rows *rows)
{
    bool reference = table->role == SCHEMA_REFERENCE;
    buffer_string(
        sql,
        reference
            ? "SELECT who AS key, code(who, arrival::UBIGINT) AS \"key#\""
            : "SELECT cust(who, arrival::UBIGINT) AS customer, \"time\"::UINTEGER AS \"time\"");
    buffer_string(sql, ", 0::UINTEGER AS import, arrival::UBIGINT AS arrival");
    for (size_t c = 0; c < table->column_count; c++)
        put_column(sql, &table->columns[c], c);
    buffer_string(sql, " FROM (VALUES ");
    for (size_t i = 0; i < rows->list.count; i++) {
        const struct world_row *row = &rows->list.items[i];
        buffer_string(sql, i ? ", (" : "(");
        put_text(sql, reference ? row->key : world->identifiers[row->customer]);
        buffer_printf(sql, ", %" PRId64 ", %zu", row->time, i);
        for (size_t c = 0; c < table->column_count; c++)
            put_cell(sql, &table->columns[c], &row->cells[c]);
        buffer_char(sql, ')');
    }
    buffer_string(sql, ") v(who, \"time\", arrival");
    for (size_t c = 0; c < table->column_count; c++)
        buffer_printf(sql, ", c%zu", c);
    buffer_char(sql, ')');
}

/* ---- imports ---- */

static enum status add_schema(struct keeper *keeper, const struct schema_table *table,
                              uint32_t import, struct error *error)
{
    struct catalog_column columns[WORLD_COLUMNS_MAX] = {0};
    for (size_t c = 0; c < table->column_count; c++) {
        bool exact = table->columns[c].type == VALUE_INT || table->columns[c].type == VALUE_DECIMAL;
        columns[c].column = table->columns[c];
        columns[c].whole_digits = exact ? 18 - table->columns[c].scale : 0;
    }
    return catalog_add_schema(
        store_catalog(keeper->store), import,
        &(struct catalog_table){.name = table->name,
                                .role = table->role,
                                .key = table->role == SCHEMA_REFERENCE ? "key" : NULL,
                                .columns = columns,
                                .column_count = table->column_count},
        error);
}

static enum status write_part(struct keeper *keeper, struct store_change *change, struct lake *lake,
                              const struct schema_table *table, uint32_t import,
                              struct error *error)
{
    char sql[100];
    enum part_role role = table->role == SCHEMA_FACTS    ? PART_FACTS
                          : table->role == SCHEMA_TRAITS ? PART_TRAITS
                                                         : PART_REFERENCE;
    snprintf(sql, sizeof sql, "SELECT * REPLACE (%u::UINTEGER AS import) FROM staged", import);
    return store_write_part(
        change, lake, &(struct store_new_part){.table = table->name, .role = role, .select = sql},
        NULL, error);
}

static enum status import_rows(struct keeper *keeper, const struct schema_table *table,
                               const struct world_rows *rows, bool wrong, struct error *error)
{
    struct store_change *change = NULL;
    struct numbering *identity = NULL, *dictionary = NULL;
    struct lake *lake = NULL;
    struct catalog *catalog = store_catalog(keeper->store);
    uint32_t number;
    struct buffer sql;
    enum status status;
    buffer_init(&sql, 0);
    buffer_string(&sql, "CREATE OR REPLACE TABLE staged AS ");
    put_select(&sql, keeper->world, table, rows);
    TRY_GOTO(store_lake(keeper->store, THREADS, &lake, error));
    TRY_GOTO(store_begin(keeper->store, &change, error));
    TRY_GOTO(identity_load(keeper->store, lake, &identity, error));
    TRY_GOTO(store_load_dictionary(keeper->store, lake, &dictionary, error));
    TRY_GOTO(store_register_numbering(lake, "cust", identity, error));
    TRY_GOTO(store_register_numbering(lake, "code", dictionary, error));
    TRY_GOTO(catalog_add_import(catalog,
                                &(struct catalog_import){.received = 1,
                                                         .content_hash = wrong ? "wrong" : "right",
                                                         .table = table->name},
                                &number, error));
    TRY_GOTO(add_schema(keeper, table, number, error));
    TRY_GOTO(lake_execute(lake, sql.data, error));
    store_numbering_settle_as_met(identity);
    store_numbering_settle_as_met(dictionary);
    TRY_GOTO(write_part(keeper, change, lake, table, number, error));
    TRY_GOTO(identity_write(change, lake, identity, error));
    TRY_GOTO(store_write_dictionary(change, lake, dictionary, error));
    TRY_GOTO(store_commit(change, error));
    if (wrong)
        VECTOR_PUSH(&keeper->wrong, number);
done:
    lake_close(lake);
    store_numbering_free(identity);
    store_numbering_free(dictionary);
    buffer_release(&sql);
    return status;
}

/* Rows that never were: cells from here and there, other customers, other times. */
static void wrong_rows(struct keeper *keeper, const struct world_rows *rows, struct world_rows *out)
{
    for (size_t i = 0; i < rows->list.count && i < 60; i++) {
        const struct world_row *other =
            &rows->list.items[random_below(keeper->random, (int)rows->list.count)];
        struct world_row row = rows->list.items[i];
        memcpy(row.cells, other->cells, sizeof row.cells);
        row.customer = random_below(keeper->random, keeper->world->customers);
        row.time -= row.time > 86400 ? random_below(keeper->random, 3) * 43200 : 0;
        VECTOR_PUSH(&out->list, row);
    }
}

static bool tells_all(const struct schema_table *table, const struct world_row *row)
{
    for (size_t c = 0; c < table->column_count; c++)
        if (!row->cells[c].known)
            return false;
    return true;
}

/* Whether another row of the customer is of the same second. */
static bool shares_second(const struct world_rows *rows, const struct world_row *row)
{
    for (size_t i = 0; i < rows->list.count; i++) {
        const struct world_row *other = &rows->list.items[i];
        if (other != row && other->customer == row->customer && other->time == row->time)
            return true;
    }
    return false;
}

/* A customer's rows of one second stay together, so that they keep their order; but tellings that
 * tell everything come by themselves, so that they overrule others. Reference rows all come first.
 */
static bool comes_later(const struct schema_table *table, const struct world_rows *rows,
                        const struct world_row *row)
{
    if (table->role == SCHEMA_REFERENCE)
        return false;
    if (table->role == SCHEMA_TRAITS)
        return tells_all(table, row) && !shares_second(rows, row);
    return row->customer % 3 == 0;
}

static enum status import_table(struct keeper *keeper, size_t t, struct error *error)
{
    const struct schema_table *table = &keeper->world->schema->tables[t];
    const struct world_rows *rows = &keeper->world->rows[t];
    struct world_rows imports[PARTS + 1] = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < rows->list.count; i++) {
        const struct world_row *row = &rows->list.items[i];
        VECTOR_PUSH(&imports[comes_later(table, rows, row) ? PARTS : 0].list, *row);
    }
    wrong_rows(keeper, rows, &imports[1]);
    for (int i = 0; i <= PARTS && status == STATUS_OK; i++)
        if (imports[i].list.count)
            status = import_rows(keeper, table, &imports[i], i == 1, error);
    for (int i = 0; i <= PARTS; i++)
        VECTOR_RELEASE(&imports[i].list);
    return status;
}

static enum status save_lists(struct keeper *keeper, struct error *error)
{
    const struct world *world = keeper->world;
    struct store_change *change;
    struct text *names = base_calloc(world->lists.count + 1, sizeof *names);
    enum status status;
    TRY_GOTO(store_begin(keeper->store, &change, error));
    for (size_t i = 0; i < world->lists.count;) {
        const char *name = world->lists.items[i].name;
        size_t count = 0;
        for (; i < world->lists.count && strcmp(world->lists.items[i].name, name) == 0; i++)
            names[count++] = text_from(world->identifiers[world->lists.items[i].customer]);
        TRY_GOTO(catalog_save_list(store_catalog(keeper->store),
                                   &(struct catalog_list){name, "-", 1, names, count}, error));
    }
    TRY_GOTO(store_commit(change, error));
done:
    free(names);
    return status;
}

/* ---- the population ---- */

/* The world's own numbers in the place of the store's. */
static void renumber(const struct world *world, struct population *population)
{
    for (uint32_t position = 0; position < population->customers; position++) {
        struct text name = population_identifier(population, position);
        int customer = 0;
        while (customer < world->customers &&
               !text_equal(name, text_from(world->identifiers[customer])))
            customer++;
        ENSURE(customer < world->customers);
        ((uint64_t *)population->number)[position] = world_number(customer);
    }
}

static enum status fill(struct keeper *keeper, struct error *error)
{
    for (size_t t = 0; t < keeper->world->schema->table_count; t++)
        TRY(import_table(keeper, t, error));
    TRY(save_lists(keeper, error));
    for (size_t i = 0; i < keeper->wrong.count; i++)
        TRY(store_undo(keeper->store, keeper->lake, keeper->wrong.items[i], 2, error));
    return STATUS_OK;
}

static enum status open_store(struct keeper *keeper, struct error *error)
{
    ENSURE(folder_make(keeper->path, sizeof keeper->path));
    TRY(store_create(keeper->path, keeper->world->schema->zone, NULL, error));
    TRY(store_open(keeper->path, STORE_WRITE, "test", &keeper->store, error));
    return store_lake(keeper->store, THREADS, &keeper->lake, error);
}

/* What the segments read at the world's moment, and no more. */
static enum status load_needed(struct keeper *keeper, const struct segment_set *set,
                               struct population **out, struct error *error)
{
    const struct world *world = keeper->world;
    struct arena arena;
    arena_init(&arena, 0);
    struct segment_needs needs = segment_needs(set, world->schema, NULL, -1, &arena);
    struct population_need *wanted = ARENA_ARRAY(&arena, struct population_need, needs.count + 1);
    for (size_t i = 0; i < needs.count; i++)
        wanted[i] = (struct population_need){needs.items[i].table, needs.items[i].columns,
                                             needs.items[i].earlier};
    struct population_load what = {.needs = wanted,
                                   .need_count = needs.count,
                                   .lists = true,
                                   .known_at = INT64_MAX,
                                   .traits_from = world->now};
    enum status status =
        population_load(keeper->store, keeper->lake, &what, world->zone, NULL, out, error);
    arena_release(&arena);
    return status;
}

enum status world_population_of_store(const struct world *world, const struct segment_set *set,
                                      uint64_t seed, struct population **out, struct error *error)
{
    struct random random = {seed};
    struct keeper keeper = {.world = world, .random = &random};
    struct population_load everything = {.everything = true, .lists = true, .known_at = INT64_MAX};
    enum status status;
    *out = NULL;
    TRY_GOTO(open_store(&keeper, error));
    TRY_GOTO(fill(&keeper, error));
    TRY_GOTO(set ? load_needed(&keeper, set, out, error)
                 : population_load(keeper.store, keeper.lake, &everything, world->zone, NULL, out,
                                   error));
    renumber(world, *out);
done:
    lake_close(keeper.lake);
    store_close(keeper.store);
    VECTOR_RELEASE(&keeper.wrong);
    ENSURE(folder_remove(keeper.path) == 0);
    return status;
}
