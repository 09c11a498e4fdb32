/*
 * Ingest: files and databases in; facts, traits and reference rows published in a store,
 * all or nothing, with every row that could not be used kept beside them and the reason
 * why (docs/import.md).
 *
 * The flow: the sources are sniffed, the mapping is completed by guessing, the scan reads
 * everything once into a staging table of DuckDB, and from there parts are written and
 * published in one change of the store.
 */
#ifndef STRATA_INGEST_INGEST_H
#define STRATA_INGEST_INGEST_H

#include "ingest/column.h"
#include "ingest/mapping.h"
#include "ingest/reject.h"
#include "store/store.h"

/* A column of the store that something saved stands on. */
struct ingest_use {
    const char *table, *column;
    const char *by; /* "the segment vip uses it" */
    size_t others;  /* who use it, too */
};

/* What an import may not break. The columns used are read as the type they have, and
 * their odd values set aside; judge is asked, before anything is published, about the
 * schema that the import would make, and its error refuses the import. */
struct ingest_guard {
    const struct ingest_use *uses;
    size_t use_count;
    /* Before the import of that number is taken back within the change, for this one to
     * stand in its place. */
    enum status (*yield)(void *context, struct store_change *change, uint32_t number,
                         struct error *error);
    /* When everything is written; change NULL: nothing will be published. */
    enum status (*judge)(void *context, struct store_change *change, const struct schema *future,
                         struct error *error);
    void *context;
};

/* What a caller asks for: the flags of `strata import`. Zero means not said. */
struct ingest_options {
    const char *const *sources; /* paths, "-" for standard input, or one postgresql:// address */
    size_t source_count;
    const char *query;             /* PostgreSQL: the SELECT */
    struct ingest_mapping mapping; /* what the options say; the rest is guessed */
    const char *mapping_file, *save_mapping;
    const char *rejects;     /* a second copy of the rows set aside */
    const char *max_rejects; /* "100" or "2%" */
    const char *retry;       /* a mended rejects file, instead of sources */
    uint32_t replace;        /* takes this import back and imports instead of it */
    bool again;              /* imports although the content is there already */
    bool dry_run;            /* stops before publishing; the store may be open for reading */
    int64_t now;             /* the moment of the import, seconds since 1970 */
    const struct ingest_guard *guard; /* or NULL: nothing stands on the store */
    int threads;                      /* 0: all */
};

/* The options of `strata import` by name: those of the mapping, and those above. One
 * table for the command line, the library and whoever comes next. */
bool ingest_option_known(const char *name);
/* Says one; STATUS_USAGE with the nearest name when there is none such, or for a value it
 * cannot have. Copies into arena. */
enum status ingest_option_set(struct ingest_options *into, const char *name, const char *value,
                              struct arena *arena, struct error *error);

/* Called about ten times a second: fraction 0…1 of the present phase. False stops the import. */
struct ingest_progress {
    bool (*step)(void *context, const char *phase, double fraction);
    void *context;
};

struct ingest_summary_column {
    const char *name;     /* in the file, or of --set */
    const char *property; /* what it became, or NULL */
    const char *role;     /* "customer", "time", "key", "id", "amount", "group", or "" */
    int confidence;       /* 0…100 of a guessed role; 100 when it was said */
    bool guessed, computed;
    enum value_type type;
    int scale;
    const char *format; /* of dates, or NULL */
    bool format_sure;   /* the values show it, or it was said */
    char point;         /* of numbers that show it: '.' or ','; else 0 */
    uint64_t distinct, unknown;
    bool distinct_exact, counted; /* counted: distinct and unknown are known */
    const char *refers;
    uint64_t orphans;      /* rows whose key the reference table does not hold */
    const char *values[3]; /* the first different ones, NULL behind the last */
};

struct ingest_summary_source {
    const char *name;
    struct ingest_dialect dialect;
    struct ingest_look look; /* what was found out, and why */
    bool parquet, postgres, spreadsheet;
    uint64_t bytes, rows;
    /* What was passed over, each with its first line; 0 for none. */
    uint64_t empty_rows, empty_line;
    uint64_t headers, header_line; /* the header once more among the rows */
    uint64_t nul_bytes, nul_line;
    uint64_t footer_line;
    const char *footer; /* the lines behind the last row, as they stand there */
};

/* Rows made of one kind. */
struct ingest_summary_table {
    const char *name;
    enum schema_role role;
    uint64_t rows;
};

/* All that an import has to say. Memory: the arena given to ingest_run. */
struct ingest_summary {
    uint32_t import;  /* 0 for a dry run */
    uint32_t already; /* the import that did the same before: nothing was added */
    uint32_t replaced;
    bool dry_run;
    struct ingest_mapping mapping; /* completed */
    struct ingest_summary_source *sources;
    size_t source_count;
    struct ingest_summary_column *columns;
    size_t column_count;
    struct ingest_summary_table *tables;
    size_t table_count;
    uint64_t read, set_aside, filtered,
        stored; /* rows of the sources; stored: those that became lines or facts */
    /* --id: rows that were there already, the same or different; rows stored in the place
     * of others. With --group-by every line of the invoice counts. */
    uint64_t repeated_ids, conflicts, replaced_rows;
    uint64_t customers, new_customers;
    struct ingest_reject_count *rejects;
    size_t reject_count;
    uint64_t hours_repeated, hours_missing, dates_bare, fractions_cut;
    int64_t plausible_until; /* times after it lie far from all others; INT64_MAX: there are none */
    int64_t first_time, last_time; /* of facts stored; first > last when there are none */
    const char *zone, *rejects_path;
    bool refused; /* more rows were set aside than may be: nothing was imported */
    bool looked;  /* sources and columns are described, also when the import went no further */
    const char **notices, **warnings;
    size_t notice_count, warning_count;
    const char **preview_names; /* dry run: the first rows as they would be stored */
    const char **preview;       /* rows × names; NULL is unknown */
    size_t preview_columns, preview_rows;
    double seconds;
};

/*
 * Imports. store is open for writing (for reading when options->dry_run). Publishes
 * everything or, on failure, nothing. progress may be NULL. summary and its memory live
 * in arena. STATUS_REJECTS when more rows were set aside than allowed (summary is filled
 * in then, too); STATUS_USAGE when the mapping cannot be right; STATUS_NOT_FOUND for
 * sources.
 */
enum status ingest_run(struct store *store, const struct ingest_options *options,
                       const struct ingest_progress *progress, struct arena *arena,
                       struct ingest_summary *summary, struct error *error);

/* How the sources are written and what their columns are, as far as it is known: for a
 * failed import, too. */
void ingest_summary_print_look(const struct ingest_summary *summary, struct buffer *out);
/* For people, several lines; and as one JSON object, which is also what the catalog keeps
 * as the import's counts. */
void ingest_summary_print(const struct ingest_summary *summary, struct buffer *out);
void ingest_summary_json(const struct ingest_summary *summary, bool pretty, struct buffer *out);

#endif
