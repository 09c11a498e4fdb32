/*
 * Streams: a table function of DuckDB's that several of its threads fill at once, each with a state
 * of its own, and of which only the columns that a query asks for are made.
 */
#include "lake/stream.h"

#include "lake/internal.h"

#include <stdlib.h>

/* DuckDB owns the three: the extension with the function, the asked-for columns with a query, the
 * worker with a thread.
 */
struct stream_extension {
    struct lake *lake;
    struct lake_stream stream;
    struct arena arena;
    duckdb_logical_type *types;
};

struct asked {
    size_t count;
    size_t columns[]; /* of the stream, in the order of the query's chunk */
};

struct worker {
    struct stream_extension *extension;
    void *thread;
    struct lake_output *outputs;
};

static void free_extension(void *memory)
{
    struct stream_extension *extension = memory;
    for (size_t i = 0; extension->types && i < extension->stream.column_count; i++)
        duckdb.destroy_logical_type(&extension->types[i]);
    arena_release(&extension->arena);
    free(extension);
}

static void bind(duckdb_bind_info info)
{
    struct stream_extension *extension = duckdb.bind_get_extra_info(info);
    for (size_t i = 0; i < extension->stream.column_count; i++)
        duckdb.bind_add_result_column(info, extension->stream.column_names[i], extension->types[i]);
    if (extension->stream.rows)
        duckdb.bind_set_cardinality(info, extension->stream.rows, false);
}

static void init(duckdb_init_info info)
{
    struct stream_extension *extension = duckdb.init_get_extra_info(info);
    size_t count = duckdb.init_get_column_count(info);
    struct asked *asked = base_malloc(sizeof *asked + count * sizeof *asked->columns);
    asked->count = count;

    for (size_t i = 0; i < count; i++)
        asked->columns[i] = duckdb.init_get_column_index(info, i);
    duckdb.init_set_init_data(info, asked, free);

    int threads = extension->stream.threads ? extension->stream.threads : extension->lake->threads;
    duckdb.init_set_max_threads(info, (idx_t)threads);
}

static void free_worker(void *memory)
{
    struct worker *worker = memory;
    worker->extension->stream.thread_close(worker->extension->stream.context, worker->thread);
    free(worker->outputs);
    free(worker);
}

static void init_worker(duckdb_init_info info)
{
    struct worker *worker = base_calloc(1, sizeof *worker);
    worker->extension = duckdb.init_get_extra_info(info);
    worker->thread = worker->extension->stream.thread_open(worker->extension->stream.context);
    worker->outputs = base_calloc(worker->extension->stream.column_count, sizeof *worker->outputs);
    duckdb.init_set_init_data(info, worker, free_worker);
}

static void fill(duckdb_function_info info, duckdb_data_chunk chunk)
{
    struct worker *worker = duckdb.function_get_local_init_data(info);
    const struct asked *asked = duckdb.function_get_init_data(info);
    const struct lake_stream *stream = &worker->extension->stream;

    /* columns that nobody asked for have no output, and the stream need not make them */
    for (size_t i = 0; i < asked->count; i++)
        if (asked->columns[i] < stream->column_count)
            worker->outputs[asked->columns[i]] =
                lake_output_of(duckdb.data_chunk_get_vector(chunk, i));

    size_t filled = 0;
    struct error error = {0};
    if (stream->fill(stream->context, worker->thread, duckdb.vector_size(), worker->outputs,
                     &filled, &error) != STATUS_OK) {
        duckdb.function_set_error(info, lake_callback_failure(worker->extension->lake, &error));
        filled = 0;
    }
    duckdb.data_chunk_set_size(chunk, filled);
}

enum status lake_register_stream(struct lake *lake, const struct lake_stream *stream,
                                 struct error *error)
{
    struct stream_extension *extension = base_calloc(1, sizeof *extension);
    extension->lake = lake;
    extension->stream = *stream;
    arena_init(&extension->arena, 0);

    /* the extension is the function's from here on: destroying the handle frees it */
    duckdb_table_function handle = duckdb.create_table_function();
    duckdb.table_function_set_extra_info(handle, extension, free_extension);
    extension->types = ARENA_ARRAY(&extension->arena, duckdb_logical_type, stream->column_count);
    const char **names = ARENA_ARRAY(&extension->arena, const char *, stream->column_count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < stream->column_count && status == STATUS_OK; i++) {
        names[i] = arena_strdup(&extension->arena, stream->column_names[i]);
        status = lake_parse_type(lake, stream->column_types[i], &extension->types[i], error);
    }

    extension->stream.column_names = names;
    duckdb.table_function_set_name(handle, stream->name);
    duckdb.table_function_set_bind(handle, bind);
    duckdb.table_function_set_init(handle, init);
    duckdb.table_function_set_local_init(handle, init_worker);
    duckdb.table_function_set_function(handle, fill);

    duckdb.table_function_supports_projection_pushdown(handle, true);
    if (status == STATUS_OK &&
        duckdb.register_table_function(lake->connection, handle) != DuckDBSuccess)
        status = error_set(error, STATUS_ERROR, "DuckDB refuses the table %s", stream->name);
    duckdb.destroy_table_function(&handle);
    return status;
}
