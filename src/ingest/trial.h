/* What separates the fields of a file, found by trying; of quotes likewise. */
#ifndef STRATA_INGEST_TRIAL_H
#define STRATA_INGEST_TRIAL_H

#include "ingest/sniff.h"

/* So many records show how a file is written, and are split in some milliseconds a trial. */
enum { TRIAL_RECORDS = 500 };

/* Delimiter, layout and quotes of out->dialect, unless choice (may be NULL) says them.
 * *data moves behind a line "sep=;". STATUS_ERROR where more than one sign stands between
 * fields. */
enum status ingest_choose_dialect(const char **data, const char *end, const char *name,
                                  const struct ingest_dialect_choice *choice,
                                  struct ingest_sniff *out, struct error *error);

/* How many fields most of the rows have, and how many the first one. */
void ingest_count_fields(const char *data, const char *end, const struct ingest_dialect *dialect,
                         size_t *fields, size_t *first);

#endif
