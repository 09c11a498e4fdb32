/*
 * The catalog: the SQLite database that remembers everything small. It is the only room that sees
 * sqlite3.h. What each table means stands in docs/store-format.md.
 *
 * A catalog is used by one thread at a time. Whoever writes does so between catalog_begin and
 * catalog_commit; several calls then count together or not at all. src/store brackets them
 * (store_change), so other rooms never begin or commit themselves. Lists come in arenas of the
 * caller. All moments are seconds since 1970.
 */
#ifndef STRATA_CATALOG_CATALOG_H
#define STRATA_CATALOG_CATALOG_H

#include "base/schema.h"
#include "bitmap/bitmap.h"

struct catalog;

/* the version of the store's format that this program writes and reads */
enum { CATALOG_FORMAT = 1 };

enum catalog_mode {
    CATALOG_READ,    /* also where nothing can be written */
    CATALOG_EXAMINE, /* as CATALOG_READ, without looking whether what it holds is what was saved */
    CATALOG_WRITE,
    CATALOG_CREATE, /* the file must not exist */
};

/* zone (IANA name) and currency (ISO 4217 or NULL) count for CATALOG_CREATE alone. A catalog of a
 * newer format is STATUS_ERROR with a hint to update; a file that is no catalog, STATUS_ERROR; no
 * file, STATUS_NOT_FOUND. */
enum status catalog_open(const char *path, enum catalog_mode mode, const char *zone,
                         const char *currency, struct catalog **out, struct error *error);
void catalog_close(struct catalog *catalog);

enum status catalog_begin(struct catalog *catalog, struct error *error);
/*
 * On failure the transaction is over. Usually it is certain that nothing was saved. But where the
 * disk refuses to sync, what was written may lie whole in the WAL, and whoever opens the catalog
 * next would find it there: so the place is written over. When that fails too the answer is
 * STATUS_UNCERTAIN: nothing that the transaction refers to may be deleted before somebody has
 * opened the catalog anew (catalog_reopen) and looked. error then keeps the code of what failed:
 * that is what it was when it turns out that nothing was saved.
 */
enum status catalog_commit(struct catalog *catalog, struct error *error);
/* Closes and opens the file again, so that what is read is what the files hold and not what this
 * process remembers. Outside a transaction. After a failure the catalog can only be closed. */
enum status catalog_reopen(struct catalog *catalog, struct error *error);
/* Writes something of no meaning and waits until the disk has it, and with it all that was
 * committed before. */
enum status catalog_settle(struct catalog *catalog, struct error *error);
/* Does nothing outside a transaction. */
void catalog_rollback(struct catalog *catalog);
/* A reading transaction: everything read until catalog_rollback is of one moment. */
enum status catalog_begin_read(struct catalog *catalog, struct error *error);

/*
 * Meta: counters and settings.
 */
enum catalog_counter {
    CATALOG_GENERATION,    /* grows with every published change */
    CATALOG_NEXT_IMPORT,   /* 1 at first */
    CATALOG_NEXT_PART,     /* 1 at first */
    CATALOG_NEXT_CUSTOMER, /* 1 at first: the number the next new customer gets; numbers are never
                              reused */
    CATALOG_NEXT_CODE,     /* 0 at first: the next dictionary code */
    CATALOG_COUNTERS,
};
enum status catalog_counter(struct catalog *catalog, enum catalog_counter counter, uint64_t *out,
                            struct error *error);
enum status catalog_set_counter(struct catalog *catalog, enum catalog_counter counter,
                                uint64_t value, struct error *error);
/* Free settings by name ("model.clv", …) for rooms above; *value is NULL when there is none. */
enum status catalog_setting(struct catalog *catalog, const char *name, struct arena *arena,
                            const char **value, struct error *error);
/* value NULL removes it. */
enum status catalog_set_setting(struct catalog *catalog, const char *name, const char *value,
                                struct error *error);

/*
 * The schema. Every import states what it brought, by itself; the store's schema is these
 * statements folded in order of import, so that taking one back leaves exactly what the others make
 * of it.
 */
struct catalog_column {
    struct schema_column column; /* what this import needs: type and scale of its own values,
                                    refers, currency, plain, undated */
    int whole_digits; /* INT and DECIMAL: the most digits before the point; 0 when not known */
    const char *currencies; /* "EUR USD": the codes seen in this import for this amount, or NULL;
                               column.currencies is ignored */
};
struct catalog_table {
    const char *name;
    enum schema_role role;
    const char *key;    /* references */
    const char *amount; /* the column that says what a fact was worth, or NULL */
    bool amount_said;   /* it was said, not guessed */
    const struct catalog_column *columns;
    size_t column_count;
};
enum status catalog_add_schema(struct catalog *catalog, uint32_t import,
                               const struct catalog_table *table, struct error *error);
/* A column, and the first import, not undone, that stated it. */
struct catalog_stated {
    const char *column;
    uint32_t import;
};
/* The columns of the table that imports stated which do not tell scores; in arena. */
enum status catalog_stated_besides_scores(struct catalog *catalog, const char *table,
                                          struct arena *arena, struct catalog_stated **out,
                                          size_t *count, struct error *error);
/* The columns of the table that an import stated, in its order; in arena. */
enum status catalog_stated_columns(struct catalog *catalog, uint32_t import, const char *table,
                                   struct arena *arena, const char ***names, size_t *count,
                                   struct error *error);
/* Every import that stated this column of the table stated it with this type, scale, whole_digits
 * and plain. */
enum status catalog_retype_column(struct catalog *catalog, const char *table,
                                  const struct catalog_column *column, struct error *error);
/* The folded schema with zone and currency, of all imports that are not undone, in arena. */
enum status catalog_load_schema(struct catalog *catalog, struct arena *arena, struct schema **out,
                                struct error *error);
/* The same as if the import `without` (0: none) were undone and one more import had stated these
 * tables. */
enum status catalog_foresee_schema(struct catalog *catalog, uint32_t without,
                                   const struct catalog_table *tables, size_t count,
                                   struct arena *arena, struct schema **out, struct error *error);
/* What holds both: the same type; integers in decimals; both in doubles; dates in times; anything
 * in text; texts in sets. Decimals that would need more than 18 digits become doubles. The rule by
 * which the schema is folded; an import uses it to see what its column will become. whole_digits of
 * a and b as above, 0 when not known. */
void catalog_widen(enum value_type *type, int *scale, int *whole_digits, enum value_type other,
                   int other_scale, int other_whole_digits);

/*
 * Imports.
 */
enum catalog_import_kind {
    CATALOG_FACTS,
    CATALOG_TRAITS,
    CATALOG_REFERENCE,
    CATALOG_SCORES, /* traits that a model of the store told */
};
/* Where scores come from. */
struct catalog_scoring {
    const char *model; /* its name; NULL: the import is none of a model's */
    int64_t moment;    /* of the scoring */
    bool silent;       /* customers of whom nothing new was to be said may have been left out */
};
struct catalog_import {
    uint32_t number; /* given by catalog_add_import */
    int64_t received;
    enum catalog_import_kind kind;
    struct catalog_scoring scoring; /* of CATALOG_SCORES */
    const char *table;              /* the kind or reference; SCHEMA_TRAIT_TABLE for traits */
    const char *sources;            /* JSON array of file names or addresses, as given */
    const char *content_hash;       /* of all bytes read, hexadecimal */
    const char *mapping;            /* JSON; written by the catalog for CATALOG_SCORES */
    const char *mapping_hash;
    const char *counts; /* JSON: rows read, stored, set aside by reason, filtered, columns' types,
                           distinct, unknown … */
    bool replaces;      /* --on-conflict replace */
    int64_t undone;     /* when it was taken back; 0: it counts */
};
/* import->number is ignored; *number is the one given. */
enum status catalog_add_import(struct catalog *catalog, const struct catalog_import *import,
                               uint32_t *number, struct error *error);
/* Sets counts of an import added before (they are known at its end). */
enum status catalog_set_import_counts(struct catalog *catalog, uint32_t number, const char *counts,
                                      struct error *error);
/* So many rows of an import came alive when another was undone: counts say so under "revived". */
enum status catalog_add_import_revived(struct catalog *catalog, uint32_t number, uint64_t rows,
                                       struct error *error);
enum status catalog_set_import_undone(struct catalog *catalog, uint32_t number, int64_t when,
                                      struct error *error);
/* In order of number; undone ones too. */
enum status catalog_imports(struct catalog *catalog, struct arena *arena,
                            struct catalog_import **out, size_t *count, struct error *error);
/* STATUS_NOT_FOUND names the imports there are. */
enum status catalog_find_import(struct catalog *catalog, uint32_t number, struct arena *arena,
                                struct catalog_import *out, struct error *error);
/* The last import, not undone, of a content into a table, one with that mapping before any other;
 * out->number is 0 when there is none. */
enum status catalog_import_of_content(struct catalog *catalog, const char *content_hash,
                                      const char *table, const char *mapping_hash,
                                      struct arena *arena, struct catalog_import *out,
                                      struct error *error);

/*
 * Parts. Written by src/store; others read the list with store_parts.
 */
enum part_role {
    PART_FACTS,
    PART_TRAITS,
    PART_SHADOW,
    PART_ACTIVITY,
    PART_REFERENCE,
    PART_IDENTITY,
    PART_DICTIONARY,
    PART_ROLES,
};

struct catalog_part_column {
    const char *name;
    const char *type; /* as DuckDB spells it: "DECIMAL(18,2)" */
    bool whole;       /* of told traits: no value of it is unknown; false where nobody looked */
};
/* A checksum of some of a part's bytes: of the column `piece` (all of its chunks, then its
 * filters), or, named "", of the rest. */
struct catalog_checksum {
    const char *piece;
    uint64_t value; /* XXH3, 64 bits, of the ranges' bytes one after the other */
    const struct catalog_range *ranges; /* in order of offset */
    size_t range_count;
};
struct catalog_range {
    uint64_t offset, length;
};
struct catalog_part {
    uint32_t number;
    uint32_t owner;    /* activity: the facts or traits part beside which it stands; else 0 */
    const char *table; /* kind, reference; SCHEMA_TRAIT_TABLE; "identity"; "dictionary" */
    enum part_role role;
    const char *path;                   /* relative to the store */
    uint32_t first_import, last_import; /* 0 where rows bear no import */
    uint64_t rows, bytes;
    int64_t first_time,
        last_time; /* facts and traits: of rows that are dated; 0, 0 when there are none */
    const struct catalog_part_column *columns;
    size_t column_count;
    /* to catalog_add_part alone; catalog_checksums reads them */
    const struct catalog_checksum *checksums;
    size_t checksum_count;
    uint64_t added, removed; /* generations; removed 0: it counts */
};
enum status catalog_add_part(struct catalog *catalog, const struct catalog_part *part,
                             struct error *error);
/* The checksums of a part, in arena; none for parts that an older program wrote. */
enum status catalog_checksums(struct catalog *catalog, uint32_t part, struct arena *arena,
                              struct catalog_checksum **out, size_t *count, struct error *error);
/* Gives a part that has none its checksums. */
enum status catalog_add_checksums(struct catalog *catalog, uint32_t part,
                                  const struct catalog_checksum *checksums, size_t count,
                                  struct error *error);
/* Looks at everything the catalog holds, SQLite's structure and the seals; each is told of every
 * damage. *sealed: false when the catalog was last written by a program that did not seal it. */
enum status catalog_verify(struct catalog *catalog,
                           void (*each)(void *context, const struct error *problem), void *context,
                           bool *sealed, struct error *error);
/* It stops counting with that generation. */
enum status catalog_remove_part(struct catalog *catalog, uint32_t number, uint64_t generation,
                                struct error *error);
/* Its file is gone: forget it. */
enum status catalog_forget_part(struct catalog *catalog, uint32_t number, struct error *error);
/* removed: those that stopped counting and whose files may still be there; else those that count,
 * in order of number.
 */
enum status catalog_parts(struct catalog *catalog, bool removed, struct arena *arena,
                          struct catalog_part **out, size_t *count, struct error *error);

/*
 * Definitions of segments and schemes, in order of first saving.
 */
struct catalog_definition {
    const char *name;
    bool scheme;
    const char *title; /* or NULL */
    const char *text;  /* canonical (strata fmt) */
    int64_t saved;
};
/* Adds or replaces the one of that name. */
enum status catalog_save_definition(struct catalog *catalog,
                                    const struct catalog_definition *definition,
                                    struct error *error);
/* STATUS_NOT_FOUND when there is none. */
enum status catalog_delete_definition(struct catalog *catalog, const char *name,
                                      struct error *error);
enum status catalog_definitions(struct catalog *catalog, struct arena *arena,
                                struct catalog_definition **out, size_t *count,
                                struct error *error);

/*
 * Static lists of identifiers.
 */
struct catalog_list {
    const char *name;
    const char *source; /* the file it was copied from */
    int64_t saved;
    const struct text *identifiers; /* as in the file, in order; NULL from catalog_lists */
    size_t count;
};
enum status catalog_save_list(struct catalog *catalog, const struct catalog_list *list,
                              struct error *error);
enum status catalog_delete_list(struct catalog *catalog, const char *name, struct error *error);
/* All lists without their identifiers. */
enum status catalog_lists(struct catalog *catalog, struct arena *arena, struct catalog_list **out,
                          size_t *count, struct error *error);
enum status catalog_find_list(struct catalog *catalog, const char *name, struct arena *arena,
                              struct catalog_list *out, struct error *error);

/*
 * Refreshes and the memberships they recorded. Sets hold customer numbers.
 */
struct catalog_refresh {
    uint32_t number;         /* given by catalog_add_refresh; 1 at first */
    int64_t moment;          /* the T it evaluated */
    int64_t recorded;        /* when it ran */
    const char *definitions; /* hash of the definitions in force */
};
/* STATUS_USAGE when moment is not later than the last refresh's. */
enum status catalog_add_refresh(struct catalog *catalog, const struct catalog_refresh *refresh,
                                uint32_t *number, struct error *error);
enum status catalog_refreshes(struct catalog *catalog, struct arena *arena,
                              struct catalog_refresh **out, size_t *count, struct error *error);

/* Forgets a refresh and all that was recorded with it. Nothing happens when there is none of that
 * number. */
enum status catalog_forget_refresh(struct catalog *catalog, uint32_t number, struct error *error);

enum membership_cause {
    CAUSE_FACTS,      /* something arrived */
    CAUSE_TIME,       /* time passed */
    CAUSE_DEFINITION, /* the definition is new or changed */
    CAUSE_UNDO,       /* an import was taken back */
    MEMBERSHIP_CAUSES,
};

/* Who entered or left a segment with a refresh, for one cause. Empty sets are not stored. Scheme
 * members are segments named "lifecycle.new". */
enum status catalog_add_membership(struct catalog *catalog, uint32_t refresh, const char *segment,
                                   bool entered, enum membership_cause cause,
                                   const struct bitmap *customers, struct error *error);
struct catalog_membership {
    uint32_t refresh;
    int64_t moment; /* the refresh's */
    const char *segment;
    bool entered;
    enum membership_cause cause;
    struct bitmap *customers; /* owned by each; bitmap_free it */
};
/* Calls each for what was recorded of segment (NULL: of all), in order of refresh, then segment,
 * leavers before entrants. A failure of each ends it and is returned. */
enum status catalog_memberships(struct catalog *catalog, const char *segment,
                                enum status (*each)(void *context,
                                                    struct catalog_membership *membership,
                                                    struct error *error),
                                void *context, struct error *error);
/* Names of all segments of which something was recorded, in order of bytes. */
enum status catalog_recorded_segments(struct catalog *catalog, struct arena *arena,
                                      const char ***out, size_t *count, struct error *error);
/* Who is inside after all refreshes with moment <= until (INT64_MAX: all); the caller frees *out.
 */
enum status catalog_members(struct catalog *catalog, const char *segment, int64_t until,
                            struct bitmap **out, struct error *error);

#endif
