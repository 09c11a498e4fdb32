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

const struct catalog_part_column *loading_stored(const struct table_loading *table,
                                                 const struct inlet *inlet, size_t part,
                                                 bool *as_is)
{
    struct loading *loading = table->loading;
    const struct schema_column *column = inlet->column;
    char type[STORE_SQL_TYPE_MAX];
    bool coded = loading_is_coded(loading, column, table->parts[part]);
    const struct catalog_part_column *stored = store_part_column(
        table->parts[part], coded ? loading_codes(loading, column->name) : column->name);
    *as_is = stored && (coded || strcmp(stored->type,
                                        store_sql_type(column->type, column->scale, type)) == 0);
    return stored;
}

bool loading_is_in_part(const struct table_loading *table, const struct inlet *inlet, size_t part)
{
    const char *name = inlet->column->name;
    return loading_has_column(table->parts[part], name) ||
           loading_has_column(table->parts[part], loading_codes(table->loading, name));
}

/* A telling is read for what it tells; a fact counts even when nothing of it is read. */
static bool tells_nothing(const struct table_loading *table, size_t part)
{
    if (table->table->role != SCHEMA_TRAITS || !table->inlet_count)
        return false;
    for (size_t c = 0; c < table->inlet_count; c++)
        if (loading_is_in_part(table, &table->inlets[c], part))
            return false;
    return true;
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
            strcmp(parts[i].table, table->table->name) == 0 && loading_sees(loading, &parts[i])) {
            table->parts[table->part_count] = &parts[i];
            table->part_count += !tells_nothing(table, table->part_count);
        }

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
    const struct put *put = context;
    struct table_loading *table = put->table;
    int64_t room[LAKE_CHUNK_ROWS];
    struct inlet_run runs[LAKE_CHUNK_ROWS];

    /* without places the time is a value to be put like any other; with them it has been read
     * already */
    size_t own = table->place ? 0 : 1, base;
    ENSURE(in->rows <= LAKE_CHUNK_ROWS);
    const int64_t *rows = loading_rows(put, in, room, &base);
    struct inlet_chunk chunk = {runs, 0, in->rows, rows, base};
    memset(out->data, 1, in->rows);
    if (!in->rows)
        return STATUS_OK;

    /* runs are found from the chunk's first row alone, so its rows must follow each other within
     * the part */
    if (!table->place && ((size_t)rows[in->rows - 1] - (size_t)rows[0] != in->rows - 1 ||
                          (size_t)rows[in->rows - 1] >= table->start[table->loading->limit]))
        return loading_differs(table, error);
    chunk.run_count = loading_find_runs(table, base, rows, in->rows, runs);
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

static void find_sparse(struct table_loading *table)
{
    for (size_t c = 0; c < table->inlet_count; c++)
        for (size_t p = 0; p < table->part_count; p++)
            table->inlets[c].sparse |= !loading_is_in_part(table, &table->inlets[c], p);
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
        if (!loading_is_in_part(table, inlet, p))
            continue;
        bool coded = loading_is_coded(table->loading, column, table->parts[p]);
        names[count + own] = coded ? loading_codes(table->loading, column->name) : column->name;
        types[count + own] = column->type == VALUE_SET ? "UINTEGER[]" : "UINTEGER";
        if (!coded)
            types[count + own] =
                arena_strdup(arena, store_sql_type(column->type, column->scale, type));
        sources[count++] = (struct inlet_source){inlet, coded};
    }
    types[count + own] = types[count + own + 1] = "BIGINT";
    return count;
}

bool loading_is_read(const struct table_loading *table, size_t p)
{
    size_t end = table->base[p] + table->parts[p]->rows;
    for (size_t row = table->base[p]; table->place && row < end; row++)
        if (table->place[row] != UINT32_MAX)
            return true;
    return !table->place;
}

/* Whether of two parts the same is read, in the same form. */
static bool reads_alike(const struct table_loading *table, size_t p, size_t q)
{
    for (size_t c = 0; c < table->inlet_count; c++) {
        const struct inlet *inlet = &table->inlets[c];
        bool in_p = loading_is_in_part(table, inlet, p), in_q = loading_is_in_part(table, inlet, q);
        if (in_p != in_q ||
            (in_p && loading_is_coded(table->loading, inlet->column, table->parts[p]) !=
                         loading_is_coded(table->loading, inlet->column, table->parts[q])))
            return false;
    }
    return true;
}

struct reading {
    const char **names, **types; /* of what a part's rows are read for */
    struct inlet_source *sources;
};

/* Every row has its place: parts that are alike are read together. */
static enum status read_placed(struct table_loading *table, const struct reading *reading,
                               struct error *error)
{
    struct arena *arena = &table->loading->arena;
    size_t *group = ARENA_ARRAY(arena, size_t, table->part_count + 1);
    bool *done = ARENA_ARRAY(arena, bool, table->part_count + 1);
    for (size_t p = 0; p < table->part_count; p++)
        done[p] = !loading_is_read(table, p);
    for (size_t p = 0; p < table->part_count; p++) {
        size_t parts = 0;
        for (size_t q = p; q < table->part_count && !done[p]; q++)
            if (!done[q] && reads_alike(table, p, q)) {
                group[parts++] = q;
                done[q] = q != p;
            }
        size_t count =
            parts ? name_columns(table, p, 0, reading->names, reading->types, reading->sources) : 0;
        if (count)
            TRY(loading_read_parts(table, group, parts, reading->names, reading->types, count,
                                   put_values, reading->sources, count, error));
    }
    return STATUS_OK;
}

/* One part after the other, as its rows go behind those before them. */
static enum status read_following(struct table_loading *table, const struct reading *reading,
                                  struct error *error)
{
    table->time = population_room(table->rows, sizeof *table->time);
    for (size_t p = 0; p < table->part_count; p++) {
        size_t count = name_columns(table, p, 1, reading->names, reading->types, reading->sources);
        TRY(loading_next_part(table, p, error));
        TRY(loading_read_parts(table, &p, 1, reading->names, reading->types, count + 1, put_values,
                               reading->sources, count, error));
    }
    return STATUS_OK;
}

static enum status read_values(struct table_loading *table, struct error *error)
{
    struct arena *arena = &table->loading->arena;
    size_t most = table->inlet_count + 3; /* a time, and the part and place of a row */
    struct reading reading = {ARENA_ARRAY(arena, const char *, most),
                              ARENA_ARRAY(arena, const char *, most),
                              ARENA_ARRAY(arena, struct inlet_source, most)};
    return table->place ? read_placed(table, &reading, error)
                        : read_following(table, &reading, error);
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
    TRY(loading_ranges(table, error));
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
    table.overruling = overruling_new(&table);
    TRY_GOTO(loading_place_rows(&table, error));
    TRY_GOTO(read_columns(&table, error));
    status = hand_over(&table, error);
done:
    close_table(&table);
    return status;
}
