/* Variates from 64 random bits, by methods that need no tables. Whoever changes how many bits one
 * takes changes every sample drawn with the same seed. */
#include "stats/random.h"

#include <math.h>

/* Steele, Lea & Flood (2014): a Weyl sequence by the golden ratio, and the thirteenth of Stafford's
 * mixers with its shifts and multipliers. */
static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u; /* Stafford's 13 */
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31); /* its last shift */
}

void stats_random_init(struct stats_random *random, uint64_t seed, uint64_t stream)
{
    /* The stream is mixed first, so that streams 0, 1, 2 of neighbouring seeds
     * share nothing. */
    uint64_t mix = stream, state = seed ^ split_mix(&mix);
    for (int i = 0; i < 4; i++)
        random->state[i] = split_mix(&state);
    random->has_spare = 0;
}

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

/* 23, 17 and 45 are the ++ scrambler and the engine of four words, as published. */
uint64_t stats_random_bits(struct stats_random *random)
{
    enum { SCRAMBLE = 23, SHIFT = 17, TURN = 45 };
    uint64_t *s = random->state, result = rotate(s[0] + s[3], SCRAMBLE) + s[0],
             shifted = s[1] << SHIFT;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], TURN);
    return result;
}

double stats_random_uniform(struct stats_random *random)
{
    /* 52 bits, and half of one more: neither 0 nor 1 ever comes. */
    return ((double)(stats_random_bits(random) >> 12) + 0.5) * 0x1p-52;
}

size_t stats_random_below(struct stats_random *random, size_t count)
{
    /* What is left over after whole multiples of count would favour small numbers. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % count, bits;
    do
        bits = stats_random_bits(random);
    while (bits >= limit);
    return (size_t)(bits % count);
}

double stats_random_normal(struct stats_random *random)
{
    if (random->has_spare) {
        random->has_spare = 0;
        return random->spare;
    }
    /* Box and Muller's pair (1958): the other one is kept for the next call. */
    double radius = sqrt(-2 * log(stats_random_uniform(random)));
    double angle = 2 * M_PI * stats_random_uniform(random);
    random->spare = radius * sin(angle);
    random->has_spare = 1;
    return radius * cos(angle);
}

double stats_random_exponential(struct stats_random *random)
{
    return -log(stats_random_uniform(random));
}

double stats_random_gamma(struct stats_random *random, double shape)
{
    /* Below 1 by a gamma of one more, times a power (Marsaglia & Tsang). */
    if (shape < 1) {
        double power = log(stats_random_uniform(random)) / shape;
        return stats_random_gamma(random, shape + 1) * exp(power);
    }
    /* A cube of a normal one, accepted as often as 95 times in 100 and more. */
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = stats_random_normal(random), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(stats_random_uniform(random)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

double stats_random_beta(struct stats_random *random, double a, double b)
{
    double x = stats_random_gamma(random, a), y = stats_random_gamma(random, b);
    if (x + y > 0)
        return x / (x + y);
    /* Both too small for a double: all is at the two ends, in the
     * proportion of a and b. */
    return stats_random_uniform(random) < a / (a + b) ? 1 : 0;
}

double stats_random_poisson(struct stats_random *random, double mean)
{
    enum { FEW = 30 }; /* below, as many waits as events cost less than a gamma variate */
    double count = 0;
    while (mean > FEW) {
        /* Ahrens & Dieter's seven eighths: mostly below the mean, and most of it. */
        double half = floor(mean * 7 / 8), wait = stats_random_gamma(random, half);
        if (wait > mean) { /* the half-th event lies past the end: the earlier ones are spread
                              evenly before it */

            double share = mean / wait;
            for (double i = 1; i < half; i++)
                count += stats_random_uniform(random) < share;
            return count;
        }
        count += half;
        mean -= wait;
    }
    for (double left = mean;;) {
        left -= stats_random_exponential(random);
        if (left < 0)
            return count;
        count++;
    }
}

size_t stats_random_weighted(struct stats_random *random, const double *weights, size_t count,
                             double sum)
{
    double goal = stats_random_uniform(random) * sum;
    size_t last = 0;

    for (size_t i = 0; i < count; i++) {
        if (weights[i] <= 0)
            continue;
        last = i;
        goal -= weights[i];
        if (goal < 0)
            return i;
    }
    return last;
}

void stats_random_shuffle(struct stats_random *random, uint32_t *indices, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = stats_random_below(random, i);
        uint32_t swap = indices[i - 1];
        indices[i - 1] = indices[j];
        indices[j] = swap;
    }
}
