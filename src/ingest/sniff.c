/*
 * Every way to separate fields that is in use is tried on the first rows, and the one under which the rows agree best
 * on their number of fields wins. Only then come quotes, decimal signs, the header: each is decided by what most rows
 * say.
 */
#include "ingest/sniff.h"

#include "base/map.h"
#include "ingest/source.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TRIAL_RECORDS = 500 };

struct trial {
    struct ingest_dialect dialect;
    size_t records, fields, agreeing, header_fields, flaws;
};

static void run_trial(const char *data, const char *end, struct trial *trial)
{
    size_t *counts = base_calloc(TRIAL_RECORDS, sizeof *counts), skipped;
    struct ingest_record record = {0};
    const char *at = data;
    while (trial->records < TRIAL_RECORDS && ingest_split(&trial->dialect, &at, end, &record, &skipped)) {
        trial->flaws += record.flaw != FLAW_NONE;
        counts[trial->records++] = record.count;
    }
    trial->header_fields = trial->records ? counts[0] : 0;
    for (size_t i = 0; i < trial->records; i++) {
        size_t agreeing = 0;
        for (size_t j = 0; j < trial->records; j++)
            agreeing += counts[j] == counts[i];
        if (agreeing > trial->agreeing || (agreeing == trial->agreeing && counts[i] > trial->fields)) {
            trial->agreeing = agreeing;
            trial->fields = counts[i];
        }
    }
    ingest_record_release(&record);
    free(counts);
}

/* Agreement first, then a header that fits, then more fields. */
static double trial_score(const struct trial *trial)
{
    if (trial->records == 0 || trial->fields < 2)
        return 0;
    double agreement = (double)trial->agreeing / (double)trial->records;
    double score = agreement * agreement * 10;
    if (trial->header_fields == trial->fields || trial->header_fields == trial->fields + 1)
        score += 4;
    score += trial->fields > 30 ? 3 : (double)trial->fields / 10;
    score -= 10.0 * (double)trial->flaws / (double)trial->records;
    if (trial->dialect.delimiter == '#')
        score -= 1;
    return agreement < 0.5 ? 0 : score;
}

static size_t quoted_fields(const char *data, const char *end, char delimiter, char quote)
{
    size_t count = 0;
    for (const char *at = data; at < end && (at = memchr(at, quote, (size_t)(end - at))); at++)
        count += (at == data || at[-1] == delimiter || at[-1] == '\n') &&
                 (memchr(at + 1, quote, (size_t)(end - at - 1)) != NULL);
    return count;
}

/* Double quotes unless they make rows fall apart (TSV dumps hold them as text); single ones when nearly all rows use
 * them. */
static void choose_quote(const char *data, const char *end, struct trial *trial)
{
    struct ingest_dialect *dialect = &trial->dialect;
    dialect->quote = dialect->escape = '"';
    if (dialect->layout != LAYOUT_DELIMITED)
        return;
    size_t doubles = quoted_fields(data, end, dialect->delimiter, '"');
    size_t singles = quoted_fields(data, end, dialect->delimiter, '\'');
    if (singles > trial->records && doubles == 0) {
        dialect->quote = dialect->escape = '\'';
        return;
    }
    if (memmem(data, (size_t)(end - data), "\\\"", 2) && !memmem(data, (size_t)(end - data), "\"\"\"", 3))
        dialect->escape = '\\';
    struct trial with = {.dialect = *dialect}, without = {.dialect = *dialect};
    without.dialect.quote = 0;
    run_trial(data, end, &with);
    run_trial(data, end, &without);
    bool better = without.agreeing == without.records && with.flaws > 0;
    if (better || (dialect->delimiter == '\t' && with.flaws))
        dialect->quote = 0;
}

static void choose_delimiter(const char *data, const char *end, struct ingest_dialect *dialect)
{
    static const char candidates[] = {',', ';', '\t', '|', '#', ' '};
    struct trial best = {0};
    double best_score = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        struct trial trial = {.dialect = *dialect};
        trial.dialect.delimiter = candidates[i];
        trial.dialect.layout = candidates[i] == ' ' ? LAYOUT_SPACES : LAYOUT_DELIMITED;
        trial.dialect.quote = trial.dialect.escape = '"';
        run_trial(data, end, &trial);
        double score = trial_score(&trial);
        struct trial plain = {.dialect = trial.dialect};
        plain.dialect.quote = 0;
        if (trial.flaws)
            run_trial(data, end, &plain);
        if (trial.flaws && trial_score(&plain) - 1 > score)
            score = trial_score(&plain) - 1;
        if (candidates[i] == ' ' && best_score >= 8)
            score = 0;
        if (score > best_score) {
            best_score = score;
            best = trial;
        }
    }
    if (best_score == 0) {
        best.dialect = *dialect;
        best.dialect.delimiter = ',';
        best.dialect.layout = LAYOUT_DELIMITED;
    }
    choose_quote(data, end, &best);
    *dialect = best.dialect;
}

/* What the first rows say about how each column writes its numbers; and the file as a whole. */
static void choose_numbers(const char *data, const char *end, const struct ingest_dialect_choice *choice,
                           struct ingest_sniff *out)
{
    struct ingest_dialect *dialect = &out->dialect;
    struct ingest_record record = {0};
    struct ingest_marks file = {{0}};
    size_t skipped, room = 0;
    for (size_t n = 0; n < 10 * TRIAL_RECORDS && ingest_split(dialect, &data, end, &record, &skipped); n++) {
        if (record.count > room) {
            out->marks = base_realloc(out->marks, record.count * sizeof *out->marks);
            memset(out->marks + room, 0, (record.count - room) * sizeof *out->marks);
            room = record.count;
        }
        for (size_t i = 0; i < record.count; i++) {
            struct text field = ingest_trim((struct text){record.fields[i].data, record.fields[i].length});
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
    out->marked = room;
}

/* How to look at column i before all its rows are known. */
static struct ingest_manner first_manner(const struct ingest_sniff *sniff, size_t i,
                                         const struct ingest_dialect_choice *choice)
{
    static const struct ingest_marks none = {{0}};
    struct ingest_manner manner = {.style = sniff->dialect.style, .missing = ingest_missing_default()};
    if (choice && choice->missing)
        manner.missing = choice->missing;
    struct ingest_style_choice style =
        ingest_choose_style(i < sniff->marked ? &sniff->marks[i] : &none, &sniff->file_marks, sniff->dialect.delimiter,
                            choice ? choice->point : 0, 0);
    manner.style = (struct ingest_number_style){style.point, style.point == ',' ? '.' : ','};
    return manner;
}

static void observe_field(struct ingest_sniff *out, size_t i, const struct ingest_field *field,
                          const struct ingest_manner *manner)
{
    struct ingest_reading reading;
    reading.number.marks = 0;
    ingest_observe(&out->evidence[i], ingest_trim((struct text){field->data, field->length}), manner, out->records,
                   &reading);
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

/* A first row is a header when it reads like names: no numbers, no dates, no two alike, and not found again as values.
 */
static bool looks_like_header(const char *data, const char *end, const struct ingest_dialect *dialect)
{
    struct ingest_record record = {0};
    struct text_map names;
    size_t skipped;
    text_map_init(&names);
    bool header = ingest_split(dialect, &data, end, &record, &skipped), is_new;
    size_t named = 0, fields = record.count;
    for (size_t i = 0; header && i < record.count; i++) {
        struct text field = {record.fields[i].data, record.fields[i].length};
        struct ingest_number number;
        struct ingest_moment moment;
        enum ingest_form form = ingest_classify(field, dialect->style, &number);
        if (form != FORM_UNKNOWN && form != FORM_TEXT)
            header = false;
        if (form == FORM_TEXT && ingest_parse_moment(field, DATE_FORMATS, &moment))
            header = false;
        if (form == FORM_TEXT && field.length > 1 && *field.data == '0')
            header = false;
        if (form == FORM_TEXT) {
            named++;
            text_map_put(&names, field, i, &is_new);
            header &= is_new;
        }
    }
    header &= named * 2 > fields;
    size_t again = 0, rows = 0;
    while (header && rows < TRIAL_RECORDS && ingest_split(dialect, &data, end, &record, &skipped)) {
        rows++;
        for (size_t i = 0; i < record.count; i++) {
            struct text field = {record.fields[i].data, record.fields[i].length};
            const struct text_map_entry *entry = text_map_find(&names, field);
            again += entry && (fields > 1 ? entry->value == i : true);
        }
        header &= again <= rows / 50;
    }
    ingest_record_release(&record);
    text_map_release(&names);
    return header;
}

static void set_names(const struct ingest_record *record, size_t columns, bool header, struct arena *arena,
                      struct ingest_sniff *out)
{
    out->names = ARENA_ARRAY(arena, const char *, columns);
    for (size_t i = 0; i < columns; i++) {
        struct text name = {"", 0};
        if (header && i < record->count)
            name = text_trim((struct text){record->fields[i].data, record->fields[i].length});
        out->names[i] = name.length ? arena_strndup(arena, name.data, name.length < 256 ? name.length : 256) : "";
    }
    out->column_count = columns;
}

static enum status too_many_columns(size_t count, const char *name, struct error *error)
{
    enum status status =
        error_set(error, STATUS_ERROR, "%s has %zu columns; Strata reads at most %d", name, count, INGEST_COLUMNS_MAX);
    error_hint(error, "make rows of them: customer, name, value");
    return status;
}

static enum status observe_records(const char *data, const char *end, const char *name, struct ingest_sniff *out,
                                   const struct ingest_dialect_choice *choice, struct arena *arena,
                                   struct error *error)
{
    struct ingest_record record = {0};
    const struct ingest_dialect *dialect = &out->dialect;
    size_t skipped;
    const char *at = data;
    ingest_split(dialect, &at, end, &record, &skipped);
    struct trial trial = {.dialect = *dialect};
    run_trial(data, end, &trial);
    size_t columns = dialect->header || record.count > trial.fields ? record.count : trial.fields;
    if (columns > INGEST_COLUMNS_MAX) {
        ingest_record_release(&record);
        return too_many_columns(columns, name, error);
    }
    set_names(&record, columns, dialect->header, arena, out);
    out->evidence = base_calloc(columns ? columns : 1, sizeof *out->evidence);
    if (!dialect->header)
        at = data;
    struct ingest_manner *manners = first_manners(out, columns, choice);
    while (ingest_split(dialect, &at, end, &record, &skipped)) {
        out->records++;
        for (size_t i = 0; i < columns && i < record.count; i++)
            observe_field(out, i, &record.fields[i], &manners[i]);
    }
    free(manners);
    ingest_record_release(&record);
    return STATUS_OK;
}

static void json_names(const char *prefix, json_t *object, struct text_map *names, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char name[JSON_NAME_MAX];
        ingest_join_key(name, prefix, key);
        if (json_is_object(value) && depth < JSON_DEPTH_MAX) {
            char inner[JSON_NAME_MAX];
            ingest_join_key(inner, name, ".");
            json_names(inner, value, names, depth + 1);
        } else if (names->count < INGEST_COLUMNS_MAX) {
            text_map_put(names, text_from(name), names->count, NULL);
        }
    }
}

static void names_in_lines(const char *data, const char *end, struct text_map *names)
{
    for (const char *at = data; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        json_t *object = json_loadb(at, (size_t)(stop - at), 0, NULL);
        if (json_is_object(object))
            json_names("", object, names, 0);
        json_decref(object);
        at = stop + 1;
    }
}

enum status ingest_json_names(const struct ingest_source *source, struct text_map *names, struct error *error)
{
    struct ingest_reader reader;
    struct ingest_block block = {0};
    enum status status;
    ingest_reader_init(&reader, source, 1);
    while ((status = ingest_reader_next(&reader, &block, error)) == STATUS_OK && block.length)
        names_in_lines(block.data, block.data + block.length, names);
    ingest_reader_release(&reader);
    ingest_block_release(&block);
    return status;
}

static enum status sniff_json(const char *data, const char *end, const struct ingest_dialect_choice *choice,
                              struct arena *arena, struct ingest_sniff *out)
{
    struct text_map names;
    text_map_init(&names);
    names_in_lines(data, end, &names);
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

static enum status check_bytes(const char *data, size_t length, const char *name, struct error *error)
{
    if (length >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        return refuse(name, "convert it first: iconv -f UTF-16 -t UTF-8", error, "is written in UTF-16");
    if (length >= 4 && memcmp(data, "PK\3\4", 4) == 0)
        return refuse(name, "unpack it, or save the spreadsheet as CSV", error, "is a ZIP archive or a spreadsheet");
    if (memchr(data, 0, length))
        return refuse(name, "Strata reads CSV, TSV, columns of blanks, JSON lines and Parquet", error,
                      "is a binary file, not rows of text");
    struct text left = text_trim((struct text){data, length});
    if (left.length == 0)
        return refuse(name, "check that the export that wrote it was complete", error, "is empty");
    return STATUS_OK;
}

static size_t drop_partial(const char *data, size_t length, char newline)
{
    const char *last = memrchr(data, newline, length);
    return last ? (size_t)(last - data) + 1 : 0;
}

/* Whole records only; quotes make a difference once the dialect is known. */
static enum status cut_sample(const char *data, size_t *length, bool whole, struct ingest_sniff *out, const char *name,
                              struct error *error)
{
    bool newline = memchr(data, '\n', *length) != NULL;
    out->dialect.newline = newline || !memchr(data, '\r', *length) ? '\n' : '\r';
    if (whole)
        return STATUS_OK;
    *length = drop_partial(data, *length, out->dialect.newline);
    if (*length)
        return STATUS_OK;
    return refuse(name, "a quote that is never closed is the usual reason; or it is not a file of rows", error,
                  "has a first row of more than 4 MB");
}

static void apply_choice(const struct ingest_dialect_choice *choice, struct ingest_dialect *dialect)
{
    if (choice && choice->delimiter) {
        dialect->delimiter = choice->delimiter;
        dialect->layout = choice->delimiter == ' ' ? LAYOUT_SPACES : LAYOUT_DELIMITED;
        dialect->quote = dialect->escape = '"';
    }
}

static enum status sniff_text(const char *data, size_t length, bool whole, const char *name,
                              const struct ingest_dialect_choice *choice, struct arena *arena, struct ingest_sniff *out,
                              struct error *error)
{
    struct ingest_dialect *dialect = &out->dialect;
    const char *end = data + length;
    const char *first = data;
    while (first < end && strchr(" \t\r\n", *first))
        first++;
    dialect->style = (struct ingest_number_style){'.', ','};
    if (*first == '{') {
        dialect->layout = LAYOUT_JSON;
        dialect->style.groups = 0;
        return sniff_json(data, end, choice, arena, out);
    }
    if (*first == '[' && first + 1 < end && strchr("{ \r\n\t", first[1]))
        return refuse(name, "write one object a line: jq -c '.[]'", error, "is one JSON list");
    if (choice && choice->delimiter)
        apply_choice(choice, dialect);
    else
        choose_delimiter(data, end, dialect);
    if (!whole && dialect->quote) {
        size_t complete = ingest_whole_records(dialect, data, length);
        end = complete ? data + complete : end;
    }
    choose_numbers(data, end, choice, out);
    dialect->header = choice && choice->header ? choice->header > 0 : looks_like_header(data, end, dialect);
    return observe_records(data, end, name, out, choice, arena, error);
}

enum status ingest_sniff_bytes(const char *data, size_t length, bool whole, const char *name,
                               const struct ingest_dialect_choice *choice, struct arena *arena,
                               struct ingest_sniff *out, struct error *error)
{
    *out = (struct ingest_sniff){.whole = whole};
    if (length >= 4 && memcmp(data, "PAR1", 4) == 0) {
        out->parquet = true;
        return STATUS_OK;
    }
    TRY(check_bytes(data, length, name, error));
    if (length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        out->dialect.bom = true;
        data += 3;
        length -= 3;
    }
    TRY(cut_sample(data, &length, whole, out, name, error));
    bool utf8 = text_valid_utf8((struct text){data, length});
    if (choice && choice->encoding)
        utf8 = choice->encoding == 1;
    out->dialect.encoding = utf8 ? ENCODING_UTF8 : ENCODING_LATIN1;
    char *converted = NULL;
    if (!utf8) {
        converted = base_malloc(3 * length + 1);
        length = ingest_to_utf8(data, length, converted);
        data = converted;
    }
    enum status status = sniff_text(data, length, whole, name, choice, arena, out, error);
    free(converted);
    if (status != STATUS_OK)
        ingest_sniff_release(out);
    return status;
}

enum status ingest_sniff_file(const char *path, const char *name, const struct ingest_dialect_choice *choice,
                              struct arena *arena, struct ingest_sniff *out, struct error *error)
{
    struct ingest_stream *stream;
    size_t got = 0;
    char magic[2] = {0};
    *out = (struct ingest_sniff){0};
    TRY(ingest_stream_open(path, false, &stream, error));
    enum status status = ingest_stream_read(stream, magic, 2, &got, error);
    ingest_stream_close(stream);
    TRY(status);
    bool gzip = got == 2 && (unsigned char)magic[0] == 0x1f && (unsigned char)magic[1] == 0x8b;
    TRY(ingest_stream_open(path, gzip, &stream, error));
    char *data = base_malloc(INGEST_SAMPLE + 1);
    TRY_GOTO(ingest_stream_read(stream, data, INGEST_SAMPLE, &got, error));
    TRY_GOTO(ingest_sniff_bytes(data, got, got < INGEST_SAMPLE, name, choice, arena, out, error));
    out->dialect.gzip = gzip;
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
