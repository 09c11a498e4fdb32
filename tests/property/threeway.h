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
void trial_run(const struct world *world, const char *definitions, const char *condition, enum naive_fault fault,
               struct trial *out);
/* Prints the smallest case it finds from here, as # lines. */
void shrink_print(struct world *world, const char *definitions, const char *condition, enum naive_fault fault);

#endif
