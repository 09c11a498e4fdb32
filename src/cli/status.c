/* status, init, help and the like: the store and the program themselves. */
#include "cli/commands.h"

#include "base/number.h"
#include "cli/table.h"

#include <string.h>

static const char *columns_text(struct cli *cli, const struct engine_kind *kind)
{
    struct buffer text;
    buffer_init(&text, 0);
    for (size_t c = 0; c < kind->table->column_count; c++) {
        const struct schema_column *column = &kind->table->columns[c];
        buffer_printf(&text, "%s%s %s", c ? ", " : "", column->name, value_type_name(column->type));
        if (column->type == VALUE_DECIMAL)
            buffer_printf(&text, "(%d)", column->scale);
        if (column->refers)
            buffer_printf(&text, " → %s", column->refers);
    }
    const char *copy = buffer_copy(&text, &cli->arena);
    buffer_release(&text);
    return copy;
}

static void print_kinds(struct cli *cli, const struct session *session,
                        const struct engine_status *status)
{
    static const struct cli_column columns[] = {{"name", CLI_LEFT},  {"what", CLI_LEFT},
                                                {"rows", CLI_RIGHT}, {"from", CLI_LEFT},
                                                {"to", CLI_LEFT},    {"columns", CLI_LEFT}};
    struct cli_table table;
    char date[DATE_TEXT_MAX];
    const struct zone *zone = session_zone(session);
    cli_table_init(&table, columns, sizeof columns / sizeof *columns, &cli->arena);
    for (size_t i = 0; i < status->kind_count; i++) {
        const struct engine_kind *kind = &status->kinds[i];
        cli_cell(&table, kind->name);
        cli_cell(&table, engine_role_name(kind->role));
        cli_cell_count(&table, (int64_t)kind->rows);
        cli_cell(&table, kind->has_times ? date_format(zone_date(zone, kind->first), date) : NULL);
        cli_cell(&table, kind->has_times ? date_format(zone_date(zone, kind->last), date) : NULL);
        cli_cell(&table, columns_text(cli, kind));
    }
    if (table.cell_count)
        cli_table_print(&table, cli);
}

static const double megabyte = 1e6;

static void print_status(struct cli *cli, const struct session *session,
                         const struct engine_status *status)
{
    char customers[NUMBER_TEXT_MAX], facts[NUMBER_TEXT_MAX], moment[MOMENT_TEXT_MAX];
    fprintf(cli->out, "%s: %s customers, %s facts, %.1f MB, time zone %s%s%s\n", status->path,
            number_format_thousands((int64_t)status->customers, customers),
            number_format_thousands((int64_t)status->facts, facts),
            (double)status->bytes / megabyte, status->zone, status->currency ? ", currency " : "",
            status->currency ? status->currency : "");
    fprintf(cli->out, "%d imports, %d segments, %d schemes, %d refreshes", status->imports,
            status->segments, status->schemes, status->refreshes);
    if (status->has_refresh)
        fprintf(cli->out, ", the last at %s",
                moment_format(session_zone(session), status->last_refresh, moment));

    const char *name, *why;
    for (size_t i = 0; session_broken(session, i, &name, &why); i++)
        fprintf(cli->out, "\nbroken: %s: %s", name, why);
    fputs("\n\n", cli->out);
    print_kinds(cli, session, status);
}

enum status cli_status(struct cli *cli, struct error *error)
{
    struct session *session;
    struct engine_status store;
    TRY(cli_open(cli, false, &session, error));
    enum status status = engine_status(session, &cli->arena, &store, error);
    if (status == STATUS_OK && cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        engine_write_status(session, &store, &json);
        status = cli_write(cli, (struct text){text.data, text.length}, error);
        buffer_release(&text);
    } else if (status == STATUS_OK) {
        print_status(cli, session, &store);
    }
    session_close(session);
    return status;
}

enum status cli_init(struct cli *cli, struct error *error)
{
    const char *zone = cli_value(cli, "time-zone"), *currency = cli_value(cli, "currency");
    TRY(session_create(cli->arguments[0], zone, currency, error));
    cli_note(cli, "made the store %s, time zone %s%s%s%s", cli->arguments[0], zone ? zone : "UTC",
             zone ? "" : " (--time-zone says another)", currency ? ", currency " : "",
             currency ? currency : "");
    cli_note(cli, "next: strata import %s FILE --kind KIND --dry-run", cli->arguments[0]);
    return STATUS_OK;
}

static const struct cli_command *command_named(const char *name)
{
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

enum status cli_help_command(struct cli *cli, struct error *error)
{
    if (!cli->argument_count) {
        cli_help_all(cli->out);
        return STATUS_OK;
    }
    if (strcmp(cli->arguments[0], "man") == 0) {
        cli_man_page(cli->out);
        return STATUS_OK;
    }
    const struct cli_command *command = command_named(cli->arguments[0]);
    if (!command)
        return error_set(error, STATUS_USAGE, "there is no command '%s'; strata help lists them",
                         cli->arguments[0]);
    /* One help is for all actions of a command. */
    if (cli->argument_count > 1 && !strstr(command->arguments, cli->arguments[1]))
        return error_set(error, STATUS_USAGE, "strata %s has no action '%s'; its usage is %s %s",
                         command->name, cli->arguments[1], command->name, command->arguments);
    cli_help(cli->out, command);
    return STATUS_OK;
}

enum status cli_completion_command(struct cli *cli, struct error *error)
{
    return cli_completion(cli->out, cli->arguments[0], error);
}

enum status cli_version(struct cli *cli, struct error *error)
{
    (void)error;
    fprintf(cli->out, "strata %s\n", STRATA_VERSION);
    return STATUS_OK;
}
