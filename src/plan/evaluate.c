/*
 * Executing a plan: bound to a population (columns found, predicates turned into tables by
 * dictionary code), given a moment, and run over batches of customers. A refresh hands batches to
 * the pool; a fact that arrives runs a batch of one. There is nothing else.
 */
#include "plan/steps.h"

#include <stdio.h>
#include <string.h>

/* ---- binding ---- */

/* The one run of codes for which a predicate holds, if it is one and the unknown, the lane behind
 * all codes, is not in it. */
static struct code_range only_range(const uint64_t *holds, size_t codes)
{
    size_t words = codes / 64 + 1, first = 0, last = 0, count = 0;

    if (bit_at(holds, codes))
        return (struct code_range){false, 0, 0};

    for (size_t w = 0; w < words; w++) {
        /* The last word ends with the unknown's bit, and behind it may be anything. */
        uint64_t within = w == codes / 64 ? (UINT64_C(1) << (codes % 64)) - 1 : UINT64_MAX,
                 word = holds[w] & within;
        if (!word)
            continue;
        if (!count)
            first = w * 64 + (size_t)__builtin_ctzll(word);
        last = w * 64 + 63 - (size_t)__builtin_clzll(word); /* 63 − clz: the highest bit */
        count += (size_t)__builtin_popcountll(word);
    }

    bool one = count > 0 && last - first + 1 == count;
    return (struct code_range){one, (uint32_t)first, one ? (uint32_t)(last - first) : 0};
}

/* A byte a code, where one run of codes does not say it. */
static void fill_test(struct binding *binding, struct run *run, int id)
{
    const struct step *step = &binding->plan->steps.items[id];
    size_t codes = binding->population->code_count;
    struct operand holds = operand_of(run, step->b);
    /* A predicate that holds for all or for none reads no codes, and its bit says so. */
    if (holds.stride)
        binding->ranges[id] = only_range(holds.bits, codes);
    if (binding->ranges[id].valid)
        return;

    uint8_t *table = base_malloc(codes + 1);
    for (size_t code = 0; code <= codes; code++)
        table[code] = bit_at(holds.bits, code);
    binding->tests[id] = table;
}

/* Evaluates every predicate over a text column once per code, and once for the unknown. */
static enum status fill_tests(struct binding *binding, struct error *error)
{
    const struct plan *plan = binding->plan;

    if (plan->tests.count == 0)
        return STATUS_OK;
    size_t lanes = (size_t)binding->population->code_count + 1;
    struct run *run = run_new(plan);
    int64_t *codes = base_calloc(lanes + 64, sizeof *codes);
    uint64_t *known = base_calloc(words_of(lanes) + 1, sizeof *known);
    bits_set(known, 0, lanes - 1);
    for (size_t lane = 0; lane < lanes; lane++)
        codes[lane] = (int64_t)lane;
    codes[lanes - 1] = 0;

    /* At no moment in particular: predicates over codes do not depend on one. */
    run_bind(run, binding, NULL, 0);
    run->codes = codes;
    run->codes_known = known;
    run_codes(run, lanes);

    for (size_t i = 0; i < plan->tests.count; i++)
        fill_test(binding, run, plan->tests.items[i]);

    enum status status =
        run->failed ? error_set(error, STATUS_ERROR, "%s", run->error.message) : STATUS_OK;
    run_free(run);
    free(codes);
    free(known);
    return status;
}

enum status binding_new(const struct plan *plan, const struct population *population,
                        struct binding **out, struct error *error)
{
    struct binding *binding = base_calloc(1, sizeof *binding);

    binding->plan = plan;
    binding->population = population;
    binding->tables = base_calloc((size_t)plan->table_count + 1, sizeof *binding->tables);
    binding->columns = base_calloc(plan->columns.count + 1, sizeof *binding->columns);
    binding->tests = base_calloc(plan->steps.count + 1, sizeof *binding->tests);
    binding->ranges = base_calloc(plan->steps.count + 1, sizeof *binding->ranges);
    binding->clock = local_clock_new(population->zone);
    for (int t = 0; t < plan->table_count; t++) {
        int index = population_table_index(population, plan->table_names[t]);
        binding->tables[t] = index >= 0 ? &population->tables[index] : NULL;
    }

    for (size_t c = 0; c < plan->columns.count; c++) {
        const struct population_table *table = binding->tables[plan->columns.items[c].table];
        int index = table ? population_column_index(table, plan->columns.items[c].name) : -1;
        binding->columns[c] = index >= 0 ? &table->columns[index] : NULL;
    }

    /* Last, because the predicates run as steps, and those read the binding's columns. */
    enum status status = fill_tests(binding, error);
    if (status != STATUS_OK) {
        binding_free(binding);
        return status;
    }

    *out = binding;
    return STATUS_OK;
}

void binding_free(struct binding *binding)
{
    if (!binding)
        return;
    for (size_t i = 0; i < binding->plan->steps.count; i++)
        free(binding->tests[i]);
    free(binding->tables);
    free(binding->columns);
    free(binding->tests);
    free(binding->ranges);
    local_clock_free(binding->clock);
    free(binding);
}

/* ---- runs ---- */

struct run *run_new(const struct plan *plan)
{
    struct run *run = base_calloc(1, sizeof *run);
    run->plan = plan;
    run->kernels = kernels_best();
    run->vectors = base_calloc(plan->steps.count + 1, sizeof *run->vectors);
    run->lanes = base_calloc((size_t)plan->table_count + FRAME_ROWS, sizeof *run->lanes);
    run->views = base_calloc((size_t)plan->table_count + 1, sizeof *run->views);
    run->columns = base_calloc(plan->columns.count + 1, sizeof *run->columns);
    arena_init(&run->scratch, 0);
    arena_init(&run->lasting, 0);
    run->lanes[FRAME_ONE] = 1;
    return run;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    for (size_t i = 0; i < run->plan->steps.count; i++) {
        free(run->vectors[i].own_bits);
        free(run->vectors[i].first);
        free(run->vectors[i].second);
    }

    free(run->vectors);
    free(run->lanes);
    free(run->views);
    free(run->columns);
    free(run->ones);
    free(run->zeros);
    free(run->visited);
    arena_release(&run->scratch);
    arena_release(&run->lasting);
    pcre2_match_data_free(run->match);

    /* Rows of one customer patched in, and runs below this one, are made when
     * first asked for. */
    if (run->patch)
        for (int t = 0; t < run->plan->table_count; t++)
            population_rows_free(run->patch[t]);
    free(run->patch);
    binding_free(run->own_binding);
    run_free(run->inner);
    run_free(run->ahead);
    free(run->known_ahead);
    free(run);
}

void run_fail(struct run *run, const char *format, ...)
{
    if (run->failed)
        return;
    run->failed = true;
    va_list arguments;
    va_start(arguments, format);
    run->failed = error_setv(&run->error, STATUS_ERROR, format, arguments) != STATUS_OK;
    va_end(arguments);
}

void clock_tick(struct run *run, enum step_clock clock)
{
    /* What is as of a slow clock is void for all quicker ones. */
    run->counter++;
    for (int c = clock; c < CLOCKS; c++)
        run->epoch[c] = run->counter;
}

static void need_constants(struct run *run, size_t lanes)
{
    size_t words = words_of(lanes) + 1;
    if (words <= run->ones_words)
        return;
    /* Half more than asked for: batches grow by and by, and each growth
     * voids every vector. */
    words = words * 3 / 2 + BATCH_WORDS;
    free(run->ones);
    free(run->zeros);
    run->ones = base_malloc(words * sizeof *run->ones);
    run->zeros = base_calloc(words, sizeof *run->zeros);
    memset(run->ones, 0xff, words * sizeof *run->ones);
    run->ones_words = words;
    clock_tick(run, CLOCK_MOMENT); /* vectors may point at the old ones */
}

void run_codes(struct run *run, size_t lanes)
{
    run->lanes[FRAME_CODES] = lanes;
    need_constants(run, lanes);
    clock_tick(run, CLOCK_CODES);
}

void run_moment(struct run *run, int64_t now)
{
    run->now = now;
    run->today = local_date(run->binding->clock, now);
    arena_reset(&run->lasting);
    clock_tick(run, CLOCK_MOMENT);
}

void run_bind(struct run *run, const struct binding *binding, const struct plan_phase *phase,
              int64_t now)
{
    run->binding = binding;
    run->population = binding->population;
    run->phase = phase;
    run->delta = NULL;
    if (run->plan->columns.count)
        memcpy(run->columns, binding->columns, run->plan->columns.count * sizeof *run->columns);
    need_constants(run, BATCH);
    run_moment(run, now);
}

static const size_t FIRST_SIZE[] = {
    [SHAPE_BITS] = 0, [SHAPE_INT] = 8,   [SHAPE_DOUBLE] = 8, [SHAPE_POINT] = 8,
    [SHAPE_SET] = 8,  [SHAPE_TEXT] = 16, [SHAPE_BOUNDS] = 8};
static const size_t SECOND_SIZE[] = {
    [SHAPE_POINT] = 8, [SHAPE_SET] = 4, [SHAPE_BOUNDS] = 8, [SHAPE_TEXT] = 0};

static void make_room(struct vector *vector, enum shape shape, size_t lanes)
{
    /* A quarter more than asked for, in whole words, and never nothing: a frame without
     * lanes has memory to point at too. */
    size_t capacity = (lanes + lanes / 4 + 64) & ~(size_t)63;
    free(vector->own_bits);
    free(vector->first);
    free(vector->second);
    vector->own_bits = base_calloc(capacity / 64 + 1, sizeof *vector->own_bits);
    vector->first = FIRST_SIZE[shape] ? base_calloc(capacity, FIRST_SIZE[shape]) : NULL;
    vector->second = SECOND_SIZE[shape] ? base_calloc(capacity, SECOND_SIZE[shape]) : NULL;
    vector->capacity = capacity;
}

void run_step(struct run *run, int id)
{
    const struct step *step = step_of(run, id);
    struct vector *vector = &run->vectors[id];
    size_t lanes = run->lanes[step->frame];

    if (vector->capacity <= lanes)
        make_room(vector, step->shape, lanes);
    /* The step may point them elsewhere: at constants, or at bits that
     * another step made. */
    vector->bits = vector->own_bits;
    vector->i = vector->first;
    vector->j = vector->second;
    vector->hint = HINT_MIXED;
    step->run(run, step, vector);
    vector->stamp = run->epoch[step->clock];
}

static void view_table(struct run *run, int t, const struct population_table *table, uint32_t first,
                       uint32_t count)
{
    static const uint32_t empty[BATCH + 1];
    struct table_view *view = &run->views[t];
    if (!table || !table->offset) {
        *view = (struct table_view){.offset = empty};
    } else {
        *view = (struct table_view){
            .offset = table->offset + first, .time = table->time, .table = table};
        view->begin = view->offset[0];
        view->end = view->offset[count];
    }
    run->lanes[FRAME_ROWS + t] = view->end - view->begin;
}

void run_batch(struct run *run, uint32_t first, uint32_t count)
{
    const struct plan *plan = run->plan;
    run->first = first;
    run->count = count;
    run->lanes[FRAME_CUSTOMERS] = count;
    size_t most = count;
    for (int t = 0; t < plan->table_count; t++) {
        if (!plan->table_used[t])
            continue;
        view_table(run, t, run->binding->tables[t], first, count);
        size_t rows = run->lanes[FRAME_ROWS + t];
        most = rows > most ? rows : most;
    }
    /* The longest frame decides: any step may answer with constants instead of
     * bits of its own. */
    need_constants(run, most);
    arena_reset(&run->scratch);
    clock_tick(run, CLOCK_BATCH);
}

/* Puts the customer's own rows, old and new, in the place of the population's. */
static void patch_table(struct run *run, int t, uint32_t position)
{
    const struct population_table *base = run->binding->tables[t];

    int index = (int)(base - run->population->tables);
    if (!run->patch)
        run->patch = base_calloc((size_t)run->plan->table_count + 1, sizeof *run->patch);
    if (!run->patch[t])
        run->patch[t] = population_rows_new();
    const struct population_table *table =
        population_delta_view(run->delta, position, index, run->patch[t]);
    if (!table)
        table = base;
    else
        view_table(run, t, table, 0, 1);
    /* Columns go along with the rows: a patched table has its own arrays, in
     * the same order. */
    for (size_t c = 0; c < run->plan->columns.count; c++)
        if (run->plan->columns.items[c].table == t && run->binding->columns[c])
            run->columns[c] = &table->columns[run->binding->columns[c] - base->columns];
}

void run_one(struct run *run, uint32_t position, const struct population_delta *delta)
{
    uint64_t patched = delta ? population_delta_tables(delta, position) : 0;
    /* What the customer before had patched is taken back. */
    if (run->delta && run->plan->columns.count)
        memcpy(run->columns, run->binding->columns,
               run->plan->columns.count * sizeof *run->columns);
    run->delta = patched ? delta : NULL;
    run_batch(run, position, 1);
    for (int t = 0; patched && t < run->plan->table_count; t++)
        if (run->plan->table_used[t] && run->binding->tables[t] &&
            patched >> ((run->binding->tables[t] - run->population->tables) % 64) & 1)
            patch_table(run, t, position);
    /* Patched rows are more than run_batch knew of. */
    if (patched)
        for (int t = 0; t < run->plan->table_count; t++)
            need_constants(run, run->lanes[FRAME_ROWS + t]);
}

bool run_exists(const struct run *run, uint32_t lane)
{
    uint32_t first = run->population->first_time[run->first + lane];
    if (run->delta) {
        uint32_t new = population_delta_first_time(run->delta, run->first + lane);
        first = new < first ? new : first;
    }
    return first != POPULATION_NEVER && first <= run->now;
}

/* ---- the pass ---- */

struct pass {
    const struct plan *plan;
    const struct binding *binding;
    const struct plan_phase *phase;
    struct plan_result *result;
    struct run **runs; /* by worker */
    const struct pool *pool;
};

static void pass_batch(struct pass *pass, struct run *run, uint32_t first, uint32_t count)
{
    struct plan_result *result = pass->result;
    run_batch(run, first, count);
    size_t word = first / 64, words = words_of(count);
    uint64_t *existing = result->existing + word;
    const uint32_t *first_time = run->population->first_time + first;

    /* Before 1970 nobody exists, and `existing` stays as empty as it was made. Who
     * never comes has the last number there is, which no moment reaches. */
    if (run->now >= 0) {
        uint32_t now = run->now < POPULATION_NEVER ? (uint32_t)run->now : POPULATION_NEVER - 1;
        run->kernels->range_u32(first_time, count, 0, now, existing);
    }
    for (int s = 0; s < result->segment_count; s++) {
        if (!result->members[s])
            continue;

        /* Bits past the batch's last customer may be anything; nobody exists there. */
        struct operand holds = operand_of(run, pass->plan->member[s]);
        for (size_t w = 0; w < words; w++)
            result->members[s][word + w] = holds.bits[w] & existing[w];
    }
    if (result->next)
        next_of_batch(run, result->next + first);
}

static void pass_task(void *context, size_t task, int worker)
{
    struct pass *pass = context;
    if (pool_interrupted(pass->pool))
        return; /* run_pass says so */
    /* A run is large, and a small population has tasks for few workers only. */
    if (!pass->runs[worker]) {
        pass->runs[worker] = run_new(pass->plan);
        run_bind(pass->runs[worker], pass->binding, pass->phase, pass->result->now);
    }
    struct run *run = pass->runs[worker];
    uint32_t customers = pass->result->customers;
    for (size_t b = task * TASK_BATCHES;
         !run->failed && b < (task + 1) * TASK_BATCHES && b * BATCH < customers; b++) {
        uint32_t first = (uint32_t)(b * BATCH), rest = customers - first;
        pass_batch(pass, run, first, rest < BATCH ? rest : BATCH);
    }
}

static struct plan_result *result_new(const struct plan *plan, const struct population *population,
                                      int64_t now, bool with_next)
{
    struct plan_result *result = base_calloc(1, sizeof *result);
    result->now = now;

    result->customers = population->customers;
    result->words = words_of(population->customers);
    result->segment_count = plan->set->segment_count;
    result->members = base_calloc((size_t)result->segment_count + 1, sizeof *result->members);
    for (int s = 0; s < result->segment_count; s++)
        if (plan->member[s] >= 0)
            result->members[s] = base_calloc(result->words + 1, sizeof **result->members);
    result->existing = base_calloc(result->words + 1, sizeof *result->existing);
    result->next =
        with_next ? base_calloc((size_t)result->customers + 1, sizeof *result->next) : NULL;
    return result;
}

static enum status run_pass(struct pass *pass, struct pool *pool, struct error *error)
{
    size_t customers = pass->result->customers, each = (size_t)BATCH * TASK_BATCHES;
    pass->pool = pool;
    pass->runs = base_calloc((size_t)pool_threads(pool), sizeof *pass->runs);
    pool_run(pool, (customers + each - 1) / each, pass_task, pass);

    enum status status = STATUS_OK;
    for (int w = 0; w < pool_threads(pool); w++) {
        if (pass->runs[w] && pass->runs[w]->failed && status == STATUS_OK)
            status = error_set(error, STATUS_ERROR, "%s", pass->runs[w]->error.message);
        run_free(pass->runs[w]);
    }
    free(pass->runs);
    return status == STATUS_OK ? pool_check(pool, error) : status;
}

enum status plan_evaluate(const struct plan *plan, const struct population *population, int64_t now,
                          struct pool *pool, bool with_next, struct plan_result **out,
                          struct error *error)
{
    struct binding *binding = NULL;
    struct plan_phase *phase = NULL;
    enum status status = binding_new(plan, population, &binding, error);
    if (status != STATUS_OK)
        return status;
    struct pass pass = {
        .plan = plan, .binding = binding, .result = result_new(plan, population, now, with_next)};

    /* Ranks and accounts first: the pass reads the cut-offs and numbers
     * that they leave. */
    TRY_GOTO(phase_fill(plan, binding, now, pool, with_next, &phase, error));
    pass.phase = phase;
    pass.result->everyone_next = plan_phase_next(phase);
    TRY_GOTO(run_pass(&pass, pool, error));
    *out = pass.result;
    pass.result = NULL;

done:
    plan_result_free(pass.result);
    plan_phase_free(phase);
    binding_free(binding);
    return status;
}

void plan_result_free(struct plan_result *result)
{
    if (!result)
        return;
    for (int s = 0; s < result->segment_count; s++)
        free(result->members[s]);
    free(result->members);
    free(result->existing);
    free(result->next);
    free(result);
}

uint64_t plan_result_count(const struct plan_result *result, int segment)
{
    uint64_t count = 0;
    for (size_t w = 0; result->members[segment] && w < result->words; w++)
        count += (uint64_t)__builtin_popcountll(result->members[segment][w]);
    return count;
}

uint64_t plan_result_customers(const struct plan_result *result)
{
    uint64_t count = 0;
    for (size_t w = 0; w < result->words; w++)
        count += (uint64_t)__builtin_popcountll(result->existing[w]);
    return count;
}

bool plan_result_has(const struct plan_result *result, int segment, uint32_t position)
{
    return result->members[segment] && bit_at(result->members[segment], position);
}

/* ---- one customer ---- */

/* The public state is a run that keeps its own binding. */
struct plan_state {
    struct run run;
};

struct plan_state *plan_state_new(const struct plan *plan)
{
    return (struct plan_state *)run_new(plan);
}

void plan_state_free(struct plan_state *state)
{
    run_free(state ? &state->run : NULL);
}

static enum status rebind(struct run *run, const struct population *population, struct error *error)
{
    binding_free(run->own_binding);
    run->own_binding = NULL;
    run->binding = NULL;
    /* What it remembers was read from the population before. */
    run_free(run->inner);
    run->inner = NULL;
    return binding_new(run->plan, population, &run->own_binding, error);
}

/* The two stages are apart because the second must read what the first fetched. */
void plan_prefetch(const struct plan_state *state, uint32_t position, int stage)
{
    const struct run *run = &state->run;
    if (!run->binding)
        return;
    for (int t = 0; t < run->plan->table_count; t++) {
        const struct population_table *table = run->binding->tables[t];
        if (!table || !table->offset || !run->plan->table_used[t])
            continue;
        if (stage == 0)
            __builtin_prefetch(&table->offset[position]);
        else
            __builtin_prefetch(&table->time[table->offset[position]]);
    }

    if (stage == 0)
        __builtin_prefetch(&run->population->first_time[position]);

    /* A customer's values lie side by side: fetching the first brings most of them. */
    for (size_t c = 0; stage == 1 && c < run->plan->columns.count; c++) {
        const struct population_table *table =
            run->binding->tables[run->plan->columns.items[c].table];
        const struct population_column *column = run->binding->columns[c];
        if (column && table->offset && column->values)
            __builtin_prefetch((const char *)column->values +
                               (size_t)table->offset[position] * column->width);
    }
}

enum status plan_evaluate_one(const struct plan *plan, const struct population *population,
                              const struct plan_phase *phase, uint32_t position, int64_t now,
                              const struct population_delta *delta, struct plan_state *state,
                              uint64_t *bits, int64_t *next, struct error *error)
{
    struct run *run = &state->run;
    /* By serial, as the next population may lie where the last one lay. */
    bool bound =
        run->own_binding && run->binding == run->own_binding && run->serial == population->serial;

    if (!bound) {
        TRY(rebind(run, population, error));
        run->serial = population->serial;
        run_bind(run, run->own_binding, phase, now);

        /* Only what depends on now is void; run_one voids what depends on the customer. */
    } else if (now != run->now || phase != run->phase) {
        run->phase = phase;
        run_moment(run, now);
    }

    run_one(run, position, delta);
    bool exists = run_exists(run, 0);
    memset(bits, 0, words_of((size_t)plan->set->segment_count) * sizeof *bits);
    for (int s = 0; exists && s < plan->set->segment_count; s++) {
        if (plan->member[s] < 0)
            continue;
        bit_or(bits, (size_t)s, bit_at(operand_of(run, plan->member[s]).bits, 0));
    }

    if (next)
        next_of_batch(run, next);
    if (!run->failed)
        return STATUS_OK;

    /* The failure was this customer's: the state is good for the next one. */
    run->failed = false;
    return error_set(error, STATUS_ERROR, "%s", run->error.message);
}
