/*
 * The values of nodes for everyone, as columns: what profiles and models look at. Nodes become the
 * roots of one plan, so that what they share is made once; and either all of it is kept, or batches
 * are handed on as they come, for who needs no more than a look at each.
 */
#include "plan/steps.h"

#include <math.h>
#include <string.h>

struct value_pass {
    const struct plan *plan;
    const struct binding *binding;
    const struct plan_phase *phase;
    struct plan_values *out; /* for everyone; NULL: a batch at a time goes to take */
    int64_t now;
    struct run **runs; /* by worker */
    const struct pool *pool;
    const struct segment_node *const *nodes;
    plan_scan_take *take;
    void *context;
    struct plan_values **scanned; /* by worker: a batch's values */
    struct arena *arenas;         /* theirs */
};

static int64_t code_of(struct run *run, const struct operand *value, size_t lane)
{
    if (value->step->shape != SHAPE_TEXT)
        return value->i[lane * value->stride];
    return (int64_t)population_code(run->population, operand_text(run, value, lane));
}

static void take_values(struct run *run, int root, struct plan_values *out, uint32_t first)
{
    struct operand value = operand_of(run, root);
    bool condition = value.step->shape == SHAPE_BITS;
    for (uint32_t lane = 0; lane < run->count; lane++) {
        size_t at = first + lane;
        bool known = condition || bit_at(value.bits, lane);

        if (known)
            bit_set(out->known, at);
        if (condition)
            out->integers[at] = bit_at(value.bits, lane);
        else if (known && out->doubles)
            out->doubles[at] = value.d[lane * value.stride];
        else if (known && out->integers)
            out->integers[at] = code_of(run, &value, lane);
    }
}

static void prepare_values(const struct plan *plan, const struct segment_node *const *nodes,
                           uint32_t customers, struct arena *arena, struct plan_values *out)
{
    for (int i = 0; i < plan->extra_count; i++) {
        const struct step *step = &plan->steps.items[plan->extra[i]];
        bool doubles = step->shape == SHAPE_DOUBLE,
             none = step->shape == SHAPE_POINT || step->shape == SHAPE_SET;

        out[i] = (struct plan_values){
            .type = nodes[i]->type, .scale = nodes[i]->scale, .is_double = nodes[i]->is_double};

        out[i].known = ARENA_ARRAY(arena, uint64_t, words_of(customers) + 1);
        if (doubles)
            out[i].doubles = ARENA_ARRAY(arena, double, (size_t)customers + 1);
        else if (!none)
            out[i].integers = ARENA_ARRAY(arena, int64_t, (size_t)customers + 1);
    }
}

static void scan_batch(struct value_pass *pass, struct run *run, uint32_t first, int worker)
{
    int count = pass->plan->extra_count;
    if (!pass->scanned[worker]) {
        struct arena *arena = &pass->arenas[worker];
        pass->scanned[worker] = ARENA_ARRAY(arena, struct plan_values, count + 1);
        prepare_values(pass->plan, pass->nodes, BATCH, arena, pass->scanned[worker]);
    }

    struct plan_values *values = pass->scanned[worker];
    for (int i = 0; i < count; i++) {
        memset(values[i].known, 0, BATCH_WORDS * sizeof *values[i].known);
        take_values(run, pass->plan->extra[i], &values[i], 0);
    }

    if (!run->failed)
        pass->take(pass->context, first, run->count, values, worker);
}

static void value_task(void *context, size_t task, int worker)
{
    struct value_pass *pass = context;
    if (pool_interrupted(pass->pool))
        return; /* run_values says so */
    if (!pass->runs[worker]) {
        pass->runs[worker] = run_new(pass->plan);
        run_bind(pass->runs[worker], pass->binding, pass->phase, pass->now);
    }

    if (pass->runs[worker]->failed)
        return;
    uint32_t first = (uint32_t)(task * BATCH), rest = pass->binding->population->customers - first;
    run_batch(pass->runs[worker], first, rest < BATCH ? rest : BATCH);

    if (pass->take)
        scan_batch(pass, pass->runs[worker], first, worker);
    for (int i = 0; i < pass->plan->extra_count && !pass->take; i++)
        take_values(pass->runs[worker], pass->plan->extra[i], &pass->out[i], first);
}

static enum status run_values(struct value_pass *pass, struct pool *pool, struct error *error)
{
    enum status status = STATUS_OK;

    int threads = pool_threads(pool);
    pass->pool = pool;
    pass->runs = base_calloc((size_t)threads, sizeof *pass->runs);
    pass->scanned = base_calloc((size_t)threads, sizeof *pass->scanned);
    pass->arenas = base_calloc((size_t)threads, sizeof *pass->arenas);

    for (int w = 0; w < threads; w++)
        arena_init(&pass->arenas[w], 0);

    pool_run(pool, ((size_t)pass->binding->population->customers + BATCH - 1) / BATCH, value_task,
             pass);

    /* Whoever failed first does not matter: one reason is enough. */
    for (int w = 0; w < threads; w++) {
        if (pass->runs[w] && pass->runs[w]->failed && status == STATUS_OK)
            status = error_set(error, STATUS_ERROR, "%s", pass->runs[w]->error.message);
        run_free(pass->runs[w]);
        arena_release(&pass->arenas[w]);
    }

    free(pass->runs);
    free(pass->scanned);
    free(pass->arenas);
    return status == STATUS_OK ? pool_check(pool, error) : status;
}

/* Plans, binds and fills the first phase; then either kind of pass. */
static enum status pass_over(const struct segment_set *set, const struct schema *schema,
                             const struct population *population, int node_count, struct pool *pool,
                             struct value_pass *pass, struct arena *arena, struct error *error)
{
    struct plan *plan = NULL;
    struct binding *binding = NULL;
    struct plan_phase *phase = NULL;
    enum status status = plan_of_nodes(set, schema, pass->nodes, node_count, &plan, error);
    if (status != STATUS_OK)
        return status;

    TRY_GOTO(binding_new(plan, population, &binding, error));
    TRY_GOTO(phase_fill(plan, binding, pass->now, pool, false, &phase, error));

    /* Room for everyone only where everyone's values are kept. */
    if (!pass->take)
        prepare_values(plan, pass->nodes, population->customers, arena, pass->out);
    pass->plan = plan;
    pass->binding = binding;
    pass->phase = phase;

    TRY_GOTO(run_values(pass, pool, error));
done:
    plan_phase_free(phase);
    binding_free(binding);
    plan_free(plan);
    return status;
}

enum status plan_evaluate_values(const struct segment_set *set, const struct schema *schema,
                                 const struct segment_node *const *nodes, int node_count,
                                 const struct population *population, int64_t now,
                                 struct pool *pool, struct arena *arena, struct plan_values *out,
                                 struct error *error)
{
    struct value_pass pass = {.nodes = nodes, .now = now, .out = out};
    return pass_over(set, schema, population, node_count, pool, &pass, arena, error);
}

enum status plan_scan_values(const struct segment_set *set, const struct schema *schema,
                             const struct segment_node *const *nodes, int node_count,
                             const struct population *population, int64_t now, struct pool *pool,
                             plan_scan_take *take, void *context, struct error *error)
{
    struct value_pass pass = {.nodes = nodes, .now = now, .take = take, .context = context};
    return pass_over(set, schema, population, node_count, pool, &pass, NULL, error);
}

double plan_values_number(const struct plan_values *values, size_t position)
{
    if (!bit_at(values->known, position))
        return NAN;
    if (values->type == VALUE_DOUBLE || values->is_double)
        return values->doubles[position];
    if (values->type == VALUE_DECIMAL)
        return number_decimal_to_double(values->integers[position], values->scale);
    if (values->type == VALUE_TEXT || values->type == VALUE_SET || values->type == VALUE_POINT)
        return NAN;
    return (double)values->integers[position];
}
