/*
 * One written value: what it could be, and what it is. Everything here is pure and
 * locale-independent; a value is never rounded and never silently unknown: whoever asks
 * for a number gets exactly the number that was written, or a refusal. number.c reads
 * numbers, moment.c dates, moment_clock.c times of day, date.c numbers that are dates.
 */
#ifndef STRATA_INGEST_VALUE_H
#define STRATA_INGEST_VALUE_H

#include "base/calendar.h"
#include "base/schema.h"
#include "base/text.h"
#include "ingest/missing.h"

/* What a single value looks like, from the narrowest reading on. */
enum ingest_form {
    FORM_UNKNOWN, /* empty, NA, N/A, NULL, \N, and what --na says */
    FORM_MISSING, /* -, None, NaN, ?: nothing in a column of numbers or dates, a text among texts */
    FORM_INT,     /* whole number that fits 64 bits, without a leading zero or plus sign */
    FORM_DECIMAL, /* digits behind a point, at most 18 digits in all */
    FORM_DOUBLE,  /* an exponent, or more digits than a decimal holds */
    FORM_NONFINITE, /* infinity */
    FORM_BOOL,      /* true, false */
    FORM_TEXT,
    FORMS,
};

/* How a file, or a column, writes numbers. Blanks and apostrophes between thousands are
 * read in either case. */
struct ingest_number_style {
    char point;  /* '.' or ',' */
    char groups; /* thousands separator: the other of the two */
};

/*
 * What a value says about its column's style, whatever the style it is read in. 1.5 and
 * 1,234.5 have a decimal point, 1,5 and 1.234.567 do not; 1.234 is either a thousand or a
 * little more than one, and only its neighbours can tell.
 */
enum ingest_mark {
    MARK_POINT = 1,  /* reads only with a decimal point */
    MARK_COMMA = 2,  /* reads only with a decimal comma */
    MARK_POINT3 = 4, /* one point, three digits behind it, one to three before: 1.234 */
    MARK_COMMA3 = 8, /* 1,234 */
};

struct ingest_number {
    int64_t scaled;     /* FORM_INT and FORM_DECIMAL */
    int scale;          /* digits behind the point, as written; two more for a percentage */
    int digits;         /* digits before the point without leading zeros */
    bool zero_fraction; /* the digits behind the point are all zero */
    double real;        /* FORM_DOUBLE */
    bool whole;         /* FORM_DOUBLE: 4.0128e+10 is exactly a whole number, and scaled holds it */
    bool long_digits;   /* FORM_DOUBLE: written out, with more digits than a double keeps */
    bool decorated; /* a currency, a percent sign, parentheses, a sign behind: more than digits and
                       a minus sign */
    bool percent;   /* 10% is .10 */
    bool spaced;    /* 600 123 456: blanks between groups */
    bool rounded;   /* 1.23E+15: whoever wrote it that way has dropped digits, if there were more */
    unsigned char marks;    /* of enum ingest_mark */
    unsigned char currency; /* a sign of currency.h, or 0 */
};

/* True for what stands for "no value" in any column, by default. */
bool ingest_unknown(struct text value);
/* The form of value, trimmed of white space; *number is filled for the numeric forms, its
 * marks also for text. */
enum ingest_form ingest_classify(struct text value, struct ingest_number_style style,
                                 struct ingest_number *number);
/* The same with other words for "no value" than the default ones. */
enum ingest_form ingest_classify_with(struct text value, struct ingest_number_style style,
                                      const struct ingest_missing *missing,
                                      struct ingest_number *number);
/* Only plain digits with an optional minus sign, no leading zero, within 64 bits: the
 * fast path of whole numbers. */
bool ingest_parse_int(struct text value, int64_t *out);
bool ingest_parse_bool(struct text value, bool *out);
/* Without white space at both ends, no-break spaces among it; at once when there is none. */
struct text ingest_trim(struct text value);

/* Ways to write a date; a column has one. Bits, so that a value can say all the ways it
 * could be read. */
enum ingest_date_format {
    DATE_FORMAT_YMD = 1,        /* 2011-12-09, 2011/12/09, 2011.12.09 */
    DATE_FORMAT_DMY_DOT = 2,    /* 9.12.2011 */
    DATE_FORMAT_MDY = 4,        /* 12/9/2011, 12-9-2011 */
    DATE_FORMAT_DMY = 8,        /* 9/12/2011, 9-12-2011 */
    DATE_FORMAT_D_MONTH_Y = 16, /* 9-Dec-2011, 9 December 2011, 9. Dezember 2011 */
    DATE_FORMAT_MONTH_D_Y = 32, /* Dec 9, 2011 */
    DATE_FORMAT_COMPACT = 64,   /* 20111209, 20111209T083000, 20111209083000 */
    DATE_FORMAT_SECONDS = 128, /* seconds since 1970, UTC: nine or ten digits, perhaps a fraction */
    /* thousandths of a second since 1970, UTC: twelve or thirteen digits */
    DATE_FORMAT_MILLIS = 256,
    DATE_FORMAT_MICROS = 512,      /* millionths: fifteen or sixteen digits */
    DATE_FORMAT_NANOS = 1024,      /* thousand-millionths: eighteen or nineteen digits */
    DATE_FORMAT_Y_MONTH_D = 2048,  /* 2011-Dec-09 */
    DATE_FORMAT_MONTH_Y = 4096,    /* Dec 2011: the month's first day */
    DATE_FORMAT_YEAR_MONTH = 8192, /* 2011-12, 12/2011: likewise */
    DATE_FORMAT_QUARTER = 16384,   /* 2011-Q4, Q4 2011: the quarter's first day */
    DATE_FORMAT_WEEK = 32768,      /* 2011-W49, 2011-W49-5: Monday, or the day */
    DATE_FORMATS = 65535,          /* those that a value by itself can be seen to have */
    DATE_FORMAT_SERIAL = 65536,    /* a spreadsheet's day number: 45717.5 */
    DATE_FORMAT_YEAR = 131072,     /* 2011: its first day */
    DATE_FORMAT_PATTERN = 262144,  /* as --time-format says, see pattern.h */
};
/* "YYYY-MM-DD", "M/D/YYYY", … as summaries and mapping files write it; and back (0 when
 * there is none such). */
const char *ingest_date_format_name(enum ingest_date_format format);
unsigned ingest_date_format_from(const char *name);

struct ingest_moment {
    int32_t date;
    int32_t clock;  /* seconds since midnight; 0 when none is written */
    int32_t offset; /* seconds, when has_offset */
    bool has_clock, has_offset, has_fraction;
    bool short_year;    /* two digits: 1969–2068, as POSIX reads them */
    bool doubtful_zone; /* an abbreviation that several zones share: CST, IST */
    struct text zone;   /* "Europe/Vienna", not looked up yet; or empty */
};

/* The formats among `formats` under which value reads as a date, with or without a clock;
 * 0 when there is none. *moment is the reading under the lowest of them. moment->zone
 * points into value. */
unsigned ingest_parse_moment(struct text value, unsigned formats, struct ingest_moment *moment);
/* A spreadsheet's day number (1900 system), to the nearest second, or a year, as format
 * says; false when it is none. */
bool ingest_number_moment(const struct ingest_number *number, enum ingest_date_format format,
                          struct ingest_moment *moment);
/* Day numbers that a column of dates may hold: 1950 to 2119. */
enum { SERIAL_MIN = 18264, SERIAL_MAX = 80354, SERIAL_1970 = 25569 };

/* Digits of a decimal: 64 bits hold every number of so many. */
enum { INGEST_DIGITS_MAX = 18 };
/* No other number alone is taken for a year. */
static inline bool ingest_is_year(int64_t number)
{
    enum { LEAST = 1900, MOST = 2100 };
    return number >= LEAST && number <= MOST;
}
/* Two-digit years are 1969–2068, as POSIX reads them. */
static inline int ingest_short_year(int year)
{
    enum { FIRST = 69, CENTURY = 1900, NEXT = 2000 };
    return year + (year < FIRST ? NEXT : CENTURY);
}
/* A time of day, of which the 61st second of a minute is one. */
static inline bool ingest_is_clock(int hour, int minute, int second)
{
    enum { HOURS = 24, MINUTES = 60, SECONDS = 61 };
    return hour < HOURS && minute < MINUTES && second < SECONDS;
}
/* Seconds since midnight; a leap second counts as the one before it. */
static inline int32_t ingest_clock_seconds(int hour, int minute, int second)
{
    return hour * SECONDS_AN_HOUR + minute * SECONDS_A_MINUTE + second -
           (second == SECONDS_A_MINUTE);
}
/* Behind "am" and "pm" the hours run 12, 1, 2 … 11. */
static inline bool ingest_half_day_hour(int *hour, bool afternoon)
{
    enum { HALF = 12 };
    if (*hour < 1 || *hour > HALF)
        return false;
    *hour = *hour % HALF + (afternoon ? HALF : 0);
    return true;
}

#endif
