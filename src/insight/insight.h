/*
 * Insight: what a segment is and how segments lie to each other. Everything here reads a population
 * and the evaluated memberships and returns plain numbers in an arena; nothing is stored and
 * nothing is printed.
 */
#ifndef STRATA_INSIGHT_INSIGHT_H
#define STRATA_INSIGHT_INSIGHT_H

#include "base/arena.h"
#include "base/pool.h"
#include "plan/plan.h"
#include "population/population.h"
#include "segment/reads.h"

/* The kind and property that mean revenue: of the kind `order` (or the one most like it) the
 * amount. Indexes into the schema, −1 when the store has nothing of the sort. */
struct insight_revenue {
    int table, column;
    const char *kind, *property;
    bool named; /* by its name it is money; else it is the first decimal number there is */
    int scale;
    enum value_type type;
};
struct insight_revenue insight_revenue_find(const struct schema *schema);
/* The amount of one kind of facts; table −1 when there is no such kind. */
struct insight_revenue insight_revenue_of_kind(const struct schema *schema, const char *kind);
/* What reading it needs, in arena. */
struct segment_needs insight_revenue_needs(const struct insight_revenue *revenue,
                                           struct arena *arena);

/*
 * Features: the values customers are compared by. Every told trait is one; of every kind its count,
 * the days since the last and of its numbers the sum and mean, of its texts the favourite; no sum
 * of what adds up to nothing, prices per unit, rates, and answers from 0 to 10. They are conditions
 * of the segment language, so that the one evaluator computes them.
 */
struct insight_feature {
    const char *text; /* "sum(order.amount)", canonical */
    /* A score: the segments its model learnt to tell from others, NULL-terminated; NULL: none.
     * Whoever makes the features sets it. */
    const char *const *learnt;
    const char *table;  /* what it reads: kind or "customer" */
    const char *column; /* property or trait; NULL: the times of the kind */
    const struct segment_node *node;
    struct plan_values values; /* one a customer, once insight_features_evaluate has run */
    uint32_t *order; /* numbers: positions of existing customers with a known value, by value */
    uint32_t order_count;
};
/* One that cannot be evaluated at the moment (a sum past 64 bits), that no definition can name, or
 * that is past as many as are compared at once. */
struct insight_lost {
    const char *text, *why;
};
struct insight_features {
    struct insight_feature *items;
    size_t count;
    struct insight_lost *lost; /* left out of items */
    size_t lost_count;
    struct segment_set *set; /* owns the nodes; free with segment_set_free */
};
/* currency columns that hold several currencies are left out: they are never summed together. */
enum status insight_features_new(const struct schema *schema, struct arena *arena,
                                 struct insight_features *out, struct error *error);
/* What evaluating them reads. */
struct segment_needs insight_features_needs(const struct insight_features *features,
                                            const struct schema *schema, struct arena *arena);

/* Fills values and orders of all features for a population at a moment; existing is a bit a
 * position. Sorting once here is what lets many segments be profiled in linear time each. Features
 * that fail alone are left out and named. */
enum status insight_features_evaluate(struct insight_features *features,
                                      const struct schema *schema,
                                      const struct population *population, const uint64_t *existing,
                                      int64_t now, struct pool *pool, struct arena *arena,
                                      struct error *error);

/*
 * Texts that may be named: those of at least INSIGHT_NAMED_BY customers that hold no e-mail
 * address. A property with more than half as many texts as customers is nearly unique: an
 * identifier, a comment; none of it is named. Dates and numbers follow the first half of it: ask
 * with no text.
 */
enum { INSIGHT_NAMED_BY = 5 };
bool insight_may_name(struct text text, uint64_t customers);
bool insight_nearly_unique(uint64_t texts, uint64_t customers);

/* What is found among many comparisons is told when this share of what is told is expected to be
 * chance, at most. */
static const double insight_alpha = .05;

struct insight_spread {
    uint64_t known;
    double mean, median, deviation; /* sample standard deviation; NaN when too few are known */
};

/* One line of a profile. Numbers: inside and outside; texts (and yes/no and set members): one value
 * with its shares. */
struct insight_difference {
    const struct insight_feature *feature;
    bool by_definition; /* the segment's own condition reads this, or a model that learnt the
                           segment told it */
    bool told; /* by definition, or beyond chance among all that was compared: what people are shown
                */
    bool is_share;
    struct insight_spread inside, outside; /* numbers; of shares only how many are known */
    const char *value;                     /* shares: the text, "yes" or the member */
    uint32_t code;                         /* shares: its code; 1 for "yes" */
    double share_inside, share_outside,
        lift; /* of those where it is known; lift = inside / outside, infinite when outside is 0 */
    uint64_t count_inside, count_outside;
    double effect; /* standardised difference (mean_in − mean_out) / √((s_in² + s_out²) / 2);
                      shares: Cohen's h, 2·asin√p_in − 2·asin√p_out (Cohen 1988, chapters 2 and 6);
                      both on one scale */
    double p; /* of no difference, two-sided: numbers by Wilcoxon's rank-sum test, shares by z of
                 two proportions or, where few have the value, by the conditional test; NaN when
                 undefined */
};
struct insight_profile {
    uint64_t customers, others; /* in the segment; existing and not in it */
    /* by |effect|, largest first; those by definition after all others */
    struct insight_difference *items;
    size_t count;
    size_t compared; /* values of which some customers are known, those by definition left out */
};
/* Texts that may not be named are left out; of the others the five that tell most.
 * Compares the members of `segment` with everyone else who exists; features are evaluated. */
void insight_profile(const struct segment_set *set, const struct schema *schema, int segment,
                     const struct plan_result *result, const struct insight_features *features,
                     const struct population *population, struct arena *arena,
                     struct insight_profile *out);

/* The same of the members of a against those of b who are not in a; what either definition reads is
 * by definition. */
void insight_contrast(const struct segment_set *set, const struct schema *schema, int a, int b,
                      const struct plan_result *result, const struct insight_features *features,
                      const struct population *population, struct arena *arena,
                      struct insight_profile *out);

/*
 * How much of a segment's profile would be there again, were the customers drawn anew: the
 * bootstrap (Efron 1979) over the customers of the smaller side, the segment or everyone else. A
 * side of more than INSIGHT_WOBBLE_MOST customers is taken as known: chance moves its means by less
 * than a thirtieth of a standard deviation.
 */
enum {
    INSIGHT_WOBBLE_MOST = 5000,
    INSIGHT_WOBBLE_DRAWS = 200,
    INSIGHT_WOBBLE_LINES = 16,
    INSIGHT_WOBBLE_TOP = 5
};
struct insight_wobble {
    double low, high; /* of the line's effect in 95 of 100 draws */
    /* of the five strongest differences, how many are among the five strongest again */
    double kept;
    double size_low, size_high; /* of the segment, in 95 of 100 draws: binomial */
    bool drawn; /* false: both sides are large, or the line cannot be drawn; low and high are its
                   effect */
};
/* profile: of the segment or of a contrast; line: the one of its differences that is asked about;
 * members, others: the two sides it compares. Draws depend on seed alone. */
void insight_wobble(const struct insight_profile *profile, const struct insight_difference *line,
                    const uint64_t *members, const uint64_t *others,
                    const struct population *population, uint64_t seed, struct arena *arena,
                    struct insight_wobble *out);

/*
 * A fact whose amount is negative is a refund: no order, nobody becomes a customer or comes back by
 * it; it is taken off the revenue. Models hold to the same rule (--refunds subtract).
 */

/* Revenue of the customers in a bitset of positions (words as plan_result's), facts in (from,
 * until]. */
struct insight_money {
    uint64_t facts, buyers; /* orders, and customers with one */
    double total;
};
struct insight_money insight_money(const struct population *population,
                                   const struct insight_revenue *revenue, const uint64_t *members,
                                   int64_t from, int64_t until);

struct insight_pair {
    int a, b; /* segment indexes, a < b */
    uint64_t both;
};
struct insight_group {
    const int *segments; /* in exactly these and no other */
    int segment_count;
    uint64_t customers;
};
struct insight_overlap {
    uint64_t customers, none;   /* existing; in no segment */
    uint64_t *size;             /* by segment index */
    struct insight_pair *pairs; /* every pair with both > 0, a then b */
    size_t pair_count;
    struct insight_group *groups; /* the largest exact intersections, largest first */
    size_t group_count;
    size_t all_groups; /* how many exact intersections there are */
};
/* segments: those to compare (indexes; count of them). most_groups: how many exact intersections to
 * return. */
void insight_overlap(const struct plan_result *result, const int *segments, int count,
                     size_t most_groups, struct arena *arena, struct insight_overlap *out);

/* Customers by the local month of their first order, and how many of them came back each month
 * after. */
struct insight_cohorts {
    int cohort_count, month_count;
    int older_cohorts;        /* before the months shown, with at least one customer */
    uint64_t older_customers; /* theirs */
    int32_t *month;           /* date_unit_number of each cohort's month */
    uint64_t *size;           /* customers of each cohort */
    uint64_t *active; /* cohort × month_count: with a fact in the k-th month after the first (k = 0:
                         the same month) */
};
/* table: the facts, of population. revenue tells orders from refunds, when it is of that kind. The
 * newest most_months cohorts are counted one by one, those before them together. */
void insight_cohorts(const struct population *population, const struct insight_revenue *revenue,
                     int table, int64_t now, int most_months, struct arena *arena,
                     struct insight_cohorts *out);

/* Orders and revenue a local unit, oldest first; units without facts are there with zeros. */
struct insight_series {
    size_t count;
    int32_t *date; /* first day of the unit */
    uint64_t *facts, *customers;
    double *revenue;
};
void insight_series(const struct population *population, const struct insight_revenue *revenue,
                    int table, int64_t now, enum calendar_unit unit, struct arena *arena,
                    struct insight_series *out);

/* What decides who is in a segment: what its definition reads, and what is told once more by the
 * lines of the same orders. In arena. */
struct segment_reads insight_reads(const struct segment_set *set, const struct schema *schema,
                                   int segment, struct arena *arena);

#endif
