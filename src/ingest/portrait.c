/* Looking at the first rows of a source as an onlooker would; see portrait.h. */
#include "ingest/portrait.h"

#include "base/map.h"
#include "ingest/encoding.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PORTRAIT_ROWS = 5000 }; /* enough to tell a habit, and read in some milliseconds */

static bool is_mail(struct text value)
{
    const char *at = memchr(value.data, '@', value.length);
    if (!at || at == value.data || memchr(value.data, ' ', value.length))
        return false;
    size_t rest = (size_t)(value.data + value.length - at - 1);
    const char *point = rest ? memchr(at + 1, '.', rest) : NULL;
    return point && point > at + 1 && point + 1 < value.data + value.length &&
           !memchr(at + 1, '@', rest);
}

/* 8-4-4-4-12 hexadecimal digits. */
static bool is_uuid(struct text value)
{
    enum { LENGTH = 36 };
    if (value.length != LENGTH)
        return false;
    for (size_t i = 0; i < LENGTH; i++) {
        /* where they stand between the groups */
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? value.data[i] != '-' : !isxdigit((unsigned char)value.data[i]))
            return false;
    }
    return true;
}

enum { PHONE_MIN = 7, PHONE_MAX = 15 }; /* digits; E.164 allows fifteen */

/* "+43 1 5877900", "(0316) 873-1234": at least seven digits, with signs that numbers do
 * not have. */
static bool is_phone(struct text value)
{
    size_t digits = 0, signs = 0;
    for (size_t i = 0; i < value.length; i++) {
        char c = value.data[i];
        digits += isdigit((unsigned char)c) != 0;
        signs += strchr("+()/ -", c) != NULL;
        if (!isdigit((unsigned char)c) && !strchr("+()/ -.", c))
            return false;
    }
    return digits >= PHONE_MIN && digits <= PHONE_MAX &&
           (*value.data == '+' || *value.data == '(' || signs > 0);
}

static bool whole_number(struct text value, int64_t *out)
{
    size_t i = value.length > 1 && *value.data == '-';
    int64_t number = 0;
    if (value.length == 0 || value.length > INGEST_DIGITS_MAX)
        return false;
    for (; i < value.length; i++) {
        if (!isdigit((unsigned char)value.data[i]))
            return false;
        number = number * 10 + (value.data[i] - '0');
    }
    *out = *value.data == '-' ? -number : number;
    return true;
}

static void observe_shape(struct ingest_portrait *portrait, struct text value)
{
    bool code = false;
    for (size_t i = 0; i < value.length; i++)
        code |= isdigit((unsigned char)value.data[i]) || strchr("_-.", value.data[i]);
    portrait->coded += code;
    portrait->spaced += memchr(value.data, ' ', value.length) != NULL;
    portrait->masked +=
        memmem(value.data, value.length, "**", 2) || memmem(value.data, value.length, "XXXX", 4);
    portrait->longest = value.length > portrait->longest ? value.length : portrait->longest;
}

static void copy_value(struct text value, char out[PORTRAIT_VALUE_MAX])
{
    struct text cut = text_cut(value, PORTRAIT_VALUE_MAX - 1);
    memcpy(out, cut.data, cut.length);
    out[cut.length] = 0;
}

static void show_value(struct ingest_portrait *portrait, struct text value)
{
    char copy[PORTRAIT_VALUE_MAX];
    if (portrait->value_count == PORTRAIT_VALUES)
        return;
    copy_value(value, copy);
    for (int i = 0; i < portrait->value_count; i++)
        if (strcmp(portrait->values[i], copy) == 0)
            return;
    memcpy(portrait->values[portrait->value_count++], copy, sizeof copy);
}

static void observe_number(struct ingest_portrait *portrait, int64_t number)
{
    if (!portrait->whole++) {
        portrait->first = portrait->least = portrait->most = number;
    } else {
        portrait->counting += number == portrait->last + 1;
        portrait->least = number < portrait->least ? number : portrait->least;
        portrait->most = number > portrait->most ? number : portrait->most;
    }
    portrait->last = number;
    portrait->zeros += number == 0 || number == -1;
}

static void observe_date(struct ingest_portrait *portrait, int32_t date)
{
    if (!portrait->dates++) {
        portrait->least_date = portrait->most_date = date;
    } else {
        portrait->rising += date > portrait->last_date;
        portrait->falling += date < portrait->last_date;
        portrait->least_date = date < portrait->least_date ? date : portrait->least_date;
        portrait->most_date = date > portrait->most_date ? date : portrait->most_date;
    }
    portrait->early += date < 0; /* before 1970, as births are and purchases are not */
    portrait->last_date = date;
}

void ingest_portrait_observe(struct ingest_portrait *portrait, struct text value)
{
    struct ingest_moment moment;
    char copy[PORTRAIT_VALUE_MAX];
    int64_t number;

    portrait->rows++;
    value = text_trim(value);
    if (!value.length)
        return;

    portrait->known++;
    show_value(portrait, value);

    /* Values that stand again and again in a row are sorted, or an invoice's over its lines. */
    copy_value(value, copy);
    portrait->again += portrait->known > 1 && strcmp(copy, portrait->before) == 0;
    memcpy(portrait->before, copy, sizeof copy);

    if (whole_number(value, &number))
        observe_number(portrait, number);
    else if (ingest_parse_moment(value, DATE_FORMATS, &moment))
        observe_date(portrait, moment.date);

    observe_shape(portrait, value);
    portrait->mails += is_mail(value);
    portrait->uuids += is_uuid(value);
    portrait->phones += is_phone(value);
}

enum status ingest_portray(const struct ingest_source *source, const int *columns, size_t count,
                           struct text_map *names, struct ingest_portrait *portraits,
                           struct error *error)
{
    struct ingest_reader reader;
    struct ingest_block block = {0};
    struct ingest_record record = {.names = names};
    char *text = NULL;
    size_t rows = 0, skipped;

    /* the first block alone: rows with flaws are for the scan to speak of */
    ingest_reader_init(&reader, source, 1);
    enum status status = ingest_reader_next(&reader, &block, error);
    if (status == STATUS_OK && block.length) {
        struct text data = ingest_block_text(source, &block, &text);

        const char *at = data.data, *end = data.data + data.length;
        while (rows < PORTRAIT_ROWS &&
               ingest_split(&source->dialect, &at, end, &record, &skipped)) {
            if (record.flaw != FLAW_NONE || ingest_is_blank(&record))
                continue;
            rows++;
            for (size_t i = 0; i < count && i < record.count; i++)
                ingest_portrait_observe(
                    &portraits[columns[i]],
                    (struct text){record.fields[i].data, record.fields[i].length});
        }
    }

    free(text);
    ingest_record_release(&record);
    ingest_block_release(&block);
    ingest_reader_release(&reader);
    return status;
}
