/* The calendar held against glibc's own reading of the same zones: every day of 9,999 years, and
 * moments around every change of every zone of the machine. */
#include "base/calendar.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit/unit.h"

static void test_every_date(void **state)
{
    (void)state;
    for (int32_t date = DATE_MIN; date <= DATE_MAX; date++) {
        time_t moment = (time_t)date * SECONDS_A_DAY;
        struct tm tm;
        gmtime_r(&moment, &tm);
        struct civil_date civil = date_to_civil(date);
        if (civil.year != tm.tm_year + 1900 || civil.month != tm.tm_mon + 1 ||
            civil.day != tm.tm_mday)
            fail_msg("date %d", date);
        if (date_from_civil(civil.year, civil.month, civil.day) != date ||
            date_weekday(date) % 7 != tm.tm_wday)
            fail_msg("date %d back", date);
        if (!date_valid(civil.year, civil.month, civil.day))
            fail_msg("date %d valid", date);
    }
}

static int32_t day(const char *text)
{
    int32_t date;
    if (!date_parse(text_from(text), &date))
        fail_msg("%s does not parse", text);
    return date;
}

static void test_months(void **state)
{
    (void)state;
    assert_int_equal(date_add_months(day("2025-03-31"), -1), day("2025-02-28"));
    assert_int_equal(date_add_months(day("2024-01-31"), 1), day("2024-02-29"));
    assert_int_equal(date_add_months(day("2024-01-31"), 13), day("2025-02-28"));
    assert_int_equal(date_add_months(day("0001-01-31"), -1), DATE_MIN);
    assert_int_equal(date_add_months(day("9999-12-01"), 1), DATE_MAX);
    assert_int_equal(date_add_months(day("2024-05-05"), INT64_MAX), DATE_MAX);
    assert_int_equal(date_add_months(day("2024-05-05"), INT64_MIN), DATE_MIN);
    assert_int_equal(date_months_between(day("2025-01-31"), day("2025-02-28")), 1);
    assert_int_equal(date_months_between(day("2025-01-31"), day("2025-02-27")), 0);
    assert_int_equal(date_months_between(day("2025-01-15"), day("2026-01-14")), 11);
    assert_int_equal(date_months_between(day("2026-01-15"), day("2025-01-15")), -12);
    assert_int_equal(date_months_between(day("2026-01-15"), day("2025-01-14")), -13);
    assert_int_equal(date_months_between(day("2025-03-31"), day("2025-02-28")), -1);
    assert_int_equal(date_months_between(day("2025-03-10"), day("2025-03-09")), -1);
    assert_int_equal(date_age(day("2000-02-29"), day("2001-02-28")), 1);
    assert_int_equal(date_age(day("2000-02-29"), day("2001-02-27")), 0);
    assert_int_equal(date_age(day("2000-02-29"), day("2004-02-28")), 3);
    assert_int_equal(date_age(day("2000-06-01"), day("1999-06-01")), -1);
    assert_int_equal(date_anniversary(day("2000-02-29"), 2023), day("2023-02-28"));
    assert_int_equal(date_anniversary(day("2000-02-29"), 2024), day("2024-02-29"));
}

static void test_units(void **state)
{
    (void)state;
    static const enum calendar_unit units[] = {CALENDAR_DAY, CALENDAR_WEEK, CALENDAR_MONTH,
                                               CALENDAR_QUARTER, CALENDAR_YEAR};
    assert_int_equal(date_unit_number(0, CALENDAR_WEEK), 0);
    assert_int_equal(date_floor(0, CALENDAR_WEEK), -3);
    assert_int_equal(date_unit_number(day("2025-03-31"), CALENDAR_MONTH), 2025 * 12 + 2);
    assert_int_equal(date_unit_number(day("2025-04-01"), CALENDAR_QUARTER), 2025 * 4 + 1);
    assert_int_equal(date_floor(day("2025-05-20"), CALENDAR_QUARTER), day("2025-04-01"));
    assert_int_equal(date_next(day("2025-12-20"), CALENDAR_MONTH), day("2026-01-01"));
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        for (int32_t date = day("1890-01-01"); date < day("2110-01-01"); date++) {
            int32_t floor = date_floor(date, units[u]), next = date_next(date, units[u]);
            if (floor > date || next <= date || date_floor(next, units[u]) != next ||
                date_floor(floor, units[u]) != floor ||
                date_unit_number(next, units[u]) != date_unit_number(date, units[u]) + 1 ||
                date_unit_number(next - 1, units[u]) != date_unit_number(date, units[u]))
                fail_msg("unit %d date %d", (int)units[u], date);
        }
}

/* ---- zones against glibc ---- */

static uint64_t seed = 88172645463325252u;
static uint64_t random_64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static struct tm local_time(int64_t moment)
{
    time_t t = (time_t)moment;
    struct tm tm;
    localtime_r(&t, &tm);
    return tm;
}

static void check_moment(const struct zone *zone, int64_t moment)
{
    struct tm tm = local_time(moment);
    int32_t date = date_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    int32_t clock = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    if (zone_offset(zone, moment) != tm.tm_gmtoff || zone_date(zone, moment) != date ||
        zone_clock(zone, moment) != clock)
        fail_msg("%s at %lld: offset %d, glibc says %ld", zone_name(zone), (long long)moment,
                 zone_offset(zone, moment), tm.tm_gmtoff);
}

/* The moments glibc shows as this local time, found by trying every offset in force within two
 * days. */
static int moments_of(int64_t local, int64_t *last, int32_t *before)
{
    int64_t tried[64], found = INT64_MIN;
    int count = 0, hits = 0;
    *before = (int32_t)local_time(local - 2 * SECONDS_A_DAY).tm_gmtoff;
    for (int64_t probe = local - 2 * SECONDS_A_DAY; probe <= local + 2 * SECONDS_A_DAY;
         probe += 900) {
        int64_t offset = local_time(probe).tm_gmtoff;
        int known = 0;
        for (int i = 0; i < count; i++)
            known |= tried[i] == offset;
        if (known || count == 64)
            continue;
        tried[count++] = offset;
        if (local_time(local - offset).tm_gmtoff == offset) {
            hits++;
            if (local - offset > found)
                found = local - offset;
        }
    }
    *last = found;
    return hits;
}

static void check_local(const struct zone *zone, int64_t local)
{
    int64_t expected;
    int32_t before;
    int hits = moments_of(local, &expected, &before);
    int64_t days =
        local >= 0 ? local / SECONDS_A_DAY : -((-local + SECONDS_A_DAY - 1) / SECONDS_A_DAY);
    enum zone_fit fit;
    int64_t moment =
        zone_moment(zone, (int32_t)days, (int32_t)(local - days * SECONDS_A_DAY), &fit);
    static const enum zone_fit fits[] = {ZONE_MISSING, ZONE_EXACT, ZONE_REPEATED};
    if (hits == 0)
        expected = local - before;
    if (moment != expected || fit != fits[hits])
        fail_msg("%s local %lld: %lld (fit %d), expected %lld (%d hits)", zone_name(zone),
                 (long long)local, (long long)moment, (int)fit, (long long)expected, hits);
}

/* The first moment whose date is not before `date`, by walking glibc's clock forward. */
static void check_day_start(const struct zone *zone, int32_t date)
{
    int64_t start = zone_day_start(zone, date);
    if (zone_date(zone, start) < date || zone_date(zone, start - 1) >= date)
        fail_msg("%s day %d starts at %lld", zone_name(zone), date, (long long)start);
    for (int64_t moment = start - 3 * 3600; moment < start; moment += 300)
        if (zone_date(zone, moment) >= date)
            fail_msg("%s day %d starts before %lld", zone_name(zone), date, (long long)start);
}

static void check_zone(const char *name)
{
    struct zone *zone;
    struct error error;
    if (zone_open(name, &zone, &error) != STATUS_OK)
        fail_msg("%s: %s", name, error.message);
    setenv("TZ", name, 1);
    tzset();
    for (int i = 0; i < 500; i++)
        check_moment(zone, (int64_t)(random_64() % UINT64_C(20000000000)) - 3000000000);
    enum { MAX = 1200 };
    static int64_t moments[MAX];
    static int32_t offsets[MAX];
    size_t count = zone_transitions(zone, -5000000000, 7000000000, moments, offsets, MAX);
    for (size_t i = 0; i < count; i++) {
        check_moment(zone, moments[i] - 1);
        check_moment(zone, moments[i]);
        assert_int_equal(zone_offset(zone, moments[i]), offsets[i]);
        assert_int_not_equal(zone_offset(zone, moments[i] - 1), offsets[i]);
        if (i % 40 != 0)
            continue;
        int64_t local = moments[i] + offsets[i];
        for (int k = -2; k <= 2; k++)
            check_local(zone, local + k * 1800 + (int64_t)(random_64() % 1800));
        for (int k = -1; k <= 1; k++)
            check_day_start(zone, zone_date(zone, moments[i]) + k);
    }
    zone_close(zone);
}

static int check_folder(const char *folder, const char *prefix)
{
    DIR *directory = opendir(folder);
    int checked = 0;
    if (!directory)
        return 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        const char *name = entry->d_name;
        char path[512], full[512];
        if (name[0] < 'A' || name[0] > 'Z' || strchr(name, '.'))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        snprintf(full, sizeof full, "%s%s", prefix, name);
        DIR *below = opendir(path);
        if (below) {
            closedir(below);
            strcat(full, "/");
            checked += check_folder(path, full);
        } else {
            check_zone(full);
            checked++;
        }
    }
    closedir(directory);
    return checked;
}

static void test_every_zone(void **state)
{
    (void)state;
    int checked = check_folder("/usr/share/zoneinfo", "");
    print_message("# %d zones\n", checked);
    assert_true(checked > 300);
}

static struct zone *open_zone(const char *name)
{
    struct zone *zone;
    struct error error;
    if (zone_open(name, &zone, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return zone;
}

static void test_edges(void **state)
{
    (void)state;
    struct zone *vienna = open_zone("Europe/Vienna"), *apia = open_zone("Pacific/Apia"),
                *utc = open_zone("UTC");
    enum zone_fit fit;
    /* 02:30 is missing on 30 March 2025: 03:30 summer time; repeated on 26 October: the second. */
    assert_int_equal(zone_moment(vienna, day("2025-03-30"), 9000, &fit), INT64_C(1743298200));
    assert_int_equal(fit, ZONE_MISSING);
    assert_int_equal(zone_moment(vienna, day("2025-10-26"), 9000, &fit), INT64_C(1761442200));
    assert_int_equal(fit, ZONE_REPEATED);
    /* Samoa had no 30 December 2011. */
    assert_int_equal(zone_day_start(apia, day("2011-12-30")),
                     zone_day_start(apia, day("2011-12-31")));
    assert_int_equal(zone_date(apia, zone_day_start(apia, day("2011-12-30")) - 1),
                     day("2011-12-29"));
    /* Far years follow the rule; the very ends hold. */
    assert_int_equal(zone_offset(vienna, zone_day_start(vienna, day("9999-07-01"))), 7200);
    assert_int_equal(zone_offset(vienna, zone_day_start(vienna, day("9999-01-01"))), 3600);
    assert_int_equal(zone_date(vienna, zone_day_start(vienna, DATE_MIN)), DATE_MIN);
    assert_int_equal(zone_date(vienna, zone_day_start(vienna, DATE_MAX)), DATE_MAX);
    assert_int_equal(zone_day_start(utc, day("1970-01-02")), 86400);
    int64_t march = zone_moment(vienna, day("2025-03-31"), 7200, NULL);
    assert_int_equal(zone_add(vienna, march, (struct calendar_period){1, 0}, -1),
                     zone_moment(vienna, day("2025-02-28"), 7200, NULL));
    assert_int_equal(zone_add(vienna, march, (struct calendar_period){0, 86400}, -1),
                     march - 86400);
    zone_close(vienna);
    zone_close(apia);
    zone_close(utc);
    zone_close(NULL);
}

static void test_text(void **state)
{
    (void)state;
    struct zone *vienna = open_zone("Europe/Vienna"), *utc = open_zone("UTC");
    static const struct {
        const char *text, *vienna; /* NULL: does not parse */
    } cases[] = {
        {"2025-03-31", "2025-03-31T00:00:00+02:00"},
        {"2025-03-31T14:05", "2025-03-31T14:05:00+02:00"},
        {"2025-03-31 14:05:09", "2025-03-31T14:05:09+02:00"},
        {"2025-03-31T14:05:09.999Z", "2025-03-31T16:05:09+02:00"},
        {"2025-01-31T14:05:09-0530", "2025-01-31T20:35:09+01:00"},
        {"2025-01-31T14:05:09+14", "2025-01-31T01:05:09+01:00"},
        {"2025-03-30T02:30", "2025-03-30T03:30:00+02:00"},
        {"1880-01-01T00:00", "1880-01-01T00:00:00+01:05:21"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:59:59+01:00"},
        {"2025-02-29", NULL},
        {"2025-3-1", NULL},
        {"2025-03-31T", NULL},
        {"2025-03-31T24:00", NULL},
        {"", NULL},
        {"2025-03-31x", NULL},
        {"2025-03-31T10:00x", NULL},
        {"0000-01-01", NULL},
        {"2025-03-31T10:00:00.", NULL},
        {"2025-03-31T10:00+1", NULL},
        {"2025-03-31T10:00+26:00", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t moment, again;
        char out[MOMENT_TEXT_MAX];
        bool parsed = moment_parse(vienna, text_from(cases[i].text), &moment);
        if (parsed != (cases[i].vienna != NULL))
            fail_msg("“%s” parsed: %d", cases[i].text, parsed);
        if (!parsed)
            continue;
        assert_string_equal(moment_format(vienna, moment, out), cases[i].vienna);
        assert_true(moment_parse(utc, text_from(out), &again));
        assert_int_equal(again, moment);
    }
    char out[MOMENT_TEXT_MAX], period[64];
    assert_string_equal(moment_format(utc, 0, out), "1970-01-01T00:00:00Z");
    assert_string_equal(date_format(DATE_MIN, out), "0001-01-01");
    assert_string_equal(period_format((struct calendar_period){0, 30 * 86400}, period), "30 days");
    assert_string_equal(period_format((struct calendar_period){1, 0}, period), "1 month");
    assert_string_equal(period_format((struct calendar_period){24, 0}, period), "2 years");
    assert_string_equal(period_format((struct calendar_period){3, 3600}, period),
                        "3 months 1 hour");
    assert_string_equal(period_format((struct calendar_period){0, 0}, period), "0 seconds");
    assert_string_equal(period_format((struct calendar_period){0, 90}, period), "90 seconds");
    zone_close(vienna);
    zone_close(utc);
}

static void test_missing(void **state)
{
    (void)state;
    static const struct {
        const char *name, *hint;
    } cases[] = {
        {"Europe/Viena", "did you mean “Europe/Vienna”?"},
        {"vienna", "did you mean “Europe/Vienna”?"},
        {"New York", "did you mean “America/New_York”?"},
        {"Mars/Olympus_Mons", NULL},
        {"../../etc/passwd", NULL},
        {"Europe", NULL},
        {"", NULL},
        {"?", "zones are named like “Europe/Vienna”, “America/New_York” or “UTC”"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone *zone;
        struct error error;
        assert_int_equal(zone_open(cases[i].name, &zone, &error), STATUS_NOT_FOUND);
        assert_null(zone);
        if (cases[i].hint)
            assert_string_equal(error.hint, cases[i].hint);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_date), cmocka_unit_test(test_months), cmocka_unit_test(test_units),
    cmocka_unit_test(test_every_zone), cmocka_unit_test(test_edges),  cmocka_unit_test(test_text),
    cmocka_unit_test(test_missing),
};

UNIT_MAIN(tests)
