/*
 * The report's data: everything the page shows, as one JSON value (docs/report-data.md). One
 * evaluation of all segments serves every section.
 */
#include "engine/findings.h"
#include "study/features.h"
#include "study/study.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

/* What the page has room for: more could be written, but nobody would find anything in it. */
enum {
    YEAR_DAYS = 365,
    MOST_GROUPS = 30,
    MOST_MONTHS = 24,
    MOST_TRAITS = 24,
    MOST_OVERLAP = 12,
    MONTH_LENGTH = 7, /* bytes of 2024-05 */
};
static const double figure_places = 1e4; /* shares to the hundredth of a percent */

struct reporting {
    struct session *session;
    const struct schema *schema;
    struct session_view view;
    struct insight_features features;
    struct insight_revenue revenue;
    struct insight_overlap overlap;
    struct session_segments segments;
    struct judge_history history;
    struct judge_evidence evidence; /* with the profiles that several sections read */
    struct judge_health health;
    const struct engine_report_options *options; /* NULL: none */
    struct engine_status status;
    bool has_facts;
    int64_t first, newest;       /* of all facts up to the moment */
    struct insight_money *money; /* a segment: of the last year */
    struct insight_money all;
    struct arena *arena;
    struct json json;
};

static void moment(struct reporting *report, const char *key, int64_t at)
{
    json_put_moment(&report->json, key, session_zone(report->session), at);
}

static void date(struct reporting *report, const char *key, int32_t day)
{
    char text[DATE_TEXT_MAX];
    json_put_string(&report->json, key, date_format(day, text));
}

/* Money to the hundredth; the page formats it. */
static void money(struct reporting *report, const char *key, double value)
{
    json_put_double(&report->json, key, round(value * 100) / 100);
}

static void write_store(struct reporting *report)
{
    const char *path = store_path(session_store(report->session)), *slash = strrchr(path, '/');
    json_put_object(&report->json, "store");
    json_put_string(&report->json, "name", slash && slash[1] ? slash + 1 : path);
    moment(report, "as_of", report->view.now);
    json_put_string(&report->json, "zone", report->schema->zone);
    json_put_string(&report->json, "currency", report->schema->currency);
    json_put_count(&report->json, "customers", report->segments.customers);
    json_write_end_object(&report->json);
}

/* ---- which sections ---- */

/* As the page orders them (web/src/sections/index.ts). */
static const char *const section_names[] = {
    "summary",  "overview",   "segments", "detail",  "overlap",  "schemes",     "revenue",
    "orders",   "cohorts",    "rfm",      "values",  "tracking", "calibration", "survival",
    "clusters", "lookalikes", "scales",   "surveys", "health",   "personas"};
enum { SECTIONS = sizeof section_names / sizeof *section_names };

enum status engine_report_section_check(const char *name, struct error *error)
{
    struct buffer all;
    for (int s = 0; s < SECTIONS; s++)
        if (strcmp(name, section_names[s]) == 0)
            return STATUS_OK;
    int near = text_nearest(name, section_names, SECTIONS);
    enum status status = error_set(error, STATUS_USAGE, "the report has no section '%s'%s%s%s",
                                   name, near >= 0 ? ": is it '" : "",
                                   near >= 0 ? section_names[near] : "", near >= 0 ? "'?" : "");

    buffer_init(&all, 0);
    for (int s = 0; s < SECTIONS; s++)
        buffer_printf(&all, "%s%s", s ? ", " : "", section_names[s]);
    error_hint(error, "sections are %s", all.data);
    buffer_release(&all);
    return status;
}

static bool wanted(const void *context, const char *section)
{
    const struct reporting *report = context;
    if (!report->options || !report->options->sections)
        return true;
    if (strcmp(section, "retention") == 0) /* shown with the cohorts */
        section = "cohorts";

    for (const char *const *name = report->options->sections; *name; name++)
        if (strcmp(*name, section) == 0)
            return true;
    return false;
}

static void write_options(struct reporting *report)
{
    if (!report->options)
        return;
    if (report->options->title)
        json_put_string(&report->json, "title", report->options->title);
    if (!report->options->sections)
        return;
    json_put_array(&report->json, "sections");
    for (const char *const *name = report->options->sections; *name; name++)
        json_write_string(&report->json, *name);
    json_write_end_array(&report->json);
}

/* From the first fact to the newest one. */
static void write_period(struct reporting *report)
{
    if (!report->has_facts)
        return;
    json_put_object(&report->json, "period");
    date(report, "from", zone_date(session_zone(report->session), report->first));
    date(report, "to", zone_date(session_zone(report->session), report->newest));
    json_write_end_object(&report->json);
}

/* Definitions that no longer fit the store, and values that cannot be compared. */
static void write_broken(struct reporting *report)
{
    engine_write_lost(report->features.lost, report->features.lost_count, &report->json);
    engine_write_broken(report->session, &report->json);
}

static void write_kind(struct reporting *report, const struct engine_kind *kind)
{
    json_write_object(&report->json);
    json_put_string(&report->json, "name", kind->name);
    json_put_count(&report->json, "facts", kind->rows);
    if (kind->customers)
        json_put_count(&report->json, "customers", kind->customers);
    if (kind->has_times) {
        moment(report, "first", kind->first);
        moment(report, "newest", kind->last);
    }
    json_write_end_object(&report->json);
}

/* A kind is stale when its newest fact is much older than the newest of all kinds. */
static void write_stale(struct reporting *report, const struct engine_status *status)
{
    int64_t newest = 0;
    for (size_t i = 0; i < status->kind_count; i++)
        if (status->kinds[i].role == SCHEMA_FACTS && status->kinds[i].last > newest)
            newest = status->kinds[i].last;

    /* Held against the newest of all kinds, not against today: a store that is no
     * longer fed is not stale in parts. */
    json_put_array(&report->json, "stale");
    for (size_t i = 0; i < status->kind_count; i++) {
        const struct engine_kind *kind = &status->kinds[i];
        int64_t days = (newest - kind->last) / SECONDS_A_DAY;
        if (kind->role != SCHEMA_FACTS || !kind->has_times || days <= FINDINGS_STALE)
            continue;
        json_write_object(&report->json);
        json_put_string(&report->json, "what", kind->name);
        moment(report, "since", kind->last);
        json_put_string(&report->json, "message",
                        arena_printf(report->arena,
                                     "nothing new for %lld days while other kinds went on",
                                     (long long)days));
        json_write_end_object(&report->json);
    }
    json_write_end_array(&report->json);
}

static void write_kinds(struct reporting *report)
{
    struct engine_status status = report->status;
    json_put_array(&report->json, "kinds");
    for (size_t i = 0; i < status.kind_count; i++)
        if (status.kinds[i].role == SCHEMA_FACTS)
            write_kind(report, &status.kinds[i]);
    json_write_end_array(&report->json);
    write_stale(report, &status);
}

/* ---- segments ---- */

static void write_sizes(struct reporting *report, int segment)
{
    const struct judge_history *history = &report->history;
    uint64_t *customers = ARENA_ARRAY(report->arena, uint64_t, history->refreshes + 1);
    for (size_t r = 0; r < history->refreshes; r++)
        customers[r] = history->customers[r * (size_t)history->segment_count + (size_t)segment];
    engine_write_sizes(report->session, history->moment, customers, history->refreshes,
                       &report->json);
}

static double per(double total, uint64_t count)
{
    return count ? total / (double)count : NAN;
}

static void write_figure(struct reporting *report, const char *label, double inside, double outside,
                         const char *unit)
{
    json_write_object(&report->json);
    json_put_string(&report->json, "label", label);
    json_put_double(&report->json, "inside",
                    isfinite(inside) ? round(inside * figure_places) / figure_places : NAN);
    json_put_double(&report->json, "outside",
                    isfinite(outside) ? round(outside * figure_places) / figure_places : NAN);
    json_put_string(&report->json, "unit", unit);
    json_write_end_object(&report->json);
}

static void write_value(struct reporting *report, const struct session_segment *segment)
{
    const struct insight_money *in = &report->money[segment->index];

    /* Everyone else is everybody less the segment: no second walk over the orders. */
    struct insight_money out = {report->all.facts - in->facts, report->all.buyers - in->buyers,
                                report->all.total - in->total};
    uint64_t others = report->segments.customers - segment->customers;

    json_put_array(&report->json, "value");
    write_figure(report, "Revenue a customer, last 365 days", per(in->total, segment->customers),
                 per(out.total, others), "money");
    write_figure(report, "Average order", per(in->total, in->facts), per(out.total, out.facts),
                 "money");
    write_figure(report, "Orders a customer", per((double)in->facts, segment->customers),
                 per((double)out.facts, others), "number");
    write_figure(report, "Share who bought", per((double)in->buyers, segment->customers),
                 per((double)out.buyers, others), "share");
    json_write_end_array(&report->json);
}

static void write_segment(struct reporting *report, const struct session_segment *segment)
{
    struct json *json = &report->json;
    json_write_object(json);
    engine_write_segment(segment, json);
    json_put_string(json, "label", findings_label(report->view.set, segment->index, report->arena));
    if (!wanted(report, "segments") && !wanted(report, "detail")) {
        json_write_end_object(json);
        return;
    }
    json_put_string(json, "definition", report->view.set->segments[segment->index].text);
    write_sizes(report, segment->index);
    if (report->revenue.property) {
        money(report, "revenue", report->money[segment->index].total);
        write_value(report, segment);
    }
    engine_write_traits(judge_profile(&report->evidence, segment->index), MOST_TRAITS, json);
    json_write_end_object(json);
}

static void write_segments(struct reporting *report)
{
    json_put_array(&report->json, "segments");
    for (size_t i = 0; i < report->segments.count; i++)
        write_segment(report, &report->segments.items[i]);
    json_write_end_array(&report->json);
}

/* ---- overlap ---- */

static const char *name_of(const struct reporting *report, int segment)
{
    return report->view.set->segments[segment].name;
}

static void write_pair(struct reporting *report, const struct insight_pair *pair)
{
    uint64_t a = report->overlap.size[pair->a], b = report->overlap.size[pair->b];
    json_write_object(&report->json);
    json_put_string(&report->json, "a", name_of(report, pair->a));
    json_put_string(&report->json, "b", name_of(report, pair->b));
    json_put_count(&report->json, "customers", pair->both);
    json_put_double(&report->json, "jaccard", (double)pair->both / (double)(a + b - pair->both));
    json_put_double(&report->json, "a_in_b", (double)pair->both / (double)a);
    json_put_double(&report->json, "b_in_a", (double)pair->both / (double)b);
    json_write_end_object(&report->json);
}

static void write_group(struct reporting *report, const struct insight_group *group)
{
    json_write_object(&report->json);
    json_put_array(&report->json, "segments");
    for (int s = 0; s < group->segment_count; s++)
        json_write_string(&report->json, name_of(report, group->segments[s]));
    json_write_end_array(&report->json);
    json_put_count(&report->json, "customers", group->customers);
    json_write_end_object(&report->json);
}

/* The largest segments outside schemes, in the set's order: more of them make combinations too
 * small to see. all: how many there were to choose from. */
static void choose_overlapping(const struct reporting *report, int *chosen, int *count,
                               uint64_t *all)
{
    const struct segment_set *set = report->view.set;
    for (int s = 0; s < set->segment_count; s++) {
        uint64_t own = report->segments.items[s].customers;
        int larger = 0;
        for (int o = 0; o < set->segment_count; o++) {
            uint64_t other = report->segments.items[o].customers;
            larger += set->segments[o].scheme < 0 && (other > own || (other == own && o < s));
        }

        *all += set->segments[s].scheme < 0;
        if (set->segments[s].scheme < 0 && own && larger < MOST_OVERLAP)
            chosen[(*count)++] = s;
    }
}

static void write_overlap(struct reporting *report)
{
    int *chosen = ARENA_ARRAY(report->arena, int, (size_t)report->view.set->segment_count + 1),
        count = 0;
    uint64_t all = 0;

    choose_overlapping(report, chosen, &count, &all);
    insight_overlap(report->view.result, chosen, count, MOST_GROUPS, report->arena,
                    &report->overlap);

    /* What is shown, what is left of the combinations and who is in none add up to all
     * customers. */
    const struct insight_overlap *overlap = &report->overlap;
    uint64_t shown = overlap->none;
    struct json *json = &report->json;
    json_put_object(json, "overlap");
    json_put_array(json, "segments");
    for (int i = 0; i < count; i++)
        json_write_string(json, name_of(report, chosen[i]));
    json_write_end_array(json);
    json_put_count(&report->json, "of", all);
    json_put_array(json, "intersections");
    for (size_t i = 0; i < overlap->group_count; i++) {
        write_group(report, &overlap->groups[i]);
        shown += overlap->groups[i].customers;
    }

    json_write_end_array(json);
    json_put_object(json, "rest");
    json_put_count(&report->json, "combinations", overlap->all_groups - overlap->group_count);
    json_put_count(&report->json, "customers", overlap->customers - shown);
    json_write_end_object(json);
    json_put_count(&report->json, "none", overlap->none);

    json_put_array(json, "pairs");
    for (size_t i = 0; i < overlap->pair_count; i++)
        write_pair(report, &overlap->pairs[i]);
    json_write_end_array(json);
    json_write_end_object(json);
}

/* ---- schemes, revenue ---- */

/* Of one refresh. Nobody is in a part that wrote nothing down when others of its scheme did: a
 * membership is written when somebody enters. Before the first score there is nothing to say of any
 * part. */
static void write_scheme_sizes(struct reporting *report, const uint64_t *sizes, int count,
                               bool scored)
{
    json_put_array(&report->json, "customers");
    for (int m = 0; m < count; m++) {
        if (!scored)
            json_write_null(&report->json);
        else
            json_write_integer(&report->json, sizes[m] == UINT64_MAX ? 0 : (int64_t)sizes[m]);
    }
    json_write_end_array(&report->json);
}

static const uint64_t *scheme_sizes(const struct judge_history *history,
                                    const struct segment_scheme *scheme, size_t r)
{
    return &history->customers[r * (size_t)history->segment_count + (size_t)scheme->first_member];
}

static bool is_recorded(const struct judge_history *history, const struct segment_scheme *scheme,
                        size_t r)
{
    const uint64_t *sizes = scheme_sizes(history, scheme, r);
    for (int m = 0; m < scheme->member_count; m++)
        if (sizes[m] != UINT64_MAX)
            return true;
    return false;
}

/* Refreshes that knew no part are left out, except those before the first scoring: that time is
 * shown as what it was, if there is a later size to show beside it. */
static void write_scheme_history(struct reporting *report, const struct segment_scheme *scheme,
                                 int64_t since)
{
    const struct judge_history *history = &report->history;
    bool any = false;
    for (size_t r = 0; r < history->refreshes; r++)
        any |= is_recorded(history, scheme, r);

    json_put_array(&report->json, "history");
    for (size_t r = 0; any && r < history->refreshes; r++) {
        bool scored = history->moment[r] >= since;

        /* A refresh that knew no part of it was recorded before the scheme was. */
        if (scored && !is_recorded(history, scheme, r))
            continue;

        json_write_object(&report->json);
        date(report, "date", zone_date(session_zone(report->session), history->moment[r]));
        write_scheme_sizes(report, scheme_sizes(history, scheme, r), scheme->member_count, scored);
        json_write_end_object(&report->json);
    }
    json_write_end_array(&report->json);
}

static void write_scheme(struct reporting *report, const struct segment_scheme *scheme)
{
    struct json *json = &report->json;
    int64_t since = study_scored_since(report->session, scheme->name, report->arena);

    json_write_object(json);
    json_put_string(json, "name", scheme->name);
    json_put_string(json, "title", scheme->title);
    json_put_bool(json, "exclusive", scheme->exclusive);
    if (since != INT64_MIN)
        moment(report, "scored_since", since);
    json_put_array(json, "parts");
    for (int m = 0; m < scheme->member_count; m++) {
        const struct session_segment *part = &report->segments.items[scheme->first_member + m];
        json_write_object(json);
        json_put_string(json, "name",
                        part->name + strlen(scheme->name) + 1); /* without "scheme." */
        json_put_string(json, "title", part->title);
        json_put_count(json, "customers", part->customers);
        json_put_double(json, "share", part->share);
        if (report->revenue.property)
            money(report, "revenue", report->money[part->index].total);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    write_scheme_history(report, scheme, since);
    json_write_end_object(json);
}

static void write_schemes(struct reporting *report)
{
    json_put_array(&report->json, "schemes");
    for (int i = 0; i < report->view.set->scheme_count; i++)
        write_scheme(report, &report->view.set->schemes[i]);
    json_write_end_array(&report->json);
}

static void write_revenue(struct reporting *report)
{
    if (!report->revenue.property)
        return;
    json_put_object(&report->json, "revenue");
    json_put_string(&report->json, "window", "last 365 days");
    money(report, "total", report->all.total);
    json_put_array(&report->json, "segments");
    for (size_t i = 0; i < report->segments.count; i++) {
        const struct session_segment *segment = &report->segments.items[i];
        const struct insight_money *own = &report->money[segment->index];
        json_write_object(&report->json);
        json_put_string(&report->json, "name", segment->name);
        money(report, "revenue", own->total);
        json_put_double(&report->json, "share",
                        report->all.total > 0 ? own->total / report->all.total : NAN);
        json_put_count(&report->json, "orders", own->facts);
        money(report, "average_order", per(own->total, own->facts));
        money(report, "per_customer", per(own->total, segment->customers));
        json_write_end_object(&report->json);
    }
    json_write_end_array(&report->json);
    json_write_end_object(&report->json);
}

/* ---- time ---- */

static void write_cohorts(struct reporting *report, int table)
{
    struct insight_cohorts cohorts;
    insight_cohorts(report->view.population, &report->revenue, table, report->view.now, MOST_MONTHS,
                    report->arena, &cohorts);
    json_put_object(&report->json, "cohorts");
    json_put_string(&report->json, "kind", report->revenue.kind);
    json_put_string(&report->json, "unit", "month");
    int32_t today = zone_date(session_zone(report->session), report->view.now);
    if (date_next(date_floor(today, CALENDAR_MONTH), CALENDAR_MONTH) > today) {
        json_put_bool(&report->json, "unfinished", true);
    }

    /* Cohorts before the window are told as one figure, so that nobody takes the first
     * row for the first customers. */
    json_put_count(&report->json, "older_cohorts", (uint64_t)cohorts.older_cohorts);
    json_put_count(&report->json, "older_customers", cohorts.older_customers);
    json_put_array(&report->json, "rows");
    for (int c = 0; c < cohorts.cohort_count; c++) {
        if (!cohorts.size[c])
            continue;
        json_write_object(&report->json);
        char text[DATE_TEXT_MAX];
        date_format(date_of_unit_number(cohorts.month[c], CALENDAR_MONTH), text);
        text[MONTH_LENGTH] = '\0';
        json_put_string(&report->json, "cohort", text);
        json_put_count(&report->json, "customers", cohorts.size[c]);
        json_put_array(&report->json, "active");

        /* A triangle: a cohort has as many months as have passed since. */
        for (int m = 0; m + c < cohorts.month_count; m++)
            json_write_integer(&report->json, (int64_t)cohorts.active[c * cohorts.month_count + m]);
        json_write_end_array(&report->json);
        json_write_end_object(&report->json);
    }

    json_write_end_array(&report->json);
    json_write_end_object(&report->json);
}

static void write_series(struct reporting *report, int table, enum calendar_unit unit,
                         const char *name)
{
    struct insight_series series;
    int32_t today = zone_date(session_zone(report->session), report->view.now);

    insight_series(report->view.population, &report->revenue, table, report->view.now, unit,
                   report->arena, &series);
    json_write_object(&report->json);
    json_put_string(&report->json, "unit", name);
    json_put_array(&report->json, "points");
    for (size_t i = 0; i < series.count; i++) {
        json_write_object(&report->json);
        date(report, "date", series.date[i]);
        json_put_count(&report->json, "orders", series.facts[i]);
        json_put_count(&report->json, "customers", series.customers[i]);
        if (report->revenue.property)
            money(report, "revenue", series.revenue[i]);
        if (date_next(series.date[i], unit) > today) {
            json_put_bool(&report->json, "partial", true);
        }
        json_write_end_object(&report->json);
    }

    json_write_end_array(&report->json);
    json_write_end_object(&report->json);
}

static void write_time(struct reporting *report)
{
    int table = report->revenue.table < 0
                    ? -1
                    : population_table_index(report->view.population, report->revenue.kind);
    if (table < 0)
        return;
    if (wanted(report, "cohorts"))
        write_cohorts(report, table);
    if (!wanted(report, "orders"))
        return;
    json_put_object(&report->json, "orders");
    json_put_string(&report->json, "kind", report->revenue.kind);
    json_put_array(&report->json, "series");
    write_series(report, table, CALENDAR_WEEK, "week");
    write_series(report, table, CALENDAR_MONTH, "month");
    json_write_end_array(&report->json);
    json_write_end_object(&report->json);
}

/* ---- putting it together ---- */

static void count_money(struct reporting *report)
{
    const struct plan_result *result = report->view.result;
    int64_t now = report->view.now, from = now - (int64_t)YEAR_DAYS * SECONDS_A_DAY;
    report->money =
        ARENA_ARRAY(report->arena, struct insight_money, (size_t)result->segment_count + 1);

    for (int s = 0; s < result->segment_count; s++)
        report->money[s] =
            insight_money(report->view.population, &report->revenue, result->members[s], from, now);
    report->all =
        insight_money(report->view.population, &report->revenue, result->existing, from, now);
}

static enum status gather(struct reporting *report, const struct session_moment *at,
                          struct error *error)
{
    struct session *session = report->session;
    TRY(session_segments(session, at, report->arena, &report->segments, error));
    TRY(judge_history(session, at->now, report->arena, &report->history, error));
    TRY(insight_features_evaluate(&report->features, report->schema, report->view.population,
                                  report->view.result->existing, at->now, session_pool(session),
                                  report->arena, error));
    count_money(report);
    report->evidence =
        (struct judge_evidence){session,
                                report->schema,
                                &report->view,
                                &report->features,
                                &report->revenue,
                                report->arena,
                                ARENA_ARRAY(report->arena, struct insight_profile *,
                                            (size_t)report->view.set->segment_count + 1)};
    return STATUS_OK;
}

static void find_period(struct reporting *report)
{
    report->first = INT64_MAX;
    for (size_t i = 0; i < report->status.kind_count; i++) {
        const struct engine_kind *kind = &report->status.kinds[i];
        if (kind->role != SCHEMA_FACTS || !kind->has_times || kind->first > report->view.now)
            continue;

        /* Facts after the report's moment are not known yet at it. */
        int64_t last = kind->last < report->view.now ? kind->last : report->view.now;
        report->newest = !report->has_facts || last > report->newest ? last : report->newest;
        report->first = kind->first < report->first ? kind->first : report->first;
        report->has_facts = true;
    }
}

/* The kind that revenue is read from: changes are told where its facts reach. */
static void find_orders(const struct reporting *report, struct findings *findings)
{
    findings->first = 1;
    for (size_t i = 0; i < report->status.kind_count; i++) {
        const struct engine_kind *kind = &report->status.kinds[i];
        bool orders = report->revenue.table >= 0 && strcmp(kind->name, report->revenue.kind) == 0;
        if (!orders || !kind->has_times || kind->first > report->view.now)
            continue;
        findings->first = kind->first;
        findings->newest = kind->last < report->view.now ? kind->last : report->view.now;
    }
}

static enum status write_findings(struct reporting *report, struct error *error)
{
    struct findings findings = {.evidence = &report->evidence,
                                .health = &report->health,
                                .segments = &report->segments,
                                .money = report->revenue.property ? report->money : NULL,
                                .all = report->all,
                                .customers = report->segments.customers,
                                .now = report->view.now,
                                .arena = report->arena};

    find_orders(report, &findings);

    enum status status = findings_collect(&findings, error);
    if (status == STATUS_OK) {
        json_write_key(&report->json, "findings");
        findings_write(&findings, &report->json);
    }
    findings_release(&findings);
    return status;
}

static enum status write_sections(struct reporting *report, struct error *error)
{
    write_segments(report);
    if (wanted(report, "overlap"))
        write_overlap(report);
    if (wanted(report, "schemes"))
        write_schemes(report);
    if (wanted(report, "revenue"))
        write_revenue(report);
    write_time(report);

    TRY(engine_report_models(report->session, report->view.now, wanted, report, &report->json,
                             error));
    if (wanted(report, "health")) {
        json_write_key(&report->json, "health");
        judge_health_write(report->session, &report->health, &report->json);
    }
    return wanted(report, "personas")
               ? engine_report_personas(&report->evidence, &report->json, error)
               : STATUS_OK;
}

static enum status write_all(struct reporting *report, struct error *error)
{
    TRY(engine_status(report->session, report->arena, &report->status, error));
    find_period(report);
    TRY(judge_health_judge(&report->evidence, &report->health, error));
    json_write_object(&report->json);
    json_put_count(&report->json, "version", 1);
    json_put_string(&report->json, "generator", "strata " STRATA_VERSION);
    moment(report, "written", session_now(report->session));
    write_options(report);
    write_period(report);
    write_store(report);
    if (wanted(report, "summary"))
        TRY(write_findings(report, error));
    write_broken(report);
    if (wanted(report, "overview"))
        write_kinds(report);
    TRY(write_sections(report, error));
    json_write_end_object(&report->json);
    return STATUS_OK;
}

enum status engine_report_data(struct session *session, const struct session_moment *at,
                               const struct engine_report_options *options, struct buffer *out,
                               struct error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct reporting report = {
        .session = session, .schema = session_schema(session), .options = options, .arena = &arena};
    report.revenue = insight_revenue_find(report.schema);
    json_init(&report.json, out, false);

    /* All that any section reads is loaded once, also when few are asked for: health
     * and findings look at nearly everything. */
    enum status status = study_features_new(session, &arena, &report.features, error);
    if (status == STATUS_OK) {
        struct segment_needs needs =
            insight_features_needs(&report.features, report.schema, &arena);
        struct segment_needs money = insight_revenue_needs(&report.revenue, &arena);
        struct segment_needs names = judge_persona_needs(report.schema, &arena);
        needs = segment_needs_join(&needs, &money, &arena);
        needs = segment_needs_join(&needs, &names, &arena);
        status = session_evaluate(session, NULL, NULL, -1, &needs, at, SESSION_WHOLE_PAST,
                                  &report.view, error);
    }

    if (status == STATUS_OK)
        status = gather(&report, at, error);
    if (status == STATUS_OK)
        status = write_all(&report, error);
    judge_health_release(&report.health);
    session_view_close(&report.view);
    segment_set_free(report.features.set);
    arena_release(&arena);
    return status;
}

extern const char engine_report_page[] __attribute__((visibility("hidden")));
extern const char engine_report_page_end[] __attribute__((visibility("hidden")));

enum status engine_report(struct session *session, const struct session_moment *at,
                          const struct engine_report_options *options, struct buffer *html,
                          struct error *error)
{
    static const char marker[] = "/*STRATA_REPORT_DATA*/null";
    struct text page = {engine_report_page, (size_t)(engine_report_page_end - engine_report_page)};
    const char *place = memmem(page.data, page.length, marker, sizeof marker - 1);
    if (!place)
        return error_set(
            error, STATUS_ERROR,
            "this program was built without the report's page; --json prints the report's data");

    /* The page is built with the marker where its data go; it is one file, so that it
     * can be sent. */
    buffer_add(html, page.data, (size_t)(place - page.data));
    TRY(engine_report_data(session, at, options, html, error));
    place += sizeof marker - 1;
    buffer_add(html, place, page.length - (size_t)(place - page.data));
    return STATUS_OK;
}
