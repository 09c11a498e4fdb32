/*
 * Each thread takes a block, splits its records, looks at every value once (ingest_observe), and
 * either sets the row aside or writes it into DuckDB's vectors. Nothing is shared between threads
 * but the reader's lock and, at the end, the sums.
 */
#include "ingest/scan.h"

#include "base/number.h"
#include "ingest/currency.h"
#include "ingest/set.h"
#include "lake/stream.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_CACHE = 256 };

struct day {
    int32_t date;
    bool known, uniform; /* the day has 24 hours: a moment is its start and the clock */
    int64_t start;
};

/* A zone that values name. */
struct named_zone {
    struct text name;  /* owned */
    struct zone *zone; /* NULL: there is none of that name */
};

struct scan_thread {
    struct ingest_scan *scan;
    struct ingest_block block;
    char *text; /* the block in UTF-8, when it was not */
    size_t text_capacity;
    const char *at, *end;
    uint64_t line;
    bool ascii, done;
    struct ingest_record record;
    struct ingest_evidence *evidence;
    struct ingest_file_counts *files;
    struct ingest_reading *readings;
    struct text *values;
    struct ingest_reject_counts reject_counts;
    struct ingest_time_counts times;
    struct buffer joined; /* the time of day of the record, behind a date */
    struct buffer rejects, set;
    struct ingest_marks *marks;
    struct named_zone *zones;
    size_t zone_count;
    char sign_codes[CURRENCY_SIGNS_MAX][4];
    struct day days[DAY_CACHE];
    uint64_t rows;
    int64_t first_time, last_time;
};

void ingest_scan_init(struct ingest_scan *scan)
{
    pthread_mutex_init(&scan->mutex, NULL);
    ingest_reader_init(&scan->reader, scan->sources, scan->source_count);
    scan->evidence = base_calloc(scan->column_count + 1, sizeof *scan->evidence);
    scan->marks = base_calloc(scan->source_count * scan->column_count + 1, sizeof *scan->marks);
    scan->files = base_calloc(scan->source_count + 1, sizeof *scan->files);
    scan->first_time = INT64_MAX;
    scan->last_time = INT64_MIN;
    atomic_init(&scan->stale, false);
}

void ingest_scan_release(struct ingest_scan *scan)
{
    for (size_t i = 0; scan->evidence && i < scan->column_count; i++)
        ingest_evidence_release(&scan->evidence[i]);
    free(scan->evidence);
    free(scan->marks);
    free(scan->files);
    free(scan->reject_counts.items);
    if (scan->evidence) {
        ingest_reader_release(&scan->reader);
        pthread_mutex_destroy(&scan->mutex);
    }
    scan->evidence = NULL;
    scan->marks = NULL;
    scan->files = NULL;
    scan->reject_counts = (struct ingest_reject_counts){0};
}

static void *thread_open(void *context)
{
    struct ingest_scan *scan = context;
    struct scan_thread *thread = base_calloc(1, sizeof *thread);
    thread->scan = scan;
    thread->evidence = base_calloc(scan->column_count + 1, sizeof *thread->evidence);
    thread->readings = base_calloc(scan->column_count + 1, sizeof *thread->readings);
    thread->values = base_calloc(scan->column_count + 1, sizeof *thread->values);
    thread->files = base_calloc(scan->source_count + 1, sizeof *thread->files);
    thread->marks = base_calloc(scan->source_count * scan->column_count + 1, sizeof *thread->marks);
    for (int sign = 0; sign < CURRENCY_SIGNS_MAX; sign++)
        ingest_sign_code((unsigned char)sign, scan->own_currency, thread->sign_codes[sign], NULL);
    thread->first_time = INT64_MAX;
    thread->last_time = INT64_MIN;
    buffer_init(&thread->rejects, 0);
    buffer_init(&thread->joined, 0);
    buffer_init(&thread->set, 0);
    return thread;
}

static void add_counts(struct ingest_file_counts *to, const struct ingest_file_counts *from)
{
    to->rows += from->rows;
    to->valid_bytes_rows += from->valid_bytes_rows;
    to->invalid_bytes_rows += from->invalid_bytes_rows;
    to->new_names += from->new_names;
    if (from->empty_rows && (!to->empty_rows || from->empty_line < to->empty_line))
        to->empty_line = from->empty_line;
    if (from->headers && (!to->headers || from->header_line < to->header_line))
        to->header_line = from->header_line;
    to->empty_rows += from->empty_rows;
    to->headers += from->headers;
}

/* Adds the thread's sums to the scan's, once. */
static void thread_finish(struct scan_thread *thread)
{
    struct ingest_scan *scan = thread->scan;
    if (thread->done)
        return;
    thread->done = true;
    pthread_mutex_lock(&scan->mutex);
    for (size_t i = 0; i < scan->column_count; i++)
        ingest_evidence_merge(&scan->evidence[i], &thread->evidence[i]);
    for (size_t i = 0; i < scan->source_count * scan->column_count; i++)
        for (int mark = 0; mark < INGEST_MARKS; mark++)
            scan->marks[i].counts[mark] += thread->marks[i].counts[mark];
    for (size_t i = 0; i < scan->source_count; i++)
        add_counts(&scan->files[i], &thread->files[i]);
    ingest_reject_counts_merge(&scan->reject_counts, &thread->reject_counts);
    scan->times.repeated += thread->times.repeated;
    scan->times.missing += thread->times.missing;
    scan->times.bare += thread->times.bare;
    scan->times.fractions += thread->times.fractions;
    scan->rows += thread->rows;
    if (thread->first_time < scan->first_time)
        scan->first_time = thread->first_time;
    if (thread->last_time > scan->last_time)
        scan->last_time = thread->last_time;
    pthread_mutex_unlock(&scan->mutex);
}

static void thread_close(void *context, void *state)
{
    struct scan_thread *thread = state;
    thread_finish(thread);
    for (size_t i = 0; i < thread->scan->column_count; i++)
        ingest_evidence_release(&thread->evidence[i]);
    ingest_block_release(&thread->block);
    ingest_record_release(&thread->record);
    buffer_release(&thread->rejects);
    buffer_release(&thread->joined);
    buffer_release(&thread->set);
    for (size_t i = 0; i < thread->zone_count; i++) {
        free((char *)thread->zones[i].name.data);
        zone_close(thread->zones[i].zone);
    }
    free(thread->zones);
    free(thread->marks);
    free(thread->reject_counts.items);
    free(thread->evidence);
    free(thread->readings);
    free(thread->values);
    free(thread->files);
    free(thread->text);
    free(thread);
}

static bool all_ascii(const char *data, size_t length)
{
    uint64_t bits = 0, word;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        memcpy(&word, data + i, 8);
        bits |= word;
    }
    for (; i < length; i++)
        bits |= (unsigned char)data[i];
    return !(bits & UINT64_C(0x8080808080808080));
}

static const struct ingest_source *thread_source(const struct scan_thread *thread)
{
    return &thread->scan->sources[thread->block.source];
}

/* The next block in UTF-8; *more is false at the end. */
static enum status next_block(struct scan_thread *thread, bool *more, struct error *error)
{
    struct ingest_scan *scan = thread->scan;
    if (thread->block.length)
        ingest_ordered_file_put(scan->rejects, thread->block.sequence, &thread->rejects);
    TRY(ingest_reader_next(&scan->reader, &thread->block, error));
    *more = thread->block.length > 0;
    const char *data = thread->block.data;
    size_t length = thread->block.length;
    thread->ascii = all_ascii(data, length);
    const struct ingest_encoding *encoding = *more ? thread_source(thread)->dialect.encoding : NULL;
    if (encoding && !encoding->streamed && !thread->ascii) {
        if (thread->text_capacity < 3 * length) {
            thread->text_capacity = 3 * length;
            thread->text = base_realloc(thread->text, thread->text_capacity);
        }
        length = ingest_decode(encoding, data, length, thread->text);
        data = thread->text;
    }
    thread->at = data;
    thread->end = data + length;
    thread->line = thread->block.first_line;
    if (*more)
        thread->record.names = scan->source_columns[thread->block.source].names;
    return STATUS_OK;
}

static void set_aside(struct scan_thread *thread, enum ingest_reason reason, int column,
                      uint64_t line)
{
    struct ingest_scan *scan = thread->scan;
    if (atomic_load_explicit(&scan->stale, memory_order_relaxed))
        return;
    struct ingest_reject reject = {
        .reason = reason,
        .source = thread_source(thread)->name,
        .line = line,
        .column = column >= 0 ? scan->columns[column].name : NULL,
        .value = column >= 0 ? thread->values[column] : (struct text){"", 0},
        .row = {thread->record.line, thread->record.length},
    };
    ingest_reject_counts_add(&thread->reject_counts, &reject);
    if (scan->rejects->file)
        ingest_reject_write(&reject, &thread->rejects);
}

/* Values of the record by column of the table; what the source does not have is unknown. */
static bool place_values(struct scan_thread *thread, uint64_t line)
{
    struct ingest_scan *scan = thread->scan;
    const struct ingest_record *record = &thread->record;
    const struct ingest_source_columns *map = &scan->source_columns[thread->block.source];
    for (size_t i = 0; i < scan->column_count; i++)
        thread->values[i] = (struct text){"", 0};
    size_t count = record->count;
    if (record->flaw != FLAW_NONE) {
        static const enum ingest_reason reasons[] = {[FLAW_QUOTE] = REASON_QUOTE,
                                                     [FLAW_OPEN] = REASON_OPEN_QUOTE,
                                                     [FLAW_JSON] = REASON_JSON};
        set_aside(thread, reasons[record->flaw], -1, line);
        return false;
    }
    while (count > map->count && record->fields[count - 1].length == 0)
        count--;
    if (count > map->count) {
        set_aside(thread, REASON_MANY_FIELDS, -1, line);
        return false;
    }
    if (record->count < map->least) {
        set_aside(thread, REASON_FEW_FIELDS, -1, line);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (map->columns[i] >= 0)
            thread->values[map->columns[i]] =
                (struct text){record->fields[i].data, record->fields[i].length};
    return true;
}

static bool check_encoding(struct scan_thread *thread, uint64_t line)
{
    if (thread->ascii)
        return true;
    struct text row = {thread->record.line, thread->record.length};
    struct ingest_file_counts *counts = &thread->files[thread->block.source];
    if (all_ascii(row.data, row.length))
        return true;
    if (text_valid_utf8(row)) {
        counts->valid_bytes_rows++;
        return true;
    }
    counts->invalid_bytes_rows++;
    set_aside(thread, thread_source(thread)->dialect.encoding ? REASON_CHARACTER : REASON_ENCODING,
              -1, line);
    return false;
}

/* Files that were put together from several have the header more than once. */
static bool is_header(const struct ingest_record *record, const struct ingest_source_columns *map)
{
    if (!map->header || record->count < map->count)
        return false;
    for (size_t i = 0; i < map->count; i++)
        if (!text_is((struct text){record->fields[i].data, record->fields[i].length},
                     map->header[i]))
            return false;
    return true;
}

/* Lines that are no rows: spreadsheets write commas where rows were deleted. Most rows are told by
 * their first field.
 */
static bool pass_over(struct scan_thread *thread, uint64_t line)
{
    const struct ingest_record *record = &thread->record;
    const struct ingest_source_columns *map = &thread->scan->source_columns[thread->block.source];
    struct ingest_file_counts *counts = &thread->files[thread->block.source];
    if (map->names || record->count == 0)
        return false;
    if (record->fields[0].length == 0 && record->flaw == FLAW_NONE && ingest_is_blank(record)) {
        if (!counts->empty_rows++)
            counts->empty_line = line;
        return true;
    }
    if (map->header && *record->fields[0].data == *map->header[0] && is_header(record, map)) {
        if (!counts->headers++)
            counts->header_line = line;
        return true;
    }
    return false;
}

static void observe_values(struct scan_thread *thread, uint64_t line)
{
    struct ingest_scan *scan = thread->scan;
    size_t first = thread->block.source * scan->column_count;
    for (size_t i = 0; i < scan->column_count; i++) {
        struct ingest_reading *reading = &thread->readings[i];
        thread->values[i] = ingest_trim(thread->values[i]);
        reading->number.marks = 0;
        ingest_observe(&thread->evidence[i], thread->values[i], &scan->manners[first + i], line,
                       reading);
        if (reading->number.marks)
            ingest_add_marks(&thread->marks[first + i], reading->number.marks);
    }
}

static bool unknown(const struct scan_thread *thread, size_t column)
{
    return ingest_is_unknown(thread->readings[column].form, thread->values[column],
                             &thread->scan->columns[column].type);
}

/* The zone of that name, opened once by each thread; NULL when there is none. */
static const struct zone *find_zone(struct scan_thread *thread, struct text name)
{
    for (size_t i = 0; i < thread->zone_count; i++)
        if (text_equal(thread->zones[i].name, name))
            return thread->zones[i].zone;
    struct error ignored;
    struct zone *zone = NULL;
    char *copy = base_malloc(name.length + 1);
    memcpy(copy, name.data, name.length);
    copy[name.length] = 0;
    if (zone_open(copy, &zone, &ignored) != STATUS_OK)
        zone = NULL;
    thread->zones = base_realloc(thread->zones, (thread->zone_count + 1) * sizeof *thread->zones);
    thread->zones[thread->zone_count++] = (struct named_zone){{copy, name.length}, zone};
    return zone;
}

/* A scaled integer at the column's scale; false when digits would be lost. */
static bool to_scale(const struct ingest_number *number, const struct ingest_type *type,
                     int64_t *out)
{
    int64_t scaled = number->scaled;
    int scale = number->scale;
    if (type->dot_zero && number->zero_fraction) {
        scaled /= number_power10(scale);
        scale = 0;
    }
    return scale <= type->scale && number->digits + type->scale <= 18 &&
           number_rescale(scaled, type->scale - scale, out);
}

/* Two-digit years of births are the latest that are not in the future: 45 is 1945. */
static void move_birth(const struct scan_thread *thread, struct ingest_moment *moment)
{
    if (moment->short_year && moment->date > thread->scan->today)
        moment->date = date_add_months(moment->date, -12 * 100);
}

static bool fits_date(struct scan_thread *thread, size_t column, enum ingest_reason *wrong)
{
    enum { EITHER = DATE_FORMAT_MDY | DATE_FORMAT_DMY };
    const struct ingest_type *type = &thread->scan->columns[column].type;
    struct ingest_reading *reading = &thread->readings[column];
    *wrong = REASON_BAD_DATE;
    if (!(reading->dates & type->dates))
        return false;
    *wrong = REASON_DATE_ORDER;
    if (type->contradictory && (reading->dates & EITHER) == EITHER)
        return false;
    if (reading->dates & ~type->dates)
        ingest_parse_moment(thread->values[column], type->dates, &reading->moment);
    *wrong = REASON_BAD_ZONE;
    if (reading->moment.zone.length && !find_zone(thread, reading->moment.zone))
        return false;
    if (type->past)
        move_birth(thread, &reading->moment);
    if (type->type == VALUE_DATE && reading->moment.has_clock)
        atomic_store_explicit(&thread->scan->stale, true, memory_order_relaxed);
    return true;
}

/* What does not begin like a list is one text, or several with the column's separator between them.
 */
static bool fits_set(struct scan_thread *thread, size_t column)
{
    struct text value = thread->values[column];
    return *value.data != '[' || value.data[value.length - 1] != ']' || ingest_is_list(value);
}

/* Whether the value reads as its column's type; wrong says why not. A number that needs more room
 * proves the plan stale. */
static bool fits(struct scan_thread *thread, size_t column, enum ingest_reason *wrong)
{
    const struct ingest_type *type = &thread->scan->columns[column].type;
    struct ingest_reading *reading = &thread->readings[column];
    enum ingest_form form = reading->form;
    bool number = form == FORM_INT || form == FORM_DECIMAL || form == FORM_DOUBLE;
    switch (type->type) {
    case VALUE_INT:
    case VALUE_DECIMAL:
        *wrong = form == FORM_NONFINITE ? REASON_NOT_FINITE : REASON_BAD_NUMBER;
        if (!number)
            return false;
        int64_t scaled;
        if (type->type == VALUE_INT &&
            (form == FORM_INT || (form == FORM_DOUBLE && reading->number.whole)))
            return true;
        if (form == FORM_DOUBLE || !to_scale(&reading->number, type, &scaled)) {
            atomic_store_explicit(&thread->scan->stale, true, memory_order_relaxed);
            return false;
        }
        reading->number.scaled = scaled;
        return true;
    case VALUE_DOUBLE:
        *wrong = form == FORM_NONFINITE ? REASON_NOT_FINITE : REASON_BAD_NUMBER;
        return number;
    case VALUE_BOOL: *wrong = REASON_BAD_BOOL; return form == FORM_BOOL;
    case VALUE_DATE:
    case VALUE_TIME: return fits_date(thread, column, wrong);
    case VALUE_SET: *wrong = REASON_BAD_SET; return fits_set(thread, column);
    case VALUE_POINT:
        *wrong = REASON_BAD_PLACE;
        return form == FORM_UNKNOWN || ingest_is_place(thread->values[column]);
    case VALUE_NONE:
        atomic_store_explicit(&thread->scan->stale, true, memory_order_relaxed);
        return true;
    default: return true;
    }
}

/* Columns whose value a row cannot do without, with the reason that says so. */
static bool required_missing(struct scan_thread *thread, uint64_t line)
{
    const struct ingest_scan *scan = thread->scan;
    const struct {
        int column;
        enum ingest_reason reason;
    } required[] = {
        {scan->customer, REASON_NO_CUSTOMER},
        {scan->key, REASON_NO_KEY},
        {scan->group, REASON_NO_GROUP},
        {scan->time, REASON_NO_TIME},
    };
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (required[i].column >= 0 && unknown(thread, (size_t)required[i].column)) {
            set_aside(thread, required[i].reason, required[i].column, line);
            return true;
        }
    for (size_t i = 0; i < scan->column_count; i++)
        if (scan->columns[i].id && unknown(thread, i)) {
            set_aside(thread, REASON_NO_ID, (int)i, line);
            return true;
        }
    return false;
}

static const char *sign_code(const struct scan_thread *thread, size_t column)
{
    const struct ingest_reading *reading = &thread->readings[column];
    bool number =
        reading->form == FORM_INT || reading->form == FORM_DECIMAL || reading->form == FORM_DOUBLE;
    return number && thread->scan->columns[column].money
               ? thread->sign_codes[reading->number.currency]
               : "";
}

/* Whether the row has an amount whose sign could say its currency. */
static bool has_money(const struct scan_thread *thread)
{
    for (size_t i = 0; i < thread->scan->column_count; i++)
        if (thread->scan->columns[i].money && !thread->scan->columns[i].derived &&
            !unknown(thread, i))
            return true;
    return false;
}

/* The currency of the row's amounts, "" when none of them says it. */
static const char *row_currency(const struct scan_thread *thread)
{
    for (size_t i = 0; i < thread->scan->column_count; i++)
        if (*sign_code(thread, i))
            return sign_code(thread, i);
    return "";
}

/* A column whose amount is in another currency than the row's first; −1 when they agree. */
static int find_currency_conflict(const struct scan_thread *thread)
{
    const struct ingest_scan *scan = thread->scan;
    const char *first = scan->currency >= 0 ? row_currency(thread) : "";
    for (size_t i = 0; *first && i < scan->column_count; i++)
        if (*sign_code(thread, i) && strcmp(sign_code(thread, i), first) != 0)
            return (int)i;
    return -1;
}

static bool check_values(struct scan_thread *thread, uint64_t line)
{
    struct ingest_scan *scan = thread->scan;
    enum ingest_reason reason;
    if (required_missing(thread, line))
        return false;
    if (scan->time >= 0 && !fits(thread, (size_t)scan->time, &reason)) {
        set_aside(thread, reason == REASON_BAD_DATE ? REASON_BAD_TIME : reason, scan->time, line);
        return false;
    }
    int other = find_currency_conflict(thread);
    if (other >= 0) {
        set_aside(thread, REASON_CURRENCIES, other, line);
        return false;
    }
    for (size_t i = 0; i < scan->column_count; i++)
        if ((int)i != scan->time && !unknown(thread, i) && !fits(thread, i, &reason)) {
            set_aside(thread, reason, (int)i, line);
            return false;
        }
    return true;
}

/* Moments */

static const struct day *find_day(struct scan_thread *thread, int32_t date)
{
    struct day *day = &thread->days[(uint32_t)date % DAY_CACHE];
    if (!day->known || day->date != date) {
        const struct zone *zone = thread->scan->zone;
        day->date = date;
        day->known = true;
        day->start = zone_day_start(zone, date);
        day->uniform = date < DATE_MAX &&
                       zone_day_start(zone, date + 1) - day->start == SECONDS_A_DAY &&
                       zone_moment(zone, date, 0, NULL) == day->start;
    }
    return day;
}

/* counts may be NULL: only the time of a fact is counted. */
static int64_t to_moment(struct scan_thread *thread, const struct ingest_moment *written,
                         struct ingest_time_counts *counts)
{
    if (counts)
        counts->fractions += written->has_fraction;
    if (written->has_offset)
        return (int64_t)written->date * SECONDS_A_DAY + written->clock - written->offset;
    if (written->zone.length)
        return zone_moment(find_zone(thread, written->zone), written->date, written->clock, NULL);
    const struct day *day = find_day(thread, written->date);
    if (!written->has_clock) {
        if (counts)
            counts->bare++;
        return day->start;
    }
    if (day->uniform)
        return day->start + written->clock;
    enum zone_fit fit;
    int64_t moment = zone_moment(thread->scan->zone, written->date, written->clock, &fit);
    if (counts) {
        counts->repeated += fit == ZONE_REPEATED;
        counts->missing += fit == ZONE_MISSING;
    }
    return moment;
}

/* A time of day in a column of its own, behind the date whatever that looks like: it is read behind
 * a date that every format knows. The columns themselves stay what the file has. */
static bool add_clock(struct scan_thread *thread, struct ingest_moment *written)
{
    static const char any_date[] = "2000-01-01 ";
    struct ingest_moment clock;
    buffer_reset(&thread->joined);
    buffer_string(&thread->joined, any_date);
    buffer_text(&thread->joined, text_trim(thread->values[thread->scan->clock]));
    struct text text = {thread->joined.data, thread->joined.length};
    if (!ingest_parse_moment(text, DATE_FORMAT_YMD, &clock) || !clock.has_clock)
        return false;
    int32_t date = written->date;
    *written = clock;
    written->date = date;
    return true;
}

/* The time of the fact; false when facts cannot have it. */
static bool fact_time(struct scan_thread *thread, uint64_t line, int64_t *moment)
{
    const struct ingest_scan *scan = thread->scan;
    *moment = 0;
    if (scan->time < 0)
        return true;
    struct ingest_time_counts counts = {0};
    struct ingest_moment written = thread->readings[scan->time].moment;
    if (scan->clock >= 0 && !unknown(thread, (size_t)scan->clock) && !add_clock(thread, &written)) {
        set_aside(thread, REASON_BAD_TIME, scan->clock, line);
        return false;
    }
    *moment = to_moment(thread, &written, &counts);
    if (*moment < FACT_TIME_MIN || *moment > FACT_TIME_MAX) {
        set_aside(thread, REASON_TIME_RANGE, scan->time, line);
        return false;
    }
    if (*moment > scan->max_time) {
        set_aside(thread, REASON_TIME_LATE, scan->time, line);
        return false;
    }
    thread->times.repeated += counts.repeated;
    thread->times.missing += counts.missing;
    thread->times.bare += counts.bare;
    thread->times.fractions += counts.fractions;
    if (*moment < thread->first_time)
        thread->first_time = *moment;
    if (*moment > thread->last_time)
        thread->last_time = *moment;
    return true;
}

/* Output */

static double to_double(const struct ingest_reading *reading, struct text value)
{
    const struct ingest_number *number = &reading->number;
    if (reading->form == FORM_DOUBLE)
        return number->real;
    if (llabs(number->scaled) < INT64_C(1) << 53)
        return number_decimal_to_double(number->scaled, number->scale);
    double real = 0;
    char plain[NUMBER_TEXT_MAX];
    number_parse_double(text_from(number_format_decimal(number->scaled, number->scale, plain)),
                        &real);
    return real;
}

static struct text to_text(const struct ingest_type *type, const struct ingest_reading *reading,
                           struct text value)
{
    value = text_trim(value);
    if (type->dot_zero && reading->form == FORM_DECIMAL && !reading->number.decorated &&
        value.length > 2)
        value.length -= 2;
    return value;
}

static void put_currency(struct scan_thread *thread, struct lake_output *output, size_t row)
{
    const char *code = row_currency(thread);
    if (!*code && thread->scan->own_currency && has_money(thread))
        code = thread->scan->own_currency; /* of amounts without one */
    if (*code)
        lake_output_text(output, row, text_from(code));
    else
        lake_output_null(output, row);
}

/* usd and USD are one currency. */
static void put_currency_text(struct lake_output *output, size_t row, struct text value)
{
    char code[3];
    value = text_trim(value);
    bool small = value.length == sizeof code;
    for (size_t i = 0; i < sizeof code && small; i++) {
        small = value.data[i] >= 'a' && value.data[i] <= 'z';
        code[i] = (char)(value.data[i] & ~32);
    }
    lake_output_text(output, row, small ? (struct text){code, sizeof code} : value);
}

static void put_set(struct scan_thread *thread, size_t column, struct lake_output *output,
                    size_t row)
{
    buffer_reset(&thread->set);
    ingest_set_list(thread->values[column], thread->scan->columns[column].type.delimiter,
                    &thread->set);
    lake_output_text(output, row, (struct text){thread->set.data, thread->set.length});
}

static void put_value(struct scan_thread *thread, size_t column, struct lake_output *output,
                      size_t row)
{
    const struct ingest_type *type = &thread->scan->columns[column].type;
    const struct ingest_reading *reading = &thread->readings[column];
    if (thread->scan->columns[column].derived) {
        put_currency(thread, output, row);
        return;
    }
    if (type->type == VALUE_NONE || unknown(thread, column)) {
        lake_output_null(output, row);
        return;
    }
    switch (type->type) {
    case VALUE_BOOL:
        ((uint8_t *)output->data)[row] = (thread->values[column].data[0] | 32) == 't';
        return;
    case VALUE_INT:
    case VALUE_DECIMAL: ((int64_t *)output->data)[row] = reading->number.scaled; return;
    case VALUE_DOUBLE:
        ((double *)output->data)[row] = to_double(reading, thread->values[column]);
        return;
    case VALUE_DATE: ((int32_t *)output->data)[row] = reading->moment.date; return;
    case VALUE_TIME:
        ((int64_t *)output->data)[row] = to_moment(thread, &reading->moment, NULL) * 1000000;
        return;
    case VALUE_SET: put_set(thread, column, output, row); return;
    default:
        if (thread->scan->columns[column].currency)
            put_currency_text(output, row, thread->values[column]);
        else
            lake_output_text(output, row, to_text(type, reading, thread->values[column]));
    }
}

static void put_row(struct scan_thread *thread, struct lake_output *outputs, size_t row,
                    uint64_t line, int64_t moment)
{
    if (outputs[0].handle)
        ((uint64_t *)outputs[0].data)[row] = (uint64_t)thread->block.source << SCAN_ROW_BITS | line;
    if (outputs[1].handle)
        ((uint32_t *)outputs[1].data)[row] = (uint32_t)moment;
    for (size_t i = 0; i < thread->scan->column_count; i++)
        if (outputs[SCAN_OWN_COLUMNS + i].handle)
            put_value(thread, i, &outputs[SCAN_OWN_COLUMNS + i], row);
}

/* One record further; *kept when it is to become a row. */
static bool next_record(struct scan_thread *thread, uint64_t *line, int64_t *moment, bool *kept)
{
    size_t skipped;
    *kept = false;
    if (!ingest_split(&thread_source(thread)->dialect, &thread->at, thread->end, &thread->record,
                      &skipped))
        return false;
    *line = thread->line + skipped;
    thread->line = *line + thread->record.lines;
    if (pass_over(thread, *line))
        return true;
    thread->rows++;
    thread->files[thread->block.source].rows++;
    thread->files[thread->block.source].new_names += thread->record.unnamed > 0;
    if (!check_encoding(thread, *line) || !place_values(thread, *line))
        return true;
    observe_values(thread, *line);
    *kept = check_values(thread, *line) && fact_time(thread, *line, moment);
    return true;
}

static enum status fill(void *context, void *state, size_t max, struct lake_output *outputs,
                        size_t *filled, struct error *error)
{
    struct scan_thread *thread = state;
    struct ingest_scan *scan = context;
    *filled = 0;
    while (*filled < max) {
        uint64_t line;
        int64_t moment = 0; /* gcc does not see that a record that is kept has set it */
        bool kept, more;
        if (thread->at < thread->end && next_record(thread, &line, &moment, &kept)) {
            if (kept && outputs && !atomic_load_explicit(&scan->stale, memory_order_relaxed))
                put_row(thread, outputs, (*filled)++, line, moment);
            continue;
        }
        TRY(next_block(thread, &more, error));
        if (!more)
            break;
    }
    if (*filled == 0)
        thread_finish(thread);
    return STATUS_OK;
}

static const char *sql_type(const struct ingest_type *type, struct arena *arena)
{
    static const char *const names[VALUE_TYPES] = {
        [VALUE_BOOL] = "BOOLEAN", [VALUE_INT] = "BIGINT",     [VALUE_DOUBLE] = "DOUBLE",
        [VALUE_DATE] = "DATE",    [VALUE_TIME] = "TIMESTAMP",
    };
    if (type->type == VALUE_DECIMAL)
        return arena_printf(arena, "DECIMAL(18,%d)", type->scale);
    return names[type->type] ? names[type->type] : "VARCHAR";
}

enum status ingest_scan_register(struct ingest_scan *scan, struct lake *lake, const char *name,
                                 struct error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    size_t count = scan->column_count + SCAN_OWN_COLUMNS;
    const char **names = ARENA_ARRAY(&arena, const char *, count);
    const char **types = ARENA_ARRAY(&arena, const char *, count);
    names[0] = SCAN_ROW, types[0] = "UBIGINT";
    names[1] = SCAN_TIME, types[1] = "UINTEGER";
    for (size_t i = 0; i < scan->column_count; i++) {
        names[SCAN_OWN_COLUMNS + i] = scan->columns[i].name;
        types[SCAN_OWN_COLUMNS + i] = sql_type(&scan->columns[i].type, &arena);
    }
    struct lake_stream stream = {
        .name = name,
        .column_names = names,
        .column_types = types,
        .column_count = count,
        .thread_open = thread_open,
        .thread_close = thread_close,
        .fill = fill,
        .context = scan,
    };
    enum status status = lake_register_stream(lake, &stream, error);
    arena_release(&arena);
    return status;
}
