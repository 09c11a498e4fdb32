/*
 * The edges of the models of clv.h. A likelihood may rise all the way to where a
 * parameter is nothing or without bound; an optimiser in logarithms walks there for
 * ever and stops short, or does not stop. There the model is a simpler one, with fewer
 * parameters and a maximum that can be reached:
 *
 * - nobody leaves: BG/NBD and MBG/NBD at a = 0, Pareto/NBD at s = 0 are the NBD (Ehrenberg 1959),
 *   Γ(r+x)/Γ(r) α^r (α+T)^−(r+x); BG/BB at γ = 0 is the beta-binomial;
 * - all buy alike: r and α without bound, r/α fixed, a Poisson rate that is the same for all;
 *   BG/BB: α and β;
 * - all leave alike: a and b (s and β, γ and δ) without bound, their ratio fixed.
 *
 * "Without bound" is ALIKE: then a rate varies between customers by a thousandth of
 * itself. The simplest edge whose likelihood is within AS_GOOD of the best found is
 * what is used; where the fit inside is better than every edge, it stays, however
 * little the data say of some of its parameters.
 */
#include "model/clv_rows.h"
#include "model/logarithms.h"
#include "stats/linear.h"
#include "stats/optimise.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

static const double ALIKE = 1e6;

/* Of log-likelihood: a difference that no one could see, and that published ones are not told to.
 */
static const double AS_GOOD = 1e-3;

/* ---- what is left when nobody leaves ---- */

static void nbd_group(const double *p, double x, double weight, double sum[5])
{
    double level =
        x > 0 ? stats_lgamma(x) - stats_lbeta(p[0], x) : 0; /* ln Γ(r+x)/Γ(r) without cancelling */
    sum[0] += weight * level;
    sum[1] += weight * (stats_digamma(p[0] + x) - stats_digamma(p[0]));
}

/* α^r (α+T)^−(r+x), the first power taken into the second so that it does not cancel where r is
 * large. */
static void nbd_stretch(const double *p, const struct clv_rows *rows, size_t group, size_t from,
                        size_t to, double sum[5])
{
    double r = p[0], alpha = p[1], x = rows->group_x[group];
    for (size_t i = from; i < to; i++) {
        double end = alpha + rows->row[i].history.t, weight = rows->row[i].weight;
        double fall = log1p(rows->row[i].history.t / alpha);
        sum[0] -= weight * (r * fall + x * log(end));
        sum[1] -= weight * fall;
        sum[2] += weight * (r * rows->row[i].history.t / alpha - x) / end;
    }
}

static void beta_binomial_group(const double *p, double x, double weight, double sum[5])
{
    (void)p, (void)x, (void)weight, (void)sum;
}

static void beta_binomial_stretch(const double *p, const struct clv_rows *rows, size_t group,
                                  size_t from, size_t to, double sum[5])
{
    double alpha = p[0], beta = p[1], x = rows->group_x[group];
    for (size_t i = from; i < to; i++) {
        double n = rows->row[i].history.t, weight = rows->row[i].weight;
        double all = stats_digamma(alpha + beta) - stats_digamma(alpha + beta + n);
        sum[0] += weight * (stats_lbeta(alpha + x, beta + n - x) - stats_lbeta(alpha, beta));
        sum[1] += weight * (stats_digamma(alpha + x) - stats_digamma(alpha) + all);
        sum[2] += weight * (stats_digamma(beta + n - x) - stats_digamma(beta) + all);
    }
}

/* Likelihoods only: a model on this edge tells by its own family, with parameter 2 at nothing. */
const struct clv_family model_clv_family_nbd = {
    .name = "nbd", .group = nbd_group, .stretch = nbd_stretch};
const struct clv_family model_clv_family_beta_binomial = {
    .name = "beta-binomial", .group = beta_binomial_group, .stretch = beta_binomial_stretch};

/* ---- edges ---- */

static const struct {
    bool nobody_leaves, buy_alike, leave_alike;
} edges[MODEL_CLV_EDGES] = {
    [MODEL_CLV_NOBODY_LEAVES] = {.nobody_leaves = true},
    [MODEL_CLV_BUY_ALIKE] = {.buy_alike = true},
    [MODEL_CLV_LEAVE_ALIKE] = {.leave_alike = true},
    [MODEL_CLV_ALIKE_NOBODY_LEAVES] = {.nobody_leaves = true, .buy_alike = true},
    [MODEL_CLV_ALIKE] = {.buy_alike = true, .leave_alike = true},
};

const char *model_clv_edge_name(enum model_clv_type type, enum model_clv_edge edge)
{
    static const char *const names[MODEL_CLV_EDGES] = {
        [MODEL_CLV_BUY_ALIKE] = "one in which all customers buy at the same rate",
        [MODEL_CLV_LEAVE_ALIKE] = "one in which all customers have the same chance of leaving",
        [MODEL_CLV_ALIKE] =
            "one in which all customers buy at the same rate and have the same chance of leaving"};
    if (edge == MODEL_CLV_NOBODY_LEAVES)
        return model_clv_family(type)->simpler;
    if (edge == MODEL_CLV_ALIKE_NOBODY_LEAVES)
        return type == MODEL_BGBB ? "binomial (all buy with the same chance, nobody leaves)"
                                  : "Poisson (all buy at the same rate, nobody leaves)";
    return names[edge];
}

/* The likelihood on an edge, as a function of the parameters that are left. */
struct edge_fit {
    struct clv_likelihood likelihood;
    double x[4]; /* logarithms of all parameters */
    int place[4], count;
    double value;
    bool converged;
};

static double on_edge(const double *x, double *gradient, void *context)
{
    struct edge_fit *fit = context;
    double all[4] = {0};
    for (int i = 0; i < fit->count; i++)
        fit->x[fit->place[i]] = x[i];

    double value = model_clv_negative(fit->x, gradient ? all : NULL, &fit->likelihood);
    for (int i = 0; gradient && i < fit->count; i++)
        gradient[i] = all[fit->place[i]];
    return value;
}

/* Lets a parameter go without bound; its fellow of the pair keeps the ratio. */
static void let_go(double x[4], int parameter)
{
    int fellow = parameter ^ 1; /* 0 and 1 are a pair, and 2 and 3 */
    x[fellow] += log(ALIKE) - x[parameter];
    x[parameter] = log(ALIKE);
}

static void fit_edge(const struct clv_likelihood *inside, const double *x, enum model_clv_edge edge,
                     struct arena *arena, struct edge_fit *out)
{
    const struct clv_family *family = inside->family;
    double at[4];

    *out = (struct edge_fit){.value = INFINITY};
    out->likelihood =
        model_clv_likelihood_of(edges[edge].nobody_leaves ? family->nobody_leaves : family,
                                inside->rows, inside->pool, arena);

    /* Back into the world, where slopes are felt: the fit inside may have walked far out. */
    const double far = 10;
    for (int i = 0; i < 4; i++)
        out->x[i] = fabs(x[i]) < far ? x[i] : copysign(far, x[i]);
    if (edges[edge].buy_alike)
        let_go(out->x, family->buys_alike);
    if (edges[edge].leave_alike)
        let_go(out->x, family->leaves_alike);

    /* What is left to fit: neither fixed at its bound nor gone with those who leave. */
    for (int i = 0; i < 4; i++) {
        bool fixed = (edges[edge].nobody_leaves && i >= 2) ||
                     (edges[edge].buy_alike && i == family->buys_alike) ||
                     (edges[edge].leave_alike && i == family->leaves_alike);
        if (!fixed)
            out->place[out->count++] = i;
    }
    for (int i = 0; i < out->count; i++)
        at[i] = out->x[out->place[i]];

    /* Few parameters and a plain hill: what Newton's way does not climb soon is no edge
     * that matters. */
    const struct stats_optimise_options options = {.max_iterations = 60};
    struct stats_optimum best = stats_bfgs(out->count, on_edge, out, &options, arena, at);
    for (int i = 0; i < out->count; i++)
        out->x[out->place[i]] = at[i];

    out->value = best.value;
    out->converged = best.converged;
}

/* What is known of the parameters that are left; the others are as they are by being on the edge.
 */
static void describe(struct edge_fit *fit, struct model_clv *model)
{
    enum { N = MODEL_CLV_PARAMETERS };
    double at[N], scratch[3 * N], hessian[N * N], inverse[N * N];

    for (int i = 0; i < fit->count; i++)
        at[i] = fit->x[fit->place[i]];
    stats_numeric_hessian(fit->count, on_edge, fit, at, MODEL_LOG_STEP, scratch, hessian);
    bool curved = stats_cholesky(fit->count, hessian);
    if (curved)
        stats_cholesky_inverse(fit->count, hessian, inverse);

    /* What is fixed has no error, and the place of a parameter among the four is not
     * its place here. */
    memset(model->covariance, 0, sizeof model->covariance);
    for (int i = 0; i < 4; i++) {
        model->identified[i] = false;
        model->error[i] = NAN;
    }

    for (int i = 0; curved && i < fit->count; i++) {
        int row = fit->place[i];
        for (int j = 0; j < fit->count; j++)
            model->covariance[row * 4 + fit->place[j]] = inverse[i * fit->count + j];
        double relative = sqrt(inverse[i * fit->count + i]);
        model->identified[row] = model_log_identified(at[i], relative);
        model->error[row] = model->identified[row] ? relative * model->parameter[row] : NAN;
    }
}

static void adopt(struct edge_fit *fit, enum model_clv_edge edge, struct model_clv *model)
{
    for (int i = 0; i < 4; i++)
        model->parameter[i] = exp(fit->x[i]);
    if (edges[edge].nobody_leaves) {
        model->parameter[2] = 0;
        model->parameter[3] = 1;
    }
    model->edge = edge;
    model->log_likelihood = -fit->value;
    describe(fit, model);
}

/* Whether the fit inside leaves open what the edge would settle. Far out the integral of Pareto/NBD
 * takes long: there it is only asked for when nothing else is at hand, and by few customers. */
static bool is_open(const struct model_clv *model, bool converged, enum model_clv_edge edge)
{
    const size_t few = 2000;
    if (model->type == MODEL_PARETO_NBD && !edges[edge].nobody_leaves &&
        (converged || model->rows > few))
        return false;

    if (!converged)
        return true;

    bool buys = !model->identified[0] || !model->identified[1],
         leaves = !model->identified[2] || !model->identified[3];
    if (edges[edge].buy_alike && !buys)
        return false;
    return leaves || !(edges[edge].nobody_leaves || edges[edge].leave_alike);
}

void model_clv_try_edges(const struct clv_likelihood *l, const double *x, bool converged,
                         struct arena *arena, struct model_clv *model)
{
    struct edge_fit fit[MODEL_CLV_EDGES];
    double best = converged ? -model->log_likelihood : INFINITY;
    int chosen = MODEL_CLV_INSIDE;
    for (int e = MODEL_CLV_INSIDE + 1; e < MODEL_CLV_EDGES; e++) {
        fit[e] = (struct edge_fit){.value = INFINITY};
        if (is_open(model, converged, (enum model_clv_edge)e))
            fit_edge(l, x, (enum model_clv_edge)e, arena, &fit[e]);
        if (fit[e].converged && isfinite(fit[e].value))
            best = fmin(best, fit[e].value);
    }

    /* Only now is the best known that an edge must come near to; of those that do, the
     * one with the fewest parameters. */
    for (int e = MODEL_CLV_INSIDE + 1; e < MODEL_CLV_EDGES; e++)
        if (fit[e].converged && fit[e].value <= best + AS_GOOD &&
            (!chosen || fit[e].count < fit[chosen].count))
            chosen = e;
    if (chosen)
        adopt(&fit[chosen], (enum model_clv_edge)chosen, model);
}
