/*
 * What goes into a clustering: values of the segment language. Numbers are scaled; texts, and yes
 * or no, are categories, each with the commonest values as levels and one level for whatever else
 * comes, so that a customer of a later day always has a place.
 */
#include "base/bits.h"
#include "study/cluster.h"

#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRAITS_MAX = 24,
    DESCRIBED_LEVELS = 50,
    LEVELS_OF_ALL = 900, /* that all categories used share: each is a column of the embedding */
};

/* ---- which values ---- */

/* "visits=count(view)" names its value; else a name is made of the words. */
static void name_column(struct work *work, const char *given, struct cluster_column *out)
{
    static const char *const skip[] = {"last", "days", "time", "months", "weeks"};
    const char *at = given;
    struct text own;

    out->text = work_named(given, &own);
    if (own.length) {
        out->name = arena_strndup(work->arena, own.data, own.length);
        return;
    }

    struct buffer name;
    buffer_init(&name, 0);
    while (*at) {
        size_t word = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (word) /* digits belong to the word they end: q1 is a name, 365 is none */
            word += strspn(at + word,
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        bool skipped = word == 0;
        for (size_t i = 0; i < sizeof skip / sizeof *skip; i++)
            skipped |= strlen(skip[i]) == word && strncmp(skip[i], at, word) == 0;
        if (!skipped) {
            buffer_string(&name, name.length ? "_" : "");
            buffer_add(&name, at, word);
        }
        at += word ? word : 1;
    }

    out->name = name.length ? buffer_copy(&name, work->arena) : "value";
    buffer_release(&name);
}

static void add_column(struct arena *arena, struct cluster_data *data, const char *name,
                       const char *text, bool used)
{
    /* Twice the same value would count twice in every distance. */
    for (int c = 0; c < data->columns; c++)
        if (strcmp(data->column[c].text, text) == 0 ||
            (!used && strcmp(data->column[c].name, name) == 0))
            return;
    for (int c = 0; used && c < data->columns; c++)
        if (strcmp(data->column[c].name, name) ==
            0) /* another value of the same words: groups are told apart by names */
            name = arena_printf(arena, "%s_%d", name, data->columns + 1);
    if (data->columns < CLUSTER_COLUMNS)
        data->column[data->columns++] =
            (struct cluster_column){.name = name, .text = text, .used = used};
}

/* Recency, frequency, spend: what any business with orders has. */
static enum status add_orders(struct work *work, bool used, struct cluster_data *out,
                              const char **among, struct error *error)
{
    struct work_orders orders;
    const char *filter, *spent;
    TRY(work_orders_find(work, &orders, error));
    TRY(work_orders_one_currency(&orders, error));
    TRY(work_orders_filters(work, &orders, &filter, &spent, error));
    if (used)
        work_orders_say(work, &orders, true);

    /* Without amounts there is neither spend nor an average. */
    const char *kind = segment_name_text(orders.kind, work->arena), *property = NULL;
    if (orders.property)
        property = segment_name_text(orders.property, work->arena);
    const char *names[] = {"recency", "frequency", "spend", "average_order"};
    const char *texts[] = {
        arena_printf(work->arena, "days since last(%s.time%s)", kind, filter),
        arena_printf(work->arena, "count(%s last 365 days%s)", kind, filter),
        arena_printf(work->arena, "sum(%s.%s last 365 days%s)", kind, property, spent),
        arena_printf(work->arena, "avg(%s.%s%s)", kind, property, filter)};
    for (int c = 0; c < (orders.property ? 4 : 2); c++)
        add_column(work->arena, out, names[c], texts[c], used);

    /* Who never ordered has no recency; a group of all of them would be found and say nothing. */
    if (!*among && used)
        *among = arena_printf(work->arena, "any(%s%s)", kind, filter);
    return STATUS_OK;
}

/* Whether a trait may describe groups: a value that few share, said in a name. */
static bool describes(const struct schema_column *column)
{
    bool number =
        column->type == VALUE_INT || column->type == VALUE_DECIMAL || column->type == VALUE_DOUBLE;
    return !strchr(column->name, '.') && !column->plain && segment_can_name(column->name) &&
           (number || column->type == VALUE_TEXT || column->type == VALUE_BOOL);
}

/* Told traits of people and of imports; those of models say again what other values say. */
static void add_traits(struct work *work, struct cluster_data *out)
{
    const struct schema_table *table =
        schema_table(session_schema(work->session), SCHEMA_TRAIT_TABLE);
    size_t added = 0;
    for (size_t c = 0; table && c < table->column_count; c++) {
        const struct schema_column *column = &table->columns[c];
        if (!describes(column))
            continue;
        if (added++ < TRAITS_MAX)
            add_column(work->arena, out, column->name, segment_name_text(column->name, work->arena),
                       false);
    }
    if (added > TRAITS_MAX)
        work_note(work, "Groups are described by the first %d of %zu traits: --describe chooses.",
                  TRAITS_MAX, added);
}

static void read_option(struct work *work, const char *option, bool used, struct cluster_data *out)
{
    size_t count;
    const char **list = work_option_list(work, option, &count);
    for (size_t c = 0; c < count; c++) {
        struct cluster_column column = {0};
        name_column(work, list[c], &column);
        add_column(work->arena, out, column.name, column.text, used);
    }
}

enum status cluster_read_columns(struct work *work, struct cluster_data *out, const char **among,
                                 struct error *error)
{
    struct error ignored;

    *among = work_option(work, "among");
    read_option(work, "on", true, out);
    if (!out->columns)
        TRY(add_orders(work, true, out, among, error));
    read_option(work, "describe", false, out);
    if (work_option(work, "describe"))
        return STATUS_OK;

    /* Orders and traits describe groups of anything; a store without orders is none the worse. */
    if (add_orders(work, false, out, among, &ignored) != STATUS_OK)
        error_clear(&ignored);
    add_traits(work, out);
    return STATUS_OK;
}

/* ---- loading ---- */

enum status cluster_ask(struct work *work, const char *among, const char *more,
                        const struct cluster_data *data, struct error *error)
{
    const char *texts[CLUSTER_COLUMNS + 1];
    size_t count = (size_t)data->columns;
    for (int c = 0; c < data->columns; c++)
        texts[c] = data->column[c].text;
    if (more)
        texts[count++] = more;
    TRY(work_inputs_new(work, texts, count, among, &work->inputs, error));
    work->needs = work->inputs.needs;
    return STATUS_OK;
}

enum status cluster_rows(struct work *work, struct cluster_data *out, struct error *error)
{
    const struct work_inputs *inputs = &work->inputs;
    uint64_t *who;
    out->values = ARENA_ARRAY(work->arena, struct plan_values, inputs->count + 1);
    TRY(work_inputs_values(work, inputs, work->moment->now, out->values, error));
    if (out->told_at && out->told_at != work->moment->now) { /* of the groups, what that fit told */
        struct work_inputs groups = *inputs;
        groups.nodes += out->columns;
        groups.count = 1;
        TRY(work_inputs_values(work, &groups, out->told_at, &out->values[out->columns], error));
    }
    TRY(work_inputs_among(work, inputs, work->moment->now, &who, error));
    work_score_customers(work, who);
    out->rows = work->count;
    out->position = work->position;
    return STATUS_OK;
}

/* ---- numbers and levels ---- */

static bool is_known(const struct plan_values *values, uint32_t position)
{
    return bit_at(values->known, position);
}

/* What tells values of a category apart: a text's code, yes or no, a number. NaN: unknown. */
static double key_of(const struct plan_values *values, uint32_t position)
{
    if (values->type == VALUE_TEXT || values->type == VALUE_BOOL)
        return is_known(values, position) ? (double)values->integers[position] : NAN;
    return plan_values_number(values, position);
}

double cluster_value(const struct cluster_data *data, int column, size_t i)
{
    return key_of(&data->values[column], data->position[i]);
}

uint32_t cluster_level(const struct cluster_data *data, int column, size_t i)
{
    const struct cluster_column *c = &data->column[column];
    double key = cluster_value(data, column, i);
    size_t from = 0, to = c->keys;
    if (isnan(key))
        return 0;

    /* The keys are this population's, so the last that is not above the value is its own. */
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;
        if (c->key[middle] <= key)
            from = middle;
        else
            to = middle;
    }
    return c->keys ? c->level_of[from] : c->levels - 1;
}

static const char *word_of(struct work *work, const struct plan_values *values, double key)
{
    if (values->type == VALUE_BOOL)
        return key > 0 ? "yes" : "no";
    if (values->type != VALUE_TEXT)
        return arena_printf(work->arena, "%.10g", key);
    if (key >= work->population->code_count)
        return "?";
    struct text text = population_text(work->population, (uint32_t)key);
    return arena_strndup(work->arena, text.data, text.length);
}

/* The different keys, rising, and how often each is met. */
static void list_keys(struct work *work, struct cluster_data *data, int c, double **counts)
{
    struct cluster_column *column = &data->column[c];
    double *all = base_malloc(sizeof *all * (data->rows + 1));
    size_t known = 0;

    for (size_t i = 0; i < data->rows; i++) {
        double key = cluster_value(data, c, i);
        if (!isnan(key))
            all[known++] = key;
    }

    /* Sorted first and counted, so that the lists have the room they need and no more. */
    column->unknown = data->rows - known;
    stats_sort(all, known);
    column->keys = 0;
    for (size_t i = 0; i < known; i++)
        column->keys += i == 0 || all[i] > all[i - 1];
    column->key = ARENA_ARRAY(work->arena, double, column->keys + 1);
    column->level_of = ARENA_ARRAY(work->arena, uint32_t, column->keys + 1);
    *counts = ARENA_ARRAY(work->arena, double, column->keys + 1);
    for (size_t i = 0, at = 0; i < known; i++) {
        at += i > 0 && all[i] > all[i - 1];
        column->key[at] = all[i];
        (*counts)[at] -= 1; /* negative: the commonest come first in rising order */
    }

    free(all);
}

static int by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Levels of the keys by their words; others are the last level. */
static void find_levels(struct work *work, const struct plan_values *values,
                        struct cluster_column *column)
{
    for (size_t k = 0; k < column->keys; k++) {
        const char *word = word_of(work, values, column->key[k]);
        const char **found = column->levels > 2
                                 ? bsearch(&word, column->level + 1, column->levels - 2,
                                           sizeof *column->level, by_word)
                                 : NULL;
        column->level_of[k] = found ? (uint32_t)(found - column->level) : column->levels - 1;
    }
}

static void learn_levels(struct work *work, struct cluster_data *data, int c, size_t most)
{
    struct cluster_column *column = &data->column[c];
    double *counts;

    list_keys(work, data, c, &counts);
    uint32_t *order = ARENA_ARRAY(work->arena, uint32_t, column->keys + 1);
    stats_order(counts, column->keys, order);
    size_t kept = column->keys < most ? column->keys : most;

    /* The commonest, in the order of their words, so that a population with other codes finds them
     * by the same search; "unknown" before and "anything else" behind them. */
    column->level = ARENA_ARRAY(work->arena, const char *, kept + 2);
    for (size_t i = 0; i < kept; i++)
        column->level[1 + i] = word_of(work, &data->values[c], column->key[order[i]]);
    qsort(column->level + 1, kept, sizeof *column->level, by_word);
    column->level[0] = "unknown";
    column->level[kept + 1] = "anything else";
    column->levels = (uint32_t)kept + 2;
    find_levels(work, &data->values[c], column);

    column->constant = column->keys + (column->unknown > 0) < 2;
    if (column->used && column->keys > most)
        work_note(work, "%s has %zu different values; the %zu commonest count, all others as one.",
                  column->text, column->keys, most);
    if (!column->used &&
        column->keys > DESCRIBED_LEVELS) /* names people rather than kinds of them */
        column->constant = true;
}

void cluster_match_levels(struct work *work, struct cluster_data *data)
{
    for (int c = 0; c < data->columns; c++)
        if (data->column[c].category && !data->column[c].constant) {
            double *counts;
            list_keys(work, data, c, &counts);
            find_levels(work, &data->values[c], &data->column[c]);
        }
}

static void learn_scaling(struct work *work, struct cluster_data *data, int c)
{
    struct cluster_column *column = &data->column[c];
    double *known = base_malloc(sizeof *known * (data->rows + 1));
    size_t count = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double value = plan_values_number(&data->values[c], data->position[i]);
        if (!isnan(value))
            known[count++] = value;
    }

    column->unknown = data->rows - count;
    struct model_scaling_options options = data->scaling;
    options.scaled |= !column->used; /* effects are told in standard deviations */
    model_scaling_choose(&options, known, count, &column->scaling);
    column->constant = column->scaling.constant;
    free(known);
    (void)work;
}

static enum status check_type(const struct cluster_column *column, const struct plan_values *values,
                              enum model_cluster_method method, struct error *error)
{
    if (values->type == VALUE_SET || values->type == VALUE_POINT)
        return error_set(error, STATUS_USAGE, "%s is %s, which cannot be grouped by", column->text,
                         value_type_name(values->type));
    bool mixed = method == MODEL_CLUSTER_KPROTOTYPES || method == MODEL_CLUSTER_KMODES;
    if (values->type != VALUE_TEXT || mixed)
        return STATUS_OK;
    enum status status = error_set(error, STATUS_USAGE, "%s is text; %s groups by numbers",
                                   column->text, model_cluster_method_title(method));
    error_hint(error,
               "--method kprototypes takes numbers and categories together, kmodes categories");
    return status;
}

enum status cluster_learn(struct work *work, enum model_cluster_method method,
                          struct cluster_data *data, struct error *error)
{
    int categories = 0;

    /* What is a category depends on the method; what only describes is one whenever it is no
     * number. */
    for (int c = 0; c < data->columns; c++) {
        enum value_type type = data->values[c].type;
        struct cluster_column *column = &data->column[c];
        if (column->used)
            TRY(check_type(column, &data->values[c], method, error));
        bool mixed = method == MODEL_CLUSTER_KPROTOTYPES || !column->used;
        column->category = type == VALUE_TEXT || (type == VALUE_BOOL && mixed) ||
                           (column->used && method == MODEL_CLUSTER_KMODES);
        categories += column->used && column->category;
    }

    for (int c = 0; c < data->columns; c++) {
        struct cluster_column *column = &data->column[c];
        size_t most = column->used && categories ? (size_t)LEVELS_OF_ALL / (unsigned)categories
                                                 : CLUSTER_LEVELS;
        if (data->values[c].type == VALUE_SET || data->values[c].type == VALUE_POINT)
            column->constant = true;
        else if (column->category)
            learn_levels(work, data, c, most < CLUSTER_LEVELS ? most : CLUSTER_LEVELS);
        else
            learn_scaling(work, data, c);
    }

    return STATUS_OK;
}

void cluster_prepare(struct work *work, struct cluster_data *data)
{
    int numbers = 0, categories = 0, at = 0;
    for (int c = 0; c < data->columns; c++)
        if (data->column[c].used && !data->column[c].constant) {
            if (data->column[c].category)
                data->levels[categories++] = data->column[c].levels;
            else
                numbers++;
        }

    double *number = ARENA_ARRAY(work->arena, double, data->rows *(size_t)numbers + 1);
    uint32_t *code = ARENA_ARRAY(work->arena, uint32_t, data->rows * (size_t)categories + 1);
    for (int c = 0, n = 0, k = 0; c < data->columns; c++) {
        const struct cluster_column *column = &data->column[c];
        if (!column->used || column->constant)
            continue;
        at = column->category ? k++ : n++;
        for (size_t i = 0; i < data->rows; i++)
            if (column->category)
                code[i * (size_t)categories + (size_t)at] = cluster_level(data, c, i);
            else
                number[i * (size_t)numbers + (size_t)at] = model_scaled(
                    &column->scaling, plan_values_number(&data->values[c], data->position[i]));
    }

    data->prepared =
        (struct model_prototypes_data){data->rows, numbers, categories, number, code, data->levels};
}
