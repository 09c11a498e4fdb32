/*
 * Loading a population: who exists, the dictionary, references, then table after table, records and
 * lists.
 */
#include "population/internal.h"
#include "population/loading.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t loading_until(const struct loading *loading)
{
    return loading->until == UINT32_MAX ? 0 : loading->until;
}

bool loading_sees(const struct loading *loading, const struct catalog_part *part)
{
    return part->first_import <= loading->until;
}

/* The last import whose rows may be seen. */
static enum status find_until(struct loading *loading, struct error *error)
{
    struct catalog_import *imports;
    size_t count;
    loading->until = loading->what->before_import ? loading->what->before_import - 1 : UINT32_MAX;

    if (loading->what->known_at == INT64_MAX)
        return STATUS_OK;

    /* Imports come by number: the last of those received by then bounds them all. */
    uint32_t last = loading->until;
    TRY(catalog_imports(store_catalog(loading->store), &loading->arena, &imports, &count, error));
    loading->until = 0;
    for (size_t i = 0; i < count; i++)
        if (imports[i].received <= loading->what->known_at && imports[i].number <= last)
            loading->until = imports[i].number;
    return STATUS_OK;
}

const struct catalog_part *loading_activity(const struct loading *loading,
                                            const struct catalog_part *part)
{
    size_t count;
    const struct catalog_part *parts = store_parts(loading->store, &count);
    for (size_t i = 0; i < count; i++)
        if (parts[i].role == PART_ACTIVITY && parts[i].owner == part->number)
            return &parts[i];
    return NULL;
}

bool loading_has_column(const struct catalog_part *part, const char *name)
{
    return store_part_column(part, name) != NULL;
}

const char *loading_codes(struct loading *loading, const char *name)
{
    return store_codes_name(&loading->arena, name);
}

bool loading_is_coded(struct loading *loading, const struct schema_column *column,
                      const struct catalog_part *part)
{
    return (column->type == VALUE_TEXT || column->type == VALUE_SET) &&
           (loading_has_column(part, loading_codes(loading, column->name)) ||
            !loading_has_column(part, column->name));
}

enum status loading_damaged(struct error *error, const char *format, ...)
{
    char what[ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    enum status status = error_set(error, STATUS_CORRUPT, "%s", what);
    error_hint(
        error,
        "bring the store back from a backup; strata verify lists every file that is damaged");
    return status;
}

enum status loading_unknown_customer(uint32_t number, struct error *error)
{
    return loading_damaged(error, "the store speaks of a customer number it never gave: %u",
                           number);
}

/*
 * Records and lists.
 */
struct intervals {
    struct loading *loading;
    const char *segment;
    VECTOR(uint32_t) customer;
    VECTOR(int64_t) entered;
    VECTOR(int64_t) left;
    uint32_t *open; /* by position: the interval without an end + 1, or 0 */
};

struct crossing {
    struct intervals *intervals;
    int64_t moment;
    bool entered;
};

static bool cross(uint32_t number, void *context)
{
    struct crossing *crossing = context;
    struct intervals *intervals = crossing->intervals;
    struct loading *loading = intervals->loading;

    uint32_t i = number < loading->limit ? loading->position[number] : UINT32_MAX;
    if (i == UINT32_MAX)
        return true;

    /* who enters twice, or leaves without having entered, is left as they are */
    if (!crossing->entered) {
        if (intervals->open[i])
            intervals->left.items[intervals->open[i] - 1] = crossing->moment;
        intervals->open[i] = 0;
    } else if (!intervals->open[i]) {
        VECTOR_PUSH(&intervals->customer, i);
        VECTOR_PUSH(&intervals->entered, crossing->moment);
        VECTOR_PUSH(&intervals->left, INT64_MAX);
        intervals->open[i] = (uint32_t)intervals->customer.count;
    }
    return true;
}

static void give_intervals(struct intervals *intervals)
{
    size_t count = intervals->customer.count;
    uint32_t customers = intervals->loading->customers;
    uint32_t *next = base_calloc((size_t)customers + 1, sizeof *next),
             *customer = base_malloc((count + 1) * sizeof *customer);
    int64_t *entered = base_malloc((count + 1) * sizeof *entered),
            *left = base_malloc((count + 1) * sizeof *left);

    for (size_t i = 0; i < count; i++)
        next[intervals->customer.items[i] + 1]++;
    for (uint32_t c = 0; c < customers; c++)
        next[c + 1] += next[c];

    /* they came in order of time, so each customer's stay in it */
    for (size_t i = 0; i < count; i++) {
        uint32_t at = next[intervals->customer.items[i]]++;
        customer[at] = intervals->customer.items[i];
        entered[at] = intervals->entered.items[i];
        left[at] = intervals->left.items[i];
    }

    population_builder_records(intervals->loading->builder, intervals->segment, count, customer,
                               entered, left);
    free(next);
    free(customer);
    free(entered);
    free(left);
}

static enum status take_membership(void *context, struct catalog_membership *membership,
                                   struct error *error)
{
    struct intervals *intervals = context;
    (void)error;
    struct crossing crossing = {intervals, membership->moment, membership->entered};
    bitmap_each(membership->customers, cross, &crossing);
    bitmap_free(membership->customers);
    return STATUS_OK;
}

static enum status load_segment(struct loading *loading, const char *segment, struct error *error)
{
    struct intervals intervals = {.loading = loading, .segment = segment};
    intervals.open = base_calloc((size_t)loading->customers + 1, sizeof *intervals.open);
    enum status status = catalog_memberships(store_catalog(loading->store), segment,
                                             take_membership, &intervals, error);
    if (status == STATUS_OK)
        give_intervals(&intervals);
    free(intervals.open);
    VECTOR_RELEASE(&intervals.customer);
    VECTOR_RELEASE(&intervals.entered);
    VECTOR_RELEASE(&intervals.left);
    return status;
}

static enum status load_records(struct loading *loading, struct error *error)
{
    const char **segments;
    size_t count;
    TRY(catalog_recorded_segments(store_catalog(loading->store), &loading->arena, &segments, &count,
                                  error));
    for (size_t i = 0; i < count; i++)
        TRY(load_segment(loading, segments[i], error));
    return STATUS_OK;
}

static enum status load_lists(struct loading *loading, struct error *error)
{
    struct catalog_list *lists;
    size_t count;
    TRY(catalog_lists(store_catalog(loading->store), &loading->arena, &lists, &count, error));
    for (size_t i = 0; i < count; i++) {
        struct catalog_list list;
        TRY(catalog_find_list(store_catalog(loading->store), lists[i].name, &loading->arena, &list,
                              error));
        population_builder_list(loading->builder, list.name, list.identifiers, list.count);
    }
    return STATUS_OK;
}

/*
 * Tables.
 */
static bool wants(const struct loading *loading, const char *table, const char *column, bool *any)
{
    bool wanted = loading->what->everything;
    *any = wanted;

    for (size_t i = 0; i < loading->what->need_count; i++) {
        const struct population_need *need = &loading->what->needs[i];
        if (strcmp(need->table, table) != 0)
            continue;

        *any = true;
        wanted = wanted || !need->columns;
        for (const char *const *c = need->columns; c && *c && column; c++)
            wanted = wanted || strcmp(*c, column) == 0;
    }
    return wanted;
}

static enum status check_needs(const struct loading *loading, struct error *error)
{
    for (size_t i = 0; i < loading->what->need_count && !loading->what->everything; i++) {
        const struct population_need *need = &loading->what->needs[i];
        const struct schema_table *table = schema_table(loading->schema, need->table);
        if (!table)
            return error_set(error, STATUS_NOT_FOUND, "the store has no %s", need->table);
        for (const char *const *c = need->columns; c && *c; c++)
            if (!schema_column(table, *c))
                return error_set(error, STATUS_NOT_FOUND, "%s has no column %s", need->table, *c);
    }
    return STATUS_OK;
}

static enum status load_tables(struct loading *loading, bool references, struct error *error)
{
    for (size_t t = 0; t < loading->schema->table_count; t++) {
        const struct schema_table *table = &loading->schema->tables[t];
        const struct schema_column **columns =
            ARENA_ARRAY(&loading->arena, const struct schema_column *, table->column_count + 1);
        size_t count = 0;
        bool any = false, all = wants(loading, table->name, NULL, &any);
        if (!any || (table->role == SCHEMA_REFERENCE) != references)
            continue;

        /* A column whose type nothing has told yet has no values. */
        for (size_t c = 0; c < table->column_count; c++)
            if ((all || wants(loading, table->name, table->columns[c].name, &any)) &&
                table->columns[c].type != VALUE_NONE)
                columns[count++] = &table->columns[c];
        TRY(references ? loading_reference(loading, table, columns, count, error)
                       : loading_table(loading, table, columns, count, error));
    }
    return STATUS_OK;
}

/* Tables of numbers and times need no dictionary; a reference table's keys are texts. */
static bool needs_texts(const struct loading *loading)
{
    for (size_t t = 0; t < loading->schema->table_count; t++) {
        const struct schema_table *table = &loading->schema->tables[t];
        bool any, all = wants(loading, table->name, NULL, &any);
        if (any && table->role == SCHEMA_REFERENCE)
            return true;
        for (size_t c = 0; c < table->column_count; c++)
            if ((table->columns[c].type == VALUE_TEXT || table->columns[c].type == VALUE_SET) &&
                (all || wants(loading, table->name, table->columns[c].name, &any)))
                return true;
    }
    return false;
}

static enum status load(struct loading *loading, struct error *error)
{
    TRY(check_needs(loading, error));
    TRY(find_until(loading, error));
    TRY(loading_customers(loading, error));
    if (needs_texts(loading))
        TRY(loading_dictionary(loading, error));
    TRY(load_tables(loading, true, error));
    TRY(load_tables(loading, false, error));
    if (loading->what->records)
        TRY(load_records(loading, error));
    return loading->what->lists ? load_lists(loading, error) : STATUS_OK;
}

enum status population_load(struct store *store, struct lake *lake,
                            const struct population_load *what, const struct zone *zone,
                            struct pool *pool, struct population **out, struct error *error)
{
    struct loading loading = {
        .store = store, .lake = lake, .pool = pool, .what = what, .schema = store_schema(store)};
    arena_init(&loading.arena, 0);

    loading.builder = population_builder_new(zone);
    loading.dictionary = population_builder_dictionary(loading.builder);
    enum status status = load(&loading, error);
    if (status == STATUS_OK)
        status = population_builder_finish(loading.builder, pool, out, error);
    population_builder_free(loading.builder);
    free(loading.position);
    arena_release(&loading.arena);
    return status;
}
