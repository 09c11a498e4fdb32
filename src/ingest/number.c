/*
 * Numbers as people and programs write them. A value is taken apart from the left: what
 * stands before the number (a sign, a parenthesis, a currency), the number itself as runs
 * of digits with separators between them, and what stands behind it. The runs are then
 * read twice, with a decimal point and with a decimal comma: a number counts under the
 * style its column has, and what only one of the two allows is evidence of which that is.
 */
#include "ingest/value.h"

#include "base/number.h"
#include "ingest/currency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool ingest_unknown(struct text value)
{
    const struct ingest_missing *missing = ingest_missing_default();
    return value.length == 0 || ingest_missing_find(missing, value, NULL) == MISSING_STRONG;
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
    if (digits == 0 || digits > INGEST_DIGITS_MAX || (*at == '0' && digits > 1))
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
    if (value.length == sizeof "true" - 1 && strncasecmp(value.data, "true", value.length) == 0)
        *out = true;
    else if (value.length == sizeof "false" - 1 &&
             strncasecmp(value.data, "false", value.length) == 0)
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
        if (value.length == strlen(words[i]) &&
            strncasecmp(value.data, words[i], value.length) == 0)
            return true;
    return false;
}

/* Characters of more than one byte that numbers are written with. */

struct cursor {
    const char *at, *end;
};

static size_t starts(const struct cursor *cursor, const char *bytes)
{
    size_t length = strlen(bytes);
    bool there =
        (size_t)(cursor->end - cursor->at) >= length && memcmp(cursor->at, bytes, length) == 0;
    return there ? length : 0;
}

static size_t one_of(const struct cursor *cursor, const char *const *list)
{
    for (; *list; list++) {
        size_t length = starts(cursor, *list);
        if (length)
            return length;
    }
    return 0;
}

/* Space, tab, no-break space, narrow no-break space, thin space, figure space: bytes it
 * takes, or 0. */
static size_t blank(const struct cursor *cursor)
{
    static const char *const blanks[] = {"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89", "\xe2\x80\x87",
                                         NULL};
    if (cursor->at >= cursor->end)
        return 0;
    if (*cursor->at == ' ' || *cursor->at == '\t')
        return 1;
    return *cursor->at & 0x80 ? one_of(cursor, blanks) : 0;
}

/* The hyphen, and what word processors and typesetters make of it: minus sign, dashes,
 * full-width hyphen. */
static size_t minus(const struct cursor *cursor)
{
    static const char *const signs[] = {"\xe2\x88\x92", "\xe2\x80\x93", "\xe2\x80\x90",
                                        "\xef\xbc\x8d", NULL};
    if (cursor->at >= cursor->end)
        return 0;
    if (*cursor->at == '-')
        return 1;
    return *cursor->at & 0x80 ? one_of(cursor, signs) : 0;
}

static size_t apostrophe(const struct cursor *cursor)
{
    return *cursor->at == '\'' ? 1 : starts(cursor, "\xe2\x80\x99");
}

struct text ingest_trim(struct text value)
{
    if (!value.length)
        return value;
    unsigned char first = (unsigned char)*value.data,
                  last = (unsigned char)value.data[value.length - 1];
    if (first > ' ' && first < 0x80 && last > ' ' && last < 0x80)
        return value;

    for (;;) {
        /* blanks of two and three bytes may stand among plain ones, so both ends are tried until
         * nothing goes */
        value = text_trim(value);
        struct cursor head = {value.data, value.data + value.length};
        size_t before = value.length ? blank(&head) : 0;
        value.data += before;
        value.length -= before;

        size_t behind = 0;
        for (size_t width = 2; width <= 3 && width <= value.length && !behind; width++) {
            struct cursor tail = {value.data + value.length - width, value.data + value.length};
            behind = blank(&tail) == width ? width : 0;
        }
        value.length -= behind;
        if (!before && !behind)
            return value;
    }
}

/* The number itself: runs of digits and the separators between them. */

enum {
    RUNS_MAX = 24, /* groups of digits: three times those of the longest number of 64 bits */
    /* bytes: the longest double that is written out has 309 digits before the point */
    PLAIN_MAX = 400,
};

struct core {
    const char *runs[RUNS_MAX];
    size_t lengths[RUNS_MAX];
    char separators[RUNS_MAX]; /* before the run: '.', ',', ' ' or '\''; 0 before the first */
    size_t count;
    struct text exponent; /* behind the e */
    char open_fraction;   /* "50,-": the sign before a dash for the hundredths; else 0 */
};

static size_t separator(const struct cursor *cursor, char *kind)
{
    if (cursor->at >= cursor->end)
        return 0;
    if (*cursor->at == '.' || *cursor->at == ',') {
        *kind = *cursor->at;
        return 1;
    }
    size_t length = apostrophe(cursor);
    if (length) {
        *kind = '\'';
        return length;
    }
    *kind = ' ';
    return blank(cursor);
}

static bool take_exponent(struct cursor *cursor, struct core *core)
{
    if (cursor->at >= cursor->end || (*cursor->at | 32) != 'e')
        return true;
    const char *at = cursor->at + 1;
    if (at < cursor->end && (*at == '+' || *at == '-'))
        at++;
    if (at >= cursor->end || !digit(*at))
        return true; /* the E of EUR */
    while (at < cursor->end && digit(*at))
        at++;
    core->exponent = (struct text){cursor->at + 1, (size_t)(at - cursor->at - 1)};
    cursor->at = at;
    return true;
}

/* "50,-" and "50.–": whole francs and crowns. */
static void take_open_fraction(struct cursor *cursor, struct core *core)
{
    struct cursor behind = {cursor->at + 1, cursor->end};
    if (cursor->at >= cursor->end || (*cursor->at != ',' && *cursor->at != '.'))
        return;
    size_t dash = starts(&behind, "--") ? 2 : minus(&behind);
    if (!dash)
        dash = starts(&behind, "\xe2\x80\x94");
    if (!dash)
        return;
    core->open_fraction = *cursor->at;
    cursor->at += 1 + dash;
}

static bool take_core(struct cursor *cursor, struct core *core)
{
    char kind = 0;
    for (;;) {
        const char *start = cursor->at;
        while (cursor->at < cursor->end && digit(*cursor->at))
            cursor->at++;
        if (core->count == RUNS_MAX)
            return false;
        core->runs[core->count] = start;
        core->lengths[core->count] = (size_t)(cursor->at - start);
        core->separators[core->count++] = kind;

        /* a separator belongs to the number only with a digit behind it: the point of "12." is a
         * sentence's */
        size_t length = separator(cursor, &kind);
        struct cursor next = {cursor->at + length, cursor->end};
        if (!length || next.at >= next.end || !digit(*next.at))
            break;
        cursor->at = next.at;
    }

    if (core->lengths[0] && kind != core->separators[core->count - 1])
        take_open_fraction(cursor, core);
    return take_exponent(cursor, core);
}

/* Western groups have three digits; Indian ones two, but for the last. */
static bool groups_fit(const struct core *core, size_t groups)
{
    const size_t *lengths = core->lengths;
    bool western = lengths[0] >= 1 && lengths[0] <= 3, indian = lengths[0] >= 1 && lengths[0] <= 2;
    if (*core->runs[0] == '0' || lengths[groups - 1] != 3)
        return false;

    for (size_t i = 1; i < groups; i++) {
        if (core->separators[i] != core->separators[1])
            return false;
        western &= lengths[i] == 3;
        indian &= i + 1 == groups || lengths[i] == 2;
    }
    return western || indian;
}

/* How many of the runs stand before the decimal sign, when the number reads under it; else 0. */
static size_t whole_runs(const struct core *core, char point)
{
    size_t groups = core->count;

    if (core->open_fraction && core->open_fraction != point &&
        memchr(core->separators, point, groups))
        return 0; /* 1.234,- has its decimal sign behind */
    /* the last separator is the decimal sign or divides groups; the sign divides nothing before
     * it */
    if (groups > 1 && core->separators[groups - 1] == point)
        groups--;
    for (size_t i = 1; i < groups; i++)
        if (core->separators[i] == point)
            return 0;

    /* .5, and 0.5, but 0123.5 is a code */
    if (core->lengths[0] == 0)
        return groups == 1 && core->count == 2 ? 1 : 0;
    if (groups == 1)
        return core->lengths[0] == 1 || *core->runs[0] != '0' ? 1 : 0;
    return groups_fit(core, groups) ? groups : 0;
}

static unsigned char find_marks(const struct core *core)
{
    bool point = whole_runs(core, '.') > 0, comma = whole_runs(core, ',') > 0;
    if (point != comma)
        return point ? MARK_POINT : MARK_COMMA;
    if (point && core->open_fraction == ',')
        return MARK_COMMA; /* 50,- and not 50.-, which is written beside 12,50 too */
    if (!point || core->count != 2)
        return 0;
    if (core->separators[1] == '.')
        return MARK_POINT3;
    return core->separators[1] == ',' ? MARK_COMMA3 : 0;
}

static char *copy_runs(const struct core *core, size_t from, size_t to, char *out)
{
    for (size_t i = from; i < to; i++) {
        memcpy(out, core->runs[i], core->lengths[i]);
        out += core->lengths[i];
    }
    return out;
}

/* "-1234.5e6" with a point and nothing else, as the exact readers take it; false when it
 * does not read so. */
static bool make_plain(const struct core *core, char point, bool negative, char out[PLAIN_MAX],
                       struct text *plain)
{
    size_t whole = whole_runs(core, point);
    char *to = out;
    if (!whole)
        return false;

    if (negative)
        *to++ = '-';
    if (core->lengths[0] == 0)
        *to++ = '0';
    to = copy_runs(core, 0, whole, to);
    if (whole < core->count) {
        *to++ = '.';
        to = copy_runs(core, whole, core->count, to);
    }

    if (core->exponent.length) {
        *to++ = 'e';
        memcpy(to, core->exponent.data, core->exponent.length);
        to += core->exponent.length;
    }

    *plain = (struct text){out, (size_t)(to - out)};
    return true;
}

/* What stands around it. */

struct dress {
    bool negative, plus, signed_behind, parenthesis, closed, percent;
    bool attached; /* a currency right before a digit */
    unsigned char currency;
    enum ingest_sign_form form;
};

static bool ends_sign(const struct cursor *cursor)
{
    return digit(*cursor->at) || *cursor->at == '(' || *cursor->at == ')' || *cursor->at == '%' ||
           blank(cursor) || minus(cursor);
}

/* A currency up to the next digit, blank, parenthesis, percent or minus sign. "Fr." keeps
 * its point, "€.50" does not. */
static bool take_currency(struct cursor *cursor, struct dress *dress)
{
    enum { SIGN_MAX = 12 }; /* bytes: no sign of currency.c is longer */
    struct cursor end = *cursor;
    while (end.at < end.end && !ends_sign(&end))
        end.at++;

    struct text text = {cursor->at, (size_t)(end.at - cursor->at)};
    if (dress->currency || text.length == 0 || text.length > SIGN_MAX)
        return false;
    dress->currency = ingest_sign_find(text, &dress->form);
    if (!dress->currency && text.length > 1 && text.data[text.length - 1] == '.') {
        text.length--;
        dress->currency = ingest_sign_find(text, &dress->form);
    }
    cursor->at = text.data + text.length;
    return dress->currency != 0;
}

static bool take_prefix(struct cursor *cursor, struct dress *dress)
{
    while (cursor->at < cursor->end && !digit(*cursor->at)) {
        struct cursor next = {cursor->at + 1, cursor->end};
        size_t length = minus(cursor), space = blank(cursor);
        if (length || *cursor->at == '+') {
            if (dress->negative || dress->plus)
                return false;
            dress->negative = length > 0;
            dress->plus = length == 0;
            cursor->at += length ? length : 1;
        } else if (*cursor->at == '(' && !dress->parenthesis) {
            dress->parenthesis = true;
            cursor->at++;

        } else if (space) {
            cursor->at += space;
        } else if ((*cursor->at == '.' || *cursor->at == ',') && next.at < next.end &&
                   digit(*next.at)) {
            return true;
        } else if (*cursor->at == '%' && !dress->percent) {
            dress->percent = true; /* Turkish: %10 */
            cursor->at++;
        } else if (!take_currency(cursor, dress)) {
            return false;
        } else {
            dress->attached = cursor->at < cursor->end && digit(*cursor->at);
        }
    }

    return cursor->at < cursor->end;
}

static bool take_suffix(struct cursor *cursor, struct dress *dress)
{
    /* In any order, each once: "12,50 EUR-", "(5 %)", "100- €". A sign in front and one behind, or
     * one and parentheses, would be two. */
    while (cursor->at < cursor->end) {
        size_t space = blank(cursor), sign = minus(cursor);
        if (space) {
            cursor->at += space;
        } else if (*cursor->at == '%' && !dress->percent) {
            dress->percent = true;
            cursor->at++;
        } else if (*cursor->at == ')' && dress->parenthesis && !dress->closed) {
            dress->closed = true;
            cursor->at++;
        } else if (sign && !dress->negative && !dress->plus && !dress->parenthesis) {
            dress->negative = dress->signed_behind = true;
            cursor->at += sign;
        } else if (!take_currency(cursor, dress)) {
            return false;
        }
    }

    return dress->closed == dress->parenthesis && !(dress->parenthesis && dress->negative);
}

/* Letters at a number make a product code sooner than a price, unless the number itself
 * has the look of money. A plus sign makes a telephone number, unless there is a
 * fraction. */
static bool dress_fits(const struct dress *dress, const struct core *core)
{
    bool money = core->count > 1 || core->open_fraction != 0, fraction = false;
    for (size_t i = 1; i < core->count; i++)
        fraction |= core->separators[i] == '.' || core->separators[i] == ',';

    if (dress->currency && dress->percent)
        return false;
    if (dress->plus && !fraction && !dress->currency && !dress->percent)
        return false;
    if (!dress->currency || dress->form == SIGN_SYMBOL || money)
        return true;
    bool code = strlen(ingest_sign_text(dress->currency)) == 3;
    return dress->form == SIGN_CODE && (!dress->attached || code);
}

/* Digits */

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
    struct text mantissa = {plain.data, (size_t)(mark - plain.data)};
    int64_t exponent, scaled;
    int scale;
    struct text power = {mark + 1, plain.length - mantissa.length - 1};

    if (power.length > 1 && *power.data == '+')
        power = (struct text){power.data + 1, power.length - 1};
    while (power.length > 1 && *power.data == '0')
        power = (struct text){power.data + 1, power.length - 1};
    return number_parse_decimal(mantissa, &scaled, &scale) && ingest_parse_int(power, &exponent) &&
           exponent >= scale && exponent - scale <= INGEST_DIGITS_MAX &&
           number_rescale(scaled, (int)exponent - scale, out) &&
           llabs(*out) < number_power10(INGEST_DIGITS_MAX);
}

/* Numbers longer than 64 bits hold: whole ones are codes and stay text, the others are
 * printed doubles. */
static enum ingest_form classify_plain(struct text plain, struct ingest_number *number)
{
    bool exponent = memchr(plain.data, 'e', plain.length) != NULL;

    if (!exponent) {
        describe_digits(plain, number);
        int scale;
        if (number->scale <= NUMBER_SCALE_MAX &&
            number->scale + number->digits <= INGEST_DIGITS_MAX &&
            number_parse_decimal(plain, &number->scaled, &scale))
            return number->scale ? FORM_DECIMAL : FORM_INT;
        if (number->scale == 0)
            return FORM_TEXT;
    }
    enum { KEPT = 15 }; /* digits that every double keeps */
    number->long_digits = !exponent && number->digits + number->scale > KEPT;
    number->whole = exponent && whole_exponent(plain, &number->scaled);
    return number_parse_double(plain, &number->real) ? FORM_DOUBLE : FORM_TEXT;
}

/* 12.5% is .125: the same digits, two places further right. */
static enum ingest_form divide_by_hundred(struct text plain, enum ingest_form form,
                                          struct ingest_number *number)
{
    number->percent = true;

    bool short_enough = number->scale + 2 <= NUMBER_SCALE_MAX &&
                        number->scale + 2 + number->digits <= INGEST_DIGITS_MAX;
    if (form != FORM_DOUBLE && short_enough) {
        number->scale += 2;
        number->digits = number->digits > 2 ? number->digits - 2 : 0;
        number->zero_fraction = number->scaled % number_power10(number->scale) == 0;
        return FORM_DECIMAL;
    }

    /* too many digits for a decimal: the double is made from the text, so that it is rounded
     * once */
    char text[PLAIN_MAX + 8];
    if (memchr(plain.data, 'e', plain.length))
        return FORM_TEXT;
    int length = snprintf(text, sizeof text, "%.*se-2", (int)plain.length, plain.data);
    return number_parse_double((struct text){text, (size_t)length}, &number->real) ? FORM_DOUBLE
                                                                                   : FORM_TEXT;
}

/* Spreadsheets write numbers of more than eleven digits so, and keep six of them. R and
 * Python write 4.0128e+10 with a small e, and lose nothing. */
static bool is_rounded(struct text exponent)
{
    enum { SHORTENED = 10 }; /* 1.23E+10 has eleven digits; smaller numbers are written out */
    int value = 0;
    if (!exponent.length || *exponent.data != '+' || exponent.data[-1] != 'E')
        return false;
    for (size_t i = 1; i < exponent.length && value < SHORTENED; i++)
        value = value * 10 + (exponent.data[i] - '0');
    return value >= SHORTENED;
}

/* Everything that is more than digits and a point. */
static enum ingest_form classify_written(struct text value, struct ingest_number_style style,
                                         struct ingest_number *number)
{
    struct cursor cursor = {value.data, value.data + value.length};
    struct core core = {.count = 0};
    struct dress dress = {0};
    struct text plain;
    char digits[PLAIN_MAX + 8];

    if (value.length >= PLAIN_MAX - 8 || !take_prefix(&cursor, &dress) ||
        !take_core(&cursor, &core) || !take_suffix(&cursor, &dress) || !dress_fits(&dress, &core))
        return FORM_TEXT;

    /* the marks are kept of a text, too: they are what tells the column's other style */
    number->marks = find_marks(&core);
    bool negative = dress.negative || dress.parenthesis;
    if (!make_plain(&core, style.point, negative, digits, &plain))
        return FORM_TEXT;

    enum ingest_form form = classify_plain(plain, number);
    number->rounded = is_rounded(core.exponent);
    number->currency = dress.currency;
    number->spaced = core.count > 1 && core.separators[1] == ' ';
    number->decorated =
        dress.currency || dress.percent || dress.parenthesis || dress.signed_behind || dress.plus;
    return dress.percent && form != FORM_TEXT ? divide_by_hundred(plain, form, number) : form;
}

/* Plain digits, perhaps with one decimal sign between them: nearly all numbers there are. */
static enum ingest_form classify_quickly(struct text value, char point,
                                         struct ingest_number *number)
{
    const char *at = value.data, *end = at + value.length;
    bool negative = *at == '-';

    at += negative;
    const char *first = at;
    int64_t scaled = 0;
    if (value.length > INGEST_DIGITS_MAX)
        return FORM_TEXT;

    for (; at < end && digit(*at); at++)
        scaled = scaled * 10 + (*at - '0');
    size_t whole = (size_t)(at - first);
    if (whole == 0 || (whole > 1 && *first == '0'))
        return FORM_TEXT;
    number->digits = (int)whole - (*first == '0');
    if (at == end) {
        number->scaled = negative ? -scaled : scaled;
        number->scale = 0;
        number->zero_fraction = true;
        return FORM_INT;
    }

    if (*at != point)
        return FORM_TEXT;

    int64_t before = scaled;
    const char *fraction = ++at;
    for (; at < end && digit(*at); at++)
        scaled = scaled * 10 + (*at - '0');
    if (at < end || at == fraction)
        return FORM_TEXT;
    number->scale = (int)(end - fraction);
    number->zero_fraction = scaled == before * number_power10(number->scale);
    number->scaled = negative ? -scaled : scaled;

    /* three digits behind a sign that could divide thousands say nothing about which it is */
    bool thousands = number->scale == 3 && whole <= 3 && *first != '0';
    unsigned char three = point == '.' ? MARK_POINT3 : MARK_COMMA3,
                  sure = point == '.' ? MARK_POINT : MARK_COMMA;
    number->marks = thousands ? three : sure;
    return FORM_DECIMAL;
}

static void clear(struct ingest_number *number)
{
    number->whole = number->decorated = number->percent = number->rounded = false;
    number->spaced = number->long_digits = false;
    number->marks = number->currency = 0;
}

/* A first character that no number begins with, or a last one that none ends with. */
static bool cannot_be_number(struct text value)
{
    enum { LONGEST_PREFIXED = 48 }; /* bytes: USD and a number; longer texts are sentences */
    char c = *value.data, last = value.data[value.length - 1];
    if (digit(c))
        return false;
    bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    if (letter && value.length > LONGEST_PREFIXED)
        return true;
    if (letter)
        return !digit(last) && last != ')' && last != '-' && !(last & 0x80);
    return c == '"' || c == '/' || c == '[' || c == '{' || c == '#' || c == '@' || c == '_';
}

enum ingest_form ingest_classify_with(struct text value, struct ingest_number_style style,
                                      const struct ingest_missing *missing,
                                      struct ingest_number *number)
{
    if (value.length == 0)
        return FORM_UNKNOWN;

    clear(number);
    if (ingest_missing_may(missing, value)) {
        enum ingest_missing_kind kind = ingest_missing_find(missing, value, NULL);
        if (kind != MISSING_NOT)
            return kind == MISSING_STRONG ? FORM_UNKNOWN : FORM_MISSING;
    }

    char c = *value.data;
    if (digit(c) || c == '-') {
        enum ingest_form form = classify_quickly(value, style.point, number);
        if (form != FORM_TEXT)
            return form;
    }

    bool yes, word = c && strchr("tTfFnNiI+-", c);
    if (value.length <= sizeof "-infinity" - 1 && word) {
        if (ingest_parse_bool(value, &yes))
            return FORM_BOOL;
        if (nonfinite(value))
            return FORM_NONFINITE;
    }

    return cannot_be_number(value) ? FORM_TEXT : classify_written(value, style, number);
}

enum ingest_form ingest_classify(struct text value, struct ingest_number_style style,
                                 struct ingest_number *number)
{
    return ingest_classify_with(value, style, ingest_missing_default(), number);
}
