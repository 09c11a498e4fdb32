/*
 * Reading the shared data sets in tests: separated text, plain or gzipped, from $STRATA_SHARED/data
 * (../shared/data when it is not set). A missing file fails the test program: a test that skips its
 * data tests nothing.
 */
#ifndef STRATA_TESTS_TABLE_H
#define STRATA_TESTS_TABLE_H

#include "base/arena.h"

#include <stdbool.h>

struct table {
    size_t rows, columns;
    char **header; /* NULL without one */
    char **cells;  /* rows × columns, row by row; quotes are taken off */
};

/* path: below shared/data. separator ' ' stands for runs of spaces. Everything lives in arena. */
struct table table_read(const char *path, char separator, bool header, struct arena *arena);
const char *table_cell(const struct table *table, size_t row, size_t column);
/* The number of the column with that name; fails the program when there is none. */
size_t table_column(const struct table *table, const char *name);
/* A column as numbers: NaN for blank, NA and everything that is no number. */
double *table_numbers(const struct table *table, size_t column, struct arena *arena);
/* The named columns as a rows × count matrix. */
double *table_matrix(const struct table *table, const char *const *names, size_t count,
                     struct arena *arena);
/* A text column as codes 0, 1, … in order of the texts' bytes; blank and NA are −1. *levels is how
 * many there are. */
int *table_codes(const struct table *table, size_t column, struct arena *arena, int *levels);

#endif
