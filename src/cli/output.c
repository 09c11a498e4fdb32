/*
 * Files for people appear whole or not at all: they are written beside their name and renamed when
 * they are complete, so that whoever looks sees the old file or the new one. What is no file to be
 * replaced (a device, a pipe) is written straight: renaming over /dev/null would take it away from
 * everybody.
 */
#include "cli/command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool cli_ends_in(const char *path, const char *ending)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot + 1, ending) == 0;
}

enum status cli_check_ending(const char *path, const char *const *known, struct error *error)
{
    /* what a program would refuse to open, or read wrongly, when something else is in it */
    static const char *const formats[] = {
        "csv",     "json",    "parquet", "xlsx",  "html",  "htm",    "xls", "xlsm",   "xlsb", "ods",
        "numbers", "pdf",     "doc",     "docx",  "odt",   "rtf",    "ppt", "pptx",   "tsv",  "tab",
        "xml",     "yaml",    "yml",     "jsonl", "gz",    "zip",    "bz2", "xz",     "zst",  "7z",
        "ndjson",  "feather", "orc",     "avro",  "arrow", "sqlite", "sav", "dta",    "rds",  "png",
        "jpg",     "jpeg",    "svg",     "md",    "tex",   "sql",    "db",  "strata",
    };

    /* Only names that promise a format are refused: `list.2024` promises none. */
    bool says_one = false;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        says_one |= cli_ends_in(path, formats[i]);
    for (size_t i = 0; known[i]; i++)
        says_one &= !cli_ends_in(path, known[i]);
    if (!says_one)
        return STATUS_OK;

    struct buffer list;
    buffer_init(&list, 0);
    for (size_t i = 0; known[i]; i++) {
        const char *between = known[i + 1] ? ", " : " or ";
        buffer_printf(&list, "%s.%s", i ? between : "", known[i]);
    }
    enum status status = error_set(error, STATUS_USAGE,
                                   "%s would not be what its name says: no %s file is written here",
                                   path, strrchr(path, '.'));
    error_hint(error, "give it a name that ends in %s", list.data);
    buffer_release(&list);
    return status;
}

enum { RIGHTS = 07777 }; /* of a file's mode, without its kind */

enum status cli_output_begin(struct cli *cli, const char *path, struct cli_output *out,
                             struct error *error)
{
    char followed[PATH_MAX];
    struct stat there;
    bool exists = stat(path, &there) == 0;
    /* a link keeps pointing where it did: what it points at is replaced */
    out->target = exists && realpath(path, followed) ? arena_strdup(&cli->arena, followed) : path;
    out->mode = exists ? there.st_mode & RIGHTS : 0;

    if (exists && S_ISDIR(there.st_mode))
        return error_system(error, EISDIR, "cannot write %s", path);
    out->aside = exists && !S_ISREG(there.st_mode)
                     ? out->target
                     : arena_printf(&cli->arena, "%s.part-%ld", out->target, (long)getpid());
    return STATUS_OK;
}

enum status cli_output_end(const struct cli_output *output, enum status status, struct error *error)
{
    if (output->aside == output->target)
        return status;
    if (status == STATUS_OK && output->mode)
        (void)!chmod(output->aside,
                     output->mode); /* best effort: the file is good with other rights too */

    /* Only now does anybody see it; on failure what was there before stays. */
    if (status == STATUS_OK && rename(output->aside, output->target) != 0)
        status = error_system(error, errno, "cannot write %s", output->target);
    if (status != STATUS_OK)
        unlink(output->aside);
    return status;
}

enum status cli_write_file(struct cli *cli, const char *path, struct text text, struct error *error)
{
    struct cli_output output;
    TRY(cli_output_begin(cli, path, &output, error));
    FILE *file = fopen(output.aside, "we");
    if (!file)
        return error_system(error, errno, "cannot write %s", path);
    bool written = fwrite(text.data, 1, text.length, file) == text.length;

    /* A full disk may show only when the file is closed. */
    int reason = errno;
    if (fclose(file) != 0 && written) {
        written = false;
        reason = errno;
    }
    enum status status = written ? STATUS_OK : error_system(error, reason, "cannot write %s", path);
    return cli_output_end(&output, status, error);
}
