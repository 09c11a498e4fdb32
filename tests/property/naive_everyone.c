/*
 * Conditions that need everyone: ranks and accounts. Who stands where is worked out once per node,
 * by plain sorting.
 */
#include "naive_internal.h"

#include "base/number.h"

#include <string.h>

struct naive_rank_cache {
    struct naive_rank_cache *next;
    const struct segment_node *node;
    uint32_t count;     /* K */
    uint32_t *position; /* ascending by value, then identifier */
    struct naive_value *value;
};

static int by_identifier(const struct naive *naive, uint32_t a, uint32_t b)
{
    return text_compare(population_identifier(naive->population, a),
                        population_identifier(naive->population, b));
}

static struct naive_rank_cache *ranked(struct naive *naive, const struct segment_node *node)
{
    for (struct naive_rank_cache *cache = naive->ranks; cache; cache = cache->next)
        if (cache->node == node)
            return cache;
    struct naive_rank_cache *cache = ARENA_NEW(&naive->arena, struct naive_rank_cache);
    cache->node = node;
    cache->position = ARENA_ARRAY(&naive->arena, uint32_t, naive->population->customers + 1);
    cache->value = ARENA_ARRAY(&naive->arena, struct naive_value, naive->population->customers + 1);
    for (uint32_t position = 0; position < naive->population->customers; position++) {
        struct naive_context context = {
            .naive = naive, .position = position, .trait_moment = naive->now};
        if (!naive_exists(naive, position))
            continue;
        if (node->rank->among && !naive_condition(&context, node->rank->among))
            continue;
        struct naive_value value = naive_value(&context, node->child[0]);
        if (!value.known)
            continue;
        uint32_t at = cache->count++;
        for (; at > 0; at--) {
            int order = naive_compare(naive, &cache->value[at - 1], &value);
            if (order < 0 ||
                (order == 0 && by_identifier(naive, cache->position[at - 1], position) < 0))
                break;
            cache->value[at] = cache->value[at - 1];
            cache->position[at] = cache->position[at - 1];
        }
        cache->value[at] = value;
        cache->position[at] = position;
    }
    cache->next = naive->ranks;
    naive->ranks = cache;
    return cache;
}

static int64_t place(const struct naive_rank_cache *cache, uint32_t position)
{
    for (uint32_t i = 0; i < cache->count; i++)
        if (cache->position[i] == position)
            return i;
    return -1;
}

/* How many of K a rank keeps: n, or ceil(n% of K). */
static int64_t kept(const struct segment_rank *rank, int64_t everyone)
{
    if (!rank->is_percent)
        return rank->count;
    naive_wide unit = (naive_wide)100 * number_power10(rank->percent_scale);
    return (int64_t)(((naive_wide)rank->percent_scaled * everyone + unit - 1) / unit);
}

bool naive_top(const struct naive_context *context, const struct segment_node *node)
{
    struct naive *naive = context->naive;
    struct naive_rank_cache *cache = ranked(naive, node);
    int64_t own = place(cache, context->position), ahead = 0;
    if (own < 0)
        return false;
    for (uint32_t i = 0; i < cache->count; i++) {
        int order = naive_compare(naive, &cache->value[i], &cache->value[own]);
        if (!node->rank->bottom)
            order = -order;
        ahead += order < 0 ||
                 (order == 0 && by_identifier(naive, cache->position[i], context->position) < 0);
    }
    return ahead < kept(node->rank, cache->count);
}

struct naive_value naive_rank_value(const struct naive_context *context,
                                    const struct segment_node *node)
{
    struct naive *naive = context->naive;
    struct naive_rank_cache *cache = ranked(naive, node);
    int64_t own = place(cache, context->position);
    if (own < 0)
        return naive_unknown(node->type);
    if (node->op == OP_PERCENTILE) {
        int64_t below = 0;
        for (uint32_t i = 0; i < cache->count; i++)
            below += naive_compare(naive, &cache->value[i], &cache->value[own]) <= 0;
        return (struct naive_value){.known = true,
                                    .type = VALUE_DOUBLE,
                                    .number = 100.0 * (double)below / (double)cache->count};
    }
    /* Dealing: group g has one more than K / k when g <= K mod k. */
    int64_t group = 0, dealt = 0;
    while (dealt <= own) {
        group++;
        dealt += cache->count / node->rank->count + (group <= cache->count % node->rank->count);
    }
    return naive_integer(VALUE_INT, group);
}

struct naive_value naive_account(const struct naive_context *context,
                                 const struct segment_node *node)
{
    struct naive *naive = context->naive;
    const struct segment_account *account = node->account;
    struct naive_context own = *context;
    own.fact = NULL;
    struct naive_value key = naive_trait(&own, &account->path, naive->now);
    if (!key.known)
        return naive_unknown(node->type);
    int64_t all = 0, meeting = 0;
    for (uint32_t position = 0; position < naive->population->customers; position++) {
        struct naive_context other = {
            .naive = naive, .position = position, .trait_moment = naive->now};
        if (!naive_exists(naive, position))
            continue;
        struct naive_value theirs = naive_trait(&other, &account->path, naive->now);
        if (!theirs.known || !text_equal(theirs.text, key.text))
            continue;
        all++;
        meeting +=
            node->child_count == 0 || !node->child[0] || naive_condition(&other, node->child[0]);
    }
    switch (account->quantifier) {
    case ACCOUNT_ANY: return naive_integer(VALUE_BOOL, meeting > 0);
    case ACCOUNT_ALL: return naive_integer(VALUE_BOOL, meeting == all);
    case ACCOUNT_NONE: return naive_integer(VALUE_BOOL, meeting == 0);
    default: return naive_integer(VALUE_INT, meeting);
    }
}
