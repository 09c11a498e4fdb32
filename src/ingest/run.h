/* What the files of this room share while one import runs. Nobody else includes it. */
#ifndef STRATA_INGEST_RUN_H
#define STRATA_INGEST_RUN_H

#include "ingest/guess.h"
#include "ingest/ingest.h"
#include "ingest/scan.h"
#include "ingest/xlsx.h"

#include "base/vector.h"
#include "store/numbering.h"

enum { INGEST_DICTIONARY_MAX = 1000000 }; /* distinct texts before a column is stored plain */

/* A property of the rows to be stored. */
struct ingest_property {
    const char *column; /* in SQL: of the files or of --set */
    const char *name;   /* in the store */
    int source;         /* index of the files' column, or −1 for --set */
    enum value_type type;
    int scale;
    int whole_digits;
    bool plain, additive, trait; /* trait: of --trait, not of the kind */
    bool force_text;             /* keys and what the store already has as text */
    const char *refers, *currency, *currencies;
    uint64_t orphans; /* rows that name a key which the table it refers to does not hold */
};

struct ingest_run {
    struct store *store;
    const struct ingest_options *options;
    const struct ingest_progress *progress;
    struct arena *arena;
    struct ingest_summary *summary;
    struct ingest_mapping mapping;
    const char *phase;

    struct ingest_source *sources;
    struct ingest_sniff *sniffs;
    struct ingest_source_columns *source_columns;
    size_t source_count;
    const char
        *temporary; /* a folder for spooled sources without a change, removed at the end; or NULL */
    size_t temporary_count;
    char content_hash[17];

    struct ingest_column *columns;
    struct ingest_type_hint *hints;
    struct ingest_evidence *sample;       /* by column */
    const struct ingest_missing *missing; /* words for no value in any column */
    struct ingest_marks *marks;           /* source × marks_columns + column */
    struct ingest_style_choice *styles;   /* source × styles_columns + column */
    size_t marks_columns, styles_columns;
    const char *currency_column; /* that of the mapping, the file's, or the one made of signs of
                                    money; or NULL */
    int currency;                /* the last of these, or −1 */
    size_t column_count, column_capacity;
    struct ingest_portrait *portraits; /* by column, of those that the first look found */
    size_t portrait_count;
    struct ingest_guess guesses[ROLES];
    bool said[ROLES];
    const struct ingest_use *
        *kept; /* by column: read as the store has it, because of this use; NULL: not */
    size_t kept_count;
    int customer, time, key, group;
    bool clock_said;
    int clock;          /* the column with the time of day of the time column's dates, or −1 */
    bool row_customers; /* --customer @row: every row is a customer of its own */
    bool computed_customer; /* --set makes the customer */
    const char
        *amount; /* the column, or the name of --set, that says what a fact was worth; or NULL */
    bool amount_said;
    bool traits; /* --kind customer */
    const char *table;
    enum schema_role role;
    struct zone *zone;
    int64_t max_time;
    int64_t told; /* traits without a time of their own: the moment they hold from */

    struct ingest_property *properties;
    size_t property_count;
    bool *own; /* with --group-by, by property: the group has it too, as the one value of its lines
                  or as their sum */

    struct store_change *change;
    struct lake *lake;
    struct numbering *identity, *dictionary;
    struct ingest_scan scan;
    struct ingest_ordered_file rejects;
    const char *rejects_file;
    uint32_t import;
    VECTOR(const char *) notices;
    VECTOR(const char *) warnings;
    VECTOR(struct ingest_summary_table) tables;
    VECTOR(struct catalog_table)
    stated; /* what the import brings, as it states it to the catalog */
};

void ingest_notice(struct ingest_run *run, const char *format, ...) PRINTF_LIKE(2, 3);
void ingest_warn(struct ingest_run *run, const char *format, ...) PRINTF_LIKE(2, 3);
/* The column of that name, or −1; the error names the nearest one. */
int ingest_find_column(const struct ingest_run *run, const char *name);
enum status ingest_need_column(const struct ingest_run *run, const char *what, const char *name,
                               int *out, struct error *error);

/* prepare.c: sources, columns, roles, properties. */
enum status ingest_prepare(struct ingest_run *run, struct error *error);
void ingest_prepare_release(struct ingest_run *run);
/* A path for a file of this import's own, removed at its end; NULL when no folder can be made. */
const char *ingest_temporary(struct ingest_run *run);
/* The source, taken for UTF-8 by its first bytes, is not: guesses its encoding by all lines that
 * are not. */
enum status ingest_guess_again(struct ingest_run *run, size_t source, struct error *error);
/* JSON lines: columns for the keys that only a later object has. */
enum status ingest_add_names(struct ingest_run *run, size_t source, struct error *error);
/* Types by what is known of the columns; true when any differs from before. */
bool ingest_retype(struct ingest_run *run, const struct ingest_evidence *evidence);
enum status ingest_list_properties(struct ingest_run *run, struct error *error);

/* keep.c: the store's columns stay what they are while something saved uses them. */
/* Before types are decided: the type of each column that the store has and something uses. */
void ingest_keep_types(struct ingest_run *run);
/* After staging: whether what --type says is followed, odd values are few, and what widens is said.
 */
enum status ingest_check_types(struct ingest_run *run, struct error *error);
/* When all is stated: whether everything saved fits the schema that comes of it. */
enum status ingest_judge_schema(struct ingest_run *run, struct error *error);

/* times.c: warns of times that are hardly true, and says until when times are plausible. */
enum status ingest_check_times(struct ingest_run *run, struct error *error);
enum status ingest_read_valid_from(struct ingest_run *run, struct error *error);
enum status ingest_read_max_time(struct ingest_run *run, struct error *error);
/* A column that no file has; its index. */
int ingest_add_column(struct ingest_run *run, const char *name);

/* manner.c: how columns are looked at. */
const struct ingest_missing *ingest_file_missing(struct ingest_run *run);
enum status ingest_check_missing(struct ingest_run *run, struct error *error);
/* Evidence of the numbers' style from the samples; the styles it gives; true when any differs from
 * before. */
void ingest_first_marks(struct ingest_run *run);
bool ingest_restyle(struct ingest_run *run);
bool ingest_restyle_by(struct ingest_run *run, const struct ingest_marks *marks);
/* By source × column_count + column, for the types and styles as they are now. */
const struct ingest_manner *ingest_manners(struct ingest_run *run);
/* The different codes that a column's signs of money mean, at most max of them; their number. */
size_t ingest_currencies(const struct ingest_run *run, const struct ingest_evidence *evidence,
                         char (*codes)[4], size_t max);
/* A column of the file that tells the amounts' currency. */
void ingest_find_currency_column(struct ingest_run *run);
/* The column of the file that tells the currency of an amount: the one called most like it (NULL:
 * like nothing); −1: none. */
int ingest_currency_of(const struct ingest_run *run, const char *amount);
/* Makes one of the signs of money where amounts need it; true when there is a new column. */
bool ingest_settle_currency(struct ingest_run *run, const struct ingest_evidence *evidence);
/* Refuses identifiers that a spreadsheet has rounded. */
enum status ingest_check_identifiers(struct ingest_run *run, const struct ingest_evidence *evidence,
                                     struct error *error);
/* remember.c: what earlier imports found out about the same columns, as hints. */
enum status ingest_remember(struct ingest_run *run, struct error *error);
/* remarks.c: notices and warnings about the columns. */
void ingest_remark(struct ingest_run *run);
/* notes.c: what is to be said about how the files are written. */
void ingest_note_layout(struct ingest_run *run);
void ingest_note_workbook(struct ingest_run *run, const char *name,
                          const struct ingest_workbook *book);

/* clock.c: the column with the time of day, said or guessed. */
enum status ingest_find_clock(struct ingest_run *run, struct error *error);
/* roles.c: which column is the customer, the time, the key, the amount. */
#define INGEST_CUSTOMER_ROW "@row"
enum status ingest_find_roles(struct ingest_run *run, struct error *error);
void ingest_show_values(const struct ingest_run *run, size_t column,
                        struct ingest_summary_column *out);

/* spool.c: what is not a file becomes one. */
/* source: "-" for standard input, or a pipe's name. */
enum status ingest_spool_pipe(struct ingest_run *run, const char *source, const char *path,
                              struct error *error);
enum status ingest_spool_postgres(const char *address, const char *query, const char *path,
                                  struct error *error);
enum status ingest_spool_parquet(const char *parquet, const char *path, struct lake *lake,
                                 struct error *error);
enum status ingest_spool_retry(struct ingest_run *run, struct error *error);

/* stage.c: the sources into DuckDB's table `staged`, by scanning as often as the types need. */
enum status ingest_stage(struct ingest_run *run, struct error *error);
/* publish.c: from `staged` to parts. */
enum status ingest_publish(struct ingest_run *run, struct error *error);
/* repeats.c: rows that may be there twice under another name: said, and kept. Numbers of customers
 * are settled. */
enum status ingest_note_repetitions(struct ingest_run *run, struct error *error);
/* Where the rows themselves go: the kind, or its lines. */
const char *ingest_fact_table(struct ingest_run *run);
/* What makes a group of `staged`, as SQL: the lines of one invoice, less those in another currency.
 */
const char *ingest_group_columns(const struct ingest_run *run);
enum status ingest_count_rows(struct ingest_run *run, const char *sql, uint64_t *out,
                              struct error *error);

/*
 * ids.c: judges the rows of `staged` by their ids, as a table `verdicts` (arrival, id, verdict): 0
 * stands; 1 and 3 lose to another of this import; 2 and 4 are in the store already, 2 with the same
 * content. Sets conflicts aside, or takes from the store what they replace.
 */
enum status ingest_resolve_ids(struct ingest_run *run, struct error *error);
bool ingest_replaces(const struct ingest_run *run); /* --on-conflict replace */
/* Whether a result of --set bears the name of a column of the file, which it then does not hide. */
bool ingest_set_collides(const struct ingest_run *run, const char *name);
/* The SQL that makes a property's value of its column. */
void ingest_property_sql(const struct ingest_property *property, const struct ingest_run *run,
                         struct buffer *sql);
static inline bool ingest_is_number(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
}
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

#endif
