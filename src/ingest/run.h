/*
 * What every phase of one import has in common: where it reads and writes, what was
 * asked, and to whom it says things. Only run.c fills it in; what the phases find out
 * stands in structures of their own (understand.h, read.h, publish.h). Nobody outside
 * this room includes it.
 */
#ifndef STRATA_INGEST_RUN_H
#define STRATA_INGEST_RUN_H

#include "ingest/ingest.h"

#include "base/vector.h"

#include <string.h>

/* What is said on the way. */
struct ingest_notes {
    const char *phase; /* what is being done, for whoever watches */
    VECTOR(const char *) notices;
    VECTOR(const char *) warnings;
};

/* Files of this import's own, outside of a change; removed at the end. */
struct ingest_temporaries {
    const char *folder; /* NULL: none was needed */
    size_t count;
};

/* Where rows go that are set aside. */
struct ingest_aside {
    struct ingest_ordered_file file;
    const char *path; /* NULL: nobody will read them */
};

struct ingest_run {
    struct store *store;
    const struct ingest_options *options;
    const struct ingest_progress *progress;
    struct arena *arena;
    struct store_change *change; /* NULL: a dry run */
    uint32_t import;             /* its number once it is entered in the catalog; 0: a dry run */
    struct ingest_notes *notes;
    struct ingest_temporaries *temporaries;
    struct ingest_aside *aside;
};

/* notes.c */
void ingest_notice(const struct ingest_run *run, const char *format, ...) PRINTF_LIKE(2, 3);
void ingest_warn(const struct ingest_run *run, const char *format, ...) PRINTF_LIKE(2, 3);

/* inputs.c: a path for a file of this import's own, removed at its end; an error when no
 * folder can be made. */
enum status ingest_temporary(const struct ingest_run *run, const char **path, struct error *error);
void ingest_remove_temporaries(const struct ingest_run *run);

static inline bool ingest_is_number(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
}

#endif
