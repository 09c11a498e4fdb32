/* A folder for what a test writes, under TMPDIR (tools/run-tests sets it) or /tmp. */
#ifndef STRATA_TESTS_FOLDER_H
#define STRATA_TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes a new folder and writes its path to out; NULL: that was not possible. */
static inline char *folder_make(char *out, size_t size)
{
    const char *place = getenv("TMPDIR");
    int length = snprintf(out, size, "%s/strata-XXXXXX", place ? place : "/tmp");
    return length > 0 && (size_t)length < size ? mkdtemp(out) : NULL;
}

static inline int folder_remove_entry(const char *name, const struct stat *info, int type,
                                      struct FTW *ftw)
{
    (void)info, (void)type, (void)ftw;
    return remove(name);
}

/* Removes a folder and everything in it; 0 when that worked. */
static inline int folder_remove(const char *path)
{
    enum { OPEN_FOLDERS = 16 }; /* at once: more than any test is deep */
    return nftw(path, folder_remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

#endif
