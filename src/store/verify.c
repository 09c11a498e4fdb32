/*
 * Looking through a whole store, and mending what can be mended.
 *
 * Everything is read: the catalog's structure and seals, every set of customers, every byte of
 * every part. What is wrong is collected, not just the first of it, each with what the file holds
 * and where it can come from again. What follows from other files of the store is made anew on
 * request: activity parts follow from the part they stand beside. Facts, identifiers and texts are
 * told by people's files and follow from nothing here.
 */
#include "store/internal.h"

#include <stdio.h>
#include <string.h>

struct verifying {
    struct store *store;
    struct arena *arena;
    struct store_verification *out;
    VECTOR(struct store_finding) findings;
};

static void find(struct verifying *verifying, struct store_finding finding)
{
    VECTOR_PUSH(&verifying->findings, finding);
}

/* ---- the catalog ---- */

static void catalog_problem(void *context, const struct error *problem)
{
    struct verifying *verifying = context;
    find(verifying, (struct store_finding){
                        .file = "catalog.db",
                        .holds = "the list of imports and parts, the schema, definitions, lists, "
                                 "refreshes and models",
                        .problem = arena_strdup(verifying->arena, problem->message),
                        .remedy = "bring catalog.db back from a backup of the whole store",
                    });
}

static enum status take_set(void *context, struct catalog_membership *membership,
                            struct error *error)
{
    (void)context, (void)error;
    bitmap_free(membership->customers);
    return STATUS_OK;
}

static void verify_catalog(struct verifying *verifying)
{
    struct catalog *catalog = verifying->store->catalog;
    struct error problem = {0};
    const char **segments;
    size_t count;

    if (catalog_verify(catalog, catalog_problem, verifying, &verifying->out->sealed, &problem) !=
        STATUS_OK)
        catalog_problem(verifying, &problem);
    if (catalog_recorded_segments(catalog, verifying->arena, &segments, &count, &problem) !=
        STATUS_OK) {
        catalog_problem(verifying, &problem);
        return;
    }

    /* a set that cannot be read is told and the next one is read: all of them are wanted */
    for (size_t i = 0; i < count; i++)
        if (segments[i] &&
            catalog_memberships(catalog, segments[i], take_set, NULL, &problem) != STATUS_OK)
            catalog_problem(verifying, &problem);
}

/* ---- parts ---- */

static const char *remedy(struct verifying *verifying, const struct catalog_part *part)
{
    /* what is written beside something else can be made again; what only people's files say
     * cannot */
    switch (part->role) {
    case PART_ACTIVITY:
        return "strata verify --repair makes it anew from the part it stands beside";
    case PART_IDENTITY:
        return "bring the file back from a backup: nothing else in the store says who is behind a "
               "customer number";
    case PART_DICTIONARY:
        return "bring the file back from a backup; the texts stand in the parts of facts too, "
               "where strata sql reads "
               "them";
    case PART_SHADOW:
        return "bring the file back from a backup; it is needed only when an import is taken back";
    default: break;
    }

    const char *one = arena_printf(
        verifying->arena,
        "bring the file back from a backup, or take import %u back (strata imports undo) "
        "and import its file again",
        part->first_import);
    const char *many = arena_printf(
        verifying->arena,
        "bring the file back from a backup, or import the files of imports %u to %u again "
        "into a new store",
        part->first_import, part->last_import);
    return part->first_import == part->last_import ? one : many;
}

/* Without checksums all that can be said is whether the file can be read to its end. */
static enum status read_through(struct verifying *verifying, struct lake *lake,
                                const struct catalog_part *part, struct error *error)
{
    int64_t rows;

    /* a hash of the whole row, compared with something, makes DuckDB read every column; a count
     * alone reads none */
    const char *path = store_quote(
        verifying->arena, store_file(verifying->store, verifying->arena, "%s", part->path));
    const char *sql = arena_printf(
        verifying->arena,
        "SELECT count(*) FROM (SELECT hash(p) AS h FROM read_parquet(%s) p) WHERE h >= 0", path);
    TRY(lake_query_integer(lake, sql, &rows, NULL, error));
    if ((uint64_t)rows == part->rows)
        return STATUS_OK;
    return error_set(error, STATUS_CORRUPT, "it has %lld rows and should have %llu",
                     (long long)rows, (unsigned long long)part->rows);
}

static void verify_part(struct verifying *verifying, struct lake *lake,
                        const struct catalog_part *part)
{
    struct error problem = {0};
    struct catalog_checksum *checksums;
    size_t count = 0;

    verifying->out->parts++;
    verifying->out->bytes += part->bytes;

    enum status status = catalog_checksums(verifying->store->catalog, part->number,
                                           verifying->arena, &checksums, &count, &problem);
    if (status == STATUS_OK)
        status = store_check_part(verifying->store, part, NULL, 0, &problem);
    if (status == STATUS_OK && count == 0) {
        verifying->out->unchecked++;
        status = read_through(verifying, lake, part, &problem);
    }

    if (status != STATUS_OK)
        find(verifying, (struct store_finding){
                            .file = arena_strdup(verifying->arena, part->path),
                            .holds = store_part_holds(verifying->arena, part),
                            .problem = arena_strdup(verifying->arena, problem.message),
                            .remedy = remedy(verifying, part),
                            .part = part->number,
                            .repairable = part->role == PART_ACTIVITY,
                        });
}

static bool is_known_path(const struct catalog_part *part)
{
    return part->path && part->table && (unsigned)part->role < PART_ROLES;
}

static void verify_all(struct verifying *verifying, struct lake *lake)
{
    struct store *store = verifying->store;
    struct error problem = {0};
    verify_catalog(verifying);

    /* a catalog that is damaged may list no parts, and what cannot be listed cannot be looked at */
    if (!store->schema && store_load(store, &problem) != STATUS_OK) {
        catalog_problem(verifying, &problem);
        return;
    }
    for (size_t i = 0; i < store->part_count; i++) {
        if (is_known_path(&store->parts[i])) {
            verify_part(verifying, lake, &store->parts[i]);
            continue;
        }
        (void)!error_set(&problem, STATUS_CORRUPT, "part %u has no name or no role (table part)",
                         (unsigned)store->parts[i].number);
        catalog_problem(verifying, &problem);
    }
}

/* ---- mending ---- */

static const struct catalog_part *part_of(const struct store *store, uint32_t number)
{
    for (size_t i = 0; i < store->part_count; i++)
        if (store->parts[i].number == number)
            return &store->parts[i];
    return NULL;
}

static enum status rebuild(struct verifying *verifying, struct store_change *change,
                           struct lake *lake, struct store_finding *finding, struct error *error)
{
    struct store *store = verifying->store;
    const struct catalog_part *part = part_of(store, finding->part);
    const struct catalog_part *owner = part ? part_of(store, part->owner) : NULL;
    struct error ignored;

    /* Activity is all that can be made again, and only from a part of facts or traits that is whole
     * itself. */
    if (!finding->repairable || !owner ||
        store_check_part(store, owner, NULL, 0, &ignored) != STATUS_OK)
        return STATUS_OK;
    TRY(store_write_activity(change, lake, owner->table,
                             store_file(store, &change->arena, "%s", owner->path), owner->number,
                             error));
    TRY(store_drop_part(change, part->number, error));
    finding->repaired = true;
    verifying->out->repaired++;
    return STATUS_OK;
}

/* A part that can be read to its end gets the checksums that it lacks. */
static enum status record(struct verifying *verifying, struct lake *lake,
                          const struct catalog_part *part, struct error *error)
{
    struct catalog *catalog = verifying->store->catalog;
    struct catalog_checksum *checksums;
    struct error ignored;
    size_t count;

    TRY(catalog_checksums(catalog, part->number, verifying->arena, &checksums, &count, error));
    if (count || read_through(verifying, lake, part, &ignored) != STATUS_OK)
        return STATUS_OK;

    struct catalog_part copy = *part;
    struct hasher *hasher = verifying->store->checked->hasher;
    const char *path = store_file(verifying->store, verifying->arena, "%s", part->path);
    TRY(checksum_make(hasher, lake, path, &copy, verifying->arena, error));
    TRY(catalog_add_checksums(catalog, part->number, copy.checksums, copy.checksum_count, error));
    verifying->out->recorded++;
    return STATUS_OK;
}

static enum status mend(struct verifying *verifying, struct lake *lake,
                        const struct store_verify *what, struct error *error)
{
    struct store_change *change;
    struct store *store = verifying->store;
    enum status status = STATUS_OK;
    TRY(store_begin(store, &change, error));

    for (size_t i = 0; i < verifying->findings.count && what->repair && status == STATUS_OK; i++)
        status = rebuild(verifying, change, lake, &verifying->findings.items[i], error);
    for (size_t i = 0; i < store->part_count && what->record && status == STATUS_OK; i++)
        status = record(verifying, lake, &store->parts[i], error);
    if (status == STATUS_OK)
        return store_commit(change, error);
    store_abort(change);
    return status;
}

/* ---- all of it ---- */

static enum status verify_open(struct verifying *verifying, const struct store_verify *what,
                               struct error *error)
{
    struct lake *lake;

    TRY(store_lake(verifying->store, 0, &lake, error));
    verify_all(verifying, lake);
    bool repairable = false;
    for (size_t i = 0; i < verifying->findings.count; i++)
        repairable |= verifying->findings.items[i].repairable;
    enum status status = STATUS_OK;
    if ((what->repair && repairable) ||
        (what->record && (verifying->out->unchecked || !verifying->out->sealed)))
        status = mend(verifying, lake, what, error);
    lake_close(lake);
    return status;
}

enum status store_verify(const char *path, const struct store_verify *what, struct arena *arena,
                         struct store_verification *out, struct error *error)
{
    struct verifying verifying = {.arena = arena, .out = out};
    struct error problem = {0};
    enum store_mode mode = what->repair || what->record ? STORE_WRITE : STORE_EXAMINE;

    *out = (struct store_verification){.sealed = true};
    enum status status = store_open(path, mode, "strata verify", &verifying.store, &problem);
    if (status == STATUS_OK) {
        status = verify_open(&verifying, what, error);
        store_close(verifying.store);
    } else if (status == STATUS_NOT_FOUND || status == STATUS_BUSY || mode == STORE_WRITE) {
        if (error)
            *error = problem;
    } else {
        catalog_problem(&verifying, &problem); /* it does not even open */
        status = STATUS_OK;
    }

    out->findings = ARENA_ARRAY(arena, struct store_finding, verifying.findings.count + 1);
    out->count = verifying.findings.count;
    if (out->count)
        memcpy(out->findings, verifying.findings.items, out->count * sizeof *out->findings);
    VECTOR_RELEASE(&verifying.findings);
    return status;
}
