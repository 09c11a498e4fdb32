/*
 * Whose row is it? A wrong answer mixes up people for good, so everything that is merely
 * called like a customer must be told apart: how many there were (Customers, Nb clients),
 * the number of what one of them ordered (Customer PO), who served them
 * (created_by_user_id), a way they came by (client: ios, web), what they think (Customer
 * Effort), one's own account. The name says what is claimed; values and the other columns
 * then confirm or cap it, each with its reason. Below GUESS_SURE nothing is taken
 * unasked, and the order of what is doubtful is the order in which people are asked.
 */
#include "ingest/judging.h"

#include <ctype.h>
#include <string.h>

/*
 * Points of a hundred, as in guess.c. From GUESS_SURE (90) on the answer is taken unasked, so what
 * stands above it must be right nearly always; below, only the order counts, in which people are
 * shown what it could be.
 */
enum {
    /* taken unasked */
    CUSTOMER = 93,     /* its name says customer */
    SOMEONE = 91,      /* or member, user, subscriber */
    NUMBERED = 2,      /* and that it is a number or a code */
    THEIR_MAIL = 92,   /* addresses under a name that says customer, */
    MAIL = 91,         /* or only e-mail */
    THEIR_LOGIN = 92,  /* what a customer signs in as, */
    LOGIN = 91,        /* or somebody */
    CLUB_CARD = 91,    /* cards in a file that speaks of loyalty */
    ID_OF_TRAITS = 92, /* "id" in a table of customers */
    /* asked about */
    NEARLY = 85,        /* the likeliest */
    REFERENCE = 80,     /* "reference" in a table of customers */
    FIRST_ID = 80,      /* an identifier of something unknown, in the first column */
    OWN_REFERENCE = 75, /* a customer's reference that never comes again: may be an order's */
    ID_OF_FACTS = 75,   /* "id" among facts: as likely the fact's */
    ACCOUNT = 75,       /* names without blanks, with digits */
    PHONE = 70,         /* one each, or coming again as facts do */
    DEVICE = 65,
    DOUBTFUL = 60, /* could be, and something speaks against it */
    SOME_ID = 60,
    UNNAMED = 55,      /* no name, but values that come again as those of customers */
    OTHERS_MAIL = 50,  /* where something is sent */
    PERSONS_NAME = 45, /* two may be called alike */
    A_COUNT = 40,      /* 12 customers that day */
    SHAPE_ALONE = 35,  /* as UNNAMED, under a name that says nothing */
    SHARED_PHONE = 30,
    NOBODY = 15, /* about somebody, or somebody else: shown only when nothing better is there */
    ROW_NUMBER = 10,
    /* what an objection leaves at most */
    REPEATED_TRAIT = 80, /* some customers come twice in a table of them */
    OFTEN_EMPTY = 80,
    OFTEN_ZERO = 70,
    ONE_VALUE = 50,
    FEW_VALUES = 40,
    WAYS = 30, /* web, app, store */
    REPEATED = 30,
    OWN_VALUE = 20, /* the fact's own number */
    /* for each word of the name that nobody knows */
    UNKNOWN_OF_CUSTOMER = 3,
    UNKNOWN_OF_SOMEONE = 4,
};

enum {
    ABOUT = WORD_TRAIT | WORD_AGAINST | WORD_PART | WORD_AMOUNT | WORD_PRICE | WORD_QUANTITY |
            WORD_TIME | WORD_OTHER_TIME | WORD_TOTAL,
    OTHERS = WORD_EVENT | WORD_THING | WORD_REFERENCE,
    SOMEBODY = WORD_CUSTOMER | WORD_PERSON,
    ASIDE = WORD_NEUTRAL | WORD_LOYALTY | WORD_BY, /* words that say nothing about who it is */
};

/* Of the words there are none but these, and none that nobody knows. */
static bool only(const struct judging *judging, unsigned words)
{
    return judging->meaning.unknown == 0 && (judging->meaning.words & ~(words | ASIDE)) == 0;
}

/* Beside a customer's code or number, the id is what the program that wrote the file
 * knows them by. */
static bool named_id(const struct judging *judging)
{
    const char *name = judging->column->name;
    size_t length = strlen(name);
    bool begins = strncasecmp(name, "id", 2) == 0 && !isalpha((unsigned char)name[2]);
    return begins || (length > 2 && strcasecmp(name + length - 2, "id") == 0);
}

/* ---- what the name says ---- */

static int mail_words(struct judging *judging)
{
    ingest_reason(judging, "its values are e-mail addresses");
    if (has(judging, WORD_AGAINST) || (has(judging, WORD_GOODS) && !has(judging, SOMEBODY)) ||
        judging->meaning.written_by) {
        ingest_reason(judging, "its name says staff, a supplier or a store");
        return NOBODY;
    }
    if (has(judging, WORD_OTHER_TIME) || strncasecmp(judging->column->name, "to ", 3) == 0)
        return OTHERS_MAIL;
    if (has(judging, SOMEBODY))
        return THEIR_MAIL;
    return has(judging, WORD_MAIL) ? MAIL : NEARLY;
}

/* "User name", "Client name": what people are called they share with others, unless it is
 * an account's. */
static int name_words(struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    bool accounts = portrait->known && !portrait->spaced && portrait->coded * 2 > portrait->known;
    ingest_reason(judging, accounts ? "its values look like the names of accounts"
                                    : "it is what people are called, and two may be called alike");
    return accounts ? ACCOUNT : PERSONS_NAME;
}

/* Cards name members where they are a club's, and a bank's name nobody for long. */
static int card_words(struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    bool few_digits = portrait->known && portrait->longest <= 4;
    if (portrait->masked * 2 > portrait->known || few_digits)
        return 0;
    ingest_reason(judging, "its name says a card");
    bool club = has(judging, SOMEBODY | WORD_LOYALTY) || (judging->company->words & WORD_LOYALTY);
    return club ? CLUB_CARD : NEARLY;
}

/* Whoever has a telephone number of their own is known by it, where nothing better is. */
static int phone_words(struct judging *judging)
{
    bool own = all_different(judging);
    enum { DIGITS_MIN = 7 }; /* shorter ones are extensions */
    if (judging->portrait->known && judging->portrait->longest < DIGITS_MIN)
        return 0;
    ingest_reason(judging, "its name says a telephone number");
    return own == judging->situation->traits ? PHONE : SHARED_PHONE;
}

/* Above numbers a plural counts: 12 customers that day. */
static bool counts_people(const struct judging *judging)
{
    bool numbers = judging->column->type && judging->column->type->type == VALUE_INT;
    return numbers && (judging->meaning.last & WORD_PLURAL) && !named_id(judging);
}

/* A claim that somebody is meant: what is it of theirs? −1: themselves. */
static int somebodys(struct judging *judging)
{
    const struct ingest_meaning *meaning = &judging->meaning;
    if (meaning->written_by || has(judging, WORD_AGAINST)) {
        ingest_reason(judging, "its name says somebody else, such as staff");
        return NOBODY;
    }

    if (has(judging, WORD_LOGIN))
        return -1;
    if (has(judging, WORD_CARD) && !has(judging, ABOUT & ~(unsigned)WORD_PART))
        return card_words(judging);
    if ((meaning->subject & WORD_NAME) && !has(judging, ABOUT & ~(unsigned)WORD_TRAIT))
        return name_words(judging);
    if ((meaning->subject & WORD_PHONE) && !has(judging, ABOUT & ~(unsigned)WORD_TRAIT))
        return phone_words(judging);
    bool others = (meaning->last & OTHERS & ~(unsigned)WORD_REFERENCE) ||
                  ((meaning->numbered & OTHERS) && !(meaning->numbered & SOMEBODY));
    if (has(judging, ABOUT) || others) {
        ingest_reason(judging, "its name says something about a customer");
        return NOBODY;
    }

    if (counts_people(judging)) {
        ingest_reason(judging, "its name is a plural over numbers, as of how many there were");
        return A_COUNT;
    }

    return -1;
}

/* Words for somebody. */
static int somebody_words(struct judging *judging)
{
    bool numbered = has(judging, WORD_ID);
    int theirs = somebodys(judging);
    if (theirs >= 0)
        return theirs;
    bool customer = has(judging, WORD_CUSTOMER);
    ingest_reason(judging, customer ? "its name says customer" : "its name says who it is about");

    int score = (customer ? CUSTOMER : SOMEONE) + (numbered ? NUMBERED : 0) + named_id(judging) -
                (customer ? UNKNOWN_OF_CUSTOMER : UNKNOWN_OF_SOMEONE) * judging->meaning.unknown;
    if ((judging->meaning.last & WORD_REFERENCE) && !judging->situation->traits &&
        all_different(judging)) {
        ingest_reason(judging, "a reference that never comes again may be an order's");
        return at_most(score, OWN_REFERENCE);
    }
    return score;
}

/* No word for anybody: an identifier of nobody says what, or of something that nobody has
 * told us. */
static int identifier_words(struct judging *judging)
{
    const struct ingest_company *company = judging->company;
    bool traits = judging->situation->traits;

    if (!has(judging, WORD_ID))
        return 0;

    /* alone it means the customer in a table of customers; in one of facts it is the
     * fact's as well */
    if (only(judging, WORD_ID | WORD_REFERENCE)) {
        ingest_reason(judging, "its name says identifier, and not of what");
        bool goods = (company->words & (WORD_GOODS | WORD_PRICE)) && !company->persons;
        if (traits && goods) {
            ingest_reason(judging, "the other columns tell of goods or stores");
            return DOUBTFUL;
        }
        if (traits && has(judging, WORD_REFERENCE) && !company->persons)
            return REFERENCE;
        return traits ? ID_OF_TRAITS : ID_OF_FACTS;
    }

    if (only(judging, WORD_ID | WORD_DEVICE | WORD_THING)) {
        if (!has(judging, WORD_DEVICE))
            return 0;
        ingest_reason(judging, "its name says a device, which is nearly somebody");
        return DEVICE;
    }

    if (!has(judging, ABOUT | OTHERS) && judging->meaning.unknown == 1) {
        ingest_reason(judging, "its name says identifier of something");
        return traits && judging->place == 0 ? FIRST_ID : SOME_ID;
    }

    return 0;
}

/* No name that tells: values that come again as a customer's number would, and are no
 * words, counts or marks. */
static int shape_words(struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    const struct ingest_candidate *column = judging->column;
    /* of ten values one comes again, of ten codes nine look like it; smaller numbers are counts */
    bool repeated = judging->distinct * 10 <= judging->known * 9;
    bool again = judging->known >= 4 && judging->distinct >= 3 && repeated;
    enum { NUMBER_MOST = 50 };
    bool number =
        column->type->type == VALUE_INT && portrait->least >= 0 && portrait->most >= NUMBER_MOST;
    bool code = column->type->type == VALUE_TEXT && portrait->coded * 10 >= portrait->known * 9 &&
                !portrait->spaced; /* nine of ten, as above */

    if (portrait->uuids == portrait->known && !has(judging, ABOUT | OTHERS)) {
        ingest_reason(judging, "its values are UUIDs");
        return DOUBTFUL;
    }
    if (!again || (!number && !code) ||
        has(judging, ABOUT | OTHERS | WORD_HAPPENED | WORD_CURRENCY) ||
        judging->distinct * 100 < judging->known)
        return 0;
    ingest_reason(judging, "its values come again as those of customers would");
    return column->unnamed ? UNNAMED : SHAPE_ALONE;
}

int ingest_customer_words(struct judging *judging)
{
    if (ingest_numbers_rows(judging)) {
        ingest_reason(judging, "it only numbers the rows");
        return ROW_NUMBER;
    }

    /* values that are addresses outweigh the name; then the names that say somebody, then those
     * of what somebody carries, and last what is only an identifier */
    if (mostly_mail(judging))
        return mail_words(judging);
    if (has(judging, WORD_LOGIN) && !has(judging, WORD_AGAINST | WORD_OTHER_TIME | WORD_TIME)) {
        ingest_reason(judging, "its name says what somebody signs in as");
        return has(judging, WORD_CUSTOMER) ? THEIR_LOGIN : LOGIN;
    }

    if (has(judging, SOMEBODY))
        return somebody_words(judging);
    if (has(judging, WORD_AGAINST))
        return 0;
    if (has(judging, WORD_CARD) && only(judging, WORD_CARD | WORD_THING | WORD_ID | WORD_PART))
        return card_words(judging);
    if (has(judging, WORD_PHONE) && only(judging, WORD_PHONE | WORD_TRAIT | WORD_ID))
        return phone_words(judging);
    int score = identifier_words(judging);
    return score || !judging->column->type ? score : shape_words(judging);
}

/* ---- what its values say ---- */

/* Ways by which people come, and sorts of them. */
static bool is_way(const char *value)
{
    static const char *const words[] = {
        "web",       "website",    "ios",     "android",   "iphone",   "ipad",
        "desktop",   "mobile",     "tablet",  "app",       "browser",  "chrome",
        "safari",    "firefox",    "windows", "macos",     "linux",    "phone",
        "mail",      "email",      "e-mail",  "chat",      "sms",      "letter",
        "fax",       "call",       "store",   "shop",      "online",   "offline",
        "in-store",  "in store",   "new",     "returning", "existing", "existing customer",
        "guest",     "registered", "b2b",     "b2c",       "retail",   "wholesale",
        "yes",       "no",         "true",    "false",     "male",     "female",
        "telefon",   "brief",      "tv",      "api",       "pos",      "kiosk",
        "telephone", "social",     "other",   "none",      "walk-in",  "visit",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i], value) == 0)
            return true;
    return false;
}

static bool holds_ways(const struct judging *judging)
{
    const struct ingest_portrait *portrait = judging->portrait;
    for (int i = 0; i < portrait->value_count; i++)
        if (!is_way(portrait->values[i]))
            return false;
    return portrait->value_count > 0;
}

/* So few that they are tills, staff, stores or one's own accounts; a name that says
 * customer is believed for longer. */
static bool is_few(const struct judging *judging)
{
    uint64_t known = judging->known, distinct = judging->distinct;
    bool customer = has(judging, WORD_CUSTOMER);
    enum { FEW = 20, MANY_ROWS = 200, SOME_ROWS = 30, TEN = 10 };
    bool marks = judging->column->type->type == VALUE_INT && judging->portrait->most <= FEW;

    if (distinct <= FEW && known >= MANY_ROWS && (marks || !customer))
        return true; /* a business has more than twenty customers by the time it has 200 rows */
    if (customer)
        return known >= SOME_ROWS &&
               (distinct <= 2 || (marks && !has(judging, WORD_ID) && distinct * 4 <= known));

    bool called = !has(judging, WORD_ID) && judging->portrait->coded * 2 < judging->portrait->known;
    return (distinct == 1 && known > 4) ||
           (distinct == 2 && known > 6) || /* in fewer rows it may be chance */
           (called && distinct * 3 <= known &&
            distinct <= FEW) || /* by names, as a till's staff are */
           (distinct <= FEW && known >= SOME_ROWS && distinct * TEN <= known);
}

/* How its values come again. */
static int customer_repetition(struct judging *judging, int score)
{
    uint64_t known = judging->known, distinct = judging->distinct;
    bool traits = judging->situation->traits;

    if (holds_ways(judging)) {
        ingest_reason(judging, "its values are ways or sorts and no people ('%s')",
                      judging->portrait->values[0]);
        return at_most(score, WAYS);
    }

    if (!traits && is_few(judging)) {
        if (distinct == 1)
            ingest_reason(judging, "all its values are the same");
        else
            ingest_reason(judging, "it has only %llu different values in %llu rows",
                          (unsigned long long)distinct, (unsigned long long)known);
        return at_most(score, distinct == 1 ? ONE_VALUE : FEW_VALUES);
    }

    /* traits stand once a customer, facts of one come again: opposite signs of the same thing */
    if (traits && !judging->situation->dated && distinct * 10 < known * 9) {
        ingest_reason(judging, "its values repeat, and traits stand once a customer");
        return at_most(score, REPEATED);
    }

    if (traits && !all_different(judging) && !has(judging, SOMEBODY)) {
        ingest_reason(judging, "some of its values repeat");
        return at_most(score, REPEATED_TRAIT);
    }

    bool own = !has(judging, SOMEBODY | WORD_LOGIN) && !mostly_mail(judging);
    if (!traits && known > 2 && all_different(judging) && own) {
        ingest_reason(judging, "no value comes twice: it may be the fact's own");
        return at_most(score, OWN_VALUE);
    }

    return score;
}

void ingest_judge_customer(struct judging *judging)
{
    enum value_type type = judging->column->type->type;
    const struct ingest_portrait *portrait = judging->portrait;
    uint64_t rows = judging->column->evidence->rows;
    const char *lists = judging->company->lists;
    if (!judging->known || (type != VALUE_INT && type != VALUE_TEXT))
        return;

    int score = ingest_customer_words(judging);
    if (score <= NOBODY)
        goto done;

    /* the name has made its claim; from here on values and neighbours can only lower it */
    score = customer_repetition(judging, score);
    if (judging->known * 2 < rows &&
        !has(judging, WORD_CUSTOMER)) { /* rows without one are set aside, and said */
        ingest_reason(judging, "it is empty in %llu of %llu rows",
                      (unsigned long long)(rows - judging->known), (unsigned long long)rows);
        score = at_most(score, OFTEN_EMPTY);
    }

    if (portrait->zeros > 1 && portrait->zeros * 4 > portrait->known) {
        ingest_reason(judging, "many of its values are 0 or -1, which is nobody");
        score = at_most(score, OFTEN_ZERO);
    }

    if (judging->situation->traits && lists && lists != judging->column->name &&
        !has(judging, WORD_CUSTOMER)) {
        ingest_reason(judging, "the rows are those of %s", lists);
        score = at_most(score, DOUBTFUL);
    }
done:
    judging->out->confidence = score < 0 ? 0 : score;
}
