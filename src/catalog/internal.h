/* What the files of this room share: statements with bound values, in one line. Nobody else
 * includes it. */
#ifndef STRATA_CATALOG_INTERNAL_H
#define STRATA_CATALOG_INTERNAL_H

#include "catalog/catalog.h"

#include <sqlite3.h>

struct catalog {
    sqlite3 *database;
    char *path;
    bool transaction;
    bool sealed;    /* the seals are of this generation and were right when they were looked at */
    bool stale[16]; /* sealed tables that this transaction writes to, as seal.c lists them */
};

/* Seals (seal.c). Watching has to begin before any statement is prepared. */
void catalog_seal_watch(struct catalog *catalog);
/* At the begin of a writing transaction: makes the tables that an older program did not know. */
enum status catalog_seal_prepare(struct catalog *catalog, struct error *error);
/* At the end of one: notes the sums of what it has changed. */
enum status catalog_seal(struct catalog *catalog, struct error *error);
void catalog_seal_done(struct catalog *catalog, bool committed);
/* On opening: whether the small tables are what was saved. Outside a transaction. */
enum status catalog_seal_check(struct catalog *catalog, struct error *error);
/* Before reading: whether the rows of a segment ("membership") or a list ("list_item") are. */
enum status catalog_seal_item(struct catalog *catalog, const char *table, const char *item,
                              struct error *error);
/* The same for every item that there is or should be; each, when not NULL, is told of those that
 * are damaged and the rest is looked at all the same. */
enum status catalog_seal_items(struct catalog *catalog, const char *table,
                               void (*each)(void *context, const struct error *problem),
                               void *context, struct error *error);

/* That no item of such a table has lost all its rows: for who lists the items, and then reads
 * those. */
enum status catalog_seal_whole(struct catalog *catalog, const char *table, struct error *error);

/* Before the first write to such a table in a transaction: the commit seals all its items anew, and
 * what was damaged before must not thereby become good. except: an item that is written whole, or
 * NULL. */
enum status catalog_seal_before(struct catalog *catalog, const char *table, const char *except,
                                struct error *error);

/* Made in new catalogs, and in older ones by the first change. */
#define CATALOG_SEAL_TABLES                                                                       \
    "CREATE TABLE IF NOT EXISTS checksum (part INTEGER NOT NULL, piece TEXT NOT NULL, value "     \
    "INTEGER NOT NULL,"                                                                           \
    " ranges BLOB NOT NULL, PRIMARY KEY (part, piece)) WITHOUT ROWID;"                            \
    "CREATE TABLE IF NOT EXISTS seal (name TEXT NOT NULL, item TEXT NOT NULL, value INTEGER NOT " \
    "NULL,"                                                                                       \
    " PRIMARY KEY (name, item)) WITHOUT ROWID"

/* Of an import as SQL: whether it tells scores in the form of earlier versions, as traits from the
 * source "model:NAME". */
#define CATALOG_SCORED_BEFORE "what = 'traits' AND sources GLOB '[[]\"model:*'"
/* Whether it tells scores in any form. */
#define CATALOG_IS_SCORES "(what = 'scores' OR " CATALOG_SCORED_BEFORE ")"

/* Runs statements that give nothing back. */
enum status catalog_execute(struct catalog *catalog, const char *sql, struct error *error);
/* Turns SQLite's failure into ours. */
enum status catalog_failure(struct catalog *catalog, struct error *error) MUST_USE;
/* "FILE is damaged: …", with what to do about it. */
enum status catalog_damaged(const struct catalog *catalog, struct error *error, const char *format,
                            ...) PRINTF_LIKE(3, 4) MUST_USE;
/* Prepares sql and binds values by format, a letter each: i int64_t, u uint64_t, s const char *
 * (NULL is NULL), t struct text, b struct text as a blob. */
enum status catalog_query(struct catalog *catalog, sqlite3_stmt **out, struct error *error,
                          const char *sql, const char *format, ...);
/* The same, run to its end at once. */
enum status catalog_run(struct catalog *catalog, struct error *error, const char *sql,
                        const char *format, ...);
enum status catalog_runv(struct catalog *catalog, struct error *error, const char *sql,
                         const char *format, va_list values);
/* *row says whether there is a (further) row. On the end and on failure the statement is finalized
 * and *statement NULL.
 */
enum status catalog_step(struct catalog *catalog, sqlite3_stmt **statement, bool *row,
                         struct error *error);
/* A column's text in arena; NULL for NULL. */
const char *catalog_column_text(sqlite3_stmt *statement, int column, struct arena *arena);
/* An array of the arena's with room for one more than count items of size bytes; a full one is
 * copied to twice the room. Rows are counted as they come: a count(*) asks another index, and of a
 * damaged catalog that may say another number. */
void *catalog_room(struct arena *arena, void *items, size_t count, size_t *room, size_t size);
/* The first column of the first row as an integer; fallback without a row. */
enum status catalog_integer(struct catalog *catalog, const char *sql, int64_t fallback,
                            int64_t *out, struct error *error);

#endif
