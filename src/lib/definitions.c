/* Definitions: checked, saved, exported, deleted. */
#include "lib/internal.h"
#include "study/study.h"

#include <stdio.h>

enum strata_status strata_check(const char *source, struct strata_error *error)
{
    struct lib_call call;
    struct segment_set *set = NULL;

    struct segment_source text = {"source", text_from(source)};
    lib_begin(&call, NULL);
    enum status status =
        segment_set_build(&text, 1, NULL, NULL, &call.arena, NULL, &set, &call.why);
    segment_set_free(set);
    return lib_end(&call, status, error);
}

static void note_problems(const struct strata_store *store, const struct segment_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct error *why = &problems->items[i].error;
        lib_notice(store, "%s%s%s%s%s%s", why->place, why->place[0] ? ": " : "", why->message,
                   why->hint[0] ? " (" : "", why->hint, why->hint[0] ? ")" : "");
    }
}

static enum status apply(struct lib_call *call, const char *source, bool prune)
{
    struct session_moment moment;
    struct session_apply plan;
    struct segment_source text = {"source", text_from(source)};

    struct error *why = &call->why;
    TRY(session_moment(call->session, STRATA_LATEST, NULL, &call->arena, &moment, why));
    const char *const *prune_but = NULL;
    if (prune)
        TRY(study_schemes(call->session, &call->arena, &prune_but, why));
    TRY(session_apply_plan(call->session, &text, 1, prune_but, &moment, &call->arena, &plan, why));
    enum status status = session_apply_save(call->session, &plan, why);
    segment_set_free(plan.set);
    /* Problems are noted only of what is saved. */
    TRY(status);
    note_problems(call->store, &plan.problems);
    return STATUS_OK;
}

enum strata_status strata_apply(struct strata_store *store, const char *source, int prune,
                                struct strata_error *error)
{
    struct lib_call call;
    enum status status = lib_begin_change(&call, store);
    if (status == STATUS_OK)
        status = apply(&call, source, prune != 0);
    return lib_end(&call, status, error);
}

enum strata_status strata_export(struct strata_store *store, char **source,
                                 struct strata_error *error)
{
    struct lib_call call;
    struct buffer text;

    lib_begin(&call, store);
    buffer_init(&text, 0);
    buffer_string(&text, "");

    enum status status = session_export(call.session, &text, &call.why);
    if (status == STATUS_OK)
        *source = buffer_take(&text);
    buffer_release(&text);
    return lib_end(&call, status, error);
}

enum strata_status strata_delete(struct strata_store *store, const char *const *names, size_t count,
                                 struct strata_error *error)
{
    struct lib_call call;
    enum status status = lib_begin_change(&call, store);
    if (status == STATUS_OK)
        status = session_delete(call.session, names, count, &call.why);
    return lib_end(&call, status, error);
}
