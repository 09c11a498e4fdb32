/*
 * Scorings that say nothing of customers of whom the store says the same already. What such an
 * import means hangs on what was told before it; whose scores it leaves out is kept in the
 * catalog's settings, under "scores.same.N", so that it can be made whole when that is about to
 * change: when an earlier scoring of the model is taken back, when the model is scored at an
 * earlier moment, or when a file tells traits of its name. Then the rows that were left out are
 * written as the import's own, with what they say as long as nothing is changed yet. A whole import
 * means itself.
 */
#include "base/bits.h"
#include "study/told.h"

#include "population/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 64 };

static const char *same_key(uint32_t import, char out[KEY_MAX])
{
    snprintf(out, KEY_MAX, "scores.same.%" PRIu32, import);
    return out;
}

enum status study_strangers(struct session *session, struct arena *arena,
                            struct catalog_stated **out, size_t *count, struct error *error)
{
    return catalog_stated_besides_scores(store_catalog(session_store(session)), SCHEMA_TRAIT_TABLE,
                                         arena, out, count, error);
}

/* ---- who was left out ---- */

/* A bitmap's bytes, two digits each. */
enum status told_keep_silent(struct session *session, const struct told *told, uint32_t import,
                             struct error *error)
{
    struct buffer bytes, text;
    char key[KEY_MAX];
    if (!told->same)
        return STATUS_OK;
    buffer_init(&bytes, 0);
    buffer_init(&text, 0);
    bitmap_write(told->same, &bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        static const char digits[] = "0123456789abcdef";
        buffer_char(&text, digits[(unsigned char)bytes.data[i] >> 4]);
        buffer_char(&text, digits[(unsigned char)bytes.data[i] & 0xf]);
    }
    enum status status = catalog_set_setting(store_catalog(session_store(session)),
                                             same_key(import, key), text.data, error);
    buffer_release(&bytes);
    buffer_release(&text);
    return status;
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* *same NULL: the import is whole. */
static enum status load_same(struct session *session, uint32_t import, struct arena *arena,
                             struct bitmap **same, struct error *error)
{
    const char *text;
    char key[KEY_MAX];
    *same = NULL;
    TRY(catalog_setting(store_catalog(session_store(session)), same_key(import, key), arena, &text,
                        error));
    if (!text)
        return STATUS_OK;

    /* As it was kept: two digits a byte. */
    size_t length = strlen(text) / 2;
    char *bytes = arena_alloc(arena, length + 1);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return bitmap_read((struct text){bytes, length}, same, error);
}

enum status study_forget_silence(struct session *session, const uint32_t *imports, size_t count,
                                 struct error *error)
{
    char key[KEY_MAX];
    for (size_t i = 0; i < count; i++)
        TRY(catalog_set_setting(store_catalog(session_store(session)), same_key(imports[i], key),
                                NULL, error));
    return STATUS_OK;
}

/* ---- making whole ---- */

/* What the import would have told, of a column of its own. */
struct unfolding {
    const struct population_table *table;
    const struct population_column *column;
    const struct population *population;
    int64_t moment;
};

static bool last_telling(const struct unfolding *unfolding, uint32_t position,
                         struct population_value *out)
{
    const struct population_table *table = unfolding->table;

    /* Rows lie in the order of time, and not every one tells every trait. */
    for (uint32_t row = table->offset[position + 1]; row-- > table->offset[position];) {
        if (table->time[row] > unfolding->moment)
            continue;
        *out = population_get(unfolding->column, row);
        if (out->known)
            return true;
    }
    return false;
}

static uint32_t label_of(struct told_column *column, const char **labels,
                         const struct population *population, uint32_t code, struct arena *arena)
{
    uint32_t label = 0;

    while (label < column->label_count && column->codes[label] != code)
        label++;
    if (label < column->label_count)
        return label;
    struct text text = population_text(population, code);
    labels[label] = arena_strndup(arena, text.data, text.length);
    column->codes[label] = code;
    return column->label_count++;
}

static void fill_column(const struct unfolding *unfolding, const uint32_t *position, size_t count,
                        struct arena *arena, struct told_column *out)
{
    const struct population_column *column = unfolding->column;
    const char **labels = NULL;

    *out = (struct told_column){.name = column->name, .type = column->type, .scale = column->scale};
    out->known = ARENA_ARRAY(arena, uint64_t, count / 64 + 1);
    if (column->type == VALUE_DOUBLE)
        out->doubles = ARENA_ARRAY(arena, double, count + 1);
    else if (column->type != VALUE_TEXT)
        out->integers = ARENA_ARRAY(arena, int64_t, count + 1);
    if (column->type == VALUE_TEXT) {
        out->label = ARENA_ARRAY(arena, uint32_t, count + 1);
        out->codes = ARENA_ARRAY(arena, uint32_t, count + 1);
        out->labels = labels = ARENA_ARRAY(arena, const char *, count + 1);
    }

    /* Texts by their code in the population, and each word once among the labels. */
    for (size_t i = 0; i < count; i++) {
        struct population_value value;
        if (!last_telling(unfolding, position[i], &value))
            continue;
        bit_set(out->known, i);
        if (out->doubles)
            out->doubles[i] = value.number;
        if (out->integers)
            out->integers[i] = value.integer;
        if (out->label)
            out->label[i] =
                label_of(out, labels, unfolding->population, (uint32_t)value.integer, arena);
    }
}

static enum status unfold(struct session *session, struct store_change *change,
                          const struct population *population, uint32_t import, int64_t moment,
                          const struct bitmap *same, struct arena *arena, struct error *error)
{
    const struct population_table *table =
        &population->tables[population_table_index(population, SCHEMA_TRAIT_TABLE)];
    const char **names;
    size_t columns;

    TRY(catalog_stated_columns(store_catalog(session_store(session)), import, SCHEMA_TRAIT_TABLE,
                               arena, &names, &columns, error));

    /* coded: all texts have codes that the store knows already, so that none has to be given. */
    uint64_t limit;
    struct told told = {.moment = moment, .number = population->number, .coded = true};
    TRY(catalog_counter(store_catalog(session_store(session)), CATALOG_NEXT_CODE, &limit, error));
    told.position = ARENA_ARRAY(arena, uint32_t, bitmap_count(same) + 1);
    told.columns = ARENA_ARRAY(arena, struct told_column, columns + 1);
    for (uint32_t p = 0; p < population->customers; p++)
        if (bitmap_contains(same, (uint32_t)population->number[p]))
            told.position[told.count++] = p;
    for (size_t c = 0; c < columns && c < WORK_SCORES_MAX; c++) {
        int index = population_column_index(table, names[c]);
        if (index < 0)
            continue;
        struct unfolding unfolding = {table, &table->columns[index], population, moment};
        struct told_column *column = &told.columns[told.column_count++];
        fill_column(&unfolding, told.position, told.count, arena, column);
        for (uint32_t i = 0; i < column->label_count; i++)
            told.coded &= column->codes[i] < limit;
    }

    if (!told.count)
        return STATUS_OK;
    return told_write_rows(session, &told, import, change, arena, error);
}

/* The traits of a model, of which the store has columns. */
static enum status load_traits(struct session *session, const char *name, uint32_t before,
                               struct arena *arena, struct population **out, struct error *error)
{
    const struct schema_table *traits = schema_table(session_schema(session), SCHEMA_TRAIT_TABLE);
    size_t length = strlen(name), count = 0;
    const char **columns =
        ARENA_ARRAY(arena, const char *, (traits ? traits->column_count : 0) + 1);
    struct lake *lake;
    for (size_t c = 0; traits && c < traits->column_count; c++)
        if (strncmp(traits->columns[c].name, name, length) == 0 &&
            traits->columns[c].name[length] == '.')
            columns[count++] = traits->columns[c].name;
    struct population_need need = {SCHEMA_TRAIT_TABLE, columns};
    struct population_load load = {
        .needs = &need, .need_count = 1, .known_at = INT64_MAX, .before_import = before};
    TRY(session_lake(session, &lake, error));
    return population_load(session_store(session), lake, &load, session_zone(session),
                           session_pool(session), out, error);
}

enum status study_unfold(struct session *session, struct store_change *change, const char *name,
                         uint32_t after, int64_t moment, uint32_t before, struct arena *arena,
                         struct error *error)
{
    struct catalog_import *imports;
    struct population *population = NULL;
    size_t count;
    enum status status = STATUS_OK;

    TRY(catalog_imports(store_catalog(session_store(session)), arena, &imports, &count, error));
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct bitmap *same = NULL;
        int64_t at = imports[i].scoring.moment;
        if (imports[i].undone || imports[i].number <= after || !imports[i].scoring.silent ||
            at <= moment || !study_is_score(&imports[i], name))
            continue;

        /* The population is loaded once, and only when there is something to make whole. */
        status = load_same(session, imports[i].number, arena, &same, error);
        if (same && !population)
            status = load_traits(session, name, before, arena, &population, error);
        if (same && status == STATUS_OK)
            status = unfold(session, change, population, imports[i].number, at, same, arena, error);
        if (same && status == STATUS_OK)
            status = study_forget_silence(session, &imports[i].number, 1, error);
        bitmap_free(same);
    }

    population_free(population);
    return status;
}

enum status study_unfold_before_undo(struct session *session, struct store_change *change,
                                     uint32_t number, struct arena *arena, struct error *error)
{
    struct catalog_import import;
    TRY(catalog_find_import(store_catalog(session_store(session)), number, arena, &import, error));
    const char *name = import.undone ? NULL : import.scoring.model;
    if (!name)
        return STATUS_OK;
    TRY(study_unfold(session, change, name, number, INT64_MIN, 0, arena, error));
    return study_forget_silence(session, &number, 1, error);
}

static bool is_of_model(const char *column, const char *model)
{
    size_t length = strlen(model);
    return strncmp(column, model, length) == 0 && column[length] == '.';
}

enum status study_unfold_strangers(struct session *session, struct store_change *change,
                                   struct arena *arena, struct error *error)
{
    struct study_model *models;
    struct catalog_stated *strangers;
    size_t count, stranger_count;
    TRY(study_models(session, arena, &models, &count, error));
    TRY(study_strangers(session, arena, &strangers, &stranger_count, error));
    for (size_t m = 0; m < count; m++)
        for (size_t s = 0; s < stranger_count; s++)
            if (is_of_model(strangers[s].column, models[m].name))
                TRY(study_unfold(session, change, models[m].name, 0, INT64_MIN, strangers[s].import,
                                 arena, error));
    return STATUS_OK;
}
