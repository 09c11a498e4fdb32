#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status error_setv(struct error *error, enum status code, const char *format, va_list arguments)
{
    if (!error)
        return code;
    error->code = code;
    error->place[0] = '\0';
    error->hint[0] = '\0';
    vsnprintf(error->message, sizeof error->message, format, arguments);
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
    enum status code = error_setv(error, STATUS_ERROR, format, arguments);
    va_end(arguments);
    if (error) {
        char text[256] = "";
        /* the GNU strerror_r returns the text; the XSI one fills the buffer */
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
    vsnprintf(error->place, sizeof error->place, format, arguments);
    va_end(arguments);
}

void error_hint(struct error *error, const char *format, ...)
{
    if (!error)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->hint, sizeof error->hint, format, arguments);
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
    fprintf(stderr, "strata: internal error at %s:%d: %s does not hold; please report it\n", file, line, condition);
    abort();
}
