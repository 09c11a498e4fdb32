/*
 * Features are written in the segment language and parsed as one condition, `count(order) >= 0 and
 * …`, so that names, types and currencies are checked by the one checker and computed by the one
 * evaluator.
 */
#include "insight/internal.h"

#include "base/bits.h"
#include "base/number.h"
#include "base/vector.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_FEATURES = 240 };

struct draft {
    struct buffer condition;
    struct insight_feature items[MOST_FEATURES];
    size_t count;
    VECTOR(struct insight_lost) lost;
    const char *unnamed; /* the last column that no definition can name */
    const char *first;   /* of those past MOST_FEATURES … */
    size_t more;         /* … and how many they are */
    struct arena *arena;
};

/* head(kind.column) tail; column and kind NULL where they do not belong. */
static void add_feature(struct draft *draft, const char *table, const char *column,
                        const char *head, const char *kind, const char *name, const char *tail)
{
    /* Several features are made of a column; it is told once. */
    if (column && !segment_can_name(column)) {
        const char *why = arena_printf(
            draft->arena,
            "no definition can name it: a name has %d bytes at most, and no line break",
            SEGMENT_NAME_MAX);
        if (draft->unnamed != column)
            VECTOR_PUSH(&draft->lost, ((struct insight_lost){column, why}));
        draft->unnamed = column;
        return;
    }
    if (draft->count == MOST_FEATURES) {
        if (!draft->more++)
            draft->first = column ? column : table;
        return;
    }

    buffer_string(&draft->condition, draft->count ? " and " : "");
    buffer_string(&draft->condition, head);
    if (kind)
        segment_format_name(&draft->condition, kind);
    if (kind && name)
        buffer_char(&draft->condition, '.');
    if (name)
        segment_format_name(&draft->condition, name);
    buffer_string(&draft->condition, tail);
    draft->items[draft->count++] = (struct insight_feature){.table = table, .column = column};
}

static bool is_number(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
}

static void add_trait(struct draft *draft, const struct schema_table *table,
                      const struct schema_column *column)
{
    if (column->type == VALUE_POINT || column->plain)
        return;
    if (column->type == VALUE_DATE)
        add_feature(draft, table->name, column->name, "age(", NULL, column->name, ") is known");
    else if (column->type == VALUE_TIME)
        add_feature(draft, table->name, column->name, "days since ", NULL, column->name,
                    " is known");
    else
        add_feature(draft, table->name, column->name, "", NULL, column->name, " is known");
}

/* A price per unit, a rate or a rating adds up to nothing: its mean says it. What a fact was worth
 * adds up by any name.
 */
static bool adds_up(const struct schema *schema, const struct schema_table *table, size_t column)
{
    static const char *const per_unit[] = {"price",   "preis",   "prix",   "precio",
                                           "prezzo",  "rate",    "rating", "score",
                                           "percent", "prozent", "pct"};
    static const char *const whole[] = {"total", "gesamt", "sum"};
    const char *name = table->columns[column].name;
    if (insight_revenue_of_kind(schema, table->name).column == (int)column)
        return true;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcasestr(name, whole[i]))
            return true;
    for (size_t i = 0; i < sizeof per_unit / sizeof *per_unit; i++)
        if (strcasestr(name, per_unit[i]))
            return false;
    return true;
}

static void add_kind(struct draft *draft, const struct schema *schema,
                     const struct schema_table *table)
{
    add_feature(draft, table->name, NULL, "count(", table->name, NULL, ") is known");
    add_feature(draft, table->name, NULL, "days since last(", table->name, "time", ") is known");
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &table->columns[i];
        bool mixed = column->currency && column->currencies > 1;
        /* Amounts in several currencies add up to nothing, and neither does their mean. */
        if (is_number(column->type) && !mixed) {
            if (adds_up(schema, table, i))
                add_feature(draft, table->name, column->name, "sum(", table->name, column->name,
                            ") is known");
            add_feature(draft, table->name, column->name, "avg(", table->name, column->name,
                        ") is known");
        } else if (column->type == VALUE_TEXT && !column->plain) {
            add_feature(draft, table->name, column->name, "favourite(", table->name, column->name,
                        ") is known");
        }
    }
}

static const char *node_text(const struct segment_node *node, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_node(node, &text);
    const char *copy = buffer_copy(&text, arena);
    buffer_release(&text);
    return copy;
}

static void resolve_nodes(struct insight_features *out, struct arena *arena)
{
    const struct segment_node *root = out->set->segments[out->set->segment_count - 1].condition;
    for (size_t i = 0; i < out->count; i++) {
        const struct segment_node *known = out->count == 1 ? root : root->child[i];
        while (known->op == OP_FORM)
            known = known->child[0];
        out->items[i].node = known->child[0];
        out->items[i].text = node_text(known->child[0], arena);
    }
}

static void tell_lost(struct draft *draft, struct insight_features *out)
{
    if (draft->more) {
        const char *what = draft->first;
        if (draft->more > 1)
            what =
                arena_printf(draft->arena, "%s, with %zu values after it,", what, draft->more - 1);
        const char *why =
            arena_printf(draft->arena, "no more than %d are compared at once", MOST_FEATURES);
        VECTOR_PUSH(&draft->lost, ((struct insight_lost){what, why}));
    }

    out->lost_count = draft->lost.count;
    out->lost = ARENA_ARRAY(draft->arena, struct insight_lost, out->lost_count + 1);
    for (size_t i = 0; i < out->lost_count; i++)
        out->lost[i] = draft->lost.items[i];
    VECTOR_RELEASE(&draft->lost);
}

enum status insight_features_new(const struct schema *schema, struct arena *arena,
                                 struct insight_features *out, struct error *error)
{
    struct draft *draft = ARENA_NEW(arena, struct draft);

    draft->arena = arena;
    buffer_init(&draft->condition, 0);
    *out = (struct insight_features){0};

    /* What a kind adds up to, how long ago it was, what is usual; and each
     * trait as it stands. */
    for (size_t t = 0; t < schema->table_count; t++) {
        const struct schema_table *table = &schema->tables[t];
        if (table->role == SCHEMA_FACTS)
            add_kind(draft, schema, table);
        for (size_t i = 0; table->role == SCHEMA_TRAITS && i < table->column_count; i++)
            add_trait(draft, table, &table->columns[i]);
    }

    tell_lost(draft, out);
    enum status status = STATUS_OK;
    if (draft->count) {
        struct text condition = {draft->condition.data, draft->condition.length};
        status = segment_condition_build(condition, schema, NULL, arena, NULL, &out->set, error);
    }

    buffer_release(&draft->condition);
    TRY(status);
    out->items = draft->items;
    out->count = draft->count;

    if (out->count)
        resolve_nodes(out, arena);
    return STATUS_OK;
}

struct segment_needs insight_features_needs(const struct insight_features *features,
                                            const struct schema *schema, struct arena *arena)
{
    if (!features->set)
        return (struct segment_needs){0};
    int last = features->set->segment_count - 1;
    return segment_needs(features->set, schema, &last, 1, arena);
}

double insight_number(const struct plan_values *values, size_t position)
{
    if (values->type == VALUE_DOUBLE || values->is_double)
        return values->doubles[position];
    if (values->type == VALUE_DECIMAL)
        return number_decimal_to_double(values->integers[position], values->scale);
    return (double)values->integers[position];
}

struct ranked {
    double number;
    uint32_t position;
};

static int by_number(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

struct sorting {
    struct insight_features *features;
    const uint64_t *existing;
    uint32_t customers;
};

static bool is_ranked(enum value_type type)
{
    return type != VALUE_SET && type != VALUE_TEXT && type != VALUE_BOOL && type != VALUE_POINT;
}

static void sort_feature(void *context, size_t task, int worker)
{
    struct sorting *sorting = context;
    struct insight_feature *feature = &sorting->features->items[task];
    (void)worker;
    if (!is_ranked(feature->values.type))
        return;

    struct ranked *ranked = base_malloc((sorting->customers + 1u) * sizeof *ranked);

    uint32_t count = 0;
    for (uint32_t p = 0; p < sorting->customers; p++)
        if (bit_at(feature->values.known, p) && bit_at(sorting->existing, p))
            ranked[count++] = (struct ranked){insight_number(&feature->values, p), p};

    qsort(ranked, count, sizeof *ranked, by_number);
    for (uint32_t i = 0; i < count; i++)
        feature->order[i] = ranked[i].position;
    feature->order_count = count;
    free(ranked);
}

struct evaluating {
    struct insight_features *features;
    const struct schema *schema;
    const struct population *population;
    int64_t now;
    struct pool *pool;
    struct arena *arena;
};

static enum status find_values(const struct evaluating *how, size_t first, size_t count,
                               struct error *error)
{
    struct insight_feature *items = &how->features->items[first];
    const struct segment_node **nodes = ARENA_ARRAY(how->arena, const struct segment_node *, count);
    struct plan_values *values = ARENA_ARRAY(how->arena, struct plan_values, count);

    for (size_t i = 0; i < count; i++)
        nodes[i] = items[i].node;

    TRY(plan_evaluate_values(how->features->set, how->schema, nodes, (int)count, how->population,
                             how->now, how->pool, how->arena, values, error));

    for (size_t i = 0; i < count; i++)
        items[i].values = values[i];
    return STATUS_OK;
}

/* They share one plan, which tells only that something failed. */
static enum status find_values_one_by_one(const struct evaluating *how, struct error *error)
{
    struct insight_features *features = how->features;
    size_t kept = 0;
    const struct insight_lost *before = features->lost;
    features->lost =
        ARENA_ARRAY(how->arena, struct insight_lost, features->lost_count + features->count);
    for (size_t i = 0; i < features->lost_count; i++)
        features->lost[i] = before[i];
    for (size_t i = 0; i < features->count; i++) {
        struct error why = {0};
        if (find_values(how, i, 1, &why) == STATUS_OK)
            features->items[kept++] = features->items[i];
        else
            features->lost[features->lost_count++] = (struct insight_lost){
                features->items[i].text, arena_strdup(how->arena, why.message)};
    }
    if (!kept)
        return error_set(error, STATUS_ERROR, "%s", features->lost[features->lost_count - 1].why);
    features->count = kept;
    return STATUS_OK;
}

/* Whole numbers from 0 to 10, of facts that are worth no money, are answers: their mean says what
 * they are. */
static bool sums_answers(const struct insight_feature *feature, const struct schema *schema,
                         const struct population *population)
{
    enum { MOST_ANSWER = 10 };

    int t = population_table_index(population, feature->table);
    if (t < 0 || strncmp(feature->text, "sum(", 4) != 0 ||
        insight_revenue_of_kind(schema, feature->table).column >= 0)
        return false;

    int c = population_column_index(&population->tables[t], feature->column);
    const struct population_column *column = c < 0 ? NULL : &population->tables[t].columns[c];
    return column && column->type == VALUE_INT && column->base >= 0 && column->max <= MOST_ANSWER;
}

static void leave_out_answers(struct insight_features *features, const struct schema *schema,
                              const struct population *population)
{
    size_t kept = 0;
    for (size_t i = 0; i < features->count; i++)
        if (!sums_answers(&features->items[i], schema, population))
            features->items[kept++] = features->items[i];
    features->count = kept;
}

enum status insight_features_evaluate(struct insight_features *features,
                                      const struct schema *schema,
                                      const struct population *population, const uint64_t *existing,
                                      int64_t now, struct pool *pool, struct arena *arena,
                                      struct error *error)
{
    struct evaluating how = {features, schema, population, now, pool, arena};
    struct error together = {0};

    leave_out_answers(features, schema, population);
    if (!features->count)
        return STATUS_OK;
    /* Together first, as they share what they read; one by one only if one
     * of them fails. */
    if (find_values(&how, 0, features->count, &together) != STATUS_OK)
        TRY(find_values_one_by_one(&how, error));

    for (size_t i = 0; i < features->count; i++)
        if (is_ranked(features->items[i].values.type))
            features->items[i].order = ARENA_ARRAY(arena, uint32_t, population->customers + 1u);

    struct sorting sorting = {features, existing, population->customers};
    pool_run(pool, features->count, sort_feature, &sorting);
    return STATUS_OK;
}
