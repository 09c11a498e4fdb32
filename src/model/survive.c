/*
 * Kaplan and Meier's curve (1958) with Greenwood's errors, the log-rank test and
 * retention. All walk the customers once in the order of time: everyone from a place on
 * is still at risk there, so sorting is the whole cost.
 */
#include "model/survive.h"

#include "stats/distribution.h"
#include "stats/linear.h"

#include <math.h>
#include <string.h>

static enum status check(const struct model_lifetimes *data, struct error *error)
{
    if (data->count == 0)
        return error_set(error, STATUS_ERROR, "there are no customers to follow");
    for (size_t i = 0; i < data->count; i++)
        if (!(data->time[i] >= 0 && isfinite(data->time[i])))
            return error_set(error, STATUS_ERROR,
                             "customer %zu has the time %g; times are numbers from 0 on", i + 1,
                             data->time[i]);
    return STATUS_OK;
}

/* Pointwise bounds of S from the standard error of ln S. */
static void bounds(double survival, double log_error, double z, enum model_interval_form form,
                   double *low, double *high)
{
    if (survival <= 0) {
        *low = *high = NAN;
    } else if (form == MODEL_INTERVAL_LOG || survival >= 1) {
        /* On the logarithm's scale an interval may pass 1, where it is cut; on that of
         * ln(−ln S) it cannot. */
        *low = survival * exp(-z * log_error);
        *high = fmin(1, survival * exp(z * log_error));
    } else {
        double half = z * log_error / fabs(log(survival));
        *low = pow(survival, exp(half));
        *high = pow(survival, exp(-half));
    }
}

/* The first time at which a curve is at ½ or below; between when it lies exactly on ½ over a step,
 * as R does. */
static double reaches_half(const struct model_survival *curve, const double *height)
{
    for (size_t i = 0; i < curve->steps; i++) {
        /* ½ but for the rounding of a product over all steps. */
        if (fabs(height[i] - 0.5) < 1e-12 && i + 1 < curve->steps) {
            size_t next = i + 1;
            while (next + 1 < curve->steps && curve->events[next] == 0)
                next++;
            return (curve->time[i] + curve->time[next]) / 2;
        }
        if (height[i] < 0.5)
            return curve->time[i];
    }
    return INFINITY;
}

enum status model_survival_fit(const struct model_lifetimes *data, double level,
                               enum model_interval_form form, struct arena *arena,
                               struct model_survival *out, struct error *error)
{
    TRY(check(data, error));
    size_t n = data->count;
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, n);
    *out = (struct model_survival){0,
                                   ARENA_ARRAY(arena, double, n),
                                   ARENA_ARRAY(arena, double, n),
                                   ARENA_ARRAY(arena, double, n),
                                   ARENA_ARRAY(arena, double, n),
                                   ARENA_ARRAY(arena, double, n),
                                   ARENA_ARRAY(arena, double, n),
                                   ARENA_ARRAY(arena, double, n),
                                   0,
                                   0,
                                   0};
    double survival = 1, greenwood = 0, z = stats_normal_quantile(0.5 + level / 2);
    stats_order(data->time, n, order);

    /* All of one time are at risk when its events happen. The last may all leave: then
     * S is 0 and has no error of its own. */
    for (size_t i = 0; i < n;) {
        size_t from = i, step = out->steps++;
        double events = 0, at_risk = (double)(n - i);
        for (; i < n && data->time[order[i]] == data->time[order[from]]; i++)
            events += data->event[order[i]];
        survival *= 1 - events / at_risk;
        greenwood += at_risk > events ? events / (at_risk * (at_risk - events)) : 0;
        out->time[step] = data->time[order[from]];
        out->at_risk[step] = at_risk;
        out->events[step] = events;
        out->survival[step] = survival;
        out->error[step] = survival * sqrt(greenwood);
        bounds(survival, sqrt(greenwood), z, form, &out->low[step], &out->high[step]);
    }

    out->median = reaches_half(out, out->survival);
    out->median_low = reaches_half(out, out->low);
    out->median_high = reaches_half(out, out->high);
    return STATUS_OK;
}

double model_survival_at(const struct model_survival *curve, double time)
{
    double height = 1;
    for (size_t i = 0; i < curve->steps && curve->time[i] <= time; i++)
        height = curve->survival[i];
    return height;
}

/* Adds one event time to the log-rank sums: observed less expected, and its covariance. */
static void add_time(int groups, double at_risk, const double *group_risk, double events,
                     const double *group_events, double *gap, double *expected, double *variance)
{
    /* Hypergeometric: who of those at risk left is a draw without putting back. */
    double spread = at_risk > 1 ? events * (at_risk - events) / (at_risk - 1) : 0;
    for (int a = 0; a < groups; a++) {
        double share = group_risk[a] / at_risk;
        gap[a] += group_events[a] - events * share;
        expected[a] += events * share;
        for (int b = 0; b < groups; b++)
            variance[a * groups + b] += spread * share * ((a == b) - group_risk[b] / at_risk);
    }
}

/* χ² of the gaps over their covariance. Groups of which something is expected count; one of
 * them is left out, as its gap follows from the others and the matrix of all is singular. */
static void test_gaps(int groups, const double *gap, const double *expected, const double *variance,
                      struct arena *arena, struct stats_test *out)
{
    size_t g = (size_t)groups;
    uint32_t *kept = ARENA_ARRAY(arena, uint32_t, g);
    double *step = ARENA_ARRAY(arena, double, g), *part = ARENA_ARRAY(arena, double, g *g);
    int used = 0;

    for (uint32_t a = 0; a < g; a++)
        if (expected[a] > 0)
            kept[used++] = a;
    *out = (struct stats_test){.freedom = used > 1 ? used - 1 : 0, .p = 1};

    int m = used - 1;
    for (int a = 0; a < m; a++) {
        step[a] = gap[kept[a]];
        for (int b = 0; b < m; b++)
            part[a * m + b] = variance[kept[a] * g + kept[b]];
    }

    if (m > 0 && stats_cholesky(m, part)) {
        stats_cholesky_solve(m, part, step);
        for (int a = 0; a < m; a++)
            out->statistic += gap[kept[a]] * step[a];
        out->p = stats_chi2_upper(out->statistic, m);
    }
}

enum status model_log_rank(const struct model_lifetimes *data, const uint32_t *group, int groups,
                           struct arena *arena, struct stats_test *out, double *expected,
                           struct error *error)
{
    TRY(check(data, error));
    size_t n = data->count, g = (size_t)groups;
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, n);
    double *risk = ARENA_ARRAY(arena, double, g), *events = ARENA_ARRAY(arena, double, g),
           *gap = ARENA_ARRAY(arena, double, g), *sum = ARENA_ARRAY(arena, double, g),
           *variance = ARENA_ARRAY(arena, double, g *g);
    stats_order(data->time, n, order);
    for (size_t i = 0; i < n; i++) {
        if (group[i] >= g)
            return error_set(error, STATUS_ERROR, "customer %zu is in group %u of %d", i + 1,
                             group[i], groups);
        risk[group[i]]++;
    }

    for (size_t i = 0; i < n;) {
        double at_risk = (double)(n - i), all = 0;
        size_t from = i;
        memset(events, 0, sizeof *events * g);
        for (; i < n && data->time[order[i]] == data->time[order[from]]; i++)
            if (data->event[order[i]]) {
                events[group[order[i]]]++;
                all++;
            }

        /* A time at which nobody left says nothing; those censored at it leave the risk
         * set after it. */
        if (all > 0)
            add_time(groups, at_risk, risk, all, events, gap, sum, variance);
        for (size_t j = from; j < i; j++)
            risk[group[order[j]]]--;
    }

    test_gaps(groups, gap, sum, variance, arena, out);
    for (size_t a = 0; expected && a < g; a++)
        expected[a] = sum[a];
    return STATUS_OK;
}

void model_retention(const uint32_t *cohort, const uint32_t *period, size_t count, int cohorts,
                     int periods, const double *size, const int *age, double *share)
{
    memset(share, 0, sizeof *share * (size_t)cohorts * (size_t)periods);
    for (size_t i = 0; i < count; i++)
        if (cohort[i] < (uint32_t)cohorts && period[i] < (uint32_t)periods)
            share[cohort[i] * (size_t)periods + period[i]]++;

    /* Periods that a cohort has not lived through are unknown, not 0. */
    for (int c = 0; c < cohorts; c++)
        for (int p = 0; p < periods; p++)
            share[c * periods + p] =
                p < age[c] && size[c] > 0 ? share[c * periods + p] / size[c] : NAN;
}
