/* The store as JSON: what it holds, what came in, and what is damaged. */
#include "engine/internal.h"

const char *engine_role_name(enum schema_role role)
{
    static const char *const names[] = {
        [SCHEMA_FACTS] = "facts", [SCHEMA_TRAITS] = "traits", [SCHEMA_REFERENCE] = "reference"};
    return names[role];
}

static void write_kind(const struct session *session, const struct engine_kind *kind,
                       struct json *json)
{
    json_write_object(json);
    json_put_string(json, "name", kind->name);
    json_put_string(json, "role", engine_role_name(kind->role));
    json_put_count(json, "rows", kind->rows);
    if (kind->has_times) {
        json_put_moment(json, "first", session_zone(session), kind->first);
        json_put_moment(json, "last", session_zone(session), kind->last);
    }

    /* What only some columns have is left out of the others, not null: a reader asks whether it is
     * there. */
    json_put_array(json, "columns");
    for (size_t c = 0; c < kind->table->column_count; c++) {
        const struct schema_column *column = &kind->table->columns[c];
        json_write_object(json);
        json_put_string(json, "name", column->name);
        json_put_string(json, "type", value_type_name(column->type));
        if (column->type == VALUE_DECIMAL)
            json_put_integer(json, "scale", column->scale);
        if (column->refers)
            json_put_string(json, "refers", column->refers);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_write_end_object(json);
}

void engine_write_status(const struct session *session, const struct engine_status *status,
                         struct json *json)
{
    json_write_object(json);
    json_put_string(json, "store", status->path);
    json_put_string(json, "time_zone", status->zone);
    json_put_string(json, "currency", status->currency);
    json_put_count(json, "customers", status->customers);
    json_put_count(json, "facts", status->facts);
    json_put_count(json, "bytes", status->bytes);
    json_put_integer(json, "imports", status->imports);
    json_put_integer(json, "segments", status->segments);
    json_put_integer(json, "schemes", status->schemes);
    json_put_integer(json, "refreshes", status->refreshes);
    json_put_array(json, "kinds");
    for (size_t i = 0; i < status->kind_count; i++)
        write_kind(session, &status->kinds[i], json);
    json_write_end_array(json);
    engine_write_broken(session, json);
    json_write_end_object(json);
}

void engine_write_imports(const struct session *session, const struct catalog_import *imports,
                          size_t count, struct json *json)
{
    json_write_array(json);
    for (size_t i = 0; i < count; i++) {
        json_write_object(json);
        json_put_integer(json, "number", imports[i].number);
        json_put_moment(json, "received", session_zone(session), imports[i].received);
        json_put_string(json, "into", imports[i].table);
        if (imports[i].kind == CATALOG_SCORES)
            json_put_string(json, "model", imports[i].scoring.model);
        json_put_raw(json, "sources", text_from(imports[i].sources ? imports[i].sources : "[]"));
        if (imports[i].undone)
            json_put_moment(json, "undone", session_zone(session), imports[i].undone);
        else
            json_put_null(json, "undone");
        json_put_raw(
            json, "counts",
            text_from(imports[i].counts && *imports[i].counts ? imports[i].counts : "null"));
        json_write_end_object(json);
    }

    json_write_end_array(json);
}

void engine_write_verification(const struct store_verification *seen, struct json *json)
{
    json_write_object(json);
    json_put_integer(json, "parts", seen->parts);
    json_put_integer(json, "bytes", seen->bytes);
    json_put_integer(json, "without_checksums", seen->unchecked);
    json_put_bool(json, "catalog_sealed", seen->sealed);
    json_put_integer(json, "repaired", seen->repaired);
    json_put_integer(json, "recorded", seen->recorded);
    json_put_array(json, "damaged");
    for (size_t i = 0; i < seen->count; i++) {
        json_write_object(json);
        json_put_string(json, "file", seen->findings[i].file);
        json_put_string(json, "holds", seen->findings[i].holds);
        json_put_string(json, "problem", seen->findings[i].problem);
        json_put_string(json, "remedy", seen->findings[i].remedy);
        json_put_bool(json, "repaired", seen->findings[i].repaired);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_write_end_object(json);
}
