/*
 * The words for "no value", and finding one. Nearly every value is none of them, so a value is
 * first asked for its first byte and its length (ingest_missing_may): `longest` holds, for each
 * byte, how long the words are that begin with it. Only then the list is gone through.
 */
#include "ingest/missing.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#define STRONG(text)                        \
    {                                       \
        {text, sizeof text - 1}, true, true \
    }
#define WEAK(text)                            \
    {                                         \
        {text, sizeof text - 1}, false, false \
    }

/* NA, NULL and their like were never anybody's value; the others might be, in a column of texts. */
static const struct ingest_missing_word default_words[] = {
    STRONG("NA"),
    STRONG("N/A"),
    STRONG("n/a"),
    STRONG("#N/A"),
    STRONG("NULL"),
    STRONG("null"),
    STRONG("Null"),
    STRONG("\\N"),
    STRONG("<NA>"),
    STRONG("(null)"),
    WEAK("-"),
    WEAK("--"),
    WEAK("---"),
    WEAK("\xe2\x80\x93"),
    WEAK("\xe2\x80\x94"),
    WEAK("?"),
    WEAK("??"),
    WEAK("."),
    WEAK(".."),
    WEAK("..."),
    WEAK("*"),
    WEAK("NaN"),
    WEAK("None"),
    WEAK("nil"),
    WEAK("na"),
    WEAK("n.a."),
    WEAK("n/d"),
    WEAK("nd"),
    WEAK("k.a."),
    WEAK("null"),
    WEAK("NaT"),
    WEAK("n/a"),
    WEAK("-nan"),
    WEAK("1.#QNAN"),
    WEAK("-1.#IND"),
    WEAK("unknown"),
    WEAK("missing"),
    WEAK("not available"),
    WEAK("(blank)"),
    WEAK("(none)"),
    WEAK("undefined"),
    WEAK("<null>"),
    WEAK("#DIV/0!"),
    WEAK("#VALUE!"),
    WEAK("#REF!"),
    WEAK("#NAME?"),
    WEAK("#NUM!"),
    WEAK("#NULL!"),
    WEAK("#N/A N/A"),
    WEAK("[null]"),
    WEAK("00.00.0000"),
    WEAK("0000-00-00"),
    WEAK("00/00/0000"),
    WEAK("00.00.00"),
    WEAK("00.00.0000 00:00:00"),
    WEAK("0000-00-00 00:00:00"),
};

static struct ingest_missing by_default = {
    default_words, sizeof default_words / sizeof *default_words, {0}};
static pthread_once_t made = PTHREAD_ONCE_INIT;

static unsigned char other_case(unsigned char c)
{
    bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    return letter ? c ^ 32 : c;
}

static void index_words(struct ingest_missing *missing)
{
    for (size_t i = 0; i < missing->count; i++) {
        struct text word = missing->words[i].text;
        size_t length = word.length;
        unsigned char first = (unsigned char)*word.data, other = other_case(first);
        if (length > missing->longest[first])
            missing->longest[first] = length;
        if (!missing->words[i].exact && length > missing->longest[other])
            missing->longest[other] = length;
    }
}

static void make_default(void)
{
    index_words(&by_default);
}

const struct ingest_missing *ingest_missing_default(void)
{
    pthread_once(&made, make_default);
    return &by_default;
}

const struct ingest_missing *ingest_missing_add(const struct ingest_missing *base, const char *list,
                                                struct arena *arena)
{
    size_t most = 1, added = 0;
    for (const char *at = list; *at; at++)
        most += *at == ',';
    struct ingest_missing_word *words =
        ARENA_ARRAY(arena, struct ingest_missing_word, base->count + most);

    /* own words come first, so that they are found before a weak word that is the same */
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        struct text word = text_trim((struct text){at, length});
        if (word.length)
            words[added++] = (struct ingest_missing_word){
                .text = {arena_strndup(arena, word.data, word.length), word.length},
                .strong = true};
        at += length + (at[length] == ',');
    }

    memcpy(words + added, base->words, base->count * sizeof *words);

    struct ingest_missing *missing = ARENA_NEW(arena, struct ingest_missing);
    *missing = (struct ingest_missing){.words = words, .count = base->count + added};
    index_words(missing);
    return missing;
}

enum ingest_missing_kind ingest_missing_find(const struct ingest_missing *missing,
                                             struct text value, size_t *word)
{
    for (size_t i = 0; i < missing->count; i++) {
        const struct ingest_missing_word *candidate = &missing->words[i];
        if (candidate->text.length != value.length)
            continue;
        bool same = candidate->exact
                        ? memcmp(candidate->text.data, value.data, value.length) == 0
                        : strncasecmp(candidate->text.data, value.data, value.length) == 0;
        if (!same)
            continue;
        if (word)
            *word = i;
        return candidate->strong ? MISSING_STRONG : MISSING_WEAK;
    }
    return MISSING_NOT;
}
