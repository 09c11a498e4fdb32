/* Tests and intervals against published experiments and hand computation. */
#include "stats/inference.h"
#include "stats/distribution.h"

#include <math.h>

#include "unit/unit.h"

#define ASSERT_NEAR(value, truth, tolerance) assert_true(fabs((value) - (truth)) <= (tolerance))

static void two_groups(void **state)
{
    (void)state;
    /* Hillstrom's mailing: visits of the men's mail against none (shares .182757 and .106167). */
    struct stats_test visit = stats_two_proportions(3894, 21307, 2262, 21306);
    ASSERT_NEAR(visit.estimate, 0.0765896, 5e-8);
    ASSERT_NEAR(visit.statistic, 22.48604, 5e-6);
    /* GrowthBook's published example of two means. */
    struct stats_test test = stats_welch(0.70, 6.2 * 6.2, 3461, 0.41, 3.9 * 3.9, 3407);
    ASSERT_NEAR(test.p, 0.02016, 5e-6);
    struct stats_interval interval = stats_test_interval(&test, 0.95);
    ASSERT_NEAR(interval.low, 0.04538, 5e-6);
    ASSERT_NEAR(interval.high, 0.53462, 5e-6);
    ASSERT_NEAR(stats_welch(1, 0, 5, 1, 0, 5).p, 1, 0);
    ASSERT_NEAR(stats_welch(1, 0, 5, 2, 0, 5).p, 0, 0);
}

static void counts(void **state)
{
    (void)state;
    double seen[] = {21307, 21306, 21387}, expected[] = {64000.0 / 3, 64000.0 / 3, 64000.0 / 3};
    struct stats_test ratio = stats_chi2_goodness(seen, expected, 3, 0);
    ASSERT_NEAR(ratio.statistic, 0.20253, 5e-6);
    ASSERT_NEAR(ratio.p, 0.90369, 5e-6);
    double table[] = {10, 20, 0, 30, 5, 0};
    struct stats_test independence = stats_chi2_table(table, 2, 3);
    ASSERT_NEAR(independence.freedom, 1, 0);
    ASSERT_NEAR(independence.statistic, 65 * pow(10 * 5 - 20 * 30, 2) / (30.0 * 35 * 40 * 25),
                1e-12);
    struct stats_interval wilson = stats_wilson(0, 20, 0.95);
    ASSERT_NEAR(wilson.low, 0, 0);
    ASSERT_NEAR(wilson.high, 0.16113, 5e-6);
}

static void many_findings(void **state)
{
    (void)state;
    double p[] = {0.01, 0.04, 0.03, 0.005, 0.9}, adjusted[5];
    stats_benjamini_hochberg(p, 5, adjusted);
    double truth[] = {0.025, 0.05, 0.05, 0.025, 0.9};
    for (int i = 0; i < 5; i++)
        ASSERT_NEAR(adjusted[i], truth[i], 1e-15);
}

/* The power of the two-proportion test at the stated difference is the power that was asked for. */
static void detectable(void **state)
{
    (void)state;
    double d = stats_detectable_proportion(2000, 0.5, 0.10, 0.05, 0.8);
    double pooled = 0.10 + d / 2, under_none = sqrt(2 * pooled * (1 - pooled) / 1000);
    double under_some = sqrt((0.1 * 0.9 + (0.1 + d) * (0.9 - d)) / 1000);
    double power = stats_normal_upper((stats_normal_quantile(0.975) * under_none - d) / under_some);
    ASSERT_NEAR(power, 0.8, 1e-9);
    ASSERT_NEAR(stats_detectable_mean(400, 0.5, 2, 0.05, 0.8), 0.5603, 1e-4);
    assert_true(isnan(stats_detectable_proportion(4, 0.5, 0.5, 0.05, 0.8)));
    assert_true(isnan(stats_detectable_proportion(0, 0.5, 0.5, 0.05, 0.8)));
}

static void drift_and_agreement(void **state)
{
    (void)state;
    double now[] = {30, 70}, before[] = {50, 50};
    ASSERT_NEAR(stats_stability_index(now, before, 2), -0.2 * log(0.6) + 0.2 * log(1.4), 1e-12);
    ASSERT_NEAR(stats_stability_index(before, before, 2), 0, 0);
    ASSERT_NEAR(stats_stability_by_chance(100, 100, 2, 0.95), 0.02 * 3.8414588, 1e-8);
    uint32_t a[] = {0, 0, 0, 1, 1, 1}, b[] = {0, 0, 1, 1, 2, 2}, renamed[] = {1, 1, 1, 0, 0, 0};
    ASSERT_NEAR(stats_adjusted_rand(a, 2, b, 3, 6), 0.242424242424, 1e-10);
    ASSERT_NEAR(stats_adjusted_rand(a, 2, renamed, 2, 6), 1, 1e-15);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(two_groups),          cmocka_unit_test(counts),
    cmocka_unit_test(many_findings),       cmocka_unit_test(detectable),
    cmocka_unit_test(drift_and_agreement),
};

UNIT_MAIN(tests)
