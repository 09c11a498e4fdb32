/*
 * Publishing: from the staged rows to parts. What bears an id that the store has already stays in
 * the shadow; the lines of an invoice become one fact; traits told by facts are kept where they
 * change. All of it is one change of the store.
 */
#include "ingest/run.h"

#include "identity/identity.h"

#include <string.h>

static void add_name(struct buffer *sql, const char *prefix, const char *name)
{
    struct buffer text;
    buffer_init(&text, 0);
    buffer_printf(&text, "%s%s", prefix, name);
    buffer_sql_name(sql, (struct text){text.data, text.length});
    buffer_release(&text);
}

/* ", value, code" of a property, whose columns in `staged` bear prefix, as they stand in a part. */
static void add_stored(const struct ingest_property *property, const char *prefix,
                       struct buffer *sql)
{
    struct buffer name;
    buffer_init(&name, 0);
    buffer_printf(&name, "%s%s", prefix, property->name);
    buffer_string(sql, ", ");
    add_name(sql, "", name.data);
    buffer_string(sql, " AS ");
    add_name(sql, "", property->name);

    if (ingest_is_coded(property)) {
        buffer_string(sql, property->type == VALUE_SET ? ", list_sort(" : ", (");
        add_name(sql, SCHEMA_CODES, name.data);
        buffer_string(sql, ") AS ");
        add_name(sql, SCHEMA_CODES, property->name);
    }
    buffer_release(&name);
}

static enum status write_part(struct ingest_run *run, const char *table, enum part_role role,
                              const char *select, uint64_t *rows, struct error *error)
{
    if (run->options->dry_run)
        return STATUS_OK;
    struct store_new_part part = {.table = table, .role = role, .select = select};
    return store_write_part(run->change, run->lake, &part, rows, error);
}

static void remember_table(struct ingest_run *run, const char *name, enum schema_role role,
                           uint64_t rows)
{
    VECTOR_PUSH(&run->tables, (struct ingest_summary_table){name, role, rows});
}

enum status ingest_count_rows(struct ingest_run *run, const char *sql, uint64_t *out,
                              struct error *error)
{
    int64_t count;
    bool known;
    TRY(lake_query_integer(run->lake, sql, &count, &known, error));
    *out = known ? (uint64_t)count : 0;
    return STATUS_OK;
}

/* Facts */

const char *ingest_fact_table(struct ingest_run *run)
{
    return run->group >= 0 ? arena_printf(run->arena, "%s.line", run->table) : run->table;
}

static void facts_select(struct ingest_run *run, const char *from, struct buffer *sql)
{
    buffer_printf(sql,
                  "SELECT customer_number_final(customer) AS customer, time::UINTEGER AS time, "
                  "%u::UINTEGER AS import, "
                  "arrival::UBIGINT AS arrival",
                  run->import);
    if (run->mapping.id.count)
        buffer_string(sql, ", id");
    for (size_t i = 0; i < run->property_count; i++)
        if (ingest_is_stored(&run->properties[i]))
            add_stored(&run->properties[i], "", sql);
    buffer_printf(sql, " FROM %s", from);
}

static enum status write_facts(struct ingest_run *run, const char *table, enum part_role role,
                               struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;
    buffer_init(&sql, 0);
    facts_select(run, "staged", &sql);
    enum status status = write_part(run, table, role, sql.data, &rows, error);
    buffer_release(&sql);
    TRY(status);
    TRY(ingest_count_rows(run, "SELECT count(*) FROM staged", &rows, error));
    remember_table(run, table, role == PART_TRAITS ? SCHEMA_TRAITS : SCHEMA_FACTS, rows);
    return STATUS_OK;
}

static enum status write_reference(struct ingest_run *run, struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;
    buffer_init(&sql, 0);
    buffer_printf(&sql,
                  "SELECT key, \"" SCHEMA_CODES
                  "key\", %u::UINTEGER AS import, arrival::UBIGINT AS "
                  "arrival",
                  run->import);
    for (size_t i = 0; i < run->property_count; i++)
        if (ingest_is_stored(&run->properties[i]))
            add_stored(&run->properties[i], "", &sql);
    buffer_string(&sql, " FROM staged");
    enum status status = write_part(run, run->table, PART_REFERENCE, sql.data, &rows, error);
    buffer_release(&sql);
    TRY(status);
    uint64_t keys;
    TRY(ingest_count_rows(run, "SELECT count(*) FROM staged", &rows, error));
    TRY(ingest_count_rows(run, "SELECT count(DISTINCT key) FROM staged", &keys, error));
    if (keys < rows)
        ingest_warn(run, "%llu rows repeat a key of %s; the last row of a key counts",
                    (unsigned long long)(rows - keys), run->mapping.key);
    remember_table(run, run->table, SCHEMA_REFERENCE, rows);
    return STATUS_OK;
}

/* Invoices */

static bool is_amount(const struct ingest_run *run, const struct ingest_property *property)
{
    return run->amount && !property->trait && strcmp(property->column, run->amount) == 0;
}

/* What the lines were worth is what the invoice was worth, however the column is called. */
static bool is_summed(const struct ingest_run *run, const struct ingest_property *property)
{
    return ingest_is_stored(property) && (property->additive || is_amount(run, property)) &&
           ingest_is_number(property->type);
}

static bool can_be_constant(const struct ingest_run *run, const struct ingest_property *property)
{
    return ingest_is_stored(property) && !is_summed(run, property) && property->type != VALUE_SET &&
           property->type != VALUE_POINT;
}

const char *ingest_group_columns(const struct ingest_run *run)
{
    return run->currency_column ? "customer, \"@group\", \"@currency\"" : "customer, \"@group\"";
}

/* Which properties have one value in every invoice: those become the invoice's own. */
static enum status find_constants(struct ingest_run *run, struct error *error)
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
            add_name(&sql, "", run->properties[i].name);
            buffer_string(&sql, ") IS NOT DISTINCT FROM max(");
            add_name(&sql, "", run->properties[i].name);
            buffer_printf(&sql, ") AS k%zu", i);
        }
    buffer_printf(&sql, " FROM staged GROUP BY %s)", ingest_group_columns(run));
    struct lake_result *result;
    const struct lake_chunk *chunk;
    enum status status = lake_query(run->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);
    status = lake_result_next(result, &chunk, error);
    for (size_t i = 0; i < run->property_count && status == STATUS_OK && chunk; i++) {
        run->own[i] = can_be_constant(run, &run->properties[i]);
        if (run->own[i])
            run->own[i] = lake_integer(&chunk->columns[++count], 0) != 0;
    }
    lake_result_free(result);
    return status;
}

enum { LISTED = 8 };

/* "Menge, Betrag and 3 others" of the properties that are summed or not, and that the invoice has
 * or not; NULL: none.
 */
static const char *list_properties(const struct ingest_run *run, bool own, bool summed)
{
    const char *line_prefix = own ? "" : arena_printf(run->arena, "%s.line.", run->table);
    struct buffer list;
    size_t count = 0;
    buffer_init(&list, 0);
    for (size_t i = 0; i < run->property_count; i++) {
        const struct ingest_property *property = &run->properties[i];
        if (!ingest_is_stored(property) || run->own[i] != own || is_summed(run, property) != summed)
            continue;
        if (count++ < LISTED)
            buffer_printf(&list, "%s%s%s", list.length ? ", " : "", line_prefix, property->name);
    }
    if (count > LISTED)
        buffer_printf(&list, " and %zu other%s", count - LISTED, text_plural(count - LISTED));
    const char *text = list.length ? buffer_copy(&list, run->arena) : NULL;
    buffer_release(&list);
    return text;
}

/* What became of the lines' columns: nobody sees by a missing column that it was left out. */
static void note_own(struct ingest_run *run)
{
    const char *sums = list_properties(run, true, true), *same = list_properties(run, true, false),
               *rest = list_properties(run, false, false);
    ingest_notice(run, "one %s for all rows of a %s%s%s%s%s%s%s", run->table, run->mapping.group_by,
                  sums ? "; summed over its lines: " : "; nothing is summed over its lines",
                  sums ? sums : "", same ? "; the same in all of them: " : "", same ? same : "",
                  rest ? "; only with the lines: " : "", rest ? rest : "");
}

/* The invoice has of its lines' properties the sums and what is the same in all of them. */
static enum status find_own(struct ingest_run *run, struct error *error)
{
    run->own = ARENA_ARRAY(run->arena, bool, run->property_count + 1);
    TRY(find_constants(run, error));
    for (size_t i = 0; i < run->property_count; i++)
        run->own[i] |= is_summed(run, &run->properties[i]);
    note_own(run);
    return STATUS_OK;
}

static void groups_select(struct ingest_run *run, const char *from, struct buffer *sql)
{
    buffer_printf(sql,
                  "SELECT customer_number_final(customer) AS customer, min(time)::UINTEGER AS "
                  "time, %u::UINTEGER AS "
                  "import, min(arrival)::UBIGINT AS arrival",
                  run->import);
    if (run->mapping.id.count)
        buffer_string(sql, ", min(id) AS id");
    buffer_string(sql, ", count(*)::BIGINT AS lines");
    for (size_t i = 0; i < run->property_count; i++) {
        const struct ingest_property *property = &run->properties[i];
        bool sum = is_summed(run, property);
        char type[64];
        if (!run->own[i])
            continue;
        buffer_string(sql, sum ? ", CAST(sum(" : ", min(");
        add_name(sql, "", property->name);
        if (sum)
            buffer_printf(sql, ") AS %s)", store_sql_type(property->type, property->scale, type));
        else
            buffer_char(sql, ')');
        buffer_string(sql, " AS ");
        add_name(sql, "", property->name);
        if (!sum && ingest_is_coded(property)) {
            buffer_string(sql, ", any_value(");
            add_name(sql, SCHEMA_CODES, property->name);
            buffer_string(sql, ") AS ");
            add_name(sql, SCHEMA_CODES, property->name);
        }
    }
    buffer_printf(sql, " FROM %s GROUP BY %s", from, ingest_group_columns(run));
}

static enum status write_groups(struct ingest_run *run, struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;
    buffer_init(&sql, 0);
    groups_select(run, "staged", &sql);
    enum status status = write_part(run, run->table, PART_FACTS, sql.data, &rows, error);
    const char *count =
        arena_printf(run->arena, "SELECT count(*) FROM (SELECT 1 FROM staged GROUP BY %s)",
                     ingest_group_columns(run));
    buffer_release(&sql);
    TRY(status);
    TRY(ingest_count_rows(run, count, &rows, error));
    remember_table(run, run->table, SCHEMA_FACTS, rows);
    return STATUS_OK;
}

/* Verdicts */

/* What is refused because the store has its id, or what it says, is kept as it would have been
 * stored. */
static enum status write_shadow(struct ingest_run *run, struct error *error)
{
    const char *refused =
        ingest_replaces(run)
            ? "staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE verdict = 2)"
            : "staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE verdict IN (2, 4))";
    struct buffer sql;
    buffer_init(&sql, 0);
    facts_select(run, refused, &sql);
    enum status status =
        write_part(run, ingest_fact_table(run), PART_SHADOW, sql.data, NULL, error);
    buffer_reset(&sql);
    if (run->group >= 0 && status == STATUS_OK) {
        groups_select(run, refused, &sql);
        status = write_part(run, run->table, PART_SHADOW, sql.data, NULL, error);
    }
    buffer_release(&sql);
    return status;
}

/* Which of the import's own rows count does not depend on the store, and what an invoice has of its
 * lines neither: otherwise undoing an earlier import would leave other columns than if that had
 * never run. */
static enum status drop_losers(struct ingest_run *run, struct error *error)
{
    return lake_execute(run->lake,
                        "DELETE FROM staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE "
                        "verdict IN (1, 3))",
                        error);
}

/* After the numbers are settled: what the store refuses goes to the shadow, what stands stays in
 * `staged`. */
static enum status drop_refused(struct ingest_run *run, struct error *error)
{
    if (schema_table(store_schema(run->store), run->table))
        TRY(write_shadow(run, error));
    const char *standing = ingest_replaces(run) ? "0, 4" : "0";
    TRY(lake_executef(run->lake, error,
                      "DELETE FROM staged WHERE arrival NOT IN (SELECT arrival FROM verdicts WHERE "
                      "verdict IN (%s))",
                      standing));
    return ingest_count_rows(run, "SELECT count(*) FROM staged", &run->summary->stored, error);
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
        add_name(&column, "@trait:", property->name);
        buffer_printf(&sql,
                      "%s(SELECT customer_number_final(customer) AS customer, time::UINTEGER AS "
                      "time, %u::UINTEGER AS "
                      "import, arrival::UBIGINT AS arrival",
                      any ? " UNION ALL BY NAME " : "", run->import);
        add_stored(property, "@trait:", &sql);
        buffer_printf(&sql,
                      " FROM (SELECT * FROM staged WHERE %s IS NOT NULL QUALIFY lag(%s) OVER "
                      "(PARTITION BY customer "
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

static enum status find_digits(struct ingest_run *run, struct ingest_property *property,
                               struct error *error)
{
    if (property->source >= 0 || !ingest_is_number(property->type) ||
        property->type == VALUE_DOUBLE)
        return STATUS_OK;
    struct buffer sql;
    int64_t largest = 0;
    bool known;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT max(trunc(abs(");
    add_name(&sql, "", property->name);
    buffer_string(&sql, "))::BIGINT) FROM staged");
    enum status status = lake_query_integer(run->lake, sql.data, &largest, &known, error);
    buffer_release(&sql);
    for (property->whole_digits = 0; known && largest > 0; largest /= 10)
        property->whole_digits++;
    return status;
}

/* The codes in a column of `staged`, with blanks between; *out is NULL when there are none. */
static enum status find_currencies(struct ingest_run *run, const char *column, const char **out,
                                   struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;
    struct buffer list, sql;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT DISTINCT CAST(");
    buffer_sql_name(&sql, text_from(column));
    buffer_string(&sql, " AS VARCHAR) FROM staged WHERE ");
    buffer_sql_name(&sql, text_from(column));
    buffer_string(&sql, " IS NOT NULL ORDER BY 1");
    enum status status = lake_query(run->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);
    buffer_init(&list, 0);
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

/* What the store has of this amount without a currency is in the store's own, and counts as one
 * more. */
static const char *with_own_currency(const struct ingest_run *run, const char *name,
                                     const char *currencies)
{
    const struct schema *schema = store_schema(run->store);
    const struct schema_table *table = schema_table(schema, run->table);
    const struct schema_column *stored = table ? schema_column(table, name) : NULL;
    if (!schema->currency || !stored || stored->currency ||
        (currencies && strstr(currencies, schema->currency)))
        return currencies;
    return arena_printf(run->arena, "%s%s%s", currencies ? currencies : "", currencies ? " " : "",
                        schema->currency);
}

/* What a column of the file is stored as, or NULL. */
static const char *property_of(const struct ingest_run *run, const char *column)
{
    const char *name = NULL;
    for (size_t i = 0; i < run->property_count; i++)
        if (!run->properties[i].trait && strcmp(run->properties[i].column, column) == 0)
            name = run->properties[i].name;
    return name;
}

static bool is_money(const struct ingest_run *run, const struct ingest_property *property)
{
    bool signs = property->source >= 0 && run->columns[property->source].money;
    bool called = ingest_amount_name(property->name) >= GUESS_SURE - 10 || is_amount(run, property);
    return !property->trait && ingest_is_number(property->type) &&
           (signs || property->type == VALUE_DECIMAL || called);
}

/* Where a file has several columns of currencies, each amount has the one that is called like it.
 */
static const char *other_currency(const struct ingest_run *run,
                                  const struct ingest_property *property)
{
    if (run->mapping.currency_column || run->currency >= 0 || property->source < 0)
        return NULL;
    int column = ingest_currency_of(run, property->column);
    bool other = column >= 0 && strcmp(run->columns[column].name, run->currency_column) != 0;
    return other ? property_of(run, run->columns[column].name) : NULL;
}

/* Every amount names the column with its currency, so that nobody adds up what cannot be added. */
static enum status set_currencies(struct ingest_run *run, struct error *error)
{
    const char *currencies = NULL;
    if (!run->currency_column)
        return STATUS_OK;
    const char *column = property_of(run, run->currency_column);
    TRY(find_currencies(run, "@currency", &currencies, error));
    for (size_t i = 0; i < run->property_count; i++) {
        struct ingest_property *property = &run->properties[i];
        if (!column || !is_money(run, property))
            continue;
        const char *other = other_currency(run, property), *codes = currencies;
        if (other)
            TRY(find_currencies(run, other, &codes, error));
        property->currency = other ? other : column;
        property->currencies = with_own_currency(run, property->name, codes);
    }
    return STATUS_OK;
}

/* The property that the amount became, when the table has it and it is a number. */
static const char *amount_of(const struct ingest_run *run, const struct catalog_column *columns,
                             size_t count)
{
    for (size_t i = 0; i < run->property_count; i++) {
        const struct ingest_property *property = &run->properties[i];
        if (!is_amount(run, property) || !ingest_is_number(property->type))
            continue;
        for (size_t c = 0; c < count; c++)
            if (strcmp(columns[c].column.name, property->name) == 0)
                return property->name;
    }
    return NULL;
}

/* only: by property, those that the table has; NULL: all of the kind's. lines: the invoice's count
 * of lines too. */
static enum status state_schema(struct ingest_run *run, const char *table, enum schema_role role,
                                const bool *only, bool lines, struct error *error)
{
    struct catalog_column *columns =
        ARENA_ARRAY(run->arena, struct catalog_column, run->property_count + 1);
    size_t count = 0;
    bool told = role == SCHEMA_TRAITS && !run->traits;
    if (lines)
        columns[count++] = (struct catalog_column){.column = {.name = "lines", .type = VALUE_INT},
                                                   .whole_digits = 10};
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
    struct catalog_table stated = {.name = table,
                                   .role = role,
                                   .key = run->mapping.key,
                                   .columns = columns,
                                   .column_count = count};
    if (role == SCHEMA_FACTS) {
        stated.amount = amount_of(run, columns, count);
        stated.amount_said = run->amount_said;
    }
    VECTOR_PUSH(&run->stated, stated);
    if (run->options->dry_run)
        return STATUS_OK;
    return catalog_add_schema(store_catalog(run->store), run->import, &stated, error);
}

/* Orphans: rows that point at a key which the reference table does not hold. */
static enum status count_orphans(struct ingest_run *run, struct error *error)
{
    for (size_t i = 0; i < run->property_count; i++) {
        struct ingest_property *property = &run->properties[i];
        if (!property->refers || !ingest_is_stored(property))
            continue;
        if (!schema_table(store_schema(run->store), property->refers)) {
            ingest_warn(run,
                        "%s refers to %s, which this store does not have yet: import it with "
                        "--reference %s",
                        property->name, property->refers, property->refers);
            continue;
        }
        static const char *const key[] = {"key"};
        struct store_read read = {
            .table = property->refers, .role = PART_REFERENCE, .columns = key, .column_count = 1};
        struct buffer sql, name;
        buffer_init(&sql, 0);
        buffer_init(&name, 0);
        add_name(&name, "", property->name);
        uint64_t rows = 0;
        buffer_printf(
            &sql,
            "SELECT count(*) FROM staged WHERE %s IS NOT NULL AND %s NOT IN (SELECT key FROM (",
            name.data, name.data);
        enum status status = store_select(run->store, &read, &sql, error);
        buffer_string(&sql, ") WHERE key IS NOT NULL)");
        if (status == STATUS_OK)
            status = ingest_count_rows(run, sql.data, &rows, error);
        buffer_release(&sql);
        buffer_release(&name);
        TRY(status);
        property->orphans = rows;
        if (rows)
            ingest_warn(run,
                        "%llu %s a %s that %s does not hold; the facts are kept, and what they "
                        "point at is unknown",
                        (unsigned long long)rows, rows == 1 ? "row names" : "rows name",
                        property->name, property->refers);
    }
    return STATUS_OK;
}

static enum status settle(struct ingest_run *run, struct error *error)
{
    run->summary->new_customers = store_numbering_settle(run->identity, NULL);
    store_numbering_settle_as_met(run->dictionary);
    run->summary->customers = run->summary->new_customers;
    bool first_ever = store_numbering_first_new(run->identity) == 1;
    if (run->role != SCHEMA_REFERENCE && !first_ever)
        TRY(ingest_count_rows(run, "SELECT count(DISTINCT customer) FROM staged",
                              &run->summary->customers, error));
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
    if (run->group >= 0) {
        TRY(write_groups(run, error));
        TRY(state_schema(run, run->table, SCHEMA_FACTS, run->own, true, error));
    }
    TRY(write_facts(run, ingest_fact_table(run), PART_FACTS, error));
    TRY(state_schema(run, ingest_fact_table(run), SCHEMA_FACTS, NULL, false, error));
    if (run->mapping.trait.count) {
        TRY(write_told_traits(run, error));
        TRY(state_schema(run, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, NULL, false, error));
    }
    return STATUS_OK;
}

enum status ingest_publish(struct ingest_run *run, struct error *error)
{
    run->phase = "writing";
    TRY(ingest_count_rows(run, "SELECT count(*) FROM staged", &run->summary->stored, error));
    if (run->mapping.id.count)
        TRY(ingest_resolve_ids(run, error));
    for (size_t i = 0; i < run->property_count; i++)
        if (ingest_is_stored(&run->properties[i]))
            TRY(find_digits(run, &run->properties[i], error));
    TRY(set_currencies(run, error));
    TRY(count_orphans(run, error));
    TRY(settle(run, error));
    TRY(ingest_note_repetitions(run, error));
    if (run->mapping.id.count)
        TRY(drop_losers(run, error));
    if (run->group >= 0)
        TRY(find_own(run, error));
    if (run->mapping.id.count)
        TRY(drop_refused(run, error));
    TRY(write_tables(run, error));
    TRY(ingest_judge_schema(run, error));
    if (run->options->dry_run)
        return STATUS_OK;
    TRY(identity_write(run->change, run->lake, run->identity, error));
    return store_write_dictionary(run->change, run->lake, run->dictionary, error);
}
