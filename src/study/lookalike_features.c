/*
 * Features for look-alikes: which values of the language customers are compared by, less those that
 * read a field of the seed, and how their columns (columns.h) are kept.
 */
#include "base/bits.h"
#include "study/lookalike.h"

#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The texts most frequent in the sample; those that would name people tell of no likeness. */
static const struct column_rules rules = {.skewed = 1, .levels = 6, .for_people = true};
static const char *const forms[COLUMN_FORMS] = {"number", "logarithm", "level", "unknown"};

/* ---- which values ---- */

static bool is_told(const struct lookalike_models *models, const struct insight_feature *feature)
{
    return strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0 && feature->column &&
           work_is_told(models->items, models->count, feature->column);
}

enum status lookalike_candidates(struct work *work, const struct lookalike_models *models,
                                 const char ***texts, size_t *count, struct error *error)
{
    struct insight_features features;
    *texts = work_option_list(work, "on", count);
    if (*count)
        return STATUS_OK;
    TRY(insight_features_new(session_schema(work->session), work->arena, &features, error));
    for (size_t i = 0; i < features.lost_count; i++)
        work_note(work, "%s is not learnt from: %s.", features.lost[i].text, features.lost[i].why);
    *texts = ARENA_ARRAY(work->arena, const char *, features.count + 1);
    for (size_t i = 0; i < features.count; i++)
        if (!is_told(models, &features.items[i]))
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

        /* Each by itself: what one of them reads is to be known, not what all do. */
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

static struct text word_of(const void *context, double key)
{
    const struct work *work = context;
    return population_text(work->population, (uint32_t)key);
}

void lookalike_columns_learn(struct work *work, const struct lookalike_features *features, size_t f,
                             const struct plan_values *values, const uint32_t *position,
                             size_t rows, struct lookalike_columns *out)
{
    /* The widest value takes a column for each level, and one for not knowing. */
    bool fits = out->count + rules.levels + 1 <= LOOKALIKE_COLUMNS_MAX &&
                values->type != VALUE_SET && values->type != VALUE_POINT;
    double *raw = base_malloc(sizeof *raw * (rows + 1));
    size_t added = 0;

    for (size_t i = 0; i < rows; i++)
        raw[i] = column_raw(values, position[i]);
    struct column_rows learnt = {.raw = raw,
                                 .count = rows,
                                 .feature = f,
                                 .name = features->texts[f],
                                 .is_text = values->type == VALUE_TEXT,
                                 .is_bool = values->type == VALUE_BOOL,
                                 .silent = features->silent[f],
                                 .word = word_of,
                                 .context = work};

    if (fits)
        added = columns_learn(&rules, &learnt, work->arena, out->items + out->count);
    out->count += added;
    out->left_out += added == 0;
    free(raw);
}

/* ---- keeping ---- */

void lookalike_columns_write(const struct lookalike_columns *columns, struct json *json)
{
    json_write_array(json);
    for (size_t c = 0; c < columns->count; c++) {
        const struct column *column = &columns->items[c];
        json_write_object(json);
        json_put_count(json, "feature", column->feature);
        json_put_string(json, "form", forms[column->form]);
        json_put_string(json, "level", column->level);
        json_put_double(json, "fill", column->fill);
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
        struct column column = {.feature =
                                    (size_t)json_integer_value(json_object_get(item, "feature")),
                                .form = COLUMN_FORMS,
                                .level = json_string_value(json_object_get(item, "level")),
                                .fill = json_number_value(json_object_get(item, "fill"))};

        /* Where the saved text and this program disagree, scores would be of other columns. */
        const char *form = json_string_value(json_object_get(item, "form"));
        for (int f = 0; form && f < COLUMN_FORMS; f++)
            if (strcmp(form, forms[f]) == 0)
                column.form = (enum column_form)f;
        if (column.form == COLUMN_FORMS || column.feature >= features ||
            out->count == LOOKALIKE_COLUMNS_MAX || (column.form == COLUMN_LEVEL && !column.level))
            return error_set(error, STATUS_ERROR,
                             "the saved model %s has columns it should not have: fit it again",
                             work->model->name);
        out->items[out->count++] = column;
    }
    return STATUS_OK;
}
