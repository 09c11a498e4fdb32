/*
 * Numbers as text. Decimals are integers and never pass through a double, so that what was written
 * comes back digit by digit; doubles go through the C library, in the "C" locale.
 */
#include "base/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DOUBLE_TEXT_MAX = 400, /* bytes read as a double: all 309 digits before the point, and some */
    DIGITS_KEPT = DBL_DIG, /* this many survive the way from text to double and back … */
    DIGITS_ENOUGH = DBL_DECIMAL_DIG, /* … and with this many every double does */
};

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
    /* Negated as unsigned: the least integer has no positive counterpart. */
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

    /* The shortest text is tried first. Fewer digits than are always kept need no trial: printed
     * with %g they lose their zeros. But below the smallest normal number fewer are kept. */
    int fewest = fabs(value) < DBL_MIN ? 1 : DIGITS_KEPT;
    for (int digits = fewest; digits <= DIGITS_ENOUGH; digits++) {
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

        /* A negative number grows downwards, so that the least integer is reached too. */
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
    char copy[DOUBLE_TEXT_MAX];
    if (text.length == 0 || text.length >= sizeof copy)
        return false;

    /* strtod takes more than is wanted here: blanks before, hexadecimal, "nan", "infinity". */
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

    /* A comma before every third digit from the end, but not behind the sign. */
    for (int i = 0; i < length; i++) {
        if (i > 0 && plain[i - 1] != '-' && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = plain[i];
    }
    *to = '\0';
    return out;
}
