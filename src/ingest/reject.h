/*
 * Rows that are set aside: why, where, and what to do about it. They are written as JSON
 * lines in the order of the content, whichever thread met them; the first line says how
 * to read the rows again (--retry).
 */
#ifndef STRATA_INGEST_REJECT_H
#define STRATA_INGEST_REJECT_H

#include "base/text.h"

#include <pthread.h>
#include <stdio.h>

enum ingest_reason {
    REASON_NO_CUSTOMER,
    REASON_NO_TIME,
    REASON_BAD_TIME,
    REASON_TIME_RANGE,
    REASON_TIME_LATE,
    REASON_NO_KEY,
    REASON_NO_ID,
    REASON_NO_GROUP,
    REASON_BAD_NUMBER,
    REASON_NOT_FINITE,
    REASON_BAD_DATE,
    REASON_BAD_BOOL,
    REASON_DATE_ORDER,
    REASON_BAD_ZONE,
    REASON_BAD_SET,
    REASON_CURRENCIES,
    REASON_BAD_PLACE,
    REASON_FEW_FIELDS,
    REASON_MANY_FIELDS,
    REASON_QUOTE,
    REASON_OPEN_QUOTE,
    REASON_ENCODING,
    REASON_CHARACTER,
    REASON_JSON,
    REASON_CONFLICT,
    REASONS,
};

/* "no-customer": the code in files and JSON; a sentence for people; what to do. */
const char *ingest_reason_code(enum ingest_reason reason);
const char *ingest_reason_text(enum ingest_reason reason);
const char *ingest_reason_advice(enum ingest_reason reason);

struct ingest_reject {
    enum ingest_reason reason;
    const char *source; /* file */
    uint64_t line;
    const char *column; /* or NULL */
    struct text value, row;
};

/* Appends one line to out. */
void ingest_reject_write(const struct ingest_reject *reject, struct buffer *out);

/* Rows set aside for one reason in one column. */
struct ingest_reject_count {
    enum ingest_reason reason;
    const char *column; /* or NULL; borrowed */
    uint64_t rows;
    uint64_t first_line;
    char example[48];
};
struct ingest_reject_counts {
    struct ingest_reject_count *items;
    size_t count, capacity;
};
void ingest_reject_counts_add(struct ingest_reject_counts *counts,
                              const struct ingest_reject *reject);
void ingest_reject_counts_merge(struct ingest_reject_counts *into,
                                const struct ingest_reject_counts *from);
uint64_t ingest_reject_counts_total(const struct ingest_reject_counts *counts);

/* Puts the texts that the blocks of a content yield into a file, in the order of the blocks. */
struct ingest_ordered_file {
    FILE *file;
    pthread_mutex_t mutex;
    uint64_t next;
    struct ingest_late_text {
        uint64_t sequence;
        struct buffer text;
    } * late;
    size_t late_count, late_capacity;
    bool failed;
};
/* path NULL: everything is thrown away. */
enum status ingest_ordered_file_open(struct ingest_ordered_file *file, const char *path,
                                     struct error *error);
/* Every sequence number from 0 on must come once; takes text's content. Thread-safe. */
void ingest_ordered_file_put(struct ingest_ordered_file *file, uint64_t sequence,
                             struct buffer *text);
/* Appends at the end, when all blocks are done. */
void ingest_ordered_file_append(struct ingest_ordered_file *file, const struct buffer *text);
enum status ingest_ordered_file_close(struct ingest_ordered_file *file, struct error *error);

#endif
