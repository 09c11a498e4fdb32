/* Definitions of segments: what a change of them would do, saving it, and which fit the store. */
#ifndef STRATA_SESSION_DEFINITIONS_H
#define STRATA_SESSION_DEFINITIONS_H

#include "session/session.h"

/* Loads definitions unless that is done. */
enum status session_load_definitions(struct session *session, struct error *error);
void session_forget_definitions(struct session *session);
/* Index of the segment or STATUS_NOT_FOUND with the nearest name. */
enum status session_find_segment(struct session *session, const char *name, int *index,
                                 struct error *error);

struct session_change {
    const char *name;
    enum { SESSION_ADDED, SESSION_CHANGED, SESSION_REMOVED, SESSION_UNCHANGED } what;
    uint64_t before, after, joins, leaves;
};
struct session_apply {
    struct segment_problems problems;
    /* unchanged segments whose members change too (through others) are there */
    struct session_change *changes;
    size_t count;
    uint64_t customers;
    struct segment_set *set;    /* what would be saved; the caller's to free */
    struct catalog_list *lists; /* static lists to be copied */
    size_t list_count;
    const char **removed; /* names of removed segments and schemes */
    size_t removed_count;
    const char **spared; /* names of those that would be, were they not to stay */
    size_t spared_count;
    const char **removed_lists;
    size_t removed_list_count;
};
/* Checks everything and says what would change; saves nothing. Paths of static lists are relative
 * to their source's folder. On failure there is no set, and of the rest only problems count.
 * prune_but: NULL prunes nothing; else whatever is saved and not in the sources goes, but for the
 * schemes of these names (ended by NULL). */
enum status session_apply_plan(struct session *session, const struct segment_source *sources,
                               size_t count, const char *const *prune_but,
                               const struct session_moment *moment, struct arena *arena,
                               struct session_apply *out, struct error *error);
/* Saves what session_apply_plan found, in one transaction. */
enum status session_apply_save(struct session *session, const struct session_apply *apply,
                               struct error *error);
/* Removes segments or schemes, all or none; refused while one that stays uses them. */
enum status session_delete(struct session *session, const char *const *names, size_t count,
                           struct error *error);
/* All definitions as one canonical source. */
enum status session_export(struct session *session, struct buffer *out, struct error *error);

/* As session_apply_save and session_delete, but within a change that the caller has begun, commits,
 * and forgets the definitions after. */
enum status session_apply_save_within(struct session *session, const struct session_apply *apply,
                                      struct error *error);
enum status session_delete_within(struct session *session, const char *const *names, size_t count,
                                  struct error *error);
/* Who stands in the way, as a sentence names them: the first few, "and 3 more". */
struct session_users {
    struct buffer names;
    size_t count;
};
void session_users_add(struct session_users *users, const char *name);
void session_users_end(struct session_users *users);
/* How many of the list's identifiers the population knows. */
size_t session_list_known(const struct population *population, const struct catalog_list *list);
/* Which saved definitions a schema would not fit, and why. Memory: arena. */
enum status session_broken_under(struct session *session, const struct schema *schema,
                                 struct arena *arena, struct session_trouble **out, size_t *count,
                                 struct error *error);

#endif
