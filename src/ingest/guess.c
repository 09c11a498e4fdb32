/*
 * Guessing roles. The words of a name speak first (vocabulary.c knows them in many languages); the values then confirm
 * or forbid: an amount is a number, a time reads as one, traits are told once a customer. Confidence is what the name
 * says, less what speaks against it; each deduction has its reason, which is shown when nobody is sure enough. What is
 * guessed is always shown, and an option overrules it.
 */
#include "ingest/guess.h"

#include "ingest/vocabulary.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One column under judgement. */
struct judging {
    const struct ingest_candidate *column;
    const struct ingest_situation *situation;
    const struct ingest_portrait *portrait;
    struct ingest_meaning meaning;
    uint64_t known, distinct;
    size_t place; /* among the columns */
    struct ingest_judgement *out;
};

static void reason(struct judging *judging, const char *format, ...) PRINTF_LIKE(2, 3);
static void reason(struct judging *judging, const char *format, ...)
{
    struct ingest_judgement *out = judging->out;
    va_list arguments;
    if (out->reason_count == JUDGEMENT_REASONS)
        return;
    va_start(arguments, format);
    vsnprintf(out->reasons[out->reason_count++], JUDGEMENT_REASON_MAX, format, arguments);
    va_end(arguments);
}

static int at_most(int score, int most)
{
    return score < most ? score : most;
}

static bool has(const struct judging *judging, unsigned words)
{
    return (judging->meaning.words & words) != 0;
}

/* Of the words there are none but these, and none that nobody knows. */
static bool only(const struct judging *judging, unsigned words)
{
    return judging->meaning.unknown == 0 && (judging->meaning.words & ~(words | WORD_NEUTRAL)) == 0;
}

static bool is_number(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
}

static bool all_different(const struct judging *judging)
{
    /* beyond INGEST_DISTINCT_EXACT the number is an estimate, some per cent off */
    return judging->distinct * 100 >= judging->known * (judging->distinct > INGEST_DISTINCT_EXACT ? 96 : 100);
}

static bool mostly_mail(const struct judging *judging)
{
    return judging->portrait->known && judging->portrait->mails * 10 >= judging->portrait->known * 8;
}

/* 1, 2, 3 …: written by whoever exported the file. */
static bool numbers_rows(const struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    bool counts = portrait->whole > 2 && portrait->whole == portrait->known && portrait->first <= 1 &&
                  portrait->first >= 0 && portrait->counting == portrait->whole - 1;
    return has(judging, WORD_ROW) || (counts && judging->column->unnamed);
}

/* ---- customer ---- */

/* Beside a customer's code or number, the id is what the program that wrote the file knows them by. */
static int named_id(const struct judging *judging)
{
    const char *name = judging->column->name;
    size_t length = strlen(name);
    bool begins = strncasecmp(name, "id", 2) == 0 && !isalpha((unsigned char)name[2]);
    return begins || (length > 2 && strcasecmp(name + length - 2, "id") == 0);
}

/* What the name says; spoiled: that it is something about the customer, or somebody else. */
static int customer_name(struct judging *judging)
{
    const unsigned about = WORD_TRAIT | WORD_AGAINST | WORD_PART | WORD_AMOUNT | WORD_PRICE | WORD_QUANTITY |
                           WORD_TIME | WORD_OTHER_TIME | WORD_TOTAL;
    const unsigned others = WORD_EVENT | WORD_THING;
    bool person = has(judging, WORD_CUSTOMER | WORD_PERSON), numbered = has(judging, WORD_ID);
    if (numbers_rows(judging)) {
        reason(judging, "it only numbers the rows");
        return 10;
    }
    if (mostly_mail(judging)) {
        reason(judging, "its values are e-mail addresses");
        if (has(judging, WORD_AGAINST | WORD_OTHER_TIME) || strncasecmp(judging->column->name, "to ", 3) == 0)
            return 50;
        return person ? 92 : has(judging, WORD_MAIL) ? 91 : 85;
    }
    if (person && (has(judging, about) || (judging->meaning.last & others))) {
        reason(judging, "its name says something about a customer");
        return 15;
    }
    if (has(judging, WORD_CUSTOMER)) {
        reason(judging, "its name says customer");
        return (numbered ? 95 : 93) + named_id(judging) - 3 * judging->meaning.unknown;
    }
    if (has(judging, WORD_PERSON)) {
        reason(judging, "its name says who it is about");
        return (numbered ? 93 : 91) + named_id(judging) - 4 * judging->meaning.unknown;
    }
    if (numbered && only(judging, WORD_ID)) {
        reason(judging, "its name says identifier, and not of what");
        return judging->situation->traits ? 92 : 75;
    }
    if (numbered && !has(judging, about | others) && judging->meaning.unknown == 1) {
        reason(judging, "its name says identifier of something");
        return judging->situation->traits && judging->place == 0 ? 80 : 60;
    }
    if (judging->portrait->known && judging->portrait->uuids == judging->portrait->known &&
        !has(judging, about | others)) {
        reason(judging, "its values are UUIDs");
        return 60;
    }
    return 0;
}

/* How its values come again. */
static int customer_repetition(struct judging *judging, int score)
{
    uint64_t known = judging->known, distinct = judging->distinct;
    bool traits = judging->situation->traits;
    enum { FEW = 20, MANY_ROWS = 200 }; /* a business has more than twenty customers by the time it has 200 rows */
    if (distinct == 1 && known >= FEW && !has(judging, WORD_CUSTOMER)) {
        reason(judging, "all its values are the same");
        return at_most(score, 50);
    }
    bool marks = judging->column->type->type == VALUE_INT && judging->portrait->most <= FEW;
    if (distinct <= FEW && known >= MANY_ROWS && (marks || !has(judging, WORD_CUSTOMER))) {
        reason(judging, "it has only %llu different values in %llu rows", (unsigned long long)distinct,
               (unsigned long long)known);
        return at_most(score, 40);
    }
    if (traits && !judging->situation->dated && distinct * 10 < known * 9) {
        reason(judging, "its values repeat, and traits stand once a customer");
        return at_most(score, 30);
    }
    if (traits && !all_different(judging) && !has(judging, WORD_CUSTOMER | WORD_PERSON)) {
        reason(judging, "some of its values repeat");
        return at_most(score, 80);
    }
    bool own = !has(judging, WORD_CUSTOMER | WORD_PERSON) && !mostly_mail(judging);
    if (!traits && known > 2 && all_different(judging) && own) {
        reason(judging, "no value comes twice: it may be the fact's own");
        return at_most(score, 20);
    }
    return score;
}

static void judge_customer(struct judging *judging)
{
    enum value_type type = judging->column->type->type;
    const struct ingest_portrait *portrait = judging->portrait;
    uint64_t rows = judging->column->evidence->rows;
    if (!judging->known || (type != VALUE_INT && type != VALUE_TEXT))
        return;
    int score = customer_name(judging);
    if (score <= 15)
        goto done;
    score = customer_repetition(judging, score);
    if (judging->known * 2 < rows && !has(judging, WORD_CUSTOMER)) { /* rows without one are set aside, and said */
        reason(judging, "it is empty in %llu of %llu rows", (unsigned long long)(rows - judging->known),
               (unsigned long long)rows);
        score = at_most(score, 80);
    }
    if (portrait->zeros > 1 && portrait->zeros * 4 > portrait->known) {
        reason(judging, "many of its values are 0 or -1, which is nobody");
        score = at_most(score, 70);
    }
done:
    judging->out->confidence = score < 0 ? 0 : score;
}

/* ---- time ---- */

static int time_values(const struct judging *judging, int score)
{
    const struct ingest_portrait *portrait = judging->portrait;
    uint64_t rows = judging->column->evidence->rows;
    if (rows)
        score -= (int)(25 * (rows - judging->known) / rows);
    if (portrait->early * 2 > portrait->dates) /* births */
        score -= 40;
    if (portrait->dates > 20 && portrait->least_date == portrait->most_date)
        score -= 10;
    if (portrait->dates > 10 && (portrait->rising == 0 || portrait->falling == 0))
        score += 4; /* files are written in the order of what happened */
    return score;
}

static void judge_time(struct judging *judging)
{
    enum value_type type = judging->column->type->type;
    const struct ingest_evidence *evidence = judging->column->evidence;
    const unsigned pure = WORD_TIME | WORD_EVENT | WORD_HAPPENED | WORD_NEUTRAL;
    bool said = has(judging, WORD_TIME | WORD_HAPPENED);
    bool dates = type == VALUE_DATE || type == VALUE_TIME;
    if (!dates && !(judging->known && evidence->date_values * 2 >= judging->known && said))
        return;

    int score = said ? 80 : 45;
    if (said && only(judging, pure))
        score += 10;
    score += has(judging, WORD_EVENT) ? 3 : 0;
    score += has(judging, WORD_HAPPENED) ? 2 : 0;
    score += type == VALUE_TIME ? 2 : 0;
    size_t length = strlen(judging->situation->table);
    if (length && strncasecmp(judging->column->name, judging->situation->table, length) == 0)
        score += 4; /* OrderDate is more likely the time of an order than StockDate */
    if (has(judging, WORD_OTHER_TIME))
        score -= 35;
    if (has(judging, WORD_TRAIT | WORD_CUSTOMER | WORD_PERSON))
        score -= 15;
    if (has(judging, WORD_THING))
        score -= 6;
    score = time_values(judging, score);
    enum { SHOWN_AT_LEAST = 10 }; /* whatever holds dates is worth being shown */
    judging->out->confidence = score < SHOWN_AT_LEAST ? SHOWN_AT_LEAST : at_most(score, 99);
}

/* ---- amount ---- */

static int amount_words(const struct ingest_meaning *meaning)
{
    unsigned words = meaning->words;
    bool amount = words & WORD_AMOUNT, total = words & WORD_TOTAL, price = words & WORD_PRICE;
    int score = 0;
    if (words & (WORD_ID | WORD_TRAIT | WORD_HAPPENED) && !(amount && (words & WORD_HAPPENED)))
        return 0;
    if (words & WORD_QUANTITY)
        return price ? 40 : 0;
    if (amount)
        score = total || (words & WORD_EVENT) ? 92 : 89;
    else if (total)
        score = price || (words & WORD_EVENT) ? 90 : 88;
    else if (price)
        score = 62;
    else if (words & WORD_EVENT && meaning->count == 1)
        score = 45;
    if (words & WORD_PART)
        score -= 42;
    if (words & WORD_THING)
        score -= 8;
    score -= 2 * meaning->unknown;
    return score < 0 ? 0 : score;
}

static struct ingest_meaning read_name(const char *name)
{
    struct ingest_vocabulary words;
    ingest_vocabulary_init(&words);
    struct ingest_meaning meaning = ingest_vocabulary_read(&words, name);
    ingest_vocabulary_release(&words);
    return meaning;
}

int ingest_amount_name(const char *name)
{
    struct ingest_meaning meaning = read_name(name);
    return amount_words(&meaning);
}

int ingest_customer_name(const char *name)
{
    static const struct ingest_portrait nobody_looked;
    static const struct ingest_situation nothing = {.table = ""};
    struct ingest_candidate column = {.name = name};
    struct ingest_judgement judgement = {0};
    struct judging judging = {.column = &column, .situation = &nothing, .portrait = &nobody_looked, .out = &judgement};
    judging.meaning = read_name(name);
    return customer_name(&judging);
}

bool ingest_time_name(const char *name)
{
    struct ingest_meaning meaning = read_name(name);
    return (meaning.words & WORD_TIME) && !(meaning.words & (WORD_TRAIT | WORD_OTHER_TIME | WORD_ID));
}

bool ingest_price_name(const char *name)
{
    struct ingest_meaning meaning = read_name(name);
    return (meaning.words & WORD_PRICE) && !(meaning.words & (WORD_TOTAL | WORD_AMOUNT | WORD_EVENT));
}

bool ingest_quantity_name(const char *name)
{
    struct ingest_meaning meaning = read_name(name);
    return (meaning.words & WORD_QUANTITY) && !(meaning.words & (WORD_PRICE | WORD_ID | WORD_TOTAL));
}

static void judge_amount(struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    enum value_type type = judging->column->type->type;
    enum { COUNT_MOST = 10 }; /* whole numbers up to ten are counts and marks */
    const char *name = judging->column->name;
    int score = amount_words(&judging->meaning);
    if (!score || !is_number(type) || !judging->known)
        return;
    if (score < GUESS_LIKELY && strcasecmp(name, judging->situation->table) == 0)
        score = 65; /* the gift of a gift, the payment of a payment */
    if (strcasestr(name, "subtotal"))
        score -= 12;
    if (type == VALUE_DECIMAL)
        score += 3;
    if (type == VALUE_INT && portrait->whole > 20 && portrait->most <= COUNT_MOST && portrait->least >= 0)
        score -= 25;
    if (judging->distinct == 1 && judging->known > 20)
        score -= 20;
    uint64_t rows = judging->column->evidence->rows;
    score -= (int)(20 * (rows - judging->known) / rows);
    judging->out->confidence = score < 0 ? 0 : score;
}

/* ---- lines of one invoice, keys ---- */

static void judge_group(struct judging *judging)
{
    enum value_type type = judging->column->type->type;
    const unsigned against = WORD_TRAIT | WORD_THING | WORD_TIME | WORD_AMOUNT | WORD_TOTAL | WORD_PART |
                             WORD_QUANTITY | WORD_PRICE | WORD_PERSON | WORD_CUSTOMER;
    bool repeats = judging->distinct * 10 < judging->known * 9 && judging->distinct > 1;
    /* "open" and "click" are types of events, and no invoice has a hundredth of all lines */
    const struct ingest_evidence *evidence = judging->column->evidence;
    uint64_t words = evidence->forms[FORM_TEXT] - evidence->text_digits; /* without a digit */
    bool numbered = type == VALUE_INT || words * 2 < judging->known;
    enum { LINES_MOST = 100 };
    if (!numbered || (judging->known > LINES_MOST && judging->distinct * LINES_MOST < judging->known))
        repeats = false;
    if ((type != VALUE_INT && type != VALUE_TEXT) || !repeats || !has(judging, WORD_EVENT) || has(judging, against))
        return;
    judging->out->confidence = has(judging, WORD_ID) ? 93 : judging->meaning.unknown ? 60 : 80;
}

static void judge_key(struct judging *judging)
{
    enum value_type type = judging->column->type->type;
    const char *name = judging->column->name, *table = judging->situation->table;
    size_t length = strlen(table);
    bool plural = length > 3 && (table[length - 1] == 's' || table[length - 1] == 'S');
    char one[64];
    snprintf(one, sizeof one, "%.*s", (int)(plural ? length - 1 : length), table);
    bool called = length && strcasestr(name, one) != NULL;
    if (!judging->known || (type != VALUE_INT && type != VALUE_TEXT))
        return;

    int score = 50;
    if (has(judging, WORD_ID)) {
        reason(judging, "its name says identifier");
        score += 25;
    }
    if (called) {
        reason(judging, "it is called like the table");
        score += 20;
    }
    if (judging->place == 0 && !numbers_rows(judging))
        score += 15;
    if (has(judging, WORD_TRAIT | WORD_AMOUNT | WORD_PRICE) && !has(judging, WORD_ID))
        score -= 40;
    if (numbers_rows(judging)) {
        reason(judging, "it only numbers the rows");
        score = at_most(score, 20);
    }
    if (!all_different(judging) || judging->known < judging->column->evidence->rows) {
        reason(judging, all_different(judging) ? "it is empty in some rows" : "its values repeat");
        score -= 45;
    }
    judging->out->confidence = score < 0 ? 0 : at_most(score, 99);
}

/* ---- all columns ---- */

void ingest_judge(enum ingest_role role, const struct ingest_candidate *columns, size_t count,
                  const struct ingest_situation *situation, struct ingest_judgement *out)
{
    static void (*const judges[ROLES])(struct judging *) = {
        [ROLE_CUSTOMER] = judge_customer, [ROLE_TIME] = judge_time, [ROLE_AMOUNT] = judge_amount,
        [ROLE_GROUP] = judge_group,       [ROLE_KEY] = judge_key,
    };
    static const struct ingest_portrait nobody_looked;
    struct ingest_vocabulary words;
    ingest_vocabulary_init(&words);
    for (size_t i = 0; i < count; i++) {
        const struct ingest_evidence *evidence = columns[i].evidence;
        struct judging judging = {
            .column = &columns[i],
            .situation = situation,
            .portrait = columns[i].portrait ? columns[i].portrait : &nobody_looked,
            .meaning = ingest_vocabulary_read(&words, columns[i].unnamed ? "" : columns[i].name),
            .known = evidence->rows - evidence->forms[FORM_UNKNOWN],
            .distinct = ingest_distinct_count(&evidence->distinct, NULL),
            .place = i,
            .out = &out[i],
        };
        out[i] = (struct ingest_judgement){0};
        judges[role](&judging);
    }
    ingest_vocabulary_release(&words);
}

struct ingest_guess ingest_guess(enum ingest_role role, const struct ingest_candidate *columns, size_t count,
                                 const struct ingest_situation *situation)
{
    struct ingest_judgement *judgements = base_calloc(count ? count : 1, sizeof *judgements);
    struct ingest_guess best = {-1, 0};
    int least = role == ROLE_CUSTOMER || role == ROLE_KEY ? GUESS_SURE : GUESS_LIKELY;
    ingest_judge(role, columns, count, situation, judgements);
    for (size_t i = 0; i < count; i++)
        if (judgements[i].confidence >= least && judgements[i].confidence > best.confidence)
            best = (struct ingest_guess){(int)i, judgements[i].confidence};
    free(judgements);
    return best;
}

/* ---- what may be added up ---- */

bool ingest_additive_name(const char *name)
{
    const unsigned adds = WORD_AMOUNT | WORD_TOTAL | WORD_QUANTITY | WORD_PART;
    struct ingest_meaning meaning = read_name(name);
    if (!(meaning.words & adds) || (meaning.words & WORD_LEVEL) || strchr(name, '%'))
        return false;
    if ((meaning.words & WORD_PRICE) && !(meaning.words & (WORD_TOTAL | WORD_AMOUNT)))
        return false;
    /* "service fee" is a fee, "shipping zip" a place and "amount type" a type */
    return (meaning.last & adds) || !(meaning.last & (WORD_TRAIT | WORD_THING | WORD_ID));
}
