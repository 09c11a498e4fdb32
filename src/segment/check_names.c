/*
 * What names mean. In the customer's context a name is a scheme, or the longest trait name it
 * begins with and a walk through reference tables from there. In a fact's context it is an earlier
 * step of the sequence, `customer.` and a trait, a kind of the measure and its property, the fact's
 * time, or a bare property. Without a schema names are taken on trust.
 */
#include "segment/language.h"

#include <string.h>

bool segment_find_kind(const struct check *check, const char *name, int *table)
{
    *table = -1;
    if (!check->schema)
        return true;
    for (size_t i = 0; i < check->schema->table_count; i++)
        if (check->schema->tables[i].role == SCHEMA_FACTS &&
            strcmp(check->schema->tables[i].name, name) == 0) {
            *table = (int)i;
            return true;
        }
    return false;
}

static int find_table(const struct check *check, const char *name, enum schema_role role)
{
    for (size_t i = 0; i < check->schema->table_count; i++)
        if (check->schema->tables[i].role == role &&
            strcmp(check->schema->tables[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* parts[from, to) joined by dots. */
static const char *join(struct check *check, const struct segment_path *path, int from, int to)
{
    const char *name = path->parts[from];
    for (int i = from + 1; i < to; i++)
        name = arena_printf(check->arena, "%s.%s", name, path->parts[i]);
    return name;
}

/* ---- suggestions ---- */

static void suggest_columns(struct check *check, struct error *error, int table, const char *word,
                            const char *prefix)
{
    const struct schema_table *from = &check->schema->tables[table];
    const char **names = ARENA_ARRAY(check->arena, const char *, from->column_count + 1);
    for (size_t i = 0; i < from->column_count; i++)
        names[i] = from->columns[i].name;

    int nearest = text_nearest(word, names, from->column_count);
    if (nearest >= 0)
        error_hint(error, "did you mean “%s%s”?", prefix, names[nearest]);
}

static const char *const hyphenated = "a name with a hyphen stands in backquotes: `%s`";

/* E-Mail is the name E less the name Mail; a column called E-Mail was meant. */
static bool suggest_hyphenated(struct check *check, struct error *error, int table,
                               const struct segment_node *node)
{
    const char *name = table >= 0 ? segment_name_around(check, node->span) : NULL;
    if (!name || schema_column_index(&check->schema->tables[table], name) < 0)
        return false;
    error_hint(error, hyphenated, name);
    return true;
}

bool segment_suggest_hyphenated_kind(struct check *check, struct error *error,
                                     const struct segment_node *node)
{
    int table;
    while (node->child_count) /* page-view is a subtraction: its first name */
        node = node->child[0];

    const char *name = check->schema ? segment_name_around(check, node->span) : NULL;
    if (!name || !segment_find_kind(check, name, &table))
        return false;
    error_hint(error, hyphenated, name);
    return true;
}

void segment_suggest_kind(struct check *check, struct error *error, const char *name)
{
    const char **names = ARENA_ARRAY(check->arena, const char *, check->schema->table_count + 1);

    size_t count = 0;
    for (size_t i = 0; i < check->schema->table_count; i++)
        if (check->schema->tables[i].role == SCHEMA_FACTS)
            names[count++] = check->schema->tables[i].name;
    enum { LISTED_MAX = 12 }; /* more kinds are no hint any more */
    if (!segment_problem_suggest(error, name, names, count) && count > 0 && count <= LISTED_MAX) {
        struct buffer list;
        buffer_init(&list, 0);
        for (size_t i = 0; i < count; i++)
            buffer_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
        error_hint(error, "kinds here are %s", list.data);
        buffer_release(&list);
    }
}

/* ---- walking through columns and reference tables ---- */

struct walk {
    const char *names[SEGMENT_HOPS_MAX + 1];
    int column[SEGMENT_HOPS_MAX + 1], table[SEGMENT_HOPS_MAX + 1];
    int length;
    bool is_key;
    enum value_type type;
    int scale;
    /* After a failure: where it stopped. */
    int failed_part, failed_table;
    const char *no_pointer; /* the column that points nowhere */
    bool too_long;
};

/* The column of table with the longest name that parts[from…] begin with; *used parts. −1: none. */
static int longest_column(struct check *check, int table, const struct segment_path *path, int from,
                          int *used)
{
    for (int to = path->part_count; to > from; to--) {
        int column =
            schema_column_index(&check->schema->tables[table], join(check, path, from, to));
        if (column >= 0) {
            *used = to - from;
            return column;
        }
    }
    return -1;
}

static bool is_key_name(const struct schema_table *table, const char *name)
{
    return table->role == SCHEMA_REFERENCE && table->key && strcmp(table->key, name) == 0;
}

static bool walk_path(struct check *check, int table, const struct segment_path *path, int from,
                      struct walk *walk)
{
    *walk = (struct walk){.failed_part = from, .failed_table = table};
    for (int part = from; part < path->part_count;) {
        const struct schema_table *here = &check->schema->tables[table];
        int used;
        walk->failed_part = part;
        walk->failed_table = table;

        /* A key is no column, and where it ends the walk the pointer itself is meant,
         * which is text. */
        if (walk->length > 0 && part + 1 == path->part_count &&
            is_key_name(here, path->parts[part])) {
            walk->is_key = true; /* the pointer itself, which is text */
            return true;
        }

        /* Names of columns may have dots in them, so the longest that fits is the one. */
        int column = longest_column(check, table, path, part, &used);
        if (column < 0)
            return false;
        if (walk->length > SEGMENT_HOPS_MAX) {
            walk->too_long = true;
            return false;
        }

        /* One step more: this column of this table. */
        const struct schema_column *at = &here->columns[column];
        walk->names[walk->length] = at->name;
        walk->column[walk->length] = column;
        walk->table[walk->length++] = table;
        walk->type = at->type;
        walk->scale = at->scale;

        part += used;
        if (part == path->part_count)
            return true;
        int next = at->refers ? find_table(check, at->refers, SCHEMA_REFERENCE) : -1;
        if (next < 0) {
            walk->no_pointer = at->name;
            walk->failed_part = part;
            return false;
        }

        table = next;
    }

    return walk->length > 0;
}

static void fill_path(struct segment_node *node, const struct walk *walk, int kind)
{
    struct segment_path *path = &node->path;
    path->length = walk->length;
    path->is_key = walk->is_key;
    path->start_column[kind] = walk->column[0];
    for (int i = 0; i < walk->length; i++)
        path->names[i] = walk->names[i];

    for (int i = 1; i < walk->length; i++) {
        path->hop_table[i - 1] = walk->table[i];
        path->hop_column[i - 1] = walk->column[i];
    }
    node->type = walk->type;

    node->scale = walk->scale;
}

/* Without a schema: the names as they stand. */
static void trust_path(struct check *check, struct segment_node *node, int from)
{
    struct segment_path *path = &node->path;
    int length = path->part_count - from;
    if (length > SEGMENT_HOPS_MAX + 1) {
        segment_check_error(check, node->span,
                            "a walk through reference tables takes at most %d steps",
                            SEGMENT_HOPS_MAX);
        length = SEGMENT_HOPS_MAX + 1;
    }

    path->length = length;
    for (int i = 0; i < length; i++)
        path->names[i] = path->parts[from + i];

    memset(path->start_column, -1, sizeof path->start_column);
    memset(path->hop_table, -1, sizeof path->hop_table);
    memset(path->hop_column, -1, sizeof path->hop_column);
    node->type = VALUE_NONE;
}

/* Says why a walk beyond its first column failed; false when it failed at the first. */
static bool explain_walk(struct check *check, const struct segment_node *node,
                         const struct walk *walk)
{
    if (walk->too_long) {
        segment_check_error(check, node->span,
                            "a walk through reference tables takes at most %d steps",
                            SEGMENT_HOPS_MAX);
        return true;
    }

    if (walk->length == 0)
        return false;

    /* It went on behind a column that leads nowhere. */
    if (walk->no_pointer) {
        struct error *error = segment_check_error(
            check, node->span, "“%s” does not point at a reference table, so it has no “%s”",
            walk->no_pointer, node->path.parts[walk->failed_part]);
        error_hint(error,
                   "import it with --refers %s=TABLE; an import there is already is done anew with "
                   "--replace N and that option (strata imports lists their numbers)",
                   walk->no_pointer);
        return true;
    }

    const char *missing = node->path.parts[walk->failed_part];
    struct error *error =
        segment_check_error(check, node->span, "the reference table “%s” has no column “%s”",
                            check->schema->tables[walk->failed_table].name, missing);
    suggest_columns(check, error, walk->failed_table, missing, "");
    return true;
}

/* ---- the customer's context ---- */

static bool names_segment(const struct check *check, const char *name)
{
    return segment_set_find(check->set, name) >= 0;
}

/* What is no trait may be a kind of fact, nearly. */
static void suggest_measure(struct check *check, struct error *error, const char *name)
{
    struct error nearest = {0};
    segment_suggest_kind(check, &nearest, name);
    if (text_starts(text_from(nearest.hint), text_from("did you mean")))
        error_hint(error, "%s A kind of fact stands in a measure: any(…), count(…)", nearest.hint);
}

static void unknown_trait(struct check *check, const struct segment_node *node, int from)
{
    const struct segment_path *path = &node->path;
    const char *name = join(check, path, from, path->part_count), *first = path->parts[from];
    int table;

    /* A kind of fact, whole or with a property behind it: there are any number of them,
     * so which is the question. */
    if (segment_find_kind(check, name, &table) || segment_find_kind(check, first, &table)) {
        bool whole = segment_find_kind(check, name, &table);
        struct error *error = segment_check_error(
            check, node->span, "“%s” is a kind of fact, and a customer has any number of them",
            whole ? name : first);
        error_hint(error,
                   whole ? "say which or how many: any(%s), count(%s)"
                         : "say which or how many: last(%s), sum(%s)",
                   path->written, path->written);
        return;
    }

    if (names_segment(check, name)) {
        error_hint(segment_check_error(check, node->span, "“%s” is a segment", name), "write in %s",
                   path->written);
        return;
    }

    struct error *error = segment_check_error(check, node->span, "there is no trait “%s”", name);
    /* What was meant, from the likeliest: an amount with a currency, a name with a
     * hyphen, a text without its quotes, a column nearly so called. */
    int traits = find_table(check, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS);
    const char *amount = segment_amount_meant(text_from(path->written), check->arena);

    if (amount)
        error_hint(error, "%s", amount);
    if (amount || suggest_hyphenated(check, error, traits, node))
        return;
    if (check->beside_text) {
        error_hint(error, "a text stands in quotes: '%s'", name);
        return;
    }

    if (traits >= 0)
        suggest_columns(check, error, traits, name, "");
    if (!error->hint[0] && path->part_count - from == 1)
        suggest_measure(check, error, name);
}

/* parts[from…] as a trait. */
static void check_trait(struct check *check, struct segment_node *node, int from)
{
    node->op = OP_TRAIT;
    if (!check->schema) {
        trust_path(check, node, from);
        return;
    }

    int traits = find_table(check, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS);
    struct walk walk = {0};
    if (traits >= 0 && walk_path(check, traits, &node->path, from, &walk)) {
        fill_path(node, &walk, 0);
        return;
    }

    if (!explain_walk(check, node, &walk))
        unknown_trait(check, node, from);
    node->type = VALUE_NONE;
}

static void check_customer_name(struct check *check, struct segment_node *node)
{
    struct segment_path *path = &node->path;

    int scheme = path->part_count == 1 ? segment_set_find_scheme(check->set, path->parts[0]) : -1;
    if (scheme >= 0) {
        node->op = OP_SCHEME;
        node->name = path->parts[0];
        node->index = scheme;
        node->type = VALUE_TEXT;
        if (!check->set->schemes[scheme].exclusive)
            error_hint(segment_check_error(
                           check, node->span,
                           "the scheme “%s” is overlapping: a customer may be in several members",
                           node->name),
                       "ask for one of them: in %s.…", node->name);
        return;
    }
    /* The prefix is what facts call the customer's own by; here it says nothing. */
    bool prefixed = path->part_count > 1 && strcmp(path->parts[0], SCHEMA_TRAIT_TABLE) == 0;
    check_trait(check, node, prefixed);
}

/* ---- a fact's context ---- */

/* order has no product, but its lines, which are facts of their own, do. */
static bool suggest_lines(struct check *check, struct error *error, const char *kind,
                          const struct segment_node *node, int from)
{
    size_t length = strlen(kind);
    for (size_t i = 0; i < check->schema->table_count; i++) {
        const struct schema_table *table = &check->schema->tables[i];

        struct walk walk;
        bool below = table->role == SCHEMA_FACTS && strncmp(table->name, kind, length) == 0 &&
                     table->name[length] == '.';
        if (!below || !walk_path(check, (int)i, &node->path, from, &walk))
            continue;
        error_hint(error, "it is a property of “%s”: count(%s where …)", table->name, table->name);
        return true;
    }
    return false;
}

static void unknown_property(struct check *check, const struct scope *scope, int kind,
                             const struct segment_node *node, int from)
{
    const char *name = join(check, &node->path, from, node->path.part_count);
    struct error *error = segment_check_error(check, node->span, "“%s” has no property “%s”",
                                              scope->kinds[kind], name);

    int traits = find_table(check, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS);
    const char *amount = segment_amount_meant(text_from(node->path.written), check->arena);

    if (amount)
        error_hint(error, "%s", amount);
    else if (suggest_hyphenated(check, error, scope->tables[kind], node) ||
             suggest_lines(check, error, scope->kinds[kind], node, from))
        return;
    else if (traits >= 0 && schema_column_index(&check->schema->tables[traits], name) >= 0)
        error_hint(error, "the customer's trait is customer.%s", name);
    else
        suggest_columns(check, error, scope->tables[kind], name, "");
}

/* parts[from…] as a property of every kind in scope. */
static void check_property(struct check *check, const struct scope *scope,
                           struct segment_node *node, int from)
{
    node->op = OP_PROPERTY;
    if (!check->schema || scope->kind_count == 0) {
        trust_path(check, node, from);
        return;
    }

    /* Each kind gives the property's walk in its own table. They must come to the same
     * type by the same tables, since one value is made of all. */
    for (int k = 0; k < scope->kind_count; k++) {
        struct walk walk;
        if (scope->tables[k] < 0) {
            node->type = VALUE_NONE;
            return;
        }

        if (!walk_path(check, scope->tables[k], &node->path, from, &walk)) {
            if (!explain_walk(check, node, &walk))
                unknown_property(check, scope, k, node, from);
            node->type = VALUE_NONE;
            return;
        }

        /* What the node holds so far is what the first kind said. */
        enum value_type type = node->type;
        int scale = node->scale;
        bool differs =
            k > 0 && (type != walk.type || scale != walk.scale ||
                      node->path.length != walk.length || node->path.is_key != walk.is_key);
        for (int i = 1; k > 0 && i < walk.length && !differs; i++)
            differs = node->path.hop_table[i - 1] != walk.table[i] ||
                      node->path.hop_column[i - 1] != walk.column[i];
        if (differs) {
            error_hint(segment_check_error(check, node->span,
                                           "“%s” is not of the same type in “%s” and “%s”",
                                           node->path.written, scope->kinds[0], scope->kinds[k]),
                       "write a measure for each of them");
            node->type = VALUE_NONE;
            return;
        }

        fill_path(node, &walk, k);
    }
}

/* How many parts name one of the kinds in scope; 0: none do. */
static int kind_prefix(struct check *check, const struct scope *scope,
                       const struct segment_path *path)
{
    for (int to = path->part_count - 1; to > 0; to--) {
        const char *name = join(check, path, 0, to);
        for (int k = 0; k < scope->kind_count; k++)
            if (strcmp(scope->kinds[k], name) == 0)
                return to;
    }
    return 0;
}

static bool ends_in_time(const struct segment_path *path, int from)
{
    return path->part_count == from + 1 && strcmp(path->parts[from], "time") == 0;
}

/* alias.property or alias.time of an earlier step; false when the name does not begin with an
 * alias. */
static bool check_step_name(struct check *check, const struct scope *scope,
                            struct segment_node *node)
{
    const struct segment_sequence *sequence = scope->sequence;

    for (int s = 0; sequence && s < sequence->step_count; s++) {
        const struct segment_step *step = &sequence->steps[s];
        if (!step->alias || strcmp(step->alias, node->path.parts[0]) != 0 ||
            node->path.part_count < 2)
            continue;

        /* Later ones have not happened yet when this one is looked for, and forbidden
         * ones never do. */
        if (s >= scope->step || step->negated) {
            if (s == scope->step) /* a step may name itself: its own property */
                break;
            segment_check_error(
                check, node->span,
                step->negated ? "“%s” names a step that must not happen, so it has no properties"
                              : "“%s” is a later step; a step can speak of earlier ones only",
                step->alias);
            node->type = VALUE_NONE;
            return true;
        }

        struct scope of_step = {.fact = true,
                                .kinds = step->kinds,
                                .tables = step->kind_table,
                                .kind_count = step->kind_count};

        bool is_time = ends_in_time(&node->path, 1);
        if (is_time)
            node->type = VALUE_TIME;
        else
            check_property(check, &of_step, node, 1);

        node->op = OP_STEP;
        node->path.step = s;
        node->path.is_time = is_time;
        return true;
    }

    return false;
}

static void check_fact_name(struct check *check, const struct scope *scope,
                            struct segment_node **node)
{
    struct segment_path *path = &(*node)->path;
    if (check_step_name(check, scope, *node))
        return;
    if (path->part_count > 1 && strcmp(path->parts[0], SCHEMA_TRAIT_TABLE) == 0) {
        check_customer_name(check, *node);
        *node = segment_wrap(check, *node, OP_CUSTOMER, (*node)->type);
        return;
    }

    /* A kind or a step's own alias in front of the property says nothing new. */
    int from = kind_prefix(check, scope, path);
    if (from == 0 && scope->sequence && scope->step < scope->sequence->step_count &&
        path->part_count > 1) {
        const char *alias = scope->sequence->steps[scope->step].alias;
        from = alias && strcmp(alias, path->parts[0]) == 0;
    }

    if (ends_in_time(path, from)) {
        (*node)->op = OP_FACT_TIME;
        (*node)->type = VALUE_TIME;
        return;
    }
    check_property(check, scope, *node, from);
}

void segment_check_name(struct check *check, const struct scope *scope, struct segment_node **node)
{
    if (scope->fact)
        check_fact_name(check, scope, node);
    else
        check_customer_name(check, *node);
}

/* ---- kinds ---- */

bool segment_check_kinds(struct check *check, struct segment_measure *measure)
{
    for (int i = 0; i < measure->written_count; i++) {
        const struct segment_node *node = measure->written[i];
        const char *name = join(check, &node->path, 0, node->path.part_count);
        if (!segment_find_kind(check, name, &measure->kind_table[i])) {
            segment_suggest_kind(
                check,
                segment_check_error(check, node->span, "there is no kind of fact “%s”", name),
                name);
            return false;
        }
        measure->kinds[i] = name;
        measure->kind_count = i + 1;
    }
    return true;
}
