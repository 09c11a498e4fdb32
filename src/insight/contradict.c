/*
 * Pairs of traits that mean to agree and do not. Each relation is looked for in every pair whose
 * types allow it; the chance of as few exceptions between independent traits is a binomial tail
 * with the share of exceptions that random pairing would give.
 */
#include "insight/traits.h"

#include "base/vector.h"
#include "stats/distribution.h"
#include "stats/inference.h"

#include <math.h>
#include <string.h>

enum { LEAST_KNOWN = 50, GROUP_SIZE = 5, OLDEST = 150, LEAST_AGES = 10 };
static const double decides_but_for = .01; /* of the customers, exceptions at most */
static const double same_but_for = .05;
static const double age_but_for = .05;
static const double before_but_for = .01;
static const double explains = .9; /* of what varies in b, a must account for */
static const double alpha = .05;

struct pairing {
    const struct insight_traits *traits;
    const struct zone *zone;
    int32_t today;
    struct arena *arena;
    VECTOR(struct insight_contradiction) found;
    size_t tested;
};

static const struct insight_trait *trait_of(const struct pairing *pairing, int index)
{
    return &pairing->traits->items[index];
}

/* The adjusted p-value of one among m tests is at least its own times m over its rank: settled at
 * the end. */
static void keep(struct pairing *pairing, struct insight_contradiction clash)
{
    clash.p = stats_binomial_cdf(clash.broken, clash.known, clash.by_chance / clash.known);
    VECTOR_PUSH(&pairing->found, clash);
}

/* ---- a decides b ---- */

struct counting {
    uint32_t *count; /* a rank of b, zero between groups */
    VECTOR(uint32_t) seen;
};

/* Of the customers with one value of a: how many have a known b, and the most frequent one. */
static uint32_t count_group(struct counting *counting, const struct insight_trait *a,
                            const struct insight_trait *b, uint32_t group, uint32_t *usual)
{
    uint32_t size = 0;

    counting->seen.count = 0;
    for (uint32_t i = a->start[group]; i < a->start[group + 1]; i++) {
        uint32_t rank = b->rank[a->by_rank[i]];
        if (rank == INSIGHT_NO_RANK)
            continue;
        if (!counting->count[rank]++)
            VECTOR_PUSH(&counting->seen, rank);
        size++;
    }

    /* Of equally frequent ones the least, so that the answer is the same every time. */
    *usual = INSIGHT_NO_RANK;
    for (size_t i = 0; i < counting->seen.count; i++) {
        uint32_t rank = counting->seen.items[i];
        if (*usual == INSIGHT_NO_RANK || counting->count[rank] > counting->count[*usual] ||
            (counting->count[rank] == counting->count[*usual] && rank < *usual))
            *usual = rank;
    }
    return size;
}

static void find_example(const struct insight_trait *a, const struct insight_trait *b,
                         uint32_t group, uint32_t usual, struct insight_contradiction *clash)
{
    for (uint32_t i = a->start[group]; i < a->start[group + 1]; i++) {
        uint32_t position = a->by_rank[i], rank = b->rank[position];
        if (rank == usual)
            clash->usual = position;
        else if (rank != INSIGHT_NO_RANK)
            clash->example = position;
    }
}

/* Groups of one say nothing. In groups of two the more frequent half is right half the time by
 * itself: what is expected by chance is halved, which is on the safe side for larger ones. */
static void check_decides(struct pairing *pairing, int a_index, int b_index,
                          struct counting *counting)
{
    const struct insight_trait *a = trait_of(pairing, a_index), *b = trait_of(pairing, b_index);
    struct insight_contradiction clash = {.what = INSIGHT_DECIDES, .a = a_index, .b = b_index};
    uint32_t *total = base_calloc(b->distinct + 1u, sizeof *total), most = 0;

    /* Group by group: those with the same a, and which b most of them have. */
    for (uint32_t group = 0; group < a->distinct; group++) {
        uint32_t usual, size = count_group(counting, a, b, group, &usual);
        if (size > 1) {
            clash.known += size;
            clash.broken += size - counting->count[usual];
            if (size > counting->count[usual])
                find_example(a, b, group, usual, &clash);
        }

        /* Only the counts that were used are put back, so a group costs its own size. */
        for (size_t i = 0; i < counting->seen.count; i++) {
            uint32_t rank = counting->seen.items[i];
            total[rank] += size > 1 ? counting->count[rank] : 0;
            counting->count[rank] = 0;
        }
    }

    for (uint32_t rank = 0; rank < b->distinct; rank++)
        most = total[rank] > most ? total[rank] : most;
    free(total);

    /* Beside the most frequent b of all: what a explains is the rest of what varies. */
    uint32_t vary = clash.known - most;
    clash.by_chance = vary / 2.0;
    if (clash.broken && clash.known >= LEAST_KNOWN &&
        clash.broken <= decides_but_for * clash.known && clash.broken <= (1 - explains) * vary)
        keep(pairing, clash);
}

static void check_all_decides(struct pairing *pairing)
{
    uint32_t most = 0;
    for (size_t i = 0; i < pairing->traits->count; i++)
        most =
            pairing->traits->items[i].distinct > most ? pairing->traits->items[i].distinct : most;
    struct counting counting = {.count = base_calloc(most + 1u, sizeof *counting.count)};
    for (size_t a = 0; a < pairing->traits->count; a++)
        for (size_t b = 0; b < pairing->traits->count; b++) {
            const struct insight_trait *from = &pairing->traits->items[a],
                                       *to = &pairing->traits->items[b];
            if (a == b || to->distinct < 2 || from->distinct > from->known / GROUP_SIZE ||
                to->distinct >
                    2 * from->distinct) /* wrong values come on top of those that go with from's */
                continue;
            pairing->tested++;
            check_decides(pairing, (int)a, (int)b, &counting);
        }
    free(counting.count);
    VECTOR_RELEASE(&counting.seen);
}

/* ---- a and b say the same ---- */

/* Pairs of customers, one's a and another's b, that agree. */
static double agreeing(const struct insight_trait *a, const struct insight_trait *b)
{
    double pairs = 0;
    for (uint32_t i = 0, j = 0; i < a->distinct && j < b->distinct;) {
        int64_t x = a->value[a->by_rank[a->start[i]]], y = b->value[b->by_rank[b->start[j]]];
        if (x == y)
            pairs += (double)(a->start[i + 1] - a->start[i]) * (b->start[j + 1] - b->start[j]);
        i += x <= y;
        j += y <= x;
    }
    return pairs;
}

static void check_same(struct pairing *pairing, int a_index, int b_index)
{
    const struct insight_trait *a = trait_of(pairing, a_index), *b = trait_of(pairing, b_index);
    if (a->type != b->type || a->scale != b->scale || a->distinct < 2 || b->distinct < 2)
        return;
    struct insight_contradiction clash = {.what = INSIGHT_SAME, .a = a_index, .b = b_index};

    pairing->tested++;
    for (uint32_t i = 0; i < a->known; i++) {
        uint32_t position = a->by_rank[i];
        if (b->rank[position] == INSIGHT_NO_RANK)
            continue;
        clash.known++;
        if (a->value[position] != b->value[position]) {
            clash.broken++;

            clash.example = position;
        }
    }

    /* How many would differ if a and b were paired at random. */
    clash.by_chance = clash.known * (1 - agreeing(a, b) / ((double)a->known * b->known));
    if (clash.known >= LEAST_KNOWN && clash.broken <= same_but_for * clash.known &&
        clash.broken <= (1 - explains) * clash.by_chance)
        keep(pairing, clash);
}

/* ---- b is the age of a ---- */

static int32_t day_of(const struct pairing *pairing, const struct insight_trait *trait,
                      uint32_t position)
{
    int64_t value = trait->value[position];
    return trait->type == VALUE_TIME ? zone_date(pairing->zone, value) : (int32_t)value;
}

static int age_of(const struct pairing *pairing, const struct insight_trait *trait,
                  uint32_t position)
{
    int32_t day = day_of(pairing, trait, position);
    return day > pairing->today ? -1 : date_age(day, pairing->today);
}

/* How many of n are further than a year from the age less lag, were birth dates and ages paired at
 * random. */
static double ages_by_chance(const double *of_dates, const double *told, int lag, double n)
{
    double dates = 0, near = 0;
    for (int i = 0; i <= OLDEST; i++)
        dates += of_dates[i];
    for (int age = 0; age <= OLDEST; age++)
        for (int other = age - lag - 1; other <= age - lag + 1; other++)
            if (other >= 0 && other <= OLDEST)
                near += of_dates[age] * told[other];
    return dates > 0 ? n * (1 - near / (dates * n)) : 0;
}

static void check_age(struct pairing *pairing, int a_index, int b_index)
{
    const struct insight_trait *a = trait_of(pairing, a_index), *b = trait_of(pairing, b_index);

    /* A date of birth beside an age. Ages told long ago all lag behind by the same
     * years, so the most usual difference counts as none. */
    if (a->type != VALUE_DATE || b->type != VALUE_INT || b->distinct < LEAST_AGES)
        return;
    struct insight_contradiction clash = {.what = INSIGHT_AGE, .a = a_index, .b = b_index};
    double lags[2 * OLDEST + 1] = {0}, of_dates[OLDEST + 1] = {0}, told[OLDEST + 1] = {0};
    pairing->tested++;

    for (uint32_t i = 0; i < a->known; i++) {
        uint32_t position = a->by_rank[i];
        int64_t age = age_of(pairing, a, position), said = b->value[position];
        if (b->rank[position] == INSIGHT_NO_RANK)
            continue;
        clash.known++;
        if (age >= 0 && age <= OLDEST && said >= 0 && said <= OLDEST) {
            lags[age - said + OLDEST]++;
            of_dates[age]++;
            told[said]++;
        }
    }

    /* A birthday this way or that is a year: the neighbours of the usual
     * difference agree, too. */
    int usual = 0;
    for (int i = 1; i <= 2 * OLDEST; i++)
        usual = lags[i] > lags[usual] ? i : usual;
    clash.lag = usual - OLDEST;
    double within =
        lags[usual] + (usual ? lags[usual - 1] : 0) + (usual < 2 * OLDEST ? lags[usual + 1] : 0);
    clash.broken = clash.known - (uint32_t)within;
    clash.by_chance = ages_by_chance(of_dates, told, clash.lag, clash.known);

    /* An age that always agrees, and lags by a year at most, is no contradiction. */
    if (clash.known < LEAST_KNOWN || clash.broken > age_but_for * clash.known ||
        clash.broken > (1 - explains) * clash.by_chance || (!clash.broken && abs(clash.lag) < 2))
        return;

    /* Somebody of whom it is wrong, to be shown. */
    for (uint32_t i = 0; i < a->known; i++) {
        uint32_t position = a->by_rank[i];
        if (b->rank[position] != INSIGHT_NO_RANK &&
            llabs(age_of(pairing, a, position) - b->value[position] - clash.lag) > 1)
            clash.example = position;
    }

    keep(pairing, clash);
}

/* ---- a is not after b ---- */

static bool is_day(const struct insight_trait *trait)
{
    return (trait->type == VALUE_DATE || trait->type == VALUE_TIME) && trait->distinct > 1;
}

/* Pairs of customers of which one's a is after the other's b. */
static double later_pairs(const struct pairing *pairing, const struct insight_trait *a,
                          const struct insight_trait *b)
{
    double pairs = 0;

    for (uint32_t i = 0, j = 0; i < a->known; i++) {
        int32_t day = day_of(pairing, a, a->by_rank[i]);
        while (j < b->known && day_of(pairing, b, b->by_rank[j]) < day)
            j++;
        pairs += j;
    }
    return pairs;
}

static void check_before(struct pairing *pairing, int a_index, int b_index)
{
    const struct insight_trait *a = trait_of(pairing, a_index), *b = trait_of(pairing, b_index);
    if (!is_day(a) || !is_day(b))
        return;
    struct insight_contradiction clash = {.what = INSIGHT_BEFORE, .a = a_index, .b = b_index};
    pairing->tested++;

    for (uint32_t i = 0; i < a->known; i++) {
        uint32_t position = a->by_rank[i];
        if (b->rank[position] == INSIGHT_NO_RANK)
            continue;
        clash.known++;
        if (day_of(pairing, a, position) > day_of(pairing, b, position)) {
            clash.broken++;
            clash.example = position;
        }
    }

    /* The cheap questions first: chance costs a walk over both. */
    if (clash.known < LEAST_KNOWN || !clash.broken || clash.broken > before_but_for * clash.known)
        return;
    clash.by_chance = clash.known * (later_pairs(pairing, a, b) / ((double)a->known * b->known));
    if (clash.broken <= (1 - explains) * clash.by_chance)
        keep(pairing, clash);
}

/* ---- all of it ---- */

/* Of those that decide the same trait the one with the fewest exceptions is enough; of two that
 * decide each other the one with fewer values, whose exceptions are all there are; and two that
 * should say the same need not be said to decide each other. */
static bool is_said_better(const struct pairing *pairing, const struct insight_contradiction *clash)
{
    for (size_t i = 0; i < pairing->found.count; i++) {
        const struct insight_contradiction *other = &pairing->found.items[i];
        bool pair = (other->a == clash->a && other->b == clash->b) ||
                    (other->a == clash->b && other->b == clash->a);

        if (other == clash || clash->what != INSIGHT_DECIDES)
            continue;
        /* Between equals their place decides, so that exactly one is kept. */
        uint32_t own = trait_of(pairing, clash->a)->distinct,
                 others = trait_of(pairing, other->a)->distinct;
        if (pair &&
            (other->what != INSIGHT_DECIDES || others < own || (others == own && other < clash)))
            return true;
        if (!pair && other->what == INSIGHT_DECIDES && other->b == clash->b &&
            (other->broken < clash->broken || (other->broken == clash->broken && other > clash)))
            return true;
    }
    return false;
}

static void settle(struct pairing *pairing, struct insight_contradictions *out)
{
    size_t count = pairing->found.count;
    double *p = ARENA_ARRAY(pairing->arena, double, pairing->tested + 1);
    for (size_t i = 0; i < pairing->tested; i++)
        p[i] = i < count ? pairing->found.items[i].p
                         : 1; /* those without a relation count as tests all the same */
    stats_benjamini_hochberg(p, pairing->tested, p);

    out->items = ARENA_ARRAY(pairing->arena, struct insight_contradiction, count + 1);
    out->tested = pairing->tested;
    for (size_t i = 0; i < count; i++)
        if (p[i] <= alpha && !is_said_better(pairing, &pairing->found.items[i])) {
            out->items[out->count] = pairing->found.items[i];
            out->items[out->count++].p = p[i];
        }
}

void insight_contradict(const struct insight_traits *traits, const struct zone *zone, int32_t today,
                        struct arena *arena, struct insight_contradictions *out)
{
    struct pairing pairing = {.traits = traits, .zone = zone, .today = today, .arena = arena};
    *out = (struct insight_contradictions){0};

    for (int a = 0; a < (int)traits->count; a++)
        for (int b = 0; b < (int)traits->count; b++) {
            if (a < b)
                check_same(&pairing, a, b);
            if (a != b) {
                check_age(&pairing, a, b);
                check_before(&pairing, a, b);
            }
        }
    check_all_decides(&pairing);
    settle(&pairing, out);
    VECTOR_RELEASE(&pairing.found);
}
