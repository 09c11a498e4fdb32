/* What the files of this room share. Nobody else includes it. */
#ifndef STRATA_LAKE_INTERNAL_H
#define STRATA_LAKE_INTERNAL_H

#include "lake/lake.h"

#include <duckdb.h>
#include <pthread.h>

struct lake_extension; /* a registered function or source, kept as long as the lake */

struct lake {
    duckdb_database database;
    duckdb_connection connection;
    int threads;
    bool (*step)(void *context, double fraction);
    void *step_context;
    const struct interrupt *interrupt;
    pthread_mutex_t mutex;       /* guards the two below: callbacks run on many threads */
    bool callback_failed;        /* a callback failed while the present statement ran … */
    struct error callback_error; /* … and this is why; DuckDB would keep the message alone */
    struct lake_extension *extensions;
    bool result_open;
    uint64_t unique;
};

/* Turns DuckDB's message into ours. Prefers the error of a callback when one failed. */
enum status lake_failure(struct lake *lake, const char *message, struct error *error) MUST_USE;
/* As above for a user's own SQL: the pointer to the place in the text is kept. */
enum status lake_failure_in_sql(struct lake *lake, const char *message,
                                struct error *error) MUST_USE;
/* Remembers why a callback failed; the first one counts. Returns the message to hand to DuckDB. */
const char *lake_callback_failure(struct lake *lake, const struct error *error);
void lake_release_extensions(struct lake *lake);

/* Frame of a vector: names, types, children in arena; data come with lake_vector_fill. */
void lake_vector_frame(struct lake_vector *vector, duckdb_logical_type type, const char *name,
                       struct arena *arena);
void lake_vector_fill(struct lake_vector *vector, duckdb_vector source);
struct lake_output lake_output_of(duckdb_vector vector);
/* The logical type of an SQL type name; the caller destroys it. */
enum status lake_parse_type(struct lake *lake, const char *sql_type, duckdb_logical_type *out,
                            struct error *error);

/* A thread that reports progress while a statement runs. */
struct lake_watch {
    struct lake *lake;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool running, stop;
};
void lake_watch_start(struct lake_watch *watch, struct lake *lake);
void lake_watch_stop(struct lake_watch *watch);

#endif
