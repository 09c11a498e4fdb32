/*
 * Loading: the least and the largest value of each column, before its values are read, so that each
 * is stored as narrow as it stays.
 *
 * They stand in the footers of the parts, and one query reads the footers of all. Where a column
 * has another type now, where rows are hidden, or a footer says nothing, DuckDB is asked part by
 * part: it answers from the footer too if it can, and reads if it has to.
 */
#include "population/internal.h"
#include "population/loading.h"

#include <string.h>

static int64_t in_seconds(const struct inlet *inlet, const struct lake_vector *vector)
{
    int64_t value = lake_integer(vector, 0);
    bool micro = inlet->column->type == VALUE_TIME && vector->type == LAKE_TIMESTAMP;
    return micro ? loading_seconds(value) : value;
}

static bool has_range(const struct table_loading *table, const struct inlet *inlet, size_t p)
{
    return inlet_is_ranged(inlet) && loading_is_in_part(table, inlet, p);
}

static void take_range(struct inlet *inlet, const struct lake_vector *least,
                       const struct lake_vector *most)
{
    if (!lake_known(least, 0) || !lake_known(most, 0))
        return;
    int64_t low = in_seconds(inlet, least), high = in_seconds(inlet, most);
    inlet->least = low < inlet->least ? low : inlet->least;
    inlet->most = high > inlet->most ? high : inlet->most;
}

static void take_ranges(struct table_loading *table, size_t p, const struct lake_chunk *chunk)
{
    size_t column = 0;
    for (size_t c = 0; c < table->inlet_count; c++) {
        if (!has_range(table, &table->inlets[c], p))
            continue;
        take_range(&table->inlets[c], &chunk->columns[column], &chunk->columns[column + 1]);
        column += 2;
    }
}

static enum status ranges_of_part(struct table_loading *table, size_t p, struct error *error)
{
    struct loading *loading = table->loading;
    struct arena *arena = &loading->arena;
    const char **names = ARENA_ARRAY(arena, const char *, table->inlet_count + 1);
    size_t count = 0;
    struct buffer sql;

    buffer_init(&sql, 0);

    /* least and largest of all columns in one statement */
    for (size_t c = 0; c < table->inlet_count; c++) {
        const struct inlet *inlet = &table->inlets[c];
        if (!has_range(table, inlet, p))
            continue;
        bool coded = loading_is_coded(loading, inlet->column, table->parts[p]);
        names[count] = coded ? loading_codes(loading, inlet->column->name) : inlet->column->name;
        buffer_string(&sql, count ? ", min(" : "SELECT min(");
        buffer_sql_name(&sql, text_from(names[count]));
        buffer_string(&sql, "), max(");
        buffer_sql_name(&sql, text_from(names[count++]));
        buffer_char(&sql, ')');
    }

    enum status status = STATUS_OK;
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk = NULL;
    if (count) {
        struct store_read read = {
            table->parts[p]->table, table->parts[p]->role, names, count, false,
            loading_until(loading)};
        buffer_string(&sql, " FROM (");
        status = store_select_part(loading->store, &read, table->parts[p], &sql, error);
        buffer_char(&sql, ')');
        if (status == STATUS_OK)
            status = lake_query(loading->lake, sql.data, &result, error);
        if (status == STATUS_OK)
            status = lake_result_next(result, &chunk, error);
        if (status == STATUS_OK && chunk)
            take_ranges(table, p, chunk);
        lake_result_free(result);
    }

    buffer_release(&sql);
    return status;
}

/* ---- from the footers ---- */

/* A column in the form in which parts hold it: its codes, or its values as they are now. */
struct form {
    size_t inlet;
    const char *name, *type;
};

struct forms {
    struct form *items;
    size_t count, most;
};

static void add_form(struct forms *forms, const struct form *form)
{
    for (size_t i = 0; i < forms->count; i++)
        if (forms->items[i].inlet == form->inlet && strcmp(forms->items[i].name, form->name) == 0)
            return;
    forms->items[forms->count++] = *form;
}

/* Looks at the checksums of what will be read anyway, and collects the forms. *alike false: in some
 * part a column has another type. */
static enum status look_at_part(struct table_loading *table, size_t p, struct forms *forms,
                                bool *alike, struct error *error)
{
    struct loading *loading = table->loading;
    const char **names = ARENA_ARRAY(&loading->arena, const char *, table->inlet_count + 1);
    size_t count = 0;
    for (size_t c = 0; c < table->inlet_count; c++) {
        bool same;
        if (!has_range(table, &table->inlets[c], p))
            continue;
        const struct catalog_part_column *stored =
            loading_stored(table, &table->inlets[c], p, &same);
        *alike &= same && forms->count < forms->most;
        if (!*alike)
            return STATUS_OK;
        add_form(forms, &(struct form){c, stored->name, stored->type});
        names[count++] = stored->name;
    }
    return store_check_part(loading->store, table->parts[p], names, count, error);
}

/* Three columns a form: the least and the largest value, and in how many chunks they are missing
 * although there are values. */
static void select_forms(struct table_loading *table, const struct forms *forms, struct buffer *sql)
{
    struct arena *arena = &table->loading->arena;
    bool any = false;

    /* footers spell values as text; what is no value of the type now is NULL, and counted */
    buffer_string(sql, "SELECT ");
    for (size_t i = 0; i < forms->count; i++) {
        const struct form *form = &forms->items[i];
        struct buffer name;
        buffer_init(&name, 0);
        buffer_sql_text(&name, text_from(form->name));
        buffer_printf(sql,
                      "%smin(TRY_CAST(stats_min_value AS %s)) FILTER (path_in_schema = %s), "
                      "max(TRY_CAST(stats_max_value AS %s)) FILTER (path_in_schema = %s), "
                      "count(*) FILTER (path_in_schema = %s AND "
                      "coalesce(stats_null_count, 0) < num_values AND "
                      "(TRY_CAST(stats_min_value AS %s) IS NULL OR "
                      "TRY_CAST(stats_max_value AS %s) IS NULL))",
                      i ? ", " : "", form->type, name.data, form->type, name.data, name.data,
                      form->type, form->type);
        buffer_release(&name);
    }

    buffer_string(sql, " FROM parquet_metadata([");
    for (size_t p = 0; p < table->part_count; p++) {
        if (!loading_is_read(table, p))
            continue;
        const char *path = store_file(table->loading->store, arena, "%s", table->parts[p]->path);
        buffer_string(sql, any ? ", " : "");
        lake_add_path(sql, path);
        any = true;
    }

    buffer_string(sql, "])");
}

static void take_forms(struct table_loading *table, const struct forms *forms,
                       const struct lake_chunk *chunk, bool *all)
{
    for (size_t i = 0; i < forms->count; i++) {
        const struct lake_vector *answer = &chunk->columns[3 * i];
        take_range(&table->inlets[forms->items[i].inlet], &answer[0], &answer[1]);
        *all &= lake_integer(&answer[2], 0) == 0;
    }
}

/* *all false: some footer does not say it, or is of a part that has to be looked into. */
static enum status ranges_of_footers(struct table_loading *table, bool *all, struct error *error)
{
    enum { FORMS_EACH = 2 }; /* a text's codes bear two names, in older parts and in newer ones */
    struct lake *lake = table->loading->lake;
    struct forms forms = {.most = FORMS_EACH * table->inlet_count};
    forms.items = ARENA_ARRAY(&table->loading->arena, struct form, forms.most + 1);
    *all = true;
    for (size_t p = 0; p < table->part_count && *all; p++) {
        if (!loading_is_read(table, p))
            continue;
        *all = table->parts[p]->last_import <= table->loading->until;
        if (*all)
            TRY(look_at_part(table, p, &forms, all, error));
    }

    if (!*all || !forms.count)
        return STATUS_OK;

    struct buffer sql;
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk = NULL;
    buffer_init(&sql, 0);
    select_forms(table, &forms, &sql);
    enum status status = lake_query(lake, sql.data, &result, error);
    if (status == STATUS_OK)
        status = lake_result_next(result, &chunk, error);
    if (status == STATUS_OK && chunk)
        take_forms(table, &forms, chunk, all);
    lake_result_free(result);
    buffer_release(&sql);
    return status;
}

enum status loading_ranges(struct table_loading *table, struct error *error)
{
    bool all;
    TRY(ranges_of_footers(table, &all, error));
    for (size_t p = 0; p < table->part_count && !all; p++)
        if (loading_is_read(table, p))
            TRY(ranges_of_part(table, p, error));
    return STATUS_OK;
}
