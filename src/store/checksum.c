/*
 * Checksums of parts. Each part has one for each of its columns, over the bytes of the column's
 * chunks, and one more for all other bytes: together they cover the file. Reading a column
 * therefore costs a look at that column's bytes and the footer's, not at the whole file, and
 * happens once in a process, before DuckDB sees a byte of it.
 *
 * They are made and looked at by hash.c, whose threads share the work.
 */
#include "base/map.h"
#include "store/hash_internal.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- making ---- */

struct making {
    struct arena *arena;
    const struct catalog_part *part;
    struct catalog_checksum *pieces; /* one for each column, then the rest */
    bool *holed;                     /* by column: some value is unknown, or may be */
    size_t leaf;                     /* the column that the chunk before this one belonged to … */
    int64_t place;                   /* … and its leaf's place among all leaves */
    VECTOR(struct catalog_range) chunks; /* all, to find out what the rest is */
};

/* A chunk's column by the name of its leaf: "amount", or "place, latitude" for what lies within
 * `place`. Leaves come in the order of the columns, so a name with a comma in it is no riddle. */
static bool belongs(struct text leaf, const char *column)
{
    size_t length = strlen(column);
    return leaf.length >= length && memcmp(leaf.data, column, length) == 0 &&
           (leaf.length == length ||
            (leaf.length > length + 2 && memcmp(leaf.data + length, ", ", 2) == 0));
}

static enum status take_chunk(struct making *making, struct text leaf, int64_t place,
                              uint64_t offset, uint64_t length, bool holed, struct error *error)
{
    const struct catalog_part *part = making->part;
    if (place <= making->place) /* of the next row group */
        making->leaf = 0;
    making->place = place;
    while (making->leaf < part->column_count && !belongs(leaf, part->columns[making->leaf].name))
        making->leaf++;
    if (making->leaf == part->column_count)
        return error_set(error, STATUS_CORRUPT, "%s has a column that it does not describe",
                         part->path);

    struct catalog_checksum *piece = &making->pieces[making->leaf];
    struct catalog_range *ranges =
        ARENA_ARRAY(making->arena, struct catalog_range, piece->range_count + 1);
    if (piece->range_count)
        memcpy(ranges, piece->ranges, piece->range_count * sizeof *ranges);
    ranges[piece->range_count++] = (struct catalog_range){offset, length};
    piece->ranges = ranges;
    making->holed[making->leaf] |= holed;
    VECTOR_PUSH(&making->chunks, (struct catalog_range){offset, length});
    return STATUS_OK;
}

/* A number that is none counts as unknown; a chunk with one bears no least or no largest value.
 * Bloom filters, which come after all the chunks, belong to their column too: who reads another
 * need not pay for them.
 */
static enum status find_chunks(struct making *making, struct lake *lake, const char *path,
                               struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;

    TRY(lake_queryf(lake, &result, error,
                    "WITH chunk AS (FROM parquet_metadata(%s)), piece AS ("
                    "SELECT false AS later, row_group_id, column_id, path_in_schema AS leaf, "
                    "least(data_page_offset, "
                    "coalesce(nullif(dictionary_page_offset, 0), data_page_offset)) AS begins, "
                    "total_compressed_size AS bytes, "
                    "coalesce(stats_null_count, 1) > 0 OR (type IN ('FLOAT', 'DOUBLE') AND "
                    "(stats_min_value IS NULL OR stats_max_value IS NULL)) AS holed "
                    "FROM chunk UNION ALL "
                    "SELECT true, row_group_id, column_id, path_in_schema, bloom_filter_offset, "
                    "bloom_filter_length, false "
                    "FROM chunk WHERE bloom_filter_offset > 0 AND bloom_filter_length > 0) "
                    "SELECT leaf, column_id::BIGINT, begins::BIGINT, bytes::BIGINT, holed::BIGINT "
                    "FROM piece "
                    "ORDER BY later, row_group_id, column_id",
                    store_quote(making->arena, path)));

    /* by row group and column, as take_chunk expects, and the filters behind them all once more */
    enum status status = lake_result_next(result, &chunk, error);
    while (status == STATUS_OK && chunk) {
        for (size_t i = 0; i < chunk->rows && status == STATUS_OK; i++)
            status = take_chunk(making, lake_text(&chunk->columns[0], i),
                                lake_integer(&chunk->columns[1], i),
                                (uint64_t)lake_integer(&chunk->columns[2], i),
                                (uint64_t)lake_integer(&chunk->columns[3], i),
                                lake_integer(&chunk->columns[4], i) != 0, error);
        if (status == STATUS_OK)
            status = lake_result_next(result, &chunk, error);
    }

    lake_result_free(result);
    return status;
}

static int by_offset(const void *a, const void *b)
{
    const struct catalog_range *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Whatever no chunk covers. */
static void find_rest(struct making *making, uint64_t size)
{
    struct catalog_checksum *rest = &making->pieces[making->part->column_count];
    struct catalog_range *ranges =
        ARENA_ARRAY(making->arena, struct catalog_range, making->chunks.count + 1);

    uint64_t at = 0;
    if (making->chunks.count)
        qsort(making->chunks.items, making->chunks.count, sizeof *making->chunks.items, by_offset);

    /* chunks may touch or, in a damaged file, lie over each other: `at` is where the last of them
     * ends */
    for (size_t i = 0; i < making->chunks.count; i++) {
        struct catalog_range chunk = making->chunks.items[i];
        if (chunk.offset > at)
            ranges[rest->range_count++] = (struct catalog_range){at, chunk.offset - at};
        at = chunk.offset + chunk.length > at ? chunk.offset + chunk.length : at;
    }
    if (size > at)
        ranges[rest->range_count++] = (struct catalog_range){at, size - at};
    *rest = (struct catalog_checksum){"", 0, ranges, rest->range_count};
}

static enum status hash_pieces(struct making *making, struct hasher *hasher, const char *path,
                               size_t count, struct error *error)
{
    struct hash_piece *pieces = ARENA_ARRAY(making->arena, struct hash_piece, count);
    for (size_t i = 0; i < count; i++)
        pieces[i] = (struct hash_piece){.ranges = making->pieces[i].ranges,
                                        .range_count = making->pieces[i].range_count};

    int file = open(path, O_RDONLY | O_CLOEXEC);
    int failed = file < 0 ? errno : 0;
    if (!failed) {
        hasher_run(hasher, file, pieces, count);
        close(file);
    }

    for (size_t i = 0; i < count && !failed; i++) {
        failed = pieces[i].failed;
        making->pieces[i].value = pieces[i].value;
    }
    if (!failed)
        return STATUS_OK;
    return error_system(error, failed < 0 ? EIO : failed, "%s cannot be read back", path);
}

/* What parts of told traits say of their columns besides: who wants the latest value of each needs
 * not look behind a row that tells them all. */
static void mark_whole(struct making *making, struct catalog_part *part)
{
    struct catalog_part_column *columns =
        ARENA_ARRAY(making->arena, struct catalog_part_column, part->column_count + 1);
    for (size_t i = 0; i < part->column_count; i++) {
        columns[i] = part->columns[i];
        columns[i].whole = part->role == PART_TRAITS && !making->holed[i];
    }
    part->columns = columns;
}

enum status checksum_make(struct hasher *hasher, struct lake *lake, const char *path,
                          struct catalog_part *part, struct arena *arena, struct error *error)
{
    struct making making = {.arena = arena, .part = part};
    making.pieces = ARENA_ARRAY(arena, struct catalog_checksum, part->column_count + 1);
    making.holed = ARENA_ARRAY(arena, bool, part->column_count + 1);
    for (size_t i = 0; i < part->column_count; i++)
        making.pieces[i].piece = part->columns[i].name;

    enum status status = find_chunks(&making, lake, path, error);
    if (status == STATUS_OK) {
        find_rest(&making, part->bytes);
        mark_whole(&making, part);
        status = hash_pieces(&making, hasher, path, part->column_count + 1, error);
    }
    VECTOR_RELEASE(&making.chunks);
    part->checksums = making.pieces;
    part->checksum_count = part->column_count + 1;
    return status;
}

/* ---- looking ---- */

static const char *const role_holds[PART_ROLES] = {
    [PART_FACTS] = "facts of",
    [PART_TRAITS] = "told traits of",
    [PART_SHADOW] = "rows set aside for their ids, of",
    [PART_ACTIVITY] = "when customers were first and last seen, of",
    [PART_REFERENCE] = "rows of the reference table",
    [PART_IDENTITY] = "identifiers of customers:",
    [PART_DICTIONARY] = "texts by their codes:",
};

const char *store_part_holds(struct arena *arena, const struct catalog_part *part)
{
    const char *holds = (unsigned)part->role < PART_ROLES ? role_holds[part->role] : "rows of";
    const char *what = arena_printf(arena, "%s %s", holds, part->table);
    if (!part->first_import)
        return what;

    if (part->first_import == part->last_import)
        return arena_printf(arena, "%s, import %u", what, part->first_import);
    return arena_printf(arena, "%s, imports %u to %u", what, part->first_import, part->last_import);
}

static enum status say_damaged(const struct store *store, const struct catalog_part *part,
                               const char *what, struct error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    enum status status = error_set(error, STATUS_CORRUPT, "%s is damaged: %s; it holds %s",
                                   store_file(store, &arena, "%s", part->path), what,
                                   store_part_holds(&arena, part));

    if (part->role == PART_ACTIVITY)
        error_hint(error, "strata verify --repair makes it anew from the part it stands beside");
    else
        error_hint(
            error,
            "bring the file back from a backup; strata verify lists everything that is damaged");
    arena_release(&arena);
    return status;
}

static bool is_wanted(const struct catalog_checksum *piece, const char *const *columns,
                      size_t count)
{
    if (!columns || !*piece->piece)
        return true;
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i], piece->piece) == 0)
            return true;
    return false;
}

enum { KEY = 400 }; /* "7/amount"; what is longer is looked at every time */

static bool was_seen(const struct store *store, const struct catalog_part *part, const char *piece)
{
    char key[KEY];
    snprintf(key, sizeof key, "%u/%s", (unsigned)part->number, piece);
    return strlen(key) < sizeof key - 1 && text_map_find(&store->checked->pieces, text_from(key));
}

static bool all_were_seen(const struct store *store, const struct catalog_part *part,
                          const char *const *columns, size_t count)
{
    /* the empty name is the rest of the file, which every reader of any column needs */
    bool seen = was_seen(store, part, "");
    for (size_t i = 0; i < count && columns && seen; i++)
        seen = was_seen(store, part, columns[i]);
    for (size_t i = 0; i < part->column_count && !columns && seen; i++)
        seen = was_seen(store, part, part->columns[i].name);
    return seen;
}

/* The pieces to look at: what is wanted and was not looked at before. Marks them as seen. */
static size_t choose(const struct store *store, const struct catalog_part *part,
                     const struct catalog_checksum *all, size_t count, const char *const *columns,
                     size_t column_count, const struct catalog_checksum **out)
{
    size_t chosen = 0;
    char key[KEY];
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(&all[i], columns, column_count) || was_seen(store, part, all[i].piece))
            continue;
        snprintf(key, sizeof key, "%u/%s", (unsigned)part->number, all[i].piece);
        text_map_put(&store->checked->pieces, text_from(key), 1, NULL);
        out[chosen++] = &all[i];
    }
    return chosen;
}

static enum status look(const struct store *store, const struct catalog_part *part, int file,
                        const struct catalog_checksum **sums, size_t count, struct arena *arena,
                        struct error *error)
{
    struct hash_piece *pieces = ARENA_ARRAY(arena, struct hash_piece, count + 1);
    for (size_t i = 0; i < count; i++)
        pieces[i] =
            (struct hash_piece){.ranges = sums[i]->ranges, .range_count = sums[i]->range_count};

    /* All pieces at once: threads share them by chunks, so that a large one is nobody's alone. */
    hasher_limit(store->checked->hasher, store->limits.threads);
    hasher_run(store->checked->hasher, file, pieces, count);

    for (size_t i = 0; i < count; i++) {
        const char *piece = sums[i]->piece;

        /* The disk does not read (an errno), the file is too short (-1), or the bytes are others.
         */
        if (pieces[i].failed > 0)
            return error_system(error, pieces[i].failed, "%s cannot be read",
                                store_file(store, arena, "%s", part->path));
        if (pieces[i].failed || pieces[i].value != sums[i]->value)
            return say_damaged(
                store, part,
                *piece ? arena_printf(arena, "its column %s is not what was written", piece)
                       : "it is not what was written",
                error);
    }

    return STATUS_OK;
}

static enum status open_part(const struct store *store, const struct catalog_part *part,
                             struct arena *arena, int *file, struct error *error)
{
    struct stat seen;
    const char *path = store_file(store, arena, "%s", part->path);

    *file = open(path, O_RDONLY | O_CLOEXEC);
    if (*file < 0 && errno == ENOENT)
        return say_damaged(store, part, "the file is missing", error);
    if (*file < 0 || fstat(*file, &seen) != 0)
        return error_system(error, errno, "%s cannot be read", path);

    /* the size first: it costs nothing, and says more than a checksum that differs */
    if (S_ISREG(seen.st_mode) && (uint64_t)seen.st_size == part->bytes)
        return STATUS_OK;
    return say_damaged(store, part,
                       arena_printf(arena, "it has %lld bytes and should have %llu",
                                    (long long)seen.st_size, (unsigned long long)part->bytes),
                       error);
}

static enum status check_part(const struct store *store, const struct catalog_part *part,
                              const char *const *columns, size_t column_count, struct arena *arena,
                              struct error *error)
{
    struct catalog_checksum *all;
    const struct catalog_checksum **sums;
    size_t count, chosen;
    int file;

    if (all_were_seen(store, part, columns, column_count))
        return STATUS_OK;

    TRY(catalog_checksums(store->catalog, part->number, arena, &all, &count, error));
    sums = ARENA_ARRAY(arena, const struct catalog_checksum *, count + 1);
    chosen = choose(store, part, all, count, columns, column_count, sums);
    if (count && !chosen)
        return STATUS_OK;

    /* a part without checksums is one of an older store: that its file is there is all that can be
     * seen */
    enum status status = open_part(store, part, arena, &file, error);
    if (status == STATUS_OK && chosen)
        status = look(store, part, file, sums, chosen, arena, error);
    if (file >= 0)
        close(file);
    return status;
}

enum status store_check_part(const struct store *store, const struct catalog_part *part,
                             const char *const *columns, size_t count, struct error *error)
{
    struct arena arena;
    for (size_t i = 0; store->change && i < store->change->added.count; i++)
        if (store->change->added.items[i].part.number == part->number)
            return STATUS_OK; /* written by this very change */
    if (getenv("STRATA_UNCHECKED"))
        return STATUS_OK; /* to measure what checking costs */

    arena_init(&arena, 0);
    enum status status = check_part(store, part, columns, count, &arena, error);
    arena_release(&arena);
    if (status != STATUS_OK) { /* so that asking again says it again */
        text_map_release(&store->checked->pieces);
        text_map_init(&store->checked->pieces);
    }
    return status;
}

static bool names(const char *statement, const char *name)
{
    for (const char *p = name; *p; p++)
        if (*p == '"' || (unsigned char)*p >= 128)
            return true; /* may be spelled in other ways */
    return strcasestr(statement, name) != NULL;
}

enum status store_check_named(const struct store *store, const char *statement, struct error *error)
{
    bool any =
        strcasestr(statement, "query") != NULL; /* functions that make a statement of a text */
    /* a statement reads what it names; traits and activity it names `customers`, and identifiers
     * are joined to everything */
    for (size_t i = 0; i < store->part_count; i++) {
        const struct catalog_part *part = &store->parts[i];
        bool everybody = part->role == PART_TRAITS || part->role == PART_ACTIVITY;
        bool read =
            part->role == PART_IDENTITY || names(statement, everybody ? "customers" : part->table);
        if (part->role == PART_SHADOW || part->role == PART_DICTIONARY || !(any || read))
            continue;
        TRY(store_check_part(store, part, NULL, 0, error));
    }
    return STATUS_OK;
}

void checked_free(struct checked *checked)
{
    if (!checked)
        return;
    text_map_release(&checked->pieces);
    hasher_free(checked->hasher);
    free(checked);
}

struct checked *checked_new(void)
{
    struct checked *checked = base_calloc(1, sizeof *checked);
    text_map_init(&checked->pieces);
    checked->hasher = hasher_new(0);
    return checked;
}
