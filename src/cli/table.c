/*
 * Tables. A cell keeps its text for the terminal and its value for a file, so that one
 * filling serves both. On the terminal columns are as wide as their widest cell in
 * columns of the screen, which is neither bytes nor characters (utf8proc knows).
 */
#include "cli/table.h"

#include "base/number.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

void cli_table_init(struct cli_table *table, const struct cli_column *columns, size_t column_count,
                    struct arena *arena)
{
    *table = (struct cli_table){.columns = columns, .column_count = column_count, .arena = arena};
}

static void grow(struct cli_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : 64, used = table->cell_count;
    const char **cells = ARENA_ARRAY(table->arena, const char *, capacity);
    struct cli_cell_value *values = ARENA_ARRAY(table->arena, struct cli_cell_value, capacity);
    if (used) {
        memcpy(cells, table->cells, used * sizeof *cells);
        memcpy(values, table->values, used * sizeof *values);
    }
    table->cells = cells;
    table->values = values;
    table->capacity = capacity;
}

/* text is in the arena or lives as long. */
static void add(struct cli_table *table, const char *text, struct cli_cell_value value)
{
    if (table->cell_count == table->capacity)
        grow(table);
    table->cells[table->cell_count] = text;
    table->values[table->cell_count++] = value;
}

void cli_cell(struct cli_table *table, const char *text)
{
    const char *copy = text ? arena_strdup(table->arena, text) : "";
    struct cli_cell_value value = {.type = text ? CLI_CELL_TEXT : CLI_CELL_UNKNOWN,
                                   .text = text_from(copy)};
    add(table, copy, value);
}

void cli_cellf(struct cli_table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cli_cell(table, arena_vprintf(table->arena, format, arguments));
    va_end(arguments);
}

void cli_cell_count(struct cli_table *table, int64_t count)
{
    char text[NUMBER_TEXT_MAX];
    add(table, arena_strdup(table->arena, number_format_thousands(count, text)),
        (struct cli_cell_value){.type = CLI_CELL_INTEGER, .integer = count});
}

void cli_cell_share(struct cli_table *table, double share)
{
    if (isfinite(share))
        add(table, arena_printf(table->arena, "%.1f%%", 100 * share),
            (struct cli_cell_value){.type = CLI_CELL_SHARE, .number = share});
    else
        cli_cell(table, NULL);
}

void cli_cell_number(struct cli_table *table, double number, const char *format, ...)
{
    if (!isfinite(number)) {
        cli_cell(table, NULL);
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    add(table, arena_vprintf(table->arena, format, arguments),
        (struct cli_cell_value){.type = CLI_CELL_NUMBER, .number = number});
    va_end(arguments);
}

void cli_cell_bool(struct cli_table *table, bool holds)
{
    add(table, holds ? "yes" : "no",
        (struct cli_cell_value){.type = CLI_CELL_BOOL, .integer = holds});
}

enum status cli_table_write(const struct cli_table *table, struct cli *cli, enum cli_format format,
                            struct error *error)
{
    const char **names = ARENA_ARRAY(table->arena, const char *, table->column_count);
    struct cli_rows *rows;
    for (size_t c = 0; c < table->column_count; c++)
        names[c] = table->columns[c].name;

    TRY(cli_rows_new(cli, format, names, table->column_count, &rows, error));
    for (size_t i = 0; i < table->cell_count; i++)
        cli_rows_cell(rows, &table->values[i]);
    return cli_rows_end(rows, STATUS_OK, error);
}

size_t cli_display_width(const char *text)
{
    size_t width = 0;
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    while (*at) {
        utf8proc_int32_t codepoint;
        utf8proc_ssize_t used = utf8proc_iterate(at, -1, &codepoint);

        /* A byte that is no UTF-8 is shown as one sign. */
        if (used <= 0) {
            width++;
            at++;
            continue;
        }
        int columns = utf8proc_charwidth(codepoint);
        width += columns > 0 ? (size_t)columns : 0;
        at += used;
    }
    return width;
}

/* Spaces are owed until something follows them, so that no line ends in spaces. */
static size_t print_cell(FILE *out, const char *text, size_t width, enum cli_align align,
                         size_t owed)
{
    size_t used = cli_display_width(text), padding = width > used ? width - used : 0;

    /* An empty cell owes its width, in case something follows. */
    if (!used)
        return owed + width + 2;
    fprintf(out, "%*s%s", (int)(owed + (align == CLI_RIGHT ? padding : 0)), "", text);
    return (align == CLI_RIGHT ? 0 : padding) + 2;
}

static void print_row(FILE *out, const struct cli_table *table, const char *const *cells,
                      const size_t *width)
{
    size_t owed = 0;
    for (size_t c = 0; c < table->column_count; c++)
        owed = print_cell(out, cells[c], width[c], table->columns[c].align, owed);
    fputc('\n', out);
}

void cli_table_print(const struct cli_table *table, const struct cli *cli)
{
    size_t columns = table->column_count, rows = table->cell_count / columns;
    size_t *width = ARENA_ARRAY(table->arena, size_t, columns);
    for (size_t c = 0; c < columns; c++) {
        width[c] = cli_display_width(table->columns[c].name);

        /* Widths need every cell before the first is printed. */
        for (size_t r = 0; r < rows; r++) {
            size_t wide = cli_display_width(table->cells[r * columns + c]);
            width[c] = wide > width[c] ? wide : width[c];
        }
    }

    const char **heads = ARENA_ARRAY(table->arena, const char *, columns);
    for (size_t c = 0; c < columns; c++)
        heads[c] = table->columns[c].name;
    fputs(cli->color_out ? "\033[1m" : "", cli->out);
    print_row(cli->out, table, heads, width);
    fputs(cli->color_out ? "\033[0m" : "", cli->out);
    for (size_t r = 0; r < rows; r++)
        print_row(cli->out, table, table->cells + r * columns, width);
}
