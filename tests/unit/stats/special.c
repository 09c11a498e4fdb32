/*
 * Special functions against FLINT/Arb, whose answers are proven to the last bit. Arguments are
 * drawn over the whole domain, many orders of magnitude each, from a fixed seed; each function
 * states the largest relative error it may have.
 */
#include "stats/special.h"
#include "stats/random.h"

#include <arb_fpwrap.h>
#include <math.h>

#include "unit/unit.h"

enum { DRAWS = 600, PRECISION = 3 * FPWRAP_WORK_LIMIT }; /* give up on a draw past 512 bits */

struct worst {
    double error, at[4], mine, truth;
};

static void see(struct worst *worst, double mine, double truth, double floor_size, const double *at)
{
    double scale = fmax(fabs(truth), floor_size), error = fabs(mine - truth) / scale;
    if (mine == truth)
        error = 0;
    if (!(error <= worst->error)) {
        worst->error = error;
        worst->mine = mine;
        worst->truth = truth;
        for (int i = 0; i < 4; i++)
            worst->at[i] = at[i];
    }
}

static void check(const char *name, const struct worst *worst, double limit)
{
    print_message(
        "# %-16s worst error %.2e (limit %.0e) at %.17g %.17g %.17g %.17g: %.17g for %.17g\n", name,
        worst->error, limit, worst->at[0], worst->at[1], worst->at[2], worst->at[3], worst->mine,
        worst->truth);
    assert_true(worst->error <= limit);
}

static double spread(struct stats_random *random, double low, double high)
{
    return exp(log(low) + stats_random_uniform(random) * log(high / low));
}

static void gamma_family(void **state)
{
    (void)state;
    struct stats_random random;
    stats_random_init(&random, 1, 0);
    struct worst lgamma1p = {0}, digamma = {0}, trigamma = {0}, negative = {0}, rest = {0};
    for (int i = 0; i < DRAWS; i++) {
        double x = spread(&random, 1e-12, 1e12), truth;
        double at[4] = {x};
        if (arb_fpwrap_double_digamma(&truth, x, PRECISION) == FPWRAP_SUCCESS)
            see(&digamma, stats_digamma(x), truth, 0.05, at);
        if (x < 1e9 && arb_fpwrap_double_polygamma(&truth, 1, x, PRECISION) == FPWRAP_SUCCESS)
            see(&trigamma, stats_trigamma(x), truth, 0, at);
        at[0] = -stats_random_uniform(&random) * 50;
        double near = fabs(at[0] - nearbyint(at[0]));
        if (near > 0.01 && arb_fpwrap_double_digamma(&truth, at[0], PRECISION) == FPWRAP_SUCCESS)
            see(&negative, stats_digamma(at[0]), truth, 1, at);
        double small = (i % 2 ? 1 : -1) * spread(&random, 1e-12, 0.1);
        at[0] = small;
        /* The truth for 1 + x needs more bits than a double has: ln Γ(1 + x) = ln Γ(x) + ln x for x
         * > 0 cancels, so take the series' own slope −γx where x is tiny and Arb elsewhere. */
        if (fabs(small) < 1e-9)
            truth = -0.57721566490153286061 * small + 0.82246703342411321824 * small * small;
        else if (arb_fpwrap_double_lgamma(&truth, 1 + small, PRECISION) != FPWRAP_SUCCESS)
            continue;
        see(&lgamma1p, stats_lgamma1p(small), truth, fabs(small) < 1e-9 ? 0 : 1e-4, at);
        double big = spread(&random, 1e-3, 1e4), direct;
        at[0] = big;
        if (arb_fpwrap_double_lgamma(&direct, big, PRECISION) == FPWRAP_SUCCESS) {
            direct -= (big - 0.5) * log(big) - big + 0.91893853320467274178;
            see(&rest, stats_stirling_rest(big), direct, fmax(1, fabs(big * log(big))), at);
        }
    }
    check("lgamma1p", &lgamma1p, 1e-12);
    check("digamma", &digamma, 1e-13);
    check("digamma < 0", &negative, 1e-12);
    check("trigamma", &trigamma, 1e-13);
    check("stirling rest", &rest, 1e-15);
}

static void beta_logarithm(void **state)
{
    (void)state;
    struct stats_random random;
    stats_random_init(&random, 2, 0);
    struct worst worst = {0};
    for (int i = 0; i < DRAWS; i++) {
        double a = spread(&random, 1e-6, 1e4), b = spread(&random, 1e-6, 1e4), truth;
        if (arb_fpwrap_double_beta_lower(&truth, a, b, 1, 0, PRECISION) != FPWRAP_SUCCESS ||
            !(truth > 1e-290))
            continue;
        double at[4] = {a, b};
        see(&worst, stats_lbeta(a, b), log(truth), 1, at);
    }
    check("lbeta", &worst, 2e-13);
    /* B(a, b) for a huge a is Γ(b) a^−b: no digits may be lost. */
    double large = stats_lbeta(1e15, 2.5);
    assert_true(fabs(large - (stats_lgamma(2.5) - 2.5 * log(1e15))) < 1e-13 * fabs(large));
}

static void incomplete_gamma(void **state)
{
    (void)state;
    struct stats_random random;
    stats_random_init(&random, 3, 0);
    struct worst p = {0}, q = {0}, inverse = {0};
    for (int i = 0; i < DRAWS; i++) {
        double a = spread(&random, 1e-5, i % 50 ? 300 : 3e4), x, truth;
        x = i % 2 ? spread(&random, 1e-8, 500)
                  : a * exp(stats_random_normal(&random) * 3 / sqrt(a + 1));
        double at[4] = {a, x};
        if (arb_fpwrap_double_gamma_lower(&truth, a, x, 1, PRECISION) == FPWRAP_SUCCESS &&
            truth > 1e-290)
            see(&p, stats_gamma_p(a, x), truth, 0, at);
        if (arb_fpwrap_double_gamma_upper(&truth, a, x, 1, PRECISION) == FPWRAP_SUCCESS &&
            truth > 1e-290)
            see(&q, stats_gamma_q(a, x), truth, 0, at);
        double chance = stats_random_uniform(&random), back = stats_gamma_p_inverse(a, chance);
        at[1] = chance;
        if (back > 1e-290)
            see(&inverse, stats_gamma_p(a, back), chance, 0, at);
    }
    check("gamma P", &p, 5e-12);
    check("gamma Q", &q, 5e-12);
    check("gamma inverse", &inverse, 1e-10);
}

static void incomplete_beta(void **state)
{
    (void)state;
    struct stats_random random;
    stats_random_init(&random, 4, 0);
    struct worst lower = {0}, inverse = {0};
    for (int i = 0; i < DRAWS; i++) {
        double most = i % 50 ? 300 : 5e3, a = spread(&random, 1e-3, most),
               b = spread(&random, 1e-3, most), truth;
        double x =
            i % 2 ? stats_random_uniform(&random) : stats_random_beta(&random, a + 0.1, b + 0.1);
        if (!(x > 0 && x < 1))
            continue;
        double at[4] = {a, b, x};
        if (arb_fpwrap_double_beta_lower(&truth, a, b, x, 1, PRECISION) == FPWRAP_SUCCESS &&
            truth > 1e-290)
            see(&lower, stats_beta_lower(a, b, x, 1 - x), truth, 0, at);
        double chance = stats_random_uniform(&random), back = stats_beta_inverse(a, b, chance);
        at[2] = chance;
        if (a > 0.05 && b > 0.05 && back < 0.9)
            see(&inverse, stats_beta_lower(a, b, back, 1 - back), chance, 0, at);
    }
    check("beta I", &lower, 5e-12);
    check("beta inverse", &inverse, 1e-10);
}

static void hypergeometric(void **state)
{
    (void)state;
    struct stats_random random;
    stats_random_init(&random, 5, 0);
    struct worst plain = {0}, logarithm = {0}, below = {0};
    for (int i = 0; i < DRAWS; i++) {
        double a = spread(&random, 1e-3, 200), b = spread(&random, 1e-3, 200),
               c = spread(&random, 1e-2, 200), truth;
        double z = i % 2 ? stats_random_uniform(&random) * 0.99 : spread(&random, 1e-6, 0.9);
        double at[4] = {a, b, c, z};
        if (arb_fpwrap_double_hypgeom_2f1(&truth, a, b, c, z, 0, PRECISION) == FPWRAP_SUCCESS &&
            isfinite(truth)) {
            see(&plain, stats_hyp2f1(a, b, c, z), truth, 0, at);
            see(&logarithm, stats_log_hyp2f1(a, b, c, z), log(truth), 1, at);
        }
        at[3] = -z / 2;
        c = b + spread(&random, 1e-2, 50);
        at[2] = c;
        if (arb_fpwrap_double_hypgeom_2f1(&truth, a, b, c, at[3], 0, PRECISION) == FPWRAP_SUCCESS &&
            fabs(truth) > 1e-280)
            see(&below, stats_hyp2f1(a, b, c, at[3]), truth, 0, at);
    }
    check("2F1", &plain, 2e-12);
    check("ln 2F1", &logarithm, 2e-12);
    check("2F1, z < 0", &below, 2e-12);
}

static void logarithms(void **state)
{
    (void)state;
    assert_true(fabs(stats_log1pmx(1e-8) + 5e-17) < 1e-24);
    for (double x = -0.999; x < 5; x += 0.001) {
        long double exact = log1pl((long double)x) - (long double)x;
        assert_true(fabs(stats_log1pmx(x) - (double)exact) <=
                    2e-15 * fmax(fabs((double)exact), 1e-3));
    }
    assert_true(stats_log1pexp(800) == 800 && stats_log1pexp(-800) == 0);
    assert_true(stats_log_add(-INFINITY, -INFINITY) == -INFINITY &&
                stats_log_add(-INFINITY, 3) == 3);
    double values[] = {-1e308, 710, 709};
    assert_true(fabs(stats_log_sum_exp(values, 3) - (710 + log1p(exp(-1)))) < 1e-12);
    assert_true(stats_log_sum_exp(values, 0) == -INFINITY);
    assert_true(fabs(stats_log1mexp(1e-20) - log(1e-20)) < 1e-12);
}

static void quadrature(void **state)
{
    (void)state;
    double nodes[64], weights[64];
    for (int n = 1; n <= 64; n++) {
        stats_gauss_legendre(n, nodes, weights);
        int degree = 2 * n - 1 < 40 ? 2 * n - 1 : 40; /* exact for all polynomials up to 2n − 1 */
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += weights[i] * pow(nodes[i], degree);
        assert_true(fabs(sum - 1.0 / (degree + 1)) < 1e-14);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gamma_family),     cmocka_unit_test(beta_logarithm),
    cmocka_unit_test(incomplete_gamma), cmocka_unit_test(incomplete_beta),
    cmocka_unit_test(hypergeometric),   cmocka_unit_test(logarithms),
    cmocka_unit_test(quadrature),
};

UNIT_MAIN(tests)
