/*
 * A spreadsheet keeps dates as days since 1900 or 1904 and shows them by the cell's
 * number format; it keeps 0.3 as 0.29999999999999999 and shows fifteen digits. What is
 * meant is what is shown, except that nothing is rounded further.
 */
#include "ingest/xlsx.h"

#include "base/calendar.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Formats that every spreadsheet knows by number (ECMA-376, 18.8.30); those from 27 on are dates in
 * East Asia. All others are numbers. */
static const struct {
    int first, last;
    enum ingest_cell_kind kind;
} built_in_formats[] = {
    {14, 17, CELL_DATE},  {18, 21, CELL_CLOCK}, {22, 22, CELL_DATE_TIME}, {27, 31, CELL_DATE},
    {32, 35, CELL_CLOCK}, {36, 36, CELL_DATE},  {45, 45, CELL_CLOCK},     {46, 46, CELL_ELAPSED},
    {47, 47, CELL_CLOCK}, {50, 54, CELL_DATE},  {55, 56, CELL_CLOCK},     {57, 58, CELL_DATE},
};

static enum ingest_cell_kind built_in(int id)
{
    for (size_t i = 0; i < sizeof built_in_formats / sizeof *built_in_formats; i++)
        if (id >= built_in_formats[i].first && id <= built_in_formats[i].last)
            return built_in_formats[i].kind;
    return CELL_NUMBER;
}

/* The letters of a format that stand for parts of a date or a time; text in quotes and
 * brackets is left out. */
static enum ingest_cell_kind by_code(const char *code)
{
    bool date = false, clock = false, elapsed = false;

    for (const char *at = code; *at && *at != ';'; at++) {
        char c = (char)tolower((unsigned char)*at);
        if (c == '"') {
            const char *end = strchr(at + 1, '"');
            if (!end)
                break;
            at = end;
        } else if (c == '\\' || c == '_' || c == '*') {
            at += at[1] != 0;
        } else if (c == '[') {
            /* [h] counts hours, [Red] and [$-407] are no parts of a date */
            const char *end = strchr(at, ']');
            if (!end)
                break;
            elapsed |= end - at > 1 && end - at <= 3 &&
                       strchr("hms", tolower((unsigned char)at[1])) != NULL;
            clock |= elapsed;
            at = end;
        } else if (strncasecmp(at, "general", strlen("general")) == 0) {
            return CELL_NUMBER;
        } else {
            date |= c == 'y' || c == 'd';
            clock |= c == 'h' || c == 's';
            date |= c == 'm' && !clock && !strchr(at, 's') && !strchr(at, 'S');
        }
    }

    if (date)
        return clock ? CELL_DATE_TIME : CELL_DATE;
    if (elapsed)
        return CELL_ELAPSED;
    return clock ? CELL_CLOCK : CELL_NUMBER;
}

enum ingest_cell_kind ingest_number_format(int id, const char *code)
{
    return code ? by_code(code) : built_in(id);
}

enum { TEXT_MAX = 64, DIGITS = 15 }; /* the digits that spreadsheets keep and show */

/* Fifteen digits without an exponent, as long as they say all; else as the file has it. */
static const char *number_text(const char *written, double value, char *out)
{
    /* of numbers beyond these, fifteen digits do not say all */
    if (!isfinite(value) || fabs(value) >= 1e15 || (value != 0 && fabs(value) < 1e-9))
        return written;

    int before = value == 0 ? 1 : (int)floor(log10(fabs(value))) + 1;
    int places = DIGITS - before;
    snprintf(out, TEXT_MAX, "%.*f", places > 0 ? places : 0, value);

    if (strchr(out, '.')) {
        size_t length = strlen(out);
        while (out[length - 1] == '0')
            out[--length] = 0;
        if (out[length - 1] == '.')
            out[--length] = 0;
    }
    return strcmp(out, "-0") == 0 ? strcpy(out, "0") : out;
}

enum { FALSE_LEAP_DAY = 60 };

/* Day 60 of the calendar since 1900 is a 29 February that never was. */
static int32_t day_of(double days, bool since_1904)
{
    if (since_1904) /* Excel for the first Macintoshes */
        return date_from_civil(1904, 1, 1) + (int32_t)days;
    return date_from_civil(1899, 12, days < FALSE_LEAP_DAY ? 31 : 30) +
           (int32_t)days; /* to day 0, which is one day earlier behind the false one */
}

const char *ingest_cell_text(const char *written, enum ingest_cell_kind kind, bool since_1904,
                             char *out)
{
    enum {
        DAYS_MAX = 2958465, /* 31 December 9999 */
        SECOND_MILLIS = 1000,
        MILLIS_A_DAY = SECONDS_A_DAY * SECOND_MILLIS,
        DATE_ROOM = 24, /* bytes of out, which has TEXT_MAX */
        CLOCK_ROOM = 32,
        FRACTION_ROOM = 8,
    };
    char *end;
    double value = strtod(written, &end);
    if (end == written || *end)
        return written;
    if (kind == CELL_NUMBER || !isfinite(value) || value < 0 || value >= DAYS_MAX + 1)
        return number_text(written, value, out);

    /* rounded to milliseconds before it is divided: 0.99999999 is the next day's midnight */
    double days = floor(value);
    long millis = lround((value - days) * MILLIS_A_DAY);
    if (millis >= MILLIS_A_DAY) {
        days++;
        millis = 0;
    }

    char *at = out;
    long hours = 0;
    if (kind == CELL_ELAPSED) {
        hours = (long)days * (SECONDS_A_DAY / SECONDS_AN_HOUR);
    } else if (kind != CELL_CLOCK || days > 0) {
        struct civil_date date = date_to_civil(day_of(days, since_1904));
        at += snprintf(at, DATE_ROOM, "%04d-%02d-%02d", date.year, date.month, date.day);
    }

    if (kind == CELL_DATE && millis == 0)
        return out;
    long seconds = millis / SECOND_MILLIS, minutes = seconds / SECONDS_A_MINUTE;
    hours += seconds / SECONDS_AN_HOUR;
    at += snprintf(at, CLOCK_ROOM, "%s%02ld:%02ld:%02ld", at > out ? " " : "", hours,
                   minutes % (SECONDS_AN_HOUR / SECONDS_A_MINUTE), seconds % SECONDS_A_MINUTE);
    if (millis % SECOND_MILLIS)
        snprintf(at, FRACTION_ROOM, ".%03ld", millis % SECOND_MILLIS);
    return out;
}
