/* What the engine's files share. */
#ifndef STRATA_ENGINE_INTERNAL_H
#define STRATA_ENGINE_INTERNAL_H

#include "engine/engine.h"

#include "base/vector.h"
#include "catalog/catalog.h"
#include "lake/lake.h"
#include "store/store.h"

/* Definitions that fit the store but cannot be evaluated at a moment (leave_out.c). */
struct engine_left_out {
    int64_t moment;
    struct engine_trouble *items;
    size_t count;
};

struct engine {
    struct store *store;
    struct lake *lake; /* opened when first needed */
    struct pool *pool; /* likewise */
    struct zone *zone;
    int threads;
    struct segment_set *definitions; /* loaded when first needed; NULL after a change */
    struct arena arena;              /* as long as the engine */
    struct engine_trouble *broken;   /* definitions that no longer fit the store, left out */
    size_t broken_count;
    struct engine_left_out left_out;
    VECTOR(struct segment_set *)
    retired; /* sets that were replaced while somebody may still look at them */
};

enum status engine_lake(struct engine *engine, struct lake **out, struct error *error);
/* The newest fact that is not implausible, and the moment `latest` (latest.c), which may be NULL.
 * *found: there is a dated fact. */
enum status engine_newest(struct engine *engine, bool *found, int64_t *newest, int64_t *latest,
                          struct error *error);
/* Loads definitions unless that is done. */
enum status engine_load_definitions(struct engine *engine, struct error *error);
void engine_forget_definitions(struct engine *engine);
/* Commits a change whose preparation ended in `status`, or takes it back. Definitions that were
 * loaded meanwhile were made for what the change was to become: when it fails they are forgotten.
 */
enum status engine_end_change(struct engine *engine, struct store_change *change,
                              enum status status, struct error *error);
/* After evaluating all saved definitions failed over this population: leaves out those that bring
 * the failure about, and names them among the broken. Sets whose pointers are held stay alive until
 * the engine is closed. STATUS_ERROR, with `why` as it was, when no definition is to blame. */
enum status engine_leave_out(struct engine *engine, const struct population *population,
                             int64_t moment, const struct error *why, struct error *error);
/* What was left out for another moment comes back. */
enum status engine_take_in_again(struct engine *engine, int64_t moment, struct error *error);
/* Why each segment of the set cannot be evaluated over the population at the moment, NULL where it
 * can; in arena. */
const char **engine_find_failing(struct engine *engine, const struct segment_set *set,
                                 const struct population *population, int64_t moment,
                                 struct arena *arena, size_t *count);
/* As engine_apply_save and engine_delete, but within a change that the caller has begun, commits,
 * and forgets the definitions after. */
enum status engine_apply_save_within(struct engine *engine, const struct engine_apply *apply,
                                     struct error *error);
enum status engine_delete_within(struct engine *engine, const char *const *names, size_t count,
                                 struct error *error);
/* Whether a population loaded with `held` holds all of needs. */
bool engine_needs_hold(const struct segment_needs *held, const struct segment_needs *needs);
/* Union of two needs, in arena. */
struct segment_needs engine_join_needs(const struct segment_needs *a, const struct segment_needs *b,
                                       struct arena *arena);
/* What all saved definitions read at the moment, in arena. */
enum status engine_saved_needs(struct engine *engine, const struct engine_moment *moment,
                               struct arena *arena, struct segment_needs *out, struct error *error);
/* As engine_evaluate of all saved definitions, over a population that holds what they read (NULL:
 * loads one). The view takes it over, and `below`, which it may lie over, whatever comes of it. */
enum status engine_evaluate_over(struct engine *engine, struct population *population,
                                 struct population *below, const struct engine_moment *moment,
                                 struct engine_view *out, struct error *error);
/* The population with what needs says, as known at moment->known_at. */
enum status engine_load_population(struct engine *engine, const struct segment_needs *needs,
                                   const struct engine_moment *moment, struct population **out,
                                   struct error *error);
/* Reads the files of the static lists that the set of apply names. */
enum status engine_read_lists(struct engine *engine, const struct segment_source *sources,
                              size_t count, struct arena *arena, struct engine_apply *apply,
                              struct error *error);
/* Puts lists that are not saved yet beside, or in place of, those of a loaded population. */
void engine_overlay_lists(struct population *population, const struct catalog_list *lists,
                          size_t count, struct arena *arena);
/* insight_features_new, with what the scores among them learnt. */
enum status engine_features_new(struct engine *engine, struct arena *arena,
                                struct insight_features *out, struct error *error);
/* Position of the customer; STATUS_NOT_FOUND, proposing who differs in zeros, capitals or hyphens
 * alone. */
enum status engine_find_customer(const struct population *population, const char *customer,
                                 uint32_t *position, struct error *error);
/* Adds a note for each list of apply that names somebody the population does not know. */
void engine_check_lists(const struct population *population, struct engine_apply *apply,
                        struct arena *arena);
/* How many of the list's identifiers the population knows. */
size_t engine_list_known(const struct population *population, const struct catalog_list *list);
/* Adds a note to those of apply. place: the file. */
void engine_add_note(struct segment_problems *problems, struct arena *arena, const char *place,
                     const char *message, const char *hint);
/* Notes about texts that are asked for and that no customer has, of the set's segments that the
 * sources define. */
void engine_check_texts(const struct population *population, const struct segment_set *set,
                        struct arena *arena, struct segment_problems *problems);
/* Whether the entry is in the list. */
bool engine_is_trouble(const struct engine_trouble *list, size_t count, const char *name);
/* What reading revenue needs. */
struct segment_needs engine_revenue_needs(const struct insight_revenue *revenue,
                                          struct arena *arena);
/* Before an import is taken back within a change: later scorings that stand on it are made whole
 * (model_silence.c). */
enum status engine_unfold_before_undo(struct engine *engine, struct store_change *change,
                                      uint32_t number, struct arena *arena, struct error *error);
/* Whether an import told the scores of that model (NULL: of any). */
bool engine_is_score(const struct catalog_import *import, const char *name);
/* Appends the sections that models bring to the report's object; wanted says which. */
enum status engine_report_models(struct engine *engine,
                                 bool (*wanted)(const void *context, const char *section),
                                 const void *context, struct json *json, struct error *error);
struct engine_judging;
/* Appends personas of a few segments. */
enum status engine_report_personas(const struct engine_judging *judging, struct json *json,
                                   struct error *error);
/* Members of a segment as numbers. */
struct bitmap *engine_numbers(const struct population *population, const struct plan_result *result,
                              int segment);

#endif
