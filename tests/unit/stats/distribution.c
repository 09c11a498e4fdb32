/* Distributions against published tables, identities between them, and moments of the random
 * numbers. */
#include "stats/distribution.h"
#include "stats/random.h"
#include "stats/special.h"
#include "stats/summary.h"

#include <math.h>

#include "unit/unit.h"

#define ASSERT_NEAR(value, truth, tolerance) assert_true(fabs((value) - (truth)) <= (tolerance))

static void normal(void **state)
{
    (void)state;
    ASSERT_NEAR(stats_normal_quantile(0.975), 1.959963984540054, 1e-14);
    ASSERT_NEAR(stats_normal_cdf(stats_normal_quantile(1e-300)), 1e-300, 1e-312);
    for (double p = 1e-12; p < 1; p += 0.00099)
        ASSERT_NEAR(stats_normal_cdf(stats_normal_quantile(p)), p, 1e-15 + 1e-13 * p);
    assert_true(stats_normal_quantile(0) == -INFINITY && isnan(stats_normal_quantile(2)));
}

static void chi2_t_and_f(void **state)
{
    (void)state;
    ASSERT_NEAR(stats_chi2_quantile(0.95, 1), 3.841458820694124, 1e-12);
    ASSERT_NEAR(stats_chi2_upper(0.20253, 2), 0.90369,
                5e-6); /* the sample-ratio test of the Hillstrom mailing */
    ASSERT_NEAR(stats_t_quantile(0.975, 1), tan(0.475 * M_PI), 1e-12);
    ASSERT_NEAR(stats_t_quantile(0.975, 2), 0.95 / sqrt(2 * 0.975 * 0.025),
                1e-13); /* closed forms for 1 and 2 degrees */
    ASSERT_NEAR(stats_t_quantile(0.975, 1e9), stats_normal_quantile(0.975), 1e-8);
    ASSERT_NEAR(stats_f_quantile(0.95, 3, 20), 3.098391212, 1e-8);
    for (double f = 0.3; f < 3000; f *= 1.7)
        for (double t = -30; t < 30; t += 0.37) {
            double square = t * t; /* t² has an F distribution */
            ASSERT_NEAR(stats_t_two_sided(t, f), stats_f_upper(square, 1, f), 1e-12);
            ASSERT_NEAR(stats_t_cdf(t, f) + stats_t_upper(t, f), 1, 1e-15);
            double p = stats_t_cdf(t, f);
            if (p > 1e-8 && p < 1 - 1e-8)
                ASSERT_NEAR(stats_t_quantile(p, f), t, 1e-6 * fmax(1, fabs(t)));
        }
}

static void discrete(void **state)
{
    (void)state;
    double sum = 0;
    for (int k = 0; k <= 12; k++) {
        sum += exp(stats_lgamma(13) - stats_lgamma(k + 1) - stats_lgamma(13 - k)) * pow(0.3, k) *
               pow(0.7, 12 - k);
        ASSERT_NEAR(stats_binomial_cdf(k, 12, 0.3), fmin(sum, 1), 1e-13);
    }
    double mass = 0, mean = 0;
    for (int k = 0; k < 2000; k++) {
        double p = exp(stats_negative_binomial_log_pmf(k, 2.5, 0.2, 0.8));
        mass += p;
        mean += k * p;
    }
    ASSERT_NEAR(mass, 1, 1e-12);
    ASSERT_NEAR(mean, 2.5 * 0.8 / 0.2, 1e-9);
}

/* The mean and variance of `draw` lie within five standard errors of the truth. */
static void moments(double (*draw)(struct stats_random *random, double a, double b), double a,
                    double b, double mean, double variance)
{
    enum { COUNT = 200000 };
    struct stats_random random;
    stats_random_init(&random, 42, 7);
    double sum = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
        double x = draw(&random, a, b) - mean;
        sum += x;
        squares += x * x;
    }
    ASSERT_NEAR(sum / COUNT, 0, 5 * sqrt(variance / COUNT) + 1e-300);
    ASSERT_NEAR(squares / COUNT / variance, 1, 0.05);
}

static double draw_normal(struct stats_random *random, double a, double b)
{
    return a + b * stats_random_normal(random);
}

static double draw_gamma(struct stats_random *random, double a, double b)
{
    return stats_random_gamma(random, a) * b;
}

static double draw_poisson(struct stats_random *random, double a, double b)
{
    return stats_random_poisson(random, a) * b;
}

static double draw_uniform(struct stats_random *random, double a, double b)
{
    return a + b * stats_random_uniform(random);
}

static void random_numbers(void **state)
{
    (void)state;
    moments(draw_uniform, 0, 1, 0.5, 1.0 / 12);
    moments(draw_normal, 3, 2, 3, 4);
    moments(draw_gamma, 0.2, 1, 0.2, 0.2);
    moments(draw_gamma, 7.5, 2, 15, 30);
    moments(draw_poisson, 0.3, 1, 0.3, 0.3);
    moments(draw_poisson, 250, 1, 250, 250);
    moments(stats_random_beta, 2, 3, 0.4, 0.04);
    struct stats_random a, b, c;
    stats_random_init(&a, 1, 1);
    stats_random_init(&b, 1, 1);
    stats_random_init(&c, 1, 2);
    int equal = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t bits = stats_random_bits(&a);
        assert_true(bits == stats_random_bits(&b));
        equal += bits == stats_random_bits(&c);
    }
    assert_int_equal(equal, 0);
}

static void summaries(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    double values[] = {1, 1e100, 1, -1e100}, few[] = {4, 1, 3, 2}, ranks[4];
    ASSERT_NEAR(stats_sum(values, 4), 2, 0);
    ASSERT_NEAR(stats_quantile(few, 4, 0.25, &arena), 1.75, 1e-15);
    ASSERT_NEAR(stats_quantile(few, 4, 1, &arena), 4, 0);
    ASSERT_NEAR(stats_variance(few, 4), 5.0 / 3, 1e-15);
    double ties[] = {5, 1, 5, 0};
    stats_ranks(ties, 4, &arena, ranks);
    ASSERT_NEAR(ranks[0], 3.5, 0);
    ASSERT_NEAR(ranks[3], 1, 0);
    assert_true(isnan(stats_quantile(few, 0, 0.5, &arena)));
    arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(normal),         cmocka_unit_test(chi2_t_and_f), cmocka_unit_test(discrete),
    cmocka_unit_test(random_numbers), cmocka_unit_test(summaries),
};

UNIT_MAIN(tests)
