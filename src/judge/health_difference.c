/*
 * Do segments differ in anything that matters, and would they again? A segment is held against
 * everyone else, and the parts of a scheme against each other, in everything that is known of
 * customers except what their definitions read. A difference matters from Cohen's "small" on. The
 * p-value of a comparison is that of its surest difference that matters, times the number of things
 * compared (Bonferroni); over all comparisons Benjamini and Hochberg's rule holds. What is left is
 * then drawn anew by the bootstrap.
 */
#include "judge/health.h"

#include "stats/inference.h"

#include <math.h>
#include <string.h>

enum {
    MOST_PARTS = 16,  /* of a scheme: 120 pairs, each with a profile of its own at worst */
    LEAST_KNOWN = 50, /* customers in each of two groups: means of fewer are not near normal */
    RECENT_REFRESHES = 4,
};
/* A p that no adjusting among some thousand comparisons could lift over 5%. */
static const double p_beyond_doubt = 1e-6;
static const double move_above = .25; /* of the members, at each of the last refreshes */

struct contrast {
    /* the largest that matters or, without any, the largest; NaN: nothing to compare */
    double effect;
    double p;
    const struct insight_difference *line; /* NULL when it was worked out from other profiles */
    const char *by;
};

static struct contrast strongest(const struct insight_profile *profile)
{
    struct contrast best = {.effect = NAN, .p = 1};
    double tested = 0;
    bool matters = false;
    for (size_t i = 0; i < profile->count; i++) {
        const struct insight_difference *line = &profile->items[i];
        if (line->by_definition || !isfinite(line->effect) || !isfinite(line->p))
            continue;
        tested++;

        /* One that matters beats any that does not; among those that matter the surest,
         * else the largest. */
        bool large = fabs(line->effect) >= health_differs;
        bool better = large ? !matters || line->p < best.p
                            : !matters && !(fabs(line->effect) <= fabs(best.effect));
        if (!better)
            continue;
        best = (struct contrast){line->effect, line->p, line, line->feature->text};
        matters |= large;
    }
    best.p = fmin(1, best.p * tested);
    return best;
}

static bool differs(const struct contrast *contrast, double adjusted)
{
    return fabs(contrast->effect) >= health_differs && adjusted <= insight_alpha;
}

/* What findings about a missing difference say alike. Two must not be confused: nothing
 * sets the groups apart, or something might, but too few customers are in them to tell;
 * only the first is a warning. nothing, chance: the sentence for each, up to what differs
 * most. */
static struct judge_finding no_difference(struct health *health, const struct contrast *contrast,
                                          double p, const char *nothing, const char *chance)
{
    bool may_be = fabs(contrast->effect) >= health_differs;
    return (struct judge_finding){
        .severity = may_be ? JUDGE_NOTE : JUDGE_WARNING,
        .topic = "difference",
        .message = health_text(health, "%s %s", may_be ? chance : nothing, contrast->by),
        .figure = fabs(contrast->effect),
        .threshold = health_differs,
        .figure_label = "standardised difference",
        .unit = "number",
        .tested = true,
        .p = p};
}

/* ---- against everyone else ---- */

static void say_alike(struct health *health, int segment, const struct contrast *contrast, double p)
{
    struct judge_finding finding = no_difference(
        health, contrast, p,
        "its customers differ from everyone else in nothing but their definition; the "
        "largest difference is in",
        "what sets it apart beside its definition could be chance; the surest "
        "difference is in");
    health->alike[segment] = true;
    finding.segment[0] = health_name(health, segment);
    finding.proposal =
        "drop it, unless the definition itself is the reason to treat them differently";
    finding.effect = health_text(health, "%s customers would be treated like everyone else",
                                 health_count(health, health->size[segment]));
    health_add(health, finding);
}

static void check_segments(struct health *health)
{
    const struct segment_set *set = health->evidence->view->set;
    size_t count = (size_t)set->segment_count, tested = 0;
    struct contrast *found = ARENA_ARRAY(health->evidence->arena, struct contrast, count + 1);
    double *p = ARENA_ARRAY(health->evidence->arena, double, count + 1);
    int *which = ARENA_ARRAY(health->evidence->arena, int, count + 1);
    for (int s = 0; s < set->segment_count; s++) {
        if (!health->size[s] || health->size[s] == health->customers || set->segments[s].is_else)
            continue;
        found[tested] = strongest(judge_profile(health->evidence, s));
        which[tested] = s;
        p[tested] = found[tested].p;
        tested += !isnan(found[tested].effect);
    }

    stats_benjamini_hochberg(p, tested, p);
    for (size_t i = 0; i < tested; i++)
        if (!differs(&found[i], p[i]))
            say_alike(health, which[i], &found[i], p[i]);
    health->out->compared += (int)tested;
}

/* ---- parts of a scheme against each other ---- */

static const struct insight_difference *same_feature(const struct insight_profile *profile,
                                                     const struct insight_feature *feature)
{
    /* The same feature is the same place in memory: profiles are of one set of features. */
    for (size_t i = 0; i < profile->count; i++)
        if (profile->items[i].feature == feature)
            return &profile->items[i];
    return NULL;
}

/* From what the profiles know of the insides alone: cheap, and enough for most pairs. */
static struct contrast surest_number(const struct insight_profile *a,
                                     const struct insight_profile *b)
{
    struct contrast best = {.effect = NAN, .p = 1};
    double tested = (double)(a->count > b->count ? a->count : b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct insight_difference *x = &a->items[i], *y = same_feature(b, x->feature);

        /* What a definition reads differs by itself, in whichever of the two it is. */
        if (x->is_share || x->by_definition || !y || y->by_definition)
            continue;
        const struct insight_spread *in = &x->inside, *out = &y->inside;
        if (in->known < LEAST_KNOWN ||
            out->known < LEAST_KNOWN) /* too few to trust a test of means */
            continue;

        double in2 = in->deviation * in->deviation, out2 = out->deviation * out->deviation;

        /* In units of the mean of both variances, as in a profile. */
        double effect = (in->mean - out->mean) / sqrt((in2 + out2) / 2);
        double p =
            stats_welch(in->mean, in2, (double)in->known, out->mean, out2, (double)out->known).p;
        if (isfinite(effect) && fabs(effect) >= health_differs &&
            (isnan(best.effect) || p < best.p))
            best = (struct contrast){effect, p, NULL, x->feature->text};
    }
    best.p = fmin(1, best.p * tested);
    return best;
}

static struct contrast contrast_parts(const struct health *health, int a, int b)
{
    const struct judge_evidence *evidence = health->evidence;
    struct contrast quick = surest_number(judge_profile(evidence, a), judge_profile(evidence, b));
    struct insight_profile profile;
    if (quick.p < p_beyond_doubt)
        return quick;
    insight_contrast(evidence->view->set, evidence->schema, a, b, evidence->view->result,
                     evidence->features, evidence->view->population, evidence->arena, &profile);
    return strongest(&profile);
}

/* Merging is proposed in both cases. */
static void say_merge(struct health *health, int a, int b, const struct contrast *contrast,
                      double p)
{
    const char *first = health_name(health, a), *second = health_name(health, b);
    uint64_t size = health->size[a] + health->size[b];
    struct judge_finding finding = no_difference(
        health, contrast, p,
        "they differ in nothing but their definitions; the largest difference is in",
        "what sets them apart beside their definitions could be chance; the surest difference is "
        "in");
    finding.segment[0] = first;
    finding.segment[1] = second;
    finding.proposal = health_text(health, "merge %s and %s", first, second);
    finding.effect = health_text(health, "one part of %s customers instead of two of %s and %s",
                                 health_count(health, size), health_count(health, health->size[a]),
                                 health_count(health, health->size[b]));
    health_add(health, finding);
}

struct parts {
    VECTOR(int) a;
    VECTOR(int) b;
    VECTOR(struct contrast) found;
    VECTOR(double) p;
};

static void compare_parts(struct health *health, const struct segment_scheme *scheme,
                          struct parts *parts)
{
    const struct segment_set *set = health->evidence->view->set;
    int end = scheme->first_member + scheme->member_count;
    if (!scheme->exclusive || scheme->member_count > MOST_PARTS)
        return;
    for (int a = scheme->first_member; a < end; a++)
        for (int b = a + 1; b < end; b++) {
            /* `else` holds whoever is left: that it resembles a part is no reason to
             * merge the two. */
            if (!health->size[a] || !health->size[b] || set->segments[a].is_else ||
                set->segments[b].is_else)
                continue;
            struct contrast contrast = contrast_parts(health, a, b);
            if (isnan(contrast.effect))
                continue;
            VECTOR_PUSH(&parts->a, a);
            VECTOR_PUSH(&parts->b, b);
            VECTOR_PUSH(&parts->found, contrast);
            VECTOR_PUSH(&parts->p, contrast.p);
        }
}

static void check_parts(struct health *health)
{
    const struct segment_set *set = health->evidence->view->set;
    struct parts parts = {0};
    for (int s = 0; s < set->scheme_count; s++)
        compare_parts(health, &set->schemes[s], &parts);
    if (parts.p.count)
        stats_benjamini_hochberg(parts.p.items, parts.p.count, parts.p.items);
    for (size_t i = 0; i < parts.p.count; i++)
        if (!differs(&parts.found.items[i], parts.p.items[i]))
            say_merge(health, parts.a.items[i], parts.b.items[i], &parts.found.items[i],
                      parts.p.items[i]);
    health->out->compared += (int)parts.p.count;
    VECTOR_RELEASE(&parts.a);
    VECTOR_RELEASE(&parts.b);
    VECTOR_RELEASE(&parts.found);
    VECTOR_RELEASE(&parts.p);
}

void health_check_differences(struct health *health)
{
    check_segments(health);
    check_parts(health);
}

/* ---- drawn anew ---- */

static void wobble_segment(struct health *health, int segment, uint64_t *others)
{
    const struct session_view *view = health->evidence->view;
    const uint64_t *members = view->result->members[segment];
    const struct insight_profile *profile = judge_profile(health->evidence, segment);
    struct contrast surest = strongest(profile);
    struct insight_wobble wobble;

    if (!surest.line || fabs(surest.effect) < health_differs)
        return;
    for (size_t w = 0; w < view->result->words; w++)
        others[w] = view->result->existing[w] & ~members[w];
    insight_wobble(profile, surest.line, members, others, view->population, (uint64_t)segment + 1,
                   health->evidence->arena, &wobble);

    /* Half of the interval against half of the effect: wider, and its sign is not even
     * sure. Small effects are allowed what would not matter. */
    double half = (wobble.high - wobble.low) / 2,
           most = fmax(health_differs, fabs(surest.effect) / 2);
    if (!wobble.drawn || half <= most)
        return;

    /* A note: the segment may be good, but what is said of it would not hold when asked again. */
    health_add(
        health,
        (struct judge_finding){
            .severity = JUDGE_NOTE,
            .topic = "stability",
            .segment = {health_name(health, segment)},
            .message =
                health_text(health,
                            "its profile is unstable: drawn anew from such customers (bootstrap, "
                            "%d draws), its surest "
                            "difference, %s of %.2f, lies between %.2f and %.2f, %.1f of the %d "
                            "strongest stay among them, "
                            "and its size lies between %s and %s",
                            INSIGHT_WOBBLE_DRAWS, surest.by, surest.effect, wobble.low, wobble.high,
                            INSIGHT_WOBBLE_TOP * wobble.kept, INSIGHT_WOBBLE_TOP,
                            health_count(health, (uint64_t)wobble.size_low),
                            health_count(health, (uint64_t)wobble.size_high)),
            .figure = half,
            .threshold = most,
            .figure_label = "its surest difference is known to within",
            .unit = "number",
            .proposal =
                "widen its condition, or wait for more customers before reading its profile",
            .effect = health_text(
                health, "what its %s customers are said to be like would hold when asked again",
                health_count(health, health->size[segment]))});
}

void health_check_wobble(struct health *health)
{
    const struct segment_set *set = health->evidence->view->set;
    uint64_t *others =
        ARENA_ARRAY(health->evidence->arena, uint64_t, health->evidence->view->result->words + 1);

    for (int s = 0; s < set->segment_count; s++)
        if (health->size[s] && health->size[s] < health->customers && !health->alike[s] &&
            !set->segments[s].is_else)
            wobble_segment(health, s, others);
}

/* ---- members that come and go ---- */

struct moves {
    const struct segment_set *set;
    uint32_t after, until; /* refreshes after the one, up to the other */
    uint64_t *moved;
};

static enum status count_moves(void *context, struct catalog_membership *membership,
                               struct error *error)
{
    struct moves *moves = context;
    int segment = segment_set_find(moves->set, membership->segment);
    (void)error;
    if (segment >= 0 && membership->refresh > moves->after && membership->refresh <= moves->until &&
        membership->cause != CAUSE_DEFINITION)
        moves->moved[segment] += bitmap_count(membership->customers);
    bitmap_free(membership->customers);
    return STATUS_OK;
}

/* The mean size at the refreshes after `first`, and before each of them; 0 where nothing is
 * recorded. */
static double mean_size(const struct judge_history *history, size_t first, int segment)
{
    double sum = 0, count = 0;
    for (size_t r = first; r < history->refreshes; r++) {
        uint64_t size = history->customers[r * (size_t)history->segment_count + (size_t)segment];

        /* No size is not a size of 0: it would halve the mean. */
        if (size == UINT64_MAX)
            continue;
        sum += (double)size;
        count++;
    }
    return count ? sum / count : 0;
}

static void say_moves(struct health *health, int segment, double rate, size_t refreshes,
                      double moved)
{
    health_add(health,
               (struct judge_finding){
                   .severity = JUDGE_WARNING,
                   .topic = "stability",
                   .segment = {health_name(health, segment)},
                   .message = health_text(
                       health, "%.0f%% of its members changed at each of the last %zu refreshes",
                       100 * rate, refreshes),
                   .figure = rate,
                   .threshold = move_above,
                   .figure_label = "members that change at a refresh",
                   .unit = "share",
                   .proposal = "lengthen its windows, or act on it at once: a list of the last "
                               "refresh is out of date",
                   .effect = health_text(
                       health, "some %s customers enter and as many leave at each refresh",
                       health_count(health, (uint64_t)llround(moved)))});
}

enum status health_check_moves(struct health *health, struct error *error)
{
    const struct judge_evidence *evidence = health->evidence;
    struct catalog *catalog = store_catalog(session_store(evidence->session));
    struct judge_history history;
    struct catalog_refresh *refreshes;
    size_t count;

    TRY(catalog_refreshes(catalog, evidence->arena, &refreshes, &count, error));
    TRY(judge_history(evidence->session, evidence->view->now, evidence->arena, &history, error));
    count = history.refreshes;
    if (count < 2)
        return STATUS_OK;

    /* The first refresh recorded everyone as entering: moves count from the one after it. */
    size_t recent = count > RECENT_REFRESHES ? RECENT_REFRESHES : count - 1;
    struct moves moves = {
        evidence->view->set, refreshes[count - 1 - recent].number, refreshes[count - 1].number,
        ARENA_ARRAY(evidence->arena, uint64_t, (size_t)evidence->view->set->segment_count + 1)};
    TRY(catalog_memberships(catalog, NULL, count_moves, &moves, error));
    for (int s = 0; s < moves.set->segment_count; s++) {
        /* Half of entries and exits together: who leaves and who takes the place are one change. */
        double moved = (double)moves.moved[s] / 2 / (double)recent,
               size = mean_size(&history, count - 1 - recent, s);
        double rate = size > 0 ? fmin(1, moved / size) : 0;
        if (rate > move_above)
            say_moves(health, s, rate, recent, moved);
    }

    return STATUS_OK;
}
