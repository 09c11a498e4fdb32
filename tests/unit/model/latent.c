/* Latent classes against poLCA's published fits (FIGURES.md), with missing answers and covariates,
 * and on bad data. */
#include "model/latent.h"
#include "base/json.h"
#include "stats/random.h"
#include "support/table.h"

#include <string.h>

#define GROUND_THREADS 2
#include "unit/ground.h"

#include "support/near.h"

/* The first `items` columns as answers; rows without all of them are left out, and rows without the
 * covariate when one is named. */
static struct model_latent_data answers(const char *path, int items, const char *covariate)
{
    struct table table = table_read(path, ',', true, &arena);
    int **codes = ARENA_ARRAY(&arena, int *, items), *levels = ARENA_ARRAY(&arena, int, items);
    int *code = ARENA_ARRAY(&arena, int, table.rows *(size_t)items);
    double *x = ARENA_ARRAY(&arena, double, table.rows), *known = NULL;
    size_t rows = 0;
    for (int i = 0; i < items; i++)
        codes[i] = table_codes(&table, (size_t)i, &arena, &levels[i]);
    if (covariate)
        known = table_numbers(&table, table_column(&table, covariate), &arena);
    for (size_t r = 0; r < table.rows; r++) {
        bool whole = !known || !isnan(known[r]);
        for (int i = 0; i < items; i++)
            whole &= codes[i][r] >= 0;
        if (!whole)
            continue;
        for (int i = 0; i < items; i++)
            code[rows * (size_t)items + (size_t)i] = codes[i][r];
        x[rows++] = known ? known[r] : 0;
    }
    return (struct model_latent_data){rows, items, code, levels, covariate ? 1 : 0, x, NULL};
}

static struct model_latent fit(const struct model_latent_data *data, int classes, int starts)
{
    struct model_latent_options options = {.classes = classes, .starts = starts, .seed = 1};
    struct model_latent model = {0};
    ASSERT_OK(model_latent_fit(data, &options, pool, &arena, &model, &error));
    return model;
}

static void published(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int items, classes;
        double likelihood;
    } figures[] = {
        {"polca/carcinoma.csv", 7, 2, -317.2568}, {"polca/carcinoma.csv", 7, 3, -293.705},
        {"polca/carcinoma.csv", 7, 4, -289.2858}, {"polca/values.csv", 4, 1, -543.6498},
        {"polca/values.csv", 4, 2, -504.4677},    {"polca/values.csv", 4, 3, -503.3011},
        {"polca/cheating.csv", 4, 2, -440.0271},  {"polca/gss82.csv", 4, 2, -2783.268},
        {"polca/gss82.csv", 4, 3, -2754.545},     {"polca/gss82.csv", 4, 4, -2746.621},
        {"polca/election.csv", 12, 1, -18647.31}, {"polca/election.csv", 12, 2, -17344.92},
        {"polca/election.csv", 12, 3, -16714.66},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        struct model_latent_data data = answers(figures[i].path, figures[i].items, NULL);
        struct model_latent model = fit(&data, figures[i].classes, 30);
        ASSERT_NEAR(model.log_likelihood, figures[i].likelihood,
                    figures[i].likelihood < -10000 ? 5e-3 : 1e-3);
    }
}

static void carcinoma_in_detail(void **state)
{
    (void)state;
    struct model_latent_data data = answers("polca/carcinoma.csv", 7, NULL);
    struct model_latent model = fit(&data, 3, 30), again;
    ASSERT_NEAR(model.aic, 633.41, 5e-3);
    ASSERT_NEAR(model.bic, 697.1357, 1e-3);
    ASSERT_NEAR(model.g2, 15.26171, 1e-4);
    ASSERT_NEAR(model.x2, 20.50336, 1e-3);
    static const double share[] = {.4447, .3736, .1817};
    for (int c = 0; c < 3; c++)
        ASSERT_NEAR(model.share[c], share[c], 1e-4);
    assert_true(model.reached > 1 && model.entropy > 0.8);
    assert_true(fit(&data, 20, 2).freedom < 0);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_latent_write(&model, &json);
    ASSERT_OK(model_latent_read((struct text){text.data, text.length}, &arena, &again, &error));
    double here[3], there[3];
    for (size_t i = 0; i < data.rows; i++) {
        model_latent_score(&model, data.code + i * 7, NULL, here);
        model_latent_score(&again, data.code + i * 7, NULL, there);
        assert_memory_equal(here, there, sizeof here);
        for (int c = 0; c < 3; c++)
            assert_true(here[c] <= here[model.label[i]]);
    }
    buffer_release(&text);
    struct pool *none = pool;
    pool = NULL;
    struct model_latent alone = fit(&data, 3, 30);
    pool = none;
    assert_memory_equal(alone.chance, model.chance, sizeof *model.chance * 42);
}

static void covariates(void **state)
{
    (void)state;
    struct model_latent_data cheating = answers("polca/cheating.csv", 4, "GPA");
    ASSERT_NEAR(fit(&cheating, 2, 30).log_likelihood, -429.6384, 1e-3);
    struct model_latent_data election = answers("polca/election.csv", 12, "PARTY");
    struct model_latent model = fit(&election, 3, 20);
    ASSERT_NEAR(model.log_likelihood, -16222.32, 5e-3);
}

/* Classes, their answers and the effect of a covariate come back from simulated rows of which a
 * fifth is missing. */
static void recovery(void **state)
{
    (void)state;
    enum { ROWS = 6000, ITEMS = 8 };
    int *code = ARENA_ARRAY(&arena, int, ROWS *ITEMS), levels[ITEMS];
    double *x = ARENA_ARRAY(&arena, double, ROWS), hits = 0;
    int *truth = ARENA_ARRAY(&arena, int, ROWS);
    struct stats_random random;
    stats_random_init(&random, 12, 0);
    for (int i = 0; i < ITEMS; i++)
        levels[i] = 2;
    for (int r = 0; r < ROWS; r++) {
        x[r] = stats_random_normal(&random);
        truth[r] = stats_random_uniform(&random) < 1 / (1 + exp(0.8 - 1.2 * x[r]));
        for (int i = 0; i < ITEMS; i++) {
            double yes = truth[r] ? 0.8 : 0.2;
            code[r * ITEMS + i] = stats_random_uniform(&random) < yes;
            if (stats_random_uniform(&random) < 0.2)
                code[r * ITEMS + i] = -1;
        }
    }
    struct model_latent_data data = {ROWS, ITEMS, code, levels, 1, x, NULL};
    struct model_latent model = fit(&data, 2, 5);
    ASSERT_NEAR(model.coefficient[1], 1.2, 0.15);
    ASSERT_NEAR(model.coefficient[0], -0.8, 0.15);
    for (int i = 0; i < ITEMS; i++) {
        ASSERT_NEAR(model.chance[i * 2 + 1], 0.2, 0.03);
        ASSERT_NEAR(model.chance[ITEMS * 2 + i * 2 + 1], 0.8, 0.03);
    }
    for (int r = 0; r < ROWS; r++)
        hits += (int)model.label[r] == truth[r];
    assert_true(hits / ROWS > 0.93);
    assert_true(isnan(model.g2));
}

/* Standard errors: of one item and one class they are those of a share, √(p (1 − p) / n); of
 * several, estimates from simulated rows miss the truth by about as much as stated. */
static void standard_errors(void **state)
{
    (void)state;
    enum { ROWS = 3000, ITEMS = 6, RUNS = 20 };
    int code[ROWS * ITEMS], levels[ITEMS];
    double square = 0, count = 0, share_square = 0;
    struct model_latent_errors errors;
    struct model_latent_data carcinoma = answers("polca/carcinoma.csv", 1, NULL);
    struct model_latent one = fit(&carcinoma, 1, 1);
    model_latent_errors(&one, &carcinoma, &arena, &errors);
    for (int i = 0; i < 2; i++)
        ASSERT_NEAR(errors.chance[i], sqrt(one.chance[i] * (1 - one.chance[i]) / 118), 1e-9);
    for (int i = 0; i < ITEMS; i++)
        levels[i] = 3;
    for (uint64_t run = 0; run < RUNS; run++) {
        struct stats_random random;
        stats_random_init(&random, 31, run);
        for (int r = 0; r < ROWS; r++) {
            int class = stats_random_uniform(&random) < .4;
            for (int i = 0; i < ITEMS; i++) {
                double u = stats_random_uniform(&random), low = class ? .7 : .1;
                code[r * ITEMS + i] = u < low ? 0 : u < low + .2 ? 1 : 2;
            }
        }
        struct model_latent_data data = {ROWS, ITEMS, code, levels, 0, NULL, NULL};
        struct model_latent model = fit(&data, 2, 2);
        model_latent_errors(&model, &data, &arena, &errors);
        share_square += pow((model.share[0] - .6) / errors.share[0], 2) / RUNS;
        for (int c = 0; c < 2; c++)
            for (int i = 0; i < ITEMS; i++) {
                int at = (c * ITEMS + i) * 3;
                square += pow((model.chance[at] - (c ? .7 : .1)) / errors.chance[at], 2);
                square += pow((model.chance[at + 1] - .2) / errors.chance[at + 1], 2);
                count += 2;
            }
    }
    ASSERT_NEAR(square / count, 1, .2);
    ASSERT_NEAR(share_square, 1, .6);
}

static void degenerate(void **state)
{
    (void)state;
    int code[] = {0, 0, 0, 0, 0, 0}, wrong[] = {0, 2, 0, 0, 0, 0}, none[] = {0, -1, 0, -1, 0, -1},
        levels[] = {1, 2};
    struct model_latent_data same = {3, 2, code, levels, 0, NULL, NULL},
                             outside = {3, 2, wrong, levels, 0, NULL, NULL},
                             empty = {3, 2, none, levels, 0, NULL, NULL};
    struct model_latent model;
    struct model_latent_options two = {.classes = 2}, many = {.classes = 4};
    ASSERT_OK(model_latent_fit(&same, &two, NULL, &arena, &model, &error));
    ASSERT_NEAR(model.log_likelihood, 0, 1e-9);
    assert_true(model.freedom < 0);
    assert_int_equal(model_latent_fit(&same, &many, NULL, &arena, &model, &error), STATUS_ERROR);
    assert_int_equal(model_latent_fit(&outside, &two, NULL, &arena, &model, &error), STATUS_ERROR);
    assert_int_equal(model_latent_fit(&empty, &two, NULL, &arena, &model, &error), STATUS_ERROR);
    assert_non_null(strstr(error.message, "nobody answered item 2"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(published),       cmocka_unit_test(carcinoma_in_detail),
    cmocka_unit_test(covariates),      cmocka_unit_test(recovery),
    cmocka_unit_test(standard_errors), cmocka_unit_test(degenerate),
};

GROUND_MAIN(tests)
