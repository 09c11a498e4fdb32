/*
 * Tables for people: columns as wide as their content, numbers to the right, drawn on stdout. One
 * table is also CSV or JSON by asking, so that a command describes its result once.
 */
#ifndef STRATA_CLI_TABLE_H
#define STRATA_CLI_TABLE_H

#include "cli/rows.h"

enum cli_align { CLI_LEFT, CLI_RIGHT };

struct cli_column {
    const char *name;
    enum cli_align align;
};

struct cli_table {
    const struct cli_column *columns;
    size_t column_count;
    struct arena *arena;
    const char **cells;            /* row-major: as people read them */
    struct cli_cell_value *values; /* the same as files hold them */
    size_t cell_count, capacity;
};

void cli_table_init(struct cli_table *table, const struct cli_column *columns, size_t column_count,
                    struct arena *arena);
/* The next cell, row by row; text is copied; NULL is an empty cell. */
void cli_cell(struct cli_table *table, const char *text);
void cli_cellf(struct cli_table *table, const char *format, ...) PRINTF_LIKE(2, 3);
/* "12,345" */
void cli_cell_count(struct cli_table *table, int64_t count);
/* "12.3%" of a share 0…1; empty when not finite. */
void cli_cell_share(struct cli_table *table, double share);
/* A number as people read it, printed by the format, and as it is; empty when not finite. */
void cli_cell_number(struct cli_table *table, double number, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* yes or no */
void cli_cell_bool(struct cli_table *table, bool holds);
/* Prints with a header line; bold where colours are on. */
void cli_table_print(const struct cli_table *table, const struct cli *cli);
/* Writes it as --format and --output say: the columns' names become headings. What
 * cli_format_choose chose, not CLI_FORMAT_TABLE. */
enum status cli_table_write(const struct cli_table *table, struct cli *cli, enum cli_format format,
                            struct error *error);
/* Columns of text on a terminal: how many code points, wide ones counted twice. */
size_t cli_display_width(const char *text);

#endif
