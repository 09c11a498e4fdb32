/*
 * Scores within a change of the store that is larger than they are: a refresh scores every model,
 * and what takes imports or refreshes back leaves no score that stands on what is gone.
 */
#ifndef STRATA_STUDY_SCORES_H
#define STRATA_STUDY_SCORES_H

#include "session/evaluate.h"
#include "study/study.h"

/* What there is of a population after scoring: everything that segments read, new scores included.
 * NULL: nothing. */
struct study_picture {
    struct population *population, *below; /* below: what it lies over, or NULL */
};
void study_picture_release(struct study_picture *picture);

struct study_scored {
    size_t count; /* models */
    /* Those that could not be scored, and why; they do not keep the others from it. */
    struct session_trouble *failed;
    size_t failed_count;
    /* Those that were to be scored, as they were kept before. */
    struct study_kept {
        const char *name, *text;
    } * before;
    size_t before_count;
    struct study_picture picture; /* release it, unless it is handed on */
};
/* Scores every usable model that was fitted at or before the moment, each on what those before it
 * have scored; those scored at the moment already only when facts came or went since. Memory:
 * arena, but for the picture, which is empty after a failure. */
enum status study_score_all(struct session *session, struct store_change *change,
                            const struct session_moment *moment, struct arena *arena,
                            struct study_scored *out, struct error *error);

/* Before an import is taken back within a change: later scorings that stand on it are made whole
 * (silence.c). */
enum status study_unfold_before_undo(struct session *session, struct store_change *change,
                                     uint32_t number, struct arena *arena, struct error *error);
/* Whether an import told the scores of that model (NULL: of any). */
bool study_is_score(const struct catalog_import *import, const char *name);
/* After an import has told traits, within its change: those of models' names make the models'
 * scorings whole. */
enum status study_unfold_strangers(struct session *session, struct store_change *change,
                                   struct arena *arena, struct error *error);
/* The imports are gone. */
enum status study_forget_silence(struct session *session, const uint32_t *imports, size_t count,
                                 struct error *error);

/* ---- models as they are kept ---- */
enum status study_save(struct session *session, const struct study_model *model,
                       struct error *error);
/* What was saved under that name is gone. */
enum status study_forget(struct session *session, const char *name, struct error *error);

/* As it is kept, in arena; NULL when there is none. */
enum status study_kept_text(struct session *session, const char *name, struct arena *arena,
                            const char **out, struct error *error);

#endif
