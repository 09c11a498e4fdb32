/*
 * The first look, from what the bytes are at all to what the first rows say of each
 * column. What separates the fields is found by trying (trial.c); then come decimal signs
 * and the header: each is decided by what most rows say.
 */
#include "ingest/sniff.h"

#include "base/map.h"
#include "ingest/begin.h"
#include "ingest/charset.h"
#include "ingest/footer.h"
#include "ingest/lines.h"
#include "ingest/magic.h"
#include "ingest/source.h"
#include "ingest/trial.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What the first rows say about how each column writes its numbers; and the file as a whole. */
static void choose_numbers(const char *data, const char *end,
                           const struct ingest_dialect_choice *choice, struct ingest_sniff *out)
{
    struct ingest_dialect *dialect = &out->dialect;
    struct ingest_record record = {0};
    struct ingest_marks file = {{0}};
    size_t skipped, room = 0;

    /* rows may have more fields than the first one, so the marks grow with them */
    for (size_t n = 0;
         n < 10 * TRIAL_RECORDS && ingest_split(dialect, &data, end, &record, &skipped); n++) {
        if (record.count > room) {
            out->marks = base_realloc(out->marks, record.count * sizeof *out->marks);
            memset(out->marks + room, 0, (record.count - room) * sizeof *out->marks);
            room = record.count;
        }
        for (size_t i = 0; i < record.count; i++) {
            struct text field =
                ingest_trim((struct text){record.fields[i].data, record.fields[i].length});
            struct ingest_number number = {0};
            ingest_classify(field, dialect->style, &number);
            ingest_add_marks(&out->marks[i], number.marks);
            ingest_add_marks(&file, number.marks);
        }
    }

    ingest_record_release(&record);
    struct ingest_style_choice style =
        ingest_choose_style(&file, &file, dialect->delimiter, choice ? choice->point : 0, 0);
    dialect->style = (struct ingest_number_style){style.point, style.point == ',' ? '.' : ','};
    out->file_marks = file;
    out->look.decimal_commas = file.counts[__builtin_ctz(MARK_COMMA)] > 0;
    out->marked = room;
}

/* How to look at column i before all its rows are known. */
static struct ingest_manner first_manner(const struct ingest_sniff *sniff, size_t i,
                                         const struct ingest_dialect_choice *choice)
{
    static const struct ingest_marks none = {{0}};
    struct ingest_manner manner = {.style = sniff->dialect.style,
                                   .missing = ingest_missing_default()};
    if (choice && choice->missing)
        manner.missing = choice->missing;

    struct ingest_style_choice style =
        ingest_choose_style(i < sniff->marked ? &sniff->marks[i] : &none, &sniff->file_marks,
                            sniff->dialect.delimiter, choice ? choice->point : 0, 0);
    manner.style = (struct ingest_number_style){style.point, style.point == ',' ? '.' : ','};
    return manner;
}

static void observe_field(struct ingest_sniff *out, size_t i, const struct ingest_field *field,
                          const struct ingest_manner *manner)
{
    struct ingest_reading reading;
    reading.number.marks = 0;
    ingest_observe(&out->evidence[i], ingest_trim((struct text){field->data, field->length}),
                   manner, out->records, &reading);
    ingest_add_marks(&out->marks[i], reading.number.marks);
}

/* The marks of the first look are counted anew with all records of the sample. */
static struct ingest_manner *first_manners(struct ingest_sniff *out, size_t columns,
                                           const struct ingest_dialect_choice *choice)
{
    struct ingest_manner *manners = base_calloc(columns + 1, sizeof *manners);
    for (size_t i = 0; i < columns; i++)
        manners[i] = first_manner(out, i, choice);
    free(out->marks);
    out->marks = base_calloc(columns + 1, sizeof *out->marks);
    out->marked = columns;
    return manners;
}

/* A column cannot be called what is no text. */
static enum status check_header(const struct ingest_sniff *sniff, const char *name, size_t line,
                                struct error *error)
{
    for (size_t i = 0; i < sniff->column_count; i++) {
        if (text_valid_utf8(text_from(sniff->names[i])))
            continue;
        enum status status =
            error_set(error, STATUS_ERROR, "%s, line %zu: the name of column %zu is no text in %s",
                      name, line, i + 1, ingest_encoding_name(sniff->dialect.encoding));
        error_hint(
            error,
            "say how the file is written, such as --encoding Windows-1252, or mend the name");
        return status;
    }
    return STATUS_OK;
}

static void set_names(const struct ingest_record *record, size_t columns,
                      const struct ingest_begin *begin, struct arena *arena,
                      struct ingest_sniff *out)
{
    out->names = ARENA_ARRAY(arena, const char *, columns);
    enum { NAME_MAX_BYTES = 256 }; /* a longer one is most likely a row, and no name at all */

    size_t shift = begin->row_names ? 1 : 0;
    for (size_t i = 0; i < columns; i++) {
        struct text name = {"", 0};
        if (begin->header && i >= shift && i - shift < record->count) {
            const struct ingest_field *field = &record->fields[i - shift];
            name = text_trim((struct text){field->data, field->length});
        }
        if (i == 0 && begin->hash && name.length && *name.data == '#')
            name = text_trim((struct text){name.data + 1, name.length - 1});
        name = text_cut(name, NAME_MAX_BYTES);
        out->names[i] = name.length ? arena_strndup(arena, name.data, name.length) : "";
    }
    out->column_count = columns;
}

static enum status too_many_columns(size_t count, const char *name, struct error *error)
{
    enum status status =
        error_set(error, STATUS_LIMIT, "%s has %zu columns; Strata reads at most %d", name, count,
                  INGEST_COLUMNS_MAX);
    error_hint(error, "make rows of them: customer, name, value");
    return status;
}

/* Columns of the first 64 in which nearly every row has a value show what a footer lacks;
 * some of the last rows may be the footer. */
static void find_filled(const char *at, const char *end, struct ingest_dialect *dialect)
{
    enum { COLUMNS = 64, ONE_GAP_IN = 4 };
    struct ingest_record record = {0};
    size_t skipped, rows = 0, ordinary = 0, gaps[COLUMNS] = {0};
    while (rows < TRIAL_RECORDS && ingest_split(dialect, &at, end, &record, &skipped)) {
        rows++;

        bool total = record.count &&
                     ingest_is_total((struct text){record.fields[0].data, record.fields[0].length});
        if (record.count < dialect->columns || ingest_is_blank(&record) || total)
            continue;
        for (size_t i = 0; i < COLUMNS; i++)
            gaps[i] += i >= record.count || record.fields[i].length == 0;
        ordinary++;
    }

    dialect->filled = 0;
    for (size_t i = 0; i < COLUMNS && ordinary; i++)
        if (gaps[i] * ONE_GAP_IN <= ordinary)
            dialect->filled |= UINT64_C(1) << i;
    ingest_record_release(&record);
}

/* at is behind the header. */
static const char *find_footer(const char *at, const char *end, bool whole,
                               struct ingest_dialect *dialect)
{
    find_filled(at, end, dialect);
    dialect->sum_row = whole && ingest_is_sum_row(dialect, at, (size_t)(end - at));
    return whole ? at + ingest_footer_start(dialect, at, (size_t)(end - at)) : end;
}

static enum status observe_records(const char *data, const char *end, const char *name,
                                   const struct ingest_begin *begin, struct ingest_sniff *out,
                                   const struct ingest_dialect_choice *choice, struct arena *arena,
                                   struct error *error)
{
    struct ingest_record record = {0};
    struct ingest_dialect *dialect = &out->dialect;
    size_t skipped;
    const char *at = ingest_behind_lines(data, end, begin->skip, dialect->newline), *rows = at;

    ingest_split(dialect, &at, end, &record, &skipped);
    size_t columns =
        record.count > dialect->columns || begin->header ? record.count : dialect->columns;
    columns += begin->row_names;
    if (columns > INGEST_COLUMNS_MAX) {
        ingest_record_release(&record);
        return too_many_columns(columns, name, error);
    }

    /* the names, which have to be text, and the lines around them */
    dialect->columns = dialect->columns ? columns : 0;
    set_names(&record, columns, begin, arena, out);
    enum status status = check_header(out, name, dialect->skip + skipped + 1, error);
    if (status != STATUS_OK) {
        ingest_record_release(&record);
        return status;
    }

    if (begin->header) {
        out->look.header_line = arena_strndup(arena, record.line, record.length);
        out->look.labels = begin->labels;
        if (begin->labels)
            out->look.label = ingest_line_begin(at, end, arena);
        rows = ingest_behind_lines(at, end, begin->rule, dialect->newline);
    }

    out->evidence = base_calloc(columns ? columns : 1, sizeof *out->evidence);
    at = rows;
    end = find_footer(rows, end, out->whole, dialect);
    struct ingest_manner *manners = first_manners(out, columns, choice);
    while (ingest_split(dialect, &at, end, &record, &skipped)) {
        if (ingest_is_blank(&record))
            continue;
        out->records++;
        for (size_t i = 0; i < columns && i < record.count; i++)
            observe_field(out, i, &record.fields[i], &manners[i]);
    }

    free(manners);
    ingest_record_release(&record);
    return STATUS_OK;
}

/* The keys of objects, by the names that columns have of them. */
struct keys {
    struct text_map *names;
    struct buffer path;    /* what a name is before it is cut: the keys down to the value */
    struct text_map paths; /* long ones, to a number each */
    struct text_map cut;   /* the names they were cut to, to the path of each */
    const char *twice;     /* a name that two paths were cut to */
};

static void keys_init(struct keys *keys, struct text_map *names)
{
    *keys = (struct keys){.names = names};
    buffer_init(&keys->path, 0);
    text_map_init(&keys->paths);
    text_map_init(&keys->cut);
}

static void keys_release(struct keys *keys)
{
    buffer_release(&keys->path);
    text_map_release(&keys->paths);
    text_map_release(&keys->cut);
}

/* A name that is as long as names can be may have been cut, and be another path's as well. */
static void note_long(struct keys *keys, const char *name)
{
    struct text path = {keys->path.data, keys->path.length};
    uint64_t number = text_map_put(&keys->paths, path, keys->paths.count, NULL);
    if (text_map_put(&keys->cut, text_from(name), number, NULL) != number)
        keys->twice = text_map_find(&keys->cut, text_from(name))->key.data;
}

static void json_names(const char *prefix, json_t *object, struct keys *keys, int depth)
{
    enum { LONG = JSON_NAME_MAX - 4 /* one byte ends it, and a character may have had no room */ };
    const char *key;
    json_t *value;
    size_t above = keys->path.length;

    json_object_foreach(object, key, value)
    {
        char name[JSON_NAME_MAX];
        ingest_join_key(name, prefix, key);
        buffer_string(&keys->path, key);
        if (json_is_object(value) && depth < JSON_DEPTH_MAX) {
            char inner[JSON_NAME_MAX];
            ingest_join_key(inner, name, ".");
            buffer_char(&keys->path, '.');
            json_names(inner, value, keys, depth + 1);
        } else if (keys->names->count <= INGEST_COLUMNS_MAX) {
            text_map_put(keys->names, text_from(name), keys->names->count, NULL);
            if (keys->path.length >= LONG)
                note_long(keys, name);
        }
        keys->path.length = above;
    }
}

static void names_in_lines(const char *data, const char *end, struct keys *keys)
{
    for (const char *at = data; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        json_t *object = ingest_load_json(at, stop);
        if (json_is_object(object))
            json_names("", object, keys, 0);
        json_decref(object);
        at = stop + 1;
    }
}

/* Keys that are values ("user_17": 3) would make a column each, and two that were cut
 * alike one for both. */
static enum status check_json_names(const struct keys *keys, const char *name, struct error *error)
{
    enum { SHOWN = 40 }; /* bytes of a key: enough to find it by */
    const struct text_map *names = keys->names;
    if (keys->twice) {
        struct text shown = text_cut(text_from(keys->twice), SHOWN);
        return error_set(error, STATUS_LIMIT,
                         "%s has two keys that are the same in their first %d bytes, \"%.*s…\"",
                         name, JSON_NAME_MAX - 1, (int)shown.length, shown.data);
    }

    if (names->count <= INGEST_COLUMNS_MAX)
        return STATUS_OK;
    size_t last = names->count - 1;
    enum status status = error_set(
        error, STATUS_LIMIT, "%s has objects with more than %d different keys; the last is \"%s\"",
        name, INGEST_COLUMNS_MAX, names->entries[last].key.data);
    error_hint(error, "keys that are values make rows: write {\"customer\": …, \"name\": key, "
                      "\"value\": …} a line");
    return status;
}

enum status ingest_json_names(const struct ingest_source *source, struct text_map *names,
                              struct error *error)
{
    struct ingest_reader reader;
    struct ingest_block block = {0};
    struct keys keys;
    enum status status = STATUS_OK;
    keys_init(&keys, names);
    ingest_reader_init(&reader, source, 1);

    /* all of the file, not only its start: a key may come first in the last line */
    while (status == STATUS_OK) {
        status = ingest_reader_next(&reader, &block, error);
        if (status != STATUS_OK || !block.length)
            break;
        char *memory;
        struct text text = ingest_block_text(source, &block, &memory);
        names_in_lines(text.data, text.data + text.length, &keys);
        free(memory);
        status = check_json_names(&keys, source->name, error);
    }
    keys_release(&keys);
    ingest_reader_release(&reader);
    ingest_block_release(&block);
    return status;
}

static enum status sniff_json(const char *data, const char *end, const char *name,
                              const struct ingest_dialect_choice *choice, struct arena *arena,
                              struct ingest_sniff *out, struct error *error)
{
    struct text_map names;
    struct keys keys;

    text_map_init(&names);
    keys_init(&keys, &names);
    names_in_lines(data, end, &keys);
    enum status status = check_json_names(&keys, name, error);
    keys_release(&keys);
    if (status != STATUS_OK) {
        text_map_release(&names);
        return status;
    }

    /* every key of the sample is a column; one that only comes later is added when it is met */
    out->column_count = names.count;
    out->names = ARENA_ARRAY(arena, const char *, names.count);
    for (size_t i = 0; i < names.count; i++)
        out->names[i] = arena_strdup(arena, names.entries[i].key.data);
    out->evidence = base_calloc(names.count ? names.count : 1, sizeof *out->evidence);
    struct ingest_record record = {.names = &names};
    struct ingest_manner *manners = first_manners(out, names.count, choice);
    size_t skipped;
    while (ingest_split(&out->dialect, &data, end, &record, &skipped)) {
        out->records++;
        for (size_t i = 0; record.flaw == FLAW_NONE && i < record.count; i++)
            observe_field(out, i, &record.fields[i], &manners[i]);
    }

    free(manners);
    ingest_record_release(&record);
    text_map_release(&names);
    return STATUS_OK;
}

static enum status refuse(const char *name, const char *hint, struct error *error, const char *what)
{
    enum status status = error_set(error, STATUS_ERROR, "%s %s", name, what);
    error_hint(error, "%s", hint);
    return status;
}

/* Text holds hardly any control characters; NUL bytes come singly, or in long runs where
 * a file was not closed well. */
static bool is_binary(const char *data, size_t length)
{
    size_t controls = 0, runs = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)data[i];
        controls += (c < 0x20 && c && !strchr("\t\r\n\f\v\x01\x02\x1a\x1b\x1c\x1d\x1e\x1f", c)) ||
                    c == 0x7f;
        runs += c == 0 && (i == 0 || data[i - 1]);
    }
    /* one control in twenty, or NULs in more than three places and one in ten */
    return controls * 20 > length || (runs > 3 && runs * 10 > length);
}

static size_t drop_nuls(char *data, size_t length)
{
    char *nul = memchr(data, 0, length);
    if (!nul)
        return length;
    char *to = nul;
    for (const char *at = nul; at < data + length; at++)
        if (*at)
            *to++ = *at;
    return (size_t)(to - data);
}

/* The content as text without NUL bytes, or what else it is. */
static enum status check_text(char *data, size_t *length, const char *name, struct error *error)
{
    if (is_binary(data, *length))
        return refuse(name,
                      "Strata reads CSV, TSV, columns of blanks, JSON lines, XLSX and Parquet",
                      error, "is a binary file, not rows of text");

    size_t before = *length;
    *length = drop_nuls(data, *length);
    if (text_trim((struct text){data, *length}).length)
        return STATUS_OK;
    return refuse(name, "check that the export that wrote it was complete", error,
                  *length == before ? "is empty" : "holds nothing but NUL bytes");
}

/* Lone carriage returns among other line ends: files put together from several. */
static bool has_mixed_ends(const char *data, size_t length)
{
    size_t lone = 0, ends = 0;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        quoted ^= data[i] == '"';
        ends += data[i] == '\n';
        lone += data[i] == '\r' && !quoted && i + 1 < length && data[i + 1] != '\n' &&
                data[i + 1] != '\r';
    }
    return lone > 0 && ends > 0 && lone * 20 > ends; /* fewer than one in twenty are in texts */
}

/* Whole records only; quotes make a difference once the dialect is known. */
static enum status cut_sample(char *data, size_t *length,
                              const struct ingest_dialect_choice *choice, struct ingest_sniff *out,
                              const char *name, struct error *error)
{
    struct ingest_dialect *dialect = &out->dialect;

    bool newline = memchr(data, '\n', *length) != NULL;
    dialect->newline = newline || !memchr(data, '\r', *length) ? '\n' : '\r';
    if (choice && choice->newline)
        dialect->newline = choice->newline;

    /* Files put together from several have both ends, where "\r" alone must end a line too: unless
     * somebody said how lines end. */
    bool own = choice && (choice->exact || choice->newline);
    dialect->mixed = !own && dialect->newline == '\n' && has_mixed_ends(data, *length);
    for (size_t i = 0; dialect->mixed && i < *length; i++)
        if (data[i] == '\r' && !(i + 1 < *length && data[i + 1] == '\n'))
            data[i] = '\n';

    if (out->whole)
        return STATUS_OK;

    const char *last = memrchr(data, dialect->newline, *length);
    *length = last ? (size_t)(last - data) + 1 : 0;
    if (*length)
        return STATUS_OK;
    return refuse(name,
                  "a quote that is never closed is the usual reason; or it is not a file of rows",
                  error, "has a first row of more than 4 MB");
}

static enum status sniff_rows(const char *data, const char *end, const char *name,
                              const struct ingest_dialect_choice *choice, struct arena *arena,
                              struct ingest_sniff *out, struct error *error)
{
    struct ingest_dialect *dialect = &out->dialect;
    const char *start = data;

    TRY(ingest_choose_dialect(&data, end, name, choice, out, error));
    if (choice && choice->skip_said) {
        dialect->skip = choice->skip;
        data = ingest_behind_lines(start, end, choice->skip, dialect->newline);
    }

    if (!out->whole && dialect->quote) {
        size_t complete = ingest_whole_records(dialect, data, (size_t)(end - data));
        end = complete ? data + complete : end;
    }

    /* how many fields rows have is judged on whole records and below what --skip passes over */
    size_t fields, first;
    ingest_count_fields(data, end, dialect, &fields, &first);
    dialect->columns = fields;
    if (fields > INGEST_COLUMNS_MAX || first > INGEST_COLUMNS_MAX)
        return too_many_columns(fields > first ? fields : first, name, error);

    choose_numbers(data, end, choice, out);
    struct ingest_begin_choice said = {0};
    if (choice)
        said = (struct ingest_begin_choice){choice->header, choice->skip_said, choice->expected,
                                            choice->expected_count};
    struct ingest_begin begin;
    ingest_find_begin(dialect, data, end, &said, &begin);
    dialect->header = begin.header;
    dialect->rule = begin.rule;
    dialect->skip += begin.skip;
    out->look.header_reason = begin.reason;
    out->look.row_names = begin.row_names;

    if (choice && choice->exact)
        dialect->columns = 0;
    ingest_keep_passed(start, end, dialect->skip, dialect->newline, arena, &out->look);
    return observe_records(data, end, name, &begin, out, choice, arena, error);
}

static enum status sniff_text(const char *data, size_t length, const char *name,
                              const struct ingest_dialect_choice *choice, struct arena *arena,
                              struct ingest_sniff *out, struct error *error)
{
    struct ingest_dialect *dialect = &out->dialect;
    const char *end = data + length, *first = data;
    while (first < end && strchr(" \t\r\n", *first))
        first++;

    dialect->style = (struct ingest_number_style){'.', ','};
    out->look.header_reason = "";
    if (first < end && *first == '{') {
        dialect->layout = LAYOUT_JSON;
        dialect->style.groups = 0;
        return sniff_json(data, end, name, choice, arena, out, error);
    }
    if (first + 1 < end && *first == '[' && strchr("{ \r\n\t", first[1]))
        return refuse(name, "write one object a line: jq -c '.[]'", error, "is one JSON list");
    return sniff_rows(data, end, name, choice, arena, out, error);
}

/* What the bytes say in UTF-8, in memory that the caller frees. */
static enum status decode_sample(const char *data, size_t length,
                                 const struct ingest_dialect_choice *choice, struct arena *arena,
                                 struct ingest_sniff *out, char **text, size_t *text_length,
                                 struct error *error)
{
    struct ingest_dialect *dialect = &out->dialect;
    struct ingest_encoding_look look;
    TRY(ingest_find_encoding((struct text){data, length}, out->whole,
                             choice ? choice->encoding : NULL, arena, &look, error));

    dialect->encoding = look.encoding;
    dialect->encoding_said = look.said;
    out->look.encoding_sure = look.sure;
    out->look.encoding_overruled = look.overruled;
    out->look.encoding_rival = look.rival;
    memcpy(out->look.as_read, look.as_read, sizeof look.as_read);
    memcpy(out->look.as_rival, look.as_rival, sizeof look.as_rival);

    if (look.encoding)
        return ingest_decode_all(look.encoding, data, length, out->whole, text, text_length, error);

    /* UTF-8 as it is; a copy, as the caller frees what comes and changes line ends in it. */
    *text = base_malloc(length + 1);
    memcpy(*text, data, length);
    *text_length = length;
    return STATUS_OK;
}

enum status ingest_sniff_bytes(const char *data, size_t length, bool whole, const char *name,
                               const struct ingest_dialect_choice *choice, struct arena *arena,
                               struct ingest_sniff *out, struct error *error)
{
    *out = (struct ingest_sniff){.whole = whole};
    enum ingest_magic magic;
    TRY(ingest_magic_check((struct text){data, length}, name, &magic, error));
    out->parquet = magic == MAGIC_PARQUET;
    out->zip = magic == MAGIC_ZIP;
    if (magic != MAGIC_TEXT)
        return STATUS_OK;

    char *text, *start;
    TRY(decode_sample(data, length, choice, arena, out, &text, &length, error));
    start = text;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        out->dialect.bom = true;
        start += 3;
        length -= 3;
    }
    enum status status;
    TRY_GOTO(check_text(start, &length, name, error));
    TRY_GOTO(cut_sample(start, &length, choice, out, name, error));
    status = sniff_text(start, length, name, choice, arena, out, error);
done:
    free(text);
    if (status != STATUS_OK)
        ingest_sniff_release(out);
    return status;
}

enum status ingest_sniff_file(const char *path, const char *name,
                              const struct ingest_dialect_choice *choice, struct arena *arena,
                              struct ingest_sniff *out, struct error *error)
{
    struct ingest_stream *stream;
    size_t got = 0;
    char magic[2] = {0};
    *out = (struct ingest_sniff){0};
    TRY(ingest_stream_open(path, false, &stream, error));
    enum status status = ingest_stream_read(stream, magic, 2, &got, error);
    ingest_stream_close(stream);
    TRY(status);

    /* the first two bytes of RFC 1952 */
    bool gzip = got == 2 && (unsigned char)magic[0] == 0x1f && (unsigned char)magic[1] == 0x8b;
    TRY(ingest_stream_open(path, gzip, &stream, error));
    char *data = base_malloc(INGEST_SAMPLE + 1);
    TRY_GOTO(ingest_stream_read(stream, data, INGEST_SAMPLE, &got, error));
    TRY_GOTO(ingest_sniff_bytes(data, got, got < INGEST_SAMPLE, name, choice, arena, out, error));
    out->dialect.gzip = gzip;
    if (gzip && (out->zip || out->parquet))
        status =
            refuse(name, "unpack it first: gunzip -k", error, "is a packed archive inside gzip");
done:
    free(data);
    ingest_stream_close(stream);
    return status;
}

void ingest_sniff_release(struct ingest_sniff *sniff)
{
    for (size_t i = 0; sniff->evidence && i < sniff->column_count; i++)
        ingest_evidence_release(&sniff->evidence[i]);
    free(sniff->evidence);
    free(sniff->marks);
    sniff->evidence = NULL;
    sniff->marks = NULL;
}
