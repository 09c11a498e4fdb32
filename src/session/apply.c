/*
 * Applying definitions: a change is planned first: the new set is checked whole and evaluated
 * beside the old one, so that who saves it has seen who would join and leave. What is saved is
 * canonical text, which is read again like anything that people write.
 */
#include "session/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- what would change ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static void count_change(const struct plan_result *old, int before, const struct plan_result *new,
                         int after, struct session_change *change)
{
    const uint64_t *a = before >= 0 ? old->members[before] : NULL,
                   *b = after >= 0 ? new->members[after] : NULL;

    for (size_t w = 0; w < new->words; w++) {
        uint64_t x = a ? a[w] : 0, y = b ? b[w] : 0;
        change->before += (uint64_t)__builtin_popcountll(x);
        change->after += (uint64_t)__builtin_popcountll(y);
        change->joins += (uint64_t)__builtin_popcountll(y & ~x);
        change->leaves += (uint64_t)__builtin_popcountll(x & ~y);
    }
}

static void list_changes(const struct segment_set *old_set, const struct plan_result *old,
                         const struct segment_set *new_set, const struct plan_result *new,
                         struct arena *arena, struct session_apply *out)
{
    size_t most = (size_t)old_set->segment_count + (size_t)new_set->segment_count;
    out->changes = ARENA_ARRAY(arena, struct session_change, most + 1);

    /* All of the new ones, whether they are new, changed or as before; then those
     * that are gone. */
    for (int i = 0; i < new_set->segment_count; i++) {
        int before = segment_set_find(old_set, new_set->segments[i].name);
        struct session_change *change = &out->changes[out->count++];
        change->name = arena_strdup(arena, new_set->segments[i].name);
        bool same = before >= 0 &&
                    same_text(old_set->segments[before].text, new_set->segments[i].text) &&
                    same_text(old_set->segments[before].title, new_set->segments[i].title);
        change->what = same ? SESSION_UNCHANGED : SESSION_CHANGED;
        if (before < 0)
            change->what = SESSION_ADDED;
        count_change(old, before, new, i, change);
    }

    for (int i = 0; i < old_set->segment_count; i++) {
        if (segment_set_find(new_set, old_set->segments[i].name) >= 0)
            continue;
        struct session_change *change = &out->changes[out->count++];
        change->name = arena_strdup(arena, old_set->segments[i].name);
        change->what = SESSION_REMOVED;
        count_change(old, i, new, -1, change);
    }

    out->customers = plan_result_customers(new);
}

static bool is_listed(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* What pruning leaves is known to the new definitions; what does not fit the store any more is not,
 * and stays all the same. */
static enum status build_spared(struct session *session, const char *const *names,
                                struct arena *arena, struct segment_set **out, struct error *error)
{
    struct catalog_definition *saved;
    struct session_broken_list broken = {.arena = arena};
    size_t count, kept = 0;
    TRY(catalog_definitions(store_catalog(session->store), arena, &saved, &count, error));
    struct segment_source *sources = ARENA_ARRAY(arena, struct segment_source, count + 1);
    for (size_t i = 0; i < count; i++)
        if (saved[i].scheme && is_listed(names, saved[i].name))
            sources[kept++] = (struct segment_source){saved[i].name, text_from(saved[i].text)};
    return session_build_fitting(sources, kept, session_schema(session), &broken, out, error);
}

static bool comes_with_sources(const struct segment_set *set, const char *name)
{
    int scheme = segment_set_find_scheme(set, name), segment = segment_set_find(set, name);
    if (scheme >= 0)
        segment = set->schemes[scheme].first_member;
    return segment >= 0 && strcmp(set->segments[segment].file, SEGMENT_SAVED_FILE) != 0;
}

/* Saved names (segments outside schemes, schemes) that the new set no longer has; broken ones too
 * when pruning. */
static enum status find_removed(struct session *session, const char *const *prune_but,
                                struct arena *arena, struct session_apply *out, struct error *error)
{
    struct catalog_definition *saved;
    size_t count;
    TRY(catalog_definitions(store_catalog(session->store), arena, &saved, &count, error));
    out->removed = ARENA_ARRAY(arena, const char *, count + 1);
    out->spared = ARENA_ARRAY(arena, const char *, count + 1);

    for (size_t i = 0; prune_but && i < count; i++) {
        bool spared = saved[i].scheme && is_listed(prune_but, saved[i].name);
        if (spared && !comes_with_sources(out->set, saved[i].name))
            out->spared[out->spared_count++] = saved[i].name;
        else if (!spared && segment_set_find(out->set, saved[i].name) < 0 &&
                 segment_set_find_scheme(out->set, saved[i].name) < 0)
            out->removed[out->removed_count++] = saved[i].name;
    }
    return STATUS_OK;
}

/* Which of the new set's segments can be evaluated at the moment. One that is new or changed and
 * cannot is a mistake to be told before it is saved; a saved one that cannot is left out of the
 * comparison. */
static enum status choose_evaluable(struct session *session, const struct segment_set *set,
                                    const struct segment_set *old,
                                    const struct population *population,
                                    const struct session_moment *moment, int *segments, int *count,
                                    struct error *error)
{
    struct arena arena;
    size_t failing;
    const char **why;
    arena_init(&arena, 0);

    /* Only where all together fail is it asked one by one. */
    enum status status =
        session_find_failing(session, set, population, moment->now, &arena, &why, &failing, error);

    *count = 0;
    for (int s = 0; s < set->segment_count && status == STATUS_OK; s++) {
        int before = segment_set_find(old, set->segments[s].name);
        bool same = before >= 0 && same_text(old->segments[before].text, set->segments[s].text);
        same |= strcmp(set->segments[s].file, SEGMENT_SAVED_FILE) == 0;
        if (!why[s])
            segments[(*count)++] = s;
        else if (!same)
            status = error_set(error, STATUS_ERROR, "%s cannot be evaluated: %s",
                               set->segments[s].name, why[s]);
    }
    arena_release(&arena);
    return status;
}

static enum status evaluate_some(struct session *session, const struct segment_set *set,
                                 const int *segments, int count,
                                 const struct population *population,
                                 const struct session_moment *moment, struct plan_result **out,
                                 struct error *error)
{
    struct plan *plan = NULL;
    enum status status = plan_new(set, session_schema(session), segments, count, &plan, error);
    if (status == STATUS_OK)
        status =
            plan_evaluate(plan, population, moment->now, session_pool(session), false, out, error);
    plan_free(plan);
    return status;
}

static enum status evaluate_new(struct session *session, const struct segment_set *new_set,
                                const struct segment_set *old_set,
                                const struct population *population,
                                const struct session_moment *moment, struct plan_result **out,
                                struct error *error)
{
    struct error failure = {0};
    /* Together is the rule. Why it failed is found out only if it did. */
    enum status status =
        evaluate_some(session, new_set, NULL, -1, population, moment, out, &failure);
    if (status == STATUS_INTERRUPTED)
        *error = failure;
    if (status == STATUS_OK || status == STATUS_INTERRUPTED)
        return status;

    int count, *segments = base_calloc((size_t)new_set->segment_count + 1, sizeof *segments);
    status =
        choose_evaluable(session, new_set, old_set, population, moment, segments, &count, error);
    if (status == STATUS_OK)
        status = evaluate_some(session, new_set, segments, count, population, moment, out, error);
    free(segments);
    return status;
}

/* The saved definitions first, over the lists as they are; then the new ones, over the lists as
 * they would be. */
static enum status evaluate_both(struct session *session, const struct segment_set *new_set,
                                 const struct session_moment *moment, struct arena *arena,
                                 struct session_apply *out, struct error *error)
{
    struct segment_needs needs = segment_needs(new_set, session_schema(session), NULL, -1, arena);
    struct session_view old = {0};
    struct plan_result *new = NULL;
    TRY(session_evaluate(session, NULL, NULL, -1, &needs, moment, SESSION_WHOLE_PAST, &old, error));
    /* Lists that are about to be saved lie over the population, which has those
     * that are saved. */
    struct population *over =
        needs.lists ? session_with_lists(old.population, out->lists, out->list_count) : NULL;
    const struct population *population = over ? over : old.population;

    session_check_lists(population, out, arena);
    session_check_texts(population, new_set, arena, &out->problems);
    enum status status = evaluate_new(session, new_set, old.set, population, moment, &new, error);
    if (status == STATUS_OK)
        list_changes(old.set, old.result, new_set, new, arena, out);
    plan_result_free(new);
    population_free(over);
    session_view_close(&old);
    return status;
}

static enum status plan_changes(struct session *session, const struct segment_source *sources,
                                size_t count, const char *const *prune_but,
                                const struct session_moment *moment, struct arena *arena,
                                struct session_apply *out, struct error *error)
{
    TRY(session_load_definitions(session, error));
    /* Pruning, the sources and what is spared are all there is to be; otherwise they come on top of
     * what is saved. */
    struct segment_set *spared = NULL;
    if (prune_but)
        TRY(build_spared(session, prune_but, arena, &spared, error));
    enum status built = segment_set_build(sources, count, session_schema(session),
                                          prune_but ? spared : session->definitions, arena,
                                          &out->problems, &out->set, error);
    segment_set_free(spared);
    TRY(built);
    TRY(session_read_lists(session, arena, out, error));
    TRY(find_removed(session, prune_but, arena, out, error));
    return evaluate_both(session, out->set, moment, arena, out, error);
}

enum status session_apply_plan(struct session *session, const struct segment_source *sources,
                               size_t count, const char *const *prune_but,
                               const struct session_moment *moment, struct arena *arena,
                               struct session_apply *out, struct error *error)
{
    *out = (struct session_apply){0};
    enum status status =
        plan_changes(session, sources, count, prune_but, moment, arena, out, error);
    if (status == STATUS_OK)
        return STATUS_OK;
    segment_set_free(out->set);
    out->set = NULL;
    return status;
}

/* ---- saving ---- */

static enum status save_text(struct session *session, const char *name, const char *title,
                             bool scheme, const struct buffer *text, struct error *error)
{
    struct catalog_definition definition = {.name = name,
                                            .title = title,
                                            .scheme = scheme,
                                            .text = text->data,
                                            .saved = session_now(session)};
    return catalog_save_definition(store_catalog(session->store), &definition, error);
}

static enum status save_definitions(struct session *session, const struct segment_set *set,
                                    struct error *error)
{
    enum status status = STATUS_OK;
    struct buffer text;
    buffer_init(&text, 0);

    for (int i = 0; i < set->segment_count; i++) {
        const struct segment_definition *segment = &set->segments[i];
        if (segment->scheme >= 0)
            continue; /* with its scheme */
        buffer_reset(&text);
        segment_format_definition(set, i, &text);
        TRY_GOTO(save_text(session, segment->name, segment->title, false, &text, error));
    }

    for (int i = 0; i < set->scheme_count; i++) {
        const struct segment_scheme *scheme = &set->schemes[i];
        buffer_reset(&text);
        segment_format_scheme(set, i, &text);
        TRY_GOTO(save_text(session, scheme->name, scheme->title, true, &text, error));
    }
done:
    buffer_release(&text);
    return status;
}

enum status session_apply_save_within(struct session *session, const struct session_apply *apply,
                                      struct error *error)
{
    struct catalog *catalog = store_catalog(session->store);
    /* Removing first: a segment may be taken away and its name be given to a scheme. */
    for (size_t i = 0; i < apply->removed_count; i++)
        TRY(catalog_delete_definition(catalog, apply->removed[i], error));
    for (size_t i = 0; i < apply->list_count; i++)
        TRY(catalog_save_list(catalog, &apply->lists[i], error));
    for (size_t i = 0; i < apply->removed_list_count; i++)
        TRY(catalog_delete_list(catalog, apply->removed_lists[i], error));
    return save_definitions(session, apply->set, error);
}

enum status session_apply_save(struct session *session, const struct session_apply *apply,
                               struct error *error)
{
    struct store_change *change;
    TRY(store_begin(session->store, &change, error));
    return session_end_change(session, change, session_apply_save_within(session, apply, error),
                              error);
}
