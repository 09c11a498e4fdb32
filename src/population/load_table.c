/*
 * Loading one table of facts or traits: its parts, its columns, and what they hold. The reader ends
 * in a function that puts values to places which are known beforehand (load_place.c); nothing is
 * collected, sorted or moved afterwards.
 *
 * Texts come as codes where the part has them. Where it has not (a column with too many texts, or
 * one that became text later), they are numbered while they are read, in order of appearance.
 */
#include "population/internal.h"
#include "population/loading.h"

#include <stdlib.h>
#include <string.h>

static int by_import(const void *a, const void *b)
{
    const struct catalog_part *x = *(const struct catalog_part *const *)a,
                              *y = *(const struct catalog_part *const *)b;
    if (x->first_import != y->first_import)
        return x->first_import < y->first_import ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static enum status find_parts(struct table_loading *table, struct error *error)
{
    struct loading *loading = table->loading;
    size_t count;
    const struct catalog_part *parts = store_parts(loading->store, &count);
    table->parts = ARENA_ARRAY(&loading->arena, const struct catalog_part *, count + 1);
    table->base = ARENA_ARRAY(&loading->arena, size_t, count + 1);
    for (size_t i = 0; i < count; i++)
        if ((parts[i].role == PART_FACTS || parts[i].role == PART_TRAITS) &&
            strcmp(parts[i].table, table->table->name) == 0 && loading_sees(loading, &parts[i]))
            table->parts[table->part_count++] = &parts[i];

    /* in order of imports: of rows of the same moment the earlier import's comes first */
    if (table->part_count)
        qsort(table->parts, table->part_count, sizeof(*table->parts), by_import);
    for (size_t p = 0; p < table->part_count; p++) {
        table->base[p] = table->total;
        table->total += table->parts[p]->rows;
    }

    if (table->total > UINT32_MAX - 1)
        return error_set(error, STATUS_LIMIT,
                         "%s has %zu rows; at most 4,294,967,294 fit into one kind",
                         table->table->name, table->total);
    return STATUS_OK;
}

static enum status put_values(void *context, const struct lake_chunk *in, struct lake_output *out,
                              struct error *error)
{
    enum { ROWS_MAX = LAKE_CHUNK_ROWS };
    const struct put *put = context;
    struct table_loading *table = put->table;
    const int64_t *rows = in->columns[in->column_count - 1].data;
    struct inlet_run runs[ROWS_MAX];
    struct inlet_chunk chunk = {runs, 0, in->rows, rows, put->base};

    /* without places the time is a value to be put like any other; with them it has been read
     * already */
    size_t own = table->place ? 0 : 1;
    memset(out->data, 1, in->rows);
    ENSURE(in->rows <= ROWS_MAX);
    if (!in->rows)
        return STATUS_OK;

    /* runs are found from the chunk's first row alone, so its rows must follow each other within
     * the part */
    if (!table->place && ((size_t)rows[in->rows - 1] - (size_t)rows[0] != in->rows - 1 ||
                          (size_t)rows[in->rows - 1] >= table->start[table->loading->limit]))
        return loading_differs(table, error);

    chunk.run_count = loading_find_runs(table, put->base, rows, in->rows, runs);
    if (own)
        inlet_put_plain(in->columns[0].data, table->time, &chunk);
    for (size_t c = 0; c < put->source_count; c++)
        inlet_put(put->sources[c].inlet, &in->columns[c + own], put->sources[c].coded, &chunk);
    return STATUS_OK;
}

static bool is_text(const struct inlet *inlet)
{
    return inlet->column->type == VALUE_TEXT || inlet->column->type == VALUE_SET;
}

static void need_numbering(struct table_loading *table)
{
    if (table->numbering)
        return;
    struct loading *loading = table->loading;
    table->numbering = store_numbering_new((uint32_t)loading->dictionary->count);

    for (size_t i = 0; i < loading->dictionary->count; i++)
        store_numbering_known(table->numbering, loading->dictionary->texts[i], (uint32_t)i);
}

static void find_numbered(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        for (size_t p = 0; p < table->part_count; p++)
            if (is_text(inlet) &&
                !loading_is_coded(table->loading, inlet->column, table->parts[p])) {
                need_numbering(table);
                inlet->numbering = table->numbering;
            }
        inlet->met_step = table->inlet_count;
        inlet->met = c;
    }
}

static bool is_in_part(const struct table_loading *table, const struct inlet *inlet, size_t p)
{
    return loading_has_column(table->parts[p], inlet->column->name) ||
           loading_has_column(table->parts[p], loading_codes(table->loading, inlet->column->name));
}

static void find_sparse(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++)
        for (size_t p = 0; p < table->part_count; p++)
            table->inlets[c].sparse |= !is_in_part(table, &table->inlets[c], p);
}

/* Names and types of those columns that a part has, behind `own` of the table's own, and whose they
 * are. */
static size_t name_columns(struct table_loading *table, size_t p, size_t own, const char **names,
                           const char **types, struct inlet_source *sources)
{
    struct arena *arena = &table->loading->arena;
    size_t count = 0;
    names[0] = "time"; /* overwritten when it is not read here */
    types[0] = "UINTEGER";
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        const struct schema_column *column = inlet->column;
        char type[STORE_SQL_TYPE_MAX];
        if (!is_in_part(table, inlet, p))
            continue;
        bool coded = loading_is_coded(table->loading, column, table->parts[p]);
        names[count + own] = coded ? loading_codes(table->loading, column->name) : column->name;
        types[count + own] = column->type == VALUE_SET ? "UINTEGER[]" : "UINTEGER";
        if (!coded)
            types[count + own] =
                arena_strdup(arena, store_sql_type(column->type, column->scale, type));
        sources[count++] = (struct inlet_source){inlet, coded};
    }
    types[count + own] = "BIGINT";
    return count;
}

static enum status read_values(struct table_loading *table, struct error *error)
{
    struct arena *arena = &table->loading->arena;
    size_t own = table->place ? 0 : 1, most = table->inlet_count + own;
    const char **names = ARENA_ARRAY(arena, const char *, most + 1);
    const char **types = ARENA_ARRAY(arena, const char *, most + 2);
    struct inlet_source *sources = ARENA_ARRAY(arena, struct inlet_source, table->inlet_count + 1);

    /* Without places the rows stand as they will, and the times are read along with the values;
     * else the times were read to find the places. */
    if (own)
        table->time = population_room(table->rows, sizeof *table->time);

    for (size_t p = 0; p < table->part_count; p++) {
        size_t count = name_columns(table, p, own, names, types, sources);
        TRY(own ? loading_next_part(table, p, error) : STATUS_OK);
        if (count + own)
            TRY(loading_read_part(table, p, names, types, count + own, put_values, sources, count,
                                  error));
    }
    return STATUS_OK;
}

/*
 * Least and largest values. DuckDB answers from the statistics that stand in the part, unless a
 * column has another type now or rows are hidden: then it reads.
 */
static int64_t in_seconds(const struct inlet *inlet, const struct lake_vector *vector)
{
    int64_t value = lake_integer(vector, 0);
    bool micro = inlet->column->type == VALUE_TIME && vector->type == LAKE_TIMESTAMP;
    return micro ? loading_seconds(value) : value;
}

static bool has_range(const struct table_loading *table, const struct inlet *inlet, size_t p)
{
    return inlet_is_ranged(inlet) && is_in_part(table, inlet, p);
}

static void take_ranges(struct table_loading *table, size_t p, const struct lake_chunk *chunk)
{
    size_t column = 0;
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        if (!has_range(table, inlet, p))
            continue;

        const struct lake_vector *least = &chunk->columns[column++],
                                 *most = &chunk->columns[column++];
        if (!lake_known(least, 0)) /* nothing in this part is known */
            continue;
        int64_t low = in_seconds(inlet, least), high = in_seconds(inlet, most);
        inlet->least = low < inlet->least ? low : inlet->least;
        inlet->most = high > inlet->most ? high : inlet->most;
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

    /* least and largest of all columns in one statement, which the part's statistics answer */
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

/*
 * The whole.
 */
/* The codes that were given while reading become the population's. */
static void settle_codes(struct table_loading *table)
{
    if (!table->numbering)
        return;
    uint32_t fresh = store_numbering_settle(table->numbering, NULL);
    for (uint32_t i = 0; i < fresh; i++)
        dictionary_add(table->loading->dictionary, store_numbering_new_text(table->numbering, i));
}

static enum status read_columns(struct table_loading *table, struct error *error)
{
    /* what every part says of a column has to be known before the first value is put */
    find_numbered(table);
    find_sparse(table);
    for (size_t p = 0; p < table->part_count; p++)
        TRY(ranges_of_part(table, p, error));

    for (size_t c = 0; c < table->inlet_count; c++)
        inlet_open(&table->inlets[c], table->rows);
    TRY(read_values(table, error));

    settle_codes(table);
    for (size_t c = 0; c < table->inlet_count; c++)
        TRY(inlet_close(&table->inlets[c], table->loading->dictionary->count, error));
    return STATUS_OK;
}

static enum status hand_over(struct table_loading *table, struct error *error)
{
    struct arena *arena = &table->loading->arena;
    struct population_table whole = {
        .name = table->table->name,
        .role = table->table->role,
        .rows = table->rows,
        .offset = table->offset,
        .time = table->time,
        .columns = ARENA_ARRAY(arena, struct population_column, table->inlet_count + 1),
        .column_count = table->inlet_count,
    };
    const char **refers = ARENA_ARRAY(arena, const char *, table->inlet_count + 1);

    /* from here on these belong to the builder: close_table must not free them */
    table->offset = table->time = NULL;
    for (size_t c = 0; c < table->inlet_count; c++) {
        struct inlet *inlet = &table->inlets[c];
        whole.columns[c] = inlet->out;
        refers[c] = inlet->column->refers;
        inlet->out = (struct population_column){0};
    }
    return population_builder_placed_table(table->loading->builder, &whole, refers,
                                           table->loading->pool, error);
}

static void close_table(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++)
        inlet_release(&table->inlets[c]);
    free(table->offset);
    free(table->time);
    free(table->start);
    free(table->done);
    free(table->latest);
    free(table->customer);
    free(table->read_time);
    free(table->import);
    free(table->arrival);
    free(table->place);
    store_numbering_free(table->numbering);
}

enum status loading_table(struct loading *loading, const struct schema_table *schema,
                          const struct schema_column *const *columns, size_t count,
                          struct error *error)
{
    struct table_loading table = {.loading = loading, .table = schema, .inlet_count = count};
    table.inlets = ARENA_ARRAY(&loading->arena, struct inlet, count + 1);
    for (size_t c = 0; c < count; c++)
        inlet_init(&table.inlets[c], columns[c]);
    enum status status;
    TRY_GOTO(find_parts(&table, error));
    TRY_GOTO(loading_place_rows(&table, error));
    TRY_GOTO(read_columns(&table, error));
    status = hand_over(&table, error);
done:
    close_table(&table);
    return status;
}
