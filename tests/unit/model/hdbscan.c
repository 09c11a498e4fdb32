/*
 * HDBSCAN against its definition, taken literally from the top down over a full table of distances;
 * the kd-tree against looking at everyone; planted groups, noise, ties, degenerate data, and the
 * same for any number of threads.
 */
#include "model/hdbscan.h"
#include "base/json.h"
#include "stats/random.h"
#include "support/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUND_THREADS 3
#include "unit/ground.h"

#include "support/near.h"

/* ---- the definition ---- */

struct naive {
    size_t rows;
    int least;
    double *reach; /* rows × rows: mutual reachability, lifted to the floor */
    uint32_t *label, groups;
    double excess; /* of all chosen groups */
};

static int compare_doubles(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* The components of the rows in `in` (1 where a row is in) when only lengths below `level` connect;
 * how many. */
static uint32_t components(const struct naive *n, const char *in, double level, uint32_t *component)
{
    uint32_t count = 0, *stack = base_malloc(sizeof *stack * n->rows);
    for (size_t i = 0; i < n->rows; i++)
        component[i] = UINT32_MAX;
    for (size_t i = 0; i < n->rows; i++) {
        size_t depth = 0;
        if (!in[i] || component[i] != UINT32_MAX)
            continue;
        stack[depth++] = (uint32_t)i;
        component[i] = count;
        while (depth) {
            size_t at = stack[--depth];
            for (size_t j = 0; j < n->rows; j++)
                if (in[j] && component[j] == UINT32_MAX && n->reach[at * n->rows + j] < level) {
                    component[j] = count;
                    stack[depth++] = (uint32_t)j;
                }
        }
        count++;
    }
    free(stack);
    return count;
}

/* The longest edge of a spanning tree of the rows in `in` (Prim's), and the sum of all. */
static double longest_edge(const struct naive *n, const char *in, double *sum)
{
    double *near = base_malloc(sizeof *near * n->rows), longest = 0;
    char *done = base_calloc(n->rows, 1);
    size_t at = 0;
    *sum = 0;
    while (!in[at])
        at++;
    for (size_t i = 0; i < n->rows; i++)
        near[i] = INFINITY;
    for (;;) {
        size_t next = n->rows;
        done[at] = 1;
        for (size_t i = 0; i < n->rows; i++)
            if (in[i] && !done[i]) {
                near[i] = fmin(near[i], n->reach[at * n->rows + i]);
                if (next == n->rows || near[i] < near[next])
                    next = i;
            }
        if (next == n->rows)
            break;
        longest = fmax(longest, near[next]);
        *sum += near[next];
        at = next;
    }
    free(near);
    free(done);
    return longest;
}

/* Follows one cluster down; returns the best excess of mass within it and labels its rows by that
 * choice. */
static double follow(struct naive *n, const char *cluster, double birth, bool is_root)
{
    char *in = base_malloc(n->rows), *part = base_malloc(n->rows);
    uint32_t *component = base_malloc(sizeof *component * n->rows), first_group = n->groups;
    double excess = 0, below = 0, sum;
    memcpy(in, cluster, n->rows);
    for (;;) {
        double level = longest_edge(n, in, &sum);
        uint32_t count = components(n, in, level, component), big = 0, last = 0;
        double *size = base_calloc(count, sizeof *size);
        for (size_t i = 0; i < n->rows; i++)
            if (in[i])
                size[component[i]]++;
        for (uint32_t c = 0; c < count; c++)
            if (size[c] >= n->least) {
                big++;
                last = c;
            }
        for (size_t i = 0; i < n->rows; i++)
            if (in[i] && !(big == 1 && component[i] == last)) {
                excess += 1 / level - birth;
                in[i] = big > 1;
            }
        for (uint32_t c = 0; big > 1 && c < count; c++) {
            for (size_t i = 0; i < n->rows; i++)
                part[i] = in[i] && component[i] == c;
            if (size[c] >= n->least)
                below += follow(n, part, 1 / level, false);
        }
        free(size);
        if (big != 1)
            break;
    }
    if (!is_root && excess >= below) {
        for (size_t i = 0; i < n->rows; i++)
            if (cluster[i])
                n->label[i] = first_group;
        n->groups = first_group + 1;
    }
    free(in);
    free(part);
    free(component);
    return !is_root && excess >= below ? excess : below;
}

static struct naive by_definition(const struct model_matrix *matrix, int least, int neighbours)
{
    size_t rows = matrix->rows, d = (size_t)matrix->columns;
    struct naive n = {.rows = rows,
                      .least = least,
                      .reach = ARENA_ARRAY(&arena, double, rows *rows),
                      .label = ARENA_ARRAY(&arena, uint32_t, rows)};
    double *core = ARENA_ARRAY(&arena, double, rows), *sorted = ARENA_ARRAY(&arena, double, rows),
           sum;
    for (size_t a = 0; a < rows; a++) {
        for (size_t b = 0; b < rows; b++) {
            double square = 0;
            for (size_t j = 0; j < d; j++)
                square += (matrix->data[a * d + j] - matrix->data[b * d + j]) *
                          (matrix->data[a * d + j] - matrix->data[b * d + j]);
            n.reach[a * rows + b] = sorted[b] = sqrt(square);
        }
        qsort(sorted, rows, sizeof *sorted, compare_doubles);
        core[a] = sorted[neighbours - 1];
        n.label[a] = MODEL_NOISE;
    }
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < rows; b++)
            n.reach[a * rows + b] = fmax(n.reach[a * rows + b], fmax(core[a], core[b]));
    char *all = arena_alloc(&arena, rows);
    memset(all, 1, rows);
    longest_edge(&n, all, &sum);
    for (size_t i = 0; i < rows * rows; i++)
        n.reach[i] = fmax(n.reach[i], sum / (double)(rows - 1) / 100);
    n.excess = follow(&n, all, 0, true);
    return n;
}

/* ---- tests ---- */

/* Blobs of different density with noise around them, rounded so that ties abound when `grain` > 0.
 */
static struct model_matrix blobs(uint64_t seed, size_t rows, int d, int groups, double grain)
{
    struct stats_random random;
    double *data = ARENA_ARRAY(&arena, double, rows *(size_t)d);
    stats_random_init(&random, seed, 0);
    for (size_t i = 0; i < rows; i++) {
        int group = (int)(i % (size_t)(groups + 1));
        for (int j = 0; j < d; j++) {
            double x = group == groups ? 20 * stats_random_uniform(&random) - 5
                                       : 9 * sin(group * 2.1 + j * 1.3) +
                                             stats_random_normal(&random) * (.4 + .3 * group);
            data[i * (size_t)d + (size_t)j] = grain > 0 ? round(x / grain) * grain : x;
        }
    }
    return (struct model_matrix){rows, d, data};
}

static void same_as_the_definition(void **state)
{
    (void)state;
    for (int set = 0; set < 24; set++) {
        struct model_matrix matrix = blobs((uint64_t)set, 150 + 10 * (size_t)set, 1 + set % 4,
                                           1 + set % 4, set % 3 == 0 ? 0 : set % 3 * .5);
        struct model_hdbscan_options options = {.least = 5 + set, .neighbours = 1 + set / 2};
        struct model_hdbscan found, alone;
        ASSERT_OK(model_hdbscan_fit(&matrix, &options, pool, &arena, &found, &error));
        ASSERT_OK(model_hdbscan_fit(&matrix, &options, NULL, &arena, &alone, &error));
        assert_memory_equal(found.label, alone.label, sizeof *found.label * matrix.rows);
        struct naive naive = by_definition(&matrix, options.least, options.neighbours);
        double excess = 0;
        for (int g = 0; g < found.k; g++)
            excess += found.excess[g];
        assert_int_equal(found.k, naive.groups);
        ASSERT_NEAR(excess, naive.excess, 1e-9 * (1 + naive.excess));
        for (size_t i = 0; i < matrix.rows; i++) {
            assert_int_equal(found.label[i] == MODEL_NOISE, naive.label[i] == MODEL_NOISE);
            for (size_t j = 0; j < i; j++)
                assert_int_equal(found.label[i] == found.label[j],
                                 naive.label[i] == naive.label[j]);
        }
    }
}

static void tree_finds_the_nearest(void **state)
{
    (void)state;
    double scratch[40], distance;
    for (int set = 0; set < 6; set++) {
        struct model_matrix matrix = blobs(90 + (uint64_t)set, 700, 1 + set, 3, set % 2 * .8);
        struct model_neighbours tree;
        size_t d = (size_t)matrix.columns;
        model_neighbours_new(&matrix, &arena, &tree);
        double *all = ARENA_ARRAY(&arena, double, matrix.rows);
        for (size_t q = 0; q < 200; q++) {
            double point[6];
            uint32_t best = 0;
            for (size_t j = 0; j < d; j++)
                point[j] = matrix.data[q * d + j] + (q % 3 ? .37 : 0);
            for (uint32_t i = 0; i < matrix.rows; i++) {
                all[i] = 0;
                for (size_t j = 0; j < d; j++)
                    all[i] +=
                        (point[j] - matrix.data[i * d + j]) * (point[j] - matrix.data[i * d + j]);
                best = all[i] < all[best] ? i : best;
            }
            assert_int_equal(model_neighbours_nearest(&tree, point, &distance), best);
            assert_true(distance == all[best]);
            qsort(all, matrix.rows, sizeof *all, compare_doubles);
            for (int count = 1; count <= 40; count += 13)
                assert_true(model_neighbours_reach(&tree, point, count, scratch) == all[count - 1]);
        }
    }
}

static void finds_what_was_planted(void **state)
{
    (void)state;
    enum { ROWS = 6000 };
    struct stats_random random;
    double *data = ARENA_ARRAY(&arena, double, ROWS * 2);
    stats_random_init(&random, 5, 0);
    for (int i = 0; i < ROWS;
         i++) { /* a ring, a disc inside it, noise around both: no centre tells them apart */
        double angle = 2 * M_PI * stats_random_uniform(&random), far = i % 10 == 9 ? 0
                                                                       : i % 2     ? 8
                                                                                   : 1.2;
        data[2 * i] = far * cos(angle) + .5 * stats_random_normal(&random);
        data[2 * i + 1] = far * sin(angle) + .5 * stats_random_normal(&random);
        for (int j = 0; i % 10 == 9 && j < 2; j++)
            data[2 * i + j] = 40 * stats_random_uniform(&random) - 20;
    }
    struct model_matrix matrix = {ROWS, 2, data};
    struct model_hdbscan_options options = {.least = 100};
    struct model_hdbscan found;
    ASSERT_OK(model_hdbscan_fit(&matrix, &options, pool, &arena, &found, &error));
    assert_int_equal(found.k, 2);
    int wrong = 0, noise = 0;
    for (int i = 0; i < ROWS; i++)
        if (i % 10 == 9)
            noise += found.label[i] == MODEL_NOISE;
        else
            wrong += found.label[i] != found.label[i % 2];
    assert_in_range(wrong, 0, ROWS / 50);
    assert_in_range(noise, ROWS / 10 * 6 / 10, ROWS / 10);
    struct model_density_rule rule, again;
    model_density_rule_new(&matrix, &found, &arena, &rule);
    assert_int_equal(rule.kept.rows, MODEL_HDBSCAN_SAVED_MAX);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    model_density_rule_write(&rule, &json);
    ASSERT_OK(
        model_density_rule_read((struct text){text.data, text.length}, &arena, &again, &error));
    buffer_release(&text);
    int other = 0;
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(model_density_rule_assign(&rule, data + 2 * i),
                         model_density_rule_assign(&again, data + 2 * i));
        other += model_density_rule_assign(&rule, data + 2 * i) != found.label[i];
    }
    assert_in_range(other, 0, ROWS / 25); /* two thirds of the rows are kept and find themselves */
    assert_int_equal(model_density_rule_assign(&rule, (double[]){500, 500}), MODEL_NOISE);
}

static void degenerate(void **state)
{
    (void)state;
    double same[200];
    for (int i = 0; i < 200; i++)
        same[i] = 5;
    struct model_matrix equal = {100, 2, same}, one = {1, 2, same}, two = {2, 1, (double[]){1, 2}},
                        endless = {2, 1, (double[]){1, INFINITY}};
    struct model_hdbscan_options options = {.least = 5}, small = {.least = 1};
    struct model_hdbscan found;
    ASSERT_OK(model_hdbscan_fit(&equal, &options, NULL, &arena, &found, &error));
    assert_int_equal(found.k, 0);
    ASSERT_OK(model_hdbscan_fit(&one, &options, NULL, &arena, &found, &error));
    assert_int_equal(found.label[0], MODEL_NOISE);
    ASSERT_OK(model_hdbscan_fit(&two, &options, NULL, &arena, &found, &error));
    assert_int_equal(found.k, 0);
    assert_int_equal(model_hdbscan_fit(&two, &small, NULL, &arena, &found, &error), STATUS_ERROR);
    assert_int_equal(model_hdbscan_fit(&endless, &options, NULL, &arena, &found, &error),
                     STATUS_ERROR);
    double lumps[20000]; /* two values, ten thousand times each: finite, and not by looking at all
                            pairs */
    for (int i = 0; i < 20000; i++)
        lumps[i] = i % 2;
    struct model_matrix heavy = {20000, 1, lumps};
    ASSERT_OK(model_hdbscan_fit(&heavy, &options, NULL, &arena, &found, &error));
    assert_int_equal(found.k, 2);
    assert_true(isfinite(found.excess[0]));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(same_as_the_definition),
    cmocka_unit_test(tree_finds_the_nearest),
    cmocka_unit_test(finds_what_was_planted),
    cmocka_unit_test(degenerate),
};

GROUND_MAIN(tests)
