/*
 * Marks come first, then zero bytes (UTF-16 and UTF-32 of text in which ASCII occurs),
 * then UTF-8: text in another encoding is hardly ever valid UTF-8 by chance, so when most
 * lines that hold more than ASCII are valid, it is UTF-8 and the others are damaged. Only
 * what is left is guessed by what the text becomes (language.h).
 */
#include "ingest/charset.h"

#include "ingest/language.h"

#include <stdlib.h>
#include <string.h>

enum { SURE_BY_ZEROS = 95 }; /* of 100: binary data may have such zeros, texts have not */

static enum status take(const char *name, bool said, int sure, struct arena *arena,
                        struct ingest_encoding_look *out, struct error *error)
{
    out->said = said;
    out->sure = sure;
    return ingest_encoding_open(name, arena, &out->encoding, error);
}

/* UTF-16 and UTF-32 by where the zero bytes of ASCII characters stand; NULL when they
 * stand nowhere regularly. */
static const char *by_zeros(struct text data)
{
    enum { LOOKED_AT = 1 << 16 }; /* bytes: the pattern of zeros is the same throughout */
    size_t length = data.length < LOOKED_AT ? data.length : LOOKED_AT;
    size_t zeros[4] = {0}, ends[2] = {0};
    for (size_t i = 0; i < length; i++)
        zeros[i % 4] += data.data[i] == 0;

    /* a newline as UTF-16 tells the order even where most characters are not ASCII */
    for (size_t i = 0; i + 1 < length; i += 2) {
        ends[0] += (data.data[i] == '\n' || data.data[i] == '\r') && data.data[i + 1] == 0;
        ends[1] += (data.data[i + 1] == '\n' || data.data[i + 1] == '\r') && data.data[i] == 0;
    }

    size_t even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3], all = even + odd;
    if (length < 8 || all * 20 < length) /* too little, or hardly any zeros */
        return NULL;

    /* four bytes a character leave three of them zero, two bytes one; which, tells the order */
    if (zeros[1] + zeros[2] + zeros[3] > length / 2 && zeros[0] * 8 < zeros[3])
        return "UTF-32LE";
    if (zeros[0] + zeros[1] + zeros[2] > length / 2 && zeros[3] * 8 < zeros[0])
        return "UTF-32BE";
    if (odd > 8 * even && ends[0] >= ends[1])
        return "UTF-16LE";
    return even > 8 * odd && ends[1] >= ends[0] ? "UTF-16BE" : NULL;
}

static const char *by_mark(struct text data)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *name;
    } marks[] = {
        {"\xff\xfe\0\0", 4, "UTF-32LE"}, {"\0\0\xfe\xff", 4, "UTF-32BE"},
        {"\xef\xbb\xbf", 3, "UTF-8"},    {"\xff\xfe", 2, "UTF-16LE"},
        {"\xfe\xff", 2, "UTF-16BE"},     {"\x84\x31\x95\x33", 4, "GBK"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (data.length >= marks[i].length &&
            memcmp(data.data, marks[i].bytes, marks[i].length) == 0)
            return marks[i].name;
    return NULL;
}

static bool is_ascii(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] & 0x80)
            return false;
    return true;
}

/* Lines with more than ASCII that are valid UTF-8, and that are not. The last line may be cut. */
static void count_lines(struct text data, bool whole, size_t *valid, size_t *invalid)
{
    const char *at = data.data, *end = data.data + data.length;
    *valid = *invalid = 0;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop && !whole && *valid + *invalid > 0)
            return;
        stop = stop ? stop : end;
        struct text line = {at, (size_t)(stop - at)};
        if (!is_ascii(line)) {
            bool good = text_valid_utf8(line);
            *valid += good;
            *invalid += !good;
        }
        at = stop + 1;
    }
}

void ingest_add_invalid_lines(struct text data, struct buffer *out)
{
    const char *at = data.data, *end = data.data + data.length;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop + 1 : end;
        struct text line = {at, (size_t)(stop - at)};
        if (!is_ascii(line) && !text_valid_utf8(line))
            buffer_text(out, line);
        at = stop;
    }
}

/* What a byte order mark says is certain, and an option or a mapping may be meant for
 * other files. "UTF-16" says nothing about the order of bytes: the content does. */
static enum status take_said(struct text data, const char *said, struct arena *arena,
                             struct ingest_encoding_look *out, struct error *error)
{
    TRY(take(said, true, 100, arena, out, error));
    const char *found = by_mark(data);
    bool wide = out->encoding && out->encoding->unit > 1;
    if (found && !wide && strcmp(found, ingest_encoding_name(out->encoding)) != 0) {
        out->overruled = true;
        return take(found, true, 100, arena, out, error);
    }
    found = found ? found : by_zeros(data);
    if (wide && found && strncmp(found, out->encoding->name, sizeof "UTF-16" - 1) == 0)
        return take(found, true, 100, arena, out, error);
    return STATUS_OK;
}

enum status ingest_find_encoding(struct text data, bool whole, const char *said,
                                 struct arena *arena, struct ingest_encoding_look *out,
                                 struct error *error)
{
    *out = (struct ingest_encoding_look){0};
    if (said)
        return take_said(data, said, arena, out, error);

    /* from certain to guessed: a mark, the zeros of wide characters, valid UTF-8, what it reads
     * like */
    const char *mark = by_mark(data);
    if (mark)
        return take(mark, true, 100, arena, out, error);
    const char *wide = by_zeros(data);
    if (wide)
        return take(wide, false, SURE_BY_ZEROS, arena, out, error);

    size_t valid, invalid;
    count_lines(data, whole, &valid, &invalid);
    if (valid >= invalid) {
        /* the more lines agree, the surer; ASCII alone is UTF-8 whatever else it could be */
        out->sure = valid + invalid == 0 ? 100 : (int)(100 * valid / (valid + invalid));
        return STATUS_OK;
    }
    return ingest_guess_encoding(data, whole, arena, out, error);
}
