/*
 * Reading a column's name. A word is looked up in a small dictionary (dictionary.c) that
 * says what it means for an importer and nothing more; a compound (Kundennummer,
 * clientnum, orderdate) is read by cutting it into words of the dictionary: the cut with
 * the fewest pieces, and none when a rest remains. Scripts that write no blanks between
 * words (会員番号, 买家实际支付金额) are all compounds, and there a rest costs but does not spoil
 * the cut.
 */
#include "ingest/vocabulary.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static struct text_map dictionary;
static pthread_once_t opened = PTHREAD_ONCE_INIT;

/* Letters that no accent can be taken from, and how people write them without. */
static const struct {
    const char *letter, *plain;
} plain_letters[] = {{"ø", "o"}, {"ł", "l"}, {"đ", "d"}, {"ı", "i"}, {"æ", "ae"}, {"œ", "oe"}};

static size_t plain_letter(const char *data, size_t length, const char **plain)
{
    for (size_t i = 0; i < sizeof plain_letters / sizeof *plain_letters; i++) {
        size_t size = strlen(plain_letters[i].letter);
        if (size <= length && memcmp(data, plain_letters[i].letter, size) == 0) {
            *plain = plain_letters[i].plain;
            return size;
        }
    }
    return 0;
}

/* Without capitals, accents and other ways to write the same letter, into memory to be
 * freed; NULL when it is no UTF-8. No plain letter is longer than the letter it stands
 * for. */
static char *fold(const char *data, size_t length, size_t *size)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t count =
        utf8proc_map((const utf8proc_uint8_t *)data, (utf8proc_ssize_t)length, &mapped,
                     UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
    char *text = (char *)mapped;
    if (count < 0) {
        free(mapped);
        return NULL;
    }

    size_t from = 0, to = 0;
    while (from < (size_t)count) {
        const char *plain;
        size_t letter = plain_letter(text + from, (size_t)count - from, &plain);
        if (letter) {
            while (*plain)
                text[to++] = *plain++;
            from += letter;
        } else {
            text[to++] = text[from++];
        }
    }

    *size = to;
    return text;
}

static bool is_plain(struct text word)
{
    for (size_t i = 0; i < word.length; i++)
        if ((unsigned char)word.data[i] >= 0x80)
            return false;
    return true;
}

static void learn(struct text word, unsigned meaning)
{
    const struct text_map_entry *entry = text_map_find(&dictionary, word);
    text_map_set(&dictionary, word, (entry ? entry->value : 0) | meaning);
}

/* Kept for as long as the program runs: names are read all the time, and the words never change. */
static void open_dictionary(void)
{
    text_map_init(&dictionary);

    for (size_t i = 0; i < ingest_dictionary_lists; i++)
        for (const char *at = ingest_dictionary[i].words; *at;) {
            struct text word = {at, strcspn(at, " ")};
            at += word.length + (at[word.length] == ' ');
            size_t size = 0;
            char *folded = is_plain(word) ? NULL : fold(word.data, word.length, &size);
            learn(folded ? (struct text){folded, size} : word, ingest_dictionary[i].meaning);
            free(folded);
        }
}

static unsigned meaning_of(const char *data, size_t length)
{
    const struct text_map_entry *entry = text_map_find(&dictionary, (struct text){data, length});
    return entry ? (unsigned)entry->value : 0;
}

/* longer ones are no words, and cutting them up takes the square of their length */
enum { TOKEN_MAX = 72 };

static void add_word(struct ingest_meaning *meaning, unsigned word)
{
    unsigned said = word & ~(unsigned)(WORD_NEUTRAL | WORD_BY);
    /* "created by" is said of staff, "ordered by" of a customer */
    bool done = (meaning->last & (WORD_HAPPENED | WORD_OTHER_TIME)) && !(meaning->last & WORD_BUYS);
    meaning->written_by |= (word & WORD_BY) && meaning->last_stands && done;
    meaning->last_stands = said != 0;
    meaning->words |= word;
    meaning->count++;
    if (said)
        meaning->last = said;

    bool number = (said & WORD_ID) != 0;
    /* "order number" is of what stands before, "N° commande client" of what stands behind */
    if (said && !number && meaning->numbers && !meaning->numbered)
        meaning->numbered = said;
    else if (number && meaning->subject)
        meaning->numbered = meaning->subject;
    meaning->numbers |= number;
    if (said & ~(unsigned)(WORD_ID | WORD_REFERENCE))
        meaning->subject = said;
}

/* Scripts without blanks between words: Chinese, Japanese, Korean, Thai. */
static bool runs_on(const char *at)
{
    unsigned char first = (unsigned char)at[0], second = (unsigned char)at[1];
    return (first >= 0xe3 && first <= 0xed) ||
           (first == 0xe0 && (second == 0xb8 || second == 0xb9));
}

static size_t letter_length(const char *at)
{
    unsigned char first = (unsigned char)*at;
    if (first < 0xc0)
        return 1;
    if (first < 0xe0)
        return 2;
    return first < 0xf0 ? 3 : 4;
}

enum { PIECE = 1, REST = 3 }; /* what a known word costs a cut, and a letter that belongs to none */
enum piece { PIECE_WORD, PIECE_LINK, PIECE_REST };

struct cut {
    int cost[TOKEN_MAX + 1];         /* of the first letters; NO_CUT when they cannot be cut */
    size_t from[TOKEN_MAX + 1];      /* where the last piece of them begins */
    enum piece piece[TOKEN_MAX + 1]; /* what it is */
};
enum { NO_CUT = 1000 };

static void reach(struct cut *cut, size_t start, size_t end, int cost, enum piece piece)
{
    if (cut->cost[start] + cost >= cut->cost[end])
        return;
    cut->cost[end] = cut->cost[start] + cost;
    cut->from[end] = start;
    cut->piece[end] = piece;
}

/* The fewest known words of at least three bytes (two at the end: id, no, nr) that make
 * up the token. */
static void find_cut(const char *token, size_t length, struct cut *cut)
{
    cut->cost[0] = 0;
    for (size_t end = 1; end <= length; end++)
        cut->cost[end] = NO_CUT;
    for (size_t start = 0; start < length; start++) {
        if (cut->cost[start] == NO_CUT)
            continue;
        for (size_t end = start + 2; end <= length; end++)
            if ((end - start > 2 || end == length) && meaning_of(token + start, end - start))
                reach(cut, start, end, PIECE, PIECE_WORD);
        /* Mitglied-s-nummer, medlem-s-nr */
        if (start > 0 && token[start] == 's' && cut->piece[start] == PIECE_WORD)
            reach(cut, start, start + 1, PIECE, PIECE_LINK);
        size_t letter = letter_length(token + start);
        if (start + letter <= length && runs_on(token + start))
            reach(cut, start, start + letter, REST, PIECE_REST);
    }
}

static void read_compound(const char *token, size_t length, struct ingest_meaning *meaning)
{
    struct cut cut;
    size_t ends[TOKEN_MAX], count = 0;
    find_cut(token, length, &cut);
    if (cut.cost[length] == NO_CUT) {
        meaning->unknown++;
        return;
    }

    /* the cut is known from its end; its words are taken in the order in which they stand */
    bool rest = false;
    for (size_t end = length; end > 0; end = cut.from[end])
        ends[count++] = end;
    while (count-- > 0) {
        size_t from = cut.from[ends[count]];
        enum piece piece = cut.piece[ends[count]];
        bool links = piece == PIECE_LINK && count > 0; /* a last s links nothing */
        rest |= piece != PIECE_WORD && !links;
        if (piece == PIECE_WORD)
            add_word(meaning, meaning_of(token + from, ends[count] - from));
    }
    meaning->unknown += rest;
}

static void read_token(const char *token, size_t length, struct ingest_meaning *meaning)
{
    unsigned whole = meaning_of(token, length);
    if (whole)
        add_word(meaning, whole);
    else if (length > 3 && length <= TOKEN_MAX)
        read_compound(token, length, meaning);
    else if (length > 1)
        meaning->unknown++;
}

/* "customerID" is two words, "EMail" is one: a capital begins a word behind a small
 * letter, and before one when it ends a run of at least three capitals. */
static bool begins_word(const char *name, size_t at, size_t start)
{
    bool capital = name[at] >= 'A' && name[at] <= 'Z';
    if (!capital || at == start)
        return false;

    bool behind_small = name[at - 1] >= 'a' && name[at - 1] <= 'z';
    bool before_small = name[at + 1] >= 'a' && name[at + 1] <= 'z';
    return (behind_small && at - start > 1) || (before_small && at - start > 2);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static void read_word(const char *data, size_t length, struct ingest_meaning *meaning)
{
    size_t size;
    char *folded = fold(data, length, &size);
    if (folded && size)
        read_token(folded, size, meaning);
    else
        meaning->unknown++;
    free(folded);
}

struct ingest_meaning ingest_vocabulary_read(const char *name)
{
    struct ingest_meaning meaning = {0};
    size_t start = 0;
    pthread_once(&opened, open_dictionary);

    /* a word ends before whatever is no letter, and before a capital that begins the next one */
    for (size_t at = 0;; at++) {
        bool inside = is_letter(name[at]);
        if (inside && !begins_word(name, at, start))
            continue;
        if (at > start)
            read_word(name + start, at - start, &meaning);
        start = inside ? at : at + 1;
        if (!name[at])
            return meaning;
    }
}
