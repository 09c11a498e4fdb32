/*
 * The engine: the use-cases that the command line, the library and later the server share. It opens
 * everything a store is made of, loads what a question needs, asks the rooms below, and gives back
 * plain results in the caller's arena.
 *
 * An engine belongs to one thread at a time. It prints nothing: what people should know besides the
 * answer comes back as notices.
 */
#ifndef STRATA_ENGINE_ENGINE_H
#define STRATA_ENGINE_ENGINE_H

#include "base/json.h"
#include "insight/insight.h"
#include "plan/plan.h"
#include "segment/reads.h"

struct engine;
struct store;
struct lake;
struct catalog_list;

struct engine_options {
    const char *path;    /* the store */
    bool write;          /* take the writer's lock */
    const char *command; /* who asks, for the lock's holder line: "strata import" */
    int threads;         /* 0: as many as the machine offers */
};
enum status engine_open(const struct engine_options *options, struct engine **out,
                        struct error *error);
void engine_close(struct engine *engine);

/* Makes an empty store. zone NULL: UTC; currency NULL: none. */
enum status engine_create(const char *path, const char *zone, const char *currency,
                          struct error *error);

struct store *engine_store(struct engine *engine);
const struct schema *engine_schema(const struct engine *engine);
const struct zone *engine_zone(const struct engine *engine);
/* The saved definitions, checked; empty when there are none. Valid until definitions change. */
const struct segment_set *engine_definitions(const struct engine *engine);
/* Saved definitions that are left out, because they no longer fit the store or could not be
 * evaluated at the moment last asked about: the i-th one's name and why; false past the last. */
bool engine_broken(const struct engine *engine, size_t i, const char **name, const char **why);
struct pool *engine_pool(struct engine *engine);
/* Seconds since 1970, now. STRATA_NOW (a moment) overrides the clock, for tests and documents. */
int64_t engine_now(const struct engine *engine);

/*
 * The moment a question is about. text: NULL for now, "latest" for just after the newest fact (the
 * end of its day where facts have no times of day; implausible dates do not count, latest.c), else
 * a date (its local midnight) or a moment. known_at likewise, or NULL for everything known. When
 * the newest fact is more than 30 days before the moment, *notice says so and names --as-of; else
 * it is NULL.
 */
struct engine_moment {
    int64_t now;
    int64_t known_at; /* INT64_MAX: everything */
    bool has_facts;
    int64_t newest;     /* of all facts in the store that are not implausible */
    const char *notice; /* in arena, or NULL */
};
enum status engine_moment(struct engine *engine, const char *as_of, const char *known_at,
                          struct arena *arena, struct engine_moment *out, struct error *error);

/* Merges small parts where many lie about; to be called after imports. Nothing is lost when it
 * fails or is killed. */
enum status engine_tidy(struct engine *engine, struct error *error);
/* A definition or a model that was left out, and why. */
struct engine_trouble {
    const char *name, *why;
};
/* Takes an import back. What hangs on its facts and stays is named: refreshes that saw them, as
 * history; models that were fitted with them. Definitions that no longer fit are among
 * engine_broken. Memory: arena. */
struct engine_undone {
    const int *refreshes; /* numbers */
    size_t refresh_count;
    const char **models;
    const bool *model_scores; /* whether each has told scores, which stay */
    size_t model_count;
    struct engine_trouble *breaks; /* definitions that fit the store with it and not without it */
    size_t break_count;
    struct engine_undone_list {
        const char *name;
        size_t gone; /* identifiers that are no customers any more; not counted in a dry run */
    } * lists;
    size_t list_count;
};
/* The same without doing it; the engine has to be open for writing all the same. */
enum status engine_undo_plan(struct engine *engine, uint32_t number, struct arena *arena,
                             struct engine_undone *out, struct error *error);
enum status engine_undo(struct engine *engine, uint32_t number, struct arena *arena,
                        struct engine_undone *out, struct error *error);
/* Reads the definitions again, after the store or they changed. */
enum status engine_reload(struct engine *engine, struct error *error);

/* What an import into this store may not break: for ingest_options.guard. Memory: arena, which has
 * to outlive the import. */
struct ingest_guard;
enum status engine_guard(struct engine *engine, struct arena *arena, struct ingest_guard *out,
                         struct error *error);

/* ---- evaluation ---- */

/* What one evaluation gives: the population as far as it was needed, and the memberships. Free with
 * engine_view_close.
 */
struct engine_view {
    const struct segment_set *set;
    struct population *population;
    struct population *below; /* what population lies over, or NULL */
    struct plan_result *result;
    int64_t now;
};
/* Evaluates the segments (indexes into set; count −1: all). more: columns to load besides what they
 * need, or NULL. set: NULL for the saved definitions. Of all saved definitions, those that cannot
 * be evaluated at the moment are left out (engine_broken) and the others go on; look up indexes in
 * out->set then. */
enum status engine_evaluate(struct engine *engine, const struct segment_set *set,
                            const int *segments, int count, const struct segment_needs *more,
                            const struct engine_moment *moment, struct engine_view *out,
                            struct error *error);
void engine_view_close(struct engine_view *view);

struct engine_segment {
    int index; /* in the set */
    const char *name, *title, *scheme;
    uint64_t customers;
    double share;           /* of those who exist */
    bool recorded;          /* entered and left say something */
    uint64_t entered, left; /* at the last refresh at or before the moment */
};
struct engine_segments {
    uint64_t customers; /* who exist */
    struct engine_segment *items;
    size_t count;
    bool has_refresh;
    int64_t refreshed; /* the moment of that refresh */
};
enum status engine_segments(struct engine *engine, const struct engine_moment *moment,
                            struct arena *arena, struct engine_segments *out, struct error *error);

struct engine_count {
    uint64_t customers, of;
    struct segment_problems problems; /* warnings */
};
/* Problems are filled on failure too. */
enum status engine_count(struct engine *engine, struct text condition,
                         const struct engine_moment *moment, struct arena *arena,
                         struct engine_count *out, struct error *error);

/* Identifiers of the members of a segment (by name) or of a condition (segment NULL), by customer
 * number. */
struct engine_members {
    size_t count;
    struct text *identifiers;
    uint32_t *numbers;
};
enum status engine_members(struct engine *engine, const char *segment, struct text condition,
                           const struct engine_moment *moment, struct arena *arena,
                           struct engine_members *out, struct error *error);
/*
 * A list of members with columns beside the identifier (listing.h). texts: values or conditions of
 * the language, "email", "sum(order.amount)", "spent=sum(order.amount)": what stands before the =
 * is the column's heading. STATUS_USAGE when one is neither, or when two headings are the same.
 * Free with engine_listing_free.
 */
struct engine_listing;
enum status engine_listing_new(struct engine *engine, const char *segment, const char *const *texts,
                               size_t count, const struct engine_moment *moment,
                               struct engine_listing **out, struct error *error);
void engine_listing_free(struct engine_listing *listing);
/* To a Parquet file at path. */
enum status engine_listing_parquet(struct engine *engine, const struct engine_listing *listing,
                                   const char *path, struct error *error);
/* Index of the segment or STATUS_NOT_FOUND with the nearest name. */
enum status engine_find_segment(struct engine *engine, const char *name, int *index,
                                struct error *error);

/* ---- definitions ---- */

struct engine_change {
    const char *name;
    enum { ENGINE_ADDED, ENGINE_CHANGED, ENGINE_REMOVED, ENGINE_UNCHANGED } what;
    uint64_t before, after, joins, leaves;
};
struct engine_apply {
    struct segment_problems problems;
    struct engine_change
        *changes; /* unchanged segments whose members change too (through others) are there */
    size_t count;
    uint64_t customers;
    struct segment_set *set;    /* what would be saved */
    struct catalog_list *lists; /* static lists to be copied */
    size_t list_count;
    const char **removed; /* names of removed segments and schemes */
    size_t removed_count;
    const char **removed_lists;
    size_t removed_list_count;
};
/* Checks everything and says what would change; saves nothing. Paths of static lists are relative
 * to their source's folder. */
enum status engine_apply_plan(struct engine *engine, const struct segment_source *sources,
                              size_t count, bool prune, const struct engine_moment *moment,
                              struct arena *arena, struct engine_apply *out, struct error *error);
/* Saves what engine_apply_plan found, in one transaction. */
enum status engine_apply_save(struct engine *engine, const struct engine_apply *apply,
                              struct error *error);
/* Removes segments or schemes, all or none; refused while one that stays uses them. */
enum status engine_delete(struct engine *engine, const char *const *names, size_t count,
                          struct error *error);
/* All definitions as one canonical source. */
enum status engine_export(struct engine *engine, struct buffer *out, struct error *error);

/* ---- records ---- */

struct engine_refresh {
    int64_t moment;
    int number;
    uint64_t customers, entered, left;
    size_t scored; /* models */
    struct engine_unrefreshed
        *replaced; /* refreshes that gave way, because an import they saw was taken back */
    size_t replaced_count;
    struct engine_trouble
        *models; /* those that could not be scored; definitions left out are among engine_broken */
    size_t model_count;
    struct engine_segments segments;
};
/* Evaluates everything at the moment and records who entered and who left and why. What cannot be
 * evaluated or scored is left out and named; nothing is recorded of it. Refused when the moment is
 * not later than the last, unless that saw an import which was taken back since: then it is taken
 * back and gives way. */
enum status engine_refresh(struct engine *engine, const struct engine_moment *moment,
                           struct arena *arena, struct engine_refresh *out, struct error *error);
/* Takes the last refresh back, exactly: its records, the scores told with it, what it remembered
 * for the next. STATUS_NOT_FOUND when there is none. */
struct engine_unrefreshed {
    int number;
    int64_t moment;
    uint64_t entered, left; /* customers whose entry and exit is forgotten, over all segments */
    size_t scores;          /* models whose scores went */
};
enum status engine_unrefresh(struct engine *engine, struct arena *arena,
                             struct engine_unrefreshed *out, struct error *error);
/* Sizes of every segment at every refresh up to a moment. */
struct engine_history {
    size_t refreshes;
    int64_t *moment;
    uint64_t *customers; /* refresh × segment_count of the set, members after it; UINT64_MAX where
                            not recorded */
    int segment_count;
};
enum status engine_history(struct engine *engine, int64_t until, struct arena *arena,
                           struct engine_history *out, struct error *error);

/* ---- understanding ---- */

enum status engine_explain(struct engine *engine, const char *segment, const char *customer,
                           const struct engine_moment *moment, struct arena *arena,
                           struct buffer *text, struct json *json, struct error *error);

struct engine_profile {
    int segment;
    const char *name, *title, *text;
    uint64_t customers, others;
    double share;
    struct insight_profile profile;
    const struct insight_lost *lost; /* values that cannot be compared at the moment, and why */
    size_t lost_count;
    struct insight_money year,
        year_others;        /* revenue of the 365 days up to the moment; without revenue: zero */
    const char *revenue_of; /* "order.amount" or NULL */
    size_t sizes; /* size over time: at refreshes if there are two or more, else at month ends */
    bool sizes_recorded;
    int64_t *size_moment;
    uint64_t *size_customers;
};
enum status engine_profile(struct engine *engine, const char *segment,
                           const struct engine_moment *moment, struct arena *arena,
                           struct engine_profile *out, struct error *error);

struct engine_overlap {
    struct engine_view view;
    struct insight_overlap overlap;
    int *segments;
    int segment_count;
    size_t all_pairs; /* how many have customers in common */
};
/* names: the segments to compare; count 0: all but those of schemes. At most `most` pairs and
 * combinations are kept, the largest. Close the view. */
enum status engine_overlap(struct engine *engine, const char *const *names, size_t count,
                           size_t most, const struct engine_moment *moment, struct arena *arena,
                           struct engine_overlap *out, struct error *error);

struct engine_kind {
    const char *name;
    enum schema_role role;
    uint64_t rows, customers;
    bool has_times;
    int64_t first, last;
    const struct schema_table *table;
};
struct engine_status {
    const char *path, *zone, *currency;
    uint64_t customers, facts, bytes;
    int imports, segments, schemes, refreshes;
    bool has_refresh;
    int64_t last_refresh;
    struct engine_kind *kinds;
    size_t kind_count;
};
enum status engine_status(struct engine *engine, struct arena *arena, struct engine_status *out,
                          struct error *error);

/* ---- answers as JSON, the same for commands, library and report: fields of an object that is open
 * ---- */

void engine_write_segment(const struct engine_segment *segment, struct json *json);
/* "broken": the definitions that are left out, each with why; nothing when there are none. */
void engine_write_broken(const struct engine *engine, struct json *json);
/* "sizes"; UINT64_MAX where nothing is recorded. */
void engine_write_sizes(const struct engine *engine, const int64_t *moment,
                        const uint64_t *customers, size_t count, struct json *json);
/* "traits": at most so many of those by definition, and of the others. */
void engine_write_traits(const struct insight_profile *profile, size_t most, struct json *json);
/* As the member "lost" of an object, when there are any. */
void engine_write_lost(const struct insight_lost *lost, size_t count, struct json *json);

/* ---- SQL of users: one SELECT over the store's views, reading only (src/lake/lake.h says how
 * results are read) ----
 */
struct engine_sql;
struct lake_result;
enum status engine_sql_open(struct engine *engine, const char *statement, struct engine_sql **out,
                            struct error *error);
struct lake_result *engine_sql_result(struct engine_sql *sql);
void engine_sql_close(struct engine_sql *sql);
/* Its result as a Parquet file at path. */
enum status engine_sql_parquet(struct engine *engine, const char *statement, const char *path,
                               struct error *error);

/* The report's data as JSON (docs/report-data.md), and the report itself: one HTML file. options
 * may be NULL. */
struct engine_report_options {
    const char *title;           /* NULL: the store's name */
    const char *const *sections; /* NULL-terminated names; NULL: all that have something to show */
};
enum status engine_report_data(struct engine *engine, const struct engine_moment *at,
                               const struct engine_report_options *options, struct buffer *out,
                               struct error *error);
enum status engine_report(struct engine *engine, const struct engine_moment *at,
                          const struct engine_report_options *options, struct buffer *html,
                          struct error *error);
/* STATUS_USAGE with all names and the nearest one when `name` is no section of the report. */
enum status engine_report_section_check(const char *name, struct error *error);

#endif
