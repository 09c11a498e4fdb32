/*
 * What a fitted model of clv.h says of customers: alive, expected purchases, discounted ones, and
 * intervals of two kinds. Of the mean: how far the parameters, which are estimates, leave the
 * chance of being alive or the expected number open. Of the prediction: between which whole numbers
 * the customer's own purchases will lie, by the distribution that the model gives them at its
 * parameters; with many customers that is nearly all there is.
 */
#include "model/clv_rows.h"
#include "model/logarithms.h"
#include "stats/distribution.h"
#include "stats/special.h"

#include <math.h>

double model_clv_alive(const struct model_clv *model, const struct model_history *history)
{
    return model_clv_family(model->type)->alive(model->parameter, history);
}

double model_clv_expected(const struct model_clv *model, const struct model_history *history,
                          double ahead)
{
    return model_clv_alive(model, history) *
           model_clv_family(model->type)->future(model->parameter, history, ahead);
}

double model_clv_new_expected(const struct model_clv *model, double age)
{
    return model_clv_family(model->type)->new_expected(model->parameter, age);
}

double model_clv_new_more_than(const struct model_clv *model, double age, double n)
{
    return model_clv_family(model->type)->new_more_than(model->parameter, age, n);
}

double model_clv_more_than(const struct model_clv *model, const struct model_history *history,
                           double ahead, double n)
{
    return model_clv_family(model->type)->more_than(model->parameter, history, ahead, n);
}

/* BG/BB has purchases at whole times only, so they are summed one by one. For the others,
 * integration by parts turns Σ of discounted purchases into e^−dH F(H) + d ∫ e^−dt F(t) dt, whose
 * integrand is smooth: five nodes of Gauss and Legendre give six digits. */
double model_clv_future_discounted(const struct model_clv *model,
                                   const struct model_history *history, double ahead, double rate,
                                   double whole)
{
    enum { NODES = 5 };
    static const double node[NODES] = {0.046910077030668, 0.230765344947158, 0.5, 0.769234655052842,
                                       0.953089922969332};
    /* Gauss and Legendre's nodes on [0, 1], and what each counts for. */
    static const double weight[NODES] = {0.118463442528095, 0.239314335249683, 0.284444444444444,
                                         0.239314335249683,
                                         0.118463442528095}; /* they add up to 1 */
    const struct clv_family *family = model_clv_family(model->type);
    double force = log1p(rate), sum = 0, before = 0;

    if (force == 0)
        return whole;
    if (model->type == MODEL_BGBB) {
        for (double i = 1; i <= ahead; i++) {
            double now = family->future(model->parameter, history, i);
            sum += exp(-force * i) * (now - before);
            before = now;
        }
        return sum;
    }

    for (int i = 0; i < NODES; i++) {
        double t = ahead * node[i];
        sum += weight[i] * ahead * exp(-force * t) * family->future(model->parameter, history, t);
    }
    return exp(-force * ahead) * whole + force * sum;
}

double model_clv_discounted(const struct model_clv *model, const struct model_history *history,
                            double ahead, double rate)
{
    double whole = model_clv_family(model->type)->future(model->parameter, history, ahead);
    return model_clv_alive(model, history) *
           model_clv_future_discounted(model, history, ahead, rate, whole);
}

/* ---- intervals of the mean ---- */

/* √(gᵀ C g) for derivatives g by the parameters' logarithms. */
static double delta_error(const struct model_clv *model, const double slope[4])
{
    double variance = 0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            variance += slope[i] * slope[j] * model->covariance[i * 4 + j];
    return variance >= 0 ? sqrt(variance) : NAN;
}

/* The model with the logarithm of one parameter moved. */
static struct model_clv moved(const struct model_clv *model, int parameter, double by)
{
    struct model_clv out = *model;
    out.parameter[parameter] *= exp(by);
    return out;
}

double model_clv_expected_error(const struct model_clv *model, const struct model_history *history,
                                size_t count, double ahead)
{
    const double step = MODEL_LOG_STEP;
    double slope[4] = {0};
    for (int i = 0; i < 4; i++) {
        struct model_clv above = moved(model, i, step), below = moved(model, i, -step);
        for (size_t k = 0; k < count; k++)
            slope[i] += model_clv_expected(&above, &history[k], ahead) -
                        model_clv_expected(&below, &history[k], ahead);
        slope[i] /= 2 * step * (double)count;
    }
    return delta_error(model, slope);
}

/* ln(alive / (1 − alive)) with its derivatives by the parameters' logarithms. */
static double alive_odds(const struct model_clv *model, const struct model_history *history,
                         double slope[4])
{
    const struct clv_family *family = model_clv_family(model->type);
    const double step = MODEL_LOG_STEP;
    if (family->alive_odds) {
        double odds = family->alive_odds(model->parameter, history, slope);
        for (int i = 0; i < 4; i++)
            slope[i] *= model->parameter[i];
        return odds;
    }

    for (int i = 0; i < 4; i++) {
        struct model_clv above = moved(model, i, step), below = moved(model, i, -step);
        slope[i] = stats_logit(model_clv_alive(&above, history)) -
                   stats_logit(model_clv_alive(&below, history));
        slope[i] /= 2 * step;
    }
    return stats_logit(model_clv_alive(model, history));
}

double model_clv_alive_between(const struct model_clv *model, const struct model_history *history,
                               double z, struct stats_interval *out)
{
    double slope[4], odds = alive_odds(model, history, slope);
    double width = isinf(odds) ? 0 : z * delta_error(model, slope);
    *out = (struct stats_interval){stats_expit(odds - width), stats_expit(odds + width)};
    return stats_expit(odds);
}

struct stats_interval model_clv_alive_interval(const struct model_clv *model,
                                               const struct model_history *history, double level)
{
    struct stats_interval out;
    model_clv_alive_between(model, history, stats_normal_quantile((1 + level) / 2), &out);
    return out;
}

/* ---- intervals of the prediction ---- */

int model_clv_tail(const struct model_clv *model, const struct model_history *history, double ahead,
                   double stop, int most, double *tail)
{
    const struct clv_family *family = model_clv_family(model->type);
    if (family->tail)
        return family->tail(model->parameter, history, ahead, stop, most, tail);

    /* The family's more_than counts those who left, too: among the living the chance is larger. */
    double alive = model_clv_alive(model, history);
    for (int n = 0; n < most; n++) {
        tail[n] = alive > 0 ? family->more_than(model->parameter, history, ahead, n) / alive : 0;
        if (tail[n] <= stop)
            return n + 1;
    }
    return 0;
}

/* The smallest n with P(more than n) ≤ tail. */
static double quantile(const struct model_clv *model, const struct model_history *history,
                       double ahead, double tail)
{
    const double most =
        1e12; /* more than anyone buys: parameters may be odd, the search must end */
    double low = -1, high = 1;

    while (model_clv_more_than(model, history, ahead, high) > tail && high < most) {
        low = high;
        high *= 2;
    }

    while (high - low > 1) {
        double middle = floor((low + high) / 2);
        if (model_clv_more_than(model, history, ahead, middle) > tail)
            low = middle;
        else
            high = middle;
    }
    return high;
}

struct stats_interval model_clv_prediction(const struct model_clv *model,
                                           const struct model_history *history, double ahead,
                                           double level)
{
    double tail = (1 - level) / 2;
    return (struct stats_interval){quantile(model, history, ahead, 1 - tail),
                                   quantile(model, history, ahead, tail)};
}
