/*
 * C code inside SQL: scalar functions and tables. DuckDB calls both from its own threads; what they
 * need lives in an extension that stays until the lake is closed. The error of a callback is kept
 * whole in the lake, because DuckDB carries only a message.
 */
#include "lake/internal.h"

#include <stdatomic.h>
#include <stdlib.h>

struct lake_extension {
    struct lake_extension *next;
    struct lake *lake;
    struct arena arena;
    struct lake_function function;
    struct lake_source source;
    struct lake_vector *frames; /* of a function's arguments */
    duckdb_logical_type *types; /* of a source's columns */
    bool nested; /* some argument has children: frames are copied deeply for each call */
};

static struct lake_extension *extension_new(struct lake *lake)
{
    struct lake_extension *extension = base_calloc(1, sizeof *extension);
    arena_init(&extension->arena, 0);
    extension->lake = lake;
    extension->next = lake->extensions;
    lake->extensions = extension;
    return extension;
}

void lake_release_extensions(struct lake *lake)
{
    while (lake->extensions) {
        struct lake_extension *extension = lake->extensions;
        lake->extensions = extension->next;
        for (size_t i = 0; extension->types && i < extension->source.column_count; i++)
            duckdb.destroy_logical_type(&extension->types[i]);
        arena_release(&extension->arena);
        free(extension);
    }
}

static void copy_frame(struct lake_vector *to, const struct lake_vector *from, struct arena *arena)
{
    *to = *from;
    if (!from->child_count)
        return;
    to->children = ARENA_ARRAY(arena, struct lake_vector, from->child_count);
    for (size_t i = 0; i < from->child_count; i++)
        copy_frame(&to->children[i], &from->children[i], arena);
}

static void call_function(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector result)
{
    struct lake_extension *extension = duckdb.scalar_function_get_extra_info(info);
    size_t count = extension->function.parameter_count;
    enum { FEW = 8 }; /* arguments: most calls need no memory for their frames */
    struct lake_vector few[FEW];
    struct arena arena;
    arena_init(&arena, 0);
    struct lake_vector *columns =
        count <= FEW ? few : ARENA_ARRAY(&arena, struct lake_vector, count);
    for (size_t i = 0; i < count; i++) {
        copy_frame(&columns[i], &extension->frames[i], &arena);
        lake_vector_fill(&columns[i], duckdb.data_chunk_get_vector(input, i));
    }

    struct lake_chunk chunk = {duckdb.data_chunk_get_size(input), columns, count};
    struct lake_output output = lake_output_of(result);
    struct error error = {0};
    if (extension->function.run(extension->function.context, &chunk, &output, &error) != STATUS_OK)
        duckdb.scalar_function_set_error(info, lake_callback_failure(extension->lake, &error));
    arena_release(&arena);
}

static enum status describe_function(struct lake_extension *extension,
                                     duckdb_scalar_function handle, struct error *error)
{
    const struct lake_function *function = &extension->function;
    duckdb_logical_type type = NULL;
    duckdb.scalar_function_set_name(handle, function->name);
    extension->frames =
        ARENA_ARRAY(&extension->arena, struct lake_vector, function->parameter_count);
    for (size_t i = 0; i < function->parameter_count; i++) {
        TRY(lake_parse_type(extension->lake, function->parameters[i], &type, error));
        lake_vector_frame(&extension->frames[i], type, NULL, &extension->arena);
        duckdb.scalar_function_add_parameter(handle, type);
        duckdb.destroy_logical_type(&type);
    }

    TRY(lake_parse_type(extension->lake, function->result, &type, error));
    duckdb.scalar_function_set_return_type(handle, type);
    duckdb.destroy_logical_type(&type);

    /* NULL arguments are for the function to judge, and one that changes things is called for each
     * row */
    duckdb.scalar_function_set_special_handling(handle);
    if (function->changes)
        duckdb.scalar_function_set_volatile(handle);
    duckdb.scalar_function_set_extra_info(handle, extension, NULL);
    duckdb.scalar_function_set_function(handle, call_function);
    return STATUS_OK;
}

/* A result that was not read to its end leaves its transaction open until the next statement, which
 * takes back what is registered meanwhile: so there is a statement before. */
static enum status end_transaction(struct lake *lake, struct error *error)
{
    return lake_execute(lake, "SELECT 1", error);
}

enum status lake_register_function(struct lake *lake, const struct lake_function *function,
                                   struct error *error)
{
    struct lake_extension *extension = extension_new(lake);
    TRY(end_transaction(lake, error));
    extension->function = *function;
    duckdb_scalar_function handle = duckdb.create_scalar_function();
    enum status status = describe_function(extension, handle, error);
    if (status == STATUS_OK &&
        duckdb.register_scalar_function(lake->connection, handle) != DuckDBSuccess)
        status = error_set(error, STATUS_ERROR, "DuckDB refuses the function %s", function->name);
    duckdb.destroy_scalar_function(&handle);
    return status;
}

uint64_t lake_unique(struct lake *lake)
{
    return ++lake->unique;
}

struct scan {
    _Atomic uint64_t next; /* the first row nobody has taken */
    atomic_bool ended;
};

static void bind_source(duckdb_bind_info info)
{
    struct lake_extension *extension = duckdb.bind_get_extra_info(info);
    const struct lake_source *source = &extension->source;
    for (size_t i = 0; i < source->column_count; i++)
        duckdb.bind_add_result_column(info, source->column_names[i], extension->types[i]);
    if (source->rows)
        duckdb.bind_set_cardinality(info, source->rows, source->parallel);
}

static void init_source(duckdb_init_info info)
{
    struct lake_extension *extension = duckdb.init_get_extra_info(info);
    struct scan *scan = base_calloc(1, sizeof *scan);
    duckdb.init_set_init_data(info, scan, free);
    duckdb.init_set_max_threads(
        info, extension->source.parallel ? (uint64_t)extension->lake->threads : 1);
}

static void fill_source(duckdb_function_info info, duckdb_data_chunk chunk)
{
    struct lake_extension *extension = duckdb.function_get_extra_info(info);
    const struct lake_source *source = &extension->source;
    struct scan *scan = duckdb.function_get_init_data(info);
    size_t max = duckdb.vector_size(), filled = 0;
    uint64_t first;

    /* Threads that share the rows take a whole chunk's worth each. One after the other, the source
     * itself says where it ends: by filling nothing. */
    if (source->parallel) {
        first = atomic_fetch_add(&scan->next, max);
        uint64_t left = first < source->rows ? source->rows - first : 0;
        max = left < max ? (size_t)left : max;
    } else {
        first = atomic_load(&scan->next);
        max = atomic_load(&scan->ended) ? 0 : max;
    }

    if (max) {
        struct lake_output *outputs = base_calloc(source->column_count, sizeof *outputs);
        for (size_t i = 0; i < source->column_count; i++)
            outputs[i] = lake_output_of(duckdb.data_chunk_get_vector(chunk, i));
        struct error error = {0};
        if (source->fill(source->context, first, max, outputs, &filled, &error) != STATUS_OK) {
            duckdb.function_set_error(info, lake_callback_failure(extension->lake, &error));
            filled = 0;
        }
        free(outputs);
    }

    if (!source->parallel) {
        atomic_store(&scan->next, first + filled);
        if (!filled)
            atomic_store(&scan->ended, true);
    }

    duckdb.data_chunk_set_size(chunk, filled);
}

enum status lake_register_source(struct lake *lake, const struct lake_source *source,
                                 struct error *error)
{
    struct lake_extension *extension = extension_new(lake);
    struct arena *arena = &extension->arena;

    TRY(end_transaction(lake, error));

    /* What is named here has to live as long as the function does: copies in the extension. */
    extension->source = *source;
    extension->types = ARENA_ARRAY(arena, duckdb_logical_type, source->column_count);
    const char **names = ARENA_ARRAY(arena, const char *, source->column_count);
    for (size_t i = 0; i < source->column_count; i++) {
        names[i] = arena_strdup(arena, source->column_names[i]);
        TRY(lake_parse_type(lake, source->column_types[i], &extension->types[i], error));
    }

    extension->source.column_names = names;

    duckdb_table_function handle = duckdb.create_table_function();
    duckdb.table_function_set_name(handle, source->name);
    duckdb.table_function_set_extra_info(handle, extension, NULL);
    duckdb.table_function_set_bind(handle, bind_source);
    duckdb.table_function_set_init(handle, init_source);
    duckdb.table_function_set_function(handle, fill_source);

    enum status status = STATUS_OK;
    if (duckdb.register_table_function(lake->connection, handle) != DuckDBSuccess)
        status = error_set(error, STATUS_ERROR, "DuckDB refuses the table %s", source->name);
    duckdb.destroy_table_function(&handle);
    return status;
}
