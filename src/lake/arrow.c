/* DuckDB scans an Arrow stream in place; a view over it lives as long as it takes to write the
 * file. */
#include "lake/arrow.h"

#include "lake/internal.h"

#include <stdio.h>

enum status lake_write_arrow(struct lake *lake, struct ArrowArrayStream *stream, const char *path,
                             uint64_t *rows, struct error *error)
{
    char view[40], select[80]; /* room for any number behind the name */
    snprintf(view, sizeof view, "arrow_%llu", (unsigned long long)lake_unique(lake));
    snprintf(select, sizeof select, "SELECT * FROM %s", view);
    if (duckdb.arrow_scan(lake->connection, view, (duckdb_arrow_stream)stream) != DuckDBSuccess)
        return error_set(error, STATUS_ERROR, "the Arrow stream has no schema that can be read");
    enum status status = lake_write_parquet(lake, select, path, NULL, rows, error);
    struct error ignored;
    if (lake_executef(lake, &ignored, "DROP VIEW %s", view) != STATUS_OK)
        error_clear(&ignored); /* the lake goes soon */
    return status;
}
