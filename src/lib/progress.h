/*
 * Who hears how far a call is. Reading and importing say it themselves; whatever else takes long,
 * a fit above all, does not, and a thread of its own speaks up for it. So a caller hears something
 * ten times a second whatever the call does, and can stop it. Callbacks never overlap.
 */
#ifndef STRATA_LIB_PROGRESS_H
#define STRATA_LIB_PROGRESS_H

#include "strata.h"

#include "base/interrupt.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

struct lib_progress {
    const struct strata_options *options;
    struct interrupt *interrupt;
    pthread_mutex_t mutex; /* guards what follows, and the callback */
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stop;
    struct timespec heard; /* when the callback was last called, by the monotonic clock */
};

/* Nothing is called without a callback in the options, which are borrowed, as is the interrupt. */
void lib_progress_init(struct lib_progress *progress, const struct strata_options *options,
                       struct interrupt *interrupt);
void lib_progress_release(struct lib_progress *progress);
/* Around a call. */
void lib_progress_start(struct lib_progress *progress);
void lib_progress_stop(struct lib_progress *progress);
/* What is known of a phase; false when the caller wants to stop. From any thread. */
bool lib_progress_tell(struct lib_progress *progress, const char *phase, double fraction);

#endif
