#include "shop.h"

#include <math.h>

uint64_t random_bits(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double random_unit(struct random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-53;
}

int random_below(struct random *random, int bound)
{
    return (int)(random_unit(random) * bound);
}

double random_normal(struct random *random)
{
    double u = 1 - random_unit(random), v = random_unit(random);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

double random_exponential(struct random *random, double rate)
{
    return -log(1 - random_unit(random)) / rate;
}

/* Marsaglia and Tsang (2000); shapes below one by the power trick. */
double random_gamma(struct random *random, double shape, double scale)
{
    if (shape < 1)
        return random_gamma(random, shape + 1, scale) * pow(1 - random_unit(random), 1 / shape);
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = random_normal(random), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(1 - random_unit(random)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v * scale;
    }
}

int random_poisson(struct random *random, double mean)
{
    int count = 0;
    for (double left = mean; (left -= random_exponential(random, 1)) > 0;)
        count++;
    return count;
}

int random_pick(struct random *random, const double *weights, int count)
{
    double total = 0;
    for (int i = 0; i < count; i++)
        total += weights[i];
    double at = random_unit(random) * total;
    for (int i = 0; i < count - 1; i++)
        if ((at -= weights[i]) < 0)
            return i;
    return count - 1;
}
