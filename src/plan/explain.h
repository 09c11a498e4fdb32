/* What explain.c and explain_text.c share. */
#ifndef STRATA_PLAN_EXPLAIN_H
#define STRATA_PLAN_EXPLAIN_H

#include "plan/steps.h"

/* A lane of a value, as people write it: "1,234.50", "'Wien'", "2025-03-31", "unknown". In arena.
 */
const char *explain_value(struct run *run, const struct operand *value, size_t lane,
                          struct arena *arena);
/* The same as a JSON value: numbers, yes/no and lists as such, a point as [latitude, longitude], a
 * duration in seconds, the unknown as null. In arena. */
const char *explain_json(struct run *run, const struct operand *value, size_t lane,
                         struct arena *arena);
/* As explain_value, for a plain number of a type and scale. */
const char *explain_number(struct run *run, enum value_type type, int scale, bool is_double,
                           int64_t integer, double number, struct arena *arena);

#endif
