/*
 * The second phase: all rows are read, as often as their types need, into DuckDB's table
 * `staged`. It settles the shape; from here on nobody changes it.
 */
#ifndef STRATA_INGEST_READ_H
#define STRATA_INGEST_READ_H

#include "ingest/chunks.h"
#include "ingest/understand.h"

#include "store/numbering.h"

enum { INGEST_DICTIONARY_MAX = 1000000 }; /* distinct texts before a column is stored plain */

struct ingest_staged {
    struct lake *lake;                       /* where the tables lie */
    struct numbering *identity, *dictionary; /* provisional numbers of customers and texts */
    struct ingest_scan scan;                 /* of the last pass: evidence and counts */
};

/* stage.c: the phase. Rows that cannot be used go to run->aside. */
enum status ingest_stage(const struct ingest_run *run, const struct ingest_understood *understood,
                         struct ingest_shape *shape, struct ingest_staged *staged,
                         struct error *error);
void ingest_staged_release(struct ingest_staged *staged);

/* ---- what is made of the staged rows before any is written ---- */

/* keep.c: whether what --type says is followed, odd values are few, and what widens is said. */
enum status ingest_check_types(const struct ingest_run *run,
                               const struct ingest_understood *understood,
                               const struct ingest_shape *shape, const struct ingest_staged *staged,
                               struct error *error);
/* times.c: warns of times that are hardly true, and says until when times are plausible. */
enum status ingest_check_times(const struct ingest_run *run,
                               const struct ingest_understood *understood,
                               const struct ingest_shape *shape, const struct ingest_staged *staged,
                               int64_t *plausible_until, struct error *error);

/* A count that one statement gives; 0 for NULL. */
enum status ingest_count_rows(const struct ingest_staged *staged, const char *sql, uint64_t *out,
                              struct error *error);
/* What makes a group of `staged`, as SQL: the lines of one invoice, less those in another
 * currency. */
const char *ingest_group_columns(const struct ingest_shape *shape);

#endif
