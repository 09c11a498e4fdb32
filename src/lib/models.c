/* Models: fitted, scored, deleted, shown. A fit is given its options as names and values in turn;
 * what it has to say besides becomes notices. */
#include "lib/internal.h"

#include "study/study.h"

static void note_model(const struct strata_store *store, const struct study_model *model)
{
    for (size_t i = 0; i < model->note_count; i++)
        lib_notice(store, "%s", model->notes[i]);
    if (!model->usable && model->trouble)
        lib_notice(store, "the model %s is not usable: %s", model->name, model->trouble);
}

static enum status fit(struct lib_call *call, const char *name, const char *type,
                       const char *const *options, const char *moment)
{
    struct session_moment at;
    struct study_model model;
    struct study_request request = {.name = name, .type = type};

    size_t count = 0;
    while (options && options[count])
        count++;

    /* Options come as name, value, name, value, NULL. */
    if (count % 2)
        return error_set(&call->why, STATUS_USAGE, "the option %s has no value",
                         options[count - 1]);
    struct study_given *given = ARENA_ARRAY(&call->arena, struct study_given, count / 2 + 1);
    for (size_t i = 0; i < count / 2; i++)
        given[i] = (struct study_given){options[2 * i], options[2 * i + 1]};
    request.options = given;
    request.option_count = count / 2;

    TRY(lib_moment(call, moment, &at));
    TRY(study_fit(call->session, &request, &at, &call->arena, &model, &call->why));
    note_model(call->store, &model);
    return STATUS_OK;
}

enum strata_status strata_model_fit(struct strata_store *store, const char *name, const char *type,
                                    const char *const *options, const char *moment,
                                    struct strata_error *error)
{
    struct lib_call call;
    enum status status = lib_begin_change(&call, store);
    if (status == STATUS_OK)
        status = fit(&call, name, type, options, moment);
    return lib_end(&call, status, error);
}

enum strata_status strata_model_score(struct strata_store *store, const char *name,
                                      const char *moment, struct strata_error *error)
{
    struct lib_call call;
    struct session_moment at;
    struct study_model model;
    enum status status = lib_begin_change(&call, store);
    if (status == STATUS_OK)
        status = lib_moment(&call, moment, &at);
    if (status == STATUS_OK)
        status = study_score(call.session, name, &at, &call.arena, &model, &call.why);
    return lib_end(&call, status, error);
}

enum strata_status strata_model_delete(struct strata_store *store, const char *name,
                                       struct strata_error *error)
{
    struct lib_call call;
    enum status status = lib_begin_change(&call, store);
    if (status == STATUS_OK)
        status = study_delete(call.session, name, &call.arena, &call.why);
    return lib_end(&call, status, error);
}

enum strata_status strata_model_show(struct strata_store *store, const char *name, char **out,
                                     struct strata_error *error)
{
    struct lib_call call;
    struct lib_json json;
    struct study_model model;

    lib_begin(&call, store);
    lib_json_begin(&json);
    enum status status = study_find(call.session, name, &call.arena, &model, &call.why);
    if (status == STATUS_OK)
        study_write(call.session, &model, &json.json);
    lib_json_end(&json, status, out);
    return lib_end(&call, status, error);
}

enum strata_status strata_models(struct strata_store *store, char **out, struct strata_error *error)
{
    struct lib_call call;
    struct lib_json json;
    struct study_model *models;
    size_t count = 0;

    lib_begin(&call, store);
    lib_json_begin(&json);
    enum status status = study_models(call.session, &call.arena, &models, &count, &call.why);
    if (status == STATUS_OK)
        study_write_all(call.session, models, count, &json.json);
    lib_json_end(&json, status, out);
    return lib_end(&call, status, error);
}

enum strata_status strata_model_types(char **out, struct strata_error *error)
{
    struct lib_json json;
    (void)error; /* asked for as everywhere: a later version may have reasons to fail */
    lib_json_begin(&json);
    engine_write_model_types(NULL, &json.json);
    lib_json_end(&json, STATUS_OK, out);
    return STRATA_OK;
}
