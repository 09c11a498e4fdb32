/*
 * Faults of a disk, preloaded into the program. Only what happens to files below FAULT_ROOT counts.
 *
 * Two uses. With FAULT_AT=N the N-th call that changes files fails with FAULT_ERRNO: once, or with
 * FAULT_LASTING every one from there on, with FAULT_TIMES=N that many; FAULT_KIND narrows both to
 * calls of one kind (write, sync, rename, open, truncate, unlink, mkdir, close). With
 * FAULT_LOG=FILE every call is written down with its data, so that a test can work out every state
 * a power cut could leave: what was synced, and any part of what was not (tests/faults/power.py).
 *
 * FAULT_READ=WORDS: a file whose path has these in it is read up to its middle, and then reading
 * fails with FAULT_ERRNO.
 *
 * FAULT_COUNT=FILE gets the number of calls of each kind at a normal end, so that a test knows how
 * many there are.
 */
#undef _FILE_OFFSET_BITS /* both the plain names and those with 64 are wanted */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { WRITE, SYNC, RENAME, OPEN, TRUNCATE, UNLINK, MKDIR, CLOSE, KINDS };
static const char *const kind_names[KINDS] = {"write",    "sync",   "rename", "open",
                                              "truncate", "unlink", "mkdir",  "close"};

enum { FILES = 4096 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long calls, counted[KINDS];
static char watched[FILES]; /* descriptors below the root */
static int journal = -2;    /* of FAULT_LOG; −1: none, −2: not looked yet */

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

static int real_open(const char *path, int flags, mode_t mode)
{
    return REAL("open64", int (*)(const char *, int, ...))(path, flags, mode);
}

/* ---- what is below the root ---- */

static int is_below(const char *path)
{
    const char *root = getenv("FAULT_ROOT");
    char whole[PATH_MAX];
    if (!root || !path)
        return 0;
    if (*path != '/') {
        char folder[PATH_MAX / 2];
        if (!getcwd(folder, sizeof folder))
            return 0;
        snprintf(whole, sizeof whole, "%s/%s", folder, path);
        path = whole;
    }
    return strncmp(path, root, strlen(root)) == 0;
}

/* SQLite's shared memory and the lock tell nothing that outlives the process. */
static int is_kept(const char *path)
{
    size_t length = strlen(path);
    return is_below(path) && !(length > 4 && strcmp(path + length - 4, "-shm") == 0);
}

static int is_watched(int file)
{
    return file >= 0 && file < FILES && watched[file];
}

/* ---- failing ---- */

/* Whether this call is to fail; counts it. With the mutex held. */
static int fails(enum kind kind)
{
    const char *at = getenv("FAULT_AT"), *only = getenv("FAULT_KIND"),
               *number = getenv("FAULT_ERRNO"), *times = getenv("FAULT_TIMES");
    counted[kind]++;
    if (only && strcmp(only, kind_names[kind]) != 0)
        return 0;
    calls++;
    long last = at ? atol(at) + (times ? atol(times) - 1 : 0) : 0;
    if (!at || calls < atol(at) || (calls > last && !getenv("FAULT_LASTING")))
        return 0;
    errno = number ? atoi(number) : EIO;
    return 1;
}

/* ---- writing down ---- */

static void put(const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) =
        REAL("write", ssize_t(*)(int, const void *, size_t));
    for (const char *at = data; size;) {
        ssize_t done = real(journal, at, size);
        if (done <= 0)
            _exit(99);
        at += done;
        size -= (size_t)done;
    }
}

static int writes_down(void)
{
    if (journal == -2) {
        const char *path = getenv("FAULT_LOG");
        journal = path ? real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    }
    return journal >= 0;
}

/* What happened, two numbers, two texts: all that any of the calls needs. */
static void note(char what, uint64_t a, uint64_t b, const void *first, size_t first_size,
                 const char *second)
{
    uint64_t head[4] = {a, b, first_size, second ? strlen(second) : 0};
    if (!writes_down())
        return;
    put(&what, 1);
    put(head, sizeof head);
    put(first, first_size);
    if (second)
        put(second, strlen(second));
}

static uint64_t inode_of(int file)
{
    struct stat seen;
    return fstat(file, &seen) == 0 ? (uint64_t)seen.st_ino : 0;
}

/* The whole of a file: also what was written by ways that are not watched (stdio). */
static void note_content(char what, int file)
{
    struct stat seen;
    if (!writes_down() || fstat(file, &seen) != 0 || !S_ISREG(seen.st_mode))
        return;
    char *bytes = malloc((size_t)seen.st_size + 1), name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    int again = real_open(name, O_RDONLY | O_CLOEXEC, 0);
    ssize_t got = again >= 0 && bytes ? pread(again, bytes, (size_t)seen.st_size, 0) : -1;
    if (again >= 0)
        REAL("close", int (*)(int))(again);
    if (got >= 0)
        note(what, (uint64_t)seen.st_ino, 0, bytes, (size_t)got, NULL);
    free(bytes);
}

/* ---- the calls ---- */

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode)
{
    struct stat seen;
    int changes = is_kept(path) && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC));
    if (!is_kept(path))
        return real(path, flags, mode);
    pthread_mutex_lock(&mutex);
    int failed = changes && fails(OPEN), was_there = stat(path, &seen) == 0;
    int file = failed ? -1 : real(path, flags, mode);
    int why = errno;
    if (file >= 0 && file < FILES)
        watched[file] = 1;
    if (file >= 0 && changes && (!was_there || (flags & O_TRUNC)))
        note(was_there ? 'T' : 'C', inode_of(file), 0, path, strlen(path), NULL);
    pthread_mutex_unlock(&mutex);
    errno = why;
    return file;
}

#define OPENING(name)                                                                   \
    int name(const char *path, int flags, ...)                                          \
    {                                                                                   \
        va_list arguments;                                                              \
        va_start(arguments, flags);                                                     \
        mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                  \
        va_end(arguments);                                                              \
        return opened(REAL(#name, int (*)(const char *, int, ...)), path, flags, mode); \
    }
OPENING(open)
OPENING(open64)

int close(int file)
{
    int (*real)(int) = REAL("close", int (*)(int));
    if (!is_watched(file))
        return real(file);
    pthread_mutex_lock(&mutex);
    int failed = fails(CLOSE), why = errno;
    watched[file] = 0;
    int done = real(file); /* the descriptor is gone either way, as Linux has it */
    pthread_mutex_unlock(&mutex);
    if (!failed)
        return done;
    errno = why;
    return -1;
}

static ssize_t written(int file, const void *data, size_t size, off64_t at, int positioned)
{
    if (!is_watched(file))
        return positioned ? REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off64_t))(
                                file, data, size, at)
                          : REAL("write", ssize_t(*)(int, const void *, size_t))(file, data, size);
    pthread_mutex_lock(&mutex);
    ssize_t done = -1;
    off64_t from = positioned ? at : lseek64(file, 0, SEEK_CUR);
    int failed = fails(WRITE), why = errno;
    if (!failed) {
        done = positioned ? REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off64_t))(
                                file, data, size, at)
                          : REAL("write", ssize_t(*)(int, const void *, size_t))(file, data, size);
        why = errno;
        if (done > 0)
            note('W', inode_of(file), (uint64_t)from, data, (size_t)done, NULL);
    }
    pthread_mutex_unlock(&mutex);
    errno = why;
    return done;
}

ssize_t write(int file, const void *data, size_t size)
{
    return written(file, data, size, 0, 0);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at)
{
    return written(file, data, size, at, 1);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at)
{
    return written(file, data, size, at, 1);
}

static int synced(const char *name, int file)
{
    int (*real)(int) = REAL(name, int (*)(int));
    struct stat seen;
    char path[PATH_MAX], link[64];
    if (!is_watched(file))
        return real(file);
    pthread_mutex_lock(&mutex);
    int done = fails(SYNC) ? -1 : real(file), why = errno;
    if (done == 0 && fstat(file, &seen) == 0 && S_ISDIR(seen.st_mode)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length > 0)
            note('D', 0, 0, path, (size_t)length, NULL);
    } else if (done == 0) {
        note_content('S', file);
    }
    pthread_mutex_unlock(&mutex);
    errno = why;
    return done;
}

int fsync(int file)
{
    return synced("fsync", file);
}
int fdatasync(int file)
{
    return synced("fdatasync", file);
}

static int truncated(int file, off64_t size)
{
    int (*real)(int, off64_t) = REAL("ftruncate64", int (*)(int, off64_t));
    if (!is_watched(file))
        return real(file, size);
    pthread_mutex_lock(&mutex);
    int done = fails(TRUNCATE) ? -1 : real(file, size), why = errno;
    if (done == 0)
        note('Z', inode_of(file), (uint64_t)size, "", 0, NULL);
    pthread_mutex_unlock(&mutex);
    errno = why;
    return done;
}

int ftruncate(int file, off_t size)
{
    return truncated(file, size);
}
int ftruncate64(int file, off64_t size)
{
    return truncated(file, size);
}

/* rename, unlink, mkdir, rmdir: what they do, and how it is written down. */
#define NAMING(name, parameters, arguments, path, kind, what, other) \
    int name parameters                                              \
    {                                                                \
        int(*real) parameters = REAL(#name, int(*) parameters);      \
        if (!is_kept(path))                                          \
            return real arguments;                                   \
        pthread_mutex_lock(&mutex);                                  \
        int done = fails(kind) ? -1 : real arguments, why = errno;   \
        if (done == 0)                                               \
            note(what, 0, 0, path, strlen(path), other);             \
        pthread_mutex_unlock(&mutex);                                \
        errno = why;                                                 \
        return done;                                                 \
    }
NAMING(rename, (const char *from, const char *to), (from, to), from, RENAME, 'R', to)
NAMING(unlink, (const char *path), (path), path, UNLINK, 'U', NULL)
NAMING(rmdir, (const char *path), (path), path, UNLINK, 'U', NULL)
NAMING(mkdir, (const char *path, mode_t mode), (path, mode), path, MKDIR, 'M', NULL)

/* ---- reading ---- */

struct broken {
    int file;
    size_t left; /* bytes until it breaks off */
};

static ssize_t read_broken(void *cookie, char *data, size_t size)
{
    struct broken *broken = cookie;
    const char *number = getenv("FAULT_ERRNO");
    if (!broken->left) {
        errno = number ? atoi(number) : EIO;
        return -1;
    }
    ssize_t done = read(broken->file, data, size < broken->left ? size : broken->left);
    broken->left -= done > 0 ? (size_t)done : 0;
    return done;
}

static int close_broken(void *cookie)
{
    struct broken *broken = cookie;
    int done = close(broken->file);
    free(broken);
    return done;
}

static FILE *open_broken(const char *path)
{
    struct stat info;
    struct broken *broken = calloc(1, sizeof *broken);
    cookie_io_functions_t reading = {.read = read_broken, .close = close_broken};
    broken->file = real_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (broken->file < 0 || fstat(broken->file, &info) != 0)
        _exit(99);
    broken->left = (size_t)info.st_size / 2;
    return fopencookie(broken, "r", reading);
}

#define STREAM(name)                                                            \
    FILE *name(const char *path, const char *mode)                              \
    {                                                                           \
        const char *words = getenv("FAULT_READ");                               \
        if (words && *mode == 'r' && strstr(path, words))                       \
            return open_broken(path);                                           \
        return REAL(#name, FILE * (*)(const char *, const char *))(path, mode); \
    }
STREAM(fopen)
STREAM(fopen64)

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    for (int kind = 0; kind < KINDS; kind++)
        fprintf(file, "%s %ld\n", kind_names[kind], counted[kind]);
    fclose(file);
}
