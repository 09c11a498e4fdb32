/* Inside the room: what the files of the survival model share. */
#ifndef STRATA_STUDY_SURVIVE_H
#define STRATA_STUDY_SURVIVE_H

#include "study/work.h"

#include "base/calendar.h"
#include "model/survive.h"

enum { SURVIVE_GROUPS = 12 }; /* curves that can be told apart */
static const double SURVIVE_LEVEL = .95;

struct survive_data {
    size_t count;
    uint32_t *position;
    double *time; /* days */
    unsigned char *event;
    uint32_t *group;
    const char *name[SURVIVE_GROUPS];
    int groups;
};

struct survive_how {
    bool churn;        /* the end of the relationship */
    const char *until; /* the first fact of this kind; NULL: churn or the next order */
    double quiet;      /* churn: gone when nothing came for so many days */
    bool has_landmark, forced;
    bool today; /* forced, and needed: groups or covariates are as of the moment of the fit */
    int64_t landmark;
    const char *by;
    const char **covariates;
    size_t covariate_count;
    bool cohorts;
    enum calendar_unit unit; /* of cohorts */
};

/* The moment at which groups and covariates are looked up. */
int64_t survive_when(const struct work *work, const struct survive_how *how);
/* Whether a value is settled by the first order itself. */
bool survive_is_fixed(const struct segment_node *node, const char *kind);

/* Cox regression on the covariates, which are the values of inputs from `first` on: figures,
 * parameters, report. */
enum status survive_cox(struct work *work, const struct survive_how *how,
                        const struct survive_data *data, const struct work_inputs *inputs,
                        size_t first, struct error *error);
/* Of the customers who began in each unit of time, how many were active in each one after. */
void survive_cohorts(struct work *work, const struct survive_how *how,
                     const struct survive_data *data, const struct work_orders *orders);

#endif
