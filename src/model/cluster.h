/*
 * Groups of customers: k-means, Gaussian mixtures, k-modes and k-prototypes, Ward's
 * tree, k-medoids.
 *
 * Data are rows × columns matrices, row by row, without unknowns; scaling, logarithms
 * and winsorising happen before (by the caller). Labels are 0…k−1; groups are numbered
 * by falling size, ties by first row, so that the same groups have the same numbers
 * whatever the start. Every answer is determined by data and seed and does not depend
 * on the pool. Limits: MODEL_CLUSTER_ROWS_MAX rows, 1,000 columns, 1,000 groups.
 */
#ifndef STRATA_MODEL_CLUSTER_H
#define STRATA_MODEL_CLUSTER_H

#include "base/pool.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct json;

enum {
    MODEL_CLUSTER_ROWS_MAX = 1 << 28,
    MODEL_CLUSTER_COLUMNS_MAX = 1000,
    MODEL_CLUSTER_GROUPS_MAX = 1000,
    MODEL_MIXTURE_COLUMNS_MAX = 200, /* a group's covariance has their square */
};

/* Below this squares of differences, and their sum over all columns, stay finite. */
#define MODEL_CLUSTER_VALUE_MAX 1e150

struct model_matrix {
    size_t rows;
    int columns;
    const double *data;
};

/* STATUS_ERROR unless 1 ≤ k ≤ rows and all values are finite. Used by every method below. */
enum status model_cluster_check(const struct model_matrix *matrix, int k,
                                struct error *error) MUST_USE;

/*
 * k-means by Lloyd's iteration with Hamerly's bounds (2010), started by greedy
 * k-means++ (Arthur & Vassilvitskii 2007). Distances are sums of squared differences in
 * double precision, never ‖x‖² − 2xy + ‖y‖². With more than 60,000 rows the starts
 * compete on a sample of 30,000 and the best three run on all.
 */
struct model_kmeans_options {
    int k;
    int starts;         /* 0: 10 */
    int max_iterations; /* 0: 300 */
    double tolerance;   /* stop when the centres' squared moves sum to less than this × the mean
                         * column variance; 0: when no row changes its group */
    uint64_t seed;
};

struct model_kmeans {
    int k, columns;
    double *centre;  /* k × columns, in the arena */
    double *size;    /* rows of each group */
    uint32_t *label; /* one a row; NULL after model_kmeans_read */
    double inertia;  /* sum of squared distances to the own centre */
    int iterations;
    bool converged;
};

enum status model_kmeans_fit(const struct model_matrix *matrix,
                             const struct model_kmeans_options *options, struct pool *pool,
                             struct arena *arena, struct model_kmeans *out,
                             struct error *error) MUST_USE;
/* The nearest centre of any row: a customer who arrives tomorrow gets a group too.
 * *distance (may be NULL) is squared.
 */
uint32_t model_kmeans_assign(const struct model_kmeans *model, const double *row, double *distance);
void model_kmeans_write(const struct model_kmeans *model, struct json *json);
enum status model_kmeans_read(struct text text, struct arena *arena, struct model_kmeans *out,
                              struct error *error) MUST_USE;

/*
 * Gaussian mixtures by expectation–maximisation in logarithms; covariances in the
 * centred form. Started from k-means with different seeds. A start that ends with a
 * group of too few rows or without spread is not used. With more than 20,000 rows the
 * starts compete on 10,000 and the best runs on all.
 */
enum model_mixture_shape {
    MODEL_MIXTURE_FULL, /* every group has its own covariance matrix (VVV) */
    MODEL_MIXTURE_EQUAL /* all groups share one (EEE) */
};

struct model_mixture {
    int k, columns;
    enum model_mixture_shape shape;
    double *share;   /* k */
    double *mean;    /* k × columns */
    double *factor;  /* lower Cholesky factors of the covariances, k × columns × columns */
    uint32_t *label; /* the likeliest group of each row; NULL after model_mixture_read */
    double log_likelihood, bic, parameters,
        rows;                /* BIC = −2 ln L + parameters ln rows: smaller is better */
    double entropy;          /* 1 − Σ −p ln p / (rows ln k): 1 when every row is certain */
    int iterations, reached; /* starts that reached the best likelihood (within 1e-4) */
};

struct model_mixture_options {
    int k, starts; /* 0 starts: 10 */
    enum model_mixture_shape shape;
    uint64_t seed;
};

enum status model_mixture_fit(const struct model_matrix *matrix,
                              const struct model_mixture_options *options, struct pool *pool,
                              struct arena *arena, struct model_mixture *out,
                              struct error *error) MUST_USE;
/* P(group | row) for all groups into chances; returns ln of the row's density. scratch
 * has `columns` places. */
double model_mixture_score(const struct model_mixture *model, const double *row, double *scratch,
                           double *chances);
void model_mixture_write(const struct model_mixture *model, struct json *json);
enum status model_mixture_read(struct text text, struct arena *arena, struct model_mixture *out,
                               struct error *error) MUST_USE;

/*
 * k-prototypes (Huang 1997) for numbers and categories together, and k-modes when there
 * are no numbers: squared distance of the numbers plus gamma for every category that
 * differs. Categories are codes 0…levels−1, rows × categories.
 */
struct model_prototypes_data {
    size_t rows;
    int columns, categories; /* either may be 0 */
    const double *number;
    const uint32_t *code;
    const uint32_t *levels; /* one a category; each at most 65,536 */
};

struct model_prototypes {
    int k, columns, categories;
    double gamma;
    double *centre; /* k × columns */
    uint32_t *mode; /* k × categories */
    double *size;
    uint32_t *label; /* NULL after model_prototypes_read */
    double cost;
    int iterations;
};

/* What a category weighs against numbers if nothing is said: half of the mean standard
 * deviation of the numeric columns (Huang 1997); without numbers 1. */
double model_prototypes_gamma(const struct model_prototypes_data *data);
/* gamma ≤ 0: the above. starts 0: 10. */
enum status model_prototypes_fit(const struct model_prototypes_data *data, int k, double gamma,
                                 int starts, uint64_t seed, struct pool *pool, struct arena *arena,
                                 struct model_prototypes *out, struct error *error) MUST_USE;
uint32_t model_prototypes_assign(const struct model_prototypes *model, const double *number,
                                 const uint32_t *code);
void model_prototypes_write(const struct model_prototypes *model, struct json *json);
enum status model_prototypes_read(struct text text, struct arena *arena,
                                  struct model_prototypes *out, struct error *error) MUST_USE;

/*
 * Ward's tree by chains of nearest neighbours over centroids: n² time, but memory for n
 * only. At most MODEL_WARD_MAX rows.
 */
enum { MODEL_WARD_MAX = 50000 };

struct model_ward {
    size_t rows;
    uint32_t *left, *right; /* rows − 1 merges, heights rising; < rows: a row, else rows + number of
                               an earlier merge */
    double *height;         /* as in R's ward.D2: √(2ab/(a+b)) · distance of the centroids */
};

enum status model_ward_fit(const struct model_matrix *matrix, struct arena *arena,
                           struct model_ward *out, struct error *error) MUST_USE;
/* Cuts the tree into k groups. */
void model_ward_cut(const struct model_ward *tree, int k, struct arena *arena, uint32_t *label);

/* k medoids by PAM's BUILD and SWAP (Kaufman & Rousseeuw 1990) with Euclidean
 * distances. At most MODEL_PAM_MAX rows: the distances are kept. medoid: k row numbers,
 * in the order of the groups. */
enum { MODEL_PAM_MAX = 5000 };

enum status model_pam_fit(const struct model_matrix *matrix, int k, struct arena *arena,
                          uint32_t *label, uint32_t *medoid, double *cost,
                          struct error *error) MUST_USE;

/* Renumbers groups by falling size, ties by first row. order[new] = old when not NULL
 * (k places).
 */
void model_cluster_renumber(uint32_t *label, size_t rows, int k, uint32_t *order);
/* The label of `now` that each label of `before` overlaps most, best pairs first, each
 * used once: a refit keeps its names. match[now] = before, or k_before and up for a new
 * one. */
void model_cluster_match(const uint32_t *before, int k_before, const uint32_t *now, int k_now,
                         size_t rows, struct arena *arena, uint32_t *match);

#endif
