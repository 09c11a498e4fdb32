/*
 * The command line's one table. Each command is a row: its arguments, its options, what it does.
 * Parsing, --help, the man page and shell completion all read that table, so they cannot disagree.
 */
#ifndef STRATA_CLI_COMMAND_H
#define STRATA_CLI_COMMAND_H

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <stdio.h>

struct cli_option {
    const char *name;  /* without the dashes */
    char letter;       /* 0: none */
    const char *value; /* what it takes ("FILE"), or NULL for a switch */
    const char *help;  /* one line */
    bool repeats;
    const char *fallback; /* what holds without it, when `help` does not say so; or NULL */
};

/* Options of a command that help lists apart. */
struct cli_section {
    const char *title;
    const struct cli_option *options; /* ended by a NULL name */
};

struct cli;
struct cli_command {
    const char *name;
    const char *arguments;            /* "STORE SEGMENT": as usage shows it */
    const char *summary;              /* one line */
    const char *details;              /* paragraphs for help and the man page, or NULL */
    const char *example;              /* command lines, or NULL */
    const struct cli_option *options; /* ended by a NULL name; the common ones come on top */
    int min_arguments, max_arguments; /* without the store; −1: any number */
    bool takes_store;                 /* the first argument may be the store */
    bool evaluates; /* takes --as-of and --known-at, and says when the newest fact is old */
    enum status (*run)(struct cli *cli, struct error *error);
    const struct cli_section *(*sections)(void); /* more options, ended by a NULL title; or NULL */
};
/* Ended by a NULL name; in the order help lists them. */
extern const struct cli_command cli_commands[];
extern const struct cli_option cli_common_options[];
extern const struct cli_option cli_moment_options[];
/* The i-th list of options that the command takes: its own, those all take, its
 * sections. *title is NULL but for sections. NULL past the last. */
const struct cli_option *cli_options_at(const struct cli_command *command, size_t i,
                                        const char **title);
/* Those of models, a section for each type. */
const struct cli_section *cli_model_sections(void);

struct cli_given {
    const struct cli_option *option;
    const char *value;
};

/* One run of one command. */
struct cli {
    const struct cli_command *command;
    struct arena arena; /* the request's memory */
    struct cli_given *given;
    size_t given_count;
    const char **arguments; /* positional, without the store */
    int argument_count;
    /* path, found by argument, -C, STRATA_STORE or upward; NULL when there is none */
    const char *store;
    const char **noted; /* definitions of which cli_note_broken has spoken */
    size_t noted_count;
    bool json, quiet, color_out, color_err, terminal_err;
    FILE *out, *err;
};

/* The last value given for the option, or NULL. A switch's value is "". */
const char *cli_value(const struct cli *cli, const char *option);
bool cli_switch(const struct cli *cli, const char *option);
/* All values of a repeated option, in arena. */
const char **cli_values(struct cli *cli, const char *option, size_t *count);
/* A whole number ≥ 0; fallback when not given. */
enum status cli_number(const struct cli *cli, const char *option, long fallback, long *out,
                       struct error *error);

/* Parses argv (without the program's name and the command) into cli. */
enum status cli_parse(struct cli *cli, const struct cli_command *command, int argc, char **argv,
                      struct error *error);
/* STATUS_NOT_FOUND with the ways to name a store, unless cli->store is set. */
enum status cli_need_store(struct cli *cli, struct error *error);

/* A line for each. */
void cli_help_options(FILE *out, const struct cli_option *options);
void cli_help(FILE *out, const struct cli_command *command);
void cli_help_all(FILE *out);
void cli_man_page(FILE *out);
/* shell: "bash", "zsh" or "fish". */
enum status cli_completion(FILE *out, const char *shell, struct error *error);

/* What Ctrl-C raises, from cli_stop_begin on. cli_stop_end, after a command that failed, ends the
 * program by the signal that came, if one did. */
struct interrupt;
void cli_stop_begin(void);
struct interrupt *cli_stop(void);
void cli_stop_end(void);

/* A sentence for the person on stderr, prefixed "strata: ", unless --quiet. */
void cli_note(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* Asks on the terminal; false without one. */
bool cli_confirm(const struct cli *cli, const char *question);
/* Writes text to stdout or, with -o, to the file, whole or not at all. */
enum status cli_write(struct cli *cli, struct text text, struct error *error);
/* A file that appears whole or not at all: write to `aside` between begin and end. end gives it its
 * name when status is STATUS_OK, else removes it; it returns status, or why the name could not be
 * given. */
struct cli_output {
    const char *aside, *target; /* in the request's arena; the same for a device or a pipe */
    unsigned mode;              /* of the file that is replaced; 0: there was none */
};
/* Whether the name ends in ".ending", in capitals or small letters. */
bool cli_ends_in(const char *path, const char *ending);
/* STATUS_USAGE when the name ends like a file of another format (.xls, .pdf) than known, which ends
 * with NULL: nobody could open what would be written under it. */
enum status cli_check_ending(const char *path, const char *const *known, struct error *error);
enum status cli_output_begin(struct cli *cli, const char *path, struct cli_output *out,
                             struct error *error);
enum status cli_output_end(const struct cli_output *output, enum status status,
                           struct error *error);
enum status cli_write_file(struct cli *cli, const char *path, struct text text,
                           struct error *error);

#endif
