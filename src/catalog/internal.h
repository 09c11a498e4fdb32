/* What the files of this room share: statements with bound values, in one line. Nobody else includes it. */
#ifndef STRATA_CATALOG_INTERNAL_H
#define STRATA_CATALOG_INTERNAL_H

#include "catalog/catalog.h"

#include <sqlite3.h>

struct catalog {
    sqlite3 *database;
    char *path;
    bool transaction;
};

/* Turns SQLite's failure into ours. */
enum status catalog_failure(struct catalog *catalog, struct error *error) MUST_USE;
/* Prepares sql and binds values by format, a letter each: i int64_t, u uint64_t, s const char * (NULL is NULL), t
 * struct text, b struct text as a blob. */
enum status catalog_query(struct catalog *catalog, sqlite3_stmt **out, struct error *error, const char *sql,
                          const char *format, ...);
/* The same, run to its end at once. */
enum status catalog_run(struct catalog *catalog, struct error *error, const char *sql, const char *format, ...);
enum status catalog_runv(struct catalog *catalog, struct error *error, const char *sql, const char *format,
                         va_list values);
/* *row says whether there is a (further) row. On the end and on failure the statement is finalized and *statement NULL.
 */
enum status catalog_step(struct catalog *catalog, sqlite3_stmt **statement, bool *row, struct error *error);
/* A column's text in arena; NULL for NULL. */
const char *catalog_column_text(sqlite3_stmt *statement, int column, struct arena *arena);
/* The first column of the first row as an integer; fallback without a row. */
enum status catalog_integer(struct catalog *catalog, const char *sql, int64_t fallback, int64_t *out,
                            struct error *error);

#endif
