/* Going through what a statement gives, chunk by chunk. */
#ifndef STRATA_INGEST_CHUNKS_H
#define STRATA_INGEST_CHUNKS_H

#include "lake/lake.h"

/* The next chunk; false at the end, and when there is none because of an error: *status says. */
static inline bool ingest_next_chunk(struct lake_result *result, const struct lake_chunk **chunk,
                                     enum status *status, struct error *error)
{
    *status = lake_result_next(result, chunk, error);
    return *status == STATUS_OK && *chunk;
}

#endif
