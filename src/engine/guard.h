/* What an import may not break, for those who start imports. */
#ifndef STRATA_ENGINE_GUARD_H
#define STRATA_ENGINE_GUARD_H

#include "engine/engine.h"
#include "ingest/ingest.h"

/* What an import into this store may not break: for ingest_options.guard. Memory: arena, which has
 * to outlive the import. */
enum status engine_guard(struct session *session, struct arena *arena, struct ingest_guard *out,
                         struct error *error);
/* Definitions that a schema would not fit, and those among them that fit the store now. Memory:
 * arena. */
struct guard_broken {
    struct session_trouble *all, *fresh;
    size_t count, fresh_count;
};
enum status guard_broken_under(struct session *session, const struct schema *schema,
                               struct arena *arena, struct guard_broken *out, struct error *error);
/* Whether word stands in text with nothing of a word around it. */
bool guard_has_word(const char *text, const char *word);

#endif
