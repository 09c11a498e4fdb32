/*
 * Opening a lake, running statements in it and reading their results.
 */
#include "base/library.h"
#include "base/pool.h"
#include "lake/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct lake_string) == sizeof(duckdb_string_t),
               "strings have DuckDB's layout");
_Static_assert(sizeof(struct lake_span) == sizeof(duckdb_list_entry), "lists have DuckDB's layout");
_Static_assert(sizeof(lake_wide) == sizeof(duckdb_hugeint), "wide integers have DuckDB's layout");

#define DUCKDB_NAME(name) "duckdb_" #name,
struct lake_duckdb duckdb;
static const char *const duckdb_names[] = {LAKE_DUCKDB(DUCKDB_NAME)};
static struct library duckdb_library = {STRATA_LIB_DUCKDB, NULL, "DuckDB",
                                        LIBRARY_TABLE(duckdb_names, duckdb)};

enum {
    GROUP_MAX = 4096, /* bytes of a cgroup's path, as of any other */
    KILOBYTE = 1024,
};

/* The number in a file of the kernel's, or the limit there was ("max" is no number). */
static uint64_t lower_limit(const char *path, uint64_t limit)
{
    FILE *file = fopen(path, "re");
    unsigned long long value;
    if (!file)
        return limit;
    bool number = fscanf(file, "%llu", &value) == 1 && value > 0;
    fclose(file);
    return number && value < limit ? value : limit;
}

/* The machine's memory, or what the process's cgroup or any above it allows. */
static uint64_t memory_offered(void)
{
    uint64_t limit = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

    limit = lower_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes", limit);
    char line[GROUP_MAX] = "", path[2 * GROUP_MAX];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file) && strncmp(line, "0::", 3) != 0)
        line[0] = '\0';
    if (file)
        fclose(file);

    char *group = strncmp(line, "0::", 3) == 0 ? line + 3 : line;
    group[strcspn(group, "\n")] = '\0';

    /* the process's own group and all above it: any of them may allow less */
    for (char *slash; group[0]; *slash = '\0') {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
        limit = lower_limit(path, limit);
        slash = strrchr(group, '/');
        if (!slash)
            break;
    }
    return lower_limit("/sys/fs/cgroup/memory.max", limit);
}

static enum status configure(struct lake *lake, const struct lake_options *options,
                             struct error *error)
{
    uint64_t memory =
        options && options->memory_limit ? options->memory_limit : memory_offered() / 2;
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_printf(&sql, "SET memory_limit='%lluKiB';", (unsigned long long)(memory / KILOBYTE));

    /* nothing is fetched while it runs, and what is spilled goes where the store says */
    buffer_string(
        &sql,
        "SET autoinstall_known_extensions=false; SET autoload_known_extensions=false;"
        "SET allow_community_extensions=false; SET TimeZone='UTC';"
        "SET enable_progress_bar=true; SET enable_progress_bar_print=false; SET temp_directory=");
    buffer_sql_text(&sql,
                    text_from(options && options->temp_directory ? options->temp_directory : ""));
    enum status status = lake_execute(lake, sql.data, error);
    buffer_release(&sql);
    return status;
}

/* The number of threads is said beforehand, or DuckDB starts one for each processor first. */
static bool open_database(struct lake *lake, char **reason)
{
    char threads[16];
    duckdb_config config = NULL;

    snprintf(threads, sizeof threads, "%d", lake->threads);
    bool good = duckdb.create_config(&config) == DuckDBSuccess &&
                duckdb.set_config(config, "threads", threads) == DuckDBSuccess &&
                duckdb.open_ext(NULL, &lake->database, config, reason) == DuckDBSuccess &&
                duckdb.connect(lake->database, &lake->connection) == DuckDBSuccess;
    duckdb.destroy_config(&config);
    return good;
}

enum status lake_open(const struct lake_options *options, struct lake **out, struct error *error)
{
    TRY(library_load(&duckdb_library, error));
    struct lake *lake = base_calloc(1, sizeof *lake);
    pthread_mutex_init(&lake->mutex, NULL);
    lake->threads = options && options->threads > 0 ? options->threads : pool_processors();
    lake->interrupt = options ? options->interrupt : NULL;

    char *reason = NULL;
    enum status status;
    if (open_database(lake, &reason))
        status = configure(lake, options, error);
    else
        status = error_set(error, STATUS_ERROR, "DuckDB cannot be started: %s",
                           reason ? reason : "no reason given");

    if (reason)
        duckdb.free(reason);
    if (status != STATUS_OK) {
        lake_close(lake);
        return status;
    }

    *out = lake;
    return STATUS_OK;
}

void lake_close(struct lake *lake)
{
    if (!lake)
        return;
    ENSURE(!lake->result_open);

    /* Functions and sources go after the database, whose threads may still be calling them. */
    if (lake->connection)
        duckdb.disconnect(&lake->connection);
    if (lake->database)
        duckdb.close(&lake->database);
    lake_release_extensions(lake);
    pthread_mutex_destroy(&lake->mutex);
    free(lake);
}

int lake_threads(const struct lake *lake)
{
    return lake->threads;
}

/* "Invalid Input Error: Cannot …" without its first words, which speak of DuckDB's insides. */
static const char *without_prefix(const char *message)
{
    size_t length = strlen("Error");
    for (;;) {
        const char *p = message;

        /* One after the other: an error inside another has two such beginnings. */
        while (isalpha((unsigned char)*p) || *p == ' ' || *p == '-' || *p == '/')
            p++;
        if (*p != ':' || (size_t)(p - message) < length ||
            strncmp(p - length, "Error", length) != 0)
            return message;
        message = p + 1;
        while (*message == ' ')
            message++;
    }
}

#define FREE_SOME "free some space, then run the command again."
#define NO_MEMORY "The work does not fit into memory: close other programs or use a larger machine."

/* What a cause needs to be told to people; the first whose words are in the message counts. */
static const struct cause {
    const char *words;
    enum status status;
    const char *hint;
} causes[] = {
    {"No space left on device", STATUS_FULL, "The disk is full: " FREE_SOME},
    {"Disk quota exceeded", STATUS_FULL, "The disk quota is used up: " FREE_SOME},
    {"max_temp_directory_size", STATUS_FULL, "The disk is full: " FREE_SOME},
    {"Out of Memory", STATUS_LIMIT, NO_MEMORY},
    {"failed to allocate data", STATUS_LIMIT, NO_MEMORY},
    {"INTERRUPT Error", STATUS_INTERRUPTED, NULL},
    {"IO Error", STATUS_IO, NULL},
};

static const struct cause *find_cause(const char *message)
{
    for (size_t i = 0; message && i < sizeof causes / sizeof *causes; i++)
        if (strstr(message, causes[i].words))
            return &causes[i];
    return NULL;
}

static enum status failure(struct lake *lake, const char *message, bool keep_lines,
                           struct error *error)
{
    /* an error of our own callback is told whole; DuckDB has carried only its message */
    pthread_mutex_lock(&lake->mutex);
    bool ours = lake->callback_failed;
    if (ours && error)
        *error = lake->callback_error;
    enum status status = ours ? lake->callback_error.code : STATUS_ERROR;
    lake->callback_failed = false;
    pthread_mutex_unlock(&lake->mutex);
    if (ours)
        return status;

    const char *text = without_prefix(message ? message : "DuckDB gave no reason");
    const char *end = keep_lines ? NULL : strstr(text, "\n\nLINE ");
    size_t length = end ? (size_t)(end - text) : strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        length--;

    const struct cause *cause = find_cause(message);
    if (cause && cause->status == STATUS_INTERRUPTED && interrupt_raised(lake->interrupt))
        return interrupt_check(lake->interrupt, error);
    status = error_set(error, cause ? cause->status : STATUS_ERROR, "%.*s", (int)length, text);
    if (cause && cause->hint)
        error_hint(error, "%s", cause->hint);
    return status;
}

enum status lake_failure(struct lake *lake, const char *message, struct error *error)
{
    return failure(lake, message, false, error);
}

enum status lake_failure_in_sql(struct lake *lake, const char *message, struct error *error)
{
    return failure(lake, message, true, error);
}

const char *lake_callback_failure(struct lake *lake, const struct error *error)
{
    pthread_mutex_lock(&lake->mutex);
    if (!lake->callback_failed) {
        lake->callback_failed = true;
        lake->callback_error = *error;
    }
    pthread_mutex_unlock(&lake->mutex);
    return error->message;
}

static void *watch_run(void *argument)
{
    /* nanoseconds; an interrupt is noticed within a tenth of a second */
    enum { SECOND = 1000000000, TENTH = SECOND / 10 };
    struct lake_watch *watch = argument;
    pthread_mutex_lock(&watch->mutex);
    while (!watch->stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TENTH;
        until.tv_sec += until.tv_nsec / SECOND;
        until.tv_nsec %= SECOND;
        if (pthread_cond_timedwait(&watch->wake, &watch->mutex, &until) != ETIMEDOUT || watch->stop)
            continue;

        struct lake *lake = watch->lake;
        bool goes_on = !lake->step || lake->step(lake->step_context, lake_progress(lake));
        if (!goes_on || interrupt_raised(lake->interrupt))
            lake_interrupt(lake);
    }
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

void lake_watch_start(struct lake_watch *watch, struct lake *lake)
{
    *watch = (struct lake_watch){.lake = lake};
    if (!lake->step && !lake->interrupt)
        return;
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_cond_init(&watch->wake, NULL);
    watch->running = pthread_create(&watch->thread, NULL, watch_run, watch) == 0;
}

void lake_watch_stop(struct lake_watch *watch)
{
    if (!watch->running)
        return;

    pthread_mutex_lock(&watch->mutex);
    watch->stop = true;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->mutex);

    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->wake);
    pthread_mutex_destroy(&watch->mutex);
    watch->running = false;
}

enum status lake_execute(struct lake *lake, const char *sql, struct error *error)
{
    ENSURE(!lake->result_open);
    TRY(interrupt_check(lake->interrupt, error));

    struct lake_watch watch;
    lake_watch_start(&watch, lake);
    duckdb_result result;
    bool good = duckdb.query(lake->connection, sql, &result) == DuckDBSuccess;
    lake_watch_stop(&watch);

    enum status status = good ? STATUS_OK : lake_failure(lake, duckdb.result_error(&result), error);
    duckdb.destroy_result(&result);
    return status;
}

enum status lake_executef(struct lake *lake, struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *sql = NULL;
    ENSURE(vasprintf(&sql, format, arguments) >= 0);
    va_end(arguments);
    enum status status = lake_execute(lake, sql, error);
    free(sql);
    return status;
}

double lake_progress(struct lake *lake)
{
    double percentage = duckdb.query_progress(lake->connection).percentage;
    return percentage < 0 ? -1 : percentage / 100;
}

void lake_interrupt(struct lake *lake)
{
    duckdb.interrupt(lake->connection);
}

void lake_on_progress(struct lake *lake, bool (*step)(void *context, double fraction),
                      void *context)
{
    lake->step = step;
    lake->step_context = context;
}
