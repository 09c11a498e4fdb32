/*
 * Each thread takes a block, splits its records, looks at every value once
 * (ingest_observe), and either sets the row aside or writes it into DuckDB's vectors.
 * Nothing is shared between threads but the reader's lock and, at the end, the sums.
 */
#include "ingest/scanning.h"

#include <stdlib.h>
#include <string.h>

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
    /* eight bytes at a time: nearly all blocks are ASCII, and pass at the speed of memory */
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

    /* the rows of the last block that were set aside are complete now */
    if (thread->block.length)
        ingest_ordered_file_put(scan->rejects, thread->block.sequence, &thread->rejects);
    TRY(ingest_reader_next(&scan->reader, &thread->block, error));

    *more = thread->block.length > 0;
    const char *data = thread->block.data;
    size_t length = thread->block.length;
    thread->ascii = all_ascii(data, length);

    /* ASCII is the same in all encodings of a table, so most blocks are not decoded at all */
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

void ingest_scan_set_aside(struct scan_thread *thread, enum ingest_reason reason, int column,
                           uint64_t line)
{
    struct ingest_scan *scan = thread->scan;

    /* when the pass is made again anyway, nothing it sets aside counts */
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
        ingest_scan_set_aside(thread, reasons[record->flaw], -1, line);
        return false;
    }

    /* empty fields at the end are what a spreadsheet adds to the width of its widest row */
    while (count > map->count && record->fields[count - 1].length == 0)
        count--;
    if (count > map->count) {
        ingest_scan_set_aside(thread, REASON_MANY_FIELDS, -1, line);
        return false;
    }

    /* columns without a name at the end may be left out; fewer fields are a row cut in two */
    if (record->count < map->least) {
        ingest_scan_set_aside(thread, REASON_FEW_FIELDS, -1, line);
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
    ingest_scan_set_aside(
        thread, thread_source(thread)->dialect.encoding ? REASON_CHARACTER : REASON_ENCODING, -1,
        line);
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

/* Lines that are no rows: spreadsheets write commas where rows were deleted. Most rows
 * are told by their first field. */
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

/* One record further; *kept when it is to become a row. */
static bool next_record(struct scan_thread *thread, uint64_t *line, int64_t *moment, bool *kept)
{
    size_t skipped;
    *kept = false;
    if (!ingest_split(&thread_source(thread)->dialect, &thread->at, thread->end, &thread->record,
                      &skipped))
        return false;

    /* Blank lines are passed over in splitting, and quoted fields hold line ends: a record's line
     * is where it begins. */
    *line = thread->line + skipped;
    thread->line = *line + thread->record.lines;
    if (pass_over(thread, *line))
        return true;

    thread->rows++;
    thread->files[thread->block.source].rows++;
    thread->files[thread->block.source].new_names += thread->record.unnamed > 0;
    if (!check_encoding(thread, *line) || !place_values(thread, *line))
        return true;

    /* All values are observed, also those of rows that are set aside below: a column's type follows
     * from what is written in it. */
    observe_values(thread, *line);
    *kept = ingest_scan_check(thread, *line) && ingest_scan_time(thread, *line, moment);
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

        /* a stale pass goes on reading to the end, for its evidence decides the next; only rows are
         * of no use */
        if (thread->at < thread->end && next_record(thread, &line, &moment, &kept)) {
            if (kept && outputs && !atomic_load_explicit(&scan->stale, memory_order_relaxed))
                ingest_scan_put_row(thread, outputs, (*filled)++, line, moment);
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
