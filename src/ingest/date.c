/* The names of date formats, and numbers that are dates because their column says so. */
#include "ingest/value.h"

#include "base/number.h"

#include <string.h>

static const struct {
    enum ingest_date_format format;
    const char *name;
} date_formats[] = {
    {DATE_FORMAT_YMD, "YYYY-MM-DD"},
    {DATE_FORMAT_DMY_DOT, "D.M.YYYY"},
    {DATE_FORMAT_MDY, "M/D/YYYY"},
    {DATE_FORMAT_DMY, "D/M/YYYY"},
    {DATE_FORMAT_D_MONTH_Y, "D-Mon-YYYY"},
    {DATE_FORMAT_MONTH_D_Y, "Mon D, YYYY"},
    {DATE_FORMAT_COMPACT, "YYYYMMDD"},
    {DATE_FORMAT_SECONDS, "seconds since 1970"},
    {DATE_FORMAT_MILLIS, "milliseconds since 1970"},
    {DATE_FORMAT_MICROS, "microseconds since 1970"},
    {DATE_FORMAT_NANOS, "nanoseconds since 1970"},
    {DATE_FORMAT_Y_MONTH_D, "YYYY-Mon-DD"},
    {DATE_FORMAT_MONTH_Y, "Mon YYYY"},
    {DATE_FORMAT_YEAR_MONTH, "YYYY-MM"},
    {DATE_FORMAT_QUARTER, "YYYY-Q"},
    {DATE_FORMAT_WEEK, "YYYY-Www"},
    {DATE_FORMAT_SERIAL, "day number"},
    {DATE_FORMAT_YEAR, "YYYY"},
};

const char *ingest_date_format_name(enum ingest_date_format format)
{
    for (size_t i = 0; i < sizeof date_formats / sizeof *date_formats; i++)
        if (date_formats[i].format == format)
            return date_formats[i].name;
    return "";
}

unsigned ingest_date_format_from(const char *name)
{
    for (size_t i = 0; i < sizeof date_formats / sizeof *date_formats; i++)
        if (strcmp(date_formats[i].name, name) == 0)
            return date_formats[i].format;
    return 0;
}

/* Numbers that are dates */

bool ingest_number_moment(const struct ingest_number *number, enum ingest_date_format format,
                          struct ingest_moment *moment)
{
    int64_t unit = number_power10(number->scale), whole = number->scaled / unit,
            rest = number->scaled % unit;
    *moment = (struct ingest_moment){0};
    if (number->decorated || number->scaled < 0)
        return false;
    if (format == DATE_FORMAT_YEAR) {
        if (number->scale || whole < 1 || whole > YEAR_MAX)
            return false;
        moment->date = date_from_civil((int32_t)whole, 1, 1);
        return true;
    }

    if (whole < 1 || whole > DATE_MAX + SERIAL_1970)
        return false;
    moment->date = (int32_t)whole - SERIAL_1970;
    if (number->scale == 0 || number->zero_fraction)
        return true;

    /* rounded to the nearest second, in twice the width: the fraction may have eighteen digits */
    number_wide seconds = ((number_wide)rest * SECONDS_A_DAY * 2 + unit) / ((number_wide)unit * 2);
    moment->date += seconds == SECONDS_A_DAY;
    moment->clock = seconds == SECONDS_A_DAY ? 0 : (int32_t)seconds;
    moment->has_clock = true;
    return true;
}
