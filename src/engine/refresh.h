/* Between the files that make up a refresh: scoring, recording, taking back. A refresh is one
 * change of the store. */
#ifndef STRATA_ENGINE_REFRESH_H
#define STRATA_ENGINE_REFRESH_H

#include "engine/internal.h"
#include "engine/model_work.h"

/* What a refresh writes down so that it can be taken back: what it is about to replace. */
struct refresh_note {
    json_t *object;
};
/* Before anything is scored. Release it in any case. */
enum status refresh_note_begin(struct engine *engine, struct refresh_note *note,
                               struct error *error);
/* What the model is, before it is scored. */
enum status refresh_note_model(struct engine *engine, struct refresh_note *note, const char *name,
                               struct arena *arena, struct error *error);
/* The hash under which a segment's definition was last recorded; NULL: it was not. */
void refresh_note_definition(struct refresh_note *note, const char *segment, const char *before);
/* Within the change. seen: the setting "refresh.last_import" as it was, or NULL; last_import: the
 * last one there is. */
enum status refresh_note_save(struct engine *engine, struct refresh_note *note, uint32_t number,
                              const char *seen, uint64_t last_import, struct arena *arena,
                              struct error *error);
void refresh_note_release(struct refresh_note *note);

/* What there is of a population after scoring: everything that segments read, new scores included.
 * NULL: nothing. */
struct refresh_picture {
    struct population *population, *below; /* below: what it lies over, or NULL */
};
void refresh_picture_release(struct refresh_picture *picture);
/* Scores every usable model that was fitted at or before the moment, each on what those before it
 * have scored. note: what they were before goes there. out->scored says how many; those that could
 * not be scored are in out->models, with why, and do not keep the others from it. Memory: arena,
 * but for *picture. */
enum status models_score_within(struct engine *engine, struct store_change *change,
                                const struct engine_moment *moment, struct refresh_note *note,
                                struct arena *arena, struct engine_refresh *out,
                                struct refresh_picture *picture, struct error *error);
/* Takes the last refresh back within a change. */
enum status unrefresh_within(struct engine *engine, struct store_change *change,
                             const struct catalog_refresh *refresh, struct arena *arena,
                             struct engine_unrefreshed *out, struct error *error);

/* The number of an import which the refresh saw and which was taken back since; 0 when there is
 * none. */
enum status engine_refresh_stale(struct engine *engine, const struct catalog_refresh *refresh,
                                 struct arena *arena, uint32_t *import, struct error *error);

#endif
