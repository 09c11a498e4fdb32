/* Lines of a content that are no rows: passing over them, and showing people what they were. */
#ifndef STRATA_INGEST_LINES_H
#define STRATA_INGEST_LINES_H

#include "ingest/sniff.h"

/* Where the text behind so many lines begins, or end. */
const char *ingest_behind_lines(const char *at, const char *end, uint32_t lines, char newline);
/* As much of the first line as people are shown, in the arena. */
const char *ingest_line_begin(const char *at, const char *end, struct arena *arena);
/* Keeps the first lines of data in look->passed, each cut for showing; blank ones say
 * nothing and are left out. */
void ingest_keep_passed(const char *data, const char *end, uint32_t lines, char newline,
                        struct arena *arena, struct ingest_look *look);

#endif
