/* Retyping a column of the store, with what it does to those who use it: shown first, then done. */
#include "engine/retype.h"

#include "engine/guard.h"

#include <string.h>

static bool reads(const struct segment_needs *needs, const struct ingest_retype *retype)
{
    size_t length = strlen(retype->table);
    for (size_t n = 0; n < needs->count; n++) {
        const char *table = needs->items[n].table;

        /* Lines of a kind are a table of their own among the needs, but their columns
         * are the kind's. */
        bool lines = schema_lines_of(table) == length && strncmp(table, retype->table, length) == 0;
        bool same = lines || strcmp(table, retype->table) == 0;
        for (const char **column = needs->items[n].columns; same && column && *column; column++)
            if (strcmp(*column, retype->column) == 0)
                return true;
    }
    return false;
}

/* Whom it concerns: definitions that read the column, those that break, those that fit again. */
static enum status find_concerned(struct session *session, struct arena *arena,
                                  struct engine_retype *out, struct error *error)
{
    const struct segment_set *set = session_definitions(session);
    struct guard_broken after;

    TRY(guard_broken_under(session, out->column.future, arena, &after, error));
    out->breaks = after.fresh;
    out->break_count = after.fresh_count;

    /* A definition that is broken today and not among those broken afterwards is mended by it. */
    size_t broken = 0;
    const char *mended, *why;
    while (session_broken(session, broken, &mended, &why))
        broken++;
    out->mends = ARENA_ARRAY(arena, const char *, broken + 1);
    for (size_t i = 0; session_broken(session, i, &mended, &why); i++)
        if (!session_is_trouble(after.all, after.count, mended))
            out->mends[out->mend_count++] = arena_strdup(arena, mended);

    out->readers = ARENA_ARRAY(arena, const char *, (size_t)set->segment_count + 1);
    for (int s = 0; s < set->segment_count; s++) {
        struct segment_needs needs = segment_needs(set, session_schema(session), &s, 1, arena);
        if (reads(&needs, &out->column) &&
            !session_is_trouble(out->breaks, out->break_count, set->segments[s].name))
            out->readers[out->reader_count++] = arena_strdup(arena, set->segments[s].name);
    }

    return STATUS_OK;
}

enum status engine_retype_plan(struct session *session, const char *name, const char *type,
                               struct arena *arena, struct engine_retype *out, struct error *error)
{
    *out = (struct engine_retype){0};
    TRY(ingest_retype_column(session_store(session), name, type, false, arena, &out->column,
                             error));
    return find_concerned(session, arena, out, error);
}

enum status engine_retype_do(struct session *session, const char *name, const char *type,
                             struct arena *arena, struct error *error)
{
    struct ingest_retype done;
    TRY(ingest_retype_column(session_store(session), name, type, true, arena, &done, error));
    session_look_again(session);
    return STATUS_OK;
}
