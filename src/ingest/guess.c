/*
 * Guessing roles. A name speaks first: each role has words that people use for it, with weights. The values then
 * confirm or forbid: an amount is a number, a time reads as one, a customer comes back. What is guessed is always shown
 * with its confidence, and an option overrules it.
 */
#include "ingest/column.h"

#include <ctype.h>
#include <string.h>

struct clue {
    const char *word; /* letters and digits of the name in lower case */
    int weight;       /* 0…100 */
    bool whole;       /* the whole name, or a part of it */
};

static const struct clue customer_clues[] = {
    {"customerid", 95, true},  {"customer", 92, true},  {"customerkey", 95, true}, {"customernumber", 95, true},
    {"customerno", 95, true},  {"custid", 93, true},    {"clientid", 92, true},    {"client", 88, true},
    {"clientnum", 92, true},   {"userid", 90, true},    {"user", 86, true},        {"memberid", 90, true},
    {"householdid", 90, true}, {"household", 86, true}, {"accountid", 70, true},   {"visitorid", 80, true},
    {"contactid", 82, true},   {"personid", 82, true},  {"masterid", 72, true},    {"shopperid", 85, true},
    {"buyerid", 85, true},     {"hhid", 80, true},      {"email", 62, true},       {"emailaddress", 62, true},
    {"recid", 60, true},       {"uniqueid", 58, true},  {"id", 56, true},          {"customer", 70, false},
    {"client", 60, false},     {"userid", 60, false},
};
static const struct clue time_clues[] = {
    {"timestamp", 92, true},  {"time", 92, true},       {"date", 90, true},        {"datetime", 92, true},
    {"createdat", 90, true},  {"occurredat", 92, true}, {"invoicedate", 92, true}, {"orderdate", 92, true},
    {"timestamp", 85, false}, {"datetime", 82, false},  {"date", 72, false},       {"time", 66, false},
    {"createdat", 80, false}, {"day", 45, true},
};
static const struct clue time_against[] = {
    {"birth", 60, false}, {"stock", 30, false}, {"ship", 20, false},   {"due", 30, false},
    {"end", 25, false},   {"expir", 40, false}, {"update", 15, false}, {"modified", 20, false},
};
static const struct clue amount_clues[] = {
    {"amount", 95, true},   {"total", 88, true},      {"revenue", 92, true},     {"totalamount", 95, true},
    {"sales", 84, true},    {"salesvalue", 92, true}, {"dollarvalue", 90, true}, {"value", 72, true},
    {"spend", 82, true},    {"price", 60, true},      {"turnover", 85, true},    {"amount", 80, false},
    {"revenue", 78, false}, {"total", 66, false},     {"sales", 66, false},      {"value", 60, false},
    {"spend", 60, false},   {"price", 45, false},     {"cost", 30, false},
};
static const struct clue group_clues[] = {
    {"invoiceno", 95, true}, {"invoice", 92, true},   {"invoiceid", 95, true},   {"invoicenumber", 95, true},
    {"orderid", 93, true},   {"orderno", 93, true},   {"ordernumber", 95, true}, {"basketid", 92, true},
    {"basket", 88, true},    {"receiptid", 92, true}, {"receipt", 86, true},     {"transactionid", 85, true},
    {"invoice", 60, false},  {"basket", 60, false},   {"receipt", 60, false},
};

#define CLUES(array) array, sizeof array / sizeof *array

/* Letters and digits in lower case: "Invoice No." and invoice_no are the same word. */
static void plain_name(const char *name, char *out, size_t size)
{
    size_t used = 0;
    for (; *name && used + 1 < size; name++)
        if (isalnum((unsigned char)*name))
            out[used++] = (char)tolower((unsigned char)*name);
    out[used] = 0;
}

static int best_clue(const char *plain, const struct clue *clues, size_t count)
{
    int best = 0;
    for (size_t i = 0; i < count; i++) {
        bool hit = clues[i].whole ? strcmp(plain, clues[i].word) == 0 : strstr(plain, clues[i].word) != NULL;
        if (hit && clues[i].weight > best)
            best = clues[i].weight;
    }
    return best;
}

static uint64_t known_values(const struct ingest_candidate *column)
{
    return column->evidence->rows - column->evidence->forms[FORM_UNKNOWN];
}

static bool is_number(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
}

static int customer_confidence(const struct ingest_candidate *column, const char *plain, const char *kind)
{
    int score = best_clue(plain, CLUES(customer_clues));
    enum value_type type = column->type->type;
    uint64_t known = known_values(column), distinct = ingest_distinct_count(&column->evidence->distinct, NULL);
    if (score == 0 || known == 0 || (type != VALUE_INT && type != VALUE_TEXT))
        return 0;
    bool traits = strcmp(kind, SCHEMA_TRAIT_TABLE) == 0;
    if (distinct == 1 && known > 1)
        score -= 40;
    if (traits && distinct < known)
        score -= 10;
    if (!traits && distinct == known && known > 100 && score < 70)
        score -= 20; /* a bare "id" that never comes back is the fact's own */
    return score;
}

static int time_confidence(const struct ingest_candidate *column, const char *plain, const char *kind)
{
    enum value_type type = column->type->type;
    char plain_kind[64];
    plain_name(kind, plain_kind, sizeof plain_kind);
    int score = best_clue(plain, CLUES(time_clues));
    const struct ingest_evidence *evidence = column->evidence;
    uint64_t known = known_values(column);
    bool dates = type == VALUE_DATE || type == VALUE_TIME || (known && evidence->date_values * 2 >= known && score);
    if (!dates)
        return 0;
    score = score ? score : 40;
    if (*plain_kind && strncmp(plain, plain_kind, strlen(plain_kind)) == 0)
        score += 5;
    score -= best_clue(plain, CLUES(time_against));
    return score > 99 ? 99 : score;
}

static int amount_confidence(const struct ingest_candidate *column, const char *plain)
{
    int score = best_clue(plain, CLUES(amount_clues));
    if (!is_number(column->type->type) || score == 0)
        return 0;
    return column->type->type == VALUE_DECIMAL ? score : score - 15;
}

static int group_confidence(const struct ingest_candidate *column, const char *plain)
{
    int score = best_clue(plain, CLUES(group_clues));
    uint64_t known = known_values(column), distinct = ingest_distinct_count(&column->evidence->distinct, NULL);
    return score && distinct * 10 < known * 9 ? score : 0;
}

int ingest_confidence(enum ingest_role role, const struct ingest_candidate *column, const char *kind)
{
    char plain[256];
    plain_name(column->name, plain, sizeof plain);
    int score = 0;
    if (role == ROLE_CUSTOMER)
        score = customer_confidence(column, plain, kind);
    else if (role == ROLE_TIME)
        score = time_confidence(column, plain, kind);
    else if (role == ROLE_AMOUNT)
        score = amount_confidence(column, plain);
    else
        score = group_confidence(column, plain);
    return score < 0 ? 0 : score;
}

struct ingest_guess ingest_guess(enum ingest_role role, const struct ingest_candidate *columns, size_t count,
                                 const char *kind)
{
    struct ingest_guess best = {-1, 0};
    for (size_t i = 0; i < count; i++) {
        int confidence = ingest_confidence(role, &columns[i], kind);
        if (confidence >= 40 && confidence > best.confidence)
            best = (struct ingest_guess){(int)i, confidence};
    }
    return best;
}

bool ingest_additive_name(const char *name)
{
    static const struct clue additive[] = {
        {"quantity", 90, false}, {"qty", 90, false},      {"units", 80, false}, {"amount", 90, false},
        {"total", 80, false},    {"revenue", 90, false},  {"sales", 80, false}, {"disc", 70, false},
        {"tax", 70, true},       {"shipping", 70, false}, {"spend", 80, false}, {"value", 60, false},
        {"numberof", 60, false}, {"cost", 50, false},     {"items", 60, true},
    };
    static const struct clue against[] = {
        {"unitprice", 90, false}, {"price", 60, false}, {"rate", 80, false},  {"percent", 90, false},
        {"pct", 90, false},       {"avg", 90, false},   {"score", 90, false}, {"unitcost", 90, false},
    };
    char plain[256];
    plain_name(name, plain, sizeof plain);
    return best_clue(plain, CLUES(additive)) > best_clue(plain, CLUES(against));
}
