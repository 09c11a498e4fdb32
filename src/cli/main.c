/* The program: finds the command, parses its words, runs it, and turns its status into
 * the exit code. */
#include "cli/command.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command *find_command(const char *name)
{
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void print_error(const struct cli *cli, const struct error *error)
{
    const char *red = cli->color_err ? "\033[31m" : "", *plain = cli->color_err ? "\033[0m" : "";
    fprintf(cli->err, "%sstrata:%s %s%s%s\n", red, plain, error->place, error->place[0] ? ": " : "",
            error->message);
    if (error->hint[0])
        fprintf(cli->err, "        %s\n", error->hint);
}

static int unknown_command(const struct cli *cli, const char *name)
{
    enum { MOST = 64 };
    const char *names[MOST];
    size_t count = 0;
    for (const struct cli_command *command = cli_commands; command->name && count < MOST; command++)
        names[count++] = command->name;

    struct error error;
    enum status status = error_set(&error, STATUS_USAGE, "there is no command '%s'", name);
    int nearest = text_nearest(name, names, count);
    if (nearest >= 0)
        error_hint(&error, "did you mean strata %s?", names[nearest]);
    else
        error_hint(&error, "strata help lists the commands");
    print_error(cli, &error);
    return (int)status;
}

static void look_around(struct cli *cli)
{
    const char *no_color = getenv("NO_COLOR");
    bool color = !(no_color && *no_color);
    cli->out = stdout;
    cli->err = stderr;
    cli->terminal_err = isatty(STDERR_FILENO);
    cli->color_out = color && isatty(STDOUT_FILENO);
    cli->color_err = color && cli->terminal_err;
}

/* Data that could not be written (a full disk behind `> file`) is a failure, not a success with
 * less in it. */
static enum status flush_output(struct cli *cli, enum status status, struct error *error)
{
    bool lost = fflush(cli->out) != 0 || ferror(cli->out); /* a remark may have flushed it before */
    if (!lost || status != STATUS_OK)                      /* an error before it says more */
        return status;
    return error_set(error, errno == ENOSPC ? STATUS_FULL : STATUS_IO,
                     "the output could not be written: the disk may be full");
}

static int run(struct cli *cli, int argc, char **argv)
{
    const struct cli_command *command = find_command(argv[0]);
    if (!command)
        return unknown_command(cli, argv[0]);
    struct error error = {0};
    enum status status = cli_parse(cli, command, argc - 1, argv + 1, &error);
    if (status == STATUS_OK && cli_switch(cli, "help"))
        cli_help(cli->out, command);
    else if (status == STATUS_OK)
        status = command->run(cli, &error);

    /* Before the error: standard output and standard error may be one terminal. */
    status = flush_output(cli, status, &error);
    if (status != STATUS_OK) {
        print_error(cli, &error);
        fflush(cli->out);
        cli_stop_end();
    }
    return (int)status;
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    look_around(&cli);

    /* `strata sql … | head` ends quietly, as other filters do. */
    signal(SIGPIPE, SIG_DFL);
    cli_stop_begin();
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help_all(argc < 2 ? cli.err : cli.out);
        return argc < 2 ? STATUS_USAGE : STATUS_OK;
    }

    if (strcmp(argv[1], "--version") == 0)
        argv[1] = "version";
    int code = run(&cli, argc - 1, argv + 1);
    arena_release(&cli.arena);
    return code;
}
