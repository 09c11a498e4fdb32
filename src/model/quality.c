/*
 * Measures of predicted probabilities. All take weights, so that a bootstrap of
 * customers is the same computation with the number of times each was drawn: the order
 * of the scores is sorted once and serves every draw.
 */
#include "model/quality.h"

#include "stats/inference.h"
#include "stats/random.h"
#include "stats/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Both curves in one walk down the scores, a run of equal scores at a time. order rises. weight
 * NULL: 1 each. */
static void curves(const unsigned char *label, const double *predicted, const uint32_t *order,
                   size_t count, const uint32_t *weight, struct model_quality *out)
{
    double above_hits = 0, above = 0, area = 0, precision = 0;
    for (size_t i = count; i > 0;) {
        double hits = 0, misses = 0, score = predicted[order[i - 1]];
        for (; i > 0 && predicted[order[i - 1]] == score; i--) {
            double w = weight ? weight[order[i - 1]] : 1;
            if (label[order[i - 1]])
                hits += w;
            else
                misses += w;
        }

        /* Pairs inside a run of equal scores count half. */
        area += misses * (above_hits + hits / 2);
        above_hits += hits;
        above += hits + misses;
        precision += above > 0 ? hits * above_hits / above : 0;
    }

    double misses = above - above_hits;
    out->count = above;
    out->hits = above_hits;
    out->auc = above_hits > 0 && misses > 0 ? area / above_hits / misses : NAN;
    out->pr_auc = above_hits > 0 ? precision / above_hits : NAN;
}

static double inside(double p)
{
    return fmin(fmax(p, 1e-15), 1 - 1e-15); /* logarithms stay finite: a miss costs 35 at most */
}

static void losses(const unsigned char *label, const double *predicted, size_t count,
                   const uint32_t *weight, struct model_quality *out)
{
    double log_loss = 0, brier = 0;
    for (size_t i = 0; i < count; i++) {
        double w = weight ? weight[i] : 1, p = inside(predicted[i]), miss = predicted[i] - label[i];
        log_loss -= w * (label[i] ? log(p) : log1p(-p));
        brier += w * miss * miss;
    }
    out->log_loss = log_loss / out->count;
    out->brier = brier / out->count;
}

enum {
    NEWTON_ROUNDS = 50, /* five are usual; perfect predictions have no end of b */
    STEP_MOST = 3,      /* of a logit: farther out the quadratic says nothing */
};
static const double BIN_LEVEL = 0.95; /* of the bins' intervals */

/* Newton's method for label ~ a + b·logit(p), with b free or 1 (Cox 1958). Returns b
 * and sets *intercept: 0 and 1 where predictions are calibrated. */
static double recalibrate(const unsigned char *label, const double *logit, size_t count,
                          const uint32_t *weight, bool free_slope, double *intercept)
{
    double a = 0, b = 1;

    for (int round = 0; round < NEWTON_ROUNDS; round++) {
        double ga = 0, gb = 0, haa = 0, hab = 0, hbb = 0;
        for (size_t i = 0; i < count; i++) {
            if (weight && !weight[i])
                continue;
            double w = weight ? weight[i] : 1, x = logit[i], p = stats_expit(a + b * x);
            double v = w * p * (1 - p), rest = w * (label[i] - p);
            ga += rest;
            gb += rest * x;
            haa += v;
            hab += v * x;
            hbb += v * x * x;
        }

        /* Two equations by hand: a and b have one curvature matrix. */
        double det = haa * hbb - hab * hab, da, db = 0;
        if (!free_slope || !(det > 1e-12 * haa * hbb)) { /* all logits alike: b cannot be told */
            da = haa > 0 ? ga / haa : 0;
        } else {
            da = (hbb * ga - hab * gb) / det;
            db = (haa * gb - hab * ga) / det;
        }

        double longest = fmax(fabs(da), fabs(db));
        double cut = longest > STEP_MOST ? STEP_MOST / longest : 1;
        a += cut * da;
        b += cut * db;
        if (longest < 1e-10) /* no digit that is shown moves any more */
            break;
    }

    *intercept = a;
    return b;
}

static double *logits_of(const double *predicted, size_t count)
{
    double *logit = base_malloc(sizeof *logit * (count + 1));
    for (size_t i = 0; i < count; i++)
        logit[i] = stats_logit(inside(predicted[i]));
    return logit;
}

static struct model_quality measure(const unsigned char *label, const double *predicted,
                                    const double *logit, const uint32_t *order, size_t count,
                                    const uint32_t *weight)
{
    struct model_quality out = {.intercept = NAN, .slope = NAN};
    curves(label, predicted, order, count, weight, &out);
    losses(label, predicted, count, weight, &out);
    if (out.hits > 0 && out.hits < out.count) {
        double ignored;
        recalibrate(label, logit, count, weight, false, &out.intercept);
        out.slope = recalibrate(label, logit, count, weight, true, &ignored);
    }
    return out;
}

struct model_quality model_quality_of(const unsigned char *label, const double *predicted,
                                      size_t count, struct arena *arena)
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, count);
    double *logit = logits_of(predicted, count);
    stats_order(predicted, count, order);
    struct model_quality out = measure(label, predicted, logit, order, count, NULL);
    free(logit);
    return out;
}

void model_quality_bins(const unsigned char *label, const double *predicted, size_t count,
                        struct arena *arena, struct model_quality_bin bins[MODEL_QUALITY_BINS])
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, count);
    double sum[MODEL_QUALITY_BINS] = {0}, all = 0, place = 0,
           size = (double)count / MODEL_QUALITY_BINS;

    stats_order(predicted, count, order);
    memset(bins, 0, sizeof *bins * MODEL_QUALITY_BINS);
    for (size_t i = count; i > 0;) {
        double score = predicted[order[i - 1]], run = 0, hits = 0;
        for (; i > 0 && predicted[order[i - 1]] == score; i--) {
            run++;
            hits += label[order[i - 1]];
        }

        all += hits;

        /* The run covers places place … place + run. Equal scores cannot be told apart,
         * so each bin gets the run's average customer as often as it has places in it. */
        for (int b = 0; b < MODEL_QUALITY_BINS; b++) {
            double share = fmin(place + run, (b + 1) * size) - fmax(place, b * size);
            if (share <= 0)
                continue;
            bins[b].count += share;
            bins[b].hits += hits * share / run;
            sum[b] += score * share;
        }

        place += run;
    }

    for (int b = 0; b < MODEL_QUALITY_BINS; b++) {
        struct stats_interval interval = stats_wilson(bins[b].hits, bins[b].count, BIN_LEVEL);
        bins[b].mean = bins[b].count > 0 ? sum[b] / bins[b].count : NAN;
        bins[b].low = interval.low;
        bins[b].high = interval.high;
        bins[b].lift = all > 0 && bins[b].count > 0
                           ? bins[b].hits / bins[b].count / (all / (double)count)
                           : NAN;
    }
}

/* Bootstrap draws run in parallel, each from its own stream of random numbers. */
struct bootstrap {
    const unsigned char *label;
    const double *a, *b, *logit;
    uint32_t *order_a, *order_b;
    size_t count, customers;
    const uint32_t *customer;
    uint64_t seed;
    struct model_quality *of_a, *of_b; /* a draw each */
};

static void draw(void *context, size_t task, int worker)
{
    struct bootstrap *boot = context;

    (void)worker;
    struct stats_random random;
    stats_random_init(&random, boot->seed, task);
    uint32_t *times = base_calloc(boot->customers + 1, sizeof *times), *weight = times;
    for (size_t i = 0; i < boot->customers; i++)
        times[stats_random_below(&random, boot->customers)]++;

    /* Customers are drawn with all their rows: rows of one customer are not independent. */
    if (boot->customer) {
        weight = base_malloc(sizeof *weight * (boot->count + 1));
        for (size_t i = 0; i < boot->count; i++)
            weight[i] = times[boot->customer[i]];
    }

    /* Both models meet the same draw: only then does the difference's interval know
     * what they share. */
    if (boot->b) {
        curves(boot->label, boot->a, boot->order_a, boot->count, weight, &boot->of_a[task]);
        curves(boot->label, boot->b, boot->order_b, boot->count, weight, &boot->of_b[task]);
    } else {
        boot->of_a[task] =
            measure(boot->label, boot->a, boot->logit, boot->order_a, boot->count, weight);
    }

    if (weight != times)
        free(weight);
    free(times);
}

/* The interval of one measure over the draws in which it exists. */
static struct stats_interval percentiles(double *values, size_t draws, double level)
{
    size_t kept = 0;
    for (size_t i = 0; i < draws; i++)
        if (isfinite(values[i]))
            values[kept++] = values[i];
    stats_sort(values, kept);
    return (struct stats_interval){stats_quantile_sorted(values, kept, (1 - level) / 2),
                                   stats_quantile_sorted(values, kept, (1 + level) / 2)};
}

void model_quality_bootstrap(const unsigned char *label, const double *predicted, size_t count,
                             const uint32_t *customer, size_t customers, int draws, double level,
                             uint64_t seed, struct pool *pool, struct model_quality *low,
                             struct model_quality *high)
{
    size_t total = (size_t)draws;
    struct bootstrap boot = {.label = label,
                             .a = predicted,
                             .count = count,
                             .customer = customer,
                             .seed = seed,
                             .customers = customer ? customers : count};

    boot.order_a = base_malloc(sizeof *boot.order_a * (count + 1));
    boot.of_a = base_calloc(total, sizeof *boot.of_a);
    double *logit = logits_of(predicted, count);
    boot.logit = logit;
    stats_order(predicted, count, boot.order_a);
    pool_run(pool, total, draw, &boot);
    double *values = base_malloc(sizeof *values * (total + 1));
    enum { MEASURES = sizeof(struct model_quality) / sizeof(double) };

    /* A struct of doubles is walked like an array, so that a new measure has its
     * interval at once. */
    for (size_t m = 0; m < MEASURES; m++) {
        for (size_t i = 0; i < total; i++)
            memcpy(&values[i], (const char *)&boot.of_a[i] + m * sizeof(double), sizeof(double));
        struct stats_interval interval = percentiles(values, total, level);
        memcpy((char *)low + m * sizeof(double), &interval.low, sizeof(double));
        memcpy((char *)high + m * sizeof(double), &interval.high, sizeof(double));
    }

    free(values);
    free(logit);
    free(boot.order_a);
    free(boot.of_a);
}

struct stats_interval model_quality_auc_difference(const unsigned char *label, const double *a,
                                                   const double *b, size_t count,
                                                   const uint32_t *customer, size_t customers,
                                                   int draws, double level, uint64_t seed,
                                                   struct pool *pool)
{
    size_t total = (size_t)draws;
    struct bootstrap boot = {.label = label,
                             .a = a,
                             .b = b,
                             .count = count,
                             .customer = customer,
                             .seed = seed,
                             .customers = customer ? customers : count};

    boot.order_a = base_malloc(sizeof *boot.order_a * (2 * count + 1));
    boot.order_b = boot.order_a + count;
    boot.of_a = base_calloc(2 * total, sizeof *boot.of_a);
    boot.of_b = boot.of_a + total;

    stats_order(a, count, boot.order_a);
    stats_order(b, count, boot.order_b);
    pool_run(pool, total, draw, &boot);
    double *values = base_malloc(sizeof *values * (total + 1));
    for (size_t i = 0; i < total; i++)
        values[i] = boot.of_a[i].auc - boot.of_b[i].auc;
    struct stats_interval interval = percentiles(values, total, level);

    free(values);
    free(boot.order_a);
    free(boot.of_a);
    return interval;
}

/* Each customer's summed difference and rows, and a place for every draw's mean. */
struct loss_draws {
    const double *sum, *rows;
    size_t customers;
    uint64_t seed;
    double *mean;
};

static void draw_loss(void *context, size_t task, int worker)
{
    const struct loss_draws *draws = context;
    double sum = 0, rows = 0;
    struct stats_random random;
    (void)worker;
    stats_random_init(&random, draws->seed, task);
    for (size_t i = 0; i < draws->customers; i++) {
        size_t who = stats_random_below(&random, draws->customers);

        /* Customers differ in rows, so a draw's mean is a ratio of two sums. */
        sum += draws->sum[who];
        rows += draws->rows[who];
    }
    draws->mean[task] = sum / rows;
}

struct stats_interval model_quality_loss_difference(const unsigned char *label, const double *a,
                                                    const double *b, size_t count,
                                                    const uint32_t *customer, size_t customers,
                                                    int draws, double level, uint64_t seed,
                                                    struct pool *pool, double *difference)
{
    customers = customer ? customers : count;
    double *sum = base_calloc(2 * customers + (size_t)draws + 1, sizeof *sum),
           *rows = sum + customers, *mean = rows + customers, total = 0;

    for (size_t i = 0; i < count; i++) {
        double p = inside(a[i]), q = inside(b[i]);
        double loss = label[i] ? log(q) - log(p) : log1p(-q) - log1p(-p);
        sum[customer ? customer[i] : i] += loss;
        rows[customer ? customer[i] : i]++;
        total += loss;
    }

    struct loss_draws work = {sum, rows, customers, seed, mean};
    pool_run(pool, (size_t)draws, draw_loss, &work);
    struct stats_interval interval = percentiles(mean, (size_t)draws, level);
    free(sum);
    *difference = total / (double)count;
    return interval;
}
