/* The sheet of a spreadsheet, row by row into records: cells by their place, values by
 * their type. */
#include "ingest/workbook.h"

#include "ingest/dialect.h"
#include "ingest/source.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS = 26, MEGABYTE = 1 << 20 };

/* "BC12": column 54, row 12; what is not there stays as it is. */
static void read_reference(const char *reference, uint32_t *column, uint32_t *row)
{
    uint32_t letters = 0;
    while (isalpha((unsigned char)*reference) && letters < COLUMNS_MAX * 2)
        letters = letters * LETTERS + (uint32_t)(toupper((unsigned char)*reference++) - 'A' + 1);
    if (letters)
        *column = letters;
    unsigned long number = strtoul(reference, NULL, 10);
    if (number && number <= UINT32_MAX)
        *row = (uint32_t)number;
}

static void start_row(struct parse *parse, const char *number)
{
    uint32_t row = parse->row + 1;
    if (number && atol(number) > 0)
        row = (uint32_t)(atol(number) < ROWS_MAX + 1 ? atol(number) : ROWS_MAX + 1);

    /* rows come in order and once, so that they can be written as they come */
    if (row > ROWS_MAX)
        ingest_xlsx_fail(
            parse, ingest_xlsx_too_much(parse->book,
                                        "has a row behind the last one that a sheet can have"));
    else if (row <= parse->row)
        ingest_xlsx_fail(parse,
                         ingest_xlsx_damaged(parse->book, arena_printf(parse->book->arena,
                                                                       "row %u comes twice", row)));
    parse->row = row;
    parse->column = 0;
    parse->row_width = 0;
    buffer_reset(&parse->row_text);
}

static void start_cell(struct parse *parse, const char **attributes)
{
    const char *reference = attribute(attributes, "r"), *type = attribute(attributes, "t");
    const char *style = attribute(attributes, "s");
    uint32_t ignored;
    parse->column++;
    if (reference)
        read_reference(reference, &parse->column, &ignored);
    if (parse->column > COLUMNS_MAX)
        ingest_xlsx_fail(
            parse, ingest_xlsx_too_much(parse->book,
                                        "has a cell behind the last column that a sheet can have"));

    snprintf(parse->type, sizeof parse->type, "%s", type ? type : "n");
    snprintf(parse->reference, sizeof parse->reference, "%s", reference ? reference : "?");
    parse->style = style ? atoi(style) : 0;
    buffer_reset(&parse->text);
}

static void XMLCALL sheet_start(void *context, const char *name, const char **attributes)
{
    struct parse *parse = context;
    if (named(name, "row"))
        start_row(parse, attribute(attributes, "r"));
    else if (named(name, "c"))
        start_cell(parse, attributes);
    else if (named(name, "rPh"))
        parse->phonetic = true;
    else if (named(name, "v") || named(name, "t"))
        parse->reading = true;
}

/* Not only in the end, when the columns are counted: every row is written as wide as the widest. */
static enum status too_wide(const struct parse *parse)
{
    const struct book *book = parse->book;
    enum status status =
        error_set(book->error, STATUS_ERROR,
                  "the spreadsheet %s has a value in column %u (%s); Strata reads at most %d",
                  book->name, parse->column, parse->reference, INGEST_COLUMNS_MAX);
    error_hint(book->error, "save the columns that matter as CSV");
    return status;
}

static void keep_cell(struct parse *parse, struct text value, bool quoted)
{
    if (!value.length || parse->status != STATUS_OK)
        return;

    if (parse->column > INGEST_COLUMNS_MAX) {
        ingest_xlsx_fail(parse, too_wide(parse));
        return;
    }
    if (parse->row_text.length + value.length > ROW_BYTES_MAX) {
        ingest_xlsx_fail(
            parse,
            ingest_xlsx_too_much(parse->book, arena_printf(parse->book->arena,
                                                           "has more than %zu MB of text in row %u",
                                                           ROW_BYTES_MAX / MEGABYTE, parse->row)));
        return;
    }

    /* A sheet leaves empty cells out: those before this one are made up for. */
    while (parse->row_width < parse->column)
        parse->cells[parse->row_width++] = (struct row_cell){0};
    parse->cells[parse->column - 1] =
        (struct row_cell){parse->row_text.length, value.length, quoted};
    buffer_text(&parse->row_text, value);
}

static void count_error(struct parse *parse)
{
    struct ingest_workbook *out = parse->book->out;
    if (!out->error_cells++)
        out->first_error = arena_printf(parse->book->arena, "%s (%.*s)", parse->reference,
                                        (int)parse->text.length, parse->text.data);
}

/* A number, date or clock as ingest_cell_text writes it. What a cell of numbers holds
 * else may hold anything. */
static bool is_bare(struct text value)
{
    return strspn(value.data, "0123456789+-.:eE ") == value.length && *value.data != ' ';
}

static void end_cell(struct parse *parse)
{
    const struct book *book = parse->book;
    char out[64]; /* as ingest_cell_text needs */

    if (!parse->text.length || parse->column == 0 || parse->column > COLUMNS_MAX)
        return;

    /* by the cell's type: shared text, text, yes or no, error, ISO date; else a number,
     * which its format may make a date */
    struct text value = {parse->text.data, parse->text.length};
    if (strcmp(parse->type, "s") == 0) {
        size_t index = strtoul(value.data, NULL, 10);
        if (index >= book->text_ends.count) {
            ingest_xlsx_fail(
                parse, ingest_xlsx_damaged(
                           book, arena_printf(book->arena, "cell %s names a text that is not there",
                                              parse->reference)));
            return;
        }

        size_t start = index ? book->text_ends.items[index - 1] : 0;
        keep_cell(parse,
                  (struct text){book->texts.data + start, book->text_ends.items[index] - start},
                  true);
    } else if (strcmp(parse->type, "str") == 0 || strcmp(parse->type, "inlineStr") == 0) {
        ingest_xlsx_unescape(&parse->text);
        keep_cell(parse, (struct text){parse->text.data, parse->text.length}, true);
    } else if (strcmp(parse->type, "b") == 0) {
        keep_cell(parse, *value.data == '1' || *value.data == 't' ? TEXT("true") : TEXT("false"),
                  false);
    } else if (strcmp(parse->type, "e") == 0) {
        count_error(parse);
    } else if (strcmp(parse->type, "d") == 0) {
        keep_cell(parse, value, true);
    } else {
        bool styled = parse->style >= 0 && (size_t)parse->style < book->styles.count;
        enum ingest_cell_kind kind = styled ? book->styles.items[parse->style] : CELL_NUMBER;
        struct text shown = text_from(ingest_cell_text(value.data, kind, book->since_1904, out));
        keep_cell(parse, shown, !is_bare(shown));
    }
}

static void add_field(struct buffer *line, struct text value, bool quoted)
{
    if (!quoted) {
        buffer_text(line, value);
        return;
    }
    buffer_char(line, '"');
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == '"')
            buffer_char(line, '"');
        if (value.data[i] != INGEST_ROW_END)
            buffer_char(line, value.data[i]);
    }
    buffer_char(line, '"');
}

/* The row's cells, and empty fields up to the width of the widest row so far. */
static void add_row(struct parse *parse)
{
    struct buffer *line = &parse->line;
    for (size_t i = 0; i < parse->row_width; i++) {
        const struct row_cell *cell = &parse->cells[i];
        if (i)
            buffer_char(line, ',');
        if (cell->length)
            add_field(line, (struct text){parse->row_text.data + cell->start, cell->length},
                      cell->quoted);
    }
    for (size_t i = parse->row_width; i < parse->width && parse->row_width; i++)
        buffer_char(line, ',');
}

/* One value far to the right makes every later row as wide, which costs the archive nothing. */
static void check_size(struct parse *parse)
{
    enum { PADDING_RATIO = 16 }; /* one cell in some twenty is filled even in sparse tables */
    const struct book *book = parse->book;
    if (parse->bytes > PADDING_FREE + PADDING_RATIO * parse->value_bytes)
        ingest_xlsx_fail(
            parse, ingest_xlsx_too_much(
                       book, arena_printf(book->arena,
                                          "has %zu columns, and up to row %u hardly a cell in them",
                                          parse->width, parse->row)));
    else if (parse->bytes > OUT_BYTES_MAX)
        ingest_xlsx_fail(parse, ingest_xlsx_too_much(book, "would unpack to more than 64 GB"));
}

/* A row as a record as wide as the widest so far; rows that are not there are empty records. */
static void end_row(struct parse *parse)
{
    struct buffer *line = &parse->line;
    const struct book *book = parse->book;

    buffer_reset(line);
    while (parse->written + 1 < parse->row) {
        buffer_char(line, INGEST_ROW_END);
        parse->written++;
    }

    if (parse->row_width > parse->width)
        parse->width = parse->row_width;
    add_row(parse);
    buffer_char(line, INGEST_ROW_END);
    parse->written = parse->row;
    parse->rows_with_values += parse->row_width > 0;

    parse->bytes += line->length;
    parse->value_bytes += parse->row_text.length;
    check_size(parse);
    if (parse->status != STATUS_OK)
        return;
    if (fwrite(line->data, 1, line->length, parse->file) != line->length)
        ingest_xlsx_fail(
            parse, error_system(book->error, errno, "cannot write the rows of %s", book->name));
}

static void XMLCALL sheet_end(void *context, const char *name)
{
    struct parse *parse = context;
    if (parse->status != STATUS_OK)
        return;
    if (named(name, "v") || named(name, "t"))
        parse->reading = false;
    else if (named(name, "rPh"))
        parse->phonetic = false;
    else if (named(name, "c"))
        end_cell(parse);
    else if (named(name, "row"))
        end_row(parse);
}

enum status ingest_xlsx_write_sheet(struct book *book, const struct sheet *sheet, const char *path,
                                    uint64_t *rows)
{
    struct parse parse = {0};
    parse.file = fopen(path, "we");
    if (!parse.file)
        return error_system(book->error, errno, "cannot write %s", path);

    parse.cells = base_calloc(COLUMNS_MAX + 1, sizeof *parse.cells);
    buffer_init(&parse.row_text, 0);
    buffer_init(&parse.line, 0);
    book->out->error_cells = 0;
    enum status status =
        ingest_xlsx_read_part(book, sheet->part, true, &parse, sheet_start, sheet_end);
    bool failed = fclose(parse.file) != 0;
    if (status == STATUS_OK && failed)
        status = error_system(book->error, errno, "cannot write %s", path);

    buffer_release(&parse.row_text);
    buffer_release(&parse.line);
    free(parse.cells);
    *rows = parse.rows_with_values;
    return status;
}
