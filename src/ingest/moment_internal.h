/*
 * What the readers of dates (moment.c) and of times of day (moment_clock.c) share: a place in the
 * written value, and the small steps that take one piece and move on. Each says whether its piece
 * was there; a cursor is copied to try a reading that may fail. They are inline because every
 * value of every column passes through them.
 */
#ifndef STRATA_INGEST_MOMENT_INTERNAL_H
#define STRATA_INGEST_MOMENT_INTERNAL_H

#include "ingest/value.h"

#include <string.h>
#include <strings.h>

struct cursor {
    const char *at, *end;
};

static inline bool digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static inline bool letter(char c)
{
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c & 0x80);
}

/* Up to max digits as a number; *count says how many. False when there is none, or one
 * more than max. */
static inline bool take_number(struct cursor *cursor, int max, int *value, int *count)
{
    int number = 0, digits = 0;
    for (; cursor->at < cursor->end && digit(*cursor->at) && digits < max; cursor->at++, digits++)
        number = number * 10 + (*cursor->at - '0');
    *value = number;
    *count = digits;
    return digits > 0 && !(cursor->at < cursor->end && digit(*cursor->at));
}

static inline bool take_char(struct cursor *cursor, char c)
{
    if (cursor->at >= cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static inline bool take_any(struct cursor *cursor, const char *list, char *taken)
{
    if (cursor->at >= cursor->end || !*cursor->at || !strchr(list, *cursor->at))
        return false;
    *taken = *cursor->at++;
    return true;
}

/* Spaces, and the no-break spaces that some libraries put before AM and PM. */
static inline void skip_spaces(struct cursor *cursor)
{
    for (;;) {
        size_t left = (size_t)(cursor->end - cursor->at);
        if (left && *cursor->at == ' ')
            cursor->at++;
        else if (left >= 2 && memcmp(cursor->at, "\xc2\xa0", 2) == 0)
            cursor->at += 2;
        else if (left >= 3 && memcmp(cursor->at, "\xe2\x80\xaf", 3) == 0)
            cursor->at += 3;
        else
            return;
    }
}

static inline struct text take_word(struct cursor *cursor)
{
    const char *start = cursor->at;
    while (cursor->at < cursor->end && letter(*cursor->at))
        cursor->at++;
    /* a no-break space is no letter */
    size_t length = (size_t)(cursor->at - start);
    for (size_t i = 0; i + 1 < length; i++)
        if (memcmp(start + i, "\xc2\xa0", 2) == 0 ||
            (i + 2 < length && memcmp(start + i, "\xe2\x80\xaf", 3) == 0)) {
            cursor->at = start + i;
            return (struct text){start, i};
        }
    return (struct text){start, length};
}

static inline bool is_word(struct text word, const char *other)
{
    return word.length == strlen(other) && strncasecmp(word.data, other, word.length) == 0;
}

/* "T08:26:00.5+01:00", " 8:26 PM CET", or nothing, up to the end of the value, into the clock and
 * zone of moment. 24:00 moves its date, so that must be set. compact also allows 0826 and
 * DB2's hyphen before the hour. */
bool ingest_take_clock(struct cursor *cursor, bool compact, struct ingest_moment *moment);
/* ".5", whose digits are cut and only noted; true when there is none. */
bool ingest_take_fraction(struct cursor *cursor, struct ingest_moment *moment);
/* "Z", "+01:00", "CET", "Europe/Vienna", with a remark behind; true when there is none. */
bool ingest_take_zone(struct cursor *cursor, struct ingest_moment *moment);
/* False when it is no time of day. */
bool ingest_set_clock(int hour, int minute, int second, struct ingest_moment *moment);

#endif
