/* segments, count, members, refresh, report: who is where. */
#include "cli/commands.h"

#include "base/number.h"
#include "cli/table.h"

#include <string.h>

static enum status write_json(struct cli *cli, struct buffer *text, enum status status,
                              struct error *error)
{
    if (status == STATUS_OK)
        status = cli_write(cli, (struct text){text->data, text->length}, error);
    buffer_release(text);
    return status;
}

/* Definitions that are left out stand in the list, too: nothing goes from it without a word. */
static void add_broken(struct cli_table *table, const struct session *session, int columns)
{
    const char *name, *why;
    for (size_t i = 0; session_broken(session, i, &name, &why); i++) {
        cli_cell(table, name);
        cli_cell(table, why);
        cli_cell(table, "broken");
        for (int c = 3; c < columns; c++)
            cli_cell(table, NULL);
    }
}

/* Without a refresh nobody entered or left. */
static size_t segments_columns(const struct session_segments *segments)
{
    enum { COLUMNS = 6, OF_REFRESH = 2 };
    return segments->has_refresh ? COLUMNS : COLUMNS - OF_REFRESH;
}

static void fill_segments(struct cli_table *table, struct arena *arena,
                          const struct session *session, const struct session_segments *segments)
{
    static const struct cli_column columns[] = {{"segment", CLI_LEFT},    {"title", CLI_LEFT},
                                                {"customers", CLI_RIGHT}, {"share", CLI_RIGHT},
                                                {"entered", CLI_RIGHT},   {"left", CLI_RIGHT}};
    size_t shown = segments_columns(segments);
    cli_table_init(table, columns, shown, arena);
    for (size_t i = 0; i < segments->count; i++) {
        const struct session_segment *segment = &segments->items[i];
        cli_cell(table, segment->name);
        cli_cell(table, segment->title);
        cli_cell_count(table, (int64_t)segment->customers);
        cli_cell_share(table, segment->share);
        if (!segments->has_refresh)
            continue;
        for (int left = 0; left < 2; left++) {
            if (segment->recorded)
                cli_cell_count(table, (int64_t)(left ? segment->left : segment->entered));
            else
                cli_cell(table, NULL);
        }
    }
    add_broken(table, session, (int)shown);
}

static void print_segments_table(struct cli *cli, const struct session *session,
                                 const struct session_segments *segments, int64_t now)
{
    struct cli_table table;
    char text[MOMENT_TEXT_MAX], refreshed[MOMENT_TEXT_MAX];
    fill_segments(&table, &cli->arena, session, segments);
    if (table.cell_count)
        cli_table_print(&table, cli);
    else
        cli_note(cli, "no segments yet: strata apply STORE FILE adds some");
    char count[NUMBER_TEXT_MAX];
    cli_note(cli, "%s customers as of %s",
             number_format_thousands((int64_t)segments->customers, count),
             moment_format(session_zone(session), now, text));
    if (segments->has_refresh)
        cli_note(cli, "entered and left are those of the refresh at %s",
                 moment_format(session_zone(session), segments->refreshed, refreshed));
}

static enum status write_segments(struct cli *cli, const struct session *session,
                                  const struct session_segments *segments, int64_t now,
                                  enum cli_format format, struct error *error)
{
    struct cli_table table;
    if (format == CLI_FORMAT_TABLE) {
        print_segments_table(cli, session, segments, now);
        return STATUS_OK;
    }
    if (format != CLI_FORMAT_JSON) {
        fill_segments(&table, &cli->arena, session, segments);
        return cli_table_write(&table, cli, format, error);
    }
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, true);
    engine_write_segments(session, segments, now, &json);
    return write_json(cli, &text, STATUS_OK, error);
}

enum status cli_segments(struct cli *cli, struct error *error)
{
    struct session *session;
    struct session_moment moment;
    struct session_segments segments;
    enum cli_format format;
    TRY(cli_format_choose(cli, CLI_FORMATS_OF_TABLES, CLI_FORMAT_TABLE, &format, error));
    TRY(cli_open(cli, false, &session, error));
    enum status status = cli_moment(cli, session, &moment, error);
    if (status == STATUS_OK)
        status = session_segments(session, &moment, &cli->arena, &segments, error);
    if (status == STATUS_OK)
        cli_note_broken(cli, session);
    if (status == STATUS_OK)
        status = write_segments(cli, session, &segments, moment.now, format, error);
    session_close(session);
    return status;
}

/* The condition is the argument, the file behind -f, or standard input for "-". */
static enum status read_condition(struct cli *cli, struct text *out, struct error *error)
{
    const char *file = cli_value(cli, "file");
    const char *argument = cli->argument_count ? cli->arguments[0] : NULL;
    if (!file && argument && strcmp(argument, "-") != 0) {
        *out = text_from(argument);
        return STATUS_OK;
    }
    if (!file && !argument) {
        enum status status = error_set(error, STATUS_USAGE, "strata count needs a condition");
        error_hint(error, "strata count STORE 'count(order last 30 days) >= 2', or -f FILE, or - "
                          "for standard input");
        return status;
    }

    return cli_read_file(cli, file ? file : "-", SEGMENT_SOURCE_MAX, out, error);
}

static enum status print_count(struct cli *cli, const struct session *session,
                               const struct session_count *count, int64_t now, struct error *error)
{
    char a[NUMBER_TEXT_MAX], b[NUMBER_TEXT_MAX];
    double share = count->of ? (double)count->customers / (double)count->of : 0;
    if (!cli->json) {
        fprintf(cli->out, "%s\n", number_format_thousands((int64_t)count->customers, a));
        cli_note(cli, "of %s customers (%.1f%%)", number_format_thousands((int64_t)count->of, b),
                 100 * share);
        return STATUS_OK;
    }
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, true);
    json_write_object(&json);
    json_put_integer(&json, "customers", (int64_t)count->customers);
    json_put_integer(&json, "of", (int64_t)count->of);
    json_put_double(&json, "share", share);
    json_put_moment(&json, "as_of", session_zone(session), now);
    json_write_end_object(&json);
    return write_json(cli, &text, STATUS_OK, error);
}

static enum status count_condition(struct cli *cli, struct session *session, struct error *error)
{
    struct text condition;
    struct session_moment moment;
    struct session_count count = {0};
    TRY(read_condition(cli, &condition, error));
    TRY(cli_moment(cli, session, &moment, error));
    enum status status = session_count(session, condition, &moment, &cli->arena, &count, error);

    /* With excerpts first; the last line only counts them. */
    cli_problems(cli, &count.problems);
    if (status != STATUS_OK && count.problems.errors)
        return error_set(error, status, "the condition has %zu %s", count.problems.errors,
                         count.problems.errors == 1 ? "mistake" : "mistakes");
    TRY(status);
    return print_count(cli, session, &count, moment.now, error);
}

enum status cli_count(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, false, &session, error));
    enum status status = count_condition(cli, session, error);
    session_close(session);
    return status;
}

/* The others are recorded; what was left out makes the command fail, so that a nightly job is
 * noticed. */
static enum status tell_left_out(struct cli *cli, const struct session *session,
                                 const struct engine_refresh *refresh, struct error *error)
{
    const char *name, *why;
    size_t count = 0;
    struct buffer names;

    buffer_init(&names, ERROR_MESSAGE_MAX / 2);
    cli_note_broken(cli, session);
    for (; session_broken(session, count, &name, &why); count++)
        buffer_printf(&names, "%s%s", count ? ", " : "", name);
    for (size_t i = 0; i < refresh->model_count; i++) {
        cli_note(cli, "the model %s could not be scored: %s", refresh->models[i].name,
                 refresh->models[i].why);
        buffer_printf(&names, "%sthe model %s", count++ ? ", " : "", refresh->models[i].name);
    }

    /* One sentence names all of them; why each is broken was told above. */
    enum status status = STATUS_OK;
    if (count) {
        status =
            error_set(error, STATUS_ERROR, "refresh %d was recorded without what is broken: %s",
                      refresh->number, names.data ? names.data : "");
        error_hint(error, "strata segments says what is wrong with each; mend it with strata "
                          "apply, or strata delete");
    }

    buffer_release(&names);
    return status;
}

static enum status refresh_and_tell(struct cli *cli, struct session *session, struct error *error)
{
    struct session_moment moment;
    struct engine_refresh refresh;

    TRY(cli_moment(cli, session, &moment, error));
    TRY(engine_refresh(session, &moment, &cli->arena, &refresh, error));
    for (size_t i = 0; i < refresh.replaced_count; i++)
        cli_note(cli,
                 "refresh %d saw an import that was taken back since; it is taken back, too, and "
                 "this one counts",
                 refresh.replaced[i].number);
    if (refresh.scored)
        cli_note(cli, "%zu %s scored first", refresh.scored,
                 refresh.scored == 1 ? "model was" : "models were");

    if (cli->json) {
        TRY(write_segments(cli, session, &refresh.segments, moment.now, CLI_FORMAT_JSON, error));
        return tell_left_out(cli, session, &refresh, error);
    }

    char at[MOMENT_TEXT_MAX], entered[NUMBER_TEXT_MAX], left[NUMBER_TEXT_MAX];
    fprintf(cli->out, "refresh %d at %s: %s entries, %s exits\n", refresh.number,
            moment_format(session_zone(session), refresh.moment, at),
            number_format_thousands((int64_t)refresh.entered, entered),
            number_format_thousands((int64_t)refresh.left, left));
    return tell_left_out(cli, session, &refresh, error);
}

static enum status undo_refresh(struct cli *cli, struct session *session, struct error *error)
{
    struct engine_unrefreshed undone;
    char at[MOMENT_TEXT_MAX], entered[NUMBER_TEXT_MAX], left[NUMBER_TEXT_MAX];
    if (cli_switch(cli, "as-of"))
        return error_set(error, STATUS_USAGE,
                         "--undo takes the last refresh back, whichever it is: leave --as-of out");
    TRY(engine_unrefresh(session, &cli->arena, &undone, error));
    cli_note(cli, "refresh %d at %s is taken back: %s entries and %s exits are forgotten",
             undone.number, moment_format(session_zone(session), undone.moment, at),
             number_format_thousands((int64_t)undone.entered, entered),
             number_format_thousands((int64_t)undone.left, left));
    if (undone.scores)
        cli_note(cli, "and with it the scores of %zu %s", undone.scores,
                 undone.scores == 1 ? "model" : "models");
    return STATUS_OK;
}

enum status cli_refresh(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, true, &session, error));
    enum status status = cli_switch(cli, "undo") ? undo_refresh(cli, session, error)
                                                 : refresh_and_tell(cli, session, error);
    session_close(session);
    return status;
}

/* The names behind --sections, each of them known. */
static enum status sections_asked(struct cli *cli, struct engine_report_options *options,
                                  struct error *error)
{
    const char *given = cli_value(cli, "sections");
    if (!given)
        return STATUS_OK;
    const char **names = ARENA_ARRAY(&cli->arena, const char *, strlen(given) + 2);
    size_t count = 0;
    for (const char *at = given; *at;) {
        size_t length = strcspn(at, ",");
        struct text name = text_trim((struct text){at, length});
        at += length + (at[length] == ',');
        if (!name.length)
            continue;
        names[count] = arena_strndup(&cli->arena, name.data, name.length);
        TRY(engine_report_section_check(names[count++], error));
    }

    /* Commas alone are a mistake: the check says which names there are. */
    if (!count)
        return engine_report_section_check("", error);
    options->sections = names;
    return STATUS_OK;
}

static enum status write_report(struct cli *cli, struct session *session,
                                const struct engine_report_options *options, struct error *error)
{
    struct session_moment moment;
    struct buffer text;
    TRY(cli_moment(cli, session, &moment, error));
    buffer_init(&text, 0);
    enum status status = cli->json ? engine_report_data(session, &moment, options, &text, error)
                                   : engine_report(session, &moment, options, &text, error);
    return write_json(cli, &text, status, error);
}

static enum status check_report_name(const struct cli *cli, struct error *error)
{
    static const char *const html[] = {"html", "htm", NULL}, *const json[] = {"json", NULL};
    const char *path = cli_value(cli, "output");
    if (!path)
        return STATUS_OK;
    return cli_check_ending(path, cli->json ? json : html, error);
}

enum status cli_report(struct cli *cli, struct error *error)
{
    struct session *session;
    struct engine_report_options options = {.title = cli_value(cli, "title")};
    if (!cli_switch(cli, "output") && !cli->json)
        return error_set(error, STATUS_USAGE,
                         "a report needs a file: strata report STORE -o report.html");
    TRY(check_report_name(cli, error));
    TRY(sections_asked(cli, &options, error));
    TRY(cli_open(cli, false, &session, error));
    enum status status = write_report(cli, session, &options, error);
    cli_note_broken(cli, session);
    if (status == STATUS_OK && cli_switch(cli, "output"))
        cli_note(cli, "the report is in %s; open it in a browser", cli_value(cli, "output"));
    session_close(session);
    return status;
}
