/* Brent's zeroin, as in chapter 4 of his book: what a secant gains on smooth functions, and never
 * worse than some multiple of halving. */
#include "stats/solve.h"

#include <float.h>
#include <math.h>

/* The next step from b towards the root: inverse quadratic or secant when it is safe, else half of
 * the interval. */
static double brent_step(double a, double fa, double b, double fb, double c, double fc, double half,
                         double last, double least)
{
    if (fabs(last) < least || fabs(fa) <= fabs(fb))
        return half;

    double s = fb / fa, p, q;
    if (a == c) {
        p = 2 * half * s;
        q = 1 - s;
    } else {
        double t = fa / fc, r = fb / fc;
        p = s * (2 * half * t * (t - r) - (b - a) * (r - 1));
        q = (t - 1) * (r - 1) * (s - 1);
    }
    if (p > 0)
        q = -q;
    p = fabs(p);

    double bound = 3 * half * q - fabs(least * q);
    return 2 * p < (bound < fabs(last * q) ? bound : fabs(last * q)) ? p / q : half;
}

double stats_root(double (*f)(double x, void *context), void *context, double low, double high,
                  double tolerance)
{
    double a = low, b = high, fa = f(a, context), fb = f(b, context);

    if (fa * fb > 0)
        return fabs(fa) < fabs(fb) ? a : b;
    enum { ROUNDS_MAX = 300 }; /* ten are usual; a function that is not continuous ends too */
    double c = a, fc = fa, step = b - a, last = step;
    for (int round = 0; round < ROUNDS_MAX && fb != 0; round++) {
        /* The root is kept between b and c: if both lie on one side, a and its
         * step are given up. */
        if ((fb > 0) == (fc > 0)) {
            c = a;
            fc = fa;
            step = last = b - a;
        }

        /* b is always the nearer one. */
        if (fabs(fc) < fabs(fb)) {
            a = b;
            b = c;
            c = a;
            fa = fb;
            fb = fc;
            fc = fa;
        }

        double least = 2 * DBL_EPSILON * fabs(b) + 0.5 * tolerance * (fabs(b) > 1 ? fabs(b) : 1);
        double half = (c - b) / 2;
        if (fabs(half) <= least)
            break;
        double next = brent_step(a, fa, b, fb, c, fc, half, last, least);
        last = next == half ? half : step;
        step = next;
        a = b;
        fa = fb;
        b += fabs(step) > least ? step : copysign(least, half);
        fb = f(b, context);
    }

    return b;
}

double stats_golden(double (*f)(double x, void *context), void *context, double low, double high,
                    double tolerance)
{
    const double ratio = 0.61803398874989484820;
    double a = high - ratio * (high - low), b = low + ratio * (high - low);
    double fa = f(a, context), fb = f(b, context);
    /* One new value a round: the other three stay points of the next, smaller interval. */
    while (high - low > tolerance && high - low > 4 * DBL_EPSILON * fabs(low)) {
        if (fa < fb) {
            high = b;
            b = a;
            fb = fa;
            a = high - ratio * (high - low);
            fa = f(a, context);
        } else {
            low = a;
            a = b;
            fa = fb;
            b = low + ratio * (high - low);
            fb = f(b, context);
        }
    }
    return (low + high) / 2;
}
