/*
 * Time. A moment is whole seconds since 1970-01-01T00:00:00Z (int64_t); a date is days since
 * 1970-01-01 (int32_t, proleptic Gregorian, years 0001–9999); a clock is seconds since local
 * midnight. A zone maps moments to local dates and clocks and back; its rules come from the
 * machine's IANA database (TZif files, with the rule for years past their last entry).
 *
 * Local times that happen twice are read as their second occurrence; those that never happen move
 * forward by the gap (02:30 becomes 03:30 where clocks go from 2 to 3). Zones are immutable after
 * opening and may be shared by threads.
 */
#ifndef STRATA_BASE_CALENDAR_H
#define STRATA_BASE_CALENDAR_H

#include "base/text.h"

enum {
    DATE_MIN = -719162, /* 0001-01-01 */
    DATE_MAX = 2932896, /* 9999-12-31 */
    SECONDS_A_MINUTE = 60,
    SECONDS_AN_HOUR = 60 * SECONDS_A_MINUTE,
    SECONDS_A_DAY = 24 * SECONDS_AN_HOUR, /* days of clock changes apart, which zones know */
    DAYS_A_WEEK = 7,
    MONTHS_A_YEAR = 12,
    YEAR_MAX = 9999,    /* of DATE_MAX */
    YEARS_AN_ERA = 400, /* after which the calendar begins anew, with the same weekday */
    DAYS_AN_ERA = 146097,
};
#define FACT_TIME_MIN INT64_C(0) /* 1970-01-01T00:00:00Z: the first moment a fact may have */
#define FACT_TIME_MAX INT64_C(4291747199) /* 2105-12-31T23:59:59Z: the last */
#define MOMENT_MIN ((int64_t)DATE_MIN * SECONDS_A_DAY)
#define MOMENT_MAX ((int64_t)DATE_MAX * SECONDS_A_DAY + SECONDS_A_DAY - 1)

/* A span on the calendar: months step first (the day clamped to the month's last), then seconds.
 * Days and weeks are seconds; calendar days (today ± n days) are a matter of date arithmetic. */
struct calendar_period {
    int32_t months;
    int64_t seconds;
};

enum calendar_unit {
    CALENDAR_SECOND,
    CALENDAR_MINUTE,
    CALENDAR_HOUR,
    CALENDAR_DAY,
    CALENDAR_WEEK, /* Monday to Sunday */
    CALENDAR_MONTH,
    CALENDAR_QUARTER,
    CALENDAR_YEAR,
};

struct civil_date {
    int32_t year;
    int month, day; /* 1–12, 1–31 */
};

struct civil_date date_to_civil(int32_t date);
/* The day is not clamped: the caller gives a valid date (see date_valid). */
int32_t date_from_civil(int32_t year, int month, int day);
bool date_valid(int32_t year, int month, int day);
int days_in_month(int32_t year, int month);
/* 1 Monday … 7 Sunday. */
int date_weekday(int32_t date);
/* months later (negative: earlier), the day clamped to the last of its month; clamped to
 * DATE_MIN…DATE_MAX. */
int32_t date_add_months(int32_t date, int64_t months);
/* The first day of the unit (day or larger) that holds date, and of the one after. */
int32_t date_floor(int32_t date, enum calendar_unit unit);
int32_t date_next(int32_t date, enum calendar_unit unit);
/* The running number of the unit (day or larger) that holds date: days since 1970-01-01, Monday
 * weeks since the week of 1970-01-01 (number 0), year × 12 + month − 1, year × 4 + quarter − 1,
 * year. */
int64_t date_unit_number(int32_t date, enum calendar_unit unit);
/* The first date of unit number n: the inverse of date_unit_number. */
int32_t date_of_unit_number(int64_t number, enum calendar_unit unit);
/* The anniversary of date in year: the same month and day; 28 February for 29 February in other
 * years. */
int32_t date_anniversary(int32_t date, int32_t year);
/* Completed years from birth to on; negative before. 29 February is completed on 28 February in
 * other years. */
int32_t date_age(int32_t birth, int32_t on);
/* Completed calendar months from a to b (b's day at or past a's, a's clamped to b's month), rounded
 * towards minus infinity: −1 from the moment b lies before a. */
int64_t date_months_between(int32_t a, int32_t b);

struct zone;

/* Opens "Europe/Vienna", "UTC". STATUS_NOT_FOUND names the nearest zone there is. */
enum status zone_open(const char *name, struct zone **out, struct error *error);
void zone_close(struct zone *zone);
const char *zone_name(const struct zone *zone);
/* Seconds to add to UTC at that moment. */
int32_t zone_offset(const struct zone *zone, int64_t moment);
/* The moments in (after, until] at which the offset changes, ascending, into out (at most max);
 * returns their number. offset_after[i] (may be NULL) is the offset from that moment on. For
 * engines that need the zone as a table. */
size_t zone_transitions(const struct zone *zone, int64_t after, int64_t until, int64_t *out,
                        int32_t *offset_after, size_t max);

int32_t zone_date(const struct zone *zone, int64_t moment);
/* Seconds since local midnight as a clock on the wall shows them. */
int32_t zone_clock(const struct zone *zone, int64_t moment);
enum zone_fit { ZONE_EXACT, ZONE_REPEATED, ZONE_MISSING };
/* The moment of a local date and clock (0…86399); *fit (may be NULL) says whether it happened twice
 * or never. */
int64_t zone_moment(const struct zone *zone, int32_t date, int32_t clock, enum zone_fit *fit);
/* The first moment of a local date: midnight, or the first moment after a gap that swallows
 * midnight. When midnight happens twice, the first occurrence; of a date that a zone skipped, the
 * start of the next. Every moment lies in [start of its date, start of the next), but for the
 * minutes after a clock goes back over midnight (St. John's did at 00:01). */
int64_t zone_day_start(const struct zone *zone, int32_t date);
/* moment + sign × period: months step on the local calendar keeping the clock, seconds are a
 * duration. sign ±1. */
int64_t zone_add(const struct zone *zone, int64_t moment, struct calendar_period period, int sign);

/* "2025-03-31" */
enum { DATE_TEXT_MAX = 16, MOMENT_TEXT_MAX = 40 };
char *date_format(int32_t date, char *out);
/* "2025-03-31T14:05:09+02:00", "Z" for offset 0 in UTC. */
char *moment_format(const struct zone *zone, int64_t moment, char *out);
/* ISO dates "2025-03-31". */
bool date_parse(struct text text, int32_t *date);
/* ISO 8601: a date, optional "T" or space and hh:mm[:ss[.fraction]], optional Z or ±hh[:mm].
 * Without an offset in zone; a bare date is local midnight; a fraction is cut, and 23:59:60 is
 * 23:59:59. False when text is not of that form. */
bool moment_parse(const struct zone *zone, struct text text, int64_t *moment);
/* "30 days", "1 month", for people, from a period; out has 64 bytes. */
char *period_format(struct calendar_period period, char *out);

#endif
