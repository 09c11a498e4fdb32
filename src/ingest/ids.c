/*
 * Ids: a fact arrives once, whichever file brings it. What is judged is the unit that one
 * fact is made of: a row, or with --group-by the lines of a group, which stand or fall
 * together. Where the lines of one group differ in their id it is an id of lines: each
 * line is judged alone, and the group is made of those that stand.
 *
 * Two units have the same content when they have the same lines: as many, of the same
 * customer, with the same times and properties. One side's lines count +1 and the other's
 * −1; where equal lines do not come to 0, the units differ.
 */
#include "ingest/publish.h"

#include <stdlib.h>
#include <string.h>

struct ids {
    const struct ingest_run *run;
    const struct ingest_understood *understood;
    const struct ingest_shape *shape;
    const struct ingest_staged *staged;
    struct ingest_settled *out;
    bool replace, of_lines;
    /* of the store, with what may have an id already: lines, whole facts */
    const struct schema_table *tables[2];
    size_t table_count;
};

/* An id that is the same in all lines of every group is one of groups. */
static enum status find_what_ids_name(struct ids *ids, struct error *error)
{
    uint64_t differ;
    if (ids->understood->roles.group < 0)
        return STATUS_OK;
    const char *sql = arena_printf(
        ids->run->arena,
        "SELECT count(*) FROM (SELECT 1 FROM staged GROUP BY %s HAVING min(id) <> max(id))",
        ingest_group_columns(ids->shape));
    TRY(ingest_count_rows(ids->staged, sql, &differ, error));
    ids->of_lines = differ > 0;
    return STATUS_OK;
}

/* Lines are compared with lines, where the import has any; and a fact of the kind may
 * have come without. */
static void find_tables(struct ids *ids)
{
    const char *names[] = {ids->understood->roles.group >= 0 ? ids->understood->lines_table : NULL,
                           ids->understood->table};
    for (size_t i = 0; i < 2; i++) {
        const struct schema_table *table =
            names[i] ? schema_table(store_schema(ids->run->store), names[i]) : NULL;
        if (table)
            ids->tables[ids->table_count++] = table;
    }
}

/* The columns of a table of the store that judging needs. */
static void list_columns(const struct ids *ids, const struct schema_table *table, bool count_lines,
                         struct store_read *read)
{
    const char **columns =
        ARENA_ARRAY(ids->run->arena, const char *, ids->shape->property_count + 4);
    size_t count = 0;
    columns[count++] = "id";
    columns[count++] = "customer";
    columns[count++] = "time";

    /* a table of invoices has a column `lines` of its own making; a property of that name is the
     * file's */
    for (size_t i = 0; i < ids->shape->property_count; i++)
        if (ingest_is_stored(&ids->shape->properties[i]) &&
            schema_column(table, ids->shape->properties[i].name)) {
            columns[count++] = ids->shape->properties[i].name;
            count_lines &= strcmp(ids->shape->properties[i].name, "lines") != 0;
        }
    if (count_lines)
        columns[count++] = "lines";
    *read = (struct store_read){
        .table = table->name, .role = PART_FACTS, .columns = columns, .column_count = count};
}

static enum status add_present(const struct ids *ids, const struct schema_table *table,
                               struct buffer *sql, struct error *error)
{
    bool whole = strcmp(table->name, ids->understood->table) == 0;
    bool count_lines = whole &&
                       schema_table(store_schema(ids->run->store), ids->understood->lines_table) &&
                       schema_column(table, "lines");
    struct store_read read;
    list_columns(ids, table, count_lines, &read);

    const char *grouped = whole ? "false" : "true";
    if (count_lines) /* invoices and facts that came without lines lie in one table */
        grouped = "lines IS NOT NULL";
    buffer_printf(sql, " UNION ALL BY NAME SELECT *, %s AS \"@grouped\" FROM (", grouped);
    TRY(store_select(ids->run->store, &read, sql, error));

    /* what came with lines is compared line by line; its whole would only be judged twice */
    bool seen_by_line = count_lines && ids->understood->roles.group >= 0;
    buffer_printf(sql, ") WHERE id IN (SELECT id FROM staged)%s",
                  seen_by_line ? " AND lines IS NULL" : "");
    return STATUS_OK;
}

/* The store's own rows that bear an id of this import, as a table `present`. */
static enum status make_present(const struct ids *ids, struct error *error)
{
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_string(
        &sql, "CREATE TEMP TABLE present AS SELECT id, customer, time, false AS \"@grouped\" FROM "
              "staged WHERE false");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ids->table_count && status == STATUS_OK; i++)
        status = add_present(ids, ids->tables[i], &sql, error);
    if (status == STATUS_OK)
        status = lake_execute(ids->staged->lake, sql.data, error);
    buffer_release(&sql);
    return status;
}

/* Whether the store has the property; *as_text when in another type, and the two are not
 * both numbers. */
static bool is_present(const struct ids *ids, const struct ingest_property *property, bool *as_text)
{
    bool present = false;
    *as_text = false;
    for (size_t i = 0; i < ids->table_count; i++) {
        const struct schema_column *stored = schema_column(ids->tables[i], property->name);
        if (!stored)
            continue;
        present = true;
        *as_text |= stored->type != property->type &&
                    !(ingest_is_number(property->type) && ingest_is_number(stored->type));
    }
    return present;
}

/* ", customer, time, …": what two lines have to share; against the store, the properties
 * that both have. `grouped` is SQL: an invoice is never the same as a fact that came
 * without lines, because it is more. */
static void add_content(const struct ids *ids, bool against_store, const char *grouped,
                        struct buffer *sql)
{
    buffer_printf(sql, ", customer, time, %s AS \"@grouped\"", grouped);
    for (size_t i = 0; i < ids->shape->property_count; i++) {
        const struct ingest_property *property = &ids->shape->properties[i];
        bool as_text = false;
        if (!ingest_is_stored(property) || (against_store && !is_present(ids, property, &as_text)))
            continue;
        buffer_string(sql, as_text ? ", CAST(" : ", ");
        buffer_sql_name(sql, text_from(property->name));
        buffer_printf(sql, "%s AS \"@%zu\"", as_text ? " AS VARCHAR)" : "", i);
    }
}

/* Two SELECTs of lines, from `mine` and `theirs`, to the units in which they differ. */
static void add_differing(const struct ids *ids, bool against_store, const char *mine,
                          const char *theirs, struct buffer *sql)
{
    const char *grouped = ids->understood->roles.group >= 0 ? "true" : "false";
    buffer_string(sql, "SELECT DISTINCT \"@unit\" FROM (SELECT * EXCLUDE (\"@side\"), "
                       "sum(\"@side\") AS \"@balance\" "
                       "FROM (SELECT \"@unit\", 1 AS \"@side\"");
    add_content(ids, against_store, grouped, sql);
    buffer_printf(sql, " FROM %s UNION ALL SELECT \"@unit\", -1", mine);
    add_content(ids, against_store, against_store ? "\"@grouped\"" : grouped, sql);
    buffer_printf(sql, " FROM %s) GROUP BY ALL) WHERE \"@balance\" <> 0", theirs);
}

/* `units`: of every row, the unit it belongs to and the one that stands among those of
 * its id, each by its first row: the first of an import stands, with --on-conflict
 * replace the last. */
static enum status make_units(const struct ids *ids, struct error *error)
{
    const char *unit = "arrival";
    if (ids->understood->roles.group >= 0 && !ids->of_lines)
        unit = arena_printf(ids->run->arena, "min(arrival) OVER (PARTITION BY %s)",
                            ingest_group_columns(ids->shape));
    return lake_executef(ids->staged->lake, error,
                         "CREATE TEMP TABLE units AS SELECT arrival, \"@unit\", %s(\"@unit\") OVER "
                         "(PARTITION BY id) AS "
                         "\"@winner\" FROM (SELECT arrival, id, %s AS \"@unit\" FROM staged)",
                         ids->replace ? "max" : "min", unit);
}

/* `differing`: units of another content than the one that stands in this import; and of
 * those, the ones of another content than the store has. */
static enum status find_differing(const struct ids *ids, struct error *error)
{
    struct buffer sql;
    buffer_init(&sql, 0);

    /* first, units of this import against the winner of their id */
    buffer_string(&sql, "CREATE TEMP TABLE differing AS ");
    add_differing(ids, false, "staged JOIN units USING (arrival) WHERE \"@unit\" <> \"@winner\"",
                  "(SELECT l.\"@unit\", u.arrival FROM units u JOIN (SELECT DISTINCT \"@unit\", "
                  "\"@winner\" FROM units "
                  "WHERE \"@unit\" <> \"@winner\") l ON u.\"@unit\" = l.\"@winner\") JOIN staged "
                  "USING (arrival)",
                  &sql);

    /* then the winners, which alone are left to be stored, against what the store has */
    buffer_string(&sql, " UNION ALL ");
    add_differing(ids, true,
                  "staged JOIN units USING (arrival) WHERE \"@unit\" = \"@winner\" AND id IN "
                  "(SELECT id FROM present)",
                  "present JOIN (SELECT DISTINCT id, \"@winner\" AS \"@unit\" FROM staged JOIN "
                  "units USING (arrival) "
                  "WHERE id IN (SELECT id FROM present)) USING (id)",
                  &sql);
    enum status status = lake_execute(ids->staged->lake, sql.data, error);
    buffer_release(&sql);
    return status;
}

/*
 * `verdicts` of every staged row: 0 it stands; 1 the same is there already, in this
 * import; 2 in the store; 3 and 4 likewise with another content.
 */
static enum status judge(const struct ids *ids, struct error *error)
{
    TRY(make_units(ids, error));
    TRY(find_differing(ids, error));

    return lake_execute(
        ids->staged->lake,
        "CREATE TEMP TABLE verdicts AS SELECT arrival, id, CASE WHEN \"@unit\" <> \"@winner\" THEN "
        "if(differs, 3, 1) WHEN present THEN if(differs, 4, 2) ELSE 0 END AS verdict FROM (SELECT "
        "arrival, id, \"@unit\", \"@winner\", \"@unit\" IN (SELECT \"@unit\" FROM differing) AS "
        "differs, "
        "id IN (SELECT id FROM present) AS present FROM staged JOIN units USING (arrival))",
        error);
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

static void write_conflict(struct ids *ids, const struct conflict *conflict, struct text row)
{
    size_t index = ingest_row_source(conflict->row);
    struct ingest_reject reject = {
        .reason = REASON_CONFLICT,
        .source = ids->shape->sources[index].name,
        .line = ingest_row_line(conflict->row),
        .column = ids->understood->mapping.id.items[0],
        .value = text_from(conflict->id),
        .row = row,
    };
    struct buffer line;
    buffer_init(&line, 0);
    ingest_reject_counts_add(&ids->out->set_aside, &reject);
    ingest_reject_write(&reject, &line);
    ingest_ordered_file_append(&ids->run->aside->file, &line);
    buffer_release(&line);
}

/* Records of one block that are among the conflicts from *next on. */
static void find_in_block(struct ids *ids, const struct ingest_block *block,
                          const struct conflict *conflicts, size_t count, size_t *next)
{
    const struct ingest_dialect *dialect = &ids->shape->sources[block->source].dialect;
    struct ingest_record record = {.names = ids->shape->source_columns[block->source].names};
    const char *at = block->data, *end = block->data + block->length;

    uint64_t line = block->first_line;
    size_t skipped;
    while (*next < count && ingest_split(dialect, &at, end, &record, &skipped)) {
        uint64_t row = (uint64_t)block->source << SCAN_ROW_BITS | (line + skipped);
        line += skipped + record.lines;

        if (conflicts[*next].row != row)
            continue;

        /* a decoded byte is three at most */
        char *text = base_malloc(3 * record.length + 1);
        size_t length = record.length;
        if (dialect->encoding && !dialect->encoding->streamed)
            length = ingest_decode(dialect->encoding, record.line, record.length, text);
        else
            memcpy(text, record.line, length);
        write_conflict(ids, &conflicts[(*next)++], (struct text){text, length});
        free(text);
    }
    ingest_record_release(&record);
}

static enum status set_conflicts_aside(struct ids *ids, struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;

    VECTOR(struct conflict) conflicts = {0};
    TRY(lake_query(ids->staged->lake, "SELECT arrival, id FROM verdicts WHERE verdict IN (3, 4)",
                   &result, error));
    enum status status;
    while (ingest_next_chunk(result, &chunk, &status, error))
        for (size_t i = 0; i < chunk->rows; i++) {
            struct text id = lake_text(&chunk->columns[1], i);
            VECTOR_PUSH(&conflicts,
                        (struct conflict){(uint64_t)lake_integer(&chunk->columns[0], i),
                                          arena_strndup(ids->run->arena, id.data, id.length)});
        }

    lake_result_free(result);

    /* the rows' own text is in the files alone: they are read once more, up to the last conflict */
    if (conflicts.count)
        qsort(conflicts.items, conflicts.count, sizeof *conflicts.items, by_row);
    struct ingest_reader reader;
    struct ingest_block block = {0};
    ingest_reader_init(&reader, ids->shape->sources, ids->shape->source_count);
    size_t next = 0;
    while (status == STATUS_OK && next < conflicts.count) {
        status = ingest_reader_next(&reader, &block, error);
        if (status != STATUS_OK || !block.length)
            break;
        find_in_block(ids, &block, conflicts.items, conflicts.count, &next);
    }

    ingest_reader_release(&reader);
    ingest_block_release(&block);
    ids->out->conflicts = conflicts.count;
    VECTOR_RELEASE(&conflicts);
    return status;
}

/* A part that holds replaced rows is written anew without them, and they go to the shadow. */
static enum status rewrite_part(struct ids *ids, const struct catalog_part *part,
                                struct error *error)
{
    struct buffer path;
    buffer_init(&path, 0);
    lake_add_path(&path, store_file(ids->run->store, ids->run->arena, "%s", part->path));

    const char *gone = "(SELECT v.id FROM verdicts v WHERE v.verdict = 4)";

    /* the shadow keeps what was replaced, so that undoing this import can bring it back */
    struct store_new_part kept = {.table = part->table, .role = PART_FACTS};
    struct store_new_part shadow = {.table = part->table, .role = PART_SHADOW};
    kept.select = arena_printf(ids->run->arena,
                               "SELECT * FROM read_parquet(%s) WHERE id IS NULL OR id NOT IN %s",
                               path.data, gone);
    shadow.select = arena_printf(ids->run->arena, "SELECT * FROM read_parquet(%s) WHERE id IN %s",
                                 path.data, gone);
    buffer_release(&path);

    TRY(store_drop_part(ids->run->change, part->number, error));
    TRY(store_write_part(ids->run->change, ids->staged->lake, &kept, NULL, error));
    return store_write_part(ids->run->change, ids->staged->lake, &shadow, NULL, error);
}

/* Parts of imports without --id have no such column. */
static bool has_ids(const struct catalog_part *part)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (strcmp(part->columns[i].name, "id") == 0)
            return true;
    return false;
}

static bool may_hold_replaced(struct ids *ids, const struct catalog_part *part)
{
    bool kind = strcmp(part->table, ids->understood->table) == 0 ||
                strcmp(part->table, ids->understood->lines_table) == 0;
    return part->role == PART_FACTS && kind && has_ids(part);
}

static enum status replace_present(struct ids *ids, struct error *error)
{
    size_t count;

    const struct catalog_part *parts = store_parts(ids->run->store, &count);
    for (size_t i = 0; i < count && !ids->run->options->dry_run; i++) {
        uint64_t rows = 0;
        if (!may_hold_replaced(ids, &parts[i]))
            continue;

        /* a damaged part must not be written anew as if it were whole */
        TRY(store_check_part(ids->run->store, &parts[i], NULL, 0, error));
        struct buffer sql;
        buffer_init(&sql, 0);
        buffer_string(&sql, "SELECT count(*) FROM read_parquet(");
        lake_add_path(&sql, store_file(ids->run->store, ids->run->arena, "%s", parts[i].path));
        buffer_string(&sql, ") WHERE id IN (SELECT id FROM verdicts WHERE verdict = 4)");
        enum status status = ingest_count_rows(ids->staged, sql.data, &rows, error);
        buffer_release(&sql);
        TRY(status);
        if (rows)
            TRY(rewrite_part(ids, &parts[i], error));
    }
    return STATUS_OK;
}

/* An id of lines does not say which group a replaced line belonged to. */
static enum status refuse_to_replace(const struct ids *ids, struct error *error)
{
    enum status status = error_set(
        error, STATUS_USAGE,
        "%llu rows would replace lines of the store, and their --id does not say of which %s",
        (unsigned long long)ids->out->replaced, ids->understood->table);
    error_hint(error, "with --on-conflict replace name the id of the whole %s (--id %s)",
               ids->understood->table, ids->understood->mapping.group_by);
    return status;
}

enum status ingest_settle_ids(const struct ingest_run *run,
                              const struct ingest_understood *understood,
                              const struct ingest_shape *shape, const struct ingest_staged *staged,
                              struct ingest_settled *settled, struct error *error)
{
    struct ids ids = {.run = run,
                      .understood = understood,
                      .shape = shape,
                      .staged = staged,
                      .out = settled,
                      .replace = ingest_replaces(&understood->mapping)};
    if (!understood->mapping.id.count)
        return STATUS_OK;
    find_tables(&ids);
    TRY(find_what_ids_name(&ids, error));
    TRY(make_present(&ids, error));
    TRY(judge(&ids, error));

    /* with replace, a row that a later one of the same import replaces counts as repeated, too */
    TRY(ingest_count_rows(staged,
                          ids.replace ? "SELECT count(*) FROM verdicts WHERE verdict IN (1, 2, 3)"
                                      : "SELECT count(*) FROM verdicts WHERE verdict IN (1, 2)",
                          &settled->repeated, error));
    if (!ids.replace)
        return set_conflicts_aside(&ids, error);

    TRY(ingest_count_rows(staged, "SELECT count(*) FROM verdicts WHERE verdict = 4",
                          &settled->replaced, error));
    if (ids.of_lines && settled->replaced)
        return refuse_to_replace(&ids, error);
    return settled->replaced ? replace_present(&ids, error) : STATUS_OK;
}
