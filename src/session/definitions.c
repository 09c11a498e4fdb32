/*
 * Definitions: loading the saved ones, planning and saving changes, deleting and exporting. A
 * change is planned first: the new set is checked whole and evaluated beside the old one, so that
 * who saves it has seen who would join and leave. What is saved is canonical text, which is read
 * again like anything that people write.
 */
#include "session/internal.h"

#include <stdlib.h>
#include <string.h>

void session_forget_definitions(struct session *session)
{
    segment_set_free(session->definitions);
    session_retire(session, NULL);
    session->definitions = NULL;
    session->broken = NULL;
    session->broken_count = 0;
    session->left_out = (struct session_left_out){0};
}

enum status session_end_change(struct session *session, struct store_change *change,
                               enum status status, struct error *error)
{
    if (status == STATUS_OK)
        status = interrupt_check(session->interrupt, error);
    if (status == STATUS_OK)
        status = store_commit(change, error);
    else
        store_abort(change);
    if (status != STATUS_OK) {
        session_forget_definitions(session);
        return status;
    }

    /* Those that the change found broken go on being named until the definitions are read again. */
    segment_set_free(session->definitions);
    session->definitions = NULL;
    session->left_out = (struct session_left_out){0};
    return STATUS_OK;
}

void session_look_again(struct session *session)
{
    struct error told_later;
    session_forget_definitions(session);
    if (session_load_definitions(session, &told_later) != STATUS_OK)
        session_forget_definitions(session);
}

bool session_is_trouble(const struct session_trouble *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

void session_add_note(struct segment_problems *problems, struct arena *arena, const char *place,
                      const char *message, const char *hint)
{
    struct segment_problem *more = ARENA_ARRAY(arena, struct segment_problem, problems->count + 1);

    if (problems->count)
        memcpy(more, problems->items, problems->count * sizeof *more);
    struct segment_problem *note = &more[problems->count++];
    *note = (struct segment_problem){.is_warning = true, .file = place};

    enum status status = error_set(&note->error, STATUS_ERROR, "%s", message);
    (void)status;
    error_place(&note->error, "%s", place);
    error_hint(&note->error, "%s", hint);
    problems->items = more;
}

/* Definitions that are left out, while a set is built. */
struct broken_list {
    struct arena *arena;
    struct session_trouble *items;
    size_t count;
};

static void leave_out(struct broken_list *list, const char *name, const char *why)
{
    struct session_trouble *more =
        ARENA_ARRAY(list->arena, struct session_trouble, list->count + 1);
    if (list->count)
        memcpy(more, list->items, list->count * sizeof *more);
    more[list->count++] =
        (struct session_trouble){arena_strdup(list->arena, name), arena_strdup(list->arena, why)};
    list->items = more;
}

/* Drops the sources that cannot be evaluated at the moment they were last asked about; returns how
 * many are left. */
static size_t drop_failing(const struct session *session, struct segment_source *sources,
                           size_t count, struct broken_list *broken)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const struct session_trouble *failing = NULL;
        for (size_t f = 0; f < session->left_out.count && !failing; f++)
            if (strcmp(session->left_out.items[f].name, sources[i].file) == 0)
                failing = &session->left_out.items[f];
        if (failing)
            leave_out(broken, failing->name, failing->why);
        else
            sources[kept++] = sources[i];
    }
    return kept;
}

/* Drops the sources that have mistakes; returns how many are left. */
static size_t drop_broken(struct segment_source *sources, size_t count,
                          const struct segment_problems *problems, struct broken_list *broken)
{
    /* What is wrong from the second round on is wrong because something was left out. */
    bool consequence = broken->count > 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct segment_problem *wrong = NULL;
        for (size_t p = 0; p < problems->count && !wrong; p++)
            if (!problems->items[p].is_warning &&
                strcmp(problems->items[p].file, sources[i].file) == 0)
                wrong = &problems->items[p];
        if (!wrong) {
            sources[kept++] = sources[i];
            continue;
        }

        const char *why = wrong->error.message;
        if (consequence)
            why = arena_printf(broken->arena, "it uses what is left out: %s", why);
        leave_out(broken, wrong->file, why);
    }
    return kept;
}

/* The set of those sources that fit the schema. */
static enum status build_fitting(struct segment_source *sources, size_t count,
                                 const struct schema *schema, struct broken_list *broken,
                                 struct segment_set **out, struct error *error)
{
    /* What was left out may have been used by others, which then fail in their turn:
     * until nothing more does, or nothing that fails is one of these. */
    for (;;) {
        struct segment_problems problems = {0};
        enum status status =
            segment_set_build(sources, count, schema, NULL, broken->arena, &problems, out, error);
        if (status == STATUS_OK)
            return STATUS_OK;
        size_t kept = drop_broken(sources, count, &problems, broken);
        if (kept == count)
            return status;
        count = kept;
    }
}

/* Static lists are saved with their identifiers; here they are definitions again, so that segments
 * may name them. */
static enum status list_definitions(struct session *session, struct arena *arena,
                                    struct segment_source **out, size_t *count, struct error *error)
{
    struct catalog_list *lists;
    TRY(catalog_lists(store_catalog(session->store), arena, &lists, count, error));
    *out = ARENA_ARRAY(arena, struct segment_source, *count + 1);

    struct buffer text;
    buffer_init(&text, 0);
    for (size_t i = 0; i < *count; i++) {
        buffer_reset(&text);
        buffer_string(&text, "list ");
        segment_format_name(&text, lists[i].name);
        buffer_string(&text, " from ");
        buffer_sql_text(&text, text_from(lists[i].source));
        buffer_char(&text, '\n');
        (*out)[i] = (struct segment_source){arena_printf(arena, "list %s", lists[i].name),
                                            {buffer_copy(&text, arena), text.length}};
    }
    buffer_release(&text);
    return STATUS_OK;
}

static enum status load_sources(struct session *session, struct arena *arena,
                                struct segment_source **out, size_t *count, struct error *error)
{
    struct catalog_definition *saved;
    struct segment_source *lists;
    size_t list_count;
    TRY(catalog_definitions(store_catalog(session->store), arena, &saved, count, error));
    TRY(list_definitions(session, arena, &lists, &list_count, error));

    *out = ARENA_ARRAY(arena, struct segment_source, *count + list_count + 1);
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = (struct segment_source){saved[i].name, text_from(saved[i].text)};
    for (size_t i = 0; i < list_count; i++)
        (*out)[(*count)++] = lists[i];
    return STATUS_OK;
}

enum status session_build_definitions(struct session *session, const struct schema *schema,
                                      struct arena *arena, struct segment_set **out,
                                      struct session_trouble **broken, size_t *broken_count,
                                      struct error *error)
{
    struct segment_source *sources;
    size_t count;
    struct broken_list list = {.arena = arena};
    TRY(load_sources(session, arena, &sources, &count, error));
    /* Sources that failed at the moment first, as building them anew would find
     * nothing wrong. */
    count = drop_failing(session, sources, count, &list);
    TRY(build_fitting(sources, count, schema, &list, out, error));
    *broken = list.items;
    *broken_count = list.count;
    return STATUS_OK;
}

/* A saved definition may stop fitting (an import was taken back, and its columns with it). Such
 * ones are left out and named, so that everything else goes on working. */
enum status session_load_definitions(struct session *session, struct error *error)
{
    if (session->definitions)
        return STATUS_OK;
    if (!session->left_out.count) /* else it holds those, and nothing else */
        session_retire(session, NULL);
    return session_build_definitions(session, session_schema(session), &session->arena,
                                     &session->definitions, &session->broken,
                                     &session->broken_count, error);
}

enum status session_broken_under(struct session *session, const struct schema *schema,
                                 struct arena *arena, struct session_trouble **out, size_t *count,
                                 struct error *error)
{
    struct segment_source *sources;
    struct segment_set *set = NULL;
    size_t source_count;

    struct broken_list broken = {.arena = arena};
    TRY(load_sources(session, arena, &sources, &source_count, error));
    TRY(build_fitting(sources, source_count, schema, &broken, &set, error));
    segment_set_free(set);
    *out = broken.items;
    *count = broken.count;
    return STATUS_OK;
}

const struct segment_set *session_definitions(const struct session *session)
{
    return session->definitions;
}

bool session_broken(const struct session *session, size_t i, const char **name, const char **why)
{
    if (i >= session->broken_count)
        return false;
    *name = session->broken[i].name;
    *why = session->broken[i].why;
    return true;
}

bool session_is_broken(const struct session *session, const char *name)
{
    return session_is_trouble(session->broken, session->broken_count, name);
}

static enum status is_scheme(const struct segment_set *set, const struct segment_scheme *scheme,
                             struct error *error)
{
    enum { SHOWN = 12 };
    struct buffer names;
    buffer_init(&names, 0);

    int shown = scheme->member_count > SHOWN ? SHOWN : scheme->member_count;
    for (int i = 0; i < shown; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", set->segments[scheme->first_member + i].name);
    if (shown < scheme->member_count)
        buffer_printf(&names, " and %d more", scheme->member_count - shown);

    enum status status = error_set(
        error, STATUS_NOT_FOUND, "'%s' is a scheme, and one segment is asked about", scheme->name);
    error_hint(error, "its members are %s", names.data);
    buffer_release(&names);
    return status;
}

enum status session_find_in(const struct segment_set *set, const char *name, int *index,
                            struct error *error)
{
    *index = segment_set_find(set, name);
    if (*index >= 0)
        return STATUS_OK;
    int scheme = segment_set_find_scheme(set, name);
    if (scheme >= 0)
        return is_scheme(set, &set->schemes[scheme], error);
    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no segment '%s'", name);

    /* A slip of the pen is likelier than a segment that nobody made. */
    const char **names = base_calloc((size_t)set->segment_count + 1, sizeof *names);
    for (int i = 0; i < set->segment_count; i++)
        names[i] = set->segments[i].name;
    int nearest = text_nearest(name, names, (size_t)set->segment_count);

    if (nearest >= 0)
        error_hint(error, "did you mean %s?", names[nearest]);
    else
        error_hint(error, "strata segments lists them");
    free(names);
    return status;
}

enum status session_find_segment(struct session *session, const char *name, int *index,
                                 struct error *error)
{
    TRY(session_load_definitions(session, error)); /* a failed change has forgotten them */
    if (segment_set_find(session->definitions, name) < 0)
        for (size_t i = 0; i < session->broken_count; i++)
            if (strcmp(session->broken[i].name, name) == 0)
                return error_set(error, STATUS_ERROR, "the definition of %s is broken: %s", name,
                                 session->broken[i].why);
    return session_find_in(session->definitions, name, index, error);
}

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
    struct broken_list broken = {.arena = arena};
    size_t count, kept = 0;
    TRY(catalog_definitions(store_catalog(session->store), arena, &saved, &count, error));
    struct segment_source *sources = ARENA_ARRAY(arena, struct segment_source, count + 1);
    for (size_t i = 0; i < count; i++)
        if (saved[i].scheme && is_listed(names, saved[i].name))
            sources[kept++] = (struct segment_source){saved[i].name, text_from(saved[i].text)};
    return build_fitting(sources, kept, session_schema(session), &broken, out, error);
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
    TRY(session_read_lists(session, sources, count, arena, out, error));
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

/* Whether a segment goes too, by its own name or with its scheme. */
static bool goes(const struct segment_set *set, const struct segment_definition *segment,
                 const char *const *names, size_t count)
{
    const char *scheme = segment->scheme >= 0 ? set->schemes[segment->scheme].name : NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], segment->name) == 0 || (scheme && strcmp(names[i], scheme) == 0))
            return true;
    return false;
}

static enum status refuse_used(const struct session *session, const char *name,
                               const char *const *names, size_t count, struct error *error)
{
    const struct segment_set *set = session->definitions;
    int scheme = segment_set_find_scheme(set, name);
    /* Of a scheme any member counts, but for those who use each other within it. */
    for (int i = 0; i < set->segment_count; i++) {
        const struct segment_definition *user = &set->segments[i];
        if (goes(set, user, names, count))
            continue;
        for (int u = 0; u < user->use_count; u++) {
            const struct segment_definition *used = &set->segments[user->uses[u]];
            bool hit = scheme >= 0 ? used->scheme == scheme && user->scheme != scheme
                                   : strcmp(used->name, name) == 0;
            if (hit)
                return error_set(error, STATUS_ERROR,
                                 "%s is used by %s; delete or change that first", name, user->name);
        }
    }
    return STATUS_OK;
}

static enum status check_deletable(struct session *session, const char *name,
                                   const char *const *names, size_t count, struct error *error)
{
    int segment;
    const struct segment_set *set = session->definitions;
    /* A broken one is used by nobody that works, so it may go. */
    for (size_t i = 0; i < session->broken_count; i++)
        if (strcmp(session->broken[i].name, name) == 0)
            return STATUS_OK;
    if (segment_set_find_scheme(set, name) < 0) {
        TRY(session_find_segment(session, name, &segment, error));
        int scheme = set->segments[segment].scheme;
        if (scheme >= 0)
            return error_set(error, STATUS_ERROR,
                             "%s is part of the scheme %s; apply a new form of the scheme instead",
                             name, set->schemes[scheme].name);
    }
    return refuse_used(session, name, names, count, error);
}

enum status session_delete_within(struct session *session, const char *const *names, size_t count,
                                  struct error *error)
{
    TRY(session_load_definitions(session, error));
    /* All are asked first, so that nothing is deleted when one may not be. */
    for (size_t i = 0; i < count; i++)
        TRY(check_deletable(session, names[i], names, count, error));
    for (size_t i = 0; i < count; i++)
        TRY(catalog_delete_definition(store_catalog(session->store), names[i], error));
    return STATUS_OK;
}

enum status session_delete(struct session *session, const char *const *names, size_t count,
                           struct error *error)
{
    struct store_change *change;
    TRY(store_begin(session->store, &change, error));
    return session_end_change(session, change, session_delete_within(session, names, count, error),
                              error);
}

enum status session_export(struct session *session, struct buffer *out, struct error *error)
{
    struct catalog_definition *saved;
    struct segment_source *lists;
    size_t count, list_count;
    struct arena arena;
    enum status status;
    arena_init(&arena, 0);
    TRY_GOTO(catalog_definitions(store_catalog(session->store), &arena, &saved, &count, error));
    TRY_GOTO(list_definitions(session, &arena, &lists, &list_count, error));

    /* Lists first, since segments name them; saved texts are canonical already. */
    for (size_t i = 0; i < list_count; i++)
        TRY_GOTO(segment_format(lists[i].text, lists[i].file, out, error));
    for (size_t i = 0; i < count; i++) {
        buffer_string(out, i || list_count ? "\n" : "");
        buffer_string(out, saved[i].text);
        if (out->length && out->data[out->length - 1] != '\n')
            buffer_char(out, '\n');
    }
done:
    arena_release(&arena);
    return status;
}
