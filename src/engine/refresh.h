/* Between the files that make up a refresh: scoring, recording, taking back. A refresh is one
 * change of the store. */
#ifndef STRATA_ENGINE_REFRESH_H
#define STRATA_ENGINE_REFRESH_H

#include "engine/engine.h"
#include "study/scores.h"

#include <jansson.h>

/* What a refresh writes down so that it can be taken back: what it is about to replace. */
struct refresh_note {
    json_t *object;
};
/* Before anything is scored. Release it in any case. */
enum status refresh_note_begin(struct session *session, struct refresh_note *note,
                               struct error *error);
/* What models were before they were scored. */
void refresh_note_models(struct refresh_note *note, const struct study_scored *scored);
/* The hash under which a segment's definition was last recorded; NULL: it was not. */
void refresh_note_definition(struct refresh_note *note, const char *segment, const char *before);
/* Within the change. seen: the setting "refresh.last_import" as it was, or NULL; last_import: the
 * last one there is. */
enum status refresh_note_save(struct session *session, struct refresh_note *note, uint32_t number,
                              const char *seen, uint64_t last_import, struct arena *arena,
                              struct error *error);
void refresh_note_release(struct refresh_note *note);

/* Takes the last refresh back within a change. */
enum status unrefresh_within(struct session *session, struct store_change *change,
                             const struct catalog_refresh *refresh, struct arena *arena,
                             struct engine_unrefreshed *out, struct error *error);

/* The number of an import which the refresh saw and which was taken back since; 0 when there is
 * none. */
enum status engine_refresh_stale(struct session *session, const struct catalog_refresh *refresh,
                                 struct arena *arena, uint32_t *import, struct error *error);

#endif
