/*
 * Shared libraries that are loaded when they are first used. Loading and relocating those that few
 * commands need took most of what a start of the program cost.
 *
 * A room that uses one lists its functions once; the list makes a struct of pointers with the types
 * of the library's own header, so that a changed signature does not compile, and their names:
 *
 *     #define FUNCTIONS(F) F(PQexec) F(PQclear)
 *     static struct { FUNCTIONS(LIBRARY_POINTER) } pq;
 *     static const char *const names[] = {FUNCTIONS(LIBRARY_NAME)};
 *     static struct library library = {STRATA_LIB_PQ, "libpq5", "PostgreSQL", LIBRARY_TABLE(names,
 * pq)};
 *
 *     TRY(library_load(&library, error));
 *     pq.PQclear(pq.PQexec(connection, sql));
 *
 * STRATA_LIB_… are the names under which the libraries found at configure time are loaded.
 */
#ifndef STRATA_BASE_LIBRARY_H
#define STRATA_BASE_LIBRARY_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>

struct library {
    const char *file;         /* as the loader looks for it: "libpq.so.5" */
    const char *package;      /* of Debian, which brings it; NULL when it comes with Strata */
    const char *use;          /* "PostgreSQL": for the message when it is missing */
    const char *const *names; /* of functions … */
    size_t count;
    void *table;        /* … and a struct of as many pointers to them, in the same order */
    _Atomic bool ready; /* all pointers are set */
};

#define LIBRARY_POINTER(function) __typeof__(function) *function;
#define LIBRARY_NAME(function) #function,
#define LIBRARY_TABLE(names, table)                                      \
    names,                                                               \
        sizeof(names) / sizeof *(names) +                                \
            LIBRARY_ZERO_IF_(sizeof(table) == sizeof(names), "as many"), \
        &(table)
/* 0, or a compile error. */
#define LIBRARY_ZERO_IF_(condition, what) \
    0 * sizeof(struct {                   \
        _Static_assert(condition, what);  \
        int unused;                       \
    })

/* Loads the library and sets its table's pointers, once; later calls cost one load. Nothing is ever
 * unloaded. A library that is not there, or lacks a function, is an error that says what to
 * install; the next call tries again. Thread-safe. */
enum status library_load(struct library *library, struct error *error) MUST_USE;

#endif
