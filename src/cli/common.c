/* What several commands do alike. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFINITIONS_MAX = SEGMENT_SOURCE_MAX };

void cli_note(const struct cli *cli, const char *format, ...)
{
    if (cli->quiet)
        return;
    fflush(cli->out); /* what was said before stands before it, also where both go to one place */
    va_list arguments;
    va_start(arguments, format);
    fputs("strata: ", cli->err);
    vfprintf(cli->err, format, arguments);
    fputc('\n', cli->err);
    va_end(arguments);
}

bool cli_confirm(const struct cli *cli, const char *question)
{
    /* Only where somebody can answer: a script must fail, not wait. */
    if (!isatty(STDIN_FILENO) || !cli->terminal_err)
        return false;
    fprintf(cli->err, "%s [y/N] ", question);
    fflush(cli->err);
    char answer[16];
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

enum status cli_write(struct cli *cli, struct text text, struct error *error)
{
    const char *path = cli_value(cli, "output");
    if (path && strcmp(path, "-") != 0)
        return cli_write_file(cli, path, text, error);

    /* Whether that worked is asked once, at the end (flush_output). */
    fwrite(text.data, 1, text.length, cli->out);
    return STATUS_OK;
}

static bool noted(struct cli *cli, const char *name)
{
    for (size_t i = 0; i < cli->noted_count; i++)
        if (strcmp(cli->noted[i], name) == 0)
            return true;

    /* A new list each time: there are a handful, and the arena takes nothing back. */
    const char **names = ARENA_ARRAY(&cli->arena, const char *, cli->noted_count + 1);
    if (cli->noted_count)
        memcpy(names, cli->noted, cli->noted_count * sizeof *names);
    names[cli->noted_count++] = arena_strdup(&cli->arena, name);
    cli->noted = names;
    return false;
}

static void note_broken(struct cli *cli, const struct session *session, bool each)
{
    const char *name, *why;
    size_t count = 0;
    for (size_t i = 0; session_broken(session, i, &name, &why); i++) {
        if (noted(cli, name))
            continue;
        count++;
        if (each)
            cli_note(cli, "the definition of %s is broken and is left out: %s", name, why);
    }

    if (count && !each)
        cli_note(cli, "%zu %s broken and left out; strata segments %s says why", count,
                 count == 1 ? "definition is" : "definitions are", cli->store);
}

/* Where definitions are what it is about, each broken one is told; elsewhere one line for all of
 * them will do. */
static bool lists_broken(const struct cli *cli)
{
    static const char *const commands[] = {"segments", "apply", "refresh"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(cli->command->name, commands[i]) == 0)
            return true;
    return false;
}

void cli_note_broken(struct cli *cli, const struct session *session)
{
    note_broken(cli, session, true);
}

enum status cli_open(struct cli *cli, bool write, struct session **out, struct error *error)
{
    TRY(cli_need_store(cli, error));
    struct session_options options = {
        .path = cli->store,
        .write = write,
        .interrupt = cli_stop(),
        .command = arena_printf(&cli->arena, "strata %s", cli->command->name)};
    TRY(session_open(&options, out, error));
    note_broken(cli, *out, lists_broken(cli));
    return STATUS_OK;
}

void cli_note_lost(const struct cli *cli, const struct insight_lost *lost, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cli_note(cli, "%s is left out of all that is compared: %s", lost[i].text, lost[i].why);
}

enum status cli_moment(struct cli *cli, struct session *session, struct session_moment *out,
                       struct error *error)
{
    TRY(session_moment(session, cli_value(cli, "as-of"), cli_value(cli, "known-at"), &cli->arena,
                       out, error));
    if (out->notice)
        cli_note(cli, "%s", out->notice);
    return STATUS_OK;
}

void cli_problems(const struct cli *cli, const struct segment_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct segment_problem *problem = &problems->items[i];
        if (problem->is_warning && cli->quiet)
            continue;
        const char *color = problem->is_warning ? "\033[33m" : "\033[31m"; /* yellow, red */
        fprintf(cli->err, "%s: %s%s%s%s\n", problem->error.place, cli->color_err ? color : "",
                problem->is_warning ? "note: " : "", problem->error.message,
                cli->color_err ? "\033[0m" : "");
        if (problem->excerpt)
            fprintf(cli->err, "%s\n", problem->excerpt);
        if (problem->error.hint[0])
            fprintf(cli->err, "  %s\n", problem->error.hint);
    }
}

static enum status cannot_open(const char *path, struct error *error)
{
    int reason = errno;
    enum status status = error_system(error, reason, "cannot read %s", path);

    /* What is not there is another exit code: scripts ask for it. */
    if (reason != ENOENT)
        return status;
    return error->code = STATUS_NOT_FOUND;
}

enum { MEGABYTE_BITS = 20 };

static enum status read_stream(FILE *file, const char *path, size_t limit, struct buffer *content,
                               struct error *error)
{
    char piece[1 << 16];
    for (;;) {
        size_t got = fread(piece, 1, sizeof piece, file);
        if (got == 0)
            break;
        buffer_add(content, piece, got);
    }

    if (ferror(file))
        return error_system(error, errno, "cannot read %s", path);

    /* The buffer stops growing at its limit, so reading to the end costs time but no memory. */
    if (content->cut)
        return error_set(error, STATUS_LIMIT, "%s is larger than %zu MB, too large for this", path,
                         limit >> MEGABYTE_BITS);
    return STATUS_OK;
}

enum status cli_read_file(struct cli *cli, const char *path, size_t limit, struct text *out,
                          struct error *error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return cannot_open(path, error);
    struct buffer content;
    buffer_init(&content, limit);
    enum status status = read_stream(file, path, limit, &content, error);

    /* Into the arena: what is read is looked at until the command ends. */
    if (status == STATUS_OK)
        *out = (struct text){buffer_copy(&content, &cli->arena), content.length};
    buffer_release(&content);
    if (!standard)
        fclose(file);
    return status;
}

/* A definition as JSON, as show --json writes it, is another way of writing its text. */
static enum status read_as_json(struct cli *cli, struct segment_source *source, struct error *error)
{
    size_t at = 0;
    while (at < source->text.length && strchr(" \t\r\n", source->text.data[at]))
        at++;
    if (at == source->text.length || (source->text.data[at] != '{' && source->text.data[at] != '['))
        return STATUS_OK;

    /* No definition begins with a brace or a bracket: the first byte tells. */
    struct buffer text;
    buffer_init(&text, 0);
    enum status status = segment_read_json(source->text, &text, error);
    if (status == STATUS_OK)
        source->text = (struct text){buffer_copy(&text, &cli->arena), text.length};
    else
        error_place(error, "%s", source->file);
    buffer_release(&text);
    return status;
}

enum status cli_read_sources(struct cli *cli, struct segment_source **out, size_t *count,
                             struct error *error)
{
    *count = (size_t)cli->argument_count;
    *out = ARENA_ARRAY(&cli->arena, struct segment_source, *count);
    for (size_t i = 0; i < *count; i++) {
        const char *path = cli->arguments[i];
        (*out)[i].file = strcmp(path, "-") == 0 ? "standard input" : path;

        TRY(cli_read_file(cli, path, DEFINITIONS_MAX, &(*out)[i].text, error));
        TRY(read_as_json(cli, &(*out)[i], error));
    }
    return STATUS_OK;
}
