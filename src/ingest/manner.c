/*
 * How each column of each source is looked at: which words stand for nothing, where its numbers
 * have their decimal sign, which dates are expected, in which currency its amounts are. All of it
 * is found out from what the values say, first those of the sample, then all; when a pass shows
 * that it looked wrongly, it is made again.
 */
#include "ingest/run.h"

#include "base/number.h"
#include "ingest/currency.h"
#include "ingest/pattern.h"
#include "ingest/vocabulary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Missing values */

static const struct ingest_missing *add_words(struct ingest_run *run,
                                              const struct ingest_missing *base, const char *column)
{
    const char *list = ingest_pair_value(&run->mapping.na, column);
    return list ? ingest_missing_add(base, list, run->arena) : base;
}

const struct ingest_missing *ingest_file_missing(struct ingest_run *run)
{
    if (!run->missing)
        run->missing = add_words(run, ingest_missing_default(), "*");
    return run->missing;
}

enum status ingest_check_missing(struct ingest_run *run, struct error *error)
{
    int column;
    for (size_t i = 0; i < run->mapping.na.count; i++)
        if (strcmp(run->mapping.na.items[i].name, "*") != 0) {
            TRY(ingest_need_column(run, "--na", run->mapping.na.items[i].name, &column, error));
            run->columns[column].missing = ingest_missing_add(
                ingest_file_missing(run), run->mapping.na.items[i].value, run->arena);
        }
    return STATUS_OK;
}

/* Styles of numbers */

static struct ingest_marks marks_of(const struct ingest_run *run, size_t source, size_t column)
{
    if (!run->marks || column >= run->marks_columns)
        return (struct ingest_marks){{0}};
    return run->marks[source * run->marks_columns + column];
}

void ingest_first_marks(struct ingest_run *run)
{
    run->marks_columns = run->column_count;
    run->marks =
        ARENA_ARRAY(run->arena, struct ingest_marks, run->source_count * run->column_count + 1);
    memset(run->marks, 0, (run->source_count * run->column_count + 1) * sizeof *run->marks);
    for (size_t s = 0; s < run->source_count; s++)
        for (size_t i = 0; i < run->source_columns[s].count && i < run->sniffs[s].marked; i++)
            run->marks[s * run->marks_columns + (size_t)run->source_columns[s].columns[i]] =
                run->sniffs[s].marks[i];
}

static struct ingest_marks marks_of_source(const struct ingest_run *run, size_t source)
{
    struct ingest_marks sum = {{0}};
    for (size_t i = 0; i < run->marks_columns; i++)
        for (int mark = 0; mark < INGEST_MARKS; mark++)
            sum.counts[mark] += marks_of(run, source, i).counts[mark];
    return sum;
}

/* Databases and Parquet files write a point, and so do the numbers of JSON and of spreadsheets:
 * only texts among them can have a comma. What other columns, earlier imports or --decimal say is
 * about those texts. */
static struct ingest_style_choice choose_style(const struct ingest_run *run, size_t source,
                                               size_t column, const struct ingest_marks *file)
{
    enum { COMMA = 1, COMMA3 = 3 };
    const struct ingest_summary_source *summary = &run->summary->sources[source];
    const struct ingest_dialect *dialect = &run->sources[source].dialect;
    struct ingest_marks own = marks_of(run, source, column);
    char said = run->mapping.decimal ? *run->mapping.decimal : 0;
    if (summary->postgres || summary->parquet)
        said = '.';
    bool machine = summary->spreadsheet || dialect->layout == LAYOUT_JSON;
    if (machine && !own.counts[COMMA] && !own.counts[COMMA3])
        return (struct ingest_style_choice){'.', STYLE_PLAIN};

    return ingest_choose_style(&own, file, dialect->delimiter, said,
                               run->hints[column].remembered_point);
}

bool ingest_restyle(struct ingest_run *run)
{
    size_t count = run->source_count * run->column_count;
    struct ingest_style_choice *styles =
        ARENA_ARRAY(run->arena, struct ingest_style_choice, count + 1);
    bool changed = run->styles_columns != run->column_count;
    for (size_t s = 0; s < run->source_count; s++) {
        struct ingest_marks file = marks_of_source(run, s);
        for (size_t i = 0; i < run->column_count; i++) {
            struct ingest_style_choice *style = &styles[s * run->column_count + i];
            *style = choose_style(run, s, i, &file);
            changed |= !changed && style->point != run->styles[s * run->column_count + i].point;
        }
    }
    run->styles = styles;
    run->styles_columns = run->column_count;
    return changed;
}

bool ingest_restyle_by(struct ingest_run *run, const struct ingest_marks *marks)
{
    size_t count = run->source_count * run->column_count;
    run->marks_columns = run->column_count;
    run->marks = ARENA_ARRAY(run->arena, struct ingest_marks, count + 1);
    memcpy(run->marks, marks, count * sizeof *marks);
    return ingest_restyle(run);
}

const struct ingest_manner *ingest_manners(struct ingest_run *run)
{
    size_t count = run->source_count * run->column_count;
    struct ingest_manner *manners = ARENA_ARRAY(run->arena, struct ingest_manner, count + 1);
    if (run->styles_columns != run->column_count)
        ingest_restyle(run);
    for (size_t i = 0; i < count; i++) {
        const struct ingest_column *column = &run->columns[i % run->column_count];
        char point = run->styles[i].point;
        bool date = column->type.type == VALUE_DATE || column->type.type == VALUE_TIME;
        manners[i] = (struct ingest_manner){
            .style = {point, point == ',' ? '.' : ','},
            .missing = column->missing ? column->missing : ingest_file_missing(run),
            .pattern = column->type.pattern,
            .dates = date ? column->type.dates : 0,
            .text = ingest_takes_words(column->type.type),
            .set = column->type.type == VALUE_SET,
        };
    }
    return manners;
}

/* Currencies */

size_t ingest_currencies(const struct ingest_run *run, const struct ingest_evidence *evidence,
                         char (*codes)[4], size_t max)
{
    size_t count = 0;
    for (unsigned sign = 1; evidence->signs && sign < CURRENCY_SIGNS_MAX; sign++) {
        char code[4];
        bool known = false;
        if (!evidence->signs[sign])
            continue;
        ingest_sign_code((unsigned char)sign, store_schema(run->store)->currency, code, NULL);
        for (size_t i = 0; i < count; i++)
            known |= strcmp(codes[i], code) == 0;
        if (!known && count < max)
            memcpy(codes[count++], code, sizeof code);
    }
    return count;
}

/* The column of the store that this one goes into, when it names no other property. */
static const struct schema_column *stored_amount(const struct ingest_run *run, size_t column)
{
    const struct schema_table *table = schema_table(store_schema(run->store), run->table);
    const char *name = run->columns[column].name;
    for (size_t i = 0; i < run->mapping.map.count; i++)
        if (strcmp(run->mapping.map.items[i].value, run->columns[column].name) == 0)
            name = run->mapping.map.items[i].name;
    return table ? schema_column(table, name) : NULL;
}

/* The property that tells the currency of what the store has in that column already. */
static const char *stored_currency(const struct ingest_run *run, size_t column)
{
    const struct schema_column *stored = stored_amount(run, column);
    return stored ? stored->currency : NULL;
}

/* Amounts in several currencies, or in another than the store's, need it beside them. */
static bool needs_currency(const struct ingest_run *run, size_t column,
                           const struct ingest_evidence *evidence)
{
    const char *own = store_schema(run->store)->currency;
    char codes[2][4];
    size_t count = ingest_is_number(run->columns[column].type.type)
                       ? ingest_currencies(run, evidence, codes, 2)
                       : 0;
    bool told_before =
        own && ingest_is_number(run->columns[column].type.type) && stored_currency(run, column);
    return told_before || count > 1 || (count == 1 && own && strcmp(own, codes[0]) != 0);
}

bool ingest_settle_currency(struct ingest_run *run, const struct ingest_evidence *evidence)
{
    bool needed = false;
    if (run->currency_column && run->currency < 0)
        return false; /* the file says it */
    for (size_t i = 0; i < run->column_count; i++)
        if (!run->columns[i].derived) {
            run->columns[i].money = needs_currency(run, i, &evidence[i]);
            needed |= run->columns[i].money;
        }
    if (!needed || run->currency >= 0)
        return false;
    const char *name = NULL;
    for (size_t i = 0; i < run->column_count && !name; i++)
        name = run->columns[i].money ? stored_currency(run, i) : NULL;
    if (!name || ingest_find_column(run, name) >= 0)
        name = ingest_find_column(run, "currency") < 0 ? "currency" : "amount_currency";
    name = arena_strdup(run->arena, name); /* the summary has it when the store's own is gone */
    run->currency = ingest_add_column(run, name);
    run->columns[run->currency].derived = true;
    run->columns[run->currency].type.type = VALUE_TEXT;
    run->hints[run->currency].text = true;
    run->currency_column = name;
    return true;
}

/* "currency", "Währung", … whose values are all codes of three letters. */
static bool tells_currency(const struct ingest_run *run, size_t column)
{
    const struct ingest_evidence *evidence = &run->sample[column];
    uint64_t known = evidence->rows - evidence->forms[FORM_UNKNOWN];
    return known && evidence->triples == known &&
           (ingest_vocabulary_read(run->columns[column].name).words & WORD_CURRENCY);
}

/* How long two names are the same: the currency of "Converted Amount" is "Converted Currency". */
static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && tolower((unsigned char)a[length]) == tolower((unsigned char)b[length]))
        length++;
    return length;
}

int ingest_currency_of(const struct ingest_run *run, const char *amount)
{
    int best = -1;
    size_t most = 0, least = 0;
    for (size_t i = 0; i < run->column_count; i++) {
        const char *name = run->columns[i].name;
        if (run->columns[i].derived || !tells_currency(run, i))
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

void ingest_find_currency_column(struct ingest_run *run)
{
    run->currency = -1;
    run->currency_column = run->mapping.currency_column;
    bool amounts = false;
    for (size_t i = 0; i < run->column_count; i++)
        amounts |= ingest_is_number(run->columns[i].type.type);
    for (size_t i = 0; i < run->column_count; i++)
        run->columns[i].currency =
            tells_currency(run, i) ||
            (run->currency_column && strcmp(run->columns[i].name, run->currency_column) == 0);
    int column = run->currency_column || !amounts ? -1 : ingest_currency_of(run, run->amount);
    if (column < 0)
        return;
    run->currency_column = run->columns[column].name;
    ingest_notice(
        run,
        "%s says which currency the amounts are in, and they are never added up across it "
        "(--currency-column names another)",
        run->currency_column);
}

/* Identifiers */

/* 1.23457E+15 was a longer number once: customers that differed in the lost digits have become one.
 */
static enum status check_identifier(struct ingest_run *run, int column, const char *what,
                                    const struct ingest_evidence *evidence, struct error *error)
{
    if (column < 0 || !evidence[column].rounded)
        return STATUS_OK;
    const char *name = run->columns[column].name;
    char rows[NUMBER_TEXT_MAX];
    number_format_thousands((int64_t)evidence[column].rounded, rows);
    if (run->hints[column].declared) {
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

enum status ingest_check_identifiers(struct ingest_run *run, const struct ingest_evidence *evidence,
                                     struct error *error)
{
    TRY(check_identifier(run, run->customer, "customer", evidence, error));
    TRY(check_identifier(run, run->key, "key", evidence, error));
    TRY(check_identifier(run, run->group, "group", evidence, error));
    for (size_t i = 0; i < run->column_count; i++)
        if (run->columns[i].id)
            TRY(check_identifier(run, (int)i, "id", evidence, error));
        else if (run->hints[i].text && (int)i != run->customer && (int)i != run->key)
            TRY(check_identifier(run, (int)i, "key of a reference table", evidence, error));
    return STATUS_OK;
}
