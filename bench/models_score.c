/*
 * Scoring: what a refresh computes for every customer with models fitted before, in arrays. Each
 * type scores the same number of customers; the sum is what scoring all of them takes.
 */
#include "models.h"

#include "model/boost.h"
#include "model/cluster.h"
#include "model/forest.h"
#include "model/latent.h"
#include "model/logistic.h"
#include "model/rfm.h"
#include "model/value.h"
#include "stats/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FEATURES = 16,
    GROUPS = 8,
    COLUMNS = 8,
    ITEMS = 5,
    LEVELS = 5,
    CLASSES = 4,
    TRAINED_ON = 20000,
    ROWS_A_TASK = 4096
};

struct scored {
    size_t count;
    struct arena arena;
    struct pool *pool;
    struct model_history *history;
    double *paid, *mean, *recency, *frequency, *monetary, *feature, *out,
        *columns[MODEL_VALUE_COLUMNS];
    uint32_t *label;
    int *answer;
    struct model_rfm rfm;
    struct model_clv often;
    struct model_spend much;
    struct model_kmeans groups;
    struct model_latent classes;
    struct model_logistic logistic;
    struct model_forest forest;
    float *single; /* the features as the trees take them */
};

/* ---- data and models ---- */

static void make_customers(struct scored *s)
{
    struct stats_random random;
    stats_random_init(&random, 5, 0);
    for (size_t i = 0; i < s->count; i++) {
        double rate = stats_random_gamma(&random, .6) / 8,
               leave = stats_random_beta(&random, .8, 2.4);
        struct model_history *h = &s->history[i];
        double t = floor(stats_random_uniform(&random) * 350 + 210), now = 0;
        *h = (struct model_history){0, 0, t / 7};
        while ((now += stats_random_exponential(&random) / rate) < h->t) {
            double day = ceil(now * 7) / 7;
            h->x += day > h->tx;
            h->tx = fmin(day, h->t);
            if (stats_random_uniform(&random) < leave)
                break;
        }
        double level = stats_random_gamma(&random, 4) * 8;
        s->paid[i] = h->x;
        s->mean[i] = level * (.5 + stats_random_uniform(&random));
        s->recency[i] = floor((h->t - h->tx) * 7);
        s->frequency[i] = h->x + 1;
        s->monetary[i] = s->mean[i] * s->frequency[i];
        size_t class = stats_random_below(&random, CLASSES);
        for (int j = 0; j < ITEMS; j++)
            s->answer[i * ITEMS + (size_t)j] = stats_random_uniform(&random) < .7
                                                   ? (int)((class + (size_t)j) % LEVELS)
                                                   : (int)stats_random_below(&random, LEVELS);
        for (int j = 0; j < FEATURES; j++)
            s->feature[i * FEATURES + (size_t)j] =
                stats_random_normal(&random) + (double)class * (j % 3);
        s->label[i] = class == 0;
    }
}

static void fit_trees(struct scored *s, const struct model_matrix *features,
                      const unsigned char *label)
{
    struct model_boost_options options = {.seed = 1};
    struct model_boost *boost;
    struct buffer text;
    struct error error;
    buffer_init(&text, 0);
    bench_check(model_boost_fit(features, label, &options, &boost, &error), &error);
    bench_check(model_boost_write(boost, &text, &error), &error);
    bench_check(
        model_forest_read((struct text){text.data, text.length}, &s->arena, &s->forest, &error),
        &error);
    buffer_release(&text);
    model_boost_free(boost);
}

static void fit_models(struct scored *s)
{
    size_t some = s->count < TRAINED_ON ? s->count : TRAINED_ON;
    struct error error;
    int levels[ITEMS] = {LEVELS, LEVELS, LEVELS, LEVELS, LEVELS};
    double *mean = ARENA_ARRAY(&s->arena, double, some),
           *paid = ARENA_ARRAY(&s->arena, double, some);
    unsigned char *label = ARENA_ARRAY(&s->arena, unsigned char, some);
    size_t buyers = 0;
    for (size_t i = 0; i < some; i++) {
        label[i] = s->label[i] != 0;
        if (s->paid[i] > 0) {
            paid[buyers] = s->paid[i];
            mean[buyers++] = s->mean[i];
        }
    }
    struct model_rfm_data rfm = {some, s->recency, s->frequency, s->monetary};
    struct model_rfm_options rfm_options = {.bins = 5};
    bench_check(model_rfm_fit(&rfm, &rfm_options, &s->arena, &s->rfm, &error), &error);
    struct model_clv_data histories = {some, s->history, NULL};
    bench_check(model_clv_fit(MODEL_MBGNBD, &histories, s->pool, &s->arena, &s->often, &error),
                &error);
    struct model_spend_data spend = {buyers, paid, mean, NULL};
    bench_check(model_spend_fit(&spend, s->pool, &s->arena, &s->much, &error), &error);
    struct model_matrix matrix = {some * FEATURES / COLUMNS, COLUMNS, s->feature};
    struct model_kmeans_options groups = {.k = GROUPS, .starts = 3, .seed = 1};
    bench_check(model_kmeans_fit(&matrix, &groups, s->pool, &s->arena, &s->groups, &error), &error);
    struct model_latent_data answers = {
        .rows = some, .items = ITEMS, .code = s->answer, .levels = levels};
    struct model_latent_options classes = {.classes = CLASSES, .starts = 4, .seed = 1};
    bench_check(model_latent_fit(&answers, &classes, s->pool, &s->arena, &s->classes, &error),
                &error);
    struct model_matrix features = {some, FEATURES, s->feature};
    struct model_logistic_options logistic = {.lambda = .01, .mix = .5};
    bench_check(
        model_logistic_fit(&features, label, &logistic, s->pool, &s->arena, &s->logistic, &error),
        &error);
    fit_trees(s, &features, label);
}

/* ---- scoring ---- */

static void score_rfm(struct scored *s)
{
    for (size_t i = 0; i < s->count; i++) {
        int scores[3];
        model_rfm_score(&s->rfm, s->recency[i], s->frequency[i], s->monetary[i], scores);
        s->label[i] = (uint32_t)model_rfm_cell(&s->rfm, scores);
    }
}

static void score_value(struct scored *s)
{
    struct model_value value = {&s->often, &s->much, 52, pow(1.1, 7 / 365.25) - 1, .8};
    struct model_value_customers customers = {s->count, s->history, s->paid, s->mean};
    model_value_score(&value, &customers, s->pool, s->columns);
}

static void score_groups(struct scored *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->label[i] = model_kmeans_assign(&s->groups, s->feature + i * FEATURES, NULL);
}

static void score_classes(struct scored *s)
{
    double chances[CLASSES];
    for (size_t i = 0; i < s->count; i++) {
        model_latent_score(&s->classes, s->answer + i * ITEMS, NULL, chances);
        s->out[i] = chances[0];
    }
}

static void score_logistic(struct scored *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->out[i] = model_logistic_score(&s->logistic, s->feature + i * FEATURES);
}

/* The trees are the one type whose scoring is worth several threads; clv has them inside. */
static void score_rows(void *context, size_t task, int worker)
{
    struct scored *s = context;
    size_t first = task * ROWS_A_TASK,
           count = s->count - first < ROWS_A_TASK ? s->count - first : ROWS_A_TASK;
    (void)worker;
    model_forest_score(&s->forest, s->single + first * FEATURES, count, s->out + first);
}

static void score_boost(struct scored *s)
{
    pool_run(s->pool, (s->count + ROWS_A_TASK - 1) / ROWS_A_TASK, score_rows, s);
}

static const struct {
    const char *name;
    void (*run)(struct scored *s);
} types[] = {{"rfm", score_rfm},        {"clv", score_value},         {"cluster", score_groups},
             {"latent", score_classes}, {"logistic", score_logistic}, {"boosting", score_boost}};

enum { TYPES = sizeof types / sizeof *types };

void bench_score(const struct bench *bench)
{
    struct scored s = {.count = (size_t)bench_number(bench, 0), .pool = bench->pool};
    arena_init(&s.arena, 0);
    s.history = ARENA_ARRAY(&s.arena, struct model_history, s.count);
    double **columns[] = {&s.paid, &s.mean, &s.recency, &s.frequency, &s.monetary, &s.out};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        *columns[c] = ARENA_ARRAY(&s.arena, double, s.count);
    for (int c = 0; c < MODEL_VALUE_COLUMNS; c++)
        s.columns[c] = ARENA_ARRAY(&s.arena, double, s.count);
    s.feature = ARENA_ARRAY(&s.arena, double, s.count *FEATURES);
    s.answer = ARENA_ARRAY(&s.arena, int, s.count *ITEMS);
    s.label = ARENA_ARRAY(&s.arena, uint32_t, s.count);
    s.single = ARENA_ARRAY(&s.arena, float, s.count *FEATURES);
    make_customers(&s);
    for (size_t i = 0; i < s.count * FEATURES; i++)
        s.single[i] = (float)s.feature[i];
    fit_models(&s);
    struct bench_round *rounds = base_calloc((size_t)bench->rounds * TYPES, sizeof *rounds);
    for (int i = 0; i < bench->rounds; i++)
        for (int t = 0; t < TYPES; t++) {
            struct bench_round *round = &rounds[t * bench->rounds + i];
            *round = bench_begin();
            types[t].run(&s);
            bench_end(round);
        }
    printf("{\"customers\": %zu, ", s.count);
    for (int t = 0; t < TYPES; t++) {
        bench_print_rounds(types[t].name, rounds + t * bench->rounds, bench->rounds);
        printf("%s", t + 1 < TYPES ? ", " : "}\n");
    }
    free(rounds);
    arena_release(&s.arena);
}
