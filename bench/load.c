/*
 * Loading against reading: each command's needed columns loaded as a population, and the same columns of the same parts
 * read by DuckDB and added up, so that every value is really decoded. Rounds alternate; both use the same DuckDB
 * instance and the same number of threads. Results are compared: rows, and the sum of amounts where they are read.
 *
 *   bench-load STORE ROUNDS THREADS
 *
 * Prints one JSON object a case: times of every round, bytes read through the kernel by one load, and whether what was
 * loaded equals what DuckDB read.
 */
#include "population/load.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { NEEDS_MAX = 3, ROUNDS_MAX = 99 };

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
    {"kind", "every column of one kind", {{"order", {"amount", "category", "product", "quantity"}}}},
    {"two_kinds", "any(order …) and none(visit …)", {{"order", {"amount"}}, {"visit", {"product"}}}},
};
enum { CASES = sizeof cases / sizeof *cases };

struct timing {
    double wall, cpu;
};

struct bench {
    struct store *store;
    struct lake *lake;
    struct pool *pool;
    struct zone *zone;
    int rounds;
    struct timing loaded[ROUNDS_MAX], read[ROUNDS_MAX], kept[ROUNDS_MAX];
    uint64_t bytes;
    uint64_t rows, read_rows;
    int64_t amounts, read_amounts;
    uint32_t customers;
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

/* ---- Strata ---- */

static int64_t sum_of_amounts(const struct population *population)
{
    const struct population_table *table = &population->tables[population_table_index(population, "order")];
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

static struct timing load(struct bench *bench, const struct load_case *which)
{
    struct error error;
    struct population *population;
    struct population_need needs[NEEDS_MAX];
    struct population_load what = {.needs = needs, .known_at = INT64_MAX};
    for (; what.need_count < NEEDS_MAX && which->needs[what.need_count].table; what.need_count++)
        needs[what.need_count] =
            (struct population_need){which->needs[what.need_count].table, which->needs[what.need_count].columns};
    uint64_t before = bytes_read();
    struct timing start = now();
    check(population_load(bench->store, bench->lake, &what, bench->zone, bench->pool, &population, &error), &error);
    struct timing took = since(start);
    bench->bytes = bytes_read() - before;
    take_result(bench, population);
    population_free(population);
    return took;
}

/* ---- DuckDB ---- */

static bool is_text(const struct store *store, const char *table, const char *column)
{
    const struct schema_column *found = schema_column(schema_table(store_schema(store), table), column);
    return found && found->type == VALUE_TEXT;
}

/* The columns of one kind as they stand in its parts; a text is its code there, which is what Strata reads as well. */
static size_t list_columns(struct bench *bench, const struct load_case *which, int need, struct arena *arena,
                           const char **columns)
{
    size_t count = 0;
    columns[count++] = "customer";
    columns[count++] = "time";
    for (const char *const *column = which->needs[need].columns; *column; column++)
        columns[count++] =
            is_text(bench->store, which->needs[need].table, *column) ? arena_printf(arena, "%s#", *column) : *column;
    return count;
}

static void add_parts(struct bench *bench, const char *table, enum part_role role, struct buffer *files)
{
    size_t count;
    struct arena arena;
    const struct catalog_part *parts = store_parts(bench->store, &count);
    arena_init(&arena, 0);
    buffer_reset(files);
    for (size_t i = 0; i < count; i++)
        if (parts[i].role == role && strcmp(parts[i].table, table) == 0) {
            buffer_string(files, files->length ? ", " : "");
            buffer_sql_text(files, text_from(store_file(bench->store, &arena, "%s", parts[i].path)));
        }
    arena_release(&arena);
}

/* Every statement that DuckDB runs for a case: the facts, then who the customers are and when they were active. */
static void read_sql(struct bench *bench, const struct load_case *which, int need, bool keep, struct buffer *sql)
{
    const char *columns[8];
    struct arena arena;
    struct buffer files;
    arena_init(&arena, 0);
    buffer_init(&files, 0);
    size_t count = list_columns(bench, which, need, &arena, columns);
    add_parts(bench, which->needs[need].table, PART_FACTS, &files);
    buffer_string(sql, keep ? "CREATE OR REPLACE TEMP TABLE kept AS SELECT " : "SELECT count(*)");
    for (size_t i = 0; i < count; i++) {
        buffer_string(sql, !keep ? ", sum(" : i ? ", " : "");
        buffer_sql_name(sql, text_from(columns[i]));
        buffer_string(sql, keep ? "" : ")");
    }
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

static void run_beside(struct bench *bench, const char *select, const char *table, enum part_role role)
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

static struct timing read_columns(struct bench *bench, const struct load_case *which, bool keep)
{
    static const char *const kinds[] = {"order", "visit"};
    struct buffer sql;
    buffer_init(&sql, 0);
    bench->read_rows = 0;
    struct timing start = now();
    for (int need = 0; need < NEEDS_MAX && which->needs[need].table; need++) {
        buffer_reset(&sql);
        read_sql(bench, which, need, keep, &sql);
        run(bench, sql.data, keep ? NULL : &bench->read_rows);
    }
    /* a population knows every customer's identifier and last activity, so reading them belongs to the comparison */
    run_beside(bench, "count(*), sum(customer), sum(length(identifier))", "identity", PART_IDENTITY);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        run_beside(bench, "count(*), sum(customer), sum(\"first\"), sum(\"last\")", kinds[i], PART_ACTIVITY);
    struct timing took = since(start);
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
    buffer_printf(&sql, "SELECT CAST(sum(amount) * 100 AS BIGINT) FROM read_parquet([%s])", files.data);
    check(lake_query_integer(bench->lake, sql.data, &bench->read_amounts, NULL, &error), &error);
    buffer_release(&files);
    buffer_release(&sql);
}

/* ---- rounds ---- */

static void print_times(const char *name, const struct timing *times, int count)
{
    printf("\"%s\": {\"wall\": [", name);
    for (int i = 0; i < count; i++)
        printf("%s%.6f", i ? ", " : "", times[i].wall);
    printf("], \"cpu\": [");
    for (int i = 0; i < count; i++)
        printf("%s%.6f", i ? ", " : "", times[i].cpu);
    printf("]}, ");
}

static void run_case(struct bench *bench, const struct load_case *which)
{
    for (int round = 0; round < bench->rounds; round++) {
        bench->loaded[round] = load(bench, which);
        bench->read[round] = read_columns(bench, which, false);
        bench->kept[round] = read_columns(bench, which, true);
    }
    read_columns(bench, which, false);
    read_amounts(bench, which);
    bool equal = bench->rows == bench->read_rows && bench->amounts == bench->read_amounts;
    printf("{\"case\": \"%s\", \"condition\": \"%s\", ", which->name, which->condition);
    print_times("strata", bench->loaded, bench->rounds);
    print_times("duckdb", bench->read, bench->rounds);
    print_times("duckdb_table", bench->kept, bench->rounds);
    printf("\"bytes\": %llu, \"rows\": %llu, \"customers\": %u, \"equal\": %s}\n", (unsigned long long)bench->bytes,
           (unsigned long long)bench->rows, bench->customers, equal ? "true" : "false");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct error error;
    if (argc != 4) {
        fprintf(stderr, "usage: bench-load STORE ROUNDS THREADS\n");
        return 2;
    }
    bench.rounds = atoi(argv[2]) < ROUNDS_MAX ? atoi(argv[2]) : ROUNDS_MAX;
    check(store_open(argv[1], STORE_READ, "bench", &bench.store, &error), &error);
    check(store_lake(bench.store, atoi(argv[3]), &bench.lake, &error), &error);
    check(zone_open("UTC", &bench.zone, &error), &error);
    bench.pool = pool_new(lake_threads(bench.lake));
    load(&bench, &cases[0]); /* the first touch of the files is nobody's */
    for (int i = 0; i < CASES; i++)
        run_case(&bench, &cases[i]);
    pool_free(bench.pool);
    zone_close(bench.zone);
    lake_close(bench.lake);
    store_close(bench.store);
    return 0;
}
