/*
 * The scan: all sources read once, split, judged and converted, and handed to DuckDB as a
 * table of typed columns.
 *
 * The types a scan converts to are an expectation, made from a sample or from the scan
 * before. Evidence is gathered from every row on the way, so afterwards one knows what
 * the types must be; when the expectation was too narrow the scan is run again with the
 * right one, and the second run cannot fail for that reason.
 */
#ifndef STRATA_INGEST_SCAN_H
#define STRATA_INGEST_SCAN_H

#include "ingest/column.h"
#include "ingest/reject.h"
#include "ingest/source.h"

#include "base/map.h"
#include "lake/lake.h"

#include <stdatomic.h>

/* The first two columns of the table; the columns of the files follow. */
#define SCAN_ROW "@row"   /* UBIGINT: order of arrival, see ingest_row_source */
#define SCAN_TIME "@time" /* UINTEGER: the moment of a fact */
enum { SCAN_OWN_COLUMNS = 2, SCAN_ROW_BITS = 40 };

struct ingest_column {
    const char *name;
    struct ingest_type type;
    bool unnamed; /* the header has no name for it; it may hold no value */
    bool text;    /* an identifier or a key: text whatever it looks like */
    bool id;      /* part of --id: may not be unknown */
    bool derived; /* no file has it: the currency that a row's amounts are written in */
    const struct ingest_missing *missing; /* words for no value; NULL: the file's */
    bool money;                           /* its signs of money say which */
    bool currency;                        /* tells currencies: its codes are kept in capitals */
};

/* Which column of the table each column of a source is. */
struct ingest_source_columns {
    const int *columns;
    size_t count;
    size_t least; /* a row may end behind so many fields: the columns from there on have no name */
    /* the names as the header has them, to know it when it comes again; or NULL */
    const char *const *header;
    struct text_map *names; /* JSON lines */
};

struct ingest_time_counts {
    uint64_t repeated, missing, bare, fractions;
};

struct ingest_file_counts {
    uint64_t rows, valid_bytes_rows, invalid_bytes_rows,
        new_names; /* rows with non-ASCII text that is, is not UTF-8 */
    /* not among the rows: all fields empty; the header once more; each with its first line */
    uint64_t empty_rows, empty_line, headers, header_line;
};

struct ingest_scan {
    const struct ingest_source *sources;
    const struct ingest_source_columns *source_columns;
    size_t source_count;
    const struct ingest_column *columns;
    size_t column_count;
    int customer, time, key, group; /* columns, or −1 */
    int currency;                   /* the derived column, or −1 */
    const char *own_currency;       /* of the store, or NULL: what $ means where several use it */
    const struct ingest_manner *manners; /* source × column_count + column */
    int32_t today;                       /* nobody is born later */
    int clock;        /* holds the time of day that belongs to the dates of `time`; or −1 */
    int64_t max_time; /* facts after it are set aside */
    const struct zone *zone;
    struct ingest_ordered_file *rejects;
    struct ingest_reader reader;

    /* What comes of it; complete when the statement that reads the table has ended. */
    pthread_mutex_t mutex;
    struct ingest_evidence *evidence; /* per column */
    struct ingest_marks *marks;       /* source × column_count + column */
    struct ingest_file_counts *files; /* per source */
    struct ingest_reject_counts reject_counts;
    struct ingest_time_counts times;
    uint64_t rows;
    int64_t first_time, last_time;
    atomic_bool stale; /* some value does not fit: rows are no longer made, only evidence */
};

/* The caller has filled in the first part. */
void ingest_scan_init(struct ingest_scan *scan);
void ingest_scan_release(struct ingest_scan *scan);
/* Brings the table into SQL as name(). */
enum status ingest_scan_register(struct ingest_scan *scan, struct lake *lake, const char *name,
                                 struct error *error);
/* The source and the line of an order of arrival. */
static inline size_t ingest_row_source(uint64_t row)
{
    return row >> SCAN_ROW_BITS;
}
static inline uint64_t ingest_row_line(uint64_t row)
{
    return row & ((UINT64_C(1) << SCAN_ROW_BITS) - 1);
}

#endif
