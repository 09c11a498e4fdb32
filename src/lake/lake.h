/*
 * The lake: DuckDB, in memory, as the reader and writer of files. It is the only room that sees
 * duckdb.h; what others get are plain typed vectors. Nothing lives in it: a lake is opened for a
 * task, reads and writes files, and is closed.
 *
 * A lake is one connection. One thread at a time may call it (lake_interrupt and lake_progress
 * excepted); inside, a query runs on as many threads as the lake was opened with, and so do the
 * functions and sources that C code brings in. Nothing is downloaded: extensions are neither
 * installed nor loaded.
 */
#ifndef STRATA_LAKE_LAKE_H
#define STRATA_LAKE_LAKE_H

#include "base/bits.h"
#include "base/interrupt.h"
#include "base/text.h"

struct lake;
__extension__ typedef __int128 lake_wide;

struct lake_options {
    /* where a query spills when memory is short; NULL: it may not spill */
    const char *temp_directory;
    uint64_t memory_limit; /* bytes; 0: half of the machine's memory or of the cgroup's limit, the
                              smaller */
    int threads;           /* 0: as many as the machine (or its cgroup) offers */
    const struct interrupt *interrupt; /* stops the running statement within a tenth of a second;
                                          NULL: nobody does */
};

/* options may be NULL. */
enum status lake_open(const struct lake_options *options, struct lake **out, struct error *error);
void lake_close(struct lake *lake);
int lake_threads(const struct lake *lake);

/*
 * Values come as vectors: an array of the type's C form, and a bitmap with a set bit where the row
 * is known. NULL for the bitmap means that all are.
 */
enum lake_type {
    LAKE_OTHER, /* a type Strata does not read: cast it in SQL */
    LAKE_BOOL,  /* uint8_t, 0 or 1 */
    LAKE_I8,
    LAKE_I16,
    LAKE_I32,
    LAKE_I64,
    LAKE_I128, /* lake_wide; sum() of integers gives it */
    LAKE_U8,
    LAKE_U16,
    LAKE_U32,
    LAKE_U64,
    LAKE_FLOAT,
    LAKE_DOUBLE,
    LAKE_DATE,      /* int32_t, days since 1970-01-01 */
    LAKE_TIMESTAMP, /* int64_t, microseconds since 1970-01-01T00:00:00Z; TIMESTAMP WITH TIME ZONE
                       too */
    LAKE_TIMESTAMP_S,
    LAKE_TEXT,   /* struct lake_string; read with lake_text */
    LAKE_BLOB,   /* as text, any bytes */
    LAKE_LIST,   /* struct lake_span into children[0]; maps are lists of structs (key, value) */
    LAKE_STRUCT, /* no data of its own: children in order of fields */
};

/* Up to 12 bytes stand in the string itself, from `prefix` on. */
struct lake_string {
    uint32_t length;
    char prefix[4];
    const char *data;
};

struct lake_span {
    uint64_t first, count;
};

struct lake_vector {
    const char *name; /* of the column or the field; NULL for elements of a list and arguments of a
                         function */
    enum lake_type type;
    int width, scale; /* decimals: width > 0, and data holds the scaled integers in the C form that
                         type says */
    const void *data; /* NULL for LAKE_STRUCT and LAKE_OTHER */
    const uint64_t *known;
    struct lake_vector *children;
    size_t child_count;
};

enum { LAKE_CHUNK_ROWS = 2048 }; /* DuckDB's STANDARD_VECTOR_SIZE */
struct lake_chunk {
    size_t rows; /* at most LAKE_CHUNK_ROWS */
    const struct lake_vector *columns;
    size_t column_count;
};

static inline bool lake_known(const struct lake_vector *vector, size_t row)
{
    return !vector->known || bit_at(vector->known, row);
}

enum { LAKE_INLINE_BYTES = 12 }; /* a text of no more stands behind its length itself */
/* The bytes of a LAKE_TEXT or LAKE_BLOB row that is known. They die with the chunk. */
static inline struct text lake_text(const struct lake_vector *vector, size_t row)
{
    const struct lake_string *string = (const struct lake_string *)vector->data + row;
    return (struct text){string->length <= LAKE_INLINE_BYTES
                             ? (const char *)string + sizeof string->length
                             : string->data,
                         string->length};
}

/* Any integer form (BOOL, I8…I64, U8…U64, DATE, TIMESTAMP, decimals of at most 18 digits) widened.
 * I128 is cut. */
int64_t lake_integer(const struct lake_vector *vector, size_t row);
/* Any numeric form as a double; decimals divided by their scale. */
double lake_number(const struct lake_vector *vector, size_t row);

/* Runs one or more statements and forgets their results. Failure: DuckDB's reason as a sentence,
 * STATUS_FULL, STATUS_IO, STATUS_LIMIT (memory), STATUS_INTERRUPTED or else STATUS_ERROR. */
enum status lake_execute(struct lake *lake, const char *sql, struct error *error);
enum status lake_executef(struct lake *lake, struct error *error, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* A statement's rows, chunk by chunk, while it still runs. A lake has at most one open result. */
struct lake_result;
enum status lake_query(struct lake *lake, const char *sql, struct lake_result **out,
                       struct error *error);
enum status lake_queryf(struct lake *lake, struct lake_result **out, struct error *error,
                        const char *format, ...) PRINTF_LIKE(4, 5);
size_t lake_result_columns(const struct lake_result *result);
/* Name, type, scale of column i; its data are only there in chunks. */
const struct lake_vector *lake_result_column(const struct lake_result *result, size_t column);
/* *chunk is NULL after the last one. A chunk is valid until the next call. */
enum status lake_result_next(struct lake_result *result, const struct lake_chunk **chunk,
                             struct error *error);
void lake_result_free(struct lake_result *result);
/* Nobody stops or follows its lake any more: for a result that outlives the call it was made in. */
void lake_result_unwatch(struct lake_result *result);
/* The single integer of a query with one row and one column; *known (may be NULL) is false for
 * NULL. */
enum status lake_query_integer(struct lake *lake, const char *sql, int64_t *out, bool *known,
                               struct error *error);

/* How far the running statement is: 0…1, or −1 when it cannot be known. From any thread. */
double lake_progress(struct lake *lake);
/* Makes the running statement fail with "interrupted". From any thread and from signal-handling
 * code that is not the handler itself. */
void lake_interrupt(struct lake *lake);
/* step is called about ten times a second while a statement runs, from a thread of its own, with
 * what lake_progress says; when it returns false the statement is interrupted. NULL ends that. */
void lake_on_progress(struct lake *lake, bool (*step)(void *context, double fraction),
                      void *context);

/*
 * Where C code writes values: results of functions, rows of sources.
 */
struct lake_output {
    enum lake_type type;
    int width, scale;
    void *data; /* array of the C form; not for TEXT, BLOB (lake_output_text), LIST and STRUCT
                   (their own helpers) */
    void *handle;
};
void lake_output_null(struct lake_output *output, size_t row);
/* Copies the bytes. Text must be valid UTF-8. */
void lake_output_text(struct lake_output *output, size_t row, struct text text);
/* Rows of a LAKE_LIST are written in ascending order: makes `count` elements for `row` behind those
 * made before, returns the output of all elements and the index of the first new one. Earlier
 * returned data pointers become stale.
 */
struct lake_output lake_output_list(struct lake_output *output, size_t row, size_t count,
                                    size_t *first);

/*
 * Scalar functions in C, for use inside SQL. run is called from several threads at once, each time
 * with the arguments (unknown values included) and the output of `arguments->rows` rows, all known
 * until lake_output_null is called. It returns STATUS_OK or sets error and makes the statement
 * fail.
 */
struct lake_function {
    const char *name;
    const char *const *parameters; /* SQL types: "VARCHAR", "DECIMAL(18,2)", "VARCHAR[]" */
    size_t parameter_count;
    const char *result; /* SQL type */
    bool changes;       /* it has effects or memory: never folded, moved or left out */
    enum status (*run)(void *context, const struct lake_chunk *arguments,
                       struct lake_output *output, struct error *error);
    void *context; /* borrowed; outlives the lake */
};
/* A number that grows with every call: for names of functions and sources, which stay taken as long
 * as the lake lives.
 */
uint64_t lake_unique(struct lake *lake);
enum status lake_register_function(struct lake *lake, const struct lake_function *function,
                                   struct error *error);

/*
 * Tables that C code fills, for use as `FROM name()`. fill writes at most `max` rows (2048) from
 * row `first` on into the outputs, one a column, and says how many it wrote; 0 ends the table. With
 * `parallel` the number of rows is known beforehand, fill is called from several threads for ranges
 * in any order, must write all `max` rows, and the order of rows is not kept.
 */
struct lake_source {
    const char *name;
    const char *const *column_names;
    const char *const *column_types; /* SQL types */
    size_t column_count;
    uint64_t rows; /* parallel: exact; else an estimate or 0 */
    bool parallel;
    enum status (*fill)(void *context, uint64_t first, size_t max, struct lake_output *columns,
                        size_t *filled, struct error *error);
    void *context; /* borrowed; outlives the lake */
};
enum status lake_register_source(struct lake *lake, const struct lake_source *source,
                                 struct error *error);

/*
 * Paths. DuckDB takes *, ? and [ in the path of a file to read for a pattern, and reads all that
 * matches it. lake_add_path appends path as an SQL literal that means the one file of that name:
 * every path a statement reads is written by it. Where COPY writes, a path is plain text.
 */
void lake_add_path(struct buffer *sql, const char *path);

/*
 * Writing Parquet. The file at path is written whole and synced by the caller (src/store does);
 * rows keep the query's order.
 */
struct lake_parquet {
    const char *compression; /* NULL: LAKE_COMPRESSION */
    uint64_t row_group;      /* rows; 0: LAKE_ROW_GROUP */
    int version; /* of Parquet's encodings; 0: LAKE_PARQUET_VERSION; 1 for files that old tools are
                    to read */
};
/* Measured on 5 million facts of 8 columns: version 2 with zstd is 9% smaller than version 1, and
 * takes a third less time to write and to read; snappy and lz4 save a further tenth of the time and
 * cost 3% of the room. */
#define LAKE_COMPRESSION "zstd"
enum { LAKE_ROW_GROUP = 122880, LAKE_PARQUET_VERSION = 2 };
/* options may be NULL. *rows (may be NULL) is the number written. */
enum status lake_write_parquet(struct lake *lake, const char *select, const char *path,
                               const struct lake_parquet *options, uint64_t *rows,
                               struct error *error);

/*
 * SQL of users. lake_lock_down takes away everything but reading the files at `paths`: no other
 * file, no network, no settings; it cannot be undone. Create views before. lake_query_user runs one
 * statement that DuckDB classifies as SELECT, or an EXPLAIN of one; anything else is STATUS_USAGE
 * and is not run. Messages keep DuckDB's pointer to the place.
 */
enum status lake_lock_down(struct lake *lake, const char *const *paths, size_t count,
                           struct error *error);
enum status lake_query_user(struct lake *lake, const char *sql, struct lake_result **out,
                            struct error *error);
/* STATUS_OK when sql is one SELECT, by DuckDB's own classification; it is not run. */
enum status lake_check_select(struct lake *lake, const char *sql, struct error *error);

#endif
