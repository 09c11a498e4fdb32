/*
 * The library's imports. Options go by name through the same table as the command line's; rows from
 * memory become a Parquet file that is imported like any other and goes with the handle.
 */
#include "lib/internal.h"

#include "base/temporary.h"
#include "base/vector.h"
#include "lake/arrow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct strata_import {
    struct strata_store *store;
    struct arena arena;
    struct ingest_options options;
    VECTOR(const char *) sources;
    const char *folder; /* of files made from memory, or NULL */
    VECTOR(const char *) files;
    struct engine_import made;
    bool ran;
};

struct strata_import *strata_import_new(struct strata_store *store)
{
    struct strata_import *import = base_calloc(1, sizeof *import);
    import->store = store;
    arena_init(&import->arena, 0);
    return import;
}

void strata_import_free(struct strata_import *import)
{
    if (!import)
        return;
    /* Files made from rows in memory are ours, others are not. */
    for (size_t i = 0; i < import->files.count; i++)
        unlink(import->files.items[i]);
    if (import->folder)
        rmdir(import->folder);
    VECTOR_RELEASE(&import->sources);
    VECTOR_RELEASE(&import->files);
    arena_release(&import->arena);
    free(import);
}

enum strata_status strata_import_set(struct strata_import *import, const char *option,
                                     const char *value, struct strata_error *error)
{
    struct error why = {0};
    return lib_give_error(ingest_option_set(&import->options, option, value, &import->arena, &why),
                          &why, error);
}

enum strata_status strata_import_add_file(struct strata_import *import, const char *path,
                                          struct strata_error *error)
{
    (void)error; /* whether it can be read is seen when it is */
    VECTOR_PUSH(&import->sources, arena_strdup(&import->arena, path));
    return STRATA_OK;
}

/* ---- rows from memory ---- */

static enum status add_arrow(struct strata_import *import, const char *name,
                             struct ArrowArrayStream *stream, struct error *error)
{
    struct lake *lake;
    if (!*name || *name == '.' || strchr(name, '/'))
        return error_set(error, STATUS_USAGE, "'%s' is no name for rows from memory", name);
    /* The name becomes a file's, in a folder of its own that goes with the handle. */
    if (!import->folder)
        TRY(temporary_folder(&import->arena, &import->folder, error));
    const char *path = arena_printf(&import->arena, "%s/%s.parquet", import->folder, name);
    for (size_t i = 0; i < import->files.count; i++)
        if (strcmp(import->files.items[i], path) == 0)
            return error_set(error, STATUS_USAGE, "'%s' names rows from memory already", name);
    /* Noted before it is written, so that what was written in part goes as well. */
    VECTOR_PUSH(&import->files, path);
    TRY(session_lake(import->store->session, &lake, error));
    TRY(lake_write_arrow(lake, stream, path, NULL, error));
    VECTOR_PUSH(&import->sources, path);
    return STATUS_OK;
}

enum strata_status strata_import_add_arrow(struct strata_import *import, const char *name,
                                           struct ArrowArrayStream *stream,
                                           struct strata_error *error)
{
    struct lib_call call;
    lib_begin(&call, import->store);
    enum status status = add_arrow(import, name, stream, &call.why);
    /* The stream is ours from the call on, whatever became of it. */
    if (stream->release)
        stream->release(stream);
    return lib_end(&call, status, error);
}

/* ---- running ---- */

static bool step(void *context, const char *phase, double fraction)
{
    return lib_progress_tell(context, phase, fraction);
}

static void note_summary(const struct strata_import *import)
{
    const struct ingest_summary *summary = &import->made.summary;
    const struct error *untidy = &import->made.untidy;
    for (size_t i = 0; i < summary->notice_count; i++)
        lib_notice(import->store, "%s", summary->notices[i]);
    for (size_t i = 0; i < summary->warning_count; i++)
        lib_notice(import->store, "%s", summary->warnings[i]);
    if (untidy->code != STATUS_OK)
        lib_notice(import->store,
                   "the import is made, but its small parts could not be merged with others: %s",
                   untidy->message);
}

static enum status run(struct strata_import *import, struct error *error)
{
    struct ingest_options *options = &import->options;
    struct ingest_progress progress = {step, &import->store->progress};

    if (import->ran)
        return error_set(error, STATUS_USAGE, "this import ran already; make another");
    if (!import->sources.count && !options->retry)
        return error_set(error, STATUS_USAGE, "the import has nothing to read");
    /* From here on it has run, also if it fails: figures and JSON are of that one run. */
    import->ran = true;
    options->sources = import->sources.items;
    options->source_count = import->sources.count;

    TRY(engine_import(import->store->session, options, &progress, &import->arena, &import->made,
                      error));
    note_summary(import);
    lib_note_broken(import->store);
    return STATUS_OK;
}

enum strata_status strata_import_run(struct strata_import *import, struct strata_error *error)
{
    struct lib_call call;
    enum status status;
    if (import->options.dry_run) {
        lib_begin(&call, import->store);
        status = lib_check_outermost(&call);
    } else {
        status = lib_begin_change(&call, import->store);
    }

    if (status == STATUS_OK)
        status = run(import, &call.why);
    return lib_end(&call, status, error);
}

uint64_t strata_import_figure(const struct strata_import *import, enum strata_import_figure figure)
{
    const struct ingest_summary *summary = &import->made.summary;
    switch (figure) {
    case STRATA_IMPORT_NUMBER: return summary->already ? 0 : summary->import;
    case STRATA_IMPORT_KNOWN: return summary->already;
    case STRATA_ROWS_READ: return summary->read;
    case STRATA_ROWS_STORED: return summary->stored;
    case STRATA_ROWS_SET_ASIDE: return summary->set_aside;
    case STRATA_ROWS_FILTERED: return summary->filtered;
    case STRATA_ROWS_REPEATED: return summary->repeated_ids;
    case STRATA_CUSTOMERS: return summary->customers;
    case STRATA_NEW_CUSTOMERS: return summary->new_customers;
    }
    return 0;
}

enum strata_status strata_import_json(const struct strata_import *import, char **json,
                                      struct strata_error *error)
{
    struct error why = {0};
    struct buffer text;
    if (!import->made.summary.looked && !import->made.summary.already)
        return lib_give_error(error_set(&why, STATUS_USAGE, "the import has not read anything yet"),
                              &why, error);

    buffer_init(&text, 0);
    ingest_summary_json(&import->made.summary, true, &text);
    *json = buffer_take(&text);
    return STRATA_OK;
}

static void note_undone(const struct strata_store *store, const struct engine_undone *undone)
{
    for (size_t i = 0; i < undone->break_count; i++)
        lib_notice(store, "the definition of %s is broken now and is left out: %s",
                   undone->breaks[i].name, undone->breaks[i].why);
    if (undone->refresh_count)
        lib_notice(store, "%zu refreshes saw its facts and stay as they were recorded",
                   undone->refresh_count);
    for (size_t i = 0; i < undone->model_count; i++)
        lib_notice(store, "the model %s was fitted with its facts: fit it again, or delete it",
                   undone->models[i]);
}

enum strata_status strata_undo(struct strata_store *store, uint32_t number,
                               struct strata_error *error)
{
    struct lib_call call;
    struct engine_undone undone;

    enum status status = lib_begin_change(&call, store);
    if (status == STATUS_OK)
        status = number ? engine_undo(call.session, number, &call.arena, &undone, &call.why)
                        : error_set(&call.why, STATUS_NOT_FOUND, "there is no import 0");
    if (status == STATUS_OK)
        note_undone(store, &undone);
    return lib_end(&call, status, error);
}
