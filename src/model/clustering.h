/*
 * The ways of making groups behind one face: data in, groups and a rule out. The rule gives a
 * customer who arrives later a group, so labels are always the rule's, also for the rows that made
 * the groups: k-means the nearest centre, mixtures the likeliest group, k-modes and k-prototypes
 * the nearest prototype, Ward the nearest of its groups' centres, HDBSCAN the group of the nearest
 * kept row (model_density_rule), or none.
 */
#ifndef STRATA_MODEL_CLUSTERING_H
#define STRATA_MODEL_CLUSTERING_H

#include "model/grouping.h"
#include "model/hdbscan.h"

enum model_cluster_method {
    MODEL_CLUSTER_KMEANS,
    MODEL_CLUSTER_MIXTURE,
    MODEL_CLUSTER_KMODES,
    MODEL_CLUSTER_KPROTOTYPES,
    MODEL_CLUSTER_WARD,
    MODEL_CLUSTER_HDBSCAN,
    MODEL_CLUSTER_METHODS
};

/* "kmeans", "mixture", … and "k-means", "Gaussian mixture", … */
const char *model_cluster_method_name(enum model_cluster_method method);
const char *model_cluster_method_title(enum model_cluster_method method);

/* Ward and HDBSCAN look at so many rows at most; of more at an even sample. */
enum { MODEL_CLUSTERING_ROWS = 20000, MODEL_CLUSTERING_HEIGHTS = 5 };

struct model_clustering_options {
    enum model_cluster_method method;
    int k;        /* HDBSCAN finds it */
    int starts;   /* 0: as each method says */
    double gamma; /* what a category weighs; ≤ 0: model_prototypes_gamma */
    int least;    /* HDBSCAN: the smallest group */
    uint64_t seed;
};

struct model_clustering {
    enum model_cluster_method method;
    int k;            /* HDBSCAN: 0 when it finds none */
    uint32_t *label;  /* one a row, by the rule, or MODEL_NOISE; NULL after reading */
    double *size;     /* k */
    size_t seen;      /* rows the method itself looked at */
    double agreement; /* the share of them that the rule puts where the method did */
    int heights;      /* Ward: the last merges, rising */
    double height[MODEL_CLUSTERING_HEIGHTS];
    struct model_kmeans centres; /* k-means, Ward */
    struct model_mixture mixture;
    struct model_prototypes prototypes;
    struct model_density_rule density;
};

/* Numbers only, but for k-modes (categories only) and k-prototypes. */
enum status model_clustering_fit(const struct model_prototypes_data *data,
                                 const struct model_clustering_options *options, struct pool *pool,
                                 struct arena *arena, struct model_clustering *out,
                                 struct error *error) MUST_USE;
/* The groups of any rows, by the rule. number and code as in model_prototypes_data. */
void model_clustering_assign(const struct model_clustering *model, size_t rows,
                             const double *number, const uint32_t *code, struct pool *pool,
                             uint32_t *label);
void model_clustering_write(const struct model_clustering *model, struct json *json);
enum status model_clustering_read(enum model_cluster_method method, struct text text,
                                  struct arena *arena, struct model_clustering *out,
                                  struct error *error) MUST_USE;

/* The data as a matrix whose squared distances are those of k-prototypes (struct model_layout). */
struct model_matrix model_clustering_embed(const struct model_prototypes_data *data, double gamma,
                                           struct arena *arena);

/* A model_grouping_method of any kind, for embedded data; context. HDBSCAN's groups are its own,
 * not the rule's. */
struct model_clustering_way {
    struct model_clustering_options options; /* k and seed are the call's */
    /* HDBSCAN: `least` is of so many; of fewer the smallest group is as much smaller */
    size_t rows;
    struct model_layout layout;
};
enum status model_clustering_regroup(const struct model_matrix *matrix, int k, uint64_t seed,
                                     void *context, uint32_t *label, struct error *error) MUST_USE;

#endif
