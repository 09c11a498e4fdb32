#include "support/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static _Noreturn void give_up(const char *what, const char *which)
{
    printf("Bail out! %s: %s\n", what, which);
    exit(1);
}

static char *read_all(const char *path, struct arena *arena)
{
    const char *shared = getenv("STRATA_SHARED");
    char *full = arena_printf(arena, "%s/data/%s", shared ? shared : "../shared", path);
    gzFile file = gzopen(full, "rb");
    if (!file)
        give_up("cannot read (set STRATA_SHARED)", full);
    size_t length = 0, room = 1 << 16;
    char *text = base_malloc(room);
    for (int got; (got = gzread(file, text + length, (unsigned)(room - length - 1))) > 0;) {
        length += (size_t)got;
        if (room - length < 2)
            text = base_realloc(text, room *= 2);
    }
    gzclose(file);
    text[length] = '\0';
    char *copy = arena_strndup(arena, text, length);
    free(text);
    return copy;
}

/* Takes one cell off *at, in place; true when it was the last of its line. */
static bool next_cell(char **at, char separator, char **cell)
{
    char *from = *at, *to;
    while (separator == ' ' && *from == ' ')
        from++;
    *cell = to = from;
    bool quoted = *from == '"';
    from += quoted;
    while (*from && (quoted || (*from != separator && *from != '\n' && *from != '\r'))) {
        if (quoted && *from == '"' && *++from != '"')
            quoted = false;
        else
            *to++ = *from++;
    }
    while (separator == ' ' && *from == ' ')
        from++;
    bool more = separator == ' ' ? *from && *from != '\n' && *from != '\r' : *from == separator;
    from += more && separator != ' ';
    if (!more)
        while (*from == '\r' || *from == '\n')
            from++;
    *at = from;
    *to = '\0';
    return !more;
}

struct table table_read(const char *path, char separator, bool header, struct arena *arena)
{
    char *at = read_all(path, arena), *cell;
    size_t count = 0, room = 1024, columns = 0;
    char **cells = base_malloc(sizeof *cells * room);
    if (strncmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (*at) {
        bool last = next_cell(&at, separator, &cell);
        if (count == room)
            cells = base_realloc(cells, sizeof *cells * (room *= 2));
        cells[count++] = cell;
        if (last && columns == 0)
            columns = count;
    }
    if (columns == 0 || count % columns)
        give_up("not a table", path);
    struct table table = {.rows = count / columns - header, .columns = columns};
    char **all = ARENA_ARRAY(arena, char *, count);
    memcpy(all, cells, sizeof *all * count);
    free(cells);
    table.header = header ? all : NULL;
    table.cells = header ? all + columns : all;
    return table;
}

const char *table_cell(const struct table *table, size_t row, size_t column)
{
    return table->cells[row * table->columns + column];
}

size_t table_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->columns; i++)
        if (strcmp(table->header[i], name) == 0)
            return i;
    give_up("no such column", name);
}

double *table_numbers(const struct table *table, size_t column, struct arena *arena)
{
    double *out = ARENA_ARRAY(arena, double, table->rows);
    for (size_t i = 0; i < table->rows; i++) {
        const char *text = table_cell(table, i, column);
        char *end;
        out[i] = strtod(text, &end);
        if (end == text || *end)
            out[i] = NAN;
    }
    return out;
}

double *table_matrix(const struct table *table, const char *const *names, size_t count,
                     struct arena *arena)
{
    double *out = ARENA_ARRAY(arena, double, table->rows *count);
    for (size_t j = 0; j < count; j++) {
        double *column = table_numbers(table, table_column(table, names[j]), arena);
        for (size_t i = 0; i < table->rows; i++)
            out[i * count + j] = column[i];
    }
    return out;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int *table_codes(const struct table *table, size_t column, struct arena *arena, int *levels)
{
    char **known = ARENA_ARRAY(arena, char *, table->rows);
    int *codes = ARENA_ARRAY(arena, int, table->rows), count = 0;
    for (size_t i = 0; i < table->rows; i++)
        known[i] = table->cells[i * table->columns + column];
    qsort(known, table->rows, sizeof *known, compare_texts);
    for (size_t i = 0; i < table->rows; i++)
        if (*known[i] && strcmp(known[i], "NA") &&
            (count == 0 || strcmp(known[count - 1], known[i])))
            known[count++] = known[i];
    for (size_t i = 0; i < table->rows; i++) {
        char *text = table->cells[i * table->columns + column];
        char **found = bsearch(&text, known, (size_t)count, sizeof *known, compare_texts);
        codes[i] = found ? (int)(found - known) : -1;
    }
    *levels = count;
    return codes;
}
