/*
 * What the words in a column's name mean: customer, number, date, amount …, in the languages people export in.
 */
#ifndef STRATA_INGEST_VOCABULARY_H
#define STRATA_INGEST_VOCABULARY_H

#include "base/map.h"

enum ingest_word {
    WORD_CUSTOMER = 1 << 0,   /* customer, client, Kunde */
    WORD_PERSON = 1 << 1,     /* user, account, donor, Haushalt: a customer where nothing better is there */
    WORD_MAIL = 1 << 2,       /* an address for e-mail */
    WORD_ID = 1 << 3,         /* id, number, code, key */
    WORD_ROW = 1 << 4,        /* rownames, index: numbers of rows */
    WORD_TIME = 1 << 5,       /* date, time, Datum */
    WORD_EVENT = 1 << 6,      /* order, invoice, payment: things that happen, and whose number groups lines */
    WORD_HAPPENED = 1 << 7,   /* created, paid, posted: what makes a time the fact's own */
    WORD_OTHER_TIME = 1 << 8, /* birth, due, shipped, updated: times of something else */
    WORD_AMOUNT = 1 << 9,     /* amount, total, Betrag, revenue */
    WORD_TOTAL = 1 << 10,     /* total, grand, gross, net */
    WORD_PRICE = 1 << 11,     /* price: of a piece, unless there is nothing else */
    WORD_PART = 1 << 12,      /* tax, fee, discount, balance, income: money that is not the amount */
    WORD_QUANTITY = 1 << 13,  /* quantity, units, Menge */
    WORD_THING = 1 << 14,     /* product, store, campaign: entities that are no customers */
    WORD_TRAIT = 1 << 15,     /* name, type, age, city, count: something about what the other words name */
    WORD_AGAINST = 1 << 16,   /* seller, agent, owner, sender: persons, and not the customer */
    WORD_NEUTRAL = 1 << 17,   /* the, of, de, billing, unique */
    WORD_LEVEL = 1 << 18,     /* percent, average, balance, score: how much it is, and never added up over lines */
};

struct ingest_meaning {
    unsigned words; /* of enum ingest_word, all that occur */
    unsigned last;  /* of the last known word that says something */
    int count;      /* known words, those that say nothing included */
    int unknown;    /* words that nobody has told us */
};

struct ingest_vocabulary {
    struct text_map known;
};
void ingest_vocabulary_init(struct ingest_vocabulary *words);
void ingest_vocabulary_release(struct ingest_vocabulary *words);
/* Capitals, accents, underscores and points do not matter; compounds are taken apart: Kundennummer, orderdate. */
struct ingest_meaning ingest_vocabulary_read(const struct ingest_vocabulary *words, const char *name);

#endif
