/*
 * What is left to do once the rows are written: whether too many were set aside, where
 * those are kept, with a line at their head that says how to read them again, and the
 * mapping for next time.
 */
#include "ingest/report.h"

#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- how many may be set aside ---- */

static enum status parse_limit(const char *text, uint64_t read, uint64_t *limit,
                               struct error *error)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    bool percent = *end == '%';
    if (end == text || errno || number < 0 || (*end && strcmp(end, "%") != 0)) {
        enum status status = error_set(error, STATUS_USAGE, "--max-rejects is \"%s\"", text);
        error_hint(error, "give a number of rows or a share: 100 or 2%%");
        return status;
    }

    *limit = (uint64_t)(percent ? number / 100 * (double)read : number);
    return STATUS_OK;
}

static const struct ingest_reject_count *chief_reason(const struct ingest_summary *summary)
{
    const struct ingest_reject_count *chief = NULL;
    for (size_t i = 0; i < summary->reject_count; i++)
        if (!chief || summary->rejects[i].rows > chief->rows)
            chief = &summary->rejects[i];
    return chief;
}

/* Rows that are there already in other words are no sign of a file that was misread, and
 * what is retried was set aside before. */
static bool mostly_unusable(const struct ingest_options *options,
                            const struct ingest_summary *summary)
{
    uint64_t unusable = 0;
    for (size_t i = 0; i < summary->reject_count; i++)
        unusable += summary->rejects[i].reason == REASON_CONFLICT ? 0 : summary->rejects[i].rows;
    return !options->retry && unusable * 2 > summary->read;
}

static enum status refuse(const struct ingest_run *run, const struct ingest_summary *summary,
                          const struct ingest_reject_count *chief, uint64_t limit,
                          struct error *error)
{
    bool said = run->options->max_rejects != NULL;
    const char *most =
        said ? arena_printf(run->arena, "the %llu of --max-rejects", (unsigned long long)limit)
             : "half of them";
    enum status status =
        error_set(error, STATUS_REJECTS,
                  "%llu of %llu rows would be set aside, more than %s, chiefly because of %s%s%s",
                  (unsigned long long)summary->set_aside, (unsigned long long)summary->read, most,
                  ingest_reason_text(chief->reason), chief->column ? " in " : "",
                  chief->column ? chief->column : "");
    error_hint(error, "nothing was imported; %s%s", ingest_reason_advice(chief->reason),
               said ? "" : ". --max-rejects 100% imports what can be used all the same");
    return status;
}

enum status ingest_check_limit(const struct ingest_run *run, const struct ingest_summary *summary,
                               bool *refused, struct error *error)
{
    enum { MANY = 20 }; /* more than one row in twenty is worth a warning */
    const struct ingest_options *options = run->options;
    const struct ingest_reject_count *chief = chief_reason(summary);
    if (!chief || !summary->set_aside)
        return STATUS_OK;
    if (summary->set_aside * MANY > summary->read)
        ingest_warn(run, "%.1f%% of the rows are set aside, chiefly because of %s%s%s: %s",
                    100 * (double)summary->set_aside / (double)summary->read,
                    ingest_reason_text(chief->reason), chief->column ? " in " : "",
                    chief->column ? chief->column : "", ingest_reason_advice(chief->reason));

    uint64_t limit = 0;
    if (options->max_rejects)
        TRY(parse_limit(options->max_rejects, summary->read, &limit, error));
    *refused =
        options->max_rejects ? summary->set_aside > limit : mostly_unusable(options, summary);
    return *refused ? refuse(run, summary, chief, limit, error) : STATUS_OK;
}

/* ---- the rows that were set aside ---- */

static void write_types(const struct ingest_run *run, const struct ingest_shape *shape,
                        struct ingest_mapping *mapping)
{
    struct ingest_pair *types = ARENA_ARRAY(run->arena, struct ingest_pair, shape->column_count);
    size_t count = 0;
    for (size_t i = 0; i < shape->column_count; i++) {
        const struct ingest_type *type = &shape->columns[i].type;
        const char *name = value_type_name(type->type);
        if (type->type == VALUE_NONE || shape->columns[i].derived)
            continue;
        if (type->type == VALUE_DATE || type->type == VALUE_TIME)
            name = ingest_type_format(type);
        if (*name)
            types[count++] = (struct ingest_pair){shape->columns[i].name, name};
    }
    mapping->types = (struct ingest_pairs){types, count};
}

/* What all sources have in common is said to the reader of mended rows, who sees too few
 * to find it out again. */
static void write_dialect(const struct ingest_run *run, const struct ingest_shape *shape,
                          struct ingest_mapping *mapping)
{
    const struct ingest_dialect *first = &shape->sources[0].dialect;
    bool same = true;
    for (size_t i = 1; i < shape->source_count; i++) {
        const struct ingest_dialect *dialect = &shape->sources[i].dialect;
        same &= dialect->delimiter == first->delimiter && dialect->header == first->header;
        same &= dialect->layout == first->layout;
    }

    /* the reader of mended rows gets them as JSON has them: in UTF-8, without titles */
    mapping->encoding = "UTF-8";
    mapping->skip = "0";
    mapping->sheet = NULL;
    if (same && first->layout != LAYOUT_JSON) {
        mapping->delimiter = arena_strndup(run->arena, &first->delimiter, 1);
        mapping->header = first->header ? "yes" : "no";
    }
}

static void rejects_head(const struct ingest_run *run, const struct ingest_understood *understood,
                         const struct ingest_shape *shape, struct buffer *out)
{
    struct json json;
    struct buffer mapping;
    struct ingest_mapping typed = understood->mapping;

    /* types and dialect as they were found, for a few mended rows would not show them again */
    buffer_init(&mapping, 0);
    write_types(run, shape, &typed);
    write_dialect(run, shape, &typed);
    ingest_mapping_write(&typed, false, &mapping);

    json_init(&json, out, false);
    json_write_object(&json);
    json_write_key(&json, "import");
    json_write_integer(&json, run->import);
    json_write_key(&json, "mapping");
    json_write_raw(&json, (struct text){mapping.data, mapping.length});
    json_write_key(&json, "files");
    json_write_array(&json);

    for (size_t i = 0; i < shape->source_count; i++) {
        const char *header = understood->sniffs[i].look.header_line;
        json_write_object(&json);
        json_write_key(&json, "name");
        json_write_string(&json, shape->sources[i].name);
        json_write_key(&json, "header");
        json_write_string(&json, header ? header : "");
        json_write_end_object(&json);
    }

    json_write_end_array(&json);
    json_write_end_object(&json);
    buffer_char(out, '\n');
    buffer_release(&mapping);
}

static enum status copy_file(const char *from, const char *to, const struct buffer *head,
                             struct error *error)
{
    FILE *in = fopen(from, "re");
    if (!in)
        return error_system(error, errno, "cannot read %s", from);

    FILE *out = fopen(to, "we");
    if (!out) {
        fclose(in);
        return error_system(error, errno, "cannot write %s", to);
    }

    char data[1 << 16];
    size_t got = 0;
    bool failed = fwrite(head->data, 1, head->length, out) != head->length;
    do {
        got = fread(data, 1, sizeof data, in);
        failed |= fwrite(data, 1, got, out) != got;
    } while (got && !failed);

    enum status status = STATUS_OK;
    if (ferror(in))
        status = error_system(error, errno, "cannot read %s", from);

    /* A full disk may show only when the last bytes are written out. */
    failed |= fclose(out) != 0;
    if (status == STATUS_OK && failed)
        status = error_system(error, errno, "cannot write %s", to);
    fclose(in);
    return status;
}

enum status ingest_keep_rejects(const struct ingest_run *run,
                                const struct ingest_understood *understood,
                                const struct ingest_shape *shape, uint64_t set_aside,
                                const char **path, struct error *error)
{
    const char *copy = run->options->rejects;
    struct buffer head;
    enum status status = STATUS_OK;
    *path = NULL;
    TRY(ingest_ordered_file_close(&run->aside->file, error));
    if (!set_aside || !run->aside->path)
        return STATUS_OK;

    buffer_init(&head, 0);
    rejects_head(run, understood, shape, &head);
    if (copy) {
        status = copy_file(run->aside->path, copy, &head, error);
        *path = arena_strdup(run->arena, copy);
    }

    /* the store keeps its own copy, whether or not somebody asked for one */
    if (status != STATUS_OK || !run->change)
        goto done;
    const char *whole = store_temporary(run->change, ".jsonl");
    status = copy_file(run->aside->path, whole, &head, error);
    if (status == STATUS_OK)
        status = store_add_rejects(run->change, run->import, whole, error);

    if (!copy)
        *path = store_file(run->store, run->arena, "rejects/%u.jsonl", run->import);
done:
    buffer_release(&head);
    return status;
}

/* ---- the mapping ---- */

enum status ingest_save_mapping(const struct ingest_run *run, const struct ingest_mapping *mapping,
                                struct error *error)
{
    struct buffer text;
    if (!run->options->save_mapping)
        return STATUS_OK;
    buffer_init(&text, 0);
    ingest_mapping_write(mapping, true, &text);
    buffer_char(&text, '\n');
    FILE *file = fopen(run->options->save_mapping, "we");
    bool failed = !file || fwrite(text.data, 1, text.length, file) != text.length;
    failed |= file && fclose(file) != 0;
    enum status status =
        failed ? error_system(error, errno, "cannot write %s", run->options->save_mapping)
               : STATUS_OK;
    buffer_release(&text);
    return status;
}
