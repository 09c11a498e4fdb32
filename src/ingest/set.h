/*
 * Sets of texts in one field: a JSON list, or texts with a separator between them (a|b).
 * Inside an import a set travels as a JSON list of texts.
 */
#ifndef STRATA_INGEST_SET_H
#define STRATA_INGEST_SET_H

#include "base/text.h"

/* True for a JSON list whose items are texts, numbers, yes/no or null. */
bool ingest_is_list(struct text value);
/* Appends value as a JSON list of texts. delimiter 0: it is one text, unless it is a
 * list. False when it begins like a list and is none. */
bool ingest_set_list(struct text value, char delimiter, struct buffer *out);

#endif
