/* The use-case: one import from its options to its summary. */
#include "ingest/run.h"

#include "base/json.h"
#include "base/number.h"
#include "identity/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Was it here before? */

static enum status known_already(struct ingest_run *run, bool *stop, struct error *error)
{
    struct catalog_import before;
    char hash[17];
    *stop = false;
    ingest_mapping_hash(&run->mapping, hash);
    TRY(catalog_import_of_content(store_catalog(run->store), run->content_hash, run->table, hash,
                                  run->arena, &before, error));
    if (!before.number || run->options->again || run->options->replace == before.number)
        return STATUS_OK;

    if (strcmp(before.mapping_hash, hash) == 0) {
        run->summary->already = before.number;
        *stop = true;
        return STATUS_OK;
    }
    if (run->options->dry_run) {
        ingest_notice(run, "import %u brought this content with another mapping", before.number);
        return STATUS_OK;
    }
    enum status status =
        error_set(error, STATUS_ERROR, "import %u brought the same content, with another mapping",
                  before.number);
    error_hint(
        error,
        "--replace %u takes it back and imports this instead; --again imports it a second time",
        before.number);
    return status;
}

/* The line at the head of a file of rejects: how to read its rows again. */

static void write_types(struct ingest_run *run, struct ingest_mapping *mapping)
{
    struct ingest_pair *types = ARENA_ARRAY(run->arena, struct ingest_pair, run->column_count);
    size_t count = 0;
    for (size_t i = 0; i < run->column_count; i++) {
        const struct ingest_type *type = &run->columns[i].type;
        const char *name = value_type_name(type->type);
        if (type->type == VALUE_NONE || run->columns[i].derived)
            continue;
        if (type->type == VALUE_DATE || type->type == VALUE_TIME)
            name = ingest_type_format(type);
        if (*name)
            types[count++] = (struct ingest_pair){run->columns[i].name, name};
    }
    mapping->types = (struct ingest_pairs){types, count};
}

/* What all sources have in common is said to the reader of mended rows, who sees too few to find it
 * out again. */
static void write_dialect(const struct ingest_run *run, struct ingest_mapping *mapping)
{
    const struct ingest_dialect *first = &run->sources[0].dialect;
    bool same = true;
    for (size_t i = 1; i < run->source_count; i++) {
        const struct ingest_dialect *dialect = &run->sources[i].dialect;
        same &= dialect->delimiter == first->delimiter && dialect->header == first->header;
        same &= dialect->layout == first->layout;
    }
    mapping->encoding = "UTF-8";
    mapping->skip = "0";
    mapping->sheet = NULL;
    if (same && first->layout != LAYOUT_JSON) {
        mapping->delimiter = arena_strndup(run->arena, &first->delimiter, 1);
        mapping->header = first->header ? "yes" : "no";
    }
}

static void rejects_head(struct ingest_run *run, struct buffer *out)
{
    struct json json;
    struct buffer mapping;
    struct ingest_mapping typed = run->mapping;
    buffer_init(&mapping, 0);
    write_types(run, &typed);
    write_dialect(run, &typed);
    ingest_mapping_write(&typed, false, &mapping);
    json_init(&json, out, false);
    json_write_object(&json);
    json_write_key(&json, "import");
    json_write_integer(&json, run->import);
    json_write_key(&json, "mapping");
    json_write_raw(&json, (struct text){mapping.data, mapping.length});
    json_write_key(&json, "files");
    json_write_array(&json);
    for (size_t i = 0; i < run->source_count; i++) {
        const char *header = run->sniffs[i].look.header_line;
        json_write_object(&json);
        json_write_key(&json, "name");
        json_write_string(&json, run->sources[i].name);
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
    size_t got;
    bool failed = fwrite(head->data, 1, head->length, out) != head->length;
    while ((got = fread(data, 1, sizeof data, in)) > 0)
        failed |= fwrite(data, 1, got, out) != got;
    failed |= ferror(in) != 0;
    failed |= fclose(out) != 0;
    fclose(in);
    return failed ? error_system(error, errno, "cannot write %s", to) : STATUS_OK;
}

static enum status keep_rejects(struct ingest_run *run, struct error *error)
{
    struct buffer head;
    TRY(ingest_ordered_file_close(&run->rejects, error));
    if (!run->summary->set_aside || !run->rejects_file)
        return STATUS_OK;
    buffer_init(&head, 0);
    enum status status = STATUS_OK;
    rejects_head(run, &head);
    if (run->options->rejects)
        status = copy_file(run->rejects_file, run->options->rejects, &head, error);
    if (status == STATUS_OK && run->change && !run->options->dry_run) {
        const char *whole = store_temporary(run->change, ".jsonl");
        status = copy_file(run->rejects_file, whole, &head, error);
        if (status == STATUS_OK)
            status = store_add_rejects(run->change, run->import, whole, error);
        run->summary->rejects_path =
            store_file(run->store, run->arena, "rejects/%u.jsonl", run->import);
    }
    if (run->options->rejects)
        run->summary->rejects_path = arena_strdup(run->arena, run->options->rejects);
    buffer_release(&head);
    return status;
}

/* Limits */

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

static const struct ingest_reject_count *chief_reason(const struct ingest_run *run)
{
    const struct ingest_reject_counts *counts = &run->scan.reject_counts;
    const struct ingest_reject_count *chief = NULL;
    for (size_t i = 0; i < counts->count; i++)
        if (!chief || counts->items[i].rows > chief->rows)
            chief = &counts->items[i];
    return chief;
}

/* Rows that are there already in other words are no sign of a file that was misread, and what is
 * retried was set aside before. */
static bool mostly_unusable(const struct ingest_run *run)
{
    const struct ingest_reject_counts *counts = &run->scan.reject_counts;
    uint64_t unusable = 0;
    for (size_t i = 0; i < counts->count; i++)
        unusable += counts->items[i].reason == REASON_CONFLICT ? 0 : counts->items[i].rows;
    return !run->options->retry && unusable * 2 > run->summary->read;
}

static enum status check_limit(struct ingest_run *run, struct error *error)
{
    struct ingest_summary *summary = run->summary;
    const struct ingest_reject_count *chief = chief_reason(run);
    char share[32];
    if (!chief || !summary->set_aside)
        return STATUS_OK;
    snprintf(share, sizeof share, "%.1f%%",
             100.0 * (double)summary->set_aside / (double)summary->read);
    if (summary->set_aside * 20 > summary->read)
        ingest_warn(run, "%s of the rows are set aside, chiefly because of %s%s%s: %s", share,
                    ingest_reason_text(chief->reason), chief->column ? " in " : "",
                    chief->column ? chief->column : "", ingest_reason_advice(chief->reason));
    uint64_t limit = 0;
    if (run->options->max_rejects)
        TRY(parse_limit(run->options->max_rejects, summary->read, &limit, error));
    if (run->options->max_rejects ? summary->set_aside <= limit : !mostly_unusable(run))
        return STATUS_OK;
    summary->refused = true;
    enum status status =
        error_set(error, STATUS_REJECTS,
                  "%llu of %llu rows would be set aside, more than %s, chiefly because of %s%s%s",
                  (unsigned long long)summary->set_aside, (unsigned long long)summary->read,
                  run->options->max_rejects ? arena_printf(run->arena, "the %llu of --max-rejects",
                                                           (unsigned long long)limit)
                                            : "half of them",
                  ingest_reason_text(chief->reason), chief->column ? " in " : "",
                  chief->column ? chief->column : "");
    error_hint(error, "nothing was imported; %s%s", ingest_reason_advice(chief->reason),
               run->options->max_rejects
                   ? ""
                   : ". --max-rejects 100% imports what can be used all the same");
    return status;
}

/* The summary */

static const char *computed_role(const struct ingest_run *run, const char *name)
{
    if (run->computed_customer && strcmp(run->mapping.customer, name) == 0)
        return "customer";
    return run->amount && strcmp(run->amount, name) == 0 ? "amount" : "";
}

/* The decimal sign of a column of numbers that shows it; 0 when sources differ, or nothing does. */
static char sure_point(const struct ingest_run *run, size_t column)
{
    enum { POINT, COMMA };
    char point = 0;
    for (size_t s = 0; ingest_is_number(run->columns[column].type.type) && s < run->source_count;
         s++) {
        const uint64_t *counts = run->scan.marks[s * run->column_count + column].counts;
        char own = counts[COMMA] > counts[POINT] ? ',' : '.';
        if (!counts[COMMA] && !counts[POINT])
            continue;
        if (point && point != own)
            return 0;
        point = own;
    }
    return point;
}

static void describe_columns(struct ingest_run *run)
{
    struct ingest_summary *summary = run->summary;
    const struct ingest_mapping *mapping = &run->mapping;
    summary->column_count = 0;
    summary->columns = ARENA_ARRAY(run->arena, struct ingest_summary_column,
                                   run->column_count + run->mapping.set.count);
    for (size_t i = 0; i < run->column_count; i++) {
        const struct ingest_evidence *evidence = &run->scan.evidence[i];
        const struct ingest_type *type = &run->columns[i].type;
        struct ingest_summary_column *column = &summary->columns[summary->column_count];
        if (run->columns[i].unnamed && type->type == VALUE_NONE)
            continue;
        summary->column_count++;
        *column =
            (struct ingest_summary_column){.name = run->columns[i].name,
                                           .role = "",
                                           .type = type->type,
                                           .scale = type->scale,
                                           .format = ingest_type_format(type),
                                           .format_sure = !type->ambiguous && !type->remembered,
                                           .point = sure_point(run, i),
                                           .counted = true,
                                           .unknown = ingest_evidence_unknown(evidence, type)};
        if (run->columns[i].derived)
            column->counted = false, column->computed = true;
        column->distinct = ingest_distinct_count(&evidence->distinct, &column->distinct_exact);
        ingest_show_values(run, i, column);
        static const char *const roles[ROLES] = {"customer", "time", "amount", "group", "key"};
        for (int role = 0; role < ROLES; role++)
            if (run->guesses[role].column == (int)i && (role != ROLE_GROUP || mapping->group_by)) {
                column->role = roles[role];
                column->confidence = run->guesses[role].confidence;
                column->guessed = !run->said[role];
            }
        if ((int)i == run->clock)
            column->role = "time of day", column->confidence = 90,
            column->guessed = !run->clock_said;
    }
    for (size_t i = 0; i < mapping->set.count; i++)
        summary->columns[summary->column_count++] = (struct ingest_summary_column){
            .name = mapping->set.items[i].name,
            .role = computed_role(run, mapping->set.items[i].name),
            .guessed = !run->amount_said && run->amount &&
                       strcmp(run->amount, mapping->set.items[i].name) == 0,
            .computed = true,
            .confidence = 100};
    for (size_t i = 0; i < summary->column_count; i++)
        for (size_t p = 0; p < run->property_count; p++) {
            const struct ingest_property *property = &run->properties[p];
            struct ingest_summary_column *column = &summary->columns[i];
            if (property->trait || strcmp(property->column, column->name) != 0 ||
                property->type == VALUE_NONE)
                continue;
            column->property = property->name;
            column->type = property->type;
            column->scale = property->scale;
            column->refers = property->refers;
            column->orphans = property->orphans;
        }
}

static void describe_source(struct ingest_run *run, size_t index)
{
    struct ingest_summary_source *source = &run->summary->sources[index];
    const struct ingest_file_counts *counts = &run->scan.files[index];
    const struct ingest_passed *passed = &run->scan.reader.passed[index];
    source->rows = counts->rows;
    source->empty_rows = counts->empty_rows;
    source->empty_line = counts->empty_line;
    source->headers = counts->headers;
    source->header_line = counts->header_line;
    source->nul_bytes = passed->nul_bytes;
    source->nul_line = passed->nul_line;
    source->footer_line = passed->footer_line;
    source->footer = passed->footer.data ? buffer_copy(&passed->footer, run->arena) : NULL;
}

static void describe_counts(struct ingest_run *run)
{
    struct ingest_summary *summary = run->summary;
    const struct ingest_scan *scan = &run->scan;
    summary->read = scan->rows;
    summary->reject_count = scan->reject_counts.count;
    summary->rejects = ARENA_ARRAY(run->arena, struct ingest_reject_count, summary->reject_count);
    if (summary->reject_count)
        memcpy(summary->rejects, scan->reject_counts.items,
               summary->reject_count * sizeof *summary->rejects);
    summary->set_aside = ingest_reject_counts_total(&scan->reject_counts);
    summary->hours_repeated = scan->times.repeated;
    summary->hours_missing = scan->times.missing;
    summary->dates_bare = scan->times.bare;
    summary->fractions_cut = scan->times.fractions;
    summary->first_time = scan->first_time;
    summary->last_time = scan->last_time;
    for (size_t i = 0; i < run->source_count; i++)
        describe_source(run, i);
}

static void add_notices(struct ingest_run *run)
{
    ingest_note_layout(run);
    ingest_remark(run);
    struct ingest_guess *group = &run->guesses[ROLE_GROUP], *time = &run->guesses[ROLE_TIME];
    enum { TIME_SURE = 80 };
    if (run->role == SCHEMA_FACTS && !run->said[ROLE_TIME] && time->column >= 0 &&
        time->confidence < TIME_SURE)
        ingest_notice(run, "%s is taken for the time, %d%% sure: --time COLUMN names another",
                      run->columns[time->column].name, time->confidence);
    if (run->role == SCHEMA_FACTS && !run->mapping.group_by && group->column >= 0)
        ingest_notice(run,
                      "%s repeats: when its rows are the lines of one %s, --group-by %s makes one "
                      "fact of them",
                      run->columns[group->column].name, run->table,
                      run->columns[group->column].name);
}

enum { PREVIEW_ROWS = 8 };

static void preview_select(const struct ingest_run *run, struct buffer *sql)
{
    buffer_string(sql, "SELECT ");
    if (run->role != SCHEMA_REFERENCE)
        buffer_string(sql, "\"@customer\" AS customer, CAST(time AS VARCHAR) AS time");
    else
        buffer_string(sql, "key");
    for (size_t i = 0; i < run->property_count; i++)
        if (!run->properties[i].trait && run->properties[i].type != VALUE_NONE) {
            buffer_string(sql, ", CAST(");
            buffer_sql_name(sql, text_from(run->properties[i].name));
            buffer_string(sql, " AS VARCHAR) AS ");
            buffer_sql_name(sql, text_from(run->properties[i].name));
        }
    buffer_printf(sql, " FROM staged ORDER BY arrival LIMIT %d", PREVIEW_ROWS);
}

static const char *preview_value(const struct ingest_run *run, const struct lake_vector *vector,
                                 size_t row, bool time)
{
    if (!lake_known(vector, row))
        return NULL;
    struct text text = lake_text(vector, row);
    const char *value = arena_strndup(run->arena, text.data, text.length);
    char moment[MOMENT_TEXT_MAX];
    return time ? arena_strdup(run->arena,
                               moment_format(run->zone, strtoll(value, NULL, 10), moment))
                : value;
}

static enum status make_preview(struct ingest_run *run, struct error *error)
{
    struct ingest_summary *summary = run->summary;
    struct buffer sql;
    struct lake_result *result;
    const struct lake_chunk *chunk;
    buffer_init(&sql, 0);
    preview_select(run, &sql);
    enum status status = lake_query(run->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);
    size_t columns = summary->preview_columns = lake_result_columns(result);
    summary->preview_names = ARENA_ARRAY(run->arena, const char *, columns);
    summary->preview = ARENA_ARRAY(run->arena, const char *, columns *PREVIEW_ROWS);
    for (size_t c = 0; c < columns; c++)
        summary->preview_names[c] = arena_strdup(run->arena, lake_result_column(result, c)->name);
    while ((status = lake_result_next(result, &chunk, error)) == STATUS_OK && chunk)
        for (size_t i = 0; i < chunk->rows && summary->preview_rows < PREVIEW_ROWS;
             i++, summary->preview_rows++)
            for (size_t c = 0; c < columns; c++)
                summary->preview[summary->preview_rows * columns + c] = preview_value(
                    run, &chunk->columns[c], i, run->role != SCHEMA_REFERENCE && c == 1);
    lake_result_free(result);
    return status;
}

static void finish_summary(struct ingest_run *run)
{
    struct ingest_summary *summary = run->summary;
    summary->mapping = run->mapping;
    summary->notice_count = run->notices.count;
    summary->warning_count = run->warnings.count;
    summary->table_count = run->tables.count;
    summary->notices = ARENA_ARRAY(run->arena, const char *, run->notices.count);
    summary->warnings = ARENA_ARRAY(run->arena, const char *, run->warnings.count);
    summary->tables = ARENA_ARRAY(run->arena, struct ingest_summary_table, run->tables.count);
    if (run->notices.count)
        memcpy(summary->notices, run->notices.items,
               run->notices.count * sizeof *run->notices.items);
    if (run->warnings.count)
        memcpy(summary->warnings, run->warnings.items,
               run->warnings.count * sizeof *run->warnings.items);
    if (run->tables.count)
        memcpy(summary->tables, run->tables.items, run->tables.count * sizeof *run->tables.items);
}

/* The import's record in the catalog. */

static const char *sources_json(struct ingest_run *run)
{
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    json_write_array(&json);
    for (size_t i = 0; i < run->source_count; i++)
        json_write_string(&json, run->sources[i].name);
    json_write_end_array(&json);
    const char *copy = buffer_copy(&text, run->arena);
    buffer_release(&text);
    return copy;
}

static enum status add_import(struct ingest_run *run, struct error *error)
{
    static const enum catalog_import_kind kinds[] = {[SCHEMA_FACTS] = CATALOG_FACTS,
                                                     [SCHEMA_TRAITS] = CATALOG_TRAITS,
                                                     [SCHEMA_REFERENCE] = CATALOG_REFERENCE};
    char hash[17];
    struct buffer mapping;
    buffer_init(&mapping, 0);
    ingest_mapping_hash(&run->mapping, hash);
    ingest_mapping_write(&run->mapping, false, &mapping);
    struct catalog_import import = {
        .received = run->options->now,
        .kind = kinds[run->role],
        .table = run->table,
        .sources = sources_json(run),
        .content_hash = run->content_hash,
        .mapping = mapping.data,
        .mapping_hash = hash,
        .counts = "{}",
        .replaces = ingest_replaces(run),
    };
    enum status status =
        catalog_add_import(store_catalog(run->store), &import, &run->import, error);
    buffer_release(&mapping);
    return status;
}

static enum status save_counts(struct ingest_run *run, struct error *error)
{
    struct buffer text;
    buffer_init(&text, 0);
    run->summary->import = run->import;
    finish_summary(run);
    ingest_summary_json(run->summary, false, &text);
    enum status status =
        catalog_set_import_counts(store_catalog(run->store), run->import, text.data, error);
    buffer_release(&text);
    return status;
}

static enum status save_mapping(struct ingest_run *run, struct error *error)
{
    struct buffer text;
    if (!run->options->save_mapping)
        return STATUS_OK;
    buffer_init(&text, 0);
    ingest_mapping_write(&run->mapping, true, &text);
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

static enum status import_rows(struct ingest_run *run, struct error *error)
{
    bool stop;
    TRY(known_already(run, &stop, error));
    if (stop)
        return STATUS_OK;
    if (run->change)
        TRY(add_import(run, error));
    run->rejects_file = run->change || run->options->rejects ? ingest_temporary(run) : NULL;
    TRY(ingest_stage(run, error));
    describe_counts(run);
    add_notices(run);
    describe_columns(run);
    TRY(ingest_check_types(run, error));
    TRY(ingest_check_times(run, error));
    if (run->options->dry_run)
        TRY(make_preview(run, error));
    TRY(ingest_publish(run, error));
    describe_counts(run);
    describe_columns(run);
    struct ingest_summary *summary = run->summary;
    summary->filtered =
        summary->read - summary->set_aside - summary->stored - summary->repeated_ids;
    TRY(check_limit(run, error));
    TRY(keep_rejects(run, error));
    TRY(save_mapping(run, error));
    return run->change ? save_counts(run, error) : STATUS_OK;
}

static enum status begin(struct ingest_run *run, struct error *error)
{
    if (run->options->dry_run)
        return STATUS_OK;
    TRY(store_begin(run->store, &run->change, error));
    if (!run->options->replace)
        return STATUS_OK;
    const struct ingest_guard *guard = run->options->guard;
    if (guard && guard->yield)
        TRY(guard->yield(guard->context, run->change, run->options->replace, error));
    struct lake *lake;
    TRY(store_lake(run->store, run->options->threads, &lake, error));
    enum status status =
        store_undo_within(run->change, lake, &run->options->replace, 1, run->options->now, error);
    lake_close(lake);
    run->summary->replaced = run->options->replace;
    return status;
}

static void release(struct ingest_run *run)
{
    struct error ignored;
    ingest_scan_release(&run->scan);
    if (run->rejects.file && ingest_ordered_file_close(&run->rejects, &ignored) != STATUS_OK)
        error_clear(&ignored);
    lake_close(run->lake);
    store_numbering_free(run->identity);
    store_numbering_free(run->dictionary);
    ingest_prepare_release(run);
    VECTOR_RELEASE(&run->notices);
    VECTOR_RELEASE(&run->warnings);
    VECTOR_RELEASE(&run->tables);
    VECTOR_RELEASE(&run->stated);
}

enum status ingest_run(struct store *store, const struct ingest_options *options,
                       const struct ingest_progress *progress, struct arena *arena,
                       struct ingest_summary *summary, struct error *error)
{
    double start = seconds_now();
    struct ingest_run *run = base_calloc(1, sizeof *run);
    *summary = (struct ingest_summary){.dry_run = options->dry_run, .first_time = 1};
    run->store = store;
    run->options = options;
    run->progress = progress;
    run->arena = arena;
    run->summary = summary;
    run->phase = "looking";
    for (int role = 0; role < ROLES; role++)
        run->guesses[role].column = -1;
    enum status status = begin(run, error);
    if (status == STATUS_OK)
        status = ingest_prepare(run, error);
    if (status == STATUS_OK)
        status = import_rows(run, error);
    finish_summary(run);
    /* taking an import back counts, too, when its replacement is there already */
    bool changes = !summary->already || summary->replaced;
    if (status == STATUS_OK && run->change && changes)
        status = store_commit(run->change, error);
    else
        store_abort(run->change);
    run->change = NULL;
    release(run);
    free(run);
    summary->seconds = seconds_now() - start;
    return status;
}
