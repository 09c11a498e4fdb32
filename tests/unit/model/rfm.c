/* RFM on the rfm package's own orders (FIGURES.md), the grid, survey measures and measures of
 * predictions. */
#include "model/rfm.h"
#include "base/json.h"
#include "model/quality.h"
#include "model/survey.h"
#include "stats/random.h"
#include "support/cdnow.h"
#include "support/table.h"

#include <stdlib.h>
#include <string.h>

#include "unit/ground.h"

#include "support/near.h"

struct orders {
    struct model_rfm_data data;
    const char **name;
};

static long day_of(const char *iso)
{
    return cdnow_day(atol(iso) * 10000 + atol(iso + 5) * 100 + atol(iso + 8));
}

static struct orders read_orders(void)
{
    struct table table = table_read("classic/rfm_orders.csv", ',', true, &arena);
    int levels, *who = table_codes(&table, 0, &arena, &levels);
    double *revenue = table_numbers(&table, 2, &arena), total = 0;
    double *r = ARENA_ARRAY(&arena, double, levels), *f = ARENA_ARRAY(&arena, double, levels),
           *m = ARENA_ARRAY(&arena, double, levels);
    struct orders out = {{(size_t)levels, r, f, m}, ARENA_ARRAY(&arena, const char *, levels)};
    for (int i = 0; i < levels; i++)
        r[i] = 1e9;
    for (size_t i = 0; i < table.rows; i++) {
        r[who[i]] =
            fmin(r[who[i]], (double)(day_of("2006-12-31") - day_of(table_cell(&table, i, 1))));
        f[who[i]]++;
        m[who[i]] += revenue[i];
        total += revenue[i];
        out.name[who[i]] = table_cell(&table, i, 0);
    }
    assert_int_equal(table.rows, 4906);
    ASSERT_NEAR(total, 464158, 0);
    return out;
}

static void package_scores(void **state)
{
    (void)state;
    struct orders orders = read_orders();
    assert_int_equal(orders.data.count, 995);
    struct model_rfm model;
    struct model_rfm_options options = {.bins = 5, .rule = MODEL_RFM_PACKAGE};
    ASSERT_OK(model_rfm_fit(&orders.data, &options, &arena, &model, &error));
    static const struct {
        const char *name;
        double r, f, m;
        int code;
    } known[] = {{"Abbey O'Reilly", 205, 6, 472, 343},
                 {"Add Senger", 140, 3, 340, 412},
                 {"Aden Lesch", -1, 0, 0, 323},
                 {"Agness O'Keefe", -1, 0, 0, 555}};
    int sizes[3][6] = {{0}}, best = 0, worst = 0, cells = 0, matched = 0;
    bool seen[556] = {false};
    for (size_t i = 0; i < orders.data.count; i++) {
        int scores[3];
        double r = orders.data.recency[i], f = orders.data.frequency[i],
               m = orders.data.monetary[i];
        model_rfm_score(&model, r, f, m, scores);
        for (int part = 0; part < 3; part++)
            sizes[part][scores[part]]++;
        int code = model_rfm_code(scores);
        best += code == 555;
        worst += code == 111;
        cells += !seen[code];
        seen[code] = true;
        for (int k = 0; k < 4; k++)
            if (strcmp(known[k].name, orders.name[i]) == 0) {
                assert_int_equal(code, known[k].code);
                assert_true(known[k].r < 0 ||
                            (r == known[k].r && f == known[k].f && m == known[k].m));
                matched++;
            }
    }
    static const int truth[3][5] = {
        {197, 200, 199, 199, 200}, {268, 187, 176, 244, 120}, {200, 200, 198, 202, 195}};
    for (int part = 0; part < 3; part++)
        for (int s = 1; s <= 5; s++)
            assert_int_equal(sizes[part][s], truth[part][s - 1]);
    assert_int_equal(matched, 4);
    assert_int_equal(cells, 92);
    assert_int_equal(best, 35);
    assert_int_equal(worst, 75);
}

static void our_rule_and_the_grid(void **state)
{
    (void)state;
    double r[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, f[] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 3}, m[10];
    for (int i = 0; i < 10; i++)
        m[i] = 0.1 * i;
    struct model_rfm_data data = {10, r, f, m};
    struct model_rfm model, again;
    struct model_rfm_options options = {0};
    ASSERT_OK(model_rfm_fit(&data, &options, &arena, &model, &error));
    int scores[3], counts[6] = {0};
    for (int i = 0; i < 10; i++) {
        model_rfm_score(&model, r[i], f[i], m[i], scores);
        counts[scores[0]]++;
        assert_true(f[i] > 1 || scores[1] == 1); /* ties share a bin */
    }
    for (int s = 1; s <= 5; s++)
        assert_int_equal(counts[s], 2);
    bool used[MODEL_RFM_CELLS] = {false};
    for (int bins = 2; bins <= 10; bins++)
        for (int a = 1; a <= bins; a++)
            for (int b = 1; b <= bins; b++)
                for (int c = 1; c <= bins; c++) {
                    struct model_rfm some = {.bins = bins};
                    int cell = model_rfm_cell(&some, (int[3]){a, b, c});
                    assert_true(cell >= 0 && cell < MODEL_RFM_CELLS);
                    used[cell] = true;
                    assert_true(strlen(model_rfm_cell_name(cell)) > 2 &&
                                strlen(model_rfm_cell_meaning(cell)) > 9);
                }
    for (int i = 0; i < MODEL_RFM_CELLS; i++)
        assert_true(used[i]);
    assert_string_equal(model_rfm_cell_name(model_rfm_cell(&model, (int[3]){5, 5, 5})),
                        "champions");
    assert_string_equal(model_rfm_cell_name(model_rfm_cell(&model, (int[3]){1, 1, 1})), "lost");
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_rfm_write(&model, &json);
    ASSERT_OK(model_rfm_read((struct text){text.data, text.length}, &again, &error));
    assert_memory_equal(&model, &again, sizeof model);
    buffer_release(&text);
}

static void rfm_refusals(void **state)
{
    (void)state;
    double one[] = {3}, nan[] = {NAN};
    struct model_rfm_data data = {1, one, one, one}, none = {0}, unknown = {1, one, nan, one};
    struct model_rfm model;
    struct model_rfm_options options = {0},
                             wrong = {.bins = 3, .rule = MODEL_RFM_FIXED, .cuts = {{5, 5}}};
    ASSERT_OK(model_rfm_fit(&data, &options, &arena, &model, &error));
    int scores[3];
    model_rfm_score(&model, 3, 3, 3, scores);
    assert_int_equal(scores[0], 5);
    assert_int_equal(scores[1], 1);
    assert_int_equal(model_rfm_fit(&none, &options, &arena, &model, &error), STATUS_ERROR);
    assert_int_equal(model_rfm_fit(&unknown, &options, &arena, &model, &error), STATUS_ERROR);
    assert_int_equal(model_rfm_fit(&data, &wrong, &arena, &model, &error), STATUS_USAGE);
}

static void surveys(void **state)
{
    (void)state;
    double answers[100];
    for (int i = 0; i < 100; i++)
        answers[i] = i < 50 ? 10 : i < 70 ? 8 : 3;
    struct model_survey_measure nps = model_survey_nps(answers, 100, 0.95);
    ASSERT_NEAR(nps.value, 20, 1e-12);
    assert_true(nps.interval.low > 1 && nps.interval.low < 4 && nps.interval.high > 35 &&
                nps.interval.high < 39);
    ASSERT_NEAR(model_survey_csat(answers, 100, 8, 0.95).value, 70, 1e-12);
    ASSERT_NEAR(model_survey_ces(answers, 100, 0.95).value, 7.5, 1e-12);
    assert_true(isnan(model_survey_nps(answers, 0, 0.95).value));
    assert_true(model_survey_nps(answers, 3, 0.95).interval.low <
                100); /* three tens are not certainty */
    /* The stated 95% hold on samples of 40. */
    struct stats_random random;
    stats_random_init(&random, 5, 0);
    int inside = 0;
    for (int round = 0; round < 4000; round++) {
        for (int i = 0; i < 40; i++) {
            double u = stats_random_uniform(&random);
            answers[i] = u < 0.55 ? 9 : u < 0.8 ? 7 : 2;
        }
        struct stats_interval interval = model_survey_nps(answers, 40, 0.95).interval;
        inside += interval.low <= 35 && interval.high >= 35;
    }
    ASSERT_NEAR(inside / 4000.0, 0.95, 0.012);
}

/* AUC and average precision against counting pairs and thresholds; calibration of probabilities
 * that are true. */
static void predictions(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static unsigned char label[COUNT];
    static double p[COUNT], q[COUNT];
    struct stats_random random;
    stats_random_init(&random, 8, 0);
    for (int i = 0; i < COUNT; i++) {
        p[i] = round(stats_random_beta(&random, 1, 3) * 50) / 50; /* many ties */
        label[i] = stats_random_uniform(&random) < p[i];
        q[i] = stats_random_uniform(&random);
    }
    struct model_quality quality = model_quality_of(label, p, COUNT, &arena);
    double wins = 0, pairs = 0, precision = 0, hits = 0;
    for (int i = 0; i < COUNT; i++) {
        if (!label[i])
            continue;
        double above = 0, found = 0;
        for (int j = 0; j < COUNT; j++) {
            above += p[j] >= p[i];
            found += p[j] >= p[i] && label[j];
            if (!label[j]) {
                wins += p[i] > p[j] ? 1 : p[i] == p[j] ? 0.5 : 0;
                pairs++;
            }
        }
        precision += found / above;
        hits++;
    }
    ASSERT_NEAR(quality.auc, wins / pairs, 1e-12);
    ASSERT_NEAR(quality.pr_auc, precision / hits, 1e-12);
    ASSERT_NEAR(quality.slope, 1, 0.2);
    ASSERT_NEAR(quality.intercept, 0, 0.15);
    struct model_quality low, high, low3, high3;
    struct pool *pool = pool_new(3);
    model_quality_bootstrap(label, p, COUNT, NULL, 0, 50, 0.9, 1, NULL, &low, &high);
    model_quality_bootstrap(label, p, COUNT, NULL, 0, 50, 0.9, 1, pool, &low3, &high3);
    assert_memory_equal(&low, &low3, sizeof low);
    assert_memory_equal(&high, &high3, sizeof high);
    assert_true(low.auc < quality.auc && quality.auc < high.auc && high.auc - low.auc < 0.08);
    struct stats_interval gain =
        model_quality_auc_difference(label, p, q, COUNT, NULL, 0, 50, 0.95, 1, pool);
    assert_true(gain.low > 0.1 && gain.high < 0.5);
    pool_free(pool);
    struct model_quality_bin bins[MODEL_QUALITY_BINS];
    model_quality_bins(label, p, COUNT, &arena, bins);
    double total = 0, found = 0;
    for (int b = 0; b < MODEL_QUALITY_BINS; b++) {
        ASSERT_NEAR(bins[b].count, COUNT / 10.0, 1e-9);
        total += bins[b].count;
        found += bins[b].hits;
    }
    ASSERT_NEAR(found, hits, 1e-9);
    assert_true(bins[0].lift > 2 && bins[9].lift < 0.3);
    static unsigned char same[COUNT];
    struct model_quality one_sided = model_quality_of(same, p, COUNT, &arena);
    assert_true(isnan(one_sided.auc) && isfinite(one_sided.log_loss));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(package_scores), cmocka_unit_test(our_rule_and_the_grid),
    cmocka_unit_test(rfm_refusals),   cmocka_unit_test(surveys),
    cmocka_unit_test(predictions),
};

GROUND_MAIN(tests)
