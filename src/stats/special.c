/*
 * Series, continued fractions and what leads to where they converge. Coefficients are those of
 * Abramowitz & Stegun, with as many terms as the worst argument needs: the first term left out is
 * below a double's last digit there, so that more would change nothing.
 */
#include "stats/special.h"

#include "stats/solve.h"

#include <float.h>
#include <math.h>

static const double half_log_two_pi = 0.91893853320467274178;
static const double one_less_gamma = 0.42278433509846713939; /* 1 − γ, Euler's constant */

/* ζ(k) − 1 for k = 2, 3, …: the Taylor series of ln Γ(2 + x) − (1 − γ)x (A&S 6.1.33). Up to |x| =
 * 0.1 the first one left out adds 1e-22. */
static const double zeta_less_one[] = {
    0.64493406684822643647,   0.20205690315959428540,   0.082323233711138191516,
    0.036927755143369926331,  0.017343061984449139714,  0.0083492773819228268398,
    0.0040773561979443393787, 0.0020083928260822144179, 9.9457512781808533715e-4,
    4.9418860411946455870e-4, 2.4608655330804829863e-4, 1.2271334757848914676e-4,
    6.1248135058704829259e-5, 3.0588236307020493552e-5};

/* Continued fractions need some multiple of the root of their parameters, so a million steps last
 * for parameters of 1e11; past that the answer is what was reached. */
enum { FRACTION_STEPS_MAX = 1000000 };

double stats_lgamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

double stats_lgamma1p(double x)
{
    if (fabs(x) > 0.1) /* ln Γ is no longer near its zero at 1 */
        return stats_lgamma(1 + x);
    double sum = 0, power = x;
    for (int k = 0; k < (int)(sizeof zeta_less_one / sizeof *zeta_less_one); k++) {
        power *= -x;
        sum -= zeta_less_one[k] * power / (k + 2);
    }
    return sum - log1p(x) + one_less_gamma * x;
}

/* Stirling's series, Σ B₂ₖ / (2k (2k − 1) x^(2k − 1)) (A&S 6.1.41). From x = 10 on the ninth term
 * adds 2e-16 of the sum at most. */
double stats_stirling_rest(double x)
{
    if (!(x > 0))
        return NAN;
    /* Below that few terms are not enough, and the difference loses no more
     * than its size. */
    if (x < 10)
        return stats_lgamma(x) - ((x - 0.5) * log(x) - x + half_log_two_pi);
    double y = 1 / (x * x);
    double sum = 1.0 / 156 - y * 3617 / 122400; /* k = 8, 7 */
    sum = 691.0 / 360360 - y * sum;             /* k = 6 */
    sum = 1.0 / 1188 - y * sum;                 /* k = 5 */
    sum = 1.0 / 1680 - y * sum;                 /* k = 4 */
    sum = 1.0 / 1260 - y * sum;                 /* k = 3 */
    sum = 1.0 / 360 - y * sum;                  /* k = 2 */
    return (1.0 / 12 - y * sum) / x;            /* k = 1 */
}

double stats_lbeta(double a, double b)
{
    if (!(a > 0 && b > 0))
        return NAN;
    if (a < b) {
        double swap = a;
        a = b;
        b = swap;
    }
    if (a < 10)
        return stats_lgamma(a) + stats_lgamma(b) - stats_lgamma(a + b);

    /* Small ones have no large parts to cancel. A large one's Stirling formula is taken
     * apart, so that what a and a + b share is gone before anything is subtracted. */
    double sum = a + b;
    if (b >= 10)
        return half_log_two_pi - 0.5 * log(b) - a * log1p(b / a) + b * log(b / sum) +
               0.5 * log1p(b / a) + stats_stirling_rest(a) + stats_stirling_rest(b) -
               stats_stirling_rest(sum);
    return stats_lgamma(b) + stats_stirling_rest(a) - stats_stirling_rest(sum) -
           (a - 0.5) * log1p(b / a) - b * log(sum) + b;
}

/* ln x − 1 / 2x − Σ B₂ₖ / (2k x^2k) (A&S 6.3.18); from 10 on the seventh term adds 8e-16. */
double stats_digamma(double x)
{
    if (!(x > 0)) {
        if (x == floor(x))
            return NAN;

        double part = x - nearbyint(x); /* cot πx, with the whole turns taken off first */
        return stats_digamma(1 - x) - M_PI / tan(M_PI * part);
    }
    /* The series converges fast from 10 on; ψ(x) = ψ(x + 1) − 1/x leads there. */
    double shift = 0;
    while (x < 10) {
        shift += 1 / x;
        x += 1;
    }
    double y = 1 / (x * x);
    double sum = 1.0 / 132 - y * 691 / 32760; /* k = 6, 5 */
    sum = 1.0 / 240 - y * sum;                /* k = 4 */
    sum = 1.0 / 252 - y * sum;                /* k = 3 */
    sum = 1.0 / 120 - y * sum;                /* k = 2 */
    sum = 1.0 / 12 - y * sum;                 /* k = 1 */
    return log(x) - 0.5 / x - y * sum - shift;
}

/* 1 / x + 1 / 2x² + Σ B₂ₖ / x^(2k + 1) (A&S 6.4.12); from 15 on the seventh term adds 3e-18. */
double stats_trigamma(double x)
{
    if (!(x > 0)) {
        if (x == floor(x))
            return NAN;
        double sine = sin(M_PI * (x - nearbyint(x)));
        return M_PI * M_PI / (sine * sine) - stats_trigamma(1 - x);
    }
    double shift = 0;
    while (x < 15) { /* ψ′(x) = ψ′(x + 1) + 1/x² leads to where it converges fast */
        shift += 1 / (x * x);
        x += 1;
    }
    double y = 1 / (x * x);
    double sum = 5.0 / 66 - y * 691 / 2730; /* k = 6, 5 */
    sum = 1.0 / 30 - y * sum;               /* k = 4 */
    sum = 1.0 / 42 - y * sum;               /* k = 3 */
    sum = 1.0 / 30 - y * sum;               /* k = 2 */
    sum = 1.0 / 6 - y * sum;                /* k = 1 */
    return shift + 1 / x + y / 2 + y * sum / x;
}

/* By ln(1 + x) = 2 artanh(x / (2 + x)), whose first term and x leave −x² / (2 + x). */
double stats_log1pmx(double x)
{
    /* Beyond, ln(1 + x) and x are far enough apart. */
    if (x < -0.4 || x > 0.6)
        return log1p(x) - x;
    double ratio = x / (2 + x), square = ratio * ratio, power = 1, sum = 0;
    /* Of the 29 terms there is room for, 14 are used at most. */
    for (int i = 3; i < 60; i += 2) {
        double term = power / i;
        sum += term;
        if (term < sum * DBL_EPSILON / 4)
            break;
        power *= square;
    }
    return -x * ratio + 2 * ratio * square * sum;
}

double stats_log1mexp(double x)
{
    return x < M_LN2 ? log(-expm1(-x)) : log1p(-exp(-x));
}

double stats_log1pexp(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

double stats_expit(double x)
{
    if (x >= 0)
        return 1 / (1 + exp(-x));
    double e = exp(x);
    return e / (1 + e);
}

double stats_logit(double p)
{
    return log(p) - log1p(-p);
}

double stats_log_add(double a, double b)
{
    if (a < b) {
        double swap = a;
        a = b;
        b = swap;
    }
    return isinf(b) && b < 0 ? a : a + log1p(exp(b - a));
}

double stats_log_sum_exp(const double *values, size_t count)
{
    double largest = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;

    if (!isfinite(largest))
        return largest;

    for (size_t i = 0; i < count; i++)
        sum += exp(values[i] - largest);
    return largest + log(sum);
}

/* x^a e^−x / Γ(a + 1): a Poisson probability, in Loader's form where the exponent does not cancel.
 */
static double gamma_front(double a, double x)
{
    /* Where a is small the exponent is, too. */
    if (a < 10)
        return exp(a * log(x) - x - stats_lgamma1p(a));
    /* Around x = a both parts of the exponent nearly cancel; log1pmx is
     * their difference. */
    static const double AROUND = 0.6; /* of a: as far as log1pmx has its series */
    double exponent =
        fabs(x - a) < AROUND * a ? a * stats_log1pmx((x - a) / a) : a * log(x / a) - (x - a);
    return exp(exponent - stats_stirling_rest(a)) / sqrt(2 * M_PI * a);
}

static double gamma_p_series(double a, double x)
{
    double term = 1, sum = 1;
    for (double n = a + 1; term > sum * DBL_EPSILON / 8; n++) {
        term *= x / n;
        sum += term;
    }
    return sum * gamma_front(a, x);
}

/* Q by its continued fraction (A&S 6.5.31 in its even form), evaluated by Lentz's method. */
static double gamma_q_fraction(double a, double x)
{
    double b = x + 1 - a, c = 1 / DBL_MIN, d = 1 / b, h = d;
    for (int i = 1; i < FRACTION_STEPS_MAX; i++) {
        double numerator = -i * (i - a);
        b += 2;
        d = 1 / (numerator * d + b);
        c = b + numerator / c;
        double step = c * d;
        h *= step;
        if (fabs(step - 1) < DBL_EPSILON)
            break;
    }
    return a * gamma_front(a, x) * h;
}

/* Q for a < 1 and small x, where P is close to 1: 1 − e^u (1 − aS) without taking the difference of
 * near equals. */
static double gamma_q_small(double a, double x)
{
    double sum = 0, power = 1;
    /* 23 terms are enough up to 1.5. */
    for (int n = 1; n < 60; n++) {
        power *= -x / n;
        sum -= power / (a + n);
        if (fabs(power) < 1e-18) /* nothing beside P, which is near 1 */
            break;
    }

    double u = a * log(x) - stats_lgamma1p(a);
    return -expm1(u) + exp(u) * a * sum;
}

double stats_gamma_p(double a, double x)
{
    if (!(a > 0 && x >= 0))
        return NAN;
    if (x == 0)
        return 0;
    if (isinf(x))
        return 1;
    /* A&S 6.5.29 converges fast there, whatever a is. */
    if (a < 1 && x < 1.5)
        return gamma_p_series(a, x);
    return x < a + 1 ? gamma_p_series(a, x) : 1 - gamma_q_fraction(a, x);
}

double stats_gamma_q(double a, double x)
{
    if (!(a > 0 && x >= 0))
        return NAN;
    if (x == 0)
        return 1;
    if (isinf(x))
        return 0;
    /* Elsewhere Q is not so small beside P that the difference would show. */
    if (a < 1 && x < 1.5)
        return gamma_q_small(a, x);
    return x < a + 1 ? 1 - gamma_p_series(a, x) : gamma_q_fraction(a, x);
}

/* x^a y^b / (a B(a, b)), again in a form whose exponent does not cancel around x = a / (a + b). */
static double beta_front(double a, double b, double x, double y)
{
    double n = a + b, p = a / n, q = b / n, e = x < y ? x - p : q - y;
    /* In log1pmx's own range by the difference, outside as it stands. */
    double left = fabs(e) < 0.6 * p ? a * stats_log1pmx(e / p) : a * (log(x / p) - e / p);
    double right = fabs(e) < 0.6 * q ? b * stats_log1pmx(-e / q) : b * (log(y / q) + e / q);
    /* The rest of Stirling's formula is large there: the plain form has less to cancel. */
    if (a < 1e-3 || b < 1e-3)
        return exp(a * log(x) + b * log(y) - stats_lbeta(a, b)) / a;
    double rest = stats_stirling_rest(n) - stats_stirling_rest(a) - stats_stirling_rest(b);
    return exp(left + right + rest) * sqrt(b / (2 * M_PI * n * a));
}

/* The continued fraction of A&S 26.5.8 by Lentz's method; converges fast for x < (a + 1) / (a + b +
 * 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 - (a + b) * x / (a + 1);

    d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);

    double h = d;
    for (int m = 1; m < FRACTION_STEPS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        double step = d * c;
        h *= step;
        if (fabs(step - 1) < DBL_EPSILON)
            break;
    }
    return h;
}

double stats_beta_lower(double a, double b, double x, double y)
{
    if (!(a > 0 && b > 0 && x >= 0 && y >= 0))
        return NAN;
    if (x == 0 || y == 0)
        return x == 0 ? 0 : 1;
    if (x <= (a + 1) / (a + b + 2))
        return beta_front(a, b, x, y) * beta_fraction(a, b, x);
    return 1 - beta_front(b, a, y, x) * beta_fraction(b, a, y);
}

double stats_beta_upper(double a, double b, double x, double y)
{
    return stats_beta_lower(b, a, y, x);
}

/* Logarithms of the ends of what a double holds: e^−745 is the last that is not 0, e^709.8 the last
 * that is finite. */
enum { LOG_LEAST = -745, LOG_NONE = -750, LOG_LARGE = 700, LOGIT_LARGE = 740 };
static const double INVERSE_TOLERANCE = 1e-15; /* relative, of the logarithm or logit */

struct inverse {
    double a, b, target;
    int upper;
};

static double log_or_floor(double p)
{
    return p > 0 ? log(p) : LOG_NONE;
}

static double gamma_gap(double log_x, void *context)
{
    struct inverse *goal = context;
    double x = exp(log_x);
    double at = goal->upper ? stats_gamma_q(goal->a, x) : stats_gamma_p(goal->a, x);
    return (log_or_floor(at) - goal->target) * (goal->upper ? -1 : 1);
}

static double gamma_inverse(double a, double p, int upper)
{
    if (!(a > 0 && p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return (p == 0) == !upper ? 0 : INFINITY;
    struct inverse goal = {.a = a, .target = log(p), .upper = upper};

    /* In logarithms, and out from the middle by doubling: the answer may be
     * anywhere a double can be, and from both sides the tail rises or falls by
     * orders of magnitude. */
    double middle = log(a), low = middle - 1, high = middle + 1;
    while (gamma_gap(low, &goal) > 0 && low > LOG_LEAST)
        low = middle - 2 * (middle - low);
    while (gamma_gap(high, &goal) < 0 && high < LOG_LARGE)
        high = middle + 2 * (high - middle);
    return exp(stats_root(gamma_gap, &goal, low, high, INVERSE_TOLERANCE));
}

double stats_gamma_p_inverse(double a, double p)
{
    return p > 0.5 ? gamma_inverse(a, 1 - p, 1) : gamma_inverse(a, p, 0);
}

double stats_gamma_q_inverse(double a, double q)
{
    return q > 0.5 ? gamma_inverse(a, 1 - q, 0) : gamma_inverse(a, q, 1);
}

static double beta_gap(double logit_x, void *context)
{
    struct inverse *goal = context;
    double x = stats_expit(logit_x), y = stats_expit(-logit_x);
    double at = goal->upper ? stats_beta_upper(goal->a, goal->b, x, y)
                            : stats_beta_lower(goal->a, goal->b, x, y);
    return (log_or_floor(at) - goal->target) * (goal->upper ? -1 : 1);
}

double stats_beta_inverse(double a, double b, double p)
{
    if (!(a > 0 && b > 0 && p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return p;
    struct inverse goal = {.a = a, .b = b, .target = log(p > 0.5 ? 1 - p : p), .upper = p > 0.5};
    /* As above, along the logit, where both ends are as far away as 0 is. */
    double middle = log(a / b), low = middle - 1, high = middle + 1;
    while (beta_gap(low, &goal) > 0 && low > -LOGIT_LARGE)
        low = middle - 2 * (middle - low);
    while (beta_gap(high, &goal) < 0 && high < LOGIT_LARGE)
        high = middle + 2 * (high - middle);
    return stats_expit(stats_root(beta_gap, &goal, low, high, INVERSE_TOLERANCE));
}

/* The series, carried as value and exponent so that it may pass what a double holds. */
static double hyp2f1_series(double a, double b, double c, double z, double *log_scale)
{
    static const double STEPS_MAX = 5e7;                  /* enough up to 1 − z of 1e-6 */
    static const double LARGE = 1e250, LARGE_LOG10 = 250; /* terms that follow still fit */
    double term = 1, sum = 1;

    *log_scale = 0;
    for (double n = 0; n < STEPS_MAX; n++) {
        double ratio = (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
        term *= ratio;
        sum += term;
        /* The rest is a geometric series at most, by 1 − |z|; while terms still grow
         * nothing is said. */
        if (fabs(term) <= fabs(sum) * DBL_EPSILON / 16 * (1 - fabs(z)) && fabs(ratio) < 1)
            break;
        if (fabs(sum) > LARGE) {
            sum *= 1 / LARGE;
            term *= 1 / LARGE;
            *log_scale += LARGE_LOG10 * M_LN10;
        }
    }
    return sum;
}

double stats_hyp2f1(double a, double b, double c, double z)
{
    if (!(c > 0 && z < 1))
        return NAN;
    if (z < 0)
        return pow(1 - z, -a) * stats_hyp2f1(a, c - b, c, z / (z - 1));
    double log_scale, sum = hyp2f1_series(a, b, c, z, &log_scale);
    return log_scale > 0 ? sum * exp(log_scale) : sum;
}

double stats_log_hyp2f1(double a, double b, double c, double z)
{
    if (!(a > 0 && b > 0 && c > 0 && z >= 0 && z < 1))
        return NAN;
    double log_scale;
    if (c - a > 0 &&
        c - b > 0) { /* Euler's transformation has the smaller terms, all positive still */
        double sum = hyp2f1_series(c - a, c - b, c, z, &log_scale);
        if (c - a < a)
            return (c - a - b) * log1p(-z) + log(sum) + log_scale;
    }
    double sum = hyp2f1_series(a, b, c, z, &log_scale);
    return log(sum) + log_scale;
}

void stats_gauss_legendre(int count, double *nodes, double *weights)
{
    for (int i = 0; i < count; i++) {
        /* Tricomi's approximation (A&S 22.16.6), near enough for Newton's method to end
         * in a few steps. */
        double x = cos(M_PI * (i + 0.75) / (count + 0.5)), slope = 1;
        for (int step = 0; step < 100; step++) {
            double before = 1, at = x;
            for (int n = 2; n <= count; n++) {
                double next = ((2 * n - 1) * x * at - (n - 1) * before) / n;
                before = at;
                at = next;
            }

            slope = count * (x * at - before) / (x * x - 1);
            double move = at / slope;
            x -= move;
            if (fabs(move) < 1e-16) /* below the last digit of a node near 1 */
                break;
        }

        nodes[i] = (1 - x) / 2;
        weights[i] = 1 / ((1 - x * x) * slope * slope);
    }
}
