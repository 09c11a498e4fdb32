/*
 * Vectors and types: DuckDB's handles translated into plain arrays. A frame (names, types,
 * children) is made once for a result or a call; for each chunk only the pointers are filled in.
 */
#include "lake/internal.h"

#include <string.h>

struct type_form {
    duckdb_type from;
    enum lake_type to;
};

static const struct type_form type_forms[] = {
    {DUCKDB_TYPE_BOOLEAN, LAKE_BOOL},
    {DUCKDB_TYPE_TINYINT, LAKE_I8},
    {DUCKDB_TYPE_SMALLINT, LAKE_I16},
    {DUCKDB_TYPE_INTEGER, LAKE_I32},
    {DUCKDB_TYPE_BIGINT, LAKE_I64},
    {DUCKDB_TYPE_HUGEINT, LAKE_I128},
    {DUCKDB_TYPE_UTINYINT, LAKE_U8},
    {DUCKDB_TYPE_USMALLINT, LAKE_U16},
    {DUCKDB_TYPE_UINTEGER, LAKE_U32},
    {DUCKDB_TYPE_UBIGINT, LAKE_U64},
    {DUCKDB_TYPE_FLOAT, LAKE_FLOAT},
    {DUCKDB_TYPE_DOUBLE, LAKE_DOUBLE},
    {DUCKDB_TYPE_DATE, LAKE_DATE},
    {DUCKDB_TYPE_TIMESTAMP, LAKE_TIMESTAMP},
    {DUCKDB_TYPE_TIMESTAMP_TZ, LAKE_TIMESTAMP},
    {DUCKDB_TYPE_TIMESTAMP_S, LAKE_TIMESTAMP_S},
    {DUCKDB_TYPE_VARCHAR, LAKE_TEXT},
    {DUCKDB_TYPE_BLOB, LAKE_BLOB},
    {DUCKDB_TYPE_LIST, LAKE_LIST},
    {DUCKDB_TYPE_MAP, LAKE_LIST},
    {DUCKDB_TYPE_STRUCT, LAKE_STRUCT},
};

static enum lake_type plain_form(duckdb_type type)
{
    for (size_t i = 0; i < sizeof type_forms / sizeof *type_forms; i++)
        if (type_forms[i].from == type)
            return type_forms[i].to;
    return LAKE_OTHER;
}

static enum lake_type form_of(duckdb_logical_type type, int *width, int *scale)
{
    duckdb_type id = duckdb.get_type_id(type);
    *width = *scale = 0;
    if (id != DUCKDB_TYPE_DECIMAL)
        return plain_form(id);
    *width = duckdb.decimal_width(type);
    *scale = duckdb.decimal_scale(type);
    return plain_form(duckdb.decimal_internal_type(type));
}

static void frame_child(struct lake_vector *child, duckdb_logical_type type, char *name,
                        struct arena *arena)
{
    lake_vector_frame(child, type, name, arena);
    duckdb.destroy_logical_type(&type);
    if (name)
        duckdb.free(name);
}

static void frame_map(struct lake_vector *vector, duckdb_logical_type type, struct arena *arena)
{
    struct lake_vector *pair = vector->children;
    *pair = (struct lake_vector){.type = LAKE_STRUCT, .child_count = 2};
    pair->children = ARENA_ARRAY(arena, struct lake_vector, 2);
    frame_child(&pair->children[0], duckdb.map_type_key_type(type), NULL, arena);
    frame_child(&pair->children[1], duckdb.map_type_value_type(type), NULL, arena);
}

void lake_vector_frame(struct lake_vector *vector, duckdb_logical_type type, const char *name,
                       struct arena *arena)
{
    *vector = (struct lake_vector){.name = name ? arena_strdup(arena, name) : NULL};
    vector->type = form_of(type, &vector->width, &vector->scale);

    if (vector->type == LAKE_LIST) {
        vector->child_count = 1;
        vector->children = ARENA_ARRAY(arena, struct lake_vector, 1);
        if (duckdb.get_type_id(type) == DUCKDB_TYPE_MAP)
            frame_map(vector, type, arena);
        else
            frame_child(vector->children, duckdb.list_type_child_type(type), NULL, arena);

    } else if (vector->type == LAKE_STRUCT) {
        vector->child_count = duckdb.struct_type_child_count(type);
        vector->children = ARENA_ARRAY(arena, struct lake_vector, vector->child_count);
        for (size_t i = 0; i < vector->child_count; i++)
            frame_child(&vector->children[i], duckdb.struct_type_child_type(type, i),
                        duckdb.struct_type_child_name(type, i), arena);
    }
}

void lake_vector_fill(struct lake_vector *vector, duckdb_vector source)
{
    vector->known = duckdb.vector_get_validity(source);
    vector->data = vector->type == LAKE_STRUCT || vector->type == LAKE_OTHER
                       ? NULL
                       : duckdb.vector_get_data(source);
    if (vector->type == LAKE_LIST)
        lake_vector_fill(vector->children, duckdb.list_vector_get_child(source));
    else if (vector->type == LAKE_STRUCT)
        for (size_t i = 0; i < vector->child_count; i++)
            lake_vector_fill(&vector->children[i], duckdb.struct_vector_get_child(source, i));
}

int64_t lake_integer(const struct lake_vector *vector, size_t row)
{
    const void *data = vector->data;
    switch (vector->type) {
    case LAKE_BOOL:
    case LAKE_U8: return ((const uint8_t *)data)[row];
    case LAKE_I8: return ((const int8_t *)data)[row];
    case LAKE_I16: return ((const int16_t *)data)[row];
    case LAKE_I32:
    case LAKE_DATE: return ((const int32_t *)data)[row];
    case LAKE_I64:
    case LAKE_U64:
    case LAKE_TIMESTAMP:
    case LAKE_TIMESTAMP_S: return ((const int64_t *)data)[row];
    case LAKE_U16: return ((const uint16_t *)data)[row];
    case LAKE_U32: return ((const uint32_t *)data)[row];
    case LAKE_I128: return (int64_t)((const lake_wide *)data)[row];
    default: ENSURE(!"an integer type"); return 0;
    }
}

enum { EXACT = 18 }; /* powers of ten that a division may have at once; decimals have up to 38 */

double lake_number(const struct lake_vector *vector, size_t row)
{
    double value;
    if (vector->type == LAKE_DOUBLE)
        return ((const double *)vector->data)[row];
    if (vector->type == LAKE_FLOAT)
        return (double)((const float *)vector->data)[row];
    if (vector->type == LAKE_I128)
        value = (double)((const lake_wide *)vector->data)[row];
    else if (vector->type == LAKE_U64)
        value = (double)((const uint64_t *)vector->data)[row];
    else
        value = (double)lake_integer(vector, row);
    for (int left = vector->scale; left > 0; left -= EXACT)
        value /= left >= EXACT ? 1e18 /* 10^EXACT */ : __builtin_powi(10.0, left);
    return value;
}

struct lake_output lake_output_of(duckdb_vector vector)
{
    duckdb_logical_type type = duckdb.vector_get_column_type(vector);
    struct lake_output output = {.handle = vector};
    output.type = form_of(type, &output.width, &output.scale);
    duckdb.destroy_logical_type(&type);
    if (output.type != LAKE_STRUCT && output.type != LAKE_OTHER)
        output.data = duckdb.vector_get_data(vector);
    return output;
}

void lake_output_null(struct lake_output *output, size_t row)
{
    duckdb_vector vector = output->handle;
    duckdb.vector_ensure_validity_writable(vector);
    uint64_t *known = duckdb.vector_get_validity(vector);
    bit_clear(known, row);
}

void lake_output_text(struct lake_output *output, size_t row, struct text text)
{
    duckdb.vector_assign_string_element_len(output->handle, row, text.length ? text.data : "",
                                            text.length);
}

struct lake_output lake_output_list(struct lake_output *output, size_t row, size_t count,
                                    size_t *first)
{
    duckdb_vector list = output->handle;
    uint64_t used = duckdb.list_vector_get_size(list);
    ENSURE(duckdb.list_vector_reserve(list, used + count) == DuckDBSuccess);
    ENSURE(duckdb.list_vector_set_size(list, used + count) == DuckDBSuccess);
    ((struct lake_span *)duckdb.vector_get_data(list))[row] = (struct lake_span){used, count};
    *first = used;
    return lake_output_of(duckdb.list_vector_get_child(list));
}

/* Most types are asked for again and again; what is not among these is parsed. */
static duckdb_logical_type common_type(const char *sql_type)
{
    static const struct {
        const char *name;
        duckdb_type type;
    } types[] = {
        {"BOOLEAN", DUCKDB_TYPE_BOOLEAN}, {"UINTEGER", DUCKDB_TYPE_UINTEGER},
        {"BIGINT", DUCKDB_TYPE_BIGINT},   {"UBIGINT", DUCKDB_TYPE_UBIGINT},
        {"DOUBLE", DUCKDB_TYPE_DOUBLE},   {"DATE", DUCKDB_TYPE_DATE},
        {"VARCHAR", DUCKDB_TYPE_VARCHAR}, {"TIMESTAMP", DUCKDB_TYPE_TIMESTAMP},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, sql_type) == 0)
            return duckdb.create_logical_type(types[i].type);
    return NULL;
}

enum status lake_parse_type(struct lake *lake, const char *sql_type, duckdb_logical_type *out,
                            struct error *error)
{
    struct buffer sql;
    *out = common_type(sql_type);
    if (*out)
        return STATUS_OK;

    /* The C API makes types but reads no names of them: a query's column has the type that its cast
     * names. */
    buffer_init(&sql, 0);
    buffer_printf(&sql, "SELECT NULL::%s", sql_type);

    duckdb_result result;
    enum status status = STATUS_OK;
    if (duckdb.query(lake->connection, sql.data, &result) == DuckDBSuccess)
        *out = duckdb.column_logical_type(&result, 0);
    else
        status = lake_failure(lake, duckdb.result_error(&result), error);
    duckdb.destroy_result(&result);
    buffer_release(&sql);
    return status;
}
