/* Sums that lose nothing worth mentioning, and what follows from an order. */
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double stats_sum(const double *values, size_t count)
{
    double sum = 0, rest = 0;
    for (size_t i = 0; i < count; i++) {
        double next = sum + values[i];
        /* Of each addition, what the smaller one lost by it (Neumaier 1974). */
        rest += fabs(sum) >= fabs(values[i]) ? (sum - next) + values[i] : (values[i] - next) + sum;

        sum = next;
    }
    return sum + rest;
}

double stats_mean(const double *values, size_t count)
{
    return stats_sum(values, count) / (double)count;
}

double stats_variance(const double *values, size_t count)
/* Two passes: the squares of centred values do not cancel. */
{
    double mean = stats_mean(values, count), sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return count > 1 ? sum / (double)(count - 1) : NAN;
}

double stats_correlation(const double *a, const double *b, size_t count)
{
    double mean_a = stats_mean(a, count), mean_b = stats_mean(b, count), aa = 0, bb = 0, ab = 0;

    for (size_t i = 0; i < count; i++) {
        double x = a[i] - mean_a, y = b[i] - mean_b;
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa) / sqrt(bb) : NAN;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
}

struct keyed {
    double value;
    uint32_t index;
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

void stats_order(const double *values, size_t count, uint32_t *order)
{
    struct keyed *keyed = base_malloc(sizeof *keyed * (count + 1));

    for (size_t i = 0; i < count; i++)
        keyed[i] = (struct keyed){values[i], (uint32_t)i};
    qsort(keyed, count, sizeof *keyed, compare_keyed);
    for (size_t i = 0; i < count; i++)
        order[i] = keyed[i].index;
    free(keyed);
}

double stats_quantile_sorted(const double *sorted, size_t count, double p)
{
    if (count == 0)
        return NAN;

    double place = p * (double)(count - 1);
    size_t below = (size_t)place;
    if (below + 1 >= count)
        return sorted[count - 1];
    double share = place - (double)below;
    return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

double stats_quantile(const double *values, size_t count, double p, struct arena *arena)
{
    double *copy = ARENA_ARRAY(arena, double, count);
    memcpy(copy, values, sizeof *copy * count);
    stats_sort(copy, count);
    return stats_quantile_sorted(copy, count, p);
}

void stats_ranks(const double *values, size_t count, struct arena *arena, double *ranks)
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, count);
    stats_order(values, count, order);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && values[order[end]] == values[order[i]])
            end++;
        /* The mean of the places from i + 1 to end. */
        for (size_t j = i; j < end; j++)
            ranks[order[j]] = 0.5 * (double)(i + 1 + end);
        i = end;
    }
}
