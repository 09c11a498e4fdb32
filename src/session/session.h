/*
 * What an open store is: the writer's lock, its schema, clock and definitions, and the moment a
 * question is about. The rooms above ask one question or make one change through it; what a
 * question is evaluated on stands in evaluate.h, how definitions change in definitions.h.
 *
 * A session belongs to one thread at a time. It prints nothing: what people should know besides the
 * answer comes back as notices.
 */
#ifndef STRATA_SESSION_SESSION_H
#define STRATA_SESSION_SESSION_H

#include "catalog/catalog.h"
#include "lake/lake.h"
#include "segment/segment.h"
#include "store/store.h"

struct session;
struct interrupt;
struct population;
struct pool;
struct zone;

struct session_options {
    const char *path;            /* the store */
    bool write;                  /* take the writer's lock */
    const char *command;         /* who asks, for the lock's holder line: "strata import" */
    int threads;                 /* 0: as many as the machine offers */
    struct interrupt *interrupt; /* what stops it, the caller's; NULL: one of its own */
    uint64_t memory; /* bytes that reading and sorting files may take; 0: half of the machine's */
};
enum status session_open(const struct session_options *options, struct session **out,
                         struct error *error);
void session_close(struct session *session);

/* Stops what the session does now: the call fails with STATUS_INTERRUPTED and nothing is half done.
 * From any thread, and from signal handlers. It stays so until session_go_on. */
void session_interrupt(struct session *session);
void session_go_on(struct session *session);
/* For who asks many questions: nobody looks any more at sets that were replaced, nor at names of
 * broken definitions, so that they go. The others keep them until the session is closed. */
void session_begin_question(struct session *session);
/* step is called while files are read for questions, as lake_on_progress says. Before anything is
 * asked. */
void session_on_reading(struct session *session, bool (*step)(void *context, double fraction),
                        void *context);
const struct interrupt *session_stop(const struct session *session);

/* Makes an empty store. zone NULL: UTC; currency NULL: none. */
enum status session_create(const char *path, const char *zone, const char *currency,
                           struct error *error);

struct store *session_store(const struct session *session);
const struct schema *session_schema(const struct session *session);
const struct zone *session_zone(const struct session *session);
/* The saved definitions, checked; empty when there are none. Valid until definitions change. */
const struct segment_set *session_definitions(const struct session *session);
/* Saved definitions that are left out, because they no longer fit the store or could not be
 * evaluated at the moment last asked about: the i-th one's name and why; false past the last. */
bool session_broken(const struct session *session, size_t i, const char **name, const char **why);
int session_threads(const struct session *session);
/* Opened when first asked for. */
enum status session_lake(struct session *session, struct lake **out, struct error *error);
/* Likewise. */
struct pool *session_pool(struct session *session);
/* Seconds since 1970, now. STRATA_NOW (a moment) overrides the clock, for tests and documents. */
int64_t session_now(const struct session *session);

/*
 * The moment a question is about. text: NULL for now, "latest" for just after the newest fact (the
 * end of its day where facts have no times of day; implausible dates do not count, latest.c), else
 * a date (its local midnight) or a moment. known_at likewise, or NULL for everything known. When
 * the newest fact is more than 30 days before the moment, *notice says so and names --as-of; else
 * it is NULL.
 */
struct session_moment {
    int64_t now;
    int64_t known_at; /* INT64_MAX: everything */
    bool has_facts;
    int64_t newest;     /* of all facts in the store that are not implausible */
    const char *notice; /* in arena, or NULL */
};
enum status session_moment(struct session *session, const char *as_of, const char *known_at,
                           struct arena *arena, struct session_moment *out, struct error *error);

/* Merges small parts where many lie about; to be called after imports. Nothing is lost when it
 * fails or is killed. */
enum status session_tidy(struct session *session, struct error *error);
/* A definition or a model that was left out, and why. */
struct session_trouble {
    const char *name, *why;
};
/* Whether the definition of that name is among the broken. */
bool session_is_broken(const struct session *session, const char *name);
/* Whether the entry is in the list. */
bool session_is_trouble(const struct session_trouble *list, size_t count, const char *name);
/* Reads the definitions again, after a change that counts: when that fails, they are forgotten, and
 * whoever needs them next is told why. */
void session_look_again(struct session *session);

/* ---- one change of the store ---- */

/* Commits a change that store_begin began, whose preparation ended in `status`, or takes it back.
 * Either way the definitions held here are forgotten, and read anew by whoever needs them next:
 * they were made for another store. Once this has succeeded the change counts, so a caller fails no
 * more: what else there is to find out it finds out before, or tells as a notice. */
enum status session_end_change(struct session *session, struct store_change *change,
                               enum status status, struct error *error);

#endif
