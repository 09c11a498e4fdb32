/* What the files of loading share. Nobody else includes it. */
#ifndef STRATA_POPULATION_LOADING_H
#define STRATA_POPULATION_LOADING_H

#include "base/vector.h"
#include "population/dictionary.h"
#include "population/load.h"
#include "store/numbering.h"

#include <pthread.h>
#include <stdatomic.h>

struct loading {
    struct store *store;
    struct lake *lake;
    struct pool *pool; /* may be NULL */
    const struct population_load *what;
    const struct schema *schema;
    struct population_builder *builder;
    struct arena arena;
    uint32_t until;         /* imports after this one are hidden; UINT32_MAX: none */
    uint32_t limit;         /* customer numbers are below */
    uint32_t *position;     /* by customer number; UINT32_MAX: nobody */
    const uint64_t *number; /* by position; the builder's */
    uint32_t customers;
    struct dictionary *dictionary; /* the builder's */
};

/* Of a TIMESTAMP of DuckDB's, which counts microseconds; rounded down, before 1970 as well. */
static inline int64_t loading_seconds(int64_t microseconds)
{
    enum { A_SECOND = 1000000 };
    return microseconds / A_SECOND - (microseconds % A_SECOND < 0);
}
/* until as struct store_read wants it. */
uint32_t loading_until(const struct loading *loading);
/* Whether any row of the part may be seen. */
bool loading_sees(const struct loading *loading, const struct catalog_part *part);
/* The activity part that stands beside a part of facts or traits, or NULL. */
const struct catalog_part *loading_activity(const struct loading *loading,
                                            const struct catalog_part *part);
bool loading_has_column(const struct catalog_part *part, const char *name);
/* "name#", in the arena: the column of a text's codes. */
const char *loading_codes(struct loading *loading, const char *name);
/* Whether the part's texts of that column come as codes: also where it has no such column at all,
 * as unknown values are no texts. */
bool loading_is_coded(struct loading *loading, const struct schema_column *column,
                      const struct catalog_part *part);
/* Sets error to what cannot be in a store that is whole: STATUS_CORRUPT. */
enum status loading_damaged(struct error *error, const char *format, ...)
    PRINTF_LIKE(2, 3) MUST_USE;
enum status loading_unknown_customer(uint32_t number, struct error *error);
/* Who exists, in order; the builder gets them. */
enum status loading_customers(struct loading *loading, struct error *error);
/* All texts there are. */
enum status loading_dictionary(struct loading *loading, struct error *error);
/* Loads a table of facts or traits with these columns into the builder. */
enum status loading_table(struct loading *loading, const struct schema_table *schema,
                          const struct schema_column *const *columns, size_t count,
                          struct error *error);
/* The same for a reference table. */
enum status loading_reference(struct loading *loading, const struct schema_table *table,
                              const struct schema_column *const *columns, size_t count,
                              struct error *error);

/*
 * Columns on their way in (load_column.c).
 */

/* Rows of a chunk that stay together: `count` rows from `from` in the chunk on go to row `to` of
 * the table and on. */
struct inlet_run {
    uint32_t from, to, count;
};

struct inlet_chunk {
    const struct inlet_run *runs;
    size_t run_count, rows;
    /* by row of the chunk: which row of all that are read it is, less `base` */
    const int64_t *sources;
    size_t base;
};

struct inlet {
    const struct schema_column *column;
    bool sparse;                 /* some part lacks the column: rows are unknown until they come */
    struct numbering *numbering; /* texts that come without codes; NULL: all come with them */
    size_t met_step, met;        /* row × met_step + met: where a text was met */
    int64_t least, most; /* over all parts, before reading; least > most: nothing is known */
    struct population_column out;
    size_t rows;
    _Atomic(uint64_t *) known; /* made when the first unknown value comes */
    atomic_bool wrong;         /* a value was beyond least and most */
    /* codes that are provisional until all is read; of SET: all, in order of arrival */
    uint32_t *wide;
    uint32_t *set_at, *set_length;
    size_t set_used, set_capacity;
    pthread_mutex_t mutex; /* guards sets and the making of known */
};

void inlet_init(struct inlet *inlet, const struct schema_column *column);
void inlet_release(struct inlet *inlet);
/* Whether the column's least and most decide how wide it is stored. */
bool inlet_is_ranged(const struct inlet *inlet);
/* Makes room for rows, as narrow as least and most allow; sparse is said before. */
void inlet_open(struct inlet *inlet, size_t rows);
/* Puts a chunk's values to their places; from many threads. coded: texts come as codes. */
void inlet_put(struct inlet *inlet, const struct lake_vector *vector, bool coded,
               const struct inlet_chunk *chunk);
/* All is read: makes inlet->out whole. The numbering is settled; code_count: of the dictionary,
 * with its new texts. */
enum status inlet_close(struct inlet *inlet, size_t code_count, struct error *error);
/* Four bytes a value as they are; for times. */
void inlet_put_plain(const uint32_t *from, uint32_t *to, const struct inlet_chunk *chunk);

/* Whether a row's value is known. A number that is none (NaN, or beyond all bounds) never is, nor
 * is a place of which half is missing, whatever the part says. */
bool loading_is_told(const struct lake_vector *vector, size_t row);

/*
 * One table (load_table.c) and the places of its rows (load_place.c).
 */
struct table_loading {
    struct loading *loading;
    const struct schema_table *table;
    struct inlet *inlets;
    size_t inlet_count;
    const struct catalog_part **parts;
    size_t *base; /* where each part's rows begin among all rows read */
    size_t part_count, total, rows;
    uint32_t *offset, *time; /* of the finished table */
    /* by customer number, while parts come one after the other */
    uint32_t *start;   /* first row in the part being read, one entry more than customers; counts of
                          rows before */
    uint32_t *done;    /* rows in the parts before it; NULL: it is the only one */
    uint32_t *latest;  /* the last moment in the parts before it, while it is found out whether they
                          follow each other */
    atomic_bool mixed; /* they do not */
    /* else, by row read */
    uint32_t *customer, *read_time,
        *import; /* customer numbers, UINT32_MAX: hidden; imports when parts share them */
    uint64_t *arrival;
    uint32_t *place;               /* final row, UINT32_MAX: hidden */
    struct overruling *overruling; /* NULL: every telling stays */
    struct numbering *numbering;
};

struct inlet_source {
    struct inlet *inlet;
    bool coded;
};

/* Parts being read: what the function writes through. */
struct put {
    struct table_loading *table;
    const size_t *base; /* by part: where its rows begin among all that are read */
    size_t part_count;
    const size_t *order; /* the part that each number in the query stands for */
    /* of the arguments that are columns: which inlet's it is, and whether it is a code, not a text
     */
    const struct inlet_source *sources;
    size_t source_count;
};
/* Which rows of all that are read a chunk's are: those returned, and *base more. room: as many as
 * the chunk has. */
const int64_t *loading_rows(const struct put *put, const struct lake_chunk *in, int64_t *room,
                            size_t *base);

typedef enum status put_function(void *context, const struct lake_chunk *in,
                                 struct lake_output *out, struct error *error);

/* How the part holds the column, as codes or as values; NULL when it has none. *as_is: of the type
 * that is asked for now. */
const struct catalog_part_column *loading_stored(const struct table_loading *table,
                                                 const struct inlet *inlet, size_t part,
                                                 bool *as_is);
/* Whether the part has the column, or its texts' codes. */
bool loading_is_in_part(const struct table_loading *table, const struct inlet *inlet, size_t part);

/* Whether any row of the part has a place; only once places are known. */
bool loading_is_read(const struct table_loading *table, size_t part);
/* Finds the inlets' least and most (load_ranges.c). */
enum status loading_ranges(struct table_loading *table, struct error *error);

/*
 * Tellings of traits that later ones overrule (load_overruled.c).
 */
struct overruling;
/* NULL where all stay: other tables, whole histories asked for, or no part that another overrules.
 * In the loading's arena. */
struct overruling *overruling_new(struct table_loading *table);
/* Of one customer's rows in order of time those that stay, moved to the front; how many. `row` are
 * rows as read, `time` by row as read. From many threads. */
size_t overruling_sift(const struct overruling *overruling, uint32_t *row, size_t count,
                       const uint32_t *time);

/* Runs `run` over every row of these parts, with these columns as arguments; context is a struct
 * put with these sources. Behind the columns come each row's part (unless it is one alone) and its
 * place there: types has them too. */
enum status loading_read_parts(struct table_loading *table, const size_t *parts, size_t count,
                               const char *const *columns, const char *const *types,
                               size_t column_count, put_function *run,
                               const struct inlet_source *sources, size_t source_count,
                               struct error *error);
enum status loading_differs(const struct table_loading *table, struct error *error);
/* Finds offset, rows and where each row of each part goes. Afterwards either place says it, and
 * time is there already; or place is NULL, parts are read one after the other in their order, and
 * time is a column like any other. */
enum status loading_place_rows(struct table_loading *table, struct error *error);
/* Before part p is read, when place is NULL. */
enum status loading_next_part(struct table_loading *table, size_t p, struct error *error);
/* Where a chunk of the part being read goes: at most `count` runs. */
size_t loading_find_runs(const struct table_loading *table, size_t base, const int64_t *rows,
                         size_t count, struct inlet_run *runs);

#endif
