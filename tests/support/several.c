/*
 * The program, run many times in one process: for tests whose commands are too many for each to
 * load DuckDB and all else anew, which is most of what a small one costs. Each command is the
 * program's own main, with arguments and outputs of its own; it opens its store and closes it
 * (support/program.py: ask).
 *
 * A command is a line that says how many words it has, and they, each ended by a zero byte. A
 * result is a line with the exit code and how many bytes went to standard output and standard
 * error, then these bytes. Standard error has to be a file.
 */
#include "base/arena.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int strata_main(int argc, char **argv); /* of src/cli/main.c */

/* The next command's words behind the program's name, or NULL at the end. */
static char **read_command(int *count)
{
    char line[20];
    if (!fgets(line, sizeof line, stdin))
        return NULL;

    *count = (int)strtol(line, NULL, 10) + 1;
    char **words = base_calloc((size_t)*count + 1, sizeof *words);
    words[0] = base_strdup("strata");
    for (int i = 1; i < *count; i++) {
        size_t room = 0;
        ENSURE(getdelim(&words[i], &room, '\0', stdin) > 0);
    }
    return words;
}

static void copy(int from, size_t size, FILE *to)
{
    char *bytes = base_malloc(size + 1);
    ENSURE(pread(from, bytes, size, 0) == (ssize_t)size);
    ENSURE(fwrite(bytes, 1, size, to) == size);
    free(bytes);
}

static void run(int argc, char **argv, const int outputs[2], FILE *results)
{
    size_t sizes[2];
    for (int i = 0; i < 2; i++)
        ENSURE(ftruncate(outputs[i], 0) == 0 && lseek(outputs[i], 0, SEEK_SET) == 0);
    int code = strata_main(argc, argv);
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++)
        sizes[i] = (size_t)lseek(outputs[i], 0, SEEK_END);
    fprintf(results, "%d %zu %zu\n", code, sizes[0], sizes[1]);
    for (int i = 0; i < 2; i++)
        copy(outputs[i], sizes[i], results);
    ENSURE(fflush(results) == 0);
}

int main(void)
{
    FILE *results = fdopen(dup(STDOUT_FILENO), "w");
    int outputs[2] = {memfd_create("output", MFD_CLOEXEC), STDERR_FILENO}, count;
    ENSURE(results && outputs[0] >= 0 && dup2(outputs[0], STDOUT_FILENO) >= 0);
    for (char **words; (words = read_command(&count)); free(words)) {
        run(count, words, outputs, results);
        for (int i = 0; i < count; i++)
            free(words[i]);
    }
    return fclose(results);
}
