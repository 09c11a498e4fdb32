/*
 * Survey measures with intervals. Answers are arrays of doubles without unknowns. All functions are
 * pure and thread-safe.
 */
#ifndef STRATA_MODEL_SURVEY_H
#define STRATA_MODEL_SURVEY_H

#include "stats/summary.h"

struct model_survey_measure {
    double value, count;
    struct stats_interval interval; /* the whole range when count is 0, and value is NaN then */
};

/* Net promoter score of answers 0…10: the share of 9 and 10 less that of 0…6, times 100 (Reichheld
 * 2003). The interval adds one half to each of promoters and detractors and one to the passive (so
 * that a few equal answers are not certain) and is otherwise the normal one of a difference of two
 * shares of one sample. Answers outside 0…10 are left out. */
struct model_survey_measure model_survey_nps(const double *answers, size_t count, double level);
/* Customer satisfaction: the share, times 100, of answers ≥ satisfied (4 on a scale of 1 to 5);
 * Wilson's interval. */
struct model_survey_measure model_survey_csat(const double *answers, size_t count, double satisfied,
                                              double level);
/* Customer effort: the mean answer; Student's interval (the range of the answers' scale is not
 * known to it). */
struct model_survey_measure model_survey_ces(const double *answers, size_t count, double level);

#endif
