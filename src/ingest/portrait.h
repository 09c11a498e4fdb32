/*
 * Portraits: what the first thousands of values of a column look like, for guessing and
 * for showing people. Types come from the evidence over all rows (column.h); a portrait
 * knows what only an onlooker sees: three values, addresses for e-mail, numbers that only
 * count the rows, times that run on.
 */
#ifndef STRATA_INGEST_PORTRAIT_H
#define STRATA_INGEST_PORTRAIT_H

#include "ingest/source.h"

enum { PORTRAIT_VALUES = 3, PORTRAIT_VALUE_MAX = 48 };

struct ingest_portrait {
    char values[PORTRAIT_VALUES]
               [PORTRAIT_VALUE_MAX]; /* the first different ones, cut between characters */
    int value_count;
    uint64_t rows, known;
    uint64_t mails, uuids, phones; /* values of that shape */
    uint64_t zeros;                /* "0" and "-1": nobody */
    uint64_t spaced, coded,
        masked;     /* hold a blank; a digit or a sign of accounts; asterisks for what is secret */
    size_t longest; /* bytes */
    uint64_t counting;                /* whole numbers that are one more than the one before */
    uint64_t again;                   /* equal to the one before */
    int64_t first, last, least, most; /* of the whole numbers */
    uint64_t whole;
    uint64_t rising, falling; /* dates after, before the one before */
    int32_t last_date, least_date, most_date;
    uint64_t dates, early; /* early: before 1970 */
    char before[PORTRAIT_VALUE_MAX];
};

void ingest_portrait_observe(struct ingest_portrait *portrait, struct text value);
/*
 * Looks at the first rows of a source, of the columns whose places `columns` says (as in
 * struct ingest_source_columns) among `portraits`. names: of JSON lines, else NULL.
 */
struct text_map;
enum status ingest_portray(const struct ingest_source *source, const int *columns, size_t count,
                           struct text_map *names, struct ingest_portrait *portraits,
                           struct error *error);

#endif
