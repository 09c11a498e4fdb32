/*
 * Opening the catalog, transactions, counters, settings, and the statements that the other files
 * use.
 */
#include "catalog/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "Stra": marks the file as a catalog of ours. */
#define APPLICATION_ID 0x53747261

static const char *const creation =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE import (number INTEGER PRIMARY KEY, received INTEGER NOT NULL,"
    " what TEXT NOT NULL, table_name TEXT NOT NULL, sources TEXT NOT NULL,"
    " content_hash TEXT NOT NULL, mapping TEXT NOT NULL, mapping_hash TEXT NOT NULL,"
    " counts TEXT NOT NULL, replaces INTEGER NOT NULL, undone INTEGER NOT NULL);"
    "CREATE INDEX import_by_content ON import (content_hash, table_name);"
    "CREATE TABLE schema_table (import INTEGER NOT NULL, name TEXT NOT NULL,"
    " role INTEGER NOT NULL, key TEXT, PRIMARY KEY (import, name)) WITHOUT ROWID;"
    "CREATE TABLE schema_column (import INTEGER NOT NULL, table_name TEXT NOT NULL,"
    " position INTEGER NOT NULL, name TEXT NOT NULL, type INTEGER NOT NULL,"
    " scale INTEGER NOT NULL, whole_digits INTEGER NOT NULL, refers TEXT, currency TEXT,"
    " currencies TEXT, plain INTEGER NOT NULL, undated INTEGER NOT NULL,"
    " PRIMARY KEY (import, table_name, position)) WITHOUT ROWID;"
    "CREATE TABLE part (number INTEGER PRIMARY KEY, owner INTEGER NOT NULL,"
    " table_name TEXT NOT NULL, role INTEGER NOT NULL, path TEXT NOT NULL,"
    " first_import INTEGER NOT NULL, last_import INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,"
    " added INTEGER NOT NULL, removed INTEGER NOT NULL);"
    "CREATE TABLE part_column (part INTEGER NOT NULL, position INTEGER NOT NULL,"
    " name TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY (part, position)) WITHOUT ROWID;"
    "CREATE TABLE definition (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " scheme INTEGER NOT NULL, title TEXT, text TEXT NOT NULL, saved INTEGER NOT NULL);"
    "CREATE TABLE list (name TEXT PRIMARY KEY, source TEXT NOT NULL,"
    " saved INTEGER NOT NULL, items INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE list_item (list TEXT NOT NULL, position INTEGER NOT NULL,"
    " identifier TEXT NOT NULL, PRIMARY KEY (list, position)) WITHOUT ROWID;"
    "CREATE TABLE refresh (number INTEGER PRIMARY KEY, moment INTEGER NOT NULL,"
    " recorded INTEGER NOT NULL, definitions TEXT NOT NULL);"
    "CREATE TABLE membership (refresh INTEGER NOT NULL, segment TEXT NOT NULL,"
    " entered INTEGER NOT NULL, cause INTEGER NOT NULL, customers BLOB NOT NULL,"
    " PRIMARY KEY (refresh, segment, entered, cause));"
    "CREATE INDEX membership_of_segment ON membership (segment, refresh);" CATALOG_SEAL_TABLES;

static const char *const counter_names[CATALOG_COUNTERS] = {
    "generation", "next import", "next part", "next customer", "next code"};
static const int counter_starts[CATALOG_COUNTERS] = {0, 1, 1, 1, 0};

enum { PRIMARY = 0xff, BUSY_MILLIS = 10000 }; /* SQLite's finer codes stand in the bits above */

static enum status failure_status(const struct catalog *catalog, int code)
{
    /* A full disk shows in the system's errno where SQLite only says that writing failed. */
    int system = sqlite3_system_errno(catalog->database);
    switch (code & PRIMARY) {
    case SQLITE_BUSY: return STATUS_BUSY;
    case SQLITE_FULL: return STATUS_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: return system == ENOSPC || system == EDQUOT ? STATUS_FULL : STATUS_IO;
    case SQLITE_TOOBIG: return STATUS_LIMIT;
    case SQLITE_INTERRUPT: return STATUS_INTERRUPTED;
    default: return STATUS_ERROR;
    }
}

enum status catalog_failure(struct catalog *catalog, struct error *error)
{
    int code = sqlite3_errcode(catalog->database);
    if (code == SQLITE_NOTADB)
        return catalog_damaged(catalog, error, "it is not a catalog, or no longer one");
    if ((code & PRIMARY) == SQLITE_CORRUPT)
        return catalog_damaged(catalog, error, "%s", sqlite3_errmsg(catalog->database));

    enum status status =
        error_set(error, failure_status(catalog, code), "the catalog %s cannot be used: %s",
                  catalog->path, sqlite3_errmsg(catalog->database));
    if (status == STATUS_FULL)
        error_hint(error, "the disk is full: free some space, then run the command again");
    return status;
}

enum status catalog_damaged(const struct catalog *catalog, struct error *error, const char *format,
                            ...)
{
    char what[ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    enum status status = error_set(error, STATUS_CORRUPT, "%s is damaged: %s", catalog->path, what);
    error_hint(error,
               "bring the file back from a backup; strata verify lists everything that is damaged");
    return status;
}

static enum status bind(struct catalog *catalog, sqlite3_stmt *statement, const char *format,
                        va_list values, struct error *error)
{
    for (int i = 1; *format; i++, format++) {
        int code;
        struct text text;
        const char *string;

        /* texts and blobs are copied: what they stand in may be gone when the statement runs */
        switch (*format) {
        case 'i': code = sqlite3_bind_int64(statement, i, va_arg(values, int64_t)); break;
        case 'u': code = sqlite3_bind_int64(statement, i, (int64_t)va_arg(values, uint64_t)); break;
        case 's':
            string = va_arg(values, const char *);
            code = string ? sqlite3_bind_text(statement, i, string, -1, SQLITE_TRANSIENT)
                          : sqlite3_bind_null(statement, i);
            break;
        case 't':
            text = va_arg(values, struct text);
            code = sqlite3_bind_text64(statement, i, text.length ? text.data : "", text.length,
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
            break;
        default:
            ENSURE(*format == 'b');
            text = va_arg(values, struct text);
            code = sqlite3_bind_blob64(statement, i, text.length ? text.data : "", text.length,
                                       SQLITE_TRANSIENT);
        }
        if (code != SQLITE_OK)
            return catalog_failure(catalog, error);
    }

    return STATUS_OK;
}

static enum status query(struct catalog *catalog, sqlite3_stmt **out, struct error *error,
                         const char *sql, const char *format, va_list values)
{
    *out = NULL;
    if (sqlite3_prepare_v2(catalog->database, sql, -1, out, NULL) != SQLITE_OK)
        return catalog_failure(catalog, error);
    enum status status = bind(catalog, *out, format, values, error);
    if (status != STATUS_OK) {
        sqlite3_finalize(*out);
        *out = NULL;
    }
    return status;
}

enum status catalog_query(struct catalog *catalog, sqlite3_stmt **out, struct error *error,
                          const char *sql, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    enum status status = query(catalog, out, error, sql, format, values);
    va_end(values);
    return status;
}

enum status catalog_step(struct catalog *catalog, sqlite3_stmt **statement, bool *row,
                         struct error *error)
{
    int code = sqlite3_step(*statement);
    *row = code == SQLITE_ROW;
    if (*row)
        return STATUS_OK;
    enum status status = code == SQLITE_DONE ? STATUS_OK : catalog_failure(catalog, error);
    sqlite3_finalize(*statement);
    *statement = NULL;
    return status;
}

enum status catalog_runv(struct catalog *catalog, struct error *error, const char *sql,
                         const char *format, va_list values)
{
    sqlite3_stmt *statement;
    TRY(query(catalog, &statement, error, sql, format, values));
    bool row = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && row)
        status = catalog_step(catalog, &statement, &row, error);
    return status;
}

enum status catalog_run(struct catalog *catalog, struct error *error, const char *sql,
                        const char *format, ...)
{
    va_list values;
    va_start(values, format);
    enum status status = catalog_runv(catalog, error, sql, format, values);
    va_end(values);
    return status;
}

const char *catalog_column_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? arena_strndup(arena, text, (size_t)sqlite3_column_bytes(statement, column))
                : NULL;
}

void *catalog_room(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
    enum { FIRST_ROOM = 8 };
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : FIRST_ROOM;
    void *larger = arena_array(arena, *room, size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}

enum status catalog_integer(struct catalog *catalog, const char *sql, int64_t fallback,
                            int64_t *out, struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(catalog_query(catalog, &statement, error, sql, ""));
    TRY(catalog_step(catalog, &statement, &row, error));
    *out = row ? sqlite3_column_int64(statement, 0) : fallback;
    sqlite3_finalize(statement);
    return STATUS_OK;
}

enum status catalog_execute(struct catalog *catalog, const char *sql, struct error *error)
{
    return sqlite3_exec(catalog->database, sql, NULL, NULL, NULL) == SQLITE_OK
               ? STATUS_OK
               : catalog_failure(catalog, error);
}

/* How a path is written in a file: address. */
static void address(struct buffer *out, const char *path, const char *options)
{
    buffer_string(out, "file:");
    for (const char *p = path; *p; p++)
        if (*p == '%' || *p == '?' || *p == '#')
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
        else
            buffer_char(out, *p);
    buffer_printf(out, "?%s", options);
}

static int open_database(struct catalog *catalog, int flags, const char *options)
{
    struct buffer name;
    buffer_init(&name, 0);
    address(&name, catalog->path, options);

    ENSURE(sqlite3_close(catalog->database) == SQLITE_OK);
    catalog->database = NULL;
    int code = sqlite3_open_v2(name.data, &catalog->database,
                               flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    buffer_release(&name);
    if (code == SQLITE_OK)
        catalog_seal_watch(catalog);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(catalog->database, BUSY_MILLIS);
    /* opening is lazy: only reading shows whether it can be done */
    if (code == SQLITE_OK)
        code = sqlite3_exec(catalog->database, "PRAGMA schema_version", NULL, NULL, NULL);
    return code;
}

static bool has_bytes(const char *path, const char *suffix)
{
    char name[PATH_MAX];
    struct stat file;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &file) == 0 && file.st_size > 0;
}

/* WAL wants to write beside the catalog even for reading. Where that is impossible nobody can be
 * writing either, and the file is read as it stands, unless a writer was killed there and left
 * something in the WAL. */
static enum status open_reading(struct catalog *catalog, struct error *error)
{
    int code = open_database(catalog, SQLITE_OPEN_READONLY, "mode=ro");
    if (code == SQLITE_OK)
        return STATUS_OK;

    if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY && (code & PRIMARY) != SQLITE_READONLY)
        return catalog_failure(catalog, error);
    if (has_bytes(catalog->path, "-wal")) {
        enum status status =
            error_set(error, STATUS_IO,
                      "%s was not closed properly and cannot be repaired in a read-only place",
                      catalog->path);
        error_hint(error, "run any strata command on it once where it may be written");
        return status;
    }

    return open_database(catalog, SQLITE_OPEN_READONLY, "immutable=1") == SQLITE_OK
               ? STATUS_OK
               : catalog_failure(catalog, error);
}

/* Everything out of the WAL into the file itself, which is renamed without its WAL afterwards.
 * Closing does the same, but keeps quiet when it cannot. */
static enum status empty_wal(struct catalog *catalog, struct error *error)
{
    int frames = -1, moved = -1;
    int code = sqlite3_wal_checkpoint_v2(catalog->database, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                         &frames, &moved);
    if (code != SQLITE_OK)
        return catalog_failure(catalog, error);
    if (frames != moved)
        return error_set(error, STATUS_IO, "the catalog %s cannot be finished", catalog->path);
    return STATUS_OK;
}

static enum status create_tables(struct catalog *catalog, const char *zone, const char *currency,
                                 struct error *error)
{
    TRY(catalog_execute(catalog, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN", error));
    char marks[128]; /* two pragmas with a number each */
    snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d",
             APPLICATION_ID, CATALOG_FORMAT);
    TRY(catalog_execute(catalog, marks, error));
    TRY(catalog_execute(catalog, creation, error));

    for (int i = 0; i < CATALOG_COUNTERS; i++)
        TRY(catalog_run(catalog, error, "INSERT INTO meta VALUES (?, ?)", "si", counter_names[i],
                        (int64_t)counter_starts[i]));
    TRY(catalog_run(catalog, error, "INSERT INTO meta VALUES ('zone', ?), ('currency', ?)", "ss",
                    zone, currency));

    TRY(catalog_seal(catalog, error));
    TRY(catalog_execute(catalog, "COMMIT", error));
    catalog_seal_done(catalog, true);
    return empty_wal(catalog, error);
}

static enum status check_format(struct catalog *catalog, struct error *error)
{
    int64_t id, version;

    TRY(catalog_integer(catalog, "PRAGMA application_id", 0, &id, error));
    TRY(catalog_integer(catalog, "PRAGMA user_version", 0, &version, error));
    if (id != APPLICATION_ID)
        return error_set(error, STATUS_CORRUPT, "%s is not a catalog of Strata's", catalog->path);

    /* Older formats are read as they are; what they lack is made by the first change. */
    if (version <= CATALOG_FORMAT)
        return STATUS_OK;
    enum status status = error_set(
        error, STATUS_ERROR,
        "the store was made by a newer version of Strata (format %lld, this one knows %d)",
        (long long)version, CATALOG_FORMAT);
    error_hint(error, "update strata, or use the version that made the store");
    return status;
}

static enum status open_mode(struct catalog *catalog, enum catalog_mode mode, const char *zone,
                             const char *currency, struct error *error)
{
    if (mode == CATALOG_CREATE) {
        if (access(catalog->path, F_OK) == 0)
            return error_set(error, STATUS_ERROR, "%s exists already", catalog->path);
        if (open_database(catalog, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "mode=rwc") !=
            SQLITE_OK)
            return catalog_failure(catalog, error);
        return create_tables(catalog, zone, currency, error);
    }

    if (access(catalog->path, F_OK) != 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no catalog at %s", catalog->path);

    if (mode == CATALOG_READ || mode == CATALOG_EXAMINE) {
        TRY(open_reading(catalog, error));
    } else {
        if (open_database(catalog, SQLITE_OPEN_READWRITE, "mode=rw") != SQLITE_OK)
            return catalog_failure(catalog, error);
        TRY(catalog_execute(catalog, "PRAGMA synchronous=FULL", error));
    }

    /* the format first: seals of a newer one may mean something else */
    TRY(check_format(catalog, error));
    return mode == CATALOG_EXAMINE ? STATUS_OK : catalog_seal_check(catalog, error);
}

enum status catalog_open(const char *path, enum catalog_mode mode, const char *zone,
                         const char *currency, struct catalog **out, struct error *error)
{
    struct catalog *catalog = base_calloc(1, sizeof *catalog);
    catalog->path = base_strdup(path);
    enum status status = open_mode(catalog, mode, zone, currency, error);
    if (status != STATUS_OK) {
        catalog_close(catalog);
        return status;
    }
    *out = catalog;
    return STATUS_OK;
}

void catalog_close(struct catalog *catalog)
{
    if (!catalog)
        return;
    catalog_rollback(catalog);
    ENSURE(sqlite3_close(catalog->database) == SQLITE_OK);
    free(catalog->path);
    free(catalog);
}

enum status catalog_begin(struct catalog *catalog, struct error *error)
{
    ENSURE(!catalog->transaction);
    TRY(catalog_execute(catalog, "BEGIN IMMEDIATE", error));
    catalog->transaction = true;
    enum status status = catalog_seal_prepare(catalog, error);
    if (status != STATUS_OK)
        catalog_rollback(catalog);
    return status;
}

enum status catalog_begin_read(struct catalog *catalog, struct error *error)
{
    ENSURE(!catalog->transaction);
    TRY(catalog_execute(catalog, "BEGIN", error));
    catalog->transaction = true;
    return STATUS_OK;
}

enum status catalog_settle(struct catalog *catalog, struct error *error)
{
    return catalog_execute(
        catalog,
        "INSERT INTO meta VALUES ('settled', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
        error);
}

/* SQLite appends a commit to the WAL, page by page, the mark that makes it count last, and then
 * syncs. When a write found the disk full, the mark was not written; when the lock was not to be
 * had, nothing was. */
static bool mark_may_be_written(int code)
{
    return code != SQLITE_FULL && code != SQLITE_BUSY && code != SQLITE_CONSTRAINT;
}

enum status catalog_commit(struct catalog *catalog, struct error *error)
{
    ENSURE(catalog->transaction);
    enum status status = catalog_seal(catalog, error);
    if (status != STATUS_OK) {
        catalog_rollback(catalog);
        return status;
    }

    status = catalog_execute(catalog, "COMMIT", error);
    int code = sqlite3_errcode(catalog->database) & PRIMARY;
    if (status != STATUS_OK)
        catalog_rollback(catalog);
    catalog->transaction = false;
    catalog_seal_done(catalog, status == STATUS_OK);

    /* a commit that may or may not count is settled by one more write, if the disk takes it */
    if (status == STATUS_OK || !mark_may_be_written(code) ||
        catalog_settle(catalog, NULL) == STATUS_OK)
        return status;
    return STATUS_UNCERTAIN;
}

enum status catalog_reopen(struct catalog *catalog, struct error *error)
{
    ENSURE(!catalog->transaction);
    return open_mode(catalog, CATALOG_WRITE, NULL, NULL, error);
}

void catalog_rollback(struct catalog *catalog)
{
    if (catalog->transaction && !sqlite3_get_autocommit(catalog->database))
        sqlite3_exec(catalog->database, "ROLLBACK", NULL, NULL, NULL);
    catalog->transaction = false;
    catalog_seal_done(catalog, false);
}

enum status catalog_counter(struct catalog *catalog, enum catalog_counter counter, uint64_t *out,
                            struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(catalog_query(catalog, &statement, error, "SELECT value FROM meta WHERE name = ?", "s",
                      counter_names[counter]));
    TRY(catalog_step(catalog, &statement, &row, error));

    /* Never a guess: a counter that starts anew would give numbers a second time. */
    bool known = row && sqlite3_column_type(statement, 0) == SQLITE_INTEGER;
    *out = known ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    if (known)
        return STATUS_OK;
    return catalog_damaged(catalog, error, "the counter '%s' (table meta) is missing",
                           counter_names[counter]);
}

enum status catalog_set_counter(struct catalog *catalog, enum catalog_counter counter,
                                uint64_t value, struct error *error)
{
    return catalog_run(catalog, error, "UPDATE meta SET value = ? WHERE name = ?", "us", value,
                       counter_names[counter]);
}

enum status catalog_setting(struct catalog *catalog, const char *name, struct arena *arena,
                            const char **value, struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(catalog_query(catalog, &statement, error, "SELECT value FROM setting WHERE name = ?", "s",
                      name));
    TRY(catalog_step(catalog, &statement, &row, error));
    *value = row ? catalog_column_text(statement, 0, arena) : NULL;
    sqlite3_finalize(statement);
    return STATUS_OK;
}

enum status catalog_set_setting(struct catalog *catalog, const char *name, const char *value,
                                struct error *error)
{
    if (!value)
        return catalog_run(catalog, error, "DELETE FROM setting WHERE name = ?", "s", name);
    return catalog_run(catalog, error, "INSERT OR REPLACE INTO setting VALUES (?, ?)", "ss", name,
                       value);
}
