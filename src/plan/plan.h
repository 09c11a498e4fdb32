/*
 * Plans and evaluation. A plan is what a checked set becomes for one population: every distinct
 * measure once, measures over the same kind in one pass, ranks and accounts in a first phase. The
 * same steps run over any range of customers: all of them, one, or whatever a preview asks for.
 */
#ifndef STRATA_PLAN_PLAN_H
#define STRATA_PLAN_PLAN_H

#include "base/pool.h"
#include "population/delta.h"
#include "segment/segment.h"

struct plan;

/*
 * Plans the named segments (indexes; count −1: all) and whatever they use. set, and the schema it
 * was checked against, must outlive the plan. A plan is const once made and may be executed by many
 * threads at once, each with its own state.
 */
enum status plan_new(const struct segment_set *set, const struct schema *schema,
                     const int *segments, int count, struct plan **out, struct error *error);
void plan_free(struct plan *plan);

/*
 * Evaluation at moment `now`. One bit a customer and segment, by position (bit p of word p / 64);
 * customers that do not exist at now are in no segment. next (if asked for): per customer the first
 * moment after now at which some membership may flip by itself, INT64_MAX for never; never later
 * than the truth, as long as the cut-offs of ranks and the numbers of accounts are those of now.
 * everyone_next: when those may come out differently, which may move anybody.
 */
struct plan_result {
    int64_t now;
    uint32_t customers; /* positions 0…customers−1 */
    size_t words;       /* of one bitset */
    int segment_count;  /* of the set; segments not planned have NULL members */
    uint64_t **members; /* by segment index */
    uint64_t *existing; /* who exists at now */
    int64_t *next;      /* or NULL */
    int64_t everyone_next;
};
/* pool may be NULL. Answers do not depend on the number of threads. Free with plan_result_free. */
enum status plan_evaluate(const struct plan *plan, const struct population *population, int64_t now,
                          struct pool *pool, bool with_next, struct plan_result **out,
                          struct error *error);
void plan_result_free(struct plan_result *result);
uint64_t plan_result_count(const struct plan_result *result, int segment);
/* How many customers exist at its moment. */
uint64_t plan_result_customers(const struct plan_result *result);
bool plan_result_has(const struct plan_result *result, int segment, uint32_t position);

/*
 * One customer: the same steps over a range of one, what everyone contributes (cut-offs, accounts)
 * taken from `phase` of a full evaluation (NULL when the plan has no ranks or accounts). For real
 * time. State is reusable scratch, one a thread.
 */
struct plan_state;
struct plan_phase;
struct plan_state *plan_state_new(const struct plan *plan);
void plan_state_free(struct plan_state *state);
/* Brings a customer's rows nearer to the processor while facts before theirs in a queue are worked
 * on: stage 0 some ten facts ahead, stage 1 some five. Changes nothing; does nothing before the
 * state's first evaluation. */
void plan_prefetch(const struct plan_state *state, uint32_t position, int stage);
enum status plan_phase_new(const struct plan *plan, const struct population *population,
                           int64_t now, struct pool *pool, struct plan_phase **out,
                           struct error *error);
void plan_phase_free(struct plan_phase *phase);
/* The first moment at which a cut-off of a rank or a number of an account may come out differently;
 * INT64_MAX: never. Keys that do not rise alike (days since something, a product) may overtake each
 * other at any second: whoever keeps cut-offs decides how often to make them anew, and says which
 * ones an answer used. */
int64_t plan_phase_next(const struct plan_phase *phase);
/* bits: one a segment of the set (bit s of word s / 64). next (may be NULL): as in plan_result.
 * delta: what arrived for the customer since the population was built, read together with it; may
 * be NULL. */
enum status plan_evaluate_one(const struct plan *plan, const struct population *population,
                              const struct plan_phase *phase, uint32_t position, int64_t now,
                              const struct population_delta *delta, struct plan_state *state,
                              uint64_t *bits, int64_t *next, struct error *error);

/*
 * The values of arbitrary customer-context value nodes of the set's conditions (profile, explain
 * and models use it): one value a customer.
 */
struct plan_values {
    enum value_type type;
    int scale;
    bool is_double;
    int64_t *integers; /* BOOL INT DECIMAL DATE TIME DURATION, TEXT as dictionary code */
    double *doubles;   /* DOUBLE and is_double durations */
    uint64_t *known;   /* bitset */
};
/* One as a number, NaN when unknown or not a number. */
double plan_values_number(const struct plan_values *values, size_t position);
enum status plan_evaluate_values(const struct segment_set *set, const struct schema *schema,
                                 const struct segment_node *const *nodes, int node_count,
                                 const struct population *population, int64_t now,
                                 struct pool *pool, struct arena *arena, struct plan_values *out,
                                 struct error *error);

/*
 * The same, a batch of customers at a time, so that nothing as long as the population is held: take
 * gets the values of the positions first … first + count − 1 at the indices 0 … count − 1, count at
 * most SEGMENT_SCAN_MAX. It runs on the pool's threads (worker as in pool_run), batches in any
 * order, and writes to places of its own.
 */
enum { SEGMENT_SCAN_MAX = 512 };
typedef void plan_scan_take(void *context, uint32_t first, uint32_t count,
                            const struct plan_values *values, int worker);
enum status plan_scan_values(const struct segment_set *set, const struct schema *schema,
                             const struct segment_node *const *nodes, int node_count,
                             const struct population *population, int64_t now, struct pool *pool,
                             plan_scan_take *take, void *context, struct error *error);

/*
 * The same, one value at a time and with its text, for lists of customers: take is called for every
 * customer whose bit in `who` (by position) is set and every node (column), on the calling thread,
 * positions ascending within a batch. A condition among the nodes gives VALUE_BOOL. A cell's text
 * dies with the call.
 */
struct plan_cell {
    enum value_type type;
    int scale;
    bool known, is_double; /* is_double: number holds it, else integer */
    int64_t integer;       /* BOOL INT DECIMAL DATE TIME DURATION */
    double number, second; /* DOUBLE and double durations; POINT: latitude, longitude */
    struct text text;      /* TEXT; SET: its members, a NUL behind each */
};
typedef void plan_cell_take(void *context, uint32_t position, int column,
                            const struct plan_cell *cell);
enum status plan_each_value(const struct segment_set *set, const struct schema *schema,
                            const struct segment_node *const *nodes, int node_count,
                            const struct population *population, const uint64_t *who, int64_t now,
                            struct pool *pool, plan_cell_take *take, void *context,
                            struct error *error);

/*
 * Why: the condition as a tree with actual values for one customer.
 */
struct plan_explained {
    const struct segment_node *node;
    bool is_condition, truth; /* conditions */
    bool known;               /* values */
    const char *value; /* formatted for people: "1,234.50", "'Wien'", "2025-03-31", "unknown" */
    /* the same for programs: 1234.50, "Wien", "2025-03-31", null; durations in seconds */
    const char *json;
    const char *text; /* canonical text of the node */
    struct plan_explained **child;
    int child_count;
    const uint32_t *facts;  /* measures and sequences: rows of the kinds' tables that count, at most
                               20, newest first */
    const int *fact_tables; /* population table index of each */
    int fact_count;
    int64_t fact_total; /* how many count in all */
};
struct plan_explanation {
    int64_t now;
    bool exists, member;
    struct plan_explained *root;
    /* when not a member: the failing clause nearest to holding, or NULL */
    const struct plan_explained *nearest;
    /* "sum(order.amount last 365 days) is 812.00, needs 188.00 more" or NULL */
    const char *nearest_why;
    bool flips; /* membership will flip by itself within ten years */
    int64_t flips_at;
    int64_t looked_until; /* when not: how far was looked, ten years unless there were too many
                             moments to look at */
    /* It was cut short by ranks or accounts, as everyone had to be looked at each time: from
     * looked_until on others may move the customer. If they stay as they are by then, the
     * membership flips at alone_until, or does not before it. */
    bool by_others, flips_alone;
    int64_t alone_until;
};
/* All in arena. */
enum status plan_explain(const struct segment_set *set, const struct schema *schema, int segment,
                         const struct population *population, uint32_t position, int64_t now,
                         struct pool *pool, struct arena *arena, struct plan_explanation *out,
                         struct error *error);

#endif
