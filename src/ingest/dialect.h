/*
 * Dialects: how a file is written, and how its bytes become records and fields. A block
 * of bytes that ends at the end of a record is split without looking at any other block,
 * so blocks can be split by several threads.
 */
#ifndef STRATA_INGEST_DIALECT_H
#define STRATA_INGEST_DIALECT_H

#include "ingest/encoding.h"
#include "ingest/value.h"

enum ingest_layout {
    LAYOUT_DELIMITED,
    LAYOUT_SPACES, /* runs of blanks separate fields; blanks at both ends mean nothing */
    LAYOUT_JSON,   /* one object a line */
    LAYOUTS,
};

struct ingest_dialect {
    enum ingest_layout layout;
    const struct ingest_encoding *encoding; /* NULL: UTF-8 */
    bool encoding_said; /* by an option or a mark in the file, so evidence does not change it */
    bool bom, gzip, header;
    bool mixed; /* a lone carriage return ends a line, too */
    char delimiter;
    char quote;   /* 0: quotes mean nothing */
    char escape;  /* inside quotes; the quote itself when it is doubled */
    char newline; /* '\n', '\r' in files of old Macintoshes, INGEST_ROW_END in spooled spreadsheets
                   */
    struct ingest_number_style style;

    /* What stands around the rows. */
    uint32_t skip;   /* lines before the header or the first row: titles, comments, "sep=;" */
    uint32_t rule;   /* lines between the header and the first row that only underline it */
    size_t columns;  /* fields of an ordinary row, 0 when not known */
    uint64_t filled; /* bit i: column i (of the first 64) is hardly ever empty in the sample */
    bool sum_row;    /* the last row holds the sums of those above: found in the whole content */
};

/* Ends the rows of spooled spreadsheets, so that line numbers are the sheet's row numbers
 * whatever cells hold. */
#define INGEST_ROW_END '\x1e'

const char *ingest_layout_name(enum ingest_layout layout);
/* "comma", "semicolon", "tab", …, or the character itself. out has 16 bytes. */
char *ingest_delimiter_name(char delimiter, char *out);

struct ingest_field {
    const char *data; /* trimmed of white space unless quoted */
    size_t length;
    bool quoted;
};

enum ingest_flaw {
    FLAW_NONE,
    FLAW_QUOTE, /* text behind a closing quote */
    FLAW_OPEN, /* a quote is opened and not closed: the record is the one line in which it stands */
    FLAW_JSON, /* not an object, or not JSON */
};

/* The fields of one record, and the memory for those that had to be unescaped. Zero is
 * ready for use. */
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
void ingest_join_key(char out[JSON_NAME_MAX], const char *prefix, const char *key);

/* The JSON value between at and end, in which every number is the text it was written as,
 * so that no digit is lost and none is too large; NULL for what is not JSON. The caller
 * gives it back with json_decref. */
struct json_t;
struct json_t *ingest_load_json(const char *at, const char *end);

/* Splits the record at *at (before end, which is the end of a record) and moves *at
 * behind it. False when only empty lines are left; *lines (may be NULL) counts the lines
 * skipped and taken. */
bool ingest_split(const struct ingest_dialect *dialect, const char **at, const char *end,
                  struct ingest_record *record, size_t *skipped);
/* A record of separators alone. */
bool ingest_is_blank(const struct ingest_record *record);
/* How many of the first length bytes at data, which starts a record, are whole records. */
size_t ingest_whole_records(const struct ingest_dialect *dialect, const char *data, size_t length);

#endif
