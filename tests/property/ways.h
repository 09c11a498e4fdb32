/*
 * The three ways to the members of segments: the evaluator, the naive interpreter, and SQL in
 * DuckDB. Each gives one byte per segment and customer index: answer[segment × customers +
 * customer].
 */
#ifndef STRATA_TESTS_PROPERTY_WAYS_H
#define STRATA_TESTS_PROPERTY_WAYS_H

#include "naive.h"
#include "plan/plan.h"
#include "world.h"

/* All answers are the caller's to free. threads: of the evaluation; next (may be NULL) gets the
 * next moments by customer index. */
enum status ways_evaluator(const struct world *world, const struct segment_set *set,
                           const struct population *population, int threads, unsigned char **out,
                           struct error *error);
/* Next moments by customer index of a plan for this segment alone. */
enum status ways_next(const struct world *world, const struct segment_set *set,
                      const struct population *population, int segment, int64_t *next,
                      struct error *error);
/* The same through plan_evaluate_one, customer by customer. */
enum status ways_one(const struct world *world, const struct segment_set *set,
                     const struct population *population, unsigned char **out, struct error *error);
/* now: the world's, or another moment. *bounds_differ (may be NULL) is set when
 * segment_window_bounds was found wrong.
 */
enum status ways_naive(const struct world *world, const struct segment_set *set,
                       const struct population *population, int64_t now, enum naive_fault fault,
                       bool *bounds_differ, unsigned char **out, struct error *error);

/* SQL: statements are prepared once and run over several worlds of one schema and moment. Only
 * segments marked in `wanted` (by index; NULL: all) are written. */
struct ways_sql {
    struct duck *duck;
    duckdb_prepared_statement *statements;
    int statement_count;
    int segment_count;
};
enum status ways_sql_prepare(struct duck *duck, const struct world *world,
                             const struct segment_set *set, const bool *wanted,
                             struct ways_sql *out, struct error *error);
/* Runs over the worlds that are loaded now; sets bytes in answers[world], which the caller cleared
 * (ways_answer_new).
 */
enum status ways_sql_run(const struct ways_sql *sql, const struct world *worlds, int count,
                         unsigned char **answers, struct error *error);
unsigned char *ways_answer_new(const struct world *world, const struct segment_set *set);
void ways_sql_release(struct ways_sql *sql);
/* The prelude for the world's zone, wide enough for its times. */
void ways_sql_prelude(struct duck *duck, const struct world *world);

/* The index of the customer at position. */
int ways_customer(const struct population *population, uint32_t position);

#endif
