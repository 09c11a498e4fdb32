/*
 * What predictions are made from: values of the segment language. They can be named with --on; else
 * they are built from the kinds of facts and the dated traits. A value without a date (an undated
 * trait, a column of a reference table, a static list) is as it is today at every moment of the
 * past, so it may know the future: it is refused.
 */
#include "study/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBERS = 4, /* of each kind, and so many texts: wide tables would fill the model alone */
    TEXTS = 3,
    LENGTHS = 4,
    LONG_HORIZON = 30, /* days: beyond it the shortest window says little of what is to come */
};

struct maker {
    struct predict_data *data;
    const char *texts[PREDICT_FEATURES + 1];
    int count;
    bool full;
    int length[LENGTHS]; /* windows in days, ascending */
    int lengths;
    VECTOR(const char *) left_out; /* undated traits */
    VECTOR(const char *) unnamed;  /* what definitions cannot name */
    /* The facts that are orders, NULL without any, and what keeps refunds out of their measures. */
    const char *orders, *amount, *filter, *spent;
};

static void add(struct maker *maker, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct maker *maker, const char *format, ...)
{
    va_list arguments;
    if (maker->count == PREDICT_FEATURES) {
        maker->full = true;
        return;
    }
    va_start(arguments, format);
    maker->texts[maker->count++] = arena_vprintf(maker->data->work->arena, format, arguments);
    va_end(arguments);
}

static bool can_name(struct maker *maker, const char *name)
{
    if (segment_can_name(name))
        return true;
    VECTOR_PUSH(&maker->unnamed, name);
    return false;
}

/* Windows no longer than what the first moment can look back on: a longer one would mean less there
 * than later. */
static void choose_lengths(struct maker *maker)
{
    static const int days[] = {7, 30, 90, 365};
    const struct predict_data *data = maker->data;
    int64_t back = data->moments ? data->moment[0] - data->start : INT64_MAX;
    bool is_long = data->how->days > LONG_HORIZON;
    for (size_t i = is_long; i < sizeof days / sizeof *days; i++)
        if ((int64_t)days[i] * PREDICT_DAY <= back)
            maker->length[maker->lengths++] = days[i];
}

static bool is_number(const struct schema_column *column)
{
    return (column->type == VALUE_INT || column->type == VALUE_DECIMAL ||
            column->type == VALUE_DOUBLE) &&
           column->currencies <= 1;
}

static bool is_orders(const struct maker *maker, const char *table)
{
    return maker->orders && strcmp(maker->orders, table) == 0;
}

static void add_properties(struct maker *maker, const struct schema_table *table,
                           const char *filter)
{
    const char *kind = segment_name_text(table->name, maker->data->work->arena);
    int numbers = 0, texts = 0, last = maker->lengths - 1;
    for (size_t c = 0; c < table->column_count; c++) {
        const struct schema_column *column = &table->columns[c];
        if (!can_name(maker, column->name))
            continue;
        const char *name = segment_name_text(column->name, maker->data->work->arena);

        /* Sums over the two longest windows, the mean over all time: short ones hold little. */
        bool spent = is_orders(maker, table->name) && strcmp(maker->amount, column->name) == 0;
        if (is_number(column) && numbers++ < NUMBERS) {
            for (int l = last > 0 ? last - 1 : 0; l <= last; l++)
                add(maker, "sum(%s.%s last %d days%s)", kind, name, maker->length[l],
                    spent ? maker->spent : filter);
            add(maker, "avg(%s.%s%s)", kind, name, filter);
        }
        if (column->type == VALUE_TEXT && !column->plain && last >= 0 && texts++ < TEXTS)
            add(maker, "distinct(%s.%s last %d days%s)", kind, name, maker->length[last], filter);
    }
}

static void add_kind(struct maker *maker, const struct schema_table *table)
{
    const char *kind = segment_name_text(table->name, maker->data->work->arena);

    /* How long ago, how often, how regularly: what any kind of facts can be asked. */
    const char *filter = is_orders(maker, table->name) ? maker->filter : "";
    add(maker, "days since last(%s.time%s)", kind, filter);
    for (int l = 0; l < maker->lengths; l++)
        add(maker, "count(%s last %d days%s)", kind, maker->length[l], filter);
    add(maker, "count(%s%s)", kind, filter);
    if (*filter) /* gap(…) takes no filter: the same from its ends */
        add(maker, "(days since first(%s.time%s) - days since last(%s.time%s)) / (count(%s%s) - 1)",
            kind, filter, kind, filter, kind, filter);
    else
        add(maker, "avg(gap(%s.time))", kind);
    if (maker->data->recency_kind && strcmp(maker->data->recency_kind, table->name) == 0)
        add(maker, "days since first(%s.time%s)", kind, filter);
    add_properties(maker, table, filter);
}

static bool is_timeless(const struct predict_data *data, const char *name)
{
    for (size_t i = 0; i < data->how->timeless_count; i++)
        if (strcmp(data->how->timeless[i], name) == 0)
            return true;
    return false;
}

static const struct segment_need *need_of(const struct segment_needs *needs, const char *table)
{
    for (size_t i = 0; i < needs->count; i++)
        if (strcmp(needs->items[i].table, table) == 0)
            return &needs->items[i];
    return NULL;
}

static bool is_in(const struct segment_needs *needs, const char *table, const char *column)
{
    const struct segment_need *need = need_of(needs, table);
    for (const char *const *c = need ? (const char *const *)need->columns : NULL; c && *c; c++)
        if (strcmp(*c, column) == 0)
            return true;
    return false;
}

static enum status add_traits(struct maker *maker, const struct schema_table *table,
                              struct error *error)
{
    struct predict_data *data = maker->data;
    struct study_model *models;
    size_t count;

    TRY(study_models(data->work->session, data->work->arena, &models, &count, error));
    for (size_t c = 0; c < table->column_count; c++) {
        const struct schema_column *column = &table->columns[c];
        bool is_date = column->type == VALUE_DATE || column->type == VALUE_TIME;
        if (column->type == VALUE_NONE || column->type == VALUE_SET ||
            column->type == VALUE_POINT || (column->type == VALUE_TEXT && column->plain) ||
            work_is_told(models, count, column->name) || !can_name(maker, column->name))
            continue;

        /* The label's own traits say themselves. */
        if (!data->how->dated && is_in(&data->label_needs, SCHEMA_TRAIT_TABLE, column->name))
            continue;
        if (data->how->dated && column->undated && !is_timeless(data, column->name)) {
            VECTOR_PUSH(&maker->left_out, column->name);
            continue;
        }

        add(maker, is_date ? "days since %s" : "%s",
            segment_name_text(column->name, data->work->arena));
    }

    return STATUS_OK;
}

/* Some of the names, for a sentence. */
static const char *some_of(struct maker *maker, const char *const *names, size_t count)
{
    enum { SAID = 8 };
    struct buffer list;
    buffer_init(&list, 0);
    for (size_t i = 0; i < count && i < SAID; i++)
        buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    if (count > SAID)
        buffer_printf(&list, " and %zu more", count - SAID);
    const char *copy = buffer_copy(&list, maker->data->work->arena);
    buffer_release(&list);
    return copy;
}

static void say_left_out(struct maker *maker)
{
    if (maker->left_out.count)
        work_note(maker->data->work,
                  "Left out, because nobody knows what they were at an earlier moment: %s. "
                  "--timeless names those that never change.",
                  some_of(maker, maker->left_out.items, maker->left_out.count));
    if (maker->unnamed.count)
        work_note(
            maker->data->work,
            "Left out, because no definition can name them (%d bytes at most, no line break): "
            "%s.",
            SEGMENT_NAME_MAX, some_of(maker, maker->unnamed.items, maker->unnamed.count));
}

/* Refunds are no orders in what is learned from, as in every model. A store without orders has no
 * refunds either. */
static enum status keep_refunds_out(struct maker *maker, struct error *error)
{
    struct work *work = maker->data->work;
    struct work_orders orders;
    struct error none = {0};
    if (work_orders_find(work, &orders, &none) != STATUS_OK) {
        if (!work_option(work, "refunds"))
            return STATUS_OK;
        *error = none;
        return none.code;
    }

    TRY(work_orders_load(work, NULL, &orders, error));
    TRY(work_orders_filters(work, &orders, &maker->filter, &maker->spent, error));
    work_orders_say(work, &orders, true);
    if (*maker->filter)
        work_note(work,
                  "The label is taken as it is written: there a refund is a fact like any other.");
    maker->orders = orders.kind;
    maker->amount = orders.property ? orders.property : "";
    return STATUS_OK;
}

static enum status make(struct maker *maker, struct error *error)
{
    const struct schema *schema = session_schema(maker->data->work->session);
    TRY(keep_refunds_out(maker, error));
    choose_lengths(maker);
    for (size_t t = 0; t < schema->table_count; t++)
        if (schema->tables[t].role == SCHEMA_FACTS)
            add_kind(maker, &schema->tables[t]);
    for (size_t t = 0; t < schema->table_count; t++)
        if (schema->tables[t].role == SCHEMA_TRAITS)
            TRY(add_traits(maker, &schema->tables[t], error));
    say_left_out(maker);
    if (maker->full)
        work_note(maker->data->work, "There is more to learn from than %d values: --on chooses.",
                  PREDICT_FEATURES);
    return STATUS_OK;
}

/* "visits=count(view)" names its value. */
static const char *split_name(struct work *work, const char *given, const char **text)
{
    struct text name;
    *text = work_named(given, &name);
    return name.length ? arena_strndup(work->arena, name.data, name.length) : NULL;
}

static void take_named(struct maker *maker, const char *const *on, size_t count, const char **names)
{
    for (size_t i = 0; i < count; i++)
        names[i] = split_name(maker->data->work, on[i], &maker->texts[i]);
    maker->count = (int)count;
}

static enum status describe(struct predict_data *data, const char *const *names,
                            struct error *error)
{
    data->feature = ARENA_ARRAY(data->work->arena, struct predict_feature, data->features + 1);
    for (int f = 0; f < data->features; f++) {
        const struct segment_node *node = data->inputs.nodes[f];
        struct buffer text;

        if (node->type == VALUE_SET || node->type == VALUE_POINT)
            return error_set(error, STATUS_USAGE,
                             "%s is %s; a prediction takes numbers, texts and yes or no",
                             data->inputs.texts[f], value_type_name(node->type));
        if (node->type == VALUE_DATE || node->type == VALUE_TIME) {
            enum status status = error_set(
                error, STATUS_USAGE,
                "%s is a date, and what is learned of one date says nothing of later ones",
                data->inputs.texts[f]);
            error_hint(error, "days since %s is a number", data->inputs.texts[f]);
            return status;
        }

        /* In the language's own form, so that what is saved reads the same in a later version. */
        buffer_init(&text, 0);
        segment_format_node(node, &text);
        const char *words = buffer_copy(&text, data->work->arena);
        buffer_release(&text);
        data->feature[f] = (struct predict_feature){.name = names[f] ? names[f] : words,
                                                    .text = words,
                                                    .is_text = node->type == VALUE_TEXT};
    }

    return STATUS_OK;
}

enum status predict_check_dated(const struct predict_data *data, const struct segment_needs *needs,
                                const char *what, struct error *error)
{
    const struct schema *schema = session_schema(data->work->session);
    for (size_t i = 0; i < needs->count && data->how->dated; i++) {
        const struct schema_table *table = schema_table(schema, needs->items[i].table);
        for (const char **c = needs->items[i].columns; table->role != SCHEMA_FACTS && *c; c++) {
            bool is_trait = table->role == SCHEMA_TRAITS;
            const struct schema_column *column = schema_column(table, *c);
            const char *name =
                is_trait ? *c : arena_printf(data->work->arena, "%s.%s", table->name, *c);
            if ((is_trait && !(column && column->undated)) || is_timeless(data, name) ||
                (!is_trait && table->key && strcmp(table->key, *c) == 0))
                continue;
            enum status status = error_set(
                error, STATUS_USAGE,
                "%s reads %s, which has no date: at every moment of the past it is what it "
                "is today, and may know the future",
                what, name);
            error_hint(error, "--timeless %s, if it never changes", name);
            return status;
        }
    }

    if (needs->lists && data->how->dated)
        return error_set(error, STATUS_USAGE,
                         "%s reads a static list, which has no date and may know the future", what);
    return STATUS_OK;
}

/* Its own earlier scores would be learned from instead of the facts. */
static enum status check_own(const struct predict_data *data, struct error *error)
{
    const char *name = data->work->model->name;
    const struct segment_need *need = need_of(&data->inputs.needs, SCHEMA_TRAIT_TABLE);
    for (const char **c = need ? need->columns : NULL; c && *c; c++)
        if (strncmp(*c, name, strlen(name)) == 0 && (*c)[strlen(name)] == '.')
            return error_set(error, STATUS_USAGE, "%s cannot learn from its own scores, %s", name,
                             *c);
    return STATUS_OK;
}

enum status predict_features_find(struct predict_data *data, struct error *error)
{
    size_t named;
    struct maker maker = {.data = data};
    struct work *work = data->work;
    const char **on = work_option_list(work, "on", &named), *names[PREDICT_FEATURES + 1] = {0};
    enum status status = STATUS_OK;

    if (named)
        take_named(&maker, on, named, names);
    else
        status = make(&maker, error);
    VECTOR_RELEASE(&maker.left_out);
    VECTOR_RELEASE(&maker.unnamed);
    TRY(status);
    if (!maker.count)
        return error_set(error, STATUS_ERROR,
                         "the store holds nothing to learn from; --on names values");

    /* Recency stands behind the features: it is evaluated with them, and belongs to the rule that
     * the model is held against. */
    data->features = maker.count;
    data->has_recency = data->recency_kind != NULL;
    if (data->has_recency)
        maker.texts[maker.count++] =
            arena_printf(work->arena, "days since last(%s.time%s)",
                         segment_name_text(data->recency_kind, work->arena),
                         is_orders(&maker, data->recency_kind) ? maker.filter : "");
    TRY(work_inputs_new(work, maker.texts, (size_t)maker.count, work_option(work, "among"),
                        &data->inputs, error));
    TRY(predict_check_dated(data, &data->inputs.needs, "what is learned from", error));
    TRY(check_own(data, error));
    return describe(data, names, error);
}
