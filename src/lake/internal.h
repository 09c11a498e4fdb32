/* What the files of this room share. Nobody else includes it. */
#ifndef STRATA_LAKE_INTERNAL_H
#define STRATA_LAKE_INTERNAL_H

#include "lake/lake.h"

#include <duckdb.h>
#include <pthread.h>

/* DuckDB's functions, without the beginning that all their names have: duckdb.open_ext is
 * duckdb_open_ext. They are there once a lake has been opened (library.h). */
/* clang-format off */
#define LAKE_DUCKDB(F) \
    F(arrow_scan) F(bind_add_result_column) F(bind_get_extra_info) F(bind_set_cardinality) \
    F(close) F(column_count) F(column_logical_type) F(column_name) F(connect) F(create_config) \
    F(create_logical_type) F(create_scalar_function) F(create_table_function) \
    F(data_chunk_get_size) F(data_chunk_get_vector) F(data_chunk_set_size) \
    F(decimal_internal_type) F(decimal_scale) F(decimal_width) F(destroy_config) \
    F(destroy_data_chunk) F(destroy_extracted) F(destroy_logical_type) F(destroy_pending) \
    F(destroy_prepare) F(destroy_result) F(destroy_scalar_function) F(destroy_table_function) \
    F(disconnect) F(execute_pending) F(extract_statements) F(extract_statements_error) \
    F(fetch_chunk) F(free) F(function_get_extra_info) F(function_get_init_data) \
    F(function_get_local_init_data) F(function_set_error) F(get_type_id) \
    F(init_get_column_count) F(init_get_column_index) F(init_get_extra_info) \
    F(init_set_init_data) F(init_set_max_threads) F(interrupt) F(list_type_child_type) \
    F(list_vector_get_child) F(list_vector_get_size) F(list_vector_reserve) \
    F(list_vector_set_size) F(map_type_key_type) F(map_type_value_type) F(nparams) F(open_ext) \
    F(pending_error) F(pending_execute_task) F(pending_execution_is_finished) \
    F(pending_prepared_streaming) F(prepare) F(prepare_error) F(prepare_extracted_statement) \
    F(prepared_statement_type) F(query) F(query_progress) F(register_scalar_function) \
    F(register_table_function) F(result_error) F(scalar_function_add_parameter) \
    F(scalar_function_get_extra_info) F(scalar_function_set_error) \
    F(scalar_function_set_extra_info) F(scalar_function_set_function) \
    F(scalar_function_set_name) F(scalar_function_set_return_type) \
    F(scalar_function_set_special_handling) F(scalar_function_set_volatile) F(set_config) \
    F(struct_type_child_count) F(struct_type_child_name) F(struct_type_child_type) \
    F(struct_vector_get_child) F(table_function_set_bind) F(table_function_set_extra_info) \
    F(table_function_set_function) F(table_function_set_init) F(table_function_set_local_init) \
    F(table_function_set_name) F(table_function_supports_projection_pushdown) \
    F(vector_assign_string_element_len) F(vector_ensure_validity_writable) \
    F(vector_get_column_type) F(vector_get_data) F(vector_get_validity) F(vector_size)
/* clang-format on */

#define LAKE_DUCKDB_POINTER(name) __typeof__(duckdb_##name) *name;
struct lake_duckdb {
    LAKE_DUCKDB(LAKE_DUCKDB_POINTER)
};
extern struct lake_duckdb duckdb;

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
