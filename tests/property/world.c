#include "world.h"

#include "sql/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, 0);
}

void world_release(struct world *world)
{
    for (size_t t = 0; world->rows && t < world->schema->table_count; t++)
        VECTOR_RELEASE(&world->rows[t].list);
    VECTOR_RELEASE(&world->records);
    VECTOR_RELEASE(&world->lists);
    arena_release(&world->arena);
    memset(world, 0, sizeof *world);
}

uint64_t world_number(int customer)
{
    return (uint64_t)customer * 3 + 7;
}

/* Stable, so that rows of one second keep the order in which they were given. */
static void sort_rows(struct world_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct world_row row = rows[i];
        size_t at = i;
        for (; at > 0; at--) {
            const struct world_row *before = &rows[at - 1];
            if (before->customer < row.customer ||
                (before->customer == row.customer && before->time <= row.time))
                break;
            rows[at] = rows[at - 1];
        }
        rows[at] = row;
    }
}

static int compare_records(const void *a, const void *b)
{
    const struct world_record *x = a, *y = b;
    if (x->customer != y->customer)
        return x->customer - y->customer;
    return x->entered < y->entered ? -1 : x->entered > y->entered;
}

void world_finish(struct world *world)
{
    for (size_t t = 0; t < world->schema->table_count; t++)
        if (world->schema->tables[t].role != SCHEMA_REFERENCE)
            sort_rows(world->rows[t].list.items, world->rows[t].list.count);
    if (world->records.count)
        qsort(world->records.items, world->records.count, sizeof *world->records.items,
              compare_records);
}

int64_t world_first(const struct world *world, int customer)
{
    int64_t first = INT64_MAX;
    for (size_t t = 0; t < world->schema->table_count; t++) {
        if (world->schema->tables[t].role == SCHEMA_REFERENCE)
            continue;
        for (size_t i = 0; i < world->rows[t].list.count; i++) {
            const struct world_row *row = &world->rows[t].list.items[i];
            if (row->customer == customer && row->time < first)
                first = row->time;
        }
    }
    return first;
}

/* ---- the population ---- */

struct column_arrays {
    int64_t *integers;
    double *doubles;
    uint32_t *codes, *set_start;
    uint64_t *known;
};

static int compare_codes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void fill_set(struct population_builder *builder, const struct world_cell *cell,
                     struct column_arrays *arrays, size_t row)
{
    uint32_t start = arrays->set_start[row];
    for (int i = 0; cell->known && i < cell->item_count; i++)
        arrays->codes[start++] = population_builder_code(builder, text_from(cell->items[i]));
    qsort(arrays->codes + arrays->set_start[row], start - arrays->set_start[row],
          sizeof *arrays->codes, compare_codes);
    arrays->set_start[row + 1] = start;
}

static struct population_input input_column(struct population_builder *builder, struct arena *arena,
                                            const struct schema_column *column,
                                            const struct world_rows *rows, size_t c)
{
    size_t count = rows->list.count;
    struct column_arrays arrays = {
        .integers = ARENA_ARRAY(arena, int64_t, count + 1),
        .doubles = ARENA_ARRAY(arena, double, 2 * count + 1),
        .codes = ARENA_ARRAY(arena, uint32_t, count * WORLD_ITEMS_MAX + 1),
        .set_start = ARENA_ARRAY(arena, uint32_t, count + 1),
        .known = ARENA_ARRAY(arena, uint64_t, count / 64 + 1),
    };
    for (size_t i = 0; i < count; i++) {
        const struct world_cell *cell = &rows->list.items[i].cells[c];
        if (cell->known)
            arrays.known[i / 64] |= UINT64_C(1) << (i % 64);
        arrays.integers[i] = cell->known ? cell->integer : 0;
        if (column->type == VALUE_POINT) {
            arrays.doubles[2 * i] = cell->number;
            arrays.doubles[2 * i + 1] = cell->longitude;
        } else {
            arrays.doubles[i] = cell->number;
        }
        if (column->type == VALUE_SET)
            fill_set(builder, cell, &arrays, i);
        else if (column->type == VALUE_TEXT)
            arrays.codes[i] =
                population_builder_code(builder, text_from(cell->known ? cell->text : ""));
    }
    bool real = column->type == VALUE_DOUBLE || column->type == VALUE_POINT;
    bool coded = column->type == VALUE_TEXT || column->type == VALUE_SET;
    return (struct population_input){
        .name = column->name,
        .type = column->type,
        .scale = column->scale,
        .refers = column->refers,
        .integers = real || coded ? NULL : arrays.integers,
        .doubles = real ? arrays.doubles : NULL,
        .codes = coded ? arrays.codes : NULL,
        .set_start = column->type == VALUE_SET ? arrays.set_start : NULL,
        .known = arrays.known,
    };
}

static enum status build_table(const struct world *world, struct population_builder *builder,
                               size_t t, struct arena *arena, struct error *error)
{
    const struct schema_table *table = &world->schema->tables[t];
    const struct world_rows *rows = &world->rows[t];
    size_t count = rows->list.count;
    struct population_input *columns =
        ARENA_ARRAY(arena, struct population_input, table->column_count + 1);
    for (size_t c = 0; c < table->column_count; c++)
        columns[c] = input_column(builder, arena, &table->columns[c], rows, c);
    uint32_t *customer = ARENA_ARRAY(arena, uint32_t, count + 1),
             *time = ARENA_ARRAY(arena, uint32_t, count + 1);
    uint32_t *keys = ARENA_ARRAY(arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        customer[i] = (uint32_t)rows->list.items[i].customer;
        time[i] = (uint32_t)rows->list.items[i].time;
        if (table->role == SCHEMA_REFERENCE)
            keys[i] = population_builder_code(builder, text_from(rows->list.items[i].key));
    }
    if (table->role == SCHEMA_REFERENCE)
        return population_builder_reference(builder, table->name, count, keys, columns,
                                            table->column_count, error);
    return population_builder_table(builder, table->name, table->role, count, customer, time,
                                    columns, table->column_count, error);
}

static void build_records(const struct world *world, struct population_builder *builder,
                          struct arena *arena)
{
    size_t count = world->records.count;
    uint32_t *customer = ARENA_ARRAY(arena, uint32_t, count + 1);
    int64_t *entered = ARENA_ARRAY(arena, int64_t, count + 1),
            *left = ARENA_ARRAY(arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *segment = world->records.items[i].segment;
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(world->records.items[j].segment, segment) == 0;
        if (seen)
            continue;
        size_t kept = 0;
        for (size_t j = 0; j < count; j++) {
            const struct world_record *record = &world->records.items[j];
            if (strcmp(record->segment, segment) != 0)
                continue;
            customer[kept] = (uint32_t)record->customer;
            entered[kept] = record->entered;
            left[kept++] = record->left;
        }
        population_builder_records(builder, segment, kept, customer, entered, left);
    }
}

static void build_lists(const struct world *world, struct population_builder *builder,
                        struct arena *arena)
{
    size_t count = world->lists.count;
    struct text *identifiers = ARENA_ARRAY(arena, struct text, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *name = world->lists.items[i].name;
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(world->lists.items[j].name, name) == 0;
        if (seen)
            continue;
        size_t kept = 0;
        for (size_t j = 0; j < count; j++)
            if (strcmp(world->lists.items[j].name, name) == 0)
                identifiers[kept++] = text_from(world->identifiers[world->lists.items[j].customer]);
        population_builder_list(builder, name, identifiers, kept);
    }
}

enum status world_population(const struct world *world, struct population **out,
                             struct error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct population_builder *builder = population_builder_new(world->zone);
    uint64_t *numbers = ARENA_ARRAY(&arena, uint64_t, (size_t)world->customers + 1);
    struct text *identifiers = ARENA_ARRAY(&arena, struct text, (size_t)world->customers + 1);
    for (int i = 0; i < world->customers; i++) {
        numbers[i] = world_number(i);
        identifiers[i] = text_from(world->identifiers[i]);
    }
    population_builder_customers(builder, numbers, identifiers, (uint32_t)world->customers);
    enum status status = STATUS_OK;
    for (size_t t = 0; t < world->schema->table_count && status == STATUS_OK; t++)
        status = build_table(world, builder, t, &arena, error);
    if (status == STATUS_OK) {
        build_records(world, builder, &arena);
        build_lists(world, builder, &arena);
        status = population_builder_finish(builder, NULL, out, error);
    }
    population_builder_free(builder);
    arena_release(&arena);
    return status;
}
