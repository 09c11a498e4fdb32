/*
 * From many answers to a few scales: principal components, maximum-likelihood factors
 * with varimax and promax, how many (parallel analysis), whether at all
 * (Kaiser–Meyer–Olkin), and how reliable a scale is (Cronbach's alpha).
 *
 * Matrices are row by row. Loadings are items × factors; every component and factor has
 * the sign that makes its largest loading positive. At most MODEL_FACTOR_ITEMS_MAX
 * items.
 */
#ifndef STRATA_MODEL_FACTOR_H
#define STRATA_MODEL_FACTOR_H

#include "base/pool.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct json;

enum { MODEL_FACTOR_ITEMS_MAX = 500 };

/* Principal components of a covariance (or correlation) matrix. */
struct model_components {
    int items;
    /* standard deviations of the components, falling; squares are the eigenvalues */
    double *deviation;
    double *direction; /* items × items: component c is row c, a unit vector */
};

enum status model_components_fit(int items, const double *covariance, struct arena *arena,
                                 struct model_components *out, struct error *error) MUST_USE;

enum model_rotation { MODEL_ROTATION_NONE, MODEL_ROTATION_VARIMAX, MODEL_ROTATION_PROMAX };

/* Maximum-likelihood factor analysis of a correlation matrix (covariances are turned
 * into one), by minimising the profile likelihood over ln uniquenesses with its
 * gradient (Jöreskog 1967; Lawley & Maxwell 1971). Uniquenesses are kept above .005.
 * rows is the number of customers behind the matrix, for χ²; freedom ≤ 0 gives no test.
 * Varimax is Kaiser's (1958), with normalised rows; promax (Hendrickson & White 1964)
 * takes the fourth power of it. */
struct model_factors {
    int items, factors;
    double *uniqueness; /* items */
    double *loading;    /* items × factors, after rotation, factors by falling sum of squares */
    /* factors × factors: of the factors themselves; the identity unless promax */
    double *correlation;
    double *score; /* items × factors: regression weights that turn standardised answers into factor
                      scores */
    double chi2, freedom, p, rows;
    bool bounded; /* a uniqueness ran to its bound (a Heywood case): take fewer factors */
};

enum status model_factors_fit(int items, const double *correlation, double rows, int factors,
                              enum model_rotation rotation, struct arena *arena,
                              struct model_factors *out, struct error *error) MUST_USE;
void model_factors_write(const struct model_factors *model, struct json *json);
enum status model_factors_read(struct text text, struct arena *arena, struct model_factors *out,
                               struct error *error) MUST_USE;

/* Horn's parallel analysis (1965): how many eigenvalues of the correlations exceed the
 * given quantile (such as .95) of those of uncorrelated normal data of the same size,
 * counted from the first. thresholds: items places, or NULL. */
enum status model_parallel_analysis(int items, const double *correlation, size_t rows, int draws,
                                    double quantile, uint64_t seed, struct pool *pool,
                                    struct arena *arena, int *factors, double *thresholds,
                                    struct error *error) MUST_USE;

/* Kaiser–Meyer–Olkin measure of sampling adequacy: overall, and each item's own (items
 * places, or NULL). NaN when the correlations cannot be inverted. */
double model_kmo(int items, const double *correlation, struct arena *arena, double *each);

/* Cronbach's alpha from covariances of the items, and what it would be without each one
 * (items places, or NULL). NaN for fewer than two items or no variance. */
double model_cronbach_alpha(int items, const double *covariance, double *without);
/* Covariances from the rows in which both items are known (NaN: unknown), as
 * psych::alpha takes them. */
void model_pairwise_covariance(size_t rows, int items, const double *data, double *out);

#endif
