/*
 * A kd-tree in one array: nodes in the order in which a walk meets them, rows copied in
 * the order of the leaves, so that a search runs forward through memory. Every choice
 * has a rule for ties, so two builds of the same rows are the same tree.
 */
#include "model/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct builder {
    const struct model_matrix *matrix;
    struct model_neighbours *tree;
};

static double coordinate(const struct builder *b, uint32_t row, int column)
{
    return b->matrix->data[row * (size_t)b->matrix->columns + (size_t)column];
}

/* Rows in order of one column, equal ones by number: every build is the same. */
static bool comes_before(const struct builder *b, uint32_t x, uint32_t y, int column)
{
    double u = coordinate(b, x, column), v = coordinate(b, y, column);
    return u < v || (!(v < u) && x < y);
}

/* Brings the row that belongs at `middle` there, with earlier ones before it (Hoare's selection).
 */
static void select_place(const struct builder *b, size_t begin, size_t end, size_t middle,
                         int column)
{
    uint32_t *order = b->tree->order;
    while (end - begin > 1) {
        uint32_t pivot = order[begin + (end - begin - 1) / 2];
        size_t low = begin, high = end - 1;
        for (;;) {
            while (comes_before(b, order[low], pivot, column))
                low++;
            while (comes_before(b, pivot, order[high], column))
                high--;
            if (low >= high)
                break;
            uint32_t swapped = order[low];
            order[low++] = order[high];
            order[high--] = swapped;
        }

        /* Both halves hold the pivot's equals somewhere; only the one with `middle` matters. */
        if (middle <= high)
            end = high + 1;
        else
            begin = high + 1;
    }
}

static int fill_box(const struct builder *b, uint32_t node)
{
    int columns = b->tree->columns, widest = 0;
    double *low = b->tree->box + (size_t)node * 2 * (size_t)columns, *high = low + columns,
           width = -1;
    const struct model_neighbours_node *n = &b->tree->node[node];
    for (int j = 0; j < columns; j++) {
        low[j] = INFINITY;
        high[j] = -INFINITY;
        for (size_t i = n->begin; i < n->end; i++) {
            double x = coordinate(b, b->tree->order[i], j);
            low[j] = fmin(low[j], x);
            high[j] = fmax(high[j], x);
        }

        /* Cut where it is widest: boxes stay as near to cubes as they can. */
        if (high[j] - low[j] > width) {
            width = high[j] - low[j];
            widest = j;
        }
    }
    return width > 0 ? widest : -1;
}

static int compare_rows(const void *a, const void *b)
{
    return (*(const uint32_t *)a > *(const uint32_t *)b) -
           (*(const uint32_t *)a < *(const uint32_t *)b);
}

/* Depth is the logarithm of the rows: each node halves them. Equal rows stay in one leaf, in order,
 * however many. */
static void build(struct builder *b, size_t begin, size_t end)
{
    struct model_neighbours *tree = b->tree;
    uint32_t node = tree->node_count++;
    tree->node[node] = (struct model_neighbours_node){(uint32_t)begin, (uint32_t)end, 0};
    int column = fill_box(b, node);
    if (end - begin > MODEL_NEIGHBOURS_LEAF && column < 0)
        qsort(tree->order + begin, end - begin, sizeof *tree->order, compare_rows);
    if (end - begin <= MODEL_NEIGHBOURS_LEAF || column < 0)
        return;

    size_t middle = begin + (end - begin) / 2;
    select_place(b, begin, end, middle, column);
    build(b, begin, middle);
    tree->node[node].right = tree->node_count;
    build(b, middle, end);
}

void model_neighbours_new(const struct model_matrix *matrix, struct arena *arena,
                          struct model_neighbours *out)
{
    size_t columns = (size_t)matrix->columns,
           nodes = 4 * (matrix->rows / MODEL_NEIGHBOURS_LEAF + 1);
    *out =
        (struct model_neighbours){.rows = matrix->rows,
                                  .columns = matrix->columns,
                                  .data = ARENA_ARRAY(arena, double, matrix->rows *columns),
                                  .order = ARENA_ARRAY(arena, uint32_t, matrix->rows),
                                  .node = ARENA_ARRAY(arena, struct model_neighbours_node, nodes),
                                  .box = ARENA_ARRAY(arena, double, nodes * 2 * columns)};

    /* Nodes: halves of more than a leaf hold at least half a leaf's rows, hence four
     * for each leaf's worth. */
    struct builder builder = {matrix, out};
    for (uint32_t i = 0; i < matrix->rows; i++)
        out->order[i] = i;
    build(&builder, 0, matrix->rows);

    ENSURE(out->node_count <= nodes);
    for (size_t i = 0; i < matrix->rows; i++)
        memcpy(out->data + i * columns, matrix->data + out->order[i] * columns,
               sizeof *out->data * columns);
}

static double squared_distance(const double *a, const double *b, int columns)
{
    double sum = 0;
    for (int j = 0; j < columns; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

double model_neighbours_box(const struct model_neighbours *tree, uint32_t node, const double *point)
{
    const double *low = tree->box + (size_t)node * 2 * (size_t)tree->columns,
                 *high = low + tree->columns;
    double sum = 0;
    for (int j = 0; j < tree->columns; j++) {
        double gap = fmax(fmax(low[j] - point[j], point[j] - high[j]), 0);
        sum += gap * gap;
    }
    return sum;
}

/* One search: the nearest row, or the `count` smallest distances as a heap with the largest on top.
 */
struct search {
    const struct model_neighbours *tree;
    const double *point;
    double limit; /* what is farther is of no use */
    uint32_t row;
    int count, held;
    double *heap;
};

static void sink(double *heap, int count, int at)
{
    for (int child = 2 * at + 1; child < count; child = 2 * at + 1) {
        /* The larger child goes up, or the one below it would be larger than its parent. */
        child += child + 1 < count && heap[child + 1] > heap[child];
        if (heap[at] >= heap[child])
            return;
        double swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
        at = child;
    }
}

static void meet(struct search *s, uint32_t row, double distance)
{
    if (!s->heap) {
        if (distance < s->limit || (!(distance > s->limit) && row < s->row)) {
            s->limit = distance;
            s->row = row;
        }
        return;
    }
    if (s->held < s->count) {
        s->heap[s->held++] = distance;
        if (s->held < s->count)
            return;

        /* A heap only once it is full: until then nothing is compared with its top. */
        for (int i = s->count / 2; i-- > 0;)
            sink(s->heap, s->count, i);
    } else if (distance < s->heap[0]) {
        s->heap[0] = distance;
        sink(s->heap, s->count, 0);
    }
    s->limit = s->heap[0];
}

static void look(struct search *s, uint32_t node)
{
    const struct model_neighbours *tree = s->tree;
    const struct model_neighbours_node *n = &tree->node[node];
    if (!n->right) {
        size_t end =
            n->begin + (s->heap && s->count > MODEL_NEIGHBOURS_LEAF ? (size_t)s->count
                                                                    : MODEL_NEIGHBOURS_LEAF);

        /* A longer leaf holds equal rows, of which the first will do. */
        for (size_t i = n->begin; i < n->end && i < end; i++)
            meet(s, tree->order[i],
                 squared_distance(s->point, tree->data + i * (size_t)tree->columns, tree->columns));
        return;
    }

    /* The nearer half first; `<=` since an equally near row with a lower number may be
     * in the other. */
    double left = model_neighbours_box(tree, node + 1, s->point),
           right = model_neighbours_box(tree, n->right, s->point);
    uint32_t first = left <= right ? node + 1 : n->right,
             second = left <= right ? n->right : node + 1;
    if (fmin(left, right) <= s->limit)
        look(s, first);
    if (fmax(left, right) <= s->limit)
        look(s, second);
}

uint32_t model_neighbours_nearest(const struct model_neighbours *tree, const double *point,
                                  double *squared)
{
    struct search s = {.tree = tree, .point = point, .limit = INFINITY, .row = UINT32_MAX};
    look(&s, 0);
    if (squared)
        *squared = s.limit;
    return s.row;
}

double model_neighbours_reach(const struct model_neighbours *tree, const double *point, int count,
                              double *scratch)
{
    struct search s = {
        .tree = tree, .point = point, .limit = INFINITY, .count = count, .heap = scratch};
    look(&s, 0);
    return s.heap[0];
}
