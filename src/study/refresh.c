/*
 * The scores of a refresh. All models that score, and the segments after them, read one population:
 * what each asks for is known before anything is loaded. Models score in order of their first
 * fitting, each on what those before it have scored already; what is not in the store yet lies over
 * the population (population/overlay.h), as far as whoever comes next reads it. In the end
 * everything is told at once.
 *
 * Where that does not do, scores are told as soon as they are there, and the rest begins another
 * round on a population of its own: when scores bring columns or texts that the store does not have
 * yet, when the refresh is asked what was known earlier (what is told now is not seen then), and
 * when not everything can be loaded together.
 */
#include "study/scores.h"
#include "study/told.h"

#include <stdlib.h>
#include <string.h>

struct scored {
    struct study_model *model;
    const struct study_type *type;
    struct work work;
    struct error why; /* it could not ask, or be scored */
    bool is_told;     /* told holds what is not in the store yet */
    struct told told;
};

struct scoring {
    struct session *session;
    struct store_change *change;
    const struct session_moment *moment;
    struct arena *arena;
    struct scored *models;
    size_t count, next; /* next: to be scored */
    struct catalog_stated *strangers;
    size_t stranger_count;
    /* Of this round. */
    struct population *base; /* NULL: everyone loads for themselves */
    struct segment_needs held;
    struct population *over; /* what is scored so far, over base */
};

/* ---- what is not in the store yet ---- */

static const struct segment_need *traits_of(const struct segment_needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        if (strcmp(needs->items[i].table, SCHEMA_TRAIT_TABLE) == 0)
            return &needs->items[i];
    return NULL;
}

/* Whether the store has all the told columns, as they are, and all their texts. */
static bool is_new(const struct scoring *scoring, const struct told *told)
{
    const struct schema_table *traits =
        schema_table(session_schema(scoring->session), SCHEMA_TRAIT_TABLE);
    if (!told->scored)
        return false;
    for (size_t c = 0; c < told->column_count; c++) {
        const struct told_column *own = &told->columns[c];
        const struct schema_column *column = traits ? schema_column(traits, own->name) : NULL;
        if (!column || column->type != own->type ||
            (own->type == VALUE_DECIMAL && column->scale != own->scale))
            return true;
    }
    return !told->coded;
}

/* The population with what these needs read of the scores that are not in the store. */
static enum status lay_over(struct scoring *scoring, const struct segment_needs *needs,
                            struct error *error)
{
    struct arena arena;
    const struct segment_need *traits = traits_of(needs);
    size_t count = 0;

    population_free(scoring->over);
    scoring->over = NULL;

    /* Each says of its customers what it would tell, as far as these needs read it. */
    arena_init(&arena, 0);
    struct population_told *told = ARENA_ARRAY(&arena, struct population_told, scoring->count + 1);
    for (size_t i = 0; i < scoring->next; i++) {
        if (scoring->models[i].is_told)
            told_overlay(&scoring->models[i].told, traits ? traits->columns : NULL, &arena,
                         &told[count]);
        count += told[count].rows > 0;
    }

    enum status status = STATUS_OK;
    if (count)
        status =
            population_over(scoring->base, SCHEMA_TRAIT_TABLE, (uint32_t)scoring->moment->now, told,
                            count, session_pool(scoring->session), &scoring->over, error);
    arena_release(&arena);
    return status;
}

/* ---- telling ---- */

/* From here on the schema is what the change makes of it, and definitions are read anew. */
static enum status tell(struct scoring *scoring, struct error *error)
{
    size_t count = 0;
    session_forget_definitions(scoring->session);
    for (size_t i = 0; i < scoring->next; i++) {
        struct scored *scored = &scoring->models[i];
        if (!scored->is_told)
            continue;
        TRY(told_write(scoring->session, &scored->told, scoring->change, scoring->arena, error));
        TRY(study_save(scoring->session, scored->model, error));
        scored->is_told = false;
        told_release(&scored->told);
        count++;
    }
    if (count)
        TRY(store_fold_schema(scoring->change, error));
    session_forget_definitions(scoring->session);
    return STATUS_OK;
}

/* ---- rounds ---- */

static void end_round(struct scoring *scoring)
{
    population_free(scoring->over);
    population_free(scoring->base);
    scoring->base = scoring->over = NULL;
    scoring->held = (struct segment_needs){0};
}

/* What it told last, to compare. */
static void add_told(struct scoring *scoring, const struct study_model *model,
                     struct segment_needs *needs)
{
    const struct schema_table *traits =
        schema_table(session_schema(scoring->session), SCHEMA_TRAIT_TABLE);
    struct segment_need need = {SCHEMA_TRAIT_TABLE,
                                ARENA_ARRAY(scoring->arena, const char *, model->trait_count + 1)};
    size_t count = 0;
    for (size_t t = 0; traits && t < model->trait_count; t++)
        if (schema_column(traits, model->traits[t]))
            need.columns[count++] = model->traits[t];
    struct segment_needs told = {.items = &need, .count = 1};
    if (count)
        *needs = segment_needs_join(needs, &told, scoring->arena);
}

/* Everyone says what they will read, and it is loaded together. Who cannot say it is not scored,
 * unless a later round comes first. */
static enum status begin_round(struct scoring *scoring, struct error *error)
{
    struct segment_needs needs;
    struct error trouble = {0};

    /* The segments that come after read the same population, where nothing is in its way. */
    TRY(session_saved_needs(scoring->session, scoring->moment, scoring->arena, &needs, error));
    for (size_t i = scoring->next; i < scoring->count; i++) {
        struct scored *scored = &scoring->models[i];
        scored->why = (struct error){0};
        if (work_ask(&scored->work, scored->type, &scored->why) != STATUS_OK)
            continue;
        needs = segment_needs_join(&needs, &scored->work.needs, scoring->arena);
        add_told(scoring, scored->model, &needs);
    }

    scoring->held = needs;
    /* What all ask for may be more than fits, or is wanted as it was known earlier: then each loads
     * for itself, and what is wrong is said of whom it is wrong for. */
    if (scoring->moment->known_at != INT64_MAX)
        return STATUS_OK;
    if (session_load_population(scoring->session, &needs, scoring->moment, SESSION_ONWARD,
                                &scoring->base, &trouble) == STATUS_OK)
        return STATUS_OK;
    scoring->base = NULL;
    if (trouble.code != STATUS_INTERRUPTED)
        return STATUS_OK;
    *error = trouble;
    return STATUS_INTERRUPTED;
}

static enum status share(struct scoring *scoring, struct work *work, struct error *error)
{
    if (!scoring->base)
        return work_load(work, &work->needs, error);
    TRY(lay_over(scoring, &work->needs, error));
    work->population = scoring->over ? scoring->over : scoring->base;
    work->held = scoring->held;
    return STATUS_OK;
}

static enum status score(struct scoring *scoring, struct scored *scored, struct error *error)
{
    if (scored->why.code != STATUS_OK)
        return scored->why.code;
    TRY(share(scoring, &scored->work, error));
    return work_score(&scored->work, scored->type, error);
}

/* Who says the same as before is not told. */
static void leave_same(struct scoring *scoring, struct told *told)
{
    struct segment_need need = {SCHEMA_TRAIT_TABLE,
                                ARENA_ARRAY(scoring->arena, const char *, told->column_count + 1)};
    struct segment_needs needs = {.items = &need, .count = 1};
    for (size_t c = 0; c < told->column_count; c++)
        need.columns[c] = told->columns[c].name;
    if (!told->scored || !segment_needs_hold(&scoring->held, &needs))
        return;
    for (size_t c = 0; c < told->column_count; c++)
        for (size_t s = 0; s < scoring->stranger_count; s++)
            if (strcmp(scoring->strangers[s].column, told->columns[c].name) == 0)
                return;
    told_leave_same(told, scoring->base, session_pool(scoring->session), scoring->arena);
}

/* The next model. *alone: it has to be told before anything else is done. A model that fails is as
 * it was before. */
static enum status score_next(struct scoring *scoring, bool *alone, struct error *error)
{
    struct scored *scored = &scoring->models[scoring->next++];
    struct study_model before = *scored->model;
    if (score(scoring, scored, &scored->why) != STATUS_OK) {
        *scored->model = before;
        if (scored->why.code == STATUS_INTERRUPTED) {
            *error = scored->why;
            return STATUS_INTERRUPTED;
        }
    } else {
        error_clear(&scored->why); /* of what was tried on the way */
        TRY(told_new(&scored->work, &scored->told, error));
        scored->is_told = true;
        *alone = !scoring->base || is_new(scoring, &scored->told);
        if (!*alone)
            leave_same(scoring, &scored->told);
    }
    if (*alone)
        TRY(tell(scoring, error));
    work_release(&scored->work); /* scores are in the arena */
    return STATUS_OK;
}

static enum status run_round(struct scoring *scoring, struct error *error)
{
    bool alone = false;
    TRY(begin_round(scoring, error));
    while (scoring->next < scoring->count && !alone)
        TRY(score_next(scoring, &alone, error));
    if (alone)
        end_round(scoring);
    return STATUS_OK;
}

/* ---- the whole ---- */

/* What the segments are evaluated on, if it can be had without loading. needs: what it holds for
 * them. */
static enum status make_picture(struct scoring *scoring, struct study_picture *out,
                                struct segment_needs *needs, struct error *error)
{
    TRY(session_saved_needs(scoring->session, scoring->moment, scoring->arena, needs, error));
    if (!segment_needs_hold(&scoring->held, needs))
        return STATUS_OK;
    TRY(lay_over(scoring, needs, error));
    out->population = scoring->over ? scoring->over : scoring->base;
    out->below = scoring->over ? scoring->base : NULL;
    scoring->base = scoring->over = NULL;
    return STATUS_OK;
}

static enum status score_all(struct scoring *scoring, struct study_picture *picture,
                             struct error *error)
{
    struct segment_needs needs, after;
    while (scoring->next < scoring->count)
        TRY(run_round(scoring, error));
    if (!scoring->base)
        return STATUS_OK;
    TRY(make_picture(scoring, picture, &needs, error));
    TRY(tell(scoring, error));
    /* Definitions are read anew, and might be others than those that the picture was made for. */
    TRY(session_saved_needs(scoring->session, scoring->moment, scoring->arena, &after, error));
    if (!segment_needs_hold(&needs, &after))
        study_picture_release(picture);
    return STATUS_OK;
}

static bool scores_at(const struct scored *scored, int64_t moment)
{
    return scored->type->score && scored->model->moment <= moment;
}

/* Scored at this moment already, and since then nothing came, late facts least of all, or went. */
static enum status is_scored(const struct scored *scored, bool *out, struct error *error)
{
    const struct study_model *model = scored->model;
    struct study_seen seen;
    *out = model->scored && model->scored_at == scored->work.moment->now;
    if (!*out)
        return STATUS_OK;
    TRY(work_seen(&scored->work, &seen, error));
    *out = seen.last && seen.last == model->seen.last && seen.gone == model->seen.gone;
    return STATUS_OK;
}

static enum status list_models(struct scoring *scoring, struct study_scored *out,
                               struct error *error)
{
    struct study_model *models;
    size_t count;

    TRY(study_models(scoring->session, scoring->arena, &models, &count, error));
    TRY(study_strangers(scoring->session, scoring->arena, &scoring->strangers,
                        &scoring->stranger_count, error));
    out->failed = ARENA_ARRAY(scoring->arena, struct session_trouble, count + 1);
    out->before = ARENA_ARRAY(scoring->arena, struct study_kept, count + 1);
    scoring->models = ARENA_ARRAY(scoring->arena, struct scored, count + 1);

    for (size_t i = 0; i < count; i++) {
        struct scored *scored = &scoring->models[scoring->count];
        struct study_kept *kept = &out->before[out->before_count];
        bool already;
        *scored = (struct scored){.model = &models[i]};
        if (!models[i].usable) /* nor need its type be known */
            continue;
        TRY(study_type_find(models[i].type, &scored->type, error));
        if (!scores_at(scored, scoring->moment->now))
            continue;

        scored->work = (struct work){.session = scoring->session,
                                     .arena = scoring->arena,
                                     .moment = scoring->moment,
                                     .model = &models[i]};
        TRY(is_scored(scored, &already, error));
        if (already) {
            out->count++;
            continue;
        }

        kept->name = models[i].name;
        TRY(study_kept_text(scoring->session, kept->name, scoring->arena, &kept->text, error));
        out->before_count += kept->text != NULL;
        buffer_init(&scored->work.scheme, 0);
        scoring->count++;
    }

    return STATUS_OK;
}

enum status study_score_all(struct session *session, struct store_change *change,
                            const struct session_moment *moment, struct arena *arena,
                            struct study_scored *out, struct error *error)
{
    struct scoring scoring = {
        .session = session, .change = change, .moment = moment, .arena = arena};
    *out = (struct study_scored){0};

    enum status status = list_models(&scoring, out, error);
    if (status == STATUS_OK)
        status = score_all(&scoring, &out->picture, error);
    if (status != STATUS_OK)
        study_picture_release(&out->picture);
    end_round(&scoring);

    /* A model that could not be scored keeps what it told before; the others count. */
    for (size_t i = 0; i < scoring.count; i++) {
        const struct scored *scored = &scoring.models[i];
        work_release(&scoring.models[i].work);
        told_release(&scoring.models[i].told);
        if (scored->why.code == STATUS_OK)
            out->count++;
        else
            out->failed[out->failed_count++] = (struct session_trouble){
                scored->model->name, arena_strdup(arena, scored->why.message)};
    }

    return status;
}

void study_picture_release(struct study_picture *picture)
{
    population_free(picture->population);
    population_free(picture->below);
    *picture = (struct study_picture){0};
}
