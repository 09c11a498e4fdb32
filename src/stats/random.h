/*
 * Random numbers that are the same for the same seed on every machine and with any number of
 * threads: a task that runs in parallel takes a stream of its own, numbered by the task and not by
 * the thread.
 *
 * The generator is xoshiro256++ (Blackman & Vigna 2021), its state filled by SplitMix64 from seed
 * and stream.
 */
#ifndef STRATA_STATS_RANDOM_H
#define STRATA_STATS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct stats_random {
    uint64_t state[4];
    double spare; /* the second normal of a pair */
    int has_spare;
};

/* Starts stream `stream` of `seed`. One generator, one thread. */
void stats_random_init(struct stats_random *random, uint64_t seed, uint64_t stream);
uint64_t stats_random_bits(struct stats_random *random);
/* Uniform on the open interval (0, 1), 53 bits. */
double stats_random_uniform(struct stats_random *random);
/* Uniform on 0…count−1, without bias; count > 0. */
size_t stats_random_below(struct stats_random *random, size_t count);
double stats_random_normal(struct stats_random *random);
/* Mean 1. */
double stats_random_exponential(struct stats_random *random);
/* Shape > 0, scale 1 (Marsaglia & Tsang 2000). */
double stats_random_gamma(struct stats_random *random, double shape);
double stats_random_beta(struct stats_random *random, double a, double b);
/* Mean ≥ 0; by waiting times below 30, by halving through a gamma variate above (Ahrens & Dieter
 * 1974). */
double stats_random_poisson(struct stats_random *random, double mean);
/* An index drawn with probability proportional to weights (≥ 0, sum given, > 0). */
size_t stats_random_weighted(struct stats_random *random, const double *weights, size_t count,
                             double sum);
/* Puts indices[0…count) into random order. */
void stats_random_shuffle(struct stats_random *random, uint32_t *indices, size_t count);

#endif
