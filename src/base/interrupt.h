/*
 * Stopping: one flag that anybody may raise, from any thread or a signal handler, and that whoever
 * works looks at between pieces of work. Looking costs a load; nothing is half done, because what
 * stops fails like anything that fails.
 */
#ifndef STRATA_BASE_INTERRUPT_H
#define STRATA_BASE_INTERRUPT_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>

struct interrupt {
    atomic_bool raised; /* lock-free where Strata runs, so signal handlers may set it */
};

static inline void interrupt_raise(struct interrupt *interrupt)
{
    atomic_store_explicit(&interrupt->raised, true, memory_order_relaxed);
}

static inline void interrupt_clear(struct interrupt *interrupt)
{
    atomic_store_explicit(&interrupt->raised, false, memory_order_relaxed);
}

/* NULL: nobody can. */
static inline bool interrupt_raised(const struct interrupt *interrupt)
{
    return interrupt && atomic_load_explicit(&interrupt->raised, memory_order_relaxed);
}

/* STATUS_INTERRUPTED when it is raised. */
static inline enum status interrupt_check(const struct interrupt *interrupt, struct error *error)
{
    return interrupt_raised(interrupt)
               ? error_set(error, STATUS_INTERRUPTED, "interrupted; nothing was changed")
               : STATUS_OK;
}

#endif
