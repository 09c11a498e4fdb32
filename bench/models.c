/*
 * Models by themselves, without a store: fits and scores on arrays made here, measured inside the
 * process.
 *
 *   bench-models THREADS ROUNDS clv bgnbd|mbgnbd|pareto-nbd ROWS distinct|repeated
 *   bench-models THREADS ROUNDS kmeans FILE ROWS COLUMNS K STARTS SEED
 *   bench-models THREADS ROUNDS prototypes ROWS
 *   bench-models THREADS ROUNDS latent FILE CLASSES STARTS
 *   bench-models THREADS ROUNDS score CUSTOMERS
 *
 * Prints one JSON object: what was fitted, and wall seconds, processor seconds and growth of memory
 * of every round.
 */
#include "models.h"

#include "base/json.h"
#include "model/cluster.h"
#include "model/clv.h"
#include "model/latent.h"
#include "stats/random.h"
#include "support/cdnow.h"
#include "support/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void bench_check(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-models: %s\n", error->message);
    exit(1);
}

double bench_number(const struct bench *bench, int k)
{
    if (k < bench->word_count)
        return strtod(bench->words[k], NULL);
    fprintf(stderr, "bench-models: word %d is missing\n", k + 1);
    exit(2);
}

/* ---- the clock ---- */

static double wall_now(void)
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

/* A line of /proc/self/status in bytes; "VmHWM" is the largest memory since it was reset. */
static double memory(const char *name)
{
    char line[256];
    double kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kilobytes = strtod(line + strlen(name) + 1, NULL);
    if (file)
        fclose(file);
    return kilobytes * 1024;
}

static void reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return;
    fputs("5\n", file);
    fclose(file);
}

struct bench_round bench_begin(void)
{
    reset_peak();
    return (struct bench_round){wall_now(), cpu_now(), memory("VmRSS")};
}

void bench_end(struct bench_round *round)
{
    round->wall = wall_now() - round->wall;
    round->cpu = cpu_now() - round->cpu;
    round->grown = memory("VmHWM") - round->grown;
}

void bench_print_rounds(const char *name, const struct bench_round *rounds, int count)
{
    static const char *const keys[] = {"wall", "cpu", "grown"};
    printf("\"%s\": {", name);
    for (int key = 0; key < 3; key++) {
        printf("%s\"%s\": [", key ? ", " : "", keys[key]);
        for (int i = 0; i < count; i++) {
            const double values[] = {rounds[i].wall, rounds[i].cpu, rounds[i].grown};
            printf("%s%.6g", i ? ", " : "", values[key]);
        }
        printf("]");
    }
    printf("}");
}

/* ---- how often customers buy ---- */

/* A customer of BG/NBD (MBG/NBD for m = 1) or Pareto/NBD with the parameters of CDNOW, seen for 30
 * to 80 weeks. */
static struct model_history live(struct stats_random *random, enum model_clv_type type)
{
    bool pareto = type == MODEL_PARETO_NBD;
    double rate = stats_random_gamma(random, pareto ? .553 : .243) / (pareto ? 10.578 : 4.414);
    double leave =
        pareto ? stats_random_gamma(random, .606) / 11.669 : stats_random_beta(random, .793, 2.426);
    double lifetime = pareto ? stats_random_exponential(random) / leave : INFINITY;
    struct model_history h = {0, 0, 30 + 50 * stats_random_uniform(random)};
    if (type == MODEL_MBGNBD && stats_random_uniform(random) < leave)
        return h;
    for (double now = 0;;) {
        now += stats_random_exponential(random) / rate;
        if (!(now < h.t && now < lifetime))
            return h;
        h.x++;
        h.tx = now;
        if (!pareto && stats_random_uniform(random) < leave)
            return h;
    }
}

static struct model_history *make_histories(enum model_clv_type type, size_t count, bool distinct)
{
    struct model_history *history = base_calloc(count, sizeof *history);
    struct stats_random random;
    struct arena arena;
    arena_init(&arena, 0);
    stats_random_init(&random, 1, (uint64_t)type);
    struct cdnow cdnow = distinct ? (struct cdnow){0} : cdnow_read(&arena);
    for (size_t i = 0; i < count; i++)
        history[i] = distinct ? live(&random, type) : cdnow.history[i % cdnow.count];
    arena_release(&arena);
    return history;
}

void bench_clv(const struct bench *bench)
{
    enum model_clv_type type;
    if (bench->word_count < 3 || !model_clv_type_parse(bench->words[0], &type)) {
        fprintf(stderr,
                "bench-models: clv takes a type, a number of rows, and distinct or repeated\n");
        exit(2);
    }
    size_t count = (size_t)bench_number(bench, 1);
    struct model_history *history =
        make_histories(type, count, strcmp(bench->words[2], "distinct") == 0);
    struct model_clv_data data = {count, history, NULL};
    struct bench_round *rounds = base_calloc((size_t)bench->rounds, sizeof *rounds);
    struct model_clv model;
    struct error error;
    for (int i = 0; i < bench->rounds; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        rounds[i] = bench_begin();
        bench_check(model_clv_fit(type, &data, bench->pool, &arena, &model, &error), &error);
        bench_end(&rounds[i]);
        arena_release(&arena);
    }
    printf("{\"rows\": %zu, \"distinct\": %zu, \"bytes\": %zu, \"log_likelihood\": %.10g, "
           "\"evaluations\": %d, "
           "\"parameters\": [%.8g, %.8g, %.8g, %.8g], ",
           count, model.rows, count * sizeof *history, model.log_likelihood, model.evaluations,
           model.parameter[0], model.parameter[1], model.parameter[2], model.parameter[3]);
    bench_print_rounds("fit", rounds, bench->rounds);
    printf("}\n");
    free(history);
    free(rounds);
}

/* ---- groups ---- */

/* Reads rows × columns doubles, as numpy writes them. */
static double *read_matrix(const char *path, size_t places)
{
    double *values = base_calloc(places, sizeof *values);
    FILE *file = fopen(path, "rb");
    if (!file || fread(values, sizeof *values, places, file) != places) {
        fprintf(stderr, "bench-models: %s does not hold %zu numbers\n", path, places);
        exit(1);
    }
    fclose(file);
    return values;
}

void bench_kmeans(const struct bench *bench)
{
    struct model_matrix matrix = {(size_t)bench_number(bench, 1), (int)bench_number(bench, 2),
                                  NULL};
    size_t places = matrix.rows * (size_t)matrix.columns;
    double *values = read_matrix(bench->words[0], places);
    struct model_kmeans_options options = {.k = (int)bench_number(bench, 3),
                                           .starts = (int)bench_number(bench, 4),
                                           .tolerance = 1e-4,
                                           .seed = (uint64_t)bench_number(bench, 5)};
    struct bench_round *rounds = base_calloc((size_t)bench->rounds, sizeof *rounds);
    struct model_kmeans model;
    struct error error;
    matrix.data = values;
    for (int i = 0; i < bench->rounds; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        rounds[i] = bench_begin();
        bench_check(model_kmeans_fit(&matrix, &options, bench->pool, &arena, &model, &error),
                    &error);
        bench_end(&rounds[i]);
        arena_release(&arena);
    }
    printf("{\"inertia\": %.12g, \"iterations\": %d, \"bytes\": %zu, ", model.inertia,
           model.iterations, places * sizeof *values);
    bench_print_rounds("fit", rounds, bench->rounds);
    printf("}\n");
    free(values);
    free(rounds);
}

/* Five blurred groups in five numbers and five categories. */
void bench_prototypes(const struct bench *bench)
{
    enum { NUMBERS = 5, CATEGORIES = 5, LEVELS = 6, GROUPS = 5 };
    static const uint32_t levels[CATEGORIES] = {LEVELS, LEVELS, LEVELS, LEVELS, LEVELS};
    size_t rows = (size_t)bench_number(bench, 0);
    double *number = base_calloc(rows * NUMBERS, sizeof *number), cost = 0;
    uint32_t *code = base_calloc(rows * CATEGORIES, sizeof *code);
    struct stats_random random;
    stats_random_init(&random, 2, 0);
    for (size_t i = 0; i < rows; i++) {
        size_t group = stats_random_below(&random, GROUPS);
        for (size_t j = 0; j < NUMBERS; j++)
            number[i * NUMBERS + j] =
                (double)((group * (j + 3)) % 7) + stats_random_normal(&random);
        for (size_t j = 0; j < CATEGORIES; j++)
            code[i * CATEGORIES + j] = stats_random_uniform(&random) < .6
                                           ? (uint32_t)((group + j) % LEVELS)
                                           : (uint32_t)stats_random_below(&random, LEVELS);
    }
    struct model_prototypes_data data = {rows, NUMBERS, CATEGORIES, number, code, levels};
    struct bench_round *rounds = base_calloc((size_t)bench->rounds, sizeof *rounds);
    for (int i = 0; i < bench->rounds; i++) {
        struct model_prototypes model;
        struct error error;
        struct arena arena;
        arena_init(&arena, 0);
        rounds[i] = bench_begin();
        bench_check(
            model_prototypes_fit(&data, GROUPS, 0, 10, 1, bench->pool, &arena, &model, &error),
            &error);
        bench_end(&rounds[i]);
        cost = model.cost;
        arena_release(&arena);
    }
    printf("{\"cost\": %.10g, \"bytes\": %zu, ", cost,
           rows * (NUMBERS * sizeof *number + CATEGORIES * sizeof *code));
    bench_print_rounds("fit", rounds, bench->rounds);
    printf("}\n");
    free(number);
    free(code);
    free(rounds);
}

/* ---- kinds of people ---- */

/* The answers of a file of the shared data, one column an item. */
static struct model_latent_data read_answers(const char *path, struct arena *arena)
{
    struct table table = table_read(path, ',', true, arena);
    int items = (int)table.columns, *code = ARENA_ARRAY(arena, int, table.rows *(size_t)items),
        *levels = ARENA_ARRAY(arena, int, items);
    for (int j = 0; j < items; j++) {
        int *column = table_codes(&table, (size_t)j, arena, &levels[j]);
        for (size_t i = 0; i < table.rows; i++)
            code[i * (size_t)items + (size_t)j] = column[i];
    }
    return (struct model_latent_data){
        .rows = table.rows, .items = items, .code = code, .levels = levels};
}

void bench_latent(const struct bench *bench)
{
    struct arena data_arena;
    arena_init(&data_arena, 0);
    struct model_latent_options options = {
        .classes = (int)bench_number(bench, 1), .starts = (int)bench_number(bench, 2), .seed = 1};
    struct model_latent_data data = read_answers(bench->words[0], &data_arena);
    struct bench_round *rounds = base_calloc((size_t)bench->rounds, sizeof *rounds);
    double likelihood = 0;
    int reached = 0;
    for (int i = 0; i < bench->rounds; i++) {
        struct model_latent model;
        struct error error;
        struct arena arena;
        arena_init(&arena, 0);
        rounds[i] = bench_begin();
        bench_check(model_latent_fit(&data, &options, bench->pool, &arena, &model, &error), &error);
        bench_end(&rounds[i]);
        likelihood = model.log_likelihood;
        reached = model.reached;
        arena_release(&arena);
    }
    printf("{\"rows\": %zu, \"items\": %d, \"log_likelihood\": %.10g, \"starts_that_reached_it\": "
           "%d, ",
           data.rows, data.items, likelihood, reached);
    bench_print_rounds("fit", rounds, bench->rounds);
    printf("}\n");
    free(rounds);
    arena_release(&data_arena);
}

/* ---- which ---- */

static const struct {
    const char *name;
    void (*run)(const struct bench *bench);
} modes[] = {{"clv", bench_clv},
             {"kmeans", bench_kmeans},
             {"prototypes", bench_prototypes},
             {"latent", bench_latent},
             {"score", bench_score}};

int main(int argc, char **argv)
{
    struct bench bench = {.threads = argc > 1 ? atoi(argv[1]) : 0,
                          .rounds = argc > 2 ? atoi(argv[2]) : 0,
                          .words = argv + (argc > 4 ? 4 : argc),
                          .word_count = argc > 4 ? argc - 4 : 0};
    for (size_t i = 0; argc > 3 && bench.rounds > 0 && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[3], modes[i].name) == 0) {
            bench.pool = pool_new(bench.threads);
            modes[i].run(&bench);
            pool_free(bench.pool);
            return 0;
        }
    fprintf(stderr, "usage: bench-models THREADS ROUNDS clv|kmeans|prototypes|latent|score ...\n");
    return 2;
}
