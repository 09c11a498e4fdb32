/* Retyping a column of the store, with what it does to those who use it: shown first, then done. */
#include "engine/retype.h"

#include "engine/guard.h"

#include <string.h>

static bool reads(const struct segment_needs *needs, const struct ingest_retype *retype)
{
    size_t length = strlen(retype->table);
    for (size_t n = 0; n < needs->count; n++) {
        const char *table = needs->items[n].table;
        bool lines = schema_lines_of(table) == length && strncmp(table, retype->table, length) == 0;
        bool same = lines || strcmp(table, retype->table) == 0;
        for (const char **column = needs->items[n].columns; same && column && *column; column++)
            if (strcmp(*column, retype->column) == 0)
                return true;
    }
    return false;
}

/* Whom it concerns: definitions that read the column, those that break, those that fit again. */
static enum status find_concerned(struct engine *engine, struct arena *arena,
                                  struct engine_retype *out, struct error *error)
{
    const struct segment_set *set = engine->definitions;
    struct engine_trouble *after;
    size_t count;
    TRY(engine_broken_under(engine, out->column.future, arena, &after, &count, error));
    out->breaks = ARENA_ARRAY(arena, struct engine_trouble, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!engine_is_trouble(engine->broken, engine->broken_count, after[i].name))
            out->breaks[out->break_count++] = after[i];
    out->mends = ARENA_ARRAY(arena, const char *, engine->broken_count + 1);
    for (size_t i = 0; i < engine->broken_count; i++)
        if (!engine_is_trouble(after, count, engine->broken[i].name))
            out->mends[out->mend_count++] = arena_strdup(arena, engine->broken[i].name);

    out->readers = ARENA_ARRAY(arena, const char *, (size_t)set->segment_count + 1);
    for (int s = 0; s < set->segment_count; s++) {
        struct segment_needs needs = segment_needs(set, engine_schema(engine), &s, 1, arena);
        if (reads(&needs, &out->column) &&
            !engine_is_trouble(out->breaks, out->break_count, set->segments[s].name))
            out->readers[out->reader_count++] = arena_strdup(arena, set->segments[s].name);
    }
    return STATUS_OK;
}

enum status engine_retype_plan(struct engine *engine, const char *name, const char *type,
                               struct arena *arena, struct engine_retype *out, struct error *error)
{
    *out = (struct engine_retype){0};
    TRY(ingest_retype_column(engine->store, name, type, false, arena, &out->column, error));
    return find_concerned(engine, arena, out, error);
}

enum status engine_retype_do(struct engine *engine, const char *name, const char *type,
                             struct arena *arena, struct error *error)
{
    struct ingest_retype done;
    TRY(ingest_retype_column(engine->store, name, type, true, arena, &done, error));
    return engine_reload(engine, error);
}
