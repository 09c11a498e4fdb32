/* Traits as columns of one value a customer, sorted once so that pairs of them can be compared in
 * linear time. */
#include "insight/traits.h"
#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

/* Doubles as integers that keep their order. */
static int64_t ordered_bits(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? (int64_t)(UINT64_C(0x7fffffffffffffff) ^ (uint64_t)bits) : bits;
}

double insight_trait_double(int64_t value)
{
    int64_t bits = value < 0 ? (int64_t)(UINT64_C(0x7fffffffffffffff) ^ (uint64_t)value) : value;
    double out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

struct held {
    int64_t value;
    uint32_t position;
};

static int by_value(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

static void rank_values(struct insight_trait *trait, const struct held *held, struct arena *arena)
{
    trait->by_rank = ARENA_ARRAY(arena, uint32_t, trait->known + 1u);
    trait->start = ARENA_ARRAY(arena, uint32_t, trait->known + 2u);

    for (uint32_t i = 0; i < trait->known; i++) {
        if (!i || held[i].value != held[i - 1].value)
            trait->start[trait->distinct++] = i;
        trait->by_rank[i] = held[i].position;
        trait->rank[held[i].position] = trait->distinct - 1;
        trait->value[held[i].position] = held[i].value;
    }
    trait->start[trait->distinct] = trait->known;
}

/* The row of the last value known by then, or false. */
static bool last_known(const struct population_table *table, const struct population_column *column,
                       uint32_t position, int64_t now, uint32_t *row,
                       struct population_value *value)
{
    for (*row = table->offset[position + 1]; (*row)-- > table->offset[position];) {
        *value = population_get(column, *row);
        if (value->known && table->time[*row] <= now)
            return true;
    }
    return false;
}

static void read_trait(const struct population *population, const struct population_table *table,
                       const struct population_column *column, const uint64_t *existing,
                       int64_t now, struct arena *arena, struct insight_trait *trait)
{
    struct held *held = base_malloc((population->customers + 1u) * sizeof *held);

    *trait =
        (struct insight_trait){.name = column->name, .type = column->type, .scale = column->scale};
    trait->value = ARENA_ARRAY(arena, int64_t, population->customers + 1u);
    trait->rank = ARENA_ARRAY(arena, uint32_t, population->customers + 1u);

    /* As the trait stands at the moment: the last known telling, and for each
     * customer who exists. */
    for (uint32_t p = 0, row; p < population->customers; p++) {
        struct population_value value;
        trait->rank[p] = INSIGHT_NO_RANK;
        if (!bit_at(existing, p))
            continue;
        trait->customers++;
        if (!last_known(table, column, p, now, &row, &value))
            continue;
        held[trait->known++] = (struct held){
            column->type == VALUE_DOUBLE ? ordered_bits(value.number) : value.integer, p};
        trait->undated |= table->time[row] == 0;
        trait->latest = table->time[row] > trait->latest ? table->time[row] : trait->latest;
    }

    /* Sets and points are not ordered, so they have no ranks. */
    if (column->type != VALUE_SET && column->type != VALUE_POINT) {
        qsort(held, trait->known, sizeof *held, by_value);
        rank_values(trait, held, arena);
    }

    free(held);
}

void insight_traits_read(const struct population *population, const uint64_t *existing, int64_t now,
                         struct arena *arena, struct insight_traits *out)
{
    int t = population_table_index(population, SCHEMA_TRAIT_TABLE);

    *out = (struct insight_traits){0};
    if (t < 0)
        return;
    const struct population_table *table = &population->tables[t];

    out->items = ARENA_ARRAY(arena, struct insight_trait, table->column_count + 1);
    for (size_t c = 0; c < table->column_count; c++)
        read_trait(population, table, &table->columns[c], existing, now, arena,
                   &out->items[out->count++]);
}
