/*
 * Is a grouping any good, how many groups are there, and are there any at all?
 * Distances are Euclidean. Nothing here keeps a table of distances; what looks at all
 * pairs does so on a sample of rows when there are many.
 */
#ifndef STRATA_MODEL_GROUPING_H
#define STRATA_MODEL_GROUPING_H

#include "model/cluster.h"
#include "stats/summary.h"

/* Numbers first, then each category as so many columns as it has levels, one of them
 * √(γ/2) and the others 0: squared distances are then those of k-prototypes, γ for
 * every category that differs. */
struct model_layout {
    int numbers, categories;
    const uint32_t *levels; /* one a category */
};

/* Mean silhouette (Rousseeuw 1987) of rows with labels 0…k−1; rows alone in their group
 * count 0. With more than `limit` rows (0: 20,000), of a random sample of that many
 * among themselves. width: one value a row (NaN outside the sample), or NULL. NaN when
 * there is one group only. */
double model_silhouette(const struct model_matrix *matrix, const uint32_t *label, int k,
                        size_t limit, uint64_t seed, struct pool *pool, double *width);
/* Caliński & Harabasz (1974): higher is better. NaN for one group. */
double model_calinski_harabasz(const struct model_matrix *matrix, const uint32_t *label, int k);
/* Davies & Bouldin (1979): lower is better. NaN for one group. */
double model_davies_bouldin(const struct model_matrix *matrix, const uint32_t *label, int k);

/* A way of making k groups, for what follows: k-means, a mixture, … Writes rows labels. */
typedef enum status model_grouping_method(const struct model_matrix *matrix, int k, uint64_t seed,
                                          void *context, uint32_t *label, struct error *error);
/* k-means with ten starts as such a method; context is not used. */
enum status model_grouping_kmeans(const struct model_matrix *matrix, int k, uint64_t seed,
                                  void *context, uint32_t *label, struct error *error) MUST_USE;

/* The gap statistic (Tibshirani, Walther & Hastie 2001) for 1…largest groups against
 * `draws` uniform samples of the data's box along its principal axes (R's "scaledPCA"),
 * categories shuffled; layout NULL: all numbers. ln W sums plain distances within
 * groups (power 1, as R's clusGap does; at most 5,000 rows) or squared ones. */
struct model_gap {
    int largest, best; /* best: the first local maximum within one standard error ("firstSEmax") */
    double *gap, *error;
};

enum status model_gap_statistic(const struct model_matrix *matrix,
                                const struct model_layout *layout, int largest, int draws,
                                int power, uint64_t seed, model_grouping_method *method,
                                void *context, struct pool *pool, struct arena *arena,
                                struct model_gap *out, struct error *error) MUST_USE;

/* BIC of a division as it stands (a classification likelihood; smaller is better):
 * numbers normal around the centre of their group with one variance for all, categories
 * by their shares in the group. Known for one group, too. */
double model_grouping_bic(const struct model_matrix *matrix, const struct model_layout *layout,
                          const uint32_t *label, int k);

/* Stability (Hennig 2007): how alike each group is to its best counterpart when random
 * parts of the rows (those that a bootstrap draw hits, 63%) are grouped anew. jaccard:
 * k mean values; above .85 stable, below .6 dissolved; deviation: of the mean, by the
 * draws made (k values, or NULL). Each draw takes at most `most` rows (0: as many as
 * there are), from all of them: a few rows drawn from once and for all would have a
 * best division of their own, and every draw would share it. The method may find
 * another number of groups, and label rows MODEL_NOISE; such rows are in no group. Runs
 * the method on several threads at once. */
enum status model_stability(const struct model_matrix *matrix, int k, const uint32_t *label,
                            int draws, size_t most, uint64_t seed, model_grouping_method *method,
                            void *context, struct pool *pool, double *jaccard, double *deviation,
                            struct error *error) MUST_USE;

/* Are there natural groups? How much k-means into 2…largest groups tightens the data
 * (or with `least`, how long HDBSCAN's dense regions of that size hold together) is
 * held against the same for data of the same size without groups: uniform over the
 * principal box, normal with the data's covariances, and unimodal in every column with
 * the data's rank correlations; categories shuffled. Groups are claimed only when the
 * data beat every draw of every kind; on data without structure that happens at most
 * once in `draws` + 1 times. Looks at 1,000 rows at most, sampled. */
struct model_structure_options {
    int largest; /* without `least`: at least 2, or nothing is found */
    int least;   /* 0: k-means */
    int draws;   /* of each kind; 0: 39 */
    uint64_t seed;
    const struct model_layout *layout; /* NULL: all columns are numbers */
};

struct model_structure {
    bool natural;
    double p;   /* the largest of the kinds' Monte-Carlo p-values, (1 + draws as far out) / (1 +
                   draws) */
    int groups; /* after so many the gain over normal draws breaks off most sharply; 1 when not
                 * natural: any groups are convenient cuts */
    size_t rows;
    int draws; /* of all kinds */
};

enum status model_structure_test(const struct model_matrix *matrix,
                                 const struct model_structure_options *options, struct pool *pool,
                                 struct arena *arena, struct model_structure *out,
                                 struct error *error) MUST_USE;

#endif
