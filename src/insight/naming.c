/*
 * Which texts may be named where people read. A text that one or two customers have tells of them
 * and of no segment: an e-mail address, a telephone number, what they wrote beside an order. So may
 * a date of birth or a sum, and an example of what is wrong must not show it. One rule, for
 * profiles, personas, health, reports and the drivers of models.
 */
#include "insight/insight.h"

#include <ctype.h>
#include <string.h>

bool insight_nearly_unique(uint64_t texts, uint64_t customers)
{
    return 2 * texts > customers;
}

static bool is_of_address(char c)
{
    return isalnum((unsigned char)c) || strchr("._%+-", c) || (unsigned char)c >= 0x80;
}

/* Somebody@somewhere.tld, anywhere in it. */
static bool holds_address(struct text text)
{
    for (size_t at = 1; at + 1 < text.length; at++) {
        if (text.data[at] != '@' || !is_of_address(text.data[at - 1]))
            continue;

        bool dot = false;
        for (size_t i = at + 1; i + 1 < text.length && text.data[i] && is_of_address(text.data[i]);
             i++)
            dot |= text.data[i] == '.' && i > at + 1 && isalnum((unsigned char)text.data[i + 1]);
        if (dot)
            return true;
    }
    return false;
}

bool insight_may_name(struct text text, uint64_t customers)
{
    return customers >= INSIGHT_NAMED_BY && !holds_address(text);
}
