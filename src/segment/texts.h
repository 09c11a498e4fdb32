/* The texts that definitions compare traits with, for those who know which texts there are. */
#ifndef STRATA_SEGMENT_TEXTS_H
#define STRATA_SEGMENT_TEXTS_H

#include "segment/segment.h"

/* A trait, by its name, equal to a text, or one of several. */
struct segment_told_text {
    const char *trait;
    struct text text;
};
/* Calls visit for each of them in a checked condition, of the customer's own traits; those that
 * ignore case are left out. */
void segment_text_tests(struct segment_node *condition,
                        void (*visit)(const struct segment_told_text *test, void *context),
                        void *context);

#endif
