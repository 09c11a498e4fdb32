/*
 * What a rank or an account needs to know of everyone: found once a refresh, before the pass, and a
 * constant for it. A customer who is evaluated alone is held against the same constants.
 */
#include "plan/steps.h"

#include <string.h>

/* One customer that takes part in a rank. */
struct ranked {
    int64_t integer;
    double number;
    uint32_t position;
};

struct order {
    const struct population *population;
    const struct population_delta *delta;
    bool doubles, texts, descending;
};

static struct text text_of(const struct order *order, int64_t code)
{
    if ((uint64_t)code < order->population->code_count)
        return population_text(order->population, (uint32_t)code);
    return population_delta_text(order->delta, (uint32_t)code);
}

static int compare_values(const struct order *order, int64_t a, int64_t b)
{
    if (order->texts && a != b)
        return text_compare(text_of(order, a), text_of(order, b));
    return (a > b) - (a < b);
}

static int compare_ranked(const void *a, const void *b, void *context)
{
    const struct ranked *x = a, *y = b;
    const struct order *order = context;
    int by_value = order->doubles ? (x->number > y->number) - (x->number < y->number)
                                  : compare_values(order, x->integer, y->integer);
    if (by_value)
        return order->descending ? -by_value : by_value;
    if (x->position == y->position)
        return 0;
    return text_compare(population_identifier(order->population, x->position),
                        population_identifier(order->population, y->position));
}

/* ---- using the constants ---- */

static bool in_before(const struct run *run, const struct step *step, const struct operand *value,
                      uint32_t lane, const struct rank_cut *cut, bool descending)
{
    bool doubles = value->step->shape == SHAPE_DOUBLE, texts = value->step->type == VALUE_TEXT;
    struct order order = {run->population, run->delta, doubles, texts, descending};

    struct ranked own = {.position = run->first + lane},
                  last = {cut->integer, cut->number, cut->position};

    if (order.doubles)
        own.number = value->d[lane * value->stride];
    else
        own.integer = value->i[lane * value->stride];
    return compare_ranked(&own, &last, &order) <= 0;
}

static const struct phase_result *phase_of(const struct run *run, const struct step *step)
{
    ENSURE(run->phase && run->phase->results[step->c].ready);
    return &run->phase->results[step->c];
}

void step_top(struct run *run, const struct step *step, struct vector *out)
{
    const struct phase_result *result = phase_of(run, step);
    struct operand value = operand_of(run, step->child[0]), among = operand_of(run, step->child[1]);
    memset(out->bits, 0, words_of(run->count) * sizeof *out->bits);
    for (uint32_t lane = 0; result->cut.any && lane < run->count; lane++)
        if (bit_at(value.bits, lane) && bit_at(among.bits, lane) &&
            in_before(run, step, &value, lane, &result->cut, !(step->a & 1)))
            bit_set(out->bits, lane);
}

void step_ntile(struct run *run, const struct step *step, struct vector *out)
{
    const struct phase_result *result = phase_of(run, step);
    struct operand value = operand_of(run, step->child[0]), among = operand_of(run, step->child[1]);
    memset(out->bits, 0, words_of(run->count) * sizeof *out->bits);
    for (uint32_t lane = 0; lane < run->count; lane++) {
        if (!bit_at(value.bits, lane) || !bit_at(among.bits, lane))
            continue;
        int64_t low = 0,
                high = step->p - 1; /* the first group whose last member is not before this one */

        while (low < high) {
            int64_t middle = (low + high) / 2;
            if (!result->cuts[middle].any ||
                in_before(run, step, &value, lane, &result->cuts[middle], false))
                high = middle;
            else
                low = middle + 1;
        }
        out->i[lane] = low + 1;
        bit_set(out->bits, lane);
    }
}

static uint64_t at_most(const struct run *run, const struct phase_result *result,
                        const struct operand *value, uint32_t lane)
{
    struct order order = {run->population, run->delta, false, value->step->type == VALUE_TEXT,
                          false};
    uint64_t low = 0, high = result->known;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        bool after = result->doubles ? result->doubles[middle] > value->d[lane * value->stride]
                                     : compare_values(&order, result->integers[middle],
                                                      value->i[lane * value->stride]) > 0;
        if (after)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void step_percentile(struct run *run, const struct step *step, struct vector *out)
{
    const struct phase_result *result = phase_of(run, step);
    struct operand value = operand_of(run, step->child[0]), among = operand_of(run, step->child[1]);
    memset(out->bits, 0, words_of(run->count) * sizeof *out->bits);

    for (uint32_t lane = 0; result->known && lane < run->count; lane++) {
        if (!bit_at(value.bits, lane) || !bit_at(among.bits, lane))
            continue;
        out->d[lane] = 100 * (double)at_most(run, result, &value, lane) / (double)result->known;
        bit_set(out->bits, lane);
    }
}

void step_account(struct run *run, const struct step *step, struct vector *out)
{
    const struct phase_result *result = phase_of(run, step);
    struct operand key = operand_of(run, step->child[0]);
    memset(out->bits, 0, words_of(run->count) * sizeof *out->bits);
    for (uint32_t lane = 0; lane < run->count; lane++) {
        if (!bit_at(key.bits, lane))
            continue;

        uint64_t both = 0;
        number_map_find(&result->accounts, (uint64_t)key.i[lane], &both);

        uint32_t meeting = (uint32_t)(both >> 32), all = (uint32_t)both;
        /* Nobody's account is empty, as they themselves are in it. */
        bool holds = step->a == ACCOUNT_COUNT || (step->a == ACCOUNT_ANY && meeting > 0) ||
                     (step->a == ACCOUNT_ALL && meeting == all) ||
                     (step->a == ACCOUNT_NONE && meeting == 0);
        if (step->a == ACCOUNT_COUNT)
            out->i[lane] = meeting;
        if (holds)
            bit_set(out->bits, lane);
    }
}

/* ---- finding them ---- */

struct collect {
    const struct plan *plan;
    const struct binding *binding;
    struct plan_phase *phase;
    const struct step *step;
    int64_t now;
    struct run **runs; /* by worker */
    const struct pool *pool;
    int64_t *integers; /* by position */
    double *doubles;
    uint64_t *value_known, *among;
    int64_t *next; /* by worker; NULL when nobody asks */
};

/* Whoever moves next in what everyone contributes may move everyone. */
static void collect_next(struct collect *collect, struct run *run, uint32_t count, int worker)
{
    int64_t next[BATCH];
    next_of_batch(run, next);
    if (collect->step->run != step_account)
        next_keys(run, collect->step, next);
    for (uint32_t lane = 0; lane < count; lane++)
        if (next[lane] < collect->next[worker])
            collect->next[worker] = next[lane];
}

static void collect_batch(struct collect *collect, struct run *run, uint32_t first, uint32_t count)
{
    run_batch(run, first, count);
    struct operand value = operand_of(run, collect->step->child[0]),
                   among = operand_of(run, collect->step->child[1]);

    for (uint32_t lane = 0; lane < count; lane++) {
        if (!run_exists(run, lane) || !bit_at(value.bits, lane))
            continue;
        bit_set(collect->value_known, first + lane);
        if (bit_at(among.bits, lane))
            bit_set(collect->among, first + lane);
        if (value.step->shape == SHAPE_DOUBLE)
            collect->doubles[first + lane] = value.d[lane * value.stride];
        else
            collect->integers[first + lane] = value.i[lane * value.stride];
    }
}

static void collect_task(void *context, size_t task, int worker)
{
    struct collect *collect = context;
    if (pool_interrupted(collect->pool))
        return; /* fill_one says so */
    if (!collect->runs[worker]) {
        collect->runs[worker] = run_new(collect->plan);
        run_bind(collect->runs[worker], collect->binding, collect->phase, collect->now);
    }

    struct run *run = collect->runs[worker];
    uint32_t customers = collect->binding->population->customers;
    for (size_t b = task * TASK_BATCHES;
         !run->failed && b < (task + 1) * TASK_BATCHES && b * BATCH < customers; b++) {
        uint32_t first = (uint32_t)(b * BATCH), rest = customers - first;
        uint32_t count = rest < BATCH ? rest : BATCH;
        collect_batch(collect, run, first, count);
        if (collect->next)
            collect_next(collect, run, count, worker);
    }
}

static void fill_accounts(const struct collect *collect, struct phase_result *result)
{
    number_map_init(&result->accounts);

    uint32_t customers = collect->binding->population->customers;
    for (uint32_t p = 0; p < customers; p++) {
        if (!bit_at(collect->value_known, p))
            continue;
        /* Both counts of a key in one number: who meets the condition above, all below. */
        uint64_t key = (uint64_t)collect->integers[p], both = 0;
        number_map_put(&result->accounts, key, 0, NULL);
        number_map_find(&result->accounts, key, &both);
        number_map_set(&result->accounts, key,
                       both + 1 + ((uint64_t)bit_at(collect->among, p) << 32));
    }
}

static struct ranked *take_part(const struct collect *collect, uint64_t *count)
{
    uint32_t customers = collect->binding->population->customers;
    struct ranked *all = base_malloc(((size_t)customers + 1) * sizeof *all);

    *count = 0;
    for (uint32_t p = 0; p < customers; p++)
        if (bit_at(collect->value_known, p) && bit_at(collect->among, p))
            all[(*count)++] = (struct ranked){collect->integers ? collect->integers[p] : 0,
                                              collect->doubles ? collect->doubles[p] : 0, p};
    return all;
}

static struct rank_cut cut_at(const struct ranked *ranked)
{
    return (struct rank_cut){true, ranked->integer, ranked->number, ranked->position};
}

/* How many of known are the top ones: n, or the n% rounded up. */
static uint64_t top_count(const struct step *step, uint64_t known)
{
    if (!(step->a & 2))
        return (uint64_t)number_clamp(step->p, 0, (int64_t)known);

    int128 whole = (int128)100 * number_power10(step->b);
    int128 count = ((int128)step->q * (int128)known + whole - 1) / whole;
    if (count < 0)
        return 0;
    return count < (int128)known ? (uint64_t)count : known;
}

/* Moves the wanted-th of count to its place, everything before it to its left (Hoare's
 * quickselect). */
static void select_nth(struct ranked *items, size_t count, size_t wanted, struct order *order)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        /* From the middle, so that keys that are in order already do not
         * take the square. */
        struct ranked pivot = items[low + (high - low) / 2];
        size_t i = low, j = high;

        for (;;) {
            while (compare_ranked(&items[i], &pivot, order) < 0)
                i++;
            while (compare_ranked(&items[j], &pivot, order) > 0)
                j--;
            if (i >= j)
                break;
            struct ranked swap = items[i];
            items[i++] = items[j];
            items[j--] = swap;
        }
        if (wanted <= j)
            high = j;
        else
            low = j + 1;
    }
}

static void fill_rank(const struct collect *collect, struct phase_result *result)
{
    const struct step *step = collect->step;
    struct order order = {collect->binding->population, NULL, collect->doubles != NULL,
                          collect->plan->steps.items[step->child[0]].type == VALUE_TEXT,
                          step->run == step_top && !(step->a & 1)};
    struct ranked *items = take_part(collect, &result->known);
    uint64_t known = result->known;

    /* Of the top ones only the last is asked for: a selection, which needs no sorting. */
    if (step->run == step_top) {
        uint64_t count = known ? top_count(step, known) : 0;
        if (count) {
            select_nth(items, known, count - 1, &order);
            result->cut = cut_at(&items[count - 1]);
        }
        free(items);
        return;
    }

    /* Groups and percentiles need all of them in order. Equal values are told apart by
     * identifiers, so there is one order only. */
    qsort_r(items, known, sizeof *items, compare_ranked, &order);
    if (step->run == step_ntile) {
        uint64_t groups = (uint64_t)step->p, end = 0;
        result->cuts = base_calloc(groups + 1, sizeof *result->cuts);

        /* Where the groups do not divide evenly, the first ones have one more. */
        for (uint64_t g = 0; g < groups; g++) {
            end += known / groups + (g < known % groups);
            if (end && end <= known)
                result->cuts[g] = cut_at(&items[end - 1]);
        }
    } else if (order.doubles) {
        result->doubles = base_malloc((known + 1) * sizeof *result->doubles);
        for (uint64_t i = 0; i < known; i++)
            result->doubles[i] = items[i].number;
    } else {
        result->integers = base_malloc((known + 1) * sizeof *result->integers);
        for (uint64_t i = 0; i < known; i++)
            result->integers[i] = items[i].integer;
    }

    free(items);
}

static enum status fill_one(struct collect *collect, struct phase_result *result, struct pool *pool,
                            struct error *error)
{
    uint32_t customers = collect->binding->population->customers;
    bool doubles = collect->plan->steps.items[collect->step->child[0]].shape == SHAPE_DOUBLE;
    size_t words = words_of(customers),
           tasks = ((size_t)customers + BATCH * TASK_BATCHES - 1) / (BATCH * TASK_BATCHES);

    /* By position, so that batches may come in any order and threads write to
     * places of their own. */
    collect->integers =
        doubles ? NULL : base_calloc((size_t)customers + 1, sizeof *collect->integers);
    collect->doubles =
        doubles ? base_calloc((size_t)customers + 1, sizeof *collect->doubles) : NULL;
    collect->value_known = base_calloc(words + 1, 8);
    collect->among = base_calloc(words + 1, 8);
    collect->runs = base_calloc((size_t)pool_threads(pool), sizeof *collect->runs);
    for (int w = 0; collect->next && w < pool_threads(pool); w++)
        collect->next[w] = INT64_MAX;

    collect->pool = pool;
    pool_run(pool, tasks, collect_task, collect);

    enum status status = STATUS_OK;
    for (int w = 0; w < pool_threads(pool); w++) {
        if (collect->next && collect->next[w] < collect->phase->next)
            collect->phase->next = collect->next[w];
        if (collect->runs[w] && collect->runs[w]->failed && status == STATUS_OK)
            status = error_set(error, STATUS_ERROR, "%s", collect->runs[w]->error.message);
        run_free(collect->runs[w]);
    }

    if (status == STATUS_OK)
        status = pool_check(pool, error);
    if (status == STATUS_OK && collect->step->run == step_account)
        fill_accounts(collect, result);
    else if (status == STATUS_OK)
        fill_rank(collect, result);

    result->ready = true;
    free(collect->integers);
    free(collect->doubles);
    free(collect->value_known);
    free(collect->among);
    free(collect->runs);
    return status;
}

enum status phase_fill(const struct plan *plan, const struct binding *binding, int64_t now,
                       struct pool *pool, bool with_next, struct plan_phase **out,
                       struct error *error)
{
    struct plan_phase *phase = base_calloc(1, sizeof *phase);
    int64_t *next = with_next ? base_calloc((size_t)pool_threads(pool), sizeof *next) : NULL;
    enum status status = STATUS_OK;

    phase->next = INT64_MAX;
    phase->plan = plan;
    phase->results = base_calloc(plan->globals.count + 1, sizeof *phase->results);

    /* In order of dependence: a rank among the members of another finds that
     * one's cut-off made. */
    for (size_t g = 0; status == STATUS_OK && g < plan->globals.count; g++) {
        struct collect collect = {
            .plan = plan, .binding = binding, .phase = phase, .now = now, .next = next};
        collect.step = &plan->steps.items[plan->globals.items[g]];
        status = fill_one(&collect, &phase->results[g], pool, error);
    }

    free(next);
    if (status == STATUS_OK)
        *out = phase;
    else
        plan_phase_free(phase);
    return status;
}

void plan_phase_free(struct plan_phase *phase)
{
    if (!phase)
        return;
    for (size_t g = 0; g < phase->plan->globals.count; g++) {
        free(phase->results[g].cuts);
        free(phase->results[g].integers);
        free(phase->results[g].doubles);
        number_map_release(&phase->results[g].accounts);
    }
    free(phase->results);
    free(phase);
}

int64_t plan_phase_next(const struct plan_phase *phase)
{
    return phase ? phase->next : INT64_MAX;
}

enum status plan_phase_new(const struct plan *plan, const struct population *population,
                           int64_t now, struct pool *pool, struct plan_phase **out,
                           struct error *error)
{
    struct binding *binding;
    TRY(binding_new(plan, population, &binding, error));
    enum status status = phase_fill(plan, binding, now, pool, true, out, error);
    binding_free(binding);
    return status;
}
