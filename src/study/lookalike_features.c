/*
 * Features for look-alikes: values of the language become columns of numbers. Numbers stay numbers,
 * in logarithms where they are skewed; a text becomes one column for each of its frequent values;
 * where some know a value and others do not, not knowing it is a column of its own. What was learnt
 * when the model was fitted is kept, so that a customer who arrives later is described in the same
 * columns.
 */
#include "base/bits.h"
#include "study/lookalike.h"

#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 6 };
static const double rare = .01, skewed = 1;
static const char *const forms[LOOKALIKE_FORMS] = {"number", "logarithm", "level", "unknown"};

/* ---- which values ---- */

static bool is_score(const struct insight_feature *feature)
{
    return strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0 && feature->column &&
           strchr(feature->column, '.');
}

enum status lookalike_candidates(struct work *work, const char ***texts, size_t *count,
                                 struct error *error)
{
    struct insight_features features;
    *texts = work_option_list(work, "on", count);
    if (*count)
        return STATUS_OK;
    TRY(insight_features_new(session_schema(work->session), work->arena, &features, error));
    *texts = ARENA_ARRAY(work->arena, const char *, features.count + 1);
    for (size_t i = 0; i < features.count; i++)
        if (!is_score(&features.items[i]))
            (*texts)[(*count)++] = features.items[i].text;
    segment_set_free(features.set);
    return STATUS_OK;
}

static bool is_silent(const struct work *work, const struct lookalike_fields *seed,
                      const struct lookalike_fields *feature)
{
    const struct schema *schema = session_schema(work->session);
    for (size_t t = 0; t < schema->table_count; t++)
        for (size_t c = 0; seed->times[t] && c < schema->tables[t].column_count; c++)
            if (feature->columns[t][c])
                return true;
    return false;
}

enum status lookalike_hide(struct work *work, const struct lookalike_models *models,
                           const struct lookalike_fields *seed, const char *const *texts,
                           size_t count, struct lookalike_features *out, struct error *error)
{
    out->texts = ARENA_ARRAY(work->arena, const char *, count + 1);
    out->hidden = ARENA_ARRAY(work->arena, const char *, count + 1);
    out->silent = ARENA_ARRAY(work->arena, bool, count + 1);
    out->count = out->hidden_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct work_inputs inputs;
        struct lookalike_fields fields;
        TRY(work_inputs_new(work, &texts[i], 1, NULL, &inputs, error));
        lookalike_fields_read(work, models, inputs.set, &fields);
        work_inputs_release(&inputs);
        if (lookalike_fields_meet(work, seed, &fields)) {
            out->hidden[out->hidden_count++] = texts[i];
            continue;
        }
        out->silent[out->count] = is_silent(work, seed, &fields);
        out->texts[out->count++] = texts[i];
    }
    return STATUS_OK;
}

/* ---- learning ---- */

struct learner {
    struct work *work;
    const struct plan_values *values;
    const uint32_t *position;
    size_t rows, feature;
    bool silent;
    double *known; /* scratch: known numbers, rising */
    struct lookalike_columns *out;
};

static struct lookalike_column *add_column(struct learner *learner, enum lookalike_form form)
{
    struct lookalike_columns *out = learner->out;
    if (out->count == LOOKALIKE_COLUMNS_MAX)
        return NULL;
    struct lookalike_column *column = &out->items[out->count++];
    *column = (struct lookalike_column){.feature = learner->feature, .form = form};
    return column;
}

static double skewness(const double *values, size_t count)
{
    double mean = stats_mean(values, count), square = 0, cube = 0;
    for (size_t i = 0; i < count; i++) {
        double off = values[i] - mean;
        square += off * off;
        cube += off * off * off;
    }
    return square > 0 ? cube / (double)count / pow(square / (double)count, 1.5) : 0;
}

static void learn_number(struct learner *learner)
{
    size_t known = 0;
    for (size_t i = 0; i < learner->rows; i++) {
        double value = plan_values_number(learner->values, learner->position[i]);
        if (isfinite(value))
            learner->known[known++] = value;
    }
    if (!known)
        return;
    stats_sort(learner->known, known);
    bool log = learner->values->type != VALUE_BOOL && learner->known[0] >= 0 &&
               skewness(learner->known, known) > skewed;
    struct lookalike_column *column = add_column(learner, log ? LOOKALIKE_LOG : LOOKALIKE_NUMBER);
    if (column)
        column->fill = stats_quantile_sorted(learner->known, known, .5);
}

static bool text_code(const struct learner *learner, size_t row, uint32_t *code)
{
    uint32_t p = learner->position[row];
    *code = (uint32_t)learner->values->integers[p];
    return bit_at(learner->values->known, p) &&
           (uint64_t)learner->values->integers[p] < learner->work->population->code_count;
}

/* The most frequent texts; ties by code. Those that would name people tell of no likeness. */
static void learn_text(struct learner *learner)
{
    uint32_t *times = base_calloc(learner->work->population->code_count + 1u, sizeof *times), code,
             known = 0, texts = 0;
    for (size_t i = 0; i < learner->rows; i++)
        if (text_code(learner, i, &code)) {
            texts += !times[code]++;
            known++;
        }

    int most = insight_nearly_unique(texts, known) ? 0 : LEVELS;
    for (int l = 0; l < most; l++) {
        uint32_t best = UINT32_MAX;
        for (size_t i = 0; i < learner->rows; i++)
            if (text_code(learner, i, &code) && times[code] &&
                (best == UINT32_MAX || times[code] > times[best] ||
                 (times[code] == times[best] && code < best)))
                best = code;
        if (best == UINT32_MAX || times[best] < rare * (double)learner->rows)
            break;
        struct text text = population_text(learner->work->population, best);
        bool named = insight_may_name(text, times[best]);
        struct lookalike_column *column = named ? add_column(learner, LOOKALIKE_LEVEL) : NULL;
        if (column) {
            column->level = arena_strndup(learner->work->arena, text.data, text.length);
            column->code = best;
            column->fill = learner->silent ? (double)times[best] / known : 0;
        }

        times[best] = 0;
    }

    free(times);
}

static void learn_unknown(struct learner *learner)
{
    size_t unknown = 0;
    for (size_t i = 0; i < learner->rows; i++) {
        uint32_t p = learner->position[i];
        unknown += !bit_at(learner->values->known, p);
    }
    double share = (double)unknown / (double)learner->rows;
    if (share >= rare && share <= 1 - rare)
        add_column(learner, LOOKALIKE_UNKNOWN);
}

void lookalike_columns_learn(struct work *work, const struct lookalike_features *features, size_t f,
                             const struct plan_values *values, const uint32_t *position,
                             size_t rows, struct lookalike_columns *out)
{
    struct learner learner = {.work = work,
                              .values = values,
                              .position = position,
                              .rows = rows,
                              .feature = f,
                              .silent = features->silent[f],
                              .out = out};
    size_t before = out->count;
    bool fits = out->count + LEVELS + 1 <= LOOKALIKE_COLUMNS_MAX && values->type != VALUE_SET &&
                values->type != VALUE_POINT;
    learner.known = base_malloc(sizeof *learner.known * (rows + 1));
    if (fits && values->type == VALUE_TEXT)
        learn_text(&learner);
    else if (fits)
        learn_number(&learner);
    if (fits && !learner.silent)
        learn_unknown(&learner);
    out->left_out += out->count == before;
    free(learner.known);
}

void lookalike_columns_bind(const struct work *work, struct lookalike_columns *columns)
{
    for (size_t c = 0; c < columns->count; c++)
        if (columns->items[c].form == LOOKALIKE_LEVEL)
            columns->items[c].code =
                population_code(work->population, text_from(columns->items[c].level));
}

double lookalike_column_value(const struct lookalike_column *column,
                              const struct plan_values *values, uint32_t position)
{
    bool known = bit_at(values->known, position);
    if (column->form == LOOKALIKE_UNKNOWN)
        return !known;
    if (column->form == LOOKALIKE_LEVEL)
        return known ? (uint64_t)values->integers[position] == column->code : column->fill;
    double value = plan_values_number(values, position);
    value = isfinite(value) ? value : column->fill;
    return column->form == LOOKALIKE_LOG ? log1p(fmax(0, value)) : value;
}

/* ---- words ---- */

const char *lookalike_column_label(const struct work *work, const struct lookalike_column *column,
                                   const char *const *texts)
{
    const char *text = texts[column->feature];
    if (column->form == LOOKALIKE_LEVEL)
        return arena_printf(work->arena, "%s = '%s'", text, column->level);
    return column->form == LOOKALIKE_UNKNOWN ? arena_printf(work->arena, "%s is unknown", text)
                                             : text;
}

void lookalike_columns_write(const struct lookalike_columns *columns, struct json *json)
{
    json_write_array(json);
    for (size_t c = 0; c < columns->count; c++) {
        const struct lookalike_column *column = &columns->items[c];
        json_write_object(json);
        work_put_count(json, "feature", column->feature);
        work_put_text(json, "form", forms[column->form]);
        work_put_text(json, "level", column->level);
        work_put(json, "fill", column->fill);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

enum status lookalike_columns_read(const struct work *work, const json_t *saved, size_t features,
                                   struct lookalike_columns *out, struct error *error)
{
    size_t i;
    json_t *item;

    out->count = 0;
    json_array_foreach(saved, i, item)
    {
        struct lookalike_column column = {
            .feature = (size_t)json_integer_value(json_object_get(item, "feature")),
            .form = LOOKALIKE_FORMS,
            .level = json_string_value(json_object_get(item, "level")),
            .fill = json_number_value(json_object_get(item, "fill"))};
        const char *form = json_string_value(json_object_get(item, "form"));
        for (int f = 0; form && f < LOOKALIKE_FORMS; f++)
            if (strcmp(form, forms[f]) == 0)
                column.form = (enum lookalike_form)f;
        if (column.form == LOOKALIKE_FORMS || column.feature >= features ||
            out->count == LOOKALIKE_COLUMNS_MAX ||
            (column.form == LOOKALIKE_LEVEL && !column.level))
            return error_set(error, STATUS_ERROR,
                             "the saved model %s has columns it should not have: fit it again",
                             work->model->name);
        out->items[out->count++] = column;
    }
    return STATUS_OK;
}
