/* Profiles and overlaps: the insight room fed with what it needs. */
#include "engine/internal.h"
#include "study/features.h"

#include <stdlib.h>
#include <string.h>

enum { MONTHS_BACK = 12 };

static enum status sizes_at_months(struct session *session, const struct session_view *view,
                                   int segment, struct arena *arena, struct engine_profile *out,
                                   struct error *error)
{
    int32_t month = date_floor(zone_date(session_zone(session), view->now), CALENDAR_MONTH);
    struct plan *plan;

    out->size_moment = ARENA_ARRAY(arena, int64_t, MONTHS_BACK + 1);
    out->size_customers = ARENA_ARRAY(arena, uint64_t, MONTHS_BACK + 1);

    /* Nothing is recorded yet, so today's definition is asked of past months: one plan,
     * evaluated again for each. */
    TRY(plan_new(view->set, session_schema(session), &segment, 1, &plan, error));
    enum status status = STATUS_OK;
    for (int back = MONTHS_BACK - 1; status == STATUS_OK && back >= -1; back--) {
        /* The starts of months, and the moment itself at the end. */
        int64_t at = back < 0
                         ? view->now
                         : zone_day_start(session_zone(session), date_add_months(month, -back));
        struct plan_result *result = NULL;
        status =
            plan_evaluate(plan, view->population, at, session_pool(session), false, &result, error);
        if (status == STATUS_OK) {
            out->size_moment[out->sizes] = at;
            out->size_customers[out->sizes++] = plan_result_count(result, segment);
        }
        plan_result_free(result);
    }

    plan_free(plan);
    return status;
}

static enum status add_sizes(struct session *session, const struct session_view *view, int segment,
                             struct arena *arena, struct engine_profile *out, struct error *error)
{
    struct judge_history history;
    TRY(judge_history(session, view->now, arena, &history, error));
    out->size_moment = ARENA_ARRAY(arena, int64_t, history.refreshes + 1);
    out->size_customers = ARENA_ARRAY(arena, uint64_t, history.refreshes + 1);
    for (size_t r = 0; r < history.refreshes; r++) {
        uint64_t size = history.customers[r * (size_t)history.segment_count + (size_t)segment];
        if (size == UINT64_MAX)
            continue;
        out->size_moment[out->sizes] = history.moment[r];
        out->size_customers[out->sizes++] = size;
    }

    /* Two points make a line; with fewer the past is asked of today's definition. */
    out->sizes_recorded = out->sizes >= 2;
    if (out->sizes_recorded)
        return STATUS_OK;
    out->sizes = 0;
    return sizes_at_months(session, view, segment, arena, out, error);
}

static void add_money(const struct session_view *view, int segment,
                      const struct insight_revenue *revenue, struct arena *arena,
                      struct engine_profile *out)
{
    if (!revenue->property)
        return;
    int64_t from = view->now - INT64_C(365) * SECONDS_A_DAY;
    uint64_t *others = ARENA_ARRAY(arena, uint64_t, view->result->words);
    for (size_t w = 0; w < view->result->words; w++)
        others[w] = view->result->existing[w] & ~view->result->members[segment][w];

    out->revenue_of = arena_printf(arena, "%s.%s", revenue->kind, revenue->property);
    out->year =
        insight_money(view->population, revenue, view->result->members[segment], from, view->now);
    out->year_others = insight_money(view->population, revenue, others, from, view->now);
}

static enum status fill_profile(struct session *session, const struct session_view *view,
                                int segment, struct insight_features *features, struct arena *arena,
                                struct engine_profile *out, struct error *error)
{
    const struct schema *schema = session_schema(session);
    TRY(insight_features_evaluate(features, schema, view->population, view->result->existing,
                                  view->now, session_pool(session), arena, error));
    insight_profile(view->set, schema, segment, view->result, features, view->population, arena,
                    &out->profile);
    out->lost = features->lost;
    out->lost_count = features->lost_count;
    out->customers = out->profile.customers;
    out->others = out->profile.others;
    uint64_t all = out->customers + out->others;
    out->share = all ? (double)out->customers / (double)all : 0;
    return STATUS_OK;
}

enum status engine_profile(struct session *session, const char *segment,
                           const struct session_moment *moment, struct arena *arena,
                           struct engine_profile *out, struct error *error)
{
    const struct schema *schema = session_schema(session);
    struct insight_features features;
    struct session_view view;

    *out = (struct engine_profile){0};
    TRY(session_find_segment(session, segment, &out->segment, error));
    const struct segment_definition *definition =
        &session_definitions(session)->segments[out->segment];
    out->name = definition->name;
    out->title = definition->title;
    out->text = definition->text;
    TRY(study_features_new(session, arena, &features, error));
    struct insight_revenue revenue = insight_revenue_find(schema);

    /* The money's columns are loaded with those of the profile: one population serves both. */
    struct segment_needs needs = insight_features_needs(&features, schema, arena),
                         money = insight_revenue_needs(&revenue, arena);
    needs = segment_needs_join(&needs, &money, arena);
    enum status status = session_evaluate(session, NULL, &out->segment, 1, &needs, moment,
                                          SESSION_WHOLE_PAST, &view, error);
    if (status == STATUS_OK) {
        status = fill_profile(session, &view, out->segment, &features, arena, out, error);
        add_money(&view, out->segment, &revenue, arena, out);
        if (status == STATUS_OK)
            status = add_sizes(session, &view, out->segment, arena, out, error);
        session_view_close(&view);
    }

    segment_set_free(features.set);
    return status;
}

static enum status choose_segments(struct session *session, const char *const *names, size_t count,
                                   struct arena *arena, struct engine_overlap *out,
                                   struct error *error)
{
    TRY(session_load_definitions(session, error));
    const struct segment_set *set = session_definitions(session);
    out->segments = ARENA_ARRAY(arena, int, (size_t)set->segment_count + count + 1);
    for (size_t i = 0; i < count; i++)
        TRY(session_find_segment(session, names[i], &out->segments[out->segment_count++], error));

    /* Parts of a scheme divide everybody, so that each meets every segment: they are
     * shown when asked for. */
    for (int i = 0; count == 0 && i < set->segment_count; i++)
        if (set->segments[i].scheme < 0)
            out->segments[out->segment_count++] = i;
    return STATUS_OK;
}

static int by_both(const void *a, const void *b)
{
    const struct insight_pair *x = a, *y = b;
    if (x->both != y->both)
        return x->both < y->both ? 1 : -1;
    return x->a != y->a ? x->a - y->a : x->b - y->b;
}

static void keep_largest_pairs(struct engine_overlap *out, size_t most)
{
    struct insight_overlap *overlap = &out->overlap;
    out->all_pairs = overlap->pair_count;
    if (overlap->pair_count)
        qsort(overlap->pairs, overlap->pair_count, sizeof *overlap->pairs, by_both);
    overlap->pair_count = overlap->pair_count < most ? overlap->pair_count : most;
}

enum status engine_overlap(struct session *session, const char *const *names, size_t count,
                           size_t most, const struct session_moment *moment, struct arena *arena,
                           struct engine_overlap *out, struct error *error)
{
    *out = (struct engine_overlap){0};
    if (count == 0) /* all: those that cannot be evaluated are left out, and the choice is among the
                       others */
        TRY(session_evaluate(session, NULL, NULL, -1, NULL, moment, SESSION_WHOLE_PAST, &out->view,
                             error));
    enum status status = choose_segments(session, names, count, arena, out, error);
    if (status == STATUS_OK && count)
        status = session_evaluate(session, NULL, out->segments, out->segment_count, NULL, moment,
                                  SESSION_WHOLE_PAST, &out->view, error);
    if (status != STATUS_OK) {
        session_view_close(&out->view);
        return status;
    }

    insight_overlap(out->view.result, out->segments, out->segment_count, most, arena,
                    &out->overlap);
    keep_largest_pairs(out, most);
    return STATUS_OK;
}
