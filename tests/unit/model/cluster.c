/*
 * Clustering against the figures of FIGURES.md, against naive computation, on degenerate data, and
 * the same for any number of threads.
 */
#include "model/cluster.h"
#include "base/json.h"
#include "model/grouping.h"
#include "stats/inference.h"
#include "stats/random.h"
#include "support/table.h"

#include <stdlib.h>
#include <string.h>

#define GROUND_THREADS 3
#include "unit/ground.h"

#include "support/near.h"

static struct model_matrix read_matrix(const char *path, const char *const *names, size_t count)
{
    struct table table = table_read(path, ',', true, &arena);
    return (struct model_matrix){table.rows, (int)count,
                                 table_matrix(&table, names, count, &arena)};
}

static struct model_matrix iris(void)
{
    return read_matrix(
        "classic/iris.csv",
        (const char *const[]){"Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"}, 4);
}

static struct model_matrix ruspini(void)
{
    return read_matrix("classic/ruspini.csv", (const char *const[]){"x", "y"}, 2);
}

static void kmeans_on_iris(void **state)
{
    (void)state;
    struct model_matrix matrix = iris();
    static const double inertia[] = {152.34795, 78.85144, 57.22847, 46.44618, 39.03999},
                        silhouette[] = {.681046, .552819, .498051};
    for (int k = 2; k <= 6; k++) {
        struct model_kmeans_options options = {.k = k, .starts = 50, .seed = 1};
        struct model_kmeans model, alone;
        ASSERT_OK(model_kmeans_fit(&matrix, &options, pool, &arena, &model, &error));
        assert_true(model.converged);
        ASSERT_NEAR(model.inertia, inertia[k - 2], 5e-6);
        ASSERT_OK(model_kmeans_fit(&matrix, &options, NULL, &arena, &alone, &error));
        assert_memory_equal(model.label, alone.label, sizeof *model.label * matrix.rows);
        assert_memory_equal(model.centre, alone.centre, sizeof *model.centre * (size_t)k * 4);
        double own, total = 0;
        for (size_t i = 0; i < matrix.rows; i++) {
            assert_int_equal(model_kmeans_assign(&model, matrix.data + 4 * i, &own),
                             model.label[i]);
            total += own;
        }
        ASSERT_NEAR(total, model.inertia, 1e-9);
        if (k <= 4)
            ASSERT_NEAR(model_silhouette(&matrix, model.label, k, 0, 1, pool, NULL),
                        silhouette[k - 2], 1e-6);
        if (k == 3) {
            ASSERT_NEAR(model_calinski_harabasz(&matrix, model.label, k), 561.628, 5e-4);
            ASSERT_NEAR(model_davies_bouldin(&matrix, model.label, k), 0.661972, 5e-7);
        }
    }
    struct model_kmeans_options four = {.k = 4, .starts = 50};
    struct model_kmeans model;
    struct model_matrix points = ruspini();
    ASSERT_OK(model_kmeans_fit(&points, &four, pool, &arena, &model, &error));
    ASSERT_NEAR(model.inertia, 12881.051, 5e-4);
}

/* Hamerly's bounds must not change the answer: a plain Lloyd iteration from the found centres stays
 * put, many groups or few. */
static void kmeans_is_a_fixed_point(void **state)
{
    (void)state;
    enum { ROWS = 70000, D = 5 };
    double *data = base_malloc(sizeof *data * ROWS * D);
    struct stats_random random;
    stats_random_init(&random, 11, 0);
    for (size_t i = 0; i < ROWS * D; i++)
        data[i] = stats_random_normal(&random) + (double)(i / D % 7) * (i % D == 0 ? 3 : 1);
    struct model_matrix matrix = {ROWS, D, data};
    for (int k = 1; k <= 33; k += 16) {
        struct model_kmeans_options options = {
            .k = k, .starts = 3, .max_iterations = 3000, .seed = 4};
        struct model_kmeans model, alone;
        ASSERT_OK(model_kmeans_fit(&matrix, &options, pool, &arena, &model, &error));
        ASSERT_OK(model_kmeans_fit(&matrix, &options, NULL, &arena, &alone, &error));
        assert_true(model.converged && model.inertia == alone.inertia);
        assert_memory_equal(model.label, alone.label, sizeof *model.label * ROWS);
        double *sum = ARENA_ARRAY(&arena, double, k *(D + 1)), inertia = 0;
        for (size_t i = 0; i < ROWS; i++) {
            double d;
            uint32_t c = model_kmeans_assign(&model, data + i * D, &d);
            assert_int_equal(c, model.label[i]);
            inertia += d;
            for (int j = 0; j < D; j++)
                sum[c * (D + 1) + (unsigned)j] += data[i * D + (size_t)j];
            sum[c * (D + 1) + D]++;
        }
        ASSERT_NEAR(model.inertia, inertia, 1e-8 * inertia);
        for (int c = 0; c < k; c++)
            for (int j = 0; j < D; j++)
                ASSERT_NEAR(model.centre[c * D + j], sum[c * (D + 1) + j] / sum[c * (D + 1) + D],
                            1e-9);
    }
    free(data);
}

static void mixtures(void **state)
{
    (void)state;
    struct model_matrix matrix = iris();
    static const double likelihood[] = {-379.9146, -214.3547, -180.1855},
                        bic[] = {829.978, 574.018, 580.839};
    for (int k = 1; k <= 3; k++) {
        struct model_mixture_options options = {.k = k, .starts = 20, .seed = 3};
        struct model_mixture model, alone;
        ASSERT_OK(model_mixture_fit(&matrix, &options, pool, &arena, &model, &error));
        ASSERT_NEAR(model.log_likelihood, likelihood[k - 1], 1e-3);
        ASSERT_NEAR(model.bic, bic[k - 1], 2e-3);
        ASSERT_OK(model_mixture_fit(&matrix, &options, NULL, &arena, &alone, &error));
        assert_true(alone.log_likelihood == model.log_likelihood);
        double scratch[4], chances[3], total = 0;
        for (size_t i = 0; i < matrix.rows; i++)
            total += model_mixture_score(&model, matrix.data + 4 * i, scratch, chances);
        ASSERT_NEAR(total, model.log_likelihood, 1e-3);
    }
    struct model_matrix geyser =
        read_matrix("classic/faithful.csv", (const char *const[]){"eruptions", "waiting"}, 2);
    struct model_mixture_options equal = {.k = 3, .starts = 20, .shape = MODEL_MIXTURE_EQUAL};
    struct model_mixture model;
    ASSERT_OK(model_mixture_fit(&geyser, &equal, pool, &arena, &model, &error));
    /* mclust stops at a relative change of 1e-5 and prints -1126.326; the climb goes on for another
     * hundredth. */
    ASSERT_NEAR(model.log_likelihood, -1126.326, 0.0105);
    assert_true(model.log_likelihood > -1126.3265);
}

static void ward(void **state)
{
    (void)state;
    struct model_matrix matrix = iris();
    struct model_ward tree;
    uint32_t label[150];
    ASSERT_OK(model_ward_fit(&matrix, &arena, &tree, &error));
    static const double heights[] = {3.82805, 4.84771, 6.39941, 12.30040, 32.44761};
    for (int i = 0; i < 5; i++)
        ASSERT_NEAR(tree.height[144 + i], heights[i], 5e-6);
    model_ward_cut(&tree, 3, &arena, label);
    int sizes[3] = {0};
    for (int i = 0; i < 150; i++)
        sizes[label[i]]++;
    assert_int_equal(sizes[0], 64);
    assert_int_equal(sizes[1], 50);
    assert_int_equal(sizes[2], 36);
    for (int k = 1; k <= 150; k += 149) {
        model_ward_cut(&tree, k, &arena, label);
        uint32_t most = 0;
        for (int i = 0; i < 150; i++)
            most = label[i] > most ? label[i] : most;
        assert_int_equal(most, k - 1);
    }
}

static enum status pam_method(const struct model_matrix *matrix, int k, uint64_t seed,
                              void *context, uint32_t *label, struct error *wrong)
{
    struct arena own;
    uint32_t medoid[16];
    double cost;
    (void)seed, (void)context;
    arena_init(&own, 0);
    enum status status = model_pam_fit(matrix, k, &own, label, medoid, &cost, wrong);
    arena_release(&own);
    return status;
}

static void medoids_and_gap(void **state)
{
    (void)state;
    struct model_matrix matrix = ruspini();
    static const double silhouette[] = {.58273, .63270, .73766, .71348, .59935};
    uint32_t label[75], medoid[6];
    double cost;
    for (int k = 2; k <= 6; k++) {
        ASSERT_OK(model_pam_fit(&matrix, k, &arena, label, medoid, &cost, &error));
        ASSERT_NEAR(model_silhouette(&matrix, label, k, 0, 0, NULL, NULL), silhouette[k - 2], 5e-6);
    }
    struct model_gap gap;
    ASSERT_OK(model_gap_statistic(&matrix, NULL, 8, 60, 1, 5, pam_method, NULL, pool, &arena, &gap,
                                  &error));
    assert_int_equal(gap.best, 4);
    ASSERT_NEAR(gap.gap[3], 0.676, 0.03); /* the reference samples are random */
    ASSERT_OK(model_gap_statistic(&matrix, NULL, 8, 30, 2, 5, model_grouping_kmeans, NULL, pool,
                                  &arena, &gap, &error));
    assert_int_equal(gap.best, 4);
}

static int compare_doubles(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static void stability(void **state)
{
    (void)state;
    struct model_matrix matrix = iris();
    static const double truth[3][4] = {{.996, .998}, {.957, .967, 1.0}, {.827, .849, .933, 1.0}};
    for (int k = 2; k <= 4; k++) {
        struct model_kmeans_options options = {.k = k, .starts = 20};
        struct model_kmeans model;
        double jaccard[4];
        ASSERT_OK(model_kmeans_fit(&matrix, &options, pool, &arena, &model, &error));
        ASSERT_OK(model_stability(&matrix, k, model.label, 200, 0, 17, model_grouping_kmeans, NULL,
                                  pool, jaccard, NULL, &error));
        qsort(jaccard, (size_t)k, sizeof *jaccard, compare_doubles);
        for (int c = 0; c < k; c++)
            ASSERT_NEAR(jaccard[c], truth[k - 2][c], 0.02);
    }
}

static void modes_and_prototypes(void **state)
{
    (void)state;
    struct table soy = table_read("classic/soybean.csv", ',', false, &arena);
    int categories = (int)soy.columns - 1;
    uint32_t *code = ARENA_ARRAY(&arena, uint32_t, soy.rows * (size_t)categories),
             *levels = ARENA_ARRAY(&arena, uint32_t, categories);
    for (int j = 0; j < categories; j++) {
        int count, *codes = table_codes(&soy, (size_t)j, &arena, &count);
        levels[j] = (uint32_t)count;
        for (size_t i = 0; i < soy.rows; i++)
            code[i * (size_t)categories + (size_t)j] = (uint32_t)codes[i];
    }
    struct model_prototypes_data plants = {soy.rows, 0, categories, NULL, code, levels};
    struct model_prototypes model, again;
    ASSERT_OK(model_prototypes_fit(&plants, 4, 0, 200, 1, pool, &arena, &model, &error));
    ASSERT_NEAR(model.cost, 199, 1e-9);
    struct table stocks = table_read("classic/stocks.csv", ',', false, &arena);
    double *value = table_numbers(&stocks, 1, &arena);
    uint32_t two[2], *kind = ARENA_ARRAY(&arena, uint32_t, stocks.rows * 2);
    for (int j = 0; j < 2; j++) {
        int count, *codes = table_codes(&stocks, (size_t)j + 2, &arena, &count);
        two[j] = (uint32_t)count;
        for (size_t i = 0; i < stocks.rows; i++)
            kind[i * 2 + (size_t)j] = (uint32_t)codes[i];
    }
    struct model_prototypes_data shares = {stocks.rows, 1, 2, value, kind, two};
    ASSERT_OK(model_prototypes_fit(&shares, 4, 0, 50, 1, NULL, &arena, &model, &error));
    ASSERT_NEAR(model.gamma, 69.9033, 5e-5);
    ASSERT_NEAR(model.cost, 1664.47, 5e-3);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_prototypes_write(&model, &json);
    ASSERT_OK(model_prototypes_read((struct text){text.data, text.length}, &arena, &again, &error));
    for (size_t i = 0; i < stocks.rows; i++)
        assert_int_equal(model_prototypes_assign(&again, value + i, kind + 2 * i), model.label[i]);
    buffer_release(&text);
}

static void degenerate(void **state)
{
    (void)state;
    double same[40], far[] = {1e9, 1e9 + 1, 1e9 + 2, 1e9 + 1000}, one[] = {3, 4}, nan[] = {1, NAN};
    for (int i = 0; i < 40; i++)
        same[i] = 5;
    struct model_matrix equal = {20, 2, same}, line = {4, 1, far}, single = {1, 2, one},
                        unknown = {2, 1, nan};
    struct model_kmeans model;
    struct model_mixture mixture;
    struct model_kmeans_options three = {.k = 3}, two = {.k = 2}, alone = {.k = 1};
    struct model_mixture_options groups = {.k = 2};
    ASSERT_OK(model_kmeans_fit(&equal, &three, NULL, &arena, &model, &error));
    ASSERT_NEAR(model.inertia, 0, 0);
    ASSERT_OK(model_kmeans_fit(&line, &two, NULL, &arena, &model, &error));
    ASSERT_NEAR(model.inertia, 2,
                1e-9); /* the short form of the distance would lose this entirely */
    ASSERT_OK(model_kmeans_fit(&single, &alone, NULL, &arena, &model, &error));
    assert_int_equal(model_kmeans_fit(&single, &two, NULL, &arena, &model, &error), STATUS_ERROR);
    assert_int_equal(model_kmeans_fit(&unknown, &two, NULL, &arena, &model, &error), STATUS_ERROR);
    assert_int_equal(model_mixture_fit(&equal, &groups, NULL, &arena, &mixture, &error),
                     STATUS_ERROR);
    assert_non_null(strstr(error.message, "fewer groups"));
    assert_true(isnan(model_silhouette(&equal, (uint32_t[20]){0}, 1, 0, 0, NULL, NULL)));
    uint32_t before[] = {0, 0, 0, 1, 1, 2}, now[] = {1, 1, 1, 0, 0, 0}, match[2];
    model_cluster_match(before, 3, now, 2, 6, &arena, match);
    assert_int_equal(match[0], 1);
    assert_int_equal(match[1], 0);
}

/* Forty data sets without structure, of four kinds, and three with: few false alarms, no misses. */
static void natural_groups(void **state)
{
    (void)state;
    enum { ROWS = 150, D = 3, SETS = 40 };
    double data[ROWS * D];
    struct model_matrix matrix = {ROWS, D, data};
    struct model_structure found;
    struct model_structure_options six = {.largest = 6, .seed = 1};
    int alarms = 0;
    for (int set = 0; set < unit_fewer(SETS); set++) {
        struct stats_random random;
        stats_random_init(&random, 77, (uint64_t)set);
        for (int i = 0; i < ROWS; i++) {
            double common = stats_random_normal(&random);
            for (int j = 0; j < D; j++)
                data[i * D + j] = set % 4 == 0   ? stats_random_uniform(&random)
                                  : set % 4 == 1 ? stats_random_normal(&random) * (1 + j)
                                  : set % 4 == 2
                                      ? stats_random_normal(&random) + 2 * common
                                      : stats_random_uniform(&random) * (1 + 3 * j) + common;
        }
        struct model_structure_options options = {.largest = 5, .seed = (uint64_t)set};
        ASSERT_OK(model_structure_test(&matrix, &options, pool, &arena, &found, &error));
        alarms += found.natural;
    }
    assert_in_range(alarms, 0,
                    4); /* 2.5% are expected; five of forty would happen once in 250 runs */
    for (int groups = 2; groups <= 4; groups++) {
        struct stats_random random;
        stats_random_init(&random, 78, (uint64_t)groups);
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < D; j++)
                data[i * D + j] =
                    stats_random_normal(&random) + 7 * sin((i % groups) * 1.4 + j * 1.7);
        ASSERT_OK(model_structure_test(&matrix, &six, pool, &arena, &found, &error));
        assert_true(found.natural);
        assert_int_equal(found.groups, groups);
    }
    struct model_matrix flowers = iris();
    ASSERT_OK(model_structure_test(&flowers, &six, pool, &arena, &found, &error));
    assert_true(found.natural && found.groups >= 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(kmeans_on_iris),
    cmocka_unit_test(kmeans_is_a_fixed_point),
    cmocka_unit_test(mixtures),
    cmocka_unit_test(ward),
    cmocka_unit_test(medoids_and_gap),
    cmocka_unit_test(stability),
    cmocka_unit_test(modes_and_prototypes),
    cmocka_unit_test(degenerate),
    cmocka_unit_test(natural_groups),
};

GROUND_MAIN(tests)
