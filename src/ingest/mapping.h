/*
 * The mapping: all that decides what becomes of a content. Options and a mapping file say
 * a part of it, guessing fills in the rest; complete, it is written down with the import,
 * and its hash tells whether the same was done before.
 */
#ifndef STRATA_INGEST_MAPPING_H
#define STRATA_INGEST_MAPPING_H

#include "ingest/sniff.h"

struct ingest_pair {
    const char *name, *value;
};
struct ingest_pairs {
    struct ingest_pair *items;
    size_t count;
};
struct ingest_names {
    const char **items;
    size_t count;
};

/* Strings are NULL and lists empty where nothing is said. All memory belongs to the arena
 * it was made in. */
struct ingest_mapping {
    const char *kind;      /* of facts; SCHEMA_TRAIT_TABLE imports traits */
    const char *reference; /* instead of kind: the reference table */
    const char *key;       /* references: the column with the key */
    const char *customer, *time;
    const char *amount;     /* the column, or the name of --set, that says what a fact was worth */
    struct ingest_names id; /* columns that together name a fact once and for all */
    const char *group_by;
    struct ingest_pairs set;    /* property = SQL over the file's columns */
    const char *where;          /* SQL */
    struct ingest_names select; /* columns that become properties; empty: all */
    struct ingest_pairs trait;  /* trait = column */
    struct ingest_pairs map;    /* property = column */
    struct ingest_pairs refers; /* column = reference table */
    struct ingest_pairs types;  /* column = type or date format */
    const char *currency_column;
    const char *file_time_zone, *time_format;
    struct ingest_pairs na; /* column, or * for all = words for no value, separated by commas */
    const char *valid_from;
    const char *clock;       /* the column with the time of day, where --time has the date alone */
    const char *max_time;    /* a date, to its end, or a moment: rows after it are set aside */
    const char *on_conflict; /* "set-aside" or "replace" */
    const char *delimiter, *decimal, *encoding, *header; /* header: "yes" or "no" */
    const char *skip;                                    /* lines before the header: a number */
    const char *sheet;                                   /* of a spreadsheet: its name or number */
    bool undated;
};

/* Settings by the names of the command line's options: a field's key with - for _
 * ("group-by"), "type" for types. ingest_mapping_has: whether there is one. */
bool ingest_mapping_has(const char *name);
/* The names, for hints: at most `most` go into out; returns how many. */
size_t ingest_mapping_names(struct arena *arena, const char **out, size_t most);
/* Says one setting as an option does: texts and lists replace what was said before,
 * "NAME=VALUE" adds a pair, na adds words. value NULL or "": a switch is on. STATUS_USAGE
 * for a value that cannot be one. */
enum status ingest_mapping_set(struct ingest_mapping *mapping, const char *name, const char *value,
                               struct arena *arena, struct error *error);

/* Reads a mapping file. Unknown keys are errors that name the nearest known one. */
enum status ingest_mapping_parse(struct text text, const char *name, struct arena *arena,
                                 struct ingest_mapping *out, struct error *error);
enum status ingest_mapping_load(const char *path, struct arena *arena, struct ingest_mapping *out,
                                struct error *error);
/* The canonical JSON: keys in a fixed order, what is not said left out. */
void ingest_mapping_write(const struct ingest_mapping *mapping, bool pretty, struct buffer *out);
/* 16 hexadecimal digits and NUL. */
enum { INGEST_HASH_TEXT = 17 }; /* 64 bits as hexadecimal digits, and the end */
void ingest_mapping_hash(const struct ingest_mapping *mapping, char out[INGEST_HASH_TEXT]);
/* What `over` says replaces what `base` says; pairs replace those of the same name. */
void ingest_mapping_overlay(struct ingest_mapping *base, const struct ingest_mapping *over,
                            struct arena *arena);
/* Checks what can be checked without a file: contradictions between the settings, names, types. */
enum status ingest_mapping_check(const struct ingest_mapping *mapping, struct error *error);
/* Settings that can be written in several ways take the usual one: encodings, delimiters. */
void ingest_mapping_normalize(struct ingest_mapping *mapping, struct arena *arena);
/* What the settings say about how files are written; names live in arena. */
struct ingest_dialect_choice ingest_mapping_dialect(const struct ingest_mapping *mapping,
                                                    struct arena *arena);
/* NULL, "", "yes", "true", "1", or their opposites. */
enum status ingest_read_switch(const char *name, const char *value, bool *out, struct error *error);
/* The value of name, or NULL. */
const char *ingest_pair_value(const struct ingest_pairs *pairs, const char *name);

#endif
