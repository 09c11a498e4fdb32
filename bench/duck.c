/*
 * DuckDB by itself, for comparison: runs statements in a database in memory and prints the rows of
 * the last one.
 *
 *   bench-duck THREADS MEMORY-MIB SPILL-FOLDER STATEMENT...
 */
#include "duckdb.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what)
{
    fprintf(stderr, "bench-duck: %s\n", what);
    return 1;
}

static void print(duckdb_result *result)
{
    for (idx_t row = 0; row < duckdb_row_count(result); row++)
        for (idx_t column = 0; column < duckdb_column_count(result); column++) {
            char *value = duckdb_value_varchar(result, column, row);
            printf("%s%s", value ? value : "",
                   column + 1 < duckdb_column_count(result) ? "\t" : "\n");
            duckdb_free(value);
        }
}

static int configure(duckdb_connection connection, char **arguments)
{
    char sql[4096];
    snprintf(
        sql, sizeof sql,
        "SET threads=%s; SET memory_limit='%sMiB'; SET temp_directory='%s'; SET TimeZone='UTC'",
        arguments[0], arguments[1], arguments[2]);
    return duckdb_query(connection, sql, NULL) == DuckDBSuccess;
}

int main(int argc, char **argv)
{
    duckdb_database database;
    duckdb_connection connection;
    if (argc < 5)
        return fail("usage: bench-duck THREADS MEMORY-MIB SPILL-FOLDER STATEMENT...");
    if (duckdb_open(NULL, &database) != DuckDBSuccess ||
        duckdb_connect(database, &connection) != DuckDBSuccess)
        return fail("DuckDB cannot be started");
    if (!configure(connection, argv + 1))
        return fail("DuckDB refuses the settings");
    for (int i = 4; i < argc; i++) {
        duckdb_result result;
        if (duckdb_query(connection, argv[i], &result) != DuckDBSuccess)
            return fail(duckdb_result_error(&result));
        if (i + 1 == argc)
            print(&result);
        duckdb_destroy_result(&result);
    }
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    return 0;
}
