/* Random conditions as text. */
#include "random_internal.h"

#include <stdio.h>
#include <string.h>

static const char *const compares[] = {"=", "!=", "<", "<=", ">", ">="};

static const char * not(struct gen * gen)
{
    return ONE_IN(gen, 3) ? "not " : "";
}

/* ---- tests of one value ---- */

static bool numbers(struct gen *gen)
{
    struct schema_column plain = {.type = ONE_IN(gen, 3) ? VALUE_DECIMAL : VALUE_INT};
    plain.scale = plain.type == VALUE_DECIMAL ? 1 + BELOW(gen, 3) : 0;
    gen_number(gen);
    switch (BELOW(gen, 5)) {
    case 0:
        GEN(gen, " %sbetween ", not(gen));
        gen_literal(gen, &plain);
        GEN(gen, " and ");
        gen_literal(gen, &plain);
        return true;
    case 1:
        GEN(gen, " %sin (%d, %d, %d)", not(gen), BELOW(gen, 5), BELOW(gen, 10), BELOW(gen, 20));
        return true;
    case 2:
        GEN(gen, " %s ", PICK(gen, compares));
        gen_number(gen);
        return true;
    default:
        GEN(gen, " %s ", PICK(gen, compares));
        gen_literal(gen, &plain);
        return true;
    }
}

/* A text value: a path, a function of one, or a measure. */
static bool text_value(struct gen *gen, const struct schema_column **column)
{
    static const char *const measures[] = {"first", "last", "min", "max", "favourite"};
    const char *path;
    if (gen->kind || gen->ever || !ONE_IN(gen, 2)) {
        path = gen_path(gen, TYPE(VALUE_TEXT), column);
        if (path)
            GEN(gen, ONE_IN(gen, 8) ? (ONE_IN(gen, 2) ? "lower(%s)" : "upper(%s)") : "%s", path);
        return path;
    }
    const struct schema_table *kind = gen_kind(gen);
    struct gen argument = *gen;
    argument.kind = kind;
    argument.qualified = true;
    argument.step_count = 0;
    path = gen_path(&argument, TYPE(VALUE_TEXT), column);
    if (!path)
        return false;
    GEN(gen, "%s(%s", PICK(gen, measures), path);
    struct gen tail = *gen;
    tail.depth--;
    gen_measure_tail(&tail, kind);
    return true;
}

static bool texts(struct gen *gen)
{
    static const char *const tests[] = {"contains 'o'",     "starts with 'sh'",
                                        "ends with 's'",    "like 's%'",
                                        "like '_\\_y'",     "like '%o_s'",
                                        "contains 'ÄP'",    "matches '^s[ho]'",
                                        "matches 'o{1,2}'", "matches '(shoe|hat)s?$'",
                                        "starts with ''",   "ends with 'fel'"};
    const struct schema_column *column = NULL;
    if (!text_value(gen, &column))
        return false;
    switch (BELOW(gen, 4)) {
    case 0:
        GEN(gen, " %s", not(gen));
        buffer_string(gen->out, PICK(gen, tests));
        GEN(gen, "%s", ONE_IN(gen, 3) ? " ignoring case" : "");
        return true;
    case 1:
        GEN(gen, " %sin (", not(gen));
        gen_literal(gen, column);
        GEN(gen, ", ");
        gen_literal(gen, column);
        GEN(gen, ")%s", ONE_IN(gen, 3) ? " ignoring case" : "");
        return true;
    default:
        if (ONE_IN(gen, 5)) {
            GEN(gen, " %s ", ONE_IN(gen, 2) ? "=" : "!=");
            gen_literal(gen, column);
            GEN(gen, " ignoring case");
            return true;
        }
        GEN(gen, " %s ", PICK(gen, compares));
        const char *other = ONE_IN(gen, 3) ? gen_path(gen, TYPE(VALUE_TEXT), NULL) : NULL;
        if (other)
            GEN(gen, "%s", other);
        else
            gen_literal(gen, column);
        return true;
    }
}

static bool sets(struct gen *gen)
{
    static const char *const tests[] = {"any of", "all of", "none of"};
    const char *path = gen_path(gen, TYPE(VALUE_SET), NULL);
    struct schema_column text = {.name = "tags", .type = VALUE_TEXT};
    if (!path)
        return false;
    GEN(gen, "%s %s (", path, PICK(gen, tests));
    gen_literal(gen, &text);
    if (ONE_IN(gen, 2)) {
        GEN(gen, ", ");
        gen_literal(gen, &text);
    }
    GEN(gen, ")");
    return true;
}

static bool dates(struct gen *gen)
{
    struct schema_column date = {.type = VALUE_DATE};
    if (!gen_moment(gen, ONE_IN(gen, 2)))
        return false;
    switch (BELOW(gen, 5)) {
    case 0:
        GEN(gen, " %s ", PICK(gen, compares));
        gen_literal(gen, &date);
        break;
    case 1:
        GEN(gen, " between ");
        gen_literal(gen, &date);
        GEN(gen, " and ");
        gen_literal(gen, &date);
        break;
    case 2:
        GEN(gen, " next ");
        gen_quantity(gen);
        break;
    case 3: {
        size_t start = gen->out->length;
        GEN(gen, " %s ", PICK(gen, compares));
        if (gen_moment(gen, ONE_IN(gen, 2)))
            break;
        gen_undo(gen, start);
        gen_window(gen);
        break;
    }
    default: gen_window(gen);
    }
    return true;
}

static bool durations(struct gen *gen)
{
    struct buffer *out = gen->out;
    size_t start = out->length;
    if (!gen->kind && !gen->ever && ONE_IN(gen, 2)) {
        static const char *const measures[] = {"avg", "min",  "max",  "median",
                                               "sum", "last", "count"};
        const struct schema_table *kind = gen_kind(gen);
        const char *measure = PICK(gen, measures);
        GEN(gen, "%s(gap(", measure);
        gen_name(gen, kind->name);
        GEN(gen, ".time)");
        struct gen tail = *gen;
        tail.depth--;
        gen_measure_tail(&tail, kind);
        GEN(gen, " %s ", PICK(gen, compares));
        if (strcmp(measure, "count") == 0)
            GEN(gen, "%d", BELOW(gen, 5));
        else
            GEN(gen, "%d %s", 1 + BELOW(gen, 9), ONE_IN(gen, 2) ? "days" : "hours");
        return true;
    }
    GEN(gen, "now - ");
    if (!gen_moment(gen, false)) {
        gen_undo(gen, start);
        return false;
    }
    GEN(gen, " %s %d %s", PICK(gen, compares), 1 + BELOW(gen, 9),
        ONE_IN(gen, 2) ? "days" : "hours");
    return true;
}

static bool known(struct gen *gen)
{
    const char *path = gen_path(gen, ~0u, NULL);
    if (!path)
        return false;
    GEN(gen, "%s is %s", path, ONE_IN(gen, 2) ? "known" : "unknown");
    return true;
}

static bool truth(struct gen *gen)
{
    const char *path = gen_path(gen, TYPE(VALUE_BOOL), NULL);
    if (!path)
        return false;
    GEN(gen, ONE_IN(gen, 3) ? "%s = no" : "%s", path);
    return true;
}

static bool places(struct gen *gen)
{
    const char *path = gen_path(gen, TYPE(VALUE_POINT), NULL);
    if (!path)
        return false;
    GEN(gen, "distance(%s, 48.208, 16.373) <= %d.317 km", path, 1 + BELOW(gen, 120));
    return true;
}

static bool versions(struct gen *gen)
{
    const struct schema_column *column = NULL;
    const char *path = NULL;
    for (int tries = 0; tries < 8 && (!column || strcmp(column->name, "app") != 0); tries++)
        path = gen_path(gen, TYPE(VALUE_TEXT), &column);
    if (!path || strcmp(column->name, "app") != 0)
        return false;
    GEN(gen, "version(%s) %s version(", path, PICK(gen, compares));
    gen_literal(gen, column);
    GEN(gen, ")");
    return true;
}

static bool anniversaries(struct gen *gen)
{
    const char *path = gen_path(gen, TYPE(VALUE_DATE), NULL);
    if (!path)
        return false;
    GEN(gen, "anniversary(%s)", path);
    if (ONE_IN(gen, 2)) {
        GEN(gen, " next ");
        gen_quantity(gen);
    } else {
        gen_window(gen);
    }
    return true;
}

static bool extremes(struct gen *gen)
{
    static const char *const functions[] = {"least", "greatest", "coalesce"};
    const struct schema_column *column = NULL;
    const char *path =
        gen_path(gen, TYPE(VALUE_INT) | TYPE(VALUE_DATE) | TYPE(VALUE_TEXT), &column);
    if (!path)
        return false;
    GEN(gen, "%s(%s, ", PICK(gen, functions), path);
    const char *other = gen_path(gen, TYPE(column->type), NULL);
    GEN(gen, "%s) %s ", other, PICK(gen, compares));
    gen_literal(gen, column);
    return true;
}

static bool any_facts(struct gen *gen)
{
    if (gen->kind || gen->ever)
        return false;
    const struct schema_table *kind = gen_kind(gen), *other = gen_kind(gen);
    GEN(gen, "%s(", ONE_IN(gen, 3) ? "none" : "any");
    gen_name(gen, kind->name);
    if (other != kind && ONE_IN(gen, 2)) {
        GEN(gen, ", ");
        gen_name(gen, other->name);
    } else {
        other = kind;
    }
    struct gen tail = *gen;
    tail.depth = other == kind ? gen->depth - 1 : 0;
    gen_measure_tail(&tail, kind);
    return true;
}

/* ---- putting together ---- */

static bool story(struct gen *gen)
{
    return !gen->kind && !gen->ever && !gen->no_windows && gen_story(gen);
}

static bool everyone(struct gen *gen)
{
    return !gen->kind && !gen->ever && !gen->no_windows && gen_everyone(gen);
}

static bool (*const tests[])(struct gen *) = {
    numbers,  numbers,   numbers,   texts, texts,  sets,     dates,
    dates,    durations, known,     truth, places, versions, anniversaries,
    extremes, any_facts, any_facts, story, story,  everyone, everyone,
};

static void gen_test(struct gen *gen)
{
    for (;;) {
        size_t start = gen->out->length;
        if (PICK(gen, tests)(gen))
            return;
        gen_undo(gen, start);
    }
}

void gen_condition(struct gen *gen)
{
    struct gen inner = *gen;
    inner.depth--;
    int choice = gen->depth > 0 ? BELOW(gen, 8) : 7;
    if (choice > 3) {
        gen_test(gen);
    } else if (choice == 0) {
        GEN(gen, "not (");
        gen_condition(&inner);
        GEN(gen, ")");
    } else {
        GEN(gen, "(");
        gen_condition(&inner);
        GEN(gen, choice == 1 ? " or " : " and ");
        gen_condition(&inner);
        GEN(gen, ")");
    }
}

void random_condition(struct random *random, const struct schema *schema,
                      const struct random_names *names, struct buffer *out)
{
    struct gen gen = {.random = random, .schema = schema, .names = names, .out = out, .depth = 2};
    gen_condition(&gen);
}
