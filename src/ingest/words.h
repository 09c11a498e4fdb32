/* Names of months, days of the week and time zones, in the languages that exports are
 * written in. */
#ifndef STRATA_INGEST_WORDS_H
#define STRATA_INGEST_WORDS_H

#include "base/text.h"

/* 1…12 for a month's name or abbreviation, without a point behind it, capitals or not; 0
 * when it is none. English, German, French, Spanish, Italian, Portuguese, Dutch, Polish,
 * Swedish, Danish, Norwegian, Czech, Turkish. */
int ingest_month_of(struct text word);
/* True for a day of the week. */
bool ingest_is_weekday(struct text word);
/* The offset of a zone's abbreviation in seconds; *doubtful when zones elsewhere share
 * it. False when it is none. */
bool ingest_zone_of(struct text word, int32_t *offset, bool *doubtful);

#endif
