#include "ingest/column.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Distinct values */

enum { REGISTER_BITS = 14, REGISTERS = 1 << REGISTER_BITS };

void ingest_distinct_release(struct ingest_distinct *distinct)
{
    free(distinct->slots);
    free(distinct->registers);
    *distinct = (struct ingest_distinct){0};
}

static void register_hash(struct ingest_distinct *distinct, uint64_t hash)
{
    size_t index = hash >> (64 - REGISTER_BITS);
    uint64_t rest = hash << REGISTER_BITS | 1u << (REGISTER_BITS - 1);
    unsigned char rank = (unsigned char)(__builtin_clzll(rest) + 1);
    if (rank > distinct->registers[index])
        distinct->registers[index] = rank;
}

static void start_estimating(struct ingest_distinct *distinct)
{
    distinct->registers = base_calloc(REGISTERS, 1);
    for (size_t i = 0; i < distinct->capacity; i++)
        if (distinct->slots[i])
            register_hash(distinct, distinct->slots[i]);
    free(distinct->slots);
    distinct->slots = NULL;
    distinct->count = distinct->capacity = 0;
}

static bool insert(struct ingest_distinct *distinct, uint64_t hash)
{
    size_t mask = distinct->capacity - 1, at = hash & mask;
    while (distinct->slots[at]) {
        if (distinct->slots[at] == hash)
            return false;
        at = (at + 1) & mask;
    }
    distinct->slots[at] = hash;
    return true;
}

static void grow(struct ingest_distinct *distinct)
{
    uint64_t *old = distinct->slots;
    size_t old_capacity = distinct->capacity;
    distinct->capacity = old_capacity ? old_capacity * 2 : 64;
    distinct->slots = base_calloc(distinct->capacity, sizeof *distinct->slots);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i])
            insert(distinct, old[i]);
    free(old);
}

static void add_now(struct ingest_distinct *distinct, uint64_t hash)
{
    if (distinct->registers) {
        register_hash(distinct, hash);
        return;
    }
    if (distinct->count * 2 >= distinct->capacity)
        grow(distinct);
    distinct->count += insert(distinct, hash);
    if (distinct->count > INGEST_DISTINCT_EXACT)
        start_estimating(distinct);
}

void ingest_distinct_add(struct ingest_distinct *distinct, uint64_t hash)
{
    uint64_t due = distinct->pending;
    distinct->pending = hash + (hash == 0);
    if (!distinct->registers && distinct->capacity)
        __builtin_prefetch(&distinct->slots[distinct->pending & (distinct->capacity - 1)]);
    if (due)
        add_now(distinct, due);
}

static bool is_there(const struct ingest_distinct *distinct, uint64_t hash)
{
    for (size_t at = hash; distinct->capacity; at++) {
        uint64_t found = distinct->slots[at & (distinct->capacity - 1)];
        if (found == hash || !found)
            return found == hash;
    }
    return false;
}

void ingest_distinct_merge(struct ingest_distinct *into, const struct ingest_distinct *from)
{
    for (size_t i = 0; i < from->capacity; i++)
        if (from->slots[i])
            add_now(into, from->slots[i]);
    if (from->pending)
        add_now(into, from->pending);
    if (!from->registers)
        return;
    if (!into->registers)
        start_estimating(into);
    for (size_t i = 0; i < REGISTERS; i++)
        if (from->registers[i] > into->registers[i])
            into->registers[i] = from->registers[i];
}

uint64_t ingest_distinct_count(const struct ingest_distinct *distinct, bool *exact)
{
    if (exact)
        *exact = !distinct->registers;
    if (!distinct->registers)
        return distinct->count + (distinct->pending && !is_there(distinct, distinct->pending));
    double sum = 0;
    for (size_t i = 0; i < REGISTERS; i++)
        sum += ldexp(1, -distinct->registers[i]);
    double alpha = 0.7213 / (1 + 1.079 / REGISTERS);
    return (uint64_t)llround(alpha * REGISTERS * (double)REGISTERS / sum);
}

/* Evidence */

void ingest_evidence_release(struct ingest_evidence *evidence)
{
    ingest_distinct_release(&evidence->distinct);
}

static bool capital_pair(struct text value)
{
    return value.length == 2 && value.data[0] >= 'A' && value.data[0] <= 'Z' && value.data[1] >= 'A' &&
           value.data[1] <= 'Z';
}

static bool has_digit(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)(value.data[i] - '0') < 10)
            return true;
    return false;
}

static bool two_halves(struct text value, struct text *first, struct text *second)
{
    const char *comma = memchr(value.data, ',', value.length);
    if (!comma || value.length > 64)
        return false;
    *first = text_trim((struct text){value.data, (size_t)(comma - value.data)});
    *second = text_trim((struct text){comma + 1, (size_t)(value.data + value.length - comma - 1)});
    return true;
}

bool ingest_is_place(struct text value)
{
    struct text first, second;
    double latitude, longitude;
    return two_halves(value, &first, &second) && number_parse_double(first, &latitude) &&
           number_parse_double(second, &longitude) && fabs(latitude) <= 90 && fabs(longitude) <= 180;
}

/* "48.2082,16.3738" is taken for a place unasked; "48,16" may be a decimal comma. */
static bool is_point(struct text value)
{
    struct text first, second;
    return two_halves(value, &first, &second) && memchr(first.data, '.', first.length) &&
           memchr(second.data, '.', second.length) && ingest_is_place(value);
}

static void observe_text(struct ingest_evidence *evidence, struct text value, uint64_t line)
{
    if (!evidence->example_line) {
        size_t length = value.length < INGEST_EXAMPLE_MAX - 1 ? value.length : INGEST_EXAMPLE_MAX - 1;
        while (length < value.length && length && ((unsigned char)value.data[length] & 0xc0) == 0x80)
            length--;
        memcpy(evidence->example, value.data, length);
        evidence->example[length] = 0;
        evidence->example_line = line;
    }
    evidence->capital_pairs += capital_pair(value);
    if (!has_digit(value))
        return;
    evidence->text_digits++;
    evidence->lists += *value.data == '[';
    evidence->points += is_point(value);
}

static void observe_date(struct ingest_evidence *evidence, const struct ingest_reading *reading)
{
    if (!reading->dates)
        return;
    evidence->date_values++;
    evidence->clocked += reading->moment.has_clock;
    evidence->with_offset += reading->moment.has_offset;
    for (unsigned bits = reading->dates; bits; bits &= bits - 1)
        evidence->dates[__builtin_ctz(bits)]++;
}

/* Only these lengths of whole numbers can be dates; asking no further keeps the others cheap. */
static bool date_like_int(struct text value)
{
    if (value.length == 8)
        return (value.data[0] == '1' && value.data[1] >= '6') || (value.data[0] == '2' && value.data[1] <= '1');
    return value.length == 9 || value.length == 10 || value.length == 12 || value.length == 13;
}

void ingest_observe(struct ingest_evidence *evidence, struct text value, struct ingest_number_style style,
                    uint64_t line, bool expect_date, struct ingest_reading *reading)
{
    evidence->rows++;
    reading->dates = 0;
    if (expect_date && value.length >= 6) {
        reading->dates = ingest_parse_moment(value, DATE_FORMATS, &reading->moment);
        reading->form = FORM_TEXT;
    }
    if (!reading->dates) {
        reading->form = ingest_classify(value, style, &reading->number);
        if (reading->form == FORM_TEXT || (reading->form == FORM_INT && date_like_int(value)))
            reading->dates = ingest_parse_moment(value, DATE_FORMATS, &reading->moment);
    }
    evidence->forms[reading->form]++;
    if (reading->form == FORM_UNKNOWN) {
        evidence->na += text_is(value, "NA");
        return;
    }
    ingest_distinct_add(&evidence->distinct, text_hash(value));
    observe_date(evidence, reading);
    if (reading->form == FORM_INT || reading->form == FORM_DECIMAL || reading->form == FORM_DOUBLE) {
        const struct ingest_number *number = &reading->number;
        if (reading->form != FORM_DOUBLE && number->scale > evidence->max_scale)
            evidence->max_scale = number->scale;
        if (reading->form != FORM_DOUBLE && number->digits > evidence->max_digits)
            evidence->max_digits = number->digits;
        evidence->whole_doubles += reading->form == FORM_DOUBLE && number->whole;
        evidence->dot_zero += reading->form == FORM_DECIMAL && number->scale == 1 && number->zero_fraction;
    } else if (reading->form == FORM_TEXT && !(expect_date && reading->dates)) {
        observe_text(evidence, value, line);
    }
}

void ingest_evidence_merge(struct ingest_evidence *into, const struct ingest_evidence *from)
{
    into->rows += from->rows;
    for (int i = 0; i < FORMS; i++)
        into->forms[i] += from->forms[i];
    for (int i = 0; i < INGEST_DATE_KINDS; i++)
        into->dates[i] += from->dates[i];
    into->text_digits += from->text_digits;
    into->lists += from->lists;
    into->points += from->points;
    into->capital_pairs += from->capital_pairs;
    into->na += from->na;
    into->dot_zero += from->dot_zero;
    into->whole_doubles += from->whole_doubles;
    into->date_values += from->date_values;
    into->clocked += from->clocked;
    into->with_offset += from->with_offset;
    into->max_scale = into->max_scale > from->max_scale ? into->max_scale : from->max_scale;
    into->max_digits = into->max_digits > from->max_digits ? into->max_digits : from->max_digits;
    if (from->example_line && (!into->example_line || from->example_line < into->example_line)) {
        memcpy(into->example, from->example, sizeof into->example);
        into->example_line = from->example_line;
    }
    ingest_distinct_merge(&into->distinct, &from->distinct);
}

uint64_t ingest_evidence_unknown(const struct ingest_evidence *evidence, bool na_is_text)
{
    return evidence->forms[FORM_UNKNOWN] - (na_is_text ? evidence->na : 0);
}

/* Types */

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
    if (declared_type(declared) || ingest_date_format_from(declared))
        return STATUS_OK;
    enum status status = error_set(error, STATUS_USAGE, "\"%s\" is not a type", declared);
    error_hint(error, "use text, integer, decimal, double, yes/no, date, time, set of text, location, or a date format "
                      "such as D/M/YYYY");
    return status;
}

static bool name_says_time(const char *name)
{
    static const char *const words[] = {"date", "time", "day", "_at", "_on", "timestamp", "when", "since"};
    for (size_t i = 0; name && i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}

/* Formats that cannot be mistaken for one another. */
enum {
    CLEAR_DATES = DATE_FORMAT_YMD | DATE_FORMAT_DMY_DOT | DATE_FORMAT_D_MONTH_Y | DATE_FORMAT_MONTH_D_Y,
    NUMBER_DATES = DATE_FORMAT_COMPACT | DATE_FORMAT_SECONDS | DATE_FORMAT_MILLIS,
};

static uint64_t date_count(const struct ingest_evidence *evidence, unsigned formats)
{
    uint64_t count = 0;
    for (unsigned bits = formats; bits; bits &= bits - 1)
        count += evidence->dates[__builtin_ctz(bits)];
    return count;
}

/* The format most values have, the allowed set around it, and how many values read under that set. */
static uint64_t choose_dates(const struct ingest_evidence *evidence, unsigned declared, struct ingest_type *type)
{
    uint64_t mdy = date_count(evidence, DATE_FORMAT_MDY), dmy = date_count(evidence, DATE_FORMAT_DMY);
    unsigned slashed = declared & (DATE_FORMAT_MDY | DATE_FORMAT_DMY);
    if (!slashed)
        slashed = dmy > mdy ? DATE_FORMAT_DMY : DATE_FORMAT_MDY;
    unsigned allowed = CLEAR_DATES | slashed | NUMBER_DATES;
    uint64_t best = 0;
    for (unsigned bits = allowed; bits; bits &= bits - 1) {
        unsigned format = bits & -bits;
        if (date_count(evidence, format) > best) {
            best = date_count(evidence, format);
            type->format = (enum ingest_date_format)format;
        }
    }
    type->ambiguous = !declared && type->format == slashed && mdy == dmy && mdy > 0;
    type->dates = type->format & NUMBER_DATES ? type->format : CLEAR_DATES | slashed;
    return date_count(evidence, type->dates);
}

/* One in a thousand may be wrong (and is set aside) before a column is something else. */
static bool nearly_all(uint64_t count, uint64_t of)
{
    return count == of || (count < of && of - count <= of / 1000);
}

static bool decide_date(const struct ingest_evidence *evidence, const struct ingest_type_hint *hint, uint64_t known,
                        struct ingest_type *type)
{
    struct ingest_type found = *type;
    unsigned declared_format = hint->declared ? ingest_date_format_from(hint->declared) : 0;
    uint64_t count = choose_dates(evidence, declared_format, &found);
    if (declared_format & NUMBER_DATES)
        found.format = (enum ingest_date_format)declared_format, found.dates = declared_format;
    enum value_type declared = declared_type(hint->declared);
    bool wanted = hint->time || declared_format || declared == VALUE_DATE || declared == VALUE_TIME;
    bool from_number = found.format & NUMBER_DATES;
    bool fits = from_number ? count == known && name_says_time(hint->name) : nearly_all(count, known);
    if (declared && declared != VALUE_DATE && declared != VALUE_TIME)
        fits = false;
    if (!wanted && !(count && fits))
        return false;
    found.type = !evidence->clocked && declared != VALUE_TIME ? VALUE_DATE : VALUE_TIME;
    *type = found;
    return true;
}

static void decide_number(const struct ingest_evidence *evidence, enum value_type declared, struct ingest_type *type)
{
    uint64_t decimals = evidence->forms[FORM_DECIMAL], doubles = evidence->forms[FORM_DOUBLE];
    if (!decimals && doubles == evidence->whole_doubles && doubles < evidence->forms[FORM_INT])
        doubles = 0;
    type->dot_zero = decimals && evidence->dot_zero == decimals && !doubles;
    if (declared == VALUE_DOUBLE || doubles || evidence->max_scale + evidence->max_digits > 18)
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

struct ingest_type ingest_decide(const struct ingest_evidence *evidence, const struct ingest_type_hint *hint)
{
    struct ingest_type type = {.type = VALUE_TEXT};
    const uint64_t *forms = evidence->forms;
    uint64_t known = evidence->rows - forms[FORM_UNKNOWN];
    uint64_t finite = forms[FORM_INT] + forms[FORM_DECIMAL] + forms[FORM_DOUBLE];
    uint64_t numbers = finite + forms[FORM_NONFINITE];
    enum value_type declared = declared_type(hint->declared);
    type.na_is_text = evidence->na && nearly_all(evidence->capital_pairs, known);
    if (hint->text || declared == VALUE_TEXT || declared == VALUE_SET || declared == VALUE_POINT) {
        type.dot_zero = evidence->dot_zero && evidence->dot_zero + forms[FORM_INT] == known;
        type.type = declared == VALUE_SET || declared == VALUE_POINT ? declared : VALUE_TEXT;
        return type;
    }
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
    else if (finite && nearly_all(numbers, known) && (numbers == known || !evidence->text_digits))
        decide_number(evidence, VALUE_NONE, &type);
    else if (evidence->lists == known)
        type.type = VALUE_SET;
    else if (evidence->points == known)
        type.type = VALUE_POINT;
    return type;
}

bool ingest_type_equal(const struct ingest_type *a, const struct ingest_type *b)
{
    return a->type == b->type && a->scale == b->scale && a->dates == b->dates && a->dot_zero == b->dot_zero &&
           a->na_is_text == b->na_is_text;
}
