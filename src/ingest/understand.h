/*
 * The first phase: before anything is read in full, what the sources are and what was
 * asked.
 *
 * Two things come of it. What is understood (struct ingest_understood) is settled: the
 * later phases only look at it. What is expected of the rows (struct ingest_shape:
 * columns, types, properties) is handed over to the second phase, which corrects it by
 * what all rows say and hands it on settled.
 */
#ifndef STRATA_INGEST_UNDERSTAND_H
#define STRATA_INGEST_UNDERSTAND_H

#include "ingest/guess.h"
#include "ingest/run.h"
#include "ingest/scan.h"
#include "ingest/xlsx.h"

#define INGEST_CUSTOMER_ROW "@row" /* --customer: every row is a customer of its own */

/* Which column is what; −1: none. */
struct ingest_roles {
    int customer, time, key, group;
    int clock; /* with the time of day of the time column's dates */
    bool clock_said;
    bool row_customers;     /* every row is a customer of its own */
    bool computed_customer; /* --set makes the customer */
    const char *amount;     /* the column, or the name of --set, that says what a fact was worth; or
                               NULL */
    bool amount_said;
    struct ingest_guess guesses[ROLES];
    bool said[ROLES];
    struct ingest_guess others[ROLES]; /* when the customer was not found: what else was guessed */
};

/* What a source was before it became a file of rows. */
struct ingest_origin {
    bool postgres, parquet, spreadsheet;
};

struct ingest_understood {
    struct ingest_mapping mapping; /* completed */
    const char *table;             /* the kind or the reference table */
    const char *lines_table;       /* of a grouped kind: where its lines lie */
    enum schema_role role;
    bool traits; /* --kind customer */
    struct zone *zone;
    const char *zone_name;
    int64_t max_time;
    int64_t told; /* traits without a time of their own: the moment they hold from */
    const struct ingest_missing *missing; /* words for no value in any column */

    struct ingest_origin *origins; /* by source */
    struct ingest_sniff *sniffs;   /* by source */
    char content_hash[17];
    size_t column_count;               /* those that the first look found; the shape may get more */
    struct ingest_evidence *sample;    /* by column */
    struct ingest_portrait *portraits; /* by column */
    bool looked;                       /* so far: sources and columns can be described */
    struct ingest_roles roles;
};

/* A property of the rows to be stored. */
struct ingest_property {
    const char *column; /* in SQL: of the files or of --set */
    const char *name;   /* in the store */
    int source;         /* index of the files' column, or −1 for --set */
    enum value_type type;
    int scale;
    int whole_digits;            /* of the files' columns */
    bool plain, additive, trait; /* trait: of --trait, not of the kind */
    bool force_text;             /* keys and what the store already has as text */
    const char *refers;
};

struct ingest_shape {
    struct ingest_source *sources;
    struct ingest_look *looks; /* by source */
    struct ingest_source_columns *source_columns;
    size_t source_count;

    struct ingest_column *columns;
    struct ingest_type_hint *hints;
    size_t column_count, column_capacity;
    /* by column: read as the store has it, because of this use; NULL: not */
    const struct ingest_use **kept;
    size_t kept_count;
    struct ingest_marks *marks;         /* source × marks_columns + column */
    struct ingest_style_choice *styles; /* source × styles_columns + column */
    size_t marks_columns, styles_columns;
    const char *currency_column; /* that of the mapping, the file's, or the one made of signs of
                                    money; or NULL */
    int currency;                /* the last of these, or −1 */

    struct ingest_property *properties;
    size_t property_count;
};

/*
 * understand.c: the phase. summary gets what can be shown of sources and columns, also
 * when it fails further on. Both results are released by the caller, whatever comes of
 * it.
 */
enum status ingest_understand(const struct ingest_run *run, struct ingest_understood *understood,
                              struct ingest_shape *shape, struct ingest_summary *summary,
                              struct error *error);
void ingest_understood_release(struct ingest_understood *understood, size_t sources);
void ingest_shape_release(struct ingest_shape *shape);

/* ---- inputs.c: what the sources are ---- */

/* Spools what is not a file, looks at each source and hashes it. */
enum status ingest_open_sources(const struct ingest_run *run, struct ingest_understood *understood,
                                struct ingest_shape *shape, struct error *error);
/* The source, taken for UTF-8 by its first bytes, is not: guesses its encoding by all
 * lines that are not. */
enum status ingest_guess_again(const struct ingest_run *run, struct ingest_shape *shape,
                               size_t source, struct error *error);

/* notes.c: the sheet that is read, and what else is in the workbook. */
void ingest_note_workbook(const struct ingest_run *run, const char *name,
                          const struct ingest_workbook *book);

/* ---- spool.c: what is not a file becomes one ---- */

/* source: "-" for standard input, or a pipe's name. */
enum status ingest_spool_pipe(const struct ingest_run *run, const char *source, const char *path,
                              struct error *error);
enum status ingest_spool_postgres(const char *address, const char *query, const char *path,
                                  struct error *error);
enum status ingest_spool_parquet(const char *parquet, const char *path, struct error *error);
/* The rows of a mended rejects file, as sources; its mapping goes under what the options say. */
enum status ingest_spool_retry(const struct ingest_run *run, struct ingest_mapping *mapping,
                               struct ingest_shape *shape, struct error *error);

/* ---- columns.c: the columns between the sources ---- */

void ingest_join_columns(const struct ingest_run *run, struct ingest_understood *understood,
                         struct ingest_shape *shape);
/* The column of that name, or −1; the error names the nearest one. */
int ingest_find_column(const struct ingest_shape *shape, const char *name);
enum status ingest_need_column(const struct ingest_run *run, const struct ingest_shape *shape,
                               const char *what, const char *name, int *out, struct error *error);
/* A column that no file has; its index. */
int ingest_add_column(struct ingest_shape *shape, const char *name);
/* JSON lines: columns for the keys that only a later object has. */
enum status ingest_add_names(const struct ingest_run *run,
                             const struct ingest_understood *understood, struct ingest_shape *shape,
                             size_t source, struct error *error);
/* The columns that options name are there, by their new names or the file's; what options say of
 * their types. */
enum status ingest_check_names(const struct ingest_run *run, struct ingest_understood *understood,
                               struct ingest_shape *shape, struct error *error);
/* Types by what is known of the columns; true when any differs from before. */
bool ingest_retype(const struct ingest_run *run, const struct ingest_understood *understood,
                   struct ingest_shape *shape, const struct ingest_evidence *evidence);

/* ---- remember.c ---- */

/* What earlier imports found out about the same columns, as hints. */
enum status ingest_remember(const struct ingest_run *run,
                            const struct ingest_understood *understood, struct ingest_shape *shape,
                            struct error *error);

/* ---- roles.c, clock.c: which column is what; the mapping is completed by it ---- */

enum status ingest_find_roles(const struct ingest_run *run, struct ingest_understood *understood,
                              const struct ingest_shape *shape, struct error *error);
/* The column with the time of day, said or guessed. */
enum status ingest_find_clock(const struct ingest_run *run, struct ingest_understood *understood,
                              const struct ingest_shape *shape, struct error *error);

/* ---- times.c: what options say of times ---- */

enum status ingest_read_valid_from(const struct ingest_run *run,
                                   struct ingest_understood *understood, struct error *error);
enum status ingest_read_max_time(struct ingest_understood *understood, struct error *error);

/* ---- properties.c: what becomes of the columns ---- */

/* Keys, and what is text already, must be text before the first type is decided. */
void ingest_hint_types(const struct ingest_run *run, const struct ingest_understood *understood,
                       struct ingest_shape *shape);
enum status ingest_list_properties(const struct ingest_run *run,
                                   const struct ingest_understood *understood,
                                   struct ingest_shape *shape, struct error *error);
/* What the parts of a table call their own columns; an invoice counts its lines, too. */
bool ingest_is_own_column(bool grouped, const char *name);
/* Of the kind's own facts, not a trait they tell. */
static inline bool ingest_is_stored(const struct ingest_property *property)
{
    return !property->trait && property->type != VALUE_NONE;
}
/* Text and sets have dictionary codes beside them, unless they are plain. */
static inline bool ingest_is_coded(const struct ingest_property *property)
{
    return (property->type == VALUE_TEXT || property->type == VALUE_SET) && !property->plain;
}
/* Where the rows themselves go: the kind, or its lines. */
static inline const char *ingest_fact_table(const struct ingest_understood *understood)
{
    return understood->roles.group >= 0 ? understood->lines_table : understood->table;
}
static inline bool ingest_replaces(const struct ingest_mapping *mapping)
{
    return mapping->on_conflict && strcmp(mapping->on_conflict, "replace") == 0;
}

/* ---- keep.c: the store's columns stay what they are while something saved uses them ---- */

/* Before types are decided: the type of each column that the store has and something uses. */
void ingest_keep_types(const struct ingest_run *run, const struct ingest_understood *understood,
                       struct ingest_shape *shape);

/* ---- manner.c: how columns are looked at ---- */

/* The words of --na, of all columns and of each. */
const struct ingest_missing *ingest_file_missing(const struct ingest_mapping *mapping,
                                                 struct arena *arena);
enum status ingest_check_missing(const struct ingest_run *run,
                                 const struct ingest_understood *understood,
                                 struct ingest_shape *shape, struct error *error);
/* Evidence of the numbers' style from the samples; the styles it gives; true when any
 * differs from before. */
void ingest_first_marks(const struct ingest_run *run, const struct ingest_understood *understood,
                        struct ingest_shape *shape);
bool ingest_restyle(const struct ingest_run *run, const struct ingest_understood *understood,
                    struct ingest_shape *shape);
bool ingest_restyle_by(const struct ingest_run *run, const struct ingest_understood *understood,
                       struct ingest_shape *shape, const struct ingest_marks *marks);
/* By source × column_count + column, for the types and styles as they are now. */
const struct ingest_manner *ingest_manners(const struct ingest_run *run,
                                           const struct ingest_understood *understood,
                                           struct ingest_shape *shape);
/* The different codes that a column's signs of money mean, at most max of them; their
 * number. own: the store's currency, or NULL. */
size_t ingest_currencies(const char *own, const struct ingest_evidence *evidence, char (*codes)[4],
                         size_t max);
/* A column of the file that tells the amounts' currency. */
void ingest_find_currency_column(const struct ingest_run *run,
                                 const struct ingest_understood *understood,
                                 struct ingest_shape *shape);
/* The column of the file that tells the currency of an amount: the one called most like
 * it (NULL: like nothing); −1: none. */
int ingest_currency_of(const struct ingest_understood *understood, const struct ingest_shape *shape,
                       const char *amount);
/* Makes one of the signs of money where amounts need it; true when there is a new column. */
bool ingest_settle_currency(const struct ingest_run *run,
                            const struct ingest_understood *understood, struct ingest_shape *shape,
                            const struct ingest_evidence *evidence);
/* Refuses identifiers that a spreadsheet has rounded. */
enum status ingest_check_identifiers(const struct ingest_run *run, const struct ingest_roles *roles,
                                     const struct ingest_shape *shape,
                                     const struct ingest_evidence *evidence, struct error *error);

#endif
