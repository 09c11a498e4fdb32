/* Optimisers on functions with known minima, roots, and linear algebra against its own definitions.
 */
#include "stats/optimise.h"
#include "stats/linear.h"
#include "stats/random.h"
#include "stats/solve.h"

#include <math.h>
#include <string.h>

#include "unit/unit.h"

#define ASSERT_NEAR(value, truth, tolerance) assert_true(fabs((value) - (truth)) <= (tolerance))

/* Rosenbrock's valley in n dimensions; context, when given, is an x₀ past which the function does
 * not exist. */
static double valley(const double *x, double *gradient, void *context)
{
    double sum = 0;
    if (gradient)
        memset(gradient, 0, 4 * sizeof *gradient);
    if (context && x[0] > *(double *)context)
        return NAN;
    for (int i = 0; i < 3; i++) {
        double bend = x[i + 1] - x[i] * x[i], off = 1 - x[i];
        sum += 100 * bend * bend + off * off;
        if (gradient) {
            gradient[i] += -400 * bend * x[i] - 2 * off;
            gradient[i + 1] += 200 * bend;
        }
    }
    return sum;
}

static void minima(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    double wall = 1.5, x[4] = {-1.2, 1, -0.5, 0.3}, y[4] = {-1.2, 1, -0.5, 0.3};
    struct stats_optimum found = stats_bfgs(4, valley, &wall, NULL, &arena, x);
    assert_true(found.converged && found.evaluations < 250);
    for (int i = 0; i < 4; i++)
        ASSERT_NEAR(x[i], 1, 1e-6);
    struct stats_optimum simplex = stats_nelder_mead(4, valley, &wall, 0.5, NULL, &arena, y);
    assert_true(simplex.converged);
    for (int i = 0; i < 4; i++)
        ASSERT_NEAR(y[i], 1, 1e-4);
    arena_release(&arena);
}

static void derivatives(void **state)
{
    (void)state;
    double x[4] = {0.7, -0.3, 1.1, 0.2}, exact[4], numeric[4], scratch[12], hessian[16];
    valley(x, exact, NULL);
    stats_numeric_gradient(4, valley, NULL, x, scratch, numeric);
    for (int i = 0; i < 4; i++)
        ASSERT_NEAR(numeric[i], exact[i], 1e-6 * fmax(1, fabs(exact[i])));
    stats_numeric_hessian(4, valley, NULL, x, 1e-5, scratch, hessian);
    ASSERT_NEAR(hessian[0], 1200 * x[0] * x[0] - 400 * x[1] + 2, 1e-5);
    ASSERT_NEAR(hessian[1], -400 * x[0], 1e-5);
    ASSERT_NEAR(hessian[2], 0, 1e-5);
}

/* A start outside the domain is reported, never taken for an answer. */
static void no_false_convergence(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    double wall = -5, x[4] = {0, 0, 0, 0};
    assert_false(stats_bfgs(4, valley, &wall, NULL, &arena, x).converged);
    assert_false(stats_minimise(4, valley, &wall, NULL, &arena, x).converged);
    arena_release(&arena);
}

static double cubic(double x, void *context)
{
    (void)context;
    return (x - 2) * (x - 2) * (x - 2);
}

static double parabola(double x, void *context)
{
    return (x - *(double *)context) * (x - *(double *)context);
}

static void one_unknown(void **state)
{
    (void)state;
    double place = 0.3;
    ASSERT_NEAR(stats_root(cubic, NULL, -10, 37, 1e-14), 2, 1e-5);
    ASSERT_NEAR(stats_golden(parabola, &place, -4, 9, 1e-9), 0.3, 1e-7);
}

static void linear_algebra(void **state)
{
    (void)state;
    enum { N = 12 };
    struct arena arena;
    arena_init(&arena, 0);
    struct stats_random random;
    stats_random_init(&random, 9, 0);
    double rows[40 * N], mean[N], a[N * N], factor[N * N], inverse[N * N], product[N * N],
        values[N], vectors[N * N];
    for (int i = 0; i < 40 * N; i++)
        rows[i] = stats_random_normal(&random) +
                  1e8; /* far from zero: an uncentred form would lose everything */
    stats_covariance(40, N, rows, 1, mean, a);
    memcpy(factor, a, sizeof a);
    assert_true(stats_cholesky(N, factor));
    stats_cholesky_inverse(N, factor, inverse);
    stats_multiply(N, N, N, a, inverse, product);
    for (int i = 0; i < N * N; i++)
        ASSERT_NEAR(product[i], i % (N + 1) == 0, 1e-10);
    assert_true(stats_eigen(N, a, &arena, values, vectors));
    double log_det = 0;
    for (int i = 0; i < N; i++) {
        log_det += log(values[i]);
        for (int j = 0; j < N; j++) {
            double av = 0;
            for (int k = 0; k < N; k++)
                av += a[j * N + k] * vectors[i * N + k];
            ASSERT_NEAR(av, values[i] * vectors[i * N + j], 1e-10);
        }
    }
    ASSERT_NEAR(log_det, stats_cholesky_log_det(N, factor), 1e-10);
    double singular[] = {1, 1, 1, 1};
    assert_false(stats_cholesky(2, singular) && singular[3] > 1e-7);
    double design[] = {1, 1, 1, 2, 1, 3, 1, 4}, response[] = {3, 5, 7, 9}, line[2];
    assert_true(stats_least_squares(4, 2, design, response, &arena, line));
    ASSERT_NEAR(line[0], 1, 1e-12);
    ASSERT_NEAR(line[1], 2, 1e-12);
    arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(minima),
    cmocka_unit_test(derivatives),
    cmocka_unit_test(no_false_convergence),
    cmocka_unit_test(one_unknown),
    cmocka_unit_test(linear_algebra),
};

UNIT_MAIN(tests)
