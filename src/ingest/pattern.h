/*
 * Date formats that a user writes down when the guess is wrong: "%d.%m.%Y %H:%M" as
 * strptime has it, or letters as spreadsheets and Java have them, "DD/MM/YY HH:mm". A
 * value fits when it is of that form from end to end.
 */
#ifndef STRATA_INGEST_PATTERN_H
#define STRATA_INGEST_PATTERN_H

#include "base/arena.h"
#include "ingest/value.h"

struct ingest_pattern;

/* True when text is meant as a pattern: it names at least a year, with letters or percent signs. */
bool ingest_is_pattern(const char *text);
/* Reads the pattern; all memory in arena. STATUS_USAGE says which letter is not known, or
 * that the year is missing. */
enum status ingest_pattern_parse(const char *text, struct arena *arena,
                                 const struct ingest_pattern **out, struct error *error);
/* As it was written; whether it has a time of day. */
const char *ingest_pattern_text(const struct ingest_pattern *pattern);
bool ingest_pattern_has_clock(const struct ingest_pattern *pattern);
/* Reads value by the pattern; immutable, for any thread. */
bool ingest_pattern_read(const struct ingest_pattern *pattern, struct text value,
                         struct ingest_moment *moment);

#endif
