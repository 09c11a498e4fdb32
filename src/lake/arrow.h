/*
 * Rows from memory: a stream of the Arrow C data interface, as its specification lays it down,
 * written as a Parquet file. What a stream looks like inside is DuckDB's and the caller's business.
 */
#ifndef STRATA_LAKE_ARROW_H
#define STRATA_LAKE_ARROW_H

#include "lake/lake.h"

struct ArrowArrayStream;

/* Reads the stream to its end and writes its rows, in their order, to path. The stream is the
 * caller's to release; its callbacks run on one thread at a time, which may be one of the lake's.
 */
enum status lake_write_arrow(struct lake *lake, struct ArrowArrayStream *stream, const char *path,
                             uint64_t *rows, struct error *error);

#endif
