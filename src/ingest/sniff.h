/*
 * The first look at a file: how it is written, what its columns are called, and what their first values say.
 */
#ifndef STRATA_INGEST_SNIFF_H
#define STRATA_INGEST_SNIFF_H

#include "ingest/column.h"

struct ingest_sniff {
    struct ingest_dialect dialect;
    bool parquet; /* nothing else is known */
    const char **names;
    struct ingest_marks *marks;       /* likewise, released there, too */
    struct ingest_evidence *evidence; /* of the records in the sample, by column; release with ingest_sniff_release */
    struct ingest_marks file_marks;   /* of all columns, of the first records */
    size_t marked;                    /* how many columns marks has */
    size_t column_count, records;
    bool whole; /* the sample is the whole content */
};

/* What a mapping file settles; a field that is 0 is found out. */
struct ingest_dialect_choice {
    char delimiter; /* ' ' means runs of blanks */
    char point;
    int header;   /* 1 yes, −1 no */
    int encoding; /* 1 UTF-8, 2 Latin-1 */
    const struct ingest_missing *missing; /* words for no value; NULL: the default ones */
};

/* Looks at data, the first bytes of a file's content (unpacked). whole: they are all there are. name is for messages.
 * choice may be NULL. Names live in arena. STATUS_ERROR for what is empty or not a file of rows. */
enum status ingest_sniff_bytes(const char *data, size_t length, bool whole, const char *name,
                               const struct ingest_dialect_choice *choice, struct arena *arena,
                               struct ingest_sniff *out, struct error *error);
/* Opens path, unpacks, and looks. */
enum status ingest_sniff_file(const char *path, const char *name, const struct ingest_dialect_choice *choice,
                              struct arena *arena, struct ingest_sniff *out, struct error *error);
/* All keys of all objects of a source of JSON lines, in order of first appearance: key → index. */
struct ingest_source;
struct text_map;
enum status ingest_json_names(const struct ingest_source *source, struct text_map *names, struct error *error);
void ingest_sniff_release(struct ingest_sniff *sniff);

#endif
