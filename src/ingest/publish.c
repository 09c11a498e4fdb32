/*
 * Publishing: from the staged rows to parts. What bears an id that the store has already
 * stays in the shadow; the lines of an invoice become one fact; traits told by facts are
 * kept where they change. All of it is one change of the store.
 */
#include "ingest/publish.h"

#include "identity/identity.h"

#include <string.h>

struct publishing {
    const struct ingest_run *run;
    const struct ingest_understood *understood;
    const struct ingest_shape *shape;
    const struct ingest_staged *staged;
    struct ingest_published *out;
};

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

static enum status write_part(struct publishing *work, const char *table, enum part_role role,
                              const char *select, uint64_t *rows, struct error *error)
{
    if (work->run->options->dry_run)
        return STATUS_OK;
    struct store_new_part part = {.table = table, .role = role, .select = select};
    return store_write_part(work->run->change, work->staged->lake, &part, rows, error);
}

static void remember_table(struct publishing *work, const char *name, enum schema_role role,
                           uint64_t rows)
{
    VECTOR_PUSH(&work->out->tables, (struct ingest_summary_table){name, role, rows});
}

/* Facts */

static void facts_select(struct publishing *work, const char *from, struct buffer *sql)
{
    buffer_printf(sql,
                  "SELECT customer_number_final(customer) AS customer, time::UINTEGER AS time, "
                  "%u::UINTEGER AS import, "
                  "arrival::UBIGINT AS arrival",
                  work->run->import);
    if (work->understood->mapping.id.count)
        buffer_string(sql, ", id");
    for (size_t i = 0; i < work->shape->property_count; i++)
        if (ingest_is_stored(&work->shape->properties[i]))
            add_stored(&work->shape->properties[i], "", sql);
    buffer_printf(sql, " FROM %s", from);
}

static enum status write_facts(struct publishing *work, const char *table, enum part_role role,
                               struct error *error)
{
    struct buffer sql;

    uint64_t rows = 0;
    buffer_init(&sql, 0);
    facts_select(work, "staged", &sql);

    /* a dry run writes nothing, so the rows are counted where they are */
    enum status status = write_part(work, table, role, sql.data, &rows, error);
    buffer_release(&sql);
    TRY(status);
    TRY(ingest_count_rows(work->staged, "SELECT count(*) FROM staged", &rows, error));
    remember_table(work, table, role == PART_TRAITS ? SCHEMA_TRAITS : SCHEMA_FACTS, rows);
    return STATUS_OK;
}

static enum status write_reference(struct publishing *work, struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;

    buffer_init(&sql, 0);
    buffer_printf(&sql,
                  "SELECT key, \"" SCHEMA_CODES
                  "key\", %u::UINTEGER AS import, arrival::UBIGINT AS "
                  "arrival",
                  work->run->import);
    for (size_t i = 0; i < work->shape->property_count; i++)
        if (ingest_is_stored(&work->shape->properties[i]))
            add_stored(&work->shape->properties[i], "", &sql);
    buffer_string(&sql, " FROM staged");
    enum status status =
        write_part(work, work->understood->table, PART_REFERENCE, sql.data, &rows, error);
    buffer_release(&sql);
    TRY(status);

    uint64_t keys;
    TRY(ingest_count_rows(work->staged, "SELECT count(*) FROM staged", &rows, error));
    TRY(ingest_count_rows(work->staged, "SELECT count(DISTINCT key) FROM staged", &keys, error));
    if (keys < rows)
        ingest_warn(work->run, "%llu rows repeat a key of %s; the last row of a key counts",
                    (unsigned long long)(rows - keys), work->understood->mapping.key);
    remember_table(work, work->understood->table, SCHEMA_REFERENCE, rows);
    return STATUS_OK;
}

/* Invoices */

static bool is_amount(const struct publishing *work, const struct ingest_property *property)
{
    return work->understood->roles.amount && !property->trait &&
           strcmp(property->column, work->understood->roles.amount) == 0;
}

/* What the lines were worth is what the invoice was worth, however the column is called. */
static bool is_summed(const struct publishing *work, const struct ingest_property *property)
{
    return ingest_is_stored(property) && (property->additive || is_amount(work, property)) &&
           ingest_is_number(property->type);
}

static bool can_be_constant(const struct publishing *work, const struct ingest_property *property)
{
    return ingest_is_stored(property) && !is_summed(work, property) &&
           property->type != VALUE_SET && property->type != VALUE_POINT;
}

/* Which properties have one value in every invoice: those become the invoice's own. */
static enum status find_constants(struct publishing *work, struct error *error)
{
    struct buffer sql;
    size_t count = 0;

    /* one row: of each property that can be constant, whether it is so in every group */
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT true");
    for (size_t i = 0; i < work->shape->property_count; i++)
        if (can_be_constant(work, &work->shape->properties[i]))
            buffer_printf(&sql, ", coalesce(bool_and(k%zu), true)", i);
    buffer_string(&sql, " FROM (SELECT 1");
    for (size_t i = 0; i < work->shape->property_count; i++)
        if (can_be_constant(work, &work->shape->properties[i])) {
            buffer_string(&sql, ", min(");
            add_name(&sql, "", work->shape->properties[i].name);
            buffer_string(&sql, ") IS NOT DISTINCT FROM max(");
            add_name(&sql, "", work->shape->properties[i].name);
            buffer_printf(&sql, ") AS k%zu", i);
        }

    buffer_printf(&sql, " FROM staged GROUP BY %s)", ingest_group_columns(work->shape));
    struct lake_result *result;
    const struct lake_chunk *chunk;
    enum status status = lake_query(work->staged->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);
    status = lake_result_next(result, &chunk, error);
    for (size_t i = 0; i < work->shape->property_count && status == STATUS_OK && chunk; i++) {
        work->out->properties[i].own = can_be_constant(work, &work->shape->properties[i]);
        if (work->out->properties[i].own)
            work->out->properties[i].own = lake_integer(&chunk->columns[++count], 0) != 0;
    }

    lake_result_free(result);
    return status;
}

enum { LISTED = 8 }; /* names in a note; of a wide file the others are counted */

/* "Menge, Betrag and 3 others" of the properties that are summed or not, and that the
 * invoice has or not; NULL: none. */
static const char *list_properties(const struct publishing *work, bool own, bool summed)
{
    const char *line_prefix =
        own ? "" : arena_printf(work->run->arena, "%s.line.", work->understood->table);
    struct buffer list;
    size_t count = 0;
    buffer_init(&list, 0);

    /* Counted on past what is listed, for the "others". */
    for (size_t i = 0; i < work->shape->property_count; i++) {
        const struct ingest_property *property = &work->shape->properties[i];
        if (!ingest_is_stored(property) || work->out->properties[i].own != own ||
            is_summed(work, property) != summed)
            continue;
        if (count++ < LISTED)
            buffer_printf(&list, "%s%s%s", list.length ? ", " : "", line_prefix, property->name);
    }

    if (count > LISTED)
        buffer_printf(&list, " and %zu other%s", count - LISTED, text_plural(count - LISTED));
    const char *text = list.length ? buffer_copy(&list, work->run->arena) : NULL;
    buffer_release(&list);
    return text;
}

/* What became of the lines' columns: nobody sees by a missing column that it was left out. */
static void note_own(struct publishing *work)
{
    const char *sums = list_properties(work, true, true),
               *same = list_properties(work, true, false),
               *rest = list_properties(work, false, false);
    ingest_notice(work->run, "one %s for all rows of a %s%s%s%s%s%s%s", work->understood->table,
                  work->understood->mapping.group_by,
                  sums ? "; summed over its lines: " : "; nothing is summed over its lines",
                  sums ? sums : "", same ? "; the same in all of them: " : "", same ? same : "",
                  rest ? "; only with the lines: " : "", rest ? rest : "");
}

/* The invoice has of its lines' properties the sums and what is the same in all of them. */
static enum status find_own(struct publishing *work, struct error *error)
{
    TRY(find_constants(work, error));
    for (size_t i = 0; i < work->shape->property_count; i++)
        work->out->properties[i].own |= is_summed(work, &work->shape->properties[i]);
    note_own(work);
    return STATUS_OK;
}

static void groups_select(struct publishing *work, const char *from, struct buffer *sql)
{
    buffer_printf(sql,
                  "SELECT customer_number_final(customer) AS customer, min(time)::UINTEGER AS "
                  "time, %u::UINTEGER AS "
                  "import, min(arrival)::UBIGINT AS arrival",
                  work->run->import);
    if (work->understood->mapping.id.count)
        buffer_string(sql, ", min(id) AS id");
    buffer_string(sql, ", count(*)::BIGINT AS lines");
    for (size_t i = 0; i < work->shape->property_count; i++) {
        const struct ingest_property *property = &work->shape->properties[i];
        bool sum = is_summed(work, property);
        char type[64]; /* the longest is DECIMAL(18,18) */
        if (!work->out->properties[i].own)
            continue;

        /* of values that are all the same, min() is any of them */
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

    buffer_printf(sql, " FROM %s GROUP BY %s", from, ingest_group_columns(work->shape));
}

static enum status write_groups(struct publishing *work, struct error *error)
{
    struct buffer sql;
    uint64_t rows = 0;
    buffer_init(&sql, 0);
    groups_select(work, "staged", &sql);
    enum status status =
        write_part(work, work->understood->table, PART_FACTS, sql.data, &rows, error);
    const char *count =
        arena_printf(work->run->arena, "SELECT count(*) FROM (SELECT 1 FROM staged GROUP BY %s)",
                     ingest_group_columns(work->shape));
    buffer_release(&sql);
    TRY(status);
    TRY(ingest_count_rows(work->staged, count, &rows, error));
    remember_table(work, work->understood->table, SCHEMA_FACTS, rows);
    return STATUS_OK;
}

/* Verdicts */

/* What is refused because the store has its id, or what it says, is kept as it would have
 * been stored. */
static enum status write_shadow(struct publishing *work, struct error *error)
{
    /* with replace, rows of another content (4) have won: only equal ones go to the shadow */
    const char *refused =
        ingest_replaces(&work->understood->mapping)
            ? "staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE verdict = 2)"
            : "staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE verdict IN (2, 4))";
    struct buffer sql;
    buffer_init(&sql, 0);
    facts_select(work, refused, &sql);
    enum status status =
        write_part(work, ingest_fact_table(work->understood), PART_SHADOW, sql.data, NULL, error);

    buffer_reset(&sql);
    if (work->understood->roles.group >= 0 && status == STATUS_OK) {
        groups_select(work, refused, &sql);
        status = write_part(work, work->understood->table, PART_SHADOW, sql.data, NULL, error);
    }
    buffer_release(&sql);
    return status;
}

/* Which of the import's own rows count does not depend on the store, and what an invoice
 * has of its lines neither: otherwise undoing an earlier import would leave other columns
 * than if that had never run. */
static enum status drop_losers(struct publishing *work, struct error *error)
{
    return lake_execute(work->staged->lake,
                        "DELETE FROM staged WHERE arrival IN (SELECT arrival FROM verdicts WHERE "
                        "verdict IN (1, 3))",
                        error);
}

/* After the numbers are settled: what the store refuses goes to the shadow, what stands
 * stays in `staged`. */
static enum status drop_refused(struct publishing *work, struct error *error)
{
    if (schema_table(store_schema(work->run->store), work->understood->table))
        TRY(write_shadow(work, error));

    const char *standing = ingest_replaces(&work->understood->mapping) ? "0, 4" : "0";
    TRY(lake_executef(work->staged->lake, error,
                      "DELETE FROM staged WHERE arrival NOT IN (SELECT arrival FROM verdicts WHERE "
                      "verdict IN (%s))",
                      standing));
    return ingest_count_rows(work->staged, "SELECT count(*) FROM staged", &work->out->stored,
                             error);
}

/* Traits that facts tell: a row where a customer's value is another than before. */
static enum status write_told_traits(struct publishing *work, struct error *error)
{
    struct buffer sql;
    bool any = false;

    buffer_init(&sql, 0);
    for (size_t i = 0; i < work->shape->property_count; i++) {
        const struct ingest_property *property = &work->shape->properties[i];
        if (!property->trait || property->type == VALUE_NONE)
            continue;

        /* a part of its own for each, because each changes at moments of its own */
        struct buffer column;
        buffer_init(&column, 0);
        add_name(&column, "@trait:", property->name);
        buffer_printf(&sql,
                      "%s(SELECT customer_number_final(customer) AS customer, time::UINTEGER AS "
                      "time, %u::UINTEGER AS "
                      "import, arrival::UBIGINT AS arrival",
                      any ? " UNION ALL BY NAME " : "", work->run->import);
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
        status = write_part(work, SCHEMA_TRAIT_TABLE, PART_TRAITS, sql.data, &rows, error);
    buffer_release(&sql);
    if (any && status == STATUS_OK)
        remember_table(work, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, rows);
    return status;
}

/* Schema */

/* How long the whole numbers of a computed property are; those of the files are known. */
static enum status find_digits(struct publishing *work, size_t index, struct error *error)
{
    const struct ingest_property *property = &work->shape->properties[index];
    int *digits = &work->out->properties[index].whole_digits;
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
    enum status status = lake_query_integer(work->staged->lake, sql.data, &largest, &known, error);
    buffer_release(&sql);

    for (*digits = 0; known && largest > 0; largest /= 10)
        ++*digits;
    return status;
}

/* The codes in a column of `staged`, with blanks between; *out is NULL when there are none. */
static enum status find_currencies(struct publishing *work, const char *column, const char **out,
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
    enum status status = lake_query(work->staged->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);

    buffer_init(&list, 0);
    while (ingest_next_chunk(result, &chunk, &status, error))
        for (size_t i = 0; i < chunk->rows; i++) {
            struct text code = lake_text(&chunk->columns[0], i);
            buffer_printf(&list, "%s%.*s", list.length ? " " : "", (int)code.length, code.data);
        }

    lake_result_free(result);
    *out = list.length ? buffer_copy(&list, work->run->arena) : NULL;
    buffer_release(&list);
    return status;
}

/* What the store has of this amount without a currency is in the store's own, and counts
 * as one more. */
static const char *with_own_currency(const struct publishing *work, const char *name,
                                     const char *currencies)
{
    const struct schema *schema = store_schema(work->run->store);
    const struct schema_table *table = schema_table(schema, work->understood->table);
    const struct schema_column *stored = table ? schema_column(table, name) : NULL;
    if (!schema->currency || !stored || stored->currency ||
        (currencies && strstr(currencies, schema->currency)))
        return currencies;
    return arena_printf(work->run->arena, "%s%s%s", currencies ? currencies : "",
                        currencies ? " " : "", schema->currency);
}

/* What a column of the file is stored as, or NULL. */
static const char *property_of(const struct publishing *work, const char *column)
{
    const char *name = NULL;
    for (size_t i = 0; i < work->shape->property_count; i++)
        if (!work->shape->properties[i].trait &&
            strcmp(work->shape->properties[i].column, column) == 0)
            name = work->shape->properties[i].name;
    return name;
}

enum {
    /* "total" and "value" say money where a currency stands beside */
    NEARLY_SURE = GUESS_SURE - 10,
    LINES_DIGITS = 10, /* an invoice has not as many lines */
};

static bool is_money(const struct publishing *work, const struct ingest_property *property)
{
    bool signs = property->source >= 0 && work->shape->columns[property->source].money;
    bool called = ingest_amount_name(property->name) >= NEARLY_SURE || is_amount(work, property);
    return !property->trait && ingest_is_number(property->type) &&
           (signs || property->type == VALUE_DECIMAL || called);
}

/* Where a file has several columns of currencies, each amount has the one that is called
 * like it. */
static const char *other_currency(const struct publishing *work,
                                  const struct ingest_property *property)
{
    if (work->understood->mapping.currency_column || work->shape->currency >= 0 ||
        property->source < 0)
        return NULL;
    int column = ingest_currency_of(work->understood, work->shape, property->column);
    bool other =
        column >= 0 && strcmp(work->shape->columns[column].name, work->shape->currency_column) != 0;
    return other ? property_of(work, work->shape->columns[column].name) : NULL;
}

/* Every amount names the column with its currency, so that nobody adds up what cannot be added. */
static enum status set_currencies(struct publishing *work, struct error *error)
{
    const char *currencies = NULL;
    if (!work->shape->currency_column)
        return STATUS_OK;

    const char *column = property_of(work, work->shape->currency_column);
    TRY(find_currencies(work, "@currency", &currencies, error));
    for (size_t i = 0; i < work->shape->property_count; i++) {
        const struct ingest_property *property = &work->shape->properties[i];
        if (!column || !is_money(work, property))
            continue;

        /* An amount may have a column of its own for its currency, which then counts for it. */
        const char *other = other_currency(work, property), *codes = currencies;
        if (other)
            TRY(find_currencies(work, other, &codes, error));
        work->out->properties[i].currency = other ? other : column;
        work->out->properties[i].currencies = with_own_currency(work, property->name, codes);
    }
    return STATUS_OK;
}

/* The property that the amount became, when the table has it and it is a number. */
static const char *amount_of(const struct publishing *work, const struct catalog_column *columns,
                             size_t count)
{
    for (size_t i = 0; i < work->shape->property_count; i++) {
        const struct ingest_property *property = &work->shape->properties[i];
        if (!is_amount(work, property) || !ingest_is_number(property->type))
            continue;
        for (size_t c = 0; c < count; c++)
            if (strcmp(columns[c].column.name, property->name) == 0)
                return property->name;
    }
    return NULL;
}

/* group: the table of invoices, which have their own properties alone and count their lines. */
static enum status state_schema(struct publishing *work, const char *table, enum schema_role role,
                                bool group, struct error *error)
{
    struct catalog_column *columns =
        ARENA_ARRAY(work->run->arena, struct catalog_column, work->shape->property_count + 1);
    size_t count = 0;

    /* traits told by facts lie in a table of their own, those of --kind customer are the
     * import's */
    bool told = role == SCHEMA_TRAITS && !work->understood->traits;
    if (group)
        columns[count++] = (struct catalog_column){.column = {.name = "lines", .type = VALUE_INT},
                                                   .whole_digits = LINES_DIGITS};
    for (size_t i = 0; i < work->shape->property_count; i++) {
        const struct ingest_property *property = &work->shape->properties[i];
        const struct ingest_stored *stored = &work->out->properties[i];
        if (property->type == VALUE_NONE || property->trait != told || (group && !stored->own))
            continue;
        columns[count++] = (struct catalog_column){
            .column = {.name = property->name,
                       .type = property->type,
                       .scale = property->scale,
                       .refers = property->refers,
                       .currency = stored->currency,
                       .plain = property->plain,
                       .undated = role == SCHEMA_TRAITS && work->understood->mapping.undated},
            .whole_digits = group ? 0 : stored->whole_digits,
            .currencies = stored->currencies,
        };
    }

    struct catalog_table stated = {.name = table,
                                   .role = role,
                                   .key = work->understood->mapping.key,
                                   .columns = columns,
                                   .column_count = count};
    if (role == SCHEMA_FACTS) {
        stated.amount = amount_of(work, columns, count);
        stated.amount_said = work->understood->roles.amount_said;
    }

    VECTOR_PUSH(&work->out->stated, stated);
    if (work->run->options->dry_run)
        return STATUS_OK;
    return catalog_add_schema(store_catalog(work->run->store), work->run->import, &stated, error);
}

/* Orphans: rows that point at a key which the reference table does not hold. */
static enum status count_orphans(struct publishing *work, struct error *error)
{
    static const char *const kept[] = {
        [SCHEMA_FACTS] = "facts", [SCHEMA_TRAITS] = "traits", [SCHEMA_REFERENCE] = "rows"};
    for (size_t i = 0; i < work->shape->property_count; i++) {
        const struct ingest_property *property = &work->shape->properties[i];
        if (!property->refers || !ingest_is_stored(property))
            continue;
        if (!schema_table(store_schema(work->run->store), property->refers)) {
            ingest_warn(work->run,
                        "%s refers to %s, which this store does not have yet: import it with "
                        "--reference %s",
                        property->name, property->refers, property->refers);
            continue;
        }

        static const char *const key[] = {"key"};
        struct store_read read = {
            .table = property->refers, .role = PART_REFERENCE, .columns = key, .column_count = 1};

        /* NOT IN is never true beside a NULL, so those are kept out of it */
        struct buffer sql, name;
        buffer_init(&sql, 0);
        buffer_init(&name, 0);
        add_name(&name, "", property->name);
        uint64_t rows = 0;
        buffer_printf(
            &sql,
            "SELECT count(*) FROM staged WHERE %s IS NOT NULL AND %s NOT IN (SELECT key FROM (",
            name.data, name.data);
        enum status status = store_select(work->run->store, &read, &sql, error);
        buffer_string(&sql, ") WHERE key IS NOT NULL)");
        if (status == STATUS_OK)
            status = ingest_count_rows(work->staged, sql.data, &rows, error);
        buffer_release(&sql);
        buffer_release(&name);
        TRY(status);
        work->out->properties[i].orphans = rows;
        if (rows)
            ingest_warn(work->run,
                        "%llu %s by %s at what the reference table %s does not hold; the %s are "
                        "kept, and what they point at is unknown",
                        (unsigned long long)rows, rows == 1 ? "row points" : "rows point",
                        property->name, property->refers, kept[work->understood->role]);
    }

    return STATUS_OK;
}

static enum status settle_numbers(struct publishing *work, struct error *error)
{
    work->out->new_customers = store_numbering_settle(work->staged->identity, NULL);
    store_numbering_settle_as_met(work->staged->dictionary);
    work->out->customers = work->out->new_customers;

    /* in a new store every customer is new, and the rows need not be counted */
    bool first_ever = store_numbering_first_new(work->staged->identity) == 1;
    if (work->understood->role != SCHEMA_REFERENCE && !first_ever)
        TRY(ingest_count_rows(work->staged, "SELECT count(DISTINCT customer) FROM staged",
                              &work->out->customers, error));
    return STATUS_OK;
}

static enum status write_tables(struct publishing *work, struct error *error)
{
    if (work->understood->role == SCHEMA_REFERENCE) {
        TRY(write_reference(work, error));
        return state_schema(work, work->understood->table, SCHEMA_REFERENCE, false, error);
    }

    if (work->understood->role == SCHEMA_TRAITS) {
        TRY(write_facts(work, work->understood->table, PART_TRAITS, error));
        return state_schema(work, work->understood->table, SCHEMA_TRAITS, false, error);
    }

    /* the invoices first: they own the kind's name, and the lines have a table below it */
    if (work->understood->roles.group >= 0) {
        TRY(write_groups(work, error));
        TRY(state_schema(work, work->understood->table, SCHEMA_FACTS, true, error));
    }

    TRY(write_facts(work, ingest_fact_table(work->understood), PART_FACTS, error));
    TRY(state_schema(work, ingest_fact_table(work->understood), SCHEMA_FACTS, false, error));

    if (work->understood->mapping.trait.count) {
        TRY(write_told_traits(work, error));
        TRY(state_schema(work, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, false, error));
    }
    return STATUS_OK;
}

enum status ingest_publish(const struct ingest_run *run, const struct ingest_understood *understood,
                           const struct ingest_shape *shape, const struct ingest_staged *staged,
                           struct ingest_published *published, struct error *error)
{
    struct publishing work = {run, understood, shape, staged, published};
    bool ids = understood->mapping.id.count > 0;

    published->properties =
        ARENA_ARRAY(run->arena, struct ingest_stored, shape->property_count + 1);
    for (size_t i = 0; i < shape->property_count; i++)
        published->properties[i].whole_digits = shape->properties[i].whole_digits;
    TRY(ingest_count_rows(staged, "SELECT count(*) FROM staged", &published->stored, error));

    /* what is known of the properties, from all rows that are told */
    for (size_t i = 0; i < shape->property_count; i++)
        if (ingest_is_stored(&shape->properties[i]))
            TRY(find_digits(&work, i, error));
    TRY(set_currencies(&work, error));
    TRY(count_orphans(&work, error));
    TRY(settle_numbers(&work, error));
    TRY(ingest_note_repetitions(run, understood, shape, staged, published->stored, error));

    /* an invoice is made of what wins within this import, stored is what the store does not have */
    if (ids)
        TRY(drop_losers(&work, error));
    if (understood->roles.group >= 0)
        TRY(find_own(&work, error));
    if (ids)
        TRY(drop_refused(&work, error));

    TRY(write_tables(&work, error));
    TRY(ingest_judge_schema(run, published, error));
    if (run->options->dry_run)
        return STATUS_OK;

    /* last, for only now all numbers that the parts mention are settled */
    TRY(identity_write(run->change, staged->lake, staged->identity, error));
    return store_write_dictionary(run->change, staged->lake, staged->dictionary, error);
}

void ingest_published_release(struct ingest_published *published)
{
    VECTOR_RELEASE(&published->tables);
    VECTOR_RELEASE(&published->stated);
}
