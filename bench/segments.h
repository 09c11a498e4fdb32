/* The benchmark's segments, as trees and as SQL. */
#ifndef STRATA_BENCH_SEGMENTS_H
#define STRATA_BENCH_SEGMENTS_H

#include "data.h"
#include "support/trees.h"

enum { SEGMENTS = 20 };
/* Twenty segments; more than twenty: as many again with other windows and thresholds. */
void segments_make(struct trees *trees, int count);

/* One table of members, bits in the order of segments_make: the best SQL we can write, and what
 * people write first. */
char *segments_best_sql(int64_t now);
char *segments_obvious_sql(int64_t now);

#endif
