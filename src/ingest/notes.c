/* What an import says about the layout of its files: all that was passed over, and what
 * was only guessed. */
#include "ingest/report.h"

#include "base/number.h"

#include <string.h>

/* Bytes of a line of a footer, and of all lines that a note shows: enough to know them by. */
enum { LINE_SHOWN = 120, NOTE_SHOWN = 400 };

/* which: "orders.csv: " where there are several files to tell apart. */

static void note_begin(const struct ingest_run *run, const struct ingest_mapping *mapping,
                       const char *which, const struct ingest_summary_source *source)
{
    const struct ingest_look *look = &source->look;
    struct buffer shown;

    buffer_init(&shown, NOTE_SHOWN);
    for (size_t i = 0; i < look->passed_count; i++)
        buffer_printf(&shown, "%s'%s'", i ? ", " : "", look->passed[i]);

    /* a line "sep=;" is among the lines passed over, and a title only when others are, too */
    uint32_t lines = source->dialect.skip;
    bool titles = look->passed_count > (look->sep_line ? 1 : 0);
    const char *what = lines == 1 ? "line is" : arena_printf(run->arena, "%u lines are", lines);
    if (titles)
        ingest_notice(run, "%sthe first %s passed over, the %s in line %u: %s%s", which, what,
                      source->dialect.header ? "header is" : "rows begin", lines + 1, shown.data,
                      mapping->skip ? "" : " (--skip N says otherwise)");
    else if (look->sep_line)
        ingest_notice(run, "%sline 1 says what stands between fields and is no row: %s", which,
                      shown.data);
    buffer_release(&shown);
    if (look->labels)
        ingest_notice(
            run, "%sbelow the names %s says once more what the columns are, and is no row: '%s …'",
            which,
            look->labels == 1 ? "a line"
                              : arena_printf(run->arena, "each of %u lines", look->labels),
            look->label);
    if (look->row_names)
        ingest_notice(
            run,
            "%sthe header has one name fewer than rows have fields: the first column has no name",
            which);
}

static void note_end(const struct ingest_run *run, const char *which,
                     const struct ingest_summary_source *source)
{
    if (!source->footer_line)
        return;
    struct buffer shown;
    buffer_init(&shown, NOTE_SHOWN);

    /* Line by line, whichever end each has, and without those that show nothing. */
    const char *at = source->footer;
    while (*at) {
        size_t length = strcspn(at, "\r\n\x1e");
        struct text line = text_cut(text_trim((struct text){at, length}), LINE_SHOWN);
        if (line.length)
            buffer_printf(&shown, "%s'%.*s'", shown.length ? ", " : "", (int)line.length,
                          line.data);
        at += length + strspn(at + length, "\r\n\x1e");
    }

    if (shown.length)
        ingest_notice(run, "%sfrom line %llu on there is a footer, no row: %s", which,
                      (unsigned long long)source->footer_line, shown.data);
    buffer_release(&shown);
}

static void note_lines(const struct ingest_run *run, const char *which,
                       const struct ingest_summary_source *source)
{
    const struct {
        uint64_t count, line;
        const char *one, *many;
    } notes[] = {
        {source->empty_rows, source->empty_line, "empty row was passed over",
         "empty rows were passed over"},
        {source->headers, source->header_line, "row is the header once more and was passed over",
         "rows are the header once more and were passed over"},
        {source->nul_bytes, source->nul_line, "NUL byte was dropped", "NUL bytes were dropped"},
    };
    char number[NUMBER_TEXT_MAX];
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (notes[i].count)
            ingest_notice(run, "%s%s %s (%sline %llu)", which,
                          number_format_thousands((int64_t)notes[i].count, number),
                          notes[i].count == 1 ? notes[i].one : notes[i].many,
                          notes[i].count == 1 ? "" : "first in ",
                          (unsigned long long)notes[i].line);
}

static const char *examples(const struct ingest_run *run, const char *const texts[2])
{
    if (!texts[0])
        return "";
    return texts[1] ? arena_printf(run->arena, "'%s', '%s'", texts[0], texts[1])
                    : arena_printf(run->arena, "'%s'", texts[0]);
}

/* Below this a guess is shown as one; with a rival nearly as likely it always is. */
enum { SURE = 85 };

/* A warning names what has to be said; Windows writes what is called Latin-1 for short. */
static const char *said_as(const char *name)
{
    return strcmp(name, "Latin-1") == 0 ? "Latin-1 (Windows-1252)" : name;
}

static void note_encoding(const struct ingest_run *run, const struct ingest_mapping *mapping,
                          const char *which, const struct ingest_summary_source *source)
{
    const struct ingest_look *look = &source->look;
    const char *name = ingest_encoding_name(source->dialect.encoding);

    if (look->encoding_overruled)
        ingest_notice(
            run, "%sread as %s, as its byte order mark says, and not as %s, which %s says", which,
            name, mapping->encoding, run->options->mapping_file ? "the mapping" : "--encoding");

    if (source->dialect.encoding_said || !look->as_read[0])
        return;

    const char *read = examples(run, look->as_read);
    if (look->encoding_rival)
        ingest_warn(run,
                    "%snot UTF-8; read as %s (%s), which may be wrong: as %s it would be %s; "
                    "--encoding NAME says",
                    which, said_as(name), read, said_as(look->encoding_rival),
                    examples(run, look->as_rival));
    else if (look->encoding_sure < SURE)
        ingest_warn(
            run,
            "%snot UTF-8; read as %s, which may be wrong: %s; --encoding NAME says which it is",
            which, said_as(name), read);
    else
        ingest_notice(run, "%snot UTF-8; read as %s: %s", which, name, read);
}

void ingest_note_workbook(const struct ingest_run *run, const char *name,
                          const struct ingest_workbook *book)
{
    struct buffer others;
    char number[NUMBER_TEXT_MAX];
    enum { OTHERS_SHOWN = 300 }; /* bytes: of a workbook with many sheets the first are enough */
    buffer_init(&others, OTHERS_SHOWN);
    for (size_t i = 0; i < book->sheet_count; i++)
        if (strcmp(book->sheets[i], book->sheet) != 0)
            buffer_printf(&others, "%s%s%s", others.length ? ", " : "", book->sheets[i],
                          book->hidden[i] ? " (hidden)" : "");
    if (others.length)
        ingest_notice(run, "%s: the sheet %s is read and not %s; --sheet NAME reads another", name,
                      book->sheet, others.data);
    if (book->error_cells)
        ingest_notice(run, "%s: %s %s an error, read as unknown, the first in %s", name,
                      number_format_thousands((int64_t)book->error_cells, number),
                      book->error_cells == 1 ? "cell holds" : "cells hold", book->first_error);
    buffer_release(&others);
}

static void note_source(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_summary *summary,
                        const struct ingest_summary_source *source)
{
    const char *which =
        summary->source_count > 1 ? arena_printf(run->arena, "%s: ", source->name) : "";
    note_begin(run, &understood->mapping, which, source);
    note_lines(run, which, source);
    note_end(run, which, source);
    note_encoding(run, &understood->mapping, which, source);
}

/* Roles that were guessed, where that is not plain. */
static void note_roles(const struct ingest_run *run, const struct ingest_understood *understood,
                       const struct ingest_shape *shape)
{
    enum { TIME_SURE = 80 }; /* below it other columns could well be the time */
    const struct ingest_roles *roles = &understood->roles;
    const struct ingest_guess *group = &roles->guesses[ROLE_GROUP],
                              *time = &roles->guesses[ROLE_TIME];

    if (understood->role != SCHEMA_FACTS)
        return;
    if (!roles->said[ROLE_TIME] && time->column >= 0 && time->confidence < TIME_SURE)
        ingest_notice(run, "%s is taken for the time, %d%% sure: --time COLUMN names another",
                      shape->columns[time->column].name, time->confidence);
    if (!understood->mapping.group_by && group->column >= 0)
        ingest_notice(run,
                      "%s repeats: when its rows are the lines of one %s, --group-by %s makes one "
                      "fact of them",
                      shape->columns[group->column].name, understood->table,
                      shape->columns[group->column].name);
}

void ingest_note_rows(const struct ingest_run *run, const struct ingest_understood *understood,
                      const struct ingest_shape *shape, const struct ingest_staged *staged,
                      const struct ingest_summary *summary)
{
    for (size_t i = 0; i < summary->source_count; i++)
        note_source(run, understood, summary, &summary->sources[i]);
    ingest_remark(run, understood, shape, staged);
    note_roles(run, understood, shape);
}

void ingest_notice(const struct ingest_run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(run->arena, format, arguments);
    va_end(arguments);
    VECTOR_PUSH(&run->notes->notices, text);
}

void ingest_warn(const struct ingest_run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(run->arena, format, arguments);
    va_end(arguments);
    VECTOR_PUSH(&run->notes->warnings, text);
}
