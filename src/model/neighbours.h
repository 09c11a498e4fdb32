/*
 * Nearest rows by a kd-tree (Bentley 1975; Friedman, Bentley & Finkel 1977). The tree keeps a copy
 * of the rows in its own order and a box around each node: memory grows with the rows, never with
 * pairs of them. In many dimensions a search looks at more of the tree, at worst at all of it; the
 * answer is exact in any case.
 */
#ifndef STRATA_MODEL_NEIGHBOURS_H
#define STRATA_MODEL_NEIGHBOURS_H

#include "model/cluster.h"

enum { MODEL_NEIGHBOURS_LEAF = 12 };

struct model_neighbours_node {
    uint32_t begin, end; /* places in the tree's order */
    uint32_t right;      /* the left child is the next node; 0: a leaf */
};

struct model_neighbours {
    size_t rows;
    int columns;
    double *data;    /* rows × columns, in the tree's order */
    uint32_t *order; /* the row at each place */
    uint32_t node_count;
    struct model_neighbours_node *node;
    double *box; /* node_count × 2 × columns: lowest, then highest values */
};

/* All in the arena; the matrix is not kept. At least one row, at most 2³¹. */
void model_neighbours_new(const struct model_matrix *matrix, struct arena *arena,
                          struct model_neighbours *out);
/* The squared distance of a point from a node's box; 0 inside. */
double model_neighbours_box(const struct model_neighbours *tree, uint32_t node,
                            const double *point);
/* The row nearest to a point, the lowest of equally near ones; *squared (may be NULL) is its
 * distance. Any thread. */
uint32_t model_neighbours_nearest(const struct model_neighbours *tree, const double *point,
                                  double *squared);
/* The squared distance of the count-th nearest row, 1 ≤ count ≤ rows. scratch: count places. Any
 * thread. */
double model_neighbours_reach(const struct model_neighbours *tree, const double *point, int count,
                              double *scratch);

#endif
