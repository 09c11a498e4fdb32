/*
 * The first look at a file: how it is written, what its columns are called, and what
 * their first values say.
 */
#ifndef STRATA_INGEST_SNIFF_H
#define STRATA_INGEST_SNIFF_H

#include "ingest/column.h"

/* What the first look found out beside the dialect, and why: for whoever tells people.
 * Strings live in the arena. */
struct ingest_look {
    const char *header_reason; /* ends "line 4 is the header: …" or "there is no header: …"; "" when
                                  there is nothing */
    /* the lines before the header, cut at 120 bytes; blank ones are left out */
    const char **passed;
    size_t passed_count;
    uint32_t labels;         /* records below the header that say once more what the columns are */
    const char *label;       /* the beginning of the first of them, NULL without one */
    const char *header_line; /* the header as it stands there, in UTF-8; NULL without one */
    bool decimal_commas;     /* numbers show them */
    bool sep_line;           /* a line "sep=;" said what stands between fields */
    bool row_names;          /* the header lacks a name for its first column */
    int encoding_sure;       /* 0…100 */
    bool encoding_overruled; /* what --encoding or the mapping says is another than the byte order
                                mark does */
    const char *encoding_rival; /* another encoding that is nearly as likely, or NULL */
    /* texts as they are read, where the encoding was guessed; NULL for none */
    const char *as_read[2];
    const char *as_rival[2];   /* the same as the rival has it */
    const char *sheet;         /* of a spreadsheet: the one that is read */
    const char *const *sheets; /* all of them */
    size_t sheet_count;
};

struct ingest_sniff {
    struct ingest_dialect dialect;
    struct ingest_look look;
    bool parquet, zip; /* nothing else is known */
    const char **names;
    struct ingest_marks *marks; /* likewise, released there, too */
    /* of the records in the sample, by column; release with ingest_sniff_release */
    struct ingest_evidence *evidence;
    struct ingest_marks file_marks; /* of all columns, of the first records */
    size_t marked;                  /* how many columns marks has */
    size_t column_count, records;
    bool whole; /* the sample is the whole content */
};

/* What a mapping file settles; a field that is 0 is found out. */
struct ingest_dialect_choice {
    char delimiter; /* ' ' means runs of blanks */
    char point;
    int header;           /* 1 yes, −1 no */
    const char *encoding; /* a name that ingest_encoding_open knows, or NULL */
    char newline;         /* INGEST_ROW_END for spooled spreadsheets */
    bool exact;           /* written by Strata itself: nothing but a header and rows */
    bool skip_said;       /* `skip` lines stand before the header, and nothing else does */
    uint32_t skip;
    const char *const *expected; /* columns that options name */
    size_t expected_count;
    const struct ingest_missing *missing; /* words for no value; NULL: the default ones */
};

/* Looks at data, the first bytes of a file's content (unpacked). whole: they are all
 * there are. name is for messages. choice may be NULL. Names live in arena. STATUS_ERROR
 * for what is empty or not a file of rows. */
enum status ingest_sniff_bytes(const char *data, size_t length, bool whole, const char *name,
                               const struct ingest_dialect_choice *choice, struct arena *arena,
                               struct ingest_sniff *out, struct error *error);
/* Opens path, unpacks, and looks. */
enum status ingest_sniff_file(const char *path, const char *name,
                              const struct ingest_dialect_choice *choice, struct arena *arena,
                              struct ingest_sniff *out, struct error *error);
/* All keys of all objects of a source of JSON lines, in order of first appearance: key → index. */
struct ingest_source;
struct text_map;
enum status ingest_json_names(const struct ingest_source *source, struct text_map *names,
                              struct error *error);
void ingest_sniff_release(struct ingest_sniff *sniff);

#endif
