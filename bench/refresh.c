/*
 * The refresh benchmark: customers × facts × segments in memory, against DuckDB on the same data in
 * the same process. Rounds alternate; what is printed are medians. Processor time is of the whole
 * process, all threads. Members are compared.
 *
 *   bench-refresh [customers] [facts a customer] [rounds] [threads] [json file]
 */
#include "base/json.h"
#include "segments.h"

#include "duckdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MANY = 400, ROUNDS_MAX = 99, ONE_FACTS = 200000, AHEAD = 12 };

struct timing {
    double wall, cpu;
};
struct series {
    const char *name;
    double wall[ROUNDS_MAX], cpu[ROUNDS_MAX];
    int count;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double cpu_now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static struct timing timing_start(void)
{
    return (struct timing){seconds_now(), cpu_now()};
}

static void timing_end(struct series *series, struct timing start)
{
    series->wall[series->count] = seconds_now() - start.wall;
    series->cpu[series->count++] = cpu_now() - start.cpu;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int count)
{
    double sorted[ROUNDS_MAX];
    if (!count)
        return 0;
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench-refresh: %s\n", what);
    exit(1);
}

static void check(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        fail(error->message);
}

/* ---- DuckDB ---- */

struct duck {
    duckdb_database database;
    duckdb_connection connection;
};

static void duck_run(struct duck *duck, const char *sql, duckdb_result *result)
{
    duckdb_result own;
    duckdb_result *out = result ? result : &own;
    if (duckdb_query(duck->connection, sql, out) != DuckDBSuccess)
        fail(duckdb_result_error(out));
    if (!result)
        duckdb_destroy_result(out);
}

static void duck_open(struct duck *duck, int threads)
{
    char setting[64];
    if (duckdb_open(NULL, &duck->database) != DuckDBSuccess ||
        duckdb_connect(duck->database, &duck->connection) != DuckDBSuccess)
        fail("DuckDB does not open");
    snprintf(setting, sizeof setting, "set threads = %d", threads);
    duck_run(duck, setting, NULL);
    duck_run(duck, "set temp_directory = ''", NULL);
}

/* One table from arrays: 32-bit integers, or texts by code. */
struct duck_column {
    const char *name;
    const uint32_t *u32;
    const int64_t *i64;
    const uint32_t *code;
};

static void fill_vector(duckdb_vector vector, const struct duck_column *column, size_t begin,
                        size_t count)
{
    char text[32];
    if (column->code) {
        for (size_t i = 0; i < count; i++)
            duckdb_vector_assign_string_element(vector, i,
                                                data_text(column->code[begin + i], text));
        return;
    }
    int32_t *out = duckdb_vector_get_data(vector);
    for (size_t i = 0; i < count; i++)
        out[i] = column->u32 ? (int32_t)column->u32[begin + i] : (int32_t)column->i64[begin + i];
}

static void duck_load(struct duck *duck, const char *table, const struct duck_column *columns,
                      size_t column_count, size_t rows)
{
    char sql[512];
    duckdb_logical_type types[8];
    size_t used = (size_t)snprintf(sql, sizeof sql, "create table \"%s\" (", table);
    for (size_t c = 0; c < column_count; c++) {
        used += (size_t)snprintf(sql + used, sizeof sql - used, "%s%s %s", c ? ", " : "",
                                 columns[c].name, columns[c].code ? "varchar" : "integer");
        types[c] =
            duckdb_create_logical_type(columns[c].code ? DUCKDB_TYPE_VARCHAR : DUCKDB_TYPE_INTEGER);
    }
    snprintf(sql + used, sizeof sql - used, ")");
    duck_run(duck, sql, NULL);
    duckdb_appender appender;
    if (duckdb_appender_create(duck->connection, NULL, table, &appender) != DuckDBSuccess)
        fail("no appender");
    duckdb_data_chunk chunk = duckdb_create_data_chunk(types, column_count);
    size_t size = duckdb_vector_size();
    for (size_t begin = 0; begin < rows; begin += size) {
        size_t count = rows - begin < size ? rows - begin : size;
        duckdb_data_chunk_reset(chunk);
        for (size_t c = 0; c < column_count; c++)
            fill_vector(duckdb_data_chunk_get_vector(chunk, c), &columns[c], begin, count);
        duckdb_data_chunk_set_size(chunk, count);
        if (duckdb_append_data_chunk(appender, chunk) != DuckDBSuccess)
            fail(duckdb_appender_error(appender));
    }
    duckdb_destroy_data_chunk(&chunk);
    if (duckdb_appender_destroy(&appender) != DuckDBSuccess)
        fail("append failed");
    for (size_t c = 0; c < column_count; c++)
        duckdb_destroy_logical_type(&types[c]);
}

static const char *const NUMBER_COLUMN[KINDS] = {[ORDER] = "amount",
                                                 [VIEW] = "seconds",
                                                 [SURVEY] = "nps",
                                                 [REFUND] = "amount",
                                                 [REVIEW] = "stars"};

static void duck_fill(struct duck *duck, const struct data *data)
{
    for (int kind = 0; kind < KINDS; kind++) {
        const struct facts *facts = &data->facts[kind];
        struct duck_column columns[4] = {{.name = "customer", .u32 = facts->customer},
                                         {.name = "time", .u32 = facts->time}};
        size_t count = 2;
        if (facts->number)
            columns[count++] =
                (struct duck_column){.name = NUMBER_COLUMN[kind], .i64 = facts->number};
        if (facts->product &&
            kind != SUPPORT) /* products as numbers: kinder to DuckDB than texts */
            columns[count++] = (struct duck_column){.name = "product", .u32 = facts->product};
        if (kind == SUPPORT)
            columns[count++] = (struct duck_column){.name = "topic", .code = facts->product};
        duck_load(duck, KIND_NAMES[kind], columns, count, facts->rows);
    }
    uint32_t *each = base_malloc(((size_t)data->customers + PRODUCTS) * 4), categories[PRODUCTS];
    for (uint32_t c = 0; c < data->customers; c++)
        each[c] = c;
    struct duck_column customer[] = {{.name = "customer", .u32 = each},
                                     {.name = "birth", .i64 = data->birth},
                                     {.name = "city", .code = data->city},
                                     {.name = "plan", .code = data->plan}};
    duck_load(duck, "customer", customer, 4, data->customers);
    for (uint32_t p = 0; p < PRODUCTS; p++) {
        each[p] = p;
        categories[p] = CODE_CATEGORY + (uint32_t)data->category[p];
    }
    struct duck_column product[] = {{.name = "product", .u32 = each},
                                    {.name = "category", .code = categories}};
    duck_load(duck, "product", product, 2, PRODUCTS);
    free(each);
}

/* Runs the query, keeping only how many rows came; members (may be NULL): a bit mask by customer.
 */
static void duck_members(struct duck *duck, const char *sql, struct series *series,
                         uint32_t *members)
{
    duckdb_result result;
    struct timing start = timing_start();
    duck_run(duck, sql, &result);
    if (series)
        timing_end(series, start);
    duckdb_data_chunk chunk;
    while (members && (chunk = duckdb_fetch_chunk(result))) {
        size_t rows = duckdb_data_chunk_get_size(chunk);
        const int32_t *customer = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
        for (int s = 0; s < SEGMENTS; s++) {
            duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (idx_t)s + 1);
            const bool *holds = duckdb_vector_get_data(vector);
            uint64_t *valid = duckdb_vector_get_validity(vector);
            for (size_t row = 0; row < rows; row++)
                if (holds[row] && (!valid || duckdb_validity_row_is_valid(valid, row)))
                    members[customer[row]] |= UINT32_C(1) << s;
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
}

/* ---- Strata ---- */

struct bench {
    struct data data;
    struct population *population;
    struct pool *pool;
    struct zone *zone;
    struct trees few, many;
    struct plan *plan, *plan_many;
    int threads, rounds;
    struct duck duck;
    bool with_duck;
    double build;
    double bandwidth;
    double one_p50, one_p99, one_rate, one_rate_plain;
    long differences;
};

static void refresh(struct bench *bench, const struct plan *plan, bool next, struct series *series,
                    struct plan_result **keep)
{
    struct error error;
    struct plan_result *result = NULL;
    struct timing start = timing_start();
    check(
        plan_evaluate(plan, bench->population, bench->data.now, bench->pool, next, &result, &error),
        &error);
    timing_end(series, start);
    if (keep)
        *keep = result;
    else
        plan_result_free(result);
}

static long compare_members(struct bench *bench, const struct plan_result *result,
                            const uint32_t *members)
{
    long differences = 0;
    for (uint32_t p = 0; p < bench->data.customers; p++) {
        uint32_t own = 0, other = members[bench->population->number[p] - 1];
        for (int s = 0; s < SEGMENTS; s++)
            own |= (uint32_t)plan_result_has(result, s, p) << s;
        for (int s = 0; s < SEGMENTS; s++)
            if ((own ^ other) >> s & 1) {
                if (differences++ < 10)
                    fprintf(stderr, "customer %u, %s: Strata %d, DuckDB %d\n",
                            (unsigned)bench->population->number[p] - 1,
                            bench->few.set.segments[s].name, own >> s & 1, other >> s & 1);
            }
    }
    return differences;
}

static void verify(struct bench *bench)
{
    struct series none = {0};
    struct plan_result *result;
    refresh(bench, bench->plan, false, &none, &result);
    for (int s = 0; s < SEGMENTS; s++)
        printf("  %-16s %9llu\n", bench->few.set.segments[s].name,
               (unsigned long long)plan_result_count(result, s));
    for (int obvious = 0; bench->with_duck && obvious < 2; obvious++) {
        char *sql =
            obvious ? segments_obvious_sql(bench->data.now) : segments_best_sql(bench->data.now);
        uint32_t *members = base_calloc(bench->data.customers, sizeof *members);
        duck_members(&bench->duck, sql, NULL, members);
        bench->differences += compare_members(bench, result, members);
        free(members);
        free(sql);
    }
    plan_result_free(result);
}

struct reading {
    const uint64_t *words;
    size_t count, tasks;
    uint64_t *sums;
};

static void read_task(void *context, size_t task, int worker)
{
    (void)worker;
    struct reading *reading = context;
    size_t begin = reading->count * task / reading->tasks,
           end = reading->count * (task + 1) / reading->tasks;
    uint64_t sum = 0;
    for (size_t i = begin; i < end; i++)
        sum += reading->words[i];
    reading->sums[task] = sum;
}

/* Bytes a second that this machine reads with these threads: the best of five passes over half a
 * gigabyte. */
static double measure_bandwidth(struct pool *pool)
{
    enum { WORDS = 1 << 26, TASKS = 64 };
    uint64_t *words = base_malloc((size_t)WORDS * 8), sums[TASKS];
    memset(words, 1, (size_t)WORDS * 8);
    struct reading reading = {words, WORDS, TASKS, sums};
    double best = 0;
    for (int round = 0; round < 5; round++) {
        double start = seconds_now();
        pool_run(pool, TASKS, read_task, &reading);
        double rate = (double)WORDS * 8 / (seconds_now() - start);
        best = rate > best ? rate : best;
    }
    free(words);
    return best;
}

/* Facts from a queue, one a customer: appended, then all segments of that customer evaluated again.
 */
static void one_fact(struct bench *bench)
{
    struct error error;
    struct plan_state *state = plan_state_new(bench->plan);
    struct population_delta *delta = population_delta_new(bench->population);
    int table = population_table_index(bench->population, "order"),
        views = population_table_index(bench->population, "view");
    int count = bench->data.customers < ONE_FACTS ? (int)bench->data.customers : ONE_FACTS;
    double *latency = base_malloc((size_t)count * sizeof *latency);
    uint64_t random = 7, bits[SEGMENTS / 64 + 1], sum = 0;
    double start = 0;
    uint32_t *queue = base_malloc(((size_t)count + 1000 + AHEAD) * sizeof *queue);
    for (int i = 0; i < count + 1000 + AHEAD; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        queue[i] = (uint32_t)((random >> 33) % bench->data.customers);
    }
    for (int i = -1000; i < count; i++) {
        if (i == 0)
            start = seconds_now();
        uint32_t position = queue[i + 1000];
        plan_prefetch(state, queue[i + 1000 + AHEAD], 0);
        plan_prefetch(state, queue[i + 1000 + AHEAD / 2], 1);
        struct population_value order[2] = {{.known = true, .integer = 1000 + i % 5000},
                                            {.known = true, .integer = i & 4095}};
        int64_t now = bench->data.now + i / 100;
        double begin = seconds_now();
        population_delta_add(delta, position, i & 1 ? table : views, (uint32_t)now, order);
        check(plan_evaluate_one(bench->plan, bench->population, NULL, position, now, delta, state,
                                bits, NULL, &error),
              &error);
        if (i >= 0)
            latency[i] = seconds_now() - begin;
        sum += bits[0];
    }
    bench->one_rate = count / (seconds_now() - start);
    qsort(latency, (size_t)count, sizeof *latency, by_value);
    bench->one_p50 = latency[count / 2];
    bench->one_p99 = latency[(size_t)count * 99 / 100];
    if (sum == 42)
        printf("\n");
    free(latency);
    free(queue);
    population_delta_free(delta);
    plan_state_free(state);
}

static void print_series(const struct series *series, double base)
{
    double cpu = median(series->cpu, series->count);
    printf("  %-28s %9.4f s wall %9.4f s cpu", series->name, median(series->wall, series->count),
           cpu);
    if (base > 0)
        printf("  %7.1f times", cpu / base);
    printf("\n");
}

static void write_json(const struct bench *bench, const struct series *series, int count,
                       const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail("cannot write the results");
    struct population_memory memory = population_memory(bench->population);
    fprintf(file,
            "{\n  \"customers\": %u,\n  \"facts\": %zu,\n  \"threads\": %d,\n  \"rounds\": %d,\n",
            bench->data.customers, bench->data.fact_count, bench->threads, bench->rounds);
    for (int i = 0; i < count; i++)
        fprintf(file, "  \"%s\": {\"wall\": %.6f, \"cpu\": %.6f},\n", series[i].name,
                median(series[i].wall, series[i].count), median(series[i].cpu, series[i].count));
    fprintf(file, "  \"bytes_a_fact\": %.3f,\n",
            (double)(memory.facts + memory.directory) / (double)memory.fact_rows);
    fprintf(file, "  \"bandwidth\": %.0f,\n  \"build_seconds\": %.3f,\n", bench->bandwidth,
            bench->build);
    fprintf(file, "  \"one_fact\": {\"p50\": %.9f, \"p99\": %.9f, \"a_second\": %.0f},\n",
            bench->one_p50, bench->one_p99, bench->one_rate);
    fprintf(file, "  \"differences\": %ld\n}\n", bench->differences);
    fclose(file);
}

static void prepare(struct bench *bench, uint32_t customers, double facts_each)
{
    struct error error;
    check(zone_open("Europe/Vienna", &bench->zone, &error), &error);
    bench->pool = pool_new(bench->threads);
    bench->threads = pool_threads(bench->pool);
    double start = seconds_now();
    data_make(&bench->data, customers, facts_each);
    printf("made %zu facts of %u customers in %.1f s\n", bench->data.fact_count, customers,
           seconds_now() - start);
    start = seconds_now();
    check(data_population(&bench->data, bench->zone, bench->pool, &bench->population, &error),
          &error);
    bench->build = seconds_now() - start;
    printf("built the population in %.2f s\n", bench->build);
    segments_make(&bench->few, SEGMENTS);
    segments_make(&bench->many, MANY);
    check(plan_new(&bench->few.set, data_schema(), NULL, -1, &bench->plan, &error), &error);
    check(plan_new(&bench->many.set, data_schema(), NULL, -1, &bench->plan_many, &error), &error);
    if (bench->with_duck) {
        duck_open(&bench->duck, bench->threads);
        duck_fill(&bench->duck, &bench->data);
    }
}

enum { REFRESH, NEXT, REFRESH_MANY, BEST_SQL, OBVIOUS_SQL, SERIES };

static void run_rounds(struct bench *bench, struct series *series)
{
    char *best = segments_best_sql(bench->data.now),
         *obvious = segments_obvious_sql(bench->data.now);
    for (int round = 0; round < bench->rounds; round++) {
        refresh(bench, bench->plan, false, &series[REFRESH], NULL);
        refresh(bench, bench->plan, true, &series[NEXT], NULL);
        refresh(bench, bench->plan_many, false, &series[REFRESH_MANY], NULL);
        if (bench->with_duck) {
            duck_members(&bench->duck, best, &series[BEST_SQL], NULL);
            duck_members(&bench->duck, obvious, &series[OBVIOUS_SQL], NULL);
        }
    }
    free(best);
    free(obvious);
}

static void report(struct bench *bench, const struct series *series)
{
    struct population_memory memory = population_memory(bench->population);
    double base = median(series[REFRESH].cpu, series[REFRESH].count);
    for (int i = 0; i < SERIES; i++)
        if (series[i].count)
            print_series(&series[i], base);
    double bytes = (double)(memory.facts + memory.directory + memory.traits);
    printf("  bytes a fact %.2f (rows %.2f, directory %.2f)\n",
           (double)(memory.facts + memory.directory) / (double)memory.fact_rows,
           (double)memory.facts / (double)memory.fact_rows,
           (double)memory.directory / (double)memory.fact_rows);
    printf("  memory bandwidth %.1f GB/s: all bytes once take %.4f s\n", bench->bandwidth / 1e9,
           bytes / bench->bandwidth);
    printf("  one fact: p50 %.2f us, p99 %.2f us, %.0f a second\n", bench->one_p50 * 1e6,
           bench->one_p99 * 1e6, bench->one_rate);
    printf("  differences from DuckDB: %ld\n", bench->differences);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    uint32_t customers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    double each = argc > 2 ? strtod(argv[2], NULL) : 50;
    bench.rounds = argc > 3 ? atoi(argv[3]) : 5;
    bench.threads = argc > 4 ? atoi(argv[4]) : 0;
    bench.with_duck = !getenv("BENCH_NO_DUCKDB");
    bench.rounds = bench.rounds > ROUNDS_MAX ? ROUNDS_MAX : bench.rounds;
    static struct series series[SERIES] = {{.name = "refresh_20"},
                                           {.name = "refresh_20_next"},
                                           {.name = "refresh_400"},
                                           {.name = "duckdb_best"},
                                           {.name = "duckdb_obvious"}};
    prepare(&bench, customers, each);
    verify(&bench);
    bench.bandwidth = measure_bandwidth(bench.pool);
    run_rounds(&bench, series);
    one_fact(&bench);
    report(&bench, series);
    if (argc > 5)
        write_json(&bench, series, SERIES, argv[5]);
    plan_free(bench.plan);
    plan_free(bench.plan_many);
    trees_release(&bench.few);
    trees_release(&bench.many);
    population_free(bench.population);
    data_release(&bench.data);
    pool_free(bench.pool);
    zone_close(bench.zone);
    return bench.differences != 0;
}
