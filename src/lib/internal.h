/* What the files behind include/strata.h share. */
#ifndef STRATA_LIB_INTERNAL_H
#define STRATA_LIB_INTERNAL_H

#include "strata.h"

#include "base/interrupt.h"
#include "engine/engine.h"
#include "lib/progress.h"

#include <stdatomic.h>

struct strata_store {
    struct session *session; /* strata_reload replaces it */
    bool writes;
    struct interrupt interrupt;    /* of the sessions, which others raise at any time */
    struct strata_options options; /* as this version knows them */
    struct lib_progress progress;
    atomic_int calls; /* that run now: more than one when a callback makes another */
};

struct strata_members {
    struct arena arena;
    struct session_members list;
    size_t at;
};

/* One call: its memory, and why it failed. */
struct lib_call {
    struct strata_store *store; /* or NULL */
    struct session *session;
    struct arena arena;
    struct error why;
};
/* An interrupt that came when no call ran is forgotten here. */
void lib_begin(struct lib_call *call, struct strata_store *store);
/* The same for what changes the store, and STATUS_USAGE where that cannot be: the store is open for
 * reading only, or a callback of another call asks for it. lib_end follows either way. */
enum status lib_begin_change(struct lib_call *call, struct strata_store *store);
/* The second of these alone. */
enum status lib_check_outermost(struct lib_call *call);
/* Copies a failure over and releases the call's memory; returns its status. */
enum strata_status lib_end(struct lib_call *call, enum status status, struct strata_error *error);
enum strata_status lib_give_error(enum status status, const struct error *from,
                                  struct strata_error *to);
/* STATUS_USAGE when flags holds a bit that is not among the known ones: a later version's, which
 * would be asked for and not done. */
enum status lib_check_flags(int flags, int known, struct error *error);
/* The moment a question is about; says so when the newest fact is old. */
enum status lib_moment(struct lib_call *call, const char *text, struct session_moment *out);

/* A sentence for people, when the caller wants them. */
void lib_notice(const struct strata_store *store, const char *format, ...) PRINTF_LIKE(2, 3);
/* One for each definition that is left out. */
void lib_note_broken(const struct strata_store *store);

/* JSON that a callback writes, as text of the caller's; writer is begun and ended here. */
struct lib_json {
    struct buffer text;
    struct json json;
};
void lib_json_begin(struct lib_json *json);
/* Hands the text over when status is STATUS_OK; out may be NULL. */
void lib_json_end(struct lib_json *json, enum status status, char **out);

#endif
