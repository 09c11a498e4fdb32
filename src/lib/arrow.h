/* Results through the Arrow C stream interface. */
#ifndef STRATA_LIB_ARROW_H
#define STRATA_LIB_ARROW_H

#include "engine/engine.h"
#include "lake/lake.h"
#include "strata.h"

/* The rows of result; close(owner) is called when the stream is released. */
void lib_arrow_stream(struct lake_result *result, void (*close)(void *owner), void *owner,
                      struct ArrowArrayStream *out);
/* customer (utf8) and number (uint32); copies. Like all rows, in as many batches as they need. */
void lib_arrow_members(const struct session_members *members, struct ArrowArrayStream *out);

#endif
