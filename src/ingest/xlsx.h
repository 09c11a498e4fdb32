/*
 * Spreadsheets (XLSX): one sheet written out as CSV, a record a row, so that everything
 * behind it is as for any file. Records end with INGEST_ROW_END instead of a line end: a
 * cell may hold line ends, and line numbers are row numbers.
 */
#ifndef STRATA_INGEST_XLSX_H
#define STRATA_INGEST_XLSX_H

#include "base/text.h"

/* What was found; strings live in the arena. */
struct ingest_workbook {
    const char *sheet; /* the one that is read */
    const char **sheets;
    bool *hidden;
    size_t sheet_count;
    uint64_t error_cells;    /* #DIV/0! and the like, read as unknown */
    const char *first_error; /* "C5 (#DIV/0!)", or NULL */
};

/*
 * Writes a sheet of the ZIP archive at path into the new file out. sheet: a name, or a number from
 * 1 on; NULL for the first one that is not hidden and holds something. name is for messages.
 * STATUS_ERROR for archives that are no spreadsheet, are damaged, or would unpack to more than is
 * sane; STATUS_USAGE for a sheet that is not there.
 */
enum status ingest_spool_xlsx(const char *path, const char *name, const char *sheet,
                              const char *out, struct arena *arena, struct ingest_workbook *book,
                              struct error *error);

/* xlsx_format.c */

enum ingest_cell_kind { CELL_NUMBER, CELL_DATE, CELL_DATE_TIME, CELL_CLOCK, CELL_ELAPSED };
/* What a number format makes of a number: by its number, or by its code when that is not NULL. */
enum ingest_cell_kind ingest_number_format(int id, const char *code);
/* The text of a number as a spreadsheet means it: fifteen digits, dates and times in ISO
 * form. written is the number as the file has it, out has 64 bytes; the answer is one of
 * the two. CELL_ELAPSED counts hours beyond 24: 36:00:00. */
const char *ingest_cell_text(const char *written, enum ingest_cell_kind kind, bool since_1904,
                             char *out);

#endif
