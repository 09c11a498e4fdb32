/*
 * From evidence to a type. Every rule here looks at counts over all rows of a column,
 * never at a single value, and at the column's name only where the values leave two
 * readings open (a day number is a number unless the column is one of dates). Dates come
 * before numbers, numbers before text; a value in a thousand may be wrong before a column
 * is something else.
 */
#include "ingest/column.h"
#include "ingest/currency.h"
#include "ingest/guess.h"
#include "ingest/pattern.h"
#include "ingest/vocabulary.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *name;
    enum value_type type;
} declared_types[] = {
    {"text", VALUE_TEXT},     {"integer", VALUE_INT},     {"decimal", VALUE_DECIMAL},
    {"double", VALUE_DOUBLE}, {"yes/no", VALUE_BOOL},     {"date", VALUE_DATE},
    {"time", VALUE_TIME},     {"set of text", VALUE_SET}, {"location", VALUE_POINT},
};

static enum value_type declared_type(const char *declared)
{
    for (size_t i = 0; declared && i < sizeof declared_types / sizeof *declared_types; i++)
        if (strcmp(declared_types[i].name, declared) == 0)
            return declared_types[i].type;
    return VALUE_NONE;
}

enum status ingest_check_declared(const char *declared, struct error *error)
{
    if (declared_type(declared) || ingest_date_format_from(declared) || ingest_is_pattern(declared))
        return STATUS_OK;
    enum status status = error_set(error, STATUS_USAGE, "\"%s\" is not a type", declared);
    error_hint(error, "use text, integer, decimal, double, yes/no, date, time, set of text, "
                      "location, or a date format "
                      "such as D/M/YYYY or %%d.%%m.%%y");
    return status;
}

/* Names */

enum { WORDS_MAX = 256 }; /* bytes of a name that are looked at, with blanks around its words */

/* The words of a name, in lower case with a space at both ends of each: " order date " of
 * OrderDate2. */
static void name_words(const char *name, char *out, size_t size)
{
    size_t used = 0;
    bool lower = false;
    out[used++] = ' ';

    /* a capital behind a small letter begins a word, and so does whatever follows no letter */
    for (; name && *name && used + 3 < size; name++) {
        unsigned char c = (unsigned char)*name;
        bool letter = isalpha(c) || c >= 0x80;
        if (((isupper(c) && lower) || !letter) && out[used - 1] != ' ')
            out[used++] = ' ';
        if (letter)
            out[used++] = (char)tolower(c);
        lower = islower(c);
    }
    if (out[used - 1] != ' ')
        out[used++] = ' ';
    out[used] = 0;
}

static bool has_word(const char *name, const char *const *list)
{
    char words[WORDS_MAX];
    name_words(name, words, sizeof words);
    for (; *list; list++)
        if (strstr(words, *list))
            return true;
    return false;
}

/* The length of a name's words without what says the unit or the zone: "created at" of
 * created_at_ms. */
static size_t length_without_unit(const char *words)
{
    static const char *const units[] = {
        " seconds ", " secs ", " sec ",   " s ",   " millis ", " milliseconds ", " ms ",   " us ",
        " micros ",  " ns ",   " nanos ", " utc ", " gmt ",    " local ",        " unix ", NULL};
    size_t length = strlen(words);
    for (size_t i = 0; units[i]; i++) {
        size_t end = strlen(units[i]);
        if (length > end && strcmp(words + length - end, units[i]) == 0)
            return length - end + 1;
    }
    return length;
}

/* Whether the last word of a name is one of the list: "paid at", and not "amount at risk". */
static bool ends_with_word(const char *name, const char *const *list)
{
    char words[WORDS_MAX];
    name_words(name, words, sizeof words);
    size_t length = length_without_unit(words);
    words[length] = 0;
    for (; *list; list++) {
        size_t end = strlen(*list);
        if (length >= end && strcmp(words + length - end, *list) == 0)
            return true;
    }
    return false;
}

static bool is_word(const char *name, const char *const *list)
{
    char words[WORDS_MAX];
    name_words(name, words, sizeof words);
    for (; *list; list++)
        if (strcmp(words, *list) == 0)
            return true;
    return false;
}

/* Rates and sizes have words of times in their names: visits per day, data usage. */
static bool name_says_quantity(const char *name)
{
    static const char *const words[] = {
        " per ",  " par ",       " pro ",     " je ",   " por ",   " usage ", " used ",
        " size ", " rate ",      " mb ",      " gb ",   " count ", " phone ", " value ",
        " by ",   " candidate ", " mandate ", " hold ", " kb ",    " bytes ", NULL};
    return has_word(name, words);
}

/* The strictest: day numbers of a spreadsheet, which any amount could be, become dates by it. */
static bool name_says_date(const char *name)
{
    static const char *const words[] = {
        "date ", "datum ", " fecha ", " data ",     "timestamp ",   "datetime ", " dob ",
        " dt ",  " dato ", " vom ",   " birthday ", " geburtstag ", NULL};
    static const char *const last[] = {" at ", " on ", NULL};
    static const char *const whole[] = {" day ", " tag ", " jour ", " dia ", " giorno ", NULL};
    return (has_word(name, words) || ends_with_word(name, last) || is_word(name, whole)) &&
           !name_says_quantity(name);
}

/* Numbers of eight and more digits become days and moments by it: identifiers and
 * telephone numbers have as many, so that parts of words ("daytime phone", "updated by",
 * "lifetime value") say nothing. */
static bool name_says_moment(const char *name)
{
    static const char *const words[] = {" ts ", " epoch ", " time ", " unixtime ", NULL};
    static const char *const last[] = {
        " created ",   " updated ", " modified ", " changed ",   " when ",      " since ",
        " zeit ",      " day ",     " tag ",      " jour ",      " dia ",       " giorno ",
        " month ",     " monat ",   " mois ",     " mes ",       " mese ",      " week ",
        " woche ",     " quarter ", " quartal ",  " eventtime ", " starttime ", " endtime ",
        " ordertime ", NULL};
    return name_says_date(name) ||
           ((has_word(name, words) || ends_with_word(name, last)) && !name_says_quantity(name));
}

bool ingest_name_says_time(const char *name)
{
    static const char *const periods[] = {" month ", " monat ",   " mois ",    " mes ",
                                          " mese ",  " quarter ", " quartal ", " week ",
                                          " woche ", " day ",     " period ",  NULL};
    return name_says_moment(name) || has_word(name, periods);
}

bool ingest_name_says_birth(const char *name)
{
    static const char *const words[] = {
        " birth",     "birth",   " dob ",      " born ",   "geburt",    " geb ", "naissance",
        "nacimiento", "nascita", "nascimento", "geboorte", "urodzenia", NULL};
    return has_word(name, words);
}

/* Dates */

/* Formats that cannot be mistaken for one another; those of digits alone; those that name
 * less than a day. */
enum {
    CLEAR_DATES = DATE_FORMAT_YMD | DATE_FORMAT_DMY_DOT | DATE_FORMAT_D_MONTH_Y |
                  DATE_FORMAT_MONTH_D_Y | DATE_FORMAT_Y_MONTH_D,
    NUMBER_DATES = DATE_FORMAT_COMPACT | DATE_FORMAT_SECONDS | DATE_FORMAT_MILLIS |
                   DATE_FORMAT_MICROS | DATE_FORMAT_NANOS,
    NAMED_PART_DATES = DATE_FORMAT_YEAR_MONTH | DATE_FORMAT_QUARTER | DATE_FORMAT_WEEK,
    PART_DATES = NAMED_PART_DATES | DATE_FORMAT_MONTH_Y,
    SLASHED_DATES = DATE_FORMAT_MDY | DATE_FORMAT_DMY,
    NUMBERED_DATES = DATE_FORMAT_SERIAL | DATE_FORMAT_YEAR,
};

static uint64_t date_count(const struct ingest_evidence *evidence, unsigned formats)
{
    uint64_t count = 0;
    for (unsigned bits = formats & DATE_FORMATS; bits; bits &= bits - 1)
        count += evidence->dates[__builtin_ctz(bits)];
    return count;
}

enum {
    ODD_ONE_IN = 1000, /* one odd value in so many is a mistake, and no other kind of column */
    PHONE_DIGITS = 7,  /* and more; shorter numbers in groups are amounts that happen to be alike */
};

/* One in a thousand may be wrong (and is set aside) before a column is something else. */
static bool nearly_all(uint64_t count, uint64_t of)
{
    return count == of || (count < of && of - count <= of / ODD_ONE_IN);
}

/* Dates that no calendar has are mistakes of single rows, which are set aside, as long as
 * they are few: as many as may be odd in a column that the store has (keep.c). */
static bool few_impossible(const struct ingest_evidence *evidence, uint64_t count, uint64_t known)
{
    uint64_t impossible = evidence->impossible;
    bool few = impossible * INGEST_ODD_SHARE <= known ||
               (impossible <= INGEST_ODD_ROWS && impossible * 2 < known);
    return impossible && few && nearly_all(count + impossible, known);
}

/* Which of the two orders of day and month, and how sure it is. */
static unsigned choose_order(const struct ingest_evidence *evidence, unsigned declared,
                             const struct ingest_type_hint *hint, struct ingest_type *type)
{
    uint64_t mdy = date_count(evidence, DATE_FORMAT_MDY),
             dmy = date_count(evidence, DATE_FORMAT_DMY);
    uint64_t only_mdy = mdy - evidence->either_order, only_dmy = dmy - evidence->either_order;

    /* what was said rules; what the values prove comes next; only then what else speaks for an
     * order */
    if (declared & SLASHED_DATES)
        return declared & SLASHED_DATES;
    uint64_t less = only_mdy < only_dmy ? only_mdy : only_dmy;
    type->contradictory = less > 0 && !nearly_all(mdy > dmy ? mdy : dmy,
                                                  only_mdy + only_dmy + evidence->either_order);

    /* every date reads both ways: no value proves anything */
    if (only_mdy == 0 && only_dmy == 0 && mdy > 0) {
        type->remembered = (hint->remembered & SLASHED_DATES) != 0;
        type->inferred = !type->remembered && hint->day_first;
        type->ambiguous = !type->remembered && !type->inferred;
        if (type->inferred)
            return DATE_FORMAT_DMY;
        return type->remembered ? hint->remembered & SLASHED_DATES : DATE_FORMAT_MDY;
    }
    return dmy > mdy ? DATE_FORMAT_DMY : DATE_FORMAT_MDY;
}

/* The format most values have, the allowed set around it, and how many values read under
 * that set. */
static uint64_t choose_dates(const struct ingest_evidence *evidence, unsigned declared,
                             const struct ingest_type_hint *hint, struct ingest_type *type)
{
    struct ingest_type found = *type;
    unsigned slashed = choose_order(evidence, declared, hint, &found);
    unsigned allowed = CLEAR_DATES | slashed | NUMBER_DATES | PART_DATES;

    uint64_t best = 0;
    for (unsigned bits = allowed; bits; bits &= bits - 1) {
        unsigned format = bits & -bits;
        if (date_count(evidence, format) > best) {
            best = date_count(evidence, format);
            found.format = (enum ingest_date_format)format;
        }
    }

    /* the doubts about the order of day and month are of no concern where dates are written
     * otherwise */
    if (found.format != slashed)
        found.ambiguous = found.remembered = found.inferred = found.contradictory = false;

    /* numbers and months stand alone in a column, other ways of writing a date may be mixed */
    bool alone = found.format & (NUMBER_DATES | PART_DATES);
    found.dates = alone ? found.format : CLEAR_DATES | slashed;
    *type = found;
    return date_count(evidence, type->dates);
}

/* Day numbers of a spreadsheet, and years: numbers that only the column's place makes dates. */
static bool decide_numbered(const struct ingest_evidence *evidence,
                            const struct ingest_type_hint *hint, uint64_t known,
                            struct ingest_type *type)
{
    unsigned declared = hint->declared ? ingest_date_format_from(hint->declared) : 0;
    enum value_type wanted = declared_type(hint->declared);
    bool date = wanted == VALUE_DATE || wanted == VALUE_TIME, open = !hint->declared || date;

    /* Every known value has to be one, and something has to speak for it besides: prices and counts
     * lie in the same range. */
    bool serial = open && known && evidence->serials == known &&
                  (hint->time || date || name_says_date(hint->name));
    bool year = open && known && evidence->years == known && (hint->time || date);
    if (declared & NUMBERED_DATES)
        type->format = (enum ingest_date_format)(declared & NUMBERED_DATES);
    else if (serial || year)
        type->format = serial ? DATE_FORMAT_SERIAL : DATE_FORMAT_YEAR;
    else
        return false;

    type->dates = type->format;
    bool clocks = type->format == DATE_FORMAT_SERIAL && evidence->fractional;
    type->type = clocks || wanted == VALUE_TIME ? VALUE_TIME : VALUE_DATE;
    return true;
}

static bool decide_date(const struct ingest_evidence *evidence, const struct ingest_type_hint *hint,
                        uint64_t known, struct ingest_type *type)
{
    struct ingest_type found = *type;
    found.past = ingest_name_says_birth(hint->name);
    if (hint->pattern) {
        found.pattern = hint->pattern;
        found.format = DATE_FORMAT_PATTERN;
        found.dates = DATE_FORMAT_PATTERN;
        found.type = ingest_pattern_has_clock(hint->pattern) ? VALUE_TIME : VALUE_DATE;
        *type = found;
        return true;
    }

    if (decide_numbered(evidence, hint, known, type))
        return true;

    /* Formats that are numbers or mere parts of a date need a name that speaks of one;
     * all others need but that nearly every value reads so. What was asked for is a date
     * whatever it is. */
    unsigned declared_format = hint->declared ? ingest_date_format_from(hint->declared) : 0;
    uint64_t count = choose_dates(evidence, declared_format, hint, &found);
    if (declared_format & (NUMBER_DATES | PART_DATES))
        found.format = (enum ingest_date_format)declared_format, found.dates = declared_format;

    enum value_type declared = declared_type(hint->declared);
    bool wanted = hint->time || declared_format || declared == VALUE_DATE || declared == VALUE_TIME;
    bool by_name = found.format & (NUMBER_DATES | NAMED_PART_DATES);
    bool named = found.format & NUMBER_DATES ? name_says_moment(hint->name)
                                             : ingest_name_says_time(hint->name);
    bool fits = by_name ? count == known && named
                        : nearly_all(count, known) || few_impossible(evidence, count, known);
    if (declared && declared != VALUE_DATE && declared != VALUE_TIME)
        fits = false;
    if (!wanted && !(count && fits))
        return false;

    found.type = !evidence->clocked && declared != VALUE_TIME ? VALUE_DATE : VALUE_TIME;
    *type = found;
    return true;
}

/* Numbers */

static void decide_number(const struct ingest_evidence *evidence, enum value_type declared,
                          struct ingest_type *type)
{
    uint64_t decimals = evidence->forms[FORM_DECIMAL], doubles = evidence->forms[FORM_DOUBLE];

    /* 4.0128e+10 among whole numbers is a whole number that a spreadsheet shortened */
    if (!decimals && doubles == evidence->whole_doubles && doubles < evidence->forms[FORM_INT])
        doubles = 0;
    type->dot_zero = decimals && evidence->dot_zero == decimals && !doubles;
    if (declared == VALUE_DOUBLE || doubles ||
        evidence->max_scale + evidence->max_digits > INGEST_DIGITS_MAX)
        type->type = VALUE_DOUBLE;
    else if (decimals && !type->dot_zero)
        type->type = VALUE_DECIMAL;
    else
        type->type = declared == VALUE_DECIMAL ? VALUE_DECIMAL : VALUE_INT;

    if (type->type == VALUE_DECIMAL)
        type->scale = evidence->max_scale;
    if (type->type == VALUE_DOUBLE)
        type->dot_zero = false;
}

/* Numbers that a spreadsheet has shortened, in a column whose name says that they name
 * somebody or something. */
static bool shortened_codes(const struct ingest_evidence *evidence,
                            const struct ingest_type_hint *hint, uint64_t known)
{
    static const char *const words[] = {
        " id ",      " ids ",    "customer ", " kunde ",     " client ", " user ",    " account ",
        " konto ",   " number ", " nummer ",  " no ",        " nr ",     " key ",     " code ",
        " card ",    " iban ",   " ean ",     " gtin ",      " sku ",    " barcode ", " phone ",
        " telefon ", "id ",      " ref ",     " reference ", NULL};
    return evidence->rounded && evidence->rounded + evidence->forms[FORM_INT] == known &&
           has_word(hint->name, words);
}

/* 600 123 456 in every row: telephone numbers and accounts, not amounts, of which some
 * would be shorter. */
static bool grouped_codes(const struct ingest_evidence *evidence, uint64_t known)
{
    return known > 1 && evidence->spaced == known && evidence->max_scale == 0 && !evidence->signs &&
           evidence->max_digits == evidence->min_digits && evidence->max_digits >= PHONE_DIGITS;
}

/* 1876364245.1737968062 under "client_id": a double would lose the last digits, and make
 * one of two clients. */
static bool long_ids(const struct ingest_evidence *evidence, const struct ingest_type_hint *hint)
{
    const unsigned ids =
        WORD_ID | WORD_CUSTOMER | WORD_PERSON | WORD_DEVICE | WORD_EVENT | WORD_REFERENCE;
    bool exponents = evidence->forms[FORM_DOUBLE] > evidence->long_numbers;
    bool loses =
        evidence->long_numbers || evidence->max_scale + evidence->max_digits > INGEST_DIGITS_MAX;
    return loses && !exponents && !evidence->signs && hint->name &&
           !ingest_amount_name(hint->name) && (ingest_vocabulary_read(hint->name).words & ids);
}

/* 821.93 SAR on a shelf, 2.50 ALL in a dose: words that are currencies, too, in a column
 * that says nothing of money. */
static bool signs_are_words(const struct ingest_evidence *evidence,
                            const struct ingest_type_hint *hint, uint64_t known)
{
    uint64_t signs = 0;
    const unsigned money =
        WORD_AMOUNT | WORD_TOTAL | WORD_PRICE | WORD_PART | WORD_EVENT | WORD_CURRENCY | WORD_LEVEL;
    bool words = evidence->signs != NULL;
    for (unsigned sign = 1; words && sign < CURRENCY_SIGNS_MAX; sign++) {
        words = !evidence->signs[sign] || ingest_sign_is_word((unsigned char)sign);
        signs += evidence->signs[sign];
    }
    return words && signs == known && hint->name &&
           !(ingest_vocabulary_read(hint->name).words & money);
}

static bool decide_undeclared_number(const struct ingest_evidence *evidence,
                                     const struct ingest_type_hint *hint, uint64_t known,
                                     struct ingest_type *type)
{
    const uint64_t *forms = evidence->forms;
    uint64_t finite = forms[FORM_INT] + forms[FORM_DECIMAL] + forms[FORM_DOUBLE];
    uint64_t numbers = finite + forms[FORM_NONFINITE];

    /* text with digits in it among numbers are codes, of which the others are some */
    if (!finite || !nearly_all(numbers, known) || (numbers != known && evidence->text_digits))
        return false;

    /* each of these makes it a text: the reason is kept, for the user is told */
    type->mixed_percent = evidence->percents && evidence->bare;
    type->codes = grouped_codes(evidence, known);
    type->words = signs_are_words(evidence, hint, known);
    type->long_ids = long_ids(evidence, hint);
    if (type->mixed_percent || type->codes || type->words || type->long_ids ||
        shortened_codes(evidence, hint, known))
        return false;
    decide_number(evidence, VALUE_NONE, type);
    return true;
}

/* Between the texts of a set: the first of these that occurs. */
static char set_delimiter(const struct ingest_evidence *evidence)
{
    if (evidence->bars)
        return '|';
    if (evidence->semicolons)
        return ';';
    return evidence->commas ? ',' : 0;
}

struct ingest_type ingest_decide(const struct ingest_evidence *evidence,
                                 const struct ingest_type_hint *hint)
{
    struct ingest_type type = {.type = VALUE_TEXT};
    const uint64_t *forms = evidence->forms;
    uint64_t known = evidence->rows - forms[FORM_UNKNOWN] - forms[FORM_MISSING];
    enum value_type declared = declared_type(hint->declared);

    type.na_is_text = evidence->na && known && nearly_all(evidence->capital_pairs, known);
    if (hint->text || declared == VALUE_TEXT || declared == VALUE_SET || declared == VALUE_POINT) {
        type.dot_zero = evidence->dot_zero && evidence->dot_zero + forms[FORM_INT] == known;
        type.type = declared == VALUE_SET || declared == VALUE_POINT ? declared : VALUE_TEXT;
        type.delimiter = declared == VALUE_SET ? set_delimiter(evidence) : 0;
        return type;
    }

    /* dates come before numbers, for some are written as such; lists and places come
     * last, because they are texts that merely look like more */
    if (decide_date(evidence, hint, known, &type))
        return type;
    if (declared == VALUE_INT || declared == VALUE_DECIMAL || declared == VALUE_DOUBLE) {
        decide_number(evidence, declared, &type);
        return type;
    }

    if (declared == VALUE_BOOL || (known && forms[FORM_BOOL] == known))
        type.type = VALUE_BOOL;
    else if (known == 0)
        type.type = VALUE_NONE;
    else if (decide_undeclared_number(evidence, hint, known, &type))
        return type;
    else if (evidence->lists == known)
        type.type = VALUE_SET;
    else if (evidence->points == known)
        type.type = VALUE_POINT;
    return type;
}

bool ingest_type_equal(const struct ingest_type *a, const struct ingest_type *b)
{
    return a->type == b->type && a->scale == b->scale && a->dates == b->dates &&
           a->dot_zero == b->dot_zero && a->na_is_text == b->na_is_text &&
           a->pattern == b->pattern && a->contradictory == b->contradictory &&
           a->delimiter == b->delimiter;
}

const char *ingest_type_format(const struct ingest_type *type)
{
    if (type->type != VALUE_DATE && type->type != VALUE_TIME)
        return NULL;
    return type->pattern ? ingest_pattern_text(type->pattern)
                         : ingest_date_format_name(type->format);
}

uint64_t ingest_evidence_unknown(const struct ingest_evidence *evidence,
                                 const struct ingest_type *type)
{
    uint64_t unknown = evidence->forms[FORM_UNKNOWN] - (type->na_is_text ? evidence->na : 0);
    return unknown + (ingest_takes_words(type->type) ? 0 : evidence->forms[FORM_MISSING]);
}

/* Styles of numbers */

struct ingest_style_choice ingest_choose_style(const struct ingest_marks *column,
                                               const struct ingest_marks *file, char delimiter,
                                               char said, char earlier)
{
    enum { POINT, COMMA, POINT3, COMMA3 };
    const uint64_t *own = column->counts, *all = file->counts;

    /* From the strongest reason to the weakest: what was said, the column's own values, the other
     * columns of its file, earlier imports, the delimiter. open: the answer changes how some value
     * is read, so the reason is worth telling. */
    if (said)
        return (struct ingest_style_choice){said, STYLE_SAID};
    if (own[POINT] || own[COMMA])
        return (struct ingest_style_choice){own[COMMA] > own[POINT] ? ',' : '.', STYLE_PLAIN};

    bool open = own[POINT3] || own[COMMA3];
    if (all[POINT] != all[COMMA])
        return (struct ingest_style_choice){all[COMMA] > all[POINT] ? ',' : '.',
                                            open ? STYLE_FILE : STYLE_PLAIN};
    if (earlier)
        return (struct ingest_style_choice){earlier, open ? STYLE_EARLIER : STYLE_PLAIN};
    return (struct ingest_style_choice){delimiter == ';' ? ',' : '.',
                                        open ? STYLE_GUESSED : STYLE_PLAIN};
}
