/*
 * Making, finding, opening and cleaning a store; the writer's lock and the readers' generations.
 *
 * Locks are open-file-description locks: they belong to the open file, not to the process, and end
 * with it however the process ends. A reader locks the byte of its generation in `generations`; a
 * writer that wants to delete a replaced part looks for locks on the bytes before its own
 * generation.
 */
#include "base/map.h"
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HOLDER_MAX = 1024 }; /* bytes of the lock that say who holds it */

static const char *const folders[] = {"parts", "rejects", "tmp"};

void store_step(struct store *store)
{
    const char *at = getenv("STRATA_CRASH_AT");
    if (at && ++store->steps == strtoull(at, NULL, 10))
        kill(getpid(), SIGKILL);
}

const char *store_file(const struct store *store, struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *name = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return arena_printf(arena, "%s/%s", store->path, name);
}

bool store_is(const char *path)
{
    char name[PATH_MAX];
    struct stat file;
    snprintf(name, sizeof name, "%s/catalog.db", path);
    return stat(name, &file) == 0 && S_ISREG(file.st_mode);
}

/* Whether a folder holds nothing, or only what a creation that was killed left. */
static enum status check_empty(const char *path, struct error *error)
{
    static const char *const ours[] = {".", "..", "parts", "rejects", "tmp", "lock", "generations"};
    if (store_is(path))
        return error_set(error, STATUS_ERROR, "%s is a store already", path);
    DIR *folder = opendir(path);
    if (!folder)
        return error_system(error, errno, "%s cannot be made a store", path);

    bool foreign = false;
    for (struct dirent *entry; (entry = readdir(folder));) {
        bool known = false;
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            known = known || strcmp(entry->d_name, ours[i]) == 0;
        foreign = foreign || !known;
    }

    closedir(folder);
    if (!foreign)
        return STATUS_OK;
    enum status status = error_set(error, STATUS_ERROR, "the folder %s is not empty", path);
    error_hint(error, "give a name that does not exist yet");
    return status;
}

/* Made aside and renamed when it is whole and synced, so that a catalog.db that exists is whole;
 * and everything that names it is synced after that, so that a store that was reported as made is
 * there after a power cut. */
static enum status make_catalog(struct arena *arena, const char *path, const char *zone,
                                const char *currency, struct error *error)
{
    const char *aside = arena_printf(arena, "%s/tmp/catalog.db", path);
    const char *final = arena_printf(arena, "%s/catalog.db", path);

    /* A creation that was killed may have left half a catalog there. */
    file_remove_tree(arena_printf(arena, "%s/tmp", path), false);
    struct catalog *catalog = NULL;
    TRY(catalog_open(aside, CATALOG_CREATE, zone, currency, &catalog, error));
    catalog_close(catalog);
    TRY(file_sync(aside, error));
    if (rename(aside, final) != 0)
        return error_system(error, errno, "%s cannot be made", final);

    /* A store that may be gone after a power cut is not reported as made, nor left behind. */
    enum status status = file_sync(path, error);
    if (status == STATUS_OK)
        status = file_sync_parent(path, error);
    if (status != STATUS_OK)
        unlink(final);
    return status;
}

/* A failed creation takes away what it made; a folder that was there before stays. */
static void take_away(struct arena *arena, const char *path, bool made)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        file_remove_tree(arena_printf(arena, "%s/%s", path, folders[i]), true);
    if (made)
        rmdir(path);
}

enum status store_create(const char *path, const char *zone, const char *currency,
                         struct error *error)
{
    bool made = mkdir(path, FOLDER_MODE) == 0;
    if (!made && errno != EEXIST)
        return error_system(error, errno, "the store %s cannot be made", path);
    TRY(check_empty(path, error));

    /* The catalog comes last: it is what makes a folder a store. */
    struct arena arena;
    arena_init(&arena, 0);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && status == STATUS_OK; i++)
        status = file_make_folder(arena_printf(&arena, "%s/%s", path, folders[i]), error);
    if (status == STATUS_OK)
        status = make_catalog(&arena, path, zone, currency, error);
    if (status != STATUS_OK)
        take_away(&arena, path, made);
    arena_release(&arena);
    return status;
}

static enum status set_lock(int file, short type, uint64_t from, uint64_t length, bool *taken)
{
    struct flock lock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)from, .l_len = (off_t)length};
    *taken = fcntl(file, F_OFD_SETLK, &lock) == 0;
    return *taken || errno == EAGAIN || errno == EACCES ? STATUS_OK : STATUS_IO;
}

static enum status say_busy(struct store *store, struct error *error)
{
    char holder[HOLDER_MAX] = "";
    ssize_t length = pread(store->lock, holder, sizeof holder - 1, 0);
    holder[length > 0 ? length : 0] = '\0';
    enum status status =
        error_set(error, STATUS_BUSY, "another process is writing to the store %s: %s", store->path,
                  holder[0] ? holder : "it has not said its name yet");
    error_hint(error,
               "wait until it has finished, then run the command again; reading works meanwhile");
    return status;
}

static enum status sign_lock(struct store *store, const char *command, struct error *error)
{
    char text[HOLDER_MAX], since[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &utc));

    int length =
        snprintf(text, sizeof text, "%s (pid %d, since %s)", command, (int)getpid(), since);
    length = length < (int)sizeof text ? length : (int)sizeof text - 1;
    errno = 0; /* as a write of a part leaves it */
    if (ftruncate(store->lock, 0) == 0 && pwrite(store->lock, text, (size_t)length, 0) == length)
        return STATUS_OK;

    /* A full disk or quota may keep the name from being written, or the end of it: the lock holds
     * without, and a change may be what makes room. */
    if (errno == 0 || errno == ENOSPC || errno == EDQUOT)
        return STATUS_OK;
    return error_system(error, errno, "the lock of %s cannot be written", store->path);
}

static enum status take_lock(struct store *store, const char *command, struct error *error)
{
    bool taken;

    const char *name = store_file(store, &store->arena, "lock");
    store->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (store->lock < 0) {
        enum status status =
            error_system(error, errno, "the store %s cannot be written to", store->path);
        error_hint(
            error,
            "it can be read where it is; to change it, copy it to a place that may be written");
        return status;
    }

    /* The file stays when the lock goes; who holds it has written its name into it. */
    if (set_lock(store->lock, F_WRLCK, 0, 1, &taken) != STATUS_OK)
        return error_system(error, errno, "the store %s cannot be locked", store->path);
    return taken ? sign_lock(store, command, error) : say_busy(store, error);
}

enum status store_load(struct store *store, struct error *error)
{
    struct arena fresh;
    uint64_t generation;
    struct schema *schema;
    struct catalog_part *parts;
    size_t count;

    arena_init(&fresh, 0);
    enum status status = catalog_counter(store->catalog, CATALOG_GENERATION, &generation, error);
    if (status == STATUS_OK)
        status = catalog_load_schema(store->catalog, &fresh, &schema, error);
    if (status == STATUS_OK)
        status = catalog_parts(store->catalog, false, &fresh, &parts, &count, error);
    if (status != STATUS_OK) { /* what was loaded before stays */
        arena_release(&fresh);
        return status;
    }

    arena_release(&store->arena);
    store->arena = fresh;
    store->generation = generation;
    store->schema = schema;
    store->parts = parts;
    store->part_count = count;
    return STATUS_OK;
}

/* A reader's view is one transaction of the catalog, kept until it closes, and the lock on its
 * generation. The lock has to be there before a writer that publishes the next generation looks for
 * it: so look again after locking. */
static enum status open_generation(struct store *store, struct error *error)
{
    store->generations =
        open(store_file(store, &store->arena, "generations"), O_RDONLY | O_CLOEXEC);

    /* Where there is no such file no writer has opened the store so far, and nothing can be
     * replaced. Where it is there and cannot be opened, a writer would not see this reader, and
     * take files away from under it. */
    if (store->generations < 0 && errno != ENOENT)
        return error_system(error, errno, "the store %s cannot be locked for reading", store->path);
    for (;;) {
        uint64_t before, after;
        bool taken;
        TRY(catalog_counter(store->catalog, CATALOG_GENERATION, &before, error));
        if (store->generations >= 0 &&
            set_lock(store->generations, F_RDLCK, before, 1, &taken) != STATUS_OK)
            return error_system(error, errno, "the store %s cannot be locked for reading",
                                store->path);
        TRY(catalog_begin_read(store->catalog, error));
        TRY(catalog_counter(store->catalog, CATALOG_GENERATION, &after, error));
        if (before == after)
            return store_load(store, error);
        catalog_rollback(store->catalog);
        if (store->generations >= 0)
            (void)!set_lock(store->generations, F_UNLCK, before, 1, &taken);
    }
}

enum status store_hold(const struct store *store, int *out, struct error *error)
{
    bool taken;
    struct arena arena;
    arena_init(&arena, 0);
    int file = open(store_file(store, &arena, "generations"), O_RDONLY | O_CLOEXEC);
    arena_release(&arena);

    /* Without the file nothing can be replaced, as for a reader. */
    *out = file;
    if (file < 0 && errno == ENOENT)
        return STATUS_OK;
    if (file >= 0 && set_lock(file, F_RDLCK, store->generation, 1, &taken) == STATUS_OK && taken)
        return STATUS_OK;
    enum status status =
        error_system(error, errno, "the store %s cannot be locked for reading", store->path);
    if (file >= 0)
        close(file);
    *out = -1;
    return status;
}

static bool older_readers(struct store *store)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = (off_t)store->generation};
    if (store->generations < 0 || store->generation == 0)
        return false;
    return fcntl(store->generations, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

enum status store_reclaim(struct store *store, struct error *error)
{
    if (older_readers(store))
        return STATUS_OK;
    struct arena arena;
    struct catalog_part *parts;
    size_t count;

    arena_init(&arena, 0);
    enum status status = catalog_parts(store->catalog, true, &arena, &parts, &count, error);

    /* forgotten only when it is gone: what cannot be deleted now is tried again by the next
     * writer */
    if (status == STATUS_OK && count) {
        status = catalog_begin(store->catalog, error);
        for (size_t i = 0; i < count && status == STATUS_OK; i++) {
            const char *name = store_file(store, &arena, "%s", parts[i].path);
            if (unlink(name) == 0 || errno == ENOENT)
                status = catalog_forget_part(store->catalog, parts[i].number, error);
            store_step(store);
        }
        if (status == STATUS_OK)
            status = catalog_commit(store->catalog, error);
        catalog_rollback(store->catalog);
    }

    arena_release(&arena);
    return status;
}

static bool is_listed(struct text_map *listed, const char *path)
{
    return text_map_find(listed, text_from(path)) != NULL;
}

static void list_parts(struct text_map *listed, const struct catalog_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_map_put(listed, text_from(parts[i].path), 1, NULL);
}

/* Removes what is in a folder of the store and is not listed; folders that become empty go too. */
static void sweep(struct store *store, struct arena *arena, struct text_map *listed,
                  const char *folder)
{
    DIR *entries = opendir(store_file(store, arena, "%s", folder));
    for (;;) {
        struct dirent *entry = entries ? readdir(entries) : NULL;
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const char *name = arena_printf(arena, "%s/%s", folder, entry->d_name);
        const char *path = store_file(store, arena, "%s", name);

        struct stat file;
        if (lstat(path, &file) != 0)
            continue;
        if (S_ISDIR(file.st_mode)) {
            sweep(store, arena, listed, name);
            rmdir(path); /* refused while something is in it */
        } else if (!is_listed(listed, name)) {
            unlink(path);
        }
    }

    if (entries)
        closedir(entries);
}

static enum status list_everything(struct store *store, struct arena *arena,
                                   struct text_map *listed, struct error *error)
{
    struct catalog_part *removed;
    struct catalog_import *imports;
    size_t count;
    list_parts(listed, store->parts, store->part_count);
    TRY(catalog_parts(store->catalog, true, arena, &removed, &count, error));
    list_parts(listed, removed, count);
    TRY(catalog_imports(store->catalog, arena, &imports, &count, error));
    for (size_t i = 0; i < count; i++)
        if (!imports[i].undone)
            text_map_put(listed,
                         text_from(arena_printf(arena, "rejects/%u.jsonl", imports[i].number)), 1,
                         NULL);
    return STATUS_OK;
}

/* What a killed writer may have left: temporary files, files renamed but not listed, replaced parts
 * not yet deleted. */
static enum status clean(struct store *store, struct error *error)
{
    struct arena arena;
    struct text_map listed;
    TRY(store_reclaim(store, error));

    arena_init(&arena, 0);
    text_map_init(&listed);
    file_remove_tree(store_file(store, &arena, "tmp"), false);

    /* when the list cannot be made nothing is swept: an unlisted file may be one that counts */
    enum status status = list_everything(store, &arena, &listed, error);
    if (status == STATUS_OK) {
        sweep(store, &arena, &listed, "parts");
        sweep(store, &arena, &listed, "rejects");
    }
    text_map_release(&listed);
    arena_release(&arena);
    return status;
}

static enum status open_writing(struct store *store, const char *command, struct error *error)
{
    TRY(take_lock(store, command, error));
    const char *name = store_file(store, &store->arena, "catalog.db");
    TRY(catalog_open(name, CATALOG_WRITE, NULL, NULL, &store->catalog, error));

    store->generations = open(store_file(store, &store->arena, "generations"),
                              O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (store->generations < 0)
        return error_system(error, errno, "the store %s cannot be written to", store->path);

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        TRY(file_make_folder(store_file(store, &store->arena, "%s", folders[i]), error));

    TRY(store_load(store, error));
    return clean(store, error);
}

static enum status open_reading(struct store *store, struct error *error)
{
    const char *name = store_file(store, &store->arena, "catalog.db");
    enum catalog_mode mode = store->mode == STORE_EXAMINE ? CATALOG_EXAMINE : CATALOG_READ;
    TRY(catalog_open(name, mode, NULL, NULL, &store->catalog, error));
    enum status status = open_generation(store, error);
    if (status == STATUS_OK || store->mode != STORE_EXAMINE)
        return status;
    /* what can be listed is listed; store_verify asks again what cannot */
    store->part_count = 0;
    store->schema = NULL;
    return STATUS_OK;
}

enum status store_open(const char *path, enum store_mode mode, const char *command,
                       struct store **out, struct error *error)
{
    if (!store_is(path)) {
        enum status status = error_set(error, STATUS_NOT_FOUND, "there is no store at %s", path);
        error_hint(error, "strata init %s makes one", path);
        return status;
    }

    struct store *store = base_calloc(1, sizeof *store);
    *store = (struct store){.path = base_strdup(path),
                            .checked = checked_new(),
                            .mode = mode,
                            .lock = -1,
                            .generations = -1};
    arena_init(&store->arena, 0);
    const char *writer = command ? command : "strata";
    enum status status =
        mode == STORE_WRITE ? open_writing(store, writer, error) : open_reading(store, error);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }

    *out = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;

    store_abort(store->change);
    catalog_close(store->catalog);
    if (store->generations >= 0)
        close(store->generations);
    if (store->lock >= 0)
        close(store->lock);
    arena_release(&store->arena);
    checked_free(store->checked);
    free(store->path);
    free(store);
}

/* The nearest store from a folder upward, or NULL. */
static const char *upward(struct arena *arena, const char *from)
{
    char path[PATH_MAX];
    if (!realpath(from, path))
        return NULL;

    for (;;) {
        if (store_is(path))
            return arena_strdup(arena, path);
        char *slash = strrchr(path, '/');
        if (!slash || path[1] == '\0')
            return NULL;
        slash[slash == path] = '\0'; /* of "/x" the slash itself stays: the root is the last */
    }
}

static enum status not_found(struct error *error, const char *where)
{
    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no store at %s", where);
    error_hint(
        error,
        "give its folder as an argument, with -C or in STRATA_STORE; strata init makes a new one");
    return status;
}

enum status store_find(const char *argument, const char *directory, struct arena *arena,
                       const char **path, struct error *error)
{
    const char *named = argument;
    if (!argument && !directory)
        named = getenv("STRATA_STORE");
    if (named && *named) {
        *path = arena_strdup(arena, named);
        return store_is(named) ? STATUS_OK : not_found(error, named);
    }
    *path = upward(arena, directory ? directory : ".");
    if (*path)
        return STATUS_OK;
    return not_found(error, directory ? arena_printf(arena, "%s or above it", directory)
                                      : "the working directory or above it");
}

const char *store_path(const struct store *store)
{
    return store->path;
}

uint64_t store_generation(const struct store *store)
{
    return store->generation;
}

struct catalog *store_catalog(struct store *store)
{
    return store->catalog;
}

const struct schema *store_schema(const struct store *store)
{
    return store->schema;
}

const struct catalog_part *store_parts(const struct store *store, size_t *count)
{
    if (store->change)
        return store_list_now(store->change, count);

    *count = store->part_count;
    return store->parts;
}

void store_limit(struct store *store, const struct store_limits *limits)
{
    store->limits = *limits;
}

enum status store_lake(const struct store *store, int threads, struct lake **out,
                       struct error *error)
{
    char spill[PATH_MAX];
    snprintf(spill, sizeof spill, "%s/tmp/spill", store->path);
    struct lake_options options = {.threads = threads ? threads : store->limits.threads,
                                   .memory_limit = store->limits.memory,
                                   .interrupt = store->limits.interrupt,
                                   .temp_directory = store->mode == STORE_WRITE ? spill : NULL};
    return lake_open(&options, out, error);
}
