/*
 * Columns: what all values of a column together say about its type, and which role it may play. Evidence is gathered by
 * each thread for itself and added up, so that the type comes from the whole content and never depends on who read
 * what.
 */
#ifndef STRATA_INGEST_COLUMN_H
#define STRATA_INGEST_COLUMN_H

#include "ingest/dialect.h"

enum { INGEST_EXAMPLE_MAX = 48, INGEST_DATE_KINDS = 9, INGEST_DISTINCT_EXACT = 1 << 17 };

/* How many different values there are: exact up to INGEST_DISTINCT_EXACT by their 64-bit hashes, estimated beyond it
 * (HyperLogLog, Flajolet et al. 2007, with 2^14 registers: standard error 0.8%). Zero is ready for use. */
struct ingest_distinct {
    uint64_t *slots;
    size_t count, capacity;
    unsigned char *registers; /* not NULL: estimated */
    uint64_t pending;         /* added last and not yet looked up: by the next time its slot has come from memory */
};
void ingest_distinct_release(struct ingest_distinct *distinct);
void ingest_distinct_add(struct ingest_distinct *distinct, uint64_t hash);
void ingest_distinct_merge(struct ingest_distinct *into, const struct ingest_distinct *from);
/* *exact (may be NULL) says whether the number is more than an estimate. */
uint64_t ingest_distinct_count(const struct ingest_distinct *distinct, bool *exact);

struct ingest_evidence {
    uint64_t rows, forms[FORMS];
    uint64_t text_digits;       /* of FORM_TEXT: those that hold a digit, as codes do */
    uint64_t lists;             /* of FORM_TEXT: JSON lists */
    uint64_t points;            /* of FORM_TEXT: "48.2082,16.3738" */
    uint64_t capital_pairs, na; /* of FORM_TEXT: two capital letters; of FORM_UNKNOWN: the word NA */
    uint64_t dot_zero;          /* of FORM_DECIMAL: written 17850.0 */
    uint64_t whole_doubles;     /* of FORM_DOUBLE: whole numbers written 4.0128e+10 */
    int max_scale, max_digits;
    uint64_t dates[INGEST_DATE_KINDS]; /* values that read as a date, by bit of enum ingest_date_format */
    uint64_t date_values, clocked, with_offset;
    char example[INGEST_EXAMPLE_MAX]; /* the first value that is text */
    uint64_t example_line;
    struct ingest_distinct distinct;
};
void ingest_evidence_release(struct ingest_evidence *evidence);
/* Adds one value. expect_date: the column has turned out to hold dates, so they are tried first. *form and *number are
 * what ingest_classify says, *dates and *moment what ingest_parse_moment says under `formats` when a date was tried. */
struct ingest_reading {
    enum ingest_form form;
    struct ingest_number number;
    unsigned dates;
    struct ingest_moment moment;
};
void ingest_observe(struct ingest_evidence *evidence, struct text value, struct ingest_number_style style,
                    uint64_t line, bool expect_date, struct ingest_reading *reading);
/* Latitude within ±90 and longitude within ±180 degrees, a comma between. */
bool ingest_is_place(struct text value);
void ingest_evidence_merge(struct ingest_evidence *into, const struct ingest_evidence *from);
uint64_t ingest_evidence_unknown(const struct ingest_evidence *evidence, bool na_is_text);

struct ingest_type {
    enum value_type type;
    int scale;
    unsigned dates;                 /* formats that values may have */
    enum ingest_date_format format; /* the one they mostly have */
    bool ambiguous;                 /* day and month could be the other way round */
    bool dot_zero;                  /* whole numbers written 17850.0 */
    bool na_is_text;                /* two-letter codes, of which NA is one */
};

struct ingest_type_hint {
    bool text; /* identifiers and keys are text whatever they look like */
    bool time; /* must be a time */
    const char *name;
    const char *declared; /* from a mapping file: "integer", "decimal", "text", "D/M/YYYY", … or NULL */
};
struct ingest_type ingest_decide(const struct ingest_evidence *evidence, const struct ingest_type_hint *hint);
bool ingest_type_equal(const struct ingest_type *a, const struct ingest_type *b);
/* Names of types that a mapping file may declare: STATUS_OK, or an error that lists them. */
enum status ingest_check_declared(const char *declared, struct error *error);

#endif
