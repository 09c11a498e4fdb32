/*
 * Text: slices that own nothing, and a growing buffer that does. All text inside Strata is UTF-8;
 * what comes from outside is checked where it enters.
 */
#ifndef STRATA_BASE_TEXT_H
#define STRATA_BASE_TEXT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* length bytes at data; not NUL-terminated, may hold any byte. */
struct text {
    const char *data;
    size_t length;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
struct text text_from(const char *string);
bool text_equal(struct text a, struct text b);
bool text_is(struct text text, const char *string);
/* <0, 0, >0 by bytes, the shorter first: the order of the segment language. */
int text_compare(struct text a, struct text b);
bool text_starts(struct text text, struct text prefix);
bool text_ends(struct text text, struct text suffix);
/* Without leading and trailing ASCII white space. */
struct text text_trim(struct text text);
/* The first bytes of text, at most so many, less those of a character that would not be whole. */
struct text text_cut(struct text text, size_t bytes);
/* The next of the parts that commas divide, outside parentheses and quotes (' " `), without blanks
 * around it; empty ones are passed over. *rest is the text behind it, at first all of it; false:
 * there is none left. */
bool text_next_part(const char **rest, struct text *part);
/* "" or "s": the end of an English noun behind a count. */
static inline const char *text_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
/* 64-bit hash; the same on every machine and in every version, so that it may be stored. */
uint64_t text_hash(struct text text);
bool text_valid_utf8(struct text text);
/* A NUL-terminated copy of text under simple Unicode case folding, in arena. Invalid UTF-8 is
 * copied as it is. */
struct text text_fold(struct text text, struct arena *arena);
/* How far apart two words are: insertions, deletions, changes and swaps of neighbours
 * (Damerau–Levenshtein, optimal string alignment), ASCII case ignored. For suggestions. Words past
 * 64 bytes give 64. */
int text_distance(struct text a, struct text b);
/* The index of the candidate nearest to word, or -1 when none is near enough to suggest: at most a
 * third of the word, rounded up, may differ, and something of the candidate must remain. */
int text_nearest(const char *word, const char *const *candidates, size_t count);

/*
 * A growing buffer, NUL-terminated once something was added (data is NULL before). Past its limit
 * it stops growing, with a whole character, and remembers that it was cut: look at `cut` before
 * using what came from a user's data.
 */
struct buffer {
    char *data;
    size_t length, capacity, limit;
    bool cut;
};

enum { BUFFER_LIMIT = 1 << 30 };

/* limit: the most bytes it may hold; 0 for BUFFER_LIMIT. */
void buffer_init(struct buffer *buffer, size_t limit);
void buffer_release(struct buffer *buffer);
void buffer_reset(struct buffer *buffer);
void buffer_add(struct buffer *buffer, const void *data, size_t length);
void buffer_text(struct buffer *buffer, struct text text);
void buffer_string(struct buffer *buffer, const char *string);
void buffer_char(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* The content as a string in arena. */
char *buffer_copy(const struct buffer *buffer, struct arena *arena);
/* Hands the content over to the caller, who frees it; the buffer is empty afterwards. */
char *buffer_take(struct buffer *buffer);
/* Appends text as an SQL literal ('it''s') or identifier ("a""b"). */
void buffer_sql_text(struct buffer *buffer, struct text text);
void buffer_sql_name(struct buffer *buffer, struct text name);

#endif
