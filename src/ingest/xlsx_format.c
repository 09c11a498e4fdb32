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

/* Formats that every spreadsheet knows by number; those from 27 on are dates in East Asia. */
static enum ingest_cell_kind built_in(int id)
{
    /* ECMA-376, 18.8.30 */
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) ||
        id == 57 || id == 58)
        return CELL_DATE;
    if (id == 46)
        return CELL_ELAPSED;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) || id == 55 ||
        id == 56)
        return CELL_CLOCK;
    return id == 22 ? CELL_DATE_TIME : CELL_NUMBER;
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
        } else if (strncasecmp(at, "general", 7) == 0) {
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

enum { TEXT_MAX = 64, DIGITS = 15 };

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

/* Day 60 of the calendar since 1900 is a 29 February that never was. */
static int32_t day_of(double days, bool since_1904)
{
    if (since_1904)
        return date_from_civil(1904, 1, 1) + (int32_t)days;
    return date_from_civil(1899, 12, days < 60 ? 31 : 30) + (int32_t)days;
}

const char *ingest_cell_text(const char *written, enum ingest_cell_kind kind, bool since_1904,
                             char *out)
{
    enum { DAYS_MAX = 2958465, MILLIS_A_DAY = 86400000 }; /* 31 December 9999 */
    char *end;
    double value = strtod(written, &end);
    if (end == written || *end)
        return written;
    if (kind == CELL_NUMBER || !isfinite(value) || value < 0 || value >= DAYS_MAX + 1)
        return number_text(written, value, out);

    double days = floor(value);
    long millis = lround((value - days) * MILLIS_A_DAY);
    if (millis >= MILLIS_A_DAY) {
        days++;
        millis = 0;
    }

    char *at = out;
    long hours = 0;
    if (kind == CELL_ELAPSED) {
        hours = (long)days * 24;
    } else if (kind != CELL_CLOCK || days > 0) {
        struct civil_date date = date_to_civil(day_of(days, since_1904));
        at += snprintf(at, 24, "%04d-%02d-%02d", date.year, date.month, date.day);
    }

    if (kind == CELL_DATE && millis == 0)
        return out;
    long seconds = millis / 1000;
    hours += seconds / 3600;
    at += snprintf(at, 32, "%s%02ld:%02ld:%02ld", at > out ? " " : "", hours, seconds / 60 % 60,
                   seconds % 60);
    if (millis % 1000)
        snprintf(at, 8, ".%03ld", millis % 1000);
    return out;
}
