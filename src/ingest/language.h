/* Which of many encodings makes a language of bytes that are no UTF-8. */
#ifndef STRATA_INGEST_LANGUAGE_H
#define STRATA_INGEST_LANGUAGE_H

#include "ingest/charset.h"

/* data: as ingest_find_encoding has it. Fills in all of out but `said`; Latin-1 when
 * nothing speaks for another. */
enum status ingest_guess_encoding(struct text data, bool whole, struct arena *arena,
                                  struct ingest_encoding_look *out, struct error *error);

#endif
