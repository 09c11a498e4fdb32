/*
 * Intervals of penalised effects. A penalty shrinks effects on purpose, so there are no standard
 * errors around the truth; what can be said is how far the same penalised fit would move were the
 * customers drawn anew: Efron and Tibshirani's percentile bootstrap (1993, chapter 13) of the same
 * estimator, its penalty held, fitted as far down as the estimate was. What the interval is of is
 * the effect that this penalised fit would find among all customers there could be; that the stated
 * share of intervals holds it is what the tests simulate. A fit stopped early would be another
 * estimator: with two columns that say nearly the same, coordinate descent shares an effect out
 * slowly.
 */
#include "model/logistic.h"

#include "stats/random.h"
#include "stats/summary.h"

#include <math.h>
#include <string.h>

struct refits {
    const struct model_logistic *model;
    const struct model_matrix *features;
    const unsigned char *label;
    const uint32_t *customer;
    size_t customers;
    uint64_t seed;
    double *effect; /* draws × columns; NaN where a draw could not be fitted */
};

/* Draws customers with all their rows. */
static size_t draw_rows(const struct refits *r, size_t draw, struct arena *arena, double **data,
                        unsigned char **label)
{
    size_t columns = (size_t)r->features->columns, count = 0;
    uint32_t *times = ARENA_ARRAY(arena, uint32_t, r->customers + 1);
    struct stats_random random;
    stats_random_init(&random, r->seed, draw + 1);
    for (size_t i = 0; i < r->customers; i++)
        times[stats_random_below(&random, r->customers)]++;
    for (size_t i = 0; i < r->features->rows; i++)
        count += times[r->customer[i]];

    /* Customers differ in rows, so how many there are is known only after the draw. */
    *data = ARENA_ARRAY(arena, double, count *columns + 1);
    *label = ARENA_ARRAY(arena, unsigned char, count + 1);
    count = 0;
    for (size_t i = 0; i < r->features->rows; i++)
        for (uint32_t t = 0; t < times[r->customer[i]]; t++) {
            memcpy(*data + count * columns, r->features->data + i * columns,
                   sizeof **data * columns);
            (*label)[count++] = r->label[i];
        }
    return count;
}

static void refit(void *context, size_t draw, int worker)
{
    const struct refits *r = context;
    size_t columns = (size_t)r->features->columns;
    struct arena arena;
    struct model_logistic again;
    struct error ignored;
    double *data;
    unsigned char *label;
    (void)worker;
    arena_init(&arena, 0);
    struct model_matrix matrix = {draw_rows(r, draw, &arena, &data, &label), r->features->columns,
                                  data};
    struct model_logistic_options options = {.lambda = r->model->lambda, .mix = r->model->mix};
    bool good =
        model_logistic_fit(&matrix, label, &options, NULL, &arena, &again, &ignored) == STATUS_OK;
    for (size_t c = 0; c < columns; c++)
        r->effect[draw * columns + c] = good ? again.coefficient[c] * r->model->scale[c] : NAN;
    arena_release(&arena);
}

/* The value below which another draw falls with probability p: of few draws the type-6 quantile,
 * whose rank is (n + 1) p, and not one that lies nearer to the middle. */
static double next_draw_quantile(const double *sorted, size_t count, double p)
{
    double rank = fmin(fmax(((double)count + 1) * p, 1), (double)count);
    size_t below = (size_t)rank;
    double above = below < count ? sorted[below] : sorted[count - 1];
    return sorted[below - 1] + (rank - (double)below) * (above - sorted[below - 1]);
}

void model_logistic_intervals(const struct model_logistic *model,
                              const struct model_matrix *features, const unsigned char *label,
                              const uint32_t *customer, size_t customers, size_t draws,
                              double level, uint64_t seed, struct pool *pool, struct arena *arena,
                              struct stats_interval *out)
{
    size_t columns = (size_t)features->columns;
    struct refits r = {model,
                       features,
                       label,
                       customer,
                       customers,
                       seed,
                       ARENA_ARRAY(arena, double, draws *columns + 1)};
    double *values = ARENA_ARRAY(arena, double, draws + 1);

    pool_run(pool, draws, refit, &r);
    for (size_t c = 0; c < columns; c++) {
        double effect = model->coefficient[c] * model->scale[c];
        size_t kept = 0;
        for (size_t d = 0; d < draws; d++)
            if (isfinite(r.effect[d * columns + c]))
                values[kept++] = r.effect[d * columns + c];

        stats_sort(values, kept);
        /* The penalty draws effects of draws towards each other: the estimate itself is
         * always among what is possible.
         */
        out[c].low = kept ? fmin(effect, next_draw_quantile(values, kept, (1 - level) / 2)) : NAN;
        out[c].high = kept ? fmax(effect, next_draw_quantile(values, kept, (1 + level) / 2)) : NAN;
    }
}
