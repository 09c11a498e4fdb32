/* What the session's files share. */
#ifndef STRATA_SESSION_INTERNAL_H
#define STRATA_SESSION_INTERNAL_H

#include "session/definitions.h"
#include "session/evaluate.h"

#include "base/interrupt.h"
#include "base/vector.h"

/* Definitions that fit the store but cannot be evaluated at a moment (leave_out.c). */
struct session_left_out {
    int64_t moment;
    struct session_trouble *items;
    size_t count;
};

struct session_retired {
    struct segment_set *set; /* or NULL */
    struct arena arena;
};

struct session {
    struct store *store;
    struct lake *lake; /* opened when first needed */
    struct pool *pool; /* likewise */
    struct zone *zone;
    int threads;
    struct interrupt own_interrupt, *interrupt;
    bool (*reading)(void *context, double fraction); /* or NULL */
    void *reading_context;
    struct segment_set *definitions; /* loaded when first needed; NULL after a change */
    struct arena arena;              /* what is said of those definitions */
    struct session_trouble *broken;  /* definitions that no longer fit the store, left out */
    size_t broken_count;
    struct session_left_out left_out;
    /* sets that were replaced, and what was said of them, while somebody may still look at it */
    VECTOR(struct session_retired) retired;
};

/* The newest fact that is not implausible, and the moment `latest` (latest.c), which may be NULL.
 * *found: there is a dated fact. */
enum status session_newest(struct session *session, bool *found, int64_t *newest, int64_t *latest,
                           struct error *error);
/* After evaluating all saved definitions failed over this population: leaves out those that bring
 * the failure about, and names them among the broken. Sets whose pointers are held stay alive until
 * the next question begins. STATUS_ERROR, with `why` as it was, when no definition is to blame. */
enum status session_leave_out(struct session *session, const struct population *population,
                              int64_t moment, const struct error *why, struct error *error);
/* The set and all that is in the session's arena stay until the next question begins; the arena is
 * empty then. */
void session_retire(struct session *session, struct segment_set *set);
/* What was left out for another moment comes back. */
enum status session_take_in_again(struct session *session, int64_t moment, struct error *error);
/* Why each segment of the set cannot be evaluated over the population at the moment, NULL where it
 * can; in arena. STATUS_INTERRUPTED when it was stopped before that was known. */
enum status session_find_failing(struct session *session, const struct segment_set *set,
                                 const struct population *population, int64_t moment,
                                 struct arena *arena, const char ***why, size_t *count,
                                 struct error *error);
/* The saved definitions that fit the schema and do not fail at the moment last asked about, over
 * that schema, and those left out; all but the set is in arena. */
enum status session_build_definitions(struct session *session, const struct schema *schema,
                                      struct arena *arena, struct segment_set **out,
                                      struct session_trouble **broken, size_t *broken_count,
                                      struct error *error);
/* Definitions that are left out, while a set is built. */
struct session_broken_list {
    struct arena *arena;
    struct session_trouble *items;
    size_t count;
};
/* The set of those sources that fit the schema; the others join broken. */
enum status session_build_fitting(struct segment_source *sources, size_t count,
                                  const struct schema *schema, struct session_broken_list *broken,
                                  struct segment_set **out, struct error *error);
/* The saved definitions and lists as sources, in arena. */
enum status session_load_sources(struct session *session, struct arena *arena,
                                 struct segment_source **out, size_t *count, struct error *error);
/* Whether the set has a static list of that name. */
bool session_is_list(const struct segment_set *set, const char *name);
/* Index of the segment in the set; STATUS_NOT_FOUND with the nearest name, or when it is a scheme.
 */
enum status session_find_in(const struct segment_set *set, const char *name, int *index,
                            struct error *error);
/* The identifiers and numbers of a segment's members, by number. */
void session_collect_members(const struct session_view *view, int segment, struct arena *arena,
                             struct session_members *out);
/* Reads the files of the static lists that the set of apply names. */
enum status session_read_lists(struct session *session, struct arena *arena,
                               struct session_apply *apply, struct error *error);
/* The population with lists that are not saved yet beside, or in place of, its own. Free it before
 * the one below; the names are the lists'. */
struct population *session_with_lists(const struct population *population,
                                      const struct catalog_list *lists, size_t count);
/* Adds a note for each list of apply that names somebody the population does not know. */
void session_check_lists(const struct population *population, struct session_apply *apply,
                         struct arena *arena);
/* Adds a note to those of apply. place: the file. */
void session_add_note(struct segment_problems *problems, struct arena *arena, const char *place,
                      const char *message, const char *hint);
/* Notes about texts that are asked for and that no customer has, of the set's segments that the
 * sources define. */
void session_check_texts(const struct population *population, const struct segment_set *set,
                         struct arena *arena, struct segment_problems *problems);

#endif
