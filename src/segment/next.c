/* The next moment at which a membership may flip by itself. */
#include "segment/steps.h"

#define SOON(name)                                                     \
    void name(struct run *run, const struct step *step, int64_t *next) \
    {                                                                  \
        for (uint32_t lane = 0; lane < run->count; lane++)             \
            next[lane] = run->now + 1;                                 \
    }
SOON(next_compare)
SOON(next_window)
SOON(next_in_window)
SOON(next_calendar)
SOON(next_sequence)
SOON(next_record)
SOON(next_trait)
SOON(next_history)

void next_of_batch(struct run *run, int64_t *next)
{
    for (uint32_t lane = 0; lane < run->count; lane++)
        next[lane] = INT64_MAX;
    for (size_t i = 0; i < run->plan->steps.count; i++)
        if (run->plan->steps.items[i].next && run->vectors[i].stamp == run->epoch[run->plan->steps.items[i].clock])
            run->plan->steps.items[i].next(run, &run->plan->steps.items[i], next);
}
