/*
 * Dialects: how a file is written, and how its bytes become records and fields. A block of bytes that ends at the end
 * of a record is split without looking at any other block, so blocks can be split by several threads.
 */
#ifndef STRATA_INGEST_DIALECT_H
#define STRATA_INGEST_DIALECT_H

#include "ingest/value.h"

enum ingest_layout {
    LAYOUT_DELIMITED,
    LAYOUT_SPACES, /* runs of blanks separate fields; blanks at both ends mean nothing */
    LAYOUT_JSON,   /* one object a line */
    LAYOUTS,
};

enum ingest_encoding { ENCODING_UTF8, ENCODING_LATIN1, ENCODINGS };

struct ingest_dialect {
    enum ingest_layout layout;
    enum ingest_encoding encoding; /* Latin-1 with the additions of Windows-1252 */
    bool bom, gzip, header;
    char delimiter;
    char quote;   /* 0: quotes mean nothing */
    char escape;  /* inside quotes; the quote itself when it is doubled */
    char newline; /* '\n', or '\r' in files of old Macintoshes */
    struct ingest_number_style style;
};

const char *ingest_layout_name(enum ingest_layout layout);
const char *ingest_encoding_name(enum ingest_encoding encoding);
/* "comma", "semicolon", "tab", …, or the character itself. out has 16 bytes. */
char *ingest_delimiter_name(char delimiter, char *out);

struct ingest_field {
    const char *data; /* trimmed of white space unless quoted */
    size_t length;
    bool quoted;
};

enum ingest_flaw {
    FLAW_NONE,
    FLAW_QUOTE, /* text behind a closing quote, or no closing quote */
    FLAW_JSON,  /* not an object, or not JSON */
};

/* The fields of one record, and the memory for those that had to be unescaped. Zero is ready for use. */
struct ingest_record {
    struct ingest_field *fields;
    size_t count, capacity;
    const char *line; /* the record's bytes without its line end */
    size_t length;
    size_t lines; /* how many lines it spans */
    enum ingest_flaw flaw;
    char *scratch;
    size_t scratch_used, scratch_capacity;
    struct text_map *names; /* LAYOUT_JSON: key → index of field; others are left out and counted */
    size_t unnamed;         /* LAYOUT_JSON: keys of this record that names does not hold */
};
void ingest_record_release(struct ingest_record *record);

/* Names of nested JSON values are joined with points and cut at this length. */
enum { JSON_NAME_MAX = 512, JSON_DEPTH_MAX = 8 };
static inline void ingest_join_key(char out[JSON_NAME_MAX], const char *prefix, const char *key)
{
    size_t used = 0;
    for (; *prefix && used < JSON_NAME_MAX - 1; prefix++)
        out[used++] = *prefix;
    for (; *key && used < JSON_NAME_MAX - 1; key++)
        out[used++] = *key;
    out[used] = 0;
}

/* Splits the record at *at (before end, which is the end of a record) and moves *at behind it. False when only empty
 * lines are left; *lines (may be NULL) counts the lines skipped and taken. */
bool ingest_split(const struct ingest_dialect *dialect, const char **at, const char *end, struct ingest_record *record,
                  size_t *skipped);
/* How many of the first length bytes at data, which starts a record, are whole records. */
size_t ingest_whole_records(const struct ingest_dialect *dialect, const char *data, size_t length);
/* Windows-1252 to UTF-8: out has room for 3 × length bytes; returns the bytes written. */
size_t ingest_to_utf8(const char *data, size_t length, char *out);

#endif
