/*
 * Results, chunk by chunk, and the SQL of users.
 */
#include "lake/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct lake_result {
    struct lake *lake;
    duckdb_result result;
    duckdb_data_chunk chunk;
    struct arena arena;
    struct lake_vector *columns;
    struct lake_chunk view;
    struct lake_watch watch;
    bool user;
};

static void frame_result(struct lake_result *result)
{
    arena_init(&result->arena, 0);
    size_t count = duckdb.column_count(&result->result);
    result->columns = ARENA_ARRAY(&result->arena, struct lake_vector, count);
    for (size_t i = 0; i < count; i++) {
        duckdb_logical_type type = duckdb.column_logical_type(&result->result, i);
        lake_vector_frame(&result->columns[i], type, duckdb.column_name(&result->result, i),
                          &result->arena);
        duckdb.destroy_logical_type(&type);
    }
    result->view = (struct lake_chunk){.columns = result->columns, .column_count = count};
}

/* Does the statement's tasks up to its first rows. While other threads do what is left, this one
 * would ask in circles whether there is more: it sleeps in between, at first as long as a small
 * file takes to read. */
static void work_off(duckdb_pending_result pending)
{
    enum { SHORTEST = 20000, LONGEST = 200000 }; /* nanoseconds */
    struct timespec pause = {0, SHORTEST};
    for (;;) {
        duckdb_pending_state state = duckdb.pending_execute_task(pending);
        if (duckdb.pending_execution_is_finished(state))
            return;
        if (state != DUCKDB_PENDING_NO_TASKS_AVAILABLE)
            continue;
        nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec * 2 < LONGEST ? pause.tv_nsec * 2 : LONGEST;
    }
}

/* Runs the statement up to its first rows; destroys it. */
static enum status start(struct lake *lake, duckdb_prepared_statement statement, bool user,
                         struct lake_result **out, struct error *error)
{
    struct lake_result *result = base_calloc(1, sizeof *result);
    result->lake = lake;
    result->user = user;

    /* streaming: rows come as they are asked for, so a large result never stands in memory as a
     * whole */
    lake_watch_start(&result->watch, lake);
    duckdb_pending_result pending = NULL;
    bool good = duckdb.pending_prepared_streaming(statement, &pending) == DuckDBSuccess;
    enum status status = STATUS_OK;
    if (good)
        work_off(pending);
    if (!good)
        status = lake_failure(lake, duckdb.pending_error(pending), error);
    else if (duckdb.execute_pending(pending, &result->result) != DuckDBSuccess)
        status = lake_failure(lake, duckdb.result_error(&result->result), error);

    duckdb.destroy_pending(&pending);
    duckdb.destroy_prepare(&statement);
    if (status != STATUS_OK) {
        lake_watch_stop(&result->watch);
        if (good)
            duckdb.destroy_result(&result->result);
        free(result);
        return status;
    }

    frame_result(result);
    lake->result_open = true;
    *out = result;
    return STATUS_OK;
}

enum status lake_query(struct lake *lake, const char *sql, struct lake_result **out,
                       struct error *error)
{
    ENSURE(!lake->result_open);
    TRY(interrupt_check(lake->interrupt, error));
    duckdb_prepared_statement statement = NULL;
    if (duckdb.prepare(lake->connection, sql, &statement) != DuckDBSuccess) {
        enum status status = lake_failure(lake, duckdb.prepare_error(statement), error);
        duckdb.destroy_prepare(&statement);
        return status;
    }
    return start(lake, statement, false, out, error);
}

enum status lake_queryf(struct lake *lake, struct lake_result **out, struct error *error,
                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *sql = NULL;
    ENSURE(vasprintf(&sql, format, arguments) >= 0);
    va_end(arguments);
    enum status status = lake_query(lake, sql, out, error);
    free(sql);
    return status;
}

size_t lake_result_columns(const struct lake_result *result)
{
    return result->view.column_count;
}

const struct lake_vector *lake_result_column(const struct lake_result *result, size_t column)
{
    return &result->columns[column];
}

enum status lake_result_next(struct lake_result *result, const struct lake_chunk **chunk,
                             struct error *error)
{
    *chunk = NULL;
    do {
        if (result->chunk)
            duckdb.destroy_data_chunk(&result->chunk);
        result->chunk = duckdb.fetch_chunk(result->result);
        if (!result->chunk) {
            const char *reason = duckdb.result_error(&result->result);
            return reason ? lake_failure(result->lake, reason, error) : STATUS_OK;
        }
        result->view.rows = duckdb.data_chunk_get_size(result->chunk);
    } while (result->view.rows == 0);

    /* only the pointers change from chunk to chunk; the frame of types stays */
    for (size_t i = 0; i < result->view.column_count; i++)
        lake_vector_fill(&result->columns[i], duckdb.data_chunk_get_vector(result->chunk, i));
    *chunk = &result->view;
    return STATUS_OK;
}

void lake_result_unwatch(struct lake_result *result)
{
    lake_watch_stop(&result->watch);
    lake_on_progress(result->lake, NULL, NULL);
    result->lake->interrupt = NULL;
}

void lake_result_free(struct lake_result *result)
{
    if (!result)
        return;
    lake_watch_stop(&result->watch);
    if (result->chunk)
        duckdb.destroy_data_chunk(&result->chunk);
    duckdb.destroy_result(&result->result);
    arena_release(&result->arena);
    result->lake->result_open = false;
    free(result);
}

enum status lake_query_integer(struct lake *lake, const char *sql, int64_t *out, bool *known,
                               struct error *error)
{
    struct lake_result *result = NULL;
    TRY(lake_query(lake, sql, &result, error));
    const struct lake_chunk *chunk;
    enum status status = lake_result_next(result, &chunk, error);

    /* No row and a null are the same here. */
    if (status == STATUS_OK) {
        bool there = chunk && lake_known(&chunk->columns[0], 0);
        *out = there ? lake_integer(&chunk->columns[0], 0) : 0;
        if (known)
            *known = there;
    }
    lake_result_free(result);
    return status;
}

enum status lake_write_parquet(struct lake *lake, const char *select, const char *path,
                               const struct lake_parquet *options, uint64_t *rows,
                               struct error *error)
{
    const char *compression =
        options && options->compression ? options->compression : LAKE_COMPRESSION;
    uint64_t row_group = options && options->row_group ? options->row_group : LAKE_ROW_GROUP;
    struct buffer sql;

    buffer_init(&sql, 0);
    buffer_printf(&sql, "COPY (%s) TO ", select);
    buffer_sql_text(&sql, text_from(path));
    buffer_printf(&sql,
                  " (FORMAT parquet, COMPRESSION %s, ROW_GROUP_SIZE %llu, PARQUET_VERSION v%d)",
                  compression, (unsigned long long)row_group,
                  options && options->version ? options->version : LAKE_PARQUET_VERSION);

    /* COPY answers with the number of rows. */
    int64_t written = 0;
    enum status status = lake_query_integer(lake, sql.data, &written, NULL, error);
    if (rows)
        *rows = (uint64_t)written;
    buffer_release(&sql);
    return status;
}

/* What is special in a pattern stands for itself as a class of its own. The \ is special only among
 * such, where it parts folders and not even a class can hold it: there it is the byte that is no
 * other one. */
void lake_add_path(struct buffer *sql, const char *path)
{
    struct buffer pattern;
    bool special = strpbrk(path, "*?[") != NULL;

    buffer_init(&pattern, 0);
    for (const char *p = path; *p; p++)
        if (strchr("*?[", *p))
            buffer_printf(&pattern, "[%c]", *p);
        else if (*p == '\\' && special)
            buffer_string(&pattern, "[!]\x01-[^-~]");
        else
            buffer_char(&pattern, *p);
    buffer_sql_text(sql, (struct text){pattern.data, pattern.length});
    buffer_release(&pattern);
}

enum status lake_lock_down(struct lake *lake, const char *const *paths, size_t count,
                           struct error *error)
{
    /* What is allowed has to be said before access is taken away, and all before the settings are
     * locked, which cannot be undone: a statement of the user's could else set them back. */
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SET allowed_directories=[]; SET allowed_paths=[");
    for (size_t i = 0; i < count; i++) {
        buffer_string(&sql, i ? ", " : "");
        buffer_sql_text(&sql, text_from(paths[i]));
        /* both the pattern and the file it finds are held against the list */
        buffer_string(&sql, ", ");
        lake_add_path(&sql, paths[i]);
    }
    buffer_string(&sql, "]; SET enable_external_access=false; SET lock_configuration=true");
    enum status status = lake_execute(lake, sql.data, error);
    buffer_release(&sql);
    return status;
}

static const char *skip_space(const char *sql)
{
    while (isspace((unsigned char)*sql))
        sql++;
    return sql;
}

static bool skip_word(const char **sql, const char *word)
{
    const char *p = skip_space(*sql);
    size_t length = strlen(word);
    if (strncasecmp(p, word, length) != 0 || isalnum((unsigned char)p[length]) || p[length] == '_')
        return false;
    *sql = p + length;
    return true;
}

/* Behind "(analyze, format json)"; sql itself when there are no options; NULL for what is neither
 * surely one nor surely the other. */
static const char *skip_options(const char *sql)
{
    const char *inside = skip_space(sql);
    if (*inside != '(')
        return sql;
    inside++;
    const char *first = inside;
    if (!skip_word(&first, "analyze") && !skip_word(&first, "analyse") &&
        !skip_word(&first, "format"))
        return sql; /* a SELECT in brackets */
    inside += strspn(inside, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_, \t\r\n");
    return *inside == ')' ? inside + 1 : NULL;
}

/*
 * The statement that an EXPLAIN speaks of: EXPLAIN ANALYZE runs it, so it has to be a SELECT
 * itself. NULL when sql does not surely look like an EXPLAIN. Where that statement begins is
 * decided here and not by DuckDB, so whatever could be read in two ways is not skipped: neither
 * comments, which nest, nor quoted options can hide another statement.
 */
static const char *explained(const char *sql)
{
    if (!skip_word(&sql, "explain"))
        return NULL;
    if (skip_word(&sql, "analyze") || skip_word(&sql, "analyse"))
        return sql;
    return skip_options(sql);
}

static enum status refuse(struct error *error)
{
    enum status status =
        error_set(error, STATUS_USAGE, "only one SELECT (or an EXPLAIN of one) can be run here");
    error_hint(error, "a store is changed by strata's own commands, never by SQL");
    return status;
}

/* DuckDB says of some of these that a view cannot be changed, as if a table could; also behind
 * WITH.
 */
static bool changes_something(const char *sql, const char *reason)
{
    static const char *const words[] = {"insert", "update", "delete", "merge", "truncate",
                                        "create", "alter",  "drop",   "copy"};
    size_t i = 0;
    while (i < sizeof words / sizeof *words && !skip_word(&sql, words[i]))
        i++;
    return i < sizeof words / sizeof *words || (reason && strstr(reason, "base table"));
}

/* Prepares the only statement of sql, which has to be of one of two types. */
static enum status prepare_user(struct lake *lake, const char *sql, duckdb_prepared_statement *out,
                                duckdb_statement_type *type, struct error *error)
{
    duckdb_extracted_statements statements = NULL;
    size_t count = duckdb.extract_statements(lake->connection, sql, &statements);
    const char *reason = duckdb.extract_statements_error(statements);
    enum status status = STATUS_OK;

    /* Extracted first, so as to count them. None at all is a mistake of syntax when DuckDB has a
     * reason, and otherwise nothing but blanks. */
    if (count != 1)
        status = count == 0 && reason ? lake_failure_in_sql(lake, reason, error) : refuse(error);
    else if (duckdb.prepare_extracted_statement(lake->connection, statements, 0, out) !=
             DuckDBSuccess)
        status = changes_something(sql, duckdb.prepare_error(*out))
                     ? refuse(error)
                     : lake_failure_in_sql(lake, duckdb.prepare_error(*out), error);
    else if (duckdb.nparams(*out) != 0)
        status = error_set(error, STATUS_USAGE,
                           "the statement has parameters, and nothing gives them values");
    else
        *type = duckdb.prepared_statement_type(*out);

    duckdb.destroy_extracted(&statements);
    if (status != STATUS_OK && *out)
        duckdb.destroy_prepare(out);
    return status;
}

static enum status check_explained(struct lake *lake, const char *sql, struct error *error)
{
    const char *inner = explained(sql);
    if (!inner) {
        enum status status = refuse(error);
        error_hint(error, "write EXPLAIN without comments or quotes before the SELECT");
        return status;
    }
    return lake_check_select(lake, inner, error);
}

enum status lake_query_user(struct lake *lake, const char *sql, struct lake_result **out,
                            struct error *error)
{
    ENSURE(!lake->result_open);
    duckdb_prepared_statement statement = NULL;
    duckdb_statement_type type = DUCKDB_STATEMENT_TYPE_INVALID;
    TRY(prepare_user(lake, sql, &statement, &type, error));

    /* EXPLAIN ANALYZE runs what it explains, which need not be a SELECT. */
    enum status status = STATUS_OK;
    if (type == DUCKDB_STATEMENT_TYPE_EXPLAIN)
        status = check_explained(lake, sql, error);
    else if (type != DUCKDB_STATEMENT_TYPE_SELECT)
        status = refuse(error);

    if (status != STATUS_OK) {
        duckdb.destroy_prepare(&statement);
        return status;
    }
    return start(lake, statement, true, out, error);
}

enum status lake_check_select(struct lake *lake, const char *sql, struct error *error)
{
    ENSURE(!lake->result_open);
    duckdb_prepared_statement statement = NULL;
    duckdb_statement_type type = DUCKDB_STATEMENT_TYPE_INVALID;
    TRY(prepare_user(lake, sql, &statement, &type, error));
    duckdb.destroy_prepare(&statement);
    return type == DUCKDB_STATEMENT_TYPE_SELECT ? STATUS_OK : refuse(error);
}
