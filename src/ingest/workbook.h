/* What the two halves of reading a spreadsheet share: the workbook (xlsx.c) and its sheet
 * (xlsx_sheet.c). Not for others: xlsx.h is. */
#ifndef STRATA_INGEST_WORKBOOK_H
#define STRATA_INGEST_WORKBOOK_H

#include "ingest/xlsx.h"

#include "base/vector.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

enum {
    ROWS_MAX = 1 << 20, /* what a sheet can hold */
    COLUMNS_MAX = 1 << 14,
    CELL_BYTES_MAX = 1 << 20, /* a cell holds 32,767 characters */
    FORMATS_MAX = 1 << 16,
    CODES_MAX = 4096, /* formats of the workbook's own, of which programs write at most 250 */
    SHEETS_MAX = 4096,
    RATIO_MAX = 400, /* sheets full of equal cells are packed to a hundredth */
};
#define UNPACKED_MAX (INT64_C(16) << 30)  /* bytes of one part */
#define UNPACKED_FREE (INT64_C(64) << 20) /* bytes for which the ratio does not matter */
#define TEXTS_BYTES_MAX ((size_t)1 << 30) /* all different texts of a workbook */
#define ROW_BYTES_MAX \
    ((size_t)64 << 20) /* the texts of one row, which name shared ones as often as they like */
#define OUT_BYTES_MAX \
    ((uint64_t)64 << 30) /* what a sheet is written out to: a short cell may name a long text */
#define PADDING_FREE                                                                              \
    ((uint64_t)128 << 20) /* bytes of that beside the values: commas for cells that are not there \
                           */

struct sheet {
    const char *name, *part; /* part: in the archive */
    const char *relation;
    bool hidden, read;
};

struct book {
    const char *name;
    zip_t *zip;
    struct arena *arena;
    struct error *error;
    struct ingest_workbook *out;

    const char *workbook; /* part */
    VECTOR(struct sheet) sheets;
    size_t relations; /* to sheets */
    bool since_1904;

    struct buffer texts; /* shared texts, one behind the other */
    VECTOR(size_t) text_ends;

    VECTOR(int) custom_ids; /* number formats with a code of their own */
    VECTOR(const char *) custom_codes;
    VECTOR(uint8_t) styles; /* enum ingest_cell_kind by style */
    bool in_cell_formats;
};

struct row_cell {
    size_t start, length; /* in row_text */
    bool quoted;
};

/* One part being parsed. */
struct parse {
    struct book *book;
    XML_Parser parser;
    enum status status;
    const char *relation_wanted; /* workbook: found by its type */

    struct buffer text; /* of the element that is read */
    bool reading, phonetic;

    FILE *file;
    struct buffer row_text, line;
    struct row_cell *cells;
    size_t width, row_width; /* fields of the widest row so far; of this row */
    uint32_t row, written;   /* numbers from 1 on */
    uint32_t column;
    char type[12], reference[16];
    int style;
    uint64_t rows_with_values;
    uint64_t bytes, value_bytes; /* written; of them, of values */
};

/* Stops parsing with a status; the first one counts. */
void ingest_xlsx_fail(struct parse *parse, enum status status);
/* Errors: the file is not what it should be; it is more of it than is sane. */
enum status ingest_xlsx_damaged(const struct book *book, const char *what);
enum status ingest_xlsx_too_much(const struct book *book, const char *what);

/* Without the prefix of its namespace. */
static inline const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static inline bool named(const char *name, const char *wanted)
{
    return strcmp(local(name), wanted) == 0;
}

static inline const char *attribute(const char **attributes, const char *wanted)
{
    for (size_t i = 0; attributes[i]; i += 2)
        if (named(attributes[i], wanted))
            return attributes[i + 1];
    return NULL;
}

static inline bool is_yes(const char *value)
{
    return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

/* Parses a part of the archive; one that is not needed may be missing. */
enum status ingest_xlsx_read_part(struct book *book, const char *name, bool needed,
                                  struct parse *parse, XML_StartElementHandler start,
                                  XML_EndElementHandler end);
/* _x000D_ and the like stand for control characters. */
void ingest_xlsx_unescape(struct buffer *text);

/* xlsx_sheet.c: a sheet as records, into a new file. */
enum status ingest_xlsx_write_sheet(struct book *book, const struct sheet *sheet, const char *path,
                                    uint64_t *rows);

#endif
