/*
 * Making steps. A step is made once: its key is all that decides its answer, and an equal key
 * yields the earlier step. What a step inherits from those it reads (clock, cost, the text column
 * behind it) is settled here, and so are the rewritings that a comparison invites: age(x) >= n is a
 * range of dates, max(x) > c is whether any x is.
 */
#include "plan/compile.h"

/* Costs only order conditions; those beyond are dear alike. Two of them can be added. */
enum { COST_MAX = 1000000000 };

int plan_compile_refuse(struct compiler *compiler, const char *what)
{
    if (!compiler->failed)
        compiler->failed = error_set(compiler->error, STATUS_ERROR, "%s", what) != STATUS_OK;
    return 0;
}

static void key_of(const struct step *step, struct buffer *key)
{
    const void *fields[] = {&step->run,     &step->shape, &step->frame, &step->type, &step->scale,
                            &step->version, &step->a,     &step->b,     &step->c,    &step->p,
                            &step->q,       &step->x,     &step->extra, &step->clock};
    const size_t sizes[] = {sizeof step->run,   sizeof step->shape, sizeof step->frame,
                            sizeof step->type,  sizeof step->scale, sizeof step->version,
                            sizeof step->a,     sizeof step->b,     sizeof step->c,
                            sizeof step->p,     sizeof step->q,     sizeof step->x,
                            sizeof step->extra, sizeof step->clock};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        buffer_add(key, fields[i], sizes[i]);

    if (step->child_count)
        buffer_add(key, step->child, (size_t)step->child_count * sizeof *step->child);

    buffer_char(key, '/');
    if (step->name)
        buffer_string(key, step->name);
}

static int merge_leaf(int a, int b)
{
    if (a == LEAF_NONE || a == b)
        return b;
    return b == LEAF_NONE ? a : LEAF_MANY;
}

/* What a step inherits from those it reads. */
static void inherit(struct compiler *compiler, struct step *step, const int *child, int count)
{
    step->child = count ? ARENA_ARRAY(&compiler->plan->arena, int, (size_t)count) : NULL;
    step->child_count = count;
    for (int i = 0; i < count; i++) {
        const struct step *under = at(compiler, child[i]);
        step->child[i] = child[i];
        step->timeless &= under->timeless;
        if (under->clock > step->clock && under->clock != CLOCK_CODES)
            step->clock = under->clock;
        step->code_leaf = merge_leaf(step->code_leaf, under->code_leaf);
        step->textual |= under->textual;
        step->now_loose |= under->now_loose;
        /* What is shared is counted at each place, so cost may double with every
         * definition that stands on another. */
        step->cost = step->cost + under->cost < COST_MAX ? step->cost + under->cost : COST_MAX;
    }
}

int plan_step_make(struct compiler *compiler, struct step step, const int *child, int count)
{
    struct plan *plan = compiler->plan;
    inherit(compiler, &step, child, count);

    /* A condition answers for what goes on below it. What stands above sees it change,
     * and nothing that is loose. */
    if (step.now_loose && (step.shape == SHAPE_BITS || step.shape == SHAPE_BOUNDS)) {
        if (step.shape == SHAPE_BITS && !step.next)
            step.next = next_condition;
        step.now_loose = false;
    }

    struct buffer key;
    buffer_init(&key, 0);
    key_of(&step, &key);
    bool is_new;
    int id = (int)text_map_put(&plan->known, (struct text){key.data, key.length}, plan->steps.count,
                               &is_new);
    buffer_release(&key);

    if (is_new)
        VECTOR_PUSH(&plan->steps, step);
    return id;
}

static enum step_clock frame_clock(int frame)
{
    if (frame == FRAME_ONE)
        return CLOCK_MOMENT;
    return frame == FRAME_CODES ? CLOCK_CODES : CLOCK_BATCH;
}

struct step plan_step_blank(step_run *run, enum shape shape, int frame)
{
    return (struct step){.run = run,
                         .shape = shape,
                         .frame = frame,
                         .clock = frame_clock(frame),
                         .type = VALUE_BOOL,
                         .timeless = true,
                         .code_leaf = LEAF_NONE,
                         .cost = 1};
}

struct step plan_step_leaf(step_run *run, enum shape shape, int frame)
{
    struct step step = plan_step_blank(run, shape, frame);
    if (frame != FRAME_ONE)
        step.code_leaf = LEAF_MANY;
    return step;
}

/* The frame of an operator: its scope's, or one lane when all it reads is constant. */
static int operator_frame(struct compiler *compiler, const int *child, int count)
{
    int frame = FRAME_ONE;
    for (int i = 0; i < count; i++)
        if (at(compiler, child[i])->frame != FRAME_ONE)
            frame = at(compiler, child[i])->frame;
    return frame;
}

struct step plan_step_operator(struct compiler *compiler, step_run *run, enum shape shape,
                               const int *child, int count)
{
    return plan_step_blank(run, shape, operator_frame(compiler, child, count));
}

enum shape plan_shape_of(enum value_type type, bool is_double)
{
    switch (type) {
    case VALUE_DOUBLE: return SHAPE_DOUBLE;
    case VALUE_DURATION: return is_double ? SHAPE_DOUBLE : SHAPE_INT;
    case VALUE_POINT: return SHAPE_POINT;
    case VALUE_SET: return SHAPE_SET;
    default: return SHAPE_INT;
    }
}

int plan_known_of(struct compiler *compiler, int value)
{
    if (at(compiler, value)->run == step_row_time)
        return plan_constant_bits(compiler, true);
    struct step step = plan_step_operator(compiler, step_known, SHAPE_BITS, &value, 1);
    return plan_step_make(compiler, step, &value, 1);
}

int plan_not_of(struct compiler *compiler, int condition)
{
    struct step step = plan_step_operator(compiler, step_not, SHAPE_BITS, &condition, 1);
    return plan_step_make(compiler, step, &condition, 1);
}

int plan_constant_bits(struct compiler *compiler, bool value)
{
    int none = 0;
    struct step step = plan_step_blank(step_and, SHAPE_BITS, FRAME_ONE);
    int all = plan_step_make(compiler, step, &none, 0); /* of nothing: true */
    return value ? all : plan_not_of(compiler, all);
}

struct junct {
    int step, cost;
    int place; /* as given: of equal cost, the first given comes first */
};

static int by_step(const void *a, const void *b)
{
    const struct junct *x = a, *y = b;
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_cost(const void *a, const void *b)
{
    const struct junct *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static bool is_and_of_nothing(const struct step *step)
{
    return step->run == step_and && step->child_count == 0;
}

/* The steps given, each once, cheap ones first; returns how many. Sorted, as there may be hundred
 * thousands. */
static int junction_children(struct compiler *compiler, step_run *run, const int *given, int count,
                             int *child)
{
    struct junct *juncts = base_malloc(((size_t)count + 1) * sizeof *juncts);
    int used = 0, kept = 0;
    /* An and of nothing is true, and says nothing among others. */
    for (int i = 0; i < count; i++)
        if (run != step_and || !is_and_of_nothing(at(compiler, given[i])))
            juncts[used++] = (struct junct){given[i], at(compiler, given[i])->cost, i};

    qsort(juncts, (size_t)used, sizeof *juncts, by_step);
    for (int i = 0; i < used; i++)
        if (kept == 0 || juncts[kept - 1].step != juncts[i].step)
            juncts[kept++] = juncts[i];

    qsort(juncts, (size_t)kept, sizeof *juncts, by_cost);
    for (int i = 0; i < kept; i++)
        child[i] = juncts[i].step;
    free(juncts);
    return kept;
}

/* and/or of any number; children in order of their cost, so that the cheap ones may spare the dear
 * ones. */
int plan_junction(struct compiler *compiler, step_run *run, const int *given, int count)
{
    int *child = base_malloc(((size_t)count + 1) * sizeof *child);
    int used = junction_children(compiler, run, given, count, child), id;
    if (used == 1) {
        id = child[0];
    } else if (used == 0) {
        id = plan_constant_bits(compiler, run == step_and);
    } else {
        struct step step = plan_step_operator(compiler, run, SHAPE_BITS, child, used);
        id = plan_step_make(compiler, step, child, used);
    }
    free(child);
    return id;
}

int plan_and_of(struct compiler *compiler, int a, int b)
{
    int both[] = {a, b};
    return plan_junction(compiler, step_and, both, 2);
}

/* age(x) and whole units since x, compared with a constant. */
static bool is_stepwise(struct compiler *compiler, int function, int constant)
{
    const struct step *step = at(compiler, function), *other = at(compiler, constant);
    if (other->frame != FRAME_ONE || other->type != VALUE_INT || step->frame == FRAME_ONE)
        return false;
    if (other->now_loose || !step->child_count || at(compiler, step->child[0])->now_loose)
        return false; /* what it is held against, or counts from, moves by itself */
    if (step->run == step_age)
        return true;
    bool dates = step->child_count && at(compiler, step->child[0])->type == VALUE_DATE;
    return step->run == step_since && step->a == FUNCTION_SINCE &&
           (dates || step->b <= CALENDAR_WEEK);
}

static int stepwise_range(struct compiler *compiler, enum segment_compare compare, int function,
                          int constant)
{
    struct step step = plan_step_blank(step_threshold, SHAPE_BOUNDS, FRAME_ONE);
    int child[] = {at(compiler, function)->child[0], 0};

    step.timeless = false;
    step.a = at(compiler, function)->a;
    step.b = at(compiler, function)->b;
    step.c = at(compiler, child[0])->type == VALUE_DATE;
    step.p = (int64_t)compare;

    child[1] = plan_step_make(compiler, step, &constant, 1);

    struct step range = plan_step_operator(compiler, step_in_range, SHAPE_BITS, child, 2);
    range.timeless = false;
    range.next = next_threshold;
    range.a = step.a;
    range.b = step.b;
    return plan_step_make(compiler, range, child, 2);
}

int plan_any_rows(struct compiler *compiler, int selected, int table)
{
    struct step step = plan_step_leaf(step_any, SHAPE_BITS, FRAME_CUSTOMERS);
    step.b = table;
    step.next = next_window;
    step.cost = COST_ANY;
    return plan_step_make(compiler, step, &selected, 1);
}

/* The largest of some facts is above a limit when one of them is. */
static bool is_extreme_limit(struct compiler *compiler, enum segment_compare compare, int a, int b)
{
    const struct step *step = at(compiler, a);
    bool up = compare == COMPARE_GT || compare == COMPARE_GE,
         down = compare == COMPARE_LT || compare == COMPARE_LE;
    return step->run == step_extreme && at(compiler, b)->frame == FRAME_ONE &&
           (step->a ? up : down);
}

static int any_beyond(struct compiler *compiler, enum segment_compare compare, int a, int b)
{
    int selected = at(compiler, a)->child[0], argument = at(compiler, a)->child[1],
        table = at(compiler, a)->b;
    return plan_any_rows(
        compiler, plan_and_of(compiler, selected, plan_compare_of(compiler, compare, argument, b)),
        table);
}

int plan_compare_of(struct compiler *compiler, enum segment_compare compare, int a, int b)
{
    if (compare != COMPARE_NE && is_stepwise(compiler, a, b))
        return stepwise_range(compiler, compare, a, b);
    if (is_extreme_limit(compiler, compare, a, b))
        return any_beyond(compiler, compare, a, b);
    int child[] = {a, b};
    struct step step = plan_step_operator(compiler, step_compare, SHAPE_BITS, child, 2);

    step.a = (int)compare;
    step.version = at(compiler, a)->version || at(compiler, b)->version;
    step.textual = at(compiler, a)->type == VALUE_TEXT;
    return plan_step_make(compiler, step, child, 2);
}

/* A customer's vector read from the rows of a kind. */
int plan_spread(struct compiler *compiler, int id, struct scope scope)
{
    const struct step *under = at(compiler, id);
    if (under->frame != FRAME_CUSTOMERS || scope.frame == FRAME_CUSTOMERS)
        return id;

    struct step step = plan_step_leaf(step_customer, under->shape, scope.frame);
    step.type = under->type;
    step.scale = under->scale;
    step.version = under->version;
    step.b = scope.frame - FRAME_ROWS;
    return plan_step_make(compiler, step, &id, 1);
}

int plan_simple_leaf(struct compiler *compiler, step_run *run, enum value_type type, int frame)
{
    struct step step = plan_step_leaf(run, SHAPE_INT, frame);
    step.type = type;
    return plan_step_make(compiler, step, NULL, 0);
}

struct scope plan_customers_of(struct scope scope)
{
    return (struct scope){FRAME_CUSTOMERS, 0, scope.period, NO_STEP, -1, NULL};
}

const struct segment_node *plan_meaning(const struct segment_node *node)
{
    while (node->op == OP_FORM)
        node = node->child[0];
    return node;
}
