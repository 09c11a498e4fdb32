/* A store made by SELECTs, for tests of what is loaded from it. */
#ifndef STRATA_TESTS_UNIT_POPULATION_WORLD_H
#define STRATA_TESTS_UNIT_POPULATION_WORLD_H

#include "identity/identity.h"
#include "population/load.h"

#include <stdio.h>

#include "support/folder.h"
#include "unit/unit.h"

static struct error error;

#define OK(call)                                                                       \
    do {                                                                               \
        if ((call) != STATUS_OK)                                                       \
            fail_msg("%s:%d: %s (%s)", __FILE__, __LINE__, error.message, error.hint); \
    } while (0)

struct world {
    char path[512];
    struct store *store;
    struct lake *lake;
    struct zone *zone;
    struct pool *pool;
};

static void setup(struct world *world)
{
    assert_non_null(folder_make(world->path, sizeof world->path));
    OK(store_create(world->path, "Europe/Vienna", NULL, &error));
    OK(store_open(world->path, STORE_WRITE, "test", &world->store, &error));
    OK(store_lake(world->store, 2, &world->lake, &error));
    OK(zone_open("Europe/Vienna", &world->zone, &error));
    world->pool = pool_new(2);
}

static void teardown(struct world *world)
{
    pool_free(world->pool);
    lake_close(world->lake);
    store_close(world->store);
    zone_close(world->zone);
    assert_int_equal(folder_remove(world->path), 0);
}

struct import {
    const char *table;
    enum schema_role role;
    const char *select; /* identifier, time, arrival, then columns; `t` texts become codes by
                           code(t, arrival) */
    const struct catalog_column *columns;
    size_t column_count;
    int64_t received;
};

/* Runs an import whose select uses code() and code_set() for codes and cust() for customers. */
static void run(struct world *world, const struct import *import)
{
    struct store_change *change;
    struct numbering *identity, *dictionary;
    struct lake *lake;
    uint32_t number;
    char sql[4000];
    OK(store_lake(world->store, 2, &lake, &error));
    OK(store_begin(world->store, &change, &error));
    OK(identity_load(world->store, lake, &identity, &error));
    OK(store_load_dictionary(world->store, lake, &dictionary, &error));
    OK(store_register_numbering(lake, "cust", identity, &error));
    OK(store_register_numbering(lake, "code", dictionary, &error));
    OK(catalog_add_import(
        store_catalog(world->store),
        &(struct catalog_import){.received = import->received, .table = import->table}, &number,
        &error));
    OK(catalog_add_schema(
        store_catalog(world->store), number,
        &(struct catalog_table){.name = import->table,
                                .role = import->role,
                                .key = import->role == SCHEMA_REFERENCE ? "key" : NULL,
                                .columns = import->columns,
                                .column_count = import->column_count},
        &error));
    snprintf(sql, sizeof sql, "CREATE OR REPLACE TABLE staged AS %s", import->select);
    OK(lake_execute(lake, sql, &error));
    store_numbering_settle_as_met(identity);
    store_numbering_settle_as_met(dictionary);
    snprintf(sql, sizeof sql, "SELECT * REPLACE (%u::UINTEGER AS import) FROM staged", number);
    enum part_role role = import->role == SCHEMA_FACTS    ? PART_FACTS
                          : import->role == SCHEMA_TRAITS ? PART_TRAITS
                                                          : PART_REFERENCE;
    OK(store_write_part(
        change, lake, &(struct store_new_part){.table = import->table, .role = role, .select = sql},
        NULL, &error));
    OK(identity_write(change, lake, identity, &error));
    OK(store_write_dictionary(change, lake, dictionary, &error));
    OK(store_commit(change, &error));
    lake_close(lake);
    store_numbering_free(identity);
    store_numbering_free(dictionary);
}

static struct population *load(struct world *world, const struct population_load *what)
{
    struct population *population = NULL;
    OK(population_load(world->store, world->lake, what, world->zone, world->pool, &population,
                       &error));
    return population;
}

#endif
