/* What the files of the generator of conditions share. */
#ifndef STRATA_TESTS_PROPERTY_RANDOM_INTERNAL_H
#define STRATA_TESTS_PROPERTY_RANDOM_INTERNAL_H

#include "random.h"

enum { STEPS_MAX = 4 };

/* Where text is being written. */
struct gen {
    struct random *random;
    const struct schema *schema;
    const struct random_names *names;
    struct buffer *out;
    int depth;                       /* what is left */
    const struct schema_table *kind; /* a fact's context: its kind */
    bool qualified;                  /* properties are written order.amount rather than amount */
    bool ever;                       /* only traits: inside ever() */
    bool no_windows;                 /* inside periods() */
    struct {
        const char *alias;
        const struct schema_table *kind;
    } steps[STEPS_MAX];
    int step_count; /* earlier steps that may be named */
};

#define GEN(gen, ...) buffer_printf((gen)->out, __VA_ARGS__)
#define BELOW(gen, n) random_below((gen)->random, (n))
#define ONE_IN(gen, n) random_one_in((gen)->random, (n))
#define PICK(gen, array) ((array)[BELOW(gen, (int)(sizeof(array) / sizeof *(array)))])
#define TYPE(type) (1u << (type))
#define NUMBERS (TYPE(VALUE_INT) | TYPE(VALUE_DECIMAL) | TYPE(VALUE_DOUBLE))

/* Takes back what was written since the buffer had this length. */
void gen_undo(struct gen *gen, size_t length);
void gen_name(struct gen *gen, const char *name);
/* A random path to a column of one of the types; NULL when there is none here. *column (may be
 * NULL) is where it ends. In a static buffer. */
const char *gen_path(struct gen *gen, unsigned types, const struct schema_column **column);
const struct schema_table *gen_kind(struct gen *gen);
/* Text of a literal for a comparison with column. */
void gen_literal(struct gen *gen, const struct schema_column *column);

/* Values: text of one expression of the type. */
void gen_number(struct gen *gen);
bool gen_moment(struct gen *gen, bool date); /* false: nothing written */
void gen_measure_tail(struct gen *gen, const struct schema_table *kind);
/* Writes the window with a space before it. */
void gen_window(struct gen *gen);
void gen_quantity(struct gen *gen);

void gen_condition(struct gen *gen);
bool gen_story(
    struct gen *gen); /* sequences, comebacks, histories, records; false: nothing written */
bool gen_everyone(struct gen *gen); /* ranks, accounts, samples, lists, segments */

#endif
