/*
 * Rows that are set aside: why, in a word for programs and in words for people; how many for each
 * reason; and the file they are kept in. Threads finish their blocks in any order, and the file has
 * the order of the rows all the same: what comes early is held back until its turn (late).
 */
#include "ingest/reject.h"

#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code, *text, *advice;
} reasons[REASONS] = {
    [REASON_NO_CUSTOMER] = {"no-customer", "no customer",
                            "fill in the customer, or leave such rows out"},
    [REASON_NO_TIME] = {"no-time", "no time", "fill in when it happened"},
    [REASON_BAD_TIME] = {"bad-time", "not a time",
                         "write it as the other rows do, or as 2025-03-31 14:05:09"},
    [REASON_TIME_RANGE] = {"time-range", "a time outside 1970 to 2105", "correct the year"},
    [REASON_TIME_LATE] = {"after-max-time", "a time after --max-time", "correct the year"},
    [REASON_NO_KEY] = {"no-key", "no key", "fill in the key that facts point at"},
    [REASON_NO_ID] = {"no-id", "no id", "fill in the columns of --id"},
    [REASON_NO_GROUP] = {"no-group", "no value to group by", "fill in the column of --group-by"},
    [REASON_BAD_NUMBER] = {"bad-number", "not a number", "write a number, or leave it empty"},
    [REASON_NOT_FINITE] = {"not-finite", "not a finite number",
                           "leave it empty when it is not known"},
    [REASON_BAD_DATE] = {"bad-date", "not a date",
                         "write it as the other rows do, or leave it empty"},
    [REASON_BAD_BOOL] = {"bad-yes-no", "neither true nor false",
                         "write true or false, or leave it empty"},
    [REASON_DATE_ORDER] =
        {"date-order", "a date that is either day/month or month/day",
         "the column has both: --type COLUMN=D/M/YYYY or --type COLUMN=M/D/YYYY says which it is"},
    [REASON_BAD_ZONE] = {"bad-zone", "a time in a zone that is not known",
                         "name a zone such as Europe/Vienna, or write "
                         "the offset"},
    [REASON_BAD_SET] = {"bad-set", "not a list of texts", "write [\"a\",\"b\"] or a|b"},
    [REASON_CURRENCIES] = {"two-currencies", "an amount in another currency than the row's first",
                           "make a row of each amount, or keep one of the columns with --select"},
    [REASON_BAD_PLACE] =
        {"bad-location", "not a location",
         "write latitude and longitude in degrees, as 48.2082,16.3738, or leave it empty"},
    [REASON_FEW_FIELDS] = {"few-fields", "fewer fields than columns",
                           "look for a line break inside the row"},
    [REASON_MANY_FIELDS] = {"many-fields", "more fields than columns",
                            "put text that holds the delimiter in quotes"},
    [REASON_QUOTE] = {"bad-quote", "text behind a closing quote",
                      "double quotes inside a quoted text"},
    [REASON_OPEN_QUOTE] = {"open-quote", "a quote that is opened and never closed",
                           "close the quote, or double quotes inside a quoted text"},
    [REASON_ENCODING] = {"bad-encoding", "not valid UTF-8", "save the row as UTF-8"},
    [REASON_CHARACTER] = {"bad-character", "bytes that mean nothing in the file's encoding",
                          "mend the row, or name the right encoding: --encoding NAME"},
    [REASON_JSON] = {"bad-json", "not a JSON object", "write one object a line"},
    [REASON_CONFLICT] = {"conflict", "another row with this id has a different content",
                         "correct the id, or import with --on-conflict replace"},
};

const char *ingest_reason_code(enum ingest_reason reason)
{
    return reasons[reason].code;
}

const char *ingest_reason_text(enum ingest_reason reason)
{
    return reasons[reason].text;
}

const char *ingest_reason_advice(enum ingest_reason reason)
{
    return reasons[reason].advice;
}

/* A value or row of many megabytes helps nobody; the file and line say where the rest is. */
enum { SHOWN_MAX = 1 << 16 };

void ingest_reject_write(const struct ingest_reject *reject, struct buffer *out)
{
    struct json json;
    json_init(&json, out, false);
    json_write_object(&json);
    json_write_key(&json, "file");
    json_write_string(&json, reject->source);
    json_write_key(&json, "line");
    json_write_integer(&json, (int64_t)reject->line);
    if (reject->column) {
        json_write_key(&json, "column");
        json_write_string(&json, reject->column);
        json_write_key(&json, "value");
        json_write_text(&json, text_cut(reject->value, SHOWN_MAX));
    }

    json_write_key(&json, "reason");
    json_write_string(&json, reasons[reject->reason].code);
    json_write_key(&json, "suggestion");
    json_write_string(&json, reasons[reject->reason].advice);
    if (reject->row.length > SHOWN_MAX) { /* half a row is not to be tried again */
        json_write_key(&json, "cut");
        json_write_bool(&json, true);
    }

    json_write_key(&json, "row");
    json_write_text(&json, text_cut(reject->row, SHOWN_MAX));
    json_write_end_object(&json);
    buffer_char(out, '\n');
}

static bool same_column(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static struct ingest_reject_count *find_count(struct ingest_reject_counts *counts,
                                              enum ingest_reason reason, const char *column)
{
    for (size_t i = 0; i < counts->count; i++)
        if (counts->items[i].reason == reason && same_column(counts->items[i].column, column))
            return &counts->items[i];

    if (counts->count == counts->capacity) {
        counts->capacity = counts->capacity ? counts->capacity * 2 : 8;
        counts->items = base_realloc(counts->items, counts->capacity * sizeof *counts->items);
    }

    struct ingest_reject_count *count = &counts->items[counts->count++];
    *count = (struct ingest_reject_count){.reason = reason, .column = column};
    return count;
}

void ingest_reject_counts_add(struct ingest_reject_counts *counts,
                              const struct ingest_reject *reject)
{
    struct ingest_reject_count *count = find_count(counts, reject->reason, reject->column);
    if (count->rows++)
        return;

    count->first_line = reject->line;
    struct text cut = text_cut(reject->value, sizeof count->example - 1);
    if (cut.length)
        memcpy(count->example, cut.data, cut.length);
    count->example[cut.length] = 0;
}

void ingest_reject_counts_merge(struct ingest_reject_counts *into,
                                const struct ingest_reject_counts *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct ingest_reject_count *theirs = &from->items[i];
        struct ingest_reject_count *ours = find_count(into, theirs->reason, theirs->column);

        /* the example is that of the earliest line, whichever thread met it */
        if (!ours->rows || theirs->first_line < ours->first_line) {
            ours->first_line = theirs->first_line;
            memcpy(ours->example, theirs->example, sizeof ours->example);
        }
        ours->rows += theirs->rows;
    }
}

uint64_t ingest_reject_counts_total(const struct ingest_reject_counts *counts)
{
    uint64_t total = 0;
    for (size_t i = 0; i < counts->count; i++)
        total += counts->items[i].rows;
    return total;
}

/* The ordered file */

enum status ingest_ordered_file_open(struct ingest_ordered_file *file, const char *path,
                                     struct error *error)
{
    *file = (struct ingest_ordered_file){0};
    pthread_mutex_init(&file->mutex, NULL);
    if (!path)
        return STATUS_OK;
    file->file = fopen(path, "we");
    return file->file ? STATUS_OK : error_system(error, errno, "cannot write %s", path);
}

static void write_out(struct ingest_ordered_file *file, const struct buffer *text)
{
    if (file->file && text->length)
        file->failed |= fwrite(text->data, 1, text->length, file->file) != text->length;
}

static void write_late(struct ingest_ordered_file *file)
{
    for (size_t i = 0; i < file->late_count;) {
        if (file->late[i].sequence != file->next) {
            i++;
            continue;
        }
        write_out(file, &file->late[i].text);
        buffer_release(&file->late[i].text);
        file->late[i] = file->late[--file->late_count];
        file->next++;
        i = 0;
    }
}

void ingest_ordered_file_put(struct ingest_ordered_file *file, uint64_t sequence,
                             struct buffer *text)
{
    pthread_mutex_lock(&file->mutex);

    /* the buffer goes into the queue with its memory, and the caller gets an empty one */
    if (sequence == file->next) {
        write_out(file, text);
        buffer_reset(text);
        file->next++;
        write_late(file);
    } else {
        if (file->late_count == file->late_capacity) {
            file->late_capacity = file->late_capacity ? file->late_capacity * 2 : 8;
            file->late = base_realloc(file->late, file->late_capacity * sizeof *file->late);
        }
        file->late[file->late_count++] = (struct ingest_late_text){sequence, *text};
        buffer_init(text, 0);
    }
    pthread_mutex_unlock(&file->mutex);
}

void ingest_ordered_file_append(struct ingest_ordered_file *file, const struct buffer *text)
{
    write_out(file, text);
}

enum status ingest_ordered_file_close(struct ingest_ordered_file *file, struct error *error)
{
    for (size_t i = 0; i < file->late_count; i++)
        buffer_release(&file->late[i].text);
    free(file->late);
    file->late = NULL;
    file->late_count = 0;
    if (!file->file)
        return STATUS_OK;
    bool failed = file->failed | (fclose(file->file) != 0);
    file->file = NULL;
    pthread_mutex_destroy(&file->mutex);
    return failed ? error_set(error, STATUS_IO,
                              "cannot write the rows that were set aside: the disk may be full")
                  : STATUS_OK;
}
