/*
 * Dense linear algebra over OpenBLAS and its LAPACK. Matrices are arrays of doubles, row by row;
 * symmetric ones are full. OpenBLAS runs on one thread here, so that answers never depend on how
 * many there are; Strata's own pool does what runs in parallel. Thread-safe. Matrices are limited
 * to STATS_MATRIX_MAX rows and columns where they are square.
 */
#ifndef STRATA_STATS_LINEAR_H
#define STRATA_STATS_LINEAR_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

enum { STATS_MATRIX_MAX = 20000 };

/* Loads OpenBLAS, which nothing else needs and which takes its time. Whoever fits or scores asks
 * for it first, because the functions below have no way to say that it is missing: to them that is
 * a bug. */
enum status stats_linear_load(struct error *error) MUST_USE;

/* The lower Cholesky factor of the symmetric n×n matrix a, in place (the upper triangle is set to
 * 0). False when a is not positive definite. */
bool stats_cholesky(int n, double *a);
/* Solves L Lᵀ x = b in place, given the factor. */
void stats_cholesky_solve(int n, const double *factor, double *b);
/* Solves L y = b in place. */
void stats_lower_solve(int n, const double *factor, double *b);
/* The inverse of L Lᵀ, full, into out. */
void stats_cholesky_inverse(int n, const double *factor, double *out);
/* ln det(L Lᵀ). */
double stats_cholesky_log_det(int n, const double *factor);

/* Eigenvalues of a symmetric matrix, largest first, and, unless vectors is NULL, its unit
 * eigenvectors as rows of `vectors`, each with its largest component positive. a is not changed.
 * False when LAPACK fails (NaN in a). */
bool stats_eigen(int n, const double *a, struct arena *arena, double *values, double *vectors);

/* The least-squares solution of min ‖Ax − b‖ by QR for a rows×columns matrix of full column rank
 * (rows ≥ columns). False when columns depend on one another. */
bool stats_least_squares(int rows, int columns, const double *a, const double *b,
                         struct arena *arena, double *x);

/* out (n×m) = a (n×k) · b (k×m). out may not overlap. */
void stats_multiply(int n, int k, int m, const double *a, const double *b, double *out);

/* out (n×n, full) = a · aᵀ for n rows of `length` numbers. */
void stats_gram(int n, size_t length, const double *a, double *out);

/* Column means, and the covariance matrix by the centred form, of rows×columns data; divisor is
 * rows − correction. mean has `columns` places and may not be NULL. */
void stats_covariance(size_t rows, int columns, const double *data, double correction, double *mean,
                      double *out);
/* Correlations from covariances, in place; a constant column has 0 with others and 1 with itself.
 */
void stats_to_correlation(int n, double *covariance);
/* Correlations of rows×columns data from the rows in which both columns are known (NaN: unknown).
 */
void stats_pairwise_correlation(size_t rows, int columns, const double *data, double *out);

#endif
