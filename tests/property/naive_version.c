/*
 * Versions: a list of parts between the separators . - _ + and space. Runs of digits are numbers,
 * the rest words by bytes. A part behind a hyphen belongs to a pre-release, which comes before the
 * release; a word comes before a number; a missing part is the number 0.
 */
#include "naive_internal.h"

#include <stdlib.h>
#include <string.h>

struct part {
    bool pre, word;
    struct text text; /* numbers without leading zeros */
};

static bool separates(char c)
{
    return c && strchr(".-_+ ", c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Splits at most max parts; missing ones stay the number 0. */
static void split(struct text text, struct part *parts, size_t max)
{
    memset(parts, 0, max * sizeof *parts);
    size_t at = 0;
    for (size_t count = 0; count < max; count++) {
        bool pre = false;
        for (; at < text.length && separates(text.data[at]); at++)
            pre |= text.data[at] == '-';
        size_t begin = at;
        bool number = at < text.length && is_digit(text.data[at]);
        while (at < text.length && !separates(text.data[at]) && is_digit(text.data[at]) == number)
            at++;
        if (at == begin)
            return;
        while (number && begin < at && text.data[begin] == '0')
            begin++;
        parts[count] = (struct part){pre, !number, {text.data + begin, at - begin}};
    }
}

static int compare_parts(const struct part *a, const struct part *b)
{
    if (a->pre != b->pre)
        return a->pre ? -1 : 1;
    if (a->word != b->word)
        return a->word ? -1 : 1;
    if (!a->word && a->text.length != b->text.length)
        return a->text.length < b->text.length ? -1 : 1;
    return text_compare(a->text, b->text);
}

bool naive_version_less(struct text a, struct text b)
{
    size_t max = (a.length > b.length ? a.length : b.length) + 1;
    struct part *x = base_calloc(max, sizeof *x), *y = base_calloc(max, sizeof *y);
    split(a, x, max);
    split(b, y, max);
    int order = 0;
    for (size_t i = 0; i < max && order == 0; i++)
        order = compare_parts(&x[i], &y[i]);
    free(x);
    free(y);
    return order < 0;
}
