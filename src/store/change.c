/*
 * Changes. Files are written to tmp/ while the change is prepared; the catalog's transaction is
 * open all the time and holds everything small. Commit syncs the files, renames them to where they
 * belong, syncs the folders, and only then commits the transaction that lists them: a kill before
 * that leaves files that nobody lists, a kill after it leaves replaced files that nobody reads. The
 * next writer removes both.
 */
#include "base/map.h"
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *store_quote(struct arena *arena, const char *path)
{
    struct buffer out;
    buffer_init(&out, 0);
    lake_add_path(&out, path);
    const char *quoted = buffer_copy(&out, arena);
    buffer_release(&out);
    return quoted;
}

enum status store_check_changeable(const struct store *store, struct error *error)
{
    if (store->change)
        return error_set(error, STATUS_USAGE, "another change of the store %s is under way",
                         store->path);
    if (store->mode == STORE_WRITE)
        return STATUS_OK;

    enum status status =
        error_set(error, STATUS_USAGE, "the store %s is open for reading only", store->path);
    error_hint(error, "open it with STRATA_WRITE");
    return status;
}

enum status store_begin(struct store *store, struct store_change **out, struct error *error)
{
    TRY(store_check_changeable(store, error));
    if (store->unreadable)
        return error_set(error, STATUS_ERROR,
                         "a change of the store %s ended in uncertainty: open it again first",
                         store->path);

    TRY(catalog_begin(store->catalog, error));
    struct store_change *change = base_calloc(1, sizeof *change);
    change->store = store;
    arena_init(&change->arena, 0);
    store->change = change;
    *out = change;
    return STATUS_OK;
}

static void change_free(struct store_change *change)
{
    if (change->schema_before) /* the one that an undo within it made goes with its arena */
        change->store->schema = change->schema_before;
    change->store->change = NULL;
    VECTOR_RELEASE(&change->added);
    VECTOR_RELEASE(&change->dropped);
    VECTOR_RELEASE(&change->files);
    VECTOR_RELEASE(&change->obsolete);
    VECTOR_RELEASE(&change->temporaries);
    arena_release(&change->arena);
    free(change);
}

static void remove_temporaries(struct store_change *change)
{
    for (size_t i = 0; i < change->temporaries.count; i++) {
        file_remove_tree(change->temporaries.items[i], true);
        unlink(change->temporaries.items[i]);
    }
}

void store_abort(struct store_change *change)
{
    if (!change)
        return;

    /* files that were moved to their places go first: while the catalog is open nobody else can
     * list them */
    for (size_t i = 0; i < change->files.count; i++)
        if (change->files.items[i].published)
            unlink(change->files.items[i].to);
    catalog_rollback(change->store->catalog);
    remove_temporaries(change);
    change_free(change);
}

const char *store_temporary(struct store_change *change, const char *suffix)
{
    const char *name =
        store_file(change->store, &change->arena, "tmp/%llu%s",
                   (unsigned long long)change->store->temporaries++, suffix ? suffix : "");
    VECTOR_PUSH(&change->temporaries, name);
    return name;
}

bool store_dropped(const struct store_change *change, uint32_t number)
{
    for (size_t i = 0; i < change->dropped.count; i++)
        if (change->dropped.items[i] == number)
            return true;
    return false;
}

const struct catalog_part *store_list_now(struct store_change *change, size_t *count)
{
    const struct store *store = change->store;
    size_t folder = strlen(store->path) + 1;
    if (!change->now) {
        change->now = ARENA_ARRAY(&change->arena, struct catalog_part,
                                  store->part_count + change->added.count + 1);
        change->now_count = 0;

        for (size_t i = 0; i < store->part_count; i++)
            if (!store_dropped(change, store->parts[i].number))
                change->now[change->now_count++] = store->parts[i];

        /* What was written in this change still lies in the store's folder for temporary files; a
         * part's path is relative to the store. */
        for (size_t i = 0; i < change->added.count; i++) {
            const struct change_part *added = &change->added.items[i];
            if (!added->temporary)
                continue;
            change->now[change->now_count] = added->part;
            change->now[change->now_count++].path = added->temporary + folder;
        }
    }
    *count = change->now_count;
    return change->now;
}

enum status store_fold_schema(struct store_change *change, struct error *error)
{
    struct store *store = change->store;
    struct schema *before = store->schema;
    TRY(catalog_load_schema(store->catalog, &change->arena, &store->schema, error));
    if (!change->schema_before)
        change->schema_before = before;
    return STATUS_OK;
}

enum status store_drop_part(struct store_change *change, uint32_t number, struct error *error)
{
    (void)error;
    struct store *store = change->store;

    /* the part that stands beside another goes with it */
    change->now = NULL;
    for (size_t i = 0; i < change->added.count; i++)
        if (change->added.items[i].part.number == number ||
            change->added.items[i].part.owner == number)
            change->added.items[i].temporary = NULL;
    for (size_t i = 0; i < store->part_count; i++)
        if ((store->parts[i].number == number || store->parts[i].owner == number) &&
            !store_dropped(change, store->parts[i].number))
            VECTOR_PUSH(&change->dropped, store->parts[i].number);
    return STATUS_OK;
}

enum status store_add_rejects(struct store_change *change, uint32_t import, const char *temporary,
                              struct error *error)
{
    (void)error;
    const char *to = store_file(change->store, &change->arena, "rejects/%u.jsonl", import);
    VECTOR_PUSH(&change->files, (struct change_file){temporary, to, false});
    return STATUS_OK;
}

/*
 * Writing parts.
 */
static enum status describe(struct store_change *change, struct lake *lake,
                            struct change_part *added, struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;

    VECTOR(struct catalog_part_column) columns = {0};
    TRY(lake_queryf(lake, &result, error, "DESCRIBE SELECT * FROM read_parquet(%s)",
                    store_quote(&change->arena, added->temporary)));
    enum status status = lake_result_next(result, &chunk, error);
    while (status == STATUS_OK && chunk) {
        for (size_t i = 0; i < chunk->rows; i++) {
            struct text name = lake_text(&chunk->columns[0], i),
                        type = lake_text(&chunk->columns[1], i);
            VECTOR_PUSH(&columns, (struct catalog_part_column){
                                      arena_strndup(&change->arena, name.data, name.length),
                                      arena_strndup(&change->arena, type.data, type.length)});
        }
        status = lake_result_next(result, &chunk, error);
    }

    /* The part keeps them as long as the change; a vector's memory would have to be freed. */
    lake_result_free(result);
    struct catalog_part_column *kept =
        ARENA_ARRAY(&change->arena, struct catalog_part_column, columns.count);
    if (columns.count)
        memcpy(kept, columns.items, columns.count * sizeof *kept);
    added->part.columns = kept;
    added->part.column_count = columns.count;
    VECTOR_RELEASE(&columns);
    return status;
}

/* The least and the largest import and, of facts and traits, moment that is one. */
static enum status take_ranges(struct store_change *change, struct lake *lake,
                               struct change_part *added, struct error *error)
{
    struct catalog_part *part = &added->part;
    struct lake_result *result;
    const struct lake_chunk *chunk;

    /* A moment of 0 means that it is not known when a trait was told, and bounds nothing. */
    bool dated = part->role != PART_REFERENCE;
    TRY(lake_queryf(
        lake, &result, error, "SELECT min(import), max(import)%s FROM read_parquet(%s)",
        dated ? ", min(\"time\") FILTER (\"time\" > 0), max(\"time\") FILTER (\"time\" > 0)" : "",
        store_quote(&change->arena, added->temporary)));
    enum status status = lake_result_next(result, &chunk, error);
    if (status == STATUS_OK && chunk && lake_known(&chunk->columns[0], 0)) {
        part->first_import = (uint32_t)lake_integer(&chunk->columns[0], 0);
        part->last_import = (uint32_t)lake_integer(&chunk->columns[1], 0);
    }

    if (status == STATUS_OK && chunk && dated && lake_known(&chunk->columns[2], 0)) {
        part->first_time = lake_integer(&chunk->columns[2], 0);
        part->last_time = lake_integer(&chunk->columns[3], 0);
    }

    lake_result_free(result);
    return status;
}

static bool has_import(enum part_role role)
{
    return role == PART_FACTS || role == PART_TRAITS || role == PART_SHADOW ||
           role == PART_REFERENCE;
}

/* Everything the catalog says about a part is taken from its file, never from who wrote it. */
static enum status measure(struct store_change *change, struct lake *lake,
                           struct change_part *added, struct error *error)
{
    struct catalog_part *part = &added->part;
    struct stat file;

    TRY(describe(change, lake, added, error));
    if (has_import(part->role))
        TRY(take_ranges(change, lake, added, error));
    if (stat(added->temporary, &file) != 0)
        return error_system(error, errno, "%s cannot be read back", added->temporary);
    part->bytes = (uint64_t)file.st_size;
    return checksum_make(change->store->checked->hasher, lake, added->temporary, part,
                         &change->arena, error);
}

static enum status write_one(struct store_change *change, struct lake *lake,
                             const struct store_new_part *new_part, uint32_t owner,
                             struct change_part *added, struct error *error)
{
    uint64_t number;
    struct catalog *catalog = change->store->catalog;

    /* a number is used up even where no part comes of it: files of two numbers never meet */
    TRY(catalog_counter(catalog, CATALOG_NEXT_PART, &number, error));
    TRY(catalog_set_counter(catalog, CATALOG_NEXT_PART, number + 1, error));
    *added = (struct change_part){.temporary = store_temporary(change, ".parquet")};
    const char *folder = file_safe_name(&change->arena, new_part->table);
    added->part = (struct catalog_part){
        .number = (uint32_t)number,
        .owner = owner,
        .table = arena_strdup(&change->arena, new_part->table),
        .role = new_part->role,
        .path = arena_printf(&change->arena, "parts/%s/%u.parquet", folder, (unsigned)number),
    };

    struct buffer sql;
    buffer_init(&sql, 0);
    if (new_part->ordered)
        buffer_string(&sql, new_part->select);
    else
        buffer_printf(&sql, "SELECT * FROM (%s) ORDER BY %s", new_part->select,
                      store_role_order(new_part->role));

    enum status status = lake_write_parquet(lake, sql.data, added->temporary, &new_part->parquet,
                                            &added->part.rows, error);
    buffer_release(&sql);

    if (status == STATUS_OK && added->part.rows == 0)
        unlink(added->temporary);
    else if (status == STATUS_OK)
        status = measure(change, lake, added, error);

    return status;
}

static enum status write_beside(struct store_change *change, struct lake *lake, const char *table,
                                uint32_t owner, const char *select, bool ordered,
                                struct error *error)
{
    struct store_new_part activity = {
        .table = table, .role = PART_ACTIVITY, .select = select, .ordered = ordered};
    struct change_part beside;
    TRY(write_one(change, lake, &activity, owner, &beside, error));
    VECTOR_PUSH(&change->added, beside);
    change->now = NULL;
    return STATUS_OK;
}

enum status store_write_activity(struct store_change *change, struct lake *lake, const char *table,
                                 const char *path, uint32_t owner, struct error *error)
{
    const char *select =
        arena_printf(&change->arena,
                     "SELECT customer, min(\"time\") AS \"first\", max(\"time\") AS \"last\", "
                     "count(*)::UINTEGER AS \"rows\" FROM read_parquet(%s) GROUP BY customer",
                     store_quote(&change->arena, path));
    return write_beside(change, lake, table, owner, select, false, error);
}

/* Of a part that has each customer once. */
static enum status write_plain_activity(struct store_change *change, struct lake *lake,
                                        const char *table, const char *path, uint32_t owner,
                                        struct error *error)
{
    const char *select =
        arena_printf(&change->arena,
                     "SELECT customer, \"time\" AS \"first\", \"time\" AS \"last\", "
                     "1::UINTEGER AS \"rows\" FROM read_parquet(%s)",
                     store_quote(&change->arena, path));
    return write_beside(change, lake, table, owner, select, true, error);
}

enum status store_write_part(struct store_change *change, struct lake *lake,
                             const struct store_new_part *part, uint64_t *rows, struct error *error)
{
    struct change_part added;
    TRY(write_one(change, lake, part, 0, &added, error));
    if (rows)
        *rows = added.part.rows;
    if (added.part.rows == 0)
        return STATUS_OK;
    VECTOR_PUSH(&change->added, added);
    change->now = NULL;

    /* Beside facts and traits lies who was active in them, and when: what places the customers of a
     * population without reading the part. */
    if (part->role != PART_FACTS && part->role != PART_TRAITS)
        return STATUS_OK;
    if (part->ordered && part->one_each)
        return write_plain_activity(change, lake, part->table, added.temporary, added.part.number,
                                    error);
    return store_write_activity(change, lake, part->table, added.temporary, added.part.number,
                                error);
}

/*
 * Publishing.
 */
static enum status publish_file(struct store_change *change, struct change_file *file,
                                struct error *error)
{
    TRY(file_sync(file->from, error));
    store_step(change->store);
    if (rename(file->from, file->to) != 0)
        return error_system(error, errno, "%s cannot be moved to its place", file->to);
    file->published = true;
    store_step(change->store);
    return STATUS_OK;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    return arena_strndup(arena, path, (size_t)(strrchr(path, '/') - path));
}

static enum status publish_files(struct store_change *change, struct error *error)
{
    struct store *store = change->store;

    for (size_t i = 0; i < change->added.count; i++) {
        struct change_part *added = &change->added.items[i];
        if (!added->temporary)
            continue;
        const char *to = store_file(store, &change->arena, "%s", added->part.path);
        TRY(file_make_folder(folder_of(&change->arena, to), error));
        VECTOR_PUSH(&change->files, (struct change_file){added->temporary, to, false});
    }

    /* files first, then the folders that now name them, each once: a name is on the disk only
     * then */
    struct text_map folders;
    text_map_init(&folders);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < change->files.count && status == STATUS_OK; i++) {
        status = publish_file(change, &change->files.items[i], error);
        text_map_put(&folders, text_from(folder_of(&change->arena, change->files.items[i].to)), 0,
                     NULL);
    }

    for (size_t i = 0; i < folders.count && status == STATUS_OK; i++)
        status = file_sync(folders.entries[i].key.data, error);
    text_map_release(&folders);

    if (status == STATUS_OK && change->files.count)
        status = file_sync(store_file(store, &change->arena, "parts"), error);
    return status;
}

static enum status list_parts(struct store_change *change, struct error *error)
{
    struct store *store = change->store;

    uint64_t generation = store->generation + 1;
    TRY(catalog_set_counter(store->catalog, CATALOG_GENERATION, generation, error));
    for (size_t i = 0; i < change->added.count; i++) {
        struct change_part *added = &change->added.items[i];
        added->part.added = generation;
        if (added->temporary)
            TRY(catalog_add_part(store->catalog, &added->part, error));
    }
    for (size_t i = 0; i < change->dropped.count; i++)
        TRY(catalog_remove_part(store->catalog, change->dropped.items[i], generation, error));
    return STATUS_OK;
}

/*
 * The catalog does not know whether it has saved. What its files hold now is what the next process
 * would find, so they are opened anew and asked which generation they hold; and only if the disk
 * then takes a further write is that answer kept for good.
 */
static enum status look_again(struct store *store, struct error *error)
{
    char why[ERROR_MESSAGE_MAX];
    uint64_t generation = store->generation;
    enum status code = error ? error->code : STATUS_IO;

    /* the message is kept, for what follows writes over it */
    snprintf(why, sizeof why, "%s", error ? error->message : "");
    bool seen = catalog_reopen(store->catalog, NULL) == STATUS_OK &&
                catalog_counter(store->catalog, CATALOG_GENERATION, &generation, NULL) == STATUS_OK;
    bool made = generation > store->generation;
    if (seen && catalog_settle(store->catalog, NULL) == STATUS_OK)
        return made ? STATUS_OK : error_set(error, code, "%s; nothing was changed", why);

    const char *state = "whether it was made cannot be told now";
    if (seen && made)
        state = "as the files are now it was made, but the disk has not confirmed it";
    else if (seen)
        state = "as the files are now it was not made, but the disk has not confirmed it";
    store->unreadable = true;
    enum status status =
        error_set(error, STATUS_UNCERTAIN,
                  "the disk failed while the change was being saved (%s); %s", why, state);
    error_hint(error, "when the disk works again, strata verify shows the state of the store, and "
                      "strata imports what "
                      "came in; then repeat the command if it is not there");
    return status;
}

static enum status saved_but(struct error *error)
{
    char why[ERROR_MESSAGE_MAX];
    snprintf(why, sizeof why, "%s", error ? error->message : "");
    enum status status = error_set(
        error, STATUS_UNCERTAIN, "the change was made, but the store cannot be read back: %s", why);
    error_hint(error,
               "do not repeat the command; strata verify shows what is wrong with the store");
    return status;
}

enum status store_commit(struct store_change *change, struct error *error)
{
    struct store *store = change->store;
    enum status status = publish_files(change, error);

    /* from here on the order is what the head of this file says */
    if (status == STATUS_OK)
        status = list_parts(change, error);

    store_step(store);
    if (status == STATUS_OK)
        status = catalog_commit(store->catalog, error);
    if (status == STATUS_UNCERTAIN)
        status = look_again(store, error);
    if (status == STATUS_UNCERTAIN) {
        /* published files stay: who opens the store next either lists them or removes them */
        remove_temporaries(change);
        change_free(change);
        return status;
    }

    if (status != STATUS_OK) {
        store_abort(change);
        return status;
    }

    store_step(store);
    for (size_t i = 0; i < change->obsolete.count; i++)
        unlink(change->obsolete.items[i]);
    remove_temporaries(change);
    change_free(change);

    status = store_load(store, error);
    if (status != STATUS_OK) {
        store->unreadable = true;
        return saved_but(error);
    }

    /* the change counts; files that cannot be deleted now are the next writer's business */
    (void)store_reclaim(store, NULL);
    return STATUS_OK;
}
