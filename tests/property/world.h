/*
 * A small world for tests: a schema, a zone, and data as plain rows, which becomes a population for
 * the evaluator and tables for DuckDB. Random worlds come from random_world.c, hand-written ones
 * from tests/golden.
 */
#ifndef STRATA_TESTS_PROPERTY_WORLD_H
#define STRATA_TESTS_PROPERTY_WORLD_H

#include "base/calendar.h"
#include "base/schema.h"
#include "base/vector.h"
#include "population/population.h"
#include "segment/segment.h"

#include "duckdb.h"

enum { WORLD_CROWDS = 3, WORLD_COLUMNS_MAX = 16, WORLD_ITEMS_MAX = 5 };

struct world_cell {
    bool known;
    int64_t integer; /* BOOL INT DECIMAL DATE TIME */
    double number;   /* DOUBLE; POINT: latitude */
    double longitude;
    const char *text;
    const char *items[WORLD_ITEMS_MAX]; /* SET, distinct */
    int item_count;
};
struct world_row {
    int customer; /* index; facts and tellings */
    int64_t time;
    const char *key; /* references */
    struct world_cell cells[WORLD_COLUMNS_MAX];
};
struct world_rows {
    VECTOR(struct world_row)
    list; /* in order of arrival; world_finish sorts by customer, then time */
};
struct world_record {
    const char *segment;
    int customer;
    int64_t entered, left;
};
struct world_list {
    const char *name;
    int customer;
};

struct world {
    struct arena arena;
    struct schema *schema;
    struct zone *zone; /* borrowed */
    int64_t now;
    int64_t
        crowd[WORLD_CROWDS];  /* moments in which much happens (random worlds); 0: not chosen yet */
    bool quiet;               /* nothing happens after now (random worlds) */
    bool stored;              /* goes through a store too; has no recorded memberships */
    const char **identifiers; /* by customer index; numbers are 3 × index + 7 */
    int base; /* in DuckDB its customers are numbered from this index on, beside those of other
                 worlds */
    int customers;
    struct world_rows *rows; /* by schema table */
    VECTOR(struct world_record) records;
    VECTOR(struct world_list) lists;
};

void world_init(struct world *world);
void world_release(struct world *world);
uint64_t world_number(int customer);
/* Sorts the rows; call once when all are there. */
void world_finish(struct world *world);
/* The customer's first fact or telling, 0 for an undated one; INT64_MAX when there is none. */
int64_t world_first(const struct world *world, int customer);
enum status world_population(const struct world *world, struct population **out,
                             struct error *error);

/* The same by way of a store: through several imports, with wrong ones between them that were
 * undone. Recorded memberships are left out. set: only what its segments read, traits from the
 * world's moment on; NULL: everything. */
enum status world_population_of_store(const struct world *world, const struct segment_set *set,
                                      uint64_t seed, struct population **out, struct error *error);

/* ---- DuckDB ---- */
struct duck {
    duckdb_database database;
    duckdb_connection connection;
};
void duck_open(struct duck *duck);
void duck_close(struct duck *duck);
/* Runs statements one by one, split at ";\n"; aborts with the message when one fails. */
void duck_run(struct duck *duck, const char *statements);
/* Empties the tables of sql_tables and fills them with the rows of the worlds, whose schema is one
 * and whose reference tables are the first one's; create: makes the tables first. */
void duck_load(struct duck *duck, const struct world *worlds, int count, bool create);

#endif
