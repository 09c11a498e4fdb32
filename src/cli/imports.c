/* import, imports: files and databases in, and back out again. */
#include "cli/commands.h"

#include "base/number.h"
#include "catalog/catalog.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "ingest/ingest.h"
#include "store/store.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The options of the mapping and of the import are the same by name here and in the library. */
static enum status read_options(struct cli *cli, struct ingest_options *options,
                                struct error *error)
{
    *options = (struct ingest_options){.sources = cli->arguments,
                                       .source_count = (size_t)cli->argument_count};
    for (size_t i = 0; i < cli->given_count; i++) {
        const char *name = cli->given[i].option->name;
        if (ingest_option_known(name))
            TRY(ingest_option_set(options, name, cli->given[i].value, &cli->arena, error));
    }
    if (!options->source_count && !options->retry) {
        enum status status = error_set(error, STATUS_USAGE, "strata import needs a file");
        error_hint(error,
                   "strata import STORE FILE --kind KIND; --dry-run shows what would come in");
        return status;
    }

    return STATUS_OK;
}

struct stepping {
    struct cli_progress progress;
    const char *phase;
};

static bool step(void *context, const char *phase, double fraction)
{
    static const char waiting[] = "waiting"; /* for another import: worth a line that stays */
    struct stepping *stepping = context;
    if (stepping->phase != phase) {
        double started = stepping->progress.started;
        cli_progress_start(&stepping->progress, stepping->progress.cli, phase);
        stepping->progress.started = stepping->phase ? stepping->progress.started : started;
        stepping->phase = phase;
        if (strncmp(phase, waiting, strlen(waiting)) == 0)
            cli_note(stepping->progress.cli, "%s", phase);
    }
    if (fraction >= 0)
        cli_progress_update(&stepping->progress, fraction * 100, 100, "%");
    return true;
}

static enum status tell(struct cli *cli, const struct ingest_summary *summary, enum status status,
                        struct error *error)
{
    struct buffer text;
    buffer_init(&text, 0);
    if (cli->json) {
        ingest_summary_json(summary, true, &text);
        struct error *ours = status == STATUS_OK
                                 ? error
                                 : NULL; /* a refusal is the error to tell, not a failed write */
        enum status written =
            cli_write(cli, (struct text){text.data ? text.data : "", text.length}, ours);
        status = status == STATUS_OK ? written : status;
    } else if (!cli->quiet) {
        ingest_summary_print(summary, &text);
        fwrite(text.data ? text.data : "", 1, text.length, cli->out);
    }
    buffer_release(&text);
    return status;
}

/* Before anybody reads why the import failed: what was understood of the file. A dry run answers on
 * standard output. */
static void tell_look(struct cli *cli, const struct ingest_summary *summary)
{
    struct buffer text;
    buffer_init(&text, 0);
    ingest_summary_print_look(summary, &text);
    fwrite(text.data ? text.data : "", 1, text.length,
           summary->dry_run && !cli->json ? cli->out : cli->err);
    buffer_release(&text);
}

/* The import is made, whatever became of this. */
static void tell_untidy(struct cli *cli, const struct error *why)
{
    fflush(cli->out);
    fprintf(cli->err,
            "strata: the import is made, but its small parts could not be merged with others: %s\n",
            why->message);
    if (why->hint[0])
        fprintf(cli->err, "        %s\n", why->hint);
}

static enum status import_sources(struct cli *cli, struct session *session, struct error *error)
{
    struct ingest_options options;
    struct engine_import made;
    struct stepping stepping = {0};
    struct ingest_progress progress = {step, &stepping};
    TRY(read_options(cli, &options, error));
    cli_progress_start(&stepping.progress, cli, "reading");
    enum status status = engine_import(session, &options, &progress, &cli->arena, &made, error);
    cli_progress_end(&stepping.progress);
    const struct ingest_summary *summary = &made.summary;

    /* Too many rows set aside is a failure of which everything is known: it is told like a
     * success. */
    if (status == STATUS_OK || (status == STATUS_REJECTS && summary->read))
        status = tell(cli, summary, status, error);
    else if (summary->looked && !cli->quiet)
        tell_look(cli, summary);
    if (made.untidy.code != STATUS_OK)
        tell_untidy(cli, &made.untidy);
    return status;
}

enum status cli_import(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, !cli_switch(cli, "dry-run"), &session, error));
    enum status status = import_sources(cli, session, error);
    session_close(session);
    return status;
}

/* ---- imports ---- */

/* What was found with the facts that are gone, and what to do about it. */
static void tell_hanging(struct cli *cli, const struct engine_undone *undone)
{
    size_t count = undone->refresh_count;
    if (count == 1)
        cli_note(cli,
                 "refresh %d saw its facts and stays as it was recorded; the next refresh says "
                 "what changes",
                 undone->refreshes[0]);
    else if (count)
        cli_note(cli,
                 "%zu refreshes, %d to %d, saw its facts and stay as they were recorded; the next "
                 "refresh says what "
                 "changes",
                 count, undone->refreshes[0], undone->refreshes[count - 1]);
    if (count)
        cli_note(cli, "strata refresh %s --undo takes the last refresh back", cli->store);

    for (size_t i = 0; i < undone->model_count; i++)
        cli_note(
            cli,
            "the model %s was fitted with its facts%s: fit it again, or strata model delete %s %s",
            undone->models[i], undone->model_scores[i] ? ", and its scores stay" : "", cli->store,
            undone->models[i]);
    for (size_t i = 0; i < undone->list_count; i++)
        cli_note(cli, "%zu %s of the list %s came with it and %s no customers any more",
                 undone->lists[i].gone, undone->lists[i].gone == 1 ? "identifier" : "identifiers",
                 undone->lists[i].name, undone->lists[i].gone == 1 ? "is" : "are");
}

static enum status plan_undo(struct cli *cli, struct session *session, uint32_t number,
                             struct error *error)
{
    struct engine_undone undone;
    TRY(engine_undo_plan(session, number, &cli->arena, &undone, error));
    for (size_t i = 0; i < undone.break_count; i++)
        fprintf(cli->out, "breaks: %s: %s\n", undone.breaks[i].name, undone.breaks[i].why);
    fflush(cli->out);
    tell_hanging(cli, &undone);
    cli_note(cli, "a dry run: nothing was taken back");
    return STATUS_OK;
}

static enum status do_undo(struct cli *cli, struct session *session, uint32_t number,
                           struct error *error)
{
    struct engine_undone undone;
    TRY(engine_undo(session, number, &cli->arena, &undone, error));
    cli_note(cli, "import %u is taken back; the facts are as if it had never been", number);
    for (size_t i = 0; i < undone.break_count; i++)
        cli_note(cli, "the definition of %s is broken now and is left out: %s",
                 undone.breaks[i].name, undone.breaks[i].why);
    tell_hanging(cli, &undone);
    return STATUS_OK;
}

static enum status undo_import(struct cli *cli, struct error *error)
{
    char *end;
    long number = cli->argument_count == 2 ? strtol(cli->arguments[1], &end, 10) : 0;
    if (strcmp(cli->arguments[0], "undo") != 0 &&
        access(cli->arguments[0], F_OK) == 0) /* meant as the store */
        return error_set(error, STATUS_NOT_FOUND, "there is no store at %s: it has no catalog.db",
                         cli->arguments[0]);
    if (strcmp(cli->arguments[0], "undo") != 0 || cli->argument_count != 2 || *end || number < 1 ||
        number > UINT32_MAX) {
        enum status status =
            error_set(error, STATUS_USAGE, "strata imports lists imports, or takes one back");
        error_hint(error, "strata imports STORE, or strata imports STORE undo N");
        return status;
    }

    struct session *session;
    TRY(cli_open(cli, true, &session, error));
    enum status status = cli_switch(cli, "dry-run")
                             ? plan_undo(cli, session, (uint32_t)number, error)
                             : do_undo(cli, session, (uint32_t)number, error);
    session_close(session);
    return status;
}

/* "stored":123 out of the counts, which the import itself wrote. */
static long long counted(const char *counts, const char *key)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *at = counts ? strstr(counts, pattern) : NULL;
    return at ? strtoll(at + strlen(pattern), NULL, 10) : 0;
}

/* What became of an import after it ran. */
static const char *remark(struct cli *cli, const struct catalog_import *import)
{
    char number[NUMBER_TEXT_MAX];
    long long revived = counted(import->counts, "revived");
    if (import->undone)
        return "undone";
    return revived ? arena_printf(&cli->arena, "%s more since an undo",
                                  number_format_thousands(revived, number))
                   : NULL;
}

/* Names one after the other; the model's for scores. The catalog keeps them as a JSON array. */
static const char *sources(struct cli *cli, const struct catalog_import *import)
{
    if (import->kind == CATALOG_SCORES)
        return arena_printf(&cli->arena, "the model %s", import->scoring.model);
    struct buffer names;
    buffer_init(&names, 0);
    json_t *array = json_loads(import->sources, 0, NULL);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *name = json_string_value(json_array_get(array, i));
        buffer_string(&names, i ? ", " : "");
        buffer_string(&names, name ? name : "");
    }
    const char *text =
        json_array_size(array) ? arena_strdup(&cli->arena, names.data) : import->sources;
    json_decref(array);
    buffer_release(&names);
    return text;
}

/* A store that is refreshed daily has many of them, and files are what people look for. */
static void note_scores(struct cli *cli, const struct catalog_import *imports, size_t count)
{
    size_t tellings = 0;
    for (size_t i = 0; i < count; i++)
        tellings += imports[i].kind == CATALOG_SCORES;
    if (tellings)
        cli_note(cli, "and %zu %s of scores by models: --scores lists %s", tellings,
                 tellings == 1 ? "telling" : "tellings", tellings == 1 ? "it" : "them");
}

static void imports_table(struct cli *cli, const struct session *session,
                          const struct catalog_import *imports, size_t count)
{
    static const struct cli_column columns[] = {
        {"import", CLI_RIGHT}, {"received", CLI_LEFT},   {"into", CLI_LEFT}, {"read", CLI_RIGHT},
        {"stored", CLI_RIGHT}, {"set aside", CLI_RIGHT}, {"", CLI_LEFT},     {"sources", CLI_LEFT}};
    struct cli_table table;
    char moment[MOMENT_TEXT_MAX];
    /* Of scores there are as many as models times refreshes. */
    bool scores = cli_switch(cli, "scores");

    cli_table_init(&table, columns, 8, &cli->arena);
    for (size_t i = 0; i < count; i++) {
        if (imports[i].kind == CATALOG_SCORES && !scores)
            continue;
        cli_cellf(&table, "%u", imports[i].number);
        cli_cell(&table, moment_format(session_zone(session), imports[i].received, moment));
        cli_cell(&table, imports[i].table);
        cli_cell_count(&table, counted(imports[i].counts, "read"));
        cli_cell_count(&table, counted(imports[i].counts, "stored"));
        cli_cell_count(&table, counted(imports[i].counts, "set_aside"));
        cli_cell(&table, remark(cli, &imports[i]));
        cli_cell(&table, sources(cli, &imports[i]));
    }
    if (count)
        cli_table_print(&table, cli);
    else
        cli_note(cli, "nothing was imported yet");
    if (!scores)
        note_scores(cli, imports, count);
}

enum status cli_imports(struct cli *cli, struct error *error)
{
    if (cli->argument_count)
        return undo_import(cli, error);
    struct session *session;
    struct catalog_import *imports;
    size_t count;
    TRY(cli_open(cli, false, &session, error));
    enum status status = catalog_imports(store_catalog(session_store(session)), &cli->arena,
                                         &imports, &count, error);
    if (status == STATUS_OK && cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        engine_write_imports(session, imports, count, &json);
        status = cli_write(cli, (struct text){text.data, text.length}, error);
        buffer_release(&text);
    } else if (status == STATUS_OK) {
        imports_table(cli, session, imports, count);
    }

    session_close(session);
    return status;
}
