/*
 * Words of the command line against a command's table of options. What a command takes
 * stands in that table alone (table_of_commands.c), so help, completion and this cannot
 * tell different things.
 */
#include "cli/command.h"

#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option *find_in(const struct cli_option *options, const char *name,
                                        size_t length, char letter)
{
    for (; options && options->name; options++)
        if (letter ? options->letter == letter
                   : strlen(options->name) == length && strncmp(options->name, name, length) == 0)
            return options;
    return NULL;
}

const struct cli_option *cli_options_at(const struct cli_command *command, size_t i,
                                        const char **title)
{
    const struct cli_option *const plain[] = {
        command->options, command->evaluates ? cli_moment_options : cli_common_options,
        cli_common_options};
    const size_t plain_count = command->evaluates ? 3 : 2;

    *title = NULL;
    if (i < plain_count)
        return plain[i];
    if (!command->sections)
        return NULL;
    const struct cli_section *section = &command->sections()[i - plain_count];
    *title = section->title;
    return section->options;
}

static const struct cli_option *find_option(const struct cli_command *command, const char *name,
                                            size_t length, char letter)
{
    const struct cli_option *options, *option = NULL;
    const char *title;
    for (size_t i = 0; !option && (options = cli_options_at(command, i, &title)); i++)
        option = find_in(options, name, length, letter);
    return option;
}

static size_t add_names(const struct cli_option *options, const char **names, size_t count,
                        size_t max)
{
    for (; options && options->name && count < max; options++)
        names[count++] = options->name;
    return count;
}

static enum status unknown_option(const struct cli_command *command, const char *word,
                                  struct error *error)
{
    enum { MOST = 256 };
    const char *names[MOST], *title;
    size_t count = 0;
    const struct cli_option *options;
    for (size_t i = 0; (options = cli_options_at(command, i, &title)); i++)
        count = add_names(options, names, count, MOST);
    enum status status =
        error_set(error, STATUS_USAGE, "strata %s has no option %s", command->name, word);

    char bare[64];

    /* Without dashes and without a value: what is compared are names. */
    snprintf(bare, sizeof bare, "%s", word + strspn(word, "-"));
    bare[strcspn(bare, "=")] = '\0';
    int nearest = text_nearest(bare, names, count);
    if (nearest >= 0)
        error_hint(error, "did you mean --%s?", names[nearest]);
    else
        error_hint(error, "strata %s --help lists its options", command->name);
    return status;
}

static void give(struct cli *cli, const struct cli_option *option, const char *value)
{
    cli->given[cli->given_count++] = (struct cli_given){option, value};
}

/* One word that begins with a dash; *at moves on when it takes the next word as its value. */
static enum status parse_option(struct cli *cli, int argc, char **argv, int *at,
                                struct error *error)
{
    const char *word = argv[*at], *value = NULL;
    const struct cli_option *option;

    /* --name, --name=value; or -n, -nvalue. Letters do not bundle: -ab is -a with the
     * value b, or wrong. */
    if (word[1] == '-') {
        const char *name = word + 2;
        size_t length = strcspn(name, "=");
        option = find_option(cli->command, name, length, 0);
        value = option && name[length] ? name + length + 1 : NULL;
        if (option && !option->value && value)
            return error_set(error, STATUS_USAGE, "--%s takes no value", option->name);
    } else {
        option = find_option(cli->command, NULL, 0, word[1]);
        value = word[2] ? word + 2 : NULL;
        if (option && !option->value && value)
            return unknown_option(cli->command, word, error);
    }

    if (!option)
        return unknown_option(cli->command, word, error);

    if (option->value && !value) {
        if (*at + 1 >= argc)
            return error_set(error, STATUS_USAGE, "--%s needs a value: --%s %s", option->name,
                             option->name, option->value);
        value = argv[++*at];
    }

    give(cli, option, value ? value : "");
    return STATUS_OK;
}

/* The store is the first argument when that is one, or when there are too many arguments without
 * it. */
static void take_store(struct cli *cli)
{
    const struct cli_command *command = cli->command;
    if (!command->takes_store)
        return;
    const char *first = cli->argument_count ? cli->arguments[0] : NULL;
    bool surplus = command->max_arguments >= 0 && cli->argument_count > command->max_arguments;
    if (first && (surplus || store_is(first))) {
        cli->store = first;
        cli->arguments++;
        cli->argument_count--;
        return;
    }

    /* Nothing found is no error yet: some commands do without, the others say so themselves. */
    struct error ignored;
    const char *found = NULL;
    if (store_find(NULL, cli_value(cli, "directory"), &cli->arena, &found, &ignored) == STATUS_OK)
        cli->store = found;
}

static enum status check_arguments(const struct cli *cli, struct error *error)
{
    const struct cli_command *command = cli->command;
    bool few = cli->argument_count < command->min_arguments;
    bool many = command->max_arguments >= 0 && cli->argument_count > command->max_arguments;
    if (!few && !many)
        return STATUS_OK;

    enum status status = error_set(error, STATUS_USAGE, "strata %s: %s", command->name,
                                   few ? "an argument is missing" : "too many arguments");
    error_hint(error, "usage: strata %s %s", command->name, command->arguments);
    return status;
}

enum status cli_parse(struct cli *cli, const struct cli_command *command, int argc, char **argv,
                      struct error *error)
{
    cli->command = command;
    cli->given = ARENA_ARRAY(&cli->arena, struct cli_given, (size_t)argc + 1);
    cli->arguments = ARENA_ARRAY(&cli->arena, const char *, (size_t)argc + 1);
    bool only_arguments = false;
    for (int at = 0; at < argc; at++) {
        /* Behind -- a dash is no option any more; a single dash is standard input. */
        if (!only_arguments && strcmp(argv[at], "--") == 0)
            only_arguments = true;
        else if (!only_arguments && argv[at][0] == '-' && argv[at][1])
            TRY(parse_option(cli, argc, argv, &at, error));
        else
            cli->arguments[cli->argument_count++] = argv[at];
    }

    cli->json = cli_switch(cli, "json");
    cli->quiet = cli_switch(cli, "quiet");
    if (cli_switch(cli, "help"))
        return STATUS_OK;
    take_store(cli);
    return check_arguments(cli, error);
}

enum status cli_need_store(struct cli *cli, struct error *error)
{
    if (cli->store)
        return STATUS_OK;
    return store_find(NULL, cli_value(cli, "directory"), &cli->arena, &cli->store, error);
}

const char *cli_value(const struct cli *cli, const char *option)
{
    /* From the end: whoever repeats an option means the last one, as in an alias with defaults. */
    for (size_t i = cli->given_count; i-- > 0;)
        if (strcmp(cli->given[i].option->name, option) == 0)
            return cli->given[i].value;
    return NULL;
}

bool cli_switch(const struct cli *cli, const char *option)
{
    return cli_value(cli, option) != NULL;
}

const char **cli_values(struct cli *cli, const char *option, size_t *count)
{
    const char **values = ARENA_ARRAY(&cli->arena, const char *, cli->given_count + 1);
    *count = 0;
    for (size_t i = 0; i < cli->given_count; i++)
        if (strcmp(cli->given[i].option->name, option) == 0)
            values[(*count)++] = cli->given[i].value;
    return values;
}

enum status cli_number(const struct cli *cli, const char *option, long fallback, long *out,
                       struct error *error)
{
    const char *value = cli_value(cli, option);
    *out = fallback;
    if (!value)
        return STATUS_OK;

    char *end;
    errno = 0;
    *out = strtol(value, &end, 10);
    if (errno || end == value || *end || *out < 0)
        return error_set(error, STATUS_USAGE, "--%s takes a whole number, not '%s'", option, value);
    return STATUS_OK;
}
