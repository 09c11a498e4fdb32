/*
 * How each column of each source is looked at: which words stand for nothing, where its
 * numbers have their decimal sign, which dates are expected, in which currency its
 * amounts are. All of it is found out from what the values say, first those of the
 * sample, then all; when a pass shows that it looked wrongly, it is made again.
 */
#include "ingest/understand.h"

#include "base/number.h"
#include "ingest/currency.h"
#include "ingest/pattern.h"
#include "ingest/vocabulary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Missing values */

const struct ingest_missing *ingest_file_missing(const struct ingest_mapping *mapping,
                                                 struct arena *arena)
{
    const char *list = ingest_pair_value(&mapping->na, "*");
    const struct ingest_missing *base = ingest_missing_default();
    return list ? ingest_missing_add(base, list, arena) : base;
}

enum status ingest_check_missing(const struct ingest_run *run,
                                 const struct ingest_understood *understood,
                                 struct ingest_shape *shape, struct error *error)
{
    const struct ingest_pairs *na = &understood->mapping.na;
    int column;
    for (size_t i = 0; i < na->count; i++)
        if (strcmp(na->items[i].name, "*") != 0) {
            TRY(ingest_need_column(run, shape, "--na", na->items[i].name, &column, error));
            shape->columns[column].missing =
                ingest_missing_add(understood->missing, na->items[i].value, run->arena);
        }
    return STATUS_OK;
}

/* Styles of numbers */

static struct ingest_marks marks_of(const struct ingest_shape *shape, size_t source, size_t column)
{
    if (!shape->marks || column >= shape->marks_columns)
        return (struct ingest_marks){{0}};
    return shape->marks[source * shape->marks_columns + column];
}

void ingest_first_marks(const struct ingest_run *run, const struct ingest_understood *understood,
                        struct ingest_shape *shape)
{
    shape->marks_columns = shape->column_count;
    shape->marks =
        ARENA_ARRAY(run->arena, struct ingest_marks, shape->source_count * shape->column_count + 1);
    for (size_t s = 0; s < shape->source_count; s++)
        for (size_t i = 0; i < shape->source_columns[s].count && i < understood->sniffs[s].marked;
             i++)
            shape->marks[s * shape->marks_columns + (size_t)shape->source_columns[s].columns[i]] =
                understood->sniffs[s].marks[i];
}

static struct ingest_marks marks_of_source(const struct ingest_shape *shape, size_t source)
{
    struct ingest_marks sum = {{0}};
    for (size_t i = 0; i < shape->marks_columns; i++)
        for (int mark = 0; mark < INGEST_MARKS; mark++)
            sum.counts[mark] += marks_of(shape, source, i).counts[mark];
    return sum;
}

/* Databases and Parquet files write a point, and so do the numbers of JSON and of
 * spreadsheets: only texts among them can have a comma. What other columns, earlier
 * imports or --decimal say is about those texts. */
static struct ingest_style_choice choose_style(const struct ingest_understood *understood,
                                               const struct ingest_shape *shape, size_t source,
                                               size_t column, const struct ingest_marks *file)
{
    enum { COMMA = 1, COMMA3 = 3 };
    const struct ingest_origin *origin = &understood->origins[source];
    const struct ingest_dialect *dialect = &shape->sources[source].dialect;

    struct ingest_marks own = marks_of(shape, source, column);
    char said = understood->mapping.decimal ? *understood->mapping.decimal : 0;
    if (origin->postgres || origin->parquet)
        said = '.';
    bool machine = origin->spreadsheet || dialect->layout == LAYOUT_JSON;
    if (machine && !own.counts[COMMA] && !own.counts[COMMA3])
        return (struct ingest_style_choice){'.', STYLE_PLAIN};

    return ingest_choose_style(&own, file, dialect->delimiter, said,
                               shape->hints[column].remembered_point);
}

bool ingest_restyle(const struct ingest_run *run, const struct ingest_understood *understood,
                    struct ingest_shape *shape)
{
    size_t count = shape->source_count * shape->column_count;
    struct ingest_style_choice *styles =
        ARENA_ARRAY(run->arena, struct ingest_style_choice, count + 1);
    bool changed = shape->styles_columns != shape->column_count;
    for (size_t s = 0; s < shape->source_count; s++) {
        /* what one column proves holds for all of its file, until a column proves otherwise of
         * itself */
        struct ingest_marks file = marks_of_source(shape, s);
        for (size_t i = 0; i < shape->column_count; i++) {
            struct ingest_style_choice *style = &styles[s * shape->column_count + i];
            *style = choose_style(understood, shape, s, i, &file);
            changed |= !changed && style->point != shape->styles[s * shape->column_count + i].point;
        }
    }

    shape->styles = styles;
    shape->styles_columns = shape->column_count;
    return changed;
}

bool ingest_restyle_by(const struct ingest_run *run, const struct ingest_understood *understood,
                       struct ingest_shape *shape, const struct ingest_marks *marks)
{
    size_t count = shape->source_count * shape->column_count;
    shape->marks_columns = shape->column_count;
    shape->marks = ARENA_ARRAY(run->arena, struct ingest_marks, count + 1);
    memcpy(shape->marks, marks, count * sizeof *marks);
    return ingest_restyle(run, understood, shape);
}

const struct ingest_manner *ingest_manners(const struct ingest_run *run,
                                           const struct ingest_understood *understood,
                                           struct ingest_shape *shape)
{
    size_t count = shape->source_count * shape->column_count;
    struct ingest_manner *manners = ARENA_ARRAY(run->arena, struct ingest_manner, count + 1);
    if (shape->styles_columns != shape->column_count)
        ingest_restyle(run, understood, shape);

    /* Source by source: two files may write the same column with different points. */
    for (size_t i = 0; i < count; i++) {
        const struct ingest_column *column = &shape->columns[i % shape->column_count];
        char point = shape->styles[i].point;
        bool date = column->type.type == VALUE_DATE || column->type.type == VALUE_TIME;
        manners[i] = (struct ingest_manner){
            .style = {point, point == ',' ? '.' : ','},
            .missing = column->missing ? column->missing : understood->missing,
            .pattern = column->type.pattern,
            .dates = date ? column->type.dates : 0,
            .text = ingest_takes_words(column->type.type),
            .set = column->type.type == VALUE_SET,
        };
    }
    return manners;
}

/* Currencies */

size_t ingest_currencies(const char *own, const struct ingest_evidence *evidence, char (*codes)[4],
                         size_t max)
{
    size_t count = 0;
    for (unsigned sign = 1; evidence->signs && sign < CURRENCY_SIGNS_MAX; sign++) {
        char code[4];
        bool known = false;
        if (!evidence->signs[sign])
            continue;
        ingest_sign_code((unsigned char)sign, own, code, NULL);
        for (size_t i = 0; i < count; i++)
            known |= strcmp(codes[i], code) == 0;
        if (!known && count < max)
            memcpy(codes[count++], code, sizeof code);
    }
    return count;
}

/* The column of the store that this one goes into, when it names no other property. */
static const struct schema_column *stored_amount(const struct ingest_run *run,
                                                 const struct ingest_understood *understood,
                                                 const struct ingest_shape *shape, size_t column)
{
    const struct schema_table *table = schema_table(store_schema(run->store), understood->table);
    const char *name = shape->columns[column].name;
    for (size_t i = 0; i < understood->mapping.map.count; i++)
        if (strcmp(understood->mapping.map.items[i].value, shape->columns[column].name) == 0)
            name = understood->mapping.map.items[i].name;
    return table ? schema_column(table, name) : NULL;
}

/* The property that tells the currency of what the store has in that column already. */
static const char *stored_currency(const struct ingest_run *run,
                                   const struct ingest_understood *understood,
                                   const struct ingest_shape *shape, size_t column)
{
    const struct schema_column *stored = stored_amount(run, understood, shape, column);
    return stored ? stored->currency : NULL;
}

/* Amounts in several currencies, or in another than the store's, need it beside them. */
static bool needs_currency(const struct ingest_run *run, const struct ingest_understood *understood,
                           const struct ingest_shape *shape, size_t column,
                           const struct ingest_evidence *evidence)
{
    const char *own = store_schema(run->store)->currency;
    char codes[2][4];
    size_t count = ingest_is_number(shape->columns[column].type.type)
                       ? ingest_currencies(own, evidence, codes, 2)
                       : 0;
    bool told_before = own && ingest_is_number(shape->columns[column].type.type) &&
                       stored_currency(run, understood, shape, column);
    return told_before || count > 1 || (count == 1 && own && strcmp(own, codes[0]) != 0);
}

bool ingest_settle_currency(const struct ingest_run *run,
                            const struct ingest_understood *understood, struct ingest_shape *shape,
                            const struct ingest_evidence *evidence)
{
    bool needed = false;
    if (shape->currency_column && shape->currency < 0)
        return false; /* the file says it */
    for (size_t i = 0; i < shape->column_count; i++)
        if (!shape->columns[i].derived) {
            shape->columns[i].money = needs_currency(run, understood, shape, i, &evidence[i]);
            needed |= shape->columns[i].money;
        }

    if (!needed || shape->currency >= 0)
        return false;

    /* the store's column is continued, unless the file has one of that name for something else */
    const char *name = NULL;
    for (size_t i = 0; i < shape->column_count && !name; i++)
        name = shape->columns[i].money ? stored_currency(run, understood, shape, i) : NULL;
    if (!name || ingest_find_column(shape, name) >= 0)
        name = ingest_find_column(shape, "currency") < 0 ? "currency" : "amount_currency";
    name = arena_strdup(run->arena, name); /* the summary has it when the store's own is gone */
    shape->currency = ingest_add_column(shape, name);
    shape->columns[shape->currency].derived = true;
    shape->columns[shape->currency].type.type = VALUE_TEXT;
    shape->hints[shape->currency].text = true;
    shape->currency_column = name;
    return true;
}

/* "currency", "Währung", … whose values are all codes of three letters. */
static bool tells_currency(const struct ingest_understood *understood,
                           const struct ingest_shape *shape, size_t column)
{
    if (column >= understood->column_count)
        return false; /* met later, in rows that nobody looked at for this */
    const struct ingest_evidence *evidence = &understood->sample[column];
    uint64_t known = evidence->rows - evidence->forms[FORM_UNKNOWN];
    return known && evidence->triples == known &&
           (ingest_vocabulary_read(shape->columns[column].name).words & WORD_CURRENCY);
}

/* How long two names are the same: the currency of "Converted Amount" is "Converted Currency". */
static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && tolower((unsigned char)a[length]) == tolower((unsigned char)b[length]))
        length++;
    return length;
}

int ingest_currency_of(const struct ingest_understood *understood, const struct ingest_shape *shape,
                       const char *amount)
{
    int best = -1;
    size_t most = 0, least = 0;

    /* the name that shares the longest beginning with the amount's, and of those the shortest */
    for (size_t i = 0; i < shape->column_count; i++) {
        const char *name = shape->columns[i].name;
        if (shape->columns[i].derived || !tells_currency(understood, shape, i))
            continue;
        size_t common = amount ? common_length(name, amount) : 0, length = strlen(name);
        if (best >= 0 && (common < most || (common == most && length >= least)))
            continue;
        best = (int)i;
        most = common;
        least = length;
    }
    return best;
}

void ingest_find_currency_column(const struct ingest_run *run,
                                 const struct ingest_understood *understood,
                                 struct ingest_shape *shape)
{
    shape->currency = -1;
    shape->currency_column = understood->mapping.currency_column;

    bool amounts = false;
    for (size_t i = 0; i < shape->column_count; i++)
        amounts |= ingest_is_number(shape->columns[i].type.type);
    for (size_t i = 0; i < shape->column_count; i++)
        shape->columns[i].currency =
            tells_currency(understood, shape, i) ||
            (shape->currency_column && strcmp(shape->columns[i].name, shape->currency_column) == 0);

    /* Looked for only when nobody named one, and there is something to have a currency. */
    int column = shape->currency_column || !amounts
                     ? -1
                     : ingest_currency_of(understood, shape, understood->roles.amount);
    if (column < 0)
        return;

    shape->currency_column = shape->columns[column].name;
    ingest_notice(
        run,
        "%s says which currency the amounts are in, and they are never added up across it "
        "(--currency-column names another)",
        shape->currency_column);
}

/* Identifiers */

/* 1.23457E+15 was a longer number once: customers that differed in the lost digits have
 * become one. */
static enum status check_identifier(const struct ingest_run *run, const struct ingest_shape *shape,
                                    int column, const char *what,
                                    const struct ingest_evidence *evidence, struct error *error)
{
    if (column < 0 || !evidence[column].rounded)
        return STATUS_OK;

    const char *name = shape->columns[column].name;
    char rows[NUMBER_TEXT_MAX];
    number_format_thousands((int64_t)evidence[column].rounded, rows);

    /* Whoever says what the column is has been told before, by the error below. */
    if (shape->hints[column].declared) {
        ingest_warn(run, "%s: %s values are numbers that a spreadsheet has rounded, such as '%s'",
                    name, rows, evidence[column].shortened.text);
        return STATUS_OK;
    }

    enum status status = error_set(error, STATUS_ERROR,
                                   "%s, the %s, holds %s numbers in scientific notation such as "
                                   "'%s': a spreadsheet has rounded them, and "
                                   "different ones have become the same",
                                   name, what, rows, evidence[column].shortened.text);
    error_hint(error,
               "export the column anew as text; --type '%s=text' takes the values as they are",
               name);
    return status;
}

enum status ingest_check_identifiers(const struct ingest_run *run, const struct ingest_roles *roles,
                                     const struct ingest_shape *shape,
                                     const struct ingest_evidence *evidence, struct error *error)
{
    TRY(check_identifier(run, shape, roles->customer, "customer", evidence, error));
    TRY(check_identifier(run, shape, roles->key, "key", evidence, error));
    TRY(check_identifier(run, shape, roles->group, "group", evidence, error));
    for (size_t i = 0; i < shape->column_count; i++)
        if (shape->columns[i].id)
            TRY(check_identifier(run, shape, (int)i, "id", evidence, error));
        else if (shape->hints[i].text && (int)i != roles->customer && (int)i != roles->key)
            TRY(check_identifier(run, shape, (int)i, "key of a reference table", evidence, error));
    return STATUS_OK;
}
