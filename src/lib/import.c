/* The library's import: the public structure turned into what ingest takes. */
#include "strata.h"

#include "engine/engine.h"
#include "engine/guard.h"
#include "ingest/ingest.h"
#include "lib/internal.h"

#include <string.h>

static struct ingest_names split_names(const char *list, struct arena *arena)
{
    struct ingest_names names = {0};
    size_t most = 1;
    for (const char *at = list; at && *at; at++)
        most += *at == ',';
    names.items = ARENA_ARRAY(arena, const char *, most);
    for (const char *at = list; at && *at;) {
        size_t length = strcspn(at, ",");
        if (length)
            names.items[names.count++] = arena_strndup(arena, at, length);
        at += length + (at[length] == ',');
    }
    return names;
}

static enum status split_pairs(const char *const *texts, const char *what, struct arena *arena,
                               struct ingest_pairs *out, struct error *error)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    out->items = ARENA_ARRAY(arena, struct ingest_pair, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(texts[i], '=');
        if (!equals || equals == texts[i])
            return error_set(error, STATUS_USAGE, "%s '%s' has no name and value with = between",
                             what, texts[i]);
        out->items[out->count++] = (struct ingest_pair){
            arena_strndup(arena, texts[i], (size_t)(equals - texts[i])), equals + 1};
    }
    return STATUS_OK;
}

static enum status read_mapping(const struct strata_import *import, struct arena *arena,
                                struct ingest_mapping *out, struct error *error)
{
    *out = (struct ingest_mapping){
        .kind = import->kind,
        .reference = import->reference,
        .key = import->key,
        .customer = import->customer,
        .time = import->time,
        .id = split_names(import->id, arena),
        .group_by = import->group_by,
        .where = import->where,
        .select = split_names(import->select, arena),
        .currency_column = import->currency_column,
        .file_time_zone = import->file_time_zone,
        .valid_from = import->valid_from,
        .undated = import->undated != 0,
        .on_conflict = import->replace_on_conflict ? "replace" : NULL,
    };
    TRY(split_pairs(import->set, "set", arena, &out->set, error));
    TRY(split_pairs(import->trait, "trait", arena, &out->trait, error));
    TRY(split_pairs(import->map, "map", arena, &out->map, error));
    return split_pairs(import->refers, "refers", arena, &out->refers, error);
}

static enum status run(struct session *session, const struct strata_import *import,
                       struct arena *arena, struct ingest_summary *summary, struct error *error)
{
    struct ingest_options options = {.sources = import->files,
                                     .max_rejects = import->max_rejects,
                                     .dry_run = import->dry_run != 0,
                                     .now = session_now(session)};
    while (import->files && import->files[options.source_count])
        options.source_count++;
    struct ingest_guard guard;
    TRY(read_mapping(import, arena, &options.mapping, error));
    TRY(engine_guard(session, arena, &guard, error));
    options.guard = &guard;
    TRY(ingest_run(session_store(session), &options, NULL, arena, summary, error));
    /* the import is made, whether or not its parts can be merged now; the next one tries again */
    struct error ignored;
    if (!options.dry_run && session_tidy(session, &ignored) != STATUS_OK)
        error_clear(&ignored);
    return session_reload(session, error);
}

enum strata_status strata_import(struct strata_store *store, const struct strata_import *import,
                                 struct strata_import_summary *out, struct strata_error *error)
{
    struct error why = {0};
    struct arena arena;
    struct ingest_summary summary = {0};
    arena_init(&arena, 0);
    enum status status = run(lib_session(store), import, &arena, &summary, &why);
    if (out)
        *out = (struct strata_import_summary){
            .number = (int)summary.import,
            .known = summary.already != 0,
            .read = summary.read,
            .stored = summary.stored,
            .rejected = summary.set_aside,
            .filtered = summary.filtered,
            .duplicates = summary.repeated_ids,
            .customers = summary.customers,
        };
    arena_release(&arena);
    return lib_give_error(status, &why, error);
}
