#include "base/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t number_power10(int exponent)
{
    ENSURE(exponent >= 0 && exponent <= NUMBER_SCALE_MAX);
    int64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

char *number_format_decimal(int64_t scaled, int scale, char *out)
{
    uint64_t magnitude = scaled < 0 ? 0 - (uint64_t)scaled : (uint64_t)scaled;
    uint64_t power = (uint64_t)number_power10(scale);
    const char *sign = scaled < 0 ? "-" : "";
    if (scale == 0)
        snprintf(out, NUMBER_TEXT_MAX, "%s%llu", sign, (unsigned long long)magnitude);
    else
        snprintf(out, NUMBER_TEXT_MAX, "%s%llu.%0*llu", sign,
                 (unsigned long long)(magnitude / power), scale,
                 (unsigned long long)(magnitude % power));
    return out;
}

/* Parsing and printing go through the "C" locale whatever the host program has set. It is made once
 * and lives as long as the process. */
static locale_t made_locale;

static void make_locale(void)
{
    made_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    ENSURE(made_locale);
}

static locale_t c_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return made_locale;
}

char *number_format_double(double value, char *out)
{
    locale_t before = uselocale(c_locale());
    /* fifteen digits survive the way there and back, except below the smallest normal number, where
     * fewer do */
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(out, NUMBER_TEXT_MAX, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    uselocale(before);
    return out;
}

bool number_parse_decimal(struct text text, int64_t *scaled, int *scale)
{
    size_t at = 0, digits = 0;
    bool negative = false, point = false;
    int64_t value = 0;

    *scale = 0;
    if (at < text.length && (text.data[at] == '-' || text.data[at] == '+'))
        negative = text.data[at++] == '-';
    for (; at < text.length; at++) {
        char c = text.data[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || (point && ++*scale > NUMBER_SCALE_MAX))
            return false;
        digits++;
        int digit = negative ? -(c - '0') : c - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }

    *scaled = value;
    return digits > 0;
}

bool number_parse_double(struct text text, double *value)
{
    char copy[400];
    if (text.length == 0 || text.length >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'))
            return false;
    }
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    char *end;
    *value = strtod_l(copy, &end, c_locale());
    return *end == '\0' && isfinite(*value);
}

bool number_rescale(int64_t scaled, int steps, int64_t *out)
{
    ENSURE(steps >= 0);
    if (steps > NUMBER_SCALE_MAX)
        return scaled == 0 ? (*out = 0, true) : false;
    return !__builtin_mul_overflow(scaled, number_power10(steps), out);
}

double number_decimal_to_double(int64_t scaled, int scale)
{
    return (double)scaled / (double)number_power10(scale);
}

char *number_format_thousands(int64_t value, char *out)
{
    char plain[NUMBER_TEXT_MAX];
    int length = snprintf(plain, sizeof plain, "%lld", (long long)value);
    char *to = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && plain[i - 1] != '-' && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = plain[i];
    }
    *to = '\0';
    return out;
}
