/*
 * Which fields define a seed. A seed of big spenders is told from others by what they spent: true,
 * and worth nothing. So whatever reads a field that the seed's condition reads, itself or through
 * the segments it uses, stays out of the features. A trait that a model told stands for all traits
 * of that model and for what the model was made from, in seeds as in features: otherwise the
 * monetary score would bring the spending back in.
 */
#include "study/lookalike.h"

#include <string.h>

static void fields_new(const struct work *work, struct lookalike_fields *out)
{
    const struct schema *schema = session_schema(work->session);
    out->columns = ARENA_ARRAY(work->arena, bool *, schema->table_count + 1);
    out->times = ARENA_ARRAY(work->arena, bool, schema->table_count + 1);
    for (size_t t = 0; t < schema->table_count; t++)
        out->columns[t] = ARENA_ARRAY(work->arena, bool, schema->tables[t].column_count + 1);
}

static void add_set(struct work *work, const struct segment_set *set, struct lookalike_fields *out)
{
    const struct schema *schema = session_schema(work->session);
    struct segment_reads reads = insight_reads(set, schema, set->segment_count - 1, work->arena);
    for (size_t t = 0; t < schema->table_count; t++) {
        out->times[t] |= schema->tables[t].role == SCHEMA_FACTS && reads.dated[t];
        for (size_t c = 0; c < schema->tables[t].column_count; c++)
            out->columns[t][c] |= reads.columns[t][c];
    }
}

/* ---- models ---- */

/* What a type that reads orders takes for them: as it was fitted, else as it was told, else a
 * guess.
 */
static struct study_orders orders_of(const struct work *work, const struct study_model *model,
                                     const struct work *other)
{
    struct study_orders orders = {0};
    if (study_orders(model, work->arena, &orders))
        return orders;
    struct insight_revenue revenue = insight_revenue_find(session_schema(work->session));
    orders.kind = work_option(other, "kind");
    orders.amount = work_option(other, "amount");

    /* The amount that was guessed is that of the kind that was guessed. */
    if (!orders.amount && revenue.kind && (!orders.kind || strcmp(orders.kind, revenue.kind) == 0))
        orders.amount = revenue.property;
    orders.kind = orders.kind ? orders.kind : revenue.kind;
    return orders;
}

/* A condition that reads what the model was made from, or NULL when that is not known. */
static const char *read_by_model(const struct work *work, struct study_model *model)
{
    struct work other = {.arena = work->arena, .model = model};
    const char *text = NULL;
    struct text name;
    size_t count;

    /* What the model was told to read, or else what a type that reads orders goes by. */
    const char **on = work_option_list(&other, "on", &count);
    for (size_t i = 0; i < count; i++)
        text = arena_printf(work->arena, "%s%s%s is known", text ? text : "", text ? " and " : "",
                            work_named(on[i], &name));
    bool of_orders = strcmp(model->type, "rfm") == 0 || strcmp(model->type, "clv") == 0 ||
                     strcmp(model->type, "cluster") == 0;
    if (text || !of_orders)
        return text;

    struct study_orders orders = orders_of(work, model, &other);
    if (!orders.kind)
        return NULL;
    const char *kind = segment_name_text(orders.kind, work->arena);
    text = arena_printf(work->arena, "any(%s)", kind);
    return orders.amount ? arena_printf(work->arena, "%s and sum(%s.%s) is known", text, kind,
                                        segment_name_text(orders.amount, work->arena))
                         : text;
}

static void add_condition(struct work *work, const char *condition, struct lookalike_fields *out)
{
    struct segment_set *set = NULL;
    struct error ignored;
    if (condition && segment_condition_build(text_from(condition), session_schema(work->session),
                                             session_definitions(work->session), work->arena, NULL,
                                             &set, &ignored) == STATUS_OK)
        add_set(work, set, out);
    segment_set_free(set);
}

/* Whether fields hold one of the model's traits; all of them are marked then. */
static bool uses_model(const struct work *work, const struct study_model *model,
                       struct lookalike_fields *fields)
{
    const struct schema *schema = session_schema(work->session);
    bool found = false;

    /* Looked for, then marked: one trait of a model brings in all of them. */
    for (int mark = 0; mark < 2; mark++)
        for (size_t t = 0; t < schema->table_count; t++)
            for (size_t i = 0; schema->tables[t].role == SCHEMA_TRAITS && i < model->trait_count;
                 i++) {
                int column = schema_column_index(&schema->tables[t], model->traits[i]);
                if (column >= 0 && mark && found)
                    fields->columns[t][column] = true;
                found |= column >= 0 && fields->columns[t][column];
            }
    return found;
}

void lookalike_fields_read(struct work *work, const struct lookalike_models *models,
                           const struct segment_set *set, struct lookalike_fields *out)
{
    bool *done = ARENA_ARRAY(work->arena, bool, models->count + 1), more = true;
    fields_new(work, out);
    add_set(work, set, out);
    while (more) { /* what a model reads may be another model's traits */
        more = false;
        for (size_t i = 0; i < models->count; i++) {
            if (done[i] || !uses_model(work, &models->items[i], out))
                continue;
            done[i] = more = true;
            add_condition(work, read_by_model(work, &models->items[i]), out);
        }
    }
}

bool lookalike_fields_meet(const struct work *work, const struct lookalike_fields *a,
                           const struct lookalike_fields *b)
{
    const struct schema *schema = session_schema(work->session);
    for (size_t t = 0; t < schema->table_count; t++) {
        if (a->times[t] && b->times[t])
            return true;
        for (size_t c = 0; c < schema->tables[t].column_count; c++)
            if (a->columns[t][c] && b->columns[t][c])
                return true;
    }
    return false;
}

const char *lookalike_fields_text(const struct work *work, const struct lookalike_fields *fields)
{
    const struct schema *schema = session_schema(work->session);
    const char *text = NULL;
    for (size_t t = 0; t < schema->table_count; t++) {
        const struct schema_table *table = &schema->tables[t];
        if (fields->times[t])
            text = arena_printf(work->arena, "%s%s%s (counts and times)", text ? text : "",
                                text ? ", " : "", table->name);
        for (size_t c = 0; c < table->column_count; c++)
            if (fields->columns[t][c])
                text =
                    arena_printf(work->arena, "%s%s%s%s%s", text ? text : "", text ? ", " : "",
                                 table->role == SCHEMA_TRAITS ? "" : table->name,
                                 table->role == SCHEMA_TRAITS ? "" : ".", table->columns[c].name);
    }
    return text ? text : "nothing";
}
