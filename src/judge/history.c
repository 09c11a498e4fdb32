/* How many members every segment had after each refresh: entries and exits added up. */
#include "judge/judge.h"

#include "study/study.h"

#include "bitmap/bitmap.h"

struct folding {
    const struct segment_set *set;
    struct judge_history *out;
    const struct catalog_refresh *refreshes;
    uint64_t *size;
    bool *seen;
    size_t at; /* refresh being folded */
};

static void close_refreshes(struct folding *folding, uint32_t before)
{
    struct judge_history *out = folding->out;
    for (; folding->at < out->refreshes && folding->refreshes[folding->at].number < before;
         folding->at++)
        for (int s = 0; s < out->segment_count; s++)
            out->customers[folding->at * (size_t)out->segment_count + (size_t)s] =
                folding->seen[s] ? folding->size[s] : UINT64_MAX;
}

static enum status fold_membership(void *context, struct catalog_membership *membership,
                                   struct error *error)
{
    struct folding *folding = context;
    (void)error;
    close_refreshes(folding, membership->refresh);
    int segment = segment_set_find(folding->set, membership->segment);
    if (segment >= 0) {
        uint64_t moved = bitmap_count(membership->customers);
        folding->seen[segment] = true;
        folding->size[segment] += membership->entered ? moved : 0 - moved;
    }
    bitmap_free(membership->customers);
    return STATUS_OK;
}

/* No part of a model's scheme has a size before the first scoring, whatever a refresh of then wrote
 * down: nobody's score was known. */
static void forget_unscored(struct session *session, struct arena *arena, struct judge_history *out)
{
    const struct segment_set *set = session_definitions(session);
    for (int i = 0; i < set->scheme_count; i++) {
        const struct segment_scheme *scheme = &set->schemes[i];
        int64_t since = study_scored_since(session, scheme->name, arena);

        for (size_t r = 0; r < out->refreshes && out->moment[r] < since; r++)
            for (int m = 0; m < scheme->member_count; m++)
                out->customers[r * (size_t)out->segment_count +
                               (size_t)(scheme->first_member + m)] = UINT64_MAX;
    }
}

enum status judge_history(struct session *session, int64_t until, struct arena *arena,
                          struct judge_history *out, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    struct catalog_refresh *refreshes;
    size_t count;

    TRY(session_load_definitions(session, error));
    *out = (struct judge_history){.segment_count = session_definitions(session)->segment_count};
    TRY(catalog_refreshes(catalog, arena, &refreshes, &count, error));
    while (out->refreshes < count && refreshes[out->refreshes].moment <= until)
        out->refreshes++;

    size_t segments = (size_t)out->segment_count;
    out->moment = ARENA_ARRAY(arena, int64_t, out->refreshes + 1);
    out->customers = ARENA_ARRAY(arena, uint64_t, out->refreshes * segments + 1);
    for (size_t r = 0; r < out->refreshes; r++)
        out->moment[r] = refreshes[r].moment;
    struct folding folding = {session_definitions(session),
                              out,
                              refreshes,
                              ARENA_ARRAY(arena, uint64_t, segments + 1),
                              ARENA_ARRAY(arena, bool, segments + 1),
                              0};

    /* Rows come in the order of refreshes, so one pass is enough; what is behind the
     * last row is filled last. */
    TRY(catalog_memberships(catalog, NULL, fold_membership, &folding, error));
    close_refreshes(&folding, UINT32_MAX);
    forget_unscored(session, arena, out);
    return STATUS_OK;
}
