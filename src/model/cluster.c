/*
 * What all ways of grouping share: the limits of what they take, numbers that do not
 * depend on where a method began (groups by falling size), and which new group
 * continues which old one.
 */
#include "model/cluster.h"

#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum status model_cluster_check(const struct model_matrix *matrix, int k, struct error *error)
{
    if (matrix->rows == 0 || matrix->rows > MODEL_CLUSTER_ROWS_MAX)
        return error_set(error, STATUS_ERROR,
                         "%zu customers cannot be clustered: 1 to %d are possible", matrix->rows,
                         MODEL_CLUSTER_ROWS_MAX);
    if (matrix->columns < 1 || matrix->columns > MODEL_CLUSTER_COLUMNS_MAX)
        return error_set(error, STATUS_ERROR, "%d traits cannot be clustered: 1 to %d are possible",
                         matrix->columns, MODEL_CLUSTER_COLUMNS_MAX);
    if (k < 1 || (size_t)k > matrix->rows || k > MODEL_CLUSTER_GROUPS_MAX)
        return error_set(error, STATUS_ERROR, "%zu customers cannot be divided into %d groups",
                         matrix->rows, k);
    for (size_t i = 0; i < matrix->rows * (size_t)matrix->columns; i++)
        if (!(fabs(matrix->data[i]) < MODEL_CLUSTER_VALUE_MAX))
            return error_set(error, STATUS_ERROR, "customer %zu has no usable value in trait %zu",
                             i / (size_t)matrix->columns + 1, i % (size_t)matrix->columns + 1);
    return STATUS_OK;
}

struct group {
    size_t size, first;
    uint32_t old;
};

static int compare_groups(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->old > y->old) - (x->old < y->old);
}

void model_cluster_renumber(uint32_t *label, size_t rows, int k, uint32_t *order)
{
    struct group *groups = base_malloc(sizeof *groups * (size_t)k);
    uint32_t *new_of = base_malloc(sizeof *new_of * (size_t)k);
    for (int g = 0; g < k; g++)
        groups[g] = (struct group){0, rows, (uint32_t)g};

    /* Backwards, so that `first` ends as the first row: groups of one size keep an
     * order of their own. */
    for (size_t i = rows; i-- > 0;) {
        groups[label[i]].size++;
        groups[label[i]].first = i;
    }

    qsort(groups, (size_t)k, sizeof *groups, compare_groups);
    for (int g = 0; g < k; g++) {
        new_of[groups[g].old] = (uint32_t)g;
        if (order)
            order[g] = groups[g].old;
    }

    for (size_t i = 0; i < rows; i++)
        label[i] = new_of[label[i]];
    free(groups);
    free(new_of);
}

void model_cluster_match(const uint32_t *before, int k_before, const uint32_t *now, int k_now,
                         size_t rows, struct arena *arena, uint32_t *match)
{
    size_t width = (size_t)k_before, pairs = width * (size_t)k_now;
    double *overlap = ARENA_ARRAY(arena, double, pairs);
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, pairs);
    bool *taken = ARENA_ARRAY(arena, bool, width);
    for (size_t i = 0; i < rows; i++)
        overlap[now[i] * width + before[i]] -= 1; /* negative: the order below rises */
    stats_order(overlap, pairs, order);
    for (int g = 0; g < k_now; g++)
        match[g] = UINT32_MAX;

    /* The pairs that share most customers first. Not the best matching as a whole, but
     * one that a reader can follow: a group's name goes where most of its customers
     * went. */
    for (size_t i = 0; i < pairs && overlap[order[i]] < 0; i++) {
        size_t g = order[i] / width, old = order[i] % width;
        if (match[g] == UINT32_MAX && !taken[old]) {
            match[g] = (uint32_t)old;
            taken[old] = true;
        }
    }

    /* Groups without a predecessor get numbers that no old one had. */
    uint32_t fresh = (uint32_t)k_before;
    for (int g = 0; g < k_now; g++)
        if (match[g] == UINT32_MAX)
            match[g] = fresh++;
}
