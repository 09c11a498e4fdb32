/*
 * The bootstrap of a profile (Efron 1979): each draw weighs the customers of the smaller side by
 * how often they are drawn, and every difference is worked out again. The other side is taken as it
 * is: it is the larger one, and what it would add to the spread is less.
 */
#include "base/bits.h"
#include "insight/internal.h"

#include "stats/random.h"
#include "stats/summary.h"

#include <math.h>
#include <string.h>

struct line {
    const struct insight_difference *difference;
    double *value; /* a customer of the side that is drawn; NaN unknown; of shares 0 and 1 */
    double mean, deviation, share; /* of the other side */
    double *effect;                /* a draw */
};

struct drawing {
    struct line lines[INSIGHT_WOBBLE_LINES];
    int line_count, asked; /* asked: which of them is the figure; −1 none */
    uint32_t *who;         /* positions on the side that is drawn */
    uint32_t count;
    bool inside; /* that is the segment */
    struct arena *arena;
};

static double value_at(const struct insight_difference *difference, uint32_t position)
{
    const struct plan_values *values = &difference->feature->values;
    if (!bit_at(values->known, position))
        return NAN;
    if (difference->is_share)
        return values->integers[position] == (int64_t)difference->code;
    return insight_number(values, position);
}

static void add_line(struct drawing *drawing, const struct insight_difference *difference)
{
    struct line *line = &drawing->lines[drawing->line_count++];
    const struct insight_spread *rest =
        drawing->inside ? &difference->outside : &difference->inside;
    *line = (struct line){.difference = difference,
                          .value = ARENA_ARRAY(drawing->arena, double, drawing->count + 1u),
                          .mean = rest->mean,
                          .deviation = rest->deviation,
                          .share = drawing->inside ? difference->share_outside
                                                   : difference->share_inside,
                          .effect = ARENA_ARRAY(drawing->arena, double, INSIGHT_WOBBLE_DRAWS)};
    for (uint32_t i = 0; i < drawing->count; i++)
        line->value[i] = value_at(difference, drawing->who[i]);
}

static double effect_of(const struct drawing *drawing, const struct line *line,
                        const uint16_t *times)
{
    /* About the profile's own mean, so that large numbers keep their digits
     * in the squares. */
    double n = 0, sum = 0, squares = 0,
           centre =
               drawing->inside ? line->difference->inside.mean : line->difference->outside.mean;
    if (line->difference->is_share)
        centre = 0;

    for (uint32_t i = 0; i < drawing->count; i++) {
        double value = line->value[i] - centre;
        if (!times[i] || isnan(value))
            continue;
        n += times[i];
        sum += times[i] * value;
        squares += times[i] * value * value;
    }

    double mean = sum / n, sign = drawing->inside ? 1 : -1;
    if (line->difference->is_share)
        return sign * (2 * asin(sqrt(mean)) - 2 * asin(sqrt(line->share)));

    double variance = n > 1 ? (squares - sum * mean) / (n - 1) : NAN;
    return sign * (centre + mean - line->mean) /
           sqrt((variance + line->deviation * line->deviation) / 2);
}

/* The share of the first lines that are among the strongest of this draw. */
static double kept_in(const struct drawing *drawing, int draw)
{
    int top = drawing->line_count < INSIGHT_WOBBLE_TOP ? drawing->line_count : INSIGHT_WOBBLE_TOP,
        kept = 0;
    for (int i = 0; i < top; i++) {
        double own = fabs(drawing->lines[i].effect[draw]);
        int stronger = 0;
        for (int other = 0; other < drawing->line_count; other++)
            stronger += fabs(drawing->lines[other].effect[draw]) > own;
        kept += stronger < top;
    }
    return (double)kept / top;
}

static void draw_all(struct drawing *drawing, uint64_t seed, struct insight_wobble *out)
{
    struct stats_random random;
    uint16_t *times = ARENA_ARRAY(drawing->arena, uint16_t, drawing->count + 1u);
    double kept = 0, *effect = drawing->lines[drawing->asked].effect;

    /* A draw is how often each customer came: as many as there are, with repetition. */
    stats_random_init(&random, seed, 0);
    for (int draw = 0; draw < INSIGHT_WOBBLE_DRAWS; draw++) {
        memset(times, 0, drawing->count * sizeof *times);
        for (uint32_t i = 0; i < drawing->count; i++)
            times[stats_random_below(&random, drawing->count)]++;
        for (int l = 0; l < drawing->line_count; l++)
            drawing->lines[l].effect[draw] = effect_of(drawing, &drawing->lines[l], times);
        kept += kept_in(drawing, draw);
    }

    out->kept = kept / INSIGHT_WOBBLE_DRAWS;
    size_t defined = 0; /* a draw of one customer alone has no spread */
    for (int draw = 0; draw < INSIGHT_WOBBLE_DRAWS; draw++)
        if (!isnan(effect[draw]))
            effect[defined++] = effect[draw];
    stats_sort(effect, defined);

    /* 95 of 100 draws lie between (the percentile interval of Efron 1979). */
    static const double LOW = .025, HIGH = .975;
    out->low = defined ? stats_quantile_sorted(effect, defined, LOW) : -INFINITY;
    out->high = defined ? stats_quantile_sorted(effect, defined, HIGH) : INFINITY;
    out->drawn = true;
}

/* The strongest differences, and the one that is asked about wherever it stands. */
static void choose_lines(struct drawing *drawing, const struct insight_profile *profile,
                         const struct insight_difference *asked)
{
    drawing->asked = -1;
    for (size_t i = 0; i < profile->count; i++) {
        const struct insight_difference *difference = &profile->items[i];
        bool room = drawing->line_count < INSIGHT_WOBBLE_LINES - (drawing->asked < 0);
        if (difference->by_definition || !isfinite(difference->effect) ||
            difference->feature->values.type == VALUE_SET || (!room && difference != asked))
            continue;

        if (difference == asked)
            drawing->asked = drawing->line_count;
        add_line(drawing, difference);
    }
}

void insight_wobble(const struct insight_profile *profile, const struct insight_difference *line,
                    const uint64_t *members, const uint64_t *others,
                    const struct population *population, uint64_t seed, struct arena *arena,
                    struct insight_wobble *out)
{
    /* How many are in it would vary as a count of draws from everyone does. */
    static const double NORMAL_95 = 1.959963984540054; /* 95 of 100 lie within so many deviations */
    double size = (double)profile->customers, all = size + (double)profile->others;
    double spread = all > 0 ? NORMAL_95 * sqrt(size * (1 - size / all)) : 0;

    struct drawing drawing = {.inside = profile->customers <= profile->others, .arena = arena};
    uint64_t smaller = drawing.inside ? profile->customers : profile->others;
    const uint64_t *side = drawing.inside ? members : others;

    *out = (struct insight_wobble){.low = line->effect,
                                   .high = line->effect,
                                   .kept = 1,
                                   .size_low = fmax(0, size - spread),
                                   .size_high = fmin(all, size + spread)};

    /* Of very many customers the answer would not vary, and the draws would cost much. */
    if (!smaller || smaller > INSIGHT_WOBBLE_MOST)
        return;

    drawing.who = ARENA_ARRAY(arena, uint32_t, smaller + 1);
    for (uint32_t p = 0; p < population->customers; p++)
        if (bit_at(side, p))
            drawing.who[drawing.count++] = p;
    choose_lines(&drawing, profile, line);
    if (drawing.asked >= 0)
        draw_all(&drawing, seed, out);
}
