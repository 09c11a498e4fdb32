/*
 * Boosted trees, read from xgboost's JSON and scored many rows at a time. Every tree is
 * laid out as a full one of the same depth, children of node i at 2i + 1 and 2i + 2, so
 * that the way down is arithmetic; a leaf above the bottom stands at all places below
 * it. That costs memory of 2^depth a tree, which is why the depth has a limit, and
 * saves a mispredicted branch at every level.
 */
#include "model/forest.h"

#include "stats/special.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The arrays of one tree in xgboost's JSON, by node. */
struct tree {
    json_t *left, *right, *feature, *threshold, *missing_left;
    size_t nodes;
};

static struct tree tree_of(json_t *object)
{
    struct tree tree = {
        json_object_get(object, "left_children"), json_object_get(object, "right_children"),
        json_object_get(object, "split_indices"), json_object_get(object, "split_conditions"),
        json_object_get(object, "default_left"),  0};
    tree.nodes = json_array_size(tree.left);
    bool whole = json_array_size(tree.right) == tree.nodes &&
                 json_array_size(tree.feature) == tree.nodes &&
                 json_array_size(tree.threshold) == tree.nodes &&
                 json_array_size(tree.missing_left) == tree.nodes;
    if (!whole)
        tree.nodes = 0;
    return tree;
}

static long integer_at(const json_t *array, size_t i)
{
    const json_t *item = json_array_get(array, i);
    return json_is_boolean(item) ? json_is_true(item) : (long)json_integer_value(item);
}

/* The depth below a node; more than the limit for a tree that is broken. */
static int depth_of(const struct tree *tree, long node, int above)
{
    if (node < 0 || (size_t)node >= tree->nodes || above > MODEL_FOREST_DEPTH_MAX)
        return MODEL_FOREST_DEPTH_MAX + 1;
    long left = integer_at(tree->left, (size_t)node), right = integer_at(tree->right, (size_t)node);
    if (left < 0)
        return 0;
    int a = depth_of(tree, left, above + 1), b = depth_of(tree, right, above + 1);
    return 1 + (a > b ? a : b);
}

/* Lays the tree below `node` out from `place` on, `level` steps below the root. */
static bool lay(const struct tree *tree, long node, struct model_forest *out, size_t t,
                size_t place, int level)
{
    size_t inner = ((size_t)1 << out->depth) - 1, i = (size_t)node, at = t * inner + place;
    long left = integer_at(tree->left, i), right = integer_at(tree->right, i);
    float value = (float)json_number_value(json_array_get(tree->threshold, i));

    if (level == out->depth) {
        out->leaf[t * (inner + 1) + place - inner] = value;
        return left < 0;
    }
    if (left < 0) { /* both ways lead to the same value */
        out->threshold[at] = INFINITY;
        return lay(tree, node, out, t, 2 * place + 1, level + 1) &&
               lay(tree, node, out, t, 2 * place + 2, level + 1);
    }

    long feature = integer_at(tree->feature, i);
    if (feature < 0 || feature >= out->columns)
        return false;
    out->feature[at] = (int)feature;
    out->threshold[at] = value;
    out->left[at] = integer_at(tree->missing_left, i) != 0;
    return lay(tree, left, out, t, 2 * place + 1, level + 1) &&
           lay(tree, right, out, t, 2 * place + 2, level + 1);
}

static double number_in(const json_t *object, const char *key)
{
    const json_t *item = json_object_get(object, key);
    return json_is_string(item) ? strtod(json_string_value(item), NULL) : json_number_value(item);
}

static bool read_trees(const json_t *trees, struct arena *arena, struct model_forest *out)
{
    out->trees = (int)json_array_size(trees);
    for (size_t t = 0; t < (size_t)out->trees; t++) {
        struct tree tree = tree_of(json_array_get(trees, t));
        int depth = depth_of(&tree, 0, 0);
        out->depth = depth > out->depth ? depth : out->depth;
    }

    /* The depth of the deepest is that of all, so it must be known before any tree is laid out. */
    if (out->depth > MODEL_FOREST_DEPTH_MAX)
        return false;

    size_t inner = ((size_t)1 << out->depth) - 1, all = (size_t)out->trees * (inner + 1);
    out->feature = ARENA_ARRAY(arena, int, all + 1);
    out->threshold = ARENA_ARRAY(arena, float, all + 1);
    out->left = ARENA_ARRAY(arena, unsigned char, all + 1);
    out->leaf = ARENA_ARRAY(arena, float, all + 1);
    for (size_t t = 0; t < (size_t)out->trees; t++) {
        struct tree tree = tree_of(json_array_get(trees, t));
        if (!lay(&tree, 0, out, t, 0, 0))
            return false;
    }
    return true;
}

enum status model_forest_read(struct text text, struct arena *arena, struct model_forest *out,
                              struct error *error)
{
    json_t *root = json_loadb(text.data, text.length, 0, NULL),
           *learner = json_object_get(root, "learner");

    /* Absent members are NULL, which all of jansson's readers take: one check at the
     * end is enough. */
    json_t *shape = json_object_get(learner, "learner_model_param"),
           *trees = json_object_get(learner, "gradient_booster");
    trees = json_object_get(json_object_get(trees, "model"), "trees");
    *out = (struct model_forest){.columns = (int)number_in(shape, "num_feature"),
                                 .base = (float)stats_logit(number_in(shape, "base_score"))};
    bool good = json_is_array(trees) && out->columns > 0 && isfinite(out->base) &&
                read_trees(trees, arena, out);
    json_decref(root);
    return good
               ? STATUS_OK
               : error_set(error, STATUS_ERROR, "these are not the boosted trees of a saved model");
}

void model_forest_used(const struct model_forest *forest, bool *used)
{
    size_t inner = ((size_t)1 << forest->depth) - 1;
    memset(used, 0, sizeof *used * (size_t)forest->columns);
    for (size_t i = 0; i < inner * (size_t)forest->trees; i++)
        if (isfinite(forest->threshold[i]))
            used[forest->feature[i]] = true;
}

/* A tree's answers are added to those before it. The way down is arithmetic: no branch to be
 * guessed wrong. */
static void add_tree(const struct model_forest *forest, int tree, const float *rows, size_t count,
                     float *sum)
{
    size_t inner = ((size_t)1 << forest->depth) - 1, columns = (size_t)forest->columns;
    const int *feature = forest->feature + (size_t)tree * inner;
    const float *threshold = forest->threshold + (size_t)tree * inner;
    const unsigned char *left = forest->left + (size_t)tree * inner;
    const float *leaf = forest->leaf + (size_t)tree * (inner + 1);

    for (size_t i = 0; i < count; i++) {
        const float *row = rows + i * columns;
        size_t at = 0;
        for (int level = 0; level < forest->depth; level++) {
            float x = row[feature[at]];
            bool known = x == x;
            at = 2 * at + 1 + (size_t)(known ? x >= threshold[at] : !left[at]);
        }
        sum[i] += leaf[at - inner];
    }
}

/*
 * Trees of depth 3, which is what fits have unless told otherwise, need no way down: all seven
 * comparisons and the choices between their outcomes are made for several customers at once.
 * Features stand in columns, each of them twice: an unknown value is −∞ where it goes left, +∞
 * where it goes right.
 */
enum {
    BLOCK = 256, /* customers: the columns of some dozens of features stay in the first cache */
    INNER = 7,   /* nodes of a tree of depth 3 */
    LEAVES = 8,
    LANE_BYTES = 16,
};

static void turn(const struct model_forest *forest, const float *rows, size_t count, float *columns)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < (size_t)forest->columns; j++) {
            float x = rows[i * (size_t)forest->columns + j];
            columns[2 * j * BLOCK + i] = x == x ? x : INFINITY;
            columns[(2 * j + 1) * BLOCK + i] = x == x ? x : -INFINITY;
        }
}

/* Four customers at a time, as every processor has them. */
typedef float lanes __attribute__((vector_size(LANE_BYTES), aligned(4), may_alias));
typedef int lane_bits __attribute__((vector_size(LANE_BYTES)));

/* b where x >= threshold, else a. */
static inline lanes choose(const float *x, float threshold, lanes a, lanes b)
{
    lane_bits above = *(const lanes *)x >= threshold;
    return (lanes)(((lane_bits)a & ~above) | ((lane_bits)b & above));
}

static void add_tree_of_three(const struct model_forest *forest, int tree, const float *columns,
                              float *sum)
{
    const float *t = forest->threshold + (size_t)tree * INNER, *x[INNER];
    lanes leaf[LEAVES];

    for (size_t node = 0; node < INNER; node++) {
        size_t at = (size_t)tree * INNER + node;
        x[node] = columns + (2 * (size_t)forest->feature[at] + (forest->left[at] != 0)) * BLOCK;
    }

    for (size_t l = 0; l < LEAVES; l++)
        leaf[l] = forest->leaf[(size_t)tree * LEAVES + l] - (lanes){0};

    /* From the leaves up: each comparison chooses between two values that are there already. */
    for (size_t i = 0; i < BLOCK; i += sizeof(lanes) / sizeof(float)) {
        lanes a = choose(x[3] + i, t[3], leaf[0], leaf[1]),
              b = choose(x[4] + i, t[4], leaf[2], leaf[3]);
        /* Leaves 0 to 3 were below node 1, these are below node 2. */
        lanes c = choose(x[5] + i, t[5], leaf[4], leaf[5]),
              d = choose(x[6] + i, t[6], leaf[6], leaf[7]);
        /* Both ways are known now. */
        lanes left = choose(x[1] + i, t[1], a, b), right = choose(x[2] + i, t[2], c, d);
        *(lanes *)(sum + i) += choose(x[0] + i, t[0], left, right);
    }
}

void model_forest_score(const struct model_forest *forest, const float *rows, size_t count,
                        double *scores)
{
    float sum[BLOCK], *columns = NULL;

    /* A block that is less than a quarter full would be turned for nothing. */
    if (forest->depth == 3 && count >= BLOCK / 4)
        columns = base_calloc(2 * (size_t)forest->columns * BLOCK, sizeof *columns);

    for (size_t first = 0; first < count; first += BLOCK) {
        const float *own = rows + first * (size_t)forest->columns;
        size_t some = count - first < BLOCK ? count - first : BLOCK;
        for (size_t i = 0; i < BLOCK; i++)
            sum[i] = forest->base;
        if (columns)
            turn(forest, own, some, columns);

        for (int tree = 0; tree < forest->trees; tree++)
            if (columns)
                add_tree_of_three(forest, tree, columns, sum);
            else
                add_tree(forest, tree, own, some, sum);

        for (size_t i = 0; i < some; i++)
            scores[first + i] = stats_expit((double)sum[i]);
    }
    free(columns);
}
