#include "model/forest.h"

#include "stats/special.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The arrays of one tree in xgboost's JSON, by node. */
struct tree {
    json_t *left, *right, *feature, *threshold, *missing_left;
    size_t nodes;
};

static struct tree tree_of(json_t *object)
{
    struct tree tree = {json_object_get(object, "left_children"), json_object_get(object, "right_children"),
                        json_object_get(object, "split_indices"), json_object_get(object, "split_conditions"),
                        json_object_get(object, "default_left"),  0};
    tree.nodes = json_array_size(tree.left);
    bool whole = json_array_size(tree.right) == tree.nodes && json_array_size(tree.feature) == tree.nodes &&
                 json_array_size(tree.threshold) == tree.nodes && json_array_size(tree.missing_left) == tree.nodes;
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
static bool lay(const struct tree *tree, long node, struct model_forest *out, size_t t, size_t place, int level)
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
        return lay(tree, node, out, t, 2 * place + 1, level + 1) && lay(tree, node, out, t, 2 * place + 2, level + 1);
    }
    long feature = integer_at(tree->feature, i);
    if (feature < 0 || feature >= out->columns)
        return false;
    out->feature[at] = (int)feature;
    out->threshold[at] = value;
    out->left[at] = integer_at(tree->missing_left, i) != 0;
    return lay(tree, left, out, t, 2 * place + 1, level + 1) && lay(tree, right, out, t, 2 * place + 2, level + 1);
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

enum status model_forest_read(struct text text, struct arena *arena, struct model_forest *out, struct error *error)
{
    json_t *root = json_loadb(text.data, text.length, 0, NULL), *learner = json_object_get(root, "learner");
    json_t *shape = json_object_get(learner, "learner_model_param"),
           *trees = json_object_get(learner, "gradient_booster");
    trees = json_object_get(json_object_get(trees, "model"), "trees");
    *out = (struct model_forest){.columns = (int)number_in(shape, "num_feature"),
                                 .base = (float)stats_logit(number_in(shape, "base_score"))};
    bool good = json_is_array(trees) && out->columns > 0 && isfinite(out->base) && read_trees(trees, arena, out);
    json_decref(root);
    return good ? STATUS_OK : error_set(error, STATUS_ERROR, "these are not the boosted trees of a saved model");
}

void model_forest_used(const struct model_forest *forest, bool *used)
{
    size_t inner = ((size_t)1 << forest->depth) - 1;
    memset(used, 0, sizeof *used * (size_t)forest->columns);
    for (size_t i = 0; i < inner * (size_t)forest->trees; i++)
        if (isfinite(forest->threshold[i]))
            used[forest->feature[i]] = true;
}

/* Rows are scored in blocks that stand column by column, so that a comparison is a loop over neighbours. */
enum { BLOCK = 256 };

/* Whether each row of the block goes right at a node. An unknown value compares as false, whichever way that is. */
static inline __attribute__((always_inline)) void go_right(const struct model_forest *forest, size_t node,
                                                           const float *columns, int32_t *right)
{
    const float *x = columns + (size_t)forest->feature[node] * BLOCK, threshold = forest->threshold[node];
    if (forest->left[node])
        for (int i = 0; i < BLOCK; i++)
            right[i] = x[i] >= threshold;
    else
        for (int i = 0; i < BLOCK; i++)
            right[i] = !(x[i] < threshold);
}

/* A tree's answers are added to those before it. All its nodes are asked: at three levels that is cheaper than to walk
 * down, and nothing has to be guessed. */
__attribute__((target_clones("avx2", "default"))) static void add_shallow(const struct model_forest *forest,
                                                                          size_t tree, const float *columns, float *sum)
{
    int32_t right[7][BLOCK];
    const float *leaf = forest->leaf + tree * 8;
    for (size_t node = 0; node < 7; node++)
        go_right(forest, tree * 7 + node, columns, right[node]);
    /* Read once, so that choosing among them is arithmetic. */
    const float l0 = leaf[0], l1 = leaf[1], l2 = leaf[2], l3 = leaf[3], l4 = leaf[4], l5 = leaf[5], l6 = leaf[6],
                l7 = leaf[7];
    for (int i = 0; i < BLOCK; i++) {
        float a = right[3][i] ? l1 : l0, b = right[4][i] ? l3 : l2, c = right[5][i] ? l5 : l4,
              d = right[6][i] ? l7 : l6;
        float left = right[1][i] ? b : a, other = right[2][i] ? d : c;
        sum[i] += right[0][i] ? other : left;
    }
}

/* The same by the way down, for trees of any depth. */
static void add_deep(const struct model_forest *forest, size_t tree, const float *columns, float *sum)
{
    size_t inner = ((size_t)1 << forest->depth) - 1;
    const int *feature = forest->feature + tree * inner;
    const float *threshold = forest->threshold + tree * inner, *leaf = forest->leaf + tree * (inner + 1);
    const unsigned char *left = forest->left + tree * inner;
    for (size_t i = 0; i < BLOCK; i++) {
        size_t at = 0;
        for (int level = 0; level < forest->depth; level++) {
            float x = columns[(size_t)feature[at] * BLOCK + i];
            at = 2 * at + 1 + (size_t)(left[at] ? x >= threshold[at] : !(x < threshold[at]));
        }
        sum[i] += leaf[at - inner];
    }
}

void model_forest_score(const struct model_forest *forest, const float *rows, size_t count, double *scores)
{
    size_t columns = (size_t)forest->columns;
    float sum[BLOCK], *block = base_calloc(columns * BLOCK + 1, sizeof *block);
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t own = count - first < BLOCK ? count - first : BLOCK;
        for (size_t i = 0; i < own; i++)
            for (size_t c = 0; c < columns; c++)
                block[c * BLOCK + i] = rows[(first + i) * columns + c];
        for (size_t i = 0; i < BLOCK; i++)
            sum[i] = forest->base;
        for (size_t tree = 0; tree < (size_t)forest->trees; tree++)
            (forest->depth == 3 ? add_shallow : add_deep)(forest, tree, block, sum);
        for (size_t i = 0; i < own; i++)
            scores[first + i] = stats_expit((double)sum[i]);
    }
    free(block);
}
