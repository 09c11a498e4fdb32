/*
 * Loading against reading: each command's needed columns loaded as a population, and the same
 * columns of the same parts read by DuckDB and added up, so that every value is really decoded.
 * Rounds alternate; both use the same DuckDB instance and the same number of threads. Results are
 * compared: rows, and the sum of amounts where they are read.
 *
 *   bench-load STORE ROUNDS THREADS
 *
 * DuckDB does it in two ways: into aggregates, the cheapest consumption there is, and into a table
 * in memory, which is what a population is. A third contender is the floor: a function of ours in
 * DuckDB's pipeline that takes every chunk of the same columns and looks at nothing, which is what
 * loading through DuckDB costs before it does anything.
 *
 * What looking at checksums takes of a load shows where a process reads a column first. So the same
 * loads are also made by processes that do nothing else, with and without it in turns. In those
 * with it the calls that look are under the clock themselves (the linker puts ours before them): on
 * a busy machine two loads differ by more than these take.
 *
 * Prints one JSON object a case: times of every round, bytes read through the kernel by one load,
 * its largest memory beside what the population weighs, and whether what was loaded equals what
 * DuckDB read.
 */
#include "population/load.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NEEDS_MAX = 3, ROUNDS_MAX = 99, CHECK_ROUNDS = 2 /* for each round */ };

/* What a command needs, by kind; the condition that needs it is told to people. */
static const struct load_case {
    const char *name, *condition;
    struct {
        const char *table, *columns[5];
    } needs[NEEDS_MAX];
} cases[] = {
    {"times", "count(order last 90 days) >= 2", {{"order", {NULL}}}},
    {"amounts", "sum(order.amount last 365 days) >= 100", {{"order", {"amount"}}}},
    {"texts", "favourite(order.category) = 'shoes'", {{"order", {"category", "product"}}}},
    {"kind",
     "every column of one kind",
     {{"order", {"amount", "category", "product", "quantity"}}}},
    {"two_kinds",
     "any(order …) and none(visit …)",
     {{"order", {"amount"}}, {"visit", {"product"}}}},
};
enum { CASES = sizeof cases / sizeof *cases };

struct timing {
    double wall, cpu;
};

/* Loading in a process that does nothing else. */
struct fresh {
    struct timing checked, checking,
        unchecked; /* the load, what looking at checksums took of it, the load without it */
};

struct bench {
    struct store *store;
    struct lake *lake;
    struct pool *pool;
    struct zone *zone;
    int rounds;
    struct timing loaded[ROUNDS_MAX], read[ROUNDS_MAX], kept[ROUNDS_MAX], passed[ROUNDS_MAX];
    struct fresh fresh[CASES][CHECK_ROUNDS * ROUNDS_MAX];
    uint64_t bytes;
    uint64_t peak[CASES]; /* bytes: most that one load took in a process of its own … */
    uint64_t weight;      /* … and what stayed of it */
    uint64_t rows, read_rows;
    int64_t amounts, read_amounts;
    uint32_t customers;
    bool has_floor; /* of the present case */
};

static void check(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-load: %s\n", error->message);
    exit(1);
}

static struct timing now(void)
{
    struct timespec wall;
    struct rusage usage;
    clock_gettime(CLOCK_MONOTONIC, &wall);
    getrusage(RUSAGE_SELF, &usage);
    return (struct timing){
        (double)wall.tv_sec + (double)wall.tv_nsec * 1e-9,
        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6,
    };
}

static struct timing since(struct timing start)
{
    struct timing end = now();
    return (struct timing){end.wall - start.wall, end.cpu - start.cpu};
}

/* Bytes this process has asked the kernel for, from the page cache or the disk. */
static uint64_t bytes_read(void)
{
    FILE *file = fopen("/proc/self/io", "re");
    unsigned long long bytes = 0;
    if (file) {
        if (fscanf(file, "rchar: %llu", &bytes) != 1)
            bytes = 0;
        fclose(file);
    }
    return bytes;
}

/* A line of /proc/self/status, in bytes. */
static uint64_t memory(const char *name)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long long kib = 0;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoull(line + strlen(name), NULL, 10);
    if (file)
        fclose(file);
    return kib * 1024;
}

/* ---- looking at checksums ---- */

static struct timing checking; /* so far */

/* By the linker's --wrap: where store_check_part is called, the second is, and the first is the
 * function itself. */
enum status __real_store_check_part(const struct store *store, const struct catalog_part *part,
                                    const char *const *columns, size_t count, struct error *error);
enum status __wrap_store_check_part(const struct store *store, const struct catalog_part *part,
                                    const char *const *columns, size_t count, struct error *error);

enum status __wrap_store_check_part(const struct store *store, const struct catalog_part *part,
                                    const char *const *columns, size_t count, struct error *error)
{
    struct timing start = now();
    enum status status = __real_store_check_part(store, part, columns, count, error);
    struct timing took = since(start);
    checking.wall += took.wall;
    checking.cpu += took.cpu;
    return status;
}

/* ---- Strata ---- */

static int64_t sum_of_amounts(const struct population *population)
{
    const struct population_table *table =
        &population->tables[population_table_index(population, "order")];
    int column = population_column_index(table, "amount");
    int64_t sum = 0;
    for (size_t row = 0; column >= 0 && row < table->rows; row++)
        sum += population_get(&table->columns[column], row).integer;
    return sum;
}

static void take_result(struct bench *bench, const struct population *population)
{
    bench->rows = 0;
    for (size_t t = 0; t < population->table_count; t++)
        bench->rows += population->tables[t].rows;
    bench->amounts = sum_of_amounts(population);
    bench->customers = population->customers;
}

static uint64_t weight_of(const struct population *population)
{
    struct population_memory is = population_memory(population);
    return is.facts + is.directory + is.customers + is.traits + is.references + is.dictionary +
           is.records;
}

static struct timing load(struct bench *bench, const struct load_case *which)
{
    struct error error;
    struct population *population;
    struct population_need needs[NEEDS_MAX];
    struct population_load what = {.needs = needs, .known_at = INT64_MAX};
    for (; what.need_count < NEEDS_MAX && which->needs[what.need_count].table; what.need_count++)
        needs[what.need_count] = (struct population_need){which->needs[what.need_count].table,
                                                          which->needs[what.need_count].columns};
    uint64_t before = bytes_read();
    struct timing start = now();
    check(population_load(bench->store, bench->lake, &what, bench->zone, bench->pool, &population,
                          &error),
          &error);
    struct timing took = since(start);
    bench->bytes = bytes_read() - before;
    bench->weight = weight_of(population);
    take_result(bench, population);
    population_free(population);
    return took;
}

/* ---- DuckDB ---- */

static bool is_text(const struct store *store, const char *table, const char *column)
{
    const struct schema_column *found =
        schema_column(schema_table(store_schema(store), table), column);
    return found && found->type == VALUE_TEXT;
}

/* The columns of one kind as they stand in its parts; a text is its code there, which is what
 * Strata reads as well. */
static size_t list_columns(struct bench *bench, const struct load_case *which, int need,
                           struct arena *arena, const char **columns)
{
    size_t count = 0;
    columns[count++] = "customer";
    columns[count++] = "time";
    for (const char *const *column = which->needs[need].columns; *column; column++)
        columns[count++] = is_text(bench->store, which->needs[need].table, *column)
                               ? store_codes_name(arena, *column)
                               : *column;
    return count;
}

static void add_parts(struct bench *bench, const char *table, enum part_role role,
                      struct buffer *files)
{
    size_t count;
    struct arena arena;
    const struct catalog_part *parts = store_parts(bench->store, &count);
    arena_init(&arena, 0);
    buffer_reset(files);
    for (size_t i = 0; i < count; i++)
        if (parts[i].role == role && strcmp(parts[i].table, table) == 0) {
            buffer_string(files, files->length ? ", " : "");
            buffer_sql_text(files,
                            text_from(store_file(bench->store, &arena, "%s", parts[i].path)));
        }
    arena_release(&arena);
}

enum way { INTO_SUMS, INTO_TABLE, PASSED_BY };

/* The floor: every chunk comes here, and nobody looks at it. */
static enum status look_away(void *context, const struct lake_chunk *chunk, struct lake_output *out,
                             struct error *error)
{
    memset(out->data, 1, chunk->rows);
    return STATUS_OK;
}

/* Makes a function of these columns, whose types are asked of DuckDB. */
static void add_floor(struct bench *bench, const char *name, const char *const *columns,
                      size_t count, const char *files, struct arena *arena)
{
    struct error error;
    struct lake_result *result;
    const struct lake_chunk *chunk;
    struct buffer sql;
    const char **types = ARENA_ARRAY(arena, const char *, count);
    buffer_init(&sql, 0);
    for (size_t i = 0; i < count; i++) {
        buffer_string(&sql, i ? ", typeof(" : "SELECT typeof(");
        buffer_sql_name(&sql, text_from(columns[i]));
        buffer_char(&sql, ')');
    }
    buffer_printf(&sql, " FROM read_parquet([%s]) LIMIT 1", files);
    check(lake_query(bench->lake, sql.data, &result, &error), &error);
    check(lake_result_next(result, &chunk, &error), &error);
    for (size_t i = 0; i < count; i++) {
        struct text type = lake_text(&chunk->columns[i], 0);
        types[i] = arena_strndup(arena, type.data, type.length);
    }
    lake_result_free(result);
    buffer_release(&sql);
    struct lake_function function = {name, types, count, "BOOLEAN", true, look_away, NULL};
    check(lake_register_function(bench->lake, &function, &error), &error);
}

/* The statement that DuckDB runs for the facts of one kind. */
static void read_sql(struct bench *bench, const struct load_case *which, int need, enum way way,
                     struct buffer *sql)
{
    const char *columns[8];
    struct arena arena;
    struct buffer files;
    arena_init(&arena, 0);
    buffer_init(&files, 0);
    size_t count = list_columns(bench, which, need, &arena, columns);
    add_parts(bench, which->needs[need].table, PART_FACTS, &files);
    char floor[32];
    snprintf(floor, sizeof floor, "look_away_%s_%d", which->name, need);
    if (way == PASSED_BY && !bench->has_floor)
        add_floor(bench, floor, columns, count, files.data, &arena);
    if (way == INTO_TABLE)
        buffer_string(sql, "CREATE OR REPLACE TEMP TABLE kept AS SELECT ");
    else
        buffer_printf(sql, "SELECT count(%s", way == INTO_SUMS ? "*)" : floor);
    for (size_t i = 0; i < count; i++) {
        buffer_string(sql, way == INTO_SUMS ? ", sum(" : i ? ", " : way == PASSED_BY ? "(" : "");
        buffer_sql_name(sql, text_from(columns[i]));
        buffer_string(sql, way == INTO_SUMS ? ")" : "");
    }
    buffer_string(sql, way == PASSED_BY ? "))" : "");
    buffer_printf(sql, " FROM read_parquet([%s])", files.data);
    buffer_release(&files);
    arena_release(&arena);
}

static void run(struct bench *bench, const char *sql, uint64_t *rows)
{
    struct error error;
    struct lake_result *result;
    const struct lake_chunk *chunk;
    check(lake_query(bench->lake, sql, &result, &error), &error);
    while (check(lake_result_next(result, &chunk, &error), &error), chunk)
        if (rows)
            *rows += (uint64_t)lake_integer(&chunk->columns[0], 0);
    lake_result_free(result);
}

static void run_beside(struct bench *bench, const char *select, const char *table,
                       enum part_role role)
{
    struct buffer sql, files;
    buffer_init(&sql, 0);
    buffer_init(&files, 0);
    add_parts(bench, table, role, &files);
    if (files.length) {
        buffer_printf(&sql, "SELECT %s FROM read_parquet([%s])", select, files.data);
        run(bench, sql.data, NULL);
    }
    buffer_release(&files);
    buffer_release(&sql);
}

static struct timing read_columns(struct bench *bench, const struct load_case *which, enum way way)
{
    static const char *const kinds[] = {"order", "visit"};
    struct buffer sql;
    buffer_init(&sql, 0);
    bench->read_rows = 0;
    struct timing start = now();
    for (int need = 0; need < NEEDS_MAX && which->needs[need].table; need++) {
        buffer_reset(&sql);
        read_sql(bench, which, need, way, &sql);
        run(bench, sql.data, way == INTO_SUMS ? &bench->read_rows : NULL);
    }
    /* a population knows every customer's identifier and last activity, so reading them belongs to
     * the comparison */
    run_beside(bench, "count(*), sum(customer), sum(length(identifier))", "identity",
               PART_IDENTITY);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        run_beside(bench, "count(*), sum(customer), sum(\"first\"), sum(\"last\"), sum(\"rows\")",
                   kinds[i], PART_ACTIVITY);
    struct timing took = since(start);
    bench->has_floor |= way == PASSED_BY;
    buffer_release(&sql);
    return took;
}

static bool reads_amount(const struct load_case *which)
{
    for (const char *const *column = which->needs[0].columns; *column; column++)
        if (strcmp(*column, "amount") == 0)
            return true;
    return false;
}

static void read_amounts(struct bench *bench, const struct load_case *which)
{
    struct error error;
    struct buffer sql, files;
    bench->read_amounts = 0;
    if (!reads_amount(which))
        return;
    buffer_init(&sql, 0);
    buffer_init(&files, 0);
    add_parts(bench, "order", PART_FACTS, &files);
    buffer_printf(&sql, "SELECT CAST(sum(amount) * 100 AS BIGINT) FROM read_parquet([%s])",
                  files.data);
    check(lake_query_integer(bench->lake, sql.data, &bench->read_amounts, NULL, &error), &error);
    buffer_release(&files);
    buffer_release(&sql);
}

/* ---- rounds ---- */

/* times: the first of count that lie so many bytes apart. */
static void print_apart(const char *name, const struct timing *times, size_t apart, int count)
{
    for (int clock = 0; clock < 2; clock++) {
        printf(clock ? "], \"cpu\": [" : "\"%s\": {\"wall\": [", name);
        for (int i = 0; i < count; i++) {
            const struct timing *time = (const void *)((const char *)times + (size_t)i * apart);
            printf("%s%.6f", i ? ", " : "", clock ? time->cpu : time->wall);
        }
    }
    printf("]}, ");
}

static void print_times(const char *name, const struct timing *times, int count)
{
    print_apart(name, times, sizeof *times, count);
}

/* What DuckDB keeps is no part of what loading takes. */
static void drop_table(struct bench *bench)
{
    struct error error;
    check(lake_execute(bench->lake, "DROP TABLE IF EXISTS kept", &error), &error);
}

static void run_case(struct bench *bench, const struct load_case *which)
{
    bench->has_floor = false;
    read_columns(bench, which, PASSED_BY); /* its making is nobody's */
    for (int round = 0; round < bench->rounds; round++) {
        bench->loaded[round] = load(bench, which);
        bench->read[round] = read_columns(bench, which, INTO_SUMS);
        bench->kept[round] = read_columns(bench, which, INTO_TABLE);
        bench->passed[round] = read_columns(bench, which, PASSED_BY);
        drop_table(bench);
    }
    read_columns(bench, which, INTO_SUMS);
    read_amounts(bench, which);
    bool equal = bench->rows == bench->read_rows && bench->amounts == bench->read_amounts;
    printf("{\"case\": \"%s\", \"condition\": \"%s\", ", which->name, which->condition);
    print_times("strata", bench->loaded, bench->rounds);
    print_times("duckdb", bench->read, bench->rounds);
    print_times("duckdb_table", bench->kept, bench->rounds);
    print_times("floor", bench->passed, bench->rounds);
    const struct fresh *fresh = bench->fresh[which - cases];
    int fresh_count = CHECK_ROUNDS * bench->rounds;
    print_apart("checked", &fresh->checked, sizeof *fresh, fresh_count);
    print_apart("checking", &fresh->checking, sizeof *fresh, fresh_count);
    print_apart("unchecked", &fresh->unchecked, sizeof *fresh, fresh_count);
    printf("\"peak_bytes\": %llu, \"population_bytes\": %llu, ",
           (unsigned long long)bench->peak[which - cases], (unsigned long long)bench->weight);
    printf("\"bytes\": %llu, \"rows\": %llu, \"customers\": %u, \"equal\": %s}\n",
           (unsigned long long)bench->bytes, (unsigned long long)bench->rows, bench->customers,
           equal ? "true" : "false");
    fflush(stdout);
}

static void open_all(struct bench *bench, char **arguments)
{
    struct error error;
    check(store_open(arguments[1], STORE_READ, "bench", &bench->store, &error), &error);
    check(store_lake(bench->store, atoi(arguments[3]), &bench->lake, &error), &error);
    check(zone_open("UTC", &bench->zone, &error), &error);
    bench->pool = pool_new(lake_threads(bench->lake));
}

static void close_all(struct bench *bench)
{
    pool_free(bench->pool);
    zone_close(bench->zone);
    lake_close(bench->lake);
    store_close(bench->store);
}

/* ---- processes of their own ---- */

struct sample {
    struct timing load, checking;
    uint64_t peak;
};

/* A new process opens the store, loads once, and says what that took. Memory that was used before
 * would hide what a load takes: how much more the process held at most than before, DuckDB's
 * buffers and threads included. */
static struct sample load_freshly(const struct load_case *which, bool checked, char **arguments)
{
    int ends[2];
    struct sample sample;
    if (pipe(ends) != 0)
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        struct bench *bench = calloc(1, sizeof *bench);
        if (!checked)
            setenv("STRATA_UNCHECKED", "1", 1);
        open_all(bench, arguments);
        uint64_t before = memory("VmRSS:");
        checking = (struct timing){0};
        sample.load = load(bench, which);
        sample.checking = checking;
        sample.peak = memory("VmHWM:") - before;
        _exit(write(ends[1], &sample, sizeof sample) != sizeof sample);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &sample, sizeof sample) != sizeof sample)
        exit(1);
    close(ends[0]);
    waitpid(child, NULL, 0);
    return sample;
}

static void measure_freshly(struct bench *bench, int which, char **arguments)
{
    struct sample samples[2] = {0}; /* without, with */
    for (int i = 0; i < CHECK_ROUNDS * bench->rounds; i++) {
        for (int turn = 0; turn < 2; turn++) {
            int checked = (i + turn) % 2;
            samples[checked] = load_freshly(&cases[which], checked, arguments);
        }
        bench->fresh[which][i] =
            (struct fresh){samples[1].load, samples[1].checking, samples[0].load};
    }
    bench->peak[which] = samples[1].peak;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (argc != 4) {
        fprintf(stderr, "usage: bench-load STORE ROUNDS THREADS\n");
        return 2;
    }
    bench.rounds = atoi(argv[2]) < ROUNDS_MAX ? atoi(argv[2]) : ROUNDS_MAX;
    load_freshly(&cases[CASES - 1], true, argv); /* the first touch of the files is nobody's */
    for (int i = 0; i < CASES; i++)
        measure_freshly(&bench, i, argv); /* before this process has threads */
    open_all(&bench, argv);
    load(&bench, &cases[0]);
    for (int i = 0; i < CASES; i++)
        run_case(&bench, &cases[i]);
    close_all(&bench);
    return 0;
}
