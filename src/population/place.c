/*
 * Places: in which order customers stand, and what follows from where their rows are. Customers go
 * by last activity, so that whoever is quiet lies together; the rest is one pass over offsets and
 * times, handed out to the pool in chunks of positions.
 */
#include "population/internal.h"

#include <stdlib.h>
#include <string.h>

/* A radix sort from the lowest digit on. Pairs move whole, so that each pass reads straight on. */
void population_sort_pairs(uint64_t *pairs, size_t count)
{
    enum { BITS = 11, BUCKETS = 1 << BITS, PASSES = 3 }; /* 33 bits: all 32 of the key */
    size_t(*start)[BUCKETS] = base_calloc(PASSES, sizeof *start);
    uint64_t *other = population_room(count, sizeof *other), *from = pairs;

    /* the counts of all passes at once: which pairs have a digit does not depend on their order */
    for (size_t i = 0; i < count; i++)
        for (int pass = 0; pass < PASSES; pass++)
            start[pass][pairs[i] >> (32 + pass * BITS) & (BUCKETS - 1)]++;

    for (int pass = 0; pass < PASSES; pass++) {
        size_t sum = 0, largest = 0;
        for (int b = 0; b < BUCKETS; b++) {
            size_t here = start[pass][b];
            largest = here > largest ? here : largest;
            start[pass][b] = sum;
            sum += here;
        }
        if (largest == count)
            continue; /* all have the same digit */
        uint64_t *to = from == pairs ? other : pairs;
        for (size_t i = 0; i < count; i++)
            to[start[pass][from[i] >> (32 + pass * BITS) & (BUCKETS - 1)]++] = from[i];
        from = to;
    }

    if (from != pairs)
        memcpy(pairs, from, count * sizeof *pairs);
    free(other);
    free(start);
}

enum { DESCRIBE_CHUNK = 32 * POPULATION_BLOCK };

struct described {
    uint32_t time_min, time_max;
    bool one_each, in_order;
};

struct describing {
    const struct population_table *table;
    uint32_t customers;
    uint32_t *last_time, *block_last;
    struct described *chunks;
};

/* Where time goes back there has to be a new customer: both are counted, and neither loop looks at
 * the other's. */
static bool is_in_order(const struct population_table *table, uint32_t begin, uint32_t end)
{
    const uint32_t *time = table->time, *offset = table->offset;
    uint32_t back = 0, allowed = 0;
    for (size_t row = (size_t)offset[begin] + 1; row < offset[end]; row++)
        back += time[row] < time[row - 1];
    for (uint32_t p = begin; p < end; p++)
        if (offset[p] > offset[begin] && offset[p] < offset[p + 1])
            allowed += time[offset[p]] < time[offset[p] - 1];
    return back == allowed;
}

static void describe_chunk(void *context, size_t chunk, int worker)
{
    const struct describing *describing = context;
    const struct population_table *table = describing->table;

    uint32_t begin = (uint32_t)chunk * DESCRIBE_CHUNK, end = begin + DESCRIBE_CHUNK;
    end = end < describing->customers ? end : describing->customers;
    struct described is = {UINT32_MAX, 0, true, is_in_order(table, begin, end)};
    for (uint32_t p = begin; p < end; p++) {
        uint32_t from = table->offset[p], to = table->offset[p + 1], last = 0;
        is.one_each &= to - from == 1;
        if (from < to) {
            uint32_t first = table->time[from];
            last = table->time[to - 1];
            is.time_min = first < is.time_min ? first : is.time_min;
            is.time_max = last > is.time_max ? last : is.time_max;
        }

        /* a block's last moment lets whole blocks of quiet customers be passed over */
        uint32_t *block = &describing->block_last[p / POPULATION_BLOCK];
        describing->last_time[p] = last;
        *block = last > *block ? last : *block;
    }
    describing->chunks[chunk] = is;
}

enum status population_describe(struct population_table *table, uint32_t customers,
                                struct pool *pool, struct error *error)
{
    size_t chunks = ((size_t)customers + DESCRIBE_CHUNK - 1) / DESCRIBE_CHUNK;
    struct describing describing = {
        table, customers, population_room(customers, sizeof(uint32_t)),
        population_array((customers + POPULATION_BLOCK - 1) / POPULATION_BLOCK, 4),
        base_calloc(chunks + 1, sizeof *describing.chunks)};

    table->last_time = describing.last_time;
    table->block_last = describing.block_last;
    pool_run(pool, chunks, describe_chunk, &describing);

    struct described all = {UINT32_MAX, 0, true, true};
    for (size_t i = 0; i < chunks; i++) {
        const struct described *chunk = &describing.chunks[i];
        all.time_min = chunk->time_min < all.time_min ? chunk->time_min : all.time_min;
        all.time_max = chunk->time_max > all.time_max ? chunk->time_max : all.time_max;
        all.one_each &= chunk->one_each;
        all.in_order &= chunk->in_order;
    }

    free(describing.chunks);
    table->time_min = all.time_min;
    table->time_max = all.time_max;
    table->one_each = all.one_each;
    return all.in_order ? STATUS_OK
                        : error_set(error, STATUS_ERROR,
                                    "rows of %s do not go by time within a customer", table->name);
}
