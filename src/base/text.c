/*
 * Text. What people see in full is Unicode's business and goes through utf8proc; what the program
 * itself looks for (blanks, commas, the letters of its own keywords) is ASCII and is read by bytes,
 * which UTF-8 allows: no byte of a longer character is an ASCII one.
 */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct text text_from(const char *string)
{
    return (struct text){string, string ? strlen(string) : 0};
}

bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool text_is(struct text text, const char *string)
{
    return text_equal(text, text_from(string));
}

int text_compare(struct text a, struct text b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

bool text_starts(struct text text, struct text prefix)
{
    return text.length >= prefix.length &&
           (prefix.length == 0 || memcmp(text.data, prefix.data, prefix.length) == 0);
}

bool text_ends(struct text text, struct text suffix)
{
    return text.length >= suffix.length &&
           (suffix.length == 0 ||
            memcmp(text.data + text.length - suffix.length, suffix.data, suffix.length) == 0);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_trim(struct text text)
{
    while (text.length && is_space(text.data[0]))
        text.data++, text.length--;
    while (text.length && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct text text_cut(struct text text, size_t bytes)
{
    if (text.length <= bytes)
        return text;

    /* The first byte left out tells: it begins a character, or stands within one. */
    while (bytes && ((unsigned char)text.data[bytes] & 0xc0) == 0x80)
        bytes--;
    return (struct text){text.data, bytes};
}

/* Where the part that begins here ends: at its comma, or at the end of the text. */
static const char *part_end(const char *at)
{
    int depth = 0;
    char quote = 0;

    for (; *at && (*at != ',' || depth || quote); at++) {
        if (quote)
            quote = *at == quote ? 0 : quote;
        else if (*at == '\'' || *at == '"' || *at == '`')
            quote = *at;
        else
            depth += (*at == '(') - (*at == ')');
    }

    return at;
}

bool text_next_part(const char **rest, struct text *part)
{
    while (**rest) {
        const char *end = part_end(*rest);
        *part = text_trim((struct text){*rest, (size_t)(end - *rest)});
        *rest = *end ? end + 1 : end;
        if (part->length)
            return true;
    }
    return false;
}

/* Multiply-and-fold over eight bytes at a time (the construction of wyhash, our own constants and
 * framing). */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last one to seven bytes as a word, the missing ones zero, without a copy through memory. */
static uint64_t tail_word(const char *data, size_t left)
{
    uint32_t low, high;
    const unsigned char *bytes = (const unsigned char *)data;

    /* Of one byte all three are the same, of two the last two, each to its own place: no branch on
     * the number of bytes. */
    if (left < 4)
        return bytes[0] | (uint64_t)bytes[left >> 1] << 8 * (left >> 1) |
               (uint64_t)bytes[left - 1] << 8 * (left - 1);

    /* The first four and the last four, which overlap. */
    memcpy(&low, data, 4);
    memcpy(&high, data + left - 4, 4);
    return low | (uint64_t)high << 8 * (left - 4);
}

uint64_t text_hash(struct text text)
{
    const uint64_t k0 = 0x9e3779b97f4a7c15u, k1 = 0xd1342543de82ef95u;
    uint64_t hash = mix(text.length ^ k0, k1);
    const char *data = text.data;
    size_t left = text.length;
    uint64_t word;

    for (; left >= 8; data += 8, left -= 8) {
        memcpy(&word, data, 8);
        hash = mix(hash ^ word, k1);
    }
    if (left)
        hash = mix(hash ^ tail_word(data, left), k0);
    return mix(hash, k0);
}

bool text_valid_utf8(struct text text)
{
    const utf8proc_uint8_t *data = (const utf8proc_uint8_t *)text.data;
    size_t at = 0;
    while (at < text.length) {
        if (data[at] < 0x80) {
            at++;
            continue;
        }

        utf8proc_int32_t codepoint;
        utf8proc_ssize_t used =
            utf8proc_iterate(data + at, (utf8proc_ssize_t)(text.length - at), &codepoint);
        if (used <= 0)
            return false;
        at += (size_t)used;
    }
    return true;
}

/* Simple folding maps one code point to one: lower case of upper case, as utf8proc's tables have
 * it, which also joins letters with two lower-case forms (sigma) and the Kelvin and long-s signs.
 * The Turkish i's, dotted capital and dotless small, fold to themselves. */
static utf8proc_int32_t fold_codepoint(utf8proc_int32_t codepoint)
{
    enum { DOTTED_CAPITAL_I = 0x130, DOTLESS_SMALL_I = 0x131 };
    if (codepoint == DOTTED_CAPITAL_I || codepoint == DOTLESS_SMALL_I)
        return codepoint;
    return utf8proc_tolower(utf8proc_toupper(codepoint));
}

struct text text_fold(struct text text, struct arena *arena)
{
    /* No letter's other form takes twice its bytes (the worst go from two to three), and what
     * writes them asks for room for the longest, four. */
    enum { LONGEST = 4 };
    utf8proc_uint8_t *out = arena_alloc(arena, text.length * 2 + LONGEST + 1);
    const utf8proc_uint8_t *data = (const utf8proc_uint8_t *)text.data;
    size_t used = 0;

    for (size_t at = 0; at < text.length;) {
        utf8proc_int32_t codepoint;
        utf8proc_ssize_t taken =
            utf8proc_iterate(data + at, (utf8proc_ssize_t)(text.length - at), &codepoint);
        if (taken <= 0) {
            out[used++] = data[at++];
            continue;
        }

        at += (size_t)taken;
        used += (size_t)utf8proc_encode_char(fold_codepoint(codepoint), out + used);
    }

    out[used] = '\0';
    return (struct text){(const char *)out, used};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

enum { DISTANCE_LONGEST = 64 };

/* The table of the distances between all beginnings of a and of b, row by row, of which three are
 * kept. To turn one beginning into another, turn shorter ones into each other and then leave out,
 * add or change one letter, or swap the last two, which looks back by two rows: the cheapest counts
 * (optimal string alignment, the Damerau-Levenshtein distance where no swapped letter is changed
 * again). */
int text_distance(struct text a, struct text b)
{
    if (a.length > DISTANCE_LONGEST || b.length > DISTANCE_LONGEST)
        return DISTANCE_LONGEST;

    int rows[3][DISTANCE_LONGEST + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.length; j++)
        last[j] = (int)j;

    for (size_t i = 1; i <= a.length; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= b.length; j++) {
            int same = lower(a.data[i - 1]) == lower(b.data[j - 1]);
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a.data[i - 1]) == lower(b.data[j - 2]) &&
                lower(a.data[i - 2]) == lower(b.data[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }

        int *spare = before;
        before = last, last = row, row = spare;
    }

    return last[b.length];
}

int text_nearest(const char *word, const char *const *candidates, size_t count)
{
    struct text wanted = text_from(word);
    if (wanted.length > DISTANCE_LONGEST)
        return -1;

    int best = -1, best_distance = (int)(wanted.length + 2) / 3 + 1; /* one more than may differ */
    for (size_t i = 0; i < count; i++) {
        struct text candidate = text_from(candidates[i]);
        int distance = text_distance(wanted, candidate);
        if (distance < best_distance && (size_t)distance < candidate.length) {
            best = (int)i;
            best_distance = distance;
        }
    }

    return best;
}

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit ? limit : BUFFER_LIMIT};
}

void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

void buffer_reset(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->cut = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

enum {
    FIRST_CAPACITY = 128, /* of a buffer */
    PRINT_SMALL = 256, /* bytes: longer ones are printed twice, the first time for their length */
};

static void buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t needed = buffer->length + more + 1;
    if (needed <= buffer->capacity)
        return;

    size_t capacity = buffer->capacity ? buffer->capacity * 2 : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;

    buffer->data = base_realloc(buffer->data, capacity);
    buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
    if (!buffer->limit)
        buffer->limit = BUFFER_LIMIT;
    if (buffer->cut)
        return;

    if (length > buffer->limit - buffer->length) {
        length = text_cut((struct text){data, length}, buffer->limit - buffer->length).length;
        buffer->cut = true;
    }

    buffer_reserve(buffer, length);
    if (length)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void buffer_text(struct buffer *buffer, struct text text)
{
    buffer_add(buffer, text.data, text.length);
}

void buffer_string(struct buffer *buffer, const char *string)
{
    buffer_add(buffer, string, strlen(string));
}

void buffer_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char small[PRINT_SMALL];
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    ENSURE(length >= 0);

    if ((size_t)length < sizeof small) {
        buffer_add(buffer, small, (size_t)length);
    } else {
        char *large = base_malloc((size_t)length + 1);
        vsnprintf(large, (size_t)length + 1, format, again);
        buffer_add(buffer, large, (size_t)length);
        free(large);
    }

    va_end(again);
}

char *buffer_copy(const struct buffer *buffer, struct arena *arena)
{
    return arena_strndup(arena, buffer->data ? buffer->data : "", buffer->length);
}

char *buffer_take(struct buffer *buffer)
{
    char *data = buffer->data ? buffer->data : base_strdup("");
    buffer_init(buffer, buffer->limit);
    return data;
}

static void add_doubled(struct buffer *buffer, struct text text, char quote)
{
    buffer_char(buffer, quote);
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == quote)
            buffer_char(buffer, quote);
        buffer_char(buffer, text.data[i]);
    }
    buffer_char(buffer, quote);
}

void buffer_sql_text(struct buffer *buffer, struct text text)
{
    add_doubled(buffer, text, '\'');
}

void buffer_sql_name(struct buffer *buffer, struct text name)
{
    add_doubled(buffer, name, '"');
}
