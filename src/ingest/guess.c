/*
 * Guessing roles. The words of a name speak first (vocabulary.c knows them in many
 * languages); the values then confirm or forbid: an amount is a number, a time reads as
 * one, traits are told once a customer. Confidence is what the name says, less what
 * speaks against it; each deduction has its reason, which is shown when nobody is sure
 * enough. What is guessed is always shown, and an option overrules it.
 */
#include "ingest/judging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ingest_reason(struct judging *judging, const char *format, ...)
{
    struct ingest_judgement *out = judging->out;
    va_list arguments;
    if (out->reason_count == JUDGEMENT_REASONS)
        return;
    char text[JSON_NAME_MAX + JUDGEMENT_REASON_MAX]; /* the longest name, and words around it */
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct text cut = text_cut(text_from(text), JUDGEMENT_REASON_MAX - 1);
    char *reason = out->reasons[out->reason_count++];
    memcpy(reason, cut.data, cut.length);
    reason[cut.length] = 0;
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

bool ingest_numbers_rows(const struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    bool counts = portrait->whole > 2 && portrait->whole == portrait->known &&
                  portrait->first <= 1 && portrait->first >= 0 &&
                  portrait->counting == portrait->whole - 1;
    return has(judging, WORD_ROW) || (counts && judging->column->unnamed);
}

/*
 * Confidence is counted in points of a hundred. They are no probabilities: what matters is their
 * order, and on which side of GUESS_LIKELY and GUESS_SURE one objection leaves a name.
 */
enum { CONFIDENCE_MOST = 99 }; /* a guess is never certain */

/* ---- time ---- */

enum {
    TIME_NAMED = 80,     /* likely by its name alone, and never sure */
    TIME_UNNAMED = 45,   /* it holds dates, and nothing says of what */
    TIME_PURE = 10,      /* its name says nothing else */
    TIME_OF_EVENT = 3,   /* between two times of a fact: the one named after what happened, */
    TIME_HAPPENED = 2,   /* the one at which it did, */
    TIME_WITH_CLOCK = 2, /* the finer one, */
    TIME_OF_TABLE = 4,   /* OrderDate is more likely the time of an order than StockDate */
    TIME_IN_ORDER = 4,   /* and the one in whose order the file is written */
    TIME_LATER = 35,     /* due, shipped, updated: a time, but of something else */
    TIME_OF_PERSON = 15,
    TIME_OF_THING = 6,
    TIME_EMPTY = 25, /* in proportion to the rows without one */
    TIME_EARLY = 40, /* births */
    TIME_SAME = 10,  /* the day of the export */
    DATES_FOR_SAME = 20,
    DATES_FOR_ORDER = 10, /* fewer are alike, or in order, by chance */
};

static int time_values(const struct judging *judging, int score)
{
    const struct ingest_portrait *portrait = judging->portrait;
    uint64_t rows = judging->column->evidence->rows;
    if (rows)
        score -= (int)(TIME_EMPTY * (rows - judging->known) / rows);
    if (portrait->early * 2 > portrait->dates)
        score -= TIME_EARLY;
    if (portrait->dates > DATES_FOR_SAME && portrait->least_date == portrait->most_date)
        score -= TIME_SAME;
    if (portrait->dates > DATES_FOR_ORDER && (portrait->rising == 0 || portrait->falling == 0))
        score += TIME_IN_ORDER;
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

    int score = said ? TIME_NAMED : TIME_UNNAMED;
    if (said && only(judging, pure))
        score += TIME_PURE;
    score += has(judging, WORD_EVENT) ? TIME_OF_EVENT : 0;
    score += has(judging, WORD_HAPPENED) ? TIME_HAPPENED : 0;
    score += type == VALUE_TIME ? TIME_WITH_CLOCK : 0;
    size_t length = strlen(judging->situation->table);
    if (length && strncasecmp(judging->column->name, judging->situation->table, length) == 0)
        score += TIME_OF_TABLE;

    /* against it: the name says that something else is dated */
    if (has(judging, WORD_OTHER_TIME))
        score -= TIME_LATER;
    if (has(judging, WORD_TRAIT | WORD_CUSTOMER | WORD_PERSON))
        score -= TIME_OF_PERSON;
    if (has(judging, WORD_THING))
        score -= TIME_OF_THING;
    score = time_values(judging, score);
    enum { SHOWN_AT_LEAST = 10 }; /* whatever holds dates is worth being shown */
    judging->out->confidence =
        score < SHOWN_AT_LEAST ? SHOWN_AT_LEAST : at_most(score, CONFIDENCE_MOST);
}

/* ---- amount ---- */

enum {
    AMOUNT_TOTAL = 92, /* "total amount", "order value": of the best that there are, */
    AMOUNT_PLAIN = 89, /* the order in which they win over one another */
    TOTAL_PRICE = 90,
    TOTAL_PLAIN = 88,
    PRICE_PLAIN = 62,    /* may be that of one piece */
    EVENT_ALONE = 45,    /* "sale" may be anything about a sale */
    UNIT_PRICE = 40,     /* "price per unit" */
    OF_ITSELF = 65,      /* the gift of a gift, the payment of a payment */
    AMOUNT_PART = 42,    /* taxes, discounts: no longer likely, whatever else the name says */
    AMOUNT_OF_THING = 8, /* "product value" */
    AMOUNT_SUBTOTAL = 12,
    AMOUNT_CENTS = 3, /* written with a point, as money is */
    AMOUNT_COUNTS = 25,
    AMOUNT_SAME = 20,  /* every row says the same */
    AMOUNT_EMPTY = 20, /* in proportion to the rows without one */
    VALUES_TO_TELL = 20,
};

static int amount_words(const struct ingest_meaning *meaning)
{
    unsigned words = meaning->words;
    bool amount = words & WORD_AMOUNT, total = words & WORD_TOTAL, price = words & WORD_PRICE;
    int score = 0;

    /* an id of amounts or a creation date is none; "amount paid" is */
    if (words & (WORD_ID | WORD_TRAIT | WORD_HAPPENED) && !(amount && (words & WORD_HAPPENED)))
        return 0;
    if (words & WORD_QUANTITY)
        return price ? UNIT_PRICE : 0;
    if (amount)
        score = total || (words & WORD_EVENT) ? AMOUNT_TOTAL : AMOUNT_PLAIN;
    else if (total)
        score = price || (words & WORD_EVENT) ? TOTAL_PRICE : TOTAL_PLAIN;
    else if (price)
        score = PRICE_PLAIN;
    else if (words & WORD_EVENT && meaning->count == 1)
        score = EVENT_ALONE;

    if (words & WORD_PART)
        score -= AMOUNT_PART;
    if (words & WORD_THING)
        score -= AMOUNT_OF_THING;
    score -= 2 * meaning->unknown;
    return score < 0 ? 0 : score;
}

int ingest_amount_name(const char *name)
{
    struct ingest_meaning meaning = ingest_vocabulary_read(name);
    return amount_words(&meaning);
}

int ingest_customer_name(const char *name)
{
    static const struct ingest_portrait nobody_looked;
    static const struct ingest_situation nothing = {.table = ""};
    static const struct ingest_company alone;
    struct ingest_candidate column = {.name = name};
    struct ingest_judgement judgement = {0};
    struct judging judging = {.column = &column,
                              .situation = &nothing,
                              .portrait = &nobody_looked,
                              .company = &alone,
                              .meaning = ingest_vocabulary_read(name),
                              .out = &judgement};
    return ingest_customer_words(&judging);
}

bool ingest_time_name(const char *name)
{
    struct ingest_meaning meaning = ingest_vocabulary_read(name);
    return (meaning.words & WORD_TIME) &&
           !(meaning.words & (WORD_TRAIT | WORD_OTHER_TIME | WORD_ID));
}

bool ingest_price_name(const char *name)
{
    struct ingest_meaning meaning = ingest_vocabulary_read(name);
    return (meaning.words & WORD_PRICE) &&
           !(meaning.words & (WORD_TOTAL | WORD_AMOUNT | WORD_EVENT));
}

bool ingest_quantity_name(const char *name)
{
    struct ingest_meaning meaning = ingest_vocabulary_read(name);
    return (meaning.words & WORD_QUANTITY) &&
           !(meaning.words & (WORD_PRICE | WORD_ID | WORD_TOTAL));
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
        score = OF_ITSELF;

    if (strcasestr(name, "subtotal"))
        score -= AMOUNT_SUBTOTAL;
    if (type == VALUE_DECIMAL)
        score += AMOUNT_CENTS;
    if (type == VALUE_INT && portrait->whole > VALUES_TO_TELL && portrait->most <= COUNT_MOST &&
        portrait->least >= 0)
        score -= AMOUNT_COUNTS;
    if (judging->distinct == 1 && judging->known > VALUES_TO_TELL)
        score -= AMOUNT_SAME;
    uint64_t rows = judging->column->evidence->rows;
    score -= (int)(AMOUNT_EMPTY * (rows - judging->known) / rows);
    judging->out->confidence = score < 0 ? 0 : score;
}

/* ---- lines of one invoice, keys ---- */

/* Its values come again in one row behind the other, as the lines of an invoice do;
 * counts come again anywhere. */
static bool comes_in_runs(const struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    uint64_t again = judging->known - judging->distinct;
    return !portrait->known || portrait->again * judging->known * 2 >= again * portrait->known;
}

/* Shopify calls an order's number Name: every value has a digit and stands in one run of
 * rows only. */
static bool looks_like_invoices(const struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    bool codes = portrait->known && portrait->coded == portrait->known && !portrait->spaced &&
                 !portrait->dates;
    bool whole =
        portrait->known == judging->known && portrait->known - portrait->again == judging->distinct;
    return codes && whole && judging->column->type->type == VALUE_TEXT &&
           (judging->meaning.words & WORD_NAME);
}

static void judge_group(struct judging *judging)
{
    enum value_type type = judging->column->type->type;
    const unsigned against = WORD_TRAIT | WORD_THING | WORD_TIME | WORD_AMOUNT | WORD_TOTAL |
                             WORD_PART | WORD_QUANTITY | WORD_PRICE | WORD_PERSON | WORD_CUSTOMER;
    /* one in ten comes again: fewer are numbers given twice by mistake */
    bool repeats = judging->distinct * 10 < judging->known * 9 && judging->distinct > 1;

    if (type != VALUE_INT && type != VALUE_TEXT)
        return;

    /* "open" and "click" are types of events, and no invoice has a hundredth of all lines */
    const struct ingest_evidence *evidence = judging->column->evidence;
    uint64_t words = evidence->forms[FORM_TEXT] - evidence->text_digits; /* without a digit */
    bool numbered = type == VALUE_INT || words * 2 < judging->known;
    enum { LINES_MOST = 100, NAMED_NUMBERS = 60 };
    if (!numbered ||
        (judging->known > LINES_MOST && judging->distinct * LINES_MOST < judging->known))
        repeats = false;
    if (judging->known > judging->distinct && looks_like_invoices(judging))
        judging->out->confidence = NAMED_NUMBERS;
    if (!repeats || !has(judging, WORD_EVENT) || has(judging, against) ||
        (!has(judging, WORD_ID) && !comes_in_runs(judging)))
        return;

    /* the number of an event is one; a word besides that nobody knows may make it something else */
    enum { EVENT_ID = 93, EVENT = 80, EVENT_OF_SOMETHING = 60 };
    if (has(judging, WORD_ID))
        judging->out->confidence = EVENT_ID;
    else
        judging->out->confidence = judging->meaning.unknown ? EVENT_OF_SOMETHING : EVENT;
}

enum {
    KEY_ALONE = 50,
    KEY_ID = 25,       /* its name says identifier */
    KEY_OF_TABLE = 20, /* it is called like the table */
    KEY_FIRST = 15,    /* it is the first column */
    KEY_OF_OTHER = 40, /* it is called a trait or an amount */
    KEY_REPEATED = 45, /* some of its values are not there, or come again */
    KEY_ROW_NUMBER = 20,
};

static void judge_key(struct judging *judging)
{
    enum value_type type = judging->column->type->type;
    const char *name = judging->column->name, *table = judging->situation->table;
    size_t length = strlen(table);
    bool plural = length > 3 && (table[length - 1] == 's' || table[length - 1] == 'S');
    char one[64]; /* the name of a table is no longer, or cut: it is only searched for */

    snprintf(one, sizeof one, "%.*s", (int)(plural ? length - 1 : length), table);
    bool called = length && strcasestr(name, one) != NULL;
    if (!judging->known || (type != VALUE_INT && type != VALUE_TEXT))
        return;

    /* GUESS_SURE needs two of: called an identifier, called like the table, the first
     * column; and nothing against it, least of all values that repeat */
    int score = KEY_ALONE;
    if (has(judging, WORD_ID)) {
        ingest_reason(judging, "its name says identifier");
        score += KEY_ID;
    }

    if (called) {
        ingest_reason(judging, "it is called like the table");
        score += KEY_OF_TABLE;
    }

    if (judging->place == 0 && !ingest_numbers_rows(judging))
        score += KEY_FIRST;
    if (has(judging, WORD_TRAIT | WORD_AMOUNT | WORD_PRICE) && !has(judging, WORD_ID))
        score -= KEY_OF_OTHER;
    if (ingest_numbers_rows(judging)) {
        ingest_reason(judging, "it only numbers the rows");
        score = at_most(score, KEY_ROW_NUMBER);
    }

    if (!all_different(judging) || judging->known < judging->column->evidence->rows) {
        ingest_reason(judging,
                      all_different(judging) ? "it is empty in some rows" : "its values repeat");
        score -= KEY_REPEATED;
    }

    judging->out->confidence = score < 0 ? 0 : at_most(score, CONFIDENCE_MOST);
}

/* ---- all columns ---- */

static struct ingest_meaning meaning_of(const struct ingest_candidate *column)
{
    return ingest_vocabulary_read(column->unnamed ? "" : column->name);
}

static uint64_t known_values(const struct ingest_candidate *column)
{
    return column->evidence->rows - column->evidence->forms[FORM_UNKNOWN];
}

/* "Store ID", "Employee", "SKU" in front, each another: the rows are stores, employees,
 * products. */
static bool lists_others(const struct ingest_candidate *column,
                         const struct ingest_meaning *meaning, size_t place)
{
    uint64_t known = known_values(column);
    bool others = meaning->subject & (WORD_GOODS | WORD_AGAINST);
    bool names = (meaning->words & WORD_ID) || meaning->count == 1;
    bool customers = meaning->words & (WORD_CUSTOMER | WORD_PERSON);
    return place == 0 && others && names && !customers && known &&
           known == column->evidence->rows &&
           ingest_distinct_count(&column->evidence->distinct, NULL) == known;
}

static struct ingest_company look_around(const struct ingest_candidate *columns, size_t count)
{
    const unsigned of_persons = WORD_CUSTOMER | WORD_PERSON | WORD_MAIL | WORD_PHONE | WORD_LOGIN;
    struct ingest_company company = {0};
    for (size_t i = 0; i < count; i++) {
        const struct ingest_candidate *column = &columns[i];
        struct ingest_meaning meaning = meaning_of(column);
        bool mails = column->portrait && column->portrait->mails * 2 > column->portrait->known;
        company.words |= meaning.words;
        company.persons |=
            (meaning.words & of_persons) || mails || ingest_name_says_birth(column->name);
        if (!company.lists && lists_others(column, &meaning, i))
            company.lists = column->name;
    }
    return company;
}

void ingest_judge(enum ingest_role role, const struct ingest_candidate *columns, size_t count,
                  const struct ingest_situation *situation, struct ingest_judgement *out)
{
    static void (*const judges[ROLES])(struct judging *) = {
        [ROLE_CUSTOMER] = ingest_judge_customer,
        [ROLE_TIME] = judge_time,
        [ROLE_AMOUNT] = judge_amount,
        [ROLE_GROUP] = judge_group,
        [ROLE_KEY] = judge_key,
    };
    static const struct ingest_portrait nobody_looked;
    struct ingest_company company = look_around(columns, count);

    for (size_t i = 0; i < count; i++) {
        const struct ingest_evidence *evidence = columns[i].evidence;
        struct judging judging = {
            .column = &columns[i],
            .situation = situation,
            .portrait = columns[i].portrait ? columns[i].portrait : &nobody_looked,
            .company = &company,
            .meaning = meaning_of(&columns[i]),
            .known = known_values(&columns[i]),
            .distinct = ingest_distinct_count(&evidence->distinct, NULL),
            .place = i,
            .out = &out[i],
        };
        out[i] = (struct ingest_judgement){0};
        judges[role](&judging); /* gives confidence and reasons to out[i] */
    }
}

struct ingest_guess ingest_guess(enum ingest_role role, const struct ingest_candidate *columns,
                                 size_t count, const struct ingest_situation *situation)
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
    struct ingest_meaning meaning = ingest_vocabulary_read(name);
    if (!(meaning.words & adds) || (meaning.words & WORD_LEVEL) || strchr(name, '%'))
        return false;
    if ((meaning.words & WORD_PRICE) && !(meaning.words & (WORD_TOTAL | WORD_AMOUNT)))
        return false;
    /* "service fee" is a fee, "shipping zip" a place and "amount type" a type */
    return (meaning.last & adds) || !(meaning.last & (WORD_TRAIT | WORD_THING | WORD_ID));
}
