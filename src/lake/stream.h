/*
 * Tables that C code fills without knowing beforehand how many rows there will be, from several
 * threads at once: a file that is split into blocks, for example. Every thread has a state of its
 * own; only the columns that a query asks for are filled.
 */
#ifndef STRATA_LAKE_STREAM_H
#define STRATA_LAKE_STREAM_H

#include "lake/lake.h"

struct lake_stream {
    const char *name; /* FROM name() */
    const char *const *column_names;
    const char *const *column_types; /* SQL types */
    size_t column_count;
    uint64_t rows; /* an estimate, or 0 */
    int threads;   /* the most that may fill at once; 0: as many as the lake has */
    void *(*thread_open)(void *context);
    void (*thread_close)(void *context, void *thread);
    /* Writes at most max rows into columns[0…column_count−1]; a column that nobody asked for has no
     * handle and is left alone. *filled = 0 says that this thread has no more rows. */
    enum status (*fill)(void *context, void *thread, size_t max, struct lake_output *columns,
                        size_t *filled, struct error *error);
    void *context; /* borrowed; outlives the lake */
};

enum status lake_register_stream(struct lake *lake, const struct lake_stream *stream,
                                 struct error *error);

#endif
