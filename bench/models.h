/* Inside bench-models: the clock, the rounds, and one function for each thing measured. */
#ifndef STRATA_BENCH_MODELS_H
#define STRATA_BENCH_MODELS_H

#include "base/pool.h"
#include "base/text.h"

#include <stdbool.h>

struct bench {
    struct pool *pool;
    int threads, rounds;
    char **words; /* what the mode takes besides */
    int word_count;
};

/* One measured run of a function: wall and processor seconds, and by how much the process's memory
 * grew at its peak. */
struct bench_round {
    double wall, cpu, grown;
};

/* Ends the program with the message of a failure. */
void bench_check(enum status status, const struct error *error);
/* The k-th word as a number. */
double bench_number(const struct bench *bench, int k);

/* Begins and ends a measured run. */
struct bench_round bench_begin(void);
void bench_end(struct bench_round *round);
/* `"name": {"wall": […], "cpu": […], "grown": […]}` onto stdout. */
void bench_print_rounds(const char *name, const struct bench_round *rounds, int count);

void bench_clv(const struct bench *bench);
void bench_kmeans(const struct bench *bench);
void bench_prototypes(const struct bench *bench);
void bench_latent(const struct bench *bench);
void bench_score(const struct bench *bench);

#endif
