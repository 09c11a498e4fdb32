/*
 * Sequences, comebacks and histories of traits: conditions that follow one thing after another.
 */
#include "naive_internal.h"

#include <stdlib.h>
#include <string.h>

/* Everything a sequence needs while its steps are being chosen. */
struct attempt {
    const struct naive_context *context;
    const struct segment_sequence *sequence;
    struct naive_fact *facts[SEGMENT_STEPS_MAX];
    size_t count[SEGMENT_STEPS_MAX];
    struct naive_fact chosen[SEGMENT_STEPS_MAX];
};

static bool follows(const struct naive *naive, const struct naive_fact *later,
                    const struct naive_fact *earlier)
{
    if (later->time != earlier->time)
        return later->time > earlier->time;
    if (later->table != earlier->table)
        return naive->fault != NAIVE_FAULT_SAME_SECOND;
    return later->row > earlier->row;
}

static int64_t limit(const struct attempt *attempt, int64_t from, struct calendar_period length)
{
    return zone_add(attempt->context->naive->population->zone, from, length, 1);
}

static bool meets(const struct attempt *attempt, int step, const struct naive_fact *fact)
{
    const struct segment_node *filter = attempt->sequence->steps[step].filter;
    struct naive_context context = *attempt->context;
    context.fact = fact;
    context.steps = attempt->chosen;
    return !filter || naive_condition(&context, filter);
}

/* Whether the fact can stand behind all that was chosen for the steps before `step`. */
static bool behind_all(const struct attempt *attempt, int step, const struct naive_fact *fact)
{
    int from = attempt->context->naive->fault == NAIVE_FAULT_TWICE && step > 1 ? step - 1 : 0;
    for (int s = from; s < step; s++)
        if (!attempt->sequence->steps[s].negated &&
            !follows(attempt->context->naive, fact, &attempt->chosen[s]))
            return false;
    return true;
}

static bool ahead_of_all(const struct attempt *attempt, int step, const struct naive_fact *fact)
{
    for (int s = step + 1; s < attempt->sequence->step_count; s++)
        if (!attempt->sequence->steps[s].negated &&
            !follows(attempt->context->naive, &attempt->chosen[s], fact))
            return false;
    return true;
}

/* Every step that is not negated has its fact: whether no negated one finds a fact that it forbids,
 * and the last of them has waited long enough. */
static bool nothing_forbidden(const struct attempt *attempt)
{
    const struct segment_sequence *sequence = attempt->sequence;
    for (int step = 1; step < sequence->step_count; step++) {
        const struct segment_step *rule = &sequence->steps[step];
        if (!rule->negated)
            continue;
        int64_t end = rule->has_within
                          ? limit(attempt, attempt->chosen[step - 1].time, rule->within)
                          : INT64_MAX;
        if (rule->has_within && step + 1 == sequence->step_count &&
            attempt->context->naive->now < end)
            return false;
        for (size_t i = 0; i < attempt->count[step]; i++) {
            const struct naive_fact *fact = &attempt->facts[step][i];
            if (behind_all(attempt, step, fact) && ahead_of_all(attempt, step, fact) &&
                fact->time <= end && meets(attempt, step, fact))
                return false;
        }
    }
    return true;
}

static bool choose(struct attempt *attempt, int step, int before)
{
    const struct segment_sequence *sequence = attempt->sequence;
    if (step == sequence->step_count)
        return nothing_forbidden(attempt);
    const struct segment_step *rule = &sequence->steps[step];
    if (rule->negated)
        return choose(attempt, step + 1, before);

    const struct naive_fact *previous = before >= 0 ? &attempt->chosen[before] : NULL;
    for (size_t i = 0; i < attempt->count[step]; i++) {
        const struct naive_fact *fact = &attempt->facts[step][i];
        if (!previous && !naive_in_window(attempt->context, &sequence->window, fact->time))
            continue;
        if (!behind_all(attempt, step, fact))
            continue;
        if (previous && rule->has_within &&
            fact->time > limit(attempt, previous->time, rule->within))
            continue;
        if (previous && sequence->has_whole &&
            fact->time > limit(attempt, attempt->chosen[0].time, sequence->whole))
            continue;
        if (!meets(attempt, step, fact))
            continue;
        attempt->chosen[step] = *fact;
        if (choose(attempt, step + 1, step))
            return true;
    }
    return false;
}

bool naive_sequence(const struct naive_context *context, const struct segment_node *node)
{
    struct naive_context customer = *context;
    customer.fact = NULL;
    struct attempt attempt = {.context = &customer, .sequence = node->sequence};
    for (int step = 0; step < node->sequence->step_count; step++) {
        const struct segment_step *rule = &node->sequence->steps[step];
        attempt.facts[step] =
            naive_facts(&customer, rule->kinds, rule->kind_count, &attempt.count[step]);
    }
    return choose(&attempt, 0, -1);
}

bool naive_resumed(const struct naive_context *context, const struct segment_node *node)
{
    const struct segment_resumed *resumed = node->resumed;
    struct naive_context customer = *context;
    customer.fact = NULL;
    size_t count;
    struct naive_fact *facts =
        naive_facts(&customer, resumed->facts.kinds, resumed->facts.kind_count, &count);
    const struct naive_fact *before = NULL;
    for (size_t i = 0; i < count; i++) {
        struct naive_context of_fact = customer;
        of_fact.fact = &facts[i];
        if (resumed->facts.filter && !naive_condition(&of_fact, resumed->facts.filter))
            continue;
        if (before &&
            facts[i].time >
                zone_add(context->naive->population->zone, before->time, resumed->gap, 1) &&
            naive_in_window(&customer, &resumed->facts.window, facts[i].time))
            return true;
        before = &facts[i];
    }
    return false;
}

/* ---- histories ---- */

/* Marks the columns of the trait table that a condition reads. */
static void used_traits(const struct segment_node *node, bool *used)
{
    if (!node)
        return;
    if (node->op == OP_TRAIT)
        used[node->path.start_column[0]] = true;
    for (int i = 0; i < node->child_count; i++)
        used_traits(node->child[i], used);
    if (node->op == OP_IN_WINDOW || node->op == OP_ANNIVERSARY) {
        used_traits(node->window->anchor, used);
        used_traits(node->window->to, used);
    }
}

static const struct population_table *trait_table(const struct naive *naive)
{
    int index = population_table_index(naive->population, SCHEMA_TRAIT_TABLE);
    return index < 0 ? NULL : &naive->population->tables[index];
}

static bool tells(const struct naive *naive, const struct population_table *table, uint32_t row,
                  const bool *used)
{
    const struct schema_table *schema = schema_table(naive->schema, SCHEMA_TRAIT_TABLE);
    for (size_t c = 0; c < schema->column_count; c++) {
        int column = population_column_index(table, schema->columns[c].name);
        if (used[c] && column >= 0 && population_get(&table->columns[column], row).known)
            return true;
    }
    return false;
}

/* At a moment, after the tellings up to the row `until` (exclusive) only. */
static bool true_at(const struct naive_context *context, const struct segment_node *condition,
                    int64_t moment, uint32_t until)
{
    struct naive_context then = *context;
    then.trait_moment = moment;
    then.trait_until = until;
    return naive_condition(&then, condition);
}

bool naive_ever(const struct naive_context *context, const struct segment_node *node)
{
    const struct naive *naive = context->naive;
    const struct population_table *table = trait_table(naive);
    const struct schema_table *schema = schema_table(naive->schema, SCHEMA_TRAIT_TABLE);
    const struct segment_history *history = node->history;
    struct segment_bounds bounds = {INT64_MIN, naive->now};
    if (history->has_window && !naive_bounds(context, &history->window, &bounds))
        return false;
    if (bounds.hi > naive->now)
        bounds.hi = naive->now;
    bool *used = ARENA_ARRAY(&context->naive->arena, bool, schema ? schema->column_count + 1 : 1);
    used_traits(node->child[0], used);
    bool told_before = false;
    for (uint32_t row = table ? table->offset[context->position] : 0;
         table && row < table->offset[context->position + 1]; row++) {
        int64_t time = table->time[row];
        bool tells_it = tells(naive, table, row, used);
        told_before |= tells_it && (time == 0 || time <= bounds.lo);
        if (time >= bounds.lo && time <= bounds.hi && tells_it &&
            true_at(context, node->child[0], time, row + 1))
            return true;
    }
    return history->has_window && told_before && bounds.lo <= bounds.hi &&
           true_at(context, node->child[0], bounds.lo, UINT32_MAX);
}

static struct naive_value change_limit(const struct naive_context *context,
                                       const struct segment_node *node, int child)
{
    if (node->child_count > child && node->child[child])
        return naive_value(context, node->child[child]);
    return naive_unknown(VALUE_NONE);
}

bool naive_changed(const struct naive_context *context, const struct segment_node *node)
{
    struct naive *naive = context->naive;
    const struct population_table *table = trait_table(naive);
    const struct schema_table *schema = schema_table(naive->schema, SCHEMA_TRAIT_TABLE);
    if (!table)
        return false;
    const struct segment_path *path = &node->child[0]->path;
    int column = population_column_index(table, schema->columns[path->start_column[0]].name);
    struct naive_value from = change_limit(context, node, 1), to = change_limit(context, node, 2);
    struct naive_value before = naive_unknown(VALUE_NONE);
    for (uint32_t row = table->offset[context->position];
         row < table->offset[context->position + 1]; row++) {
        int64_t time = table->time[row];
        if (time > naive->now || !population_get(&table->columns[column], row).known)
            continue;
        struct population_value told = population_get(&table->columns[column], row);
        struct naive_value value = {.known = true,
                                    .type = table->columns[column].type,
                                    .scale = table->columns[column].scale,
                                    .integer = told.integer,
                                    .number = told.number};
        if (value.type == VALUE_TEXT)
            value.text = population_text(naive->population, (uint32_t)told.integer);
        bool counts = before.known && naive_compare(naive, &before, &value) != 0;
        if (counts && node->history->has_window)
            counts = naive_in_window(context, &node->history->window, time);
        if (counts && (!from.known || naive_compare(naive, &before, &from) == 0) &&
            (!to.known || naive_compare(naive, &value, &to) == 0))
            return true;
        before = value;
    }
    return false;
}

bool naive_record(const struct naive_context *context, const struct segment_node *node)
{
    const struct naive *naive = context->naive;
    const struct population *population = naive->population;
    const struct segment_record_test *test = node->record;
    struct segment_bounds bounds = {INT64_MIN, naive->now};
    if (test->has_window && !naive_bounds(context, &test->window, &bounds))
        return false;
    if (bounds.hi > naive->now)
        bounds.hi = naive->now;
    for (size_t r = 0; r < population->record_count; r++) {
        const struct population_records *records = &population->records[r];
        if (strcmp(records->segment, naive->set->segments[node->index].name) != 0)
            continue;
        for (uint32_t i = records->offset[context->position];
             i < records->offset[context->position + 1]; i++) {
            int64_t entered = records->entered[i], left = records->left[i];
            bool inside = test->has_window
                              ? bounds.lo <= bounds.hi && entered <= bounds.hi && left > bounds.lo
                              : entered <= naive->now && left > naive->now;
            if (test->kind == RECORD_IN && inside)
                return true;
            if (test->kind == RECORD_ENTERED && bounds.lo <= entered && entered <= bounds.hi)
                return true;
            if (test->kind == RECORD_LEFT && bounds.lo <= left && left <= bounds.hi)
                return true;
        }
    }
    return false;
}
