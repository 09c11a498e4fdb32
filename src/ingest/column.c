/*
 * What a column's values say, counted one by one. Whatever is kept adds up: sums, extremes, and
 * examples of which the earliest line wins, so that threads may count apart and merge in any order.
 * Every value of every file passes through ingest_observe, so the common kinds are told first and
 * the dear questions (dates, places, lists) are asked only of values that could be such.
 */
#include "ingest/column.h"

#include "base/number.h"
#include "ingest/currency.h"
#include "ingest/pattern.h"
#include "ingest/set.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Distinct values */

/*
 * Hashes in an open table while they are few; beyond INGEST_DISTINCT_EXACT a HyperLogLog, which
 * holds any number in 16 KB. A rank is the place of the first one bit behind the register's index:
 * so many hashes must have come by before one with that many leading zeros is likely.
 */
enum { REGISTER_BITS = 14, REGISTERS = 1 << REGISTER_BITS }; /* 0.8 % off, 16 KB a column */

void ingest_distinct_release(struct ingest_distinct *distinct)
{
    free(distinct->slots);
    free(distinct->registers);
    *distinct = (struct ingest_distinct){0};
}

static void register_hash(struct ingest_distinct *distinct, uint64_t hash)
{
    size_t index = hash >> (64 - REGISTER_BITS);

    /* a one behind the bits that are left, so that the rank is bounded where all of them are
     * zero */
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
    /* One late: the slot of this hash comes from memory while the next value is read. Zero marks an
     * empty slot, so the hash 0 is counted as 1. */
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

    /* estimates hold no hashes any more: where one side is an estimate, both become one */
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
    /* the bias of the harmonic mean, as Flajolet et al. give it for 128 registers and more */
    double alpha = 0.7213 / (1 + 1.079 / REGISTERS);
    return (uint64_t)llround(alpha * REGISTERS * (double)REGISTERS / sum);
}

/* Evidence */

void ingest_evidence_release(struct ingest_evidence *evidence)
{
    ingest_distinct_release(&evidence->distinct);
    free(evidence->signs);
    free(evidence->missing);
    evidence->signs = evidence->missing = NULL;
    evidence->missing_count = 0;
}

static bool all_capitals(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.data[i] < 'A' || value.data[i] > 'Z')
            return false;
    return true;
}

static bool all_small(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.data[i] < 'a' || value.data[i] > 'z')
            return false;
    return true;
}

static bool has_digit(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)(value.data[i] - '0') < 10)
            return true;
    return false;
}

enum { PLACE_MAX = 64 };                         /* bytes; longer ones are sentences with a comma */
enum { LATITUDE_MAX = 90, LONGITUDE_MAX = 180 }; /* degrees */

static bool two_halves(struct text value, struct text *first, struct text *second)
{
    const char *comma = memchr(value.data, ',', value.length);
    if (!comma || value.length > PLACE_MAX)
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
           number_parse_double(second, &longitude) && fabs(latitude) <= LATITUDE_MAX &&
           fabs(longitude) <= LONGITUDE_MAX;
}

/* "48.2082,16.3738" is taken for a place unasked; "48,16" may be a decimal comma. */
static bool is_point(struct text value)
{
    struct text first, second;
    return two_halves(value, &first, &second) && memchr(first.data, '.', first.length) &&
           memchr(second.data, '.', second.length) && ingest_is_place(value);
}

/* "9:58", "09:58:11", "9:58 PM": a time of day without its date. */
static bool is_clock(struct text value)
{
    const char *colon = memchr(value.data, ':', value.length < 3 ? value.length : 3);
    if (!colon || colon == value.data || value.length > 16)
        return false;

    size_t minutes = (size_t)(colon - value.data) + 1;
    bool digits = (unsigned char)(value.data[0] - '0') < 10 && value.length >= minutes + 2;
    for (size_t i = minutes; digits && i < minutes + 2; i++)
        digits = (unsigned char)(value.data[i] - '0') < 10;
    for (size_t i = minutes + 2; digits && i < value.length; i++)
        digits = strchr("0123456789:. apmAPM", value.data[i]) != NULL;
    return digits;
}

static void set_example(struct ingest_example *example, struct text value, uint64_t line)
{
    struct text cut = text_cut(value, INGEST_EXAMPLE_MAX - 1);
    memcpy(example->text, cut.data, cut.length);
    example->text[cut.length] = 0;
    example->line = line;
}

/* 31.02.1980, 1999-13-01: days, months and a year of four digits between two equal signs,
 * and no date. */
static bool is_impossible_date(struct text value)
{
    size_t lengths[3] = {0}, part = 0, at = 0;
    char sign = 0;
    for (; at < value.length && value.data[at] != ' ' && value.data[at] != 'T'; at++) {
        char c = value.data[at];
        if (c >= '0' && c <= '9') {
            lengths[part]++;
            continue;
        }
        if (!strchr("./-", c) || (sign && c != sign) || ++part == 3)
            return false;
        sign = c;
    }

    bool year_first = lengths[0] == 4;
    size_t year = lengths[year_first ? 0 : 2], other = lengths[year_first ? 2 : 0];
    bool clock =
        at == value.length || is_clock((struct text){value.data + at + 1, value.length - at - 1});

    /* with a year of four digits at one end and one or two digits in the other two parts */
    return part == 2 && year == 4 && other - 1 < 2 && lengths[1] - 1 < 2 && clock;
}

static void note_text(struct ingest_example *texts, struct text value, uint64_t line)
{
    if (texts[1].line)
        return;
    if (!texts[0].line)
        set_example(&texts[0], value, line);
    else if (!text_is(value, texts[0].text))
        set_example(&texts[1], value, line);
}

static void observe_text(struct ingest_evidence *evidence, struct text value, bool dated,
                         uint64_t line)
{
    note_text(evidence->texts, value, line);
    if (!dated)
        note_text(evidence->undated, value, line);
    evidence->capital_pairs += value.length == 2 && all_capitals(value);
    evidence->triples += value.length == 3 && (all_capitals(value) || all_small(value));
    evidence->lists += *value.data == '[' && ingest_is_list(value);
    if (!has_digit(value))
        return;
    evidence->text_digits++;
    evidence->impossible += !dated && is_impossible_date(value);
    evidence->clocks += is_clock(value);
    evidence->points += is_point(value);
}

static void observe_date(struct ingest_evidence *evidence, const struct ingest_reading *reading,
                         struct text value, uint64_t line)
{
    enum { EITHER = DATE_FORMAT_MDY | DATE_FORMAT_DMY };
    if (!reading->dates)
        return;
    evidence->date_values++;
    evidence->clocked += reading->moment.has_clock;
    evidence->with_offset += reading->moment.has_offset;
    evidence->short_years += reading->moment.short_year;
    evidence->doubtful_zones += reading->moment.doubtful_zone;
    if (reading->moment.doubtful_zone && !evidence->doubtful.line)
        set_example(&evidence->doubtful, value, line);
    evidence->patterned += reading->dates == DATE_FORMAT_PATTERN;
    if ((reading->dates & EITHER) == EITHER) {
        if (!evidence->either.line)
            set_example(&evidence->either, value, line);
        evidence->either_order++;
    }

    /* a value counts for every format it reads in; which one the column means comes out of the
     * sums */
    for (unsigned bits = reading->dates & DATE_FORMATS; bits; bits &= bits - 1)
        evidence->dates[__builtin_ctz(bits)]++;
}

static void observe_sign(struct ingest_evidence *evidence, unsigned char sign)
{
    if (!evidence->signs)
        evidence->signs = base_calloc(CURRENCY_SIGNS_MAX, sizeof *evidence->signs);
    evidence->signs[sign]++;
}

/* Whole days of a spreadsheet's calendar, and years: an integer's range alone tells. */
static void observe_dates_in_numbers(struct ingest_evidence *evidence,
                                     const struct ingest_number *number)
{
    if (number->scale == 0) {
        evidence->serials += number->scaled >= SERIAL_MIN && number->scaled <= SERIAL_MAX;
        evidence->years += ingest_is_year(number->scaled);
    } else if (number->digits == 5) { /* before the point: all day numbers of our time */
        int64_t whole = number->scaled / number_power10(number->scale);
        evidence->serials += whole >= SERIAL_MIN && whole <= SERIAL_MAX;
    }
}

static void observe_number(struct ingest_evidence *evidence, const struct ingest_reading *reading,
                           struct text value, uint64_t line)
{
    const struct ingest_number *number = &reading->number;

    /* doubles have no digits of their own: only exact numbers say how wide the column is */
    bool exact = reading->form != FORM_DOUBLE;
    if (exact && number->scale > evidence->max_scale)
        evidence->max_scale = number->scale;
    if (exact && number->digits > evidence->max_digits)
        evidence->max_digits = number->digits;
    if (exact && (number->digits < evidence->min_digits || !evidence->min_digits))
        evidence->min_digits = number->digits;
    evidence->whole_doubles += !exact && number->whole;
    evidence->long_numbers += !exact && number->long_digits;
    if (reading->form == FORM_DECIMAL) {
        evidence->dot_zero += number->scale == 1 && number->zero_fraction && !number->decorated;
        evidence->fractional += !number->zero_fraction;
    }

    evidence->percents += number->percent;
    evidence->bare += !number->percent && (!exact || number->scaled != 0);
    evidence->spaced += number->spaced;
    evidence->rounded += number->rounded;
    if (number->rounded && !evidence->shortened.line)
        set_example(&evidence->shortened, value, line);

    if (exact && !number->decorated)
        observe_dates_in_numbers(evidence, number);
    if (number->currency)
        observe_sign(evidence, number->currency);
    if ((number->marks & (MARK_POINT3 | MARK_COMMA3)) && !evidence->three.line)
        set_example(&evidence->three, value, line);
}

/* Which word it was that stands for nothing. */
static void observe_missing(struct ingest_evidence *evidence, struct text value,
                            const struct ingest_missing *missing)
{
    size_t word;
    if (!value.length || ingest_missing_find(missing, value, &word) == MISSING_NOT)
        return;
    evidence->na += text_is(value, "NA");
    if (!evidence->missing) {
        evidence->missing = base_calloc(missing->count, sizeof *evidence->missing);
        evidence->missing_count = missing->count;
    }
    evidence->missing[word]++;
}

/* Only these lengths of whole numbers can be dates; asking no further keeps the others cheap. */
static bool date_like_int(struct text value)
{
    if (value.length == 8)
        return (value.data[0] == '1' && value.data[1] >= '6') ||
               (value.data[0] == '2' && value.data[1] <= '1');
    return value.length == 9 || value.length == 10 || value.length >= 12; /* see epoch_format */
}

/* Seconds since 1970 with a fraction. */
static bool date_like_decimal(const struct ingest_reading *reading)
{
    return reading->form == FORM_DECIMAL &&
           (reading->number.digits == 9 || reading->number.digits == 10); /* since 1973 */
}

static void read_pattern(struct text value, const struct ingest_manner *manner,
                         struct ingest_reading *reading)
{
    bool missing = ingest_missing_may(manner->missing, value) &&
                   ingest_missing_find(manner->missing, value, NULL);
    reading->form = missing ? FORM_UNKNOWN : FORM_TEXT;
    if (!missing && ingest_pattern_read(manner->pattern, value, &reading->moment))
        reading->dates = DATE_FORMAT_PATTERN;
}

static void read_value(struct text value, const struct ingest_manner *manner,
                       struct ingest_reading *reading)
{
    enum { NUMBERED = DATE_FORMAT_SERIAL | DATE_FORMAT_YEAR };
    enum { DATE_LENGTH_MIN = 6 }; /* 4.3.25 */
    reading->dates = 0;

    /* a pattern was said by somebody and rules alone; nothing else is tried */
    if (manner->pattern && value.length) {
        read_pattern(value, manner, reading);
        return;
    }

    /* A column that has turned out to hold dates asks for dates first: most values answer at once.
     * Elsewhere the number comes first, for it is the cheaper question. */
    if (manner->dates && value.length >= DATE_LENGTH_MIN && !(manner->dates & NUMBERED)) {
        reading->dates = ingest_parse_moment(value, DATE_FORMATS, &reading->moment);
        reading->form = FORM_TEXT;
    }

    if (reading->dates)
        return;
    reading->form = ingest_classify_with(value, manner->style, manner->missing, &reading->number);

    bool number = reading->form == FORM_INT || reading->form == FORM_DECIMAL;
    if (number && (manner->dates & NUMBERED) &&
        ingest_number_moment(&reading->number, manner->dates & NUMBERED, &reading->moment))
        reading->dates = manner->dates & NUMBERED;
    else if (reading->form == FORM_TEXT || (reading->form == FORM_INT && date_like_int(value)) ||
             date_like_decimal(reading))
        reading->dates = ingest_parse_moment(value, DATE_FORMATS, &reading->moment);
}

static void observe_set(struct ingest_evidence *evidence, struct text value)
{
    if (*value.data == '[')
        return;
    evidence->bars += memchr(value.data, '|', value.length) != NULL;
    evidence->semicolons += memchr(value.data, ';', value.length) != NULL;
    evidence->commas += memchr(value.data, ',', value.length) != NULL;
}

void ingest_observe(struct ingest_evidence *evidence, struct text value,
                    const struct ingest_manner *manner, uint64_t line,
                    struct ingest_reading *reading)
{
    evidence->rows++;
    read_value(value, manner, reading);
    evidence->forms[reading->form]++;
    if (reading->form == FORM_UNKNOWN || reading->form == FORM_MISSING) {
        observe_missing(evidence, value, manner->missing);
        if (reading->form == FORM_UNKNOWN || !manner->text)
            return;
    }

    ingest_distinct_add(&evidence->distinct, text_hash(value));
    observe_date(evidence, reading, value, line);
    if (reading->form == FORM_INT || reading->form == FORM_DECIMAL || reading->form == FORM_DOUBLE)
        observe_number(evidence, reading, value, line);
    else if (reading->form == FORM_TEXT && !(manner->dates && reading->dates))
        observe_text(evidence, value, reading->dates != 0, line);
    if (manner->set)
        observe_set(evidence, value);
}

static void keep_earlier(struct ingest_example *into, const struct ingest_example *from)
{
    if (from->line && (!into->line || from->line < into->line))
        *into = *from;
}

/* The first two different ones of both: what is kept does not depend on who met them. */
static void merge_texts(struct ingest_example *out, const struct ingest_example *from)
{
    struct ingest_example all[2 * INGEST_EXAMPLES];
    size_t count = 0;

    for (size_t i = 0; i < INGEST_EXAMPLES; i++) {
        if (out[i].line)
            all[count++] = out[i];
        if (from[i].line)
            all[count++] = from[i];
    }

    /* the earliest of all comes first, then the earliest with another text */
    memset(out, 0, INGEST_EXAMPLES * sizeof *out);
    for (size_t kept = 0; kept < INGEST_EXAMPLES; kept++)
        for (size_t i = 0; i < count; i++) {
            bool taken = kept && strcmp(all[i].text, out[0].text) == 0;
            if (!taken)
                keep_earlier(&out[kept], &all[i]);
        }
}

static void merge_counts(uint64_t *into, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        into[i] += from[i];
}

static void merge_lists(struct ingest_evidence *into, const struct ingest_evidence *from)
{
    if (from->signs) {
        if (!into->signs)
            into->signs = base_calloc(CURRENCY_SIGNS_MAX, sizeof *into->signs);
        merge_counts(into->signs, from->signs, CURRENCY_SIGNS_MAX);
    }

    if (!from->missing)
        return;
    if (into->missing_count < from->missing_count) {
        uint64_t *grown = base_calloc(from->missing_count, sizeof *grown);
        if (into->missing)
            memcpy(grown, into->missing, into->missing_count * sizeof *grown);
        free(into->missing);
        into->missing = grown;
        into->missing_count = from->missing_count;
    }
    merge_counts(into->missing, from->missing, from->missing_count);
}

void ingest_evidence_merge(struct ingest_evidence *into, const struct ingest_evidence *from)
{
    static const size_t sums[] = {
#define SUM(field) offsetof(struct ingest_evidence, field)
        SUM(rows),           SUM(text_digits),   SUM(lists),
        SUM(points),         SUM(capital_pairs), SUM(na),
        SUM(dot_zero),       SUM(fractional),    SUM(percents),
        SUM(bare),           SUM(spaced),        SUM(rounded),
        SUM(serials),        SUM(years),         SUM(date_values),
        SUM(clocked),        SUM(with_offset),   SUM(patterned),
        SUM(short_years),    SUM(bars),          SUM(semicolons),
        SUM(doubtful_zones), SUM(commas),        SUM(either_order),
        SUM(whole_doubles),  SUM(triples),       SUM(long_numbers),
        SUM(clocks),         SUM(impossible),
#undef SUM
    };

    /* sums and extremes do not depend on who read what; of examples the one of the
     * earlier line is kept, so that they do not either */
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *(uint64_t *)((char *)into + sums[i]) += *(const uint64_t *)((const char *)from + sums[i]);

    merge_counts(into->forms, from->forms, FORMS);
    merge_counts(into->dates, from->dates, INGEST_DATE_KINDS);
    merge_lists(into, from);
    into->max_scale = into->max_scale > from->max_scale ? into->max_scale : from->max_scale;
    into->max_digits = into->max_digits > from->max_digits ? into->max_digits : from->max_digits;
    if (from->min_digits && (from->min_digits < into->min_digits || !into->min_digits))
        into->min_digits = from->min_digits;

    merge_texts(into->texts, from->texts);
    merge_texts(into->undated, from->undated);
    keep_earlier(&into->either, &from->either);
    keep_earlier(&into->three, &from->three);
    keep_earlier(&into->doubtful, &from->doubtful);
    keep_earlier(&into->shortened, &from->shortened);
    ingest_distinct_merge(&into->distinct, &from->distinct);
}
