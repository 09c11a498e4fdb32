/*
 * Telling scores: one import with one part of tellings, whose moment is the scoring's. Texts get codes of the store's
 * dictionary like those of files.
 */
#include "engine/model_work.h"

#include "store/numbering.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 2 * MODEL_SCORES_MAX + 1 };

struct telling {
    struct model_work *work;
    uint32_t *codes[MODEL_SCORES_MAX]; /* TEXT: the dictionary code of each label */
    const char *names[COLUMNS_MAX], *types[COLUMNS_MAX];
    size_t column_count;
};

static void add_column(struct telling *telling, const char *name, const char *type)
{
    telling->names[telling->column_count] = name;
    telling->types[telling->column_count++] = type;
}

static void list_columns(struct telling *telling)
{
    struct arena *arena = telling->work->arena;
    add_column(telling, "customer", "UINTEGER");
    for (size_t i = 0; i < telling->work->score_count; i++) {
        const struct model_score *score = &telling->work->scores[i];
        const char *name = arena_printf(arena, "%s.%s", telling->work->model->name, score->trait);
        char *type = ARENA_ARRAY(arena, char, 64);
        add_column(telling, name, store_sql_type(score->type, score->scale, type));
        if (score->type == VALUE_TEXT)
            add_column(telling, store_codes_name(arena, name), "UINTEGER");
    }
}

static void put_number(struct lake_output *column, size_t row, const struct model_score *score, double value)
{
    if (isnan(value)) {
        lake_output_null(column, row);
        return;
    }
    if (score->type == VALUE_DOUBLE)
        ((double *)column->data)[row] = value;
    else
        ((int64_t *)column->data)[row] =
            (int64_t)llround(value * pow(10, score->type == VALUE_DECIMAL ? score->scale : 0));
}

static enum status fill(void *context, uint64_t first, size_t max, struct lake_output *columns, size_t *filled,
                        struct error *error)
{
    const struct telling *telling = context;
    const struct model_work *work = telling->work;
    size_t left = first < work->count ? work->count - first : 0;
    *filled = left < max ? left : max;
    for (size_t i = 0; i < *filled; i++)
        ((uint32_t *)columns[0].data)[i] = (uint32_t)work->population->number[work->position[first + i]];
    size_t column = 1;
    for (size_t s = 0; s < work->score_count; s++) {
        const struct model_score *score = &work->scores[s];
        for (size_t i = 0; i < *filled && score->type != VALUE_TEXT; i++)
            put_number(&columns[column], i, score, score->number[first + i]);
        for (size_t i = 0; i < *filled && score->type == VALUE_TEXT; i++) {
            uint32_t label = score->label[first + i];
            if (label == UINT32_MAX) {
                lake_output_null(&columns[column], i);
                lake_output_null(&columns[column + 1], i);
                continue;
            }
            lake_output_text(&columns[column], i, text_from(score->labels[label]));
            ((uint32_t *)columns[column + 1].data)[i] = telling->codes[s][label];
        }
        column += score->type == VALUE_TEXT ? 2 : 1;
    }
    (void)error;
    return STATUS_OK;
}

/* Gives every label its code. */
static enum status code_labels(struct telling *telling, struct store_change *change, struct lake *lake,
                               struct error *error)
{
    struct model_work *work = telling->work;
    bool texts = false;
    for (size_t s = 0; s < work->score_count; s++)
        texts |= work->scores[s].type == VALUE_TEXT;
    if (!texts)
        return STATUS_OK;
    struct numbering *dictionary = NULL;
    TRY(store_load_dictionary(work->engine->store, lake, &dictionary, error));
    for (size_t s = 0; s < work->score_count; s++) {
        const struct model_score *score = &work->scores[s];
        telling->codes[s] = ARENA_ARRAY(work->arena, uint32_t, score->label_count + 1);
        for (uint32_t i = 0; score->type == VALUE_TEXT && i < score->label_count; i++)
            telling->codes[s][i] = store_numbering_number(dictionary, text_from(score->labels[i]), i);
    }
    store_numbering_settle_as_met(dictionary);
    for (size_t s = 0; s < work->score_count; s++)
        for (uint32_t i = 0; work->scores[s].type == VALUE_TEXT && i < work->scores[s].label_count; i++)
            telling->codes[s][i] = store_numbering_final(dictionary, telling->codes[s][i]);
    enum status status = store_write_dictionary(change, lake, dictionary, error);
    store_numbering_free(dictionary);
    return status;
}

static int whole_digits(const struct model_work *work, const struct model_score *score)
{
    double largest = 0;
    for (size_t i = 0; i < work->count; i++)
        if (!isnan(score->number[i]) && fabs(score->number[i]) > largest)
            largest = fabs(score->number[i]);
    return largest < 1 ? 0 : (int)floor(log10(largest)) + 1;
}

static enum status state_schema(const struct telling *telling, uint32_t import, struct error *error)
{
    const struct model_work *work = telling->work;
    struct catalog_column columns[MODEL_SCORES_MAX];
    for (size_t i = 0; i < work->score_count; i++) {
        const struct model_score *score = &work->scores[i];
        columns[i] = (struct catalog_column){
            .column = {.name = work->model->traits[i], .type = score->type, .scale = score->scale}};
        if (score->type == VALUE_INT || score->type == VALUE_DECIMAL)
            columns[i].whole_digits = whole_digits(work, score);
    }
    struct catalog_table table = {
        .name = SCHEMA_TRAIT_TABLE, .role = SCHEMA_TRAITS, .columns = columns, .column_count = work->score_count};
    return catalog_add_schema(store_catalog(work->engine->store), import, &table, error);
}

static enum status add_import(const struct model_work *work, uint32_t *number, struct error *error)
{
    struct arena *arena = work->arena;
    const char *source = arena_printf(arena, "model:%s", work->model->name);
    const char *what = arena_printf(arena, "%s at %lld", source, (long long)work->moment->now);
    struct catalog_import import = {
        .received = engine_now(work->engine),
        .what = "traits",
        .table = SCHEMA_TRAIT_TABLE,
        .sources = arena_printf(arena, "[\"%s\"]", source),
        .content_hash = arena_printf(arena, "%016llx", (unsigned long long)text_hash(text_from(what))),
        .mapping = "{}",
        .mapping_hash = "0000000000000000",
        .counts = arena_printf(arena, "{\"read\":%zu,\"stored\":%zu,\"set_aside\":0}", work->count, work->count),
    };
    return catalog_add_import(store_catalog(work->engine->store), &import, number, error);
}

bool engine_is_score(const struct catalog_import *import, const char *name)
{
    char source[512];
    snprintf(source, sizeof source, "[\"model:%s%s", name ? name : "", name ? "\"]" : "");
    return name ? strcmp(import->sources, source) == 0 : strncmp(import->sources, source, strlen(source)) == 0;
}

static void name_traits(struct model_work *work)
{
    struct engine_model *model = work->model;
    model->traits = ARENA_ARRAY(work->arena, const char *, work->score_count + 1);
    model->trait_count = work->score_count;
    for (size_t i = 0; i < work->score_count; i++)
        model->traits[i] = arena_printf(work->arena, "%s.%s", model->name, work->scores[i].trait);
}

static enum status write_part(struct telling *telling, struct store_change *change, struct lake *lake, uint32_t import,
                              struct error *error)
{
    struct model_work *work = telling->work;
    struct buffer select;
    TRY(code_labels(telling, change, lake, error));
    list_columns(telling);
    struct lake_source source = {.name =
                                     arena_printf(work->arena, "scores_%llu", (unsigned long long)lake_unique(lake)),
                                 .column_names = telling->names,
                                 .column_types = telling->types,
                                 .column_count = telling->column_count,
                                 .rows = work->count,
                                 .fill = fill,
                                 .context = telling};
    TRY(lake_register_source(lake, &source, error));
    buffer_init(&select, 0);
    buffer_printf(&select,
                  "SELECT customer, %lld::UINTEGER AS time, %u::UINTEGER AS import, "
                  "(row_number() OVER (ORDER BY customer))::UBIGINT AS arrival",
                  (long long)work->moment->now, import);
    for (size_t i = 1; i < telling->column_count; i++) {
        buffer_string(&select, ", ");
        buffer_sql_name(&select, text_from(telling->names[i]));
    }
    buffer_printf(&select, " FROM %s()", source.name);
    struct store_new_part part = {.table = SCHEMA_TRAIT_TABLE, .role = PART_TRAITS, .select = select.data};
    enum status status = store_write_part(change, lake, &part, NULL, error);
    buffer_release(&select);
    return status;
}

enum status work_tell(struct model_work *work, struct store_change *change, struct error *error)
{
    uint32_t import;
    struct lake *lake = NULL;
    struct telling *telling = ARENA_NEW(work->arena, struct telling);
    telling->work = work;
    name_traits(work);
    if (!work->count || !work->score_count)
        return STATUS_OK;
    TRY(add_import(work, &import, error));
    /* A lake of its own: what it borrows goes with this work. */
    TRY(store_lake(work->engine->store, work->engine->threads, &lake, error));
    enum status status = write_part(telling, change, lake, import, error);
    lake_close(lake);
    if (status == STATUS_OK)
        status = state_schema(telling, import, error);
    return status;
}

/* ---- the name it tells them under ---- */

/* Traits NAME.x that no model of that name told came with an import: its scores would be mixed into them. */
static enum status check_traits(struct engine *engine, const char *name, struct error *error)
{
    const struct schema_table *traits = schema_table(engine_schema(engine), SCHEMA_TRAIT_TABLE);
    size_t length = strlen(name);
    struct arena arena;
    struct engine_model before;
    arena_init(&arena, 0);
    bool refit = engine_model_find(engine, name, &arena, &before, NULL) == STATUS_OK;
    arena_release(&arena);
    for (size_t c = 0; traits && !refit && c < traits->column_count; c++) {
        const char *column = traits->columns[c].name;
        if (strncmp(column, name, length) != 0 || column[length] != '.')
            continue;
        enum status status = error_set(error, STATUS_USAGE,
                                       "the trait %s was imported, and scores of a model %s would "
                                       "be traits of that form, too",
                                       column, name);
        error_hint(error, "give the model another name");
        return status;
    }
    return STATUS_OK;
}

/* Names of models become names of traits and schemes, so they follow the same rule. */
enum status model_check_name(struct engine *engine, const char *name, struct error *error)
{
    bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
    for (const char *at = name; *at; at++)
        plain &= (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || *at == '_';
    if (!plain || strlen(name) > 60)
        return error_set(error, STATUS_USAGE,
                         "'%s' cannot name a model: a letter, then letters, digits and _, at most 60", name);
    if (schema_table(engine_schema(engine), name))
        return error_set(error, STATUS_USAGE, "%s is a kind of facts or a reference table; give the model another name",
                         name);
    if (segment_set_find(engine_definitions(engine), name) >= 0)
        return error_set(error, STATUS_USAGE, "%s is a segment; give the model another name", name);
    return check_traits(engine, name, error);
}
