/* check, fmt, apply, export, delete, show: definitions in and out. */
#include "cli/commands.h"

#include "cli/table.h"
#include "study/study.h"

#include <string.h>

static void problems_json(const struct segment_problems *problems, struct json *json)
{
    json_put_array(json, "problems");
    for (size_t i = 0; i < problems->count; i++) {
        const struct segment_problem *problem = &problems->items[i];
        json_write_object(json);
        json_put_string(json, "place", problem->error.place);
        json_put_bool(json, "warning", problem->is_warning);
        json_put_string(json, "message", problem->error.message);
        json_put_string(json, "hint", problem->error.hint[0] ? problem->error.hint : NULL);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static enum status print_json(struct cli *cli, const struct buffer *text, struct error *error)
{
    return cli_write(cli, (struct text){text->data, text->length}, error);
}

/* A problem that was printed with its excerpt is not said twice: the closing sentence counts
 * instead. */
static enum status summed_up(const struct segment_problems *problems, enum status status,
                             struct error *error)
{
    if (status == STATUS_OK || problems->errors == 0)
        return status;
    return error_set(error, status, "%zu %s; nothing was saved", problems->errors,
                     problems->errors == 1 ? "mistake" : "mistakes");
}

enum status cli_check(struct cli *cli, struct error *error)
{
    struct segment_source *sources;
    size_t count;

    TRY(cli_read_sources(cli, &sources, &count, error));
    struct session *session = NULL;
    const struct schema *schema = NULL;
    const struct segment_set *known = NULL;

    /* Without a store the language alone is checked: an editor can do that before there is any. */
    if (cli_switch(cli, "store") || cli_switch(cli, "directory")) {
        cli->store = cli_value(cli, "store");
        TRY(cli_open(cli, false, &session, error));
        schema = session_schema(session);
        known = session_definitions(session);
    }

    struct segment_problems problems = {0};
    struct segment_set *set = NULL;
    enum status status =
        segment_set_build(sources, count, schema, known, &cli->arena, &problems, &set, error);

    /* What is wrong goes to standard output as data; the exit code says that something is. */
    if (cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        json_write_object(&json);
        json_put_bool(&json, "ok", status == STATUS_OK);
        problems_json(&problems, &json);
        json_write_end_object(&json);
        if (status == STATUS_OK)
            status = print_json(cli, &text, error);
        else
            fwrite(text.data, 1, text.length, cli->out);
        buffer_release(&text);
    } else {
        cli_problems(cli, &problems);
        if (status == STATUS_OK)
            cli_note(
                cli, "%d %s and %d %s are well formed%s", set->segment_count,
                set->segment_count == 1 ? "segment" : "segments", set->scheme_count,
                set->scheme_count == 1 ? "scheme" : "schemes",
                schema
                    ? ""
                    : " (names of properties were taken on trust: --store STORE checks them too)");
    }

    if (status != STATUS_OK && problems.errors)
        status = error_set(error, status, "%zu %s", problems.errors,
                           problems.errors == 1 ? "mistake" : "mistakes");
    segment_set_free(set);
    session_close(session);
    return status;
}

enum status cli_fmt(struct cli *cli, struct error *error)
{
    struct segment_source *sources;
    size_t count;
    bool write = cli_switch(cli, "write"), check = cli_switch(cli, "check");

    TRY(cli_read_sources(cli, &sources, &count, error));
    for (size_t i = 0; i < count; i++) {
        struct buffer text;
        buffer_init(&text, 0);
        enum status status = segment_format(sources[i].text, sources[i].file, &text, error);
        struct text formatted = {text.data, text.length};

        /* --check changes nothing and fails; --write touches only what is not canonical
         * yet, so that its time of change stays. */
        bool same = status == STATUS_OK && text_equal(formatted, sources[i].text);
        if (status == STATUS_OK && check && !same)
            status =
                error_set(error, STATUS_ERROR, "%s is not in canonical form: strata fmt --write %s",
                          sources[i].file, sources[i].file);
        else if (status == STATUS_OK && write && !same) {
            status = cli_write_file(cli, cli->arguments[i], formatted, error);
        } else if (status == STATUS_OK && !write && !check)
            status = cli_write(cli, formatted, error);
        buffer_release(&text);
        TRY(status);
    }

    return STATUS_OK;
}

static const char *const change_words[] = {"added", "changed", "removed", "unchanged"};

static void print_changes(struct cli *cli, const struct session_apply *apply)
{
    static const struct cli_column columns[] = {{"segment", CLI_LEFT}, {"", CLI_LEFT},
                                                {"before", CLI_RIGHT}, {"after", CLI_RIGHT},
                                                {"join", CLI_RIGHT},   {"leave", CLI_RIGHT}};
    struct cli_table table;

    cli_table_init(&table, columns, sizeof columns / sizeof *columns, &cli->arena);
    size_t same = 0;
    for (size_t i = 0; i < apply->count; i++) {
        const struct session_change *change = &apply->changes[i];

        /* A definition may stay as it is and its members change, because one that it reads did. */
        if (change->what == SESSION_UNCHANGED && !change->joins && !change->leaves) {
            same++;
            continue;
        }
        cli_cell(&table, change->name);
        cli_cell(&table, change_words[change->what]);
        cli_cell_count(&table, (int64_t)change->before);
        cli_cell_count(&table, (int64_t)change->after);
        cli_cell_count(&table, (int64_t)change->joins);
        cli_cell_count(&table, (int64_t)change->leaves);
    }

    if (table.cell_count)
        cli_table_print(&table, cli);
    if (same)
        fprintf(cli->out, "%s%zu %s unchanged\n", table.cell_count ? "and " : "", same,
                same == 1 ? "segment is" : "segments are");
}

static void changes_json(const struct session_apply *apply, bool saved, struct json *json)
{
    json_write_object(json);
    json_put_bool(json, "saved", saved);
    json_put_integer(json, "customers", (int64_t)apply->customers);
    json_put_array(json, "segments");
    for (size_t i = 0; i < apply->count; i++) {
        const struct session_change *change = &apply->changes[i];
        json_write_object(json);
        json_put_string(json, "name", change->name);
        json_put_string(json, "change", change_words[change->what]);
        json_put_integer(json, "before", (int64_t)change->before);
        json_put_integer(json, "after", (int64_t)change->after);
        json_put_integer(json, "join", (int64_t)change->joins);
        json_put_integer(json, "leave", (int64_t)change->leaves);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    problems_json(&apply->problems, json);
    json_write_end_object(json);
}

static enum status save_or_not(struct cli *cli, struct session *session,
                               const struct session_apply *apply, bool *saved, struct error *error)
{
    *saved = false;
    if (cli_switch(cli, "dry-run")) {
        cli_note(cli, "a dry run: nothing was saved");
        return STATUS_OK;
    }
    if (!cli_switch(cli, "yes") && !cli_confirm(cli, "Save these definitions?")) {
        enum status status = error_set(error, STATUS_USAGE, "nothing was saved: nobody said yes");
        error_hint(error, "--yes saves without asking, --dry-run only shows");
        return status;
    }

    TRY(session_apply_save(session, apply, error));
    *saved = true;
    return STATUS_OK;
}

/* Models go on scoring, and their schemes with them; who wants neither deletes the model. */
static void note_spared(const struct cli *cli, const struct session_apply *apply)
{
    struct buffer names;
    buffer_init(&names, 0);
    for (size_t i = 0; i < apply->spared_count; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", apply->spared[i]);
    if (apply->spared_count == 1)
        cli_note(cli, "the scheme %s stays, for it belongs to a model: model delete removes both",
                 names.data);
    else if (apply->spared_count)
        cli_note(
            cli,
            "the schemes %s stay, for they belong to models: model delete removes a model with "
            "its scheme",
            names.data);
    buffer_release(&names);
}

static enum status apply_sources(struct cli *cli, struct session *session, struct error *error)
{
    struct segment_source *sources;
    size_t count;
    struct session_moment moment;
    struct session_apply apply = {0};
    const char *const *prune_but = NULL;

    TRY(cli_read_sources(cli, &sources, &count, error));
    TRY(cli_moment(cli, session, &moment, error));
    if (cli_switch(cli, "prune"))
        TRY(study_schemes(session, &cli->arena, &prune_but, error));
    enum status status =
        session_apply_plan(session, sources, count, prune_but, &moment, &cli->arena, &apply, error);

    /* Printed even when there is a plan: they may be warnings. */
    cli_problems(cli, &apply.problems);
    TRY(summed_up(&apply.problems, status, error));
    note_spared(cli, &apply);
    if (!cli->json)
        print_changes(cli, &apply);

    /* Shown before it is asked whether to save: the changes are what the answer is about. */
    bool saved;
    fflush(cli->out);
    status = save_or_not(cli, session, &apply, &saved, error);
    if (status == STATUS_OK && cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        changes_json(&apply, saved, &json);
        status = print_json(cli, &text, error);
        buffer_release(&text);
    } else if (saved) {
        cli_note(cli, "saved; the store has %d %s and %d %s", apply.set->segment_count,
                 apply.set->segment_count == 1 ? "segment" : "segments", apply.set->scheme_count,
                 apply.set->scheme_count == 1 ? "scheme" : "schemes");
    }

    segment_set_free(apply.set);
    return status;
}

enum status cli_apply(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, !cli_switch(cli, "dry-run"), &session, error));
    enum status status = apply_sources(cli, session, error);
    session_close(session);
    return status;
}

/* What export and show write is text of the language, or its tree as JSON. */
static enum status check_name(const struct cli *cli, struct error *error)
{
    static const char *const text[] = {"strata", NULL}, *const json[] = {"json", NULL};
    const char *path = cli_value(cli, "output");
    if (!path)
        return STATUS_OK;
    return cli_check_ending(path, cli->json ? json : text, error);
}

enum status cli_export(struct cli *cli, struct error *error)
{
    struct session *session;
    struct buffer text;
    TRY(check_name(cli, error));
    TRY(cli_open(cli, false, &session, error));
    buffer_init(&text, 0);
    enum status status = session_export(session, &text, error);

    /* A store without definitions exports nothing, which is well formed, too. */
    if (status == STATUS_OK)
        status = cli_write(cli, (struct text){text.data ? text.data : "", text.length}, error);
    buffer_release(&text);
    session_close(session);
    return status;
}

/* Of a list nothing was recorded. */
static bool has_history(const struct session *session, const char *name)
{
    const struct segment_set *set = session_definitions(session);
    return segment_set_find(set, name) >= 0 || segment_set_find_scheme(set, name) >= 0;
}

enum status cli_delete(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, true, &session, error));
    bool *history = ARENA_ARRAY(&cli->arena, bool, (size_t)cli->argument_count);
    for (int i = 0; i < cli->argument_count; i++)
        history[i] = has_history(session, cli->arguments[i]);
    enum status status =
        session_delete(session, cli->arguments, (size_t)cli->argument_count, error);

    for (int i = 0; status == STATUS_OK && i < cli->argument_count; i++)
        cli_note(cli, "deleted %s%s", cli->arguments[i],
                 history[i] ? "; its recorded history stays" : "");
    session_close(session);
    return status;
}

/* A member is shown with its scheme: alone it would mean something else. */
static void show_scheme(struct cli *cli, const struct segment_set *set, int scheme,
                        struct buffer *text)
{
    struct json json;
    if (!cli->json) {
        segment_format_scheme(set, scheme, text);
        return;
    }
    json_init(&json, text, true);
    segment_write_scheme_json(set, scheme, &json);
}

static void show_definition(struct cli *cli, const struct segment_set *set, int segment,
                            struct buffer *text)
{
    if (set->segments[segment].scheme >= 0) {
        show_scheme(cli, set, set->segments[segment].scheme, text);
    } else if (cli->json) {
        struct json json;
        json_init(&json, text, true);
        segment_write_json(set, segment, &json);
    } else {
        segment_format_definition(set, segment, text);
    }
}

enum status cli_show(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(check_name(cli, error));
    TRY(cli_open(cli, false, &session, error));
    const struct segment_set *set = session_definitions(session);
    struct buffer text;
    buffer_init(&text, 0);
    int segment, scheme = segment_set_find_scheme(set, cli->arguments[0]);
    enum status status = STATUS_OK;

    if (scheme >= 0) {
        show_scheme(cli, set, scheme, &text);
    } else {
        status = session_find_segment(session, cli->arguments[0], &segment, error);
        if (status == STATUS_OK)
            show_definition(cli, set, segment, &text);
    }

    if (status == STATUS_OK)
        status = cli_write(cli, (struct text){text.data, text.length}, error);
    buffer_release(&text);
    session_close(session);
    return status;
}
