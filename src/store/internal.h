/* What the files of this room share. Nobody else includes it. */
#ifndef STRATA_STORE_INTERNAL_H
#define STRATA_STORE_INTERNAL_H

#include "base/map.h"
#include "base/vector.h"
#include "store/store.h"

/* What was found to be as it was written: "7/amount" is a column of part 7. */
struct checked {
    struct text_map pieces;
    struct hasher *hasher;
};
struct checked *checked_new(void);
void checked_free(struct checked *checked);
/* Sets part's checksums, of the file at path; its columns and bytes are set. */
enum status checksum_make(struct hasher *hasher, struct lake *lake, const char *path,
                          struct catalog_part *part, struct arena *arena, struct error *error);

struct store {
    char *path;
    struct checked *checked;
    enum store_mode mode;
    struct catalog *catalog;
    int lock;           /* the writer's lock file, or −1 */
    int generations;    /* where a reader holds the byte of its generation, or −1 */
    struct arena arena; /* schema and parts as of `generation` */
    struct schema *schema;
    struct catalog_part *parts;
    size_t part_count;
    uint64_t generation;
    struct store_change *change;
    struct store_limits limits;
    bool unreadable; /* a commit ended in uncertainty: nothing more may be written */
    uint64_t steps;  /* steps of publishing taken, for store_step */
    /* names given in tmp/, none twice: a reader may remember a file by its name */
    uint64_t temporaries;
};

/* Reads schema and parts anew. */
enum status store_load(struct store *store, struct error *error);
/* Deletes the files of parts that stopped counting, unless a reader may still use them. */
enum status store_reclaim(struct store *store, struct error *error);
/* A place at which a test may want the process to die: with STRATA_CRASH_AT=n in the environment,
 * the n-th call kills the process the hard way. */
void store_step(struct store *store);

/* Files. Paths are full ones. What is made may be read and written by whom the umask allows. */
enum { FOLDER_MODE = 0777, FILE_MODE = 0666 };
enum status file_sync(const char *path, struct error *error);
/* The folder that names path; nothing when it may not be opened. */
enum status file_sync_parent(const char *path, struct error *error);
enum status file_make_folder(const char *path, struct error *error); /* fine when it is there */
void file_remove_tree(const char *path, bool itself);
/* name with every byte but letters, digits, '.', '_' and '-' as %XX; a leading dot too. */
const char *file_safe_name(struct arena *arena, const char *name);

/* Columns that a role has besides the table's own. */
struct role_column {
    const char *name, *type;
    bool optional; /* `id`: not every part has it */
};
const struct role_column *store_role_columns(enum part_role role, size_t *count);
/* "customer, time, import, arrival": what a role's parts are sorted by, as SQL. */
const char *store_role_order(enum part_role role);

/* What a change has written and dropped so far, for those who rewrite parts. */
struct change_part {
    struct catalog_part part;
    const char *temporary; /* full path; NULL: dropped again */
    bool published;
};
struct change_file {
    const char *from, *to; /* full paths */
    bool published;
};
struct store_change {
    struct store *store;
    struct arena arena;
    VECTOR(struct change_part) added;
    VECTOR(uint32_t) dropped;
    VECTOR(struct change_file) files;
    VECTOR(const char *) obsolete; /* files to delete once the change counts */
    VECTOR(const char *) temporaries;
    struct schema *schema_before; /* of the store, where the change replaced it; or NULL */
    /* for store_parts: what counts within the change; NULL: to be listed */
    struct catalog_part *now;
    size_t now_count;
};
/* Writes the activity part that stands beside the facts or traits in the file at path, whose part
 * has number owner. */
enum status store_write_activity(struct store_change *change, struct lake *lake, const char *table,
                                 const char *path, uint32_t owner, struct error *error);
/* path as lake_add_path writes it, in arena. */
const char *store_quote(struct arena *arena, const char *path);
bool store_dropped(const struct store_change *change, uint32_t number);
/* The parts that count within the change, in its arena, listed anew after each part that was
 * written or dropped. */
const struct catalog_part *store_list_now(struct store_change *change, size_t *count);

#endif
