/*
 * Look-alikes: bands and recall against a count that gives every customer a place of their own,
 * planted likeness found and noise left out, held-out scores that know nothing of their own row.
 */
#include "model/lookalike.h"
#include "stats/inference.h"
#include "stats/random.h"

#include <string.h>

#define GROUND_THREADS 2
#include "unit/ground.h"

#include "support/near.h"

enum { ROWS = 400 };

/* One customer a place: seeds of equal scores stand spread evenly over the places of their run. */
static double naive_seeds(const unsigned char *seed, const double *score, size_t count, double from,
                          double to)
{
    double found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!seed[i])
            continue;
        double above = 0, equal = 0;
        for (size_t j = 0; j < count; j++) {
            above += score[j] > score[i];
            equal += score[j] == score[i];
        }
        for (double place = above; place < above + equal; place++) {
            double low = place > from * (double)count ? place : from * (double)count;
            double high = place + 1 < to * (double)count ? place + 1 : to * (double)count;
            found += high > low ? (high - low) / equal : 0;
        }
    }
    return found;
}

static void bands(void **state)
{
    (void)state;
    struct stats_random random;
    unsigned char seed[ROWS];
    double score[ROWS], weight[ROWS], seeds = 0, depth = 0;
    struct model_lookalike_list list;
    stats_random_init(&random, 7, 0);
    for (size_t i = 0; i < ROWS; i++) {
        seed[i] = stats_random_uniform(&random) < .2;
        score[i] =
            (double)(int)(6 * (stats_random_uniform(&random) + (seed[i] ? .5 : 0))); /* many ties */
        weight[i] = 1;
        seeds += seed[i];
    }
    model_lookalike_bands(seed, score, weight, ROWS, .95, &arena, &list);
    assert_int_equal(list.count, (int)(seeds / MODEL_LOOKALIKE_LEAST_EXPECTED));
    for (int b = 0; b < list.count; b++) {
        const struct model_lookalike_band *band = &list.bands[b];
        double naive = naive_seeds(seed, score, ROWS, band->from, band->to);
        struct stats_interval interval = stats_wilson(naive, seeds, .95);
        ASSERT_NEAR(band->seeds, naive, 1e-9);
        ASSERT_NEAR(band->lift, naive / seeds * list.count, 1e-9);
        ASSERT_NEAR(band->low, interval.low * list.count, 1e-9);
        if (band->low > 1 && depth == band->from)
            depth = band->to;
    }
    assert_true(depth > 0);
    ASSERT_NEAR(list.depth, depth, 1e-12);
    ASSERT_NEAR(model_lookalike_recall(seed, score, weight, ROWS, .1, &arena),
                naive_seeds(seed, score, ROWS, 0, .1) / seeds, 1e-9);
    ASSERT_NEAR(model_lookalike_recall(seed, score, weight, ROWS, 1, &arena), 1, 1e-12);
}

/* A row that stands for three is three rows. */
static void weights(void **state)
{
    (void)state;
    unsigned char seed[40], wide_seed[100];
    double score[40], weight[40], wide[100], ones[100];
    size_t rows = 0;
    struct model_lookalike_list list, spread;
    for (size_t i = 0; i < 40; i++) {
        seed[i] = i < 10;
        score[i] = (double)((i * 7) % 40) + (seed[i] ? 15 : 0);
        weight[i] = seed[i] ? 1 : 3;
        for (int k = 0; k < (seed[i] ? 1 : 3); k++, rows++) {
            wide_seed[rows] = seed[i];
            wide[rows] = score[i];
            ones[rows] = 1;
        }
    }
    model_lookalike_bands(seed, score, weight, 40, .95, &arena, &list);
    model_lookalike_bands(wide_seed, wide, ones, rows, .95, &arena, &spread);
    assert_int_equal(list.count, spread.count);
    for (int b = 0; b < list.count; b++)
        ASSERT_NEAR(list.bands[b].seeds, spread.bands[b].seeds, 1e-9);
}

/* Two features bear on the seed, eighteen do not. */
static void fill(double *data, unsigned char *seed, size_t rows, double strength)
{
    struct stats_random random;
    stats_random_init(&random, 11, 0);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < 20; j++)
            data[i * 20 + j] = stats_random_normal(&random);
        double logit = -2 + strength * (data[i * 20 + 3] - data[i * 20 + 8]);
        seed[i] = stats_random_uniform(&random) < 1 / (1 + exp(-logit));
    }
}

static void planted(void **state)
{
    (void)state;
    size_t rows = 4000;
    double *data = ARENA_ARRAY(&arena, double, rows * 20);
    unsigned char *seed = ARENA_ARRAY(&arena, unsigned char, rows);
    struct model_matrix matrix = {rows, 20, data};
    struct model_lookalike model, alone;
    fill(data, seed, rows, 1);
    ASSERT_OK(model_lookalike_fit(&matrix, seed, 5, 1, pool, &arena, &model, &error));
    assert_true(model.logistic.coefficient[3] > .5 && model.logistic.coefficient[8] < -.5);
    int noise = 0;
    for (int j = 0; j < 20; j++)
        noise += j != 3 && j != 8 && model.logistic.coefficient[j] != 0;
    assert_true(noise <= 1);
    double auc = model_quality_of(seed, model.held_out, rows, &arena).auc;
    assert_true(auc > .78 && auc < .86);
    ASSERT_OK(model_lookalike_fit(&matrix, seed, 5, 1, NULL, &arena, &alone, &error));
    assert_memory_equal(model.held_out, alone.held_out, sizeof(double) * rows);
}

/* The scores of one fold, fitted here on all the other rows. */
static void held_out(void **state)
{
    (void)state;
    enum { FEW = 300, FOLDS = 5 };
    double *data = ARENA_ARRAY(&arena, double, FEW * 20),
           *kept = ARENA_ARRAY(&arena, double, FEW * 20), hits = 0;
    unsigned char seed[FEW], label[FEW];
    uint32_t fold[FEW];
    size_t rows = 0;
    struct model_lookalike model;
    struct model_logistic logistic;
    fill(data, seed, FEW, 2);
    struct model_matrix matrix = {FEW, 20, data};
    ASSERT_OK(model_lookalike_fit(&matrix, seed, FOLDS, 1, pool, &arena, &model, &error));
    model_stratified_folds(seed, FEW, FOLDS, 1, &arena, fold);
    for (size_t i = 0; i < FEW; i++)
        if (fold[i] != 2) {
            memcpy(kept + rows * 20, data + i * 20, sizeof *data * 20);
            label[rows++] = seed[i];
            hits += seed[i];
        }
    double base = hits / (double)rows,
           threshold = sqrt(base * (1 - base) * 2 * log(20) / (double)rows);
    struct model_logistic_options options = {.lambda = 2 * threshold, .mix = .5};
    struct model_matrix others = {rows, 20, kept};
    ASSERT_OK(model_logistic_fit(&others, label, &options, pool, &arena, &logistic, &error));
    for (size_t i = 0; i < FEW; i++)
        if (fold[i] == 2)
            ASSERT_NEAR(model.held_out[i], model_logistic_score(&logistic, data + i * 20), 1e-9);
}

static void refusals(void **state)
{
    (void)state;
    double data[20];
    unsigned char seed[20] = {1, 1, 1};
    struct model_matrix matrix = {20, 1, data};
    struct model_lookalike model;
    for (int i = 0; i < 20; i++)
        data[i] = i;
    assert_int_equal(model_lookalike_fit(&matrix, seed, 5, 1, pool, &arena, &model, &error),
                     STATUS_ERROR);
    memset(seed, 1, sizeof seed);
    assert_int_equal(model_lookalike_fit(&matrix, seed, 5, 1, pool, &arena, &model, &error),
                     STATUS_ERROR);
    memset(seed, 0, 10);
    for (int i = 0; i < 20; i++)
        data[i] = 3;
    ASSERT_OK(model_lookalike_fit(&matrix, seed, 5, 1, pool, &arena, &model,
                                  &error)); /* nothing known: all alike */
    ASSERT_NEAR(model.held_out[0], model.held_out[19], 1e-12);
    ASSERT_NEAR(model.held_out[0], .5, 1e-9);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bands),    cmocka_unit_test(weights),  cmocka_unit_test(planted),
    cmocka_unit_test(held_out), cmocka_unit_test(refusals),
};

GROUND_MAIN(tests)
