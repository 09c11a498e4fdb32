/*
 * What the files of the compiler share: where a node stands, how steps are made, and which function
 * compiles which node. A function that returns an int returns the number of a step in the plan.
 * Failure is noted once in the compiler, the number is then 0, and whoever began the compilation
 * looks at `failed`. A compiler belongs to one thread.
 */
#ifndef SEGMENT_COMPILE_H
#define SEGMENT_COMPILE_H

#include "plan/steps.h"

enum { NO_STEP = -1, LEAF_NONE = -1, LEAF_MANY = -2 };
/* 16 to the seventh: more members than a file of SEGMENT_SOURCE_MAX bytes can write. */
enum { BLOCK_MEMBERS = 16, BLOCK_LEVELS = 7 };

/* Where a node stands. */
struct scope {
    int frame;
    int slot;    /* which kind of the measure: chooses start_column */
    bool period; /* measures see the unit of `periods` */
    int moment;  /* traits as of this step's TIME; NO_STEP: at now */
    int as_rows; /* OP_STEP of this step of the sequence is read as the row's own property; −1 */
    const struct segment_sequence *sequence; /* the one it stands in, or NULL */
};

struct compiler {
    struct plan *plan;
    struct error *error;
    bool failed;
    int opaque; /* parts met so far that cannot be compiled for dictionary codes */
    /* compile_members.c: by level and by the segment it begins with, the step of a block of a
     * scheme's members; −1 */
    int *blocks[BLOCK_LEVELS];
};

/* How dear a step is, very roughly, beside a comparison (1). Only the order of conditions within
 * and/or depends on it: cheap ones first. */
enum {
    COST_ANY = 2,
    COST_COUNT = 3,
    COST_WINDOW = 4,
    COST_SUM = 6,
    COST_EDGE = 8,
    COST_GATHER = 20,
    COST_PERIODS = 50,
    COST_SEQUENCE = 100,
};

static const struct scope CUSTOMERS = {FRAME_CUSTOMERS, 0, false, NO_STEP, -1, NULL};

static inline struct step *at(struct compiler *compiler, int id)
{
    return &compiler->plan->steps.items[id];
}

/* Notes the first failure, a sentence; returns 0. */
int plan_compile_refuse(struct compiler *compiler, const char *what);

/* ---- compile_steps.c: making steps ---- */

/* The plan's step that equals `step` reading the count steps of child, made when there is none yet.
 */
int plan_step_make(struct compiler *compiler, struct step step, const int *child, int count);
/* A step to fill in, of type bool; it reads nothing of the population by itself. */
struct step plan_step_blank(step_run *run, enum shape shape, int frame);
/* A step to fill in that reads the population. */
struct step plan_step_leaf(step_run *run, enum shape shape, int frame);
/* A step to fill in over the children's frame: one lane when all of them are constant. */
struct step plan_step_operator(struct compiler *compiler, step_run *run, enum shape shape,
                               const int *child, int count);
/* How vectors of a type are kept; is_double counts for durations only. */
enum shape plan_shape_of(enum value_type type, bool is_double);

int plan_constant_bits(struct compiler *compiler, bool value);
/* Whether a value is known. */
int plan_known_of(struct compiler *compiler, int value);
int plan_not_of(struct compiler *compiler, int condition);
/* run is step_and or step_or; the count given conditions are put in the order of their cost, each
 * once. */
int plan_junction(struct compiler *compiler, step_run *run, const int *given, int count);
int plan_and_of(struct compiler *compiler, int a, int b);
/* a compare b, or a cheaper condition that means the same. */
int plan_compare_of(struct compiler *compiler, enum segment_compare compare, int a, int b);
/* Customers with one of the selected rows of a table at least. */
int plan_any_rows(struct compiler *compiler, int selected, int table);
/* A step that reads nothing and yields integers of a type. */
int plan_simple_leaf(struct compiler *compiler, step_run *run, enum value_type type, int frame);
/* A customer's vector read from the rows of the scope's kind; any other step, or scope, as it is.
 */
int plan_spread(struct compiler *compiler, int id, struct scope scope);
/* The scope of the customer for whom `scope` stands. */
struct scope plan_customers_of(struct scope scope);
/* The node behind the forms it is wrapped in. */
const struct segment_node *plan_meaning(const struct segment_node *node);

/* ---- parts of nodes ---- */

/* The table of the traits' reports. */
int plan_trait_table(struct compiler *compiler);
/* The value in a column of the table itself. */
int plan_start_step(struct compiler *compiler, int table, int column, struct scope scope);
/* The value at the end of a walk along references that starts in the column `start`. */
int plan_path_step(struct compiler *compiler, const struct segment_path *path, int table, int start,
                   struct scope scope);
/* The steps of a node's children, as conditions or as values; the array is the plan's. */
int *plan_compile_children(struct compiler *compiler, const struct segment_node *node,
                           struct scope scope, bool conditions);
/* The bounds of a window: per customer when its anchor is. */
int plan_compile_bounds(struct compiler *compiler, const struct segment_window *window,
                        struct scope scope);
/* The rows of a table within a window; NULL: all up to now. */
int plan_window_rows(struct compiler *compiler, const struct segment_window *window, int table,
                     struct scope scope);
/* The rows of the slot's kind that a measure selects. */
int plan_selected_rows(struct compiler *compiler, const struct segment_measure *measure, int slot,
                       struct scope scope);
/* A measure's argument at each row of the slot's kind. */
int plan_argument_rows(struct compiler *compiler, const struct segment_measure *measure, int slot,
                       struct scope scope);
bool plan_is_gap(const struct segment_measure *measure);

/* ---- compile_members.c: segments and members of schemes ---- */

/* A segment's own step: its condition, less what its scheme's earlier members took. */
int plan_member_step(struct compiler *compiler, int segment);
/* Makes the steps of segments and of all that they use. */
void plan_members_make(struct compiler *compiler, const int *segments, int count);

/* ---- nodes ---- */

/* Makes the steps of a node that stands in a scope. */
typedef int node_compile(struct compiler *compiler, const struct segment_node *node,
                         struct scope scope);

/* Any node, as a value (never bits) and as a condition (always bits). */
node_compile plan_compile_value, plan_compile_condition;

/* compile_leaves.c */
node_compile plan_compile_literal, plan_compile_now, plan_compile_property, plan_compile_trait,
    plan_compile_chosen, plan_compile_record, plan_compile_list, plan_compile_sample;
/* compile_condition.c */
node_compile plan_compile_compare, plan_compile_between, plan_compile_in, plan_compile_text,
    plan_compile_set, plan_compile_known, plan_compile_in_window, plan_compile_junction;
/* compile_everyone.c */
node_compile plan_compile_segment, plan_compile_scheme, plan_compile_rank, plan_compile_account;
/* compile_history.c */
node_compile plan_compile_ever, plan_compile_changed;
/* compile_measure.c */
node_compile plan_compile_measure, plan_compile_periods, plan_compile_resumed;
/* compile_sequence.c */
node_compile plan_compile_sequence;
/* compile_value.c */
node_compile plan_compile_arithmetic, plan_compile_function;

#endif
