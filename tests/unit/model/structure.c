/*
 * "No natural groups" is said of data without structure at least 95 times of 100, whatever their
 * shape, after the same preparation that customers get; and planted groups are found. Beside that:
 * scaling, references, and one face for all methods.
 */
#include "base/json.h"
#include "model/clustering.h"
#include "model/reference.h"
#include "model/scaling.h"
#include "stats/random.h"
#include "support/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUND_THREADS 0 /* as many as there are processors */
#include "unit/ground.h"

#include "support/near.h"

enum { ROWS = 200, D = 3, SETS = 100 };

static double uniform(struct stats_random *random, int j, double common)
{
    (void)j, (void)common;
    return stats_random_uniform(random);
}

static double gaussian(struct stats_random *random, int j, double common)
{
    (void)common;
    return (j + 1) * stats_random_normal(random);
}

static double correlated(struct stats_random *random, int j, double common)
{
    return stats_random_normal(random) + (j + 1) * common;
}

static double lognormal(struct stats_random *random, int j, double common)
{
    return exp((.5 + .5 * j) * stats_random_normal(random) + .7 * common + 3 * j);
}

static double counts(struct stats_random *random, int j, double common)
{
    return stats_random_poisson(random, (1.5 + j) * exp(.4 * common));
}

static double exponential(struct stats_random *random, int j, double common)
{
    return (stats_random_exponential(random) + .5 * exp(.5 * common)) * (1 + 10 * j);
}

static const struct shape {
    const char *name;
    double (*value)(struct stats_random *random, int j, double common);
} shapes[] = {
    {"uniform", uniform},     {"one Gaussian", gaussian}, {"correlated Gaussian", correlated},
    {"lognormal", lognormal}, {"counts", counts},         {"exponential", exponential}};

/* As a fit prepares them: winsorised, logarithms where skewed, one scale. */
static void prepare(double *data, int rows, int columns)
{
    const struct model_scaling_options options = {.winsor = .01, .log = -1, .scaled = true};
    double *values = base_malloc(sizeof *values * (size_t)rows);
    for (int j = 0; j < columns; j++) {
        struct model_scaling scaling;
        for (int i = 0; i < rows; i++)
            values[i] = data[i * columns + j];
        model_scaling_choose(&options, values, (size_t)rows, &scaling);
        for (int i = 0; i < rows; i++)
            data[i * columns + j] = model_scaled(&scaling, data[i * columns + j]);
    }
    free(values);
}

static bool looks_natural(double *data, int largest, uint64_t seed, int least, int *groups)
{
    struct model_matrix matrix = {ROWS, D, data};
    struct model_structure_options options = {.largest = largest, .seed = seed, .least = least};
    struct model_structure found;
    arena_reset(&arena);
    ASSERT_OK(model_structure_test(&matrix, &options, pool, &arena, &found, &error));
    if (groups)
        *groups = found.groups;
    return found.natural;
}

static void no_groups_where_there_are_none(void **state)
{
    (void)state;
    int alarms = 0, of = 0;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int own = 0, sets = unit_fewer(s < 4 ? SETS / 2 : SETS / 4);
        for (int set = 0; set < sets; set++, of++) {
            double data[ROWS * D];
            struct stats_random random;
            stats_random_init(&random, 1000 + s, (uint64_t)set);
            for (int i = 0; i < ROWS; i++) {
                double common = stats_random_normal(&random);
                for (int j = 0; j < D; j++)
                    data[i * D + j] = shapes[s].value(&random, j, common);
            }
            prepare(data, ROWS, D);
            own += looks_natural(data, 4, (uint64_t)set, 0, NULL);
        }
        print_message("# %s: natural groups claimed %d times of %d\n", shapes[s].name, own, sets);
        assert_in_range(own, 0, sets / 12); /* no shape is treated much worse than the others */
        alarms += own;
    }
    assert_in_range(alarms, 0, of / 20);
}

static void plant(struct stats_random *random, int groups, double apart, double *data)
{
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < D; j++)
            data[i * D + j] =
                stats_random_normal(random) + apart * cos((i % groups) * (1.9 + j) + j);
}

static void groups_where_they_were_planted(void **state)
{
    (void)state;
    int missed = 0, miscounted = 0;
    for (int set = 0; set < unit_fewer(20); set++) {
        double data[ROWS * D];
        struct stats_random random;
        int groups = 2 + set % 4, found;
        stats_random_init(&random, 2000, (uint64_t)set);
        plant(&random, groups, 5, data);
        prepare(data, ROWS, D);
        missed += !looks_natural(data, 6, (uint64_t)set, 0, &found);
        miscounted += found != groups;
    }
    assert_int_equal(missed, 0);
    assert_in_range(miscounted, 0, 4);
}

/* HDBSCAN finds dense regions in anything; whether they mean something is asked of draws that go
 * through the same. */
static void density_is_judged_too(void **state)
{
    (void)state;
    int alarms = 0, missed = 0;
    for (int set = 0; set < unit_fewer(40); set++) {
        double data[ROWS * D];
        struct stats_random random;
        stats_random_init(&random, 3000, (uint64_t)set);
        for (int i = 0; i < ROWS; i++) {
            double common = stats_random_normal(&random);
            for (int j = 0; j < D; j++)
                data[i * D + j] = shapes[set % 4].value(&random, j, common);
        }
        prepare(data, ROWS, D);
        alarms += looks_natural(data, 0, (uint64_t)set, 10, NULL);
        plant(&random, 2 + set % 2, 5, data);
        missed += !looks_natural(data, 0, (uint64_t)set, 20, NULL);
    }
    assert_in_range(alarms, 0, 3);
    assert_in_range(missed, 0, 2);
}

static void categories_too(void **state)
{
    (void)state;
    enum { CATEGORIES = 5 };
    uint32_t levels[CATEGORIES] = {3, 4, 2, 5, 3}, code[ROWS * CATEGORIES];
    int alarms = 0;
    for (int set = 40 - unit_fewer(40); set < 41; set++) {
        struct stats_random random;
        stats_random_init(&random, 4000, (uint64_t)set);
        bool planted = set == 40;
        for (int i = 0; i < ROWS; i++)
            for (int c = 0; c < CATEGORIES; c++)
                code[i * CATEGORIES + c] = planted && stats_random_uniform(&random) < .7
                                               ? (uint32_t)(i % 2 + c % 2) % levels[c]
                                               : (uint32_t)stats_random_below(&random, levels[c]);
        struct model_prototypes_data data = {ROWS, 0, CATEGORIES, NULL, code, levels};
        arena_reset(&arena);
        struct model_matrix matrix = model_clustering_embed(&data, 1, &arena);
        struct model_layout layout = {0, CATEGORIES, levels};
        struct model_structure_options options = {
            .largest = 4, .seed = (uint64_t)set, .layout = &layout};
        struct model_structure found;
        ASSERT_OK(model_structure_test(&matrix, &options, pool, &arena, &found, &error));
        if (planted)
            assert_true(found.natural && found.groups == 2);
        else
            alarms += found.natural;
    }
    assert_in_range(alarms, 0, 4);
}

static void scaling(void **state)
{
    (void)state;
    const struct model_scaling_options automatic = {.winsor = .01, .log = -1, .scaled = true},
                                       plain = {0};
    struct model_scaling scaling;
    double values[1000], sum = 0, squares = 0;
    struct stats_random random;
    stats_random_init(&random, 5, 5);
    for (int i = 0; i < 1000; i++)
        values[i] = exp(stats_random_normal(&random)) *
                    1e-4; /* small values: a plain ln(1 + x) would do nothing */
    values[0] = 1e7;
    model_scaling_choose(&automatic, values, 1000, &scaling);
    assert_true(scaling.log && !scaling.constant && scaling.high < 1);
    for (int i = 0; i < 1000; i++) {
        sum += model_scaled(&scaling, values[i]);
        squares += pow(model_scaled(&scaling, values[i]), 2);
    }
    ASSERT_NEAR(sum / 1000, 0, 1e-9);
    ASSERT_NEAR(squares / 999, 1, 1e-9);
    assert_true(model_scaled(&scaling, NAN) == model_scaled(&scaling, scaling.fill));
    assert_true(model_scaled(&scaling, 1e300) == model_scaled(&scaling, scaling.high));
    double as_they_are[] = {3, 1, 2};
    model_scaling_choose(&plain, as_they_are, 3, &scaling);
    ASSERT_NEAR(model_scaled(&scaling, 2.5), 2.5, 0);
    double rare[200] = {
        0}; /* one in two hundred differs: pulling in the outer hundredth must not hide it */
    rare[7] = 1;
    model_scaling_choose(&automatic, rare, 200, &scaling);
    assert_true(!scaling.constant && model_scaled(&scaling, 1) > model_scaled(&scaling, 0));
    model_scaling_choose(&automatic, rare, 0, &scaling);
    assert_true(scaling.constant && isfinite(model_scaled(&scaling, NAN)));
}

/* Draws keep what they promise: ranges, margins without a second peak, correlations, lumps, counts
 * of categories. */
static void references(void **state)
{
    (void)state;
    enum { N = 2000, COLUMNS = 5 };
    uint32_t levels[] = {3};
    double *data = base_malloc(sizeof *data * N * COLUMNS),
           *draw = base_calloc(N * COLUMNS, sizeof *draw);
    struct stats_random random;
    stats_random_init(&random, 6, 6);
    for (int i = 0; i < N; i++) {
        data[i * COLUMNS] = (i % 2 ? 4 : -4) + stats_random_normal(&random);  /* two peaks */
        data[i * COLUMNS + 1] = floor(3 * stats_random_exponential(&random)); /* lumps */
        for (int l = 0; l < 3; l++)
            data[i * COLUMNS + 2 + l] = l == i % 4 % 3;
    }
    struct model_matrix matrix = {N, COLUMNS, data};
    struct model_layout layout = {2, 1, levels};
    struct model_reference reference;
    arena_reset(&arena);
    model_reference_new(&matrix, &layout, &arena, &reference);
    for (int kind = 0; kind < MODEL_REFERENCE_KINDS; kind++) {
        double middle = 0, whole = 0, of_level[3] = {0};
        model_reference_draw(&reference, (enum model_reference_kind)kind, &random, draw);
        for (int i = 0; i < N; i++) {
            middle += fabs(draw[i * COLUMNS]) < 1;
            whole += !(draw[i * COLUMNS + 1] > floor(draw[i * COLUMNS + 1]));
            for (int l = 0; l < 3; l++)
                of_level[l] += draw[i * COLUMNS + 2 + l];
        }
        assert_true(middle > N / 20); /* where the data have next to nobody */
        if (kind == MODEL_REFERENCE_UNIMODAL)
            ASSERT_NEAR(whole, N, 0);
        ASSERT_NEAR(of_level[0], N / 2, 0);
        ASSERT_NEAR(of_level[1], N / 4, 0);
    }
    free(data);
    free(draw);
}

/* Every method gives labels that its own rule repeats, also after writing and reading. */
static void one_face(void **state)
{
    (void)state;
    double number[ROWS * D];
    uint32_t code[ROWS * 2], levels[2] = {2, 3}, again[ROWS];
    struct stats_random random;
    stats_random_init(&random, 7, 7);
    plant(&random, 2, 6, number);
    for (int i = 0; i < ROWS; i++) {
        code[2 * i] = (uint32_t)(i % 2);
        code[2 * i + 1] = i % 10 == 9 ? 2 : (uint32_t)(i % 2);
    }
    for (int m = 0; m < MODEL_CLUSTER_METHODS; m++) {
        enum model_cluster_method method = (enum model_cluster_method)m;
        bool mixed = method == MODEL_CLUSTER_KMODES || method == MODEL_CLUSTER_KPROTOTYPES;
        struct model_prototypes_data data = {
            ROWS, method == MODEL_CLUSTER_KMODES ? 0 : D, mixed ? 2 : 0, number, code, levels};
        struct model_clustering_options options = {
            .method = method, .k = 2, .least = 20, .seed = 3};
        struct model_clustering model, read;
        struct buffer text;
        struct json json;
        ASSERT_OK(model_clustering_fit(&data, &options, pool, &arena, &model, &error));
        assert_int_equal(model.k, 2);
        for (int i = 2; i < ROWS; i++)
            if (model.label[i] != MODEL_NOISE && model.label[i % 2] != MODEL_NOISE)
                assert_int_equal(model.label[i], model.label[i % 2]);
        buffer_init(&text, 0);
        json_init(&json, &text, false);
        model_clustering_write(&model, &json);
        ASSERT_OK(model_clustering_read(method, (struct text){text.data, text.length}, &arena,
                                        &read, &error));
        model_clustering_assign(&read, ROWS, number, code, NULL, again);
        assert_memory_equal(again, model.label, sizeof again);
        buffer_release(&text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_groups_where_there_are_none),
    cmocka_unit_test(groups_where_they_were_planted),
    cmocka_unit_test(density_is_judged_too),
    cmocka_unit_test(categories_too),
    cmocka_unit_test(scaling),
    cmocka_unit_test(references),
    cmocka_unit_test(one_face),
};

GROUND_MAIN(tests)
