/*
 * Telling scores: one import with one part of tellings, whose moment is the scoring's. Texts get
 * codes of the store's dictionary like those of files.
 */
#include "study/told.h"

#include "store/numbering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing them ---- */

enum { COLUMNS_MAX = 2 * WORK_SCORES_MAX + 2 };

struct telling {
    const struct told *told;
    uint32_t *row; /* the rows by number of customer, which is how parts are ordered */
    const char *names[COLUMNS_MAX], *types[COLUMNS_MAX];
    size_t column_count;
};

static void add_column(struct telling *telling, const char *name, const char *type)
{
    telling->names[telling->column_count] = name;
    telling->types[telling->column_count++] = type;
}

static void list_columns(struct telling *telling, struct arena *arena)
{
    add_column(telling, "customer", "UINTEGER");
    add_column(telling, "arrival", "UBIGINT");
    for (size_t c = 0; c < telling->told->column_count; c++) {
        const struct told_column *column = &telling->told->columns[c];
        char *type = ARENA_ARRAY(arena, char, 64);
        add_column(telling, column->name, store_sql_type(column->type, column->scale, type));
        if (column->type == VALUE_TEXT)
            add_column(telling, store_codes_name(arena, column->name), "UINTEGER");
    }
}

static void order_rows(struct telling *telling, struct arena *arena)
{
    const struct told *told = telling->told;
    uint64_t most = 0;

    /* Numbers run without large gaps, so that a place for each is cheaper than sorting. */
    for (size_t i = 0; i < told->count; i++)
        most = told->number[told->position[i]] > most ? told->number[told->position[i]] : most;
    uint32_t *row_of = base_calloc(most + 1, sizeof *row_of);
    for (size_t i = 0; i < told->count; i++)
        row_of[told->number[told->position[i]]] = (uint32_t)i + 1;

    telling->row = ARENA_ARRAY(arena, uint32_t, told->count + 1);
    size_t rows = 0;
    for (uint64_t number = 0; number <= most; number++)
        if (row_of[number])
            telling->row[rows++] = row_of[number] - 1;
    free(row_of);
}

static void put_numbers(const struct told_column *column, const uint32_t *row, size_t count,
                        struct lake_output *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!bit_at(column->known, row[i]))
            lake_output_null(out, i);
        else if (column->integers)
            ((int64_t *)out->data)[i] = column->integers[row[i]];
        else
            ((double *)out->data)[i] = column->doubles[row[i]];
    }
}

/* Text and code, side by side. */
static void put_labels(const struct told_column *column, const uint32_t *row, size_t count,
                       struct lake_output *out)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t label = column->label[row[i]];
        if (!bit_at(column->known, row[i])) {
            lake_output_null(&out[0], i);
            lake_output_null(&out[1], i);
            continue;
        }
        lake_output_text(&out[0], i, text_from(column->labels[label]));
        ((uint32_t *)out[1].data)[i] = column->codes[label];
    }
}

static enum status fill(void *context, uint64_t first, size_t max, struct lake_output *columns,
                        size_t *filled, struct error *error)
{
    const struct telling *telling = context;
    const struct told *told = telling->told;
    const uint32_t *row = telling->row + first;
    size_t left = first < told->count ? told->count - first : 0;

    (void)error;
    *filled = left < max ? left : max;
    for (size_t i = 0; i < *filled; i++) {
        ((uint32_t *)columns[0].data)[i] = (uint32_t)told->number[told->position[row[i]]];
        ((uint64_t *)columns[1].data)[i] = first + i + 1;
    }

    /* Behind customer and arrival, in the order of list_columns: a text takes two. */
    size_t at = 2;
    for (size_t c = 0; c < told->column_count; c++) {
        const struct told_column *column = &told->columns[c];
        bool text = column->type == VALUE_TEXT;
        if (text)
            put_labels(column, row, *filled, &columns[at]);
        else
            put_numbers(column, row, *filled, &columns[at]);
        at += text ? 2 : 1;
    }

    return STATUS_OK;
}

/* Gives every label its code. */
static enum status code_labels(struct session *session, struct told *told,
                               struct store_change *change, struct lake *lake, struct error *error)
{
    struct numbering *dictionary = NULL;
    if (told->coded)
        return STATUS_OK;
    TRY(store_load_dictionary(session_store(session), lake, &dictionary, error));
    for (size_t c = 0; c < told->column_count; c++) {
        const struct told_column *column = &told->columns[c];
        for (uint32_t i = 0; i < column->label_count; i++)
            column->codes[i] = store_numbering_number(dictionary, text_from(column->labels[i]), i);
    }

    /* What is new gets its code when all of them have been met. */
    store_numbering_settle_as_met(dictionary);
    for (size_t c = 0; c < told->column_count; c++)
        for (uint32_t i = 0; i < told->columns[c].label_count; i++)
            told->columns[c].codes[i] =
                store_numbering_final(dictionary, told->columns[c].codes[i]);
    told->coded = true;
    enum status status = store_write_dictionary(change, lake, dictionary, error);
    store_numbering_free(dictionary);
    return status;
}

enum status told_write_rows(struct session *session, struct told *told, uint32_t import,
                            struct store_change *change, struct arena *arena, struct error *error)
{
    struct lake *lake;
    struct buffer select;
    struct telling *telling = ARENA_NEW(arena, struct telling); /* the lake keeps its address */

    telling->told = told;
    TRY(session_lake(session, &lake, error));
    TRY(code_labels(session, told, change, lake, error));
    list_columns(telling, arena);
    order_rows(telling, arena);
    struct lake_source source = {
        .name = arena_printf(arena, "scores_%llu", (unsigned long long)lake_unique(lake)),
        .column_names = telling->names,
        .column_types = telling->types,
        .column_count = telling->column_count,
        .rows = told->count,
        .fill = fill,
        .context = telling};
    TRY(lake_register_source(lake, &source, error));

    /* Time and import are the same for all rows and need not be handed over. */
    buffer_init(&select, 0);
    buffer_printf(&select,
                  "SELECT customer, %lld::UINTEGER AS time, %u::UINTEGER AS import, arrival",
                  (long long)told->moment, import);
    for (size_t i = 2; i < telling->column_count; i++) {
        buffer_string(&select, ", ");
        buffer_sql_name(&select, text_from(telling->names[i]));
    }

    buffer_printf(&select, " FROM %s()", source.name);
    struct store_new_part part = {.table = SCHEMA_TRAIT_TABLE,
                                  .role = PART_TRAITS,
                                  .select = select.data,
                                  .ordered = true,
                                  .one_each = true};
    enum status status = store_write_part(change, lake, &part, NULL, error);
    buffer_release(&select);
    return status;
}

/* ---- the import ---- */

static enum status state_schema(struct session *session, const struct told *told, uint32_t import,
                                struct error *error)
{
    struct catalog_column columns[WORK_SCORES_MAX];
    for (size_t c = 0; c < told->column_count; c++) {
        const struct told_column *column = &told->columns[c];
        columns[c] = (struct catalog_column){
            .column = {.name = column->name, .type = column->type, .scale = column->scale},
            .whole_digits = column->whole_digits};
    }
    struct catalog_table table = {.name = SCHEMA_TRAIT_TABLE,
                                  .role = SCHEMA_TRAITS,
                                  .columns = columns,
                                  .column_count = told->column_count};
    return catalog_add_schema(store_catalog(session_store(session)), import, &table, error);
}

static enum status add_import(struct session *session, const struct told *told, struct arena *arena,
                              uint32_t *number, struct error *error)
{
    const char *source = arena_printf(arena, "model:%s", told->model->name);
    const char *what = arena_printf(arena, "%s at %lld", source, (long long)told->moment);
    const char *unchanged = "";

    /* With a scoring that tells changes only, who keeps their score is counted, not stored. */
    if (told->same)
        unchanged = arena_printf(arena, "\"unchanged\":%zu,", told->scored - told->count);
    struct catalog_import import = {
        .received = session_now(session),
        .kind = CATALOG_SCORES,
        .scoring = {told->model->name, told->moment, told->same != NULL},
        .table = SCHEMA_TRAIT_TABLE,
        .sources = arena_printf(arena, "[\"%s\"]", source),
        .content_hash =
            arena_printf(arena, "%016llx", (unsigned long long)text_hash(text_from(what))),
        .mapping_hash = "0000000000000000",
        .counts = arena_printf(arena, "{\"read\":%zu,\"stored\":%zu,%s\"set_aside\":0}",
                               told->scored, told->count, unchanged),
    };
    return catalog_add_import(store_catalog(session_store(session)), &import, number, error);
}

bool study_is_score(const struct catalog_import *import, const char *name)
{
    return import->kind == CATALOG_SCORES && (!name || strcmp(import->scoring.model, name) == 0);
}

enum status told_write(struct session *session, struct told *told, struct store_change *change,
                       struct arena *arena, struct error *error)
{
    uint32_t import;
    if (!told->scored || !told->column_count)
        return STATUS_OK;

    /* One of no rows, too: it says that there was a scoring, and at what moment. */
    TRY(add_import(session, told, arena, &import, error));
    if (told->count)
        TRY(told_write_rows(session, told, import, change, arena, error));
    TRY(told_keep_silent(session, told, import, error));
    return state_schema(session, told, import, error);
}

/* ---- the name it tells them under ---- */

/* Traits NAME.x that no model of that name told came with an import: its scores would be mixed into
 * them. */
static enum status check_traits(struct session *session, const char *name, struct error *error)
{
    const struct schema_table *traits = schema_table(session_schema(session), SCHEMA_TRAIT_TABLE);
    size_t length = strlen(name);
    struct arena arena;
    const char *before;
    arena_init(&arena, 0);
    enum status found = study_kept_text(session, name, &arena, &before, error);
    bool refit = found == STATUS_OK && before;
    arena_release(&arena);
    TRY(found);

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
enum { NAME_MOST = 60 };
enum status study_check_name(struct session *session, const char *name, struct error *error)
{
    bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
    for (const char *at = name; *at; at++)
        plain &= (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                 (*at >= '0' && *at <= '9') || *at == '_';
    if (!plain || strlen(name) > NAME_MOST)
        return error_set(
            error, STATUS_USAGE,
            "'%s' cannot name a model: a letter, then letters, digits and _, at most %d", name,
            NAME_MOST);

    if (schema_table(session_schema(session), name))
        return error_set(error, STATUS_USAGE,
                         "%s is a kind of facts or a reference table; give the model another name",
                         name);
    if (segment_set_find(session_definitions(session), name) >= 0)
        return error_set(error, STATUS_USAGE, "%s is a segment; give the model another name", name);
    return check_traits(session, name, error);
}
