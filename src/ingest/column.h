/*
 * Columns: what all values of a column together say about its type, and which role it may
 * play. Evidence is gathered by each thread for itself and added up, so that the type
 * comes from the whole content and never depends on who read what.
 */
#ifndef STRATA_INGEST_COLUMN_H
#define STRATA_INGEST_COLUMN_H

#include "ingest/dialect.h"

struct ingest_pattern;

enum {
    INGEST_EXAMPLE_MAX = 48,
    INGEST_EXAMPLES = 2,
    INGEST_DATE_KINDS = 16,
    INGEST_DISTINCT_EXACT = 1 << 17
};

/* How many different values there are: exact up to INGEST_DISTINCT_EXACT by their 64-bit
 * hashes, estimated beyond it (HyperLogLog, Flajolet et al. 2007, with 2^14 registers:
 * standard error 0.8%). Zero is ready for use. */
struct ingest_distinct {
    uint64_t *slots;
    size_t count, capacity;
    unsigned char *registers; /* not NULL: estimated */
    uint64_t pending; /* added last and not yet looked up: by the next time its slot has come from
                         memory */
};
void ingest_distinct_release(struct ingest_distinct *distinct);
void ingest_distinct_add(struct ingest_distinct *distinct, uint64_t hash);
void ingest_distinct_merge(struct ingest_distinct *into, const struct ingest_distinct *from);
/* *exact (may be NULL) says whether the number is more than an estimate. */
uint64_t ingest_distinct_count(const struct ingest_distinct *distinct, bool *exact);

/* How to look at the values of a column: what is known of it before. */
struct ingest_manner {
    struct ingest_number_style style;
    const struct ingest_missing *missing;
    const struct ingest_pattern *pattern; /* every value is a date of this form, or NULL */
    unsigned dates; /* the column has turned out to hold dates of these formats */
    bool text;      /* or texts */
    bool set;       /* or sets of texts */
};

struct ingest_example {
    char text[INGEST_EXAMPLE_MAX];
    uint64_t line; /* 0: none */
};

/* What a source's values say of its numbers' style, by bit of enum ingest_mark. */
enum { INGEST_MARKS = 4 };
struct ingest_marks {
    uint64_t counts[INGEST_MARKS];
};

/* So many odd values are few, and cost their rows and not the column: this many, or one
 * in so many; never half of it. */
enum { INGEST_ODD_ROWS = 10, INGEST_ODD_SHARE = 20 };

struct ingest_evidence {
    uint64_t rows, forms[FORMS];
    uint64_t text_digits; /* of FORM_TEXT: those that hold a digit, as codes do */
    uint64_t clocks;      /* of FORM_TEXT: times of day, such as 9:58 or 09:58:11 */
    uint64_t lists;       /* of FORM_TEXT: JSON lists */
    uint64_t points;      /* of FORM_TEXT: "48.2082,16.3738" */
    uint64_t capital_pairs,
        na; /* of FORM_TEXT: two capital letters; of FORM_UNKNOWN: the word NA */
    /* of FORM_TEXT: three letters, all capital or all small, as codes of currencies */
    uint64_t triples;
    uint64_t long_numbers;  /* of FORM_DOUBLE: written out with more digits than it keeps */
    uint64_t dot_zero;      /* of FORM_DECIMAL: written 17850.0 */
    uint64_t fractional;    /* of FORM_DECIMAL: not whole */
    uint64_t whole_doubles; /* of FORM_DOUBLE: whole numbers written 4.0128e+10 */
    int max_scale, max_digits, min_digits;
    uint64_t percents, bare;  /* of the numbers: with a percent sign; neither that nor 0 */
    uint64_t spaced, rounded; /* of the numbers: 600 123 456; 1.23E+15 */
    uint64_t serials, years; /* of the numbers: could be a spreadsheet's day number; 1900 to 2100 */
    /* of the numbers: by sign of currency.h, CURRENCY_SIGNS_MAX of them, or NULL */
    uint64_t *signs;
    /* of FORM_UNKNOWN and FORM_MISSING: by word, missing_count of them, or NULL */
    uint64_t *missing;
    size_t missing_count;
    uint64_t dates[INGEST_DATE_KINDS]; /* values that read as a date, by bit of enum
                                          ingest_date_format */
    uint64_t date_values, clocked, with_offset;
    uint64_t either_order;                /* both D/M/YYYY and M/D/YYYY */
    uint64_t short_years, doubtful_zones; /* of the dates */
    uint64_t patterned;                   /* read by the pattern */
    uint64_t impossible;               /* of FORM_TEXT: written like a date that no calendar has */
    uint64_t bars, semicolons, commas; /* of a set's values: those that hold one */
    struct ingest_example texts[INGEST_EXAMPLES]; /* the first two different values that are text */
    struct ingest_example undated[INGEST_EXAMPLES]; /* likewise of those that read as no date */
    struct ingest_example either, doubtful; /* the first of either_order, of doubtful_zones */
    struct ingest_example three, shortened; /* the first 1.234; the first of rounded */
    struct ingest_distinct distinct;
};
void ingest_evidence_release(struct ingest_evidence *evidence);
struct ingest_reading {
    enum ingest_form form;
    struct ingest_number number;
    unsigned dates;
    struct ingest_moment moment;
};
/* Adds one value (trimmed). reading->form and number are what ingest_classify says, dates
 * and moment what ingest_parse_moment says when a date was tried. */
void ingest_observe(struct ingest_evidence *evidence, struct text value,
                    const struct ingest_manner *manner, uint64_t line,
                    struct ingest_reading *reading);
/* Latitude within ±90 and longitude within ±180 degrees, a comma between. */
bool ingest_is_place(struct text value);
void ingest_evidence_merge(struct ingest_evidence *into, const struct ingest_evidence *from);
static inline void ingest_add_marks(struct ingest_marks *into, unsigned char bits)
{
    for (unsigned left = bits; left; left &= left - 1)
        into->counts[__builtin_ctz(left)]++;
}

struct ingest_type {
    enum value_type type;
    int scale;
    unsigned dates;                 /* formats that values may have */
    enum ingest_date_format format; /* the one they mostly have */
    const struct ingest_pattern *pattern;
    bool ambiguous;     /* day and month could be the other way round in every value */
    bool contradictory; /* some values fit only one order, some only the other: those that fit both
                           cannot be known */
    bool remembered;    /* the order is the one of an earlier import */
    bool inferred;      /* the order is what the file's other traits speak for */
    bool past;          /* births: no two-digit year lies in the future */
    bool dot_zero;      /* whole numbers written 17850.0 */
    bool na_is_text;    /* two-letter codes, of which NA is one */
    bool codes;         /* numbers in groups, all of one length: text */
    bool words;         /* what could be currencies behind numbers are words: text */
    bool long_ids;      /* identifiers that as numbers would lose digits: text */
    bool mixed_percent; /* some with a percent sign, some without: text */
    char delimiter;     /* sets: between the texts */
};

struct ingest_type_hint {
    bool text; /* identifiers and keys are text whatever they look like */
    bool time; /* must be a time */
    const char *name;
    /* from a mapping file: "integer", "decimal", "text", "D/M/YYYY", … or NULL */
    const char *declared;
    const struct ingest_pattern *pattern; /* when declared is one */
    enum ingest_date_format remembered;   /* of this column in an earlier import, or 0 */
    const char *day_first; /* what speaks for the day before the month, "its semicolons"; or NULL */
    char remembered_point; /* '.' or ',' likewise, or 0 */
};
struct ingest_type ingest_decide(const struct ingest_evidence *evidence,
                                 const struct ingest_type_hint *hint);
bool ingest_type_equal(const struct ingest_type *a, const struct ingest_type *b);
/* How its dates are written, as mapping files have it; NULL for other types. */
const char *ingest_type_format(const struct ingest_type *type);
/* Values that are unknown under the type; those that stand for nothing in numbers are
 * texts among texts. */
uint64_t ingest_evidence_unknown(const struct ingest_evidence *evidence,
                                 const struct ingest_type *type);
static inline bool ingest_takes_words(enum value_type type)
{
    return type == VALUE_TEXT || type == VALUE_SET;
}
/* True for FORM_UNKNOWN, and for FORM_MISSING where that means the same. */
static inline bool ingest_is_unknown(enum ingest_form form, struct text value,
                                     const struct ingest_type *type)
{
    if (form == FORM_MISSING)
        return !ingest_takes_words(type->type);
    return form == FORM_UNKNOWN && !(type->na_is_text && text_is(value, "NA"));
}
/* Names of types that a mapping file may declare: STATUS_OK, or an error that lists them. */
enum status ingest_check_declared(const char *declared, struct error *error);
/* A name that speaks of a day or a moment; of one's birth. */
bool ingest_name_says_time(const char *name);
bool ingest_name_says_birth(const char *name);

/* Why a column's numbers are read as they are. */
enum ingest_style_reason {
    STYLE_PLAIN,   /* no value could be read otherwise, or the values themselves say it */
    STYLE_SAID,    /* --decimal */
    STYLE_FILE,    /* other columns of the file say it */
    STYLE_EARLIER, /* an earlier import into the same column does */
    STYLE_GUESSED, /* nothing does */
};
struct ingest_style_choice {
    char point;
    enum ingest_style_reason reason;
};
/* How the numbers of a column with these marks are read: file are those of all columns of
 * its file, delimiter what separates its fields (a semicolon is what programs take where
 * commas are decimal signs), said and earlier '.', ',' or 0. */
struct ingest_style_choice ingest_choose_style(const struct ingest_marks *column,
                                               const struct ingest_marks *file, char delimiter,
                                               char said, char earlier);

#endif
