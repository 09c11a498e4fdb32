/*
 * Guessing what a column is for: whose row it is, when it happened, what it was worth,
 * which lines belong together, and of reference tables the key. Every judgement bears its
 * reasons, so that people can be shown them.
 */
#ifndef STRATA_INGEST_GUESS_H
#define STRATA_INGEST_GUESS_H

#include "ingest/column.h"
#include "ingest/portrait.h"

enum ingest_role { ROLE_CUSTOMER, ROLE_TIME, ROLE_AMOUNT, ROLE_GROUP, ROLE_KEY, ROLES };

/* Below this nobody is taken for the customer, and nothing for the key, without being
 * asked: a wrong one ruins a store quietly. */
enum { GUESS_SURE = 90, GUESS_LIKELY = 50 };

struct ingest_candidate {
    const char *name;
    const struct ingest_evidence *evidence;
    const struct ingest_type *type;
    const struct ingest_portrait *portrait; /* NULL: nobody looked */
    bool unnamed;                           /* the header has no name for it */
};

/* What is being imported. */
struct ingest_situation {
    const char *table; /* the kind or the reference table */
    bool traits, reference;
    bool dated; /* traits with a time of their own: a customer may come again */
};

struct ingest_guess {
    int column;     /* −1: none is likely enough */
    int confidence; /* 0…100 */
};

enum { JUDGEMENT_REASONS = 4, JUDGEMENT_REASON_MAX = 80 };
struct ingest_judgement {
    int confidence; /* 0…100 */
    char reasons[JUDGEMENT_REASONS][JUDGEMENT_REASON_MAX];
    int reason_count;
};

/* How sure one is that each column plays the role; out has room for count of them. */
void ingest_judge(enum ingest_role role, const struct ingest_candidate *columns, size_t count,
                  const struct ingest_situation *situation, struct ingest_judgement *out);
/* The best one that is good enough: GUESS_SURE for customers and keys, GUESS_LIKELY for
 * the others. */
struct ingest_guess ingest_guess(enum ingest_role role, const struct ingest_candidate *columns,
                                 size_t count, const struct ingest_situation *situation);
/* What a name alone says, for messages and for what --set computes: 0…100 sure, or yes and no. */
int ingest_amount_name(const char *name);
int ingest_customer_name(const char *name);
bool ingest_time_name(const char *name);
bool ingest_price_name(const char *name); /* a price and no total */
bool ingest_quantity_name(const char *name);
/* Numbers that may be added up over the lines of an invoice: quantity, amount, discount;
 * not price, rate, score. */
bool ingest_additive_name(const char *name);

#endif
