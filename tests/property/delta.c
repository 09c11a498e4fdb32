/*
 * What arrived since: a part of the world's rows is kept from the population and given to a delta
 * instead. Each customer, evaluated alone with the delta beside the population, must get the answer
 * of the population that has everything.
 */
#include "threeway.h"

#include "population/delta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Moves about one row in `in` to `late`; what follows a moved row within its second moves too, as
 * later additions come later. */
static void split(struct random *random, const struct world *world, int in, struct world *early,
                  struct world *late)
{
    for (size_t t = 0; t < world->schema->table_count; t++) {
        const struct world_rows *rows = &world->rows[t];
        bool moving = false;
        for (size_t i = 0; i < rows->list.count; i++) {
            const struct world_row *row = &rows->list.items[i],
                                   *before = i ? &rows->list.items[i - 1] : NULL;
            bool same = before && before->customer == row->customer && before->time == row->time;
            moving = (moving && same) || random_one_in(random, in);
            if (moving && world->schema->tables[t].role != SCHEMA_REFERENCE)
                VECTOR_PUSH(&late->rows[t].list, *row);
            else
                VECTOR_PUSH(&early->rows[t].list, *row);
        }
    }
}

static struct population_value value_of(struct population_delta *delta,
                                        const struct schema_column *column,
                                        const struct world_cell *cell, uint32_t *codes)
{
    struct population_value value = {
        .known = cell->known, .integer = cell->integer, .number = cell->number};
    if (!cell->known)
        return (struct population_value){0};
    if (column->type == VALUE_TEXT)
        value.integer = population_delta_code(delta, text_from(cell->text));
    if (column->type == VALUE_POINT) {
        value.latitude = cell->number;
        value.longitude = cell->longitude;
    }
    for (int i = 0; column->type == VALUE_SET && i < cell->item_count; i++) {
        uint32_t code = population_delta_code(delta, text_from(cell->items[i])),
                 at = value.code_count++;
        for (; at > 0 && codes[at - 1] > code; at--)
            codes[at] = codes[at - 1];
        codes[at] = code;
    }
    value.codes = codes;
    return value;
}

static void add_rows(const struct world *late, const struct population *population,
                     struct population_delta *delta)
{
    for (size_t t = 0; t < late->schema->table_count; t++) {
        const struct schema_table *table = &late->schema->tables[t];
        int index = population_table_index(population, table->name);
        for (size_t i = 0; i < late->rows[t].list.count; i++) {
            const struct world_row *row = &late->rows[t].list.items[i];
            struct population_value values[WORLD_COLUMNS_MAX];
            uint32_t codes[WORLD_COLUMNS_MAX][WORLD_ITEMS_MAX], position = 0;
            while (ways_customer(population, position) != row->customer)
                position++;
            for (size_t c = 0; c < table->column_count; c++)
                values[c] = value_of(delta, &table->columns[c], &row->cells[c], codes[c]);
            population_delta_add(delta, position, index, (uint32_t)row->time, values);
        }
    }
}

bool needs_everyone(const struct segment_set *set, int segment)
{
    static const char *const words[] = {"top ", "bottom ", "ntile(", "percentile ",
                                        "account.customers"};
    const struct segment_definition *definition = &set->segments[segment];
    for (size_t i = 0; definition->text && i < sizeof words / sizeof *words; i++)
        if (strstr(definition->text, words[i]))
            return true;
    for (int i = 0; i < definition->use_count; i++)
        if (needs_everyone(set, definition->uses[i]))
            return true;
    for (int i = 0; definition->scheme >= 0 && i < segment; i++)
        if (set->segments[i].scheme == definition->scheme && needs_everyone(set, i))
            return true;
    return false;
}

static enum status compare(const struct world *world, const struct segment_set *set,
                           const struct population *population,
                           const struct population_delta *delta, const unsigned char *whole,
                           int *segment, int *customer, struct error *error)
{
    struct plan *plan = NULL;
    struct plan_phase *phase = NULL;
    struct plan_state *state = NULL;
    uint64_t *bits = base_calloc((size_t)set->segment_count / 64 + 1, sizeof *bits);
    enum status status;
    *segment = -1;
    TRY_GOTO(plan_new(set, world->schema, NULL, -1, &plan, error));
    TRY_GOTO(plan_phase_new(plan, population, world->now, NULL, &phase, error));
    state = plan_state_new(plan);
    for (uint32_t position = 0; position < population->customers && *segment < 0; position++) {
        TRY_GOTO(plan_evaluate_one(plan, population, phase, position, world->now, delta, state,
                                   bits, NULL, error));
        *customer = ways_customer(population, position);
        for (int s = 0; s < set->segment_count && *segment < 0; s++)
            if ((bits[s / 64] >> (s % 64) & 1) != whole[s * world->customers + *customer] &&
                !needs_everyone(set, s))
                *segment = s;
    }
done:
    free(bits);
    plan_state_free(state);
    plan_phase_free(phase);
    plan_free(plan);
    return status;
}

enum status delta_check(struct random *random, const struct world *world,
                        const struct segment_set *set, const unsigned char *whole, int *segment,
                        int *customer, struct error *error)
{
    struct world early = *world, late = *world;
    struct population *population = NULL;
    size_t tables = world->schema->table_count;
    early.rows = base_calloc(tables, sizeof *early.rows);
    late.rows = base_calloc(tables, sizeof *late.rows);
    split(random, world, 2 + random_below(random, 10), &early, &late);
    enum status status = world_population(&early, &population, error);
    if (status == STATUS_OK) {
        struct population_delta *delta = population_delta_new(population);
        add_rows(&late, population, delta);
        status = compare(world, set, population, delta, whole, segment, customer, error);
        population_delta_free(delta);
    }
    for (size_t t = 0; *segment >= 0 && getenv("THREEWAY_DELTA") && t < tables; t++) {
        for (size_t i = 0; i < early.rows[t].list.count + late.rows[t].list.count; i++) {
            size_t own = early.rows[t].list.count;
            const struct world_row *row =
                i < own ? &early.rows[t].list.items[i] : &late.rows[t].list.items[i - own];
            if (row->customer == *customer && !row->key)
                printf("# %s %s T%+lld\n", i < own ? "early" : "late",
                       world->schema->tables[t].name, (long long)(row->time - world->now));
        }
    }
    population_free(population);
    for (size_t t = 0; t < tables; t++) {
        VECTOR_RELEASE(&early.rows[t].list);
        VECTOR_RELEASE(&late.rows[t].list);
    }
    free(early.rows);
    free(late.rows);
    return status;
}
