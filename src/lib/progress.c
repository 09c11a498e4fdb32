/* Telling a caller how far a call is: see progress.h. */
#include "lib/progress.h"

#include <errno.h>

enum { SECOND = 1000000000, TENTH = SECOND / 10 }; /* nanoseconds */

void lib_progress_init(struct lib_progress *progress, const struct strata_options *options,
                       struct interrupt *interrupt)
{
    pthread_condattr_t clock;
    *progress = (struct lib_progress){.options = options, .interrupt = interrupt};
    pthread_mutex_init(&progress->mutex, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&progress->wake, &clock);
    pthread_condattr_destroy(&clock);
}

void lib_progress_release(struct lib_progress *progress)
{
    pthread_cond_destroy(&progress->wake);
    pthread_mutex_destroy(&progress->mutex);
}

static struct timespec tenth_after(struct timespec moment)
{
    moment.tv_nsec += TENTH;
    moment.tv_sec += moment.tv_nsec / SECOND;
    moment.tv_nsec %= SECOND;
    return moment;
}

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* With the mutex held. */
static bool tell(struct lib_progress *progress, const char *phase, double fraction)
{
    const struct strata_options *options = progress->options;
    clock_gettime(CLOCK_MONOTONIC, &progress->heard);
    return options->progress(options->context, phase, fraction) == 0;
}

bool lib_progress_tell(struct lib_progress *progress, const char *phase, double fraction)
{
    if (!progress->options->progress)
        return true;
    pthread_mutex_lock(&progress->mutex);
    bool goes_on = tell(progress, phase, fraction);
    pthread_mutex_unlock(&progress->mutex);
    return goes_on;
}

/* Speaks when nobody else has for a tenth of a second. */
static void *speak_up(void *argument)
{
    struct lib_progress *progress = argument;
    pthread_mutex_lock(&progress->mutex);
    while (!progress->stop) {
        struct timespec now, due = tenth_after(progress->heard);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (is_before(now, due))
            pthread_cond_timedwait(&progress->wake, &progress->mutex, &due);
        else if (!tell(progress, "computing", -1))
            interrupt_raise(progress->interrupt);
    }
    pthread_mutex_unlock(&progress->mutex);
    return NULL;
}

void lib_progress_start(struct lib_progress *progress)
{
    if (!progress->options->progress || progress->running)
        return;
    progress->stop = false;
    clock_gettime(CLOCK_MONOTONIC, &progress->heard);
    progress->running = pthread_create(&progress->thread, NULL, speak_up, progress) == 0;
}

void lib_progress_stop(struct lib_progress *progress)
{
    if (!progress->running)
        return;
    pthread_mutex_lock(&progress->mutex);
    progress->stop = true;
    pthread_cond_signal(&progress->wake);
    pthread_mutex_unlock(&progress->mutex);
    pthread_join(progress->thread, NULL);
    progress->running = false;
}
