/*
 * How one column becomes a coordinate. Winsorising comes first, so that a single large
 * order does not decide about the logarithm; the logarithm is kept only where it makes
 * the column clearly less skewed, since everybody reads plain numbers more easily.
 */
#include "model/scaling.h"

#include "stats/summary.h"

#include <math.h>

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

/* The value before it is centred and scaled. */
static double reduced(const struct model_scaling *scaling, double value)
{
    value = clamp(isnan(value) ? scaling->fill : value, scaling->low, scaling->high);
    return scaling->log ? log1p(value / scaling->unit) : value;
}

double model_scaled(const struct model_scaling *scaling, double value)
{
    return (reduced(scaling, value) - scaling->center) / scaling->scale;
}

struct moments {
    double mean, deviation, skewness;
};

static struct moments moments_of(const struct model_scaling *scaling, const double *values,
                                 size_t count)
{
    struct moments out = {0};
    double squares = 0, cubes = 0;
    for (size_t i = 0; i < count; i++)
        out.mean += reduced(scaling, values[i]) / (double)count;
    for (size_t i = 0; i < count; i++) {
        double gap = reduced(scaling, values[i]) - out.mean;
        squares += gap * gap;
        cubes += gap * gap * gap;
    }
    out.deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;

    /* m₃ / m₂^1.5, with the sums' own powers of the count. */
    out.skewness = squares > 0 ? sqrt((double)count) * cubes / pow(squares, 1.5) : 0;
    return out;
}

/* The unit of the logarithm: what is smaller than nearly all positive values is as good
 * as nothing.
 */
static const double UNIT_QUANTILE = .05;
/* Logarithms must lessen the skewness by a fifth to be worth their strangeness. */
static const double LESS_SKEWED = .8;

void model_scaling_choose(const struct model_scaling_options *options, double *values, size_t count,
                          struct model_scaling *out)
{
    *out = (struct model_scaling){.unit = 1, .scale = 1, .constant = true};
    if (!count)
        return;
    stats_sort(values, count);
    out->fill = stats_quantile_sorted(values, count, 1.0 / 2);
    out->low = stats_quantile_sorted(values, count, options->winsor);
    out->high = stats_quantile_sorted(values, count, 1 - options->winsor);

    /* Hardly anyone differs: then those who do are all there is to see. */
    if (!(out->high > out->low)) {
        out->low = values[0];
        out->high = values[count - 1];
    }

    struct moments plain = moments_of(out, values, count), kept = plain;
    if (options->log && out->low >= 0 && (options->log > 0 || plain.skewness > 1)) {
        size_t zeros = 0;
        while (zeros < count && !(values[zeros] > 0))
            zeros++;
        out->unit =
            zeros < count
                ? fmin(1, stats_quantile_sorted(values + zeros, count - zeros, UNIT_QUANTILE))
                : 1;
        out->log = true;
        kept = moments_of(out, values, count);
        if (options->log < 0 && fabs(kept.skewness) > LESS_SKEWED * plain.skewness) {
            out->log = false;
            kept = plain;
        }
    }

    /* A spread within the rounding of the mean is none. */
    out->constant = !(kept.deviation > 1e-12 * fmax(fabs(kept.mean), 1e-300));
    if (!options->scaled)
        return;
    out->center = kept.mean;
    out->scale = out->constant ? 1 : kept.deviation;
}
