/*
 * How a refresh grows: the benchmark's data at one size, some segments, and the time to evaluate
 * them all.
 *
 *   bench-growth CUSTOMERS FACTS-A-CUSTOMER SEGMENTS ROUNDS THREADS
 *
 * Prints one JSON object: sizes, the bytes a fact takes, and the times of every round.
 */
#include "segments.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static void check(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-growth: %s\n", error->message);
    exit(1);
}

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

static void print_times(const char *name, const double *times, int count)
{
    printf(", \"%s\": [", name);
    for (int i = 0; i < count; i++)
        printf("%s%.6f", i ? ", " : "", times[i]);
    printf("]");
}

static void run_rounds(const struct plan *plan, const struct population *population, int64_t now,
                       struct pool *pool, int rounds)
{
    double *wall = base_calloc((size_t)rounds, sizeof *wall),
           *cpu = base_calloc((size_t)rounds, sizeof *cpu);
    for (int round = -1; round < rounds; round++) {
        struct error error;
        struct plan_result *result;
        double start = wall_now(), used = cpu_now();
        check(plan_evaluate(plan, population, now, pool, false, &result, &error), &error);
        if (round >= 0) {
            wall[round] = wall_now() - start;
            cpu[round] = cpu_now() - used;
        }
        plan_result_free(result);
    }
    print_times("wall", wall, rounds);
    print_times("cpu", cpu, rounds);
    free(wall);
    free(cpu);
}

int main(int argc, char **argv)
{
    struct error error;
    struct data data;
    struct zone *zone;
    struct population *population;
    struct plan *plan;
    struct trees trees;
    if (argc != 6) {
        fprintf(stderr, "usage: bench-growth CUSTOMERS FACTS-A-CUSTOMER SEGMENTS ROUNDS THREADS\n");
        return 2;
    }
    int segments = atoi(argv[3]), rounds = atoi(argv[4]);
    struct pool *pool = pool_new(atoi(argv[5]));
    check(zone_open("Europe/Vienna", &zone, &error), &error);
    data_make(&data, (uint32_t)strtoul(argv[1], NULL, 10), strtod(argv[2], NULL));
    check(data_population(&data, zone, pool, &population, &error), &error);
    segments_make(&trees, segments);
    check(plan_new(&trees.set, data_schema(), NULL, -1, &plan, &error), &error);
    struct population_memory memory = population_memory(population);
    printf("{\"customers\": %u, \"facts\": %zu, \"segments\": %d, \"bytes_a_fact\": %.3f",
           data.customers, data.fact_count, segments,
           (double)(memory.facts + memory.directory) / (double)memory.fact_rows);
    run_rounds(plan, population, data.now, pool, rounds);
    printf("}\n");
    plan_free(plan);
    trees_release(&trees);
    population_free(population);
    data_release(&data);
    pool_free(pool);
    zone_close(zone);
    return 0;
}
