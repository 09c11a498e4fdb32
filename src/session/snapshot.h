/*
 * A snapshot: what a store said at one moment, in memory, to be asked by any number of threads at
 * once. It holds copies of its own of all it stands on (the schema, the definitions, their plan's
 * result, the population with the columns that were asked for), so it goes on answering after the
 * session is closed and whatever becomes of the store. Nothing in it changes once it is made; it is
 * counted, and goes when the last holder releases it.
 *
 * Calls take no lock and start no thread: each works on the thread of its caller.
 */
#ifndef STRATA_SESSION_SNAPSHOT_H
#define STRATA_SESSION_SNAPSHOT_H

#include "session/evaluate.h"

struct session_snapshot;

/* everything: all tables with all columns, so that any condition can be asked; else what the saved
 * definitions read. Definitions that do not fit the store or cannot be evaluated at the moment are
 * left out. The caller holds it once. */
enum status session_snapshot_new(struct session *session, const struct session_moment *moment,
                                 bool everything, struct session_snapshot **out,
                                 struct error *error);
/* One more holder; returns snapshot. */
struct session_snapshot *session_snapshot_retain(struct session_snapshot *snapshot);
void session_snapshot_release(struct session_snapshot *snapshot);

/* Valid as long as it is held. */
const struct schema *session_snapshot_schema(const struct session_snapshot *snapshot);
const struct session_view *session_snapshot_view(const struct session_snapshot *snapshot);
/* The moment it is of, in the store's time zone. */
const char *session_snapshot_moment(const struct session_snapshot *snapshot);
/* The i-th definition that was left out, and why; false past the last. */
bool session_snapshot_broken(const struct session_snapshot *snapshot, size_t i, const char **name,
                             const char **why);
/* How many customers exist at its moment. */
uint64_t session_snapshot_customers(const struct session_snapshot *snapshot);
enum status session_snapshot_find_segment(const struct session_snapshot *snapshot, const char *name,
                                          int *index, struct error *error);

/* The indexes of the segments the customer is in, ascending: writes at most `most` of them and says
 * how many there are. A look at a few bits. */
enum status session_snapshot_customer(const struct session_snapshot *snapshot, const char *customer,
                                      int *segments, size_t most, size_t *count,
                                      struct error *error);
/* STATUS_USAGE when the condition reads what the snapshot does not hold. */
enum status session_snapshot_count(const struct session_snapshot *snapshot, struct text condition,
                                   uint64_t *customers, struct error *error);
/* As session_members. */
enum status session_snapshot_members(const struct session_snapshot *snapshot, const char *segment,
                                     struct text condition, struct arena *arena,
                                     struct session_members *out, struct error *error);

#endif
