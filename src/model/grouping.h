/*
 * Is a grouping any good, how many groups are there, and are there any at all? Distances are Euclidean. Nothing here
 * keeps a table of distances; what looks at all pairs does so on a sample of rows when there are many.
 */
#ifndef STRATA_MODEL_GROUPING_H
#define STRATA_MODEL_GROUPING_H

#include "model/cluster.h"
#include "stats/summary.h"

/* Mean silhouette (Rousseeuw 1987) of rows with labels 0…k−1; rows alone in their group count 0. With more than `limit`
 * rows (0: 20,000), of a random sample of that many among themselves. width: one value a row (NaN outside the sample),
 * or NULL. NaN when there is one group only. */
double model_silhouette(const struct model_matrix *matrix, const uint32_t *label, int k, size_t limit, uint64_t seed,
                        struct pool *pool, double *width);
/* Caliński & Harabasz (1974): higher is better. NaN for one group. */
double model_calinski_harabasz(const struct model_matrix *matrix, const uint32_t *label, int k);
/* Davies & Bouldin (1979): lower is better. NaN for one group. */
double model_davies_bouldin(const struct model_matrix *matrix, const uint32_t *label, int k);

/* A way of making k groups, for what follows: k-means, a mixture, … Writes rows labels. */
typedef enum status model_grouping_method(const struct model_matrix *matrix, int k, uint64_t seed, void *context,
                                          uint32_t *label, struct error *error);
/* k-means with ten starts as such a method; context is not used. */
enum status model_grouping_kmeans(const struct model_matrix *matrix, int k, uint64_t seed, void *context,
                                  uint32_t *label, struct error *error) MUST_USE;

/* The gap statistic (Tibshirani, Walther & Hastie 2001) for 1…largest groups against `draws` uniform samples of the
 * data's box along its principal axes (R's "scaledPCA"). ln W sums plain distances within groups (power 1, as R's
 * clusGap does; at most 5,000 rows) or squared ones. */
struct model_gap {
    int largest, best; /* best: the first local maximum within one standard error ("firstSEmax") */
    double *gap, *error;
};

enum status model_gap_statistic(const struct model_matrix *matrix, int largest, int draws, int power, uint64_t seed,
                                model_grouping_method *method, void *context, struct pool *pool, struct arena *arena,
                                struct model_gap *out, struct error *error) MUST_USE;

/* Stability (Hennig 2007): how alike each group is to its best counterpart when random parts of the rows (those that a
 * bootstrap draw hits, 63%) are grouped anew. jaccard: k mean values; above .85 stable, below .6 dissolved. Runs the
 * method on several threads at once. */
enum status model_stability(const struct model_matrix *matrix, int k, const uint32_t *label, int draws, uint64_t seed,
                            model_grouping_method *method, void *context, struct pool *pool, double *jaccard,
                            struct error *error) MUST_USE;

/* Are there natural groups? How much k-means into 2…largest groups tightens the data is held against the same for data
 * of the same size without any: normal with the data's covariance, and uniform over its principal box. Groups are
 * claimed only when the data beat every draw of both; on data without structure that happens at most once in `draws` +
 * 1 times. Skewed traits look grouped to any such test: take logarithms first. Looks at 1,000 rows at most, sampled.
 * draws 0: 39. */
struct model_structure {
    bool natural;
    double p;   /* the larger of the two Monte-Carlo p-values, (1 + draws as tight) / (1 + draws) */
    int groups; /* the number that stands out most; 1 when not natural: any groups are convenient cuts */
};

enum status model_structure_test(const struct model_matrix *matrix, int largest, int draws, uint64_t seed,
                                 struct pool *pool, struct arena *arena, struct model_structure *out,
                                 struct error *error) MUST_USE;

#endif
