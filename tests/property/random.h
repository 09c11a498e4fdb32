/* Random schemas, worlds and segment texts; everything follows from the seed. */
#ifndef STRATA_TESTS_PROPERTY_RANDOM_H
#define STRATA_TESTS_PROPERTY_RANDOM_H

#include "world.h"

struct random {
    uint64_t state;
};
uint64_t random_next(struct random *random);
/* 0 … below − 1. */
int random_below(struct random *random, int below);
/* true in one of `in` cases. */
bool random_one_in(struct random *random, int in);

/* A schema with kinds, traits, reference tables; in arena. */
struct schema *random_schema(struct random *random, struct arena *arena);
/* A moment near something that makes trouble: a change of clocks, the end of a month, a leap day.
 */
int64_t random_now(struct random *random, const struct zone *zone);
/* Rows for world->schema, zone and now; world is initialised. segments: names that get records. */
void random_world(struct random *random, struct world *world, int customers,
                  const char *const *segments, int segment_count);
/* Texts that properties hold and conditions ask for. */
const char *random_text(struct random *random, const char *column);
int64_t random_number(struct random *random, const struct schema_column *column);

/* One condition as text. scope: names of the segments and (exclusive) schemes it may speak of. */
struct random_names {
    const char *const *segments;
    int segment_count;
    const char *const *recorded; /* with records */
    int recorded_count;
    const char *const *lists;
    int list_count;
    const char *scheme; /* an exclusive scheme's name or NULL, its members are new, old, rest */
};
void random_condition(struct random *random, const struct schema *schema,
                      const struct random_names *names, struct buffer *out);

extern const char *const random_zones[];
extern const int random_zone_count;

#endif
