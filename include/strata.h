/*
 * Strata as a library: customer segmentation on one machine.
 *
 *     struct strata_error error;
 *     struct strata_store *store;
 *     if (strata_open("shop", 0, NULL, &store, &error) != STRATA_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     uint64_t customers;
 *     strata_count(store, "count(order last 90 days) >= 2", STRATA_LATEST, &customers, &error);
 *     strata_close(store);
 *
 * docs/library.md walks through it by task; examples/ has a program for each part.
 *
 * Rules that hold everywhere:
 *
 * - Handles are opaque. What a function returns through a pointer to a pointer is the caller's and
 *   is given back with the function of that name ending in _free, _close or _release; these accept
 *   NULL. On failure nothing is returned.
 * - Text is NUL-terminated UTF-8. Text returned by an accessor belongs to the handle it came from
 *   and lives as long. Text returned through a char ** is the caller's: strata_text_free.
 * - A function that can fail returns an enum strata_status. When it fails it fills *error (which
 *   may be NULL), on success it leaves it alone. Nothing is half done: a failed call leaves the
 *   store as it was.
 * - Flags that this version does not know are STRATA_USAGE.
 * - A store handle and what comes from it are used by one thread at a time; different handles, also
 *   of one store on disk, are independent. Two things are for many threads: a snapshot, and
 *   strata_interrupt.
 * - What changes a store needs a handle opened with STRATA_WRITE; on another it is STRATA_USAGE.
 *   So is a change that a notice or progress callback asks for while a call on its handle runs; a
 *   progress callback asks nothing of its handle but strata_interrupt.
 * - The library prints nothing, installs no signal handler, changes no locale and never exits. It
 *   aborts on bugs of its own and when memory is exhausted.
 * - Moments are text: an ISO date ("2025-06-30", its first moment in the store's time zone), a
 *   moment ("2025-06-30T14:00:00"), STRATA_LATEST for just after the newest fact, or NULL for now.
 * - What is released stays: functions, the numbers of enums and the layout of structs do not change
 *   within a major version. Structs that may grow begin with their size.
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

/* ---- versions ---- */

/* Of this header: major * 10000 + minor * 100 + patch. */
#define STRATA_VERSION_NUMBER 100

/* Of the library that is linked: "0.1.0", and as the number above. */
STRATA_API const char *strata_version(void);
STRATA_API int strata_version_number(void);

/* ---- failures ---- */

/* The numbers are the program's exit codes, too (docs/errors.md). Later versions may have more. */
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
    STRATA_INTERRUPTED = 130, /* strata_interrupt, or a progress callback, stopped it */
};

/* The caller's, on the stack or anywhere; it owns nothing and may be copied. It does not grow. */
struct strata_error {
    enum strata_status status;
    char place[512];    /* where: "segments.strata:3:9", or empty */
    char message[2048]; /* what is wrong */
    char hint[1024];    /* what to do, or empty */
    char reserved[508];
};

/* ---- stores ---- */

#define STRATA_LATEST "latest"

struct strata_store;

/* Makes an empty store at path. time_zone: IANA name, NULL for UTC; currency: ISO 4217 code or
 * NULL. */
STRATA_API enum strata_status strata_create(const char *path, const char *time_zone,
                                            const char *currency, struct strata_error *error);

enum strata_open_flags {
    STRATA_READ = 0,  /* as it is now: see strata_reload */
    STRATA_WRITE = 1, /* take the writer's lock: STRATA_BUSY when another process has it. Needed for
                         what changes the store */
};

/* How a store is used. Begin with STRATA_OPTIONS_INIT, then say what differs:
 *
 *     struct strata_options options = STRATA_OPTIONS_INIT;
 *     options.threads = 2;
 */
struct strata_options {
    size_t size;     /* sizeof(struct strata_options) as the caller knows it */
    int threads;     /* 0: as many as the machine, or its control group, offers */
    uint64_t memory; /* bytes that reading and sorting files may take before they go to the disk;
                        the customers themselves come on top. 0: half of the machine's */
    /* What people should know besides an answer, a sentence each: a definition that no longer fits,
     * facts that are old, what was understood of a file. During calls, on their thread. */
    void (*notice)(void *context, const char *sentence);
    /* How far a call is: a phase ("reading", "computing"), and 0 to 1 of it, or below 0 where
     * that cannot be known. About ten times a second, perhaps on a thread of the library's. Other
     * than 0 stops the call, as strata_interrupt does. */
    int (*progress)(void *context, const char *phase, double fraction);
    void *context; /* of both */
};
#define STRATA_OPTIONS_INIT                                   \
    {                                                         \
        sizeof(struct strata_options), 0, 0, NULL, NULL, NULL \
    }

/* options may be NULL. */
STRATA_API enum strata_status strata_open(const char *path, int flags,
                                          const struct strata_options *options,
                                          struct strata_store **store, struct strata_error *error);
STRATA_API void strata_close(struct strata_store *store);

/* A handle opened with STRATA_READ sees the store as it was when it was opened, whatever others
 * change meanwhile, and answers of it never differ for that. This moves it to the store as it is
 * now; it costs little when nothing has changed, and what came from the handle before (snapshots,
 * members, streams) stays as it is. A handle with STRATA_WRITE sees its own changes, and there are
 * no others: nothing happens. On failure it sees what it saw. */
STRATA_API enum strata_status strata_reload(struct strata_store *store, struct strata_error *error);

/* Stops the call that runs on the store now: it returns STRATA_INTERRUPTED within about a second
 * (the fitting of a model may take longer), unless it was as good as done. Nothing happens when no
 * call runs. From any thread, and from signal handlers; not while the store is being closed. */
STRATA_API void strata_interrupt(struct strata_store *store);

/* Reads every byte of a store that nobody needs to have open. *damaged (may be NULL) counts the
 * places where it is not what was saved, which is no failure of the call; *json (may be NULL) says
 * which, as `strata verify --json` does. */
STRATA_API enum strata_status strata_verify(const char *path, uint64_t *damaged, char **json,
                                            struct strata_error *error);

/* ---- imports ---- */

/* One import: what to read, and how. Options have the names of those of `strata import`, without
 * the dashes, and the values they take there (docs/import.md): what is not said is guessed. */
struct strata_import;
struct ArrowArrayStream;

STRATA_API struct strata_import *strata_import_new(struct strata_store *store);
STRATA_API void strata_import_free(struct strata_import *import);
/* "kind", "order"; "set", "amount=quantity*price" (again for further ones); "dry-run", "yes".
 * STRATA_USAGE names the nearest option when there is none of that name. */
STRATA_API enum strata_status strata_import_set(struct strata_import *import, const char *option,
                                                const char *value, struct strata_error *error);
/* A file, or postgresql://…; several are read as one. */
STRATA_API enum strata_status strata_import_add_file(struct strata_import *import, const char *path,
                                                     struct strata_error *error);
/* Rows from memory: reads the stream to its end and releases it, whatever comes of it. Its
 * callbacks run on one thread at a time, perhaps one of the library's. name stands for the file's.
 */
STRATA_API enum strata_status strata_import_add_arrow(struct strata_import *import,
                                                      const char *name,
                                                      struct ArrowArrayStream *stream,
                                                      struct strata_error *error);
/* Once for each handle. The store has to be open for writing, but for a dry run. */
STRATA_API enum strata_status strata_import_run(struct strata_import *import,
                                                struct strata_error *error);

/* What came of it; 0 before it ran. */
enum strata_import_figure {
    STRATA_IMPORT_NUMBER = 0,  /* the import's, for strata_undo; 0 when nothing was added */
    STRATA_IMPORT_KNOWN = 1,   /* the number of the import that brought the same before, or 0 */
    STRATA_ROWS_READ = 2,      /* rows of the sources */
    STRATA_ROWS_STORED = 3,    /* of them */
    STRATA_ROWS_SET_ASIDE = 4, /* could not be used; kept with their reasons */
    STRATA_ROWS_FILTERED = 5,  /* left out by "where" */
    STRATA_ROWS_REPEATED = 6,  /* there already, by "id" */
    STRATA_CUSTOMERS = 7,      /* different ones among the stored */
    STRATA_NEW_CUSTOMERS = 8,
};
STRATA_API uint64_t strata_import_figure(const struct strata_import *import,
                                         enum strata_import_figure figure);
/* Everything there is to say, as `strata import --json` does; also after STRATA_REJECTS. */
STRATA_API enum strata_status strata_import_json(const struct strata_import *import, char **json,
                                                 struct strata_error *error);

/* Takes an import back, exactly. */
STRATA_API enum strata_status strata_undo(struct strata_store *store, uint32_t number,
                                          struct strata_error *error);

/* ---- definitions ---- */

/* Checks definitions (source text in the segment language) without a store. */
STRATA_API enum strata_status strata_check(const char *source, struct strata_error *error);
/* Checks and saves definitions; prune != 0 also deletes those that source does not hold,
 * but for the schemes that come with models. */
STRATA_API enum strata_status strata_apply(struct strata_store *store, const char *source,
                                           int prune, struct strata_error *error);
/* All definitions as one source. */
STRATA_API enum strata_status strata_export(struct strata_store *store, char **source,
                                            struct strata_error *error);
/* Deletes segments, schemes or static lists, all or none; refused while one that stays uses them.
 */
STRATA_API enum strata_status strata_delete(struct strata_store *store, const char *const *names,
                                            size_t count, struct strata_error *error);

/* ---- questions ---- */

STRATA_API enum strata_status strata_count(struct strata_store *store, const char *condition,
                                           const char *moment, uint64_t *customers,
                                           struct strata_error *error);

/* All segments at a moment, one after the other. */
struct strata_segments;
STRATA_API enum strata_status strata_segments(struct strata_store *store, const char *moment,
                                              struct strata_segments **segments,
                                              struct strata_error *error);
/* 1 when there is a next one, which the following are about; 0 at the end. */
STRATA_API int strata_segments_next(struct strata_segments *segments);
STRATA_API const char *strata_segments_name(const struct strata_segments *segments);
STRATA_API const char *strata_segments_title(const struct strata_segments *segments);  /* or NULL */
STRATA_API const char *strata_segments_scheme(const struct strata_segments *segments); /* or NULL */
STRATA_API uint64_t strata_segments_customers(const struct strata_segments *segments);
/* Of all customers that exist. */
STRATA_API double strata_segments_share(const struct strata_segments *segments);
STRATA_API void strata_segments_free(struct strata_segments *segments);

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

/* Why a customer is in a segment or not, as `strata explain --json` says it. */
STRATA_API enum strata_status strata_explain(struct strata_store *store, const char *segment,
                                             const char *customer, const char *moment, char **json,
                                             struct strata_error *error);
/* The report: one HTML file. */
STRATA_API enum strata_status strata_report(struct strata_store *store, const char *moment,
                                            char **html, struct strata_error *error);
STRATA_API void strata_text_free(char *text);

/* Records who entered and left every segment. The moment must be later than the last refresh's.
 * entered and left may be NULL. Definitions and models that cannot be evaluated are left out, and
 * named in notices. */
STRATA_API enum strata_status strata_refresh(struct strata_store *store, const char *moment,
                                             uint64_t *entered, uint64_t *left,
                                             struct strata_error *error);

/* ---- snapshots ---- */

/*
 * What the store says at a moment, loaded once and kept in memory: for many questions, from many
 * threads at once. Nothing of it changes; it goes on answering after the store is closed, and goes
 * when its last holder releases it. Calls take no lock and work on the caller's thread.
 */
struct strata_snapshot;
enum strata_snapshot_flags {
    STRATA_DEFINED = 0,    /* holds what the saved definitions read */
    STRATA_EVERYTHING = 1, /* holds all facts and traits, so that any condition can be asked */
};
STRATA_API enum strata_status strata_snapshot_new(struct strata_store *store, const char *moment,
                                                  int flags, struct strata_snapshot **snapshot,
                                                  struct strata_error *error);
/* One more holder; returns snapshot. */
STRATA_API struct strata_snapshot *strata_snapshot_retain(struct strata_snapshot *snapshot);
STRATA_API void strata_snapshot_release(struct strata_snapshot *snapshot);
/* The moment it is of, also where STRATA_LATEST or NULL was asked for: "2025-06-30T14:00:00+02:00",
 * in the store's time zone. Lives as long as the snapshot. */
STRATA_API const char *strata_snapshot_moment(const struct strata_snapshot *snapshot);

/* The segments a customer is in, in microseconds: writes at most `most` names, which live as long
 * as the snapshot, and says in *count how many there are. */
STRATA_API enum strata_status strata_snapshot_customer(const struct strata_snapshot *snapshot,
                                                       const char *customer, const char **names,
                                                       size_t most, size_t *count,
                                                       struct strata_error *error);
/* STRATA_USAGE when the condition reads what the snapshot does not hold. */
STRATA_API enum strata_status strata_snapshot_count(const struct strata_snapshot *snapshot,
                                                    const char *condition, uint64_t *customers,
                                                    struct strata_error *error);
STRATA_API enum strata_status strata_snapshot_members(const struct strata_snapshot *snapshot,
                                                      const char *segment,
                                                      struct strata_members **members,
                                                      struct strata_error *error);
STRATA_API enum strata_status strata_snapshot_find(const struct strata_snapshot *snapshot,
                                                   const char *condition,
                                                   struct strata_members **members,
                                                   struct strata_error *error);
STRATA_API enum strata_status strata_snapshot_explain(const struct strata_snapshot *snapshot,
                                                      const char *segment, const char *customer,
                                                      char **json, struct strata_error *error);

/* ---- models ---- */

/* Fits, saves and scores a model; one of that name is replaced. type and options are those of
 * `strata model fit` (docs/models/README.md); options: names and values in turn, NULL behind the
 * last, or NULL:
 *
 *     const char *options[] = {"label", "none(order)", "horizon", "90", NULL};
 *
 * What a model finds are traits of the segment language. A model that is no better than a simpler
 * rule is saved as not usable, with the reason, and tells nothing. */
STRATA_API enum strata_status strata_model_fit(struct strata_store *store, const char *name,
                                               const char *type, const char *const *options,
                                               const char *moment, struct strata_error *error);
/* The types of models and what each takes, as `strata model types --json` does: name, form, range,
 * words, what holds without it. A fit holds what it is given against the same table. */
STRATA_API enum strata_status strata_model_types(char **json, struct strata_error *error);
/* Tells the model's scores at a moment; strata_refresh does so for all. */
STRATA_API enum strata_status strata_model_score(struct strata_store *store, const char *name,
                                                 const char *moment, struct strata_error *error);
/* With its scores and its scheme; refused while a segment uses them. */
STRATA_API enum strata_status strata_model_delete(struct strata_store *store, const char *name,
                                                  struct strata_error *error);
/* One model, or all of them (an array), as `strata model show --json` and `list --json` do. */
STRATA_API enum strata_status strata_model_show(struct strata_store *store, const char *name,
                                                char **json, struct strata_error *error);
STRATA_API enum strata_status strata_models(struct strata_store *store, char **json,
                                            struct strata_error *error);

/* ---- SQL, and Arrow ---- */

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
 * calls, of changes and interrupts too, but must be released before the store is closed. */
STRATA_API enum strata_status strata_sql(struct strata_store *store, const char *statement,
                                         struct ArrowArrayStream *stream,
                                         struct strata_error *error);
/* The members as a stream of one or more batches with the columns customer (utf8) and number
 * (uint32); members may be freed at once. */
STRATA_API enum strata_status strata_members_arrow(const struct strata_members *members,
                                                   struct ArrowArrayStream *stream,
                                                   struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
