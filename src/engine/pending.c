/* Weak stand-ins while rooms are being joined; this file goes away with them. */
#include "engine/internal.h"

#define WEAK __attribute__((weak))

WEAK enum status segment_evaluate_values(const struct segment_set *set, const struct schema *schema,
                                         const struct segment_node *const *nodes, int node_count,
                                         const struct population *population, int64_t now, struct pool *pool,
                                         struct arena *arena, struct segment_values *out, struct error *error)
{
    return error_set(error, STATUS_ERROR, "values are not evaluated yet");
}

WEAK enum status segment_explain(const struct segment_set *set, const struct schema *schema, int segment,
                                 const struct population *population, uint32_t position, int64_t now, struct pool *pool,
                                 struct arena *arena, struct segment_explanation *out, struct error *error)
{
    return error_set(error, STATUS_ERROR, "explanations are not there yet");
}
