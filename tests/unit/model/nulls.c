/*
 * Counts and amounts that are mostly nothing, as baskets and spending are: one population, however
 * lumpy, is not called natural groups (24 sets of four kinds), and groups of counts are still
 * found.
 */
#include "model/grouping.h"
#include "model/scaling.h"
#include "stats/random.h"

#include <math.h>
#include <stdlib.h>

#define GROUND_THREADS 0 /* as many as there are processors */
#include "unit/ground.h"

#include "support/near.h"

enum { ROWS = 400, D = 4, SETS = 6, MOST = 6 };

/* How often of six visits something of that kind was in the basket; some people buy much of
 * everything. */
static double basket(struct stats_random *random, int j, double activity)
{
    static const double share[D] = {.1, .25, .15, .05};
    double count = 0;
    for (int visit = 0; visit < MOST; visit++)
        count += stats_random_uniform(random) < fmin(.9, activity * share[j]);
    return count;
}

static double poisson(struct stats_random *random, int j, double activity)
{
    return fmin(MOST, stats_random_poisson(random, activity * (.3 + .4 * j)));
}

/* Nothing for many, and for the others anything. */
static double spend(struct stats_random *random, int j, double activity)
{
    if (stats_random_uniform(random) > .25 + .15 * j)
        return 0;
    return round(100 * exp(.8 * stats_random_normal(random) + .3 * log(activity + .1))) / 100;
}

static double yes_or_no(struct stats_random *random, int j, double activity)
{
    return stats_random_uniform(random) < fmin(.95, .2 + .15 * j + .1 * activity);
}

static double (*const kinds[])(struct stats_random *random, int j,
                               double activity) = {basket, poisson, spend, yes_or_no};

static bool looks_natural(double *data, uint64_t seed)
{
    const struct model_scaling_options scaled = {.winsor = .01, .log = -1, .scaled = true};
    double values[ROWS];
    for (int j = 0; j < D; j++) {
        struct model_scaling scaling;
        for (int i = 0; i < ROWS; i++)
            values[i] = data[i * D + j];
        model_scaling_choose(&scaled, values, ROWS, &scaling);
        for (int i = 0; i < ROWS; i++)
            data[i * D + j] = model_scaled(&scaling, data[i * D + j]);
    }
    struct model_matrix matrix = {ROWS, D, data};
    struct model_structure_options options = {.largest = 6, .seed = seed};
    struct model_structure found;
    arena_reset(&arena);
    ASSERT_OK(model_structure_test(&matrix, &options, pool, &arena, &found, &error));
    return found.natural;
}

static void lumps_are_no_groups(void **state)
{
    (void)state;
    double *data = base_malloc(sizeof *data * ROWS * D);
    int alarms = 0, sets = unit_fewer(SETS);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int own = 0;
        for (int set = 0; set < sets; set++) {
            struct stats_random random;
            stats_random_init(&random, 500 + k, (uint64_t)set);
            for (int i = 0; i < ROWS; i++) {
                double activity = stats_random_gamma(&random, .7);
                for (int j = 0; j < D; j++)
                    data[i * D + j] = kinds[k](&random, j, activity);
            }
            own += looks_natural(data, (uint64_t)set);
        }
        print_message("# kind %zu: natural groups claimed %d times of %d\n", k, own, sets);
        alarms += own;
    }
    free(data);
    assert_in_range(alarms, 0, 1); /* one of 24 is what a test at 5% is allowed */
}

static void groups_of_counts_are_found(void **state)
{
    (void)state;
    double *data = base_malloc(sizeof *data * ROWS * D);
    int found = 0, sets = unit_fewer(SETS);
    for (int set = 0; set < sets; set++) {
        struct stats_random random;
        stats_random_init(&random, 900, (uint64_t)set);
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < D; j++)
                data[i * D + j] = fmin(9, stats_random_poisson(&random, (i + j) % 2 ? 5.5 : .4));
        found += looks_natural(data, (uint64_t)set);
    }
    free(data);
    assert_int_equal(found, sets);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lumps_are_no_groups),
    cmocka_unit_test(groups_of_counts_are_found),
};

GROUND_MAIN(tests)
