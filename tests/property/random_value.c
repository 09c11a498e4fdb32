/* Random values and windows as text. */
#include "random_internal.h"

#include <stdio.h>
#include <string.h>

void gen_undo(struct gen *gen, size_t length)
{
    gen->out->length = length;
    if (gen->out->data)
        gen->out->data[length] = '\0';
}

void gen_name(struct gen *gen, const char *name)
{
    GEN(gen, strchr(name, ' ') ? "`%s`" : "%s", name);
}

/* ---- paths ---- */

enum { PATHS_MAX = 128, PATH_MAX_BYTES = 160 };
struct paths {
    char text[PATHS_MAX][PATH_MAX_BYTES];
    const struct schema_column *column[PATHS_MAX];
    int count;
};

static void add_paths(struct paths *paths, const struct schema *schema,
                      const struct schema_table *table, const char *prefix, unsigned types,
                      int hops)
{
    for (size_t c = 0; c < table->column_count; c++) {
        const struct schema_column *column = &table->columns[c];
        char text[PATH_MAX_BYTES];
        bool spaced = strchr(column->name, ' ');
        snprintf(text, sizeof text, "%s%s%s%s", prefix, spaced ? "`" : "", column->name,
                 spaced ? "`" : "");
        if (types & TYPE(column->type) && paths->count < PATHS_MAX) {
            strcpy(paths->text[paths->count], text);
            paths->column[paths->count++] = column;
        }
        if (column->refers && hops > 0) {
            strncat(text, ".", sizeof text - strlen(text) - 1);
            add_paths(paths, schema, schema_table(schema, column->refers), text, types, hops - 1);
        }
    }
}

const char *gen_path(struct gen *gen, unsigned types, const struct schema_column **column)
{
    static struct paths paths;
    char prefix[PATH_MAX_BYTES] = "";
    paths.count = 0;
    const struct schema_table *traits = schema_table(gen->schema, SCHEMA_TRAIT_TABLE);
    if (gen->kind) {
        if (gen->qualified)
            snprintf(prefix, sizeof prefix, strchr(gen->kind->name, ' ') ? "`%s`." : "%s.",
                     gen->kind->name);
        add_paths(&paths, gen->schema, gen->kind, prefix, types, 2);
        if (!gen->qualified && ONE_IN(gen, 4))
            add_paths(&paths, gen->schema, traits, "customer.", types, 1);
        for (int step = 0; step < gen->step_count; step++) {
            snprintf(prefix, sizeof prefix, "%s.", gen->steps[step].alias);
            if (!ONE_IN(gen, 3))
                add_paths(&paths, gen->schema, gen->steps[step].kind, prefix, types, 1);
        }
    } else {
        add_paths(&paths, gen->schema, traits, "", types, 1);
    }
    if (paths.count == 0)
        return NULL;
    int pick = BELOW(gen, paths.count);
    if (column)
        *column = paths.column[pick];
    return paths.text[pick];
}

const struct schema_table *gen_kind(struct gen *gen)
{
    const struct schema_table *kind;
    do
        kind = &gen->schema->tables[BELOW(gen, (int)gen->schema->table_count)];
    while (kind->role != SCHEMA_FACTS);
    return kind;
}

/* ---- literals ---- */

static void gen_text(struct gen *gen, const char *text)
{
    buffer_char(gen->out, '\'');
    buffer_string(gen->out, text);
    buffer_char(gen->out, '\'');
}

static void gen_date(struct gen *gen)
{
    static const char *const dates[] = {"2025-03-30", "2024-02-29", "2025-01-01",
                                        "2024-12-31", "2000-02-29", "2025-03-01"};
    switch (BELOW(gen, 3)) {
    case 0: GEN(gen, "today"); break;
    case 1:
        GEN(gen, "(today %c %d %s)", ONE_IN(gen, 4) ? '+' : '-', BELOW(gen, 30),
            ONE_IN(gen, 3) ? "months" : "days");
        break;
    default: GEN(gen, "%s", PICK(gen, dates));
    }
}

void gen_literal(struct gen *gen, const struct schema_column *column)
{
    char digits[48];
    switch (column->type) {
    case VALUE_TEXT: gen_text(gen, random_text(gen->random, column->name)); break;
    case VALUE_BOOL: GEN(gen, ONE_IN(gen, 2) ? "true" : "no"); break;
    case VALUE_DATE:
    case VALUE_TIME: gen_date(gen); break;
    case VALUE_DOUBLE: GEN(gen, "%g", (BELOW(gen, 100) - 20) / 8.0); break;
    default: {
        int64_t value = random_number(gen->random, column), unit = 1;
        for (int i = 0; i < column->scale; i++)
            unit *= 10;
        snprintf(digits, sizeof digits, column->scale ? "%s%lld.%0*lld" : "%s%lld",
                 value < 0 ? "-" : "", (long long)((value < 0 ? -value : value) / unit),
                 column->scale, (long long)((value < 0 ? -value : value) % unit));
        GEN(gen, "%s", digits);
    }
    }
}

/* ---- windows ---- */

void gen_quantity(struct gen *gen)
{
    static const char *const units[] = {"seconds", "minutes", "hours",    "days", "days",
                                        "weeks",   "months",  "quarters", "years"};
    const char *unit = PICK(gen, units);
    GEN(gen, "%d %s", 1 + BELOW(gen, *unit == 'q' || *unit == 'y' ? 2 : 12), unit);
}

static void gen_anchor(struct gen *gen)
{
    struct gen outside = *gen;
    outside.kind = NULL;
    outside.depth = 1;
    if (ONE_IN(gen, 3) || !gen_moment(&outside, ONE_IN(gen, 2)))
        gen_date(gen);
}

void gen_window(struct gen *gen)
{
    static const char *const units[] = {"day", "week", "month", "quarter", "year"};
    static const char *const days[] = {"monday", "tuesday", "sunday", "friday, saturday",
                                       "wednesday, thursday"};
    int form = BELOW(gen, 16);
    GEN(gen, " ");
    switch (form) {
    case 0:
    case 1:
    case 2:
        GEN(gen, "last ");
        gen_quantity(gen);
        break;
    case 3:
        GEN(gen, "before last ");
        gen_quantity(gen);
        break;
    case 4: {
        const char *unit = PICK(gen, units);
        int from = BELOW(gen, 6);
        GEN(gen, "between %d and %d %ss ago", from, from + 1 + BELOW(gen, 6), unit);
        break;
    }
    case 5:
        GEN(gen, "since ");
        gen_anchor(gen);
        break;
    case 6:
        GEN(gen, "before ");
        gen_date(gen);
        break;
    case 7:
        GEN(gen, "from ");
        gen_date(gen);
        GEN(gen, " to ");
        gen_date(gen);
        break;
    case 8: GEN(gen, ONE_IN(gen, 2) ? "today" : "yesterday"); break;
    case 9: GEN(gen, "this %s", PICK(gen, units)); break;
    case 10: GEN(gen, "last %d calendar %ss", 1 + BELOW(gen, 4), PICK(gen, units)); break;
    case 11: GEN(gen, "last calendar %s", PICK(gen, units)); break;
    case 12:
    case 13: {
        static const char *const sides[] = {"of", "after", "before"};
        GEN(gen, "within ");
        gen_quantity(gen);
        GEN(gen, " %s ", PICK(gen, sides));
        gen_anchor(gen);
        break;
    }
    case 14: GEN(gen, "on weekday (%s)", PICK(gen, days)); break;
    default:
        GEN(gen, "last ");
        gen_quantity(gen);
        GEN(gen, ONE_IN(gen, 2) ? " on weekend" : " on weekday (%s)", PICK(gen, days));
    }
}

/* Window and filter of a measure over kind, with the closing parenthesis. */
void gen_measure_tail(struct gen *gen, const struct schema_table *kind)
{
    if (!gen->no_windows && !ONE_IN(gen, 3))
        gen_window(gen);
    if (gen->depth > 0 && ONE_IN(gen, 3)) {
        struct gen filter = *gen;
        filter.kind = kind;
        filter.qualified = false;
        filter.step_count = 0;
        filter.depth = 1;
        GEN(gen, " where ");
        gen_condition(&filter);
    }
    GEN(gen, ")");
}

/* ---- moments ---- */

/* Writes the argument of another kind too, where it has the same column: first(order.time,
 * view.time). */
static void second_kind(struct gen *gen, const struct schema_table *kind, bool time,
                        const char *path)
{
    const struct schema_table *other = gen_kind(gen);
    const char *column = path ? strchr(path, '.') : NULL;
    if (other == kind || !ONE_IN(gen, 4) ||
        (!time && (!column || strchr(column + 1, '.') || strchr(column, '`'))))
        return;
    if (!time && !schema_column(other, column + 1))
        return;
    GEN(gen, ", ");
    gen_name(gen, other->name);
    GEN(gen, "%s", time ? ".time" : column);
}

static void measure_of(struct gen *gen, const char *name, const struct schema_table *kind,
                       unsigned types, bool time)
{
    struct gen argument = *gen;
    argument.kind = kind;
    argument.qualified = true;
    argument.step_count = 0;
    const char *path = time ? NULL : gen_path(&argument, types, NULL);
    GEN(gen, "%s(", name);
    if (path) {
        GEN(gen, "%s", path);
    } else {
        gen_name(gen, kind->name);
        GEN(gen, ".time");
    }
    size_t written = gen->out->length;
    second_kind(gen, kind, time, path);
    bool two = gen->out->length > written;
    if (strcmp(name, "nth") == 0)
        GEN(gen, ", %d", ONE_IN(gen, 3) ? -1 - BELOW(gen, 3) : 1 + BELOW(gen, 3));
    struct gen tail = *gen;
    tail.depth = two ? 0 : gen->depth - 1;
    gen_measure_tail(&tail, kind);
}

bool gen_moment(struct gen *gen, bool date)
{
    static const char *const picks[] = {"first", "last", "min", "max", "nth"};
    unsigned type = TYPE(date ? VALUE_DATE : VALUE_TIME);
    if (!gen->kind && !gen->ever && !date && ONE_IN(gen, 2)) {
        measure_of(gen, PICK(gen, picks), gen_kind(gen), 0, true);
        return true;
    }
    if (gen->kind && !date && ONE_IN(gen, 2)) {
        if (gen->qualified) {
            gen_name(gen, gen->kind->name);
            GEN(gen, ".");
        }
        GEN(gen, "time");
        return true;
    }
    const char *path = gen_path(gen, type, NULL);
    if (!path)
        return false;
    GEN(gen, "%s", path);
    return true;
}

/* ---- numbers ---- */

static void number_measure(struct gen *gen)
{
    static const char *const sums[] = {"sum",   "avg",  "min", "max",      "median",
                                       "first", "last", "nth", "favourite"};
    const struct schema_table *kind = gen_kind(gen);
    struct gen argument = *gen;
    argument.kind = kind;
    argument.qualified = true;
    argument.step_count = 0;
    struct gen tail = *gen;
    tail.depth--;
    switch (BELOW(gen, 5)) {
    case 0:
        GEN(gen, "count(");
        gen_name(gen, kind->name);
        gen_measure_tail(&tail, kind);
        return;
    case 1:
        if (gen_path(&argument, NUMBERS, NULL)) {
            measure_of(gen, PICK(gen, sums), kind, NUMBERS, false);
            return;
        }
        break;
    case 2: {
        unsigned any = NUMBERS | TYPE(VALUE_TEXT) | TYPE(VALUE_DATE);
        if (gen_path(&argument, any, NULL)) {
            measure_of(gen, ONE_IN(gen, 3) ? "count" : "distinct", kind, any, false);
            return;
        }
        break;
    }
    case 3: {
        static const char *const units[] = {"day",  "week", "month",   "quarter",
                                            "year", "hour", "weekday", "month_of_year"};
        static const char *const outer[] = {"distinct", "min", "max", "favourite"};
        GEN(gen, "%s(%s(", PICK(gen, outer), PICK(gen, units));
        gen_name(gen, kind->name);
        GEN(gen, ".time)");
        gen_measure_tail(&tail, kind);
        return;
    }
    default: break;
    }
    /* Two kinds at once. */
    const struct schema_table *other = gen_kind(gen);
    GEN(gen, "count(");
    gen_name(gen, kind->name);
    if (other != kind) {
        GEN(gen, ", ");
        gen_name(gen, other->name);
    }
    struct gen plain = *gen;
    plain.depth = other == kind ? gen->depth - 1 : 0;
    gen_measure_tail(&plain, kind);
}

static void number_function(struct gen *gen)
{
    static const char *const functions[] = {"abs", "floor", "ceil", "round"};
    static const char *const dates[] = {"year",         "month",   "week",
                                        "day",          "quarter", "month_of_year",
                                        "day_of_month", "weekday", "age"};
    static const char *const units[] = {"days",  "weeks",    "months", "hours",
                                        "years", "quarters", "minutes"};
    struct gen inner = *gen;
    inner.depth--;
    struct buffer *out = gen->out;
    size_t start = out->length;
    switch (BELOW(gen, 5)) {
    case 0:
        GEN(gen, "%s(", PICK(gen, functions));
        gen_number(&inner);
        GEN(gen, ")");
        return;
    case 1: {
        const char *path = gen_path(gen, TYPE(VALUE_DATE), NULL);
        if (path) {
            GEN(gen, "%s(%s)", PICK(gen, dates), path);
            return;
        }
        break;
    }
    case 2:
    case 3:
        GEN(gen, "(%s %s ", PICK(gen, units), ONE_IN(gen, 4) ? "until" : "since");
        if (gen_moment(&inner, ONE_IN(gen, 3))) {
            GEN(gen, ")");
            return;
        }
        break;
    default: {
        const char *path = gen_path(gen, TYPE(VALUE_SET) | TYPE(VALUE_TEXT), NULL);
        const struct schema_column *column = NULL;
        path = gen_path(gen, TYPE(VALUE_SET) | TYPE(VALUE_TEXT), &column);
        if (path) {
            GEN(gen, "%s(%s)", column->type == VALUE_SET ? "size" : "length", path);
            return;
        }
    }
    }
    gen_undo(gen, start);
    GEN(gen, "%d", BELOW(gen, 20));
}

static void arithmetic(struct gen *gen)
{
    static const char signs[] = {'+', '-', '*', '/'};
    struct gen inner = *gen;
    inner.depth--;
    GEN(gen, "(");
    gen_number(&inner);
    GEN(gen, " %c ", signs[BELOW(gen, 4)]);
    if (ONE_IN(gen, 3))
        GEN(gen, "%s", ONE_IN(gen, 2) ? "1.5" : "3");
    else
        gen_number(&inner);
    GEN(gen, ")");
}

void gen_number(struct gen *gen)
{
    const char *path = gen_path(gen, NUMBERS, NULL);
    int choice = BELOW(gen, 10);
    if (gen->depth <= 0 || choice < 3) {
        if (path)
            GEN(gen, "%s", path);
        else
            GEN(gen, "%d", BELOW(gen, 20));
        return;
    }
    if (choice < 7 && !gen->kind && !gen->ever) {
        number_measure(gen);
    } else if (choice == 7 || choice == 8) {
        number_function(gen);
    } else {
        arithmetic(gen);
    }
}
