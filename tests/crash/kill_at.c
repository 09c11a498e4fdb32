/*
 * Ends the program at a chosen moment between two system calls. Preloaded, it counts the calls that
 * change files; before the one whose number KILL_AT names, or halfway through it when that is a
 * write and KILL_TORN is set, the process kills itself as `kill -9` would. At a normal end the
 * count goes to the file KILL_COUNT names, so that a test knows how many moments there are.
 */
#undef _FILE_OFFSET_BITS /* both the plain names and those with 64 are wanted */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Whether this call is the one. */
static int is_last(void)
{
    const char *at = getenv("KILL_AT");
    long call = atomic_fetch_add(&calls, 1) + 1;
    return at && call == atol(at);
}

static size_t torn(size_t size)
{
    return getenv("KILL_TORN") ? size / 2 : 0;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, #name))

#define PLAIN(name, parameters, arguments)              \
    int name parameters                                 \
    {                                                   \
        if (is_last())                                  \
            die();                                      \
        return REAL(name, int(*) parameters) arguments; \
    }

PLAIN(fsync, (int file), (file))
PLAIN(fdatasync, (int file), (file))
PLAIN(rename, (const char *from, const char *to), (from, to))
PLAIN(unlink, (const char *path), (path))
PLAIN(mkdir, (const char *path, mode_t mode), (path, mode))
PLAIN(ftruncate, (int file, off_t size), (file, size))
PLAIN(ftruncate64, (int file, off64_t size), (file, size))

ssize_t write(int file, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = REAL(write, ssize_t(*)(int, const void *, size_t));
    if (file > 2 && is_last()) {
        if (torn(size) && real(file, data, torn(size)) < 0)
            die();
        die();
    }
    return real(file, data, size);
}

#define POSITIONED(name, offset_type)                                         \
    ssize_t name(int file, const void *data, size_t size, offset_type offset) \
    {                                                                         \
        ssize_t (*real)(int, const void *, size_t, offset_type) =             \
            REAL(name, ssize_t(*)(int, const void *, size_t, offset_type));   \
        if (is_last()) {                                                      \
            if (torn(size) && real(file, data, torn(size), offset) < 0)       \
                die();                                                        \
            die();                                                            \
        }                                                                     \
        return real(file, data, size, offset);                                \
    }

POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("KILL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}
