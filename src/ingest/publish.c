/*
 * Publishing: from the staged rows to parts. Rows with an id that the store has already stay in the shadow; the lines
 * of an invoice become one fact; traits told by facts are kept where they change. All of it is one change of the store.
 */
#include "ingest/run.h"

#include "identity/identity.h"

#include <stdlib.h>
#include <string.h>

static void add_name(struct buffer *sql, const char *name, const char *suffix)
{
    struct buffer text;
    buffer_init(&text, 0);
    buffer_printf(&text, "%s%s", name, suffix);
    buffer_sql_name(sql, (struct text){text.data, text.length});
    buffer_release(&text);
}

static bool is_stored(const struct ingest_property *property)
{
    return !property->trait && property->type != VALUE_NONE;
}

/* ", value, code" of a property, whose columns in `staged` bear prefix, as they stand in a part. */
static void add_stored(const struct ingest_property *property, const char *prefix, struct buffer *sql)
{
    struct buffer name;
    buffer_init(&name, 0);
    buffer_printf(&name, "%s%s", prefix, property->name);
    buffer_string(sql, ", ");
    add_name(sql, name.data, "");
    buffer_string(sql, " AS ");
    add_name(sql, property->name, "");
    if (ingest_is_coded(property)) {
        buffer_string(sql, property->type == VALUE_SET ? ", list_sort(" : ", (");
        add_name(sql, name.data, "#");
        buffer_string(sql, ") AS ");
        add_name(sql, property->name, "#");
    }
    buffer_release(&name);
}

static enum status write_part(struct ingest_run *run, const char *table, enum part_role role, const char *select,
                              uint64_t *rows, struct error *error)
{
    if (run->options->dry_run)
        return STATUS_OK;
    struct store_new_part part = {.table = table, .role = role, .select = select};
    return store_write_part(run->change, run->lake, &part, rows, error);
}

static void remember_table(struct ingest_run *run, const char *name, enum schema_role role, uint64_t rows)
{
    VECTOR_PUSH(&run->tables, (struct ingest_summary_table){name, role, rows});
}

static enum status count_rows(struct ingest_run *run, const char *sql, uint64_t *out, struct error *error)
{
    int64_t count;
    bool known;
    TRY(lake_query_integer(run->lake, sql, &count, &known, error));
    *out = known ? (uint64_t)count : 0;
    return STATUS_OK;
}

/* Ids */

/* The store's own rows of this kind, with the columns that both have, as a table `present`. */
static enum status make_present(struct ingest_run *run, bool *any, struct error *error)
{
    const struct schema_table *table = schema_table(store_schema(run->store), run->table);
    *any = table != NULL;
    if (!table)
        return STATUS_OK;
    const char **columns = ARENA_ARRAY(run->arena, const char *, run->property_count + 8);
    size_t count = 0;
    columns[count++] = "id";
    columns[count++] = "customer";
    columns[count++] = "time";
    columns[count++] = "import";
    columns[count++] = "arrival";
    for (size_t i = 0; i < run->property_count; i++)
        if (is_stored(&run->properties[i]) && schema_column(table, run->properties[i].name))
            columns[count++] = run->properties[i].name;
    struct store_read read = {.table = run->table, .role = PART_FACTS, .columns = columns, .column_count = count};
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_string(&sql, "CREATE TEMP TABLE present AS SELECT * FROM (");
    enum status status = store_select(run->store, &read, &sql, error);
    buffer_string(&sql, ") WHERE id IN (SELECT id FROM staged)");
    if (status == STATUS_OK)
        status = lake_execute(run->lake, sql.data, error);
    buffer_release(&sql);
    return status;
}

/* Whether two rows say the same: customer, time and every property; compared as text where types have widened. */
static void same_content(struct ingest_run *run, const char *a, const char *b, bool against_store, struct buffer *sql)
{
    const struct schema_table *table = schema_table(store_schema(run->store), run->table);
    buffer_printf(sql, "(%s.customer = %s.customer AND %s.time = %s.time", a, b, a, b);
    for (size_t i = 0; i < run->property_count; i++) {
        const struct ingest_property *property = &run->properties[i];
        const struct schema_column *stored = table ? schema_column(table, property->name) : NULL;
        if (!is_stored(property) || (against_store && !stored))
            continue;
        bool numbers = ingest_is_number(property->type) && stored && ingest_is_number(stored->type);
        bool cast = against_store && stored->type != property->type && !numbers;
        buffer_printf(sql, cast ? " AND CAST(%s." : " AND %s.", a);
        add_name(sql, property->name, "");
        buffer_printf(sql, cast ? " AS VARCHAR) IS NOT DISTINCT FROM CAST(%s." : " IS NOT DISTINCT FROM %s.", b);
        add_name(sql, property->name, "");
        buffer_string(sql, cast ? " AS VARCHAR)" : "");
    }
    buffer_char(sql, ')');
}

/*
 * verdict of every staged row: 0 it stands; 1 the same is there already, in this import; 2 in the store; 3 and 4
 * likewise with another content. The first row of an id stands, with --on-conflict replace the last.
 */
static enum status judge_ids(struct ingest_run *run, bool present, bool replace, struct error *error)
{
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_printf(&sql,
                  "CREATE TEMP TABLE winners AS SELECT * FROM staged QUALIFY row_number() OVER (PARTITION BY id ORDER "
                  "BY arrival %s) = 1; CREATE TEMP TABLE verdicts AS SELECT s.arrival, s.id, CASE WHEN s.arrival <> "
                  "w.arrival THEN CASE WHEN ",
                  replace ? "DESC" : "ASC");
    same_content(run, "s", "w", false, &sql);
    buffer_string(&sql, " THEN 1 ELSE 3 END");
    if (present) {
        buffer_string(&sql, " WHEN p.id IS NULL THEN 0 WHEN ");
        same_content(run, "s", "p", true, &sql);
        buffer_string(&sql, " THEN 2 ELSE 4 END AS verdict FROM staged s JOIN winners w USING (id) LEFT JOIN present p "
                            "USING (id)");
    } else {
        buffer_string(&sql, " ELSE 0 END AS verdict FROM staged s JOIN winners w USING (id)");
    }
    enum status status = lake_execute(run->lake, sql.data, error);
    buffer_release(&sql);
    return status;
}

/* Fetches the lines of rows that conflict and sets them aside like the scan does. */
struct conflict {
    uint64_t row;
    const char *id;
};

static int by_row(const void *a, const void *b)
{
    uint64_t x = ((const struct conflict *)a)->row, y = ((const struct conflict *)b)->row;
    return (x > y) - (x < y);
}

static void write_conflict(struct ingest_run *run, const struct conflict *conflict, struct text row)
{
    size_t index = ingest_row_source(conflict->row);
    struct ingest_reject reject = {
        .reason = REASON_CONFLICT,
        .source = run->sources[index].name,
        .line = ingest_row_line(conflict->row),
        .column = run->mapping.id.items[0],
        .value = text_from(conflict->id),
        .row = row,
    };
    struct buffer line;
    buffer_init(&line, 0);
    ingest_reject_counts_add(&run->scan.reject_counts, &reject);
    ingest_reject_write(&reject, &line);
    ingest_ordered_file_append(&run->rejects, &line);
    buffer_release(&line);
}

/* Records of one block that are among the conflicts from *next on. */
static void find_in_block(struct ingest_run *run, const struct ingest_block *block, const struct conflict *conflicts,
                          size_t count, size_t *next)
{
    const struct ingest_dialect *dialect = &run->sources[block->source].dialect;
    struct ingest_record record = {.names = run->source_columns[block->source].names};
    const char *at = block->data, *end = block->data + block->length;
    uint64_t line = block->first_line;
    size_t skipped;
    while (*next < count && ingest_split(dialect, &at, end, &record, &skipped)) {
        uint64_t row = (uint64_t)block->source << SCAN_ROW_BITS | (line + skipped);
        line += skipped + record.lines;
        if (conflicts[*next].row != row)
            continue;
        char *text = base_malloc(3 * record.length + 1);
        size_t length = record.length;
        if (dialect->encoding == ENCODING_LATIN1)
            length = ingest_to_utf8(record.line, record.length, text);
        else
            memcpy(text, record.line, length);
        write_conflict(run, &conflicts[(*next)++], (struct text){text, length});
        free(text);
    }
    ingest_record_release(&record);
}

static enum status set_conflicts_aside(struct ingest_run *run, struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;
    VECTOR(struct conflict) conflicts = {0};
    TRY(lake_query(run->lake, "SELECT arrival, id FROM verdicts WHERE verdict IN (3, 4)", &result, error));
    enum status status;
    while ((status = lake_result_next(result, &chunk, error)) == STATUS_OK && chunk)
        for (size_t i = 0; i < chunk->rows; i++) {
            struct text id = lake_text(&chunk->columns[1], i);
            VECTOR_PUSH(&conflicts, (struct conflict){(uint64_t)lake_integer(&chunk->columns[0], i),
                                                      arena_strndup(run->arena, id.data, id.length)});
        }
    lake_result_free(result);
    if (conflicts.count)
        qsort(conflicts.items, conflicts.count, sizeof *conflicts.items, by_row);
    struct ingest_reader reader;
    struct ingest_block block = {0};
    ingest_reader_init(&reader, run->sources, run->source_count);
    size_t next = 0;
    while (status == STATUS_OK && next < conflicts.count) {
        status = ingest_reader_next(&reader, &block, error);
        if (status != STATUS_OK || !block.length)
            break;
        find_in_block(run, &block, conflicts.items, conflicts.count, &next);
    }
    ingest_reader_release(&reader);
    ingest_block_release(&block);
    run->summary->conflicts = conflicts.count;
    VECTOR_RELEASE(&conflicts);
    return status;
}

static void facts_select(struct ingest_run *run, const char *from, struct buffer *sql)
{
    buffer_printf(sql,
                  "SELECT customer_number_final(customer) AS customer, time::UINTEGER AS time, %u::UINTEGER AS import, "
                  "arrival::UBIGINT AS arrival",
                  run->import);
    if (run->mapping.id.count)
        buffer_string(sql, ", id");
    for (size_t i = 0; i < run->property_count; i++)
        if (is_stored(&run->properties[i]))
            add_stored(&run->properties[i], "", sql);
    buffer_printf(sql, " FROM %s", from);
}

static enum status write_shadow(struct ingest_run *run, bool replace, struct error *error)
{
    struct buffer sql;
    buffer_init(&sql, 0);
    facts_select(run,
                 replace ? "staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE verdict = 2)"
                         : "staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE verdict IN (2, 4))",
                 &sql);
    enum status status = write_part(run, run->table, PART_SHADOW, sql.data, NULL, error);
    buffer_release(&sql);
    return status;
}

/* A part that holds replaced rows is written anew without them, and they go to the shadow. */
static enum status rewrite_part(struct ingest_run *run, const struct catalog_part *part, struct error *error)
{
    struct buffer path;
    buffer_init(&path, 0);
    buffer_sql_text(&path, text_from(store_file(run->store, run->arena, "%s", part->path)));
    const char *gone = "(SELECT v.id FROM verdicts v WHERE v.verdict = 4)";
    struct store_new_part kept = {.table = part->table, .role = PART_FACTS};
    struct store_new_part shadow = {.table = part->table, .role = PART_SHADOW};
    kept.select =
        arena_printf(run->arena, "SELECT * FROM read_parquet(%s) WHERE id IS NULL OR id NOT IN %s", path.data, gone);
    shadow.select = arena_printf(run->arena, "SELECT * FROM read_parquet(%s) WHERE id IN %s", path.data, gone);
    buffer_release(&path);
    TRY(store_drop_part(run->change, part->number, error));
    TRY(store_write_part(run->change, run->lake, &kept, NULL, error));
    return store_write_part(run->change, run->lake, &shadow, NULL, error);
}

/* Parts of imports without --id have no such column. */
static bool has_ids(const struct catalog_part *part)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (strcmp(part->columns[i].name, "id") == 0)
            return true;
    return false;
}

static enum status replace_present(struct ingest_run *run, struct error *error)
{
    size_t count;
    const struct catalog_part *parts = store_parts(run->store, &count);
    TRY(count_rows(run, "SELECT count(*) FROM verdicts WHERE verdict = 4", &run->summary->replaced_rows, error));
    for (size_t i = 0; i < count && !run->options->dry_run; i++) {
        uint64_t rows = 0;
        if (parts[i].role != PART_FACTS || strcmp(parts[i].table, run->table) != 0)
            continue;
        struct buffer sql;
        buffer_init(&sql, 0);
        buffer_string(&sql, "SELECT count(*) FROM read_parquet(");
        buffer_sql_text(&sql, text_from(store_file(run->store, run->arena, "%s", parts[i].path)));
        buffer_string(&sql, ") WHERE id IN (SELECT id FROM verdicts WHERE verdict = 4)");
        enum status status = has_ids(&parts[i]) ? count_rows(run, sql.data, &rows, error) : STATUS_OK;
        buffer_release(&sql);
        TRY(status);
        if (rows)
            TRY(rewrite_part(run, &parts[i], error));
    }
    return STATUS_OK;
}

static enum status resolve_ids(struct ingest_run *run, struct error *error)
{
    bool present, replace = run->mapping.on_conflict && strcmp(run->mapping.on_conflict, "replace") == 0;
    TRY(make_present(run, &present, error));
    TRY(judge_ids(run, present, replace, error));
    /* with replace, a row that a later one of the same import replaces counts as repeated, too */
    TRY(count_rows(run,
                   replace ? "SELECT count(*) FROM verdicts WHERE verdict IN (1, 2, 3)"
                           : "SELECT count(*) FROM verdicts WHERE verdict IN (1, 2)",
                   &run->summary->repeated_ids, error));
    if (replace && present)
        TRY(replace_present(run, error));
    if (!replace)
        TRY(set_conflicts_aside(run, error));
    return STATUS_OK;
}

/* After the numbers are settled: what is refused goes to the shadow, what stands stays in `staged`. */
static enum status apply_verdicts(struct ingest_run *run, struct error *error)
{
    bool replace = strcmp(run->mapping.on_conflict, "replace") == 0;
    if (schema_table(store_schema(run->store), run->table))
        TRY(write_shadow(run, replace, error));
    return lake_execute(
        run->lake,
        replace ? "DELETE FROM staged WHERE arrival NOT IN (SELECT arrival FROM verdicts WHERE verdict "
                  "IN (0, 4))"
                : "DELETE FROM staged WHERE arrival NOT IN (SELECT arrival FROM verdicts WHERE verdict = 0)",
        error);
}

/* Facts */

static enum status write_facts(struct ingest_run *run, const char *table, enum part_role role, struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;
    buffer_init(&sql, 0);
    facts_select(run, "staged", &sql);
    enum status status = write_part(run, table, role, sql.data, &rows, error);
    buffer_release(&sql);
    TRY(status);
    TRY(count_rows(run, "SELECT count(*) FROM staged", &rows, error));
    remember_table(run, table, role == PART_TRAITS ? SCHEMA_TRAITS : SCHEMA_FACTS, rows);
    return STATUS_OK;
}

static enum status write_reference(struct ingest_run *run, struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;
    buffer_init(&sql, 0);
    buffer_printf(&sql,
                  "SELECT key, \"key#\", %u::UINTEGER AS import, arrival::UBIGINT AS "
                  "arrival",
                  run->import);
    for (size_t i = 0; i < run->property_count; i++)
        if (is_stored(&run->properties[i]))
            add_stored(&run->properties[i], "", &sql);
    buffer_string(&sql, " FROM staged");
    enum status status = write_part(run, run->table, PART_REFERENCE, sql.data, &rows, error);
    buffer_release(&sql);
    TRY(status);
    uint64_t keys;
    TRY(count_rows(run, "SELECT count(*) FROM staged", &rows, error));
    TRY(count_rows(run, "SELECT count(DISTINCT key) FROM staged", &keys, error));
    if (keys < rows)
        ingest_warn(run, "%llu rows repeat a key of %s; the last row of a key counts",
                    (unsigned long long)(rows - keys), run->mapping.key);
    remember_table(run, run->table, SCHEMA_REFERENCE, rows);
    return STATUS_OK;
}

/* Invoices */

static bool can_be_constant(const struct ingest_run *run, const struct ingest_property *property)
{
    return is_stored(property) && !(property->additive && ingest_is_number(property->type)) &&
           property->type != VALUE_SET && property->type != VALUE_POINT;
}

static const char *group_columns(const struct ingest_run *run)
{
    return run->mapping.currency_column ? "customer, \"@group\", \"@currency\"" : "customer, \"@group\"";
}

/* Which properties have one value in every invoice: those become the invoice's own. */
static enum status find_constants(struct ingest_run *run, bool *constant, struct error *error)
{
    struct buffer sql;
    size_t count = 0;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT true");
    for (size_t i = 0; i < run->property_count; i++)
        if (can_be_constant(run, &run->properties[i]))
            buffer_printf(&sql, ", coalesce(bool_and(k%zu), true)", i);
    buffer_string(&sql, " FROM (SELECT 1");
    for (size_t i = 0; i < run->property_count; i++)
        if (can_be_constant(run, &run->properties[i])) {
            buffer_string(&sql, ", min(");
            add_name(&sql, run->properties[i].name, "");
            buffer_string(&sql, ") IS NOT DISTINCT FROM max(");
            add_name(&sql, run->properties[i].name, "");
            buffer_printf(&sql, ") AS k%zu", i);
        }
    buffer_printf(&sql, " FROM staged GROUP BY %s)", group_columns(run));
    struct lake_result *result;
    const struct lake_chunk *chunk;
    enum status status = lake_query(run->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);
    status = lake_result_next(result, &chunk, error);
    for (size_t i = 0; i < run->property_count && status == STATUS_OK && chunk; i++) {
        constant[i] = can_be_constant(run, &run->properties[i]);
        if (constant[i])
            constant[i] = lake_integer(&chunk->columns[++count], 0) != 0;
    }
    lake_result_free(result);
    return status;
}

static void group_select(struct ingest_run *run, const bool *constant, struct buffer *sql)
{
    buffer_printf(sql,
                  "SELECT customer_number_final(customer) AS customer, min(time)::UINTEGER AS time, %u::UINTEGER AS "
                  "import, min(arrival)::UBIGINT AS arrival",
                  run->import);
    if (run->mapping.id.count)
        buffer_string(sql, ", min(id) AS id");
    buffer_string(sql, ", count(*)::BIGINT AS lines");
    for (size_t i = 0; i < run->property_count; i++) {
        const struct ingest_property *property = &run->properties[i];
        bool sum = is_stored(property) && property->additive && ingest_is_number(property->type);
        char type[64];
        if (!sum && !constant[i])
            continue;
        buffer_string(sql, sum ? ", CAST(sum(" : ", min(");
        add_name(sql, property->name, "");
        if (sum)
            buffer_printf(sql, ") AS %s)", store_sql_type(property->type, property->scale, type));
        else
            buffer_char(sql, ')');
        buffer_string(sql, " AS ");
        add_name(sql, property->name, "");
        if (!sum && ingest_is_coded(property)) {
            buffer_string(sql, ", any_value(");
            add_name(sql, property->name, "#");
            buffer_string(sql, ") AS ");
            add_name(sql, property->name, "#");
        }
    }
    buffer_printf(sql, " FROM staged GROUP BY %s", group_columns(run));
}

static enum status state_schema(struct ingest_run *run, const char *table, enum schema_role role, const bool *only,
                                bool lines, struct error *error);

static enum status write_groups(struct ingest_run *run, bool *constant, struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;
    TRY(find_constants(run, constant, error));
    buffer_init(&sql, 0);
    group_select(run, constant, &sql);
    enum status status = write_part(run, run->table, PART_FACTS, sql.data, &rows, error);
    const char *count =
        arena_printf(run->arena, "SELECT count(*) FROM (SELECT 1 FROM staged GROUP BY %s)", group_columns(run));
    buffer_release(&sql);
    TRY(status);
    TRY(count_rows(run, count, &rows, error));
    remember_table(run, run->table, SCHEMA_FACTS, rows);
    for (size_t i = 0; i < run->property_count; i++)
        constant[i] |=
            is_stored(&run->properties[i]) && run->properties[i].additive && ingest_is_number(run->properties[i].type);
    return STATUS_OK;
}

/* Traits that facts tell: a row where a customer's value is another than before. */
static enum status write_told_traits(struct ingest_run *run, struct error *error)
{
    struct buffer sql;
    bool any = false;
    buffer_init(&sql, 0);
    for (size_t i = 0; i < run->property_count; i++) {
        const struct ingest_property *property = &run->properties[i];
        if (!property->trait || property->type == VALUE_NONE)
            continue;
        struct buffer column;
        buffer_init(&column, 0);
        add_name(&column, arena_printf(run->arena, "@trait:%s", property->name), "");
        buffer_printf(&sql,
                      "%s(SELECT customer_number_final(customer) AS customer, time::UINTEGER AS time, %u::UINTEGER AS "
                      "import, arrival::UBIGINT AS arrival",
                      any ? " UNION ALL BY NAME " : "", run->import);
        add_stored(property, "@trait:", &sql);
        buffer_printf(&sql,
                      " FROM (SELECT * FROM staged WHERE %s IS NOT NULL QUALIFY lag(%s) OVER (PARTITION BY customer "
                      "ORDER BY time, arrival) IS DISTINCT FROM %s))",
                      column.data, column.data, column.data);
        buffer_release(&column);
        any = true;
    }
    enum status status = STATUS_OK;
    uint64_t rows = 0;
    if (any)
        status = write_part(run, SCHEMA_TRAIT_TABLE, PART_TRAITS, sql.data, &rows, error);
    buffer_release(&sql);
    if (any && status == STATUS_OK)
        remember_table(run, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, rows);
    return status;
}

/* Schema */

static enum status find_digits(struct ingest_run *run, struct ingest_property *property, struct error *error)
{
    if (property->source >= 0 || !ingest_is_number(property->type) || property->type == VALUE_DOUBLE)
        return STATUS_OK;
    struct buffer sql;
    int64_t largest = 0;
    bool known;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT max(trunc(abs(");
    add_name(&sql, property->name, "");
    buffer_string(&sql, "))::BIGINT) FROM staged");
    enum status status = lake_query_integer(run->lake, sql.data, &largest, &known, error);
    buffer_release(&sql);
    for (property->whole_digits = 0; known && largest > 0; largest /= 10)
        property->whole_digits++;
    return status;
}

static enum status find_currencies(struct ingest_run *run, const char **out, struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;
    struct buffer list;
    TRY(lake_query(run->lake, "SELECT DISTINCT \"@currency\" FROM staged WHERE \"@currency\" IS NOT NULL ORDER BY 1",
                   &result, error));
    buffer_init(&list, 0);
    enum status status;
    while ((status = lake_result_next(result, &chunk, error)) == STATUS_OK && chunk)
        for (size_t i = 0; i < chunk->rows; i++) {
            struct text code = lake_text(&chunk->columns[0], i);
            buffer_printf(&list, "%s%.*s", list.length ? " " : "", (int)code.length, code.data);
        }
    lake_result_free(result);
    *out = list.length ? buffer_copy(&list, run->arena) : NULL;
    buffer_release(&list);
    return status;
}

/* Every amount names the column with its currency, so that nobody adds up what cannot be added. */
static enum status set_currencies(struct ingest_run *run, struct error *error)
{
    const char *currencies = NULL, *column = NULL;
    if (!run->mapping.currency_column)
        return STATUS_OK;
    TRY(find_currencies(run, &currencies, error));
    for (size_t i = 0; i < run->property_count; i++)
        if (!run->properties[i].trait && strcmp(run->properties[i].column, run->mapping.currency_column) == 0)
            column = run->properties[i].name;
    for (size_t i = 0; i < run->property_count; i++) {
        struct ingest_property *property = &run->properties[i];
        bool money = property->type == VALUE_DECIMAL || strcmp(property->name, "amount") == 0;
        if (!property->trait && column && money && ingest_is_number(property->type)) {
            property->currency = column;
            property->currencies = currencies;
        }
    }
    return STATUS_OK;
}

/* only: by property, those that the table has; NULL: all of the kind's. lines: the invoice's count of lines too. */
static enum status state_schema(struct ingest_run *run, const char *table, enum schema_role role, const bool *only,
                                bool lines, struct error *error)
{
    struct catalog_column *columns = ARENA_ARRAY(run->arena, struct catalog_column, run->property_count + 1);
    size_t count = 0;
    bool told = role == SCHEMA_TRAITS && !run->traits;
    if (lines)
        columns[count++] = (struct catalog_column){.column = {.name = "lines", .type = VALUE_INT}, .whole_digits = 10};
    for (size_t i = 0; i < run->property_count; i++) {
        const struct ingest_property *property = &run->properties[i];
        if (property->type == VALUE_NONE || property->trait != told || (only && !only[i]))
            continue;
        columns[count++] = (struct catalog_column){
            .column = {.name = property->name,
                       .type = property->type,
                       .scale = property->scale,
                       .refers = property->refers,
                       .currency = property->currency,
                       .plain = property->plain,
                       .undated = role == SCHEMA_TRAITS && run->mapping.undated},
            .whole_digits = lines && only ? 0 : property->whole_digits,
            .currencies = property->currencies,
        };
    }
    struct catalog_table stated = {
        .name = table, .role = role, .key = run->mapping.key, .columns = columns, .column_count = count};
    if (run->options->dry_run)
        return STATUS_OK;
    return catalog_add_schema(store_catalog(run->store), run->import, &stated, error);
}

/* Orphans: rows that point at a key which the reference table does not hold. */
static enum status count_orphans(struct ingest_run *run, struct error *error)
{
    for (size_t i = 0; i < run->property_count; i++) {
        struct ingest_property *property = &run->properties[i];
        if (!property->refers || !is_stored(property))
            continue;
        if (!schema_table(store_schema(run->store), property->refers)) {
            ingest_warn(run, "%s refers to %s, which this store does not have yet: import it with --reference %s",
                        property->name, property->refers, property->refers);
            continue;
        }
        static const char *const key[] = {"key"};
        struct store_read read = {.table = property->refers, .role = PART_REFERENCE, .columns = key, .column_count = 1};
        struct buffer sql, name;
        buffer_init(&sql, 0);
        buffer_init(&name, 0);
        add_name(&name, property->name, "");
        uint64_t rows = 0;
        buffer_printf(&sql, "SELECT count(*) FROM staged WHERE %s IS NOT NULL AND %s NOT IN (SELECT key FROM (",
                      name.data, name.data);
        enum status status = store_select(run->store, &read, &sql, error);
        buffer_string(&sql, ") WHERE key IS NOT NULL)");
        if (status == STATUS_OK)
            status = count_rows(run, sql.data, &rows, error);
        buffer_release(&sql);
        buffer_release(&name);
        TRY(status);
        property->orphans = rows;
        if (rows)
            ingest_warn(
                run, "%llu %s a %s that %s does not hold; the facts are kept, and what they point at is unknown",
                (unsigned long long)rows, rows == 1 ? "row names" : "rows name", property->name, property->refers);
    }
    return STATUS_OK;
}

static enum status settle(struct ingest_run *run, struct error *error)
{
    run->summary->new_customers = store_numbering_settle(run->identity, NULL);
    store_numbering_settle_as_met(run->dictionary);
    run->summary->customers = run->summary->new_customers;
    bool first_ever = store_numbering_first_new(run->identity) == 1;
    if (run->customer >= 0 && !first_ever)
        TRY(count_rows(run, "SELECT count(DISTINCT customer) FROM staged", &run->summary->customers, error));
    return STATUS_OK;
}

static enum status write_tables(struct ingest_run *run, struct error *error)
{
    if (run->role == SCHEMA_REFERENCE) {
        TRY(write_reference(run, error));
        return state_schema(run, run->table, SCHEMA_REFERENCE, NULL, false, error);
    }
    if (run->role == SCHEMA_TRAITS) {
        TRY(write_facts(run, run->table, PART_TRAITS, error));
        return state_schema(run, run->table, SCHEMA_TRAITS, NULL, false, error);
    }
    const char *lines = run->table;
    if (run->group >= 0) {
        bool *own = ARENA_ARRAY(run->arena, bool, run->property_count + 1);
        lines = arena_printf(run->arena, "%s.line", run->table);
        TRY(write_groups(run, own, error));
        TRY(state_schema(run, run->table, SCHEMA_FACTS, own, true, error));
    }
    TRY(write_facts(run, lines, PART_FACTS, error));
    TRY(state_schema(run, lines, SCHEMA_FACTS, NULL, false, error));
    if (run->mapping.trait.count) {
        TRY(write_told_traits(run, error));
        TRY(state_schema(run, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, NULL, false, error));
    }
    return STATUS_OK;
}

enum status ingest_publish(struct ingest_run *run, struct error *error)
{
    run->phase = "writing";
    TRY(count_rows(run, "SELECT count(*) FROM staged", &run->summary->stored, error));
    if (run->mapping.id.count)
        TRY(resolve_ids(run, error));
    for (size_t i = 0; i < run->property_count; i++)
        if (is_stored(&run->properties[i]))
            TRY(find_digits(run, &run->properties[i], error));
    TRY(set_currencies(run, error));
    TRY(count_orphans(run, error));
    TRY(settle(run, error));
    if (run->mapping.id.count) {
        TRY(apply_verdicts(run, error));
        TRY(count_rows(run, "SELECT count(*) FROM staged", &run->summary->stored, error));
    }
    TRY(write_tables(run, error));
    if (run->options->dry_run)
        return STATUS_OK;
    TRY(identity_write(run->change, run->lake, run->identity, error));
    return store_write_dictionary(run->change, run->lake, run->dictionary, error);
}
