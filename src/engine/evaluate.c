/* From definitions to memberships: what to load, loading it, evaluating, and the questions that
 * only count or list. */
#include "engine/internal.h"

#include "population/load.h"

#include <stdlib.h>
#include <string.h>

static bool has_name(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static size_t count_names(const char *const *names)
{
    size_t count = 0;
    while (names && names[count])
        count++;
    return count;
}

static struct segment_need join_need(const struct segment_need *a, const struct segment_need *b,
                                     struct arena *arena)
{
    size_t count = count_names(a->columns);
    const char **columns = ARENA_ARRAY(arena, const char *, count + count_names(b->columns) + 1);
    if (count)
        memcpy(columns, a->columns, count * sizeof *columns);
    for (size_t i = 0; i < count_names(b->columns); i++)
        if (!has_name(columns, b->columns[i]))
            columns[count++] = b->columns[i];
    return (struct segment_need){a->table, columns};
}

struct segment_needs engine_join_needs(const struct segment_needs *a, const struct segment_needs *b,
                                       struct arena *arena)
{
    struct segment_needs joined = {.records = a->records || b->records,
                                   .lists = a->lists || b->lists};
    joined.items = ARENA_ARRAY(arena, struct segment_need, a->count + b->count + 1);
    for (size_t i = 0; i < a->count; i++)
        joined.items[joined.count++] = a->items[i];
    for (size_t i = 0; i < b->count; i++) {
        size_t at = 0;
        while (at < joined.count && strcmp(joined.items[at].table, b->items[i].table) != 0)
            at++;
        if (at < joined.count)
            joined.items[at] = join_need(&joined.items[at], &b->items[i], arena);
        else
            joined.items[joined.count++] = b->items[i];
    }
    return joined;
}

bool engine_needs_hold(const struct segment_needs *held, const struct segment_needs *needs)
{
    if ((needs->records && !held->records) || (needs->lists && !held->lists))
        return false;
    for (size_t i = 0; i < needs->count; i++) {
        size_t at = 0;
        while (at < held->count && strcmp(held->items[at].table, needs->items[i].table) != 0)
            at++;
        if (at == held->count)
            return false;
        for (size_t c = 0; c < count_names(needs->items[i].columns); c++)
            if (!has_name(held->items[at].columns, needs->items[i].columns[c]))
                return false;
    }
    return true;
}

enum status engine_load_population(struct engine *engine, const struct segment_needs *needs,
                                   const struct engine_moment *moment, struct population **out,
                                   struct error *error)
{
    struct lake *lake;
    struct arena arena;
    TRY(engine_lake(engine, &lake, error));
    arena_init(&arena, 0);
    struct population_need *wanted = ARENA_ARRAY(&arena, struct population_need, needs->count + 1);
    for (size_t i = 0; i < needs->count; i++)
        wanted[i] = (struct population_need){needs->items[i].table, needs->items[i].columns};
    struct population_load load = {.needs = wanted,
                                   .need_count = needs->count,
                                   .records = needs->records,
                                   .lists = needs->lists,
                                   .known_at = moment->known_at};
    enum status status =
        population_load(engine->store, lake, &load, engine->zone, engine_pool(engine), out, error);
    arena_release(&arena);
    return status;
}

static enum status evaluate(struct engine *engine, const int *segments, int count,
                            const struct segment_needs *more, const struct engine_moment *moment,
                            struct engine_view *out, struct error *error)
{
    struct arena arena;
    struct plan *plan = NULL;
    arena_init(&arena, 0);
    struct segment_needs needs =
        segment_needs(out->set, engine_schema(engine), segments, count, &arena);
    if (more)
        needs = engine_join_needs(&needs, more, &arena);

    enum status status = STATUS_OK;
    if (!out->population)
        status = engine_load_population(engine, &needs, moment, &out->population, error);
    if (status == STATUS_OK)
        status = plan_new(out->set, engine_schema(engine), segments, count, &plan, error);
    if (status == STATUS_OK)
        status = plan_evaluate(plan, out->population, moment->now, engine_pool(engine), false,
                               &out->result, error);
    plan_free(plan);
    arena_release(&arena);
    return status;
}

/* All saved definitions. One that fails at this moment is left out, and the others go on. */
static enum status evaluate_saved(struct engine *engine, const struct segment_needs *more,
                                  const struct engine_moment *moment, struct engine_view *out,
                                  struct error *error)
{
    TRY(engine_take_in_again(engine, moment->now, error));
    for (;;) {
        struct error why = {0};
        out->set = engine->definitions;
        enum status status = evaluate(engine, NULL, -1, more, moment, out, &why);
        if (status == STATUS_OK)
            return STATUS_OK;
        if (!out->population) {
            *error = why;
            return status;
        }
        TRY(engine_leave_out(engine, out->population, moment->now, &why, error));
    }
}

enum status engine_saved_needs(struct engine *engine, const struct engine_moment *moment,
                               struct arena *arena, struct segment_needs *out, struct error *error)
{
    TRY(engine_load_definitions(engine, error));
    TRY(engine_take_in_again(engine, moment->now, error));
    *out = segment_needs(engine->definitions, engine_schema(engine), NULL, -1, arena);
    return STATUS_OK;
}

enum status engine_evaluate_over(struct engine *engine, struct population *population,
                                 struct population *below, const struct engine_moment *moment,
                                 struct engine_view *out, struct error *error)
{
    *out = (struct engine_view){.now = moment->now, .population = population, .below = below};
    enum status status = engine_load_definitions(engine, error);
    if (status == STATUS_OK)
        status = evaluate_saved(engine, NULL, moment, out, error);
    if (status != STATUS_OK)
        engine_view_close(out);
    return status;
}

enum status engine_evaluate(struct engine *engine, const struct segment_set *set,
                            const int *segments, int count, const struct segment_needs *more,
                            const struct engine_moment *moment, struct engine_view *out,
                            struct error *error)
{
    *out = (struct engine_view){.now = moment->now};
    TRY(engine_load_definitions(engine, error));
    out->set = set ? set : engine->definitions;
    enum status status = !set && count < 0
                             ? evaluate_saved(engine, more, moment, out, error)
                             : evaluate(engine, segments, count, more, moment, out, error);
    if (status != STATUS_OK && !set && count == 1 && out->population)
        status = error_set(error, status, "%s cannot be evaluated: %s",
                           out->set->segments[*segments].name, error->message);
    if (status != STATUS_OK)
        engine_view_close(out);
    return status;
}

void engine_view_close(struct engine_view *view)
{
    plan_result_free(view->result);
    population_free(view->population);
    population_free(view->below);
    *view = (struct engine_view){0};
}

static uint64_t existing(const struct plan_result *result)
{
    uint64_t count = 0;
    for (size_t w = 0; w < result->words; w++)
        count += (uint64_t)__builtin_popcountll(result->existing[w]);
    return count;
}

enum status engine_count(struct engine *engine, struct text condition,
                         const struct engine_moment *moment, struct arena *arena,
                         struct engine_count *out, struct error *error)
{
    struct segment_set *set = NULL;
    struct engine_view view;
    *out = (struct engine_count){0};
    TRY(engine_load_definitions(engine, error));
    TRY(segment_condition_build(condition, engine_schema(engine), engine->definitions, arena,
                                &out->problems, &set, error));
    int asked = set->segment_count - 1;
    enum status status = engine_evaluate(engine, set, &asked, 1, NULL, moment, &view, error);
    if (status == STATUS_OK) {
        out->customers = plan_result_count(view.result, asked);
        out->of = existing(view.result);
        engine_check_texts(view.population, set, arena, &out->problems);
        engine_view_close(&view);
    }
    segment_set_free(set);
    return status;
}

struct member {
    uint32_t number, position;
};

static int by_number(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static void collect_members(const struct engine_view *view, int segment, struct arena *arena,
                            struct engine_members *out)
{
    size_t count = plan_result_count(view->result, segment), found = 0;
    struct member *members = base_calloc(count + 1, sizeof *members);
    for (uint32_t p = 0; p < view->population->customers; p++)
        if (plan_result_has(view->result, segment, p))
            members[found++] = (struct member){(uint32_t)view->population->number[p], p};
    qsort(members, found, sizeof *members, by_number);
    out->count = found;
    out->identifiers = ARENA_ARRAY(arena, struct text, found + 1);
    out->numbers = ARENA_ARRAY(arena, uint32_t, found + 1);
    for (size_t i = 0; i < found; i++) {
        struct text id = population_identifier(view->population, members[i].position);
        out->identifiers[i] = (struct text){arena_strndup(arena, id.data, id.length), id.length};
        out->numbers[i] = members[i].number;
    }
    free(members);
}

enum status engine_members(struct engine *engine, const char *segment, struct text condition,
                           const struct engine_moment *moment, struct arena *arena,
                           struct engine_members *out, struct error *error)
{
    struct segment_set *own = NULL;
    struct engine_view view;
    int asked = -1;
    TRY(engine_load_definitions(engine, error));
    if (segment) {
        TRY(engine_find_segment(engine, segment, &asked, error));
    } else {
        TRY(segment_condition_build(condition, engine_schema(engine), engine->definitions, arena,
                                    NULL, &own, error));
        asked = own->segment_count - 1;
    }
    enum status status = engine_evaluate(engine, own, &asked, 1, NULL, moment, &view, error);
    if (status == STATUS_OK) {
        collect_members(&view, asked, arena, out);
        engine_view_close(&view);
    }
    segment_set_free(own);
    return status;
}

/* ---- the list of segments ---- */

struct recorded {
    int64_t until;
    const struct segment_set *set;
    struct engine_segments *out;
    uint32_t refresh;
};

static enum status add_recorded(void *context, struct catalog_membership *membership,
                                struct error *error)
{
    struct recorded *recorded = context;
    (void)error;
    for (size_t i = 0; i < recorded->out->count; i++) {
        struct engine_segment *segment = &recorded->out->items[i];
        if (strcmp(segment->name, membership->segment) != 0 || membership->moment > recorded->until)
            continue;
        segment->recorded = true;
        if (membership->refresh == recorded->refresh)
            *(membership->entered ? &segment->entered : &segment->left) +=
                bitmap_count(membership->customers);
    }
    bitmap_free(membership->customers);
    return STATUS_OK;
}

static enum status add_records(struct engine *engine, const struct engine_moment *moment,
                               struct arena *arena, struct engine_segments *out,
                               struct error *error)
{
    struct catalog *catalog = store_catalog(engine->store);
    struct catalog_refresh *refreshes;
    size_t count;
    TRY(catalog_refreshes(catalog, arena, &refreshes, &count, error));
    struct recorded recorded = {.until = moment->now, .set = engine->definitions, .out = out};
    for (size_t i = 0; i < count; i++) {
        if (refreshes[i].moment > moment->now)
            continue;
        out->has_refresh = true;
        out->refreshed = refreshes[i].moment;
        recorded.refresh = refreshes[i].number;
    }
    if (!out->has_refresh)
        return STATUS_OK;
    return catalog_memberships(catalog, NULL, add_recorded, &recorded, error);
}

enum status engine_segments(struct engine *engine, const struct engine_moment *moment,
                            struct arena *arena, struct engine_segments *out, struct error *error)
{
    struct engine_view view;
    *out = (struct engine_segments){0};
    TRY(engine_evaluate(engine, NULL, NULL, -1, NULL, moment, &view, error));
    const struct segment_set *set = view.set;
    out->customers = existing(view.result);
    out->items = ARENA_ARRAY(arena, struct engine_segment, (size_t)set->segment_count + 1);
    for (int i = 0; i < set->segment_count; i++) {
        struct engine_segment *segment = &out->items[out->count++];
        segment->index = i;
        segment->name = arena_strdup(arena, set->segments[i].name);
        segment->title =
            set->segments[i].title ? arena_strdup(arena, set->segments[i].title) : NULL;
        segment->scheme = set->segments[i].scheme >= 0
                              ? arena_strdup(arena, set->schemes[set->segments[i].scheme].name)
                              : NULL;
        segment->customers = plan_result_count(view.result, i);
        segment->share = out->customers ? (double)segment->customers / (double)out->customers : 0;
    }
    engine_view_close(&view);
    return add_records(engine, moment, arena, out, error);
}
