/*
 * The use-case: one import from its options to its summary, phase by phase. This file
 * alone has all their results in hand; each phase is given what it needs of those before,
 * to look at.
 */
#include "ingest/report.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct import {
    struct ingest_run run;
    struct ingest_notes notes;
    struct ingest_temporaries temporaries;
    struct ingest_aside aside;

    struct ingest_understood understood;
    struct ingest_shape shape;
    struct ingest_staged staged;
    struct ingest_settled settled;
    struct ingest_published published;
    struct ingest_summary *summary;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    static const double A_NANOSECOND = 1e-9;
    return (double)now.tv_sec + A_NANOSECOND * (double)now.tv_nsec;
}

/* ---- in the catalog ---- */

/* already: the import that did the same, or 0. The same content with another mapping is
 * an error, unless that was asked for. */
static enum status known_already(const struct ingest_run *run,
                                 const struct ingest_understood *understood, uint32_t *already,
                                 struct error *error)
{
    struct catalog_import before;
    char hash[INGEST_HASH_TEXT];

    *already = 0;
    ingest_mapping_hash(&understood->mapping, hash);
    TRY(catalog_import_of_content(store_catalog(run->store), understood->content_hash,
                                  understood->table, hash, run->arena, &before, error));
    if (!before.number || run->options->again || run->options->replace == before.number)
        return STATUS_OK;

    if (strcmp(before.mapping_hash, hash) == 0) {
        *already = before.number;
        return STATUS_OK;
    }

    if (run->options->dry_run) {
        ingest_notice(run, "import %u brought this content with another mapping", before.number);
        return STATUS_OK;
    }

    enum status status =
        error_set(error, STATUS_ERROR, "import %u brought the same content, with another mapping",
                  before.number);
    error_hint(
        error,
        "--replace %u takes it back and imports this instead; --again imports it a second time",
        before.number);
    return status;
}

static const char *sources_json(const struct ingest_run *run, const struct ingest_shape *shape)
{
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    json_write_array(&json);
    for (size_t i = 0; i < shape->source_count; i++)
        json_write_string(&json, shape->sources[i].name);
    json_write_end_array(&json);
    const char *copy = buffer_copy(&text, run->arena);
    buffer_release(&text);
    return copy;
}

static enum status add_import(const struct ingest_run *run,
                              const struct ingest_understood *understood,
                              const struct ingest_shape *shape, uint32_t *number,
                              struct error *error)
{
    static const enum catalog_import_kind kinds[] = {[SCHEMA_FACTS] = CATALOG_FACTS,
                                                     [SCHEMA_TRAITS] = CATALOG_TRAITS,
                                                     [SCHEMA_REFERENCE] = CATALOG_REFERENCE};
    char hash[INGEST_HASH_TEXT];
    struct buffer mapping;

    buffer_init(&mapping, 0);
    ingest_mapping_hash(&understood->mapping, hash);
    ingest_mapping_write(&understood->mapping, false, &mapping);

    /* counts are written at the end: the number is needed in every part before that */
    struct catalog_import import = {
        .received = run->options->now,
        .kind = kinds[understood->role],
        .table = understood->table,
        .sources = sources_json(run, shape),
        .content_hash = understood->content_hash,
        .mapping = mapping.data,
        .mapping_hash = hash,
        .counts = "{}",
        .replaces = ingest_replaces(&understood->mapping),
    };

    enum status status = catalog_add_import(store_catalog(run->store), &import, number, error);
    buffer_release(&mapping);
    return status;
}

/* What was said and under which mapping is known at any moment; the summary has it when
 * it is shown. */
static void finish_summary(struct import *import)
{
    import->summary->mapping = import->understood.mapping;
    ingest_report_notes(&import->run, import->summary);
}

static enum status save_counts(struct import *import, struct error *error)
{
    const struct ingest_run *run = &import->run;
    struct buffer text;
    buffer_init(&text, 0);
    import->summary->import = run->import;
    finish_summary(import);
    ingest_summary_json(import->summary, false, &text);
    enum status status =
        catalog_set_import_counts(store_catalog(run->store), run->import, text.data, error);
    buffer_release(&text);
    return status;
}

/* ---- the phases ---- */

static void report_rows(struct import *import)
{
    ingest_report_rows(&import->run, &import->understood, &import->shape, &import->staged,
                       &import->settled, &import->published, import->summary);
}

/* Whether the rows, now that all are read, may be stored as they are. */
static enum status judge_rows(struct import *import, struct error *error)
{
    const struct ingest_run *run = &import->run;
    const struct ingest_understood *understood = &import->understood;
    const struct ingest_shape *shape = &import->shape;
    const struct ingest_staged *staged = &import->staged;
    TRY(ingest_check_types(run, understood, shape, staged, error));
    TRY(ingest_check_times(run, understood, shape, staged, &import->summary->plausible_until,
                           error));
    return run->options->dry_run
               ? ingest_preview(run, understood, shape, staged, import->summary, error)
               : STATUS_OK;
}

static enum status tidy(struct import *import, struct error *error)
{
    const struct ingest_run *run = &import->run;
    struct ingest_summary *summary = import->summary;
    TRY(ingest_check_limit(run, summary, &summary->refused, error));
    TRY(ingest_keep_rejects(run, &import->understood, &import->shape, summary->set_aside,
                            &summary->rejects_path, error));
    return ingest_save_mapping(run, &import->understood.mapping, error);
}

/* From what is understood to what is stored. */
static enum status import_rows(struct import *import, struct error *error)
{
    struct ingest_run *run = &import->run;
    const struct ingest_understood *understood = &import->understood;
    const struct ingest_shape *shape = &import->shape; /* what is read settles it */
    const struct ingest_staged *staged = &import->staged;

    TRY(ingest_stage(run, understood, &import->shape, &import->staged, error));
    report_rows(import); /* to be shown also when it fails further on */
    ingest_note_rows(run, understood, shape, staged, import->summary);
    TRY(judge_rows(import, error));

    run->notes->phase = "writing";
    TRY(ingest_settle_ids(run, understood, shape, staged, &import->settled, error));
    TRY(ingest_publish(run, understood, shape, staged, &import->published, error));
    report_rows(import);

    TRY(tidy(import, error));
    return run->change ? save_counts(import, error) : STATUS_OK;
}

static enum status run_phases(struct import *import, struct error *error)
{
    struct ingest_run *run = &import->run;
    const struct ingest_understood *understood = &import->understood;
    TRY(ingest_understand(run, &import->understood, &import->shape, import->summary, error));
    TRY(known_already(run, understood, &import->summary->already, error));
    if (import->summary->already)
        return STATUS_OK;

    if (run->change)
        TRY(add_import(run, understood, &import->shape, &run->import, error));
    if (run->change || run->options->rejects)
        TRY(ingest_temporary(run, &import->aside.path, error));
    return import_rows(import, error);
}

/* ---- the change ---- */

/* A dry run changes nothing, and so has no change. */
static enum status begin(struct import *import, struct error *error)
{
    struct ingest_run *run = &import->run;
    const struct ingest_options *options = run->options;
    if (options->dry_run)
        return STATUS_OK;
    TRY(store_begin(run->store, &run->change, error));
    if (!options->replace)
        return STATUS_OK;

    /* what was saved of the import to be replaced gives way before the import does */
    const struct ingest_guard *guard = options->guard;
    if (guard && guard->yield)
        TRY(guard->yield(guard->context, run->change, options->replace, error));
    struct lake *lake;
    TRY(store_lake(run->store, options->threads, &lake, error));

    enum status status =
        store_undo_within(run->change, lake, &options->replace, 1, options->now, error);
    lake_close(lake);
    import->summary->replaced = options->replace;
    return status;
}

/* Commits, or leaves the store as it was. */
static enum status end(struct import *import, enum status status, struct error *error)
{
    struct ingest_run *run = &import->run;
    /* taking an import back counts, too, when its replacement is there already */
    bool changes = !import->summary->already || import->summary->replaced;
    if (status == STATUS_OK && run->change && changes)
        status = store_commit(run->change, error);
    else
        store_abort(run->change);
    run->change = NULL;
    return status;
}

static void release(struct import *import)
{
    struct error ignored;
    ingest_staged_release(&import->staged);
    if (import->aside.file.file &&
        ingest_ordered_file_close(&import->aside.file, &ignored) != STATUS_OK)
        error_clear(&ignored);
    ingest_published_release(&import->published);
    free(import->settled.set_aside.items);
    ingest_understood_release(&import->understood, import->shape.source_count);
    ingest_shape_release(&import->shape);
    ingest_remove_temporaries(&import->run);
    VECTOR_RELEASE(&import->notes.notices);
    VECTOR_RELEASE(&import->notes.warnings);
    free(import);
}

enum status ingest_run(struct store *store, const struct ingest_options *options,
                       const struct ingest_progress *progress, struct arena *arena,
                       struct ingest_summary *summary, struct error *error)
{
    double start = seconds_now();
    *summary = (struct ingest_summary){.dry_run = options->dry_run, .first_time = 1};
    struct import *import = base_calloc(1, sizeof *import);
    import->summary = summary;
    import->notes.phase = "looking";
    import->run = (struct ingest_run){.store = store,
                                      .options = options,
                                      .progress = progress,
                                      .arena = arena,
                                      .notes = &import->notes,
                                      .temporaries = &import->temporaries,
                                      .aside = &import->aside};

    enum status status = begin(import, error);
    if (status == STATUS_OK)
        status = run_phases(import, error);

    /* also of an import that failed: what was said by then tells why */
    finish_summary(import);
    status = end(import, status, error);
    release(import);
    summary->seconds = seconds_now() - start;
    return status;
}
