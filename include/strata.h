/*
 * Strata as a library: customer segmentation on one machine.
 *
 *     struct strata_error error;
 *     struct strata_store *store;
 *     if (strata_open("shop", 0, &store, &error) != STRATA_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     uint64_t customers;
 *     strata_count(store, "count(order last 90 days) >= 2", STRATA_LATEST, &customers, &error);
 *
 * Rules that hold everywhere:
 * - Handles are opaque. What a function returns through a pointer to a pointer is the caller's and
 * is given back with the function of that name ending in _free or _close; these accept NULL.
 * - Text is NUL-terminated UTF-8. Text returned by an accessor belongs to the handle it came from
 * and lives as long.
 * - A function that can fail returns an enum strata_status and fills *error (which may be NULL).
 * Nothing is half done: a failed call leaves the store as it was.
 * - A store handle and what comes from it are used by one thread at a time; different handles, also
 * of one store on disk, are independent. Inside, work is spread over the machine's processors.
 * - The library prints nothing, installs no signal handler, changes no locale and never exits. It
 * aborts on bugs of its own and when memory is exhausted.
 * - Moments are text: an ISO date ("2025-06-30", its first moment in the store's time zone) or
 * moment
 *   ("2025-06-30T14:00:00"), STRATA_LATEST for just after the newest fact, or NULL for now.
 */
#ifndef STRATA_H
#define STRATA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STRATA_API __attribute__((visibility("default")))
#else
#define STRATA_API
#endif

#define STRATA_LATEST "latest"

/* The numbers are the program's exit codes, too (docs/errors.md). */
enum strata_status {
    STRATA_OK = 0,
    STRATA_ERROR = 1,         /* what has no code of its own: bad data, a mistake in a definition */
    STRATA_USAGE = 2,         /* the call is wrong */
    STRATA_NOT_FOUND = 3,     /* no such store, segment, customer, import or file */
    STRATA_REJECTS = 4,       /* more rows were set aside than allowed */
    STRATA_UNCERTAIN = 5,     /* the disk failed while a change was saved: it may have been made */
    STRATA_IO = 6,            /* a file cannot be read or written, though the disk has room */
    STRATA_FULL = 7,          /* the disk or the quota is used up */
    STRATA_CORRUPT = 8,       /* the store is damaged: strata_verify says where */
    STRATA_LIMIT = 9,         /* more than Strata, or the memory given to it, takes */
    STRATA_BUSY = 75,         /* another process is writing to the store */
    STRATA_INTERRUPTED = 130, /* stopped by who asked for it */
};

struct strata_error {
    enum strata_status status;
    char place[512];    /* where: "segments.strata:3:9", or empty */
    char message[2048]; /* what is wrong */
    char hint[1024];    /* what to do, or empty */
};

/* "0.1.0" */
STRATA_API const char *strata_version(void);

/* ---- stores ---- */

struct strata_store;

/* Makes an empty store at path. time_zone: IANA name, NULL for UTC; currency: ISO 4217 code or
 * NULL. */
STRATA_API enum strata_status strata_create(const char *path, const char *time_zone,
                                            const char *currency, struct strata_error *error);

enum {
    STRATA_WRITE = 1, /* take the writer's lock: STRATA_BUSY when another process has it. Needed for
                         what changes the store */
};
STRATA_API enum strata_status strata_open(const char *path, int flags, struct strata_store **store,
                                          struct strata_error *error);
STRATA_API void strata_close(struct strata_store *store);

/* ---- import ---- */

/* What the options of `strata import` say, by the same names; NULL and 0 mean not given.
 * docs/import.md explains each.
 */
struct strata_import {
    const char *const *files; /* paths, ended by NULL */
    const char *kind;         /* or reference + key */
    const char *reference, *key;
    const char *customer, *time;
    const char *id; /* column names, separated by commas */
    const char *group_by;
    const char *select;
    const char *where;
    const char *const *set;    /* "NAME=SQL", ended by NULL; likewise the following */
    const char *const *trait;  /* "NAME=COL" */
    const char *const *map;    /* "NAME=COL" */
    const char *const *refers; /* "COL=NAME" */
    const char *currency_column;
    const char *file_time_zone;
    const char *valid_from;
    int undated;
    int replace_on_conflict;
    const char *max_rejects; /* "100" or "5%" */
    int dry_run;
};
struct strata_import_summary {
    int number; /* the import's; 0 for a dry run or when the file was there already */
    int known;  /* this very import was there already: nothing was added */
    uint64_t read, stored, rejected, filtered, duplicates;
    uint64_t customers; /* different customers among the stored */
};
STRATA_API enum strata_status strata_import(struct strata_store *store,
                                            const struct strata_import *import,
                                            struct strata_import_summary *summary,
                                            struct strata_error *error);
/* Takes an import back, exactly. */
STRATA_API enum strata_status strata_undo(struct strata_store *store, int number,
                                          struct strata_error *error);

/* ---- segments ---- */

/* Checks definitions (source text in the segment language) without a store. */
STRATA_API enum strata_status strata_check(const char *source, struct strata_error *error);
/* Checks and saves definitions; prune != 0 also deletes those that source does not hold. */
STRATA_API enum strata_status strata_apply(struct strata_store *store, const char *source,
                                           int prune, struct strata_error *error);

/* A list of segments at a moment. */
struct strata_segments;
struct strata_segment {
    const char *name;
    const char *title; /* or NULL */
    uint64_t customers;
    double share;
};
STRATA_API enum strata_status strata_segments(struct strata_store *store, const char *moment,
                                              struct strata_segments **segments,
                                              struct strata_error *error);
/* 1 and the next segment, or 0 at the end. */
STRATA_API int strata_segments_next(struct strata_segments *segments,
                                    struct strata_segment *segment);
STRATA_API void strata_segments_free(struct strata_segments *segments);

STRATA_API enum strata_status strata_count(struct strata_store *store, const char *condition,
                                           const char *moment, uint64_t *customers,
                                           struct strata_error *error);

/* Members of a segment, or of any condition, by customer number. */
struct strata_members;
STRATA_API enum strata_status strata_members(struct strata_store *store, const char *segment,
                                             const char *moment, struct strata_members **members,
                                             struct strata_error *error);
STRATA_API enum strata_status strata_find(struct strata_store *store, const char *condition,
                                          const char *moment, struct strata_members **members,
                                          struct strata_error *error);
STRATA_API uint64_t strata_members_count(const struct strata_members *members);
/* 1 with the customer's identifier and number (either may be NULL), or 0 at the end. */
STRATA_API int strata_members_next(struct strata_members *members, const char **identifier,
                                   uint32_t *number);
STRATA_API void strata_members_free(struct strata_members *members);

/* Records who entered and left every segment. The moment must be later than the last refresh's. */
STRATA_API enum strata_status strata_refresh(struct strata_store *store, const char *moment,
                                             uint64_t *entered, uint64_t *left,
                                             struct strata_error *error);

/*
 * Answers as JSON text, as the commands of that name print with --json; free with strata_text_free.
 */
STRATA_API enum strata_status strata_explain(struct strata_store *store, const char *segment,
                                             const char *customer, const char *moment, char **json,
                                             struct strata_error *error);
STRATA_API enum strata_status strata_report(struct strata_store *store, const char *moment,
                                            char **html, struct strata_error *error);
STRATA_API void strata_text_free(char *text);

/* ---- SQL, and results as Arrow ---- */

/* The Arrow C data and stream interfaces, as their specification lays them down; the guards keep
 * several headers that declare them from clashing. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* One SELECT over the store's views (docs/sql.md), reading only. The stream is independent of other
 * calls but must be released before the store is closed. */
STRATA_API enum strata_status strata_sql(struct strata_store *store, const char *statement,
                                         struct ArrowArrayStream *stream,
                                         struct strata_error *error);
/* The members as a stream with the columns customer (utf8) and number (uint32); members may be
 * freed at once. */
STRATA_API enum strata_status strata_members_arrow(const struct strata_members *members,
                                                   struct ArrowArrayStream *stream,
                                                   struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
