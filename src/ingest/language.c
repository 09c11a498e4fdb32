/*
 * The bytes that are not ASCII are decoded under each encoding in use, and the one under
 * which they read best wins. To read well is to be letters that stand beside each other
 * in one language (language_pairs.h), or the common characters of one that is written in
 * ideographs; capitals inside words, signs glued to letters, frames and controls speak
 * against. Names and places are all that a file of customers has to show, often a handful
 * of them: so the winner's lead over the next encoding, weighed by how much there was to
 * judge, says how sure this is.
 */
#include "ingest/language.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum form { PAIRS, CHARACTERS };

struct language {
    const char *name;
    enum form form;
    const char *text;
};

#include "ingest/language_pairs.h"

enum { LANGUAGES = sizeof languages / sizeof *languages };

#define WEST "de fr es pt it nl da sv nb fi ca et"
#define CENTRAL "pl cs sk hu ro sl hr de"

/* The likelier of two that read alike stand first; the lean settles what evidence does not. */
static const struct candidate {
    const char *name, *languages;
    double lean;
} candidates[] = {
    {"Latin-1", WEST, .12},
    {"Windows-1250", CENTRAL, .02},
    {"Windows-1251", "ru uk bg", .02},
    {"Shift-JIS", "ja", .02},
    {"GBK", "zh_CN", .02},
    {"Big5", "zh_TW", 0},
    {"EUC-KR", "ko", 0},
    {"EUC-JP", "ja", 0},
    {"Windows-1253", "el", 0},
    {"Windows-1254", "tr", 0},
    {"Windows-1255", "he", 0},
    {"Windows-1256", "ar", 0},
    {"Windows-1257", "lt lv et", 0},
    {"Mac Roman", WEST, 0},
    {"KOI8-R", "ru bg", 0},
    {"KOI8-U", "uk", -.01},
    {"Latin-9", WEST, -.01},
    {"Latin-2", CENTRAL, -.01},
    {"ISO-8859-7", "el", -.01},
    {"CP850", WEST, -.02},
    {"CP852", CENTRAL, -.02},
    {"CP866", "ru bg", -.01},
    {"ISO-8859-5", "ru bg uk", -.02},
    {"Mac Cyrillic", "ru uk bg", -.02},
    {"Mac Central European", CENTRAL, -.02},
};
enum { CANDIDATES = sizeof candidates / sizeof *candidates };

/* Languages as sorted keys: a pair of characters, or one. */

struct keys {
    uint64_t *items;
    size_t count;
};

static uint64_t pair_key(int32_t a, int32_t b)
{
    return (uint64_t)a << 32 | (uint32_t)b;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int32_t next_character(const char **at, const char *end)
{
    utf8proc_int32_t code;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)*at, end - *at, &code);
    *at += length > 0 ? length : 1;
    return length > 0 ? code : -1;
}

static struct keys read_keys(const struct language *language)
{
    const char *at = language->text, *end = at + strlen(at);
    struct keys keys = {base_malloc((size_t)(end - at + 1) * sizeof(uint64_t)), 0};
    while (at < end) {
        int32_t first = next_character(&at, end);
        int32_t second = language->form == PAIRS && at < end ? next_character(&at, end) : 0;
        keys.items[keys.count++] = pair_key(first, second);
    }
    qsort(keys.items, keys.count, sizeof *keys.items, by_value);
    return keys;
}

static bool holds(const struct keys *keys, int32_t a, int32_t b)
{
    uint64_t key = pair_key(a, b);
    return bsearch(&key, keys->items, keys->count, sizeof key, by_value) != NULL;
}

/* What is judged */

enum {
    JUDGED_BYTES = 12 << 10, /* some hundred names: more say the same, under thirty encodings */
    FIELD_BYTES = 200,
    NOT_ASCII = 0x80,
    IDEOGRAPHS = 0x2e80, /* from here on the scripts of China, Japan and Korea */
};

static bool parts(char c)
{
    return c == ',' || c == ';' || c == '\t' || c == '\n' || c == '\r' || c == '"';
}

/* The fields that hold more than ASCII, a line each; *from and *length of the first two
 * different ones. */
struct fields {
    struct buffer text;
    struct text examples[2];
};

static void gather(struct text data, bool whole, struct fields *out)
{
    const char *at = data.data, *end = data.data + data.length;
    buffer_init(&out->text, 0);
    while (at < end && out->text.length < JUDGED_BYTES) {
        const char *stop = at;
        bool high = false;
        while (stop < end && !parts(*stop)) {
            high |= (unsigned char)*stop >= NOT_ASCII;
            stop++;
        }

        struct text field = {at, (size_t)(stop - at)};
        at = stop + 1;

        /* long fields are prose in another language than the rows; a field cut at the end is half a
         * word */
        if (!high || field.length > FIELD_BYTES || (stop == end && !whole))
            continue;

        buffer_text(&out->text, field);
        buffer_char(&out->text, '\n');
        if (!out->examples[0].length)
            out->examples[0] = field;
        else if (!out->examples[1].length && !text_equal(field, out->examples[0]))
            out->examples[1] = field;
    }
}

/* Judging */

/* The character that is judged in the middle of those around it; 0 beyond the ends. */
enum { AROUND = 2, HERE = AROUND, WINDOW = 2 * AROUND + 1 };

struct neighbours {
    int32_t before, at, behind; /* in small letters; a blank for what is no letter */
    bool capital_inside;        /* a capital behind a small letter */
    bool shouted;               /* a capital behind a capital */
};

static bool is_letter(int32_t code)
{
    utf8proc_category_t category = utf8proc_category(code);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

static bool is_small(int32_t code)
{
    return utf8proc_category(code) == UTF8PROC_CATEGORY_LL;
}

static int32_t plain(int32_t code)
{
    return code > 0 && is_letter(code) ? utf8proc_tolower(code) : ' ';
}

static bool is_digit(int32_t code)
{
    return code >= '0' && code <= '9';
}

static bool is_blank(int32_t code)
{
    return code == ' ' || code == 0xa0 || code == 0x202f;
}

/* Where a sign of money stands: beside a number, over a blank or not, or as all that a
 * field or a parenthesis holds. */
static bool beside_number(const int32_t *window)
{
    int32_t before = window[HERE - 1], behind = window[HERE + 1];

    bool left = is_digit(before) || (is_blank(before) && is_digit(window[HERE - 2]));
    bool right = is_digit(behind) || (is_blank(behind) && is_digit(window[HERE + 2]));
    return (left && !is_letter(behind)) || (right && !is_letter(before));
}

static bool stands_alone(const int32_t *window)
{
    int32_t before = window[HERE - 1], behind = window[HERE + 1];
    bool opens = before == 0 || before == '\n' || before == '(' || before == '[';
    return opens && (behind == 0 || behind == '\n' || behind == ')' || behind == ']');
}

static bool is_money(int32_t code)
{
    return code == 0x20ac || code == 0xa3 || code == 0xa5;
}

/*
 * What one character is worth: 1 where it reads well, from there down to what cannot be text. Its
 * encoding is judged by the mean over all characters, so that what counts is how these stand to one
 * another.
 */
static const double NO_TEXT = -3;        /* a control, an unassigned place, damaged UTF-8 */
static const double USUAL_SIGN = .2;     /* says little for any language */
static const double APOSTROPHE = .5;     /* O’Brien */
static const double SIGN_IN_WORD = -1;   /* M«ller */
static const double UNUSUAL_SIGN = -1.5; /* frames, fractions, mathematics */
static const double NUMBER_SIGN_IN_WORD = -.5;
static const double LETTER_AS_MONEY = -.2;
static const double ONE_PAIR = .35;       /* the language has it with one neighbour only */
static const double NO_PAIR = -.5;        /* and with neither */
static const double CAPITAL_INSIDE = -.6; /* mÜller */
static const double SHOUTED = .2;         /* taken off among capitals, where pairs tell less */
static const double SYLLABLE = .6;
static const double RARE_IDEOGRAPH = .3;
static const double HALF_WIDTH = -.5;
static const double OTHER_CHARACTER = -1;
static const double SEVERAL_LANGUAGES = .08; /* taken off where no single language fits best */

/* Signs that stand in the texts of every language. */
static double sign_score(int32_t code, bool letter_before, bool letter_behind)
{
    static const int32_t usual[] = {0xa0,   0xa7,   0xab,   0xb0,   0xb2,   0xb7,   0xbb,
                                    0xbd,   0xa1,   0xa9,   0xae,   0x2013, 0x2014, 0x2018,
                                    0x2019, 0x201a, 0x201c, 0x201d, 0x201e, 0x2022, 0x2026,
                                    0x20ac, 0x2122, 0xa3,   0xbf,   0xba,   0xaa,   0x2116};
    if (code == 0x2019 && letter_before && letter_behind)
        return APOSTROPHE;
    if (code == 0x2116 && letter_behind) /* a number sign with a word behind it */
        return NUMBER_SIGN_IN_WORD;

    bool known = false;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        known |= usual[i] == code;
    if (!known)
        return UNUSUAL_SIGN;
    return letter_before && letter_behind ? SIGN_IN_WORD : USUAL_SIGN;
}

static double pair_score(const struct keys *keys, const struct neighbours *near)
{
    if (near->capital_inside)
        return CAPITAL_INSIDE;
    bool before = holds(keys, near->before, near->at), behind = holds(keys, near->at, near->behind);
    if (!before && !behind)
        return NO_PAIR;
    double score = before && behind ? 1 : ONE_PAIR; /* one of two may be chance */
    return near->shouted ? score - SHOUTED : score;
}

static double character_score(const struct keys *keys, int32_t code)
{
    if (holds(keys, code, 0))
        return 1;
    if (code >= 0xff61 &&
        code <= 0xff9f) /* half-width syllables: what Shift-JIS makes of other bytes */
        return HALF_WIDTH;
    if (code >= 0x3040 && code <= 0x30ff)
        return SYLLABLE; /* hiragana and katakana, of which the list names only the common ones */
    if ((code >= 0x4e00 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7a3))
        return RARE_IDEOGRAPH; /* ideographs and Hangul that are not among the common ones */
    return code >= 0xff01 && code <= 0xff5e ? RARE_IDEOGRAPH : OTHER_CHARACTER; /* full width */
}

struct verdict {
    double sums[LANGUAGES],
        best_sum; /* best_sum: each character under the language that suits it best */
    size_t characters, beside_numbers;
};

/* Of a column of amounts a few tell what its sign is: all of them would drown the words
 * that tell pages apart. */
enum { BESIDE_NUMBERS = 4 };

/* −1: not text at all; 0: judged by a language; else decided already. */
static double common_score(const int32_t *window, bool *decided)
{
    int32_t before = window[HERE - 1], code = window[HERE], behind = window[HERE + 1];
    utf8proc_category_t category = code < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(code);

    *decided = true;
    if (code < 0 || category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CO ||
        category == UTF8PROC_CATEGORY_CN)
        return NO_TEXT;
    if (code < IDEOGRAPHS && (beside_number(window) || stands_alone(window)) &&
        (is_money(code) || is_letter(code)))
        return is_money(code) ? 1 : LETTER_AS_MONEY; /* "50 €" is read more often than "50 Ä" */
    if (code >= IDEOGRAPHS)
        *decided = false;
    else if (!is_letter(code))
        return sign_score(code, before > 0 && is_letter(before), behind > 0 && is_letter(behind));
    *decided = false;
    return 0;
}

static void judge_character(const struct keys *keys, const bool *spoken, const int32_t *window,
                            struct verdict *out)
{
    int32_t before = window[HERE - 1], code = window[HERE], behind = window[HERE + 1];
    bool decided;

    if (beside_number(window) && out->beside_numbers++ >= BESIDE_NUMBERS)
        return;
    double common = common_score(window, &decided), best = decided ? common : NO_TEXT;
    struct neighbours near = {plain(before), plain(code), plain(behind), false, false};
    if (!decided && before > 0 && utf8proc_category(code) == UTF8PROC_CATEGORY_LU) {
        near.capital_inside = is_small(before);
        near.shouted = utf8proc_category(before) == UTF8PROC_CATEGORY_LU;
    }

    /* each language that the candidate is used for keeps its own sum: one language must fit the
     * whole */
    for (size_t i = 0; i < LANGUAGES; i++) {
        if (!spoken[i])
            continue;
        double score = common;
        if (!decided)
            score = languages[i].form == PAIRS ? pair_score(&keys[i], &near)
                                               : character_score(&keys[i], code);
        out->sums[i] += score;
        best = score > best ? score : best;
    }

    out->best_sum += best;
    out->characters++;
}

static bool speaks(const struct candidate *candidate, const char *language)
{
    size_t length = strlen(language);
    for (const char *at = candidate->languages; (at = strstr(at, language)); at++)
        if ((at == candidate->languages || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

/* How well text, decoded under the candidate, reads: at most about 1. */
static double judge(const struct candidate *candidate, const struct keys *keys, struct text text)
{
    const char *at = text.data, *end = text.data + text.length;
    struct verdict verdict = {0};
    bool spoken[LANGUAGES];

    for (size_t i = 0; i < LANGUAGES; i++)
        spoken[i] = speaks(candidate, languages[i].name);

    int32_t window[WINDOW] = {0};
    for (int i = HERE; i < WINDOW; i++)
        window[i] = at < end ? next_character(&at, end) : 0;
    while (window[HERE]) {
        if (window[HERE] < 0 || window[HERE] >= NOT_ASCII)
            judge_character(keys, spoken, window, &verdict);
        memmove(window, window + 1, (WINDOW - 1) * sizeof *window);
        window[WINDOW - 1] = at < end ? next_character(&at, end) : 0;
    }

    if (!verdict.characters)
        return NO_TEXT;

    /* customers of several countries: a little less likely than those of one */
    double best = verdict.best_sum / (double)verdict.characters - SEVERAL_LANGUAGES;
    for (size_t i = 0; i < LANGUAGES; i++)
        if (spoken[i] && verdict.sums[i] / (double)verdict.characters > best)
            best = verdict.sums[i] / (double)verdict.characters;
    return best + candidate->lean;
}

/* Choosing */

struct reading {
    const struct candidate *candidate;
    const struct ingest_encoding *encoding;
    char *text;
    size_t length;
    double score;
};

static enum status read_as(const struct candidate *candidate, const struct keys *keys,
                           const struct fields *fields, struct arena *arena, struct reading *out,
                           struct error *error)
{
    *out = (struct reading){.candidate = candidate};
    TRY(ingest_encoding_open(candidate->name, arena, &out->encoding, error));
    TRY(ingest_decode_all(out->encoding, fields->text.data, fields->text.length, true, &out->text,
                          &out->length, error));
    out->score = judge(candidate, keys, (struct text){out->text, out->length});
    return STATUS_OK;
}

static bool same_text(const struct reading *a, const struct reading *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static const char *example(const struct ingest_encoding *encoding, struct text field,
                           struct arena *arena)
{
    enum { SHOWN = 40 };
    char *text;
    size_t length;
    struct error ignored;
    if (!field.length ||
        ingest_decode_all(encoding, field.data, field.length, true, &text, &length, &ignored))
        return NULL;
    const char *copy =
        arena_strndup(arena, text, text_cut((struct text){text, length}, SHOWN).length);
    free(text);
    return copy;
}

static const double DOUBTFUL = .3; /* what reads no better is hardly a language */
/* How far the best must lead to be as sure as can be, of few characters and of more. */
static const double LEAD_OF_FEW = .35, LEAD = .15;
/* From an even chance to 95 of 100 with the lead; less where it is hardly a language. */
static const double SURE_LEAST = 50, SURE_BY_LEAD = 45, HARDLY = .7;

/* western: what Windows-1252 would make of it, which most files of this kind are; NULL
 * when that is the best. */
static void tell(const struct fields *fields, const struct reading *best,
                 const struct reading *next, const struct reading *western, struct arena *arena,
                 struct ingest_encoding_look *out)
{
    /* with few characters a narrow lead is chance */
    enum { FEW = 12 };

    size_t characters = 0;
    for (size_t i = 0; i < fields->text.length; i++)
        characters += (unsigned char)fields->text.data[i] >= NOT_ASCII;
    double lead = next ? best->score - next->score : 1,
           wanted = characters < FEW ? LEAD_OF_FEW : LEAD;
    double sure = SURE_LEAST + SURE_BY_LEAD * (lead < wanted ? lead / wanted : 1);
    if (best->score < DOUBTFUL)
        sure = sure * HARDLY;

    out->encoding = best->encoding;
    out->sure = (int)sure;
    for (size_t i = 0; i < 2; i++)
        out->as_read[i] = example(best->encoding, fields->examples[i], arena);

    /* told as a rival is Windows-1252, which people would have expected, before the second best */
    if (!next || (lead >= wanted && best->score >= DOUBTFUL))
        return;
    next = western ? western : next;
    out->rival = next->candidate->name;
    for (size_t i = 0; i < 2; i++)
        out->as_rival[i] = example(next->encoding, fields->examples[i], arena);
}

static void choose(const struct fields *fields, const struct reading *readings, size_t count,
                   struct arena *arena, struct ingest_encoding_look *out)
{
    const struct reading *best = &readings[0], *next = NULL;
    for (size_t i = 1; i < count; i++)
        if (readings[i].score > best->score)
            best = &readings[i];

    /* the next is the best that reads differently: encodings alike in these bytes are no rivals */
    for (size_t i = 0; i < count; i++)
        if (!same_text(&readings[i], best) && (!next || readings[i].score > next->score))
            next = &readings[i];

    const struct reading *western = readings[0].candidate == candidates ? &readings[0] : NULL;
    tell(fields, best, next, western && !same_text(western, best) ? western : NULL, arena, out);
}

enum status ingest_guess_encoding(struct text data, bool whole, struct arena *arena,
                                  struct ingest_encoding_look *out, struct error *error)
{
    struct fields fields = {0};
    struct keys keys[LANGUAGES];
    struct reading readings[CANDIDATES] = {0};
    size_t read = 0;
    enum status status = STATUS_OK;

    gather(data, whole, &fields);
    for (size_t i = 0; i < LANGUAGES; i++)
        keys[i] = read_keys(&languages[i]);

    /* a C library without its module for one of them does without that candidate */
    for (size_t i = 0; i < CANDIDATES; i++) {
        status = read_as(&candidates[i], keys, &fields, arena, &readings[read], error);
        read += status == STATUS_OK;
    }

    if (read)
        status = STATUS_OK;
    if (read)
        choose(&fields, readings, read, arena, out);

    for (size_t i = 0; i < CANDIDATES; i++)
        free(readings[i].text);
    for (size_t i = 0; i < LANGUAGES; i++)
        free(keys[i].items);
    buffer_release(&fields.text);
    return status;
}
