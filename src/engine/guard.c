/*
 * What is saved in a store stands on its columns: segments and schemes, fitted models, and what a
 * person said of a column in the mapping of an import. An import may not take these columns from
 * under them. Before it reads, it is told which columns are used and by whom, so that it reads them
 * as they are; before it publishes, it asks here whether everything that fits the store now would
 * fit it afterwards.
 */
#include "engine/guard.h"

#include "ingest/mapping.h"
#include "study/scores.h"

#include "base/vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guard {
    struct session *session;
    struct arena *arena;
    VECTOR(struct ingest_use) uses;
};

/* ---- what is used ---- */

static void add_use(struct guard *guard, const char *table, const char *column, const char *by)
{
    for (size_t i = 0; i < guard->uses.count; i++) {
        struct ingest_use *use = &guard->uses.items[i];
        if (strcmp(use->table, table) != 0 || strcmp(use->column, column) != 0)
            continue;

        /* One user is named in a refusal; the others are counted. */
        use->others += strcmp(use->by, by) != 0;
        return;
    }
    VECTOR_PUSH(&guard->uses, (struct ingest_use){.table = arena_strdup(guard->arena, table),
                                                  .column = arena_strdup(guard->arena, column),
                                                  .by = by});
}

static void add_segments(struct guard *guard)
{
    const struct segment_set *set = session_definitions(guard->session);
    const struct schema *schema = session_schema(guard->session);
    for (int s = 0; s < set->segment_count; s++) {
        const struct segment_needs needs = segment_needs(set, schema, &s, 1, guard->arena);
        const char *by =
            arena_printf(guard->arena, "the segment %s uses it", set->segments[s].name);
        for (size_t n = 0; n < needs.count; n++)
            for (const char **column = needs.items[n].columns; column && *column; column++)
                add_use(guard, needs.items[n].table, *column, by);
    }
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

bool guard_has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; length && (at = strstr(at, word)) != NULL; at++)
        if ((at == text || !is_word(at[-1])) && !is_word(at[length]))
            return true;
    return false;
}

/* Names in a model's options are values of the language or plain names; a name that occurs is taken
 * as used: to keep a column as it is does no harm. Models of orders use the amount that they were
 * fitted on without being told. */
static bool model_uses(const struct study_model *model, const struct study_orders *fitted,
                       const char *column)
{
    for (size_t i = 0; i < model->option_count; i++)
        if (guard_has_word(model->options[i].value, column))
            return true;
    return fitted->amount && strcmp(column, fitted->amount) == 0;
}

static enum status add_models(struct guard *guard, struct error *error)
{
    const struct schema *schema = session_schema(guard->session);
    struct study_model *models;
    size_t count;
    TRY(study_models(guard->session, guard->arena, &models, &count, error));
    for (size_t m = 0; m < count; m++) {
        const char *by = arena_printf(guard->arena, "the model %s uses it", models[m].name);
        struct study_orders fitted;
        study_orders(&models[m], guard->arena, &fitted);
        for (size_t t = 0; t < schema->table_count; t++)
            for (size_t c = 0; c < schema->tables[t].column_count; c++)
                /* Without knowing which table an option means, a column of that name is
                 * kept in all of them. */
                if (model_uses(&models[m], &fitted, schema->tables[t].columns[c].name))
                    add_use(guard, schema->tables[t].name, schema->tables[t].columns[c].name, by);
    }
    return STATUS_OK;
}

/* A type that was said for a column is meant for the next file, too. */
static enum status add_mappings(struct guard *guard, struct error *error)
{
    struct catalog_import *imports;
    size_t count;

    TRY(catalog_imports(store_catalog(session_store(guard->session)), guard->arena, &imports,
                        &count, error));
    for (size_t i = 0; i < count; i++) {
        struct ingest_mapping mapping;
        struct error ignored;
        if (imports[i].undone || !imports[i].mapping ||
            ingest_mapping_parse(text_from(imports[i].mapping), "mapping", guard->arena, &mapping,
                                 &ignored) != STATUS_OK)
            continue;

        /* Types are said of the file's columns, uses are of the store's: --map leads
         * from one to the other. */
        for (size_t t = 0; t < mapping.types.count; t++) {
            const char *column = mapping.types.items[t].name, *name = column;
            for (size_t m = 0; m < mapping.map.count; m++)
                if (strcmp(mapping.map.items[m].value, column) == 0)
                    name = mapping.map.items[m].name;
            add_use(guard, imports[i].table, name,
                    arena_printf(guard->arena, "import %u said --type %s=%s", imports[i].number,
                                 column, mapping.types.items[t].value));
        }
    }

    return STATUS_OK;
}

/* ---- what would break ---- */

static bool same_family(enum value_type a, enum value_type b)
{
    /* Numbers of any kind compare with each other, and days with moments: definitions
     * go on fitting. */
    bool numbers = (a == VALUE_INT || a == VALUE_DECIMAL || a == VALUE_DOUBLE) &&
                   (b == VALUE_INT || b == VALUE_DECIMAL || b == VALUE_DOUBLE);
    bool days = (a == VALUE_DATE || a == VALUE_TIME) && (b == VALUE_DATE || b == VALUE_TIME);
    return a == b || a == VALUE_NONE || numbers || days;
}

static enum status refuse(const char *what, const char *why, struct error *error)
{
    enum status status = error_set(error, STATUS_ERROR, "the import would break %s: %s", what, why);
    error_hint(error, "nothing was imported; --type COLUMN=TYPE sets rows with other values aside, "
                      "--na VALUE reads a "
                      "value as unknown, --map OTHER=COLUMN keeps the column under another name, "
                      "and strata kinds "
                      "retype changes the store's column");
    return status;
}

/* Columns of which models and mappings know the type. */
static enum status judge_types(const struct guard *guard, const struct schema *future,
                               struct error *error)
{
    const struct schema *schema = session_schema(guard->session);
    for (size_t i = 0; i < guard->uses.count; i++) {
        const struct ingest_use *use = &guard->uses.items[i];
        const struct schema_table *before = schema_table(schema, use->table),
                                  *after = schema_table(future, use->table);
        const struct schema_column *was = before ? schema_column(before, use->column) : NULL;
        const struct schema_column *is = after ? schema_column(after, use->column) : NULL;
        if (!was || (is && same_family(was->type, is->type)))
            continue;

        char change[128]; /* two names of types and some words */
        if (is)
            snprintf(change, sizeof change, "%s would become %s", value_type_name(was->type),
                     value_type_name(is->type));
        else
            snprintf(change, sizeof change, "%s would be gone", value_type_name(was->type));
        return refuse("what is saved",
                      arena_printf(guard->arena, "%s.%s, which is %s, and %s", use->table,
                                   use->column, change, use->by),
                      error);
    }

    return STATUS_OK;
}

static enum status yield(void *context, struct store_change *change, uint32_t number,
                         struct error *error)
{
    const struct guard *guard = context;
    return study_unfold_before_undo(guard->session, change, number, guard->arena, error);
}

enum status guard_broken_under(struct session *session, const struct schema *schema,
                               struct arena *arena, struct guard_broken *out, struct error *error)
{
    *out = (struct guard_broken){0};
    TRY(session_broken_under(session, schema, arena, &out->all, &out->count, error));
    out->fresh = ARENA_ARRAY(arena, struct session_trouble, out->count + 1);
    for (size_t i = 0; i < out->count; i++)
        if (!session_is_broken(session, out->all[i].name))
            out->fresh[out->fresh_count++] = out->all[i];
    return STATUS_OK;
}

static enum status judge(void *context, struct store_change *change, const struct schema *future,
                         struct error *error)
{
    struct guard *guard = context;
    struct guard_broken broken;
    if (change)
        TRY(study_unfold_strangers(guard->session, change, guard->arena, error));

    /* What is broken already is no reason to refuse: only what fits now must go on fitting. */
    TRY(guard_broken_under(guard->session, future, guard->arena, &broken, error));
    if (broken.fresh_count)
        return refuse(arena_printf(guard->arena, "the definition of %s", broken.fresh[0].name),
                      broken.fresh[0].why, error);
    return judge_types(guard, future, error);
}

enum status engine_guard(struct session *session, struct arena *arena, struct ingest_guard *out,
                         struct error *error)
{
    struct guard *guard = ARENA_NEW(arena, struct guard);
    *guard = (struct guard){.session = session, .arena = arena};
    TRY(session_load_definitions(session, error));
    add_segments(guard);
    enum status status = add_models(guard, error);
    if (status == STATUS_OK)
        status = add_mappings(guard, error);

    /* Into the arena: the guard is asked long after this function is gone. */
    struct ingest_use *uses = ARENA_ARRAY(arena, struct ingest_use, guard->uses.count + 1);
    if (guard->uses.count)
        memcpy(uses, guard->uses.items, guard->uses.count * sizeof *uses);
    size_t count = guard->uses.count;
    VECTOR_RELEASE(&guard->uses);
    guard->uses.items = uses; /* from here on in the arena, and not grown any more */
    guard->uses.count = count;
    *out = (struct ingest_guard){
        .uses = uses, .use_count = count, .yield = yield, .judge = judge, .context = guard};
    return status;
}
