/* What an import may not break, for those who start imports. */
#ifndef STRATA_ENGINE_GUARD_H
#define STRATA_ENGINE_GUARD_H

#include "engine/internal.h"
#include "ingest/ingest.h"

/* Which saved definitions a schema would not fit, and why. Memory: arena. */
enum status engine_broken_under(struct engine *engine, const struct schema *schema,
                                struct arena *arena, struct engine_trouble **out, size_t *count,
                                struct error *error);

/* Whether word stands in text with nothing of a word around it. */
bool guard_has_word(const char *text, const char *word);

#endif
