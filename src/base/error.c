/*
 * Errors: one struct with room of its own, so that saying what went wrong needs no memory.
 */
#include "base/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_MAX = 256 }; /* bytes of the system's word for an errno */

/* As vsnprintf, but a text that is cut ends with a whole character. */
PRINTF_LIKE(3, 0)
static void format_cut(char *out, size_t size, const char *format, va_list arguments)
{
    int length = vsnprintf(out, size, format, arguments);
    if (length < 0)
        out[0] = '\0';
    if (length < (int)size)
        return;

    /* Back over the bytes that continue a character to the one that begins it, which says how long
     * it is. */
    size_t end = size - 1, start = end;
    while (start > 0 && ((unsigned char)out[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)out[start - 1] < 0xc0)
        return;

    unsigned char lead = (unsigned char)out[--start];
    size_t whole = (size_t)2 + (lead >= 0xe0) + (lead >= 0xf0); /* bytes of the character */
    if (start + whole > end)
        out[start] = '\0';
}

enum status error_setv(struct error *error, enum status code, const char *format, va_list arguments)
{
    if (!error)
        return code;

    /* Written aside first: the arguments may be parts of the error that is replaced. */
    char message[ERROR_MESSAGE_MAX];
    format_cut(message, sizeof message, format, arguments);

    error->code = code;
    error->place[0] = '\0';
    error->hint[0] = '\0';
    strcpy(error->message, message);
    return code;
}

enum status error_set(struct error *error, enum status code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    code = error_setv(error, code, format, arguments);
    va_end(arguments);
    return code;
}

enum status error_system(struct error *error, int errno_value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool full = errno_value == ENOSPC || errno_value == EDQUOT || errno_value == EFBIG;
    enum status code = error_setv(error, full ? STATUS_FULL : STATUS_IO, format, arguments);
    va_end(arguments);

    if (error) {
        char text[REASON_MAX] = "";

        /* The GNU strerror_r returns the text; the XSI one fills the buffer. */
        const char *reason = strerror_r(errno_value, text, sizeof text);
        size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, ": %s", reason);
    }
    return code;
}

void error_place(struct error *error, const char *format, ...)
{
    if (!error)
        return;
    va_list arguments;
    va_start(arguments, format);
    char place[ERROR_PLACE_MAX];
    format_cut(place, sizeof place, format, arguments);
    strcpy(error->place, place);
    va_end(arguments);
}

void error_hint(struct error *error, const char *format, ...)
{
    if (!error)
        return;
    va_list arguments;
    va_start(arguments, format);
    char hint[ERROR_HINT_MAX];
    format_cut(hint, sizeof hint, format, arguments);
    strcpy(error->hint, hint);
    va_end(arguments);
}

void error_clear(struct error *error)
{
    if (error)
        *error = (struct error){.code = STATUS_OK};
}

char *error_describe(const struct error *error, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s%s", error->place, error->place[0] ? ": " : "", error->message,
             error->hint[0] ? " (" : "", error->hint, error->hint[0] ? ")" : "");
    return out;
}

void ensure_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "strata: internal error at %s:%d: %s does not hold; please report it\n", file,
            line, condition);
    abort();
}

size_t error_column(const struct error *error)
{
    const char *colon = strrchr(error->place, ':');
    char *end = NULL;
    unsigned long column = colon ? strtoul(colon + 1, &end, 10) : 0;
    return end && end > colon + 1 && !*end ? column : 0;
}
