/*
 * A spreadsheet is a ZIP archive of XML. Its small parts (the list of sheets, the number formats)
 * and the table of texts are read into memory, the sheet itself streams through the parser, row by
 * row. libzip unpacks, expat parses.
 *
 * Archives come from outside. No entity is ever expanded, because a document type is refused; what
 * is unpacked is bounded absolutely and by the ratio to what was packed; rows, columns and texts
 * have the limits that spreadsheets have.
 */
#include "ingest/xlsx.h"

#include "ingest/dialect.h"
#include "ingest/source.h"

#include "base/vector.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Parsing */

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

static void fail(struct parse *parse, enum status status)
{
    if (parse->status == STATUS_OK)
        parse->status = status;
    XML_StopParser(parse->parser, XML_FALSE);
}

static enum status damaged(const struct book *book, const char *what)
{
    enum status status =
        error_set(book->error, STATUS_ERROR, "the spreadsheet %s is damaged: %s", book->name, what);
    error_hint(book->error,
               "open it in a spreadsheet program and save it again, or save it as CSV");
    return status;
}

static enum status too_much(const struct book *book, const char *what)
{
    enum status status =
        error_set(book->error, STATUS_ERROR, "the spreadsheet %s %s", book->name, what);
    error_hint(book->error, "no honest spreadsheet does; if this one is, save it as CSV");
    return status;
}

/* Without the prefix of its namespace. */
static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static bool named(const char *name, const char *wanted)
{
    return strcmp(local(name), wanted) == 0;
}

static const char *attribute(const char **attributes, const char *wanted)
{
    for (size_t i = 0; attributes[i]; i += 2)
        if (named(attributes[i], wanted))
            return attributes[i + 1];
    return NULL;
}

static bool is_yes(const char *value)
{
    return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

static void XMLCALL refuse_doctype(void *context, const char *name, const char *system,
                                   const char *public_id, int internal)
{
    struct parse *parse = context;
    fail(parse, too_much(parse->book,
                         "has a document type in its XML, which could make entities of any size"));
}

static void XMLCALL add_text(void *context, const char *text, int length)
{
    struct parse *parse = context;
    if (!parse->reading || parse->phonetic)
        return;
    if (parse->text.length + (size_t)length > CELL_BYTES_MAX)
        fail(parse, too_much(parse->book, "has a cell of more than a megabyte"));
    else
        buffer_add(&parse->text, text, (size_t)length);
}

/* Unpacks a part through the parser. Whether it is there at all the caller has looked up. */
static enum status parse_part(struct parse *parse, zip_int64_t index)
{
    enum { PIECE = 64 << 10 };
    struct book *book = parse->book;
    zip_stat_t info;
    zip_file_t *part = zip_fopen_index(book->zip, (zip_uint64_t)index, 0);
    if (!part)
        return damaged(book, zip_strerror(book->zip));
    if (zip_stat_index(book->zip, (zip_uint64_t)index, 0, &info) != 0)
        info.comp_size = 0;
    zip_int64_t got = 1, unpacked = 0, packed = (zip_int64_t)info.comp_size + 1;
    while (parse->status == STATUS_OK && got > 0) {
        void *room = XML_GetBuffer(parse->parser, PIECE);
        ENSURE(room);
        got = zip_fread(part, room, PIECE);
        if (got < 0) {
            parse->status = damaged(book, zip_file_strerror(part));
            break;
        }
        /* bounded while it is unpacked: what an archive says of itself need not be true */
        unpacked += got;
        if (unpacked > UNPACKED_MAX ||
            (unpacked > UNPACKED_FREE && unpacked / packed > RATIO_MAX)) {
            parse->status = too_much(book, "unpacks to very much more than it is: a ZIP bomb");
            break;
        }
        if (XML_ParseBuffer(parse->parser, (int)got, got == 0) != XML_STATUS_OK &&
            parse->status == STATUS_OK)
            parse->status = damaged(book, XML_ErrorString(XML_GetErrorCode(parse->parser)));
    }
    zip_fclose(part);
    return parse->status;
}

static enum status read_part(struct book *book, const char *name, bool needed, struct parse *parse,
                             XML_StartElementHandler start, XML_EndElementHandler end)
{
    zip_int64_t index = zip_name_locate(book->zip, name, ZIP_FL_NOCASE);
    parse->book = book;
    if (index < 0)
        return needed ? damaged(book, arena_printf(book->arena, "it lacks %s", name)) : STATUS_OK;
    parse->parser = XML_ParserCreate(NULL);
    ENSURE(parse->parser);
    buffer_init(&parse->text, 0);
    XML_SetUserData(parse->parser, parse);
    XML_SetElementHandler(parse->parser, start, end);
    XML_SetCharacterDataHandler(parse->parser, add_text);
    XML_SetStartDoctypeDeclHandler(parse->parser, refuse_doctype);
    enum status status = parse_part(parse, index);
    XML_ParserFree(parse->parser);
    buffer_release(&parse->text);
    return status;
}

/* Texts */

/* "_x000D_" stands for a character that XML cannot hold; of those only white space means something.
 */
static void unescape(struct buffer *text)
{
    char *to = text->data;
    if (!text->length || !memmem(text->data, text->length, "_x00", 4))
        return;
    for (const char *at = text->data, *end = at + text->length; at < end;) {
        unsigned code;
        if (end - at >= 7 && at[0] == '_' && at[1] == 'x' && at[6] == '_' &&
            sscanf(at + 2, "%4x", &code) == 1 && (code < 0x20 || code == '_')) {
            if (code == '\n' || code == '\t' || code == '_')
                *to++ = (char)code;
            at += 7;
        } else {
            *to++ = *at++;
        }
    }
    text->length = (size_t)(to - text->data);
}

static void XMLCALL text_start(void *context, const char *name, const char **attributes)
{
    struct parse *parse = context;
    if (named(name, "si"))
        buffer_reset(&parse->text);
    parse->phonetic |= named(name, "rPh");
    parse->reading |= named(name, "t");
}

static void XMLCALL text_end(void *context, const char *name)
{
    struct parse *parse = context;
    struct book *book = parse->book;
    if (named(name, "t"))
        parse->reading = false;
    if (named(name, "rPh"))
        parse->phonetic = false;
    if (!named(name, "si"))
        return;
    unescape(&parse->text);
    if (book->texts.length + parse->text.length > TEXTS_BYTES_MAX) {
        fail(parse, too_much(book, "has more than a gigabyte of different texts"));
        return;
    }
    buffer_add(&book->texts, parse->text.data, parse->text.length);
    VECTOR_PUSH(&book->text_ends, book->texts.length);
}

/* Number formats */

static void XMLCALL style_start(void *context, const char *name, const char **attributes)
{
    struct parse *parse = context;
    struct book *book = parse->book;
    if (named(name, "cellXfs"))
        book->in_cell_formats = true;
    const char *id = attribute(attributes, "numFmtId"), *code = attribute(attributes, "formatCode");
    if (named(name, "numFmt") && id && code) {
        enum { CODE_LENGTH_MAX = 255 }; /* as long as programs let one be */
        if (book->custom_ids.count == CODES_MAX) {
            fail(parse, too_much(book, "has thousands of number formats of its own"));
            return;
        }
        VECTOR_PUSH(&book->custom_ids, atoi(id));
        VECTOR_PUSH(&book->custom_codes, arena_printf(book->arena, "%.*s", CODE_LENGTH_MAX, code));
    }
    if (!book->in_cell_formats || !named(name, "xf"))
        return;
    if (book->styles.count == FORMATS_MAX) { /* a cell of a later one would lose its date */
        fail(parse, too_much(book, "has more cell formats than one can have"));
        return;
    }
    const char *own = NULL;
    int number = id ? atoi(id) : 0;
    for (size_t i = 0; i < book->custom_ids.count; i++)
        if (book->custom_ids.items[i] == number)
            own = book->custom_codes.items[i];
    VECTOR_PUSH(&book->styles, (uint8_t)ingest_number_format(number, own));
}

static void XMLCALL style_end(void *context, const char *name)
{
    struct parse *parse = context;
    if (named(name, "cellXfs"))
        parse->book->in_cell_formats = false;
}

/* The list of sheets */

static void XMLCALL ignore_end(void *context, const char *name)
{
}

static void XMLCALL book_start(void *context, const char *name, const char **attributes)
{
    struct parse *parse = context;
    struct book *book = parse->book;
    if (named(name, "workbookPr"))
        book->since_1904 = is_yes(attribute(attributes, "date1904"));
    if (!named(name, "sheet") || book->sheets.count >= SHEETS_MAX)
        return;
    const char *title = attribute(attributes, "name"), *state = attribute(attributes, "state");
    const char *relation = attribute(attributes, "id");
    struct sheet sheet = {
        .name = arena_strdup(book->arena, title ? title : "?"),
        .relation = arena_strdup(book->arena, relation ? relation : ""),
        .hidden = state && strcmp(state, "visible") != 0,
    };
    VECTOR_PUSH(&book->sheets, sheet);
}

/* A target is relative to the folder of the part that names it, or begins with a slash. */
static const char *resolve(struct book *book, const char *base, const char *target)
{
    const char *slash = strrchr(base, '/');
    int folder = slash ? (int)(slash - base) + 1 : 0;
    while (*target != '/' && strncmp(target, "../", 3) == 0) {
        target += 3;
        folder = 0;
    }
    if (*target == '/')
        return arena_strdup(book->arena, target + 1);
    return arena_printf(book->arena, "%.*s%s", folder, base, target);
}

static void XMLCALL root_start(void *context, const char *name, const char **attributes)
{
    struct parse *parse = context;
    const char *type = attribute(attributes, "Type"), *target = attribute(attributes, "Target");
    if (named(name, "Relationship") && type && target &&
        named(strrchr(type, '/') ? strrchr(type, '/') + 1 : type, "officeDocument"))
        parse->book->workbook = resolve(parse->book, "", target);
}

static void XMLCALL relation_start(void *context, const char *name, const char **attributes)
{
    struct parse *parse = context;
    struct book *book = parse->book;
    const char *id = attribute(attributes, "Id"), *target = attribute(attributes, "Target");
    const char *type = attribute(attributes, "Type");
    if (!named(name, "Relationship") || !id || !target || (type && !strstr(type, "/worksheet")))
        return;
    if (++book->relations > SHEETS_MAX) {
        fail(parse,
             too_much(book, arena_printf(book->arena, "has more than %d sheets", SHEETS_MAX)));
        return;
    }
    for (size_t i = 0; i < book->sheets.count; i++) {
        struct sheet *sheet = &book->sheets.items[i];
        if (!sheet->part && strcmp(sheet->relation, id) == 0)
            sheet->part = resolve(book, book->workbook, target);
    }
}

static enum status read_book(struct book *book)
{
    struct parse root = {0}, list = {0}, relations = {0}, styles = {0}, texts = {0};
    book->workbook = "xl/workbook.xml";
    TRY(read_part(book, "_rels/.rels", false, &root, root_start, ignore_end));
    TRY(read_part(book, book->workbook, true, &list, book_start, ignore_end));
    const char *slash = strrchr(book->workbook, '/');
    int folder = slash ? (int)(slash - book->workbook) + 1 : 0;
    const char *base = book->workbook;
    TRY(read_part(book, arena_printf(book->arena, "%.*s_rels/%s.rels", folder, base, base + folder),
                  true, &relations, relation_start, ignore_end));
    TRY(read_part(book, arena_printf(book->arena, "%.*sstyles.xml", folder, base), false, &styles,
                  style_start, style_end));
    return read_part(book, arena_printf(book->arena, "%.*ssharedStrings.xml", folder, base), false,
                     &texts, text_start, text_end);
}

/* The sheet */

/* "BC12": column 54, row 12; what is not there stays as it is. */
static void read_reference(const char *reference, uint32_t *column, uint32_t *row)
{
    uint32_t letters = 0;
    while (isalpha((unsigned char)*reference) && letters < COLUMNS_MAX * 2)
        letters = letters * 26 + (uint32_t)(toupper((unsigned char)*reference++) - 'A' + 1);
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
    if (row > ROWS_MAX)
        fail(parse, too_much(parse->book, "has a row behind the last one that a sheet can have"));
    else if (row <= parse->row)
        fail(parse,
             damaged(parse->book, arena_printf(parse->book->arena, "row %u comes twice", row)));
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
        fail(parse,
             too_much(parse->book, "has a cell behind the last column that a sheet can have"));
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
        fail(parse, too_wide(parse));
        return;
    }
    if (parse->row_text.length + value.length > ROW_BYTES_MAX) {
        fail(parse, too_much(parse->book, arena_printf(parse->book->arena,
                                                       "has more than %zu MB of text in row %u",
                                                       ROW_BYTES_MAX >> 20, parse->row)));
        return;
    }
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

/* A number, date or clock as ingest_cell_text writes it. What a cell of numbers holds else may hold
 * anything. */
static bool is_bare(struct text value)
{
    return strspn(value.data, "0123456789+-.:eE ") == value.length && *value.data != ' ';
}

static void end_cell(struct parse *parse)
{
    const struct book *book = parse->book;
    char out[64];
    if (!parse->text.length || parse->column == 0 || parse->column > COLUMNS_MAX)
        return;
    /* by the cell's type: shared text, text, yes or no, error, ISO date; else a number, which its
     * format may make a date */
    struct text value = {parse->text.data, parse->text.length};
    if (strcmp(parse->type, "s") == 0) {
        size_t index = strtoul(value.data, NULL, 10);
        if (index >= book->text_ends.count) {
            fail(parse,
                 damaged(book, arena_printf(book->arena, "cell %s names a text that is not there",
                                            parse->reference)));
            return;
        }
        size_t start = index ? book->text_ends.items[index - 1] : 0;
        keep_cell(parse,
                  (struct text){book->texts.data + start, book->text_ends.items[index] - start},
                  true);
    } else if (strcmp(parse->type, "str") == 0 || strcmp(parse->type, "inlineStr") == 0) {
        unescape(&parse->text);
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
        fail(parse,
             too_much(book, arena_printf(book->arena,
                                         "has %zu columns, and up to row %u hardly a cell in them",
                                         parse->width, parse->row)));
    else if (parse->bytes > OUT_BYTES_MAX)
        fail(parse, too_much(book, "would unpack to more than 64 GB"));
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
        fail(parse, error_system(book->error, errno, "cannot write the rows of %s", book->name));
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

static enum status write_sheet(struct book *book, const struct sheet *sheet, const char *path,
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
    enum status status = read_part(book, sheet->part, true, &parse, sheet_start, sheet_end);
    bool failed = fclose(parse.file) != 0;
    if (status == STATUS_OK && failed)
        status = error_system(book->error, errno, "cannot write %s", path);
    buffer_release(&parse.row_text);
    buffer_release(&parse.line);
    free(parse.cells);
    *rows = parse.rows_with_values;
    return status;
}

/* Choosing */

static void list_sheets(struct book *book)
{
    struct ingest_workbook *out = book->out;
    out->sheets = ARENA_ARRAY(book->arena, const char *, book->sheets.count);
    out->hidden = ARENA_ARRAY(book->arena, bool, book->sheets.count);
    out->sheet_count = book->sheets.count;
    for (size_t i = 0; i < book->sheets.count; i++) {
        out->sheets[i] = book->sheets.items[i].name;
        out->hidden[i] = book->sheets.items[i].hidden;
    }
}

static enum status no_sheet(const struct book *book, const char *wanted)
{
    struct buffer names;
    buffer_init(&names, ERROR_HINT_MAX - 64);
    for (size_t i = 0; i < book->sheets.count; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", book->sheets.items[i].name);
    enum status status = error_set(book->error, STATUS_USAGE, "the spreadsheet %s has no sheet %s",
                                   book->name, wanted);
    error_hint(book->error, "its sheets are %s", names.data ? names.data : "none");
    buffer_release(&names);
    return status;
}

static enum status find_sheet(const struct book *book, const char *wanted, const struct sheet **out)
{
    *out = NULL;
    for (size_t i = 0; i < book->sheets.count; i++)
        if (strcasecmp(book->sheets.items[i].name, wanted) == 0)
            *out = &book->sheets.items[i];
    char *end;
    unsigned long number = strtoul(wanted, &end, 10);
    if (!*out && !*end && number >= 1 && number <= book->sheets.count)
        *out = &book->sheets.items[number - 1];
    if (!*out)
        return no_sheet(book, wanted);
    return (*out)->part ? STATUS_OK : damaged(book, "that sheet is a chart, or is not there");
}

/* Sheets may share a part, and need not be read again to know that it holds nothing. */
static void mark_read(struct book *book, const char *part)
{
    for (size_t i = 0; i < book->sheets.count; i++) {
        struct sheet *sheet = &book->sheets.items[i];
        sheet->read |= sheet->part && strcasecmp(sheet->part, part) == 0;
    }
}

static enum status write_chosen(struct book *book, const char *wanted, const char *path)
{
    uint64_t rows;
    if (wanted) {
        const struct sheet *sheet;
        TRY(find_sheet(book, wanted, &sheet));
        book->out->sheet = sheet->name;
        return write_sheet(book, sheet, path, &rows);
    }
    for (int hidden = 0; hidden < 2; hidden++)
        for (size_t i = 0; i < book->sheets.count; i++) {
            const struct sheet *sheet = &book->sheets.items[i];
            if (sheet->hidden != hidden || !sheet->part || sheet->read)
                continue;
            TRY(write_sheet(book, sheet, path, &rows));
            book->out->sheet = sheet->name;
            if (rows)
                return STATUS_OK;
            mark_read(book, sheet->part);
        }
    enum status status =
        error_set(book->error, STATUS_ERROR, "the spreadsheet %s holds no value", book->name);
    error_hint(book->error, "check that the export that wrote it was complete");
    return status;
}

/* Archives */

static enum status other_archive(const struct book *book)
{
    static const struct {
        const char *part, *what, *advice;
    } kinds[] = {
        {"xl/workbook.bin", "is a binary spreadsheet (XLSB)", "save it as XLSX or CSV"},
        {"word/document.xml", "is a text document (DOCX)", "save the table in it as CSV"},
        {"ppt/presentation.xml", "is a presentation (PPTX)",
         "ask for the data behind it as CSV or XLSX"},
        {"content.xml", "is an OpenDocument file (ODS)", "save it as XLSX or CSV"},
        {"Index/Document.iwa", "is a Numbers file", "export it as XLSX or CSV"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (zip_name_locate(book->zip, kinds[i].part, ZIP_FL_NOCASE) >= 0) {
            enum status status =
                error_set(book->error, STATUS_ERROR, "%s %s", book->name, kinds[i].what);
            error_hint(book->error, "%s", kinds[i].advice);
            return status;
        }
    zip_int64_t count = zip_get_num_entries(book->zip, 0);
    const char *first = count > 0 ? zip_get_name(book->zip, 0, 0) : NULL;
    enum status status =
        error_set(book->error, STATUS_ERROR, "%s is a ZIP archive of %lld files%s%s", book->name,
                  (long long)count, first ? ", the first one " : "", first ? first : "");
    error_hint(book->error, "unpack it first (unzip) and import the files in it");
    return status;
}

static enum status cannot_open(const char *name, int code, struct error *error)
{
    zip_error_t cause;
    zip_error_init_with_code(&cause, code);
    enum status status =
        error_set(error, STATUS_ERROR, "%s is a ZIP archive or a spreadsheet that is damaged: %s",
                  name, zip_error_strerror(&cause));
    error_hint(error, "it may be incomplete: copy or download it again");
    zip_error_fini(&cause);
    return status;
}

enum status ingest_spool_xlsx(const char *path, const char *name, const char *sheet,
                              const char *out, struct arena *arena,
                              struct ingest_workbook *workbook, struct error *error)
{
    int code = 0;
    *workbook = (struct ingest_workbook){0};
    struct book book = {.name = name, .arena = arena, .error = error, .out = workbook};
    book.zip = zip_open(path, ZIP_RDONLY, &code);
    if (!book.zip)
        return cannot_open(name, code, error);
    buffer_init(&book.texts, 0);
    enum status status = STATUS_OK;
    /* a workbook in binary form (XLSB) has the same surroundings, and is none that we read */
    bool spreadsheet =
        zip_name_locate(book.zip, "[Content_Types].xml", ZIP_FL_NOCASE) >= 0 &&
        (zip_name_locate(book.zip, "xl/workbook.xml", ZIP_FL_NOCASE) >= 0 ||
         zip_name_locate(book.zip, "xl/_rels/workbook.xml.rels", ZIP_FL_NOCASE) >= 0);
    if (!spreadsheet || zip_name_locate(book.zip, "xl/workbook.bin", ZIP_FL_NOCASE) >= 0)
        TRY_GOTO(other_archive(&book));
    TRY_GOTO(read_book(&book));
    list_sheets(&book);
    status = write_chosen(&book, sheet, out);
done:
    buffer_release(&book.texts);
    VECTOR_RELEASE(&book.text_ends);
    VECTOR_RELEASE(&book.sheets);
    VECTOR_RELEASE(&book.custom_ids);
    VECTOR_RELEASE(&book.custom_codes);
    VECTOR_RELEASE(&book.styles);
    zip_discard(book.zip);
    return status;
}
