#include "ingest/value.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool ingest_unknown(struct text value)
{
    static const char *const words[] = {"NA", "N/A", "#N/A", "NULL", "null", "\\N"};
    if (value.length == 0)
        return true;
    if (value.length > 4 || value.length < 2)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_is(value, words[i]))
            return true;
    return false;
}

static inline bool digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

bool ingest_parse_int(struct text value, int64_t *out)
{
    const char *at = value.data, *end = at + value.length;
    bool negative = at < end && *at == '-';
    at += negative;
    size_t digits = (size_t)(end - at);
    if (digits == 0 || digits > 18 || (*at == '0' && digits > 1))
        return false;
    int64_t number = 0;
    for (; at < end; at++) {
        if (!digit(*at))
            return false;
        number = number * 10 + (*at - '0');
    }
    *out = negative ? -number : number;
    return true;
}

bool ingest_parse_bool(struct text value, bool *out)
{
    if (value.length == 4 && strncasecmp(value.data, "true", 4) == 0)
        *out = true;
    else if (value.length == 5 && strncasecmp(value.data, "false", 5) == 0)
        *out = false;
    else
        return false;
    return true;
}

static bool nonfinite(struct text value)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    if (value.length && (*value.data == '-' || *value.data == '+'))
        value = (struct text){value.data + 1, value.length - 1};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value.length == strlen(words[i]) && strncasecmp(value.data, words[i], value.length) == 0)
            return true;
    return false;
}

/* Signs of money that may stand before or behind a number. */
static struct text strip_currency(struct text value)
{
    static const char *const signs[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        struct text sign = text_from(signs[i]);
        if (text_starts(value, sign))
            return text_trim((struct text){value.data + sign.length, value.length - sign.length});
        if (text_ends(value, sign))
            return text_trim((struct text){value.data, value.length - sign.length});
    }
    return value;
}

/*
 * Copies value into out as plain "-123.45e6" with a point and no thousands separators. False when it is not of the form
 * of a number: groups must have three digits each, and a leading zero before other digits says that it is a code.
 */
enum { PLAIN_MAX = 400 };

static bool plain_number(struct text value, struct ingest_number_style style, char *out, size_t *length)
{
    const char *at = value.data, *end = at + value.length;
    char *to = out;
    if (value.length == 0 || value.length >= PLAIN_MAX)
        return false;
    if (*at == '-')
        *to++ = *at++;
    const char *first = at;
    while (at < end && digit(*at))
        *to++ = *at++;
    size_t lead = (size_t)(at - first);
    if (lead == 0 || (lead > 1 && *first == '0'))
        return false;
    if (style.groups && at < end && *at == style.groups && lead <= 3 && *first != '0') {
        while (at < end && *at == style.groups) {
            if (end - at < 4 || !digit(at[1]) || !digit(at[2]) || !digit(at[3]))
                return false;
            memcpy(to, at + 1, 3);
            to += 3;
            at += 4;
        }
        if (at < end && digit(*at))
            return false;
    }
    if (at < end && *at == style.point) {
        *to++ = '.';
        at++;
        if (at >= end || !digit(*at))
            return false;
        while (at < end && digit(*at))
            *to++ = *at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        *to++ = *at++;
        if (at < end && (*at == '-' || *at == '+'))
            *to++ = *at++;
        if (at >= end || !digit(*at))
            return false;
        while (at < end && digit(*at))
            *to++ = *at++;
    }
    *length = (size_t)(to - out);
    return at == end;
}

static void describe_digits(struct text plain, struct ingest_number *number)
{
    const char *point = memchr(plain.data, '.', plain.length);
    const char *end = plain.data + plain.length, *start = plain.data + (*plain.data == '-');
    number->digits = (int)((point ? point : end) - start);
    if (number->digits == 1 && *start == '0')
        number->digits = 0;
    number->scale = point ? (int)(end - point - 1) : 0;
    number->zero_fraction = true;
    for (const char *at = point ? point + 1 : end; at < end; at++)
        number->zero_fraction &= *at == '0';
}

/* 4.0128e+10, as statistics programs write 40128000000: digits and zeros, nothing lost. */
static bool whole_exponent(struct text plain, int64_t *out)
{
    const char *mark = memchr(plain.data, 'e', plain.length);
    mark = mark ? mark : memchr(plain.data, 'E', plain.length);
    struct text mantissa = {plain.data, (size_t)(mark - plain.data)};
    int64_t exponent, scaled;
    int scale;
    struct text power = {mark + 1, plain.length - mantissa.length - 1};
    if (power.length > 1 && *power.data == '+')
        power = (struct text){power.data + 1, power.length - 1};
    while (power.length > 1 && *power.data == '0')
        power = (struct text){power.data + 1, power.length - 1};
    return number_parse_decimal(mantissa, &scaled, &scale) && ingest_parse_int(power, &exponent) && exponent >= scale &&
           exponent - scale <= 18 && number_rescale(scaled, (int)exponent - scale, out) &&
           llabs(*out) < number_power10(18);
}

/* Numbers longer than 64 bits hold: whole ones are codes and stay text, the others are printed doubles. */
static enum ingest_form classify_plain(struct text plain, struct ingest_number *number)
{
    bool exponent = memchr(plain.data, 'e', plain.length) || memchr(plain.data, 'E', plain.length);
    if (!exponent) {
        describe_digits(plain, number);
        int scale;
        if (number->scale <= NUMBER_SCALE_MAX && number->scale + number->digits <= 18 &&
            number_parse_decimal(plain, &number->scaled, &scale))
            return number->scale ? FORM_DECIMAL : FORM_INT;
        if (number->scale == 0)
            return FORM_TEXT;
    }
    number->whole = exponent && whole_exponent(plain, &number->scaled);
    return number_parse_double(plain, &number->real) ? FORM_DOUBLE : FORM_TEXT;
}

enum ingest_form ingest_classify(struct text value, struct ingest_number_style style, struct ingest_number *number)
{
    if (value.length == 0)
        return FORM_UNKNOWN;
    char c = *value.data;
    if (digit(c) || c == '-') {
        if (ingest_parse_int(value, &number->scaled)) {
            number->scale = 0;
            number->digits = (int)value.length - (c == '-');
            number->zero_fraction = true;
            return FORM_INT;
        }
    } else if (value.length <= 9) {
        bool yes;
        if (ingest_unknown(value))
            return FORM_UNKNOWN;
        if (ingest_parse_bool(value, &yes))
            return FORM_BOOL;
        if (nonfinite(value))
            return FORM_NONFINITE;
    }
    bool last_digit = digit(value.data[value.length - 1]);
    if (!digit(c) && c != '-' && !last_digit)
        return FORM_TEXT;
    if (c == '-' && nonfinite(value))
        return FORM_NONFINITE;
    char plain[PLAIN_MAX];
    size_t length;
    if (plain_number(value, style, plain, &length))
        return classify_plain((struct text){plain, length}, number);
    struct text bare = (c & 0x80) || c == '$' || !last_digit ? strip_currency(value) : value;
    if (bare.length < value.length && plain_number(bare, style, plain, &length))
        return classify_plain((struct text){plain, length}, number);
    return FORM_TEXT;
}

/* Dates */

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

struct cursor {
    const char *at, *end;
};

/* Up to max digits as a number; *count says how many. */
static bool take_number(struct cursor *cursor, int max, int *value, int *count)
{
    int number = 0, digits = 0;
    for (; cursor->at < cursor->end && digit(*cursor->at) && digits < max; cursor->at++, digits++)
        number = number * 10 + (*cursor->at - '0');
    *value = number;
    *count = digits;
    return digits > 0;
}

static bool take_char(struct cursor *cursor, char c)
{
    if (cursor->at >= cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static void skip_spaces(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at == ' ')
        cursor->at++;
}

/* A month by its English name, whole or its first three letters. */
static bool take_month(struct cursor *cursor, int *month)
{
    static const char *const names[] = {"january", "february", "march",     "april",   "may",      "june",
                                        "july",    "august",   "september", "october", "november", "december"};
    const char *start = cursor->at;
    while (cursor->at < cursor->end && ((*cursor->at | 32) >= 'a' && (*cursor->at | 32) <= 'z'))
        cursor->at++;
    size_t length = (size_t)(cursor->at - start);
    for (int i = 0; i < 12 && length >= 3; i++)
        if ((length == 3 || length == strlen(names[i]) || (length == 4 && i == 8)) &&
            strncasecmp(start, names[i], length) == 0) {
            *month = i + 1;
            return true;
        }
    return false;
}

/* Two-digit years are 1969–2068, as POSIX reads them. */
static bool full_year(int *year, int digits)
{
    if (digits == 2)
        *year += *year < 69 ? 2000 : 1900;
    return digits == 2 || digits == 4;
}

static bool set_date(int year, int month, int day, int32_t *date)
{
    if (year < 1 || year > 9999 || !date_valid(year, month, day))
        return false;
    *date = date_from_civil(year, month, day);
    return true;
}

static bool take_offset(struct cursor *cursor, struct ingest_moment *moment)
{
    if (take_char(cursor, 'Z')) {
        moment->has_offset = true;
        return true;
    }
    if (cursor->end - cursor->at == 3 && memcmp(cursor->at, "UTC", 3) == 0) {
        cursor->at += 3;
        moment->has_offset = true;
        return true;
    }
    if (cursor->at >= cursor->end || (*cursor->at != '+' && *cursor->at != '-'))
        return false;
    int sign = *cursor->at++ == '-' ? -1 : 1, hours, minutes = 0, count;
    if (!take_number(cursor, 2, &hours, &count) || count != 2)
        return false;
    take_char(cursor, ':');
    if (cursor->at < cursor->end && (!take_number(cursor, 2, &minutes, &count) || count != 2))
        return false;
    if (hours > 18 || minutes > 59)
        return false;
    moment->offset = sign * (hours * 3600 + minutes * 60);
    moment->has_offset = true;
    return true;
}

static bool take_half_day(struct cursor *cursor, int *hour)
{
    if (cursor->end - cursor->at < 2 || (cursor->at[1] | 32) != 'm')
        return true;
    char half = (char)(cursor->at[0] | 32);
    if (half != 'a' && half != 'p')
        return true;
    if (*hour < 1 || *hour > 12)
        return false;
    *hour = *hour % 12 + (half == 'p' ? 12 : 0);
    cursor->at += 2;
    return true;
}

/* "T08:26:00.5+01:00", " 8:26 PM", or nothing; the cursor must end at the end. */
static bool take_clock(struct cursor *cursor, bool compact, struct ingest_moment *moment)
{
    if (cursor->at == cursor->end)
        return true;
    if (!take_char(cursor, 'T') && !take_char(cursor, ' ') && !take_char(cursor, ','))
        return false;
    skip_spaces(cursor);
    int hour, minute, second = 0, count;
    if (!take_number(cursor, 2, &hour, &count))
        return false;
    if (!take_char(cursor, ':') && !(compact && count == 2))
        return false;
    if (!take_number(cursor, 2, &minute, &count) || count != 2)
        return false;
    bool seconds = take_char(cursor, ':') || (compact && cursor->at < cursor->end && digit(*cursor->at));
    if (seconds && (!take_number(cursor, 2, &second, &count) || count != 2))
        return false;
    if (seconds && (take_char(cursor, '.') || take_char(cursor, ','))) {
        int fraction;
        if (!take_number(cursor, 9, &fraction, &count))
            return false;
        moment->has_fraction = fraction != 0;
    }
    skip_spaces(cursor);
    if (!take_half_day(cursor, &hour))
        return false;
    skip_spaces(cursor);
    if (cursor->at < cursor->end && !take_offset(cursor, moment))
        return false;
    if (hour > 23 || minute > 59 || second > 60 || cursor->at != cursor->end)
        return false;
    moment->clock = hour * 3600 + minute * 60 + (second > 59 ? 59 : second);
    moment->has_clock = true;
    return true;
}

static unsigned parse_compact(struct text value, unsigned formats, struct ingest_moment *moment)
{
    struct cursor cursor = {value.data, value.data + value.length};
    int whole = 0, count;
    take_number(&cursor, 8, &whole, &count);
    if (!(formats & DATE_FORMAT_COMPACT) || count != 8 ||
        !set_date(whole / 10000, whole / 100 % 100, whole % 100, &moment->date) || !take_clock(&cursor, true, moment))
        return 0;
    return DATE_FORMAT_COMPACT;
}

static unsigned parse_epoch(struct text value, unsigned formats, struct ingest_moment *moment)
{
    int64_t number;
    if (!(formats & (DATE_FORMAT_SECONDS | DATE_FORMAT_MILLIS)) || !ingest_parse_int(value, &number) || number < 0)
        return 0;
    bool millis = value.length == 12 || value.length == 13;
    if (!millis && value.length != 9 && value.length != 10)
        return 0;
    if (!(formats & (millis ? DATE_FORMAT_MILLIS : DATE_FORMAT_SECONDS)))
        return 0;
    moment->has_fraction = millis && number % 1000 != 0;
    number /= millis ? 1000 : 1;
    moment->date = (int32_t)(number / SECONDS_A_DAY);
    moment->clock = (int32_t)(number % SECONDS_A_DAY);
    moment->has_clock = moment->has_offset = true;
    return millis ? DATE_FORMAT_MILLIS : DATE_FORMAT_SECONDS;
}

/* "9-Dec-2011" and "Dec 9, 2011". */
static unsigned parse_named(struct text value, unsigned formats, struct ingest_moment *moment)
{
    struct cursor cursor = {value.data, value.data + value.length};
    int day = 0, month, year, count;
    bool day_first = digit(*value.data);
    unsigned format = day_first ? DATE_FORMAT_D_MONTH_Y : DATE_FORMAT_MONTH_D_Y;
    if (!(formats & format))
        return 0;
    if (day_first && !take_number(&cursor, 2, &day, &count))
        return 0;
    if (day_first && !take_char(&cursor, '-') && !take_char(&cursor, ' ') && !take_char(&cursor, '/'))
        return 0;
    if (!take_month(&cursor, &month))
        return 0;
    if (!day_first) {
        skip_spaces(&cursor);
        if (!take_number(&cursor, 2, &day, &count))
            return 0;
        take_char(&cursor, ',');
    }
    if (!take_char(&cursor, '-') && !take_char(&cursor, ' ') && !take_char(&cursor, '/') && day_first)
        return 0;
    skip_spaces(&cursor);
    if (!take_number(&cursor, 4, &year, &count) || !full_year(&year, count) ||
        !set_date(year, month, day, &moment->date) || !take_clock(&cursor, false, moment))
        return 0;
    return format;
}

/* Three numbers with the same separator: year first, or one of the orders that end with the year. */
static unsigned parse_numeric(struct text value, unsigned formats, struct ingest_moment *moment)
{
    struct cursor cursor = {value.data, value.data + value.length};
    int a, b, c, a_digits, b_digits, c_digits;
    if (!take_number(&cursor, 4, &a, &a_digits) || cursor.at >= cursor.end)
        return 0;
    char separator = *cursor.at++;
    if (separator != '-' && separator != '/' && separator != '.')
        return 0;
    if (!take_number(&cursor, 2, &b, &b_digits) || !take_char(&cursor, separator) ||
        !take_number(&cursor, 4, &c, &c_digits) || !take_clock(&cursor, false, moment))
        return 0;
    if (a_digits == 4)
        return (formats & DATE_FORMAT_YMD) && c_digits <= 2 && set_date(a, b, c, &moment->date) ? DATE_FORMAT_YMD : 0;
    if (a_digits > 2 || !full_year(&c, c_digits))
        return 0;
    if (separator == '.')
        return (formats & DATE_FORMAT_DMY_DOT) && set_date(c, b, a, &moment->date) ? DATE_FORMAT_DMY_DOT : 0;
    unsigned found = 0;
    if ((formats & DATE_FORMAT_DMY) && set_date(c, b, a, &moment->date))
        found |= DATE_FORMAT_DMY;
    if ((formats & DATE_FORMAT_MDY) && set_date(c, a, b, &moment->date))
        found |= DATE_FORMAT_MDY;
    return found;
}

unsigned ingest_parse_moment(struct text value, unsigned formats, struct ingest_moment *moment)
{
    *moment = (struct ingest_moment){0};
    if (value.length < 6 || value.length > 64)
        return 0;
    size_t digits = 0;
    while (digits < value.length && digit(value.data[digits]))
        digits++;
    if (digits == value.length && digits > 8)
        return parse_epoch(value, formats, moment);
    if (digits == 8)
        return parse_compact(value, formats, moment);
    bool letter = digits < value.length && digits <= 2 &&
                  (digits == 0 || (digits + 1 < value.length && (value.data[digits + 1] | 32) >= 'a' &&
                                   (value.data[digits + 1] | 32) <= 'z'));
    return letter ? parse_named(value, formats, moment) : parse_numeric(value, formats, moment);
}
