/*
 * Whether a record can become a row: every value it has must be one of its column's type,
 * and what it cannot do without must be there. A value that merely shows the type to be
 * too narrow does not speak against its row but against the pass, which is made again.
 */
#include "ingest/scanning.h"

#include "base/number.h"
#include "ingest/set.h"

#include <stdlib.h>
#include <string.h>

/* The zone of that name, opened once by each thread; NULL when there is none. */
static const struct zone *find_zone(struct scan_thread *thread, struct text name)
{
    for (size_t i = 0; i < thread->zone_count; i++)
        if (text_equal(thread->zones[i].name, name))
            return thread->zones[i].zone;

    /* a name that is no zone is kept as well, so that a column full of it is looked up once */
    struct error ignored;
    struct zone *zone = NULL;
    char *copy = base_malloc(name.length + 1);
    memcpy(copy, name.data, name.length);
    copy[name.length] = 0;
    if (zone_open(copy, &zone, &ignored) != STATUS_OK)
        zone = NULL;

    thread->zones = base_realloc(thread->zones, (thread->zone_count + 1) * sizeof *thread->zones);
    thread->zones[thread->zone_count++] = (struct named_zone){{copy, name.length}, zone};
    return zone;
}

/* A scaled integer at the column's scale; false when digits would be lost. */
static bool to_scale(const struct ingest_number *number, const struct ingest_type *type,
                     int64_t *out)
{
    int64_t scaled = number->scaled;
    int scale = number->scale;
    if (type->dot_zero && number->zero_fraction) {
        scaled /= number_power10(scale);
        scale = 0;
    }
    return scale <= type->scale && number->digits + type->scale <= INGEST_DIGITS_MAX &&
           number_rescale(scaled, type->scale - scale, out);
}

/* Two-digit years of births are the latest that are not in the future: 45 is 1945. */
static void move_birth(const struct scan_thread *thread, struct ingest_moment *moment)
{
    enum { CENTURY = 100 };
    if (moment->short_year && moment->date > thread->scan->today)
        moment->date = date_add_months(moment->date, -CENTURY * MONTHS_A_YEAR);
}

static bool fits_date(struct scan_thread *thread, size_t column, enum ingest_reason *wrong)
{
    enum { EITHER = DATE_FORMAT_MDY | DATE_FORMAT_DMY };
    const struct ingest_type *type = &thread->scan->columns[column].type;
    struct ingest_reading *reading = &thread->readings[column];
    *wrong = REASON_BAD_DATE;

    if (!(reading->dates & type->dates))
        return false;
    *wrong = REASON_DATE_ORDER;
    if (type->contradictory && (reading->dates & EITHER) == EITHER)
        return false;

    /* a value that reads in several ways was read in the likeliest; the column has decided for
     * another */
    if (reading->dates & ~type->dates)
        ingest_parse_moment(thread->values[column], type->dates, &reading->moment);
    *wrong = REASON_BAD_ZONE;
    if (reading->moment.zone.length && !find_zone(thread, reading->moment.zone))
        return false;
    if (type->past)
        move_birth(thread, &reading->moment);

    /* a clock in a column of dates: the column holds times, and the pass has to be made again */
    if (type->type == VALUE_DATE && reading->moment.has_clock)
        atomic_store_explicit(&thread->scan->stale, true, memory_order_relaxed);
    return true;
}

/* What does not begin like a list is one text, or several with the column's separator
 * between them. */
static bool fits_set(struct scan_thread *thread, size_t column)
{
    struct text value = thread->values[column];
    return *value.data != '[' || value.data[value.length - 1] != ']' || ingest_is_list(value);
}

/* Whether the value reads as its column's type; wrong says why not. A number that needs
 * more room proves the plan stale. */
static bool fits(struct scan_thread *thread, size_t column, enum ingest_reason *wrong)
{
    const struct ingest_type *type = &thread->scan->columns[column].type;
    struct ingest_reading *reading = &thread->readings[column];
    enum ingest_form form = reading->form;
    bool number = form == FORM_INT || form == FORM_DECIMAL || form == FORM_DOUBLE;
    /* what is a number and only too wide speaks against the pass; what is none, against the row */
    switch (type->type) {
    case VALUE_INT:
    case VALUE_DECIMAL:
        *wrong = form == FORM_NONFINITE ? REASON_NOT_FINITE : REASON_BAD_NUMBER;
        if (!number)
            return false;
        int64_t scaled;
        if (type->type == VALUE_INT &&
            (form == FORM_INT || (form == FORM_DOUBLE && reading->number.whole)))
            return true;
        if (form == FORM_DOUBLE || !to_scale(&reading->number, type, &scaled)) {
            atomic_store_explicit(&thread->scan->stale, true, memory_order_relaxed);
            return false;
        }
        reading->number.scaled = scaled;
        return true;
    case VALUE_DOUBLE:
        *wrong = form == FORM_NONFINITE ? REASON_NOT_FINITE : REASON_BAD_NUMBER;
        return number;
    case VALUE_BOOL: *wrong = REASON_BAD_BOOL; return form == FORM_BOOL;
    case VALUE_DATE:
    case VALUE_TIME: return fits_date(thread, column, wrong);
    case VALUE_SET: *wrong = REASON_BAD_SET; return fits_set(thread, column);
    case VALUE_POINT:
        *wrong = REASON_BAD_PLACE;
        return form == FORM_UNKNOWN || ingest_is_place(thread->values[column]);
    case VALUE_NONE:
        atomic_store_explicit(&thread->scan->stale, true, memory_order_relaxed);
        return true;
    default: return true;
    }
}

/* Columns whose value a row cannot do without, with the reason that says so. */
static bool required_missing(struct scan_thread *thread, uint64_t line)
{
    const struct ingest_scan *scan = thread->scan;
    const struct {
        int column;
        enum ingest_reason reason;
    } required[] = {
        {scan->customer, REASON_NO_CUSTOMER},
        {scan->key, REASON_NO_KEY},
        {scan->group, REASON_NO_GROUP},
        {scan->time, REASON_NO_TIME},
    };

    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (required[i].column >= 0 && ingest_scan_unknown(thread, (size_t)required[i].column)) {
            ingest_scan_set_aside(thread, required[i].reason, required[i].column, line);
            return true;
        }

    for (size_t i = 0; i < scan->column_count; i++)
        if (scan->columns[i].id && ingest_scan_unknown(thread, i)) {
            ingest_scan_set_aside(thread, REASON_NO_ID, (int)i, line);
            return true;
        }

    return false;
}

static const char *sign_code(const struct scan_thread *thread, size_t column)
{
    const struct ingest_reading *reading = &thread->readings[column];
    bool number =
        reading->form == FORM_INT || reading->form == FORM_DECIMAL || reading->form == FORM_DOUBLE;
    return number && thread->scan->columns[column].money
               ? thread->sign_codes[reading->number.currency]
               : "";
}

bool ingest_scan_has_money(const struct scan_thread *thread)
{
    for (size_t i = 0; i < thread->scan->column_count; i++)
        if (thread->scan->columns[i].money && !thread->scan->columns[i].derived &&
            !ingest_scan_unknown(thread, i))
            return true;
    return false;
}

const char *ingest_scan_currency(const struct scan_thread *thread)
{
    for (size_t i = 0; i < thread->scan->column_count; i++)
        if (*sign_code(thread, i))
            return sign_code(thread, i);
    return "";
}

/* A column whose amount is in another currency than the row's first; −1 when they agree. */
static int find_currency_conflict(const struct scan_thread *thread)
{
    const struct ingest_scan *scan = thread->scan;
    const char *first = scan->currency >= 0 ? ingest_scan_currency(thread) : "";
    for (size_t i = 0; *first && i < scan->column_count; i++)
        if (*sign_code(thread, i) && strcmp(sign_code(thread, i), first) != 0)
            return (int)i;
    return -1;
}

bool ingest_scan_check(struct scan_thread *thread, uint64_t line)
{
    struct ingest_scan *scan = thread->scan;
    enum ingest_reason reason;

    /* A row is set aside for one reason, the first of these: what it cannot do without, and then
     * what is wrong in it. */
    if (required_missing(thread, line))
        return false;

    if (scan->time >= 0 && !fits(thread, (size_t)scan->time, &reason)) {
        ingest_scan_set_aside(thread, reason == REASON_BAD_DATE ? REASON_BAD_TIME : reason,
                              scan->time, line);
        return false;
    }

    int other = find_currency_conflict(thread);
    if (other >= 0) {
        ingest_scan_set_aside(thread, REASON_CURRENCIES, other, line);
        return false;
    }

    for (size_t i = 0; i < scan->column_count; i++)
        if ((int)i != scan->time && !ingest_scan_unknown(thread, i) && !fits(thread, i, &reason)) {
            ingest_scan_set_aside(thread, reason, (int)i, line);
            return false;
        }
    return true;
}

/* Moments */

static const struct day *find_day(struct scan_thread *thread, int32_t date)
{
    /* a file's dates come again and again: the zone is asked once a date, by a table of the last
     * ones */
    struct day *day = &thread->days[(uint32_t)date % DAY_CACHE];
    if (!day->known || day->date != date) {
        const struct zone *zone = thread->scan->zone;
        day->date = date;
        day->known = true;
        day->start = zone_day_start(zone, date);

        /* of a day without a change of the clock any time is its start plus the clock */
        day->uniform = date < DATE_MAX &&
                       zone_day_start(zone, date + 1) - day->start == SECONDS_A_DAY &&
                       zone_moment(zone, date, 0, NULL) == day->start;
    }
    return day;
}

int64_t ingest_scan_moment(struct scan_thread *thread, const struct ingest_moment *written,
                           struct ingest_time_counts *counts)
{
    if (counts)
        counts->fractions += written->has_fraction;

    if (written->has_offset)
        return (int64_t)written->date * SECONDS_A_DAY + written->clock - written->offset;

    if (written->zone.length)
        return zone_moment(find_zone(thread, written->zone), written->date, written->clock, NULL);

    const struct day *day = find_day(thread, written->date);
    if (!written->has_clock) {
        if (counts)
            counts->bare++;
        return day->start;
    }

    /* Nearly every day has one offset from its start to its end, and needs no search. */
    if (day->uniform)
        return day->start + written->clock;

    enum zone_fit fit;
    int64_t moment = zone_moment(thread->scan->zone, written->date, written->clock, &fit);
    if (counts) {
        counts->repeated += fit == ZONE_REPEATED;
        counts->missing += fit == ZONE_MISSING;
    }

    return moment;
}

/* A time of day in a column of its own, behind the date whatever that looks like: it is
 * read behind a date that every format knows. The columns themselves stay what the file
 * has. */
static bool add_clock(struct scan_thread *thread, struct ingest_moment *written)
{
    static const char any_date[] = "2000-01-01 ";
    struct ingest_moment clock;
    buffer_reset(&thread->joined);
    buffer_string(&thread->joined, any_date);
    buffer_text(&thread->joined, text_trim(thread->values[thread->scan->clock]));
    struct text text = {thread->joined.data, thread->joined.length};
    if (!ingest_parse_moment(text, DATE_FORMAT_YMD, &clock) || !clock.has_clock)
        return false;

    int32_t date = written->date;
    *written = clock;
    written->date = date;
    return true;
}

bool ingest_scan_time(struct scan_thread *thread, uint64_t line, int64_t *moment)
{
    const struct ingest_scan *scan = thread->scan;
    *moment = 0;
    if (scan->time < 0)
        return true;
    struct ingest_time_counts counts = {0};
    struct ingest_moment written = thread->readings[scan->time].moment;
    if (scan->clock >= 0 && !ingest_scan_unknown(thread, (size_t)scan->clock) &&
        !add_clock(thread, &written)) {
        ingest_scan_set_aside(thread, REASON_BAD_TIME, scan->clock, line);
        return false;
    }

    /* what is counted and spanned below is of facts that are kept */
    *moment = ingest_scan_moment(thread, &written, &counts);
    if (*moment < FACT_TIME_MIN || *moment > FACT_TIME_MAX) {
        ingest_scan_set_aside(thread, REASON_TIME_RANGE, scan->time, line);
        return false;
    }

    if (*moment > scan->max_time) {
        ingest_scan_set_aside(thread, REASON_TIME_LATE, scan->time, line);
        return false;
    }

    thread->times.repeated += counts.repeated;
    thread->times.missing += counts.missing;
    thread->times.bare += counts.bare;
    thread->times.fractions += counts.fractions;
    if (*moment < thread->first_time)
        thread->first_time = *moment;
    if (*moment > thread->last_time)
        thread->last_time = *moment;
    return true;
}
