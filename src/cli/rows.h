/*
 * Rows that leave as a file: CSV, JSON or XLSX, one writer for every command that has a table to
 * give away. A row is begun by its first cell and ended by its last one. Files appear whole or not
 * at all (output.c).
 */
#ifndef STRATA_CLI_ROWS_H
#define STRATA_CLI_ROWS_H

#include "cli/command.h"

enum cli_format {
    CLI_FORMAT_TABLE,
    CLI_FORMAT_CSV,
    CLI_FORMAT_JSON,
    CLI_FORMAT_PARQUET,
    CLI_FORMAT_XLSX
};

/* What --format names, else what the name of --output ends in (.csv, .json, .parquet, .xlsx), else
 * CSV when there is an --output, else fallback; --json is --format json. `known` lists the formats
 * the command has, as a mask of 1 << format: any other is STATUS_USAGE, and so is a format that
 * needs a file without one. */
enum status cli_format_choose(const struct cli *cli, unsigned known, enum cli_format fallback,
                              enum cli_format *out, struct error *error);

/* Of commands that print a table, or write it. */
enum {
    CLI_FORMATS_OF_TABLES =
        1 << CLI_FORMAT_TABLE | 1 << CLI_FORMAT_CSV | 1 << CLI_FORMAT_JSON | 1 << CLI_FORMAT_XLSX
};

enum cli_cell_type {
    CLI_CELL_UNKNOWN,
    CLI_CELL_TEXT,
    CLI_CELL_INTEGER,
    CLI_CELL_DECIMAL, /* integer, scaled */
    CLI_CELL_NUMBER,
    CLI_CELL_SHARE, /* number 0…1 */
    CLI_CELL_BOOL,  /* integer */
    CLI_CELL_DATE,  /* integer, days */
    CLI_CELL_CLOCK, /* integer: seconds since 1970 of a clock that reads so, without its zone; text:
                     * the moment as text
                     */
    CLI_CELL_RAW    /* text: a number as it is to be written, of any length */
};
struct cli_cell_value {
    enum cli_cell_type type;
    int scale;
    int64_t integer;
    double number;
    struct text text;
};

struct cli_rows;
/* Column names are borrowed. JSON is an array of objects. */
enum status cli_rows_new(struct cli *cli, enum cli_format format, const char *const *names,
                         size_t columns, struct cli_rows **out, struct error *error);
/* The next cell, row by row. A failure is kept until the end. */
void cli_rows_cell(struct cli_rows *rows, const struct cli_cell_value *value);
/* True once writing failed: there is no use in going on. */
bool cli_rows_failed(const struct cli_rows *rows);
/* Ends the file and frees rows: it gets its name when status is STATUS_OK and all went well, else
 * nothing is left of it. Returns status, or what went wrong in writing. Tells how many cells were
 * made harmless. */
enum status cli_rows_end(struct cli_rows *rows, enum status status, struct error *error);

/* A spreadsheet takes a text that begins so for a formula. */
bool cli_is_formula(struct text text);

/* ---- XLSX (xlsx.c) ---- */
struct cli_xlsx;
/* A workbook with one sheet at path, called shown in messages; pieces lie in folder until it is
 * closed. */
enum status cli_xlsx_new(const char *path, const char *shown, const char *folder,
                         const char *const *names, size_t columns, struct cli_xlsx **out,
                         struct error *error);
enum status cli_xlsx_cell(struct cli_xlsx *xlsx, const struct cli_cell_value *value,
                          struct error *error);
/* Writes and frees it. */
enum status cli_xlsx_end(struct cli_xlsx *xlsx, struct error *error);

#endif
