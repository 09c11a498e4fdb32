/*
 * Files: syncing, making and removing. A file counts as written when it and the folder that names
 * it are synced.
 */
#include "store/internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status file_sync(const char *path, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int failed = file < 0 || fsync(file) != 0 ? errno : 0;
    if (file >= 0)
        close(file);
    return failed ? error_system(error, failed, "%s cannot be written to the disk", path)
                  : STATUS_OK;
}

enum status file_sync_parent(const char *path, struct error *error)
{
    char name[PATH_MAX];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length && path[length - 1] != '/')
        length--;
    if (length >= sizeof name)
        return error_set(error, STATUS_ERROR, "the path %s is too long", path);
    snprintf(name, sizeof name, "%.*s", length ? (int)length : 1, length ? path : ".");

    struct error why = {0};
    int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) /* a folder that may be written but not read cannot be synced */
        return STATUS_OK;
    close(folder);
    enum status status = file_sync(name, &why);
    if (status != STATUS_OK && error)
        *error = why;
    return status;
}

enum status file_make_folder(const char *path, struct error *error)
{
    if (mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST)
        return STATUS_OK;
    return error_system(error, errno, "the folder %s cannot be made", path);
}

void file_remove_tree(const char *path, bool itself)
{
    DIR *folder = opendir(path);
    for (;;) {
        struct dirent *entry = folder ? readdir(folder) : NULL;
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char name[PATH_MAX];
        struct stat file;
        int length = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (length >= (int)sizeof name) /* cut, it would be another's */
            continue;

        /* A link goes, what it points at stays. */
        if (lstat(name, &file) == 0 && S_ISDIR(file.st_mode))
            file_remove_tree(name, true);
        else
            unlink(name);
    }
    if (folder)
        closedir(folder);
    if (itself)
        rmdir(path);
}

const char *file_safe_name(struct arena *arena, const char *name)
{
    struct buffer out;
    buffer_init(&out, 0);
    for (const char *p = name; *p; p++) {
        bool plain =
            isalnum((unsigned char)*p) || *p == '_' || *p == '-' || (*p == '.' && p != name);
        if (plain && !((unsigned char)*p & 0x80))
            buffer_char(&out, *p);
        else
            buffer_printf(&out, "%%%02X", (unsigned)(unsigned char)*p);
    }

    /* folder names end at 255 bytes; parts are told apart by their numbers, so a cut name does no
     * harm */
    enum { LENGTH_MAX = 200 };
    const char *safe =
        arena_strndup(arena, out.data, out.length > LENGTH_MAX ? LENGTH_MAX : out.length);
    buffer_release(&out);
    return safe;
}
