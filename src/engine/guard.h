/* What an import may not break, for those who start imports. */
#ifndef STRATA_ENGINE_GUARD_H
#define STRATA_ENGINE_GUARD_H

#include "engine/engine.h"
#include "ingest/ingest.h"

/* Whether word stands in text with nothing of a word around it. */
bool guard_has_word(const char *text, const char *word);

#endif
