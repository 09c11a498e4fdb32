/* Retyping a column: what would change, and doing it. */
#ifndef STRATA_ENGINE_RETYPE_H
#define STRATA_ENGINE_RETYPE_H

#include "engine/engine.h"
#include "ingest/retype.h"

struct engine_retype {
    struct ingest_retype column;
    /* definitions that fit the store and would not any more, and why */
    struct session_trouble *breaks;
    size_t break_count;
    const char **mends; /* broken definitions that would fit again */
    size_t mend_count;
    const char **readers; /* other segments that read the column: their members may change */
    size_t reader_count;
};
/* Changes nothing. Memory: arena. */
enum status engine_retype_plan(struct session *session, const char *name, const char *type,
                               struct arena *arena, struct engine_retype *out, struct error *error);
/* The engine has to be open for writing. */
enum status engine_retype_do(struct session *session, const char *name, const char *type,
                             struct arena *arena, struct error *error);

#endif
