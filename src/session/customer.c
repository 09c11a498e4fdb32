/*
 * A customer asked for by identifier. Who types one off a spreadsheet loses leading zeros, capitals
 * and hyphens on the way: what differs in nothing else is proposed. That takes one look at each
 * identifier, and only after a failure.
 */
#include "session/internal.h"

#include <string.h>

/* What is left of an identifier: no leading zeros, no capitals, no spaces and hyphens. */
struct reading {
    struct text text;
    size_t at;
    bool in_number;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next byte that counts; −1 at the end. */
static int next_byte(struct reading *reading)
{
    while (reading->at < reading->text.length) {
        const char *at = reading->text.data + reading->at++;
        /* Zeros before a number's first digit; the last digit is none of them. */
        bool leading = *at == '0' && !reading->in_number && reading->at < reading->text.length &&
                       is_digit(at[1]);
        if (leading || strchr(" -_./", *at))
            continue;
        reading->in_number = is_digit(*at);
        return *at >= 'A' && *at <= 'Z' ? *at + ('a' - 'A') : (unsigned char)*at;
    }
    return -1;
}

static bool alike(struct text a, struct text b)
{
    struct reading first = {.text = a}, second = {.text = b};
    int byte;
    do {
        byte = next_byte(&first);
        if (byte != next_byte(&second))
            return false;
    } while (byte >= 0);
    return true;
}

enum status session_find_customer(const struct population *population, const char *customer,
                                  uint32_t *position, struct error *error)
{
    struct text wanted = text_from(customer);
    if (population_find(population, wanted, position))
        return STATUS_OK;

    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no customer '%s'", customer);
    for (uint32_t p = 0; p < population->customers; p++) {
        struct text id = population_identifier(population, p);
        if (!alike(wanted, id))
            continue;
        error_hint(error, "did you mean %.*s?", (int)id.length, id.data);
        return status;
    }

    error_hint(error, "identifiers are written as they were imported; strata sql STORE \"SELECT "
                      "customer FROM customers "
                      "LIMIT 5\" shows some");
    return status;
}
