/*
 * One thread of the scan at work, and what its three files give each other: scan.c takes
 * records apart, scan_check.c says whether one can become a row, scan_output.c puts it
 * down. Not for others: scan.h is.
 */
#ifndef STRATA_INGEST_SCANNING_H
#define STRATA_INGEST_SCANNING_H

#include "ingest/currency.h"
#include "ingest/scan.h"

#include "lake/stream.h"

/* Days whose start a thread remembers, by the last bits of their date: a file in order of
 * time needs few at once. */
enum { DAY_CACHE = 256 };

struct day {
    int32_t date;
    bool known, uniform; /* the day has 24 hours: a moment is its start and the clock */
    int64_t start;
};

/* A zone that values name. */
struct named_zone {
    struct text name;  /* owned */
    struct zone *zone; /* NULL: there is none of that name */
};

struct scan_thread {
    struct ingest_scan *scan;
    struct ingest_block block;
    char *text; /* the block in UTF-8, when it was not */
    size_t text_capacity;
    const char *at, *end;
    uint64_t line;
    bool ascii, done;
    struct ingest_record record;
    struct ingest_evidence *evidence;
    struct ingest_file_counts *files;
    struct ingest_reading *readings;
    struct text *values;
    struct ingest_reject_counts reject_counts;
    struct ingest_time_counts times;
    struct buffer joined; /* the time of day of the record, behind a date */
    struct buffer rejects, set;
    struct ingest_marks *marks;
    struct named_zone *zones;
    size_t zone_count;
    char sign_codes[CURRENCY_SIGNS_MAX][4];
    struct day days[DAY_CACHE];
    uint64_t rows;
    int64_t first_time, last_time;
};

/* Rows with one of these are set aside; column −1: the row as a whole. */
void ingest_scan_set_aside(struct scan_thread *thread, enum ingest_reason reason, int column,
                           uint64_t line);

/* ---- scan_check.c ---- */

/* Whether the values that were observed make a row; what speaks against it is said and
 * set aside. */
bool ingest_scan_check(struct scan_thread *thread, uint64_t line);
/* The time of the fact; false when facts cannot have it. */
bool ingest_scan_time(struct scan_thread *thread, uint64_t line, int64_t *moment);
/* counts may be NULL: only the time of a fact is counted. */
int64_t ingest_scan_moment(struct scan_thread *thread, const struct ingest_moment *written,
                           struct ingest_time_counts *counts);
/* Whether the row has an amount whose sign could say its currency. */
bool ingest_scan_has_money(const struct scan_thread *thread);
/* The currency of the row's amounts, "" when none of them says it. */
const char *ingest_scan_currency(const struct scan_thread *thread);
static inline bool ingest_scan_unknown(const struct scan_thread *thread, size_t column)
{
    return ingest_is_unknown(thread->readings[column].form, thread->values[column],
                             &thread->scan->columns[column].type);
}

/* ---- scan_output.c ---- */

void ingest_scan_put_row(struct scan_thread *thread, struct lake_output *outputs, size_t row,
                         uint64_t line, int64_t moment);

#endif
