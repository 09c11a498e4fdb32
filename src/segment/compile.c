/*
 * From the checked tree to steps. Every node becomes one step, or a few; a step equal to an earlier one is that one.
 * Conditions over one text column and constants are compiled a second time for the frame of dictionary codes, and read
 * as a table from then on.
 */
#include "segment/steps.h"

#include <string.h>

enum { NO_STEP = -1, LEAF_NONE = -1, LEAF_MANY = -2 };

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
    struct segment_plan *plan;
    struct error *error;
    bool failed;
    int opaque; /* parts met so far that cannot be compiled for dictionary codes */
};

static const struct scope CUSTOMERS = {FRAME_CUSTOMERS, 0, false, NO_STEP, -1, NULL};

static int compile_value(struct compiler *compiler, const struct segment_node *node, struct scope scope);
static int compile_condition(struct compiler *compiler, const struct segment_node *node, struct scope scope);
static int compile_measure(struct compiler *compiler, const struct segment_node *node, struct scope scope);

static struct step *at(struct compiler *compiler, int id)
{
    return &compiler->plan->steps.items[id];
}

static int refuse(struct compiler *compiler, const char *what)
{
    if (!compiler->failed)
        compiler->failed = error_set(compiler->error, STATUS_ERROR, "%s", what) != STATUS_OK;
    return 0;
}

/* ---- making steps ---- */

static void key_of(const struct step *step, struct buffer *key)
{
    const void *fields[] = {&step->run,     &step->shape, &step->frame, &step->type, &step->scale,
                            &step->version, &step->a,     &step->b,     &step->c,    &step->p,
                            &step->q,       &step->x,     &step->extra, &step->clock};
    const size_t sizes[] = {sizeof step->run,   sizeof step->shape,   sizeof step->frame, sizeof step->type,
                            sizeof step->scale, sizeof step->version, sizeof step->a,     sizeof step->b,
                            sizeof step->c,     sizeof step->p,       sizeof step->q,     sizeof step->x,
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
    return a == LEAF_NONE ? b : b == LEAF_NONE || a == b ? a : LEAF_MANY;
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
        step->cost += under->cost;
    }
}

static int step_make(struct compiler *compiler, struct step step, const int *child, int count)
{
    struct segment_plan *plan = compiler->plan;
    inherit(compiler, &step, child, count);
    if (step.now_loose && (step.shape == SHAPE_BITS || step.shape == SHAPE_BOUNDS)) {
        step.next = step.next == next_compare ? next_compare : next_soon;
        step.now_loose = false;
    }
    struct buffer key;
    buffer_init(&key, 0);
    key_of(&step, &key);
    bool is_new;
    int id = (int)text_map_put(&plan->known, (struct text){key.data, key.length}, plan->steps.count, &is_new);
    buffer_release(&key);
    if (is_new)
        VECTOR_PUSH(&plan->steps, step);
    return id;
}

static enum step_clock frame_clock(int frame)
{
    return frame == FRAME_ONE ? CLOCK_MOMENT : frame == FRAME_CODES ? CLOCK_CODES : CLOCK_BATCH;
}

static struct step blank(step_run *run, enum shape shape, int frame)
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

static struct step leaf(step_run *run, enum shape shape, int frame)
{
    struct step step = blank(run, shape, frame);
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

static struct step operator_step(struct compiler *compiler, step_run *run, enum shape shape, const int *child,
                                 int count)
{
    return blank(run, shape, operator_frame(compiler, child, count));
}

static enum shape shape_of(enum value_type type, bool is_double)
{
    switch (type) {
    case VALUE_DOUBLE: return SHAPE_DOUBLE;
    case VALUE_DURATION: return is_double ? SHAPE_DOUBLE : SHAPE_INT;
    case VALUE_POINT: return SHAPE_POINT;
    case VALUE_SET: return SHAPE_SET;
    default: return SHAPE_INT;
    }
}

static int constant_bits(struct compiler *compiler, bool value);

static int known_of(struct compiler *compiler, int value)
{
    if (at(compiler, value)->run == step_row_time)
        return constant_bits(compiler, true);
    struct step step = operator_step(compiler, step_known, SHAPE_BITS, &value, 1);
    return step_make(compiler, step, &value, 1);
}

static int not_of(struct compiler *compiler, int condition)
{
    struct step step = operator_step(compiler, step_not, SHAPE_BITS, &condition, 1);
    return step_make(compiler, step, &condition, 1);
}

static int constant_bits(struct compiler *compiler, bool value)
{
    int none = 0;
    struct step step = blank(step_and, SHAPE_BITS, FRAME_ONE);
    int all = step_make(compiler, step, &none, 0); /* of nothing: true */
    return value ? all : not_of(compiler, all);
}

/* and/or of any number; children in order of their cost, so that the cheap ones may spare the dear ones. */
static int junction(struct compiler *compiler, step_run *run, const int *given, int count)
{
    int sorted[64], *child = count <= 64 ? sorted : ARENA_ARRAY(&compiler->plan->arena, int, (size_t)count), used = 0;
    for (int i = 0; i < count; i++) {
        int at_place = used;
        bool twice = false;
        for (int j = 0; j < used; j++)
            twice |= child[j] == given[i];
        const struct step *under = at(compiler, given[i]);
        twice |= run == step_and && under->run == step_and && under->child_count == 0; /* and true */
        if (twice)
            continue;
        while (at_place > 0 && at(compiler, child[at_place - 1])->cost > at(compiler, given[i])->cost) {
            child[at_place] = child[at_place - 1];
            at_place--;
        }
        child[at_place] = given[i];
        used++;
    }
    if (used == 1)
        return child[0];
    if (used == 0)
        return constant_bits(compiler, run == step_and);
    struct step step = operator_step(compiler, run, SHAPE_BITS, child, used);
    return step_make(compiler, step, child, used);
}

static int and_of(struct compiler *compiler, int a, int b)
{
    int both[] = {a, b};
    return junction(compiler, step_and, both, 2);
}

static int compare_of(struct compiler *compiler, enum segment_compare compare, int a, int b);

/* age(x) and whole units since x, compared with a constant. */
static bool is_stepwise(struct compiler *compiler, int function, int constant)
{
    const struct step *step = at(compiler, function), *other = at(compiler, constant);
    if (other->frame != FRAME_ONE || other->type != VALUE_INT || step->frame == FRAME_ONE)
        return false;
    if (step->run == step_age)
        return true;
    bool dates = step->child_count && at(compiler, step->child[0])->type == VALUE_DATE;
    return step->run == step_since && step->a == FUNCTION_SINCE && (dates || step->b <= CALENDAR_WEEK);
}

static int stepwise_range(struct compiler *compiler, enum segment_compare compare, int function, int constant)
{
    struct step step = blank(step_threshold, SHAPE_BOUNDS, FRAME_ONE);
    int child[] = {at(compiler, function)->child[0], 0};
    step.timeless = false;
    step.a = at(compiler, function)->a;
    step.b = at(compiler, function)->b;
    step.c = at(compiler, child[0])->type == VALUE_DATE;
    step.p = (int64_t)compare;
    child[1] = step_make(compiler, step, &constant, 1);
    struct step range = operator_step(compiler, step_in_range, SHAPE_BITS, child, 2);
    range.timeless = false;
    range.next = next_threshold;
    range.a = step.a;
    range.b = step.b;
    return step_make(compiler, range, child, 2);
}

static int any_rows(struct compiler *compiler, int selected, int table);

/* The largest of some facts is above a limit when one of them is. */
static bool is_extreme_limit(struct compiler *compiler, enum segment_compare compare, int a, int b)
{
    const struct step *step = at(compiler, a);
    bool up = compare == COMPARE_GT || compare == COMPARE_GE, down = compare == COMPARE_LT || compare == COMPARE_LE;
    return step->run == step_extreme && at(compiler, b)->frame == FRAME_ONE && (step->a ? up : down);
}

static int any_beyond(struct compiler *compiler, enum segment_compare compare, int a, int b)
{
    int selected = at(compiler, a)->child[0], argument = at(compiler, a)->child[1], table = at(compiler, a)->b;
    return any_rows(compiler, and_of(compiler, selected, compare_of(compiler, compare, argument, b)), table);
}

/* now, or now and a fixed number of seconds. */
static bool follows_now(struct compiler *compiler, int id)
{
    const struct step *step = at(compiler, id);
    if (step->run == step_now)
        return true;
    bool shift = (step->run == step_add || step->run == step_subtract) && step->child_count == 2;
    return shift && at(compiler, step->child[0])->run == step_now && at(compiler, step->child[1])->run == step_literal;
}

static int compare_of(struct compiler *compiler, enum segment_compare compare, int a, int b)
{
    if (compare != COMPARE_NE && is_stepwise(compiler, a, b))
        return stepwise_range(compiler, compare, a, b);
    if (is_extreme_limit(compiler, compare, a, b))
        return any_beyond(compiler, compare, a, b);
    int child[] = {a, b};
    struct step step = operator_step(compiler, step_compare, SHAPE_BITS, child, 2);
    step.a = (int)compare;
    step.version = at(compiler, a)->version || at(compiler, b)->version;
    step.textual = at(compiler, a)->type == VALUE_TEXT;
    bool moments = at(compiler, a)->type == VALUE_TIME && at(compiler, b)->type == VALUE_TIME;
    step.next = moments && follows_now(compiler, a) != follows_now(compiler, b) ? next_compare : NULL;
    return step_make(compiler, step, child, 2);
}

static int value_step(struct compiler *compiler, step_run *run, const struct segment_node *node, const int *child,
                      int count)
{
    struct step step = operator_step(compiler, run, shape_of(node->type, node->is_double), child, count);
    step.type = node->type;
    step.scale = node->scale;
    return step_make(compiler, step, child, count);
}

/* ---- leaves ---- */

static int plan_column(struct compiler *compiler, int table, int column)
{
    struct segment_plan *plan = compiler->plan;
    const char *name = plan->schema->tables[table].columns[column].name;
    for (size_t i = 0; i < plan->columns.count; i++)
        if (plan->columns.items[i].table == table && strcmp(plan->columns.items[i].name, name) == 0)
            return (int)i;
    VECTOR_PUSH(&plan->columns, (struct plan_column){table, name});
    return (int)plan->columns.count - 1;
}

static const struct schema_column *schema_at(struct compiler *compiler, int table, int column)
{
    return &compiler->plan->schema->tables[table].columns[column];
}

static int trait_table(struct compiler *compiler)
{
    const struct schema *schema = compiler->plan->schema;
    for (size_t i = 0; i < schema->table_count; i++)
        if (schema->tables[i].role == SCHEMA_TRAITS)
            return (int)i;
    return refuse(compiler, "the store has no traits");
}

/* The value in a column of the table itself. */
static int start_step(struct compiler *compiler, int table, int column, struct scope scope)
{
    const struct schema_column *schema = schema_at(compiler, table, column);
    bool trait = compiler->plan->schema->tables[table].role == SCHEMA_TRAITS && scope.frame == FRAME_CUSTOMERS;
    if (scope.frame == FRAME_CODES) {
        struct step code = blank(step_code, SHAPE_INT, FRAME_CODES);
        code.type = VALUE_TEXT;
        return step_make(compiler, code, NULL, 0);
    }
    int moment = scope.moment;
    step_run *run = trait               ? moment == NO_STEP ? step_trait : step_trait_at
                    : moment == NO_STEP ? step_column
                                        : step_trait_at;
    struct step step = leaf(run, shape_of(schema->type, false), scope.frame);
    step.type = schema->type;
    step.scale = schema->scale;
    step.a = plan_column(compiler, table, column);
    step.b = table;
    compiler->plan->table_used[table] = true;
    int id = step_make(compiler, step, &moment, moment != NO_STEP);
    if (schema->type == VALUE_TEXT)
        at(compiler, id)->code_leaf = id;
    return id;
}

static int path_step(struct compiler *compiler, const struct segment_path *path, int table, int start,
                     struct scope scope)
{
    int id = start_step(compiler, table, start, scope);
    for (int hop = 0; hop < path->length - 1; hop++) {
        int reference = path->hop_table[hop], column = path->hop_column[hop];
        const struct schema_column *schema = schema_at(compiler, reference, column);
        struct step step = operator_step(compiler, step_lookup, shape_of(schema->type, false), &id, 1);
        step.type = schema->type;
        step.scale = schema->scale;
        step.a = plan_column(compiler, reference, column);
        step.b = reference;
        step.textual = true;
        id = step_make(compiler, step, &id, 1);
    }
    return id;
}

/* A customer's vector read from the rows of a kind. */
static int spread(struct compiler *compiler, int id, struct scope scope)
{
    const struct step *under = at(compiler, id);
    if (under->frame != FRAME_CUSTOMERS || scope.frame == FRAME_CUSTOMERS)
        return id;
    struct step step = leaf(step_customer, under->shape, scope.frame);
    step.type = under->type;
    step.scale = under->scale;
    step.version = under->version;
    step.b = scope.frame - FRAME_ROWS;
    return step_make(compiler, step, &id, 1);
}

static struct scope customers_of(struct scope scope)
{
    return (struct scope){FRAME_CUSTOMERS, 0, scope.period, NO_STEP, -1, NULL};
}

static const struct segment_node *meaning(const struct segment_node *node)
{
    while (node->op == OP_FORM)
        node = node->child[0];
    return node;
}

static int compile_literal(struct compiler *compiler, const struct segment_node *node)
{
    const struct segment_literal *literal = &node->literal;
    struct step step = blank(step_literal, shape_of(node->type, node->is_double), FRAME_ONE);
    step.type = node->type;
    step.scale = node->scale;
    step.a = literal->known;
    step.p = literal->integer;
    step.x = literal->number;
    if (node->type == VALUE_DURATION && literal->is_period && step.shape == SHAPE_INT)
        step.p = literal->period.seconds;
    if (node->type == VALUE_TEXT) {
        step.name = arena_strndup(&compiler->plan->arena, literal->text.data, literal->text.length);
        step.p = (int64_t)literal->text.length;
        step.shape = SHAPE_TEXT;
    }
    return step_make(compiler, step, NULL, 0);
}

static int simple_leaf(struct compiler *compiler, step_run *run, enum value_type type, int frame)
{
    struct step step = leaf(run, SHAPE_INT, frame);
    step.type = type;
    return step_make(compiler, step, NULL, 0);
}

static int now_step(struct compiler *compiler, bool today)
{
    struct step step = blank(today ? step_today : step_now, SHAPE_INT, FRAME_ONE);
    step.type = today ? VALUE_DATE : VALUE_TIME;
    step.timeless = false;
    step.next = today ? next_today : NULL;
    step.now_loose = !today;
    return step_make(compiler, step, NULL, 0);
}

static int compile_property(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    if (scope.frame == FRAME_CODES)
        return path_step(compiler, &node->path, 0, 0, scope);
    return path_step(compiler, &node->path, scope.frame - FRAME_ROWS, node->path.start_column[scope.slot], scope);
}

static const struct chosen_leaf *describe_chosen(struct compiler *compiler, const struct segment_node *node,
                                                 struct scope scope)
{
    struct chosen_leaf *chosen = ARENA_NEW(&compiler->plan->arena, struct chosen_leaf);
    const struct segment_path *path = &node->path;
    const struct segment_step *step = &scope.sequence->steps[path->step];
    chosen->node = node;
    for (int k = 0; k < step->kind_count; k++) {
        chosen->table[k] = step->kind_table[k];
        chosen->column[k] = path->is_time ? 0 : plan_column(compiler, step->kind_table[k], path->start_column[k]);
    }
    chosen->hops = path->is_time || path->length == 0 ? 0 : path->length - 1;
    for (int hop = 0; hop < chosen->hops; hop++) {
        chosen->hop_table[hop] = path->hop_table[hop];
        chosen->hop_column[hop] = plan_column(compiler, path->hop_table[hop], path->hop_column[hop]);
    }
    return chosen;
}

/* A fact an earlier step chose: its own row when compiled for that step's rows, else whatever the sequence chose. */
static int compile_chosen(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    if (scope.as_rows == node->path.step) {
        if (node->path.is_time)
            return simple_leaf(compiler, step_row_time, VALUE_TIME, scope.frame);
        return compile_property(compiler, node, scope);
    }
    struct step step = leaf(step_chosen, shape_of(node->type, node->is_double), scope.frame);
    step.type = node->type;
    step.scale = node->scale;
    step.clock = CLOCK_CHOSEN;
    step.extra = describe_chosen(compiler, node, scope);
    return step_make(compiler, step, NULL, 0);
}

static int day_start_of(struct compiler *compiler, int date)
{
    struct step step = operator_step(compiler, step_day_start, SHAPE_INT, &date, 1);
    step.type = VALUE_TIME;
    return step_make(compiler, step, &date, 1);
}

static int compile_trait(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int table = trait_table(compiler);
    if (compiler->failed)
        return 0;
    bool history = scope.moment != NO_STEP || scope.frame == FRAME_CODES;
    struct scope inside = history ? scope : customers_of(scope);
    if (node->op == OP_TRAIT_AS_OF && scope.frame != FRAME_CODES) {
        int moment = compile_value(compiler, node->child[0], customers_of(scope));
        inside = customers_of(scope);
        inside.moment = at(compiler, moment)->type == VALUE_DATE ? day_start_of(compiler, moment) : moment;
    }
    return spread(compiler, path_step(compiler, &node->path, table, node->path.start_column[0], inside), scope);
}

/* ---- operators ---- */

static int compile_compare(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int a = compile_value(compiler, node->child[0], scope), b = compile_value(compiler, node->child[1], scope);
    return compare_of(compiler, node->compare, a, b);
}

static int local_date_of(struct compiler *compiler, int id)
{
    struct step step = operator_step(compiler, step_calendar, SHAPE_INT, &id, 1);
    step.type = VALUE_DATE;
    step.a = FUNCTION_DATE;
    return step_make(compiler, step, &id, 1);
}

static int compile_between(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int value = compile_value(compiler, node->child[0], scope);
    int lo = compile_value(compiler, node->child[1], scope), hi = compile_value(compiler, node->child[2], scope);
    if (at(compiler, value)->type == VALUE_TIME && at(compiler, lo)->type == VALUE_DATE)
        value = local_date_of(compiler, value);
    if (!node->negated)
        return and_of(compiler, compare_of(compiler, COMPARE_GE, value, lo),
                      compare_of(compiler, COMPARE_LE, value, hi));
    int outside[] = {compare_of(compiler, COMPARE_LT, value, lo), compare_of(compiler, COMPARE_GT, value, hi)};
    int parts[] = {junction(compiler, step_or, outside, 2), known_of(compiler, value), known_of(compiler, lo),
                   known_of(compiler, hi)};
    return junction(compiler, step_and, parts, 4);
}

static int *compile_children(struct compiler *compiler, const struct segment_node *node, struct scope scope,
                             bool conditions)
{
    int *child = ARENA_ARRAY(&compiler->plan->arena, int, (size_t)node->child_count + 1);
    for (int i = 0; i < node->child_count; i++)
        child[i] = conditions ? compile_condition(compiler, node->child[i], scope)
                              : compile_value(compiler, node->child[i], scope);
    return child;
}

static int compile_in(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int *child = compile_children(compiler, node, scope, false);
    struct step step = operator_step(compiler, step_in, SHAPE_BITS, child, node->child_count);
    step.b = node->folded;
    step.version = at(compiler, child[0])->version;
    step.textual = at(compiler, child[0])->type == VALUE_TEXT;
    int id = step_make(compiler, step, child, node->child_count);
    return node->negated ? and_of(compiler, not_of(compiler, id), known_of(compiler, child[0])) : id;
}

static int compile_pattern(struct compiler *compiler, const struct segment_node *pattern, bool folded)
{
    struct text text = meaning(pattern)->literal.text;
    int code;
    PCRE2_SIZE where;
    uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | (folded ? PCRE2_CASELESS : 0);
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)text.data, text.length, options, &code, &where, NULL);
    if (!compiled)
        return refuse(compiler, "a regular expression cannot be compiled");
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
    VECTOR_PUSH(&compiler->plan->patterns, compiled);
    return (int)compiler->plan->patterns.count - 1;
}

static int compile_text(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int child[] = {compile_value(compiler, node->child[0], scope), compile_value(compiler, node->child[1], scope)};
    struct step step = operator_step(compiler, step_text, SHAPE_BITS, child, 2);
    step.a = (int)node->text_test;
    step.b = node->folded;
    step.textual = true;
    if (node->text_test == TEXT_MATCHES) {
        /* Equal patterns are one step although each is compiled anew. */
        step.c = compile_pattern(compiler, node->child[1], node->folded);
    }
    int id = step_make(compiler, step, child, 2);
    int known[] = {not_of(compiler, id), known_of(compiler, child[0]), known_of(compiler, child[1])};
    return node->negated ? junction(compiler, step_and, known, 3) : id;
}

static int compile_set(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int *child = compile_children(compiler, node, scope, false);
    struct step step = operator_step(compiler, step_set, SHAPE_BITS, child, node->child_count);
    step.a = (int)node->set_test;
    int id = step_make(compiler, step, child, node->child_count);
    return node->negated ? and_of(compiler, not_of(compiler, id), known_of(compiler, child[0])) : id;
}

static int compile_known(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int id = known_of(compiler, compile_value(compiler, node->child[0], scope));
    return node->negated ? not_of(compiler, id) : id;
}

static bool anchor_is_constant(struct compiler *compiler, int id)
{
    return id == NO_STEP || at(compiler, id)->frame == FRAME_ONE;
}

/* The bounds of a window: per customer when its anchor is. */
static int compile_bounds(struct compiler *compiler, const struct segment_window *window, struct scope scope)
{
    int child[2], count = 0;
    struct scope where = scope.frame == FRAME_CUSTOMERS ? scope : customers_of(scope);
    if (scope.frame >= FRAME_ROWS && window->anchor && meaning(window->anchor)->op == OP_PROPERTY)
        where = scope;
    if (window->anchor)
        child[count++] = compile_value(compiler, window->anchor, where);
    if (window->to)
        child[count++] = compile_value(compiler, window->to, where);
    bool constant = anchor_is_constant(compiler, count > 0 ? child[0] : NO_STEP) &&
                    anchor_is_constant(compiler, count > 1 ? child[1] : NO_STEP);
    struct step step = blank(step_bounds, SHAPE_BOUNDS, constant ? FRAME_ONE : where.frame);
    step.timeless = false;
    step.a = (int)window->form;
    step.b = window->length.months;
    step.c = window->longer.months;
    step.p = window->length.seconds;
    step.q = window->longer.seconds;
    step.x = (double)window->unit + 100.0 * (double)window->count;
    step.extra = NULL;
    int id = step_make(compiler, step, child, count);
    if (!at(compiler, id)->extra) { /* equal in all that counts: the first one stands for all */
        struct segment_window *kept = ARENA_NEW(&compiler->plan->arena, struct segment_window);
        *kept = *window;
        at(compiler, id)->extra = kept;
    }
    return id;
}

static int compile_in_window(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int child[] = {compile_value(compiler, node->child[0], scope), compile_bounds(compiler, node->window, scope)};
    child[1] = spread(compiler, child[1], scope);
    step_run *run = node->op == OP_ANNIVERSARY ? step_anniversary : step_in_window;
    struct step step = operator_step(compiler, run, SHAPE_BITS, child, 2);
    step.timeless = false;
    step.next = next_in_window;
    step.q = node->window->weekdays;
    return step_make(compiler, step, child, 2);
}

static int compile_junction(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int *child = compile_children(compiler, node, scope, true);
    return junction(compiler, node->op == OP_AND ? step_and : step_or, child, node->child_count);
}

static int member_step(struct compiler *compiler, int segment);

static int compile_segment(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    compiler->opaque++;
    int id = member_step(compiler, node->index);
    id = node->negated ? not_of(compiler, id) : id;
    return spread(compiler, id, scope);
}

static int compile_scheme(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_scheme *scheme = &compiler->plan->set->schemes[node->index];
    int *child = ARENA_ARRAY(&compiler->plan->arena, int, (size_t)scheme->member_count + 1);
    for (int i = 0; i < scheme->member_count; i++)
        child[i] = member_step(compiler, scheme->first_member + i);
    struct step step = leaf(step_scheme, SHAPE_TEXT, FRAME_CUSTOMERS);
    step.type = VALUE_TEXT;
    step.extra = scheme;
    return spread(compiler, step_make(compiler, step, child, scheme->member_count), scope);
}

static int compile_record(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_record_test *record = node->record;
    struct step step = leaf(step_record, SHAPE_BITS, FRAME_CUSTOMERS);
    step.a = (int)record->kind;
    step.b = record->has_window;
    step.q = record->has_window ? record->window.weekdays : 0;
    step.timeless = false;
    step.name = node->name;
    step.next = next_record;
    int bounds = record->has_window ? compile_bounds(compiler, &record->window, CUSTOMERS) : NO_STEP;
    int id = step_make(compiler, step, &bounds, record->has_window);
    return spread(compiler, node->negated ? not_of(compiler, id) : id, scope);
}

static int compile_list(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    struct step step = leaf(step_list, SHAPE_BITS, FRAME_CUSTOMERS);
    step.name = node->name;
    int id = step_make(compiler, step, NULL, 0);
    return spread(compiler, node->negated ? not_of(compiler, id) : id, scope);
}

static int compile_sample(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    bool bucket = node->op == OP_BUCKET;
    struct step step = leaf(step_sample, bucket ? SHAPE_INT : SHAPE_BITS, FRAME_CUSTOMERS);
    step.type = bucket ? VALUE_INT : VALUE_BOOL;
    step.a = bucket;
    step.b = node->sample.percent_scale;
    step.p = node->sample.percent_scaled;
    step.q = node->sample.buckets;
    step.name = node->sample.seed ? node->sample.seed : "";
    return spread(compiler, step_make(compiler, step, NULL, 0), scope);
}

/* ---- ranks and accounts: what everyone contributes ---- */

static int global_step(struct compiler *compiler, struct step step, const int *child, int count)
{
    size_t before = compiler->plan->steps.count;
    int id = step_make(compiler, step, child, count);
    if (compiler->plan->steps.count > before) {
        at(compiler, id)->c = (int)compiler->plan->globals.count;
        VECTOR_PUSH(&compiler->plan->globals, id);
    }
    return id;
}

static int compile_rank(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_rank *rank = node->rank;
    int child[2] = {compile_value(compiler, node->child[0], CUSTOMERS)};
    child[1] = rank->among ? compile_condition(compiler, rank->among, CUSTOMERS) : constant_bits(compiler, true);
    step_run *run = node->op == OP_TOP ? step_top : node->op == OP_NTILE ? step_ntile : step_percentile;
    enum shape shape = node->op == OP_TOP ? SHAPE_BITS : node->op == OP_NTILE ? SHAPE_INT : SHAPE_DOUBLE;
    struct step step = leaf(run, shape, FRAME_CUSTOMERS);
    step.type = node->op == OP_TOP ? VALUE_BOOL : node->op == OP_NTILE ? VALUE_INT : VALUE_DOUBLE;
    step.a = rank->bottom | rank->is_percent << 1;
    step.b = rank->percent_scale;
    step.p = rank->count;
    step.q = rank->percent_scaled;
    return spread(compiler, global_step(compiler, step, child, 2), scope);
}

static int compile_account(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_account *account = node->account;
    int child[2] = {
        path_step(compiler, &account->path, trait_table(compiler), account->path.start_column[0], CUSTOMERS)};
    bool condition = node->child_count > 0 && node->child[0];
    child[1] = condition ? compile_condition(compiler, node->child[0], CUSTOMERS) : constant_bits(compiler, true);
    bool count = account->quantifier == ACCOUNT_COUNT;
    struct step step = leaf(step_account, count ? SHAPE_INT : SHAPE_BITS, FRAME_CUSTOMERS);
    step.type = count ? VALUE_INT : VALUE_BOOL;
    step.a = (int)account->quantifier;
    return spread(compiler, global_step(compiler, step, child, 2), scope);
}

/* ---- histories ---- */

static void traits_used(struct compiler *compiler, const struct segment_node *node, int table, int *told, int *count)
{
    if (node->op == OP_TRAIT && *count < 64) {
        struct scope rows = {FRAME_ROWS + table, 0, false, NO_STEP, -1, NULL};
        int value = start_step(compiler, table, node->path.start_column[0], rows);
        told[(*count)++] = known_of(compiler, value);
    }
    for (int i = 0; i < node->child_count; i++)
        if (node->child[i])
            traits_used(compiler, node->child[i], table, told, count);
}

/* Window steps over the rows of a table. */
static int window_rows(struct compiler *compiler, const struct segment_window *window, int table, struct scope scope)
{
    struct scope rows = {FRAME_ROWS + table, scope.slot, scope.period, NO_STEP, -1, NULL};
    int child[2], count = 1;
    if (scope.period && (!window || window->form == WINDOW_ALL)) {
        struct step bounds = blank(step_period_bounds, SHAPE_BOUNDS, FRAME_ONE);
        bounds.clock = CLOCK_PERIOD;
        bounds.timeless = false;
        child[0] = step_make(compiler, bounds, NULL, 0);
    } else {
        static const struct segment_window all = {.form = WINDOW_ALL};
        child[0] = compile_bounds(compiler, window ? window : &all, customers_of(scope));
    }
    if (window && window->anniversary)
        child[count++] = compile_value(compiler, window->anniversary, customers_of(scope));
    struct step step = leaf(step_window, SHAPE_BITS, rows.frame);
    step.b = table;
    step.timeless = false;
    step.q = window ? window->weekdays : 0;
    step.cost = 4;
    compiler->plan->table_used[table] = true;
    return step_make(compiler, step, child, count);
}

static int any_rows(struct compiler *compiler, int selected, int table)
{
    struct step step = leaf(step_any, SHAPE_BITS, FRAME_CUSTOMERS);
    step.b = table;
    step.next = next_window;
    step.cost = 2;
    return step_make(compiler, step, &selected, 1);
}

static int compile_ever(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int table = trait_table(compiler), told[64], count = 0;
    struct scope rows = {FRAME_ROWS + table, 0, false, NO_STEP, -1, NULL};
    rows.moment = simple_leaf(compiler, step_row_time, VALUE_TIME, rows.frame);
    int held = compile_condition(compiler, node->child[0], rows);
    traits_used(compiler, node->child[0], table, told, &count);
    const struct segment_window *window = node->history->has_window ? &node->history->window : NULL;
    int parts[] = {spread(compiler, held, rows), junction(compiler, step_or, told, count),
                   window_rows(compiler, window, table, CUSTOMERS)};
    int selected = junction(compiler, step_and, parts, 3);
    int any = any_rows(compiler, selected, table);
    if (window) { /* the first moment of the window counts, told just then or long before */
        int bounds = compile_bounds(compiler, window, CUSTOMERS);
        struct step lower = operator_step(compiler, step_row_moment, SHAPE_INT, &bounds, 1);
        lower.type = VALUE_TIME;
        struct scope then = CUSTOMERS;
        then.moment = step_make(compiler, lower, &bounds, 1);
        int first =
            and_of(compiler, compile_condition(compiler, node->child[0], then), known_of(compiler, then.moment));
        int either[] = {any, first};
        any = junction(compiler, step_or, either, 2);
    }
    struct step step = operator_step(compiler, step_or, SHAPE_BITS, &any, 1);
    step.next = next_history;
    step.timeless = false;
    step.frame = FRAME_CUSTOMERS;
    step.clock = CLOCK_BATCH;
    step.extra = node->history;
    return spread(compiler, step_make(compiler, step, &any, 1), scope);
}

static int compile_changed(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int table = trait_table(compiler);
    struct scope rows = {FRAME_ROWS + table, 0, false, NO_STEP, -1, NULL};
    const struct segment_node *trait = meaning(node->child[0]);
    const struct segment_window *window = node->history->has_window ? &node->history->window : NULL;
    int child[4] = {start_step(compiler, table, trait->path.start_column[0], rows),
                    window_rows(compiler, window, table, CUSTOMERS)};
    int count = 2, given = 0;
    for (int i = 1; i <= 2; i++)
        if (node->child_count > i && node->child[i]) {
            child[count++] = spread(compiler, compile_value(compiler, node->child[i], CUSTOMERS), rows);
            given |= i;
        }
    struct step step = leaf(step_changed, SHAPE_BITS, FRAME_CUSTOMERS);
    step.a = given;
    step.b = table;
    step.timeless = false;
    step.next = next_history;
    step.extra = node->history;
    return spread(compiler, step_make(compiler, step, child, count), scope);
}

/* ---- measures ---- */

/* The rows of one kind that a measure selects. */
static int selected_rows(struct compiler *compiler, const struct segment_measure *measure, int slot, struct scope scope)
{
    int table = measure->kind_table[slot];
    int window = window_rows(compiler, &measure->window, table, scope);
    if (!measure->filter)
        return window;
    struct scope rows = {FRAME_ROWS + table, slot, scope.period, NO_STEP, -1, NULL};
    return and_of(compiler, window, spread(compiler, compile_condition(compiler, measure->filter, rows), rows));
}

static bool is_gap(const struct segment_measure *measure)
{
    return measure->argument && meaning(measure->argument)->op == OP_GAP;
}

static int argument_rows(struct compiler *compiler, const struct segment_measure *measure, int slot, struct scope scope)
{
    struct scope rows = {FRAME_ROWS + measure->kind_table[slot], slot, scope.period, NO_STEP, -1, NULL};
    int id = compile_value(compiler, measure->argument, rows);
    const struct step *under = at(compiler, id);
    if (under->frame == rows.frame)
        return id;
    struct step step = leaf(under->frame == FRAME_ONE ? step_choose : step_customer, under->shape, rows.frame);
    step.type = under->type;
    step.scale = under->scale;
    step.b = rows.frame - FRAME_ROWS;
    return step_make(compiler, step, &id, 1);
}

static int count_rows(struct compiler *compiler, int selected, int table)
{
    struct step step = leaf(step_count, SHAPE_INT, FRAME_CUSTOMERS);
    step.type = VALUE_INT;
    step.b = table;
    step.next = next_window;
    step.cost = 3;
    return step_make(compiler, step, &selected, 1);
}

static int sum_rows(struct compiler *compiler, int selected, int argument, int table)
{
    const struct step *under = at(compiler, argument);
    int child[] = {selected, argument};
    struct step step = leaf(step_sum, under->shape, FRAME_CUSTOMERS);
    step.type = under->type;
    step.scale = under->scale;
    step.b = table;
    step.next = next_window;
    step.cost = 6;
    return step_make(compiler, step, child, 2);
}

static int fold_kinds(struct compiler *compiler, step_run *run, const int *part, int count)
{
    int total = part[0];
    for (int i = 1; i < count; i++) {
        int child[] = {total, part[i]};
        const struct step *first = at(compiler, total);
        struct step step = operator_step(compiler, run, first->shape, child, 2);
        step.type = first->type;
        step.scale = first->scale;
        total = step_make(compiler, step, child, 2);
    }
    return total;
}

static int per_kind(struct compiler *compiler, const struct segment_measure *measure, struct scope scope,
                    enum segment_aggregate aggregate, int *part)
{
    for (int k = 0; k < measure->kind_count; k++) {
        int table = measure->kind_table[k], selected = selected_rows(compiler, measure, k, scope);
        int argument = measure->argument ? argument_rows(compiler, measure, k, scope) : NO_STEP;
        if (aggregate == AGGREGATE_ANY)
            part[k] = any_rows(compiler, selected, table);
        else if (aggregate == AGGREGATE_SUM)
            part[k] = sum_rows(compiler, selected, argument, table);
        else
            part[k] = count_rows(
                compiler, argument == NO_STEP ? selected : and_of(compiler, selected, known_of(compiler, argument)),
                table);
    }
    return measure->kind_count;
}

static int compile_any(struct compiler *compiler, const struct segment_measure *measure, struct scope scope)
{
    int part[SEGMENT_KINDS_MAX];
    int count = per_kind(compiler, measure, scope, AGGREGATE_ANY, part);
    int any = junction(compiler, step_or, part, count);
    return measure->aggregate == AGGREGATE_NONE ? not_of(compiler, any) : any;
}

static int compile_count(struct compiler *compiler, const struct segment_measure *measure, struct scope scope)
{
    int part[SEGMENT_KINDS_MAX];
    int count = per_kind(compiler, measure, scope, AGGREGATE_COUNT, part);
    return fold_kinds(compiler, step_add, part, count);
}

static int compile_sum(struct compiler *compiler, const struct segment_measure *measure, struct scope scope)
{
    int part[SEGMENT_KINDS_MAX];
    return fold_kinds(compiler, step_add, part, per_kind(compiler, measure, scope, AGGREGATE_SUM, part));
}

static int compile_average(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int child[] = {compile_sum(compiler, node->measure, scope), compile_count(compiler, node->measure, scope)};
    struct step step = operator_step(compiler, step_average, SHAPE_DOUBLE, child, 2);
    step.type = node->type;
    return step_make(compiler, step, child, 2);
}

/* Aggregates that need the selected facts in order, or several kinds at once. */
static int compile_gather(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_measure *measure = node->measure;
    int child[2 * SEGMENT_KINDS_MAX], kinds = measure->kind_count, count = kinds;
    bool gap = is_gap(measure);
    for (int k = 0; k < kinds; k++) {
        child[k] = selected_rows(compiler, measure, k, scope);
        if (gap || !measure->argument)
            continue;
        child[kinds + k] = argument_rows(compiler, measure, k, scope);
        child[k] = and_of(compiler, child[k], known_of(compiler, child[kinds + k]));
        count++;
    }
    struct step step = leaf(step_gather, shape_of(node->type, node->is_double), FRAME_CUSTOMERS);
    step.type = node->type;
    step.scale = node->scale;
    step.a = (int)measure->aggregate;
    step.b = kinds;
    step.c = gap;
    step.p = measure->nth;
    step.cost = 20;
    step.next = next_window;
    for (int k = 0; k < kinds; k++) /* which tables: part of the key through the children */
        step.q = step.q * 31 + measure->kind_table[k];
    return step_make(compiler, step, child, count);
}

static bool orders_doubles(const struct segment_measure *measure)
{
    const struct segment_node *argument = measure->argument;
    return argument && shape_of(argument->type, argument->is_double) == SHAPE_DOUBLE && measure->kind_count > 1;
}

/* first, last, min and max of one kind's rows without collecting them. */
static int compile_edge(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_measure *measure = node->measure;
    int table = measure->kind_table[0];
    int child[2] = {selected_rows(compiler, measure, 0, scope), argument_rows(compiler, measure, 0, scope)};
    child[0] = and_of(compiler, child[0], known_of(compiler, child[1]));
    bool edge = measure->aggregate == AGGREGATE_FIRST || measure->aggregate == AGGREGATE_LAST;
    struct step step = leaf(edge ? step_edge : step_extreme, at(compiler, child[1])->shape, FRAME_CUSTOMERS);
    step.type = node->type;
    step.scale = node->scale;
    step.version = at(compiler, child[1])->version;
    step.a = measure->aggregate == AGGREGATE_LAST || measure->aggregate == AGGREGATE_MAX;
    step.b = table;
    step.cost = 8;
    step.next = next_window;
    return step_make(compiler, step, child, 2);
}

static int compile_measure(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_measure *measure = node->measure;
    struct scope inside = customers_of(scope);
    int id;
    bool gather = is_gap(measure) || orders_doubles(measure);
    compiler->plan->uses_future = true;
    switch (measure->aggregate) {
    case AGGREGATE_ANY:
    case AGGREGATE_NONE: id = compile_any(compiler, measure, inside); break;
    case AGGREGATE_COUNT:
        id = gather ? compile_gather(compiler, node, inside) : compile_count(compiler, measure, inside);
        break;
    case AGGREGATE_SUM:
        id = gather ? compile_gather(compiler, node, inside) : compile_sum(compiler, measure, inside);
        break;
    case AGGREGATE_AVG:
        id = gather ? compile_gather(compiler, node, inside) : compile_average(compiler, node, inside);
        break;
    case AGGREGATE_FIRST:
    case AGGREGATE_LAST:
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        id = gather || measure->kind_count > 1 ? compile_gather(compiler, node, inside)
                                               : compile_edge(compiler, node, inside);
        break;
    default: id = compile_gather(compiler, node, inside); break;
    }
    return spread(compiler, id, scope);
}

static int compile_periods(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    struct scope inside = CUSTOMERS;
    inside.period = true;
    int child[] = {compile_condition(compiler, node->child[0], inside),
                   compile_bounds(compiler, &node->periods->window, CUSTOMERS)};
    struct step step = leaf(step_periods, SHAPE_INT, FRAME_CUSTOMERS);
    step.type = VALUE_INT;
    step.timeless = false;
    step.a = (int)node->periods->unit;
    step.next = next_periods;
    step.cost = 50;
    int id = step_make(compiler, step, child, 2);
    at(compiler, id)->clock = CLOCK_BATCH; /* it turns that clock itself */
    return spread(compiler, id, scope);
}

static int compile_resumed(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_resumed *resumed = node->resumed;
    struct segment_measure all = resumed->facts;
    all.window = (struct segment_window){.form = WINDOW_ALL};
    int kinds = all.kind_count, child[2 * SEGMENT_KINDS_MAX];
    for (int k = 0; k < kinds; k++) {
        child[k] = selected_rows(compiler, &all, k, customers_of(scope));
        child[kinds + k] = window_rows(compiler, &resumed->facts.window, all.kind_table[k], customers_of(scope));
    }
    struct step step = leaf(step_resumed, SHAPE_BITS, FRAME_CUSTOMERS);
    step.b = kinds;
    step.a = resumed->gap.months;
    step.p = resumed->gap.seconds;
    step.cost = 20;
    step.next = next_window;
    compiler->plan->uses_future = true;
    return spread(compiler, step_make(compiler, step, child, 2 * kinds), scope);
}

/* ---- sequences ---- */

static bool mentions_step(const struct segment_node *node, int *only)
{
    bool found = node->op == OP_STEP;
    if (found)
        *only = *only == -1 || *only == node->path.step ? node->path.step : -2;
    for (int i = 0; i < node->child_count; i++)
        if (node->child[i])
            found |= mentions_step(node->child[i], only);
    return found;
}

struct sequence_maker {
    struct compiler *compiler;
    const struct segment_sequence *source;
    struct sequence_plan *plan;
    struct sequence_kind *kind;
    struct scope scope;
    int masks[CONJUNCTS_MAX * 4], mask_count;
    int slow[CONJUNCTS_MAX * 4], slow_count;
};

static enum segment_compare mirrored(enum segment_compare compare)
{
    static const enum segment_compare mirror[] = {COMPARE_EQ, COMPARE_NE, COMPARE_GT,
                                                  COMPARE_GE, COMPARE_LT, COMPARE_LE};
    return mirror[compare];
}

/* own-side compare other-side, where the sides speak of one fact each: both become vectors, compared when facts are
 * chosen. */
static bool add_pair(struct sequence_maker *maker, const struct segment_node *node)
{
    if (node->op != OP_COMPARE || maker->kind->pair_count + SEGMENT_KINDS_MAX > CONJUNCTS_MAX)
        return false;
    int left = -1, right = -1;
    bool in_left = mentions_step(node->child[0], &left), in_right = mentions_step(node->child[1], &right);
    int step = in_left ? left : right;
    if (in_left == in_right || step < 0)
        return false;
    const struct segment_node *own = node->child[in_left ? 1 : 0], *other = node->child[in_left ? 0 : 1];
    struct sequence_pair pair = {.step = step, .compare = in_left ? mirrored(node->compare) : node->compare};
    const struct segment_step *chosen = &maker->source->steps[step];
    pair.own = compile_value(maker->compiler, own, maker->scope);
    for (int k = 0; k < chosen->kind_count; k++) {
        struct scope rows = {FRAME_ROWS + chosen->kind_table[k], k, false, NO_STEP, step, maker->source};
        pair.other = compile_value(maker->compiler, other, rows);
        pair.other_kind = k;
        maker->kind->pairs[maker->kind->pair_count++] = pair;
    }
    return true;
}

static void add_conjunct(struct sequence_maker *maker, const struct segment_node *node)
{
    int only = -1;
    node = meaning(node);
    if (node->op == OP_AND) {
        for (int i = 0; i < node->child_count; i++)
            add_conjunct(maker, node->child[i]);
        return;
    }
    ENSURE(maker->mask_count < CONJUNCTS_MAX * 4 && maker->slow_count < CONJUNCTS_MAX * 4);
    if (!mentions_step(node, &only)) {
        int id = compile_condition(maker->compiler, node, maker->scope);
        maker->masks[maker->mask_count++] = id;
        return;
    }
    maker->plan->refers = true;
    if (!add_pair(maker, node))
        maker->slow[maker->slow_count++] = compile_condition(maker->compiler, node, maker->scope);
}

static void make_kind(struct sequence_maker *maker, int step_index, int k, const struct segment_window *window)
{
    const struct segment_step *step = &maker->source->steps[step_index];
    struct compiler *compiler = maker->compiler;
    int table = step->kind_table[k];
    maker->kind = &maker->plan->kinds[step_index][k];
    maker->scope = (struct scope){FRAME_ROWS + table, k, false, NO_STEP, -1, maker->source};
    maker->mask_count = maker->slow_count = 0;
    maker->masks[maker->mask_count++] = window_rows(compiler, NULL, table, CUSTOMERS);
    if (step->filter)
        add_conjunct(maker, step->filter);
    maker->kind->table = table;
    maker->kind->mask = junction(compiler, step_and, maker->masks, maker->mask_count);
    maker->kind->start_mask = maker->kind->mask;
    if (step_index == 0)
        maker->kind->start_mask = and_of(compiler, maker->kind->mask, window_rows(compiler, window, table, CUSTOMERS));
    maker->kind->slow = maker->slow_count ? junction(compiler, step_and, maker->slow, maker->slow_count) : NO_STEP;
    if (maker->slow_count)
        maker->plan->slow = true;
}

/* A sequence's steps are found by address; what makes two sequences equal is their canonical description. */
static void describe_sequence(const struct sequence_plan *plan, struct buffer *out)
{
    buffer_add(out, &plan->bounds, sizeof plan->bounds);
    for (int s = 0; s < plan->step_count; s++) {
        const struct segment_step *step = &plan->source->steps[s];
        buffer_printf(out, "|%d %d %d %lld:", step->negated, step->has_within, step->within.months,
                      (long long)step->within.seconds);
        for (int k = 0; k < step->kind_count; k++) {
            const struct sequence_kind *kind = &plan->kinds[s][k];
            buffer_printf(out, "%d %d %d %d ", kind->table, kind->mask, kind->start_mask, kind->slow);
            for (int p = 0; p < kind->pair_count; p++)
                buffer_printf(out, "%d %d %d %d %d;", kind->pairs[p].own, kind->pairs[p].other, kind->pairs[p].step,
                              kind->pairs[p].other_kind, (int)kind->pairs[p].compare);
        }
    }
    buffer_printf(out, "|%d %d %lld", plan->source->has_whole, plan->source->whole.months,
                  (long long)plan->source->whole.seconds);
}

static int compile_sequence(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_sequence *source = node->sequence;
    struct sequence_plan *plan = ARENA_NEW(&compiler->plan->arena, struct sequence_plan);
    *plan = (struct sequence_plan){.source = source, .step_count = source->step_count};
    struct sequence_maker maker = {.compiler = compiler, .source = source, .plan = plan};
    for (int s = 0; s < source->step_count; s++) {
        plan->kinds[s] = ARENA_ARRAY(&compiler->plan->arena, struct sequence_kind, (size_t)source->steps[s].kind_count);
        for (int k = 0; k < source->steps[s].kind_count; k++)
            make_kind(&maker, s, k, &source->window);
    }
    plan->bounds = compile_bounds(compiler, &source->window, CUSTOMERS);
    struct buffer text;
    buffer_init(&text, 0);
    describe_sequence(plan, &text);
    struct step step = leaf(step_sequence, SHAPE_BITS, FRAME_CUSTOMERS);
    step.timeless = false;
    step.cost = 100;
    step.next = next_sequence;
    uint64_t print = text_hash((struct text){text.data, text.length});
    step.p = (int64_t)print;
    step.q = (int64_t)text.length;
    buffer_release(&text);
    int child = plan->kinds[0][0].start_mask;
    int id = step_make(compiler, step, &child, 1);
    if (!at(compiler, id)->extra)
        at(compiler, id)->extra = plan;
    compiler->plan->uses_future = true;
    return spread(compiler, id, scope);
}

/* ---- values ---- */

static int compile_sum_of_two(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    const struct segment_node *right = meaning(node->child[1]), *left = meaning(node->child[0]);
    if (node->op == OP_ADD && left->op == OP_LITERAL && left->literal.is_period) {
        const struct segment_node *swap = left; /* 3 months + date */
        left = right;
        right = swap;
    }
    bool calendar = right->op == OP_LITERAL && right->literal.is_period && right->literal.period.months != 0;
    int child[2] = {compile_value(compiler, left, scope)};
    child[1] = calendar ? child[0] : compile_value(compiler, right, scope);
    struct step step = operator_step(compiler, node->op == OP_ADD ? step_add : step_subtract,
                                     shape_of(node->type, node->is_double), child, calendar ? 1 : 2);
    step.type = node->type;
    step.scale = node->scale;
    if (calendar) {
        step.a = right->literal.period.months;
        step.p = right->literal.period.seconds;
    }
    return step_make(compiler, step, child, calendar ? 1 : 2);
}

static int compile_arithmetic(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    if (node->op == OP_ADD || node->op == OP_SUBTRACT)
        return compile_sum_of_two(compiler, node, scope);
    int *child = compile_children(compiler, node, scope, false);
    step_run *run = node->op == OP_MULTIPLY ? step_multiply : node->op == OP_DIVIDE ? step_divide : step_negate;
    return value_step(compiler, run, node, child, node->child_count);
}

static step_run *const FUNCTION_RUN[FUNCTIONS_] = {
    [FUNCTION_AGE] = step_age,
    [FUNCTION_DATE] = step_calendar,
    [FUNCTION_YEAR] = step_calendar,
    [FUNCTION_QUARTER] = step_calendar,
    [FUNCTION_MONTH] = step_calendar,
    [FUNCTION_WEEK] = step_calendar,
    [FUNCTION_DAY] = step_calendar,
    [FUNCTION_MONTH_OF_YEAR] = step_calendar,
    [FUNCTION_DAY_OF_MONTH] = step_calendar,
    [FUNCTION_WEEKDAY] = step_calendar,
    [FUNCTION_HOUR] = step_hour,
    [FUNCTION_SINCE] = step_since,
    [FUNCTION_UNTIL] = step_since,
    [FUNCTION_SIZE] = step_size,
    [FUNCTION_LENGTH] = step_length,
    [FUNCTION_LOWER] = step_case,
    [FUNCTION_UPPER] = step_case,
    [FUNCTION_ABS] = step_numeric,
    [FUNCTION_FLOOR] = step_numeric,
    [FUNCTION_CEIL] = step_numeric,
    [FUNCTION_ROUND] = step_numeric,
    [FUNCTION_LEAST] = step_choose,
    [FUNCTION_GREATEST] = step_choose,
    [FUNCTION_COALESCE] = step_coalesce,
    [FUNCTION_DISTANCE] = step_distance,
    [FUNCTION_VERSION] = step_version,
};

static int compile_function(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int *child = compile_children(compiler, node, scope, false);
    enum segment_function function = node->function;
    struct step step = operator_step(compiler, FUNCTION_RUN[function], shape_of(node->type, node->is_double), child,
                                     node->child_count);
    step.type = node->type;
    step.scale = node->scale;
    step.a = (int)function;
    if (function == FUNCTION_AGE || function == FUNCTION_SINCE || function == FUNCTION_UNTIL) {
        step.timeless = false;
        step.next = next_calendar;
        step.b = (int)node->unit;
    }
    bool computed = function == FUNCTION_LOWER || function == FUNCTION_UPPER;
    for (int i = 0; i < node->child_count; i++)
        computed |= node->type == VALUE_TEXT && at(compiler, child[i])->shape == SHAPE_TEXT;
    if (node->type == VALUE_TEXT && computed)
        step.shape = SHAPE_TEXT;
    step.textual |= node->type == VALUE_TEXT || function == FUNCTION_LENGTH;
    step.version = function == FUNCTION_VERSION;
    for (int i = 0; i < node->child_count && (function >= FUNCTION_LEAST && function <= FUNCTION_COALESCE); i++)
        step.version |= at(compiler, child[i])->version;
    return step_make(compiler, step, child, node->child_count);
}

/* ---- the walk ---- */

static int compile_raw(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    switch (node->op) {
    case OP_AND:
    case OP_OR: return compile_junction(compiler, node, scope);
    case OP_NOT: return not_of(compiler, compile_condition(compiler, node->child[0], scope));
    case OP_COMPARE: return compile_compare(compiler, node, scope);
    case OP_BETWEEN: return compile_between(compiler, node, scope);
    case OP_IN: return compile_in(compiler, node, scope);
    case OP_KNOWN: return compile_known(compiler, node, scope);
    case OP_TEXT: return compile_text(compiler, node, scope);
    case OP_SET: return compile_set(compiler, node, scope);
    case OP_IN_WINDOW:
    case OP_ANNIVERSARY: return compile_in_window(compiler, node, scope);
    case OP_TRUTH: return compile_condition(compiler, node->child[0], scope);
    case OP_SEQUENCE: return compile_sequence(compiler, node, scope);
    case OP_RESUMED: return compile_resumed(compiler, node, scope);
    case OP_SEGMENT: return compile_segment(compiler, node, scope);
    case OP_RECORD: return compile_record(compiler, node, scope);
    case OP_TOP:
    case OP_NTILE:
    case OP_PERCENTILE: return compile_rank(compiler, node, scope);
    case OP_SAMPLE:
    case OP_BUCKET: return compile_sample(compiler, node, scope);
    case OP_LIST: return compile_list(compiler, node, scope);
    case OP_EVER: return compile_ever(compiler, node, scope);
    case OP_CHANGED: return compile_changed(compiler, node, scope);
    case OP_ACCOUNT: return compile_account(compiler, node, scope);
    case OP_FORM: return compile_raw(compiler, node->child[0], scope);
    case OP_LITERAL: return compile_literal(compiler, node);
    case OP_NOW: return now_step(compiler, false);
    case OP_TODAY: return now_step(compiler, true);
    case OP_TRAIT:
    case OP_TRAIT_AS_OF: return compile_trait(compiler, node, scope);
    case OP_SCHEME: return compile_scheme(compiler, node, scope);
    case OP_MEASURE: return compile_measure(compiler, node, scope);
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_NEGATE: return compile_arithmetic(compiler, node, scope);
    case OP_FUNCTION: return compile_function(compiler, node, scope);
    case OP_PERIODS: return compile_periods(compiler, node, scope);
    case OP_PROPERTY: return compile_property(compiler, node, scope);
    case OP_FACT_TIME: return simple_leaf(compiler, step_row_time, VALUE_TIME, scope.frame);
    case OP_CUSTOMER: return spread(compiler, compile_raw(compiler, node->child[0], customers_of(scope)), scope);
    case OP_STEP: return compile_chosen(compiler, node, scope);
    default: return refuse(compiler, "a part of the condition cannot stand here");
    }
}

static int compile_value(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int id = compile_raw(compiler, node, scope);
    if (at(compiler, id)->shape != SHAPE_BITS)
        return id;
    struct step step = operator_step(compiler, step_as_value, SHAPE_INT, &id, 1);
    return step_make(compiler, step, &id, 1);
}

static int compile_condition(struct compiler *compiler, const struct segment_node *node, struct scope scope)
{
    int opaque = compiler->opaque, id = compile_raw(compiler, node, scope);
    if (at(compiler, id)->shape != SHAPE_BITS) {
        struct step step = operator_step(compiler, step_truth, SHAPE_BITS, &id, 1);
        id = step_make(compiler, step, &id, 1);
    }
    const struct step *made = at(compiler, id);
    bool foldable = made->code_leaf >= 0 && made->textual && made->timeless && made->run != step_test &&
                    scope.frame != FRAME_CODES && made->frame != FRAME_ONE && made->clock == CLOCK_BATCH &&
                    compiler->opaque == opaque;
    if (!foldable)
        return id;
    int column = made->code_leaf, frame = made->frame;
    struct scope codes = scope;
    codes.frame = FRAME_CODES;
    codes.moment = NO_STEP;
    int inside = compile_condition(compiler, node, codes);
    struct step step = leaf(step_test, SHAPE_BITS, frame);
    step.b = inside;
    step.textual = true;
    int test = step_make(compiler, step, &column, 1);
    at(compiler, test)->code_leaf = column;
    return test;
}

/* A segment's own step: its condition, less what its scheme's earlier members took. */
static int member_step(struct compiler *compiler, int segment)
{
    struct segment_plan *plan = compiler->plan;
    const struct segment_definition *definition = &plan->set->segments[segment];
    if (plan->member[segment] >= 0 || compiler->failed)
        return plan->member[segment] >= 0 ? plan->member[segment] : 0;
    const struct segment_scheme *scheme = definition->scheme >= 0 ? &plan->set->schemes[definition->scheme] : NULL;
    int taken[2048], count = 0, parts[2049];
    bool excludes = scheme && (scheme->exclusive || definition->is_else);
    for (int i = 0; excludes && i < scheme->member_count; i++) {
        int other = scheme->first_member + i;
        if (other == segment)
            break;
        if (!plan->set->segments[other].is_else && count < 2048)
            taken[count++] = member_step(compiler, other);
    }
    int used = 0;
    if (!definition->is_else)
        parts[used++] = compile_condition(compiler, definition->condition, CUSTOMERS);
    for (int i = 0; i < count; i++)
        parts[used++] = not_of(compiler, taken[i]);
    plan->member[segment] = junction(compiler, step_and, parts, used);
    return plan->member[segment];
}

static void mark(const struct segment_plan *plan, int id, bool *seen)
{
    if (seen[id])
        return;
    seen[id] = true;
    const struct step *step = &plan->steps.items[id];
    for (int i = 0; i < step->child_count; i++)
        mark(plan, step->child[i], seen);
    if (step->run != step_sequence)
        return;
    const struct sequence_plan *sequence = step->extra;
    for (int s = 0; s < sequence->step_count; s++)
        for (int k = 0; k < sequence->source->steps[s].kind_count; k++) {
            const struct sequence_kind *kind = &sequence->kinds[s][k];
            mark(plan, kind->mask, seen);
            mark(plan, kind->start_mask, seen);
            if (kind->slow >= 0)
                mark(plan, kind->slow, seen);
            for (int p = 0; p < kind->pair_count; p++) {
                mark(plan, kind->pairs[p].own, seen);
                mark(plan, kind->pairs[p].other, seen);
            }
        }
}

/* Measures over the same selected rows have the same next moment. */
static bool moves_with_earlier(const struct segment_plan *plan, const struct step *step)
{
    bool single = step->next == next_window && step->run != step_gather && step->run != step_resumed;
    for (size_t i = 0; single && i < plan->moving.count; i++) {
        const struct step *other = &plan->steps.items[plan->moving.items[i]];
        if (other->next == next_window && other->run != step_gather && other->run != step_resumed &&
            other->child[0] == step->child[0] && other->clock == step->clock && other->run != step_any)
            return true; /* the oldest fact's leaving, which is never later than the newest's */
    }
    return false;
}

/* Which look-up tables are worth making: those that some root reaches. */
static void plan_finish(struct segment_plan *plan)
{
    bool *seen = base_calloc(plan->steps.count + 1, 1);
    for (int s = 0; s < plan->set->segment_count; s++)
        if (plan->member[s] >= 0)
            mark(plan, plan->member[s], seen);
    for (int i = 0; i < plan->extra_count; i++)
        mark(plan, plan->extra[i], seen);
    plan->tests.count = 0;
    for (size_t i = 0; i < plan->steps.count; i++)
        if (seen[i] && plan->steps.items[i].run == step_test)
            VECTOR_PUSH(&plan->tests, (int)i);
    plan->moving.count = 0;
    for (size_t i = 0; i < plan->steps.count; i++)
        if (seen[i] && plan->steps.items[i].next && !moves_with_earlier(plan, &plan->steps.items[i]))
            VECTOR_PUSH(&plan->moving, (int)i);
    free(seen);
}

static struct segment_plan *plan_blank(const struct segment_set *set, const struct schema *schema)
{
    struct segment_plan *plan = base_calloc(1, sizeof *plan);
    arena_init(&plan->arena, 0);
    text_map_init(&plan->known);
    plan->set = set;
    plan->schema = schema;
    plan->table_count = (int)schema->table_count;
    plan->table_names = ARENA_ARRAY(&plan->arena, const char *, schema->table_count + 1);
    for (size_t i = 0; i < schema->table_count; i++)
        plan->table_names[i] = schema->tables[i].name;
    plan->table_used = ARENA_ARRAY(&plan->arena, bool, schema->table_count + 1);
    plan->member = ARENA_ARRAY(&plan->arena, int, (size_t)set->segment_count + 1);
    for (int i = 0; i < set->segment_count; i++)
        plan->member[i] = -1;
    return plan;
}

enum status segment_plan_new(const struct segment_set *set, const struct schema *schema, const int *segments, int count,
                             struct segment_plan **out, struct error *error)
{
    struct segment_plan *plan = plan_blank(set, schema);
    struct compiler compiler = {.plan = plan, .error = error};
    int total = count < 0 ? set->segment_count : count;
    for (int i = 0; i < total && !compiler.failed; i++)
        member_step(&compiler, count < 0 ? i : segments[i]);
    if (compiler.failed) {
        segment_plan_free(plan);
        return STATUS_ERROR;
    }
    plan_finish(plan);
    *out = plan;
    return STATUS_OK;
}

enum status plan_of_nodes(const struct segment_set *set, const struct schema *schema,
                          const struct segment_node *const *nodes, int count, struct segment_plan **out,
                          struct error *error)
{
    struct segment_plan *plan = plan_blank(set, schema);
    struct compiler compiler = {.plan = plan, .error = error};
    plan->extra = ARENA_ARRAY(&plan->arena, int, (size_t)count + 1);
    for (int i = 0; i < count && !compiler.failed; i++)
        plan->extra[plan->extra_count++] = compile_raw(&compiler, nodes[i], CUSTOMERS);
    if (compiler.failed) {
        segment_plan_free(plan);
        return STATUS_ERROR;
    }
    plan_finish(plan);
    *out = plan;
    return STATUS_OK;
}

static int measure_rows(struct compiler *compiler, const struct segment_measure *measure, int *steps)
{
    for (int k = 0; k < measure->kind_count; k++) {
        steps[k] = selected_rows(compiler, measure, k, CUSTOMERS);
        if (measure->argument && !is_gap(measure))
            steps[k] = and_of(compiler, steps[k], known_of(compiler, argument_rows(compiler, measure, k, CUSTOMERS)));
    }
    return measure->kind_count;
}

int plan_selected(struct segment_plan *plan, const struct segment_node *node, int steps[SEGMENT_KINDS_MAX])
{
    struct error error;
    struct compiler compiler = {.plan = plan, .error = &error};
    int count = 0;
    if (node->op == OP_MEASURE)
        count = measure_rows(&compiler, node->measure, steps);
    if (node->op == OP_RESUMED)
        count = measure_rows(&compiler, &node->resumed->facts, steps);
    if (node->op == OP_SEQUENCE) {
        int id = compile_raw(&compiler, node, CUSTOMERS);
        const struct sequence_plan *sequence = at(&compiler, id)->extra;
        for (; count < sequence->source->steps[0].kind_count; count++)
            steps[count] = sequence->kinds[0][count].start_mask;
    }
    return compiler.failed ? 0 : count;
}

void segment_plan_free(struct segment_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->patterns.count; i++)
        pcre2_code_free(plan->patterns.items[i]);
    VECTOR_RELEASE(&plan->patterns);
    VECTOR_RELEASE(&plan->steps);
    VECTOR_RELEASE(&plan->columns);
    VECTOR_RELEASE(&plan->tests);
    VECTOR_RELEASE(&plan->globals);
    VECTOR_RELEASE(&plan->moving);
    text_map_release(&plan->known);
    arena_release(&plan->arena);
    free(plan);
}
