/*
 * Pareto/NBD. With a lifetime of density s β^s (β+τ)^−(s+1) the likelihood of (x, t_x,
 * T) is
 *
 *   Γ(r+x)/Γ(r) α^r β^s · { (α+T)^−(r+x) (β+T)^−s  +  s [G(t_x) − G(T)] },
 *   G(y) = ∫_y^∞ (α+τ)^−(r+x) (β+τ)^−(s+1) dτ.
 *
 * The usual two Gauss series (Fader & Hardie 2005) underflow, cancel or converge
 * slowly. Two forms of G do not, after Pfaff's and Euler's transformations: all their
 * terms are positive and fall by at least z, whatever the parameters, and they give
 * their derivatives with the same loop. With k = r+s+x and (u)ₙ = u (u+1) … (u+n−1):
 *
 *   α ≥ β   (α+y)^−(r+x) (β+y)^−s Σ (r+x)ₙ/(k)ₙ₊₁ zⁿ,         z = (α−β)/(α+y);
 *   α < β   (α+y)^−(r+x−1) (β+y)^−(s+1) Σ (s+1)ₙ/(k)ₙ₊₁ zⁿ,   z = (β−α)/(β+y).
 *
 * With z past 0.9: Gauss–Legendre quadrature in ln(min(α,β)+τ) up to where the series
 * is fast, and the series from there.
 *
 * Everything is kept as a logarithm with its four derivatives.
 */
#include "model/clv_rows.h"
#include "stats/special.h"

#include <float.h>
#include <math.h>

enum {
    TERMS = 400,  /* 0.9^400 = 5e-19: less than a double resolves */
    NODES = 20,   /* of quadrature: full precision in panels as narrow as those below */
    NOTHING = 45, /* e^−45 = 3e-20 of the whole is nothing to a double */
};

/* Of z: past this the series takes more terms than the quadrature takes nodes. */
static const double SERIES_MOST = 0.9;

/* Gauss and Legendre's on [0, 1], as stats_gauss_legendre computes them. */
static const double gauss_node[NODES] =
    {0.0034357004074525377, 0.018014036361043106, 0.043882785874337048, 0.080441514088890595,
     0.1268340467699246,    0.18197315963674249,  0.24456649902458646,  0.31314695564229023,
     0.38610707442917747,   0.46173673943325133,  0.53826326056674867,  0.61389292557082253,
     0.68685304435770977,   0.75543350097541351,  0.81802684036325757,  0.8731659532300754,
     0.91955848591110945,   0.95611721412566297,  0.98198596363895685,  0.99656429959254744},
                    gauss_weight[NODES] = {
                        0.0088070035695760589, 0.020300714900193469, 0.031336024167054534,
                        0.041638370788352377,  0.050965059908620221, 0.059097265980759206,
                        0.065844319224588319,  0.071048054659191021, 0.074586493236301871,
                        0.076376693565362919,  0.076376693565362919, 0.074586493236301871,
                        0.071048054659191021,  0.065844319224588319, 0.059097265980759206,
                        0.050965059908620221,  0.041638370788352377, 0.031336024167054534,
                        0.020300714900193469,  0.0088070035695760589};

/* ln of something positive, with derivatives by r, α, s, β. */
struct graded {
    double value, by[4];
};

/* One of the two series for all customers with the same x: Σ a zⁿ with a = (u)ₙ/(k)ₙ₊₁, and its
 * derivatives by k and by u. */
struct series {
    int terms;
    double a[TERMS], by_k[TERMS], by_u[TERMS];
};

/* How many terms a series can need: those down to 1e-17 of the worst z that it meets, which is at y
 * = 0. */
static int terms_for(const double *p)
{
    double z = fabs(p[1] - p[3]) / fmax(p[1], p[3]), most = z < SERIES_MOST ? z : SERIES_MOST;
    if (most < 1e-3) /* six would do; and ln 0 is not asked for */
        return 16;
    double terms = 30 + NOTHING / -log(most); /* 30: what the factors beside zⁿ may add */
    return terms < TERMS ? (int)terms : TERMS;
}

static void make_series(const double *p, double x, struct series *out)
{
    double k = p[0] + p[2] + x, u = p[1] >= p[3] ? p[0] + x : p[2] + 1, a = 1 / k, rise_k = 1 / k,
           rise_u = 0;
    out->terms = terms_for(p);
    for (int n = 0; n < out->terms; n++) {
        out->a[n] = a;
        out->by_k[n] = -a * rise_k;
        out->by_u[n] = a * rise_u;

        /* A derivative of a rising factorial is itself times a sum of reciprocals that
         * grows by one a term. */
        double next = 1 / (k + n + 1);
        a *= (u + n) * next;
        rise_k += next;
        rise_u += 1 / (u + n);
    }
}

/* The four sums at z, the last three relative to the first: by k, by u, by z. */
struct sums {
    double value, by_k, by_u, by_z;
};

static struct sums sum_series(const struct series *series, double z)
{
    struct sums sum = {series->a[0], series->by_k[0], series->by_u[0], 0};
    double power = 1;
    for (int n = 1; n < series->terms; n++) {
        double slope = series->a[n] * n * power;
        power *= z;
        sum.value += series->a[n] * power;
        sum.by_k += series->by_k[n] * power;
        sum.by_u += series->by_u[n] * power;
        sum.by_z += slope;
        if (slope * z * 2 < DBL_EPSILON / 16 * (1 - z) * sum.value)
            break;
    }
    sum.by_k /= sum.value;
    sum.by_u /= sum.value;
    sum.by_z /= sum.value;
    return sum;
}

/* As for BG/NBD: α makes the mean rate that of the data, and the mean lifetime, were s
 * above 1, would be about that of the data too. */
static void start(const struct clv_rows *rows, double *parameter)
{
    parameter[0] = 0.8;
    parameter[1] = 0.8 * rows->mean_t / fmax(rows->mean_x, 0.05); /* hardly anyone came back yet */
    parameter[2] = 0.6; /* below 1: many stay for very long */
    parameter[3] = 0.6 * rows->mean_t;
}

/* ln G(y) by whichever series fits. */
static struct graded log_series(const double *p, double x, double y, const struct series *series)
{
    double shape = p[0] + x, s = p[2], a = p[1] + y, b = p[3] + y, log_a = log(a), log_b = log(b);
    bool first = a >= b;
    double z = first ? (a - b) / a : (b - a) / b;
    struct sums sum = sum_series(series, z);
    if (first)
        return (struct graded){log(sum.value) - shape * log_a - s * log_b,
                               {sum.by_k + sum.by_u - log_a, (sum.by_z * (1 - z) - shape) / a,
                                sum.by_k - log_b, -s / b - sum.by_z / a}};
    return (struct graded){log(sum.value) - (shape - 1) * log_a - (s + 1) * log_b,
                           {sum.by_k - log_a, -(shape - 1) / a - sum.by_z / b,
                            sum.by_k + sum.by_u - log_b, -(s + 1) / b + sum.by_z * (1 - z) / b}};
}

/* a + b or a − b of what the logarithms stand for; the difference must be positive. */
static struct graded combine(struct graded a, struct graded b, double sign)
{
    double ratio = exp(b.value - a.value), whole = 1 + sign * ratio;
    struct graded out = {a.value + log(whole), {0}};
    for (int i = 0; i < 4; i++)
        out.by[i] = (a.by[i] + sign * ratio * b.by[i]) / whole;
    return out;
}

/* The integral from y to `end`, which doubles the smaller of α+τ and β+τ a few times, in panels of
 * its logarithm: at most one unit wide, and so narrow that the integrand falls by no more than
 * about e^8 within one. Where it has fallen by e^45 the rest is nothing. */
static struct graded quadrature(const double *p, double x, double y, double end)
{
    double base = p[1] < p[3] ? p[1] : p[3], shape = p[0] + x, s = p[2], sum = 0, by[4] = {0};
    double low = log(base + y), high = log(base + end),
           top = -shape * log(p[1] + y) - (s + 1) * log(p[3] + y);

    for (double at = low, fallen = 0, width; at < high && fallen > -NOTHING; at += width) {
        double here = exp(at),
               rate = shape * here / (here - base + p[1]) + (s + 1) * here / (here - base + p[3]);
        width = fmin(high - at, fmin(1, 8 / rate));
        for (int i = 0; i < NODES; i++) {
            double place = exp(at + width * gauss_node[i]), tau = place - base;
            double log_a = log(p[1] + tau), log_b = log(p[3] + tau);
            double part =
                exp(-shape * log_a - (s + 1) * log_b - top) * place * width * gauss_weight[i];
            sum += part;
            by[0] -= part * log_a;
            by[1] -= part * shape / (p[1] + tau);
            by[2] -= part * log_b;
            by[3] -= part * (s + 1) / (p[3] + tau);
            fallen = -shape * log_a - (s + 1) * log_b - top + at - low;
        }
    }

    /* Relative to the integrand at y (`top`), so that nothing underflows; put back at the end. */
    struct graded g = {log(sum) + top, {by[0] / sum, by[1] / sum, by[2] / sum, by[3] / sum}};
    return g;
}

static struct graded log_g(const double *p, double x, double y, const struct series *series)
{
    double far = fmax(p[1], p[3]) + y, gap = fabs(p[1] - p[3]);
    if (gap <= SERIES_MOST * far)
        return log_series(p, x, y, series);
    double end = 2 * gap - fmax(p[1], p[3]); /* there z is one half */
    return combine(quadrature(p, x, y, end), log_series(p, x, end, series), 1);
}

/* ln of (α+T)^−(r+x) (β+T)^−s: still alive at T. */
static struct graded log_survival(const double *p, double x, double t)
{
    double log_a = log(p[1] + t), log_b = log(p[3] + t), shape = p[0] + x;
    struct graded g = {-shape * log_a - p[2] * log_b,
                       {-log_a, -shape / (p[1] + t), -log_b, -p[2] / (p[3] + t)}};
    return g;
}

/* ln s [G(t_x) − G(T)]: left in between. Only for t_x < T. */
static struct graded log_left(const double *p, const struct model_history *h,
                              const struct series *series)
{
    struct graded g = combine(log_g(p, h->x, h->tx, series), log_g(p, h->x, h->t, series), -1);
    g.value += log(p[2]);
    g.by[2] += 1 / p[2];
    return g;
}

static void group(const double *p, double x, double weight, double sum[5])
{
    double level = x > 0 ? stats_lgamma(x) - stats_lbeta(p[0], x) : 0;
    sum[0] += weight * (level + p[0] * log(p[1]) + p[2] * log(p[3]));
    sum[1] += weight * (stats_digamma(p[0] + x) - stats_digamma(p[0]) + log(p[1]));
    sum[2] += weight * p[0] / p[1];
    sum[3] += weight * log(p[3]);
    sum[4] += weight * p[2] / p[3];
}

static void stretch(const double *p, const struct clv_rows *rows, size_t index, size_t from,
                    size_t to, double sum[5])
{
    struct series series;
    make_series(p, rows->group_x[index], &series);
    for (size_t i = from; i < to; i++) {
        const struct model_history *h = &rows->row[i].history;
        struct graded both = log_survival(p, h->x, h->t);
        double weight = rows->row[i].weight;

        /* At t_x = T nobody had time to leave: the second part is 0, and its logarithm
         * is not asked for. */
        if (h->tx < h->t)
            both = combine(both, log_left(p, h, &series), 1);
        sum[0] += weight * both.value;
        for (int j = 0; j < 4; j++)
            sum[1 + j] += weight * both.by[j];
    }
}

static double alive_odds(const double *p, const struct model_history *h, double by[4])
{
    struct series series;
    if (!(h->tx < h->t) || p[2] == 0) {
        by[0] = by[1] = by[2] = by[3] = 0;
        return INFINITY;
    }
    make_series(p, h->x, &series);
    struct graded here = log_survival(p, h->x, h->t), left = log_left(p, h, &series);
    for (int i = 0; i < 4; i++)
        by[i] = here.by[i] - left.by[i];
    return here.value - left.value;
}

static double alive(const double *p, const struct model_history *h)
{
    double by[4];
    return stats_expit(alive_odds(p, h, by));
}

/* Expected purchases within t at rate Gamma(shape, scale) of a lifetime with s and β: shape/scale ·
 * E[min(lifetime, t)]. */
static double future(double shape, double scale, double s, double beta, double t)
{
    double log_ratio = -log1p(t / beta), lived;
    if (s == 0) /* nobody leaves */
        return shape / scale * t;
    if (fabs(s - 1) < 1e-12) /* 0/0 there; expm1 keeps its digits beside it */
        lived = -beta * log_ratio;
    else
        lived = -beta * expm1((s - 1) * log_ratio) / (s - 1);
    return shape / scale * lived;
}

static double alive_future(const double *p, const struct model_history *h, double ahead)
{
    return future(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->t, ahead);
}

static double new_expected(const double *p, double age)
{
    return future(p[0], p[1], p[2], p[3], age);
}

/* P(more than n within t), over when the customer leaves: ∫ f(τ) P(N(min(τ, t)) > n) dτ, by parts
 * so that only the survival function is needed at smooth places: quadrature over the survival share
 * u = (β/(β+τ))^s. */
static double more_than(double shape, double scale, double s, double beta, double t, double n)
{
    double stays = exp(-s * log1p(t / beta)), sum = 0;
    for (int i = 0; i < NODES; i++) {
        double tau = t * gauss_node[i];
        double density = s / (beta + tau) * exp(-s * log1p(tau / beta));
        sum += t * gauss_weight[i] * density *
               stats_beta_lower(n + 1, shape, tau / (scale + tau), scale / (scale + tau));
    }
    return sum + stays * stats_beta_lower(n + 1, shape, t / (scale + t), scale / (scale + t));
}

/* The same for n = 0, 1, … at once: at each node the negative binomial's chances follow one another
 * by a factor. */
static int tail(const double *p, const struct model_history *h, double ahead, double stop, int most,
                double *out)
{
    double share[NODES + 1], chance[NODES + 1], rest[NODES + 1], z[NODES + 1];

    /* One more place than nodes: the customers who are still there at the end, with
     * their whole share. */
    double shape = p[0] + h->x, scale = p[1] + h->t, beta = p[3] + h->t;

    for (int i = 0; i <= NODES; i++) {
        double tau = i < NODES ? ahead * gauss_node[i] : ahead,
               lives = exp(-p[2] * log1p(tau / beta));
        share[i] = i < NODES ? ahead * gauss_weight[i] * p[2] / (beta + tau) * lives : lives;
        z[i] = tau / (scale + tau);
        chance[i] = exp(shape * log1p(-z[i]));
        rest[i] = 1 - chance[i];
        if (!(chance[i] > 1e-250)) /* it would underflow below; the caller asks one at a time */
            return 0;
    }

    for (int n = 0; n < most; n++) {
        out[n] = 0;
        for (int i = 0; i <= NODES; i++) {
            out[n] += share[i] * (rest[i] > 0 ? rest[i] : 0);
            chance[i] *= (shape + n) / (n + 1) * z[i];
            rest[i] -= chance[i];
        }
        if (out[n] <= stop)
            return n + 1;
    }

    return 0;
}

static double new_more_than(const double *p, double age, double n)
{
    return more_than(p[0], p[1], p[2], p[3], age, n);
}

static double future_more_than(const double *p, const struct model_history *h, double ahead,
                               double n)
{
    return alive(p, h) * more_than(p[0] + h->x, p[1] + h->t, p[2], p[3] + h->t, ahead, n);
}

const struct clv_family model_clv_family_pareto = {
    .name = "pareto-nbd",
    .parameter = {"r", "alpha", "s", "beta"},
    .simpler = "NBD (nobody leaves)",
    .nobody_leaves = &model_clv_family_nbd,
    .buys_alike = 0,
    .leaves_alike = 2,
    .group = group,
    .stretch = stretch,
    .start = start,
    .alive = alive,
    .alive_odds = alive_odds,
    .future = alive_future,
    .new_expected = new_expected,
    .new_more_than = new_more_than,
    .more_than = future_more_than,
    .tail = tail,
};
