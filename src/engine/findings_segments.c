/*
 * What the segments say: which grow and shrink, where revenue sits, who they are, what health
 * found. Sizes are compared with those of 90 days earlier by today's definitions, both evaluated
 * here, so that nothing hangs on when somebody refreshed. A segment that only gains (or only loses)
 * members says nothing but that time passes, and one whose windows reach back before the data began
 * grew because they did: both are passed over.
 */
#include "engine/findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEW_AFTER = 180,   /* days of data before which nobody can be told to be new */
    DEPTH_MOST = 8,    /* of segments that name segments: deeper ones are as good as read */
    COUNT_MOST = 4000, /* of a unit: larger numbers before a word are amounts, not spans */
    EITHER_WAY = 2,    /* moves told of those that grew, and of those that shrank */
    PORTRAITS = 3,
    PROPOSALS = 2,
};
/* A part worth a word: at most half of the customers, at least a fifth of the revenue,
 * and half as much again as its customers would bring. */
static const double part_most = .5, part_revenue = .2, part_more = 1.5;
/* A portrait: Cohen's "medium", beyond chance among all traits and segments, of no
 * near-majority.
 */
static const double portrait_effect = .5, portrait_p = .001, portrait_share = .6;
static const double outside_least = .2;

static const struct segment_definition *definition(const struct findings *findings, int segment)
{
    return &findings->evidence->view->set->segments[segment];
}

static const char *evidence(const struct findings *findings, int segment)
{
    return arena_printf(findings->arena, "segment=%s", definition(findings, segment)->name);
}

/* ---- growing and shrinking ---- */

static int unit_days(const char *unit)
{
    static const struct {
        const char *name;
        int days; /* the longest that each can be */
    } units[] = {{"day", 1}, {"week", 7}, {"month", 31}, {"quarter", 92}, {"year", 366}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strncmp(unit, units[i].name, strlen(units[i].name)) == 0)
            return units[i].days;
    return 1;
}

static bool names(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        /* A name within a longer one (vip in vip_new) is not that name. */
        bool left = at == text || !strchr("abcdefghijklmnopqrstuvwxyz0123456789_", at[-1]);
        if (left && !strchr("abcdefghijklmnopqrstuvwxyz0123456789_", at[length] ? at[length] : ' '))
            return true;
    }
    return false;
}

/* How many days a definition looks back: the longest "n days" in its canonical text or in those of
 * the segments it names. To look back too far errs on the safe side. */
static int looks_back(const struct segment_set *set, int segment, int depth)
{
    const char *text = set->segments[segment].text;
    int longest = strstr(text, "first(") ? NEW_AFTER : 0;

    for (const char *at = text; *at;) {
        char *end;
        if (*at < '0' || *at > '9') {
            at++;
            continue;
        }

        /* A number before any word in small letters is taken for a span: "2 and" for
         * two days, which errs on the safe side. */
        long count = strtol(at, &end, 10);
        long days = *end == ' ' && end[1] >= 'a' && end[1] <= 'z' && count < COUNT_MOST
                        ? count * unit_days(end + 1)
                        : 0;
        longest = days > longest ? (int)days : longest;
        at = end > at ? end : at + 1;
    }

    for (int other = 0; depth < DEPTH_MOST && other < set->segment_count; other++) {
        if (other == segment || !names(text, set->segments[other].name))
            continue;
        int more = looks_back(set, other, depth + 1);
        longest = more > longest ? more : longest;
    }

    return longest;
}

struct move {
    int segment;
    uint64_t before, joined, left;
    double z;
};

static struct move count_move(const struct findings *findings, const struct plan_result *then,
                              int segment)
{
    const struct plan_result *now = findings->evidence->view->result;
    struct move move = {.segment = segment};
    for (size_t w = 0; w < now->words; w++) {
        uint64_t a = then->members[segment][w], b = now->members[segment][w];
        move.before += (uint64_t)__builtin_popcountll(a);
        move.joined += (uint64_t)__builtin_popcountll(b & ~a);
        move.left += (uint64_t)__builtin_popcountll(a & ~b);
    }

    /* Were joining and leaving as likely, their difference would have the variance of their sum. */
    double flow = (double)(move.joined + move.left);
    move.z = flow > 0 ? ((double)move.joined - (double)move.left) / sqrt(flow) : 0;
    return move;
}

static int by_z(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    double difference = fabs(y->z) - fabs(x->z);
    if (difference != 0)
        return difference > 0 ? 1 : -1;
    return x->segment - y->segment;
}

static void say_move(struct findings *findings, const struct move *move, int64_t then, double rank)
{
    bool grew = move->joined > move->left;
    uint64_t now = move->before + move->joined - move->left;
    struct findings_item *item =
        findings_add(findings, grew ? "growth" : "shrink", rank, evidence(findings, move->segment));
    findings_segment(findings, item, move->segment);
    findings_say(findings, item, grew ? " grew from " : " shrank from ");
    findings_count(findings, item, move->before);
    findings_say(findings, item, " to ");
    findings_count(findings, item, now);
    findings_say(findings, item, " customers since %s (", findings_day(findings, then));
    findings_share(findings, item, fabs((double)now / (double)move->before - 1));
    findings_say(findings, item, " %s): ", grew ? "more" : "fewer");
    findings_count(findings, item, move->joined);
    findings_say(findings, item, " joined and ");
    findings_count(findings, item, move->left);
    findings_say(findings, item, " left.");
}

/* Two that hold the same customers tell one story: of a scheme and of all others, one rising and
 * one falling each. */
static void say_moves(struct findings *findings, const struct move *moves, size_t count,
                      int64_t then)
{
    uint64_t told[2 * EITHER_WAY];
    size_t told_count = 0;
    int grown = 0, shrunk = 0;
    for (size_t i = 0; i < count; i++) {
        bool grew = moves[i].joined > moves[i].left, again = false;
        uint64_t now = moves[i].before + moves[i].joined - moves[i].left;

        /* Told apart by size alone: two segments of one size that moved alike hold the
         * same customers nearly always. */
        for (size_t t = 0; t < told_count; t++)
            again |= told[t] == now;
        int *number = grew ? &grown : &shrunk;
        if (again || *number == EITHER_WAY)
            continue;
        told[told_count++] = now;
        say_move(findings, &moves[i], then, FINDINGS_RANK_MOVE - FINDINGS_RANK_MOVE_NEXT * *number);
        ++*number;
    }
}

static bool is_told(const struct move *move)
{
    double change =
        move->before ? ((double)move->joined - (double)move->left) / (double)move->before : 0;
    return move->before >= FINDINGS_LEAST && move->joined && move->left &&
           fabs(move->z) >= findings_z && fabs(change) >= findings_change;
}

static enum status of_moves(struct findings *findings, struct error *error)
{
    const struct judge_evidence *evidence = findings->evidence;
    const struct segment_set *set = evidence->view->set;
    int64_t then = findings->now - (int64_t)FINDINGS_DAYS * SECONDS_A_DAY;
    bool stale = findings->now - findings->newest > (int64_t)FINDINGS_STALE * SECONDS_A_DAY;

    if (findings->first > findings->newest || stale || !set->segment_count)
        return STATUS_OK;

    /* One plan for all segments at the moment then: what they share is computed once. */
    struct plan *plan;
    struct plan_result *result = NULL;
    TRY(plan_new(set, evidence->schema, NULL, -1, &plan, error));
    enum status status = plan_evaluate(plan, evidence->view->population, then,
                                       session_pool(evidence->session), false, &result, error);
    struct move *moves = ARENA_ARRAY(findings->arena, struct move, (size_t)set->segment_count + 1);

    size_t count = 0;
    for (int s = 0; status == STATUS_OK && s < set->segment_count; s++) {
        /* Who looks back over the edge of the data was smaller then because nothing was known. */
        int64_t reach = then - (int64_t)looks_back(set, s, 0) * SECONDS_A_DAY;
        struct move move = count_move(findings, result, s);
        if (reach >= findings->first && is_told(&move))
            moves[count++] = move;
    }

    qsort(moves, count, sizeof *moves, by_z);
    if (status == STATUS_OK)
        say_moves(findings, moves, count, then);
    plan_result_free(result);
    plan_free(plan);
    return status;
}

/* ---- where revenue sits ---- */

static void of_revenue(struct findings *findings)
{
    const struct session_segment *best = NULL;
    double most = 0;

    if (!findings->money || findings->all.total <= 0 || findings->all.buyers < FINDINGS_LEAST)
        return;
    for (size_t i = 0; i < findings->segments->count; i++) {
        /* The one that brings most beyond its customers' share: the largest share alone
         * would be the largest segment. */
        const struct session_segment *segment = &findings->segments->items[i];
        double share = findings->money[segment->index].total / findings->all.total;
        bool telling = segment->share <= part_most && share >= part_revenue &&
                       share >= part_more * segment->share;
        if (!telling || segment->customers < FINDINGS_LEAST || share - segment->share <= most)
            continue;
        most = share - segment->share;
        best = segment;
    }

    if (!best)
        return;

    double total = findings->money[best->index].total;
    struct findings_item *item = findings_add(findings, "part", FINDINGS_RANK_PART, "revenue");
    findings_segment(findings, item, best->index);
    findings_say(findings, item, " brought ");
    findings_share(findings, item, total / findings->all.total);
    findings_say(findings, item, " of the last 365 days' revenue: ");
    findings_money(findings, item, total);
    findings_say(findings, item, " from ");
    findings_count(findings, item, best->customers);
    findings_say(findings, item, " customers, ");
    findings_share(findings, item, best->share);
    findings_say(findings, item, " of all.");
}

/* ---- who they are ---- */

/* Traits that people told; scores of models have a dot in their names and tell of the model. */
static const struct insight_difference *strongest_trait(const struct findings *findings,
                                                        int segment)
{
    const struct insight_profile *profile = judge_profile(findings->evidence, segment);
    for (size_t i = 0; i < profile->count; i++) {
        /* Lines come strongest first: the first that may be told is it. */
        const struct insight_difference *line = &profile->items[i];
        const struct insight_feature *feature = line->feature;
        bool told = strcmp(feature->table, "customer") == 0 && feature->column &&
                    !strchr(feature->column, '.');
        bool clear = line->told && fabs(line->effect) >= portrait_effect && line->p < portrait_p;
        if (told && clear && !line->by_definition &&
            (line->is_share || isfinite(line->inside.mean)))
            return line;
    }
    return NULL;
}

static void say_portrait(struct findings *findings, const struct session_segment *segment,
                         const struct insight_difference *line, double rank)
{
    struct findings_item *item =
        findings_add(findings, "portrait", rank, evidence(findings, segment->index));
    const char *words = findings_words(line->feature->column, findings->arena);

    findings_segment(findings, item, segment->index);
    findings_say(findings, item, ", ");
    findings_share(findings, item, segment->share);
    findings_say(findings, item, " of all customers: %s ", words);

    if (line->is_share) {
        findings_say(findings, item, "is %s for ", line->value);
        findings_share(findings, item, line->share_inside);
        findings_say(findings, item,
                     line->count_outside ? " of them, for " : " of them, for nobody else.");
        if (line->count_outside) {
            findings_share(findings, item, line->share_outside);
            findings_say(findings, item, " of everyone else.");
        }
        return;
    }

    findings_say(findings, item, "is ");
    findings_number(findings, item, line->inside.mean);
    findings_say(findings, item, " on average, among everyone else ");
    findings_number(findings, item, line->outside.mean);
    findings_say(findings, item, ".");
}

static void of_portraits(struct findings *findings)
{
    int told = 0;
    const struct segment_set *set = findings->evidence->view->set;
    bool *done = ARENA_ARRAY(findings->arena, bool, findings->segments->count + 1);
    while (told < PORTRAITS) {
        const struct session_segment *best = NULL;
        const struct insight_difference *line = NULL;
        for (size_t i = 0; i < findings->segments->count; i++) {
            const struct session_segment *segment = &findings->segments->items[i];
            if (done[i] || segment->customers < FINDINGS_LEAST || segment->share > portrait_share)
                continue;

            /* Profiles are kept after the first look, so that three rounds cost hardly
             * more than one. */
            const struct insight_difference *own = strongest_trait(findings, segment->index);
            if (own && (!line || fabs(own->effect) > fabs(line->effect))) {
                best = segment;
                line = own;
            }
        }

        if (!best)
            return;

        /* the parts of a scheme are told by what they are not: one portrait a scheme */
        int scheme = set->segments[best->index].scheme;
        for (size_t i = 0; i < findings->segments->count; i++)
            done[i] |=
                scheme >= 0 && set->segments[findings->segments->items[i].index].scheme == scheme;
        done[best - findings->segments->items] = true;
        say_portrait(findings, best, line,
                     FINDINGS_RANK_PORTRAIT - FINDINGS_RANK_PORTRAIT_NEXT * told);
        told++;
    }
}

/* ---- health, and who is in no segment ---- */

static void of_health(struct findings *findings)
{
    const char *topic = NULL;
    int told = 0;
    for (size_t i = 0; i < findings->health->findings.count && told < PROPOSALS; i++) {
        const struct judge_finding *found = &findings->health->findings.items[i];
        int segment = found->segment[0]
                          ? segment_set_find(findings->evidence->view->set, found->segment[0])
                          : -1;
        bool again = topic && strcmp(topic, found->topic) == 0;
        bool models = segment >= 0 && judge_is_models_part(findings->evidence->view->set, segment);

        if (found->severity == JUDGE_NOTE || again || models || (found->segment[0] && segment < 0))
            continue;
        topic = found->topic;

        /* the first has its place among what matters most: it is what can be done today */
        bool serious = found->severity == JUDGE_SERIOUS;
        told++;
        struct findings_item *item = findings_add(
            findings, "health",
            told > 1 ? FINDINGS_RANK_HEALTH_NEXT : FINDINGS_RANK_HEALTH + serious, "health");
        findings_say(findings, item, "Worth mending: ");
        if (segment >= 0)
            findings_segment(findings, item, segment);
        findings_say(findings, item, "%s%s.%s%s%s", segment >= 0 ? ": " : "", found->message,
                     found->proposal ? " Proposal: " : "", found->proposal ? found->proposal : "",
                     found->proposal ? "." : "");
    }
}

static void of_outside(struct findings *findings)
{
    const struct plan_result *result = findings->evidence->view->result;
    uint64_t outside = 0;
    bool told = false; /* by health */
    for (size_t w = 0; w < result->words; w++) {
        uint64_t some = 0;
        for (int s = 0; s < result->segment_count; s++)
            some |= result->members[s] ? result->members[s][w] : 0;
        outside += (uint64_t)__builtin_popcountll(result->existing[w] & ~some);
    }

    double share = findings->customers ? (double)outside / (double)findings->customers : 0;

    for (size_t i = 0; i < findings->health->findings.count; i++)
        told |= strcmp(findings->health->findings.items[i].topic, "coverage") == 0;
    if (told || !result->segment_count || share < outside_least || outside < FINDINGS_LEAST)
        return;
    struct findings_item *item =
        findings_add(findings, "outside", FINDINGS_RANK_OUTSIDE, "overlap");
    findings_count(findings, item, outside);
    findings_say(findings, item, " customers, ");
    findings_share(findings, item, share);
    findings_say(findings, item, " of all, are in no segment: nobody speaks to them.");
}

enum status findings_of_segments(struct findings *findings, struct error *error)
{
    TRY(of_moves(findings, error));
    of_revenue(findings);
    of_portraits(findings);
    of_health(findings);
    of_outside(findings);
    return STATUS_OK;
}
