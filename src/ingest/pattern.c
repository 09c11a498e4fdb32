/*
 * Formats of dates as people say them: strptime's conversions behind a percent sign, or the letters
 * of spreadsheets and of Java (DD.MM.YYYY). Both become a row of pieces, which reads a value from
 * left to right without ever going back: a format says where each field ends.
 */
#include "ingest/pattern.h"

#include "base/number.h"
#include "ingest/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum piece {
    PIECE_LITERAL,
    PIECE_SPACE, /* any blanks, none too */
    PIECE_YEAR,
    PIECE_YEAR2,
    PIECE_MONTH,
    PIECE_MONTH_NAME,
    PIECE_DAY,
    PIECE_HOUR,
    PIECE_HOUR12,
    PIECE_MINUTE,
    PIECE_SECOND,
    PIECE_FRACTION,
    PIECE_HALF,
    PIECE_ZONE,
    PIECE_WEEKDAY,
    PIECE_EPOCH,
};

enum { PIECES_MAX = 64 }; /* fields and the signs between them; five times what one needs */

struct ingest_pattern {
    const char *text;
    unsigned char pieces[PIECES_MAX];
    char literals[PIECES_MAX];
    size_t count;
    unsigned has; /* bits of enum piece */
};

#define HAS(pattern, piece) ((pattern)->has >> (piece)&1)

static bool add(struct ingest_pattern *pattern, enum piece piece, char literal)
{
    if (pattern->count == PIECES_MAX)
        return false;
    pattern->pieces[pattern->count] = (unsigned char)piece;
    pattern->literals[pattern->count++] = literal;
    pattern->has |= 1u << piece;
    return true;
}

/* strptime's conversions; those that stand for several are spelt out. */
static const char *expansion(char c)
{
    switch (c) {
    case 'F': return "%Y-%m-%d";
    case 'T': return "%H:%M:%S";
    case 'R': return "%H:%M";
    case 'D': return "%m/%d/%y";
    case 'r': return "%I:%M:%S %p";
    case 'c': return "%a %b %d %H:%M:%S %Y";
    default: return NULL;
    }
}

static enum piece conversion(char c)
{
    /* The letters of strptime, and those that other programs have for the same: %k and %l, Python's
     * %f, Ruby's %L. */
    static const struct {
        char letter;
        enum piece piece;
    } table[] = {
        {'Y', PIECE_YEAR},       {'y', PIECE_YEAR2},      {'m', PIECE_MONTH},
        {'d', PIECE_DAY},        {'e', PIECE_DAY},        {'H', PIECE_HOUR},
        {'k', PIECE_HOUR},       {'I', PIECE_HOUR12},     {'l', PIECE_HOUR12},
        {'M', PIECE_MINUTE},     {'S', PIECE_SECOND},     {'f', PIECE_FRACTION},
        {'L', PIECE_FRACTION},   {'p', PIECE_HALF},       {'P', PIECE_HALF},
        {'z', PIECE_ZONE},       {'Z', PIECE_ZONE},       {'b', PIECE_MONTH_NAME},
        {'B', PIECE_MONTH_NAME}, {'h', PIECE_MONTH_NAME}, {'a', PIECE_WEEKDAY},
        {'A', PIECE_WEEKDAY},    {'s', PIECE_EPOCH},      {'n', PIECE_SPACE},
        {'t', PIECE_SPACE},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].letter == c)
            return table[i].piece;
    return PIECE_LITERAL;
}

static bool read_percent(const char *text, struct ingest_pattern *pattern, char *wrong)
{
    for (const char *at = text; *at; at++) {
        bool fits = true;
        if (*at != '%') {
            fits = add(pattern, isspace((unsigned char)*at) ? PIECE_SPACE : PIECE_LITERAL, *at);
        } else {
            at++;
            if (*at == '-' || *at == 'E' || *at == 'O')
                at++;

            const char *more = *at ? expansion(*at) : NULL;
            enum piece piece = conversion(*at);
            if (more)
                fits = read_percent(more, pattern, wrong);
            else if (*at == '%')
                fits = add(pattern, PIECE_LITERAL, '%');
            else
                fits = piece != PIECE_LITERAL && add(pattern, piece, 0);
        }

        if (!fits) {
            *wrong = *at;
            return false;
        }
    }

    return true;
}

/* A run of one letter: M and m mean months before the hour and minutes behind it, however
 * they are written. */
static bool add_letters(struct ingest_pattern *pattern, char c, size_t length)
{
    bool clock = HAS(pattern, PIECE_HOUR) || HAS(pattern, PIECE_HOUR12);
    bool month = HAS(pattern, PIECE_MONTH) || HAS(pattern, PIECE_MONTH_NAME);
    /* m is a month or a minute: a minute behind an hour, once; M is one only where the
     * month has been */
    switch (c) {
    case 'Y':
    case 'y':
    case 'u':
        return (length == 2 || length == 4 || length == 1) &&
               add(pattern, length == 2 ? PIECE_YEAR2 : PIECE_YEAR, 0);
    case 'M':
    case 'm':
        if (length >= 3)
            return add(pattern, PIECE_MONTH_NAME, 0);
        if (clock && (c == 'm' || month) && !HAS(pattern, PIECE_MINUTE))
            return add(pattern, PIECE_MINUTE, 0);
        return !month && add(pattern, PIECE_MONTH, 0);
    case 'D':
    case 'd': return add(pattern, length >= 3 ? PIECE_WEEKDAY : PIECE_DAY, 0);
    case 'E': return add(pattern, PIECE_WEEKDAY, 0);
    case 'H':
    case 'k': return length <= 2 && add(pattern, PIECE_HOUR, 0);
    case 'h': return length <= 2 && add(pattern, PIECE_HOUR, 0);
    case 'S':
    case 's':
        return add(pattern,
                   length <= 2 && !HAS(pattern, PIECE_SECOND) ? PIECE_SECOND : PIECE_FRACTION, 0);
    case 'f':
    case 'F': return add(pattern, PIECE_FRACTION, 0);
    case 'a':
    case 'A': return add(pattern, PIECE_HALF, 0);
    case 'z':
    case 'Z':
    case 'x':
    case 'X': return add(pattern, PIECE_ZONE, 0);
    default: return false;
    }
}

static bool starts_with(const char *at, const char *word)
{
    return strncasecmp(at, word, strlen(word)) == 0;
}

static bool read_letters(const char *text, struct ingest_pattern *pattern, char *wrong)
{
    for (const char *at = text; *at;) {
        size_t length = 1;
        bool fits;
        *wrong = *at;

        /* words before letters, of which they are made; in single quotes stands what is no field */
        if (starts_with(at, "Month") || starts_with(at, "Mon")) {
            length = starts_with(at, "Month") ? sizeof "Month" - 1 : sizeof "Mon" - 1;
            fits = add(pattern, PIECE_MONTH_NAME, 0);
        } else if (starts_with(at, "AM/PM")) {
            length = sizeof "AM/PM" - 1;
            fits = add(pattern, PIECE_HALF, 0);
        } else if (starts_with(at, "AM") || starts_with(at, "PM") || starts_with(at, "tt")) {
            length = 2;
            fits = add(pattern, PIECE_HALF, 0);
        } else if (*at == '\'') {
            const char *close = strchr(at + 1, '\'');
            fits = true;
            length = close ? (size_t)(close - at) + 1 : 1;
            for (const char *c = at + 1; close && c < close; c++)
                fits &= add(pattern, PIECE_LITERAL, *c);
        } else if (*at == 'T') {
            fits = add(pattern, PIECE_LITERAL, *at);
        } else if (isalpha((unsigned char)*at)) {
            while (at[length] == *at)
                length++;
            fits = add_letters(pattern, *at, length);
        } else {
            fits = add(pattern, isspace((unsigned char)*at) ? PIECE_SPACE : PIECE_LITERAL, *at);
        }

        if (!fits)
            return false;
        at += length;
    }

    return true;
}

bool ingest_is_pattern(const char *text)
{
    struct ingest_pattern pattern = {.text = text};
    char wrong;
    bool read = strchr(text, '%') ? read_percent(text, &pattern, &wrong)
                                  : read_letters(text, &pattern, &wrong);
    if (pattern.count == PIECES_MAX)
        return true; /* it reads like one as far as it goes; ingest_pattern_parse says what is wrong
                      */
    return read &&
           (HAS(&pattern, PIECE_YEAR) || HAS(&pattern, PIECE_YEAR2) || HAS(&pattern, PIECE_EPOCH));
}

static enum status complain(const char *text, const char *what, struct error *error)
{
    enum status status = error_set(error, STATUS_USAGE, "the date format \"%s\" %s", text, what);
    error_hint(error, "write it as DD.MM.YYYY HH:mm:ss, or as %%d.%%m.%%Y %%H:%%M:%%S");
    return status;
}

enum status ingest_pattern_parse(const char *text, struct arena *arena,
                                 const struct ingest_pattern **out, struct error *error)
{
    struct ingest_pattern *pattern = ARENA_NEW(arena, struct ingest_pattern);
    char wrong = 0;

    *pattern = (struct ingest_pattern){.text = arena_strdup(arena, text)};
    bool read = strchr(text, '%') ? read_percent(text, pattern, &wrong)
                                  : read_letters(text, pattern, &wrong);
    if (!read && pattern->count == PIECES_MAX)
        return complain(text, arena_printf(arena, "has more than %d parts", PIECES_MAX), error);
    if (!read)
        return complain(text, arena_printf(arena, "cannot be read at '%c'", wrong ? wrong : '%'),
                        error);

    bool year = HAS(pattern, PIECE_YEAR) || HAS(pattern, PIECE_YEAR2);
    bool month = HAS(pattern, PIECE_MONTH) || HAS(pattern, PIECE_MONTH_NAME);
    if (!year && !HAS(pattern, PIECE_EPOCH))
        return complain(text, "has no year", error);
    if (!month && HAS(pattern, PIECE_DAY))
        return complain(text, "has a day and no month", error);

    /* HH beside AM and PM means the twelve hours, whatever its letters say elsewhere */
    if (HAS(pattern, PIECE_HALF) && HAS(pattern, PIECE_HOUR))
        for (size_t i = 0; i < pattern->count; i++)
            if (pattern->pieces[i] == PIECE_HOUR)
                pattern->pieces[i] = PIECE_HOUR12;
    *out = pattern;
    return STATUS_OK;
}

const char *ingest_pattern_text(const struct ingest_pattern *pattern)
{
    return pattern->text;
}

bool ingest_pattern_has_clock(const struct ingest_pattern *pattern)
{
    return HAS(pattern, PIECE_HOUR) || HAS(pattern, PIECE_HOUR12) || HAS(pattern, PIECE_EPOCH);
}

/* Reading */

struct fields {
    int year, month, day, hour, minute, second;
    bool afternoon, half;
};

static bool digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static bool take_digits(const char **at, const char *end, int least, int most, int *out)
{
    int number = 0, count = 0;
    for (; *at < end && count < most && digit(**at); (*at)++, count++)
        number = number * 10 + (**at - '0');
    *out = number;
    return count >= least;
}

static struct text take_letters(const char **at, const char *end)
{
    const char *start = *at;
    while (*at < end && (isalpha((unsigned char)**at) || (**at & 0x80)))
        (*at)++;
    return (struct text){start, (size_t)(*at - start)};
}

static bool take_half(const char **at, const char *end, struct fields *fields)
{
    if (*at >= end)
        return false;
    char first = (char)(**at | 32);
    if (first != 'a' && first != 'p')
        return false;
    fields->half = true;
    fields->afternoon = first == 'p';
    while (*at < end && strchr("aApPmM.", **at))
        (*at)++;
    return true;
}

/* The offset, the zone's abbreviation or its name, up to the next blank. */
static bool take_zone(const char **at, const char *end, struct ingest_moment *moment)
{
    const char *start = *at;
    while (*at < end && **at != ' ')
        (*at)++;
    /* the general reader knows zones: let it read one behind a date of its own */
    char text[80] = "2000-01-01 00:00 ";
    size_t used = strlen(text), length = (size_t)(*at - start);
    struct ingest_moment read;
    if (length == 0 || used + length >= sizeof text)
        return false;

    memcpy(text + used, start, length);
    if (!ingest_parse_moment((struct text){text, used + length}, DATE_FORMAT_YMD, &read))
        return false;

    moment->has_offset = read.has_offset;
    moment->offset = read.offset;
    moment->doubtful_zone = read.doubtful_zone;

    /* the zone's name must point into the value, and not into the text made here */
    if (read.zone.length)
        moment->zone = (struct text){start + (read.zone.data - text - used), read.zone.length};
    return true;
}

static bool take_epoch(const char **at, const char *end, struct ingest_moment *moment,
                       struct fields *fields)
{
    int64_t seconds = 0;
    const char *start = *at;
    for (; *at < end && digit(**at) && *at - start < 11; (*at)++) /* to the year 5138 */
        seconds = seconds * 10 + (**at - '0');

    int64_t day = seconds / SECONDS_A_DAY, clock = seconds % SECONDS_A_DAY;
    struct civil_date civil = date_to_civil((int32_t)(day < DATE_MAX ? day : DATE_MAX));
    fields->year = civil.year, fields->month = civil.month, fields->day = civil.day;
    fields->hour = (int)(clock / SECONDS_AN_HOUR),
    fields->minute = (int)(clock % SECONDS_AN_HOUR / SECONDS_A_MINUTE),
    fields->second = (int)(clock % SECONDS_A_MINUTE);
    moment->has_offset = true;
    return *at > start;
}

static bool take_piece(const struct ingest_pattern *pattern, size_t i, const char **at,
                       const char *end, struct fields *fields, struct ingest_moment *moment)
{
    /* fields that touch have their full width, others may leave the zero out */

    unsigned char next = i + 1 < pattern->count ? pattern->pieces[i + 1] : PIECE_LITERAL;
    bool touching = next >= PIECE_YEAR && next <= PIECE_FRACTION && next != PIECE_MONTH_NAME;
    touching |= i > 0 && pattern->pieces[i - 1] >= PIECE_YEAR &&
                pattern->pieces[i - 1] <= PIECE_SECOND &&
                pattern->pieces[i - 1] != PIECE_MONTH_NAME;

    int least = touching ? 2 : 1, number;
    const char *start;

    switch (pattern->pieces[i]) {
    case PIECE_LITERAL: return *at < end && *(*at)++ == pattern->literals[i];
    case PIECE_SPACE:
        while (*at < end && isspace((unsigned char)**at))
            (*at)++;
        return true;
    case PIECE_YEAR: return take_digits(at, end, 4, 4, &fields->year);
    case PIECE_YEAR2:
        if (!take_digits(at, end, 2, 2, &number))
            return false;
        fields->year = ingest_short_year(number);
        moment->short_year = true;
        return true;
    case PIECE_MONTH: return take_digits(at, end, least, 2, &fields->month);
    case PIECE_MONTH_NAME:
        fields->month = ingest_month_of(take_letters(at, end));
        if (*at < end && **at == '.' && !(next == PIECE_LITERAL && pattern->literals[i + 1] == '.'))
            (*at)++;
        return fields->month > 0;
    case PIECE_DAY: return take_digits(at, end, least, 2, &fields->day);
    case PIECE_HOUR:
    case PIECE_HOUR12: return take_digits(at, end, least, 2, &fields->hour);
    case PIECE_MINUTE: return take_digits(at, end, least, 2, &fields->minute);
    case PIECE_SECOND: return take_digits(at, end, least, 2, &fields->second);
    case PIECE_FRACTION:
        for (start = *at; *at < end && digit(**at); (*at)++)
            moment->has_fraction |= **at != '0';
        return *at > start;
    case PIECE_HALF: return take_half(at, end, fields);
    case PIECE_ZONE: return take_zone(at, end, moment);
    case PIECE_WEEKDAY: return ingest_is_weekday(take_letters(at, end));
    case PIECE_EPOCH: return take_epoch(at, end, moment, fields);
    default: return false;
    }
}

bool ingest_pattern_read(const struct ingest_pattern *pattern, struct text value,
                         struct ingest_moment *moment)
{
    /* A pattern without a day means the first. */
    struct fields fields = {.month = 1, .day = 1};
    const char *at = value.data, *end = value.data + value.length;

    *moment = (struct ingest_moment){0};
    for (size_t i = 0; i < pattern->count; i++)
        if (!take_piece(pattern, i, &at, end, &fields, moment))
            return false;
    if (at != end)
        return false;

    /* Only now, as "%p" may stand before the hour. */
    if (fields.half && !ingest_half_day_hour(&fields.hour, fields.afternoon))
        return false;
    if (fields.year < 1 || !date_valid(fields.year, fields.month, fields.day) ||
        !ingest_is_clock(fields.hour, fields.minute, fields.second))
        return false;

    moment->date = date_from_civil(fields.year, fields.month, fields.day);
    moment->clock = ingest_clock_seconds(fields.hour, fields.minute, fields.second);
    moment->has_clock = ingest_pattern_has_clock(pattern);
    return true;
}
