/*
 * What earlier imports found out about the same columns: 04/03/2025 in a source whose
 * files were day first for a year is the fourth of March, though this file alone could
 * not tell.
 */
#include "ingest/understand.h"

#include <jansson.h>
#include <string.h>

enum { IMPORTS_ASKED = 50 }; /* a year of weekly files */

static void learn_column(struct ingest_shape *shape, const json_t *column)
{
    const char *name = json_string_value(json_object_get(column, "name"));
    const char *format = json_string_value(json_object_get(column, "format"));
    const char *point = json_string_value(json_object_get(column, "decimal"));
    int i = name ? ingest_find_column(shape, name) : -1;
    if (i < 0)
        return;
    struct ingest_type_hint *hint = &shape->hints[i];
    if (format && !hint->remembered && json_is_true(json_object_get(column, "format_sure")))
        hint->remembered = (enum ingest_date_format)ingest_date_format_from(format);
    if (point && !hint->remembered_point)
        hint->remembered_point = *point;
}

enum status ingest_remember(const struct ingest_run *run,
                            const struct ingest_understood *understood, struct ingest_shape *shape,
                            struct error *error)
{
    struct catalog_import *imports;
    size_t count, asked = 0;
    TRY(catalog_imports(store_catalog(run->store), run->arena, &imports, &count, error));
    for (size_t i = count; i-- > 0 && asked < IMPORTS_ASKED;) {
        const struct catalog_import *import = &imports[i];
        if (import->undone || !import->table || strcmp(import->table, understood->table) != 0 ||
            !import->counts)
            continue;
        json_t *root = json_loads(import->counts, 0, NULL),
               *columns = json_object_get(root, "columns");
        for (size_t c = 0; c < json_array_size(columns); c++)
            learn_column(shape, json_array_get(columns, c));
        json_decref(root);
        asked++;
    }
    return STATUS_OK;
}
