/* What a file is that is no rows of text: known by its first bytes, whatever its name says. */
#ifndef STRATA_INGEST_MAGIC_H
#define STRATA_INGEST_MAGIC_H

#include "base/text.h"

enum ingest_magic { MAGIC_TEXT, MAGIC_PARQUET, MAGIC_ZIP };

/* *out for what can go on; STATUS_ERROR that names what it is and what to do for all
 * else. data are the first bytes of the content (unpacked), name is for messages. */
enum status ingest_magic_check(struct text data, const char *name, enum ingest_magic *out,
                               struct error *error);

#endif
