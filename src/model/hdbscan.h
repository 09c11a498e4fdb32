/*
 * HDBSCAN (Campello, Moulavi & Sander 2013): groups are regions that stay dense while
 * the demand on density rises; what lies in no such region is noise. No number of
 * groups is given, and groups may have any shape.
 *
 * Memory grows with the rows, not with pairs of them: the spanning tree comes from
 * Borůvka's rounds over a kd-tree. At most MODEL_HDBSCAN_MAX rows: with many columns a
 * kd-tree helps little, and the time grows with the square.
 */
#ifndef STRATA_MODEL_HDBSCAN_H
#define STRATA_MODEL_HDBSCAN_H

#include "model/neighbours.h"

enum {
    MODEL_HDBSCAN_MAX = 50000,
    MODEL_HDBSCAN_NEIGHBOURS_MAX = 1000,
    MODEL_HDBSCAN_SAVED_MAX = 4000
};

#define MODEL_NOISE UINT32_MAX

struct model_hdbscan_options {
    int least;      /* the smallest group, at least 2 */
    int neighbours; /* a row's core distance reaches so many rows, itself included; 0: least, at
                       most 25 */
};

struct model_hdbscan {
    int k; /* 0: the density shows no groups */
    int columns;
    size_t rows;
    uint32_t *label; /* one a row, groups by falling size; MODEL_NOISE */
    double *size;    /* k */
    double *reach;   /* k: the distance at which each group parts from its surroundings */
    double *core;    /* a row's distance to its neighbours-th nearest */
    double *excess;  /* k: excess of mass: how long the group's rows stay together, in 1/distance,
                        added up */
    double spacing;  /* mean edge of the spanning tree */
};

/* The spanning tree over mutual reachability, max(core a, core b, distance): rows − 1
 * edges, in no order. */
struct model_reach_edge {
    uint32_t one, other;
    double length;
};

/* core: rows places. Every result is the same for any pool. */
void model_reach_tree(const struct model_matrix *matrix, int neighbours, struct pool *pool,
                      struct arena *arena, double *core, struct model_reach_edge *edges);

/* Edges of equal length are cut together, so the groups do not depend on which of
 * several spanning trees was found. Lengths below a hundredth of the mean one count as
 * that: equal rows would be infinitely dense. */
enum status model_hdbscan_fit(const struct model_matrix *matrix,
                              const struct model_hdbscan_options *options, struct pool *pool,
                              struct arena *arena, struct model_hdbscan *out,
                              struct error *error) MUST_USE;

/*
 * A rule for customers who arrive later: the group of the nearest of the rows that are
 * kept, unless that one is noise or farther away than its group's reach. All rows are
 * kept up to MODEL_HDBSCAN_SAVED_MAX (then the rule gives each of them its own group),
 * of more an even sample.
 */
struct model_density_rule {
    int k;
    struct model_matrix kept;
    uint32_t *label; /* of each kept row */
    double *reach;   /* of each group */
    struct model_neighbours tree;
};

void model_density_rule_new(const struct model_matrix *matrix, const struct model_hdbscan *model,
                            struct arena *arena, struct model_density_rule *out);
uint32_t model_density_rule_assign(const struct model_density_rule *rule, const double *row);
void model_density_rule_write(const struct model_density_rule *rule, struct json *json);
enum status model_density_rule_read(struct text text, struct arena *arena,
                                    struct model_density_rule *out, struct error *error) MUST_USE;

#endif
