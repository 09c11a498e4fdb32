/*
 * Dates and moments. Dates are counted in days on the proleptic Gregorian calendar with years that
 * begin in March, so that the leap day is a year's last and the length of months follows one linear
 * formula: the five months from March have 31, 30, 31, 30 and 31 days, as have the five from
 * August, and January begins the row again. So month m begins at day (153 m + 2) / 5 of its year,
 * and day d lies in month (5 d + 2) / 153, both rounded down. The calendar as a whole repeats every
 * 400 years, an era, which keeps the arithmetic below small and positive (the days_from_civil and
 * civil_from_days of Howard Hinnant's "chrono-compatible low-level date algorithms").
 *
 * The zone half of calendar.h is in zone.c.
 */
#include "base/calendar.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>

enum {
    DAYS_A_YEAR = 365,
    DAYS_TO_LEAP = 4 * DAYS_A_YEAR, /* to the leap day that closes four years */
    DAYS_A_CENTURY = 36524,         /* one whose last year has no leap day */
    DAYS_FIVE_MONTHS = 153,         /* from March, and from August */
    MARCH = 3,                      /* month 0 of a year here is month 3 of a civil one */
    MONTHS_TO_JANUARY = 10,         /* from March */
    DAYS_TO_EPOCH = 719468,         /* from 0000-03-01 to 1970-01-01 */
    EPOCH_WEEKDAY_OFFSET = 3, /* 1970-01-01 was a Thursday: three days after its week's Monday */
    FEBRUARY = 2,
    LEAP_FEBRUARY = 29,
    MONTHS_A_QUARTER = 3,
    QUARTERS_A_YEAR = 4,
    /* Months counted through the years, as date_unit_number does: those that dates may have. */
    MONTH_FIRST = 1 * MONTHS_A_YEAR,
    MONTH_LAST = YEAR_MAX * MONTHS_A_YEAR + MONTHS_A_YEAR - 1,
    /* The greatest of each in an offset from UTC and on a clock. */
    OFFSET_HOUR_MAX = 25, /* more than any zone has: OFFSET_MAX in zone.c */
    HOUR_MAX = 23,
    SIXTIETH_MAX = 59,
};

static int32_t clamp_date(int64_t date)
{
    return (int32_t)number_clamp(date, DATE_MIN, DATE_MAX);
}

/* The day of its year at which month m from March begins. */
static int march_month_begin(int m)
{
    return (DAYS_FIVE_MONTHS * m + 2) / 5; /* so that 31, 30, 31, 30 and 31 come out */
}

struct civil_date date_to_civil(int32_t date)
{
    int64_t days = (int64_t)date + DAYS_TO_EPOCH;
    int64_t era = number_floor_divide(days, DAYS_AN_ERA);
    int64_t day_of_era = days - era * DAYS_AN_ERA;

    /* Takes out the leap days before dividing: one in 4 years, but not in 100, but in 400. The last
     * is the era's last day. */
    int64_t year_of_era = (day_of_era - day_of_era / DAYS_TO_LEAP + day_of_era / DAYS_A_CENTURY -
                           day_of_era / (DAYS_AN_ERA - 1)) /
                          DAYS_A_YEAR;
    int day_of_year =
        (int)(day_of_era - (DAYS_A_YEAR * year_of_era + year_of_era / 4 - year_of_era / 100));
    int march_month = (5 * day_of_year + 2) / DAYS_FIVE_MONTHS; /* 0 is March */

    /* January and February belong to the civil year after. */
    struct civil_date civil;
    civil.day = day_of_year - march_month_begin(march_month) + 1;
    civil.month = march_month + MARCH - (march_month < MONTHS_TO_JANUARY ? 0 : MONTHS_A_YEAR);
    civil.year = (int32_t)(year_of_era + era * YEARS_AN_ERA + (civil.month < MARCH));
    return civil;
}

int32_t date_from_civil(int32_t year, int month, int day)
{
    int64_t march_year = (int64_t)year - (month < MARCH);
    int march_month = month - MARCH + (month < MARCH ? MONTHS_A_YEAR : 0);
    int64_t era = number_floor_divide(march_year, YEARS_AN_ERA);
    int64_t year_of_era = march_year - era * YEARS_AN_ERA;
    int64_t day_of_year = march_month_begin(march_month) + day - 1;

    return (int32_t)(era * DAYS_AN_ERA + year_of_era * DAYS_A_YEAR + year_of_era / 4 -
                     year_of_era / 100 + day_of_year - DAYS_TO_EPOCH);
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % YEARS_AN_ERA == 0);
}

int days_in_month(int32_t year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    ENSURE(month >= 1 && month <= MONTHS_A_YEAR);
    return month == FEBRUARY && is_leap(year) ? LEAP_FEBRUARY : days[month - 1];
}

bool date_valid(int32_t year, int month, int day)
{
    return year >= 1 && year <= YEAR_MAX && month >= 1 && month <= MONTHS_A_YEAR && day >= 1 &&
           day <= days_in_month(year, month);
}

int date_weekday(int32_t date)
{
    int64_t shifted = (int64_t)date + EPOCH_WEEKDAY_OFFSET;
    return (int)(shifted - number_floor_divide(shifted, DAYS_A_WEEK) * DAYS_A_WEEK) + 1;
}

static int minimum(int a, int b)
{
    return a < b ? a : b;
}

int32_t date_add_months(int32_t date, int64_t months)
{
    struct civil_date civil = date_to_civil(date);
    int64_t index = (int64_t)civil.year * MONTHS_A_YEAR + civil.month - 1;

    /* Asked of months, not of the sum, which could overflow. */
    if (months < MONTH_FIRST - index)
        return DATE_MIN;
    if (months > MONTH_LAST - index)
        return DATE_MAX;

    index += months;
    int32_t year = (int32_t)(index / MONTHS_A_YEAR);
    int month = (int)(index % MONTHS_A_YEAR) + 1;
    return date_from_civil(year, month, minimum(civil.day, days_in_month(year, month)));
}

int64_t date_unit_number(int32_t date, enum calendar_unit unit)
{
    struct civil_date civil = date_to_civil(date);
    switch (unit) {
    case CALENDAR_WEEK:
        return number_floor_divide((int64_t)date + EPOCH_WEEKDAY_OFFSET, DAYS_A_WEEK);
    case CALENDAR_MONTH: return (int64_t)civil.year * MONTHS_A_YEAR + civil.month - 1;
    case CALENDAR_QUARTER:
        return (int64_t)civil.year * QUARTERS_A_YEAR + (civil.month - 1) / MONTHS_A_QUARTER;
    case CALENDAR_YEAR: return civil.year;
    default: ENSURE(unit == CALENDAR_DAY); return date;
    }
}

int32_t date_of_unit_number(int64_t number, enum calendar_unit unit)
{
    int64_t months = 1;
    switch (unit) {
    case CALENDAR_DAY: return clamp_date(number);
    case CALENDAR_WEEK: return clamp_date(number * DAYS_A_WEEK - EPOCH_WEEKDAY_OFFSET);
    case CALENDAR_QUARTER: months = MONTHS_A_QUARTER; break;
    case CALENDAR_YEAR: months = MONTHS_A_YEAR; break;
    default: ENSURE(unit == CALENDAR_MONTH);
    }

    int64_t index = number * months;
    if (index < MONTH_FIRST)
        return DATE_MIN;
    if (index > MONTH_LAST)
        return DATE_MAX;
    return date_from_civil((int32_t)(index / MONTHS_A_YEAR), (int)(index % MONTHS_A_YEAR) + 1, 1);
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

    /* The last of them counts once its day has come. */
    return months - (date_add_months(a, months) > b);
}

char *date_format(int32_t date, char *out)
{
    struct civil_date civil = date_to_civil(date);

    /* Years have four digits; gcc, which cannot know it, fears a longer text. */
    enum { YEAR_ROOM = 100000 };
    snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02d", civil.year % YEAR_ROOM, civil.month, civil.day);
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
    if (hour == HOUR_MAX && minute == SIXTIETH_MAX && second == SIXTIETH_MAX + 1)
        second = SIXTIETH_MAX;

    if (hour > HOUR_MAX || minute > SIXTIETH_MAX || second > SIXTIETH_MAX)
        return false;
    *clock = hour * SECONDS_AN_HOUR + minute * SECONDS_A_MINUTE + second;
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

    /* Seconds only after a colon: +hhmmss is no form of ISO 8601's. */
    if (*at < text.length) {
        bool colon = read_char(text, at, ':');
        if (!read_digits(text, at, 2, &minute))
            return false;
        if (colon && read_char(text, at, ':') && !read_digits(text, at, 2, &second))
            return false;
    }

    if (hour > OFFSET_HOUR_MAX || minute > SIXTIETH_MAX || second > SIXTIETH_MAX)
        return false;
    *offset = sign * (hour * SECONDS_AN_HOUR + minute * SECONDS_A_MINUTE + second);
    return true;
}

bool moment_parse(const struct zone *zone, struct text text, int64_t *moment)
{
    size_t at = 0;
    int32_t date, clock = 0, offset;

    /* A date alone: its midnight in the zone. */
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

    /* With an offset of its own the text needs no zone. */
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
                          date_format(zone_date(zone, moment), date), clock / SECONDS_AN_HOUR,
                          clock % SECONDS_AN_HOUR / SECONDS_A_MINUTE, clock % SECONDS_A_MINUTE);

    /* London in winter is at offset 0 too, but is written +00:00: Z says UTC. */
    if (offset == 0 && strcmp(zone_name(zone), "UTC") == 0) {
        strcpy(out + length, "Z");
        return out;
    }

    /* Offsets before standard time had seconds: Vienna's was +01:05:21 until 1893. */
    int32_t size = offset < 0 ? -offset : offset;
    length +=
        snprintf(out + length, MOMENT_TEXT_MAX - length, "%c%02d:%02d", offset < 0 ? '-' : '+',
                 size / SECONDS_AN_HOUR, size % SECONDS_AN_HOUR / SECONDS_A_MINUTE);
    if (size % SECONDS_A_MINUTE != 0)
        snprintf(out + length, MOMENT_TEXT_MAX - length, ":%02d", size % SECONDS_A_MINUTE);
    return out;
}

char *period_format(struct calendar_period period, char *out)
{
    static const struct {
        int64_t size;
        const char *name;
    } seconds[] = {{SECONDS_A_DAY, "day"},
                   {SECONDS_AN_HOUR, "hour"},
                   {SECONDS_A_MINUTE, "minute"},
                   {1, "second"}};
    enum { ROOM = 64, SECOND = 3 /* the smallest unit, which always divides */ };
    int length = 0;
    int64_t months = period.months, rest = period.seconds;
    const char *name = "month";

    if (months != 0 && months % MONTHS_A_YEAR == 0) {
        months /= MONTHS_A_YEAR;
        name = "year";
    }

    if (months != 0)
        length = snprintf(out, ROOM, "%lld %s%s", (long long)months, name,
                          months == 1 || months == -1 ? "" : "s");
    if (rest == 0 && months != 0)
        return out;

    /* The largest unit that leaves no rest: 36 hours, not 1 day 12 hours. */
    size_t unit = 0;
    while (unit < SECOND && (rest == 0 || rest % seconds[unit].size != 0))
        unit++;
    int64_t count = rest / seconds[unit].size;
    snprintf(out + length, ROOM - length, "%s%lld %s%s", length ? " " : "", (long long)count,
             seconds[unit].name, count == 1 || count == -1 ? "" : "s");
    return out;
}
