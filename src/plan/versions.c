/*
 * Versions: texts that compare part by part, numbers as numbers however long they are: 2.9 < 2.10.
 * What marks a part as coming before the release (a hyphen in front, or a word: 1.0-rc1, 1.0rc1)
 * puts it before the part that is missing in the other, which counts as 0: so 1.0-rc1 < 1.0 =
 * 1.0.0.
 */
#include "plan/steps.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next part: a run of digits, or of what is neither a digit nor a separator. */
static struct text version_part(struct text *rest, bool *number, bool *pre)
{
    size_t at = 0;

    *pre = false;
    /* A hyphen marks what comes before a release (1.0-rc1), if something follows it. */
    while (at < rest->length && strchr(".-_+ ", rest->data[at]) && rest->data[at])
        *pre |= rest->data[at++] == '-';

    size_t begin = at;
    *number = at < rest->length && is_digit(rest->data[at]);
    while (at < rest->length && is_digit(rest->data[at]) == *number &&
           !strchr(".-_+ ", rest->data[at]))
        at++;

    *pre &= at > begin;
    struct text part = {rest->data + begin, at - begin};
    *rest = (struct text){rest->data + at, rest->length - at};
    return part;
}

static int compare_digits(struct text a, struct text b)
{
    while (a.length && a.data[0] == '0')
        a = (struct text){a.data + 1, a.length - 1};
    while (b.length && b.data[0] == '0')
        b = (struct text){b.data + 1, b.length - 1};
    /* Without leading zeros the longer number is the larger, however many
     * digits it has. */
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return text_compare(a, b);
}

/* Missing parts are 0; words mark what comes before a release. */
int version_compare(struct text a, struct text b)
{
    while (a.length || b.length) {
        bool number_a, number_b, pre_a, pre_b;
        struct text x = version_part(&a, &number_a, &pre_a),
                    y = version_part(&b, &number_b, &pre_b);
        bool word_a = x.length && !number_a, word_b = y.length && !number_b;
        /* Before a release comes what stands behind a hyphen, and what is a word:
         * 1.0-rc1, 1.0rc1, 1.0. */
        if (pre_a != pre_b && x.length != 0 && y.length != 0)
            return pre_a ? -1 : 1;
        if (word_a != word_b)
            return word_a ? -1 : 1;
        if (pre_a != pre_b)
            return pre_a ? -1 : 1;

        int order = word_a ? text_compare(x, y) : compare_digits(x, y);
        if (order)
            return order;
    }
    return 0;
}

void step_version(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    size_t lanes = lanes_of(run, step);
    out->bits = (uint64_t *)child.bits;
    out->hint = child.hint;

    if (step->shape != SHAPE_TEXT) {
        for (size_t lane = 0; lane < lanes; lane++)
            out->i[lane] = child.i[lane * child.stride];
        return;
    }
    for (size_t lane = 0; lane < lanes; lane++)
        if (bit_at(child.bits, lane))
            out->text[lane] = operand_text(run, &child, lane);
}
