/*
 * Models: fitting, scoring, deleting. How they are kept is in save.c.
 */
#include "stats/linear.h"
#include "study/told.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct study_type study_types[] = {
    {"rfm", "how recently, how often and for how much: a grid of eleven named cells",
     study_rfm_options, study_rfm_fit, work_orders_ask, study_rfm_score},
    {"clv",
     "how many purchases to expect of a customer, whether they are still there, and what they are "
     "worth",
     study_clv_options, study_clv_fit, work_orders_ask, study_clv_score},
    {"cluster", "natural groups, if there are any, and which", study_cluster_options,
     study_cluster_fit, study_cluster_ask, study_cluster_score},
    {"latent", "kinds of people behind survey answers: latent classes", study_latent_options,
     study_latent_fit, study_latent_ask, study_latent_score},
    {"survive",
     "how long it takes until something happens: Kaplan-Meier curves by group, Cox regression, "
     "cohorts",
     study_survive_options, study_survive_fit, NULL, NULL},
    {"survey", "net promoter score, satisfaction or effort, by segment and over time",
     study_survey_options, study_survey_fit, NULL, NULL},
    {"lookalike",
     "who is like the members of a segment, by what, and how far down the list that holds",
     study_lookalike_options, study_lookalike_fit, study_lookalike_ask, study_lookalike_score},
    {"factor",
     "which scales stand behind answers, how reliable they are, and everyone's place on them",
     study_factor_options, study_factor_fit, study_factor_ask, study_factor_score},
    {"predict", "how likely a condition comes true within a horizon: churn, an order, an upgrade",
     study_predict_options, study_predict_fit, study_predict_ask, study_predict_score},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

bool study_type_at(size_t i, const char **name, const char **summary,
                   const struct study_option **options)
{
    *name = study_types[i].name;
    *summary = study_types[i].summary;
    *options = study_types[i].options;
    return *name != NULL;
}

static enum status no_such_type(const char *name, struct error *error)
{
    enum { MOST = 32 };
    const char *names[MOST];
    size_t count = 0;
    struct buffer list;

    buffer_init(&list, 0);
    for (const struct study_type *type = study_types; type->name && count < MOST; type++) {
        buffer_printf(&list, "%s%s", count ? ", " : "", type->name);
        names[count++] = type->name;
    }
    enum status status = error_set(error, STATUS_USAGE, "there is no type of model '%s'", name);
    int nearest = text_nearest(name, names, count);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", names[nearest]);
    else
        error_hint(error, "the types are %s", list.data);
    buffer_release(&list);
    return status;
}

enum status study_type_find(const char *name, const struct study_type **out, struct error *error)
{
    for (*out = study_types; (*out)->name; (*out)++)
        if (strcmp((*out)->name, name) == 0)
            return STATUS_OK;
    return no_such_type(name, error);
}

/* ---- one fit ---- */

static enum status check_scheme(struct session *session, const struct work *work, bool refit,
                                struct error *error)
{
    const char *name = work->model->name;
    if (!work->scheme.length || refit ||
        segment_set_find_scheme(session_definitions(session), name) < 0)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "the scheme %s exists already, and a model of that name would replace it",
                     name);
}

int64_t work_scored_since(struct work *work)
{
    struct study_model before = {0};
    struct error ignored = {0};
    int64_t now = work->moment->now, since = now;
    if (study_find(work->session, work->model->name, work->arena, &before, &ignored) == STATUS_OK &&
        before.scored && strcmp(before.type, work->model->type) == 0)
        since = before.scored_since ? before.scored_since : before.moment;
    error_clear(&ignored);

    /* Scored anew at an earlier moment, the scores begin there. */
    return since < now ? since : now;
}

void work_scheme_rest(struct work *work, const char *name)
{
    char text[MOMENT_TEXT_MAX];
    buffer_printf(&work->scheme, "  %s where now >= %s\n", name,
                  moment_format(session_zone(work->session), work_scored_since(work), text));
}

static void finish_buffers(struct work *work)
{
    struct study_model *model = work->model;
    model->figures = work->figures.items;
    model->figure_count = work->figures.count;
    model->notes = work->notes.items;
    model->note_count = work->notes.count;
    model->scheme = work->scheme.length ? buffer_copy(&work->scheme, work->arena) : NULL;
}

/* Runs fit or score with a fresh object to write report sections into. */
static enum status with_report(struct work *work, enum status (*run)(struct work *, struct error *),
                               const char **out, struct error *error)
{
    struct buffer text;
    struct json json;
    TRY(stats_linear_load(error));
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    work->report = &json;
    json_write_object(&json);
    enum status status = run(work, error);
    if (status == STATUS_OK) {
        json_write_end_object(&json);
        *out = buffer_copy(&text, work->arena);
    }
    buffer_release(&text);
    return status;
}

static enum status run_fit(struct work *work, const struct study_type *type, struct error *error)
{
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    work->parameters = &json;
    json_write_object(&json);
    enum status status = with_report(work, type->fit, &work->model->fit_report, error);
    if (status == STATUS_OK) {
        json_write_end_object(&json);
        work->model->parameters = buffer_copy(&text, work->arena);
    }
    buffer_release(&text);
    return status;
}

enum status work_seen(const struct work *work, struct study_seen *out, struct error *error)
{
    struct catalog_import *imports;
    struct arena arena;
    size_t count;

    *out = (struct study_seen){0};
    if (work->moment->known_at != INT64_MAX)
        return STATUS_OK; /* some of what there is was not looked at */

    arena_init(&arena, 0);
    enum status status = catalog_imports(store_catalog(session_store(work->session)), &arena,
                                         &imports, &count, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        bool fact = !study_is_score(&imports[i], NULL);
        if (fact && imports[i].number > out->last)
            out->last = imports[i].number;
        out->gone += imports[i].undone && (fact || study_is_score(&imports[i], work->model->name));
    }
    arena_release(&arena);
    return status;
}

enum status work_score(struct work *work, const struct study_type *type, struct error *error)
{
    TRY(work_seen(work, &work->model->seen, error));
    TRY(with_report(work, type->score, &work->model->score_report, error));
    work->model->scored = true;
    work->model->scored_at = work->moment->now;
    if (!work->model->scored_since)
        work->model->scored_since = work_scored_since(work);
    work->model->scored_customers = work->count;
    return STATUS_OK;
}

static enum status run_score(struct work *work, const struct study_type *type, struct error *error)
{
    if (!type->score || !work->model->usable)
        return STATUS_OK;
    TRY(work_ask(work, type, error));
    TRY(work_load(work, &work->needs, error));
    return work_score(work, type, error);
}

/* The model's scheme, checked against the schema as this change makes it: the scheme asks about the
 * traits that the change tells. */
static enum status save_scheme(const struct work *work, struct error *error)
{
    struct session *session = work->session;
    struct session_apply apply = {0};
    if (!work->scheme.length || !work->model->usable)
        return STATUS_OK;

    const char *file = arena_printf(work->arena, "the scheme of the model %s", work->model->name);
    struct segment_source source = {file, {work->scheme.data, work->scheme.length}};
    TRY(session_load_definitions(session, error));
    TRY(segment_set_build(&source, 1, session_schema(session), session_definitions(session),
                          work->arena, NULL, &apply.set, error));

    enum status status = session_apply_save_within(session, &apply, error);
    segment_set_free(apply.set);
    return status;
}

/* The scores, the model and its scheme; the schema and the definitions are from here on what the
 * change makes of them.
 */
static enum status publish_within(struct work *work, struct store_change *change,
                                  struct error *error)
{
    struct told told;

    session_forget_definitions(work->session);
    TRY(told_new(work, &told, error));

    /* Everyone is told: later scorings that left somebody out may stand on what was told before. */
    TRY(study_unfold(work->session, change, work->model->name, 0, told.moment, 0, work->arena,
                     error));
    TRY(told_write(work->session, &told, change, work->arena, error));

    /* The scheme is checked last: it asks about traits that the schema has only now. */
    TRY(study_save(work->session, work->model, error));
    TRY(store_fold_schema(change, error));
    TRY(save_scheme(work, error));
    session_forget_definitions(work->session);
    return STATUS_OK;
}

static enum status publish(struct work *work, struct error *error)
{
    struct store_change *change;
    TRY(store_begin(session_store(work->session), &change, error));
    return session_end_change(work->session, change, publish_within(work, change, error), error);
}

static enum status fit_and_publish(struct work *work, const struct study_type *type, bool refit,
                                   struct error *error)
{
    /* Everything that may fail or take long comes before the store is written to: a fit that is
     * stopped leaves nothing. */
    TRY(run_fit(work, type, error));
    TRY(check_scheme(work->session, work, refit, error));
    TRY(run_score(work, type, error));
    finish_buffers(work);
    return publish(work, error);
}

static void keep(struct study_model *model, struct arena *arena)
{
    /* The vectors go with the work, the model stays with its caller. */
    struct study_figure *figures = ARENA_ARRAY(arena, struct study_figure, model->figure_count + 1);
    const char **notes = ARENA_ARRAY(arena, const char *, model->note_count + 1);
    if (model->figure_count)
        memcpy(figures, model->figures, model->figure_count * sizeof *figures);
    if (model->note_count)
        memcpy(notes, model->notes, model->note_count * sizeof *notes);
    model->figures = figures;
    model->notes = notes;
}

enum status study_fit(struct session *session, const struct study_request *request,
                      const struct session_moment *moment, struct arena *arena,
                      struct study_model *out, struct error *error)
{
    const struct study_type *type;
    const char *before;

    TRY(study_type_find(request->type, &type, error));
    TRY(session_load_definitions(session, error));
    TRY(study_options_check(session, type, request, arena, error));
    TRY(study_check_name(session, request->name, error));

    TRY(study_kept_text(session, request->name, arena, &before, error));
    *out = (struct study_model){.name = arena_strdup(arena, request->name),
                                .type = type->name,
                                .program = "strata " STRATA_VERSION,
                                .moment = moment->now,
                                .fitted = session_now(session),
                                .usable = true};

    /* As they were given, fallbacks not among them: a refit by a later version takes its own. */
    out->options = ARENA_ARRAY(arena, struct study_given, request->option_count + 1);
    for (size_t i = 0; i < request->option_count; i++)
        out->options[out->option_count++] = request->options[i];
    struct work work = {.session = session, .arena = arena, .moment = moment, .model = out};
    buffer_init(&work.scheme, 0);
    enum status status = fit_and_publish(&work, type, before != NULL, error);
    keep(out, arena);
    work_release(&work);
    return status;
}

/* ---- scoring ---- */

/* change: what the scores belong to. When the model cannot be scored, *why says so, and the change
 * is as before. */
static enum status score_within(struct session *session, struct store_change *change,
                                struct study_model *model, const struct session_moment *moment,
                                struct arena *arena, struct error *why, struct error *error)
{
    const struct study_type *type;
    TRY(study_type_find(model->type, &type, error));
    struct work work = {.session = session, .arena = arena, .moment = moment, .model = model};
    buffer_init(&work.scheme, 0);

    /* What cannot be scored has written nothing yet: that is said, and the change may go on. */
    enum status status = STATUS_OK;
    if (run_score(&work, type, why) == STATUS_OK)
        status = publish_within(&work, change, error);
    work_release(&work);
    return status;
}

static enum status score(struct session *session, struct study_model *model,
                         const struct session_moment *moment, struct arena *arena,
                         struct error *error)
{
    struct store_change *change;
    struct error why = {0};
    TRY(store_begin(session_store(session), &change, error));
    enum status status = score_within(session, change, model, moment, arena, &why, error);
    if (status == STATUS_OK && why.code != STATUS_OK) {
        *error = why;
        status = why.code;
    }
    return session_end_change(session, change, status, error);
}

enum status study_score(struct session *session, const char *name,
                        const struct session_moment *moment, struct arena *arena,
                        struct study_model *out, struct error *error)
{
    const struct study_type *type;
    TRY(study_find(session, name, arena, out, error));
    if (!out->usable)
        return error_set(error, STATUS_ERROR, "the model %s is not usable: %s", name, out->trouble);
    TRY(study_type_find(out->type, &type, error));
    if (!type->score)
        return error_set(error, STATUS_ERROR,
                         "a model of type %s has nothing to score customers with", out->type);

    if (out->moment > moment->now) {
        char text[MOMENT_TEXT_MAX];
        enum status status = error_set(
            error, STATUS_ERROR, "the model %s was fitted on facts up to %s, later than the moment",
            name, moment_format(session_zone(session), out->moment, text));
        error_hint(error, "it would know what had not happened yet; fit one as of that moment");
        return status;
    }
    return score(session, out, moment, arena, error);
}

/* ---- one customer ---- */

enum status study_explain(struct session *session, const struct study_model *model,
                          const char *customer, const struct session_moment *moment,
                          struct arena *arena, struct study_customer *out, struct error *error)
{
    struct study_model copy = *model;
    if (strcmp(model->type, "predict") != 0)
        return error_set(error, STATUS_USAGE,
                         "%s is a model of type %s; --customer is for type predict", model->name,
                         model->type);
    if (!model->usable)
        return error_set(error, STATUS_ERROR, "the model %s is not usable: %s", model->name,
                         model->trouble);
    struct work work = {.session = session, .arena = arena, .moment = moment, .model = &copy};
    work.saved = json_loads(model->parameters, 0, NULL);
    enum status status = study_predict_customer(&work, customer, out, error);
    work_release(&work);
    return status;
}

/* ---- deleting ---- */

struct names {
    const char **items;
    size_t count;
};

static void add_names(struct names *names, const char *const *more, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        for (size_t n = 0; n < names->count; n++)
            there |= strcmp(names->items[n], more[i]) == 0;
        if (!there)
            names->items[names->count++] = more[i];
    }
}

/* The traits that its scorings told, of whichever fit they were: a fit that was refused names none,
 * and what was told before it still stands. */
static enum status told_traits(struct session *session, const char *name, struct arena *arena,
                               struct names *out, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    const struct schema_table *traits = schema_table(session_schema(session), SCHEMA_TRAIT_TABLE);
    struct catalog_import *imports;
    size_t count;
    TRY(catalog_imports(catalog, arena, &imports, &count, error));

    *out = (struct names){
        .items = ARENA_ARRAY(arena, const char *, (traits ? traits->column_count : 0) + 1)};
    for (size_t i = 0; traits && i < count; i++) {
        const char **columns;
        size_t stated;
        if (imports[i].undone || !study_is_score(&imports[i], name))
            continue;
        TRY(catalog_stated_columns(catalog, imports[i].number, SCHEMA_TRAIT_TABLE, arena, &columns,
                                   &stated, error));
        add_names(out, columns, stated);
    }
    return STATUS_OK;
}

/* The first of the traits that the segment reads, or NULL. */
static const char *trait_read(struct session *session, int segment, const struct names *traits,
                              struct arena *arena)
{
    const struct schema *schema = session_schema(session);
    struct segment_reads reads = segment_reads(session_definitions(session), schema, &segment, 1,
                                               SEGMENT_READ_TO_DEFINE, arena);
    for (size_t t = 0; t < traits->count; t++)
        if (segment_reads_column(&reads, schema, SCHEMA_TRAIT_TABLE, traits->items[t]))
            return traits->items[t];
    return NULL;
}

/* What is deleted with a model: its own scheme goes with it; any other segment would lose what it
 * stands on. */
static enum status check_deletable(struct session *session, const struct study_model *model,
                                   const struct names *traits, struct arena *arena, bool *scheme,
                                   struct error *error)
{
    const struct segment_set *set = session_definitions(session);
    int own = segment_set_find_scheme(set, model->name);
    struct session_users users = {.count = 0};
    const char *only = NULL;

    buffer_init(&users.names, 0);
    *scheme = own >= 0 && model->scheme;
    for (int s = 0; s < set->segment_count; s++) {
        const char *trait = trait_read(session, s, traits, arena);
        /* The scheme of an earlier fit is told by its name and what it reads. */
        if (trait && own >= 0 && set->segments[s].scheme == own) {
            *scheme = true;
        } else if (trait) {
            only = trait;
            session_users_add(&users, set->segments[s].name);
        }
    }
    session_users_end(&users);

    enum status status = STATUS_OK;
    if (users.count == 1)
        status = error_set(error, STATUS_ERROR, "%s uses %s; delete or change that segment first",
                           users.names.data, only);
    else if (users.count)
        status = error_set(error, STATUS_ERROR,
                           "%s use scores of %s; delete or change these segments first",
                           users.names.data, model->name);
    buffer_release(&users.names);
    return status;
}

static enum status take_scores_back(struct session *session, struct store_change *change,
                                    const struct study_model *model, struct arena *arena,
                                    struct error *error)
{
    struct catalog_import *imports;
    struct lake *lake;
    size_t count, gone = 0;
    TRY(session_lake(session, &lake, error));
    TRY(catalog_imports(store_catalog(session_store(session)), arena, &imports, &count, error));

    /* All at once: parts that several of them share are written anew a single time. */
    uint32_t *numbers = ARENA_ARRAY(arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!imports[i].undone && study_is_score(&imports[i], model->name))
            numbers[gone++] = imports[i].number;
    TRY(study_forget_silence(session, numbers, gone, error));
    return store_undo_within(change, lake, numbers, gone, session_now(session), error);
}

static enum status delete_within(struct session *session, struct store_change *change,
                                 const struct study_model *model, bool scheme, struct arena *arena,
                                 struct error *error)
{
    if (scheme)
        TRY(session_delete_within(session, &model->name, 1, error));
    TRY(take_scores_back(session, change, model, arena, error));
    TRY(study_forget(session, model->name, error));
    session_forget_definitions(session); /* the scheme and the traits are gone */
    return STATUS_OK;
}

enum status study_delete(struct session *session, const char *name, struct arena *arena,
                         struct error *error)
{
    struct study_model model;
    struct store_change *change;
    struct names traits;
    bool scheme;
    TRY(study_find(session, name, arena, &model, error));
    TRY(session_load_definitions(session, error));
    TRY(told_traits(session, name, arena, &traits, error));
    TRY(check_deletable(session, &model, &traits, arena, &scheme, error));

    TRY(store_begin(session_store(session), &change, error));
    return session_end_change(session, change,
                              delete_within(session, change, &model, scheme, arena, error), error);
}
