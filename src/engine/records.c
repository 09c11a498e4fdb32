/* Records: a refresh evaluates everything at a moment and writes down who entered, who left, and
 * what brought it about.
 */
#include "base/bits.h"
#include "engine/refresh.h"
#include "study/study.h"

#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Positions are not the order of numbers: bits by number are. */
static struct bitmap *numbers_of(const struct population *population,
                                 const struct plan_result *result, int segment)
{
    uint64_t most = 0;
    for (uint32_t p = 0; p < population->customers; p++)
        most = population->number[p] > most ? population->number[p] : most;

    uint64_t *numbers = base_calloc(most / 64 + 1, sizeof *numbers);
    for (size_t w = 0; w < result->words; w++)
        for (uint64_t word = result->members[segment][w]; word; word &= word - 1) {
            uint64_t number = population->number[w * 64 + (size_t)__builtin_ctzll(word)];
            bit_set(numbers, number);
        }

    struct bitmap *members = bitmap_from_bits(numbers, most + 1);
    free(numbers);
    return members;
}

/* What happened since the last refresh, to tell causes apart. */
struct since {
    bool is_first;
    int64_t moment, recorded;
    struct bitmap *fresh; /* customers with facts newer than the last moment, or received since */
    bool undone;          /* some import was taken back since */
};

static bool is_read(const struct segment_needs *needs, const char *table)
{
    for (size_t i = 0; i < needs->count; i++)
        if (strcmp(needs->items[i].table, table) == 0)
            return true;
    return false;
}

/* Of the tables that segments read: others may be at hand, because a model reads them. */
static void add_newer(const struct session_view *view, const struct segment_needs *needs,
                      int64_t after, struct bitmap *fresh)
{
    const struct population *population = view->population;
    for (size_t t = 0; t < population->table_count; t++) {
        const struct population_table *table = &population->tables[t];
        if (table->role == SCHEMA_REFERENCE || !is_read(needs, table->name))
            continue;
        /* Tellings of this very moment are the scores of this refresh: nothing that happened. */
        int64_t until = table->role == SCHEMA_TRAITS ? view->now - 1 : view->now;
        for (uint32_t p = 0; p < population->customers; p++)
            /* Rows of a customer are in order of time: from the newest back, and one is enough. */
            for (uint32_t row = table->offset[p + 1];
                 row-- > table->offset[p] && table->time[row] > after;)
                if (table->time[row] <= until) {
                    bitmap_add(fresh, (uint32_t)population->number[p]);
                    break;
                }
    }
}

/* The imports that arrived since the last refresh and are not scores: of scores nothing happened.
 */
struct arrivals {
    uint32_t *numbers;
    size_t count;
};

static enum status list_arrivals(struct session *session, uint32_t after, struct arena *arena,
                                 struct arrivals *out, struct error *error)
{
    struct catalog_import *imports;
    size_t count;
    TRY(catalog_imports(store_catalog(session_store(session)), arena, &imports, &count, error));
    *out = (struct arrivals){.numbers = ARENA_ARRAY(arena, uint32_t, count + 1)};
    for (size_t i = 0; i < count; i++)
        if (imports[i].number > after && !study_is_score(&imports[i], NULL))
            out->numbers[out->count++] = imports[i].number;
    return STATUS_OK;
}

static bool may_hold(const struct catalog_part *part, const struct arrivals *arrivals)
{
    for (size_t i = 0; i < arrivals->count; i++)
        if (arrivals->numbers[i] >= part->first_import && arrivals->numbers[i] <= part->last_import)
            return part->role == PART_FACTS || part->role == PART_TRAITS;
    return false;
}

/* A statement for their customers; nothing is appended when there are none. */
static enum status arrivals_sql(struct session *session, const struct arrivals *arrivals,
                                struct arena *arena, struct buffer *sql, struct error *error)
{
    size_t count;
    const struct catalog_part *parts = store_parts(session_store(session), &count);
    for (size_t i = 0; i < count; i++) {
        if (!may_hold(&parts[i], arrivals))
            continue;
        TRY(store_check_part(session_store(session), &parts[i],
                             (const char *[]){"customer", "import"}, 2, error));
        buffer_string(sql, sql->length ? " UNION " : "");
        buffer_string(sql, "SELECT DISTINCT customer FROM read_parquet(");
        lake_add_path(sql, store_file(session_store(session), arena, "%s", parts[i].path));
        buffer_string(sql, ") WHERE import IN (");

        for (size_t n = 0; n < arrivals->count; n++)
            buffer_printf(sql, "%s%u", n ? ", " : "", arrivals->numbers[n]);
        buffer_char(sql, ')');
    }
    return STATUS_OK;
}

static enum status add_customers(struct lake_result *result, struct bitmap *fresh,
                                 struct error *error)
{
    const struct lake_chunk *chunk = NULL;
    for (;;) {
        TRY(lake_result_next(result, &chunk, error));
        if (!chunk)
            return STATUS_OK;
        for (size_t row = 0; row < chunk->rows; row++)
            bitmap_add(fresh, (uint32_t)lake_integer(&chunk->columns[0], row));
    }
}

/* Customers with facts of imports that arrived since, whatever their own time. */
static enum status add_received(struct session *session, uint32_t after_import,
                                struct bitmap *fresh, struct error *error)
{
    struct lake *lake;
    struct arrivals arrivals;
    struct buffer sql;
    struct arena arena;
    struct lake_result *result = NULL;

    buffer_init(&sql, 0);
    arena_init(&arena, 0);
    enum status status;
    TRY_GOTO(list_arrivals(session, after_import, &arena, &arrivals, error));
    TRY_GOTO(arrivals_sql(session, &arrivals, &arena, &sql, error));
    if (sql.length) { /* else no part holds any of them */
        TRY_GOTO(session_lake(session, &lake, error));
        TRY_GOTO(lake_query(lake, sql.data, &result, error));
        TRY_GOTO(add_customers(result, fresh, error));
    }

done:
    lake_result_free(result);
    buffer_release(&sql);
    arena_release(&arena);
    return status;
}

static enum status look_back(struct session *session, const struct session_view *view,
                             const struct catalog_refresh *last, struct arena *arena,
                             struct since *since, struct error *error)
{
    *since = (struct since){.is_first = !last, .fresh = bitmap_new()};
    if (!last)
        return STATUS_OK;
    since->moment = last->moment;
    since->recorded = last->recorded;

    struct catalog *catalog = store_catalog(session_store(session));
    uint32_t undone;
    const char *seen;
    TRY(engine_refresh_stale(session, last, arena, &undone, error));
    since->undone = undone != 0;
    TRY(catalog_setting(catalog, "refresh.last_import", arena, &seen, error));
    struct segment_needs needs = segment_needs(view->set, session_schema(session), NULL, -1, arena);
    add_newer(view, &needs, last->moment, since->fresh);
    return add_received(session, seen ? (uint32_t)strtoul(seen, NULL, 10) : 0, since->fresh, error);
}

enum { HASH_STEP = 31 }; /* odd, so that nothing is lost; what is used counts in its order */

/* The text a segment's membership hangs on: its own definition and those of all it uses. */
static uint64_t definition_hash(const struct segment_set *set, int segment, struct bitmap *seen)
{
    if (bitmap_contains(seen, (uint32_t)segment))
        return 0;
    bitmap_add(seen, (uint32_t)segment);
    const struct segment_definition *definition = &set->segments[segment];
    uint64_t hash = text_hash(text_from(definition->text));

    for (int u = 0; u < definition->use_count; u++)
        hash = hash * HASH_STEP + definition_hash(set, definition->uses[u], seen);
    return hash;
}

static enum status definition_changed(struct session *session, const struct segment_set *set,
                                      int segment, struct refresh_note *note, struct arena *arena,
                                      bool *changed, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    struct bitmap *seen = bitmap_new();
    char *hash =
        arena_printf(arena, "%016llx", (unsigned long long)definition_hash(set, segment, seen));
    char *key = arena_printf(arena, "refresh.definition.%s", set->segments[segment].name);
    bitmap_free(seen);
    const char *before;
    TRY(catalog_setting(catalog, key, arena, &before, error));

    /* Hashes are kept under the segment's name, so a definition that was deleted and
     * written again as it was is unchanged. */
    *changed = !before || strcmp(before, hash) != 0;
    if (!*changed)
        return STATUS_OK;
    refresh_note_definition(note, set->segments[segment].name, before);
    return catalog_set_setting(catalog, key, hash, error);
}

/* Splits who moved by cause and writes each part down. */
static enum status record_move(struct session *session, uint32_t refresh, const char *segment,
                               bool entered, const struct since *since, bool definition,
                               struct bitmap *moved, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    if (bitmap_count(moved) == 0)
        return STATUS_OK;
    if (definition || since->is_first)
        return catalog_add_membership(catalog, refresh, segment, entered, CAUSE_DEFINITION, moved,
                                      error);

    /* Who has new facts may still have moved with time alone; nobody can tell, and
     * facts are what people look for. */
    struct bitmap *facts = bitmap_copy(moved), *rest = bitmap_copy(moved);
    bitmap_and(facts, since->fresh);
    bitmap_andnot(rest, since->fresh);

    enum status status = STATUS_OK;
    if (bitmap_count(facts))
        status =
            catalog_add_membership(catalog, refresh, segment, entered, CAUSE_FACTS, facts, error);
    if (status == STATUS_OK && bitmap_count(rest))
        status = catalog_add_membership(catalog, refresh, segment, entered,
                                        since->undone ? CAUSE_UNDO : CAUSE_TIME, rest, error);
    bitmap_free(facts);
    bitmap_free(rest);
    return status;
}

static enum status record_segment(struct session *session, const struct session_view *view,
                                  int segment, uint32_t refresh, const struct since *since,
                                  struct refresh_note *note, struct arena *arena,
                                  struct engine_refresh *out, struct error *error)
{
    const char *name = view->set->segments[segment].name;
    struct bitmap *before = NULL;
    bool definition;

    TRY(definition_changed(session, view->set, segment, note, arena, &definition, error));
    TRY(catalog_members(store_catalog(session_store(session)), name, INT64_MAX, &before, error));
    struct bitmap *entered = numbers_of(view->population, view->result, segment), *left = before;
    struct bitmap *now = bitmap_copy(entered);

    /* Three sets by number: members before, now, and the differences both ways. */
    bitmap_andnot(entered, before);
    bitmap_andnot(left, now);

    struct session_segment *line = &out->segments.items[segment];
    line->recorded = true;
    line->entered = bitmap_count(entered);
    line->left = bitmap_count(left);
    out->entered += line->entered;
    out->left += line->left;
    enum status status = record_move(session, refresh, name, false, since, definition, left, error);
    if (status == STATUS_OK)
        status = record_move(session, refresh, name, true, since, definition, entered, error);
    bitmap_free(entered);
    bitmap_free(left);
    bitmap_free(now);
    return status;
}

static void list_sizes(const struct session_view *view, struct arena *arena,
                       struct engine_refresh *out)
{
    const struct segment_set *set = view->set;
    struct session_segments *segments = &out->segments;
    segments->customers = plan_result_customers(view->result);
    segments->items = ARENA_ARRAY(arena, struct session_segment, (size_t)set->segment_count + 1);
    segments->count = (size_t)set->segment_count;
    segments->has_refresh = true;
    segments->refreshed = view->now;
    out->customers = segments->customers;
    for (int i = 0; i < set->segment_count; i++) {
        struct session_segment *line = &segments->items[i];

        /* Names are copied: definitions may be loaded anew before the answer is read. */
        *line = (struct session_segment){.index = i,
                                         .name = arena_strdup(arena, set->segments[i].name)};
        line->title = set->segments[i].title ? arena_strdup(arena, set->segments[i].title) : NULL;
        line->scheme = set->segments[i].scheme >= 0
                           ? arena_strdup(arena, set->schemes[set->segments[i].scheme].name)
                           : NULL;
        line->customers = plan_result_count(view->result, i);
        line->share =
            segments->customers ? (double)line->customers / (double)segments->customers : 0;
    }
}

/* What the next refresh, and taking this one back, need to know. */
static enum status remember(struct session *session, struct refresh_note *note, uint32_t number,
                            struct arena *arena, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    uint64_t next;
    const char *seen;
    TRY(catalog_counter(catalog, CATALOG_NEXT_IMPORT, &next, error));
    TRY(catalog_setting(catalog, "refresh.last_import", arena, &seen, error));
    TRY(refresh_note_save(session, note, number, seen, next - 1, arena, error));
    return catalog_set_setting(catalog, "refresh.last_import",
                               arena_printf(arena, "%llu", (unsigned long long)(next - 1)), error);
}

static enum status record_all(struct session *session, const struct session_view *view,
                              const struct catalog_refresh *last, struct refresh_note *note,
                              struct arena *arena, struct engine_refresh *out, struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    struct since since;
    struct buffer all;
    buffer_init(&all, 0);
    enum status status = session_export(session, &all, error);
    char hash[32];
    snprintf(hash, sizeof hash, "%016llx",
             (unsigned long long)text_hash((struct text){all.data, all.length}));
    buffer_release(&all);
    TRY(status);

    /* All definitions as a hash: whether two refreshes asked the same. */
    struct catalog_refresh refresh = {
        .moment = view->now, .recorded = session_now(session), .definitions = hash};
    uint32_t number;
    TRY(catalog_add_refresh(catalog, &refresh, &number, error));
    out->number = (int)number;

    status = look_back(session, view, last, arena, &since, error);
    for (int s = 0; status == STATUS_OK && s < view->set->segment_count; s++)
        status = record_segment(session, view, s, number, &since, note, arena, out, error);
    bitmap_free(since.fresh);
    return status == STATUS_OK ? remember(session, note, number, arena, error) : status;
}

static enum status refuse_earlier(const struct session *session, const struct catalog_refresh *last,
                                  struct error *error)
{
    char at[MOMENT_TEXT_MAX];
    enum status status = error_set(error, STATUS_ERROR,
                                   "the last refresh was at %s; a refresh must be later than that",
                                   moment_format(session_zone(session), last->moment, at));
    error_hint(
        error,
        "records only go forward; to look back, ask with --as-of: strata segments --as-of T; "
        "strata refresh --undo takes a mistaken refresh back");
    return status;
}

/* The last refresh that counts, or NULL. Those at or after the moment give way when an import that
 * they saw was taken back since; else they block. */
static enum status find_last(struct session *session, struct store_change *change,
                             const struct session_moment *moment, struct arena *arena,
                             struct engine_refresh *out, const struct catalog_refresh **last,
                             struct error *error)
{
    struct catalog_refresh *refreshes;
    size_t count;
    TRY(catalog_refreshes(store_catalog(session_store(session)), arena, &refreshes, &count, error));
    out->replaced = ARENA_ARRAY(arena, struct engine_unrefreshed, count + 1);

    size_t kept = count;
    for (; kept && moment->now <= refreshes[kept - 1].moment; kept--) {
        uint32_t import;
        TRY(engine_refresh_stale(session, &refreshes[kept - 1], arena, &import, error));
        if (!import)
            return refuse_earlier(session, &refreshes[kept - 1], error);
    }

    /* Newest first: each took the one before it as given. */
    for (; count > kept; count--)
        TRY(unrefresh_within(session, change, &refreshes[count - 1], arena,
                             &out->replaced[out->replaced_count++], error));
    *last = kept ? &refreshes[kept - 1] : NULL;
    return STATUS_OK;
}

static enum status score_and_record(struct session *session, struct store_change *change,
                                    const struct session_moment *moment,
                                    const struct catalog_refresh *last, struct refresh_note *note,
                                    struct arena *arena, struct engine_refresh *out,
                                    struct error *error)
{
    struct session_view view;
    struct study_scored scored;
    TRY(study_score_all(session, change, moment, arena, &scored, error));
    out->scored = scored.count;
    out->models = scored.failed;
    out->model_count = scored.failed_count;

    /* Scores are told first and evaluated with the rest: a segment may read them. */
    refresh_note_models(note, &scored);
    TRY(session_evaluate_over(session, scored.picture.population, scored.picture.below, moment,
                              &view, error));
    list_sizes(&view, arena, out);
    enum status status = record_all(session, &view, last, note, arena, out, error);
    session_view_close(&view);
    return status;
}

static enum status refresh_within(struct session *session, struct store_change *change,
                                  const struct session_moment *moment, struct arena *arena,
                                  struct engine_refresh *out, struct error *error)
{
    const struct catalog_refresh *last = NULL;
    struct refresh_note note;
    TRY(find_last(session, change, moment, arena, out, &last, error));

    enum status status = refresh_note_begin(session, &note, error);
    if (status == STATUS_OK)
        status = score_and_record(session, change, moment, last, &note, arena, out, error);
    refresh_note_release(&note);
    return status;
}

enum status engine_refresh(struct session *session, const struct session_moment *moment,
                           struct arena *arena, struct engine_refresh *out, struct error *error)
{
    struct store_change *change;
    *out = (struct engine_refresh){.moment = moment->now};
    TRY(store_begin(session_store(session), &change, error));
    return session_end_change(session, change,
                              refresh_within(session, change, moment, arena, out, error), error);
}
