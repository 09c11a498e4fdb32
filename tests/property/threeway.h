/* What the files of the three-way test share. */
#ifndef STRATA_TESTS_PROPERTY_THREEWAY_H
#define STRATA_TESTS_PROPERTY_THREEWAY_H

#include "random.h"
#include "ways.h"

/* How one condition fares on one world. */
struct trial {
    bool built;   /* the condition is accepted */
    bool differs; /* some two ways disagree */
    int customer; /* about this one */
    bool evaluator, naive, sql;
    char problem[600]; /* a failure of one of the ways, which counts as disagreement */
};
/* definitions: text of the segments and schemes the condition may speak of. */
void trial_run(const struct world *world, const char *definitions, const char *condition,
               enum naive_fault fault, struct trial *out);
/* Prints the smallest case it finds from here, as # lines. */
void shrink_print(const struct world *world, const char *definitions, const char *condition,
                  enum naive_fault fault);

/* Whether the segment, or one it uses, asks about everyone: ranks and accounts. */
bool needs_everyone(const struct segment_set *set, int segment);
/*
 * Splits the world into a population and a delta and compares each customer's answers with `whole`,
 * those of the full population. *segment is −1, or a segment of which *customer got another answer.
 * Segments that ask about everyone are left out.
 */
enum status delta_check(struct random *random, const struct world *world,
                        const struct segment_set *set, const unsigned char *whole, int *segment,
                        int *customer, struct error *error);

#endif
