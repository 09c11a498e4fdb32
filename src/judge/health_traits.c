/* Health of traits: hardly known, the same for everyone, stale, drifted since the last refresh,
 * contradictory. */
#include "base/bits.h"
#include "judge/health.h"
#include "study/study.h"

#include "base/number.h"
#include "stats/distribution.h"
#include "stats/inference.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STALE_DAYS = 365,
    OLDEST_YEARS = 120, /* the oldest human whose age is proved reached 122 */
    BINS = 10,          /* deciles, as the index's usual limits are meant for */
    LEAST_KNOWN = 100,  /* ten for each bin */
    DIGITS_SOME = 6,
    DIGITS_ALL = 17, /* enough for any double */
};
static const double known_below = .05; /* of all customers */
/* Of the population stability index: a shift to look at, and one to act on (Siddiqi 2006). */
static const double drift_above[2] = {.1, .25};
static const double chance_level = .95;

/* ---- names and values, as far as they may be told ---- */

/* A name and a value as the language writes them. */
static const char *name_text(const struct health *health, const struct insight_trait *trait)
{
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_name(&text, trait->name);
    const char *copy = buffer_copy(&text, health->evidence->arena);
    buffer_release(&text);
    return copy;
}

/* As few digits as tell the number from its neighbours, so that a condition copied from it finds
 * the customer. */
static const char *double_text(const struct health *health, double value)
{
    const char *text = "";
    for (int digits = DIGITS_SOME; digits <= DIGITS_ALL; digits++) {
        text = health_text(health, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return text;
}

/* One rule for values of every type: what few customers share may tell who they are. */
static bool may_tell(const struct health *health, const struct insight_trait *trait,
                     uint32_t position)
{
    uint32_t rank = trait->rank[position];
    uint32_t customers = trait->start[rank + 1] - trait->start[rank];
    struct text text = {0};

    if (trait->type == VALUE_BOOL)
        return true; /* one of two, whoever has it */
    if (trait->type == VALUE_TEXT)
        text =
            population_text(health->evidence->view->population, (uint32_t)trait->value[position]);
    return insight_may_name(text, customers);
}

static int32_t year_of(const struct health *health, const struct insight_trait *trait,
                       uint32_t position)
{
    int64_t value = trait->value[position];
    if (trait->type == VALUE_TIME)
        value = zone_date(session_zone(health->evidence->session), value);
    return date_to_civil((int32_t)value).year;
}

/* What stands for a value that may not be told. */
static const char *withheld_text(const struct health *health, const struct insight_trait *trait,
                                 uint32_t position)
{
    switch (trait->type) {
    case VALUE_TEXT: return "a text of few customers";
    case VALUE_DATE:
    case VALUE_TIME:
        return health_text(health, "a day in %d", (int)year_of(health, trait, position));
    default: return "a number of few customers";
    }
}

/* The language doubles quotes inside as SQL does. */
static const char *quoted(const struct health *health, struct text word)
{
    struct buffer text;
    buffer_init(&text, 0);
    buffer_sql_text(&text, word);
    const char *copy = buffer_copy(&text, health->evidence->arena);
    buffer_release(&text);
    return copy;
}

static const char *value_text(const struct health *health, const struct insight_trait *trait,
                              uint32_t position)
{
    char text[MOMENT_TEXT_MAX];
    int64_t value = trait->value[position];
    if (!may_tell(health, trait, position))
        return withheld_text(health, trait, position);

    switch (trait->type) {
    case VALUE_TEXT:
        return quoted(health, population_text(health->evidence->view->population, (uint32_t)value));
    case VALUE_BOOL: return value ? "yes" : "no";
    case VALUE_DECIMAL:
        return health_text(health, "%s", number_format_decimal(value, trait->scale, text));
    case VALUE_DOUBLE: return double_text(health, insight_trait_double(value));
    case VALUE_DATE: return health_text(health, "%s", date_format((int32_t)value, text));
    case VALUE_TIME:
        return health_text(health, "%s",
                           moment_format(session_zone(health->evidence->session), value, text));
    default: return health_text(health, "%lld", (long long)value);
    }
}

/* ---- one trait by itself ---- */

static void check_known(struct health *health, const struct insight_trait *trait)
{
    double share = health->customers ? (double)trait->known / (double)health->customers : 0;
    bool ranked = trait->type != VALUE_SET && trait->type != VALUE_POINT;

    /* Both are notes: nothing is wrong, but conditions on such a trait say little. */
    if (share < known_below)
        health_add(
            health,
            (struct judge_finding){
                .severity = JUDGE_NOTE,
                .topic = "trait",
                .message =
                    health_text(health, "the trait %s is known of few customers", trait->name),
                .figure = share,
                .threshold = known_below,
                .figure_label = "customers of whom it is known",
                .unit = "share",
                .proposal = "import it for more customers, or leave it out of conditions",
                .effect = health_text(
                    health,
                    "a condition on it decides about %s customers and is false of all others",
                    health_count(health, trait->known))});
    else if (ranked && trait->distinct == 1 && trait->known > 1)
        health_add(
            health,
            (struct judge_finding){
                .severity = JUDGE_NOTE,
                .topic = "trait",
                .message =
                    health_text(health, "the trait %s is the same for everyone", trait->name),
                .figure = 1,
                .threshold = 2,
                .figure_label = "different values",
                .unit = "number",
                .proposal = "leave it out of the next import",
                .effect = health_text(health, "nothing: it tells none of its %s customers apart",
                                      health_count(health, trait->known))});
}

static void check_stale(struct health *health, const struct insight_trait *trait)
{
    double days = (double)(health->evidence->view->now - (int64_t)trait->latest) / SECONDS_A_DAY;

    /* Without a time of its own a telling is as old as its import, which says nothing
     * of the value. */
    if (!trait->latest || trait->undated || days <= STALE_DAYS)
        return;
    health_add(
        health,
        (struct judge_finding){
            .severity = JUDGE_WARNING,
            .topic = "trait",
            .message =
                health_text(health, "nobody was told a new %s for %.0f days", trait->name, days),
            .figure = days,
            .threshold = STALE_DAYS,
            .figure_label = "days since the last telling",
            .unit = "days",
            .proposal = "import it anew, or stop relying on it",
            .effect = health_text(health, "%s customers are judged by a value that old or older",
                                  health_count(health, trait->known))});
}

static bool is_birth(const struct insight_trait *trait)
{
    return trait->type == VALUE_DATE &&
           (strstr(trait->name, "birth") || strstr(trait->name, "born"));
}

/* A date, or its year alone. */
static const char *end_text(const struct health *health, const struct insight_trait *trait,
                            uint32_t position)
{
    return may_tell(health, trait, position)
               ? value_text(health, trait, position)
               : health_text(health, "%d", (int)year_of(health, trait, position));
}

/* Nobody is born after today or a hundred and twenty years ago. */
static void check_birth(struct health *health, const struct insight_trait *trait, int32_t today)
{
    uint32_t wrong = 0;
    int32_t oldest = date_add_months(today, -MONTHS_A_YEAR * OLDEST_YEARS);

    if (!is_birth(trait))
        return;
    for (uint32_t i = 0; i < trait->known; i++) {
        int64_t date = trait->value[trait->by_rank[i]];
        wrong += date > today || date < oldest;
    }

    if (!wrong)
        return;

    /* The two ends say what kind of mistake it is: 1900-01-01 stands for "unknown",
     * 2065 for a year of two digits. */
    const char *least = end_text(health, trait, trait->by_rank[0]),
               *most = end_text(health, trait, trait->by_rank[trait->known - 1]);
    health_add(
        health,
        (struct judge_finding){
            .severity = JUDGE_WARNING,
            .topic = "trait",
            .message = health_text(
                health,
                "%s of %s values of %s are in the future or more than %d years ago; they "
                "lie between %s and %s",
                health_count(health, wrong), health_count(health, trait->known), trait->name,
                OLDEST_YEARS, least, most),
            .figure = wrong,
            .threshold = 0,
            .figure_label = "customers who cannot be so old",
            .unit = "number",
            .proposal = "mend them where they come from and import them anew",
            .effect = health_text(health, "the age of %s customers", health_count(health, wrong))});
}

/* ---- two traits ---- */

struct clash_text {
    const char *message, *proposal;
};

/* ", such as X and Y", of the customer that is the example; nothing where neither may be told. */
static const char *such_as(const struct health *health, const struct insight_contradiction *clash,
                           const struct insight_trait *x, const struct insight_trait *y)
{
    bool dates = x->type == VALUE_DATE || x->type == VALUE_TIME || y->type == VALUE_DATE ||
                 y->type == VALUE_TIME;
    if (!dates && !may_tell(health, x, clash->example) && !may_tell(health, y, clash->example))
        return "";
    return health_text(health, ", such as %s and %s", value_text(health, x, clash->example),
                       value_text(health, y, clash->example));
}

/* How whoever mends it finds the rows: by a condition, or beside all others where that would have
 * to name a value of few. */
static const char *way_to_find(const struct health *health,
                               const struct insight_contradiction *clash,
                               const struct insight_trait *a, const struct insight_trait *b)
{
    struct buffer from, to;
    if (may_tell(health, a, clash->example) && may_tell(health, b, clash->example))
        return health_text(health, "strata count STORE \"%s = %s and %s = %s\"",
                           name_text(health, a), value_text(health, a, clash->example),
                           name_text(health, b), value_text(health, b, clash->example));

    buffer_init(&from, 0);
    buffer_init(&to, 0);
    buffer_sql_name(&from, text_from(a->name));
    buffer_sql_name(&to, text_from(b->name));
    const char *way = health_text(health,
                                  "strata sql STORE 'SELECT %s, %s, count(*) FROM strata.customers "
                                  "GROUP BY ALL ORDER BY ALL'",
                                  from.data, to.data);
    buffer_release(&from);
    buffer_release(&to);
    return way;
}

static struct clash_text decides_text(const struct health *health,
                                      const struct insight_contradiction *clash,
                                      const struct insight_trait *a, const struct insight_trait *b)
{
    const char *from = name_text(health, a), *to = name_text(health, b);

    return (struct clash_text){
        health_text(
            health,
            "%s decides %s, but not for %s of %s customers: with %s %s goes %s, and here stands %s",
            from, to, health_count(health, clash->broken), health_count(health, clash->known), from,
            value_text(health, a, clash->example), value_text(health, b, clash->usual),
            value_text(health, b, clash->example)),
        health_text(health, "look at who they are (%s) and mend one of the two",
                    way_to_find(health, clash, a, b))};
}

static struct clash_text same_text(const struct health *health,
                                   const struct insight_contradiction *clash,
                                   const struct insight_trait *a, const struct insight_trait *b)
{
    const char *first = name_text(health, a), *second = name_text(health, b);
    if (!clash->broken)
        return (struct clash_text){
            health_text(health,
                        "%s and %s say the same of all %s customers of whom both are "
                        "known",
                        first, second, health_count(health, clash->known)),
            health_text(health, "use %s in conditions and leave %s out of the next import",
                        a->known >= b->known ? first : second,
                        a->known >= b->known ? second : first)};

    return (struct clash_text){
        health_text(health, "%s and %s say the same but of %s of %s customers%s", first, second,
                    health_count(health, clash->broken), health_count(health, clash->known),
                    such_as(health, clash, a, b)),
        health_text(health,
                    "find out which of the two is right (strata count STORE \"%s != %s\") and drop "
                    "the other",
                    first, second)};
}

static struct clash_text age_text(const struct health *health,
                                  const struct insight_contradiction *clash,
                                  const struct insight_trait *a, const struct insight_trait *b)
{
    const char *birth = name_text(health, a), *age = name_text(health, b);
    const char *lag = "", *broken = "";

    /* Off by one is how ages are told around a birthday; more is a column nobody counts on. */
    if (abs(clash->lag) >= 2)
        lag = health_text(health, "%s stands still: for most it is %d years %s what %s says", age,
                          abs(clash->lag), clash->lag > 0 ? "short of" : "more than", birth);
    if (clash->broken)
        broken = health_text(health, "%s%s is not the age of %s for %s of %s customers%s",
                             *lag ? "; beside that " : "", age, birth,
                             health_count(health, clash->broken),
                             health_count(health, clash->known), such_as(health, clash, b, a));
    return (struct clash_text){
        health_text(health, "%s%s", lag, broken),
        health_text(health,
                    "use age(%s) in conditions and drop %s; mend those that contradict "
                    "each other",
                    birth, age)};
}

static struct clash_text before_text(const struct health *health,
                                     const struct insight_contradiction *clash,
                                     const struct insight_trait *a, const struct insight_trait *b)
{
    const char *first = name_text(health, a), *second = name_text(health, b);
    return (struct clash_text){
        health_text(health, "%s lies after %s for %s of %s customers and for no others%s", first,
                    second, health_count(health, clash->broken), health_count(health, clash->known),
                    such_as(health, clash, a, b)),
        health_text(health,
                    "look at who they are (strata count STORE \"%s > %s\") and mend one of the two",
                    first, second)};
}

static void say_clash(struct health *health, const struct insight_traits *traits,
                      const struct insight_contradiction *clash)
{
    static struct clash_text (*const texts[])(
        const struct health *, const struct insight_contradiction *, const struct insight_trait *,
        const struct insight_trait *) = {[INSIGHT_DECIDES] = decides_text,
                                         [INSIGHT_SAME] = same_text,
                                         [INSIGHT_AGE] = age_text,
                                         [INSIGHT_BEFORE] = before_text};
    struct clash_text text =
        texts[clash->what](health, clash, &traits->items[clash->a], &traits->items[clash->b]);
    uint32_t concerned = clash->broken && !clash->lag ? clash->broken : clash->known;

    /* What all break by the same years is the column's fault, not that of those who
     * break it: then all are concerned. */
    health_add(
        health,
        (struct judge_finding){
            .severity = clash->broken ? JUDGE_WARNING : JUDGE_NOTE,
            .topic = "trait",
            .message = text.message,
            .figure = clash->broken,
            .threshold = clash->by_chance,
            .figure_label = "customers who break it, against so many by chance",
            .unit = "number",
            .tested = true,
            .p = clash->p,
            .proposal = text.proposal,
            .effect = clash->broken || clash->lag
                          ? health_text(health, "conditions would judge %s customers differently",
                                        health_count(health, concerned))
                          : "one trait less, and no customer judged differently"});
}

/* What models tell is made from other traits: that one of them decides another is how it was made,
 * and no mistake of whoever told it. */
static void leave_out_scores(const struct health *health, struct insight_traits *traits)
{
    struct study_model *models = NULL;
    struct error ignored = {0};
    size_t count = 0, kept = 0;
    if (study_models(health->evidence->session, health->evidence->arena, &models, &count,
                     &ignored) != STATUS_OK)
        count = 0;
    error_clear(&ignored);

    /* Without the models' names nothing is left out: a superfluous note is better than no check. */
    for (size_t i = 0; i < traits->count; i++) {
        bool score = false;
        for (size_t m = 0; m < count; m++)
            for (size_t t = 0; t < models[m].trait_count; t++)
                score |= strcmp(models[m].traits[t], traits->items[i].name) == 0;
        if (!score)
            traits->items[kept++] = traits->items[i];
    }
    traits->count = kept;
}

void health_check_traits(struct health *health)
{
    const struct judge_evidence *evidence = health->evidence;
    struct insight_traits traits;
    struct insight_contradictions clashes;
    int32_t today = zone_date(session_zone(evidence->session), evidence->view->now);
    insight_traits_read(evidence->view->population, evidence->view->result->existing,
                        evidence->view->now, evidence->arena, &traits);

    for (size_t i = 0; i < traits.count; i++) {
        check_known(health, &traits.items[i]);
        check_stale(health, &traits.items[i]);
        check_birth(health, &traits.items[i], today);
    }

    leave_out_scores(health, &traits);
    insight_contradict(&traits, session_zone(evidence->session), today, evidence->arena, &clashes);
    for (size_t i = 0; i < clashes.count; i++)
        say_clash(health, &traits, &clashes.items[i]);
    health->out->compared += (int)clashes.tested;
}

/* ---- drift ---- */

struct drift {
    const struct insight_feature *feature;
    double index, chance, p;
    int bins;
};

/* Numbers: the bins are deciles of the values before; equal cuts make fewer of them. */
static int cut_numbers(const struct population *population, const struct plan_values *before,
                       double *cuts, struct arena *arena)
{
    double *old = ARENA_ARRAY(arena, double, population->customers + 1u);
    size_t count = 0;
    int kept = 0;
    for (uint32_t p = 0; p < population->customers; p++) {
        double value = plan_values_number(before, p);
        if (!isnan(value))
            old[count++] = value;
    }

    if (count < LEAST_KNOWN)
        return -1;
    stats_sort(old, count);

    /* Cuts that coincide, or that nothing lies above, would make empty bins, and an
     * empty bin an infinite index. */
    for (int i = 1; i < BINS; i++) {
        double cut = stats_quantile_sorted(old, count, i / (double)BINS);
        if ((!kept || cut > cuts[kept - 1]) && cut < old[count - 1])
            cuts[kept++] = cut;
    }
    return kept;
}

/* Texts: the most frequent values before have a bin each, the others share one. */
static int cut_texts(const struct population *population, const struct plan_values *before,
                     double *cuts, struct arena *arena)
{
    uint32_t codes = population->code_count + 2, *count = ARENA_ARRAY(arena, uint32_t, codes),
             known = 0;
    int kept = 0;
    for (uint32_t p = 0; p < population->customers; p++)
        if (bit_at(before->known, p)) {
            count[before->integers[p]]++;
            known++;
        }

    for (; kept < BINS - 1; kept++) {
        /* The most frequent first: nine walks over the codes, and nothing to sort. */
        uint32_t best = 0;
        for (uint32_t code = 1; code < codes; code++)
            best = count[code] > count[best] ? code : best;
        if (!count[best])
            break;
        cuts[kept] = best;
        count[best] = 0;
    }
    return known < LEAST_KNOWN ? -1 : kept;
}

static int bin_of(const struct plan_values *values, uint32_t position, const double *cuts,
                  int count)
{
    int bin = 0;
    if (values->type == VALUE_TEXT || values->type == VALUE_BOOL) {
        while (bin < count && (double)values->integers[position] != cuts[bin])
            bin++;
        return bin;
    }
    double value = plan_values_number(values, position);
    while (bin < count && value > cuts[bin])
        bin++;
    return bin;
}

static double fill_bins(const struct population *population, const struct plan_values *values,
                        const double *cuts, int count, double *bins)
{
    double total = 0;
    for (uint32_t p = 0; p < population->customers; p++)
        if (bit_at(values->known, p)) {
            bins[bin_of(values, p, cuts, count)]++;
            total++;
        }

    return total;
}

static struct drift measure_drift(const struct health *health,
                                  const struct insight_feature *feature,
                                  const struct plan_values *before)
{
    const struct population *population = health->evidence->view->population;
    bool text = feature->values.type == VALUE_TEXT || feature->values.type == VALUE_BOOL;
    double cuts[BINS], now_bins[BINS] = {0}, old_bins[BINS] = {0};
    int count = (text ? cut_texts : cut_numbers)(population, before, cuts, health->evidence->arena);
    if (count < 1)
        return (struct drift){.feature = NULL};

    double was = fill_bins(population, before, cuts, count, old_bins);
    double is = fill_bins(population, &feature->values, cuts, count, now_bins);
    struct drift drift = {.feature = feature, .bins = count + 1, .p = 1};
    if (text && !now_bins[count] && !old_bins[count])
        drift.bins = count; /* nothing else occurs */
    if (drift.bins < 2 || !is)
        return (struct drift){.feature = NULL};
    drift.index = stats_stability_index(now_bins, old_bins, (size_t)drift.bins);
    drift.chance = stats_stability_by_chance(is, was, (size_t)drift.bins, chance_level);

    /* The index between two samples of one population is about χ² over both sizes:
     * Pearson's statistic with logarithms. */
    drift.p = stats_chi2_upper(drift.index / (1 / is + 1 / was), drift.bins - 1);
    return drift;
}

static void say_drift(struct health *health, const struct drift *drift, double p, int64_t since)
{
    bool far = drift->index > drift_above[1];
    char date[DATE_TEXT_MAX];

    if (drift->index <= drift_above[0] || p > insight_alpha)
        return;

    /* Both, size and certainty: with many customers a shift of nothing is certain, with
     * few a large one is chance. */
    date_format(zone_date(session_zone(health->evidence->session), since), date);
    health_add(
        health,
        (struct judge_finding){
            .severity = far ? JUDGE_WARNING : JUDGE_NOTE,
            .topic = "drift",
            .message = health_text(
                health,
                "%s has shifted since the refresh of %s (sampling alone gives up to %.3f in "
                "95 of 100 cases)",
                drift->feature->text, date, drift->chance),
            .figure = drift->index,
            .threshold = far ? drift_above[1] : drift_above[0],
            .figure_label = "population stability index",
            .unit = "number",
            .tested = true,
            .p = p,
            .proposal =
                "look at what changed: the customers, or the import; then fit models on it anew",
            .effect = "conditions and models with fixed limits on it hold other customers than "
                      "they did"});
}

static bool can_drift(const struct insight_feature *feature)
{
    static const bool ok[] = {[VALUE_INT] = true,
                              [VALUE_DECIMAL] = true,
                              [VALUE_DOUBLE] = true,
                              [VALUE_TEXT] = true,
                              [VALUE_BOOL] = true};
    enum value_type type = feature->values.type;
    return (size_t)type < sizeof ok / sizeof *ok && ok[type] &&
           strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0;
}

static void drift_since(struct health *health, const struct insight_feature **which,
                        const struct plan_values *values, size_t count, int64_t since)
{
    struct drift *drifts = ARENA_ARRAY(health->evidence->arena, struct drift, count + 1);
    double *p = ARENA_ARRAY(health->evidence->arena, double, count + 1);
    size_t tested = 0;
    for (size_t i = 0; i < count; i++) {
        drifts[tested] = measure_drift(health, which[i], &values[i]);
        p[tested] = drifts[tested].p;

        /* A feature that cannot be measured leaves no place in the family of tests. */
        tested += drifts[tested].feature != NULL;
    }
    stats_benjamini_hochberg(p, tested, p);
    for (size_t i = 0; i < tested; i++)
        say_drift(health, &drifts[i], p[i], since);
    health->out->compared += (int)tested;
}

enum status health_check_drift(struct health *health, struct error *error)
{
    const struct judge_evidence *evidence = health->evidence;
    const struct insight_features *features = evidence->features;
    struct catalog_refresh *refreshes;
    size_t count, wanted = 0;

    TRY(catalog_refreshes(store_catalog(session_store(evidence->session)), evidence->arena,
                          &refreshes, &count, error));
    while (count && refreshes[count - 1].moment > evidence->view->now - SECONDS_A_DAY)
        count--; /* one of today has nothing to say yet */
    if (!count || !features->count)
        return STATUS_OK;

    /* What customers were like then is evaluated again at that moment: nothing but
     * members is kept of a refresh. */
    const struct segment_node **nodes =
        ARENA_ARRAY(evidence->arena, const struct segment_node *, features->count);
    const struct insight_feature **which =
        ARENA_ARRAY(evidence->arena, const struct insight_feature *, features->count);
    struct plan_values *values = ARENA_ARRAY(evidence->arena, struct plan_values, features->count);
    for (size_t i = 0; i < features->count; i++)
        if (can_drift(&features->items[i])) {
            which[wanted] = &features->items[i];
            nodes[wanted++] = features->items[i].node;
        }

    if (!wanted)
        return STATUS_OK;
    TRY(plan_evaluate_values(features->set, evidence->schema, nodes, (int)wanted,
                             evidence->view->population, refreshes[count - 1].moment,
                             session_pool(evidence->session), evidence->arena, values, error));

    drift_since(health, which, values, wanted, refreshes[count - 1].moment);
    return STATUS_OK;
}
