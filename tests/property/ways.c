#include "ways.h"

#include "sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_A_STATEMENT = 20 };

int ways_customer(const struct population *population, uint32_t position)
{
    return (int)((population->number[position] - 7) / 3);
}

unsigned char *ways_answer_new(const struct world *world, const struct segment_set *set)
{
    return base_calloc((size_t)world->customers * (size_t)set->segment_count + 1, 1);
}

enum status ways_evaluator(const struct world *world, const struct segment_set *set,
                           const struct population *population, int threads, unsigned char **out,
                           struct error *error)
{
    struct plan *plan = NULL;
    struct plan_result *result = NULL;
    struct pool *pool = threads > 1 ? pool_new(threads) : NULL;
    enum status status;
    TRY_GOTO(plan_new(set, world->schema, NULL, -1, &plan, error));
    TRY_GOTO(plan_evaluate(plan, population, world->now, pool, false, &result, error));
    *out = ways_answer_new(world, set);
    for (uint32_t position = 0; position < population->customers; position++) {
        int customer = ways_customer(population, position);
        for (int s = 0; s < set->segment_count; s++)
            (*out)[s * world->customers + customer] = plan_result_has(result, s, position);
    }
done:
    plan_result_free(result);
    plan_free(plan);
    pool_free(pool);
    return status;
}

enum status ways_next(const struct world *world, const struct segment_set *set,
                      const struct population *population, int segment, int64_t *next,
                      struct error *error)
{
    struct plan *plan = NULL;
    struct plan_result *result = NULL;
    enum status status;
    TRY_GOTO(plan_new(set, world->schema, &segment, 1, &plan, error));
    TRY_GOTO(plan_evaluate(plan, population, world->now, NULL, true, &result, error));
    for (uint32_t position = 0; position < population->customers; position++) {
        int64_t own = result->next[position];
        next[ways_customer(population, position)] =
            own < result->everyone_next ? own : result->everyone_next;
    }
done:
    plan_result_free(result);
    plan_free(plan);
    return status;
}

enum status ways_one(const struct world *world, const struct segment_set *set,
                     const struct population *population, unsigned char **out, struct error *error)
{
    struct plan *plan = NULL;
    struct plan_phase *phase = NULL;
    struct plan_state *state = NULL;
    uint64_t *bits = base_calloc((size_t)set->segment_count / 64 + 1, sizeof *bits);
    enum status status;
    *out = NULL;
    TRY_GOTO(plan_new(set, world->schema, NULL, -1, &plan, error));
    TRY_GOTO(plan_phase_new(plan, population, world->now, NULL, &phase, error));
    state = plan_state_new(plan);
    *out = ways_answer_new(world, set);
    for (uint32_t position = 0; position < population->customers; position++) {
        TRY_GOTO(plan_evaluate_one(plan, population, phase, position, world->now, NULL, state, bits,
                                   NULL, error));
        for (int s = 0; s < set->segment_count; s++)
            (*out)[s * world->customers + ways_customer(population, position)] =
                bits[s / 64] >> (s % 64) & 1;
    }
done:
    free(bits);
    plan_state_free(state);
    plan_phase_free(phase);
    plan_free(plan);
    return status;
}

enum status ways_naive(const struct world *world, const struct segment_set *set,
                       const struct population *population, int64_t now, enum naive_fault fault,
                       bool *bounds_differ, unsigned char **out, struct error *error)
{
    struct naive naive;
    naive_init(&naive, set, world->schema, population, now);
    naive.fault = fault;
    *out = ways_answer_new(world, set);
    for (int s = 0; s < set->segment_count; s++)
        for (uint32_t position = 0; position < population->customers; position++)
            (*out)[s * world->customers + ways_customer(population, position)] =
                naive_member(&naive, s, position);
    if (bounds_differ)
        *bounds_differ |= naive.bounds_differ;
    bool overflow = naive.overflow;
    naive_release(&naive);
    return overflow ? error_set(error, STATUS_ERROR, "A result does not fit 64 bits.") : STATUS_OK;
}

/* ---- SQL ---- */

void ways_sql_prelude(struct duck *duck, const struct world *world)
{
    struct buffer prelude;
    buffer_init(&prelude, 0);
    sql_prelude(world->zone, 1293840000, 1956528000, &prelude); /* 2011 to 2031 */
    duck_run(duck, prelude.data);
    buffer_release(&prelude);
}

static enum status prepare(struct duck *duck, const char *statement, duckdb_prepared_statement *out,
                           struct error *error)
{
    if (duckdb_prepare(duck->connection, statement, out) == DuckDBSuccess)
        return STATUS_OK;
    return error_set(error, STATUS_ERROR, "DuckDB: %.600s in %.1200s", duckdb_prepare_error(*out),
                     statement);
}

enum status ways_sql_prepare(struct duck *duck, const struct world *world,
                             const struct segment_set *set, const bool *wanted,
                             struct ways_sql *out, struct error *error)
{
    struct buffer text;
    buffer_init(&text, 0);
    *out = (struct ways_sql){.duck = duck, .segment_count = set->segment_count};
    out->statements = base_calloc((size_t)set->segment_count / SEGMENTS_A_STATEMENT + 1,
                                  sizeof(duckdb_prepared_statement));
    enum status status = STATUS_OK;
    int waiting = 0;
    for (int s = 0; s < set->segment_count; s++) {
        if (wanted && !wanted[s])
            continue;
        buffer_printf(&text, "%sSELECT %d AS segment, customer FROM (",
                      waiting ? " UNION ALL " : "", s);
        TRY_GOTO(sql_of_segment(set, world->schema, s, world->zone, world->now, &text, error));
        buffer_string(&text, ")");
        if (++waiting < SEGMENTS_A_STATEMENT)
            continue;
        TRY_GOTO(prepare(duck, text.data, &out->statements[out->statement_count++], error));
        buffer_reset(&text);
        waiting = 0;
    }
    if (waiting)
        TRY_GOTO(prepare(duck, text.data, &out->statements[out->statement_count++], error));
done:
    buffer_release(&text);
    return status;
}

static void take_chunk(duckdb_data_chunk chunk, const struct world *worlds, int count,
                       unsigned char **answers)
{
    const int32_t *segments = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const uint64_t *numbers = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
        int index = (int)((numbers[i] - 7) / 3), w = count - 1;
        while (worlds[w].base > index)
            w--;
        answers[w][segments[i] * worlds[w].customers + index - worlds[w].base] = 1;
    }
}

enum status ways_sql_run(const struct ways_sql *sql, const struct world *worlds, int count,
                         unsigned char **answers, struct error *error)
{
    for (int i = 0; i < sql->statement_count; i++) {
        duckdb_result result;
        if (duckdb_execute_prepared(sql->statements[i], &result) == DuckDBError) {
            enum status status =
                error_set(error, STATUS_ERROR, "DuckDB: %.1500s", duckdb_result_error(&result));
            duckdb_destroy_result(&result);
            return status;
        }
        for (duckdb_data_chunk chunk; (chunk = duckdb_fetch_chunk(result));
             duckdb_destroy_data_chunk(&chunk))
            take_chunk(chunk, worlds, count, answers);
        duckdb_destroy_result(&result);
    }
    return STATUS_OK;
}

void ways_sql_release(struct ways_sql *sql)
{
    for (int i = 0; i < sql->statement_count; i++)
        duckdb_destroy_prepare(&sql->statements[i]);
    free(sql->statements);
    sql->statements = NULL;
}
