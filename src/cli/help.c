/* What people read about the commands: help, the man page and shell completion, all from the table.
 */
#include "cli/command.h"

#include <string.h>

enum { ROOM = 30 }; /* columns for an option, before what it says */

void cli_help_options(FILE *out, const struct cli_option *options)
{
    for (; options && options->name; options++) {
        char left[96]; /* longer ones would be cut, not overrun */
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", options->letter ? "-" : " ",
                 options->letter ? options->letter : ' ', options->letter ? ", " : "  ",
                 options->name, options->value ? " " : "", options->value ? options->value : "");

        bool fits = strlen(left) <= ROOM;
        fprintf(out, "  %-*s%s%*s %s", ROOM, left, fits ? "" : "\n  ", fits ? 0 : ROOM, "",
                options->help);
        if (options->fallback)
            fprintf(out, " (%s)", options->fallback);
        fprintf(out, "%s\n", options->repeats ? " (may be repeated)" : "");
    }
}

void cli_help(FILE *out, const struct cli_command *command)
{
    const struct cli_option *options;
    const char *title;

    fprintf(out, "usage: strata %s %s%s\n\n%s\n", command->name, command->arguments,
            command->options && command->options->name ? " [options]" : "", command->summary);
    if (command->details)
        fprintf(out, "\n%s\n", command->details);
    fprintf(out, "\noptions:\n");
    for (size_t i = 0; (options = cli_options_at(command, i, &title)); i++) {
        if (title)
            fprintf(out, "\n%s:\n", title);
        cli_help_options(out, options);
    }
    if (command->example)
        fprintf(out, "\nfor example:\n%s\n", command->example);
    if (command->takes_store)
        fprintf(out, "\nSTORE may be left out: then it is the one -C DIR, STRATA_STORE or the "
                     "nearest folder upward names.\n");
}

/* docs/errors.md says more of each, and what to do. */
static const struct {
    int code;
    const char *means;
} exit_codes[] = {
    {0, "done"},
    {STATUS_ERROR, "error"},
    {STATUS_USAGE, "wrong usage"},
    {STATUS_NOT_FOUND, "not found"},
    {STATUS_REJECTS, "too many rows set aside"},
    {STATUS_UNCERTAIN, "uncertain whether it was saved"},
    {STATUS_IO, "input or output"},
    {STATUS_FULL, "the disk is full"},
    {STATUS_CORRUPT, "damaged"},
    {STATUS_LIMIT, "more than Strata takes"},
    {STATUS_BUSY, "the store is busy"},
    {STATUS_INTERRUPTED, "interrupted"},
};
enum { EXIT_CODES = sizeof exit_codes / sizeof *exit_codes };

static void print_exit_codes(FILE *out)
{
    enum { COLUMNS = 90 };
    char entry[64];
    int column = fprintf(out, "Exit codes:");
    for (size_t i = 0; i < EXIT_CODES; i++) {
        int length = snprintf(entry, sizeof entry, "%d %s%s", exit_codes[i].code,
                              exit_codes[i].means, i + 1 < EXIT_CODES ? "," : ".");
        bool full = column + 1 + length > COLUMNS;
        fprintf(out, "%s%s", full ? "\n" : " ", entry);
        column = (full ? 0 : column + 1) + length;
    }
    fputc('\n', out);
}

void cli_help_all(FILE *out)
{
    fprintf(out, "strata divides a business's customers into segments, and says why.\n\n"
                 "usage: strata COMMAND [arguments] [options]\n\ncommands:\n");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        fprintf(out, "  %-12s %s\n", command->name, command->summary);
    fprintf(out,
            "\nstrata COMMAND --help says more of each; strata help man prints the manual page.\n"
            "Data go to stdout, everything else to stderr.\n");
    print_exit_codes(out);
}

/* roff: a leading dot or quote and every backslash and dash need care. */
static void roff_text(FILE *out, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        /* A line that begins with a dot is a command to roff; \& is nothing, and shields it. */
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        line_start = *text == '\n';
    }
}

static void roff_options(FILE *out, const struct cli_option *options)
{
    for (; options && options->name; options++) {
        fputs(".TP\n.B ", out);
        if (options->letter)
            fprintf(out, "\\-%c, ", options->letter);
        fputs("\\-\\-", out);
        roff_text(out, options->name);
        if (options->value) {
            fputc(' ', out);
            roff_text(out, options->value);
        }
        fputc('\n', out);
        roff_text(out, options->help);
        if (options->fallback) {
            fputs(" (", out);
            roff_text(out, options->fallback);
            fputc(')', out);
        }
        fputc('\n', out);
    }
}

/* The common options have a section of their own at the end. */
static void roff_command(FILE *out, const struct cli_command *command)
{
    const struct cli_option *options;
    const char *title;

    fprintf(out, ".SS strata ");
    roff_text(out, command->name);
    fputc(' ', out);
    roff_text(out, command->arguments);
    fputc('\n', out);
    roff_text(out, command->summary);
    fputs(".\n", out);
    if (command->details) {
        fputs(".PP\n", out);
        roff_text(out, command->details);
        fputc('\n', out);
    }

    /* The common options are told once for all commands. */
    for (size_t i = 0; (options = cli_options_at(command, i, &title)); i++) {
        if (options == cli_common_options)
            continue;
        if (title) {
            fputs(".PP\n", out);
            roff_text(out, title);
            fputs(":\n", out);
        }
        roff_options(out, options);
    }

    if (command->example) {
        fputs(".PP\n.nf\n", out);
        roff_text(out, command->example);
        fputs("\n.fi\n", out);
    }
}

void cli_man_page(FILE *out)
{
    fputs(".TH STRATA 1\n.SH NAME\nstrata \\- customer segmentation\n.SH SYNOPSIS\n.B strata\n.I "
          "COMMAND\n"
          "[arguments] [options]\n.SH DESCRIPTION\n"
          "Strata takes in a business's raw files, keeps every customer in the segments they "
          "belong to, and says why.\n"
          "A store is a directory; STORE may be left out, and is then named by \\-C, by "
          "STRATA_STORE, or found upward "
          "from the working directory.\n.SH COMMANDS\n",
          out);
    for (const struct cli_command *command = cli_commands; command->name; command++)
        roff_command(out, command);
    fputs(".SH COMMON OPTIONS\n", out);
    roff_options(out, cli_common_options);
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < EXIT_CODES; i++)
        fprintf(out, "%d %s%s", exit_codes[i].code, exit_codes[i].means,
                i + 1 < EXIT_CODES ? "; " : ".\n");
    fputs(".SH ENVIRONMENT\nSTRATA_STORE names the store; NO_COLOR turns colours off.\n", out);
}

static void completion_words(FILE *out, const struct cli_option *options)
{
    for (; options && options->name; options++)
        fprintf(out, " --%s", options->name);
}

static void bash_completion(FILE *out)
{
    const struct cli_option *options;
    const char *title;

    fputs("_strata() {\n  local word=${COMP_WORDS[COMP_CWORD]} words\n  if [ \"$COMP_CWORD\" = 1 "
          "]; then\n    words=\"",
          out);
    for (const struct cli_command *command = cli_commands; command->name; command++)
        fprintf(out, "%s%s", command == cli_commands ? "" : " ", command->name);
    fputs("\"\n  else\n    case ${COMP_WORDS[1]} in\n", out);
    for (const struct cli_command *command = cli_commands; command->name; command++) {
        fprintf(out, "    %s) words=\"", command->name);
        for (size_t i = 0; (options = cli_options_at(command, i, &title)); i++)
            completion_words(out, options);
        fputs("\";;\n", out);
    }

    /* A word that is no option is completed as a file: stores and data are both. */
    fputs("    esac\n    case $word in -*) ;; *) words=;; esac\n  fi\n"
          "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))\n}\ncomplete -o "
          "filenames -F _strata "
          "strata\n",
          out);
}

static void fish_options(FILE *out, const char *command, const struct cli_option *options)
{
    for (; options && options->name; options++) {
        fprintf(out, "complete -c strata -n '__fish_seen_subcommand_from %s' -l %s%s -d \"%s\"\n",
                command, options->name, options->value ? " -r" : "", options->help);
    }
}

static void fish_completion(FILE *out)
{
    const struct cli_option *options;
    const char *title;

    for (const struct cli_command *command = cli_commands; command->name; command++) {
        fprintf(out, "complete -c strata -n __fish_use_subcommand -a %s -d \"%s\"\n", command->name,
                command->summary);
        for (size_t i = 0; (options = cli_options_at(command, i, &title)); i++)
            fish_options(out, command->name, options);
    }
}

enum status cli_completion(FILE *out, const char *shell, struct error *error)
{
    if (strcmp(shell, "bash") == 0) {
        bash_completion(out);
    } else if (strcmp(shell, "zsh") == 0) {
        fputs("#compdef strata\nautoload -U +X bashcompinit && bashcompinit\n", out);
        bash_completion(out);
    } else if (strcmp(shell, "fish") == 0) {
        fish_completion(out);
    } else {
        return error_set(error, STATUS_USAGE,
                         "no completion for the shell '%s': bash, zsh and fish are known", shell);
    }
    return STATUS_OK;
}
