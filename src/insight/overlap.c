/*
 * How segments lie to each other: sizes, pairs, and the exact combinations customers are in. Pairs
 * are counted on bitmaps, which takes the square of the segments and one pass of words each;
 * combinations by a signature of each customer, as there are at most as many of them as customers.
 */
#include "insight/insight.h"

#include "base/bits.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

static void count_pairs(const struct plan_result *result, const int *segments, int count,
                        struct arena *arena, struct insight_overlap *out)
{
    out->pairs = ARENA_ARRAY(arena, struct insight_pair, (size_t)count * (size_t)count / 2 + 1);
    for (int i = 0; i < count; i++) {
        for (int j = i + 1; j < count; j++) {
            const uint64_t *a = result->members[segments[i]], *b = result->members[segments[j]];
            uint64_t both = 0;
            for (size_t w = 0; w < result->words; w++)
                both += (uint64_t)__builtin_popcountll(a[w] & b[w]);
            if (both)
                out->pairs[out->pair_count++] =
                    (struct insight_pair){segments[i], segments[j], both};
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const struct insight_group *x = a, *y = b;
    if (x->customers != y->customers)
        return x->customers < y->customers ? 1 : -1;
    if (x->segment_count != y->segment_count)
        return x->segment_count - y->segment_count;
    return x->segment_count
               ? memcmp(x->segments, y->segments, (size_t)x->segment_count * sizeof *x->segments)
               : 0;
}

/* The signature of a customer is a byte string with one bit a segment: who is in exactly the same
 * segments has the same one. Counted in a hash map, whose slots come in order of first appearance;
 * returns the customers by slot. */
static uint64_t *count_signatures(const struct plan_result *result, const int *segments, int count,
                                  struct text_map *groups)
{
    enum { SLOTS_FIRST = 256 };
    size_t bytes = (size_t)(count + 7) / 8, capacity = 0; /* a bit a segment */
    unsigned char *signature = base_malloc(bytes + 1);
    uint64_t *counts = NULL;

    for (size_t p = 0; p < result->customers; p++) {
        if (!bit_at(result->existing, p))
            continue;
        memset(signature, 0, bytes + 1);
        for (int s = 0; s < count; s++)
            signature[s / 8] |= (unsigned char)(bit_at(result->members[segments[s]], p) << (s % 8));

        struct text key = {(const char *)signature, bytes};
        size_t slot = (size_t)text_map_put(groups, key, groups->count, NULL);
        if (slot >= capacity) {
            size_t room = capacity ? capacity * 2 : SLOTS_FIRST;
            counts = base_realloc(counts, room * sizeof *counts);
            memset(counts + capacity, 0, (room - capacity) * sizeof *counts);
            capacity = room;
        }
        counts[slot]++;
    }
    free(signature);
    return counts;
}

/* Signatures turned back into lists of segments; those in none are counted apart. */
static void count_groups(const struct plan_result *result, const int *segments, int count,
                         size_t most, struct arena *arena, struct insight_overlap *out)
{
    struct text_map groups;
    text_map_init(&groups);
    uint64_t *counts = count_signatures(result, segments, count, &groups);
    struct insight_group *all = base_calloc(groups.count + 1, sizeof *all);
    size_t found = 0;

    for (size_t g = 0; g < groups.count; g++) {
        const unsigned char *bits = (const unsigned char *)groups.entries[g].key.data;
        int *inside = ARENA_ARRAY(arena, int, (size_t)count + 1);
        int size = 0;
        for (int s = 0; s < count; s++)
            if (bits[s / 8] >> (s % 8) & 1)
                inside[size++] = segments[s];
        if (size)
            all[found++] = (struct insight_group){inside, size, counts[g]};
        else
            out->none = counts[g];
    }

    /* The largest ones are given out; how many there are beside them is said. */
    if (found)
        qsort(all, found, sizeof *all, by_size);
    out->all_groups = found;
    out->group_count = found < most ? found : most;
    out->groups = ARENA_ARRAY(arena, struct insight_group, out->group_count + 1);
    memcpy(out->groups, all, out->group_count * sizeof *all);
    free(all);
    free(counts);
    text_map_release(&groups);
}

void insight_overlap(const struct plan_result *result, const int *segments, int count,
                     size_t most_groups, struct arena *arena, struct insight_overlap *out)
{
    *out = (struct insight_overlap){0};

    out->size = ARENA_ARRAY(arena, uint64_t, (size_t)result->segment_count + 1);
    for (int s = 0; s < count; s++)
        out->size[segments[s]] = plan_result_count(result, segments[s]);

    out->customers = plan_result_customers(result);
    if (count == 0)
        out->none = out->customers;
    count_pairs(result, segments, count, arena, out);
    if (count > 0)
        count_groups(result, segments, count, most_groups, arena, out);
}
