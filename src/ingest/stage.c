/*
 * Staging: one statement reads the sources through the scan, computes what --set says,
 * filters by --where, numbers customers and texts, and keeps the rows in DuckDB. When the
 * evidence of that pass asks for wider types, the pass is repeated with them: types come
 * from the whole content, and a file whose first megabytes are typical is read once.
 */
#include "ingest/expression.h"
#include "ingest/read.h"

#include "base/number.h"
#include "identity/identity.h"

#include <stdlib.h>
#include <string.h>

/* styles, then types, then a currency, and as much again for what they bring to light */
enum { PASSES_MAX = 8 };

/* A place of which half is missing, or is no number, is unknown; one that is nowhere on
 * earth is a mistake in the expression, most often the two halves in the wrong order. */
static const char POINT_MACRO[] = "CREATE TEMP MACRO point(a, b) AS CASE WHEN NOT "
                                  "(isfinite(a::DOUBLE) AND isfinite(b::DOUBLE)) THEN NULL "
                                  "WHEN abs(a::DOUBLE) <= 90 AND abs(b::DOUBLE) <= 180 THEN "
                                  "{'latitude': a::DOUBLE, 'longitude': b::DOUBLE} "
                                  "WHEN a IS NOT NULL AND b IS NOT NULL THEN error('point(' || a "
                                  "|| ', ' || b || ') is nowhere on earth: latitude "
                                  "comes first and is at most 90 degrees, longitude at most 180; "
                                  "leave such rows out with --where') END";

/* Who is told how far it is: as long as the lake is open, whichever phase it works for. */
struct watching {
    const struct ingest_run *run;
    struct ingest_staged *staged;
};

static bool report(void *context, double fraction)
{
    const struct watching *watching = context;
    const struct ingest_run *run = watching->run;
    if (watching->staged->scan.evidence)
        fraction = ingest_reader_progress(&watching->staged->scan.reader);
    return run->progress->step(run->progress->context, run->notes->phase, fraction);
}

static void watch(const struct ingest_run *run, struct ingest_staged *staged)
{
    struct watching *watching = ARENA_NEW(run->arena, struct watching);
    *watching = (struct watching){run, staged};
    lake_on_progress(staged->lake, report, watching);
}

void ingest_staged_release(struct ingest_staged *staged)
{
    ingest_scan_release(&staged->scan);
    lake_close(staged->lake);
    store_numbering_free(staged->identity);
    store_numbering_free(staged->dictionary);
    staged->lake = NULL;
    staged->identity = staged->dictionary = NULL;
}

static void release_pass(const struct ingest_run *run, struct ingest_staged *staged)
{
    struct error ignored;
    ingest_staged_release(staged);
    if (ingest_ordered_file_close(&run->aside->file, &ignored) != STATUS_OK)
        ingest_warn(run, "%s", ignored.message);
}

static enum status open_pass(const struct ingest_run *run,
                             const struct ingest_understood *understood, struct ingest_shape *shape,
                             struct ingest_staged *staged, struct error *error)
{
    if (staged->lake)
        release_pass(run, staged);
    TRY(store_lake(run->store, run->options->threads, &staged->lake, error));
    if (run->progress)
        watch(run, staged);
    else
        TRY(lake_execute(staged->lake, "SET enable_progress_bar=false", error));

    /* numbering starts anew with each pass: what the one before gave out was never settled */
    TRY(identity_load(run->store, staged->lake, &staged->identity, error));
    TRY(identity_register(staged->lake, staged->identity, error));
    TRY(store_load_dictionary(run->store, staged->lake, &staged->dictionary, error));
    TRY(store_register_numbering(staged->lake, "text_code", staged->dictionary, error));
    TRY(lake_execute(staged->lake, POINT_MACRO, error));
    TRY(ingest_ordered_file_open(&run->aside->file, run->aside->path, error));
    staged->scan = (struct ingest_scan){
        .sources = shape->sources,
        .source_columns = shape->source_columns,
        .source_count = shape->source_count,
        .columns = shape->columns,
        .column_count = shape->column_count,
        .customer = understood->roles.customer,
        .time = understood->roles.time,
        .key = understood->roles.key,
        .group = understood->roles.group,
        .clock = understood->roles.clock,
        .max_time = understood->max_time,
        .currency = shape->currency,
        .own_currency = store_schema(run->store)->currency,
        .manners = ingest_manners(run, understood, shape),
        .today = zone_date(understood->zone, run->options->now),
        .zone = understood->zone,
        .rejects = &run->aside->file,
    };
    ingest_scan_init(&staged->scan);
    return ingest_scan_register(&staged->scan, staged->lake, "rows", error);
}

/* SQL */

/* Whether a result of --set bears the name of a column of the file, which it then does not hide. */
static bool set_collides(const struct ingest_shape *shape, const char *name)
{
    return ingest_find_column(shape, name) >= 0;
}

/* What a result of --set is called within the statement: expressions see the file's
 * columns, which none may hide. */
static void add_set_name(const struct ingest_run *run, const struct ingest_shape *shape,
                         const char *name, struct buffer *sql)
{
    buffer_sql_name(
        sql,
        text_from(set_collides(shape, name) ? arena_printf(run->arena, "@set:%s", name) : name));
}

/* "SELECT *, (expression) AS name … FROM from", with the first `sets` computed columns. */
static void computed_sql(const struct ingest_run *run, const struct ingest_understood *understood,
                         const struct ingest_shape *shape, const char *from, size_t sets,
                         struct buffer *sql)
{
    const struct ingest_pairs *set = &understood->mapping.set;
    buffer_string(sql, "SELECT *");
    for (size_t i = 0; i < sets; i++) {
        buffer_printf(sql, ", (%s\n) AS ",
                      set->items[i].value); /* a new line: it may end in a comment */
        add_set_name(run, shape, set->items[i].name, sql);
    }
    buffer_printf(sql, " FROM %s", from);
}

static enum status computed_type(struct ingest_property *property, const struct lake_vector *vector,
                                 struct error *error)
{
    static const enum value_type types[] = {
        [LAKE_BOOL] = VALUE_BOOL, [LAKE_I8] = VALUE_INT,         [LAKE_I16] = VALUE_INT,
        [LAKE_I32] = VALUE_INT,   [LAKE_I64] = VALUE_INT,        [LAKE_I128] = VALUE_INT,
        [LAKE_U8] = VALUE_INT,    [LAKE_U16] = VALUE_INT,        [LAKE_U32] = VALUE_INT,
        [LAKE_U64] = VALUE_INT,   [LAKE_FLOAT] = VALUE_DOUBLE,   [LAKE_DOUBLE] = VALUE_DOUBLE,
        [LAKE_DATE] = VALUE_DATE, [LAKE_TIMESTAMP] = VALUE_TIME, [LAKE_TIMESTAMP_S] = VALUE_TIME,
        [LAKE_TEXT] = VALUE_TEXT, [LAKE_LIST] = VALUE_SET,       [LAKE_STRUCT] = VALUE_POINT,
    };
    size_t count = sizeof types / sizeof *types;

    /* decimals come as integers with a width; those without a scale are whole numbers for us */
    property->type = (size_t)vector->type < count ? types[vector->type] : VALUE_NONE;
    if (property->type == VALUE_INT && vector->width)
        property->type = VALUE_DECIMAL;
    property->scale = property->type == VALUE_DECIMAL ? vector->scale : 0;
    if (property->type == VALUE_DECIMAL && property->scale == 0)
        property->type = VALUE_INT;
    if (property->type == VALUE_SET &&
        (vector->child_count != 1 || vector->children[0].type != LAKE_TEXT))
        property->type = VALUE_NONE;
    if (property->type == VALUE_POINT && vector->child_count != 2)
        property->type = VALUE_NONE;
    if (property->type != VALUE_NONE)
        return STATUS_OK;
    enum status status = error_set(
        error, STATUS_USAGE, "--set %s gives a type that Strata does not keep", property->column);
    error_hint(error, "cast it: number, text, date, timestamp, yes/no, list of text, or "
                      "point(latitude, longitude)");
    return status;
}

static const char *listed_columns(const struct ingest_run *run, const struct ingest_shape *shape)
{
    struct buffer columns;
    enum { SENTENCE = 128 }; /* bytes: what stands around the names in a hint */
    buffer_init(&columns, ERROR_HINT_MAX - SENTENCE);
    for (size_t i = 0; i < shape->column_count; i++)
        buffer_printf(&columns, "%s%s (%s)", i ? ", " : "", shape->columns[i].name,
                      value_type_name(shape->columns[i].type.type));

    const char *listed = columns.length ? buffer_copy(&columns, run->arena) : "none";
    buffer_release(&columns);
    return listed;
}

static enum status bad_sql(const struct ingest_run *run, const struct ingest_shape *shape,
                           const char *what, const char *sql, struct error *error)
{
    struct error cause = *error;
    enum status status =
        error_set(error, STATUS_USAGE, "%s '%s' cannot be computed: %s", what, sql, cause.message);
    error_hint(error, "the columns are %s", listed_columns(run, shape));
    return status;
}

/* An empty table of the scan's shape, so that expressions can be judged without reading a row. */
static enum status make_shape(const struct ingest_staged *staged, struct error *error)
{
    return lake_execute(
        staged->lake, "CREATE OR REPLACE TEMP TABLE shape AS SELECT * FROM rows() LIMIT 0", error);
}

/* Before anything that users wrote is part of a statement: it must be an expression over
 * the row, and nothing else. */
static enum status check_expressions(const struct ingest_run *run,
                                     const struct ingest_understood *understood,
                                     const struct ingest_shape *shape,
                                     const struct ingest_staged *staged, struct error *error)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    const char **names =
        ARENA_ARRAY(run->arena, const char *, shape->column_count + mapping->set.count);
    double *sizes = ARENA_ARRAY(run->arena, double, shape->column_count + mapping->set.count + 1);
    const char *listed = listed_columns(run, shape);

    size_t count = 0;
    for (size_t i = 0; i < shape->column_count; i++) {
        sizes[count] = 1;
        names[count++] = shape->columns[i].name;
    }

    /* an expression may use those before it, and what they may grow to counts as the size of a
     * column */
    for (size_t i = 0; i < mapping->set.count; i++) {
        const struct ingest_pair *set = &mapping->set.items[i];
        const char *option = arena_printf(run->arena, "--set %s =", set->name);
        struct ingest_expression expression = {option, set->value, names, count, listed, sizes};
        TRY(ingest_check_expression(staged->lake, &expression, &sizes[count], error));
        names[count++] = set->name;
    }

    struct ingest_expression where = {"--where", mapping->where, names, count, listed, sizes};
    return mapping->where ? ingest_check_expression(staged->lake, &where, NULL, error) : STATUS_OK;
}

static enum status judge_expressions(const struct ingest_run *run,
                                     const struct ingest_understood *understood,
                                     const struct ingest_shape *shape,
                                     const struct ingest_staged *staged, struct error *error)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    TRY(check_expressions(run, understood, shape, staged, error));

    struct buffer sql;
    struct lake_result *result = NULL;
    enum status status = STATUS_OK;
    buffer_init(&sql, 0);

    /* each may use those before it, so they are judged one after another, over a table
     * without rows */
    for (size_t i = 0; i < mapping->set.count && status == STATUS_OK; i++) {
        buffer_reset(&sql);
        computed_sql(run, understood, shape, "shape", i + 1, &sql);
        status = lake_query(staged->lake, sql.data, &result, error);
        if (status != STATUS_OK) {
            status = bad_sql(run, shape, "--set", mapping->set.items[i].value, error);
            break;
        }

        const struct lake_vector *last =
            lake_result_column(result, lake_result_columns(result) - 1);
        for (size_t p = 0; p < shape->property_count && status == STATUS_OK; p++)
            if (shape->properties[p].source < 0 &&
                strcmp(shape->properties[p].column, mapping->set.items[i].name) == 0)
                status = computed_type(&shape->properties[p], last, error);
        lake_result_free(result);
    }

    if (status == STATUS_OK && mapping->where) {
        buffer_reset(&sql);
        buffer_string(&sql, "SELECT * FROM (");
        computed_sql(run, understood, shape, "shape", mapping->set.count, &sql);
        buffer_printf(&sql, ") WHERE (%s\n)", mapping->where);
        status = lake_execute(staged->lake, sql.data, error);
        if (status != STATUS_OK)
            status = bad_sql(run, shape, "--where", mapping->where, error);
    }

    buffer_release(&sql);
    return status;
}

/* The SQL that makes a property's value of its column. */
static void value_sql(const struct ingest_property *property, const struct ingest_run *run,
                      const struct ingest_shape *shape, struct buffer *sql)
{
    struct buffer name;
    buffer_init(&name, 0);
    bool computed = property->source < 0;
    if (computed)
        add_set_name(run, shape, property->column, &name);
    else
        buffer_sql_name(&name, text_from(property->column));
    const char *column = name.data;

    /* the scan has converted the files' columns, but for sets and places, which come as texts */
    if (!computed && property->type == VALUE_SET)
        buffer_printf(sql, "list_sort(list_distinct(from_json(%s, '[\"VARCHAR\"]')))", column);
    else if (!computed && property->type == VALUE_POINT)
        buffer_printf(sql, "point(split_part(%s, ',', 1), split_part(%s, ',', 2))", column, column);
    else if (!computed)
        buffer_string(sql, column);
    else if (property->type == VALUE_DECIMAL)
        buffer_printf(sql, "CAST(%s AS DECIMAL(18,%d))", column, property->scale);
    else if (property->type == VALUE_INT)
        buffer_printf(sql, "CAST(%s AS BIGINT)", column);
    else if (property->type == VALUE_DOUBLE)
        buffer_printf(sql, "CASE WHEN isfinite(%s) THEN CAST(%s AS DOUBLE) END", column, column);
    else if (property->type == VALUE_TIME)
        buffer_printf(sql, "date_trunc('second', CAST(%s AS TIMESTAMP))", column);
    else if (property->type == VALUE_TEXT)
        buffer_printf(sql, "nullif(trim(%s), '')", column);
    else if (property->type == VALUE_SET)
        buffer_printf(sql, "list_sort(list_distinct(%s))", column);
    else if (property->type == VALUE_POINT)
        buffer_printf(sql, "point(struct_extract_at(%s, 1), struct_extract_at(%s, 2))", column,
                      column);
    else
        buffer_string(sql, column);
    buffer_release(&name);
}

static void add_sql_name(struct buffer *sql, const char *prefix, const char *name)
{
    struct buffer text;
    buffer_init(&text, 0);
    buffer_printf(&text, "%s%s", prefix, name);
    buffer_sql_name(sql, (struct text){text.data, text.length});
    buffer_release(&text);
}

static void add_property_sql(const struct ingest_property *property, const struct ingest_run *run,
                             const struct ingest_shape *shape, struct buffer *sql)
{
    const char *prefix = property->trait ? "@trait:" : "";
    buffer_string(sql, ", ");
    value_sql(property, run, shape, sql);
    buffer_string(sql, " AS ");
    add_sql_name(sql, prefix, property->name);
    if (!ingest_is_coded(property))
        return;
    buffer_string(sql, property->type == VALUE_SET ? ", text_code_set(" : ", text_code(");
    value_sql(property, run, shape, sql);
    buffer_string(sql, ", \"" SCAN_ROW "\") AS ");
    add_sql_name(sql, property->trait ? SCHEMA_CODES "@trait:" : SCHEMA_CODES, property->name);
}

static void add_column_sql(const char *before, const char *column, const char *after,
                           struct buffer *sql)
{
    buffer_string(sql, before);
    buffer_sql_name(sql, text_from(column));
    buffer_string(sql, after);
}

/* Who a row is of, as SQL. A row that is a customer of its own is called by its import
 * and its line. */
static void add_identifier_sql(const struct ingest_run *run,
                               const struct ingest_understood *understood,
                               const struct ingest_shape *shape, struct buffer *sql)
{
    const char *line = "(\"" SCAN_ROW "\" & 1099511627775)"; /* SCAN_ROW_BITS */
    if (!understood->roles.row_customers && !understood->roles.computed_customer)
        add_column_sql("", understood->mapping.customer, "", sql);
    else if (understood->roles.computed_customer) {
        buffer_string(sql, "nullif(trim(CAST(");
        add_set_name(run, shape, understood->mapping.customer,
                     sql); /* a column of the file may bear the same name */
        buffer_string(sql, " AS VARCHAR)), '')");
    } else if (shape->source_count == 1)
        buffer_printf(sql, "'row %u:' || %s", run->import, line);
    else
        buffer_printf(sql, "'row %u:' || (\"" SCAN_ROW "\" >> %d) + 1 || ':' || %s", run->import,
                      SCAN_ROW_BITS, line);
}

static void add_customer_sql(const struct ingest_run *run,
                             const struct ingest_understood *understood,
                             const struct ingest_shape *shape, struct buffer *sql)
{
    if (understood->role == SCHEMA_REFERENCE)
        return;
    buffer_string(sql, ", customer_number(");
    add_identifier_sql(run, understood, shape, sql);
    buffer_string(sql, ", \"" SCAN_ROW "\") AS customer");
}

/* What DuckDB says of a value that an expression cannot take names neither the expression
 * nor a way out. */
static enum status blame_expression(const struct ingest_understood *understood, enum status status,
                                    struct error *error)
{
    static const char *const words[] = {"Malformed JSON", "ould not convert", "out of range",
                                        "ould not parse", "nvalid Input",     "verflow"};
    bool value = false;
    for (size_t i = 0; error && i < sizeof words / sizeof *words; i++)
        value |= strstr(error->message, words[i]) != NULL;
    if (!value || !(understood->mapping.set.count || understood->mapping.where))
        return status;

    struct error cause = *error;
    status = error_set(error, status, "%s cannot be computed for one of the rows: %s",
                       understood->mapping.set.count ? "--set" : "--where", cause.message);
    error_hint(error, "TRY_CAST and try_strptime give nothing where a value does not fit; CASE "
                      "WHEN json_valid(x) THEN … "
                      "END asks first; --where leaves such rows out");
    return status;
}

static void staging_sql(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_shape *shape, struct buffer *sql)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    buffer_string(sql, "CREATE TEMP TABLE staged AS SELECT \"" SCAN_ROW "\" AS arrival");
    add_customer_sql(run, understood, shape, sql);

    /* who, when, and what names a row; then, of a dry run, who in words; then the properties */
    if (understood->roles.time >= 0)
        buffer_string(sql, ", \"" SCAN_TIME "\" AS time");
    else if (understood->role != SCHEMA_REFERENCE)
        buffer_printf(sql, ", %lld::UINTEGER AS time", (long long)understood->told);
    if (understood->roles.key >= 0) {
        add_column_sql(", ", mapping->key, " AS key", sql);
        add_column_sql(", text_code(", mapping->key,
                       ", \"" SCAN_ROW "\") AS \"" SCHEMA_CODES "key\"", sql);
    }

    for (size_t i = 0; i < mapping->id.count; i++)
        /* a separator that no text holds: "a" with "bc" is another id than "ab" with "c" */
        add_column_sql(i ? " || chr(31) || " : ", ", mapping->id.items[i], "", sql);
    if (mapping->id.count)
        buffer_string(sql, " AS id");
    if (understood->roles.group >= 0)
        add_column_sql(", ", mapping->group_by, " AS \"@group\"", sql);
    if (shape->currency_column)
        add_column_sql(", CAST(", shape->currency_column, " AS VARCHAR) AS \"@currency\"", sql);
    if (run->options->dry_run && understood->role != SCHEMA_REFERENCE) {
        buffer_string(sql, ", ");
        add_identifier_sql(run, understood, shape, sql);
        buffer_string(sql, " AS \"@customer\"");
    }

    for (size_t i = 0; i < shape->property_count; i++)
        if (shape->properties[i].type != VALUE_NONE)
            add_property_sql(&shape->properties[i], run, shape, sql);
    buffer_string(sql, " FROM (");
    computed_sql(run, understood, shape, "rows()", mapping->set.count, sql);
    buffer_char(sql, ')');
    if (mapping->where)
        buffer_printf(sql, " WHERE (%s\n)", mapping->where);
}

/* Types of properties that come straight from a column. evidence is of the first `known`
 * columns; those behind them have been met since it was gathered. */
static void set_types(struct ingest_shape *shape, const struct ingest_evidence *evidence,
                      size_t known)
{
    for (size_t i = 0; i < shape->property_count; i++) {
        struct ingest_property *property = &shape->properties[i];
        if (property->source < 0)
            continue;
        const struct ingest_type *type = &shape->columns[property->source].type;
        property->type = type->type;
        property->scale = type->scale;
        property->whole_digits =
            (size_t)property->source < known ? evidence[property->source].max_digits : 0;
    }
}

/* What the scan has seen of the texts' encoding and the objects' keys may ask for another
 * pass, too. */
static enum status reconsider_sources(const struct ingest_run *run,
                                      const struct ingest_understood *understood,
                                      struct ingest_shape *shape,
                                      const struct ingest_staged *staged, bool *again,
                                      struct error *error)
{
    bool changed = false;
    for (size_t i = 0; i < shape->source_count; i++) {
        const struct ingest_file_counts *counts = &staged->scan.files[i];
        struct ingest_dialect *dialect = &shape->sources[i].dialect;

        /* The beginning of the file spoke for UTF-8, the whole of it does not. */
        bool doubtful = !dialect->encoding && !dialect->encoding_said;
        if (doubtful && counts->invalid_bytes_rows > counts->valid_bytes_rows) {
            TRY(ingest_guess_again(run, shape, i, error));
            changed = true;
        }

        if (counts->new_names) {
            size_t columns = shape->source_columns[i].count;
            TRY(ingest_add_names(run, understood, shape, i, error));
            changed |= shape->source_columns[i].count > columns;
        }
    }
    *again = changed;
    return STATUS_OK;
}

/* A text column of very many different values is stored without codes: its dictionary
 * would help nobody. */
static bool reconsider_dictionary(struct ingest_shape *shape,
                                  const struct ingest_evidence *evidence, size_t known_columns,
                                  double factor)
{
    bool changed = false;
    for (size_t i = 0; i < shape->property_count; i++) {
        struct ingest_property *property = &shape->properties[i];
        bool known_column = property->source >= 0 && (size_t)property->source < known_columns;
        if (!known_column || property->plain || property->type != VALUE_TEXT)
            continue;

        /* a sample is scaled up to the file, but only where its values still mostly differ */
        uint64_t distinct = ingest_distinct_count(&evidence[property->source].distinct, NULL);
        uint64_t known = evidence[property->source].rows;
        bool growing = factor <= 1 || distinct * 2 > known;
        if (growing && (double)distinct * factor > INGEST_DICTIONARY_MAX)
            changed = property->plain = true;
    }
    return changed;
}

static double expected_growth(const struct ingest_understood *understood,
                              const struct ingest_shape *shape)
{
    double bytes = 0, sampled = 0;
    for (size_t i = 0; i < shape->source_count; i++) {
        /* packed text is a fourth or less of what it was */
        double size = (double)shape->sources[i].bytes * (shape->sources[i].dialect.gzip ? 4 : 1);
        bytes += size;
        sampled += understood->sniffs[i].whole || size < INGEST_SAMPLE ? size : INGEST_SAMPLE;
    }
    return sampled > 0 ? bytes / sampled : 1;
}

static enum status run_pass(const struct ingest_run *run,
                            const struct ingest_understood *understood, struct ingest_shape *shape,
                            struct ingest_staged *staged, struct error *error)
{
    struct buffer sql;
    TRY(open_pass(run, understood, shape, staged, error));
    TRY(make_shape(staged, error));
    TRY(judge_expressions(run, understood, shape, staged, error));
    buffer_init(&sql, 0);
    /* rows bear their order of arrival, so threads may put them down as they come */
    buffer_string(&sql, "SET preserve_insertion_order=false; ");
    staging_sql(run, understood, shape, &sql);
    buffer_string(&sql, "; SET preserve_insertion_order=true");
    enum status status = lake_execute(staged->lake, sql.data, error);
    buffer_release(&sql);
    return status == STATUS_OK ? STATUS_OK : blame_expression(understood, status, error);
}

/* Nobody can be set aside any more once the customer has been computed, so an expression
 * must name one for every row. */
static enum status check_customers(const struct ingest_understood *understood,
                                   const struct ingest_staged *staged, struct error *error)
{
    uint64_t nobody, line;
    TRY(ingest_count_rows(staged, "SELECT count(*) FROM staged WHERE customer IS NULL", &nobody,
                          error));
    if (!nobody)
        return STATUS_OK;
    TRY(ingest_count_rows(staged,
                          "SELECT min(arrival) & 1099511627775 FROM staged WHERE customer IS NULL",
                          &line, error));

    const char *name = understood->mapping.customer,
               *sql = ingest_pair_value(&understood->mapping.set, name);
    enum status status =
        error_set(error, STATUS_ERROR,
                  "--set %s = '%s' names no customer in %llu rows, the first in line %llu", name,
                  sql, (unsigned long long)nobody, (unsigned long long)line);
    error_hint(error, "--where '(%s) is not null' leaves such rows out, and counts them", sql);
    return status;
}

/* Shops write an order's currency on its first line and leave it empty on the others:
 * those are in the same one. */
static enum status share_currency(const struct ingest_understood *understood,
                                  const struct ingest_shape *shape,
                                  const struct ingest_staged *staged, struct error *error)
{
    if (understood->roles.group < 0 || !shape->currency_column)
        return STATUS_OK;
    return lake_execute(staged->lake,
                        "UPDATE staged SET \"@currency\" = told.code FROM (SELECT customer AS who, "
                        "\"@group\" AS one, "
                        "min(\"@currency\") AS code FROM staged GROUP BY ALL HAVING count(DISTINCT "
                        "\"@currency\") = 1 "
                        "AND count(*) > count(\"@currency\")) told WHERE \"@currency\" IS NULL AND "
                        "customer = told.who "
                        "AND \"@group\" = told.one",
                        error);
}

enum status ingest_stage(const struct ingest_run *run, const struct ingest_understood *understood,
                         struct ingest_shape *shape, struct ingest_staged *staged,
                         struct error *error)
{
    set_types(shape, understood->sample, understood->column_count);
    reconsider_dictionary(shape, understood->sample, understood->column_count,
                          expected_growth(understood, shape));
    run->notes->phase = "reading";

    /* After each pass, what it saw is held against what it expected: sources, types,
     * styles, and a currency beside the amounts. A new column or property changes the
     * statement, so the next pass comes before anything else is asked. */
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        TRY(run_pass(run, understood, shape, staged, error));
        bool stale = atomic_load(&staged->scan.stale), again;
        size_t columns = shape->column_count;
        TRY(reconsider_sources(run, understood, shape, staged, &again, error));
        if (shape->column_count > columns) {
            set_types(shape, staged->scan.evidence, columns);
            continue;
        }

        again |= ingest_retype(run, understood, shape, staged->scan.evidence);
        again |= ingest_restyle_by(run, understood, shape, staged->scan.marks);
        if (ingest_settle_currency(run, understood, shape, staged->scan.evidence)) {
            TRY(ingest_list_properties(run, understood, shape, error));
            set_types(shape, staged->scan.evidence, columns);
            continue;
        }

        set_types(shape, staged->scan.evidence, columns);
        again |= reconsider_dictionary(shape, staged->scan.evidence, columns, 1);
        if (!again && !stale) {
            TRY(ingest_check_identifiers(run, &understood->roles, shape, staged->scan.evidence,
                                         error));
            TRY(share_currency(understood, shape, staged, error));
            return understood->roles.computed_customer ? check_customers(understood, staged, error)
                                                       : STATUS_OK;
        }

        run->notes->phase = "reading again";
    }

    return error_set(error, STATUS_ERROR,
                     "the columns' types do not settle: a file changes while it is read");
}

/* ---- what others ask of the staged rows ---- */

enum status ingest_count_rows(const struct ingest_staged *staged, const char *sql, uint64_t *out,
                              struct error *error)
{
    int64_t count;
    bool known;
    TRY(lake_query_integer(staged->lake, sql, &count, &known, error));
    *out = known ? (uint64_t)count : 0;
    return STATUS_OK;
}

const char *ingest_group_columns(const struct ingest_shape *shape)
{
    return shape->currency_column ? "customer, \"@group\", \"@currency\"" : "customer, \"@group\"";
}
