/*
 * The table of signs, and finding one in it. A sign's place in the table is its number, which
 * evidence counts by and nothing stores: signs may be added anywhere but before the first.
 */
#include "ingest/currency.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct sign {
    const char *text;
    const char *codes; /* what it means; when several, the likeliest first */
    enum ingest_sign_form form;
};

#define CODE(code)            \
    {                         \
        code, code, SIGN_CODE \
    }
/* Codes that are also words or the start of product numbers. */
#define WORD(code)            \
    {                         \
        code, code, SIGN_WORD \
    }

static const struct sign signs[] = {
    {"", "", SIGN_SYMBOL}, /* 0 is no sign */
    {"$", "USD CAD AUD NZD HKD SGD MXN TWD ARS CLP COP UYU BBD BSD BZD JMD NAD TTD FJD LRD BND XCD",
     SIGN_SYMBOL},
    {"\xe2\x82\xac", "EUR", SIGN_SYMBOL},
    {"\xc2\xa3", "GBP EGP GIP FKP SHP SYP LBP SSP", SIGN_SYMBOL},
    {"\xc2\xa5", "JPY CNY", SIGN_SYMBOL},
    {"\xef\xbf\xa5", "JPY CNY", SIGN_SYMBOL},
    {"\xe2\x82\xb9", "INR", SIGN_SYMBOL},
    {"\xe2\x82\xbd", "RUB", SIGN_SYMBOL},
    {"\xe2\x82\xa9", "KRW", SIGN_SYMBOL},
    {"\xe2\x82\xaa", "ILS", SIGN_SYMBOL},
    {"\xe2\x82\xab", "VND", SIGN_SYMBOL},
    {"\xe0\xb8\xbf", "THB", SIGN_SYMBOL},
    {"\xe2\x82\xb1", "PHP", SIGN_SYMBOL},
    {"\xe2\x82\xb4", "UAH", SIGN_SYMBOL},
    {"\xe2\x82\xa6", "NGN", SIGN_SYMBOL},
    {"\xe2\x82\xa1", "CRC", SIGN_SYMBOL},
    {"\xe2\x82\xb2", "PYG", SIGN_SYMBOL},
    {"\xe2\x82\xb5", "GHS", SIGN_SYMBOL},
    {"\xe2\x82\xb8", "KZT", SIGN_SYMBOL},
    {"\xe2\x82\xba", "TRY", SIGN_SYMBOL},
    {"\xe2\x82\xbc", "AZN", SIGN_SYMBOL},
    {"\xe2\x82\xbe", "GEL", SIGN_SYMBOL},
    {"\xe2\x82\xbf", "BTC", SIGN_SYMBOL},
    {"\xe2\x82\xa8", "INR PKR LKR NPR MUR", SIGN_SYMBOL},
    {"\xe0\xa7\xb3", "BDT", SIGN_SYMBOL},
    {"US$", "USD", SIGN_SYMBOL},
    {"USD$", "USD", SIGN_SYMBOL},
    {"U$S", "USD", SIGN_SYMBOL},
    {"$US", "USD", SIGN_SYMBOL},
    {"A$", "AUD", SIGN_SYMBOL},
    {"AU$", "AUD", SIGN_SYMBOL},
    {"C$", "CAD", SIGN_SYMBOL},
    {"CA$", "CAD", SIGN_SYMBOL},
    {"CAD$", "CAD", SIGN_SYMBOL},
    {"$CA", "CAD", SIGN_SYMBOL},
    {"NZ$", "NZD", SIGN_SYMBOL},
    {"HK$", "HKD", SIGN_SYMBOL},
    {"S$", "SGD", SIGN_SYMBOL},
    {"NT$", "TWD", SIGN_SYMBOL},
    {"MX$", "MXN", SIGN_SYMBOL},
    {"R$", "BRL", SIGN_SYMBOL},
    {"S/", "PEN", SIGN_SYMBOL},
    {"S/.", "PEN", SIGN_SYMBOL},
    {"RMB", "CNY", SIGN_CODE},
    {"\xe5\x85\x83", "CNY", SIGN_SYMBOL},
    {"\xe5\x86\x86", "JPY", SIGN_SYMBOL},
    {"\xec\x9b\x90", "KRW", SIGN_SYMBOL},
    {"kr", "SEK NOK DKK ISK", SIGN_CODE},
    {"kr.", "DKK NOK SEK ISK", SIGN_CODE},
    {"z\xc5\x82", "PLN", SIGN_CODE},
    {"zl", "PLN", SIGN_CODE},
    {"K\xc4\x8d", "CZK", SIGN_CODE},
    {"k\xc4\x8d", "CZK", SIGN_CODE},
    {"Ft", "HUF", SIGN_WORD},
    {"lei", "RON MDL", SIGN_WORD},
    {"\xd0\xbb\xd0\xb2", "BGN", SIGN_CODE},
    {"\xd0\xbb\xd0\xb2.", "BGN", SIGN_CODE},
    {"\xd1\x80\xd1\x83\xd0\xb1", "RUB", SIGN_CODE},
    {"\xd1\x80\xd1\x83\xd0\xb1.", "RUB", SIGN_CODE},
    {"\xd1\x80.", "RUB", SIGN_CODE},
    {"\xd0\xb3\xd1\x80\xd0\xbd", "UAH", SIGN_CODE},
    {"Fr.", "CHF", SIGN_CODE},
    {"Fr", "CHF", SIGN_WORD},
    {"SFr.", "CHF", SIGN_CODE},
    {"SFr", "CHF", SIGN_CODE},
    {"FCFA", "XOF XAF", SIGN_CODE},
    {"CFA", "XOF XAF", SIGN_CODE},
    {"Rs", "INR PKR LKR NPR MUR", SIGN_CODE},
    {"Rs.", "INR PKR LKR NPR MUR", SIGN_CODE},
    {"Rp", "IDR", SIGN_CODE},
    {"Rp.", "IDR", SIGN_CODE},
    {"RM", "MYR", SIGN_WORD},
    {"TL", "TRY", SIGN_WORD},
    {"R", "ZAR", SIGN_WORD},
    {"Euro", "EUR", SIGN_CODE},
    {"Euros", "EUR", SIGN_CODE},
    {"Eur.", "EUR", SIGN_CODE},
    {"dollars", "USD", SIGN_CODE},
    CODE("EUR"),
    CODE("USD"),
    CODE("GBP"),
    CODE("CHF"),
    CODE("JPY"),
    CODE("SEK"),
    CODE("NOK"),
    CODE("DKK"),
    CODE("PLN"),
    CODE("CZK"),
    CODE("HUF"),
    CODE("INR"),
    CODE("AUD"),
    CODE("CAD"),
    CODE("NZD"),
    CODE("CNY"),
    CODE("BRL"),
    CODE("ZAR"),
    CODE("MXN"),
    CODE("HKD"),
    CODE("SGD"),
    CODE("TWD"),
    CODE("KRW"),
    CODE("RUB"),
    CODE("RON"),
    CODE("BGN"),
    CODE("ISK"),
    CODE("UAH"),
    CODE("ILS"),
    CODE("AED"),
    CODE("THB"),
    CODE("IDR"),
    CODE("MYR"),
    CODE("VND"),
    CODE("CLP"),
    CODE("UYU"),
    CODE("EGP"),
    CODE("NGN"),
    CODE("KES"),
    CODE("QAR"),
    CODE("KWD"),
    CODE("BHD"),
    CODE("OMR"),
    CODE("JOD"),
    CODE("RSD"),
    CODE("MKD"),
    CODE("HRK"),
    CODE("KZT"),
    CODE("AZN"),
    CODE("AMD"),
    CODE("BYN"),
    CODE("MDL"),
    CODE("PKR"),
    CODE("LKR"),
    CODE("NPR"),
    CODE("BDT"),
    CODE("XOF"),
    CODE("XAF"),
    CODE("XPF"),
    CODE("XCD"),
    CODE("TND"),
    CODE("DZD"),
    CODE("GHS"),
    CODE("TZS"),
    CODE("UGX"),
    CODE("PYG"),
    CODE("CRC"),
    CODE("GTQ"),
    CODE("HNL"),
    CODE("NIO"),
    CODE("JMD"),
    CODE("TTD"),
    WORD("ALL"),
    WORD("TOP"),
    WORD("TRY"),
    WORD("CUP"),
    WORD("MOP"),
    WORD("GEL"),
    WORD("MAD"),
    WORD("PEN"),
    WORD("LAK"),
    WORD("BAM"),
    WORD("BOB"),
    WORD("COP"),
    WORD("DOP"),
    WORD("ARS"),
    WORD("SAR"),
    WORD("PHP"),
    WORD("PAB"),
    WORD("MUR"),
    WORD("ETB"),
    WORD("ZMW"),
    WORD("BWP"),
    WORD("NAD"),
    WORD("BTC"),
    WORD("FJD"),
};
enum { SIGN_COUNT = sizeof signs / sizeof *signs };
_Static_assert((int)SIGN_COUNT <= (int)CURRENCY_SIGNS_MAX, "a sign is a byte");

/* Chains of the signs that begin with the same byte, letters of either case together:
 * nearly every text that is asked about is none, and must be told so quickly. */
static struct {
    unsigned char heads[256], next[SIGN_COUNT], lengths[SIGN_COUNT];
} chains;
static pthread_once_t chained = PTHREAD_ONCE_INIT;

static unsigned char first_byte(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? byte | 32 : byte;
}

static void make_chains(void)
/* From the back, so that of two equal signs the chain holds the one that stands first. */
{
    for (size_t i = SIGN_COUNT - 1; i >= 1; i--) {
        unsigned char first = first_byte(*signs[i].text);
        chains.lengths[i] = (unsigned char)strlen(signs[i].text);
        chains.next[i] = chains.heads[first];
        chains.heads[first] = (unsigned char)i;
    }
}

unsigned char ingest_sign_find(struct text text, enum ingest_sign_form *form)
{
    pthread_once(&chained, make_chains);
    for (unsigned char i = chains.heads[first_byte(*text.data)]; i; i = chains.next[i]) {
        if (chains.lengths[i] != text.length ||
            strncasecmp(signs[i].text, text.data, text.length) != 0)
            continue;
        *form = signs[i].form;
        return i;
    }
    return 0;
}

const char *ingest_sign_text(unsigned char sign)
{
    return sign < SIGN_COUNT ? signs[sign].text : "";
}

bool ingest_sign_is_word(unsigned char sign)
{
    return sign < SIGN_COUNT && signs[sign].form == SIGN_WORD &&
           strcmp(signs[sign].text, signs[sign].codes) == 0;
}

char *ingest_sign_code(unsigned char sign, const char *store_currency, char out[4], bool *doubtful)
{
    const char *list = sign < SIGN_COUNT ? signs[sign].codes : "";
    bool own = store_currency && strlen(store_currency) == 3 && strstr(list, store_currency);

    if (doubtful)
        *doubtful = strlen(list) > 3 && !own;
    snprintf(out, 4, "%.3s", own ? store_currency : list);
    return out;
}
