/*
 * Spooling: what is not a file that can be read twice is first written out as CSV. A
 * query is read in one go, so the database sees one short transaction and the import one
 * unchanging content, which can be recognised when it comes again.
 */
#include "base/library.h"
#include "ingest/understand.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum { MEGABYTE = 1 << 20 };

static enum status open_spool(const char *path, FILE **out, struct error *error)
{
    *out = fopen(path, "we");
    return *out ? STATUS_OK : error_system(error, errno, "cannot write %s", path);
}

static enum status close_spool(const char *path, FILE *file, bool failed, struct error *error)
{
    failed |= ferror(file) != 0;
    failed |= fclose(file) != 0;
    return failed ? error_system(error, errno, "cannot write %s", path) : STATUS_OK;
}

/* Closes what was written with a status so far, which is the one to tell when both went wrong. */
static enum status finish_spool(const char *path, FILE *file, bool failed, enum status status,
                                struct error *error)
{
    struct error closing;
    enum status closed = close_spool(path, file, failed, &closing);
    if (status != STATUS_OK || closed == STATUS_OK)
        return status;
    *error = closing;
    return closed;
}

/* Pipes: standard input, and those with a name. */

enum { WAIT_MILLIS = 200, WAITS_BEFORE_TELLING = 5 }; /* a second is not worth a word */

/* Until somebody writes, telling after a second what is waited for. */
static enum status wait_for_writer(const struct ingest_run *run, int file, const char *name,
                                   struct error *error)
{
    const struct ingest_progress *progress = run->progress;
    const char *phase = arena_printf(run->arena, "waiting for a program that writes into %s", name);
    struct pollfd poller = {.fd = file, .events = POLLIN};
    for (int waits = 0;; waits++) {
        int ready = poll(&poller, 1, WAIT_MILLIS);
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR)
            return error_system(error, errno, "cannot wait for %s", name);
        if (waits < WAITS_BEFORE_TELLING || !progress)
            continue;
        if (!progress->step(progress->context, phase, -1))
            return error_set(error, STATUS_INTERRUPTED, "stopped while waiting for %s", name);
    }
}

/* Until there is something to read, or the end; looks now and then whether to stop. */
static enum status wait_for_input(const struct ingest_run *run, int file, const char *name,
                                  struct error *error)
{
    const struct ingest_progress *progress = run->progress;
    struct pollfd poller = {.fd = file, .events = POLLIN};
    while (poll(&poller, 1, WAIT_MILLIS) <= 0)
        if (progress && !progress->step(progress->context, run->notes->phase, -1))
            return error_set(error, STATUS_INTERRUPTED, "stopped while reading %s", name);
    return STATUS_OK;
}

static enum status open_pipe(const struct ingest_run *run, const char *source, int *file,
                             struct error *error)
{
    if (strcmp(source, "-") == 0) {
        *file = dup(STDIN_FILENO);
        return *file < 0 ? error_system(error, errno, "cannot read standard input") : STATUS_OK;
    }

    *file = open(source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*file < 0)
        return error_system(error, errno, "cannot read %s", source);
    enum status status = wait_for_writer(run, *file, source, error);

    /* from here on reading may wait */
    if (status == STATUS_OK && fcntl(*file, F_SETFL, O_RDONLY) < 0)
        status = error_system(error, errno, "cannot read %s", source);
    if (status != STATUS_OK)
        close(*file);
    return status;
}

/* What never ends a line never ends: better said after a while than when the disk is full. */
static enum status check_lines(const char *data, size_t length, uint64_t *run_on, const char *name,
                               struct error *error)
{
    bool ends = memchr(data, '\n', length) || memchr(data, '\r', length);
    *run_on = ends ? 0 : *run_on + length;
    if (*run_on <= INGEST_RECORD_MAX)
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_LIMIT, "%s yields more than %d MB without a line end", name,
                  INGEST_RECORD_MAX / MEGABYTE);
    error_hint(error, "check that it yields rows, one a line");
    return status;
}

enum status ingest_spool_pipe(const struct ingest_run *run, const char *source, const char *path,
                              struct error *error)
{
    const struct ingest_progress *progress = run->progress;
    const char *name = strcmp(source, "-") == 0 ? "standard input" : source;
    FILE *file;
    int in;
    char data[1 << 16];
    ssize_t got = 0;
    uint64_t run_on = 0;
    bool failed = false, gzip = false;

    TRY(open_pipe(run, source, &in, error));
    enum status status = open_spool(path, &file, error);
    if (status != STATUS_OK) {
        close(in);
        return status;
    }

    for (bool first = true; status == STATUS_OK && !failed; first = false) {
        got = 0;
        status = wait_for_input(run, in, name, error);
        if (status != STATUS_OK)
            break;

        got = read(in, data, sizeof data);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;

        /* what is packed is bounded when it is unpacked */
        gzip |=
            first && got > 1 && (memcmp(data, "\x1f\x8b", 2) == 0 || memcmp(data, "PK", 2) == 0);
        failed = fwrite(data, 1, (size_t)got, file) != (size_t)got;
        if (!gzip)
            status = check_lines(data, (size_t)got, &run_on, name, error);
        if (progress && !progress->step(progress->context, run->notes->phase, -1))
            status = error_set(error, STATUS_INTERRUPTED, "stopped while reading %s", name);
    }

    if (got < 0)
        status = error_system(error, errno, "cannot read %s", name);
    close(in);
    return finish_spool(path, file, failed, status, error);
}

/* PostgreSQL */

/* clang-format off */
#define POSTGRES(F) \
    F(PQclear) F(PQconnectdb) F(PQerrorMessage) F(PQexec) F(PQfinish) F(PQfreemem) \
    F(PQgetCopyData) F(PQgetResult) F(PQresultStatus) F(PQstatus)
/* clang-format on */

static struct {
    POSTGRES(LIBRARY_POINTER)
} pq;
static const char *const pq_names[] = {POSTGRES(LIBRARY_NAME)};
static struct library pq_library = {STRATA_LIB_PQ, "libpq5", "PostgreSQL",
                                    LIBRARY_TABLE(pq_names, pq)};

static enum status postgres_error(PGconn *connection, const char *what, struct error *error)
{
    struct text message = text_trim(text_from(pq.PQerrorMessage(connection)));
    return error_set(error, STATUS_ERROR, "%s: %.*s", what, (int)message.length, message.data);
}

static enum status copy_rows(PGconn *connection, FILE *file, struct error *error)
{
    char *data;
    int length;
    bool failed = false;
    for (;;) {
        length = pq.PQgetCopyData(connection, &data, 0);
        if (length <= 0)
            break;
        failed |= fwrite(data, 1, (size_t)length, file) != (size_t)length;
        pq.PQfreemem(data);
    }

    if (length == -2) /* an error, where −1 is the end */
        return postgres_error(connection, "the query broke off", error);
    PGresult *result = pq.PQgetResult(connection);
    enum status status = STATUS_OK;
    if (pq.PQresultStatus(result) != PGRES_COMMAND_OK)
        status = postgres_error(connection, "the query broke off", error);
    pq.PQclear(result);
    if (status == STATUS_OK && failed)
        status = error_system(error, errno, "cannot write the query's rows");
    return status;
}

/* Times come as ISO with their offset, whatever the server's settings are. */
static enum status run_copy(PGconn *connection, const char *query, FILE *file, struct error *error)
{
    static const char *const settings =
        "SET datestyle = 'ISO, YMD'; SET client_encoding = 'UTF8'; SET "
        "extra_float_digits = 1; SET default_transaction_read_only = on";

    PGresult *result = pq.PQexec(connection, settings);
    bool good = pq.PQresultStatus(result) == PGRES_COMMAND_OK;
    pq.PQclear(result);
    if (!good)
        return postgres_error(connection, "the database refuses the session's settings", error);

    /* All values are quoted, so that an empty text is told from an unknown one, which is not. */
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_printf(&sql, "COPY (%s) TO STDOUT (FORMAT csv, HEADER true, FORCE_QUOTE *)", query);
    result = pq.PQexec(connection, sql.data);
    buffer_release(&sql);
    enum status status = STATUS_OK;
    if (pq.PQresultStatus(result) == PGRES_COPY_OUT)
        status = copy_rows(connection, file, error);
    else
        status = postgres_error(connection, "the query fails", error);
    pq.PQclear(result);
    return status;
}

enum status ingest_spool_postgres(const char *address, const char *query, const char *path,
                                  struct error *error)
{
    if (!query || !*query) {
        enum status status =
            error_set(error, STATUS_USAGE, "a database needs a --query: what shall be read?");
        error_hint(error, "for example --query 'SELECT * FROM orders'");
        return status;
    }

    /* inside COPY (…) a statement stands without its semicolon */
    struct text trimmed = text_trim(text_from(query));
    while (trimmed.length && trimmed.data[trimmed.length - 1] == ';')
        trimmed.length--;

    TRY(library_load(&pq_library, error));
    PGconn *connection = pq.PQconnectdb(address);
    enum status status = STATUS_OK;
    FILE *file = NULL;
    char *statement = strndup(trimmed.data, trimmed.length);
    if (pq.PQstatus(connection) != CONNECTION_OK)
        TRY_GOTO(postgres_error(connection, "cannot reach the database", error));
    TRY_GOTO(open_spool(path, &file, error));
    status = run_copy(connection, statement, file, error);
    status = finish_spool(path, file, false, status, error);
done:
    free(statement);
    pq.PQfinish(connection);
    return status;
}

enum status ingest_spool_parquet(const char *parquet, const char *path, struct error *error)
{
    struct buffer sql;
    struct lake *lake;
    TRY(lake_open(NULL, &lake, error));
    buffer_init(&sql, 0);
    buffer_string(&sql, "COPY (SELECT * FROM read_parquet(");
    lake_add_path(&sql, parquet);
    buffer_string(&sql, ")) TO ");
    buffer_sql_text(&sql, text_from(path));
    buffer_string(&sql, " (FORMAT csv, HEADER true, FORCE_QUOTE *)");
    enum status status = lake_execute(lake, sql.data, error);
    buffer_release(&sql);
    lake_close(lake);
    if (status != STATUS_OK)
        error_place(error, "%s", parquet);
    return status;
}

/* Mended rows: the "row" of each line, under the header of the file it came from. */

struct retry {
    const struct ingest_run *run;
    struct ingest_mapping *mapping; /* what the options say; what the head says goes under it */
    json_t *head;
    FILE **files;
    const char **paths;
    size_t count;
    uint64_t rows;
};

static enum status bad_retry(const struct retry *retry, uint64_t line, const char *what,
                             struct error *error)
{
    enum status status = error_set(error, STATUS_ERROR, "%s", what);
    error_place(error, "%s:%llu", retry->run->options->retry, (unsigned long long)line);
    error_hint(error, "mend the text behind \"row\" in the file of rejects that an import wrote, "
                      "and keep the rest");
    return status;
}

static const char *head_text(const json_t *file, const char *key)
{
    const char *text = json_string_value(json_object_get(file, key));
    return text ? text : "";
}

static enum status open_retry_file(struct retry *retry, size_t index, struct error *error)
{
    const json_t *file = json_array_get(json_object_get(retry->head, "files"), index);
    TRY(ingest_temporary(retry->run, &retry->paths[index], error));
    TRY(open_spool(retry->paths[index], &retry->files[index], error));

    const char *header = head_text(file, "header");
    if (*header)
        fprintf(retry->files[index], "%s\n", header);
    return STATUS_OK;
}

static enum status retry_row(struct retry *retry, const json_t *object, uint64_t line,
                             struct error *error)
{
    const char *name = head_text(object, "file"),
               *row = json_string_value(json_object_get(object, "row"));
    json_t *files = json_object_get(retry->head, "files");
    if (!row)
        return bad_retry(retry, line, "this line has no \"row\"", error);
    if (json_is_true(json_object_get(object, "cut")))
        return bad_retry(retry, line,
                         "this row was too long to be kept whole; put the whole of it behind "
                         "\"row\", and take \"cut\" away",
                         error);

    for (size_t i = 0; i < retry->count; i++) {
        if (strcmp(head_text(json_array_get(files, i), "name"), name) != 0)
            continue;
        if (!retry->files[i])
            TRY(open_retry_file(retry, i, error));
        fprintf(retry->files[i], "%s\n", row);
        retry->rows++;
        return STATUS_OK;
    }

    return bad_retry(retry, line, "this row's \"file\" is none of the import's", error);
}

static enum status read_head(struct retry *retry, const char *line, size_t length,
                             struct error *error)
{
    const struct ingest_run *run = retry->run;
    retry->head = json_loadb(line, length, 0, NULL);
    json_t *mapping = json_object_get(retry->head, "mapping"),
           *files = json_object_get(retry->head, "files");
    if (!json_is_object(mapping) || !json_is_array(files))
        return bad_retry(retry, 1, "this is not a file of rejects that an import wrote", error);

    retry->count = json_array_size(files);
    retry->files = base_calloc(retry->count + 1, sizeof(FILE *));
    retry->paths = base_calloc(retry->count + 1, sizeof *retry->paths);

    /* what is said now goes over what was said then: a retry may correct the mapping, too */
    char *text = json_dumps(mapping, JSON_COMPACT);
    struct ingest_mapping parsed;
    enum status status =
        ingest_mapping_parse(text_from(text), run->options->retry, run->arena, &parsed, error);
    free(text);
    TRY(status);
    ingest_mapping_overlay(&parsed, retry->mapping, run->arena);
    *retry->mapping = parsed;
    return STATUS_OK;
}

static enum status retry_line(struct retry *retry, const char *line, size_t length, uint64_t number,
                              struct error *error)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    enum status status = json_is_object(object)
                             ? retry_row(retry, object, number, error)
                             : bad_retry(retry, number, "this line is not a JSON object", error);
    json_decref(object);
    return status;
}

static enum status read_retry(struct retry *retry, FILE *in, struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    enum status status = STATUS_OK;

    /* The first line is the import's: its options, and its files with their headers. */
    for (uint64_t number = 1; status == STATUS_OK; number++) {
        ssize_t length = getline(&line, &capacity, in);

        /* Where reading breaks off, a line may have come in part. */
        if (ferror(in))
            status = error_system(error, errno, "cannot read %s", retry->run->options->retry);
        else if (length <= 0)
            break;
        else if (number == 1)
            status = read_head(retry, line, (size_t)length, error);
        else
            status = retry_line(retry, line, (size_t)length, number, error);
    }

    free(line);
    if (status == STATUS_OK && retry->rows == 0)
        status = bad_retry(retry, 1, "there is no row to try again", error);
    return status;
}

static enum status take_files(struct retry *retry, struct ingest_shape *shape, struct error *error)
{
    shape->sources = ARENA_ARRAY(retry->run->arena, struct ingest_source, retry->count);
    for (size_t i = 0; i < retry->count; i++) {
        /* a file none of whose rows is left is no source at all */
        if (!retry->files[i])
            continue;

        FILE *file = retry->files[i];
        retry->files[i] = NULL;
        TRY(close_spool(retry->paths[i], file, false, error));
        shape->sources[shape->source_count++].path = retry->paths[i];
    }
    return STATUS_OK;
}

enum status ingest_spool_retry(const struct ingest_run *run, struct ingest_mapping *mapping,
                               struct ingest_shape *shape, struct error *error)
{
    struct retry retry = {.run = run, .mapping = mapping};
    FILE *in = fopen(run->options->retry, "re");

    if (!in) {
        int code = errno;
        enum status missing = error_system(error, code, "cannot read %s", run->options->retry);
        return code == ENOENT
                   ? error_set(error, STATUS_NOT_FOUND, "there is no file %s", run->options->retry)
                   : missing;
    }

    enum status status = read_retry(&retry, in, error);
    fclose(in);
    if (status == STATUS_OK)
        status = take_files(&retry, shape, error);

    /* Those that a failure left open. */
    for (size_t i = 0; i < retry.count; i++)
        if (retry.files[i])
            fclose(retry.files[i]);
    free(retry.files);
    free(retry.paths);
    json_decref(retry.head);
    return status;
}
