/*
 * The time of day behind a date, and its zone. Programs write an offset (+01:00), people an
 * abbreviation (CET), JavaScript both and a remark in brackets; a region (Europe/Vienna) is only
 * cut out here, because who reads a column knows the zones and one value does not. What cannot be
 * a time makes the whole value no date: a date with half a clock behind would lose it silently.
 */
#include "ingest/moment_internal.h"

#include "ingest/words.h"

bool ingest_set_clock(int hour, int minute, int second, struct ingest_moment *moment)
{
    if (!ingest_is_clock(hour, minute, second))
        return false;
    moment->clock = ingest_clock_seconds(hour, minute, second);
    moment->has_clock = true;
    return true;
}

/* Zones */

enum {
    SHIFT_HOURS_MAX = 18, /* no zone is further from Greenwich, today or in the past */
    SIXTIETHS_MAX = 59,
    REGION_MAX = 60, /* bytes: twice the longest name of a zone */
};

/* "+01", "+0130", "+01:30", "+1"; up to 18 hours either way. */
static bool take_shift(struct cursor *cursor, struct ingest_moment *moment)
{
    char sign_character;
    int hours, minutes = 0, seconds = 0, count;

    if (!take_any(cursor, "+-", &sign_character))
        return false;
    if (!take_number(cursor, 4, &hours, &count))
        return false;

    /* three digits may be 1:30 or 13:0, and nobody writes an offset so */
    if (count == 3)
        return false;
    if (count == 4) {
        minutes = hours % 100;
        hours /= 100;
    } else if (take_char(cursor, ':') &&
               (!take_number(cursor, 2, &minutes, &count) || count != 2)) {
        return false;
    }

    if (take_char(cursor, ':') && (!take_number(cursor, 2, &seconds, &count) || count != 2))
        return false;
    if (hours > SHIFT_HOURS_MAX || minutes > SIXTIETHS_MAX || seconds > SIXTIETHS_MAX)
        return false;

    int shift = ingest_clock_seconds(hours, minutes, seconds);
    moment->offset = sign_character == '-' ? -shift : shift;
    moment->has_offset = true;
    return true;
}

/* "Europe/Vienna", "America/Argentina/Buenos_Aires": looked up later, by whoever has the zones. */
static bool take_region(struct cursor *cursor, struct ingest_moment *moment)
{
    const char *start = cursor->at, *slash = NULL;
    while (cursor->at < cursor->end &&
           (letter(*cursor->at) || digit(*cursor->at) || strchr("/_+-", *cursor->at))) {
        if (*cursor->at == '/')
            slash = cursor->at;
        cursor->at++;
    }
    size_t length = (size_t)(cursor->at - start);
    if (!slash || slash == start || slash + 1 == cursor->at || length > REGION_MAX)
        return false;

    /* "+01:00[Europe/Vienna]": the offset says which moment it is, also where a clock shows an hour
     * twice */
    if (!moment->has_offset)
        moment->zone = (struct text){start, length};
    return true;
}

static bool take_abbreviation(struct cursor *cursor, struct ingest_moment *moment)
{
    struct text word = take_word(cursor);
    if (!ingest_zone_of(word, &moment->offset, &moment->doubtful_zone))
        return false;
    moment->has_offset = true;
    bool universal = is_word(word, "UTC") || is_word(word, "GMT");

    /* "GMT+1": the names of zero take an offset behind; behind CET it would be a riddle */
    if (universal && cursor->at < cursor->end && (*cursor->at == '+' || *cursor->at == '-'))
        return take_shift(cursor, moment);
    return true;
}

/* What stands behind an offset says the same in words: "(CET)", "[Europe/Vienna]". */
static bool take_remark(struct cursor *cursor, struct ingest_moment *moment)
{
    char open;
    skip_spaces(cursor);
    if (cursor->at == cursor->end)
        return true;
    if (!take_any(cursor, "([", &open))
        return false;
    char close = open == '(' ? ')' : ']';
    if (open == '[' && !take_region(cursor, moment))
        return false;
    while (cursor->at < cursor->end && *cursor->at != close)
        cursor->at++;
    return take_char(cursor, close) && cursor->at == cursor->end;
}

bool ingest_take_zone(struct cursor *cursor, struct ingest_moment *moment)
{
    if (cursor->at == cursor->end)
        return true;
    struct cursor word = *cursor;
    if (*cursor->at == '+' || *cursor->at == '-') {
        if (!take_shift(cursor, moment))
            return false;
    } else if (letter(*cursor->at)) {
        /* "America/New_York" begins as an abbreviation would, so the longer reading is tried
         * first */
        if (!take_region(&word, moment)) {
            if (!take_abbreviation(cursor, moment))
                return false;
        } else {
            *cursor = word;
        }
    }
    return take_remark(cursor, moment);
}

/* Clocks */

/* "PM", "p.m.", "p. m.": moves the hour; *there says that it stood there. False when the
 * hour cannot be. */
static bool take_half_day(struct cursor *cursor, int *hour, bool *there)
{
    struct cursor probe = *cursor;
    char half;
    *there = false;
    if (!take_any(&probe, "aApP", &half))
        return true;

    bool point = take_char(&probe, '.');
    if (point)
        skip_spaces(&probe);

    /* "11 April", "3 Pages": a letter of its own is no half of the day, nor is one of a word. What
     * is not taken is left to who reads on. */
    char m;
    if (!take_any(&probe, "mM", &m) || (probe.at < probe.end && letter(*probe.at)))
        return true;
    if (point)
        take_char(&probe, '.');

    if (!ingest_half_day_hour(hour, (half | 32) == 'p'))
        return false;
    *cursor = probe;
    *there = true;
    return true;
}

bool ingest_take_fraction(struct cursor *cursor, struct ingest_moment *moment)
{
    char mark;
    if (!take_any(cursor, ".,", &mark))
        return true;
    const char *start = cursor->at;
    for (; cursor->at < cursor->end && digit(*cursor->at); cursor->at++)
        moment->has_fraction |= *cursor->at != '0';
    return cursor->at > start;
}

/* Behind the hour: minutes, seconds, a fraction. */
static bool take_minutes(struct cursor *cursor, bool compact, int *minute, int *second,
                         struct ingest_moment *moment)
{
    int count;
    char mark = 0;
    if (!take_any(cursor, ":.h", &mark) && !compact)
        return false;
    take_number(cursor, 2, minute, &count);

    /* "8h" is a full hour; behind a colon or a point the minutes must follow in two digits */
    if (count != 2)
        return mark == 'h' && count == 0;

    /* the mark before the seconds is the one before the minutes: 8:26.30 is no time */
    bool seconds = mark ? take_char(cursor, mark) : cursor->at < cursor->end && digit(*cursor->at);
    if (!seconds)
        return true;
    if (!take_number(cursor, 2, second, &count) || count != 2)
        return false;
    return ingest_take_fraction(cursor, moment);
}

/* "T08:26:00.5+01:00", " 8:26 PM CET", or nothing; the cursor must end at the end. */
bool ingest_take_clock(struct cursor *cursor, bool compact, struct ingest_moment *moment)
{
    int hour, minute = 0, second = 0, count;
    char mark;
    bool half, comma;

    if (cursor->at == cursor->end)
        return true;

    /* between date and time: a comma, blanks, a T or what stands for one, or a hyphen with blanks
     * around */
    const char *before = cursor->at;
    comma = take_char(cursor, ',');
    skip_spaces(cursor);
    const char *marks = compact ? "Tt_:-" : "Tt_:"; /* 2025-03-04-10.11.12, as DB2 writes it */
    if (cursor->at == before && !take_any(cursor, marks, &mark))
        return false;
    if (!comma && (size_t)(cursor->end - cursor->at) > 1 && *cursor->at == '-' &&
        cursor->at[1] == ' ')
        cursor->at++; /* 04.03.2025 - 10:11 */
    skip_spaces(cursor);

    const char *start = cursor->at;
    take_number(cursor, 2, &hour, &count);
    if (cursor->at == start)
        return false;

    /* "8 PM" has no minutes, so the half of the day is looked for first, and again behind the
     * minutes */
    struct cursor behind = *cursor;
    skip_spaces(&behind);
    if (!take_half_day(&behind, &hour, &half))
        return false;
    if (half) {
        *cursor = behind;
    } else if (!take_minutes(cursor, compact && count == 2, &minute, &second, moment)) {
        return false;
    } else {
        skip_spaces(cursor);
        if (!take_half_day(cursor, &hour, &half))
            return false;
    }

    skip_spaces(cursor);
    if (!ingest_take_zone(cursor, moment) || cursor->at != cursor->end)
        return false;

    /* 24:00:00 is the next day's */
    bool midnight = hour == 24 && minute == 0 && second == 0 && !moment->has_fraction &&
                    moment->date < DATE_MAX;
    moment->date += midnight;
    return ingest_set_clock(midnight ? 0 : hour, minute, second, moment);
}
