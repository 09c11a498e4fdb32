/* The summary: what each phase found out, in the words of struct ingest_summary. */
#include "ingest/report.h"

#include <stdlib.h>
#include <string.h>

/* ---- the first look ---- */

static void show_values(const struct ingest_understood *understood, size_t column,
                        struct ingest_summary_column *out)
{
    if (column >= understood->column_count)
        return;
    for (int i = 0; i < PORTRAIT_VALUES && i < understood->portraits[column].value_count; i++)
        out->values[i] = understood->portraits[column].values[i];
}

/* The file has no name for it and no value in it: nobody misses it. */
static bool is_nothing(const struct ingest_column *column)
{
    return column->unnamed && column->type.type == VALUE_NONE;
}

void ingest_report_look(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_shape *shape, struct ingest_summary *summary)
{
    summary->zone = understood->zone_name;
    summary->source_count = shape->source_count;
    summary->sources = ARENA_ARRAY(run->arena, struct ingest_summary_source, shape->source_count);
    for (size_t i = 0; i < shape->source_count; i++)
        summary->sources[i] =
            (struct ingest_summary_source){.name = shape->sources[i].name,
                                           .dialect = shape->sources[i].dialect,
                                           .look = shape->looks[i],
                                           .parquet = understood->origins[i].parquet,
                                           .postgres = understood->origins[i].postgres,
                                           .spreadsheet = understood->origins[i].spreadsheet,
                                           .bytes = shape->sources[i].bytes};

    /* types as the first rows show them, without what options and roles make of them */
    summary->columns = ARENA_ARRAY(run->arena, struct ingest_summary_column, shape->column_count);
    for (size_t i = 0; i < shape->column_count; i++) {
        const struct ingest_type *type = &shape->columns[i].type;
        if (is_nothing(&shape->columns[i]))
            continue;
        struct ingest_summary_column *column = &summary->columns[summary->column_count++];
        *column = (struct ingest_summary_column){
            .name = shape->columns[i].name,
            .role = "",
            .type = type->type,
            .scale = type->scale,
            .format = type->format ? ingest_date_format_name(type->format) : NULL};
        show_values(understood, i, column);
    }

    summary->looked = true;
}

void ingest_report_others(const struct ingest_roles *roles, const struct ingest_shape *shape,
                          struct ingest_summary *summary)
{
    static const char *const names[ROLES] = {[ROLE_TIME] = "time", [ROLE_AMOUNT] = "amount"};
    for (int role = 0; role < ROLES; role++) {
        const struct ingest_guess *guess = &roles->others[role];
        for (size_t i = 0; i < summary->column_count && guess->column >= 0; i++) {
            struct ingest_summary_column *column = &summary->columns[i];
            if (strcmp(column->name, shape->columns[guess->column].name) != 0)
                continue;
            column->role = names[role];
            column->confidence = guess->confidence;
            column->guessed = true;
        }
    }
}

/* ---- all rows ---- */

static const char *computed_role(const struct ingest_understood *understood, const char *name)
{
    if (understood->roles.computed_customer && strcmp(understood->mapping.customer, name) == 0)
        return "customer";
    return understood->roles.amount && strcmp(understood->roles.amount, name) == 0 ? "amount" : "";
}

/* The decimal sign of a column of numbers that shows it; 0 when sources differ, or nothing does. */
static char sure_point(const struct ingest_shape *shape, const struct ingest_staged *staged,
                       size_t column)
{
    enum { POINT, COMMA };
    char point = 0;
    for (size_t s = 0;
         ingest_is_number(shape->columns[column].type.type) && s < shape->source_count; s++) {
        const uint64_t *counts = staged->scan.marks[s * shape->column_count + column].counts;
        char own = counts[COMMA] > counts[POINT] ? ',' : '.';
        if (!counts[COMMA] && !counts[POINT])
            continue;
        if (point && point != own)
            return 0;
        point = own;
    }
    return point;
}

static void describe_role(const struct ingest_understood *understood, int index,
                          struct ingest_summary_column *column)
{
    static const char *const names[ROLES] = {"customer", "time", "amount", "group", "key"};
    enum { CLOCK_SURE = 90 }; /* only times of day beside dates without one are taken for it */
    const struct ingest_roles *roles = &understood->roles;
    for (int role = 0; role < ROLES; role++) {
        bool idle =
            role == ROLE_GROUP && !understood->mapping.group_by; /* seen, but not asked for */
        if (roles->guesses[role].column != index || idle)
            continue;
        column->role = names[role];
        column->confidence = roles->guesses[role].confidence;
        column->guessed = !roles->said[role];
    }
    if (index == roles->clock) {
        column->role = "time of day";
        column->confidence = CLOCK_SURE;
        column->guessed = !roles->clock_said;
    }
}

static void describe_column(const struct ingest_understood *understood,
                            const struct ingest_shape *shape, const struct ingest_staged *staged,
                            size_t index, struct ingest_summary_column *out)
{
    const struct ingest_evidence *evidence = &staged->scan.evidence[index];
    const struct ingest_type *type = &shape->columns[index].type;
    bool derived = shape->columns[index].derived;
    *out = (struct ingest_summary_column){.name = shape->columns[index].name,
                                          .role = "",
                                          .type = type->type,
                                          .scale = type->scale,
                                          .format = ingest_type_format(type),
                                          .format_sure = !type->ambiguous && !type->remembered,
                                          .point = sure_point(shape, staged, index),
                                          .counted = !derived,
                                          .computed = derived,
                                          .unknown = ingest_evidence_unknown(evidence, type)};
    out->distinct = ingest_distinct_count(&evidence->distinct, &out->distinct_exact);
    show_values(understood, index, out);
    describe_role(understood, (int)index, out);
}

/* What became of a column; published NULL: nothing yet. */
static void describe_property(const struct ingest_property *property,
                              const struct ingest_stored *stored,
                              struct ingest_summary_column *column)
{
    if (property->trait || strcmp(property->column, column->name) != 0 ||
        property->type == VALUE_NONE)
        return;
    column->property = property->name;
    column->type = property->type;
    column->scale = property->scale;
    column->refers = property->refers;
    column->orphans = stored ? stored->orphans : 0;
}

static void describe_columns(const struct ingest_run *run,
                             const struct ingest_understood *understood,
                             const struct ingest_shape *shape, const struct ingest_staged *staged,
                             const struct ingest_stored *stored, struct ingest_summary *summary)
{
    const struct ingest_pairs *set = &understood->mapping.set;
    const struct ingest_roles *roles = &understood->roles;
    size_t count = 0;
    struct ingest_summary_column *columns =
        ARENA_ARRAY(run->arena, struct ingest_summary_column, shape->column_count + set->count);

    for (size_t i = 0; i < shape->column_count; i++)
        if (!is_nothing(&shape->columns[i]))
            describe_column(understood, shape, staged, i, &columns[count++]);

    /* What --set computes is described as if it were a column, since it becomes one. */
    for (size_t i = 0; i < set->count; i++) {
        const char *name = set->items[i].name;
        bool amount = roles->amount && strcmp(roles->amount, name) == 0;
        columns[count++] = (struct ingest_summary_column){.name = name,
                                                          .role = computed_role(understood, name),
                                                          .guessed = !roles->amount_said && amount,
                                                          .computed = true,
                                                          .confidence = 100};
    }

    for (size_t i = 0; i < count; i++)
        for (size_t p = 0; p < shape->property_count; p++)
            describe_property(&shape->properties[p], stored ? &stored[p] : NULL, &columns[i]);
    summary->columns = columns;
    summary->column_count = count;
}

static void describe_source(const struct ingest_run *run, const struct ingest_shape *shape,
                            const struct ingest_scan *scan, size_t index,
                            struct ingest_summary_source *out)
{
    const struct ingest_file_counts *counts = &scan->files[index];
    const struct ingest_passed *passed = &scan->reader.passed[index];
    out->dialect = shape->sources[index].dialect;
    out->look = shape->looks[index];
    out->rows = counts->rows;
    out->empty_rows = counts->empty_rows;
    out->empty_line = counts->empty_line;
    out->headers = counts->headers;
    out->header_line = counts->header_line;
    out->nul_bytes = passed->nul_bytes;
    out->nul_line = passed->nul_line;
    out->footer_line = passed->footer_line;
    out->footer = passed->footer.data ? buffer_copy(&passed->footer, run->arena) : NULL;
}

/* Rows set aside: by the scan, and then by their ids. */
static void describe_rejects(const struct ingest_run *run, const struct ingest_reject_counts *scan,
                             const struct ingest_reject_counts *ids, struct ingest_summary *summary)
{
    struct ingest_reject_counts all = {0};
    ingest_reject_counts_merge(&all, scan);
    ingest_reject_counts_merge(&all, ids);
    summary->set_aside = ingest_reject_counts_total(&all);
    summary->reject_count = all.count;
    summary->rejects = ARENA_ARRAY(run->arena, struct ingest_reject_count, all.count);
    if (all.count)
        memcpy(summary->rejects, all.items, all.count * sizeof *all.items);
    free(all.items);
}

static void describe_counts(const struct ingest_scan *scan, const struct ingest_settled *settled,
                            const struct ingest_published *published,
                            struct ingest_summary *summary)
{
    summary->read = scan->rows;
    summary->hours_repeated = scan->times.repeated;
    summary->hours_missing = scan->times.missing;
    summary->dates_bare = scan->times.bare;
    summary->fractions_cut = scan->times.fractions;
    summary->first_time = scan->first_time;
    summary->last_time = scan->last_time;

    summary->repeated_ids = settled->repeated;
    summary->conflicts = settled->conflicts;
    summary->replaced_rows = settled->replaced;

    summary->stored = published->stored;
    summary->customers = published->customers;
    summary->new_customers = published->new_customers;
}

void ingest_report_rows(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_shape *shape, const struct ingest_staged *staged,
                        const struct ingest_settled *settled,
                        const struct ingest_published *published, struct ingest_summary *summary)
{
    for (size_t i = 0; i < shape->source_count; i++)
        describe_source(run, shape, &staged->scan, i, &summary->sources[i]);
    describe_columns(run, understood, shape, staged, published->properties, summary);
    describe_rejects(run, &staged->scan.reject_counts, &settled->set_aside, summary);
    describe_counts(&staged->scan, settled, published, summary);

    /* what is neither stored nor missing for another reason, --where has left out */
    if (published->properties)
        summary->filtered =
            summary->read - summary->set_aside - summary->stored - summary->repeated_ids;
    summary->table_count = published->tables.count;
    summary->tables = ARENA_ARRAY(run->arena, struct ingest_summary_table, summary->table_count);
    if (summary->table_count)
        memcpy(summary->tables, published->tables.items,
               summary->table_count * sizeof *summary->tables);
}

/* ---- a dry run's first rows ---- */

enum { PREVIEW_ROWS = 8 };

static void preview_select(const struct ingest_understood *understood,
                           const struct ingest_shape *shape, struct buffer *sql)
{
    buffer_string(sql, "SELECT ");
    if (understood->role != SCHEMA_REFERENCE)
        buffer_string(sql, "\"@customer\" AS customer, CAST(time AS VARCHAR) AS time");
    else
        buffer_string(sql, "key");
    for (size_t i = 0; i < shape->property_count; i++)
        if (!shape->properties[i].trait && shape->properties[i].type != VALUE_NONE) {
            buffer_string(sql, ", CAST(");
            buffer_sql_name(sql, text_from(shape->properties[i].name));
            buffer_string(sql, " AS VARCHAR) AS ");
            buffer_sql_name(sql, text_from(shape->properties[i].name));
        }
    buffer_printf(sql, " FROM staged ORDER BY arrival LIMIT %d", PREVIEW_ROWS);
}

static const char *preview_value(const struct ingest_run *run,
                                 const struct ingest_understood *understood,
                                 const struct lake_vector *vector, size_t row, bool time)
{
    if (!lake_known(vector, row))
        return NULL;
    struct text text = lake_text(vector, row);
    const char *value = arena_strndup(run->arena, text.data, text.length);
    char moment[MOMENT_TEXT_MAX];
    return time ? arena_strdup(run->arena,
                               moment_format(understood->zone, strtoll(value, NULL, 10), moment))
                : value;
}

enum status ingest_preview(const struct ingest_run *run, const struct ingest_understood *understood,
                           const struct ingest_shape *shape, const struct ingest_staged *staged,
                           struct ingest_summary *summary, struct error *error)
{
    struct buffer sql;
    struct lake_result *result;
    const struct lake_chunk *chunk;

    buffer_init(&sql, 0);
    preview_select(understood, shape, &sql);
    enum status status = lake_query(staged->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);

    size_t columns = summary->preview_columns = lake_result_columns(result);
    summary->preview_names = ARENA_ARRAY(run->arena, const char *, columns);
    summary->preview = ARENA_ARRAY(run->arena, const char *, columns *PREVIEW_ROWS);
    for (size_t c = 0; c < columns; c++)
        summary->preview_names[c] = arena_strdup(run->arena, lake_result_column(result, c)->name);

    /* The second column of facts and traits is the time, in seconds: people are shown a moment. */
    while (ingest_next_chunk(result, &chunk, &status, error))
        for (size_t i = 0; i < chunk->rows && summary->preview_rows < PREVIEW_ROWS;
             i++, summary->preview_rows++)
            for (size_t c = 0; c < columns; c++)
                summary->preview[summary->preview_rows * columns + c] =
                    preview_value(run, understood, &chunk->columns[c], i,
                                  understood->role != SCHEMA_REFERENCE && c == 1);

    lake_result_free(result);
    return status;
}

/* ---- what was said ---- */

static const char **copy_texts(const struct ingest_run *run, const char *const *texts, size_t count)
{
    const char **copy = ARENA_ARRAY(run->arena, const char *, count);
    if (count)
        memcpy(copy, texts, count * sizeof *copy);
    return copy;
}

void ingest_report_notes(const struct ingest_run *run, struct ingest_summary *summary)
{
    const struct ingest_notes *notes = run->notes;
    summary->notice_count = notes->notices.count;
    summary->notices = copy_texts(run, notes->notices.items, notes->notices.count);
    summary->warning_count = notes->warnings.count;
    summary->warnings = copy_texts(run, notes->warnings.items, notes->warnings.count);
}
