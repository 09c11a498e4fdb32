/*
 * Numbers as text and back, exactly. Money and other decimals are scaled integers: 12.50 at scale 2
 * is 1250.
 */
#ifndef STRATA_BASE_NUMBER_H
#define STRATA_BASE_NUMBER_H

#include "base/text.h"

/* 128 bits, for sums that must not wrap. */
__extension__ typedef __int128 number_wide;

enum { NUMBER_TEXT_MAX = 48, NUMBER_SCALE_MAX = 18 };

/* 10^exponent for 0…18. */
int64_t number_power10(int exponent);
/* The value, or the bound that it is beyond. */
static inline int64_t number_clamp(int64_t value, int64_t low, int64_t high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}
/* a / b rounded towards minus infinity; b is not 0, and a / b fits. */
static inline int64_t number_floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b != 0 && (a < 0) != (b < 0));
}
/* "-12.50" for (−1250, 2); out has room for NUMBER_TEXT_MAX bytes; returns out. */
char *number_format_decimal(int64_t scaled, int scale, char *out);
/* The shortest decimal text that reads back as the same double; "nan", "inf" and "-inf" for what is
 * not a number. */
char *number_format_double(double value, char *out);
/* Parses [+-]digits[.digits] exactly; ".5" and "5." will do. False when it is not of that form,
 * does not fit 64 bits or has more than NUMBER_SCALE_MAX digits behind the point. *scale is their
 * number as written (trailing zeros count). */
bool number_parse_decimal(struct text text, int64_t *scaled, int *scale);
/* Parses a decimal or exponent form; false for anything else, and for NaN and infinity. Independent
 * of the locale. */
bool number_parse_double(struct text text, double *value);
/* a × 10^steps; false when that does not fit. steps may not be negative. */
bool number_rescale(int64_t scaled, int steps, int64_t *out);
/* A scaled integer as a double: scaled / 10^scale, correctly rounded for |scaled| < 2^53. */
double number_decimal_to_double(int64_t scaled, int scale);
/* "1,234,567" for people; out as above. */
char *number_format_thousands(int64_t value, char *out);

#endif
