/*
 * Signs of money that stand before or behind an amount: ISO 4217 codes, symbols, and
 * words such as kr. A sign has a number so that evidence can count it; what it means is a
 * code, and a symbol that several countries use ($, kr, ¥) means the store's currency
 * when that is one of them.
 */
#ifndef STRATA_INGEST_CURRENCY_H
#define STRATA_INGEST_CURRENCY_H

#include "base/text.h"

enum { CURRENCY_SIGNS_MAX = 256 }; /* a sign is a byte */

enum ingest_sign_form {
    SIGN_SYMBOL, /* €: may stand right at the number */
    SIGN_CODE,   /* EUR, kr: likewise, for amounts are all it is used for */
    SIGN_WORD,   /* ALL, R, TOP: also means other things, so the number must have a fraction */
};

/* The number of the sign, 1…255, or 0 when text is none. Capitals do not count for letters. */
unsigned char ingest_sign_find(struct text text, enum ingest_sign_form *form);
/* "€", "EUR": as it is best known. */
const char *ingest_sign_text(unsigned char sign);
/* A code that means other things as often: ALL, TOP, SAR. */
bool ingest_sign_is_word(unsigned char sign);
/* The code it means in a store with that currency (or NULL), into out; returns out.
 * *doubtful (may be NULL) says that it could mean others as well. */
char *ingest_sign_code(unsigned char sign, const char *store_currency, char out[4], bool *doubtful);

#endif
