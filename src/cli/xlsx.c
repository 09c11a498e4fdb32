/*
 * XLSX through libxlsxwriter in its constant-memory mode, where a row goes to a temporary file as
 * soon as the next one begins. Texts are texts whatever they look like, numbers numbers, dates
 * dates. What a sheet cannot hold is refused before anything is lost: rows past its end, texts past
 * 32,767 characters. Numbers that a spreadsheet would round (it keeps 15 digits) and days before
 * its calendar begins are written as texts.
 */
#include "cli/rows.h"

#include "base/calendar.h"
#include "base/library.h"
#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xlsxwriter.h>

enum {
    ROWS_MAX = LXW_ROW_MAX,    /* 1,048,576 with the header */
    COLUMNS_MAX = LXW_COL_MAX, /* 16,384 */
    FIRST_DAY = -25508, /* 1900-03-01: before it Excel's calendar counts a day that never was */
    LAST_DAY = DATE_MAX,
    EPOCH_SERIAL = 25569, /* 1970-01-01 in Excel's days */
    WIDTH_MOST = 48,      /* of a column, in characters */
    WIDTH_LEAST = 20,     /* dates and moments need 19 */
    ESCAPE = 7,           /* bytes of _x0041_ */
    ESCAPE_END = 6,       /* where its second _ stands */
    DIGITS_KEPT = 15,     /* by spreadsheets */
};
static const int64_t exact_most = 999999999999999; /* as many digits as spreadsheets keep */

/* clang-format off */
#define XLSXWRITER(F) \
    F(format_set_bold) F(format_set_bottom) F(format_set_num_format) F(lxw_strerror) \
    F(workbook_add_format) F(workbook_add_worksheet) F(workbook_close) F(workbook_new_opt) \
    F(worksheet_freeze_panes) F(worksheet_set_column) F(worksheet_write_boolean) \
    F(worksheet_write_number) F(worksheet_write_string)
/* clang-format on */

static struct {
    XLSXWRITER(LIBRARY_POINTER)
} xlsxwriter;
static const char *const xlsxwriter_names[] = {XLSXWRITER(LIBRARY_NAME)};
static struct library xlsxwriter_library = {STRATA_LIB_XLSXWRITER, "libxlsxwriter4",
                                            "writing spreadsheets",
                                            LIBRARY_TABLE(xlsxwriter_names, xlsxwriter)};

struct cli_xlsx {
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *head, *date, *clock, *share;
    lxw_format *decimal[NUMBER_SCALE_MAX + 1];
    size_t columns, column;
    lxw_row_t row;
    const char *path, *shown;
    struct buffer text;
};

static enum status refuse(lxw_error code, struct error *error)
{
    return error_set(error, STATUS_IO, "cannot write the spreadsheet: %s",
                     xlsxwriter.lxw_strerror(code));
}

/* "_x0041_" in a text would be read back as A, and U+FFFE and U+FFFF may not stand in XML: both are
 * escaped. */
static const char *escaped(struct cli_xlsx *xlsx, struct text text)
{
    buffer_reset(&xlsx->text);
    for (size_t i = 0; i < text.length; i++) {
        size_t left = text.length - i;
        const char *at = text.data + i;

        /* Only what a reader would take for an escape: other texts with underscores
         * stay as they are. */
        bool code = left >= ESCAPE && at[0] == '_' && at[1] == 'x' && at[ESCAPE_END] == '_' &&
                    strspn(at + 2, "0123456789abcdefABCDEF") >= 4;
        if (code)
            buffer_string(&xlsx->text, "_x005F");
        if (left >= 3 && memcmp(at, "\xEF\xBF", 2) == 0 && (at[2] == '\xBE' || at[2] == '\xBF')) {
            buffer_string(&xlsx->text, at[2] == '\xBE' ? "_xFFFE_" : "_xFFFF_");
            i += 2;
            continue;
        }
        buffer_char(&xlsx->text, *at);
    }
    buffer_char(&xlsx->text, '\0');
    return xlsx->text.data;
}

static enum status put_text(struct cli_xlsx *xlsx, struct text text, lxw_format *format,
                            struct error *error)
{
    lxw_error code = xlsxwriter.worksheet_write_string(
        xlsx->sheet, xlsx->row, (lxw_col_t)xlsx->column, escaped(xlsx, text), format);

    /* Refused rather than cut: nobody would notice a shorter text. */
    if (code == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED)
        return error_set(error, STATUS_ERROR,
                         "the text in row %u, column %zu is longer than the 32,767 characters of a "
                         "spreadsheet's cell; "
                         "use --format csv or parquet",
                         xlsx->row + 1, xlsx->column + 1);
    return code == LXW_NO_ERROR ? STATUS_OK : refuse(code, error);
}

static enum status put_number(struct cli_xlsx *xlsx, double number, lxw_format *format,
                              struct error *error)
{
    lxw_error code = xlsxwriter.worksheet_write_number(xlsx->sheet, xlsx->row,
                                                       (lxw_col_t)xlsx->column, number, format);
    return code == LXW_NO_ERROR ? STATUS_OK : refuse(code, error);
}

static lxw_format *decimal_format(struct cli_xlsx *xlsx, int scale)
{
    if (!xlsx->decimal[scale]) {
        /* A format for each scale, made when it is first met: a sheet has at most a handful. */
        char pattern[32] = "0.";
        memset(pattern + 2, '0', (size_t)scale);
        xlsx->decimal[scale] = xlsxwriter.workbook_add_format(xlsx->book);
        xlsxwriter.format_set_num_format(xlsx->decimal[scale], pattern);
    }
    return xlsx->decimal[scale];
}

static enum status put_decimal(struct cli_xlsx *xlsx, const struct cli_cell_value *value,
                               struct error *error)
{
    char text[NUMBER_TEXT_MAX];
    int scale = value->type == CLI_CELL_INTEGER ? 0 : value->scale;
    if (value->integer > exact_most || value->integer < -exact_most)
        return put_text(xlsx, text_from(number_format_decimal(value->integer, scale, text)), NULL,
                        error);

    lxw_format *format = scale > 0 ? decimal_format(xlsx, scale) : NULL;
    return put_number(xlsx, number_decimal_to_double(value->integer, scale), format, error);
}

static enum status put_date(struct cli_xlsx *xlsx, const struct cli_cell_value *value,
                            struct error *error)
{
    char text[DATE_TEXT_MAX];
    bool clock = value->type == CLI_CELL_CLOCK;
    int64_t day = clock ? value->integer / SECONDS_A_DAY - (value->integer % SECONDS_A_DAY < 0)
                        : value->integer;

    /* As a text it is at least right; as a number the spreadsheet would show another day. */
    if (day < FIRST_DAY || day > LAST_DAY)
        return put_text(xlsx, clock ? value->text : text_from(date_format((int32_t)day, text)),
                        NULL, error);
    double serial = clock ? (double)value->integer / SECONDS_A_DAY : (double)day;
    return put_number(xlsx, serial + EPOCH_SERIAL, clock ? xlsx->clock : xlsx->date, error);
}

/* A number of any length, as text: as a number where a double holds all of it. */
static enum status put_raw(struct cli_xlsx *xlsx, struct text text, struct error *error)
{
    size_t digits = 0;
    double number;
    for (size_t i = 0; i < text.length; i++)
        digits += text.data[i] >= '0' && text.data[i] <= '9';
    if (digits > DIGITS_KEPT || !number_parse_double(text, &number))
        return put_text(xlsx, text, NULL, error);
    return put_number(xlsx, number, NULL, error);
}

static enum status put(struct cli_xlsx *xlsx, const struct cli_cell_value *value,
                       struct error *error)
{
    switch (value->type) {
    case CLI_CELL_UNKNOWN: return STATUS_OK;
    case CLI_CELL_INTEGER:
    case CLI_CELL_DECIMAL: return put_decimal(xlsx, value, error);
    case CLI_CELL_DATE:
    case CLI_CELL_CLOCK: return put_date(xlsx, value, error);
    case CLI_CELL_BOOL:
        xlsxwriter.worksheet_write_boolean(xlsx->sheet, xlsx->row, (lxw_col_t)xlsx->column,
                                           value->integer != 0, NULL);
        return STATUS_OK;
    case CLI_CELL_NUMBER:
    case CLI_CELL_SHARE:
        if (!isfinite(value->number)) /* a sheet has no cell for these */
            return STATUS_OK;
        return put_number(xlsx, value->number, value->type == CLI_CELL_SHARE ? xlsx->share : NULL,
                          error);
    case CLI_CELL_RAW: return put_raw(xlsx, value->text, error);
    default: return put_text(xlsx, value->text, NULL, error);
    }
}

enum status cli_xlsx_cell(struct cli_xlsx *xlsx, const struct cli_cell_value *value,
                          struct error *error)
{
    if (xlsx->row >= ROWS_MAX) {
        enum status status = error_set(
            error, STATUS_LIMIT, "a spreadsheet holds %d rows below its header, and there are more",
            ROWS_MAX - 1);
        error_hint(error, "use --format csv or --format parquet, or divide the customers (sample, "
                          "a narrower segment)");
        return status;
    }
    TRY(put(xlsx, value, error));
    if (++xlsx->column == xlsx->columns) {
        xlsx->column = 0;
        xlsx->row++;
    }
    return STATUS_OK;
}

static void make_formats(struct cli_xlsx *xlsx)
{
    xlsx->head = xlsxwriter.workbook_add_format(xlsx->book);
    xlsxwriter.format_set_bold(xlsx->head);
    xlsxwriter.format_set_bottom(xlsx->head, LXW_BORDER_THIN);
    xlsx->date = xlsxwriter.workbook_add_format(xlsx->book);
    xlsxwriter.format_set_num_format(xlsx->date, "yyyy-mm-dd");
    xlsx->clock = xlsxwriter.workbook_add_format(xlsx->book);
    xlsxwriter.format_set_num_format(xlsx->clock, "yyyy-mm-dd hh:mm:ss");
    xlsx->share = xlsxwriter.workbook_add_format(xlsx->book);
    xlsxwriter.format_set_num_format(xlsx->share, "0.0%");
}

/* Widths must be told before the rows in this mode: the heading is all that is known then. */
static enum status write_header(struct cli_xlsx *xlsx, const char *const *names,
                                struct error *error)
{
    for (xlsx->column = 0; xlsx->column < xlsx->columns; xlsx->column++) {
        size_t width = strlen(names[xlsx->column]) + 3;
        width = width > WIDTH_MOST ? WIDTH_MOST : width;
        width = width < WIDTH_LEAST ? WIDTH_LEAST : width;
        xlsxwriter.worksheet_set_column(xlsx->sheet, (lxw_col_t)xlsx->column,
                                        (lxw_col_t)xlsx->column, (double)width, NULL);
    }

    for (xlsx->column = 0; xlsx->column < xlsx->columns; xlsx->column++)
        TRY(put_text(xlsx, text_from(names[xlsx->column]), xlsx->head, error));
    xlsxwriter.worksheet_freeze_panes(xlsx->sheet, 1, 0);
    xlsx->column = 0;
    xlsx->row = 1;
    return STATUS_OK;
}

enum status cli_xlsx_new(const char *path, const char *shown, const char *folder,
                         const char *const *names, size_t columns, struct cli_xlsx **out,
                         struct error *error)
{
    if (columns > COLUMNS_MAX)
        return error_set(error, STATUS_LIMIT, "a spreadsheet holds %d columns, and there are %zu",
                         COLUMNS_MAX, columns);
    TRY(library_load(&xlsxwriter_library, error));
    lxw_workbook_options options = {.constant_memory = LXW_TRUE,
                                    .tmpdir = (char *)folder}; /* it only reads it */

    struct cli_xlsx *xlsx = base_calloc(1, sizeof *xlsx);
    *xlsx = (struct cli_xlsx){.book = xlsxwriter.workbook_new_opt(path, &options),
                              .columns = columns,
                              .path = path,
                              .shown = shown};
    buffer_init(&xlsx->text, 0);
    *out = xlsx;

    if (xlsx->book)
        xlsx->sheet = xlsxwriter.workbook_add_worksheet(xlsx->book, NULL);
    if (!xlsx->sheet)
        return error_set(error, STATUS_ERROR,
                         "cannot begin the spreadsheet %s: is there room in %s?", shown, folder);
    make_formats(xlsx);
    return write_header(xlsx, names, error);
}

/* ---- is all of it there? ---- */

static uint32_t little(const unsigned char *at, int bytes)
{
    uint32_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

/* How long a part of the workbook is once unpacked, by the archive's directory (PKWARE's
 * APPNOTE, 4.3.12 and 4.3.16); −1 when it is not there. The library writes no comments and no
 * ZIP64, so the last record stands at the very end. */
static int64_t part_length(FILE *file, const char *part)
{
    /* Lengths of the last record and of an entry, and where their fields begin. */
    enum { END = 22, END_ENTRIES = 10, END_DIRECTORY = 16 };
    enum { ENTRY = 46, UNPACKED = 24, NAME = 28, EXTRA = 30, COMMENT = 32, NAME_MOST = 128 };
    unsigned char end[END], entry[ENTRY];
    char name[NAME_MOST];
    if (fseeko(file, -END, SEEK_END) != 0 || fread(end, 1, END, file) != END ||
        memcmp(end, "PK\5\6", 4) != 0)
        return -1;
    if (fseeko(file, (off_t)little(end + END_DIRECTORY, 4), SEEK_SET) != 0)
        return -1;

    /* The directory is at the end of the archive, and its length and place at the very end. */
    for (uint32_t left = little(end + END_ENTRIES, 2); left; left--) {
        if (fread(entry, 1, ENTRY, file) != ENTRY || memcmp(entry, "PK\1\2", 4) != 0)
            return -1;
        uint32_t length = little(entry + NAME, 2),
                 more = little(entry + EXTRA, 2) + little(entry + COMMENT, 2);
        if (length >= sizeof name || fread(name, 1, length, file) != length ||
            fseeko(file, (off_t)more, SEEK_CUR) != 0)
            return -1;
        name[length] = '\0';
        if (strcmp(name, part) == 0)
            return (int64_t)little(entry + UNPACKED, 4);
    }

    return -1;
}

/* The library looks at few of its writes: on a full disk it can end a sheet in the middle and say
 * that all went well. `least`: the bytes of the rows that are known to be written. */
static bool is_whole(const char *path, int64_t least)
{
    struct stat there;
    if (stat(path, &there) == 0 &&
        !S_ISREG(there.st_mode)) /* a device or a pipe: nothing can be read back */
        return true;

    /* The archive's directory says how long the sheet is once unpacked: shorter than
     * its rows, it was cut. */
    FILE *file = fopen(path, "re");
    int64_t length = file ? part_length(file, "xl/worksheets/sheet1.xml") : -1;
    if (file)
        fclose(file);
    return length > least;
}

/* The bytes of the rows so far; −1 when one of them could not be written. */
static int64_t rows_written(struct cli_xlsx *xlsx)
{
    FILE *rows = xlsx->sheet ? xlsx->sheet->optimize_tmpfile : NULL;
    if (!rows)
        return 0;
    return fflush(rows) != 0 || ferror(rows) ? -1 : (int64_t)ftello(rows);
}

enum status cli_xlsx_end(struct cli_xlsx *xlsx, struct error *error)
{
    int64_t least = rows_written(xlsx);
    int reason = least < 0 ? errno : 0;

    /* How much was written is asked before closing: afterwards the temporary file is gone. */
    lxw_error code = xlsx->book ? xlsxwriter.workbook_close(xlsx->book) : LXW_NO_ERROR;
    enum status status = STATUS_OK;

    /* The library's codes up to this one are about files: there the system's words say more. */
    if (code != LXW_NO_ERROR && code <= LXW_ERROR_ZIP_CLOSE)
        status = error_system(error, errno ? errno : EIO, "cannot write the spreadsheet %s",
                              xlsx->shown);
    else if (code != LXW_NO_ERROR)
        status = refuse(code, error);
    else if (least < 0 || (xlsx->sheet && !is_whole(xlsx->path, least)))
        status = error_system(error, reason ? reason : ENOSPC, "cannot write the spreadsheet %s",
                              xlsx->shown);
    buffer_release(&xlsx->text);
    free(xlsx);
    return status;
}
