/*
 * What happened over time: revenue of a group, cohorts and how they come back, facts a week or a
 * month. Which facts are orders, and which of their numbers is the amount, is told by names, since
 * imports of before did not say; what was taken for it is said wherever it is shown.
 */
#include "base/bits.h"
#include "insight/insight.h"

#include "base/number.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const kind_names[] = {"order",     "orders",      "purchase",
                                         "purchases", "transaction", "transactions",
                                         "sale",      "sales",       "Order Completed"};
static const char *const amount_names[] = {"amount", "revenue", "total",        "sales_value",
                                           "sales",  "value",   "dollar_value", "price",
                                           "spend",  "spent"};

static bool is_money(const struct schema_column *column)
{
    bool number =
        column->type == VALUE_DECIMAL || column->type == VALUE_INT || column->type == VALUE_DOUBLE;
    return number && !(column->currency && column->currencies > 1);
}

/* Words of a longer name, such as tran_amount or Order Total, and words that make it something
 * else, such as tax_amount.
 */
static const char *const amount_words[] = {"amount", "amt",   "revenue", "turnover",
                                           "total",  "sales", "spend",   "spent",
                                           "value",  "price", "paid"};
static const char *const other_words[] = {
    "tax",      "vat", "discount", "disc", "shipping", "fee",  "cost",  "id",       "count",
    "quantity", "qty", "points",   "rate", "percent",  "unit", "items", "lifetime", "score"};

/* Whether a name has the word, which ends where anything but a letter, or a capital after a small
 * letter, stands. */
static bool has_word(const char *name, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = name; *at; at++) {
        bool begins = at == name || !isalpha((unsigned char)at[-1]) ||
                      (islower((unsigned char)at[-1]) && isupper((unsigned char)*at));
        bool ends =
            begins && strncasecmp(at, word, length) == 0 &&
            (!isalpha((unsigned char)at[length]) ||
             (islower((unsigned char)at[length - 1]) && isupper((unsigned char)at[length])));
        if (ends)
            return true;
    }
    return false;
}

static bool has_other_word(const char *name)
{
    bool found = false;
    for (size_t w = 0; w < sizeof other_words / sizeof *other_words; w++)
        found |= has_word(name, other_words[w]);
    return found;
}

/* What imports took for the amount; else (stores from before that was kept) the first money-like
 * column by the order of the names above, then by the words; −1 when the kind has none. */
static int amount_column(const struct schema_table *table, bool *named)
{
    *named = true;
    int known = table->amount ? schema_column_index(table, table->amount) : -1;
    if (known >= 0 && is_money(&table->columns[known]))
        return known;

    /* Names that say it whole, in the order of how sure they are; then names that have
     * such a word and none that says otherwise. */
    for (size_t n = 0; n < sizeof amount_names / sizeof *amount_names; n++) {
        int column = schema_column_index(table, amount_names[n]);
        if (column >= 0 && is_money(&table->columns[column]))
            return column;
    }

    for (size_t w = 0; w < sizeof amount_words / sizeof *amount_words; w++)
        for (size_t c = 0; c < table->column_count; c++) {
            const struct schema_column *column = &table->columns[c];
            if (is_money(column) && has_word(column->name, amount_words[w]) &&
                !has_other_word(column->name))
                return (int)c;
        }

    /* Decimals without a telling name are money more often than anything else; the
     * caller learns that it is a guess. */
    *named = false;
    for (size_t c = 0; c < table->column_count; c++)
        if (table->columns[c].type == VALUE_DECIMAL && is_money(&table->columns[c]))
            return (int)c;
    return -1;
}

static struct insight_revenue revenue_of(const struct schema *schema, int t)
{
    const struct schema_table *table = &schema->tables[t];
    bool named;
    int column = amount_column(table, &named);

    struct insight_revenue found = {
        .table = t, .column = column, .kind = table->name, .named = named};
    if (column >= 0) {
        found.property = table->columns[column].name;
        found.scale = table->columns[column].scale;
        found.type = table->columns[column].type;
    }
    return found;
}

struct insight_revenue insight_revenue_of_kind(const struct schema *schema, const char *kind)
{
    for (size_t t = 0; t < schema->table_count; t++)
        if (schema->tables[t].role == SCHEMA_FACTS && strcmp(schema->tables[t].name, kind) == 0)
            return revenue_of(schema, (int)t);
    return (struct insight_revenue){.table = -1, .column = -1};
}

struct insight_revenue insight_revenue_find(const struct schema *schema)
/* By the names that orders usually have; else a kind that has an amount; else any kind. */
{
    for (size_t n = 0; n < sizeof kind_names / sizeof *kind_names; n++)
        for (size_t t = 0; t < schema->table_count; t++)
            if (schema->tables[t].role == SCHEMA_FACTS &&
                strcmp(schema->tables[t].name, kind_names[n]) == 0)
                return revenue_of(schema, (int)t);

    bool named;
    for (size_t t = 0; t < schema->table_count; t++)
        if (schema->tables[t].role == SCHEMA_FACTS &&
            amount_column(&schema->tables[t], &named) >= 0)
            return revenue_of(schema, (int)t);

    for (size_t t = 0; t < schema->table_count; t++)
        if (schema->tables[t].role == SCHEMA_FACTS)
            return revenue_of(schema, (int)t);
    return (struct insight_revenue){.table = -1, .column = -1};
}

struct segment_needs insight_revenue_needs(const struct insight_revenue *revenue,
                                           struct arena *arena)
{
    struct segment_needs needs = {0};
    if (revenue->table < 0)
        return needs;
    needs.items = ARENA_ARRAY(arena, struct segment_need, 1);

    const char **columns = ARENA_ARRAY(arena, const char *, 2);
    columns[0] = revenue->property;
    needs.items[0] = (struct segment_need){revenue->kind, columns};
    needs.count = 1;
    return needs;
}

static const struct population_table *revenue_table(const struct population *population,
                                                    const struct insight_revenue *revenue,
                                                    const struct population_column **amount)
{
    *amount = NULL;
    int t = revenue->table < 0 ? -1 : population_table_index(population, revenue->kind);
    if (t < 0)
        return NULL;
    const struct population_table *table = &population->tables[t];

    int c = revenue->property ? population_column_index(table, revenue->property) : -1;
    if (c >= 0)
        *amount = &table->columns[c];
    return table;
}

/* Money is added up exactly as integers per scale; doubles in the order of rows. */
struct amount {
    number_wide exact;
    double inexact;
};

static void add_amount(struct amount *sum, const struct population_column *column, size_t row)
{
    if (!column)
        return;
    struct population_value value = population_get(column, row);
    if (!value.known)
        return;
    if (column->type == VALUE_DOUBLE)
        sum->inexact += value.number;
    else
        sum->exact += value.integer;
}

static bool is_refund(const struct population_column *amount, size_t row)
{
    if (!amount)
        return false;
    struct population_value value = population_get(amount, row);
    return value.known && (amount->type == VALUE_DOUBLE ? value.number < 0 : value.integer < 0);
}

static double total(const struct amount *sum, const struct population_column *column)
{
    if (!column)
        return 0;
    int scale = column->type == VALUE_DECIMAL ? column->scale : 0;
    return column->type == VALUE_DOUBLE ? sum->inexact
                                        : (double)sum->exact / (double)number_power10(scale);
}

struct insight_money insight_money(const struct population *population,
                                   const struct insight_revenue *revenue, const uint64_t *members,
                                   int64_t from, int64_t until)
{
    struct insight_money money = {0};
    const struct population_column *column;
    const struct population_table *table = revenue_table(population, revenue, &column);

    struct amount sum = {0};
    for (uint32_t p = 0; table && p < population->customers; p++) {
        if (!bit_at(members, p))
            continue;

        uint64_t before = money.facts;
        for (uint32_t row = table->offset[p]; row < table->offset[p + 1]; row++) {
            if (table->time[row] <= from || table->time[row] > until)
                continue;

            /* A refund is no order, but it takes from the revenue. */
            money.facts += !is_refund(column, row);
            add_amount(&sum, column, row);
        }

        money.buyers += money.facts > before;
    }
    money.total = total(&sum, column);
    return money;
}

static int64_t month_of(const struct population *population, uint32_t time)
{
    return date_unit_number(zone_date(population->zone, time), CALENDAR_MONTH);
}

/* The row of a customer's first order up to now; the end of the customer's rows without one. */
static uint32_t first_order(const struct population_table *table,
                            const struct population_column *amount, uint32_t p, int64_t now)
{
    uint32_t row = table->offset[p], end = table->offset[p + 1];
    while (row < end && is_refund(amount, row))
        row++;
    return row < end && table->time[row] <= now ? row : end;
}

/* Cohorts before the first month shown, and their customers. */
static void count_older(const struct population *population, const struct population_table *table,
                        const struct population_column *amount, int64_t oldest, int64_t first,
                        int64_t now, struct insight_cohorts *out)
{
    if (oldest >= first)
        return;

    bool *seen = base_calloc((size_t)(first - oldest), sizeof *seen);
    for (uint32_t p = 0; p < population->customers; p++) {
        uint32_t row = first_order(table, amount, p, now);
        int64_t month = row < table->offset[p + 1] ? month_of(population, table->time[row]) : first;
        if (month >= first)
            continue;
        out->older_customers++;
        out->older_cohorts += !seen[month - oldest];
        seen[month - oldest] = true;
    }
    free(seen);
}

void insight_cohorts(const struct population *population, const struct insight_revenue *revenue,
                     int t, int64_t now, int most_months, struct arena *arena,
                     struct insight_cohorts *out)
{
    *out = (struct insight_cohorts){0};
    const struct population_table *table = &population->tables[t];
    const struct population_column *amount;
    if (revenue_table(population, revenue, &amount) != table)
        amount = NULL;

    /* The oldest month in which somebody's first order lies; only the last
     * most_months are shown. */
    int64_t last = date_unit_number(zone_date(population->zone, now), CALENDAR_MONTH),
            oldest = last;
    for (uint32_t p = 0; p < population->customers; p++) {
        uint32_t row = first_order(table, amount, p, now);
        int64_t month = row < table->offset[p + 1] ? month_of(population, table->time[row]) : last;
        oldest = month < oldest ? month : oldest;
    }

    int64_t first = last - oldest + 1 > most_months ? last - most_months + 1 : oldest;
    count_older(population, table, amount, oldest, first, now, out);

    int count = (int)(last - first + 1);
    out->cohort_count = out->month_count = count;
    out->month = ARENA_ARRAY(arena, int32_t, (size_t)count);
    out->size = ARENA_ARRAY(arena, uint64_t, (size_t)count);
    out->active = ARENA_ARRAY(arena, uint64_t, (size_t)count * (size_t)count);

    for (int c = 0; c < count; c++)
        out->month[c] = (int32_t)(first + c);

    /* A customer counts once for each month of theirs after the first, however many
     * orders it has. */
    for (uint32_t p = 0; p < population->customers; p++) {
        uint32_t row = first_order(table, amount, p, now), end = table->offset[p + 1];
        if (row == end)
            continue;
        int64_t cohort = month_of(population, table->time[row]) - first;
        if (cohort < 0)
            continue; /* before the months shown */
        out->size[cohort]++;

        for (int64_t seen = -1; row < end && table->time[row] <= now; row++) {
            if (is_refund(amount, row))
                continue;
            int64_t month = month_of(population, table->time[row]) - first - cohort;
            if (month != seen)
                out->active[cohort * count + month]++;
            seen = month;
        }
    }
}

void insight_series(const struct population *population, const struct insight_revenue *revenue,
                    int t, int64_t now, enum calendar_unit unit, struct arena *arena,
                    struct insight_series *out)
{
    *out = (struct insight_series){0};
    const struct population_table *table = &population->tables[t];
    const struct population_column *column;
    if (revenue_table(population, revenue, &column) != table)
        column = NULL;

    /* From the unit of the first fact to that of the last; those without a fact stand
     * between with zeros. */
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t row = 0; row < table->rows; row++) {
        if (table->time[row] > now)
            continue;
        int64_t number = date_unit_number(zone_date(population->zone, table->time[row]), unit);
        first = number < first ? number : first;
        last = number > last ? number : last;
    }

    if (first > last)
        return;

    size_t count = (size_t)(last - first + 1);
    out->count = count;
    out->date = ARENA_ARRAY(arena, int32_t, count);
    out->facts = ARENA_ARRAY(arena, uint64_t, count);
    out->customers = ARENA_ARRAY(arena, uint64_t, count);
    out->revenue = ARENA_ARRAY(arena, double, count);

    struct amount *sums = ARENA_ARRAY(arena, struct amount, count);
    for (size_t i = 0; i < count; i++)
        out->date[i] = date_of_unit_number(first + (int64_t)i, unit);

    /* A customer's rows are in order of time, so a unit seen before is the
     * one just seen. */
    for (uint32_t p = 0; p < population->customers; p++) {
        int64_t seen = -1;
        for (uint32_t row = table->offset[p]; row < table->offset[p + 1] && table->time[row] <= now;
             row++) {
            int64_t at =
                date_unit_number(zone_date(population->zone, table->time[row]), unit) - first;
            bool order = !is_refund(column, row);
            out->facts[at] += order;
            out->customers[at] += order && at != seen;
            seen = order ? at : seen;
            add_amount(&sums[at], column, row);
        }
    }

    /* Money is divided once, at the end. */
    for (size_t i = 0; i < count; i++)
        out->revenue[i] = total(&sums[i], column);
}
