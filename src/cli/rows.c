/*
 * CSV is for machines and for spreadsheets, and spreadsheets run what begins with = + - @: a
 * customer who calls himself =HYPERLINK(…) acts in the marketer's name. Texts that begin so
 * therefore get a ' before them, which spreadsheets do not show; numbers never do. --raw leaves
 * them. XLSX has types and needs none of this.
 */
#include "cli/rows.h"

#include "base/calendar.h"
#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_BYTES = 1 << 20 }; /* large enough for few writes, small enough for the cache */

struct cli_rows {
    struct cli *cli;
    enum cli_format format;
    const char *const *names;
    size_t columns, at; /* at: the next cell's column */
    size_t harmless;    /* cells that got a ' */
    bool raw;
    struct buffer buffer, scratch;
    struct json json;
    struct cli_xlsx *xlsx;
    FILE *file; /* NULL: standard output gets the buffer at the end */
    struct cli_output output;
    bool has_output;
    enum status status;
    struct error error;
};

bool cli_is_formula(struct text text)
{
    static const char *const wide[] = {"\uFF1D", "\uFF0B", "\uFF0D",
                                       "\uFF20"}; /* = + - @ as East Asia types them */

    /* Spreadsheets skip tabs and line ends before they look for a formula. */
    if (text.length && strchr("=+-@\t\r\n", text.data[0]) && text.data[0])
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (text_starts(text, text_from(wide[i])))
            return true;
    return false;
}

/* ---- which format ---- */

static const char *const format_names[] = {"table", "csv", "json", "parquet", "xlsx"};
enum { FORMATS = sizeof format_names / sizeof *format_names };

static enum status wrong_format(const char *given, unsigned known, struct error *error)
{
    struct buffer list;
    int left = __builtin_popcount(known);
    buffer_init(&list, 0);
    for (int f = 0; f < FORMATS; f++) {
        if (!(known >> f & 1))
            continue;
        left--;
        const char *between = left > 1 ? ", " : " and ";
        buffer_printf(&list, "%s%s", format_names[f], left ? between : "");
    }
    enum status status = error_set(error, STATUS_USAGE,
                                   "there is no format '%s' here: %s are known", given, list.data);
    buffer_release(&list);
    return status;
}

static int format_of_name(const char *path)
{
    for (int f = CLI_FORMAT_CSV; f < FORMATS; f++)
        if (cli_ends_in(path, format_names[f]))
            return f;
    return -1;
}

/* A name that ends like no format at all (list.txt, winter) is one of CSV. */
static enum status check_ending(const char *path, unsigned known, struct error *error)
{
    const char *endings[FORMATS + 1];
    size_t count = 0;
    for (int f = CLI_FORMAT_CSV; f < FORMATS; f++)
        if (known >> f & 1)
            endings[count++] = format_names[f];
    endings[count] = NULL;
    return cli_check_ending(path, endings, error);
}

enum status cli_format_choose(const struct cli *cli, unsigned known, enum cli_format fallback,
                              enum cli_format *out, struct error *error)
{
    const char *given = cli_value(cli, "format"), *path = cli_value(cli, "output");
    bool to_file = path && strcmp(path, "-") != 0;
    int chosen = -1;

    for (int f = 0; given && f < FORMATS; f++)
        chosen = strcmp(given, format_names[f]) == 0 ? f : chosen;
    if (given && (chosen < 0 || !(known >> chosen & 1)))
        return wrong_format(given, known, error);

    /* --format says it; else --json; else the file's name; else what the command has
     * for its own. */
    if (!given && cli->json) {
        chosen = CLI_FORMAT_JSON;
    } else if (!given && to_file) {
        TRY(check_ending(path, known, error));
        chosen = format_of_name(path);
    }

    if (chosen < 0)
        chosen = to_file ? CLI_FORMAT_CSV : (int)fallback;

    /* Both are written by libraries that want a file's name. */
    if ((chosen == CLI_FORMAT_PARQUET || chosen == CLI_FORMAT_XLSX) && !to_file)
        return error_set(error, STATUS_USAGE, "%s needs a file: -o FILE",
                         chosen == CLI_FORMAT_XLSX ? "XLSX" : "Parquet");
    *out = (enum cli_format)chosen;
    return STATUS_OK;
}

/* ---- writing ---- */

static void fail(struct cli_rows *rows, enum status status)
{
    if (rows->status == STATUS_OK)
        rows->status = status;
}

static void flush_rows(struct cli_rows *rows)
{
    if (rows->buffer.cut)
        fail(rows, error_set(&rows->error, STATUS_LIMIT,
                             "the result is larger than 1 GB; -o FILE has no such limit"));

    /* Standard output gets all at once at the end: a query that fails half way writes nothing. */
    if (!rows->file || rows->status != STATUS_OK)
        return;
    if (fwrite(rows->buffer.data ? rows->buffer.data : "", 1, rows->buffer.length, rows->file) !=
        rows->buffer.length)
        fail(rows, error_system(&rows->error, errno, "cannot write %s", rows->output.target));
    buffer_reset(&rows->buffer);
}

/* An empty text is quoted, so that it differs from the unknown. */
static void csv_text(struct cli_rows *rows, struct text text)
{
    bool harmless = !rows->raw && cli_is_formula(text);
    bool quote = text.length == 0 || harmless;
    for (size_t i = 0; i < text.length && !quote; i++)
        quote = strchr(",\"\r\n", text.data[i]) != NULL;
    if (!quote) {
        buffer_text(&rows->buffer, text);
        return;
    }

    rows->harmless += harmless;
    buffer_string(&rows->buffer, harmless ? "\"'" : "\"");

    /* RFC 4180: quotes inside are doubled. */
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"')
            buffer_char(&rows->buffer, '"');
        buffer_char(&rows->buffer, text.data[i]);
    }
    buffer_char(&rows->buffer, '"');
}

static void plain(const struct cli_cell_value *value, struct buffer *out)
{
    char text[NUMBER_TEXT_MAX]; /* longer than any date */
    switch (value->type) {
    case CLI_CELL_UNKNOWN: break;
    case CLI_CELL_INTEGER: buffer_printf(out, "%lld", (long long)value->integer); break;
    case CLI_CELL_DECIMAL:
        buffer_string(out, number_format_decimal(value->integer, value->scale, text));
        break;
    case CLI_CELL_NUMBER:
    case CLI_CELL_SHARE: buffer_string(out, number_format_double(value->number, text)); break;
    case CLI_CELL_BOOL: buffer_string(out, value->integer ? "true" : "false"); break;
    case CLI_CELL_DATE: buffer_string(out, date_format((int32_t)value->integer, text)); break;
    default: buffer_text(out, value->text);
    }
}

static void csv_cell(struct cli_rows *rows, const struct cli_cell_value *value)
{
    buffer_string(&rows->buffer, rows->at ? "," : "");
    if (value->type == CLI_CELL_TEXT)
        csv_text(rows, value->text);
    else
        plain(value, &rows->buffer);
    if (rows->at + 1 == rows->columns)
        buffer_char(&rows->buffer, '\n');
}

/* JSON has no words for infinity and for what is not a number: they become null. */
static void json_cell(struct cli_rows *rows, const struct cli_cell_value *value)
{
    struct json *json = &rows->json;
    bool binary = value->type == CLI_CELL_NUMBER || value->type == CLI_CELL_SHARE;
    if (rows->at == 0)
        json_write_object(json);
    json_write_key(json, rows->names[rows->at]);

    /* Numbers go as they are written, not through a double: no digit is lost. */
    buffer_reset(&rows->scratch);
    plain(value, &rows->scratch);

    struct text text = {rows->scratch.data ? rows->scratch.data : "", rows->scratch.length};
    if (value->type == CLI_CELL_UNKNOWN || (binary && !isfinite(value->number)))
        json_write_null(json);
    else if (value->type == CLI_CELL_TEXT || value->type == CLI_CELL_DATE ||
             value->type == CLI_CELL_CLOCK)
        json_write_text(json, text);
    else
        json_write_raw(json, text);
    if (rows->at + 1 == rows->columns)
        json_write_end_object(json);
}

void cli_rows_cell(struct cli_rows *rows, const struct cli_cell_value *value)
{
    if (rows->status != STATUS_OK)
        return;
    if (rows->format == CLI_FORMAT_XLSX)
        fail(rows, cli_xlsx_cell(rows->xlsx, value, &rows->error));
    else if (rows->format == CLI_FORMAT_JSON)
        json_cell(rows, value);
    else
        csv_cell(rows, value);

    rows->at = (rows->at + 1) % rows->columns;
    if (rows->buffer.length > FLUSH_BYTES)
        flush_rows(rows);
}

bool cli_rows_failed(const struct cli_rows *rows)
{
    return rows->status != STATUS_OK;
}

static enum status open_output(struct cli_rows *rows, const char *path, struct error *error)
{
    TRY(cli_output_begin(rows->cli, path, &rows->output, error));
    rows->has_output = true;
    rows->file = fopen(rows->output.aside, "we");
    if (!rows->file)
        return error_system(error, errno, "cannot write %s", path);

    if (rows->format == CLI_FORMAT_XLSX) {
        fclose(rows->file); /* that it can be made is known now; the library opens it by its name at
                               the end */
        rows->file = NULL;
        const char *slash = strrchr(rows->output.target, '/');
        const char *folder = slash ? arena_strndup(&rows->cli->arena, rows->output.target,
                                                   (size_t)(slash - rows->output.target) + 1)
                                   : ".";
        return cli_xlsx_new(rows->output.aside, path, folder, rows->names, rows->columns,
                            &rows->xlsx, error);
    }
    return STATUS_OK;
}

enum status cli_rows_new(struct cli *cli, enum cli_format format, const char *const *names,
                         size_t columns, struct cli_rows **out, struct error *error)
{
    struct cli_rows *rows = base_calloc(1, sizeof *rows);

    *rows = (struct cli_rows){.cli = cli,
                              .format = format,
                              .names = names,
                              .columns = columns,
                              .raw = cli_switch(cli, "raw")};
    buffer_init(&rows->buffer, 0);
    buffer_init(&rows->scratch, 0);
    json_init(&rows->json, &rows->buffer, false);

    /* Opened before a row is computed: a name that cannot be written should not cost a query. */
    const char *path = cli_value(cli, "output");
    if (path && strcmp(path, "-") != 0) {
        enum status status = open_output(rows, path, error);
        if (status != STATUS_OK)
            return cli_rows_end(rows, status, error);
    }

    if (format == CLI_FORMAT_JSON)
        json_write_array(&rows->json);
    for (size_t c = 0; format == CLI_FORMAT_CSV && c < columns; c++) {
        buffer_string(&rows->buffer, c ? "," : "");
        csv_text(rows, text_from(names[c]));
    }

    if (format == CLI_FORMAT_CSV)
        buffer_char(&rows->buffer, '\n');
    *out = rows;
    return STATUS_OK;
}

static enum status close_file(struct cli_rows *rows, enum status status, struct error *error)
{
    if (!rows->file)
        return status;
    if (fclose(rows->file) != 0 && status == STATUS_OK)
        status = error_system(error, errno, "cannot write %s", rows->output.target);
    return status;
}

static enum status finish(struct cli_rows *rows, enum status status, struct error *error)
{
    if (status == STATUS_OK && rows->format == CLI_FORMAT_JSON) {
        json_write_end_array(&rows->json);
        buffer_char(&rows->buffer, '\n');
    }

    if (status == STATUS_OK)
        flush_rows(rows);

    /* A cell that failed was remembered, so that nobody need ask after each. */
    if (status == STATUS_OK && rows->status != STATUS_OK) {
        *error = rows->error;
        status = rows->status;
    }

    /* Closed on failure, too: its temporary files must go. */
    if (rows->xlsx) {
        struct error late = {0};
        enum status ended = cli_xlsx_end(rows->xlsx, &late);
        if (status == STATUS_OK && ended != STATUS_OK) {
            *error = late;
            status = ended;
        }
    }

    status = close_file(rows, status, error);

    if (rows->has_output)
        return cli_output_end(&rows->output, status, error);
    if (status == STATUS_OK)
        fwrite(rows->buffer.data ? rows->buffer.data : "", 1, rows->buffer.length, rows->cli->out);
    return status;
}

enum status cli_rows_end(struct cli_rows *rows, enum status status, struct error *error)
{
    status = finish(rows, status, error);
    if (status == STATUS_OK && rows->harmless)
        cli_note(rows->cli,
                 "%zu %s with = + - or @ and got a ' before it, so that no spreadsheet runs it; "
                 "--raw leaves it out",
                 rows->harmless, rows->harmless == 1 ? "text begins" : "texts begin");
    buffer_release(&rows->buffer);
    buffer_release(&rows->scratch);
    free(rows);
    return status;
}
