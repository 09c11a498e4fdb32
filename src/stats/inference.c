/* Tests in closed form, from the counts and sums that callers have. */
#include "stats/inference.h"

#include "stats/distribution.h"
#include "stats/solve.h"

#include <math.h>
#include <stdlib.h>

struct stats_interval stats_wilson(double hits, double count, double level)
{
    if (!(count > 0))
        return (struct stats_interval){0, 1};

    double z = stats_normal_quantile(0.5 + level / 2), share = hits / count, square = z * z / count;
    double middle = (share + square / 2) / (1 + square);
    double half = z / (1 + square) * sqrt(share * (1 - share) / count + square / (4 * count));
    return (struct stats_interval){fmax(0, middle - half), fmin(1, middle + half)};
}

struct stats_test stats_two_proportions(double hits_a, double count_a, double hits_b,
                                        double count_b)
{
    double a = hits_a / count_a, b = hits_b / count_b,
           pooled = (hits_a + hits_b) / (count_a + count_b);
    double error = sqrt(pooled * (1 - pooled) * (1 / count_a + 1 / count_b));
    struct stats_test test = {.estimate = a - b, .statistic = error > 0 ? (a - b) / error : 0};
    test.error = sqrt(a * (1 - a) / count_a + b * (1 - b) / count_b);
    test.p = stats_normal_two_sided(test.statistic);
    return test;
}

struct stats_test stats_welch(double mean_a, double variance_a, double count_a, double mean_b,
                              double variance_b, double count_b)
{
    double a = variance_a / count_a, b = variance_b / count_b, sum = a + b;
    struct stats_test test = {.estimate = mean_a - mean_b, .error = sqrt(sum)};

    if (!(sum > 0)) { /* both constant: they differ for certain or not at all */
        test.statistic = test.estimate == 0 ? 0 : copysign(INFINITY, test.estimate);
        test.p = test.estimate == 0;
        return test;
    }
    /* Welch–Satterthwaite: the degrees of freedom that the two variances are
     * worth together. */
    test.freedom = sum * sum / (a * a / (count_a - 1) + b * b / (count_b - 1));
    test.statistic = test.estimate / test.error;
    test.p = stats_t_two_sided(test.statistic, test.freedom);
    return test;
}

struct stats_interval stats_test_interval(const struct stats_test *test, double level)
{
    double p = 0.5 + level / 2;
    double quantile =
        test->freedom > 0 ? stats_t_quantile(p, test->freedom) : stats_normal_quantile(p);
    return (struct stats_interval){test->estimate - quantile * test->error,
                                   test->estimate + quantile * test->error};
}

struct stats_test stats_chi2_goodness(const double *observed, const double *expected, size_t count,
                                      int fitted)
{
    struct stats_test test = {.freedom = (double)count - 1 - fitted};
    for (size_t i = 0; i < count; i++)
        if (expected[i] > 0)
            test.statistic +=
                (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
    test.p = stats_chi2_upper(test.statistic, test.freedom);
    return test;
}

struct stats_test stats_chi2_table(const double *table, int rows, int columns)
{
    struct stats_test test = {0};
    double *sums = base_calloc((size_t)rows + (size_t)columns, sizeof *sums), *row = sums,
           *column = sums + rows;
    double total = 0;

    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            row[i] += table[i * columns + j];
            column[j] += table[i * columns + j];
            total += table[i * columns + j];
        }

    int full_rows = 0, full_columns = 0;
    for (int i = 0; i < rows; i++)
        full_rows += row[i] > 0;
    for (int j = 0; j < columns; j++)
        full_columns += column[j] > 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            double expected = row[i] * column[j] / total, gap = table[i * columns + j] - expected;
            test.statistic += expected > 0 ? gap * gap / expected : 0;
        }

    free(sums);
    test.freedom = (double)(full_rows - 1) * (full_columns - 1);
    test.p = test.freedom > 0 ? stats_chi2_upper(test.statistic, test.freedom) : 1;
    return test;
}

void stats_benjamini_hochberg(const double *p, size_t count, double *adjusted)
{
    uint32_t *order = base_malloc(sizeof *order * (count + 1));
    stats_order(p, count, order);
    /* From the largest p down: none may be adjusted to more than the next larger one. */
    double least = 1;
    for (size_t i = count; i > 0; i--) {
        double scaled = p[order[i - 1]] * (double)count / (double)i;
        least = scaled < least ? scaled : least;
        adjusted[order[i - 1]] = least;
    }
    free(order);
}

struct detectable {
    double treated, control, base, z_alpha, z_power;
};

/* Positive once the difference d is large enough. */
static double detectable_gap(double d, void *context)
{
    const struct detectable *q = context;
    double other = q->base + d;
    double pooled = (q->treated * other + q->control * q->base) / (q->treated + q->control);
    double under_none = sqrt(pooled * (1 - pooled) * (1 / q->treated + 1 / q->control));
    double under_some =
        sqrt(other * (1 - other) / q->treated + q->base * (1 - q->base) / q->control);
    return d - q->z_alpha * under_none - q->z_power * under_some;
}

double stats_detectable_proportion(double count, double share, double base, double alpha,
                                   double power)
{
    struct detectable question = {count * share, count * (1 - share), base,
                                  stats_normal_quantile(1 - alpha / 2),
                                  stats_normal_quantile(power)};
    double most = 1 - base;

    if (!(question.treated > 0 && question.control > 0 && base >= 0 && base < 1) ||
        detectable_gap(most, &question) < 0)
        return NAN;
    /* The gap starts below zero and crosses it once: its second term falls
     * slower than d rises. */
    return stats_root(detectable_gap, &question, 0, most, 1e-12);
}

double stats_detectable_mean(double count, double share, double deviation, double alpha,
                             double power)
{
    double scale = sqrt(1 / (count * share) + 1 / (count * (1 - share)));
    return (stats_normal_quantile(1 - alpha / 2) + stats_normal_quantile(power)) * deviation *
           scale;
}

static double bins_total(const double *counts, size_t bins)

{
    double total = 0;
    for (size_t i = 0; i < bins; i++)
        total += counts[i] > 0 ? counts[i] : 0.5;
    return total;
}

double stats_stability_index(const double *now, const double *before, size_t bins)
{
    double now_total = bins_total(now, bins), before_total = bins_total(before, bins), index = 0;
    for (size_t i = 0; i < bins; i++) {
        if (now[i] <= 0 && before[i] <= 0)
            continue;
        /* Half a case in an empty bin, as a logarithm of 0 would be all there is. */
        double p = (now[i] > 0 ? now[i] : 0.5) / now_total,
               q = (before[i] > 0 ? before[i] : 0.5) / before_total;
        index += (p - q) * log(p / q);
    }
    return index;
}

double stats_stability_by_chance(double now_total, double before_total, size_t bins, double level)
{
    return (1 / now_total + 1 / before_total) * stats_chi2_quantile(level, (double)bins - 1);
}

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

double stats_adjusted_rand(const uint32_t *a, size_t groups_a, const uint32_t *b, size_t groups_b,
                           size_t count)
{
    double *table = base_calloc(groups_a * groups_b + groups_a + groups_b, sizeof *table);

    double *left = table + groups_a * groups_b, *right = left + groups_a;

    for (size_t i = 0; i < count; i++) {
        table[a[i] * groups_b + b[i]]++;
        left[a[i]]++;
        right[b[i]]++;
    }

    /* Pairs that are together in both, in each, and in all: what chance would put
     * together is taken off. */
    double both = 0, in_a = 0, in_b = 0, all = pairs((double)count);
    for (size_t i = 0; i < groups_a * groups_b; i++)
        both += pairs(table[i]);
    for (size_t i = 0; i < groups_a; i++)
        in_a += pairs(left[i]);
    for (size_t i = 0; i < groups_b; i++)
        in_b += pairs(right[i]);
    free(table);
    double expected = all > 0 ? in_a * in_b / all : 0, most = (in_a + in_b) / 2;
    return most == expected ? 1 : (both - expected) / (most - expected);
}
