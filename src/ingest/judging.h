/*
 * One column under judgement, and what the judges of guess.c and guess_customer.c share.
 * Not for others: guess.h is.
 */
#ifndef STRATA_INGEST_JUDGING_H
#define STRATA_INGEST_JUDGING_H

#include "ingest/guess.h"
#include "ingest/vocabulary.h"

/* What the file's columns together say of its rows. */
struct ingest_company {
    unsigned words; /* of enum ingest_word, of all names */
    bool persons; /* some column is told of people: an address, a birth, a first name, a customer */
    /* the column that numbers what is no customer, one a row: "Store ID"; or NULL */
    const char *lists;
};

struct judging {
    const struct ingest_candidate *column;
    const struct ingest_situation *situation;
    const struct ingest_portrait *portrait;
    const struct ingest_company *company;
    struct ingest_meaning meaning;
    uint64_t known, distinct;
    size_t place; /* among the columns */
    struct ingest_judgement *out;
};

/* Adds a reason to the judgement, as long as there is room. */
void ingest_reason(struct judging *judging, const char *format, ...) PRINTF_LIKE(2, 3);

static inline int at_most(int score, int most)
{
    return score < most ? score : most;
}

static inline bool has(const struct judging *judging, unsigned words)
{
    return (judging->meaning.words & words) != 0;
}

/* Every known value comes once; beyond INGEST_DISTINCT_EXACT the number is an estimate,
 * some per cent off. */
static inline bool all_different(const struct judging *judging)
{
    enum { ESTIMATED = 96 }; /* of 100: five times the estimate's standard error of 0.8 % */
    return judging->distinct * 100 >=
           judging->known * (judging->distinct > INGEST_DISTINCT_EXACT ? ESTIMATED : 100);
}

static inline bool mostly_mail(const struct judging *judging)
{
    return judging->portrait->known &&
           judging->portrait->mails * 10 >= judging->portrait->known * 8;
}

/* 1, 2, 3 …: written by whoever exported the file. */
bool ingest_numbers_rows(const struct judging *judging);
/* Whose row it is; writes the judgement. */
void ingest_judge_customer(struct judging *judging);
/* What the name alone says of that, 0…100; reasons go to the judgement. */
int ingest_customer_words(struct judging *judging);

#endif
