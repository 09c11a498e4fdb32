/*
 * Problems: an error or warning with its place, and the line it stands in with a mark under the
 * place. Columns are counted in characters, as editors do; the mark stands where a terminal shows
 * the place, for which wide characters take two cells.
 */
#include "segment/language.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum { EXCERPT_MAX = 160 };

/* Characters from `begin` to `end`, as columns count them: code points. */
static int columns(const char *begin, const char *end)
{
    int count = 0;
    for (; begin < end; begin++)
        count += ((unsigned char)*begin & 0xC0) != 0x80;
    return count;
}

/* The cells text takes on a terminal: wide characters take two. */
static int cells(const char *begin, const char *end)
{
    int count = 0;
    while (begin < end) {
        utf8proc_int32_t point;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)begin, end - begin, &point);
        if (size <= 0)
            size = 1, point = '?';
        count += *begin == '\t' ? 1 : utf8proc_charwidth(point);
        begin += size;
    }
    return count;
}

static const char *excerpt(struct arena *arena, struct text line, size_t begin, size_t end)
{
    /* A long line is cut to what stands around the place. */
    size_t from =
        begin > EXCERPT_MAX / 2 && line.length > EXCERPT_MAX ? begin - EXCERPT_MAX / 2 : 0;
    while (from > 0 && ((unsigned char)line.data[from] & 0xC0) == 0x80)
        from--;

    size_t to = line.length - from > EXCERPT_MAX ? from + EXCERPT_MAX : line.length;
    while (to < line.length && ((unsigned char)line.data[to] & 0xC0) == 0x80)
        to++;

    if (end > to)
        end = to;
    int before = cells(line.data + from, line.data + begin),
        under = cells(line.data + begin, line.data + end);

    struct buffer out;
    buffer_init(&out, 0);

    for (size_t i = from; i < to; i++)
        buffer_char(&out, line.data[i] == '\t' || line.data[i] == '\0' ? ' ' : line.data[i]);

    buffer_char(&out, '\n');
    for (int i = 0; i < before; i++)
        buffer_char(&out, ' ');
    buffer_char(&out, '^');
    for (int i = 1; i < under; i++)
        buffer_char(&out, '~');

    const char *copy = buffer_copy(&out, arena);
    buffer_release(&out);
    return copy;
}

struct error *segment_problem_add(struct problems *problems, const struct source *source,
                                  struct segment_span span, bool is_warning, const char *format,
                                  ...)
{
    problems->errors += !is_warning;

    /* Past the most that are kept, the last one stands for all that follow. */
    if (problems->list.count >= PROBLEMS_MAX)
        problems->list.count = PROBLEMS_MAX - 1;

    struct segment_problem problem = {.is_warning = is_warning, .span = span, .file = source->file};
    va_list arguments;
    va_start(arguments, format);
    enum status status = error_setv(&problem.error, STATUS_ERROR, format, arguments);
    (void)status;
    va_end(arguments);

    /* The line that holds the place, and its number: looked for from the beginning, as
     * problems are few. */
    const char *text = source->text.data, *end = text + source->text.length;
    const char *place =
        text + (span.begin < source->text.length ? span.begin : source->text.length);
    const char *line = place;
    while (line > text && line[-1] != '\n')
        line--;

    int number = 1;
    for (const char *at = text; at < line; at++)
        number += *at == '\n';

    const char *line_end = line;
    while (line_end < end && *line_end != '\n' && *line_end != '\r')
        line_end++;

    size_t begin = (size_t)(place - line),
           to = span.end > span.begin ? begin + (span.end - span.begin) : begin + 1;
    if (line_end - line < (ptrdiff_t)begin)
        begin = (size_t)(line_end - line);

    error_place(&problem.error, "%s:%d:%d", source->file, number, columns(line, line + begin) + 1);
    problem.excerpt =
        excerpt(problems->arena, (struct text){line, (size_t)(line_end - line)}, begin, to);

    VECTOR_PUSH(&problems->list, problem);
    return &problems->list.items[problems->list.count - 1].error;
}

bool segment_problem_suggest(struct error *error, const char *word, const char *const *candidates,
                             size_t count)
{
    int nearest = text_nearest(word, candidates, count);
    if (nearest >= 0)
        error_hint(error, "did you mean “%s”?", candidates[nearest]);
    return nearest >= 0;
}
