/*
 * Lines that are no rows, as titles and remarks above a header. They are counted by their ends,
 * whatever quotes they hold, and cut for showing between characters.
 */
#include "ingest/lines.h"

#include <string.h>

const char *ingest_behind_lines(const char *at, const char *end, uint32_t lines, char newline)
{
    while (lines-- && at < end) {
        const char *stop = memchr(at, newline, (size_t)(end - at));
        at = stop ? stop + 1 : end;
    }
    return at;
}

const char *ingest_line_begin(const char *at, const char *end, struct arena *arena)
{
    enum { SHOWN = 60 };
    size_t length = 0;
    while (at + length < end && length <= SHOWN && at[length] != '\n' && at[length] != '\r' &&
           at[length] != INGEST_ROW_END)
        length++; /* one byte more than is shown tells whether a character ends there */
    return arena_strndup(arena, at, text_cut((struct text){at, length}, SHOWN).length);
}

void ingest_keep_passed(const char *data, const char *end, uint32_t lines, char newline,
                        struct arena *arena, struct ingest_look *look)
{
    enum { SHOWN = 120 };
    look->passed = ARENA_ARRAY(arena, const char *, lines);
    for (uint32_t i = 0; i < lines && data < end; i++) {
        const char *stop = ingest_behind_lines(data, end, 1, newline);
        struct text line = text_trim((struct text){data, (size_t)(stop - data)});
        while (line.length && strchr(",;\t| \"\x1e", line.data[line.length - 1]) &&
               !(i == 0 && look->sep_line))
            line.length--;
        if (line.length && *line.data == '"')
            line = (struct text){line.data + 1, line.length - 1};
        line = text_cut(line, SHOWN);
        if (line.length)
            look->passed[look->passed_count++] = arena_strndup(arena, line.data, line.length);
        data = stop;
    }
}
