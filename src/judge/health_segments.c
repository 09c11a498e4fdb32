/* Health of segments by their members: too small, inside one another, nearly the same, nobody's,
 * badly divided. */
#include "judge/health.h"

#include "stats/distribution.h"
#include "stats/inference.h"

#include <math.h>
#include <string.h>

enum { BASE_DAYS = 30, MOST_UNTESTABLE = 3 };
static const double uplift_below = .5; /* the smallest uplift that a test finds, of the base rate */
static const double coincide_above = .9;     /* Jaccard's index of two segments */
static const double inside_above = .99;      /* of the smaller one's customers */
static const double uncovered_above = .05;   /* of all customers */
static const double uncovered_serious = .5;  /* then most are in none */
static const double largest_part_above = .8; /* of a scheme's customers */
static const double part_below = .01;
/* What a test is planned with: the usual power (Cohen 1988), halves treated and not. */
static const double power = .8, treated = .5;
static const double usual_base = .05, least_base = .01, most_base = .5;
static const double nearly_all = .999;
static const double customers_most = 1e9; /* more than there are anywhere */

/* Its conditions read the model's own traits, `rfm.cell = …`. */
bool judge_is_models_part(const struct segment_set *set, int segment)
{
    if (set->segments[segment].scheme < 0)
        return false;
    const struct segment_scheme *scheme = &set->schemes[set->segments[segment].scheme];
    size_t length = strlen(scheme->name);
    for (int m = scheme->first_member; m < scheme->first_member + scheme->member_count; m++)
        /* The text of a condition is canonical, so a trait's name stands in it as it is. */
        for (const char *at = set->segments[m].text; (at = strstr(at, scheme->name)); at += length)
            if (at[length] == '.')
                return true;
    return false;
}

/* ---- size ---- */

/* What a campaign wants to raise: who orders within a month. Without orders, or with hardly any,
 * 5%. */
static void find_base(struct health *health)
{
    const struct judge_evidence *evidence = health->evidence;
    int64_t now = evidence->view->now, from = now - (int64_t)BASE_DAYS * SECONDS_A_DAY;
    health->base = usual_base;
    if (evidence->revenue->table < 0)
        return;

    struct insight_money money = insight_money(evidence->view->population, evidence->revenue,
                                               evidence->view->result->existing, from, now);

    /* Within bounds: with a base rate near 0 or 1 no test of any size finds anything. */
    double share = health->customers ? (double)money.buyers / (double)health->customers : 0;
    if (share > 0)
        health->base = fmin(fmax(share, least_base), most_base);
}

static void say_extreme(struct health *health, int segment, bool empty)
{
    health_add(health, (struct judge_finding){
                           .severity = JUDGE_WARNING,
                           .topic = "size",
                           .segment = {health_name(health, segment)},
                           .message = empty ? "nobody is in it" : "everybody is in it",
                           .figure = empty ? 0 : 1,
                           .threshold = empty ? 1 : nearly_all,
                           .figure_label = empty ? "customers" : "share of all customers",
                           .unit = empty ? "number" : "share",
                           .proposal = empty ? "widen its condition or delete it"
                                             : "narrow its condition or delete it",
                           .effect = "deleting it changes nothing for any customer"});
}

/* With how many customers a test would find an uplift of uplift_below. */
static uint64_t enough(const struct health *health)
{
    double low = 1, high = customers_most;

    while (high - low > 1.0 / 2) {
        /* The detectable difference falls with every customer, so halving finds the place. */
        double middle = (low + high) / 2;
        double found =
            stats_detectable_proportion(middle, treated, health->base, insight_alpha, power);
        if (isfinite(found) && found / health->base <= uplift_below)
            high = middle;
        else
            low = middle;
    }
    return (uint64_t)ceil(high);
}

static double smallest_uplift(const struct health *health, int segment)
{
    return stats_detectable_proportion((double)health->size[segment], treated, health->base,
                                       insight_alpha, power) /
           health->base;
}

static bool is_untestable(const struct health *health, int segment)
{
    double uplift = smallest_uplift(health, segment);
    return !isfinite(uplift) || uplift > uplift_below;
}

static void say_untestable(struct health *health, int segment)
{
    uint64_t size = health->size[segment];
    double uplift = smallest_uplift(health, segment);
    const char *smallest = isfinite(uplift)
                               ? health_text(health, "no smaller uplift than %.0f%%", 100 * uplift)
                               : "no uplift at all";

    /* The test's terms stand in the sentence: without base rate and power a figure of
     * uplift says nothing. */
    health_add(
        health,
        (struct judge_finding){
            .severity = JUDGE_NOTE,
            .topic = "size",
            .segment = {health_name(health, segment)},
            .message = health_text(
                health,
                "with %s %s a test finds %s (base rate: %.1f%% order within %d days; split "
                "in halves, alpha .05, power .8)",
                health_count(health, size), size == 1 ? "customer" : "customers", smallest,
                100 * health->base, BASE_DAYS),
            .figure = uplift,
            .threshold = uplift_below,
            .figure_label = "smallest uplift a test finds, of the base rate",
            .unit = "share",
            .proposal =
                "treat it as a whole, or join it with a segment that gets the same treatment",
            .effect =
                health_text(health, "from %s customers on a test would find an uplift of %.0f%%",
                            health_count(health, enough(health)), 100 * uplift_below)});
}

/* Where so many are too small, that is a property of the store, and told once. */
static void say_all_untestable(struct health *health, int few, int all)
{
    uint64_t needed = enough(health);
    const char *whole =
        needed > health->customers
            ? health_text(health, "; the store has %s", health_count(health, health->customers))
            : "";

    /* A note, as nothing is wrong with the segments: they cannot be told from chance by
     * a test of them alone. */
    health_add(
        health,
        (struct judge_finding){
            .severity = JUDGE_NOTE,
            .topic = "size",
            .message = health_text(
                health,
                "%d of %d segments are too small for a test that finds an uplift of %.0f%%: "
                "that takes %s customers%s (base rate: %.1f%% order within %d days; split in "
                "halves, alpha .05, power .8)",
                few, all, 100 * uplift_below, health_count(health, needed), whole,
                100 * health->base, BASE_DAYS),
            .figure = few,
            .threshold = MOST_UNTESTABLE,
            .figure_label = "segments too small for a test",
            .unit = "number",
            .proposal = "test what is larger, or treat each of them as a whole",
            .effect =
                health_text(health, "from %s customers on a test would find an uplift of %.0f%%",
                            health_count(health, needed), 100 * uplift_below)});
}

static void check_tests(struct health *health)
{
    const struct segment_set *set = health->evidence->view->set;
    int *few = ARENA_ARRAY(health->evidence->arena, int, (size_t)set->segment_count + 1), count = 0;
    for (int s = 0; s < set->segment_count; s++) {
        bool some = health->size[s] && health->size[s] < health->customers;
        if (some && !set->segments[s].is_else && is_untestable(health, s))
            few[count++] = s;
    }

    if (count > MOST_UNTESTABLE) {
        say_all_untestable(health, count, set->segment_count);
        return;
    }
    for (int i = 0; i < count; i++)
        say_untestable(health, few[i]);
}

/* The parts a model made are told from each other by its rule: an empty one is no mistake of a
 * definition. */
static void check_extreme(struct health *health, int segment)
{
    const struct segment_set *set = health->evidence->view->set;
    uint64_t size = health->size[segment];
    if (set->segments[segment].is_else || judge_is_models_part(set, segment))
        return;
    if (size == 0 || size == health->customers)
        say_extreme(health, segment, size == 0);
}

void health_check_sizes(struct health *health)
{
    find_base(health);
    for (int s = 0; s < health->evidence->view->set->segment_count; s++)
        check_extreme(health, s);
    check_tests(health);
}

/* ---- overlap ---- */

struct pair {
    int small, large;
    uint64_t both;
};

/* a reads b, itself or through others: lying inside is then what was meant. */
static bool reads(const struct segment_set *set, int a, int b)
{
    for (int u = 0; u < set->segments[a].use_count; u++)
        /* Definitions cannot use each other in a circle: the checker refused that. */
        if (set->segments[a].uses[u] == b || reads(set, set->segments[a].uses[u], b))
            return true;
    return false;
}

static struct pair pair_of(const struct health *health, int a, int b)
{
    const struct plan_result *result = health->evidence->view->result;
    bool first = health->size[a] < health->size[b];
    struct pair pair = {.small = first ? a : b, .large = first ? b : a};
    for (size_t w = 0; w < result->words; w++)
        pair.both += (uint64_t)__builtin_popcountll(result->members[a][w] & result->members[b][w]);
    return pair;
}

/* The chance that as many of the smaller one's customers are in the larger one, were the two
 * independent. */
static double together_by_chance(const struct health *health, const struct pair *pair)
{
    double small = (double)health->size[pair->small];
    double share = (double)health->size[pair->large] / (double)health->customers;
    return stats_binomial_cdf(small - (double)pair->both, small, 1 - share);
}

static void say_coincide(struct health *health, const struct pair *pair, double jaccard, double p)
{
    uint64_t apart = health->size[pair->small] + health->size[pair->large] - 2 * pair->both;
    const char *keep = health_name(health, pair->large), *drop = health_name(health, pair->small);

    /* The larger one is kept: dropping it would leave more customers in neither. */
    health_add(
        health,
        (struct judge_finding){
            .severity = JUDGE_WARNING,
            .topic = "overlap",
            .segment = {keep, drop},
            .message =
                apart ? "they hold nearly the same customers" : "they hold the same customers",
            .figure = jaccard,
            .threshold = coincide_above,
            .figure_label = "Jaccard index",
            .unit = "share",
            .tested = true,
            .p = p,
            .proposal = health_text(health, "keep %s and drop %s", keep, drop),
            .effect =
                apart ? health_text(
                            health,
                            "%s customers are in one of them only; for all others nothing changes",
                            health_count(health, apart))
                      : "no customer would be treated differently"});
}

static void say_inside(struct health *health, const struct pair *pair, double share, double p)
{
    const char *outer = health_name(health, pair->large), *inner = health_name(health, pair->small);
    health_add(health,
               (struct judge_finding){
                   .severity = JUDGE_NOTE,
                   .topic = "overlap",
                   .segment = {inner, outer},
                   .message = health_text(health, "%s of its customers are in %s too",
                                          share < 1 ? "nearly all" : "all", outer),
                   .figure = share,
                   .threshold = inside_above,
                   .figure_label = "share inside",
                   .unit = "share",
                   .tested = true,
                   .p = p,
                   .proposal = health_text(
                       health,
                       "if that is meant, say so (where in %s and …); else treat the rest of %s "
                       "apart",
                       outer, outer),
                   .effect = health_text(health, "%s of %s customers of %s get both treatments",
                                         health_count(health, pair->both),
                                         health_count(health, health->size[pair->large]), outer)});
}

static void say_pair(struct health *health, const struct pair *pair, double p)
{
    const struct segment_set *set = health->evidence->view->set;
    uint64_t either = health->size[pair->small] + health->size[pair->large] - pair->both;
    double jaccard = (double)pair->both / (double)either;
    double inside = (double)pair->both / (double)health->size[pair->small];

    /* Two large segments lie in each other to a great part by chance alone. */
    if (p > insight_alpha)
        return;
    if (jaccard >= coincide_above)
        say_coincide(health, pair, jaccard, p);
    else if (inside >= inside_above && !reads(set, pair->small, pair->large))
        say_inside(health, pair, inside, p);
}

void health_check_overlap(struct health *health)
{
    const struct segment_set *set = health->evidence->view->set;
    struct arena *arena = health->evidence->arena;
    size_t most = (size_t)set->segment_count * (size_t)set->segment_count / 2, count = 0;
    struct pair *pairs = ARENA_ARRAY(arena, struct pair, most + 1);
    double *p = ARENA_ARRAY(arena, double, most + 1);
    for (int a = 0; a < set->segment_count; a++)
        for (int b = a + 1; b < set->segment_count; b++) {
            /* Parts of a scheme cannot overlap, or are meant to. */
            if (set->segments[a].scheme >= 0 || set->segments[b].scheme >= 0 || !health->size[a] ||
                !health->size[b])
                continue;
            pairs[count] = pair_of(health, a, b);
            p[count] = together_by_chance(health, &pairs[count]);
            count++;
        }

    stats_benjamini_hochberg(p, count, p);
    for (size_t i = 0; i < count; i++)
        say_pair(health, &pairs[i], p[i]);
    health->out->compared += (int)count;
}

/* ---- coverage and schemes ---- */

void health_check_coverage(struct health *health)
{
    const struct plan_result *result = health->evidence->view->result;
    const struct segment_set *set = health->evidence->view->set;
    uint64_t none = 0;

    /* A word of 64 customers at a time: who is left when all segments are taken away. */
    for (size_t w = 0; w < result->words; w++) {
        uint64_t rest = result->existing[w];
        for (int s = 0; s < set->segment_count; s++)
            rest &= ~result->members[s][w];
        none += (uint64_t)__builtin_popcountll(rest);
    }

    double share = health->customers ? (double)none / (double)health->customers : 0;
    if (!set->segment_count || share <= uncovered_above)
        return;
    health_add(health, (struct judge_finding){
                           .severity = share > uncovered_serious ? JUDGE_SERIOUS : JUDGE_WARNING,
                           .topic = "coverage",
                           .message = health_text(health, "%s customers are in no segment",
                                                  health_count(health, none)),
                           .figure = share,
                           .threshold = uncovered_above,
                           .figure_label = "customers in no segment",
                           .unit = "share",
                           .proposal = "a scheme with `else` places everyone",
                           .effect = health_text(health, "%s customers would be in a segment",
                                                 health_count(health, none))});
}

static void say_largest(struct health *health, const struct segment_scheme *scheme, int part,
                        double share)
{
    const char *name = health_name(health, part);
    health_add(health,
               (struct judge_finding){
                   .severity = JUDGE_WARNING,
                   .topic = "scheme",
                   .segment = {name},
                   .message = health_text(
                       health, "it holds %.0f%% of the customers of %s: the scheme divides badly",
                       100 * share, scheme->name),
                   .figure = share,
                   .threshold = largest_part_above,
                   .figure_label = "share of the largest part",
                   .unit = "share",
                   .proposal = health_text(health, "divide %s further", name),
                   .effect = health_text(health, "%s customers would be told apart who are not now",
                                         health_count(health, health->size[part]))});
}

static void say_smallest(struct health *health, const struct segment_scheme *scheme, int part,
                         double share)
{
    const char *name = health_name(health, part);
    health_add(
        health,
        (struct judge_finding){
            .severity = JUDGE_NOTE,
            .topic = "scheme",
            .segment = {name},
            .message = health_text(health, "it holds %s of the customers of %s: hardly a part",
                                   health_count(health, health->size[part]), scheme->name),
            .figure = share,
            .threshold = part_below,
            .figure_label = "share of the part",
            .unit = "share",
            .proposal = "join it with its neighbour in the scheme",
            .effect = health_text(
                health, "%s customers would move to another part, of %d parts %d would be left",
                health_count(health, health->size[part]), scheme->member_count,
                scheme->member_count - 1)});
}

static void check_scheme(struct health *health, const struct segment_scheme *scheme)
{
    uint64_t total = 0;
    for (int s = scheme->first_member; s < scheme->first_member + scheme->member_count; s++)
        total += health->size[s];
    if (!total || scheme->member_count < 2 ||
        judge_is_models_part(health->evidence->view->set, scheme->first_member))
        return;

    /* Shares are of the scheme's customers, not of all: parts are held against each
     * other. A model's parts are as large as its rule makes them. */
    for (int s = scheme->first_member; s < scheme->first_member + scheme->member_count; s++) {
        double share = (double)health->size[s] / (double)total;

        /* A part of nobody is told elsewhere, and `else` is meant to be small. */
        if (share > largest_part_above)
            say_largest(health, scheme, s, share);
        else if (health->size[s] && share < part_below &&
                 !health->evidence->view->set->segments[s].is_else)
            say_smallest(health, scheme, s, share);
    }
}

void health_check_schemes(struct health *health)
{
    for (int s = 0; s < health->evidence->view->set->scheme_count; s++)
        check_scheme(health, &health->evidence->view->set->schemes[s]);
}
