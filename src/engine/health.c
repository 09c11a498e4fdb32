/*
 * Health: what is wrong with a segmentation, each finding with its figure, its threshold and a proposal. Thresholds are
 * stated here in one place. Where many segments are tested for differences, the false discovery rate is kept at 5%.
 */
#include "engine/judge.h"
#include "engine/model_work.h"

#include "base/number.h"
#include "stats/distribution.h"
#include "stats/inference.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double coincide_above = .9;     /* Jaccard's index of two segments */
static const double differ_above = .2;       /* standardised difference: Cohen's "small" */
static const double uplift_below = .5;       /* the smallest uplift that a test at this size finds, of the base rate */
static const double move_above = .25;        /* of the members, at each of the last refreshes */
static const double uncovered_above = .05;   /* of all customers */
static const double largest_part_above = .8; /* of a scheme's customers */
static const double known_below = .05;       /* of all customers */
static const double drift_above[2] = {.1, .25};
enum { RECENT_REFRESHES = 4, STALE_DAYS = 365, BASE_DAYS = 30 };

struct checking {
    const struct engine_judging *judging;
    struct engine_health *health;
    uint64_t *size; /* a segment */
    uint64_t customers;
    double base; /* who orders within BASE_DAYS */
};

static void add(struct checking *checking, struct engine_finding finding)
{
    VECTOR_PUSH(&checking->health->findings, finding);
}

static const char *name_of(const struct checking *checking, int segment)
{
    return checking->judging->view->set->segments[segment].name;
}

static const char *thousands(const struct checking *checking, uint64_t count)
{
    char text[NUMBER_TEXT_MAX];
    return arena_strdup(checking->judging->arena, number_format_thousands((int64_t)count, text));
}

/* ---- size ---- */

static void find_base(struct checking *checking)
{
    const struct engine_judging *judging = checking->judging;
    int64_t now = judging->view->now, from = now - (int64_t)BASE_DAYS * SECONDS_A_DAY;
    struct insight_money money =
        insight_money(judging->view->population, judging->revenue, judging->view->result->existing, from, now);
    double share = checking->customers ? (double)money.buyers / (double)checking->customers : 0;
    checking->base = judging->revenue->table < 0 || share <= 0 ? .05 : fmin(fmax(share, .01), .5);
}

static void check_size(struct checking *checking, int segment)
{
    struct arena *arena = checking->judging->arena;
    uint64_t size = checking->size[segment];
    if (checking->judging->view->set->segments[segment].is_else)
        return;
    if (size == 0) {
        add(checking, (struct engine_finding){ENGINE_WARNING,
                                              "size",
                                              {name_of(checking, segment), NULL},
                                              "nobody is in it",
                                              0,
                                              1,
                                              "customers",
                                              "number",
                                              "widen its condition or delete it",
                                              NULL});
        return;
    }
    double found = stats_detectable_proportion((double)size, .5, checking->base, .05, .8),
           uplift = found / checking->base;
    if (isfinite(uplift) && uplift <= uplift_below)
        return;
    add(checking,
        (struct engine_finding){
            ENGINE_NOTE,
            "size",
            {name_of(checking, segment), NULL},
            arena_printf(arena,
                         "with %s customers a test finds no smaller uplift than %s of the base rate %.1f%% (who orders "
                         "within %d days; split in halves, alpha .05, power .8)",
                         thousands(checking, size),
                         isfinite(uplift) ? arena_printf(arena, "%.0f%%", 100 * uplift) : "any", 100 * checking->base,
                         BASE_DAYS),
            uplift,
            uplift_below,
            "smallest uplift a test finds",
            "share",
            "treat it as a whole, or join it with a segment that gets the same treatment",
            NULL});
}

/* ---- overlap ---- */

/* a reads b, itself or through others: lying inside is then what was meant. */
static bool reads(const struct segment_set *set, int a, int b)
{
    for (int u = 0; u < set->segments[a].use_count; u++)
        if (set->segments[a].uses[u] == b || reads(set, set->segments[a].uses[u], b))
            return true;
    return false;
}

static void check_pair(struct checking *checking, int a, int b)
{
    const struct segment_result *result = checking->judging->view->result;
    const struct segment_set *set = checking->judging->view->set;
    struct arena *arena = checking->judging->arena;
    uint64_t both = 0, in_a = checking->size[a], in_b = checking->size[b];
    if (!in_a || !in_b)
        return;
    for (size_t w = 0; w < result->words; w++)
        both += (uint64_t)__builtin_popcountll(result->members[a][w] & result->members[b][w]);
    checking->health->compared++;
    double jaccard = (double)both / (double)(in_a + in_b - both);
    if (jaccard >= coincide_above) {
        add(checking, (struct engine_finding){
                          ENGINE_WARNING,
                          "overlap",
                          {name_of(checking, a), name_of(checking, b)},
                          "they hold nearly the same customers",
                          jaccard,
                          coincide_above,
                          "Jaccard index",
                          "share",
                          arena_printf(arena, "keep %s and drop the other", name_of(checking, in_a >= in_b ? a : b)),
                          arena_printf(arena, "%s customers would no longer be told apart",
                                       thousands(checking, in_a + in_b - 2 * both))});
        return;
    }
    int small = in_a <= in_b ? a : b, large = small == a ? b : a;
    if (both != checking->size[small] || reads(set, small, large))
        return;
    add(checking, (struct engine_finding){
                      ENGINE_NOTE,
                      "overlap",
                      {name_of(checking, small), name_of(checking, large)},
                      arena_printf(arena, "all of its customers are in %s too", name_of(checking, large)),
                      1,
                      1,
                      "share inside",
                      "share",
                      arena_printf(arena, "if that is meant, say so: where in %s and …", name_of(checking, large)),
                      NULL});
}

/* ---- difference ---- */

struct difference {
    double effect, p;
    const char *by;
};

/* The strongest difference that is not the segment's definition, with a p-value for the largest of many. */
static struct difference strongest(const struct checking *checking, int segment)
{
    const struct engine_judging *judging = checking->judging;
    const struct insight_profile *profile = engine_judging_profile(judging, segment);
    struct difference best = {0, 1, NULL};
    size_t tested = 0;
    for (size_t i = 0; i < profile->count; i++) {
        const struct insight_difference *line = &profile->items[i];
        if (line->by_definition || !isfinite(line->effect))
            continue;
        tested++;
        if (fabs(line->effect) > fabs(best.effect)) {
            double in = (double)profile->customers, out = (double)profile->others;
            double z = fabs(line->effect) * sqrt(in * out / (in + out));
            best = (struct difference){line->effect, 2 * stats_normal_upper(z), line->feature->text};
        }
    }
    best.p = fmin(1, best.p * (double)tested);
    return best;
}

static void check_differences(struct checking *checking)
{
    const struct segment_set *set = checking->judging->view->set;
    size_t count = (size_t)set->segment_count;
    struct difference *found = ARENA_ARRAY(checking->judging->arena, struct difference, count + 1);
    double *p = ARENA_ARRAY(checking->judging->arena, double, count + 1);
    for (size_t s = 0; s < count; s++) {
        bool empty = !checking->size[s] || checking->size[s] == checking->customers;
        found[s] = empty ? (struct difference){NAN, 1, NULL} : strongest(checking, (int)s);
        p[s] = found[s].p;
        checking->health->compared += !empty;
    }
    stats_benjamini_hochberg(p, count, p);
    for (size_t s = 0; s < count; s++) {
        if (isnan(found[s].effect) || set->segments[s].is_else ||
            (fabs(found[s].effect) >= differ_above && p[s] <= .05))
            continue;
        add(checking,
            (struct engine_finding){
                ENGINE_WARNING,
                "difference",
                {name_of(checking, (int)s), NULL},
                arena_printf(checking->judging->arena,
                             "its customers differ from everyone else in nothing but their definition%s%s",
                             found[s].by ? "; the largest difference is in " : "", found[s].by ? found[s].by : ""),
                fabs(found[s].effect),
                differ_above,
                "largest standardised difference",
                "number",
                "drop it, unless the definition itself is the reason to treat them differently",
                NULL});
    }
}

/* ---- members that come and go ---- */

struct moves {
    const struct segment_set *set;
    uint32_t after; /* refreshes after this count */
    uint64_t *moved;
};

static enum status count_moves(void *context, struct catalog_membership *membership, struct error *error)
{
    struct moves *moves = context;
    int segment = segment_set_find(moves->set, membership->segment);
    (void)error;
    if (segment >= 0 && membership->refresh > moves->after && membership->cause != CAUSE_DEFINITION)
        moves->moved[segment] += bitmap_count(membership->customers);
    bitmap_free(membership->customers);
    return STATUS_OK;
}

static enum status check_stability(struct checking *checking, struct error *error)
{
    const struct engine_judging *judging = checking->judging;
    struct catalog *catalog = store_catalog(judging->engine->store);
    struct catalog_refresh *refreshes;
    size_t count, recent = 0;
    TRY(catalog_refreshes(catalog, judging->arena, &refreshes, &count, error));
    while (count && refreshes[count - 1].moment > judging->view->now)
        count--;
    recent = count > RECENT_REFRESHES ? RECENT_REFRESHES : count > 1 ? count - 1 : 0;
    if (!recent)
        return STATUS_OK;
    struct moves moves = {judging->view->set, refreshes[count - 1 - recent].number,
                          ARENA_ARRAY(judging->arena, uint64_t, (size_t)judging->view->set->segment_count + 1)};
    TRY(catalog_memberships(catalog, NULL, count_moves, &moves, error));
    for (int s = 0; s < moves.set->segment_count; s++) {
        double rate = checking->size[s] ? (double)moves.moved[s] / 2 / (double)recent / (double)checking->size[s] : 0;
        if (rate <= move_above)
            continue;
        add(checking,
            (struct engine_finding){ENGINE_WARNING,
                                    "stability",
                                    {name_of(checking, s), NULL},
                                    arena_printf(judging->arena,
                                                 "%.0f%% of its members changed at each of the last %zu refreshes",
                                                 100 * rate, recent),
                                    rate,
                                    move_above,
                                    "members that change at a refresh",
                                    "share",
                                    "lengthen its windows, or act on it at once: a list of yesterday is out of date",
                                    NULL});
    }
    return STATUS_OK;
}

/* ---- coverage and schemes ---- */

static void check_coverage(struct checking *checking)
{
    const struct segment_result *result = checking->judging->view->result;
    const struct segment_set *set = checking->judging->view->set;
    uint64_t none = 0;
    int plain = 0;
    for (int s = 0; s < set->segment_count; s++)
        plain += set->segments[s].scheme < 0;
    for (size_t w = 0; w < result->words; w++) {
        uint64_t rest = result->existing[w];
        for (int s = 0; s < set->segment_count; s++)
            rest &= set->segments[s].is_else ? ~UINT64_C(0) : ~result->members[s][w];
        none += (uint64_t)__builtin_popcountll(rest);
    }
    double share = checking->customers ? (double)none / (double)checking->customers : 0;
    if (!set->segment_count || share <= uncovered_above)
        return;
    add(checking, (struct engine_finding){ENGINE_WARNING,
                                          "coverage",
                                          {NULL, NULL},
                                          arena_printf(checking->judging->arena, "%s customers are in no segment",
                                                       thousands(checking, none)),
                                          share,
                                          uncovered_above,
                                          "customers in no segment",
                                          "share",
                                          "a scheme with `else` places everyone",
                                          NULL});
}

static void check_scheme(struct checking *checking, const struct segment_scheme *scheme)
{
    struct arena *arena = checking->judging->arena;
    uint64_t total = 0, largest = 0;
    int where = scheme->first_member;
    for (int s = scheme->first_member; s < scheme->first_member + scheme->member_count; s++) {
        total += checking->size[s];
        if (checking->size[s] > largest) {
            largest = checking->size[s];
            where = s;
        }
    }
    double share = total ? (double)largest / (double)total : 0;
    if (share <= largest_part_above || scheme->member_count < 2)
        return;
    add(checking,
        (struct engine_finding){ENGINE_WARNING,
                                "scheme",
                                {name_of(checking, where), NULL},
                                arena_printf(arena, "it holds %.0f%% of the customers of %s: the scheme divides badly",
                                             100 * share, scheme->name),
                                share,
                                largest_part_above,
                                "share of the largest part",
                                "share",
                                arena_printf(arena, "divide %s further", name_of(checking, where)),
                                NULL});
}

/* ---- traits ---- */

static void check_trait(struct checking *checking, const struct population_table *table, int column)
{
    const struct population_column *trait = &table->columns[column];
    struct arena *arena = checking->judging->arena;
    int64_t now = checking->judging->view->now;
    uint64_t known = 0, first_value = 0;
    uint32_t latest = 0;
    bool constant = true, undated = false, any = false;
    for (uint32_t p = 0; p < checking->judging->view->population->customers; p++)
        for (uint32_t row = table->offset[p + 1]; row-- > table->offset[p];) {
            struct population_value value = population_get(trait, row);
            if (!value.known || table->time[row] > now)
                continue;
            uint64_t bits = (uint64_t)value.integer;
            if (trait->type == VALUE_DOUBLE)
                memcpy(&bits, &value.number, sizeof bits);
            constant &= !any || bits == first_value;
            first_value = any ? first_value : bits;
            any = true;
            known++;
            undated |= table->time[row] == 0;
            latest = table->time[row] > latest ? table->time[row] : latest;
            break;
        }
    double share = checking->customers ? (double)known / (double)checking->customers : 0;
    if (share < known_below)
        add(checking,
            (struct engine_finding){ENGINE_NOTE,
                                    "trait",
                                    {NULL, NULL},
                                    arena_printf(arena, "the trait %s is known of few customers", trait->name),
                                    share,
                                    known_below,
                                    "customers of whom it is known",
                                    "share",
                                    "import it for more customers, or leave it out of conditions",
                                    NULL});
    else if (constant && trait->type != VALUE_SET && trait->type != VALUE_POINT)
        add(checking, (struct engine_finding){ENGINE_NOTE,
                                              "trait",
                                              {NULL, NULL},
                                              arena_printf(arena, "the trait %s is the same for everyone", trait->name),
                                              1,
                                              2,
                                              "different values",
                                              "number",
                                              "leave it out of the next import",
                                              NULL});
    double days = (double)(now - (int64_t)latest) / SECONDS_A_DAY;
    if (any && !undated && days > STALE_DAYS)
        add(checking,
            (struct engine_finding){ENGINE_WARNING,
                                    "trait",
                                    {NULL, NULL},
                                    arena_printf(arena, "nobody was told a new %s for %.0f days", trait->name, days),
                                    days,
                                    STALE_DAYS,
                                    "days since the last telling",
                                    "days",
                                    "import it anew, or stop relying on it",
                                    NULL});
}

/* Deciles of the values before; the shares of both moments in them. */
static void check_drift(struct checking *checking, const struct insight_feature *feature,
                        const struct segment_values *before)
{
    enum { BINS = 10 };
    const struct population *population = checking->judging->view->population;
    struct arena *arena = checking->judging->arena;
    double *old = ARENA_ARRAY(arena, double, population->customers + 1u), cuts[BINS - 1];
    double now_bins[BINS] = {0}, old_bins[BINS] = {0}, now_total = 0;
    size_t count = 0;
    for (uint32_t p = 0; p < population->customers; p++) {
        double value = model_value(before, p);
        if (!isnan(value))
            old[count++] = value;
    }
    if (count < 100)
        return;
    stats_sort(old, count);
    for (int i = 0; i + 1 < BINS; i++)
        cuts[i] = stats_quantile_sorted(old, count, (i + 1) / (double)BINS);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t p = 0; p < population->customers; p++) {
            double value = model_value(pass ? &feature->values : before, p);
            int bin = 0;
            while (bin < BINS - 1 && value > cuts[bin])
                bin++;
            if (!isnan(value))
                (pass ? now_bins : old_bins)[bin]++;
            now_total += pass && !isnan(value);
        }
    double index = stats_stability_index(now_bins, old_bins, BINS);
    double chance = stats_stability_by_chance(now_total, (double)count, BINS, .95);
    checking->health->compared++;
    if (index <= drift_above[0] || index <= chance)
        return;
    bool far = index > drift_above[1];
    add(checking,
        (struct engine_finding){
            far ? ENGINE_WARNING : ENGINE_NOTE,
            "drift",
            {NULL, NULL},
            arena_printf(arena, "%s has shifted since the last refresh but one (sampling alone gives up to %.3f)",
                         feature->text, chance),
            index,
            far ? drift_above[1] : drift_above[0],
            "population stability index",
            "number",
            "look at what changed: the customers, or the import; then fit models on it anew",
            NULL});
}

static enum status check_drifts(struct checking *checking, struct error *error)
{
    const struct engine_judging *judging = checking->judging;
    struct catalog_refresh *refreshes;
    size_t count, wanted = 0;
    TRY(catalog_refreshes(store_catalog(judging->engine->store), judging->arena, &refreshes, &count, error));
    while (count && refreshes[count - 1].moment >= judging->view->now)
        count--;
    if (!count || !judging->features->count)
        return STATUS_OK;
    const struct segment_node **nodes =
        ARENA_ARRAY(judging->arena, const struct segment_node *, judging->features->count);
    const struct insight_feature **which =
        ARENA_ARRAY(judging->arena, const struct insight_feature *, judging->features->count);
    struct segment_values *values = ARENA_ARRAY(judging->arena, struct segment_values, judging->features->count);
    for (size_t i = 0; i < judging->features->count; i++) {
        const struct insight_feature *feature = &judging->features->items[i];
        enum value_type type = feature->values.type;
        bool number = type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
        if (number && strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0) {
            which[wanted] = feature;
            nodes[wanted++] = feature->node;
        }
    }
    if (!wanted)
        return STATUS_OK;
    TRY(segment_evaluate_values(judging->features->set, judging->schema, nodes, (int)wanted, judging->view->population,
                                refreshes[count - 1].moment, engine_pool(judging->engine), judging->arena, values,
                                error));
    for (size_t i = 0; i < wanted; i++)
        check_drift(checking, which[i], &values[i]);
    return STATUS_OK;
}

/* ---- all of it ---- */

static int by_severity(const void *a, const void *b)
{
    const struct engine_finding *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity < y->severity ? -1 : 1;
    int topic = strcmp(x->topic, y->topic);
    if (topic)
        return topic;
    return strcmp(x->segment[0] ? x->segment[0] : x->message, y->segment[0] ? y->segment[0] : y->message);
}

static void measure(struct checking *checking)
{
    const struct segment_result *result = checking->judging->view->result;
    const struct segment_set *set = checking->judging->view->set;
    checking->size = ARENA_ARRAY(checking->judging->arena, uint64_t, (size_t)set->segment_count + 1);
    for (size_t w = 0; w < result->words; w++)
        checking->customers += (uint64_t)__builtin_popcountll(result->existing[w]);
    for (int s = 0; s < set->segment_count; s++)
        checking->size[s] = segment_result_count(result, s);
}

enum status engine_health_judge(const struct engine_judging *judging, struct engine_health *out, struct error *error)
{
    *out = (struct engine_health){.checked = judging->view->now};
    struct checking checking = {.judging = judging, .health = out};
    const struct segment_set *set = judging->view->set;
    measure(&checking);
    find_base(&checking);
    for (int a = 0; a < set->segment_count; a++) {
        check_size(&checking, a);
        for (int b = a + 1; b < set->segment_count; b++)
            if (set->segments[a].scheme < 0 && set->segments[b].scheme < 0)
                check_pair(&checking, a, b);
    }
    check_differences(&checking);
    check_coverage(&checking);
    for (int s = 0; s < set->scheme_count; s++)
        check_scheme(&checking, &set->schemes[s]);
    int traits = population_table_index(judging->view->population, SCHEMA_TRAIT_TABLE);
    for (size_t c = 0; traits >= 0 && c < judging->view->population->tables[traits].column_count; c++)
        check_trait(&checking, &judging->view->population->tables[traits], (int)c);
    TRY(check_stability(&checking, error));
    TRY(check_drifts(&checking, error));
    if (out->findings.count)
        qsort(out->findings.items, out->findings.count, sizeof *out->findings.items, by_severity);
    return STATUS_OK;
}

void engine_health_release(struct engine_health *health)
{
    VECTOR_RELEASE(&health->findings);
}

const char *engine_severity_name(enum engine_severity severity)
{
    static const char *const names[] = {"serious", "warning", "note"};
    return names[severity];
}

static void put(struct json *json, const char *key, const char *text)
{
    if (!text)
        return;
    json_write_key(json, key);
    json_write_string(json, text);
}

static void put_number(struct json *json, const char *key, double value)
{
    if (!isfinite(value))
        return;
    json_write_key(json, key);
    json_write_double(json, value);
}

void engine_health_write(const struct engine *engine, const struct engine_health *health, struct json *json)
{
    char checked[MOMENT_TEXT_MAX];
    json_write_object(json);
    put(json, "checked", moment_format(engine->zone, health->checked, checked));
    json_write_key(json, "findings");
    json_write_array(json);
    for (size_t i = 0; i < health->findings.count; i++) {
        const struct engine_finding *finding = &health->findings.items[i];
        json_write_object(json);
        put(json, "severity", engine_severity_name(finding->severity));
        put(json, "topic", finding->topic);
        json_write_key(json, "segments");
        json_write_array(json);
        for (int s = 0; s < 2 && finding->segment[s]; s++)
            json_write_string(json, finding->segment[s]);
        json_write_end_array(json);
        put(json, "message", finding->message);
        put_number(json, "figure", finding->figure);
        put(json, "figure_label", finding->figure_label);
        put_number(json, "threshold", finding->threshold);
        put(json, "unit", finding->unit);
        put(json, "proposal", finding->proposal);
        put(json, "effect", finding->effect);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_end_object(json);
}
