/* The library's public face (include/strata.h): versions and stores. */
#include "lib/internal.h"

#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *strata_version(void)
{
    return STRATA_VERSION;
}

int strata_version_number(void)
{
    return STRATA_VERSION_NUMBER;
}

enum strata_status strata_create(const char *path, const char *time_zone, const char *currency,
                                 struct strata_error *error)
{
    struct lib_call call;
    lib_begin(&call, NULL);
    return lib_end(&call, session_create(path, time_zone, currency, &call.why), error);
}

/* A caller built against an older header has fewer fields, one against a newer one may have set
 * some that are not known here: those have to be zero. */
static enum status read_options(const struct strata_options *given, struct strata_options *out,
                                struct error *error)
{
    *out = (struct strata_options)STRATA_OPTIONS_INIT;
    if (!given)
        return STATUS_OK;
    if (given->size < sizeof given->size)
        return error_set(error, STATUS_USAGE,
                         "the options have no size; begin with STRATA_OPTIONS_INIT");
    /* Fields behind those known here must be zero, or something would be asked
     * for and not done. */
    for (size_t i = sizeof *out; i < given->size; i++)
        if (((const char *)given)[i])
            return error_set(error, STATUS_USAGE,
                             "the options have one that this version of Strata does not know");
    /* Fields that the caller's header did not have keep their defaults. */
    memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    out->size = sizeof *out;

    return out->threads < 0
               ? error_set(error, STATUS_USAGE, "there are no %d threads", out->threads)
               : STATUS_OK;
}

static bool report_reading(void *context, double fraction)
{
    return lib_progress_tell(context, "reading", fraction);
}

static enum status open_session(struct strata_store *store, const char *path, struct session **out,
                                struct error *error)
{
    struct session_options how = {.path = path,
                                  .write = store->writes,
                                  .command = "a program using libstrata",
                                  .threads = store->options.threads,
                                  .memory = store->options.memory,
                                  .interrupt = &store->interrupt};
    TRY(session_open(&how, out, error));
    if (store->options.progress)
        session_on_reading(*out, report_reading, &store->progress);
    return STATUS_OK;
}

static enum status open_store(struct strata_store *store, const char *path, int flags,
                              const struct strata_options *options, struct error *error)
{
    TRY(lib_check_flags(flags, STRATA_READ | STRATA_WRITE, error));
    TRY(read_options(options, &store->options, error));
    store->writes = flags & STRATA_WRITE;
    return open_session(store, path, &store->session, error);
}

enum strata_status strata_open(const char *path, int flags, const struct strata_options *options,
                               struct strata_store **out, struct strata_error *error)
{
    struct error why = {0};

    struct strata_store *store = base_calloc(1, sizeof *store);

    enum status status = open_store(store, path, flags, options, &why);
    if (status != STATUS_OK) {
        free(store);
        return lib_give_error(status, &why, error);
    }

    lib_progress_init(&store->progress, &store->options, &store->interrupt);
    lib_note_broken(store);
    *out = store;
    return STRATA_OK;
}

void strata_close(struct strata_store *store)
{
    if (!store)
        return;
    session_close(store->session);
    lib_progress_release(&store->progress);
    free(store);
}

void strata_interrupt(struct strata_store *store)
{
    interrupt_raise(&store->interrupt);
}

/* A session of its own takes the place of the one there was, so that a failure changes nothing; but
 * not where nothing has come in: what the old one has read and checked is worth keeping. */
static enum status reload(struct lib_call *call, struct error *error)
{
    struct strata_store *store = call->store;
    struct session *old = store->session, *fresh;
    TRY(lib_check_outermost(call));
    if (store->writes)
        return STATUS_OK;

    TRY(open_session(store, store_path(session_store(old)), &fresh, error));
    bool same = store_generation(session_store(old)) == store_generation(session_store(fresh));
    session_close(same ? fresh : old);
    if (same)
        return STATUS_OK;
    store->session = fresh;
    lib_note_broken(store);
    return STATUS_OK;
}

enum strata_status strata_reload(struct strata_store *store, struct strata_error *error)
{
    struct lib_call call;
    lib_begin(&call, store);
    return lib_end(&call, reload(&call, &call.why), error);
}

enum strata_status strata_verify(const char *path, uint64_t *damaged, char **out,
                                 struct strata_error *error)
{
    struct lib_call call;
    struct lib_json json;
    struct store_verify what = {0};
    struct store_verification seen;

    /* By path and not by handle: a damaged store may not open. */
    lib_begin(&call, NULL);
    lib_json_begin(&json);
    enum status status = store_verify(path, &what, &call.arena, &seen, &call.why);
    if (status == STATUS_OK) {
        engine_write_verification(&seen, &json.json);
        if (damaged)
            *damaged = seen.count;
    }
    lib_json_end(&json, status, out);
    return lib_end(&call, status, error);
}

void strata_text_free(char *text)
{
    free(text);
}
