/*
 * Told traits as they stand at a moment, and where two of them contradict each other: one decides
 * the other but for a few customers, two that should say the same do not, an age is not that of the
 * birth date, a date lies after one it comes before everywhere else.
 *
 * What is meant is learnt from the many, what is wrong are the few. A relation counts only when so
 * few exceptions would hardly come about were the two traits independent; over all pairs the false
 * discovery rate is kept at 5% (Benjamini & Hochberg 1995).
 */
#ifndef STRATA_INSIGHT_TRAITS_H
#define STRATA_INSIGHT_TRAITS_H

#include "base/arena.h"
#include "population/population.h"

#define INSIGHT_NO_RANK UINT32_MAX

struct insight_trait {
    const char *name;
    enum value_type type;
    int scale;
    /* A position: the last value known at the moment. TEXT as its code, DOUBLE as an integer of the
     * same order. */
    int64_t *value;
    uint32_t *rank;    /* its place among the different values; INSIGHT_NO_RANK where unknown */
    uint32_t *by_rank; /* the positions where it is known, by rank */
    uint32_t *start;   /* distinct + 1 entries into by_rank */
    uint32_t known, distinct,
        customers;   /* of how many; how many different values; everyone, known or not */
    bool undated;    /* some values hold always */
    uint32_t latest; /* the newest telling of a dated value; 0 when there is none */
};
struct insight_traits {
    /* sets and places are counted (known, latest) but not ranked: distinct is 0 */
    struct insight_trait *items;
    size_t count;
};
/* The number behind an entry of `value`, of a DOUBLE. */
double insight_trait_double(int64_t value);
/* existing: a bit a position. Memory of order of customers × traits, in arena. */
void insight_traits_read(const struct population *population, const uint64_t *existing, int64_t now,
                         struct arena *arena, struct insight_traits *out);

enum insight_clash {
    INSIGHT_DECIDES, /* a decides b */
    INSIGHT_SAME,    /* a and b say the same */
    INSIGHT_AGE,     /* b is the age, in whole years, of the date a */
    INSIGHT_BEFORE,  /* the date a is not after the date b */
};
/* A relation that holds but for `broken` of the `known` customers of whom both are known. broken 0:
 * it holds for all, given only for INSIGHT_SAME and for ages that lag. */
struct insight_contradiction {
    enum insight_clash what;
    int a, b;
    uint32_t known, broken;
    double by_chance; /* exceptions to be expected, were they independent */
    double p;         /* of so few exceptions by chance, adjusted for all pairs */
    uint32_t example; /* position of a customer who breaks it */
    /* INSIGHT_DECIDES: position of one with the same a and the b that goes with it */
    uint32_t usual;
    int lag; /* INSIGHT_AGE: years most ages are short of; 0 when they are right */
};
struct insight_contradictions {
    struct insight_contradiction *items; /* by a, then b */
    size_t count;
    size_t tested; /* pairs */
};
/* today: the local date of the moment. */
void insight_contradict(const struct insight_traits *traits, const struct zone *zone, int32_t today,
                        struct arena *arena, struct insight_contradictions *out);

#endif
