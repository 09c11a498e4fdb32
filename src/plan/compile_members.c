/*
 * The segments of a set, and members of schemes. Definitions stand on others, in chains of any
 * length, so they are made in the set's order: each finds those it uses made already, and no walk
 * goes down a chain.
 *
 * A member of an exclusive scheme is its condition, less all earlier members. Written out for each
 * member anew that would grow with the square of the scheme; so earlier members are joined in
 * blocks of 16, of 256 and so on, which the members behind them share. A member reads the fewest
 * blocks that make up all before it: of 16 digits' worth each.
 */
#include "plan/compile.h"

static int *level_blocks(struct compiler *compiler, int level)
{
    size_t segments = (size_t)compiler->plan->set->segment_count;
    if (!compiler->blocks[level]) {
        compiler->blocks[level] = ARENA_ARRAY(&compiler->plan->arena, int, segments + 1);
        for (size_t i = 0; i < segments; i++)
            compiler->blocks[level][i] = NO_STEP;
    }
    return compiler->blocks[level];
}

/* Whoever is in one of the 16^level members that begin with `first`. */
static int block_step(struct compiler *compiler, int level, int first)
{
    if (level == 0 && compiler->plan->set->segments[first].is_else)
        return plan_constant_bits(compiler, false);
    if (level == 0)
        return plan_member_step(compiler, first);
    int *made = &level_blocks(compiler, level)[first];
    if (*made != NO_STEP)
        return *made;

    int part[BLOCK_MEMBERS], size = 1;
    for (int l = 1; l < level; l++)
        size *= BLOCK_MEMBERS;
    for (int i = 0; i < BLOCK_MEMBERS; i++)
        part[i] = block_step(compiler, level - 1, first + i * size);
    return *made = plan_junction(compiler, step_or, part, BLOCK_MEMBERS);
}

/* Adds to parts, at most (BLOCK_MEMBERS − 1) × BLOCK_LEVELS, that none of the `count` members from
 * `first` on took the customer; returns how many. */
static int add_earlier(struct compiler *compiler, int first, int count, int *parts)
{
    int used = 0, size = 1;

    for (int level = 1; level < BLOCK_LEVELS; level++)
        size *= BLOCK_MEMBERS;
    /* From the largest blocks down, as digits of a number: no size is taken more often
     * than its digit says. */
    for (int level = BLOCK_LEVELS - 1; level >= 0; level--, size /= BLOCK_MEMBERS)
        for (; count >= size; count -= size, first += size)
            parts[used++] = plan_not_of(compiler, block_step(compiler, level, first));
    return used;
}

/* The member of its scheme up to which, exclusively, all exclude the segment; the segment itself
 * when none does. */
static int first_excluding(const struct segment_set *set, int segment)
{
    const struct segment_definition *definition = &set->segments[segment];
    if (definition->scheme < 0)
        return segment;
    const struct segment_scheme *scheme = &set->schemes[definition->scheme];
    return scheme->exclusive || definition->is_else ? scheme->first_member : segment;
}

static void make_member(struct compiler *compiler, int segment)
{
    struct plan *plan = compiler->plan;
    const struct segment_definition *definition = &plan->set->segments[segment];
    int parts[BLOCK_MEMBERS * BLOCK_LEVELS + 1], used = 0,
                                                 first = first_excluding(plan->set, segment);

    if (!definition->is_else)
        parts[used++] = plan_compile_condition(compiler, definition->condition, CUSTOMERS);
    used += add_earlier(compiler, first, segment - first, parts + used);
    plan->member[segment] = plan_junction(compiler, step_and, parts, used);
}

/* Marks what a segment reads: those it uses, and the members before it. `before`: that all members
 * before this one are marked. */
static void mark_needs(const struct segment_set *set, int segment, bool *wanted, bool *before)
{
    const struct segment_definition *definition = &set->segments[segment];
    for (int i = 0; i < definition->use_count; i++)
        wanted[definition->uses[i]] = true;
    int first = first_excluding(set, segment);
    for (int i = segment; i > first && !before[i]; i--) {
        before[i] = true;
        wanted[i - 1] = true;
    }
}

void plan_members_make(struct compiler *compiler, const int *segments, int count)
{
    const struct segment_set *set = compiler->plan->set;
    bool *wanted = base_calloc((size_t)set->segment_count + 1, sizeof *wanted);
    bool *before = base_calloc((size_t)set->segment_count + 1, sizeof *before);
    for (int i = 0; i < count; i++)
        wanted[segments[i]] = true;
    /* Backwards through the order everything used is marked, also by what is marked
     * only now; forwards each finds what it uses made. */
    for (int i = set->segment_count; i-- > 0;)
        if (wanted[set->order[i]])
            mark_needs(set, set->order[i], wanted, before);

    for (int i = 0; i < set->segment_count && !compiler->failed; i++)
        if (wanted[set->order[i]] && compiler->plan->member[set->order[i]] < 0)
            make_member(compiler, set->order[i]);
    free(wanted);
    free(before);
}

int plan_member_step(struct compiler *compiler, int segment)
{
    const int *member = &compiler->plan->member[segment];
    if (*member < 0 && !compiler->failed)
        plan_members_make(compiler, &segment, 1);
    return *member >= 0 ? *member : 0;
}
