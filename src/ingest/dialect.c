/*
 * Splitting bytes into records and fields. Quotes follow RFC 4180 as far as files do: a quote
 * opens only at the start of a field, and what goes wrong behind one costs its line and no more.
 * The two readers here must agree to the byte: ingest_whole_records, which only looks for the end
 * of the last record, and ingest_split, which takes it apart.
 */
#include "ingest/dialect.h"

#include "base/map.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *ingest_layout_name(enum ingest_layout layout)
{
    static const char *const names[LAYOUTS] = {"delimited", "spaces", "json-lines"};
    return names[layout];
}

char *ingest_delimiter_name(char delimiter, char *out)
{
    static const struct {
        char delimiter;
        const char *name;
    } names[] = {{',', "comma"}, {';', "semicolon"}, {'\t', "tab"},    {'|', "bar"},
                 {'#', "#"},     {' ', "space"},     {1, "control-A"}, {0x1f, "unit separator"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].delimiter == delimiter)
            return strcpy(out, names[i].name);
    out[0] = delimiter;
    out[1] = 0;
    return out;
}

void ingest_record_release(struct ingest_record *record)
{
    free(record->fields);
    free(record->scratch);
    record->fields = NULL;
    record->scratch = NULL;
    record->count = record->capacity = record->scratch_used = record->scratch_capacity = 0;
}

static struct ingest_field *add_field(struct ingest_record *record)
{
    if (record->count == record->capacity) {
        record->capacity = record->capacity ? record->capacity * 2 : 32;
        record->fields = base_realloc(record->fields, record->capacity * sizeof *record->fields);
    }
    return &record->fields[record->count++];
}

/* Room for what the rest of the block may need; grows only while no field of this record
 * points into it. */
static char *scratch_room(struct ingest_record *record, size_t length)
{
    if (record->scratch_capacity - record->scratch_used < length) {
        ENSURE(record->scratch_used == 0);
        record->scratch_capacity = length;
        record->scratch = base_realloc(record->scratch, length);
    }
    return record->scratch + record->scratch_used;
}

static inline bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static void set_trimmed(struct ingest_field *field, const char *start, const char *end)
{
    while (start < end && blank(*start))
        start++;
    while (end > start && (blank(end[-1]) || end[-1] == '\r'))
        end--;
    *field = (struct ingest_field){start, (size_t)(end - start), false};
}

/* The closing quote of a field whose text starts at `at`, or NULL; *escapes says whether
 * it holds escaped quotes. */
static const char *closing_quote(const struct ingest_dialect *dialect, const char *at,
                                 const char *end, bool *escapes)
{
    *escapes = false;
    if (dialect->escape == dialect->quote) {
        for (;;) {
            at = memchr(at, dialect->quote, (size_t)(end - at));
            if (!at || at + 1 >= end || at[1] != dialect->quote)
                return at;
            *escapes = true;
            at += 2; /* a quote written twice stands for one */
        }
    }
    for (; at < end; at++) {
        if (*at == dialect->quote)
            return at;
        if (*at == dialect->escape) {
            *escapes = true;
            at++;
        }
    }
    return NULL;
}

static void unescape(const struct ingest_dialect *dialect, struct ingest_record *record,
                     const char *start, const char *close, const char *end,
                     struct ingest_field *field)
{
    char *out = scratch_room(record, (size_t)(end - start)), *to = out;
    for (const char *at = start; at < close; at++) {
        if (*at == dialect->escape && at + 1 < close)
            at++;
        *to++ = *at;
    }
    record->scratch_used += (size_t)(to - out);
    *field = (struct ingest_field){out, (size_t)(to - out), true};
}

/* One quoted field; returns where the text behind its closing quote starts. */
static const char *split_quoted(const struct ingest_dialect *dialect, const char *at,
                                const char *end, struct ingest_record *record)
{
    bool escapes;
    const char *start = at + 1, *close = closing_quote(dialect, start, end, &escapes);
    struct ingest_field *field = add_field(record);

    if (!close) {
        record->flaw = FLAW_OPEN;
        *field = (struct ingest_field){start, (size_t)(end - start), true};
        return end;
    }

    *field = (struct ingest_field){start, (size_t)(close - start), true};
    if (escapes)
        unescape(dialect, record, start, close, end, field);

    /* Line ends inside a field count for the line numbers that people are told. */
    for (const char *c = start; c < close && (c = memchr(c, dialect->newline, (size_t)(close - c)));
         c++)
        record->lines++;

    /* Blanks behind the closing quote are nobody's; anything else means that the quote did not
     * close the field. */
    at = close + 1;
    while (at < end && (blank(*at) || *at == '\r') && *at != dialect->delimiter &&
           *at != dialect->newline)
        at++;
    if (at < end && *at != dialect->delimiter && *at != dialect->newline)
        record->flaw = FLAW_QUOTE;
    return at;
}

static const char *split_delimited(const struct ingest_dialect *dialect, const char *at,
                                   const char *end, struct ingest_record *record)
{
    const char delimiter = dialect->delimiter, newline = dialect->newline, quote = dialect->quote;
    for (;;) {
        /* each field once: a quoted one is cut before the delimiter behind it is looked for */
        if (quote && at < end && *at == quote)
            at = split_quoted(dialect, at, end, record);
        else
            add_field(record)->data = NULL;
        const char *start = at;
        while (at < end && *at != delimiter && *at != newline)
            at++;

        struct ingest_field *field = &record->fields[record->count - 1];
        if (!field->data)
            set_trimmed(field, start, at);
        if (at == end || *at == newline)
            return at;
        at++;
    }
}

static void split_spaces(const char *at, const char *end, struct ingest_record *record)
{
    for (;;) {
        while (at < end && (blank(*at) || *at == '\r'))
            at++;
        if (at == end)
            return;
        const char *start = at;
        while (at < end && !blank(*at) && *at != '\r')
            at++;
        *add_field(record) = (struct ingest_field){start, (size_t)(at - start), false};
    }
}

/* JSON lines */

enum {
    DOUBLE_DIGITS = 17, /* every double reads back from so many (IEEE 754) */
    JSON_SPARE = 256,   /* bytes: room for the shortest lines */
};

static void keep_text(struct ingest_record *record, struct ingest_field *field, const char *text,
                      size_t length)
{
    char *out = scratch_room(record, length);
    memcpy(out, text, length);
    record->scratch_used += length;
    *field = (struct ingest_field){out, length, true};
}

/* A list is handed on as its JSON text; the same text as the file's, but for white space. */
static void keep_scalar(struct ingest_record *record, struct ingest_field *field,
                        const json_t *value)
{
    if (json_is_string(value)) {
        keep_text(record, field, json_string_value(value), json_string_length(value));
        return;
    }
    if (json_is_null(value))
        return;
    char *text =
        json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(DOUBLE_DIGITS));
    if (text)
        keep_text(record, field, text, strlen(text));
    free(text);
}

void ingest_join_key(char out[JSON_NAME_MAX], const char *prefix, const char *key)
{
    struct text first = text_cut(text_from(prefix), JSON_NAME_MAX - 1);
    struct text rest = text_cut(text_from(key), JSON_NAME_MAX - 1 - first.length);
    memcpy(out, first.data, first.length);
    memcpy(out + first.length, rest.data, rest.length);
    out[first.length + rest.length] = 0;
}

static void json_fields(struct ingest_record *record, json_t *object, const char *prefix, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char name[JSON_NAME_MAX];
        ingest_join_key(name, prefix, key);

        /* below the greatest depth an object is kept as its JSON, like a list */
        if (json_is_object(value) && depth < JSON_DEPTH_MAX) {
            char inner[JSON_NAME_MAX];
            ingest_join_key(inner, name, ".");
            json_fields(record, value, inner, depth + 1);
            continue;
        }
        const struct text_map_entry *entry = text_map_find(record->names, text_from(name));
        if (!entry)
            record->unnamed++;
        else
            keep_scalar(record, &record->fields[entry->value], value);
    }
}

/*
 * Numbers keep their digits as written, so that 12.10 stays money: jansson would read a
 * double. Every number outside a string is put between quotes before parsing.
 */
static size_t quote_numbers(const char *at, const char *end, char *out)
{
    char *to = out;
    bool inside = false;

    while (at < end) {
        char c = *at;
        if (inside) {
            if (c == '\\' && at + 1 < end)
                *to++ = *at++;
            else if (c == '"')
                inside = false;
            *to++ = *at++;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            *to++ = '"';
            while (at < end && *at && strchr("+-.0123456789eE", *at))
                *to++ = *at++;
            *to++ = '"';
        } else {
            inside = c == '"';
            *to++ = *at++;
        }
    }

    return (size_t)(to - out);
}

json_t *ingest_load_json(const char *at, const char *end)
{
    char *quoted = base_malloc(3 * (size_t)(end - at) + 1);
    /* at worst every other byte is a number of one digit, which takes three */
    size_t used = quote_numbers(at, end, quoted);
    json_t *value = json_loadb(quoted, used, 0, NULL);
    free(quoted);
    return value;
}

/* Every field's text is at most as long as the line with its numbers quoted. */
static void split_json(const char *at, const char *end, struct ingest_record *record)
{
    size_t length = (size_t)(end - at);
    scratch_room(record, 4 * length + JSON_SPARE);
    for (size_t i = 0; i < record->names->count; i++)
        *add_field(record) = (struct ingest_field){"", 0, false};
    json_t *object = ingest_load_json(at, end);
    if (!json_is_object(object))
        record->flaw = FLAW_JSON;
    else
        json_fields(record, object, "", 0);
    json_decref(object);
}

/*
 * A quote that is not closed would swallow the rows up to the next quote, or to the end.
 * Such a record is one flawed line; what follows is split as if nothing had been opened.
 */
static const char *keep_first_line(const struct ingest_dialect *dialect, const char *start,
                                   const char *stop, struct ingest_record *record)
{
    const char *newline = memchr(start, dialect->newline, (size_t)(stop - start));
    if (!newline)
        return stop;
    record->flaw = FLAW_OPEN;
    record->lines = 1;
    record->count = 0;
    *add_field(record) = (struct ingest_field){start, (size_t)(newline - start), false};
    return newline;
}

bool ingest_split(const struct ingest_dialect *dialect, const char **at, const char *end,
                  struct ingest_record *record, size_t *skipped)
{
    const char *start = *at;
    *skipped = 0;
    while (start < end && (*start == dialect->newline ||
                           (*start == '\r' && start + 1 < end && start[1] == '\n'))) {
        *skipped += *start == dialect->newline;
        start++;
    }

    if (start >= end)
        return false;

    record->count = record->scratch_used = record->unnamed = 0;
    record->lines = 1;
    record->flaw = FLAW_NONE;
    record->line = start;
    const char *stop;

    if (dialect->layout == LAYOUT_DELIMITED) {
        stop = split_delimited(dialect, start, end, record);
        if (record->flaw != FLAW_NONE) /* a quote gone wrong costs its line and not those behind */
            stop = keep_first_line(dialect, start, stop, record);
    } else {
        stop = memchr(start, dialect->newline, (size_t)(end - start));
        stop = stop ? stop : end;
        if (dialect->layout == LAYOUT_SPACES)
            split_spaces(start, stop, record);
        else
            split_json(start, stop, record);
    }

    record->length = (size_t)(stop - start);
    if (record->length && start[record->length - 1] == '\r')
        record->length--;
    *at = stop < end ? stop + 1 : end;
    return true;
}

/* Only a quote at the start of a field opens one, as in split_delimited. */
static bool opens(const struct ingest_dialect *dialect, const char *data, const char *quote)
{
    return quote == data || quote[-1] == dialect->delimiter || quote[-1] == dialect->newline;
}

/* Whether text stands between a closing quote and what ends its field; not when the data
 * end before one can tell. */
static bool text_behind(const struct ingest_dialect *dialect, const char *close, const char *end)
{
    const char *at = close + 1;
    while (at < end && (blank(*at) || *at == '\r') && *at != dialect->delimiter &&
           *at != dialect->newline)
        at++;
    return at < end && *at != dialect->delimiter && *at != dialect->newline;
}

/* The same records as ingest_split finds, a flawed one of several lines being its first
 * line only. */
size_t ingest_whole_records(const struct ingest_dialect *dialect, const char *data, size_t length)
{
    const char *at = data, *end = data + length, *start = data;

    bool flawed = false;

    for (;;) {
        /* Whole lines are jumped over up to the next quote: where there is none, which is most
         * files, two searches through memory do for the block. */
        const char *quote = NULL;
        if (dialect->layout == LAYOUT_DELIMITED && dialect->quote && at < end)
            quote = memchr(at, dialect->quote, (size_t)(end - at));
        const char *stop = quote ? quote : end;
        const char *newline = at < stop ? memrchr(at, dialect->newline, (size_t)(stop - at)) : NULL;
        if (newline) {
            start = newline + 1;
            flawed = false;
        }

        if (!quote)
            return (size_t)(start - data);
        at = quote + 1;
        if (!opens(dialect, data, quote))
            continue;

        bool escapes;
        const char *close = closing_quote(dialect, at, end, &escapes);
        if (!close)
            return (size_t)(start - data);
        at = close + 1;
        if (at == end) /* the next byte may be a second quote */
            return (size_t)(start - data);

        /* the record is flawed: it is its first line, and what follows is read as if no quote had
         * been */
        flawed |= text_behind(dialect, close, end);
        const char *first =
            flawed ? memchr(start, dialect->newline, (size_t)(close - start)) : NULL;
        if (first) {
            at = start = first + 1;
            flawed = false;
        }
    }
}

bool ingest_is_blank(const struct ingest_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->fields[i].length)
            return false;
    return true;
}
