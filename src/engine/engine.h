/*
 * The use-cases that the command line, the library and later the server share, on an
 * open store (session/session.h): taking imports and refreshes back, refreshing,
 * explaining, profiles, overlap, lists, SQL, the report. Results are plain and in the
 * caller's arena.
 */
#ifndef STRATA_ENGINE_ENGINE_H
#define STRATA_ENGINE_ENGINE_H

#include "base/json.h"
#include "ingest/ingest.h"
#include "insight/insight.h"
#include "session/definitions.h"
#include "session/evaluate.h"
#include "session/snapshot.h"

/* ---- imports ---- */

/* One import, whole: what saved definitions need is guarded, small parts are merged
 * afterwards, and the definitions are looked at anew. options: guard and now are set
 * here. progress may be NULL. The summary is filled as ingest_run says; memory: arena. */
struct engine_import {
    struct ingest_summary summary;
    struct error untidy; /* the import is made, but this failed afterwards; STATUS_OK: nothing */
};
enum status engine_import(struct session *session, struct ingest_options *options,
                          const struct ingest_progress *progress, struct arena *arena,
                          struct engine_import *out, struct error *error);

/* Takes an import back. What hangs on its facts and stays is named: refreshes that saw
 * them, as history; models that were fitted with them. Definitions that no longer fit
 * are among session_broken. Memory: arena. */
struct engine_undone {
    const int *refreshes; /* numbers */
    size_t refresh_count;
    const char **models;
    const bool *model_scores; /* whether each has told scores, which stay */
    size_t model_count;
    struct session_trouble *breaks; /* definitions that fit the store with it and not without it */
    size_t break_count;
    struct engine_undone_list {
        const char *name;
        size_t gone; /* identifiers that are no customers any more; not counted in a dry run */
    } * lists;
    size_t list_count;
};
/* The same without doing it; the engine has to be open for writing all the same. */
enum status engine_undo_plan(struct session *session, uint32_t number, struct arena *arena,
                             struct engine_undone *out, struct error *error);
enum status engine_undo(struct session *session, uint32_t number, struct arena *arena,
                        struct engine_undone *out, struct error *error);
/*
 * A list of members with columns beside the identifier (listing.h). texts: values or
 * conditions of the language, "email", "sum(order.amount)", "spent=sum(order.amount)":
 * what stands before the = is the column's heading. STATUS_USAGE when one is neither,
 * or when two headings are the same. Free with engine_listing_free.
 */
struct engine_listing;
enum status engine_listing_new(struct session *session, const char *segment,
                               const char *const *texts, size_t count,
                               const struct session_moment *moment, struct engine_listing **out,
                               struct error *error);
void engine_listing_free(struct engine_listing *listing);
/* To a Parquet file at path. */
enum status engine_listing_parquet(struct session *session, const struct engine_listing *listing,
                                   const char *path, struct error *error);
/* ---- refreshes ---- */

struct engine_refresh {
    int64_t moment;
    int number;
    uint64_t customers, entered, left;
    size_t scored; /* models */
    /* refreshes that gave way, because an import they saw was taken back */
    struct engine_unrefreshed *replaced;
    size_t replaced_count;
    /* those that could not be scored; definitions left out are among session_broken */
    struct session_trouble *models;
    size_t model_count;
    struct session_segments segments;
};
/* Evaluates everything at the moment and records who entered and who left and why. What
 * cannot be evaluated or scored is left out and named; nothing is recorded of it.
 * Refused when the moment is not later than the last, unless that saw an import which
 * was taken back since: then it is taken back and gives way. */
enum status engine_refresh(struct session *session, const struct session_moment *moment,
                           struct arena *arena, struct engine_refresh *out, struct error *error);
/* Takes the last refresh back, exactly: its records, the scores told with it, what it
 * remembered for the next. STATUS_NOT_FOUND when there is none. */
struct engine_unrefreshed {
    int number;
    int64_t moment;
    uint64_t entered, left; /* customers whose entry and exit is forgotten, over all segments */
    size_t scores;          /* models whose scores went */
};
enum status engine_unrefresh(struct session *session, struct arena *arena,
                             struct engine_unrefreshed *out, struct error *error);
/* ---- understanding ---- */

enum status engine_explain(struct session *session, const char *segment, const char *customer,
                           const struct session_moment *moment, struct arena *arena,
                           struct buffer *text, struct json *json, struct error *error);

/* The same of a snapshot, on the caller's thread; facts show the columns that the
 * snapshot holds.
 */
enum status engine_explain_snapshot(const struct session_snapshot *snapshot, const char *segment,
                                    const char *customer, struct arena *arena, struct buffer *text,
                                    struct json *json, struct error *error);

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
enum status engine_profile(struct session *session, const char *segment,
                           const struct session_moment *moment, struct arena *arena,
                           struct engine_profile *out, struct error *error);

struct engine_overlap {
    struct session_view view;
    struct insight_overlap overlap;
    int *segments;
    int segment_count;
    size_t all_pairs; /* how many have customers in common */
};
/* names: the segments to compare; count 0: all but those of schemes. At most `most`
 * pairs and combinations are kept, the largest. Close the view. */
enum status engine_overlap(struct session *session, const char *const *names, size_t count,
                           size_t most, const struct session_moment *moment, struct arena *arena,
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
/* "facts", "traits", "reference". */
const char *engine_role_name(enum schema_role role);
enum status engine_status(struct session *session, struct arena *arena, struct engine_status *out,
                          struct error *error);

/* ---- answers as JSON, the same for commands, library and report: fields of an object
 * that is open ---- */

void engine_write_segment(const struct session_segment *segment, struct json *json);
/* An object: what strata verify found. */
void engine_write_verification(const struct store_verification *seen, struct json *json);
/* "broken": the definitions that are left out, each with why; nothing when there are none. */
void engine_write_broken(const struct session *session, struct json *json);
/* "sizes"; UINT64_MAX where nothing is recorded. */
void engine_write_sizes(const struct session *session, const int64_t *moment,
                        const uint64_t *customers, size_t count, struct json *json);
/* "traits": at most so many of those by definition, and of the others. */
void engine_write_traits(const struct insight_profile *profile, size_t most, struct json *json);
/* As the member "lost" of an object, when there are any. */
void engine_write_lost(const struct insight_lost *lost, size_t count, struct json *json);

/* Each of the following is a whole value. */
void engine_write_segments(const struct session *session, const struct session_segments *segments,
                           int64_t now, struct json *json);
void engine_write_profile(const struct session *session, const struct engine_profile *profile,
                          struct json *json);
void engine_write_overlap(const struct session *session, const struct engine_overlap *overlap,
                          struct json *json);
void engine_write_status(const struct session *session, const struct engine_status *status,
                         struct json *json);
struct catalog_import;
void engine_write_imports(const struct session *session, const struct catalog_import *imports,
                          size_t count, struct json *json);
struct study_customer;
void engine_write_reasons(const struct study_customer *reasons, struct json *json);
/* The types of models with their options, as an array; only: of that type alone, or NULL. */
void engine_write_model_types(const char *only, struct json *json);

/* ---- SQL of users: one SELECT over the store's views, reading only (src/lake/lake.h
 * says how results are read) ----
 */
struct engine_sql;
struct lake_result;
enum status engine_sql_open(struct session *session, const char *statement, struct engine_sql **out,
                            struct error *error);
struct lake_result *engine_sql_result(struct engine_sql *sql);
/* From here on the session's interrupt does not concern it. */
void engine_sql_detach(struct engine_sql *sql);
void engine_sql_close(struct engine_sql *sql);
/* Its result as a Parquet file at path. */
enum status engine_sql_parquet(struct session *session, const char *statement, const char *path,
                               struct error *error);

/* The report's data as JSON (docs/report-data.md), and the report itself: one HTML
 * file. options may be NULL. */
struct engine_report_options {
    const char *title;           /* NULL: the store's name */
    const char *const *sections; /* NULL-terminated names; NULL: all that have something to show */
};
enum status engine_report_data(struct session *session, const struct session_moment *at,
                               const struct engine_report_options *options, struct buffer *out,
                               struct error *error);
enum status engine_report(struct session *session, const struct session_moment *at,
                          const struct engine_report_options *options, struct buffer *html,
                          struct error *error);
/* STATUS_USAGE with all names and the nearest one when `name` is no section of the report. */
enum status engine_report_section_check(const char *name, struct error *error);

#endif
