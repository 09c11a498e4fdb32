/*
 * What the words in a column's name mean: customer, number, date, amount …, in the
 * languages people export in.
 */
#ifndef STRATA_INGEST_VOCABULARY_H
#define STRATA_INGEST_VOCABULARY_H

#include "base/map.h"

enum ingest_word {
    WORD_CUSTOMER = 1 << 0, /* customer, client, Kunde */
    /* user, account, donor, Haushalt: a customer where nothing better is there */
    WORD_PERSON = 1 << 1,
    WORD_MAIL = 1 << 2, /* an address for e-mail */
    WORD_ID = 1 << 3,   /* id, number, code, key */
    WORD_ROW = 1 << 4,  /* rownames, index: numbers of rows */
    WORD_TIME = 1 << 5, /* date, time, Datum */
    /* order, invoice, payment: things that happen, and whose number groups lines */
    WORD_EVENT = 1 << 6,
    WORD_HAPPENED = 1 << 7,   /* created, paid, posted: what makes a time the fact's own */
    WORD_OTHER_TIME = 1 << 8, /* birth, due, shipped, updated: times of something else */
    WORD_AMOUNT = 1 << 9,     /* amount, total, Betrag, revenue */
    WORD_TOTAL = 1 << 10,     /* total, grand, gross, net */
    WORD_PRICE = 1 << 11,     /* price: of a piece, unless there is nothing else */
    WORD_PART = 1 << 12,     /* tax, fee, discount, balance, income: money that is not the amount */
    WORD_QUANTITY = 1 << 13, /* quantity, units, Menge */
    WORD_THING = 1 << 14,    /* product, store, campaign: entities that are no customers */
    /* name, type, age, city, count: something about what the other words name */
    WORD_TRAIT = 1 << 15,
    WORD_AGAINST = 1 << 16, /* seller, agent, owner, sender: persons, and not the customer */
    WORD_NEUTRAL = 1 << 17, /* the, of, de, billing, unique */
    WORD_LEVEL =
        1
        << 18, /* percent, average, balance, score: how much it is, and never added up over lines */
    WORD_NAME = 1 << 19,      /* name, surname: what people are called, and share with others */
    WORD_LOGIN = 1 << 20,     /* username, nickname: a name that nobody shares */
    WORD_PLURAL = 1 << 21,    /* customers, users: above numbers it counts them */
    WORD_CURRENCY = 1 << 22,  /* currency, devise */
    WORD_CARD = 1 << 23,      /* card, Karte: of a club's members, or of a bank */
    WORD_PHONE = 1 << 24,     /* telephone */
    WORD_BY = 1 << 25,        /* by, von, par */
    WORD_BUYS = 1 << 26,      /* ordered, paid: what customers do */
    WORD_GOODS = 1 << 27,     /* product, stock, store: lists of them are no lists of customers */
    WORD_LOYALTY = 1 << 28,   /* loyalty, points */
    WORD_REFERENCE = 1 << 29, /* reference: as often an order's as a customer's */
    WORD_DEVICE = 1 << 30,    /* device, cookie: nearly somebody */
};

struct ingest_meaning {
    unsigned words;    /* of enum ingest_word, all that occur */
    unsigned last;     /* of the last known word that says something */
    unsigned subject;  /* likewise, and is no identifier */
    unsigned numbered; /* what "number" or "id" is of: "order" of "customer order number"; 0: of
                          nothing said */
    bool numbers;      /* while reading: there was such a word */
    int count;         /* known words, those that say nothing included */
    int unknown;       /* words that nobody has told us */
    bool written_by;   /* "created by": staff follow */
    bool last_stands;  /* while reading: the word before said something */
};

struct ingest_dictionary_list {
    unsigned meaning;
    const char *words; /* a blank between them */
};
extern const struct ingest_dictionary_list ingest_dictionary[];
extern const size_t ingest_dictionary_lists;

/* Capitals, accents, underscores and points do not matter; compounds are taken apart:
 * Kundennummer, orderdate. Safe to call from any thread. */
struct ingest_meaning ingest_vocabulary_read(const char *name);

#endif
