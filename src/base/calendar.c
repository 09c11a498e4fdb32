/*
 * Dates and moments. Dates are counted in days on the proleptic Gregorian calendar with years that
 * begin in March, so that the leap day is a year's last and the length of months follows one linear
 * formula.
 *
 * The zone half of calendar.h is in zone.c.
 */
#include "base/calendar.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>

enum {
    DAYS_AN_ERA = 146097,     /* 400 years */
    DAYS_TO_EPOCH = 719468,   /* from 0000-03-01 to 1970-01-01 */
    EPOCH_WEEKDAY_OFFSET = 3, /* 1970-01-01 was a Thursday: three days after its week's Monday */
};

static int32_t clamp_date(int64_t date)
{
    return (int32_t)number_clamp(date, DATE_MIN, DATE_MAX);
}

struct civil_date date_to_civil(int32_t date)
{
    int64_t days = (int64_t)date + DAYS_TO_EPOCH;
    int64_t era = number_floor_divide(days, DAYS_AN_ERA);
    int64_t day_of_era = days - era * DAYS_AN_ERA;
    /* Takes out the leap days before dividing: one in 4 years, but not in 100, but in 400. */
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    int march_month = (5 * day_of_year + 2) / 153; /* 0 is March */
    struct civil_date civil;
    civil.day = day_of_year - (153 * march_month + 2) / 5 + 1;
    civil.month = march_month < 10 ? march_month + 3 : march_month - 9;
    civil.year = (int32_t)(year_of_era + era * 400 + (civil.month <= 2));
    return civil;
}

int32_t date_from_civil(int32_t year, int month, int day)
{
    int64_t march_year = (int64_t)year - (month <= 2);
    int64_t era = number_floor_divide(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return (int32_t)(era * DAYS_AN_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                     day_of_year - DAYS_TO_EPOCH);
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int32_t year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    ENSURE(month >= 1 && month <= 12);
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool date_valid(int32_t year, int month, int day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days_in_month(year, month);
}

int date_weekday(int32_t date)
{
    int64_t shifted = (int64_t)date + EPOCH_WEEKDAY_OFFSET;
    return (int)(shifted - number_floor_divide(shifted, 7) * 7) + 1;
}

static int minimum(int a, int b)
{
    return a < b ? a : b;
}

int32_t date_add_months(int32_t date, int64_t months)
{
    struct civil_date civil = date_to_civil(date);
    int64_t index = (int64_t)civil.year * 12 + civil.month - 1;
    enum { FIRST = 1 * 12, LAST = 9999 * 12 + 11 };
    if (months < FIRST - index)
        return DATE_MIN;
    if (months > LAST - index)
        return DATE_MAX;
    index += months;
    int32_t year = (int32_t)(index / 12);
    int month = (int)(index % 12) + 1;
    return date_from_civil(year, month, minimum(civil.day, days_in_month(year, month)));
}

int64_t date_unit_number(int32_t date, enum calendar_unit unit)
{
    struct civil_date civil = date_to_civil(date);
    switch (unit) {
    case CALENDAR_WEEK: return number_floor_divide((int64_t)date + EPOCH_WEEKDAY_OFFSET, 7);
    case CALENDAR_MONTH: return (int64_t)civil.year * 12 + civil.month - 1;
    case CALENDAR_QUARTER: return (int64_t)civil.year * 4 + (civil.month - 1) / 3;
    case CALENDAR_YEAR: return civil.year;
    default: ENSURE(unit == CALENDAR_DAY); return date;
    }
}

int32_t date_of_unit_number(int64_t number, enum calendar_unit unit)
{
    int64_t months = 1;
    switch (unit) {
    case CALENDAR_DAY: return clamp_date(number);
    case CALENDAR_WEEK: return clamp_date(number * 7 - EPOCH_WEEKDAY_OFFSET);
    case CALENDAR_QUARTER: months = 3; break;
    case CALENDAR_YEAR: months = 12; break;
    default: ENSURE(unit == CALENDAR_MONTH);
    }
    int64_t index = number * months;
    if (index < 12)
        return DATE_MIN;
    if (index > 9999 * 12 + 11)
        return DATE_MAX;
    return date_from_civil((int32_t)(index / 12), (int)(index % 12) + 1, 1);
}

int32_t date_floor(int32_t date, enum calendar_unit unit)
{
    return date_of_unit_number(date_unit_number(date, unit), unit);
}

int32_t date_next(int32_t date, enum calendar_unit unit)
{
    return date_of_unit_number(date_unit_number(date, unit) + 1, unit);
}

int32_t date_anniversary(int32_t date, int32_t year)
{
    struct civil_date civil = date_to_civil(date);
    return date_from_civil(year, civil.month, minimum(civil.day, days_in_month(year, civil.month)));
}

int32_t date_age(int32_t birth, int32_t on)
{
    int32_t year = date_to_civil(on).year;
    return year - date_to_civil(birth).year - (on < date_anniversary(birth, year));
}

int64_t date_months_between(int32_t a, int32_t b)
{
    int64_t months = date_unit_number(b, CALENDAR_MONTH) - date_unit_number(a, CALENDAR_MONTH);
    return months - (date_add_months(a, months) > b);
}

char *date_format(int32_t date, char *out)
{
    struct civil_date civil = date_to_civil(date);
    snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02d", civil.year % 100000, civil.month, civil.day);
    return out;
}

/* Reads exactly `digits` digits at *at. */
static bool read_digits(struct text text, size_t *at, int digits, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (*at >= text.length || text.data[*at] < '0' || text.data[*at] > '9')
            return false;
        value = value * 10 + (text.data[*at] - '0');
    }
    *out = value;
    return true;
}

static bool read_char(struct text text, size_t *at, char c)
{
    if (*at >= text.length || text.data[*at] != c)
        return false;
    ++*at;
    return true;
}

static bool read_date(struct text text, size_t *at, int32_t *date)
{
    int year, month, day;
    if (!read_digits(text, at, 4, &year) || !read_char(text, at, '-') ||
        !read_digits(text, at, 2, &month) || !read_char(text, at, '-') ||
        !read_digits(text, at, 2, &day) || !date_valid(year, month, day))
        return false;
    *date = date_from_civil(year, month, day);
    return true;
}

bool date_parse(struct text text, int32_t *date)
{
    size_t at = 0;
    return read_date(text, &at, date) && at == text.length;
}

/* hh:mm[:ss[.fraction]] */
static bool read_clock(struct text text, size_t *at, int32_t *clock)
{
    int hour, minute, second = 0;

    if (!read_digits(text, at, 2, &hour) || !read_char(text, at, ':') ||
        !read_digits(text, at, 2, &minute))
        return false;
    if (read_char(text, at, ':')) {
        if (!read_digits(text, at, 2, &second))
            return false;
        if (read_char(text, at, '.') || read_char(text, at, ',')) {
            int digit;
            if (!read_digits(text, at, 1, &digit))
                return false;
            while (*at < text.length && text.data[*at] >= '0' && text.data[*at] <= '9')
                ++*at;
        }
    }

    /* A leap second counts as the second before it: moments have none. */
    if (hour == 23 && minute == 59 && second == 60)
        second = 59;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *clock = hour * 3600 + minute * 60 + second;
    return true;
}

/* Z, ±hh, ±hhmm or ±hh:mm[:ss]. */
static bool read_offset(struct text text, size_t *at, int32_t *offset)
{
    if (read_char(text, at, 'Z') || read_char(text, at, 'z')) {
        *offset = 0;
        return true;
    }
    bool minus = read_char(text, at, '-');
    int sign = minus ? -1 : 1, hour, minute = 0, second = 0;
    if (!(minus || read_char(text, at, '+')) || !read_digits(text, at, 2, &hour))
        return false;
    if (*at < text.length) {
        bool colon = read_char(text, at, ':');
        if (!read_digits(text, at, 2, &minute))
            return false;
        if (colon && read_char(text, at, ':') && !read_digits(text, at, 2, &second))
            return false;
    }
    if (hour > 25 || minute > 59 || second > 59)
        return false;
    *offset = sign * (hour * 3600 + minute * 60 + second);
    return true;
}

bool moment_parse(const struct zone *zone, struct text text, int64_t *moment)
{
    size_t at = 0;
    int32_t date, clock = 0, offset;
    if (!read_date(text, &at, &date))
        return false;
    if (at == text.length) {
        *moment = zone_moment(zone, date, 0, NULL);
        return true;
    }
    if (!read_char(text, &at, 'T') && !read_char(text, &at, 't') && !read_char(text, &at, ' '))
        return false;
    if (!read_clock(text, &at, &clock))
        return false;
    if (at == text.length) {
        *moment = zone_moment(zone, date, clock, NULL);
        return true;
    }
    if (!read_offset(text, &at, &offset) || at != text.length)
        return false;
    *moment = (int64_t)date * SECONDS_A_DAY + clock - offset;
    return true;
}

char *moment_format(const struct zone *zone, int64_t moment, char *out)
{
    int32_t offset = zone_offset(zone, moment), clock = zone_clock(zone, moment);
    char date[DATE_TEXT_MAX];
    int length = snprintf(out, MOMENT_TEXT_MAX, "%sT%02d:%02d:%02d",
                          date_format(zone_date(zone, moment), date), clock / 3600, clock / 60 % 60,
                          clock % 60);
    if (offset == 0 && strcmp(zone_name(zone), "UTC") == 0) {
        strcpy(out + length, "Z");
        return out;
    }
    int32_t size = offset < 0 ? -offset : offset;
    length += snprintf(out + length, MOMENT_TEXT_MAX - length, "%c%02d:%02d",
                       offset < 0 ? '-' : '+', size / 3600, size / 60 % 60);
    if (size % 60 != 0)
        snprintf(out + length, MOMENT_TEXT_MAX - length, ":%02d", size % 60);
    return out;
}

char *period_format(struct calendar_period period, char *out)
{
    static const struct {
        int64_t size;
        const char *name;
    } seconds[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    enum { ROOM = 64 };
    int length = 0;
    int64_t months = period.months, rest = period.seconds;
    const char *name = "month";

    if (months != 0 && months % 12 == 0) {
        months /= 12;
        name = "year";
    }

    if (months != 0)
        length = snprintf(out, ROOM, "%lld %s%s", (long long)months, name,
                          months == 1 || months == -1 ? "" : "s");
    if (rest == 0 && months != 0)
        return out;
    size_t unit = 0;
    while (unit < 3 && (rest == 0 || rest % seconds[unit].size != 0))
        unit++;
    int64_t count = rest / seconds[unit].size;
    snprintf(out + length, ROOM - length, "%s%lld %s%s", length ? " " : "", (long long)count,
             seconds[unit].name, count == 1 || count == -1 ? "" : "s");
    return out;
}
