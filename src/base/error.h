/*
 * Expected failures. A function that can fail returns an enum status that must be looked at and
 * takes, as its last parameter, a struct error that says where and why. A bug is an assert that
 * stays on, never a status.
 *
 * Status codes are also the program's exit codes (docs/errors.md), so a failure keeps its meaning
 * all the way up.
 */
#ifndef STRATA_BASE_ERROR_H
#define STRATA_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

enum status {
    STATUS_OK = 0,
    /* anything that has no code of its own: bad data, a mistake in a definition */
    STATUS_ERROR = 1,
    STATUS_USAGE = 2,     /* the call itself is wrong: an unknown option, a missing argument */
    STATUS_NOT_FOUND = 3, /* a store, file, segment, customer or import that does not exist */
    STATUS_REJECTS = 4,   /* more rows were set aside than --max-rejects allows */
    /* the disk failed while a change was saved: it may or may not have been made */
    STATUS_UNCERTAIN = 5,
    STATUS_IO = 6,      /* a file or folder cannot be read or written, though the disk has room */
    STATUS_FULL = 7,    /* the disk or the quota is used up */
    STATUS_CORRUPT = 8, /* the store is damaged: what it holds is not what was saved */
    STATUS_LIMIT = 9,   /* more than Strata, or the memory given to it, takes */
    STATUS_BUSY = 75,   /* another process is writing to the store */
    STATUS_INTERRUPTED = 130, /* somebody stopped it; as a shell says of Ctrl-C: 128 + SIGINT */
};
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

enum { ERROR_PLACE_MAX = 512, ERROR_MESSAGE_MAX = 2048, ERROR_HINT_MAX = 1024 };

/* All strings are NUL-terminated UTF-8 and cut between characters, never overrun. Owns nothing:
 * copy it freely. Its own strings may be arguments of the calls that replace them: error_set(e,
 * code, "%s: %s", name, e->message). */
struct error {
    enum status code;
    /* "segments.strata:3:9", "orders.csv line 17 column 4", or empty */
    char place[ERROR_PLACE_MAX];
    char message[ERROR_MESSAGE_MAX]; /* one sentence: what is wrong */
    char hint[ERROR_HINT_MAX];       /* one sentence: what to do, or empty */
};

/* Sets code and message, clears place and hint, and returns code, so that `return error_set(…)`
 * reads well. error may be NULL, when the caller does not care why. */
enum status error_set(struct error *error, enum status code, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_USE;
enum status error_setv(struct error *error, enum status code, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0) MUST_USE;
/* As error_set, for a failed system call: appends ": " and the text of errno_value. STATUS_FULL
 * where there is no room, else STATUS_IO: what is not there is for the caller to tell. */
enum status error_system(struct error *error, int errno_value, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_USE;
/* Adds the place or the hint to an error already set. They do nothing when error is NULL. */
void error_place(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);
/* The column that the place ends with, as in "segments.strata:3:9"; 0 when it names none. */
size_t error_column(const struct error *error);
void error_hint(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);
void error_clear(struct error *error);
/* "place: message (hint)" into out, for logs and tests; returns out. */
char *error_describe(const struct error *error, char *out, size_t size);

/* Passes a failure on to the caller. */
#define TRY(call)                         \
    do {                                  \
        enum status try_status_ = (call); \
        if (try_status_ != STATUS_OK)     \
            return try_status_;           \
    } while (0)

/* As TRY, for functions with clean-up at a label `done` and a variable `enum status status`. */
#define TRY_GOTO(call)           \
    do {                         \
        status = (call);         \
        if (status != STATUS_OK) \
            goto done;           \
    } while (0)

/* An assert that stays on in release builds. */
#define ENSURE(condition)                                  \
    do {                                                   \
        if (__builtin_expect(!(condition), 0))             \
            ensure_failed(#condition, __FILE__, __LINE__); \
    } while (0)
_Noreturn void ensure_failed(const char *condition, const char *file, int line);

#endif
