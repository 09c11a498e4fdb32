/* The features customers are compared by, with what the scores among them learnt. */
#ifndef STRATA_STUDY_FEATURES_H
#define STRATA_STUDY_FEATURES_H

#include "insight/insight.h"
#include "session/session.h"

/* insight_features_new, with what the scores among them learnt. */
enum status study_features_new(struct session *session, struct arena *arena,
                               struct insight_features *out, struct error *error);

#endif
