/*
 * The inside of a plan. A checked tree becomes a list of steps; each makes one vector and comes
 * after those it reads. Equal steps are one step (compile.c looks every new one up by its
 * parameters and children), so that whatever twenty or four hundred segments share is computed
 * once.
 *
 * A step works on the lanes of a frame: one lane (constants), a batch of customers, the rows of one
 * kind that belong to those customers (always one contiguous range), or dictionary codes. Operators
 * are the same functions in every frame; only leaves differ. A predicate over a single text column
 * is evaluated once per dictionary code when the plan is bound to a population, and is a table
 * look-up per row from then on.
 *
 * Vectors are made on demand and remembered until their clock ticks: constants until the moment
 * changes, the rest until the next batch, what `periods` or a sequence varies until it varies it.
 * So a condition that fails for a whole batch keeps the steps behind it from running.
 */
#ifndef STRATA_PLAN_STEPS_H
#define STRATA_PLAN_STEPS_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/bits.h"
#include "base/map.h"
#include "base/number.h"
#include "base/vector.h"
#include "plan/kernels.h"
#include "plan/plan.h"
#include "population/delta.h"

#include <pcre2.h>

/* Sums and products before they are held against 64 bits. */
__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/* Customers at a time: few enough that a batch's vectors stay in the processor's cache, enough that
 * a step's call is nothing beside its loop. */
enum { BATCH = 512, BATCH_WORDS = BATCH / 64, TASK_BATCHES = 16 /* batches of a task */ };

enum frame { FRAME_ONE, FRAME_CUSTOMERS, FRAME_CODES, FRAME_ROWS /* + plan table */ };

enum step_clock { CLOCK_MOMENT, CLOCK_BATCH, CLOCK_CODES, CLOCK_PERIOD, CLOCK_CHOSEN, CLOCKS };

enum shape {
    SHAPE_BITS,   /* conditions: truth in bits */
    SHAPE_INT,    /* i, known in bits */
    SHAPE_DOUBLE, /* d */
    SHAPE_POINT,  /* d latitude, e longitude */
    SHAPE_SET,    /* codes, count */
    SHAPE_TEXT,   /* text: computed texts that have no code */
    SHAPE_BOUNDS, /* i lo, j hi; inclusive */
};

enum hint { HINT_MIXED, HINT_ALL, HINT_NONE };

struct vector {
    uint64_t *bits; /* truth or knownness, a bit a lane; bits past the last lane may be anything */
    union {
        int64_t *i;
        double *d;
        const uint32_t **codes;
        struct text *text;
    };
    union {
        int64_t *j;
        double *e;
        uint32_t *count;
    };
    uint64_t *own_bits;
    void *first, *second; /* memory behind the two unions */
    size_t capacity;      /* lanes */
    uint64_t stamp;
    uint32_t *counts; /* rows selected, by lane of the batch, in scratch memory: of bits of rows
                         that were counted */
    uint64_t counts_stamp;
    enum hint hint; /* of bits */
};

struct run;
struct step;
typedef void step_run(struct run *run, const struct step *step, struct vector *out);
/* Lowers next[lane] to the first moment after now at which the step's vector may change by itself.
 */
typedef void step_next(struct run *run, const struct step *step, int64_t *next);

struct step {
    step_run *run;
    step_next *next; /* NULL: only its children's changes change it */
    enum shape shape;
    int frame;
    enum step_clock clock;
    enum value_type type;
    int scale;
    bool timeless;  /* does not depend on now */
    bool version;   /* texts compared as versions */
    bool now_loose; /* a value that goes on with now, for which no condition has answered yet */
    int code_leaf; /* the only text column it reads besides constants, or −1; −2: several or others
                    */
    bool textual; /* looks into texts: worth a look-up table */
    int cost;     /* rough, to order the children of and/or */
    /* Parameters; all of them are part of what makes two steps equal. */
    int a, b, c;
    int64_t p, q;
    double x;
    const char *name;
    const void *extra; /* compared by address */
    int *child;
    int child_count;
};

/* A customer's position in a rank: value and identifier decide. */
struct rank_cut {
    bool any;
    int64_t integer;
    double number;
    uint32_t position;
};

/* What a rank or account step needs to know of everyone. */
struct phase_result {
    bool ready;
    uint64_t known;        /* K */
    struct rank_cut cut;   /* OP_TOP: the last one in */
    struct rank_cut *cuts; /* OP_NTILE: the last one of each group but the last */
    int64_t *integers;     /* OP_PERCENTILE: sorted values */
    double *doubles;
    struct number_map accounts; /* OP_ACCOUNT: code to meeting << 32 | all */
};

struct plan_phase {
    const struct plan *plan;
    struct phase_result *results; /* by place in plan->globals */
    int64_t next; /* the first moment at which one of them may come out differently; INT64_MAX: not
                     asked, or never */
};

struct plan_column {
    int table; /* plan table */
    const char *name;
};

struct plan {
    struct arena arena;
    const struct segment_set *set;
    const struct schema *schema;
    VECTOR(struct step) steps;
    struct text_map known;     /* parameters and children to step */
    struct text_map described; /* a sequence's description to a number of its own */
    const char **table_names;  /* plan tables: schema order */
    int table_count;
    VECTOR(struct plan_column) columns;
    VECTOR(int) tests;   /* look-up steps: tables are made when binding */
    VECTOR(int) moving;  /* reachable steps with a next moment of their own */
    VECTOR(int) globals; /* rank and account steps, in order of dependence */
    VECTOR(pcre2_code *) patterns;
    int *member; /* per segment of the set: its step, or −1 */
    int *extra;  /* further roots (values, explain) */
    int extra_count;
    bool *table_used; /* fact and trait tables with row frames, by plan table */
    bool uses_future; /* some step reads facts, so facts after now will change it */
};

/* Codes first … first + span; valid only when a predicate holds exactly there. */
struct code_range {
    bool valid;
    uint32_t first, span;
};

/* A plan against one population. */
struct binding {
    const struct plan *plan;
    const struct population *population;
    const struct population_table **tables;   /* by plan table; NULL: not loaded */
    const struct population_column **columns; /* by plan column; NULL: not loaded */
    uint8_t **tests; /* by step: truth per code, the unknown last; NULL: its range says it */
    struct code_range *ranges; /* by step: where a test holds, when that is one run of codes */
    struct local_clock *clock;
};

/* That a condition on nothing but now is for [from, until) what it was at from. */
struct known_ahead {
    uint64_t population;
    int64_t from, until;
};

/* One table's rows of the batch. */
struct table_view {
    const uint32_t *offset; /* lanes + 1 */
    const uint32_t *time;   /* all rows of the table */
    uint32_t begin, end;    /* rows of the batch */
    const struct population_table *table;
};

/* Everything one thread needs to execute a plan. */
struct run {
    const struct plan *plan;
    const struct kernels *kernels;
    const struct binding *binding;
    const struct population *population;
    const struct plan_phase *phase;
    int64_t now;
    int32_t today;
    uint32_t first; /* position of lane 0 */
    uint32_t count; /* lanes */
    size_t *lanes;  /* by frame */
    struct table_view *views;
    const struct population_column **columns; /* by plan column */
    const struct population_delta *delta;
    uint64_t counter, epoch[CLOCKS];
    struct vector *vectors;
    uint64_t *ones, *zeros;
    size_t ones_words;
    struct segment_bounds period; /* CLOCK_PERIOD */
    const int64_t *codes;         /* FRAME_CODES: the code of each lane */
    const uint64_t *codes_known;
    uint32_t *chosen_row; /* CLOCK_CHOSEN: per step of the sequence */
    int *chosen_kind;
    struct run *inner;               /* for sequences that must look at one customer at a time */
    struct run *ahead;               /* for conditions on nothing but now, at later moments */
    struct known_ahead *known_ahead; /* by step */
    struct arena scratch;            /* until the next batch */
    struct arena lasting;            /* until the next moment */
    uint8_t *visited;                /* sequences: places known to lead nowhere */
    size_t visited_size;
    pcre2_match_data *match;
    struct population_rows **patch; /* by plan table: a customer's rows with the delta's */
    struct binding *own_binding;
    uint64_t serial; /* of the population own_binding is for */
    bool failed;
    struct error error;
};

/* The lanes whose value is known. */
#define FOR_KNOWN(out, lanes)                     \
    for (size_t lane = 0; lane < (lanes); lane++) \
        if (bit_at((out)->bits, lane))

static inline const struct step *step_of(const struct run *run, int id)
{
    return &run->plan->steps.items[id];
}

void run_step(struct run *run, int id);

/* The vector of a step, made now if it is not there. */
static inline struct vector *step_vector(struct run *run, int id)
{
    struct vector *vector = &run->vectors[id];
    if (vector->stamp != run->epoch[run->plan->steps.items[id].clock])
        run_step(run, id);
    return vector;
}

/* A child seen from the lanes of the frame that reads it: constants have stride 0. */
struct operand {
    const struct step *step;
    const int64_t *i;
    const double *d;
    const double *e;
    const uint64_t *bits;
    const uint32_t **codes;
    const uint32_t *count;
    const struct text *text;
    const int64_t *j;
    size_t stride;
    enum hint hint;
};

static inline struct operand operand_of(struct run *run, int id)
{
    const struct step *step = step_of(run, id);
    const struct vector *vector = step_vector(run, id);
    struct operand operand = {
        .step = step, .bits = vector->bits, .stride = 1, .hint = vector->hint};
    if (step->frame == FRAME_ONE) {
        bool set = vector->bits[0] & 1;
        operand.stride = 0;
        operand.bits = set ? run->ones : run->zeros;
        operand.hint = set ? HINT_ALL : HINT_NONE;
    }
    operand.i = vector->i;
    operand.d = vector->d;
    operand.codes = vector->codes;
    operand.text = vector->text;
    operand.j = vector->j;
    operand.e = vector->e;
    operand.count = vector->count;
    return operand;
}

static inline size_t lanes_of(const struct run *run, const struct step *step)
{
    return run->lanes[step->frame];
}

static inline void set_all(struct run *run, struct vector *out)
{
    out->bits = run->ones;
    out->hint = HINT_ALL;
}

static inline void set_none(struct run *run, struct vector *out)
{
    out->bits = run->zeros;
    out->hint = HINT_NONE;
}

/* The text behind a lane of a text operand. */
struct text operand_text(struct run *run, const struct operand *operand, size_t lane);
struct text run_text(struct run *run, int64_t code);
/* Remembers the first failure; the evaluation ends with it. */
void run_fail(struct run *run, const char *format, ...) PRINTF_LIKE(2, 3);
/* A number operand's lane as a double, by the rule of tree.h. */
double operand_number(const struct operand *operand, size_t lane);
void numbers_of(const struct operand *operand, size_t lanes, double *out);
void clock_tick(struct run *run, enum step_clock clock);
/* A double that is no number, or beyond all bounds, is never known: takes such lanes out of out's
 * bits. */
void plan_forget_nonfinite(struct run *run, const struct step *step, struct vector *out);
/* lane of each row of the view, in scratch memory of the run. */
const uint32_t *row_owners(struct run *run, int table);

/* binding.c */
enum status binding_new(const struct plan *plan, const struct population *population,
                        struct binding **out, struct error *error);
void binding_free(struct binding *binding);
struct run *run_new(const struct plan *plan);
void run_free(struct run *run);
void run_bind(struct run *run, const struct binding *binding, const struct plan_phase *phase,
              int64_t now);
void run_moment(struct run *run, int64_t now);
/* The lanes are the customers first … first + count − 1 (count ≤ BATCH). */
void run_batch(struct run *run, uint32_t first, uint32_t count);
/* The lanes of FRAME_CODES; codes and codes_known are set by the caller. */
void run_codes(struct run *run, size_t lanes);
/* One customer, with what the delta (may be NULL) has of them. */
void run_one(struct run *run, uint32_t position, const struct population_delta *delta);
/* Whether the customer of a lane exists at the moment. */
bool run_exists(const struct run *run, uint32_t lane);

/* Local dates quickly: a table per day of the offset, exact zone arithmetic for the days it
 * changes. */
struct local_clock;
struct local_clock *local_clock_new(const struct zone *zone);
void local_clock_free(struct local_clock *clock);
int32_t local_date(const struct local_clock *clock, int64_t moment);
int64_t local_day_start(const struct local_clock *clock, int32_t date);
/* The clock does not change from one moment to the other, as far as can be told quickly. */
bool local_clock_is_steady(const struct local_clock *clock, int64_t from, int64_t to);
/* Whole units from a to b, rounded down; dates: from a day to a day, hours (up to now) from the
 * day's first moment. */
int64_t plan_units_between(const struct zone *zone, enum calendar_unit unit, bool dates, int64_t a,
                           int64_t b, int64_t now, bool until);

/* compile.c */
/* A plan whose roots are nodes of the set's customer context instead of segments: plan->extra[i] is
 * the step of nodes[i]. */
enum status plan_of_nodes(const struct segment_set *set, const struct schema *schema,
                          const struct segment_node *const *nodes, int count, struct plan **out,
                          struct error *error);
/* The bitmaps of rows that a measure, a sequence's first step or `resumed` counts, one a kind;
 * returns their number. To be asked for before the plan is bound. */
int plan_selected(struct plan *plan, const struct segment_node *node, int steps[SEGMENT_KINDS_MAX]);

/* phase.c */
enum status phase_fill(const struct plan *plan, const struct binding *binding, int64_t now,
                       struct pool *pool, bool with_next, struct plan_phase **out,
                       struct error *error);

/* Steps: the operators. Grouped by file. */
/* operators.c */
step_run step_and, step_or, step_not, step_compare, step_in_range, step_in, step_known, step_truth,
    step_as_value, step_text, step_set;
/* versions.c */
step_run step_version;
/* arithmetic.c */
step_run step_add, step_subtract, step_multiply, step_divide, step_negate, step_numeric, step_size,
    step_length, step_case, step_choose, step_coalesce, step_distance;
/* times.c */
step_run step_now, step_today, step_age, step_calendar, step_hour, step_since, step_bounds,
    step_threshold, step_in_window, step_anniversary, step_period_bounds;
/* Bits of a stored column's rows whose value lies in [lo, hi]; known rows only. For integers,
 * dates, times and codes.
 */
void column_range(struct run *run, const struct population_column *column, size_t begin,
                  size_t lanes, int64_t lo, int64_t hi, struct vector *out);
/* Knownness of a column's rows into out->bits. */
void column_known(struct run *run, const struct population_column *column, size_t begin,
                  size_t lanes, struct vector *out);
/* The column a step reads as it is stored, or NULL; *begin: its first row of the batch. */
const struct population_column *stored_column(const struct run *run, const struct step *step,
                                              size_t *begin);

/* leaves.c */
step_run step_literal, step_column, step_lookup, step_row_time, step_customer, step_code, step_test,
    step_trait, step_trait_at, step_list, step_record, step_sample, step_scheme, step_row_moment,
    step_row_told, step_changed, step_chosen, step_day_start;
/* measures.c */
step_run step_window, step_count, step_any, step_sum, step_average, step_extreme, step_gather,
    step_resumed, step_edge;
/* sequences.c */
step_run step_sequence, step_periods;
/* The customer of a lane in a run of their own, which is the run's until it is asked for another.
 */
struct run *run_alone(struct run *run, uint32_t lane);
/* Each unit of step_periods in turn, with the run's period set to it; units without a fact are
 * visited once, as `times`. */
typedef void run_period(struct run *run, const struct step *step, int64_t times, void *context);
void run_each_period(struct run *run, const struct step *step, run_period *visit, void *context);
/* phase.c */
step_run step_top, step_ntile, step_percentile, step_account;
/* next.c */
step_next next_window, next_in_window, next_threshold, next_record, next_history;
/* next_story.c */
step_next next_sequence, next_periods;
/* next_condition.c */
step_next next_condition, next_rank;
/* When the keys of a rank may come to be in another order, whoever's they are. */
step_next next_keys;
/* The first moment after now, by lane of the batch just evaluated, as long as ranks and accounts
 * stay as they are. */
void next_of_batch(struct run *run, int64_t *next);

/* A property of the fact an earlier step chose (step->extra of step_chosen). By kind of that step.
 */
struct chosen_leaf {
    const struct segment_node *node;
    int table[SEGMENT_KINDS_MAX], column[SEGMENT_KINDS_MAX];
    int hops, hop_table[SEGMENT_HOPS_MAX], hop_column[SEGMENT_HOPS_MAX];
};

/* sequences.c: what step_sequence reads (step->extra). */
struct sequence_pair {
    int own, other; /* value steps: of this fact, of the chosen one */
    int step;       /* which chosen one */
    int other_kind; /* for which of its kinds `other` stands; −1: any */
    enum segment_compare compare;
};
struct sequence_kind {
    int table;
    int mask;       /* rows that meet what needs no earlier fact (with facts after now left out) */
    int start_mask; /* first step: those in the window too */
    struct sequence_pair *pairs; /* in the plan's arena */
    int pair_count;
    int slow; /* condition over OP_STEP values, or −1 */
};
struct sequence_plan {
    const struct segment_sequence *source;
    int step_count;
    struct sequence_kind *kinds[SEGMENT_STEPS_MAX];
    bool refers;      /* some filter uses an earlier fact */
    bool forbids;     /* some step is negated */
    bool leaves_open; /* what it forbids may be a fact that a later step takes */
    bool slow;
    int bounds;
};

bool compare_holds(struct run *run, enum segment_compare compare, const struct operand *a, size_t x,
                   const struct operand *b, size_t y);
int version_compare(struct text a, struct text b);
bool like_matches(struct text text, struct text pattern);

#endif
