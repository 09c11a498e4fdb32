/*
 * A spreadsheet is a ZIP archive of XML. Its small parts (the list of sheets, the number
 * formats) and the table of texts are read into memory, the sheet itself streams through
 * the parser, row by row. libzip unpacks, expat parses.
 *
 * Archives come from outside. No entity is ever expanded, because a document type is
 * refused; what is unpacked is bounded absolutely and by the ratio to what was packed;
 * rows, columns and texts have the limits that spreadsheets have.
 */
#include "base/library.h"
#include "ingest/workbook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define ZIP(F) \
    F(zip_discard) F(zip_error_fini) F(zip_error_init_with_code) F(zip_error_strerror) \
    F(zip_fclose) F(zip_file_strerror) F(zip_fopen_index) F(zip_fread) F(zip_get_name) \
    F(zip_get_num_entries) F(zip_name_locate) F(zip_open) F(zip_stat_index) F(zip_strerror)
/* clang-format on */

static struct {
    ZIP(LIBRARY_POINTER)
} libzip;
static const char *const libzip_names[] = {ZIP(LIBRARY_NAME)};
static struct library libzip_library = {STRATA_LIB_ZIP, "libzip4", "reading spreadsheets",
                                        LIBRARY_TABLE(libzip_names, libzip)};

/* Parsing */

void ingest_xlsx_fail(struct parse *parse, enum status status)
{
    if (parse->status == STATUS_OK)
        parse->status = status;
    XML_StopParser(parse->parser, XML_FALSE);
}

enum status ingest_xlsx_damaged(const struct book *book, const char *what)
{
    enum status status =
        error_set(book->error, STATUS_ERROR, "the spreadsheet %s is damaged: %s", book->name, what);
    error_hint(book->error,
               "open it in a spreadsheet program and save it again, or save it as CSV");
    return status;
}

enum status ingest_xlsx_too_much(const struct book *book, const char *what)
{
    enum status status =
        error_set(book->error, STATUS_ERROR, "the spreadsheet %s %s", book->name, what);
    error_hint(book->error, "no honest spreadsheet does; if this one is, save it as CSV");
    return status;
}

static void XMLCALL refuse_doctype(void *context, const char *name, const char *system,
                                   const char *public_id, int internal)
{
    struct parse *parse = context;
    ingest_xlsx_fail(
        parse,
        ingest_xlsx_too_much(
            parse->book, "has a document type in its XML, which could make entities of any size"));
}

static void XMLCALL add_text(void *context, const char *text, int length)
{
    struct parse *parse = context;
    if (!parse->reading || parse->phonetic)
        return;
    if (parse->text.length + (size_t)length > CELL_BYTES_MAX)
        ingest_xlsx_fail(parse,
                         ingest_xlsx_too_much(parse->book, "has a cell of more than a megabyte"));
    else
        buffer_add(&parse->text, text, (size_t)length);
}

/* Unpacks a part through the parser. Whether it is there at all the caller has looked up. */
static enum status parse_part(struct parse *parse, zip_int64_t index)
{
    enum { PIECE = 64 << 10 };
    struct book *book = parse->book;
    zip_stat_t info;
    zip_file_t *part = libzip.zip_fopen_index(book->zip, (zip_uint64_t)index, 0);
    if (!part)
        return ingest_xlsx_damaged(book, libzip.zip_strerror(book->zip));
    if (libzip.zip_stat_index(book->zip, (zip_uint64_t)index, 0, &info) != 0)
        info.comp_size = 0;

    zip_int64_t got = 1, unpacked = 0, packed = (zip_int64_t)info.comp_size + 1;
    while (parse->status == STATUS_OK && got > 0) {
        void *room = XML_GetBuffer(parse->parser, PIECE);
        ENSURE(room);
        got = libzip.zip_fread(part, room, PIECE);
        if (got < 0) {
            parse->status = ingest_xlsx_damaged(book, libzip.zip_file_strerror(part));
            break;
        }

        /* bounded while it is unpacked: what an archive says of itself need not be true */
        unpacked += got;
        if (unpacked > UNPACKED_MAX ||
            (unpacked > UNPACKED_FREE && unpacked / packed > RATIO_MAX)) {
            parse->status =
                ingest_xlsx_too_much(book, "unpacks to very much more than it is: a ZIP bomb");
            break;
        }

        if (XML_ParseBuffer(parse->parser, (int)got, got == 0) != XML_STATUS_OK &&
            parse->status == STATUS_OK)
            parse->status =
                ingest_xlsx_damaged(book, XML_ErrorString(XML_GetErrorCode(parse->parser)));
    }

    libzip.zip_fclose(part);
    return parse->status;
}

enum status ingest_xlsx_read_part(struct book *book, const char *name, bool needed,
                                  struct parse *parse, XML_StartElementHandler start,
                                  XML_EndElementHandler end)
{
    zip_int64_t index = libzip.zip_name_locate(book->zip, name, ZIP_FL_NOCASE);
    parse->book = book;
    if (index < 0)
        return needed ? ingest_xlsx_damaged(book, arena_printf(book->arena, "it lacks %s", name))
                      : STATUS_OK;
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

enum { ESCAPE = sizeof "_x000D_" - 1 };

/* "_x000D_" stands for a character that XML cannot hold; of those only white space means
 * something. */
void ingest_xlsx_unescape(struct buffer *text)
{
    char *to = text->data;
    if (!text->length || !memmem(text->data, text->length, "_x00", 4))
        return;

    for (const char *at = text->data, *end = at + text->length; at < end;) {
        unsigned code;
        if (end - at >= ESCAPE && at[0] == '_' && at[1] == 'x' && at[ESCAPE - 1] == '_' &&
            sscanf(at + 2, "%4x", &code) == 1 && (code < 0x20 || code == '_')) {
            if (code == '\n' || code == '\t' || code == '_')
                *to++ = (char)code;
            at += ESCAPE;
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

    ingest_xlsx_unescape(&parse->text);
    if (book->texts.length + parse->text.length > TEXTS_BYTES_MAX) {
        ingest_xlsx_fail(parse,
                         ingest_xlsx_too_much(book, "has more than a gigabyte of different texts"));
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
            ingest_xlsx_fail(
                parse, ingest_xlsx_too_much(book, "has thousands of number formats of its own"));
            return;
        }
        VECTOR_PUSH(&book->custom_ids, atoi(id));
        VECTOR_PUSH(&book->custom_codes, arena_printf(book->arena, "%.*s", CODE_LENGTH_MAX, code));
    }

    if (!book->in_cell_formats || !named(name, "xf"))
        return;
    if (book->styles.count == FORMATS_MAX) { /* a cell of a later one would lose its date */
        ingest_xlsx_fail(parse,
                         ingest_xlsx_too_much(book, "has more cell formats than one can have"));
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
        ingest_xlsx_fail(
            parse, ingest_xlsx_too_much(
                       book, arena_printf(book->arena, "has more than %d sheets", SHEETS_MAX)));
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

    /* The root says where the workbook is; without one it is at its usual place. Beside it lie the
     * parts that its relations name, formats and texts among them, which a book may lack. */
    TRY(ingest_xlsx_read_part(book, "_rels/.rels", false, &root, root_start, ignore_end));
    TRY(ingest_xlsx_read_part(book, book->workbook, true, &list, book_start, ignore_end));
    const char *slash = strrchr(book->workbook, '/');
    int folder = slash ? (int)(slash - book->workbook) + 1 : 0;
    const char *base = book->workbook;
    TRY(ingest_xlsx_read_part(
        book, arena_printf(book->arena, "%.*s_rels/%s.rels", folder, base, base + folder), true,
        &relations, relation_start, ignore_end));
    TRY(ingest_xlsx_read_part(book, arena_printf(book->arena, "%.*sstyles.xml", folder, base),
                              false, &styles, style_start, style_end));
    return ingest_xlsx_read_part(book,
                                 arena_printf(book->arena, "%.*ssharedStrings.xml", folder, base),
                                 false, &texts, text_start, text_end);
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

    /* a sheet may be called 2, so a name is looked for before the number */
    char *end;
    unsigned long number = strtoul(wanted, &end, 10);
    if (!*out && !*end && number >= 1 && number <= book->sheets.count)
        *out = &book->sheets.items[number - 1];
    if (!*out)
        return no_sheet(book, wanted);
    return (*out)->part ? STATUS_OK
                        : ingest_xlsx_damaged(book, "that sheet is a chart, or is not there");
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
        return ingest_xlsx_write_sheet(book, sheet, path, &rows);
    }

    /* the first visible sheet that holds a value, and a hidden one only where no other does */
    for (int hidden = 0; hidden < 2; hidden++)
        for (size_t i = 0; i < book->sheets.count; i++) {
            const struct sheet *sheet = &book->sheets.items[i];
            if (sheet->hidden != hidden || !sheet->part || sheet->read)
                continue;
            TRY(ingest_xlsx_write_sheet(book, sheet, path, &rows));
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
        if (libzip.zip_name_locate(book->zip, kinds[i].part, ZIP_FL_NOCASE) >= 0) {
            enum status status =
                error_set(book->error, STATUS_ERROR, "%s %s", book->name, kinds[i].what);
            error_hint(book->error, "%s", kinds[i].advice);
            return status;
        }

    zip_int64_t count = libzip.zip_get_num_entries(book->zip, 0);
    const char *first = count > 0 ? libzip.zip_get_name(book->zip, 0, 0) : NULL;
    enum status status =
        error_set(book->error, STATUS_ERROR, "%s is a ZIP archive of %lld files%s%s", book->name,
                  (long long)count, first ? ", the first one " : "", first ? first : "");
    error_hint(book->error, "unpack it first (unzip) and import the files in it");
    return status;
}

static enum status cannot_open(const char *name, int code, struct error *error)
{
    zip_error_t cause;
    libzip.zip_error_init_with_code(&cause, code);
    enum status status =
        error_set(error, STATUS_ERROR, "%s is a ZIP archive or a spreadsheet that is damaged: %s",
                  name, libzip.zip_error_strerror(&cause));
    error_hint(error, "it may be incomplete: copy or download it again");
    libzip.zip_error_fini(&cause);
    return status;
}

enum status ingest_spool_xlsx(const char *path, const char *name, const char *sheet,
                              const char *out, struct arena *arena,
                              struct ingest_workbook *workbook, struct error *error)
{
    int code = 0;
    *workbook = (struct ingest_workbook){0};
    TRY(library_load(&libzip_library, error));
    struct book book = {.name = name, .arena = arena, .error = error, .out = workbook};
    book.zip = libzip.zip_open(path, ZIP_RDONLY, &code);
    if (!book.zip)
        return cannot_open(name, code, error);
    buffer_init(&book.texts, 0);
    enum status status = STATUS_OK;

    /* a workbook in binary form (XLSB) has the same surroundings, and is none that we read */
    bool spreadsheet =
        libzip.zip_name_locate(book.zip, "[Content_Types].xml", ZIP_FL_NOCASE) >= 0 &&
        (libzip.zip_name_locate(book.zip, "xl/workbook.xml", ZIP_FL_NOCASE) >= 0 ||
         libzip.zip_name_locate(book.zip, "xl/_rels/workbook.xml.rels", ZIP_FL_NOCASE) >= 0);
    if (!spreadsheet || libzip.zip_name_locate(book.zip, "xl/workbook.bin", ZIP_FL_NOCASE) >= 0)

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
    libzip.zip_discard(book.zip);
    return status;
}
