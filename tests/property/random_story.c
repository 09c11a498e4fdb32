/* Random sequences, comebacks, histories, records, ranks, accounts, samples and sets of segments.
 */
#include "random_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- one thing after another ---- */

static void gen_short(struct gen *gen)
{
    static const char *const lengths[] = {"1 hour",  "24 hours",   "2 days", "7 days",
                                          "1 month", "30 minutes", "20 days"};
    GEN(gen, "%s", PICK(gen, lengths));
}

static void gen_step(struct gen *gen, bool negated)
{
    static const char *const aliases[] = {"one", "two", "three", "four"};
    const struct schema_table *kind = gen_kind(gen), *other = gen_kind(gen);
    bool two = other != kind && ONE_IN(gen, 6);
    GEN(gen, "%s%s", negated ? "not " : "", two ? "(" : "");
    gen_name(gen, kind->name);
    if (two) {
        GEN(gen, ", ");
        gen_name(gen, other->name);
        GEN(gen, ")");
    }
    const char *alias = gen->step_count < STEPS_MAX ? aliases[gen->step_count] : NULL;
    if (!negated && !two && alias)
        GEN(gen, " as %s", alias);
    if (!two && ONE_IN(gen, 2 + gen->step_count)) {
        struct gen filter = *gen;
        filter.kind = kind;
        filter.qualified = false;
        filter.depth = 0;
        GEN(gen, " where ");
        gen_condition(&filter);
    }
    if (gen->steps[0].alias && ONE_IN(gen, 2)) {
        GEN(gen, " within ");
        gen_short(gen);
    }
    if (!negated && !two && gen->step_count < STEPS_MAX) {
        gen->steps[gen->step_count].alias = alias;
        gen->steps[gen->step_count++].kind = kind;
    }
}

static bool sequence(struct gen *gen)
{
    struct gen inner = *gen;
    inner.step_count = 0;
    inner.steps[0].alias = NULL;
    int count = 2 + BELOW(gen, ONE_IN(gen, 3) ? 5 : 2);
    bool negated = false;
    GEN(gen, "sequence(");
    for (int step = 0; step < count; step++) {
        if (step)
            GEN(gen, ", ");
        negated = step > 0 && !negated && ONE_IN(gen, 3);
        gen_step(&inner, negated);
        if (!inner.steps[0].alias)
            inner.steps[0].alias = "one";
    }
    if (ONE_IN(gen, 5)) {
        GEN(gen, ", whole within ");
        gen_short(gen);
    }
    GEN(gen, ")");
    if (ONE_IN(gen, 2))
        gen_window(gen);
    return true;
}

static bool comeback(struct gen *gen)
{
    const struct schema_table *kind = gen_kind(gen);
    int choice = BELOW(gen, 3);
    bool filtered = ONE_IN(gen, 3);
    GEN(gen, choice == 0 ? "first time " : choice == 1 ? "stopped " : "resumed ");
    GEN(gen, filtered ? "(" : "");
    gen_name(gen, kind->name);
    if (filtered) {
        struct gen filter = *gen;
        filter.kind = kind;
        filter.depth = 0;
        GEN(gen, " where ");
        gen_condition(&filter);
        GEN(gen, ")");
    }
    if (choice == 0) {
        gen_window(gen);
        return true;
    }
    GEN(gen, choice == 1 ? " for " : " after ");
    gen_short(gen);
    if (choice == 2 && ONE_IN(gen, 2))
        gen_window(gen);
    return true;
}

static bool ever(struct gen *gen)
{
    struct gen inner = *gen;
    inner.ever = true;
    inner.depth = 1;
    GEN(gen, "ever(");
    gen_condition(&inner);
    if (ONE_IN(gen, 2)) {
        GEN(gen, ",");
        gen_window(gen);
    }
    GEN(gen, ")");
    return true;
}

static const char *plain_trait(struct gen *gen, const struct schema_column **column)
{
    for (int tries = 0; tries < 10; tries++) {
        const char *path =
            gen_path(gen, NUMBERS | TYPE(VALUE_TEXT) | TYPE(VALUE_BOOL) | TYPE(VALUE_DATE), column);
        if (path && !strchr(path, '.'))
            return path;
    }
    return NULL;
}

static bool changed(struct gen *gen)
{
    const struct schema_column *column = NULL;
    const char *path = plain_trait(gen, &column);
    if (!path)
        return false;
    GEN(gen, "changed(%s", path);
    if (column->type != VALUE_DATE && ONE_IN(gen, 3)) {
        GEN(gen, " from ");
        gen_literal(gen, column);
    }
    if (column->type != VALUE_DATE && ONE_IN(gen, 3)) {
        GEN(gen, " to ");
        gen_literal(gen, column);
    }
    if (ONE_IN(gen, 2)) {
        GEN(gen, " last ");
        gen_quantity(gen);
    }
    GEN(gen, ")");
    return true;
}

static bool as_of(struct gen *gen)
{
    static const char *const compares[] = {"=", "!=", "<", ">="};
    const struct schema_column *column = NULL;
    const char *path = plain_trait(gen, &column);
    if (!path || column->type == VALUE_BOOL)
        return false;
    GEN(gen, "%s as of ", path);
    GEN(gen, ONE_IN(gen, 2) ? "2025-03-15" : "(today - %d days)", BELOW(gen, 40));
    GEN(gen, " %s ", PICK(gen, compares));
    gen_literal(gen, column);
    return true;
}

static bool records(struct gen *gen)
{
    static const char *const words[] = {"in", "entered", "left"};
    if (gen->names->recorded_count == 0)
        return false;
    const char *word = PICK(gen, words);
    GEN(gen, "%s %s", word, gen->names->recorded[BELOW(gen, gen->names->recorded_count)]);
    if (*word == 'i' || !ONE_IN(gen, 3))
        gen_window(gen);
    return true;
}

static bool periods(struct gen *gen)
{
    static const char *const units[] = {"day", "week", "month", "quarter"};
    int unit = BELOW(gen, 4);
    struct gen inner = *gen;
    inner.no_windows = true;
    inner.depth = 1;
    GEN(gen, "periods(%s, ", units[unit]);
    gen_condition(&inner);
    if (ONE_IN(gen, 3))
        GEN(gen, ", since today - %d %s", 1 + BELOW(gen, 6), unit < 2 ? "days" : "months");
    else
        GEN(gen, ", last %d %s", 1 + BELOW(gen, 6), unit < 2 ? "days" : "months");
    GEN(gen, ") >= %d", BELOW(gen, 4));
    return true;
}

bool gen_story(struct gen *gen)
{
    static bool (*const stories[])(struct gen *) = {sequence, sequence, comeback, ever,
                                                    changed,  as_of,    records,  periods};
    size_t start = gen->out->length;
    if (PICK(gen, stories)(gen))
        return true;
    gen_undo(gen, start);
    return false;
}

/* ---- everyone ---- */

static bool ranks(struct gen *gen)
{
    struct gen inner = *gen;
    inner.depth = 1;
    int choice = BELOW(gen, 5);
    if (choice < 2)
        GEN(gen, "%s %d%s by ", choice ? "top" : "bottom", 1 + BELOW(gen, 20),
            ONE_IN(gen, 2) ? "%" : "");
    else if (choice == 2)
        GEN(gen, "top 12.5%% by ");
    else if (choice == 3)
        GEN(gen, "ntile(%d) by ", 2 + BELOW(gen, 5));
    else
        GEN(gen, "percentile by ");
    gen_number(&inner);
    if (ONE_IN(gen, 3)) {
        GEN(gen, " among (");
        inner.depth = 0;
        gen_condition(&inner);
        GEN(gen, ")");
    }
    if (choice == 3)
        GEN(gen, " %s %d", ONE_IN(gen, 2) ? "=" : "<=", 1 + BELOW(gen, 3));
    if (choice == 4)
        GEN(gen, " >= %d.3", 10 * BELOW(gen, 10));
    return true;
}

static bool accounts(struct gen *gen)
{
    static const char *const words[] = {"any", "all", "none", "count"};
    if (schema_column_index(schema_table(gen->schema, SCHEMA_TRAIT_TABLE), "account") < 0)
        return false;
    const char *word = PICK(gen, words);
    GEN(gen, "%s(account.customers", word);
    if (!ONE_IN(gen, 4)) {
        struct gen inner = *gen;
        inner.depth = 1;
        GEN(gen, " where ");
        gen_condition(&inner);
    }
    GEN(gen, ")");
    if (*word == 'c')
        GEN(gen, " >= %d", BELOW(gen, 6));
    return true;
}

static bool samples(struct gen *gen)
{
    if (ONE_IN(gen, 2))
        GEN(gen, "sample %s%% seed 'winter'", ONE_IN(gen, 2) ? "12.5" : "50");
    else
        GEN(gen, "bucket(%d seed 'b%d') <= %d", 2 + BELOW(gen, 9), BELOW(gen, 5),
            1 + BELOW(gen, 5));
    return true;
}

static bool lists(struct gen *gen)
{
    if (gen->names->list_count == 0)
        return false;
    GEN(gen, "in list %s", gen->names->lists[BELOW(gen, gen->names->list_count)]);
    return true;
}

static const char *segment(struct gen *gen)
{
    return gen->names->segments[BELOW(gen, gen->names->segment_count)];
}

static bool segments(struct gen *gen)
{
    static const char *const joins[] = {"union", "intersect", "except", "symmetric difference"};
    if (gen->names->segment_count == 0)
        return false;
    if (ONE_IN(gen, 2)) {
        GEN(gen, "in %s", segment(gen));
        return true;
    }
    GEN(gen, "in (%s %s ", segment(gen), PICK(gen, joins));
    GEN(gen, "%s %s ", segment(gen), PICK(gen, joins));
    GEN(gen, "%s)", segment(gen));
    return true;
}

static bool schemes(struct gen *gen)
{
    static const char *const members[] = {"new", "old", "rest"};
    if (!gen->names->scheme)
        return false;
    if (ONE_IN(gen, 2))
        GEN(gen, "in %s.%s", gen->names->scheme, PICK(gen, members));
    else
        GEN(gen, "%s %s '%s'", gen->names->scheme, ONE_IN(gen, 2) ? "=" : "!=", PICK(gen, members));
    return true;
}

bool gen_everyone(struct gen *gen)
{
    static bool (*const all[])(struct gen *) = {ranks, ranks,    accounts, samples,
                                                lists, segments, segments, schemes};
    size_t start = gen->out->length;
    if (PICK(gen, all)(gen))
        return true;
    gen_undo(gen, start);
    return false;
}
