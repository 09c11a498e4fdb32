/* What every call of the library does first and last. */
#include "lib/internal.h"

#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum strata_status lib_give_error(enum status status, const struct error *from,
                                  struct strata_error *to)
{
    if (status == STATUS_OK || !to)
        return (enum strata_status)status;

    /* Copied text by text, as the two structures grow apart: the public one
     * may not change. */
    *to = (struct strata_error){.status = (enum strata_status)status};
    snprintf(to->place, sizeof to->place, "%s", from->place);
    snprintf(to->message, sizeof to->message, "%s", from->message);
    snprintf(to->hint, sizeof to->hint, "%s", from->hint);
    return to->status;
}

void lib_begin(struct lib_call *call, struct strata_store *store)
{
    *call = (struct lib_call){.store = store, .session = store ? store->session : NULL};
    arena_init(&call->arena, 0);
    /* What a callback asks is part of the call that runs, which hears of interrupts and tells how
     * far it is. */
    if (!store || atomic_fetch_add(&store->calls, 1) > 0)
        return;
    /* An interrupt ends the call it came in, not those after it. */
    session_go_on(store->session);
    session_begin_question(store->session);
    lib_progress_start(&store->progress);
}

enum status lib_check_outermost(struct lib_call *call)
{
    return atomic_load(&call->store->calls) == 1
               ? STATUS_OK
               : error_set(&call->why, STATUS_USAGE,
                           "a notice or a progress callback cannot ask for this while a call on "
                           "the same store runs");
}

enum status lib_begin_change(struct lib_call *call, struct strata_store *store)
{
    lib_begin(call, store);
    TRY(lib_check_outermost(call));
    return store_check_changeable(session_store(call->session), &call->why);
}

enum strata_status lib_end(struct lib_call *call, enum status status, struct strata_error *error)
{
    if (call->store) {
        if (atomic_load(&call->store->calls) == 1)
            lib_progress_stop(&call->store->progress);
        atomic_fetch_sub(&call->store->calls, 1);
    }
    arena_release(&call->arena);
    return lib_give_error(status, &call->why, error);
}

enum status lib_check_flags(int flags, int known, struct error *error)
{
    int unknown = flags & ~known;
    return unknown == 0 ? STATUS_OK
                        : error_set(error, STATUS_USAGE,
                                    "the flags %#x are none that this version of Strata knows",
                                    (unsigned)unknown);
}

enum status lib_moment(struct lib_call *call, const char *text, struct session_moment *out)
{
    TRY(session_moment(call->session, text, NULL, &call->arena, out, &call->why));
    if (out->notice)
        lib_notice(call->store, "%s", out->notice);
    return STATUS_OK;
}

void lib_notice(const struct strata_store *store, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    if (!store->options.notice)
        return;

    va_start(arguments, format);
    ENSURE(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    store->options.notice(store->options.context, text);
    free(text);
}

void lib_note_broken(const struct strata_store *store)
{
    const char *name, *why;
    for (size_t i = 0; session_broken(store->session, i, &name, &why); i++)
        lib_notice(store, "the definition of %s is left out: %s", name, why);
}

void lib_json_begin(struct lib_json *json)
{
    buffer_init(&json->text, 0);
    json_init(&json->json, &json->text, true);
}

void lib_json_end(struct lib_json *json, enum status status, char **out)
{
    if (status == STATUS_OK && out)
        *out = buffer_take(&json->text);
    buffer_release(&json->text);
}
