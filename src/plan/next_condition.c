/*
 * Next moments of conditions over values that follow now, and of ranks, whose keys are held against
 * the cut-offs that everyone's keys gave.
 */
#include "plan/next.h"

#include <math.h>

/* A moment that is no exact meeting: a description ended, or the two could not be held against each
 * other. */
static bool is_rough(const struct side *a, const struct side *b, int64_t at)
{
    return at == a->trend.until || at == b->trend.until ||
           (a->trend.by != TREND_FIXED && b->trend.by != TREND_FIXED);
}

int64_t next_of_pair(struct run *run, const struct next_comparison *asked, int64_t before)
{
    struct side a, b;
    next_side(run, asked->id[0], asked->lane[0], &a);
    next_side(run, asked->id[1], asked->lane[1], &b);

    int64_t at = next_meet(run, &a, &b, asked->compare, before);
    return at < before && is_rough(&a, &b, at) ? next_of_comparison(run, asked, at) : at;
}

static int64_t condition_in_lane(struct run *run, const struct step *step, size_t lane,
                                 int64_t before)
{
    int64_t at = INT64_MAX;

    if (step->run == step_compare || step->run == step_in) {
        /* A list is a comparison with each of its items: the first that may
         * be met decides. */
        for (int c = 1; c < step->child_count; c++) {
            struct next_comparison asked = {
                {step->child[0], step->child[c]}, {lane, lane}, COMPARE_EQ};
            if (step->run == step_compare)
                asked.compare = (enum segment_compare)step->a;
            at = next_earlier(at, next_of_pair(run, &asked, next_earlier(at, before)));
        }
        return at;
    }

    /* Other conditions are looked at again when one of the values they read
     * may be another. */
    for (int c = 0; c < step->child_count; c++) {
        if (!step_of(run, step->child[c])->now_loose)
            continue;
        struct side side;
        next_side(run, step->child[c], lane, &side);
        if (step->run != step_known)
            at = next_earlier(at, next_still_until(run, &side));
        else
            at = next_earlier(at, next_of_knowledge(run, step->child[c], lane, side.trend.until));
    }

    return at;
}

/* A condition on nothing but now is looked ahead at until it is another: once for everyone, and for
 * as long as that stays right. */
static int64_t condition_for_all(struct run *run, const struct step *step)
{
    enum { LOOKS_MAX = 400 }; /* hours of two weeks, days of a year */
    int id = (int)(step - run->plan->steps.items);

    if (!run->ahead)
        run->ahead = run_new(run->plan);
    if (!run->known_ahead)
        run->known_ahead = base_calloc(run->plan->steps.count, sizeof *run->known_ahead);
    struct known_ahead *known = &run->known_ahead[id];
    if (known->population == run->population->serial && known->from <= run->now &&
        run->now < known->until)
        return known->until;

    /* In a run of its own, so that this one's vectors stay as they are now. */
    struct run *ahead = run->ahead;
    bool holds = step_vector(run, id)->bits[0] & 1, other = false;
    int64_t at = condition_in_lane(run, step, 0, INT64_MAX);
    run_bind(ahead, run->binding, run->phase, run->now);
    for (int looks = 0; looks < LOOKS_MAX && at < MOMENT_MAX && !other; looks++) {
        run_moment(ahead, at);
        other = (step_vector(ahead, id)->bits[0] & 1) != holds;
        if (!other)
            at = condition_in_lane(ahead, step, 0, INT64_MAX);
    }

    *known = (struct known_ahead){run->population->serial, run->now, at};
    return at;
}

/* Gives each customer the earliest of their lanes' moments. */
static void lower_lanes(struct run *run, const struct step *step, int64_t *next,
                        int64_t (*moment)(struct run *run, const struct step *step, size_t lane,
                                          int64_t before))
{
    if (step->frame == FRAME_CUSTOMERS) {
        for (uint32_t lane = 0; lane < run->count; lane++)
            next[lane] = next_earlier(next[lane], moment(run, step, lane, next[lane]));
        return;
    }
    ENSURE(step->frame >= FRAME_ROWS);
    const struct table_view *view = &run->views[step->frame - FRAME_ROWS];
    for (uint32_t lane = 0; lane < run->count; lane++)
        for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
            next[lane] = next_earlier(next[lane], moment(run, step, row - view->begin, next[lane]));
}

void next_condition(struct run *run, const struct step *step, int64_t *next)
{
    if (step->frame != FRAME_ONE) {
        lower_lanes(run, step, next, condition_in_lane);
        return;
    }
    int64_t at = condition_for_all(run, step);
    for (uint32_t lane = 0; lane < run->count; lane++)
        next[lane] = next_earlier(next[lane], at);
}

/* ---- ranks ---- */

/* The keys of a rank: those that grow alike never overtake each other. */
static int64_t key_in_lane(struct run *run, const struct step *step, size_t lane, int64_t before)
{
    struct side side;
    next_side(run, step->child[0], lane, &side);
    return next_is_line(&side.trend) && side.trend.alike ? side.trend.until
                                                         : next_still_until(run, &side);
}

void next_keys(struct run *run, const struct step *rank, int64_t *next)
{
    if (step_of(run, rank->child[0])->now_loose)
        lower_lanes(run, rank, next, key_in_lane);
}

/* A key comes to a cut-off, or leaves it. */
static int64_t meets_cut(struct run *run, const struct side *key, const struct rank_cut *cut)
{
    struct side limit = {.step = key->step,
                         .trend = (struct trend){.by = TREND_FIXED, .until = INT64_MAX},
                         .value = cut->integer,
                         .number = cut->number,
                         .known = true};
    if (!cut->any)
        return INT64_MAX;
    return next_meet(run, key, &limit, COMPARE_EQ, INT64_MAX);
}

static struct rank_cut cut_of_value(const struct phase_result *result, uint64_t place)
{
    return (struct rank_cut){.any = true,
                             .integer = result->integers ? result->integers[place] : 0,
                             .number = result->doubles ? result->doubles[place] : 0};
}

/* Of all keys, sorted, those beside this customer's own. */
static int64_t meets_neighbours(struct run *run, const struct step *step, const struct side *key,
                                const struct phase_result *result)
{
    int64_t at = INT64_MAX;
    /* The share says the place again, which is not kept. */
    double percentile = step_vector(run, (int)(step - run->plan->steps.items))->d[key->lane];
    int64_t place =
        llround(percentile * (double)result->known / 100); /* so many are at most as large */

    for (int64_t i = place - 1; i <= place; i++)
        if (i >= 0 && (uint64_t)i < result->known) {
            struct rank_cut cut = cut_of_value(result, (uint64_t)i);
            at = next_earlier(at, meets_cut(run, key, &cut));
        }
    return at;
}

/* The last of the group before this customer's own, and the last of their own: a key passes no
 * other before one of these. */
static int64_t meets_group(struct run *run, const struct step *step, size_t lane,
                           const struct side *key, const struct phase_result *result)
{
    int64_t at = INT64_MAX;
    int64_t own = step_vector(run, (int)(step - run->plan->steps.items))->i[lane] - 1;

    for (int64_t g = own - 1; g <= own; g++)
        if (g >= 0 && g + 1 < step->p)
            at = next_earlier(at, meets_cut(run, key, &result->cuts[g]));
    return at;
}

static int64_t rank_in_lane(struct run *run, const struct step *step, size_t lane, int64_t before)
{
    const struct phase_result *result = &run->phase->results[step->c];
    struct side key;
    next_side(run, step->child[0], lane, &key);

    if (!key.known || !bit_at(operand_of(run, step->child[1]).bits, lane))
        return key.trend.until;
    if (step->run == step_percentile)
        return meets_neighbours(run, step, &key, result);
    if (step->run == step_top)
        return meets_cut(run, &key, &result->cut);
    return meets_group(run, step, lane, &key, result);
}

/* A customer's key, held against the cut-offs that everyone's keys gave. */
void next_rank(struct run *run, const struct step *step, int64_t *next)
{
    if (run->phase && run->phase->results[step->c].ready)
        lower_lanes(run, step, next, rank_in_lane);
}
