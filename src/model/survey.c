/*
 * NPS, CSAT and CES. Intervals are those that hold with few answers: Wilson's for a
 * share, a difference of shares with half an answer added to each, Student's for a
 * mean.
 */
#include "model/survey.h"

#include "stats/distribution.h"
#include "stats/inference.h"

#include <math.h>

static struct stats_interval scaled(struct stats_interval interval, double factor)
{
    return (struct stats_interval){interval.low * factor, interval.high * factor};
}

enum { PROMOTES = 9, PASSIVE = 7 }; /* answers from which on somebody is one */

struct model_survey_measure model_survey_nps(const double *answers, size_t count, double level)
{
    double up = 0, down = 0, n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(answers[i] >= 0 && answers[i] <= 10))
            continue;
        n++;
        up += answers[i] >= PROMOTES;
        down += answers[i] < PASSIVE;
    }

    struct model_survey_measure out = {n > 0 ? 100 * (up - down) / n : NAN, n, {-100, 100}};
    if (n == 0)
        return out;

    double total = n + 2, p = (up + 0.5) / total, q = (down + 0.5) / total, middle = p - q;
    double half = stats_normal_quantile(0.5 + level / 2) * sqrt((p + q - middle * middle) / total);
    out.interval =
        (struct stats_interval){100 * fmax(-1, middle - half), 100 * fmin(1, middle + half)};
    return out;
}

struct model_survey_measure model_survey_csat(const double *answers, size_t count, double satisfied,
                                              double level)
{
    double hits = 0;
    for (size_t i = 0; i < count; i++)
        hits += answers[i] >= satisfied;
    double n = (double)count;
    return (struct model_survey_measure){count ? 100 * hits / n : NAN, n,
                                         scaled(stats_wilson(hits, n, level), 100)};
}

struct model_survey_measure model_survey_ces(const double *answers, size_t count, double level)
{
    struct model_survey_measure out = {NAN, (double)count, {-INFINITY, INFINITY}};
    if (count == 0)
        return out;
    out.value = stats_mean(answers, count);
    if (count < 2)
        return out;

    double half = stats_t_quantile(0.5 + level / 2, out.count - 1) *
                  sqrt(stats_variance(answers, count) / out.count);
    out.interval = (struct stats_interval){out.value - half, out.value + half};
    return out;
}
