/*
 * The store: a directory with a catalog and parts (docs/store-format.md). This room holds the
 * writer's lock, the readers' generations, the publishing and the cleaning of parts; nobody else
 * creates, renames or deletes a file in a store.
 *
 * A change is a unit. Parts are written aside, synced, renamed, their folders synced; then one
 * catalog transaction lists them, with everything else that belongs to the change. Killed at any
 * moment, the store is the old one or the new one; what lies about is removed by the next writer.
 *
 * A struct store is used by one thread at a time.
 */
#ifndef STRATA_STORE_STORE_H
#define STRATA_STORE_STORE_H

#include "catalog/catalog.h"
#include "lake/lake.h"

struct store;

enum store_mode {
    STORE_READ,
    STORE_WRITE,
    STORE_EXAMINE, /* as STORE_READ, for store_verify: opens what is damaged too, as far as that
                      goes */
};

/* Makes a store in a directory that does not exist or is empty. zone: IANA name (checked by the
 * caller with zone_open); currency: ISO 4217 or NULL. */
enum status store_create(const char *path, const char *zone, const char *currency,
                         struct error *error);

/* What work on a store may take: for all lakes that are opened after it is said. */
struct interrupt;
struct store_limits {
    int threads;     /* 0: as many as the machine offers */
    uint64_t memory; /* bytes of each lake; 0: half of the machine's */
    const struct interrupt *interrupt;
};
void store_limit(struct store *store, const struct store_limits *limits);

/* STORE_WRITE takes the lock and cleans up what a killed writer left; when another process has it,
 * STATUS_BUSY names it by command, pid and since when. command: what to write into the lock for
 * others to read ("strata import orders.csv"). STORE_READ never waits and works in read-only
 * places. No store there: STATUS_NOT_FOUND. */
enum status store_open(const char *path, enum store_mode mode, const char *command,
                       struct store **out, struct error *error);
void store_close(struct store *store);

/* Which store a command means: argument, else directory (the option -C), else $STRATA_STORE, else
 * the nearest upward from the working directory, as git does. argument and directory may be NULL.
 * The path is in arena. STATUS_NOT_FOUND says where it looked. */
enum status store_find(const char *argument, const char *directory, struct arena *arena,
                       const char **path, struct error *error);
/* Whether path is a store: a directory with a catalog. */
bool store_is(const char *path);

const char *store_path(const struct store *store);
/* Grows with every change. A reader's stays what it was when the store was opened. */
uint64_t store_generation(const struct store *store);
/* A file that keeps what counts now from being deleted until it is closed, whatever becomes of the
 * store: a lock of its own on the generation. -1 where none is needed. */
enum status store_hold(const struct store *store, int *out, struct error *error);
/* For reading at any time; for writing within a change alone. */
struct catalog *store_catalog(struct store *store);
/* As of the opening, the last commit, or the change's last store_fold_schema; valid until the next
 * of them. */
const struct schema *store_schema(const struct store *store);
/* The parts that count now, in order of number: within a change those that it leaves and those that
 * it made, whose path then is that of the temporary file. Valid until the change or the store ends,
 * also while parts are written and dropped. */
const struct catalog_part *store_parts(const struct store *store, size_t *count);
/* A file's full path in arena: store_file(store, arena, "%s", part->path). */
const char *store_file(const struct store *store, struct arena *arena, const char *format, ...)
    PRINTF_LIKE(3, 4);
/*
 * Whether columns (NULL: all) of a part are what was written: its size and the checksums of their
 * bytes, each once in the life of a store. Everybody who reads a part's file does so after this;
 * store_select and store_select_part do it themselves. Parts without checksums (of an older
 * program) have their size looked at.
 */
enum status store_check_part(const struct store *store, const struct catalog_part *part,
                             const char *const *columns, size_t count, struct error *error);
/* "facts of order, imports 3 to 5", in arena. */
const char *store_part_holds(struct arena *arena, const struct catalog_part *part);
/* A lake for this store: spills to STORE/tmp when writing (to nowhere when reading), default
 * memory. threads: 0 for all. */
enum status store_lake(const struct store *store, int threads, struct lake **out,
                       struct error *error);

/*
 * Changes. One at a time. Catalog writes (catalog_add_import, catalog_save_definition, …) made
 * between begin and commit belong to it.
 */
struct store_change;

/* STATUS_USAGE when the store is open for reading only, or has a change under way already. */
enum status store_check_changeable(const struct store *store, struct error *error);
enum status store_begin(struct store *store, struct store_change **out, struct error *error);
/*
 * Publishes. On failure the store is as before and the change is gone; except STATUS_UNCERTAIN: the
 * disk failed at the very moment of saving, and whether the change counts shows when the store is
 * opened again; both are whole. After that the store can only be closed. Frees change either way.
 */
enum status store_commit(struct store_change *change, struct error *error);
/* Within a change that has stated new columns in the catalog or taken imports back: store_schema is
 * from here on what the change makes of it. */
enum status store_fold_schema(struct store_change *change, struct error *error);
/* Takes everything back. change may be NULL. */
void store_abort(struct store_change *change);
/* A path in STORE/tmp for a file of the change's own (staging, rejects), unique within it; removed
 * at commit or abort unless published. In the change's arena. */
const char *store_temporary(struct store_change *change, const char *suffix);

struct store_new_part {
    const char *table; /* as struct catalog_part */
    enum part_role role;
    /* SQL whose columns are the role's (docs/store-format.md), without a semicolon */
    const char *select;
    bool ordered;                /* select gives the role's order already; else it is sorted here */
    bool one_each;               /* and each customer once */
    struct lake_parquet parquet; /* zero: defaults */
};
/* Runs select in lake and writes what it gives as a part of the change; for facts and traits the
 * activity part beside it too. A select without rows makes no part. *rows (may be NULL) is the
 * number of rows. */
enum status store_write_part(struct store_change *change, struct lake *lake,
                             const struct store_new_part *part, uint64_t *rows,
                             struct error *error);
/* The part (and the activity beside it) stops counting with this change. */
enum status store_drop_part(struct store_change *change, uint32_t number, struct error *error);
/* Publishes a finished temporary file as rejects/<import>.jsonl. */
enum status store_add_rejects(struct store_change *change, uint32_t import, const char *temporary,
                              struct error *error);

/* Takes import `number` back, exactly: the store becomes the one in which it never ran. Its own
 * change. STATUS_NOT_FOUND when there is none, STATUS_USAGE when it is undone already. `now`: the
 * moment to write down. */
enum status store_undo(struct store *store, struct lake *lake, uint32_t number, int64_t now,
                       struct error *error);
/* Within a change: the same, for several imports at once (--replace N undoes and imports in one; a
 * model takes all its scores back). A part that holds several of them is rewritten once. The
 * store's schema is then what is left. */
enum status store_undo_within(struct store_change *change, struct lake *lake,
                              const uint32_t *numbers, size_t count, int64_t now,
                              struct error *error);
/* Merges small parts where many lie about: its own change, or none. *merged (may be NULL) is the
 * number of parts that went. */
enum status store_merge(struct store *store, struct lake *lake, size_t *merged,
                        struct error *error);

/*
 * Reading parts as SQL. A table's parts may have been written with narrower types or without a
 * column; the SELECT made here casts each to what the schema says now, and gives NULL where a part
 * has none.
 */
struct store_read {
    const char *table;
    enum part_role role;
    /* names as in parts ("amount", "@code:country", "customer"), in the order wanted; NULL: all of
     * the role's own columns and all the schema's, without codes */
    const char *const *columns;
    size_t column_count;
    bool rows; /* of single parts: a last column `row` BIGINT, where the row stands in the part */
    uint32_t until_import; /* rows of later imports are hidden; 0: none are */
    bool unchecked;        /* the caller sees to store_check_part */
};
/* Appends "SELECT … FROM read_parquet([…]) UNION ALL …" to sql. Without parts it is a SELECT of
 * those columns without rows. Order of rows is not promised. STATUS_NOT_FOUND for a table or column
 * that the schema does not have. */
enum status store_select(const struct store *store, const struct store_read *read,
                         struct buffer *sql, struct error *error);
/* The same for one part alone (until_import as there); it has to be of that table and role. */
enum status store_select_part(const struct store *store, const struct store_read *read,
                              const struct catalog_part *part, struct buffer *sql,
                              struct error *error);
/* The same for these parts, at least one, all of that role (activity: of any table) and none of
 * later imports alone. order: as many as parts; before `row` comes a column `part` BIGINT then, n
 * for parts[order[n]]; or NULL. */
enum status store_select_parts(const struct store *store, const struct store_read *read,
                               const struct catalog_part *const *parts, size_t count, size_t *order,
                               struct buffer *sql, struct error *error);
/* The name of the column with the dictionary codes of the text or set `column`, in arena. */
const char *store_codes_name(struct arena *arena, const char *column);
/* What the part calls the column of that name, or NULL when it has none: codes bore another name in
 * older parts. The text is the part's. */
const struct catalog_part_column *store_part_column(const struct catalog_part *part,
                                                    const char *name);
/* DuckDB's name of a column's type: "DECIMAL(18,2)", "STRUCT(latitude DOUBLE, longitude DOUBLE)", …
 * out: 64 bytes. */
enum { STORE_SQL_TYPE_MAX = 64 }; /* bytes of out */
char *store_sql_type(enum value_type type, int scale, char *out);

/*
 * Looks through a whole store: every byte is read. Takes the writer's lock only to change
 * something.
 */
struct store_finding {
    const char *file;    /* relative to the store */
    const char *holds;   /* "facts of order, import 3" */
    const char *problem; /* what is wrong with it */
    const char *remedy;  /* where it can come from again */
    uint32_t part;       /* its number, or 0 */
    bool repairable, repaired;
};
struct store_verify {
    bool repair; /* make anew what follows from other files of the store */
    bool record; /* give checksums to parts of an older version that can be read to their end */
};
struct store_verification {
    size_t parts, unchecked; /* unchecked: without checksums, read to the end all the same */
    uint64_t bytes;
    bool sealed; /* the catalog was last written by a version that seals it */
    size_t repaired, recorded;
    struct store_finding *findings; /* in the caller's arena */
    size_t count;
};
/* Damage is no failure of the call. STATUS_NOT_FOUND: no store there. */
enum status store_verify(const char *path, const struct store_verify *what, struct arena *arena,
                         struct store_verification *out, struct error *error);

/* Views for users' SQL: one per kind (customer, customer_number, time, properties, id, import),
 * `customers` (customer, customer_number, the present value of each trait), one per reference table
 * (its key, columns; the row that counts), `memberships` (segment, customer, customer_number,
 * entered, "left") and `refreshes` (number, moment, recorded). customer is the identifier; times
 * are timestamps in UTC. Then take everything else away with lake_lock_down(lake, paths, count):
 * *paths are the files that the views read. arena lives as long as lake. statement: what will be
 * asked; what it reads of the catalog is read now, as its rows may come when the store is closed or
 * busy with something else. */
enum status store_create_views(struct store *store, struct lake *lake, const char *statement,
                               struct arena *arena, const char *const **paths, size_t *path_count,
                               struct error *error);
/* Checks the parts that a statement over these views may read: those of tables whose names stand in
 * it. */
enum status store_check_named(const struct store *store, const char *statement,
                              struct error *error);

#endif
