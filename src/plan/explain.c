/*
 * Why a customer is in a segment, or is not: every node of the condition becomes a root of one
 * plan, which runs for this customer alone. When the membership will flip by itself is found by
 * going from one next moment to the next, which may be earlier than a flip but never later, and
 * evaluating there. Where ranks or accounts are read, others move the customer, too: everyone's
 * next moment counts as theirs.
 */
#include "plan/explain.h"

#include <math.h>
#include <string.h>

enum {
    FACTS_SHOWN = 20,    /* of each node, as plan.h promises */
    YEARS_AHEAD = 10,    /* how far a flip is looked for */
    MOMENTS_MAX = 20000, /* looks at the customer on the way to it */
    /* the same where each look finds everyone's ranks anew: so many, or more among few customers */
    EVERYONE_MIN = 50,
    EVERYONE_MAX = 1000,
    EVERYONE_CUSTOMERS = 1000000, /* looked at by all looks together */
    NODES_MAX = 4096, /* of the tree that is shown; what is more, or deeper, stays closed */
    DEPTH_MAX = 64
};

struct explaining {
    const struct segment_set *set;
    struct arena *arena;
    struct run *run;
    struct plan *plan;
    VECTOR(const struct segment_node *) nodes;
    VECTOR(struct plan_explained *) made; /* parallel to nodes */
};

static bool is_condition(const struct segment_node *node)
{
    return node->op <= OP_FORM || (node->op == OP_MEASURE && node->type == VALUE_BOOL) ||
           (node->op == OP_ACCOUNT && node->type == VALUE_BOOL);
}

/* Children that stand in the customer's context at the same moment: those a reader can be shown the
 * value of. */
static bool shows_children(const struct segment_node *node)
{
    switch (node->op) {
    case OP_EVER:
    case OP_CHANGED:
    case OP_PERIODS:
    case OP_ACCOUNT:
    case OP_SEQUENCE:
    case OP_RESUMED:
    case OP_MEASURE:
    case OP_TRAIT_AS_OF: return false;
    default: return true;
    }
}

static const char *node_text(const struct segment_node *node, struct arena *arena)
{
    struct buffer out;
    buffer_init(&out, 0);
    segment_format_node(node, &out);
    char *text = buffer_copy(&out, arena);
    buffer_release(&out);
    return text;
}

/* The tree to be filled in: forms and what the checker put around are looked through; other
 * segments are opened. */
static struct plan_explained *collect(struct explaining *explaining,
                                      const struct segment_node *node, int depth)
{
    struct plan_explained *made = ARENA_NEW(explaining->arena, struct plan_explained);
    made->node = node;
    made->text = node_text(node, explaining->arena);
    VECTOR_PUSH(&explaining->nodes, node);
    VECTOR_PUSH(&explaining->made, made);

    /* What is shown is the node as written; whose children are shown is its meaning. */
    while (node->op == OP_FORM)
        node = node->child[0];
    made->is_condition = is_condition(node);

    const struct segment_node *inside =
        node->op == OP_SEGMENT ? explaining->set->segments[node->index].condition : NULL;

    int count = shows_children(node) ? node->child_count : 0;
    if (inside)
        count = 1;
    made->child = ARENA_ARRAY(explaining->arena, struct plan_explained *, (size_t)count + 1);

    for (int i = 0; i < count && depth < DEPTH_MAX && explaining->nodes.count < NODES_MAX; i++) {
        const struct segment_node *child = inside ? inside : node->child[i];
        if (child)
            made->child[made->child_count++] = collect(explaining, child, depth + 1);
    }
    return made;
}

/* ---- facts ---- */

struct shown_fact {
    uint32_t time, row;
    int table;
};

static int newest_first(const void *a, const void *b)
{
    const struct shown_fact *x = a, *y = b;
    if (x->time != y->time)
        return x->time > y->time ? -1 : 1;
    return (x->row < y->row) - (x->row > y->row);
}

static void fill_facts(struct explaining *explaining, struct plan_explained *made, const int *steps,
                       int count)
{
    struct run *run = explaining->run;
    VECTOR(struct shown_fact) facts = {0};
    for (int k = 0; k < count; k++) {
        int plan_table = step_of(run, steps[k])->frame - FRAME_ROWS;
        const struct table_view *view = &run->views[plan_table];
        struct operand selected = operand_of(run, steps[k]);
        for (uint32_t row = view->begin; row < view->end; row++)
            if (bit_at(selected.bits, row - view->begin))
                VECTOR_PUSH(&facts,
                            (struct shown_fact){view->time[row], row,
                                                (int)(view->table - run->population->tables)});
    }

    /* All are sorted though few are shown: facts of several kinds mix, and one
     * customer has few. */
    if (facts.count)
        qsort(facts.items, facts.count, sizeof *facts.items, newest_first);
    made->fact_total = (int64_t)facts.count;
    made->fact_count = facts.count < FACTS_SHOWN ? (int)facts.count : FACTS_SHOWN;

    uint32_t *rows = ARENA_ARRAY(explaining->arena, uint32_t, FACTS_SHOWN);
    int *tables = ARENA_ARRAY(explaining->arena, int, FACTS_SHOWN);
    for (int i = 0; i < made->fact_count; i++) {
        rows[i] = facts.items[i].row;
        tables[i] = facts.items[i].table;
    }

    made->facts = rows;
    made->fact_tables = tables;
    VECTOR_RELEASE(&facts);
}

static void fill_value(struct explaining *explaining, size_t i, uint32_t lane)
{
    struct plan_explained *made = explaining->made.items[i];
    struct operand value = operand_of(explaining->run, explaining->plan->extra[i]);
    made->known = bit_at(value.bits, lane);
    made->json = explain_json(explaining->run, &value, lane, explaining->arena);

    if (value.step->shape == SHAPE_BITS) {
        made->is_condition = true;
        made->truth = made->known;
        made->known = true;
        made->value = made->truth ? "yes" : "no";
        return;
    }
    made->value = explain_value(explaining->run, &value, lane, explaining->arena);

    if (made->is_condition) /* a yes/no value standing as a condition */
        made->truth = made->known && value.i[lane * value.stride] != 0;
}

/* ---- the nearest clause that fails ---- */

struct nearest {
    const struct plan_explained *clause;
    double distance;
};

static const struct segment_node *meaning(const struct segment_node *node)
{
    while (node->op == OP_FORM)
        node = node->child[0];
    return node;
}

static size_t place_of(const struct explaining *explaining, const struct plan_explained *made)
{
    size_t i = 0;
    while (explaining->made.items[i] != made)
        i++;
    return i;
}

static bool sides_of(struct explaining *explaining, const struct plan_explained *clause,
                     double *have, double *need)
{
    if (clause->child_count < 2)
        return false;

    double *out[] = {have, need};
    for (int i = 0; i < 2; i++) {
        size_t place = place_of(explaining, clause->child[i]);
        struct operand value = operand_of(explaining->run, explaining->plan->extra[place]);
        bool number = (value.step->shape == SHAPE_INT || value.step->shape == SHAPE_DOUBLE) &&
                      value.step->type != VALUE_TEXT;
        if (!number || !bit_at(value.bits, 0))
            return false;
        *out[i] = operand_number(&value, 0);
    }
    return true;
}

/* How far a failing clause is from holding: the share of the threshold that is missing; 1 and more
 * for what has no distance. */
static double distance_of(struct explaining *explaining, const struct plan_explained *clause)
{
    double have, need;
    if (meaning(clause->node)->op != OP_COMPARE || !sides_of(explaining, clause, &have, &need))
        return 2;
    double size = fabs(need) > 1 ? fabs(need) : 1, share = fabs(have - need) / size;
    return share / (1 + share);
}

static void find_nearest(struct explaining *explaining, const struct plan_explained *made,
                         bool wanted, struct nearest *best)
{
    const struct segment_node *node = meaning(made->node);
    if (!made->is_condition || made->truth == wanted)
        return;

    /* Clauses that stand open are gone through; the truth that is wanted turns
     * round under a not. */
    bool opens = node->op == OP_AND || node->op == OP_OR || node->op == OP_NOT ||
                 (node->op == OP_SEGMENT && made->child_count);
    if (made->node->op == OP_FORM || node->op == OP_TRUTH)
        opens |= made->child_count > 0;
    bool inner =
        (node->op == OP_NOT) != (node->op == OP_SEGMENT && node->negated) ? !wanted : wanted;

    for (int i = 0; opens && i < made->child_count; i++)
        find_nearest(explaining, made->child[i], inner, best);

    /* A comparison is nearer than 1. What has no distance is at 2, and what was gone
     * through at 3, so that one of its parts is named instead. */
    double distance = 2;
    if (opens)
        distance = 3;
    else if (wanted)
        distance = distance_of(explaining, made);

    if (!best->clause || distance < best->distance)
        *best = (struct nearest){made, distance};
}

/* The difference between both sides of a comparison, in the type of the left one. */
static const char *missing_text(struct explaining *explaining, const struct plan_explained *clause,
                                double missing)
{
    struct operand value = operand_of(
        explaining->run, explaining->plan->extra[place_of(explaining, clause->child[0])]);
    enum value_type type = value.step->type;
    /* Two dates are days apart, and two moments seconds: both are said as a
     * length of time. */
    if (type == VALUE_TIME || type == VALUE_DATE)
        return explain_number(explaining->run, VALUE_DURATION, 0, true, 0,
                              missing * (type == VALUE_DATE ? SECONDS_A_DAY : 1),
                              explaining->arena);
    if (type == VALUE_DECIMAL)
        return explain_number(explaining->run, type, value.step->scale, false,
                              llround(missing * (double)number_power10(value.step->scale)), 0,
                              explaining->arena);

    bool whole = value.step->shape != SHAPE_DOUBLE && missing == floor(missing);
    if (whole)
        return explain_number(explaining->run, type, 0, false, (int64_t)missing, 0,
                              explaining->arena);
    return explain_number(explaining->run, type == VALUE_DURATION ? type : VALUE_DOUBLE, 0, true, 0,
                          missing, explaining->arena);
}

static const char *compare_why(struct explaining *explaining, const struct plan_explained *clause)
{
    const struct plan_explained *left = clause->child[0], *right = clause->child[1];
    enum segment_compare compare = meaning(clause->node)->compare;
    double have, need;

    if (!left->known)
        return arena_printf(explaining->arena, "%s is unknown", left->text);
    if (!sides_of(explaining, clause, &have, &need) || compare == COMPARE_EQ ||
        compare == COMPARE_NE)
        return arena_printf(explaining->arena, "%s is %s", left->text, left->value);

    /* "needs 0.00 more" would be said of what is equal and must be greater. */
    const char *strict = (compare == COMPARE_GT || compare == COMPARE_LT) ? "more than " : "";
    const char *amount = missing_text(explaining, clause, fabs(have - need));
    bool up = compare == COMPARE_GT || compare == COMPARE_GE;
    const char *right_is =
        right->node->op == OP_LITERAL
            ? ""
            : arena_printf(explaining->arena, " (%s is %s)", right->text, right->value);
    return arena_printf(explaining->arena, "%s is %s%s, needs %s%s %s", left->text, left->value,
                        right_is, strict, amount, up ? "more" : "less");
}

static const char *nearest_why(struct explaining *explaining, const struct plan_explained *clause)
{
    const struct segment_node *node = meaning(clause->node);
    if (clause->truth)
        return arena_printf(explaining->arena, "%s holds and must not", clause->text);
    if (node->op == OP_COMPARE && clause->child_count == 2)
        return compare_why(explaining, clause);
    if (clause->child_count && !clause->child[0]->is_condition)
        return arena_printf(explaining->arena, "%s: %s is %s", clause->text, clause->child[0]->text,
                            clause->child[0]->value);
    return arena_printf(explaining->arena, "%s does not hold", clause->text);
}

/* ---- when it flips ---- */

/* One membership at one moment after the other. */
struct flip_search {
    const struct plan *plan;
    const struct population *population;
    struct pool *pool;
    struct plan_state *state;
    struct plan_phase *phase;
    uint64_t *bits;
    uint32_t position;
    int segment;
    bool others_stay; /* what everyone contributes is no longer found anew */
    int64_t next;     /* the first moment after the last look at which it may be another */
};

static enum status look(struct flip_search *search, int64_t moment, bool *member,
                        struct error *error)
{
    bool everyone = search->plan->globals.count && !search->others_stay;
    if (!search->phase || everyone) {
        plan_phase_free(search->phase);
        search->phase = NULL;
        TRY(plan_phase_new(search->plan, search->population, moment, search->pool, &search->phase,
                           error));
    }
    TRY(plan_evaluate_one(search->plan, search->population, search->phase, search->position, moment,
                          NULL, search->state, search->bits, &search->next, error));
    *member = bit_at(search->bits, (size_t)search->segment);

    int64_t everyone_next = plan_phase_next(search->phase);
    if (everyone && everyone_next < search->next)
        search->next = everyone_next;
    return STATUS_OK;
}

/* From next moment to next moment until end, or until the membership is another than `member`. */
static enum status look_ahead(struct flip_search *search, bool member, int64_t end, int looks_max,
                              bool *flips, int64_t *flips_at, struct error *error)
{
    for (int i = 0; !*flips && search->next <= end && i < looks_max; i++) {
        bool then;
        /* Every look is at the moment that the one before named, which is after it. */
        *flips_at = search->next;
        TRY(look(search, *flips_at, &then, error));
        *flips = then != member;
    }
    return STATUS_OK;
}

static int everyone_max(const struct population *population)
{
    uint32_t among = population->customers ? population->customers : 1;
    int looks = (int)(EVERYONE_CUSTOMERS / among);
    if (looks < EVERYONE_MIN)
        return EVERYONE_MIN;
    return looks < EVERYONE_MAX ? looks : EVERYONE_MAX;
}

/* Where it takes very many looks the search ends early, and says how far it came. If that is
 * because everyone is to be looked at each time, it goes on with the others as they are by then. */
static enum status search_flip(struct flip_search *search, struct plan_explanation *out,
                               struct error *error)
{
    /* A year of 366 days: rather a little longer than ten years than shorter. */
    int64_t end = out->now + (int64_t)YEARS_AHEAD * 366 * SECONDS_A_DAY;
    bool everyone = search->plan->globals.count > 0;
    int looks_max = everyone ? everyone_max(search->population) : MOMENTS_MAX;

    TRY(look(search, out->now, &out->member, error));
    TRY(look_ahead(search, out->member, end, looks_max, &out->flips, &out->flips_at, error));
    out->looked_until = search->next <= end && !out->flips ? search->next : end;
    if (!everyone || out->flips || search->next > end)
        return STATUS_OK;

    out->by_others = true;
    search->others_stay = true;
    TRY(look_ahead(search, out->member, end, MOMENTS_MAX, &out->flips_alone, &out->alone_until,
                   error));
    if (!out->flips_alone)
        out->alone_until = search->next <= end ? search->next : end;
    return STATUS_OK;
}

static enum status find_flip(const struct segment_set *set, const struct schema *schema,
                             int segment, const struct population *population, uint32_t position,
                             struct pool *pool, struct plan_explanation *out, struct error *error)
{
    struct plan *plan = NULL;

    TRY(plan_new(set, schema, &segment, 1, &plan, error));
    struct flip_search search = {
        .plan = plan,
        .population = population,
        .pool = pool,
        .state = plan_state_new(plan),
        .bits = base_calloc(words_of((size_t)set->segment_count) + 1, sizeof(uint64_t)),
        .position = position,
        .segment = segment};
    enum status status = search_flip(&search, out, error);

    free(search.bits);
    plan_state_free(search.state);
    plan_phase_free(search.phase);
    plan_free(plan);
    return status;
}

/* ---- all of it ---- */

static enum status fill_tree(struct explaining *explaining, const struct schema *schema,
                             const struct population *population, uint32_t position, int64_t now,
                             struct pool *pool, struct plan_explanation *out, struct error *error)
{
    struct binding *binding = NULL;
    struct plan_phase *phase = NULL;
    int(*steps)[SEGMENT_KINDS_MAX] = NULL, *counts = NULL;
    enum status status = plan_of_nodes(explaining->set, schema, explaining->nodes.items,
                                       (int)explaining->nodes.count, &explaining->plan, error);
    if (status != STATUS_OK)
        return status;

    /* What selects a node's facts is made before the plan is bound, as binding
     * looks at all steps. */
    steps = base_calloc(explaining->nodes.count + 1, sizeof *steps);
    counts = base_calloc(explaining->nodes.count + 1, sizeof *counts);
    for (size_t i = 0; i < explaining->nodes.count; i++)
        counts[i] = plan_selected(explaining->plan, meaning(explaining->nodes.items[i]), steps[i]);
    TRY_GOTO(binding_new(explaining->plan, population, &binding, error));
    TRY_GOTO(phase_fill(explaining->plan, binding, now, pool, false, &phase, error));

    explaining->run = run_new(explaining->plan);
    run_bind(explaining->run, binding, phase, now);
    run_one(explaining->run, position, NULL);

    out->exists = run_exists(explaining->run, 0);
    for (size_t i = 0; i < explaining->nodes.count; i++) {
        fill_value(explaining, i, 0);
        if (counts[i])
            fill_facts(explaining, explaining->made.items[i], steps[i], counts[i]);
    }

    /* Who is out is told which clause is the least that has to become true. */
    if (out->exists && !out->member && out->root) {
        struct nearest nearest = {NULL, 0};
        find_nearest(explaining, out->root, true, &nearest);
        out->nearest = nearest.clause;
        out->nearest_why = nearest.clause ? nearest_why(explaining, nearest.clause) : NULL;
    }

    if (explaining->run->failed)
        status = error_set(error, STATUS_ERROR, "%s", explaining->run->error.message);
done:
    run_free(explaining->run);
    plan_phase_free(phase);
    binding_free(binding);
    plan_free(explaining->plan);
    free(steps);
    free(counts);
    return status;
}

enum status plan_explain(const struct segment_set *set, const struct schema *schema, int segment,
                         const struct population *population, uint32_t position, int64_t now,
                         struct pool *pool, struct arena *arena, struct plan_explanation *out,
                         struct error *error)
{
    *out = (struct plan_explanation){.now = now};
    TRY(find_flip(set, schema, segment, population, position, pool, out, error));

    struct explaining explaining = {.set = set, .arena = arena};
    const struct segment_node *condition = set->segments[segment].condition;
    if (condition)
        out->root = collect(&explaining, condition, 0);
    enum status status =
        fill_tree(&explaining, schema, population, position, now, pool, out, error);
    VECTOR_RELEASE(&explaining.nodes);
    VECTOR_RELEASE(&explaining.made);
    return status;
}
