/*
 * One written value: what it could be, and what it is. Everything here is pure and locale-independent; a value is never
 * rounded and never silently unknown: whoever asks for a number gets exactly the number that was written, or a refusal.
 */
#ifndef STRATA_INGEST_VALUE_H
#define STRATA_INGEST_VALUE_H

#include "base/calendar.h"
#include "base/schema.h"
#include "base/text.h"

/* What a single value looks like, from the narrowest reading on. */
enum ingest_form {
    FORM_UNKNOWN,   /* empty, NA, N/A, NULL, \N */
    FORM_INT,       /* whole number that fits 64 bits, without a leading zero or plus sign */
    FORM_DECIMAL,   /* digits behind a point, at most 18 digits in all */
    FORM_DOUBLE,    /* an exponent, or more digits than a decimal holds */
    FORM_NONFINITE, /* NaN, infinity */
    FORM_BOOL,      /* true, false */
    FORM_TEXT,
    FORMS,
};

/* How a file writes numbers. */
struct ingest_number_style {
    char point;  /* '.' or ',' */
    char groups; /* thousands separator, or 0 */
};

struct ingest_number {
    int64_t scaled;     /* FORM_INT and FORM_DECIMAL */
    int scale;          /* digits behind the point, as written */
    int digits;         /* digits before the point without leading zeros */
    bool zero_fraction; /* the digits behind the point are all zero */
    double real;        /* FORM_DOUBLE */
    bool whole;         /* FORM_DOUBLE: 4.0128e+10 is exactly a whole number, and scaled holds it */
};

/* True for what stands for "no value": nothing, NA, N/A, #N/A, NULL, null, \N. */
bool ingest_unknown(struct text value);
/* The form of value (trimmed by the caller); *number is filled for the numeric forms. */
enum ingest_form ingest_classify(struct text value, struct ingest_number_style style, struct ingest_number *number);
/* Only plain digits with an optional minus sign, no leading zero, within 64 bits: the fast path of whole numbers. */
bool ingest_parse_int(struct text value, int64_t *out);
bool ingest_parse_bool(struct text value, bool *out);

/* Ways to write a date; a column has one. Bits, so that a value can say all the ways it could be read. */
enum ingest_date_format {
    DATE_FORMAT_YMD = 1,        /* 2011-12-09, 2011/12/09, 2011.12.09 */
    DATE_FORMAT_DMY_DOT = 2,    /* 9.12.2011 */
    DATE_FORMAT_MDY = 4,        /* 12/9/2011, 12-9-2011 */
    DATE_FORMAT_DMY = 8,        /* 9/12/2011, 9-12-2011 */
    DATE_FORMAT_D_MONTH_Y = 16, /* 9-Dec-2011, 9 December 2011 */
    DATE_FORMAT_MONTH_D_Y = 32, /* Dec 9, 2011 */
    DATE_FORMAT_COMPACT = 64,   /* 20111209, 20111209T083000 */
    DATE_FORMAT_SECONDS = 128,  /* seconds since 1970, UTC: nine or ten digits */
    DATE_FORMAT_MILLIS = 256,   /* thousandths of a second since 1970, UTC: twelve or thirteen digits */
    DATE_FORMATS = 511,
};
/* "YYYY-MM-DD", "M/D/YYYY", … as summaries and mapping files write it; and back (0 when there is none such). */
const char *ingest_date_format_name(enum ingest_date_format format);
unsigned ingest_date_format_from(const char *name);

struct ingest_moment {
    int32_t date;
    int32_t clock;  /* seconds since midnight; 0 when none is written */
    int32_t offset; /* seconds, when has_offset */
    bool has_clock, has_offset, has_fraction;
};

/* The formats among `formats` under which value reads as a date, with or without a clock; 0 when there is none. *moment
 * is the reading under the lowest of them. */
unsigned ingest_parse_moment(struct text value, unsigned formats, struct ingest_moment *moment);

#endif
