/* An import from beginning to end, for the command line and the library alike. */
#include "engine/guard.h"
#include "engine/internal.h"

#include "base/interrupt.h"

struct stepping {
    const struct interrupt *stop;
    const struct ingest_progress *asked;
};

static bool step(void *context, const char *phase, double fraction)
{
    const struct stepping *stepping = context;
    const struct ingest_progress *asked = stepping->asked;
    return !interrupt_raised(stepping->stop) &&
           (!asked || asked->step(asked->context, phase, fraction));
}

/* The import is made, whether or not its parts can be merged now: the next one tries again. */
static void tidy(struct session *session, struct error *untidy)
{
    if (session_tidy(session, untidy) == STATUS_OK)
        error_clear(untidy);
}

enum status engine_import(struct session *session, struct ingest_options *options,
                          const struct ingest_progress *progress, struct arena *arena,
                          struct engine_import *out, struct error *error)
{
    struct ingest_guard guard;
    struct stepping stepping = {session_stop(session), progress};
    struct ingest_progress steps = {step, &stepping};
    *out = (struct engine_import){0};
    TRY(engine_guard(session, arena, &guard, error));

    /* The import asks before it reads, which columns are used, and before it publishes,
     * what would break. */
    options->guard = &guard;
    options->now = session_now(session);
    TRY(ingest_run(session_store(session), options, &steps, arena, &out->summary, error));
    if (!options->dry_run)
        tidy(session, &out->untidy);
    session_look_again(session);
    return STATUS_OK;
}
