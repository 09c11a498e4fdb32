/*
 * Definitions: loading the saved ones, what becomes of those that no longer fit, finding one by its
 * name, and all of them as one text. Changing them is apply.c's and delete.c's.
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

static void leave_out(struct session_broken_list *list, const char *name, const char *why)
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
                           size_t count, struct session_broken_list *broken)
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
                          const struct segment_problems *problems,
                          struct session_broken_list *broken)
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

enum status session_build_fitting(struct segment_source *sources, size_t count,
                                  const struct schema *schema, struct session_broken_list *broken,
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

enum status session_load_sources(struct session *session, struct arena *arena,
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
    struct session_broken_list list = {.arena = arena};
    TRY(session_load_sources(session, arena, &sources, &count, error));
    /* Sources that failed at the moment first, as building them anew would find
     * nothing wrong. */
    count = drop_failing(session, sources, count, &list);
    TRY(session_build_fitting(sources, count, schema, &list, out, error));
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

    struct session_broken_list broken = {.arena = arena};
    TRY(session_load_sources(session, arena, &sources, &source_count, error));
    TRY(session_build_fitting(sources, source_count, schema, &broken, &set, error));
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

bool session_is_list(const struct segment_set *set, const char *name)
{
    int i = 0;
    while (i < set->list_count && strcmp(set->lists[i], name) != 0)
        i++;
    return i < set->list_count;
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
    if (session_is_list(set, name)) {
        enum status status = error_set(error, STATUS_NOT_FOUND,
                                       "'%s' is a static list, and a segment is asked about", name);
        error_hint(error,
                   "the condition in list %s asks for it; strata export shows where it is from, "
                   "and strata delete deletes it",
                   name);
        return status;
    }
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
