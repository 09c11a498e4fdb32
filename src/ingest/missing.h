/*
 * Words for "no value". Some mean it everywhere (an empty field, NA, NULL); others only
 * where numbers or dates are expected: a lone dash in a column of amounts is nothing, in
 * a column of texts it is what somebody wrote. --na adds words that mean it everywhere,
 * for all columns or for one.
 */
#ifndef STRATA_INGEST_MISSING_H
#define STRATA_INGEST_MISSING_H

#include "base/arena.h"
#include "base/text.h"

enum ingest_missing_kind { MISSING_NOT, MISSING_WEAK, MISSING_STRONG };

struct ingest_missing_word {
    struct text text;
    bool strong, exact; /* exact: capitals count */
};

/* Immutable once made; may be shared by threads. */
struct ingest_missing {
    const struct ingest_missing_word *words;
    size_t count;
    size_t longest[256]; /* by first byte: the length of the longest word that begins with it */
};

/* What is meant without --na. Lives for ever. */
const struct ingest_missing *ingest_missing_default(void);
/* base and the words of a list such as "-,n/a,0"; in arena. */
const struct ingest_missing *ingest_missing_add(const struct ingest_missing *base, const char *list,
                                                struct arena *arena);
/* Whether value (not empty) is one of the words, and which (*word may be NULL). */
enum ingest_missing_kind ingest_missing_find(const struct ingest_missing *missing,
                                             struct text value, size_t *word);
/* The quick question before it: false for nearly all values. */
static inline bool ingest_missing_may(const struct ingest_missing *missing, struct text value)
{
    return value.length <= missing->longest[(unsigned char)*value.data];
}

#endif
