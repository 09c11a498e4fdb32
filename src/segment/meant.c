/*
 * What people meant by what the language does not have: its words in other languages, amounts with
 * a sign of currency, names that an arithmetic sign cuts in two. Only messages ask here.
 */
#include "segment/language.h"

#include <string.h>

const char *segment_word_meant(struct text word)
{
    static const struct {
        const char *meant, *words; /* each between spaces */
    } tables[] = {
        {"and", " und et y e en og och ja i и és & "},
        {"or", " oder ou o oppure of eller lub или vagy "},
        {"not", " nicht non pas niet ikke inte nie не nem kein keine "},
    };

    /* Longer words than these tables have are not looked for. */
    char key[32] = " ";
    if (word.length == 0 || word.length > sizeof key - 3)
        return NULL;

    for (size_t i = 0; i < word.length; i++)
        key[i + 1] = word.data[i] >= 'A' && word.data[i] <= 'Z' ? (char)(word.data[i] + ('a' - 'A'))
                                                                : word.data[i];
    key[word.length + 1] = ' ';

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strstr(tables[i].words, key))
            return tables[i].meant;
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *segment_amount_meant(struct text word, struct arena *arena)
{
    static const char *const signs[] = {"€", "$", "£", "¥", "₹", "₺", "₽", "₩", "zł"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        struct text sign = text_from(signs[i]), rest = word;
        if (text_starts(word, sign))
            rest = (struct text){word.data + sign.length, word.length - sign.length};
        else if (word.length >= sign.length &&
                 memcmp(word.data + word.length - sign.length, sign.data, sign.length) == 0)
            rest.length -= sign.length;
        else
            continue;

        /* A sign with a number beside it is an amount; alone it stands where
         * one was begun. */
        bool number = rest.length > 0;
        for (size_t at = 0; at < rest.length; at++)
            number &= is_digit(rest.data[at]) || rest.data[at] == '.';

        if (number)
            return arena_printf(arena, "amounts are plain numbers: write %.*s", (int)rest.length,
                                rest.data);
        return rest.length ? NULL : "amounts are plain numbers, without the sign of a currency";
    }
    return NULL;
}

static bool joins(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '-' || (c & 0x80);
}

const char *segment_name_around(const struct check *check, struct segment_span span)
{
    struct text text = check->source->text;
    size_t begin = span.begin, end = span.end;
    /* A name in backquotes says what it means. Of a path the part behind the last dot. */
    if (end > text.length || begin >= end || text.data[begin] == '`')
        return NULL;
    for (size_t at = begin; at < end; at++)
        if (text.data[at] == '.')
            begin = at + 1;

    while (begin > 0 && joins(text.data[begin - 1]))
        begin--;
    while (end < text.length && joins(text.data[end]))
        end++;

    return memchr(text.data + begin, '-', end - begin)
               ? arena_strndup(check->arena, text.data + begin, end - begin)
               : NULL;
}
