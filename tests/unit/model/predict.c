/*
 * Logistic regression and boosted trees: churn of a telephone company by ten stratified folds
 * (FIGURES.md), planted effects, the conditions an elastic net's answer must meet, and data that no
 * model can learn from.
 */
#include "base/json.h"
#include "model/boost.h"
#include "model/forest.h"
#include "model/logistic.h"
#include "model/quality.h"
#include "stats/random.h"
#include "support/table.h"

#include <string.h>

#define GROUND_THREADS 2
#include "unit/ground.h"

#include "support/near.h"

struct churn {
    struct model_matrix features;
    unsigned char *label;
};

/* Texts become one column for each value but the first; blank charges of new customers are 0. */
static struct churn read_churn(void)
{
    struct table table =
        table_read("telco-churn/WA_Fn-UseC_-Telco-Customer-Churn.csv.gz", ',', true, &arena);
    int columns = 0, blanks = 0;
    double *data = ARENA_ARRAY(&arena, double, table.rows * 100);
    struct churn out = {.label = ARENA_ARRAY(&arena, unsigned char, table.rows)};
    assert_int_equal(table.rows, 7043);
    for (size_t c = 1; c + 1 < table.columns; c++) {
        bool number = strcmp(table.header[c], "tenure") == 0 || strstr(table.header[c], "Charges");
        int levels = 2, *codes = table_codes(&table, c, &arena, &levels);
        double *values = table_numbers(&table, c, &arena);
        for (int level = 1; level < (number ? 2 : levels); level++, columns++)
            for (size_t i = 0; i < table.rows; i++) {
                blanks += number && isnan(values[i]);
                data[i * 100 + (size_t)columns] = !number            ? codes[i] == level
                                                  : isnan(values[i]) ? 0
                                                                     : values[i];
            }
    }
    assert_int_equal(blanks, 11);
    double *packed = ARENA_ARRAY(&arena, double, table.rows *(size_t)columns), hits = 0;
    for (size_t i = 0; i < table.rows; i++) {
        memcpy(packed + i * (size_t)columns, data + i * 100, sizeof *data * (size_t)columns);
        out.label[i] = strcmp(table_cell(&table, i, table.columns - 1), "Yes") == 0;
        hits += out.label[i];
    }
    ASSERT_NEAR(hits / 7043, 0.26537, 5e-6);
    out.features = (struct model_matrix){table.rows, columns, packed};
    return out;
}

/* The rows of a fold, or all others, copied out. */
static struct churn part(const struct churn *all, const uint32_t *fold, uint32_t which, bool inside)
{
    size_t columns = (size_t)all->features.columns, count = 0;
    double *data = ARENA_ARRAY(&arena, double, all->features.rows *columns);
    struct churn out = {.label = ARENA_ARRAY(&arena, unsigned char, all->features.rows)};
    for (size_t i = 0; i < all->features.rows; i++)
        if ((fold[i] == which) == inside) {
            memcpy(data + count * columns, all->features.data + i * columns,
                   sizeof *data * columns);
            out.label[count++] = all->label[i];
        }
    out.features = (struct model_matrix){count, all->features.columns, data};
    return out;
}

static void telephone_churn(void **state)
{
    (void)state;
    struct churn churn = read_churn();
    uint32_t *fold = ARENA_ARRAY(&arena, uint32_t, churn.features.rows);
    model_stratified_folds(churn.label, churn.features.rows, 10, 1, &arena, fold);
    double logistic_auc = 0, boost_auc = 0;
    for (uint32_t f = 0; f < 10; f++) {
        struct churn train = part(&churn, fold, f, false), test = part(&churn, fold, f, true);
        struct model_logistic_options penalty = {.lambda = 0.002, .mix = 0.5};
        struct model_logistic logistic;
        struct model_boost_options trees = {.seed = 1};
        struct model_boost *boost;
        double *score = ARENA_ARRAY(&arena, double, test.features.rows);
        ASSERT_OK(model_logistic_fit(&train.features, train.label, &penalty, NULL, &arena,
                                     &logistic, &error));
        for (size_t i = 0; i < test.features.rows; i++)
            score[i] = model_logistic_score(&logistic,
                                            test.features.data + i * (size_t)test.features.columns);
        logistic_auc += model_quality_of(test.label, score, test.features.rows, &arena).auc / 10;
        ASSERT_OK(model_boost_fit(&train.features, train.label, &trees, &boost, &error));
        ASSERT_OK(model_boost_score(boost, &test.features, score, &error));
        boost_auc += model_quality_of(test.label, score, test.features.rows, &arena).auc / 10;
        model_boost_free(boost);
    }
    print_message("# telephone churn, ten folds: AUC logistic %.4f, boosted trees %.4f\n",
                  logistic_auc, boost_auc);
    assert_true(logistic_auc >= 0.8425 && boost_auc >= 0.8425);
    ASSERT_NEAR(logistic_auc, 0.8455, 0.003);
    ASSERT_NEAR(boost_auc, 0.8470, 0.003);
}

static struct churn planted(size_t rows, int columns, const double *effect, double intercept,
                            uint64_t seed)
{
    double *data = ARENA_ARRAY(&arena, double, rows *(size_t)columns);
    struct churn out = {{rows, columns, data}, ARENA_ARRAY(&arena, unsigned char, rows)};
    struct stats_random random;
    stats_random_init(&random, seed, 0);
    for (size_t i = 0; i < rows; i++) {
        double eta = intercept;
        for (int j = 0; j < columns; j++) {
            double x = stats_random_normal(&random) * (j + 1) + 10 * j;
            data[i * (size_t)columns + (size_t)j] = x;
            eta += effect[j] * (x - 10 * j);
        }
        out.label[i] = stats_random_uniform(&random) < 1 / (1 + exp(-eta));
    }
    return out;
}

static void effects_come_back(void **state)
{
    (void)state;
    static const double effect[] = {0.8, -0.3, 0, 0.1};
    struct churn data = planted(20000, 4, effect, -0.7, 3);
    struct model_logistic plain, again;
    struct model_logistic_options none = {0};
    ASSERT_OK(model_logistic_fit(&data.features, data.label, &none, NULL, &arena, &plain, &error));
    double intercept = -0.7;
    for (int j = 0; j < 4; j++) {
        ASSERT_NEAR(plain.coefficient[j], effect[j], 3.5 * plain.error[j]);
        intercept -= effect[j] * 10 * j;
    }
    ASSERT_NEAR(plain.intercept, intercept, 3.5 * plain.error[4]);
    assert_true(plain.error[4] > 0.02 && plain.error[4] < 0.5);
    /* A vanishing penalty gives the same: two methods, one answer. */
    struct model_logistic_options tiny = {.lambda = 1e-9, .mix = 0.5};
    struct model_logistic nearly;
    ASSERT_OK(model_logistic_fit(&data.features, data.label, &tiny, NULL, &arena, &nearly, &error));
    for (int j = 0; j < 4; j++)
        ASSERT_NEAR(nearly.coefficient[j], plain.coefficient[j], 1e-5);
    assert_null(nearly.error);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_logistic_write(&plain, &json);
    ASSERT_OK(model_logistic_read((struct text){text.data, text.length}, &arena, &again, &error));
    ASSERT_NEAR(model_logistic_score(&again, data.features.data),
                model_logistic_score(&plain, data.features.data), 0);
    buffer_release(&text);
}

/* Karush, Kuhn and Tucker: at the answer the gradient balances the penalty, or stays within it
 * where β is zero. */
static void elastic_net_conditions(void **state)
{
    (void)state;
    static const double effect[] = {0.8, -0.3, 0, 0.02, 0, 0, 0, 0};
    struct churn data = planted(1500, 8, effect, -0.7, 9);
    double lambda = 0.03, mix = 0.7;
    struct model_logistic_options options = {.lambda = lambda, .mix = mix};
    struct model_logistic model;
    ASSERT_OK(
        model_logistic_fit(&data.features, data.label, &options, NULL, &arena, &model, &error));
    int zeros = 0;
    for (int j = 0; j < 8; j++) {
        double gradient = 0, beta = model.coefficient[j] * model.scale[j];
        for (size_t i = 0; i < 1500; i++)
            gradient += (data.features.data[i * 8 + (size_t)j] - model.mean[j]) / model.scale[j] *
                        (data.label[i] - model_logistic_score(&model, data.features.data + i * 8)) /
                        1500;
        if (beta == 0)
            assert_true(fabs(gradient) <= lambda * mix + 1e-7);
        else
            ASSERT_NEAR(gradient, lambda * (mix * (beta > 0 ? 1 : -1) + (1 - mix) * beta), 1e-6);
        zeros += beta == 0;
    }
    assert_in_range(zeros, 2, 6);
    struct model_logistic_options chosen = {.lambda = -1, .mix = 0.9, .folds = 5, .seed = 2};
    struct model_logistic alone, together;
    ASSERT_OK(
        model_logistic_fit(&data.features, data.label, &chosen, NULL, &arena, &alone, &error));
    ASSERT_OK(
        model_logistic_fit(&data.features, data.label, &chosen, pool, &arena, &together, &error));
    assert_memory_equal(alone.coefficient, together.coefficient, sizeof(double) * 8);
    assert_true(alone.lambda > 1e-4 && alone.lambda < 0.3 && alone.coefficient[0] > 0.4);
}

/* The same probabilities without xgboost, unknown features and all. */
static void flat_trees(struct buffer text, const double *features, const double *expected)
{
    struct model_forest forest;
    float rows[6000];
    double scores[3000];
    bool used[2];
    ASSERT_OK(model_forest_read((struct text){text.data, text.length}, &arena, &forest, &error));
    for (int i = 0; i < 6000; i++)
        rows[i] = (float)features[i];
    model_forest_score(&forest, rows, 3000, scores);
    for (int i = 0; i < 3000; i++)
        ASSERT_NEAR(scores[i], expected[i], 1e-6);
    for (int i = 0; i < 40; i++) { /* few at a time go another way */
        double one;
        model_forest_score(&forest, rows + 2 * i, 1, &one);
        assert_true(one == scores[i]);
    }
    model_forest_used(&forest, used);
    assert_true(used[0]);
    assert_int_equal(forest.trees, 40);
    assert_int_equal(model_forest_read(TEXT("{\"learner\": 3}"), &arena, &forest, &error),
                     STATUS_ERROR);
}

static void trees(void **state)
{
    (void)state;
    static const double effect[] = {1, 0};
    struct churn data = planted(3000, 2, effect, 0, 5);
    double *holes = ARENA_ARRAY(&arena, double, 6000), first[3000], second[3000], drivers[30],
           few[10];
    memcpy(holes, data.features.data, sizeof(double) * 6000);
    for (int i = 0; i < 6000; i += 7)
        holes[i] = NAN;
    struct model_matrix features = {3000, 2, holes}, ten = {10, 2, holes};
    struct model_boost_options options = {.rounds = 40, .seed = 3};
    struct model_boost *one, *two, *saved;
    ASSERT_OK(model_boost_fit(&features, data.label, &options, &one, &error));
    ASSERT_OK(model_boost_fit(&features, data.label, &options, &two, &error));
    ASSERT_OK(model_boost_score(one, &features, first, &error));
    ASSERT_OK(model_boost_score(two, &features, second, &error));
    assert_memory_equal(first, second, sizeof first);
    assert_true(model_quality_of(data.label, first, 3000, &arena).auc > 0.7);
    ASSERT_OK(model_boost_drivers(one, &ten, drivers, &error));
    for (int i = 0; i < 10; i++) {
        double logit = drivers[3 * i] + drivers[3 * i + 1] + drivers[3 * i + 2];
        ASSERT_NEAR(1 / (1 + exp(-logit)), first[i], 1e-5);
    }
    struct buffer text;
    buffer_init(&text, 0);
    ASSERT_OK(model_boost_write(one, &text, &error));
    flat_trees(text, holes, first);
    ASSERT_OK(model_boost_read((struct text){text.data, text.length}, &saved, &error));
    ASSERT_OK(model_boost_score(saved, &ten, few, &error));
    assert_memory_equal(few, first, sizeof few);
    struct model_matrix wrong = {10, 1, holes};
    assert_int_equal(model_boost_score(saved, &wrong, few, &error), STATUS_ERROR);
    buffer_release(&text);
    model_boost_free(one);
    model_boost_free(two);
    model_boost_free(saved);
    assert_int_equal(model_boost_read(TEXT("{}"), &saved, &error), STATUS_ERROR);
}

static void degenerate(void **state)
{
    (void)state;
    double x[] = {1, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1},
           twice[] = {1, 2, 2, 4, 3, 6, 4, 8, 5, 10, 6, 12}, nan[12] = {NAN};
    unsigned char apart[] = {0, 0, 0, 1, 1, 1}, mixed[] = {0, 1, 0, 1, 0, 1}, none[6] = {0};
    struct model_matrix constant = {6, 2, x}, dependent = {6, 2, twice}, unknown = {6, 2, nan};
    struct model_logistic_options plain = {0}, penalty = {.lambda = 0.01, .mix = 0.5};
    struct model_logistic model;
    struct model_boost *boost;
    struct model_boost_options trees_options = {.rounds = 3};
    ASSERT_OK(model_logistic_fit(&constant, mixed, &plain, NULL, &arena, &model, &error));
    ASSERT_NEAR(model.coefficient[1], 0, 0);
    assert_int_equal(model_logistic_fit(&constant, apart, &plain, NULL, &arena, &model, &error),
                     STATUS_ERROR);
    assert_non_null(strstr(error.message, "feature 1 separates"));
    ASSERT_OK(model_logistic_fit(&constant, apart, &penalty, NULL, &arena, &model, &error));
    assert_true(isfinite(model.coefficient[0]) && model.coefficient[0] > 0);
    assert_int_equal(model_logistic_fit(&dependent, mixed, &plain, NULL, &arena, &model, &error),
                     STATUS_ERROR);
    assert_int_equal(model_logistic_fit(&constant, none, &penalty, NULL, &arena, &model, &error),
                     STATUS_ERROR);
    assert_int_equal(model_logistic_fit(&unknown, mixed, &penalty, NULL, &arena, &model, &error),
                     STATUS_ERROR);
    assert_int_equal(model_boost_fit(&constant, none, &trees_options, &boost, &error),
                     STATUS_ERROR);
    assert_null(boost);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(telephone_churn),
    cmocka_unit_test(effects_come_back),
    cmocka_unit_test(elastic_net_conditions),
    cmocka_unit_test(trees),
    cmocka_unit_test(degenerate),
};

GROUND_MAIN(tests)
